package invoicesync

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Following both sides between pushes: what changed in the ledger, the source's payment feed, payments
// that are not final, and the sweep for what nobody announces.

// watchLedger reads what changed in the ledger since the last run: voids by hand, payments deleted by
// hand, and records with our marks that this store does not know.
func (w *pass) watchLedger(ctx context.Context) error {
	if w.scanned {
		return nil // everything has just been read
	}
	cursor, err := w.cursor(ctx, w.ledgerCursor("invoices"))
	if err != nil {
		return err
	}
	for page, err := range w.push.ledger.Invoices(ctx, ledger.Query{Cursor: cursor, Summary: true}) {
		if err != nil {
			return err
		}
		if err := w.compareInvoices(ctx, page); err != nil {
			return err
		}
	}
	if !w.push.settings.paymentsWanted() {
		return nil
	}
	if cursor, err = w.cursor(ctx, w.ledgerCursor("payments")); err != nil {
		return err
	}
	for page, err := range w.push.ledger.Payments(ctx, ledger.Query{Cursor: cursor}) {
		if err != nil {
			return err
		}
		if err := w.comparePayments(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

// compareInvoices looks at a page of the ledger's changed invoices.
func (w *pass) compareInvoices(ctx context.Context, page ledger.Page[ledger.Invoice]) error {
	ids := make([]string, 0, len(page.Records))
	for _, inv := range page.Records {
		ids = append(ids, inv.ID)
	}
	for _, gone := range page.Deleted {
		ids = append(ids, gone.ID)
	}
	links, err := w.linksTo(ctx, ledger.KindInvoice, ids)
	if err != nil {
		return err
	}
	var kept []store.Link
	var befores []string
	flag := func(l store.Link, code, message string) {
		b := ""
		if l.Run == w.id {
			b = l.Bucket
		}
		l.Reasons, l.Updated = []store.Reason{{Code: code, Message: message}}, time.Now().UTC()
		w.stamp(&l)
		kept, befores = append(kept, l), append(befores, b)
	}
	var unlinked ledger.Page[ledger.Invoice]
	for _, inv := range page.Records {
		l, ok := links[inv.ID]
		switch {
		case !ok:
			if inv.Mark != "" {
				unlinked.Records = append(unlinked.Records, inv)
			}
		case l.Pair != w.pair || l.State != store.Written || l.Batch != "":
		case !inv.Status.Live():
			if len(l.Reasons) == 0 || l.Reasons[0].Code != "voided_in_ledger" {
				flag(l, "voided_in_ledger", "Somebody voided or deleted the invoice in the ledger. It is not created again by itself.")
			}
		case !l.Adopted && !inv.Totals.Total.Equal(l.Actual) && len(l.Reasons) == 0:
			flag(l, "changed_in_ledger", "Somebody changed the invoice in the ledger: its total is "+inv.Totals.Total.String()+", and was written as "+l.Actual.String()+".")
		case len(l.Reasons) > 0 && (l.Reasons[0].Code == "changed_in_ledger" && inv.Totals.Total.Equal(l.Actual) || l.Reasons[0].Code == "voided_in_ledger"):
			b := l
			b.Reasons = nil // it has been changed back
			before := ""
			if l.Run == w.id {
				before = l.Bucket
			}
			w.stamp(&b)
			kept, befores = append(kept, b), append(befores, before)
		}
	}
	for _, gone := range page.Deleted {
		if l, ok := links[gone.ID]; ok && l.Pair == w.pair && l.State == store.Written && l.Batch == "" {
			flag(l, "voided_in_ledger", "Somebody deleted the invoice in the ledger. It is not created again by itself.")
		}
	}
	if err := w.keep(ctx, kept, befores); err != nil {
		return err
	}
	unlinked.Next = page.Next
	return w.seeInvoices(ctx, unlinked, false)
}

// comparePayments looks at a page of the ledger's changed payments.
func (w *pass) comparePayments(ctx context.Context, page ledger.Page[ledger.Payment]) error {
	ids := make([]string, 0, len(page.Records))
	for _, p := range page.Records {
		ids = append(ids, p.ID)
	}
	links, err := w.linksTo(ctx, ledger.KindPayment, ids)
	if err != nil {
		return err
	}
	var kept []store.Link
	var befores []string
	var unlinked ledger.Page[ledger.Payment]
	for _, p := range page.Records {
		l, ok := links[p.ID]
		switch {
		case !ok:
			if p.Mark != "" {
				unlinked.Records = append(unlinked.Records, p)
			}
		case l.Pair != w.pair || l.State != store.Written || l.Batch != "" || p.Status != ledger.PaymentReversed:
		default:
			b := ""
			if l.Run == w.id {
				b = l.Bucket
			}
			park(&l, "payment_deleted_in_ledger", "Somebody deleted the payment in the ledger; the invoice is open again there. It is not booked again by itself.")
			l.Updated = time.Now().UTC()
			w.stamp(&l)
			kept, befores = append(kept, l), append(befores, b)
		}
	}
	if err := w.keep(ctx, kept, befores); err != nil {
		return err
	}
	unlinked.Next = page.Next
	return w.seePayments(ctx, unlinked)
}

func (w *pass) linksTo(ctx context.Context, kind ledger.RecordKind, ids []string) (map[string]store.Link, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var links map[string]store.Link
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		links, err = tx.Links().ByLedgerIDs(w.pair.Ledger, kind, ids)
		return err
	})
	return links, err
}

// The source's payment feed.

func (w *pass) feedCursor() string { return "feed/" + w.pair.String() }

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
		if is(err, ledger.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		cursor = page.Next
		for _, p := range page.Records {
			if err := w.watch(ctx, p, p.Status == ledger.PaymentPending); err != nil {
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
		if is(err, ledger.ErrUnsupported) {
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

func invoicesOf(p ledger.Payment) []string {
	if len(p.InvoiceIDs) > 0 {
		return p.InvoiceIDs
	}
	if p.InvoiceID != "" {
		return []string{p.InvoiceID}
	}
	return nil
}

const watchRoom = "watch"

// watch puts a payment that is not final on the watch list, or takes it off.
func (w *pass) watch(ctx context.Context, p ledger.Payment, on bool) error {
	if p.FeedID == "" || w.plan != nil {
		return nil
	}
	key := w.pair.String() + "/" + p.FeedID
	if !on {
		return nil // it goes when its state is seen to have changed
	}
	return w.update(ctx, func(tx store.Tx) error {
		return tx.Documents(watchRoom).Put(key, []byte(string(p.Status)+" "+p.InvoiceID), store.AnyVersion)
	})
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

// sweepBack is how long a pushed record is swept for.
const sweepBack = 90 * 24 * time.Hour

// sweep reads pushed records of the last 90 days again, now and then: the source announces neither
// deletions nor voids and refunds of payments that were final.
func (w *pass) sweep(ctx context.Context) error {
	now := time.Now().UTC()
	switch {
	case w.opts.SweepEvery < 0:
		return nil
	case w.meta.LastSweep.IsZero():
		// A first run has just read everything.
		w.meta.LastSweep = now
		return w.saveMeta(ctx)
	case now.Sub(w.meta.LastSweep) < w.opts.SweepEvery && !w.sweepNow:
		return nil
	}
	after := ""
	for {
		var links []store.Link
		err := w.db.View(ctx, func(tx store.Tx) (err error) {
			links, err = tx.Links().List(store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Written}, After: after, Limit: 500})
			return err
		})
		if err != nil {
			return err
		}
		if len(links) == 0 {
			break
		}
		after = links[len(links)-1].SourceID
		var ids []string
		for _, l := range links {
			since := l.FirstSent
			if since.IsZero() {
				since = l.Updated // it was there already
			}
			// What this run has read is swept too: as long as nothing newer changes, the source shows its
			// newest records to every run, and an unchanged record says nothing of its payments.
			if l.CreatedBy != w.id && now.Sub(since) < sweepBack {
				ids = append(ids, l.SourceID)
			}
		}
		if err := w.judgeIDs(ctx, ids); err != nil {
			return err
		}
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.meta.LastSweep = now
	return w.saveMeta(ctx)
}

// after ends a run: the feed's cursor moves, a run that wrote takes its own writes out of the way of
// the next one, and old activity goes.
func (w *pass) after(ctx context.Context) error {
	if w.feedNext != "" {
		if err := w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(w.feedCursor(), string(w.feedNext)) }); err != nil {
			return err
		}
	}
	if w.opts.Retain > 0 {
		err := w.update(ctx, func(tx store.Tx) error {
			_, err := tx.Activity().Trim(time.Now().Add(-w.opts.Retain))
			return err
		})
		if err != nil {
			return err
		}
	}
	if w.rep.Writes == 0 {
		return nil
	}
	// The next run would read this run's own writes as changes. Reading them now also compares what
	// the ledger made of them.
	w.scanned = false
	return w.watchLedger(ctx)
}

// joinBack is how far back the feed is read when it is joined: a bank debit may be pending for days.
const joinBack = 14 * 24 * time.Hour
