package infusionsoft

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

// money is the vendor's CurrencyValue of an amount in minor units.
func money(minor int, code string) string {
	return fmt.Sprintf(`{"amount":%d,"currency_code":%q,"formatted_amount":"x"}`, minor, code)
}

// order is an order with the fields given in front of harmless ones.
func order(fields string, items ...string) string {
	return `{"id":"100","contact":{"id":"7"},"order_time":"2026-01-05T15:00:00Z","modification_time":"2026-01-06T00:00:00Z",` +
		fields + `,"order_items":[` + strings.Join(items, ",") + `]}`
}

func item(id, kind string, quantity, price int, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"id":%q,"item_type":%q,"quantity":%d,"price_per_unit":%s%s}`, id, kind, quantity, money(price, "USD"), more)
}

func totals(total, paid int) string {
	return `"total":` + money(total, "USD") + `,"total_paid":` + money(paid, "USD")
}

// brief prints a line as "id kind amount →applies taxability".
func brief(l ledger.Line) string {
	s := l.ID + " " + string(l.Kind) + " " + l.Amount.String()
	if l.AppliesTo != "" {
		s += " →" + l.AppliesTo
	}
	if l.Taxability != "" {
		s += " " + string(l.Taxability)
	}
	return s
}

func briefs(inv ledger.Invoice) []string {
	var out []string
	for _, l := range inv.Lines {
		out = append(out, brief(l))
	}
	return out
}

func TestOrderBecomesInvoice(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/order.json")
	require.NoError(t, err)
	inv := orderOfJSON(t, string(body), nil)

	assert.Equal(t, "1092", inv.ID)
	assert.Equal(t, "1092", inv.Number, "the number printed on the invoice is the order id")
	assert.Equal(t, []string{"1000"}, inv.Aliases)
	assert.Equal(t, "Online Order", inv.Title)
	assert.Equal(t, ledger.SalesInvoice, inv.Kind)
	assert.Equal(t, ledger.StatusApproved, inv.Status)
	assert.Equal(t, ledger.Contact{ID: "7", Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", Email: "ada@example.com"}, inv.Contact)
	assert.Equal(t, ledger.MustDate("2026-01-04"), inv.Date, "half past nine in the evening in New York")
	assert.Equal(t, ledger.MustDate("2026-02-01"), inv.DueDate)
	assert.Equal(t, at("2026-01-05T02:30:00Z"), inv.CreatedAt)
	assert.Equal(t, at("2026-01-06T00:00:00.123Z"), inv.UpdatedAt)
	assert.Equal(t, ledger.Currency("USD"), inv.Currency)
	assert.Equal(t, ledger.TaxExclusive, inv.TaxMode)
	assert.Equal(t, "259.5", inv.Totals.Net.String())
	assert.Equal(t, "20", inv.Totals.Tax.String())
	assert.Equal(t, "279.5", inv.Totals.Total.String())
	assert.Equal(t, "100", inv.Totals.Paid.String())
	assert.Equal(t, "179.5", inv.Totals.Balance.String(), "total less total_paid; total_due says something else")
	assert.True(t, inv.PaymentsElsewhere)
	assert.True(t, inv.SentToContact)
	assert.Equal(t, ledger.Mark("ABCDEFGHIJKLMNOP"), inv.Mark)
	assert.Equal(t, "https://xx123.infusionsoft.com/Job/manageJob.jsp?view=edit&ID=1092", inv.URL)
	assert.Empty(t, inv.Unclear, inv.UnclearDetail)
	assert.Equal(t, []string{"1 product 200 taxable", "2 service 50", "3 shipping 9.5", "4 tax 20"}, briefs(inv))
	widget := inv.Lines[0]
	assert.Equal(t, "Widget", widget.Name)
	assert.Equal(t, "WDG-1", widget.SKU)
	assert.Empty(t, widget.Description)
	assert.Equal(t, "2", widget.Quantity.String())
	assert.Equal(t, "100", widget.UnitPrice.String())
	assert.Equal(t, "Consulting", inv.Lines[1].Name)
	assert.Equal(t, "one hour", inv.Lines[1].Description)
}

func TestKindsOfLine(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]ledger.LineKind{
		"PRODUCT": "product", "UPSELL": "product", "PROGRAM": "product", "SUBSCRIPTION": "product",
		"SERVICE": "service", "SHIPPING": "shipping", "TAX": "tax", "FINANCE_CHARGE": "finance_charge",
		"TIP": "other", "OTHER": "other", "FEE": "other", "product": "product",
	} {
		inv := orderOfJSON(t, order(totals(1000, 0), item("1", kind, 1, 1000, "")), nil)
		assert.Empty(t, inv.Unclear, kind)
		assert.Equal(t, want, inv.Lines[0].Kind, kind)
		assert.Equal(t, "10", inv.Lines[0].Amount.String(), kind)
	}
	for _, kind := range []string{"UNKNOWN", "GIFT", ""} {
		inv := orderOfJSON(t, order(totals(1000, 0), item("1", kind, 1, 1000, "")), nil)
		assert.Equal(t, "unknown_item_type", inv.Unclear)
		assert.Contains(t, inv.UnclearDetail, fmt.Sprintf("%q", kind))
		assert.Equal(t, ledger.LineOther, inv.Lines[0].Kind)
	}
}

func TestDiscounts(t *testing.T) {
	t.Parallel()
	discount := func(minor int) string { return `"discount":` + money(minor, "USD") }
	special := func(amount, method string) string {
		return `"special":{"amount":` + amount + `,"discount_method":"` + method + `"}`
	}
	taxed := `"product":{"id":"5","taxable":true}`
	for _, c := range []struct {
		name    string
		total   int
		items   []string
		want    []string
		unclear string
	}{
		{
			name: "a field of its own is the amount for the line", total: 15000,
			items: []string{item("1", "PRODUCT", 2, 10000, taxed+","+discount(5000))},
			want:  []string{"1 product 200 taxable", "1/discount discount -50 →1 taxable"},
		},
		{
			name: "its sign does not count", total: 15000,
			items: []string{item("1", "PRODUCT", 2, 10000, discount(-5000))},
			want:  []string{"1 product 200", "1/discount discount -50 →1"},
		},
		{
			name: "a special amount is in major units", total: 18750,
			items: []string{item("1", "PRODUCT", 2, 10000, special("12.5", "AMOUNT"))},
			want:  []string{"1 product 200", "1/special discount -12.5 →1"},
		},
		{
			// 3 × 3.35 = 10.05; a tenth is 1.005, half up 1.01; 9.04 is left
			name: "a percentage is rounded half up", total: 904,
			items: []string{item("1", "PRODUCT", 3, 335, special("10", "PERCENT"))},
			want:  []string{"1 product 10.05", "1/special discount -1.01 →1"},
		},
		{
			name: "both say the same", total: 18000,
			items: []string{item("1", "PRODUCT", 2, 10000, discount(2000)+","+special("10", "PERCENT"))},
			want:  []string{"1 product 200", "1/discount discount -20 →1"},
		},
		{
			name: "both differ and both are meant", total: 16500,
			items: []string{item("1", "PRODUCT", 2, 10000, discount(1500)+","+special("10", "PERCENT"))},
			want:  []string{"1 product 200", "1/discount discount -15 →1", "1/special discount -20 →1"},
		},
		{
			name: "both differ and one alone would sum: not guessed", total: 18500,
			items:   []string{item("1", "PRODUCT", 2, 10000, discount(1500)+","+special("10", "PERCENT"))},
			want:    []string{"1 product 200", "1/discount discount -15 →1", "1/special discount -20 →1"},
			unclear: "lines_do_not_sum",
		},
		{
			name: "a special of no method", total: 20000,
			items:   []string{item("1", "PRODUCT", 2, 10000, special("10", "SURPRISE"))},
			want:    []string{"1 product 200"},
			unclear: "unknown_discount_method",
		},
		{
			name: "discount items: negative price, positive price, the field, the special", total: 9600,
			items: []string{
				item("1", "PRODUCT", 1, 10000, ""), item("2", "DISCOUNT", 1, -100, ""), item("3", "DISCOUNT_ORDER_TOTAL", 1, 100, ""),
				item("4", "DISCOUNT_PRODUCT_CATEGORY", 1, 0, discount(100)), item("5", "DISCOUNT", 1, 0, special("1", "AMOUNT")),
			},
			want: []string{"1 product 100", "2 discount -1", "3 discount -1", "4 discount -1", "5 discount -1"},
		},
		{
			name: "a percentage explains an amount", total: 9000,
			items: []string{item("1", "PRODUCT", 1, 10000, ""), item("2", "DISCOUNT", 1, -1000, special("10", "PERCENT"))},
			want:  []string{"1 product 100", "2 discount -10"},
		},
		{
			name: "a percentage alone is of the goods", total: 12450,
			items: []string{
				item("1", "PRODUCT", 1, 10000, ""), item("2", "SERVICE", 1, 500, ""), item("3", "SHIPPING", 1, 2000, ""), item("4", "TAX", 1, 1000, ""),
				item("5", "DISCOUNT_ORDER_TOTAL", 1, 0, special("10", "PERCENT")),
			},
			want: []string{"1 product 100", "2 service 5", "3 shipping 20", "4 tax 10", "5 discount -10.5"},
		},
		{
			name: "or of the only line that it can be of", total: 11500,
			items: []string{item("1", "PRODUCT", 1, 10000, ""), item("2", "SHIPPING", 1, 2000, ""), item("3", "DISCOUNT_SHIPPING", 1, 0, special("25", "PERCENT"))},
			want:  []string{"1 product 100", "2 shipping 20", "3 discount -5 →2"},
		},
		{
			name: "or else it does not sum", total: 10000,
			items:   []string{item("1", "PRODUCT", 1, 10000, ""), item("2", "DISCOUNT", 1, 0, special("10", "PERCENT"))},
			want:    []string{"1 product 100", "2 discount -10"},
			unclear: "lines_do_not_sum",
		},
		{
			name: "a discount item that contradicts itself", total: 9000,
			items:   []string{item("1", "PRODUCT", 1, 10000, ""), item("2", "DISCOUNT", 1, -1000, discount(500))},
			want:    []string{"1 product 100", "2 discount -10"},
			unclear: "lines_do_not_sum",
		},
		{
			name: "the days of a free trial are no money", total: 10000,
			items: []string{item("1", "PRODUCT", 1, 10000, ""), item("2", "DISCOUNT_FREE_TRIAL", 1, 0, special("14", "AMOUNT"))},
			want:  []string{"1 product 100", "2 discount 0"},
		},
		{
			name: "product and shipping discounts find their line", total: 10500,
			items: []string{
				item("1", "PRODUCT", 1, 10000, taxed), item("2", "PRODUCT", 1, 500, `"product":{"id":"6","taxable":false}`),
				item("3", "SHIPPING", 1, 1000, ""), item("4", "DISCOUNT_PRODUCT", 1, -500, taxed), item("5", "DISCOUNT_SHIPPING", 1, -500, ""),
			},
			want: []string{"1 product 100 taxable", "2 product 5 non_taxable", "3 shipping 10", "4 discount -5 →1 taxable", "5 discount -5 →3"},
		},
		{
			name: "a product discount of two lines is of neither", total: 19500,
			items: []string{item("1", "PRODUCT", 1, 10000, taxed), item("2", "PRODUCT", 1, 10000, taxed), item("3", "DISCOUNT_PRODUCT", 1, -500, taxed)},
			want:  []string{"1 product 100 taxable", "2 product 100 taxable", "3 discount -5"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			inv := orderOfJSON(t, order(totals(c.total, 0), c.items...), nil)
			assert.Equal(t, c.want, briefs(inv))
			assert.Equal(t, c.unclear, inv.Unclear, inv.UnclearDetail)
		})
	}
	t.Run("special amounts in minor units, by option", func(t *testing.T) {
		t.Parallel()
		inv := orderOfJSON(t, order(totals(18750, 0), item("1", "PRODUCT", 2, 10000, special("1250", "AMOUNT"))), known(Options{SpecialUnits: UnitsMinor}))
		assert.Equal(t, []string{"1 product 200", "1/special discount -12.5 →1"}, briefs(inv))
		assert.Empty(t, inv.Unclear)
	})
}

func TestLinesThatDoNotSum(t *testing.T) {
	t.Parallel()
	inv := orderOfJSON(t, order(totals(1001, 0), item("1", "PRODUCT", 1, 1000, "")), nil)
	assert.Equal(t, "lines_do_not_sum", inv.Unclear)
	assert.Equal(t, "the lines sum up to 10, the order's total is 10.01", inv.UnclearDetail)
	assert.Equal(t, "10.01", inv.Totals.Total.String())
}

func TestZeroTaxIsNotNoTax(t *testing.T) {
	t.Parallel()
	with := orderOfJSON(t, order(totals(1000, 0), item("1", "PRODUCT", 1, 1000, ""), item("2", "TAX", 1, 0, "")), nil)
	without := orderOfJSON(t, order(totals(1000, 0), item("1", "PRODUCT", 1, 1000, "")), nil)
	assert.Equal(t, []string{"1 product 10", "2 tax 0"}, briefs(with))
	assert.Equal(t, []string{"1 product 10"}, briefs(without))
	assert.Empty(t, with.Unclear+without.Unclear)
}

func TestMinorUnits(t *testing.T) {
	t.Parallel()
	for code, want := range map[ledger.Currency]string{"USD": "12.34", "JPY": "1234", "KWD": "1.234"} {
		body := strings.ReplaceAll(order(totals(1234, 0), item("1", "PRODUCT", 1, 1234, "")), "USD", string(code))
		inv := orderOfJSON(t, body, known(Options{Currency: code}))
		assert.Equal(t, want, inv.Totals.Total.String(), code)
		assert.Equal(t, want, inv.Lines[0].Amount.String(), code)
		assert.Equal(t, code, inv.Currency)
		assert.Empty(t, inv.Unclear)
	}
}

func TestWhatIsUnclear(t *testing.T) {
	t.Parallel()
	plain := item("1", "PRODUCT", 1, 1000, "")
	for name, c := range map[string]struct{ body, want string }{
		"no contact":             {strings.Replace(order(totals(1000, 0), plain), `"contact":{"id":"7"}`, `"contact":null`, 1), "no_contact"},
		"contact without id":     {strings.Replace(order(totals(1000, 0), plain), `{"id":"7"}`, `{"id":"","email":"a@b.c"}`, 1), "no_contact"},
		"no date":                {strings.Replace(order(totals(1000, 0), plain), `"order_time":"2026-01-05T15:00:00Z"`, `"order_time":null`, 1), "no_date"},
		"no total":               {order(`"total":null`, plain), "no_total"},
		"another currency":       {strings.ReplaceAll(order(totals(1000, 0), plain), "USD", "EUR"), "currency_differs"},
		"no currency at all":     {strings.ReplaceAll(order(totals(1000, 0), plain), "USD", "XYZ"), "currency_differs"},
		"paid in another":        {order(`"total":`+money(1000, "USD")+`,"total_paid":`+money(0, "EUR"), plain), "currency_differs"},
		"a status of next week":  {order(totals(1000, 0)+`,"status":"CANCELLED"`, plain), "unknown_status"},
		"a plan without a sense": {order(totals(1000, 0)+`,"payment_plan":{"plan_start_date":"2026-01-05","number_of_payments":1000000000000,"days_between_payments":30}`, plain), "plan_unclear"},
	} {
		inv := orderOfJSON(t, c.body, nil)
		assert.Equal(t, c.want, inv.Unclear, name)
		assert.NotEmpty(t, inv.UnclearDetail, name)
		assert.NotContains(t, inv.UnclearDetail, "@", name)
	}
	inv := orderOfJSON(t, strings.ReplaceAll(order(totals(1000, 0), plain), "USD", "JPY"), nil)
	assert.Equal(t, "1000", inv.Totals.Total.String(), "in its own minor units")
	assert.Equal(t, ledger.Currency("JPY"), inv.Currency)
}

func TestStatusAndWhetherToAskForPayments(t *testing.T) {
	t.Parallel()
	plain := item("1", "PRODUCT", 1, 1000, "")
	for _, c := range []struct {
		name, fields string
		want         ledger.Status
		elsewhere    bool
	}{
		{"unpaid", totals(1000, 0), ledger.StatusApproved, false},
		{"sent", totals(1000, 0) + `,"status":"SENT"`, ledger.StatusApproved, false},
		{"viewed", totals(1000, 0) + `,"status":"viewed"`, ledger.StatusApproved, false},
		{"draft", totals(1000, 0) + `,"status":"DRAFT","source_type":"INVOICE"`, ledger.StatusDraft, false},
		{"a draft that was sent", totals(1000, 0) + `,"status":"DRAFT","source_type":"INVOICE","sent_time":"2026-01-05T00:00:00Z"`, ledger.StatusApproved, false},
		{"an unpaid order that calls itself a draft", totals(1000, 0) + `,"status":"DRAFT","source_type":"CHECKOUT_FORM"`, ledger.StatusApproved, false},
		{"paid by its word alone", totals(1000, 0) + `,"status":"PAID"`, ledger.StatusApproved, true},
		{"part paid", totals(1000, 999), ledger.StatusApproved, true},
		{"paid", totals(1000, 1000), ledger.StatusPaid, true},
		{"a draft that is paid", totals(1000, 1000) + `,"status":"DRAFT"`, ledger.StatusPaid, true},
		{"overpaid", totals(1000, 1200), ledger.StatusPaid, true},
		{"refunded", totals(1000, 0) + `,"refund_total":` + money(1000, "USD"), ledger.StatusApproved, true},
		{"refund status", totals(1000, 0) + `,"refund_status":"PARTIAL"`, ledger.StatusApproved, true},
		{"no refund", totals(1000, 0) + `,"refund_status":"NONE"`, ledger.StatusApproved, false},
		{"paid is not said", `"total":` + money(1000, "USD"), ledger.StatusApproved, true},
		{"a plan's failure", totals(1000, 0) + `,"payment_plan":{"payment_plan_items":[{"due_date":"2026-01-05","status":"FAILED","amount_due":{"amount":1000}}]}`, ledger.StatusApproved, true},
	} {
		inv := orderOfJSON(t, order(c.fields, plain), nil)
		assert.Equal(t, c.want, inv.Status, c.name)
		assert.Equal(t, c.elsewhere, inv.PaymentsElsewhere, c.name)
		assert.Empty(t, inv.Unclear, c.name)
	}
	free := orderOfJSON(t, order(totals(0, 0)), nil)
	assert.Equal(t, ledger.StatusApproved, free.Status, "nothing to pay is not paid")
	own := orderOfJSON(t, order(totals(1000, 0)+`,"status":"DRAFT"`, plain), known(Options{Statuses: map[string]ledger.Status{"DRAFT": ledger.StatusApproved}}))
	assert.Equal(t, ledger.StatusApproved, own.Status)
}

func TestPlans(t *testing.T) {
	t.Parallel()
	plain := item("1", "PRODUCT", 1, 10000, "")
	plan := func(s string) []string {
		inv := orderOfJSON(t, order(totals(10000, 0)+`,"payment_plan":`+s, plain), nil)
		require.Empty(t, inv.Unclear, inv.UnclearDetail)
		var out []string
		for _, i := range inv.Plan {
			out = append(out, i.Due.String()+" "+i.Amount.String()+" "+i.Paid.String())
		}
		return out
	}
	assert.Equal(t, []string{"2026-01-05 25 25", "2026-02-04 75 0"}, plan(`{"number_of_payments":12,"days_between_payments":30,"plan_start_date":"2020-01-01",
		"payment_plan_items":[{"due_date":"2026-01-05","amount_due":{"amount":2500},"amount_paid":{"amount":2500},"status":"PAID"},
		{"due_date":"2026-02-04","amount_due":{"amount":7500},"amount_paid":{"amount":0}}]}`), "what is listed counts")
	assert.Equal(t, []string{"2026-01-05 100 0"}, plan(`{"number_of_payments":1,"days_between_payments":0,"plan_start_date":"2026-01-05"}`))
	// 100.00 in three: 33.33, 33.33, 33.34
	assert.Equal(t, []string{"2026-01-31 33.33 0", "2026-03-02 33.33 0", "2026-04-01 33.34 0"},
		plan(`{"number_of_payments":3,"days_between_payments":30,"plan_start_date":"2026-01-31"}`))
	// a quarter at first, which is not among the three: 25.00, and 75.00 in three
	assert.Equal(t, []string{"2026-01-05 25 0", "2026-02-01 25 0", "2026-02-08 25 0", "2026-02-15 25 0"},
		plan(`{"initial_payment_percent":25,"initial_payment_date":"2026-01-05","number_of_payments":3,"days_between_payments":7,"plan_start_date":"2026-02-01"}`))
	assert.Equal(t, []string{"2026-01-05 40 0", "2026-02-01 60 0"},
		plan(`{"initial_payment_amount":{"amount":4000},"number_of_payments":1,"days_between_payments":7,"plan_start_date":"2026-02-01"}`), "the first on the order's day")
	assert.Empty(t, plan(`{}`))
	assert.Empty(t, plan(`null`))
}

func TestVersionChangesWithTheOrder(t *testing.T) {
	t.Parallel()
	plain := item("1", "PRODUCT", 1, 1000, "")
	seen := map[string]string{}
	for name, body := range map[string]string{
		"as it was": order(totals(1000, 0), plain),
		"paid":      order(totals(1000, 500), plain),
		"total":     order(totals(2000, 0), plain),
		"refunded":  order(totals(1000, 0)+`,"refund_total":`+money(5, "USD"), plain),
		"modified":  strings.Replace(order(totals(1000, 0), plain), "2026-01-06T00:00:00Z", "2026-01-06T00:00:00.001Z", 1),
	} {
		v := orderOfJSON(t, body, nil).Version
		assert.Empty(t, seen[v], "%s has the version of %s", name, seen[v])
		seen[v] = name
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	plain := item("1", "PRODUCT", 1, 1000, "")
	inv := orderOfJSON(t, order(totals(1000, 0)+`,"invoice_id":456,"invoice_number":"INV-9"`, plain), nil)
	assert.Equal(t, "INV-9", inv.Number)
	assert.Equal(t, []string{"456", "INV-9"}, inv.Aliases)
}

func TestNoLinkThatALedgerWouldRefuse(t *testing.T) {
	t.Parallel()
	m := mapper{books: books{tenant: "xerographix.infusionsoft.com"}}
	assert.Empty(t, m.link("1"))
	assert.Empty(t, (&mapper{}).link("1"))
}
