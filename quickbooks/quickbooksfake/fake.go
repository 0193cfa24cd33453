package quickbooksfake

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/internal/fakehouse"
)

// A Fake is a QuickBooks Online in memory. Make one with [New].
type Fake struct {
	opts    Options
	kinds   map[string]*kind // by name
	paths   map[string]*kind // by folded name
	known   properties
	handler http.Handler // the fault plan in front of the vendor
	types   sync.Map     // reflect.Type → its fields

	// mu guards everything below and all books. Nothing sleeps while holding it. The list of books does not
	// change after New.
	mu       sync.Mutex
	books    []*Books // in the order of the options
	journal  *fakehouse.Journal
	sessions map[string]*session // by refresh token
	access   map[string]*access  // by access token
	codes    map[string]*code    // by authorization code
	reads    map[string]*month   // by app id
	minted   uint64
	counts   Counts
}

// New opens a fake. A nil opts is a good default: one US company with automated sales tax.
func New(opts *Options) (*Fake, error) {
	f := &Fake{
		kinds: map[string]*kind{}, paths: map[string]*kind{}, known: parseProperties(),
		sessions: map[string]*session{}, access: map[string]*access{}, codes: map[string]*code{}, reads: map[string]*month{},
		counts: Counts{ByRoute: map[string]int{}, ByStatus: map[int]int{}, Created: map[string]int{}},
	}
	for _, k := range kinds() {
		f.kinds[k.name], f.paths[fold(k.name)] = k, k
	}
	if opts != nil {
		f.opts = *opts
	}
	if len(f.opts.Companies) == 0 {
		f.opts.Companies = []Company{DefaultCompany("US")}
	}
	for _, t := range f.opts.Tokens {
		if t.Bearer == "" {
			return nil, errors.New("quickbooksfake: a token in Options.Tokens is empty; give it a bearer value")
		}
	}
	if f.opts.BooksFile != "" {
		var err error
		if f.journal, err = fakehouse.OpenJournal(f.opts.BooksFile, f.replay); err != nil {
			return nil, fmt.Errorf("quickbooksfake: %w", err)
		}
		for _, b := range f.books {
			for _, t := range b.tables {
				t.byChange()
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, c := range f.opts.Companies {
		if err := f.found(c, i); err != nil {
			return nil, errors.Join(err, f.journal.Close())
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
		return fmt.Errorf("quickbooksfake: close books file: %w", err)
	}
	return nil
}

// ServeHTTP answers as quickbooks.api.intuit.com and Intuit's OAuth hosts do; hosts are not looked at.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fakehouse.Arrive(f.handler, w, r, func(r *http.Request) { f.count(r, "(gateway)") })
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

// Listen serves the fake on a free port of 127.0.0.1 until [Server.Close]. Do not use it inside
// testing/synctest: a socket keeps virtual time from moving.
func (f *Fake) Listen() (*Server, error) {
	l, err := fakehouse.Listen(f)
	if err != nil {
		return nil, fmt.Errorf("quickbooksfake: listen: %w", err)
	}
	return &Server{l.URL, l}, nil
}

// Close stops listening and cuts the open connections; the fake lives on.
func (s *Server) Close() error { return s.loopback.Close() }

// Counts are what has been asked of the fake since [New].
type Counts struct {
	Calls    int            // requests that reached the vendor or its gateway, the OAuth endpoints included
	Writes   int            // POST to the accounting API among them, queries and batches of queries left out
	ByRoute  map[string]int // by "POST /invoice", "GET /invoice/{id}", "POST /invoice?operation=void", "GET /query"
	ByStatus map[int]int    // answers, replays included; a lost answer counts
	Created  map[string]int // by the API: Invoice, Customer, …
}

// Counts returns the counters.
func (f *Fake) Counts() Counts {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.counts
	c.ByRoute, c.ByStatus, c.Created = maps.Clone(c.ByRoute), maps.Clone(c.ByStatus), maps.Clone(c.Created)
	return c
}

// Calls returns the number of requests that reached the fake.
func (f *Fake) Calls() int { return f.Counts().Calls }

// CallsTo returns the number of requests of a method to a route, for instance CallsTo("POST", "/batch") or
// CallsTo("GET", "/invoice/{id}").
func (f *Fake) CallsTo(method, route string) int { return f.Counts().ByRoute[method+" "+route] }

// Writes returns the number of writing requests to the accounting API.
func (f *Fake) Writes() int { return f.Counts().Writes }

func (f *Fake) count(r *http.Request, route string) {
	fakehouse.Arrived(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts.Calls++
	f.counts.ByRoute[r.Method+" "+route]++
}

// mint makes the next unguessable-looking text. Call with the lock held.
func (f *Fake) mint() string {
	f.minted++
	var in [16]byte
	binary.BigEndian.PutUint64(in[:8], f.opts.Seed)
	binary.BigEndian.PutUint64(in[8:], f.minted)
	h := sha256.Sum256(in[:])
	return hex.EncodeToString(h[:16])
}
