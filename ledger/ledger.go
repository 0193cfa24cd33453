package ledger

import (
	"context"
	"io"
	"iter"

	"github.com/shopspring/decimal"
)

// Ledger is a Source whose books can be written, as far as its [Powers] go. A Ledger must be safe for
// concurrent use.
type Ledger interface {
	Source

	// Chart reads accounts, tax rates, items and what else lines can point at.
	Chart(context.Context) (Chart, error)

	// Contacts reads contacts, archived ones included, as [Source.Invoices] reads documents; where
	// vendors and employees share the customers' names, they are included with their Role.
	Contacts(context.Context, Query) iter.Seq2[Page[Contact], error]

	// Predict says, without a call, what this ledger will compute for the document as it stands:
	// the ledger's own rounding, line by line. It must not alter its argument.
	Predict(Invoice, Chart) (Prediction, error)

	// Powers says what can be written. It must return the same powers for the life of the value.
	Powers() Powers
}

// Powers is what a ledger can be asked to do. A nil field means: cannot. Who decorates a Ledger builds
// a new Powers and wraps each field that it knows, so that a power it does not know vanishes instead
// of slipping past.
type Powers struct {
	Invoices Writer[Invoice]
	Contacts Writer[Contact]
	Payments Writer[Payment]

	Updates      Changer // change an invoice's content
	Voids        Changer // void an invoice, or delete it while it is a draft
	PaymentVoids Changer // delete a payment

	Documents Documents
}

// Prediction is what a ledger will compute.
type Prediction struct {
	Amounts []decimal.Decimal // of each line, in order
	Taxes   []decimal.Decimal // of each line, in order
	Totals  Totals            // Net, Tax, Total; Balance = Total
	Unclear string            // not empty: the vendor's rounding is not known here, and the outcome depends on it
}

// Documents gives copies of invoices.
type Documents interface {
	// PDF returns the document as the ledger prints it. The caller closes it.
	PDF(context.Context, Ref) (io.ReadCloser, error)
}
