package protocol

import (
	"context"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// §1.5: the identical bytes may go again only inside the key's life. A wait for a limit, after the
// decision to send again and before the bytes leave, must not outlive it: to the vendor they would be
// new ones.
func TestKeyRunsOutWhileWaiting(t *testing.T) {
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		flowIn(t, rig.World{Ledger: v, QuickBooks: shortMemory}, 30, func(t *testing.T, r *rig.Rig) {
			r.Opts.Lease = time.Hour       // so that it is not the lease that saves us
			r.Opts.Quiet = 4 * time.Minute // not longer than the key's life, so that the bytes go again at once
			r.OnCreate(k, faults.Fault{Kind: faults.LoseAnswer})
			calls := 0
			slow := pausing{Ledger: r.LedgerSide(), kind: k, pause: func() {
				if calls++; calls == 2 {
					time.Sleep(7 * time.Minute)
				}
			}}
			p, err := newPush(r, slow, &r.Opts)
			rig.Check(t, err)
			_, err = p.Run(context.Background())
			rig.Check(t, err)
			if calls < 2 {
				t.Fatal("nothing was sent again, so nothing was shown")
			}
			atRest(r, 30)
		})
	})
}

// §1: the vendor's key only shortens the way. QuickBooks does not document for how long it remembers one: where it has
// forgotten at once, a lost answer is looked for all the same before anything goes again.
func TestKeyIsNotHonoured(t *testing.T) {
	for _, kind := range []faults.Kind{faults.LoseAnswer, faults.Truncate, faults.SlowAnswer, faults.LoseRequest} {
		t.Run(string(kind), func(t *testing.T) {
			eachKind(t, func(t *testing.T, k ledger.RecordKind) {
				world := rig.World{Ledger: rig.OnQuickBooks, QuickBooks: quickbooksfake.Switches{RequestIDLife: time.Nanosecond}}
				flowIn(t, world, 12, func(_ *testing.T, r *rig.Rig) {
					r.OnCreate(k, faults.Fault{Kind: kind, Delay: 3 * time.Minute})
					atRest(r, 12)
				})
			})
		})
	}
}
