package infusionsoftfake_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

const base = "https://api.infusionsoft.com/crm/rest"

type (
	object = map[string]any
	num    = json.Number
)

func newFake(t *testing.T, options *infusionsoftfake.Options) *infusionsoftfake.Fake {
	t.Helper()
	if options == nil {
		options = &infusionsoftfake.Options{}
	}
	if options.Limits == (infusionsoftfake.Limits{}) {
		options.Limits = infusionsoftfake.NoLimits()
	}
	f, err := infusionsoftfake.New(options)
	require.NoError(t, err)
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func tenant(currency string) []infusionsoftfake.Tenant {
	return []infusionsoftfake.Tenant{{ID: "xx123.infusionsoft.com", Currency: currency}}
}

// do sends a request and decodes the answer with exact numbers.
func do(t *testing.T, f *infusionsoftfake.Fake, method, path string, body any) (int, object, http.Header) {
	t.Helper()
	return doAs(t, f, "token", method, path, body)
}

func doAs(t *testing.T, f *infusionsoftfake.Fake, token, method, path string, body any) (int, object, http.Header) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		raw, ok := body.(string)
		if !ok {
			encoded, err := json.Marshal(body)
			require.NoError(t, err)
			raw = string(encoded)
		}
		reader = bytes.NewBufferString(raw)
	}
	req, err := http.NewRequest(method, base+path, reader)
	require.NoError(t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := f.Client(token).Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	var decoded object
	decoder := json.NewDecoder(res.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&decoded); err != nil && res.StatusCode != http.StatusNoContent {
		require.NoError(t, err)
	}
	return res.StatusCode, decoded, res.Header
}

func get(t *testing.T, f *infusionsoftfake.Fake, path string) object {
	t.Helper()
	status, body, _ := do(t, f, http.MethodGet, path, nil)
	require.Equal(t, http.StatusOK, status, "%v", body)
	return body
}

func query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "?" + q.Encode()
}

func ids(t *testing.T, body object, member string) []string {
	t.Helper()
	var all []string
	for _, r := range body[member].([]any) {
		all = append(all, r.(object)["id"].(string))
	}
	return all
}

// minor is the integer of a CurrencyValue.
func minor(t *testing.T, o object, name string) string {
	t.Helper()
	require.Contains(t, o, name)
	return o[name].(object)["amount"].(json.Number).String()
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func ptr(s string) *decimal.Decimal { d := dec(s); return &d }

func mustContact(t *testing.T, b *infusionsoftfake.Books) infusionsoftfake.Contact {
	t.Helper()
	c, err := b.AddContact(infusionsoftfake.Contact{
		GivenName: "Mary", FamilyName: "Smith", Emails: []infusionsoftfake.Email{{Email: "mary@example.com"}},
	})
	require.NoError(t, err)
	return c
}

func mustOrder(t *testing.T, b *infusionsoftfake.Books, o infusionsoftfake.Order) infusionsoftfake.Order {
	t.Helper()
	stored, err := b.AddOrder(o)
	require.NoError(t, err)
	return stored
}

func line(price string) []infusionsoftfake.Item {
	return []infusionsoftfake.Item{{Name: "Thing", Price: dec(price)}}
}

func TestBearerIsNeeded(t *testing.T) {
	t.Parallel()
	f := newFake(t, &infusionsoftfake.Options{Tokens: []infusionsoftfake.Token{{Value: "good"}}})
	for token, want := range map[string]int{"good": 200, "bad": 401, "": 401} {
		status, _, _ := doAs(t, f, token, http.MethodGet, "/v2/orders", nil)
		require.Equal(t, want, status, "token %q", token)
	}
	status, _, _ := doAs(t, f, "", http.MethodGet, "/v2/orders?access_token=good", nil)
	require.Equal(t, 401, status, "a token in the query string is not taken")
	require.Equal(t, infusionsoftfake.Counts{Calls: 4, ByRoute: map[string]int{"GET /v2/orders": 4}, Created: map[string]int{}}, f.Counts())
}

func TestTenantsAreApart(t *testing.T) {
	t.Parallel()
	f := newFake(t, &infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{{ID: "aa1.infusionsoft.com"}, {ID: "bb2.infusionsoft.com", Currency: "GBP"}}})
	mustOrder(t, f.In("bb2.infusionsoft.com"), infusionsoftfake.Order{Items: line("5")})
	_, first, header := doAs(t, f, "anything", http.MethodGet, "/v2/orders", nil)
	require.Empty(t, first["orders"])
	require.Equal(t, "aa1.infusionsoft.com", header.Get("x-keap-tenant-id"))
	_, second, _ := doAs(t, f, "bb2.infusionsoft.com", http.MethodGet, "/v2/orders", nil)
	require.Len(t, second["orders"], 1)
	total := second["orders"].([]any)[0].(object)["total"].(object)
	require.Equal(t, object{"amount": json.Number("500"), "currency_code": "GBP", "formatted_amount": "£5.00"}, total)
}

func TestMoneyUnits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ currency, price, paid, total, row string }{
		{"USD", "12.34", "2.34", "1234", "2.34"},
		{"JPY", "1234", "234", "1234", "234"},
		{"KWD", "1.234", "0.234", "1234", "0.234"},
	} {
		f := newFake(t, &infusionsoftfake.Options{Tenants: tenant(c.currency)})
		o := mustOrder(t, f.Books, infusionsoftfake.Order{Items: line(c.price)})
		_, err := f.AddPayment(infusionsoftfake.Payment{OrderID: o.ID, Amount: dec(c.paid)})
		require.NoError(t, err)
		got := get(t, f, "/v2/orders/1001")
		require.Equal(t, c.total, minor(t, got, "total"), c.currency)
		require.Equal(t, c.total, minor(t, got, "total_due"), "total_due is not the balance")
		rows := get(t, f, "/v2/orders/1001/payments")["invoice_order_payments"].([]any)
		require.Equal(t, c.row, rows[0].(object)["amount"].(json.Number).String(), c.currency)
		feed := get(t, f, "/v2/sales/payments")["payments"].([]any)
		require.Equal(t, c.row, feed[0].(object)["amount"].(json.Number).String(), c.currency)
	}
	f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{InvoicePaymentsInMinorUnits: true}})
	o := mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("12.34")})
	_, err := f.AddPayment(infusionsoftfake.Payment{OrderID: o.ID, Amount: dec("2.34")})
	require.NoError(t, err)
	rows := get(t, f, "/v2/orders/1001/payments")["invoice_order_payments"].([]any)
	require.Equal(t, "234", rows[0].(object)["amount"].(json.Number).String())
}

// 2 × 50.00 + 8.25 tax + 5.00 shipping − 10.00 discount = 103.25, whatever the discount looks like.
func TestDiscountShapes(t *testing.T) {
	t.Parallel()
	for shape, want := range map[infusionsoftfake.DiscountShape]object{
		infusionsoftfake.DiscountNegativePrice: {"price": "-1000"},
		infusionsoftfake.DiscountPositivePrice: {"price": "1000"},
		infusionsoftfake.DiscountField:         {"price": "0", "discount": "1000"},
		infusionsoftfake.DiscountSpecial:       {"price": "0", "special": object{"amount": json.Number("10"), "discount_method": "AMOUNT"}},
		infusionsoftfake.DiscountPercent:       {"price": "0", "special": object{"amount": json.Number("10"), "discount_method": "PERCENT"}},
	} {
		f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{DiscountShape: shape}})
		mustOrder(t, f.Books, infusionsoftfake.Order{Items: []infusionsoftfake.Item{
			{Name: "Widget", Quantity: 2, Price: dec("50")}, {Type: "TAX", Price: dec("8.25")},
			{Type: "SHIPPING", Price: dec("5")}, {Type: "DISCOUNT", Name: "Off", Price: dec("10")},
		}})
		got := get(t, f, "/v2/orders/1001")
		require.Equal(t, "10325", minor(t, got, "total"), shape)
		item := got["order_items"].([]any)[3].(object)
		require.Equal(t, want["price"], minor(t, item, "price_per_unit"), shape)
		if want["discount"] != nil {
			require.Equal(t, want["discount"], minor(t, item, "discount"), shape)
		}
		require.Equal(t, want["special"], item["special"], shape)
	}
}

func TestDiscountsAsGiven(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	goods := infusionsoftfake.Item{Name: "Widget", Quantity: 3, Price: dec("33.33")} // 99.99
	for _, c := range []struct {
		discount infusionsoftfake.Item
		total    string
	}{
		{infusionsoftfake.Item{Type: "DISCOUNT", Discount: ptr("9.99")}, "90"},
		{infusionsoftfake.Item{Type: "DISCOUNT_ORDER_TOTAL", Special: &infusionsoftfake.Special{Amount: dec("0.99")}}, "99"},
		{infusionsoftfake.Item{Type: "DISCOUNT_PRODUCT", Special: &infusionsoftfake.Special{Amount: dec("15"), Percent: true}}, "84.99"}, // 15 % is 14.9985, rounded 15.00
		{infusionsoftfake.Item{Type: "DISCOUNT", Price: dec("-9.99")}, "90"},
	} {
		o := mustOrder(t, f.Books, infusionsoftfake.Order{Items: []infusionsoftfake.Item{goods, c.discount}})
		totals, ok := f.Totals(o.ID)
		require.True(t, ok)
		require.Equal(t, c.total, totals.Total.String())
	}
}

func TestOverriddenTotals(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("10"), Total: ptr("11"), TotalPaid: ptr("4")})
	got := get(t, f, "/v2/orders/1001")
	require.Equal(t, "1100", minor(t, got, "total"))
	require.Equal(t, "400", minor(t, got, "total_paid"))
	require.Equal(t, "DRAFT", got["status"])
}

func TestPlans(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC) // still February 28 in New York
	ordinary := mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("100"), OrderTime: at})
	plan := get(t, f, "/v2/orders/1001")["payment_plan"].(object)
	items := plan["payment_plan_items"].([]any)
	require.Len(t, items, 1, "an ordinary order has a plan too")
	require.Equal(t, "2026-02-28", items[0].(object)["due_date"])
	require.Equal(t, "UNPAID_MANUAL", items[0].(object)["status"])

	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("100"), OrderTime: at, Plan: &infusionsoftfake.PaymentPlan{
		InitialPaymentAmount: ptr("10"), StartDate: "2026-03-31", NumberOfPayments: 4, DaysBetweenPayments: 30,
	}})
	_, err := f.AddPayment(infusionsoftfake.Payment{OrderID: 1002, Amount: dec("40")})
	require.NoError(t, err)
	items = get(t, f, "/v2/orders/1002")["payment_plan"].(object)["payment_plan_items"].([]any)
	var got [][]string
	for _, i := range items {
		item := i.(object)
		got = append(got, []string{item["due_date"].(string), minor(t, item, "amount_due"), minor(t, item, "amount_paid"), item["status"].(string)})
	}
	require.Equal(t, [][]string{ // 10 at once, then (100 − 10) / 4 = 22.50
		{"2026-03-31", "1000", "1000", "PAID"},
		{"2026-03-31", "2250", "2250", "PAID"},
		{"2026-04-30", "2250", "750", "UNPAID_MANUAL"},
		{"2026-05-30", "2250", "0", "UNPAID_MANUAL"},
		{"2026-06-29", "2250", "0", "UNPAID_MANUAL"},
	}, got)

	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("100"), NoPlan: true})
	require.NotContains(t, get(t, f, "/v2/orders/1003"), "payment_plan")
	require.NotEqual(t, ordinary.ID, ordinary.InvoiceID)
}

func TestPaymentLife(t *testing.T) {
	t.Parallel()
	for _, reduce := range []bool{false, true} {
		f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{RefundsReduceTotalPaid: reduce}})
		o := mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("100"), ModificationTime: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		paid := func() string { return minor(t, get(t, f, "/v2/orders/1001"), "total_paid") }
		p, err := f.AddPayment(infusionsoftfake.Payment{OrderID: o.ID, Amount: dec("60"), Status: "PENDING"})
		require.NoError(t, err)
		require.Equal(t, "0", paid())
		require.NoError(t, f.SettlePayment(p.ID))
		require.Equal(t, "6000", paid())
		require.Error(t, f.SettlePayment(p.ID), "it is not pending any more")
		refund, err := f.RefundPayment(p.ID, dec("25"))
		require.NoError(t, err)
		want := "6000"
		if reduce {
			want = "3500"
		}
		require.Equal(t, want, paid())
		got := get(t, f, "/v2/orders/1001")
		require.Equal(t, "2500", minor(t, got, "refund_total"))
		require.Equal(t, "PARTIAL", got["refund_status"])
		require.Equal(t, "2026-01-01T00:00:00Z", got["modification_time"], "payments do not bump their order")
		rows := get(t, f, "/v2/orders/1001/payments")["invoice_order_payments"].([]any)
		require.Len(t, rows, 2)
		require.Equal(t, "REFUNDED", rows[1].(object)["pay_status"])
		require.Equal(t, "-25", rows[1].(object)["amount"].(json.Number).String())
		require.Equal(t, rows[0].(object)["id"], rows[1].(object)["refund_invoice_payment_id"])
		feed := get(t, f, "/v2/sales/payments"+query("order_by", "id asc"))["payments"].([]any)
		require.Equal(t, feed[1].(object)["id"], feed[0].(object)["refund_payment_id"])
		require.NoError(t, f.VoidPayment(p.ID))
		require.Error(t, f.FailPayment(refund.ID))
		require.Len(t, get(t, f, "/v2/sales/transactions")["transactions"].([]any), 4, "pending, settled, refunded, voided")
	}
}

func TestOnePaymentOverTwoOrders(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("30")})
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("20")})
	p, err := f.AddPayment(infusionsoftfake.Payment{Shares: []infusionsoftfake.Share{{OrderID: 1001, Amount: dec("30")}, {OrderID: 1002, Amount: dec("5.5")}}})
	require.NoError(t, err)
	require.Equal(t, "35.5", p.Amount.String())
	feed := get(t, f, "/v2/sales/payments"+query("filter", "order_id==1002"))["payments"].([]any)
	require.Len(t, feed, 1)
	require.Equal(t, []any{"1001", "1002"}, feed[0].(object)["order_ids"])
	require.Equal(t, "550", minor(t, get(t, f, "/v2/orders/1002"), "total_paid"))
	require.Equal(t, "PAID", get(t, f, "/v2/orders/1001")["status"])
}

func TestUserMayDeleteWhatTheAPIMayNot(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("30")})
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("30")})
	_, err := f.AddPayment(infusionsoftfake.Payment{OrderID: 1001, Amount: dec("1"), Status: "FAILED"})
	require.NoError(t, err)
	status, _, _ := do(t, f, http.MethodDelete, "/v2/orders/1001", nil)
	require.Equal(t, http.StatusConflict, status, "a failed attempt is a transaction too")
	status, _, _ = do(t, f, http.MethodDelete, "/v2/orders/1002", nil)
	require.Equal(t, http.StatusNoContent, status)
	require.NoError(t, f.DeleteOrder(1001))
	status, _, _ = do(t, f, http.MethodGet, "/v2/orders/1001", nil)
	require.Equal(t, http.StatusNotFound, status)
	require.Equal(t, 2, f.Writes(), "a refused one is a request to write")
}

func TestInvoiceNumberSwitch(t *testing.T) {
	t.Parallel()
	for shape, want := range map[infusionsoftfake.InvoiceNumber]any{
		infusionsoftfake.InvoiceNumberAbsent: nil, infusionsoftfake.InvoiceNumberStored: "INV-7",
		infusionsoftfake.InvoiceNumberOrderID: "1001", infusionsoftfake.InvoiceNumberInvoiceID: "909",
	} {
		f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{InvoiceNumber: shape}})
		mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("30"), InvoiceNumber: "INV-7"})
		require.Equal(t, want, get(t, f, "/v2/orders/1001")["invoice_number"], shape)
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("1")})
	server, err := f.Listen()
	require.NoError(t, err)
	req, err := http.NewRequest(http.MethodGet, server.URL+"/crm/rest/v1/orders", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer x")
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	var page struct{ Next string }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&page))
	require.NoError(t, res.Body.Close())
	require.Equal(t, server.URL+"/crm/rest/v1/orders?limit=1000&offset=1000", page.Next)
	require.NoError(t, server.Close())
}

func TestManyCallersPayNoMoreThanTheBalance(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("10")})
	var created atomic.Int32
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			body := bytes.NewBufferString(`{"payment_amount":3,"payment_method_type":"Cash","apply_to_commissions":true}`)
			res, err := f.Client("t").Post(base+"/v2/orders/1001/payments", "application/json", body)
			if err == nil && res.StatusCode == http.StatusCreated {
				created.Add(1)
			}
		})
	}
	group.Wait()
	require.Equal(t, int32(3), created.Load())
	totals, _ := f.Totals(1001)
	require.Equal(t, "1", totals.Balance.String())
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, o := range []infusionsoftfake.Options{
		{Tenants: []infusionsoftfake.Tenant{{}}},
		{Tenants: []infusionsoftfake.Tenant{{ID: "a"}, {ID: "a"}}},
		{Tenants: []infusionsoftfake.Tenant{{ID: "a", TimeZone: "Mars/Olympus"}}},
		{Tenants: []infusionsoftfake.Tenant{{ID: "a", Currency: "dollars"}}},
		{Tokens: []infusionsoftfake.Token{{Value: "x", Tenant: "nobody"}}},
		{Switches: infusionsoftfake.Switches{DefaultPageSize: 1001}},
		{Switches: infusionsoftfake.Switches{LastPageToken: "zzz"}},
	} {
		_, err := infusionsoftfake.New(&o)
		require.ErrorContains(t, err, "infusionsoftfake: ")
	}
}
