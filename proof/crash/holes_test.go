package crash

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Each test here is a way in which money was lost, doubled, or forgotten, when a run ended at the wrong
// moment.

func price(t *testing.T, r *rig.Rig, order int64, to string) {
	t.Helper()
	rig.Check(t, r.Keap.EditOrder(order, func(o *infusionsoftfake.Order) { o.Items[0].Price = decimal.RequireFromString(to) }))
}

func settled(t *testing.T, r *rig.Rig) invoicesync.Report {
	t.Helper()
	rep, err := rest(r, r.DB)
	if err != nil {
		t.Fatal(err)
	}
	if err := tidy(r.DB, pairOf(r)); err != nil {
		t.Fatalf("%v\n%s", err, story(r.DB))
	}
	return rep
}

func wantBooks(t *testing.T, r *rig.Rig, totals, payments string) {
	t.Helper()
	if got := liveTotals(r); got != totals {
		t.Errorf("live invoices %q, want %q\n%s", got, totals, story(r.DB))
	}
	if got := livePayments(r); got != payments {
		t.Errorf("live payments %q, want %q\n%s", got, payments, story(r.DB))
	}
}

// §7: the only payment of an order bounces. The order then shows nothing paid, and the ledger's payment
// must go all the same.
func TestOnlyPaymentBounces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		o := r.Order("110.00", false)
		p := r.Pay(o.ID, "110.00")
		r.Run()
		wantBooks(t, r, "110.00", "110.00")
		time.Sleep(time.Hour)
		rig.Check(t, r.Keap.VoidPayment(p.ID))
		time.Sleep(25 * time.Hour) // the nightly sweep
		settled(t, r)
		wantBooks(t, r, "110.00", "")
	})
}

// A change that was not carried out, because the run ended on a limit or on a lost connection, must be
// carried out by a later run.
func TestUpdateThatWasNotSent(t *testing.T) {
	for _, name := range []string{"429_day", "401_expired"} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := rig.New(t)
				r.Settings.OnEdit = invoicesync.EditUpdate
				o := r.Order("110.00", false)
				r.Run()
				time.Sleep(time.Hour)
				price(t, r, o.ID, "120.00")
				r.Faults.Add(faults.Fault{Method: http.MethodPost, Kind: faults.Vendor, Name: name})
				if _, err := r.Push().Run(context.Background()); err == nil {
					t.Fatal("the run should have ended with an error")
				}
				time.Sleep(25 * time.Hour)
				settled(t, r)
				wantBooks(t, r, "120.00", "")
			})
		})
	}
}

// An update is lost on its way, and before it is sent again somebody else touches the invoice. Whatever the
// engine does then, it must not call both sides the same.
func TestUpdateLostAndInvoiceTouched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Order("110.00", false)
		r.Run()
		time.Sleep(time.Hour)
		price(t, r, o.ID, "120.00")
		r.Faults.Add(faults.Fault{Method: http.MethodPost, Kind: faults.LoseRequest, Times: -1})
		rep, err := r.Push().Run(context.Background())
		rig.Check(t, err)
		if rep.ResumeAt.IsZero() {
			t.Fatal("a change that is in doubt must say when to look again")
		}
		r.Faults.Clear()
		id := r.LiveInvoices()[0].ID
		rig.Check(t, r.Xero.Books().EditInvoice(id, func(i *xerofake.Invoice) { i.Reference = "seen by Ann" }))
		for range 4 {
			time.Sleep(26 * time.Hour)
			rep = settled(t, r)
		}
		if liveTotals(r) != "120.00" && len(rep.Invoices.Parked) == 0 {
			t.Fatalf("the source says 120.00, the ledger %s, and nobody is told: %+v\n%s", liveTotals(r), rep, story(r.DB))
		}
	})
}

// OnEdit "void": the void is carried out and its answer lost. The invoice must be written anew.
func TestReplacedInvoiceComesBack(t *testing.T) {
	for _, kind := range []faults.Kind{faults.LoseAnswer, faults.CommitLate, faults.LoseRequest} {
		t.Run(string(kind), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := rig.New(t)
				r.Settings.OnEdit = invoicesync.EditVoid
				o := r.Order("110.00", false)
				r.Run()
				time.Sleep(time.Hour)
				price(t, r, o.ID, "120.00")
				r.Faults.Add(faults.Fault{Method: http.MethodPost, Kind: kind, Delay: 40 * time.Second})
				// Looking at once must not help either.
				r.Faults.Add(faults.Fault{Method: http.MethodGet, Path: r.LiveInvoices()[0].ID, Skip: 1, Times: 5, Kind: faults.LoseRequest})
				_, err := r.Push().Run(context.Background())
				if err != nil {
					t.Log(err)
				}
				r.Faults.Clear()
				time.Sleep(time.Hour)
				settled(t, r)
				time.Sleep(26 * time.Hour)
				settled(t, r)
				wantBooks(t, r, "120.00", "")
			})
		})
	}
}

// An update is in doubt while a payment of the same invoice comes: booking it would change the version by
// which the update is found.
func TestPaymentWaitsForUpdateInDoubt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.NewIn(t, rig.World{Keap: infusionsoftfake.Switches{PaymentTouchesOrder: true}})
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Order("110.00", false)
		r.Run()
		time.Sleep(time.Hour)
		price(t, r, o.ID, "120.00")
		r.Pay(o.ID, "120.00")
		r.Faults.Add(faults.Fault{Method: http.MethodPost, Kind: faults.LoseRequest, Times: 4})
		_, err := r.Push().Run(context.Background())
		rig.Check(t, err)
		r.Faults.Clear()
		settled(t, r)
		time.Sleep(26 * time.Hour)
		settled(t, r)
		wantBooks(t, r, "120.00", "120.00")
	})
}

// A contact is in doubt, and a run comes before that is settled. Its invoices wait for it; they are not put
// aside for ever.
func TestInvoiceWaitsForContactInDoubt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		r.Order("110.00", true)
		r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: "/Contacts", Kind: faults.LoseRequest, Times: -1})
		r.Run()
		r.Faults.Clear()
		time.Sleep(time.Minute)
		rep := r.Run() // somebody pressed the button
		if len(rep.Invoices.Parked) != 0 {
			t.Errorf("an invoice that only waits is parked: %+v", rep.Invoices.Parked)
		}
		settled(t, r)
		wantBooks(t, r, "110.00", "110.00")
	})
}

// §3: a new store finds the invoices that an older one wrote, whose payments are still to be booked, and
// dies at any step. The payments must not be forgotten.
func TestNewStoreDiesBeforePayments(t *testing.T) {
	points := 0
	for at := 1; ; at++ {
		var m *mortal
		bubble(t, func(t *testing.T) {
			r := rig.New(t)
			for range 3 {
				r.Order("110.00", true)
			}
			r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: "/Payments", Kind: faults.Vendor, Name: "429_day", Times: -1})
			if _, err := r.Push().Run(context.Background()); !errors.Is(err, ledger.ErrLater) {
				t.Fatal(err)
			}
			wantBooks(t, r, "110.00 110.00 110.00", "")
			r.Faults.Clear()
			time.Sleep(25 * time.Hour)
			r.DB = store.NewMemory()
			m = dies(r, at, "first")
			time.Sleep(time.Hour)
			settled(t, r)
			wantBooks(t, r, "110.00 110.00 110.00", "110.00 110.00 110.00")
		})
		if !m.ended || t.Failed() {
			break
		}
		points++
	}
	t.Logf("%d points", points)
	if points == 0 {
		t.Fatal("it never died")
	}
}

// dies runs a process that dies at a step.
func dies(r *rig.Rig, at int, owner string) *mortal {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m := &mortal{at: at, end: cancel}
	_, err := process(r, m, owner).Run(ctx)
	if err != nil && !m.dead() && !errors.Is(err, ledger.ErrLater) {
		r.T.Fatal(err)
	}
	return m
}

// The process that resolves what another one left in doubt dies itself, at any step.
func TestDeathWhileResolving(t *testing.T) {
	for _, c := range []struct {
		name, method, path string
		settings           func(*invoicesync.Settings)
		change             func(*testing.T, *rig.Rig)
		totals, payments   string
	}{
		{name: "contact", method: http.MethodPut, path: "/Contacts", totals: "110.00 220.00", payments: "110.00"},
		{name: "invoice", method: http.MethodPut, path: "/Invoices", totals: "110.00 220.00", payments: "110.00"},
		{name: "payment", method: http.MethodPut, path: "/Payments", totals: "110.00 220.00", payments: "110.00"},
		{
			name: "update", method: http.MethodPost, settings: func(s *invoicesync.Settings) { s.OnEdit = invoicesync.EditUpdate },
			change: func(t *testing.T, r *rig.Rig) { price(t, r, r.Keap.Orders()[1].ID, "230.00") }, totals: "110.00 230.00", payments: "110.00",
		},
		{
			name: "void and write anew", method: http.MethodPost, settings: func(s *invoicesync.Settings) { s.OnEdit = invoicesync.EditVoid },
			change: func(t *testing.T, r *rig.Rig) { price(t, r, r.Keap.Orders()[1].ID, "230.00") }, totals: "110.00 230.00", payments: "110.00",
		},
		{
			name: "void", method: http.MethodPost, settings: func(s *invoicesync.Settings) { s.OnDelete = invoicesync.DeleteVoid },
			change: func(t *testing.T, r *rig.Rig) { rig.Check(t, r.Keap.DeleteOrder(r.Keap.Orders()[1].ID)) }, totals: "110.00", payments: "110.00",
		},
		{
			name: "delete a payment", method: http.MethodPost,
			change: func(t *testing.T, r *rig.Rig) { rig.Check(t, r.Keap.VoidPayment(r.Keap.Payments()[0].ID)) }, totals: "110.00 220.00",
		},
	} {
		for _, kind := range []faults.Kind{faults.LoseRequest, faults.LoseAnswer} {
			t.Run(c.name+"/"+string(kind), func(t *testing.T) {
				points, stride := 0, 1
				if testing.Short() {
					stride = 4
				}
				for at := 1; !t.Failed(); at += stride {
					var m *mortal
					t.Run(fmt.Sprint(at), func(t *testing.T) {
						bubble(t, func(t *testing.T) {
							r := rig.NewIn(t, rig.World{Keap: infusionsoftfake.Switches{PaymentTouchesOrder: true}})
							if c.settings != nil {
								c.settings(&r.Settings)
							}
							r.Opts.SweepEvery = time.Nanosecond
							r.Order("110.00", true)
							r.Order("220.00", false)
							if c.change != nil {
								r.Run()
								time.Sleep(time.Hour)
								c.change(t, r)
							}
							r.Faults.Add(faults.Fault{Method: c.method, Path: c.path, Kind: kind, Times: -1})
							// Whoever looks at once finds nothing out, so that the next run has to.
							ctx, cancel := context.WithCancel(context.Background())
							defer cancel()
							lost := &mortal{after: c.method + " ", path: c.path, end: cancel}
							_, err := process(r, lost, "first").Run(ctx)
							if err == nil || !lost.dead() {
								t.Fatalf("the first process did not die at its write: %v", err)
							}
							if len(r.Faults.Hits()) != 1 {
								t.Fatalf("the write was not lost: %v", r.Faults.Hits())
							}
							r.Faults.Clear()
							time.Sleep(20 * time.Minute)
							m = dies(r, at, "second")
							time.Sleep(20 * time.Minute)
							settled(t, r)
							wantBooks(t, r, c.totals, c.payments)
						})
					})
					if m == nil || !m.ended {
						break
					}
					points++
				}
				t.Logf("%d points", points)
				if points == 0 {
					t.Fatal("it never died")
				}
			})
		}
	}
}

// §4: while nothing newer changes, the source shows its newest orders to every run. Their payments must
// be swept all the same.
func TestNewestOrderIsSwept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		o := r.Order("110.00", false)
		p, kept := r.Pay(o.ID, "60.00"), r.Pay(o.ID, "50.00")
		r.Run()
		wantBooks(t, r, "110.00", "50.00 60.00")
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Title = "Order, renamed" }))
		r.Run()
		time.Sleep(time.Hour)
		rig.Check(t, r.Keap.VoidPayment(p.ID))
		for range 3 { // three nights
			time.Sleep(25 * time.Hour)
			settled(t, r)
		}
		wantBooks(t, r, "110.00", kept.Amount.StringFixed(2))
	})
}

// §4: an invoice that was there already, found by a new store, is swept as well.
func TestAdoptedInvoiceIsSwept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		o := r.Order("110.00", false)
		p := r.Pay(o.ID, "110.00")
		r.Run()
		time.Sleep(time.Hour)
		r.DB = store.NewMemory()
		r.Run()
		time.Sleep(time.Hour)
		rig.Check(t, r.Keap.VoidPayment(p.ID))
		time.Sleep(26 * time.Hour)
		settled(t, r)
		wantBooks(t, r, "110.00", "")
	})
}

// §1: a process dies with a batch on its way that arrives late, and is started again under its own name at
// once, so that it need not wait for its lease. What it does meanwhile must not become a second batch when
// the first one arrives, however late within the quiet time.
func TestRestartUnderOwnNameAndLateCommit(t *testing.T) {
	for _, kind := range []struct{ name, path string }{{"contact", "/Contacts"}, {"invoice", "/Invoices"}, {"payment", "/Payments"}} {
		for _, late := range []time.Duration{2 * time.Second, 5 * time.Minute, 6*time.Minute + 15*time.Second, 6*time.Minute + 50*time.Second} {
			for _, restart := range []time.Duration{time.Second, 20 * time.Second, 2 * time.Minute, 4 * time.Minute} {
				t.Run(fmt.Sprint(kind.name, "/", late, "/", restart), func(t *testing.T) {
					bubble(t, func(t *testing.T) {
						r := rig.New(t)
						r.Order("110.00", true)
						r.Order("220.00", true)
						r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: kind.path, Kind: faults.CommitLate, Delay: late})
						ctx, cancel := context.WithCancel(context.Background())
						defer cancel()
						m := &mortal{after: http.MethodPut + " ", path: kind.path, end: cancel}
						if _, err := process(r, m, "here").Run(ctx); err == nil || !m.dead() {
							t.Fatal(err)
						}
						time.Sleep(restart)
						settled(t, r)
						time.Sleep(time.Hour)
						settled(t, r)
						wantBooks(t, r, "110.00 220.00", "110.00 220.00")
						if err := r.Once(); err != nil {
							t.Error(err)
						}
					})
				})
			}
		}
	}
}

// §1.5: the look that calls a record absent begins before the quiet time is over, and its answer comes
// after; in between the batch arrives.
func TestSlowLook(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		r.Order("110.00", true)
		r.Faults.Add(
			faults.Fault{Method: http.MethodPut, Path: "/Invoices", Kind: faults.CommitLate, Delay: 6*time.Minute + 50*time.Second},
			faults.Fault{Method: http.MethodPut, Path: "/Invoices", Kind: faults.LoseRequest, Times: 5},
		)
		r.Run()
		r.Faults.Clear()
		time.Sleep(6*time.Minute + 45*time.Second)
		r.Faults.Add(faults.Fault{Method: http.MethodGet, Path: "/Invoices", Kind: faults.SlowAnswer, Delay: 25 * time.Second})
		settled(t, r)
		time.Sleep(time.Hour)
		settled(t, r)
		wantBooks(t, r, "110.00", "110.00")
		if err := r.Once(); err != nil {
			t.Error(err)
		}
	})
}

// A source that answers slowly, for longer than a lease lasts, must not keep the flow from getting on.
func TestSourceSlowerThanTheLease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		c := r.Client().ID
		for range 120 {
			r.OrderFor(c, "1.00", true)
		}
		// Four at a time, eight seconds each: four minutes between two commits of the store.
		r.SourceFaults.Add(faults.Fault{Method: http.MethodGet, Path: "/payments", Kind: faults.Slow, Delay: 8 * time.Second, Times: -1})
		rep, err := r.Push().Run(context.Background())
		if err != nil {
			t.Fatalf("%v: %+v", err, rep)
		}
		r.SourceFaults.Clear()
		settled(t, r)
		r.Expect(120, 1, 120)
	})
}

// §1.5: an answer does not come, and the bytes arrive late within the quiet time, yet after the end of a
// key under which they went again meanwhile: to the vendor the late ones are new.
func TestLateCommitAfterKeyWasUsedAgain(t *testing.T) {
	for _, k := range []struct{ name, path string }{{"contact", "/Contacts"}, {"invoice", "/Invoices"}, {"payment", "/Payments"}} {
		for _, late := range []time.Duration{30 * time.Second, 5*time.Minute + 50*time.Second, 6*time.Minute + 10*time.Second, 6*time.Minute + 50*time.Second} {
			t.Run(fmt.Sprint(k.name, "/", late), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					r := rig.New(t)
					r.Order("110.00", true)
					r.Order("220.00", true)
					r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: k.path, Kind: faults.CommitLate, Delay: late})
					settled(t, r)
					time.Sleep(time.Hour)
					settled(t, r)
					if err := r.Once(); err != nil {
						t.Error(err)
					}
					wantBooks(t, r, "110.00 220.00", "110.00 220.00")
				})
			})
		}
	}
}

// A store that forgets which run wrote a record counts it twice, and takes nothing back.
func TestSQLiteRemembersWhoWrote(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := rig.New(t)
		db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "store"), nil)
		rig.Check(t, err)
		defer db.Close()
		r.DB = db
		o := r.Order("110.00", false)
		r.Order("220.00", true)
		first := r.Run()
		time.Sleep(time.Minute)
		r.Pay(o.ID, "10.00") // the order is read twice now: as a new one, and for its payment
		rep := r.Run()
		if rep.Invoices.Already != 2 || rep.Invoices.Read != 2 || rep.Payments.Created != 1 {
			t.Fatalf("two orders, counted as %+v", rep.Invoices)
		}
		rep, err = r.Push().Revert(context.Background(), first.Run)
		rig.Check(t, err)
		if rep.Payments.Updated != 1 || rep.Invoices.Updated != 1 {
			t.Fatalf("a payment and an invoice are to be taken back, the other invoice has got a later payment: %+v", rep)
		}
		wantBooks(t, r, "110.00", "10.00")
	})
}

// Somebody voids the invoice in the ledger, and then the source changes the order. The void is what a
// person is told of, run after run, whatever is set for edits.
func TestVoidedByHandThenEdited(t *testing.T) {
	for _, mode := range []invoicesync.OnEdit{invoicesync.EditReport, invoicesync.EditUpdate, invoicesync.EditVoid} {
		t.Run(string(mode), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := rig.New(t)
				r.Settings.OnEdit = mode
				o := r.Order("110.00", false)
				r.Run()
				time.Sleep(time.Hour)
				price(t, r, o.ID, "120.00")
				rig.Check(t, r.Xero.Books().VoidInvoice(r.LiveInvoices()[0].ID))
				for range 3 {
					rep := settled(t, r)
					if rep.Invoices.Parked["voided_in_ledger"] != 1 {
						t.Errorf("%+v", rep.Invoices)
					}
					time.Sleep(26 * time.Hour)
				}
				wantBooks(t, r, "", "")
			})
		})
	}
}
