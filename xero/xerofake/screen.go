package xerofake

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// What a person reads at the screen.

// Organisation returns the organisation's settings.
func (b *Books) Organisation() Organisation { return read(b, func() Organisation { return b.org }) }

// ConnectionID returns the id of the app's connection, as /connections tells it.
func (b *Books) ConnectionID() string { return read(b, func() string { return b.link.ID }) }

// Invoices returns all invoices, of every status, in the order of UpdatedDateUTC.
func (b *Books) Invoices() []Invoice { return values(b, &b.invoices) }

// Contacts returns all contacts, archived ones too, in the order of UpdatedDateUTC.
func (b *Books) Contacts() []Contact { return values(b, &b.contacts) }

// Payments returns all payments, deleted ones too, in the order of UpdatedDateUTC.
func (b *Books) Payments() []Payment { return values(b, &b.payments) }

// CreditNotes returns all credit notes in the order of UpdatedDateUTC.
func (b *Books) CreditNotes() []CreditNote { return values(b, &b.credits) }

// Accounts returns the chart of accounts.
func (b *Books) Accounts() []Account { return chartValues(b, &b.accounts) }

// TaxRates returns the tax rates.
func (b *Books) TaxRates() []TaxRate { return chartValues(b, &b.rates) }

// Items returns the items.
func (b *Books) Items() []Item { return chartValues(b, &b.items) }

// BrandingThemes returns the branding themes.
func (b *Books) BrandingThemes() []BrandingTheme { return chartValues(b, &b.themes) }

// TrackingCategories returns the tracking categories.
func (b *Books) TrackingCategories() []TrackingCategory { return chartValues(b, &b.tracking) }

// Invoice returns an invoice by id or, for sales invoices, by number.
func (b *Books) Invoice(idOrNumber string) (Invoice, bool) {
	return one1(b, func() *Invoice { return b.invoiceByPath(idOrNumber) })
}

// Contact returns a contact by id or ContactNumber.
func (b *Books) Contact(idOrNumber string) (Contact, bool) {
	return one1(b, func() *Contact { return b.contactByPath(idOrNumber) })
}

// CreditNote returns a credit note by id or number.
func (b *Books) CreditNote(idOrNumber string) (CreditNote, bool) {
	return one1(b, func() *CreditNote { return b.creditByPath(idOrNumber) })
}

// Payment returns a payment by id.
func (b *Books) Payment(id string) (Payment, bool) {
	return one1(b, func() *Payment { p, _ := b.payments.get(id); return p })
}

// Account returns an account by its code.
func (b *Books) Account(code string) (Account, bool) {
	return one1(b, func() *Account { return b.account(code) })
}

// History returns the history of a record, oldest first.
func (b *Books) History(id string) []HistoryRecord {
	return read(b, func() []HistoryRecord { return slices.Clone(b.history[id]) })
}

func read[T any](b *Books, get func() T) T {
	b.f.mu.RLock()
	defer b.f.mu.RUnlock()
	return get()
}

func one1[T any](b *Books, get func() *T) (T, bool) {
	b.f.mu.RLock()
	defer b.f.mu.RUnlock()
	if r := get(); r != nil {
		return *r, true
	}
	var none T
	return none, false
}

func values[T any, R interface {
	*T
	record
}](b *Books, t *timeline[R]) []T {
	b.f.mu.RLock()
	defer b.f.mu.RUnlock()
	all := make([]T, len(t.sorted))
	for i, r := range t.sorted {
		all[i] = *(*T)(r)
	}
	return all
}

func chartValues[T any](b *Books, rows *[]*T) []T {
	b.f.mu.RLock()
	defer b.f.mu.RUnlock()
	all := make([]T, len(*rows))
	for i, r := range *rows {
		all[i] = *r
	}
	return all
}

// What a person does at the screen. None of it is limited, and none of it is counted as a call.

// person runs an edit under the lock; the edit's refusals become the error.
func (b *Books) person(edit func(*draft) error) error {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	d := &draft{b: b, sw: &b.f.opts.Switches, places: 4, change: change{Org: b.org.OrganisationID}}
	if err := edit(d); err != nil {
		return err
	}
	if len(d.errs) > 0 {
		return errors.New("xerofake: refused: " + strings.Join(d.errs, " "))
	}
	return b.f.commit(&d.change)
}

var errNoRecord = errors.New("xerofake: there is no such record")

// AddContact enters a contact. Only Name is needed.
func (b *Books) AddContact(c Contact) (Contact, error) {
	err := b.person(func(d *draft) error {
		c.ContactID, c.Status = first(strings.ToLower(c.ContactID), b.f.newID()), first(c.Status, "ACTIVE")
		if c.Name == "" {
			d.refuse("The contact name must be specified.")
		}
		d.uniqueContact(&c)
		kept := c
		d.saveContact(&kept)
		c = kept
		return nil
	})
	return c, err
}

// EditContact changes a contact.
func (b *Books) EditContact(id string, edit func(*Contact)) error {
	return b.person(func(d *draft) error {
		old := b.contactByPath(id)
		if old == nil {
			return errNoRecord
		}
		c := *old
		edit(&c)
		c.ContactID = old.ContactID
		d.uniqueContact(&c)
		d.saveContact(&c)
		return nil
	})
}

// ArchiveContact archives a contact.
func (b *Books) ArchiveContact(id string) error {
	return b.EditContact(id, func(c *Contact) { c.Status = "ARCHIVED" })
}

// MergeContacts merges a contact into another: its documents move there, without being updated, and it
// is archived with MergedToContactID set.
func (b *Books) MergeContacts(from, to string) error {
	return b.person(func(d *draft) error {
		source, target := b.contactByPath(from), b.contactByPath(to)
		if source == nil || target == nil || source == target {
			return errNoRecord
		}
		merged := *source
		merged.Status, merged.MergedToContactID = "ARCHIVED", target.ContactID
		d.saveContact(&merged)
		for _, id := range b.contactDocs[source.ContactID] {
			if old, ok := b.invoices.get(id); ok {
				inv := *old
				inv.ContactID = target.ContactID
				d.change.Invoices = append(d.change.Invoices, &inv)
			}
		}
		for _, old := range b.credits.sorted {
			if old.ContactID == source.ContactID {
				n := *old
				n.ContactID = target.ContactID
				d.change.CreditNotes = append(d.change.CreditNotes, &n)
			}
		}
		return nil
	})
}

// AddInvoice enters an invoice by hand. Contact and lines are needed; Type is ACCREC, Status AUTHORISED,
// Date today, DueDate the Date, and the number the next one, unless given. Amounts, totals and taxes are
// computed from quantity, unit amount and tax type (the account's when empty; a given TaxAmount stays
// where TaxOverridden is set).
func (b *Books) AddInvoice(inv Invoice) (Invoice, error) {
	err := b.person(func(d *draft) error {
		inv.ID, inv.Type, inv.Status = first(strings.ToLower(inv.ID), b.f.newID()), first(inv.Type, "ACCREC"), first(inv.Status, "AUTHORISED")
		inv.Date = first2(inv.Date, b.today())
		inv.DueDate = first2(inv.DueDate, inv.Date)
		kept := inv
		if err := d.byHand(&kept.Document); err != nil {
			return err
		}
		kept.balance()
		kept.Updated = now()
		d.change.Invoices = append(d.change.Invoices, &kept)
		d.documentHistory(&kept.Document, &Document{}, true)
		inv = kept
		return nil
	})
	return inv, err
}

// AddCreditNote enters a credit note by hand, like [Books.AddInvoice]; Type is ACCRECCREDIT unless given.
func (b *Books) AddCreditNote(n CreditNote) (CreditNote, error) {
	err := b.person(func(d *draft) error {
		n.ID, n.Type, n.Status = first(strings.ToLower(n.ID), b.f.newID()), first(n.Type, "ACCRECCREDIT"), first(n.Status, "AUTHORISED")
		n.Date = first2(n.Date, b.today())
		kept := n
		if err := d.byHand(&kept.Document); err != nil {
			return err
		}
		kept.RemainingCredit = kept.Total
		kept.balance(kept.Date)
		kept.Updated = now()
		d.change.CreditNotes = append(d.change.CreditNotes, &kept)
		d.documentHistory(&kept.Document, &Document{}, true)
		n = kept
		return nil
	})
	return n, err
}

// byHand fills in and computes a document entered at the screen.
func (d *draft) byHand(doc *Document) error {
	if _, ok := d.b.contacts.get(doc.ContactID); !ok {
		return fmt.Errorf("xerofake: contact %q does not exist; add it first", doc.ContactID)
	}
	doc.LineAmountTypes = first(doc.LineAmountTypes, "Exclusive")
	doc.CurrencyCode = first(doc.CurrencyCode, d.b.org.BaseCurrency)
	if !doc.CurrencyRate.IsPositive() {
		doc.CurrencyRate = d.b.dayRate(doc.CurrencyCode)
	}
	if doc.Number != "" {
		d.documentNumber(doc, "number")
	} else if doc.isSale() {
		d.autoNumber(doc)
	}
	doc.Lines = slices.Clone(doc.Lines)
	d.compute(doc)
	return nil
}

// compute computes the lines and totals of a document from what was entered.
func (d *draft) compute(doc *Document) {
	for i := range doc.Lines {
		l := &doc.Lines[i]
		l.LineItemID = first(l.LineItemID, d.b.f.newID())
		if l.DescriptionOnly {
			continue
		}
		if l.Quantity.IsZero() && l.LineAmount.IsZero() {
			l.Quantity = decimal.New(1, 0)
		}
		if a := d.b.account(l.AccountCode); a != nil && l.TaxType == "" {
			l.TaxType = a.TaxType
		}
		gross := l.Quantity.Mul(l.UnitAmount)
		if l.DiscountAmount.IsZero() {
			l.LineAmount = d.sw.round(ratio(gross, hundred().Sub(l.DiscountRate), hundred()), 2)
		} else {
			l.LineAmount = d.sw.round(gross.Sub(l.DiscountAmount), 2)
		}
	}
	d.tax(doc)
}

// EditInvoice changes an invoice at the screen; lines and totals are computed anew, whatever its
// status. UpdatedDateUTC moves.
func (b *Books) EditInvoice(id string, edit func(*Invoice)) error {
	return b.person(func(d *draft) error {
		old := b.invoiceByPath(id)
		if old == nil {
			return errNoRecord
		}
		inv := *old
		inv.Lines = slices.Clone(old.Lines)
		edit(&inv)
		inv.ID = old.ID
		d.compute(&inv.Document)
		inv.balance()
		inv.Updated = stamp(old.Updated)
		d.change.Invoices = append(d.change.Invoices, &inv)
		d.documentHistory(&inv.Document, &old.Document, false)
		return nil
	})
}

// VoidInvoice voids an approved invoice without payments or credit, and deletes a draft.
func (b *Books) VoidInvoice(id string) error {
	return b.person(func(d *draft) error {
		old := b.invoiceByPath(id)
		if old == nil {
			return errNoRecord
		}
		inv := *old
		switch {
		case old.settled():
			d.refuse(settledText)
		case old.Status == "AUTHORISED":
			inv.Status = "VOIDED"
		case old.Status == "DRAFT" || old.Status == "SUBMITTED":
			inv.Status = "DELETED"
		default:
			d.refuse("Invoice not of valid status for modification")
		}
		d.unlocked(inv.Date)
		inv.balance()
		inv.Updated = stamp(old.Updated)
		d.change.Invoices = append(d.change.Invoices, &inv)
		d.documentHistory(&inv.Document, &old.Document, false)
		return nil
	})
}

// AddPayment enters a payment by hand. InvoiceID or CreditNoteID and Amount are needed; the account is
// the first bank account and the date today unless given.
func (b *Books) AddPayment(p Payment) (Payment, error) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	d := &draft{b: b, sw: &b.f.opts.Switches, change: change{Org: b.org.OrganisationID}}
	if p.AccountID == "" {
		if bank := find(b.accounts, func(a *Account) bool { return a.Type == "BANK" && a.Status == "ACTIVE" }); bank != nil {
			p.AccountID = bank.AccountID
		}
	}
	in := object{
		"Account": map[string]any{"AccountID": p.AccountID}, "Amount": p.Amount.String(), "Reference": p.Reference,
		"Date": string(first2(p.Date, b.today())), "IsReconciled": p.IsReconciled,
	}
	if p.InvoiceID != "" {
		in["Invoice"] = map[string]any{"InvoiceID": p.InvoiceID}
	}
	if p.CreditNoteID != "" {
		in["CreditNote"] = map[string]any{"CreditNoteID": p.CreditNoteID}
	}
	kept := &Payment{PaymentID: first(strings.ToLower(p.PaymentID), b.f.newID()), Status: "AUTHORISED", Batched: p.Batched}
	d.payment(kept, in)
	if len(d.errs) > 0 {
		return Payment{}, errors.New("xerofake: refused: " + strings.Join(d.errs, " "))
	}
	err := d.savePayment(kept)
	return *kept, err
}

// DeletePayment deletes a payment, a reconciled one too.
func (b *Books) DeletePayment(id string) error {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	p, ok := b.payments.get(id)
	if !ok {
		return errNoRecord
	}
	d := &draft{b: b, sw: &b.f.opts.Switches, change: change{Org: b.org.OrganisationID}}
	plain := *p
	plain.IsReconciled = false
	if _, err := d.deletePayment(&plain); err != nil {
		return err
	}
	if len(d.errs) > 0 {
		return errors.New("xerofake: refused: " + strings.Join(d.errs, " "))
	}
	return nil
}

// ReconcilePayment matches a payment with a line of the bank statement.
func (b *Books) ReconcilePayment(id string) error {
	return b.person(func(d *draft) error {
		old, ok := b.payments.get(id)
		if !ok || old.Status == "DELETED" {
			return errNoRecord
		}
		p := *old
		p.IsReconciled, p.Updated = true, stamp(old.Updated)
		d.change.Payments = append(d.change.Payments, &p)
		d.note(id, "Reconciled", "Payment reconciled.")
		return nil
	})
}

// SetLockDates locks everything dated on or before the dates; an empty date unlocks.
func (b *Books) SetLockDates(period, endOfYear Date) error {
	return b.settings(func(o *Organisation) { o.PeriodLockDate, o.EndOfYearLockDate = period, endOfYear })
}

// EnableCurrency subscribes the organisation to a currency.
func (b *Books) EnableCurrency(code string) error {
	if _, ok := currencyName(code); !ok {
		return fmt.Errorf("xerofake: currency %q is unknown to Xero", code)
	}
	return b.settings(func(o *Organisation) {
		if !slices.Contains(o.Currencies, code) {
			o.Currencies = append(slices.Clone(o.Currencies), code)
		}
	})
}

func (b *Books) settings(edit func(*Organisation)) error {
	return b.person(func(d *draft) error {
		org := b.org
		edit(&org)
		d.change.Organisation = &org
		return nil
	})
}

// Disconnect ends the app's connection from Xero's side: its tenant id answers 403 from now on.
func (b *Books) Disconnect() error {
	return b.person(func(d *draft) error {
		link := b.link
		link.Gone, link.Updated = true, now()
		d.change.Link = &link
		return nil
	})
}

// Reconnect connects the same organisation again under a new tenant id ("" for a fresh one) and returns
// it; the old id answers 403.
func (b *Books) Reconnect(tenantID string) (string, error) {
	err := b.person(func(d *draft) error {
		org, link := b.org, b.link
		org.TenantID = first(strings.ToLower(tenantID), b.f.newID())
		link.ID, link.AuthEventID, link.Updated, link.Gone = b.f.newID(), b.f.newID(), now(), false
		tenantID = org.TenantID
		d.change.Organisation, d.change.Link = &org, &link
		return nil
	})
	return tenantID, err
}

// AddAccount adds an account to the chart, or replaces the one with its AccountID.
func (b *Books) AddAccount(a Account) error {
	return b.person(func(d *draft) error {
		if other := b.account(a.Code); other != nil && other.AccountID != a.AccountID {
			d.refuse("The account code '%s' is already in use.", a.Code)
		}
		d.change.Accounts = append(d.change.Accounts, b.f.freshAccount(a, b.org.BaseCurrency))
		return nil
	})
}

// ArchiveAccount archives the account with that code.
func (b *Books) ArchiveAccount(code string) error {
	return b.person(func(d *draft) error {
		old := b.account(code)
		if old == nil {
			return errNoRecord
		}
		a := *old
		a.Status, a.Updated = "ARCHIVED", now()
		d.change.Accounts = append(d.change.Accounts, &a)
		return nil
	})
}

// AddTaxRate adds a tax rate, or replaces the one of its TaxType.
func (b *Books) AddTaxRate(t TaxRate) error {
	return b.person(func(d *draft) error {
		d.change.TaxRates = append(d.change.TaxRates, freshTaxRate(t))
		return nil
	})
}

// DeleteTaxRate deletes the rate of a tax type; it stays listed with the status DELETED.
func (b *Books) DeleteTaxRate(taxType string) error {
	return b.person(func(d *draft) error {
		old := b.rate(taxType)
		if old == nil {
			return errNoRecord
		}
		t := *old
		t.Status = "DELETED"
		d.change.TaxRates = append(d.change.TaxRates, &t)
		return nil
	})
}

// AddItem adds an item, or replaces the one with its code.
func (b *Books) AddItem(i Item) error {
	return b.person(func(d *draft) error {
		if old := b.item(i.Code); old != nil {
			i.ItemID = old.ItemID
		}
		i.ItemID, i.Updated = first(i.ItemID, b.f.newID()), now()
		d.change.Items = append(d.change.Items, &i)
		return nil
	})
}
