package main

import (
	"context"
	"fmt"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"

	"github.com/invoicesync/invoicesync/examples/internal/shop"
)

// lost is an error when the fake of the ledger has forgotten what the store remembers. Its books are a file
// that anybody can remove; what was written would then be neither there nor be written again.
func (f *flow) lost(ctx context.Context) error {
	if f.first || f.ledger.holds == nil {
		return nil
	}
	pair := store.Pair{Source: f.pinned.Source, Ledger: f.pinned.Ledger}
	for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
		known, missing, err := f.recount(ctx, pair, kind)
		if err != nil {
			return err
		}
		if missing > 0 {
			return fmt.Errorf("the fake %s no longer has %d of the %d %ss that %s knows: %s was deleted or shortened; put it back, or start afresh with another file with -db",
				f.c.vendor.name, missing, known, kind, f.c.db, shop.LedgerFile(f.c.db, f.c.vendor.ledger))
		}
	}
	return nil
}

// recount looks up what the store has written, a page at a time.
func (f *flow) recount(ctx context.Context, pair store.Pair, kind ledger.RecordKind) (known, missing int, err error) {
	const page = 1000
	filter := store.LinkFilter{Pair: pair, Kind: kind, States: []store.LinkState{store.Written}, Limit: page}
	for {
		var links []store.Link
		err := f.db.View(ctx, func(tx store.Tx) (err error) {
			links, err = tx.Links().List(filter)
			return err
		})
		if err != nil {
			return 0, 0, err
		}
		for _, l := range links {
			known++
			if !f.ledger.holds(kind, l.LedgerID) {
				missing++
			}
		}
		if len(links) < page {
			return known, missing, nil
		}
		filter.After = links[len(links)-1].SourceID
	}
}
