package eligibility

import (
	"fmt"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

// DefaultDays is how far the age rules of [UnpaidImport] look back where nothing else is said.
const DefaultDays = 90

// UnpaidOptions are the settings of [UnpaidImport] and [Literal]: every rule has a switch of its own,
// and a value where there is one to choose. The zero value has every rule on.
type UnpaidOptions struct {
	Issued  AgeRule `json:"issued,omitzero"`  // counted from the invoice date
	Overdue AgeRule `json:"overdue,omitzero"` // counted from the due date; a missing one is the invoice date

	Status  StatusRule  `json:"status,omitzero"`
	Balance BalanceRule `json:"balance,omitzero"`

	AllowPaid          bool `json:"allow_paid,omitempty"`           // take invoices that are paid in full
	AllowPartPaid      bool `json:"allow_part_paid,omitempty"`      // take invoices paid or credited in part
	AllowUnmappedTax   bool `json:"allow_unmapped_tax,omitempty"`   // take lines with any tax code
	AllowAnyCurrency   bool `json:"allow_any_currency,omitempty"`   // take every currency
	AllowNegativeLines bool `json:"allow_negative_lines,omitempty"` // take lines below zero
}

// AgeRule limits an age in days. The limit itself is in.
type AgeRule struct {
	Off  bool `json:"off,omitempty"`
	Days *int `json:"days,omitempty"` // nil: DefaultDays; 0: not older than today
}

// StatusRule leaves out invoices by status. Whether an invoice is paid is never a matter of this rule.
type StatusRule struct {
	Off bool `json:"off,omitempty"`
	// Excluded are the statuses that are left out; nil: draft, submitted, voided and deleted.
	Excluded []ledger.Status `json:"excluded,omitempty"`
}

// BalanceRule leaves out invoices of which too little is left to pay. The minimum itself is in.
type BalanceRule struct {
	Off     bool                `json:"off,omitempty"`
	Minimum decimal.NullDecimal `json:"minimum,omitzero"` // not valid: one minor unit of the invoice's currency
}

// UnpaidImport returns the policy for unpaid ledger invoices that come into the host's app: approved
// invoices that await payment, issued in the last 90 days and not more than 90 days past due, with
// nothing paid, at least one minor unit open, every tax code mapped, in the account's currency, and
// without a negative line. Nil options have every rule on with these values. Ledgers without a state of
// approval (QuickBooks) give their live invoices as approved.
//
// A person who ticks invoices by hand may override the two age rules, part-paid and the negative line;
// never currency or tax, nor what is not owed.
//
// Of the [Facts] it asks for AsOf, AccountCurrency and MappedTaxCodes.
func UnpaidImport(o *UnpaidOptions) (Policy, error) {
	var set UnpaidOptions
	if o != nil {
		set = *o
	}
	if set.Status.Excluded == nil {
		set.Status.Excluded = []ledger.Status{
			ledger.StatusDraft, ledger.StatusSubmitted, ledger.StatusVoided, ledger.StatusDeleted,
		}
	}
	return unpaid("unpaid_import", set)
}

// Literal returns UnpaidImport as a widely published list of exclusions words it: drafts, submitted,
// authorised, deleted and voided invoices are left out. In Xero an authorised invoice is the one that is
// approved and awaits payment, so taken at its word the list leaves nothing over: with its status rule
// on, this policy imports no unpaid invoice at all. It exists to show that, and to compare with a system
// that was built so; use [UnpaidImport].
//
// Every rule has its switch and its value here too; a list given in Status.Excluded replaces the
// published one.
func Literal(o *UnpaidOptions) (Policy, error) {
	var set UnpaidOptions
	if o != nil {
		set = *o
	}
	if set.Status.Excluded == nil {
		set.Status.Excluded = []ledger.Status{
			ledger.StatusDraft, ledger.StatusSubmitted, ledger.StatusApproved,
			ledger.StatusVoided, ledger.StatusDeleted,
		}
	}
	return unpaid("literal", set)
}

func unpaid(name string, o UnpaidOptions) (Policy, error) {
	for _, a := range []struct {
		name string
		age  AgeRule
	}{{"issued", o.Issued}, {"overdue", o.Overdue}} {
		if a.age.days() < 0 {
			return Policy{}, fmt.Errorf("eligibility: %s: %d days is less than none; give 0 or more", a.name, a.age.days())
		}
	}
	if o.Balance.Minimum.Valid && o.Balance.Minimum.Decimal.IsNegative() {
		return Policy{}, fmt.Errorf("eligibility: balance: the minimum %s is negative; give 0 or more", o.Balance.Minimum.Decimal)
	}
	o.Status.Excluded = slices.Clone(o.Status.Excluded)

	rules := []Rule{kindRule(), unclearRule(), statusKnownRule()}
	add := func(off bool, r Rule) {
		if !off {
			rules = append(rules, r)
		}
	}
	add(o.Status.Off, importStatusRule(o.Status.Excluded))
	add(o.AllowPaid, paidRule())
	add(o.AllowPartPaid, partPaidRule())
	add(o.Balance.Off, balanceRule(o.Balance.Minimum))
	add(o.Issued.Off, issuedRule(o.Issued.days()))
	add(o.Overdue.Off, overdueRule(o.Overdue.days()))
	add(o.AllowAnyCurrency, accountCurrencyRule())
	add(o.AllowUnmappedTax, taxMappedRule())
	add(o.AllowNegativeLines, negativeLineRule())
	return NewPolicy(name, rules...)
}

func (a AgeRule) days() int {
	if a.Days == nil {
		return DefaultDays
	}
	return *a.Days
}

// CompleteRules returns the rules that an invoice is whole: it names its customer, has a date, a currency
// and at least one line. [Push] has them; whoever takes invoices over by another policy adds them to it.
func CompleteRules() []Rule {
	return []Rule{contactRule(), dateRule(), currencyKnownRule(), linesRule()}
}

func currencyKnownRule() Rule {
	return Rule{
		Name: "currency_known", Codes: []string{CodeNoCurrency}, Doc: "An invoice needs a currency.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if inv.Currency != "" {
				return nil
			}
			return noCurrency()
		},
	}
}

func importStatusRule(excluded []ledger.Status) Rule {
	var may []string
	for _, s := range excluded {
		may = append(may, stateReason(s).Code)
	}
	return Rule{
		Name: "status", Codes: may,
		Doc: "Only approved invoices that await payment are taken.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			if !slices.Contains(excluded, inv.Status) {
				return nil
			}
			return stateReason(inv.Status)
		},
	}
}

func paidRule() Rule {
	return Rule{
		Name: "paid", Codes: []string{CodePaid}, Doc: "Invoices that are paid are left out.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			t := &inv.Totals
			if inv.Status != ledger.StatusPaid && !(t.Total.IsPositive() && settled(inv).GreaterThanOrEqual(t.Total)) {
				return nil
			}
			return &Reason{Code: CodePaid, Disposition: Skip, Got: amount(inv, settled(inv)) + " settled",
				Want: "0", Message: "The invoice is paid."}
		},
	}
}

func partPaidRule() Rule {
	return Rule{
		Name: "part_paid", Codes: []string{CodePartPaid}, Overridable: true,
		Doc: "Invoices that are paid in part, or reduced by a credit note, are left out.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			got := settled(inv)
			if !got.IsPositive() || got.GreaterThanOrEqual(inv.Totals.Total) || inv.Status == ledger.StatusPaid {
				return nil
			}
			return &Reason{Code: CodePartPaid, Disposition: Skip,
				Got: amount(inv, got) + " of " + amount(inv, inv.Totals.Total), Want: "0",
				Message: "The invoice is paid in part, or a credit note was used on it."}
		},
	}
}

// settled returns how much of the invoice is no longer owed. A ledger may know of more than payments
// and credit notes (overpayments, write-offs), and then only its balance shows it: the larger counts. That
// nothing is owed any more on what was voided or deleted is no payment.
func settled(inv *ledger.Invoice) decimal.Decimal {
	t := &inv.Totals
	if !inv.Status.Live() {
		return t.Paid.Add(t.Credited)
	}
	return decimal.Max(t.Paid.Add(t.Credited), t.Total.Sub(t.Balance))
}

func balanceRule(minimum decimal.NullDecimal) Rule {
	return Rule{
		Name: "balance", Codes: []string{CodeBalanceBelowFloor},
		Doc: "Invoices with less than the smallest amount left to pay are left out.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			floor := minimum.Decimal
			if !minimum.Valid {
				floor = inv.Currency.Minor()
			}
			if inv.Totals.Balance.GreaterThanOrEqual(floor) {
				return nil
			}
			return &Reason{Code: CodeBalanceBelowFloor, Disposition: Skip,
				Got: amount(inv, inv.Totals.Balance), Want: amount(inv, floor) + " or more",
				Message: "What is left to pay is less than the smallest amount that is taken."}
		},
	}
}

func issuedRule(days int) Rule {
	return Rule{
		Name: "issued", Codes: []string{CodeTooOld, CodeNoDate, CodeNoAsOf}, Overridable: true,
		Doc: "Invoices issued longer ago than the limit are left out.",
		Check: func(inv *ledger.Invoice, f *Facts) *Reason {
			return ageReason(inv.Date, f.AsOf, days, CodeTooOld,
				"The invoice was issued %d days ago, and the limit is %d days.")
		},
	}
}

func overdueRule(days int) Rule {
	return Rule{
		Name: "overdue", Codes: []string{CodeLongOverdue, CodeNoDate, CodeNoAsOf}, Overridable: true,
		Doc: "Invoices longer past their due date than the limit are left out.",
		Check: func(inv *ledger.Invoice, f *Facts) *Reason {
			due := inv.DueDate
			if due.IsZero() {
				due = inv.Date
			}
			return ageReason(due, f.AsOf, days, CodeLongOverdue,
				"The invoice is %d days past its due date, and the limit is %d days.")
		},
	}
}

// ageReason fails closed: an age that cannot be counted is not within the limit.
func ageReason(from, asOf ledger.Date, limit int, code, format string) *Reason {
	switch {
	case asOf.IsZero():
		return &Reason{Code: CodeNoAsOf, Disposition: Park,
			Message: "The invoice's age cannot be told, because the day of judging was not given."}
	case from.IsZero():
		return &Reason{Code: CodeNoDate, Disposition: Park,
			Message: "The invoice's age cannot be told, because it has no date."}
	}
	age := asOf.DaysSince(from)
	if age <= limit {
		return nil
	}
	return &Reason{Code: code, Disposition: Skip,
		Got: fmt.Sprintf("%d days", age), Want: fmt.Sprintf("at most %d days", limit),
		Message: fmt.Sprintf(format, age, limit)}
}

func accountCurrencyRule() Rule {
	return Rule{
		Name: "currency", Codes: []string{CodeNoCurrency, CodeOtherCurrency},
		Doc: "Invoices in another currency than the account's are left out.",
		Check: func(inv *ledger.Invoice, f *Facts) *Reason {
			if inv.Currency == "" {
				return noCurrency()
			}
			if inv.Currency == f.AccountCurrency {
				return nil
			}
			return &Reason{Code: CodeOtherCurrency, Disposition: Skip,
				Got: string(inv.Currency), Want: string(f.AccountCurrency),
				Message: "The invoice is in another currency than the account."}
		},
	}
}

func taxMappedRule() Rule {
	return Rule{
		Name: "tax_mapped", Codes: []string{CodeTaxNotMapped},
		Doc: "Every tax rate on the invoice must be mapped to a rate of the account.",
		Check: func(inv *ledger.Invoice, f *Facts) *Reason {
			for i := range inv.Lines {
				l := &inv.Lines[i]
				if l.TaxCode == "" && l.TaxAmount.Decimal.IsZero() {
					continue // no rate, and nothing that would need one
				}
				if l.TaxCode != "" && slices.Contains(f.MappedTaxCodes, l.TaxCode) {
					continue
				}
				got := l.TaxCode
				if got == "" {
					got = "tax without a code"
				}
				return &Reason{Code: CodeTaxNotMapped, Disposition: Park, Got: fmt.Sprintf("line %d: %s", i+1, got),
					Want: "a mapped tax code", Message: "A line bears a tax rate that is not mapped. Map the rate in the settings."}
			}
			return nil
		},
	}
}

func negativeLineRule() Rule {
	return Rule{
		Name: "negative_line", Codes: []string{CodeNegativeLine}, Overridable: true,
		Doc: "Invoices with a line below zero are left out.",
		Check: func(inv *ledger.Invoice, _ *Facts) *Reason {
			for i := range inv.Lines {
				if inv.Lines[i].Amount.IsNegative() {
					return &Reason{Code: CodeNegativeLine, Disposition: Skip,
						Got: fmt.Sprintf("line %d: %s", i+1, amount(inv, inv.Lines[i].Amount)), Want: "0 or more",
						Message: "A line of the invoice has a negative amount."}
				}
			}
			return nil
		},
	}
}
