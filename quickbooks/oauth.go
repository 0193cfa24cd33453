package quickbooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// Intuit's addresses, the same for live companies and the sandbox (its OpenID discovery document).
const (
	AuthURL       = "https://appcenter.intuit.com/connect/oauth2"
	TokenURL      = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer" //nolint:gosec // an address
	RevocationURL = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"  //nolint:gosec // an address
)

// RefreshLife is how long a refresh token lives that is not used; each refresh begins it anew.
const RefreshLife = 100 * 24 * time.Hour

// Scopes returns what this package needs.
func Scopes() []string { return []string{"com.intuit.quickbooks.accounting"} }

// Provider connects an app with QuickBooks companies. It is safe for concurrent use.
//
// The value of the refresh token changes about once a day; in between the same comes back. Once there is a new one the
// old must be taken for dead: store it before its access token is used, and refresh one connection from one place
// at a time. An authorisation ends after five years, whatever is refreshed.
type Provider struct {
	id, secret string
	o          ProviderOptions
}

// ProviderOptions of a [Provider]. The zero value is Intuit itself, with [Scopes] and live companies.
type ProviderOptions struct {
	Scopes        []string
	AuthURL       string
	TokenURL      string
	RevocationURL string
	BaseURL       string // of the API: scheme and host
	Sandbox       bool   // as [Options]
	UserAgent     string
}

// NewProvider returns the provider of an app.
func NewProvider(clientID, clientSecret string, options *ProviderOptions) (*Provider, error) {
	if clientID == "" || clientSecret == "" {
		return nil, errors.New("quickbooks: the client id and secret must be given")
	}
	p := &Provider{id: clientID, secret: clientSecret}
	if options != nil {
		p.o = *options
	}
	p.o.Scopes = slices.Clone(p.o.Scopes)
	if p.o.Scopes == nil {
		p.o.Scopes = Scopes()
	}
	base := DefaultBaseURL
	if p.o.Sandbox {
		base = SandboxBaseURL
	}
	p.o.AuthURL = cmp.Or(p.o.AuthURL, AuthURL)
	p.o.TokenURL = cmp.Or(p.o.TokenURL, TokenURL)
	p.o.RevocationURL = cmp.Or(p.o.RevocationURL, RevocationURL)
	p.o.BaseURL = strings.TrimSuffix(cmp.Or(p.o.BaseURL, base), "/")
	if err := vendorhttp.CheckAddresses(Vendor, p.o.AuthURL, p.o.TokenURL, p.o.RevocationURL, p.o.BaseURL); err != nil {
		return nil, err
	}
	return p, nil
}

// Vendor returns "quickbooks".
func (*Provider) Vendor() string { return Vendor }

// Config is for sending people to Intuit, exchanging codes and refreshing. redirect must equal one of the app's
// registered addresses. The state is required and must be compared when it comes back.
func (p *Provider) Config(redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: p.id, ClientSecret: p.secret, RedirectURL: redirect, Scopes: slices.Clone(p.o.Scopes),
		Endpoint: oauth2.Endpoint{AuthURL: p.o.AuthURL, TokenURL: p.o.TokenURL, AuthStyle: oauth2.AuthStyleInHeader},
	}
}

// Context returns a context for exchanging and refreshing, whose client asks when the authorisation itself
// ends; see [HardExpiry]. client is the one to use below it; nil is http.DefaultClient.
func (*Provider) Context(ctx context.Context, client *http.Client) context.Context {
	if client == nil {
		client = http.DefaultClient
	}
	own := *client
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = askExpiry{own.Transport}
	return context.WithValue(ctx, oauth2.HTTPClient, &own)
}

type askExpiry struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (a askExpiry) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Include-Refresh-Token-Hard-Expires-In", "true")
	return a.next.RoundTrip(r)
}

// IdleExpiry is when a refresh token ends unless it is used, counted from now, when the token was had.
// It is [RefreshLife] where the token does not say.
func IdleExpiry(token *oauth2.Token, now time.Time) time.Time {
	if d := extraSeconds(token, "x_refresh_token_expires_in"); d > 0 {
		return now.Add(d)
	}
	return now.Add(RefreshLife)
}

// HardExpiry is when the authorisation ends whatever is refreshed: the customer must connect again before. It is
// the zero time where the token does not say; see [Provider.Context].
func HardExpiry(token *oauth2.Token, now time.Time) time.Time {
	if d := extraSeconds(token, "x_refresh_token_hard_expires_in"); d > 0 {
		return now.Add(d)
	}
	return time.Time{}
}

func extraSeconds(token *oauth2.Token, name string) time.Duration {
	if token == nil {
		return 0
	}
	n, err := vendorhttp.ParseNumber(json.Number(fmt.Sprint(token.Extra(name))))
	if err != nil || n.Sign() <= 0 || n.GreaterThan(hundred.Shift(8)) { // three centuries
		return 0
	}
	return time.Duration(n.IntPart()) * time.Second
}

// Realm reads the callback of the authorisation: which company was chosen. It is not in the reply with the token, and
// must be kept from here.
func Realm(callback url.Values) (string, error) {
	if e := callback.Get("error"); e != "" {
		return "", &ledger.Error{Kind: ledger.ErrReconnect, Room: Vendor, Thing: "callback", Code: vendorbooks.Printable(e), Message: "the company was not connected: try again"}
	}
	realm := callback.Get("realmId")
	if !isID(realm) {
		return "", &ledger.Error{Kind: ledger.ErrUnreadable, Room: Vendor, Thing: "callback", Code: "no_realm", Message: "it does not name the company"}
	}
	return realm, nil
}

// Organisation asks who a realm is. It costs two or three calls.
func (p *Provider) Organisation(ctx context.Context, client *http.Client, realmID string) (ledger.Organisation, error) {
	l, err := New(client, realmID, &Options{BaseURL: p.o.BaseURL, Sandbox: p.o.Sandbox, UserAgent: p.o.UserAgent, App: p.id})
	if err != nil {
		return ledger.Organisation{}, err
	}
	return l.Organisation(ctx)
}

// Revoke ends a refresh token, and with it the connection of its company. client must not authorise: the app's own
// id and secret do. nil is http.DefaultClient.
func (p *Provider) Revoke(ctx context.Context, client *http.Client, token *oauth2.Token) error {
	return vendorhttp.Revocation{
		Room: Vendor, Vendor: "QuickBooks", Address: p.o.RevocationURL, UserAgent: p.o.UserAgent,
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {vendorhttp.Basic(p.id, p.secret)}},
		Body: func(refreshToken string) ([]byte, error) {
			return vendorhttp.Marshal(map[string]string{"token": refreshToken})
		},
	}.Revoke(ctx, client, token)
}
