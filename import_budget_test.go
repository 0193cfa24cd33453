package invoicesync_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// 2,000 at once, 2,000 after 24 hours, the rest after 48, each within one interval, nothing skipped, nothing
// twice.
func TestImportBudget(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		const all = 5000
		for range all {
			w.invoice("10.00", 5)
		}
		began := time.Now()
		rep := w.run()
		equal(t, "imported at once", rep.Invoices.Created, 2000)
		equal(t, "backlog", rep.Invoices.Deferred, 3000)
		equal(t, "goes on", rep.ResumeAt, began.UTC().Add(24*time.Hour))
		equal(t, "done", rep.DoneBy, began.UTC().Add(48*time.Hour))
		told := false
		for _, e := range w.events {
			told = told || e.What == "budget" && e.Until.Equal(rep.DoneBy)
		}
		if !told {
			t.Error("no event says how much waits, and until when")
		}
		got := map[int]int{0: rep.Invoices.Created} // by the hours since the beginning
		for hour := 1; hour <= 72; hour++ {
			time.Sleep(time.Hour)
			rep := w.run()
			if n := rep.Invoices.Created; n > 0 {
				got[hour] = n
			}
			if hour < 24 {
				equal(t, "backlog meanwhile", rep.Invoices.Deferred, 3000)
			}
		}
		equal(t, "times at which something was imported", len(got), 3)
		equal(t, "after a day", got[24], 2000)
		equal(t, "after two days", got[48], 1000)
		equal(t, "held", len(w.host.Invoices()), all)
		equal(t, "deliveries", w.host.Calls(), all)
	})
}

// Changes of what was imported count too, and wait for their turn with the state that they then have.
func TestImportBudgetHoldsChanges(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.settings.Budget = 2
		a, b := w.invoice("10.00", 5), w.invoice("20.00", 5)
		w.run()
		w.pay(a.ID, "4.00")
		time.Sleep(time.Hour)
		rep := w.run()
		equal(t, "deferred", rep.Invoices.Deferred, 1)
		equal(t, "what the host knows", w.held(a.ID).What, invoicesync.Imported)
		w.pay(a.ID, "6.00")
		w.pay(b.ID, "20.00")
		time.Sleep(24 * time.Hour)
		rep = w.run()
		equal(t, "delivered", rep.Invoices.Updated, 2)
		equal(t, "a", w.held(a.ID).What, invoicesync.Paid)
		equal(t, "a's payments", len(w.held(a.ID).Invoice.Payments), 2)
		equal(t, "deliveries", w.host.Calls(), 4)
	})
}

// A clock that stood years ahead when events were counted, and was set back, does not block the budget for years;
// nor the sweep.
func TestImportClockSetBack(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		ahead := time.Now().UTC().AddDate(10, 0, 0)
		must(t, w.db.Update(context.Background(), func(tx store.Tx) error {
			_, err := tx.Budgets().Take("import/"+w.pair().Ledger.String(), ahead, 24*time.Hour, 2000, 2000)
			if err != nil {
				return err
			}
			return tx.Documents("import").Put(w.pair().String(), []byte(`{"read":true,"settings":"x","last_sweep":"2036-03-02T09:00:00Z"}`), store.AnyVersion)
		}))
		w.invoice("10.00", 5)
		equal(t, "imported by the sweep that is due", w.run().Invoices.Created, 1)
		equal(t, "deferred", w.run().Invoices.Deferred, 0)
	})
}

// A budget below zero is none.
func TestImportUnlimited(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.settings.Budget = -1
		for range 2100 {
			w.invoice("10.00", 5)
		}
		rep := w.run()
		equal(t, "imported", rep.Invoices.Created, 2100)
		equal(t, "done by", rep.DoneBy, time.Time{})
	})
}

// A person is not held up by the budget, and what they choose counts in it.
func TestImportSelectPassesTheBudget(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.settings.Budget = 1
		a, b := w.invoice("10.00", 5), w.invoice("20.00", 5)
		rep := w.run()
		equal(t, "imported", rep.Invoices.Created, 1)
		waits := b
		if _, ok := w.host.Invoice(w.pair(), a.ID); !ok {
			waits = a
		}
		rep, err := w.open().Select(context.Background(), []invoicesync.Selection{{Ref: ledger.Ref{ID: waits.ID}}})
		must(t, err)
		w.addsUp(rep)
		equal(t, "selected", rep.Invoices.Created, 1)
		equal(t, "held", len(w.host.Invoices()), 2)
	})
}

func TestImportProcessingOff(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		inv := w.invoice("10.00", 5)
		w.run()
		w.settings.Processing = false
		w.invoice("20.00", 5)
		rep, err := w.open().Run(context.Background())
		if !errors.Is(err, invoicesync.ErrProcessingOff) {
			t.Fatalf("switched off: %v", err)
		}
		equal(t, "why it stopped", rep.Stopped, "processing_off")
		equal(t, "held", len(w.host.Invoices()), 1)
		w.held(inv.ID)
	})
}
