package invoicesync

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

// TaxSettings say how the source's sales tax reaches the ledger. Sources give tax as lines of its own;
// ledgers want a tax code on every line and compute the tax themselves.
type TaxSettings struct {
	Handling TaxHandling

	// TaxableCode and ZeroCode are the ledger's tax codes of lines that bear tax and of lines that bear
	// none. Both are needed, except with TaxNotHandled: there a blank ZeroCode sends the invoice as one
	// without tax.
	TaxableCode string
	ZeroCode    string

	// Difference says what happens to an invoice whose tax TaxableCode does not give, with TaxAsSource.
	Difference TaxDifference

	// LiabilityAccount takes tax as a line of its own: with TaxDifferenceLine, and with TaxNotHandled. Where the
	// ledger books lines by items, [ItemSettings].SalesTax takes it.
	LiabilityAccount string
}

// TaxHandling says who computes tax.
type TaxHandling string

// The ways to handle tax.
const (
	// TaxAsSource books exactly the tax that the source states. The lines that bear it are those for
	// which the ledger's own arithmetic gives the source's tax. Where it comes within rounding of it
	// (half a minor unit for each taxable line, and one more), the source's tax is stated line by line.
	// Beyond that Difference decides.
	TaxAsSource TaxHandling = ""

	// TaxByLedger gives the lines that the source calls taxable the TaxableCode and leaves the rest to
	// the ledger. Its total may differ from the source's; [Settings.OnVariance] decides about that.
	TaxByLedger TaxHandling = "ledger"

	// TaxAsLine makes the source's tax a line of its own, of kind tax, for ledgers whose lines bear no tax
	// codes ([ledger.ByNothing]), and only for them. Prices that contain tax become prices before tax where
	// the source states the tax of each line.
	TaxAsLine TaxHandling = "line"

	// TaxNotHandled gives no line a tax. An invoice that has tax in the source gets it as a line to
	// LiabilityAccount, or is parked as "tax_not_handled" where there is none.
	TaxNotHandled TaxHandling = "none"
)

// TaxDifference says what happens when the source's tax is not what the ledger's code gives.
type TaxDifference string

// What happens on a difference.
const (
	TaxDifferencePark TaxDifference = ""     // parked as "tax_rate_differs", with both rates
	TaxDifferenceLine TaxDifference = "line" // no line bears tax; the tax is a line to LiabilityAccount
)

// Validate returns all contradictions, joined, or nil. Whether codes and account exist, only the
// ledger's chart can say.
func (s TaxSettings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("invoicesync: tax: "+format, args...))
	}
	switch s.Handling {
	case TaxAsSource, TaxByLedger:
		if s.TaxableCode == "" {
			bad("TaxableCode is empty: choose the ledger's code for lines that bear tax")
		}
		if s.ZeroCode == "" {
			bad("ZeroCode is empty: choose the ledger's code that means no tax")
		}
		if s.TaxableCode == s.ZeroCode && s.ZeroCode != "" {
			bad("TaxableCode and ZeroCode are both %s: choose two", s.ZeroCode)
		}
	case TaxNotHandled, TaxAsLine:
	default:
		bad("Handling %q is unknown", s.Handling)
	}
	switch s.Difference {
	case TaxDifferencePark:
	case TaxDifferenceLine:
	default:
		bad("Difference %q is unknown", s.Difference)
	}
	for _, c := range []struct{ name, code string }{
		{"TaxableCode", s.TaxableCode}, {"ZeroCode", s.ZeroCode}, {"LiabilityAccount", s.LiabilityAccount},
	} {
		if c.code != strings.TrimSpace(c.code) {
			bad("%s %q has spaces around it: remove them", c.name, c.code)
		}
	}
	return errors.Join(errs...)
}

// applyTax returns the invoice as the ledger is to have it: without lines of tax, with a tax code on
// each line, and with a stated tax only where the ledger's own arithmetic would not give the source's.
// The lines must have their accounts already (see [mapAccounts]); the argument's lines are left alone.
// Totals stay the source's, for the caller to compare with.
//
// items are nil where the ledger books lines by accounts. Otherwise [mapItems] comes after, and a line of tax
// keeps its kind for it.
//
// predict is the ledger's arithmetic. It is not called for an invoice without tax.
//
// With reasons, the invoice must be parked and the one returned means nothing.
func applyTax(inv ledger.Invoice, chart ledger.Chart, s TaxSettings, items *ItemSettings, predict func(ledger.Invoice) (ledger.Prediction, error)) (ledger.Invoice, []eligibility.Reason) {
	if inv.TaxMode == ledger.TaxInclusive {
		return inv, []eligibility.Reason{*parkedIn("tax", eligibility.CodeTaxIncluded, string(inv.TaxMode), string(ledger.TaxExclusive),
			"The invoice's prices include tax, and only prices before tax can be transferred.")}
	}
	if s.Handling == TaxAsLine {
		return inv, []eligibility.Reason{*parkedIn("tax", eligibility.CodeTaxNotHandled, string(s.Handling), "a tax code for each line",
			"The ledger wants a tax code on each line, and the settings make tax a line of its own. Choose another handling of tax.")}
	}
	t := taxing{inv: inv, chart: &chart, s: s, items: items, predict: predict}
	t.takeOutTax()
	if s.Handling != TaxByLedger && !inv.Currency.Fits(t.total) {
		return inv, []eligibility.Reason{*parkedIn("tax", eligibility.CodePrecision, t.total.String(),
			fmt.Sprintf("%d decimal places", inv.Currency.Places()),
			"The tax of the invoice, %s, has more decimal places than its currency.", t.total)}
	}
	var r *eligibility.Reason
	switch {
	case s.Handling == TaxByLedger:
		t.byLedger()
	case t.total.IsZero():
		t.exempt()
	case s.Handling == TaxNotHandled:
		if t.ownLine() == "" {
			r = parkedIn("tax", eligibility.CodeTaxNotHandled, t.total.String(), "0",
				"The invoice has tax of %s, and nothing is chosen to book it to. Choose how tax is handled in the settings.", t.total)
			break
		}
		r = t.lineOfItsOwn()
	default:
		r = t.asSource()
		if r != nil && s.Difference == TaxDifferenceLine &&
			(r.Code == eligibility.CodeTaxRateDiffers || r.Code == eligibility.CodeTaxWithoutTaxableLine) {
			r = t.lineOfItsOwn()
		}
	}
	if r != nil && t.unpredicted {
		// A code that the ledger does not have explains it better.
		var missing []eligibility.Reason
		for _, code := range []string{s.TaxableCode, s.ZeroCode} {
			if _, m := t.rate(code); m != nil {
				missing = append(missing, *m)
			}
		}
		if len(missing) > 0 {
			return inv, missing
		}
	}
	if r != nil {
		return inv, []eligibility.Reason{*r}
	}
	return t.inv, t.checkCodes()
}

// taxing is one invoice on its way through applyTax.
type taxing struct {
	inv     ledger.Invoice // its lines are a copy, without lines of tax
	chart   *ledger.Chart
	s       TaxSettings
	items   *ItemSettings // nil: lines are booked by accounts
	predict func(ledger.Invoice) (ledger.Prediction, error)
	total   decimal.Decimal // the source's tax

	unpredicted bool // the ledger's own refusal is the reason
}

// ownLine is what a line of tax is booked to; "": nothing is chosen.
func (t *taxing) ownLine() string {
	if t.items != nil {
		return t.items.SalesTax
	}
	return t.s.LiabilityAccount
}

// takeOutTax sums the source's tax and removes every trace of it from the lines. Where a source has no
// lines of tax (it is itself a ledger), tax is stated on the lines, or in the totals alone.
func (t *taxing) takeOutTax() {
	source := t.inv.Lines
	lines := make([]ledger.Line, 0, len(source)+1)
	said := false
	for i := range source {
		l := source[i]
		if l.Kind == ledger.LineTax {
			said = true
			t.total = plus(t.total, l.Amount)
			continue
		}
		if l.TaxAmount.Valid {
			said = true
			t.total = plus(t.total, l.TaxAmount.Decimal)
			if l.Taxability == ledger.TaxUnknown {
				l.Taxability = ledger.NonTaxable
				if !l.TaxAmount.Decimal.IsZero() {
					l.Taxability = ledger.Taxable
				}
			}
		}
		l.TaxCode, l.TaxAmount = "", decimal.NullDecimal{}
		lines = append(lines, l)
	}
	if !said {
		t.total = t.inv.Totals.Tax
	}
	t.inv.Lines = lines
	t.inv.TaxMode = ledger.TaxExclusive
}

// plus adds; to nothing, which costs nothing.
func plus(sum, d decimal.Decimal) decimal.Decimal {
	if sum.IsZero() {
		return d
	}
	return sum.Add(d)
}

// exempt gives every line the code for no tax.
func (t *taxing) exempt() {
	if t.s.ZeroCode == "" {
		t.inv.TaxMode = ledger.TaxNone
	}
	for i := range t.inv.Lines {
		t.inv.Lines[i].TaxCode = t.s.ZeroCode
		t.inv.Lines[i].TaxAmount = decimal.NullDecimal{}
	}
}

// lineOfItsOwn books the tax as a line that bears none.
func (t *taxing) lineOfItsOwn() *eligibility.Reason {
	kind, account := ledger.LineOther, t.s.LiabilityAccount
	if t.items != nil {
		kind, account = ledger.LineTax, ""
	} else if r := checkAccount(account, t.account(account)); r != nil {
		return r
	}
	t.inv.Lines = append(t.inv.Lines, ledger.Line{
		Kind: kind, Name: "Sales tax", Description: "Sales tax",
		Quantity: decimal.NewFromInt(1), UnitPrice: t.total, Amount: t.total,
		Taxability: ledger.NonTaxable, Account: account,
	})
	t.exempt()
	return nil
}

// byLedger goes by what the source calls taxable, and by nothing else. A source that knows it of no
// line is taken to tax all of them, if it has tax at all.
func (t *taxing) byLedger() {
	set := t.taxables(false, false)
	if !t.known() {
		for i := range set {
			set[i] = !t.total.IsZero()
		}
	}
	t.mark(set)
}

// known reports whether the source knows the taxability of any line.
func (t *taxing) known() bool {
	return slices.ContainsFunc(t.inv.Lines, func(l ledger.Line) bool { return l.Taxability != ledger.TaxUnknown })
}

// mark gives the lines of the set the taxable code and the others the zero code.
func (t *taxing) mark(set []bool) {
	for i := range t.inv.Lines {
		t.inv.Lines[i].TaxCode = t.s.ZeroCode
		if set[i] {
			t.inv.Lines[i].TaxCode = t.s.TaxableCode
		}
	}
}

// asSource finds the lines that bear the source's tax. The first candidate whose tax the ledger would
// compute to the very amount wins; failing that, the first one within rounding, with the tax stated.
func (t *taxing) asSource() *eligibility.Reason {
	if !slices.ContainsFunc(t.inv.Lines, func(l ledger.Line) bool { return l.Taxability != ledger.NonTaxable }) {
		return parkedIn("tax", eligibility.CodeTaxWithoutTaxableLine, t.total.String(), "a taxable line",
			"The invoice has tax of %s, and no line that it could be for.", t.total)
	}
	rate, r := t.rate(t.s.TaxableCode)
	if r != nil {
		return r
	}
	var near []bool
	candidates := t.candidates()
	for _, set := range candidates {
		t.mark(set)
		p, err := t.predict(t.inv)
		if err != nil {
			// The ledger's own code says best what is wrong, such as sales tax that is switched off. The
			// adapter's errors name no person, by the contract of package ledger.
			t.unpredicted = true
			return parkedIn("tax", cmp.Or(ledger.Code(err), eligibility.CodeTaxNotPredictable), "", "",
				"The ledger cannot say what it would make of the invoice's tax: %v.", err)
		}
		// A prediction that hangs on rounding unknown here proves no equality, while a stated tax
		// leaves the ledger nothing to round.
		if p.Unclear == "" && p.Totals.Tax.Equal(t.total) {
			return nil
		}
		diff := p.Totals.Tax.Sub(t.total).Abs()
		if near == nil && diff.LessThanOrEqual(t.tolerance(set)) && t.weights(set) != nil {
			near = set
		}
	}
	if near != nil {
		t.mark(near)
		t.state(near)
		return nil
	}
	implied := t.impliedRate(candidates[0])
	return parkedIn("tax", eligibility.CodeTaxRateDiffers,
		fmt.Sprintf("tax %s, a rate of %s", t.total, implied),
		fmt.Sprintf("%s at %s %%", t.s.TaxableCode, rate.Percent),
		"The invoice has tax of %s, which is a rate of %s, and the tax code %s stands for %s %%. Choose a code with the right rate, or book differing tax to an account of its own.",
		t.total, implied, t.s.TaxableCode, rate.Percent)
}

// tolerance is half a minor unit for each taxable line, which is what rounding line by line can come
// to, and one minor unit for the source's own rounding.
func (t *taxing) tolerance(set []bool) decimal.Decimal {
	n := int64(2)
	for _, in := range set {
		if in {
			n++
		}
	}
	return t.inv.Currency.Minor().Mul(decimal.NewFromInt(n)).Div(decimal.NewFromInt(2))
}

// candidates returns the sets of lines that may bear the tax, likeliest first: what the source calls
// taxable; that and shipping; that and the discounts on the whole document; that and both; everything.
// There is at least one, none is empty, and no two are equal.
func (t *taxing) candidates() [][]bool {
	var sets [][]bool
	add := func(set []bool) {
		if slices.Contains(set, true) && !slices.ContainsFunc(sets, func(have []bool) bool { return slices.Equal(have, set) }) {
			sets = append(sets, set)
		}
	}
	if t.known() {
		add(t.taxables(false, false))
		add(t.taxables(true, false))
		add(t.taxables(false, true))
		add(t.taxables(true, true))
	}
	add(slices.Repeat([]bool{true}, len(t.inv.Lines)))
	return sets
}

// taxables returns the lines that the source calls taxable. Lines of which it knows nothing are not,
// except shipping and discounts on the whole document as the arguments say. Such discounts are
// taxable in any case when all products are; other discounts follow the line that they reduce.
func (t *taxing) taxables(shipping, discounts bool) []bool {
	lines := t.inv.Lines
	set := make([]bool, len(lines))
	products, taxed := 0, 0
	for i := range lines {
		l := &lines[i]
		set[i] = l.Taxability == ledger.Taxable ||
			shipping && l.Kind == ledger.LineShipping && l.Taxability == ledger.TaxUnknown
		if l.Kind == ledger.LineProduct || l.Kind == ledger.LineService {
			products++
			if set[i] {
				taxed++
			}
		}
	}
	if products > 0 && products == taxed {
		discounts = true
	}
	for i := range lines {
		l := &lines[i]
		if l.Kind != ledger.LineDiscount || l.Taxability != ledger.TaxUnknown {
			continue
		}
		if l.AppliesTo == "" {
			set[i] = discounts
			continue
		}
		for j := range lines {
			if lines[j].ID == l.AppliesTo && lines[j].Kind != ledger.LineDiscount {
				set[i] = set[j]
				break
			}
		}
	}
	return set
}

// weights returns each line's share in the tax of a set: its net after the set's discounts on it, and
// never less than nothing. Nil means that no line has a share.
func (t *taxing) weights(set []bool) []decimal.Decimal {
	lines := t.inv.Lines
	w := make([]decimal.Decimal, len(lines))
	some := false
	for i := range lines {
		if !set[i] || lines[i].Kind == ledger.LineDiscount {
			continue
		}
		net := lines[i].Amount
		for j := range lines {
			if d := &lines[j]; set[j] && d.Kind == ledger.LineDiscount && d.AppliesTo != "" && d.AppliesTo == lines[i].ID {
				net = net.Add(d.Amount)
			}
		}
		if net.IsPositive() {
			w[i], some = net, true
		}
	}
	if !some {
		return nil
	}
	return w
}

// state states the source's tax on every line of the set, spread by weight; what whole minor units
// leave over goes to the largest remainders, of equal ones to the earlier line.
func (t *taxing) state(set []bool) {
	w := t.weights(set)
	var sum decimal.Decimal
	for _, x := range w {
		sum = sum.Add(x)
	}
	places := t.inv.Currency.Places()
	units := t.total.Abs().Shift(places)
	left := units
	shares, rest := make([]decimal.Decimal, len(w)), make([]decimal.Decimal, len(w))
	order := make([]int, 0, len(w))
	for i := range w {
		if w[i].IsPositive() {
			shares[i], rest[i] = units.Mul(w[i]).QuoRem(sum, 0)
			left = left.Sub(shares[i])
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return rest[b].Cmp(rest[a]) })
	for i := range int(left.IntPart()) { // fewer than there are lines in order
		shares[order[i]] = shares[order[i]].Add(decimal.NewFromInt(1))
	}
	for i := range set {
		if !set[i] {
			continue
		}
		amount := shares[i].Shift(-places)
		if t.total.IsNegative() {
			amount = amount.Neg()
		}
		t.inv.Lines[i].TaxAmount = decimal.NewNullDecimal(amount)
	}
}

// impliedRate returns the rate, in percent, that the source's tax is of a set.
func (t *taxing) impliedRate(set []bool) string {
	var net decimal.Decimal
	for i := range set {
		if set[i] {
			net = net.Add(t.inv.Lines[i].Amount)
		}
	}
	if net.IsZero() {
		return "tax on nothing"
	}
	return t.total.Shift(2).DivRound(net, 3).String() + " %"
}

// rate returns the ledger's rate of a code, or why it cannot be used. Of two with one code the active
// one is meant.
func (t *taxing) rate(code string) (*ledger.TaxRate, *eligibility.Reason) {
	archived := false
	for i := range t.chart.TaxRates {
		switch r := &t.chart.TaxRates[i]; {
		case r.Code != code:
		case r.Active:
			return r, nil
		default:
			archived = true
		}
	}
	if archived {
		return nil, parkedIn("tax", eligibility.CodeTaxRateArchived, code, "an active tax code",
			"The ledger's tax code %s is archived. Choose another one.", code)
	}
	return nil, parkedIn("tax", eligibility.CodeTaxRateMissing, code, "a tax code of the ledger",
		"The ledger has no tax code %s. Choose another one.", code)
}

// account is [ledger.Chart.Account] for a loop: it copies no account on the way.
func (t *taxing) account(code string) *ledger.Account {
	if a, ok := t.chart.Account(code); ok {
		return &a
	}
	return nil
}

// checkCodes says why tax codes cannot be used where the lines use them: missing, archived, or not
// allowed for the class of a line's account.
func (t *taxing) checkCodes() []eligibility.Reason {
	var reasons []eligibility.Reason
	for _, code := range []string{t.s.TaxableCode, t.s.ZeroCode} {
		uses := func(l ledger.Line) bool { return l.TaxCode == code }
		if code == "" || !slices.ContainsFunc(t.inv.Lines, uses) {
			continue
		}
		rate, r := t.rate(code)
		if r != nil {
			reasons = append(reasons, *r)
			continue
		}
		if rate.Classes == nil {
			continue
		}
		last := ""
		var told []string
		for i := range t.inv.Lines {
			l := &t.inv.Lines[i]
			if l.TaxCode != code || l.Account == last || slices.Contains(told, l.Account) {
				continue
			}
			last = l.Account
			// An account that is not there is the account mapping's to report.
			if a := t.account(l.Account); a != nil && !slices.Contains(rate.Classes, a.Class) {
				told = append(told, l.Account)
				reasons = append(reasons, *parkedIn("tax", eligibility.CodeTaxRateNotForAccount,
					fmt.Sprintf("%s on account %s", code, l.Account), "a tax code that the account takes",
					"The ledger does not allow the tax code %s on account %s. Choose another code, or another account.", code, l.Account))
			}
		}
	}
	return reasons
}
