package eligibility

import (
	"fmt"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

// Mode says when invoices are pushed, and whether their payments are.
type Mode string

// The modes. The zero value is InvoicesOnly, the one that writes no money.
const (
	InvoicesOnly Mode = "invoices_only" // as they are raised, without payments
	AsRaised     Mode = "as_raised"     // as they are raised, payments as they come
	OncePaid     Mode = "once_paid"     // only once they are paid in full, with their payments
)

// Payments reports whether the mode writes payments.
func (m Mode) Payments() bool { return m == AsRaised || m == OncePaid }

// PushOptions are the settings that decide which invoices are pushed into a ledger. The zero value
// pushes every invoice from the first, without payments.
type PushOptions struct {
	Start Start
	Mode  Mode
	// SkipZero leaves out invoices whose total is zero.
	SkipZero bool
}

// Push returns the policy for invoices that go into a ledger. Of the [Facts] it asks for Linked,
// Currencies and LockDates.
func Push(o PushOptions) (Policy, error) {
	if err := o.Start.Validate(); err != nil {
		return Policy{}, err
	}
	switch o.Mode {
	case "", InvoicesOnly, AsRaised, OncePaid:
	default:
		return Policy{}, fmt.Errorf("eligibility: there is no mode %q; use %s, %s or %s",
			o.Mode, InvoicesOnly, AsRaised, OncePaid)
	}
	rules := []Rule{
		kindRule(),
		pushStatusRule(),
		linkedRule(),
		o.Start.rule(),
		unclearRule(),
		statusKnownRule(),
		dateRule(),
		contactRule(),
		linesRule(),
		sumRule(),
		negativeTotalRule(),
	}
	if o.SkipZero {
		rules = append(rules, zeroRule())
	}
	if o.Mode == OncePaid {
		rules = append(rules, oncePaidRule())
	}
	rules = append(rules, ledgerCurrencyRule(), lockRule())
	return NewPolicy("push", rules...)
}

func pushStatusRule() Rule {
	return Rule{
		Name: "status", Codes: []string{CodeDraft, CodeSubmitted, CodeVoided, CodeDeleted},
		Doc: "Drafts, invoices waiting for approval, voided and deleted invoices are left out.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			switch inv.Status {
			case ledger.StatusDraft, ledger.StatusSubmitted, ledger.StatusVoided, ledger.StatusDeleted:
				return stateReason(inv.Status)
			}
			return nil
		},
	}
}

func linkedRule() Rule {
	return Rule{
		Name: "already_linked", Codes: []string{CodeAlreadyLinked},
		Doc: "An invoice is transferred once.",
		Check: func(_ *ledger.Invoice, f *Facts) *Reason {
			if !f.Linked {
				return nil
			}
			return &Reason{Code: CodeAlreadyLinked, Disposition: Skip,
				Message: "The invoice has been transferred before."}
		},
	}
}

func dateRule() Rule {
	return Rule{
		Name: "date", Codes: []string{CodeNoDate}, Doc: "An invoice needs a date.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if !inv.Date.IsZero() {
				return nil
			}
			return &Reason{Code: CodeNoDate, Disposition: Park,
				Message: "The invoice has no date. Give it one where it was raised."}
		},
	}
}

func contactRule() Rule {
	return Rule{
		Name: "contact", Codes: []string{CodeNoContact}, Doc: "An invoice needs a customer.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			c := &inv.Contact
			// Proposals carry a name before any vendor has given the client an id.
			if c.ID != "" || c.Name != "" || c.Company != "" || c.Email != "" ||
				c.GivenName != "" || c.FamilyName != "" {
				return nil
			}
			return &Reason{Code: CodeNoContact, Disposition: Park,
				Message: "The invoice names no customer. Assign one where it was raised."}
		},
	}
}

func linesRule() Rule {
	return Rule{
		Name: "lines", Codes: []string{CodeNoLines}, Doc: "An invoice needs at least one line.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if len(inv.Lines) > 0 {
				return nil
			}
			return &Reason{Code: CodeNoLines, Disposition: Park, Got: "0 lines", Want: "1 or more",
				Message: "The invoice has no lines, so there is nothing to book."}
		},
	}
}

func sumRule() Rule {
	return Rule{
		Name: "lines_sum", Codes: []string{CodeLinesDoNotSum},
		Doc: "The lines must add up to the invoice's total, to the cent.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if len(inv.Lines) == 0 || sumsInCents(inv) {
				return nil
			}
			sum := lineSum(inv)
			if inv.Currency.Round(sum).Equal(inv.Currency.Round(inv.Totals.Total)) {
				return nil
			}
			return &Reason{Code: CodeLinesDoNotSum, Disposition: Park,
				Got: amount(inv, sum), Want: amount(inv, inv.Totals.Total),
				Message: "The lines do not add up to the invoice's total. Look at its discounts and tax where it was raised."}
		},
	}
}

// sumsInCents reports whether the lines of an invoice whose only tax is lines of tax add up to its total,
// as nearly all do, in amounts of which integers can be sure. False says nothing.
func sumsInCents(inv *ledger.Invoice) bool {
	if inv.TaxMode != ledger.TaxExclusive || inv.Currency.Places() != 2 {
		return false
	}
	rest, ok := cents(inv.Totals.Total)
	taxSeen := inv.Totals.Tax.IsZero()
	for i := range inv.Lines {
		l := &inv.Lines[i]
		n, sure := cents(l.Amount)
		ok = ok && sure && !l.TaxAmount.Valid
		taxSeen = taxSeen || l.Kind == ledger.LineTax
		rest -= n
	}
	return ok && taxSeen && rest == 0
}

func cents(d decimal.Decimal) (n int64, ok bool) {
	if d.NumDigits() > 12 {
		return 0, false
	}
	switch d.Exponent() {
	case -2:
		return d.CoefficientInt64(), true
	case -1:
		return 10 * d.CoefficientInt64(), true
	case 0:
		return 100 * d.CoefficientInt64(), true
	}
	return 0, false
}

// lineSum returns what the lines come to, tax included. Tax may be lines of its own, stated on each
// line, or (where neither is so) only in the totals.
func lineSum(inv *ledger.Invoice) decimal.Decimal {
	var sum, stated decimal.Decimal
	taxSeen := false
	for i := range inv.Lines {
		l := &inv.Lines[i]
		sum = sum.Add(l.Amount)
		if l.TaxAmount.Valid {
			stated = stated.Add(l.TaxAmount.Decimal)
		}
		taxSeen = taxSeen || l.TaxAmount.Valid || l.Kind == ledger.LineTax
	}
	switch {
	case inv.TaxMode == ledger.TaxInclusive, inv.TaxMode == ledger.TaxNone:
		return sum
	case !taxSeen:
		return sum.Add(inv.Totals.Tax)
	}
	return sum.Add(stated)
}

// negativeTotalRule: neither Xero (an ACCREC invoice's total) nor QuickBooks takes an invoice below
// zero; both want a credit note.
func negativeTotalRule() Rule {
	return Rule{
		Name: "negative_total", Codes: []string{CodeNegativeTotal},
		Doc: "An invoice below zero is not an invoice.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if !inv.Totals.Total.IsNegative() {
				return nil
			}
			return &Reason{Code: CodeNegativeTotal, Disposition: Park,
				Got: amount(inv, inv.Totals.Total), Want: "0 or more",
				Message: "The invoice's total is negative. Ledgers take that only as a credit note; enter it there by hand."}
		},
	}
}

func zeroRule() Rule {
	return Rule{
		Name: "zero_due", Codes: []string{CodeZeroDue},
		Doc: "Invoices whose total is zero are left out.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			// Amounts that were not understood decide nothing.
			if inv.Unclear != "" || !inv.Totals.Total.IsZero() {
				return nil
			}
			return &Reason{Code: CodeZeroDue, Disposition: Skip, Got: amount(inv, inv.Totals.Total),
				Want: "more than 0", Message: "The invoice's total is zero, and such invoices are left out."}
		},
	}
}

func oncePaidRule() Rule {
	return Rule{
		Name: "once_paid", Codes: []string{CodeNotPaidYet},
		Doc: "Invoices are transferred once they are paid in full.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if inv.Unclear != "" {
				return nil
			}
			settled := received(inv)
			if settled.GreaterThanOrEqual(inv.Totals.Total) {
				return nil
			}
			return &Reason{Code: CodeNotPaidYet, Disposition: Skip,
				Got: amount(inv, settled) + " paid", Want: amount(inv, inv.Totals.Total),
				Message: "Invoices are transferred once they are paid, and this one is not paid in full yet."}
		},
	}
}

// received returns the money and credit that the invoice has got, less what was given back. The
// document's own totals say it; where all payment records came with the document they are asked too,
// and the smaller answer counts: totals may include money that is still pending.
func received(inv *ledger.Invoice) decimal.Decimal {
	got := inv.Totals.Paid
	if len(inv.Payments) > 0 && !inv.PaymentsElsewhere {
		var records decimal.Decimal
		for i := range inv.Payments {
			switch p := &inv.Payments[i]; p.Status {
			case ledger.PaymentConfirmed:
				records = records.Add(p.Amount)
			case ledger.PaymentRefunded:
				records = records.Sub(p.Amount)
			}
		}
		got = decimal.Min(got, records)
	}
	return got.Add(inv.Totals.Credited)
}

func ledgerCurrencyRule() Rule {
	return Rule{
		Name: "currency", Codes: []string{CodeNoCurrency, CodeCurrencyNotEnabled},
		Doc: "The ledger must hold the invoice's currency.",
		Check: func(inv *ledger.Invoice, f *Facts) *Reason {
			if inv.Currency == "" {
				return noCurrency()
			}
			for _, c := range f.Currencies {
				if c == inv.Currency {
					return nil
				}
			}
			return &Reason{Code: CodeCurrencyNotEnabled, Disposition: Park,
				Got: string(inv.Currency), Want: currencyList(f.Currencies),
				Message: fmt.Sprintf("The ledger is not set up for %s. Add the currency in the ledger.", inv.Currency)}
		},
	}
}

func lockRule() Rule {
	return Rule{
		Name: "lock_date", Codes: []string{CodeLockedPeriod},
		Doc: "Nothing is written into a period that the ledger has locked.",
		Check: func(inv *ledger.Invoice, f *Facts) *Reason {
			lock := ledger.Organisation{LockDates: f.LockDates}.Locked(inv.Date)
			if inv.Date.IsZero() || lock.IsZero() {
				return nil
			}
			return &Reason{Code: CodeLockedPeriod, Disposition: Park,
				Got: inv.Date.String(), Want: "after " + lock.String(),
				Message: fmt.Sprintf("The invoice is dated in a period that the ledger locked up to %s. Move the lock date, or enter the invoice by hand.", lock)}
		},
	}
}
