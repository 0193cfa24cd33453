// Package xero is the adapter for Xero's Accounting API 2.0: a [ledger.Source] and [ledger.Ledger] of
// one Xero organisation.
//
//	client := provider.Config(redirect).Client(ctx, token) // authorises; see Provider
//	books, err := xero.New(client, tenantID, &xero.Options{Organisation: expected})
//	if err != nil {
//		return err
//	}
//	for invoice, err := range ledger.All(books.Invoices(ctx, ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}})) {
//		…
//	}
//
// # What is read
//
// Sales invoices (ACCREC) with lines and payments, payments of sales invoices, contacts, the chart.
// Bills, credit notes, overpayments and prepayments are passed over; what they take off an invoice is
// in its Totals.Credited.
//
// # Money
//
// Every call says unitdp=4, so that prices keep four places; without it Xero rounds them to two, when
// reading as well. Line amounts, tax and totals always have two places. [Ledger.Predict] is Xero's
// arithmetic. Amounts go over the wire as JSON numbers and never through a float.
//
// Xero's CurrencyRate is units of the document's currency per unit of the base currency, the
// reciprocal of [ledger.Invoice.Rate]; it is converted at the wire and holds six places there.
//
// # Dates
//
// Date and DueDate are days of the organisation, sent by Xero as midnight UTC: the UTC day is taken,
// whatever the offset says. UpdatedDateUTC is an instant.
//
// # Writing
//
// Records are created with PUT, because POST updates whatever has the same number or name. Batches say
// summarizeErrors=false: otherwise Xero's answer hides the records that it did create. Every write
// carries its Idempotency-Key and is sent once; see package ledger for who repeats what. The mark is
// carried by an invoice in its Url, by a contact in its ContactNumber, by a payment at the end of its
// Reference.
//
// # Limits
//
// 60 calls a minute, 5,000 a day (1,000 on the Starter tier, learnt from the answers) and 5 at a time
// per organisation are kept ahead of time by a [limit.Budget].
//
// # What it does not do
//
// No credit notes, no allocations, no refunds, no attachments yet. PaymentsOf shows the payments that
// Xero shows on the invoice, and deleted ones are not among them: they are in the feed, [Ledger.Payments].
package xero

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

// Vendor is the vendor's name in [ledger.OrganisationID].
const Vendor = "xero"

// Defaults of [Options].
const (
	DefaultBaseURL  = "https://api.xero.com"
	DefaultLinkBase = "https://github.com/invoicesync/invoicesync"
	DefaultPageSize = 1000
	DefaultDayLimit = 5000
)

const apiPath = "/api.xro/2.0"

// Options of a [Ledger]. The zero value is a good default for all of them, except that a program which
// writes should name the Organisation that it expects.
type Options struct {
	// BaseURL is scheme and host of the API; the path /api.xro/2.0 is added. Default [DefaultBaseURL].
	BaseURL string

	// Organisation is the company that the tenant is expected to lead to. A tenant id is only routing
	// and changes when a customer reconnects; another company behind it is [ledger.ErrReconnect], naming
	// both ids. When empty, the first answer decides for the life of the Ledger.
	Organisation ledger.OrganisationID

	// Budget paces the calls. Share one among all Ledgers of a process, so that App's limit is kept
	// too. Default: one of this Ledger alone.
	Budget limit.Budget
	// App names the app in the budget, for Xero's limit of 10,000 calls a minute over all
	// organisations. When empty that limit is not kept. It is not a secret: the client id will do.
	App string
	// DayLimit is how many calls Xero grants the app per organisation and day. Default 5000.
	DayLimit int

	// Observe is told of every call, for metrics. It must be safe for concurrent use.
	Observe func(context.Context, Call)

	// LinkBase is where an invoice's Url leads when the draft has no link of its own, or one that Xero
	// refuses because it contains "xero". Default [DefaultLinkBase].
	LinkBase  string
	UserAgent string

	// PageSize is how many records one call reads, 1 to 1000. Default 1000.
	PageSize int

	// CreatedByMyApp narrows the search for invoices of ours to those that this app created. It makes
	// looking cheaper in busy books, and must stay off after a change of client id: it would hide
	// what the old one created, and absence would be believed.
	CreatedByMyApp bool

	// Presentation makes [Ledger.Chart] read branding themes and tracking categories too, for two calls
	// more.
	Presentation bool
}

// Call is one attempt of a request, for metrics. It holds no ids.
type Call struct {
	Method   string
	Route    string // "/Invoices", "/Invoices/{id}"
	Attempt  int    // from 1
	Status   int    // 0: no answer
	Waited   time.Duration
	Took     time.Duration
	BytesOut int64
	BytesIn  int64
}

// Ledger is one Xero organisation. It is safe for concurrent use.
type Ledger struct {
	http    *vendorhttp.Client
	options Options
	windows windows

	mu     sync.Mutex
	pinned ledger.OrganisationID
	// latest is the organisation as it was read last: its lock dates let Allows answer without a call.
	latest atomic.Pointer[ledger.Organisation]
}

var _ ledger.Ledger = (*Ledger)(nil)

// New returns the organisation that tenantID routes to. client authorises its requests: it adds the
// bearer token and refreshes it. Nothing is called yet. nil options are the defaults.
func New(client *http.Client, tenantID string, options *Options) (*Ledger, error) {
	var o Options
	if options != nil {
		o = *options
	}
	if tenantID == "" || strings.TrimSpace(tenantID) != tenantID {
		return nil, fmt.Errorf("xero: the tenant id must be given, without spaces: take it from Provider.Tenants")
	}
	if client == nil {
		return nil, fmt.Errorf("xero: a client that authorises must be given: see Provider.Config")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	l := &Ledger{options: o, windows: newWindows(tenantID, &o), pinned: o.Organisation}
	var err error
	l.http, err = vendorhttp.New(client, o.BaseURL+apiPath, &vendorhttp.Options{
		Name:      "xero",
		UserAgent: o.UserAgent,
		Header:    http.Header{"Accept": {"application/json"}, "Xero-Tenant-Id": {tenantID}},
		Budget:    o.Budget,
		Windows:   l.windows.all(),
		Learn:     l.learn,
		AuthError: vendorhttp.FromAuthoriser,
		Observe:   observer(o.Observe),
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (o *Options) complete() error {
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	if o.LinkBase == "" {
		o.LinkBase = DefaultLinkBase
	}
	if u, err := url.Parse(o.LinkBase); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || mentionsXero(o.LinkBase) {
		return fmt.Errorf("xero: LinkBase must be an http or https URL without the word xero, which Xero refuses")
	}
	if o.PageSize == 0 {
		o.PageSize = DefaultPageSize
	}
	if o.PageSize < 1 || o.PageSize > 1000 {
		return fmt.Errorf("xero: PageSize %d is not within 1 to 1000", o.PageSize)
	}
	if o.DayLimit == 0 {
		o.DayLimit = DefaultDayLimit
	}
	if o.DayLimit < 0 {
		return fmt.Errorf("xero: DayLimit must not be negative")
	}
	if !o.Organisation.IsZero() {
		if o.Organisation.Vendor != Vendor || o.Organisation.ID == "" {
			return fmt.Errorf("xero: Organisation %s is not one of Xero", o.Organisation)
		}
		o.Organisation.ID = strings.ToLower(o.Organisation.ID)
	}
	if o.Budget == nil {
		o.Budget = limit.New(nil)
	}
	return nil
}

func observer(f func(context.Context, Call)) func(context.Context, vendorhttp.Attempt) {
	if f == nil {
		return nil
	}
	return func(ctx context.Context, a vendorhttp.Attempt) {
		f(ctx, Call{
			Method: a.Method, Route: a.Route, Attempt: a.Number, Status: a.Status,
			Waited: a.Waited, Took: a.Took, BytesOut: a.BytesOut, BytesIn: a.BytesIn,
		})
	}
}

// Powers implements [ledger.Ledger].
func (l *Ledger) Powers() ledger.Powers {
	return ledger.Powers{
		Invoices:     l.invoiceWriter(),
		Contacts:     l.contactWriter(),
		Payments:     l.paymentWriter(),
		Updates:      updates{l},
		Voids:        voids{l},
		PaymentVoids: paymentVoids{l},
		Documents:    documents{l},
	}
}
