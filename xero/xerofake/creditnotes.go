package xerofake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
)

func getCreditNotes(c *call) answer {
	c.f.mu.RLock()
	b := c.books
	fields := documentFields(b, func(n *CreditNote) *Document { return &n.Document }, "creditnoteid", "creditnotenumber")
	fields["remainingcredit"] = field[*CreditNote]{kind: kindNumber, slow: true, get: func(n *CreditNote) value { return numberValue(n.RemainingCredit) }}
	l := listing[*CreditNote]{typeName: "CreditNote", rows: &b.credits, fields: fields}
	rows, pages, failed := l.page(c)
	if failed != nil {
		c.f.mu.RUnlock()
		return *failed
	}
	detail := invoiceListed
	if pages != nil {
		detail = invoicePaged
	}
	all := make([]*wireCreditNote, len(rows))
	for i, n := range rows {
		all[i] = b.wireCreditNote(n, detail, c.unitPlaces())
	}
	c.f.mu.RUnlock()
	return c.f.envelope("CreditNotes", pages, all)
}

// creditNote finds a credit note by what a body says of it.
func (b *Books) creditNote(ref object) *CreditNote {
	if id := ref.text("CreditNoteID"); id != "" {
		c, _ := b.credits.get(id)
		return c
	}
	return b.creditByPath(ref.text("CreditNoteNumber"))
}

func (b *Books) creditByPath(arg string) *CreditNote {
	if c, ok := b.credits.get(arg); ok {
		return c
	}
	if i := slices.IndexFunc(b.credits.sorted, func(c *CreditNote) bool { return arg != "" && strings.EqualFold(c.Number, arg) }); i >= 0 {
		return b.credits.sorted[i]
	}
	return nil
}

func (b *Books) isCreditNote(arg string) string {
	if c := b.creditByPath(arg); c != nil {
		return c.ID
	}
	return ""
}

func getCreditNote(c *call) answer {
	if c.wantsPDF() {
		return c.creditNotePDF()
	}
	c.f.mu.RLock()
	n := c.books.creditByPath(c.args[0])
	if n == nil {
		c.f.mu.RUnlock()
		return notFound()
	}
	w := c.books.wireCreditNote(n, invoiceFull, c.unitPlaces())
	c.f.mu.RUnlock()
	return c.f.envelope("CreditNotes", nil, []*wireCreditNote{w})
}

func putCreditNotes(c *call) answer {
	return c.batch("CreditNotes", "CreditNote", func(in object) result { return c.writeCreditNote(in, true) })
}

func postCreditNotes(c *call) answer {
	return c.batch("CreditNotes", "CreditNote", func(in object) result { return c.writeCreditNote(in, false) })
}

func (c *call) writeCreditNote(in object, create bool) result {
	d := c.draft()
	n := &CreditNote{Document: Document{ID: c.f.newID(), Type: in.text("Type")}}
	isNew := true
	if !create {
		ref := in
		if len(c.args) > 0 {
			ref = object{"CreditNoteID": c.books.isCreditNote(c.args[0])}
		}
		found := c.books.creditNote(ref)
		switch {
		case found != nil:
			copied := *found
			copied.Lines = slices.Clone(found.Lines)
			n, isNew = &copied, false
		case len(c.args) > 0 || in.text("CreditNoteID") != "" && in.text("CreditNoteID") != noGUID:
			d.refuse("The credit note could not be found.")
		}
	}
	old := *n
	if isNew && n.Type != "ACCRECCREDIT" && n.Type != "ACCPAYCREDIT" {
		d.refuse("The credit note type '%s' is not valid.", n.Type)
	}
	if len(d.errs) == 0 {
		d.creditNote(n, &old, in, isNew)
	}
	if len(d.errs) == 0 {
		if d.contact != nil {
			d.saveContact(d.contact)
		}
		n.Updated = stamp(old.Updated)
		d.change.CreditNotes = append(d.change.CreditNotes, n)
		d.documentHistory(&n.Document, &old.Document, isNew)
		if err := c.f.commit(&d.change); err != nil {
			return result{broken: true}
		}
		if isNew {
			c.f.created["CreditNotes"]++
		}
		return result{record: c.books.wireCreditNote(n, invoiceFull, c.unitPlaces()).as}
	}
	// The echo is the invoice's, under the credit note's names.
	id := n.ID
	if isNew {
		id = noGUID
	}
	e := c.echoInvoice(&Invoice{Document: n.Document}, in, isNew, d.errs)
	w := &wireCreditNote{
		CreditNoteID: id, ID: id, CreditNoteNumber: first(n.Number, in.text("CreditNoteNumber")), Reference: e.Reference, HasErrors: true, Contact: e.Contact,
		DateString: e.DateString, Date: e.Date, Status: e.Status, LineAmountTypes: e.LineAmountTypes, LineItems: e.LineItems,
		CurrencyCode: e.CurrencyCode, ValidationErrors: e.ValidationErrors,
	}
	if n.isCredit() {
		w.Type = n.Type
	}
	return result{failed: true, record: w.as}
}

func (d *draft) creditNote(n, old *CreditNote, in object, isNew bool) {
	d.document(&n.Document, in, isNew)
	d.unlocked(n.Date)
	if !isNew && old.Date != n.Date {
		d.unlocked(old.Date)
	}
	used := old.Total.Sub(old.RemainingCredit)
	if !isNew && (old.Status == "PAID" || approved(old.Status) && used.IsPositive()) &&
		(n.Status != old.Status || !n.Total.Equal(old.Total) || n.Date != old.Date || n.CurrencyCode != old.CurrencyCode || n.ContactID != old.ContactID) {
		d.refuse("Credit note not of valid status for modification")
		d.refuse(settledText)
		return
	}
	if isNew || !approved(old.Status) {
		used = decimal.Decimal{}
	}
	n.RemainingCredit = n.Total.Sub(used)
	if n.Status == "VOIDED" || n.Status == "DELETED" {
		n.RemainingCredit = decimal.Decimal{}
		return
	}
	n.balance(n.Date)
}

// balance makes a credit note PAID when nothing of it is left, and AUTHORISED again when something is.
func (n *CreditNote) balance(on Date) {
	switch {
	case n.Status == "AUTHORISED" && n.RemainingCredit.IsZero():
		n.Status, n.FullyPaidOn = "PAID", on
	case n.Status == "PAID" && !n.RemainingCredit.IsZero():
		n.Status, n.FullyPaidOn = "AUTHORISED", ""
	}
}

func putAllocations(c *call) answer {
	elements, err := c.f.elements(c.body, "Allocations", "Allocation")
	if err != nil {
		return bodyFault(err.Error())
	}
	c.f.mu.RLock()
	id := c.books.isCreditNote(c.args[0])
	c.f.mu.RUnlock()
	if id == "" {
		return notFound()
	}
	var all, bad []any
	for i, in := range elements {
		if !faults.Element(c.ctx, i) {
			return problem500()
		}
		c.f.mu.Lock()
		a, errs, err := c.allocate(id, in)
		var w wireAllocation
		if err == nil {
			w = c.books.wireAllocation(a, &wireCredRef{id, id})
		}
		c.f.mu.Unlock()
		switch {
		case err != nil:
			return problem500()
		case len(errs) > 0:
			w.AllocationID, w.ValidationErrors = "", messagesOf(errs)
			if !isGUID(w.Invoice.InvoiceID) {
				w.Invoice.InvoiceID = noGUID
			}
			bad = append(bad, w.as(""))
			all = append(all, w.as("ERROR"))
		default:
			w.ValidationErrors = []message{}
			all = append(all, w.as("OK"))
		}
	}
	if len(bad) > 0 && !strings.EqualFold(c.param("summarizeErrors"), "false") {
		return invalid(bad...)
	}
	return c.f.envelope("Allocations", nil, all)
}

// allocate applies credit to an invoice. Call with the lock held.
func (c *call) allocate(creditID string, in object) (a Allocation, errs []string, err error) {
	d := c.draft()
	old, _ := c.books.credits.get(creditID)
	a = Allocation{InvoiceID: in.object("Invoice").text("InvoiceID"), Amount: in.number("Amount"), Date: in.date("Date")}
	inv := c.books.invoiceByPath(first(a.InvoiceID, in.object("Invoice").text("InvoiceNumber")))
	if !in.has("Amount") || !a.Amount.IsPositive() || !a.Amount.Equal(a.Amount.Round(2)) {
		d.refuse("The amount of an allocation must be greater than zero, with at most two decimal places.")
	}
	if a.Date == "" {
		d.refuse("The date of an allocation must be specified.")
	}
	if inv == nil {
		d.refuse("The invoice of the allocation could not be found.")
		return a, d.errs, nil
	}
	a.InvoiceID = inv.ID
	switch {
	case old.Status != "AUTHORISED":
		d.refuse("Only authorised credit notes can be allocated.")
	case inv.Status != "AUTHORISED":
		d.refuse("Credit can only be allocated to authorised invoices.")
	case inv.isSale() != old.isSale():
		d.refuse("The invoice and the credit note are of different kinds.")
	case inv.ContactID != old.ContactID:
		d.refuse("The invoice and the credit note belong to different contacts.")
	case inv.CurrencyCode != old.CurrencyCode:
		d.refuse("The invoice and the credit note are in different currencies.")
	case a.Amount.Cmp(inv.AmountDue) > 0:
		d.refuse("The amount of the allocation exceeds the amount outstanding on the invoice.")
	case a.Amount.Cmp(old.RemainingCredit) > 0:
		d.refuse("The amount of the allocation exceeds the remaining credit.")
	}
	d.unlocked(a.Date)
	if len(d.errs) > 0 {
		return a, d.errs, nil
	}
	a.AllocationID = c.f.newID()
	if err := d.applyCredit(old, inv, append(slices.Clone(old.Allocations), a), a, a.Amount); err != nil {
		return a, nil, err
	}
	c.f.created["Allocations"]++
	return a, nil, nil
}

func (d *draft) applyCredit(old *CreditNote, invoice *Invoice, allocations []Allocation, a Allocation, amount decimal.Decimal) error {
	n, inv := *old, *invoice
	n.Allocations, n.RemainingCredit = allocations, n.RemainingCredit.Sub(amount)
	n.balance(a.Date)
	n.Updated = stamp(old.Updated)
	inv.AmountCredited = inv.AmountCredited.Add(amount)
	inv.FullyPaidOn = ""
	if amount.IsPositive() {
		inv.FullyPaidOn = max(a.Date, d.lastSettled(inv.ID, &Payment{}, decimal.Decimal{}))
	}
	inv.balance()
	if inv.Status != "PAID" {
		inv.FullyPaidOn = ""
	}
	inv.Updated = stamp(invoice.Updated)
	d.change.CreditNotes, d.change.Invoices = append(d.change.CreditNotes, &n), append(d.change.Invoices, &inv)
	text := "Credit Applied"
	if amount.IsNegative() {
		text = "Credit Removed"
	}
	d.note(inv.ID, text, fmt.Sprintf("%s of %s.", text, amount.Abs().StringFixed(2)))
	d.note(n.ID, text, fmt.Sprintf("%s of %s.", text, amount.Abs().StringFixed(2)))
	return d.b.f.commit(&d.change)
}

func deleteAllocation(c *call) answer {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	n := c.books.creditByPath(c.args[0])
	if n == nil {
		return notFound()
	}
	i := slices.IndexFunc(n.Allocations, func(a Allocation) bool { return strings.EqualFold(a.AllocationID, c.args[1]) })
	if i < 0 {
		return notFound()
	}
	d := c.draft()
	a := n.Allocations[i]
	inv, _ := c.books.invoices.get(a.InvoiceID)
	if d.unlocked(a.Date); len(d.errs) > 0 {
		return refusal(d.errs...)
	}
	if err := d.applyCredit(n, inv, slices.Delete(slices.Clone(n.Allocations), i, i+1), a, a.Amount.Neg()); err != nil {
		return problem500()
	}
	gone := true
	// The specification answers with a bare allocation, without the envelope.
	return asJSON(200, &wireAllocation{AllocationID: a.AllocationID, Amount: money(a.Amount), Date: wireDate(a.Date), Invoice: &wireRef{InvoiceID: a.InvoiceID}, IsDeleted: &gone})
}
