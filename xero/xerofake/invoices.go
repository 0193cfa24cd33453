package xerofake

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

func getInvoices(c *call) answer {
	c.f.mu.RLock()
	b := c.books
	summary := c.flag("summaryOnly")
	l := listing[*Invoice]{typeName: "Invoice", rows: &b.invoices, fields: b.invoiceFields(), paged: summary}
	if set := c.set("Statuses"); set != nil {
		l.paged = true
		l.keep = append(l.keep, func(i *Invoice) bool { return set[strings.ToLower(i.Status)] })
	}
	if set := c.set("IDs"); set != nil {
		l.keep = append(l.keep, func(i *Invoice) bool { return set[i.ID] })
	}
	if set := c.set("InvoiceNumbers"); set != nil {
		l.keep = append(l.keep, func(i *Invoice) bool { return i.Number != "" && set[fold(i.Number)] })
	}
	if set := c.set("ContactIDs"); set != nil {
		l.keep = append(l.keep, func(i *Invoice) bool { return set[i.ContactID] })
	}
	if c.flag("createdByMyApp") {
		l.keep = append(l.keep, func(i *Invoice) bool { return i.CreatedByApp == c.caller.app })
	}
	if term := fold(c.param("searchTerm")); term != "" {
		l.keep = append(l.keep, func(i *Invoice) bool {
			return strings.Contains(fold(i.Number), term) || strings.Contains(fold(i.Reference), term)
		})
	}
	rows, pages, failed := l.page(c)
	if failed != nil {
		c.f.mu.RUnlock()
		return *failed
	}
	detail := invoiceListed
	switch {
	case summary:
		detail = invoiceSummary
	case pages != nil:
		detail = invoicePaged
	}
	all := make([]*wireInvoice, len(rows))
	for i, inv := range rows {
		all[i] = b.wireInvoice(inv, detail, c.unitPlaces())
	}
	c.f.mu.RUnlock()
	return c.f.envelope("Invoices", pages, all)
}

func documentFields[T record](b *Books, doc func(T) *Document, idField, numberField string) fields[T] {
	str := func(slow bool, get func(*Document) string) field[T] {
		return field[T]{kind: kindString, slow: slow, get: func(r T) value { return textValue(get(doc(r))) }}
	}
	contact := func(slow bool, get func(*Contact) string) field[T] {
		return field[T]{kind: kindString, slow: slow, get: func(r T) value {
			if c, ok := b.contacts.get(doc(r).ContactID); ok {
				return textValue(get(c))
			}
			return value{kind: kindString, null: true}
		}}
	}
	num := func(get func(*Document) decimal.Decimal) field[T] {
		return field[T]{kind: kindNumber, slow: true, get: func(r T) value { return numberValue(get(doc(r))) }}
	}
	return fields[T]{
		idField:                 {kind: kindGUID, get: func(r T) value { return guidValue(doc(r).ID) }},
		numberField:             str(false, func(d *Document) string { return d.Number }),
		"status":                str(false, func(d *Document) string { return d.Status }),
		"type":                  str(false, func(d *Document) string { return d.Type }),
		"reference":             str(false, func(d *Document) string { return d.Reference }),
		"contact.contactid":     {kind: kindGUID, get: func(r T) value { return guidValue(doc(r).ContactID) }},
		"contact.name":          contact(false, func(c *Contact) string { return c.Name }),
		"contact.contactnumber": contact(false, func(c *Contact) string { return c.ContactNumber }),
		"date":                  {kind: kindTime, get: func(r T) value { return dateValue(doc(r).Date) }},
		"duedate":               {kind: kindTime, get: func(r T) value { return dateValue(doc(r).DueDate) }},
		"updateddateutc":        {kind: kindTime, get: func(r T) value { return timeValue(doc(r).Updated) }},
		"fullypaidondate":       {kind: kindTime, slow: true, get: func(r T) value { return dateValue(doc(r).FullyPaidOn) }},
		"currencycode":          str(true, func(d *Document) string { return d.CurrencyCode }),
		"lineamounttypes":       str(true, func(d *Document) string { return d.LineAmountTypes }),
		"subtotal":              num(func(d *Document) decimal.Decimal { return d.SubTotal }),
		"totaltax":              num(func(d *Document) decimal.Decimal { return d.TotalTax }),
		"total":                 num(func(d *Document) decimal.Decimal { return d.Total }),
		"senttocontact":         {kind: kindBoolean, slow: true, get: func(r T) value { return boolValue(doc(r).SentToContact) }},
	}
}

func (b *Books) invoiceFields() fields[*Invoice] {
	all := documentFields(b, func(i *Invoice) *Document { return &i.Document }, "invoiceid", "invoicenumber")
	all["amountdue"] = field[*Invoice]{kind: kindNumber, get: func(i *Invoice) value { return numberValue(i.AmountDue) }}
	all["amountpaid"] = field[*Invoice]{kind: kindNumber, get: func(i *Invoice) value { return numberValue(i.AmountPaid) }}
	all["amountcredited"] = field[*Invoice]{kind: kindNumber, slow: true, get: func(i *Invoice) value { return numberValue(i.AmountCredited) }}
	all["url"] = field[*Invoice]{kind: kindString, slow: true, get: func(i *Invoice) value { return textValue(i.URL) }}
	return all
}

// invoiceByPath finds an invoice by InvoiceID or, for sales invoices, by number; of several with the
// number the one that holds it.
func (b *Books) invoiceByPath(arg string) *Invoice {
	if i, ok := b.invoices.get(arg); ok {
		return i
	}
	return b.saleByNumber(arg)
}

func (b *Books) saleByNumber(number string) *Invoice {
	var found *Invoice
	for _, id := range b.saleIndex[fold(number)] {
		if i, ok := b.invoices.get(id); ok && (found == nil || found.Status == "DELETED" || found.Status == "VOIDED" && i.Status != "DELETED") {
			found = i
		}
	}
	return found
}

func (b *Books) isInvoice(arg string) string {
	if i := b.invoiceByPath(arg); i != nil {
		return i.ID
	}
	return ""
}

func getInvoice(c *call) answer {
	if c.wantsPDF() {
		return c.invoicePDF()
	}
	c.f.mu.RLock()
	i := c.books.invoiceByPath(c.args[0])
	if i == nil {
		c.f.mu.RUnlock()
		return notFound()
	}
	wire := c.books.wireInvoice(i, invoiceFull, c.unitPlaces())
	c.f.mu.RUnlock()
	return c.f.envelope("Invoices", nil, []*wireInvoice{wire})
}

func putInvoices(c *call) answer {
	return c.batch("Invoices", "Invoice", func(in object) result { return c.writeInvoice(in, true) })
}

func postInvoices(c *call) answer {
	return c.batch("Invoices", "Invoice", func(in object) result { return c.writeInvoice(in, false) })
}

// writeInvoice creates or changes one invoice. POST without an id but with a known number changes that
// invoice, whoever made it (freakboy3742/pyxero#328).
func (c *call) writeInvoice(in object, create bool) result {
	d := c.draft()
	inv := &Invoice{Document: Document{ID: c.f.newID(), Type: in.text("Type")}}
	isNew := true
	if !create {
		id := in.text("InvoiceID")
		if len(c.args) > 0 {
			id = c.args[0]
		}
		var found *Invoice
		if id != "" && id != noGUID {
			if found = c.books.invoiceByPath(id); found == nil {
				d.refuse("The invoice with ID %s could not be found.", id)
			}
		} else if n := in.text("InvoiceNumber"); n != "" && in.text("Type") != "ACCPAY" {
			found = c.books.saleByNumber(n)
			if found != nil && !d.holdsNumber(found.Status) {
				found = nil
			}
		}
		if found != nil {
			copied := *found
			copied.Lines = slices.Clone(found.Lines)
			inv, isNew = &copied, false
		}
	}
	old := *inv
	if isNew && inv.Type != "ACCREC" && inv.Type != "ACCPAY" {
		d.refuse("The invoice type '%s' is not valid.", inv.Type)
	}
	if len(d.errs) == 0 {
		d.invoice(inv, &old, in, isNew)
	}
	if len(d.errs) == 0 {
		if err := d.saveInvoice(inv, &old, isNew); err != nil {
			return result{broken: true}
		}
		wire := c.books.wireInvoice(inv, invoiceFull, c.unitPlaces())
		return result{record: wire.as}
	}
	return result{failed: true, record: c.echoInvoice(inv, in, isNew, d.errs).as}
}

// invoice carries the sent fields over and checks the result against what is stored.
func (d *draft) invoice(inv, old *Invoice, in object, isNew bool) {
	d.document(&inv.Document, in, isNew)
	if in.has("Url") {
		inv.URL = in.text("Url")
		d.sourceURL(inv.URL)
	}
	if in.text("ExpectedPaymentDate") != "" && inv.Type == "ACCREC" {
		inv.ExpectedPaymentDate = in.date("ExpectedPaymentDate")
	}
	if in.text("PlannedPaymentDate") != "" && inv.Type == "ACCPAY" {
		inv.PlannedPaymentDate = in.date("PlannedPaymentDate")
	}
	if len(d.errs) > 0 && isNew {
		return
	}
	d.unlocked(inv.Date)
	if !isNew {
		if old.Date != inv.Date {
			d.unlocked(old.Date)
		}
		if old.settled() {
			d.settledEdit(inv, old)
		}
	}
	inv.balance()
}

// settled invoices have payments or credit on them.
func (i *Invoice) settled() bool {
	return i.Status == "PAID" || !i.AmountPaid.IsZero() || !i.AmountCredited.IsZero()
}

// balance computes what is due, and what follows for the status: PAID is the system's.
func (i *Invoice) balance() {
	i.AmountDue = i.Total.Sub(i.AmountPaid).Sub(i.AmountCredited)
	switch {
	case i.Status == "VOIDED" || i.Status == "DELETED":
		i.AmountDue = decimal.Decimal{}
	case i.Status == "AUTHORISED" && i.AmountDue.IsZero():
		i.Status, i.FullyPaidOn = "PAID", first2(i.FullyPaidOn, i.Date)
	case i.Status == "PAID" && !i.AmountDue.IsZero():
		i.Status, i.FullyPaidOn = "AUTHORISED", ""
	}
}

func first2(a, b Date) Date {
	if a != "" {
		return a
	}
	return b
}

// settledEdit allows on a part- or fully-paid sales invoice only Reference, DueDate, InvoiceNumber,
// BrandingThemeID, Contact (not where credit paid it), Url, and of lines Description, AccountCode and
// Tracking; on a bill nothing, unless the switch says otherwise.
func (d *draft) settledEdit(inv, old *Invoice) {
	changed := inv.Status != old.Status || inv.Date != old.Date || inv.LineAmountTypes != old.LineAmountTypes ||
		inv.CurrencyCode != old.CurrencyCode || !inv.CurrencyRate.Equal(old.CurrencyRate) || !inv.Total.Equal(old.Total) ||
		inv.ContactID != old.ContactID && !old.AmountCredited.IsZero() || len(inv.Lines) != len(old.Lines)
	if old.Type == "ACCPAY" && !d.sw.PaidBillsEditable {
		changed = changed || inv.DueDate != old.DueDate || inv.Number != old.Number || inv.ContactID != old.ContactID ||
			inv.URL != old.URL || inv.BrandingThemeID != old.BrandingThemeID || inv.PlannedPaymentDate != old.PlannedPaymentDate
	}
	for _, l := range inv.Lines {
		i := slices.IndexFunc(old.Lines, func(o Line) bool { return o.LineItemID == l.LineItemID })
		if i < 0 {
			changed = true
			break
		}
		o := old.Lines[i]
		changed = changed || !l.Quantity.Equal(o.Quantity) || !l.UnitAmount.Equal(o.UnitAmount) || !l.LineAmount.Equal(o.LineAmount) ||
			!l.TaxAmount.Equal(o.TaxAmount) || l.TaxType != o.TaxType || l.ItemCode != o.ItemCode || !l.DiscountRate.Equal(o.DiscountRate)
		if old.Type == "ACCPAY" && !d.sw.PaidBillsEditable {
			changed = changed || l.Description != o.Description || l.AccountCode != o.AccountCode || !slices.Equal(l.Tracking, o.Tracking)
		}
	}
	if changed {
		d.refuse("Invoice not of valid status for modification")
		d.refuse(settledText)
	}
}

// onlyQuiet tells whether an edit touched nothing but what Xero does not announce: DueDate and
// SentToContact of a part-paid document keep UpdatedDateUTC.
func onlyQuiet(inv, old *Invoice) bool {
	if !old.settled() {
		return false
	}
	a, b := *inv, *old
	a.DueDate, a.SentToContact = b.DueDate, b.SentToContact
	return sameInvoice(&a, &b) && (inv.DueDate != old.DueDate || inv.SentToContact != old.SentToContact)
}

func sameInvoice(a, b *Invoice) bool {
	return a.Number == b.Number && a.Reference == b.Reference && a.Status == b.Status && a.ContactID == b.ContactID && a.Date == b.Date &&
		a.DueDate == b.DueDate && a.BrandingThemeID == b.BrandingThemeID && a.URL == b.URL && a.SentToContact == b.SentToContact &&
		a.ExpectedPaymentDate == b.ExpectedPaymentDate && a.PlannedPaymentDate == b.PlannedPaymentDate && a.Total.Equal(b.Total) &&
		slices.EqualFunc(a.Lines, b.Lines, func(x, y Line) bool {
			return x.LineItemID == y.LineItemID && x.Description == y.Description && x.AccountCode == y.AccountCode && slices.Equal(x.Tracking, y.Tracking)
		})
}

// saveInvoice commits the invoice with what was drafted along with it.
func (d *draft) saveInvoice(inv, old *Invoice, isNew bool) error {
	if d.contact != nil {
		d.saveContact(d.contact)
	}
	if isNew || !onlyQuiet(inv, old) {
		inv.Updated = stamp(old.Updated)
	}
	d.change.Invoices = append(d.change.Invoices, inv)
	d.documentHistory(&inv.Document, &old.Document, isNew)
	if err := d.b.f.commit(&d.change); err != nil {
		return err
	}
	if isNew {
		d.b.f.created["Invoices"]++
	}
	return nil
}

func (d *draft) documentHistory(doc, old *Document, isNew bool) {
	switch {
	case isNew:
		d.note(doc.ID, "Created", fmt.Sprintf("%s for %s created.", first(doc.Number, doc.kind()), doc.Total.StringFixed(2)))
	case doc.Status == "VOIDED" && old.Status != "VOIDED":
		d.note(doc.ID, "Voided", first(doc.Number, doc.kind())+" voided.")
		return
	case doc.Status == "DELETED" && old.Status != "DELETED":
		d.note(doc.ID, "Deleted", first(doc.Number, doc.kind())+" deleted.")
		return
	default:
		d.note(doc.ID, "Edited", first(doc.Number, doc.kind())+" edited.")
	}
	if approved(doc.Status) && !approved(old.Status) {
		d.note(doc.ID, "Approved", first(doc.Number, doc.kind())+" approved.")
	}
}

// echoInvoice is the element that failed: what was sent, under the zero id where it is new. Values that
// are not of the specification's enumerations are left out.
func (c *call) echoInvoice(inv *Invoice, in object, isNew bool, errs []string) *wireInvoice {
	echo := *inv
	if isNew {
		echo.ID = noGUID
		echo.Lines = slices.Clone(inv.Lines)
		for i := range echo.Lines {
			echo.Lines[i].LineItemID = noGUID
		}
	}
	echo.AmountDue = decimal.Decimal{}
	w := c.books.wireInvoice(&echo, invoicePaged, c.unitPlaces())
	w.HasErrors, w.ValidationErrors = true, messagesOf(errs)
	if isNew {
		w.UpdatedDateUTC, w.UpdatedDateUTCString = "", ""
	}
	w.Contact = c.echoContact(w.Contact, in)
	w.InvoiceNumber = first(w.InvoiceNumber, in.text("InvoiceNumber"))
	if w.Type != "ACCREC" && w.Type != "ACCPAY" {
		w.Type = ""
	}
	if !slices.Contains([]string{"DRAFT", "SUBMITTED", "DELETED", "AUTHORISED", "PAID", "VOIDED"}, w.Status) {
		w.Status = ""
	}
	if _, ok := currencyName(w.CurrencyCode); !ok {
		w.CurrencyCode = ""
	}
	return w
}

func (c *call) echoContact(known *wireContact, in object) *wireContact {
	if known != nil {
		return known
	}
	sent := in.object("Contact")
	if len(sent) == 0 {
		return nil
	}
	id := noGUID
	if isGUID(sent.text("ContactID")) {
		id = sent.text("ContactID")
	}
	return &wireContact{ContactID: id, Name: sent.text("Name"), HasValidationErrors: false}
}

func getOnlineInvoice(c *call) answer {
	c.f.mu.RLock()
	i := c.books.invoiceByPath(c.args[0])
	c.f.mu.RUnlock()
	switch {
	case i == nil:
		return notFound()
	case i.Type != "ACCREC" || i.Status == "DRAFT" || i.Status == "DELETED":
		return refusal("An online invoice exists only for a sales invoice that is not a draft.")
	}
	type wire struct{ OnlineInvoiceUrl string } //nolint:revive // the vendor's spelling
	return c.f.envelope("OnlineInvoices", nil, []wire{{"https://in.xero.com/" + strings.ReplaceAll(i.ID, "-", "")}})
}

// emailsADay is the organisation's daily limit of e-mails.
func (o *Organisation) emailsADay() int {
	switch {
	case o.IsDemoCompany || o.Class == "DEMO":
		return 0
	case o.Class == "TRIAL":
		return 20
	}
	return 1000
}

func emailInvoice(c *call) answer {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	b := c.books
	i := b.invoiceByPath(c.args[0])
	if i == nil {
		return notFound()
	}
	d := c.draft()
	if i.Type != "ACCREC" {
		d.refuse("Only sales invoices can be emailed.")
	}
	if i.Status != "SUBMITTED" && !approved(i.Status) {
		d.refuse("An invoice of status %s cannot be emailed.", i.Status)
	}
	contact, ok := b.contacts.get(i.ContactID)
	if !ok || contact.EmailAddress == "" {
		d.refuse("The contact has no email address.")
	}
	day := DateOf(now(), b.loc)
	if b.emails[day] >= b.org.emailsADay() {
		d.refuse("The daily limit of %d emails has been reached.", b.org.emailsADay())
	}
	if len(d.errs) > 0 {
		return refusal(d.errs...)
	}
	sent := *i
	if approved(i.Status) {
		sent.SentToContact = true
	}
	if !onlyQuiet(&sent, i) {
		sent.Updated = stamp(i.Updated)
	}
	d.change.Invoices = append(d.change.Invoices, &sent)
	d.change.Emails = map[Date]int{day: b.emails[day] + 1}
	d.note(i.ID, "Invoice Sent", "This invoice has been sent to its contact.")
	if err := c.f.commit(&d.change); err != nil {
		return problem500()
	}
	return answer{status: http.StatusNoContent}
}
