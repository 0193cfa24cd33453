package invoicesync

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

func TestTaxAsLine(t *testing.T) {
	t.Parallel()
	amount := func(s string) decimal.Decimal { return decimal.RequireFromString(s) }
	line := func(price, tax string) ledger.Line {
		l := ledger.Line{Kind: ledger.LineOther, Quantity: amount("2"), UnitPrice: amount(price), Amount: amount(price).Mul(amount("2")), TaxCode: "OUTPUT"}
		if tax != "" {
			l.TaxAmount = decimal.NewNullDecimal(amount(tax))
		}
		return l
	}
	own := ledger.Line{Kind: ledger.LineTax, Quantity: amount("1"), UnitPrice: amount("3"), Amount: amount("3")}
	for name, c := range map[string]struct {
		mode  ledger.TaxMode
		total string // tax in the totals
		lines []ledger.Line
		want  []string // amounts, the tax last
		park  string
	}{
		"stated on the lines":     {ledger.TaxExclusive, "15", []ledger.Line{line("50", "10"), line("25", "5")}, []string{"100", "50", "tax 15"}, ""},
		"in the totals alone":     {ledger.TaxExclusive, "15", []ledger.Line{line("50", ""), line("25", "")}, []string{"100", "50", "tax 15"}, ""},
		"lines of its own":        {ledger.TaxExclusive, "6", []ledger.Line{line("50", ""), own, own}, []string{"100", "tax 6"}, ""},
		"none":                    {ledger.TaxNone, "0", []ledger.Line{line("50", "0")}, []string{"100"}, ""},
		"zero":                    {ledger.TaxExclusive, "0", []ledger.Line{line("50", "0")}, []string{"100"}, ""},
		"in the prices":           {ledger.TaxInclusive, "13.64", []ledger.Line{line("55", "10"), line("20", "3.64")}, []string{"100", "36.36", "tax 13.64"}, ""},
		"in prices, not said":     {ledger.TaxInclusive, "10", []ledger.Line{line("55", "")}, nil, eligibility.CodeTaxIncluded},
		"of fractions of a cent":  {ledger.TaxExclusive, "0.005", []ledger.Line{line("50", "0.005")}, nil, eligibility.CodePrecision},
		"in prices, text without": {ledger.TaxInclusive, "10", []ledger.Line{line("55", "10"), {Kind: ledger.LineOther, Description: "Thanks"}}, []string{"100", "0", "tax 10"}, ""},
	} {
		inv := ledger.Invoice{Currency: "AUD", TaxMode: c.mode, Lines: c.lines, Totals: ledger.Totals{Tax: amount(c.total)}}
		got, reasons := taxAsLine(inv)
		if c.park != "" {
			require.Len(t, reasons, 1, name)
			assert.Equal(t, c.park, reasons[0].Code, name)
			continue
		}
		require.Empty(t, reasons, name)
		var amounts []string
		for _, l := range got.Lines {
			text := l.Amount.String()
			if l.Kind == ledger.LineTax {
				text = "tax " + text
			}
			assert.Equal(t, l.Amount.String(), l.Quantity.Mul(l.UnitPrice).String(), name)
			assert.Empty(t, l.TaxCode, name)
			assert.False(t, l.TaxAmount.Valid, name)
			amounts = append(amounts, text)
		}
		assert.Equal(t, c.want, amounts, name)
		assert.Equal(t, ledger.TaxExclusive, got.TaxMode, name)
		assert.Equal(t, c.mode, inv.TaxMode, name)
		assert.Equal(t, c.lines[0].Amount, inv.Lines[0].Amount, "%s: the argument is left alone", name)
	}
}

// Settings for a ledger without accounts and tax codes name neither, and one that has them refuses the
// handling that is not meant for it.
func TestTaxAsLineSettings(t *testing.T) {
	t.Parallel()
	s := Settings{
		Source: ledger.OrganisationID{Vendor: "xero", ID: "a"}, Ledger: ledger.OrganisationID{Vendor: "infusionsoft", ID: "b"}, Currency: "AUD",
		Tax: TaxSettings{Handling: TaxAsLine}, Items: ItemSettings{BySKU: true}, OnVariance: VarianceRoundingLine,
	}
	require.NoError(t, s.Validate())
	s.Tax = TaxSettings{Handling: TaxNotHandled}
	require.ErrorContains(t, s.Validate(), "Accounts.Default is empty")
	inv := ledger.Invoice{Currency: "AUD", TaxMode: ledger.TaxExclusive}
	_, reasons := applyTax(inv, ledger.Chart{}, TaxSettings{Handling: TaxAsLine}, nil, nil)
	require.Len(t, reasons, 1)
	assert.Equal(t, eligibility.CodeTaxNotHandled, reasons[0].Code)
}

func TestNamedItems(t *testing.T) {
	t.Parallel()
	chart := newChartIndex(ledger.Chart{Items: []ledger.Item{
		{ID: "5", Code: "W-1", Active: true}, {ID: "6", Code: "TWO", Active: true}, {ID: "7", Code: "Two", Active: true}, {ID: "8", Code: "OLD"},
	}})
	for sku, want := range map[string]string{"w-1": "5", "": "", "none": "", "two": eligibility.CodeItemAmbiguous, "OLD": eligibility.CodeItemArchived} {
		lines := []ledger.Line{{Kind: ledger.LineProduct, SKU: sku}, {Kind: ledger.LineDiscount, SKU: sku}}
		got := ""
		if reasons := namedItems(lines, chart, ItemSettings{BySKU: true}); len(reasons) > 0 {
			got = reasons[0].Code
		} else {
			got = lines[0].ItemID
		}
		assert.Equal(t, want, got, sku)
		assert.Empty(t, lines[1].ItemID)
	}
	lines := []ledger.Line{{Kind: ledger.LineProduct, SKU: "W-1"}}
	assert.Empty(t, namedItems(lines, chart, ItemSettings{}))
	assert.Empty(t, lines[0].ItemID)
}
