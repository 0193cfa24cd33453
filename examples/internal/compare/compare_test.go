package compare_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// two is a source and a ledger with one order of 100.00 and 8.25 tax, paid by card, that was pushed.
type two struct {
	t       *testing.T
	source  *infusionsoftfake.Fake
	xero    *xerofake.Fake
	order   infusionsoftfake.Order
	row     int64
	invoice xerofake.Invoice
	payment xerofake.Payment
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func newTwo(t *testing.T) *two {
	t.Helper()
	w := &two{t: t}
	var err error
	w.source, err = infusionsoftfake.New(&infusionsoftfake.Options{})
	require.NoError(t, err)
	w.xero, err = xerofake.New(&xerofake.Options{Organisations: []xerofake.Organisation{{CountryCode: "US"}}})
	require.NoError(t, err)
	w.order, err = w.source.AddOrder(infusionsoftfake.Order{Items: []infusionsoftfake.Item{
		{Type: "PRODUCT", Quantity: 2, Price: dec("60")}, {Type: "DISCOUNT", Price: dec("-20")}, {Type: "TAX", Price: dec("8.25")},
	}})
	require.NoError(t, err)
	w.row = w.pay("108.25", "APPROVED")
	w.invoice = w.push("60", w.mark(ledger.KindInvoice, w.order.ID))
	w.payment, err = w.xero.Books().AddPayment(xerofake.Payment{
		InvoiceID: w.invoice.ID, Amount: dec("108.25"), Reference: "1001 " + w.mark(ledger.KindPayment, w.row),
	})
	require.NoError(t, err)
	return w
}

func (w *two) pay(amount, status string) (row int64) {
	w.t.Helper()
	p, err := w.source.AddPayment(infusionsoftfake.Payment{OrderID: w.order.ID, Amount: dec(amount), Status: status})
	require.NoError(w.t, err)
	return p.Shares[0].RowID
}

// push enters an invoice of two pieces at a price, less 20, in Xero.
func (w *two) push(price, mark string) xerofake.Invoice {
	w.t.Helper()
	books := w.xero.Books()
	if len(books.Contacts()) == 0 {
		_, err := books.AddContact(xerofake.Contact{Name: "Ada"})
		require.NoError(w.t, err)
	}
	inv, err := books.AddInvoice(xerofake.Invoice{URL: "https://example.com/#" + mark, Document: xerofake.Document{
		ContactID: books.Contacts()[0].ContactID, Lines: []xerofake.Line{
			{Description: "a", Quantity: dec("2"), UnitAmount: dec(price), AccountCode: "200", TaxType: "TAX001"},
			{Description: "b", Quantity: dec("1"), UnitAmount: dec("-20"), AccountCode: "200", TaxType: "TAX001"},
		},
	}})
	require.NoError(w.t, err)
	return inv
}

func (w *two) mark(kind ledger.RecordKind, id int64) string {
	org := ledger.OrganisationID{Vendor: "xero", ID: w.xero.Books().Organisation().OrganisationID}
	return string(ledger.NewMark(org, kind, ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"}, decimal.NewFromInt(id).String(), 0))
}

func (w *two) compare() compare.Result {
	w.t.Helper()
	r, err := compare.Compare(w.t.Context(), compare.Infusionsoft{BaseURL: "http://source.test", Client: w.source.Client("a")},
		compare.Xero{BaseURL: "http://ledger.test", Client: w.xero.Client("b"), Tenant: w.xero.Books().Organisation().TenantID})
	require.NoError(w.t, err)
	return r
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*two)
		want   func(*two, *compare.Result)
	}{
		{"the same", func(*two) {}, func(*two, *compare.Result) {}},
		{"an order that was not pushed", func(w *two) {
			_, err := w.source.AddOrder(infusionsoftfake.Order{Items: []infusionsoftfake.Item{{Price: dec("5")}}})
			require.NoError(w.t, err)
		}, func(*two, *compare.Result) {}},
		{"a stranger's invoice", func(w *two) { w.push("5", "") }, func(*two, *compare.Result) {}},
		{"a price that was changed", func(w *two) {
			require.NoError(w.t, w.source.EditOrder(w.order.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = dec("60.01") }))
		}, func(w *two, r *compare.Result) {
			r.Cents = 4 // 2 of the line, 2 of the total
			r.Differing = []compare.Difference{{Order: "1001", Invoice: w.invoice.Number, Lines: 2, Total: 2}}
		}},
		{"a tax that was changed", func(w *two) {
			require.NoError(w.t, w.source.EditOrder(w.order.ID, func(o *infusionsoftfake.Order) { o.Items[2].Price = dec("8.26") }))
		}, func(w *two, r *compare.Result) {
			r.Cents = 2
			r.Differing = []compare.Difference{{Order: "1001", Invoice: w.invoice.Number, Tax: 1, Total: 1}}
		}},
		{"a payment by a stranger", func(w *two) {
			require.NoError(w.t, w.xero.Books().DeletePayment(w.payment.PaymentID))
			_, err := w.xero.Books().AddPayment(xerofake.Payment{InvoiceID: w.invoice.ID, Amount: dec("8.25"), Reference: "cash"})
			require.NoError(w.t, err)
		}, func(w *two, r *compare.Result) {
			r.Cents, r.Payments, r.Unbooked, r.UnbookedRows = 825, 0, 10825, 1
			r.Differing = []compare.Difference{{Order: "1001", Invoice: w.invoice.Number, Paid: 825}}
		}},
		{"money that was not booked", func(w *two) {
			w.pay("10", "APPROVED")
			w.pay("-3", "REFUNDED")
			w.pay("99", "FAILED")
			w.pay("98", "PENDING")
		}, func(_ *two, r *compare.Result) { r.Unbooked, r.UnbookedRows = 1300, 2 }},
		{"twice", func(w *two) {
			time.Sleep(time.Minute) // the older one comes first
			w.push("60", w.mark(ledger.KindInvoice, w.order.ID))
		}, func(w *two, r *compare.Result) {
			r.Doubled = []string{w.mark(ledger.KindInvoice, w.order.ID)}
		}},
		{"twice, and one was voided", func(w *two) {
			require.NoError(w.t, w.xero.Books().VoidInvoice(w.push("60", w.mark(ledger.KindInvoice, w.order.ID)).ID))
		}, func(*two, *compare.Result) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newTwo(t)
				c.change(w)
				want := compare.Result{Invoices: 1, Payments: 1}
				c.want(w, &want)
				got := w.compare()
				require.Equal(t, want, got)
				require.Equal(t, want.Cents == 0 && want.Doubled == nil, got.Agrees())
			})
		})
	}
	t.Run("an order that is gone", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newTwo(t)
			require.NoError(t, w.source.DeleteOrder(w.order.ID))
			got := w.compare()
			require.Len(t, got.Unknown, 2)
			require.False(t, got.Agrees())
		})
	})
}

// The comparison keeps to the limits by itself: after sixty calls in a minute it waits.
func TestWaitsWhenToldTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTwo(t)
		began := time.Now()
		for range 25 { // three calls to Xero each
			w.compare()
		}
		require.Greater(t, time.Since(began), 59*time.Second)
		require.Less(t, time.Since(began), 3*time.Minute)
	})
}
