package quickbooksfake

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/faults"
)

const (
	accessLife  = time.Hour
	refreshIdle = 100 * 24 * time.Hour // a refresh token dies after so long without use
	rotateAfter = 24 * time.Hour       // how long a refresh token keeps its value
	hardLife    = 5 * 365 * 24 * time.Hour
	codeLife    = 10 * time.Minute
)

// A session is a refresh token value of an authorization.
type session struct {
	Refresh string
	App     string
	Realm   string
	Issued  time.Time // of this value
	Used    time.Time // when the authorization was last used
	Granted time.Time // when the user consented
	// Replaced is when another value took its place.
	Replaced time.Time `json:",omitzero"`
	Dead     bool      `json:",omitempty"`
}

// An access token that the fake issued.
type access struct {
	Token, App, Realm string
	Expires           time.Time
	Dead              bool `json:",omitempty"`
}

type code struct {
	app, realm, redirect string
	issued               time.Time
}

// A Grant is what an app holds after a user's consent. The realm id comes with the callback and is not in
// the answer of the token endpoint.
type Grant struct {
	RealmID                   string
	AccessToken, RefreshToken string
	Expires                   time.Time
}

// Authorise consents for a company as a user does in the browser, and exchanges the code.
func (f *Fake) Authorise(realmID, clientID string) (Grant, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.booksOf(realmID) == nil {
		return Grant{}, errors.New("quickbooksfake: authorise: there is no company " + realmID)
	}
	s, a := f.consent(realmID, clientID)
	if err := f.commit(&change{Sessions: []*session{s}, Access: []*access{a}}); err != nil {
		return Grant{}, err
	}
	return Grant{realmID, a.Token, s.Refresh, a.Expires}, nil
}

// AuthorizationCode is what the browser brings back, beside state and realmId, after a user has consented.
func (f *Fake) AuthorizationCode(realmID, clientID, redirectURI string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.booksOf(realmID) == nil {
		return "", errors.New("quickbooksfake: authorization code: there is no company " + realmID)
	}
	c := "AB" + f.mint()
	f.codes[c] = &code{clientID, realmID, redirectURI, time.Now()}
	return c, nil
}

// Disconnect ends all tokens of a company, as its user may at any time. No event announces it.
func (f *Fake) Disconnect(realmID string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commit(f.ended(func(realm string) bool { return realm == realmID }))
}

// ended is the change that kills the tokens of some companies.
func (f *Fake) ended(which func(realm string) bool) *change {
	c := &change{}
	for _, s := range f.sessions {
		if which(s.Realm) {
			dead := *s
			dead.Dead = true
			c.Sessions = append(c.Sessions, &dead)
		}
	}
	for _, a := range f.access {
		if which(a.Realm) {
			dead := *a
			dead.Dead = true
			c.Access = append(c.Access, &dead)
		}
	}
	return c
}

func (f *Fake) consent(realm, app string) (*session, *access) {
	now := time.Now().UTC()
	return &session{Refresh: "RT1-" + f.mint(), App: app, Realm: realm, Issued: now, Used: now, Granted: now}, f.newAccess(realm, app)
}

func (f *Fake) newAccess(realm, app string) *access {
	return &access{Token: "eyJ" + f.mint(), App: app, Realm: realm, Expires: time.Now().UTC().Add(accessLife)}
}

// authenticate finds who is asking and opens the company's books, or answers as the gateway does.
func (f *Fake) authenticate(r *http.Request, realm, forced string) (*Books, string, *answer) {
	now := time.Now()
	unauthorised := func(detail string) (*Books, string, *answer) {
		return nil, "", pointer(gateway(http.StatusUnauthorized, "AUTHENTICATION", "3200", "AuthenticationFailed", &detail, now))
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || bearer == "" {
		return unauthorised("Malformed bearer token: too short or too long")
	}
	switch forced {
	case "401_expired":
		return unauthorised("Token expired")
	case "401_general", "401_user":
		code, message := "100", "General Authentication Error"
		detail := "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401"
		if forced == "401_user" {
			code, message, detail = "120", "Authorization Failure", "AuthorizationFailure: The user has no access to the company , statusCode: 401"
		}
		return nil, "", pointer((&fault{status: http.StatusUnauthorized, kind: "AuthenticationFault", code: code, message: message, detail: detail}).answer(now))
	case "403":
		return nil, "", pointer(forbidden(now))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	app := ""
	var realms []string
	if a, issued := f.access[bearer]; issued {
		if a.Dead {
			return unauthorised("Token revoked")
		}
		if !now.Before(a.Expires) {
			return unauthorised("Token expired")
		}
		app, realms = a.App, []string{a.Realm}
	} else if len(f.opts.Tokens) > 0 {
		i := slices.IndexFunc(f.opts.Tokens, func(t Token) bool { return t.Bearer == bearer })
		if i < 0 {
			return unauthorised("Token invalid")
		}
		t := f.opts.Tokens[i]
		if !t.Expires.IsZero() && !now.Before(t.Expires) {
			return unauthorised("Token expired")
		}
		app, realms = t.AppID, t.Realms
	}
	b := f.booksOf(realm)
	if b == nil || b.company.RealmID != realm || realms != nil && !slices.Contains(realms, realm) {
		return nil, "", pointer(forbidden(now))
	}
	return b, app, nil
}

// forbidden is what a token of another company, app or environment gets.
func forbidden(at time.Time) answer {
	return gateway(http.StatusForbidden, "SERVICE", "3100", "ApplicationAuthorizationFailed", nil, at)
}

// identity serves Intuit's OAuth hosts.
func (f *Fake) identity(r *http.Request) answer {
	vendor, _ := faults.Answer(r.Context())
	switch {
	case r.URL.Path == "/oauth2/v1/tokens/bearer" && r.Method == http.MethodPost:
		f.count(r, "/oauth2/v1/tokens/bearer")
		if vendor.Name == "invalid_grant" {
			return invalidGrant()
		}
		if vendor.Name != "" {
			return html(http.StatusServiceUnavailable)
		}
		return f.token(r)
	case r.URL.Path == "/v2/oauth2/tokens/revoke" && r.Method == http.MethodPost:
		f.count(r, "/v2/oauth2/tokens/revoke")
		return f.revoke(r)
	case strings.HasPrefix(r.URL.Path, "/.well-known/openid_") || strings.HasPrefix(r.URL.Path, "/.well-known/openid-"):
		f.count(r, "/.well-known")
		return asJSON(http.StatusOK, map[string]any{
			"issuer":                                "https://oauth.platform.intuit.com/op/v1",
			"authorization_endpoint":                "https://appcenter.intuit.com/connect/oauth2",
			"token_endpoint":                        "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
			"revocation_endpoint":                   "https://developer.api.intuit.com/v2/oauth2/tokens/revoke",
			"response_types_supported":              []string{"code"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic"},
		})
	}
	f.count(r, "(unknown)")
	return html(http.StatusNotFound)
}

func oauthError(status int, name, description string) answer {
	return asJSON(status, struct {
		Description string `json:"error_description"`
		Error       string `json:"error"`
	}{description, name})
}

func invalidGrant() answer {
	return oauthError(http.StatusBadRequest, "invalid_grant", "Incorrect or invalid refresh token")
}

// client checks the app of a request, by basic authentication or in the body.
func (f *Fake) client(r *http.Request) (string, bool) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	if id == "" {
		return "", false
	}
	if len(f.opts.Apps) == 0 {
		return id, true
	}
	i := slices.IndexFunc(f.opts.Apps, func(a App) bool { return a.ClientID == id })
	return id, i >= 0 && subtle.ConstantTimeCompare([]byte(f.opts.Apps[i].ClientSecret), []byte(secret)) == 1
}

func (f *Fake) token(r *http.Request) answer {
	if err := r.ParseForm(); err != nil {
		return oauthError(http.StatusBadRequest, "invalid_request", "The body could not be read")
	}
	app, ok := f.client(r)
	if !ok {
		return oauthError(http.StatusUnauthorized, "invalid_client", "Client authentication failed")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().UTC()
	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		c, ok := f.codes[r.PostForm.Get("code")]
		delete(f.codes, r.PostForm.Get("code"))
		if !ok || c.app != app || c.redirect != r.PostForm.Get("redirect_uri") || now.Sub(c.issued) >= codeLife {
			return oauthError(http.StatusBadRequest, "invalid_grant", "Invalid authorization code")
		}
		s, a := f.consent(c.realm, app)
		return f.issued(r, &change{Sessions: []*session{s}, Access: []*access{a}}, s, a)
	case "refresh_token":
		return f.refresh(r, app, now)
	}
	return oauthError(http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported")
}

// refresh gives a new access token. The refresh token keeps its value for a day; then another one takes its
// place, in an answer that looks like any other, and the old one is dead.
func (f *Fake) refresh(r *http.Request, app string, now time.Time) answer {
	s, ok := f.sessions[r.PostForm.Get("refresh_token")]
	if !ok || s.Dead || s.App != app || now.Sub(s.Used) >= refreshIdle || now.Sub(s.Granted) >= hardLife {
		return invalidGrant()
	}
	if !s.Replaced.IsZero() && now.Sub(s.Replaced) >= f.opts.Switches.OldRefreshTokenGrace {
		return invalidGrant()
	}
	a := f.newAccess(s.Realm, app)
	c := &change{Access: []*access{a}}
	if !s.Replaced.IsZero() {
		// Within the grace the newest value is handed out again.
		for _, other := range f.sessions {
			if other.Realm == s.Realm && other.App == s.App && other.Granted.Equal(s.Granted) && other.Replaced.IsZero() && !other.Dead {
				s = other
			}
		}
	}
	next := *s
	next.Used = now
	if now.Sub(s.Issued) >= rotateAfter {
		old := *s
		old.Replaced = now
		next.Refresh, next.Issued = "RT1-"+f.mint(), now
		c.Sessions = append(c.Sessions, &old)
	}
	c.Sessions = append(c.Sessions, &next)
	return f.issued(r, c, &next, a)
}

// issued commits tokens and shows them.
func (f *Fake) issued(r *http.Request, c *change, s *session, a *access) answer {
	if err := f.commit(c); err != nil {
		return html(http.StatusServiceUnavailable)
	}
	now := time.Now()
	out := struct {
		TokenType    string `json:"token_type"`
		ExpiresIn    int    `json:"expires_in"`
		RefreshToken string `json:"refresh_token"`
		RefreshLeft  int    `json:"x_refresh_token_expires_in"`
		HardLeft     *int   `json:"x_refresh_token_hard_expires_in,omitempty"`
		AccessToken  string `json:"access_token"`
	}{"bearer", int(accessLife / time.Second), s.Refresh, 8_726_400, nil, a.Token}
	left := s.Granted.Add(hardLife).Sub(now)
	out.RefreshLeft = min(out.RefreshLeft, int(left/time.Second))
	if strings.EqualFold(r.Header.Get("x-include-refresh-token-hard-expires-in"), "true") {
		out.HardLeft = pointer(int(left / time.Second))
	}
	return asJSON(http.StatusOK, out)
}

// revoke ends an authorization, named by either of its tokens.
func (f *Fake) revoke(r *http.Request) answer {
	var in struct {
		Token string `json:"token"`
	}
	var err error
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		// As RFC 7009 has it, and node-quickbooks does; Intuit's page and its own clients send JSON.
		r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
		err = r.ParseForm()
		in.Token = r.PostForm.Get("token")
	} else {
		err = json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody)).Decode(&in)
	}
	if err != nil || in.Token == "" {
		return oauthError(http.StatusBadRequest, "invalid_request", "The token is missing")
	}
	if _, ok := f.client(r); !ok {
		return oauthError(http.StatusUnauthorized, "invalid_client", "Client authentication failed")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	realm := ""
	if s := f.sessions[in.Token]; s != nil {
		realm = s.Realm
	} else if a := f.access[in.Token]; a != nil {
		realm = a.Realm
	} else {
		return oauthError(http.StatusBadRequest, "invalid_request", "The token is unknown")
	}
	if err := f.commit(f.ended(func(r string) bool { return r == realm })); err != nil {
		return html(http.StatusServiceUnavailable)
	}
	return asJSON(http.StatusOK, struct{}{})
}
