package quickbooksfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

func load(t *testing.T, a *api, saved string) {
	t.Helper()
	require.NoError(t, a.books.Load(strings.NewReader(saved)))
}

func create(bID, kind, body string) string {
	return fmt.Sprintf(`{"bId":%q,"operation":"create",%q:%s}`, bID, kind, body)
}

func batch(items ...string) string {
	return `{"BatchItemRequest":[` + strings.Join(items, ",") + `]}`
}

func byID(t *testing.T, body string) map[string]answer {
	t.Helper()
	all := map[string]answer{}
	for _, i := range decode(t, body).list("BatchItemResponse") {
		all[i.text("bId")] = i
	}
	return all
}

func TestBatch(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	old := a.ok("POST", "/invoice", invoice(ada, `"PrivateNote":"n",`, line("5", "")), "Invoice").text("Id")
	r := a.send("POST", "/batch", batch(
		create("a", "Vendor", `{"DisplayName":"Boraski Family Store"}`), create("b", "Customer", `{"DisplayName":"Boraski Family Store"}`),
		create("c", "Invoice", invoice(ada, "", line("5", ""))), `{"bId":"d","operation":"delete","Invoice":{"Id":"9129","SyncToken":"0"}}`,
		`{"bId":"e","operation":"update","optionsData":"void","Invoice":{"Id":"`+old+`","SyncToken":"0"}}`,
		`{"bId":"f","operation":"update","Invoice":{"Id":"`+old+`","SyncToken":"0","sparse":true,"PrivateNote":"late"}}`,
		`{"bId":"g","Query":"select * from Customer"}`, `{"bId":"h","operation":"read","Customer":{"Id":"1"}}`,
	))
	require.Equal(t, 200, r.status, r.body)
	got := byID(t, r.body)
	require.Len(t, got, 8)
	code := func(id string) string { return got[id].object("Fault").list("Error")[0].text("code") }
	assert.Equal(t, "Boraski Family Store", got["a"].text("Vendor.DisplayName"))
	assert.Equal(t, "6240", code("b"))
	assert.Equal(t, "5.00", got["c"].text("Invoice.TotalAmt"))
	assert.Equal(t, "610", code("d"))
	assert.Equal(t, "0", got["e"].text("Invoice.TotalAmt"))
	assert.Equal(t, "5010", code("f"))
	assert.Len(t, got["g"].object("QueryResponse").list("Customer"), 1)
	assert.Equal(t, "500", code("h"))
	assert.Equal(t, "h", decode(t, r.body).list("BatchItemResponse")[0].text("bId"), "the order must not be assumed")

	var many []string
	for i := range 31 {
		many = append(many, create(fmt.Sprint(i), "Customer", fmt.Sprintf(`{"DisplayName":"c%d"}`, i)))
	}
	for name, body := range map[string]string{
		"31 items": batch(many...), "same bId": batch(many[0], many[0]), "no bId": batch(`{"operation":"create","Customer":{"DisplayName":"x"}}`),
		"unknown property": batch(many[0], create("x", "Customer", `{"Nonsense":1}`)), "unknown entity": batch(create("x", "Bill", `{}`)), "empty": batch(), "list": `[]`,
	} {
		assert.Equal(t, 400, a.send("POST", "/batch", body).status, name)
	}
	assert.Len(t, a.books.Customers(), 1, "a request that is refused as a whole writes nothing")
	assert.Equal(t, 200, a.send("POST", "/batch", batch(many[:30]...)).status)
	assert.Len(t, a.books.Customers(), 31)
	assert.Equal(t, 30, a.fake.Counts().Created["Customer"])
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, nil)
		post := func(id, body string) response { return a.send("POST", "/customer?requestid="+id, body) }
		one := post("k1", `{"DisplayName":"Ada"}`)
		require.Equal(t, 200, one.status)
		time.Sleep(time.Minute)
		assert.Equal(t, one.body, post("k1", `{"DisplayName":"Ada"}`).body, "the first answer, to the letter")
		assert.Equal(t, one.body, post("k1", `{"DisplayName":"Bob"}`).body, "and also to another request")
		assert.Len(t, a.books.Customers(), 1)
		bad := post("k2", `{"DisplayName":"Ada"}`)
		require.Equal(t, 400, bad.status)
		require.NoError(t, a.books.EditCustomer(decode(t, one.body).text("Customer.Id"), func(c *quickbooksfake.Customer) { c.DisplayName = "Eva" }))
		assert.Equal(t, bad.body, post("k2", `{"DisplayName":"Ada"}`).body, "a fault is an answer too")
		assert.Equal(t, 400, post(strings.Repeat("k", 51), `{"DisplayName":"Cem"}`).status)
		assert.Equal(t, 200, post(strings.Repeat("k", 50), `{"DisplayName":"Cem"}`).status)
		time.Sleep(time.Hour)
		assert.Equal(t, 200, post("k1", `{"DisplayName":"Dan"}`).status)
		assert.Len(t, a.books.Customers(), 3)

		loose := free(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{RequestIDChecksBody: true, RequestIDForgetsFaults: true}})
		ok := loose.send("POST", "/customer?requestid=k", `{"DisplayName":"Ada"}`)
		assert.Equal(t, 400, loose.send("POST", "/customer?requestid=k", `{"DisplayName":"Bob"}`).status)
		assert.Equal(t, 400, loose.send("POST", "/customer?requestid=q", `{"DisplayName":"Ada"}`).status)
		require.NoError(t, loose.books.EditCustomer(decode(t, ok.body).text("Customer.Id"), func(c *quickbooksfake.Customer) { c.DisplayName = "Eva" }))
		assert.Equal(t, 200, loose.send("POST", "/customer?requestid=q", `{"DisplayName":"Ada"}`).status)
	})
}

func TestRequestIDOfBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		plan := faults.New(1).Add(faults.Fault{Kind: faults.CommitByElement, Delay: 10 * time.Second, Elements: 2})
		a := free(t, &quickbooksfake.Options{Faults: plan})
		body := batch(create("1", "Customer", `{"DisplayName":"Ada"}`), create("2", "Customer", `{"DisplayName":"Bob"}`), create("3", "Customer", `{"DisplayName":"Cem"}`))
		r := a.send("POST", "/batch?requestid=k", body)
		require.ErrorIs(t, r.err, faults.ErrConnectionLost)
		for _, want := range []int{0, 1, 2, 2} {
			synctest.Wait()
			assert.Len(t, a.books.Customers(), want)
			time.Sleep(10 * time.Second)
		}
		// The same batch again: what was done is answered, what was not is done.
		again := a.send("POST", "/batch?requestid=k", body)
		require.Equal(t, 200, again.status, again.body)
		for _, i := range byID(t, again.body) {
			assert.Empty(t, i.object("Fault"))
		}
		assert.Len(t, a.books.Customers(), 3)
		assert.Equal(t, again.body, a.send("POST", "/batch?requestid=k", body).body)
		assert.Len(t, a.books.Customers(), 3)
		assert.Equal(t, 400, a.send("POST", "/batch?requestid="+strings.Repeat("k", 37), body).status)
		assert.Equal(t, 400, a.send("POST", "/batch?requestid=z", batch(create("12345678901", "Customer", `{"DisplayName":"Dan"}`))).status)
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, &quickbooksfake.Options{})
		get := func() response { return a.send("GET", "/preferences", "") }
		for range 10 {
			require.Equal(t, 200, get().status)
		}
		r := get()
		assert.Equal(t, 429, r.status)
		assert.Empty(t, r.header.Get("Retry-After"))
		assert.Contains(t, r.header.Get("Content-Type"), "xml", "whatever the client accepts")
		assert.Contains(t, r.body, `<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>`)
		for range 49 {
			time.Sleep(time.Second)
			for range 10 {
				require.Equal(t, 200, get().status)
			}
		}
		time.Sleep(time.Second)
		assert.Equal(t, 429, get().status, "500 a minute")
		time.Sleep(11 * time.Second)
		assert.Equal(t, 200, get().status, "the window slides")
	})
}

func TestBatchLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := open(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{ThrottleJSON: true}})
		post := func() response {
			return a.send("POST", "/batch", batch(`{"bId":"1","Query":"select * from Customer"}`))
		}
		for range 40 {
			require.Equal(t, 200, post().status)
			time.Sleep(time.Second)
		}
		r := post()
		assert.Equal(t, 429, r.status)
		assert.Equal(t, "3001", decode(t, r.body).object("fault").list("error")[0].text("code"))
		assert.Equal(t, 200, a.send("GET", "/preferences", "").status)
		time.Sleep(20 * time.Second)
		assert.Equal(t, 200, post().status)
		assert.Equal(t, 0, a.fake.Writes(), "batches of queries write nothing")
	})
}

func TestQuotaAndConcurrency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := quickbooksfake.NoLimits()
		limits.MonthlyReads = 2
		a := open(t, &quickbooksfake.Options{Limits: limits})
		assert.Equal(t, 200, a.send("GET", "/preferences", "").status)
		assert.Equal(t, 200, a.query("select * from Customer").status)
		assert.Equal(t, 429, a.send("GET", "/preferences", "").status)
		assert.Equal(t, 200, a.send("POST", "/customer", `{"DisplayName":"Ada"}`).status, "writes are not metered")
		time.Sleep(31 * 24 * time.Hour)
		assert.Equal(t, 200, a.send("GET", "/preferences", "").status, "next month")

		limits = quickbooksfake.NoLimits()
		limits.Concurrent = 10
		b := open(t, &quickbooksfake.Options{Limits: limits, Latency: time.Second})
		var mu sync.Mutex
		refused := 0
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				if b.send("GET", "/preferences", "").status == 429 {
					mu.Lock()
					defer mu.Unlock()
					refused++
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 2, refused)
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]struct {
		status  int
		text    string
		created int
	}{
		"401_expired": {401, `"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401"`, 0},
		"401_general": {401, `"code":"100"`, 0}, "401_user": {401, `"code":"120"`, 0}, "403": {403, `errorCode=003100; statusCode=403`, 0},
		"403_throttle": {403, `<Error code="3001">`, 0}, "429": {429, `<Error code="3001">`, 0}, "429_batch": {429, `<Error code="3001">`, 0}, "429_quota": {429, `<Error code="3001">`, 0},
		"429_json": {429, `"code":"3001"`, 0}, "500": {500, `"type":"SystemFault"`, 0}, "500_gateway": {500, `"code":"3100"`, 0}, "500_xml": {500, `<Fault type="SystemFault">`, 0},
		"502_html": {502, "<html>", 0}, "503_html": {503, "<html>", 0}, "200_fault": {200, `"type":"SystemFault"`, 0}, "200_fault_after": {200, `"type":"SystemFault"`, 2},
		"500_after": {500, `"code":"10000"`, 2}, "400_stale": {400, `"code":"5010"`, 0}, "400_business": {400, `"code":"6000"`, 0}, "400_closed": {400, `"code":"6210"`, 0},
		"400_read_only": {400, `"code":"6190"`, 0}, "item_fault": {200, `"Fault"`, 1}, "item_fault_after": {200, `"Fault"`, 2}, "item_missing": {200, `"bId":"1"`, 2},
		"nonsense": {500, "unknown", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(1).Add(faults.Fault{Kind: faults.Vendor, Name: name})
			a := free(t, &quickbooksfake.Options{Faults: plan})
			body := batch(create("1", "Customer", `{"DisplayName":"Ada"}`), create("2", "Customer", `{"DisplayName":"Bob"}`))
			r := a.send("POST", "/batch?requestid=k", body)
			assert.Equal(t, w.status, r.status)
			assert.Contains(t, r.body, w.text)
			assert.Len(t, a.books.Customers(), w.created)
			if w.status == 401 && name == "401_expired" {
				assert.Equal(t, `Bearer realm="Intuit", error="invalid_token"`, r.header.Get("WWW-Authenticate"))
			}
			again := a.send("POST", "/batch?requestid=k", body)
			assert.Equal(t, 200, again.status)
			if name != "item_fault" {
				assert.Len(t, a.books.Customers(), 2)
			}
		})
	}
	a := free(t, &quickbooksfake.Options{Faults: faults.New(1).Add(faults.Fault{Kind: faults.Vendor, Name: "429", RetryAfter: 7 * time.Second})})
	assert.Equal(t, "7", a.send("GET", "/preferences", "").header.Get("Retry-After"), "only where a plan says so")
	assert.Contains(t, a.send("GET", "/invoice/1", "", "Accept", "").body, "<IntuitResponse", "without an Accept even faults are XML")
	assert.Equal(t, 415, a.send("POST", "/customer", `{"DisplayName":"x"}`, "Content-Type", "text/plain").status)
}

func TestReadOnlyCompanyAndRealms(t *testing.T) {
	t.Parallel()
	company := quickbooksfake.DefaultCompany("US")
	company.ReadOnly = true
	a := free(t, &quickbooksfake.Options{
		Companies: []quickbooksfake.Company{company, {RealmID: "123", Name: "Other", Country: "GB"}},
		Tokens:    []quickbooksfake.Token{{Bearer: "token"}, {Bearer: "one", Realms: []string{"123"}}, {Bearer: "old", Expires: time.Unix(1, 0)}},
	})
	code, _ := a.refused("POST", "/customer", `{"DisplayName":"Ada"}`)
	assert.Equal(t, "6190", code)
	assert.Equal(t, 200, a.send("GET", "/preferences", "").status)
	for bearer, want := range map[string]int{"one": 403, "old": 401, "wrong": 401, "": 401} {
		a.client = a.fake.Client(bearer)
		assert.Equal(t, want, a.send("GET", "/preferences", "").status, bearer)
	}
	a.client, a.realm = a.fake.Client("one"), "123"
	assert.Equal(t, "GBP", a.ok("GET", "/preferences", "", "Preferences").text("CurrencyPrefs.HomeCurrency.value"))
	a.realm = "77"
	assert.Equal(t, 403, a.send("GET", "/preferences", "").status)
	for _, bad := range []quickbooksfake.Company{{RealmID: "x"}, {TimeZone: "Nowhere/At all"}, {Country: "AU", SalesTax: quickbooksfake.SalesTaxAutomated}, {SalesTax: "odd"}, {BookCloseDate: "soon"}} {
		_, err := quickbooksfake.New(&quickbooksfake.Options{Companies: []quickbooksfake.Company{bad}})
		assert.ErrorContains(t, err, "quickbooksfake: ")
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, &quickbooksfake.Options{Apps: []quickbooksfake.App{{ClientID: "app", ClientSecret: "secret"}}})
		post := func(form url.Values, secret string, headers ...string) (int, answer) {
			r, err := http.NewRequestWithContext(t.Context(), "POST", "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", strings.NewReader(form.Encode()))
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			for i := 0; i < len(headers); i += 2 {
				r.Header.Set(headers[i], headers[i+1])
			}
			r.SetBasicAuth("app", secret)
			resp, err := (&http.Client{Transport: a.fake.Transport()}).Do(r)
			require.NoError(t, err)
			defer resp.Body.Close()
			var got answer
			d := json.NewDecoder(resp.Body)
			d.UseNumber()
			require.NoError(t, d.Decode(&got))
			return resp.StatusCode, got
		}
		refresh := func(token string) (int, answer) {
			return post(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}, "secret", "x-include-refresh-token-hard-expires-in", "true")
		}
		code, err := a.fake.AuthorizationCode(a.realm, "app", "https://example.com/back")
		require.NoError(t, err)
		form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {"https://example.com/back"}}
		status, _ := post(form, "wrong")
		assert.Equal(t, 401, status)
		status, got := post(form, "secret")
		require.Equal(t, 200, status, got)
		assert.Equal(t, "3600", got.text("expires_in"))
		assert.Equal(t, "8726400", got.text("x_refresh_token_expires_in"))
		assert.NotContains(t, got, "realmId", "it comes with the callback")
		assert.NotContains(t, got, "x_refresh_token_hard_expires_in")
		status, _ = post(form, "secret")
		assert.Equal(t, 400, status, "a code works once")
		access, first := got.text("access_token"), got.text("refresh_token")
		a.client = a.fake.Client(access)
		assert.Equal(t, 200, a.send("GET", "/preferences", "").status)
		time.Sleep(time.Hour)
		assert.Equal(t, 401, a.send("GET", "/preferences", "").status)

		status, got = refresh(first)
		require.Equal(t, 200, status)
		assert.Equal(t, first, got.text("refresh_token"), "the value stays for a day")
		assert.NotEmpty(t, got.text("x_refresh_token_hard_expires_in"))
		time.Sleep(24 * time.Hour)
		_, got = refresh(first)
		second := got.text("refresh_token")
		assert.NotEqual(t, first, second)
		status, got = refresh(first)
		assert.Equal(t, 400, status, "the old value is dead")
		assert.Equal(t, "invalid_grant", got.text("error"))
		status, got = refresh(second)
		require.Equal(t, 200, status)
		a.client = a.fake.Client(got.text("access_token"))
		require.NoError(t, a.fake.Disconnect(a.realm))
		assert.Equal(t, 401, a.send("GET", "/preferences", "").status)
		status, _ = refresh(second)
		assert.Equal(t, 400, status)

		grant, err := a.fake.Authorise(a.realm, "app")
		require.NoError(t, err)
		time.Sleep(100 * 24 * time.Hour)
		status, _ = refresh(grant.RefreshToken)
		assert.Equal(t, 400, status, "100 days without use")

		// Five years, whatever the use.
		grant, err = a.fake.Authorise(a.realm, "app")
		require.NoError(t, err)
		token, days := grant.RefreshToken, 0
		for ; days < 6*365; days += 90 {
			time.Sleep(90 * 24 * time.Hour)
			status, got = refresh(token)
			if status != 200 {
				break
			}
			token = got.text("refresh_token")
		}
		assert.Equal(t, 20*90, days, "21 × 90 days are more than 1,825")
	})
}

func TestBooksFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books.jsonl")
	opts := func() *quickbooksfake.Options {
		return &quickbooksfake.Options{BooksFile: file, Limits: quickbooksfake.NoLimits()}
	}
	a := open(t, opts())
	ada := a.customer("Ada")
	id := a.ok("POST", "/invoice", invoice(ada, `"TrackingNum":"kept",`, line("100", "")), "Invoice").text("Id")
	pay := payment(ada, "40", pays("40", "Invoice", id))
	first := a.send("POST", "/payment?requestid=k", pay)
	gone := a.ok("POST", "/invoice", invoice(ada, "", line("1", "")), "Invoice").text("Id")
	a.send("POST", "/invoice?operation=delete", `{"Id":"`+gone+`","SyncToken":"0"}`)
	require.NoError(t, a.books.CloseBooks("2020-01-01"))
	grant, err := a.fake.Authorise(a.realm, "app")
	require.NoError(t, err)

	b := open(t, opts()) // as after kill -9: nothing was closed
	assert.Equal(t, a.books.Company(), b.books.Company())
	for _, entity := range []string{"Invoice", "Payment", "Customer", "Item", "Account", "TaxCode", "TaxRate", "Term"} {
		assert.Equal(t, jsonOf(t, decode(t, a.query("select * from "+entity).body)["QueryResponse"]), jsonOf(t, decode(t, b.query("select * from "+entity).body)["QueryResponse"]), entity)
	}
	assert.Equal(t, "kept", b.ok("GET", "/invoice/"+id, "", "Invoice").text("TrackingNum"))
	assert.Equal(t, first.body, b.send("POST", "/payment?requestid=k", pay).body, "keys survive")
	assert.Len(t, b.books.Payments(), 1)
	assert.Contains(t, b.send("GET", "/cdc?entities=Invoice&changedSince="+time.Now().Add(-time.Hour).UTC().Format(time.RFC3339), "").body, `"status":"Deleted","Id":"`+gone+`"`)
	b.client = b.fake.Client(grant.AccessToken)
	assert.Equal(t, 200, b.send("GET", "/preferences", "").status, "tokens survive")
	next := b.ok("POST", "/invoice", invoice(ada, "", line("1", "")), "Invoice")
	assert.Equal(t, "1003", next.text("DocNumber"))
	require.NoError(t, b.fake.Close())
	assert.Equal(t, 500, b.send("POST", "/customer", `{"DisplayName":"late"}`).status, "what cannot be written does not happen")

	// A torn last line never happened.
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.SplitAfter(strings.TrimSuffix(string(whole), "\n"), "\n")
	last := lines[len(lines)-1]
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines[:len(lines)-1], "")+last[:len(last)/2]), 0o600))
	c := open(t, opts())
	assert.Len(t, c.books.Invoices(), 1)
	require.NoError(t, c.fake.Close())
	require.NoError(t, os.WriteFile(file, append([]byte("{\"Realm\":\n"), whole...), 0o600))
	_, err = quickbooksfake.New(opts())
	assert.ErrorContains(t, err, "line 1")
}

func TestCounts(t *testing.T) {
	t.Parallel()
	plan := faults.New(1).Add(
		faults.Fault{Kind: faults.LoseRequest, Path: "/lost"}, faults.Fault{Kind: faults.HTML, Path: "/gateway"}, faults.Fault{Kind: faults.LoseAnswer, Path: "/customer"},
	)
	a := free(t, &quickbooksfake.Options{Faults: plan})
	a.send("GET", "/lost", "")
	assert.Equal(t, 0, a.fake.Calls(), "it never arrived")
	assert.Equal(t, 502, a.send("GET", "/gateway", "").status)
	a.send("POST", "/customer", `{"DisplayName":"Ada"}`)
	a.send("GET", "/customer/x", "")
	a.send("POST", "/invoice?operation=void", `{}`)
	assert.Equal(t, 4, a.fake.Calls())
	assert.Equal(t, 2, a.fake.Writes())
	assert.Equal(t, 1, a.fake.CallsTo("GET", "/customer/{id}"))
	assert.Equal(t, 1, a.fake.CallsTo("POST", "/invoice?operation=void"))
	assert.Equal(t, map[string]int{"Customer": 1}, a.fake.Counts().Created)
}

func TestListen(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	s, err := a.fake.Listen()
	require.NoError(t, err)
	defer s.Close()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/v3/company/"+a.realm+"/preferences?format=json", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer x")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, 200, resp.StatusCode)
	assert.NotEmpty(t, resp.Header.Get("intuit_tid"))
}
