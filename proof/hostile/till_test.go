package hostile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/cash"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// till is a host that collects money, and the books that it is settled into.
type till struct {
	*testing.T
	host     *cash.Host
	books    cash.Books
	db       store.Store
	settings invoicesync.SettleSettings
	opts     invoicesync.Options
}

// onTills runs f for each ledger.
func onTills(t *testing.T, f func(*till)) {
	t.Helper()
	t.Parallel()
	for _, open := range cash.Ledgers() {
		t.Run(open(t).Name(), func(t *testing.T) {
			rig.Bubble(t, func(t *testing.T) {
				defer time.Sleep(time.Hour) // what a fault still has to commit
				key, err := store.NewKey("test")
				rig.Check(t, err)
				ring, err := store.NewKeyring(key)
				rig.Check(t, err)
				books := open(t)
				f(&till{T: t, host: cash.NewHost(), books: books, db: store.NewMemory(),
					opts: invoicesync.Options{Sealer: ring, Owner: "here", MemoryStore: true},
					settings: invoicesync.SettleSettings{Host: cash.Account(), Ledger: books.ID(), Processing: true, Currency: "AUD",
						Payments: invoicesync.PaymentSettings{Account: books.Bank()}}})
			})
		})
	}
}

func (s *till) flow() *invoicesync.Settle {
	s.Helper()
	f, err := invoicesync.NewSettle(s.db, s.host, s.books.Open(), s.settings, &s.opts)
	rig.Check(s.T, err)
	return f
}

func (s *till) run() invoicesync.Report {
	s.Helper()
	rep, err := s.flow().Run(context.Background())
	rig.Check(s.T, err)
	if rep.Payments.Sum() != rep.Payments.Read {
		s.Fatalf("%d judged, states sum to %d: %+v", rep.Payments.Read, rep.Payments.Sum(), rep.Payments)
	}
	return rep
}

// rest runs until nothing is uncertain or deferred, sleeping as the reports say.
func (s *till) rest() invoicesync.Report {
	s.Helper()
	for range 12 {
		rep, err := s.flow().Run(context.Background())
		if err != nil && !errors.Is(err, ledger.ErrLater) {
			s.Fatal(err)
		}
		if err == nil && rep.Payments.Uncertain+rep.Payments.Deferred == 0 {
			return rep
		}
		d := time.Minute
		if !rep.ResumeAt.IsZero() {
			d = max(time.Until(rep.ResumeAt)+time.Second, time.Second)
		}
		time.Sleep(d)
	}
	s.Fatal("the flow never came to rest")
	return invoicesync.Report{}
}

// holds compares what stands in the books: "invoice amount", in any order.
func (s *till) holds(want ...string) {
	s.Helper()
	var got []string
	for _, p := range s.books.Live() {
		got = append(got, p.Invoice+" "+p.Amount)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Fatalf("the books hold %v, want %v", got, want)
	}
}

// parked is what a report says is to be looked at.
func (s *till) parked(rep invoicesync.Report, want map[string]int) {
	s.Helper()
	if !maps.Equal(rep.Payments.Parked, want) {
		s.Fatalf("parked are %v, want %v: %+v", rep.Payments.Parked, want, rep.Payments)
	}
}

func (s *till) reconcile() *invoicesync.Reconcile {
	s.Helper()
	c, err := invoicesync.NewReconcile(nil, s.flow(), nil)
	rig.Check(s.T, err)
	return c
}

// shows returns the one difference there is, which must have that code.
func (s *till) shows(code string) invoicesync.Difference {
	s.Helper()
	day := ledger.DateIn(time.Now(), time.UTC)
	var list []invoicesync.Difference
	for d, err := range s.reconcile().Differences(context.Background(), day.AddDays(-30), day.AddDays(30)) {
		rig.Check(s.T, err)
		list = append(list, d)
	}
	if len(list) != 1 || list[0].Code != code {
		s.Fatalf("the comparison shows %+v, want one %s", list, code)
	}
	return list[0]
}

// lose lets every request that books payments get lost before it arrives, until the plan is cleared.
func (s *till) lose(what faults.Fault) {
	what.Kind, what.Times = faults.LoseRequest, -1
	s.books.Faults().Add(what)
}

// The repair of what was replaced already replaces nothing: the payment that stands is right by now.
func TestReplaceTwice(t *testing.T) {
	onTills(t, func(s *till) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "60.00")
		s.run()
		s.host.ChangeInSilence(id, func(p *ledger.Payment) { p.Amount = dec("65.00") })
		d := s.shows(invoicesync.DiffAmount)
		if d.Fix != invoicesync.FixReplace {
			t.Fatalf("%+v", d)
		}
		_, err := s.reconcile().Repair(context.Background(), d)
		rig.Check(t, err)
		s.holds(inv + " 65.00")
		writes := s.books.Writes()
		_, err = s.reconcile().Repair(context.Background(), d)
		rig.Check(t, err)
		if n := s.books.Writes() - writes; n != 0 {
			s.Fatalf("the same repair once more wrote %d times", n)
		}
	})
}

// A payment that the host had lost is back when the repair that deletes it comes.
func TestDeleteWhatIsBack(t *testing.T) {
	onTills(t, func(s *till) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "60.00")
		s.run()
		var was ledger.Payment
		s.host.ChangeInSilence(id, func(p *ledger.Payment) { was = *p })
		s.host.Forget(id)
		d := s.shows(invoicesync.DiffGoneInSource)
		s.host.ChangeInSilence(id, func(p *ledger.Payment) { *p = was })
		_, err := s.reconcile().Repair(context.Background(), d)
		rig.Check(t, err)
		s.holds(inv + " 60.00")
	})
}

// The deletion of a replaced payment is in doubt, and is found carried out later: the payment must come back.
func TestReplaceLosesItsAnswer(t *testing.T) {
	onTills(t, func(s *till) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "60.00")
		s.run()
		s.host.ChangeInSilence(id, func(p *ledger.Payment) { p.Amount = dec("65.00") })
		d := s.shows(invoicesync.DiffAmount)
		f := s.books.Deleting()
		f.Kind, f.Delay = faults.CommitLate, 90*time.Second
		s.books.Faults().Add(f)
		_, err := s.reconcile().Repair(context.Background(), d)
		rig.Check(t, err)
		s.rest()
		time.Sleep(25 * time.Hour)
		s.rest()
		s.holds(inv + " 65.00")
	})
}

// Another process works with a copy of the store, and books between what this one has read and what it writes.
func TestTwoCopiesOfATillAtOnce(t *testing.T) {
	onTills(t, func(s *till) {
		inv := s.books.AddInvoice("110.00")
		s.run()
		other := *s
		other.db = store.Store(s.db.(*store.Memory).Clone())
		s.host.Add(inv, "40.00")
		other.host = cash.NewHost()
		other.host.Add(inv, "40.00")
		s.host.During = func() {
			s.host.During = nil
			other.run()
			time.Sleep(20 * time.Minute) // no vendor's key lives as long
		}
		s.opts.Lease = time.Hour
		s.run()
		s.rest()
		s.holds(inv + " 40.00")
	})
}

// The clock was ahead when a payment was sent, and is right when it is looked up.
func TestClockWasAhead(t *testing.T) {
	for _, ahead := range []time.Duration{20 * time.Minute, 40 * time.Minute, 26 * time.Hour} {
		t.Run(ahead.String(), func(t *testing.T) {
			onTills(t, func(s *till) {
				inv := s.books.AddInvoice("110.00")
				s.host.Add(inv, "40.00")
				f := s.books.Creating()
				f.Kind, f.Delay = faults.CommitLate, 3*time.Minute
				s.books.Faults().Add(f)
				s.lose(s.books.Creating())
				s.run()
				s.books.Faults().Clear()
				time.Sleep(20 * time.Minute)
				s.holds(inv + " 40.00")
				moveClock(t, s.db, store.Pair{Source: s.settings.Host, Ledger: s.settings.Ledger}, ahead)
				s.rest() // comes back as soon as a key would live again
				time.Sleep(48 * time.Hour)
				s.rest()
				s.holds(inv + " 40.00")
			})
		})
	}
}

// The clock was behind when a payment was sent, and is right when it is looked up: the time in which it may still
// arrive seems to be over.
func TestClockWasBehind(t *testing.T) {
	onTills(t, func(s *till) {
		inv := s.books.AddInvoice("110.00")
		s.host.Add(inv, "40.00")
		f := s.books.Creating()
		f.Kind, f.Delay = faults.CommitLate, 3*time.Minute
		s.books.Faults().Add(f)
		s.lose(s.books.Creating())
		s.run()
		s.books.Faults().Clear()
		moveClock(t, s.db, store.Pair{Source: s.settings.Host, Ledger: s.settings.Ledger}, -time.Hour)
		for range 4 {
			s.run()
			time.Sleep(time.Minute)
		}
		s.rest()
		s.holds(inv + " 40.00")
	})
}

// moveClock makes the store say that what is on its way was sent by a machine whose clock was ahead, or behind.
func moveClock(t *testing.T, db store.Store, pair store.Pair, ahead time.Duration) {
	t.Helper()
	rig.Check(t, db.Update(context.Background(), func(tx store.Tx) error {
		batches, err := tx.Batches().List(pair, "")
		if err != nil {
			return err
		}
		if len(batches) == 0 {
			t.Error("nothing is on its way")
		}
		for _, b := range batches {
			for _, at := range []*time.Time{&b.FirstSent, &b.LastSent, &b.SendBy} {
				if !at.IsZero() {
					*at = at.Add(ahead)
				}
			}
			if err := tx.Batches().Put(b); err != nil {
				return err
			}
		}
		return nil
	}))
}

// A payment turns out to be for another invoice after it was booked: somebody must be told.
func TestBookedPaymentMoves(t *testing.T) {
	onTills(t, func(s *till) {
		a, b := s.books.AddInvoice("110.00"), s.books.AddInvoice("110.00")
		id := s.host.Add(a, "110.00")
		s.run()
		s.host.Change(id, func(p *ledger.Payment) { p.InvoiceID = b })
		s.parked(s.run(), map[string]int{"changed_after_push": 1})
		s.holds(a + " 110.00")
		s.host.Change(id, func(p *ledger.Payment) { p.InvoiceID = a })
		s.parked(s.run(), map[string]int{})
	})
}

// A payment that is booked turns out not to be confirmed any more: somebody must be told.
func TestBookedPaymentIsPendingAgain(t *testing.T) {
	onTills(t, func(s *till) {
		inv := s.books.AddInvoice("110.00")
		id := s.host.Add(inv, "110.00")
		s.run()
		s.host.Set(id, ledger.PaymentPending)
		s.parked(s.run(), map[string]int{"changed_after_push": 1})
		s.host.Set(id, ledger.PaymentConfirmed)
		s.parked(s.run(), map[string]int{})
		s.holds(inv + " 110.00")
	})
}

// It arrives late, is deleted by hand at once, and the ledger's changes are read before it is looked up.
func TestDeletedBeforeItIsLookedUp(t *testing.T) {
	onTills(t, func(s *till) {
		inv, second := s.books.AddInvoice("110.00"), s.books.AddInvoice("10.00")
		s.host.Add(inv, "40.00")
		f := s.books.Creating()
		f.Kind, f.Delay = faults.CommitLate, 3*time.Minute
		s.books.Faults().Add(f)
		s.lose(s.books.Creating())
		s.run()
		s.books.Faults().Clear()
		time.Sleep(30 * time.Minute)
		s.books.DeletePayment(s.books.Live()[0].ID)
		time.Sleep(48 * time.Hour)
		s.host.Add(second, "10.00")
		rep := s.rest()
		s.holds(second + " 10.00")
		if rep.Payments.Parked["payment_deleted_in_ledger"]+rep.Payments.Parked["maybe_deleted"] != 1 {
			s.Fatalf("%+v", rep.Payments)
		}
	})
}

// The bookkeeper enters the same money, and other money, between what is read and what is written.
func TestBookkeeperIsFaster(t *testing.T) {
	for _, amount := range []string{"110.00", "80.00"} {
		t.Run(amount, func(t *testing.T) {
			onTills(t, func(s *till) {
				inv := s.books.AddInvoice("110.00")
				s.host.Add(inv, "60.00")
				f := s.books.Creating()
				f.Kind = faults.Slow
				f.Delay = 20 * time.Second
				s.books.Faults().Add(f)
				go func() {
					time.Sleep(10 * time.Second)
					s.books.Pay(inv, amount, ledger.DateIn(time.Now(), time.UTC))
				}()
				rep := s.run()
				s.rest()
				s.holds(inv + " " + amount)
				if rep.Payments.Refused+len(rep.Payments.Parked) != 1 {
					s.Fatalf("%+v", rep.Payments)
				}
			})
		})
	}
}

// A failed payment comes in after all while its deletion is in doubt.
func TestComesInWhileItIsDeleted(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		t.Run(map[bool]string{true: "arrives", false: "lost"}[arrives], func(t *testing.T) {
			onTills(t, func(s *till) {
				inv := s.books.AddInvoice("110.00")
				id := s.host.Add(inv, "60.00")
				s.run()
				s.host.Set(id, ledger.PaymentFailed)
				f := s.books.Deleting()
				if f.Kind, f.Delay = faults.LoseRequest, 0; arrives {
					f.Kind, f.Delay = faults.CommitLate, 2*time.Minute
				}
				s.books.Faults().Add(f)
				s.run()
				s.host.Set(id, ledger.PaymentConfirmed)
				s.run()
				time.Sleep(20 * time.Minute)
				s.rest()
				time.Sleep(25 * time.Hour)
				s.rest()
				s.holds(inv + " 60.00")
			})
		})
	}
}

// The days are locked while a payment, and while a deletion, is in doubt.
func TestLockedWhileInDoubt(t *testing.T) {
	onTills(t, func(s *till) {
		inv := s.books.AddInvoice("110.00")
		s.host.Add(inv, "60.00")
		f := s.books.Creating()
		f.Kind, f.Times = faults.LoseRequest, 3
		s.books.Faults().Add(f)
		s.run()
		s.books.Faults().Clear()
		s.books.LockUpTo(ledger.DateIn(time.Now(), time.UTC).AddDays(2))
		for range 4 {
			s.run()
			time.Sleep(20 * time.Minute)
		}
		s.holds()
	})
}

// Money comes in small parts and in one batch, more than is owed in all: what fits is booked, never more.
func TestManySmallOnes(t *testing.T) {
	for _, upTo := range []bool{false, true} {
		t.Run(map[bool]string{true: "up to the balance", false: "whole"}[upTo], func(t *testing.T) {
			onTills(t, func(s *till) {
				s.settings.Payments.UpToBalance = upTo
				inv := s.books.AddInvoice("100.00")
				for range 12 {
					s.host.Add(inv, "9.00")
				}
				f := s.books.Creating()
				f.Kind = faults.LoseAnswer
				s.books.Faults().Add(f)
				s.run()
				s.rest()
				time.Sleep(25 * time.Hour)
				rep := s.rest()
				want := []string{}
				for range 11 {
					want = append(want, inv+" 9.00")
				}
				if upTo {
					want = append(want, inv+" 1.00")
				} else if len(rep.Payments.Parked) != 1 {
					s.Fatalf("%+v", rep.Payments)
				}
				s.holds(want...)
			})
		})
	}
}
