package ledger

import (
	"time"

	"github.com/shopspring/decimal"
)

// PaymentStatus is where a payment stands.
type PaymentStatus string

// The states of a payment. Only a confirmed payment is money.
const (
	PaymentUnknown   PaymentStatus = ""
	PaymentPending   PaymentStatus = "pending"
	PaymentConfirmed PaymentStatus = "confirmed"
	PaymentFailed    PaymentStatus = "failed"
	PaymentRefunded  PaymentStatus = "refunded" // this record is money given back
	PaymentReversed  PaymentStatus = "reversed" // voided, bounced or deleted after it was recorded
)

// Payment is a fact of its own: money that moved, or tried to, for an invoice. It is never inferred
// from a balance. Amount is positive, of refunds too.
type Payment struct {
	ID         string // identity; for Infusionsoft the row of the order's payments
	FeedID     string // id in the vendor's payment feed, where it differs from ID
	InvoiceID  string
	InvoiceIDs []string // of a feed record that covers several invoices
	Contact    string   // id of the contact whose payment it is, which is the invoice's: some ledgers refuse one without
	Date       Date
	PaidAt     time.Time // the instant, where the vendor states one
	Amount     decimal.Decimal
	Currency   Currency
	Rate       decimal.NullDecimal
	Method     string
	Status     PaymentStatus
	RefundOf   string // id of the payment that this refund gives back
	Reference  string
	Account    string // the ledger's account: code, or id where it has no code
	UpdatedAt  time.Time
	Version    string
	Mark       Mark

	// A ledger's own facts: whether the payment may still be deleted.
	Reconciled bool
	Batched    bool

	Unclear       string // as Invoice.Unclear
	UnclearDetail string
}
