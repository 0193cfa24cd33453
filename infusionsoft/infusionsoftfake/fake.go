package infusionsoftfake

import (
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

// Options say what world the fake is.
type Options struct {
	// Tenants are the companies that keep their books here. Nil is one: xx123.infusionsoft.com, USD,
	// America/New_York.
	Tenants []Tenant
	// Tokens are the bearer tokens that are accepted, beside those that POST /token gives out. Nil
	// accepts every token that is not empty: one that is a tenant's id opens that tenant, any other
	// the first.
	Tokens []Token
	// Clients are the OAuth clients that POST /token knows. Nil accepts any.
	Clients []OAuthClient
	// Faults go in front of everything, see package faults.
	Faults *faults.Plan
	// BooksFile keeps the world in a file: each change is written before its answer is sent, and the
	// same file opens to the same world, also after kill -9. "" keeps it in memory.
	BooksFile string
	Limits    Limits
	Switches  Switches
	// HookTransport carries hook deliveries; nil is [http.DefaultTransport].
	HookTransport http.RoundTripper
}

// A Tenant is a company with an Infusionsoft application of its own.
type Tenant struct {
	ID       string // like xx123.infusionsoft.com: the account key of the API
	Name     string // "" is "Example Company"
	Currency string // ISO 4217; "" is USD. One for everything.
	TimeZone string // IANA name; "" is America/New_York
	Country  string // ISO 3166-1 alpha-3; "" is USA
	// ManualPaymentTypes are the texts that a payment's payment_method_type must equal exactly. Nil is
	// the vendor's own list: Check, Cash, Money Order, Adjustment, Credit Card (Manual).
	ManualPaymentTypes []string
	// OrderFields are the custom fields of orders; a value for any other is refused.
	OrderFields []CustomFieldDefinition
	TaxLabel    string
	// FirstOrderID and FirstInvoiceID start the two counters. 0 is 1001 and 909: real ones differ by
	// what was deleted.
	FirstOrderID, FirstInvoiceID int64
}

// A CustomFieldDefinition is a custom text field of orders.
type CustomFieldDefinition struct {
	ID   string
	Name string // its name in filters
}

// A Fake is the service. It is safe for concurrent use. The methods of [Books] on the Fake itself are
// those of the first tenant's books.
type Fake struct {
	*Books

	options Options
	served  http.Handler
	clock   func() time.Time

	mu      sync.Mutex
	tenants map[string]*Books
	order   []*Books
	tokens  map[string]*grant
	usage   map[string]*usage
	counts  Counts
	journal *fakehouse.Journal
	broken  error
	hooks   hookQueue
}

// New opens a fake. It starts nothing; [Fake.Close] is needed for one with a BooksFile, or with hooks.
func New(options *Options) (*Fake, error) {
	f := &Fake{
		clock:   func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		tenants: make(map[string]*Books), tokens: make(map[string]*grant),
		usage:  make(map[string]*usage),
		counts: Counts{ByRoute: make(map[string]int), Created: make(map[string]int)},
	}
	if options != nil {
		f.options = *options
	}
	o := &f.options
	if err := o.Switches.check(); err != nil {
		return nil, err
	}
	if len(o.Tenants) == 0 {
		o.Tenants = []Tenant{{ID: "xx123.infusionsoft.com"}}
	}
	for _, t := range o.Tenants {
		if err := f.addTenant(t); err != nil {
			return nil, err
		}
	}
	f.Books = f.order[0]
	for _, t := range o.Tokens {
		if err := f.acceptToken(t); err != nil {
			return nil, err
		}
	}
	if o.HookTransport == nil {
		o.HookTransport = http.DefaultTransport
	}
	if o.BooksFile != "" {
		if err := f.openJournal(o.BooksFile); err != nil {
			return nil, err
		}
	}
	f.served = o.Faults.Wrap(http.HandlerFunc(f.serve))
	return f, nil
}

func (f *Fake) addTenant(t Tenant) error {
	if t.ID == "" {
		return errors.New("infusionsoftfake: a tenant has no ID: give it one like xx123.infusionsoft.com")
	}
	if f.tenants[t.ID] != nil {
		return fmt.Errorf("infusionsoftfake: tenant %s is there twice: give each an ID of its own", t.ID)
	}
	b, err := newBooks(f, t)
	if err != nil {
		return err
	}
	f.tenants[t.ID] = b
	f.order = append(f.order, b)
	return nil
}

// In returns a tenant's books, nil for an id that is not among [Options.Tenants].
func (f *Fake) In(tenantID string) *Books { return f.tenants[tenantID] }

// ServeHTTP answers as https://api.infusionsoft.com does: paths under /crm/rest, and /token.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fakehouse.Arrive(f.served, w, r, func(r *http.Request) { f.count(r, "(gateway)") })
}

// Transport reaches the fake without a socket, through its faults, so that virtual time moves.
func (f *Fake) Transport() http.RoundTripper { return faults.Transport(f) }

// Client sends token with each request, over [Fake.Transport].
func (f *Fake) Client(token string) *http.Client { return fakehouse.Bearer(token, f.Transport()) }

// A Server is a fake behind a real socket.
type Server struct {
	URL      string // like http://127.0.0.1:49152; the API is at URL + "/crm/rest"
	loopback *fakehouse.Loopback
}

// Listen serves the fake on a free port of 127.0.0.1 until [Server.Close]. Do not use it inside
// testing/synctest: a socket keeps virtual time from moving.
func (f *Fake) Listen() (*Server, error) {
	l, err := fakehouse.Listen(f)
	if err != nil {
		return nil, fmt.Errorf("infusionsoftfake: listening: %w", err)
	}
	return &Server{l.URL, l}, nil
}

// Close stops the server; the fake lives on.
func (s *Server) Close() error { return s.loopback.Close() }

// Close stops hook deliveries and closes the BooksFile. A closed fake answers 500.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hooks.stop()
	f.broken = errors.New("infusionsoftfake: the fake is closed")
	if err := f.journal.Close(); err != nil {
		return fmt.Errorf("infusionsoftfake: close books file: %w", err)
	}
	return nil
}

// Counts are what has been asked of the fake since [New].
type Counts struct {
	Calls   int            // requests that have reached the server or its gateway, refused ones too
	Writes  int            // POST, PATCH, PUT and DELETE among them; /token and hooks left out
	ByRoute map[string]int // by "METHOD /v2/path/{id}"
	Created map[string]int // what was created by the API: orders, payments, contacts, products
}

// Counts returns the counters.
func (f *Fake) Counts() Counts {
	defer f.locked()()
	c := f.counts
	c.ByRoute, c.Created = maps.Clone(c.ByRoute), maps.Clone(c.Created)
	return c
}

// Calls returns the number of requests that have reached the server, refused ones too.
func (f *Fake) Calls() int { return f.Counts().Calls }

// CallsTo returns the number of requests of a method to a route, for instance
// CallsTo("GET", "/v2/orders/{id}").
func (f *Fake) CallsTo(method, route string) int { return f.Counts().ByRoute[method+" "+route] }

// Writes returns the number of writing requests, refused ones too; /token and hooks left out.
func (f *Fake) Writes() int { return f.Counts().Writes }

func (f *Fake) count(r *http.Request, route string) {
	fakehouse.Arrived(r)
	defer f.locked()()
	f.counts.Calls++
	f.counts.ByRoute[r.Method+" "+route]++
	reads := r.Method == http.MethodGet || r.Method == http.MethodHead
	if !reads && r.URL.Path != "/token" && !strings.Contains(r.URL.Path, "/v1/hooks") {
		f.counts.Writes++
	}
}
