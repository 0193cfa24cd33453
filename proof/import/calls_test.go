package imports

import (
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
)

// history has 20,000 invoices, of which 4,000 are unpaid and inside the look-back: 4,000 unpaid ones of the last
// 90 days, 2,000 unpaid and older, 11,000 paid and 3,000 voided ones.
func history(today ledger.Date) []row {
	rows := make([]row, 20000)
	for i := range rows {
		r := row{n: i, date: today.AddDays(-i % 91), updated: today.Time().AddDate(0, 0, -1).Add(-time.Duration(len(rows)-i) * 2 * time.Second)}
		switch k := i % 20; {
		case k < 4:
		case k < 6:
			r.date = today.AddDays(-91 - i%300)
		case k < 17:
			r.paid = true
		default:
			r.voided = true
		}
		rows[i] = r
	}
	return rows
}

// Calls that read invoices: at most ⌈unpaid/1000⌉ + 2 = 6; others: at most 5. Nothing changed: one call per kind of
// record. k changes: no more as long as they fit into a page, and who the company is.
func TestCalls(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		rows := history(w.today())
		if err := w.ledger.load(rows); err != nil {
			t.Fatal(err)
		}
		w.settings.Budget = -1
		var rep invoicesync.Report
		reads, others := w.calls(func() { rep = w.run() })
		same(t, "imported", rep.Invoices.Created, 4000)
		same(t, "judged", rep.Invoices.Read, 4000)
		if reads > 6 || others > 5 {
			t.Errorf("the first reading: %d calls that read invoices, %d others; at most 6 and 5", reads, others)
		}
		t.Logf("%s: first reading of 20,000: %d calls that read invoices, %d others", w.ledger.name, reads, others)

		deliveries := w.host.Calls()
		for range 3 {
			time.Sleep(time.Hour)
			reads, others = w.calls(func() { rep = w.run() })
			same(t, "judged when nothing changed", rep.Invoices.Read, 0)
			same(t, "calls when nothing changed: invoices, payments", reads+others, 2)
		}
		same(t, "deliveries when nothing changed", w.host.Calls(), deliveries)

		// Changes: new, edited, paid, voided ones, all on one page.
		var ids []string
		for range 40 {
			ids = append(ids, w.ledger.add("20.00"))
		}
		time.Sleep(time.Hour)
		reads, others = w.calls(func() { rep = w.run() })
		same(t, "imported", rep.Invoices.Created, 40)
		if reads+others > 4 {
			t.Errorf("40 new invoices: %d calls", reads+others)
		}
		for i, id := range ids {
			switch i % 3 {
			case 0:
				w.ledger.pay(id, "20.00")
			case 1:
				w.ledger.edit(id)
			case 2:
				w.ledger.void(id)
			}
		}
		time.Sleep(time.Hour)
		reads, others = w.calls(func() { rep = w.run() })
		same(t, "delivered", rep.Invoices.Updated, 40)
		// QuickBooks' changes come without payments: those of the 14 paid invoices are two more.
		if reads+others > 6 {
			t.Errorf("40 changes: %d calls", reads+others)
		}
		t.Logf("%s: 40 changes: %d calls", w.ledger.name, reads+others)
		time.Sleep(time.Hour)
		reads, others = w.calls(func() { rep = w.run() })
		same(t, "judged when nothing changed", rep.Invoices.Read, 0)
		same(t, "calls when nothing changed since", reads+others, 2)

		// The nightly sweep: all 6,000 open ones, and nothing to tell.
		time.Sleep(24 * time.Hour)
		reads, others = w.calls(func() { rep = w.run() })
		same(t, "judged in the sweep", rep.Invoices.Read, 0)
		t.Logf("%s: sweep over 6,000 open invoices: %d calls", w.ledger.name, reads+others)
		if reads+others > 4+8 {
			t.Errorf("the sweep: %d calls", reads+others)
		}
	})
}
