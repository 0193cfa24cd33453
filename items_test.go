package invoicesync

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// itemChart has two products of one SKU, one without a SKU whose name is its only handle, one whose id looks like
// another's SKU, and an inactive one.
func itemChart() *chartIndex {
	return newChartIndex(ledger.Chart{Items: []ledger.Item{
		{ID: "1", Code: "TAXED", Name: "Goods", Active: true},
		{ID: "2", Code: "FREE", Name: "Goods, exempt", Active: true},
		{ID: "3", Name: "Sales:Postage", Active: true},
		{ID: "4", Code: "3", Name: "Three", Active: true},
		{ID: "5", Code: "HELMET", Name: "Helmet", Active: true},
		{ID: "6", Code: "helmet", Name: "Helmet, child", Active: true},
		{ID: "7", Code: "OLD", Name: "Old (deleted)"},
		{ID: "8", Code: "LOCK", Name: "Lock", Active: true},
		{ID: "9", Code: "lock ", Name: "Lock, old (deleted)"},
	}})
}

func TestMapItems(t *testing.T) {
	t.Parallel()
	two := ItemSettings{Taxable: "TAXED", NonTaxable: "FREE"}
	with := func(change func(*ItemSettings)) ItemSettings {
		s := two
		change(&s)
		return s
	}
	sku := with(func(s *ItemSettings) { s.BySKU = true })
	for name, c := range map[string]struct {
		line     ledger.Line
		settings ItemSettings
		off      []ledger.Feature
		item     string
		park     string
	}{
		"taxed":                      {ledger.Line{Kind: ledger.LineProduct, TaxCode: "TAX"}, two, nil, "1", ""},
		"untaxed":                    {ledger.Line{Kind: ledger.LineService, TaxCode: "NON"}, two, nil, "2", ""},
		"no code at all":             {ledger.Line{Kind: ledger.LineProduct}, two, nil, "2", ""},
		"one for both, taxed":        {ledger.Line{TaxCode: "TAX"}, ItemSettings{NonTaxable: "FREE"}, nil, "2", ""},
		"one for both, untaxed":      {ledger.Line{TaxCode: "NON"}, ItemSettings{Taxable: "taxed"}, nil, "1", ""},
		"by name":                    {ledger.Line{}, ItemSettings{Taxable: "sales:postage"}, nil, "3", ""},
		"by id":                      {ledger.Line{}, ItemSettings{Taxable: "8"}, nil, "8", ""},
		"a code before an id":        {ledger.Line{}, ItemSettings{Taxable: "3"}, nil, "4", ""},
		"not there":                  {ledger.Line{}, ItemSettings{Taxable: "GONE"}, nil, "", "item_missing GONE"},
		"nothing chosen":             {ledger.Line{}, ItemSettings{}, nil, "", "item_missing "},
		"inactive by code":           {ledger.Line{}, ItemSettings{Taxable: "old"}, nil, "", "item_archived old"},
		"inactive by id":             {ledger.Line{}, ItemSettings{Taxable: "7"}, nil, "", "item_archived 7"},
		"two, one written like it":   {ledger.Line{}, ItemSettings{Taxable: "helmet"}, nil, "6", ""},
		"two, none written like it":  {ledger.Line{}, ItemSettings{Taxable: "Helmet"}, nil, "", "item_ambiguous Helmet"},
		"SKU":                        {ledger.Line{SKU: " lock", TaxCode: "TAX"}, sku, nil, "8", ""},
		"SKU, switched off":          {ledger.Line{SKU: "LOCK", TaxCode: "TAX"}, two, nil, "1", ""},
		"SKU of no item":             {ledger.Line{SKU: "PUMP", TaxCode: "TAX"}, sku, nil, "1", ""},
		"SKU is an id, not a code":   {ledger.Line{SKU: "8", TaxCode: "NON"}, sku, nil, "2", ""},
		"SKU of an inactive item":    {ledger.Line{SKU: "OLD"}, sku, nil, "", "item_archived OLD"},
		"SKU of two":                 {ledger.Line{SKU: "HelMet"}, sku, nil, "", "item_ambiguous HelMet"},
		"discount":                   {ledger.Line{Kind: ledger.LineDiscount, SKU: "LOCK"}, sku, nil, "", ""},
		"shipping":                   {ledger.Line{Kind: ledger.LineShipping}, two, nil, "", ""},
		"shipping, chosen":           {ledger.Line{Kind: ledger.LineShipping}, with(func(s *ItemSettings) { s.Shipping = "LOCK" }), nil, "8", ""},
		"shipping, switched off":     {ledger.Line{Kind: ledger.LineShipping, TaxCode: "TAX"}, two, []ledger.Feature{ledger.FeatureShipping}, "1", ""},
		"shipping, off, chosen":      {ledger.Line{Kind: ledger.LineShipping}, with(func(s *ItemSettings) { s.Shipping = "LOCK" }), []ledger.Feature{ledger.FeatureShipping}, "8", ""},
		"finance charge":             {ledger.Line{Kind: ledger.LineFinanceCharge, TaxCode: "NON"}, two, nil, "2", ""},
		"finance charge, chosen":     {ledger.Line{Kind: ledger.LineFinanceCharge}, with(func(s *ItemSettings) { s.FinanceCharge = "LOCK" }), nil, "8", ""},
		"tax as a line":              {ledger.Line{Kind: ledger.LineTax, TaxCode: "NON"}, with(func(s *ItemSettings) { s.SalesTax = "LOCK" }), nil, "8", ""},
		"tax as a line, none chosen": {ledger.Line{Kind: ledger.LineTax, TaxCode: "NON"}, two, nil, "", "item_missing "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := []ledger.Line{c.line, c.line}
			reasons := mapItems(lines, itemChart(), c.settings, "TAX", ledger.Organisation{LinesBy: ledger.ByItem, Off: c.off})
			if c.park != "" {
				require.Len(t, reasons, 1, "one for each item, not for each line")
				assert.Equal(t, c.park, reasons[0].Code+" "+reasons[0].Got)
				assert.Equal(t, eligibility.Park, reasons[0].Disposition)
				assert.Equal(t, MendChart, Explain(reasons[0].Code).Mends, "it heals when the chart does")
				return
			}
			require.Empty(t, reasons)
			assert.Equal(t, c.item, lines[0].ItemID)
			assert.Equal(t, lines[0], lines[1])
		})
	}
}

func TestItemSettings(t *testing.T) {
	t.Parallel()
	assert.NoError(t, ItemSettings{}.Validate(), "a ledger by accounts needs none")
	assert.NoError(t, ItemSettings{Taxable: "1"}.Validate())
	assert.ErrorContains(t, ItemSettings{Shipping: "1"}.Validate(), "Taxable and NonTaxable are both empty")
	assert.ErrorContains(t, ItemSettings{BySKU: true}.Validate(), "Taxable and NonTaxable are both empty")
	assert.ErrorContains(t, ItemSettings{NonTaxable: "1 "}.Validate(), `NonTaxable "1 " has spaces`)

	s := goodSettings()
	s.Accounts.Default = ""
	assert.ErrorContains(t, s.Validate(), "Accounts.Default is empty")
	s.Items.NonTaxable = "FREE"
	assert.NoError(t, s.Validate())
	s.OnVariance, s.Tax.Difference = VarianceRoundingLine, TaxDifferenceLine
	assert.ErrorContains(t, s.Validate(), "RoundingAccount is empty")
	assert.ErrorContains(t, s.Validate(), "Tax.LiabilityAccount is empty")
	s.Items.Rounding, s.Items.SalesTax = "FREE", "FREE"
	assert.NoError(t, s.Validate())
	other := s
	other.Items.BySKU = true
	assert.NotEqual(t, s.hash(), other.hash(), "what is parked is judged again")
}

// Lines of a ledger by items name no account, except discounts; and a tax line of its own waits for its item.
func TestLinesByItem(t *testing.T) {
	t.Parallel()
	lines := []ledger.Line{{Kind: ledger.LineProduct, SKU: "BOOK"}, {Kind: ledger.LineDiscount}, {Kind: ledger.LineShipping}}
	chart := newChartIndex(shapingChart())
	s := AccountSettings{Default: "200", Discount: "205", Shipping: "999", SKUAccounts: true, ItemCodes: true}
	_, reasons := mapAccounts(lines, chart, s, ledger.ByItem)
	require.Len(t, reasons, 1)
	assert.Equal(t, "account_missing 205", reasons[0].Code+" "+reasons[0].Got)
	s.Discount = "200"
	out, reasons := mapAccounts(lines, chart, s, ledger.ByItem)
	require.Empty(t, reasons)
	assert.Equal(t, []string{"", "200", ""}, []string{out[0].Account, out[1].Account, out[2].Account})
	assert.Empty(t, out[0].ItemCode, "that comes with mapItems")
	s.Discount = ""
	out, reasons = mapAccounts(lines, chart, s, ledger.ByItem)
	require.Empty(t, reasons)
	assert.Empty(t, out[1].Account, "the ledger's own")

	inv := ledger.Invoice{Currency: "AUD", Lines: taxLines(t, "product 100.00 taxable | tax 7.25")}
	tax := TaxSettings{Handling: TaxNotHandled, ZeroCode: "NONE", LiabilityAccount: "999"}
	_, reasons = applyTax(inv, shapingChart(), tax, &ItemSettings{}, nil)
	require.Len(t, reasons, 1)
	assert.Equal(t, "tax_not_handled", reasons[0].Code, "an account is none for a line by items")
	got, reasons := applyTax(inv, shapingChart(), tax, &ItemSettings{SalesTax: "TAX-ITEM"}, nil)
	require.Empty(t, reasons)
	require.Len(t, got.Lines, 2)
	assert.Equal(t, ledger.LineTax, got.Lines[1].Kind)
	assert.Empty(t, got.Lines[1].Account)
	assert.Equal(t, "7.25", got.Lines[1].Amount.String())
}

// A rounding line is booked to its item, or parks what needs one.
func TestRoundingLineByItem(t *testing.T) {
	t.Parallel()
	predict := func(i ledger.Invoice) (ledger.Prediction, error) {
		total := amt("0")
		for _, l := range i.Lines {
			total = total.Add(l.Amount)
		}
		return ledger.Prediction{Totals: ledger.Totals{Total: total}}, nil
	}
	source := ledger.Invoice{Currency: "USD", Totals: ledger.Totals{Total: amt("10.01")}}
	for name, c := range map[string]struct{ rounding, item, park string }{
		"chosen": {"FREE", "2", ""}, "not chosen": {"", "", "item_missing"}, "inactive": {"OLD", "", "item_archived"},
	} {
		w := &pass{push: &Push{settings: Settings{OnVariance: VarianceRoundingLine, RoundingAccount: "200", Items: ItemSettings{Rounding: c.rounding}}}, desk: &desk{chart: itemChart()}}
		draft := ledger.Invoice{Currency: "USD", Lines: []ledger.Line{{Amount: amt("10.00")}}}
		totals, reason := w.predictTotals(source, &draft, true, predict)
		if c.park != "" {
			require.NotNil(t, reason, name)
			assert.Equal(t, c.park, reason.Code, name)
			continue
		}
		require.Nil(t, reason, name)
		require.Len(t, draft.Lines, 2, name)
		assert.Equal(t, c.item, draft.Lines[1].ItemID, name)
		assert.Empty(t, draft.Lines[1].Account, name)
		assert.Equal(t, "10.01", totals.Total.String(), name)
	}
}
