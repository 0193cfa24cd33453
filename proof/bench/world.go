package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

// world makes orders and clients from their numbers, which begin at 0. An order has two products, shipping
// and tax; its prices are whole tens of cents, so that a tenth of them in tax is whole cents.
type world struct {
	orders  int
	clients int
	pushed  int // 1 of so many orders is one to push
	known   int // of ten clients, how many are in the ledger beforehand
	paid    bool
	alike   bool // all orders say what the first one says
}

const (
	tenant   = "xx123.infusionsoft.com"
	currency = "AUD"
	zone     = "Australia/Sydney"
	token    = "bench"
)

// Orders are of these days; the settings start at the first.
var (
	firstDay = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	tooEarly = time.Date(2025, 3, 3, 1, 0, 0, 0, time.UTC)
)

func worldOf(t task) world {
	return world{orders: t.Orders, clients: max(t.Orders/5, 1), pushed: max(t.Pushed, 1), known: t.Known, paid: t.Payments, alike: t.Alike}
}

// content is the number of the order whose content an order has.
func (w world) content(i int) int {
	if w.alike {
		return 0
	}
	return i
}

// figures are an order in cents.
type figures struct {
	quantity                          int64
	first, second, shipping, tax, sum int64
}

func (w world) figures(i int) figures {
	n := int64(w.content(i))
	f := figures{quantity: 1 + n%3, first: 10 * (150 + n%900), second: 10 * (95 + n%70), shipping: 10 * (n % 4) * 45}
	f.tax = (f.quantity*f.first + f.second) / 10
	f.sum = f.quantity*f.first + f.second + f.shipping + f.tax
	return f
}

// client spreads the orders over all clients.
func (w world) client(i int) int { return w.content(i) * 7919 % w.clients }

// wanted orders are pushed; of the others, the settings leave out one half as drafts, the other as older
// than the start.
func (w world) wanted(i int) bool { return i%w.pushed == 0 }

func (w world) draft(i int) bool { return !w.wanted(i) && i%2 == 0 }

func (w world) day(i int) time.Time {
	if !w.wanted(i) && !w.draft(i) {
		return tooEarly
	}
	return firstDay.Add(time.Duration(w.content(i)%200) * 24 * time.Hour)
}

func (w world) isKnown(client int) bool { return client%10 < w.known }

func name(client int) (given, family string) {
	return "Kim", "Client " + strconv.Itoa(client)
}

func email(client int) string { return "client" + strconv.Itoa(client) + "@example.com" }

// number is an order's id, also in the light server.
func number(i int) int64 { return int64(1001 + i) }

// fill puts the world into a fake.
func (w world) fill(keap *infusionsoftfake.Fake) error {
	ids := make([]int64, w.clients)
	for c := range ids {
		given, family := name(c)
		added, err := keap.AddContact(infusionsoftfake.Contact{GivenName: given, FamilyName: family,
			Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: email(c)}}})
		if err != nil {
			return err
		}
		ids[c] = added.ID
	}
	cents := func(n int64) decimal.Decimal { return decimal.New(n, -2) }
	for i := range w.orders {
		f := w.figures(i)
		at := w.day(i)
		o := infusionsoftfake.Order{ContactID: ids[w.client(i)], Title: "Order", Status: "SENT", OrderTime: at, CreationTime: at,
			Items: []infusionsoftfake.Item{
				product(i%50, f.quantity, cents(f.first)),
				product(50+i%40, 1, cents(f.second)),
			}}
		if f.shipping > 0 {
			o.Items = append(o.Items, infusionsoftfake.Item{Type: "SHIPPING", Name: "Shipping", Price: cents(f.shipping), Quantity: 1})
		}
		o.Items = append(o.Items, infusionsoftfake.Item{Type: "TAX", Name: "GST", Price: cents(f.tax), Quantity: 1})
		added, err := keap.AddOrder(o)
		if err != nil {
			return err
		}
		if w.paid {
			if _, err := keap.AddPayment(infusionsoftfake.Payment{OrderID: added.ID, Amount: cents(f.sum), Status: "MANUAL_PAID", Time: at.Add(24 * time.Hour)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func product(n int, quantity int64, price decimal.Decimal) infusionsoftfake.Item {
	p := infusionsoftfake.ItemProduct{ID: int64(n + 1), Name: productName(n), SKU: sku(n), Taxable: true}
	return infusionsoftfake.Item{Type: "PRODUCT", Name: p.Name, Description: productText(n), Price: price, Quantity: quantity, Product: &p}
}

func productName(n int) string { return fmt.Sprintf("Product %02d", n) }
func productText(n int) string {
	return fmt.Sprintf("Product %02d, as in the catalogue of this year", n)
}
func sku(n int) string { return fmt.Sprintf("SKU-%02d", n) }
