package invoicesync

import (
	"context"
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Revert takes back what a run created: its payments are deleted, then its invoices voided, or deleted
// while they are drafts. What the ledger does not allow any more (reconciled, locked, paid by somebody
// else) is left, with the reason in the report; so are all payments of a ledger that cannot delete any
// ("reverse_by_hand"), and their invoices with them ("locked_by_payment"). Once such a payment has been deleted
// by hand, which does not bring it back, Revert takes its invoice back too. Reverted invoices are not pushed again by themselves;
// [Push.Recreate] lets them. Contacts stay. Reverting twice is harmless.
func (p *Push) Revert(ctx context.Context, runID string) (Report, error) {
	if runID == "" {
		return Report{}, errors.New("invoicesync: Revert needs the id of a run, Report.Run")
	}
	if p.powers.Voids == nil {
		return Report{}, &ledger.Error{Kind: ledger.ErrUnsupported, Room: "invoicesync", Thing: "ledger " + p.settings.Ledger.String(), Message: "it cannot void invoices"}
	}
	return p.do(ctx, func(ctx context.Context, w *pass) error {
		if err := w.loadMeta(ctx); err != nil {
			return err
		}
		if err := w.resolveChanges(ctx, w.run); err != nil {
			return err
		}
		if _, err := w.organisation(ctx); err != nil {
			return err
		}
		for _, kind := range []ledger.RecordKind{ledger.KindPayment, ledger.KindInvoice} {
			if err := w.revertKind(ctx, kind, runID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *pass) revertKind(ctx context.Context, kind ledger.RecordKind, runID string) error {
	after := ""
	for {
		links, err := w.list(ctx, store.LinkFilter{Pair: w.pair, Kind: kind, States: []store.LinkState{store.Written}, After: after, Limit: 200})
		if err != nil || len(links) == 0 {
			return err
		}
		after = links[len(links)-1].SourceID
		for _, l := range links {
			if l.CreatedBy != runID || l.Batch != "" {
				continue
			}
			if err := w.revertOne(ctx, l); err != nil {
				return err
			}
		}
	}
}

func (w *pass) revertOne(ctx context.Context, link store.Link) error {
	var out store.Link
	var err error
	switch link.Kind {
	case ledger.KindPayment:
		target, terr := w.ledgerPayment(ctx, link)
		if terr != nil {
			return terr
		}
		if target == nil || target.Status == ledger.PaymentReversed {
			return nil
		}
		if w.powers.PaymentVoids == nil {
			out = link
			out.Updated = time.Now().UTC()
			out.Reasons = []store.Reason{{Code: CodeReverseByHand, Message: "The run that booked the payment is taken back, and this ledger cannot delete payments. Delete it in the ledger by hand."}}
		} else {
			out, err = w.change(ctx, w.powers.PaymentVoids, ledger.Change{Verb: ledger.Void, Kind: link.Kind, Payment: target}, link, CodeReverted)
		}
		if firstCode(out) == CodeReverseByHand {
			// Whoever deletes it by hand does what was asked for.
			out.Reasons = append(out.Reasons, store.Reason{Code: CodeReverted, Message: "The run that booked it is taken back."})
		}
	default:
		current, ierr := w.push.ledger.Invoice(ctx, ledger.Ref{ID: link.LedgerID})
		if errors.Is(ierr, ledger.ErrNotFound) {
			return nil
		}
		if ierr != nil {
			return ierr
		}
		if !current.Status.Live() {
			return nil
		}
		out, err = w.change(ctx, w.push.powers.Voids, ledger.Change{Verb: ledger.Void, Kind: link.Kind, Invoice: &current}, link, CodeReverted)
	}
	if err != nil {
		return err
	}
	var kept verdicts
	kept.add(w.run, out, &link)
	return w.keep(ctx, kept)
}
