package reverse

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
)

// TestRoundTrip lets people work on both sides for many rounds, with both flows running after each: every
// order and invoice appears once on the other side, to the cent, every payment once, and when nobody works
// the number of records stays still and nothing is written. The same holds when answers are lost.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, losing := range map[string]bool{"calm": false, "answers lost": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) { roundTrip(t, losing) })
		})
	}
}

func roundTrip(t *testing.T, losing bool) {
	w := newWorld(t, infusionsoftfake.Switches{NotesReadBack: true})
	// From before the first day of the way back: it stays where it is.
	old := w.invoice(w.customer(), "Exclusive", start.AddDays(-1), line("1", "77.00", "OUTPUT"))

	type native struct {
		total string
		paid  []string
	}
	orders, invoices := map[string]*native{}, map[string]*native{}
	var clients []int64
	var customers []string
	rounds := 8
	for round := range rounds {
		today := ledger.DateIn(time.Now(), time.UTC)
		if round%3 == 0 {
			clients, customers = append(clients, w.client()), append(customers, w.customer())
		}
		if round == 4 {
			// A person of the other side's making: the client that the way back has written, and the customer
			// that the way there has.
			for _, l := range w.links(w.back, ledger.KindContact) {
				clients = append(clients, number(l.LedgerID))
				break
			}
			for _, l := range w.links(w.there, ledger.KindContact) {
				customers = append(customers, l.LedgerID)
				break
			}
		}
		client, customer := clients[len(clients)-1], customers[len(customers)-1]
		if losing {
			// One answer of each sort is lost on each side in each round, after it was carried out.
			for _, path := range []string{"/v2/orders", "/v2/contacts", "/payments"} {
				w.keapFaults.Add(faults.Fault{Kind: faults.LoseAnswer, Method: "POST", Path: path, Times: 1})
			}
			for _, path := range []string{"/Invoices", "/Contacts", "/Payments"} {
				w.xeroFaults.Add(faults.Fault{Kind: faults.LoseAnswer, Method: "PUT", Path: path, Times: 1})
			}
		}
		switch round % 4 {
		case 0: // 100.00 + 10 % of it
			o := w.order(client, item("PRODUCT", "100.00", true), item("TAX", "10.00", false))
			orders[id(o.ID)] = &native{total: "110"}
			// 3 × 33.33 = 99.99; 10 % is 9.999, which is 10.00
			i := w.invoice(customer, "Exclusive", today, line("3", "33.33", "OUTPUT"))
			invoices[i.ID] = &native{total: "109.99"}
		case 1: // 250.00 + 20.00 − 50.00
			o := w.order(client, item("PRODUCT", "250.00", false), item("SHIPPING", "20.00", false), item("DISCOUNT", "-50.00", false))
			orders[id(o.ID)] = &native{total: "220"}
			// 1.5 × 20.00 = 30.00, less 5.00
			i := w.invoice(customer, "Exclusive", today, line("1.5", "20.00", "EXEMPTOUTPUT"), line("1", "-5.00", "EXEMPTOUTPUT"))
			invoices[i.ID] = &native{total: "25"}
		case 2:
			o := w.order(client, item("PRODUCT", "80.00", false))
			w.payOrder(o.ID, "30.00")
			orders[id(o.ID)] = &native{total: "80", paid: []string{"30"}}
			// 110.00 with tax in it: 100.00 and 10.00
			i := w.invoice(customer, "Inclusive", today, line("1", "110.00", "OUTPUT"))
			w.payInvoice(i.ID, "60.00")
			invoices[i.ID] = &native{total: "110", paid: []string{"60"}}
		case 3: // the rest of what was paid in part, and the same amount twice on one new one
			for oid, n := range orders {
				if n.total == "80" && len(n.paid) == 1 {
					w.payOrder(number(oid), "50.00")
					n.paid = append(n.paid, "50")
				}
			}
			for iid, n := range invoices {
				if n.total == "110" && len(n.paid) == 1 {
					w.payInvoice(iid, "50.00")
					n.paid = append(n.paid, "50")
				}
			}
			i := w.invoice(customer, "NoTax", today, line("2", "40.00", ""))
			w.payInvoice(i.ID, "40.00")
			w.payInvoice(i.ID, "40.00")
			invoices[i.ID] = &native{total: "80", paid: []string{"40", "40"}}
		}
		there, back := w.flows()
		if round%2 == 1 {
			there, back = back, there
		}
		for _, p := range []*invoicesync.Push{there, back} {
			rep, _ := w.settle(p)
			if n := len(rep.Invoices.Parked) + len(rep.Payments.Parked) + rep.Invoices.Refused + rep.Payments.Refused; n > 0 || !rep.Difference.IsZero() {
				t.Fatalf("round %d, %s: %+v %+v difference %s", round, p.Name(), rep.Invoices, rep.Payments, rep.Difference)
			}
		}
		time.Sleep(time.Hour)
	}
	lostHere, lostThere := len(w.keapFaults.Hits()), len(w.xeroFaults.Hits())
	t.Logf("answers lost: %d by infusionsoft, %d by xero", lostHere, lostThere)
	w.keapFaults.Clear()
	w.xeroFaults.Clear()

	// Quiet rounds: what one flow wrote last the other one has still to read.
	before := w.census()
	for quiet := range 6 {
		there, back := w.flows()
		for _, p := range []*invoicesync.Push{there, back} {
			keap, xero := w.keap.Calls(), w.xero.Calls()
			if _, writes := w.settle(p); writes > 0 {
				t.Fatalf("a quiet round of %s: %d writes", p.Name(), writes)
			}
			// Each side is asked who it is (two calls at most), for its invoices and for its
			// payments, and the ledger for its newest mark. The first quiet round still reads what the last one
			// wrote; others begin with the night's comparison of everything.
			keap, xero = w.keap.Calls()-keap, w.xero.Calls()-xero
			if quiet == 1 && (keap > 5 || xero > 5) {
				t.Errorf("a quiet round of %s: %d calls to infusionsoft and %d to xero", p.Name(), keap, xero)
			}
		}
		if quiet < 3 {
			time.Sleep(time.Hour)
		} else {
			time.Sleep(25 * time.Hour) // past the nightly sweep
		}
	}
	if now := w.census(); now != before {
		t.Fatalf("quiet rounds changed the number of records: %+v, then %+v", before, now)
	}

	// Each record by hand has one of ours on the other side, and there are no others.
	paid := 0
	there, back := w.links(w.there, ledger.KindInvoice), w.links(w.back, ledger.KindInvoice)
	for oid, n := range orders {
		inv, ok := w.xero.Books().Invoice(there[oid].LedgerID)
		if !ok {
			t.Errorf("order %s is not in xero", oid)
			continue
		}
		equal(t, "order "+oid, inv.Total, n.total)
		equal(t, "paid of order "+oid, inv.AmountPaid, sum(n.paid))
		paid += len(n.paid)
	}
	for iid, n := range invoices {
		l, ok := back[iid]
		totals, there := w.keap.Totals(number(l.LedgerID))
		if !ok || !there {
			t.Errorf("invoice %s is not in infusionsoft", iid)
			continue
		}
		equal(t, "invoice "+iid, totals.Total, n.total)
		equal(t, "paid of invoice "+iid, totals.Paid, sum(n.paid))
		o, _ := w.keap.Order(number(l.LedgerID))
		inv, _ := w.xero.Books().Invoice(iid)
		if due := ledger.DateIn(o.DueTime, sydney(t)); due.String() != string(inv.DueDate) {
			t.Errorf("invoice %s: the order is due %s, want %s", iid, due, inv.DueDate)
		}
		paid += len(n.paid)
	}
	got := w.census()
	if want := len(orders) + len(invoices); got.orders != want || got.invoices != want+1 {
		t.Errorf("%d orders and %d invoices; want %d, and %d with invoice %s from before the start", got.orders, got.invoices, want, want+1, old.Number)
	}
	if got.rows != paid || got.payments != paid {
		t.Errorf("%d and %d payments, want %d on each side", got.rows, got.payments, paid)
	}
	// Three clients and three customers by hand, and the customer from before the start. Invoices were for all three
	// customers, orders for two of the clients (there is none in rounds 3 and 7), and both for one that the other flow
	// had written.
	if got.clients != 3+3 || got.customers != 1+3+2 {
		t.Errorf("%d clients and %d customers; want 6 and 6", got.clients, got.customers)
	}
	if there, back := len(w.links(w.there, ledger.KindContact)), len(w.links(w.back, ledger.KindContact)); there != 3 || back != 4 {
		t.Errorf("%d and %d contacts are linked; want 3 and 4", there, back)
	}
	if losing && (lostHere < 6 || lostThere < 6) {
		t.Errorf("%d and %d answers were lost; want 6 at least on each side, or this shows nothing", lostHere, lostThere)
	}
	if w.keap.CardCharges() != 0 {
		t.Error("a card was to be charged")
	}
}

func sum(amounts []string) string {
	total := decimal.Zero
	for _, a := range amounts {
		total = total.Add(dec(a))
	}
	return total.String()
}

func equal(t *testing.T, what string, got decimal.Decimal, want string) {
	t.Helper()
	if !got.Equal(dec(want)) {
		t.Errorf("%s: got %s, want %s", what, got, want)
	}
}

func sydney(t *testing.T) *time.Location {
	t.Helper()
	z, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		t.Fatal(err)
	}
	return z
}
