package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func TestCurrencyKnowsItsMinorUnit(t *testing.T) {
	t.Parallel()
	// Places are ISO 4217's: https://www.iso.org/iso-4217-currency-codes.html
	for code, places := range map[ledger.Currency]int32{"AUD": 2, "JPY": 0, "KWD": 3, "USD": 2} {
		assert.Equal(t, places, code.Places(), code)
	}
	assert.True(t, ledger.Currency("KWD").Fits(decimal.RequireFromString("0.005")))
	assert.False(t, ledger.Currency("JPY").Fits(decimal.RequireFromString("0.5")))
	c, err := ledger.ParseCurrency("aud")
	require.NoError(t, err)
	assert.Equal(t, ledger.Currency("AUD"), c)
	for _, bad := range []string{"", "XYZ", "AU", "dollars"} {
		_, err := ledger.ParseCurrency(bad)
		assert.Error(t, err, bad)
	}
}

func TestMoneyOfTwoCurrenciesDoesNotAdd(t *testing.T) {
	t.Parallel()
	a := ledger.Money{Amount: decimal.RequireFromString("12.3"), Currency: "AUD"}
	assert.Equal(t, "12.30 AUD", a.String())
	assert.Equal(t, "12.345 AUD", ledger.Money{Amount: decimal.RequireFromString("12.345"), Currency: "AUD"}.String())
	sum, err := a.Add(a)
	require.NoError(t, err)
	assert.Equal(t, "24.60 AUD", sum.String())
	_, err = a.Add(ledger.Money{Currency: "NZD"})
	assert.Error(t, err)
}

func TestDate(t *testing.T) {
	t.Parallel()
	d := ledger.MustDate("2026-01-31")
	assert.Equal(t, "2026-03-02", d.AddDays(30).String()) // 2026 has 28 days in February
	assert.Equal(t, 30, d.AddDays(30).DaysSince(d))
	assert.Equal(t, "2024-02-29", ledger.MustDate("2024-02-28").AddDays(1).String())
	assert.True(t, ledger.Date{}.IsZero())
	assert.Equal(t, "", ledger.Date{}.String())
	assert.Equal(t, "0001-01-01", ledger.MustDate("0001-01-01").String())
	assert.False(t, ledger.MustDate("0001-01-01").IsZero())
	for _, bad := range []string{"2026-02-29", "2026-13-01", "26-01-01", "2026-1-1", "", "2026-01-01T00:00:00Z"} {
		_, err := ledger.ParseDate(bad)
		assert.Error(t, err, bad)
	}
	_, err := ledger.NewDate(2026, time.February, 30)
	assert.Error(t, err)

	// 23:30 UTC on New Year's Eve is New Year in Sydney, eleven hours ahead.
	sydney, err := time.LoadLocation("Australia/Sydney")
	require.NoError(t, err)
	at := time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC)
	assert.Equal(t, "2026-01-01", ledger.DateIn(at, sydney).String())
	assert.Equal(t, "2025-12-31", ledger.DateIn(at, time.UTC).String())
	assert.Equal(t, time.Date(2025, 12, 31, 13, 0, 0, 0, time.UTC), ledger.MustDate("2026-01-01").In(sydney).UTC())
}

func FuzzDate(f *testing.F) {
	for _, s := range []string{"2026-01-31", "0001-01-01", "9999-12-31", "1969-12-31", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ledger.ParseDate(s)
		if err != nil {
			return
		}
		if d.String() != s {
			t.Fatalf("%q prints as %q", s, d)
		}
		b, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back ledger.Date
		if err := json.Unmarshal(b, &back); err != nil || back != d {
			t.Fatalf("%s came back as %s: %v", d, back, err)
		}
		if d.AddDays(400).AddDays(-400) != d {
			t.Fatalf("%s plus and minus 400 days is %s", d, d.AddDays(400).AddDays(-400))
		}
	})
}

func TestMark(t *testing.T) {
	t.Parallel()
	x := ledger.OrganisationID{Vendor: "xero", ID: "o1"}
	k := ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"}
	m := ledger.NewMark(x, ledger.KindInvoice, k, "1001", 0)
	assert.True(t, m.Valid())
	assert.Equal(t, m, ledger.NewMark(x, ledger.KindInvoice, k, "1001", 0))
	others := map[ledger.Mark]bool{m: true}
	for _, o := range []ledger.Mark{
		ledger.NewMark(x, ledger.KindInvoice, k, "1001", 1), ledger.NewMark(x, ledger.KindInvoice, k, "1002", 0),
		ledger.NewMark(x, ledger.KindPayment, k, "1001", 0), ledger.NewMark(k, ledger.KindInvoice, x, "1001", 0),
		// The same letters, divided otherwise, are other fields.
		ledger.NewMark(ledger.OrganisationID{Vendor: "xer", ID: "oo1"}, ledger.KindInvoice, k, "1001", 0),
	} {
		assert.False(t, others[o], "two origins share the mark %s", o)
		others[o] = true
	}
}

func TestMarkIn(t *testing.T) {
	t.Parallel()
	const m = "ABCDEFGHIJKLM234"
	for text, want := range map[string]ledger.Mark{
		"https://xx123.infusionsoft.com/Job/manageJob.jsp?view=edit&ID=7#" + m: m,
		"Paid by card " + m:       m,
		m + " Voided by somebody": m, // words behind it are not marks
		"QQQQQQQQQQQQQQQQ " + m:   m, // the last one counts
		"ABCDEFGHIJKLM23":         "",
		"ABCDEFGHIJKLM2345":       "",
		"abcdefghijklm234":        "",
		"":                        "",
	} {
		assert.Equal(t, want, ledger.MarkIn(text), text)
	}
}

func FuzzMarkIn(f *testing.F) {
	f.Add("x", "y")
	f.Fuzz(func(t *testing.T, before, id string) {
		m := ledger.NewMark(ledger.OrganisationID{Vendor: "xero", ID: "o"}, ledger.KindInvoice, ledger.OrganisationID{Vendor: "host", ID: "h"}, id, 0)
		if got := ledger.MarkIn(before + " " + string(m)); got != m {
			t.Fatalf("the mark at the end of %q was read as %q", before, got)
		}
	})
}

func TestChart(t *testing.T) {
	t.Parallel()
	c := ledger.Chart{
		Accounts: []ledger.Account{{ID: "a1", Code: "200", Active: true}, {ID: "bank"}},
		TaxRates: []ledger.TaxRate{{Code: "OUTPUT", Percent: decimal.NewFromInt(10)}},
		Items:    []ledger.Item{{Code: " Widget "}},
	}
	_, ok := c.Account("bank")
	assert.True(t, ok, "an account without a code answers to its id")
	_, ok = c.Account("")
	assert.False(t, ok)
	twins := ledger.Chart{Accounts: []ledger.Account{{ID: "old", Code: "200"}, {ID: "new", Code: "200", Active: true}}}
	a, ok := twins.Account("200")
	assert.True(t, ok && a.ID == "new", "the active one of two is meant")
	_, ok = c.Item("WIDGET")
	assert.True(t, ok)
	_, ok = c.Item("")
	assert.False(t, ok)

	same := c
	same.TaxRates = []ledger.TaxRate{{Code: "OUTPUT", Percent: decimal.RequireFromString("10.00")}}
	same.Accounts = []ledger.Account{c.Accounts[1], c.Accounts[0]}
	assert.Equal(t, c.Hash(), same.Hash(), "order and trailing zeros are no change")
	same.Accounts = []ledger.Account{c.Accounts[1], {ID: "a1", Code: "200"}}
	assert.NotEqual(t, c.Hash(), same.Hash(), "an archived account is one")
}

func TestOrganisationLocks(t *testing.T) {
	t.Parallel()
	o := ledger.Organisation{BaseCurrency: "AUD", LockDates: []ledger.Date{ledger.MustDate("2025-06-30"), ledger.MustDate("2025-09-30"), {}}}
	assert.Equal(t, "2025-09-30", o.Locked(ledger.MustDate("2025-06-30")).String())
	assert.Equal(t, "2025-09-30", o.Locked(ledger.MustDate("2025-09-30")).String(), "the lock date itself is locked")
	assert.True(t, o.Locked(ledger.MustDate("2025-10-01")).IsZero())
	assert.True(t, o.Holds("AUD"))
	assert.False(t, o.Holds(""))
	assert.False(t, o.Holds("NZD"))
}

func TestErrorSaysWhatToDo(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err := fmt.Errorf("run: %w", &ledger.Error{Kind: ledger.ErrLater, Room: "xero", Thing: "PUT /Invoices", Status: 429, Code: "minute",
		Message: "limit reached", RequestID: "r1", ResumeAt: at, Err: cause})
	assert.Equal(t, "run: xero: PUT /Invoices: limit reached (status 429) [request r1]; try again after 2026-03-01T12:00:00Z: cause", err.Error())
	assert.ErrorIs(t, err, ledger.ErrLater)
	assert.ErrorIs(t, err, cause)
	assert.NotErrorIs(t, err, ledger.ErrRefused)
	assert.Equal(t, at, ledger.ResumeAt(err))
	assert.Equal(t, "minute", ledger.Code(err))
	assert.Equal(t, "", ledger.Code(cause))
	assert.True(t, ledger.ResumeAt(cause).IsZero())
}

func TestAllFlattensAndStops(t *testing.T) {
	t.Parallel()
	pages := func(yield func(ledger.Page[int], error) bool) {
		_ = yield(ledger.Page[int]{Records: []int{1, 2}}, nil) && yield(ledger.Page[int]{}, nil) &&
			yield(ledger.Page[int]{Records: []int{3}}, nil) && yield(ledger.Page[int]{}, errors.New("end"))
	}
	var got []string
	for n, err := range ledger.All(pages) {
		got = append(got, fmt.Sprint(n, err))
	}
	assert.Equal(t, "1<nil>,2<nil>,3<nil>,0end", strings.ReplaceAll(strings.Join(got, ","), " ", ""))
	for n := range ledger.All(pages) {
		if n == 2 {
			break
		}
	}
}

// A reference is said by its id, else by the number that people see.
func TestRefString(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "7", ledger.Ref{ID: "7", Number: "INV-1"}.String())
	assert.Equal(t, "number INV-1", ledger.Ref{Number: "INV-1"}.String())
	assert.Equal(t, "without id and number", ledger.Ref{}.String())
}
