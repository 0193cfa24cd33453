package hostile

import (
	"context"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

func old(t *testing.T, r *rig.Rig) infusionsoftfake.Order {
	t.Helper()
	at := time.Date(2024, 6, 3, 2, 0, 0, 0, time.UTC)
	return r.Add(infusionsoftfake.Order{OrderTime: at, CreationTime: at, Items: []infusionsoftfake.Item{rig.Thing("110.00")}})
}

// busy pushes so much more, an hour later, that the old order is not among the newest, nor any vendor key alive.
func busy(r *rig.Rig) {
	time.Sleep(time.Hour)
	for range 20 {
		r.Order("10.00", false)
	}
	r.Run()
	time.Sleep(time.Hour)
}

// The store was lost, the new one begins with this year, and later the start is moved back: what the
// lost store had pushed is there already.
func TestStartMovesBackInANewStore(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		old(t, r)
		r.Run()
		r.Expect(1, 1, 0)
		busy(r)
		r.DB = store.NewMemory()
		r.Settings.Start = eligibility.Start{Date: ledger.MustDate("2025-01-01")}
		r.Run()
		r.Settings.Start = eligibility.Start{}
		time.Sleep(time.Hour)
		r.Run()
		r.Expect(21, 21, 0)
	})
}

// The same, by asking for the one old invoice.
func TestOneBeforeTheStartInANewStore(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := old(t, r)
		r.Run()
		busy(r)
		r.DB = store.NewMemory()
		r.Settings.Start = eligibility.Start{Date: ledger.MustDate("2025-01-01")}
		_, err := r.Push().One(context.Background(), ledger.Ref{ID: idOf(o)})
		rig.Check(t, err)
		r.Expect(21, 21, 0)
	})
}

// An invoice of before the start that was pushed on demand is voided by hand: the flow sees it.
func TestVoidBeforeTheStartIsSeen(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Start = eligibility.Start{Date: ledger.MustDate("2025-01-01")}
		o := old(t, r)
		_, err := r.Push().One(context.Background(), ledger.Ref{ID: idOf(o)})
		rig.Check(t, err)
		rig.Check(t, r.Xero.Books().VoidInvoice(inXero(t, r, o).ID))
		time.Sleep(time.Hour)
		rep := r.Run()
		if rep.Invoices.Parked["voided_in_ledger"] != 1 {
			t.Fatalf("%+v", rep.Invoices)
		}
	})
}

// Somebody entered last year's invoices by hand, the start is moved back later: they are compared.
func TestLookAlikesOfBeforeTheStart(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := old(t, r)
		r.Run()
		inv := inXero(t, r, o)
		rig.Check(t, r.Xero.Books().EditInvoice(inv.ID, func(i *xinvoice) { i.URL = "" }))
		busy(r)
		r.DB = store.NewMemory()
		r.Settings.Start = eligibility.Start{Date: ledger.MustDate("2025-01-01")}
		r.Run()
		r.Settings.Start = eligibility.Start{}
		time.Sleep(time.Hour)
		r.Run()
		if n := len(r.LiveInvoices()); n != 21 {
			t.Fatalf("%d live invoices of 21 orders", n)
		}
	})
}

// A store that was rebuilt watches what people change in the ledger, as the first one did.
func TestChangedInLedgerAfterRebuild(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Run()
		r.DB = store.NewMemory()
		r.Run()
		rig.Check(t, r.Xero.Books().EditInvoice(inXero(t, r, o).ID, func(i *xinvoice) { i.Lines[0].UnitAmount = dec("90.00") }))
		time.Sleep(time.Hour)
		rep := r.Run()
		if rep.Invoices.Parked["changed_in_ledger"] != 1 {
			t.Fatalf("%+v", rep.Invoices)
		}
	})
}
