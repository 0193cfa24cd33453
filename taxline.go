package invoicesync

import (
	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// taxAsLine returns the invoice as a ledger without tax codes is to have it: amounts before tax, and all tax
// in one line of its own. The argument's lines are left alone.
func taxAsLine(inv ledger.Invoice) (ledger.Invoice, []eligibility.Reason) {
	t := taxing{inv: inv}
	if inv.TaxMode == ledger.TaxInclusive {
		lines, reason := beforeTax(inv)
		if reason != nil {
			return inv, []eligibility.Reason{*reason}
		}
		t.inv.Lines = lines
	}
	t.takeOutTax()
	places := inv.Currency.Places()
	switch {
	case inv.TaxMode == ledger.TaxNone:
	case !t.total.Equal(t.total.Round(places)):
		return inv, []eligibility.Reason{*parkedIn("tax", eligibility.CodePrecision, t.total.String(), "the currency's places",
			"The tax of the invoice, %s, has more decimal places than its currency.", t.total)}
	case !t.total.IsZero():
		t.inv.Lines = append(t.inv.Lines, ledger.Line{
			Kind: ledger.LineTax, Name: "Sales tax", Description: "Sales tax",
			Quantity: decimal.NewFromInt(1), UnitPrice: t.total, Amount: t.total,
		})
	}
	return t.inv, nil
}

// beforeTax takes the stated tax out of each line's amount. A line without it cannot be helped: some amounts
// that contain tax have no exact net.
func beforeTax(inv ledger.Invoice) ([]ledger.Line, *eligibility.Reason) {
	lines := make([]ledger.Line, len(inv.Lines))
	for i, l := range inv.Lines {
		if !l.TaxAmount.Valid && !l.Amount.IsZero() {
			return nil, parkedIn("tax", eligibility.CodeTaxIncluded, string(inv.TaxMode), "the tax of each line",
				"The invoice's prices include tax, and a line does not say how much of it is tax.")
		}
		if !l.TaxAmount.Decimal.IsZero() {
			l.Amount = l.Amount.Sub(l.TaxAmount.Decimal)
			l.Quantity, l.UnitPrice = decimal.NewFromInt(1), l.Amount
		}
		lines[i] = l
	}
	return lines, nil
}

// namedItems gives lines the item whose code is their SKU, where the settings want that and the ledger has one.
func namedItems(lines []ledger.Line, chart *chartIndex, s ItemSettings) []eligibility.Reason {
	var reasons []eligibility.Reason
	for i := range lines {
		l := &lines[i]
		if l.Kind == ledger.LineDiscount || l.Kind == ledger.LineShipping || l.Kind == ledger.LineTax {
			continue
		}
		it, r := chart.bySKU(l, s)
		if reasons = addOnce(reasons, r); r == nil && it != nil {
			l.ItemID, l.ItemCode = it.ID, it.Code
		}
	}
	return reasons
}
