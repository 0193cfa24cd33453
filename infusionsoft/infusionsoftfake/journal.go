package infusionsoftfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/invoicesync/invoicesync/internal/fakehouse"
)

// A change is what one commit does: all of it or none. It is one line of the journal.
type change struct {
	Tenant        string           `json:",omitzero"`
	Orders        []*orderRecord   `json:",omitzero"`
	DeletedOrders []int64          `json:",omitzero"`
	Rows          []*PaymentRow    `json:",omitzero"`
	Payments      []*Payment       `json:",omitzero"`
	Transactions  []*Transaction   `json:",omitzero"`
	Contacts      []*Contact       `json:",omitzero"`
	Companies     []*Company       `json:",omitzero"`
	Products      []*Product       `json:",omitzero"`
	Subscriptions []*Subscription  `json:",omitzero"`
	Settings      json.RawMessage  `json:",omitzero"`
	Profile       json.RawMessage  `json:",omitzero"`
	Hooks         []*hook          `json:",omitzero"`
	DeletedHooks  []string         `json:",omitzero"`
	Next          map[string]int64 `json:",omitzero"` // the id counters
	Grants        []*grant         `json:",omitzero"` // of the whole fake
	Revoked       []string         `json:",omitzero"`
}

func (b *Books) change() *change {
	return &change{Tenant: b.tenant.ID, Next: make(map[string]int64)}
}

// commit writes c to the journal and applies it. When it cannot be written, nothing has happened, and
// the fake refuses further changes: a journal with a gap would not open to the same world.
func (b *Books) commit(c *change) error {
	if err := b.fake.write(c); err != nil {
		return err
	}
	b.apply(c)
	return nil
}

// write must be called before c is applied.
func (f *Fake) write(c *change) error {
	if f.broken != nil {
		return f.broken
	}
	if err := f.journal.Write(c); err != nil {
		f.broken = fmt.Errorf("infusionsoftfake: %w", err)
	}
	return f.broken
}

func (b *Books) apply(c *change) {
	for _, r := range c.Orders {
		b.orders.put(r)
		if r.InvoiceID != 0 {
			b.byInvoice[r.InvoiceID] = r.ID
		}
	}
	for _, id := range c.DeletedOrders {
		if r := b.orders.get(id); r != nil {
			delete(b.byInvoice, r.InvoiceID)
		}
		b.orders.remove(id)
		delete(b.rows, id)
	}
	for _, row := range c.Rows {
		rows := b.rows[row.OrderID]
		at, found := slices.BinarySearchFunc(rows, row.ID, func(r *PaymentRow, id int64) int { return compareInt(r.ID, id) })
		if found {
			rows[at] = row
		} else {
			b.rows[row.OrderID] = slices.Insert(rows, at, row)
		}
	}
	putAll(b.payments, c.Payments)
	putAll(b.transactions, c.Transactions)
	putAll(b.contacts, c.Contacts)
	putAll(b.companies, c.Companies)
	putAll(b.products, c.Products)
	putAll(b.subscriptions, c.Subscriptions)
	if c.Settings != nil {
		b.settings = c.Settings
	}
	if c.Profile != nil {
		b.profile = c.Profile
	}
	for _, h := range c.Hooks {
		b.subscribers[h.Key] = h
	}
	for _, key := range c.DeletedHooks {
		delete(b.subscribers, key)
	}
	maps.Copy(b.next, c.Next)
}

func putAll[T any](t *table[T], rows []*T) {
	for _, r := range rows {
		t.put(r)
	}
}

// openJournal replays the file and goes on writing behind its last whole line.
func (f *Fake) openJournal(path string) error {
	journal, err := fakehouse.OpenJournal(path, f.replayLine)
	if err != nil {
		return fmt.Errorf("infusionsoftfake: %w", err)
	}
	f.journal = journal
	return nil
}

func (f *Fake) replayLine(line []byte) error {
	var c change
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return err
	}
	f.applyGrants(&c)
	if c.Tenant == "" {
		return nil
	}
	b := f.tenants[c.Tenant]
	if b == nil {
		return fmt.Errorf("it is about tenant %s, which Options.Tenants lacks", c.Tenant)
	}
	b.apply(&c)
	return nil
}
