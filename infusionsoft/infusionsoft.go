// Package infusionsoft reads the orders and payments of Infusionsoft, also called Keap, through its
// REST API v2, and writes them. A [Source] is read-only; a [Ledger] writes.
//
//	source, err := infusionsoft.New(authorised, &infusionsoft.Options{Tenant: "xx123.infusionsoft.com"})
//	if err != nil {
//		return err
//	}
//	for invoice, err := range ledger.All(source.Invoices(ctx, ledger.Query{})) {
//		…
//	}
//
// The *http.Client puts the access token on each request; [Provider] has what is needed to obtain one.
// To know what a customer's application says of itself before anything is read, call Organisation.
//
// # One order, three numbers
//
// An invoice of this source is an order. Its id is the order id. The vendor has a second counter, of
// invoices, that usually runs beside that of orders and drifts away from it after deletions, and the
// Pro and Max editions have an invoice number of their own. The number printed on an invoice is the
// order id, unless an invoice number is given. All of them are in [ledger.Invoice.Aliases].
//
// # Money
//
// The API mixes units. The table of this package, one line a field:
//
//	order totals, item prices, item discounts, plan items   integers in minor units
//	payments of the global feed                             decimals in major units
//	item special amounts                                    major units, as they are documented as
//	                                                        decimals: see Options.SpecialUnits
//	payments of an order                                    not documented: see Options.RowUnits
//
// An application has one currency. It, and the time zone in which an order's day is reckoned, come from
// its settings and its business profile, which must agree; where both are given in [Options], nothing is
// asked and reading the changes of an hour without changes is one call.
//
// Total_due is not what is still to be paid and is not read: a balance is total less total_paid. What
// the lines of an order add up to is compared with its total, to the last minor unit; an order that does
// not add up is read, and marked as lines_do_not_sum.
//
// # What the vendor does not say
//
// Deletions are not announced, and [ledger.Page.Deleted] is always empty. A payment may leave the
// modification time of its order as it was: read the feed of Payments beside the orders.
//
// All types of this package are safe for concurrent use, except where they say otherwise.
package infusionsoft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

// Vendor is the vendor's name in an [ledger.OrganisationID].
const Vendor = "infusionsoft"

const (
	// DefaultBaseURL is where the API is. The same API is served from https://api.keap.com.
	DefaultBaseURL = "https://api.infusionsoft.com"
	// MaxPageSize is the largest page of any list of the API, and the default.
	MaxPageSize = 1000
	// Overlap is how far back a reading of changes begins before what was seen last.
	Overlap = 5 * time.Minute
)

// Units is what a number of money counts.
type Units int

// The units of a field whose unit the vendor does not document.
const (
	UnitsAuto  Units = iota // decided from each order, or not at all; see the option
	UnitsMajor              // 12.34 is twelve dollars and thirty-four cents
	UnitsMinor              // 1234 is
)

// Options of a [Source]. The zero value is a good default for all of them.
type Options struct {
	// BaseURL is scheme and host of the API, without the path /crm/rest/v2. Default: [DefaultBaseURL].
	BaseURL string

	// Tenant is the application that must answer, "xx123.infusionsoft.com" or "xx123". An answer of
	// another one is an error of kind [ledger.ErrReconnect]. When empty, the first answer decides.
	Tenant string
	// Sandbox says that the application is none of a live business.
	Sandbox bool
	// Currency and TimeZone are those of the application. When both are given, orders and payments are
	// read without asking for the application's settings first.
	Currency ledger.Currency
	TimeZone *time.Location

	// Budget keeps below the vendor's limits; sources that share one share the limits that they have in
	// common. Default: a budget of this source alone.
	Budget limit.Budget
	// App names the OAuth client. Its 1,500 calls a minute and 150,000 a day are shared by all
	// applications that are connected through it. Default "default".
	App string
	// UserAgent is sent with every request. Default "invoicesync".
	UserAgent string
	// PageSize is the number of records per page, 1 to 1000. Default [MaxPageSize].
	PageSize int

	// RowUnits is the unit of the payments of an order, which the vendor does not document (an example
	// of 10000 is all there is). With UnitsAuto, PaymentsOf looks at the order's totals and
	// takes the reading under which the confirmed payments sum up to the order's total_paid while the
	// other reading does not; where no payment is confirmed, minor units where an amount in major units
	// would be above the order's total. Where neither or both readings fit, each payment is marked
	// ambiguous_units and has no amount.
	RowUnits Units
	// SpecialUnits is the unit of an item's special amount. UnitsAuto is UnitsMajor; the check of the
	// lines against the total is behind it.
	SpecialUnits Units
	// Statuses says what an order status of the vendor means where no money says otherwise; case aside.
	// It goes before what is known here: DRAFT is a draft where the order was begun as an invoice
	// (source_type INVOICE) and was not sent; that, no status, SENT, VIEWED and PAID are approved
	// otherwise. A status that neither knows is unknown_status.
	Statuses map[string]ledger.Status
	// PaymentLabels makes PaymentsOf ask the payment feed how each payment was made ("Check", "Credit
	// Card"), at one more call. Without it the method is "manual", "card" or "paypal".
	PaymentLabels bool

	// PaymentTypes are the manual payment types of the application, as it spells them. Default: those that
	// its settings list. Only a [Ledger] uses it.
	PaymentTypes []string
	// Commissions lets payments that a [Ledger] writes count for the commissions of affiliates.
	Commissions bool
	// NotesReadBack says that it was seen, on this application, that the notes of a payment that was written
	// through the API are read back. Until then a payment whose answer was lost and that is not found by its
	// mark may be there all the same: a [Ledger] never reports it as absent, so that a person is asked and
	// nothing is sent again.
	NotesReadBack bool

	// Observe is told of every attempt of a call, for metrics. It must be safe for concurrent use.
	Observe func(context.Context, Call)
}

// A Call is what Options.Observe is told of one attempt.
type Call struct {
	Method  string
	Route   string // path with its ids masked
	Number  int    // of the attempt, from 1
	Status  int    // 0 without an answer
	Waited  time.Duration
	Took    time.Duration
	BytesIn int64
}

// A Source reads one application. It is safe for concurrent use.
type Source struct {
	c *client
	o Options

	asking chan struct{}                       // holds a token while the settings are being read
	org    atomic.Pointer[ledger.Organisation] // once they were

	recent recent
}

var _ ledger.Source = (*Source)(nil)

// New returns a source that reads with client, which authorises its requests; nil options are the
// defaults. It makes no call.
func New(httpClient *http.Client, opts *Options) (*Source, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if httpClient == nil {
		return nil, errors.New("infusionsoft: an *http.Client that authorises is required")
	}
	if o.Tenant != "" {
		t, err := cleanTenant(o.Tenant)
		if err != nil {
			return nil, fmt.Errorf("infusionsoft: option Tenant: %w", err)
		}
		o.Tenant = t
	}
	if o.Currency != "" {
		c, err := ledger.ParseCurrency(string(o.Currency))
		if err != nil {
			return nil, fmt.Errorf("infusionsoft: option Currency: %w", err)
		}
		o.Currency = c
	}
	if o.PageSize == 0 {
		o.PageSize = MaxPageSize
	}
	if o.PageSize < 1 || o.PageSize > MaxPageSize {
		return nil, fmt.Errorf("infusionsoft: option PageSize: %d is not between 1 and %d", o.PageSize, MaxPageSize)
	}
	for _, u := range []Units{o.RowUnits, o.SpecialUnits} {
		if u < UnitsAuto || u > UnitsMinor {
			return nil, fmt.Errorf("infusionsoft: options RowUnits and SpecialUnits: there is no unit %d", u)
		}
	}
	statuses := make(map[string]ledger.Status, len(o.Statuses))
	for word, status := range o.Statuses {
		statuses[strings.ToUpper(strings.TrimSpace(word))] = status
	}
	o.Statuses = statuses
	if o.BaseURL == "" {
		o.BaseURL = DefaultBaseURL
	}
	if o.UserAgent == "" {
		o.UserAgent = "invoicesync"
	}
	if o.App == "" {
		o.App = "default"
	}
	if o.Budget == nil {
		o.Budget = limit.New(nil)
	}
	c, err := newClient(httpClient, &o)
	if err != nil {
		return nil, err
	}
	return &Source{c: c, o: o, asking: make(chan struct{}, 1)}, nil
}

// cleanTenant returns the tenant id as it is compared: lower case, with its domain.
func cleanTenant(s string) (string, error) {
	t := strings.ToLower(strings.TrimSpace(s))
	if t != "" && !strings.Contains(t, ".") {
		t += ".infusionsoft.com"
	}
	if t == "" || len(t) > 100 || strings.HasPrefix(t, ".") || strings.HasSuffix(t, ".") ||
		strings.Trim(t, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return "", errors.New(`a tenant looks like "xx123.infusionsoft.com"`)
	}
	return t, nil
}

// pageSize is what a query asks for.
func (s *Source) pageSize(q ledger.Query) int {
	if q.PageSize > 0 {
		return min(q.PageSize, MaxPageSize)
	}
	return s.o.PageSize
}
