// Package rig sets up one flow for tests: the real engine and the real adapters of Infusionsoft and of Xero or
// QuickBooks over their fakes, in virtual time, with faults on demand on both sides. Tests that hold on every
// ledger use the words of this package, such as [Rig.Invoices] and [Rig.OnCreate]; what only one vendor has,
// they do at its fake.
package rig

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Tenant is the Infusionsoft application that is read.
const Tenant = "xx123.infusionsoft.com"

// Token is the bearer token that both sides are called with. It must show up nowhere.
const Token = "tok-5f0c1d2e"

// A Rig is one flow between two fakes. Change its fields before [Rig.Push] as a test needs.
type Rig struct {
	T            *testing.T
	Vendor       Vendor // of the ledger
	Keap         *infusionsoftfake.Fake
	Xero         *xerofake.Fake       // nil on QuickBooks
	QuickBooks   *quickbooksfake.Fake // nil on Xero
	Faults       *faults.Plan         // of the ledger
	SourceFaults *faults.Plan         // of the source
	DB           store.Store
	Settings     invoicesync.Settings
	Opts         invoicesync.Options
	Source       infusionsoft.Options // of the source's adapter
	Books        xero.Options         // of the ledger's adapter on Xero; its Organisation is the settings'
	TenantID     string               // Xero's routing id
	Company      quickbooks.Options   // of the ledger's adapter on QuickBooks; its Organisation is the settings'
	RealmID      string               // QuickBooks' routing id

	next                 int
	sourceURL, ledgerURL string // of loopback servers; "": in memory
}

// A World is what a test wants the two fakes to be. The zero value is a live Australian business on both
// sides, whose ledger is Xero.
type World struct {
	Ledger Vendor

	Organisations []xerofake.Organisation
	Xero          xerofake.Switches

	Company    quickbooksfake.Company // without a Country it is Australian, or of the US where the tenant's currency is USD
	QuickBooks quickbooksfake.Switches
	Limits     quickbooksfake.Limits
	Latency    time.Duration // of QuickBooks

	Keap   infusionsoftfake.Switches
	Tenant infusionsoftfake.Tenant // its ID is [Tenant]
}

// New returns a rig over [World]'s zero value.
func New(t *testing.T) *Rig {
	t.Helper()
	return NewIn(t, World{})
}

// NewIn returns a rig over a world.
func NewIn(t *testing.T, world World) *Rig {
	t.Helper()
	r := &Rig{T: t, Vendor: cmp.Or(world.Ledger, OnXero), Faults: faults.New(1), SourceFaults: faults.New(2), DB: store.NewMemory()}
	tenant := world.Tenant
	tenant.ID = Tenant
	if tenant.Currency == "" {
		tenant.Currency = "AUD"
	}
	if tenant.TimeZone == "" {
		tenant.TimeZone = "Australia/Sydney"
	}
	var err error
	r.Keap, err = infusionsoftfake.New(&infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{tenant}, Faults: r.SourceFaults, Switches: world.Keap})
	Check(t, err)
	key, err := store.NewKey("test")
	Check(t, err)
	ring, err := store.NewKeyring(key)
	Check(t, err)
	r.Opts = invoicesync.Options{Sealer: ring, Owner: "here", MemoryStore: true, MaxCreates: -1}
	r.Source = infusionsoft.Options{Tenant: Tenant, RowUnits: infusionsoft.UnitsMajor}
	r.Settings = invoicesync.Settings{
		Source:     ledger.OrganisationID{Vendor: "infusionsoft", ID: Tenant},
		Processing: true, Currency: ledger.Currency(tenant.Currency), Mode: eligibility.AsRaised, SkipZero: true,
		Due:      invoicesync.DueDateSettings{Days: 14},
		Contacts: invoicesync.ContactSettings{Suffix: true},
	}
	switch r.Vendor {
	case OnXero:
		r.onXero(world)
	case OnQuickBooks:
		r.onQuickBooks(world, tenant.Currency)
	default:
		t.Fatalf("there is no ledger of %q", r.Vendor)
	}
	return r
}

// house is the ledger's side. A test may have put another fake in the place of the first.
func (r *Rig) house() house {
	if r.Vendor == OnQuickBooks {
		return quickbooksHouse{r.QuickBooks}
	}
	return xeroHouse{r.Xero}
}

// OverHTTP lets the adapters talk to servers on the loopback interface. It must be used outside of a
// [Bubble]: sockets keep virtual time from moving.
func (r *Rig) OverHTTP(source, ledger string) { r.sourceURL, r.ledgerURL = source, ledger }

type bearer struct{}

func (bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+Token)
	return http.DefaultTransport.RoundTrip(req)
}

// LedgerSide opens the ledger's adapter anew, as a new process does.
func (r *Rig) LedgerSide() ledger.Ledger {
	r.T.Helper()
	return r.LedgerOver(nil)
}

// LedgerOver is LedgerSide over a client of the test's own, which may do things to [Rig.LedgerClient]'s requests.
func (r *Rig) LedgerOver(client *http.Client) ledger.Ledger {
	r.T.Helper()
	h := r.house()
	switch {
	case client != nil:
	case r.ledgerURL != "":
		client = &http.Client{Transport: bearer{}}
	default:
		client = h.client()
	}
	books, err := h.open(r, client, r.ledgerURL)
	Check(r.T, err)
	return books
}

// SourceSide opens the source's adapter anew.
func (r *Rig) SourceSide() *infusionsoft.Source {
	r.T.Helper()
	o := r.Source
	client := r.Keap.Client(Token)
	if r.sourceURL != "" {
		client, o.BaseURL = &http.Client{Transport: bearer{}}, r.sourceURL
	}
	src, err := infusionsoft.New(client, &o)
	Check(r.T, err)
	return src
}

// Push opens the flow anew, adapters included.
func (r *Rig) Push() *invoicesync.Push {
	r.T.Helper()
	p, err := invoicesync.NewPush(r.DB, r.SourceSide(), r.LedgerSide(), r.Settings, &r.Opts)
	Check(r.T, err)
	return p
}

// Run runs the flow once, and checks that its report adds up.
func (r *Rig) Run() invoicesync.Report {
	r.T.Helper()
	rep, err := r.Push().Run(context.Background())
	Check(r.T, err)
	r.AddsUp(rep)
	return rep
}

// AddsUp checks that a report counts each record once.
func (r *Rig) AddsUp(rep invoicesync.Report) {
	r.T.Helper()
	if rep.Invoices.Sum() != rep.Invoices.Read {
		r.T.Fatalf("invoices: %d judged, states sum to %d: %+v", rep.Invoices.Read, rep.Invoices.Sum(), rep.Invoices)
	}
	if rep.Payments.Sum() != rep.Payments.Read {
		r.T.Fatalf("payments: %d judged, states sum to %d: %+v", rep.Payments.Read, rep.Payments.Sum(), rep.Payments)
	}
}

// Settle runs until nothing is uncertain or deferred, sleeping as the reports say.
func (r *Rig) Settle() invoicesync.Report {
	r.T.Helper()
	for range 12 {
		rep, err := r.Push().Run(context.Background())
		if err != nil && !errors.Is(err, ledger.ErrLater) {
			r.T.Fatal(err)
		}
		if err == nil && rep.Invoices.Uncertain+rep.Payments.Uncertain+rep.Invoices.Deferred+rep.Payments.Deferred == 0 {
			return rep
		}
		d := time.Minute
		if !rep.ResumeAt.IsZero() {
			d = max(time.Until(rep.ResumeAt)+time.Second, time.Second)
		}
		time.Sleep(d)
	}
	r.T.Fatal("the flow never came to rest")
	return invoicesync.Report{}
}

// Client adds a client who is not in the ledger yet.
func (r *Rig) Client() infusionsoftfake.Contact {
	r.T.Helper()
	r.next++
	c, err := r.Keap.AddContact(infusionsoftfake.Contact{GivenName: "Client", FamilyName: fmt.Sprint("No ", r.next),
		Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: fmt.Sprintf("client%d@example.com", r.next)}}})
	Check(r.T, err)
	return c
}

// Order adds an order of a new client over total, paid in full by hand the day after when paid is set.
func (r *Rig) Order(total string, paid bool) infusionsoftfake.Order {
	r.T.Helper()
	return r.OrderFor(r.Client().ID, total, paid)
}

// OrderFor is [Rig.Order] for a client who is there.
func (r *Rig) OrderFor(contact int64, total string, paid bool) infusionsoftfake.Order {
	r.T.Helper()
	o := r.Add(infusionsoftfake.Order{ContactID: contact, Items: []infusionsoftfake.Item{Thing(total)}})
	if paid {
		r.Pay(o.ID, total)
	}
	return o
}

// Add adds an order as given; it was sent two days ago unless it says otherwise.
func (r *Rig) Add(o infusionsoftfake.Order) infusionsoftfake.Order {
	r.T.Helper()
	if o.ContactID == 0 {
		o.ContactID = r.Client().ID
	}
	if o.Title == "" {
		o.Title = "Order"
	}
	if o.Status == "" {
		o.Status = "SENT"
	}
	if o.OrderTime.IsZero() {
		o.OrderTime = time.Now().Add(-48 * time.Hour)
	}
	if o.CreationTime.IsZero() {
		o.CreationTime = time.Now().Add(-48 * time.Hour)
	}
	if o.ModificationTime.IsZero() {
		o.ModificationTime = time.Now() // whatever its date, it is entered now
	}
	added, err := r.Keap.AddOrder(o)
	Check(r.T, err)
	return added
}

// Thing is one line of a product without an item in the ledger.
func Thing(price string) infusionsoftfake.Item {
	return infusionsoftfake.Item{Type: "PRODUCT", Name: "Thing", Price: decimal.RequireFromString(price), Quantity: 1,
		Product: &infusionsoftfake.ItemProduct{ID: 1, Name: "Thing", SKU: "THING"}}
}

// Pay records a payment by hand that came yesterday.
func (r *Rig) Pay(order int64, amount string) infusionsoftfake.Payment {
	r.T.Helper()
	return r.PayAs(infusionsoftfake.Payment{OrderID: order, Amount: decimal.RequireFromString(amount), Status: "MANUAL_PAID"})
}

// PayAs adds a payment as given; it came yesterday unless it says otherwise.
func (r *Rig) PayAs(p infusionsoftfake.Payment) infusionsoftfake.Payment {
	r.T.Helper()
	if p.Time.IsZero() {
		p.Time = time.Now().Add(-24 * time.Hour)
	}
	added, err := r.Keap.AddPayment(p)
	Check(r.T, err)
	return added
}

// Check fails the test on an error.
func Check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Bubble runs f in virtual time, on a Monday of January 2025 at noon UTC.
func Bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		// A bubble's clock starts at midnight UTC of 1 January 2000, which tests must not depend on.
		time.Sleep(time.Until(time.Date(2025, 1, 6, 12, 0, 0, 0, time.UTC)))
		f(t)
	})
}
