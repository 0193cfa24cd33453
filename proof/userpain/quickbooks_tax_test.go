package userpain

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// Pain 19: the tax engine of the United States picks a rate of its own. The source's tax is stated as the document's,
// and stands; a line without tax says so.
func TestPain19_StatedTaxStands(t *testing.T) {
	flowIn(t, american(quickbooksfake.SalesTaxAutomated), func(t *testing.T, r *rig.Rig) {
		// 7.25 % of 100.00; the company's engine would take California's 8 %, which is 8.00.
		county := r.Add(order(product("Fountain", "FOUNTAIN", "100.00", 1, true), product("Design", "DESIGN", "40.00", 1, false), item("TAX", "Sales tax", "7.25")))
		r.Pay(county.ID, "147.25")
		// No tax at all, of a product that is taxable: the engine must not add any.
		exempt := r.Add(order(product("Fountain", "FOUNTAIN", "100.00", 1, true)))
		r.Pay(exempt.ID, "100.00")
		sent := batches(t, r)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 2})
		counted(t, "payments", rep.Payments, tally{"created": 2})
		money(t, "difference", rep.Difference, "0")
		settledIn(t, inQuickBooks(t, r, county), "147.25", "7.25", "0")
		settledIn(t, inQuickBooks(t, r, exempt), "100.00", "0", "0")
		for _, b := range sent() {
			if b.kind() != ledger.KindInvoice {
				continue
			}
			for i, codes := range [][]string{{"TAX", "NON"}, {"NON"}} {
				lines := b.items[i].Invoice["Line"].([]any)
				same(t, "lines", len(lines), len(codes))
				for n, code := range codes {
					detail := lines[n].(map[string]any)["SalesItemLineDetail"].(map[string]any)
					same(t, "code", detail["TaxCodeRef"].(map[string]any)["value"], any(code))
				}
			}
		}
	})
}

// deaf is a QuickBooks that does not listen to a stated tax: it never sees one.
type deaf struct{ next http.RoundTripper }

func (d deaf) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodPost && req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		var whole map[string]any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&whole); err != nil {
			return nil, err
		}
		items, _ := whole["BatchItemRequest"].([]any)
		for _, i := range items {
			if inv, ok := i.(map[string]any)["Invoice"].(map[string]any); ok {
				delete(inv, "TxnTaxDetail")
			}
		}
		if body, err = json.Marshal(whole); err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return d.next.RoundTrip(req)
}

// Pain 19: where the engine does not listen after all, the difference is seen after the write and told, and the invoice
// is not written again.
func TestPain19_VarianceIsReported(t *testing.T) {
	flowIn(t, american(quickbooksfake.SalesTaxAutomated), func(t *testing.T, r *rig.Rig) {
		o := r.Add(order(product("Fountain", "FOUNTAIN", "100.00", 1, true), item("TAX", "Sales tax", "7.25")))
		client := r.LedgerClient()
		client.Transport = deaf{client.Transport}
		p, err := invoicesync.NewPush(r.DB, r.SourceSide(), r.LedgerOver(client), r.Settings, &r.Opts)
		rig.Check(t, err)
		_, err = p.Run(t.Context())
		rig.Check(t, err)
		same(t, "invoices", len(r.Invoices()), 1)
		// California's 8 % of 100.00 is 8.00: 0.75 more than the source's 7.25.
		time.Sleep(time.Hour)
		rep := r.Settle()
		settledIn(t, inQuickBooks(t, r, o), "108.00", "8.00", "108.00")
		same(t, "invoices", len(r.Invoices()), 1)
		l := link(t, r, ledger.KindInvoice, idOf(o))
		money(t, "as the ledger has it", l.Actual, "108.00")
		money(t, "as the source has it", l.Amount, "107.25")
		if len(l.Reasons) == 0 {
			t.Fatalf("nobody is told of 0.75 too much: %+v", rep)
		}
		holds(t, "what is told", reason(t, r, o).Message, "108", "107.25")
	})
}

// Pain 20: an invoice with tax never arrives without: where the company has sales tax switched off, or has not set
// it up, it is parked with the reason, and goes once that is mended. Orders without tax go through.
func TestPain20_SalesTaxOff(t *testing.T) {
	for state, code := range map[quickbooksfake.SalesTax]string{
		quickbooksfake.SalesTaxOff: "sales_tax_off", quickbooksfake.SalesTaxNotSetUp: "sales_tax_not_set_up",
	} {
		t.Run(code, func(t *testing.T) {
			flowIn(t, american(state), func(t *testing.T, r *rig.Rig) {
				o := r.Add(order(product("Fountain", "FOUNTAIN", "100.00", 1, true), item("TAX", "Sales tax", "8.00")))
				r.Pay(o.ID, "108.00")
				plain := r.Order("50.00", true)
				rep := r.Run()
				counted(t, "off", rep.Invoices, tally{"created": 1, "parked " + code: 1})
				owed(t, rep, map[string]string{code: "108.00"})
				same(t, "refusals", refusals(r), 0)
				settledIn(t, inQuickBooks(t, r, plain), "50.00", "0", "0")

				rig.Check(t, r.QuickBooks.Books().EditCompany(func(c *quickbooksfake.Company) { c.SalesTax = quickbooksfake.SalesTaxAutomated }))
				time.Sleep(time.Hour)
				rep = r.Run()
				counted(t, "on", rep.Invoices, tally{"created": 1})
				counted(t, "on", rep.Payments, tally{"created": 1})
				settledIn(t, inQuickBooks(t, r, o), "108.00", "8.00", "0")
			})
		})
	}
}

// Pain 20, elsewhere: a company of another country whose sales tax is off drops tax without a word.
func TestPain20_SalesTaxOffElsewhere(t *testing.T) {
	world := rig.World{Ledger: rig.OnQuickBooks, Company: quickbooksfake.Company{Country: "AU", SalesTax: quickbooksfake.SalesTaxOff, AllowDiscount: true}}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		o := r.Add(order(product("Fountain", "FOUNTAIN", "100.00", 1, true), item("TAX", "GST", "10.00")))
		rep := r.Run()
		counted(t, "off", rep.Invoices, tally{"parked sales_tax_off": 1})
		owed(t, rep, map[string]string{"sales_tax_off": "110.00"})
		same(t, "writes", rep.Writes, 0)
		rig.Check(t, r.QuickBooks.Books().EditCompany(func(c *quickbooksfake.Company) { c.SalesTax = quickbooksfake.SalesTaxManual }))
		time.Sleep(time.Hour)
		counted(t, "on", r.Run().Invoices, tally{"created": 1})
		settledIn(t, inQuickBooks(t, r, o), "110.00", "10.00", "110.00")
	})
}

// Pain 21: a Canadian company refuses any line without a tax code. Each line has one, discount and shipping too;
// and where a code is missing it is said before anything is sent.
func TestPain21_EveryLineHasATaxCode(t *testing.T) {
	world := rig.World{
		Ledger: rig.OnQuickBooks, Tenant: infusionsoftfake.Tenant{Currency: "CAD", TimeZone: "America/Toronto"},
		Company: quickbooksfake.Company{Country: "CA", TimeZone: "America/Toronto", AllowShipping: true, AllowDiscount: true},
	}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		r.Settings.Tax.ZeroCode = "4" // zero-rated; 2 is HST ON of 13 %
		sent := batches(t, r)
		// 13 % of 200.00 is 26.00; shipping of 9.00 bears none.
		taxed := r.Add(order(product("Fountain", "FOUNTAIN", "200.00", 1, true), item("SHIPPING", "Courier", "9.00"), item("TAX", "HST", "26.00")))
		r.Pay(taxed.ID, "235.00")
		// 13 % of 100.00 is 13.00. Elsewhere the discount is of one kind with what it reduces: nothing taxed.
		reduced := r.Add(order(product("Design", "DESIGN", "80.00", 1, false), item("DISCOUNT_ORDER_TOTAL", "Thanks", "-5.00")))
		r.Pay(reduced.ID, "75.00")
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 2})
		counted(t, "payments", rep.Payments, tally{"created": 2})
		settledIn(t, inQuickBooks(t, r, taxed), "235.00", "26.00", "0")
		settledIn(t, inQuickBooks(t, r, reduced), "75.00", "0", "0")
		same(t, "refusals", refusals(r), 0)
		lines := 0
		for _, b := range sent() {
			for _, i := range b.items {
				list, _ := i.Invoice["Line"].([]any)
				for _, l := range list {
					lines++
					line := l.(map[string]any)
					for _, name := range []string{"SalesItemLineDetail", "DiscountLineDetail"} {
						if d, ok := line[name].(map[string]any); ok && d["TaxCodeRef"] == nil {
							t.Errorf("a line without a tax code: %v", line)
						}
					}
				}
			}
		}
		same(t, "lines", lines, 4)

		r.Settings.Tax.ZeroCode = "77"
		o := r.Order("10.00", false)
		time.Sleep(time.Hour)
		rep = r.Run()
		same(t, "without its code", rep.Invoices.Parked["tax_rate_missing"], 1)
		same(t, "reason", reason(t, r, o).Code, "tax_rate_missing")
		same(t, "refusals", refusals(r), 0)
	})
}

// Pain 22: invoices in a foreign currency arrive at a rate of 1, because QuickBooks takes 1 where none is named. It is
// named, or nothing is written.
func TestPain22_QuickBooksWouldTakeOne(t *testing.T) {
	world := rig.World{
		Ledger: rig.OnQuickBooks, Tenant: infusionsoftfake.Tenant{Currency: "USD", TimeZone: "America/New_York"},
		Company: quickbooksfake.Company{Country: "AU", Multicurrency: true, Currencies: []string{"USD"}, AllowDiscount: true},
	}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		rep := r.Run()
		counted(t, "no rate", rep.Invoices, tally{"parked exchange_rate_missing": 1})
		owed(t, rep, map[string]string{"exchange_rate_missing": "110.00"})
		same(t, "writes", rep.Writes, 0)
		holds(t, "reason", reason(t, r, o).Message, "USD", "AUD")

		r.Opts.Adjust = func(d invoicesync.Draft) (invoicesync.Draft, error) {
			d.Invoice.Rate = decimal.NewNullDecimal(dec("1.5"))
			return d, nil
		}
		r.Settings.Due.Days = 15 // judged again, since the settings have changed
		rep = r.Run()
		counted(t, "with a rate", rep.Invoices, tally{"created": 1})
		inv := inQuickBooks(t, r, o)
		same(t, "currency", inv.CurrencyRef.Value, "USD")
		money(t, "rate", inv.ExchangeRate.Decimal, "1.5")
		money(t, "at home", inv.HomeTotalAmt.Decimal, "165.00") // 110.00 × 1.5
		c, _ := r.QuickBooks.Books().Customer(inv.CustomerRef.Value)
		same(t, "the customer's currency", c.CurrencyRef.Value, "USD")
		if strings.Contains(reason(t, r, o).Code, "rate") {
			t.Fatal("it is written, and still waits for a rate")
		}
	})
}
