package xerofake

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/internal/fakehouse"
)

// A Fake is a Xero in memory. Make one with [New].
type Fake struct {
	opts    Options
	schemas bodySchemas
	routes  []route
	handler http.Handler // the fault plan in front of the vendor

	keyOnce sync.Once // of the key of identity tokens
	key     *rsa.PrivateKey
	keyErr  error

	// mu guards everything below and all books. Nothing sleeps while holding it.
	mu       sync.RWMutex
	books    []*Books // in the order of the options
	journal  *fakehouse.Journal
	keys     map[string]*answered // by app and key
	sessions map[string]*session  // by refresh token
	access   map[string]*access   // by access token
	codes    map[string]*code     // by authorization code
	apps     map[string]*window   // by app id
	ids      uint64
	counts   Counts
	created  map[string]int
}

// New opens a fake. A nil opts is a good default.
func New(opts *Options) (*Fake, error) {
	f := &Fake{
		schemas: parseSchemas(), routes: routes(),
		keys: map[string]*answered{}, sessions: map[string]*session{}, access: map[string]*access{}, codes: map[string]*code{},
		apps: map[string]*window{}, created: map[string]int{},
		counts: Counts{ByRoute: map[string]int{}, ByStatus: map[int]int{}},
	}
	if opts != nil {
		f.opts = *opts
	}
	if f.opts.ProviderName == "" {
		f.opts.ProviderName = "Xero API Partner"
	}
	if f.opts.PageSizeMax <= 0 {
		f.opts.PageSizeMax = 1000
	}
	if f.opts.Switches.HighVolumeRows <= 0 {
		f.opts.Switches.HighVolumeRows = 100_000
	}
	if len(f.opts.Organisations) == 0 {
		f.opts.Organisations = []Organisation{{Name: "Harbour Bikes Pty Ltd"}}
	}
	for _, t := range f.opts.Tokens {
		if t.Bearer == "" {
			return nil, errors.New("xerofake: a token in Options.Tokens is empty; give it a bearer value")
		}
	}
	if err := f.open(); err != nil {
		return nil, err
	}
	reopened := len(f.books)
	for i, org := range f.opts.Organisations {
		if f.reopened(org, i, reopened) {
			continue
		}
		if err := f.found(org); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	f.handler = f.opts.Faults.Wrap(http.HandlerFunc(f.serve))
	return f, nil
}

// Close closes the books file. Requests that write fail afterwards where there was one.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.journal.Close(); err != nil {
		return fmt.Errorf("xerofake: close books file: %w", err)
	}
	return nil
}

// ServeHTTP answers as api.xero.com and identity.xero.com do; hosts are not looked at.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fakehouse.Arrive(f.handler, w, r, func(r *http.Request) { f.count(r, "gateway") })
}

// Transport returns a transport that serves requests in memory, faults included. It works inside
// testing/synctest, where sockets do not.
func (f *Fake) Transport() http.RoundTripper { return faults.Transport(f) }

// Client returns a client whose requests carry the bearer token and are served in memory.
func (f *Fake) Client(bearer string) *http.Client { return fakehouse.Bearer(bearer, f.Transport()) }

// A Server is a fake that listens on the loopback interface.
type Server struct {
	URL      string // http://127.0.0.1:port
	loopback *fakehouse.Loopback
}

// Listen serves the fake on a free port of 127.0.0.1 until [Server.Close].
func (f *Fake) Listen() (*Server, error) {
	l, err := fakehouse.Listen(f)
	if err != nil {
		return nil, fmt.Errorf("xerofake: listen: %w", err)
	}
	return &Server{l.URL, l}, nil
}

// Close stops listening and cuts the open connections; the fake lives on.
func (s *Server) Close() error { return s.loopback.Close() }

// Counts are what has been asked of the fake since [New].
type Counts struct {
	Calls    int // requests that reached the vendor or its gateway
	Writes   int // POST, PUT and DELETE among them, the identity endpoints left out
	ByRoute  map[string]int
	ByStatus map[int]int // answers, replays included; a lost answer counts
	Created  map[string]int
}

// Counts returns the counters. ByRoute is keyed like "PUT /Invoices" or "GET /Invoices/{InvoiceID}";
// Created by collection: Invoices, Contacts, Payments, CreditNotes, Allocations, HistoryRecords.
func (f *Fake) Counts() Counts {
	f.mu.RLock()
	defer f.mu.RUnlock()
	c := f.counts
	c.ByRoute, c.ByStatus, c.Created = maps.Clone(c.ByRoute), maps.Clone(c.ByStatus), maps.Clone(f.created)
	return c
}

// Calls returns the number of requests that reached the fake.
func (f *Fake) Calls() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.counts.Calls
}

// CallsTo returns the number of requests of a method to a route, for instance
// CallsTo("GET", "/Invoices/{InvoiceID}").
func (f *Fake) CallsTo(method, route string) int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.counts.ByRoute[method+" "+route]
}

// Writes returns the number of writing requests to the accounting API.
func (f *Fake) Writes() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.counts.Writes
}

func (f *Fake) count(r *http.Request, route string) {
	fakehouse.Arrived(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Calls++
	f.counts.ByRoute[r.Method+" "+route]++
	if r.Method != http.MethodGet && r.Method != http.MethodHead && strings.Contains(r.URL.Path, apiRoot) {
		f.counts.Writes++
	}
}

// newID makes the next identifier, a GUID of version 4 in form. Call with the lock held.
func (f *Fake) newID() string {
	f.ids++
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], f.opts.Seed)
	binary.BigEndian.PutUint64(in[8:], f.ids)
	h := sha256.Sum256(in[:])
	h[6], h[8] = h[6]&0x0f|0x40, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// noGUID is the id of an element that was not created.
const noGUID = "00000000-0000-0000-0000-000000000000"

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
