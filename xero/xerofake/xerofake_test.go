package xerofake_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// api is a client of one organisation.
type api struct {
	t      testing.TB
	fake   *xerofake.Fake
	client *http.Client
	tenant string
}

// free is a fake without limits, for tests that are not about them.
func free(t testing.TB, opts *xerofake.Options) *api {
	t.Helper()
	if opts == nil {
		opts = &xerofake.Options{}
	}
	if opts.Limits == (xerofake.Limits{}) {
		opts.Limits = xerofake.NoLimits()
	}
	return open(t, opts)
}

func open(t testing.TB, opts *xerofake.Options) *api {
	t.Helper()
	fake, err := xerofake.New(opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, fake.Close()) })
	return &api{t, fake, fake.Client("token"), fake.Books().Organisation().TenantID}
}

type response struct {
	status int
	header http.Header
	body   string
	err    error
}

// send sends a request; headers are name, value, name, value.
func (a *api) send(method, path, body string, headers ...string) response {
	a.t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(a.t.Context(), method, "https://api.xero.com/api.xro/2.0"+path, in)
	require.NoError(a.t, err)
	r.Header.Set("Xero-Tenant-Id", a.tenant)
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

// ok sends a request that must succeed and decodes the answer.
func (a *api) ok(method, path, body string, headers ...string) answer {
	a.t.Helper()
	r := a.send(method, path, body, headers...)
	require.NoError(a.t, r.err)
	require.Equal(a.t, 200, r.status, r.body)
	return decode(a.t, r.body)
}

// refused sends a request that must be refused as a validation error and returns the messages.
func (a *api) refused(method, path, body string, headers ...string) []string {
	a.t.Helper()
	r := a.send(method, path, body, headers...)
	require.NoError(a.t, r.err)
	require.Equal(a.t, 400, r.status, r.body)
	got := decode(a.t, r.body)
	require.Equal(a.t, "ValidationException", got.text("Type"), r.body)
	require.Equal(a.t, "10", got.text("ErrorNumber"))
	var all []string
	for _, e := range got.list("Elements") {
		for _, m := range e.list("ValidationErrors") {
			all = append(all, m.text("Message"))
		}
	}
	return all
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

func (a answer) text(path string) string {
	var v any = map[string]any(a)
	for _, p := range strings.Split(path, ".") {
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
		all[i] = answer(item.(map[string]any))
	}
	return all
}

func (a *api) contact(name string) string {
	a.t.Helper()
	c, err := a.fake.Books().AddContact(xerofake.Contact{Name: name, EmailAddress: "accounts@example.com"})
	require.NoError(a.t, err)
	return c.ContactID
}

// invoice writes a JSON invoice: a contact, a status, and lines.
func invoice(contact, status, more string, lines ...string) string {
	return fmt.Sprintf(`{"Type":"ACCREC","Contact":{"ContactID":%q},"Date":"2026-03-02","DueDate":"2026-03-31","Status":%q,%s"LineItems":[%s]}`,
		contact, status, more, strings.Join(lines, ","))
}

func line(quantity, unit, more string) string {
	return fmt.Sprintf(`{"Description":"Work","Quantity":%s,"UnitAmount":%s,"AccountCode":"200"%s}`, quantity, unit, more)
}
