package infusionsoft

import (
	"strconv"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

var one = decimal.NewFromInt(1)

// lines maps the order's items. An item with a reduction of its own becomes two or three lines: itself
// at its full price, and a discount that applies to it.
func (m *mapper) lines(inv *ledger.Invoice, w *wireOrder, places int32) {
	if len(w.Items) == 0 {
		return
	}
	inv.Lines = make([]ledger.Line, 0, len(w.Items))
	var few [16]int
	at := few[:0]
	var shares []int // discount items that say a percentage and no amount
	for i := range w.Items {
		it := &w.Items[i]
		id := it.ID.trimmed()
		if id == "" {
			id = "#" + strconv.Itoa(i+1)
		}
		kind, discount, known := lineKind(it.Type)
		if !known {
			unclear(inv, "unknown_item_type", "item %s has the type %q", id, short(it.Type.enum(), 40))
		}
		line := ledger.Line{ID: id, Kind: kind, Description: it.Description.trimmed(), Quantity: one}
		line.Name = it.Name.trimmed()
		if it.Product != nil {
			line.Name = first(string(it.Product.Name), line.Name)
			line.SKU = it.Product.SKU.trimmed()
		}
		at = append(at, len(inv.Lines))
		if discount {
			if m.discountItem(inv, it, line, places) {
				shares = append(shares, i)
			}
			continue
		}
		if it.Product != nil && it.Product.Taxable != nil && kind != ledger.LineTax {
			line.Taxability = ledger.NonTaxable
			if *it.Product.Taxable {
				line.Taxability = ledger.Taxable
			}
		}
		line.UnitPrice = it.Price.Amount.units(places)
		line.Amount = line.UnitPrice
		if it.Quantity.known && !it.Quantity.is(1) {
			line.Quantity = it.Quantity.units(0)
			line.Amount = line.Quantity.Mul(line.UnitPrice)
		}
		if !it.Quantity.integer() || !it.Price.Amount.integer() {
			line.Amount = line.Amount.Round(places)
		}
		inv.Lines = append(inv.Lines, line)
		m.reductions(inv, it, &line, places)
	}
	applyDiscounts(inv, w, at)
	for _, i := range shares {
		line := &inv.Lines[at[i]]
		line.Amount = shareOf(inv.Lines, line.AppliesTo).Mul(w.Items[i].Special.Amount.units(2)).Abs().Round(places).Neg()
		line.UnitPrice = line.Amount
	}
}

// shareOf is what a discount of some percent is of: the line that it applies to, otherwise everything
// that is neither tax nor shipping nor a discount. The vendor does not say; where it is something else
// the lines do not sum.
func shareOf(lines []ledger.Line, appliesTo string) decimal.Decimal {
	var base decimal.Decimal
	for i := range lines {
		l := &lines[i]
		switch {
		case appliesTo != "" && l.ID == appliesTo:
			return l.Amount
		case appliesTo == "" && l.Kind != ledger.LineTax && l.Kind != ledger.LineShipping && l.Kind != ledger.LineDiscount:
			base = base.Add(l.Amount)
		}
	}
	return base
}

// lineKind translates an item type; known is false for UNKNOWN and for what is not in the specification.
func lineKind(t text) (kind ledger.LineKind, discount, known bool) {
	switch t.enum() {
	case "PRODUCT", "UPSELL", "PROGRAM", "SUBSCRIPTION":
		return ledger.LineProduct, false, true
	case "SERVICE":
		return ledger.LineService, false, true
	case "SHIPPING":
		return ledger.LineShipping, false, true
	case "TAX":
		return ledger.LineTax, false, true
	case "FINANCE_CHARGE":
		return ledger.LineFinanceCharge, false, true
	case "TIP", "OTHER", "FEE":
		return ledger.LineOther, false, true
	case "DISCOUNT", "DISCOUNT_FREE_TRIAL", "DISCOUNT_ORDER_TOTAL", "DISCOUNT_PRODUCT",
		"DISCOUNT_PRODUCT_CATEGORY", "DISCOUNT_SHIPPING":
		return ledger.LineDiscount, true, true
	}
	return ledger.LineOther, false, false
}

// reductions gives the discount and the special of an item that is no discount itself. The vendor
// documents both fields for discount items only, so that little is certain: the discount is taken as the
// amount for the whole line, a special as an amount for the whole line or a percentage of it. Where both
// are there and say the same, they are one; where they differ, both are taken, and the comparison of the
// lines with the total finds out whether that is right.
func (m *mapper) reductions(inv *ledger.Invoice, it *wireItem, of *ledger.Line, places int32) {
	discount := it.Discount.Amount.units(places).Abs()
	special, ok := m.specialAmount(it.Special, of.Amount, places)
	if !ok {
		unclear(inv, "unknown_discount_method", "item %s has a special that is neither AMOUNT nor PERCENT", of.ID)
	}
	if special.Equal(discount) {
		special = decimal.Decimal{}
	}
	for _, r := range []struct {
		suffix string
		amount decimal.Decimal
	}{{"discount", discount}, {"special", special}} {
		if r.amount.IsZero() {
			continue
		}
		line := ledger.Line{
			ID: of.ID + "/" + r.suffix, AppliesTo: of.ID, Kind: ledger.LineDiscount, Name: of.Name,
			Quantity: one, Taxability: of.Taxability,
		}
		line.Amount = r.amount.Neg()
		line.UnitPrice = line.Amount
		inv.Lines = append(inv.Lines, line)
	}
}

// specialAmount is what a special takes off base. It is not ok when it does not say how.
func (m *mapper) specialAmount(s *wireSpecial, base decimal.Decimal, places int32) (decimal.Decimal, bool) {
	if s == nil || s.Amount.isZero() {
		return decimal.Decimal{}, true
	}
	switch s.Method.enum() {
	case "AMOUNT":
		if m.special == UnitsMinor {
			return s.Amount.units(places).Abs(), true
		}
		return s.Amount.units(0).Abs(), true
	case "PERCENT":
		return base.Mul(s.Amount.units(2)).Abs().Round(places), true
	}
	return decimal.Decimal{}, false
}

// discountItem maps an item that is a discount. Its sign is not documented: what it says counts without
// its sign, and is taken off. It may say its amount as a price, as a discount or as a special; those that
// are there must agree. A percentage explains an amount; where there is none, share is true and the
// amount is still to be computed. Of a free trial the special counts days.
func (m *mapper) discountItem(inv *ledger.Invoice, it *wireItem, line ledger.Line, places int32) (share bool) {
	quantity := one
	if it.Quantity.known {
		quantity = it.Quantity.units(0)
	}
	said := []decimal.Decimal{
		quantity.Mul(it.Price.Amount.units(places)).Abs(),
		it.Discount.Amount.units(places).Abs(),
	}
	percent := false
	if it.Type.enum() != "DISCOUNT_FREE_TRIAL" && it.Special != nil && !it.Special.Amount.isZero() {
		if percent = it.Special.Method.enum() == "PERCENT"; !percent {
			special, _ := m.specialAmount(&wireSpecial{Amount: it.Special.Amount, Method: "AMOUNT"}, decimal.Decimal{}, places)
			said = append(said, special)
		}
	}
	var amount decimal.Decimal
	for _, s := range said {
		switch {
		case s.IsZero():
		case amount.IsZero():
			amount = s
		case !amount.Equal(s):
			unclear(inv, "lines_do_not_sum", "item %s is a discount of %s and of %s", line.ID, amount, s)
		}
	}
	if !quantity.IsInteger() || !it.Price.Amount.integer() {
		amount = amount.Round(places)
	}
	line.Amount = amount.Neg()
	line.UnitPrice = line.Amount
	inv.Lines = append(inv.Lines, line)
	return percent && amount.IsZero()
}

// applyDiscounts finds out which line a discount item reduces: a product discount the only line with its
// product, a shipping discount the only shipping line. All others are of the whole document. at holds
// the index of each item's own line.
func applyDiscounts(inv *ledger.Invoice, w *wireOrder, at []int) {
	for i := range w.Items {
		target := reducedItem(w.Items, i)
		if target < 0 {
			continue
		}
		of := &inv.Lines[at[target]]
		line := &inv.Lines[at[i]]
		line.AppliesTo, line.Taxability = of.ID, of.Taxability
	}
}

// reducedItem returns the index of the only item that the i-th one, a discount, can be of; -1 when there
// is none or more than one.
func reducedItem(items []wireItem, i int) int {
	it := &items[i]
	var candidate func(*wireItem) bool
	switch it.Type.enum() {
	case "DISCOUNT_PRODUCT":
		if it.Product == nil || it.Product.ID.trimmed() == "" {
			return -1
		}
		candidate = func(o *wireItem) bool {
			_, discount, _ := lineKind(o.Type)
			return !discount && o.Product != nil && o.Product.ID.trimmed() == it.Product.ID.trimmed()
		}
	case "DISCOUNT_SHIPPING":
		candidate = func(o *wireItem) bool { return o.Type.enum() == "SHIPPING" }
	default:
		return -1
	}
	target := -1
	for j := range items {
		if !candidate(&items[j]) {
			continue
		}
		if target >= 0 {
			return -1
		}
		target = j
	}
	return target
}
