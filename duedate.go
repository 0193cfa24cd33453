package invoicesync

import (
	"fmt"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

// DueDateSettings say when a pushed invoice is due. Three rules are tried in this order, and the first
// that holds wins:
//
//  1. It was paid in full on the day of the invoice, or before: due on the invoice date.
//  2. It has a real payment plan: due with the last instalment. A plan is real when it has more than
//     one instalment, or one later than the invoice; Infusionsoft gives nearly every order a plan of a
//     single instalment on its own day, and that says nothing.
//  3. Otherwise: due Days after the invoice date, or with AsSource on the source's own due date.
//
// A due date never lies before the invoice date: a plan whose last instalment does (the invoice was
// dated again later) makes the invoice due on its own date.
type DueDateSettings struct {
	Days int // 0: due on the invoice date
	// AsSource takes the source's due date where it has one, in place of Days. A source that is itself a ledger
	// knows when an invoice is due; Infusionsoft seldom does.
	AsSource bool
}

// maxDueDays keeps a slip of the keyboard out of the books; ten years are more than any terms.
const maxDueDays = 3660

// Validate returns an error when Days cannot be meant.
func (s DueDateSettings) Validate() error {
	if s.Days < 0 || s.Days > maxDueDays {
		return fmt.Errorf("invoicesync: due date: %d days after the invoice; give 0 to %d", s.Days, maxDueDays)
	}
	return nil
}

// The names of the due date rules, as they are recorded.
const (
	duePaidAtCreation = "paid_at_creation"
	duePaymentPlan    = "payment_plan"
	dueAfterDays      = "days"
	dueAsSource       = "as_source"
)

// dueDate returns the due date and the name of the rule that gave it. Payments must be complete: the
// caller has read those that did not come with the document. An invoice without a date has no due date
// either, by no rule.
func dueDate(inv ledger.Invoice, s DueDateSettings) (ledger.Date, string) {
	if inv.Date.IsZero() {
		return ledger.Date{}, ""
	}
	if paidAtCreation(&inv) {
		return inv.Date, duePaidAtCreation
	}
	if last, ok := lastInstalment(&inv); ok {
		if last.Before(inv.Date) {
			last = inv.Date
		}
		return last, duePaymentPlan
	}
	if s.AsSource && !inv.DueDate.IsZero() {
		if inv.DueDate.Before(inv.Date) {
			return inv.Date, dueAsSource
		}
		return inv.DueDate, dueAsSource
	}
	return inv.Date.AddDays(s.Days), dueAfterDays
}

// paidAtCreation asks the payment records and not the totals: a first instalment on the day and the
// rest months later also ends in "paid", and a refund next year must not move the due date.
func paidAtCreation(inv *ledger.Invoice) bool {
	if !inv.Totals.Total.IsPositive() {
		return false
	}
	var paid decimal.Decimal
	for i := range inv.Payments {
		p := &inv.Payments[i]
		if p.Status == ledger.PaymentConfirmed && p.Unclear == "" && !p.Date.IsZero() && !p.Date.After(inv.Date) {
			paid = paid.Add(p.Amount)
		}
	}
	return paid.GreaterThanOrEqual(inv.Totals.Total)
}

// lastInstalment returns the last date of a real payment plan.
func lastInstalment(inv *ledger.Invoice) (last ledger.Date, ok bool) {
	for _, p := range inv.Plan {
		if p.Due.After(last) {
			last = p.Due
		}
	}
	return last, !last.IsZero() && (len(inv.Plan) > 1 || last.After(inv.Date))
}
