package reverse

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// The same with QuickBooks: people work on both sides, both flows run, and the number of records stays still
// once all is on both sides.
func TestQuickBooksRoundTrip(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newWorld(t, infusionsoftfake.Switches{NotesReadBack: true})
		company := quickbooksfake.DefaultCompany("AU")
		fake, err := quickbooksfake.New(&quickbooksfake.Options{Companies: []quickbooksfake.Company{company}, Seed: 5})
		w.ok(err)
		books := fake.Books()
		realm := books.Company().RealmID
		side := func() *quickbooks.Ledger {
			l, err := quickbooks.New(fake.Client(token), realm, nil)
			w.ok(err)
			return l
		}
		org, err := side().Organisation(context.Background())
		w.ok(err)
		if org.BaseCurrency != "AUD" {
			t.Fatalf("the company's currency is %s", org.BaseCurrency)
		}
		var taxed, free, bank string
		for _, c := range books.TaxCodes() {
			switch c.Name {
			case "GST":
				taxed = c.ID
			case "GST free":
				free = c.ID
			}
		}
		for _, a := range books.Accounts() {
			if a.AccountType == "Bank" {
				bank = a.ID
			}
		}
		if taxed == "" || free == "" || bank == "" {
			t.Fatalf("codes %q %q bank %q; the company has %v", taxed, free, bank, books.TaxCodes())
		}
		w.there.Ledger, w.back.Source = org.ID, org.ID
		w.there.Accounts = invoicesync.AccountSettings{}
		w.there.Items = invoicesync.ItemSettings{Taxable: "1"}
		w.there.Tax = invoicesync.TaxSettings{TaxableCode: taxed, ZeroCode: free}
		w.there.Payments.Account = bank
		flows := func() []*invoicesync.Push {
			there, err := invoicesync.NewPush(w.db, w.keapSide(), side(), w.there, &w.opts)
			w.ok(err)
			back, err := invoicesync.NewPush(w.db, invoicesync.FromLedger(side()), w.keapSide(), w.back, &w.opts)
			w.ok(err)
			return []*invoicesync.Push{there, back}
		}
		sale := func(customer string, tax string, lines ...string) quickbooksfake.Invoice {
			s := quickbooksfake.Sale{
				CustomerRef: quickbooksfake.Ref{Value: customer}, TxnDate: quickbooksfake.Date(today().String()),
				DueDate: quickbooksfake.Date(today().AddDays(30).String()), GlobalTaxCalculation: "TaxExcluded",
			}
			for _, price := range lines {
				s.Line = append(s.Line, quickbooksfake.Line{Description: "Work", SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{
					ItemRef: &quickbooksfake.Ref{Value: "1"}, Qty: quickbooksfake.NewNumber(dec("1")), UnitPrice: quickbooksfake.NewNumber(dec(price)),
					TaxCodeRef: &quickbooksfake.Ref{Value: tax},
				}})
			}
			added, err := books.AddInvoice(quickbooksfake.Invoice{Sale: s})
			w.ok(err)
			return added
		}
		pay := func(inv quickbooksfake.Invoice, amount string) {
			money := quickbooksfake.NewAmount(dec(amount))
			_, err := books.AddPayment(quickbooksfake.Payment{CustomerRef: inv.CustomerRef, TotalAmt: &money,
				Line: []quickbooksfake.Line{{Amount: &money, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: inv.ID, TxnType: "Invoice"}}}}})
			w.ok(err)
		}
		type counts struct{ orders, clients, rows, invoices, customers, payments int }
		count := func() counts {
			c := w.census()
			return counts{c.orders, c.clients, c.rows, len(books.Invoices()), len(books.Customers()), len(books.Payments())}
		}
		orders, sales := map[string]string{}, map[string]string{} // totals by id
		paid := 0
		for round := range 6 {
			client := w.client()
			customer, err := books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: fmt.Sprint("Buyer ", round),
				PrimaryEmailAddr: &quickbooksfake.Email{Address: fmt.Sprintf("buyer%d@example.com", round)}}})
			w.ok(err)
			switch round % 3 {
			case 0: // 100.00 and 10 %; 50.00 + 25.00 and 10 % is 82.50
				orders[id(w.order(client, item("PRODUCT", "100.00", true), item("TAX", "10.00", false)).ID)] = "110"
				sales[sale(customer.ID, taxed, "50.00", "25.00").ID] = "82.5"
			case 1:
				o := w.order(client, item("PRODUCT", "80.00", false))
				w.payOrder(o.ID, "30.00")
				orders[id(o.ID)] = "80"
				inv := sale(customer.ID, free, "60.00")
				pay(inv, "60.00")
				sales[inv.ID] = "60"
				paid += 2
			case 2: // one customer, two invoices of one amount, each paid half
				for range 2 {
					inv := sale(customer.ID, free, "40.00")
					pay(inv, "20.00")
					sales[inv.ID] = "40"
					paid++
				}
			}
			for _, p := range flows() {
				rep, _ := w.settle(p)
				if n := len(rep.Invoices.Parked) + len(rep.Payments.Parked) + rep.Invoices.Refused + rep.Payments.Refused; n > 0 || !rep.Difference.IsZero() {
					t.Fatalf("round %d, %s: %+v %+v difference %s", round, p.Name(), rep.Invoices, rep.Payments, rep.Difference)
				}
			}
			time.Sleep(time.Hour)
		}
		before := count()
		for range 3 {
			for _, p := range flows() {
				if _, writes := w.settle(p); writes > 0 {
					t.Fatalf("a quiet round of %s: %d writes", p.Name(), writes)
				}
			}
			time.Sleep(25 * time.Hour)
		}
		if now := count(); now != before {
			t.Fatalf("quiet rounds changed the number of records: %+v, then %+v", before, now)
		}
		there, back := w.links(w.there, ledger.KindInvoice), w.links(w.back, ledger.KindInvoice)
		for oid, total := range orders {
			inv, ok := books.Invoice(there[oid].LedgerID)
			if !ok {
				t.Errorf("order %s is not in quickbooks", oid)
				continue
			}
			equal(t, "order "+oid, inv.TotalAmt.Decimal, total)
		}
		for sid, total := range sales {
			totals, ok := w.keap.Totals(number(back[sid].LedgerID))
			if !ok {
				t.Errorf("invoice %s is not in infusionsoft", sid)
				continue
			}
			equal(t, "invoice "+sid, totals.Total, total)
		}
		// Orders were for four of the six clients, and invoices for all six buyers.
		all := len(orders) + len(sales)
		if want := (counts{all, 6 + 6, paid, all, 6 + 4, paid}); before != want {
			t.Errorf("there are %+v, want %+v", before, want)
		}
	})
}
