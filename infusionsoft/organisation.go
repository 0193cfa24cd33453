package infusionsoft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// Organisation returns the application, from its settings and its business profile: two calls the first
// time, none later; none at all where Options name Tenant, Currency and TimeZone, which are then
// believed, and every answer must still come from Tenant. Where settings, profile and options name different currencies or time zones, it is
// an error of kind [ledger.ErrAmbiguous]; one that names none is passed over.
//
// When another application has answered a call since, it asks again, and fails with
// [ledger.ErrReconnect] as long as the connection leads there.
func (s *Source) Organisation(ctx context.Context) (ledger.Organisation, error) {
	strange := s.c.stranger.Load() != nil
	if o := s.o; !strange && o.Tenant != "" && o.Currency != "" && o.TimeZone != nil {
		return ledger.Organisation{ID: ledger.OrganisationID{Vendor: Vendor, ID: o.Tenant}, Name: o.Tenant, Live: !o.Sandbox,
			BaseCurrency: o.Currency, Currencies: []ledger.Currency{o.Currency}, TimeZone: o.TimeZone, LinesBy: ledger.ByNothing}, nil
	}
	org, err := s.organisation(ctx, strange)
	if err != nil {
		return ledger.Organisation{}, err
	}
	org.Currencies = []ledger.Currency{org.BaseCurrency}
	return org, nil
}

// organisation returns what was read before, unless it is to be read again.
func (s *Source) organisation(ctx context.Context, again bool) (ledger.Organisation, error) {
	select {
	case s.asking <- struct{}{}:
		defer func() { <-s.asking }()
	case <-ctx.Done():
		return ledger.Organisation{}, noAnswer("application", context.Cause(ctx))
	}
	if org := s.org.Load(); org != nil && !again {
		return *org, nil
	}
	org, err := s.readOrganisation(ctx)
	if err != nil {
		return ledger.Organisation{}, err
	}
	s.org.Store(&org)
	return org, nil
}

// books is what reading a record needs to know of its application.
type books struct {
	tenant   string
	currency ledger.Currency
	places   int32
	zone     *time.Location
}

func (s *Source) books(ctx context.Context) (books, error) {
	if b, ok := s.knownBooks(); ok {
		return b, nil
	}
	if _, err := s.organisation(ctx, false); err != nil {
		return books{}, err
	}
	b, _ := s.knownBooks()
	return b, nil
}

// knownBooks is books without a call. It is not ok where Options leave currency or zone open and the
// application has not been read.
func (s *Source) knownBooks() (books, bool) {
	b := books{currency: s.o.Currency, zone: s.o.TimeZone}
	if b.currency == "" || b.zone == nil {
		org := s.org.Load()
		if org == nil {
			return books{}, false
		}
		b.currency, b.zone = org.BaseCurrency, org.TimeZone
	}
	b.places = b.currency.Places()
	return b, true
}

func (s *Source) readOrganisation(ctx context.Context) (ledger.Organisation, error) {
	var config wireSettings
	var profile wireProfile
	err := s.setting(ctx, "settings", "/v2/settings/applications:getConfiguration", url.Values{"fields": {"ECOMMERCE"}}, &config)
	if err == nil {
		err = s.setting(ctx, "business profile", "/v2/businessProfile", nil, &profile)
	}
	if err != nil {
		return ledger.Organisation{}, err
	}
	tenant := s.c.tenantID()
	if tenant == "" {
		return ledger.Organisation{}, &ledger.Error{
			Kind: ledger.ErrUnreadable, Room: Vendor, Thing: "application", Code: "no_tenant",
			Message: "no answer names its application: set Options.Tenant",
		}
	}
	org := ledger.Organisation{
		ID:      ledger.OrganisationID{Vendor: Vendor, ID: tenant},
		Name:    first(string(profile.Name), string(config.Application.Company.Name), tenant),
		Live:    !s.o.Sandbox,
		Country: first(string(profile.Address.Country), string(config.Application.Company.Country)),
	}
	if org.BaseCurrency, err = s.agreeCurrency(string(config.Ecommerce.Currency), string(profile.Currency)); err != nil {
		return ledger.Organisation{}, err
	}
	if org.TimeZone, err = s.agreeZone(string(config.Application.TimeZone), string(profile.TimeZone)); err != nil {
		return ledger.Organisation{}, err
	}
	org.LinesBy = ledger.ByNothing
	return org, nil
}

// setting reads one of the two places; a place that the application or the user does not have is left
// empty.
func (s *Source) setting(ctx context.Context, thing, path string, q url.Values, into any) error {
	resp, err := s.c.get(ctx, thing, path, q)
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		switch e.Status {
		case http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
			return nil
		}
	}
	if err != nil {
		return err
	}
	if err := decodeOne(resp.Body, into); err != nil {
		return unreadable(thing, resp, describe(err))
	}
	return nil
}

func (s *Source) agreeCurrency(settings, profile string) (ledger.Currency, error) {
	agreed := s.o.Currency
	from := "Options.Currency"
	for _, place := range []struct{ name, code string }{{"the settings", settings}, {"the business profile", profile}} {
		if strings.TrimSpace(place.code) == "" {
			continue
		}
		c, err := ledger.ParseCurrency(strings.TrimSpace(place.code))
		if err != nil {
			return "", disagreement("currency", fmt.Sprintf("%s name a currency that ISO 4217 does not know: correct it there", place.name))
		}
		if agreed != "" && c != agreed {
			return "", disagreement("currency", fmt.Sprintf("%s: %s, and %s: %s: correct one of them", from, agreed, place.name, c))
		}
		agreed, from = c, place.name
	}
	if agreed == "" {
		return "", disagreement("currency", "neither the settings nor the business profile name one: set Options.Currency")
	}
	return agreed, nil
}

func (s *Source) agreeZone(settings, profile string) (*time.Location, error) {
	agreed := s.o.TimeZone
	from := "Options.TimeZone"
	for _, place := range []struct{ name, zone string }{{"the settings", settings}, {"the business profile", profile}} {
		name := strings.TrimSpace(place.zone)
		if name == "" {
			continue
		}
		zone, err := time.LoadLocation(name)
		if err != nil || strings.EqualFold(name, "Local") {
			if s.o.TimeZone != nil {
				continue // it was given because of this
			}
			return nil, disagreement("time_zone", fmt.Sprintf("%s name %q, which this machine does not know: set Options.TimeZone, or install or embed the time zone database", place.name, short(name, 40)))
		}
		if agreed != nil && !sameZone(agreed, zone) {
			return nil, disagreement("time_zone", fmt.Sprintf("%s: %s, and %s: %s: correct one of them", from, agreed, place.name, zone))
		}
		agreed, from = zone, place.name
	}
	if agreed == nil {
		return nil, disagreement("time_zone", "neither the settings nor the business profile name one: set Options.TimeZone")
	}
	return agreed, nil
}

func disagreement(what, message string) error {
	return &ledger.Error{
		Kind: ledger.ErrAmbiguous, Room: Vendor, Thing: strings.ReplaceAll(what, "_", " ") + " of the application",
		Code: what + "_differs", Message: message,
	}
}

// sameZone reports whether two names mean the same days: US/Eastern is America/New_York.
func sameZone(a, b *time.Location) bool {
	if a.String() == b.String() {
		return true
	}
	for day := time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2036; day = day.AddDate(0, 0, 7) {
		_, x := day.In(a).Zone()
		_, y := day.In(b).Zone()
		if x != y {
			return false
		}
	}
	return true
}

// first returns the first of values that says something.
func first(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}
