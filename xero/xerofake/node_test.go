package xerofake_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Requests to the letter as xero-node 20.0.0 sends them, by its source (npm: dist/gen/api/accountingApi.js,
// dist/XeroClient.js) and seen on the wire: whoever points that client at the fake must not find out that it is one.
// It deserialises by the specification: what is of another type or name there is lost without a word.

// node sends a request as xero-node does. Reads have a JSON body too, an empty object.
func (a *api) node(method, path, body string, more ...string) response {
	a.t.Helper()
	if method == http.MethodGet {
		body = "{}"
	}
	h := append([]string{
		"Accept", "application/json", "Accept-Encoding", "gzip, compress, deflate, br", "User-Agent", "xero-node-20.0.0", "Content-Type", "application/json",
	}, more...)
	return a.send(method, path, body, h...)
}

// did is node for what must succeed.
func (a *api) did(method, path, body string, more ...string) answer {
	a.t.Helper()
	r := a.node(method, path, body, more...)
	require.NoError(a.t, r.err)
	require.Equal(a.t, 200, r.status, "%s: %s", path, r.body)
	require.Contains(a.t, r.header.Get("Content-Type"), "application/json")
	return decode(a.t, r.body)
}

// msDay is a day as the client turns it into text: the number between the brackets, of milliseconds.
func msDay(day time.Time) string { return "/Date(" + number(day.UnixMilli()) + "+0000)/" }

func number(n int64) string { return big.NewInt(n).String() }

var msInstant = regexp.MustCompile(`^/Date\(\d{13}\+0000\)/$`)

func TestXeroNodeWrites(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	contacts := a.did("PUT", "/Contacts?summarizeErrors=true", `{"Contacts":[{"ContactStatus":"ACTIVE","Name":"O'Brien & Söhne","FirstName":"Jo","LastName":"B","EmailAddress":"a@example.com",`+
		`"Addresses":[{"AddressType":"STREET","AddressLine1":"1 High St","City":"Perth","PostalCode":"6000","Country":"AU"}],"Phones":[{"PhoneNumber":"1234","PhoneType":"MOBILE"}],`+
		`"IsCustomer":true,"DefaultCurrency":"AUD","PaymentTerms":{"Sales":{"Day":7,"Type":"DAYSAFTERBILLDATE"}}}]}`, "Idempotency-Key", "k-1")
	who := contacts.list("Contacts")[0]
	assert.Equal(t, "ACTIVE", who.text("ContactStatus"))
	assert.Regexp(t, msInstant, who.text("UpdatedDateUTC"))
	id := who.text("ContactID")
	assert.Equal(t, "Joe", a.did("POST", "/Contacts/"+id, `{"Contacts":[{"ContactID":"`+id+`","FirstName":"Joe"}]}`).list("Contacts")[0].text("FirstName"))

	// 2 × 10.50 = 21.00, and 10 % of it: 23.10.
	one := `{"Type":"ACCREC","Contact":{"ContactID":"` + id + `"},"LineItems":[{"Description":"Thing","Quantity":2,"UnitAmount":10.5,"AccountCode":"200","TaxType":"OUTPUT"}],` +
		`"Date":"2026-11-01","DueDate":"2026-12-01","LineAmountTypes":"Exclusive","Reference":"R1","Url":"https://example.com/1","Status":"AUTHORISED","SentToContact":false}`
	two := strings.Replace(strings.Replace(one, "AUTHORISED", "DRAFT", 1), `"Reference"`, `"InvoiceNumber":"X-1","CurrencyCode":"AUD","Reference"`, 1)
	const put = "/Invoices?summarizeErrors=true&unitdp=4"
	made := a.did("PUT", put, `{"Invoices":[`+one+`,`+two+`]}`, "Idempotency-Key", "ik-1").list("Invoices")
	require.Len(t, made, 2)
	again := a.did("PUT", put, `{"Invoices":[`+one+`,`+two+`]}`, "Idempotency-Key", "ik-1").list("Invoices")
	assert.Equal(t, made[0].text("InvoiceID"), again[0].text("InvoiceID"), "the key of the request makes a repetition the first answer")
	assert.Len(t, a.fake.Books().Invoices(), 2)
	inv := made[0]
	for field, want := range map[string]string{
		"Type": "ACCREC", "Status": "AUTHORISED", "LineAmountTypes": "Exclusive", "CurrencyCode": "AUD", "SubTotal": "21.00", "TotalTax": "2.10", "Total": "23.10",
		"Date": msDay(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)), "DateString": "2026-11-01T00:00:00",
		"DueDate": msDay(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)), "DueDateString": "2026-12-01T00:00:00",
	} {
		assert.Equal(t, want, inv.text(field), field)
	}
	assert.Regexp(t, msInstant, inv.text("UpdatedDateUTC"))
	first := made[0].text("InvoiceID")

	// summarizeErrors=false is answered with 200, the errors in the elements; the default with 400.
	bad := strings.Replace(one, `"200"`, `"999"`, 1)
	half := a.did("PUT", "/Invoices?summarizeErrors=false", `{"Invoices":[`+bad+`,`+one+`]}`).list("Invoices")
	assert.Equal(t, "ERROR", half[0].text("StatusAttributeString"))
	assert.NotEmpty(t, half[0].list("ValidationErrors"))
	assert.Equal(t, "OK", half[1].text("StatusAttributeString"))
	r := a.node("PUT", "/Invoices?summarizeErrors=true", `{"Invoices":[`+bad+`]}`)
	assert.Equal(t, 400, r.status)
	assert.NotEmpty(t, decode(t, r.body).list("Elements")[0].list("ValidationErrors"), "the client hands the body on as it is")
	assert.Equal(t, "UP-1", a.did("POST", "/Invoices?summarizeErrors=false&unitdp=4", `{"Invoices":[`+strings.Replace(two, "X-1", "UP-1", 1)+`]}`).list("Invoices")[0].text("InvoiceNumber"))

	changed := a.did("POST", "/Invoices/"+first+"?unitdp=4", `{"Invoices":[{"DueDate":"2026-12-15","Reference":"R2"}]}`, "Idempotency-Key", "u-1").list("Invoices")[0]
	assert.Equal(t, "2026-12-15T00:00:00", changed.text("DueDateString"))
	assert.Equal(t, 204, a.node("POST", "/Invoices/"+first+"/Email", "{}").status, "the client sends an empty object")
	pdf := a.node("GET", "/Invoices/"+first, "", "Accept", "application/pdf")
	assert.Equal(t, "application/pdf", pdf.header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(pdf.body, "%PDF-"), pdf.body)
	assert.True(t, strings.HasPrefix(a.did("GET", "/Invoices/"+first+"/OnlineInvoice", "").list("OnlineInvoices")[0].text("OnlineInvoiceUrl"), "https://in.xero.com/"))
	note := a.did("PUT", "/Invoices/"+first+"/History", `{"HistoryRecords":[{"Details":"note"}]}`).list("HistoryRecords")[0]
	assert.Regexp(t, msInstant, note.text("DateUTC"))

	paid := a.did("PUT", "/Payments?summarizeErrors=true", `{"Payments":[{"Invoice":{"LineItems":[],"InvoiceID":"`+first+`"},"Account":{"Code":"090"},"Date":"2026-11-02","Amount":5,"Reference":"P"}]}`).list("Payments")[0]
	assert.Equal(t, "AUTHORISED", paid.text("Status"))
	assert.Equal(t, "ACCRECPAYMENT", paid.text("PaymentType"))
	assert.Equal(t, "18.10", a.did("GET", "/Invoices/"+first, "").list("Invoices")[0].text("AmountDue"))
	// createPayment, of one, posts the object itself.
	a.did("POST", "/Payments", `{"Invoice":{"InvoiceNumber":"`+inv.text("InvoiceNumber")+`"},"Account":{"Code":"090"},"Date":"2026-11-02","Amount":1.1}`)
	assert.Equal(t, "17.00", a.did("GET", "/Invoices/"+first, "").list("Invoices")[0].text("AmountDue"))
	assert.Equal(t, "DELETED", a.did("POST", "/Payments/"+paid.text("PaymentID"), `{"Status":"DELETED"}`).list("Payments")[0].text("Status"))

	credit := a.did("PUT", "/CreditNotes", `{"CreditNotes":[`+strings.NewReplacer(`"ACCREC"`, `"ACCRECCREDIT"`, `,"Url":"https://example.com/1"`, "", `"DueDate":"2026-12-01",`, "").Replace(one)+`]}`).list("CreditNotes")[0]
	pdf = a.node("GET", "/CreditNotes/"+credit.text("CreditNoteID"), "", "Accept", "application/pdf")
	assert.Equal(t, "application/pdf", pdf.header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(pdf.body, "%PDF-"), pdf.body)
	assert.Contains(t, pdf.body, "Credit note")
	allocated := a.did("PUT", "/CreditNotes/"+credit.text("CreditNoteID")+"/Allocations", `{"Allocations":[{"Invoice":{"InvoiceID":"`+first+`"},"Amount":2,"Date":"2026-11-04"}]}`)
	assert.Equal(t, "2.00", allocated.list("Allocations")[0].text("Amount"))

	assert.Equal(t, "DELETED", a.did("POST", "/Invoices/"+made[1].text("InvoiceID"), `{"Invoices":[{"Status":"DELETED"}]}`).list("Invoices")[0].text("Status"))
}

// The parameters of lists, as axios writes them: a space is a plus, commas and brackets stay, lists are joined.
func TestXeroNodeReads(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	who := a.contact("O'Brien & Söhne")
	var ids []string
	for _, number := range []string{"X-1", "X-2"} {
		made := a.ok("PUT", "/Invoices", invoice(who, "AUTHORISED", `"InvoiceNumber":"`+number+`",`, line("1", "10", "")))
		ids = append(ids, made.list("Invoices")[0].text("InvoiceID"))
	}
	hour := time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05.000Z") // Date.toISOString
	for path, want := range map[string]int{
		"/Invoices":                            2,
		"/Invoices?InvoiceNumbers=X-1,nothing": 1,
		"/Invoices?where=Type%3D%3D%22ACCREC%22&order=UpdatedDateUTC+DESC&IDs=" + ids[0] + "," + ids[1] + "&Statuses=AUTHORISED,DRAFT&page=1&includeArchived=false&createdByMyApp=false&unitdp=4&summaryOnly=false&pageSize=50": 2,
		"/Invoices?ContactIDs=" + who + "&page=1":                                                            2,
		"/Invoices?where=Date+%3E%3D+DateTime(2026,+03,+01)+AND+AmountDue+%3E+0&order=Date+ASC&page=1":       2,
		"/Invoices?where=Date+%3E%3D+DateTime(2026,+04,+01)&page=1":                                          0,
		"/Invoices?page=1&searchTerm=X-2":                                                                    1,
		"/Invoices?page=1&summaryOnly=true":                                                                  2,
		"/Contacts?where=ContactStatus%3D%3D%22ACTIVE%22&order=Name+ASC&IDs=" + who + "&page=1&pageSize=100": 1,
		"/Payments?where=Status%3D%3D%22AUTHORISED%22&order=Date+DESC&page=1&pageSize=100":                   0,
		"/Accounts?where=Status%3D%3D%22ACTIVE%22+AND+Type%3D%3D%22BANK%22&order=Code+ASC":                   2,
	} {
		collection, _, _ := strings.Cut(path[1:], "?")
		got := a.did("GET", path, "", "If-Modified-Since", hour)
		require.NotNil(t, got[collection], path)
		assert.Len(t, got.list(collection), want, path)
		if strings.Contains(path, "page=1") {
			assert.Equal(t, number(int64(want)), got.text("pagination.itemCount"), path)
		}
	}
	later := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	assert.Empty(t, a.did("GET", "/Invoices", "", "If-Modified-Since", later).list("Invoices"))
	for _, path := range []string{"/Organisation", "/Organisation/Actions", "/TaxRates", "/Items", "/Items/WIDGET", "/Currencies", "/BrandingThemes", "/TrackingCategories"} {
		a.did("GET", path, "")
	}
	// What is not in the fake says so, and is no refusal of Xero's.
	for path, method := range map[string]string{
		"/Accounts": "PUT", "/Items": "POST", "/TaxRates": "PUT", "/TrackingCategories": "PUT", "/Quotes": "GET", "/Reports/BalanceSheet": "GET",
		"/Invoices/" + ids[0] + "/Attachments": "GET",
	} {
		r := a.node(method, path, "{}")
		assert.Equal(t, 501, r.status, path)
		assert.Contains(t, r.body, "not in the fake", path)
	}
	assert.NotContains(t, a.node("POST", "/Organisation", "{}").body, "fake", "Xero does not have it either")
}

// initialize, buildConsentUrl, apiCallback, refreshToken, revokeToken and updateTenants of XeroClient, which leaves
// the first five to openid-client: with the scope openid an answer without an identity token is an error there.
func TestXeroNodeSignsIn(t *testing.T) {
	t.Parallel()
	a := free(t, &xerofake.Options{Apps: []xerofake.App{{ClientID: "app", ClientSecret: "secret"}}})
	const host = "http://127.0.0.1:9001" // where a program listens
	ask := func(method, address, body string, h http.Header) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
		require.NoError(t, err)
		r.Header = h
		resp, err := a.fake.Transport().RoundTrip(r)
		require.NoError(t, err)
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	read := func(resp *http.Response) answer {
		require.Equal(t, 200, resp.StatusCode)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return decode(t, string(b))
	}
	discovered := read(ask("GET", host+"/.well-known/openid-configuration", "", nil))
	assert.Equal(t, host, discovered.text("issuer"))

	back := ask("GET", discovered.text("authorization_endpoint")+"?client_id=app&scope=openid%20profile%20email%20offline_access%20accounting.invoices&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%2Fcb&state=xyz", "", nil)
	require.Equal(t, 302, back.StatusCode)
	location, err := url.Parse(back.Header.Get("Location"))
	require.NoError(t, err)
	assert.Equal(t, "xyz", location.Query().Get("state"))

	formed := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Basic YXBwOnNlY3JldA=="}, "Accept": {"application/json"}} // app:secret
	tokens := read(ask("POST", discovered.text("token_endpoint"), "grant_type=authorization_code&code="+location.Query().Get("code")+"&redirect_uri=http%3A%2F%2Flocalhost%2Fcb", formed))
	keys := read(ask("GET", discovered.text("jwks_uri"), "", nil)).list("keys")
	require.Len(t, keys, 1)
	check := func(token string) {
		part := strings.Split(token, ".")
		require.Len(t, part, 3)
		raw := func(s string) []byte {
			b, err := base64.RawURLEncoding.DecodeString(s)
			require.NoError(t, err)
			return b
		}
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(raw(keys[0].text("n"))), E: int(new(big.Int).SetBytes(raw(keys[0].text("e"))).Int64())}
		sum := sha256.Sum256([]byte(part[0] + "." + part[1]))
		require.NoError(t, rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], raw(part[2])))
		var head, claims answer
		require.NoError(t, json.Unmarshal(raw(part[0]), &head))
		require.NoError(t, json.Unmarshal(raw(part[1]), &claims))
		assert.Equal(t, keys[0].text("kid"), head.text("kid"))
		assert.Equal(t, "RS256", head.text("alg"))
		assert.Equal(t, host, claims.text("iss"))
		assert.Equal(t, "app", claims.text("aud"))
		for _, name := range []string{"sub", "exp", "iat", "email", "given_name", "xero_userid"} {
			assert.NotEmpty(t, claims.text(name), name)
		}
	}
	check(tokens.text("id_token"))
	tokens = read(ask("POST", discovered.text("token_endpoint"), "grant_type=refresh_token&refresh_token="+tokens.text("refresh_token"), formed))
	check(tokens.text("id_token"))

	plain := http.Header{"Accept": {"application/json, text/plain, */*"}, "User-Agent": {"axios/1.21.1"}, "Authorization": {"Bearer " + tokens.text("access_token")}}
	resp := ask("GET", host+"/connections", "", plain)
	var connections []answer
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&connections))
	require.Len(t, connections, 1)
	assert.Equal(t, a.tenant, connections[0].text("tenantId"))
	assert.Equal(t, "ORGANISATION", connections[0].text("tenantType"))
	assert.Equal(t, 204, ask("DELETE", host+"/connections/"+connections[0].text("id"), "", plain).StatusCode)
	assert.Equal(t, 200, ask("POST", discovered.text("revocation_endpoint"), "token="+tokens.text("refresh_token"), formed).StatusCode)

	// Without the scope there is no identity token, as with Xero.
	own := read(ask("POST", host+"/connect/token", "grant_type=client_credentials&scope=accounting.invoices", formed))
	assert.Empty(t, own.text("id_token"))
}
