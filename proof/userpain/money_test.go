package userpain

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Pain 17: an order that is fully paid is fully paid in the ledger, whatever quantity, discount and tax
// round to: the total is worked out before anything is posted, and the source's tax is kept.
func TestPain17_NoCentStaysOpen(t *testing.T) {
	for _, up := range []bool{false, true} { // which way Xero rounds halves below zero is not known
		t.Run(fmt.Sprint("negative halves up ", up), func(t *testing.T) {
			flowIn(t, rig.World{Xero: xerofake.Switches{NegativeHalvesUp: up}}, func(t *testing.T, r *rig.Rig) {
				// 2 × 10.45 = 20.90, less 1.05, and 10 % of 19.85 = 1.985 → 1.99: 21.84. By itself Xero would
				// have 2.09 and −0.105, so 1.98 or 1.99.
				first := r.Add(order(product("Mug", "MUG", "10.45", 2, true), item("DISCOUNT_ORDER_TOTAL", "5 % off", "-1.05"), item("TAX", "GST", "1.99")))
				r.Pay(first.ID, "21.84")
				// Two lines of 0.15: by itself Xero would have 0.015 → 0.02 on each. The source has 0.03 on 0.30.
				second := r.Add(order(product("Pin", "PIN", "0.15", 1, true), product("Pin", "PIN", "0.15", 1, true), item("TAX", "GST", "0.03")))
				r.Pay(second.ID, "0.33")
				// Nothing to round: 3 × 20.00 and 6.00.
				third := r.Add(order(product("Hat", "HAT", "20.00", 3, true), item("TAX", "GST", "6.00")))
				r.Pay(third.ID, "66.00")

				rep := r.Run()
				counted(t, "invoices", rep.Invoices, tally{"created": 3})
				counted(t, "payments", rep.Payments, tally{"created": 3})
				money(t, "difference", rep.Difference, "0")
				for _, want := range []struct {
					o          infusionsoftfake.Order
					tax, total string
				}{{first, "1.99", "21.84"}, {second, "0.03", "0.33"}, {third, "6.00", "66.00"}} {
					inv := inXero(t, r, want.o)
					money(t, "tax", inv.TotalTax, want.tax)
					money(t, "total", inv.Total, want.total)
					money(t, "still open", inv.AmountDue, "0")
					same(t, "status", inv.Status, "PAID")
				}
			})
		})
	}
}

// Pain 17, the other half: where the ledger's own total is let stand, what stays open is said.
func TestPain17_DustIsNeverSilent(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Tax.Handling = invoicesync.TaxByLedger
		// Xero makes 2 × (0.15 + 0.02) = 0.34 of what is 0.33 in the source.
		o := r.Add(order(product("Pin", "PIN", "0.15", 1, true), product("Pin", "PIN", "0.15", 1, true), item("TAX", "GST", "0.03")))
		r.Pay(o.ID, "0.33")
		rep := r.Run()
		counted(t, "refused by default", rep.Invoices, tally{"parked total_differs": 1})
		owed(t, rep, map[string]string{"total_differs": "0.33"})
		holds(t, "reason", reason(t, r, o).Message, "0.34", "0.33")
		r.Expect(0, 0, 0)

		r.Settings.OnVariance = invoicesync.VarianceReport
		rep = r.Run()
		counted(t, "reported", rep.Invoices, tally{"created": 1})
		money(t, "difference", rep.Difference, "0.01")
		inv := inXero(t, r, o)
		money(t, "total", inv.Total, "0.34")
		money(t, "still open", inv.AmountDue, "0.01")
	})
}

// Pain 17: a rounding line makes the ledger's total the source's.
func TestPain17_RoundingLine(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Tax.Handling = invoicesync.TaxByLedger
		r.Settings.OnVariance, r.Settings.RoundingAccount = invoicesync.VarianceRoundingLine, "260"
		o := r.Add(order(product("Pin", "PIN", "0.15", 1, true), product("Pin", "PIN", "0.15", 1, true), item("TAX", "GST", "0.03")))
		r.Pay(o.ID, "0.33")
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1})
		money(t, "difference", rep.Difference, "0")
		inv := inXero(t, r, o)
		same(t, "lines", len(inv.Lines), 3)
		money(t, "rounding", inv.Lines[2].LineAmount, "-0.01")
		same(t, "rounding account", inv.Lines[2].AccountCode, "260")
		same(t, "status", inv.Status, "PAID")
	})
}

// Pain 18: prices keep four places, and beyond four the line is one piece at its amount, so that the
// total stays and the customer's payment fits.
func TestPain18_PricesBeyondTwoPlaces(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		prices := map[string]string{"Energy": "0.1234", "Fine energy": "0.123456"}
		r.Opts.Adjust = func(d invoicesync.Draft) (invoicesync.Draft, error) {
			// The host knows the consumption behind the source's one line.
			l := &d.Invoice.Lines[0]
			l.Quantity, l.UnitPrice = decimal.NewFromInt(1000), dec(prices[l.Description])
			return d, nil
		}
		plain := r.Add(order(product("Energy", "KWH", "123.40", 1, false)))
		r.Pay(plain.ID, "123.40")
		fine := r.Add(order(product("Fine energy", "KWH", "123.46", 1, false)))
		r.Pay(fine.ID, "123.46")
		puts := tap(r.Faults, http.MethodPut, "/Invoices")
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 2})
		counted(t, "payments", rep.Payments, tally{"created": 2})
		same(t, "unitdp", puts()[0].Query["unitdp"][0], "4")

		inv := inXero(t, r, plain)
		money(t, "price", inv.Lines[0].UnitAmount, "0.1234") // two places would make 120.00 of it
		money(t, "quantity", inv.Lines[0].Quantity, "1000")
		money(t, "total", inv.Total, "123.40")
		same(t, "status", inv.Status, "PAID")

		inv = inXero(t, r, fine) // 0.1235 × 1000 would be 123.50
		money(t, "price", inv.Lines[0].UnitAmount, "123.46")
		money(t, "quantity", inv.Lines[0].Quantity, "1")
		same(t, "description", inv.Lines[0].Description, "Fine energy (1000 × 0.123456)")
		money(t, "total", inv.Total, "123.46")
		same(t, "status", inv.Status, "PAID")
	})
}

// Pain 22: a document in a foreign currency is never written at a rate that nobody stated.
func TestPain22_ExchangeRateExplicitOrRefused(t *testing.T) {
	world := rig.World{
		Tenant:        infusionsoftfake.Tenant{Currency: "USD", TimeZone: "America/New_York"},
		Organisations: []xerofake.Organisation{{Name: "Harbour Bikes Pty Ltd", Currencies: []string{"USD"}}},
	}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", true)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"parked exchange_rate_missing": 1})
		owed(t, rep, map[string]string{"exchange_rate_missing": "110.00"})
		holds(t, "reason", reason(t, r, o).Message, "USD", "AUD")
		same(t, "writes", rep.Writes, 0)
		r.Expect(0, 0, 0)
	})
}

// Pain 22: a currency that the ledger does not hold at all, or that is not the source's, is refused before
// the first write (F59).
func TestPain22_CurrencyOfTheSource(t *testing.T) {
	world := rig.World{Tenant: infusionsoftfake.Tenant{Currency: "USD", TimeZone: "America/New_York"}}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		r.Order("110.00", true)
		_, err := r.Push().Run(t.Context())
		if ledger.Code(err) != "currency_not_enabled" {
			t.Fatalf("want currency_not_enabled: %v", err)
		}
		holds(t, "error", err.Error(), "USD")

		// The owner confirmed the wrong one: Check says so, a run is refused, and nothing passes as AUD.
		r.Settings.Currency = "AUD"
		problems, err := r.Push().Check(t.Context())
		rig.Check(t, err)
		same(t, "problems", len(problems), 1)
		same(t, "problem", problems[0].Code, "currency_differs")
		_, err = r.Push().Run(t.Context())
		same(t, "the run", ledger.Code(err), "currency_differs")
		same(t, "connecting again would not help", errors.Is(err, ledger.ErrReconnect), false)
		holds(t, "error", err.Error(), "its currency is USD", "Settings.Currency is AUD")
		same(t, "writes", r.Xero.Writes(), 0)

		// Once both agree on a currency, the same orders are judged by it.
		rig.Check(t, r.Xero.Books().EnableCurrency("USD"))
		r.Settings.Currency = "USD"
		time.Sleep(time.Hour)
		counted(t, "enabled", r.Run().Invoices, tally{"parked exchange_rate_missing": 1})
	})
}
