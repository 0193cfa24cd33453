package xerofake

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/faults"
)

const (
	accessLife  = 30 * time.Minute
	refreshLife = 60 * 24 * time.Hour // of an unused refresh token
	refreshTwin = 30 * time.Minute    // how long a used one may be used again
	codeLife    = 5 * time.Minute
)

// A session is a refresh token and what became of it.
type session struct {
	Refresh   string
	App       string
	Event     string // authEventId
	Scopes    []string
	Tenants   []string // organisation ids; nil: all
	Issued    time.Time
	Used      time.Time `json:",omitzero"` // when it was first exchanged
	Successor string    `json:",omitempty"`
	PairBody  string    `json:",omitempty"` // the answer to the first exchange
	Dead      bool      `json:",omitempty"`
}

// An access token that the fake issued.
type access struct {
	Token, App, Event string
	Scopes, Tenants   []string
	Expires           time.Time
}

type code struct {
	app, redirect, challenge string
	nonce                    string
	scopes                   []string
	issued                   time.Time
}

// A Grant is what an app holds after a user's consent.
type Grant struct {
	AccessToken, RefreshToken string
	AuthEventID               string
	Scopes                    []string
	Expires                   time.Time
}

// Authorise consents as a user does in the browser, for all organisations, and returns the tokens. With
// no scopes it asks for the ones that syncing invoices needs, offline_access among them.
func (f *Fake) Authorise(clientID string, scopes ...string) (Grant, error) {
	if len(scopes) == 0 {
		scopes = strings.Fields("openid profile email offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	pair, err := f.consent(clientID, scopes)
	return Grant{AccessToken: pair.AccessToken, RefreshToken: pair.RefreshToken, AuthEventID: pair.event, Scopes: scopes, Expires: time.Now().Add(accessLife).UTC()}, err
}

type tokenPair struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int    `json:"expires_in"`
	TokenType    string `json:"token_type"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope"`

	event string
}

// consent connects the organisations that are not connected and issues tokens. Call with the lock held.
func (f *Fake) consent(app string, scopes []string) (tokenPair, error) {
	event := f.newID()
	for _, b := range f.books {
		link := b.link
		link.AuthEventID, link.Updated = event, now()
		c := &change{Org: b.org.OrganisationID, Link: &link}
		if link.Gone {
			link.Gone, link.ID = false, f.newID()
			if !f.opts.Switches.ReconnectKeepsTenant {
				org := b.org
				org.TenantID = f.newID()
				c.Organisation = &org
			}
		}
		if err := f.commit(c); err != nil {
			return tokenPair{}, err
		}
	}
	pair, c := f.issue(app, event, scopes, nil)
	return pair, f.commit(c)
}

// issue makes a pair and the change that keeps it. Call with the lock held.
func (f *Fake) issue(app, event string, scopes, tenants []string) (tokenPair, *change) {
	at := time.Now().UTC()
	claims, _ := json.Marshal(map[string]any{ //nolint:errchkjson // texts and numbers
		"iss": "https://identity.xero.com", "client_id": app, "jti": f.newID(), "authentication_event_id": event,
		"nbf": at.Unix(), "exp": at.Add(accessLife).Unix(), "scope": scopes,
	})
	part := base64.RawURLEncoding.EncodeToString
	head := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte("xerofake"))
	mac.Write([]byte(head))
	pair := tokenPair{AccessToken: head + "." + part(mac.Sum(nil)), ExpiresIn: int(accessLife / time.Second), TokenType: "Bearer", Scope: strings.Join(scopes, " "), event: event}
	c := &change{Access: []*access{{Token: pair.AccessToken, App: app, Event: event, Scopes: scopes, Tenants: tenants, Expires: at.Add(accessLife)}}}
	if slices.Contains(scopes, "offline_access") { // no refresh token without (NangoHQ/nango#802)
		pair.RefreshToken = "r-" + f.newID()
		c.Sessions = []*session{{Refresh: pair.RefreshToken, App: app, Event: event, Scopes: scopes, Tenants: tenants, Issued: at}}
	}
	return pair, c
}

// identity serves login.xero.com, identity.xero.com and api.xero.com/connections.
func (f *Fake) identity(w http.ResponseWriter, r *http.Request) answer {
	path := strings.TrimSuffix(r.URL.Path, "/")
	id, ofConnection := "", false
	if rest, ok := strings.CutPrefix(strings.ToLower(path), "/connections/"); ok {
		id, ofConnection = rest, true
	}
	name := path
	if ofConnection {
		name = "/connections/{id}"
	} else if strings.EqualFold(path, "/connections") {
		name = "/connections"
	}
	f.count(r, name)
	vendor, _ := faults.Answer(r.Context())
	switch vendor.Name {
	case "", "401_expired", "401_scope", "invalid_grant":
	case "500", "500_after":
		return problem500()
	case "503_offline", "503_unavailable":
		return text(http.StatusServiceUnavailable, "The Xero API is temporarily unavailable")
	default:
		return text(http.StatusInternalServerError, fmt.Sprintf("xerofake: the fault %q is unknown here", vendor.Name))
	}
	switch {
	case name == "/connections" && r.Method == http.MethodGet, ofConnection && r.Method == http.MethodDelete:
		caller, refused := f.authenticate(r, vendor.Name)
		if refused != nil {
			return *refused
		}
		f.appHeader(w.Header(), caller.app)
		if ofConnection {
			return f.disconnect(caller, id)
		}
		return f.connections(caller, r.URL.Query().Get("authEventId"))
	case path == "/connect/token" && r.Method == http.MethodPost:
		return f.token(r, vendor.Name)
	case path == "/connect/revocation" && r.Method == http.MethodPost:
		return f.revoke(r)
	case path == "/identity/connect/authorize" && r.Method == http.MethodGet:
		return f.authorise(w, r)
	case path == "/.well-known/openid-configuration/jwks" && r.Method == http.MethodGet:
		return f.jwks()
	case path == "/.well-known/openid-configuration" && r.Method == http.MethodGet:
		return discovery(r)
	}
	return notFound()
}

// appHeader sets the only limit header that /connections has (XeroAPI/xero-ruby#128).
func (f *Fake) appHeader(h http.Header, app string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _, _, limit := f.opts.Limits.figures()
	if limit < 0 {
		limit = 10_000
	}
	left := limit
	if w := f.apps[app]; w != nil {
		left, _ = w.room(time.Now(), time.Minute, limit)
	}
	h.Set("X-AppMinLimit-Remaining", fmt.Sprint(left))
}

func (f *Fake) connections(c caller, event string) answer {
	type wire struct {
		ID             string `json:"id"`
		AuthEventID    string `json:"authEventId"`
		TenantID       string `json:"tenantId"`
		TenantType     string `json:"tenantType"`
		TenantName     string `json:"tenantName"`
		CreatedDateUTC string `json:"createdDateUtc"`
		UpdatedDateUTC string `json:"updatedDateUtc"`
	}
	const sevenDigits = "2006-01-02T15:04:05.0000000" // and no Z
	all := []wire{}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, b := range f.books {
		if b.link.Gone || !c.sees(&b.org) || event != "" && !strings.EqualFold(event, b.link.AuthEventID) {
			continue
		}
		all = append(all, wire{
			b.link.ID, b.link.AuthEventID, b.org.TenantID, "ORGANISATION", b.org.Name,
			b.link.Created.UTC().Format(sevenDigits), b.link.Updated.UTC().Format(sevenDigits),
		})
	}
	return asJSON(http.StatusOK, all)
}

func (f *Fake) disconnect(c caller, id string) answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.books {
		if b.link.Gone || b.link.ID != id || !c.sees(&b.org) {
			continue
		}
		link := b.link
		link.Gone, link.Updated = true, now()
		if err := f.commit(&change{Org: b.org.OrganisationID, Link: &link}); err != nil {
			return problem500()
		}
		return answer{status: http.StatusNoContent}
	}
	return notFound()
}

// oauthFault is an error of the token endpoint.
func oauthFault(code, description string) answer {
	return asJSON(http.StatusBadRequest, struct {
		Error       string `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{code, description})
}

// client reads and checks the client of a form request: HTTP Basic, or the fields of the form.
func (f *Fake) client(r *http.Request) (id string, refused *answer) {
	id, secret, basic := r.BasicAuth()
	if basic {
		if v, err := url.QueryUnescape(id); err == nil {
			id = v
		}
		if v, err := url.QueryUnescape(secret); err == nil {
			secret = v
		}
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	known := len(f.opts.Apps) == 0 && id != "" || slices.ContainsFunc(f.opts.Apps, func(a App) bool {
		return a.ClientID == id && subtle.ConstantTimeCompare([]byte(a.ClientSecret), []byte(secret)) == 1
	})
	if !known {
		a := oauthFault("invalid_client", "")
		return "", &a
	}
	return id, nil
}

func (f *Fake) token(r *http.Request, forced string) answer {
	if err := r.ParseForm(); err != nil {
		return oauthFault("invalid_request", "")
	}
	app, refused := f.client(r)
	if refused != nil {
		return *refused
	}
	if forced == "invalid_grant" {
		return oauthFault("invalid_grant", "")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var pair tokenPair
	var err error
	switch r.PostForm.Get("grant_type") {
	case "refresh_token":
		return f.refresh(app, issuer(r), r.PostForm.Get("refresh_token"))
	case "authorization_code":
		key := r.PostForm.Get("code")
		c := f.codes[key]
		delete(f.codes, key) // single use
		if c == nil || c.app != app || c.redirect != r.PostForm.Get("redirect_uri") || time.Since(c.issued) > codeLife || !proves(r.PostForm.Get("code_verifier"), c.challenge) {
			return oauthFault("invalid_grant", "")
		}
		if pair, err = f.consent(app, c.scopes); err == nil {
			err = f.identify(&pair, app, issuer(r), c.nonce, c.scopes)
		}
	case "client_credentials": // a custom connection: no refresh token
		scopes := slices.DeleteFunc(strings.Fields(r.PostForm.Get("scope")), func(s string) bool { return s == "offline_access" })
		pair, err = f.consent(app, scopes)
	default:
		return oauthFault("unsupported_grant_type", "")
	}
	if err != nil {
		return problem500()
	}
	return asJSON(http.StatusOK, pair)
}

// refresh rotates. A used token works once more within thirty minutes, for the case that the answer
// was lost; what it then answers is a switch. Call with the lock held.
func (f *Fake) refresh(app, issuer, refresh string) answer {
	at := time.Now().UTC()
	s := f.sessions[refresh]
	switch {
	case s == nil, s.Dead, s.App != app,
		s.Used.IsZero() && at.Sub(s.Issued) >= refreshLife,
		!s.Used.IsZero() && at.Sub(s.Used) >= refreshTwin:
		return oauthFault("invalid_grant", "")
	case !s.Used.IsZero() && f.opts.Switches.GraceReturnsSamePair:
		return answer{http.StatusOK, jsonType, []byte(s.PairBody)}
	}
	pair, c := f.issue(app, s.Event, s.Scopes, s.Tenants)
	if err := f.identify(&pair, app, issuer, "", s.Scopes); err != nil {
		return problem500()
	}
	answered := asJSON(http.StatusOK, pair)
	used := *s
	if used.Used.IsZero() {
		used.Used = at
	} else if lost := f.sessions[s.Successor]; lost != nil {
		dead := *lost
		dead.Dead = true
		c.Sessions = append(c.Sessions, &dead)
	}
	used.Successor, used.PairBody = pair.RefreshToken, string(answered.body)
	c.Sessions = append(c.Sessions, &used)
	if err := f.commit(c); err != nil {
		return problem500()
	}
	return answered
}

// revoke ends the session and drops all connections of the user; the answer has no body.
func (f *Fake) revoke(r *http.Request) answer {
	if err := r.ParseForm(); err != nil {
		return oauthFault("invalid_request", "")
	}
	app, refused := f.client(r)
	if refused != nil {
		return *refused
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.sessions[r.PostForm.Get("token")]
	if s == nil || s.App != app || s.Dead {
		return answer{status: http.StatusOK} // RFC 7009: an unknown token is no error
	}
	c := &change{}
	for _, other := range f.sessions {
		if other.App == app {
			dead := *other
			dead.Dead = true
			c.Sessions = append(c.Sessions, &dead)
		}
	}
	if err := f.commit(c); err != nil {
		return problem500()
	}
	for _, b := range f.books {
		link := b.link
		link.Gone, link.Updated = true, now()
		if err := f.commit(&change{Org: b.org.OrganisationID, Link: &link}); err != nil {
			return problem500()
		}
	}
	return answer{status: http.StatusOK}
}

// authorise consents at once and sends the browser back with a code.
func (f *Fake) authorise(w http.ResponseWriter, r *http.Request) answer {
	q := r.URL.Query()
	back, err := url.Parse(q.Get("redirect_uri"))
	known := len(f.opts.Apps) == 0 || slices.ContainsFunc(f.opts.Apps, func(a App) bool { return a.ClientID == q.Get("client_id") })
	if err != nil || back.Host == "" || q.Get("client_id") == "" || q.Get("response_type") != "code" || !known {
		return text(http.StatusBadRequest, "Error : unauthorized_client")
	}
	if q.Get("code_challenge") != "" && q.Get("code_challenge_method") != "S256" {
		return text(http.StatusBadRequest, "Error : invalid_request")
	}
	f.mu.Lock()
	key := strings.ReplaceAll(f.newID(), "-", "")
	f.codes[key] = &code{
		app: q.Get("client_id"), redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), nonce: q.Get("nonce"),
		scopes: strings.Fields(q.Get("scope")), issued: time.Now(),
	}
	f.mu.Unlock()
	out := back.Query()
	out.Set("code", key)
	if q.Get("state") != "" {
		out.Set("state", q.Get("state"))
	}
	back.RawQuery = out.Encode()
	w.Header().Set("Location", back.String())
	return answer{status: http.StatusFound}
}

func proves(verifier, challenge string) bool {
	if challenge == "" {
		return true
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:]) == challenge
}

// issuer is who the identity service is to somebody who has asked it under this address.
func issuer(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil || r.URL.Scheme == "https" {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

func discovery(r *http.Request) answer {
	base := issuer(r)
	return asJSON(http.StatusOK, map[string]any{
		"issuer": base, "authorization_endpoint": base + "/identity/connect/authorize",
		"token_endpoint": base + "/connect/token", "revocation_endpoint": base + "/connect/revocation",
		"jwks_uri": base + "/.well-known/openid-configuration/jwks", "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code"}, "grant_types_supported": []string{"authorization_code", "refresh_token", "client_credentials"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	})
}
