package eligibility

import (
	"fmt"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
)

// Start says with which invoice a push begins. The zero value is the first invoice; otherwise one of
// the fields is set, not both. The invoice that the start names is in.
type Start struct {
	// ID is an invoice's id, or its number where the source's ids have no order.
	//
	// Where both ID and the invoice's id are whole numbers, they are compared as such, and numbers
	// that people see play no part: Infusionsoft counts orders and invoices apart, and the two counters
	// drift. Otherwise ID is compared with the invoice's number, then with its aliases: the same text is
	// the start itself, and texts that differ only in the number at their end ("INV-0099", "INV-100")
	// are ordered by that number. An invoice that cannot be compared is parked, neither pushed nor
	// passed over.
	ID string `json:"id,omitempty"`

	// Date is compared with the invoice's date.
	Date ledger.Date `json:"date,omitzero"`
}

// Validate returns an error when s has both an id and a date.
func (s Start) Validate() error {
	if s.ID != "" && !s.Date.IsZero() {
		return fmt.Errorf("eligibility: the start is both invoice %s and date %s; choose one", s.ID, s.Date)
	}
	if s.ID != strings.TrimSpace(s.ID) {
		return fmt.Errorf("eligibility: the start id %q has spaces around it; remove them", s.ID)
	}
	return nil
}

func (s Start) rule() Rule {
	r := Rule{
		Name: "start", Codes: []string{CodeBeforeStart, CodeStartUnclear},
		Doc: "Invoices before the start of the sync are left out.",
	}
	switch {
	case s.ID != "":
		r.Check = s.checkID
	case !s.Date.IsZero():
		r.Check = s.checkDate
	default:
		r.Check = func(*ledger.Invoice, *Facts) *Reason { return nil }
	}
	return r
}

func (s Start) checkDate(inv *ledger.Invoice, _ *Facts) *Reason {
	// An invoice without a date is the date rule's.
	if inv.Date.IsZero() || !inv.Date.Before(s.Date) {
		return nil
	}
	return &Reason{Code: CodeBeforeStart, Disposition: Skip,
		Got: inv.Date.String(), Want: s.Date.String() + " or later",
		Message: "The invoice is dated before the start of the sync."}
}

func (s Start) checkID(inv *ledger.Invoice, _ *Facts) *Reason {
	got, c, ok := s.compare(inv)
	switch {
	case !ok:
		return &Reason{Code: CodeStartUnclear, Disposition: Park, Got: got, Want: s.ID + " or later",
			Message: "The invoice's number cannot be compared with the start of the sync. Choose a start date instead."}
	case c < 0:
		return &Reason{Code: CodeBeforeStart, Disposition: Skip, Got: got, Want: s.ID + " or later",
			Message: "The invoice comes before the one that the sync starts with."}
	}
	return nil
}

// compare returns which of the invoice's names was compared, and how it stands to the start.
func (s Start) compare(inv *ledger.Invoice) (name string, c int, ok bool) {
	if isNumber(s.ID) && isNumber(inv.ID) {
		return inv.ID, compareNumbers(inv.ID, s.ID), true
	}
	names := append([]string{inv.ID, inv.Number}, inv.Aliases...)
	for _, n := range names {
		if n == s.ID {
			return n, 0, true
		}
	}
	prefix, digits := splitNumber(s.ID)
	for _, n := range names[1:] {
		p, d := splitNumber(n)
		if digits != "" && d != "" && strings.EqualFold(p, prefix) {
			return n, compareNumbers(d, digits), true
		}
	}
	if inv.Number != "" {
		return inv.Number, 0, false
	}
	return inv.ID, 0, false
}

func isNumber(s string) bool {
	p, d := splitNumber(s)
	return p == "" && d != ""
}

// splitNumber cuts the digits at the end of s off.
func splitNumber(s string) (prefix, digits string) {
	s = strings.TrimSpace(s)
	i := len(s)
	for i > 0 && s[i-1] >= '0' && s[i-1] <= '9' {
		i--
	}
	return s[:i], s[i:]
}

// compareNumbers compares digits of any length, so that no id is too long for it.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
