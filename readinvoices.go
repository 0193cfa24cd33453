package invoicesync

import (
	"context"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// readInvoices follows the source from the stored cursor.
func (w *pass) readInvoices(ctx context.Context) error {
	name := "invoices/" + w.pair.String()
	cursor, err := w.cursor(ctx, name)
	if err != nil {
		return err
	}
	for page, err := range w.push.source.Invoices(ctx, w.firstQuery(cursor)) {
		if err != nil {
			return err
		}
		mark := &pageMark{cursor: name, next: page.Next, open: 1}
		w.pages = append(w.pages, mark)
		if err := w.judgeAll(ctx, page.Records, mark); err != nil {
			return err
		}
		if err := w.unread(ctx, page.Unread); err != nil {
			return err
		}
		gone := map[string]bool{}
		for _, d := range page.Deleted {
			gone[d.ID] = true
		}
		if err := w.deletedInSource(ctx, gone); err != nil {
			return err
		}
		mark.open--
		if err := w.flush(ctx); err != nil {
			return err
		}
		if err := w.moveCursor(ctx); err != nil {
			return err
		}
	}
	return nil
}

// judgeIDs reads records of the source by id and judges them, unchanged ones too. What the source no
// longer has was deleted there.
func (w *pass) judgeIDs(ctx context.Context, ids []string) error {
	const chunk = 200
	force := w.force
	w.force = true
	defer func() { w.force = force }()
	for len(ids) > 0 {
		n := min(chunk, len(ids))
		refs := make([]ledger.Ref, n)
		gone := make(map[string]bool, n)
		for i, id := range ids[:n] {
			refs[i], gone[id] = ledger.Ref{ID: id}, true
		}
		ids = ids[n:]
		for page, err := range w.push.source.Invoices(ctx, ledger.Query{Refs: refs}) {
			if err != nil {
				return err
			}
			for _, inv := range page.Records {
				delete(gone, inv.ID)
			}
			for _, u := range page.Unread {
				delete(gone, u.Ref.ID)
			}
			if err := w.judgeAll(ctx, page.Records, nil); err != nil {
				return err
			}
			if err := w.unread(ctx, page.Unread); err != nil {
				return err
			}
		}
		if err := w.deletedInSource(ctx, gone); err != nil {
			return err
		}
	}
	return nil
}

func (w *pass) firstQuery(cursor ledger.Cursor) ledger.Query {
	q := ledger.Query{Cursor: cursor}
	if cursor == "" {
		q.From = w.push.settings.Start.Date
	}
	return q
}

func (r *run) cursor(ctx context.Context, name string) (ledger.Cursor, error) {
	var value string
	err := r.db.View(ctx, func(tx store.Tx) (err error) {
		value, err = tx.Cursors().Get(name)
		return err
	})
	return ledger.Cursor(value), err
}

// moveCursor moves the cursor past the pages at the front that are remembered.
func (w *pass) moveCursor(ctx context.Context) error {
	var last *pageMark
	for len(w.pages) > 0 && w.pages[0].open == 0 {
		last, w.pages = w.pages[0], w.pages[1:]
	}
	if last == nil || last.next == "" || w.dry {
		return nil
	}
	return w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(last.cursor, string(last.next)) })
}

func (r *run) list(ctx context.Context, f store.LinkFilter) (links []store.Link, err error) {
	err = r.db.View(ctx, func(tx store.Tx) (err error) {
		links, err = tx.Links().List(f)
		return err
	})
	return links, err
}

// linksOf returns the links of records of the source, by source id.
func (r *run) linksOf(ctx context.Context, kind ledger.RecordKind, ids []string) (links map[string]store.Link, err error) {
	err = r.db.View(ctx, func(tx store.Tx) (err error) {
		links, err = tx.Links().GetMany(r.pair, kind, ids)
		return err
	})
	return links, err
}
