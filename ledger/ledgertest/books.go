package ledgertest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// Books are what a [Memory] writes into, as their vendor and a person at the screen see and change them.
// Nothing done here is a request. Books are safe for concurrent use.
type Books struct {
	mu       sync.Mutex
	org      ledger.Organisation
	chart    ledger.Chart
	changes  int64
	ids      int
	pageSize int

	invoices table[ledger.Invoice]
	contacts table[ledger.Contact]
	payments table[ledger.Payment]

	keys     map[string]keyed // idempotency keys
	faults   []armed
	requests []Request
}

func newBooks(o MemoryOptions) (*Books, error) {
	currency, err := ledger.ParseCurrency(string(cmp.Or(o.Currency, "AUD")))
	if err != nil {
		return nil, fmt.Errorf("ledgertest: %w", err)
	}
	if o.PageSize < 0 {
		return nil, errors.New("ledgertest: PageSize must not be negative")
	}
	if o.TimeZone == nil {
		o.TimeZone = time.UTC
	}
	b := &Books{
		org: ledger.Organisation{
			ID:   ledger.OrganisationID{Vendor: MemoryVendor, ID: cmp.Or(o.ID, "books")},
			Name: cmp.Or(o.Name, "Books in memory"), Live: o.Live, Country: "AU", BaseCurrency: currency,
			Currencies: append([]ledger.Currency{currency}, o.Currencies...), TimeZone: o.TimeZone,
		},
		chart:    defaultChart(),
		pageSize: cmp.Or(o.PageSize, 50),
		keys:     map[string]keyed{},
	}
	if o.Chart != nil {
		b.chart = cloneChart(*o.Chart)
	}
	version := func(n int64) string { return strconv.FormatInt(n, 10) }
	b.invoices = table[ledger.Invoice]{
		kind: "invoices", clone: cloneInvoice,
		number: func(i ledger.Invoice) string { return i.Number }, mark: func(i ledger.Invoice) ledger.Mark { return i.Mark },
		stamp: func(i *ledger.Invoice, id string, at time.Time, n int64) {
			i.ID, i.UpdatedAt, i.Version = id, at, version(n)
		},
	}
	b.contacts = table[ledger.Contact]{
		kind: "contacts", clone: cloneContact,
		number: func(c ledger.Contact) string { return c.Number }, mark: func(c ledger.Contact) ledger.Mark { return c.Mark },
		stamp: func(c *ledger.Contact, id string, at time.Time, n int64) {
			c.ID, c.UpdatedAt, c.Version = id, at, version(n)
		},
	}
	b.payments = table[ledger.Payment]{
		kind: "payments", clone: clonePayment,
		number: func(ledger.Payment) string { return "" }, mark: func(p ledger.Payment) ledger.Mark { return p.Mark },
		stamp: func(p *ledger.Payment, id string, at time.Time, n int64) {
			p.ID, p.UpdatedAt, p.Version = id, at, version(n)
		},
	}
	return b, nil
}

// defaultChart has what invoicing needs: sales accounts 200 (taxed at 10 %), 205 for discounts and 210 for
// shipping, bank account 090, the tax codes OUTPUT (10 %) and NONE.
func defaultChart() ledger.Chart {
	return ledger.Chart{
		Accounts: []ledger.Account{
			{ID: "acc-090", Code: "090", Name: "Bank", Class: "asset", Active: true, TakesPayments: true, TaxCode: "NONE"},
			{ID: "acc-200", Code: "200", Name: "Sales", Class: "revenue", Active: true, TaxCode: "OUTPUT"},
			{ID: "acc-205", Code: "205", Name: "Discounts", Class: "revenue", Active: true, TaxCode: "OUTPUT"},
			{ID: "acc-210", Code: "210", Name: "Shipping", Class: "revenue", Active: true, TaxCode: "OUTPUT"},
		},
		TaxRates: []ledger.TaxRate{
			{Code: "OUTPUT", Name: "Tax on income", Percent: decimal.NewFromInt(10), Active: true},
			{Code: "NONE", Name: "No tax", Active: true},
		},
	}
}

// Organisation returns the company whose books these are.
func (b *Books) Organisation() ledger.Organisation {
	b.mu.Lock()
	defer b.mu.Unlock()
	return cloneOrganisation(b.org)
}

// EditOrganisation changes the company: its lock dates, currencies, or its ID, which is as if the
// connection led to another one.
func (b *Books) EditOrganisation(edit func(*ledger.Organisation)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := cloneOrganisation(b.org)
	edit(&o)
	b.org = o
}

// Chart returns the chart of accounts.
func (b *Books) Chart() ledger.Chart {
	b.mu.Lock()
	defer b.mu.Unlock()
	return cloneChart(b.chart)
}

// EditChart changes the chart of accounts.
func (b *Books) EditChart(edit func(*ledger.Chart)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := cloneChart(b.chart)
	edit(&c)
	b.chart = c
}

// Invoices returns all invoices, voided and deleted ones too, in the order of their making.
func (b *Books) Invoices() []ledger.Invoice { return allOf(b, &b.invoices) }

// Contacts returns all contacts, archived ones too, in the order of their making.
func (b *Books) Contacts() []ledger.Contact { return allOf(b, &b.contacts) }

// Payments returns all payments, deleted ones too, in the order of their making.
func (b *Books) Payments() []ledger.Payment { return allOf(b, &b.payments) }

func allOf[T any](b *Books, t *table[T]) []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	return t.all()
}

// AddContact enters a contact. Only Name is needed.
func (b *Books) AddContact(c ledger.Contact) (ledger.Contact, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r := b.checkContact(&c); r != nil {
		return c, refusedHere("contact", r)
	}
	return b.contacts.add(b, b.newID("con"), c).rec, nil
}

// AddInvoice enters an invoice. Contact.ID and lines are needed; Date is today, DueDate the Date, Status
// approved, the number the next one and the tax mode "none" unless given. Unlike a writer's, a number that is taken
// is let through: people do that.
func (b *Books) AddInvoice(inv ledger.Invoice) (ledger.Invoice, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	inv = cloneInvoice(inv)
	inv.Status, inv.TaxMode = cmp.Or(inv.Status, ledger.StatusApproved), cmp.Or(inv.TaxMode, ledger.TaxNone)
	if inv.Date.IsZero() {
		inv.Date = ledger.DateIn(time.Now(), b.org.TimeZone)
	}
	if inv.DueDate.IsZero() {
		inv.DueDate = inv.Date
	}
	if r := b.checkInvoice(&inv, true); r != nil {
		return inv, refusedHere("invoice", r)
	}
	return cloneInvoice(b.invoices.add(b, b.newID("inv"), inv).rec), nil
}

// AddPayment enters a payment. InvoiceID and Amount are needed; the account is the first that takes
// payments and the date today unless given.
func (b *Books) AddPayment(p ledger.Payment) (ledger.Payment, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Date.IsZero() {
		p.Date = ledger.DateIn(time.Now(), b.org.TimeZone)
	}
	for _, a := range b.chart.Accounts {
		if p.Account == "" && a.TakesPayments {
			p.Account = cmp.Or(a.Code, a.ID)
		}
	}
	if r := b.checkPayment(&p); r != nil {
		return p, refusedHere("payment", r)
	}
	return b.book(p), nil
}

func refusedHere(what string, r *ledger.Refusal) error {
	return fmt.Errorf("ledgertest: %s: %s (%s)", what, r.Message, r.Code)
}

// EditInvoice changes an invoice as a person does, whatever its status. Amounts are computed anew.
func (b *Books) EditInvoice(id string, edit func(*ledger.Invoice)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.invoices.find(id)
	if r == nil {
		return noRecord("invoice", id)
	}
	inv := cloneInvoice(r.rec)
	edit(&inv)
	b.total(&inv)
	b.invoices.put(b, r, inv)
	return nil
}

// EditContact changes a contact.
func (b *Books) EditContact(id string, edit func(*ledger.Contact)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.contacts.find(id)
	if r == nil {
		return noRecord("contact", id)
	}
	c := r.rec
	edit(&c)
	b.contacts.put(b, r, c)
	return nil
}

// VoidInvoice voids an invoice, or deletes it while it is a draft. One with payments is refused.
func (b *Books) VoidInvoice(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.invoices.find(id)
	if r == nil {
		return noRecord("invoice", id)
	}
	if refusal := b.void(r); refusal != nil {
		return refusedHere("invoice "+id, refusal)
	}
	return nil
}

// DeletePayment deletes a payment: it stays, as reversed, and its invoice is owed again.
func (b *Books) DeletePayment(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.payments.find(id)
	if r == nil {
		return noRecord("payment", id)
	}
	b.reverse(r)
	return nil
}

// ArchiveContact archives a contact.
func (b *Books) ArchiveContact(id string) error {
	return b.EditContact(id, func(c *ledger.Contact) { c.Status = ledger.ContactArchived })
}

// Remove takes a record away without a trace but its id, as some vendors do: readings tell it in
// [ledger.Page.Deleted], look-ups in [ledger.Found.Gone].
func (b *Books) Remove(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.invoices.remove(b, id) || b.contacts.remove(b, id) || b.payments.remove(b, id) {
		return nil
	}
	return noRecord("record", id)
}

// Garble makes an invoice unreadable: readings report it as [ledger.Unread].
func (b *Books) Garble(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.invoices.find(id)
	if r == nil {
		return noRecord("invoice", id)
	}
	r.garbled = true
	return nil
}

// Inject lets the next request that writes, or the next that reads, go wrong. Faults of one side happen in
// the order of their injection, one a request.
func (b *Books) Inject(write bool, fault Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, armed{write, fault})
}

// Requests returns the requests that have been made so far.
func (b *Books) Requests() []Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

func noRecord(what, id string) error { return fmt.Errorf("ledgertest: there is no %s %s", what, id) }

func (b *Books) newID(kind string) string {
	b.ids++
	return fmt.Sprintf("%s-%06d", kind, b.ids)
}

// What the books refuse, whoever asks. All of it runs under the lock.

func (b *Books) checkContact(c *ledger.Contact) *ledger.Refusal {
	c.Name = strings.TrimSpace(cmp.Or(c.Name, c.Company, strings.TrimSpace(c.GivenName+" "+c.FamilyName)))
	c.Status = cmp.Or(c.Status, ledger.ContactActive)
	if c.Name == "" {
		return &ledger.Refusal{Code: ledger.RefusedContact, Message: "a contact needs a name"}
	}
	for _, r := range b.contacts.rows {
		if r.rec.Status == ledger.ContactActive && strings.EqualFold(r.rec.Name, c.Name) {
			return &ledger.Refusal{Code: ledger.RefusedNameTaken, Message: "another contact has the name"}
		}
	}
	return nil
}

func (b *Books) checkInvoice(inv *ledger.Invoice, anyNumber bool) *ledger.Refusal {
	inv.Kind, inv.Currency = cmp.Or(inv.Kind, ledger.SalesInvoice), cmp.Or(inv.Currency, b.org.BaseCurrency)
	contact := b.contacts.find(inv.Contact.ID)
	switch {
	case contact == nil || contact.rec.Status != ledger.ContactActive:
		return &ledger.Refusal{Code: ledger.RefusedContact, Message: "the contact is not there, or archived"}
	case !b.org.Holds(inv.Currency):
		return &ledger.Refusal{Code: ledger.RefusedCurrency, Message: "the organisation does not hold " + string(inv.Currency)}
	case len(inv.Lines) == 0:
		return &ledger.Refusal{Code: ledger.RefusedOther, Message: "the invoice has no lines"}
	case !b.org.Locked(inv.Date).IsZero():
		return &ledger.Refusal{Code: ledger.RefusedLocked, Message: "the books are locked up to " + b.org.Locked(inv.Date).String()}
	}
	inv.Contact = contact.rec
	for i, line := range inv.Lines {
		if a, ok := b.chart.Account(line.Account); line.Account != "" && (!ok || !a.Active) || line.Account == "" && !anyNumber {
			return &ledger.Refusal{Code: ledger.RefusedAccount, Message: fmt.Sprintf("line %d names no account of the chart", i+1)}
		}
	}
	if inv.Number == "" {
		inv.Number = fmt.Sprintf("M-%05d", len(b.invoices.rows)+1)
	}
	for _, r := range b.invoices.rows {
		if !anyNumber && r.rec.Number == inv.Number && r.rec.Status != ledger.StatusDeleted {
			return &ledger.Refusal{Code: ledger.RefusedNumberTaken, Message: "another invoice has the number"}
		}
	}
	return b.total(inv)
}

// total computes what an invoice comes to, payments included.
func (b *Books) total(inv *ledger.Invoice) *ledger.Refusal {
	amounts, taxes, totals, problem := compute(*inv, b.chart)
	if problem != nil {
		return problem
	}
	for i := range inv.Lines {
		inv.Lines[i].Amount, inv.Lines[i].TaxAmount = amounts[i], decimal.NewNullDecimal(taxes[i])
		inv.Lines[i].ID = cmp.Or(inv.Lines[i].ID, strconv.Itoa(i+1))
	}
	totals.Credited = inv.Totals.Credited
	for _, p := range inv.Payments {
		totals.Paid = totals.Paid.Add(p.Amount)
	}
	totals.Balance = totals.Total.Sub(totals.Paid).Sub(totals.Credited)
	inv.Totals = totals
	switch {
	case inv.Status == ledger.StatusApproved && totals.Balance.IsZero() && totals.Paid.IsPositive():
		inv.Status = ledger.StatusPaid
	case inv.Status == ledger.StatusPaid && totals.Balance.IsPositive():
		inv.Status = ledger.StatusApproved
	}
	return nil
}

func (b *Books) checkPayment(p *ledger.Payment) *ledger.Refusal {
	p.Status = cmp.Or(p.Status, ledger.PaymentConfirmed)
	inv := b.invoices.find(p.InvoiceID)
	account, ok := b.chart.Account(p.Account)
	switch {
	case inv == nil || inv.rec.Status != ledger.StatusApproved && inv.rec.Status != ledger.StatusPaid:
		return &ledger.Refusal{Code: ledger.RefusedNotApproved, Message: "the invoice is not there, or not approved"}
	case !ok || !account.TakesPayments:
		return &ledger.Refusal{Code: ledger.RefusedAccount, Message: "the account takes no payments"}
	case !p.Amount.IsPositive():
		return &ledger.Refusal{Code: ledger.RefusedOther, Message: "the amount must be above zero"}
	case p.Amount.GreaterThan(inv.rec.Totals.Balance):
		return &ledger.Refusal{Code: ledger.RefusedOverpays, Message: "more than the " + inv.rec.Totals.Balance.String() + " that are owed"}
	case !b.org.Locked(p.Date).IsZero():
		return &ledger.Refusal{Code: ledger.RefusedLocked, Message: "the books are locked up to " + b.org.Locked(p.Date).String()}
	}
	p.Currency = inv.rec.Currency
	return nil
}

// book adds a checked payment, and to its invoice.
func (b *Books) book(p ledger.Payment) ledger.Payment {
	p = b.payments.add(b, b.newID("pay"), p).rec
	r := b.invoices.find(p.InvoiceID)
	inv := cloneInvoice(r.rec)
	inv.Payments = append(inv.Payments, p)
	b.total(&inv)
	b.invoices.put(b, r, inv)
	return p
}

func (b *Books) void(r *row[ledger.Invoice]) *ledger.Refusal {
	inv := cloneInvoice(r.rec)
	switch {
	case !inv.Status.Live():
		return &ledger.Refusal{Code: "already_void", Message: "the invoice is void already"}
	case len(inv.Payments) > 0:
		return &ledger.Refusal{Code: ledger.RefusedLockedByMoney, Message: "payments are booked on the invoice"}
	case !b.org.Locked(inv.Date).IsZero():
		return &ledger.Refusal{Code: ledger.RefusedLocked, Message: "the books are locked up to " + b.org.Locked(inv.Date).String()}
	case inv.Status == ledger.StatusApproved:
		inv.Status = ledger.StatusVoided
	default:
		inv.Status = ledger.StatusDeleted
	}
	b.invoices.put(b, r, inv)
	return nil
}

func (b *Books) reverse(r *row[ledger.Payment]) {
	p := r.rec
	if p.Status == ledger.PaymentReversed {
		return
	}
	p.Status = ledger.PaymentReversed
	b.payments.put(b, r, p)
	if i := b.invoices.find(p.InvoiceID); i != nil {
		inv := cloneInvoice(i.rec)
		inv.Payments = slices.DeleteFunc(inv.Payments, func(x ledger.Payment) bool { return x.ID == p.ID })
		b.total(&inv)
		b.invoices.put(b, i, inv)
	}
}
