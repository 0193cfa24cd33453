package crash

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
)

// Two processes over one file and one ledger, at the same time: one writes, the other is told when to come
// back, and nothing is doubled.
func TestTwoProcessesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		for range 60 {
			r.Order("110.00", true)
		}
		// The ledger takes its time, so that the two are really there together.
		r.Faults.Add(faults.Fault{Path: "/Invoices", Kind: faults.Slow, Delay: 5 * time.Second, Times: 10})
		file := filepath.Join(t.TempDir(), "store")
		type outcome struct {
			rep invoicesync.Report
			err error
		}
		outcomes := make([]outcome, 2)
		var stores []store.Store
		for range outcomes {
			db, err := sqlite.Open(context.Background(), file, nil)
			rig.Check(t, err)
			defer db.Close()
			stores = append(stores, db)
		}
		var group sync.WaitGroup
		for i, db := range stores {
			o := r.Opts
			o.Owner = []string{"one", "two"}[i]
			p, err := invoicesync.NewPush(db, r.SourceSide(), r.LedgerSide(), r.Settings, &o)
			rig.Check(t, err)
			group.Go(func() { outcomes[i].rep, outcomes[i].err = p.Run(context.Background()) })
		}
		group.Wait()
		first, second := outcomes[0], outcomes[1]
		if first.err != nil {
			first, second = second, first
		}
		rig.Check(t, first.err)
		if !errors.Is(second.err, ledger.ErrLater) || second.rep.ResumeAt.IsZero() || second.rep.Stopped != "later" || second.rep.Writes != 0 {
			t.Fatalf("the second was not told to come back: %v, %+v", second.err, second.rep)
		}
		if first.rep.Invoices.Created != 60 || first.rep.Payments.Created != 60 {
			t.Fatalf("%+v", first.rep)
		}
		r.Expect(60, 60, 60)
		time.Sleep(time.Until(second.rep.ResumeAt))
		r.DB = stores[1]
		settled(t, r)
		r.Expect(60, 60, 60)
		if err := r.Once(); err != nil {
			t.Error(err)
		}
	})
}
