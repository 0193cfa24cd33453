package infusionsoftfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // tenants have zones, and machines without a zone database run tests too

	"github.com/shopspring/decimal"
)

// Books are the records of one tenant. Its methods do what a user does in the application: they obey
// no API rule, and raise hooks as the API does.
type Books struct {
	fake   *Fake
	tenant Tenant
	zone   *time.Location

	orders        *table[orderRecord]
	payments      *table[Payment]
	transactions  *table[Transaction]
	contacts      *table[Contact]
	companies     *table[Company]
	products      *table[Product]
	subscriptions *table[Subscription]
	rows          map[int64][]*PaymentRow // by order
	byInvoice     map[int64]int64
	next          map[string]int64
	settings      json.RawMessage
	profile       json.RawMessage
	subscribers   map[string]*hook
	cardCharges   int
}

// An orderRecord is an order with what only the fake knows of it.
type orderRecord struct {
	Order
	// Given says that the totals were loaded; payments that come later are added to them.
	Given     bool      `json:",omitzero"`
	VisibleAt time.Time `json:",omitzero"`
}

func newBooks(f *Fake, t Tenant) (*Books, error) {
	orElse(&t.Name, "Example Company")
	orElse(&t.Currency, "USD")
	orElse(&t.TimeZone, "America/New_York")
	orElse(&t.Country, "USA")
	if t.ManualPaymentTypes == nil {
		t.ManualPaymentTypes = []string{"Check", "Cash", "Money Order", "Adjustment", "Credit Card (Manual)"}
	}
	zone, err := time.LoadLocation(t.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("infusionsoftfake: tenant %s: unknown time zone %q: use an IANA name", t.ID, t.TimeZone)
	}
	if len(t.Currency) != 3 {
		return nil, fmt.Errorf("infusionsoftfake: tenant %s: currency %q: use an ISO 4217 code", t.ID, t.Currency)
	}
	b := &Books{
		fake: f, tenant: t, zone: zone,
		rows: make(map[int64][]*PaymentRow), byInvoice: make(map[int64]int64),
		subscribers: make(map[string]*hook),
		next: map[string]int64{
			"order": 1001, "invoice": 909, "payment": 5001, "row": 7003, "item": 20001,
			"contact": 11, "company": 61, "product": 31, "plan": 41, "subscription": 51, "shipping": 301,
		},
	}
	if t.FirstOrderID > 0 {
		b.next["order"] = t.FirstOrderID
	}
	if t.FirstInvoiceID > 0 {
		b.next["invoice"] = t.FirstInvoiceID
	}
	b.orders = newTable(func(o *orderRecord) int64 { return o.ID }, map[string]func(a, c *orderRecord) int{
		"modification_time": compareTime(func(o *orderRecord) time.Time { return o.ModificationTime }),
		"order_time":        compareTime(func(o *orderRecord) time.Time { return o.OrderTime }),
	})
	b.payments = newTable(func(p *Payment) int64 { return p.ID }, map[string]func(a, c *Payment) int{
		"payment_time": compareTime(func(p *Payment) time.Time { return p.Time }),
	})
	b.transactions = newTable(func(t *Transaction) int64 { return t.Seq }, nil)
	b.contacts = newTable(func(c *Contact) int64 { return c.ID }, map[string]func(a, c *Contact) int{
		"update_time": compareTime(func(c *Contact) time.Time { return c.UpdateTime }),
	})
	b.companies = newTable(func(c *Company) int64 { return c.ID }, nil)
	b.products = newTable(func(p *Product) int64 { return p.ID }, nil)
	b.subscriptions = newTable(func(s *Subscription) int64 { return s.ID }, nil)
	return b, nil
}

func orElse(s *string, fallback string) {
	if *s == "" {
		*s = fallback
	}
}

// Tenant returns whose books these are, with every default filled in.
func (b *Books) Tenant() Tenant { return b.tenant }

// AddOrder adds an order and returns it as it was stored. Its lines' products need not exist.
func (b *Books) AddOrder(o Order) (Order, error) {
	defer b.fake.locked()()
	c := b.change()
	r, err := b.newOrder(c, o)
	if err != nil {
		return Order{}, err
	}
	if err := b.commit(c); err != nil {
		return Order{}, err
	}
	b.raiseOrder("add", r)
	return r.Order, nil
}

// EditOrder lets edit change an order as a user would, and bumps its modification time unless edit has
// set one itself.
func (b *Books) EditOrder(id int64, edit func(*Order)) error {
	defer b.fake.locked()()
	old := b.orders.get(id)
	if old == nil {
		return b.missing("order", id)
	}
	r := copyOrder(old)
	edit(&r.Order)
	if r.ID != id || r.InvoiceID != old.InvoiceID {
		return fmt.Errorf("infusionsoftfake: order %d: an edit cannot change ids", id)
	}
	c := b.change()
	b.fillOrder(c, &r.Order)
	if r.ModificationTime.Equal(old.ModificationTime) {
		r.ModificationTime = b.fake.clock()
	}
	b.keepExtra(old, r)
	c.Orders = append(c.Orders, r)
	if err := b.commit(c); err != nil {
		return err
	}
	b.raiseOrder("edit", r)
	return nil
}

// DeleteOrder deletes an order with its payments' rows. A user may do this to an order that has
// transactions; the API may not.
func (b *Books) DeleteOrder(id int64) error {
	defer b.fake.locked()()
	r := b.orders.get(id)
	if r == nil {
		return b.missing("order", id)
	}
	c := b.change()
	c.DeletedOrders = []int64{id}
	if err := b.commit(c); err != nil {
		return err
	}
	b.raiseOrder("delete", r)
	return nil
}

// Order returns an order as it is stored.
func (b *Books) Order(id int64) (Order, bool) {
	defer b.fake.locked()()
	r := b.orders.get(id)
	if r == nil {
		return Order{}, false
	}
	return copyOrder(r).Order, true
}

// Orders returns all orders by id.
func (b *Books) Orders() []Order {
	defer b.fake.locked()()
	orders := make([]Order, 0, len(b.orders.all()))
	for _, r := range b.orders.all() {
		orders = append(orders, copyOrder(r).Order)
	}
	return orders
}

// AddContact adds a contact.
func (b *Books) AddContact(contact Contact) (Contact, error) {
	defer b.fake.locked()()
	c := b.change()
	b.fillContact(c, &contact)
	if b.contacts.get(contact.ID) != nil {
		return Contact{}, fmt.Errorf("infusionsoftfake: contact %d exists already", contact.ID)
	}
	c.Contacts = []*Contact{&contact}
	if err := b.commit(c); err != nil {
		return Contact{}, err
	}
	b.raise("contact.add", contact.ID)
	return contact, nil
}

// EditContact lets edit change a contact.
func (b *Books) EditContact(id int64, edit func(*Contact)) error {
	defer b.fake.locked()()
	old := b.contacts.get(id)
	if old == nil {
		return b.missing("contact", id)
	}
	n := *old
	n.Emails, n.Phones, n.Addresses = slices.Clone(n.Emails), slices.Clone(n.Phones), slices.Clone(n.Addresses)
	n.Extra = maps.Clone(n.Extra)
	edit(&n)
	n.ID, n.UpdateTime = id, b.fake.clock()
	n.Extra = carryExtra(old.Extra, n.Extra, b.wireContact(old), b.wireContact(&n))
	c := b.change()
	c.Contacts = []*Contact{&n}
	if err := b.commit(c); err != nil {
		return err
	}
	b.raise("contact.edit", id)
	return nil
}

// Contact returns a contact.
func (b *Books) Contact(id int64) (Contact, bool) {
	defer b.fake.locked()()
	return deref(b.contacts.get(id))
}

// Contacts returns all contacts by id.
func (b *Books) Contacts() []Contact { defer b.fake.locked()(); return values(b.contacts) }

// AddCompany adds a company.
func (b *Books) AddCompany(company Company) (Company, error) {
	defer b.fake.locked()()
	c := b.change()
	b.takeID(c, "company", &company.ID)
	b.stamp(&company.CreateTime, &company.UpdateTime)
	c.Companies = []*Company{&company}
	if err := b.commit(c); err != nil {
		return Company{}, err
	}
	b.raise("company.add", company.ID)
	return company, nil
}

// AddProduct adds a product.
func (b *Books) AddProduct(product Product) (Product, error) {
	defer b.fake.locked()()
	c := b.change()
	b.fillProduct(c, &product)
	if b.products.get(product.ID) != nil {
		return Product{}, fmt.Errorf("infusionsoftfake: product %d exists already", product.ID)
	}
	c.Products = []*Product{&product}
	if err := b.commit(c); err != nil {
		return Product{}, err
	}
	b.raise("product.add", product.ID)
	return product, nil
}

// Products returns all products by id.
func (b *Books) Products() []Product { defer b.fake.locked()(); return values(b.products) }

// AddSubscription adds a subscription.
func (b *Books) AddSubscription(s Subscription) (Subscription, error) {
	defer b.fake.locked()()
	c := b.change()
	b.takeID(c, "subscription", &s.ID)
	orElse(&s.BillingCycle, "MONTH")
	s.Quantity, s.BillingFrequency = max(s.Quantity, 1), max(s.BillingFrequency, 1)
	b.stamp(&s.ModificationTime)
	c.Subscriptions = []*Subscription{&s}
	if err := b.commit(c); err != nil {
		return Subscription{}, err
	}
	b.raise("subscription.add", s.ID)
	return s, nil
}

// CardCharges counts the requests that asked to charge a stored card. The fake refuses them all; a
// client that only records payments must leave it at zero.
func (b *Books) CardCharges() int { defer b.fake.locked()(); return b.cardCharges }

// locked takes the lock and returns what gives it back.
func (f *Fake) locked() func() { f.mu.Lock(); return f.mu.Unlock }

func (b *Books) missing(what string, id int64) error {
	return fmt.Errorf("infusionsoftfake: there is no %s %d", what, id)
}

func deref[T any](r *T) (T, bool) {
	if r == nil {
		var zero T
		return zero, false
	}
	return *r, true
}

func values[T any](t *table[T]) []T {
	all := make([]T, 0, len(t.all()))
	for _, r := range t.all() {
		all = append(all, *r)
	}
	return all
}

// takeID fills an id that is zero with the next one, and keeps the counter ahead of one that is given.
func (b *Books) takeID(c *change, kind string, id *int64) {
	next, ok := c.Next[kind]
	if !ok {
		next = b.next[kind]
	}
	if *id == 0 {
		*id = max(next, 1)
	}
	c.Next[kind] = max(next, *id+1)
}

// stamp makes times UTC to the millisecond, and fills the first zero one with now, the others with it.
func (b *Books) stamp(first *time.Time, more ...*time.Time) {
	if first.IsZero() {
		*first = b.fake.clock()
	}
	*first = first.UTC().Truncate(time.Millisecond)
	for _, t := range more {
		if t.IsZero() {
			*t = *first
		}
		*t = t.UTC().Truncate(time.Millisecond)
	}
}

func (b *Books) newOrder(c *change, o Order) (*orderRecord, error) {
	b.takeID(c, "order", &o.ID)
	b.takeID(c, "invoice", &o.InvoiceID)
	if b.orders.get(o.ID) != nil {
		return nil, fmt.Errorf("infusionsoftfake: order %d exists already", o.ID)
	}
	if other := b.byInvoice[o.InvoiceID]; other != 0 {
		return nil, fmt.Errorf("infusionsoftfake: invoice %d exists already, on order %d", o.InvoiceID, other)
	}
	r := &orderRecord{Order: o}
	r = copyOrder(r)
	orElse(&r.OrderType, "ONLINE")
	orElse(&r.SourceType, "MANUAL_PAYMENT")
	if r.InvoiceXID == "" {
		// A UUID that a reader can recompute; the vendor's are random.
		r.InvoiceXID = fmt.Sprintf("00000000-0000-4000-8000-%012x", r.InvoiceID)
	}
	b.fillOrder(c, &r.Order)
	if lag := b.fake.options.Switches.OrderLag; lag > 0 {
		r.VisibleAt = b.fake.clock().Add(lag)
	}
	c.Orders = append(c.Orders, r)
	return r, nil
}

// fillOrder fills what an order needs, whoever made or changed it.
func (b *Books) fillOrder(c *change, o *Order) {
	b.stamp(&o.CreationTime, &o.ModificationTime, &o.OrderTime)
	for _, t := range []*time.Time{&o.SentTime, &o.DueTime, &o.ExternalCreateTime, &o.ExternalUpdateTime} {
		if !t.IsZero() {
			*t = t.UTC().Truncate(time.Millisecond)
		}
	}
	for i := range o.Items {
		item := &o.Items[i]
		b.takeID(c, "item", &item.ID)
		orElse(&item.Type, "PRODUCT")
		if item.Quantity == 0 {
			item.Quantity = 1
		}
		if p := b.products.get(item.ProductID); p != nil && item.Product == nil {
			item.Product = &ItemProduct{ID: p.ID, Name: p.Name, SKU: p.SKU, Description: p.Description, Shippable: p.Shippable, Taxable: p.Taxable}
		}
		if item.Product != nil {
			orElse(&item.Name, item.Product.Name)
		}
	}
	if o.Shipping != nil {
		b.takeID(c, "shipping", &o.Shipping.ID)
	}
}

func (b *Books) fillContact(c *change, contact *Contact) {
	b.takeID(c, "contact", &contact.ID)
	b.stamp(&contact.CreateTime, &contact.UpdateTime)
	orElse(&contact.SourceType, "MANUAL")
	for i := range contact.Emails {
		orElse(&contact.Emails[i].Field, fmt.Sprintf("EMAIL%d", i+1))
	}
	for i := range contact.Phones {
		orElse(&contact.Phones[i].Field, fmt.Sprintf("PHONE%d", i+1))
	}
	for i := range contact.Addresses {
		orElse(&contact.Addresses[i].Field, "BILLING")
	}
}

func (b *Books) fillProduct(c *change, p *Product) {
	b.takeID(c, "product", &p.ID)
	b.stamp(&p.CreateTime, &p.UpdateTime)
	for i := range p.Plans {
		b.takeID(c, "plan", &p.Plans[i].ID)
		orElse(&p.Plans[i].Cycle, "MONTHLY")
		p.Plans[i].Frequency = max(p.Plans[i].Frequency, 1)
	}
}

// copyOrder copies what an edit may change, so that stored records stay as they are.
func copyOrder(r *orderRecord) *orderRecord {
	n := *r
	n.Items = slices.Clone(r.Items)
	n.CustomFields = slices.Clone(r.CustomFields)
	n.Extra = maps.Clone(r.Extra)
	if r.Plan != nil {
		plan := *r.Plan
		plan.Items = slices.Clone(r.Plan.Items)
		n.Plan = &plan
	}
	if r.Shipping != nil {
		shipping := *r.Shipping
		n.Shipping = &shipping
	}
	n.Total, n.TotalPaid, n.TotalDue, n.RefundTotal = clonePtr(r.Total), clonePtr(r.TotalPaid), clonePtr(r.TotalDue), clonePtr(r.RefundTotal)
	return &n
}

func clonePtr(d *decimal.Decimal) *decimal.Decimal {
	if d == nil {
		return nil
	}
	v := *d
	return &v
}
