package xerofake

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// open replays the books file and leaves it ready to be appended to.
func (f *Fake) open() error {
	if f.opts.BooksFile == "" {
		return nil
	}
	file, err := os.OpenFile(f.opts.BooksFile, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("xerofake: open books file: %w", err)
	}
	end, err := f.replay(file)
	if err == nil {
		// What stands after the last whole line was being written when the process died: it was never
		// answered, so it never happened.
		if err = file.Truncate(end); err == nil {
			_, err = file.Seek(end, io.SeekStart)
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("xerofake: read books file %s: %w", f.opts.BooksFile, err), file.Close())
	}
	f.journal = file
	return nil
}

func (f *Fake) replay(file io.Reader) (end int64, err error) {
	lines := bufio.NewReaderSize(file, 1<<16)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		var c change
		if err := json.Unmarshal(line, &c); err != nil {
			if _, more := lines.Peek(1); errors.Is(more, io.EOF) {
				return end, nil // a torn last line may even end in a newline of its text
			}
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		if c.Key != nil {
			c.Key.reopened()
		}
		if err := f.apply(&c); err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		end += int64(len(line))
	}
}

// write appends a change in one write, without fsync: it survives the death of the process.
func (f *Fake) write(c *change) error {
	if f.journal == nil {
		return nil
	}
	line, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("xerofake: encode change: %w", err)
	}
	if _, err := f.journal.Write(append(line, '\n')); err != nil {
		// Nothing may follow a line that is perhaps half written.
		_ = f.journal.Close()
		return fmt.Errorf("xerofake: write books file: %w", err)
	}
	return nil
}
