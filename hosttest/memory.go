package hosttest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Memory is a host's app that keeps what it is given in memory: the reference that the cases were written
// beside, and a host for tests and first steps. The zero value is empty and ready.
type Memory struct {
	// Before is asked before a delivery is applied; an error fails it. After is asked afterwards; an
	// error loses the answer of what was applied. They are called without the lock, and may wait. Set
	// them before the first delivery.
	Before, After func(context.Context, invoicesync.Delivery) error

	mu       sync.Mutex
	invoices map[identity]Record
	clients  map[identity]Client
	received map[identity][]collected
	calls    int
	applied  []invoicesync.Delivery
}

type identity struct {
	pair store.Pair
	id   string
}

// collected is money that the app took for an invoice.
type collected struct {
	id     string
	amount decimal.Decimal
}

// Record is an invoice that a [Memory] holds.
type Record struct {
	Pair     store.Pair
	Invoice  ledger.Invoice
	Revision int64
	Key      string
	What     invoicesync.What // of the delivery that was applied last
	Origins  map[string]invoicesync.Origin
}

// Client is a client that a [Memory] holds.
type Client struct {
	Pair      store.Pair
	ContactID string
	Name      string
	Active    bool // billable
}

var _ invoicesync.Host = (*Memory)(nil)

// Apply implements [invoicesync.Host].
func (m *Memory) Apply(ctx context.Context, d invoicesync.Delivery) error {
	if m.Before != nil {
		if err := m.Before(ctx, d); err != nil {
			return err
		}
	}
	m.apply(d)
	if m.After != nil {
		return m.After(ctx, d)
	}
	return nil
}

func (m *Memory) apply(d invoicesync.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	place := identity{d.Pair, d.Invoice.ID}
	old, there := m.invoices[place]
	if there && d.Revision <= old.Revision {
		return // a repetition, or overtaken
	}
	inv := clone(d.Invoice)
	if there && d.What == invoicesync.Deleted && len(inv.Lines) == 0 {
		// The ledger kept nothing: what is known of the invoice stays, and is marked.
		inv = old.Invoice
		inv.Status = ledger.StatusDeleted
	}
	if m.invoices == nil {
		m.invoices, m.clients = map[identity]Record{}, map[identity]Client{}
	}
	m.invoices[place] = Record{d.Pair, inv, d.Revision, d.Key, d.What, maps.Clone(d.Origins)}
	d.Invoice, d.Origins = inv, maps.Clone(d.Origins)
	m.applied = append(m.applied, d)
	contact := d.Client.Contact
	client := identity{d.Pair, contact.ID}
	if _, known := m.clients[client]; contact.ID != "" && !known {
		m.clients[client] = Client{Pair: d.Pair, ContactID: contact.ID, Name: contact.Name}
	}
}

// Invoice returns what is held of an invoice.
func (m *Memory) Invoice(pair store.Pair, id string) (Record, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.invoices[identity{pair, id}]
	r.Invoice = clone(r.Invoice)
	return r, ok
}

// Invoices returns all invoices, in the order of their ids.
func (m *Memory) Invoices() []Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]Record, 0, len(m.invoices))
	for _, r := range m.invoices {
		r.Invoice = clone(r.Invoice)
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Record) int {
		if c := strings.Compare(a.Invoice.ID, b.Invoice.ID); c != 0 {
			return c
		}
		return strings.Compare(a.Pair.String(), b.Pair.String())
	})
	return list
}

// Client returns the client that is linked to a contact.
func (m *Memory) Client(pair store.Pair, contactID string) (Client, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.clients[identity{pair, contactID}]
	return c, ok
}

// SetClient enters or changes a client, as a person does.
func (m *Memory) SetClient(c Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.clients == nil {
		m.invoices, m.clients = map[identity]Record{}, map[identity]Client{}
	}
	m.clients[identity{c.Pair, c.ContactID}] = c
}

// Collect takes money for an invoice, as the app does by itself, and returns what names it.
func (m *Memory) Collect(pair store.Pair, invoiceID string, amount decimal.Decimal) invoicesync.Origin {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.received == nil {
		m.received = map[identity][]collected{}
	}
	place := identity{pair, invoiceID}
	id := fmt.Sprintf("%s-%d", invoiceID, len(m.received[place])+1)
	m.received[place] = append(m.received[place], collected{id, amount})
	return invoicesync.Origin{Source: pair.Ledger, ID: id}
}

// Received returns what has come in for an invoice: what the app collected, and what the ledger tells of
// money that somebody else took.
func (m *Memory) Received(pair store.Pair, invoiceID string) decimal.Decimal {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := decimal.Zero
	place := identity{pair, invoiceID}
	for _, c := range m.received[place] {
		sum = sum.Add(c.amount)
	}
	r := m.invoices[place]
	for _, p := range r.Invoice.Payments {
		if p.Status == ledger.PaymentConfirmed && r.Origins[p.ID].Source != pair.Ledger {
			sum = sum.Add(p.Amount)
		}
	}
	return sum
}

// Applied returns the deliveries that changed something, in their order.
func (m *Memory) Applied() []invoicesync.Delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.applied)
}

// Calls returns how many deliveries reached it, repetitions included.
func (m *Memory) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

func clone(inv ledger.Invoice) ledger.Invoice {
	inv.Aliases = slices.Clone(inv.Aliases)
	inv.Lines = slices.Clone(inv.Lines)
	for i := range inv.Lines {
		inv.Lines[i].Tracking = slices.Clone(inv.Lines[i].Tracking)
	}
	inv.Payments = slices.Clone(inv.Payments)
	for i := range inv.Payments {
		inv.Payments[i].InvoiceIDs = slices.Clone(inv.Payments[i].InvoiceIDs)
	}
	inv.Plan = slices.Clone(inv.Plan)
	return inv
}
