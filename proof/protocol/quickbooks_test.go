package protocol

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/store"
)

// shortMemory is a QuickBooks that remembers a requestid for little longer than the adapter trusts it to, which is four
// minutes.
var shortMemory = quickbooksfake.Switches{RequestIDLife: 5 * time.Minute}

// quietCalls are how many calls to the ledger a run with nothing to do may make.
var quietCalls = map[rig.Vendor]int{rig.OnXero: 3, rig.OnQuickBooks: 3}

// quickbooksFlow is flow over QuickBooks.
func quickbooksFlow(t *testing.T, n int, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	flow(t, rig.OnQuickBooks, n, f)
}

// lost runs the flow once: the line goes dead after the ledger has taken the creation of a kind, so that neither an
// answer nor a look comes through. Then f does by hand to the ledger what nobody here learns of.
func lost(t *testing.T, r *rig.Rig, kind ledger.RecordKind, f func()) {
	t.Helper()
	var dead atomic.Bool
	cut := func(*http.Request) bool { dead.Store(true); return true }
	r.Faults.Add(faults.Fault{Kind: faults.LoseRequest, Times: -1, Match: func(*http.Request) bool { return dead.Load() }})
	r.OnCreate(kind, faults.Fault{Kind: faults.LoseAnswer, Match: cut})
	if _, err := r.Push().Run(t.Context()); err == nil {
		t.Fatal("a run over a dead line must say so")
	}
	if !dead.Load() {
		t.Fatal("no answer was lost")
	}
	r.Faults.Clear()
	f()
}

// deleted deletes a record by hand.
func deleted(t *testing.T, r *rig.Rig, kind ledger.RecordKind, id string) {
	t.Helper()
	if kind == ledger.KindPayment {
		rig.Check(t, r.QuickBooks.Books().DeletePayment(id))
	} else {
		rig.Check(t, r.QuickBooks.Books().DeleteInvoice(id))
	}
}

// listed are the records of a kind.
func listed(r *rig.Rig, kind ledger.RecordKind) []rig.Booked {
	switch kind {
	case ledger.KindPayment:
		return r.Payments()
	case ledger.KindContact:
		return r.Contacts()
	}
	return r.Invoices()
}

// parkedOf is how many records of a kind a person is told of under a code.
func parkedOf(t *testing.T, r *rig.Rig, kind ledger.RecordKind, code string) int {
	t.Helper()
	return len(linked(t, r, kind, code))
}

// linked are the links of a kind, of those that a person is told of under a code where one is given.
func linked(t *testing.T, r *rig.Rig, kind ledger.RecordKind, code string) (links []store.Link) {
	t.Helper()
	rig.Check(t, r.DB.View(t.Context(), func(tx store.Tx) (err error) {
		links, err = tx.Links().List(store.LinkFilter{Pair: store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}, Kind: kind, Code: code})
		return err
	}))
	return links
}

// §1.5: deletions in QuickBooks carry no mark. What is absent while a deletion is reported that no link knows may
// have been deleted by a person: it is parked, and never written again by itself.
func TestMaybeDeleted(t *testing.T) {
	for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
		t.Run(string(kind), func(t *testing.T) {
			quickbooksFlow(t, 0, func(t *testing.T, r *rig.Rig) {
				for range 5 {
					r.Order("110.00", true)
				}
				lost(t, r, kind, func() {
					if n := len(listed(r, kind)); n != 5 {
						t.Fatalf("%d %ss were committed", n, kind)
					}
					deleted(t, r, kind, listed(r, kind)[2].ID)
				})
				time.Sleep(20 * time.Minute) // quiet time, and every key, are over
				r.Settle()
				if n := parkedOf(t, r, kind, "maybe_deleted"); n != 1 {
					t.Fatalf("%d are parked as maybe_deleted", n)
				}
				for range 2 {
					time.Sleep(25 * time.Hour)
					rep := r.Settle()
					if rep.Writes != 0 {
						t.Fatalf("%+v", rep)
					}
					if n := len(listed(r, kind)); n != 4 {
						t.Fatalf("the ledger holds %d %ss, want the 4 that were left", n, kind)
					}
					if rep.Invoices.Parked["maybe_deleted"]+rep.Payments.Parked["maybe_deleted"] != 1 {
						t.Fatalf("a person must go on being told: %+v %+v", rep.Invoices, rep.Payments)
					}
					// The payment of an invoice that may be gone is no longer said to be on its way.
					if want := map[ledger.RecordKind]int{ledger.KindInvoice: 1}[kind]; rep.Payments.Parked["invoice_not_written"] != want {
						t.Fatalf("%d payments are told to wait for their invoice, want %d", rep.Payments.Parked["invoice_not_written"], want)
					}
				}
				rig.Check(t, r.Once())
			})
		})
	}
}

// §1.5: a deletion that a link knows is no reason to doubt: what never arrived goes again.
func TestKnownDeletionHidesNothing(t *testing.T) {
	quickbooksFlow(t, 1, func(t *testing.T, r *rig.Rig) {
		r.Run()
		known := r.Invoices()[0].ID
		time.Sleep(time.Hour)
		r.Order("220.00", false)
		r.OnCreate(ledger.KindInvoice, faults.Fault{Kind: faults.LoseRequest, Times: -1})
		_, err := r.Push().Run(t.Context())
		rig.Check(t, err)
		r.Faults.Clear()
		r.DeletePayment(r.Payments()[0].ID)
		deleted(t, r, ledger.KindInvoice, known)
		time.Sleep(20 * time.Minute)
		r.Settle()
		live := r.Invoices()
		if len(live) != 1 || !live[0].Total.Equal(decimal.RequireFromString("220.00")) {
			t.Fatalf("the second invoice never arrived, and the deletion is the first one's: %+v", live)
		}
		if n := parkedOf(t, r, ledger.KindInvoice, "maybe_deleted"); n != 0 {
			t.Fatalf("%d are parked", n)
		}
	})
}

// §2: a void writes in front of PrivateNote. The mark is found behind it, and found is final.
func TestVoidedBeforeTheLook(t *testing.T) {
	for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
		t.Run(string(kind), func(t *testing.T) {
			quickbooksFlow(t, 0, func(t *testing.T, r *rig.Rig) {
				for range 4 {
					r.Order("110.00", true)
				}
				lost(t, r, kind, func() {
					id := listed(r, kind)[1].ID
					books := r.QuickBooks.Books()
					if kind == ledger.KindPayment {
						rig.Check(t, books.VoidPayment(id))
						p, _ := books.Payment(id)
						voidInFront(t, p.PrivateNote)
					} else {
						rig.Check(t, books.VoidInvoice(id))
						i, _ := books.Invoice(id)
						voidInFront(t, i.PrivateNote)
					}
				})
				time.Sleep(20 * time.Minute)
				for range 2 {
					r.Settle()
					if all, live := len(listed(r, kind)), len(rig.Only(listed(r, kind))); all != 4 || live != 3 {
						t.Fatalf("the ledger holds %d %ss, %d of them live; want 4, and 3", all, kind, live)
					}
					time.Sleep(25 * time.Hour)
				}
				code := map[ledger.RecordKind]string{ledger.KindInvoice: "voided_in_ledger", ledger.KindPayment: "payment_deleted_in_ledger"}[kind]
				if n := parkedOf(t, r, kind, code); n != 1 {
					t.Fatalf("%d are told to be %s", n, code)
				}
				rig.Check(t, r.Once())
			})
		})
	}
}

func voidInFront(t *testing.T, note string) {
	t.Helper()
	if !strings.HasPrefix(note, "Voided") || ledger.MarkIn(note) == "" {
		t.Fatalf("the fake does not show what this is about: %q", note)
	}
}

// user-pain 2: what was lost and then deleted by hand, the vendor still answers with under its key. A record that is
// dead must not stay linked as if it lived, and is not written again.
func TestKeyAnswersWithADeadRecord(t *testing.T) {
	for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
		t.Run(string(kind), func(t *testing.T) {
			quickbooksFlow(t, 0, func(t *testing.T, r *rig.Rig) {
				r.Order("110.00", kind == ledger.KindPayment)
				lost(t, r, kind, func() { deleted(t, r, kind, listed(r, kind)[0].ID) })
				time.Sleep(time.Minute) // the key lives
				r.Settle()
				time.Sleep(time.Hour)
				r.Settle()
				if n := len(listed(r, kind)); n != 0 {
					t.Fatalf("%d %ss were written again", n, kind)
				}
				told := 0
				for _, code := range []string{"maybe_deleted", "voided_in_ledger", "payment_deleted_in_ledger"} {
					told += parkedOf(t, r, kind, code)
				}
				if told != 1 {
					t.Fatal("nobody is told that it is gone")
				}
			})
		})
	}
}

// §1.5: beyond a thousand changes nobody can say what was deleted: what is absent is parked, and not written again.
func TestAbsentAmongAThousandChanges(t *testing.T) {
	quickbooksFlow(t, 3, func(t *testing.T, r *rig.Rig) {
		r.OnCreate(ledger.KindInvoice, faults.Fault{Kind: faults.LoseRequest, Times: -1})
		rep := r.Run()
		if rep.Invoices.Uncertain != 3 {
			t.Fatalf("%+v", rep.Invoices)
		}
		r.Faults.Clear()
		strangers(t, r, ledger.KindInvoice, 1050)
		time.Sleep(20 * time.Minute)
		rep = r.Run()
		if rep.Invoices.Parked["maybe_deleted"] != 3 || rep.Writes != 0 {
			t.Fatalf("%+v", rep)
		}
		// A person has looked, and says so.
		for _, o := range r.Keap.Orders() {
			rig.Check(t, r.Push().Recreate(t.Context(), ledger.Ref{ID: fmt.Sprint(o.ID)}))
		}
		rep = r.Settle()
		r.Expect(1050+3, 1+3, 3)
		if rep.Invoices.Parked["maybe_deleted"] != 0 {
			t.Fatalf("%+v", rep.Invoices)
		}
	})
}

// §2: people write behind the mark, and in front of it.
func TestNoteEditedBeforeTheLook(t *testing.T) {
	quickbooksFlow(t, 3, func(t *testing.T, r *rig.Rig) {
		lost(t, r, ledger.KindInvoice, func() {
			for i, b := range r.Invoices() {
				rig.Check(t, r.QuickBooks.Books().EditInvoice(b.ID, func(inv *quickbooksfake.Invoice) {
					inv.PrivateNote = []string{inv.PrivateNote + " called Ann", "urgent! " + inv.PrivateNote, inv.PrivateNote + "\n(paid?) see AAAA2222BBBB3333"}[i]
				}))
			}
		})
		time.Sleep(20 * time.Minute)
		r.Settle()
		r.Expect(3, 3, 3)
	})
}

// A customer that was made inactive before the look is there: another one of the name is not created.
func TestInactiveBeforeTheLook(t *testing.T) {
	quickbooksFlow(t, 3, func(t *testing.T, r *rig.Rig) {
		lost(t, r, ledger.KindContact, func() {
			no := false
			rig.Check(t, r.QuickBooks.Books().EditCustomer(r.Contacts()[1].ID, func(c *quickbooksfake.Customer) { c.Active = &no }))
		})
		time.Sleep(20 * time.Minute)
		rep := r.Settle()
		if rep.Invoices.Parked["contact_archived"] != 1 {
			t.Fatalf("%+v", rep.Invoices)
		}
		r.Expect(2, 3, 2)
		rig.Check(t, r.Once())
	})
}

// §2, §4: change data capture shows 1,000 objects. Among more than those, what was lost is found all the same, and
// nothing is taken for absent.
func TestLostAmongAThousandChanges(t *testing.T) {
	eachKind(t, func(t *testing.T, kind ledger.RecordKind) {
		quickbooksFlow(t, 30, func(t *testing.T, r *rig.Rig) {
			lost(t, r, kind, func() { strangers(t, r, kind, 1050) })
			time.Sleep(20 * time.Minute)
			r.Settle()
			for _, have := range []struct {
				what ledger.RecordKind
				list []rig.Booked
			}{{ledger.KindInvoice, r.Invoices()}, {ledger.KindContact, r.Contacts()}, {ledger.KindPayment, r.Payments()}} {
				ours := map[ledger.Mark]int{}
				for _, b := range have.list {
					for _, m := range b.Marks {
						ours[m]++
					}
				}
				if len(ours) != 30 {
					t.Fatalf("%d %ss of ours", len(ours), have.what)
				}
				for m, n := range ours {
					if n != 1 {
						t.Fatalf("the %s of mark %s is there %d times", have.what, m, n)
					}
				}
			}
		})
	})
}

// strangers lets people enter n records of a kind, within the minute.
func strangers(t *testing.T, r *rig.Rig, kind ledger.RecordKind, n int) {
	t.Helper()
	books := r.QuickBooks.Books()
	customer, err := books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: "A stranger"}})
	rig.Check(t, err)
	amount := quickbooksfake.NewAmount(decimal.RequireFromString("7.00"))
	for i := range n {
		switch kind {
		case ledger.KindContact:
			_, err = books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: fmt.Sprint("Stranger ", i)}})
		case ledger.KindInvoice:
			_, err = books.AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{
				CustomerRef: quickbooksfake.Ref{Value: customer.ID}, GlobalTaxCalculation: "NotApplicable",
				Line: []quickbooksfake.Line{{Amount: &amount, SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{ItemRef: &quickbooksfake.Ref{Value: "1"}}}},
			}})
		case ledger.KindPayment:
			_, err = books.AddPayment(quickbooksfake.Payment{CustomerRef: quickbooksfake.Ref{Value: customer.ID}, TotalAmt: &amount})
		}
		rig.Check(t, err)
		if i%25 == 24 {
			time.Sleep(time.Second)
		}
	}
}

// §3: a restored copy is known by its ledger's changes too, where the newest thousand of them are other people's.
func TestOlderCopyBehindAThousandChanges(t *testing.T) {
	quickbooksFlow(t, 10, func(t *testing.T, r *rig.Rig) {
		r.Run()
		copyOf := snapshot(t, r.DB)
		time.Sleep(time.Hour)
		for range 10 {
			r.Order("220.00", true)
		}
		r.Run()
		r.Expect(20, 20, 20)
		time.Sleep(time.Hour)
		strangers(t, r, ledger.KindInvoice, 1050)
		r.DB = copyOf
		time.Sleep(time.Hour)
		if rep := r.Settle(); rep.Writes != 0 {
			t.Fatalf("the older copy wrote again: %+v", rep)
		}
		r.Expect(20+1050, 20+1, 20)
	})
}

// §1, keys: every batch travels under a requestid of at most 36 characters, whose bIds have at most 10. Bytes that
// go again go under the same one, and are the same; another batch has another.
func TestRequestIDs(t *testing.T) {
	eachKind(t, func(t *testing.T, kind ledger.RecordKind) {
		quickbooksFlow(t, 40, func(t *testing.T, r *rig.Rig) {
			bodies := map[string]string{} // by requestid
			sent := 0
			r.Faults.Add(faults.Fault{Method: http.MethodPost, Path: "/batch", Match: func(req *http.Request) bool {
				id, body := req.URL.Query().Get("requestid"), all(t, req)
				if id == "" || len(id) > 36 {
					t.Errorf("requestid %q", id)
				}
				for _, item := range itemsOf(t, body) {
					if len(item) == 0 || len(item) > 10 {
						t.Errorf("bId %q", item)
					}
				}
				if before, again := bodies[id]; again && before != body {
					t.Error("one requestid for two bodies")
				}
				bodies[id] = body
				sent++
				return false
			}})
			r.OnCreate(kind, faults.Fault{Kind: faults.LoseRequest})
			atRest(r, 40)
			// 40 records are two batches of each of the three kinds; one of them went twice.
			if len(bodies) != 6 || sent != 7 {
				t.Fatalf("%d batches under %d requestids, want 7 under 6", sent, len(bodies))
			}
		})
	})
}

// What is not documented is a switch of the fake: the protocol holds in either position.
func TestEitherPositionOfASwitch(t *testing.T) {
	positions := map[string]rig.World{
		"requestid forgotten after five minutes": {QuickBooks: shortMemory},
		"requestid checks the body":              {QuickBooks: quickbooksfake.Switches{RequestIDChecksBody: true}},
		"requestid forgets faults":               {QuickBooks: quickbooksfake.Switches{RequestIDForgetsFaults: true}},
		"batch answered in order":                {QuickBooks: quickbooksfake.Switches{BatchInOrder: true}},
		"capture's limit per entity":             {QuickBooks: quickbooksfake.Switches{CDCLimitPerEntity: true}},
		"changedSince is exclusive":              {QuickBooks: quickbooksfake.Switches{ChangedSinceExclusive: true}},
		"throttled in JSON":                      {QuickBooks: quickbooksfake.Switches{ThrottleJSON: true}},
		"ids in the order of numbers":            {QuickBooks: quickbooksfake.Switches{NumericIDOrder: true}},
		"intuit-tid with a hyphen":               {QuickBooks: quickbooksfake.Switches{HyphenTid: true}},
		"custom numbers":                         {Company: quickbooksfake.Company{Country: "AU", CustomTxnNumbers: true}},
		"of the United States":                   {Company: quickbooksfake.Company{Country: "US", HomeCurrency: "AUD"}},
	}
	for name, world := range positions {
		world.Ledger = rig.OnQuickBooks
		t.Run(name, func(t *testing.T) {
			eachKind(t, func(t *testing.T, kind ledger.RecordKind) {
				flowIn(t, world, 35, func(_ *testing.T, r *rig.Rig) {
					r.OnCreate(kind, faults.Fault{Kind: faults.LoseAnswer})
					r.OnCreate(kind, faults.Fault{Kind: faults.CommitByElement, Delay: time.Second, Elements: 4})
					r.OnCreate(kind, faults.Fault{Kind: faults.Vendor, Name: "item_fault_after"})
					r.OnCreate(kind, faults.Fault{Kind: faults.Vendor, Name: "429"})
					atRest(r, 35)
				})
			})
		})
	}
}

// A realm is another company: its books are never mixed with the pinned one's, whichever side says so.
func TestAnotherRealm(t *testing.T) {
	quickbooksFlow(t, 3, func(t *testing.T, r *rig.Rig) {
		r.Run()
		other := *r
		other.RealmID = "4620816365000000002" // the connection's, while the settings name the first
		writes := r.Writes()
		_, err := other.Push().Run(context.Background())
		if ledger.Code(err) != "other_organisation" || !strings.Contains(err.Error(), r.RealmID) || !strings.Contains(err.Error(), other.RealmID) {
			t.Fatalf("want a refusal that names both companies: %v", err)
		}
		// A token that opens another company only is refused by QuickBooks itself.
		r.Faults.Add(faults.Fault{Kind: faults.Vendor, Name: "403", Times: -1})
		if _, err = r.Push().Run(context.Background()); ledger.Code(err) != "not_connected" {
			t.Fatalf("%v", err)
		}
		if r.Writes() != writes {
			t.Fatal("something was written")
		}
	})
}
