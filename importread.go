package invoicesync

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// readInvoices reads open invoices the first time, and what has changed since afterwards.
func (w *importing) readInvoices(ctx context.Context) error {
	name := "import/invoices/" + w.pair.String()
	cursor, err := w.cursor(ctx, name)
	if err != nil {
		return err
	}
	query := ledger.Query{}
	if !w.meta.Read {
		if query, err = w.firstReading(ctx); err != nil {
			return err
		}
	}
	query.Cursor = cursor
	if cursor != "" {
		query.Since = time.Time{}
	}
	for page, err := range w.imp.source.Invoices(ctx, query) {
		if err != nil {
			return err
		}
		if page.Forgotten {
			// Remembered before the cursor moves: whatever ends this run, the comparison is owed.
			w.meta.Compare = true
			if err := w.saveMeta(ctx); err != nil {
				return err
			}
			w.event(Event{What: "full_comparison", Kind: ledger.KindInvoice,
				Message: "the ledger no longer knows all deletions since the last run; all invoices that were imported are compared"})
		}
		if err := w.take(ctx, page, false); err != nil {
			return err
		}
		if page.Next == "" || page.Next == query.Cursor || !w.checked() {
			continue // where nothing has changed it may as well stay
		}
		if err := w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(name, string(page.Next)) }); err != nil {
			return err
		}
	}
	if w.meta.Read {
		return nil
	}
	w.meta.Read, w.meta.Reading = true, nil
	if w.meta.LastSweep.IsZero() {
		w.meta.LastSweep = time.Now().UTC() // everything open has just been read
	}
	return w.saveMeta(ctx)
}

// firstReading is what the first reading asks for. It is remembered, so that a run which goes on with it
// on another day, or under other settings, asks for the same.
func (w *importing) firstReading(ctx context.Context) (ledger.Query, error) {
	if w.meta.Reading != nil {
		return *w.meta.Reading, nil
	}
	s := w.imp.settings
	var q ledger.Query
	switch {
	case s.Manual:
		q.Since = time.Now().UTC().Add(-joinImport) // only to stand among the changes
	case !s.All:
		q = s.wanted()
		q.From = s.lookBack(w.asOf(time.Now()))
	}
	// What a person has selected before the first run may have changed since, and need not be among what is
	// read now: it is compared by a sweep behind it.
	before, err := w.list(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Written}, Limit: 1})
	if err != nil {
		return q, err
	}
	w.meta.Compare = len(before) > 0
	if w.meta.Reading = &q; w.meta.Settings == "" {
		w.meta.Settings = w.settings
	}
	return q, w.saveMeta(ctx)
}

// joinImport is how far back a feed is joined: further than the clocks differ.
const joinImport = 10 * time.Minute

func (w *importing) feedName() string { return "import/payments/" + w.pair.String() }

// joinFeed finds the end of the payment feed before the first reading of invoices: payments that come
// while it goes on are met by the next run.
func (w *importing) joinFeed(ctx context.Context) error {
	cursor, err := w.cursor(ctx, w.feedName())
	if err != nil || cursor != "" {
		return err
	}
	for page, err := range w.imp.source.Payments(ctx, ledger.Query{Since: time.Now().UTC().Add(-joinImport)}) {
		if errors.Is(err, ledger.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		cursor = page.Next
	}
	w.joined = true
	if cursor == "" {
		return nil
	}
	return w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(w.feedName(), string(cursor)) })
}

// readFeed reads invoices again whose payments have changed without the invoice having been seen since:
// not every ledger counts a payment as a change of its invoice.
func (w *importing) readFeed(ctx context.Context) error {
	cursor, err := w.cursor(ctx, w.feedName())
	if err != nil || cursor == "" || w.joined {
		return err
	}
	for page, err := range w.imp.source.Payments(ctx, ledger.Query{Cursor: cursor}) {
		if err != nil {
			return err
		}
		latest := map[string]time.Time{}
		for _, p := range page.Records {
			for _, id := range invoicesOf(p) {
				if at, ok := latest[id]; !ok || p.UpdatedAt.After(at) {
					latest[id] = p.UpdatedAt
				}
			}
		}
		ids := make([]string, 0, len(latest))
		for id := range latest {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		links, err := w.linksOf(ctx, ledger.KindInvoice, ids)
		if err != nil {
			return err
		}
		ids = slices.DeleteFunc(ids, func(id string) bool {
			l, ok := links[id]
			return !ok || l.State == store.Deferred || !latest[id].IsZero() && !latest[id].After(printedAt(l.SourceVersion))
		})
		if err := w.again(ctx, ids); err != nil {
			return err
		}
		if page.Next != "" && page.Next != cursor && w.checked() {
			if err := w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(w.feedName(), string(page.Next)) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// again reads invoices by id and judges them, by their whole content. Those that the ledger no longer has
// were deleted there.
func (w *importing) again(ctx context.Context, ids []string) error {
	for chunk := range slices.Chunk(ids, 200) {
		refs := make([]ledger.Ref, len(chunk))
		missing := make(map[string]bool, len(chunk))
		for i, id := range chunk {
			refs[i], missing[id] = ledger.Ref{ID: id}, true
		}
		for page, err := range w.imp.source.Invoices(ctx, ledger.Query{Refs: refs}) {
			if err != nil {
				return err
			}
			for _, inv := range page.Records {
				delete(missing, inv.ID)
			}
			for _, u := range page.Unread {
				delete(missing, u.Ref.ID)
			}
			page.Deleted = nil // absence, which is looked at below
			if err := w.take(ctx, page, true); err != nil {
				return err
			}
		}
		if err := w.missed(ctx, chunk, missing); err != nil {
			return err
		}
	}
	return nil
}

// missed takes invoices that a reading by id did not show. That many are missing at once may be a fault of
// the vendor, so those that the host holds are asked for alone before they are called deleted.
func (w *importing) missed(ctx context.Context, chunk []string, missing map[string]bool) error {
	var page ledger.Page[ledger.Invoice]
	links, err := w.linksOf(ctx, ledger.KindInvoice, slices.DeleteFunc(slices.Clone(chunk), func(id string) bool { return !missing[id] }))
	if err != nil {
		return err
	}
	for _, id := range chunk {
		l, ok := links[id]
		if !ok {
			continue
		}
		if isHeld(&l) {
			inv, err := w.imp.source.Invoice(ctx, ledger.Ref{ID: id})
			switch {
			case errors.Is(err, ledger.ErrUnreadable):
				page.Unread = append(page.Unread, ledger.Unread{Ref: ledger.Ref{ID: id}, Code: CodeUnreadable, Detail: "the record cannot be read"})
				continue
			case err == nil:
				page.Records = append(page.Records, inv)
				continue
			case !errors.Is(err, ledger.ErrNotFound):
				return err
			}
		}
		page.Deleted = append(page.Deleted, ledger.Ref{ID: id})
	}
	return w.take(ctx, page, true)
}
