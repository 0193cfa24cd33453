package infusionsoftfake

import (
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"
)

// Every amount of a record is in major units of the tenant's currency, as a person writes it; the wire
// has minor units in some places and major ones in others. Every time is an instant, kept in UTC to the
// millisecond; every date is a calendar date of the tenant's zone, written 2006-01-02.
//
// Extra holds fields of the answer that the record does not model, as they are to be sent. Records that
// were loaded hold all their fields there; an edit takes the fields that it changes out.

// An Order is an order with its invoice. The zero value of an id is filled with the tenant's next one;
// order ids and invoice ids have counters of their own and diverge.
type Order struct {
	ID            int64  `json:",omitzero"`
	InvoiceID     int64  `json:",omitzero"`
	InvoiceXID    string `json:",omitzero"` // a UUID; "" is filled
	InvoiceNumber string `json:",omitzero"` // see [Switches.InvoiceNumber]

	ContactID        int64     `json:",omitzero"`
	Title            string    `json:",omitzero"`
	Status           string    `json:",omitzero"` // DRAFT, SENT, VIEWED, PAID; "" follows the money, see [Switches.UnpaidStatus]
	OrderType        string    `json:",omitzero"` // ONLINE or OFFLINE; "" is ONLINE
	SourceType       string    `json:",omitzero"` // "" is MANUAL_PAYMENT; orders by the API have API
	Notes            string    `json:",omitzero"`
	Terms            string    `json:",omitzero"`
	CreationTime     time.Time `json:",omitzero"` // zero: now
	ModificationTime time.Time `json:",omitzero"` // zero: CreationTime
	OrderTime        time.Time `json:",omitzero"` // zero: CreationTime
	SentTime         time.Time `json:",omitzero"`
	DueTime          time.Time `json:",omitzero"`

	Items    []Item       `json:",omitzero"`
	Plan     *PaymentPlan `json:",omitzero"` // nil: the plan of one payment that nearly every order has
	NoPlan   bool         `json:",omitzero"` // shows no plan at all
	Shipping *Shipping    `json:",omitzero"`

	// What the order shows instead of what its lines and payments add up to. Once set they stay.
	Total       *decimal.Decimal `json:",omitzero"`
	TotalPaid   *decimal.Decimal `json:",omitzero"`
	TotalDue    *decimal.Decimal `json:",omitzero"`
	RefundTotal *decimal.Decimal `json:",omitzero"`

	RefundStatus string `json:",omitzero"` // "" follows the refunds: NONE, PARTIAL, FULL
	CreditStatus string `json:",omitzero"`
	PromoCode    string `json:",omitzero"`
	Synced       bool   `json:",omitzero"`
	AllowPayment *bool  `json:",omitzero"`
	AllowPayPal  *bool  `json:",omitzero"`

	LeadAffiliateID    string        `json:",omitzero"`
	SalesAffiliateID   string        `json:",omitzero"`
	ExternalCreateUser string        `json:",omitzero"`
	ExternalCreateTime time.Time     `json:",omitzero"`
	ExternalUpdateTime time.Time     `json:",omitzero"`
	CustomFields       []CustomField `json:",omitzero"`

	Extra map[string]json.RawMessage `json:",omitzero"`
}

// An Item is a line of an order. A line counts Quantity × Price, a line of a discount type always
// reduces the order: by |Quantity × Price|, or by |Discount|, or by Special, whichever is set first in
// the order negative price, Discount, Special, positive price.
type Item struct {
	ID          int64            `json:",omitzero"`
	Type        string           `json:",omitzero"` // one of the vendor's read types; "" is PRODUCT
	Name        string           `json:",omitzero"` // "": the product's
	Description string           `json:",omitzero"`
	Notes       string           `json:",omitzero"`
	Quantity    int64            `json:",omitzero"` // 0 is 1
	Price       decimal.Decimal  `json:",omitzero"` // per unit
	Cost        *decimal.Decimal `json:",omitzero"` // per unit

	// Discount and Special are the other places where a discount's amount may stand. A discount line
	// that has neither is shown as [Switches.DiscountShape] says.
	Discount *decimal.Decimal `json:",omitzero"`
	Special  *Special         `json:",omitzero"`

	ProductID      int64             `json:",omitzero"` // 0: the line has no product object
	Product        *ItemProduct      `json:",omitzero"` // filled from ProductID when nil
	SubscriptionID int64             `json:",omitzero"`
	Plan           *SubscriptionPlan `json:",omitzero"`
}

// A Special is the discount detail of a line.
type Special struct {
	ID      string          `json:",omitzero"`
	Amount  decimal.Decimal `json:",omitzero"` // an amount of money, or percent of the lines that are neither discount, tax nor shipping
	Percent bool            `json:",omitzero"`
}

// An ItemProduct is the product as it was when the line was written.
type ItemProduct struct {
	ID          int64
	Name        string
	SKU         string // may be empty, and is sent even then
	Description string
	Shippable   bool
	Taxable     bool
}

// A PaymentPlan is how an order is to be paid. Nearly every order has one: of a single payment.
type PaymentPlan struct {
	AutoCharge            bool             `json:",omitzero"`
	MaxChargeAttempts     int64            `json:",omitzero"`
	DaysBetweenRetries    int64            `json:",omitzero"`
	PaymentMethodID       string           `json:",omitzero"`
	InitialPaymentAmount  *decimal.Decimal `json:",omitzero"`
	InitialPaymentPercent *decimal.Decimal `json:",omitzero"`
	InitialPaymentDate    string           `json:",omitzero"`
	StartDate             string           `json:",omitzero"` // "": the order's date
	NumberOfPayments      int64            `json:",omitzero"` // without the initial one; 0 is 1
	DaysBetweenPayments   int64            `json:",omitzero"` // 0 is 30
	Items                 []PlanItem       `json:",omitzero"` // nil: computed
}

// A PlanItem is one instalment.
type PlanItem struct {
	DueDate    string           `json:",omitzero"`
	AmountDue  decimal.Decimal  `json:",omitzero"`
	AmountPaid *decimal.Decimal `json:",omitzero"` // nil: the order's payments, first instalment first
	Status     string           `json:",omitzero"` // "" follows AmountPaid
}

// Shipping is an order's shipping block.
type Shipping struct {
	ID               int64   `json:",omitzero"`
	Company          string  `json:",omitzero"`
	GivenName        string  `json:",omitzero"`
	FamilyName       string  `json:",omitzero"`
	Phone            string  `json:",omitzero"`
	InvoiceToCompany bool    `json:",omitzero"`
	Address          Address `json:",omitzero"`
}

// An Address is a postal address. Countries are ISO 3166-1 alpha-3, region codes like US-AZ.
type Address struct {
	Field       string `json:"field,omitempty"` // BILLING, SHIPPING or OTHER
	Line1       string `json:"line1,omitempty"`
	Line2       string `json:"line2,omitempty"`
	Locality    string `json:"locality,omitempty"`
	Region      string `json:"region,omitempty"`
	RegionCode  string `json:"region_code,omitempty"`
	PostalCode  string `json:"postal_code,omitempty"`
	ZipCode     string `json:"zip_code,omitempty"`
	ZipFour     string `json:"zip_four,omitempty"`
	Country     string `json:"country,omitempty"`
	CountryCode string `json:"country_code,omitempty"`
}

// A CustomField is a value of a field of [Tenant.OrderFields].
type CustomField struct {
	ID      string          `json:"id"`
	Content json.RawMessage `json:"content"`
}

// A Payment is money, or an attempt at it: a row on each order that it covers, an entry of the global
// feed and a transaction.
type Payment struct {
	ID      int64           `json:",omitzero"`
	OrderID int64           `json:",omitzero"` // instead of Shares, for one order
	Shares  []Share         `json:",omitzero"`
	Amount  decimal.Decimal `json:",omitzero"` // 0: the sum of Shares
	// Status is a pay_status: MANUAL_PAID, REFUNDED, VOIDED, PAYPAL_PAID, APPROVED, FAILED, ERROR,
	// PENDING. "" is APPROVED.
	Status string `json:",omitzero"`
	// Time zero is now. A manual payment is stamped midnight of that day in the tenant's zone.
	Time       time.Time `json:",omitzero"`
	UpdateTime time.Time `json:",omitzero"`
	Type       string    `json:",omitzero"` // a label; "" is "Credit Card", "PayPal" or "Check" by status
	Note       string    `json:",omitzero"`
	ContactID  int64     `json:",omitzero"` // 0: the first order's

	SkipCommission        bool   `json:",omitzero"`
	RefundOf              int64  `json:",omitzero"` // a refund: the id of the payment it gives back
	RefundedBy            int64  `json:",omitzero"` // the id of the newest refund of this payment
	ExternalTransactionID string `json:",omitzero"`
	MerchantAccountID     string `json:",omitzero"`
	MerchantAccountType   string `json:",omitzero"`
	ErrorDetails          string `json:",omitzero"` // shown in the transactions

	Extra map[string]json.RawMessage `json:",omitzero"`

	HideNote  bool      `json:",omitzero"` // see [Switches.NotesReadBack]
	VisibleAt time.Time `json:",omitzero"` // see [Switches.PaymentLag]
}

// A Share is the part of a payment that is for one order.
type Share struct {
	OrderID int64
	Amount  decimal.Decimal `json:",omitzero"`
	RowID   int64           `json:",omitzero"` // the id of the row on the order
}

// A PaymentRow is a row of an order's payments.
type PaymentRow struct {
	ID             int64           `json:",omitzero"`
	OrderID        int64           `json:",omitzero"`
	InvoiceID      int64           `json:",omitzero"`
	PaymentID      int64           `json:",omitzero"`
	Amount         decimal.Decimal `json:",omitzero"`
	Status         string          `json:",omitzero"`
	PayTime        time.Time       `json:",omitzero"`
	UpdateTime     time.Time       `json:",omitzero"`
	Note           string          `json:",omitzero"`
	SkipCommission bool            `json:",omitzero"`
	RefundOf       int64           `json:",omitzero"` // a refund: the id of the row it gives back

	Extra map[string]json.RawMessage `json:",omitzero"`

	Given     bool      `json:",omitzero"` // loaded together with its order's totals, which count it already
	HideNote  bool      `json:",omitzero"`
	VisibleAt time.Time `json:",omitzero"`
}

// A Transaction is what a gateway, or a person, did.
type Transaction struct {
	Seq                 int64           `json:",omitzero"` // ours: the vendor gives transactions no id
	Amount              decimal.Decimal `json:",omitzero"`
	Status              string          `json:",omitzero"`
	Method              string          `json:",omitzero"`
	Time                time.Time       `json:",omitzero"`
	ContactID           int64           `json:",omitzero"`
	OrderIDs            []int64         `json:",omitzero"`
	PaymentID           int64           `json:",omitzero"`
	ExternalReferenceID string          `json:",omitzero"`
	MerchantAccountID   string          `json:",omitzero"`
	MerchantAccountType string          `json:",omitzero"`
	ErrorDetails        string          `json:",omitzero"`

	Extra map[string]json.RawMessage `json:",omitzero"`
}

// A Contact is a person.
type Contact struct {
	ID         int64     `json:",omitzero"`
	GivenName  string    `json:",omitzero"`
	MiddleName string    `json:",omitzero"`
	FamilyName string    `json:",omitzero"`
	JobTitle   string    `json:",omitzero"`
	Company    *Employer `json:",omitzero"`
	Emails     []Email   `json:",omitzero"`
	Phones     []Phone   `json:",omitzero"`
	Addresses  []Address `json:",omitzero"`
	SourceType string    `json:",omitzero"`
	CreateTime time.Time `json:",omitzero"`
	UpdateTime time.Time `json:",omitzero"`

	Extra map[string]json.RawMessage `json:",omitzero"`
}

// An Employer is the company of a contact.
type Employer struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"company_name,omitempty"`
}

// An Email is an address in one of a contact's three slots, EMAIL1 to EMAIL3.
type Email struct {
	Field       string `json:"field,omitempty"`
	Email       string `json:"email,omitempty"`
	OptInReason string `json:"opt_in_reason,omitempty"`
}

// A Phone is a number in one of a contact's five slots, PHONE1 to PHONE5.
type Phone struct {
	Field     string `json:"field,omitempty"`
	Number    string `json:"number,omitempty"`
	Extension string `json:"extension,omitempty"`
	Type      string `json:"type,omitempty"`
}

// A Company is a record of its own beside contacts.
type Company struct {
	ID         int64     `json:",omitzero"`
	Name       string    `json:",omitzero"`
	Email      string    `json:",omitzero"`
	Phone      string    `json:",omitzero"`
	Website    string    `json:",omitzero"`
	Notes      string    `json:",omitzero"`
	Address    *Address  `json:",omitzero"`
	CreateTime time.Time `json:",omitzero"`
	UpdateTime time.Time `json:",omitzero"`

	Extra map[string]json.RawMessage `json:",omitzero"`
}

// A Product is what is sold. Its SKU may be empty and need not be unique.
type Product struct {
	ID               int64              `json:",omitzero"`
	Name             string             `json:",omitzero"`
	SKU              string             `json:",omitzero"`
	Price            decimal.Decimal    `json:",omitzero"`
	Description      string             `json:",omitzero"`
	ShortDescription string             `json:",omitzero"`
	Inactive         bool               `json:",omitzero"`
	Shippable        bool               `json:",omitzero"`
	Taxable          bool               `json:",omitzero"`
	Plans            []SubscriptionPlan `json:",omitzero"`
	CreateTime       time.Time          `json:",omitzero"`
	UpdateTime       time.Time          `json:",omitzero"`

	Extra map[string]json.RawMessage `json:",omitzero"`
}

// A SubscriptionPlan is how often a product is billed.
type SubscriptionPlan struct {
	ID             int64           `json:",omitzero"`
	Name           string          `json:",omitzero"`
	Inactive       bool            `json:",omitzero"`
	Cycle          string          `json:",omitzero"` // DAILY, WEEKLY, MONTHLY, YEARLY; "" is MONTHLY
	Frequency      int32           `json:",omitzero"` // 0 is 1
	NumberOfCycles int32           `json:",omitzero"` // 0: never ends
	Price          decimal.Decimal `json:",omitzero"`
}

// A Subscription bills a contact for a product. The fake does not bill by itself: add the orders.
type Subscription struct {
	ID               int64           `json:",omitzero"`
	ContactID        int64           `json:",omitzero"`
	ProductID        int64           `json:",omitzero"`
	PlanID           int64           `json:",omitzero"`
	Quantity         int64           `json:",omitzero"` // 0 is 1
	Inactive         bool            `json:",omitzero"`
	BillingAmount    decimal.Decimal `json:",omitzero"`
	BillingCycle     string          `json:",omitzero"` // YEAR, MONTH, WEEK, DAY; "" is MONTH
	BillingFrequency int32           `json:",omitzero"` // 0 is 1
	AutoCharge       bool            `json:",omitzero"`
	StartDate        string          `json:",omitzero"`
	NextBillDate     string          `json:",omitzero"`
	EndDate          string          `json:",omitzero"`
	ModificationTime time.Time       `json:",omitzero"`

	Extra map[string]json.RawMessage `json:",omitzero"`
}
