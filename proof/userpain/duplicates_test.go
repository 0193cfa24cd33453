package userpain

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Pain 2: what is created again on purpose has another generation, and so another mark and another key.
// Otherwise the vendor replays its old answer, and a dead record's id is kept.
func TestPain02_CreatedAgainHasAnotherKey(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		invoices, payments := tap(r.Faults, http.MethodPut, "/Invoices"), tap(r.Faults, http.MethodPut, "/Payments")
		o := r.Order("110.00", true)
		first := r.Run()
		before := link(t, r, ledger.KindInvoice, idOf(o))
		paid := link(t, r, ledger.KindPayment, rowOf(r, o, 0))

		// Taken back and pushed again within minutes: Xero still remembers the first keys.
		push := r.Push()
		_, err := push.Revert(context.Background(), first.Run)
		rig.Check(t, err)
		rig.Check(t, push.Recreate(context.Background(), ledger.Ref{ID: idOf(o)}))
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1})
		counted(t, "payments", rep.Payments, tally{"created": 1})
		calls := invoices()
		same(t, "PUT /Invoices", len(calls), 2)
		if d := calls[1].At.Sub(calls[0].At); d > 6*time.Minute {
			t.Fatalf("the keys must still live, or this shows nothing: %s", d)
		}
		for _, c := range [][]call{calls, payments()} {
			same(t, "writes", len(c), 2)
			if a, b := c[0].Header.Get("Idempotency-Key"), c[1].Header.Get("Idempotency-Key"); a == b || a == "" {
				t.Fatalf("%s: the second creation has the first one's key %q", c[0].Path, a)
			}
		}

		after := link(t, r, ledger.KindInvoice, idOf(o))
		again := link(t, r, ledger.KindPayment, rowOf(r, o, 0))
		same(t, "generation", after.Generation, 1)
		if after.Mark == before.Mark || after.LedgerID == before.LedgerID || again.Mark == paid.Mark || again.LedgerID == paid.LedgerID {
			t.Fatal("the new records must have marks and ids of their own")
		}
		live := inXero(t, r, o)
		same(t, "status", live.Status, "PAID")
		dead, _ := r.Xero.Books().Invoice(before.LedgerID)
		same(t, "the first one", dead.Status, "VOIDED")
		r.Expect(1, 1, 1)
	})
}

// Pain 4: to sync again is to compare. With all memory lost, nothing is inserted a second time.
func TestPain04_SyncingAgainComparesOnly(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		for range 25 {
			r.Order("110.00", true)
		}
		r.Run()
		was := r.Xero.Books().Invoices()
		writes := r.Xero.Writes()
		for range 2 {
			time.Sleep(time.Hour)
			r.DB = store.NewMemory()
			rep := r.Run()
			counted(t, "invoices", rep.Invoices, tally{"already": 25})
			counted(t, "payments", rep.Payments, tally{"already": 25})
			same(t, "writes", rep.Writes, 0)
		}
		same(t, "writes that reached xero", r.Xero.Writes(), writes)
		now := r.Xero.Books().Invoices()
		for i := range was {
			if was[i].ID != now[i].ID || !was[i].Updated.Equal(now[i].Updated) {
				t.Fatalf("invoice %s was touched", was[i].Number)
			}
		}
		r.Expect(25, 25, 25)
	})
}

// Pain 5: links belong to the organisation. After a new consent old invoices are known, and a void still
// reaches its invoice.
func TestPain05_LinksOutliveTheConnection(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnDelete = invoicesync.DeleteVoid
		kept, gone := r.Order("110.00", false), r.Order("220.00", false)
		r.Run()
		rig.Check(t, r.Xero.Books().Disconnect())
		tenant, err := r.Xero.Books().Reconnect("")
		rig.Check(t, err)
		if tenant == r.TenantID {
			t.Fatal("the tenant id must have changed")
		}
		r.TenantID = tenant
		rep := r.Run()
		same(t, "writes after the new consent", rep.Writes, 0)

		rig.Check(t, r.Keap.DeleteOrder(gone.ID))
		time.Sleep(25 * time.Hour)
		r.Run()
		same(t, "the deleted order's invoice", inXero(t, r, gone).Status, "VOIDED")
		same(t, "the other invoice", inXero(t, r, kept).Status, "AUTHORISED")
		r.Expect(1, 2, 0)
	})
}

// Pain 6: one bad invoice in a batch. The good ones exist, and their ids are known; the bad one is named.
func TestPain06_OneBadInvoiceInABatch(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		puts := tap(r.Faults, http.MethodPut, "/Invoices")
		r.Settings.Numbers = invoicesync.NumberSettings{FromSource: true, Prefix: "IS-"}
		var bad string
		for i := range 12 {
			o := r.Order("110.00", false)
			if i == 4 {
				bad = idOf(o)
			}
		}
		// A stranger has the number of the fifth.
		stranger, err := r.Xero.Books().AddContact(xerofake.Contact{Name: "Somebody Else"})
		rig.Check(t, err)
		_, err = r.Xero.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{Number: "IS-" + bad, ContactID: stranger.ContactID,
			Lines: []xerofake.Line{{Description: "Other", AccountCode: "200", UnitAmount: dec("7")}}}})
		rig.Check(t, err)

		rep := r.Run()
		same(t, "PUT /Invoices", len(puts()), 1)
		same(t, "summarizeErrors", puts()[0].Query["summarizeErrors"][0], "false")
		counted(t, "invoices", rep.Invoices, tally{"created": 11, "parked number_taken": 1})
		for _, o := range r.Keap.Orders() {
			l := link(t, r, ledger.KindInvoice, idOf(o))
			if idOf(o) == bad {
				same(t, "reason", l.Reasons[0].Code, "number_taken")
				same(t, "ledger id", l.LedgerID, "")
				continue
			}
			inv, ok := r.Xero.Books().Invoice(l.LedgerID)
			if !ok || inv.Number != "IS-"+idOf(o) {
				t.Fatalf("order %d: linked with %q, number %q", o.ID, l.LedgerID, inv.Number)
			}
		}
		// Settled: the next run asks again for none of the eleven.
		rep = r.Run()
		same(t, "created again", rep.Invoices.Created, 0)
		r.Expect(12, 13, 0)
	})
}
