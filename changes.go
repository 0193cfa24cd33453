package invoicesync

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Changes of records that are in the ledger: updates, voids, deletions of payments. The intention holds
// the record's version before and the wanted state. Resolving re-reads the record: in the wanted state
// the change was carried out; with the version before, after the quiet time, it may be sent again;
// anything else is a conflict.

// intention is what the store keeps, sealed, of a change that is on its way.
type intention struct {
	Change ledger.Change
	Route  string
	Body   []byte
	Done   string // the code that the link gets once the change is carried out
}

// change carries a change out under the write protocol and returns the link as it is then. A refusal is
// a reason in the link, not an error.
func (w *pass) change(ctx context.Context, changer ledger.Changer, c ledger.Change, link store.Link, done string) (store.Link, error) {
	if err := changer.Allows(c); err != nil {
		return blocked(link, err), nil
	}
	return w.run.change(ctx, changer, c, link, done, 1)
}

func (r *run) change(ctx context.Context, changer ledger.Changer, c ledger.Change, link store.Link, done string, attempt int) (store.Link, error) {
	encoded, err := changer.Encode(c)
	if err != nil {
		return blocked(link, err), nil
	}
	limits := changer.Limits()
	c.Encoded = ledger.Encoded{}
	plain, err := json.Marshal(intention{Change: bare(c), Route: encoded.Route, Body: encoded.Body, Done: done})
	if err != nil {
		return link, err
	}
	now := time.Now().UTC()
	batch := store.Batch{ID: rand.Text(), Pair: r.pair, Kind: c.Kind, Verb: string(c.Verb), Members: []ledger.Member{{Mark: link.Mark}},
		Route: encoded.Route, BodyHash: hashBytes(plain), Attempt: attempt, Before: version(c), FirstSent: now}
	// The version before is part of the key: the same change of another state is another request.
	batch.Key = vendorKey(r.pair.Ledger, ledger.Encoded{Route: encoded.Route + " " + batch.Before, Body: encoded.Body}, attempt, limits.KeyLength)
	if batch.Body, err = r.seal(plain, batch.ID); err != nil {
		return link, err
	}
	link.Batch, link.Updated = batch.ID, now
	err = r.fence.updateFor(ctx, r.fence.life, func(tx store.Tx, sendBy time.Time) error {
		batch.Lease, batch.SendBy = r.fence.held[0].Token, sendBy
		if err := tx.Links().Put(link); err != nil {
			return err
		}
		if err := tx.Batches().Put(batch); err != nil {
			return err
		}
		row := r.row("intended", link)
		row.Detail = batch.Verb
		return tx.Activity().Append(row)
	})
	if err != nil {
		return link, err
	}
	r.step("intended")
	c.Encoded, c.Key, c.Gate = encoded, batch.Key, r.gate(&batch, limits)
	var out ledger.ChangeOutcome
	for try := 0; ; try++ {
		out, err = changer.Apply(ctx, c)
		if err == nil {
			break
		}
		if errors.Is(err, ledger.ErrLater) && try < maxWaits && r.waitFor(ctx, err) == nil {
			continue
		}
		// Nothing was written for certain.
		link.Batch = ""
		if errors.Is(err, ledger.ErrRequestRefused) || errors.Is(err, ledger.ErrLocked) || errors.Is(err, ledger.ErrUnsupported) {
			return r.endChange(ctx, batch, blocked(link, err))
		}
		if errors.Is(err, store.ErrLeaseLost) {
			return link, err
		}
		link, eerr := r.endChange(ctx, batch, link)
		return link, errors.Join(err, eerr)
	}
	r.step("sent")
	switch out.State {
	case ledger.Created, ledger.AlreadyThere:
		return r.endChange(ctx, batch, r.carriedOut(link, c, out.Invoice, done))
	case ledger.Refused:
		link.Batch = ""
		reason := refusalReason(out.Refusal)
		link.Reasons = []store.Reason{{Code: blockCode(c, reason.Code), Message: reason.Message}}
		return r.endChange(ctx, batch, link)
	}
	// Uncertain: look at once.
	state, err := changer.Look(ctx, c)
	if err == nil && state.Done {
		return r.endChange(ctx, batch, r.carriedOut(link, c, state.Invoice, done))
	}
	batch.LastSent, batch.Answered = time.Now().UTC(), out.Refusal != nil
	link.Reasons = []store.Reason{{Code: "change_uncertain", Message: "The ledger's answer to a change was lost; it is looked up before anything else."}}
	r.resumeAt(batch.LastSent.Add(r.quiet(limits)))
	err = r.update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return errors.Join(tx.Links().Put(link), tx.Batches().Put(batch))
	})
	return link, err
}

// endChange remembers a change's end.
func (r *run) endChange(ctx context.Context, batch store.Batch, link store.Link) (store.Link, error) {
	link.Batch, link.Updated = "", time.Now().UTC()
	r.stamp(&link)
	err := r.update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		row := r.row(eventOf(link, r.id), link)
		row.Detail = batch.Verb
		return errors.Join(tx.Links().Put(link), tx.Batches().Delete(batch.ID), tx.Activity().Append(row))
	})
	r.step("remembered")
	return link, err
}

// carriedOut is the link after its change.
func (r *run) carriedOut(link store.Link, c ledger.Change, after *ledger.Invoice, done string) store.Link {
	link.UpdatedBy, link.Batch, link.Reasons = r.id, "", nil
	switch {
	case c.Verb == ledger.Update && after != nil:
		link.LedgerVersion, link.Actual = after.Version, after.Totals.Total
		if c.Wanted != nil {
			link.Predicted = c.Wanted.Totals.Total
		}
	case c.Verb == ledger.Void:
		link.State, link.LedgerVersion = store.Skipped, "deleted"
		link.Reasons = []store.Reason{{Code: done}}
	}
	return link
}

// resolveChanges settles changes that an earlier run left in doubt.
func (w *pass) resolveChanges(ctx context.Context, r *run) error {
	var batches []store.Batch
	err := r.db.View(ctx, func(tx store.Tx) (err error) {
		batches, err = tx.Batches().List(r.pair, "")
		return err
	})
	if err != nil {
		return err
	}
	for _, batch := range batches {
		if batch.Verb == "create" || len(batch.Members) != 1 {
			continue
		}
		if err := w.resolveChange(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (w *pass) resolveChange(ctx context.Context, batch store.Batch) error {
	changer := w.changer(batch)
	if changer == nil {
		return &ledger.Error{Kind: ledger.ErrUnsupported, Room: "invoicesync", Thing: batch.Verb + " of a " + string(batch.Kind),
			Message: "a change is unresolved, and this ledger cannot look it up"}
	}
	plain, err := w.open(batch.Body, batch.ID)
	if err != nil {
		return err
	}
	var in intention
	if err := json.Unmarshal(plain, &in); err != nil {
		return fmt.Errorf("invoicesync: the stored change %s cannot be read: %w", batch.ID, err)
	}
	var link store.Link
	var ok bool
	err = w.db.View(ctx, func(tx store.Tx) (err error) {
		link, ok, err = tx.Links().ByMark(batch.Members[0].Mark)
		return err
	})
	if err != nil {
		return err
	}
	if !ok || link.Batch != batch.ID {
		return w.update(ctx, func(tx store.Tx) error { return tx.Batches().Delete(batch.ID) })
	}
	state, err := changer.Look(ctx, in.Change)
	if err != nil {
		return err
	}
	final := batch.LastSent
	if final.IsZero() {
		final = batch.SendBy
	}
	final = final.Add(w.quiet(changer.Limits()))
	switch {
	case state.Done:
		link, err = w.endChange(ctx, batch, w.carriedOut(link, in.Change, state.Invoice, in.Done))
	case !state.Untouched:
		link.Reasons = []store.Reason{{Code: "changed_in_ledger", Message: "Somebody changed the record in the ledger while a change of ours was on its way. Compare both sides."}}
		link, err = w.endChange(ctx, batch, link)
	case time.Now().Before(final):
		w.resumeAt(final)
		return nil
	default:
		// It is as it was: the change never arrived.
		if err := w.update(ctx, func(tx store.Tx) error { return tx.Batches().Delete(batch.ID) }); err != nil {
			return err
		}
		link, err = w.run.change(ctx, changer, in.Change, link, in.Done, batch.Attempt+1)
	}
	if err != nil {
		return err
	}
	w.tally("", link)
	w.eventFor(link)
	return nil
}

func (w *pass) changer(batch store.Batch) ledger.Changer {
	switch {
	case batch.Kind == ledger.KindPayment:
		return w.push.powers.PaymentVoids
	case batch.Verb == string(ledger.Update):
		return w.push.powers.Updates
	}
	return w.push.powers.Voids
}

// bare is a change without what cannot, or must not, be stored with it.
func bare(c ledger.Change) ledger.Change {
	c.Gate, c.Key, c.Encoded = nil, "", ledger.Encoded{}
	return c
}

func version(c ledger.Change) string {
	switch {
	case c.Invoice != nil:
		return c.Invoice.Version
	case c.Payment != nil:
		return c.Payment.Version
	}
	return ""
}

// blocked says in the link why a change cannot be made.
func blocked(link store.Link, err error) store.Link {
	code := ledger.Code(err)
	switch code {
	case "":
		code = "locked_by_payment"
	case "reconciled", "batched":
		code = "reverse_by_hand"
	}
	if !notOwed[code] {
		code = "locked_by_payment"
	}
	link.Reasons = []store.Reason{{Code: code, Message: err.Error()}}
	return link
}

func blockCode(c ledger.Change, code string) string {
	if notOwed[code] {
		return code
	}
	if c.Kind == ledger.KindPayment {
		return "reverse_by_hand"
	}
	return "locked_by_payment"
}

func is(err, target error) bool { return errors.Is(err, target) }
