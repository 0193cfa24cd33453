package invoicesync

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// startFeed finds the end of the payment feed before the first reading of invoices: payments that
// come while it goes on are met by the next run.
func (w *pass) startFeed(ctx context.Context) error {
	if !w.push.settings.paymentsWanted() {
		return nil
	}
	cursor, err := w.cursor(ctx, w.feedCursor())
	if err != nil || cursor != "" {
		return err
	}
	for page, err := range w.push.source.Payments(ctx, ledger.Query{Since: time.Now().Add(-joinBack)}) {
		if errors.Is(err, ledger.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		cursor = page.Next
		for _, p := range page.Records {
			if p.Status != ledger.PaymentPending {
				continue
			}
			if err := w.watch(ctx, p); err != nil {
				return err
			}
		}
	}
	w.feedStarted = true
	if cursor == "" {
		return nil
	}
	return w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(w.feedCursor(), string(cursor)) })
}

// readFeed judges the invoices again that new payments name, and those whose payments were not final.
func (w *pass) readFeed(ctx context.Context) error {
	if !w.push.settings.paymentsWanted() || w.feedStarted {
		return nil
	}
	cursor, err := w.cursor(ctx, w.feedCursor())
	if err != nil {
		return err
	}
	touched := map[string]bool{}
	for page, err := range w.push.source.Payments(ctx, ledger.Query{Cursor: cursor}) {
		if errors.Is(err, ledger.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range page.Records {
			for _, id := range invoicesOf(p) {
				touched[id] = true
			}
		}
		if len(touched) >= 500 {
			if err := w.judgePaid(ctx, touched); err != nil {
				return err
			}
			clear(touched)
		}
		if page.Next != "" {
			w.feedNext = page.Next
		}
	}
	if err := w.watched(ctx, touched); err != nil {
		return err
	}
	if err := w.judgePaid(ctx, touched); err != nil {
		return err
	}
	// The feed's cursor moves once what it named is remembered: after the queues are empty.
	return nil
}

// judgePaid judges invoices again because their payments changed; those that were never pushed wait
// for their own turn, and those that were never seen come with the source's changes.
func (w *pass) judgePaid(ctx context.Context, touched map[string]bool) error {
	if len(touched) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(touched))
	w.moved = touched
	err := w.judgeIDs(ctx, ids)
	w.moved = nil
	if err != nil {
		return err
	}
	return w.flush(ctx)
}

func (w *pass) feedCursor() string { return "feed/" + w.pair.String() }

// joinBack is how far back the feed is read when it is joined: a bank debit may be pending for days.
const joinBack = 14 * 24 * time.Hour

func invoicesOf(p ledger.Payment) []string {
	if len(p.InvoiceIDs) > 0 {
		return p.InvoiceIDs
	}
	if p.InvoiceID != "" {
		return []string{p.InvoiceID}
	}
	return nil
}

// watched reads the payments of the watch list again, in one call, and adds the invoices of those that
// moved on.
func (w *pass) watched(ctx context.Context, touched map[string]bool) error {
	var docs []store.Document
	prefix := w.pair.String() + "/"
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		docs, err = tx.Documents(watchRoom).Scan(prefix, "", 1000)
		return err
	})
	if err != nil || len(docs) == 0 {
		return err
	}
	// A longer list takes more calls; an answer's address has its limits.
	const chunk = 300
	refs := make([]ledger.Ref, len(docs))
	was := map[string]string{}
	for i, d := range docs {
		refs[i] = ledger.Ref{ID: strings.TrimPrefix(d.Key, prefix)}
		was[refs[i].ID] = string(d.Value)
	}
	var moved []string
	seen := map[string]bool{}
	for part := range slices.Chunk(refs, chunk) {
		for p, err := range ledger.All(w.push.source.Payments(ctx, ledger.Query{Refs: part})) {
			if err != nil {
				return err
			}
			seen[p.ID] = true
			status, invoice, _ := strings.Cut(was[p.ID], " ")
			if string(p.Status) == status {
				continue
			}
			moved = append(moved, p.ID)
			touched[invoice] = true
			for _, id := range invoicesOf(p) {
				touched[id] = true
			}
		}
	}
	for id, value := range was {
		if !seen[id] {
			_, invoice, _ := strings.Cut(value, " ")
			touched[invoice], moved = true, append(moved, id)
		}
	}
	delete(touched, "")
	if len(moved) == 0 {
		return nil
	}
	return w.update(ctx, func(tx store.Tx) error {
		for _, id := range moved {
			if err := tx.Documents(watchRoom).Delete(prefix+id, store.AnyVersion); err != nil {
				return err
			}
		}
		return nil
	})
}

// watch puts a payment that is not final on the watch list. [pass.watched] takes it off, once its state is
// seen to have changed.
func (w *desk) watch(ctx context.Context, p ledger.Payment) error {
	if p.FeedID == "" || w.dry {
		return nil
	}
	key := w.pair.String() + "/" + p.FeedID
	return w.update(ctx, func(tx store.Tx) error {
		return tx.Documents(watchRoom).Put(key, []byte(string(p.Status)+" "+p.InvoiceID), store.AnyVersion)
	})
}

const watchRoom = "watch"
