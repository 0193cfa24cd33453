package invoicesync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

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

// heard reports whether the vendor answered a write of which it is uncertain what became of it.
func heard(r *ledger.Refusal) bool {
	return r != nil && r.Code != ledger.NoAnswer && r.Code != ledger.BrokenAnswer
}

// replayable reports whether the identical bytes may go again under the same key. The key must live, and
// must outlive final, until when bytes that left before may still take effect: where these get there first
// they bring the key to life anew, and the earlier ones must not find it gone.
func replayable(limits ledger.Limits, batch store.Batch, try int, final time.Time) bool {
	return try < 3 && keyLives(limits, batch) && !time.Now().Add(limits.KeyLife).Before(final)
}

// keyLives reports whether a request that leaves now arrives while the vendor remembers its key.
func keyLives(limits ledger.Limits, batch store.Batch) bool {
	const slack = 30 * time.Second
	return limits.KeyLength > 0 && time.Since(batch.FirstSent)+slack < limits.KeyLife
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

func backoff(try int) time.Duration { return time.Second << min(2*try, 5) }
