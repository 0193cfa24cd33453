package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/invoicesync/invoicesync/store"
)

// applicationID is how an SQLite file says whose it is (PRAGMA application_id, bytes 68 to 71): "InvS".
const applicationID = 0x496e7653

// find returns the absolute path of the file, which exists from then on.
func find(file string) (string, error) {
	switch {
	case file == "":
		return "", errors.New("sqlite: open: a file is needed")
	case file == ":memory:" || strings.HasPrefix(file, "file:"):
		return "", fmt.Errorf("sqlite: open %s: this is no file; give a path, or use store.NewMemory", file)
	case strings.ContainsRune(file, 0):
		return "", errors.New("sqlite: open: the path contains a zero byte")
	}
	path, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("sqlite: open %s: %w", file, err)
	}
	// Made here and not by SQLite, which would let others read it. The files beside it get its mode. A
	// file that exists must not be opened here, not even to look at it: closing it would drop the locks
	// that SQLite holds on it for another store of this process (POSIX locks belong to the process).
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case err == nil:
		err = f.Close()
	case errors.Is(err, fs.ErrExist):
		err = nil
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("sqlite: open %s: make the folder %s first: %w", file, filepath.Dir(path), err)
	}
	if err != nil {
		return "", fmt.Errorf("sqlite: open %s: %w", file, err)
	}
	return path, nil
}

// prepare sees to it that the file is ours and whole, and puts it into the write-ahead mode. It changes
// nothing before it is sure of the first.
func prepare(ctx context.Context, path string, o Options) error {
	db, err := pool(path, o.Busy, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return whatIsWrong(path, err)
	}
	defer conn.Close()

	mine, empty, err := owner(ctx, conn)
	switch {
	case err != nil:
		return whatIsWrong(path, err)
	case !mine && !empty:
		return foreign(path, "it is the database of another program", nil)
	}
	if mine && !o.SkipCheck {
		var verdict string
		if err := conn.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
			return whatIsWrong(path, err)
		}
		if verdict != "ok" {
			return damaged(path, errors.New(verdict))
		}
	}
	if err := writeAhead(ctx, conn, o.Busy); err != nil {
		return whatIsWrong(path, err)
	}
	if !mine {
		if err := claim(ctx, conn); err != nil {
			return whatIsWrong(path, err)
		}
	}
	return nil
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// owner says whether the database is ours, and whether it holds nothing at all.
func owner(ctx context.Context, q querier) (mine, empty bool, err error) {
	var id, things int64
	if err := q.QueryRowContext(ctx, `PRAGMA application_id`).Scan(&id); err != nil {
		return false, false, err
	}
	if err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master`).Scan(&things); err != nil {
		return false, false, err
	}
	return id == applicationID, id == 0 && things == 0, nil
}

// claim writes whose the empty database is. Two processes may come here together.
func claim(ctx context.Context, conn *sql.Conn) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	mine, empty, err := owner(ctx, tx)
	switch {
	case err != nil:
		return err
	case mine:
		return nil
	case !empty:
		return errors.New("another program has just written into it")
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID)); err != nil {
		return err
	}
	return tx.Commit()
}

// writeAhead switches to the write-ahead log. SQLite does not wait for other connections here as it
// does elsewhere, so this does.
func writeAhead(ctx context.Context, conn *sql.Conn, busy time.Duration) error {
	const pause = 10 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		var mode string
		err := conn.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("the journal mode is %q and cannot be WAL; is it on a network drive?", mode)
		case code(err)&0xff != sqlite3.SQLITE_BUSY || waited >= busy:
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// whatIsWrong tells a file that is no database, or damaged, from everything else.
func whatIsWrong(path string, err error) error {
	switch code(err) & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return foreign(path, "it is no SQLite database, or it is encrypted", err)
	case sqlite3.SQLITE_CORRUPT:
		return damaged(path, err)
	}
	return fmt.Errorf("sqlite: open %s: %w", path, err)
}

func foreign(path, what string, err error) error {
	if err == nil {
		return fmt.Errorf("sqlite: open %s: %s; give the path of another file: %w", path, what, store.ErrForeign)
	}
	return fmt.Errorf("sqlite: open %s: %s; give the path of another file: %w (%w)", path, what, store.ErrForeign, err)
}

func damaged(path string, err error) error {
	return fmt.Errorf("sqlite: open %s: the file is damaged; put it aside together with its -wal and -shm, restore the latest backup, "+
		"and let the next run look for what was written since: %w (%w)", path, store.ErrForeign, err)
}
