package protocol

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// §1: an answer is lost after the ledger has committed. §1.5: found is final.
func TestAnswerLostAfterCommit(t *testing.T) {
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		for _, kind := range []faults.Kind{faults.LoseAnswer, faults.Truncate, faults.HTMLAfter, faults.SlowAnswer} {
			t.Run(string(kind), func(t *testing.T) {
				flow(t, v, more[v], func(t *testing.T, r *rig.Rig) {
					r.OnCreate(k, faults.Fault{Kind: kind, Delay: 3 * time.Minute, Times: 2})
					atRest(r, more[v])
					if len(r.Faults.Hits()) != 2 {
						t.Fatalf("the fault happened %d times", len(r.Faults.Hits()))
					}
				})
			})
		}
	})
}

// §1: every answer is lost for a whole run, so that only looking helps.
func TestEveryAnswerLost(t *testing.T) {
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		flow(t, v, more[v], func(t *testing.T, r *rig.Rig) {
			r.OnCreate(k, faults.Fault{Kind: faults.LoseAnswer, Times: -1})
			r.Settle()
			if len(r.Faults.Hits()) == 0 {
				t.Fatal("the fault never happened")
			}
			r.Faults.Clear()
			atRest(r, more[v])
		})
	})
}

// §1.5: the commit comes later than the look-up that finds nothing. Fence: answer lost at 30 s, commit at 40 s.
func TestCommitLaterThanLookup(t *testing.T) {
	delays := map[rig.Vendor][]time.Duration{ // a byte that has left takes effect before the quiet time is over, or never
		rig.OnXero:       {10 * time.Second, 40 * time.Second, 3 * time.Minute, 5 * time.Minute, 6*time.Minute + 30*time.Second},
		rig.OnQuickBooks: {10 * time.Second, 40 * time.Second, 3 * time.Minute, 4*time.Minute + 30*time.Second},
	}
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		for _, delay := range delays[v] {
			t.Run(delay.String(), func(t *testing.T) {
				flow(t, v, more[v], func(_ *testing.T, r *rig.Rig) {
					// All attempts are lost, and the first commits late; the key makes them one while it lives.
					r.OnCreate(k, faults.Fault{Kind: faults.CommitLate, Delay: delay, Times: 1})
					r.OnCreate(k, faults.Fault{Kind: faults.LoseRequest, Times: 3})
					atRest(r, more[v])
				})
			})
		}
	})
}

// §1.5: where something new goes along, the batch is another one, under another key: nothing but the quiet time keeps
// what comes late from being there twice.
func TestCommitLaterThanAnotherBatch(t *testing.T) {
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		flow(t, v, 12, func(_ *testing.T, r *rig.Rig) {
			r.OnCreate(k, faults.Fault{Kind: faults.CommitLate, Delay: 4*time.Minute + 30*time.Second})
			r.OnCreate(k, faults.Fault{Kind: faults.LoseRequest, Times: 3})
			for n := 12; n < 20; n++ { // a run each half a minute, and an order more each time
				if _, err := r.Push().Run(context.Background()); err != nil && !errors.Is(err, ledger.ErrLater) {
					r.T.Fatal(err)
				}
				time.Sleep(30 * time.Second)
				r.Order("110.00", true)
			}
			atRest(r, 20)
		})
	})
}

// §1: a batch is committed element by element, and only in part.
func TestBatchCommittedInPart(t *testing.T) {
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		for _, each := range []time.Duration{time.Millisecond, 2 * time.Second} {
			t.Run(each.String(), func(t *testing.T) {
				flow(t, v, more[v], func(_ *testing.T, r *rig.Rig) {
					r.OnCreate(k, faults.Fault{Kind: faults.CommitByElement, Delay: each, Elements: 17})
					r.OnCreate(k, faults.Fault{Kind: faults.LoseRequest, Times: 4})
					atRest(r, more[v])
				})
			})
		}
	})
}

// §1: an answered 5xx is cached under the key: quiet time, look, new attempt. "Key used with a different
// request" is uncertain, and so is a 400 with Elements.
func TestAnsweredErrors(t *testing.T) {
	names := map[rig.Vendor][]string{
		rig.OnXero: {"500", "500_after", "400_key_reused", "400_elements", "400_elements_all", "503_offline"},
		// A fault under status 200, a batch whose last item has a fault, written or not, and one that leaves it out.
		rig.OnQuickBooks: {
			"500", "500_after", "500_gateway", "500_xml", "502_html", "503_html", "200_fault", "200_fault_after", "400_stale", "400_business",
			"item_fault", "item_fault_after", "item_missing",
		},
	}
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		for _, name := range names[v] {
			t.Run(name, func(t *testing.T) {
				flow(t, v, 12, func(t *testing.T, r *rig.Rig) {
					r.OnCreate(k, faults.Fault{Kind: faults.Vendor, Name: name})
					atRest(r, 12)
					if len(r.Faults.Hits()) != 1 {
						t.Fatalf("the fault happened %d times", len(r.Faults.Hits()))
					}
				})
			})
		}
	})
}

// §1: limits. A minute passes by itself; a day ends the run with the time to come back. What QuickBooks throttles says
// nothing of when to come back, is XML mostly, and is the same for a minute and for a month.
func TestLimits(t *testing.T) {
	names := map[rig.Vendor][]string{
		rig.OnXero:       {"429_minute", "429_concurrent", "429_app", "429_day"},
		rig.OnQuickBooks: {"429", "429_json", "429_batch", "429_quota", "403_throttle"},
	}
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		for _, name := range names[v] {
			t.Run(name, func(t *testing.T) {
				flow(t, v, 12, func(t *testing.T, r *rig.Rig) {
					r.OnCreate(k, faults.Fault{Kind: faults.Vendor, Name: name})
					rep, err := r.Push().Run(context.Background())
					if name == "429_day" {
						if !errors.Is(err, ledger.ErrLater) || rep.ResumeAt.IsZero() {
							t.Fatalf("a day limit must end the run with a time: %v, %v", err, rep.ResumeAt)
						}
					} else if err != nil {
						t.Fatal(err)
					}
					atRest(r, 12)
				})
			})
		}
	})
}

// Fence: the process pauses between intend and send for two lease lengths, and another one takes over.
func TestPausedBeyondLease(t *testing.T) {
	onEach(t, func(t *testing.T, v rig.Vendor, k ledger.RecordKind) {
		flow(t, v, 30, func(t *testing.T, r *rig.Rig) {
			// The first process falls asleep with the request in its hands, before a byte has left.
			asleep := r.Opts
			asleep.Owner = "sleeper"
			books := r.LedgerSide()
			slept := false
			first := pausing{Ledger: books, kind: k, pause: func() {
				if !slept {
					slept = true
					time.Sleep(2 * 3 * time.Minute)
				}
			}}
			done := make(chan error)
			go func() {
				p, err := newPush(r, first, &asleep)
				if err == nil {
					_, err = p.Run(context.Background())
				}
				done <- err
			}()
			time.Sleep(3*time.Minute + 5*time.Second) // the lease is over
			r.Opts.Owner = "successor"
			if _, err := r.Push().Run(context.Background()); err != nil && !errors.Is(err, ledger.ErrLater) {
				t.Fatal(err)
			}
			err := <-done
			if !errors.Is(err, store.ErrLeaseLost) && !errors.Is(err, ledger.ErrLater) {
				t.Fatalf("the sleeper must find its lease gone: %v", err)
			}
			atRest(r, 30)
		})
	})
}

// §3: the store is an older copy: links of later writes are missing.
func TestStoreRestoredFromOlderCopy(t *testing.T) {
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		flow(t, v, 20, func(t *testing.T, r *rig.Rig) {
			r.Run()
			copyOf := snapshot(t, r.DB)
			time.Sleep(time.Hour)
			for range 20 {
				r.Order("220.00", true)
			}
			r.Run()
			r.Expect(40, 40, 40)
			time.Sleep(time.Hour)
			r.DB = copyOf
			rep := r.Settle()
			if rep.Writes != 0 {
				t.Fatalf("the older copy wrote again: %+v", rep)
			}
			once(r, 40)
		})
	})
}

// §3: a new store, with a new epoch, finds what an older one wrote.
func TestNewStore(t *testing.T) {
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		flow(t, v, 30, func(t *testing.T, r *rig.Rig) {
			r.Run()
			time.Sleep(time.Hour)
			r.DB = store.NewMemory()
			rep := r.Settle()
			if rep.Writes != 0 || rep.Invoices.Already != 30 {
				t.Fatalf("%+v", rep)
			}
			once(r, 30)
		})
	})
}
