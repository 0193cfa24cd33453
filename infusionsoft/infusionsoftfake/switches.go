package infusionsoftfake

import (
	"fmt"
	"slices"
	"time"
)

// Switches hold one answer for each fact that the vendor does not document. The zero value is the
// harder, or the likelier, of the possible answers; a client should pass its tests under every one.
type Switches struct {
	// DefaultPageSize is the size of a page that nobody asked for, and of page_size=0. 0 is 10.
	DefaultPageSize int
	// LastPageToken is what the last page has for next_page_token.
	LastPageToken LastPageToken
	// KnowsTheEnd makes a full page the last one when no row follows it. Without it a full page always
	// has a token, and the page behind it may be empty.
	KnowsTheEnd bool

	// PaymentTouchesOrder makes a payment, and what becomes of it, bump modification_time.
	PaymentTouchesOrder bool
	// RefundsReduceTotalPaid takes refunds out of total_paid.
	RefundsReduceTotalPaid bool
	// PositiveRefunds shows the amount of a REFUNDED row as a positive number; else it is negative.
	PositiveRefunds bool
	// TotalDueSoFar makes total_due the instalments that are due by now; else it is the whole total.
	// Neither is the balance.
	TotalDueSoFar bool
	// UnpaidStatus is the status of an order that is not paid in full and has none of its own. "" is
	// DRAFT; "-" leaves the field out.
	UnpaidStatus string
	// DiscountShape is where a discount line has its amount when the line does not say.
	DiscountShape DiscountShape
	// RefuseNegativePrices refuses a negative price_per_unit for discount types too; for all other
	// types it is always refused.
	RefuseNegativePrices bool
	// InvoiceNumber is what invoice_number shows.
	InvoiceNumber InvoiceNumber
	// NotesReadBack shows the notes of payments that were created by the API. Notes of payments that a
	// test added are always shown.
	NotesReadBack bool
	// ManualPaymentsKeepTime keeps the time of day of manual payments; else they are stamped midnight
	// of the tenant's zone.
	ManualPaymentsKeepTime bool
	// PaymentResultIsRow makes the id in the answer to a new payment the id of the row on the order;
	// else it is the payment's.
	PaymentResultIsRow bool
	// InvoicePaymentsInMinorUnits sends the amount of an order's payment rows in the smallest unit. The
	// default is major units, because every other JSON number of the vendor's payments (Payment,
	// TransactionV2, PaymentResult) is, and minor units only come as a CurrencyValue.
	InvoicePaymentsInMinorUnits bool
	// SubscriptionsInMinorUnits does the same for a subscription's billing_amount.
	SubscriptionsInMinorUnits bool

	// OrderLag and PaymentLag are how long a new order or payment is missing from list answers. By id
	// it is there at once.
	OrderLag, PaymentLag time.Duration

	// ExpiredIsEnvelope answers an expired or unknown token with the API's own error body; else with
	// the gateway's.
	ExpiredIsEnvelope bool
	// PaymentHookID is which id invoice.payment.* events carry.
	PaymentHookID PaymentHookID
	// V1Dates is which date since and until of REST v1 test.
	V1Dates V1Dates
}

// LastPageToken is the shape of the end of a list.
type LastPageToken string

// The ends of a list that a client may meet.
const (
	LastPageEmpty   LastPageToken = ""        // next_page_token is ""
	LastPageMissing LastPageToken = "missing" // there is no next_page_token
	LastPageNull    LastPageToken = "null"    // next_page_token is null, against the vendor's own schema
)

// DiscountShape is where a discount line has its amount.
type DiscountShape string

// The shapes of a discount line.
const (
	DiscountNegativePrice DiscountShape = ""                // price_per_unit below zero
	DiscountPositivePrice DiscountShape = "positive_price"  // price_per_unit above zero
	DiscountField         DiscountShape = "discount"        // discount, positive; price_per_unit is 0
	DiscountSpecial       DiscountShape = "special_amount"  // special with AMOUNT; price_per_unit is 0
	DiscountPercent       DiscountShape = "special_percent" // special with PERCENT where the percentage is exact, else AMOUNT
)

// InvoiceNumber is what invoice_number shows.
type InvoiceNumber string

// The contents of invoice_number.
const (
	InvoiceNumberAbsent    InvoiceNumber = ""        // never shown, as on Max Classic
	InvoiceNumberStored    InvoiceNumber = "stored"  // what was stored, if anything was
	InvoiceNumberOrderID   InvoiceNumber = "order"   // the order's id, as printed on the invoice
	InvoiceNumberInvoiceID InvoiceNumber = "invoice" // the invoice's id
)

// PaymentHookID is which id invoice.payment.* events carry.
type PaymentHookID string

// The ids of payment events.
const (
	HookPaymentID PaymentHookID = ""
	HookRowID     PaymentHookID = "row"
	HookOrderID   PaymentHookID = "order"
)

// V1Dates is which date since and until of REST v1 test.
type V1Dates string

// The dates of REST v1.
const (
	V1CreationDate V1Dates = ""
	V1OrderDate    V1Dates = "order"
	V1UpdateDate   V1Dates = "update"
)

func (s *Switches) check() error {
	if s.DefaultPageSize == 0 {
		s.DefaultPageSize = 10
	}
	if s.DefaultPageSize < 0 || s.DefaultPageSize > maxPage {
		return fmt.Errorf("infusionsoftfake: Switches.DefaultPageSize is %d: choose 1 to %d", s.DefaultPageSize, maxPage)
	}
	for name, ok := range map[string]bool{
		"LastPageToken": slices.Contains([]LastPageToken{LastPageEmpty, LastPageMissing, LastPageNull}, s.LastPageToken),
		"UnpaidStatus":  slices.Contains([]string{"", "-", "DRAFT", "SENT", "VIEWED", "PAID"}, s.UnpaidStatus),
		"DiscountShape": slices.Contains([]DiscountShape{DiscountNegativePrice, DiscountPositivePrice, DiscountField, DiscountSpecial, DiscountPercent}, s.DiscountShape),
		"InvoiceNumber": slices.Contains([]InvoiceNumber{InvoiceNumberAbsent, InvoiceNumberStored, InvoiceNumberOrderID, InvoiceNumberInvoiceID}, s.InvoiceNumber),
		"PaymentHookID": slices.Contains([]PaymentHookID{HookPaymentID, HookRowID, HookOrderID}, s.PaymentHookID),
		"V1Dates":       slices.Contains([]V1Dates{V1CreationDate, V1OrderDate, V1UpdateDate}, s.V1Dates),
	} {
		if !ok {
			return fmt.Errorf("infusionsoftfake: Switches.%s has an unknown value: use one of its constants", name)
		}
	}
	return nil
}
