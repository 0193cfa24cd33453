package invoicesync

import (
	"context"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

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
	return w.watchPayments(ctx)
}

// watchPayments reads the payments of the ledger that changed since the last run.
func (w *desk) watchPayments(ctx context.Context) error {
	cursor, err := w.cursor(ctx, w.ledgerCursor("payments"))
	if err != nil {
		return err
	}
	for page, err := range w.books.Payments(ctx, ledger.Query{Cursor: cursor}) {
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
	if page.Forgotten {
		gone, err := w.missingInvoices(ctx)
		if err != nil {
			return err
		}
		page.Deleted = append(page.Deleted, gone...)
	}
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
	var kept verdicts
	flag := func(l store.Link, code, message string) {
		before := l
		l.Reasons, l.Updated = []store.Reason{{Code: code, Message: message}}, time.Now().UTC()
		kept.add(w.run, l, &before)
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
			if firstCode(l) != CodeVoidedInLedger {
				flag(l, CodeVoidedInLedger, "Somebody voided or deleted the invoice in the ledger. It is not created again by itself.")
			}
		case !inv.Totals.Total.Equal(l.Actual) && len(l.Reasons) == 0:
			flag(l, CodeChangedInLedger, "Somebody changed the invoice in the ledger: its total is "+inv.Totals.Total.String()+", and was written as "+l.Actual.String()+".")
		case firstCode(l) == CodeTotalDiffersAfter && inv.Totals.Total.Equal(l.Predicted):
			before := l
			l.Reasons, l.Actual = nil, inv.Totals.Total // somebody has put it right
			kept.add(w.run, l, &before)
		case len(l.Reasons) > 0 && (l.Reasons[0].Code == CodeChangedInLedger && inv.Totals.Total.Equal(l.Actual) || l.Reasons[0].Code == CodeVoidedInLedger):
			before := l
			l.Reasons = nil // it has been changed back
			kept.add(w.run, l, &before)
		}
	}
	for _, gone := range page.Deleted {
		l, ok := links[gone.ID]
		delete(links, gone.ID) // it may be named twice
		told := firstCode(l) == CodeVoidedInLedger
		if ok && !told && l.Pair == w.pair && l.State == store.Written && l.Batch == "" {
			flag(l, CodeVoidedInLedger, "Somebody deleted the invoice in the ledger. It is not created again by itself.")
		}
	}
	if err := w.keep(ctx, kept); err != nil {
		return err
	}
	unlinked.Next = page.Next
	return w.seeInvoices(ctx, unlinked, false)
}

// comparePayments looks at a page of the ledger's changed payments.
func (w *desk) comparePayments(ctx context.Context, page ledger.Page[ledger.Payment]) error {
	if page.Forgotten {
		more, err := w.missingPayments(ctx)
		if err != nil {
			return err
		}
		page.Deleted = append(page.Deleted, more...)
	}
	ids := make([]string, 0, len(page.Records))
	for _, p := range page.Records {
		ids = append(ids, p.ID)
	}
	for _, gone := range page.Deleted {
		ids = append(ids, gone.ID)
	}
	links, err := w.linksTo(ctx, ledger.KindPayment, ids)
	if err != nil {
		return err
	}
	var kept verdicts
	gone := func(l store.Link) {
		if l.Pair != w.pair || l.State != store.Written || l.Batch != "" {
			return
		}
		before := l
		w.freed[l.Parent] = true
		if hasCode(l, CodeReverted) {
			takenBack(&l, store.Reason{Code: CodeReverted, Message: "The payment was taken back with its run, by hand."})
		} else if code := firstCode(l); code == CodeReverseByHand || code == CodeDeletedInSource {
			// It was asked for.
			takenBack(&l, store.Reason{Code: CodePaymentReversed, Message: "The payment was reversed, and has been deleted in the ledger by hand."})
		} else {
			park(&l, CodePaymentDeletedInLedger, "Somebody deleted the payment in the ledger; the invoice is open again there. It is not booked again by itself.")
		}
		l.Updated = time.Now().UTC()
		kept.add(w.run, l, &before)
	}
	var unlinked ledger.Page[ledger.Payment]
	for _, p := range page.Records {
		l, ok := links[p.ID]
		switch {
		case !ok:
			if p.Mark != "" {
				unlinked.Records = append(unlinked.Records, p)
			}
		case p.Status == ledger.PaymentReversed:
			gone(l)
		}
	}
	for _, g := range page.Deleted {
		l, ok := links[g.ID]
		delete(links, g.ID) // it may be named twice
		if ok {
			gone(l)
		}
	}
	if err := w.keep(ctx, kept); err != nil {
		return err
	}
	unlinked.Next = page.Next
	return w.seePayments(ctx, unlinked)
}

func (w *desk) linksTo(ctx context.Context, kind ledger.RecordKind, ids []string) (map[string]store.Link, error) {
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
