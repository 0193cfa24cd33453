package userpain

import (
	"fmt"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// Pain 34: what is deleted in QuickBooks leaves nothing but an id in its change feed. It is seen in the next run, of
// invoices and of payments, and a void too.
func TestPain34_DeletionsAreSeen(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		gone, void, unpaid, kept := r.Order("10.00", false), r.Order("20.00", false), r.Order("30.00", true), r.Order("40.00", true)
		r.Run()
		books := r.QuickBooks.Books()
		rig.Check(t, books.DeleteInvoice(inQuickBooks(t, r, gone).ID))
		r.VoidInvoice(inQuickBooks(t, r, void).ID)
		r.DeletePayment(link(t, r, ledger.KindPayment, rowOf(r, unpaid, 0)).LedgerID)
		time.Sleep(time.Hour)
		for range 2 { // and not seen twice, nor undone
			rep := r.Run()
			counted(t, "invoices", rep.Invoices, tally{"parked voided_in_ledger": 2})
			counted(t, "payments", rep.Payments, tally{"parked payment_deleted_in_ledger": 1})
			owed(t, rep, map[string]string{"payment_deleted_in_ledger": "30.00"})
			same(t, "writes", rep.Writes, 0)
			time.Sleep(25 * time.Hour)
		}
		settledIn(t, inQuickBooks(t, r, kept), "40.00", "0", "0")
		r.Expect(2, 4, 1)
	})
}

// Pain 34: a run that also writes looks at the ledger twice, and counts a deletion once.
func TestPain34_CountedOnce(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		gone, unpaid := r.Order("10.00", false), r.Order("30.00", true)
		r.Run()
		time.Sleep(time.Hour)
		rig.Check(t, r.QuickBooks.Books().DeleteInvoice(inQuickBooks(t, r, gone).ID))
		r.DeletePayment(link(t, r, ledger.KindPayment, rowOf(r, unpaid, 0)).LedgerID)
		r.Order("20.00", false)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1, "parked voided_in_ledger": 1})
		counted(t, "payments", rep.Payments, tally{"parked payment_deleted_in_ledger": 1})
	})
}

// Pain 34: one change among more than the thousand that the feed shows is seen as well.
func TestPain34_AmongAThousandChanges(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		gone, void, kept := r.Order("10.00", false), r.Order("20.00", false), r.Order("40.00", false)
		r.Run()
		books, busiest := r.QuickBooks.Books(), inQuickBooks(t, r, kept)
		busy := func(n int) {
			for i := range n {
				rig.Check(t, books.EditInvoice(busiest.ID, func(inv *quickbooksfake.Invoice) { inv.CustomerMemo = &quickbooksfake.Memo{Value: fmt.Sprint(i)} }))
				_, err := books.AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{
					CustomerRef: busiest.CustomerRef, GlobalTaxCalculation: "NotApplicable",
					Line: []quickbooksfake.Line{{SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{ItemRef: &quickbooksfake.Ref{Value: "1"},
						Qty: quickbooksfake.NewNumber(dec("1")), UnitPrice: quickbooksfake.NewNumber(dec("7"))}}},
				}})
				rig.Check(t, err)
				if i%20 == 19 {
					time.Sleep(time.Second)
				}
			}
		}
		busy(700)
		r.VoidInvoice(inQuickBooks(t, r, void).ID)
		rig.Check(t, books.DeleteInvoice(inQuickBooks(t, r, gone).ID))
		busy(400)
		time.Sleep(10 * time.Minute)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"parked voided_in_ledger": 2})
		same(t, "writes", rep.Writes, 0)
	})
}

// Pain 34: the feed forgets after thirty days. Whoever was away for longer compares ids.
func TestPain34_AwayForFortyDays(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		gone, unpaid, kept := r.Order("10.00", false), r.Order("20.00", true), r.Order("40.00", true)
		r.Run()
		rig.Check(t, r.QuickBooks.Books().DeleteInvoice(inQuickBooks(t, r, gone).ID))
		r.DeletePayment(link(t, r, ledger.KindPayment, rowOf(r, unpaid, 0)).LedgerID)
		time.Sleep(40 * 24 * time.Hour)
		for range 2 {
			rep := r.Run()
			counted(t, "invoices", rep.Invoices, tally{"parked voided_in_ledger": 1})
			counted(t, "payments", rep.Payments, tally{"parked payment_deleted_in_ledger": 1})
			same(t, "writes", rep.Writes, 0)
			time.Sleep(time.Hour)
		}
		settledIn(t, inQuickBooks(t, r, kept), "40.00", "0", "0")
	})
}

// Pain 35: a closed period is read from the preferences: QuickBooks may only warn people, and let the API in. Documents
// and payments in it are parked before they are sent, with the date, and go when the books are opened.
func TestPain35_ClosedBooks(t *testing.T) {
	for _, open := range []bool{false, true} {
		t.Run(fmt.Sprint("the API may write ", open), func(t *testing.T) {
			flowIn(t, rig.World{Ledger: rig.OnQuickBooks, QuickBooks: quickbooksfake.Switches{ClosedBooksOpen: open}}, func(t *testing.T, r *rig.Rig) {
				books := r.QuickBooks.Books()
				rig.Check(t, books.CloseBooks("2025-01-04"))
				early := r.Order("110.00", true) // of 4 January, paid on the fifth
				late := r.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("70.00")}, OrderTime: time.Now().Add(-24 * time.Hour)})
				r.PayAs(infusionsoftfake.Payment{OrderID: late.ID, Amount: dec("70.00"), Status: "MANUAL_PAID", Time: time.Now().Add(-48 * time.Hour)})
				rep := r.Run()
				counted(t, "closed", rep.Invoices, tally{"created": 1, "parked locked_period": 1})
				counted(t, "closed", rep.Payments, tally{"parked locked_period": 1}) // the fourth is a day of its own
				owed(t, rep, map[string]string{"locked_period": "180.00"})
				holds(t, "reason", reason(t, r, early).Message, "2025-01-04")
				same(t, "refusals", refusals(r), 0)
				settledIn(t, inQuickBooks(t, r, late), "70.00", "0", "70.00")

				rig.Check(t, books.CloseBooks(""))
				time.Sleep(time.Hour)
				rep = r.Run()
				counted(t, "opened", rep.Invoices, tally{"created": 1})
				counted(t, "opened", rep.Payments, tally{"created": 2})
				settledIn(t, inQuickBooks(t, r, early), "110.00", "0", "0")
				settledIn(t, inQuickBooks(t, r, late), "70.00", "0", "0")
			})
		})
	}
}

// Pain 35: the books are closed between the look and the write. QuickBooks refuses just those records, and they go once
// the books are opened again.
func TestPain35_ClosedAtTheWrite(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		early := r.Order("110.00", false)
		late := r.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("70.00")}, OrderTime: time.Now().Add(-24 * time.Hour)})
		closed := false
		r.OnCreate(ledger.KindInvoice, tapOnce(func() {
			closed = true
			rig.Check(t, r.QuickBooks.Books().CloseBooks("2025-01-04"))
		}))
		rep := r.Run()
		same(t, "closed", closed, true)
		settledIn(t, inQuickBooks(t, r, late), "70.00", "0", "70.00")
		same(t, "the code", reason(t, r, early).Code, "locked_period")
		same(t, "created", rep.Invoices.Created, 1)
		time.Sleep(time.Hour)
		same(t, "writes while closed", r.Run().Writes, 0)

		rig.Check(t, r.QuickBooks.Books().CloseBooks(""))
		time.Sleep(time.Hour)
		counted(t, "opened", r.Run().Invoices, tally{"created": 1})
		settledIn(t, inQuickBooks(t, r, early), "110.00", "0", "110.00")
	})
}
