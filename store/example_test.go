package store_test

import (
	"context"
	"fmt"

	"github.com/invoicesync/invoicesync/store"
)

func ExampleMemory() {
	ctx := context.Background()
	s := store.NewMemory()
	defer s.Close()

	err := s.Update(ctx, func(tx store.Tx) error {
		return tx.Documents("notes").Put("greeting", []byte("hello"), store.AnyVersion)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = s.View(ctx, func(tx store.Tx) error {
		doc, _, err := tx.Documents("notes").Get("greeting")
		fmt.Printf("%s, version %d, durable: %t\n", doc.Value, doc.Version, s.Info().Durable)
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: hello, version 1, durable: false
}
