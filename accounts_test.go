package invoicesync

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

func shapingChart() ledger.Chart {
	account := func(code string) ledger.Account {
		return ledger.Account{ID: "id-" + code, Code: code, Class: "revenue", Active: true}
	}
	return ledger.Chart{
		Accounts: []ledger.Account{
			account("200"), account("210"), account("220"), account("230"), account("260"), account("270"),
			{ID: "id-290", Code: "290", Class: "revenue"}, // archived
			{ID: "id-bank", Class: "asset", Active: true},
			{ID: "id-820", Code: "820", Class: "liability", Active: true},
		},
		Items: []ledger.Item{
			{ID: "i1", Code: "BOOK", Name: "Ledger's book", SalesAccount: "260", SalesTaxCode: "OUTPUT", Active: true},
			{ID: "i2", Code: "Twin", SalesAccount: "260", Active: true},
			{ID: "i3", Code: "TWIN", SalesAccount: "270", Active: true},
			{ID: "i4", Code: "pair", SalesAccount: "270", Active: true},
			{ID: "i5", Code: "PAIR", SalesAccount: "270", Active: true},
			{ID: "i6", Code: "gone", SalesAccount: "270"},
			{ID: "i7", Code: "back", SalesAccount: "260"},
			{ID: "i8", Code: "Back", SalesAccount: "270", Active: true},
			{ID: "i9", Code: "bare", Active: true},
			{ID: "i10", Code: "old", SalesAccount: "290", Active: true},
			{ID: "i11", Code: "lost", SalesAccount: "999", Active: true},
			{ID: "i12", Code: "same", SalesAccount: "260", Active: true},
			{ID: "i13", Code: "same", SalesAccount: "260", Active: true},
			{ID: "i14", Code: " ", SalesAccount: "999", Active: true},
		},
		TaxRates: []ledger.TaxRate{
			{Code: "OUTPUT", Name: "Tax on sales", Percent: amt("10"), Active: true, Classes: []string{"revenue", "liability"}},
			{Code: "SEVEN", Percent: amt("7"), Active: true},
			{Code: "OLD", Percent: amt("9")},
			{Code: "ASSETS", Percent: amt("10"), Active: true, Classes: []string{"asset"}},
			{Code: "NONE", Active: true},
			{Code: "NOREV", Active: true, Classes: []string{"asset", "liability"}},
		},
	}
}

func TestMapAccounts(t *testing.T) {
	t.Parallel()
	chart := newChartIndex(shapingChart())
	all := AccountSettings{Default: "200", Discount: "210", FinanceCharge: "220", Shipping: "230", SKUAccounts: true}
	codes := all
	codes.ItemCodes = true
	onlyCodes := AccountSettings{Default: "200", ItemCodes: true}

	for name, c := range map[string]struct {
		kind     ledger.LineKind
		sku      string
		settings AccountSettings
		account  string
		item     string
		park     string // code and what was got
	}{
		"product":                         {kind: ledger.LineProduct, settings: all, account: "200"},
		"service":                         {kind: ledger.LineService, settings: all, account: "200"},
		"other":                           {kind: ledger.LineOther, settings: all, account: "200"},
		"discount":                        {kind: ledger.LineDiscount, settings: all, account: "210"},
		"finance charge":                  {kind: ledger.LineFinanceCharge, settings: all, account: "220"},
		"shipping":                        {kind: ledger.LineShipping, settings: all, account: "230"},
		"blank means default":             {kind: ledger.LineShipping, settings: AccountSettings{Default: "200"}, account: "200"},
		"an account without a code":       {kind: ledger.LineProduct, settings: AccountSettings{Default: "id-bank"}, account: "id-bank"},
		"SKU":                             {kind: ledger.LineProduct, sku: "BOOK", settings: all, account: "260"},
		"SKU, spaces and case aside":      {kind: ledger.LineProduct, sku: " book ", settings: all, account: "260"},
		"SKU, no such item":               {kind: ledger.LineProduct, sku: "PEN", settings: all, account: "200"},
		"SKU, switched off":               {kind: ledger.LineProduct, sku: "BOOK", settings: AccountSettings{Default: "200"}, account: "200"},
		"SKU wins over the kind":          {kind: ledger.LineShipping, sku: "BOOK", settings: all, account: "260"},
		"a discount keeps its account":    {kind: ledger.LineDiscount, sku: "BOOK", settings: all, account: "210"},
		"items differ by case":            {kind: ledger.LineProduct, sku: "twin", settings: all, park: "item_ambiguous twin"},
		"items differ, one is exact":      {kind: ledger.LineProduct, sku: "TWIN", settings: all, park: "item_ambiguous TWIN"},
		"items differ and agree":          {kind: ledger.LineProduct, sku: "Pair", settings: all, account: "270"},
		"item inactive":                   {kind: ledger.LineProduct, sku: "gone", settings: all, park: "item_archived gone"},
		"only the active one counts":      {kind: ledger.LineProduct, sku: "back", settings: all, account: "270"},
		"item without an account":         {kind: ledger.LineShipping, sku: "bare", settings: all, account: "230"},
		"item's account archived":         {kind: ledger.LineProduct, sku: "old", settings: all, park: "account_archived 290"},
		"item's account missing":          {kind: ledger.LineProduct, sku: "lost", settings: all, park: "account_missing 999"},
		"a blank code is no item":         {kind: ledger.LineProduct, sku: "  ", settings: all, account: "200"},
		"item code too":                   {kind: ledger.LineProduct, sku: "book", settings: codes, account: "260", item: "BOOK"},
		"item code of the exact one":      {kind: ledger.LineProduct, sku: "pair", settings: codes, account: "270", item: "pair"},
		"item code of no exact one":       {kind: ledger.LineProduct, sku: "pAIR", settings: codes, park: "item_ambiguous pAIR"},
		"item code of two alike":          {kind: ledger.LineProduct, sku: "same", settings: codes, park: "item_ambiguous same"},
		"item code alone":                 {kind: ledger.LineProduct, sku: "book", settings: onlyCodes, account: "200", item: "BOOK"},
		"default missing":                 {kind: ledger.LineProduct, settings: AccountSettings{Default: "205"}, park: "account_missing 205"},
		"default archived":                {kind: ledger.LineProduct, settings: AccountSettings{Default: "290"}, park: "account_archived 290"},
		"default not chosen":              {kind: ledger.LineProduct, settings: AccountSettings{}, park: "account_missing "},
		"discount missing, not a product": {kind: ledger.LineProduct, settings: AccountSettings{Default: "200", Discount: "999"}, account: "200"},
	} {
		in := []ledger.Line{{Kind: c.kind, SKU: c.sku, Name: "Thing", Account: "foreign", ItemCode: "foreign"}}
		out, reasons := mapAccounts(in, chart, c.settings, ledger.ByAccount)
		if c.park != "" {
			if assert.Len(t, reasons, 1, name) {
				assert.Equal(t, c.park, reasons[0].Code+" "+reasons[0].Got, name)
				assert.Equal(t, eligibility.Park, reasons[0].Disposition, name)
				assert.NotEmpty(t, eligibility.Meaning(reasons[0].Code), name)
			}
			continue
		}
		assert.Empty(t, reasons, name)
		assert.Equal(t, c.account, out[0].Account, name)
		assert.Equal(t, c.item, out[0].ItemCode, name)
		assert.Equal(t, "Thing", out[0].Name, "%s: only the account is taken from the item", name)
		assert.Equal(t, "foreign", in[0].Account, "%s: the argument was altered", name)
	}
}

func TestMapAccountsReasons(t *testing.T) {
	t.Parallel()
	lines := []ledger.Line{
		{Kind: ledger.LineProduct}, {Kind: ledger.LineProduct}, {Kind: ledger.LineShipping}, {Kind: ledger.LineTax},
	}
	out, reasons := mapAccounts(lines, newChartIndex(shapingChart()), AccountSettings{Default: "290", Shipping: "999"}, ledger.ByAccount)
	assert.Len(t, reasons, 2, "one reason for each broken target, not for each line")
	assert.Equal(t, "account_archived", reasons[0].Code)
	assert.Equal(t, "account_missing", reasons[1].Code)
	assert.Equal(t, lines[3], out[3], "tax lines are passed through")
}

func TestLineDescription(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line ledger.Line
		want string
	}{
		{ledger.Line{Kind: ledger.LineProduct, Name: " Blue book ", Description: "of 200 pages"}, "Blue book"},
		{ledger.Line{Kind: ledger.LineProduct, Name: " ", Description: " of 200 pages"}, "of 200 pages"},
		{ledger.Line{Kind: ledger.LineProduct, Description: " "}, "Product"},
		{ledger.Line{Kind: ledger.LineService}, "Service"},
		{ledger.Line{Kind: ledger.LineShipping}, "Shipping"},
		{ledger.Line{Kind: ledger.LineTax}, "Tax"},
		{ledger.Line{Kind: ledger.LineDiscount}, "Discount"},
		{ledger.Line{Kind: ledger.LineFinanceCharge}, "Finance charge"},
		{ledger.Line{Kind: ledger.LineOther}, "Other"},
		{ledger.Line{}, "Other"},
	} {
		assert.Equal(t, c.want, lineDescription(&c.line))
	}
}

func TestChartIndexAgreesWithChart(t *testing.T) {
	t.Parallel()
	chart := shapingChart()
	x := newChartIndex(chart)
	for _, code := range []string{"200", "290", "id-bank", "id-200", "999", ""} {
		want, ok := chart.Account(code)
		got := x.accounts[code]
		if assert.Equal(t, ok, got != nil, code) && ok {
			assert.Equal(t, want, *got, code)
		}
	}

	twice := newChartIndex(ledger.Chart{Accounts: []ledger.Account{
		{ID: "a", Code: "200"}, {ID: "b", Code: "200", Active: true}, {ID: "c", Code: "200"},
	}})
	assert.Equal(t, "b", twice.accounts["200"].ID, "of two accounts with one code the active one is meant")
}

func TestAccountSettings(t *testing.T) {
	t.Parallel()
	assert.NoError(t, AccountSettings{Default: "200"}.Validate())
	assert.ErrorContains(t, AccountSettings{Default: "200", Shipping: "230 "}.Validate(), "Shipping")
}

// 200,000 invoices pass here in a run; the time of a line must not grow with the chart.
func BenchmarkMapAccounts(b *testing.B) {
	chart := newChartIndex(shapingChart())
	lines := []ledger.Line{
		{Kind: ledger.LineProduct, SKU: "BOOK", Name: "Book"}, {Kind: ledger.LineProduct, SKU: "PEN", Name: "Pen"},
		{Kind: ledger.LineShipping}, {Kind: ledger.LineDiscount},
	}
	s := AccountSettings{Default: "200", SKUAccounts: true}
	b.ReportAllocs()
	for b.Loop() {
		if _, reasons := mapAccounts(lines, chart, s, ledger.ByAccount); reasons != nil {
			b.Fatal(reasons)
		}
	}
}
