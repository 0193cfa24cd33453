package xero

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/shopspring/decimal"
)

// The shapes of Xero's JSON, as far as they are used. Amounts keep their digits.

// wirePage is an answer with a list. A list that is absent is nil, one that is empty is not.
type wirePage struct {
	DateTimeUTC string
	Pagination  *wirePagination `json:"pagination"`
	Invoices    []wireInvoice
	Contacts    []wireContact
	Payments    []wirePayment
}

// roomFor returns a page with room for n records of a kind, so that decoding does not move them about. A
// list that is absent from the answer stays empty, and is nil only where n is 0.
func roomFor(kind string, n int) (p wirePage) {
	if n == 0 {
		return p
	}
	switch kind {
	case "Invoices":
		p.Invoices = make([]wireInvoice, 0, n)
	case "Contacts":
		p.Contacts = make([]wireContact, 0, n)
	case "Payments":
		p.Payments = make([]wirePayment, 0, n)
	}
	return p
}

// rawPage is a wirePage whose records are not read yet.
type rawPage struct {
	DateTimeUTC string
	Pagination  *wirePagination `json:"pagination"`
	Invoices    []json.RawMessage
	Contacts    []json.RawMessage
	Payments    []json.RawMessage
}

type wirePagination struct {
	Page      int `json:"page"`
	PageSize  int `json:"pageSize"`
	PageCount int `json:"pageCount"`
	ItemCount int `json:"itemCount"`
}

// wireResult is how Xero answers for one record of a batch.
type wireResult struct {
	StatusAttributeString word
	HasErrors             flag
	HasValidationErrors   flag
	ValidationErrors      []wireMessage
}

func (r wireResult) failed() bool {
	return r.StatusAttributeString == "ERROR" || bool(r.HasErrors) || bool(r.HasValidationErrors) || len(r.ValidationErrors) > 0
}

type wireInvoice struct {
	wireResult
	Type            word
	InvoiceID       string
	InvoiceNumber   string
	Reference       string
	URL             string `json:"Url"`
	Status          word
	LineAmountTypes word
	CurrencyCode    word
	BrandingThemeID string
	Contact         wireContact
	Date            moment
	DateString      moment
	DueDate         moment
	DueDateString   moment
	UpdatedDateUTC  moment
	CurrencyRate    digits
	SubTotal        digits
	TotalTax        digits
	Total           digits
	AmountDue       digits
	AmountPaid      digits
	AmountCredited  digits
	SentToContact   flag
	LineItems       []wireLine
	Payments        []wirePayment
}

type wireLine struct {
	LineItemID     string
	Description    string
	Quantity       digits
	UnitAmount     digits
	LineAmount     digits
	TaxAmount      digits
	DiscountRate   digits
	DiscountAmount digits
	ItemCode       string
	AccountCode    string
	AccountID      string
	TaxType        word
	Item           struct{ Name string }
	Tracking       []wireTracking
}

type wireTracking struct{ Name, Option string }

type wireContact struct {
	wireResult
	ContactID         string
	ContactNumber     string
	AccountNumber     string
	ContactStatus     word
	Name              string
	FirstName         string
	LastName          string
	EmailAddress      string
	DefaultCurrency   word
	MergedToContactID string
	UpdatedDateUTC    moment
}

type wirePayment struct {
	wireResult
	PaymentID      string
	BatchPaymentID string
	BatchPayment   struct{ BatchPaymentID string }
	PaymentType    word
	Status         word
	Date           moment
	Amount         digits
	CurrencyRate   digits
	Reference      string
	IsReconciled   flag
	UpdatedDateUTC moment
	Account        struct{ AccountID, Code string }
	Invoice        struct {
		InvoiceID, InvoiceNumber string
		Type, CurrencyCode       word
	}
}

// flag is a bool that Xero sometimes sends as a string ("false" in a payment's batch).
type flag bool

// UnmarshalJSON reads true, "true", null and their like.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(b) { // as they are sent, nearly always
	case "true":
		*f = true
		return nil
	case "false":
		*f = false
		return nil
	}
	switch string(bytes.ToLower(bytes.Trim(b, `"`))) {
	case "true", "1":
		*f = true
	case "false", "0", "null", "":
		*f = false
	default:
		return errors.New("xero: neither true nor false")
	}
	return nil
}

// number is a decimal that goes over the wire as a JSON number, digit by digit.
type number struct{ decimal.Decimal }

// MarshalJSON writes the plain digits, never an exponent.
func (n number) MarshalJSON() ([]byte, error) {
	return appendNumber(make([]byte, 0, 16), n.Decimal), nil
}

func numberOf(d decimal.Decimal) *number { return &number{d} }

// The shapes that are sent. What is not set is not sent: Xero then keeps or computes it.

type outInvoices struct{ Invoices []outInvoice }

type outInvoice struct {
	Type            string      `json:",omitempty"`
	InvoiceID       string      `json:",omitempty"`
	InvoiceNumber   string      `json:",omitempty"`
	Reference       *string     `json:",omitempty"`
	Contact         *outContact `json:",omitempty"`
	Date            string      `json:",omitempty"`
	DueDate         string      `json:",omitempty"`
	LineAmountTypes string      `json:",omitempty"`
	CurrencyCode    string      `json:",omitempty"`
	CurrencyRate    *number     `json:",omitempty"`
	BrandingThemeID string      `json:",omitempty"`
	URL             string      `json:"Url,omitempty"`
	Status          string      `json:",omitempty"`
	SentToContact   *bool       `json:",omitempty"`
	LineItems       []outLine   `json:",omitempty"`
}

type outLine struct {
	LineItemID  string         `json:",omitempty"`
	Description string         `json:",omitempty"`
	Quantity    *number        `json:",omitempty"`
	UnitAmount  *number        `json:",omitempty"`
	ItemCode    string         `json:",omitempty"`
	AccountCode string         `json:",omitempty"`
	TaxType     string         `json:",omitempty"`
	TaxAmount   *number        `json:",omitempty"`
	Tracking    []wireTracking `json:",omitempty"`
}

type outContacts struct{ Contacts []outContact }

type outContact struct {
	ContactID     string `json:",omitempty"`
	Name          string `json:",omitempty"`
	FirstName     string `json:",omitempty"`
	LastName      string `json:",omitempty"`
	EmailAddress  string `json:",omitempty"`
	ContactNumber string `json:",omitempty"`
	AccountNumber string `json:",omitempty"`
}

type outPayments struct{ Payments []outPayment }

type outPayment struct {
	Invoice      struct{ InvoiceID string }
	Account      outAccount
	Date         string
	Amount       *number
	CurrencyRate *number `json:",omitempty"`
	Reference    string
}

type outAccount struct {
	AccountID string `json:",omitempty"`
	Code      string `json:",omitempty"`
}
