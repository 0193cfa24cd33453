package userpain

import (
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// edit changes the price of an order's first line, an hour later.
func edit(t *testing.T, r *rig.Rig, o infusionsoftfake.Order, price string) {
	t.Helper()
	time.Sleep(time.Hour)
	rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = dec(price) }))
	time.Sleep(time.Minute)
}

// Pain 32: a later edit reaches the ledger by itself while the ledger allows it.
func TestPain32_EditIsCarriedOver(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Order("110.00", false)
		r.Run()
		was := inXero(t, r, o)
		edit(t, r, o, "95.00")
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"updated": 1})
		money(t, "difference", rep.Difference, "0")
		now := inXero(t, r, o)
		same(t, "the same invoice", now.ID, was.ID)
		same(t, "number", now.Number, was.Number)
		money(t, "total", now.Total, "95.00")
		rep = r.Run()
		same(t, "writes afterwards", rep.Writes, 0)
		// A payment of the new amount fits.
		r.Pay(o.ID, "95.00")
		r.Run()
		same(t, "status", inXero(t, r, o).Status, "PAID")
		r.Expect(1, 1, 1)
	})
}

// Pain 32: without leave to change anything, an edit is shown with both totals until it is changed back.
func TestPain32_EditIsReported(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Run()
		edit(t, r, o, "95.00")
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"parked changed_after_push": 1})
		same(t, "writes", rep.Writes, 0)
		owed(t, rep, nil) // the money is in the ledger
		holds(t, "reason", reason(t, r, o).Message, "95", "110")
		time.Sleep(time.Hour)
		counted(t, "a later run", r.Run().Invoices, tally{"parked changed_after_push": 1})
		edit(t, r, o, "110.00")
		counted(t, "changed back", r.Run().Invoices, tally{"already": 1})
		money(t, "total", inXero(t, r, o).Total, "110.00")
	})
}

// Pain 32: or the invoice is voided and issued anew.
func TestPain32_EditVoidsAndIssuesAnew(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditVoid
		o := r.Order("110.00", false)
		r.Run()
		was := inXero(t, r, o)
		edit(t, r, o, "95.00")
		r.Settle()
		old, _ := r.Xero.Books().Invoice(was.ID)
		same(t, "the first one", old.Status, "VOIDED")
		now := inXero(t, r, o)
		if now.ID == was.ID {
			t.Fatal("the invoice must be a new one")
		}
		money(t, "total", now.Total, "95.00")
		same(t, "generation", link(t, r, ledger.KindInvoice, idOf(o)).Generation, 1)
		r.Expect(1, 1, 0)
	})
}

// Pain 33: with a payment on it the ledger fixes an invoice's amounts, and not its words. The edit matrix
// is known beforehand: what may be changed is, the rest is parked without a call that fails.
func TestPain33_LockedByPayment(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Order("110.00", true)
		r.Run()
		time.Sleep(time.Hour)
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) {
			o.Items[0].Name, o.Items[0].Product = "Better thing", &infusionsoftfake.ItemProduct{ID: 1, Name: "Better thing", SKU: "THING"}
		}))
		time.Sleep(time.Minute)
		counted(t, "its words", r.Run().Invoices, tally{"updated": 1})
		inv := inXero(t, r, o)
		same(t, "description", inv.Lines[0].Description, "Better thing")
		same(t, "status", inv.Status, "PAID")

		edit(t, r, o, "120.00")
		rep := r.Run()
		counted(t, "its amount", rep.Invoices, tally{"parked locked_by_payment": 1})
		same(t, "writes", rep.Writes, 0)
		same(t, "refusals by xero", r.Xero.Counts().ByStatus[400], 0)
		money(t, "total", inXero(t, r, o).Total, "110.00")
		holds(t, "reason", reason(t, r, o).Message, "payment")
	})
}

// Pain 33: nor is a paid invoice voided, whether its order was edited or deleted.
func TestPain33_PaidInvoiceIsNotVoided(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit, r.Settings.OnDelete = invoicesync.EditVoid, invoicesync.DeleteVoid
		a, b := r.Order("110.00", true), r.Order("110.00", true)
		r.Run()
		edit(t, r, a, "120.00")
		rig.Check(t, r.Keap.DeleteOrder(b.ID))
		time.Sleep(25 * time.Hour)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"parked locked_by_payment": 2})
		same(t, "writes", rep.Writes, 0)
		same(t, "refusals by xero", r.Xero.Counts().ByStatus[400], 0)
		r.Expect(2, 2, 2)
	})
}

// Pain 33: once the payment is gone, the edit goes through by itself.
func TestPain33_UnlockedByItself(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Order("110.00", false)
		r.Run()
		byHand, err := r.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inXero(t, r, o).ID, Amount: dec("10.00")})
		rig.Check(t, err)
		edit(t, r, o, "120.00")
		counted(t, "with the payment", r.Run().Invoices, tally{"parked locked_by_payment": 1})
		rig.Check(t, r.Xero.Books().DeletePayment(byHand.PaymentID))
		time.Sleep(25 * time.Hour) // the sweep comes round
		counted(t, "without it", r.Run().Invoices, tally{"updated": 1})
		money(t, "total", inXero(t, r, o).Total, "120.00")
	})
}

// Pain 35: documents and payments in a locked period are parked before they are sent, with the date, and
// go when the lock moves. Orders here are dated 4 January 2025, payments the fifth.
func TestPain35_LockDates(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		books := r.Xero.Books()
		rig.Check(t, books.SetLockDates("2025-01-04", ""))
		early := r.Order("110.00", true)
		late := infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("70.00")}, OrderTime: time.Now().Add(-24 * time.Hour)}
		late = r.Add(late)
		rep := r.Run()
		counted(t, "locked", rep.Invoices, tally{"created": 1, "parked locked_period": 1})
		owed(t, rep, map[string]string{"locked_period": "110.00"})
		holds(t, "reason", reason(t, r, early).Message, "2025-01-04")
		same(t, "refusals by xero", r.Xero.Counts().ByStatus[400], 0)
		same(t, "the later one", inXero(t, r, late).Date, xerofake.Date("2025-01-05"))

		rig.Check(t, books.SetLockDates("", ""))
		time.Sleep(time.Hour)
		rep = r.Run()
		counted(t, "unlocked", rep.Invoices, tally{"created": 1})
		counted(t, "unlocked", rep.Payments, tally{"created": 1})
		same(t, "status", inXero(t, r, early).Status, "PAID")
	})
}

// Pain 35: a lock that comes and goes between two runs releases what it held, though the ledger is then
// as it was before.
func TestPain35_LockThatComesAndGoes(t *testing.T) {
	for _, first := range []bool{true, false} {
		name := "on a running flow"
		if first {
			name = "before the first run"
		}
		t.Run(name, func(t *testing.T) {
			flow(t, func(t *testing.T, r *rig.Rig) {
				if !first {
					r.Order("50.00", false)
					r.Run()
					time.Sleep(time.Hour)
				}
				rig.Check(t, r.Xero.Books().SetLockDates("2025-01-05", ""))
				o := r.Order("110.00", false)
				time.Sleep(10 * time.Minute) // out of the overlap of readings
				counted(t, "locked", r.Run().Invoices, tally{"parked locked_period": 1})
				r.Add(order(item("SHIPPING", "Zero", "0.00"))) // moves the cursor on
				time.Sleep(10 * time.Minute)
				counted(t, "still locked", r.Run().Invoices, tally{"parked locked_period": 1, "skipped zero_due": 1})
				rig.Check(t, r.Xero.Books().SetLockDates("", ""))
				time.Sleep(time.Hour)
				r.Run()
				same(t, "unlocked", inXero(t, r, o).Status, "AUTHORISED")
			})
		})
	}
}

// Pain 35: a payment has a date of its own.
func TestPain35_LockDateOfAPayment(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("70.00")}, OrderTime: time.Now()}
		o = r.Add(o) // dated 6 January
		r.PayAs(infusionsoftfake.Payment{OrderID: o.ID, Amount: dec("70.00"), Status: "MANUAL_PAID", Time: time.Now().Add(-24 * time.Hour)})
		rig.Check(t, r.Xero.Books().SetLockDates("", "2025-01-05"))
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1})
		counted(t, "payments", rep.Payments, tally{"parked locked_period": 1})
		owed(t, rep, map[string]string{"locked_period": "70.00"})
		same(t, "refusals by xero", r.Xero.Counts().ByStatus[400], 0)
		same(t, "status", inXero(t, r, o).Status, "AUTHORISED")

		rig.Check(t, r.Xero.Books().SetLockDates("", "2024-12-31"))
		time.Sleep(time.Hour)
		counted(t, "unlocked", r.Run().Payments, tally{"created": 1})
		same(t, "status", inXero(t, r, o).Status, "PAID")
	})
}

// A deleted order is found by the sweep, since the source announces no deletions: reported, or voided.
func TestDeletedInSource(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		gone, kept := r.Order("110.00", false), r.Order("50.00", false)
		r.Run()
		rig.Check(t, r.Keap.DeleteOrder(gone.ID))
		time.Sleep(23 * time.Hour)
		same(t, "before the sweep", len(r.Run().Invoices.Parked), 0)
		time.Sleep(2 * time.Hour)
		rep := r.Run()
		counted(t, "swept", rep.Invoices, tally{"parked deleted_in_source": 1})
		owed(t, rep, nil)
		same(t, "still in xero", inXero(t, r, gone).Status, "AUTHORISED")

		r.Settings.OnDelete = invoicesync.DeleteVoid
		time.Sleep(25 * time.Hour)
		rep = r.Run()
		same(t, "voided", inXero(t, r, gone).Status, "VOIDED")
		same(t, "updated", rep.Invoices.Updated, 1)
		same(t, "the other", inXero(t, r, kept).Status, "AUTHORISED")
		time.Sleep(25 * time.Hour)
		rep = r.Run()
		same(t, "writes afterwards", rep.Writes, 0)
		same(t, "parked afterwards", len(rep.Invoices.Parked), 0)
	})
}

// An order that is deleted before it was ever written leaves the list of what is owed.
func TestDeletedBeforeItWasWritten(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		rig.Check(t, r.Xero.Books().ArchiveAccount("210"))
		o := r.Add(order(item("SHIPPING", "Courier", "30.00")))
		counted(t, "parked", r.Run().Invoices, tally{"parked account_archived": 1})
		rig.Check(t, r.Keap.DeleteOrder(o.ID))
		a, _ := r.Xero.Books().Account("210")
		a.Status = "ACTIVE"
		rig.Check(t, r.Xero.Books().AddAccount(a))
		time.Sleep(time.Hour)
		rep := r.Run()
		counted(t, "deleted", rep.Invoices, tally{"skipped deleted": 1})
		owed(t, rep, nil)
		r.Expect(0, 0, 0)
	})
}

// A draft in the ledger is deleted instead of voided.
func TestDeletedInSourceWhileDraft(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Mode, r.Settings.Status, r.Settings.OnDelete = eligibility.InvoicesOnly, ledger.StatusDraft, invoicesync.DeleteVoid
		o := r.Order("110.00", false)
		r.Run()
		same(t, "status", inXero(t, r, o).Status, "DRAFT")
		rig.Check(t, r.Keap.DeleteOrder(o.ID))
		time.Sleep(25 * time.Hour)
		r.Run()
		same(t, "status", inXero(t, r, o).Status, "DELETED")
	})
}

// A void by hand in the ledger is seen, and the invoice is not created again by itself.
func TestVoidedInLedger(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Run()
		was := inXero(t, r, o)
		rig.Check(t, r.Xero.Books().VoidInvoice(was.ID))
		time.Sleep(time.Hour)
		counted(t, "voided", r.Run().Invoices, tally{"parked voided_in_ledger": 1})
		edit(t, r, o, "95.00") // not even an edit brings it back
		for range 3 {
			time.Sleep(25 * time.Hour)
			same(t, "created", r.Run().Invoices.Created, 0)
		}
		r.Expect(0, 1, 0)
		rig.Check(t, r.Push().Recreate(t.Context(), ledger.Ref{ID: idOf(o)}))
		counted(t, "on purpose", r.Run().Invoices, tally{"created": 1})
		money(t, "total", inXero(t, r, o).Total, "95.00")
		r.Expect(1, 1, 0)
	})
}

// A change of amounts by hand in the ledger is seen, until it is changed back.
func TestChangedInLedger(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Run()
		id := inXero(t, r, o).ID
		change := func(price string) {
			rig.Check(t, r.Xero.Books().EditInvoice(id, func(i *xerofake.Invoice) { i.Lines[0].UnitAmount = dec(price) }))
			time.Sleep(time.Hour)
		}
		change("90.00")
		rep := r.Run()
		counted(t, "changed", rep.Invoices, tally{"parked changed_in_ledger": 1})
		holds(t, "reason", reason(t, r, o).Message, "90", "110")
		same(t, "writes", rep.Writes, 0)
		change("110.00")
		counted(t, "changed back", r.Run().Invoices, tally{"already": 1})
	})
}
