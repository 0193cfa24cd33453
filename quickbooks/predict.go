package quickbooks

import (
	"cmp"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

// Amounts, tax and totals hold two decimal places, in every currency. Of prices and quantities five are
// sent, which is what the documented format of amounts (10.5) has; a line that needs more is written as
// one piece at its amount.
const (
	pricePlaces  = 5
	amountPlaces = 2
)

// What [ledger.Prediction.Unclear] can say. A tax stated on the taxed lines settles each but the first.
const (
	// UnclearNegativeHalf: an amount below zero ends in exactly half a cent, and it is not known which way that goes.
	UnclearNegativeHalf = "negative_half"
	// UnclearSalesTax: the tax engine of the United States decides by addresses what taxed lines bear.
	UnclearSalesTax = "sales_tax_engine"
	// UnclearTaxRounding: tax rounded line by line and rounded once for each code differ, and both have been seen.
	UnclearTaxRounding = "tax_rounding"
	// UnclearDiscountTax: how a discount is spread over lines that bear tax is not known here.
	UnclearDiscountTax = "discount_tax"
)

// Predict implements [ledger.Ledger], for the company as it was read last. Amounts are Quantity × UnitPrice rounded
// half up.
//
// Tax that is stated on every taxed line is taken as it is: it is sent as the document's tax. What is not stated is, in
// the United States, taken from Totals.Tax, and always [UnclearSalesTax]; elsewhere each line's rate of its
// amount. A company whose sales tax is off or not set up, a discount where discounts are off, or discounts of
// different taxability are [ledger.ErrRefused], as is everything that Encode refuses about lines; amounts that
// contain tax are [ledger.ErrUnsupported].
func (l *Ledger) Predict(inv ledger.Invoice, chart ledger.Chart) (ledger.Prediction, error) {
	company, err := l.known("prediction")
	if err != nil {
		return ledger.Prediction{}, err
	}
	s, err := company.sum(inv)
	if err != nil {
		return ledger.Prediction{}, err
	}
	p := ledger.Prediction{Amounts: s.amounts, Taxes: make([]decimal.Decimal, len(inv.Lines)), Unclear: s.unclear}
	p.Totals.Net = s.net
	switch {
	case s.stated.Valid:
		for i, line := range inv.Lines {
			if s.taxed[i] {
				p.Taxes[i] = line.TaxAmount.Decimal
			}
		}
		p.Totals.Tax = s.stated.Decimal
	case !s.anyTaxed:
	case company.UnitedStates:
		p.Totals.Tax = inv.Totals.Tax
		p.Unclear = cmp.Or(p.Unclear, UnclearSalesTax)
	default:
		if err := s.byRate(&p, inv, chart); err != nil {
			return ledger.Prediction{}, err
		}
		if !p.Totals.Tax.IsZero() {
			if err := company.taxable(); err != nil {
				return ledger.Prediction{}, err
			}
		}
	}
	p.Totals.Total = p.Totals.Net.Add(p.Totals.Tax)
	p.Totals.Balance = p.Totals.Total
	return p, nil
}

var (
	one     = decimal.NewFromInt(1)
	hundred = decimal.NewFromInt(100)
)

// summed is what an invoice's lines come to.
type summed struct {
	priced   []vendorbooks.Priced
	amounts  []decimal.Decimal
	taxed    []bool
	anyTaxed bool
	net      decimal.Decimal
	stated   decimal.NullDecimal // tax, when every taxed line states its own
	discount decimal.Decimal     // of all discount lines together, above zero
	reduces  string              // the discounts' tax code
	unclear  string
}

// sum adds an invoice up and finds what the company cannot hold.
func (c *Company) sum(inv ledger.Invoice) (summed, error) {
	n := len(inv.Lines)
	s := summed{priced: make([]vendorbooks.Priced, n), amounts: make([]decimal.Decimal, n), taxed: make([]bool, n)}
	if inv.TaxMode == ledger.TaxInclusive {
		return s, &ledger.Error{
			Kind: ledger.ErrUnsupported, Room: Vendor, Code: "tax_included",
			Message: "QuickBooks takes net amounts, and some amounts that contain tax have no exact net: give net amounts and their tax",
		}
	}
	discounts, stated, all := false, decimal.Zero, true
	for i, line := range inv.Lines {
		thing := "line " + strconv.Itoa(i+1)
		p := vendorbooks.Price(line, pricePlaces)
		amount, sure := vendorbooks.Cents(p.Quantity.Mul(p.Unit), one)
		if !sure {
			s.unclear = UnclearNegativeHalf
		}
		switch {
		case !inv.Currency.Fits(amount) && inv.Currency != "":
			return s, refuse(thing, "precision", "the amount has more places than the currency")
		case amount.Abs().GreaterThan(maxAmount):
			return s, refuse(thing, "precision", "the amount is larger than QuickBooks holds")
		case line.TaxAmount.Valid && !line.TaxAmount.Decimal.Equal(line.TaxAmount.Decimal.Round(amountPlaces)):
			return s, refuse(thing, "precision", "QuickBooks holds two decimal places of a tax")
		}
		s.priced[i], s.amounts[i] = p, amount
		s.net = s.net.Add(amount)
		taxed, err := c.taxes(inv, line, p)
		if err != nil {
			err.Thing = thing
			return s, err
		}
		if line.Kind == ledger.LineDiscount && !p.Bare {
			switch {
			case amount.IsPositive():
				return s, refuse(thing, "discount_positive", "a discount must be a negative amount")
			case discounts && line.TaxCode != s.reduces:
				return s, refuse(thing, "discount_mixed", "all discounts become one line in QuickBooks, and these are of different taxability")
			}
			discounts, s.reduces = true, line.TaxCode
			s.discount = s.discount.Sub(amount)
		}
		if s.taxed[i] = taxed; !taxed {
			if line.TaxAmount.Valid && !line.TaxAmount.Decimal.IsZero() {
				return s, refuse(thing, ledger.RefusedTaxRate, "a line without tax states a tax")
			}
			continue
		}
		s.anyTaxed = true
		all = all && line.TaxAmount.Valid
		stated = stated.Add(line.TaxAmount.Decimal)
	}
	if s.anyTaxed && all {
		s.stated = decimal.NewNullDecimal(stated)
	}
	// Elsewhere a line's code may stand for no tax; what codes come to by themselves Predict looks at.
	if s.anyTaxed && !(all && stated.IsZero()) && (c.UnitedStates || s.stated.Valid) {
		if err := c.taxable(); err != nil {
			return s, err
		}
	}
	if discounts && !s.discount.IsZero() && !c.Discounts {
		return s, refuse("", ledger.RefusedDiscountsOff, "the company does not allow discounts on invoices: allow them in QuickBooks, under sales")
	}
	return s, nil
}

// taxable refuses tax that would vanish: where sales tax is off, QuickBooks drops it without a word, in any country.
func (c *Company) taxable() error {
	switch {
	case c.AutomatedTax && !c.AutomatedTaxReady:
		return refuse("", ledger.RefusedSalesTaxNotSetUp, "the company's automated sales tax is not set up, and the tax would vanish: finish that in QuickBooks")
	case !c.SalesTax:
		return refuse("", ledger.RefusedSalesTaxOff, "the company has sales tax switched off, and the tax would vanish: switch it on in QuickBooks")
	}
	return nil
}

// maxAmount is ten digits in front of the point.
var maxAmount = decimal.New(999_999_999_999, -2)

// taxes reports whether a line bears tax.
func (c *Company) taxes(inv ledger.Invoice, line ledger.Line, p vendorbooks.Priced) (bool, *ledger.Error) {
	switch {
	case p.Bare, inv.TaxMode == ledger.TaxNone && !c.UnitedStates:
		return false, nil
	case c.UnitedStates:
		switch line.TaxCode {
		case "", codeExempt:
			return false, nil
		case codeTaxable:
			if inv.TaxMode == ledger.TaxNone {
				return false, nil
			}
			return true, nil
		}
		return false, refuse("", ledger.RefusedTaxRate, "in the United States a line's tax code is TAX or NON")
	case line.TaxCode == "":
		return false, refuse("", ledger.RefusedTaxRate, "outside the United States every line needs a tax code")
	}
	return true, nil
}

// byRate computes tax by the lines' codes.
func (s *summed) byRate(p *ledger.Prediction, inv ledger.Invoice, chart ledger.Chart) error {
	bases := map[string]decimal.Decimal{}
	percents := map[string]decimal.Decimal{}
	for i, line := range inv.Lines {
		if !s.taxed[i] {
			continue
		}
		rate, ok := chart.TaxRate(line.TaxCode)
		if !ok {
			return refuse("line "+strconv.Itoa(i+1), ledger.RefusedTaxRate, "the chart has no such tax code")
		}
		if line.TaxAmount.Valid { // some lines state theirs and others do not
			p.Unclear = cmp.Or(p.Unclear, UnclearTaxRounding)
		}
		if !s.discount.IsZero() && !rate.Percent.IsZero() {
			p.Unclear = cmp.Or(p.Unclear, UnclearDiscountTax)
		}
		tax, sure := vendorbooks.Cents(s.amounts[i].Mul(rate.Percent), hundred)
		if !sure {
			p.Unclear = cmp.Or(p.Unclear, UnclearNegativeHalf)
		}
		p.Taxes[i] = tax
		p.Totals.Tax = p.Totals.Tax.Add(tax)
		bases[line.TaxCode] = bases[line.TaxCode].Add(s.amounts[i])
		percents[line.TaxCode] = rate.Percent
	}
	once := decimal.Zero
	for code, base := range bases {
		tax, _ := vendorbooks.Cents(base.Mul(percents[code]), hundred)
		once = once.Add(tax)
	}
	if !once.Equal(p.Totals.Tax) {
		p.Unclear = cmp.Or(p.Unclear, UnclearTaxRounding)
	}
	return nil
}
