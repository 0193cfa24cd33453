package eligibility

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// policies returns every policy with all its rules on.
func policies(t testing.TB) []Policy {
	t.Helper()
	push, err := Push(PushOptions{Start: Start{ID: "1"}, Mode: OncePaid, SkipZero: true})
	require.NoError(t, err)
	unpaid, err := UnpaidImport(nil)
	require.NoError(t, err)
	literal, err := Literal(nil)
	require.NoError(t, err)
	return []Policy{push, unpaid, literal}
}

func TestRulesAreDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range policies(t) {
		for _, r := range p.Rules() {
			assert.NotEmpty(t, r.Doc, "%s: rule %s", p.Name(), r.Name)
			if r.Name != "unclear" {
				assert.NotEmpty(t, r.Codes, "%s: rule %s", p.Name(), r.Name)
			}
			for _, c := range r.Codes {
				assert.NotEmpty(t, Meaning(c), "%s: rule %s: code %s is not in Codes", p.Name(), r.Name, c)
			}
		}
	}
}

func TestCodes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range Codes() {
		assert.False(t, seen[c.Code], "%s twice", c.Code)
		seen[c.Code] = true
		assert.Contains(t, []Disposition{Skip, Park}, c.Disposition, c.Code)
		assert.True(t, strings.HasSuffix(c.Meaning, "."), "%s: %q is not a sentence", c.Code, c.Meaning)
		assert.Equal(t, c.Code, strings.ToLower(c.Code))
	}
	assert.Empty(t, Meaning("no_such_code"))
	Codes()[0].Code = "changed"
	assert.Equal(t, CodeDraft, Codes()[0].Code, "the list can be changed from outside")
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	skip := Reason{Code: "too_old", Message: "Old.", Got: "91 days", Want: "at most 90 days", Disposition: Skip, Overridable: true}
	park := Reason{Code: "no_lines", Message: "Empty.", Disposition: Park}

	v := Verdict{Policy: "p", Reasons: []Reason{park, skip}}
	assert.False(t, v.Eligible())
	assert.Equal(t, Skip, v.Disposition(), "a skip outweighs a park")
	assert.Equal(t, skip, v.First(), "the reason that decides")
	assert.False(t, v.Overridable(), "one reason that no person may override is enough")
	assert.Equal(t, "p: skip: no_lines: Empty.; too_old: Old. (got 91 days, want at most 90 days)", v.String())

	left, err := v.Override("too_old", "not_there")
	require.NoError(t, err)
	assert.Equal(t, Verdict{Policy: "p", Reasons: []Reason{park}}, left)
	_, err = v.Override("too_old", "no_lines")
	assert.ErrorContains(t, err, "no_lines")

	alone := Verdict{Policy: "p", Reasons: []Reason{skip}}
	assert.True(t, alone.Overridable())
	done, err := alone.Override("too_old")
	require.NoError(t, err)
	assert.True(t, done.Eligible())
	assert.False(t, done.Overridable(), "there is nothing to override")
	assert.Equal(t, Proceed, done.Disposition())
	assert.Equal(t, "p: eligible", done.String())
	assert.Equal(t, Reason{}, done.First())

	assert.False(t, Verdict{}.Eligible(), "the zero verdict was never judged")
	assert.Equal(t, Park, Verdict{}.Disposition())
	assert.Equal(t, "not judged", Verdict{}.String())

	b, err := json.Marshal(v)
	require.NoError(t, err)
	var back Verdict
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, v, back)
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{CodeNoRules}, Policy{}.Judge(ledger.Invoice{}, Facts{}).Codes(),
		"a policy without rules lets nothing through")

	no := func(code string) Rule {
		return Rule{Name: code, Overridable: true, Check: func(*ledger.Invoice, *Facts) *Reason { return &Reason{Code: code, Message: "No."} }}
	}
	for name, make := range map[string]func() (Policy, error){
		"no name":      func() (Policy, error) { return NewPolicy("", no("a")) },
		"no rules":     func() (Policy, error) { return NewPolicy("p") },
		"no rule name": func() (Policy, error) { return NewPolicy("p", Rule{Check: no("a").Check}) },
		"no check":     func() (Policy, error) { return NewPolicy("p", Rule{Name: "a"}) },
		"twice":        func() (Policy, error) { return NewPolicy("p", no("a"), no("a")) },
	} {
		_, err := make()
		assert.ErrorContains(t, err, "eligibility: ", name)
	}

	p, err := NewPolicy("p", no("a"))
	require.NoError(t, err)
	more, err := p.With(no("b"))
	require.NoError(t, err)
	v := more.Judge(ledger.Invoice{}, Facts{})
	assert.Equal(t, []string{"a", "b"}, v.Codes(), "all reasons, in order")
	assert.Equal(t, Reason{Code: "a", Rule: "a", Message: "No.", Disposition: Park}, v.First(),
		"a rule that says nothing parks, and what is parked is nobody's to override")
	assert.Len(t, p.Rules(), 1, "With leaves the first policy alone")
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	_, err := Push(PushOptions{Start: Start{ID: "1", Date: ledger.MustDate("2026-01-01")}})
	assert.ErrorContains(t, err, "choose one")
	_, err = Push(PushOptions{Start: Start{ID: " 1"}})
	assert.ErrorContains(t, err, "spaces")
	_, err = Push(PushOptions{Mode: "sometimes"})
	assert.ErrorContains(t, err, "sometimes")
	_, err = UnpaidImport(&UnpaidOptions{Overdue: AgeRule{Days: new(-1)}})
	assert.ErrorContains(t, err, "overdue")
	_, err = Literal(&UnpaidOptions{Balance: BalanceRule{Minimum: decimal.NewNullDecimal(decimal.New(-1, -2))}})
	assert.ErrorContains(t, err, "minimum")
}

// The list of statuses is the caller's; a policy must not change with it.
func TestPolicyKeepsItsOptions(t *testing.T) {
	t.Parallel()
	o := &UnpaidOptions{Status: StatusRule{Excluded: []ledger.Status{ledger.StatusDraft}}}
	p, err := UnpaidImport(o)
	require.NoError(t, err)
	o.Status.Excluded[0] = ledger.StatusApproved
	inv := ledger.Invoice{Status: ledger.StatusDraft}
	assert.Contains(t, p.Judge(inv, Facts{}).Codes(), CodeDraft)
}

func TestLedgerFacts(t *testing.T) {
	t.Parallel()
	lock, day := ledger.MustDate("2026-01-31"), ledger.MustDate("2026-03-01")
	f := LedgerFacts(ledger.Organisation{
		BaseCurrency: "AUD", Currencies: []ledger.Currency{"USD"}, LockDates: []ledger.Date{lock},
	}, day)
	assert.Equal(t, Facts{AsOf: day, Currencies: []ledger.Currency{"USD", "AUD"}, LockDates: []ledger.Date{lock}}, f)
	assert.Empty(t, LedgerFacts(ledger.Organisation{}, day).Currencies)
}

// Facts and options are stored beside a verdict; what is stored must read back the same.
func TestFactsAsJSON(t *testing.T) {
	t.Parallel()
	f := Facts{AsOf: ledger.MustDate("2026-03-01"), Linked: true, Currencies: []ledger.Currency{"AUD"},
		LockDates: []ledger.Date{ledger.MustDate("2026-01-31")}, AccountCurrency: "AUD", MappedTaxCodes: []string{"OUTPUT"}}
	b, err := json.Marshal(f)
	require.NoError(t, err)
	var back Facts
	require.NoError(t, json.Unmarshal(b, &back))
	assert.Equal(t, f, back)

	o := UnpaidOptions{Overdue: AgeRule{Days: new(0)}, AllowPartPaid: true}
	b, err = json.Marshal(o)
	require.NoError(t, err)
	assert.JSONEq(t, `{"overdue":{"days":0},"allow_part_paid":true}`, string(b))
}

// Messages reach screens and logs: no name and no e-mail address may be in them.
func TestNoPersonalData(t *testing.T) {
	t.Parallel()
	inv := ledger.Invoice{
		ID: "7", Number: "INV-7", Status: "odd", Currency: "AUD",
		Contact: ledger.Contact{Name: "Zebedee Quux", Email: "zebedee@example.com", GivenName: "Zebedee"},
		Lines:   []ledger.Line{{Name: "Zebedee's order", Description: "for Zebedee", Amount: decimal.New(-1, 0)}},
		Totals:  ledger.Totals{Total: decimal.New(-5, 0)},
	}
	for _, p := range policies(t) {
		s := p.Judge(inv, Facts{AsOf: ledger.MustDate("2026-03-01")}).String()
		assert.NotContains(t, strings.ToLower(s), "zebedee")
	}
}

func TestMode(t *testing.T) {
	t.Parallel()
	assert.False(t, Mode("").Payments())
	assert.False(t, InvoicesOnly.Payments())
	assert.True(t, AsRaised.Payments())
	assert.True(t, OncePaid.Payments())
}

// Vendors write one amount with more or fewer zeros behind it; the verdict reads the same.
func TestOneAmountOneVerdict(t *testing.T) {
	t.Parallel()
	p, err := UnpaidImport(nil)
	require.NoError(t, err)
	for _, s := range []string{"0.005", "0.0050", "0.005000"} {
		inv := ledger.Invoice{Currency: "AUD", Totals: ledger.Totals{Balance: decimal.RequireFromString(s)}}
		assert.Contains(t, p.Judge(inv, Facts{}).String(), "got 0.005 AUD, want 0.01 AUD or more", s)
	}
}
