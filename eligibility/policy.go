package eligibility

import (
	"errors"
	"fmt"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
)

// Facts are what a policy needs to know beside the invoice. They are plain values, so that a verdict
// can be repeated years later; fields that a policy's rules do not ask for may stay empty.
type Facts struct {
	// AsOf is the day on which the invoice is judged, in the organisation's calendar.
	AsOf ledger.Date `json:"as_of"`

	// Linked says that this invoice has been written, or taken over, before.
	Linked bool `json:"linked,omitempty"`

	// Currencies are those that the ledger can hold, the base currency included.
	Currencies []ledger.Currency `json:"currencies,omitempty"`

	// LockDates are the ledger's: nothing dated on or before any of them may be written.
	LockDates []ledger.Date `json:"lock_dates,omitempty"`

	// AccountCurrency is the one currency in which the host's account takes unpaid invoices.
	AccountCurrency ledger.Currency `json:"account_currency,omitempty"`

	// MappedTaxCodes are the ledger's tax codes for which the host has a tax rate of its own.
	MappedTaxCodes []string `json:"mapped_tax_codes,omitempty"`
}

// LedgerFacts returns what an organisation says of itself as facts: its currencies and lock dates.
func LedgerFacts(org ledger.Organisation, asOf ledger.Date) Facts {
	f := Facts{AsOf: asOf, Currencies: slices.Clone(org.Currencies), LockDates: slices.Clone(org.LockDates)}
	if org.BaseCurrency != "" && !slices.Contains(f.Currencies, org.BaseCurrency) {
		f.Currencies = append(f.Currencies, org.BaseCurrency)
	}
	return f
}

// Rule is one question about an invoice.
type Rule struct {
	Name  string   // unique in its policy, lower case with underscores
	Codes []string // the reason codes that Check may give; nil: any, for records not understood
	Doc   string   // one sentence for a settings page
	// Overridable says that a person may let an invoice through that this rule skips. What it parks is
	// broken, and a person's word does not mend it.
	Overridable bool

	// Check returns nil when nothing speaks against the invoice. It must look at nothing but its
	// arguments, must not change them, and must not keep them. Rule and Overridable of the reason are
	// filled in from the rule; a Disposition left empty becomes Park.
	Check func(*ledger.Invoice, *Facts) *Reason
}

// Policy is a named, ordered list of rules. The zero Policy parks everything.
type Policy struct {
	name  string
	rules []Rule
}

// NewPolicy returns a policy of the rules in their order. Every rule needs a name of its own and a
// Check, and there must be at least one rule: a policy without any would let everything through.
func NewPolicy(name string, rules ...Rule) (Policy, error) {
	if name == "" {
		return Policy{}, errors.New("eligibility: a policy needs a name")
	}
	if len(rules) == 0 {
		return Policy{}, fmt.Errorf("eligibility: policy %s needs at least one rule", name)
	}
	seen := make(map[string]bool, len(rules))
	for _, r := range rules {
		switch {
		case r.Name == "":
			return Policy{}, fmt.Errorf("eligibility: policy %s: every rule needs a name", name)
		case r.Check == nil:
			return Policy{}, fmt.Errorf("eligibility: policy %s: rule %s needs a Check", name, r.Name)
		case seen[r.Name]:
			return Policy{}, fmt.Errorf("eligibility: policy %s: there are two rules %s; rename one", name, r.Name)
		}
		seen[r.Name] = true
	}
	return Policy{name: name, rules: slices.Clone(rules)}, nil
}

// Name returns the policy's name.
func (p Policy) Name() string { return p.name }

// Rules returns the rules in their order.
func (p Policy) Rules() []Rule { return slices.Clone(p.rules) }

// With returns a policy of the same name with more rules behind the present ones.
func (p Policy) With(rules ...Rule) (Policy, error) {
	return NewPolicy(p.name, append(p.Rules(), rules...)...)
}

// Judge asks every rule and returns all that speaks against the invoice.
func (p Policy) Judge(invoice ledger.Invoice, facts Facts) Verdict {
	if len(p.rules) == 0 {
		return Verdict{Policy: "none", Reasons: []Reason{{
			Code: CodeNoRules, Disposition: Park,
			Message: "No rules are set up to judge invoices by.",
		}}}
	}
	v := Verdict{Policy: p.name}
	for i := range p.rules {
		rule := &p.rules[i]
		r := rule.Check(&invoice, &facts)
		// An adapter may have said already, as Invoice.Unclear, what a later rule finds out again.
		if r == nil || slices.ContainsFunc(v.Reasons, func(have Reason) bool { return have.Code == r.Code }) {
			continue
		}
		reason := *r
		if reason.Disposition == "" {
			reason.Disposition = Park
		}
		reason.Rule, reason.Overridable = rule.Name, rule.Overridable && reason.Disposition == Skip
		v.Reasons = append(v.Reasons, reason)
	}
	return v
}
