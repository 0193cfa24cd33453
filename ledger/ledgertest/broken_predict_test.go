package ledgertest_test

import (
	"sync/atomic"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// predictFaults are mistakes of those who predict, and who say what they can.
func predictFaults() []fault {
	return []fault{
		{"alters what it predicts", func(b *broken) {
			b.predict = func(l ledger.Ledger, inv ledger.Invoice, c ledger.Chart) (ledger.Prediction, error) {
				for i := range inv.Lines {
					inv.Lines[i].Amount = inv.Lines[i].Quantity.Mul(inv.Lines[i].UnitPrice)
				}
				return l.Predict(inv, c)
			}
		}, "predict/pure"},
		{"taxes the total instead of the lines", func(b *broken) {
			b.predict = func(l ledger.Ledger, inv ledger.Invoice, c ledger.Chart) (ledger.Prediction, error) {
				p, err := l.Predict(inv, c)
				if inv.TaxMode == ledger.TaxExclusive {
					p.Totals.Tax = p.Totals.Net.Mul(decimal.RequireFromString("0.1")).Round(2)
					p.Totals.Total = p.Totals.Net.Add(p.Totals.Tax)
					p.Totals.Balance = p.Totals.Total
				}
				return p, err
			}
		}, "predict/as the ledger computes, tax on top"},
		{"loses a power now and then", func(b *broken) {
			var n atomic.Int64
			b.powers = func(p ledger.Powers) ledger.Powers {
				if n.Add(1) > 2 {
					p.Voids = nil
				}
				return p
			}
		}, "powers/constant"},
		{"lacks a power that it was said to have", func(b *broken) {
			b.powers = func(p ledger.Powers) ledger.Powers { p.Updates = nil; return p }
		}, "powers/as declared"},
		{"adds tax to prices that contain it", func(b *broken) {
			b.predict = func(l ledger.Ledger, inv ledger.Invoice, c ledger.Chart) (ledger.Prediction, error) {
				if inv.TaxMode == ledger.TaxInclusive {
					inv.TaxMode = ledger.TaxExclusive
				}
				return l.Predict(inv, c)
			}
		}, "predict/as the ledger computes, tax contained"},
		{"rounds halves to the even cent", func(b *broken) {
			b.predict = func(l ledger.Ledger, inv ledger.Invoice, c ledger.Chart) (ledger.Prediction, error) {
				p, err := l.Predict(inv, c)
				sum := decimal.Zero
				for i, line := range inv.Lines {
					p.Amounts[i] = line.Quantity.Mul(line.UnitPrice).RoundBank(2)
					sum = sum.Add(p.Amounts[i])
				}
				if inv.TaxMode == ledger.TaxNone {
					p.Totals.Net, p.Totals.Total, p.Totals.Balance = sum, sum, sum
				}
				return p, err
			}
		}, "predict/as the ledger computes, no tax"},
	}
}
