// Package receivables makes up the sales invoices of a small practice in London, as they stand in its ledger, Xero or
// QuickBooks, with everything that real books have in them. The same number, seed and time give the same invoices.
//
//	books, err := receivables.Make(5000, 1, time.Now(), receivables.Xero)
//
// Beside them come their [Expectations]: which reasons the default policy of an import finds against each. They
// follow from how each invoice was made, by arithmetic in whole pennies and whole days, and from nothing that the
// library computes, so that an import can be checked against them.
//
// The books were brought over from another program during the last four weeks, one invoice after the other: when an
// invoice was entered says nothing about its date.
package receivables

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// The ledgers.
const (
	Xero       = world.Xero
	QuickBooks = world.QuickBooks
)

// The practice as its ledger knows it.
const (
	Name     = "Harbour & Hale Accountants"
	Currency = "GBP"
	Zone     = "Europe/London"
	Country  = "GB"
)

// Most is how many invoices can be made.
const Most = 100_000

// Block is how many invoices follow one pattern: from so many on, every kind of invoice is among them, and in each
// block [Sought] are open and not older than the look-back.
const (
	Block  = 250
	Sought = 50
)

// Books are invoices before they have been loaded into a fake.
type Books struct {
	Expect Expectations

	ledger    world.Ledger
	zone      *time.Location
	clients   []client
	documents []document
}

// A client of the practice.
type client struct {
	id, name, email string
	currency        string
}

// A document is an invoice with what was paid on it.
type document struct {
	id, number   string
	client       *client // nil: it names none
	date, due    string  // "" is none
	status       string  // in Xero's words; QuickBooks has no status
	currency     string
	lines        []line
	total        decimal.Decimal
	tax          decimal.Decimal
	payments     []payment
	credit       payment // what a credit note has brought; no id: there is none
	link         string  // QuickBooks: the payment of nothing that applies the credit
	entered      time.Time
	withoutLines bool
}

type line struct {
	text   string
	net    decimal.Decimal
	tax    decimal.Decimal
	rating rating
}

// A rating is a rate of tax.
type rating int

const (
	standard rating = iota // 20 %
	zero                   // 0 %
	reduced                // 5 %, which the host has no rate for
)

type payment struct {
	id     string
	date   string
	amount decimal.Decimal
}

func (d *document) balance() decimal.Decimal {
	if d.status == voided || d.status == deleted {
		return decimal.Zero
	}
	left := d.total.Sub(d.credit.amount)
	for _, p := range d.payments {
		left = left.Sub(p.amount)
	}
	return left
}

// Make returns n invoices as of now.
func Make(n int, seed uint64, now time.Time, into world.Ledger) (*Books, error) {
	if n < 1 || n > Most {
		return nil, fmt.Errorf("receivables: %d invoices: make 1 to %d", n, Most)
	}
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		return nil, fmt.Errorf("receivables: the time zone database is missing: %w", err)
	}
	m := &maker{
		b:    &Books{ledger: into, zone: zone, Expect: Expectations{Ledger: into, Asked: n, Seed: seed, AsOf: now.In(zone).Format(time.DateOnly)}},
		n:    n,
		seed: seed,
		rng:  rand.New(rand.NewPCG(seed, 0x7265_6365_6976_6573)),
		// What changed within the last minutes is read again by a second run, and nothing shall be.
		until: now.UTC().Truncate(time.Second).Add(-2 * time.Hour),
		next:  1000,
	}
	m.today, err = time.Parse(time.DateOnly, m.b.Expect.AsOf)
	if err != nil {
		return nil, err
	}
	m.regulars(max(n/10, 3))
	for at := 0; at < n; at += Block {
		for i, r := range m.pattern() {
			if at+i < n {
				m.document(at+i, r)
			}
		}
	}
	return m.b, nil
}

// maker is books in the making.
type maker struct {
	b     *Books
	n     int
	seed  uint64
	rng   *rand.Rand
	today time.Time // midnight UTC of the day
	until time.Time // of the last entry
	next  int       // id of a transaction in QuickBooks

	regular []*client
	foreign map[string]*client
}

// span is during which time the books were brought over.
const span = 28 * 24 * time.Hour

// document makes one invoice and says what is expected of it.
func (m *maker) document(i int, r recipe) {
	entered := m.until.Add(-span + span/time.Duration(m.n)*time.Duration(i+1)).Truncate(time.Second)
	d := document{
		id: m.invoiceID(i), number: fmt.Sprintf("S-%05d", 10_001+i), client: m.regular[m.rng.IntN(len(m.regular))],
		status: authorised, currency: Currency, entered: entered,
	}
	r.make(m, &d)
	if d.client != nil && d.client.currency != d.currency && d.currency != unknownCurrency {
		d.client = m.abroad(d.currency)
	}
	m.b.documents = append(m.b.documents, d)
	e := Invoice{ID: d.id, Kind: r.kind, Reasons: r.reasons(m.b.ledger), Sought: r.sought}
	if d.client != nil {
		e.Client = d.client.id
	}
	for _, p := range d.payments {
		e.Payments = append(e.Payments, p.id)
	}
	m.b.Expect.Invoices = append(m.b.Expect.Invoices, e)
}

// invoiceID is a GUID of Xero, rising with i, or the number of a transaction in QuickBooks.
func (m *maker) invoiceID(i int) string {
	if m.b.ledger == QuickBooks {
		return m.transaction()
	}
	const stride = 0xffff_ffff / (Most + 1)
	return fmt.Sprintf("%08x%s", uint32(i+1)*stride, guid(fmt.Sprintf("invoice %d %d", m.seed, i))[8:])
}

func (m *maker) paymentID(of *document, k int) string {
	if m.b.ledger == QuickBooks {
		return m.transaction()
	}
	return guid(fmt.Sprintf("payment %d %s %d", m.seed, of.id, k))
}

// transaction draws an id. Real ones have gaps.
func (m *maker) transaction() string {
	m.next += 1 + m.rng.IntN(2)
	return strconv.Itoa(m.next)
}

func guid(of string) string {
	sum := sha256.Sum256([]byte(of))
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// identity is by what the outside knows the practice: books that are not alike must not pass for each other where
// somebody has pinned one.
func (e *Expectations) identity() (organisation, route string) {
	draw := fmt.Sprintf("%s %d %d", e.Ledger, e.Asked, e.Seed)
	if e.Ledger == QuickBooks {
		sum := sha256.Sum256([]byte(draw))
		realm := strconv.FormatUint(9_341_460_000_000_000+uint64(binary.BigEndian.Uint32(sum[:4])), 10)
		return realm, realm
	}
	return guid("organisation " + draw), guid("tenant " + draw)
}

// regulars are the clients for whom most invoices are.
func (m *maker) regulars(n int) {
	for range n {
		m.regular = append(m.regular, m.client(Currency))
	}
	m.foreign = map[string]*client{}
}

func (m *maker) abroad(currency string) *client {
	if m.foreign[currency] == nil {
		m.foreign[currency] = m.client(currency)
	}
	return m.foreign[currency]
}

// client makes a client of its own.
func (m *maker) client(currency string) *client {
	first := []string{"Amber", "Birch", "Cobalt", "Dover", "Elm", "Fern", "Granite", "Heron", "Iris", "Juniper"}
	second := []string{"Bakery", "Builders", "Cycles", "Dental", "Films", "Florists", "Joinery", "Motors", "Studio", "Travel"}
	n := len(m.b.clients) + 1
	name := fmt.Sprintf("%s %s %d", first[m.rng.IntN(len(first))], second[m.rng.IntN(len(second))], n)
	c := client{id: strconv.Itoa(n), name: name, email: fmt.Sprintf("accounts%d@example.com", n), currency: currency}
	if m.b.ledger == Xero {
		c.id = guid(fmt.Sprintf("contact %d %d", m.seed, n))
	}
	m.b.clients = append(m.b.clients, c)
	return &c
}
