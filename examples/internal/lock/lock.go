// Package lock lets one process at a time work with a file and what lies beside it.
//
//	held, err := lock.Take("shop.db") // shop.db.lock
//	if err != nil {
//		return err
//	}
//	defer held.Release()
//
// The lock is the operating system's, on an open file: it goes with its process, however that ends, so
// that a lock which is held belongs to a process that lives, and none is ever left behind. The file
// itself stays. Removing it while it is locked would let a second process in.
package lock

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// ErrHeld is what Take returns while another process has the lock.
var ErrHeld = errors.New("it is in use")

// A Lock is held until it is released.
type Lock struct {
	// CutOff is set when whoever had the lock before has not released it: killed, or the machine died.
	CutOff bool

	file *os.File
}

// Take takes the lock of a file, or returns [ErrHeld] at once.
func Take(file string) (*Lock, error) {
	name := file + ".lock"
	f, err := open(name)
	if errors.Is(err, ErrHeld) {
		return nil, fmt.Errorf("%s: %w by another run%s; wait until that ends, or give another file. The lock, %s, goes with its process: do not remove it",
			file, ErrHeld, processIn(name), name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be locked: %w", file, err)
	}
	l := &Lock{file: f}
	before, err := io.ReadAll(io.LimitReader(f, 64))
	if err == nil {
		l.CutOff = len(before) > 0
		err = l.write(strconv.Itoa(os.Getpid()) + "\n")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s cannot be locked: %w", file, err), f.Close())
	}
	return l, nil
}

// Release gives the lock up.
func (l *Lock) Release() error { return errors.Join(l.write(""), l.file.Close()) }

func (l *Lock) write(text string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(text), 0)
	return err
}

// processIn returns " (process 4711)", or nothing where a locked file cannot be read.
func processIn(name string) string {
	raw, err := os.ReadFile(name)
	id := strings.TrimSpace(string(raw))
	if _, no := strconv.Atoi(id); err != nil || no != nil {
		return ""
	}
	return " (process " + id + ")"
}
