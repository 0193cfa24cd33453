package xerofake

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// round rounds half up; negative halves go away from zero unless the switch says otherwise.
func (s *Switches) round(d decimal.Decimal, places int32) decimal.Decimal {
	if s.NegativeHalvesUp && d.IsNegative() {
		return d.Shift(places).Add(decimal.New(5, -1)).Floor().Shift(-places)
	}
	return d.Round(places)
}

// ratio is a × b ÷ c, precise enough for its halves to be exact.
func ratio(a, b, c decimal.Decimal) decimal.Decimal { return a.Mul(b).DivRound(c, 24) }

func hundred() decimal.Decimal { return decimal.New(1, 2) }

// lines replaces the document's lines by the sent ones: with LineItemID a line is updated, without it
// is new, and lines that are not mentioned go. New lines stand before the kept ones
// (XeroAPI/Xero-NetStandard#374).
func (d *draft) lines(doc *Document, sent []object, create bool) {
	var fresh, kept []Line
	for _, in := range sent {
		id := strings.ToLower(in.text("LineItemID"))
		if create || id == "" {
			line := Line{LineItemID: d.b.f.newID()}
			d.line(doc, &line, in, true)
			fresh = append(fresh, line)
			continue
		}
		i := slices.IndexFunc(doc.Lines, func(l Line) bool { return l.LineItemID == id })
		if i < 0 {
			d.refuse("The line item with ID %s does not belong to this document.", id)
			continue
		}
		if slices.ContainsFunc(kept, func(l Line) bool { return l.LineItemID == id }) {
			d.refuse("The line item with ID %s is given twice.", id)
			continue
		}
		line := doc.Lines[i]
		d.line(doc, &line, in, false)
		kept = append(kept, line)
	}
	doc.Lines = append(fresh, kept...)
}

func (d *draft) line(doc *Document, l *Line, in object, isNew bool) {
	d.taxBefore = l.TaxType
	details := ItemDetails{}
	if in.has("ItemCode") && in.text("ItemCode") != "" && (isNew || !strings.EqualFold(in.text("ItemCode"), l.ItemCode)) {
		item := d.b.item(in.text("ItemCode"))
		if item == nil {
			d.refuse("Item code '%s' is not valid", in.text("ItemCode"))
			return
		}
		details, l.Description = item.Purchase, item.PurchaseDescription
		if doc.isSale() {
			details, l.Description = item.Sales, item.Description
		}
		l.AccountCode, l.TaxType = details.AccountCode, details.TaxType
	}
	in.set("ItemCode", &l.ItemCode)
	in.set("Description", &l.Description)
	if len([]rune(l.Description)) > 4000 {
		d.refuse("The description exceeds the maximum length of 4000 characters.")
	}
	d.account(l, in)
	d.amounts(doc, l, in, details, isNew)
	d.track(l, in)
}

// account settles account and tax type. The account's tax type is the default of the line's.
func (d *draft) account(l *Line, in object) {
	in.set("AccountCode", &l.AccountCode)
	if id := first(in.text("AccountID"), in.text("AccountId")); id != "" && !in.has("AccountCode") {
		a := find(d.b.accounts, func(a *Account) bool { return strings.EqualFold(a.AccountID, id) })
		if a == nil {
			d.refuse("Account ID '%s' is not a valid ID for this document.", id)
			return
		}
		l.AccountCode = a.Code
	}
	in.set("TaxType", &l.TaxType)
	if l.AccountCode == "" {
		return
	}
	a := d.b.account(l.AccountCode)
	if a == nil || a.Status != "ACTIVE" || a.Type == "BANK" || a.SystemAccount == "DEBTORS" || a.SystemAccount == "CREDITORS" {
		d.refuse("Account code '%s' is not a valid code for this document.", l.AccountCode)
		return
	}
	l.AccountCode = a.Code
	if l.TaxType == "" {
		l.TaxType = a.TaxType
	}
}

// amounts settles quantity, unit amount and line amount. The unit amount is rounded first, then
// multiplied. One of quantity and unit amount may be left out beside a line amount.
func (d *draft) amounts(doc *Document, l *Line, in object, details ItemDetails, isNew bool) {
	quantity, unit, amount := in.has("Quantity"), in.has("UnitAmount"), in.has("LineAmount")
	old := *l
	if isNew || l.DescriptionOnly {
		isNew = isNew || quantity || unit || amount
		l.DescriptionOnly = !quantity && !unit && !amount && !details.UnitPrice.Valid
		if l.DescriptionOnly {
			return
		}
	}
	sent := in.number("LineAmount")
	if isNew {
		l.Quantity = decimal.New(1, 0)
		if !unit && !amount && details.UnitPrice.Valid {
			l.UnitAmount = d.sw.round(details.UnitPrice.Decimal, d.places)
		}
	}
	if quantity {
		l.Quantity = d.sw.round(in.number("Quantity"), 4)
	}
	if unit {
		l.UnitAmount = d.sw.round(in.number("UnitAmount"), d.places)
	}
	d.discount(doc, l, in)

	plain := l.DiscountRate.IsZero() && l.DiscountAmount.IsZero()
	unchanged := l.Quantity.Equal(old.Quantity) && l.UnitAmount.Equal(old.UnitAmount) &&
		l.DiscountRate.Equal(old.DiscountRate) && l.DiscountAmount.Equal(old.DiscountAmount)
	switch {
	case !isNew && unchanged && (!amount || sent.Equal(old.LineAmount)):
	case isNew && amount && !unit && plain && !l.Quantity.IsZero():
		l.UnitAmount = d.sw.round(sent.DivRound(l.Quantity, 24), d.places)
		l.LineAmount = d.sw.round(sent, 2)
	case isNew && amount && !quantity && plain && !l.UnitAmount.IsZero():
		l.Quantity = d.sw.round(sent.DivRound(l.UnitAmount, 24), 4)
		l.LineAmount = d.sw.round(sent, 2)
	default:
		gross := l.Quantity.Mul(l.UnitAmount)
		if l.DiscountAmount.IsZero() {
			l.LineAmount = d.sw.round(ratio(gross, hundred().Sub(l.DiscountRate), hundred()), 2)
		} else {
			l.LineAmount = d.sw.round(gross.Sub(l.DiscountAmount), 2)
		}
		if amount && !sent.Equal(l.LineAmount) {
			d.refuse("The line total %s does not match the expected line total %s", sent, l.LineAmount.StringFixed(2))
			return
		}
	}
	// A quantity holds 13 digits, four of them decimals.
	if l.Quantity.Abs().Cmp(decimal.New(1, 9)) >= 0 {
		d.refuse("The quantity %s is too large.", l.Quantity)
	}
	if l.LineAmount.Abs().Cmp(decimal.New(999_999_999_999, -2)) > 0 {
		d.refuse("The line amount %s is too large.", l.LineAmount)
	}
	switch {
	case in.has("TaxAmount"):
		l.TaxAmount, l.TaxOverridden = d.sw.round(in.number("TaxAmount"), 2), true
	case isNew || !l.LineAmount.Equal(old.LineAmount) || !strings.EqualFold(l.TaxType, d.taxBefore):
		l.TaxOverridden = false
	}
}

// discount settles the line's discount: a rate, or an amount that is also kept as a rate of two
// places, which is why sending a read line back fails (XeroAPI/xero-node#592).
func (d *draft) discount(doc *Document, l *Line, in object) {
	rate, amount := in.has("DiscountRate"), in.has("DiscountAmount")
	if !rate && !amount {
		return
	}
	if doc.Type != "ACCREC" {
		d.refuse("Discounts are only supported on sales invoices.")
		return
	}
	gross := l.Quantity.Mul(l.UnitAmount)
	switch {
	case rate && amount && !in.number("DiscountRate").IsZero() && !in.number("DiscountAmount").IsZero():
		d.refuse("A line can have a discount rate or a discount amount, not both.")
	case amount && !in.number("DiscountAmount").IsZero() || amount && gross.IsNegative():
		a := d.sw.round(in.number("DiscountAmount"), 2)
		if a.IsNegative() || a.Cmp(gross) > 0 { // also 0 on a negative line: XeroAPI/Xero-OpenAPI#429
			d.refuse("The discount amount must be between zero and the line's amount.")
			return
		}
		l.DiscountAmount, l.DiscountRate = a, ratio(a, hundred(), gross).Round(2)
	default:
		r := in.number("DiscountRate")
		if r.IsNegative() || r.Cmp(hundred()) > 0 {
			d.refuse("The discount rate must be between 0 and 100.")
			return
		}
		l.DiscountAmount, l.DiscountRate = decimal.Decimal{}, r.Round(4)
	}
}

func (d *draft) track(l *Line, in object) {
	if !in.has("Tracking") {
		return
	}
	l.Tracking = nil
	sent := in.list("Tracking")
	if len(sent) > 2 {
		d.refuse("A line item can have no more than two tracking categories.")
		return
	}
	for _, t := range sent {
		category := find(d.b.tracking, func(c *TrackingCategory) bool {
			return strings.EqualFold(c.TrackingCategoryID, t.text("TrackingCategoryID")) || strings.EqualFold(c.Name, t.text("Name"))
		})
		if category == nil || category.Status != "ACTIVE" {
			d.refuse("The tracking category '%s' does not exist.", first(t.text("Name"), t.text("TrackingCategoryID")))
			return
		}
		i := slices.IndexFunc(category.Options, func(o TrackingOption) bool {
			return o.Status == "ACTIVE" && (strings.EqualFold(o.TrackingOptionID, t.text("TrackingOptionID")) || strings.EqualFold(o.Name, t.text("Option")))
		})
		if i < 0 {
			d.refuse("The tracking option '%s' does not exist in category '%s'.", first(t.text("Option"), t.text("TrackingOptionID")), category.Name)
			return
		}
		if slices.ContainsFunc(l.Tracking, func(x Tracking) bool { return x.CategoryID == category.TrackingCategoryID }) {
			d.refuse("The tracking category '%s' is given twice.", category.Name)
			return
		}
		o := category.Options[i]
		l.Tracking = append(l.Tracking, Tracking{category.TrackingCategoryID, o.TrackingOptionID, category.Name, o.Name})
	}
}

// tax computes the tax of each line, rounds it there, and only then adds it up
// (developer.xero.com/documentation/api-guides/rounding-in-xero).
func (d *draft) tax(doc *Document) {
	doc.SubTotal, doc.TotalTax, doc.TotalDiscount = decimal.Decimal{}, decimal.Decimal{}, decimal.Decimal{}
	for i := range doc.Lines {
		l := &doc.Lines[i]
		if l.DescriptionOnly {
			continue
		}
		if doc.LineAmountTypes == "NoTax" {
			l.TaxType, l.TaxAmount, l.TaxOverridden = noTax, decimal.Decimal{}, false
		} else if !l.TaxOverridden {
			rate := decimal.Decimal{}
			if r := d.b.rate(l.TaxType); r != nil {
				rate = r.EffectiveRate
			}
			if doc.LineAmountTypes == "Inclusive" {
				l.TaxAmount = d.sw.round(ratio(l.LineAmount, rate, hundred().Add(rate)), 2)
			} else {
				l.TaxAmount = d.sw.round(ratio(l.LineAmount, rate, hundred()), 2)
			}
		}
		doc.SubTotal = doc.SubTotal.Add(l.LineAmount)
		doc.TotalTax = doc.TotalTax.Add(l.TaxAmount)
		if !l.DiscountRate.IsZero() || !l.DiscountAmount.IsZero() {
			doc.TotalDiscount = doc.TotalDiscount.Add(d.sw.round(l.Quantity.Mul(l.UnitAmount), 2).Sub(l.LineAmount))
		}
	}
	if doc.LineAmountTypes == "Inclusive" {
		doc.SubTotal = doc.SubTotal.Sub(doc.TotalTax)
	}
	doc.Total = doc.SubTotal.Add(doc.TotalTax)
}

// taxTypes checks that the lines' tax types exist and fit their accounts.
func (d *draft) taxTypes(doc *Document) {
	for _, l := range doc.Lines {
		if l.TaxType == "" || l.DescriptionOnly || doc.LineAmountTypes == "NoTax" {
			continue
		}
		r := d.b.rate(l.TaxType)
		if r == nil || r.Status != "ACTIVE" {
			d.refuse("The TaxType code '%s' does not exist or cannot be used for this type of transaction.", l.TaxType)
			continue
		}
		if a := d.b.account(l.AccountCode); a != nil && !r.appliesTo(a.class()) {
			d.refuse("The TaxType code '%s' cannot be used with account code '%s'.", l.TaxType, a.Code)
		}
	}
}
