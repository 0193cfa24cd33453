package infusionsoft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/ledger"
)

// Where the vendor authorises, and for how long.
const (
	AuthURL  = "https://accounts.infusionsoft.com/app/oauth/authorize"
	TokenURL = "https://api.infusionsoft.com/token"

	// RefreshLife is how long a refresh token lives. Each refresh ends it and brings a new one:
	// a connection that is not used must be refreshed before.
	RefreshLife = 45 * 24 * time.Hour
)

// ProviderOptions of a [Provider]. The zero value is a good default for all of them.
type ProviderOptions struct {
	// HTTPClient makes the calls to the token endpoint. Default: one with a timeout of a minute.
	HTTPClient *http.Client
	AuthURL    string
	TokenURL   string
}

// A Provider obtains and renews access to an application for one OAuth client. It is safe for concurrent
// use; refreshing one connection twice at the same time is not: a refresh token works once, and who uses
// it second loses the connection.
type Provider struct {
	exchange oauth2.Config // client id and secret in the body
	refresh  oauth2.Config // in the header: the vendor wants the two calls to differ
	http     *http.Client
}

// NewProvider returns a provider for an OAuth client. The redirect URL must be https and, to the letter,
// the one that is registered with the vendor.
func NewProvider(clientID, clientSecret, redirectURL string, opts *ProviderOptions) (*Provider, error) {
	var o ProviderOptions
	if opts != nil {
		o = *opts
	}
	switch {
	case clientID == "" || clientSecret == "":
		return nil, errors.New("infusionsoft: client id and client secret are required")
	case !strings.HasPrefix(redirectURL, "https://"):
		return nil, errors.New("infusionsoft: the redirect URL must be https")
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: time.Minute}
	}
	config := oauth2.Config{
		ClientID: clientID, ClientSecret: clientSecret, RedirectURL: redirectURL, Scopes: []string{"full"},
		Endpoint: oauth2.Endpoint{
			AuthURL: first(o.AuthURL, AuthURL), TokenURL: first(o.TokenURL, TokenURL), AuthStyle: oauth2.AuthStyleInParams,
		},
	}
	p := &Provider{exchange: config, refresh: config, http: o.HTTPClient}
	p.refresh.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	return p, nil
}

// AuthCodeURL is where the customer's browser is sent. The state comes back with the code.
func (p *Provider) AuthCodeURL(state string) string { return p.exchange.AuthCodeURL(state) }

// Exchange turns the code of the redirect into tokens. [Tenant] says for which application.
func (p *Provider) Exchange(ctx context.Context, code string) (*oauth2.Token, error) {
	t, err := p.exchange.Exchange(p.context(ctx), code)
	if err != nil {
		return nil, tokenError("exchange of the code", err)
	}
	return t, nil
}

// Refresh spends a refresh token for a new pair, which must be stored before it is used. An error of kind
// [ledger.ErrUncertain] means that the token may have been spent without an answer: try it once more, and
// if it is refused then, the customer must authorise again, as after [ledger.ErrReconnect].
func (p *Provider) Refresh(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	if refreshToken == "" {
		return nil, &ledger.Error{Kind: ledger.ErrReconnect, Room: Vendor, Thing: "refresh", Message: "there is no refresh token: authorise again"}
	}
	t, err := p.refresh.TokenSource(p.context(ctx), &oauth2.Token{RefreshToken: refreshToken}).Token()
	if err != nil {
		return nil, tokenError("refresh", err)
	}
	return t, nil
}

// Organisations returns the application that a token is for. The vendor's tokens are for exactly one,
// which is chosen while authorising.
func (p *Provider) Organisations(_ context.Context, t *oauth2.Token) ([]ledger.Organisation, error) {
	tenant, err := Tenant(t)
	if err != nil {
		return nil, err
	}
	return []ledger.Organisation{{ID: ledger.OrganisationID{Vendor: Vendor, ID: tenant}, Name: tenant, Live: true}}, nil
}

// Revoke is [ledger.ErrUnsupported]: no way is documented. Customers end access in their own settings.
func (p *Provider) Revoke(context.Context, *oauth2.Token) error {
	return &ledger.Error{Kind: ledger.ErrUnsupported, Room: Vendor, Thing: "revoke", Message: "the vendor has no revocation: forget the tokens, and have the customer remove the app in the application's settings"}
}

func (p *Provider) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, p.http)
}

// Tenant returns the application that a token is for, of the scope in the vendor's reply:
// "full|xx123.infusionsoft.com". A token that was stored without its extra fields has none.
//
// https://github.com/infusionsoft/infusionsoft-php/issues/61
func Tenant(t *oauth2.Token) (string, error) {
	if t == nil {
		return "", errors.New("infusionsoft: there is no token")
	}
	scope, _ := t.Extra("scope").(string)
	return TenantOfScope(scope)
}

// TenantOfScope is [Tenant] for a scope, as the redirect of the authorisation carries it too.
func TenantOfScope(scope string) (string, error) {
	for _, one := range strings.Fields(scope) {
		if _, tenant, ok := strings.Cut(one, "|"); ok {
			if clean, err := cleanTenant(tenant); err == nil {
				return clean, nil
			}
		}
	}
	return "", &ledger.Error{
		Kind: ledger.ErrUnreadable, Room: Vendor, Thing: "scope", Code: "no_tenant",
		Message: `it does not name the application, as in "full|xx123.infusionsoft.com"`,
	}
}

// tokenErrorKind says what to do about a refusal of the token endpoint. Every 4xx but 429 is final:
// 400 invalid_grant, 400 invalid_request and 401 invalid_grant have all been seen for a spent token.
func tokenErrorKind(e *oauth2.RetrieveError) error {
	status := 0
	if e.Response != nil {
		status = e.Response.StatusCode
	}
	switch {
	case status == http.StatusTooManyRequests:
		return ledger.ErrLater
	case status >= 400 && status < 500 && status != http.StatusRequestTimeout:
		return ledger.ErrReconnect
	}
	return ledger.ErrFailed
}

func tokenError(thing string, err error) error {
	e := &ledger.Error{Kind: ledger.ErrUncertain, Room: Vendor, Thing: thing, Message: "no clear answer: the token may have been spent"}
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		// The text of a transport's error is the URL and the cause, and the URL has no query.
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			e.Err = context.Canceled
			if errors.Is(err, context.DeadlineExceeded) {
				e.Err = context.DeadlineExceeded
			}
		}
		return e
	}
	// The answer itself stays out of the error: it may hold tokens.
	kind := tokenErrorKind(refused)
	if refused.Response != nil {
		e.Status = refused.Response.StatusCode
	}
	e.Code = short(strings.Join(strings.Fields(refused.ErrorCode), " "), 40)
	switch kind {
	case ledger.ErrReconnect:
		e.Kind, e.Message = kind, fmt.Sprintf("the vendor refuses the %s: authorise again", map[bool]string{true: "refresh token", false: "code"}[thing == "refresh"])
	case ledger.ErrLater:
		e.Kind, e.Message = kind, "the limit of calls is reached"
		e.ResumeAt = resumeAt(refused.Response.Header, 0, time.Now())
	}
	return e
}
