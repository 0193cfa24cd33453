package main

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/invoicesync/invoicesync/examples/internal/shop"
)

// A side is a vendor's service, or the fake of it: where it is, who may call it, and how many calls our
// adapter has made.
type side struct {
	name    string
	url     string
	tenant  string // xero-tenant-id
	client  *http.Client
	made    atomic.Int64
	counted func() int // by the server itself; nil: it is not ours
	loaded  string     // the currency of orders that were loaded from a folder
	stop    func() error
}

func openSides(c *config, direct bool) (source, ledger *side, err error) {
	source = &side{name: "infusionsoft", url: c.sourceURL}
	ledger = &side{name: "xero", url: c.ledgerURL, tenant: c.ledgerTenant}
	sourceToken, ledgerToken := c.sourceToken, c.ledgerToken
	var sourceWay, ledgerWay http.RoundTripper = http.DefaultTransport, http.DefaultTransport

	if c.sourceURL == "" || c.ledgerURL == "" {
		s, err := shop.Open(shop.Wish{
			File: c.db, Orders: c.orders, Seed: c.seed, Load: c.load, Given: c.given["orders"] || c.given["seed"],
			NoSource: c.sourceURL != "", NoLedger: c.ledgerURL != "",
		})
		if errors.Is(err, shop.ErrWish) {
			err = &usageError{err}
		}
		if err != nil {
			return nil, nil, err
		}
		if fake := s.Infusionsoft; fake != nil {
			sourceToken = "quickstart"
			if s.Made.Load != "" {
				source.loaded = s.Made.Currency
			}
			source.counted = func() int { total, _ := fake.Calls(); return total }
			source.stop = fake.Close
			source.url, sourceWay = "http://infusionsoft.test", fake.Transport()
			if !direct {
				server, err := fake.Listen("")
				if err != nil {
					return nil, nil, err
				}
				source.url, sourceWay = server.URL, http.DefaultTransport
				source.stop = closing(server.Close, fake.Close)
			}
		}
		if fake := s.Xero; fake != nil {
			ledgerToken = "quickstart"
			ledger.tenant = fake.Books().Organisation().TenantID
			ledger.counted = fake.Calls
			ledger.stop = fake.Close
			ledger.url, ledgerWay = "http://ledger.test", fake.Transport()
			if !direct {
				server, err := fake.Listen()
				if err != nil {
					return nil, nil, err
				}
				ledger.url, ledgerWay = server.URL, http.DefaultTransport
				ledger.stop = closing(server.Close, fake.Close)
			}
		}
	}
	source.client = &http.Client{Transport: bearer{sourceToken, sourceWay}}
	ledger.client = &http.Client{Transport: bearer{ledgerToken, ledgerWay}}
	return source, ledger, nil
}

func closing(steps ...func() error) func() error {
	return func() error {
		for _, step := range steps {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
}

// close stops a fake. Its books are in the file with each answer that it has given, so that nothing can
// be lost by a failure here.
func (s *side) close() {
	if s.stop != nil {
		_ = s.stop()
	}
}

// calls returns how many calls the server has counted, or where it is not ours, how many were made.
func (s *side) calls() int {
	if s.counted != nil {
		return s.counted()
	}
	return int(s.made.Load())
}

// miscounted is an error when the server has seen another number of calls than our adapter has made.
func (s *side) miscounted() error {
	if made := int(s.made.Load()); made != s.calls() {
		return fmt.Errorf("%s has counted %d calls, and %d were made", s.name, s.calls(), made)
	}
	return nil
}

// bearer authorises requests. A service would use an oauth2 client, which refreshes its token.
type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}
