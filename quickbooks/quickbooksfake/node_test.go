package quickbooksfake_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// Requests to the letter as node-quickbooks 2.0.50 and intuit-oauth 4.2.5 send them, by their sources (npm: index.js,
// src/OAuthClient.js) and seen on the wire: whoever points such a client at the fake must not find out that it is one.

// nodeTail is what node-quickbooks adds to every address.
const nodeTail = "minorversion=75&format=json"

// node sends a request as node-quickbooks does. target stands below the company, its query as it is on the wire.
func (a *api) node(method, target, body string) response {
	a.t.Helper()
	if strings.Contains(target, "?") {
		target += "&" + nodeTail
	} else {
		target += "?" + nodeTail
	}
	accept := "application/json, text/plain, */*"
	if strings.Contains(target, "/pdf?") {
		accept = "application/pdf"
	}
	h := []string{
		"Accept", accept, "Accept-Encoding", "gzip, compress, deflate, br", "User-Agent", "node-quickbooks: version 2.0.50",
		"Request-Id", "1018a410-e6b7-11f1-b696-719a97a8fbf6",
	}
	if method == http.MethodPost && body == "" {
		h = append(h, "Content-Type", "application/x-www-form-urlencoded") // axios' own, for nothing
	}
	return a.send(method, target, body, h...)
}

// did is node for what must succeed; the client takes the entity out of the envelope.
func (a *api) did(method, target, body, entity string) answer {
	a.t.Helper()
	r := a.node(method, target, body)
	require.NoError(a.t, r.err)
	require.Equal(a.t, 200, r.status, "%s: %s", target, r.body)
	require.Contains(a.t, r.header.Get("Content-Type"), "application/json", "axios parses by the body, callers look at the header")
	got := decode(a.t, r.body)
	require.Nil(a.t, got["Fault"], "the client takes a Fault in any answer for an error")
	if entity == "" {
		return got
	}
	require.NotNil(a.t, got[entity], r.body)
	return got.object(entity)
}

func TestNodeQuickBooksWrites(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	const line = `"Line":[{"Amount":100.5,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"},"Qty":1,"UnitPrice":100.5}}]`

	// {requestId: …} in an entity becomes a parameter, and its repetition the first answer.
	c := a.did("POST", "/customer?requestid=r-1", `{"DisplayName":"O'Brien & Söhne","PrimaryEmailAddr":{"Address":"a@example.com"},"GivenName":"Jo"}`, "Customer")
	again := a.did("POST", "/customer?requestid=r-1", `{"DisplayName":"O'Brien & Söhne","PrimaryEmailAddr":{"Address":"a@example.com"},"GivenName":"Jo"}`, "Customer")
	assert.Equal(t, c.text("Id"), again.text("Id"))
	assert.Len(t, a.books.Customers(), 1)

	sale := `{"CustomerRef":{"value":"` + c.text("Id") + `"},` + line
	inv := a.did("POST", "/invoice", sale+`,"BillEmail":{"Address":"a@example.com"},"DueDate":"2026-12-31","CustomerMemo":{"value":"Thanks"},"PrivateNote":"note"}`, "Invoice")
	assert.Equal(t, "100.50", inv.text("TotalAmt"), "amounts have two places on the wire, as recorded: 337.50")
	assert.Equal(t, "0", inv.text("SyncToken"))
	id := inv.text("Id")

	// {allowDuplicateDocNum: true} lets the number through.
	twin := sale + `,"DocNumber":"` + inv.text("DocNumber") + `"}`
	assert.Equal(t, inv.text("DocNumber"), a.did("POST", "/invoice?include=allowduplicatedocnum", twin, "Invoice").text("DocNumber"))

	// Updates say so in the address, and are sparse unless the caller has said otherwise.
	assert.Equal(t, "1", a.did("POST", "/invoice?operation=update", `{"Id":"`+id+`","SyncToken":"0","PrivateNote":"changed","sparse":true}`, "Invoice").text("SyncToken"))
	r := a.node("POST", "/invoice?operation=update", `{"Id":"`+id+`","SyncToken":"0","PrivateNote":"stale","sparse":true}`)
	assert.Equal(t, 400, r.status)
	assert.Equal(t, "5010", decode(t, r.body).object("Fault").list("Error")[0].text("code"), "callers read err.response.data.Fault.Error[0].code")

	// A record that was read is posted back whole.
	whole := a.node("GET", "/invoice/"+id, "")
	record := entityText(t, whole.body, "Invoice")
	changed := strings.Replace(record, `"DueDate":"2026-12-31"`, `"DueDate":"2027-01-15"`, 1)
	require.NotEqual(t, record, changed)
	got := a.did("POST", "/invoice?operation=update", changed, "Invoice")
	assert.Equal(t, "2027-01-15", got.text("DueDate"))
	assert.Equal(t, "100.50", got.text("TotalAmt"))

	sent := a.did("POST", "/invoice/"+id+"/send?sendTo=b@example.com", "", "Invoice")
	assert.Equal(t, "EmailSent", sent.text("EmailStatus"))
	assert.Equal(t, "b@example.com", sent.text("BillEmail.Address"))
	a.did("POST", "/invoice/"+id+"/send", "", "Invoice")
	pdf := a.node("GET", "/invoice/"+id+"/pdf", "")
	assert.Equal(t, "application/pdf", pdf.header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(pdf.body, "%PDF-"), pdf.body)

	// Voiding a payment is an update; 100.50 − 20 while it lives, 100.50 after.
	paying := `{"CustomerRef":{"value":"` + c.text("Id") + `"},"TotalAmt":20,"Line":[{"Amount":20,"LinkedTxn":[{"TxnId":"` + id + `","TxnType":"Invoice"}]}]}`
	balance := func() string { return a.did("GET", "/invoice/"+id, "", "Invoice").text("Balance") }
	p := a.did("POST", "/payment", paying, "Payment")
	assert.Equal(t, "80.50", balance())
	voided := a.did("POST", "/payment?operation=update&include=void", `{"Id":"`+p.text("Id")+`","SyncToken":"0","sparse":true}`, "Payment")
	assert.Equal(t, "0", voided.text("TotalAmt"))
	assert.Equal(t, "100.50", balance())

	// Deleting by id reads the record and posts it whole.
	p = a.did("POST", "/payment", paying, "Payment")
	gone := a.did("POST", "/payment?operation=delete", entityText(t, a.node("GET", "/payment/"+p.text("Id"), "").body, "Payment"), "Payment")
	assert.Equal(t, "Deleted", gone.text("status"))
	assert.Equal(t, "100.50", balance())
	void := a.did("POST", "/invoice?operation=void", entityText(t, a.node("GET", "/invoice/"+id, "").body, "Invoice"), "Invoice")
	assert.Equal(t, "0", void.text("TotalAmt"))

	memo := a.did("POST", "/creditmemo", sale+`}`, "CreditMemo") // entity names go in lower case
	assert.True(t, strings.HasPrefix(a.node("GET", "/creditmemo/"+memo.text("Id")+"/pdf", "").body, "%PDF-"))
	assert.Equal(t, "EmailSent", a.did("POST", "/creditmemo/"+memo.text("Id")+"/send?sendTo=z@example.com", "", "CreditMemo").text("EmailStatus"))
}

// entityText is a record as it stands in an answer, which clients send back.
func entityText(t *testing.T, body, entity string) string {
	t.Helper()
	_, rest, ok := strings.Cut(body, `{"`+entity+`":`)
	require.True(t, ok, body)
	record, _, ok := strings.Cut(rest, `,"time":`)
	require.True(t, ok, body)
	return record
}

// The criteria of find…: what they become on the wire, and what comes back.
func TestNodeQuickBooksQueries(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	customer := a.customer(`O'Brien & 50 % Söhne`)
	a.customer(`Second \ Co`)
	for range 2 {
		a.did("POST", "/invoice", `{"CustomerRef":{"value":"`+customer+`"},"TxnDate":"2026-03-02","Line":[{"Amount":12,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"}}}]}`, "Invoice")
	}
	const query = "/query?query=select%20*%20from%20"
	for statement, want := range map[string]int{
		query + "invoice": 2,
		query + "invoice%20startposition%201%20maxresults%201000":                                                                                                               2,
		query + "invoice%20orderby%20MetaData.LastUpdatedTime%20desc%20startposition%201%20maxresults%201":                                                                      1, // desc, limit
		query + "invoice%20where%20TxnDate%20%3E%20%272020-01-01%27%20and%20TxnDate%20%3C%3D%20%272030-01-01%27%20orderby%20TxnDate%20asc%20startposition%201%20maxresults%205": 2,
		query + "invoice%20where%20Balance%20%3E%2010.5":                                                                                                                        2, // a text of the caller's
		query + "invoice%20where%20TotalAmt%20%3E%2012%20startposition%201%20maxresults%201000":                                                                                 0, // a number goes bare
		query + "invoice%20where%20CustomerRef%20%3D%20%27" + customer + "%27%20startposition%201%20maxresults%201000":                                                          2,
		query + "invoice%20where%20Id%20IN%20(%27999998%27,%27999999%27)%20startposition%201%20maxresults%201000":                                                               0, // an array
		query + "customer%20where%20DisplayName%20%3D%20%27O%5C%27Brien%20%26%2050%20%25%20S%C3%B6hne%27%20startposition%201%20maxresults%201000":                               1,
		query + "customer%20where%20DisplayName%20LIKE%20%27O%5C%27Br%25%27%20startposition%201%20maxresults%201000":                                                            1,
		query + "customer%20where%20DisplayName%20%3D%20%27Second%20%5C%5C%20Co%27%20startposition%201%20maxresults%201000":                                                     1,
		query + "customer%20where%20MetaData.LastUpdatedTime%20%3E%3D%20%272020-01-01T00:00:00-07:00%27%20startposition%201%20maxresults%201000":                                2,
		query + "customer%20where%20Active%20IN%20(true,false)%20startposition%201%20maxresults%201000":                                                                         2,
		query + "customer%20where%20Active%20%3D%20false%20startposition%201%20maxresults%202":                                                                                  0,
		query + "companyInfo": 1,
		query + "preferences": 1,
		query + "estimate":    0, // of what the fake has not, a company has none
	} {
		found := a.did("GET", statement, "", "QueryResponse")
		n := 0
		for key := range found {
			n += len(found.list(key))
		}
		assert.Equal(t, want, n, statement)
		if want == 0 {
			assert.Empty(t, found, "without rows the key is left out: %s", statement)
		} else {
			assert.Equal(t, n, int(number(t, found.text("maxResults"))), statement)
		}
	}
	count := "/query?query=select%20count(*)%20from%20"
	assert.Equal(t, answer{"totalCount": jsonNumber("2")}, a.did("GET", count+"invoice%20startposition%201%20maxresults%201000", "", "QueryResponse"))
	assert.Equal(t, answer{"totalCount": jsonNumber("0")}, a.did("GET", count+"estimate", "", "QueryResponse"))

	// {fetchAll: true, limit: 1} goes on as long as maxResults equals the limit, and ends at an answer without rows.
	for offset, want := range map[string]string{"1": "1", "2": "1", "3": ""} {
		page := a.did("GET", query+"invoice%20orderby%20Id%20asc%20startposition%20"+offset+"%20maxresults%201", "", "QueryResponse")
		assert.Equal(t, want, page.text("maxResults"), "offset %s", offset)
	}

	// Arrays and dates of changeDataCapture and batch.
	since := time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z")
	groups := a.did("GET", "/cdc?entities=Invoice,Customer,Estimate&changedSince="+since, "", "").list("CDCResponse")
	require.Len(t, groups, 1)
	changes := groups[0].list("QueryResponse")
	require.Len(t, changes, 3, "one for each entity that was asked for")
	assert.Len(t, changes[0].list("Invoice"), 2)
	assert.Len(t, changes[1].list("Customer"), 2)
	assert.Empty(t, changes[2])
	items := map[string]answer{}
	for _, item := range a.did("POST", "/batch", `{"BatchItemRequest":[{"bId":"1","operation":"create","Invoice":{"CustomerRef":{"value":"`+customer+`"},"Line":[{"Amount":1,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"}}}]}},`+
		`{"bId":"2","Query":"select * from Customer"},{"bId":"4","operation":"create","Customer":{"DisplayName":"o'brien & 50 % söhne"}}]}`, "").list("BatchItemResponse") {
		items[item.text("bId")] = item
	}
	assert.Equal(t, "1.00", items["1"].text("Invoice.TotalAmt"))
	assert.Len(t, items["2"].object("QueryResponse").list("Customer"), 2)
	assert.Equal(t, "6240", items["4"].object("Fault").list("Error")[0].text("code"))

	a.did("GET", "/companyinfo/"+a.realm, "", "CompanyInfo")
	a.did("GET", "/preferences", "", "Preferences")
	// What is not in the fake says so, and is no fault of QuickBooks'.
	for _, target := range []string{"/reports/ProfitAndLoss?start_date=2026-01-01&", "/estimate/1", "/exchangerate?sourcecurrencycode=EUR"} {
		r := a.node("GET", target, "")
		assert.Equal(t, 501, r.status, target)
		assert.Contains(t, r.body, "not in the fake", target)
	}
	assert.Equal(t, 400, a.node("GET", "/nonsense/1", "").status)
}

// The token endpoint and the end of a connection, by both clients.
func TestNodeTokens(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]struct{ contentType, body string }{
		"node-quickbooks": {"application/x-www-form-urlencoded", "token=TOKEN"},
		"intuit-oauth":    {"application/json", `{"token":"TOKEN"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := free(t, &quickbooksfake.Options{Apps: []quickbooksfake.App{{ClientID: "app", ClientSecret: "secret"}}})
			grant, err := a.fake.Authorise(a.realm, "app")
			require.NoError(t, err)
			post := func(address, contentType, body string) (int, string) {
				r, err := http.NewRequestWithContext(t.Context(), "POST", address, strings.NewReader(body))
				require.NoError(t, err)
				r.Header = http.Header{"Accept": {"application/json"}, "Content-Type": {contentType}, "Authorization": {"Basic YXBwOnNlY3JldA=="}} // app:secret
				resp, err := a.fake.Transport().RoundTrip(r)
				require.NoError(t, err)
				defer resp.Body.Close()
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				return resp.StatusCode, string(got)
			}
			refresh := func(token string) (int, answer) {
				status, body := post("https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer", "application/x-www-form-urlencoded", "grant_type=refresh_token&refresh_token="+token)
				return status, decode(t, body)
			}
			status, got := refresh(grant.RefreshToken)
			require.Equal(t, 200, status)
			for _, field := range []string{"access_token", "refresh_token", "token_type", "expires_in", "x_refresh_token_expires_in"} {
				assert.NotEmpty(t, got.text(field), field)
			}
			status, body := post("https://developer.api.intuit.com/v2/oauth2/tokens/revoke", revoke.contentType, strings.Replace(revoke.body, "TOKEN", got.text("refresh_token"), 1))
			require.Equal(t, 200, status, body)
			status, got = refresh(got.text("refresh_token"))
			assert.Equal(t, 400, status)
			assert.Equal(t, "invalid_grant", got.text("error"))
		})
	}
}
