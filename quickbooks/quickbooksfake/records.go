package quickbooksfake

import (
	"encoding/json"
	"time"
)

// The records are the vendor's own: their JSON is what goes over the wire, in the order of the recorded
// answers, and what the books file keeps. Extra holds fields that the vendor knows and the fake only keeps:
// what was written is read again, and nothing is computed from it.

// A Ref names another record by its id; the name is the vendor's and is not read.
type Ref struct {
	Value string `json:"value"`
	Name  string `json:"name,omitempty"`
	Type  string `json:"type,omitempty"`
}

// Head is what every record has.
type Head struct {
	Domain    string   `json:"domain"`
	Sparse    bool     `json:"sparse"`
	ID        string   `json:"Id"`
	SyncToken string   `json:"SyncToken"`
	MetaData  MetaData `json:"MetaData"`
}

func (h *Head) head() *Head { return h }

// MetaData says when a record was made and last changed: in the company's zone, to the second.
type MetaData struct {
	CreateTime      time.Time `json:"CreateTime"`
	LastUpdatedTime time.Time `json:"LastUpdatedTime,omitzero"`
}

// A record is a pointer to one of the types below. It never changes after it was committed.
type record interface{ head() *Head }

// Sale is what invoices, credit memos and refund receipts have in common.
type Sale struct {
	Head
	CustomField           []CustomField `json:"CustomField"`
	DocNumber             string        `json:"DocNumber,omitempty"`
	TxnDate               Date          `json:"TxnDate,omitempty"`
	CurrencyRef           *Ref          `json:"CurrencyRef,omitempty"`
	ExchangeRate          *Number       `json:"ExchangeRate,omitempty"`
	PrivateNote           string        `json:"PrivateNote,omitempty"`
	LinkedTxn             []LinkedTxn   `json:"LinkedTxn,omitzero"`
	Line                  []Line        `json:"Line"`
	TxnTaxDetail          *TxnTaxDetail `json:"TxnTaxDetail,omitempty"`
	GlobalTaxCalculation  string        `json:"GlobalTaxCalculation,omitempty"`
	CustomerRef           Ref           `json:"CustomerRef"`
	CustomerMemo          *Memo         `json:"CustomerMemo,omitempty"`
	BillAddr              *Address      `json:"BillAddr,omitempty"`
	ShipAddr              *Address      `json:"ShipAddr,omitempty"`
	FreeFormAddress       bool          `json:"FreeFormAddress"`
	SalesTermRef          *Ref          `json:"SalesTermRef,omitempty"`
	DueDate               Date          `json:"DueDate,omitempty"`
	TotalAmt              Amount        `json:"TotalAmt"`
	HomeTotalAmt          *Amount       `json:"HomeTotalAmt,omitempty"`
	ApplyTaxAfterDiscount bool          `json:"ApplyTaxAfterDiscount"`
	PrintStatus           string        `json:"PrintStatus,omitempty"`
	EmailStatus           string        `json:"EmailStatus,omitempty"`
	BillEmail             *Email        `json:"BillEmail,omitempty"`
	DeliveryInfo          *DeliveryInfo `json:"DeliveryInfo,omitempty"`
	Balance               Amount        `json:"Balance"`
	HomeBalance           *Amount       `json:"HomeBalance,omitempty"`
}

func (s *Sale) sale() *Sale { return s }

// An Invoice asks a customer for money. Balance is what is left to pay.
type Invoice struct {
	AllowIPNPayment              bool `json:"AllowIPNPayment"`
	AllowOnlinePayment           bool `json:"AllowOnlinePayment"`
	AllowOnlineCreditCardPayment bool `json:"AllowOnlineCreditCardPayment"`
	AllowOnlineACHPayment        bool `json:"AllowOnlineACHPayment"`
	Sale
	Extra map[string]json.RawMessage `json:"-"`
}

// A CreditMemo is credit of a customer. Balance and RemainingCredit are what is left to apply.
type CreditMemo struct {
	RemainingCredit Amount `json:"RemainingCredit"`
	Sale
	Extra map[string]json.RawMessage `json:"-"`
}

// A RefundReceipt pays money out at once.
type RefundReceipt struct {
	Sale
	PaymentMethodRef    *Ref                       `json:"PaymentMethodRef,omitempty"`
	PaymentRefNum       string                     `json:"PaymentRefNum,omitempty"`
	DepositToAccountRef *Ref                       `json:"DepositToAccountRef,omitempty"`
	Extra               map[string]json.RawMessage `json:"-"`
}

// A Line of a sale or a payment. Which detail it has is its DetailType; lines of payments have none.
type Line struct {
	ID                    string                     `json:"Id,omitempty"`
	LineNum               int                        `json:"LineNum,omitempty"`
	Description           string                     `json:"Description,omitempty"`
	Amount                *Amount                    `json:"Amount,omitempty"`
	LinkedTxn             []LinkedTxn                `json:"LinkedTxn,omitempty"`
	DetailType            string                     `json:"DetailType,omitempty"`
	SalesItemLineDetail   *SalesItemLineDetail       `json:"SalesItemLineDetail,omitempty"`
	SubTotalLineDetail    *struct{}                  `json:"SubTotalLineDetail,omitempty"`
	DiscountLineDetail    *DiscountLineDetail        `json:"DiscountLineDetail,omitempty"`
	DescriptionLineDetail *DescriptionLineDetail     `json:"DescriptionLineDetail,omitempty"`
	LineEx                json.RawMessage            `json:"LineEx,omitempty"`
	CustomExtensions      []json.RawMessage          `json:"CustomExtensions,omitzero"`
	Extra                 map[string]json.RawMessage `json:"-"`
}

// A SalesItemLineDetail is what is sold, how many and for how much.
type SalesItemLineDetail struct {
	ItemRef         *Ref                       `json:"ItemRef,omitempty"`
	UnitPrice       *Number                    `json:"UnitPrice,omitempty"`
	Qty             *Number                    `json:"Qty,omitempty"`
	ItemAccountRef  *Ref                       `json:"ItemAccountRef,omitempty"`
	TaxCodeRef      *Ref                       `json:"TaxCodeRef,omitempty"`
	ServiceDate     Date                       `json:"ServiceDate,omitempty"`
	TaxInclusiveAmt *Amount                    `json:"TaxInclusiveAmt,omitempty"`
	Extra           map[string]json.RawMessage `json:"-"`
}

// A DiscountLineDetail reduces the subtotal. The line's Amount is positive.
type DiscountLineDetail struct {
	PercentBased       bool                       `json:"PercentBased"`
	DiscountPercent    *Number                    `json:"DiscountPercent,omitempty"`
	DiscountAccountRef *Ref                       `json:"DiscountAccountRef,omitempty"`
	Extra              map[string]json.RawMessage `json:"-"`
}

// A DescriptionLineDetail belongs to a line of text.
type DescriptionLineDetail struct {
	ServiceDate Date `json:"ServiceDate,omitempty"`
	TaxCodeRef  *Ref `json:"TaxCodeRef,omitempty"`
}

// A TxnTaxDetail is the tax of a sale.
type TxnTaxDetail struct {
	TxnTaxCodeRef *Ref                       `json:"TxnTaxCodeRef,omitempty"`
	TotalTax      *Amount                    `json:"TotalTax,omitempty"`
	TaxLine       []TaxLine                  `json:"TaxLine,omitempty"`
	Extra         map[string]json.RawMessage `json:"-"`
}

// A TaxLine is the tax of one rate.
type TaxLine struct {
	Amount        Amount         `json:"Amount"`
	DetailType    string         `json:"DetailType"`
	TaxLineDetail *TaxLineDetail `json:"TaxLineDetail,omitempty"`
}

// A TaxLineDetail says how a tax came about; TaxPercent 8 means 8 %.
type TaxLineDetail struct {
	TaxRateRef       *Ref                       `json:"TaxRateRef,omitempty"`
	PercentBased     bool                       `json:"PercentBased"`
	TaxPercent       *Number                    `json:"TaxPercent,omitempty"`
	NetAmountTaxable *Amount                    `json:"NetAmountTaxable,omitempty"`
	Extra            map[string]json.RawMessage `json:"-"`
}

// A LinkedTxn names another transaction.
type LinkedTxn struct {
	TxnID     string `json:"TxnId"`
	TxnType   string `json:"TxnType"`
	TxnLineID string `json:"TxnLineId,omitempty"`
}

// A Payment of a customer. UnappliedAmt is what its lines leave over: credit of the customer.
type Payment struct {
	CustomerRef         Ref     `json:"CustomerRef"`
	DepositToAccountRef *Ref    `json:"DepositToAccountRef,omitempty"`
	PaymentMethodRef    *Ref    `json:"PaymentMethodRef,omitempty"`
	PaymentRefNum       string  `json:"PaymentRefNum,omitempty"`
	TotalAmt            *Amount `json:"TotalAmt,omitempty"`
	UnappliedAmt        Amount  `json:"UnappliedAmt"`
	ProcessPayment      bool    `json:"ProcessPayment"`
	Head
	TxnDate      Date                       `json:"TxnDate,omitempty"`
	CurrencyRef  *Ref                       `json:"CurrencyRef,omitempty"`
	ExchangeRate *Number                    `json:"ExchangeRate,omitempty"`
	PrivateNote  string                     `json:"PrivateNote,omitempty"`
	LinkedTxn    []LinkedTxn                `json:"LinkedTxn,omitzero"`
	Line         []Line                     `json:"Line"`
	Extra        map[string]json.RawMessage `json:"-"`
}

// Party is what customers, vendors and employees have in common: a name out of one name space.
type Party struct {
	Title            string `json:"Title,omitempty"`
	GivenName        string `json:"GivenName,omitempty"`
	MiddleName       string `json:"MiddleName,omitempty"`
	FamilyName       string `json:"FamilyName,omitempty"`
	Suffix           string `json:"Suffix,omitempty"`
	CompanyName      string `json:"CompanyName,omitempty"`
	DisplayName      string `json:"DisplayName,omitempty"`
	PrintOnCheckName string `json:"PrintOnCheckName,omitempty"`
	Active           *bool  `json:"Active,omitempty"`
	PrimaryPhone     *Phone `json:"PrimaryPhone,omitempty"`
	AlternatePhone   *Phone `json:"AlternatePhone,omitempty"`
	Mobile           *Phone `json:"Mobile,omitempty"`
	Fax              *Phone `json:"Fax,omitempty"`
	PrimaryEmailAddr *Email `json:"PrimaryEmailAddr,omitempty"`
	WebAddr          *Web   `json:"WebAddr,omitempty"`
}

func (p *Party) party() *Party { return p }

// A Customer owes a Balance, in the customer's currency.
type Customer struct {
	Taxable                 *bool    `json:"Taxable,omitempty"`
	BillAddr                *Address `json:"BillAddr,omitempty"`
	ShipAddr                *Address `json:"ShipAddr,omitempty"`
	Notes                   string   `json:"Notes,omitempty"`
	Job                     bool     `json:"Job"`
	BillWithParent          bool     `json:"BillWithParent"`
	ParentRef               *Ref     `json:"ParentRef,omitempty"`
	Level                   int      `json:"Level,omitempty"`
	SalesTermRef            *Ref     `json:"SalesTermRef,omitempty"`
	PaymentMethodRef        *Ref     `json:"PaymentMethodRef,omitempty"`
	Balance                 Amount   `json:"Balance"`
	BalanceWithJobs         Amount   `json:"BalanceWithJobs"`
	CurrencyRef             *Ref     `json:"CurrencyRef,omitempty"`
	PreferredDeliveryMethod string   `json:"PreferredDeliveryMethod,omitempty"`
	IsProject               bool     `json:"IsProject"`
	Head
	FullyQualifiedName string `json:"FullyQualifiedName,omitempty"`
	Party
	DefaultTaxCodeRef *Ref                       `json:"DefaultTaxCodeRef,omitempty"`
	Extra             map[string]json.RawMessage `json:"-"`
}

// A Vendor is somebody the company buys from.
type Vendor struct {
	BillAddr    *Address `json:"BillAddr,omitempty"`
	Balance     Amount   `json:"Balance"`
	AcctNum     string   `json:"AcctNum,omitempty"`
	Vendor1099  bool     `json:"Vendor1099"`
	CurrencyRef *Ref     `json:"CurrencyRef,omitempty"`
	Head
	Party
	Extra map[string]json.RawMessage `json:"-"`
}

// An Employee shares the name space of customers and vendors.
type Employee struct {
	PrimaryAddr  *Address `json:"PrimaryAddr,omitempty"`
	BillableTime bool     `json:"BillableTime"`
	BirthDate    Date     `json:"BirthDate,omitempty"`
	HiredDate    Date     `json:"HiredDate,omitempty"`
	Head
	Party
	Extra map[string]json.RawMessage `json:"-"`
}

// An Account of the chart of accounts.
type Account struct {
	Name                          string `json:"Name,omitempty"`
	SubAccount                    bool   `json:"SubAccount"`
	ParentRef                     *Ref   `json:"ParentRef,omitempty"`
	Description                   string `json:"Description,omitempty"`
	FullyQualifiedName            string `json:"FullyQualifiedName,omitempty"`
	Active                        *bool  `json:"Active,omitempty"`
	Classification                string `json:"Classification,omitempty"`
	AccountType                   string `json:"AccountType,omitempty"`
	AccountSubType                string `json:"AccountSubType,omitempty"`
	AcctNum                       string `json:"AcctNum,omitempty"`
	CurrentBalance                Amount `json:"CurrentBalance"`
	CurrentBalanceWithSubAccounts Amount `json:"CurrentBalanceWithSubAccounts"`
	CurrencyRef                   *Ref   `json:"CurrencyRef,omitempty"`
	Head
	Extra map[string]json.RawMessage `json:"-"`
}

// An Item is a product or a service. Its UnitPrice is in the home currency.
type Item struct {
	Name               string  `json:"Name,omitempty"`
	Sku                string  `json:"Sku,omitempty"`
	Description        string  `json:"Description,omitempty"`
	Active             *bool   `json:"Active,omitempty"`
	SubItem            bool    `json:"SubItem,omitempty"`
	ParentRef          *Ref    `json:"ParentRef,omitempty"`
	FullyQualifiedName string  `json:"FullyQualifiedName,omitempty"`
	Taxable            bool    `json:"Taxable"`
	UnitPrice          *Number `json:"UnitPrice,omitempty"`
	Type               string  `json:"Type,omitempty"`
	IncomeAccountRef   *Ref    `json:"IncomeAccountRef,omitempty"`
	PurchaseDesc       string  `json:"PurchaseDesc,omitempty"`
	PurchaseCost       *Number `json:"PurchaseCost,omitempty"`
	ExpenseAccountRef  *Ref    `json:"ExpenseAccountRef,omitempty"`
	AssetAccountRef    *Ref    `json:"AssetAccountRef,omitempty"`
	TrackQtyOnHand     bool    `json:"TrackQtyOnHand"`
	QtyOnHand          *Number `json:"QtyOnHand,omitempty"`
	SalesTaxCodeRef    *Ref    `json:"SalesTaxCodeRef,omitempty"`
	InvStartDate       Date    `json:"InvStartDate,omitempty"`
	Head
	Extra map[string]json.RawMessage `json:"-"`
}

// A TaxCode groups tax rates. TAX and NON are the pseudo codes of a US company.
type TaxCode struct {
	Name                string       `json:"Name"`
	Description         string       `json:"Description,omitempty"`
	Active              *bool        `json:"Active,omitempty"`
	Hidden              bool         `json:"Hidden"`
	Taxable             bool         `json:"Taxable"`
	TaxGroup            bool         `json:"TaxGroup"`
	SalesTaxRateList    *TaxRateList `json:"SalesTaxRateList,omitempty"`
	PurchaseTaxRateList *TaxRateList `json:"PurchaseTaxRateList,omitempty"`
	TaxCodeConfigType   string       `json:"TaxCodeConfigType,omitempty"`
	Head
	Extra map[string]json.RawMessage `json:"-"`
}

// A TaxRateList is the rates of a code.
type TaxRateList struct {
	TaxRateDetail []TaxRateDetail `json:"TaxRateDetail"`
}

// A TaxRateDetail names a rate of a code.
type TaxRateDetail struct {
	TaxRateRef        Ref    `json:"TaxRateRef"`
	TaxTypeApplicable string `json:"TaxTypeApplicable,omitempty"`
	TaxOrder          int    `json:"TaxOrder"`
}

// A TaxRate is a rate in per cent.
type TaxRate struct {
	Name           string `json:"Name"`
	Description    string `json:"Description,omitempty"`
	Active         *bool  `json:"Active,omitempty"`
	RateValue      Number `json:"RateValue"`
	AgencyRef      *Ref   `json:"AgencyRef,omitempty"`
	SpecialTaxType string `json:"SpecialTaxType,omitempty"`
	DisplayType    string `json:"DisplayType,omitempty"`
	Head
	Extra map[string]json.RawMessage `json:"-"`
}

// A Term says when an invoice is due.
type Term struct {
	Name             string  `json:"Name,omitempty"`
	Active           *bool   `json:"Active,omitempty"`
	Type             string  `json:"Type,omitempty"` // STANDARD or DATE_DRIVEN
	DiscountPercent  *Number `json:"DiscountPercent,omitempty"`
	DueDays          *int    `json:"DueDays,omitempty"`
	DiscountDays     *int    `json:"DiscountDays,omitempty"`
	DayOfMonthDue    *int    `json:"DayOfMonthDue,omitempty"`
	DueNextMonthDays *int    `json:"DueNextMonthDays,omitempty"`
	Head
	Extra map[string]json.RawMessage `json:"-"`
}

// A PaymentMethod is how a customer pays.
type PaymentMethod struct {
	Name   string `json:"Name,omitempty"`
	Active *bool  `json:"Active,omitempty"`
	Type   string `json:"Type,omitempty"` // CREDIT_CARD or NON_CREDIT_CARD
	Head
	Extra map[string]json.RawMessage `json:"-"`
}

// A CompanyCurrency is a currency that the company has switched on.
type CompanyCurrency struct {
	Code   string `json:"Code"`
	Name   string `json:"Name,omitempty"`
	Active *bool  `json:"Active,omitempty"`
	Head
	Extra map[string]json.RawMessage `json:"-"`
}

// An Address of a customer or on a form. What was written to a form comes back rearranged after an update.
type Address struct {
	ID                     string                     `json:"Id,omitempty"`
	Line1                  string                     `json:"Line1,omitempty"`
	Line2                  string                     `json:"Line2,omitempty"`
	Line3                  string                     `json:"Line3,omitempty"`
	Line4                  string                     `json:"Line4,omitempty"`
	Line5                  string                     `json:"Line5,omitempty"`
	City                   string                     `json:"City,omitempty"`
	Country                string                     `json:"Country,omitempty"`
	CountrySubDivisionCode string                     `json:"CountrySubDivisionCode,omitempty"`
	PostalCode             string                     `json:"PostalCode,omitempty"`
	Extra                  map[string]json.RawMessage `json:"-"`
}

// A Phone number.
type Phone struct {
	FreeFormNumber string                     `json:"FreeFormNumber,omitempty"`
	Extra          map[string]json.RawMessage `json:"-"`
}

// An Email address, or several in one string.
type Email struct {
	Address string                     `json:"Address,omitempty"`
	Extra   map[string]json.RawMessage `json:"-"`
}

// A Web address.
type Web struct {
	URI   string                     `json:"URI,omitempty"`
	Extra map[string]json.RawMessage `json:"-"`
}

// A Memo is a text that the customer sees.
type Memo struct {
	Value string `json:"value"`
}

// A CustomField of a form.
type CustomField struct {
	DefinitionID string `json:"DefinitionId,omitempty"`
	Name         string `json:"Name,omitempty"`
	Type         string `json:"Type,omitempty"`
	StringValue  string `json:"StringValue,omitempty"`
}

// A DeliveryInfo says how and when an invoice was sent.
type DeliveryInfo struct {
	DeliveryType string    `json:"DeliveryType,omitempty"`
	DeliveryTime time.Time `json:"DeliveryTime,omitzero"`
}
