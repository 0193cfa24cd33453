package ledger

import (
	"time"

	"github.com/shopspring/decimal"
)

// DocumentKind says what a document is.
type DocumentKind string

// The kinds of document.
const (
	SalesInvoice DocumentKind = "invoice"
	CreditNote   DocumentKind = "credit_note"
)

// Status is where a document stands.
type Status string

// The states of a document. A vendor's state that none of these describes is StatusUnknown, and an
// invoice of unknown status is never written or imported.
const (
	StatusUnknown   Status = ""
	StatusDraft     Status = "draft"
	StatusSubmitted Status = "submitted" // waiting for approval
	StatusApproved  Status = "approved"  // awaiting payment
	StatusPaid      Status = "paid"
	StatusVoided    Status = "voided"
	StatusDeleted   Status = "deleted"
)

// Live reports whether the document counts in the books: neither voided nor deleted.
func (s Status) Live() bool { return s != StatusVoided && s != StatusDeleted }

// TaxMode says how line amounts and tax relate.
type TaxMode string

// The ways to express tax.
const (
	TaxExclusive TaxMode = "exclusive" // amounts are net, tax comes on top
	TaxInclusive TaxMode = "inclusive" // amounts contain tax
	TaxNone      TaxMode = "none"
)

// Ref points at a record by its id or by the number people see. An id wins where both are given.
type Ref struct {
	ID     string
	Number string
}

// String returns the id, or "number N".
func (r Ref) String() string {
	if r.ID != "" {
		return r.ID
	}
	if r.Number == "" {
		return "without id and number"
	}
	return "number " + r.Number
}

// Invoice is an invoice or credit note, of a source or of a ledger.
type Invoice struct {
	ID        string
	Number    string   // what people see on it; may be empty
	Aliases   []string // other ids of the same document at its vendor (Infusionsoft: invoice id, invoice number)
	Reference string
	Title     string
	Kind      DocumentKind
	Status    Status
	Contact   Contact // as far as the document carries it; Contact.ID is the vendor's id
	Date      Date
	DueDate   Date
	Currency  Currency
	Rate      decimal.NullDecimal // base currency per unit of Currency, where the document states one
	Lines     []Line
	TaxMode   TaxMode
	Totals    Totals

	// Payments are those that came with the document. When PaymentsElsewhere is set there may be
	// more, and Source.PaymentsOf must be asked.
	Payments          []Payment
	PaymentsElsewhere bool
	Plan              []Instalment // payment plan; empty when there is none

	CreatedAt time.Time
	UpdatedAt time.Time
	Version   string // changes whenever the document changes
	URL       string // deep link into the vendor's screens
	Mark      Mark   // our mark, where the document carries one

	Theme         string // id of the ledger's branding theme; "" is its default
	SentToContact bool   // marked as sent to the contact

	// Unclear, when not empty, is a reason code for a record that was read but not understood
	// (an unknown enum, a missing contact, units that fail closed); it must be parked with it.
	Unclear       string
	UnclearDetail string // which field and what it held: no personal data
}

// Totals are the sums of a document, in its currency. Balance is what is still to be paid.
type Totals struct {
	Net      decimal.Decimal
	Tax      decimal.Decimal
	Total    decimal.Decimal
	Paid     decimal.Decimal
	Credited decimal.Decimal
	Balance  decimal.Decimal
}

// LineKind says what a line is for.
type LineKind string

// The kinds of line.
const (
	LineProduct       LineKind = "product"
	LineService       LineKind = "service"
	LineShipping      LineKind = "shipping"
	LineTax           LineKind = "tax"
	LineDiscount      LineKind = "discount" // its Amount is never positive
	LineFinanceCharge LineKind = "finance_charge"
	LineOther         LineKind = "other"
)

// Taxability says whether a line bears sales tax, where the source knows.
type Taxability string

// What a source may know of a line's tax.
const (
	TaxUnknown Taxability = ""
	Taxable    Taxability = "taxable"
	NonTaxable Taxability = "non_taxable"
)

// Line is one line of a document. Amount is Quantity × UnitPrice as the vendor rounds it; the sum of
// the amounts of an exclusive invoice's lines, tax lines included, is its total.
type Line struct {
	ID          string
	AppliesTo   string // for a discount: id of the line it reduces; "" is the whole document
	Kind        LineKind
	SKU         string
	Name        string
	Description string
	Quantity    decimal.Decimal
	UnitPrice   decimal.Decimal
	Amount      decimal.Decimal
	Taxability  Taxability
	TaxCode     string              // the ledger's code
	TaxAmount   decimal.NullDecimal // stated tax; not valid: the ledger computes it
	Account     string              // the ledger's account code
	ItemCode    string              // the ledger's item code
	ItemID      string              // the ledger's id of the item, where the code alone may not tell; it wins
	Tracking    []Tracking
}

// Tracking is one tracking category (Xero) of a line, both by name.
type Tracking struct{ Category, Option string }

// Instalment is one payment of a payment plan.
type Instalment struct {
	Due    Date
	Amount decimal.Decimal
	Paid   decimal.Decimal
}
