package hostile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/importrig"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// agrees compares what the host holds of an invoice with the ledger's screen.
func agrees(t *testing.T, w *importrig.World, id string) {
	t.Helper()
	held, want := w.Held(id).Invoice, w.Ledger.State(id)
	open := func(s ledger.Status, balance string) string {
		if s == ledger.StatusApproved || s == ledger.StatusPaid {
			return balance // which of the two says nothing that the balance does not
		}
		return string(s)
	}
	if a, b := open(held.Status, held.Totals.Balance.String()), open(want.Status, want.Balance.String()); a != b || len(held.Payments) != len(want.Payments) {
		t.Errorf("the host holds %s as %s with %d payments, the ledger as %s with %d", id, a, len(held.Payments), b, len(want.Payments))
	}
}

// clone is a copy of a store, as a backup makes it.
func clone(db store.Store) store.Store { return db.(*store.Memory).Clone() }

// Two copies of a store import in turn, each unaware of the other.
func TestImportTwoCopiesInTurn(t *testing.T) {
	t.Parallel()
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		w.Run()
		copies := []store.Store{w.DB, clone(w.DB)}
		var ids []string
		for n := range 12 {
			w.DB = copies[n%2]
			ids = append(ids, w.Ledger.Add("110.00"))
			if n > 3 {
				w.Ledger.Pay(ids[n-3], "60.00")
			}
			time.Sleep(7 * time.Hour)
			w.Run()
		}
		for _, db := range copies {
			w.DB = db
			time.Sleep(25 * time.Hour)
			w.Run()
		}
		for _, id := range ids {
			agrees(t, w, id)
		}
	})
}

// The host fails, and succeeds without saying so, while the ledger moves on: back and forth, and to the end.
func TestImportHostLosesAnswers(t *testing.T) {
	t.Parallel()
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		imp := func(apply func(context.Context, invoicesync.Delivery) error) {
			i, err := invoicesync.NewImport(w.DB, w.Ledger.Open(), invoicesync.HostFunc(apply), w.Settings, &w.Opts)
			rig.Check(t, err)
			if _, err = i.Run(context.Background()); err != nil && !errors.Is(err, ledger.ErrLater) {
				t.Fatal(err)
			}
		}
		lost := func(ctx context.Context, d invoicesync.Delivery) error {
			return errors.Join(w.Host.Apply(ctx, d), errors.New("no answer"))
		}
		down := func(context.Context, invoicesync.Delivery) error { return errors.New("down") }
		id, other := w.Ledger.Add("110.00"), w.Ledger.Add("20.00")
		imp(lost)
		p := w.Ledger.Pay(id, "110.00")
		time.Sleep(time.Hour)
		imp(down)
		w.Ledger.Unpay(p)
		time.Sleep(time.Hour)
		imp(lost)
		w.Ledger.Pay(id, "40.00")
		time.Sleep(time.Hour)
		imp(down)
		w.Ledger.Void(other)
		time.Sleep(time.Hour)
		imp(down)
		time.Sleep(time.Hour)
		w.Run()
		agrees(t, w, id)
		agrees(t, w, other)
	})
}

// An older delivery hangs, and arrives after a newer one was made by the next run.
func TestImportLateDelivery(t *testing.T) {
	t.Parallel()
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		id := w.Ledger.Add("110.00")
		var late []invoicesync.Delivery
		hangs := invoicesync.HostFunc(func(ctx context.Context, d invoicesync.Delivery) error {
			late = append(late, d)
			<-ctx.Done()
			return ctx.Err()
		})
		i, err := invoicesync.NewImport(w.DB, w.Ledger.Open(), hangs, w.Settings, &w.Opts)
		rig.Check(t, err)
		if _, err := i.Run(context.Background()); err != nil && !errors.Is(err, ledger.ErrLater) {
			t.Fatal(err)
		}
		w.Ledger.Pay(id, "110.00")
		time.Sleep(time.Minute)
		w.Run()
		for _, d := range late {
			rig.Check(t, w.Host.Apply(context.Background(), d))
		}
		agrees(t, w, id)
	})
}

// The clock goes back by a day between two deliveries of one invoice: the later one still counts as the later.
func TestImportClockGoesBack(t *testing.T) {
	t.Parallel()
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		id := w.Ledger.Add("110.00")
		w.Run()
		rig.Check(t, w.DB.Update(context.Background(), func(tx store.Tx) error {
			l, _, err := tx.Links().Get(w.Pair(), ledger.KindInvoice, id)
			if err != nil {
				return err
			}
			l.Revision = time.Now().Add(24 * time.Hour).UnixMilli()
			l.Updated = l.Updated.Add(24 * time.Hour)
			return tx.Links().Put(l)
		}))
		before := w.Held(id).Revision
		w.Ledger.Pay(id, "110.00")
		time.Sleep(time.Minute)
		w.Run()
		if r := w.Held(id).Revision; r <= before+int64(23*time.Hour/time.Millisecond) {
			t.Errorf("revision %d after the clock went back", r)
		}
		agrees(t, w, id)
	})
}

// A long backlog waits for the budget, and an invoice that the host has is paid: the host is told as soon as there
// is room, before it is given more, and does not go on asking for the money until the backlog is done. What is
// paid before it was ever judged open is never imported.
func TestImportBudgetHoldsUpNews(t *testing.T) {
	t.Parallel()
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		w.Settings.Budget = 5
		var ids []string
		for range 30 {
			ids = append(ids, w.Ledger.Add("110.00"))
		}
		w.Run()
		for _, r := range w.Host.Invoices() {
			w.Ledger.Pay(r.Invoice.ID, "110.00")
		}
		for _, id := range ids {
			if _, ok := w.Host.Invoice(w.Pair(), id); !ok {
				w.Ledger.Pay(id, "110.00")
				break
			}
		}
		for range 2 {
			time.Sleep(12 * time.Hour)
			w.Run()
		}
		time.Sleep(time.Minute)
		w.Run()
		first := w.Host.Invoices()
		for _, r := range first {
			agrees(t, w, r.Invoice.ID)
		}
		for range 20 {
			time.Sleep(12 * time.Hour)
			w.Run()
		}
		for _, r := range w.Host.Invoices() {
			agrees(t, w, r.Invoice.ID)
		}
		if n := len(w.Host.Invoices()); n != 29 {
			t.Errorf("the host holds %d invoices, and 29 were open when there was room", n)
		}
	})
}

// Everything that the observer, or the host, panics with is survived.
func TestImportPanics(t *testing.T) {
	t.Parallel()
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		var ids []string
		for n := range 20 {
			ids = append(ids, w.Ledger.Add("110.00"))
			if n%3 == 1 {
				w.Ledger.Pay(ids[n-1], "60.00")
			}
			seen := 0
			opts := w.Opts
			opts.Observer = func(invoicesync.Event) {
				if seen++; seen == n%6+1 {
					panic("observer")
				}
			}
			host := invoicesync.HostFunc(func(ctx context.Context, d invoicesync.Delivery) error {
				if n%4 == 2 {
					panic("host")
				}
				err := w.Host.Apply(ctx, d)
				if n%4 == 3 {
					panic("host, afterwards")
				}
				return err
			})
			func() {
				defer func() { _ = recover() }()
				i, err := invoicesync.NewImport(w.DB, w.Ledger.Open(), host, w.Settings, &opts)
				rig.Check(t, err)
				_, _ = i.Run(context.Background())
			}()
			time.Sleep(time.Hour)
		}
		w.Run()
		held := 0
		for _, id := range ids { // one that was paid in part before it could be judged is not imported
			if _, ok := w.Host.Invoice(w.Pair(), id); ok {
				held++
				agrees(t, w, id)
			}
		}
		if held < 14 { // 6 were paid
			t.Errorf("the host holds %d", held)
		}
	})
}

// What a person selects is imported once, whatever a run does at the same time.
func TestImportSelectedBesideARun(t *testing.T) {
	t.Parallel()
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		var ids []string
		for range 6 {
			ids = append(ids, w.Ledger.Add("110.00"))
		}
		applied := map[string]int{}
		host := invoicesync.HostFunc(func(ctx context.Context, d invoicesync.Delivery) error {
			time.Sleep(2 * time.Second)
			applied[d.Invoice.ID]++
			return w.Host.Apply(ctx, d)
		})
		done := make(chan error)
		for _, owner := range []string{"a", "b", "b"} {
			opts := w.Opts
			opts.Owner = owner
			i, err := invoicesync.NewImport(w.DB, w.Ledger.Open(), host, w.Settings, &opts)
			rig.Check(t, err)
			go func() {
				if owner == "a" {
					_, err := i.Run(context.Background())
					done <- err
					return
				}
				time.Sleep(time.Second)
				_, err := i.Select(context.Background(), []invoicesync.Selection{{Ref: ledger.Ref{ID: ids[5]}}})
				done <- err
			}()
		}
		for range 3 {
			if err := <-done; err != nil && !errors.Is(err, ledger.ErrLater) && !errors.Is(err, store.ErrLeaseLost) {
				t.Error(err)
			}
		}
		time.Sleep(10 * time.Minute)
		w.Run()
		for _, id := range ids {
			agrees(t, w, id)
			if applied[id] > 1 {
				t.Log(strings.Repeat("again ", applied[id]-1) + id)
			}
		}
	})
}
