package xerofake

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// A caller is who sends a request: an app, for a user.
type caller struct {
	app     string
	tenants []string // nil: all
	scopes  []string // nil: all
	event   string   // the authorisation the token comes from
}

// may tells whether the caller's scopes allow the route: one of the route's, or for reading its .read.
func (c caller) may(rt *route) bool {
	if c.scopes == nil {
		return true
	}
	return slices.ContainsFunc(rt.scopes, func(s string) bool {
		return slices.Contains(c.scopes, s) || rt.method == http.MethodGet && slices.Contains(c.scopes, s+".read")
	})
}

func (c caller) sees(org *Organisation) bool {
	return c.tenants == nil || slices.ContainsFunc(c.tenants, func(t string) bool {
		return strings.EqualFold(t, org.OrganisationID) || strings.EqualFold(t, org.TenantID)
	})
}

// authenticate finds the caller behind the bearer token.
func (f *Fake) authenticate(r *http.Request, forced string) (caller, *answer) {
	unauthorised := func(detail string) (caller, *answer) {
		a := f.gate(http.StatusUnauthorized, "Unauthorized", detail)
		return caller{}, &a
	}
	expired := func(at time.Time) (caller, *answer) {
		return unauthorised("TokenExpired: token expired at " + at.UTC().Format("01/02/2006 15:04:05"))
	}
	switch forced {
	case "401_expired":
		return expired(time.Now())
	case "401_scope":
		return unauthorised("AuthorizationUnsuccessful")
	}
	kind, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	bearer = strings.TrimSpace(bearer)
	if !strings.EqualFold(kind, "Bearer") || bearer == "" {
		return unauthorised("AuthenticationUnsuccessful")
	}
	f.mu.RLock()
	issued := f.access[bearer]
	f.mu.RUnlock()
	if issued != nil {
		if !time.Now().Before(issued.Expires) {
			return expired(issued.Expires)
		}
		return caller{issued.App, issued.Tenants, issued.Scopes, issued.Event}, nil
	}
	for _, t := range f.opts.Tokens {
		if t.Bearer != bearer {
			continue
		}
		if !t.Expires.IsZero() && !time.Now().Before(t.Expires) {
			return expired(t.Expires)
		}
		return caller{app: t.AppID, tenants: t.Tenants, scopes: t.Scopes}, nil
	}
	if len(f.opts.Tokens) > 0 {
		return unauthorised("AuthenticationUnsuccessful")
	}
	return caller{app: "app"}, nil
}

// tenant finds the organisation that the header names. A stale tenant id, of before a reconnect, is
// refused like a stranger's (dcblogdev/laravel-xero#40).
func (f *Fake) tenant(r *http.Request, c caller, forced string) (*Books, *answer) {
	id := r.Header.Get("Xero-Tenant-Id")
	if forced != "403_tenant" {
		f.mu.RLock()
		defer f.mu.RUnlock()
		for _, b := range f.books {
			if strings.EqualFold(b.org.TenantID, id) && !b.link.Gone && c.sees(&b.org) {
				return b, nil
			}
		}
	}
	a := asJSON(http.StatusForbidden, struct {
		Type       *string
		Title      string
		Status     int
		Detail     string
		Instance   string
		Extensions struct{}
	}{nil, "Forbidden", http.StatusForbidden, "AuthenticationUnsuccessful", noGUID, struct{}{}})
	return nil, &a
}
