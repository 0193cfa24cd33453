package invoicesync

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

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
	// Content is what the link says of the source once an update is carried out. Until then it goes on
	// saying what the ledger holds, so that an update that never arrives is not forgotten.
	Content *content
}

// content is the source's side of a link.
type content struct {
	SourceHash, Rule  string
	Amount, Predicted decimal.Decimal
}

// change carries a change out under the write protocol and returns the link as it is then. A refusal is
// a reason in the link, not an error.
func (w *desk) change(ctx context.Context, changer ledger.Changer, c ledger.Change, link store.Link, done string) (store.Link, error) {
	return w.changeContent(ctx, changer, c, link, done, nil)
}

// changeContent is change for an update, which also changes what the link says of the source.
func (w *desk) changeContent(ctx context.Context, changer ledger.Changer, c ledger.Change, link store.Link, done string, becomes *content) (store.Link, error) {
	if err := changer.Allows(c); err != nil {
		return blocked(link, err), nil
	}
	return w.run.change(ctx, changer, link, intention{Change: c, Done: done, Content: becomes}, nil)
}

// change sends a change for the first time, or once more in the place of a batch that never arrived.
func (r *run) change(ctx context.Context, changer ledger.Changer, link store.Link, in intention, instead *store.Batch) (store.Link, error) {
	c := in.Change
	encoded, err := changer.Encode(c)
	if err != nil {
		if link = blocked(link, err); instead != nil {
			return r.endChange(ctx, *instead, link, nil)
		}
		return link, nil
	}
	in.Change, in.Route, in.Body = bare(c), encoded.Route, encoded.Body
	limits := changer.Limits()
	batch, err := r.intendChange(ctx, limits, &link, in, instead)
	if err != nil {
		return link, err
	}
	c.Encoded, c.Key, c.Gate = encoded, batch.Key, r.gate(&batch, limits, new(bool))
	out, err := r.apply(ctx, changer, c)
	switch {
	case errors.Is(err, ledger.ErrRequestRefused), errors.Is(err, ledger.ErrLocked), errors.Is(err, ledger.ErrUnsupported):
		return r.endChange(ctx, batch, blocked(link, err), nil)
	case errors.Is(err, store.ErrLeaseLost):
		return link, err
	case err != nil: // nothing was written for certain
		link, eerr := r.endChange(ctx, batch, link, nil)
		return link, errors.Join(err, eerr)
	}
	r.step("sent")
	switch out.State {
	case ledger.Created, ledger.AlreadyThere:
		return r.carriedOut(ctx, batch, link, in, out.Invoice)
	case ledger.Refused:
		reason := refusalReason(out.Refusal)
		link.Reasons = []store.Reason{{Code: blockCode(c, reason.Code), Message: reason.Message}}
		return r.endChange(ctx, batch, link, nil)
	}
	if state, err := changer.Look(ctx, c); err == nil && state.Done {
		return r.carriedOut(ctx, batch, link, in, state.Invoice)
	}
	return r.changeInDoubt(ctx, limits, batch, link, out)
}

// intendChange remembers what is about to leave, before any byte of it does. The link then names the batch.
func (r *run) intendChange(ctx context.Context, limits ledger.Limits, link *store.Link, in intention, instead *store.Batch) (store.Batch, error) {
	c, attempt := in.Change, 1
	if instead != nil {
		attempt = instead.Attempt + 1
	}
	plain, err := json.Marshal(in)
	if err != nil {
		return store.Batch{}, err
	}
	now := time.Now().UTC()
	batch := store.Batch{ID: rand.Text(), Pair: r.pair, Kind: c.Kind, Verb: string(c.Verb), Members: []ledger.Member{{Mark: link.Mark}},
		Route: in.Route, BodyHash: hashBytes(plain), Attempt: attempt, Before: version(c), FirstSent: now}
	// The version before is part of the key: the same change of another state is another request.
	batch.Key = vendorKey(r.pair.Ledger, ledger.Encoded{Route: in.Route + " " + batch.Before, Body: in.Body}, attempt, limits.KeyLength)
	if batch.Body, err = r.seal(plain, batch.ID); err != nil {
		return batch, err
	}
	link.Batch, link.Updated = batch.ID, now
	err = r.fence.updateFor(ctx, r.fence.life, func(tx store.Tx, sendBy time.Time) error {
		batch.Lease, batch.SendBy = r.fence.held[0].Token, sendBy
		if err := tx.Links().Put(*link); err != nil {
			return err
		}
		if instead != nil {
			// In one transaction: a link must never name a batch that is not there.
			if err := tx.Batches().Delete(instead.ID); err != nil {
				return err
			}
		}
		if err := tx.Batches().Put(batch); err != nil {
			return err
		}
		row := r.row("intended", *link)
		row.Detail = batch.Verb
		return tx.Activity().Append(row)
	})
	if err == nil {
		r.step("intended")
	}
	return batch, err
}

// apply sends a change, and waits for limits. An error says that nothing was written for certain.
func (r *run) apply(ctx context.Context, changer ledger.Changer, c ledger.Change) (ledger.ChangeOutcome, error) {
	for try := 0; ; try++ {
		out, err := changer.Apply(ctx, c)
		if err == nil || !errors.Is(err, ledger.ErrLater) || try >= maxWaits || r.waitFor(ctx, err) != nil {
			return out, err
		}
	}
}

// changeInDoubt remembers that it is not known whether a change arrived.
func (r *run) changeInDoubt(ctx context.Context, limits ledger.Limits, batch store.Batch, link store.Link, out ledger.ChangeOutcome) (store.Link, error) {
	batch.LastSent, batch.Answered = time.Now().UTC(), heard(out.Refusal)
	link.Reasons = []store.Reason{{Code: CodeChangeUncertain, Message: "The ledger's answer to a change was lost; it is looked up before anything else."}}
	r.resumeAt(batch.LastSent.Add(r.quiet(limits)))
	r.stamp(&link)
	err := r.update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		return errors.Join(tx.Links().Put(link), tx.Batches().Put(batch))
	})
	return link, err
}

// endChange remembers a change's end, and the link that takes the place of this one, if any.
func (r *run) endChange(ctx context.Context, batch store.Batch, link store.Link, next *store.Link) (store.Link, error) {
	link.Batch, link.Updated = "", time.Now().UTC()
	r.stamp(&link)
	links := []store.Link{link}
	if next != nil {
		next.Updated = link.Updated
		r.stamp(next)
		links = append(links, *next)
	}
	err := r.update(context.WithoutCancel(ctx), func(tx store.Tx) error {
		row := r.row(eventOf(link, r.id), link)
		row.Detail = batch.Verb
		return errors.Join(tx.Links().Put(links...), tx.Batches().Delete(batch.ID), tx.Activity().Append(row))
	})
	r.step("remembered")
	return links[len(links)-1], err
}

// carriedOut remembers a change that was carried out.
func (r *run) carriedOut(ctx context.Context, batch store.Batch, link store.Link, in intention, after *ledger.Invoice) (store.Link, error) {
	link.UpdatedBy, link.Batch, link.Reasons = r.id, "", nil
	switch in.Change.Verb {
	case ledger.Update:
		if after != nil {
			link.LedgerVersion, link.Actual = after.Version, after.Totals.Total
		}
		if to := in.Content; to != nil {
			link.SourceHash, link.Rule, link.Amount, link.Predicted = to.SourceHash, to.Rule, to.Amount, to.Predicted
		}
	case ledger.Void:
		takenBack(&link, store.Reason{Code: in.Done})
	}
	if in.Done != CodeReplaced {
		return r.endChange(ctx, batch, link, nil)
	}
	// The next generation is a new invoice, which a run judges like any other. It is remembered together
	// with the void: a void alone would look like the end of the invoice.
	next := link
	nextGeneration(&next)
	return r.endChange(ctx, batch, link, &next)
}

// resolveChanges settles changes that an earlier run left in doubt.
func (w *desk) resolveChanges(ctx context.Context, r *run) error {
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

func (w *desk) resolveChange(ctx context.Context, batch store.Batch) error {
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
	asked := time.Now() // what arrives later is not absent
	state, err := changer.Look(ctx, in.Change)
	if errors.Is(err, ledger.ErrNotFound) {
		state, err = ledger.ChangeState{Done: in.Change.Verb == ledger.Void}, nil // nothing is left of it
	}
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
		link, err = w.carriedOut(ctx, batch, link, in, state.Invoice)
	case !state.Untouched:
		link.Reasons = []store.Reason{{Code: CodeChangedInLedger, Message: "Somebody changed the record in the ledger while a change of ours was on its way. Compare both sides."}}
		link, err = w.endChange(ctx, batch, link, nil)
	case asked.Before(final):
		w.resumeAt(final)
		return nil
	default:
		// It is as it was: the change never arrived.
		link, err = w.run.change(ctx, changer, link, in, &batch)
	}
	if err != nil {
		return err
	}
	if link.Kind == ledger.KindPayment {
		w.freed[link.Parent] = true
	}
	w.tally("", link)
	w.eventFor(link)
	return nil
}

func (w *desk) changer(batch store.Batch) ledger.Changer {
	switch {
	case batch.Kind == ledger.KindPayment:
		return w.powers.PaymentVoids
	case batch.Verb == string(ledger.Update):
		return w.powers.Updates
	}
	return w.powers.Voids
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
		code = CodeLockedByPayment
	case "reconciled", "batched":
		code = CodeReverseByHand
	}
	if Explain(code).Stands != StandsIn {
		code = CodeLockedByPayment
	}
	link.Reasons = []store.Reason{{Code: code, Message: err.Error()}}
	return link
}

func blockCode(c ledger.Change, code string) string {
	if Explain(code).Stands == StandsIn {
		return code
	}
	if c.Kind == ledger.KindPayment {
		return CodeReverseByHand
	}
	return CodeLockedByPayment
}
