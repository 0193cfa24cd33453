// Package settle proves the flow that books what a host collected, on Xero and on QuickBooks: the real engine
// and the real adapters over the fakes, in virtual time. Expected values are worked out by hand.
package settle

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/cash"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// shop is a host, its flow, and the books that it settles into.
type shop struct {
	t        *testing.T
	host     *cash.Host
	books    cash.Books
	db       store.Store
	settings invoicesync.SettleSettings
	opts     invoicesync.Options
}

// each runs f for each ledger, in virtual time: it is a Monday of January 2025, 12:00 UTC, evening in Sydney.
func each(t *testing.T, f func(*testing.T, *shop)) {
	t.Helper()
	t.Parallel()
	for _, open := range cash.Ledgers() {
		t.Run(nameOf(t, open), func(t *testing.T) {
			t.Parallel()
			rig.Bubble(t, func(t *testing.T) {
				defer time.Sleep(time.Hour) // what a fault still has to commit
				f(t, newShop(t, open(t)))
			})
		})
	}
}

func nameOf(t *testing.T, open func(*testing.T) cash.Books) string {
	t.Helper()
	return open(t).Name()
}

func newShop(t *testing.T, books cash.Books) *shop {
	t.Helper()
	key, err := store.NewKey("test")
	rig.Check(t, err)
	ring, err := store.NewKeyring(key)
	rig.Check(t, err)
	return &shop{
		t: t, host: cash.NewHost(), books: books, db: store.NewMemory(),
		opts: invoicesync.Options{Sealer: ring, Owner: "here", MemoryStore: true},
		settings: invoicesync.SettleSettings{Host: cash.Account(), Ledger: books.ID(), Processing: true, Currency: "AUD",
			Payments: invoicesync.PaymentSettings{Account: books.Bank(), Accounts: map[string]string{"paypal": books.Savings()}}},
	}
}

func (s *shop) settle() *invoicesync.Settle { return s.over(s.books.Open()) }

func (s *shop) over(books ledger.Ledger) *invoicesync.Settle {
	s.t.Helper()
	f, err := invoicesync.NewSettle(s.db, s.host, books, s.settings, &s.opts)
	rig.Check(s.t, err)
	return f
}

// run runs the flow once, and checks that its report adds up.
func (s *shop) run() invoicesync.Report {
	s.t.Helper()
	rep, err := s.settle().Run(context.Background())
	rig.Check(s.t, err)
	s.addsUp(rep)
	return rep
}

func (s *shop) addsUp(rep invoicesync.Report) {
	s.t.Helper()
	if rep.Payments.Sum() != rep.Payments.Read || rep.Invoices.Read != 0 {
		s.t.Fatalf("%d judged, states sum to %d: %+v", rep.Payments.Read, rep.Payments.Sum(), rep)
	}
}

// rest runs until nothing is uncertain or deferred, sleeping as the reports say.
func (s *shop) rest() invoicesync.Report {
	s.t.Helper()
	for range 12 {
		rep, err := s.settle().Run(context.Background())
		if err != nil && !errors.Is(err, ledger.ErrLater) {
			s.t.Fatal(err)
		}
		if err == nil && rep.Payments.Uncertain+rep.Payments.Deferred == 0 {
			s.addsUp(rep)
			return rep
		}
		d := time.Minute
		if !rep.ResumeAt.IsZero() {
			d = max(time.Until(rep.ResumeAt)+time.Second, time.Second)
		}
		time.Sleep(d)
	}
	s.t.Fatal("the flow never came to rest")
	return invoicesync.Report{}
}

// quiet checks, an hour later, that nothing is left to do: no write, and one call for each sort of change.
func (s *shop) quiet() {
	s.t.Helper()
	time.Sleep(time.Hour) // readings of changes overlap
	calls, writes := s.books.Calls(), s.books.Writes()
	rep := s.run()
	if s.books.Writes() != writes || rep.Writes != 0 {
		s.t.Fatalf("a run with nothing to do wrote: %+v", rep)
	}
	// The newest marks, the payments and the invoices that changed.
	if n := s.books.Calls() - calls; n > 3 {
		s.t.Fatalf("a run with nothing to do took %d calls", n)
	}
}

// holds compares what stands in the books: the amounts, by invoice, in any order.
func (s *shop) holds(want ...cash.Booked) {
	s.t.Helper()
	got := map[cash.Booked]int{}
	for _, p := range s.books.Live() {
		got[cash.Booked{Invoice: p.Invoice, Amount: p.Amount, Account: p.Account}]++
	}
	wanted := map[cash.Booked]int{}
	for _, w := range want {
		if w.Account == "" {
			w.Account = s.books.Bank()
		}
		wanted[w]++
	}
	if !maps.Equal(got, wanted) {
		s.t.Fatalf("the books hold %v, want %v", got, wanted)
	}
}

func paid(invoice, amount string) cash.Booked { return cash.Booked{Invoice: invoice, Amount: amount} }

// counted compares a report's counts, by name: created, already, updated, refused, uncertain, deferred,
// "skipped code" and "parked code". What is not named must be zero, already aside.
func (s *shop) counted(rep invoicesync.Report, want map[string]int) {
	s.t.Helper()
	c := rep.Payments
	got := map[string]int{}
	for name, n := range map[string]int{"created": c.Created, "already": c.Already, "updated": c.Updated, "refused": c.Refused, "uncertain": c.Uncertain, "deferred": c.Deferred} {
		if n != 0 {
			got[name] = n
		}
	}
	for code, n := range c.Skipped {
		got["skipped "+code] = n
	}
	for code, n := range c.Parked {
		got["parked "+code] = n
	}
	if _, named := want["already"]; !named {
		delete(got, "already")
	}
	if !maps.Equal(got, want) {
		s.t.Fatalf("counted %v, want %v", got, want)
	}
}

// creating is a fault of the request that books payments.
func (s *shop) creating(kind faults.Kind, change ...func(*faults.Fault)) {
	f := s.books.Creating()
	f.Kind = kind
	for _, c := range change {
		c(&f)
	}
	s.books.Faults().Add(f)
}

func after(d time.Duration) func(*faults.Fault) { return func(f *faults.Fault) { f.Delay = d } }
func times(n int) func(*faults.Fault)           { return func(f *faults.Fault) { f.Times = n } }

func by(method string) func(*ledger.Payment) { return func(p *ledger.Payment) { p.Method = method } }
func status(s ledger.PaymentStatus) func(*ledger.Payment) {
	return func(p *ledger.Payment) { p.Status = s }
}
