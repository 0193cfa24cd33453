package invoicesync

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/store"
)

// SharedBudget is a [limit.Budget] for several processes that share a vendor's limits: it counts in a
// store that they have in common. What one of them learns of a limit that is used up, all obey. It is
// safe for concurrent use.
//
// A process that dies while a call is under way keeps its slot for at most [SlotLife].
type SharedBudget struct {
	db    store.Store
	local *limit.Local
	opts  limit.Options
	owner string
}

// SlotLife is how long a slot of a process that died stays taken: longer than any request may take.
const SlotLife = 3 * time.Minute

var _ limit.Budget = (*SharedBudget)(nil)

// NewSharedBudget returns a budget that counts in db. Options are those of [limit.New]; nil is good.
func NewSharedBudget(db store.Store, o *limit.Options) (*SharedBudget, error) {
	if db == nil {
		return nil, errors.New("invoicesync: NewSharedBudget needs a store")
	}
	b := &SharedBudget{db: db, owner: rand.Text()}
	if o != nil {
		b.opts = *o
	}
	if b.opts.MaxWait == 0 {
		b.opts.MaxWait = limit.DefaultMaxWait
	}
	// The local budget goes first: it keeps the order among the callers of this process, and spares the
	// store what this process alone could not do.
	b.local = limit.New(o)
	return b, nil
}

// Take implements [limit.Budget].
func (b *SharedBudget) Take(ctx context.Context, n int, windows ...limit.Window) (*limit.Grant, error) {
	own, err := b.local.Take(ctx, n, windows...)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	for {
		slots, wait, key, err := b.try(ctx, n, windows)
		if err != nil {
			own.Refund()
			return nil, err
		}
		if wait == 0 {
			return limit.NewGrant(own.Waited+time.Since(start), func(bool) {
				// The store's windows keep what a refund gives back: rather slow than above a limit.
				own.Release()
				b.free(slots)
			}), nil
		}
		until := time.Now().Add(wait)
		deadline, bounded := ctx.Deadline()
		if wait > b.opts.MaxWait || bounded && until.After(deadline) {
			own.Refund()
			return nil, &limit.LaterError{Key: key, Resume: until.UTC()}
		}
		if b.opts.Waiting != nil {
			b.opts.Waiting(ctx, limit.Wait{Key: key, Until: until.UTC()})
		}
		if err := limit.Sleep(ctx, until, nil); err != nil {
			own.Refund()
			return nil, err
		}
	}
}

// errWait rolls a transaction back in which not everything could be taken.
var errWait = errors.New("wait")

// try takes everything in one transaction, or nothing and says how long to wait, and for what.
func (b *SharedBudget) try(ctx context.Context, n int, windows []limit.Window) (slots []store.Lease, wait time.Duration, key string, err error) {
	err = b.db.Update(ctx, func(tx store.Tx) error {
		slots, wait, key = nil, 0, ""
		now := time.Now().UTC()
		for _, w := range windows {
			closed, err := tx.Cursors().Get(closedUntil(w))
			if err != nil {
				return err
			}
			if until, err := time.Parse(time.RFC3339Nano, closed); err == nil && until.After(now) {
				wait, key = until.Sub(now), w.Key
				return errWait
			}
			if w.Sort != limit.SortSlots {
				d, err := tx.Budgets().Take("limit/"+w.Key, now, w.Size, n, w.Limit)
				if err != nil {
					return err
				}
				if d > 0 {
					wait, key = d, w.Key
					return errWait
				}
				continue
			}
			got, err := b.slots(tx, w, n, now)
			if err != nil {
				return err
			}
			if got == nil {
				wait, key = 50*time.Millisecond, w.Key
				return errWait
			}
			slots = append(slots, got...)
		}
		return nil
	})
	if errors.Is(err, errWait) {
		err = nil
	}
	return slots, wait, key, err
}

// slots takes n of a window's slots, each of which is a lease; nil: there are not so many free.
func (b *SharedBudget) slots(tx store.Tx, w limit.Window, n int, now time.Time) ([]store.Lease, error) {
	var got []store.Lease
	for i := 0; i < w.Limit && len(got) < n; i++ {
		// Each call is an owner of its own, or one process would hold a slot twice.
		l, ok, err := tx.Leases().Acquire(fmt.Sprintf("limit/%s/%d", w.Key, i), b.owner+rand.Text(), now, SlotLife)
		if err != nil {
			return nil, err
		}
		if ok {
			got = append(got, l)
		}
	}
	if len(got) < n {
		return nil, nil
	}
	return got, nil
}

func (b *SharedBudget) free(slots []store.Lease) {
	if len(slots) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// A slot that cannot be given back is free after SlotLife.
	_ = b.db.Update(ctx, func(tx store.Tx) error {
		for _, l := range slots {
			if err := tx.Leases().Release(l.Name, l.Token); err != nil {
				return err
			}
		}
		return nil
	})
}

// Learn implements [limit.Budget].
func (b *SharedBudget) Learn(ctx context.Context, w limit.Window, remaining int, reset time.Time) error {
	if err := b.local.Learn(ctx, w, remaining, reset); err != nil {
		return err
	}
	if remaining != 0 || !reset.After(time.Now()) {
		return nil
	}
	return b.db.Update(ctx, func(tx store.Tx) error {
		return tx.Cursors().Set(closedUntil(w), reset.UTC().Format(time.RFC3339Nano))
	})
}

func closedUntil(w limit.Window) string { return "limit/" + w.Key + "/closed" }
