package settle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/cash"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// many collects n payments over 10.00, each for an invoice of 15.00: a doubled one would fit.
func (s *shop) many(n int) (want []cash.Booked) {
	for range n {
		inv := s.books.AddInvoice("15.00")
		s.host.Add(inv, "10.00")
		want = append(want, paid(inv, "10.00"))
	}
	return want
}

// atRest runs until the flow rests, and checks that everything is there once, whatever was on its way.
func (s *shop) atRest(want []cash.Booked) {
	s.t.Helper()
	s.rest()
	time.Sleep(2 * time.Hour)
	s.rest()
	s.holds(want...)
	s.quiet()
}

// An answer is lost after the ledger has committed.
func TestAnswerLost(t *testing.T) {
	for _, kind := range []faults.Kind{faults.LoseAnswer, faults.Truncate, faults.HTMLAfter, faults.SlowAnswer} {
		t.Run(string(kind), func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				want := s.many(35)
				s.creating(kind, after(3*time.Minute), times(2))
				s.atRest(want)
				if len(s.books.Faults().Hits()) == 0 {
					t.Fatal("the fault never happened")
				}
			})
		})
	}
}

// Every answer of a run is lost: only looking helps.
func TestEveryAnswerLost(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		want := s.many(35)
		s.creating(faults.LoseAnswer, times(-1))
		s.rest()
		s.books.Faults().Clear()
		s.atRest(want)
	})
}

// The commit comes later than the look-up that finds nothing.
func TestCommitLaterThanLookup(t *testing.T) {
	for _, delay := range []time.Duration{40 * time.Second, 3 * time.Minute, 4*time.Minute + 30*time.Second} {
		t.Run(fmt.Sprint(delay), func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				want := s.many(35)
				s.creating(faults.CommitLate, after(delay))
				s.creating(faults.LoseRequest, times(3))
				s.atRest(want)
			})
		})
	}
}

// A batch is committed in part.
func TestCommittedInPart(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		want := s.many(25)
		s.creating(faults.CommitByElement, after(2*time.Second), func(f *faults.Fault) { f.Elements = 7 })
		s.creating(faults.LoseRequest, times(4))
		s.atRest(want)
	})
}

// pausing is a ledger whose payments stop before their bytes leave: the process is away.
type pausing struct {
	ledger.Ledger
	pause func()
}

func (p pausing) Powers() ledger.Powers {
	powers := p.Ledger.Powers()
	powers.Payments = pausingWriter{powers.Payments, p.pause}
	return powers
}

type pausingWriter struct {
	ledger.Writer[ledger.Payment]
	pause func()
}

func (w pausingWriter) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[ledger.Payment], error) {
	w.pause()
	return w.Writer.Create(ctx, b)
}

// The process falls asleep with a batch in its hands for two lease lengths, and another one takes over.
func TestPausedBeyondLease(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		want := s.many(20)
		var once sync.Once
		asleep := s.opts
		asleep.Owner = "sleeper"
		first, err := invoicesync.NewSettle(s.db, s.host, pausing{s.books.Open(), func() { once.Do(func() { time.Sleep(6 * time.Minute) }) }}, s.settings, &asleep)
		rig.Check(t, err)
		done := make(chan error)
		go func() {
			_, err := first.Run(context.Background())
			done <- err
		}()
		time.Sleep(3*time.Minute + 5*time.Second) // the lease is over
		s.opts.Owner = "successor"
		if _, err := s.settle().Run(context.Background()); err != nil && !errors.Is(err, ledger.ErrLater) {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, store.ErrLeaseLost) && !errors.Is(err, ledger.ErrLater) {
			t.Fatalf("the sleeper must find its lease gone: %v", err)
		}
		s.atRest(want)
	})
}

// Two runs at once: one writes, the other is told when to come back.
func TestTwoRunsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, s *shop) {
		want := s.many(20)
		s.creating(faults.Slow, after(5*time.Second))
		var group sync.WaitGroup
		var errs [2]error
		for i, owner := range []string{"one", "two"} {
			o := s.opts
			o.Owner = owner
			f, err := invoicesync.NewSettle(s.db, s.host, s.books.Open(), s.settings, &o)
			rig.Check(t, err)
			group.Go(func() { _, errs[i] = f.Run(context.Background()) })
		}
		group.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs[0], errs[1]), ledger.ErrLater) {
			t.Fatalf("one must write and the other wait: %v", errs)
		}
		time.Sleep(5 * time.Minute)
		s.atRest(want)
	})
}

// The store is restored from a copy that is older than the newest payments, or lost altogether.
func TestOlderStore(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprint("lost ", lost), func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				want := s.many(10)
				s.run()
				older := store.Store(s.db.(*store.Memory).Clone())
				if lost {
					older = store.NewMemory()
				}
				time.Sleep(time.Hour)
				want = append(want, s.many(10)...)
				s.run()
				s.holds(want...)
				time.Sleep(time.Hour)
				s.db = older
				writes := s.books.Writes()
				rep := s.rest()
				if rep.Writes != 0 || s.books.Writes() != writes || len(rep.Payments.Parked) != 0 {
					t.Fatalf("%+v", rep)
				}
				s.atRest(want)
			})
		})
	}
}

// The process dies between any two steps, and the next one goes on.
func TestKilledAtEachStep(t *testing.T) {
	for _, at := range []string{"intended", "sent", "remembered"} {
		t.Run(at, func(t *testing.T) {
			each(t, func(t *testing.T, s *shop) {
				want := s.many(12)
				s.db = &mortal{Store: s.db, pair: store.Pair{Source: cash.Account(), Ledger: s.books.ID()}, at: at}
				_, err := s.settle().Run(context.Background())
				if err == nil {
					t.Fatal("the run did not notice its death")
				}
				s.db = s.db.(*mortal).Store
				s.atRest(want)
			})
		})
	}
}

var errDead = errors.New("dead")

// mortal is a store that dies with its process: at the commit after which nothing more is stored.
type mortal struct {
	store.Store
	pair store.Pair
	at   string
	dead bool
}

func (m *mortal) Update(ctx context.Context, f func(store.Tx) error) error {
	if m.dead {
		return errDead
	}
	before := m.pending()
	err := m.Store.Update(ctx, func(tx store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		after, err := tx.Batches().List(m.pair, "")
		if err != nil {
			return err
		}
		if m.at == "sent" && before > len(after) { // the outcome is known, and about to be remembered
			m.dead = true
			return errDead
		}
		return nil
	})
	if err == nil {
		switch now := m.pending(); {
		case m.at == "intended" && now > before, m.at == "remembered" && now < before:
			m.dead = true
		}
	}
	return err
}

// pending counts the writes that are on their way.
func (m *mortal) pending() (n int) {
	_ = m.View(context.Background(), func(tx store.Tx) error {
		batches, err := tx.Batches().List(m.pair, "")
		n = len(batches)
		return err
	})
	return n
}
