package invoicesync

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

func amt(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// byLine is the arithmetic of a ledger that rounds the tax of each line and then sums, half away from
// zero. As nobody has said how such a ledger rounds a negative half, it calls that unclear.
func byLine(chart ledger.Chart) func(ledger.Invoice) (ledger.Prediction, error) {
	return func(inv ledger.Invoice) (ledger.Prediction, error) {
		var p ledger.Prediction
		for _, l := range inv.Lines {
			rate, ok := chart.TaxRate(l.TaxCode)
			if !ok {
				return p, errors.New("no such rate")
			}
			exact := l.Amount.Mul(rate.Percent).Shift(-2)
			tax := inv.Currency.Round(exact)
			if l.TaxAmount.Valid {
				tax = l.TaxAmount.Decimal
			} else if exact.IsNegative() && tax.Sub(exact).Abs().Equal(inv.Currency.Minor().Div(decimal.NewFromInt(2))) {
				p.Unclear = "a negative half"
			}
			p.Amounts, p.Taxes = append(p.Amounts, l.Amount), append(p.Taxes, tax)
			p.Totals.Net, p.Totals.Tax = p.Totals.Net.Add(l.Amount), p.Totals.Tax.Add(tax)
		}
		p.Totals.Total = p.Totals.Net.Add(p.Totals.Tax)
		p.Totals.Balance = p.Totals.Total
		return p, nil
	}
}

// taxLines reads "A product 100.00 taxable | discount -10.00 on A": an optional id of one capital
// letter, kind, amount, and what the source knows of its tax.
func taxLines(t testing.TB, text string) []ledger.Line {
	t.Helper()
	var lines []ledger.Line
	for part := range strings.SplitSeq(text, "|") {
		words := strings.Fields(part)
		l := ledger.Line{Account: "200"}
		if len(words[0]) == 1 {
			l.ID, words = words[0], words[1:]
		}
		l.Kind, l.Amount = ledger.LineKind(words[0]), amt(words[1])
		for i := 2; i < len(words); i++ {
			switch words[i] {
			case "taxable":
				l.Taxability = ledger.Taxable
			case "exempt":
				l.Taxability = ledger.NonTaxable
			case "on":
				i++
				l.AppliesTo = words[i]
			case "tax":
				i++
				l.TaxAmount = decimal.NewNullDecimal(amt(words[i]))
			default:
				t.Fatalf("unknown word %q", words[i])
			}
		}
		lines = append(lines, l)
	}
	return lines
}

// told writes what the ledger gets: the code of each line, and its tax where it is stated.
func told(inv ledger.Invoice) string {
	var out []string
	for _, l := range inv.Lines {
		s := l.TaxCode
		if l.TaxAmount.Valid {
			s += "=" + l.TaxAmount.Decimal.StringFixed(inv.Currency.Places())
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestApplyTax(t *testing.T) {
	t.Parallel()
	ten := TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"}
	seven := TaxSettings{TaxableCode: "SEVEN", ZeroCode: "NONE"}
	line := ten
	line.Difference, line.LiabilityAccount = TaxDifferenceLine, "820"
	ledgers := ten
	ledgers.Handling = TaxByLedger
	none := TaxSettings{Handling: TaxNotHandled, ZeroCode: "NONE", LiabilityAccount: "820"}
	noneBare := TaxSettings{Handling: TaxNotHandled}
	with := func(taxable, zero string) TaxSettings { return TaxSettings{TaxableCode: taxable, ZeroCode: zero} }

	for name, c := range map[string]struct {
		lines    string
		currency ledger.Currency // "": AUD
		mode     ledger.TaxMode
		settings TaxSettings
		want     string // as told writes it
		park     string // code, or code: got
		calls    int    // of predict
	}{
		"no tax":              {lines: "product 100.00 taxable | shipping 20.00", settings: ten, want: "NONE NONE"},
		"a tax line of zero":  {lines: "product 100.00 taxable | tax 0.00", settings: ten, want: "NONE"},
		"two lines that undo": {lines: "product 100.00 taxable | tax 10.00 | tax -10.00", settings: ten, want: "NONE"},

		// What the source calls taxable.
		"one of two":        {lines: "product 100.00 taxable | product 50.00 exempt | tax 10.00", settings: ten, want: "OUTPUT NONE", calls: 1},
		"unknown is not":    {lines: "product 100.00 taxable | other 50.00 | tax 10.00", settings: ten, want: "OUTPUT NONE", calls: 1},
		"tax in two lines":  {lines: "product 100.00 taxable | tax 6.00 | tax 4.00", settings: ten, want: "OUTPUT", calls: 1},
		"tax line in front": {lines: "tax 10.00 | product 50.00 exempt | product 100.00 taxable", settings: ten, want: "NONE OUTPUT", calls: 1},
		// 100 - 10 = 90.
		"its discount":                        {lines: "A product 100.00 taxable | discount -10.00 on A | tax 9.00", settings: ten, want: "OUTPUT OUTPUT", calls: 1},
		"discount of an exempt line":          {lines: "A product 100.00 taxable | B product 50.00 exempt | discount -10.00 on B | tax 10.00", settings: ten, want: "OUTPUT NONE NONE", calls: 1},
		"discount on all, all taxable":        {lines: "product 100.00 taxable | discount -10.00 | tax 9.00", settings: ten, want: "OUTPUT OUTPUT", calls: 1},
		"discount on all, untaxed":            {lines: "product 100.00 taxable | product 50.00 exempt | discount -30.00 | tax 10.00", settings: ten, want: "OUTPUT NONE NONE", calls: 1},
		"discount that knows better":          {lines: "A product 100.00 taxable | discount -10.00 on A exempt | tax 10.00", settings: ten, want: "OUTPUT NONE", calls: 1},
		"discount of a line that is not here": {lines: "product 100.00 taxable | discount -10.00 on Z | tax 10.00", settings: ten, want: "OUTPUT NONE", calls: 1},
		// 100 + 20 = 120; then 100 - 30 = 70; then 100 + 20 - 30 = 90; then all 140.
		"shipping":              {lines: "product 100.00 taxable | product 50.00 exempt | shipping 20.00 | discount -30.00 | tax 12.00", settings: ten, want: "OUTPUT NONE OUTPUT NONE", calls: 2},
		"discount on all":       {lines: "product 100.00 taxable | product 50.00 exempt | shipping 20.00 | discount -30.00 | tax 7.00", settings: ten, want: "OUTPUT NONE NONE OUTPUT", calls: 3},
		"shipping and discount": {lines: "product 100.00 taxable | product 50.00 exempt | shipping 20.00 | discount -30.00 | tax 9.00", settings: ten, want: "OUTPUT NONE OUTPUT OUTPUT", calls: 4},
		"everything":            {lines: "product 100.00 taxable | product 50.00 exempt | shipping 20.00 | discount -30.00 | tax 14.00", settings: ten, want: "OUTPUT OUTPUT OUTPUT OUTPUT", calls: 5},
		"nothing is known":      {lines: "product 100.00 | shipping 20.00 | tax 12.00", settings: ten, want: "OUTPUT OUTPUT", calls: 1},
		// A source that is a ledger itself: tax on its lines, or in its totals.
		"stated on lines": {lines: "product 100.00 tax 10.00 | product 50.00 tax 0.00", settings: ten, want: "OUTPUT NONE", calls: 1},

		// Within rounding: quantity two plus a discount, one cent (2 × 7.49 = 14.98, less 1.49, at 7 %).
		// The source taxes 13.49: 0.9443, so 0.94. The ledger rounds 1.0486 to 1.05 and -0.1043 to -0.10: 0.95.
		"quantity two plus discount": {lines: "A product 14.98 taxable | discount -1.49 on A | tax 0.94", settings: seven, want: "SEVEN=0.94 SEVEN=0.00", calls: 1},
		// 33.33 + 33.33 + 33.34 at 10 %: three times 3.33, the source has 10.00. 1000 cents by weight are
		// 333.3, 333.3 and 333.4: the cent left over goes to the third.
		"largest remainder": {lines: "product 33.33 taxable | product 33.33 taxable | product 33.34 taxable | tax 10.00", settings: ten, want: "OUTPUT=3.33 OUTPUT=3.33 OUTPUT=3.34", calls: 1},
		// 10.05 at 10 % is 1.005, rounded 1.01, twice; the source has 2.01. Halves: the earlier line wins.
		"equal remainders": {lines: "product 10.05 taxable | product 10.05 taxable | tax 2.01", settings: ten, want: "OUTPUT=1.01 OUTPUT=1.00", calls: 1},
		// 1.00 - 1.20 + 10.00 = 9.80 against 9.81; A is worth less than nothing and gets none of it.
		"never negative": {lines: "A product 10.00 taxable | discount -12.00 on A | B product 100.00 taxable | tax 9.81", settings: ten, want: "OUTPUT=0.00 OUTPUT=0.00 OUTPUT=9.81", calls: 1},
		// 14.50 at 7 % is 1.015, so 1.02; -1.50 is -0.105, which may be -0.11 or -0.10. With -0.11 the
		// sum would be the source's 0.91, which is chance; stated, there is nothing left to round.
		"a negative half": {lines: "A product 14.50 taxable | discount -1.50 on A | tax 0.91", settings: seven, want: "SEVEN=0.91 SEVEN=0.00", calls: 1},
		// One line: half a cent and a cent, so 0.01 off is in, 0.02 is not.
		"one line, at the edge":   {lines: "product 100.00 taxable | tax 10.01", settings: ten, want: "OUTPUT=10.01", calls: 1},
		"one line, beyond":        {lines: "product 100.00 taxable | tax 10.02", settings: ten, park: "tax_rate_differs: tax 10.02, a rate of 10.02 %", calls: 1},
		"one line, below":         {lines: "product 100.00 taxable | tax 9.99", settings: ten, want: "OUTPUT=9.99", calls: 1},
		"two lines, at the edge":  {lines: "product 50.00 taxable | product 50.00 taxable | tax 10.02", settings: ten, want: "OUTPUT=5.01 OUTPUT=5.01", calls: 1},
		"two lines, beyond":       {lines: "product 50.00 taxable | product 50.00 taxable | tax 10.03", settings: ten, park: "tax_rate_differs", calls: 1},
		"yen, at the edge":        {currency: "JPY", lines: "product 1000 taxable | tax 101", settings: ten, want: "OUTPUT=101", calls: 1},
		"yen, beyond":             {currency: "JPY", lines: "product 1000 taxable | tax 102", settings: ten, park: "tax_rate_differs", calls: 1},
		"dinar, at the edge":      {currency: "KWD", lines: "product 1.000 taxable | tax 0.101", settings: ten, want: "OUTPUT=0.101", calls: 1},
		"dinar, beyond":           {currency: "KWD", lines: "product 1.000 taxable | tax 0.102", settings: ten, park: "tax_rate_differs", calls: 1},
		"an exact match is first": {lines: "product 100.00 taxable | other 0.10 exempt | tax 10.01", settings: ten, want: "OUTPUT OUTPUT", calls: 2},

		// Beyond rounding.
		"another rate":              {lines: "product 100.00 taxable | tax 7.25", settings: ten, park: "tax_rate_differs: tax 7.25, a rate of 7.25 %", calls: 1},
		"another set":               {lines: "product 100.00 | shipping 20.00 | tax 10.00", settings: ten, park: "tax_rate_differs: tax 10, a rate of 8.333 %", calls: 1},
		"another rate, own line":    {lines: "product 100.00 taxable | tax 7.25", settings: line, want: "NONE NONE", calls: 1},
		"tax alone":                 {lines: "tax 7.25", settings: ten, park: "tax_without_taxable_line: 7.25"},
		"tax on exempt lines":       {lines: "product 100.00 exempt | shipping 20.00 exempt | tax 10.00", settings: ten, park: "tax_without_taxable_line: 10"},
		"tax alone, own line":       {lines: "tax 7.25", settings: line, want: "NONE"},
		"tax on nothing":            {lines: "product 0.00 taxable | tax 7.25", settings: ten, park: "tax_rate_differs: tax 7.25, a rate of tax on nothing", calls: 1},
		"a cent of tax on nothing":  {lines: "product 0.00 taxable | tax 0.01", settings: ten, park: "tax_rate_differs", calls: 1},
		"half a cent of tax":        {lines: "product 100.00 taxable | tax 10.005", settings: ten, park: "precision: 10.005"},
		"prices include tax":        {lines: "product 110.00 taxable", mode: ledger.TaxInclusive, settings: ten, park: "tax_included"},
		"own line without account":  {lines: "product 100.00 taxable | tax 7.25", settings: TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE", Difference: TaxDifferenceLine, LiabilityAccount: "999"}, park: "account_missing: 999", calls: 1},
		"own line, zero code wrong": {lines: "product 100.00 taxable | tax 7.25", settings: TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NOREV", Difference: TaxDifferenceLine, LiabilityAccount: "820"}, park: "tax_rate_not_for_account: NOREV on account 200", calls: 1},

		// The codes themselves, for the invoices that touch them.
		"code missing":             {lines: "product 100.00 taxable | tax 10.00", settings: with("GONE", "NONE"), park: "tax_rate_missing: GONE"},
		"code missing, not needed": {lines: "product 100.00 taxable", settings: with("GONE", "NONE"), want: "NONE"},
		"code archived":            {lines: "product 100.00 taxable | tax 9.00", settings: with("OLD", "NONE"), park: "tax_rate_archived: OLD"},
		"code not for account":     {lines: "product 100.00 taxable | tax 10.00", settings: with("ASSETS", "NONE"), park: "tax_rate_not_for_account: ASSETS on account 200", calls: 1},
		"zero code missing":        {lines: "product 100.00 taxable", settings: with("OUTPUT", "GONE"), park: "tax_rate_missing: GONE"},
		"zero code not needed":     {lines: "product 100.00 taxable | tax 10.00", settings: with("OUTPUT", "GONE"), want: "OUTPUT", calls: 1},
		"zero code archived":       {lines: "product 100.00", settings: with("OUTPUT", "OLD"), park: "tax_rate_archived: OLD"},

		// The ledger computes.
		"ledger, by taxability":       {lines: "A product 100.00 taxable | discount -10.00 on A | product 50.00 exempt | shipping 20.00 | tax 3.33", settings: ledgers, want: "OUTPUT OUTPUT NONE NONE"},
		"ledger, source without tax":  {lines: "product 100.00 taxable", settings: ledgers, want: "OUTPUT"},
		"ledger, nothing known":       {lines: "product 100.00 | shipping 20.00 | tax 3.33", settings: ledgers, want: "OUTPUT OUTPUT"},
		"ledger, nothing and no tax":  {lines: "product 100.00 | shipping 20.00", settings: ledgers, want: "NONE NONE"},
		"ledger, half a cent is fine": {lines: "product 100.00 taxable | tax 10.005", settings: ledgers, want: "OUTPUT"},

		// Nobody does.
		"none, no tax":           {lines: "product 100.00 taxable", settings: none, want: "NONE"},
		"none, own line":         {lines: "product 100.00 taxable | tax 10.00", settings: none, want: "NONE NONE"},
		"none, without account":  {lines: "product 100.00 taxable | tax 10.00", settings: noneBare, park: "tax_not_handled: 10"},
		"none, without any code": {lines: "product 100.00 taxable", settings: noneBare, want: ""},
	} {
		chart := shapingChart()
		inv := ledger.Invoice{Currency: c.currency, TaxMode: c.mode, Lines: taxLines(t, c.lines)}
		if inv.Currency == "" {
			inv.Currency = "AUD"
		}
		before := slices.Clone(inv.Lines)
		calls := 0
		predict := byLine(chart)
		got, reasons := applyTax(inv, chart, c.settings, nil, func(i ledger.Invoice) (ledger.Prediction, error) {
			calls++
			return predict(i)
		})
		assert.Equal(t, before, inv.Lines, "%s: the argument was altered", name)
		assert.Equal(t, c.calls, calls, "%s: calls of predict", name)
		if c.park != "" {
			if assert.Len(t, reasons, 1, name) {
				code, want, _ := strings.Cut(c.park, ": ")
				assert.Equal(t, code, reasons[0].Code, name)
				if want != "" {
					assert.Equal(t, want, reasons[0].Got, name)
				}
				assert.Equal(t, eligibility.Park, reasons[0].Disposition, name)
				assert.NotEmpty(t, reasons[0].Message, name)
				assert.NotEmpty(t, eligibility.Meaning(code), name)
			}
			continue
		}
		assert.Empty(t, reasons, name)
		assert.Equal(t, c.want, told(got), name)
		for _, l := range got.Lines {
			assert.NotEqual(t, ledger.LineTax, l.Kind, name)
		}
	}
}

func TestApplyTaxLineOfItsOwn(t *testing.T) {
	t.Parallel()
	chart := shapingChart()
	s := TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE", Difference: TaxDifferenceLine, LiabilityAccount: "820"}
	inv := ledger.Invoice{Currency: "AUD", Lines: taxLines(t, "product 100.00 taxable | tax 7.25")}
	got, reasons := applyTax(inv, chart, s, nil, byLine(chart))
	require.Empty(t, reasons)
	last := got.Lines[1]
	assert.Equal(t, "Sales tax", last.Description)
	assert.Equal(t, "820", last.Account)
	assert.Equal(t, "NONE", last.TaxCode)
	assert.Equal(t, "7.25", last.Amount.String())
	assert.Equal(t, "7.25", last.UnitPrice.Mul(last.Quantity).String())
	p, err := byLine(chart)(got)
	require.NoError(t, err)
	assert.Equal(t, "107.25", p.Totals.Total.String(), "the source's total to the cent")
}

func TestApplyTaxModes(t *testing.T) {
	t.Parallel()
	chart := shapingChart()
	lines := taxLines(t, "product 100.00 taxable")

	got, reasons := applyTax(ledger.Invoice{Currency: "AUD", Lines: lines}, chart, TaxSettings{Handling: TaxNotHandled}, nil, byLine(chart))
	assert.Empty(t, reasons)
	assert.Equal(t, ledger.TaxNone, got.TaxMode, "without any code the invoice is one without tax")

	got, reasons = applyTax(ledger.Invoice{Currency: "AUD", TaxMode: ledger.TaxNone, Lines: lines}, chart,
		TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"}, nil, byLine(chart))
	assert.Empty(t, reasons)
	assert.Equal(t, ledger.TaxExclusive, got.TaxMode)

	// Tax that only the totals state is tax.
	inTotals := ledger.Invoice{Currency: "AUD", Lines: lines, Totals: ledger.Totals{Tax: amt("10")}}
	got, reasons = applyTax(inTotals, chart, TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"}, nil, byLine(chart))
	assert.Empty(t, reasons)
	assert.Equal(t, "OUTPUT", told(got))
}

func TestApplyTaxNotPredictable(t *testing.T) {
	t.Parallel()
	inv := ledger.Invoice{Currency: "AUD", Lines: taxLines(t, "product 100.00 taxable | tax 10.00")}
	_, reasons := applyTax(inv, shapingChart(), TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"}, nil,
		func(ledger.Invoice) (ledger.Prediction, error) {
			return ledger.Prediction{}, &ledger.Error{Kind: ledger.ErrRefused, Code: "precision"}
		})
	require.Len(t, reasons, 1)
	assert.Equal(t, "precision", reasons[0].Code, "the ledger's own code")
	_, reasons = applyTax(inv, shapingChart(), TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"}, nil,
		func(ledger.Invoice) (ledger.Prediction, error) { return ledger.Prediction{}, errors.New("no code") })
	require.Len(t, reasons, 1)
	assert.Equal(t, "tax_not_predictable", reasons[0].Code)
}

// Whatever the lines: what is not parked has the source's tax to the last cent, stated on all taxable
// lines or on none, never below zero; and the same invoice always comes out the same.
func TestApplyTaxProperties(t *testing.T) {
	t.Parallel()
	const seed = 20260301
	rnd := rand.New(rand.NewPCG(seed, 1))
	chart := shapingChart()
	predict := byLine(chart)
	s := TaxSettings{TaxableCode: "SEVEN", ZeroCode: "NONE"}
	var exact, stated, parkedCount int
	for range 3000 {
		cur := []ledger.Currency{"AUD", "JPY", "KWD"}[rnd.IntN(3)]
		inv := ledger.Invoice{Currency: cur}
		var base decimal.Decimal
		for i := range 1 + rnd.IntN(6) {
			id := string(rune('A' + i))
			l := ledger.Line{ID: id, Kind: ledger.LineProduct, Amount: decimal.New(1+rnd.Int64N(20000), -cur.Places()),
				Taxability: []ledger.Taxability{ledger.Taxable, ledger.Taxable, ledger.NonTaxable, ledger.TaxUnknown}[rnd.IntN(4)]}
			if rnd.IntN(6) == 0 {
				l.Kind = ledger.LineShipping
			}
			inv.Lines = append(inv.Lines, l)
			taxed := l.Taxability == ledger.Taxable
			if rnd.IntN(3) == 0 {
				d := ledger.Line{Kind: ledger.LineDiscount, AppliesTo: id, Amount: decimal.New(-rnd.Int64N(21000), -cur.Places())}
				if rnd.IntN(4) == 0 {
					d.AppliesTo = ""
				}
				inv.Lines = append(inv.Lines, d)
				if taxed {
					base = base.Add(d.Amount)
				}
			}
			if taxed {
				base = base.Add(l.Amount)
			}
		}
		// The source taxes the sum, and sometimes it is a little off.
		tax := cur.Round(base.Mul(amt("0.07"))).Add(decimal.New(rnd.Int64N(5)-2, -cur.Places()))
		inv.Lines = append(inv.Lines, ledger.Line{Kind: ledger.LineTax, Amount: tax})

		got, reasons := applyTax(inv, chart, s, nil, predict)
		again, reasonsAgain := applyTax(inv, chart, s, nil, predict)
		require.Equal(t, reasons, reasonsAgain, "seed %d", seed)
		if len(reasons) > 0 {
			parkedCount++
			continue
		}
		require.Equal(t, told(got), told(again), "seed %d", seed)
		p, err := predict(got)
		require.NoError(t, err)
		require.True(t, p.Totals.Tax.Equal(tax), "seed %d: %s: want tax %s, got %s", seed, told(got), tax, p.Totals.Tax)
		require.Empty(t, p.Unclear, "seed %d: rounding is left to chance", seed)
		var sum decimal.Decimal
		n, taxable := 0, 0
		for _, l := range got.Lines {
			if l.TaxCode == "SEVEN" {
				taxable++
			}
			if l.TaxAmount.Valid {
				n++
				sum = sum.Add(l.TaxAmount.Decimal)
				require.Equal(t, "SEVEN", l.TaxCode)
				require.True(t, cur.Fits(l.TaxAmount.Decimal))
				require.False(t, l.TaxAmount.Decimal.IsNegative() && tax.IsPositive(), "seed %d: %s", seed, told(got))
			}
		}
		if n == 0 {
			exact++
			continue
		}
		stated++
		require.Equal(t, taxable, n, "stated on some taxable lines only")
		require.True(t, sum.Equal(tax), "seed %d: stated %s of %s", seed, sum, tax)
	}
	// The generator must reach all three ends, or the test proves nothing.
	assert.Greater(t, exact, 100)
	assert.Greater(t, stated, 100)
	assert.Greater(t, parkedCount, 20)
}

func TestTaxSettings(t *testing.T) {
	t.Parallel()
	good := TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"}
	assert.NoError(t, good.Validate())
	assert.NoError(t, TaxSettings{Handling: TaxNotHandled}.Validate())
	for want, change := range map[string]func(*TaxSettings){
		"TaxableCode is empty":             func(s *TaxSettings) { s.TaxableCode = "" },
		"ZeroCode is empty":                func(s *TaxSettings) { s.ZeroCode = "" },
		"are both OUTPUT":                  func(s *TaxSettings) { s.ZeroCode = "OUTPUT" },
		`Handling "later" is unknown`:      func(s *TaxSettings) { s.Handling = "later" },
		`Difference "hide" is unknown`:     func(s *TaxSettings) { s.Difference = "hide" },
		`ZeroCode "NONE " has spaces`:      func(s *TaxSettings) { s.ZeroCode = "NONE " },
		`LiabilityAccount " 820" has spac`: func(s *TaxSettings) { s.LiabilityAccount = " 820" },
	} {
		s := good
		change(&s)
		assert.ErrorContains(t, s.Validate(), want)
		assert.ErrorContains(t, s.Validate(), "invoicesync: tax: ")
	}
}

func BenchmarkApplyTax(b *testing.B) {
	chart := shapingChart()
	predict := byLine(chart)
	s := TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"}
	inv := ledger.Invoice{Currency: "AUD", Lines: taxLines(b, "A product 100.00 taxable | discount -10.00 on A | product 50.00 exempt | shipping 20.00 | tax 9.00")}
	b.ReportAllocs()
	for b.Loop() {
		if _, reasons := applyTax(inv, chart, s, nil, predict); reasons != nil {
			b.Fatal(reasons)
		}
	}
}
