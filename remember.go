package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// remember turns outcomes into links.
func (b *book[T]) remember(ctx context.Context, r *run, entries []entry[T], batch store.Batch, outcomes []ledger.Outcome[T], answered bool) error {
	r.step("sent")
	byMark := make(map[ledger.Mark]ledger.Outcome[T], len(outcomes))
	for _, o := range outcomes {
		if _, twice := byMark[o.Mark]; twice {
			o = ledger.Outcome[T]{State: ledger.Uncertain, Mark: o.Mark}
		}
		byMark[o.Mark] = o
	}
	// What is uncertain is looked for at once: found is final.
	if looked, err := b.lookUncertain(ctx, r, batch, byMark); err == nil {
		byMark = looked
	}
	b.lookNumbers(ctx, entries, batch, byMark)
	results := make([]result[T], len(entries))
	unresolved := false
	for i, e := range entries {
		o, ok := byMark[e.draft.Mark]
		if !ok {
			o = ledger.Outcome[T]{State: ledger.Uncertain}
		}
		l := e.link
		l.Updated, l.FirstSent = time.Now().UTC(), batch.FirstSent
		switch o.State {
		case ledger.Created, ledger.AlreadyThere:
			b.setWritten(r, &l, o.Record, o.State == ledger.Created)
		case ledger.Refused:
			l.State, l.Reasons = store.Refused, []store.Reason{refusalReason(o.Refusal)}
			if firstCode(l) == ledger.RefusedNumberTaken {
				l.State = store.Parked // by a stranger: a person frees the number, or chooses another prefix
			}
		default:
			l.State, l.Batch = store.Uncertain, batch.ID
			l.Reasons = []store.Reason{{Code: CodeUncertain, Message: "the ledger's answer was lost; it is looked up before anything is sent again"}}
			unresolved = true
			r.lookAgain(b.writer.Limits(), answered, time.Now().Add(r.quiet(b.writer.Limits())))
		}
		results[i] = result[T]{link: l, record: o.Record, has: o.State == ledger.Created || o.State == ledger.AlreadyThere}
	}
	return b.commit(ctx, r, results, entries, func(tx store.Tx) error {
		if !unresolved {
			return tx.Batches().Delete(batch.ID)
		}
		batch.LastSent, batch.Answered = time.Now().UTC(), answered
		return tx.Batches().Put(batch)
	})
}

// lookUncertain replaces uncertain outcomes by what the ledger holds.
func (b *book[T]) lookUncertain(ctx context.Context, r *run, batch store.Batch, outcomes map[ledger.Mark]ledger.Outcome[T]) (map[ledger.Mark]ledger.Outcome[T], error) {
	var marks []ledger.Mark
	for _, m := range batch.Members {
		if o, ok := outcomes[m.Mark]; !ok || o.State == ledger.Uncertain {
			marks = append(marks, m.Mark)
		}
	}
	if len(marks) == 0 || ctx.Err() != nil {
		return outcomes, nil //nolint:nilerr // what was not looked at stays uncertain
	}
	found, err := b.writer.Find(ctx, ledger.Sought{Marks: marks, Since: batch.FirstSent, Parents: parents(batch.Members)})
	if err != nil {
		return outcomes, err
	}
	for _, m := range marks {
		if hits := found.Hits[m]; len(hits) == 1 {
			// This batch was the only thing that could have made it, so it is ours and new.
			outcomes[m] = ledger.Outcome[T]{State: ledger.Created, Mark: m, Record: hits[0]}
		}
	}
	return outcomes, nil
}

// lookNumbers reads the numbers that the ledger says are taken. A record with our mark is the very one that
// was to be created; a stranger's is named in the refusal.
func (b *book[T]) lookNumbers(ctx context.Context, entries []entry[T], batch store.Batch, outcomes map[ledger.Mark]ledger.Outcome[T]) {
	sought := ledger.Sought{Since: batch.FirstSent}
	for _, e := range entries {
		o := outcomes[e.draft.Mark]
		if o.State != ledger.Refused || o.Refusal == nil || o.Refusal.Code != ledger.RefusedNumberTaken {
			continue
		}
		if number := b.facts(e.draft.Record).number; number != "" {
			sought.Marks, sought.Numbers = append(sought.Marks, e.draft.Mark), append(sought.Numbers, number)
		}
	}
	if len(sought.Marks) == 0 || ctx.Err() != nil {
		return
	}
	found, err := b.writer.Find(ctx, sought)
	if err != nil {
		return // refused stays refused, and is true
	}
	for i, m := range sought.Marks {
		if hits := found.Hits[m]; len(hits) == 1 {
			outcomes[m] = ledger.Outcome[T]{State: ledger.AlreadyThere, Mark: m, Record: hits[0]}
			continue
		}
		if strangers := found.ByNumber[sought.Numbers[i]]; len(strangers) == 1 {
			refusal := *outcomes[m].Refusal
			refusal.Message += fmt.Sprintf(" (the ledger's %s %s has the number)", b.kind, b.facts(strangers[0]).id)
			outcomes[m] = ledger.Outcome[T]{State: ledger.Refused, Mark: m, Refusal: &refusal}
		}
	}
}

// setWritten marks a link as written.
func (b *book[T]) setWritten(r *run, l *store.Link, record T, created bool) {
	w := b.facts(record)
	l.State, l.Batch, l.TakenBack, l.Reasons = store.Written, "", false, nil
	l.LedgerID, l.LedgerNumber, l.LedgerVersion, l.Actual = w.id, w.number, w.version, w.amount
	if created {
		l.CreatedBy = r.id
	} else if l.CreatedBy == "" {
		l.Adopted = true
	}
	if !l.Actual.Equal(l.Predicted) && b.kind != ledger.KindContact {
		l.Reasons = []store.Reason{{Code: CodeTotalDiffersAfter,
			Message: fmt.Sprintf("predicted %s, the ledger made it %s", l.Predicted, l.Actual)}}
	}
}

// lookAndSettle looks a refused request's records up, settles those found and returns the others.
func (b *book[T]) lookAndSettle(ctx context.Context, r *run, entries []entry[T], batch store.Batch) ([]entry[T], error) {
	found, err := b.lookUncertain(ctx, r, batch, map[ledger.Mark]ledger.Outcome[T]{})
	if err != nil {
		return nil, errors.Join(err, b.settleBatch(ctx, r, entries, batch.ID, deferred))
	}
	var left, there []entry[T]
	var results []result[T]
	for _, e := range entries {
		o, ok := found[e.draft.Mark]
		if !ok {
			left = append(left, e)
			continue
		}
		l := e.link
		l.Updated = time.Now().UTC()
		b.setWritten(r, &l, o.Record, true)
		there = append(there, e)
		results = append(results, result[T]{link: l, record: o.Record, has: true})
	}
	err = b.commit(ctx, r, results, there, func(tx store.Tx) error {
		// The others are no longer on their way.
		for _, e := range left {
			l := e.link
			deferred(&l)
			if err := tx.Links().Put(l); err != nil {
				return err
			}
		}
		return tx.Batches().Delete(batch.ID)
	})
	return left, err
}

// commit remembers results in one transaction, then counts them and tells whoever waits for them. It
// runs to its end when the run is cancelled: the ledger has already been written.
func (b *book[T]) commit(ctx context.Context, r *run, results []result[T], entries []entry[T], also func(store.Tx) error) error {
	cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	links := make([]store.Link, len(results))
	rows := make([]store.Row, len(results))
	befores := make([]string, len(results))
	for i := range results {
		l := &results[i].link
		befores[i] = r.countedAs(entries[i].before)
		r.stamp(l)
		links[i] = *l
		rows[i] = r.row(eventOf(*l, r.id), *l)
	}
	err := r.update(cctx, func(tx store.Tx) error {
		if err := tx.Links().Put(links...); err != nil {
			return err
		}
		if err := tx.Activity().Append(rows...); err != nil {
			return err
		}
		return also(tx)
	})
	if err != nil {
		return fmt.Errorf("invoicesync: the outcome of a batch could not be stored; the next run looks it up: %w", err)
	}
	r.step("remembered")
	for i := range results {
		r.tally(befores[i], links[i])
		r.eventFor(links[i])
		if done := entries[i].done; done != nil {
			if err := done(context.WithoutCancel(ctx), results[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func refusalReason(r *ledger.Refusal) store.Reason {
	if r == nil {
		return store.Reason{Code: ledger.RefusedOther}
	}
	code := r.Code
	if code == "" {
		code = ledger.RefusedOther
	}
	return store.Reason{Code: code, Message: r.Message}
}
