package quickbooks

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
)

// The shapes of QuickBooks' JSON, as far as they are used. Amounts are json.Number, which keeps the digits.

// wireAnswer is the answer to a query. A list that is absent is one without records: the service leaves the key out.
type wireAnswer struct {
	QueryResponse *wireLists
	Time          instantText `json:"time"`
}

// rawAnswer is a wireAnswer whose records are not read yet.
type rawAnswer struct {
	QueryResponse *rawLists
	Time          instantText `json:"time"`
}

// wireChanges is the answer of change data capture: one group per kind that was asked for.
type wireChanges struct {
	CDCResponse []struct{ QueryResponse []wireLists }
	Time        instantText `json:"time"`
}

type rawChanges struct {
	CDCResponse []struct{ QueryResponse []rawLists }
	Time        instantText `json:"time"`
}

type wireLists struct {
	Invoice  []wireInvoice
	Payment  []wirePayment
	Customer []wireName
	Vendor   []wireName
	Employee []wireName
}

type rawLists struct {
	Invoice  []json.RawMessage
	Payment  []json.RawMessage
	Customer []json.RawMessage
	Vendor   []json.RawMessage
	Employee []json.RawMessage
}

// instantText is the envelope's time. The gateway's answers have milliseconds there, and are no records.
type instantText string

// UnmarshalJSON keeps text and drops the rest.
func (t *instantText) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*t = instantText(s)
	}
	return nil
}

type wireRef struct {
	Value string `json:"value"`
	Name  string `json:"name,omitempty"`
}

func refTo(id string) *wireRef {
	if id == "" {
		return nil
	}
	return &wireRef{Value: id}
}

type wireMeta struct {
	CreateTime      string
	LastUpdatedTime string
}

// wireEntity is what every record has.
type wireEntity struct {
	ID        string `json:"Id"`
	SyncToken string
	Status    string `json:"status"` // "Deleted", in change data capture and in the answer to a deletion
	MetaData  wireMeta
}

func (w *wireEntity) deleted() bool { return w.Status == "Deleted" }

type wireInvoice struct {
	wireEntity
	DocNumber            string
	TxnDate              string
	DueDate              string
	CurrencyRef          wireRef
	ExchangeRate         json.Number
	CustomerRef          wireRef
	PrivateNote          string
	GlobalTaxCalculation string
	EmailStatus          string
	TotalAmt             json.Number
	Balance              json.Number
	TxnTaxDetail         struct{ TotalTax json.Number }
	Line                 []wireLine
	LinkedTxn            []wireLink
}

type wireLine struct {
	ID                    string `json:"Id"`
	Description           string
	Amount                json.Number
	DetailType            string
	SalesItemLineDetail   wireSales
	DiscountLineDetail    wireDiscount
	DescriptionLineDetail struct{ TaxCodeRef wireRef }
	GroupLineDetail       struct {
		Line []wireLine
	}
	LinkedTxn []wireLink // of payments
}

type wireSales struct {
	ItemRef         wireRef
	ItemAccountRef  wireRef
	TaxCodeRef      wireRef
	Qty             json.Number
	UnitPrice       json.Number
	TaxInclusiveAmt json.Number
}

type wireDiscount struct {
	PercentBased       flag
	DiscountPercent    json.Number
	DiscountAccountRef wireRef
	TaxCodeRef         wireRef
}

type wireLink struct{ TxnID, TxnType string }

type wirePayment struct {
	wireEntity
	TxnDate             string
	CurrencyRef         wireRef
	ExchangeRate        json.Number
	CustomerRef         wireRef
	DepositToAccountRef wireRef
	PaymentMethodRef    wireRef
	PaymentRefNum       string
	PrivateNote         string
	TotalAmt            json.Number
	UnappliedAmt        json.Number
	Line                []wireLine
	LinkedTxn           []wireLink
}

// wireName is a customer, vendor or employee.
type wireName struct {
	wireEntity
	DisplayName      string
	GivenName        string
	FamilyName       string
	CompanyName      string
	AcctNum          string
	Notes            string
	Active           *flag
	CurrencyRef      wireRef
	PrimaryEmailAddr struct{ Address string }

	role string
}

// flag is a bool that may be sent as a string.
type flag bool

// UnmarshalJSON reads true, "true", null and their like.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch string(bytes.ToLower(bytes.Trim(b, `"`))) {
	case "true", "1":
		*f = true
	case "false", "0", "null", "":
		*f = false
	default:
		return errors.New("quickbooks: neither true nor false")
	}
	return nil
}

// The shapes that are sent. What is not set is not sent: the service then keeps or computes it. An
// empty DocNumber would switch automatic numbering off.

type outBatch struct{ BatchItemRequest []outItem }

type outItem struct {
	BID       string       `json:"bId"`
	Operation string       `json:"operation"`
	Invoice   *outInvoice  `json:",omitempty"`
	Payment   *outPayment  `json:",omitempty"`
	Customer  *outCustomer `json:",omitempty"`
}

// outVersion names a record and the version of it that is to be changed.
type outVersion struct {
	ID        string `json:"Id,omitempty"`
	SyncToken string `json:",omitempty"`
	Sparse    *bool  `json:"sparse,omitempty"`
}

type outInvoice struct {
	outVersion
	CustomerRef           *wireRef           `json:",omitempty"`
	DocNumber             string             `json:",omitempty"`
	TxnDate               string             `json:",omitempty"`
	DueDate               string             `json:",omitempty"`
	CurrencyRef           *wireRef           `json:",omitempty"`
	ExchangeRate          *vendorhttp.Number `json:",omitempty"`
	GlobalTaxCalculation  string             `json:",omitempty"`
	ApplyTaxAfterDiscount *bool              `json:",omitempty"`
	PrivateNote           string             `json:",omitempty"`
	Line                  []outLine          `json:",omitempty"`
	TxnTaxDetail          *outTax            `json:",omitempty"`
}

type outTax struct{ TotalTax *vendorhttp.Number }

type outLine struct {
	ID                    string             `json:"Id,omitempty"`
	Description           string             `json:",omitempty"`
	Amount                *vendorhttp.Number `json:",omitempty"`
	DetailType            string
	SalesItemLineDetail   *outSales    `json:",omitempty"`
	DiscountLineDetail    *outDiscount `json:",omitempty"`
	DescriptionLineDetail *struct{}    `json:",omitempty"`
}

type outSales struct {
	ItemRef    *wireRef           `json:",omitempty"`
	Qty        *vendorhttp.Number `json:",omitempty"`
	UnitPrice  *vendorhttp.Number `json:",omitempty"`
	TaxCodeRef *wireRef           `json:",omitempty"`
}

type outDiscount struct {
	PercentBased       bool
	DiscountAccountRef *wireRef `json:",omitempty"`
	TaxCodeRef         *wireRef `json:",omitempty"`
}

type outLink struct {
	TxnID   string `json:"TxnId"`
	TxnType string
}

type outPayment struct {
	CustomerRef         *wireRef
	TotalAmt            *vendorhttp.Number
	TxnDate             string             `json:",omitempty"`
	CurrencyRef         *wireRef           `json:",omitempty"`
	ExchangeRate        *vendorhttp.Number `json:",omitempty"`
	DepositToAccountRef *wireRef           `json:",omitempty"`
	PrivateNote         string             `json:",omitempty"`
	Line                []outPaymentLine
}

type outPaymentLine struct {
	Amount    *vendorhttp.Number
	LinkedTxn []outLink
}

type outCustomer struct {
	DisplayName      string    `json:",omitempty"`
	GivenName        string    `json:",omitempty"`
	FamilyName       string    `json:",omitempty"`
	CompanyName      string    `json:",omitempty"`
	PrimaryEmailAddr *outEmail `json:",omitempty"`
	CurrencyRef      *wireRef  `json:",omitempty"`
	Notes            string    `json:",omitempty"`
}

type outEmail struct{ Address string }
