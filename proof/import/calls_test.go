// Package imports proves what an import promises, with the real adapters over the fakes, in virtual time: how many
// calls it makes, and what comes of changes that ledgers do not announce.
package imports

import (
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/importrig"
)

// history has 20,000 invoices, of which 4,000 are unpaid and inside the look-back: 4,000 unpaid ones of the last
// 90 days, 2,000 unpaid and older, 11,000 paid and 3,000 voided ones.
func history(today ledger.Date) []importrig.Row {
	rows := make([]importrig.Row, 20000)
	for i := range rows {
		r := importrig.Row{N: i, Date: today.AddDays(-i % 91), Updated: today.Time().AddDate(0, 0, -1).Add(-time.Duration(len(rows)-i) * 2 * time.Second)}
		switch k := i % 20; {
		case k < 4:
		case k < 6:
			r.Date = today.AddDays(-91 - i%300)
		case k < 17:
			r.Paid = true
		default:
			r.Voided = true
		}
		rows[i] = r
	}
	return rows
}

// Calls that read invoices: at most ⌈unpaid/1000⌉ + 2 = 6; others: at most 5. Nothing changed: one call per kind of
// record. k changes: no more as long as they fit into a page, and who the company is.
func TestCalls(t *testing.T) {
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		rows := history(w.Today())
		if err := w.Ledger.Load(rows); err != nil {
			t.Fatal(err)
		}
		w.Settings.Budget = -1
		var rep invoicesync.Report
		reads, others := w.Calls(func() { rep = w.Run() })
		same(t, "imported", rep.Invoices.Created, 4000)
		same(t, "judged", rep.Invoices.Read, 4000)
		if reads > 6 || others > 5 {
			t.Errorf("the first reading: %d calls that read invoices, %d others; at most 6 and 5", reads, others)
		}
		t.Logf("%s: first reading of 20,000: %d calls that read invoices, %d others", w.Ledger.Name, reads, others)

		deliveries := w.Host.Calls()
		for range 3 {
			time.Sleep(time.Hour)
			reads, others = w.Calls(func() { rep = w.Run() })
			same(t, "judged when nothing changed", rep.Invoices.Read, 0)
			same(t, "calls when nothing changed: invoices, payments", reads+others, 2)
		}
		same(t, "deliveries when nothing changed", w.Host.Calls(), deliveries)

		// Changes: new, edited, paid, voided ones, all on one page.
		var ids []string
		for range 40 {
			ids = append(ids, w.Ledger.Add("20.00"))
		}
		time.Sleep(time.Hour)
		reads, others = w.Calls(func() { rep = w.Run() })
		same(t, "imported", rep.Invoices.Created, 40)
		if reads+others > 4 {
			t.Errorf("40 new invoices: %d calls", reads+others)
		}
		for i, id := range ids {
			switch i % 3 {
			case 0:
				w.Ledger.Pay(id, "20.00")
			case 1:
				w.Ledger.Edit(id)
			case 2:
				w.Ledger.Void(id)
			}
		}
		time.Sleep(time.Hour)
		reads, others = w.Calls(func() { rep = w.Run() })
		same(t, "delivered", rep.Invoices.Updated, 40)
		// QuickBooks' changes come without payments: those of the 14 paid invoices are two more.
		if reads+others > 6 {
			t.Errorf("40 changes: %d calls", reads+others)
		}
		t.Logf("%s: 40 changes: %d calls", w.Ledger.Name, reads+others)
		time.Sleep(time.Hour)
		reads, others = w.Calls(func() { rep = w.Run() })
		same(t, "judged when nothing changed", rep.Invoices.Read, 0)
		same(t, "calls when nothing changed since", reads+others, 2)

		// The nightly sweep: all 6,000 open ones, and nothing to tell.
		time.Sleep(24 * time.Hour)
		reads, others = w.Calls(func() { rep = w.Run() })
		same(t, "judged in the sweep", rep.Invoices.Read, 0)
		t.Logf("%s: sweep over 6,000 open invoices: %d calls", w.Ledger.Name, reads+others)
		if reads+others > 4+8 {
			t.Errorf("the sweep: %d calls", reads+others)
		}
	})
}

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}
