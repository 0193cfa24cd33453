package xerofake

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// A draft is a change being checked: every reason against it is collected before it is refused.
type draft struct {
	b      *Books
	sw     *Switches
	app    string
	places int32 // of unit amounts
	errs   []string
	// taxBefore is the tax type that the line being changed had.
	taxBefore string
	// contact is created or updated along with the document.
	contact *Contact
	change  change
}

func (c *call) draft() *draft {
	return &draft{b: c.books, sw: &c.f.opts.Switches, app: c.caller.app, places: c.unitPlaces(), change: change{Org: c.books.org.OrganisationID}}
}

func (d *draft) refuse(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(d.errs, text) {
		d.errs = append(d.errs, text)
	}
}

func (d *draft) note(record, changes, details string) {
	user := "System Generated"
	if d.app == "" {
		user = "Bookkeeper"
	}
	d.change.History = append(d.change.History, HistoryRecord{RecordID: record, Changes: changes, User: user, Details: details, At: now()})
}

func (doc *Document) isSale() bool   { return doc.Type == "ACCREC" || doc.Type == "ACCRECCREDIT" }
func (doc *Document) isCredit() bool { return doc.Type == "ACCRECCREDIT" || doc.Type == "ACCPAYCREDIT" }
func (doc *Document) kind() string {
	if doc.isCredit() {
		return "Credit note"
	}
	return "Invoice"
}

// approved documents are in the ledger.
func approved(status string) bool { return status == "AUTHORISED" || status == "PAID" }

// mayBecome is the status machine for requests; PAID is the system's alone.
func mayBecome(from, to string) bool {
	switch from {
	case "DRAFT", "SUBMITTED":
		return to == "DRAFT" || to == "SUBMITTED" || to == "AUTHORISED" || to == "DELETED"
	case "AUTHORISED":
		return to == "AUTHORISED" || to == "VOIDED"
	}
	return from == to && from == "PAID"
}

// document carries a sent invoice or credit note over to doc, a copy of what is stored or, on
// creation, an empty one of the right type.
func (d *draft) document(doc *Document, in object, create bool) {
	old := *doc
	numberField := "InvoiceNumber"
	if doc.isCredit() {
		numberField = "CreditNoteNumber"
	}
	if create {
		doc.CurrencyRate, doc.LineAmountTypes, doc.CreatedByApp = decimal.Decimal{}, "Exclusive", d.app
	}
	d.documentStatus(doc, in, create)
	if len(d.errs) > 0 {
		return
	}
	if create || in.has("Contact") {
		d.documentContact(doc, in.object("Contact"), create)
	}

	in.set(numberField, &doc.Number)
	if doc.isSale() {
		in.set("Reference", &doc.Reference)
	}
	if len([]rune(doc.Reference)) > 255 {
		d.refuse("The Reference exceeds the maximum length of 255 characters.")
	}
	if doc.Number != old.Number {
		d.documentNumber(doc, numberField)
	}
	if in.has("LineAmountTypes") {
		if v := in.text("LineAmountTypes"); v == "Exclusive" || v == "Inclusive" || v == "NoTax" {
			doc.LineAmountTypes = v
		} else {
			d.refuse("The LineAmountTypes '%s' is not valid.", v)
		}
	}
	d.documentDates(doc, in, create)
	d.documentCurrency(doc, in, create)
	if in.has("BrandingThemeID") {
		id := strings.ToLower(in.text("BrandingThemeID"))
		if id != "" && find(d.b.themes, func(t *BrandingTheme) bool { return t.BrandingThemeID == id }) == nil {
			d.refuse("The branding theme '%s' could not be found.", id)
		}
		doc.BrandingThemeID = id
	}
	if in.has("SentToContact") {
		doc.SentToContact = in.boolean("SentToContact")
		if doc.SentToContact && !approved(doc.Status) {
			d.refuse("SentToContact can be set only on approved documents.")
		}
	}

	linesSent := in.has("LineItems") && (create || len(in.list("LineItems")) > 0)
	if linesSent {
		d.lines(doc, in.list("LineItems"), create)
	}
	if len(doc.Lines) == 0 {
		d.refuse("One or more line items must be specified")
	}
	d.final(doc, &old, linesSent)
	if linesSent || create || doc.LineAmountTypes != old.LineAmountTypes {
		d.tax(doc)
	}
	if doc.Total.IsNegative() {
		d.refuse("The total of the %s must not be negative.", strings.ToLower(doc.kind()))
	}
	if d.sw.CheckTotals {
		differs := func(name string, is decimal.Decimal) bool { return in.has(name) && !in.number(name).Equal(is) }
		if differs("SubTotal", doc.SubTotal) || differs("TotalTax", doc.TotalTax) || differs("Total", doc.Total) {
			d.refuse("The invoice total does not equal the sum of the lines.")
		}
	}
	if create && doc.isSale() && doc.Number == "" && len(d.errs) == 0 {
		d.autoNumber(doc)
	}
}

func (d *draft) documentStatus(doc *Document, in object, create bool) {
	want := in.text("Status")
	switch {
	case create:
		doc.Status = first(want, "DRAFT")
		if doc.Status != "DRAFT" && doc.Status != "SUBMITTED" && doc.Status != "AUTHORISED" {
			d.refuse("%s not of valid status for creation", doc.kind())
		}
	case doc.Status == "VOIDED" || doc.Status == "DELETED":
		d.refuse("%s not of valid status for modification", doc.kind())
	case want != "" && !mayBecome(doc.Status, want):
		d.refuse("%s not of valid status for modification", doc.kind())
		if doc.Status == "PAID" {
			d.refuse(settledText)
		}
	case want != "":
		doc.Status = want
	}
	if !create && in.has("Type") && in.text("Type") != doc.Type {
		d.refuse("The type of a document cannot be changed.")
	}
}

const settledText = "This document cannot be edited as it has a payment or credit note allocated to it."

// documentContact finds the contact by id, number or name; only a name without a match makes a new
// one. Other fields of it update the contact, and drop the persons that are not sent.
func (d *draft) documentContact(doc *Document, in object, create bool) {
	if len(in) == 0 {
		if create {
			d.refuse("A Contact must be specified for this type of transaction")
		}
		return
	}
	contact := d.findContact(in)
	id := in.text("ContactID")
	switch {
	case contact == nil && id != "" && id != noGUID:
		d.refuse("The contact with ID %s could not be found.", id)
		return
	case contact == nil && in.text("Name") == "":
		d.refuse("A Contact must be specified for this type of transaction")
		return
	case contact == nil:
		fresh := &Contact{ContactID: d.b.f.newID(), Status: "ACTIVE", CreatedByApp: d.app}
		d.shapeContact(fresh, in, true)
		d.contact, contact = fresh, fresh
	case contact.Status == "ARCHIVED" && (create || contact.ContactID != doc.ContactID):
		d.refuse("The contact with the specified contact details has been archived. The contact must be un-archived before creating new invoices or credit notes.")
		return
	case changesContact(in, contact):
		updated := *contact
		updated.Persons = nil
		d.shapeContact(&updated, in, false)
		d.contact = &updated
	}
	doc.ContactID = contact.ContactID
}

// changesContact tells whether a contact within a document says more than which contact is meant.
func changesContact(in object, c *Contact) bool {
	probe := *c
	for name, field := range probe.texts() {
		if in.has(name) && in.text(name) != *field {
			return true
		}
	}
	return in.has("Addresses") && len(in.list("Addresses")) > 0 || in.has("Phones") && len(in.list("Phones")) > 0 ||
		in.has("ContactPersons") && len(in.list("ContactPersons")) > 0
}

func (d *draft) documentNumber(doc *Document, field string) {
	if len(doc.Number) > 255 {
		d.refuse("The %s exceeds the maximum length of 255 characters.", field)
		return
	}
	for i := 0; i < len(doc.Number); i++ {
		if doc.Number[i] < ' ' || doc.Number[i] > '~' {
			d.refuse("The %s may only contain printable ASCII characters.", field)
			return
		}
	}
	if doc.Number != "" && doc.isSale() && d.taken(doc, doc.Number) {
		if doc.isCredit() {
			d.refuse("Credit note # must be unique.")
		} else {
			d.refuse("Invoice # must be unique.")
		}
	}
}

// taken tells whether another sales document of the same kind has the number.
func (d *draft) taken(doc *Document, number string) bool {
	if doc.isCredit() {
		for _, c := range d.b.credits.sorted {
			if c.ID != doc.ID && c.isSale() && strings.EqualFold(c.Number, number) && d.holdsNumber(c.Status) {
				return true
			}
		}
		return false
	}
	return slices.ContainsFunc(d.b.saleIndex[fold(number)], func(id string) bool {
		other, _ := d.b.invoices.get(id)
		return id != doc.ID && d.holdsNumber(other.Status)
	})
}

func (d *draft) holdsNumber(status string) bool {
	switch status {
	case "DELETED":
		return d.sw.DeletedNumbersTaken
	case "VOIDED":
		return !d.sw.VoidedNumbersFree
	}
	return true
}

// autoNumber gives the next free number of the organisation's settings.
func (d *draft) autoNumber(doc *Document) {
	next, prefix := &d.change.NextInvoice, d.b.org.InvoicePrefix
	if doc.isCredit() {
		next, prefix = &d.change.NextCredit, d.b.org.CreditNotePrefix
		*next = d.b.nextCredit
	} else {
		*next = d.b.nextInvoice
	}
	for doc.Number == "" {
		if number := fmt.Sprintf("%s%04d", prefix, *next); !d.taken(doc, number) {
			doc.Number = number
		}
		*next++
	}
}

func (d *draft) documentDates(doc *Document, in object, create bool) {
	if in.text("Date") != "" {
		doc.Date = in.date("Date")
	} else if create {
		doc.Date = d.b.today()
	}
	if in.text("DueDate") != "" {
		doc.DueDate = in.date("DueDate")
	}
}

func (d *draft) documentCurrency(doc *Document, in object, create bool) {
	before := doc.CurrencyCode
	if create {
		doc.CurrencyCode = d.b.org.BaseCurrency
		if c, ok := d.b.contacts.get(doc.ContactID); ok && slices.Contains(d.b.org.Currencies, c.DefaultCurrency) {
			doc.CurrencyCode = c.DefaultCurrency
		}
	}
	in.set("CurrencyCode", &doc.CurrencyCode)
	if !slices.Contains(d.b.org.Currencies, doc.CurrencyCode) {
		d.refuse("Organisation is not subscribed to currency %s", doc.CurrencyCode)
		return
	}
	switch {
	case doc.CurrencyCode == d.b.org.BaseCurrency:
		doc.CurrencyRate = decimal.New(1, 0)
	case in.has("CurrencyRate") && !in.number("CurrencyRate").IsZero():
		rate := in.number("CurrencyRate").Round(6)
		if !rate.IsPositive() || rate.Cmp(decimal.New(1, 18)) >= 0 {
			d.refuse("The currency rate must be greater than zero, with at most 18 digits before and 6 after the point.")
		}
		doc.CurrencyRate = rate
	case create || doc.CurrencyCode != before:
		doc.CurrencyRate = d.b.dayRate(doc.CurrencyCode)
	}
}

// final checks what a document needs beyond DRAFT.
func (d *draft) final(doc, old *Document, linesSent bool) {
	rising := doc.Status != old.Status && doc.Status != "VOIDED" && doc.Status != "DELETED"
	if linesSent || rising {
		d.taxTypes(doc)
	}
	if doc.Status != "SUBMITTED" && doc.Status != "AUTHORISED" {
		return
	}
	if !doc.isCredit() && doc.DueDate == "" {
		d.refuse("The due date must be specified.")
	}
	if !linesSent && !rising {
		return
	}
	for _, l := range doc.Lines {
		if l.Description == "" {
			d.refuse("The description of each line item must be at least 1 character.")
		}
		if l.DescriptionOnly {
			continue
		}
		if l.AccountCode == "" {
			d.refuse("Account code must be specified")
		} else if a := d.b.account(l.AccountCode); a == nil || a.Status != "ACTIVE" {
			d.refuse("Account code '%s' is not a valid code for this document.", l.AccountCode)
		}
	}
}

// unlocked refuses dates on or before a lock date. Xero's text names the date.
func (d *draft) unlocked(dates ...Date) {
	for _, date := range dates {
		if date == "" {
			continue
		}
		name, lock := "end of year", d.b.org.EndOfYearLockDate
		if d.b.org.PeriodLockDate >= lock {
			name, lock = "period", d.b.org.PeriodLockDate
		}
		if lock != "" && date <= lock {
			d.refuse("The document date cannot be before the %s lock date, currently set at %s", name, lock.Time().Format("2 January 2006"))
			return
		}
	}
}

// sourceURL checks the link to the source document.
func (d *draft) sourceURL(s string) {
	u, err := url.Parse(s)
	switch {
	case s == "":
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		d.refuse("The Url is not a valid URL.")
	case strings.Contains(strings.ToLower(s), "xero"):
		d.refuse("The Url must not contain the word 'xero'.")
	}
}

// stamp is the next UpdatedDateUTC of a record: now, and never before the one it has.
func stamp(before time.Time) time.Time {
	if t := now(); t.After(before) {
		return t
	}
	return before
}
