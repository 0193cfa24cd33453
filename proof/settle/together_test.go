package settle

import (
	"context"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/cash"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// beside is a shop that settles into the books that a push writes to, in one store.
func beside(t *testing.T, f func(*testing.T, *rig.Rig, *shop)) {
	t.Helper()
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) {
		r := rig.New(t)
		s := newShop(t, cash.XeroOver(t, r.Xero, r.Faults))
		s.db = r.DB
		f(t, r, s)
	})
}

// A push of invoices, and a host that collects what they ask for: neither takes the other's records for
// somebody else's, and nothing is echoed.
func TestBesideAPush(t *testing.T) {
	beside(t, func(t *testing.T, r *rig.Rig, s *shop) {
		r.Settings.Mode = eligibility.InvoicesOnly
		for range 5 {
			r.Order("110.00", false)
		}
		r.Run()
		for _, inv := range r.LiveInvoices() {
			s.host.Add(inv.ID, "110.00")
		}
		s.counted(s.run(), map[string]int{"created": 5})
		theirs := s.books.Pay(s.books.AddInvoice("9.00"), "9.00", today)
		var ids []string
		for _, p := range s.books.Live() {
			ids = append(ids, p.ID)
		}
		ours, err := s.settle().Ours(context.Background(), ids...)
		rig.Check(t, err)
		if _, taken := ours[theirs]; taken || len(ours) != 5 || len(ids) != 6 {
			t.Fatalf("%v of %v are ours", ours, ids)
		}
		s.books.DeletePayment(theirs)
		for range 4 {
			time.Sleep(25 * time.Hour)
			writes := r.Xero.Writes()
			rep := r.Run()
			s.run()
			if rep.Writes != 0 || r.Xero.Writes() != writes || len(rep.Invoices.Parked) != 0 {
				t.Fatalf("%+v", rep)
			}
		}
		r.Expect(6, 6, 5) // with the bookkeeper's own
	})
}

func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		t.Fatal("want an error")
	}
	return ledger.Code(err)
}

// An invoice's payments have one origin.
func TestTwoOrigins(t *testing.T) {
	beside(t, func(t *testing.T, r *rig.Rig, s *shop) {
		r.Order("110.00", false)
		r.Run() // with payments
		pushed := r.LiveInvoices()[0].ID
		if err := invoicesync.OneOrigin([]invoicesync.SettleSettings{s.settings}, []invoicesync.Settings{r.Settings}); err == nil {
			t.Fatal("two origins were not refused where they are saved")
		}
		_, err := s.settle().Run(context.Background())
		if code(t, err) != "two_origins" {
			t.Fatal(err)
		}
		problems, err := s.settle().Check(context.Background())
		rig.Check(t, err)
		if len(problems) != 1 || problems[0].Code != "two_origins" {
			t.Fatalf("%+v", problems)
		}
		// What the push wrote is left to it; the rest is the host's.
		s.settings.LeavePushed = true
		rig.Check(t, invoicesync.OneOrigin([]invoicesync.SettleSettings{s.settings}, []invoicesync.Settings{r.Settings}))
		other := s.books.AddInvoice("60.00")
		s.host.Add(pushed, "110.00")
		s.host.Add(other, "60.00")
		s.counted(s.run(), map[string]int{"created": 1, "parked other_origin": 1})
		s.holds(paid(other, "60.00"))
		// The push no longer books payments: its invoices are the host's too.
		r.Settings.Mode = eligibility.InvoicesOnly
		r.Run()
		s.settings.LeavePushed = false
		s.counted(s.run(), map[string]int{"created": 1})
		s.holds(paid(other, "60.00"), paid(pushed, "110.00"))
	})
}

// A second account of the host may not settle into the same books until the first gives them up.
func TestTwoAccounts(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		s.host.Add(inv, "110.00")
		s.run()
		second := newShop(t, s.books)
		second.db, second.settings.Host.ID = s.db, "acct-8"
		if invoicesync.OneOrigin([]invoicesync.SettleSettings{s.settings, second.settings}, nil) == nil {
			t.Fatal("two accounts were not refused where they are saved")
		}
		_, err := second.settle().Run(context.Background())
		if code(t, err) != "two_origins" {
			t.Fatal(err)
		}
		rig.Check(t, s.settle().Withdraw(context.Background()))
		second.run()
		if _, err := s.settle().Run(context.Background()); code(t, err) != "two_origins" {
			t.Fatal(err)
		}
	})
}

// A push meets what the host booked, of the same amount: it may be the same money, entered in both places.
func TestTheSameMoneyFromBothSides(t *testing.T) {
	beside(t, func(t *testing.T, r *rig.Rig, s *shop) {
		r.Settings.Mode = eligibility.InvoicesOnly
		o := r.Order("110.00", false)
		r.Run()
		s.host.Add(r.LiveInvoices()[0].ID, "40.00")
		s.run()
		r.Pay(o.ID, "40.00")
		r.Settings.Mode = eligibility.AsRaised
		time.Sleep(time.Hour)
		rep := r.Run()
		if rep.Payments.Parked["maybe_already_booked"] != 1 || rep.Writes != 0 {
			t.Fatalf("%+v", rep)
		}
	})
}

// The connection leads elsewhere, the account is gone, or the settings contradict themselves.
func TestRefused(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		s.host.Add(inv, "110.00")
		s.settings.Payments.Account = "nowhere"
		problems, err := s.settle().Check(context.Background())
		rig.Check(t, err)
		if len(problems) != 1 || problems[0].Code != "payment_account_missing" || problems[0].Setting != "Payments.Account" {
			t.Fatalf("%+v", problems)
		}
		s.counted(s.run(), map[string]int{"parked payment_account_missing": 1})
		s.settings.Payments.Account = s.books.Bank()
		s.counted(s.run(), map[string]int{"created": 1})

		for name, change := range map[string]func(*invoicesync.SettleSettings){
			"host":     func(o *invoicesync.SettleSettings) { o.Host = ledger.OrganisationID{} },
			"ledger":   func(o *invoicesync.SettleSettings) { o.Ledger = ledger.OrganisationID{} },
			"same":     func(o *invoicesync.SettleSettings) { o.Host = o.Ledger },
			"currency": func(o *invoicesync.SettleSettings) { o.Currency = "dollars" },
			"account":  func(o *invoicesync.SettleSettings) { o.Payments = invoicesync.PaymentSettings{} },
			"method":   func(o *invoicesync.SettleSettings) { o.Payments.Accounts = map[string]string{"card": ""} },
		} {
			settings := s.settings
			change(&settings)
			if _, err := invoicesync.NewSettle(s.db, s.host, s.books.Open(), settings, nil); err == nil {
				t.Errorf("%s: not refused", name)
			}
		}
		cannot := s.books.Open()
		if _, err := invoicesync.NewSettle(s.db, s.host, powerless{cannot}, s.settings, nil); err == nil {
			t.Error("a ledger that cannot book payments was taken")
		}
	})
}

type powerless struct{ ledger.Ledger }

func (powerless) Powers() ledger.Powers { return ledger.Powers{} }
