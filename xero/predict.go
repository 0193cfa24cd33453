package xero

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

// pricePlaces is how many decimal places a unit price and a quantity hold (unitdp=4). Line amounts,
// tax and totals hold two, in every currency.
const (
	pricePlaces  = 4
	amountPlaces = 2
)

// UnclearNegativeHalf is [ledger.Prediction.Unclear] where an amount below zero ends in exactly half a
// cent: Xero rounds halves up, and it is not known which way that is below zero.
const UnclearNegativeHalf = "negative_half"

// Predict implements [ledger.Ledger]. Xero rounds a line's unit price to four places first, then the
// line's amount and then its tax to two, halves up, and sums what it has rounded: 25.06, 25.61 and 25.63
// at 15 % have 3.76 + 3.84 + 3.84 = 11.44 tax. A stated TaxAmount is taken as it is. (Source:
// developer.xero.com, rounding in Xero.)
//
// A line without a tax code has that of its item or account. A code that the chart does not have, on a
// line whose tax is not stated, is [ledger.ErrRefused].
func (l *Ledger) Predict(inv ledger.Invoice, chart ledger.Chart) (ledger.Prediction, error) {
	p := ledger.Prediction{
		Amounts: make([]decimal.Decimal, len(inv.Lines)),
		Taxes:   make([]decimal.Decimal, len(inv.Lines)),
	}
	var net, taxes int64 // in cents, of the lines that integers could do
	for i := range inv.Lines {
		line := &inv.Lines[i]
		priced := vendorbooks.Price(*line, pricePlaces)
		cents, sure, exact := centsOf(priced.Quantity, priced.Unit)
		var amount decimal.Decimal
		if exact {
			amount = moneyLike(cents, line.Amount)
		} else {
			amount, sure = vendorbooks.Cents(priced.Quantity.Mul(priced.Unit), one)
		}
		if !sure {
			p.Unclear = UnclearNegativeHalf
		}
		tax := decimal.Zero
		switch {
		case inv.TaxMode == ledger.TaxNone || priced.Bare:
		case line.TaxAmount.Valid:
			tax, sure = vendorbooks.Cents(line.TaxAmount.Decimal, one)
		default:
			percent, err := percentOf(line, chart)
			if err != nil {
				err.Thing = "line " + strconv.Itoa(i+1)
				return ledger.Prediction{}, err
			}
			if exact && inv.TaxMode != ledger.TaxInclusive {
				if t, certain, ok := taxOn(cents, percent); ok {
					if !certain {
						p.Unclear = UnclearNegativeHalf
					}
					p.Amounts[i], p.Taxes[i] = amount, money(t)
					net, taxes = net+cents, taxes+t
					continue
				}
			}
			divisor := hundred
			if inv.TaxMode == ledger.TaxInclusive {
				divisor = hundred.Add(percent)
			}
			if divisor.Sign() <= 0 {
				return ledger.Prediction{}, refuse("line "+strconv.Itoa(i+1), ledger.RefusedTaxRate, "a rate of "+percent.String()+" % cannot be contained in an amount")
			}
			tax, sure = vendorbooks.Cents(amount.Mul(percent), divisor)
		}
		if !sure {
			p.Unclear = UnclearNegativeHalf
		}
		p.Amounts[i], p.Taxes[i] = amount, tax
		if exact {
			net += cents
		} else {
			p.Totals.Net = p.Totals.Net.Add(amount)
		}
		p.Totals.Tax = p.Totals.Tax.Add(tax)
	}
	whole := p.Totals.Net.IsZero() && p.Totals.Tax.IsZero() // integers could do all
	p.Totals.Net, p.Totals.Tax = plus(p.Totals.Net, net), plus(p.Totals.Tax, taxes)
	p.Totals.Total = p.Totals.Net
	switch {
	case inv.TaxMode == ledger.TaxInclusive:
		p.Totals.Net = p.Totals.Net.Sub(p.Totals.Tax)
	case whole:
		p.Totals.Total = moneyLike(net+taxes, inv.Totals.Total)
	default:
		p.Totals.Total = p.Totals.Total.Add(p.Totals.Tax)
	}
	p.Totals.Balance = p.Totals.Total
	return p, nil
}

var (
	one     = decimal.NewFromInt(1)
	hundred = decimal.NewFromInt(100)
)

// plus adds cents to an amount, which mostly is none yet.
func plus(d decimal.Decimal, cents int64) decimal.Decimal {
	if d.IsZero() {
		return money(cents)
	}
	return d.Add(money(cents))
}

// percentOf is the rate of the tax that Xero will use for a line.
func percentOf(line *ledger.Line, chart ledger.Chart) (decimal.Decimal, *ledger.Error) {
	code, account := line.TaxCode, line.Account
	if code == "" {
		if item, ok := chart.Item(line.ItemCode); ok {
			code = item.SalesTaxCode
			if account == "" {
				account = item.SalesAccount
			}
		}
	}
	if code == "" {
		if a, ok := chart.Account(account); ok {
			code = a.TaxCode
		}
	}
	rate, ok := chart.TaxRate(code)
	if !ok {
		return decimal.Zero, refuse("", ledger.RefusedTaxRate, "the chart has no tax rate for the line: map its tax, or give the account a default")
	}
	return rate.Percent, nil
}

func refuse(thing, code, message string) *ledger.Error {
	return &ledger.Error{Kind: ledger.ErrRefused, Room: Vendor, Thing: thing, Code: code, Message: message}
}
