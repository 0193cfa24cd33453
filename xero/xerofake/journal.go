package xerofake

import (
	"encoding/json"
	"fmt"

	"github.com/invoicesync/invoicesync/internal/fakehouse"
)

// open replays the books file and leaves it ready to be appended to.
func (f *Fake) open() error {
	if f.opts.BooksFile == "" {
		return nil
	}
	journal, err := fakehouse.OpenJournal(f.opts.BooksFile, f.replay)
	if err != nil {
		return fmt.Errorf("xerofake: %w", err)
	}
	f.journal = journal
	return nil
}

func (f *Fake) replay(line []byte) error {
	var c change
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	if c.Key != nil {
		c.Key.reopened()
	}
	return f.apply(&c)
}

// write appends a change: what cannot be written does not happen.
func (f *Fake) write(c *change) error {
	if err := f.journal.Write(c); err != nil {
		return fmt.Errorf("xerofake: %w", err)
	}
	return nil
}
