package xerofake_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, nil)
		body := invoice(a.contact("Ada"), "DRAFT", "", line("1", "10", ""))
		put := func(key, body string) response { return a.send("PUT", "/Invoices", body, "Idempotency-Key", key) }

		one := put("k1", body)
		require.Equal(t, 200, one.status)
		again := put("k1", body)
		assert.Equal(t, one.body, again.body, "the first answer, to the letter")
		assert.Len(t, a.fake.Books().Invoices(), 1)
		assert.Equal(t, 3-1, a.fake.Calls(), "a replay is a call")

		other := put("k1", strings.Replace(body, "10", "11", 1))
		assert.Equal(t, 400, other.status)
		assert.Contains(t, other.body, "Idempotency Key: k1 is used with a different request.")
		post := a.send("POST", "/Invoices", body, "Idempotency-Key", "k1")
		assert.Contains(t, post.body, "is used with a different request.")

		long := put(strings.Repeat("k", 129), body)
		assert.Equal(t, 400, long.status)
		assert.Contains(t, long.body, "129")
		assert.Equal(t, 200, put(strings.Repeat("k", 128), body).status)

		// An error is an answer too.
		bad := strings.Replace(body, "DRAFT", "PAID", 1)
		first := put("k2", bad)
		require.Equal(t, 400, first.status)
		assert.Equal(t, first.body, put("k2", bad).body)

		// Six minutes from the first call, used or not, the key is an ordinary new one.
		time.Sleep(6*time.Minute - time.Second)
		assert.Equal(t, one.body, put("k1", body).body)
		time.Sleep(time.Second)
		assert.NotEqual(t, one.body, put("k1", body).body)
		assert.Len(t, a.fake.Books().Invoices(), 3)
	})
}

func TestConcurrentRepeatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, &xerofake.Options{Latency: time.Second})
		body := invoice(a.contact("Ada"), "DRAFT", "", line("1", "10", ""))
		var wg sync.WaitGroup
		bodies := make([]string, 4)
		for i := range bodies {
			wg.Go(func() { bodies[i] = a.send("PUT", "/Invoices", body, "Idempotency-Key", "k").body })
		}
		wg.Wait()
		assert.Len(t, a.fake.Books().Invoices(), 1)
		assert.Equal(t, []string{bodies[0], bodies[0], bodies[0], bodies[0]}, bodies)
	})
}

func TestKeyOfOtherAppAndTenant(t *testing.T) {
	t.Parallel()
	a := free(t, &xerofake.Options{
		Organisations: []xerofake.Organisation{{Name: "One"}, {Name: "Two"}},
		Tokens:        []xerofake.Token{{Bearer: "token", AppID: "a"}, {Bearer: "other", AppID: "b"}},
	})
	body := `{"Name":"Ada"}`
	require.Equal(t, 200, a.send("PUT", "/Contacts", body, "Idempotency-Key", "k").status)
	a.tenant = a.fake.BooksOf("Two").Organisation().TenantID
	assert.Contains(t, a.send("PUT", "/Contacts", body, "Idempotency-Key", "k").body, "different request")
	a.client = a.fake.Client("other")
	assert.Equal(t, 200, a.send("PUT", "/Contacts", body, "Idempotency-Key", "k").status, "keys belong to the app")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, &xerofake.Options{Limits: xerofake.Limits{Day: 100}})
		get := func() response { return a.send("GET", "/Organisation", "") }
		r := get()
		assert.Equal(t, "59", r.header.Get("X-MinLimit-Remaining"))
		assert.Equal(t, "99", r.header.Get("X-DayLimit-Remaining"))
		assert.Equal(t, "9999", r.header.Get("X-AppMinLimit-Remaining"))
		time.Sleep(20 * time.Second)
		for range 59 {
			require.Equal(t, 200, get().status)
		}
		r = get()
		assert.Equal(t, 429, r.status)
		assert.Equal(t, "minute", r.header.Get("X-Rate-Limit-Problem"))
		assert.Equal(t, "40", r.header.Get("Retry-After"), "the window began with the first request")
		assert.Equal(t, "0", r.header.Get("X-MinLimit-Remaining"))
		time.Sleep(40 * time.Second)
		for range 40 {
			require.Equal(t, 200, get().status)
		}
		r = get()
		assert.Equal(t, "day", r.header.Get("X-Rate-Limit-Problem"))
		assert.Equal(t, "86340", r.header.Get("Retry-After"))
		time.Sleep(86340 * time.Second)
		assert.Equal(t, 200, get().status)
	})
}

func TestConcurrencyLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, &xerofake.Options{Latency: time.Second})
		var mu sync.Mutex
		refusals := 0
		var wg sync.WaitGroup
		for range 7 {
			wg.Go(func() {
				if r := a.send("GET", "/Organisation", ""); r.status == 429 {
					mu.Lock()
					defer mu.Unlock()
					refusals++
					assert.Equal(t, "concurrent", r.header.Get("X-Rate-Limit-Problem"))
					assert.Empty(t, r.header.Get("Retry-After"))
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 2, refusals)
	})
}

func TestLimitComesBeforeKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, &xerofake.Options{Limits: xerofake.Limits{Minute: 1}})
		require.Equal(t, 200, a.send("GET", "/Organisation", "").status)
		assert.Equal(t, 429, a.send("PUT", "/Contacts", `{"Name":"Ada"}`, "Idempotency-Key", "k").status)
		assert.Empty(t, a.fake.Books().Contacts())
		time.Sleep(time.Minute)
		assert.Equal(t, 200, a.send("PUT", "/Contacts", `{"Name":"Ada"}`, "Idempotency-Key", "k").status, "a 429 is not remembered")
	})
}

func TestBooksFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books.jsonl")
	opts := func() *xerofake.Options { return &xerofake.Options{BooksFile: file, Limits: xerofake.NoLimits()} }
	a := open(t, opts())
	ada := a.contact("Ada")
	id := a.approved(ada, "100")
	body := payment(id, "40", "")
	first := a.send("PUT", "/Payments", body, "Idempotency-Key", "k")
	require.NoError(t, a.fake.Books().ArchiveAccount("260"))
	grant, err := a.fake.Authorise("client")
	require.NoError(t, err)

	b := open(t, opts()) // as after kill -9: nothing was closed
	assert.Equal(t, a.fake.Books().Organisation(), b.fake.Books().Organisation())
	assert.Equal(t, fmt.Sprint(a.fake.Books().Invoices()), fmt.Sprint(b.fake.Books().Invoices()))
	assert.Equal(t, fmt.Sprint(a.fake.Books().Payments()), fmt.Sprint(b.fake.Books().Payments()))
	assert.Equal(t, fmt.Sprint(a.fake.Books().Contacts()), fmt.Sprint(b.fake.Books().Contacts()))
	assert.Equal(t, fmt.Sprint(a.fake.Books().Accounts()), fmt.Sprint(b.fake.Books().Accounts()))
	assert.Equal(t, a.fake.Books().History(id), b.fake.Books().History(id))
	assert.Equal(t, first.body, b.send("PUT", "/Payments", body, "Idempotency-Key", "k").body, "keys survive")
	assert.Len(t, b.fake.Books().Payments(), 1)
	b.client = b.fake.Client(grant.AccessToken)
	assert.Equal(t, 200, b.send("GET", "/Organisation", "").status, "tokens survive")
	next := b.ok("PUT", "/Invoices", invoice(ada, "DRAFT", "", line("1", "1", ""))).list("Invoices")[0]
	assert.Equal(t, "INV-0002", next.text("InvoiceNumber"))
	require.NoError(t, b.fake.Close())

	// A torn last line never happened.
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
	last := lines[len(lines)-1]
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines[:len(lines)-1], "")+last[:len(last)/2]), 0o600))
	c := open(t, opts())
	assert.Len(t, c.fake.Books().Invoices(), 1, "the draft's line was torn")
	again := c.ok("PUT", "/Invoices", invoice(ada, "DRAFT", "", line("1", "1", ""))).list("Invoices")[0]
	assert.Equal(t, "INV-0002", again.text("InvoiceNumber"))
	require.NoError(t, c.fake.Close())
	d := open(t, opts())
	assert.Len(t, d.fake.Books().Invoices(), 2)
	require.NoError(t, d.fake.Close())

	// A torn line in the middle is damage, and said so.
	require.NoError(t, os.WriteFile(file, append([]byte("{\"Org\":\n"), whole...), 0o600))
	_, err = xerofake.New(opts())
	assert.ErrorContains(t, err, "line 1")
}

// A process that dies between the books and the answer leaves a key without answer: the repeat must
// not write again, and must not be told a lie.
func TestKeyWithoutAnswer(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books.jsonl")
	opts := func() *xerofake.Options { return &xerofake.Options{BooksFile: file, Limits: xerofake.NoLimits()} }
	a := open(t, opts())
	require.Equal(t, 200, a.send("PUT", "/Contacts", `{"Name":"Ada"}`, "Idempotency-Key", "k").status)
	require.NoError(t, a.fake.Close())
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
	require.Contains(t, lines[len(lines)-1], `"Done":true`)
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines[:len(lines)-1], "")), 0o600))

	b := open(t, opts())
	assert.Equal(t, 500, b.send("PUT", "/Contacts", `{"Name":"Ada"}`, "Idempotency-Key", "k").status)
	assert.Len(t, b.fake.Books().Contacts(), 1)
}

func TestFaults(t *testing.T) {
	t.Parallel()
	type want struct {
		status  int
		text    string
		created int
		header  string
	}
	for name, w := range map[string]want{
		"429_minute": {429, "", 0, "minute"}, "429_day": {429, "", 0, "day"}, "429_concurrent": {429, "", 0, "concurrent"}, "429_app": {429, "", 0, "appminute"},
		"401_expired": {401, "TokenExpired: token expired at", 0, ""}, "401_scope": {401, `"Detail":"AuthorizationUnsuccessful"`, 0, ""},
		"403_tenant": {403, `"Detail":"AuthenticationUnsuccessful"`, 0, ""}, "503_offline": {503, "The Xero API is currently offline for maintenance", 0, ""},
		"503_unavailable": {503, "The Xero API is temporarily unavailable", 0, ""}, "503_organisation_offline": {503, "The Organisation is offline", 0, ""},
		"500": {500, "", 0, ""}, "500_after": {500, "", 2, ""}, "400_key_reused": {400, "is used with a different request.", 0, ""},
		"400_elements": {400, "ValidationException", 1, ""}, "400_elements_all": {400, "ValidationException", 2, ""},
		"404": {404, "The resource you're looking for cannot be found", 0, ""}, "412": {412, "", 0, ""}, "nonsense": {500, "unknown", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(1).Add(faults.Fault{Kind: faults.Vendor, Name: name})
			a := free(t, &xerofake.Options{Faults: plan})
			batch := `{"Contacts":[{"Name":"Ada"},{"Name":"Bob"}]}`
			r := a.send("PUT", "/Contacts?summarizeErrors=false", batch, "Idempotency-Key", "k")
			assert.Equal(t, w.status, r.status)
			assert.Contains(t, r.body, w.text)
			assert.Equal(t, w.header, r.header.Get("X-Rate-Limit-Problem"))
			assert.Len(t, a.fake.Books().Contacts(), w.created)
			remembered := strings.HasPrefix(name, "50") || strings.HasPrefix(name, "400_el")
			again := a.send("PUT", "/Contacts?summarizeErrors=false", batch, "Idempotency-Key", "k")
			if remembered {
				assert.Equal(t, w.status, again.status, "errors are remembered under the key")
			} else if name != "400_key_reused" {
				assert.Equal(t, 200+map[bool]int{true: 300}[strings.HasPrefix(name, "503")], again.status)
			}
		})
	}
}

func TestElementByElement(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		plan := faults.New(1).Add(faults.Fault{Kind: faults.CommitByElement, Delay: 10 * time.Second, Elements: 2})
		a := free(t, &xerofake.Options{Faults: plan})
		r := a.send("PUT", "/Contacts", `{"Contacts":[{"Name":"Ada"},{"Name":"Bob"},{"Name":"Cem"}]}`)
		require.ErrorIs(t, r.err, faults.ErrConnectionLost)
		for _, want := range []int{0, 1, 2, 2} {
			synctest.Wait()
			assert.Len(t, a.fake.Books().Contacts(), want)
			time.Sleep(10 * time.Second)
		}
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	plan := faults.New(1).Add(
		faults.Fault{Kind: faults.LoseRequest, Path: "/Lost"}, faults.Fault{Kind: faults.HTML, Path: "/Gateway"}, faults.Fault{Kind: faults.LoseAnswer, Path: "/Contacts"},
	)
	a := free(t, &xerofake.Options{Faults: plan})
	a.send("GET", "/Lost", "")
	assert.Equal(t, 0, a.fake.Calls(), "it never arrived")
	assert.Equal(t, 502, a.send("GET", "/Gateway", "").status)
	a.send("PUT", "/Contacts", `{"Name":"Ada"}`)
	a.send("GET", "/Contacts/x", "")
	assert.Equal(t, 3, a.fake.Calls())
	assert.Equal(t, 1, a.fake.Writes())
	assert.Equal(t, 1, a.fake.CallsTo("GET", "/Contacts/{ContactID}"))
	assert.Equal(t, map[string]int{"Contacts": 1}, a.fake.Counts().Created)
}

func TestDoors(t *testing.T) {
	t.Parallel()
	a := free(t, &xerofake.Options{Tokens: []xerofake.Token{
		{Bearer: "token", AppID: "a"}, {Bearer: "reader", AppID: "a", Scopes: []string{"accounting.invoices.read"}},
		{Bearer: "broad", AppID: "a", Scopes: []string{"accounting.transactions"}}, {Bearer: "blind", AppID: "a", Tenants: []string{}},
	}})
	status := func(bearer, method, path, body string, headers ...string) int {
		a.client = a.fake.Client(bearer)
		return a.send(method, path, body, headers...).status
	}
	assert.Equal(t, 401, status("wrong", "GET", "/Invoices", ""))
	assert.Equal(t, 200, status("reader", "GET", "/Invoices", ""))
	assert.Equal(t, 401, status("reader", "PUT", "/Invoices", "{}"), "a missing scope is 401, not 403")
	assert.Equal(t, 401, status("reader", "GET", "/Payments", ""))
	assert.Equal(t, 200, status("broad", "GET", "/Payments", ""))
	assert.Equal(t, 403, status("blind", "GET", "/Invoices", ""))
	assert.Equal(t, 403, status("token", "GET", "/Invoices", "", "Xero-Tenant-Id", ""))
	assert.Equal(t, 406, status("token", "GET", "/Invoices", "", "Accept", "*/*"))
	assert.Equal(t, 415, status("token", "PUT", "/Invoices", "{}", "Content-Type", "text/plain"))
	assert.Equal(t, 501, status("token", "POST", "/Organisation", "{}"))
	assert.Equal(t, 501, status("token", "GET", "/Quotes", ""))
	assert.Equal(t, 404, status("token", "GET", "/Nonsense", ""))
	assert.Equal(t, 404, status("token", "GET", "/Invoices/11111111-1111-4111-8111-111111111111", ""))

	old := a.tenant
	fresh, err := a.fake.Books().Reconnect("")
	require.NoError(t, err)
	assert.Equal(t, 403, status("token", "GET", "/Invoices", ""))
	a.tenant = fresh
	assert.Equal(t, 200, status("token", "GET", "/Invoices", ""))
	assert.NotEqual(t, old, fresh)
	require.NoError(t, a.fake.Books().Disconnect())
	assert.Equal(t, 403, status("token", "GET", "/Invoices", ""))
}

func TestListen(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	s, err := a.fake.Listen()
	require.NoError(t, err)
	defer s.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/connections", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer x")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, 200, resp.StatusCode)
}

func TestOrganisations(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books.jsonl")
	opts := &xerofake.Options{BooksFile: file, Organisations: []xerofake.Organisation{{CountryCode: "AU"}, {CountryCode: "US"}, {Name: "Three", CountryCode: "NZ"}}}
	for range 2 { // made, then reopened
		fake, err := xerofake.New(opts)
		require.NoError(t, err)
		assert.Equal(t, "AUD", fake.Books().Organisation().BaseCurrency)
		assert.Equal(t, "NZD", fake.BooksOf("Three").Organisation().BaseCurrency)
		client := fake.Client("x")
		resp, err := client.Get("https://api.xero.com/connections")
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		require.NoError(t, err)
		assert.Equal(t, 3, strings.Count(string(body), "tenantId"))
		require.NoError(t, fake.Close())
	}
	for _, bad := range []xerofake.Organisation{{TenantID: "tenant"}, {Timezone: "Europe/Paris"}, {Currencies: []string{"QQQ"}}} {
		_, err := xerofake.New(&xerofake.Options{Organisations: []xerofake.Organisation{bad}})
		assert.ErrorContains(t, err, "xerofake: ")
	}
}
