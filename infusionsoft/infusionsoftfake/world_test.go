package infusionsoftfake_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

func TestBooksFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "books.jsonl")
	open := func() *infusionsoftfake.Fake {
		return newFake(t, &infusionsoftfake.Options{BooksFile: file, Tokens: []infusionsoftfake.Token{{Value: "token"}}})
	}
	f := open()
	mustContact(t, f.Books)
	_, err := f.AddProduct(infusionsoftfake.Product{Name: "Widget", SKU: "W", Price: dec("3.1")})
	require.NoError(t, err)
	mustOrder(t, f.Books, infusionsoftfake.Order{ContactID: 11, Items: []infusionsoftfake.Item{{ProductID: 31, Price: dec("10.005")}}, Total: ptr("12.5")})
	status, _, _ := do(t, f, http.MethodPost, "/v2/orders/1001/payments", object{"apply_to_commissions": true, "payment_method_type": "Cash", "payment_amount": num("2.5")})
	require.Equal(t, http.StatusCreated, status)
	mustOrder(t, f.Books, infusionsoftfake.Order{})
	require.NoError(t, f.DeleteOrder(1002))
	pair, err := f.Grant("xx123.infusionsoft.com", "client")
	require.NoError(t, err)

	see := func(f *infusionsoftfake.Fake) []any {
		var all []any
		for _, path := range []string{"/v2/orders", "/v2/orders/1001/payments", "/v2/sales/payments", "/v2/sales/transactions", "/v2/contacts", "/v2/products"} {
			all = append(all, get(t, f, path))
		}
		return all
	}
	before := see(f)
	require.NoError(t, f.Close())
	status, _, _ = do(t, f, http.MethodGet, "/v2/orders", nil)
	require.Equal(t, http.StatusInternalServerError, status, "a closed fake")

	f = open()
	require.Equal(t, before, see(f))
	status, _, _ = doAs(t, f, pair.Access, http.MethodGet, "/v2/orders", nil)
	require.Equal(t, http.StatusOK, status, "tokens are part of the world")
	next := mustOrder(t, f.Books, infusionsoftfake.Order{})
	require.Equal(t, []int64{1003, 911}, []int64{next.ID, next.InvoiceID}, "a deleted order's ids are not used again")
	require.NoError(t, f.Close())

	// A kill inside the last write tears the last line: that change has not happened.
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, raw[:len(raw)-5], 0o600))
	f = open()
	require.Equal(t, before, see(f))
	require.Equal(t, int64(1003), mustOrder(t, f.Books, infusionsoftfake.Order{}).ID)
	require.NoError(t, f.Close())
	f = open()
	require.Len(t, f.Orders(), 2, "what was written behind the torn line is whole")
	require.NoError(t, f.Close())

	// A line in the middle that cannot be read is no torn line.
	raw, err = os.ReadFile(file)
	require.NoError(t, err)
	first, rest, _ := bytes.Cut(raw, []byte("\n"))
	require.NoError(t, os.WriteFile(file, append(append(first[:len(first)-3], '\n'), rest...), 0o600))
	_, err = infusionsoftfake.New(&infusionsoftfake.Options{BooksFile: file})
	require.ErrorContains(t, err, "line 1")
}

func TestLoadOfficialExamples(t *testing.T) {
	t.Parallel()
	specs := os.Getenv("INVOICESYNC_SPECS")
	if specs == "" {
		t.Skip("INVOICESYNC_SPECS is not set: the vendor's own examples are not loaded")
	}
	file := filepath.Join(specs, "infusionsoft", "rest-v2", "examples-from-spec.json")
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var official map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&official))

	f := newFake(t, nil)
	for range 2 { // once more changes nothing
		loaded, err := f.LoadDir(filepath.Dir(file))
		require.NoError(t, err)
		require.Equal(t, 1, loaded.Orders, "ListOrders and OrderV2 hold the same order")
		require.Equal(t, 1, loaded.Rows)
		require.Contains(t, loaded.Ignored, "RestCreateOrderRequest")
		require.Contains(t, loaded.Ignored, "Error")
	}
	require.Equal(t, official["OrderV2"], get(t, f, "/v2/orders/123"))
	for path, c := range map[string][2]string{
		"/v2/orders":              {"ListOrders", "orders"},
		"/v2/orders/123/payments": {"ListOrderPaymentsResponse", "invoice_order_payments"},
		"/v2/sales/payments":      {"ListPayments", "payments"},
		"/v2/contacts":            {"ListContactsResponse", "contacts"},
		"/v2/subscriptions":       {"ListSubscriptionsResponse", "subscriptions"},
	} {
		require.Equal(t, official[c[0]].(object)[c[1]], get(t, f, path)[c[1]], path)
	}
	require.Equal(t, official["Contact"], get(t, f, "/v2/contacts/1001"))
	require.Equal(t, official["Company"], get(t, f, "/v2/companies/123"))
	require.Equal(t, official["GetBusinessProfileResponse"], get(t, f, "/v2/businessProfile"))

	o, ok := f.Order(123)
	require.True(t, ok)
	require.Equal(t, "100", o.Total.String(), "10000 cents")
	require.Equal(t, int64(456), o.InvoiceID)
	require.Equal(t, []string{"123"}, ids(t, get(t, f, "/v2/orders"+query("filter", "invoice_id==456;id>122;paid==true")), "orders"))
}

func TestLoadedRecordsGoOnLiving(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	write("ListOrders.json", `{"orders":[{"id":"50","invoice_id":"40","title":"Old","status":"SENT","order_items":[],"surprise":{"a":[1]},
		"total":{"amount":10000,"currency_code":"USD"},"total_paid":{"amount":2500,"currency_code":"USD"},"modification_time":"2026-01-01T00:00:00Z"}],"next_page_token":"x"}`)
	write("ListOrderPaymentsResponse.json", `{"invoice_order_payments":[{"id":"5","invoice_id":"40","payment_id":"6","amount":25.00,"pay_status":"APPROVED"}]}`)
	f := newFake(t, &infusionsoftfake.Options{BooksFile: filepath.Join(t.TempDir(), "books")})
	_, err := f.LoadDir(dir)
	require.NoError(t, err)
	require.Equal(t, []string{"6"}, ids(t, get(t, f, "/v2/sales/payments"), "payments"), "no feed was loaded: it follows from the rows")

	pay := func(amount num) int {
		status, _, _ := do(t, f, http.MethodPost, "/v2/orders/50/payments", object{
			"apply_to_commissions": true, "payment_method_type": "Cash", "payment_amount": amount,
		})
		return status
	}
	require.Equal(t, http.StatusBadRequest, pay("75.01"), "25 of 100 are paid")
	require.Equal(t, http.StatusCreated, pay("75"))
	got := get(t, f, "/v2/orders/50")
	require.Equal(t, "10000", minor(t, got, "total_paid"))
	require.Equal(t, []any{"PAID", "Old"}, []any{got["status"], got["title"]})
	require.Contains(t, got, "surprise")

	require.NoError(t, f.EditOrder(50, func(o *infusionsoftfake.Order) { o.Title = "New" }))
	got = get(t, f, "/v2/orders/50")
	require.Equal(t, "New", got["title"])
	require.NotEqual(t, "2026-01-01T00:00:00Z", got["modification_time"])
	require.Contains(t, got, "surprise")
	require.Equal(t, int64(1001), mustOrder(t, f.Books, infusionsoftfake.Order{}).ID, "the counters stay ahead")
}

func TestLoadErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"ListOrders.json":                `{"orders":[{"id":"abc"}]}`,
		"OrderV2.json":                   `[]`,
		"ListPayments.json":              `{"rows":[]}`,
		"broken.json":                    `{"ListOrders":`,
		"strange.json":                   `{"Something":{}}`,
		"ListOrderPaymentsResponse.json": `{"invoice_order_payments":[{"id":"1","invoice_id":"7","amount":1}]}`,
		"examples.json":                  `{"OrderV2":{"id":"1","total":{"amount":"x"}}}`,
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		f := newFake(t, nil)
		_, err := f.LoadDir(dir)
		require.Error(t, err, name)
		require.True(t, strings.HasPrefix(err.Error(), "infusionsoftfake: loading"), err)
		require.ErrorContains(t, err, name)
		require.Empty(t, f.Orders(), "all or nothing")
	}
	f := newFake(t, nil)
	_, err := f.LoadDir(t.TempDir())
	require.ErrorContains(t, err, "holds no *.json file")
	_, err = f.Load("nowhere.json")
	require.ErrorContains(t, err, "nowhere.json")
}
