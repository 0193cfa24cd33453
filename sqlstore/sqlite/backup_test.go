package sqlite

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/invoicesync/invoicesync/store"
)

func TestBackupIsAStoreOfItsOwn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "it's a store?.db")
	s, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Cursors().Set("a", "1") }); err != nil {
		t.Fatal(err)
	}
	db, err := pool(path, 1e9, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := backup(t.Context(), db, path, 1); err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.schema1-*Z"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies %q, %v; want one", copies, err)
	}
	if info, err := os.Stat(copies[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 600", info.Mode(), err)
	}
	restored, err := Open(t.Context(), copies[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if restored.Info() != s.Info() {
		t.Errorf("info %+v, want %+v: a restored copy has the same epoch", restored.Info(), s.Info())
	}
	err = restored.View(t.Context(), func(tx store.Tx) error {
		value, err := tx.Cursors().Get("a")
		if value != "1" {
			t.Errorf("cursor %q, want 1", value)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
