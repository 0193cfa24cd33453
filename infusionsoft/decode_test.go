package infusionsoft

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`0.1000000000000000055511151231257827`: "0.1000000000000000055511151231257827", `9223372036854775807`: "9223372036854775807",
		`999999999999999999`: "999999999999999999", `"12.30"`: "12.3", `-5`: "-5", `1e2`: "100", `" 7 "`: "7", `0`: "0", `-0.0`: "0",
	} {
		var a amount
		require.NoError(t, json.Unmarshal([]byte(in), &a), in)
		assert.True(t, a.known)
		assert.Equal(t, want, a.units(0).String(), in)
	}
	for _, in := range []string{`null`, `""`, `" "`} {
		var a amount
		require.NoError(t, json.Unmarshal([]byte(in), &a))
		assert.False(t, a.known)
	}
	for _, in := range []string{`"1,5"`, `"$5"`, `true`, `{}`, `[]`, `"NaN"`, `1e99`, `1e-99`, `1e999999999`, `"1_000"`, `"0x10"`, strings.Repeat("1", 41)} {
		var a amount
		require.Error(t, json.Unmarshal([]byte(in), &a), in)
	}
}

func TestInstantsAndDays(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"2024-05-21T14:30:00Z"`: "2024-05-21T14:30:00Z", `"2017-01-01T22:17:59.039Z"`: "2017-01-01T22:17:59.039Z",
		`"2024-05-21T14:30:00.000+0000"`: "2024-05-21T14:30:00Z", `"2024-05-21T14:30:00-05:00"`: "2024-05-21T19:30:00Z", `"2024-05-21T14:30Z"`: "2024-05-21T14:30:00Z",
	} {
		var i instant
		require.NoError(t, json.Unmarshal([]byte(in), &i), in)
		assert.Equal(t, want, i.Format(time.RFC3339Nano))
	}
	for _, in := range []string{`"2024-05-21T14:30:00"`, `"2024-05-21"`, `1716301800`, `true`, `{}`} {
		var i instant
		require.Error(t, json.Unmarshal([]byte(in), &i), "%s has no zone, or is none", in)
	}
	var d day
	require.NoError(t, json.Unmarshal([]byte(`"2024-02-29"`), &d))
	assert.Equal(t, ledger.MustDate("2024-02-29"), d.Date)
	for _, in := range []string{`"2023-02-29"`, `20240229`, `"29/02/2024"`} {
		require.Error(t, json.Unmarshal([]byte(in), &d), in)
	}
}

// Whatever a page holds, decoding it at once and element by element says the same, nothing panics, every
// element is a record or unread, and every invoice that is not marked adds up.
func FuzzOrders(f *testing.F) {
	f.Add(`{"orders":[` + order(totals(1000, 0), item("1", "PRODUCT", 1, 1000, `"special":{"amount":10,"discount_method":"PERCENT"}`)) + `],"next_page_token":"x"}`)
	f.Add(`{"orders":[{"id":1},null,{"id":"2","total":{"amount":"1e20"}},{"id":"3","order_items":[{"item_type":"DISCOUNT_PRODUCT","product":{"id":5}},{}]}]}`)
	f.Add(`{"orders":[{"id":"1","payment_plan":{"number_of_payments":3,"days_between_payments":30,"plan_start_date":"2026-01-31","initial_payment_percent":33.3}}]}`)
	f.Add(`{"orders":null}`)
	m := &mapper{books: books{tenant: testTenant, currency: "USD", places: 2, zone: newYork}}
	f.Fuzz(func(t *testing.T, body string) {
		l, err := decodeList([]byte(body), &orderShape)
		slow, slowErr := decodeSlowly(withoutBOM([]byte(body)), &orderShape)
		if (err == nil) != (slowErr == nil) || len(l.rows) != len(slow.rows) {
			t.Fatalf("at once: %d, %v; one by one: %d, %v", len(l.rows), err, len(slow.rows), slowErr)
		}
		for i, r := range l.rows {
			if (r.value == nil) == (r.unread == nil) || r.id != slow.rows[i].id {
				t.Fatalf("row %d: %+v", i, r)
			}
			if r.value == nil {
				continue
			}
			inv := m.invoice(r.value)
			if inv.Unclear != "" {
				continue
			}
			sum := inv.Totals.Total.Neg()
			for _, line := range inv.Lines {
				sum = sum.Add(line.Amount)
				if line.Kind == ledger.LineDiscount && line.Amount.IsPositive() {
					t.Errorf("a discount adds: %+v", line)
				}
			}
			if !sum.IsZero() || inv.ID == "" || inv.Date.IsZero() {
				t.Errorf("not marked, and wrong: %+v", inv)
			}
		}
	})
}

// specs is the folder of the vendor's documents, which are not part of this module.
func specs(t *testing.T, path string) []byte {
	t.Helper()
	dir := os.Getenv("INVOICESYNC_SPECS")
	if dir == "" {
		t.Skip("skipped: INVOICESYNC_SPECS does not name the folder of the vendors' specifications")
	}
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	require.NoError(t, err)
	return b
}

// The official example has a discount of 100.00, a special of 10 percent, twice 100.00 and a total of
// 100.00. The discount alone would add up; the two fields contradict each other, and nobody guesses.
func TestOfficialExample(t *testing.T) {
	t.Parallel()
	var examples map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(specs(t, "infusionsoft/rest-v2/examples-from-spec.json"), &examples))

	v := says(strings.Replace(string(examples["ListOrders"]), `"next_page_token": "string"`, `"next_page_token": null`, 1))
	pages := collect(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{}))
	require.Len(t, pages, 1)
	require.Empty(t, pages[0].Unread)
	require.Len(t, pages[0].Records, 1)
	inv := pages[0].Records[0]
	assert.Equal(t, "lines_do_not_sum", inv.Unclear)
	assert.Equal(t, "the lines sum up to 80, the order's total is 100", inv.UnclearDetail)
	assert.Equal(t, []string{"456 product 200 taxable", "456/discount discount -100 →456 taxable", "456/special discount -20 →456 taxable"}, briefs(inv))
	assert.Equal(t, "123", inv.ID)
	assert.Equal(t, "1001", inv.Number)
	assert.Equal(t, []string{"456", "1001"}, inv.Aliases)
	assert.Equal(t, "WDG-001", inv.Lines[0].SKU)
	assert.Equal(t, ledger.StatusPaid, inv.Status)
	assert.Equal(t, ledger.MustDate("2024-05-21"), inv.Date)
	assert.Equal(t, ledger.MustDate("2024-06-20"), inv.DueDate)
	require.Len(t, inv.Plan, 1)
	assert.Equal(t, "100", inv.Plan[0].Amount.String())

	v = says(strings.Replace(string(examples["ListPayments"]), `"next_page_token": "string"`, `"next_page_token": null`, 1))
	payments := collect(t, source(t, v, nil).Payments(t.Context(), ledger.Query{}))
	require.Len(t, payments[0].Records, 1)
	assert.Equal(t, "123.34", payments[0].Records[0].Amount.String())
	assert.Equal(t, []string{"123", "456"}, payments[0].Records[0].InvoiceIDs)

	rows := strings.Replace(string(examples["ListOrderPaymentsResponse"]), `"next_page_token": "string"`, `"next_page_token": null`, 1)
	got, err := source(t, routes(map[string]string{"/orders/123": string(examples["OrderV2"]), "/orders/123/payments": rows}), nil).PaymentsOf(t.Context(), ledger.Ref{ID: "123"})
	require.NoError(t, err)
	require.Len(t, got, 1)
	assert.Equal(t, "100", got[0].Amount.String(), "10000 of which 100.00 are paid: minor units")
}

// Every item type and status of the specification is known here.
func TestEnumsOfTheSpecification(t *testing.T) {
	t.Parallel()
	var spec struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	require.NoError(t, json.Unmarshal(specs(t, "infusionsoft/rest-v2/keap-rest-v2-sales-subset-2026-08-20.json"), &spec))
	enum := func(schema, property string) []string {
		e := spec.Components.Schemas[schema].Properties[property].Enum
		require.NotEmpty(t, e, schema+"."+property)
		return e
	}
	for _, e := range enum("OrderItem", "item_type") {
		_, discount, known := lineKind(text(e))
		assert.Equal(t, e != "UNKNOWN", known, e)
		assert.Equal(t, strings.HasPrefix(e, "DISCOUNT"), discount, e)
	}
	for _, e := range enum("InvoiceOrderPayment", "pay_status") {
		assert.NotEqual(t, rowUnknown, rowStatus(text(e)), e)
	}
	for _, e := range enum("OrderV2", "status") {
		inv := orderOfJSON(t, order(totals(0, 0)+fmt.Sprintf(`,"status":%q`, e)), nil)
		assert.Empty(t, inv.Unclear, e)
	}
	m := &mapper{books: books{zone: newYork}}
	for _, e := range enum("Payment", "status") {
		assert.NotEqual(t, "unknown_payment_status", m.feedPayment(&wirePayment{Status: text(e)}).Unclear, e)
	}
}

func BenchmarkPage(b *testing.B) {
	parts := make([]string, 1000)
	for i := range parts {
		parts[i] = fmt.Sprintf(`{"id":"%d","invoice_id":"%d","title":"Online Order","status":"SENT","contact":{"id":"7","email":"a@example.com","given_name":"Ada","family_name":"Lovelace"},"notes":"gift","terms":"Net 30","order_type":"ONLINE","source_type":"API","creation_time":"2026-01-05T15:00:00Z","modification_time":"2026-01-05T15:00:00.123Z","order_time":"2026-01-05T15:00:00Z",%s,"order_items":[%s,%s,%s]}`,
			i+1, i+1, totals(12900, 0), item("1", "PRODUCT", 1, 10000, `"name":"Widget","product":{"id":"5","name":"Widget","sku":"W-1","taxable":true}`), item("2", "SHIPPING", 1, 1900, `"name":"Post"`), item("3", "TAX", 1, 1000, `"name":"Tax"`))
	}
	body := []byte(`{"orders":[` + strings.Join(parts, ",") + `],"next_page_token":"x"}`)
	m := &mapper{books: books{tenant: testTenant, currency: "USD", places: 2, zone: newYork}}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		l, err := decodeList(body, &orderShape)
		if err != nil || len(l.rows) != 1000 {
			b.Fatal(err)
		}
		for _, r := range l.rows {
			if inv := m.invoice(r.value); inv.Unclear != "" {
				b.Fatal(inv.UnclearDetail)
			}
		}
	}
}
