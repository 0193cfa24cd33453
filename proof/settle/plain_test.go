package settle

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// F31: only once the money is confirmed, to the account of its method.
func TestConfirmedMoneyIsBooked(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		a, b, c := s.books.AddInvoice("110.00"), s.books.AddInvoice("80.00"), s.books.AddInvoice("50.00")
		s.host.Add(a, "110.00")
		s.host.Add(b, "30.00", by("paypal"))
		s.host.Add(b, "20.00")
		pending := s.host.Add(c, "50.00", status(ledger.PaymentPending))
		s.host.Add(c, "50.00", status(ledger.PaymentFailed))
		rep := s.run()
		s.counted(rep, map[string]int{"created": 3, "skipped payment_pending": 1, "skipped payment_failed": 1})
		byPaypal := paid(b, "30.00")
		byPaypal.Account = s.books.Savings()
		s.holds(paid(a, "110.00"), byPaypal, paid(b, "20.00"))
		if s.books.Balance(a) != "0.00" || s.books.Balance(b) != "30.00" || s.books.Balance(c) != "50.00" {
			t.Fatalf("balances %s, %s, %s", s.books.Balance(a), s.books.Balance(b), s.books.Balance(c))
		}
		for _, p := range s.books.Live() {
			// 12:00 UTC is 23:00 in Sydney; both companies keep their books there.
			if p.Date != "2025-01-06" || !strings.Contains(p.Note, "Card ") {
				t.Fatalf("%+v", p)
			}
		}
		s.quiet()
		// A pending payment is watched, whether the host says that it changed or not.
		s.host.ChangeInSilence(pending, status(ledger.PaymentConfirmed))
		s.counted(s.run(), map[string]int{"created": 1})
		s.holds(paid(a, "110.00"), byPaypal, paid(b, "20.00"), paid(c, "50.00"))
		s.quiet()
	})
}

// The day of a payment is that of the ledger's calendar.
func TestDayOfTheLedger(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		time.Sleep(2 * time.Hour) // 14:00 UTC is one o'clock of the next day in Sydney
		s.host.Add(inv, "110.00")
		s.run()
		if got := s.books.Live()[0].Date; got != "2025-01-07" {
			t.Fatalf("booked on %s", got)
		}
	})
}

// Preview says the exact payments, and writes nothing.
func TestPreviewWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		one := s.host.Add(inv, "60.00")
		two := s.host.Add(inv, "50.00")
		three := s.host.Add(inv, "10.00")
		s.settings.Processing = false
		writes := s.books.Writes()
		reasons, drafts := map[string]string{}, map[string]decimal.Decimal{}
		for range 2 {
			clear(drafts)
			for planned, err := range s.settle().Preview(context.Background()) {
				rig.Check(t, err)
				if planned.Payment != nil {
					drafts[planned.Source.ID] = planned.Payment.Amount
					if planned.Payment.Account != s.books.Bank() || !planned.Payment.Mark.Valid() || planned.Payment.InvoiceID != inv {
						t.Fatalf("%+v", planned.Payment)
					}
				} else {
					reasons[planned.Source.ID] = planned.Reasons[0].Code
				}
			}
		}
		if len(drafts) != 2 || drafts[one].String() != "60" || drafts[two].String() != "50" || reasons[three] != "overpays" {
			t.Fatalf("%v, %v", drafts, reasons)
		}
		if s.books.Writes() != writes {
			t.Fatal("a preview wrote")
		}
		if _, err := s.settle().Run(context.Background()); err != invoicesync.ErrProcessingOff { //nolint:errorlint // it is returned as it is
			t.Fatal(err)
		}
		s.holds()
		if _, err := s.settle().One(context.Background(), "nobody's"); !errors.Is(err, ledger.ErrNotFound) {
			t.Fatal(err)
		}
		rep, err := s.settle().One(context.Background(), two)
		rig.Check(t, err)
		s.counted(rep, map[string]int{"created": 1})
		s.holds(paid(inv, "50.00"))
	})
}
