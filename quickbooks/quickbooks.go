// Package quickbooks is the adapter for the Accounting API v3 of QuickBooks Online: a [ledger.Source] and
// [ledger.Ledger] of one company.
//
//	client := provider.Config(redirect).Client(ctx, token) // authorises; see Provider
//	books, err := quickbooks.New(client, realmID, &quickbooks.Options{
//		Organisation: expected,
//	})
//	if err != nil {
//		return err
//	}
//	org, err := books.Organisation(ctx) // country, currency and preferences decide what can be written
//	…
//	for invoice, err := range ledger.All(books.Invoices(ctx, ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}})) {
//		…
//	}
//
// # What must be read before something is written
//
// What a draft becomes depends on the company: in the United States tax is a lump sum that is stated,
// elsewhere every line has a tax code; a number may be sent only where custom numbers are on. Encode and
// Predict make no call, so [Ledger.Organisation] must have been read before, and [Ledger.Chart] where lines or
// payments name items by SKU or accounts by number. An item or account that is named by its id needs no chart.
//
// # Lines
//
// QuickBooks has no account on a sales line: it comes from the product ([ledger.ByItem]). [ledger.Line.ItemID] is the
// product; without it ItemCode is its SKU, id or full name, in this order. A line that names none is refused, except
// lines without money, which become text, and shipping where the company allows it, which becomes QuickBooks' own
// shipping line. Account is used by discounts alone, all of which become one line. There are no drafts: only approved
// invoices are written.
//
// A payment names the customer of its invoice in [ledger.Payment.Contact]: QuickBooks demands it.
//
// # Money
//
// Amount is Quantity × UnitPrice rounded half up to two places, and QuickBooks refuses any other. Amounts go over
// the wire as JSON numbers and never through a float. [Ledger.Predict] is QuickBooks' arithmetic; where its tax
// engine decides, or rounding is not known, it says so, and a tax stated on the lines settles it.
// ExchangeRate is home currency per unit, as [ledger.Invoice.Rate]; a draft in another currency without
// one is refused, because QuickBooks would take 1.
//
// # Reading
//
// Everything is read by CreateTime, which never changes, always the first page from the last row on: the default
// order of the service is newest first, and offsets lose rows when somebody edits. Changes are read by one call of
// change data capture, deletions included. It looks back 30 days and returns 1000 objects; beyond that, records
// are read by LastUpdatedTime, and deletions only as far as it still shows them: [ledger.Page] Forgotten says so. A
// reading by id ([ledger.Query] Refs) reports what no longer exists as deleted, so that a comparison finds the rest.
//
// # Writing
//
// Records are created by batches of 30 with a requestid, sent once; see package ledger for who repeats what.
// The mark is the last word of PrivateNote (customers: Notes) and found again wherever it stands, because a void
// writes in front. A deleted record leaves nothing but its id, which Find reports as Gone.
//
// # Limits
//
// 500 calls a minute and 10 a second and at a time, 40 batches a minute, and a month's quota of reads
// are kept ahead of time by a [limit.Budget]. A throttled call has no Retry-After: it waits a minute, and
// longer each time while reads stay blocked.
//
// # What it does not do
//
// No credit memos, refund receipts or attachments yet, no classes, no amounts that contain tax. PaymentsOf shows
// the payments that are linked to the invoice; voided ones are not.
package quickbooks

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

// Vendor is the vendor's name in [ledger.OrganisationID].
const Vendor = "quickbooks"

// Addresses and defaults of [Options].
const (
	DefaultBaseURL    = "https://quickbooks.api.intuit.com"
	SandboxBaseURL    = "https://sandbox-quickbooks.api.intuit.com"
	DefaultPageSize   = 1000
	DefaultMonthReads = 500_000
)

// minorVersion is what the service has treated every call as since August 2025, whatever it says.
const minorVersion = "75"

// Options of a [Ledger]. The zero value is a good default for all of them, except that a program which
// writes should name the Organisation that it expects.
type Options struct {
	// BaseURL is scheme and host of the API; the path /v3/company/… is added. Default [DefaultBaseURL].
	BaseURL string
	// Sandbox says that the company is not live. It is implied by [SandboxBaseURL].
	Sandbox bool

	// Organisation is the company that the realm is expected to be. Another one is
	// [ledger.ErrReconnect] on every call, naming both ids, and nothing is sent.
	Organisation ledger.OrganisationID

	// Budget paces the calls. Share one among all Ledgers of a process. Default: one of this Ledger alone.
	Budget limit.Budget
	// App names the app in the budget, for limits that are the app's. It is not a secret: the client id
	// will do.
	App string
	// MonthReads is the quota of reads that the app's tier of the App Partner Program grants, over all
	// companies of the app. Default 500,000, the free tier; negative: not kept.
	MonthReads int

	// Observe is told of every call, for metrics. It must be safe for concurrent use.
	Observe func(context.Context, Call)

	UserAgent string

	// PageSize is how many records one call reads, 1 to 1000. Default 1000.
	PageSize int
}

// Call is one attempt of a request, for metrics. It holds no ids.
type Call struct {
	Method   string
	Route    string // "/query", "/invoice/{id}"
	Attempt  int    // from 1
	Status   int    // 0: no answer
	Waited   time.Duration
	Took     time.Duration
	BytesOut int64
	BytesIn  int64
}

// Ledger is one QuickBooks company. It is safe for concurrent use.
type Ledger struct {
	http    *vendorhttp.Client
	options Options
	windows windows
	id      ledger.OrganisationID
	blocked atomic.Int32 // reads throttled one after another

	// company and charted are what was read last: Encode, Predict and Allows make no call.
	company atomic.Pointer[Company]
	charted atomic.Pointer[charted]
}

var _ ledger.Ledger = (*Ledger)(nil)

// New returns the company of a realm. client authorises its requests: it adds the bearer token and refreshes
// it. Nothing is called yet. nil options are the defaults.
func New(client *http.Client, realmID string, options *Options) (*Ledger, error) {
	var o Options
	if options != nil {
		o = *options
	}
	if !isID(realmID) {
		return nil, fmt.Errorf("quickbooks: the realm id must be given, and is digits only: take it from the callback of the authorisation, see Realm")
	}
	if client == nil {
		return nil, fmt.Errorf("quickbooks: a client that authorises must be given: see Provider.Config")
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	l := &Ledger{options: o, windows: newWindows(realmID, &o), id: ledger.OrganisationID{Vendor: Vendor, ID: realmID}}
	var err error
	l.http, err = vendorhttp.New(client, o.BaseURL+"/v3/company/"+realmID, &vendorhttp.Options{
		Name:      Vendor,
		UserAgent: o.UserAgent,
		Header:    http.Header{"Accept": {"application/json"}}, // without it errors, and more, are XML
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
	o.BaseURL = strings.TrimSuffix(cmp.Or(o.BaseURL, DefaultBaseURL), "/")
	o.Sandbox = o.Sandbox || o.BaseURL == SandboxBaseURL
	if o.PageSize == 0 {
		o.PageSize = DefaultPageSize
	}
	if o.PageSize < 1 || o.PageSize > 1000 {
		return fmt.Errorf("quickbooks: PageSize %d is not within 1 to 1000", o.PageSize)
	}
	if o.MonthReads == 0 {
		o.MonthReads = DefaultMonthReads
	}
	if !o.Organisation.IsZero() && (o.Organisation.Vendor != Vendor || !isID(o.Organisation.ID)) {
		return fmt.Errorf("quickbooks: Organisation %s is not one of QuickBooks", o.Organisation)
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

// isID reports the form of QuickBooks' ids: digits.
func isID(s string) bool {
	return s != "" && len(s) <= 30 && strings.Trim(s, "0123456789") == "" && strings.Trim(s, "0") != ""
}
