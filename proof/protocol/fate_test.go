package protocol

import (
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// §1.4, §7: an invoice comes to nothing after its payment was remembered: it is voided by hand before anybody knows
// that it was written. The payment says so, at no cost, and is booked once the invoice stands again.
func TestPaymentsShareTheFateOfTheirInvoice(t *testing.T) {
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		flow(t, v, 0, func(t *testing.T, r *rig.Rig) {
			for range 3 {
				r.Order("110.00", true)
			}
			voided := ""
			lost(t, r, ledger.KindInvoice, func() {
				voided = r.Invoices()[1].ID
				r.VoidInvoice(voided)
			})
			time.Sleep(20 * time.Minute)
			for range 3 {
				rep := r.Settle()
				if rep.Payments.Deferred != 0 || rep.Payments.Parked["invoice_voided"] != 1 || rep.Invoices.Parked["voided_in_ledger"] != 1 {
					t.Fatalf("invoices %+v, payments %+v", rep.Invoices, rep.Payments)
				}
				if owed := rep.Owed["invoice_voided"]; owed.String() != "110" {
					t.Fatalf("the money of the invoice is %s: %v", owed, rep.Owed)
				}
				time.Sleep(25 * time.Hour)
			}
			r.Run() // sweeps
			time.Sleep(time.Hour)
			orders := func() int {
				return r.Keap.CallsTo("GET", "/v2/orders") + r.Keap.CallsTo("GET", "/v2/orders/{id}/payments")
			}
			calls := orders()
			r.Run()
			if n := orders() - calls; n != 1 {
				t.Fatalf("a run with nothing to do asked %d times for orders and their payments; a payment that waits for a person must cost nothing", n)
			}

			// A person wants the invoice after all.
			for _, l := range linked(t, r, ledger.KindInvoice, "") {
				if l.LedgerID == voided {
					rig.Check(t, r.Push().Recreate(t.Context(), ledger.Ref{ID: l.SourceID}))
				}
			}
			rep := r.Settle()
			if rep.Invoices.Created != 1 || rep.Payments.Created != 1 || len(rep.Payments.Parked) != 0 {
				t.Fatalf("invoices %+v, payments %+v", rep.Invoices, rep.Payments)
			}
			r.Expect(3, 3, 3)
		})
	})
}
