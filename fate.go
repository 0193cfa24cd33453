package invoicesync

import (
	"context"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Payments are remembered with the intention of their invoice, and an invoice may come to nothing: refused,
// parked, or voided before it was known to be there. Its payments then have a reason that says so, and are judged
// as soon as the invoice stands.

// shareFate gives a payment that is not booked its invoice's fate for a reason. It reports false where the invoice
// stands, or may come to stand by itself.
func shareFate(payment *store.Link, invoice store.Link) bool {
	code := firstCode(invoice)
	state, reason := store.Parked, store.Reason{Code: CodeInvoiceNotWritten}
	switch invoice.State {
	case store.Written:
		reason.Code = CodeInvoiceVoided
		switch {
		case code == CodeVoidedInLedger:
			reason.Message = "The payment's invoice is void or deleted in the ledger (" + code + "). Restore it there or create it anew, and the payment is booked."
		case hasCode(invoice, CodeDeletedInSource):
			reason.Message = "The payment's invoice is void or deleted in the source (deleted_in_source). Restore it there, or give the money back."
		default:
			return false
		}
	case store.Parked, store.Refused:
		reason.Message = "The payment's invoice is not in the ledger (" + code + "). The payment is booked as soon as the invoice is there."
	case store.Skipped:
		state, reason.Message = store.Skipped, "The payment's invoice is not wanted in the ledger ("+code+")."
	default:
		return false
	}
	payment.State, payment.Batch, payment.Reasons = state, "", []store.Reason{reason}
	return true
}

// unfated returns those of the invoices whose payments are to be judged. Payments that are deferred, or share the
// fate of their invoice already, get the reason that the invoice gives them now.
func (w *pass) unfated(ctx context.Context, invoices []string, payments []store.Link) ([]string, error) {
	links, err := w.linksOf(ctx, ledger.KindInvoice, invoices)
	if err != nil {
		return nil, err
	}
	var kept verdicts
	for _, l := range payments {
		invoice, known := links[l.Parent]
		unwanted := invoice.State == store.Skipped && firstCode(l) == CodePaymentDeletedInLedger
		if !known || l.State != store.Deferred && !isFated(l) && !unwanted {
			continue
		}
		before := l
		if shareFate(&l, invoice) && (l.State != before.State || !slices.Equal(l.Reasons, before.Reasons)) {
			l.Updated = time.Now().UTC()
			kept.add(w.run, l, &before)
		}
	}
	invoices = slices.DeleteFunc(invoices, func(id string) bool {
		l, known := links[id]
		return known && shareFate(&store.Link{}, l)
	})
	return invoices, w.keep(ctx, kept)
}

func isFated(l store.Link) bool {
	code := firstCode(l)
	return code == CodeInvoiceNotWritten || code == CodeInvoiceVoided
}

// againFated judges payments again that share the fate of their invoice, where that has changed. It asks nobody
// while it has not.
func (w *pass) againFated(ctx context.Context) error {
	for _, code := range []string{CodeInvoiceNotWritten, CodeInvoiceVoided} {
		if err := w.againOf(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindPayment, Code: code,
			States: []store.LinkState{store.Parked, store.Skipped}}); err != nil {
			return err
		}
	}
	// What somebody took off an invoice that is not wanted any more is not missed.
	f := store.LinkFilter{Pair: w.pair, Kind: ledger.KindPayment, Code: CodePaymentDeletedInLedger, States: []store.LinkState{store.Parked}, Limit: 500}
	for {
		links, err := w.list(ctx, f)
		if err != nil || len(links) == 0 {
			return err
		}
		f.After = links[len(links)-1].SourceID
		ids := make([]string, len(links))
		for i, l := range links {
			ids[i] = l.Parent
		}
		if _, err := w.unfated(ctx, ids, links); err != nil {
			return err
		}
	}
}

// noteFated gives payments of an invoice that is void in the ledger their link, so that the money is told of.
func (w *pass) noteFated(ctx context.Context, b *booking, note func(store.Link, *store.Link)) error {
	have, err := w.paymentLinks(ctx, b)
	if err != nil {
		return err
	}
	for _, p := range b.rows {
		if _, known := have[p.ID]; known || p.Status != ledger.PaymentConfirmed {
			continue
		}
		l := w.paymentLink(b, p, nil)
		if shareFate(&l, b.invoice) {
			note(l, nil)
		}
	}
	return nil
}
