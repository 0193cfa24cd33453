package invoicesync

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// shift is what a run of any flow needs to begin.
type shift struct {
	db       store.Store
	pair     store.Pair
	opts     Options
	settings string // hash
	currency ledger.Currency
	kinds    []ledger.RecordKind // that it may write: one lease each
	steps    func(string)
	running  *sync.Mutex
}

// runFlow runs work as a run: with the right to write, and a report that is always right. left counts, and
// defers, what work did not come to; it runs whenever work has begun, however it ended.
func runFlow(ctx context.Context, s shift, work func(context.Context, *run) error, left func(context.Context) error) (Report, error) {
	r := newRun(s.db, s.pair, s.opts, s.settings)
	r.steps, r.rep.Currency = s.steps, s.currency
	if !s.running.TryLock() {
		return r.finish(&ledger.Error{Kind: ledger.ErrLater, Room: "invoicesync", Thing: "ledger " + s.pair.Ledger.String(), Code: "lease_held",
			Message: "another run of this flow is under way", ResumeAt: time.Now().Add(s.opts.Lease / 3).UTC()})
	}
	defer s.running.Unlock()
	fence, err := acquire(ctx, s.db, s.pair.Ledger, s.opts, s.kinds...)
	if err != nil {
		return r.finish(err)
	}
	r.fence = fence
	defer fence.release(ctx)
	ctx = r.pulsing(ctx)
	err = work(ctx, r)
	if errors.Is(err, errStopped) {
		err = nil
	}
	// What waits in the queues must not be lost: unwritten records are deferred by whoever failed.
	if lerr := left(context.WithoutCancel(ctx)); lerr != nil {
		err = errors.Join(err, lerr)
	}
	return r.finish(err)
}

// errStopped ends a run early without being an error; Report.Stopped says why.
var errStopped = errors.New("stopped")

func stopCode(err error) string {
	for _, k := range []struct {
		is   error
		code string
	}{
		{context.Canceled, "cancelled"}, {context.DeadlineExceeded, "cancelled"}, {ledger.ErrLater, "later"},
		{ledger.ErrReconnect, "reconnect"}, {store.ErrLeaseLost, "lease_lost"},
	} {
		if errors.Is(err, k.is) {
			return k.code
		}
	}
	return "failed"
}
