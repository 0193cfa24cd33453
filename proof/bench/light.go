package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// light serves a world of any size without keeping it: orders, contacts and invoices are made from their
// numbers when they are asked for. It keeps what was created, as numbers. It checks nothing, and its
// totals are the world's, whatever the lines that it was sent come to: it is there to measure memory.
type light struct {
	world
	keapRest, xeroRest http.Handler // for settings: the fakes

	mu       sync.Mutex
	calls    counts
	invoices written
	contacts written
	links    map[int32]string // an invoice's Url, which carries its mark
}

// written are records in the order of their creation, which is that of their time.
type written struct {
	numbers []int32
	at      []int64 // Unix milliseconds
}

func newLight(w world, keap, xero http.Handler) *light {
	return &light{world: w, keapRest: keap, xeroRest: xero, calls: counts{Created: map[string]int{}}, links: map[int32]string{}}
}

func (l *light) counts() counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls.Created["Invoices"], l.calls.Created["Contacts"] = len(l.invoices.numbers), len(l.contacts.numbers)
	return l.calls
}

// now is Xero's clock. It runs as if no more than 50 records were written in a second, which its limits
// see to in reality; without that, thousands would share one.
func (l *light) now() int64 {
	return time.Now().UnixMilli() + 20*int64(len(l.invoices.numbers)+len(l.contacts.numbers))
}

// keap answers lists of orders.
func (l *light) keap(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.calls.Keap++
	l.mu.Unlock()
	if r.Method != http.MethodGet || r.URL.Path != "/crm/rest/v2/orders" {
		l.keapRest.ServeHTTP(w, r)
		return
	}
	after, size := int64(0), 1000
	query := r.URL.Query()
	for _, f := range strings.Split(query.Get("filter"), ";") {
		if id, ok := strings.CutPrefix(f, "id>"); ok {
			after, _ = strconv.ParseInt(id, 10, 64)
		}
	}
	if n, err := strconv.Atoi(query.Get("page_size")); err == nil {
		size = n
	}
	b := make([]byte, 0, 2<<20)
	b = append(b, `{"orders":[`...)
	first := max(after+1-number(0), 0)
	end := min(first+int64(size), int64(l.orders))
	for i := first; i < end; i++ {
		if i > first {
			b = append(b, ',')
		}
		b = l.appendOrder(b, int(i))
	}
	next := ""
	if end < int64(l.orders) {
		next = "more"
	}
	b = fmt.Appendf(b, `],"next_page_token":%q}`, next)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Keap-Tenant-Id", tenant)
	_, _ = w.Write(b)
}

// appendOrder appends the order as the vendor shows one.
func (l *light) appendOrder(b []byte, i int) []byte {
	f := l.figures(i)
	c := l.client(i)
	given, family := name(c)
	status, source := "SENT", "MANUAL_PAYMENT"
	if l.draft(i) {
		status, source = "DRAFT", "INVOICE"
	}
	day := l.day(i).Format("2006-01-02T15:04:05.000Z")
	money := func(b []byte, field string, cents int64) []byte {
		return fmt.Appendf(b, `%q:{"amount":%d,"currency_code":"AUD","formatted_amount":"$%s"}`, field, cents, decimalOf(cents))
	}
	b = fmt.Appendf(b, `{"id":"%d","title":"Order","status":%q,"contact":{"id":"%d","email":%q,"given_name":%q,"family_name":%q},`+
		`"order_type":"ONLINE","source_type":%q,"creation_time":%q,"modification_time":%q,"order_time":%q,"order_items":[`,
		number(i), status, 11+c, email(c), given, family, source, day, day, day)
	for k, p := range [2]int{l.content(i) % 50, 50 + l.content(i)%40} {
		quantity, price := f.quantity, f.first
		if k > 0 {
			quantity, price = 1, f.second
		}
		b = fmt.Appendf(b, `{"id":"%d","name":%q,"description":%q,"quantity":%d,"item_type":"PRODUCT",`+
			`"product":{"id":"%d","name":%q,"sku":%q,"description":"","shippable":false,"taxable":true},`,
			20001+4*i+k, productName(p), productText(p), quantity, p+1, productName(p), sku(p))
		b = append(money(b, "price_per_unit", price), "},"...)
	}
	if f.shipping > 0 {
		b = fmt.Appendf(b, `{"id":"%d","name":"Shipping","quantity":1,"item_type":"SHIPPING",`, 20003+4*i)
		b = append(money(b, "price_per_unit", f.shipping), "},"...)
	}
	b = fmt.Appendf(b, `{"id":"%d","name":"GST","quantity":1,"item_type":"TAX",`, 20004+4*i)
	b = append(money(b, "price_per_unit", f.tax), "}],"...)
	b = append(money(b, "total", f.sum), ',')
	b = append(money(b, "total_paid", 0), ',')
	b = append(money(b, "total_due", f.sum), ',')
	b = append(money(b, "refund_total", 0), ',')
	b = fmt.Appendf(b, `"payment_plan":{"auto_charge":false,"max_charge_attempts":0,"days_between_retries":0,"plan_start_date":%q,`+
		`"number_of_payments":1,"days_between_payments":30,"payment_plan_items":[{"status":"UNPAID_MANUAL","due_date":%[1]q,`, day[:10])
	b = append(money(b, "amount_due", f.sum), ',')
	b = append(money(b, "amount_paid", 0), "}]},"...)
	return fmt.Appendf(b, `"refund_status":"NONE","synced":false,"invoice_id":"%d"}`, 909+i)
}

// xero answers lists of contacts and invoices, and what creates them.
func (l *light) xero(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls.Xero++
	var list []byte
	var err error
	switch key := r.Method + " " + strings.TrimPrefix(r.URL.Path, "/api.xro/2.0"); key {
	case "GET /Contacts":
		list = l.listContacts(r)
	case "GET /Invoices":
		list = l.listInvoices(r)
	case "PUT /Contacts":
		list, err = l.createContacts(r)
	case "PUT /Invoices":
		list, err = l.createInvoices(r)
	default:
		l.xeroRest.ServeHTTP(w, r)
		return
	}
	if r.Method == http.MethodPut {
		l.calls.Writes++
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = fmt.Fprintf(w, `{"Id":"6eb27bc6-ae7f-42f1-bbe1-6c1fe9fe473d","Status":"OK","ProviderName":"Bench","DateTimeUTC":"/Date(%d)/",%s}`, l.now(), list)
}

// page is the part of a list that a request asks for.
func page(r *http.Request, length int) (from, to int, pagination string) {
	q := r.URL.Query()
	size, number := 100, 1
	if n, err := strconv.Atoi(q.Get("pageSize")); err == nil {
		size = n
	}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		number = n
	}
	from = min((number-1)*size, length)
	to = min(from+size, length)
	return from, to, fmt.Sprintf(`"pagination":{"page":%d,"pageSize":%d,"pageCount":%d,"itemCount":%d}`, number, size, (length+size-1)/size, length)
}

// since returns the index of the first record that a request's If-Modified-Since lets through.
func (w *written) since(r *http.Request) int {
	t, err := time.Parse("2006-01-02T15:04:05", r.Header.Get("If-Modified-Since"))
	if err != nil {
		return 0
	}
	at, _ := slices.BinarySearch(w.at, t.UnixMilli())
	return at
}

func (l *light) listContacts(r *http.Request) []byte {
	if r.Header.Get("If-Modified-Since") != "" {
		first := l.contacts.since(r)
		from, to, pagination := page(r, len(l.contacts.numbers)-first)
		b := append([]byte(pagination), `,"Contacts":[`...)
		for k := from; k < to; k++ {
			b = l.appendContact(comma(b, k > from), int(l.contacts.numbers[first+k]), "", l.contacts.at[first+k])
		}
		return append(b, ']')
	}
	// All by id: those that were there beforehand.
	known := l.clients/10*l.known + min(l.clients%10, l.known)
	from, to, pagination := page(r, known)
	b := append([]byte(pagination), `,"Contacts":[`...)
	for k := from; k < to; k++ {
		b = l.appendContact(comma(b, k > from), k/l.known*10+k%l.known, "", tooEarly.UnixMilli())
	}
	return append(b, ']')
}

func comma(b []byte, yes bool) []byte {
	if yes {
		return append(b, ',')
	}
	return b
}

// What Xero shows of a contact whatever is known of it.
const contactRest = `"BankAccountDetails":"","Addresses":[{"AddressType":"STREET","City":"","Region":"","PostalCode":"","Country":"","AttentionTo":""},` +
	`{"AddressType":"POBOX","City":"","Region":"","PostalCode":"","Country":"","AttentionTo":""}],"Phones":[{"PhoneType":"DDI","PhoneNumber":"",` +
	`"PhoneAreaCode":"","PhoneCountryCode":""},{"PhoneType":"DEFAULT","PhoneNumber":"","PhoneAreaCode":"","PhoneCountryCode":""},` +
	`{"PhoneType":"FAX","PhoneNumber":"","PhoneAreaCode":"","PhoneCountryCode":""},{"PhoneType":"MOBILE","PhoneNumber":"","PhoneAreaCode":"",` +
	`"PhoneCountryCode":""}],"ContactGroups":[],"IsSupplier":false,"IsCustomer":true,"ContactPersons":[],"HasAttachments":false,"HasValidationErrors":false`

func contactGUID(client int) string { return fmt.Sprintf("%08x-1111-4111-8111-111111111111", client+1) }
func invoiceGUID(i int) string      { return fmt.Sprintf("%08x-2222-4222-8222-222222222222", i+1) }

func (l *light) appendContact(b []byte, client int, mark string, at int64) []byte {
	given, family := name(client)
	return fmt.Appendf(b, `{"ContactID":%q,"ContactNumber":%q,"ContactStatus":"ACTIVE","Name":"%s %s","FirstName":%[3]q,"LastName":%[4]q,"EmailAddress":%q,`+
		`"UpdatedDateUTC":"/Date(%d+0000)/",%s}`, contactGUID(client), mark, given, family, email(client), at, contactRest)
}

func (l *light) createContacts(r *http.Request) ([]byte, error) {
	var in struct {
		Contacts []struct{ ContactNumber, EmailAddress string }
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	b := []byte(`"Contacts":[`)
	for k, c := range in.Contacts {
		var client int
		if _, err := fmt.Sscanf(c.EmailAddress, "client%d@", &client); err != nil || l.isKnown(client) {
			return nil, fmt.Errorf("contact %d is not one to create", client)
		}
		at := l.now()
		l.contacts.numbers, l.contacts.at = append(l.contacts.numbers, int32(client)), append(l.contacts.at, at)
		b = l.appendContact(comma(b, k > 0), client, c.ContactNumber, at)
	}
	return append(b, ']'), nil
}

// sentInvoice is what the light server reads of an invoice: the rest it knows.
type sentInvoice struct {
	Url       string
	Reference string
}

func (l *light) createInvoices(r *http.Request) ([]byte, error) {
	var in struct{ Invoices []sentInvoice }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return nil, err
	}
	b := []byte(`"Invoices":[`)
	for k, inv := range in.Invoices {
		id, err := strconv.ParseInt(inv.Reference, 10, 64)
		i := int(id - number(0))
		if err != nil || i < 0 || i >= l.orders || !l.wanted(i) {
			return nil, fmt.Errorf("invoice of order %q is not one to create", inv.Reference)
		}
		at := l.now()
		l.invoices.numbers, l.invoices.at = append(l.invoices.numbers, int32(i)), append(l.invoices.at, at)
		l.links[int32(i)] = inv.Url
		b = l.appendInvoice(comma(b, k > 0), i, inv.Url, at, true)
	}
	return append(b, ']'), nil
}

func (l *light) listInvoices(r *http.Request) []byte {
	all := l.invoices
	first := all.since(r)
	newest := strings.HasSuffix(r.URL.Query().Get("order"), "DESC")
	from, to, pagination := page(r, len(all.numbers)-first)
	b := append([]byte(pagination), `,"Invoices":[`...)
	for k := from; k < to; k++ {
		at := first + k
		if newest {
			at = len(all.numbers) - 1 - k
		}
		b = l.appendInvoice(comma(b, k > from), int(all.numbers[at]), l.links[all.numbers[at]], all.at[at], false)
	}
	return append(b, ']')
}

// appendInvoice appends the invoice of an order as Xero shows one, with or without its lines.
func (l *light) appendInvoice(b []byte, i int, link string, at int64, whole bool) []byte {
	f := l.figures(i)
	c := l.client(i)
	given, family := name(c)
	day := l.day(i)
	due := day.AddDate(0, 0, 14)
	midnight := func(t time.Time) int64 { return t.Truncate(24 * time.Hour).UnixMilli() }
	b = fmt.Appendf(b, `{"Type":"ACCREC","InvoiceID":%q,"InvoiceNumber":"INV-%d","Reference":"%d","Payments":[],"CreditNotes":[],"Prepayments":[],`+
		`"Overpayments":[],"AmountDue":%s,"AmountPaid":0.00,"AmountCredited":0.00,"SentToContact":false,"CurrencyRate":1.000000,"HasErrors":false,`+
		`"IsDiscounted":false,"HasAttachments":false,"Url":%q,"Contact":{"ContactID":%q,"Name":"%s %s","EmailAddress":%q,%s},`+
		`"Date":"/Date(%d+0000)/","DueDate":"/Date(%d+0000)/","Status":"AUTHORISED","LineAmountTypes":"Exclusive",`,
		invoiceGUID(i), i+1, number(i), decimalOf(f.sum), link, contactGUID(c), given, family, email(c), contactRest, midnight(day), midnight(due))
	if whole {
		b = append(b, `"LineItems":[`...)
		line := func(b []byte, n int, text string, quantity, price, tax int64, account, code string) []byte {
			return fmt.Appendf(comma(b, n > 0), `{"Description":%q,"UnitAmount":%s00,"TaxType":%q,"TaxAmount":%s,"LineAmount":%s,"AccountCode":%q,"Tracking":[],`+
				`"Quantity":%d.0000,"LineItemID":"%08x-3333-4333-8333-33333333333%d","AccountID":"6bae4268-22df-42ca-b9dc-36c8319247d6","ValidationErrors":[]}`,
				text, decimalOf(price), code, decimalOf(tax), decimalOf(quantity*price), account, quantity, i+1, n)
		}
		b = line(b, 0, productText(i%50), f.quantity, f.first, f.quantity*f.first/10, "200", "OUTPUT")
		b = line(b, 1, productText(50+i%40), 1, f.second, f.second/10, "200", "OUTPUT")
		if f.shipping > 0 {
			b = line(b, 2, "Shipping", 1, f.shipping, 0, "210", "EXEMPTOUTPUT")
		}
		b = append(b, "],"...)
	}
	return fmt.Appendf(b, `"SubTotal":%s,"TotalTax":%s,"Total":%s,"UpdatedDateUTC":"/Date(%d+0000)/","CurrencyCode":"AUD","StatusAttributeString":"OK"}`,
		decimalOf(f.sum-f.tax), decimalOf(f.tax), decimalOf(f.sum), at)
}
