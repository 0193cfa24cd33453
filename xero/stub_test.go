package xero

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

const (
	tenant = "70784a63-d24b-46a9-a4db-0e70a274b056"
	markA  = ledger.Mark("ABCDEFGHIJKLMNOP")
	markB  = ledger.Mark("BCDEFGHIJKLMNOPQ")
	markC  = ledger.Mark("CDEFGHIJKLMNOPQR")
	idA    = "11111111-1111-4111-8111-111111111111"
	idB    = "22222222-1111-4111-8111-111111111111"
	idC    = "33333333-1111-4111-8111-111111111111"
	noID   = "00000000-0000-0000-0000-000000000000"
	custID = "cccccccc-1111-4111-8111-111111111111"
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
	l, err := New(&http.Client{Transport: s}, tenant, o)
	require.NoError(t, err)
	return l, s
}

func golden(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return string(b)
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func ndec(s string) decimal.NullDecimal { return decimal.NewNullDecimal(dec(s)) }

// draftInvoice is a small invoice that Xero would take.
func draftInvoice() ledger.Invoice {
	return ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: ledger.Contact{ID: custID},
		Date: ledger.MustDate("2026-02-28"), DueDate: ledger.MustDate("2026-03-14"), Currency: "AUD",
		TaxMode: ledger.TaxExclusive, URL: "https://shop.example/orders/42",
		Lines: []ledger.Line{{
			Kind: ledger.LineProduct, Description: "Widget", Quantity: dec("3"), UnitPrice: dec("33.3333"),
			Amount: dec("100.00"), TaxCode: "OUTPUT", Account: "200",
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
