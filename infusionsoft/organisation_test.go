package infusionsoft

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

const (
	settingsPath = "/settings/applications:getConfiguration"
	profilePath  = "/businessProfile"
)

func settingsBody(currency, zone string) string {
	return `{"application":{"time_zone":"` + zone + `","company":{"name":"Old name","country":"US"}},"ecommerce":{"currency":"` + currency + `"},"invoice":{"tax_label":"GST"}}`
}

func profileBody(currency, zone string) string {
	return `{"name":"Acme","email":"owner@example.com","time_zone":"` + zone + `","currency_code":"` + currency + `","address":{"country_code":"USA"}}`
}

func TestOrganisation(t *testing.T) {
	t.Parallel()
	v := routes(map[string]string{settingsPath: settingsBody("USD", "US/Eastern"), profilePath: profileBody("usd", "America/New_York"), "/orders": `{"orders":[]}`})
	s := source(t, v, &Options{})
	for range 3 {
		org, err := s.Organisation(t.Context())
		require.NoError(t, err)
		assert.Equal(t, ledger.OrganisationID{Vendor: "infusionsoft", ID: testTenant}, org.ID)
		assert.Equal(t, "Acme", org.Name)
		assert.True(t, org.Live)
		assert.Equal(t, "USA", org.Country)
		assert.Equal(t, ledger.Currency("USD"), org.BaseCurrency)
		assert.Equal(t, []ledger.Currency{"USD"}, org.Currencies)
		assert.Equal(t, "America/New_York", org.TimeZone.String())
		org.Currencies[0] = "EUR" // belongs to the caller
	}
	collect(t, s.Invoices(t.Context(), ledger.Query{}))
	assert.Len(t, v.calls, 3, "two, once, and the orders")
	assert.Equal(t, "ECOMMERCE", v.calls[0].URL.Query().Get("fields"))
}

func TestOrganisationFromOnePlace(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]map[string]string{
		"no profile":    {settingsPath: settingsBody("JPY", "Asia/Tokyo")},
		"no settings":   {profilePath: profileBody("JPY", "Asia/Tokyo")},
		"one of each":   {settingsPath: settingsBody("JPY", ""), profilePath: profileBody("", "Asia/Tokyo")},
		"empty objects": {settingsPath: `{"application":null}`, profilePath: profileBody("JPY", "Asia/Tokyo")},
	} {
		org, err := source(t, routes(m), &Options{Sandbox: true}).Organisation(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, ledger.Currency("JPY"), org.BaseCurrency, name)
		assert.Equal(t, "Asia/Tokyo", org.TimeZone.String(), name)
		assert.False(t, org.Live)
	}
}

func TestOrganisationsThatContradictThemselves(t *testing.T) {
	t.Parallel()
	tokyo := mustZone("Asia/Tokyo")
	for name, c := range map[string]struct {
		settings, profile string
		o                 Options
		code              string
	}{
		"currencies":             {settingsBody("USD", ""), profileBody("CAD", "Asia/Tokyo"), Options{}, "currency_differs"},
		"the option's currency":  {settingsBody("USD", "Asia/Tokyo"), `{}`, Options{Currency: "CAD"}, "currency_differs"},
		"no currency":            {settingsBody("", "Asia/Tokyo"), `{}`, Options{}, "currency_differs"},
		"a currency of nobody":   {settingsBody("Dollars", "Asia/Tokyo"), `{}`, Options{}, "currency_differs"},
		"zones":                  {settingsBody("USD", "Asia/Tokyo"), profileBody("USD", "America/New_York"), Options{}, "time_zone_differs"},
		"the option's zone":      {settingsBody("USD", "America/New_York"), `{}`, Options{TimeZone: tokyo}, "time_zone_differs"},
		"no zone":                {settingsBody("USD", ""), `{}`, Options{}, "time_zone_differs"},
		"a zone of nobody":       {settingsBody("USD", "Eastern Time"), `{}`, Options{}, "time_zone_differs"},
		"the zone of the reader": {settingsBody("USD", "Local"), `{}`, Options{}, "time_zone_differs"},
	} {
		_, err := source(t, routes(map[string]string{settingsPath: c.settings, profilePath: c.profile}), &c.o).Organisation(t.Context())
		require.ErrorIs(t, err, ledger.ErrAmbiguous, name)
		assert.Equal(t, c.code, ledger.Code(err), name)
	}
	org, err := source(t, routes(map[string]string{settingsPath: settingsBody("USD", "Eastern Time")}), &Options{TimeZone: newYork}).Organisation(t.Context())
	require.NoError(t, err, "the option is there for this")
	assert.Equal(t, newYork, org.TimeZone)
}

func TestOrganisationFailures(t *testing.T) {
	t.Parallel()
	v := refuses(401, `{}`, nil)
	s := source(t, v, &Options{})
	_, err := s.Organisation(t.Context())
	require.ErrorIs(t, err, ledger.ErrReconnect)
	require.ErrorIs(t, failure(t, s.Invoices(t.Context(), ledger.Query{})), ledger.ErrReconnect)

	v.reply = routes(map[string]string{settingsPath: settingsBody("USD", "Asia/Tokyo"), profilePath: `{}`, "/orders": `{"orders":[]}`}).reply
	_, err = s.Organisation(t.Context())
	require.NoError(t, err, "a failure is not kept")

	inner := v.reply
	v.reply = func(r *http.Request) answer {
		a := inner(r)
		a.header = http.Header{headerTenant: {"yy999"}}
		return a
	}
	require.ErrorIs(t, failure(t, s.Invoices(t.Context(), ledger.Query{})), ledger.ErrReconnect)
	_, err = s.Organisation(t.Context())
	require.ErrorIs(t, err, ledger.ErrReconnect, "the connection leads elsewhere now")
	v.reply = inner
	_, err = s.Organisation(t.Context())
	require.NoError(t, err, "and back again")

	nobody := routes(map[string]string{settingsPath: settingsBody("USD", "Asia/Tokyo"), profilePath: `{}`})
	inner2 := nobody.reply
	nobody.reply = func(r *http.Request) answer { a := inner2(r); a.header = http.Header{headerTenant: {""}}; return a }
	_, err = source(t, nobody, &Options{}).Organisation(t.Context())
	require.ErrorIs(t, err, ledger.ErrUnreadable)
	assert.Contains(t, err.Error(), "Options.Tenant")
	assert.False(t, strings.Contains(err.Error(), "owner@"))
}

func TestSameZone(t *testing.T) {
	t.Parallel()
	assert.True(t, sameZone(mustZone("US/Eastern"), newYork))
	assert.False(t, sameZone(mustZone("America/Phoenix"), mustZone("America/Denver")), "the same in winter only")
	assert.True(t, sameZone(time.UTC, mustZone("Etc/UTC")))
}
