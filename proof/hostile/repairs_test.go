package hostile

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// repairs is a push, somebody who compares, and a source whose answers a test bends.
type repairs struct {
	*rig.Rig
	source *source
}

func onRepairs(t *testing.T, f func(*testing.T, *repairs)) {
	t.Helper()
	t.Parallel()
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		rig.Bubble(t, func(t *testing.T) {
			defer time.Sleep(time.Hour)
			r := rig.NewIn(t, rig.World{Ledger: v})
			f(t, &repairs{r, &source{}})
		})
	})
}

func (r *repairs) push() *invoicesync.Push {
	r.T.Helper()
	r.source.Source = r.SourceSide()
	p, err := invoicesync.NewPush(r.DB, r.source, r.LedgerSide(), r.Settings, &r.Opts)
	rig.Check(r.T, err)
	return p
}

func (r *repairs) run() invoicesync.Report {
	r.T.Helper()
	rep, err := r.push().Run(context.Background())
	rig.Check(r.T, err)
	r.AddsUp(rep)
	return rep
}

// rest runs until nothing is uncertain or deferred, for some days.
func (r *repairs) rest() (rep invoicesync.Report) {
	r.T.Helper()
	for range 8 {
		rep = r.run()
		d := 13 * time.Hour
		if !rep.ResumeAt.IsZero() {
			d = max(time.Until(rep.ResumeAt)+time.Second, time.Second)
		}
		time.Sleep(d)
	}
	if rep.Invoices.Uncertain+rep.Payments.Uncertain+rep.Invoices.Deferred+rep.Payments.Deferred != 0 {
		r.T.Fatalf("it never comes to rest: %+v", rep)
	}
	return rep
}

func (r *repairs) comparing() *invoicesync.Reconcile {
	r.T.Helper()
	c, err := invoicesync.NewReconcile(r.push(), nil, nil)
	rig.Check(r.T, err)
	return c
}

func (r *repairs) shows(code string) invoicesync.Difference {
	r.T.Helper()
	var list []invoicesync.Difference
	for d, err := range r.comparing().Differences(context.Background(), ledger.MustDate("2024-12-01"), ledger.MustDate("2025-01-31")) {
		rig.Check(r.T, err)
		list = append(list, d)
	}
	if len(list) != 1 || list[0].Code != code {
		r.T.Fatalf("the comparison shows %+v, want one %s", list, code)
	}
	list[0].Agreed = true
	return list[0]
}

func (r *repairs) repair(d invoicesync.Difference) {
	r.T.Helper()
	_, err := r.comparing().Repair(context.Background(), d)
	rig.Check(r.T, err)
}

// amounts are those of the live payments of the ledger.
func (r *repairs) amounts(want ...string) {
	r.T.Helper()
	var got []string
	for _, p := range rig.Only(r.Payments()) {
		got = append(got, p.Total.StringFixed(2))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		r.T.Fatalf("the ledger holds payments of %v, want %v", got, want)
	}
}

// become lets the source say of each payment of one amount that it is another.
func (r *repairs) become(from, to string) {
	r.source.payments = func(rows []ledger.Payment) []ledger.Payment {
		for i := range rows {
			if rows[i].Amount.Equal(dec(from)) {
				rows[i].Amount = dec(to)
			}
		}
		return rows
	}
}

// removing is the request that deletes a payment, or voids, or changes an invoice.
func (r *repairs) changing(kind ledger.RecordKind, f faults.Fault) {
	f.Match = func(q *http.Request) bool {
		path := strings.ToLower(q.URL.Path)
		return q.Method == http.MethodPost && (strings.Contains(path, "/"+string(kind)) || strings.Contains(path, string(kind)+"s/"))
	}
	r.Faults.Add(f)
}

// A payment is replaced twice, from the same difference.
func TestPushReplacesTwice(t *testing.T) {
	onRepairs(t, func(t *testing.T, r *repairs) {
		r.Order("110.00", true)
		r.run()
		r.become("110.00", "60.00")
		d := r.shows(invoicesync.DiffAmount)
		r.repair(d)
		r.amounts("60.00")
		writes := r.Writes()
		r.repair(d)
		if r.Writes() != writes {
			t.Fatalf("the same repair once more wrote %d times", r.Writes()-writes)
		}
		r.amounts("60.00")
	})
}

// The answer to the deletion of a replaced payment is lost: it must come back by itself, or be shown.
func TestPushReplaceLosesItsAnswer(t *testing.T) {
	onRepairs(t, func(t *testing.T, r *repairs) {
		r.Order("110.00", true)
		r.run()
		r.become("110.00", "60.00")
		d := r.shows(invoicesync.DiffAmount)
		r.changing(ledger.KindPayment, faults.Fault{Kind: faults.CommitLate, Delay: 2 * time.Minute})
		r.repair(d)
		if len(r.Faults.Hits()) != 1 {
			t.Fatal("nothing was lost")
		}
		r.rest()
		r.amounts("60.00")
	})
}

// The process dies between the deletion and the booking of a replaced payment.
func TestPushReplaceDiesInBetween(t *testing.T) {
	onRepairs(t, func(t *testing.T, r *repairs) {
		r.Order("110.00", true)
		r.run()
		r.become("110.00", "60.00")
		d := r.shows(invoicesync.DiffAmount)
		ctx, cancel := context.WithCancel(context.Background())
		r.changing(ledger.KindPayment, faults.Fault{Kind: faults.Slow, Delay: time.Second})
		c := r.comparing()
		go func() { time.Sleep(500 * time.Millisecond); cancel() }()
		_, err := c.Repair(ctx, d)
		if err == nil {
			t.Log("it was not cancelled")
		}
		r.rest()
		if len(rig.Only(r.Payments())) != 1 {
			t.Fatalf("%v: the ledger holds %+v", err, rig.Only(r.Payments()))
		}
	})
}

// A payment that the source had lost is back when the repair that deletes it comes.
func TestPushDeletesWhatIsBack(t *testing.T) {
	onRepairs(t, func(_ *testing.T, r *repairs) {
		r.Order("110.00", true)
		r.run()
		r.source.payments = func([]ledger.Payment) []ledger.Payment { return nil }
		d := r.shows(invoicesync.DiffGoneInSource)
		r.source.payments = nil
		r.repair(d)
		r.amounts("110.00")
	})
}

// The same invoice is created anew twice: from one difference, at once, and with a lost answer.
func TestRecreateTwice(t *testing.T) {
	for name, lost := range map[string]faults.Kind{"answered": "", "answer lost": faults.LoseAnswer, "arrives late": faults.CommitLate} {
		t.Run(name, func(t *testing.T) {
			onRepairs(t, func(t *testing.T, r *repairs) {
				o := r.Order("110.00", false)
				r.run()
				r.VoidInvoice(link(t, r.Rig, ledger.KindInvoice, idOf(o)).LedgerID)
				d := r.shows(invoicesync.DiffGoneInLedger)
				if lost != "" {
					r.OnCreate(ledger.KindInvoice, faults.Fault{Kind: lost, Delay: 2 * time.Minute})
					r.OnCreate(ledger.KindInvoice, faults.Fault{Kind: faults.LoseRequest, Times: 3})
				}
				r.repair(d)
				for range 3 {
					if _, err := r.comparing().Repair(context.Background(), d); err == nil {
						t.Error("it was created once more")
					}
					time.Sleep(time.Minute)
				}
				r.Faults.Clear()
				r.rest()
				r.Expect(1, 1, 0)
				rig.Check(t, r.Once())
			})
		})
	}
}

// A payment that somebody deleted is booked again twice, from one difference.
func TestRebookTwice(t *testing.T) {
	for name, lost := range map[string]faults.Kind{"answered": "", "answer lost": faults.LoseAnswer, "arrives late": faults.CommitLate} {
		t.Run(name, func(t *testing.T) {
			onRepairs(t, func(t *testing.T, r *repairs) {
				o := r.Order("110.00", false)
				r.Pay(o.ID, "40.00") // a second one would fit
				r.run()
				r.DeletePayment(rig.Only(r.Payments())[0].ID)
				d := r.shows(invoicesync.DiffGoneInLedger)
				if lost != "" {
					r.OnCreate(ledger.KindPayment, faults.Fault{Kind: lost, Delay: 2 * time.Minute})
					r.OnCreate(ledger.KindPayment, faults.Fault{Kind: faults.LoseRequest, Times: 3})
				}
				r.repair(d)
				for range 3 {
					if _, err := r.comparing().Repair(context.Background(), d); err == nil {
						t.Error("it was booked once more")
					}
					time.Sleep(time.Minute)
				}
				r.Faults.Clear()
				r.rest()
				r.amounts("40.00")
			})
		})
	}
}

// Repairs, from another process, and runs at the same time: one writes.
func TestRepairBesideARun(t *testing.T) {
	onRepairs(t, func(t *testing.T, r *repairs) {
		for range 5 {
			r.Order("110.00", true)
		}
		var list []invoicesync.Difference
		r.Settings.Processing = false
		for d, err := range r.comparing().Differences(context.Background(), ledger.MustDate("2024-12-01"), ledger.MustDate("2025-01-31")) {
			rig.Check(t, err)
			list = append(list, d)
		}
		r.Settings.Processing = true
		r.OnCreate(ledger.KindInvoice, faults.Fault{Kind: faults.Slow, Delay: 5 * time.Second, Times: -1})
		done := make(chan error)
		for i, d := range list {
			r.Opts.Owner = "repairs " + itoa(int64(i))
			c := r.comparing()
			go func() {
				time.Sleep(time.Duration(i) * 2 * time.Second)
				_, err := c.Repair(context.Background(), d)
				done <- err
			}()
		}
		r.Opts.Owner = "runs"
		p := r.push()
		go func() { _, err := p.Run(context.Background()); done <- err }()
		for range len(list) + 1 {
			if err := <-done; err != nil && !errors.Is(err, ledger.ErrLater) {
				t.Error(err)
			}
		}
		r.Faults.Clear()
		time.Sleep(5 * time.Minute)
		for _, d := range list {
			r.repair(d)
		}
		r.rest()
		r.Expect(5, 5, 5)
		rig.Check(t, r.Once())
	})
}

// A payment fails, and comes in after all while its deletion is in doubt.
func TestPushedPaymentComesInWhileItIsDeleted(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		t.Run(map[bool]string{true: "arrives", false: "lost"}[arrives], func(t *testing.T) {
			onRepairs(t, func(_ *testing.T, r *repairs) {
				o := r.Order("110.00", true)
				r.run()
				touch := func() {
					time.Sleep(time.Minute)
					rig.Check(r.T, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Notes += "." }))
				}
				r.source.payments = func(rows []ledger.Payment) []ledger.Payment {
					for i := range rows {
						rows[i].Status = ledger.PaymentFailed
					}
					return rows
				}
				touch()
				time.Sleep(time.Minute)
				f := faults.Fault{Kind: faults.LoseRequest}
				if arrives {
					f = faults.Fault{Kind: faults.CommitLate, Delay: 2 * time.Minute}
				}
				r.changing(ledger.KindPayment, f)
				r.run()
				if len(r.Faults.Hits()) != 1 {
					r.T.Fatal("nothing was lost")
				}
				r.source.payments = nil
				touch()
				r.run()
				r.rest()
				r.amounts("110.00")
			})
		})
	}
}

// An invoice is edited, and edited again while the update is in doubt: the last word counts.
func TestEditedTwiceInDoubt(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		t.Run(map[bool]string{true: "arrives", false: "lost"}[arrives], func(t *testing.T) {
			onRepairs(t, func(t *testing.T, r *repairs) {
				r.Settings.OnEdit = invoicesync.EditUpdate
				o := r.Order("110.00", false)
				r.run()
				price := func(p string) {
					rig.Check(r.T, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = dec(p) }))
				}
				price("130.00")
				time.Sleep(time.Minute)
				f := faults.Fault{Kind: faults.LoseRequest, Times: 1}
				if arrives {
					f = faults.Fault{Kind: faults.CommitLate, Delay: 2 * time.Minute}
				}
				r.changing(ledger.KindInvoice, f)
				r.run()
				if len(r.Faults.Hits()) == 0 {
					t.Fatal("nothing was lost")
				}
				price("150.00")
				r.run()
				r.rest()
				if got := rig.Only(r.Invoices()); len(got) != 1 || !got[0].Total.Equal(dec("150.00")) {
					t.Fatalf("%+v", got)
				}
			})
		})
	}
}

// An order is gone, and back while the void is in doubt: nobody is left with a void invoice and no word.
func TestBackWhileItIsVoided(t *testing.T) {
	for _, arrives := range []bool{true, false} {
		t.Run(map[bool]string{true: "arrives", false: "lost"}[arrives], func(t *testing.T) {
			onRepairs(t, func(t *testing.T, r *repairs) {
				r.Settings.OnDelete = invoicesync.DeleteVoid
				o := r.Order("110.00", false)
				r.run()
				touch := func() {
					time.Sleep(time.Minute)
					rig.Check(r.T, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Notes += "." }))
				}
				r.source.invoices = func(_ ledger.Query, page ledger.Page[ledger.Invoice]) ledger.Page[ledger.Invoice] {
					for i := range page.Records {
						page.Records[i].Status = ledger.StatusVoided
						page.Records[i].Version += " void"
					}
					return page
				}
				touch()
				time.Sleep(time.Minute)
				f := faults.Fault{Kind: faults.LoseRequest}
				if arrives {
					f = faults.Fault{Kind: faults.CommitLate, Delay: 2 * time.Minute}
				}
				r.changing(ledger.KindInvoice, f)
				r.run()
				if len(r.Faults.Hits()) != 1 {
					t.Fatal("nothing was lost")
				}
				r.source.invoices = nil
				touch()
				r.run()
				rep := r.rest()
				live := len(rig.Only(r.Invoices()))
				if live != 1 && len(rep.Invoices.Parked) == 0 {
					t.Fatalf("%d live, and nobody is told: %+v, %+v", live, rep.Invoices, link(t, r.Rig, ledger.KindInvoice, idOf(o)))
				}
			})
		})
	}
}

// The clock was ahead when records were sent, and is right when they are looked up.
func TestPushClockWasAhead(t *testing.T) {
	for _, kind := range []ledger.RecordKind{ledger.KindContact, ledger.KindInvoice, ledger.KindPayment} {
		t.Run(string(kind), func(t *testing.T) {
			onRepairs(t, func(_ *testing.T, r *repairs) {
				for range 3 {
					r.Order("110.00", false)
				}
				for _, o := range r.Keap.Orders() {
					r.Pay(o.ID, "40.00")
				}
				r.OnCreate(kind, faults.Fault{Kind: faults.CommitLate, Delay: 3 * time.Minute})
				r.OnCreate(kind, faults.Fault{Kind: faults.LoseRequest, Times: -1})
				r.run()
				r.Faults.Clear()
				time.Sleep(20 * time.Minute)
				moveClock(r.T, r.DB, store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}, 3*time.Hour)
				r.rest()
				r.Expect(3, 3, 3)
				rig.Check(r.T, r.Once())
			})
		})
	}
}
