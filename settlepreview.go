package invoicesync

import (
	"context"
	"errors"
	"iter"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Settlement is what a run of a [Settle] would do with one payment of the host.
type Settlement struct {
	Source  ledger.Payment
	Payment *ledger.Payment      // the exact draft, with its mark; nil: nothing would be booked
	Already bool                 // it is in the ledger
	Reasons []eligibility.Reason // why it would not be booked, or what has become of it since it was
}

// Preview says what Run would do with what is new, changed or left, payment by payment, with the exact drafts.
// It reads both sides and writes nothing, to the store neither; Processing may be off. What is in doubt is not
// resolved by it. Stop it by breaking out of the loop. An error is the last thing yielded.
func (s *Settle) Preview(ctx context.Context) iter.Seq2[Settlement, error] {
	return func(yield func(Settlement, error) bool) {
		t := s.look()
		t.opts.Observer, t.opts.Logger, t.opts.Metrics = nil, nil, nil
		t.show = func(planned Settlement) bool { return yield(planned, nil) }
		err := t.loadMeta(ctx)
		for _, step := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := t.organisation(ctx); return err },
			t.aloneHere, t.knowPayments, t.again, t.read,
		} {
			if err == nil {
				err = step(ctx)
			}
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Settlement{}, err)
		}
	}
}

// look is a till that only looks: at both sides, and through an overlay at what the store remembers.
func (s *Settle) look() *till {
	t := newTill(s, newRun(store.Overlay(s.db), s.settings.pair(), s.opts, s.hash))
	t.dry = true
	return t
}

// planNote yields payments that are not booked by a preview's run.
func (t *till) planNote(rows []ledger.Payment) func(store.Link, *store.Link) {
	return func(l store.Link, _ *store.Link) {
		planned := Settlement{Source: rowOf(rows, l.SourceID), Already: l.State == store.Written}
		reversed := planned.Source.Status == ledger.PaymentFailed || planned.Source.Status == ledger.PaymentReversed
		if planned.Already && reversed {
			planned.Reasons = []eligibility.Reason{*parked(CodePaymentReversed, string(planned.Source.Status), "", "The payment failed after it was booked; it would be deleted in the ledger, where the ledger lets it.")}
		}
		for _, r := range l.Reasons {
			d := eligibility.Skip
			if l.State != store.Skipped {
				d = eligibility.Park
			}
			planned.Reasons = append(planned.Reasons, eligibility.Reason{Code: r.Code, Rule: r.Code, Message: r.Message, Disposition: d})
		}
		t.tell(planned)
	}
}

// planEntries yields payments that would be booked. Their reservations stay, as if they were.
func (t *till) planEntries(rows []ledger.Payment) error {
	for _, e := range t.newEntries {
		draft := e.draft.Record
		t.tell(Settlement{Source: rowOf(rows, e.link.SourceID), Payment: &draft})
	}
	t.newEntries, t.reminders = nil, nil
	if t.ended {
		return errStopped
	}
	return nil
}

func (t *till) tell(planned Settlement) {
	if !t.ended {
		t.ended = !t.show(planned)
	}
}

func rowOf(rows []ledger.Payment, id string) ledger.Payment {
	for _, p := range rows {
		if p.ID == id {
			return p
		}
	}
	return ledger.Payment{ID: id}
}
