package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/examples/internal/shop"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/ledger"
)

// A side is a vendor's service, or the fake of it: where it is, who may call it, and how many calls our
// adapter has made.
type side struct {
	name    string
	url     string
	tenant  string // Xero's tenant id, QuickBooks' realm id, or the tenant of a fake of Infusionsoft
	client  *http.Client
	made    atomic.Int64
	counted func() int // by the server itself; nil: it is not ours
	loaded  string     // the currency of orders that were loaded from a folder
	// holds reports whether the books of the fake of a ledger have a record; nil: it is not ours.
	holds func(kind ledger.RecordKind, id string) bool
	stop  func() error
}

// A vendorFake is what the fakes of both vendors have in common.
type vendorFake interface {
	http.Handler
	Calls() int
	Transport() http.RoundTripper
	Close() error
}

// openSides opens both sides; again: as they were known to an earlier run.
func openSides(c *config, again, direct bool) (source, books *side, err error) {
	source = &side{name: "infusionsoft", url: c.sourceURL, client: authorised(c.sourceToken, http.DefaultTransport)}
	books = &side{name: string(c.vendor.ledger), url: c.ledgerURL, tenant: c.ledgerRoute, client: authorised(c.ledgerToken, http.DefaultTransport)}
	if c.sourceURL != "" && c.ledgerURL != "" {
		return source, books, nil
	}
	var ledgers []world.Ledger
	if c.ledgerURL == "" {
		ledgers = append(ledgers, c.vendor.ledger)
	}
	s, err := shop.Open(shop.Wish{
		File: c.db, Orders: c.orders, Seed: c.seed, Load: c.load, Again: again, Given: c.given["orders"] || c.given["seed"],
		NoSource: c.sourceURL != "", Ledgers: ledgers, For: c.vendor.ledger,
	})
	if errors.Is(err, shop.ErrWish) {
		return nil, nil, &usageError{err}
	}
	if err != nil {
		return nil, nil, err
	}
	if s.Infusionsoft != nil {
		source.tenant = s.Made.Tenant
		if s.Made.Load != "" {
			source.loaded = s.Made.Currency
		}
		if err := source.serve(s.Infusionsoft, direct); err != nil {
			return nil, nil, err
		}
	}
	if c.ledgerURL == "" {
		var fake vendorFake
		fake, books.tenant, books.holds = c.vendor.serve(s)
		if err := books.serve(fake, direct); err != nil {
			return nil, nil, err
		}
	}
	return source, books, nil
}

// serve makes a fake the side's server.
func (s *side) serve(f vendorFake, direct bool) error {
	s.counted, s.stop = f.Calls, f.Close
	if direct {
		s.url, s.client = "http://"+s.name+".test", authorised("quickstart", f.Transport())
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the fake of %s cannot listen: %w", s.name, err)
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	s.url, s.client = "http://"+l.Addr().String(), authorised("quickstart", http.DefaultTransport)
	s.stop = func() error { return errors.Join(server.Close(), f.Close()) }
	return nil
}

// close stops a fake. Its books are in the file with each answer that it has given, so that nothing can
// be lost by a failure here.
func (s *side) close() {
	if s.stop != nil {
		_ = s.stop()
	}
}

// called counts a call of our adapter, and tells what it was for.
func (s *side) called(p *progress, doing string) {
	s.made.Add(1)
	p.called(doing)
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

// authorised returns a client whose requests carry the token. A service would use that of an oauth2
// configuration, which refreshes its token.
func authorised(token string, way http.RoundTripper) *http.Client {
	return &http.Client{Transport: bearer{token, way}}
}

type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}
