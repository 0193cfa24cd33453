package invoicesync

import (
	"context"
	"errors"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// laterPayment looks at a payment that is in the ledger: was it reversed, or given back?
func (w *desk) laterPayment(ctx context.Context, p ledger.Payment, link store.Link, note func(store.Link, *store.Link)) error {
	before := link
	reversed := p.Status == ledger.PaymentReversed || p.Status == ledger.PaymentFailed
	link.SourceVersion = string(p.Status)
	switch {
	case before.Batch != "": // a change of it is being looked up
		note(before, &before)
		return nil
	case reversed && !before.TakenBack && !w.dry:
	default:
		if !reversed {
			link.Reasons = standing(p, link)
		}
		note(link, &before)
		return nil
	}
	byHand := func(why string) error {
		link.Reasons = []store.Reason{{Code: CodeReverseByHand, Message: "The payment was reversed in the source, and " + why + ". Reverse it in the ledger by hand."}}
		note(link, &before)
		return nil
	}
	if w.powers.PaymentVoids == nil {
		return byHand("this ledger cannot delete payments")
	}
	target, err := w.ledgerPayment(ctx, link)
	if err != nil {
		return err
	}
	if target == nil || target.Status == ledger.PaymentReversed {
		takenBack(&link, store.Reason{Code: CodePaymentReversed, Message: "The payment was reversed, and is deleted in the ledger already."})
		note(link, &before)
		return nil
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return err
	}
	switch {
	case target.Reconciled:
		return byHand("it is reconciled in the ledger")
	case target.Batched:
		return byHand("it is part of a batch in the ledger")
	case !org.Locked(target.Date).IsZero():
		return byHand("its period is locked")
	}
	link, err = w.change(ctx, w.powers.PaymentVoids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: target}, link, CodePaymentReversed)
	if err != nil {
		return err
	}
	note(link, &before)
	return nil
}

// standing is what there is to say of a booked payment that was not reversed.
func standing(p ledger.Payment, link store.Link) []store.Reason {
	switch {
	case p.Status == ledger.PaymentRefunded && link.Rule == CodeRefundBooked:
		return nil
	case p.Status == ledger.PaymentRefunded:
		return []store.Reason{{Code: CodeRefundOwed, Message: "The payment was given back after it was booked. Book the refund in the ledger by hand, for instance with a credit note."}}
	case p.Status == ledger.PaymentPending:
		return []store.Reason{{Code: CodeChangedAfterPush, Message: "The payment was confirmed when it was booked, and is not any more. Wait for it, or delete it in the ledger."}}
	case p.Status != ledger.PaymentConfirmed || p.Unclear != "":
		return link.Reasons
	case p.InvoiceID != "" && link.Parent != "" && p.InvoiceID != link.Parent && len(p.InvoiceIDs) < 2:
		return []store.Reason{{Code: CodeChangedAfterPush, Message: "The payment is for another invoice in the source than the one on which it was booked. Delete it in the ledger, or apply it there by hand."}}
	case !p.Amount.Equal(link.Amount):
		return []store.Reason{{Code: CodeChangedAfterPush, Message: "The payment was changed in the source after it was booked: it is " + p.Amount.String() + " there, and was booked from " + link.Amount.String() + "."}}
	case len(link.Reasons) > 0:
		switch link.Reasons[0].Code {
		case CodeRefundOwed, CodeChangedAfterPush, CodeDeletedInSource:
			return nil // it is as it was
		}
	}
	return link.Reasons
}

// paymentsGone reports booked payments of an invoice that the source does not have any more.
func (w *desk) paymentsGone(ctx context.Context, invoice string, rows []ledger.Payment, note func(store.Link, *store.Link)) error {
	booked, err := w.list(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindPayment, Parent: invoice, States: []store.LinkState{store.Written}})
	if err != nil {
		return err
	}
	for _, before := range booked {
		if before.Batch != "" || slices.ContainsFunc(rows, func(p ledger.Payment) bool { return p.ID == before.SourceID }) {
			continue
		}
		link := before
		link.Reasons = []store.Reason{{Code: CodeDeletedInSource, Message: "The source no longer has the payment. Delete it in the ledger, or restore it in the source."}}
		note(link, &before)
	}
	return nil
}

// ledgerPayment reads a payment of the ledger with what decides whether it may be deleted; nil: the
// ledger does not have it any more.
func (w *desk) ledgerPayment(ctx context.Context, link store.Link) (*ledger.Payment, error) {
	for p, err := range ledger.All(w.books.Payments(ctx, ledger.Query{Refs: []ledger.Ref{{ID: link.LedgerID}}})) {
		if errors.Is(err, ledger.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if p.ID == link.LedgerID {
			return &p, nil
		}
	}
	return nil, nil
}
