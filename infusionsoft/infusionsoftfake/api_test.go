package infusionsoftfake_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

func order(extra object) object {
	o := object{"contact_id": "11", "order_time": "2026-05-01T12:00:00Z", "order_title": "By API", "order_type": "OFFLINE"}
	for k, v := range extra {
		if v == nil {
			delete(o, k)
		} else {
			o[k] = v
		}
	}
	return o
}

func items(all ...object) object { return object{"order_items": all} }

func TestCreateOrder(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustContact(t, f.Books)
	_, err := f.AddProduct(infusionsoftfake.Product{Name: "Widget", SKU: "W-1", Price: dec("19.99"), ShortDescription: "w"})
	require.NoError(t, err)
	status, got, _ := do(t, f, http.MethodPost, "/v2/orders", order(object{
		"external_create_user": "ABCDEFGHIJKLMNOP",
		"order_items": []object{
			{"quantity": 3, "product_id": "31"},
			{"quantity": 1, "product_id": "31", "price_per_unit": num("5.25"), "name": "Special widget"},
			{"quantity": 1, "item_type": "TAX", "name": "Tax", "price_per_unit": num("4.81")},
			{"quantity": 1, "item_type": "DISCOUNT", "name": "Off", "price_per_unit": num("-2.5")},
		},
	}))
	require.Equal(t, http.StatusCreated, status, "%v", got)
	require.Equal(t, "6753", minor(t, got, "total")) // 59.97 + 5.25 + 4.81 − 2.50
	require.Equal(t, "API", got["source_type"])
	require.Equal(t, "ABCDEFGHIJKLMNOP", got["external_create_user"])
	require.NotEqual(t, got["id"], got["invoice_id"])
	require.Equal(t, "mary@example.com", got["contact"].(object)["email"])
	first := got["order_items"].([]any)[0].(object)
	require.Equal(t, "Widget", first["name"])
	require.Equal(t, "W-1", first["product"].(object)["sku"])
	require.Equal(t, got, get(t, f, "/v2/orders/"+got["id"].(string)))
	require.Equal(t, 1, f.Writes())
	require.Equal(t, map[string]int{"orders": 1}, f.Counts().Created)
}

func TestCreateOrderRefusals(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustContact(t, f.Books)
	_, err := f.AddProduct(infusionsoftfake.Product{Name: "Widget", ShortDescription: "w"})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		body any
		text string
	}{
		"unknown property":     {order(object{"price": 1}), "Unrecognized property: price"},
		"case matters":         {order(object{"Notes": "x"}), "Unrecognized property: Notes"},
		"inner property":       {order(items(object{"quantity": 1, "product_id": "31", "sku": "x"})), "Unrecognized property: sku"},
		"missing":              {order(object{"order_title": nil}), "order_title is required"},
		"null":                 {`{"contact_id":"11","order_time":null,"order_title":"x","order_type":"ONLINE"}`, "order_time is required"},
		"id is a string":       {order(object{"contact_id": 11}), "contact_id must be a string"},
		"no such contact":      {order(object{"contact_id": "99"}), "contact_id 99 does not exist"},
		"enum":                 {order(object{"order_type": "Online"}), "order_type must be one of ONLINE, OFFLINE"},
		"time":                 {order(object{"order_time": "2026-05-01"}), "order_time must be an ISO-8601 date and time (e.g. 2024-05-21T23:00:00Z)"},
		"no quantity":          {order(items(object{"product_id": "31"})), "order_items[0].quantity is required"},
		"quantity 0":           {order(items(object{"quantity": 0, "product_id": "31"})), "order_items[0].quantity must be greater than or equal to 1"},
		"half a quantity":      {order(items(object{"quantity": num("1.5"), "product_id": "31"})), "order_items[0].quantity must be an integer"},
		"no product":           {order(items(object{"quantity": 1})), "order_items[0].product_id is required for item_type PRODUCT"},
		"product of a tax":     {order(items(object{"quantity": 1, "item_type": "TAX", "product_id": "31"})), "order_items[0].product_id is only used for item_type PRODUCT or SUBSCRIPTION"},
		"read-only type":       {order(items(object{"quantity": 1, "item_type": "SERVICE", "name": "x", "price_per_unit": 1})), "order_items[0].item_type must be one of PRODUCT, SHIPPING, TAX, FINANCE_CHARGE, SUBSCRIPTION, DISCOUNT, DISCOUNT_FREE_TRIAL, DISCOUNT_ORDER_TOTAL, DISCOUNT_PRODUCT, DISCOUNT_PRODUCT_CATEGORY, DISCOUNT_SHIPPING, OTHER, FEE"},
		"blank name":           {order(items(object{"quantity": 1, "product_id": "31", "name": " "})), "order_items[0].name must not be blank"},
		"negative price":       {order(items(object{"quantity": 1, "product_id": "31", "price_per_unit": -1})), "order_items[0].price_per_unit must be greater than or equal to 0"},
		"price in quotes":      {order(items(object{"quantity": 1, "product_id": "31", "price_per_unit": "1"})), "order_items[0].price_per_unit must be a number"},
		"no plan":              {order(items(object{"quantity": 1, "product_id": "31", "item_type": "SUBSCRIPTION"})), `order_items[0].subscription_plan_id "" is not a valid subscription plan id`},
		"unknown custom field": {order(object{"custom_fields": []object{{"id": "5", "content": "x"}}}), "custom_fields: there is no field 5"},
		"negative total":       {order(items(object{"quantity": 1, "item_type": "DISCOUNT", "name": "x", "price_per_unit": -1})), "The order total must not be negative"},
		"not JSON":             {`{"contact_id":`, "Malformed JSON request"},
		"two documents":        {`{} {}`, "Malformed JSON request"},
	} {
		status, got, _ := do(t, f, http.MethodPost, "/v2/orders", c.body)
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Equal(t, c.text, got["message"], name)
		require.Equal(t, "400", fmt.Sprint(got["code"]), name)
	}
	require.Empty(t, f.Counts().Created)
	require.Empty(t, f.Orders())
}

func TestPatchOrder(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	o := mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("10"), Notes: "old", Terms: "old", Title: "T", ModificationTime: time.Unix(1, 0)})
	path := "/v2/orders/1001"
	status, got, _ := do(t, f, http.MethodPatch, path+"?update_mask=notes", object{"notes": "new", "terms": "new"})
	require.Equal(t, http.StatusOK, status, "%v", got)
	require.Equal(t, []any{"new", "old"}, []any{got["notes"], got["terms"]}, "the mask decides")
	require.NotEqual(t, "1970-01-01T00:00:01Z", got["modification_time"])
	_, got, _ = do(t, f, http.MethodPatch, path+"?update_mask=notes&update_mask=terms", object{"terms": "newer"})
	require.NotContains(t, got, "notes", "masked and missing is emptied")
	require.Equal(t, "newer", got["terms"])
	_, got, _ = do(t, f, http.MethodPatch, path, object{"external_update_time": "2026-05-01T00:00:00Z"})
	require.Equal(t, "2026-05-01T00:00:00Z", got["external_update_time"])
	for suffix, body := range map[string]object{
		"?update_mask=nonsense":          {},
		"?update_mask=notes,notes":       {},
		"?update_mask=order_title":       {},
		"":                               {"order_items": []any{}},
		"?mask=notes":                    {},
		"?update_mask=order_time&zzz=11": {"order_time": "2026-05-01T00:00:00Z"},
	} {
		status, got, _ := do(t, f, http.MethodPatch, path+suffix, body)
		require.Equal(t, http.StatusBadRequest, status, "%s: %v", suffix, got)
	}
	stored, _ := f.Order(o.ID)
	require.Equal(t, "T", stored.Title)
}

func TestCreatePayment(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	// 3 × 3.335 = 10.005: the wire shows 10.01, and 10.00 is the most that can be paid in cents.
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: []infusionsoftfake.Item{{Quantity: 3, Price: dec("3.335")}}})
	require.Equal(t, "1001", minor(t, get(t, f, "/v2/orders/1001"), "total"))
	pay := func(extra object) (int, object) {
		body := object{"apply_to_commissions": false, "payment_method_type": "Check"}
		for k, v := range extra {
			body[k] = v
		}
		status, got, _ := do(t, f, http.MethodPost, "/v2/orders/1001/payments", body)
		return status, got
	}
	for name, c := range map[string]struct {
		body object
		text string
	}{
		"too much":        {object{"payment_amount": num("10.01")}, "The manual payment amount exceeds the amount due on the invoices being processed"},
		"fraction":        {object{"payment_amount": num("10.005")}, "payment_amount has more decimals than USD"},
		"nothing":         {object{"payment_amount": 0}, "payment_amount must be greater than 0"},
		"text amount":     {object{"payment_amount": "10"}, "payment_amount must be a number"},
		"missing":         {object{}, "payment_amount is required"},
		"type not exact":  {object{"payment_amount": 10, "payment_method_type": "check"}, "payment_method_type is not a Manual Payment Type of this application"},
		"no type":         {object{"payment_amount": 10, "payment_method_type": ""}, "At least one of payment_method_id or payment_method_type is required"},
		"commissions":     {object{"payment_amount": 10, "apply_to_commissions": nil}, "apply_to_commissions is required"},
		"unknown":         {object{"payment_amount": 10, "amount": 1}, "Unrecognized property: amount"},
		"charging a card": {object{"payment_amount": 10, "payment_method_id": "4"}, "payment_method_id 4 is not a payment method of this contact"},
	} {
		status, got := pay(c.body)
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Equal(t, c.text, got["message"], name)
	}
	require.Equal(t, 1, f.CardCharges())

	status, got := pay(object{"payment_amount": 10, "notes": "MARK", "payment_time": "2026-07-01T03:00:00Z"})
	require.Equal(t, http.StatusCreated, status, "%v", got)
	require.Equal(t, "909", got["invoice_id"])
	rows := get(t, f, "/v2/orders/1001/payments")["invoice_order_payments"].([]any)
	row := rows[0].(object)
	require.Equal(t, got["id"], row["payment_id"])
	require.Equal(t, "MANUAL_PAID", row["pay_status"])
	require.Equal(t, "2026-06-30T04:00:00Z", row["pay_time"], "midnight of June 30 in New York")
	require.NotContains(t, row, "note", "the default: notes do not come back")
	after := get(t, f, "/v2/orders/1001")
	require.Equal(t, "1000", minor(t, after, "total_paid"))
	require.Equal(t, "DRAFT", after["status"], "half a cent is open for ever")
	status, _ = pay(object{"payment_amount": num("0.01")})
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, 1, f.Counts().Created["payments"])
}

func TestPaymentSwitches(t *testing.T) {
	t.Parallel()
	f := newFake(t, &infusionsoftfake.Options{Switches: infusionsoftfake.Switches{
		NotesReadBack: true, PaymentResultIsRow: true, PaymentTouchesOrder: true, ManualPaymentsKeepTime: true, UnpaidStatus: "SENT",
	}})
	mustOrder(t, f.Books, infusionsoftfake.Order{Items: line("10"), ModificationTime: time.Unix(1, 0)})
	require.Equal(t, "SENT", get(t, f, "/v2/orders/1001")["status"])
	_, got, _ := do(t, f, http.MethodPost, "/v2/orders/1001/payments", object{
		"apply_to_commissions": true, "payment_method_type": "Cash", "payment_amount": 1, "notes": "MARK", "payment_time": "2026-07-01T03:00:00Z",
	})
	row := get(t, f, "/v2/orders/1001/payments")["invoice_order_payments"].([]any)[0].(object)
	require.Equal(t, []any{got["id"], "MARK", "2026-07-01T03:00:00Z"}, []any{row["id"], row["note"], row["pay_time"]})
	require.NotEqual(t, "1970-01-01T00:00:01Z", get(t, f, "/v2/orders/1001")["modification_time"])
}

func TestContacts(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	person := object{
		"given_name": "Ann", "family_name": "Lee", "website": "https://a.example",
		"email_addresses": []object{{"email": "ann@example.com", "field": "EMAIL1"}, {"email": "lee@example.com", "field": "EMAIL2"}},
		"phone_numbers":   []object{{"number": "555", "field": "PHONE1"}},
	}
	status, got, _ := do(t, f, http.MethodPost, "/v2/contacts?duplicate_option=Email", person)
	require.Equal(t, http.StatusCreated, status, "%v", got)
	id := got["id"].(string)
	require.Equal(t, "https://a.example", got["website"])

	status, got, _ = do(t, f, http.MethodPost, "/v2/contacts?duplicate_option=Email", object{
		"given_name": "Anna", "email_addresses": []object{{"email": "LEE@example.com", "field": "EMAIL1"}},
	})
	require.Equal(t, http.StatusOK, status, "found by its second address, without regard to case")
	require.Equal(t, id, got["id"])
	require.Len(t, got["email_addresses"], 1, "lists are replaced wholesale")
	require.Len(t, got["phone_numbers"], 1, "a list that was not sent stays")
	require.Equal(t, "Lee", got["family_name"])

	status, _, _ = do(t, f, http.MethodPost, "/v2/contacts?duplicate_option=EmailAndName", object{
		"given_name": "Bob", "email_addresses": []object{{"email": "lee@example.com", "field": "EMAIL1"}},
	})
	require.Equal(t, http.StatusCreated, status, "another name is another person")
	status, _, _ = do(t, f, http.MethodPost, "/v2/contacts", object{"given_name": "Bob"})
	require.Equal(t, http.StatusBadRequest, status)
	status, _, _ = do(t, f, http.MethodPost, "/v2/contacts", object{"addresses": []object{{"field": "BILLING", "region_code": "US-AZ"}}})
	require.Equal(t, http.StatusBadRequest, status, "a region needs a country")

	require.Equal(t, []string{id}, ids(t, get(t, f, "/v2/contacts"+query("filter", "given_name==ann*")), "contacts"))
	require.Len(t, ids(t, get(t, f, "/v2/contacts"+query("filter", "email==lee@example.com")), "contacts"), 2)
	require.Equal(t, []string{id}, ids(t, get(t, f, "/v2/contacts"+query("filter", "phone_number==555;phone_fields==PHONE1,PHONE2")), "contacts"))
	status, _, _ = do(t, f, http.MethodGet, "/v2/contacts"+query("filter", "phone_number==555"), nil)
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, object{"id": id, "given_name": "Anna"}, get(t, f, "/v2/contacts/"+id+"?fields=given_name"))

	_, got, _ = do(t, f, http.MethodPatch, "/v2/contacts/"+id+"?update_mask=phone_numbers", object{"phone_numbers": []object{}, "given_name": "Zoe"})
	require.Equal(t, []any{"Anna", []any{}}, []any{got["given_name"], got["phone_numbers"]})
	require.Equal(t, "https://a.example", got["website"])
}

func TestProductsSubscriptionsCompaniesSettings(t *testing.T) {
	t.Parallel()
	f := newFake(t, &infusionsoftfake.Options{Tenants: tenant("KWD")})
	status, got, _ := do(t, f, http.MethodPost, "/v2/products", object{"name": "Widget", "price": 12500, "short_description": "w"})
	require.Equal(t, http.StatusCreated, status, "%v", got)
	require.Equal(t, "12500", minor(t, got, "price"))
	require.Equal(t, "12.5", f.Products()[0].Price.String(), "a dinar has a thousand fils")
	status, _, _ = do(t, f, http.MethodPost, "/v2/products", object{"name": "Widget", "price": num("12.5"), "short_description": "w"})
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, []string{"31"}, ids(t, get(t, f, "/v2/products"+query("filter", "product_id>30;name==wid*")), "products"))

	_, err := f.AddSubscription(infusionsoftfake.Subscription{ProductID: 31, BillingAmount: dec("9.5"), StartDate: "2026-01-01"})
	require.NoError(t, err)
	subscription := get(t, f, "/v2/subscriptions"+query("filter", "status==Active"))["subscriptions"].([]any)[0].(object)
	require.Equal(t, "9.5", fmt.Sprint(subscription["billing_amount"]))

	_, err = f.AddCompany(infusionsoftfake.Company{Name: "Acme", Email: "a@acme.example", Notes: "n"})
	require.NoError(t, err)
	require.Equal(t, []any{object{"id": "61", "company_name": "Acme"}}, get(t, f, "/v2/companies")["companies"])
	require.Equal(t, "a@acme.example", get(t, f, "/v2/companies/61")["email_address"].(object)["email"])

	plain := get(t, f, "/v2/settings/applications:getConfiguration")
	require.NotContains(t, plain, "ecommerce")
	require.Equal(t, "America/New_York", plain["application"].(object)["time_zone"])
	require.Equal(t, "KWD", get(t, f, "/v2/settings/applications:getConfiguration?fields=ECOMMERCE")["ecommerce"].(object)["currency"])
	require.Equal(t, "KWD", get(t, f, "/v2/businessProfile")["currency_code"])
	require.Equal(t, "xx123.infusionsoft.com", get(t, f, "/v2/oauth/connect/userinfo")["tenant_id"])
	require.Contains(t, get(t, f, "/v1/oauth/connect/userinfo"), "global_user_id")
}

func TestPathsAndMethods(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	mustOrder(t, f.Books, infusionsoftfake.Order{})
	for path, want := range map[string]int{
		"GET /v2/orders/1": 404, "GET /v2/orders/abc": 404, "PUT /v2/orders/1001": 405, "GET /v2/invoices": 404,
		"POST /v2/orders/1001:applyTax": 501, "GET /v2/orders?zzz=1": 400, "GET /v2/orders?filter=id==1;paid==true": 400,
		"GET /v2/orders?page_size=1001": 400, "GET /v2/orders?page_size=-1": 400, "GET /v2/orders?page_token=zzz": 400,
	} {
		var method, p string
		_, err := fmt.Sscan(path, &method, &p)
		require.NoError(t, err)
		status, got, _ := do(t, f, method, p, nil)
		require.Equal(t, want, status, path)
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(got["code"]), path)
	}
	require.Equal(t, 1, f.CallsTo("PUT", "(unknown)"))
	require.Equal(t, 2, f.CallsTo("GET", "/v2/orders/{id}"))
}

func TestVendorFaults(t *testing.T) {
	t.Parallel()
	plan := faults.New(1)
	f := newFake(t, &infusionsoftfake.Options{Faults: plan, Limits: infusionsoftfake.Limits{ClientPerMinute: 1500, ClientPerSecond: -1}})
	for name, want := range map[string]int{"429": 429, "429_quota_day": 429, "429_apigee": 429, "401_expired": 401, "403": 403, "500": 500, "503": 503, "zzz": 500} {
		plan.Add(faults.Fault{Kind: faults.Vendor, Name: name, RetryAfter: 7 * time.Second})
		status, body, header := do(t, f, http.MethodPost, "/v2/orders", order(nil))
		require.Equal(t, want, status, name)
		require.Equal(t, "7", header.Get("Retry-After"))
		switch name {
		case "429":
			require.Equal(t, object{"code": "429", "message": "Quota Exceeded", "status": "Request Throttled", "details": nil}, body)
			require.Equal(t, "0", header.Get("x-keap-product-throttle-available"))
		case "429_quota_day":
			require.Equal(t, "0", header.Get("x-keap-product-quota-available"))
		}
	}
	require.Empty(t, f.Orders())
	plan.Add(faults.Fault{Kind: faults.LoseRequest})
	before := f.Calls()
	_, err := f.Client("t").Get(base + "/v2/orders")
	require.ErrorIs(t, err, faults.ErrConnectionLost)
	require.Equal(t, before, f.Calls(), "a lost request never reached the server")
	plan.Add(faults.Fault{Kind: faults.HTML})
	res, err := f.Client("t").Get(base + "/v2/orders")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, before+1, f.Calls(), "a gateway's page is an answered call")
}

func TestV1Orders(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	for d := 1; d <= 3; d++ {
		mustOrder(t, f.Books, infusionsoftfake.Order{CreationTime: day(d), Items: []infusionsoftfake.Item{{Type: "FINANCE_CHARGE", Price: dec("1.5")}}})
	}
	page := get(t, f, "/v1/orders?limit=2")
	require.Equal(t, "3", fmt.Sprint(page["count"]))
	require.Equal(t, "https://api.infusionsoft.com/crm/rest/v1/orders?limit=2&offset=2", page["next"])
	first := page["orders"].([]any)[0].(object)
	require.Equal(t, []string{"1003", "1.5", "Finance Charge"}, []string{
		fmt.Sprint(first["id"]), fmt.Sprint(first["total"]), first["order_items"].([]any)[0].(object)["type"].(string),
	})
	mustOrder(t, f.Books, infusionsoftfake.Order{CreationTime: day(4)})
	page = get(t, f, "/v1/orders?limit=2&offset=2")
	require.Equal(t, "1002", fmt.Sprint(page["orders"].([]any)[0].(object)["id"]), "the new order has shifted one that was read already")
	require.Contains(t, page["next"], "offset=4")
	require.Empty(t, get(t, f, "/v1/orders?limit=2&offset=4")["orders"])
	require.Len(t, get(t, f, "/v1/orders?since=2026-01-03T00:00:00.000Z")["orders"], 2)
	status, body, _ := do(t, f, http.MethodGet, "/v1/orders/77", nil)
	require.Equal(t, 404, status)
	require.Contains(t, body, "localizedMessage")
}
