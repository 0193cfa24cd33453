package invoicesync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Settings are what a host chooses for a flow. They are plain values; save them where you like.
// [Settings.Validate] finds contradictions without a call, [Push.Check] compares them with the live
// organisations.
type Settings struct {
	// Source and Ledger pin the two organisations. A connection that leads elsewhere is refused.
	Source ledger.OrganisationID
	Ledger ledger.OrganisationID

	// Processing is the master switch. Off, Run writes nothing. Preview still works, and One still
	// writes the one invoice that a person asks for, to try the settings before switching on.
	Processing bool

	// Currency is the source's currency as its owner confirmed it.
	Currency ledger.Currency

	Start eligibility.Start // which invoices at all
	Mode  eligibility.Mode  // invoices only, payments as well, or only once paid

	// Status of new invoices: draft, submitted or approved ("" is approved). An approved invoice can
	// only be voided, never deleted; payments can only be booked on approved ones.
	Status ledger.Status

	SkipZero bool // skip invoices whose total is zero

	Due      DueDateSettings
	Accounts AccountSettings
	Items    ItemSettings // in place of accounts, where the ledger books lines by items
	Tax      TaxSettings
	Numbers  NumberSettings
	Contacts ContactSettings
	Payments PaymentSettings

	FinanceCharges FinanceCharges

	OnVariance      OnVariance // the ledger would compute another total than the source
	RoundingAccount string     // for VarianceRoundingLine; Items.Rounding where lines are booked by items

	OnEdit   OnEdit   // the source changed an invoice after it was pushed
	OnDelete OnDelete // the source deleted one

	Interval time.Duration // for the host's scheduler, which runs the flow; 0: hourly. No flow reads it

	// Presentation, where the ledger has it: the id of a branding theme, and categories with an option each, on every
	// line. [Push.Check] compares them with the ledger where its adapter reads them; Xero's does with its option
	// Presentation.
	Theme         string
	SentToContact bool
	Tracking      []ledger.Tracking
}

// FinanceCharges says what becomes of finance charge lines.
type FinanceCharges string

// What becomes of finance charges.
const (
	FinanceChargesAsLines FinanceCharges = ""         // a line, on the finance charge account
	FinanceChargesLeftOut FinanceCharges = "left_out" // not in the ledger: its total is smaller by them
)

// OnVariance says what happens when prediction and source differ.
type OnVariance string

// What happens on a variance.
const (
	VarianceRefuse       OnVariance = ""              // parked as "total_differs"
	VarianceReport       OnVariance = "report"        // written, and counted as a difference
	VarianceRoundingLine OnVariance = "rounding_line" // a line to RoundingAccount, up to one minor unit a line
)

// OnEdit says what happens when an invoice changes after it was pushed.
type OnEdit string

// What happens on an edit.
const (
	EditReport OnEdit = ""       // parked as "changed_after_push"
	EditUpdate OnEdit = "update" // carried over while the ledger allows it, else parked "locked_by_payment"
	EditVoid   OnEdit = "void"   // the ledger's invoice is voided and a new one written
)

// OnDelete says what happens when the source deletes a pushed invoice.
type OnDelete string

// What happens on a deletion.
const (
	DeleteReport OnDelete = "" // parked as "deleted_in_source"
	// DeleteVoid voids it in the ledger, or deletes it while it is a draft. Payments that the source has reversed
	// are deleted first. One with other money on it stays, parked as "locked_by_payment": what becomes of the
	// money is a person's decision. Once it is taken off in the ledger, the next run voids the invoice.
	DeleteVoid OnDelete = "void"
)

// NumberSettings say who numbers the invoices. Numbers are never identity.
type NumberSettings struct {
	FromSource bool   // prefix + the source's number; false: the ledger numbers
	Prefix     string // for instance "IS-"
}

// ContactSettings say how clients meet the ledger's contacts.
type ContactSettings struct {
	// Suffix lets a new contact whose name is taken be created as "Name (id)". Without it the
	// invoice is parked as "contact_name_taken". A name alone never links.
	Suffix bool
	// CreateNone parks invoices whose client is not in the ledger yet as "contact_unknown".
	CreateNone bool
}

// PaymentSettings say how payments are booked.
//
// Refunds are not booked: there is no setting that does it. Money that was given back after its payment was booked,
// and a refund that is a record of its own, are reported as "refund_owed" in every run, with the amount among the
// Owed, until a person has booked the refund in the ledger (for instance as a credit note, allocated to the invoice
// or repaid) and says so: [Push.RefundBooked], [Settle.RefundBooked]. The payment is never deleted for it, which
// would ask the customer for the money again. A refund of what was never booked needs nothing.
type PaymentSettings struct {
	// Account takes payments whose method is not in Accounts. Both name an account code, or an id
	// where the account has no code.
	Account  string
	Accounts map[string]string // by the source's payment method

	// UpToBalance books an overpayment up to the invoice's balance and reports the rest. Without it
	// the payment is parked as "overpays".
	UpToBalance bool
}

// status returns the status that new invoices get.
func (s Settings) status() ledger.Status {
	if s.Status == "" {
		return ledger.StatusApproved
	}
	return s.Status
}

// paymentsWanted reports whether the flow books payments.
func (s Settings) paymentsWanted() bool { return s.Mode.Payments() }

// pair returns the organisations that links belong to.
func (s Settings) pair() store.Pair { return store.Pair{Source: s.Source, Ledger: s.Ledger} }

// Validate returns all contradictions, joined, or nil. It makes no call.
func (s Settings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("invoicesync: settings: "+format, args...))
	}
	if s.Source.Vendor == "" || s.Source.ID == "" {
		bad("Source names no organisation: set its vendor and id")
	}
	if s.Ledger.Vendor == "" || s.Ledger.ID == "" {
		bad("Ledger names no organisation: set its vendor and id")
	}
	if s.Source == s.Ledger && !s.Source.IsZero() {
		bad("Source and Ledger are the same organisation %s", s.Source)
	}
	if s.Currency != "" {
		if err := checkCurrency(s.Currency); err != nil {
			bad("Currency: %w", err)
		}
	} else {
		bad("Currency is empty: confirm the source's currency")
	}
	if err := s.Start.Validate(); err != nil {
		bad("Start: %w", err)
	}
	switch s.Mode {
	case "", eligibility.InvoicesOnly, eligibility.AsRaised, eligibility.OncePaid:
	default:
		bad("Mode %q is unknown", s.Mode)
	}
	switch s.status() {
	case ledger.StatusApproved:
	case ledger.StatusDraft, ledger.StatusSubmitted:
		if s.paymentsWanted() {
			bad("Status %q with payments: payments can only be booked on approved invoices; choose Status approved or Mode invoices only", s.Status)
		}
	default:
		bad("Status %q: new invoices are draft, submitted or approved", s.Status)
	}
	if s.paymentsWanted() && s.Payments.Account == "" && len(s.Payments.Accounts) == 0 {
		bad("Payments.Account is empty: name the account that takes payments")
	}
	booked := s.Tax.Handling != TaxAsLine // to accounts or items
	if booked && s.Accounts.Default == "" && !s.Items.chosen() {
		bad("Accounts.Default is empty: choose the account for lines (often 200), or the Items where the ledger books lines by items")
	}
	if booked && s.OnVariance == VarianceRoundingLine && s.RoundingAccount == "" && s.Items.Rounding == "" {
		bad("RoundingAccount is empty: name the account for rounding lines, or Items.Rounding where the ledger books lines by items")
	}
	if s.Tax.Difference == TaxDifferenceLine && s.Tax.LiabilityAccount == "" && s.Items.SalesTax == "" {
		bad("Tax.LiabilityAccount is empty: choose the account for tax lines, or Items.SalesTax where the ledger books lines by items")
	}
	for _, e := range []struct {
		name, value string
		known       []string
	}{
		{"FinanceCharges", string(s.FinanceCharges), []string{"", string(FinanceChargesLeftOut)}},
		{"OnVariance", string(s.OnVariance), []string{"", string(VarianceReport), string(VarianceRoundingLine)}},
		{"OnEdit", string(s.OnEdit), []string{"", string(EditUpdate), string(EditVoid)}},
		{"OnDelete", string(s.OnDelete), []string{"", string(DeleteVoid)}},
	} {
		known := false
		for _, k := range e.known {
			known = known || k == e.value
		}
		if !known {
			bad("%s %q is unknown", e.name, e.value)
		}
	}
	if s.OnEdit == EditVoid && s.Numbers.FromSource {
		bad("OnEdit %q with Numbers.FromSource: a voided invoice keeps its number, so the one that takes its place cannot have it; choose OnEdit update, or let the ledger number", s.OnEdit)
	}
	if s.Interval < 0 {
		bad("Interval is negative")
	}
	items := s.Items
	if !booked && items == (ItemSettings{BySKU: true}) {
		items = ItemSettings{} // it is all there is to choose
	}
	for _, err := range []error{s.Due.Validate(), s.Accounts.Validate(), items.Validate(), s.Tax.Validate()} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// checkCurrency refuses what is no code and what is not spelt as the ledgers spell it: records are compared with
// it letter by letter, so that "aud" would leave each of them out as being in another currency.
func checkCurrency(c ledger.Currency) error {
	switch parsed, err := ledger.ParseCurrency(string(c)); {
	case err != nil:
		return fmt.Errorf("%q is not an ISO 4217 code", c)
	case parsed != c:
		return fmt.Errorf("%q is to be written %q", c, parsed)
	}
	return nil
}

// Warnings returns what a host should tell the person who chose these settings.
func (s Settings) Warnings() []string {
	var w []string
	if s.status() == ledger.StatusApproved {
		w = append(w, "Approved invoices cannot be deleted in the ledger, only voided.")
	}
	if !s.Processing {
		w = append(w, "Processing is off: runs write nothing.")
	}
	return w
}

// hash changes when a setting changes that a verdict or a draft depends on.
func (s Settings) hash() string {
	s.Processing, s.Interval = false, 0
	b, err := json.Marshal(s)
	if err != nil {
		// Settings are plain values; only a new field of another sort could come here.
		panic(fmt.Sprintf("invoicesync: settings do not marshal: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
