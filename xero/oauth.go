package xero

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// Xero's addresses (specification xero-identity.yaml and its OAuth 2.0 pages).
const (
	AuthURL       = "https://login.xero.com/identity/connect/authorize"
	TokenURL      = "https://identity.xero.com/connect/token"      //nolint:gosec // an address
	RevocationURL = "https://identity.xero.com/connect/revocation" //nolint:gosec // an address
)

// Scopes returns what this package needs: the granular scopes, which apps made since 2 March 2026 must
// use and all others must by September 2027. Without offline_access there is no refresh token.
func Scopes() []string {
	return []string{
		"openid", "profile", "email", "offline_access",
		"accounting.invoices", "accounting.payments", "accounting.contacts", "accounting.settings.read",
	}
}

// Provider connects an app with Xero's organisations. It is safe for concurrent use.
//
// A refresh gives a new refresh token that replaces the old one, and the old one works for 30 minutes more,
// for the case that the answer was lost. An unused refresh token ends after 60 days.
type Provider struct {
	id, secret string
	o          ProviderOptions
}

// ProviderOptions of a [Provider]. The zero value is Xero itself, with [Scopes].
type ProviderOptions struct {
	Scopes        []string
	AuthURL       string
	TokenURL      string
	RevocationURL string
	BaseURL       string // of the API: scheme and host
	UserAgent     string
}

// NewProvider returns the provider of an app. Without a secret it is a PKCE app, whose authorisation needs
// oauth2.S256ChallengeOption.
func NewProvider(clientID, clientSecret string, options *ProviderOptions) (*Provider, error) {
	if clientID == "" {
		return nil, errors.New("xero: the client id must be given")
	}
	p := &Provider{id: clientID, secret: clientSecret}
	if options != nil {
		p.o = *options
	}
	p.o.Scopes = slices.Clone(p.o.Scopes)
	if p.o.Scopes == nil {
		p.o.Scopes = Scopes()
	}
	p.o.AuthURL = cmp.Or(p.o.AuthURL, AuthURL)
	p.o.TokenURL = cmp.Or(p.o.TokenURL, TokenURL)
	p.o.RevocationURL = cmp.Or(p.o.RevocationURL, RevocationURL)
	p.o.BaseURL = strings.TrimSuffix(cmp.Or(p.o.BaseURL, DefaultBaseURL), "/")
	if err := vendorhttp.CheckAddresses(Vendor, p.o.AuthURL, p.o.TokenURL, p.o.RevocationURL, p.o.BaseURL); err != nil {
		return nil, err
	}
	return p, nil
}

// Vendor returns "xero".
func (*Provider) Vendor() string { return Vendor }

// Config is for sending people to Xero, exchanging codes and refreshing. redirect must equal one of the app's
// registered addresses; http is allowed for localhost, and not for 127.0.0.1.
func (p *Provider) Config(redirect string) *oauth2.Config {
	style := oauth2.AuthStyleInHeader
	if p.secret == "" {
		style = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: p.id, ClientSecret: p.secret, RedirectURL: redirect, Scopes: slices.Clone(p.o.Scopes),
		Endpoint: oauth2.Endpoint{AuthURL: p.o.AuthURL, TokenURL: p.o.TokenURL, AuthStyle: style},
	}
}

// Tenant is an organisation that a token leads to. The tenant id is routing and changes when the
// organisation is connected anew; [Provider.Organisation] says who it is.
type Tenant struct {
	ID           string // for New
	ConnectionID string // for Disconnect
	Name         string
	Chosen       bool // chosen in the consent that this very token is from
	ConnectedAt  time.Time
}

// Tenants lists the organisations that client's token leads to, those chosen just now first. A token keeps
// what earlier consents of the same person have connected, so that the first of Xero's own list need not be
// the one meant (NangoHQ/nango PR 2706); practices, which have no books, are left out. token tells which
// consent it was and may be nil.
func (p *Provider) Tenants(ctx context.Context, client *http.Client, token *oauth2.Token) ([]Tenant, error) {
	c, err := p.client(client, p.o.BaseURL)
	if err != nil {
		return nil, err
	}
	resp, err := c.Do(ctx, vendorhttp.Request{Path: "/connections"})
	if err != nil {
		return nil, vendorhttp.ReadError(Vendor, "GET /connections", err)
	}
	if !resp.OK() {
		return nil, answerError("GET /connections", resp)
	}
	var list []struct {
		ID             string `json:"id"`
		AuthEventID    string `json:"authEventId"`
		TenantID       string `json:"tenantId"`
		TenantType     string `json:"tenantType"`
		TenantName     string `json:"tenantName"`
		CreatedDateUTC string `json:"createdDateUtc"`
		UpdatedDateUTC string `json:"updatedDateUtc"`
	}
	if err := resp.Decode(&list); err != nil {
		return nil, unreadable("GET /connections", resp, err)
	}
	event := authEvent(token)
	tenants := make([]Tenant, 0, len(list))
	for _, t := range list {
		if t.TenantType != "ORGANISATION" || zeroID(t.TenantID) {
			continue
		}
		at, _ := parseInstant(cmp.Or(t.UpdatedDateUTC, t.CreatedDateUTC)) // shown only
		tenants = append(tenants, Tenant{
			ID: t.TenantID, ConnectionID: t.ID, Name: t.TenantName, ConnectedAt: at,
			Chosen: event != "" && t.AuthEventID == event,
		})
	}
	slices.SortStableFunc(tenants, func(a, b Tenant) int {
		switch {
		case a.Chosen == b.Chosen:
			return 0
		case a.Chosen:
			return -1
		}
		return 1
	})
	return tenants, nil
}

// Organisation asks who is behind a tenant. It costs two calls.
func (p *Provider) Organisation(ctx context.Context, client *http.Client, tenantID string) (ledger.Organisation, error) {
	l, err := New(client, tenantID, &Options{BaseURL: p.o.BaseURL, UserAgent: p.o.UserAgent, App: p.id})
	if err != nil {
		return ledger.Organisation{}, err
	}
	return l.Organisation(ctx)
}

// Disconnect takes one organisation off the app. One that is not connected any more is no error.
func (p *Provider) Disconnect(ctx context.Context, client *http.Client, connectionID string) error {
	c, err := p.client(client, p.o.BaseURL)
	if err != nil {
		return err
	}
	if connectionID == "" {
		return errors.New("xero: the connection id must be given: see Tenant.ConnectionID")
	}
	resp, err := c.Do(ctx, vendorhttp.Request{Method: http.MethodDelete, Path: "/connections/" + url.PathEscape(connectionID), Route: "/connections/{id}"})
	switch {
	case err != nil:
		return vendorhttp.ReadError(Vendor, "DELETE /connections/{id}", err)
	case !resp.OK() && resp.Status != http.StatusNotFound:
		return answerError("DELETE /connections/{id}", resp)
	}
	return nil
}

// Revoke ends a refresh token, and with it every organisation that its person has connected to the app.
// client must not authorise: the app's own id and secret do. nil is http.DefaultClient.
func (p *Provider) Revoke(ctx context.Context, client *http.Client, token *oauth2.Token) error {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if p.secret != "" {
		header.Set("Authorization", vendorhttp.Basic(p.id, p.secret))
	}
	return vendorhttp.Revocation{
		Room: Vendor, Vendor: "Xero", Address: p.o.RevocationURL, UserAgent: p.o.UserAgent, Header: header,
		Body: func(refreshToken string) ([]byte, error) {
			form := url.Values{"token": {refreshToken}}
			if p.secret == "" {
				form.Set("client_id", p.id)
			}
			return []byte(form.Encode()), nil
		},
	}.Revoke(ctx, client, token)
}

func (p *Provider) client(client *http.Client, base string) (*vendorhttp.Client, error) {
	c, err := vendorhttp.New(client, base, &vendorhttp.Options{
		Name: "xero", UserAgent: p.o.UserAgent, Header: http.Header{"Accept": {"application/json"}}, AuthError: vendorhttp.FromAuthoriser,
	})
	if err != nil {
		return nil, fmt.Errorf("xero: provider: %w", err)
	}
	return c, nil
}

// authEvent reads which consent a token is from. The claim is only compared with Xero's own list, so that
// the signature is not checked.
func authEvent(token *oauth2.Token) string {
	if token == nil {
		return ""
	}
	parts := strings.Split(token.AccessToken, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return ""
	}
	var claims struct {
		Event string `json:"authentication_event_id"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Event
}
