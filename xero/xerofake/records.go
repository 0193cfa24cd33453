package xerofake

import (
	"time"

	"github.com/shopspring/decimal"
)

// A Document is what invoices and credit notes have in common.
type Document struct {
	ID        string // InvoiceID or CreditNoteID
	Type      string // ACCREC, ACCPAY, ACCRECCREDIT, ACCPAYCREDIT
	Number    string // InvoiceNumber or CreditNoteNumber
	Reference string
	Status    string // DRAFT, SUBMITTED, AUTHORISED, PAID, VOIDED, DELETED
	ContactID string

	Date, DueDate Date
	FullyPaidOn   Date

	LineAmountTypes string // Exclusive, Inclusive, NoTax
	Lines           []Line
	CurrencyCode    string
	CurrencyRate    decimal.Decimal // units of CurrencyCode per unit of base currency

	SubTotal, TotalTax, Total, TotalDiscount decimal.Decimal

	BrandingThemeID string
	SentToContact   bool
	Updated         time.Time // UpdatedDateUTC
	CreatedByApp    string    // app id; "" when entered by hand
}

// A Line of a document. A line that has only a description carries no amounts.
type Line struct {
	LineItemID      string
	Description     string
	DescriptionOnly bool
	ItemCode        string
	AccountCode     string
	TaxType         string
	Quantity        decimal.Decimal
	UnitAmount      decimal.Decimal // two places, or four where it was written with unitdp=4
	DiscountRate    decimal.Decimal
	DiscountAmount  decimal.Decimal
	LineAmount      decimal.Decimal
	TaxAmount       decimal.Decimal
	TaxOverridden   bool
	Tracking        []Tracking
}

// A Tracking is the option of a tracking category that a line is booked under.
type Tracking struct {
	CategoryID, OptionID, Name, Option string
}

// An Invoice is a sales invoice (ACCREC) or a bill (ACCPAY).
type Invoice struct {
	Document
	URL                                     string
	ExpectedPaymentDate, PlannedPaymentDate Date
	AmountDue, AmountPaid, AmountCredited   decimal.Decimal
}

// A CreditNote is a credit to a customer (ACCRECCREDIT) or from a supplier (ACCPAYCREDIT).
type CreditNote struct {
	Document
	RemainingCredit decimal.Decimal
	Allocations     []Allocation
}

// An Allocation applies credit to an invoice.
type Allocation struct {
	AllocationID, InvoiceID string
	Amount                  decimal.Decimal
	Date                    Date
}

// A Payment pays an invoice or refunds a credit note; exactly one of the two ids is set.
type Payment struct {
	PaymentID, InvoiceID, CreditNoteID string
	AccountID                          string
	Date                               Date
	Amount                             decimal.Decimal // in the document's currency
	BankAmount                         decimal.Decimal // in the account's currency
	CurrencyRate                       decimal.Decimal
	Reference                          string
	Status                             string // AUTHORISED, DELETED
	PaymentType                        string
	IsReconciled                       bool
	Batched                            bool // made by a batch payment: cannot be deleted alone
	Updated                            time.Time
	CreatedByApp                       string
}

// A Contact is a customer, a supplier, or both.
type Contact struct {
	ContactID, ContactNumber, AccountNumber string
	Status                                  string // ACTIVE, ARCHIVED, GDPRREQUEST
	Name, FirstName, LastName               string
	CompanyNumber, EmailAddress, TaxNumber  string
	BankAccountDetails, Website             string
	DefaultCurrency                         string
	AccountsReceivableTaxType               string
	AccountsPayableTaxType                  string
	SalesDefaultAccountCode                 string
	PurchasesDefaultAccountCode             string
	SalesDefaultLineAmountType              string
	PurchasesDefaultLineAmountType          string
	Persons                                 []ContactPerson
	Addresses                               []Address
	Phones                                  []Phone
	MergedToContactID                       string
	Updated                                 time.Time
	CreatedByApp                            string
}

// A ContactPerson is one of up to five people of a contact.
type ContactPerson struct {
	FirstName, LastName, EmailAddress string
	IncludeInEmails                   bool
}

// An Address of a contact.
type Address struct {
	AddressType                                            string
	AddressLine1, AddressLine2, AddressLine3, AddressLine4 string `json:",omitempty"`
	City, Region, PostalCode, Country, AttentionTo         string
}

// A Phone of a contact.
type Phone struct{ PhoneType, PhoneNumber, PhoneAreaCode, PhoneCountryCode string }

// A HistoryRecord is a line of a record's history, by the system or a note.
type HistoryRecord struct {
	RecordID, Changes, User, Details string
	At                               time.Time
}
