package hostile

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// spoken runs the flow a day later, over the bent source, and returns how its payments were counted.
func spoken(t *testing.T, r *rig.Rig, change func([]ledger.Payment) []ledger.Payment) invoicesync.Counts {
	t.Helper()
	time.Sleep(25 * time.Hour)
	return bent(t, r, &source{payments: change}).Payments
}

// The source corrects the amount of a payment that is booked.
func TestPaymentCorrectedAfterBooking(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Order("110.00", true)
		r.Run()
		got := spoken(t, r, func(rows []ledger.Payment) []ledger.Payment {
			rows[0].Amount = dec("60.00")
			return rows
		})
		if len(got.Parked) != 1 {
			t.Fatalf("60.00 in the source, 110.00 in the ledger, and nothing is said: %+v", got)
		}
		if got = spoken(t, r, nil); len(got.Parked) != 0 {
			t.Fatalf("it was corrected back: %+v", got)
		}
	})
}

// The row of a booked payment turns into a refunded one, instead of a refund appearing beside it.
func TestPaymentTurnsRefunded(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Order("110.00", true)
		r.Run()
		for range 2 {
			got := spoken(t, r, func(rows []ledger.Payment) []ledger.Payment {
				rows[0].Status = ledger.PaymentRefunded
				return rows
			})
			if got.Parked["refund_owed"] != 1 {
				t.Fatalf("the money went back, and nothing is said: %+v", got)
			}
		}
		r.Expect(1, 1, 1)
	})
}

// A booked payment is deleted in the source: its row is gone.
func TestPaymentDeletedInSource(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Pay(o.ID, "50.00")
		r.Pay(o.ID, "60.00")
		r.Run()
		got := spoken(t, r, func(rows []ledger.Payment) []ledger.Payment { return rows[:1] })
		if len(got.Parked) != 1 {
			t.Fatalf("one of two payments is gone, and nothing is said: %+v", got)
		}
		got = spoken(t, r, func(rows []ledger.Payment) []ledger.Payment { return nil })
		if got.Parked["deleted_in_source"] != 2 {
			t.Fatalf("both payments are gone: %+v", got)
		}
		if got = spoken(t, r, nil); len(got.Parked) != 0 {
			t.Fatalf("they are back: %+v", got)
		}
		r.Expect(1, 1, 2)
	})
}

// A bank's reference may look like a mark: sixteen capitals and digits. The payment is a person's all the same.
func TestBankReferenceLikeAMark(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Run()
		_, err := r.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inXero(t, r, o).ID, AccountID: bank(t, r), Amount: dec("50.00"),
			Date: "2025-01-05", Reference: "OSKO TRANSFERABCD2345"})
		rig.Check(t, err)
		r.Pay(o.ID, "50.00")
		time.Sleep(time.Hour)
		rep := r.Run()
		if rep.Payments.Parked["maybe_already_booked"] != 1 || len(r.LivePayments()) != 1 {
			t.Fatalf("50.00 came once and is booked %d times: %+v", len(r.LivePayments()), rep.Payments)
		}
	})
}

// The bank fee trick: two equal payments on one day, one of which the bookkeeper has entered.
func TestTwoEqualPaymentsOneByHand(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Run()
		_, err := r.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inXero(t, r, o).ID, AccountID: bank(t, r), Amount: dec("50.00"), Date: "2025-01-05"})
		rig.Check(t, err)
		r.Pay(o.ID, "50.00")
		r.Pay(o.ID, "50.00")
		time.Sleep(time.Hour)
		rep := r.Run()
		if rep.Payments.Parked["maybe_already_booked"] != 1 || len(r.LivePayments()) != 2 {
			t.Fatalf("%d live: %+v", len(r.LivePayments()), rep.Payments)
		}
		for range 3 {
			time.Sleep(25 * time.Hour)
			rep = r.Run()
		}
		if len(r.LivePayments()) != 2 {
			t.Fatalf("%d live: %+v", len(r.LivePayments()), rep.Payments)
		}
	})
}

// An order moves to another client while edits are carried over.
func TestOrderMovesToAnotherClient(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Order("110.00", false)
		r.Run()
		was := inXero(t, r, o).ContactID
		other := r.Client()
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.ContactID = other.ID }))
		time.Sleep(time.Hour)
		rep := r.Run()
		if inXero(t, r, o).ContactID == was && len(rep.Invoices.Parked) == 0 {
			t.Fatalf("the old client still owes it, and the report says all is well: %+v", rep.Invoices)
		}
		time.Sleep(25 * time.Hour)
		rep = r.Run()
		if inXero(t, r, o).ContactID == was && len(rep.Invoices.Parked) == 0 {
			t.Fatalf("forgotten by the next run: %+v", rep.Invoices)
		}
	})
}

// A source that for once finds none of the records it is asked for has not deleted them all.
func TestSourceIsEmptyForOnce(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnDelete = invoicesync.DeleteVoid
		for range 5 {
			r.Order("110.00", false)
		}
		r.Run()
		time.Sleep(25 * time.Hour)
		bent(t, r, &source{invoices: func(q ledger.Query, page ledger.Page[ledger.Invoice]) ledger.Page[ledger.Invoice] {
			if q.Refs != nil {
				page.Records = nil
			}
			return page
		}})
		if n := len(r.LiveInvoices()); n != 5 {
			t.Fatalf("one empty answer voided %d invoices", 5-n)
		}
	})
}

// bank is the id of the account that takes payments.
func bank(t *testing.T, r *rig.Rig) string {
	t.Helper()
	a, ok := r.Xero.Books().Account("090")
	if !ok {
		t.Fatal("no account 090")
	}
	return a.AccountID
}

// The same, and the other client is known to the ledger: the invoice goes to them.
func TestOrderMovesToAKnownClient(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		o, other := r.Order("110.00", false), r.Order("50.00", false)
		r.Run()
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.ContactID = other.ContactID }))
		time.Sleep(time.Hour)
		rep := r.Run()
		if inXero(t, r, o).ContactID != inXero(t, r, other).ContactID {
			t.Fatalf("%+v", rep.Invoices)
		}
		r.Expect(2, 2, 0)
	})
}

// Finance charges are left out, and one of them has a discount of its own: that goes with it.
func TestDiscountOnAFinanceChargeLeftOut(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.FinanceCharges = invoicesync.FinanceChargesLeftOut
		r.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("100.00"), {Type: "FINANCE_CHARGE", Name: "Late", Price: dec("10.00"), Quantity: 1}}})
		bent(t, r, &source{invoices: func(_ ledger.Query, page ledger.Page[ledger.Invoice]) ledger.Page[ledger.Invoice] {
			for i := range page.Records {
				inv := &page.Records[i]
				late := inv.Lines[1]
				inv.Lines = append(inv.Lines, ledger.Line{ID: late.ID + "/discount", AppliesTo: late.ID, Kind: ledger.LineDiscount,
					Name: "Late", Quantity: dec("1"), UnitPrice: dec("-2.00"), Amount: dec("-2.00")})
				inv.Totals.Total, inv.Totals.Net, inv.Totals.Balance = dec("108.00"), dec("108.00"), dec("108.00")
			}
			return page
		}})
		if live := r.LiveInvoices(); len(live) != 1 || !live[0].Total.Equal(dec("100.00")) {
			t.Fatalf("the goods of 100.00 became %+v", live)
		}
	})
}

// A payment is reversed, the answer to its deletion is lost, and the flow runs again before it is known.
func TestReversalInDoubtIsNotSentTwice(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		p := r.PayAs(infusionsoftfake.Payment{OrderID: o.ID, Amount: dec("110.00"), Status: "APPROVED"})
		r.Run()
		rig.Check(t, r.Keap.VoidPayment(p.ID))
		time.Sleep(25 * time.Hour)
		deletion := func(q *http.Request) bool { return q.Method == "POST" && strings.Contains(q.URL.Path, "/Payments") }
		r.Faults.Add(faults.Fault{Match: deletion, Kind: faults.CommitLate, Delay: 3 * time.Minute, Times: 1})
		first, err := r.Push().Run(context.Background())
		rig.Check(t, err)
		if first.Payments.Uncertain != 1 {
			t.Fatalf("a deletion is in doubt, and the report says %+v", first.Payments)
		}
		time.Sleep(30 * time.Second)
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Notes = "touched" }))
		r.Opts.SweepEvery = time.Second
		second, err := r.Push().Run(context.Background())
		rig.Check(t, err)
		if second.Writes != 0 || second.Payments.Uncertain != 1 {
			t.Fatalf("sent again while in doubt: %+v, then %+v", first.Payments, second.Payments)
		}
		time.Sleep(time.Hour)
		rep := r.Settle()
		if len(rep.Payments.Parked) != 0 || len(r.LivePayments()) != 0 {
			t.Fatalf("%+v, %d live", rep.Payments, len(r.LivePayments()))
		}
	})
}
