package invoicesync

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// The write protocol, for records of any kind: intend, write, remember. Planning comes before, in the
// pipeline, and resolving what stayed uncertain is in resolve.go.

// book is how the protocol writes records of type T.
type book[T any] struct {
	kind   ledger.RecordKind
	writer ledger.Writer[T]
	// facts returns what the protocol remembers of a record that the ledger has.
	facts func(T) written
}

// written is what is remembered of a record that exists.
type written struct {
	id, number, version string
	amount              decimal.Decimal
	status              ledger.Status
}

// entry is one planned record.
type entry[T any] struct {
	link   store.Link // pair, kind, source id, generation, mark, amounts, hashes
	before *store.Link
	draft  ledger.Draft[T]
	// done is told once the outcome is remembered, under a context that no cancelling ends.
	done func(context.Context, result[T]) error
	also []store.Link // remembered with the intention: what follows once this is written
}

// result is what became of an entry. link is as remembered.
type result[T any] struct {
	link   store.Link
	record T
	has    bool // record is valid
}

// write carries entries to the ledger, in batches. When it returns an error, the entries that were
// not written are deferred, and those that may have been are uncertain; both are remembered.
func (b *book[T]) write(ctx context.Context, r *run, entries []entry[T]) error {
	limits := b.writer.Limits()
	size := max(limits.Batch, 1)
	// Two drafts under one mark would be two records that nobody can tell apart.
	seen := make(map[ledger.Mark]bool, len(entries))
	for i, e := range entries {
		if seen[e.draft.Mark] {
			err := fmt.Errorf("invoicesync: %s %s was planned twice in one batch; this is a mistake of the library, and nothing of it was sent", b.kind, e.link.SourceID)
			return errors.Join(err, b.deferAll(ctx, r, append(entries[:i:i], entries[i+1:]...)))
		}
		seen[e.draft.Mark] = true
	}
	for len(entries) > 0 {
		n := min(size, len(entries))
		if err := b.batch(ctx, r, limits, entries[:n], 1, 0); err != nil {
			return errors.Join(err, b.deferAll(ctx, r, entries[n:]))
		}
		entries = entries[n:]
	}
	return nil
}

func (b *book[T]) halves(ctx context.Context, r *run, limits ledger.Limits, entries []entry[T], attempt, round int) error {
	mid := len(entries) / 2
	if err := b.batch(ctx, r, limits, entries[:mid], attempt, round); err != nil {
		return errors.Join(err, b.deferAll(ctx, r, entries[mid:]))
	}
	return b.batch(ctx, r, limits, entries[mid:], attempt, round)
}

// batch writes entries in one request, or in halves where one is not possible.
func (b *book[T]) batch(ctx context.Context, r *run, limits ledger.Limits, entries []entry[T], attempt, round int) error {
	if len(entries) == 0 {
		return nil
	}
	drafts := make([]ledger.Draft[T], len(entries))
	for i, e := range entries {
		drafts[i] = e.draft
	}
	encoded, err := b.writer.Encode(drafts)
	switch {
	case err != nil && len(entries) > 1, err == nil && limits.Bytes > 0 && len(encoded.Body) > limits.Bytes && len(entries) > 1:
		return b.halves(ctx, r, limits, entries, attempt, round)
	case err != nil:
		code := ledger.Code(err)
		if code == "" {
			code = CodeNotEncodable
		}
		return b.settle(ctx, r, entries, func(l *store.Link) { park(l, code, err.Error()) })
	case limits.Bytes > 0 && len(encoded.Body) > limits.Bytes:
		return b.settle(ctx, r, entries, func(l *store.Link) {
			park(l, CodeTooLarge, fmt.Sprintf("the record has %d bytes, a request may have %d", len(encoded.Body), limits.Bytes))
		})
	}

	sent, taken, err := b.intend(ctx, r, entries, encoded, attempt, round, limits)
	if err != nil {
		return err
	}
	if len(taken) > 0 {
		// Somebody else, or an earlier step of this run, has these on their way or written already.
		var left []entry[T]
		for _, e := range entries {
			have, ok := taken[e.link.SourceID]
			if !ok {
				left = append(left, e)
			} else if e.done != nil {
				if err := e.done(context.WithoutCancel(ctx), result[T]{link: have}); err != nil {
					return err
				}
			}
		}
		return b.batch(ctx, r, limits, left, attempt, round)
	}
	outcomes, answered, err := b.send(ctx, r, limits, sent, encoded)
	switch {
	case err == nil:
		return b.remember(ctx, r, entries, sent, outcomes, answered)
	case errors.Is(err, ledger.ErrRequestRefused) && len(entries) == 1:
		return b.settleBatch(ctx, r, entries, sent.ID, func(l *store.Link) {
			l.State, l.Reasons = store.Refused, []store.Reason{{Code: CodeRequestRefused, Message: err.Error()}}
		})
	case errors.Is(err, ledger.ErrRequestRefused):
		// Which record it was is unknown. Nothing was written, yet a look is cheaper than a doubled invoice.
		left, lookErr := b.lookAndSettle(ctx, r, entries, sent)
		if lookErr != nil {
			return lookErr
		}
		if round > ceilLog2(limits.Batch)+1 {
			return b.settle(ctx, r, left, func(l *store.Link) { park(l, CodeRequestRefused, err.Error()) })
		}
		if len(left) == 1 {
			return b.batch(ctx, r, limits, left, attempt+1, round+1)
		}
		return b.halves(ctx, r, limits, left, attempt+1, round+1)
	default:
		return errors.Join(err, b.settleBatch(ctx, r, entries, sent.ID, deferred))
	}
}

// intend remembers what is about to leave, before any byte of it does. Entries whose link is no longer
// free are returned, and then nothing is intended.
func (b *book[T]) intend(ctx context.Context, r *run, entries []entry[T], encoded ledger.Encoded, attempt, round int, limits ledger.Limits) (store.Batch, map[string]store.Link, error) {
	now := time.Now().UTC()
	batch := store.Batch{
		ID: rand.Text(), Pair: r.pair, Kind: b.kind, Verb: "create",
		Route: encoded.Route, BodyHash: hashBytes(encoded.Body), Attempt: attempt, Round: round, FirstSent: now,
	}
	asked := encoded
	for _, e := range entries {
		if e.before != nil && refusedBefore(*e.before) {
			// Asked for again after a refusal, it must not be answered out of the vendor's memory.
			asked.Route += " after " + e.before.FirstSent.Format(time.RFC3339Nano)
		}
	}
	batch.Key = vendorKey(r.pair.Ledger, asked, attempt, limits.KeyLength)
	for _, e := range entries {
		batch.Members = append(batch.Members, ledger.Member{Mark: e.draft.Mark, Amount: e.link.Predicted, Parent: e.link.LedgerParent})
	}
	var err error
	if batch.Body, err = r.seal(encoded.Body, batch.ID); err != nil {
		return batch, nil, errors.Join(err, b.deferAll(ctx, r, entries))
	}
	links, ids := make([]store.Link, len(entries)), make([]string, len(entries))
	var follow []store.Link
	for i, e := range entries {
		l := e.link
		l.State, l.Batch, l.FirstSent, l.Updated, l.Reasons = store.Intended, batch.ID, now, now, nil
		links[i], ids[i] = l, l.SourceID
		follow = append(follow, e.also...)
	}
	taken := map[string]store.Link{}
	err = r.fence.updateFor(ctx, r.fence.life, func(tx store.Tx, sendBy time.Time) error {
		batch.Lease, batch.SendBy = r.fence.held[0].Token, sendBy
		// What was judged may have changed since: only what is still unwritten may be intended.
		clear(taken)
		have, err := tx.Links().GetMany(r.pair, b.kind, ids)
		if err != nil {
			return err
		}
		for _, l := range links {
			if h, ok := have[l.SourceID]; ok && h.Generation >= l.Generation &&
				(h.State == store.Written || onItsWay(h) || h.Generation > l.Generation) {
				taken[l.SourceID] = h
			}
		}
		if len(taken) > 0 {
			return nil
		}
		if err := tx.Links().Put(append(links, follow...)...); err != nil {
			return err
		}
		if err := tx.Batches().Put(batch); err != nil {
			return err
		}
		return tx.Activity().Append(store.Row{At: now, Pair: r.pair, Run: r.id, Event: "intended", Kind: b.kind,
			Detail: fmt.Sprintf("batch %s of %d, attempt %d", batch.ID, len(entries), attempt)})
	})
	if err != nil {
		return batch, nil, fmt.Errorf("invoicesync: the intention of a batch could not be stored, so it was not sent: %w", err)
	}
	if len(taken) > 0 {
		return batch, taken, nil
	}
	r.step("intended")
	return batch, nil, nil
}

// settle gives entries that were not sent an outcome of our own.
func (b *book[T]) settle(ctx context.Context, r *run, entries []entry[T], set func(*store.Link)) error {
	return b.settleBatch(ctx, r, entries, "", set)
}

func (b *book[T]) settleBatch(ctx context.Context, r *run, entries []entry[T], batchID string, set func(*store.Link)) error {
	results := make([]result[T], len(entries))
	for i, e := range entries {
		l := e.link
		l.Batch, l.Updated = "", time.Now().UTC()
		set(&l)
		results[i] = result[T]{link: l}
	}
	return b.commit(ctx, r, results, entries, func(tx store.Tx) error {
		if batchID == "" {
			return nil
		}
		return tx.Batches().Delete(batchID)
	})
}

func (b *book[T]) deferAll(ctx context.Context, r *run, entries []entry[T]) error {
	if len(entries) == 0 {
		return nil
	}
	return b.settle(ctx, r, entries, deferred)
}

func hashBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func parents(members []ledger.Member) []string {
	var ids []string
	for _, m := range members {
		if m.Parent != "" {
			ids = append(ids, m.Parent)
		}
	}
	return ids
}

func ceilLog2(n int) int {
	k := 0
	for 1<<k < n {
		k++
	}
	return k
}
