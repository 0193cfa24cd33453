package invoicesync

import (
	"context"
	"errors"
	"iter"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// missingInvoices are the pushed invoices that the ledger does not have any more, found by comparing ids: it no longer
// tells of every deletion.
func (w *desk) missingInvoices(ctx context.Context) ([]ledger.Ref, error) {
	return missing(ctx, w, ledger.KindInvoice, func(refs []ledger.Ref) iter.Seq2[ledger.Page[ledger.Invoice], error] {
		return w.books.Invoices(ctx, ledger.Query{Refs: refs, Summary: true})
	}, func(l store.Link) (bool, error) {
		_, err := w.books.Invoice(ctx, ledger.Ref{ID: l.LedgerID})
		if errors.Is(err, ledger.ErrNotFound) {
			return true, nil
		}
		return false, err
	})
}

// missingPayments is missingInvoices for the payments that were booked.
func (w *desk) missingPayments(ctx context.Context) ([]ledger.Ref, error) {
	return missing(ctx, w, ledger.KindPayment, func(refs []ledger.Ref) iter.Seq2[ledger.Page[ledger.Payment], error] {
		return w.books.Payments(ctx, ledger.Query{Refs: refs})
	}, func(l store.Link) (bool, error) {
		p, err := w.ledgerPayment(ctx, l)
		return p == nil, err
	})
}

// missing reads all that was written by its ids. What a reading of many does not show is asked for alone before it is
// believed to be gone: the reading may be at fault.
func missing[T any](ctx context.Context, w *desk, kind ledger.RecordKind, read func([]ledger.Ref) iter.Seq2[ledger.Page[T], error], gone func(store.Link) (bool, error)) ([]ledger.Ref, error) {
	var found []ledger.Ref
	f := store.LinkFilter{Pair: w.pair, Kind: kind, States: []store.LinkState{store.Written}, Limit: 500}
	for {
		if err := w.alive(ctx); err != nil {
			return nil, err
		}
		links, err := w.list(ctx, f)
		if err != nil || len(links) == 0 {
			return found, err
		}
		f.After = links[len(links)-1].SourceID
		refs, byID := make([]ledger.Ref, 0, len(links)), make(map[string]store.Link, len(links))
		for _, l := range links {
			// What this run has written itself is what made the changes so many, and was there a moment ago.
			if l.Batch == "" && l.CreatedBy != w.id && (firstCode(l) != CodeVoidedInLedger) {
				refs, byID[l.LedgerID] = append(refs, ledger.Ref{ID: l.LedgerID}), l
			}
		}
		if len(refs) == 0 {
			continue
		}
		for page, err := range read(refs) {
			if err != nil {
				return nil, err
			}
			for _, ref := range page.Deleted {
				l, ok := byID[ref.ID]
				if !ok {
					continue
				}
				if is, err := gone(l); err != nil {
					return nil, err
				} else if is {
					found = append(found, ref)
				}
			}
		}
	}
}
