package xero

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

var chart = ledger.Chart{
	Accounts: []ledger.Account{{ID: "acc", Code: "200", TaxCode: "OUTPUT", Active: true}},
	TaxRates: []ledger.TaxRate{{Code: "OUTPUT", Percent: dec("10"), Active: true}, {Code: "OUTPUT2", Percent: dec("15"), Active: true}, {Code: "NONE", Active: true}},
	Items:    []ledger.Item{{Code: "W1", SalesAccount: "200", SalesTaxCode: "OUTPUT2"}},
}

func line(quantity, price, tax string) ledger.Line {
	return ledger.Line{Quantity: dec(quantity), UnitPrice: dec(price), TaxCode: tax, Description: "x"}
}

func TestPredict(t *testing.T) {
	t.Parallel()
	stated := line("1", "100", "OUTPUT")
	stated.TaxAmount = ndec("9.99")
	energy := line("1000", "0.123456", "NONE")
	energy.Amount = dec("123.46")
	for _, c := range []struct {
		name            string
		mode            ledger.TaxMode
		lines           []ledger.Line
		net, tax, total string
		unclear         string
	}{
		// developer.xero.com, rounding in Xero: tax is rounded per line and then summed, 11.44 and not 11.45.
		{"Xero's own example", ledger.TaxExclusive, []ledger.Line{line("1", "25.06", "OUTPUT2"), line("1", "25.61", "OUTPUT2"), line("1", "25.63", "OUTPUT2")}, "76.30", "11.44", "87.74", ""},
		{"half up", ledger.TaxNone, []ledger.Line{line("1", "2.165", "")}, "2.17", "0", "2.17", ""},
		{"below half", ledger.TaxNone, []ledger.Line{line("1", "2.164", "")}, "2.16", "0", "2.16", ""},
		{"four places of price count", ledger.TaxNone, []ledger.Line{line("3", "33.3333", "")}, "100.00", "0", "100.00", ""},
		// 115 holds 115 × 15 ÷ 115 = 15
		{"inclusive", ledger.TaxInclusive, []ledger.Line{line("1", "115", "OUTPUT2")}, "100", "15", "115", ""},
		// 10 × 10 ÷ 110 = 0.909… → 0.91
		{"inclusive, rounded", ledger.TaxInclusive, []ledger.Line{line("1", "10", "OUTPUT")}, "9.09", "0.91", "10", ""},
		{"stated tax overrides", ledger.TaxExclusive, []ledger.Line{stated}, "100", "9.99", "109.99", ""},
		{"no tax", ledger.TaxNone, []ledger.Line{line("1", "100", "OUTPUT")}, "100", "0", "100", ""},
		{"account's default", ledger.TaxExclusive, []ledger.Line{{Quantity: one, UnitPrice: dec("50"), Account: "200"}}, "50", "5", "55", ""},
		{"item's default", ledger.TaxExclusive, []ledger.Line{{Quantity: one, UnitPrice: dec("50"), ItemCode: "w1"}}, "50", "7.5", "57.5", ""},
		{"negative, no half", ledger.TaxExclusive, []ledger.Line{line("1", "-10.02", "OUTPUT")}, "-10.02", "-1.00", "-11.02", ""},
		// 10 % of −10.05 is −1.005: −1.01 or −1.00
		{"negative half of tax", ledger.TaxExclusive, []ledger.Line{line("1", "-10.05", "OUTPUT")}, "-10.05", "-1.01", "-11.06", UnclearNegativeHalf},
		{"negative half of an amount", ledger.TaxNone, []ledger.Line{line("1", "-2.165", "")}, "-2.17", "0", "-2.17", UnclearNegativeHalf},
		{"a price of six places", ledger.TaxNone, []ledger.Line{energy}, "123.46", "0", "123.46", ""},
		{"only words", ledger.TaxExclusive, []ledger.Line{{Description: "Thank you"}}, "0", "0", "0", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := (&Ledger{}).Predict(ledger.Invoice{TaxMode: c.mode, Lines: c.lines}, chart)
			require.NoError(t, err)
			equal(t, c.net, p.Totals.Net)
			equal(t, c.tax, p.Totals.Tax)
			equal(t, c.total, p.Totals.Total)
			equal(t, c.total, p.Totals.Balance)
			assert.Equal(t, c.unclear, p.Unclear)
			assert.Len(t, p.Amounts, len(c.lines))
		})
	}
	_, err := (&Ledger{}).Predict(ledger.Invoice{Lines: []ledger.Line{line("1", "1", "GONE")}}, chart)
	require.ErrorIs(t, err, ledger.ErrRefused)
	assert.Equal(t, ledger.RefusedTaxRate, ledger.Code(err))
}

func equal(t *testing.T, want string, got decimal.Decimal) {
	t.Helper()
	assert.True(t, dec(want).Equal(got), "want %s, got %s", want, got)
}

func TestPrice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, quantity, price, amount string
		q, u, note                    string
	}{
		{"fits", "3", "33.3333", "100.00", "3", "33.3333", ""},
		// 2 × 0.33333 is 0.67 with and without the fifth place.
		{"cut without consequence", "2", "0.33333", "0.67", "2", "0.3333", ""},
		// 1000 × 0.1235 would be 123.50
		{"cut would change the amount", "1000", "0.123456", "123.46", "1", "123.46", " (1000 × 0.123456)"},
		{"the amount is computed where it is not given", "1000", "0.123456", "0", "1", "123.46", " (1000 × 0.123456)"},
		{"a quantity of five places", "0.33333", "300", "100.00", "1", "100", " (0.33333 × 300)"},
		{"an amount only", "0", "0", "12.50", "1", "12.5", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := vendorbooks.Price(ledger.Line{Quantity: dec(c.quantity), UnitPrice: dec(c.price), Amount: dec(c.amount)}, pricePlaces)
			equal(t, c.q, p.Quantity)
			equal(t, c.u, p.Unit)
			assert.Equal(t, c.note, p.Note)
		})
	}
}
