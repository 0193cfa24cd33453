package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Repair does what the difference's Fix says, as a run of the flow that it belongs to: with the write lease,
// under the write protocol, and only after it has looked at both sides again. What the ledger does not allow
// is a reason in the report, not an error. A difference without a Fix, and one whose Fix needs a person's word
// that Agreed does not give, is an error, and nothing is done.
//
// The report is the whole run's: resolving what was in doubt and following what changed belong to it, so that it may
// count other records too, and it need not count this one. Whether the difference is gone is asked of both sides:
// call Differences again, for the days around its Date.
//
// Processing may be off, since a person asks for it. FixWait may leave the doubt where it is: Report.ResumeAt
// says from when on it can be resolved.
func (c *Reconcile) Repair(ctx context.Context, d Difference) (Report, error) {
	refuse := func(format string, args ...any) (Report, error) {
		of := d.Source
		if of == (ledger.Ref{}) {
			of = d.Ledger // only the ledger has it
		}
		return Report{}, fmt.Errorf("invoicesync: "+string(d.Kind)+" "+of.String()+": "+format, args...)
	}
	switch {
	case d.Fix == FixNone:
		return refuse("%s cannot be repaired by a program; compare both sides by hand", d.Code)
	case d.Fix.NeedsAgreement() && !d.Agreed:
		return refuse("to %s it a person must have looked; set Difference.Agreed", d.Fix)
	case c.push != nil && d.Flow == c.push.name:
		return c.push.repair(ctx, d)
	case c.settle != nil && d.Flow == c.settle.name:
		return c.settle.repair(ctx, d)
	}
	return refuse("the difference belongs to %q, which this comparison does not know", d.Flow)
}

func (p *Push) repair(ctx context.Context, d Difference) (Report, error) {
	return p.do(ctx, func(ctx context.Context, w *pass) error {
		if err := w.begin(ctx); err != nil {
			return err
		}
		if err := w.watchLedger(ctx); err != nil {
			return err
		}
		w.force, w.policy = true, p.onePolicy
		if d.Fix == FixWait {
			return nil // beginning a run is what resolves doubts
		}
		if d.Kind == ledger.KindPayment {
			return w.repairPayment(ctx, d)
		}
		return w.repairInvoice(ctx, d)
	})
}

// repairInvoice repairs a difference of an invoice that a push has found.
func (w *pass) repairInvoice(ctx context.Context, d Difference) error {
	inv, err := w.push.source.Invoice(ctx, d.Source)
	if errors.Is(err, ledger.ErrNotFound) && d.Fix == FixVoid {
		w.onDelete = DeleteVoid
		return w.deletedInSource(ctx, map[string]bool{d.Source.ID: true})
	}
	if err != nil {
		return err
	}
	switch d.Fix {
	case FixUpdate:
		return w.carryOver(ctx, inv)
	case FixVoid:
		w.onDelete = DeleteVoid
	case FixRecreate:
		if err := w.trulyGoneThere(ctx, inv.ID); err != nil {
			return err
		}
		// What somebody took off the old one belongs to the new one.
		if err := w.rebookOf(ctx, inv.ID); err != nil {
			return err
		}
		if err := w.recreate(ctx, inv); err != nil {
			return err
		}
	case FixAdopt:
		theirs, err := w.push.ledger.Invoice(ctx, ledger.Ref{ID: d.Ledger.ID})
		if err != nil {
			return err
		}
		if err := w.adopt(ctx, inv, theirs); err != nil {
			return err
		}
	case FixWrite:
	default:
		return fmt.Errorf("invoicesync: an invoice is not repaired by %q; take the difference as Differences yields it", d.Fix)
	}
	return w.judgeAndWrite(ctx, inv)
}

func (w *pass) judgeAndWrite(ctx context.Context, inv ledger.Invoice) error {
	if err := w.judgeAll(ctx, []ledger.Invoice{inv}, nil); err != nil {
		return err
	}
	return w.flushAll(ctx)
}

// carryOver lets the source's content take the place of the ledger's, whichever of the two was changed.
func (w *pass) carryOver(ctx context.Context, inv ledger.Invoice) error {
	links, err := w.linksOf(ctx, ledger.KindInvoice, []string{inv.ID})
	if err != nil {
		return err
	}
	link, ok := links[inv.ID]
	if !ok || link.State != store.Written || link.Batch != "" {
		return w.judgeAndWrite(ctx, inv) // it has come to something else since
	}
	before := link
	w.onEdit = EditUpdate
	link.Reasons = nil
	if link, err = w.edited(ctx, inv, link, contentHash(inv)); err != nil {
		return err
	}
	link.SourceVersion = inv.Version
	var kept verdicts
	kept.add(w.run, link, &before)
	return w.keep(ctx, kept)
}

// trulyGoneThere makes sure that an invoice does not stand in the ledger, before another one takes its place.
func (w *pass) trulyGoneThere(ctx context.Context, id string) error {
	links, err := w.linksOf(ctx, ledger.KindInvoice, []string{id})
	if err != nil || links[id].LedgerID == "" {
		return err
	}
	there, err := w.books.Invoice(ctx, ledger.Ref{ID: links[id].LedgerID})
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil
	case err != nil:
		return err
	case there.Status.Live():
		return fmt.Errorf("invoicesync: invoice %s stands in the ledger as %s; it is created again once that is void", id, there.ID)
	}
	return nil
}

// rebookOf lets the payments of an invoice be booked again that were deleted in the ledger.
func (w *pass) rebookOf(ctx context.Context, invoice string) error {
	links, err := w.list(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindPayment, Parent: invoice, Code: CodePaymentDeletedInLedger, States: []store.LinkState{store.Parked}})
	if err != nil {
		return err
	}
	var kept verdicts
	for _, link := range links {
		before := link
		if err := w.rebook(&link); err != nil {
			return err
		}
		kept.add(w.run, link, &before)
	}
	return w.keep(ctx, kept)
}

// repairPayment repairs a difference of a payment that a push has found.
func (w *pass) repairPayment(ctx context.Context, d Difference) error {
	inv, err := w.push.source.Invoice(ctx, d.Invoice)
	if errors.Is(err, ledger.ErrNotFound) && d.Code == DiffGoneInSource {
		return w.deleteBooked(ctx, d.Source.ID)
	}
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
		return fmt.Errorf("invoicesync: payment %s is not repaired while the payments of its invoice cannot be read: %s", d.Source.ID, unread[0].Message)
	}
	p := ledger.Payment{ID: d.Source.ID, Amount: d.InSource, Date: d.Date}
	i := slices.IndexFunc(rows, func(row ledger.Payment) bool { return row.ID == p.ID })
	switch {
	case i < 0 && d.Code == DiffGoneInSource:
		return w.deleteBooked(ctx, p.ID)
	case i >= 0:
		p = rows[i]
	}
	links, err := w.linksOf(ctx, ledger.KindInvoice, []string{inv.ID})
	if err != nil {
		return err
	}
	b := &booking{invoice: links[inv.ID], source: ref(inv)}
	if err := w.mendPayment(ctx, d, b, p); err != nil {
		return err
	}
	return w.judgeAndWrite(ctx, inv)
}

// mendPayment does of a repair what judging the payment again does not do by itself.
func (w *desk) mendPayment(ctx context.Context, d Difference, b *booking, p ledger.Payment) error {
	switch d.Fix {
	case FixWrite, FixDelete:
		return nil
	case FixRecreate:
		return w.decidePayment(ctx, b, p, func(l *store.Link) error {
			if l.State != store.Written {
				return w.rebook(l)
			}
			there, err := w.ledgerPayment(ctx, *l)
			if err == nil && (there == nil || there.Status == ledger.PaymentReversed) {
				park(l, CodePaymentDeletedInLedger, "The payment is deleted in the ledger.")
			}
			return errors.Join(err, w.rebook(l))
		})
	case FixAdopt:
		return w.decidePayment(ctx, b, p, func(l *store.Link) error { return w.adoptPayment(ctx, l, d.Ledger.ID) })
	case FixReplace:
		if replace, err := w.replaceable(ctx, p); err != nil || !replace {
			return err
		}
		return w.deleteBooked(ctx, p.ID)
	}
	return fmt.Errorf("invoicesync: a payment is not repaired by %q; take the difference as Differences yields it", d.Fix)
}

// replaceable reports whether a confirmed payment of the source is booked over another amount or on another day, as both
// sides are now. One whose own day is locked is not deleted, because it could not be booked again.
func (w *desk) replaceable(ctx context.Context, p ledger.Payment) (bool, error) {
	links, err := w.linksOf(ctx, ledger.KindPayment, []string{p.ID})
	if err != nil {
		return false, err
	}
	link, ok := links[p.ID]
	if !ok || link.State != store.Written || link.Batch != "" || p.Status != ledger.PaymentConfirmed {
		return false, nil
	}
	there, err := w.ledgerPayment(ctx, link)
	if err != nil || there == nil || there.Status == ledger.PaymentReversed {
		return false, err
	}
	if !redated(p, *there) {
		return !there.Amount.Equal(p.Amount), nil
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return false, err
	}
	if lock := org.Locked(p.Date); !lock.IsZero() {
		return false, fmt.Errorf("invoicesync: payment %s is dated %s in the source, and the ledger is locked up to %s: deleted, it could not be booked again; "+
			"correct the day in the source, or move the lock", p.ID, p.Date, lock)
	}
	return true, nil
}

// deleteBooked deletes a booked payment in the ledger, where the ledger lets it.
func (w *desk) deleteBooked(ctx context.Context, id string) error {
	links, err := w.linksOf(ctx, ledger.KindPayment, []string{id})
	if err != nil {
		return err
	}
	link, ok := links[id]
	if !ok || link.State != store.Written || link.Batch != "" {
		return nil // it has come to something else since
	}
	var kept verdicts
	note := func(l store.Link, before *store.Link) { kept.add(w.run, l, before) }
	if err := w.laterPayment(ctx, ledger.Payment{ID: id, Status: ledger.PaymentReversed}, link, note); err != nil {
		return err
	}
	return w.keep(ctx, kept)
}

func (s *Settle) repair(ctx context.Context, d Difference) (Report, error) {
	return s.do(ctx, func(ctx context.Context, t *till) error {
		if err := t.begin(ctx); err != nil {
			return err
		}
		if err := t.watchPayments(ctx); err != nil {
			return err
		}
		if d.Fix == FixWait {
			return t.flush(ctx)
		}
		rows, err := t.flow.host.Payments(ctx, []string{d.Source.ID})
		if err != nil {
			return fmt.Errorf("invoicesync: the host's payments could not be read: %w", err)
		}
		p := ledger.Payment{ID: d.Source.ID, Amount: d.InSource, Date: d.Date, Currency: d.Currency}
		i := slices.IndexFunc(rows, func(row ledger.Payment) bool { return row.ID == p.ID })
		switch {
		case i < 0 && d.Code == DiffGoneInSource:
			return t.deleteBooked(ctx, p.ID)
		case i >= 0:
			now, _, err := t.readable(ctx, rows[i:i+1])
			if err != nil {
				return err
			}
			p.Status, p.Amount = now[0].Status, now[0].Amount
			if !now[0].Date.IsZero() {
				p.Date = now[0].Date
			}
		}
		b := &booking{invoice: store.Link{LedgerID: d.Invoice.ID, Currency: d.Currency}, source: ledger.Ref{ID: d.Invoice.ID}}
		if err := t.mendPayment(ctx, d, b, p); err != nil {
			return err
		}
		if err := t.judgeIDs(ctx, []string{d.Source.ID}); err != nil {
			return err
		}
		return t.flush(ctx)
	})
}
