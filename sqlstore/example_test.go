package sqlstore_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
)

func Example() {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	ctx := context.Background()
	s, err := sqlite.Open(ctx, filepath.Join(folder, "invoicesync.db"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	err = s.Update(ctx, func(tx store.Tx) error {
		if err := tx.Cursors().Set("push", "2026-03-04"); err != nil {
			return err
		}
		return tx.Documents("notes").Put("greeting", []byte("hello"), store.AnyVersion)
	})
	if err != nil {
		log.Fatal(err)
	}
	err = s.View(ctx, func(tx store.Tx) error {
		doc, _, err := tx.Documents("notes").Get("greeting")
		fmt.Printf("%s, version %d, durable: %t\n", doc.Value, doc.Version, s.Info().Durable)
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: hello, version 1, durable: true
}
