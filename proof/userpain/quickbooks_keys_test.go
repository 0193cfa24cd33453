package userpain

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// Pain 1: a request id that is only set in a program, and never sent, books a payment twice. Here it travels with every
// write, single ones included, and QuickBooks counts each record once.
func TestPain01_KeyIsOnTheWire(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		writes := tap(r.Faults, http.MethodPost, "")
		for _, kind := range []ledger.RecordKind{ledger.KindContact, ledger.KindInvoice, ledger.KindPayment} {
			// It arrives after it was looked for in vain, and after the same bytes have gone again.
			r.OnCreate(kind, faults.Fault{Kind: faults.CommitLate, Delay: 100 * time.Second})
		}
		var orders []infusionsoftfake.Order
		for range 12 {
			orders = append(orders, r.Order("110.00", false))
		}
		for _, o := range orders {
			r.PayAs(card(o, "50.00", "APPROVED"))
		}
		r.Settle()
		edit(t, r, orders[0], "120.00") // locked by its payment: nothing is sent
		plain := r.Order("30.00", false)
		r.Settle()
		edit(t, r, plain, "35.00")
		r.Settle()
		rig.Check(t, r.Keap.VoidPayment(r.Keap.Payments()[3].ID))
		time.Sleep(25 * time.Hour)
		r.Settle()

		created := r.QuickBooks.Counts().Created
		for entity, want := range map[string]int{"Customer": 13, "Invoice": 13, "Payment": 12} {
			same(t, entity+" created", created[entity], want)
		}
		seen := map[string]string{}
		routes := map[string]int{}
		for _, c := range writes() {
			ids, limit := c.Query["requestid"], 50
			if c.Path == "/v3/company/"+r.RealmID+"/batch" {
				limit = 36
			}
			if len(ids) != 1 || ids[0] == "" || len(ids[0]) > limit {
				t.Fatalf("POST %s has the requestid %q", c.Path, ids)
			}
			if before, again := seen[ids[0]]; again && before != c.Body {
				t.Fatalf("requestid %s goes with two bodies", ids[0])
			}
			seen[ids[0]] = c.Body
			routes[c.Path[len("/v3/company/"+r.RealmID):]]++
		}
		// Three batches went twice; the order of 30.00 took two more; an update and a deletion went alone.
		same(t, "batches", routes["/batch"], 3*2+2)
		same(t, "updates", routes["/invoice"], 1)
		same(t, "deletions", routes["/payment"], 1)
		money(t, "updated", inQuickBooks(t, r, plain).TotalAmt.Decimal, "35.00")
		same(t, "payments left", len(r.Payments()), 11)
	})
}

// Pain 3: large batches time out, and a plain retry doubles what had been saved. Thirty at a time; and once no key helps
// any more, each record is looked for before what is missing, and only that, goes again.
func TestPain03_LooksBeforeItSendsAgain(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		for range 30 {
			r.Order("110.00", false)
		}
		sent := batches(t, r)
		var dead, again atomic.Bool
		r.Faults.Add(faults.Fault{Kind: faults.LoseRequest, Times: -1, Match: func(*http.Request) bool { return dead.Load() }})
		// Seventeen of the thirty are saved, then nothing works any more.
		r.OnCreate(ledger.KindInvoice, faults.Fault{Kind: faults.CommitByElement, Elements: 17,
			Match: func(*http.Request) bool { dead.Store(again.CompareAndSwap(false, true)); return true }})
		if _, err := r.Push().Run(t.Context()); err == nil {
			t.Fatal("a run over a dead line must say so")
		}
		same(t, "saved", len(r.Invoices()), 17)
		dead.Store(false)
		time.Sleep(20 * time.Minute) // every key is over
		before := len(sent())
		r.Settle()
		later := sent()[before:]
		same(t, "batches", len(later), 1)
		same(t, "records that went again", len(later[0].items), 13)
		for _, b := range sent() {
			if len(b.items) > 30 {
				t.Fatalf("%d records in a batch", len(b.items))
			}
		}
		r.Expect(30, 30, 0)
		rig.Check(t, r.Once())
	})
}

// Pain 3: an answer that takes longer than QuickBooks' own 120 s is given up on, and what it saved is not saved again.
func TestPain03_BatchTimesOut(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		for range 60 {
			r.Order("110.00", true)
		}
		for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
			r.OnCreate(kind, faults.Fault{Kind: faults.SlowAnswer, Delay: 10 * time.Minute})
			r.OnCreate(kind, faults.Fault{Kind: faults.Slow, Delay: 4 * time.Minute})
		}
		r.Settle()
		time.Sleep(time.Hour)
		same(t, "writes at rest", r.Settle().Writes, 0)
		r.Expect(60, 60, 60)
		rig.Check(t, r.Once())
	})
}

// Pain 16: what is throttled is answered in XML although JSON was asked for, without Retry-After, and by old stacks as
// 403. It is told by status and content, a minute is waited, and nothing is lost or sent twice.
func TestPain16_ThrottledInXML(t *testing.T) {
	for _, name := range []string{"429", "429_json", "403_throttle"} {
		t.Run(name, func(t *testing.T) {
			onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
				for range 5 {
					r.Order("110.00", true)
				}
				sent := batches(t, r)
				r.Faults.Add(faults.Fault{Method: http.MethodGet, Path: "/query", Skip: 2, Times: 2, Kind: faults.Vendor, Name: name})
				r.OnCreate(ledger.KindInvoice, faults.Fault{Times: 2, Kind: faults.Vendor, Name: name})
				began := time.Now()
				r.Settle() // a reading that is throttled in the old way ends a run, with the time to come back
				same(t, "throttled", len(r.Faults.Hits()), 4)
				// Four answers, and a minute after each of them.
				if took := time.Since(began); took < 4*time.Minute {
					t.Fatalf("it took %s, and must have waited four times a minute", took)
				}
				var at []time.Time
				for _, b := range sent() {
					if b.kind() == ledger.KindInvoice {
						at = append(at, b.at)
					}
				}
				same(t, "batches of invoices", len(at), 3)
				for i := range at[1:] {
					if wait := at[i+1].Sub(at[i]); wait < time.Minute {
						t.Fatalf("asked again after %s", wait)
					}
				}
				r.Expect(5, 5, 5)
				rig.Check(t, r.Once())
			})
		})
	}
}
