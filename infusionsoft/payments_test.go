package infusionsoft

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func payRow(id int, status, amount, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"id":"%d","payment_id":"%d","amount":%s,"pay_status":%q,"pay_time":"2026-01-05T15:00:00Z","last_updated_time":"2026-01-05T15:00:01Z"%s}`, id, 1000+id, amount, status, more)
}

// withRows is a vendor with order 100 of a total and what was paid, in cents, and its payments.
func withRows(total, paid int, rows ...string) *vendor {
	return routes(map[string]string{
		"/orders/100":          order(totals(total, paid)),
		"/orders/100/payments": `{"invoice_order_payments":[` + strings.Join(rows, ",") + `]}`,
		"/sales/payments":      `{"payments":[{"id":"1001","type":"Check","amount":1},{"id":"1002","type":"Credit Card","amount":1}]}`,
	})
}

func paymentsOf(t *testing.T, v *vendor, o *Options) []ledger.Payment {
	t.Helper()
	got, err := source(t, v, o).PaymentsOf(t.Context(), ledger.Ref{ID: "100"})
	require.NoError(t, err)
	return got
}

func TestPaymentsOfAnOrder(t *testing.T) {
	t.Parallel()
	got := paymentsOf(t, withRows(20000, 15000,
		payRow(1, "MANUAL_PAID", "10000", `"note":"second ABCDEFGHIJKLMNOP"`),
		payRow(2, "APPROVED", "7500", ""),
		payRow(3, "REFUNDED", "-2500", `"refund_invoice_payment_id":2`),
		payRow(4, "VOIDED", "100", ""), payRow(5, "FAILED", "100", ""), payRow(6, "ERROR", "100", ""),
		payRow(7, "PENDING", "100", ""), payRow(8, "BOUNCED", "100", ""),
	), nil)
	require.Len(t, got, 8)
	first := got[0]
	assert.Equal(t, "1", first.ID)
	assert.Equal(t, "1001", first.FeedID)
	assert.Equal(t, "100", first.InvoiceID)
	assert.Equal(t, ledger.MustDate("2026-01-05"), first.Date)
	assert.Equal(t, at("2026-01-05T15:00:00Z"), first.PaidAt)
	assert.Equal(t, at("2026-01-05T15:00:01Z"), first.UpdatedAt)
	assert.Equal(t, "100", first.Amount.String())
	assert.Equal(t, ledger.Currency("USD"), first.Currency)
	assert.Equal(t, "manual", first.Method)
	assert.Equal(t, "second ABCDEFGHIJKLMNOP", first.Reference)
	assert.Equal(t, ledger.Mark("ABCDEFGHIJKLMNOP"), first.Mark)
	assert.Equal(t, "card", got[1].Method)
	assert.Equal(t, "25", got[2].Amount.String(), "positive, of refunds too")
	assert.Equal(t, "2", got[2].RefundOf)
	for i, want := range []ledger.PaymentStatus{"confirmed", "confirmed", "refunded", "reversed", "failed", "failed", "pending", ""} {
		assert.Equal(t, want, got[i].Status, "row %d", i+1)
		if i < 7 {
			assert.Empty(t, got[i].Unclear)
		}
	}
	assert.Equal(t, "unknown_payment_status", got[7].Unclear)
	assert.Contains(t, got[7].UnclearDetail, "BOUNCED")
}

func TestUnitsOfRows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		total, paid int // cents
		rows        []string
		units       Units
		currency    ledger.Currency
		want        string // amount of the first row; "" is ambiguous
		calls       int
	}{
		{"minor sums up", 10000, 10000, []string{payRow(1, "APPROVED", "10000", "")}, UnitsAuto, "", "100", 2},
		{"major sums up", 10000, 10000, []string{payRow(1, "APPROVED", "100", "")}, UnitsAuto, "", "100", 2},
		{"two sum up", 10000, 7500, []string{payRow(1, "APPROVED", "50", ""), payRow(2, "PAYPAL_PAID", "25", "")}, UnitsAuto, "", "50", 2},
		{"a fraction is major", 10000, 10000, []string{payRow(1, "APPROVED", "33.34", ""), payRow(2, "APPROVED", "66.66", "")}, UnitsAuto, "", "33.34", 1},
		{"a fraction of nothing is none", 10000, 10000, []string{payRow(1, "APPROVED", "10000.00", "")}, UnitsAuto, "", "100", 2},
		{"refunds taken off total_paid", 10000, 7500, []string{payRow(1, "APPROVED", "10000", ""), payRow(2, "REFUNDED", "2500", "")}, UnitsAuto, "", "100", 2},
		{"refunds left in total_paid", 10000, 10000, []string{payRow(1, "APPROVED", "10000", ""), payRow(2, "REFUNDED", "2500", "")}, UnitsAuto, "", "100", 2},
		{"failed rows prove nothing where they are small", 10000, 0, []string{payRow(1, "FAILED", "100", "")}, UnitsAuto, "", "", 2},
		{"failed rows above the total are minor", 10000, 0, []string{payRow(1, "FAILED", "10000", "")}, UnitsAuto, "", "100", 2},
		{"neither sums up", 10000, 5000, []string{payRow(1, "APPROVED", "10000", "")}, UnitsAuto, "", "", 2},
		{"nothing to decide", 10000, 0, []string{payRow(1, "FAILED", "0", "")}, UnitsAuto, "", "0", 1},
		{"by option minor", 10000, 5000, []string{payRow(1, "APPROVED", "100", "")}, UnitsMinor, "", "1", 1},
		{"by option major", 10000, 5000, []string{payRow(1, "APPROVED", "100", "")}, UnitsMajor, "", "100", 1},
		{"yen have no minor unit", 10000, 10000, []string{payRow(1, "APPROVED", "10000", "")}, UnitsAuto, "JPY", "10000", 1},
		{"dinars have three places", 1234, 1234, []string{payRow(1, "APPROVED", "1234", "")}, UnitsAuto, "KWD", "1.234", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := withRows(c.total, c.paid, c.rows...)
			if c.currency != "" {
				inner := v.reply
				v.reply = func(r *http.Request) answer {
					a := inner(r)
					a.body = strings.ReplaceAll(a.body, "USD", string(c.currency))
					return a
				}
			}
			got := paymentsOf(t, v, known(Options{RowUnits: c.units, Currency: c.currency}))
			assert.Len(t, v.calls, c.calls)
			if c.want == "" {
				for _, p := range got {
					assert.Equal(t, "ambiguous_units", p.Unclear)
					assert.NotEmpty(t, p.UnclearDetail)
					assert.True(t, p.Amount.IsZero())
				}
				return
			}
			assert.Equal(t, c.want, got[0].Amount.String())
			assert.Empty(t, got[0].Unclear, got[0].UnclearDetail)
		})
	}
}

func TestDaysOfPayments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ status, time, want, why string }{
		{"APPROVED", "2026-01-05T03:00:00Z", "2026-01-04", "the evening before in New York"},
		{"MANUAL_PAID", "2026-01-05T05:00:00Z", "2026-01-05", "midnight in New York"},
		{"MANUAL_PAID", "2026-01-05T00:00:00Z", "2026-01-05", "midnight UTC: the day that was chosen"},
		{"MANUAL_PAID", "2026-01-05T00:00:01Z", "2026-01-04", "a moment"},
		{"APPROVED", "2026-01-05T00:00:00Z", "2026-01-04", "a card charged at seven in the evening"},
	} {
		row := strings.Replace(payRow(1, c.status, "12.5", ""), "2026-01-05T15:00:00Z", c.time, 1)
		assert.Equal(t, ledger.MustDate(c.want), paymentsOf(t, withRows(1250, 1250, row), nil)[0].Date, c.why)
	}
}

func TestRowsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	got := paymentsOf(t, withRows(1250, 1250, `{"id":"1","amount":{"cents":5}}`, payRow(2, "APPROVED", "12.5", ""), payRow(3, "APPROVED", "null", "")), nil)
	require.Len(t, got, 3)
	assert.Equal(t, "unreadable", got[0].Unclear)
	assert.Contains(t, got[0].UnclearDetail, "amount: object where a number is wanted")
	assert.Empty(t, got[1].Unclear)
	assert.Equal(t, "no_amount", got[2].Unclear)

	_, err := source(t, withRows(0, 0, `{"amount":5}`), nil).PaymentsOf(t.Context(), ledger.Ref{ID: "100"})
	require.ErrorIs(t, err, ledger.ErrUnreadable)
	_, err = source(t, routes(nil), nil).PaymentsOf(t.Context(), ledger.Ref{ID: "100"})
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func TestConfirmedNegativeAmountIsUnclear(t *testing.T) {
	t.Parallel()
	got := paymentsOf(t, withRows(1250, 1250, payRow(1, "APPROVED", "-12.5", "")), nil)
	assert.Equal(t, "negative_amount", got[0].Unclear)
	assert.Equal(t, ledger.PaymentUnknown, got[0].Status)
}

func TestLabelsByOption(t *testing.T) {
	t.Parallel()
	v := withRows(3000, 3000, payRow(1, "MANUAL_PAID", "10.5", ""), payRow(2, "APPROVED", "10.5", ""), payRow(3, "PAYPAL_PAID", "9", ""))
	got := paymentsOf(t, v, known(Options{PaymentLabels: true}))
	assert.Equal(t, "Check", got[0].Method)
	assert.Equal(t, "Credit Card", got[1].Method)
	assert.Equal(t, "paypal", got[2].Method)
	assert.Contains(t, v.asked(), "/sales/payments?order_id==100|id asc|1000")
}

func TestRowsOverPages(t *testing.T) {
	t.Parallel()
	v := &vendor{reply: func(r *http.Request) answer {
		switch r.URL.Query().Get("page_token") {
		case "":
			return answer{body: `{"invoice_order_payments":[` + payRow(1, "APPROVED", "1.5", "") + `],"next_page_token":"a b"}`}
		case "a b":
			return answer{body: `{"invoice_order_payments":[` + payRow(1, "APPROVED", "1.5", "") + `,` + payRow(2, "APPROVED", "2.5", "") + `],"next_page_token":""}`}
		}
		return answer{status: 400}
	}}
	got := paymentsOf(t, v, nil)
	require.Len(t, got, 2)
	assert.Equal(t, "2.5", got[1].Amount.String())

	v.reply = func(*http.Request) answer {
		return answer{body: `{"invoice_order_payments":[` + payRow(1, "APPROVED", "1.5", "") + `],"next_page_token":"same"}`}
	}
	_, err := source(t, v, nil).PaymentsOf(t.Context(), ledger.Ref{ID: "100"})
	require.ErrorIs(t, err, ledger.ErrUnreadable)
}

func TestPaymentFeed(t *testing.T) {
	t.Parallel()
	v := &vendor{reply: func(r *http.Request) answer {
		switch f := r.URL.Query().Get("filter"); f {
		case "":
			return answer{body: `{"payments":[
				{"id":"7","type":"Credit Card","amount":123.34,"status":"COMPLETED","payment_time":"2026-01-05T03:00:00Z","update_time":"2026-01-05T03:00:01Z","order_ids":["100","101"],"external_transaction_id":"t","refund_payment_id":"8"},
				{"id":8,"type":"Credit Card","amount":-23.34,"status":"APPROVED","payment_time":"2026-01-06T03:00:00Z","order_ids":[100],"external_transaction_id":"u","refund_payment_id":"7"}],"next_page_token":"x"}`}
		case "id>8":
			return answer{body: `{"payments":[
				{"id":"9","type":"Check","amount":5,"status":"NONE","payment_time":"2026-01-06T00:00:00Z","order_ids":["100"]},
				{"id":"10","type":"Check","amount":5,"status":"PENDING","payment_time":"2026-01-06T00:00:00Z"},
				{"id":"11","amount":"much"},
				{"id":"12","amount":5,"status":"LOST","payment_time":"2026-01-06T00:00:00Z"}]}`}
		case "id>12":
			return answer{body: `{"payments":[]}`}
		default:
			panic(f)
		}
	}}
	s := source(t, v, nil)
	pages := collect(t, s.Payments(t.Context(), ledger.Query{}))
	require.Len(t, pages, 2)
	first, refund := pages[0].Records[0], pages[0].Records[1]
	assert.Equal(t, "7", first.ID)
	assert.Equal(t, "7", first.FeedID)
	assert.Equal(t, []string{"100", "101"}, first.InvoiceIDs)
	assert.Empty(t, first.InvoiceID)
	assert.Equal(t, "123.34", first.Amount.String())
	assert.Equal(t, ledger.PaymentConfirmed, first.Status)
	assert.Equal(t, ledger.MustDate("2026-01-04"), first.Date)
	assert.Equal(t, "Credit Card", first.Method)
	assert.Empty(t, first.RefundOf, "this leads to the refund, not from it")
	assert.Equal(t, ledger.PaymentRefunded, refund.Status)
	assert.Equal(t, "23.34", refund.Amount.String())
	assert.Equal(t, "7", refund.RefundOf)
	assert.Equal(t, "100", refund.InvoiceID)

	second := pages[1]
	require.Len(t, second.Records, 3)
	assert.Equal(t, ledger.PaymentUnknown, second.Records[0].Status)
	assert.Empty(t, second.Records[0].Unclear, "the feed does not say; the order's rows do")
	assert.Equal(t, ledger.MustDate("2026-01-06"), second.Records[0].Date, "stamped midnight by hand")
	assert.Equal(t, ledger.PaymentPending, second.Records[1].Status)
	assert.Equal(t, "unknown_payment_status", second.Records[2].Unclear)
	require.Len(t, second.Unread, 1)
	assert.Equal(t, "11", second.Unread[0].Ref.ID)

	assert.Equal(t, paymentCursor{after: "12"}.encode(), second.Next)
	v.calls = nil
	quiet := collect(t, s.Payments(t.Context(), ledger.Query{Cursor: second.Next}))
	assert.Equal(t, []string{"/sales/payments?id>12|id asc|1000"}, v.asked(), "nothing new is one call")
	assert.Equal(t, second.Next, quiet[0].Next)
}

func TestPaymentFeedFromTheEnd(t *testing.T) {
	t.Parallel()
	body := `{"payments":[]}`
	v := &vendor{reply: func(*http.Request) answer { return answer{body: body} }}
	s := source(t, v, nil)
	empty := collect(t, s.Payments(t.Context(), ledger.Query{Since: at("2026-03-01T12:00:00Z")}))
	assert.Equal(t, paymentCursor{since: at("2026-02-28T12:00:00Z")}.encode(), empty[0].Next)
	body = `{"payments":[{"id":"70","amount":1,"status":"COMPLETED","payment_time":"2026-03-01T00:00:00Z"}]}`
	found := collect(t, s.Payments(t.Context(), ledger.Query{Cursor: empty[0].Next}))
	assert.Equal(t, paymentCursor{after: "70"}.encode(), found[0].Next, "from now on by id alone")
	assert.Equal(t, []string{
		"/sales/payments?since_time==2026-02-28T12:00:00.000Z|id asc|1000",
		"/sales/payments?since_time==2026-02-28T12:00:00.000Z|id asc|1000",
	}, v.asked())
}

func TestWatchListIsOneCall(t *testing.T) {
	t.Parallel()
	var refs []ledger.Ref
	for i := 1; i <= 1000; i++ {
		refs = append(refs, ledger.Ref{ID: fmt.Sprint(i)})
	}
	v := says(`{"payments":[{"id":"3","amount":1,"status":"COMPLETED","payment_time":"2026-03-01T00:00:00Z"}]}`)
	pages := collect(t, source(t, v, nil).Payments(t.Context(), ledger.Query{Refs: refs}))
	require.Len(t, v.calls, 1)
	assert.Len(t, pages[0].Records, 1)
	q := v.calls[0].URL.Query()
	assert.True(t, strings.HasPrefix(q.Get("filter"), "ids==1,2,3,"))
	assert.Equal(t, "1000", q.Get("page_size"))
}
