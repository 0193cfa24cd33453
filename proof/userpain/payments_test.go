package userpain

import (
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// card is a payment by card.
func card(o infusionsoftfake.Order, amount, status string) infusionsoftfake.Payment {
	return infusionsoftfake.Payment{OrderID: o.ID, Amount: dec(amount), Status: status}
}

// Part payments are facts of their own, booked as they come.
func TestPaymentsAsTheyCome(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Pay(o.ID, "40.00")
		counted(t, "the first", r.Run().Payments, tally{"created": 1})
		money(t, "open", inXero(t, r, o).AmountDue, "70.00")
		time.Sleep(time.Hour)
		r.PayAs(card(o, "70.00", "APPROVED"))
		rep := r.Run()
		counted(t, "the second", rep.Payments, tally{"created": 1})
		inv := inXero(t, r, o)
		same(t, "status", inv.Status, "PAID")
		p := paymentsOf(r, inv)
		same(t, "payments", len(p), 2)
		same(t, "date of the first", p[0].Date, xerofake.Date("2025-01-05"))
	})
}

// F86: a payment that would overpay is parked and visible; by setting it is booked up to the balance, and
// the rest is reported.
func TestOverpaying(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("100.00", false)
		r.Pay(o.ID, "80.00")
		r.PayAs(card(o, "50.00", "APPROVED"))
		rep := r.Run()
		counted(t, "by default", rep.Payments, tally{"created": 1, "parked overpays": 1})
		owed(t, rep, map[string]string{"overpays": "50.00"})
		money(t, "open", inXero(t, r, o).AmountDue, "20.00")

		r.Settings.Payments.UpToBalance = true
		rep = r.Run()
		counted(t, "up to the balance", rep.Payments, tally{"created": 1})
		owed(t, rep, map[string]string{"overpays_rest": "30.00"})
		inv := inXero(t, r, o)
		same(t, "status", inv.Status, "PAID")
		money(t, "paid", inv.AmountPaid, "100.00")
		holds(t, "the link", link(t, r, ledger.KindPayment, rowOf(r, o, 1)).Rule, "30")
	})
}

// A payment that failed is no money. One that is pending is watched, and booked once it is confirmed.
func TestFailedAndPending(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		failed, pending, bounced := r.Order("10.00", false), r.Order("20.00", false), r.Order("30.00", false)
		r.PayAs(card(failed, "10.00", "FAILED"))
		p := r.PayAs(card(pending, "20.00", "PENDING"))
		q := r.PayAs(card(bounced, "30.00", "PENDING"))
		late := r.Order("40.00", false)
		r.Run()
		time.Sleep(time.Hour)
		l := r.PayAs(card(late, "40.00", "PENDING")) // of an order that is in the ledger already
		rep := r.Run()
		counted(t, "pending", rep.Payments, tally{"skipped payment_pending": 1})
		time.Sleep(time.Hour)
		r.Run() // nothing has changed
		rig.Check(t, r.Keap.SettlePayment(p.ID))
		rig.Check(t, r.Keap.SettlePayment(l.ID))
		rig.Check(t, r.Keap.FailPayment(q.ID))
		time.Sleep(time.Hour)
		rep = r.Run()
		counted(t, "settled", rep.Payments, tally{"created": 2, "skipped payment_failed": 1})
		same(t, "confirmed later", inXero(t, r, late).Status, "PAID")
		same(t, "confirmed", inXero(t, r, pending).Status, "PAID")
		money(t, "bounced", inXero(t, r, bounced).AmountDue, "30.00")
		money(t, "failed", inXero(t, r, failed).AmountDue, "10.00")
		r.Expect(4, 4, 2)
		calls := r.Keap.Calls()
		time.Sleep(time.Hour)
		r.Run()
		same(t, "nothing is watched any more: orders and feed", r.Keap.Calls()-calls, 2+2) // and who the application is
	})
}

// A payment that is voided after it was booked is deleted in the ledger, and the invoice is open again.
func TestVoidedAfterBooking(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		p := r.PayAs(card(o, "110.00", "APPROVED"))
		r.Run()
		same(t, "status", inXero(t, r, o).Status, "PAID")
		rig.Check(t, r.Keap.VoidPayment(p.ID))
		time.Sleep(25 * time.Hour)
		rep := r.Run()
		counted(t, "payments", rep.Payments, tally{"updated": 1})
		same(t, "status", inXero(t, r, o).Status, "AUTHORISED")
		r.Expect(1, 1, 0)

		// The client pays again: another payment.
		r.PayAs(card(o, "110.00", "APPROVED"))
		time.Sleep(time.Hour)
		same(t, "paid again", r.Run().Payments.Created, 1)
		same(t, "status", inXero(t, r, o).Status, "PAID")
		r.Expect(1, 1, 1)
	})
}

// What the ledger does not let go is shown to a person: a reconciled payment, and one in a locked period.
func TestVoidedAfterReconciling(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		a, b := r.Order("110.00", false), r.Order("220.00", false)
		p, q := r.PayAs(card(a, "110.00", "APPROVED")), r.PayAs(card(b, "220.00", "APPROVED"))
		r.Run()
		rig.Check(t, r.Xero.Books().ReconcilePayment(paymentsOf(r, inXero(t, r, a))[0].PaymentID))
		rig.Check(t, r.Keap.VoidPayment(p.ID))
		time.Sleep(25 * time.Hour)
		rep := r.Run()
		counted(t, "reconciled", rep.Payments, tally{"parked reverse_by_hand": 1})
		owed(t, rep, nil)
		same(t, "writes", rep.Writes, 0)
		r.Expect(2, 2, 2)

		rig.Check(t, r.Xero.Books().SetLockDates("2025-01-06", ""))
		rig.Check(t, r.Keap.VoidPayment(q.ID))
		time.Sleep(25 * time.Hour)
		rep = r.Run()
		counted(t, "locked", rep.Payments, tally{"parked reverse_by_hand": 2})
		same(t, "writes", rep.Writes, 0)
		r.Expect(2, 2, 2)

		// A person reverses them by hand: nothing is left to do.
		rig.Check(t, r.Xero.Books().SetLockDates("", ""))
		for _, o := range []infusionsoftfake.Order{a, b} {
			rig.Check(t, r.Xero.Books().DeletePayment(paymentsOf(r, inXero(t, r, o))[0].PaymentID))
		}
		time.Sleep(25 * time.Hour)
		r.Run()
		time.Sleep(25 * time.Hour)
		same(t, "still to be done by hand", r.Run().Payments.Parked["reverse_by_hand"], 0)
		r.Expect(2, 2, 0)
	})
}

// A refund never deletes the payment, which would dun the client: it is parked for a person.
func TestRefunded(t *testing.T) {
	for name, keap := range map[string]infusionsoftfake.Switches{ // of all this the vendor says nothing
		"negative rows":             {},
		"positive rows":             {PositiveRefunds: true},
		"taken off what was paid":   {RefundsReduceTotalPaid: true},
		"payments touch the order":  {PaymentTouchesOrder: true},
		"payments show a bit later": {PaymentLag: 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			flowIn(t, rig.World{Keap: keap}, func(t *testing.T, r *rig.Rig) {
				o := r.Order("110.00", false)
				p := r.PayAs(card(o, "110.00", "APPROVED"))
				time.Sleep(15 * time.Minute)
				r.Run()
				time.Sleep(time.Hour)
				_, err := r.Keap.RefundPayment(p.ID, dec("110.00"))
				rig.Check(t, err)
				time.Sleep(time.Hour)
				rep := r.Run()
				counted(t, "payments", rep.Payments, tally{"parked refund_owed": 1})
				owed(t, rep, map[string]string{"refund_owed": "110.00"})
				same(t, "writes", rep.Writes, 0)
				same(t, "status", inXero(t, r, o).Status, "PAID")
				r.Expect(1, 1, 1)

				// A person books it by hand, and says so.
				for _, l := range owing(t, r) {
					rig.Check(t, r.Push().RefundBooked(t.Context(), ledger.Ref{ID: idOf(o)}, l.SourceID))
				}
				for range 2 {
					rep = r.Run()
					same(t, "still owed", len(rep.Payments.Parked)+len(rep.Owed), 0)
					same(t, "writes", rep.Writes, 0)
					time.Sleep(25 * time.Hour)
				}
			})
		})
	}
}

// owing are the payments of which a person is told that a refund is owed.
func owing(t *testing.T, r *rig.Rig) (links []store.Link) {
	t.Helper()
	rig.Check(t, r.DB.View(t.Context(), func(tx store.Tx) (err error) {
		links, err = tx.Links().List(store.LinkFilter{Pair: store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}, Kind: ledger.KindPayment, Code: "refund_owed"})
		return err
	}))
	if len(links) == 0 {
		t.Fatal("nothing is owed")
	}
	return links
}

// A payment that somebody deletes in the ledger is not booked again by itself.
func TestPaymentDeletedInLedger(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", true)
		r.Run()
		rig.Check(t, r.Xero.Books().DeletePayment(paymentsOf(r, inXero(t, r, o))[0].PaymentID))
		time.Sleep(time.Hour)
		rep := r.Run()
		counted(t, "payments", rep.Payments, tally{"parked payment_deleted_in_ledger": 1})
		owed(t, rep, map[string]string{"payment_deleted_in_ledger": "110.00"})
		time.Sleep(25 * time.Hour)
		rep = r.Run()
		counted(t, "a day later", rep.Payments, tally{"parked payment_deleted_in_ledger": 1})
		same(t, "writes", rep.Writes, 0)
		same(t, "status", inXero(t, r, o).Status, "AUTHORISED")
	})
}

// The bookkeeper was faster: a payment of that amount, within five days, may be the same money.
func TestMaybeAlreadyBooked(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		same5, late := r.Order("110.00", false), r.Order("220.00", false)
		r.Run()
		books := r.Xero.Books()
		// The client's payments are of 5 January: 31 December is five days before, 30 December is six.
		_, err := books.AddPayment(xerofake.Payment{InvoiceID: inXero(t, r, same5).ID, Amount: dec("55.00"), Date: "2024-12-31"})
		rig.Check(t, err)
		_, err = books.AddPayment(xerofake.Payment{InvoiceID: inXero(t, r, late).ID, Amount: dec("55.00"), Date: "2024-12-30"})
		rig.Check(t, err)
		r.Pay(same5.ID, "55.00")
		r.Pay(late.ID, "55.00")
		time.Sleep(time.Hour)
		rep := r.Run()
		counted(t, "payments", rep.Payments, tally{"created": 1, "parked maybe_already_booked": 1})
		owed(t, rep, map[string]string{"maybe_already_booked": "55.00"})
		money(t, "not booked twice", inXero(t, r, same5).AmountDue, "55.00")
		money(t, "booked", inXero(t, r, late).AmountDue, "110.00")
	})
}

// One payment for two orders pays each by its own share, once.
func TestOnePaymentForTwoOrders(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		a, b := r.Order("100.00", false), r.Order("60.00", false)
		r.Run()
		r.PayAs(infusionsoftfake.Payment{Status: "APPROVED", Shares: []infusionsoftfake.Share{{OrderID: a.ID, Amount: dec("100.00")}, {OrderID: b.ID, Amount: dec("60.00")}}})
		time.Sleep(time.Hour)
		counted(t, "payments", r.Run().Payments, tally{"created": 2})
		same(t, "the first", inXero(t, r, a).Status, "PAID")
		same(t, "the second", inXero(t, r, b).Status, "PAID")
		same(t, "writes of the next run", r.Run().Writes, 0)
		r.Expect(2, 2, 2)
	})
}

// What each payment carries: its own mark at the end of the reference, its date and amount, and the
// invoice's id; nothing marks it as reconciled.
func TestPaymentOnTheWire(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		puts := tap(r.Faults, http.MethodPut, "/Payments")
		o := r.Order("110.00", true)
		r.Run()
		l := link(t, r, ledger.KindPayment, rowOf(r, o, 0))
		body := puts()[0].Body
		holds(t, "body", body, `"Date":"2025-01-05"`, string(l.Mark)+`"`, inXero(t, r, o).ID)
		p := paymentsOf(r, inXero(t, r, o))[0]
		same(t, "mark", ledger.MarkIn(p.Reference), l.Mark)
		same(t, "reconciled", p.IsReconciled, false)
		money(t, "amount", p.Amount, "110.00")
		same(t, "parent", l.Parent, idOf(o))
		if !l.Actual.Equal(decimal.NewFromInt(110)) || l.LedgerID != p.PaymentID {
			t.Fatalf("the link says %s, %s", l.Actual, l.LedgerID)
		}
	})
}
