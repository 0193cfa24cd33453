package xerofake

// The shapes of answers, in the order of fields of the specification's examples. A field that is not
// there is left out; the specification allows null nowhere.

type wireContact struct {
	ContactID                      string
	ContactNumber                  string `json:",omitempty"`
	AccountNumber                  string `json:",omitempty"`
	ContactStatus                  string `json:",omitempty"`
	Name                           string
	FirstName                      string          `json:",omitempty"`
	LastName                       string          `json:",omitempty"`
	CompanyNumber                  string          `json:",omitempty"`
	EmailAddress                   *string         `json:",omitempty"`
	BankAccountDetails             *string         `json:",omitempty"`
	TaxNumber                      string          `json:",omitempty"`
	AccountsReceivableTaxType      string          `json:",omitempty"`
	AccountsPayableTaxType         string          `json:",omitempty"`
	Addresses                      []Address       `json:",omitzero"`
	Phones                         []Phone         `json:",omitzero"`
	UpdatedDateUTC                 string          `json:",omitempty"`
	ContactGroups                  []struct{}      `json:",omitzero"`
	IsSupplier                     *bool           `json:",omitempty"`
	IsCustomer                     *bool           `json:",omitempty"`
	SalesDefaultLineAmountType     string          `json:",omitempty"`
	PurchasesDefaultLineAmountType string          `json:",omitempty"`
	DefaultCurrency                string          `json:",omitempty"`
	Website                        string          `json:",omitempty"`
	PurchasesDefaultAccountCode    string          `json:",omitempty"`
	SalesDefaultAccountCode        string          `json:",omitempty"`
	MergedToContactID              string          `json:",omitempty"`
	Balances                       *wireBalances   `json:",omitempty"`
	ContactPersons                 []ContactPerson `json:",omitzero"`
	HasAttachments                 *bool           `json:",omitempty"`
	HasValidationErrors            bool
	StatusAttributeString          string    `json:",omitempty"`
	ValidationErrors               []message `json:",omitempty"`
}

func (w *wireContact) as(status string) any {
	c := *w
	c.StatusAttributeString = status
	return &c
}

type wireBalances struct{ AccountsReceivable, AccountsPayable wireBalance }

type wireBalance struct{ Outstanding, Overdue *number }

type contactDetail int

const (
	contactNamed   contactDetail = iota // ContactID and Name, as within lists of documents
	contactSummary                      // summaryOnly
	contactListed                       // a list without page
	contactInside                       // within a single document
	contactFull                         // a page, or a single contact
)

func (b *Books) wireContact(c *Contact, detail contactDetail) *wireContact {
	w := &wireContact{ContactID: c.ContactID, Name: c.Name}
	if detail == contactNamed {
		w.Addresses, w.Phones, w.ContactGroups, w.ContactPersons = []Address{}, []Phone{}, []struct{}{}, []ContactPerson{}
		return w
	}
	trades, none := b.trades[c.ContactID], false
	customer, supplier := trades[0] > 0, trades[1] > 0
	w.ContactNumber, w.AccountNumber, w.ContactStatus = c.ContactNumber, c.AccountNumber, c.Status
	w.FirstName, w.LastName, w.CompanyNumber, w.TaxNumber = c.FirstName, c.LastName, c.CompanyNumber, c.TaxNumber
	w.EmailAddress, w.BankAccountDetails = &c.EmailAddress, &c.BankAccountDetails
	w.UpdatedDateUTC = wireInstant(c.Updated)
	w.IsCustomer, w.IsSupplier = &customer, &supplier
	w.HasAttachments = &none
	if detail == contactSummary {
		return w
	}
	w.AccountsReceivableTaxType, w.AccountsPayableTaxType = c.AccountsReceivableTaxType, c.AccountsPayableTaxType
	w.ContactGroups, w.ContactPersons = []struct{}{}, []ContactPerson{}
	w.DefaultCurrency = c.DefaultCurrency
	w.Addresses, w.Phones = allAddresses(c.Addresses), allPhones(c.Phones)
	if detail == contactListed {
		return w
	}
	w.ContactPersons = append(w.ContactPersons, c.Persons...)
	if detail == contactInside {
		return w
	}
	w.SalesDefaultLineAmountType, w.PurchasesDefaultLineAmountType = c.SalesDefaultLineAmountType, c.PurchasesDefaultLineAmountType
	w.SalesDefaultAccountCode, w.PurchasesDefaultAccountCode = c.SalesDefaultAccountCode, c.PurchasesDefaultAccountCode
	w.Website, w.MergedToContactID = c.Website, c.MergedToContactID
	w.Balances = b.balances(c.ContactID)
	return w
}

// allAddresses and allPhones: Xero answers with every type, empty where nothing is known.
func allAddresses(have []Address) []Address {
	all := []Address{{AddressType: "STREET"}, {AddressType: "POBOX"}}
	for i := range all {
		for _, a := range have {
			if a.AddressType == all[i].AddressType {
				all[i] = a
			}
		}
	}
	return all
}

func allPhones(have []Phone) []Phone {
	all := []Phone{{PhoneType: "DDI"}, {PhoneType: "DEFAULT"}, {PhoneType: "FAX"}, {PhoneType: "MOBILE"}}
	for i := range all {
		for _, p := range have {
			if p.PhoneType == all[i].PhoneType {
				all[i] = p
			}
		}
	}
	for _, p := range have {
		if p.PhoneType == "OFFICE" {
			all = append(all, p)
		}
	}
	return all
}

// balances adds up what is open, not converted to the base currency; nil when the contact has no
// invoices.
func (b *Books) balances(contact string) *wireBalances {
	ids := b.contactDocs[contact]
	if len(ids) == 0 {
		return nil
	}
	today := b.today()
	w := &wireBalances{}
	var out, over [2]number
	for _, id := range ids {
		inv, ok := b.invoices.get(id)
		if !ok || inv.Status != "AUTHORISED" {
			continue
		}
		side := 0
		if inv.Type == "ACCPAY" {
			side = 1
		}
		out[side].value = out[side].value.Add(inv.AmountDue)
		if inv.DueDate != "" && inv.DueDate < today {
			over[side].value = over[side].value.Add(inv.AmountDue)
		}
	}
	w.AccountsReceivable = wireBalance{money(out[0].value), money(over[0].value)}
	w.AccountsPayable = wireBalance{money(out[1].value), money(over[1].value)}
	return w
}

type wireLine struct {
	ItemCode         string         `json:",omitempty"`
	Description      string         `json:",omitempty"`
	UnitAmount       *number        `json:",omitempty"`
	TaxType          string         `json:",omitempty"`
	TaxAmount        *number        `json:",omitempty"`
	LineAmount       *number        `json:",omitempty"`
	AccountCode      string         `json:",omitempty"`
	Item             *wireLineItem  `json:",omitempty"`
	Tracking         []wireTracking `json:",omitzero"`
	Quantity         *number        `json:",omitempty"`
	DiscountRate     *number        `json:",omitempty"`
	DiscountAmount   *number        `json:",omitempty"`
	LineItemID       string
	AccountID        string    `json:",omitempty"`
	ValidationErrors []message `json:",omitzero"`
}

type wireLineItem struct{ ItemID, Name, Code string }

type wireTracking struct{ Name, Option, TrackingCategoryID, TrackingOptionID string }

func (b *Books) wireLines(lines []Line, unitPlaces int32) []wireLine {
	all := make([]wireLine, len(lines))
	for i, l := range lines {
		w := wireLine{
			ItemCode: l.ItemCode, Description: l.Description, TaxType: l.TaxType, AccountCode: l.AccountCode,
			LineItemID: l.LineItemID, Tracking: []wireTracking{}, ValidationErrors: []message{},
		}
		if a := b.account(l.AccountCode); a != nil {
			w.AccountID = a.AccountID
		}
		if item := b.item(l.ItemCode); l.ItemCode != "" && item != nil {
			w.Item = &wireLineItem{item.ItemID, item.Name, item.Code}
		}
		for _, t := range l.Tracking {
			w.Tracking = append(w.Tracking, wireTracking{t.Name, t.Option, t.CategoryID, t.OptionID})
		}
		if !l.DescriptionOnly {
			// A unit amount of four places is shown rounded to whoever does not ask for four.
			w.UnitAmount = places(b.f.opts.Switches.round(l.UnitAmount, unitPlaces), unitPlaces)
			w.Quantity, w.LineAmount, w.TaxAmount = places(l.Quantity, 4), money(l.LineAmount), money(l.TaxAmount)
			if !l.DiscountRate.IsZero() {
				w.DiscountRate = money(l.DiscountRate)
			}
			if !l.DiscountAmount.IsZero() {
				w.DiscountAmount = money(l.DiscountAmount)
			}
		}
		all[i] = w
	}
	return all
}

// A wirePaid is a payment within the document it pays.
type wirePaid struct {
	PaymentID           string
	Date                string
	Amount              *number
	Reference           string `json:",omitempty"`
	CurrencyRate        *number
	HasAccount          bool
	HasValidationErrors bool
}

// A wireCredit is a credit note within the invoice it was applied to.
type wireCredit struct {
	CreditNoteID     string
	CreditNoteNumber string
	ID               string
	HasErrors        bool
	AppliedAmount    *number
	DateString       string
	Date             string
	LineItems        []struct{}
	Total            *number
}

type wireInvoice struct {
	Type                      string `json:",omitempty"`
	InvoiceID                 string
	InvoiceNumber             string
	Reference                 *string      `json:",omitempty"`
	Payments                  []wirePaid   `json:",omitzero"`
	CreditNotes               []wireCredit `json:",omitzero"`
	Prepayments               []struct{}   `json:",omitzero"`
	Overpayments              []struct{}   `json:",omitzero"`
	AmountDue                 *number      `json:",omitempty"`
	AmountPaid                *number      `json:",omitempty"`
	AmountCredited            *number      `json:",omitempty"`
	SentToContact             *bool        `json:",omitempty"`
	CurrencyRate              *number      `json:",omitempty"`
	HasErrors                 bool
	IsDiscounted              bool
	HasAttachments            *bool        `json:",omitempty"`
	BrandingThemeID           string       `json:",omitempty"`
	URL                       string       `json:"Url,omitempty"`
	Contact                   *wireContact `json:",omitempty"`
	DateString                string       `json:",omitempty"`
	Date                      string       `json:",omitempty"`
	DueDateString             string       `json:",omitempty"`
	DueDate                   string       `json:",omitempty"`
	ExpectedPaymentDateString string       `json:",omitempty"`
	ExpectedPaymentDate       string       `json:",omitempty"`
	PlannedPaymentDateString  string       `json:",omitempty"`
	PlannedPaymentDate        string       `json:",omitempty"`
	Status                    string       `json:",omitempty"`
	LineAmountTypes           string       `json:",omitempty"`
	LineItems                 []wireLine   `json:",omitzero"`
	SubTotal                  *number      `json:",omitempty"`
	TotalTax                  *number      `json:",omitempty"`
	Total                     *number      `json:",omitempty"`
	TotalDiscount             *number      `json:",omitempty"`
	UpdatedDateUTC            string       `json:",omitempty"`
	UpdatedDateUTCString      string       `json:",omitempty"`
	CurrencyCode              string       `json:",omitempty"`
	FullyPaidOnDate           string       `json:",omitempty"`
	StatusAttributeString     string       `json:",omitempty"`
	ValidationErrors          []message    `json:",omitempty"`
}

func (w *wireInvoice) as(status string) any {
	i := *w
	i.StatusAttributeString = status
	return &i
}

type invoiceDetail int

const (
	invoiceSummary invoiceDetail = iota // summaryOnly
	invoiceListed                       // a list without page: no lines
	invoicePaged                        // a page: lines, and of the contact only id and name
	invoiceFull                         // a single invoice
)

func (b *Books) wireInvoice(i *Invoice, detail invoiceDetail, unitPlaces int32) *wireInvoice {
	w := &wireInvoice{
		Type: i.Type, InvoiceID: i.ID, InvoiceNumber: i.Number, Reference: &i.Reference,
		AmountDue: money(i.AmountDue), AmountPaid: money(i.AmountPaid), AmountCredited: money(i.AmountCredited),
		SentToContact: &i.SentToContact, CurrencyRate: places(i.CurrencyRate, 6), IsDiscounted: !i.TotalDiscount.IsZero(),
		BrandingThemeID: i.BrandingThemeID, URL: i.URL, Contact: b.contactOf(i.ContactID, contactNamed),
		DateString: wireDateString(i.Date), Date: wireDate(i.Date), DueDateString: wireDateString(i.DueDate), DueDate: wireDate(i.DueDate),
		ExpectedPaymentDateString: wireDateString(i.ExpectedPaymentDate), ExpectedPaymentDate: wireDate(i.ExpectedPaymentDate),
		PlannedPaymentDateString: wireDateString(i.PlannedPaymentDate), PlannedPaymentDate: wireDate(i.PlannedPaymentDate),
		Status: i.Status, LineAmountTypes: i.LineAmountTypes,
		SubTotal: money(i.SubTotal), TotalTax: money(i.TotalTax), Total: money(i.Total),
		UpdatedDateUTC: wireInstant(i.Updated), UpdatedDateUTCString: wireInstantString(i.Updated),
		CurrencyCode: i.CurrencyCode, FullyPaidOnDate: wireDate(i.FullyPaidOn),
	}
	if !i.TotalDiscount.IsZero() {
		w.TotalDiscount = money(i.TotalDiscount)
	}
	if detail == invoiceSummary {
		return w
	}
	none := false
	w.HasAttachments = &none
	w.Payments, w.CreditNotes = b.wirePaid(i.ID), b.wireCredits(i.ID)
	w.Prepayments, w.Overpayments = []struct{}{}, []struct{}{}
	w.LineItems = []wireLine{}
	if detail >= invoicePaged {
		w.LineItems = b.wireLines(i.Lines, unitPlaces)
	}
	if detail == invoiceFull {
		w.Contact = b.contactOf(i.ContactID, contactInside)
	}
	return w
}

// contactOf renders a contact within a document, which every document has.
func (b *Books) contactOf(id string, detail contactDetail) *wireContact {
	if c, ok := b.contacts.get(id); ok {
		return b.wireContact(c, detail)
	}
	return nil
}

func (b *Books) wirePaid(document string) []wirePaid {
	all := []wirePaid{}
	for _, id := range b.paid[document] {
		if p, ok := b.payments.get(id); ok && p.Status != "DELETED" {
			all = append(all, wirePaid{PaymentID: p.PaymentID, Date: wireDate(p.Date), Amount: money(p.Amount), Reference: p.Reference, CurrencyRate: places(p.CurrencyRate, 6)})
		}
	}
	return all
}

func (b *Books) wireCredits(invoice string) []wireCredit {
	all := []wireCredit{}
	for _, id := range b.credited[invoice] {
		c, ok := b.credits.get(id)
		if !ok {
			continue
		}
		for _, a := range c.Allocations {
			if a.InvoiceID == invoice {
				all = append(all, wireCredit{
					CreditNoteID: c.ID, CreditNoteNumber: c.Number, ID: c.ID, AppliedAmount: money(a.Amount),
					DateString: wireDateString(a.Date), Date: wireDate(a.Date), LineItems: []struct{}{}, Total: money(c.Total),
				})
			}
		}
	}
	return all
}

type wireCreditNote struct {
	CreditNoteID          string
	CreditNoteNumber      string
	Payments              []wirePaid `json:",omitzero"`
	ID                    string
	CurrencyRate          *number          `json:",omitempty"`
	Type                  string           `json:",omitempty"`
	Reference             *string          `json:",omitempty"`
	SentToContact         *bool            `json:",omitempty"`
	RemainingCredit       *number          `json:",omitempty"`
	Allocations           []wireAllocation `json:",omitzero"`
	HasAttachments        *bool            `json:",omitempty"`
	HasErrors             bool
	BrandingThemeID       string       `json:",omitempty"`
	Contact               *wireContact `json:",omitempty"`
	DateString            string       `json:",omitempty"`
	Date                  string       `json:",omitempty"`
	DueDateString         string       `json:",omitempty"`
	DueDate               string       `json:",omitempty"`
	Status                string       `json:",omitempty"`
	LineAmountTypes       string       `json:",omitempty"`
	LineItems             []wireLine   `json:",omitzero"`
	SubTotal              *number      `json:",omitempty"`
	TotalTax              *number      `json:",omitempty"`
	Total                 *number      `json:",omitempty"`
	UpdatedDateUTC        string       `json:",omitempty"`
	UpdatedDateUTCString  string       `json:",omitempty"`
	CurrencyCode          string       `json:",omitempty"`
	FullyPaidOnDate       string       `json:",omitempty"`
	StatusAttributeString string       `json:",omitempty"`
	ValidationErrors      []message    `json:",omitempty"`
}

func (w *wireCreditNote) as(status string) any {
	c := *w
	c.StatusAttributeString = status
	return &c
}

type wireAllocation struct {
	AllocationID          string `json:",omitempty"`
	Amount                *number
	Date                  string       `json:",omitempty"`
	DateString            string       `json:",omitempty"`
	Invoice               *wireRef     `json:",omitempty"`
	CreditNote            *wireCredRef `json:",omitempty"`
	IsDeleted             *bool        `json:",omitempty"`
	StatusAttributeString string       `json:",omitempty"`
	ValidationErrors      []message    `json:",omitzero"`
}

func (w *wireAllocation) as(status string) any {
	a := *w
	a.StatusAttributeString = status
	return &a
}

// A wireRef is an invoice of which only the name is told.
type wireRef struct {
	InvoiceID     string
	InvoiceNumber string `json:",omitempty"`
}

type wireCredRef struct {
	CreditNoteID string
	ID           string
}

func (b *Books) wireCreditNote(c *CreditNote, detail invoiceDetail, unitPlaces int32) *wireCreditNote {
	none := false
	w := &wireCreditNote{
		CreditNoteID: c.ID, CreditNoteNumber: c.Number, Payments: b.wirePaid(c.ID), ID: c.ID, CurrencyRate: places(c.CurrencyRate, 6),
		Type: c.Type, Reference: &c.Reference, SentToContact: &c.SentToContact, RemainingCredit: money(c.RemainingCredit), Allocations: []wireAllocation{},
		HasAttachments: &none, BrandingThemeID: c.BrandingThemeID, Contact: b.contactOf(c.ContactID, contactNamed),
		DateString: wireDateString(c.Date), Date: wireDate(c.Date), DueDateString: wireDateString(c.DueDate), DueDate: wireDate(c.DueDate),
		Status: c.Status, LineAmountTypes: c.LineAmountTypes, LineItems: []wireLine{},
		SubTotal: money(c.SubTotal), TotalTax: money(c.TotalTax), Total: money(c.Total),
		UpdatedDateUTC: wireInstant(c.Updated), UpdatedDateUTCString: wireInstantString(c.Updated),
		CurrencyCode: c.CurrencyCode, FullyPaidOnDate: wireDate(c.FullyPaidOn),
	}
	for _, a := range c.Allocations {
		w.Allocations = append(w.Allocations, b.wireAllocation(a, nil))
	}
	if detail >= invoicePaged {
		w.LineItems = b.wireLines(c.Lines, unitPlaces)
	}
	if detail == invoiceFull {
		w.Contact = b.contactOf(c.ContactID, contactInside)
	}
	return w
}

func (b *Books) wireAllocation(a Allocation, credit *wireCredRef) wireAllocation {
	ref := &wireRef{InvoiceID: a.InvoiceID}
	if inv, ok := b.invoices.get(a.InvoiceID); ok {
		ref.InvoiceNumber = inv.Number
	}
	return wireAllocation{AllocationID: a.AllocationID, Amount: money(a.Amount), Date: wireDate(a.Date), DateString: wireDateString(a.Date), Invoice: ref, CreditNote: credit}
}

type wirePayment struct {
	PaymentID             string
	Date                  string  `json:",omitempty"`
	BankAmount            *number `json:",omitempty"`
	Amount                *number `json:",omitempty"`
	Reference             string  `json:",omitempty"`
	CurrencyRate          *number `json:",omitempty"`
	PaymentType           string  `json:",omitempty"`
	Status                string  `json:",omitempty"`
	UpdatedDateUTC        string  `json:",omitempty"`
	UpdatedDateUTCString  string  `json:",omitempty"`
	HasAccount            bool
	IsReconciled          bool
	Account               *wirePayer   `json:",omitempty"`
	Invoice               *wireInvoice `json:",omitempty"`
	HasValidationErrors   bool
	StatusAttributeString string    `json:",omitempty"`
	ValidationErrors      []message `json:",omitempty"`
}

func (w *wirePayment) as(status string) any {
	p := *w
	p.StatusAttributeString = status
	return &p
}

type wirePayer struct {
	AccountID string
	Code      string `json:",omitempty"`
	Name      string `json:",omitempty"`
}

// wirePayment renders a payment; a refund of a credit note names it as an invoice of the credit's type,
// as the specification's examples do.
func (b *Books) wirePayment(p *Payment, full bool) *wirePayment {
	w := &wirePayment{
		PaymentID: p.PaymentID, Date: wireDate(p.Date), BankAmount: money(p.BankAmount), Amount: money(p.Amount), Reference: p.Reference,
		CurrencyRate: places(p.CurrencyRate, 6), PaymentType: p.PaymentType, Status: p.Status,
		UpdatedDateUTC: wireInstant(p.Updated), UpdatedDateUTCString: wireInstantString(p.Updated), IsReconciled: p.IsReconciled,
	}
	if a := find(b.accounts, func(a *Account) bool { return a.AccountID == p.AccountID }); a != nil {
		w.HasAccount, w.Account = true, &wirePayer{AccountID: a.AccountID, Code: a.Code}
		if full {
			w.Account.Name = a.Name
		}
	}
	if inv, ok := b.invoices.get(p.InvoiceID); ok {
		w.Invoice = b.wireInvoice(inv, map[bool]invoiceDetail{false: invoiceListed, true: invoicePaged}[full], 2)
	} else if c, ok := b.credits.get(p.CreditNoteID); ok {
		as := &Invoice{Document: c.Document, AmountDue: c.RemainingCredit, AmountPaid: c.Total.Sub(c.RemainingCredit)}
		w.Invoice = b.wireInvoice(as, map[bool]invoiceDetail{false: invoiceListed, true: invoicePaged}[full], 2)
	}
	if w.Invoice != nil && !full {
		in := w.Invoice
		w.Invoice = &wireInvoice{
			Type: in.Type, InvoiceID: in.InvoiceID, InvoiceNumber: in.InvoiceNumber, Payments: []wirePaid{}, CreditNotes: []wireCredit{},
			Prepayments: in.Prepayments, Overpayments: in.Overpayments, IsDiscounted: in.IsDiscounted, Contact: in.Contact,
			LineItems: in.LineItems, CurrencyCode: in.CurrencyCode,
		}
	}
	return w
}
