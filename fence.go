package invoicesync

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// fence is the right of one run to write to a ledger organisation: a lease for each kind of record.
// A lease has a token that only rises, and every store write of the run is conditional on it, so a
// run that slept through its lease can no longer do harm.
type fence struct {
	db     store.Store
	owner  string
	life   time.Duration
	margin time.Duration

	mu   sync.Mutex // readings that wait at the same time renew the leases
	held []store.Lease
}

// leaseName names the right to write one kind of record to one organisation.
func leaseName(org ledger.OrganisationID, kind ledger.RecordKind) string {
	return "write/" + org.String() + "/" + string(kind)
}

// acquire takes the right to write records of the kinds to an organisation.
func acquire(ctx context.Context, db store.Store, org ledger.OrganisationID, o Options, kinds ...ledger.RecordKind) (*fence, error) {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = leaseName(org, kind)
	}
	return acquireNames(ctx, db, o, "ledger "+org.String(), "another run is writing to this ledger", names...)
}

// acquireNames takes the leases, or returns [ledger.ErrLater] about thing with the time at which the
// holder's end.
func acquireNames(ctx context.Context, db store.Store, o Options, thing, held string, names ...string) (*fence, error) {
	f := &fence{db: db, owner: o.Owner, life: o.Lease, margin: o.margin()}
	err := db.Update(ctx, func(tx store.Tx) error {
		f.held = f.held[:0]
		for _, name := range names {
			l, ok, err := tx.Leases().Acquire(name, f.owner, time.Now().UTC(), f.life)
			if err != nil {
				return err
			}
			if !ok {
				return &ledger.Error{Kind: ledger.ErrLater, Room: "invoicesync", Thing: thing, Code: "lease_held",
					Message: held, ResumeAt: l.Until}
			}
			f.held = append(f.held, l)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// update runs g in a transaction of the store, if the leases are still held, and renews them when a
// third of their life is over.
func (f *fence) update(ctx context.Context, g func(store.Tx) error) error {
	return f.updateFor(ctx, f.life*2/3, func(tx store.Tx, _ time.Time) error { return g(tx) })
}

// updateFor is update which leaves the leases with at least need to run, and tells g by when the last
// byte of a write must have left.
func (f *fence) updateFor(ctx context.Context, need time.Duration, g func(tx store.Tx, sendBy time.Time) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	held := f.held
	err := f.db.Update(ctx, func(tx store.Tx) error {
		now := time.Now().UTC()
		held = append([]store.Lease(nil), f.held...)
		for i, l := range held {
			if l.Until.Sub(now) >= need {
				if err := tx.Leases().Check(l.Name, l.Token); err != nil {
					return f.lost(l, err)
				}
				continue
			}
			renewed, err := tx.Leases().Renew(l.Name, l.Token, now, f.life)
			if err != nil {
				return f.lost(l, err)
			}
			held[i] = renewed
		}
		return g(tx, held[0].Until.Add(-f.margin))
	})
	if err == nil {
		f.held = held
	}
	return err
}

// fresh reports whether less than a third of the leases' life is over.
func (f *fence) fresh() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.held[0].Until) > f.life*2/3
}

func (f *fence) lost(l store.Lease, err error) error {
	return fmt.Errorf("invoicesync: the lease %q went to another run while this one was away; nothing more is written: %w", l.Name, err)
}

// release gives the leases up; it outlives cancellation.
func (f *fence) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	// A lease that cannot be given up runs out by itself.
	_ = f.db.Update(ctx, func(tx store.Tx) error {
		for _, l := range f.held {
			if err := tx.Leases().Release(l.Name, l.Token); err != nil {
				return err
			}
		}
		return nil
	})
}
