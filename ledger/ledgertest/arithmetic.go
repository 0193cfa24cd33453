package ledgertest

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// compute is the arithmetic of the books in memory. It alters nothing.
func compute(inv ledger.Invoice, chart ledger.Chart) (amounts, taxes []decimal.Decimal, totals ledger.Totals, problem *ledger.Refusal) {
	places := inv.Currency.Places()
	hundred := decimal.NewFromInt(100)
	for i, line := range inv.Lines {
		amount := line.Quantity.Mul(line.UnitPrice).Round(places) // half away from zero
		tax := decimal.Zero
		switch {
		case inv.TaxMode == ledger.TaxNone:
		case line.TaxAmount.Valid:
			tax = line.TaxAmount.Decimal.Round(places)
		default:
			percent, ok := percentOf(line, chart)
			if !ok {
				return nil, nil, totals, &ledger.Refusal{Code: ledger.RefusedTaxRate, Message: "line " + strconv.Itoa(i+1) + " has a tax code that the chart does not have"}
			}
			divisor := hundred
			if inv.TaxMode == ledger.TaxInclusive {
				divisor = hundred.Add(percent)
			}
			tax = amount.Mul(percent).DivRound(divisor, places)
		}
		amounts, taxes = append(amounts, amount), append(taxes, tax)
		totals.Net, totals.Tax = totals.Net.Add(amount), totals.Tax.Add(tax)
	}
	totals.Total = totals.Net.Add(totals.Tax)
	if inv.TaxMode == ledger.TaxInclusive {
		totals.Total = totals.Net
		totals.Net = totals.Net.Sub(totals.Tax)
	}
	totals.Balance = totals.Total
	return amounts, taxes, totals, nil
}

// percentOf is the rate of a line's tax code, or else its item's, or else its account's. No code is no tax.
func percentOf(line ledger.Line, chart ledger.Chart) (decimal.Decimal, bool) {
	code := line.TaxCode
	if item, ok := chart.Item(line.ItemCode); ok && code == "" {
		code = item.SalesTaxCode
	}
	if account, ok := chart.Account(line.Account); ok && code == "" {
		code = account.TaxCode
	}
	if code == "" {
		return decimal.Zero, true
	}
	rate, ok := chart.TaxRate(code)
	return rate.Percent, ok && rate.Active
}
