package world

import (
	"github.com/shopspring/decimal"

	fake "github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

// A lineRecipe says what an order sells. state and code are what becomes of the order where it is not
// created.
type lineRecipe struct {
	kind   string
	weight int
	fill   func(*basket)
	state  string
	code   string
	asIs   bool // fill has done everything: no tax line is added

	quickbooks *fate // what becomes of it there, where that is something else
}

// A fate is what becomes of an order. "" is that it is created.
type fate struct{ state, code string }

// fate returns what becomes of the order in a ledger.
func (r *lineRecipe) fate(into Ledger) fate {
	f := fate{r.state, r.code}
	if into == QuickBooks && r.quickbooks != nil {
		f = *r.quickbooks
	}
	if f.state == "" {
		f.state = Created
	}
	return f
}

// plain reports an order that every ledger takes: clients, payments and plans go to those.
func (r *lineRecipe) plain() bool { return r.state == "" && r.quickbooks == nil }

// lineRecipes are the orders of the shop by what they sell. The first one is the ordinary order.
func lineRecipes() []lineRecipe {
	made := func(kind string, weight int, fill func(*basket)) lineRecipe {
		return lineRecipe{kind: kind, weight: weight, fill: fill}
	}
	return []lineRecipe{
		made("product", 150, func(b *basket) { b.goods(1) }),
		made("several_products", 120, func(b *basket) { b.goods(3) }),
		made("mixed_taxable", 50, func(b *basket) {
			b.sell(map_, 1+b.m.rng.Int64N(3))
			b.goods(1)
		}),
		made("service", 40, func(b *basket) {
			b.sell(repair, 1+b.m.rng.Int64N(4))
			b.sell(tube, 1)
		}),
		made("untaxed_service", 20, func(b *basket) { b.sell(fitting, 1) }),
		made("shipping_untaxed", 60, func(b *basket) {
			b.goods(1)
			b.charge("SHIPPING", "Parcel", b.m.cents(495, 1995), false)
		}),
		made("shipping_taxed", 60, func(b *basket) {
			b.goods(2)
			b.charge("SHIPPING", "Parcel", b.m.cents(495, 1995), true)
		}),
		made("rounding_cents", 40, fillRounding),
		made("quantity_two_discount", 40, func(b *basket) { // user-pain 17
			i := b.sellAt(tube, 2, b.m.cents(701, 999))
			b.reduce(i, percentOf(2*centsOf(i.Price), 15))
			i.Discount = money(percentOf(2*centsOf(i.Price), 15))
		}),
		made("equal_lines", 20, func(b *basket) { // user-pain 27
			price := b.m.cents(1100, 1400)
			b.sellAt(bell, 1, price)
			b.sellAt(bell, 1, price)
			b.sellAt(bell, 1, price)
		}),
		made("bundle", 20, func(b *basket) {
			b.sell(helmet, 1)
			b.sell(sticker, 1)
		}),
		made("zero_tax_line", 15, func(b *basket) {
			b.sell(map_, 1)
			b.addTax(0)
		}),
		made("no_tax_line", 15, func(b *basket) { b.sell(course, 1) }),
		made("many_lines", 20, func(b *basket) {
			b.goods(9)
			b.sell(map_, 2)
			b.sell(course, 1)
			b.charge("SHIPPING", "Freight", b.m.cents(2000, 9000), false)
		}),

		made("upsell", 20, func(b *basket) {
			b.goods(1)
			b.sell(lights, 1)
		}),
		made("program", 15, func(b *basket) { b.sell(course, 1) }),
		made("subscription", 25, func(b *basket) { b.subscribe() }),
		made("finance_charge", 25, func(b *basket) {
			b.sell(roadBike, 1)
			b.charge("FINANCE_CHARGE", "Finance charge", b.m.cents(500, 4000), false)
		}),
		made("tip", 10, func(b *basket) {
			b.sell(repair, 1)
			b.charge("TIP", "Tip for the workshop", b.m.cents(200, 2000), false)
		}),
		made("fee", 10, func(b *basket) {
			b.goods(1)
			b.charge("FEE", "Card fee", b.m.cents(50, 300), false)
		}),
		made("other", 10, func(b *basket) {
			b.goods(1)
			b.charge("OTHER", "Old wheel taken back for recycling", b.m.cents(500, 900), false)
		}),

		made("discount_line", 30, func(b *basket) {
			b.goods(2)
			b.discount("DISCOUNT", "Friends and family", b.m.cents(100, 500), byNegativePrice)
		}),
		made("discount_line_untaxed_mix", 10, func(b *basket) {
			b.goods(1)
			b.sell(map_, 1)
			b.discount("DISCOUNT", "Voucher", b.m.cents(100, 500), byNegativePrice)
		}),
		made("discount_half_cent", 15, func(b *basket) { // 8.25 % of 10.00 ends in half a cent
			b.goods(2)
			b.discount("DISCOUNT", "Ten off", 1000, byNegativePrice)
		}),
		made("discount_field", 15, func(b *basket) {
			b.goods(2)
			b.discount("DISCOUNT", "Spring sale", b.m.cents(100, 500), byDiscountField)
		}),
		made("discount_field_on_product", 15, func(b *basket) {
			i := b.sell(helmet, 1)
			off := b.m.cents(100, 900)
			i.Discount = money(off)
			b.reduce(i, off)
			b.charge("SHIPPING", "Parcel", 895, false)
		}),
		made("special_amount", 15, func(b *basket) {
			b.goods(2)
			b.discount("DISCOUNT", "Special", b.m.cents(100, 500), bySpecialAmount)
		}),
		made("special_amount_on_product", 10, func(b *basket) {
			i := b.sell(lock, 1)
			off := b.m.cents(100, 900)
			i.Special = &fake.Special{Amount: *money(off)}
			b.reduce(i, off)
		}),
		made("special_percent", 15, func(b *basket) {
			i := b.sell(pump, 3)
			percent := 5 + b.m.rng.Int64N(30)
			i.Special = &fake.Special{Amount: decimal.NewFromInt(percent), Percent: true}
			b.reduce(i, percentOf(3*centsOf(i.Price), percent))
		}),
		made("discount_order_total", 15, func(b *basket) {
			b.goods(3)
			b.discount("DISCOUNT_ORDER_TOTAL", "Promo SUMMER20", b.m.cents(100, 900), byNegativePrice)
		}),
		made("discount_product", 15, func(b *basket) {
			b.sell(lock, 1)
			b.sell(map_, 1)
			b.discountOn("DISCOUNT_PRODUCT", "Lock week", b.m.cents(100, 900), &lock, true)
		}),
		made("discount_product_category", 10, func(b *basket) {
			b.goods(2)
			b.discount("DISCOUNT_PRODUCT_CATEGORY", "Accessories", b.m.cents(100, 500), byNegativePrice)
		}),
		made("discount_shipping", 10, func(b *basket) {
			b.goods(1)
			b.charge("SHIPPING", "Parcel", 995, true)
			b.discountOn("DISCOUNT_SHIPPING", "Half the postage", 498, nil, true)
		}),
		made("discount_free_trial", 10, func(b *basket) {
			b.subscribe()
			b.goods(1)
			b.discount("DISCOUNT_FREE_TRIAL", "First days free", b.m.cents(100, 700), byNegativePrice)
		}),

		{kind: "zero_free_product", weight: 6, state: Skipped, code: "zero_due", fill: func(b *basket) { b.sell(sticker, 1) }},
		{kind: "zero_full_discount", weight: 6, state: Skipped, code: "zero_due", asIs: true, fill: func(b *basket) {
			i := b.sell(map_, 1)
			b.discount("DISCOUNT", "A gift", centsOf(i.Price), byNegativePrice)
		}},
		{kind: "draft", weight: 4, state: Skipped, code: "draft", fill: func(b *basket) {
			b.goods(1)
			b.draft = true
		}},
		{kind: "lines_do_not_sum", weight: 4, state: Parked, code: "lines_do_not_sum", fill: func(b *basket) {
			b.goods(2)
			b.wrong = b.m.cents(1, 500)
		}},
		// Xero computes each tax by a rate of its own, and 5 % is none. QuickBooks takes the tax of the whole invoice as
		// the amount that is stated, and has no rate to hold it against.
		{kind: "tax_fits_no_rate", weight: 4, state: Parked, code: "tax_rate_differs", quickbooks: &fate{}, asIs: true, fill: func(b *basket) {
			i := b.sell(helmet, 1)
			b.addTax(percentOf(centsOf(i.Price), 5))
		}},
		// In Xero each discount is a line with a tax code of its own. QuickBooks has one discount for the whole
		// invoice, taken off before tax or after it, and these two are one of each.
		{kind: "discounts_taxed_and_untaxed", weight: 4, quickbooks: &fate{Parked, "discount_mixed"}, fill: func(b *basket) {
			b.sell(lock, 1)
			b.sell(map_, 1)
			b.discountOn("DISCOUNT_PRODUCT", "Lock week", b.m.cents(100, 900), &lock, true)
			b.discountOn("DISCOUNT_PRODUCT", "Map week", b.m.cents(100, 900), &map_, false)
		}},
		{kind: "unknown_item_type", weight: 4, state: Parked, code: "unknown_item_type", fill: func(b *basket) {
			b.goods(1)
			b.charge("UNKNOWN", "?", 700, false)
		}},
	}
}

// goods sells n lines of taxed products.
func (b *basket) goods(n int) {
	taxed := [...]product{roadBike, helmet, childHelmet, tube, lock, pump, bell}
	for range n {
		b.sell(taxed[b.m.rng.IntN(len(taxed))], 1+b.m.rng.Int64N(3))
	}
}

func (b *basket) subscribe() {
	i := b.sell(tuneUp, 1)
	i.SubscriptionID = 51
	i.Plan = &fake.SubscriptionPlan{ID: 41, Name: "Monthly", Price: i.Price}
}

// fillRounding fills a basket whose tax, rounded line by line, is another one than rounded once.
func fillRounding(b *basket) {
	for b.goods(2); !b.roundsLineByLine(); {
		b.sell(tube, 1)
	}
}

func centsOf(price decimal.Decimal) int64 { return price.Shift(2).IntPart() }
