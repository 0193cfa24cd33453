package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/store/storetest"
)

func mustWrite(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, s store.Store) string {
	t.Helper()
	var value string
	err := s.View(t.Context(), func(tx store.Tx) error {
		doc, _, err := tx.Documents("r").Get("n")
		value = string(doc.Value)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func increment(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return storetest.Increment(tx, "r", "n") }); err != nil {
		t.Fatal(err)
	}
}

func TestForeignFilesAreRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	ours := func(t *testing.T, file string) {
		s := open(t, file)
		err := s.Update(t.Context(), func(tx store.Tx) error {
			for i := range 2000 {
				if err := tx.Documents("r").Put(fmt.Sprint(i), bytes.Repeat([]byte("x"), 300), 0); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, prepare := range map[string]func(t *testing.T, file string){
		"short text": func(t *testing.T, file string) { mustWrite(t, file, []byte("hello\n")) },
		"long text":  func(t *testing.T, file string) { mustWrite(t, file, bytes.Repeat([]byte("date,amount\n"), 5000)) },
		"zeros":      func(t *testing.T, file string) { mustWrite(t, file, make([]byte, 8192)) },
		"another program's": func(t *testing.T, file string) {
			reach(t, file, `CREATE TABLE songs (title TEXT)`)
		},
		"another program's, by its id": func(t *testing.T, file string) {
			reach(t, file, `PRAGMA application_id = 1234`)
		},
		"cut off": func(t *testing.T, file string) {
			ours(t, file)
			if err := os.Truncate(file, 100*4096); err != nil {
				t.Fatal(err)
			}
		},
		"overwritten inside": func(t *testing.T, file string) {
			ours(t, file)
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			copy(content[40*4096:], bytes.Repeat([]byte{0xa5}, 20*4096))
			mustWrite(t, file, content)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "store.db")
			prepare(t, file)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := sqlite.Open(t.Context(), file, nil)
			if err == nil {
				_ = s.Close()
			}
			if !errors.Is(err, store.ErrForeign) {
				t.Fatalf("got error %v, want one that is %q", err, store.ErrForeign)
			}
			if !strings.Contains(err.Error(), file) {
				t.Errorf("the error does not name the file: %v", err)
			}
			after, err := os.ReadFile(file)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
}

func TestNamesThatAreNoFiles(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"empty": "", "memory": ":memory:", "uri": "file:x.db?mode=memory", "zero byte": "a\x00b",
		"no folder": filepath.Join(t.TempDir(), "missing", "store.db"), "a folder": t.TempDir(),
	} {
		s, err := sqlite.Open(t.Context(), file, nil)
		if err == nil {
			_ = s.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.HasPrefix(err.Error(), "sqlite: ") {
			t.Errorf("%s: the error does not begin with the package: %v", name, err)
		}
	}
}

func TestNamesWithOddCharacters(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"a b.db", "100%.db", "%41.db", "what?.db", "a#b.db", "a&mode=memory.db", "ü日本😀.db", "it's.db", `quote".db`, "semi;colon.db", "plus+.db"} {
		file := filepath.Join(folder, name)
		s := open(t, file)
		increment(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s = open(t, file)
		if got := count(t, s); got != "1" {
			t.Errorf("%s: counter %q after reopening, want 1", name, got)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 11 {
		t.Errorf("%d files are left (%v), want the 11", len(left), err)
	}
}

func TestFileIsReadableForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files have no mode here")
	}
	file := filepath.Join(t.TempDir(), "store.db")
	s := open(t, file)
	increment(t, s)
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), info.Mode().Perm())
		}
	}
}

func TestSettingsAreAsPromised(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db")
	s := open(t, file)
	if info := s.Info(); !info.Durable || info.Schema != 1 {
		t.Errorf("info %+v, want durable and schema 1", info)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var mode, id string
	if err := errors.Join(db.QueryRow(`PRAGMA journal_mode`).Scan(&mode), db.QueryRow(`PRAGMA application_id`).Scan(&id)); err != nil {
		t.Fatal(err)
	}
	// 0x496e7653 is 1231976019.
	if mode != "wal" || id != "1231976019" {
		t.Errorf("journal mode %s and application id %s, want wal and 1231976019", mode, id)
	}
}

func TestTwoStoresOnOneFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db")
	a, b := open(t, file), open(t, file)
	if a.Info() != b.Info() {
		t.Errorf("info %+v and %+v of one file", a.Info(), b.Info())
	}
	for range 20 {
		increment(t, a)
		increment(t, b)
	}
	if got := count(t, a); got != "40" {
		t.Errorf("counter %s, want 40", got)
	}
	// Pairs that the other store made.
	pair := store.Pair{Source: ledger.OrganisationID{Vendor: "v", ID: "1"}, Ledger: ledger.OrganisationID{Vendor: "w", ID: "2"}}
	link := store.Link{Pair: pair, Kind: ledger.KindInvoice, SourceID: "1", State: store.Written, LedgerID: "L", Mark: "AAAAAAAAAAAAAAAA"}
	if err := a.Update(t.Context(), func(tx store.Tx) error { return tx.Links().Put(link) }); err != nil {
		t.Fatal(err)
	}
	err := b.View(t.Context(), func(tx store.Tx) error {
		got, ok, err := tx.Links().ByMark("AAAAAAAAAAAAAAAA")
		if !ok || got.Pair != pair {
			t.Errorf("the other store finds the link: %v, with pair %v", ok, got.Pair)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// Closing one must not take the locks of the other.
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	increment(t, a)
	if got := count(t, a); got != "41" {
		t.Errorf("counter %s, want 41", got)
	}
}

func TestBusyEndsWithTheContextOrTheLimit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db")
	a := open(t, file)
	b, err := sqlite.Open(t.Context(), file, &sqlite.Options{Busy: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	err = a.Update(t.Context(), func(tx store.Tx) error {
		if err := tx.Cursors().Set("a", "1"); err != nil {
			return err
		}
		if err := b.Update(t.Context(), func(store.Tx) error { return nil }); err == nil {
			t.Error("two transactions write at once")
		}
		return b.View(t.Context(), func(tx store.Tx) error {
			value, err := tx.Cursors().Get("a")
			if value != "" {
				t.Errorf("a view sees what is not committed: %q", value)
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	increment(t, b)
}

// The clock of a bubble stands still while anything in it waits for something outside. SQLite does not.
func TestInABubble(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "store.db")
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var epoch string
		for range 3 {
			s, err := sqlite.Open(t.Context(), file, nil)
			if err != nil {
				t.Fatal(err)
			}
			if epoch != "" && s.Info().Epoch != epoch {
				t.Errorf("epoch %s, want %s", s.Info().Epoch, epoch)
			}
			epoch = s.Info().Epoch
			done := make(chan error)
			for range 4 {
				go func() {
					time.Sleep(time.Hour)
					done <- s.Update(t.Context(), func(tx store.Tx) error { return storetest.Increment(tx, "r", "n") })
				}()
			}
			for range 4 {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if passed := time.Since(begun); passed != 3*time.Hour {
			t.Errorf("%s passed, want 3h", passed)
		}
	})
	if got := count(t, open(t, file)); got != "12" {
		t.Errorf("counter %s, want 12", got)
	}
}
