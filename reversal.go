package invoicesync

import (
	"context"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// laterPayment looks at a payment that is in the ledger: was it reversed, or given back?
func (w *pass) laterPayment(ctx context.Context, b *booking, p ledger.Payment, link store.Link, note func(store.Link, *store.Link)) error {
	before := link
	reversed := p.Status == ledger.PaymentReversed || p.Status == ledger.PaymentFailed
	link.SourceVersion = string(p.Status)
	switch {
	case !reversed || link.SourceVersion == before.SourceVersion && before.LedgerVersion == "deleted":
		note(link, &before)
		return nil
	case w.plan != nil:
		note(link, &before)
		return nil
	}
	byHand := func(why string) error {
		link.Reasons = []store.Reason{{Code: "reverse_by_hand", Message: "The payment was reversed in the source, and " + why + ". Reverse it in the ledger by hand."}}
		note(link, &before)
		return nil
	}
	if w.push.powers.PaymentVoids == nil {
		return byHand("this ledger cannot delete payments")
	}
	target, err := w.ledgerPayment(ctx, link)
	if err != nil {
		return err
	}
	if target == nil || target.Status == ledger.PaymentReversed {
		link.State, link.LedgerVersion = store.Skipped, "deleted"
		link.Reasons = []store.Reason{{Code: "payment_reversed", Message: "The payment was reversed, and is deleted in the ledger already."}}
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
	link, err = w.change(ctx, w.push.powers.PaymentVoids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: target}, link, "payment_reversed")
	if err != nil {
		return err
	}
	note(link, &before)
	return nil
}

// ledgerPayment reads a payment of the ledger with what decides whether it may be deleted; nil: the
// ledger does not have it any more.
func (w *pass) ledgerPayment(ctx context.Context, link store.Link) (*ledger.Payment, error) {
	for p, err := range ledger.All(w.push.ledger.Payments(ctx, ledger.Query{Refs: []ledger.Ref{{ID: link.LedgerID}}})) {
		if is(err, ledger.ErrNotFound) {
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
