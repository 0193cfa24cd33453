package infusionsoft

import (
	"fmt"
	"math"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// Predict implements [ledger.Ledger]. The vendor adds up: an item is its quantity times its price, which are
// sent so that nothing is left to round. Tax is what tax lines and the lines' own TaxAmount state; nothing is
// computed. Everything that Encode refuses about lines is [ledger.ErrRefused] here too, and amounts that
// contain tax are [ledger.ErrUnsupported].
func (l *Ledger) Predict(inv ledger.Invoice, _ ledger.Chart) (ledger.Prediction, error) {
	b, err := l.known("prediction")
	if err != nil {
		return ledger.Prediction{}, err
	}
	s, err := b.sum(inv)
	if err != nil {
		return ledger.Prediction{}, err
	}
	p := ledger.Prediction{Amounts: s.amounts, Taxes: s.taxes}
	p.Totals.Total = s.total
	p.Totals.Tax = s.tax
	p.Totals.Net = s.total.Sub(s.tax)
	p.Totals.Balance = s.total
	return p, nil
}

// summed is what an invoice's lines come to.
type summed struct {
	priced  []priced
	amounts []decimal.Decimal
	taxes   []decimal.Decimal // as stated on the lines
	stated  decimal.Decimal   // their sum, which becomes an item of its own
	tax     decimal.Decimal   // stated, and the tax lines
	total   decimal.Decimal
}

// sum adds an invoice up and finds what an order cannot hold.
func (b books) sum(inv ledger.Invoice) (summed, error) {
	var s summed
	if inv.TaxMode == ledger.TaxInclusive {
		return s, &ledger.Error{
			Kind: ledger.ErrUnsupported, Room: Vendor, Code: "tax_included",
			Message: "an order's prices are before tax, and its tax is a line of its own: give net amounts and their tax",
		}
	}
	if inv.Currency != "" && inv.Currency != b.currency {
		return s, refuse("", ledger.RefusedCurrency, fmt.Sprintf("the application has one currency, %s", b.currency))
	}
	for i, line := range inv.Lines {
		thing := "line " + strconv.Itoa(i+1)
		p, err := b.price(line)
		if err != nil {
			err.Thing = thing
			return s, err
		}
		s.priced, s.amounts = append(s.priced, p), append(s.amounts, p.amount)
		s.total = s.total.Add(p.amount)
		if line.Kind == ledger.LineTax {
			s.tax = s.tax.Add(p.amount)
		}
		tax := decimal.Decimal{}
		if line.TaxAmount.Valid && inv.TaxMode != ledger.TaxNone {
			tax = line.TaxAmount.Decimal
		}
		if !b.fits(tax) {
			return s, refuse(thing, "precision", "its tax has more decimal places than the currency")
		}
		s.taxes = append(s.taxes, tax)
		s.stated = s.stated.Add(tax)
	}
	if s.stated.IsNegative() {
		return s, refuse("", "tax_negative", "the lines' taxes come to less than nothing, which no item can be")
	}
	s.tax, s.total = s.tax.Add(s.stated), s.total.Add(s.stated)
	return s, nil
}

func (b books) fits(d decimal.Decimal) bool { return d.Equal(d.Round(b.places)) }

// priced is a line's quantity and unit price as they go over the wire. An item below zero is a discount.
type priced struct {
	quantity int64
	unit     decimal.Decimal
	amount   decimal.Decimal
	note     string // for the description: what quantity and price could not say
}

// maxAmount keeps an order's minor units within what the vendor's int64 holds beyond doubt.
var maxAmount = decimal.New(1, 12)

// price fits a line into a whole quantity and a price in minor units. Fractions of a cent in an order can
// never be paid off (https://blog.novaksolutions.com, "fractions of cents"): a line that does not fit is
// one piece at its amount, and its description says the rest.
func (b books) price(line ledger.Line) (priced, *ledger.Error) {
	q, u := line.Quantity, line.UnitPrice
	amount := line.Amount
	if amount.IsZero() {
		amount = q.Mul(u)
	}
	exact := q.Mul(u).Equal(amount)
	amount = amount.Round(b.places)
	switch {
	case amount.Abs().GreaterThanOrEqual(maxAmount):
		return priced{}, refuse("", "precision", "the amount is larger than an order holds for certain")
	case line.Kind == ledger.LineDiscount && amount.IsPositive():
		return priced{}, refuse("", "discount_positive", "a discount must be a negative amount")
	case line.Kind == ledger.LineTax && amount.IsNegative():
		return priced{}, refuse("", "tax_negative", "a line of tax is below zero, which no item can be")
	}
	if exact && q.IsInteger() && b.fits(u) && q.IsPositive() && q.LessThanOrEqual(decimal.NewFromInt(math.MaxInt32)) {
		return priced{quantity: q.IntPart(), unit: u, amount: amount}, nil
	}
	p := priced{quantity: 1, unit: amount, amount: amount}
	if !q.IsZero() && !u.IsZero() && !(q.Equal(one) && u.Equal(amount)) {
		p.note = " (" + q.String() + " × " + u.String() + ")"
	}
	return p, nil
}
