package invoicesync

import (
	"context"
	"errors"
	"iter"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Planned is what a run would do with one record of the source.
type Planned struct {
	Ref     ledger.Ref
	Source  ledger.Invoice
	Verdict eligibility.Verdict // with all reasons, when nothing would be written
	Already bool                // it is in the ledger; Verdict says what has changed since, if anything

	// Invoice is nil when nothing would be written; Verdict then says why. Else it is the exact draft, with its mark and the totals that the ledger will compute. Its
	// Contact.ID is empty when the contact is created first; Contact then is that draft, known by its mark.
	Invoice  *ledger.Invoice
	Contact  *ledger.Contact
	DueRule  string // which due date rule won
	Payments []PlannedPayment
}

// PlannedPayment is what a run would do with one payment.
type PlannedPayment struct {
	Payment ledger.Payment
	Reason  *eligibility.Reason // nil: it is booked as it stands
}

// Preview says what Run would do with what is new or changed, record by record, with the exact drafts and
// the totals expected. What earlier runs left parked, and nothing has changed about, is not said again: a
// report counts it. It reads both sides and writes nothing, to the store neither; Settings.Processing may be off. Stop it
// by breaking out of the loop. An error is the last thing yielded.
func (p *Push) Preview(ctx context.Context) iter.Seq2[Planned, error] {
	return p.preview(ctx, func(ctx context.Context, w *pass) error {
		for _, step := range []func(context.Context) error{w.again, w.readInvoices} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// PreviewOne is Preview for a single invoice, by id or by number.
func (p *Push) PreviewOne(ctx context.Context, ref ledger.Ref) (Planned, error) {
	for planned, err := range p.preview(ctx, func(ctx context.Context, w *pass) error {
		inv, err := p.source.Invoice(ctx, ref)
		if err != nil {
			return err
		}
		w.force, w.policy = true, p.onePolicy
		return w.judgeAll(ctx, []ledger.Invoice{inv}, nil)
	}) {
		return planned, err
	}
	return Planned{Ref: ref}, &ledger.Error{Kind: ledger.ErrNotFound, Room: "invoicesync", Thing: "invoice " + ref.String(), Message: "the run would not look at it"}
}

// look is a pass that only looks: at both sides, and through an overlay at what the store remembers.
func (p *Push) look() *pass {
	w := newPass(p, newRun(store.Overlay(p.db), p.settings.pair(), p.opts, p.hash))
	w.dry = true
	return w
}

func (p *Push) preview(ctx context.Context, read func(context.Context, *pass) error) iter.Seq2[Planned, error] {
	return func(yield func(Planned, error) bool) {
		w := p.look()
		w.opts.Observer, w.opts.Logger, w.opts.Metrics = nil, nil, nil
		w.show = func(planned Planned) bool { return yield(planned, nil) }
		err := w.loadMeta(ctx)
		if err == nil {
			err = w.knowLedger(ctx)
		}
		if err == nil {
			err = read(ctx, w)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Planned{}, err)
		}
	}
}

// planOrNote ends the judging of a record that is not written: a preview yields it, a run notes it.
func (w *pass) planOrNote(planned Planned, link store.Link, before *store.Link, note func(store.Link, *store.Link)) error {
	if !w.dry {
		note(link, before)
		return nil
	}
	if !w.show(planned) {
		return errStopped
	}
	return nil
}

// planJob yields a record that would be written.
func (w *pass) planJob(ctx context.Context, j *job, pending *entry[ledger.Contact]) error {
	planned := Planned{Ref: ref(j.source), Source: j.source, Verdict: eligibility.Verdict{Policy: "push"}, Invoice: &j.draft, DueRule: j.link.Rule}
	if pending != nil {
		c := pending.draft.Record
		planned.Contact = &c
	}
	if w.push.settings.paymentsWanted() {
		as := j.draft
		as.Totals.Balance = as.Totals.Total
		b := &booking{invoice: j.link, source: ref(j.source), rows: j.payments, ledger: &as}
		balance := as.Totals.Balance
		for _, p := range j.payments {
			link := w.paymentLink(b, p, nil)
			draft, reason, err := w.judgeOne(ctx, &judging{booking: b, payment: p, link: &link, balance: balance, taken: map[string]bool{}})
			if err != nil {
				return err
			}
			if reason == nil {
				balance = balance.Sub(draft.Amount)
				planned.Payments = append(planned.Payments, PlannedPayment{Payment: draft})
			} else {
				planned.Payments = append(planned.Payments, PlannedPayment{Payment: p, Reason: reason})
			}
		}
	}
	if !w.show(planned) {
		return errStopped
	}
	return nil
}

// planLater yields a record that is in the ledger: there is nothing to do, or its change would be dealt
// with as Settings.OnEdit and OnDelete say.
func (w *pass) planLater(ctx context.Context, inv ledger.Invoice, link store.Link) error {
	planned := Planned{Ref: ref(inv), Source: inv, Already: true, Verdict: eligibility.Verdict{Policy: "pushed"}}
	err := w.later(ctx, inv, link, func(l store.Link, _ *store.Link) {
		for _, r := range l.Reasons {
			planned.Verdict.Reasons = append(planned.Verdict.Reasons, eligibility.Reason{Code: r.Code, Rule: "pushed", Message: r.Message, Disposition: eligibility.Park})
		}
	})
	w.newPayments = nil
	if err != nil {
		return err
	}
	if !w.show(planned) {
		return errStopped
	}
	return nil
}
