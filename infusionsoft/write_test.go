package infusionsoft

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

// These tests hold what is written against keap-rest-v2 of 2026-08-20, on a vendor of their own.

const markA, markB = ledger.Mark("AAAABBBBCCCCDDDD"), ledger.Mark("EEEEFFFFGGGGHHHH")

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func books4(t testing.TB, v http.RoundTripper, o Options) *Ledger {
	t.Helper()
	k := known(o)
	if k.Budget == nil {
		k.Budget = unlimited{}
	}
	l, err := NewLedger(&http.Client{Transport: v}, k)
	require.NoError(t, err)
	return l
}

// written answers the probe before a first write, and anything else as f says.
func written(f func(*http.Request, string) answer) *vendor {
	return &vendor{reply: func(r *http.Request) answer {
		if strings.HasSuffix(r.URL.Path, "/businessProfile") {
			return answer{body: `{"name":"Example"}`}
		}
		body := ""
		if r.Body != nil {
			b, _ := io.ReadAll(r.Body)
			body = string(b)
		}
		return f(r, body)
	}}
}

func sale() ledger.Invoice {
	return ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: ledger.Contact{ID: "77"}, Date: ledger.MustDate("2026-03-01"),
		DueDate: ledger.MustDate("2026-03-31"), Currency: "USD", TaxMode: ledger.TaxExclusive, Reference: "INV-0042", Title: "March",
		URL: "https://go.xero.com/view?id=1",
		Lines: []ledger.Line{
			{Kind: ledger.LineService, Description: "Work", Quantity: dec("3"), UnitPrice: dec("33.33"), Amount: dec("99.99")},
			{Kind: ledger.LineProduct, Name: "Widget", ItemID: "5", Quantity: dec("2"), UnitPrice: dec("10"), Amount: dec("20")},
			{Kind: ledger.LineOther, Description: "Hours", Quantity: dec("1.5"), UnitPrice: dec("19.99"), Amount: dec("29.99")},
			{Kind: ledger.LineShipping, Name: "Courier", Quantity: dec("1"), UnitPrice: dec("5"), Amount: dec("5")},
			{Kind: ledger.LineFinanceCharge, Name: "Late", Quantity: dec("1"), UnitPrice: dec("1"), Amount: dec("1")},
			{Kind: ledger.LineDiscount, Name: "Less", Quantity: dec("1"), UnitPrice: dec("-4.98"), Amount: dec("-4.98")},
			{Kind: ledger.LineTax, Name: "GST", Quantity: dec("1"), UnitPrice: dec("12"), Amount: dec("12")},
			{Kind: ledger.LineOther, Description: "Thank you"},
		},
	}
}

// saleTotal is 99.99 + 20 + 29.99 + 5 + 1 − 4.98 + 12.
const saleTotal = "163"

func TestOrderOnTheWire(t *testing.T) {
	t.Parallel()
	l := books4(t, says(`{}`), Options{})
	e, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: sale()}})
	require.NoError(t, err)
	assert.Equal(t, "POST /v2/orders", e.Route)
	// Noon in New York is 17:00 UTC on 1 March, and 16:00 on 31 March, in summer time.
	assert.Equal(t, `{"contact_id":"77","order_title":"March","order_time":"2026-03-01T17:00:00Z","order_type":"OFFLINE",`+
		`"due_time":"2026-03-31T16:00:00Z","notes":"INV-0042 https://go.xero.com/view?id=1","external_create_user":"AAAABBBBCCCCDDDD","order_items":[`+
		`{"item_type":"OTHER","name":"Work","quantity":3,"price_per_unit":33.33},`+
		`{"item_type":"PRODUCT","product_id":"5","name":"Widget","quantity":2,"price_per_unit":10},`+
		`{"item_type":"OTHER","name":"Hours","description":"(1.5 × 19.99)","quantity":1,"price_per_unit":29.99},`+
		`{"item_type":"SHIPPING","name":"Courier","quantity":1,"price_per_unit":5},`+
		`{"item_type":"FINANCE_CHARGE","name":"Late","quantity":1,"price_per_unit":1},`+
		`{"item_type":"DISCOUNT","name":"Less","quantity":1,"price_per_unit":-4.98},`+
		`{"item_type":"TAX","name":"GST","quantity":1,"price_per_unit":12},`+
		`{"item_type":"OTHER","name":"Thank you","quantity":1,"price_per_unit":0}]}`, string(e.Body))
	p, err := l.Predict(sale(), ledger.Chart{})
	require.NoError(t, err)
	assert.Equal(t, saleTotal, p.Totals.Total.String())
	assert.Equal(t, "12", p.Totals.Tax.String())
	assert.Equal(t, "151", p.Totals.Net.String())
}

// Tax that lines state becomes one item, and a line below zero a discount, whatever it was.
func TestStatedTaxAndNegativeLines(t *testing.T) {
	t.Parallel()
	l := books4(t, says(`{}`), Options{})
	inv := sale()
	inv.Lines = []ledger.Line{
		{Kind: ledger.LineOther, Description: "A", Quantity: dec("1"), UnitPrice: dec("100"), TaxAmount: decimal.NewNullDecimal(dec("10.01"))},
		{Kind: ledger.LineOther, Description: "Rounding", Quantity: dec("1"), UnitPrice: dec("-0.01"), TaxAmount: decimal.NewNullDecimal(dec("-0.01"))},
	}
	e, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}})
	require.NoError(t, err)
	assert.Contains(t, string(e.Body), `{"item_type":"DISCOUNT","name":"Rounding","quantity":1,"price_per_unit":-0.01},`+
		`{"item_type":"TAX","name":"Sales tax","quantity":1,"price_per_unit":10}]`)
	p, err := l.Predict(inv, ledger.Chart{})
	require.NoError(t, err)
	assert.Equal(t, "109.99", p.Totals.Total.String()) // 100 − 0.01 + 10
}

func TestOrdersThatCannotBe(t *testing.T) {
	t.Parallel()
	for code, spoil := range map[string]func(*ledger.Invoice){
		ledger.RefusedContact:  func(i *ledger.Invoice) { i.Contact.ID = "" },
		"date_missing":         func(i *ledger.Invoice) { i.Date = ledger.Date{} },
		"date_invalid":         func(i *ledger.Invoice) { i.DueDate = i.Date.AddDays(-1) },
		"status_invalid":       func(i *ledger.Invoice) { i.Status = ledger.StatusDraft },
		"no_lines":             func(i *ledger.Invoice) { i.Lines = nil },
		ledger.RefusedCurrency: func(i *ledger.Invoice) { i.Currency = "EUR" },
		"discount_positive":    func(i *ledger.Invoice) { i.Lines[5].UnitPrice, i.Lines[5].Amount = dec("1"), dec("1") },
		"tax_negative":         func(i *ledger.Invoice) { i.Lines[6].UnitPrice, i.Lines[6].Amount = dec("-1"), dec("-1") },
		"precision":            func(i *ledger.Invoice) { i.Lines[0].TaxAmount = decimal.NewNullDecimal(dec("0.001")) },
		"strange":              func(i *ledger.Invoice) { i.Unclear = "strange" },
		ledger.RefusedOther:    func(i *ledger.Invoice) { i.Kind = ledger.CreditNote },
		"item_missing":         func(i *ledger.Invoice) { i.Lines[1].ItemID = "five" },
	} {
		l := books4(t, says(`{}`), Options{})
		inv := sale()
		spoil(&inv)
		_, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}})
		require.ErrorIs(t, err, ledger.ErrRefused, code)
		assert.Equal(t, code, ledger.Code(err))
		assert.Contains(t, err.Error(), string(markA))
	}
	l := books4(t, says(`{}`), Options{})
	inv := sale()
	inv.TaxMode = ledger.TaxInclusive
	_, err := l.Predict(inv, ledger.Chart{})
	assert.ErrorIs(t, err, ledger.ErrUnsupported)
	// What the application is must be known before anything is encoded, because encoding asks nobody.
	unknown, err := NewLedger(&http.Client{Transport: says(`{}`)}, nil)
	require.NoError(t, err)
	_, err = unknown.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: sale()}})
	assert.ErrorContains(t, err, "call Organisation first")
	_, err = l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: sale()}, {Mark: markB, Record: sale()}})
	assert.ErrorIs(t, err, ledger.ErrRequestRefused)
}

// A product is named by its SKU, case and spaces aside, as the chart was read last; one SKU of two products
// names neither.
func TestProductsBySKU(t *testing.T) {
	t.Parallel()
	v := routes(map[string]string{
		"/settings/applications:getConfiguration": `{"ecommerce":{"payment_types":"Check, Cash ,Credit Card (Manual)"}}`,
		"/products": `{"products":[{"id":"5","sku":" W-1 ","name":"Widget","active":true},{"id":"6","sku":"TWO","active":true},{"id":"7","sku":"two","active":true},
			{"id":"8","sku":"OLD","active":false},{"id":"9","sku":"","active":true}],"next_page_token":""}`,
	})
	l := books4(t, v, Options{})
	chart, err := l.Chart(t.Context())
	require.NoError(t, err)
	require.Len(t, chart.Accounts, 3)
	cash, ok := chart.Account("Cash")
	assert.True(t, ok && cash.TakesPayments && cash.Active)
	_, ok = chart.Account("Credit Card (Manual)")
	assert.True(t, ok)
	require.Len(t, chart.Items, 5)
	assert.Empty(t, chart.TaxRates)
	for code, want := range map[string]string{"w-1": "5", "TWO": "item_ambiguous", "OLD": "item_missing", "none": "item_missing"} {
		id, err := l.productID(ledger.Line{ItemCode: code})
		if err != nil {
			id = ledger.Code(err)
		}
		assert.Equal(t, want, id, code)
	}
	given := books4(t, v, Options{PaymentTypes: []string{"Check, certified"}})
	chart, err = given.Chart(t.Context())
	require.NoError(t, err)
	require.Len(t, chart.Accounts, 1)
	assert.Equal(t, "Check, certified", chart.Accounts[0].Code)
}

func TestContactOnTheWire(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Worshipful ", 5) + "Company" // 62 characters
	for name, c := range map[string]struct {
		contact ledger.Contact
		want    string // given|family, or a code
	}{
		"a person":            {ledger.Contact{Name: "Jo Ng", GivenName: "Jo", FamilyName: "Ng", Email: "jo@example.com"}, "Jo|Ng"},
		"a company":           {ledger.Contact{Name: "Acme Pty Ltd", Email: "jo@example.com"}, "Acme Pty Ltd|"},
		"a name of its own":   {ledger.Contact{Name: "Jo Ng (17)", GivenName: "Jo", FamilyName: "Ng", Email: "jo@example.com"}, "Jo Ng (17)|"},
		"longer than a field": {ledger.Contact{Name: long, Email: "jo@example.com"}, "Worshipful Worshipful Worshipful|Worshipful Worshipful Company"},
		"no address":          {ledger.Contact{Name: "Jo Ng"}, "contact_invalid"},
		"no real address":     {ledger.Contact{Name: "Jo Ng", Email: "jo at example"}, "contact_invalid"},
		"no name":             {ledger.Contact{Email: "jo@example.com"}, "contact_invalid"},
		"too long an address": {ledger.Contact{Name: "Jo", Email: strings.Repeat("j", 70) + "@example.com"}, "contact_invalid"},
		"a supplier":          {ledger.Contact{Name: "Jo", Email: "jo@example.com", Role: "vendor"}, "contact_invalid"},
	} {
		l := books4(t, says(`{}`), Options{})
		e, err := l.Powers().Contacts.Encode([]ledger.Draft[ledger.Contact]{{Mark: markA, Record: c.contact}})
		if err != nil {
			assert.Equal(t, c.want, ledger.Code(err), name)
			assert.NotContains(t, err.Error(), "Jo", name)
			continue
		}
		var out struct {
			Given  string `json:"given_name"`
			Family string `json:"family_name"`
			Mark   string `json:"billing_information"`
			Emails []struct{ Field, Email string }
		}
		require.NoError(t, json.Unmarshal(bytes.ReplaceAll(e.Body, []byte("email_addresses"), []byte("Emails")), &out))
		assert.Equal(t, c.want, out.Given+"|"+out.Family, name)
		assert.Equal(t, string(markA), out.Mark, name)
		assert.Equal(t, "EMAIL1", out.Emails[0].Field, name)
		assert.Contains(t, e.Route, "duplicate_option=EmailAndName&", name)
	}
}

const answered = `{"id":"1001","total":{"amount":16300,"currency_code":"USD"},"total_paid":{"amount":0},"order_time":"2026-03-01T17:00:00Z",` +
	`"modification_time":"2026-03-01T18:00:00Z","contact":{"id":"77"},"external_create_user":"AAAABBBBCCCCDDDD",` +
	`"order_items":[{"id":"1","item_type":"OTHER","quantity":1,"price_per_unit":{"amount":16300}}]}`

// What an answer to a new order means.
func TestAnswersToAnOrder(t *testing.T) {
	t.Parallel()
	envelope := func(message string) string {
		return `{"code":400,"message":"` + message + `","status":"INVALID_ARGUMENT","details":[]}`
	}
	for name, c := range map[string]struct {
		answer answer
		state  ledger.OutcomeState
		code   string
		err    error
	}{
		"created":                {answer{status: 201, body: answered}, ledger.Created, "", nil},
		"another mark":           {answer{status: 201, body: strings.Replace(answered, "AAAA", "CCCC", 1)}, ledger.Uncertain, "mark_differs", nil},
		"no mark":                {answer{status: 201, body: strings.Replace(answered, "AAAABBBBCCCCDDDD", "", 1)}, ledger.Uncertain, "mark_differs", nil},
		"another amount":         {answer{status: 201, body: strings.ReplaceAll(answered, "16300", "16301")}, ledger.Uncertain, "amount_differs", nil},
		"a discount added":       {answer{status: 201, body: strings.Replace(answered, `"amount":16300`, `"amount":17296`, 1)}, ledger.Uncertain, "lines_do_not_sum", nil},
		"no id":                  {answer{status: 201, body: strings.Replace(answered, `"1001"`, `""`, 1)}, ledger.Uncertain, "no_id", nil},
		"no JSON":                {answer{status: 201, body: "<html>OK</html>"}, ledger.Uncertain, "unreadable", nil},
		"half":                   {answer{status: 201, body: answered[:50]}, ledger.Uncertain, "unreadable", nil},
		"refused":                {answer{status: 400, body: envelope("order_items[0].price_per_unit must be greater than or equal to 0")}, ledger.Refused, ledger.RefusedOther, nil},
		"no such contact":        {answer{status: 400, body: envelope("contact_id 77 does not exist")}, ledger.Refused, ledger.RefusedContact, nil},
		"a gateway's 400":        {answer{status: 400, body: "<html>Bad Request</html>"}, ledger.Uncertain, "unreadable", nil},
		"a conflict":             {answer{status: 409, body: envelope("conflict")}, ledger.Uncertain, "status", nil},
		"500":                    {answer{status: 500, body: envelope("oops")}, ledger.Uncertain, "status", nil},
		"a redirect":             {answer{status: 302, body: ""}, ledger.Uncertain, "status", nil},
		"too many":               {answer{status: 429, body: `{"code":"429","message":"Quota Exceeded"}`}, 0, "", ledger.ErrLater},
		"unauthorised":           {answer{status: 401, body: envelope("expired")}, 0, "", ledger.ErrReconnect},
		"forbidden":              {answer{status: 403, body: envelope("no")}, 0, "", ledger.ErrReconnect},
		"by another application": {answer{status: 201, body: answered, header: http.Header{headerTenant: {"yy456.infusionsoft.com"}}}, ledger.Uncertain, "other_tenant", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := written(func(*http.Request, string) answer { return c.answer })
			l := books4(t, v, Options{Tenant: testTenant})
			w := l.Powers().Invoices
			e, err := w.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: sale()}})
			require.NoError(t, err)
			out, err := w.Create(t.Context(), ledger.Batch{Members: []ledger.Member{{Mark: markA, Amount: dec(saleTotal)}}, Encoded: e})
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Len(t, out, 1)
			assert.Equal(t, c.state, out[0].State)
			if c.code != "" {
				require.NotNil(t, out[0].Refusal)
				assert.Equal(t, c.code, out[0].Refusal.Code)
			}
			posts := 0
			for _, r := range v.calls {
				if r.Method == http.MethodPost {
					posts++
					assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
				}
			}
			assert.Equal(t, 1, posts)
		})
	}
}

// Nothing is written before an answer has shown whose application the connection leads to.
func TestNothingIsWrittenElsewhere(t *testing.T) {
	t.Parallel()
	v := &vendor{reply: func(*http.Request) answer {
		return answer{body: `{}`, header: http.Header{headerTenant: {"yy456.infusionsoft.com"}}}
	}}
	l := books4(t, v, Options{Tenant: testTenant})
	w := l.Powers().Invoices
	e, err := w.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: sale()}})
	require.NoError(t, err)
	_, err = w.Create(t.Context(), ledger.Batch{Members: []ledger.Member{{Mark: markA, Amount: dec(saleTotal)}}, Encoded: e})
	require.ErrorIs(t, err, ledger.ErrReconnect)
	for _, r := range v.calls {
		assert.Equal(t, http.MethodGet, r.Method)
	}
}

func payment() ledger.Payment {
	return ledger.Payment{
		InvoiceID: "1001", Date: ledger.MustDate("2026-03-02"), Amount: dec("40.50"), Currency: "USD", Status: ledger.PaymentConfirmed,
		Account: "Money Order", Reference: "from the bank",
	}
}

func TestPaymentOnTheWire(t *testing.T) {
	t.Parallel()
	w := books4(t, says(`{}`), Options{}).Powers().Payments
	e, err := w.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: payment()}})
	require.NoError(t, err)
	assert.Equal(t, "POST /v2/orders/1001/payments", e.Route)
	// No payment_method_id, ever: it charges a card.
	assert.JSONEq(t, `{"payment_amount":40.5,"payment_method_type":"Money Order","payment_time":"2026-03-02T17:00:00Z",`+
		`"notes":"from the bank AAAABBBBCCCCDDDD","apply_to_commissions":false}`, string(e.Body))
	for code, spoil := range map[string]func(*ledger.Payment){
		"invoice_missing":      func(p *ledger.Payment) { p.InvoiceID = "" },
		"date_missing":         func(p *ledger.Payment) { p.Date = ledger.Date{} },
		"amount_invalid":       func(p *ledger.Payment) { p.Amount = dec("0") },
		"precision":            func(p *ledger.Payment) { p.Amount = dec("0.001") },
		ledger.RefusedCurrency: func(p *ledger.Payment) { p.Currency = "EUR" },
		ledger.RefusedAccount:  func(p *ledger.Payment) { p.Account = " " },
		"status_invalid":       func(p *ledger.Payment) { p.Status = ledger.PaymentPending },
	} {
		p := payment()
		spoil(&p)
		_, err := w.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: p}})
		require.ErrorIs(t, err, ledger.ErrRefused, code)
		assert.Equal(t, code, ledger.Code(err))
	}
}

// The answer to a payment shows neither order nor mark: the order's payments are read for them. Where notes
// are shown, the mark proves it, whatever id the answer had; where they are not, the one without notes that the
// answer names is it; and anything else is uncertain.
func TestAnswersToAPayment(t *testing.T) {
	t.Parallel()
	row := func(id, payment, note, amount, status string) string {
		return `{"id":"` + id + `","payment_id":"` + payment + `","amount":` + amount + `,"note":"` + note + `","pay_time":"2026-03-02T05:00:00Z","pay_status":"` + status + `"}`
	}
	other := row("70", "50", "by hand", "10.25", "MANUAL_PAID")
	for name, c := range map[string]struct {
		result string
		rows   []string
		state  ledger.OutcomeState
		code   string
	}{
		"by its mark":          {`{"id":"51"}`, []string{other, row("71", "51", "from the bank AAAABBBBCCCCDDDD", "40.5", "MANUAL_PAID")}, ledger.Created, ""},
		"by its mark, any id":  {`{"id":"999"}`, []string{other, row("71", "51", "AAAABBBBCCCCDDDD", "40.5", "MANUAL_PAID")}, ledger.Created, ""},
		"by the payment's id":  {`{"id":"51"}`, []string{other, row("71", "51", "", "40.5", "MANUAL_PAID")}, ledger.Created, ""},
		"by the row's id":      {`{"id":"71"}`, []string{other, row("71", "51", "", "40.5", "MANUAL_PAID")}, ledger.Created, ""},
		"another's note":       {`{"id":"51"}`, []string{row("71", "51", "EEEEFFFFGGGGHHHH", "40.5", "MANUAL_PAID")}, ledger.Uncertain, "not_confirmed"},
		"neither":              {`{"id":"52"}`, []string{row("71", "51", "", "40.5", "MANUAL_PAID")}, ledger.Uncertain, "not_confirmed"},
		"ids that run across":  {`{"id":"51"}`, []string{row("51", "40", "", "40.5", "MANUAL_PAID"), row("71", "51", "", "40.5", "MANUAL_PAID")}, ledger.Uncertain, "not_confirmed"},
		"twice":                {`{"id":"51"}`, []string{row("71", "51", "AAAABBBBCCCCDDDD", "40.5", "MANUAL_PAID"), row("72", "52", "AAAABBBBCCCCDDDD", "40.5", "MANUAL_PAID")}, ledger.Uncertain, "not_confirmed"},
		"another amount":       {`{"id":"51"}`, []string{row("71", "51", "AAAABBBBCCCCDDDD", "40.49", "MANUAL_PAID")}, ledger.Uncertain, "amount_differs"},
		"failed":               {`{"id":"51"}`, []string{row("71", "51", "AAAABBBBCCCCDDDD", "40.5", "FAILED")}, ledger.Uncertain, "status_unknown"},
		"no id":                {`{}`, []string{row("71", "51", "AAAABBBBCCCCDDDD", "40.5", "MANUAL_PAID")}, ledger.Uncertain, "no_id"},
		"not among them":       {`{"id":"51"}`, nil, ledger.Uncertain, "not_confirmed"},
		"that cannot be read":  {`[]`, nil, ledger.Uncertain, "unreadable"},
		"whose row cannot be":  {`{"id":"51"}`, []string{`{"id":"71","amount":"much"}`}, ledger.Uncertain, "not_confirmed"},
		"of an order not here": {`{"id":"51"}`, []string{"404"}, ledger.Uncertain, "not_confirmed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := written(func(r *http.Request, _ string) answer {
				switch {
				case r.Method == http.MethodPost:
					return answer{status: 201, body: c.result}
				case len(c.rows) == 1 && c.rows[0] == "404":
					return answer{status: 404, body: `{"code":404,"message":"Order not found"}`}
				}
				return answer{body: `{"invoice_order_payments":[` + strings.Join(c.rows, ",") + `]}`}
			})
			w := books4(t, v, Options{RowUnits: UnitsMajor}).Powers().Payments
			e, err := w.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: payment()}})
			require.NoError(t, err)
			out, err := w.Create(t.Context(), ledger.Batch{Members: []ledger.Member{{Mark: markA, Amount: dec("40.50"), Parent: "1001"}}, Encoded: e})
			require.NoError(t, err)
			require.Len(t, out, 1)
			assert.Equal(t, c.state, out[0].State)
			if c.state == ledger.Created {
				assert.Equal(t, "71", out[0].Record.ID, "the row on the order is a payment's identity")
				assert.Equal(t, markA, out[0].Record.Mark)
				return
			}
			assert.Equal(t, c.code, out[0].Refusal.Code)
		})
	}
}

// An amount above the balance, and a payment type that the application does not have, are refused as what
// they are.
func TestRefusedPayments(t *testing.T) {
	t.Parallel()
	for message, code := range map[string]string{
		"The manual payment amount exceeds the amount due on the invoices being processed": ledger.RefusedOverpays,
		"payment_method_type is not a Manual Payment Type of this application":             ledger.RefusedAccount,
	} {
		v := written(func(*http.Request, string) answer {
			return answer{status: 400, body: `{"code":400,"message":"` + message + `","status":"INVALID_ARGUMENT"}`}
		})
		w := books4(t, v, Options{}).Powers().Payments
		e, err := w.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: payment()}})
		require.NoError(t, err)
		out, err := w.Create(t.Context(), ledger.Batch{Members: []ledger.Member{{Mark: markA, Amount: dec("40.50"), Parent: "1001"}}, Encoded: e})
		require.NoError(t, err)
		assert.Equal(t, ledger.Refused, out[0].State)
		assert.Equal(t, code, out[0].Refusal.Code)
	}
}

// A payment that is not found may be there without its notes, until it was seen that they are read back.
func TestAbsentPayments(t *testing.T) {
	t.Parallel()
	rows := `{"invoice_order_payments":[{"id":"71","payment_id":"51","amount":40.5,"note":"x EEEEFFFFGGGGHHHH","pay_time":"2026-03-02T05:00:00Z","pay_status":"MANUAL_PAID"}]}`
	v := routes(map[string]string{"/orders/1001/payments": rows, "/orders/1003/payments": `{"invoice_order_payments":[]}`})
	for _, c := range []struct {
		sought []ledger.Mark
		orders []string
		proven bool
		hits   int
		gone   []ledger.Ref
	}{
		{[]ledger.Mark{markA}, []string{"1001"}, false, 0, []ledger.Ref{{Number: NotesUnproven}}},
		{[]ledger.Mark{markA}, []string{"1001"}, true, 0, nil},
		{[]ledger.Mark{markB}, []string{"1001", "1003", "1001"}, false, 1, nil},
		{[]ledger.Mark{markB, markA}, []string{"1001"}, false, 1, []ledger.Ref{{Number: NotesUnproven}}},
		{[]ledger.Mark{markA}, []string{"1002"}, true, 0, []ledger.Ref{{Number: "payments of order 1002"}}},
	} {
		w := books4(t, v, Options{NotesReadBack: c.proven, RowUnits: UnitsMajor}).Powers().Payments
		found, err := w.Find(t.Context(), ledger.Sought{Marks: c.sought, Parents: c.orders})
		require.NoError(t, err)
		assert.Len(t, found.Hits, c.hits)
		assert.Equal(t, c.gone, found.Gone)
	}
}

// Only orders without money are deleted, and what a lost answer did is read.
func TestDeletions(t *testing.T) {
	t.Parallel()
	order := ledger.Invoice{ID: "1001", Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Version: "v1"}
	void := func(inv ledger.Invoice) ledger.Change {
		return ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: &inv}
	}
	d := books4(t, says(`{}`), Options{}).Powers().Voids
	require.NoError(t, d.Allows(void(order)))
	for _, spoil := range []func(*ledger.Invoice){
		func(i *ledger.Invoice) { i.Totals.Paid = dec("1") },
		func(i *ledger.Invoice) { i.PaymentsElsewhere = true }, // perhaps a failed one: the vendor counts it
		func(i *ledger.Invoice) { i.Payments = []ledger.Payment{{}} },
		func(i *ledger.Invoice) { i.Status = ledger.StatusPaid },
		func(i *ledger.Invoice) { i.Status = ledger.StatusDeleted },
	} {
		inv := order
		spoil(&inv)
		assert.ErrorIs(t, d.Allows(void(inv)), ledger.ErrLocked)
	}
	for name, c := range map[string]struct {
		answer answer
		state  ledger.OutcomeState
		code   string
	}{
		"deleted":      {answer{status: 204}, ledger.Created, ""},
		"paid by then": {answer{status: 409, body: `{"code":409,"message":"The order has transactions and cannot be deleted"}`}, ledger.Refused, ledger.RefusedLockedByMoney},
		"gone by then": {answer{status: 404, body: `{"code":404,"message":"Order not found"}`}, ledger.Uncertain, "status"},
		"500":          {answer{status: 500, body: `{}`}, ledger.Uncertain, "status"},
		"a web page":   {answer{status: 200, body: "<html></html>"}, ledger.Uncertain, "unreadable"},
	} {
		v := written(func(*http.Request, string) answer { return c.answer })
		d := books4(t, v, Options{}).Powers().Voids
		change := void(order)
		var err error
		change.Encoded, err = d.Encode(change)
		require.NoError(t, err)
		assert.Equal(t, "DELETE /v2/orders/1001", change.Encoded.Route)
		no := errors.New("no")
		change.Gate = func(context.Context) error { return no }
		_, err = d.Apply(t.Context(), change)
		require.ErrorIs(t, err, no, name)
		change.Gate = nil
		out, err := d.Apply(t.Context(), change)
		require.NoError(t, err, name)
		assert.Equal(t, c.state, out.State, name)
		if c.code != "" {
			assert.Equal(t, c.code, out.Refusal.Code, name)
		}
	}
}
