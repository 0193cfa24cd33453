package userpain

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Pain 12: read to the last page, of both sides. The newest invoices are on it.
func TestPain12_ReadsToTheLastPage(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Source.PageSize, r.Books.PageSize = 25, 25
		client := r.Client().ID
		var newest infusionsoftfake.Order
		for range 130 { // five full pages and a bit
			newest = r.OrderFor(client, "10.00", false)
		}
		rep := r.Run()
		same(t, "orders in the source", len(r.Keap.Orders()), 130)
		counted(t, "invoices", rep.Invoices, tally{"created": 130})
		same(t, "the newest order", inXero(t, r, newest).Status, "AUTHORISED")
		r.Expect(130, 1, 0)

		// The ledger too: of a hundred and thirty voids, all are seen.
		for _, inv := range r.LiveInvoices() {
			rig.Check(t, r.Xero.Books().VoidInvoice(inv.ID))
		}
		time.Sleep(time.Hour)
		counted(t, "after the voids", r.Run().Invoices, tally{"parked voided_in_ledger": 130})
	})
}

// Pain 13: keep below the minute's limit ahead of time, and check the health of a connection at a price
// that does not grow with the books.
func TestPain13_PacesAheadOfTheLimit(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		var ids []string
		for range 40 {
			ids = append(ids, idOf(r.Order("10.00", false)))
		}
		push := r.Push()
		began := time.Now()
		for _, id := range ids {
			_, err := push.One(context.Background(), ledger.Ref{ID: id})
			rig.Check(t, err)
		}
		calls := r.Xero.Calls()
		if calls <= 120 {
			t.Fatalf("%d calls need no pacing, so this shows nothing", calls)
		}
		// More than 120 calls at 60 a minute take two minutes at least.
		if took := time.Since(began); took < 2*time.Minute {
			t.Fatalf("%d calls in %s", calls, took)
		}
		same(t, "429 answers", r.Xero.Counts().ByStatus[429], 0)
		r.Expect(40, 40, 0)

		time.Sleep(time.Minute)
		calls = r.Xero.Calls()
		source := r.Keap.Calls()
		problems, err := push.Check(context.Background())
		rig.Check(t, err)
		same(t, "problems", len(problems), 0)
		after := r.Keap.Calls()
		// The organisation, its currencies, accounts, tax rates, items; the application and its profile.
		if n, m := r.Xero.Calls()-calls, after-source; n > 5 || m > 2 {
			t.Fatalf("Check made %d calls to xero and %d to the source", n, m)
		}
	})
}

// Pain 14: on large organisations Xero refuses filters and orders that it finds inefficient. None is used:
// there is no where clause at all, but for a start date, whose fields are among the optimised ones.
func TestPain14_NoInefficientFilter(t *testing.T) {
	for name, start := range map[string]ledger.Date{"from the first": {}, "from a date": ledger.MustDate("2025-01-01")} {
		t.Run(name, func(t *testing.T) { noInefficientFilter(t, start) })
	}
}

func noInefficientFilter(t *testing.T, start ledger.Date) {
	world := rig.World{Xero: xerofake.Switches{HighVolumeRows: 50}}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		all := tap(r.Faults, http.MethodGet, "")
		r.Books.PageSize = 40
		r.Settings.Start.Date = start
		for range 120 {
			r.Order("110.00", true)
		}
		// Answers are lost as well, so that the look-ups by mark are among the calls.
		for _, path := range []string{"/Contacts", "/Invoices", "/Payments"} {
			r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: path, Kind: faults.LoseAnswer, Times: 4})
		}
		r.Settle()
		r.Expect(120, 120, 120)
		time.Sleep(26 * time.Hour)
		r.Settle()
		same(t, "refused reads", r.Xero.Counts().ByStatus[400], 0)
		for _, c := range all() {
			if where := c.Query["where"]; len(where) > 0 && (start.IsZero() || where[0] != `Type=="ACCREC" AND Date>=DateTime(2025,1,1)`) {
				t.Fatalf("%s has a where clause: %v", c.Path, c.Query)
			}
		}
	})
}

// Pain 15: the cursor moves over a page that holds nothing but deletions, and rows of one and the same
// time are not lost at a page's edge.
func TestPain15_CursorCoversDeletions(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		var orders []infusionsoftfake.Order
		for range 12 {
			orders = append(orders, r.Order("110.00", false))
		}
		r.Run()
		time.Sleep(time.Hour)
		for _, o := range orders {
			rig.Check(t, r.Xero.Books().VoidInvoice(inXero(t, r, o).ID))
		}
		time.Sleep(time.Hour)
		counted(t, "after the voids", r.Run().Invoices, tally{"parked voided_in_ledger": 12})
		time.Sleep(time.Hour)
		r.Run()
		// The page of nothing but voids is behind: what is asked for now begins after it.
		reads := tap(r.Faults, http.MethodGet, "/Invoices")
		time.Sleep(time.Hour)
		r.Run()
		since := ""
		for _, c := range reads() {
			if s := c.Header.Get("If-Modified-Since"); s != "" {
				since = s
			}
		}
		at, err := time.Parse("2006-01-02T15:04:05", since)
		rig.Check(t, err)
		for _, inv := range r.Xero.Books().Invoices() {
			if !at.After(inv.Updated) {
				t.Fatalf("the cursor stands at %s, before the void of %s", since, inv.Updated)
			}
		}
	})
}

// Pain 15, the second half.
func TestPain15_SameTimeAtAPageEdge(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Source.PageSize = 7
		var orders []infusionsoftfake.Order
		for range 30 {
			orders = append(orders, r.Order("110.00", false))
		}
		r.Run()
		time.Sleep(time.Hour)
		// All thirty are edited at the very same moment, as a bulk action does.
		at := time.Now().UTC()
		for _, o := range orders {
			rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) {
				o.Items[0].Price = dec("120.00")
				o.ModificationTime = at
			}))
		}
		time.Sleep(time.Minute)
		counted(t, "after the edits", r.Run().Invoices, tally{"parked changed_after_push": 30})
		for _, o := range orders {
			if m := reason(t, r, o).Message; !strings.Contains(m, "120") || !strings.Contains(m, "110") {
				t.Fatalf("the reason must state both totals: %q", m)
			}
		}
	})
}
