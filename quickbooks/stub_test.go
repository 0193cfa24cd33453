package quickbooks

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

const (
	realm = "9341457021722202"
	markA = ledger.Mark("ABCDEFGHIJKLMNOP")
	markB = ledger.Mark("BCDEFGHIJKLMNOPQ")
	markC = ledger.Mark("CDEFGHIJKLMNOPQR")
)

// seenRequest is a request as it arrived.
type seenRequest struct {
	*http.Request
	body    string
	getBody bool
}

// reply is what a stub answers. A reply with an err is a lost answer.
type reply struct {
	status int
	header map[string]string
	body   string
	err    error
}

// stub is an http.RoundTripper that answers by a function and remembers what it was asked.
type stub struct {
	mu       sync.Mutex
	requests []seenRequest
	answer   func(seenRequest) reply
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	seen := seenRequest{Request: r, body: string(body), getBody: r.GetBody != nil}
	s.mu.Lock()
	s.requests = append(s.requests, seen)
	s.mu.Unlock()
	a := s.answer(seen)
	if a.err != nil {
		return nil, a.err
	}
	if a.status == 0 {
		a.status = 200
	}
	h := http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	for k, v := range a.header {
		h.Set(k, v)
	}
	return &http.Response{StatusCode: a.status, Header: h, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

func (s *stub) last() seenRequest { return s.requests[len(s.requests)-1] }

func newLedger(t testing.TB, o *Options, answer func(seenRequest) reply) (*Ledger, *stub) {
	t.Helper()
	s := &stub{answer: answer}
	l, err := New(&http.Client{Transport: s}, realm, o)
	require.NoError(t, err)
	return l, s
}

// american is a ledger of a company in the United States whose preferences are known.
func american(t testing.TB, answer func(seenRequest) reply) (*Ledger, *stub) {
	t.Helper()
	l, s := newLedger(t, nil, answer)
	l.company.Store(company("US", "USD"))
	return l, s
}

func company(country string, home ledger.Currency) *Company {
	return &Company{
		Organisation: ledger.Organisation{
			ID: ledger.OrganisationID{Vendor: Vendor, ID: realm}, Country: country, BaseCurrency: home, Currencies: []ledger.Currency{home},
			LockDates: []ledger.Date{ledger.MustDate("2025-12-31")},
		},
		UnitedStates: country == "US", SalesTax: true, AutomatedTax: country == "US", AutomatedTaxReady: country == "US",
		CustomNumbers: true, Shipping: true, Discounts: true,
	}
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func ndec(s string) decimal.NullDecimal { return decimal.NewNullDecimal(dec(s)) }

// draftInvoice is a small invoice that QuickBooks would take.
func draftInvoice() ledger.Invoice {
	return ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: ledger.Contact{ID: "21"},
		Date: ledger.MustDate("2026-02-28"), DueDate: ledger.MustDate("2026-03-14"), Currency: "USD",
		TaxMode: ledger.TaxExclusive, URL: "https://shop.example/orders/42",
		Lines: []ledger.Line{{
			Kind: ledger.LineProduct, Description: "Widget", Quantity: dec("3"), UnitPrice: dec("33.3333"),
			Amount: dec("100.00"), TaxCode: "NON", Account: "200", ItemID: "7",
		}},
	}
}

func collect[T any](t *testing.T, pages func(func(ledger.Page[T], error) bool)) (records []T, last ledger.Page[T]) {
	t.Helper()
	for page, err := range pages {
		require.NoError(t, err)
		records = append(records, page.Records...)
		last = page
	}
	return records, last
}

var ctx = context.Background()
