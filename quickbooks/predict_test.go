package quickbooks

import (
	"cmp"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func line(qty, price, code string) ledger.Line {
	return ledger.Line{Kind: ledger.LineProduct, Description: "x", Quantity: dec(qty), UnitPrice: dec(price), TaxCode: code}
}

func stated(l ledger.Line, tax string) ledger.Line {
	l.TaxAmount = ndec(tax)
	return l
}

func off(amount, code string) ledger.Line {
	return ledger.Line{Kind: ledger.LineDiscount, Description: "Voucher", Quantity: one, UnitPrice: dec(amount), Amount: dec(amount), TaxCode: code}
}

func TestPredictAmountsHalfUp(t *testing.T) {
	t.Parallel()
	l, _ := american(t, nil)
	for _, c := range []struct{ qty, price, want, unclear string }{
		{"128.350", "14.50", "1861.08", ""},  // 1861.075; the fact sheet's example
		{"3", "33.3333", "100.00", ""},       // 99.9999
		{"1", "0.005", "0.01", ""},           // a half goes up
		{"1", "0.0049", "0.00", ""},          //
		{"1000", "0.123456", "123.46", ""},   // six places: one piece at 123.456, rounded
		{"-1", "2.675", "-2.68", "negative"}, // which way a negative half goes is not known
		{"-1", "2.674", "-2.67", ""},
	} {
		inv := draftInvoice()
		inv.Lines = []ledger.Line{line(c.qty, c.price, "NON")}
		p, err := l.Predict(inv, ledger.Chart{})
		require.NoError(t, err)
		assert.Equal(t, c.want, p.Amounts[0].StringFixed(2), "%s × %s", c.qty, c.price)
		assert.Equal(t, c.unclear != "", p.Unclear != "", "%s × %s", c.qty, c.price)
		assert.True(t, p.Totals.Total.Equal(p.Amounts[0]))
	}
}

// Real problems 19 and 20: a tax engine with rates of its own, and a company whose sales tax is off.
func TestPredictUnitedStates(t *testing.T) {
	t.Parallel()
	l, _ := american(t, nil)
	inv := draftInvoice()
	inv.Lines = []ledger.Line{line("2", "50", "TAX"), line("1", "20", "NON")}
	inv.Totals.Tax = dec("8.25")
	p, err := l.Predict(inv, ledger.Chart{})
	require.NoError(t, err)
	assert.Equal(t, UnclearSalesTax, p.Unclear, "nobody knows what the engine will make of the address")
	assert.Equal(t, "8.25", p.Totals.Tax.String(), "what will be stated")

	inv.Lines[0] = stated(inv.Lines[0], "8.25")
	p, err = l.Predict(inv, ledger.Chart{})
	require.NoError(t, err)
	assert.Empty(t, p.Unclear, "a stated tax is honoured")
	assert.Equal(t, "128.25", p.Totals.Total.String()) // 100 + 20 + 8.25

	inv.Lines = []ledger.Line{line("2", "50", ""), line("1", "20", "NON")}
	p, err = l.Predict(inv, ledger.Chart{})
	require.NoError(t, err)
	assert.Empty(t, p.Unclear)
	assert.True(t, p.Totals.Tax.IsZero())

	for code, change := range map[string]func(*Company){
		"sales_tax_off":        func(c *Company) { c.SalesTax = false },
		"sales_tax_not_set_up": func(c *Company) { c.AutomatedTaxReady = false },
	} {
		other, _ := american(t, nil)
		change(other.company.Load())
		inv.Lines = []ledger.Line{stated(line("2", "50", "TAX"), "8.25")}
		_, err = other.Predict(inv, ledger.Chart{})
		require.ErrorIs(t, err, ledger.ErrRefused)
		assert.Equal(t, code, ledger.Code(err))
		inv.Lines = []ledger.Line{line("2", "50", "NON")}
		_, err = other.Predict(inv, ledger.Chart{})
		require.NoError(t, err, "what bears no tax can be written")
	}
}

// Real problem 21: every line outside the United States needs a tax code.
func TestPredictElsewhere(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, nil)
	l.company.Store(company("CA", "CAD"))
	chart := ledger.Chart{TaxRates: []ledger.TaxRate{{Code: "5", Percent: dec("13"), Active: true}, {Code: "6", Active: true}}}
	inv := draftInvoice()
	inv.Currency = "CAD"
	inv.Lines = []ledger.Line{line("1", "10.10", "5"), line("1", "20.20", "5"), line("1", "7", "6")}
	p, err := l.Predict(inv, chart)
	require.NoError(t, err)
	assert.Empty(t, p.Unclear)
	assert.Equal(t, []string{"1.31", "2.63", "0.00"}, fixed(p.Taxes)) // 1.313, 2.626
	assert.Equal(t, "3.94", p.Totals.Tax.String())                    // and 30.30 × 13 % is 3.939
	assert.Equal(t, "41.24", p.Totals.Total.String())

	inv.Lines = []ledger.Line{line("1", "0.10", "5"), line("1", "0.10", "5"), line("1", "0.10", "5")}
	p, err = l.Predict(inv, chart)
	require.NoError(t, err)
	assert.Equal(t, UnclearTaxRounding, p.Unclear, "3 × 0.01 by line, 0.039 by document")

	inv.Lines = []ledger.Line{line("1", "100", "5"), off("-10", "5")}
	p, err = l.Predict(inv, chart)
	require.NoError(t, err)
	assert.Equal(t, UnclearDiscountTax, p.Unclear)
	inv.Lines = []ledger.Line{stated(line("1", "100", "5"), "11.70"), stated(off("-10", "5"), "0")}
	p, err = l.Predict(inv, chart)
	require.NoError(t, err)
	assert.Empty(t, p.Unclear)
	assert.Equal(t, "101.7", p.Totals.Total.String())

	inv.Lines = []ledger.Line{line("1", "100", "")}
	_, err = l.Predict(inv, chart)
	assert.Equal(t, ledger.RefusedTaxRate, ledger.Code(err))
	inv.TaxMode = ledger.TaxNone
	_, err = l.Predict(inv, chart)
	require.NoError(t, err)
}

func TestPredictRefuses(t *testing.T) {
	t.Parallel()
	l, _ := american(t, nil)
	for name, c := range map[string]struct {
		lines []ledger.Line
		mode  ledger.TaxMode
		code  string
	}{
		"discounts of different taxability": {[]ledger.Line{line("1", "100", "NON"), off("-5", "TAX"), off("-5", "NON")}, "", "discount_mixed"},
		"a discount that adds":              {[]ledger.Line{line("1", "100", "NON"), off("5", "NON")}, "", "discount_positive"},
		"a code of the company":             {[]ledger.Line{line("1", "100", "3")}, "", ledger.RefusedTaxRate},
		"tax on a line without":             {[]ledger.Line{stated(line("1", "100", "NON"), "1")}, "", ledger.RefusedTaxRate},
		"eleven digits":                     {[]ledger.Line{line("1", "10000000000", "NON")}, "", "precision"},
	} {
		inv := draftInvoice()
		inv.Lines, inv.TaxMode = c.lines, cmp.Or(c.mode, ledger.TaxExclusive)
		_, err := l.Predict(inv, ledger.Chart{})
		require.ErrorIs(t, err, ledger.ErrRefused, name)
		assert.Equal(t, c.code, ledger.Code(err), name)
	}
	inclusive := draftInvoice()
	inclusive.TaxMode = ledger.TaxInclusive
	_, err := l.Predict(inclusive, ledger.Chart{})
	require.ErrorIs(t, err, ledger.ErrUnsupported)
	assert.Equal(t, "tax_included", ledger.Code(err))

	l.company.Load().Discounts = false
	inv := draftInvoice()
	inv.Lines = []ledger.Line{line("1", "100", "NON"), off("-5", "NON")}
	_, err = l.Predict(inv, ledger.Chart{})
	assert.Equal(t, "discounts_off", ledger.Code(err))

	unread, _ := newLedger(t, nil, nil)
	_, err = unread.Predict(inv, ledger.Chart{})
	assert.Equal(t, "company_unread", ledger.Code(err))
}

func fixed(list []decimal.Decimal) (out []string) {
	for _, d := range list {
		out = append(out, d.StringFixed(2))
	}
	return out
}
