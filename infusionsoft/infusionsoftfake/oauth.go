package infusionsoftfake

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The life of tokens, as the vendor's staff gives it (integration.keap.com threads 86529, 85209).
const (
	accessLife  = 24 * time.Hour
	refreshLife = 45 * 24 * time.Hour
	codeLife    = 10 * time.Minute
)

// A Token is a bearer token that the fake accepts from the start.
type Token struct {
	Value   string
	Tenant  string    // "" is the first tenant
	Client  string    // whose quota it uses; "" is "client"
	Key     bool      // a personal access token or service account key: a quota of its own
	Expires time.Time // zero: never
}

// An OAuthClient is an application that may ask for tokens.
type OAuthClient struct{ ID, Secret string }

// Tokens are what POST /token gives out.
type Tokens struct{ Access, Refresh string }

type grantKind string

const (
	kindAccess  grantKind = "access"
	kindKey     grantKind = "key"
	kindRefresh grantKind = "refresh"
	kindCode    grantKind = "code"
)

// A grant is a token, or a code, that somebody holds.
type grant struct {
	Value    string
	Kind     grantKind
	Tenant   string
	Client   string
	Redirect string    `json:",omitzero"`
	Expires  time.Time `json:",omitzero"`
	Spent    bool      `json:",omitzero"`
}

func (f *Fake) acceptToken(t Token) error {
	orElse(&t.Tenant, f.order[0].tenant.ID)
	orElse(&t.Client, "client")
	if t.Value == "" || f.tenants[t.Tenant] == nil {
		return fmt.Errorf("infusionsoftfake: Options.Tokens: a token needs a Value and a Tenant of Options.Tenants, not %q", t.Tenant)
	}
	g := &grant{Value: t.Value, Kind: kindAccess, Tenant: t.Tenant, Client: t.Client, Expires: t.Expires}
	if t.Key {
		g.Kind = kindKey
	}
	f.tokens[g.Value] = g
	return nil
}

// Grant gives out tokens for a tenant as if a user had just authorised client there.
func (f *Fake) Grant(tenant, client string) (Tokens, error) {
	defer f.locked()()
	if f.tenants[tenant] == nil {
		return Tokens{}, fmt.Errorf("infusionsoftfake: there is no tenant %q", tenant)
	}
	return f.issue(tenant, client, nil)
}

// AuthorizationCode is what the browser brings back after a user has authorised client.
func (f *Fake) AuthorizationCode(tenant, client, redirectURI string) (string, error) {
	defer f.locked()()
	if f.tenants[tenant] == nil {
		return "", fmt.Errorf("infusionsoftfake: there is no tenant %q", tenant)
	}
	code := &grant{
		Value: rand.Text(), Kind: kindCode, Tenant: tenant, Client: client,
		Redirect: redirectURI, Expires: f.clock().Add(codeLife),
	}
	c := &change{Grants: []*grant{code}}
	if err := f.write(c); err != nil {
		return "", err
	}
	f.applyGrants(c)
	return code.Value, nil
}

// Revoke ends all tokens of a tenant, as its user may at any time.
func (f *Fake) Revoke(tenant string) error {
	defer f.locked()()
	c := &change{Revoked: []string{tenant}}
	if err := f.write(c); err != nil {
		return err
	}
	f.applyGrants(c)
	return nil
}

func (f *Fake) issue(tenant, client string, spent *grant) (Tokens, error) {
	now := f.clock()
	access := &grant{Value: rand.Text(), Kind: kindAccess, Tenant: tenant, Client: client, Expires: now.Add(accessLife)}
	refresh := &grant{Value: rand.Text(), Kind: kindRefresh, Tenant: tenant, Client: client, Expires: now.Add(refreshLife)}
	c := &change{Grants: []*grant{access, refresh}}
	if spent != nil {
		used := *spent
		used.Spent = true
		c.Grants = append(c.Grants, &used)
	}
	if err := f.write(c); err != nil {
		return Tokens{}, err
	}
	f.applyGrants(c)
	return Tokens{access.Value, refresh.Value}, nil
}

func (f *Fake) applyGrants(c *change) {
	for _, g := range c.Grants {
		f.tokens[g.Value] = g
	}
	for _, tenant := range c.Revoked {
		for _, g := range f.tokens {
			if g.Tenant == tenant {
				revoked := *g
				revoked.Spent = true
				f.tokens[g.Value] = &revoked
			}
		}
	}
}

// authorise finds the caller. Tokens in the query string are not taken.
func (f *Fake) authorise(r *http.Request) (*grant, error) {
	value := r.Header.Get("X-Keap-API-Key")
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		value = strings.TrimSpace(token)
	}
	if value == "" {
		return nil, f.unauthorised()
	}
	if g := f.tokens[value]; g != nil {
		live := !g.Spent && (g.Expires.IsZero() || f.clock().Before(g.Expires))
		if !live || g.Kind != kindAccess && g.Kind != kindKey {
			return nil, f.unauthorised()
		}
		return g, nil
	}
	if f.options.Tokens != nil {
		return nil, f.unauthorised()
	}
	tenant := f.order[0].tenant.ID
	if f.tenants[value] != nil {
		tenant = value
	}
	return &grant{Value: value, Kind: kindAccess, Tenant: tenant, Client: "client"}, nil
}

func (f *Fake) unauthorised() error {
	if f.options.Switches.ExpiredIsEnvelope {
		return &apiError{status: http.StatusUnauthorized, message: "Unauthorized"}
	}
	return &apiError{status: http.StatusUnauthorized, raw: map[string]any{"fault": map[string]any{
		"faultstring": "Invalid Access Token", "detail": map[string]any{"errorcode": "keymanagement.service.invalid_access_token"},
	}}}
}

func (f *Fake) serveToken(w http.ResponseWriter, r *http.Request) {
	status, body := f.token(r)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func (f *Fake) token(r *http.Request) (int, map[string]any) {
	refuse := func(status int, code, description string) (int, map[string]any) {
		return status, map[string]any{"error": code, "error_description": description}
	}
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch {
	case r.Method != http.MethodPost:
		return refuse(http.StatusMethodNotAllowed, "invalid_request", "POST is needed")
	case r.URL.RawQuery != "":
		return refuse(http.StatusBadRequest, "invalid_request", "Parameters must be sent in the body")
	case !strings.EqualFold(media, "application/x-www-form-urlencoded"):
		return refuse(http.StatusBadRequest, "invalid_request", "The body must be application/x-www-form-urlencoded")
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		return refuse(http.StatusBadRequest, "invalid_request", "The body cannot be read")
	}
	defer f.locked()()
	if f.broken != nil {
		return refuse(http.StatusInternalServerError, "server_error", f.broken.Error())
	}
	form := r.PostForm
	switch form.Get("grant_type") {
	case "refresh_token":
		client, secret, ok := r.BasicAuth()
		if !ok || !f.knowsClient(client, secret) {
			return refuse(http.StatusUnauthorized, "invalid_client", "Client credentials must be sent as a Basic header")
		}
		if form.Get("refresh_token") == "" {
			return refuse(http.StatusBadRequest, "invalid_request", "Invalid Refresh Token")
		}
		g := f.usable(form.Get("refresh_token"), kindRefresh, client)
		if g == nil {
			return refuse(http.StatusBadRequest, "invalid_grant", "Invalid refresh token")
		}
		return f.exchange(g)
	case "authorization_code":
		return f.exchangeCode(form, refuse)
	}
	return refuse(http.StatusBadRequest, "unsupported_grant_type", "grant_type must be refresh_token or authorization_code")
}

// exchangeCode takes the client's credentials in the body, as the vendor's own client sends them.
func (f *Fake) exchangeCode(form url.Values, refuse func(int, string, string) (int, map[string]any)) (int, map[string]any) {
	client := form.Get("client_id")
	if !f.knowsClient(client, form.Get("client_secret")) {
		return refuse(http.StatusUnauthorized, "invalid_client", "Client credentials must be sent in the body")
	}
	g := f.usable(form.Get("code"), kindCode, client)
	if g == nil || g.Redirect != form.Get("redirect_uri") {
		return refuse(http.StatusUnauthorized, "invalid_grant", "Unable to authenticate username and password")
	}
	return f.exchange(g)
}

func (f *Fake) knowsClient(id, secret string) bool {
	if id == "" || secret == "" {
		return false
	}
	for _, c := range f.options.Clients {
		if c.ID == id && c.Secret == secret {
			return true
		}
	}
	return f.options.Clients == nil
}

func (f *Fake) usable(value string, kind grantKind, client string) *grant {
	g := f.tokens[value]
	if g == nil || g.Kind != kind || g.Spent || g.Client != client || !f.clock().Before(g.Expires) {
		return nil
	}
	return g
}

// exchange spends a refresh token or a code: neither works twice.
func (f *Fake) exchange(g *grant) (int, map[string]any) {
	tokens, err := f.issue(g.Tenant, g.Client, g)
	if err != nil {
		return http.StatusInternalServerError, map[string]any{"error": "server_error", "error_description": err.Error()}
	}
	return http.StatusOK, map[string]any{
		"access_token": tokens.Access, "refresh_token": tokens.Refresh, "token_type": "bearer",
		"expires_in": int(accessLife.Seconds()), "scope": "full|" + g.Tenant,
	}
}
