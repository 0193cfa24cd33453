package xero

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

func TestParseInstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"as Xero sends it", "/Date(1539993600000+0000)/", "2018-10-20T00:00:00Z"},
		{"envelope without offset", "/Date(1552326816230)/", "2019-03-11T17:53:36.23Z"},
		{"the offset is ignored", "/Date(1539993600000+1300)/", "2018-10-20T00:00:00Z"},
		{"a negative offset too", "/Date(1539993600000-0800)/", "2018-10-20T00:00:00Z"},
		{"before 1970", "/Date(-86400000+0000)/", "1969-12-31T00:00:00Z"},
		{"companion field", "2018-10-20T00:00:00", "2018-10-20T00:00:00Z"},
		{"with Z", "2018-11-02T16:31:30Z", "2018-11-02T16:31:30Z"},
		{"connections, seven digits and no Z", "2019-12-07T18:46:19.5165400", "2019-12-07T18:46:19.51654Z"},
		{"day only", "2018-10-20", "2018-10-20T00:00:00Z"},
		{"empty", "", "0001-01-01T00:00:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseInstant(c.in)
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Format(time.RFC3339Nano))
			assert.Equal(t, time.UTC, got.Location())
		})
	}
	for _, bad := range []string{"/Date()/", "/Date(+5)/", "/Date(12x)/", "/Date(1", "/Date(1+00)/", "/Date(99999999999999999)/", "yesterday", "2018-02-30", "/Date(-)/"} {
		_, err := parseInstant(bad)
		assert.Error(t, err, bad)
	}
}

func TestDatesAreUTCDays(t *testing.T) {
	t.Parallel()
	d, err := day(momentOf([]byte("/Date(1539993600000+1300)/")))
	require.NoError(t, err)
	assert.Equal(t, "2018-10-20", d.String(), "never the day that it is at the offset or here")
}

func FuzzParseInstant(f *testing.F) {
	for _, s := range []string{"/Date(1539993600000+0000)/", "/Date(-1)/", "2018-10-20T00:00:00", "/Date(+1)/", "/Date(--1)/", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseInstant(s)
		if err != nil {
			return
		}
		if at.Location() != time.UTC || at.Year() > 10000 {
			t.Errorf("%q: %v", s, at)
		}
		if d, err := day(momentOf([]byte(s))); err != nil || s != "" && d.IsZero() && at.Year() >= 1 && !at.IsZero() {
			t.Errorf("%q is an instant and not a day: %v", s, err)
		}
	})
}

func TestInvoicesFromTheWire(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(seenRequest) reply { return reply{body: golden(t, "invoices.json")} })
	records, last := collect(t, l.Invoices(ctx, ledger.Query{}))
	require.Len(t, records, 2, "the bill is passed over, the broken one is reported")
	require.Len(t, last.Unread, 1)
	assert.Equal(t, "44444444-1111-4111-8111-111111111111", last.Unread[0].Ref.ID)
	assert.Contains(t, last.Unread[0].Detail, "LineItems")

	inv := records[0]
	assert.Equal(t, idA, inv.ID)
	assert.Equal(t, "INV-0042", inv.Number)
	assert.Equal(t, "PO 7", inv.Reference)
	assert.Equal(t, ledger.StatusApproved, inv.Status)
	assert.Equal(t, ledger.TaxExclusive, inv.TaxMode)
	assert.Equal(t, "2026-02-28", inv.Date.String())
	assert.Equal(t, "2026-03-14", inv.DueDate.String())
	assert.Equal(t, ledger.Currency("USD"), inv.Currency)
	assert.Equal(t, "0.75", inv.Rate.Decimal.String(), "Xero's 1.333333 dollars a base unit are 0.75 base units a dollar")
	assert.Equal(t, markA, inv.Mark)
	assert.True(t, inv.SentToContact)
	assert.Empty(t, inv.Unclear)
	for _, c := range []struct {
		got  string
		want string
	}{
		{inv.Totals.Net.String(), "82.85"}, {inv.Totals.Tax.String(), "8.29"}, {inv.Totals.Total.String(), "91.14"},
		{inv.Totals.Paid.String(), "10"}, {inv.Totals.Balance.String(), "81.14"}, {inv.Totals.Credited.String(), "0"},
		{inv.Lines[0].UnitPrice.String(), "33.3333"}, {inv.Lines[0].Amount.String(), "100"}, {inv.Lines[1].Amount.String(), "-17.15"},
	} {
		assert.Equal(t, c.want, c.got)
	}
	assert.Equal(t, ledger.LineProduct, inv.Lines[0].Kind)
	assert.Equal(t, "A widget", inv.Lines[0].Name)
	assert.Equal(t, []ledger.Tracking{{Category: "Region", Option: "North"}}, inv.Lines[0].Tracking)
	assert.Equal(t, ledger.LineDiscount, inv.Lines[1].Kind)
	require.Len(t, inv.Payments, 1)
	assert.Equal(t, ledger.PaymentConfirmed, inv.Payments[0].Status)
	assert.Equal(t, idA, inv.Payments[0].InvoiceID)
	assert.False(t, inv.PaymentsElsewhere)
	assert.Equal(t, time.UnixMilli(1772300000123).UTC(), inv.UpdatedAt)

	held := records[1]
	assert.Equal(t, ledger.StatusUnknown, held.Status)
	assert.Equal(t, "status_unknown", held.Unclear, "an unknown status parks the record, not the page")
	assert.Equal(t, "2026-02-28", held.Date.String())
	require.Len(t, held.Lines, 2, "a discount inside a line is a line of its own")
	assert.Equal(t, "100", held.Lines[0].Amount.String())
	assert.Equal(t, "-10", held.Lines[1].Amount.String())
	assert.Equal(t, held.Lines[0].ID, held.Lines[1].AppliesTo)

	q := s.requests[0].URL.Query()
	assert.Equal(t, "4", q.Get("unitdp"))
	assert.Equal(t, "InvoiceID ASC", q.Get("order"))
	assert.Equal(t, "1000", q.Get("pageSize"))
	assert.Empty(t, q.Get("where"))
	assert.Equal(t, tenant, s.requests[0].Header.Get("xero-tenant-id"))
	assert.Equal(t, "application/json", s.requests[0].Header.Get("Accept"))
}

func TestVersionMovesWithTheDueDateOfAPartPaidInvoice(t *testing.T) {
	t.Parallel()
	// Xero does not move UpdatedDateUTC for it.
	at := func(s string) moment { return momentOf([]byte(s)) }
	w := wireInvoice{DueDate: at("/Date(1773446400000+0000)/"), UpdatedDateUTC: at("/Date(1772300000123+0000)/")}
	before := toInvoice(&w, false).Version
	w.DueDate = at("/Date(1773532800000+0000)/")
	assert.NotEqual(t, before, toInvoice(&w, false).Version)
	w.DueDate = at("/Date(1773446400000+0000)/")
	assert.Equal(t, before, toInvoice(&w, true).Version, "a summary has the same version")
}

func TestNumbersStayExact(t *testing.T) {
	t.Parallel()
	// XeroAPI/xerogolang#20: 259467.21 became 259467.2.
	for in, want := range map[json.Number]string{"259467.21": "259467.21", "40.00": "40", "0.1": "0.1", "-17.1455": "-17.1455", "9999999999.99": "9999999999.99", "": "0", "1E+2": "100"} {
		v, err := vendorhttp.ParseNumber(in)
		require.NoError(t, err)
		assert.Equal(t, want, v.String(), in)
	}
	for _, bad := range []json.Number{"1e999999999", "1e-999999999", "NaN", json.Number(strings.Repeat("9", 41))} {
		_, err := vendorhttp.ParseNumber(bad)
		assert.Error(t, err, bad)
	}
}

// sent is a number as an answer holds it.
func sent(t *testing.T, number string) (d digits) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(number), &d))
	return d
}

func TestRatesGoThereAndBack(t *testing.T) {
	t.Parallel()
	for rate, wire := range map[string]string{"0.75": "1.333333", "1.25": "0.8", "1": "1", "2": "0.5", "0.01": "100", "0.0103": "97.087379"} {
		n := wireRate(ndec(rate))
		assert.Equal(t, wire, n.String())
		var d doubt
		assert.Equal(t, rate, d.rate(sent(t, wire)).Decimal.String(), "back from %s", wire)
	}
	assert.Nil(t, wireRate(ndec("-1")))
}

func TestMarkedURL(t *testing.T) {
	t.Parallel()
	const base = "https://host.example/"
	xeroMark := ledger.Mark("AAXEROAABBCCDDEE")
	for _, c := range []struct {
		name, link, want string
		mark             ledger.Mark
	}{
		{"plain", "https://shop.example/orders/42", "https://shop.example/orders/42#ABCDEFGHIJKLMNOP", markA},
		{"none", "", "https://host.example/#ABCDEFGHIJKLMNOP", markA},
		{"Xero refuses its own name", "https://go.XERO.com/x", "https://host.example/#ABCDEFGHIJKLMNOP", markA},
		{"not a link", "order 42", "https://host.example/#ABCDEFGHIJKLMNOP", markA},
		{"a page that routes by fragment", "https://shop.example/#/orders/42", "https://shop.example/#/orders/42?mark=ABCDEFGHIJKLMNOP", markA},
		{"and has a query there", "https://shop.example/#/orders?id=42", "https://shop.example/#/orders?id=42&mark=ABCDEFGHIJKLMNOP", markA},
		{"a mark that spells it", "https://shop.example/1", "https://shop.example/1#AA%58EROAABBCCDDEE", xeroMark},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := markedURL(c.link, base, c.mark)
			assert.Equal(t, c.want, got)
			assert.False(t, mentionsXero(got))
			assert.Equal(t, c.mark, markInURL(got))
		})
	}
}

func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"DateTimeUTC":"/Date(1)/","Invoices":[{"Type":"ACCREC","InvoiceID":"` + idA + `","Total":1.005}]}`))
	f.Add([]byte(golden(f, "invoices.json")))
	f.Fuzz(func(t *testing.T, body []byte) {
		var raw rawPage
		if json.Unmarshal(body, &raw) != nil {
			return
		}
		feed := (&Ledger{options: Options{PageSize: 1000}}).invoiceFeed(false)
		rows, unread := vendorbooks.OneByOne(raw.Invoices, feed.id)
		if len(rows)+len(unread) != len(raw.Invoices) {
			t.Fatalf("%d records, %d read and %d unread", len(raw.Invoices), len(rows), len(unread))
		}
		for i := range rows {
			inv := toInvoice(&rows[i], false)
			if inv.Status == ledger.StatusUnknown && inv.Unclear == "" {
				t.Errorf("an unknown status passes as clear")
			}
		}
	})
}
