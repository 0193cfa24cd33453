package protocol

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// kinds are the three kinds of write, by the path that creates them.
var kinds = []struct{ name, path string }{
	{"contact", "/Contacts"}, {"invoice", "/Invoices"}, {"payment", "/Payments"},
}

// atRest runs until the flow rests and checks that everything is there once.
func atRest(r *rig.Rig, n int) {
	r.T.Helper()
	r.Settle()
	time.Sleep(2 * time.Hour) // whatever was on its way has arrived
	rep := r.Settle()
	r.Expect(n, n, n)
	if rep.Writes != 0 {
		r.T.Fatalf("a run after everything had come to rest wrote: %+v", rep)
	}
}

// §1: an answer is lost after the ledger has committed. §1.5: found is final.
func TestAnswerLostAfterCommit(t *testing.T) {
	for _, k := range kinds {
		for _, kind := range []faults.Kind{faults.LoseAnswer, faults.Truncate, faults.HTMLAfter, faults.SlowAnswer} {
			t.Run(k.name+"/"+string(kind), func(t *testing.T) {
				rig.Bubble(t, func(t *testing.T) {
					r := rig.New(t)
					for range 70 {
						r.Order("110.00", true)
					}
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: kind, Delay: 3 * time.Minute, Times: 2})
					atRest(r, 70)
					if len(r.Faults.Hits()) == 0 {
						t.Fatal("the fault never happened")
					}
				})
			})
		}
	}
}

// §1: every answer is lost for a whole run, so that only looking helps.
func TestEveryAnswerLost(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rig.Bubble(t, func(t *testing.T) {
				r := rig.New(t)
				for range 60 {
					r.Order("110.00", true)
				}
				r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.LoseAnswer, Times: -1})
				r.Settle()
				r.Faults.Clear()
				atRest(r, 60)
			})
		})
	}
}

// §1.5: the commit comes later than the look-up that finds nothing. Fence: answer lost at 30 s, commit at 40 s.
func TestCommitLaterThanLookup(t *testing.T) {
	for _, k := range kinds {
		for _, delay := range []time.Duration{10 * time.Second, 40 * time.Second, 3 * time.Minute, 5 * time.Minute, 6*time.Minute + 30*time.Second} {
			t.Run(fmt.Sprint(k.name, "/", delay), func(t *testing.T) {
				rig.Bubble(t, func(t *testing.T) {
					r := rig.New(t)
					for range 55 {
						r.Order("110.00", true)
					}
					// All attempts are lost, and each commits late; the key makes them one while it lives.
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.CommitLate, Delay: delay, Times: 1})
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.LoseRequest, Times: 3})
					atRest(r, 55)
				})
			})
		}
	}
}

// §1: a batch is committed element by element, and only in part.
func TestBatchCommittedInPart(t *testing.T) {
	for _, k := range kinds {
		for _, each := range []time.Duration{time.Millisecond, 2 * time.Second} {
			t.Run(fmt.Sprint(k.name, "/", each), func(t *testing.T) {
				rig.Bubble(t, func(t *testing.T) {
					r := rig.New(t)
					for range 60 {
						r.Order("110.00", true)
					}
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.CommitByElement, Delay: each, Elements: 17})
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.LoseRequest, Times: 4})
					atRest(r, 60)
				})
			})
		}
	}
}

// §1: an answered 5xx is cached under the key: quiet time, look, new attempt. "Key used with a different
// request" is uncertain, and so is a 400 with Elements.
func TestAnsweredErrors(t *testing.T) {
	for _, k := range kinds {
		for _, name := range []string{"500", "500_after", "400_key_reused", "400_elements", "400_elements_all", "503_offline"} {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				rig.Bubble(t, func(t *testing.T) {
					r := rig.New(t)
					for range 30 {
						r.Order("110.00", true)
					}
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.Vendor, Name: name})
					atRest(r, 30)
				})
			})
		}
	}
}

// §1: limits. A minute passes by itself; a day ends the run with the time to come back.
func TestLimits(t *testing.T) {
	for _, k := range kinds {
		for _, name := range []string{"429_minute", "429_concurrent", "429_app", "429_day"} {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				rig.Bubble(t, func(t *testing.T) {
					r := rig.New(t)
					for range 30 {
						r.Order("110.00", true)
					}
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.Vendor, Name: name})
					rep, err := r.Push().Run(context.Background())
					if name == "429_day" {
						if !errors.Is(err, ledger.ErrLater) || rep.ResumeAt.IsZero() {
							t.Fatalf("a day limit must end the run with a time: %v, %v", err, rep.ResumeAt)
						}
					} else if err != nil {
						t.Fatal(err)
					}
					atRest(r, 30)
				})
			})
		}
	}
}

// Fence: the process pauses between intend and send for two lease lengths, and another one takes over.
func TestPausedBeyondLease(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			rig.Bubble(t, func(t *testing.T) {
				r := rig.New(t)
				for range 30 {
					r.Order("110.00", true)
				}
				// The first process falls asleep with the request in its hands, before a byte has left.
				asleep := r.Opts
				asleep.Owner = "sleeper"
				books := r.LedgerSide()
				slept := false
				first := pausing{Ledger: books, kind: k.name, pause: func() {
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
}

// §3: the store is an older copy: links of later writes are missing.
func TestStoreRestoredFromOlderCopy(t *testing.T) {
	rig.Bubble(t, func(t *testing.T) {
		r := rig.New(t)
		for range 20 {
			r.Order("110.00", true)
		}
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
		r.Expect(40, 40, 40)
	})
}

// §3: a new store, with a new epoch, finds what an older one wrote.
func TestNewStore(t *testing.T) {
	rig.Bubble(t, func(t *testing.T) {
		r := rig.New(t)
		for range 30 {
			r.Order("110.00", true)
		}
		r.Run()
		time.Sleep(time.Hour)
		r.DB = store.NewMemory()
		rep := r.Settle()
		if rep.Writes != 0 || rep.Invoices.Already != 30 {
			t.Fatalf("%+v", rep)
		}
		r.Expect(30, 30, 30)
	})
}

// Design: links belong to the pair of organisations. user-pain 5: reconnecting under a new tenant id
// writes nothing.
func TestReconnectUnderNewTenant(t *testing.T) {
	rig.Bubble(t, func(t *testing.T) {
		r := rig.New(t)
		for range 20 {
			r.Order("110.00", true)
		}
		r.Run()
		tenant, err := r.Xero.Books().Reconnect("")
		rig.Check(t, err)
		if _, err := r.Push().Run(context.Background()); !errors.Is(err, ledger.ErrReconnect) {
			t.Fatalf("the old tenant id must ask to reconnect: %v", err)
		}
		r.TenantID = tenant
		rep := r.Settle()
		if rep.Writes != 0 {
			t.Fatalf("%+v", rep)
		}
		r.Expect(20, 20, 20)
	})
}

// user-pain 40: the token leads to another organisation. Nothing is read into it, nothing written.
func TestAnotherOrganisation(t *testing.T) {
	rig.Bubble(t, func(t *testing.T) {
		r := rig.New(t)
		r.Order("110.00", true)
		r.Settings.Ledger.ID = "11111111-2222-3333-4444-555555555555"
		_, err := r.Push().Run(context.Background())
		if !errors.Is(err, ledger.ErrReconnect) || !strings.Contains(err.Error(), r.Settings.Ledger.ID) {
			t.Fatalf("want a refusal that names the organisation: %v", err)
		}
		r.Expect(0, 0, 0)
	})
}
