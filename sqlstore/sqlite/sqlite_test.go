package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/store/storetest"
)

// opened remembers where a store lies.
type opened struct {
	store.Store
	file string
}

func open(t storetest.T, file string) *opened {
	t.Helper()
	s, err := sqlite.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &opened{s, file}
}

// reach runs a statement in the file, as somebody with another program would.
func reach(t storetest.T, file, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatalf("reach: %v", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("reach: %s: %v", query, err)
	}
}

func harness() storetest.Harness {
	return storetest.Harness{
		Open: func(t storetest.T) store.Store { return open(t, filepath.Join(t.TempDir(), "store.db")) },
		Reopen: func(t storetest.T, s store.Store) store.Store {
			if err := s.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			return open(t, s.(*opened).file)
		},
		Tamper: func(t storetest.T, s store.Store, seq int64, remove bool) {
			query := `UPDATE invoicesync_activity SET event = 'forged' WHERE seq = $1`
			if remove {
				query = `DELETE FROM invoicesync_activity WHERE seq = $1`
			}
			reach(t, s.(*opened).file, query, seq)
		},
		Newer: func(t storetest.T, s store.Store) error {
			if err := s.Close(); err != nil {
				t.Fatalf("close: %v", err)
			}
			file := s.(*opened).file
			reach(t, file, `UPDATE invoicesync_meta SET value = '1000' WHERE name = 'schema'`)
			newer, err := sqlite.Open(t.Context(), file, nil)
			if err == nil {
				_ = newer.Close()
			}
			return err
		},
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, harness())
}
