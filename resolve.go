package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Resolving: what a run left on its way, or in doubt, is looked up before anything new is written.

// resolve looks all unresolved batches of creations up, in bulk. Found is final. What is absent is
// sent again only as the identical bytes under a living key, or, once absence is final, as a new
// attempt: its links become deferred, and the pipeline judges their records anew.
func (b *book[T]) resolve(ctx context.Context, r *run) error {
	var batches []store.Batch
	err := r.db.View(ctx, func(tx store.Tx) (err error) {
		batches, err = tx.Batches().List(r.pair, b.kind)
		return err
	})
	if err != nil {
		return err
	}
	creations := batches[:0]
	for _, batch := range batches {
		if batch.Verb == "create" {
			creations = append(creations, putBack(batch, time.Now()))
		}
	}
	if len(creations) == 0 {
		return nil
	}
	if b.writer == nil {
		return &ledger.Error{Kind: ledger.ErrUnsupported, Room: "invoicesync", Thing: string(b.kind) + "s of " + r.pair.Ledger.String(),
			Message: "writes are unresolved, and this ledger cannot look them up; connect it with the power to write"}
	}
	limits := b.writer.Limits()
	links, err := b.openLinks(ctx, r, creations)
	if err != nil {
		return err
	}
	sought := ledger.Sought{Since: creations[0].FirstSent}
	for _, batch := range creations {
		if batch.FirstSent.Before(sought.Since) {
			sought.Since = batch.FirstSent
		}
		for _, m := range batch.Members {
			if _, ok := links[m.Mark]; ok {
				sought.Marks = append(sought.Marks, m.Mark)
			}
		}
		sought.Parents = append(sought.Parents, parents(batch.Members)...)
	}
	var found ledger.Found[T]
	asked := time.Now() // the look begins: what arrives later is not absent
	if len(sought.Marks) > 0 {
		if found, err = b.writer.Find(ctx, sought); err != nil {
			return fmt.Errorf("invoicesync: unresolved %ss could not be looked up: %w", b.kind, err)
		}
	}
	unknownGone, err := b.unknownGone(ctx, r, found.Gone)
	if err != nil {
		return err
	}
	for _, batch := range creations {
		if err := b.resolveBatch(ctx, r, limits, batch, links, found, asked, unknownGone); err != nil {
			return err
		}
	}
	return nil
}

// putBack corrects a batch that was sent later than it is now: the clock was ahead then, and has been put back.
// How old its key is nobody knows, so it is not used again, and the quiet time begins now. A search from the wrong
// hour may miss what was written; the ledger's changes, which are followed by the ledger's clock, do not.
func putBack(batch store.Batch, now time.Time) store.Batch {
	if !batch.FirstSent.After(now) {
		return batch
	}
	batch.Answered = true
	for _, at := range []*time.Time{&batch.FirstSent, &batch.LastSent, &batch.SendBy} {
		if at.After(now) {
			*at = now.UTC()
		}
	}
	return batch
}

func marksOf(batch store.Batch) []ledger.Mark {
	marks := make([]ledger.Mark, len(batch.Members))
	for i, m := range batch.Members {
		marks[i] = m.Mark
	}
	return marks
}

// openLinks returns the links of the batches that are still open, by mark.
func (b *book[T]) openLinks(ctx context.Context, r *run, batches []store.Batch) (map[ledger.Mark]store.Link, error) {
	var marks []ledger.Mark
	for _, batch := range batches {
		for _, m := range batch.Members {
			marks = append(marks, m.Mark)
		}
	}
	var links map[ledger.Mark]store.Link
	err := r.db.View(ctx, func(tx store.Tx) (err error) {
		links, err = tx.Links().ByMarks(marks)
		return err
	})
	for mark, l := range links {
		if !onItsWay(l) {
			delete(links, mark)
		}
	}
	return links, err
}

// unknownGone reports whether the ledger names a deletion that no link knows: it may be ours.
func (b *book[T]) unknownGone(ctx context.Context, r *run, gone []ledger.Ref) (bool, error) {
	if len(gone) == 0 {
		return false, nil
	}
	ids := make([]string, len(gone))
	for i, g := range gone {
		ids[i] = g.ID
	}
	var known map[string]store.Link
	err := r.db.View(ctx, func(tx store.Tx) (err error) {
		known, err = tx.Links().ByLedgerIDs(r.pair.Ledger, b.kind, ids)
		return err
	})
	return len(known) < len(gone), err
}

func (b *book[T]) resolveBatch(ctx context.Context, r *run, limits ledger.Limits, batch store.Batch, links map[ledger.Mark]store.Link, found ledger.Found[T], asked time.Time, unknownGone bool) error {
	var entries []entry[T]
	var results []result[T]
	absent := 0
	for _, m := range batch.Members {
		l, open := links[m.Mark]
		if !open || l.Batch != batch.ID {
			continue
		}
		before := l
		l.Updated = time.Now().UTC()
		res := result[T]{}
		switch hits := found.Hits[m.Mark]; {
		case len(hits) == 1:
			b.setWritten(r, &l, hits[0], true)
			res.record, res.has = hits[0], true
		case len(hits) > 1:
			l.Batch = ""
			park(&l, CodeDoubled, fmt.Sprintf("the ledger holds %d records with the mark %s; void all but one by hand", len(hits), m.Mark))
		default:
			absent++
			l.State = store.Uncertain
			l.Reasons = []store.Reason{{Code: CodeUncertain, Message: "sent, and not found in the ledger yet"}}
		}
		res.link = l
		entries = append(entries, entry[T]{link: l, before: &before})
		results = append(results, res)
	}
	if absent == 0 {
		return b.commit(ctx, r, results, entries, func(tx store.Tx) error { return tx.Batches().Delete(batch.ID) })
	}

	final := batch.LastSent
	if final.IsZero() {
		// The process died with the batch in its hands: a byte may have left until the lease said no.
		final = batch.SendBy
	}
	final = final.Add(r.quiet(limits))
	switch {
	case asked.Before(final) && absent == len(batch.Members) && !batch.Answered && replayable(limits, batch, 0, final):
		// A clock that was ahead when they were sent, and has been put back since, would have made the search begin too
		// late, and the key look younger than it is.
		earlier, err := b.writer.Find(ctx, ledger.Sought{Marks: marksOf(batch), Since: batch.FirstSent.Add(-24 * time.Hour), Parents: parents(batch.Members)})
		if err != nil {
			return fmt.Errorf("invoicesync: unresolved %ss could not be looked up: %w", b.kind, err)
		}
		if len(earlier.Hits) > 0 {
			return b.resolveBatch(ctx, r, limits, batch, links, earlier, asked, unknownGone)
		}
		return b.resend(ctx, r, limits, batch, entries)
	case asked.Before(final):
		r.lookAgain(limits, batch.Answered || absent < len(batch.Members), final)
		return b.commit(ctx, r, results, entries, func(tx store.Tx) error { return tx.Batches().Put(batch) })
	case limits.TwoLooks && batch.Looks == 0:
		batch.Looks++
		// An index that lags has had the quiet time twice then.
		again := asked.Add(time.Minute)
		batch.LastSent = again.Add(-r.quiet(limits))
		r.resumeAt(again)
		return b.commit(ctx, r, results, entries, func(tx store.Tx) error { return tx.Batches().Put(batch) })
	}
	for i := range results {
		l := &results[i].link
		if l.State != store.Uncertain {
			continue
		}
		if unknownGone {
			l.Batch = ""
			park(l, CodeMaybeDeleted, "it is not in the ledger, and the ledger reports a deletion that nobody here knows; look whether it was this record")
			continue
		}
		// Absent for certain. The pipeline judges the record anew, under the same mark.
		deferred(l)
	}
	return b.commit(ctx, r, results, entries, func(tx store.Tx) error { return tx.Batches().Delete(batch.ID) })
}

// resend lets the identical bytes of a whole batch leave again under the identical key.
func (b *book[T]) resend(ctx context.Context, r *run, limits ledger.Limits, batch store.Batch, entries []entry[T]) error {
	body, err := r.open(batch.Body, batch.ID)
	if err != nil {
		return err
	}
	if hashBytes(body) != batch.BodyHash {
		return fmt.Errorf("invoicesync: batch %s does not hash to what was intended; the store is damaged, restore it from a copy: %w", batch.ID, store.ErrForeign)
	}
	// From here until remembered, the store says: bytes may be leaving.
	batch.LastSent = time.Now()
	for i := range entries {
		entries[i].draft.Mark = entries[i].link.Mark
	}
	outcomes, answered, err := b.send(ctx, r, limits, batch, ledger.Encoded{Route: batch.Route, Body: body})
	if err != nil {
		if errors.Is(err, store.ErrLeaseLost) {
			return err
		}
		// This attempt wrote nothing, but an earlier one may have: still uncertain.
		outcomes, answered = nil, batch.Answered || errors.Is(err, ledger.ErrRequestRefused)
		if rerr := b.remember(ctx, r, entries, batch, outcomes, answered); rerr != nil {
			return errors.Join(err, rerr)
		}
		if errors.Is(err, ledger.ErrRequestRefused) || errors.Is(err, errKeyOver) {
			return nil
		}
		return err
	}
	return b.remember(ctx, r, entries, batch, outcomes, answered)
}
