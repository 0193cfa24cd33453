package fakehouse

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Journal is an append-only file of JSON lines, one for each committed change. It is not safe for
// concurrent use, and only one process may have the file open. A nil Journal keeps nothing.
type Journal struct {
	file   *os.File
	broken error
}

// ErrClosed is the error of a change after [Journal.Close].
var ErrClosed = errors.New("the books file is closed")

// OpenJournal gives each whole line of the file to replay, in order, and leaves the file ready to be
// appended to. What stands after the last whole line was being written when the process died: it was never
// answered, so it never happened, and is cut off. So is a last line that does not parse: text of a record
// may hold what looks like the end of the line.
func OpenJournal(path string, replay func(line []byte) error) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open books file: %w", err)
	}
	end, err := replayLines(file, replay)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read books file %s: %w", path, err), file.Close())
	}
	return &Journal{file: file}, nil
}

func replayLines(file io.Reader, replay func([]byte) error) (end int64, err error) {
	lines := bufio.NewReaderSize(file, 1<<16)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		if !json.Valid(line) {
			if _, more := lines.Peek(1); errors.Is(more, io.EOF) {
				return end, nil
			}
		}
		if err := replay(line); err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		end += int64(len(line))
	}
}

// Write appends a change in one write call, without fsync: it survives the death of the process. After an
// error nothing is written any more: nothing may follow a line that is perhaps half written.
func (j *Journal) Write(change any) error {
	if j == nil {
		return nil
	}
	if j.broken != nil {
		return j.broken
	}
	line, err := json.Marshal(change)
	if err != nil {
		return fmt.Errorf("encode change: %w", err)
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		j.broken = fmt.Errorf("write books file: %w", err)
	}
	return j.broken
}

// Close closes the file; writing fails afterwards. Closing twice is fine.
func (j *Journal) Close() error {
	if j == nil || errors.Is(j.broken, ErrClosed) {
		return nil
	}
	j.broken = ErrClosed
	return j.file.Close()
}
