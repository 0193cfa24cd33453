package invoicesync

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

func goodSettings() Settings {
	return Settings{
		Source:   ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"},
		Ledger:   ledger.OrganisationID{Vendor: "xero", ID: "o1"},
		Currency: "AUD", Mode: eligibility.AsRaised,
		Accounts: AccountSettings{Default: "200"}, Tax: TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "NONE"},
		Payments: PaymentSettings{Account: "090"},
	}
}

// Each contradiction is named, and all of them at once.
func TestSettingsValidate(t *testing.T) {
	t.Parallel()
	require.NoError(t, goodSettings().Validate())
	for name, c := range map[string]struct {
		spoil func(*Settings)
		says  string
	}{
		"no source":                {func(s *Settings) { s.Source.ID = "" }, "Source names no organisation"},
		"no ledger":                {func(s *Settings) { s.Ledger = ledger.OrganisationID{} }, "Ledger names no organisation"},
		"one organisation":         {func(s *Settings) { s.Source = s.Ledger }, "same organisation"},
		"no currency":              {func(s *Settings) { s.Currency = "" }, "Currency is empty"},
		"no such currency":         {func(s *Settings) { s.Currency = "XYZ" }, `"XYZ" is not an ISO 4217 code`},
		"currency in lower case":   {func(s *Settings) { s.Currency = "aud" }, `"aud" is to be written "AUD"`},
		"unknown mode":             {func(s *Settings) { s.Mode = "sometimes" }, `Mode "sometimes" is unknown`},
		"draft with payments":      {func(s *Settings) { s.Status = ledger.StatusDraft }, "payments can only be booked on approved"},
		"submitted with payments":  {func(s *Settings) { s.Status = ledger.StatusSubmitted }, "payments can only be booked on approved"},
		"paid from the start":      {func(s *Settings) { s.Status = ledger.StatusPaid }, "new invoices are draft, submitted or approved"},
		"no payment account":       {func(s *Settings) { s.Payments.Account = "" }, "Payments.Account is empty"},
		"rounding without account": {func(s *Settings) { s.OnVariance = VarianceRoundingLine }, "RoundingAccount is empty"},
		"start twice":              {func(s *Settings) { s.Start.ID, s.Start.Date = "7", ledger.MustDate("2026-01-01") }, "Start"},
		"void with its number":     {func(s *Settings) { s.OnEdit, s.Numbers.FromSource = EditVoid, true }, "keeps its number"},
		"unknown edit":             {func(s *Settings) { s.OnEdit = "guess" }, `OnEdit "guess" is unknown`},
		"backward interval":        {func(s *Settings) { s.Interval = -time.Hour }, "Interval is negative"},
	} {
		s := goodSettings()
		c.spoil(&s)
		err := s.Validate()
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), c.says, name)
	}
	var none Settings
	err := none.Validate()
	require.Error(t, err)
	for _, says := range []string{"Source names", "Ledger names", "Currency is empty", "Default is empty"} {
		assert.Contains(t, err.Error(), says, "all contradictions at once")
	}
	draft := goodSettings()
	draft.Mode, draft.Status = eligibility.InvoicesOnly, ledger.StatusDraft
	assert.NoError(t, draft.Validate())
}

// Records are compared with the currency letter by letter, so that each flow refuses another spelling of it.
func TestCurrencyIsSpeltAsLedgersSpellIt(t *testing.T) {
	t.Parallel()
	org := ledger.OrganisationID{Vendor: "xero", ID: "o1"}
	with := func(c ledger.Currency) map[string]error {
		return map[string]error{
			"import": ImportSettings{Ledger: org, Account: "a", Currency: c}.Validate(),
			"settle": SettleSettings{Host: ledger.OrganisationID{Vendor: "shop", ID: "1"}, Ledger: org, Currency: c,
				Payments: PaymentSettings{Account: "090"}}.Validate(),
		}
	}
	for flow, err := range with("AUD") {
		require.NoError(t, err, flow)
	}
	for flow, err := range with("aud") {
		require.ErrorContains(t, err, `Currency: "aud" is to be written "AUD"`, flow)
	}
	for flow, err := range with("XYZ") {
		require.ErrorContains(t, err, `Currency: "XYZ" is not an ISO 4217 code`, flow)
	}
}

// The switch and the interval are no reason to judge everything anew; whatever a verdict hangs on is.
func TestSettingsHash(t *testing.T) {
	t.Parallel()
	a, b := goodSettings(), goodSettings()
	b.Processing, b.Interval = true, time.Hour
	assert.Equal(t, a.hash(), b.hash())
	b.Accounts.Default = "260"
	assert.NotEqual(t, a.hash(), b.hash())
}
