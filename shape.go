package invoicesync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// shape turns an invoice of the source into the draft for the ledger: dates, lines, accounts, taxes,
// number, and the totals that the ledger will make of it. It returns the rule of the due date too.
func (w *pass) shape(ctx context.Context, inv ledger.Invoice, payments []ledger.Payment) (draft ledger.Invoice, rule string, reasons []eligibility.Reason, err error) {
	s := w.push.settings
	if err := w.needChart(ctx); err != nil {
		return ledger.Invoice{}, "", nil, err
	}
	predict := func(i ledger.Invoice) (ledger.Prediction, error) { return w.push.ledger.Predict(i, w.charted) }

	draft = ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: s.status(), Date: inv.Date, Currency: inv.Currency, Rate: inv.Rate,
		Contact: inv.Contact, TaxMode: ledger.TaxExclusive, URL: inv.URL, Theme: s.Theme, Title: inv.Title,
		SentToContact: s.SentToContact && s.status() == ledger.StatusApproved,
	}
	draft.Contact.ID = ""
	withPayments := inv
	withPayments.Payments = payments
	draft.DueDate, rule = dueDate(withPayments, s.Due)
	draft.Reference = inv.Reference
	if s.Numbers.FromSource {
		draft.Number = s.Numbers.Prefix + inv.Number
	}
	if draft.Reference == "" {
		draft.Reference = inv.Number
	}

	shaped := inv
	shaped.Lines = make([]ledger.Line, 0, len(inv.Lines))
	for _, l := range inv.Lines {
		if leftOut(inv, l, s) {
			continue
		}
		shaped.Lines = append(shaped.Lines, l)
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return ledger.Invoice{}, "", nil, err
	}
	mapped, accountReasons := mapAccounts(shaped.Lines, w.chart, s.Accounts, org.LinesBy)
	reasons = append(reasons, accountReasons...)
	shaped.Lines = mapped
	var items *ItemSettings
	if org.LinesBy == ledger.ByItem {
		items = &s.Items
	}
	var taxed ledger.Invoice
	var taxReasons []eligibility.Reason
	if org.LinesBy == ledger.ByNothing {
		taxed, taxReasons = taxAsLine(shaped)
		if len(taxReasons) == 0 {
			taxReasons = namedItems(taxed.Lines, w.chart, s.Items)
		}
	} else {
		taxed, taxReasons = applyTax(shaped, w.charted, s.Tax, items, predict)
	}
	reasons = append(reasons, taxReasons...)
	if items != nil && len(taxReasons) == 0 {
		reasons = append(reasons, mapItems(taxed.Lines, w.chart, s.Items, s.Tax.TaxableCode, org)...)
	}
	if len(reasons) > 0 {
		return draft, rule, reasons, nil
	}
	draft.Lines, draft.TaxMode = taxed.Lines, taxed.TaxMode
	for i := range draft.Lines {
		// The source's ids mean nothing to the ledger.
		draft.Lines[i].ID, draft.Lines[i].AppliesTo, draft.Lines[i].SKU = "", "", ""
		if len(s.Tracking) > 0 {
			draft.Lines[i].Tracking = s.Tracking
		}
	}
	if w.opts.Adjust != nil {
		adjusted, err := w.opts.Adjust(Draft{Source: inv, Invoice: draft})
		if err != nil {
			return draft, rule, []eligibility.Reason{*parked(CodeAdjustFailed, "", "", "The host's own adjustment of the invoice failed: %s", err)}, nil
		}
		draft = adjusted.Invoice
	}
	if reason := w.rateReason(ctx, draft.Currency, draft.Rate); reason != nil {
		reasons = append(reasons, *reason)
	}
	var reason *eligibility.Reason
	if draft.Totals, reason = w.predictTotals(inv, &draft, items != nil, predict); reason != nil {
		reasons = append(reasons, *reason)
	}
	return draft, rule, reasons, nil
}

// predictTotals compares what the ledger will compute with what the source says, under the policy.
func (w *pass) predictTotals(inv ledger.Invoice, draft *ledger.Invoice, byItem bool, predict func(ledger.Invoice) (ledger.Prediction, error)) (ledger.Totals, *eligibility.Reason) {
	s := w.push.settings
	want := expectedTotal(inv, s)
	p, err := predict(*draft)
	if err != nil {
		code := ledger.Code(err)
		if code == "" {
			code = CodeNotPredictable
		}
		return p.Totals, parked(code, "", "", "The ledger's total cannot be predicted: %s", err)
	}
	if p.Unclear != "" {
		return p.Totals, parked(CodeRoundingUnclear, "", "", "How the ledger rounds this invoice is not known for certain: %s", p.Unclear)
	}
	if want.Equal(p.Totals.Total) {
		return p.Totals, nil
	}
	diff := want.Sub(p.Totals.Total)
	switch s.OnVariance {
	case VarianceReport:
		return p.Totals, nil
	case VarianceRoundingLine:
		// Rounding is a minor unit a line at most; more is another mistake.
		if diff.Abs().LessThanOrEqual(inv.Currency.Minor().Mul(decimal.NewFromInt(int64(len(draft.Lines))))) {
			line := ledger.Line{Kind: ledger.LineOther, Description: "Rounding", Quantity: decimal.NewFromInt(1),
				UnitPrice: diff, Amount: diff, Account: s.RoundingAccount, TaxCode: s.Tax.ZeroCode}
			if byItem {
				it, r := w.chart.item(s.Items.Rounding)
				if r != nil {
					return p.Totals, r
				}
				line.Account, line.ItemID, line.ItemCode = "", it.ID, it.Code
			}
			draft.Lines = append(draft.Lines, line)
			if q, err := predict(*draft); err == nil && q.Totals.Total.Equal(want) && q.Unclear == "" {
				return q.Totals, nil
			}
		}
	}
	return p.Totals, parked(CodeTotalDiffers, p.Totals.Total.String(), want.String(), "The ledger would make another total of these lines than the source has.")
}

// expectedTotal is what the ledger's total should be.
func expectedTotal(inv ledger.Invoice, s Settings) decimal.Decimal {
	total := inv.Totals.Total
	if s.FinanceCharges == FinanceChargesLeftOut {
		for _, l := range inv.Lines {
			if leftOut(inv, l, s) {
				total = total.Sub(l.Amount)
			}
		}
	}
	return total
}

// leftOut reports a line that the settings keep out of the ledger: a finance charge, and what was taken off
// it. Such a discount would otherwise reduce the goods.
func leftOut(inv ledger.Invoice, l ledger.Line, s Settings) bool {
	if s.FinanceCharges != FinanceChargesLeftOut {
		return false
	}
	return l.Kind == ledger.LineFinanceCharge || l.Kind == ledger.LineDiscount && l.AppliesTo != "" &&
		slices.ContainsFunc(inv.Lines, func(of ledger.Line) bool {
			return of.ID == l.AppliesTo && of.Kind == ledger.LineFinanceCharge
		})
}

// rateReason parks a record in a foreign currency that states no exchange rate: the ledger would take a
// rate of its own. A host states one with Options.Adjust.
func (w *desk) rateReason(ctx context.Context, currency ledger.Currency, rate decimal.NullDecimal) *eligibility.Reason {
	org, err := w.organisation(ctx)
	if err != nil || currency == org.BaseCurrency || rate.Valid && rate.Decimal.IsPositive() {
		return nil
	}
	return parked(CodeRateMissing, string(currency), string(org.BaseCurrency), "It is in a foreign currency and states no exchange rate.")
}

// contentHash changes when the content of an invoice does: what it says, not how it was paid.
func contentHash(inv ledger.Invoice) string {
	b := make([]byte, 0, 1024)
	b = append(inv.Date.Append(b), '|')
	for _, s := range [...]string{string(inv.Currency), inv.Contact.ID} {
		b = append(append(b, s...), '|')
	}
	b = append(appendDecimal(b, inv.Totals.Total), '|')
	b = append(append(b, inv.TaxMode...), '|')
	for i := range inv.Lines {
		l := &inv.Lines[i]
		for _, s := range [...]string{string(l.Kind), l.SKU, l.Name, l.Description} {
			b = append(append(b, s...), 0)
		}
		for _, d := range [...]decimal.Decimal{l.Quantity, l.UnitPrice, l.Amount} {
			b = append(appendDecimal(b, d), 0)
		}
		b = append(append(b, l.Taxability...), 0)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:10])
}

// appendDecimal appends what String returns, which allocates, and contents are hashed by the thousand.
func appendDecimal(b []byte, d decimal.Decimal) []byte {
	places := -d.Exponent()
	if places < 0 || places > 9 || d.NumDigits() > 18 {
		return append(b, d.String()...)
	}
	n := d.CoefficientInt64()
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	unit := int64(1)
	for range places {
		unit *= 10
	}
	b = strconv.AppendInt(b, n/unit, 10)
	n %= unit
	for point := true; n > 0; point = false {
		if point {
			b = append(b, '.')
		}
		unit /= 10
		b = append(b, byte('0'+n/unit))
		n %= unit
	}
	return b
}
