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
	done   func(result[T]) error // told once the outcome is remembered
	also   []store.Link          // remembered with the intention: what follows once this is written
}

// result is what became of an entry. link is as remembered.
type result[T any] struct {
	link    store.Link
	record  T
	has     bool // record is valid
	refusal *ledger.Refusal
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
			code = "not_encodable"
		}
		return b.settle(ctx, r, entries, func(l *store.Link) { park(l, code, err.Error()) })
	case limits.Bytes > 0 && len(encoded.Body) > limits.Bytes:
		return b.settle(ctx, r, entries, func(l *store.Link) {
			park(l, "too_large", fmt.Sprintf("the record has %d bytes, a request may have %d", len(encoded.Body), limits.Bytes))
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
				if err := e.done(result[T]{link: have}); err != nil {
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
			l.State, l.Reasons = store.Refused, []store.Reason{{Code: "request_refused", Message: err.Error()}}
		})
	case errors.Is(err, ledger.ErrRequestRefused):
		// Which record it was is unknown. Nothing was written, yet a look is cheaper than a doubled invoice.
		left, lookErr := b.lookAndSettle(ctx, r, entries, sent)
		if lookErr != nil {
			return lookErr
		}
		if round > ceilLog2(limits.Batch)+1 {
			return b.settle(ctx, r, left, func(l *store.Link) { park(l, "request_refused", err.Error()) })
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
				(h.State == store.Written || h.State == store.Intended || h.State == store.Uncertain || h.Generation > l.Generation) {
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

// send lets the batch leave, and again only in ways that cannot double it: after a refusal that wrote
// nothing, or as the identical bytes under the vendor's key while it lives. answered reports whether
// the vendor said something under the key, which must then not be used again.
func (b *book[T]) send(ctx context.Context, r *run, limits ledger.Limits, batch store.Batch, encoded ledger.Encoded) (out []ledger.Outcome[T], answered bool, err error) {
	again := !batch.LastSent.IsZero() // these bytes may have left before
	gate := r.gate(&batch, limits, &again)
	call := ledger.Batch{Members: batch.Members, Encoded: encoded, Key: batch.Key, Gate: gate}
	var unsure []ledger.Outcome[T] // what an attempt left open: from then on "nothing was written" is no longer true
	for try := 0; ; try++ {
		if unsure != nil && (answered || !replayable(limits, batch, try, time.Now().Add(r.quiet(limits))) || ctx.Err() != nil) {
			return unsure, answered, nil //nolint:nilerr // what the attempts left open is remembered, cancelled or not
		}
		start := time.Now()
		out, err = b.writer.Create(ctx, call)
		r.observe("batch", time.Since(start), string(b.kind))
		switch {
		case err == nil:
			unsure, again = settled(unsure, out), true
			open := false
			for _, o := range unsure {
				open = open || o.State == ledger.Uncertain
				answered = answered || o.State == ledger.Uncertain && heard(o.Refusal)
			}
			if !open || answered || limits.KeyLength == 0 {
				return unsure, answered, nil
			}
			r.event(Event{What: "uncertain", Kind: b.kind, Message: "no answer; the identical request goes again under the same key"})
			if r.sleep(ctx, backoff(try)) != nil {
				return unsure, answered, nil //nolint:nilerr // as above
			}
		case errors.Is(err, ledger.ErrLater):
			// A limit: this attempt wrote nothing. Short waits are waited for, but not for ever.
			werr := err
			if try < maxWaits {
				werr = r.waitFor(ctx, err)
			}
			if werr != nil {
				if unsure != nil {
					return unsure, answered, nil
				}
				return nil, false, werr
			}
		case unsure != nil:
			return unsure, answered, nil
		case errors.Is(err, ledger.ErrRequestRefused), errors.Is(err, ledger.ErrReconnect), errors.Is(err, store.ErrLeaseLost), errors.Is(err, errKeyOver),
			ctx.Err() != nil, try >= 3:
			return nil, false, err
		default:
			if r.sleep(ctx, backoff(try)) != nil {
				return nil, false, err
			}
		}
	}
}

// maxWaits is how often one batch waits for a limit before the run ends and says when to come back.
const maxWaits = 20

// heard reports whether the vendor answered a write of which it is uncertain what became of it.
func heard(r *ledger.Refusal) bool {
	return r != nil && r.Code != ledger.NoAnswer && r.Code != ledger.BrokenAnswer
}

// settled joins what two attempts of one batch said: an outcome that is known stays known.
func settled[T any](before, now []ledger.Outcome[T]) []ledger.Outcome[T] {
	if before == nil {
		return now
	}
	known := make(map[ledger.Mark]ledger.Outcome[T], len(now))
	for _, o := range now {
		known[o.Mark] = o
	}
	joined := make([]ledger.Outcome[T], len(before))
	for i, o := range before {
		if later, ok := known[o.Mark]; ok && o.State == ledger.Uncertain {
			o = later
		}
		joined[i] = o
	}
	return joined
}

// replayable reports whether the identical bytes may go again under the same key. The key must live, and
// must outlive final, until when bytes that left before may still take effect: where these get there first
// they bring the key to life anew, and the earlier ones must not find it gone.
func replayable(limits ledger.Limits, batch store.Batch, try int, final time.Time) bool {
	return try < 3 && keyLives(limits, batch) && !time.Now().Add(limits.KeyLife).Before(final)
}

// lookAgain notes when it is worth looking for a batch again: when its absence is final, or before that,
// as soon as the identical bytes may go again.
func (r *run) lookAgain(limits ledger.Limits, answered bool, final time.Time) {
	at := final
	if limits.KeyLength > 0 && !answered {
		if again := final.Add(time.Second - limits.KeyLife); again.After(time.Now()) {
			at = again
		}
	}
	r.resumeAt(at)
}

// keyLives reports whether a request that leaves now arrives while the vendor remembers its key.
func keyLives(limits ledger.Limits, batch store.Batch) bool {
	const slack = 30 * time.Second
	return limits.KeyLength > 0 && time.Since(batch.FirstSent)+slack < limits.KeyLife
}

// errKeyOver says that a wait has outlived the vendor's memory of a key: the same bytes would be new ones.
var errKeyOver = errors.New("invoicesync: the vendor's key has run out; the batch is looked up instead of sent again")

// gate returns the check that stands immediately before the bytes of a batch: the lease is held, the
// request can end before the lease does, and bytes that may have left before still meet their key.
func (r *run) gate(batch *store.Batch, limits ledger.Limits, again *bool) func(context.Context) error {
	return func(ctx context.Context) error {
		now := time.Now()
		if *again && !keyLives(limits, *batch) {
			return errKeyOver
		}
		if batch.SendBy.Sub(now) < limits.Deadline || batch.LastSent != (time.Time{}) {
			// A wait has eaten the lease. Whoever looks for this batch must learn of the new end
			// before a byte leaves.
			b := *batch
			b.LastSent = time.Time{}
			err := r.fence.updateFor(ctx, r.fence.life, func(tx store.Tx, sendBy time.Time) error {
				b.SendBy = sendBy
				if _, ok, err := tx.Batches().Get(b.ID); err != nil || !ok {
					return errors.Join(store.ErrLeaseLost, err)
				}
				return tx.Batches().Put(b)
			})
			if err != nil {
				return err
			}
			*batch = b
		}
		if !time.Now().Before(batch.SendBy) {
			return fmt.Errorf("invoicesync: a batch came too late to be sent: %w", store.ErrLeaseLost)
		}
		r.rep.Writes++
		return nil
	}
}

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
			if l.Reasons[0].Code == ledger.RefusedNumberTaken {
				l.State = store.Parked // by a stranger: a person frees the number, or chooses another prefix
			}
		default:
			l.State, l.Batch = store.Uncertain, batch.ID
			l.Reasons = []store.Reason{{Code: "uncertain", Message: "the ledger's answer was lost; it is looked up before anything is sent again"}}
			unresolved = true
			r.lookAgain(b.writer.Limits(), answered, time.Now().Add(r.quiet(b.writer.Limits())))
		}
		results[i] = result[T]{link: l, record: o.Record, has: o.State == ledger.Created || o.State == ledger.AlreadyThere, refusal: o.Refusal}
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
// was to be created; a stranger's leaves the refusal as it is.
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
	for _, m := range sought.Marks {
		if hits := found.Hits[m]; len(hits) == 1 {
			outcomes[m] = ledger.Outcome[T]{State: ledger.AlreadyThere, Mark: m, Record: hits[0]}
		}
	}
}

// setWritten marks a link as written.
func (b *book[T]) setWritten(r *run, l *store.Link, record T, created bool) {
	w := b.facts(record)
	l.State, l.Batch, l.Reasons = store.Written, "", nil
	l.LedgerID, l.LedgerNumber, l.LedgerVersion, l.Actual = w.id, w.number, w.version, w.amount
	if created {
		l.CreatedBy = r.id
	} else if l.CreatedBy == "" {
		l.Adopted = true
	}
	if !l.Actual.Equal(l.Predicted) && b.kind != ledger.KindContact {
		l.Reasons = []store.Reason{{Code: "total_differs_after_write",
			Message: fmt.Sprintf("predicted %s, the ledger made it %s", l.Predicted, l.Actual)}}
	}
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
		if e := entries[i]; e.before != nil && e.before.Run == r.id {
			befores[i] = e.before.Bucket
		}
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
			if err := done(results[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// vendorKey is the vendor's idempotency key of an attempt: the same attempt has the same key.
func vendorKey(org ledger.OrganisationID, encoded ledger.Encoded, attempt, length int) string {
	if length == 0 {
		return ""
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %d ", org.String(), encoded.Route, attempt)
	h.Write(encoded.Body)
	key := hex.EncodeToString(h.Sum(nil))
	return key[:min(length, len(key))]
}

func hashBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
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

func parents(members []ledger.Member) []string {
	var ids []string
	for _, m := range members {
		if m.Parent != "" {
			ids = append(ids, m.Parent)
		}
	}
	return ids
}

func park(l *store.Link, code, message string) {
	l.State, l.Reasons = store.Parked, []store.Reason{{Code: code, Message: message}}
}

func deferred(l *store.Link) {
	l.State, l.Batch = store.Deferred, ""
	l.Reasons = []store.Reason{{Code: "deferred", Message: "left for a later run"}}
}

func ceilLog2(n int) int {
	k := 0
	for 1<<k < n {
		k++
	}
	return k
}

func backoff(try int) time.Duration { return time.Second << min(2*try, 5) }
