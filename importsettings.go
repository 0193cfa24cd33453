package invoicesync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// HostVendor is the vendor in the [ledger.OrganisationID] of a host's account.
const HostVendor = "host"

// DefaultBudget is how many events an account takes in 24 hours where nothing else is said.
const DefaultBudget = 2000

// ImportSettings are what a host chooses for an [Import]. They are plain values.
type ImportSettings struct {
	// Ledger pins the organisation that is read. A connection that leads elsewhere is refused.
	Ledger ledger.OrganisationID
	// Account is the host's own name for whose account the invoices come into.
	Account string

	// Processing is the master switch. Off, Run does nothing: what came stays, and no more comes.
	// Candidates and Select work all the same, since they are a person's doing.
	Processing bool

	// Currency is the one currency in which the account takes invoices.
	Currency ledger.Currency
	// TaxCodes are the ledger's tax codes for which the host has a rate of its own.
	TaxCodes []string

	// Rules are the switches and values of the policy; the zero value is a good default.
	Rules eligibility.UnpaidOptions
	// Manual lets Run import nothing by itself: a person selects, and Run follows what was selected.
	Manual bool
	// Literal takes [eligibility.Literal] for the policy, which imports nothing by itself.
	Literal bool

	// All lets the first run read documents of every status and age, to give each a verdict. Without it
	// the first run asks for what the policy could take; others get theirs when they change.
	All bool

	// Budget is how many events the account takes in any 24 hours; an event is a verdict that is
	// stored. What is beyond it is deferred, and judged as soon as there is room. 0: DefaultBudget;
	// negative: no limit.
	Budget int

	Interval time.Duration // for the host's scheduler, which runs the flow. No flow reads it
}

// Validate returns all contradictions, joined, or nil. It makes no call.
func (s ImportSettings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("invoicesync: import settings: "+format, args...))
	}
	if s.Ledger.Vendor == "" || s.Ledger.ID == "" {
		bad("Ledger names no organisation: set its vendor and id")
	}
	if s.Account == "" {
		bad("Account is empty: name the host's account")
	}
	if s.Currency != "" {
		if err := checkCurrency(s.Currency); err != nil {
			bad("Currency: %w", err)
		}
	} else if !s.Rules.AllowAnyCurrency {
		bad("Currency is empty: set the account's currency, or allow any")
	}
	if s.Interval < 0 {
		bad("Interval is negative")
	}
	if _, err := s.Policy(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Warnings returns what a host should tell the person who chose these settings.
func (s ImportSettings) Warnings() []string {
	var w []string
	if !s.Processing {
		w = append(w, "Processing is off: nothing is imported by itself, and changes of what was imported do not follow.")
	}
	if s.Literal && s.Rules.Status.Excluded == nil && !s.Rules.Status.Off {
		w = append(w, "The literal rules leave approved invoices out, and so import no unpaid invoice at all.")
	}
	if len(s.TaxCodes) == 0 && !s.Rules.AllowUnmappedTax {
		w = append(w, "No tax code is mapped: invoices that bear tax will be parked.")
	}
	return w
}

// Policy returns the policy that invoices are judged by: [eligibility.UnpaidImport] or
// [eligibility.Literal], and that the invoice is complete.
func (s ImportSettings) Policy() (eligibility.Policy, error) {
	build := eligibility.UnpaidImport
	if s.Literal {
		build = eligibility.Literal
	}
	policy, err := build(&s.Rules)
	if err != nil {
		return policy, fmt.Errorf("invoicesync: import settings: Rules: %w", err)
	}
	return policy.With(eligibility.CompleteRules()...)
}

// Facts returns what an invoice is judged by on a day, beside itself.
func (s ImportSettings) Facts(asOf ledger.Date) eligibility.Facts {
	return eligibility.Facts{AsOf: asOf, AccountCurrency: s.Currency, MappedTaxCodes: slices.Clone(s.TaxCodes)}
}

func (s ImportSettings) pair() store.Pair {
	return store.Pair{Source: s.Ledger, Ledger: ledger.OrganisationID{Vendor: HostVendor, ID: s.Account}}
}

// hash changes when a setting changes that a verdict depends on.
func (s ImportSettings) hash() string {
	s.Processing, s.Manual, s.All, s.Interval, s.Budget = false, false, false, 0, 0
	s.TaxCodes = slices.Compact(slices.Sorted(slices.Values(s.TaxCodes)))
	b, err := json.Marshal(s)
	if err != nil {
		// Settings are plain values; only a new field of another sort could come here.
		panic(fmt.Sprintf("invoicesync: import settings do not marshal: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// budget is the limit of events in 24 hours; negative: none.
func (s ImportSettings) budget() int {
	if s.Budget == 0 {
		return DefaultBudget
	}
	return s.Budget
}

// wanted asks the ledger for what the policy could take, of whatever age. Approved documents are among
// it even where no rule lets them through, so that their verdicts can be seen.
func (s ImportSettings) wanted() ledger.Query {
	left := s.Rules.Status.Excluded
	if left == nil {
		left = []ledger.Status{ledger.StatusDraft, ledger.StatusSubmitted, ledger.StatusVoided, ledger.StatusDeleted}
	}
	q := ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}, Open: !s.Rules.AllowPaid && !s.Rules.Balance.Off}
	for _, status := range []ledger.Status{ledger.StatusDraft, ledger.StatusSubmitted, ledger.StatusVoided, ledger.StatusDeleted} {
		if s.Rules.Status.Off || !slices.Contains(left, status) {
			q.Statuses = append(q.Statuses, status)
		}
	}
	if s.Rules.AllowPaid {
		q.Statuses = append(q.Statuses, ledger.StatusPaid)
	}
	if m := s.Rules.Balance.Minimum; m.Valid && m.Decimal.IsZero() {
		q.Open = false
	}
	return q
}

// lookBack is the earliest invoice date that the policy takes on a day; the zero Date: any.
func (s ImportSettings) lookBack(asOf ledger.Date) ledger.Date {
	if s.Rules.Issued.Off {
		return ledger.Date{}
	}
	days := eligibility.DefaultDays
	if s.Rules.Issued.Days != nil {
		days = *s.Rules.Issued.Days
	}
	return asOf.AddDays(-days)
}
