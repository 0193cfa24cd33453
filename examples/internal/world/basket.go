package world

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	fake "github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

// A basket is the lines of an order while it is filled. It adds up in whole cents, as the shop's own
// till would: the tax is 8.25 % of all that is taxed, rounded once.
type basket struct {
	m     *maker
	items []fake.Item
	kinds []string

	net      int64 // Σ of the lines so far, without tax
	taxed    int64 // the part of it that bears tax
	tax      int64
	off      int64 // discounts on the whole order, which are part of net already
	products int
	taxable  int // of the products

	reduced bool  // a line is reduced in place, which the fake does not add up by itself
	wrong   int64 // by how much the order states a total that its lines do not have
	draft   bool  // an invoice that was not sent yet
}

func (b *basket) total() int64 { return b.net + b.tax }

func (b *basket) kind(k string) { b.kinds = append(b.kinds, k) }

func (b *basket) put(i fake.Item) *fake.Item {
	i.ID = b.m.nextItem
	b.m.nextItem++
	b.items = append(b.items, i)
	return &b.items[len(b.items)-1]
}

// sell adds a line of a product. Every sale has a price of its own, a little beside the list price, so
// that sums have all sorts of cents.
func (b *basket) sell(p product, quantity int64) *fake.Item {
	price := p.cents
	if price > 0 {
		price += b.m.cents(-price/20, price/20)
	}
	return b.sellAt(p, quantity, price)
}

func (b *basket) sellAt(p product, quantity, price int64) *fake.Item {
	b.net += quantity * price
	b.products++
	if p.taxable {
		b.taxable++
		b.taxed += quantity * price
	}
	b.kind(p.kind)
	return b.put(fake.Item{
		Type: p.itemType, Name: p.name, Quantity: quantity, Price: *money(price), ProductID: p.id,
		Product: &fake.ItemProduct{ID: p.id, Name: p.name, SKU: p.sku, Shippable: true, Taxable: p.taxable},
	})
}

// charge adds a line that is no product: shipping, a fee, a tip.
func (b *basket) charge(itemType, name string, cents int64, taxed bool) {
	b.net += cents
	if taxed {
		b.taxed += cents
	}
	b.put(fake.Item{Type: itemType, Name: name, Quantity: 1, Price: *money(cents)})
}

// Where a discount line says its amount: nobody documents it, and orders of all three sorts exist.
type discountShape int

const (
	byNegativePrice discountShape = iota
	byDiscountField
	bySpecialAmount
)

// discount adds a line that takes cents off the whole order. It takes off the tax too where everything
// sold is taxed.
func (b *basket) discount(itemType, name string, cents int64, shape discountShape) *fake.Item {
	b.net -= cents
	b.off += cents
	return b.discountLine(itemType, name, cents, shape)
}

// discountOn adds a line that takes cents off one other line.
func (b *basket) discountOn(itemType, name string, cents int64, of *product, taxed bool) {
	b.net -= cents
	if taxed {
		b.taxed -= cents
	}
	line := b.discountLine(itemType, name, cents, byNegativePrice)
	if of != nil {
		line.ProductID = of.id
		line.Product = &fake.ItemProduct{ID: of.id, Name: of.name, SKU: of.sku, Taxable: of.taxable}
	}
}

func (b *basket) discountLine(itemType, name string, cents int64, shape discountShape) *fake.Item {
	i := fake.Item{Type: itemType, Name: name, Quantity: 1}
	switch shape {
	case byNegativePrice:
		i.Price = *money(-cents)
	case byDiscountField:
		i.Discount = money(cents)
	case bySpecialAmount:
		i.Special = &fake.Special{Amount: *money(cents)}
	}
	return b.put(i)
}

// reduce takes cents off a line in place.
func (b *basket) reduce(i *fake.Item, cents int64) {
	b.reduced = true
	b.net -= cents
	if i.Product.Taxable {
		b.taxed -= cents
	}
}

// finish adds the tax line.
func (b *basket) finish() {
	if b.products > 0 && b.products == b.taxable {
		b.taxed -= b.off
	}
	if b.taxed <= 0 {
		return
	}
	b.addTax(taxOn(b.taxed))
}

func (b *basket) addTax(cents int64) {
	b.tax = cents
	b.kind("tax")
	b.put(fake.Item{Type: "TAX", Name: "Sales tax", Quantity: 1, Price: *money(cents)})
}

// taxOn rounds half a cent up.
func taxOn(cents int64) int64 { return (cents*taxRate + 5000) / 10_000 }

// percentOf rounds half a cent up.
func percentOf(cents, percent int64) int64 { return (cents*percent + 50) / 100 }

// roundsLineByLine reports whether rounding the tax on each line, as ledgers do, comes to another sum
// than rounding it once.
func (b *basket) roundsLineByLine() bool {
	var sum int64
	for _, i := range b.items {
		if i.Product != nil && i.Product.Taxable {
			sum += taxOn(i.Price.Mul(decimal.NewFromInt(i.Quantity)).Shift(2).IntPart())
		}
	}
	return sum != taxOn(b.taxed)
}

func (b *basket) title() string {
	for _, i := range b.items {
		if i.Product != nil {
			return fmt.Sprintf("%s (%d lines)", i.Product.Name, len(b.items))
		}
	}
	names := make([]string, len(b.items))
	for n, i := range b.items {
		names[n] = i.Name
	}
	return strings.Join(names, ", ")
}
