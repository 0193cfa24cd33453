package quickbooksfake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// api is a client of one company.
type api struct {
	t      testing.TB
	fake   *quickbooksfake.Fake
	books  *quickbooksfake.Books
	client *http.Client
	realm  string
}

// free is a fake without limits, for tests that are not about them.
func free(t testing.TB, opts *quickbooksfake.Options) *api {
	t.Helper()
	if opts == nil {
		opts = &quickbooksfake.Options{}
	}
	if opts.Limits == (quickbooksfake.Limits{}) {
		opts.Limits = quickbooksfake.NoLimits()
	}
	return open(t, opts)
}

func open(t testing.TB, opts *quickbooksfake.Options) *api {
	t.Helper()
	fake, err := quickbooksfake.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fake.Close()) })
	return &api{t, fake, fake.Books(), fake.Client("token"), fake.Books().Company().RealmID}
}

type response struct {
	status int
	header http.Header
	body   string
	err    error
}

// send sends a request below the company; headers are name, value, name, value.
func (a *api) send(method, path, body string, headers ...string) response {
	a.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, "https://quickbooks.api.intuit.com/v3/company/"+a.realm+path, in)
	require.NoError(a.t, err)
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Del(headers[i])
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := a.client.Do(r)
	if err != nil {
		return response{err: err}
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return response{resp.StatusCode, resp.Header, string(got), err}
}

// ok posts or gets what must succeed, and returns the entity.
func (a *api) ok(method, path, body, entity string) answer {
	a.t.Helper()
	r := a.send(method, path, body)
	require.NoError(a.t, r.err)
	require.Equal(a.t, 200, r.status, r.body)
	return decode(a.t, r.body).object(entity)
}

// refused returns code and detail of a business fault.
func (a *api) refused(method, path, body string) (code, detail string) {
	a.t.Helper()
	r := a.send(method, path, body)
	require.NoError(a.t, r.err)
	require.Equal(a.t, 400, r.status, r.body)
	e := decode(a.t, r.body).object("Fault").list("Error")
	require.Len(a.t, e, 1, r.body)
	return e[0].text("code"), e[0].text("Detail")
}

func (a *api) query(statement string) response {
	a.t.Helper()
	return a.send("GET", "/query?query="+url.QueryEscape(statement), "")
}

// rows are the ids that a query answers.
func (a *api) rows(entity, statement string) []string {
	a.t.Helper()
	r := a.query(statement)
	require.Equal(a.t, 200, r.status, r.body)
	ids := []string{}
	for _, e := range decode(a.t, r.body).object("QueryResponse").list(entity) {
		ids = append(ids, e.text("Id"))
	}
	return ids
}

// An answer is decoded JSON, its numbers kept as they were written.
type answer map[string]any

func decode(t testing.TB, s string) answer {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.UseNumber()
	var a answer
	require.NoError(t, d.Decode(&a), s)
	return a
}

func (a answer) object(name string) answer {
	m, _ := a[name].(map[string]any)
	return m
}

func (a answer) text(path string) string {
	var v any = map[string]any(a)
	for p := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[p]
	}
	if v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

func (a answer) list(name string) []answer {
	items, _ := a[name].([]any)
	all := make([]answer, len(items))
	for i, item := range items {
		m, _ := item.(map[string]any)
		all[i] = m
	}
	return all
}

func (a *api) customer(name string) string {
	a.t.Helper()
	c, err := a.books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: name}})
	require.NoError(a.t, err)
	return c.ID
}

// line is a JSON line that sells an item.
func line(amount, more string) string {
	return fmt.Sprintf(`{"Amount":%s,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"}%s}}`, amount, more)
}

func invoice(customer, more string, lines ...string) string {
	return fmt.Sprintf(`{"CustomerRef":{"value":%q},%s"Line":[%s]}`, customer, more, strings.Join(lines, ","))
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func equal(t testing.TB, want string, got decimal.Decimal) {
	t.Helper()
	assert.Equal(t, dec(want).String(), got.String())
}

func jsonNumber(s string) json.Number { return json.Number(s) }

func number(t testing.TB, s string) int64 {
	t.Helper()
	n, err := json.Number(s).Int64()
	require.NoError(t, err)
	return n
}
