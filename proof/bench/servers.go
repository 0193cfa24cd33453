package main

import (
	"net"
	"net/http"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// servers is where both vendors are.
type servers struct {
	Keap         string // scheme and host
	Xero         string
	Organisation string
	Tenant       string // Xero's routing id
}

// counts are what was asked of the servers.
type counts struct {
	Keap    int            `json:"infusionsoft_calls"`
	Xero    int            `json:"xero_calls"`
	Writes  int            `json:"writes"`
	Created map[string]int `json:"created"`
}

// serve serves a world until standard input ends: the one that the fakes keep, or the light one.
func serve(t task) error {
	w := worldOf(t)
	keap, err := infusionsoftfake.New(&infusionsoftfake.Options{Limits: infusionsoftfake.NoLimits(),
		Tenants: []infusionsoftfake.Tenant{{ID: tenant, Currency: currency, TimeZone: zone, Country: "AUS"}}})
	if err != nil {
		return err
	}
	books, err := xerofake.New(&xerofake.Options{Limits: xerofake.NoLimits(), Seed: 7, Latency: t.Latency})
	if err != nil {
		return err
	}
	org := books.Books().Organisation()
	var count func() counts
	var left, right http.Handler = keap, books
	if t.Role == "light" {
		l := newLight(w, keap, books)
		left, right, count = http.HandlerFunc(l.keap), http.HandlerFunc(l.xero), l.counts
		if t.Import {
			right = http.HandlerFunc(l.importXero)
		}
	} else {
		if err := w.fill(keap); err != nil {
			return err
		}
		count = func() counts {
			c := books.Counts()
			return counts{Keap: keap.Calls(), Xero: c.Calls, Writes: c.Writes, Created: c.Created}
		}
	}
	s := servers{Organisation: org.OrganisationID, Tenant: org.TenantID}
	for _, side := range []struct {
		url     *string
		handler http.Handler
	}{{&s.Keap, left}, {&s.Xero, right}} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		*side.url = "http://" + listener.Addr().String()
		server := &http.Server{Handler: side.handler, ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = server.Serve(listener) }()
	}
	if err := say(s); err != nil {
		return err
	}
	untilClosed()
	return say(count())
}

// bearer authorises requests; both clients use it.
type bearer struct{ next http.RoundTripper }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	return b.next.RoundTrip(r)
}

func authorised() *http.Client {
	return &http.Client{Transport: bearer{http.DefaultTransport.(*http.Transport).Clone()}} //nolint:forcetypeassert // net/http promises it
}
