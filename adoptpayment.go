package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// What a person decides about a payment.

// payByHand changes the link of a payment of the host on a person's word.
func (t *till) payByHand(ctx context.Context, id string, decide func(*store.Link) error) error {
	if err := t.loadMeta(ctx); err != nil {
		return err
	}
	if _, err := t.organisation(ctx); err != nil {
		return err
	}
	rows, err := t.flow.host.Payments(ctx, []string{id})
	if err != nil {
		return err
	}
	if rows, _, err = t.readable(ctx, rows); err != nil {
		return err
	}
	if len(rows) != 1 || rows[0].ID != id {
		return &ledger.Error{Kind: ledger.ErrNotFound, Room: "invoicesync", Thing: "payment " + id, Message: "the host has no such payment"}
	}
	p := rows[0]
	b := &booking{invoice: store.Link{LedgerID: p.InvoiceID, Currency: p.Currency}, source: ledger.Ref{ID: p.InvoiceID}}
	return t.decidePayment(ctx, b, p, decide)
}

// decidePayment changes the link of a payment, or makes its first one.
func (w *desk) decidePayment(ctx context.Context, b *booking, p ledger.Payment, decide func(*store.Link) error) error {
	links, err := w.linksOf(ctx, ledger.KindPayment, []string{p.ID})
	if err != nil {
		return err
	}
	link := w.paymentLink(b, p, nil)
	var before *store.Link
	if was, ok := links[p.ID]; ok {
		link, before = was, &was
	}
	if inDoubt(link) {
		return fmt.Errorf("invoicesync: a write of payment %s is in doubt; run the flow until it is resolved", p.ID)
	}
	if err := decide(&link); err != nil {
		return err
	}
	var kept verdicts
	kept.add(w.run, link, before)
	return w.keep(ctx, kept)
}

// Rebook lets a payment of an invoice be booked again that somebody deleted in the ledger
// ("payment_deleted_in_ledger"), or that may have been ("maybe_deleted"), or that was taken back with its run: a
// person has looked, and says that the ledger does not have it. It gets a new mark. The next run books it, if
// nothing else speaks against it. Both ids are the source's.
func (p *Push) Rebook(ctx context.Context, invoice ledger.Ref, payment string) error {
	return p.payByHand(ctx, invoice, payment, func(ctx context.Context, w *pass) func(*store.Link) error { return w.rebookGone(ctx) })
}

// RefundBooked takes a person's word that the ledger says of a refund now what the source says: whoever is told of
// "refund_owed" books it there by hand, for instance as a credit note and its repayment, and then calls this.
// Nothing is written to the ledger. Both ids are the source's.
func (p *Push) RefundBooked(ctx context.Context, invoice ledger.Ref, payment string) error {
	return p.payByHand(ctx, invoice, payment, func(context.Context, *pass) func(*store.Link) error { return settleRefund })
}

// payByHand changes the link of a payment of an invoice on a person's word.
func (p *Push) payByHand(ctx context.Context, invoice ledger.Ref, payment string, decide func(context.Context, *pass) func(*store.Link) error) error {
	if !p.settings.paymentsWanted() {
		return errors.New("invoicesync: the settings book no payments; choose a Mode that does")
	}
	_, err := p.do(ctx, func(ctx context.Context, w *pass) error {
		if err := w.pinnedSource(ctx); err != nil {
			return err
		}
		inv, err := p.source.Invoice(ctx, invoice)
		if err != nil {
			return err
		}
		if inv, err = w.askForPayments(ctx, inv); err != nil {
			return err
		}
		rows, unread, err := w.paymentsOf(ctx, inv)
		if err != nil {
			return err
		}
		if len(unread) > 0 {
			return fmt.Errorf("invoicesync: invoice %s: %s", inv.ID, unread[0].Message)
		}
		at := slices.IndexFunc(rows, func(row ledger.Payment) bool { return row.ID == payment })
		if at < 0 {
			return &ledger.Error{Kind: ledger.ErrNotFound, Room: "invoicesync", Thing: "payment " + payment, Message: "invoice " + inv.ID + " has no such payment in the source"}
		}
		links, err := w.linksOf(ctx, ledger.KindInvoice, []string{inv.ID})
		if err != nil {
			return err
		}
		return w.decidePayment(ctx, &booking{invoice: links[inv.ID], source: ref(inv)}, rows[at], decide(ctx, w))
	})
	return err
}

// settleRefund clears the reason of money that was given back.
func settleRefund(link *store.Link) error {
	switch {
	case firstCode(*link) != CodeRefundOwed:
		return fmt.Errorf("invoicesync: payment %s owes the ledger no refund, as far as the flow knows; run the flow first", link.SourceID)
	case link.State == store.Written:
		link.Rule, link.Reasons = CodeRefundBooked, nil
	default:
		link.State, link.Rule = store.Skipped, CodeRefundBooked
		link.Reasons = []store.Reason{{Code: CodeRefundBooked, Message: "The refund was booked in the ledger by hand."}}
	}
	return nil
}

// rebookGone is rebook on a person's word, which the ledger must not contradict.
func (w *desk) rebookGone(ctx context.Context) func(*store.Link) error {
	return func(link *store.Link) error {
		if link.State != store.Written && link.LedgerID != "" {
			there, err := w.ledgerPayment(ctx, *link)
			if err != nil {
				return err
			}
			if there != nil && there.Status != ledger.PaymentReversed {
				return fmt.Errorf("invoicesync: payment %s stands in the ledger as %s; delete it there first, if it is to be booked again", link.SourceID, link.LedgerID)
			}
		}
		return w.rebook(link)
	}
}

// rebook raises a payment's generation, so that it is booked under a new mark: whatever was written under the
// old one is not it.
func (w *desk) rebook(link *store.Link) error {
	if link.State == store.Written {
		return fmt.Errorf("invoicesync: payment %s is in the ledger as %s; delete it there first, if it is to be booked again", link.SourceID, link.LedgerID)
	}
	nextGeneration(link)
	return nil
}

// adoptPayment links a payment with one that the ledger has.
func (w *desk) adoptPayment(ctx context.Context, link *store.Link, id string) error {
	if link.State == store.Written {
		return fmt.Errorf("invoicesync: payment %s is already linked with %s, and has one link only; nothing was changed", link.SourceID, link.LedgerID)
	}
	theirs, err := w.ledgerPayment(ctx, store.Link{LedgerID: id})
	switch {
	case err != nil:
		return err
	case theirs == nil || theirs.Status == ledger.PaymentReversed:
		return fmt.Errorf("invoicesync: the ledger has no payment %s that stands; nothing was changed", id)
	case !theirs.Amount.Equal(link.Amount):
		return fmt.Errorf("invoicesync: payment %s of the ledger is over %s, and payment %s over %s; only the same amount is the same money", id, theirs.Amount, link.SourceID, link.Amount)
	case link.LedgerParent != "" && theirs.InvoiceID != "" && theirs.InvoiceID != link.LedgerParent:
		return fmt.Errorf("invoicesync: payment %s of the ledger is for invoice %s, and payment %s for %s; nothing was changed", id, theirs.InvoiceID, link.SourceID, link.LedgerParent)
	}
	links, err := w.linksTo(ctx, ledger.KindPayment, []string{theirs.ID})
	if err != nil {
		return err
	}
	if other, ok := links[theirs.ID]; ok && (other.Pair != w.pair || other.SourceID != link.SourceID) {
		return fmt.Errorf("invoicesync: payment %s of the ledger is linked with payment %s of %s already", theirs.ID, other.SourceID, other.Pair.Source)
	}
	adopted(link, theirs.ID, "", theirs.Version, theirs.Amount)
	return nil
}
