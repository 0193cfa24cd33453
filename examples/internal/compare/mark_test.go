package compare

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// The marks were worked out with another program, from the definition.
func TestMark(t *testing.T) {
	t.Parallel()
	into := organisation{"xero", "8f1c5f1e-0c7b-4d6f-9a3e-2f8f5f0f9b11"}
	from := organisation{"infusionsoft", "xx123.infusionsoft.com"}
	require.Equal(t, "C5LRT2ZAFRKRTFAM", mark(into, "invoice", from, "1001"))
	require.Equal(t, "SO777HIA6UJVIWGF", mark(into, "payment", from, "7003"))
}

func TestLastMark(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "",
		"https://xx123.infusionsoft.com/Job/manageJob.jsp?view=edit&ID=1001#C5LRT2ZAFRKRTFAM": "C5LRT2ZAFRKRTFAM",
		"https://example.com/order#%58EROT2ZAFRKRTFAM":                                        "XEROT2ZAFRKRTFAM",
		"1001 SO777HIA6UJVIWGF":                       "SO777HIA6UJVIWGF",
		"AAAAAAAAAAAAAAAA BBBBBBBBBBBBBBBB thank you": "BBBBBBBBBBBBBBBB",
		"so777hia6ujviwgf":                            "",
		"SO777HIA6UJVIWGF1":                           "",
		"INV-0042":                                    "",
	} {
		require.Equal(t, want, lastMark(text), text)
	}
}

func TestReadOrder(t *testing.T) {
	t.Parallel()
	money := func(c int64) cents { return cents{Amount: decimal.NewFromInt(c), Code: "USD"} }
	item := func(kind string, quantity, price int64) wireItem {
		return wireItem{Type: kind, Quantity: decimal.NewFromInt(quantity), Price: money(price)}
	}
	discount := item("DISCOUNT", 1, 0)
	discount.Discount = money(250)
	special := item("DISCOUNT", 1, 0)
	special.Special.Amount, special.Special.Method = decimal.RequireFromString("2.50"), "AMOUNT"
	trial := item("DISCOUNT_FREE_TRIAL", 1, -300)
	trial.Special.Amount = decimal.NewFromInt(30) // days
	both := item("PRODUCT", 2, 1000)
	both.Discount = money(200)
	both.Special.Amount, both.Special.Method = decimal.NewFromInt(10), "PERCENT" // the same 2.00, said again
	reduced := item("PRODUCT", 3, 333)
	reduced.Special.Amount, reduced.Special.Method = decimal.NewFromInt(15), "PERCENT" // 1.4985

	for _, c := range []struct {
		name  string
		item  wireItem
		lines string
		tax   string
	}{
		{"product", item("PRODUCT", 2, 1234), "24.68", "0"},
		{"tax", item("TAX", 1, 83), "", "0.83"},
		{"negative price", item("DISCOUNT", 1, -250), "-2.5", "0"},
		{"positive price", item("DISCOUNT_PRODUCT", 1, 250), "-2.5", "0"},
		{"discount field", discount, "-2.5", "0"},
		{"special amount", special, "-2.5", "0"},
		{"free trial", trial, "-3", "0"},
		{"said twice", both, "20 -2", "0"},
		{"percent of the line", reduced, "9.99 -1.5", "0"},
	} {
		o, err := readOrder(&wireOrder{ID: "1", Total: money(0), Items: []wireItem{c.item}})
		require.NoError(t, err, c.name)
		text := ""
		for _, l := range o.lines {
			if !l.IsZero() {
				text += " " + l.String()
			}
		}
		require.Equal(t, c.lines, trimLeft(text), c.name)
		require.Equal(t, c.tax, o.tax.String(), c.name)
	}

	yen, err := readOrder(&wireOrder{ID: "1", Total: cents{decimal.NewFromInt(1050), "JPY"}})
	require.NoError(t, err)
	require.Equal(t, "1050", yen.total.String())
	_, err = readOrder(&wireOrder{ID: "1", Total: cents{Code: "string"}})
	require.ErrorContains(t, err, "ISO 4217")
}

func trimLeft(s string) string {
	if s == "" {
		return s
	}
	return s[1:]
}

func TestLinesDiffer(t *testing.T) {
	t.Parallel()
	lines := func(texts ...string) (l []decimal.Decimal) {
		for _, s := range texts {
			l = append(l, decimal.RequireFromString(s))
		}
		return l
	}
	for _, c := range []struct {
		a, b []decimal.Decimal
		want string
	}{
		{nil, nil, "0"},
		{lines("1", "2", "2"), lines("2", "1", "2"), "0"},
		{lines("1", "0"), lines("1"), "0"},
		{lines("10", "-1"), lines("9"), "2"}, // the same sum, and not the same lines
		{lines("10"), lines("9.99"), "0.01"},
		{lines("10", "10"), lines("10"), "10"},
	} {
		require.Equal(t, c.want, linesDiffer(c.a, c.b).String(), "%s and %s", c.a, c.b)
		require.Equal(t, c.want, linesDiffer(c.b, c.a).String(), "%s and %s", c.b, c.a)
	}
}
