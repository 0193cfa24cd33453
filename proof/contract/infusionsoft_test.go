package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
)

const keapAPI = "https://api.infusionsoft.com/crm/rest"

// keapUses are the operations of package infusionsoft, by reading its source.
func keapUses(t *testing.T, v2 *Spec) []*Operation {
	return uses(t, v2,
		[2]string{"GET", "/rest/v2/orders"},                                 // read.go, invoices.go
		[2]string{"GET", "/rest/v2/orders/{order_id}"},                      // read.go, invoices.go
		[2]string{"GET", "/rest/v2/orders/{order_id}/payments"},             // payments.go
		[2]string{"GET", "/rest/v2/sales/payments"},                         // payments.go
		[2]string{"GET", "/rest/v2/settings/applications:getConfiguration"}, // organisation.go
		[2]string{"GET", "/rest/v2/businessProfile"},                        // organisation.go, ledger.go
		[2]string{"GET", "/rest/v2/contacts"},                               // contacts.go, find.go
		[2]string{"GET", "/rest/v2/products"},                               // chart.go
		[2]string{"POST", "/rest/v2/orders"},                                // writeinvoice.go
		[2]string{"DELETE", "/rest/v2/orders/{order_id}"},                   // change.go
		[2]string{"POST", "/rest/v2/orders/{order_id}/payments"},            // writepayment.go
		[2]string{"POST", "/rest/v2/contacts"},                              // writecontact.go
	)
}

type keapWorld struct {
	*testing.T
	checker *Checker
	fake    *infusionsoftfake.Fake
	plan    *faults.Plan
	client  *http.Client       // authorises, and is watched
	plain   *http.Client       // is watched
	units   infusionsoft.Units // of the payments of an order

	refusesDiscounts bool
}

// TestInfusionsoft holds package infusionsoft and infusionsoftfake against the vendor's documents: the
// newest of REST v2, which is OpenAPI 3.1, and the one of REST v1.
func TestInfusionsoft(t *testing.T) {
	v2 := load(t, "v2", "infusionsoft/rest-v2/keap-rest-v2-openapi-sdk2.0.21-2026-08-20.yml", "/crm")
	v1 := load(t, "v1", "infusionsoft/rest-v1/keap-rest-v1-openapi-2025-11-05.json", "/crm/rest")
	checker := New([]*Spec{v2, v1}, keapOutside(), keapDeviations())
	shapes := &Shapes{List: keapShapes()}
	checker.Observe = func(r *http.Request, resp *http.Response) {
		if resp.StatusCode >= 300 {
			body, _ := io.ReadAll(resp.Body)
			shapes.Check(r, resp, body)
		}
		if err := keapHeaders(r, resp); err != nil {
			shapes.Failures = append(shapes.Failures, fmt.Sprintf("%s %s: %v", r.Method, r.URL.Path, err))
		}
	}
	used := keapUses(t, v2)
	defer settle(t, checker, shapes, used) // deferred: a bubble that has failed does not return
	for name, world := range map[string]infusionsoftfake.Switches{
		"as it comes": {},
		"otherwise": {
			DefaultPageSize: 2, LastPageToken: infusionsoftfake.LastPageNull, KnowsTheEnd: true, RefundsReduceTotalPaid: true,
			PositiveRefunds: true, TotalDueSoFar: true, UnpaidStatus: "SENT", DiscountShape: infusionsoftfake.DiscountSpecial,
			InvoiceNumber: infusionsoftfake.InvoiceNumberInvoiceID, NotesReadBack: true, ManualPaymentsKeepTime: true,
			PaymentResultIsRow: true, InvoicePaymentsInMinorUnits: true, SubscriptionsInMinorUnits: true, ExpiredIsEnvelope: true,
		},
		"percent": {LastPageToken: infusionsoftfake.LastPageMissing, DiscountShape: infusionsoftfake.DiscountPercent, InvoiceNumber: infusionsoftfake.InvoiceNumberStored, UnpaidStatus: "-"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { keapScenario(t, checker, world) })
		})
	}
}

// echo is a receiver of hooks that proves that it is there by echoing the secret.
type echo struct{}

func (echo) RoundTrip(r *http.Request) (*http.Response, error) {
	header := http.Header{"X-Hook-Secret": r.Header.Values("X-Hook-Secret")}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: http.NoBody, Request: r}, nil
}

func keapScenario(t *testing.T, checker *Checker, switches infusionsoftfake.Switches) {
	plan := faults.New(1)
	fake, err := infusionsoftfake.New(&infusionsoftfake.Options{
		Tenants: []infusionsoftfake.Tenant{{
			ID: "xx123.infusionsoft.com", Name: "Ridgeway", OrderFields: []infusionsoftfake.CustomFieldDefinition{{ID: "7", Name: "po"}},
		}},
		Tokens:        []infusionsoftfake.Token{{Value: "a token"}, {Value: "an old token", Expires: time.Now()}},
		Faults:        plan,
		Switches:      switches,
		HookTransport: echo{},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer fake.Close()
	w := &keapWorld{
		T: t, checker: checker, fake: fake, plan: plan,
		client: &http.Client{Transport: checker.Wrap(fake.Client("a token").Transport)},
		plain:  &http.Client{Transport: checker.Wrap(fake.Transport())},
		units:  infusionsoft.UnitsMajor, refusesDiscounts: switches.RefuseNegativePrices,
	}
	if switches.InvoicePaymentsInMinorUnits {
		w.units = infusionsoft.UnitsMinor
	}
	orders := w.fill()
	for _, phase := range []func(){
		func() { w.reads(orders) }, w.writes, func() { w.refusals(orders) }, w.others, w.tokens, w.outages,
	} {
		phase()
		time.Sleep(time.Minute) // what one phase has used of the limits is no matter of the next
	}
}

// fill puts orders of every kind into the books.
func (w *keapWorld) fill() []infusionsoftfake.Order {
	must := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	company, err := w.fake.AddCompany(infusionsoftfake.Company{Name: "Ridgeway University", Email: "office@ridgeway.example"})
	must(err)
	contact, err := w.fake.AddContact(infusionsoftfake.Contact{
		GivenName: "Jo", FamilyName: "Ng", Company: &infusionsoftfake.Employer{ID: fmt.Sprint(company.ID), Name: company.Name},
		Emails: []infusionsoftfake.Email{{Email: "jo@ridgeway.example"}}, Phones: []infusionsoftfake.Phone{{Number: "555-0100"}},
		Addresses: []infusionsoftfake.Address{{Field: "BILLING", Line1: "1 High St", Locality: "Tempe", RegionCode: "US-AZ", CountryCode: "USA", ZipCode: "85281"}},
	})
	must(err)
	product, err := w.fake.AddProduct(infusionsoftfake.Product{
		Name: "Widget", SKU: "WIDGET", Description: "A widget", Price: amount("19.95"), Taxable: true,
		Plans: []infusionsoftfake.SubscriptionPlan{{Cycle: "MONTHLY", Frequency: 1, Price: amount("9.00")}},
	})
	must(err)
	_, err = w.fake.AddSubscription(infusionsoftfake.Subscription{ContactID: contact.ID, ProductID: product.ID, PlanID: product.Plans[0].ID, BillingAmount: amount("9.00")})
	must(err)
	lines := func(types ...string) (items []infusionsoftfake.Item) {
		for i, typ := range types {
			price := amount("10.00").Add(amount("1.50").Mul(amount(fmt.Sprint(i))))
			if strings.HasPrefix(typ, "DISCOUNT") {
				price = amount("-2.00")
			}
			items = append(items, infusionsoftfake.Item{Type: typ, Name: typ, Description: "A line", Quantity: 1, Price: price})
		}
		return items
	}
	day := time.Now().Add(-40 * 24 * time.Hour)
	var orders []infusionsoftfake.Order
	add := func(o infusionsoftfake.Order) infusionsoftfake.Order {
		o.ContactID, o.OrderTime = contact.ID, day.Add(time.Duration(len(orders))*time.Hour)
		if o.Title == "" {
			o.Title = fmt.Sprintf("Order %d", len(orders)+1)
		}
		stored, err := w.fake.AddOrder(o)
		must(err)
		orders = append(orders, stored)
		return stored
	}
	every := add(infusionsoftfake.Order{Items: append(lines(
		"SHIPPING", "TAX", "SERVICE", "UPSELL", "FINANCE_CHARGE", "DISCOUNT", "PROGRAM", "DISCOUNT_ORDER_TOTAL", "TIP", "OTHER", "FEE", "UNKNOWN",
	), infusionsoftfake.Item{Type: "PRODUCT", ProductID: product.ID, Quantity: 2, Price: amount("19.95")}),
		Notes: "Gift", Terms: "Net 30", InvoiceNumber: "INV-77", PromoCode: "SPRING", SentTime: day, DueTime: day.Add(240 * time.Hour),
		Shipping:     &infusionsoftfake.Shipping{GivenName: "Jo", FamilyName: "Ng", Address: infusionsoftfake.Address{Field: "SHIPPING", Line1: "1 High St", Locality: "Tempe", CountryCode: "USA"}},
		CustomFields: []infusionsoftfake.CustomField{{ID: "7", Content: []byte(`"PO 5"`)}}, ExternalCreateUser: "somebody", ExternalCreateTime: day,
	})
	plan := add(infusionsoftfake.Order{Items: lines("PRODUCT"), Plan: &infusionsoftfake.PaymentPlan{NumberOfPayments: 3, DaysBetweenPayments: 30}})
	paid := add(infusionsoftfake.Order{Items: lines("SUBSCRIPTION"), NoPlan: true})
	add(infusionsoftfake.Order{Title: "Ünïcode 株式会社", Items: []infusionsoftfake.Item{{Type: "OTHER", Name: "Free", Price: decimal.Zero}}, OrderType: "OFFLINE"})
	add(infusionsoftfake.Order{Items: lines("OTHER"), Status: "VIEWED"})
	pay := func(p infusionsoftfake.Payment) infusionsoftfake.Payment {
		stored, err := w.fake.AddPayment(p)
		must(err)
		return stored
	}
	pay(infusionsoftfake.Payment{OrderID: paid.ID, Amount: amount("10.00"), Status: "MANUAL_PAID", Note: "Check 12"})
	refunded := pay(infusionsoftfake.Payment{OrderID: every.ID, Amount: amount("25.00"), Status: "APPROVED", ExternalTransactionID: "ch_1"})
	pay(infusionsoftfake.Payment{OrderID: every.ID, Amount: amount("5.00"), Status: "FAILED", ErrorDetails: "declined"})
	pay(infusionsoftfake.Payment{OrderID: every.ID, Amount: amount("5.00"), Status: "PENDING"})
	pay(infusionsoftfake.Payment{Shares: []infusionsoftfake.Share{{OrderID: every.ID, Amount: amount("4.00")}, {OrderID: plan.ID, Amount: amount("3.00")}}, Status: "PAYPAL_PAID"})
	_, err = w.fake.RefundPayment(refunded.ID, amount("5.00"))
	must(err)
	voided := pay(infusionsoftfake.Payment{OrderID: plan.ID, Amount: amount("1.00"), Status: "APPROVED"})
	must(w.fake.VoidPayment(voided.ID))
	return orders
}

// reads is what a flow reads.
func (w *keapWorld) reads(orders []infusionsoftfake.Order) {
	ctx := w.Context()
	source, err := infusionsoft.New(w.client, &infusionsoft.Options{Tenant: "xx123.infusionsoft.com", PageSize: 2})
	if err != nil {
		w.Fatal(err)
	}
	if _, err := source.Organisation(ctx); err != nil {
		w.Fatal(err)
	}
	all, next := read(w.T, source.Invoices(ctx, ledger.Query{}))
	if len(all) != len(orders) {
		w.Errorf("%d orders, want %d", len(all), len(orders))
	}
	if err := w.fake.EditOrder(orders[0].ID, func(o *infusionsoftfake.Order) { o.Title = "Edited" }); err != nil {
		w.Fatal(err)
	}
	if changed, _ := read(w.T, source.Invoices(ctx, ledger.Query{Cursor: next})); len(changed) == 0 {
		w.Error("an edited order is not among the changes")
	}
	read(w.T, source.Invoices(ctx, ledger.Query{AfterID: all[0].ID}))
	read(w.T, source.Invoices(ctx, ledger.Query{Since: time.Now().Add(-time.Hour)}))
	read(w.T, source.Invoices(ctx, ledger.Query{Refs: []ledger.Ref{{ID: all[0].ID}, {ID: all[1].ID}, {Number: all[2].ID}}}))
	if _, err := source.Invoice(ctx, ledger.Ref{ID: all[0].ID}); err != nil {
		w.Error(err)
	}
	if _, err := source.Invoice(ctx, ledger.Ref{Number: fmt.Sprint(orders[0].InvoiceID)}); err != nil {
		w.Error(err)
	}
	if _, err := source.Invoice(ctx, ledger.Ref{ID: "999999"}); !errors.Is(err, ledger.ErrNotFound) {
		w.Errorf("an order that is not there: %v, want not found", err)
	}
	labelled, err := infusionsoft.New(w.client, &infusionsoft.Options{PaymentLabels: true})
	if err != nil {
		w.Fatal(err)
	}
	for _, o := range orders {
		if _, err := labelled.PaymentsOf(ctx, ledger.Ref{ID: fmt.Sprint(o.ID)}); err != nil {
			w.Error(err)
		}
	}
	payments, next := read(w.T, source.Payments(ctx, ledger.Query{}))
	read(w.T, source.Payments(ctx, ledger.Query{Cursor: next}))
	read(w.T, source.Payments(ctx, ledger.Query{Since: time.Now()}))
	read(w.T, source.Payments(ctx, ledger.Query{Refs: []ledger.Ref{{ID: payments[0].ID}}}))
}

// fetch makes a request of its own.
func (w *keapWorld) fetch(ctx context.Context, method, path, body string) (int, string) {
	w.Helper()
	time.Sleep(100 * time.Millisecond) // below the spike arrest
	return call(w.T, w.client, ctx, method, keapAPI+path, body)
}

func (w *keapWorld) ok(method, path, body string) string {
	w.Helper()
	status, answer := w.fetch(w.Context(), method, path, body)
	if status >= 300 {
		w.Errorf("%s %s: status %d: %.300s", method, path, status, answer)
	}
	return answer
}

// writes are what a flow writes, and finds again; then those of the API that no adapter uses.
func (w *keapWorld) writes() {
	w.ledgerWrites()
	time.Sleep(time.Minute)
	contact, product := w.fake.Contacts()[0], w.fake.Products()[0]
	w.ok("POST", "/v2/orders", fmt.Sprintf(`{"contact_id":"%d","order_time":"2000-01-01T10:00:00Z","order_title":"By the API","order_type":"OFFLINE","external_create_user":"ABCDEFGHIJKLMNOP",`+
		`"order_items":[{"quantity":2,"product_id":"%d","price_per_unit":19.95},{"quantity":1,"item_type":"SHIPPING","name":"Courier","price_per_unit":5.25}]}`, contact.ID, product.ID))
	orders := w.fake.Orders()
	id := orders[len(orders)-1].ID
	w.ok("PATCH", fmt.Sprintf("/v2/orders/%d?update_mask=terms", id), `{"terms":"Net 7"}`)
	w.ok("POST", fmt.Sprintf("/v2/orders/%d/payments", id), `{"apply_to_commissions":false,"payment_amount":5.25,"payment_method_type":"Check","payment_time":"2000-01-01T10:00:00Z","notes":"ABCDEFGHIJKLMNOP"}`)
	w.ok("GET", fmt.Sprintf("/v2/orders/%d/payments", id), "")
	w.ok("POST", "/v2/orders", fmt.Sprintf(`{"contact_id":"%d","order_time":"2000-01-01T10:00:00Z","order_title":"To be deleted","order_type":"ONLINE"}`, contact.ID))
	orders = w.fake.Orders()
	w.ok("DELETE", fmt.Sprintf("/v2/orders/%d", orders[len(orders)-1].ID), "")
	w.ok("POST", "/v2/contacts?duplicate_option=Email", `{"given_name":"Al","email_addresses":[{"email":"al@example.com","field":"EMAIL1"}]}`)
	w.ok("POST", "/v2/contacts?duplicate_option=Email", `{"family_name":"Bo","email_addresses":[{"email":"al@example.com","field":"EMAIL1"}]}`)
	w.ok("PATCH", fmt.Sprintf("/v2/contacts/%d?update_mask=job_title", contact.ID), `{"job_title":"Buyer"}`)
	w.ok("POST", "/v2/products", `{"name":"Gadget","price":2500,"short_description":"A gadget","sku":"GADGET"}`)
}

// ledgerWrites drives the ledger through every kind of record and of line, its look-ups, and a deletion.
func (w *keapWorld) ledgerWrites() {
	ctx := w.Context()
	must := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	books, err := infusionsoft.NewLedger(w.client, &infusionsoft.Options{Tenant: "xx123.infusionsoft.com", PageSize: 2, RowUnits: w.units})
	must(err)
	_, err = books.Organisation(ctx)
	must(err)
	chart, err := books.Chart(ctx)
	must(err)
	if len(chart.Items) == 0 || len(chart.Accounts) == 0 {
		w.Fatalf("the chart has %d items and %d accounts", len(chart.Items), len(chart.Accounts))
	}
	began := time.Now()
	mark := func(kind ledger.RecordKind, id string) ledger.Mark {
		from := ledger.OrganisationID{Vendor: "xero", ID: "a company"}
		return ledger.NewMark(ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"}, kind, from, id, 0)
	}
	powers := books.Powers()
	person := ledger.Draft[ledger.Contact]{Mark: mark(ledger.KindContact, "1"), Record: ledger.Contact{Name: "Pat Doe", GivenName: "Pat", FamilyName: "Doe", Email: "pat@example.com"}}
	contact := createOne(w.T, powers.Contacts, person, ledger.Member{Mark: person.Mark}, ledger.Created)
	createOne(w.T, powers.Contacts, person, ledger.Member{Mark: person.Mark}, ledger.AlreadyThere) // by the guard
	contacts, next := read(w.T, books.Contacts(ctx, ledger.Query{}))
	if len(contacts) < 2 {
		w.Errorf("%d contacts, want all", len(contacts))
	}
	read(w.T, books.Contacts(ctx, ledger.Query{Cursor: next}))
	read(w.T, books.Contacts(ctx, ledger.Query{Refs: []ledger.Ref{{ID: contact.ID}}}))

	day := ledger.DateIn(time.Now(), time.UTC)
	one := amount("1")
	lines := []ledger.Line{
		{Kind: ledger.LineProduct, Name: "Widget", Quantity: amount("2"), UnitPrice: amount("19.95"), Amount: amount("39.90"), ItemCode: "widget"},
		{Kind: ledger.LineService, Description: "Work", Quantity: amount("1.5"), UnitPrice: amount("10.00"), Amount: amount("15.00")},
		{Kind: ledger.LineShipping, Name: "Courier", Quantity: one, UnitPrice: amount("5.10"), Amount: amount("5.10")},
		{Kind: ledger.LineFinanceCharge, Name: "Late", Quantity: one, UnitPrice: amount("2.00"), Amount: amount("2.00")},
		{Kind: ledger.LineOther, Description: "A note without money"},
		{Kind: ledger.LineTax, Name: "GST", Quantity: one, UnitPrice: amount("6.00"), Amount: amount("6.00")},
	}
	total := amount("68.00") // 39.90 + 15.00 + 5.10 + 2.00 + 6.00
	if !w.refusesDiscounts {
		lines = append(lines, ledger.Line{Kind: ledger.LineDiscount, Name: "Less", Quantity: one, UnitPrice: amount("-3.00"), Amount: amount("-3.00")})
		total = amount("65.00")
	}
	invoice := ledger.Draft[ledger.Invoice]{Mark: mark(ledger.KindInvoice, "1"), Record: ledger.Invoice{
		Contact: ledger.Contact{ID: contact.ID}, Date: day, DueDate: day.AddDays(14), Currency: "USD", TaxMode: ledger.TaxExclusive, Number: "INV-0042",
		Title: "Work", Reference: "PO 5", URL: "https://go.example.com/invoice/1", SentToContact: true, Lines: lines,
	}}
	order := createOne(w.T, powers.Invoices, invoice, ledger.Member{Mark: invoice.Mark, Amount: total}, ledger.Created)
	payment := ledger.Draft[ledger.Payment]{Mark: mark(ledger.KindPayment, "1"), Record: ledger.Payment{
		InvoiceID: order.ID, Date: day, Amount: amount("40.00"), Currency: "USD", Status: ledger.PaymentConfirmed, Account: chart.Accounts[0].Code, Reference: "from the bank",
	}}
	createOne(w.T, powers.Payments, payment, ledger.Member{Mark: payment.Mark, Amount: amount("40.00"), Parent: order.ID}, ledger.Created)
	over := payment
	over.Mark, over.Record.Amount = mark(ledger.KindPayment, "2"), amount("400.00")
	createOne(w.T, powers.Payments, over, ledger.Member{Mark: over.Mark, Amount: amount("400.00"), Parent: order.ID}, ledger.Refused)

	for _, s := range []ledger.Sought{
		{Marks: []ledger.Mark{invoice.Mark}, Since: began}, {Newest: 2}, {Numbers: []string{order.ID}},
	} {
		found, err := powers.Invoices.Find(ctx, s)
		must(err)
		if len(found.Hits)+len(found.ByNumber) != 1 {
			w.Errorf("orders: %+v: %d hits", s, len(found.Hits)+len(found.ByNumber))
		}
	}
	for _, s := range []ledger.Sought{{Marks: []ledger.Mark{person.Mark}, Since: began}, {Newest: 2}} {
		found, err := powers.Contacts.Find(ctx, s)
		must(err)
		if len(found.Hits) != 1 {
			w.Errorf("contacts: %+v: %d hits", s, len(found.Hits))
		}
	}
	for _, s := range []ledger.Sought{
		{Marks: []ledger.Mark{payment.Mark}, Since: began}, {Marks: []ledger.Mark{payment.Mark}, Parents: []string{order.ID}}, {Newest: 2},
	} {
		_, err := powers.Payments.Find(ctx, s)
		must(err)
	}

	second := invoice
	second.Mark, second.Record.Lines = mark(ledger.KindInvoice, "2"), invoice.Record.Lines[:1]
	draft := createOne(w.T, powers.Invoices, second, ledger.Member{Mark: second.Mark, Amount: amount("39.90")}, ledger.Created)
	change := ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: &draft}
	change.Encoded, err = powers.Voids.Encode(change)
	must(err)
	if out, err := powers.Voids.Apply(ctx, change); err != nil || out.State != ledger.Created {
		w.Errorf("deletion of an order: %s, %v", out.State, err)
	}
	if state, err := powers.Voids.Look(ctx, change); err != nil || !state.Done {
		w.Errorf("the order after its deletion: %+v, %v", state, err)
	}
}

// createOne is create for a writer of one record a request.
func createOne[T any](t *testing.T, w ledger.Writer[T], d ledger.Draft[T], m ledger.Member, want ledger.OutcomeState) T {
	t.Helper()
	return create(t, w, []ledger.Draft[T]{d}, func(ledger.Draft[T]) ledger.Member { return m }, want)[0].Record
}

// refusals are requests that the vendor answers with 400.
func (w *keapWorld) refusals(orders []infusionsoftfake.Order) {
	ctx, wrong := w.Context(), Wrong(w.Context())
	expect := func(ctx context.Context, has, method, path, body string) {
		w.Helper()
		if status, answer := w.fetch(ctx, method, path, body); status != http.StatusBadRequest || !strings.Contains(answer, has) {
			w.Errorf("%s %s: status %d, want 400 with %q: %.300s", method, path, status, has, answer)
		}
	}
	one := fmt.Sprintf("/v2/orders/%d", orders[0].ID)
	expect(ctx, "", "GET", "/v2/orders?filter="+url.QueryEscape("invoice_number==7"), "")
	expect(ctx, "", "GET", "/v2/orders?filter="+url.QueryEscape("paid>true"), "")
	expect(ctx, "", "GET", "/v2/orders?order_by=title", "")
	expect(ctx, "", "GET", "/v2/orders?page_token=nonsense", "")
	expect(ctx, "", "GET", "/v2/sales/payments?filter="+url.QueryEscape("status==x"), "")
	expect(ctx, "", "GET", one+"/payments?order_by=nothing", "")
	expect(ctx, "exceeds", "POST", one+"/payments", `{"apply_to_commissions":false,"payment_amount":99999,"payment_method_type":"Check"}`)
	expect(ctx, "", "POST", one+"/payments", `{"apply_to_commissions":false,"payment_amount":1,"payment_method_type":"Seashells"}`)
	expect(wrong, "Unrecognized property", "POST", "/v2/orders", `{"price":1}`)
	expect(wrong, "", "GET", "/v2/orders?page_size=1001", "")
	expect(wrong, "", "GET", "/v2/orders?nonsense=1", "")
	expect(wrong, "", "POST", "/v2/orders", `{`)
}

// others probes what the fake serves and no adapter uses yet.
func (w *keapWorld) others() {
	contact, product := w.fake.Contacts()[0], w.fake.Products()[0]
	w.ok("GET", "/v2/sales/transactions", "")
	w.ok("GET", "/v2/products", "")
	w.ok("GET", fmt.Sprintf("/v2/products/%d", product.ID), "")
	w.ok("GET", "/v2/contacts", "")
	w.ok("GET", fmt.Sprintf("/v2/contacts/%d?fields=addresses,company", contact.ID), "")
	w.ok("GET", "/v2/companies", "")
	w.ok("GET", fmt.Sprintf("/v2/companies/%s", contact.Company.ID), "")
	w.ok("GET", "/v2/subscriptions", "")
	w.ok("GET", "/v2/subscriptions/51", "")
	w.ok("GET", "/v2/oauth/connect/userinfo", "")
	w.ok("GET", "/v1/oauth/connect/userinfo", "")
	w.ok("GET", "/v1/orders", "")
	w.ok("GET", "/v1/orders?limit=2&offset=2", "")
	w.ok("GET", fmt.Sprintf("/v1/orders/%d", w.fake.Orders()[0].ID), "")
	w.ok("GET", "/v1/hooks/event_keys", "")
	w.ok("POST", "/v1/hooks", `{"eventKey":"order.add","hookUrl":"https://example.com/hook"}`)
	var hooks []struct{ Key string }
	if err := json.Unmarshal([]byte(w.ok("GET", "/v1/hooks", "")), &hooks); err != nil || len(hooks) != 1 {
		w.Fatalf("%d hooks, want 1: %v", len(hooks), err)
	}
	w.ok("GET", "/v1/hooks/"+hooks[0].Key, "")
	w.ok("POST", "/v1/hooks/"+hooks[0].Key+"/verify", "")
	w.ok("DELETE", "/v1/hooks/"+hooks[0].Key, "")
}

// tokens is the token endpoint, which no document has.
func (w *keapWorld) tokens() {
	provider, err := infusionsoft.NewProvider("client", "secret", "https://example.com/back", &infusionsoft.ProviderOptions{HTTPClient: w.plain})
	if err != nil {
		w.Fatal(err)
	}
	granted, err := w.fake.Grant("xx123.infusionsoft.com", "client")
	if err != nil {
		w.Fatal(err)
	}
	if _, err := provider.Refresh(w.Context(), granted.Refresh); err != nil {
		w.Error(err)
	}
	if _, err := provider.Refresh(w.Context(), granted.Refresh); !errors.Is(err, ledger.ErrReconnect) {
		w.Errorf("a spent refresh token: %v, want reconnect", err)
	}
	if _, err := provider.Exchange(w.Context(), "nobody's"); !errors.Is(err, ledger.ErrReconnect) {
		w.Errorf("a code of nobody: %v, want reconnect", err)
	}
}

// outages are the answers that the documents do not describe, or not usefully.
func (w *keapWorld) outages() {
	ctx := w.Context()
	for _, name := range []string{
		"429", "429_spike", "429_tenant", "429_quota_day", "429_apigee", "401_expired", "401_permission", "403", "404", "500", "503",
	} {
		w.plan.Clear()
		w.plan.Add(faults.Fault{Kind: faults.Vendor, Name: name})
		status, body := w.fetch(ctx, "GET", "/v2/orders", "")
		if want, _, _ := strings.Cut(name, "_"); fmt.Sprint(status) != want {
			w.Errorf("fault %s: status %d: %s", name, status, body)
		}
	}
	w.plan.Clear()
	old := &http.Client{Transport: w.checker.Wrap(w.fake.Client("an old token").Transport)}
	if status, _ := call(w.T, old, ctx, "GET", keapAPI+"/v2/orders", ""); status != http.StatusUnauthorized {
		w.Errorf("an old token: status %d, want 401", status)
	}
	want := func(status int, method, path, body string) {
		w.Helper()
		if got, answer := w.fetch(Wrong(ctx), method, path, body); got != status {
			w.Errorf("%s %s: status %d, want %d: %.200s", method, path, got, status, answer)
		}
	}
	want(http.StatusNotFound, "GET", "/v2/orders/999999", "")
	want(http.StatusNotFound, "GET", "/v2/nonsense", "")
	want(http.StatusNotFound, "GET", "/v1/orders/999999", "")
	want(http.StatusMethodNotAllowed, "PUT", "/v2/orders", "{}")
	want(http.StatusConflict, "DELETE", fmt.Sprintf("/v2/orders/%d", w.fake.Orders()[0].ID), "")
	want(http.StatusNotImplemented, "POST", "/v2/orders/1:applyTax", "{}")
}
