package infusionsoft

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

const testTenant = "xx123.infusionsoft.com"

var newYork = mustZone("America/New_York")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// answer is what a vendor of these tests says.
type answer struct {
	status int // 200 when 0
	body   string
	header http.Header
}

// vendor answers in memory, so that virtual time works, and remembers the requests.
type vendor struct {
	mu     sync.Mutex
	reply  func(*http.Request) answer
	clock  time.Time // Date header; the time of the test when zero
	noDate bool
	calls  []*http.Request
}

func (v *vendor) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, r)
	a := v.reply(r)
	h := http.Header{"Content-Type": {"application/json"}, headerTenant: {testTenant}}
	now := v.clock
	if now.IsZero() {
		now = time.Now()
	}
	if !v.noDate {
		h.Set("Date", now.UTC().Format(http.TimeFormat))
	}
	for k, val := range a.header {
		h[k] = val
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return &http.Response{
		StatusCode: a.status, Status: strconv.Itoa(a.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(a.body)), ContentLength: int64(len(a.body)), Request: r,
	}, nil
}

// asked returns what the calls were, "path?filter|order_by|page_size|page_token".
func (v *vendor) asked() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for _, r := range v.calls {
		q := r.URL.Query()
		s := strings.TrimPrefix(r.URL.Path, "/crm/rest/v2")
		if len(q) > 0 {
			s += "?" + q.Get("filter") + "|" + q.Get("order_by") + "|" + q.Get("page_size")
			if t := q.Get("page_token"); t != "" {
				s += "|" + t
			}
		}
		out = append(out, s)
	}
	return out
}

// says answers every call with the same body.
func says(body string) *vendor {
	return &vendor{reply: func(*http.Request) answer { return answer{body: body} }}
}

// routes answers by path; what is not there is 404.
func routes(m map[string]string) *vendor {
	return &vendor{reply: func(r *http.Request) answer {
		if body, ok := m[strings.TrimPrefix(r.URL.Path, "/crm/rest/v2")]; ok {
			return answer{body: body}
		}
		return answer{status: 404, body: `{"code":404,"message":"not found","status":"NOT_FOUND","details":[]}`}
	}}
}

// unlimited is a budget that lets everything through, so that tests in real time do not wait.
type unlimited struct{}

func (unlimited) Take(context.Context, int, ...limit.Window) (*limit.Grant, error) {
	return limit.NewGrant(0, nil), nil
}
func (unlimited) Learn(context.Context, limit.Window, int, time.Time) error { return nil }

func known(o Options) *Options {
	if o.Currency == "" {
		o.Currency = "USD"
	}
	if o.TimeZone == nil {
		o.TimeZone = newYork
	}
	return &o
}

func source(t testing.TB, v http.RoundTripper, o *Options) *Source {
	t.Helper()
	if o == nil {
		o = known(Options{})
	}
	if o.Budget == nil {
		own := *o
		own.Budget, o = unlimited{}, &own
	}
	s, err := New(&http.Client{Transport: v}, o)
	require.NoError(t, err)
	return s
}

func collect[T any](t testing.TB, pages func(func(ledger.Page[T], error) bool)) []ledger.Page[T] {
	t.Helper()
	var out []ledger.Page[T]
	for p, err := range pages {
		require.NoError(t, err)
		out = append(out, p)
	}
	return out
}

func failure[T any](t testing.TB, pages func(func(ledger.Page[T], error) bool)) error {
	t.Helper()
	for _, err := range pages {
		if err != nil {
			return err
		}
	}
	require.FailNow(t, "no error")
	return nil
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// orderBook is a vendor of orders that are as plain as can be, with its filters, orders and tokens that
// are offsets, as dangerous as the real thing's may be.
type orderBook struct {
	orders  []bookOrder
	between func(call int) // runs before each answer
	n       int
}

type bookOrder struct {
	id  int
	mod time.Time
	raw string // instead of a plain order
}

func (o bookOrder) json() string {
	if o.raw != "" {
		return o.raw
	}
	return fmt.Sprintf(`{"id":"%d","contact":{"id":"7"},"order_time":"2026-01-05T15:00:00Z","modification_time":%q,
		"total":{"amount":1000,"currency_code":"USD"},"total_paid":{"amount":0,"currency_code":"USD"},
		"order_items":[{"id":"1","item_type":"PRODUCT","quantity":1,"price_per_unit":{"amount":1000,"currency_code":"USD"}}]}`,
		o.id, o.mod.UTC().Format("2006-01-02T15:04:05.000Z"))
}

func (b *orderBook) reply(r *http.Request) answer {
	b.n++
	if b.between != nil {
		b.between(b.n)
	}
	q := r.URL.Query()
	var hits []bookOrder
	for _, o := range b.orders {
		if b.matches(o, q) {
			hits = append(hits, o)
		}
	}
	switch q.Get("order_by") {
	case byID:
		slices.SortFunc(hits, func(x, y bookOrder) int { return x.id - y.id })
	case byChange:
		slices.SortStableFunc(hits, func(x, y bookOrder) int { return x.mod.Compare(y.mod) })
	default:
		return answer{status: 400, body: `{"code":400,"message":"order_by"}`}
	}
	from, _ := strconv.Atoi(q.Get("page_token"))
	size, _ := strconv.Atoi(q.Get("page_size"))
	hits = hits[min(from, len(hits)):]
	token := "null"
	if len(hits) > size {
		hits = hits[:size]
		token = strconv.Quote(strconv.Itoa(from + size))
	}
	parts := make([]string, len(hits))
	for i, o := range hits {
		parts[i] = o.json()
	}
	return answer{body: `{"orders":[` + strings.Join(parts, ",") + `],"next_page_token":` + token + `}`}
}

func (b *orderBook) matches(o bookOrder, q url.Values) bool {
	for _, clause := range strings.Split(q.Get("filter"), ";") {
		switch {
		case clause == "":
		case strings.HasPrefix(clause, "id>"):
			if after, _ := strconv.Atoi(clause[3:]); o.id <= after {
				return false
			}
		case strings.HasPrefix(clause, "modified_since_time=="):
			if o.mod.Before(at(strings.TrimPrefix(clause, "modified_since_time=="))) {
				return false
			}
		case strings.HasPrefix(clause, "modified_until_time=="):
			if o.mod.After(at(strings.TrimPrefix(clause, "modified_until_time=="))) {
				return false
			}
		case strings.HasPrefix(clause, "ids=="):
			if !slices.Contains(strings.Split(clause[5:], ","), strconv.Itoa(o.id)) {
				return false
			}
		default:
			panic("a filter that the vendor does not have: " + clause)
		}
	}
	return true
}

// orderOfJSON maps one order as the source does.
func orderOfJSON(t testing.TB, body string, o *Options) ledger.Invoice {
	t.Helper()
	require.True(t, json.Valid([]byte(body)), body)
	s := source(t, says(`{"orders":[`+body+`]}`), o)
	pages := collect(t, s.Invoices(t.Context(), ledger.Query{}))
	require.Len(t, pages, 1)
	require.Empty(t, pages[0].Unread)
	require.Len(t, pages[0].Records, 1)
	return pages[0].Records[0]
}
