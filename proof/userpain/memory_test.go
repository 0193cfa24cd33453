package userpain

import (
	"bytes"
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

// What is remembered: activity, bodies on their way, reports and events.

// The activity says what was sent and decided, its chain verifies, and it names nobody.
func TestActivity(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", true)
		zero := r.Add(order(rig.Thing("0.00")))
		rep := r.Run()
		inv := inXero(t, r, o)
		time.Sleep(25 * time.Hour)
		r.Run()
		rig.Check(t, r.DB.View(t.Context(), func(tx store.Tx) error {
			rig.Check(t, tx.Activity().Verify())
			rows, err := tx.Activity().List(store.ActivityFilter{Run: rep.Run})
			rig.Check(t, err)
			events := map[string]int{}
			for _, row := range rows {
				events[row.Event+" "+string(row.Kind)]++
			}
			for event, n := range map[string]int{
				"intended contact": 1, "created contact": 1, "intended invoice": 1, "created invoice": 1,
				"intended payment": 1, "created payment": 1, "skipped invoice": 1,
			} {
				same(t, event, events[event], n)
			}
			mine, err := tx.Activity().List(store.ActivityFilter{SourceID: idOf(o)})
			rig.Check(t, err)
			for _, row := range mine {
				if row.Event == "created" {
					money(t, "amount", row.Amount, "110.00")
					same(t, "ledger id", row.LedgerID, inv.ID)
					same(t, "which rule decided", row.Detail, "days")
				}
			}
			skipped, err := tx.Activity().List(store.ActivityFilter{Code: "zero_due"})
			rig.Check(t, err)
			for _, row := range skipped { // once for each time that it was judged
				same(t, "found by its code", row.SourceID, idOf(zero))
			}
			same(t, "found by its code", len(skipped) > 0, true)
			return nil
		}))
	})
}

// Old activity goes when the host says so, and the chain still verifies.
func TestActivityIsTrimmed(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Opts.Retain = 7 * 24 * time.Hour
		r.Order("110.00", true)
		first := r.Run()
		time.Sleep(8 * 24 * time.Hour)
		r.Order("50.00", true)
		r.Run()
		rig.Check(t, r.DB.View(t.Context(), func(tx store.Tx) error {
			rig.Check(t, tx.Activity().Verify())
			rows, err := tx.Activity().List(store.ActivityFilter{Run: first.Run})
			same(t, "rows of the first run", len(rows), 0)
			return err
		}))
		time.Sleep(time.Hour)
		same(t, "links stay", r.Run().Invoices.Created, 0)
	})
}

// A body that is on its way lies in the store sealed, and is gone once its batch is resolved.
func TestBodiesAreSealedAndGo(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		c, err := r.Keap.AddContact(infusionsoftfake.Contact{GivenName: "Zenobia", FamilyName: "Quillfeather",
			Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: "zenobia@quill.example"}}})
		rig.Check(t, err)
		r.OrderFor(c.ID, "110.00", false)
		batches := func() (list []store.Batch) {
			rig.Check(t, r.DB.View(t.Context(), func(tx store.Tx) (err error) {
				list, err = tx.Batches().List(store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}, "")
				return err
			}))
			return list
		}
		r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: "/Contacts", Kind: faults.LoseRequest, Times: -1})
		rep := r.Run()
		r.Faults.Clear()
		if rep.ResumeAt.IsZero() {
			t.Fatal("the report must say when to come back")
		}
		list := batches()
		same(t, "batches on their way", len(list), 1)
		if len(list[0].Body) == 0 || list[0].BodyHash == "" {
			t.Fatal("the exact body must be kept")
		}
		for _, clear := range []string{"Zenobia", "Quillfeather", "quill.example", "Contacts"} {
			if bytes.Contains(list[0].Body, []byte(clear)) {
				t.Fatalf("the stored body says %q", clear)
			}
		}
		r.Settle()
		same(t, "batches afterwards", len(batches()), 0)
		r.Expect(1, 1, 0)
	})
}

// A report's sums, over everything that can become of an order at once.
func TestReportAddsUp(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		varied(r)
		rep := r.Run()
		// Two of twelve, the mug, the widget, the loan, the overpaid: 6; zero: skipped; 8 % tax: parked.
		counted(t, "invoices", rep.Invoices, tally{"created": 6, "skipped zero_due": 1, "parked tax_rate_differs": 1})
		counted(t, "payments", rep.Payments, tally{"created": 2, "parked overpays": 1})
		owed(t, rep, map[string]string{"tax_rate_differs": "54.00", "overpays": "80.00"})
		money(t, "difference", rep.Difference, "0")
		same(t, "contacts", rep.Contacts.Created, 5) // one of them for two invoices
		same(t, "currency", rep.Currency, ledger.Currency("AUD"))
		same(t, "writes", rep.Writes, 3) // one batch of contacts, of invoices, of payments
		same(t, "writes, as xero counts them", r.Xero.Writes(), 3)
		if rep.Run == "" || rep.Started.IsZero() || rep.Ended.Before(rep.Started) {
			t.Fatalf("%+v", rep)
		}
		same(t, "stopped", rep.Stopped, "")
	})
}

// The observer hears of every record as it is read and settled, and of waits, in order.
func TestObserver(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		var events []invoicesync.Event
		r.Opts.Observer = func(e invoicesync.Event) { events = append(events, e) }
		o := r.Order("110.00", true)
		r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: "/Invoices", Kind: faults.Vendor, Name: "429_minute"})
		rep := r.Run()
		var story []string
		var last time.Time
		for _, e := range events {
			same(t, "run", e.Run, rep.Run)
			if e.At.Before(last) {
				t.Fatal("events are out of order")
			}
			last = e.At
			story = append(story, strings.TrimSpace(e.What+" "+string(e.Kind)))
			if e.What == "waiting" && !e.Until.After(e.At) {
				t.Fatalf("a wait must say until when: %+v", e)
			}
			if e.What == "created" && e.Kind == ledger.KindInvoice {
				same(t, "source id", e.SourceID, idOf(o))
				same(t, "ledger id", e.LedgerID, inXero(t, r, o).ID)
				money(t, "amount", e.Amount, "110.00")
			}
		}
		same(t, "story", strings.Join(story, ", "), "read invoice, created contact, waiting, created invoice, created payment")
	})
}
