package xerofake

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FuzzWhere: whatever is asked, the parser answers with a filter or an error, and the filter with yes or
// no; and a filter that parses means the same inside parentheses and under a double negation.
func FuzzWhere(f *testing.F) {
	for _, seed := range []string{
		`Status=="DRAFT"`, `Date>=DateTime(2026,3,2) AND AmountDue>0`, `InvoiceID=guid("11111111-1111-4111-8111-111111111111") OR Type!="ACCPAY"`,
		`Reference.Contains("x")&&!(Contact.Name=null)`, `"a"=Status`, `((((`, `DateTime(`, `Total>-1.5`, `SentToContact`, `Date > DateTime.Parse("2026-03-02")`, `Status="\"`,
	} {
		f.Add(seed)
	}
	b := &Books{}
	records := []*Invoice{{}, {Document: Document{ID: "11111111-1111-4111-8111-111111111111", Type: "ACCREC", Status: "DRAFT", Date: "2026-03-02", Reference: "x"}}}
	f.Fuzz(func(t *testing.T, src string) {
		where, err := parseWhere(src, "Invoice", b.invoiceFields())
		if err != nil {
			return
		}
		wrapped, err := parseWhere("!(!("+src+"))", "Invoice", b.invoiceFields())
		if err != nil {
			require.ErrorContains(t, err, "nested too deeply")
			return
		}
		for _, r := range records {
			assert.Equal(t, where.match(r), wrapped.match(r), src)
		}
	})
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	b := &Books{}
	r := &Invoice{Document: Document{Type: "ACCREC", Status: "DRAFT"}}
	for src, want := range map[string]bool{
		`Type=="ACCREC" || Type=="ACCPAY" && Status=="PAID"`:   true, // AND binds tighter than OR
		`(Type=="ACCREC" || Type=="ACCPAY") && Status=="PAID"`: false,
		`"DRAFT"==Status`:                       true,
		`status=="draft" and TYPE<>"ACCPAY"`:    true,
		`DueDate==null`:                         true,
		`DueDate<DateTime(2026,1,1)`:            false, // nothing is before or after no date
		`Date!=null`:                            false,
		`Reference==""`:                         true,
		`Status.EndsWith("FT")`:                 true,
		`NOT Status=="DRAFT"`:                   false,
		`DateTime(2026,1,1)<DateTime(2026,1,2)`: true,
	} {
		where, err := parseWhere(src, "Invoice", b.invoiceFields())
		require.NoError(t, err, src)
		assert.Equal(t, want, where.match(r), src)
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for a, b := range map[string]string{"Café": "CAFE", "Straße": "strasse", "Łódź": "lodz", "e\u0301": "É", "日本": "日本"} {
		assert.Equal(t, fold(a), fold(b))
	}
	assert.NotEqual(t, fold("日本"), fold("日米"))
}

func TestDates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Date{
		"2018-10-20": "2018-10-20", "/Date(1539993600000+0000)/": "2018-10-20", "/Date(1539993600000+1300)/": "2018-10-20",
		"2018-10-20T00:00:00": "2018-10-20", "2018-10-20T00:00:00+13:00": "2018-10-19", // moved to UTC, a day early
		"/Date(-86400000+0000)/": "1969-12-31",
	} {
		got, ok := parseDate(in)
		assert.True(t, ok, in)
		assert.Equal(t, want, got, in)
	}
	_, ok := parseDate("20/10/2018")
	assert.False(t, ok)
	assert.Equal(t, "/Date(1539993600000+0000)/", wireDate("2018-10-20"))
}

func TestRound(t *testing.T) {
	t.Parallel()
	away, up := &Switches{}, &Switches{NegativeHalvesUp: true}
	for _, c := range []struct{ in, away, up string }{
		{"2.165", "2.17", "2.17"}, {"2.164", "2.16", "2.16"}, {"-2.165", "-2.17", "-2.16"}, {"-2.1651", "-2.17", "-2.17"}, {"-2.164", "-2.16", "-2.16"}, {"0", "0", "0"},
	} {
		assert.Equal(t, c.away, away.round(decimal.RequireFromString(c.in), 2).String())
		assert.Equal(t, c.up, up.round(decimal.RequireFromString(c.in), 2).String())
	}
}
