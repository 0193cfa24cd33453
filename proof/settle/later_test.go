package settle

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/cash"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

var today = ledger.MustDate("2025-01-06")

// A payment fails after it was booked: it is taken back, and when it is tried again and comes in, it is booked
// as another one.
func TestFailedLater(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "110.00")
		s.run()
		s.host.Set(id, ledger.PaymentFailed)
		s.counted(s.run(), map[string]int{"updated": 1})
		s.holds()
		if s.books.Balance(inv) != "110.00" {
			t.Fatalf("still owed: %s", s.books.Balance(inv))
		}
		s.quiet()
		s.host.Set(id, ledger.PaymentConfirmed)
		s.counted(s.run(), map[string]int{"created": 1})
		s.holds(paid(inv, "110.00"))
		s.quiet()
	})
}

// The same, and the host says nothing: the sweep finds it.
func TestFailedLaterInSilence(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "110.00")
		s.run()
		s.host.ChangeInSilence(id, status(ledger.PaymentReversed))
		s.run()
		s.holds(paid(inv, "110.00"))
		time.Sleep(25 * time.Hour)
		s.run()
		s.holds()
		s.quiet()
	})
}

// The deletion's answer is lost, or it is carried out late: it is looked up, and made once.
func TestDeletionLost(t *testing.T) {
	for _, kind := range []faults.Kind{faults.LoseAnswer, faults.LoseRequest, faults.CommitLate} {
		t.Run(string(kind), func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				inv := s.books.AddInvoice("110.00")
				id := s.host.Add(inv, "110.00")
				s.run()
				time.Sleep(time.Minute)
				s.host.Set(id, ledger.PaymentFailed)
				f := s.books.Deleting()
				f.Kind, f.Delay = kind, 3*time.Minute
				s.books.Faults().Add(f)
				s.rest()
				time.Sleep(time.Hour)
				rep := s.rest()
				if len(rep.Payments.Parked) != 0 {
					t.Fatalf("%+v", rep.Payments)
				}
				s.holds()
				s.quiet()
			})
		})
	}
}

// What cannot be deleted is for a person; once that person has deleted it, all is said.
func TestReverseByHand(t *testing.T) {
	for what, hold := range map[string]func(*shop, cash.Booked){
		"held":   func(s *shop, p cash.Booked) { s.books.Hold(p.ID) },
		"locked": func(s *shop, _ cash.Booked) { s.books.LockUpTo(today) },
	} {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				inv := s.books.AddInvoice("110.00")
				id := s.host.Add(inv, "110.00")
				s.run()
				booked := s.books.Live()[0]
				hold(s, booked)
				s.host.Set(id, ledger.PaymentFailed)
				writes := s.books.Writes()
				s.counted(s.run(), map[string]int{"parked reverse_by_hand": 1})
				s.counted(s.run(), map[string]int{"parked reverse_by_hand": 1})
				if s.books.Writes() != writes {
					t.Fatal("it was tried all the same")
				}
				s.holds(paid(inv, "110.00"))
				s.books.LockUpTo(today.AddDays(-30)) // a person has to open the period first, too
				s.books.DeletePayment(booked.ID)
				s.counted(s.run(), map[string]int{"skipped payment_reversed": 1})
				s.quiet()
			})
		})
	}
}

// clears has a person say that a refund was booked by hand: nobody is told of it any more, and nothing is written.
func (s *shop) clears(id string) {
	s.t.Helper()
	writes := s.books.Writes()
	rig.Check(s.t, s.settle().RefundBooked(context.Background(), id))
	if err := s.settle().RefundBooked(context.Background(), id); err == nil {
		s.t.Fatal("a refund was cleared twice")
	}
	for range 2 {
		s.host.Change(id, func(p *ledger.Payment) { p.Reference += "." }) // judged again
		rep := s.run()
		if len(rep.Payments.Parked) != 0 || !rep.Owed["refund_owed"].IsZero() || s.books.Writes() != writes {
			s.t.Fatalf("%+v", rep)
		}
		time.Sleep(time.Hour)
	}
}

// Money given back is never taken for a payment that never was: the client would be dunned.
func TestRefundedLater(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "110.00")
		s.run()
		writes := s.books.Writes()
		s.host.Set(id, ledger.PaymentRefunded)
		for range 2 {
			s.counted(s.run(), map[string]int{"parked refund_owed": 1})
		}
		if s.books.Writes() != writes {
			t.Fatal("something was written for a refund")
		}
		s.holds(paid(inv, "110.00"))
		s.clears(id)
	})
}

// A refund that is a record of its own is shown, and one of money that was never booked needs nothing.
func TestRefundRecords(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "110.00")
		s.run()
		s.host.Add(inv, "40.00", status(ledger.PaymentRefunded), func(p *ledger.Payment) { p.RefundOf = id })
		rep := s.run()
		s.counted(rep, map[string]int{"parked refund_owed": 1})
		if rep.Owed["refund_owed"].String() != "40" {
			t.Fatalf("owed %v", rep.Owed)
		}
		s.clears("pay_002")
		s.host.Add(inv, "5.00", status(ledger.PaymentRefunded), func(p *ledger.Payment) { p.RefundOf = id })
		other := s.books.AddInvoice("60.00")
		s.host.Add(other, "60.00", status(ledger.PaymentRefunded))
		s.counted(s.run(), map[string]int{"skipped payment_refunded": 1, "parked refund_owed": 1})
		s.holds(paid(inv, "110.00"))
	})
}

// Too much is parked, or booked up to the balance with the rest reported.
func TestOverpaying(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		s.host.Add(inv, "100.00")
		s.host.Add(inv, "30.00")
		rep := s.run()
		s.counted(rep, map[string]int{"created": 1, "parked overpays": 1})
		if rep.Owed["overpays"].String() != "30" {
			t.Fatalf("owed %v", rep.Owed)
		}
		s.holds(paid(inv, "100.00"))
		s.quiet()
		// The settings let it: 10.00 of the 30.00 fit.
		s.settings.Payments.UpToBalance = true
		rep = s.run()
		s.counted(rep, map[string]int{"created": 1})
		if rep.Owed["overpays_rest"].String() != "20" {
			t.Fatalf("owed %v", rep.Owed)
		}
		s.holds(paid(inv, "100.00"), paid(inv, "10.00"))
		s.quiet()
	})
}

// Parked because there was no room; the first payment fails, and then there is: the invoice has changed.
func TestRoomIsMade(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		first := s.host.Add(inv, "110.00")
		s.host.Add(inv, "109.00")
		s.counted(s.run(), map[string]int{"created": 1, "parked invoice_paid": 1})
		s.host.Set(first, ledger.PaymentFailed)
		s.run()
		s.holds(paid(inv, "109.00"))
		s.quiet()
	})
}

// What the bookkeeper has matched already is not booked a second time, and a person may say that it is the same.
func TestMaybeBookedAlready(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("300.00")
		theirs := s.books.Pay(inv, "110.00", today.AddDays(-5))
		id := s.host.Add(inv, "110.00")
		s.counted(s.run(), map[string]int{"parked maybe_already_booked": 1})
		s.counted(s.run(), map[string]int{"parked maybe_already_booked": 1})
		if len(s.books.Live()) != 1 {
			t.Fatal("the same money was booked twice")
		}
		rig.Check(t, s.settle().Adopt(context.Background(), id, theirs))
		s.quiet()
		if len(s.books.Live()) != 1 {
			t.Fatal("adopting wrote")
		}
		// It is ours now, and follows the host.
		s.host.Set(id, ledger.PaymentFailed)
		s.run()
		if len(s.books.Live()) != 0 {
			t.Fatal("it failed, and stands")
		}
	})
}

// Six days apart is another payment; and so is another amount.
func TestNotTheSameMoney(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a, b := s.books.AddInvoice("300.00"), s.books.AddInvoice("300.00")
		s.books.Pay(a, "110.00", today.AddDays(-6))
		s.books.Pay(b, "110.01", today)
		s.host.Add(a, "110.00")
		s.host.Add(b, "110.00")
		s.counted(s.run(), map[string]int{"created": 2})
	})
}

// Why a payment is not booked, by the state of its invoice, its day, its currency and its account.
func TestParkedWithItsReason(t *testing.T) {
	set := func(f func(*ledger.Payment)) []func(*ledger.Payment) { return []func(*ledger.Payment){f} }
	for want, c := range map[string]struct {
		prepare func(*shop, string)
		change  []func(*ledger.Payment)
	}{
		"invoice_voided":   {prepare: func(s *shop, inv string) { s.books.VoidInvoice(inv) }},
		"invoice_paid":     {prepare: func(s *shop, inv string) { s.books.Pay(inv, "110.00", today.AddDays(-30)) }},
		"locked_period":    {prepare: func(s *shop, _ string) { s.books.LockUpTo(today) }},
		"invoice_missing":  {change: set(func(p *ledger.Payment) { p.InvoiceID = "" })},
		"payment_currency": {change: set(func(p *ledger.Payment) { p.Currency = "USD" })},
		"payment_undated":  {change: set(func(p *ledger.Payment) { p.PaidAt = time.Time{} })},
		"precision":        {change: set(func(p *ledger.Payment) { p.Amount = p.Amount.Shift(-4) })}, // 0.011
		"several_invoices": {change: set(func(p *ledger.Payment) { p.InvoiceIDs = []string{p.InvoiceID, "2"} })},
		"payment_account_missing": {prepare: func(s *shop, _ string) {
			s.settings.Payments = invoicesync.PaymentSettings{Accounts: map[string]string{"cash": s.books.Bank()}}
		}},
	} {
		t.Run(want, func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				inv := s.books.AddInvoice("110.00")
				if c.prepare != nil {
					c.prepare(s, inv)
				}
				s.host.Add(inv, "110.00", c.change...)
				writes := s.books.Writes()
				for range 2 {
					s.counted(s.run(), map[string]int{"parked " + want: 1})
				}
				if s.books.Writes() != writes {
					t.Fatal("it was written")
				}
			})
		})
	}
}

// An invoice that the ledger does not have.
func TestUnknownInvoice(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		unknown := "987654"
		if s.books.Name() == "xero" {
			unknown = "11111111-2222-3333-4444-555555555555"
		}
		s.host.Add(unknown, "110.00")
		s.counted(s.run(), map[string]int{"parked invoice_unknown": 1})
	})
}

// A period that is opened again lets its payments go on, by themselves.
func TestUnlocked(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		s.books.LockUpTo(today)
		s.host.Add(inv, "110.00")
		s.counted(s.run(), map[string]int{"parked locked_period": 1})
		s.books.LockUpTo(ledger.MustDate("2024-12-31"))
		s.counted(s.run(), map[string]int{"created": 1})
		s.holds(paid(inv, "110.00"))
	})
}

// The host's word changes while a write is in doubt: it is heard once the doubt is over.
func TestChangedWhileInDoubt(t *testing.T) {
	for name, arrives := range map[string]bool{"arrived": true, "never arrived": false} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				a, b := s.books.AddInvoice("110.00"), s.books.AddInvoice("110.00")
				failed := s.host.Add(a, "110.00")
				refunded := s.host.Add(b, "110.00")
				if arrives {
					s.creating(faults.CommitLate, after(2*time.Minute))
				}
				s.creating(faults.LoseRequest, times(-1))
				if rep := s.run(); rep.Payments.Uncertain != 2 {
					t.Fatalf("%+v", rep.Payments)
				}
				s.host.Set(failed, ledger.PaymentFailed)
				s.host.Set(refunded, ledger.PaymentRefunded)
				s.run()                   // the host's cursor moves past its word
				time.Sleep(3 * time.Hour) // no key lives as long
				s.books.Faults().Clear()
				rep := s.rest()
				if arrives {
					s.counted(rep, map[string]int{"updated": 1, "parked refund_owed": 1})
					s.holds(paid(b, "110.00"))
				} else {
					s.counted(rep, map[string]int{"skipped payment_failed": 1, "skipped payment_refunded": 1})
					s.holds()
				}
			})
		})
	}
}

// Somebody deletes a booked payment: it is not booked again by itself, and is on a person's word.
func TestDeletedInLedger(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "110.00")
		s.run()
		s.books.DeletePayment(s.books.Live()[0].ID)
		for range 2 {
			s.counted(s.run(), map[string]int{"parked payment_deleted_in_ledger": 1})
		}
		s.holds()
		rig.Check(t, s.settle().Rebook(context.Background(), id))
		s.counted(s.run(), map[string]int{"created": 1})
		s.holds(paid(inv, "110.00"))
		s.quiet()
		// Deleted again, and then it fails at the host: there is nothing left to do.
		s.books.DeletePayment(s.books.Live()[0].ID)
		s.run()
		s.host.Set(id, ledger.PaymentFailed)
		s.counted(s.run(), map[string]int{"skipped payment_failed": 1})
		// And comes in after all.
		s.host.Set(id, ledger.PaymentConfirmed)
		s.counted(s.run(), map[string]int{"created": 1})
		s.holds(paid(inv, "110.00"))
	})
}

// The host loses a payment that is booked, and one that is not.
func TestHostForgets(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		booked := s.host.Add(inv, "60.00")
		waiting := s.host.Add(inv, "50.00", status(ledger.PaymentPending))
		s.run()
		s.host.Forget(booked)
		s.host.Forget(waiting)
		time.Sleep(25 * time.Hour)
		s.counted(s.run(), map[string]int{"skipped deleted": 1, "parked deleted_in_source": 1})
		s.holds(paid(inv, "60.00"))
	})
}

// A run is stopped before it floods the books.
func TestMaxCreates(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		want := s.many(10)
		s.opts.MaxCreates = 4
		rep := s.run()
		if rep.Payments.Created != 4 || rep.Stopped != "max_creates" {
			t.Fatalf("%+v", rep)
		}
		s.run()
		s.run()
		s.holds(want...)
	})
}

// No token and nothing of a client in what is reported.
func TestNothingLeaks(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		var said strings.Builder
		s.opts.Observer = func(e invoicesync.Event) { said.WriteString(e.Message) }
		inv := s.books.AddInvoice("110.00")
		s.host.Add(inv, "120.00")
		s.creating(faults.LoseAnswer)
		s.run()
		if text := said.String(); text == "" || strings.Contains(text, cash.Token) || strings.Contains(text, "Client ") {
			t.Fatalf("%q", text)
		}
	})
}
