// Package world makes up a year of a small bicycle shop: its clients, its products and its orders in
// Infusionsoft, with everything that real books have in them. The same number, seed and time give the
// same shop.
//
//	w, err := world.Make(500, 1, time.Now(), world.Xero)
//	if err != nil {
//		return err
//	}
//	err = w.Load(fake.Books)
//
// Beside the shop come its [Expectations]: what a correct push does with every order and every payment, in
// the ledger that is named. They follow from how each order was made, by arithmetic in whole cents, and from
// nothing that the engine computes, so that a run can be checked against them. The shop is the same for every ledger.
package world

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	fake "github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

// The shop as its two systems know it.
const (
	Currency = "USD"
	Zone     = "America/New_York"

	// TaxableCode is the tax code of Xero whose rate the shop charges, 8.25 %.
	TaxableCode = "TAX001"
	taxRate     = 825 // hundredths of a percent
)

// Ledger is a system into which the shop's orders may go, by the name of its vendor.
type Ledger string

// The ledgers.
const (
	Xero       Ledger = "xero"
	QuickBooks Ledger = "quickbooks"
)

// Order ids and invoice ids are counters of their own. Here they are far apart, so that a number that
// a person types can only mean one order; in old accounts they overlap.
const (
	firstOrder   = 1001
	firstInvoice = 700_004
)

// A World is a shop before it has been loaded into a fake.
type World struct {
	Clients  []fake.Contact
	Products []fake.Product
	Orders   []fake.Order   // by id, which is by time
	Payments []fake.Payment // by id
	Expect   Expectations
}

// MaxOrders is the largest shop.
const MaxOrders = 500_000

// Make returns a shop of n orders in the year before now. From 100 orders on, every kind of order that
// [Kinds] lists is among them.
func Make(n int, seed uint64, now time.Time, into Ledger) (*World, error) {
	if n < 1 || n > MaxOrders {
		return nil, fmt.Errorf("world: %d orders: make 1 to %d", n, MaxOrders)
	}
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		return nil, fmt.Errorf("world: the time zone database is missing: %w", err)
	}
	m := &maker{
		into: into,
		rng:  rand.New(rand.NewPCG(seed, 0x6269_6379_636c_6573)), zone: zone, year: yearBefore(now),
		nextOrder: firstOrder, nextInvoice: firstInvoice, nextItem: 20_001, nextPayment: 5001, nextRow: 7003,
	}
	m.w.Expect = Expectations{Ledger: into, Asked: n, Seed: seed}
	m.w.Products = products()
	m.makeClients(max(n/3, 1))
	for _, plan := range m.planOrders(n) {
		m.order(plan)
	}
	m.numberPayments()
	return &m.w, nil
}

// Load puts the shop into the books of an empty fake.
func (w *World) Load(books *fake.Books) error {
	for _, c := range w.Clients {
		if _, err := books.AddContact(c); err != nil {
			return err
		}
	}
	for _, p := range w.Products {
		if _, err := books.AddProduct(p); err != nil {
			return err
		}
	}
	for _, o := range w.Orders {
		if _, err := books.AddOrder(o); err != nil {
			return err
		}
	}
	for _, p := range w.Payments {
		if _, err := books.AddPayment(p); err != nil {
			return err
		}
	}
	return nil
}

// maker is a shop in the making.
type maker struct {
	w    World
	into Ledger
	rng  *rand.Rand
	zone *time.Location
	year span

	nextOrder, nextInvoice, nextItem, nextPayment, nextRow int64
}

// A span is a stretch of time.
type span struct{ from, to time.Time }

// yearBefore ends two hours before now: what changed within the last minutes is read again by a second
// run, and nothing shall be.
func yearBefore(now time.Time) span {
	to := now.UTC().Truncate(time.Second).Add(-2 * time.Hour)
	return span{to.AddDate(-1, 0, 0), to}
}

// at returns the moment that is i of n parts into the span.
func (s span) at(i, n int) time.Time {
	return s.from.Add(s.to.Sub(s.from) / time.Duration(n) * time.Duration(i))
}

// within keeps a time inside the span.
func (s span) within(t time.Time) time.Time {
	if t.After(s.to) {
		return s.to
	}
	return t
}

// order makes one order, its payments, and what is expected of them.
func (m *maker) order(p orderPlan) {
	b := &basket{m: m}
	p.lines.fill(b)
	if !p.lines.asIs {
		b.finish()
	}
	id, invoice := m.orderIDs()
	o := fake.Order{
		ID: id, InvoiceID: invoice, ContactID: p.client, Title: b.title(), OrderType: "ONLINE",
		CreationTime: p.at, OrderTime: p.at, ModificationTime: m.year.within(p.at.Add(time.Duration(m.rng.IntN(3600)) * time.Second)),
		Items: b.items,
	}
	if b.draft || m.rng.IntN(4) == 0 { // raised by hand, as an invoice that is sent
		o.OrderType, o.SourceType, o.Status, o.SentTime = "OFFLINE", "INVOICE", "SENT", p.at
	}
	if b.draft {
		o.Status, o.SentTime = "DRAFT", time.Time{}
	}
	if b.reduced || b.wrong != 0 {
		o.Total = money(b.total() + b.wrong)
	}
	p.plan.set(m, &o, b.total())
	e := Order{
		ID: strconv.FormatInt(id, 10), Client: strconv.FormatInt(p.client, 10), Total: *money(b.total() + b.wrong),
		Kinds: append(append(append([]string{p.lines.kind}, b.kinds...), p.plan.kind), p.pay.kind),
	}
	f := p.lines.fate(m.into)
	e.State, e.Code = f.state, f.code
	e.Kinds = append(e.Kinds, m.clientKinds(p.client)...)
	m.w.Orders = append(m.w.Orders, o)
	t := &till{m: m, order: &o, total: b.total(), due: b.total()}
	p.pay.take(t)
	e.Payments = t.expect
	e.Kinds = unique(append(e.Kinds, t.kinds...))
	m.w.Expect.Orders = append(m.w.Expect.Orders, e)
}

// orderIDs moves both counters on; each now and then skips what somebody deleted.
func (m *maker) orderIDs() (order, invoice int64) {
	order, invoice = m.nextOrder, m.nextInvoice
	m.nextOrder++
	m.nextInvoice++
	switch m.rng.IntN(20) {
	case 0:
		m.nextOrder += int64(1 + m.rng.IntN(3))
	case 1, 2:
		m.nextInvoice += int64(1 + m.rng.IntN(4))
	}
	return order, invoice
}

// cents returns a random amount between two, both included.
func (m *maker) cents(from, to int64) int64 { return from + m.rng.Int64N(to-from+1) }

// money is an amount of cents in major units, as the fake's records have it.
func money(cents int64) *decimal.Decimal {
	d := decimal.New(cents, -2)
	return &d
}

func unique(words []string) []string {
	seen := make(map[string]bool, len(words))
	kept := words[:0]
	for _, w := range words {
		if w != "" && !seen[w] {
			seen[w] = true
			kept = append(kept, w)
		}
	}
	return kept
}
