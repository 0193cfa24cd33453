package settle

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

func (s *shop) reconcile() *invoicesync.Reconcile {
	s.t.Helper()
	c, err := invoicesync.NewReconcile(nil, s.settle(), nil)
	rig.Check(s.t, err)
	return c
}

func said(d invoicesync.Difference) string {
	return strings.TrimSpace(string(d.Kind) + " " + d.Code + " " + d.InSource.StringFixed(2) + "/" + d.InLedger.StringFixed(2) + " " + string(d.Fix))
}

// shows compares both sides, which writes nothing.
func (s *shop) shows(want ...string) []invoicesync.Difference {
	s.t.Helper()
	writes := s.books.Writes()
	var list []invoicesync.Difference
	var got []string
	for d, err := range s.reconcile().Differences(context.Background(), today.AddDays(-30), today.AddDays(30)) {
		rig.Check(s.t, err)
		list, got = append(list, d), append(got, said(d))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || s.books.Writes() != writes {
		s.t.Fatalf("the comparison shows %q, want %q; it wrote %d", got, want, s.books.Writes()-writes)
	}
	return list
}

// mends repairs the one difference in one run, and sees that nothing is left to repair or to do.
func (s *shop) mends(want string) {
	s.t.Helper()
	d := s.shows(want)[0]
	if d.Fix.NeedsAgreement() {
		if _, err := s.reconcile().Repair(context.Background(), d); err == nil {
			s.t.Fatalf("%s was done without a person's word", d.Fix)
		}
		d.Agreed = true
	}
	rep, err := s.reconcile().Repair(context.Background(), d)
	rig.Check(s.t, err)
	s.addsUp(rep)
	s.shows()
	time.Sleep(time.Hour)
	writes := s.books.Writes()
	if rep := s.run(); s.books.Writes() != writes || len(rep.Payments.Parked) != 0 {
		s.t.Fatalf("after the repair the flow still has something to do: %+v", rep)
	}
}

// Each difference between what a host collected and what is booked of it, and its repair.
func TestReconcile(t *testing.T) {
	for want, c := range map[string]struct {
		begin func(s *shop, invoice, id string)
		after []string // the amounts in the books
	}{
		"payment missing 30.00/0.00 write":            {func(s *shop, inv, _ string) { s.host.Add(inv, "30.00") }, []string{"60.00", "30.00"}},
		"payment gone_in_ledger 60.00/0.00 recreate":  {func(s *shop, _, _ string) { s.books.DeletePayment(s.books.Live()[0].ID) }, []string{"60.00"}},
		"payment voided_in_source 60.00/60.00 delete": {func(s *shop, _, id string) { s.host.ChangeInSilence(id, status(ledger.PaymentFailed)) }, nil},
		"payment amount_differs 45.00/60.00 replace": {func(s *shop, _, id string) {
			s.host.ChangeInSilence(id, func(p *ledger.Payment) { p.Amount = decimal.RequireFromString("45") })
		}, []string{"45.00"}},
		"payment content_differs 60.00/60.00 replace": {func(s *shop, _, id string) {
			s.host.ChangeInSilence(id, func(p *ledger.Payment) { p.PaidAt = p.PaidAt.AddDate(0, 0, -1) })
		}, []string{"60.00"}},
		"payment gone_in_source 0.00/60.00 delete": {func(s *shop, _, id string) { s.host.Forget(id) }, nil},
		"payment looks_the_same 25.00/25.00 adopt": {func(s *shop, inv, _ string) {
			s.books.Pay(inv, "25.00", today)
			s.host.Add(inv, "25.00")
			s.run()
		}, []string{"60.00", "25.00"}},
	} {
		t.Run(strings.Fields(want)[1], func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				inv := s.books.AddInvoice("110.00")
				id := s.host.Add(inv, "60.00")
				s.run()
				s.shows()
				time.Sleep(time.Minute)
				c.begin(s, inv, id)
				s.mends(want)
				var amounts []string
				for _, p := range s.books.Live() {
					amounts = append(amounts, p.Amount)
				}
				slices.Sort(amounts)
				slices.Sort(c.after)
				if !slices.Equal(amounts, c.after) {
					t.Fatalf("the books hold %v, want %v", amounts, c.after)
				}
			})
		})
	}
}

// A payment whose day turns out to lie in a locked period stays booked where it is: it could not be booked again.
func TestReplaceIntoLockedPeriod(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "60.00")
		s.run()
		s.host.ChangeInSilence(id, func(p *ledger.Payment) { p.PaidAt = p.PaidAt.AddDate(0, 0, -3) })
		s.books.LockUpTo(today.AddDays(-2))
		d := s.shows("payment content_differs 60.00/60.00 replace")[0]
		if _, err := s.reconcile().Repair(context.Background(), d); err == nil || !strings.Contains(err.Error(), "locked up to "+today.AddDays(-2).String()) {
			t.Fatalf("want an error that names the lock: %v", err)
		}
		s.holds(paid(inv, "60.00"))
	})
}

// What a program must not decide is said, and not repaired.
func TestReconcileByHand(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "60.00")
		s.run()
		s.host.ChangeInSilence(id, status(ledger.PaymentRefunded))
		d := s.shows("payment refund_owed 60.00/60.00")[0]
		if _, err := s.reconcile().Repair(context.Background(), d); err == nil {
			t.Fatal("a refund was repaired")
		}
		d.Flow, d.Fix = "push a>b", invoicesync.FixDelete
		if _, err := s.reconcile().Repair(context.Background(), d); err == nil {
			t.Fatal("a difference of another flow was taken")
		}
		s.holds(paid(inv, "60.00"))
	})
}

// A payment in doubt is said, and the repair ends the doubt as soon as it can.
func TestReconcileInDoubt(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		s.host.Add(inv, "60.00")
		s.creating(faults.CommitLate, after(2*time.Minute))
		s.creating(faults.LoseRequest, times(-1))
		s.run()
		d := s.shows("payment in_doubt 60.00/0.00 wait")[0]
		time.Sleep(10 * time.Minute)
		_, err := s.reconcile().Repair(context.Background(), d)
		rig.Check(t, err)
		s.shows()
		s.holds(paid(inv, "60.00"))
	})
}

// A stale difference leads to nothing: the repair looks once more.
func TestStaleDifference(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "60.00")
		missing := s.shows("payment missing 60.00/0.00 write")[0]
		s.run()
		s.host.ChangeInSilence(id, status(ledger.PaymentFailed))
		failed := s.shows("payment voided_in_source 60.00/60.00 delete")[0]
		s.host.ChangeInSilence(id, status(ledger.PaymentConfirmed))
		writes := s.books.Writes()
		for _, d := range []invoicesync.Difference{missing, failed} {
			_, err := s.reconcile().Repair(context.Background(), d)
			rig.Check(t, err)
		}
		missing.Fix, missing.Agreed = invoicesync.FixRecreate, true
		if _, err := s.reconcile().Repair(context.Background(), missing); err == nil {
			t.Fatal("a payment that stands was to be booked again")
		}
		if s.books.Writes() != writes {
			t.Fatal("a stale difference wrote")
		}
		s.holds(paid(inv, "60.00"))
	})
}
