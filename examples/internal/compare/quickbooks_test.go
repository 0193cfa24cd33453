package compare_test

import (
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// qbo is a source and a company with one order of 2 × 60.00, two discounts of 15.00 and 5.00, and 8.25 tax, paid by
// card, that was pushed: the discounts are one line there.
type qbo struct {
	t       *testing.T
	source  *infusionsoftfake.Fake
	fake    *quickbooksfake.Fake
	order   infusionsoftfake.Order
	row     int64
	invoice quickbooksfake.Invoice
	payment quickbooksfake.Payment
}

func newQBO(t *testing.T) *qbo {
	t.Helper()
	w := &qbo{t: t}
	var err error
	w.source, err = infusionsoftfake.New(&infusionsoftfake.Options{})
	require.NoError(t, err)
	w.fake, err = quickbooksfake.New(nil)
	require.NoError(t, err)
	w.order, err = w.source.AddOrder(infusionsoftfake.Order{Items: []infusionsoftfake.Item{
		{Type: "PRODUCT", Quantity: 2, Price: dec("60")}, {Type: "DISCOUNT", Price: dec("-15")}, {Type: "DISCOUNT", Price: dec("-5")}, {Type: "TAX", Price: dec("8.25")},
	}})
	require.NoError(t, err)
	p, err := w.source.AddPayment(infusionsoftfake.Payment{OrderID: w.order.ID, Amount: dec("108.25"), Status: "APPROVED"})
	require.NoError(t, err)
	w.row = p.Shares[0].RowID
	w.invoice = w.push("20", w.mark(ledger.KindInvoice, w.order.ID))
	amount := quickbooksfake.NewAmount(dec("108.25"))
	w.payment, err = w.fake.Books().AddPayment(quickbooksfake.Payment{
		CustomerRef: w.invoice.CustomerRef, TotalAmt: &amount, PrivateNote: "1001 " + w.mark(ledger.KindPayment, w.row),
		Line: []quickbooksfake.Line{{Amount: &amount, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: w.invoice.ID, TxnType: "Invoice"}}}},
	})
	require.NoError(t, err)
	return w
}

// push enters an invoice of two pieces at 60.00, less a discount, with a tax of 8.25.
func (w *qbo) push(off, mark string) quickbooksfake.Invoice {
	w.t.Helper()
	books := w.fake.Books()
	if len(books.Customers()) == 0 {
		_, err := books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: "Ada"}})
		require.NoError(w.t, err)
	}
	discount, tax := quickbooksfake.NewAmount(dec(off)), quickbooksfake.NewAmount(dec("8.25"))
	inv, err := books.AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{
		CustomerRef: quickbooksfake.Ref{Value: books.Customers()[0].ID}, PrivateNote: "1001 " + mark, TxnTaxDetail: &quickbooksfake.TxnTaxDetail{TotalTax: &tax},
		Line: []quickbooksfake.Line{
			{DetailType: "SalesItemLineDetail", SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{
				ItemRef: &quickbooksfake.Ref{Value: "5"}, Qty: quickbooksfake.NewNumber(dec("2")), UnitPrice: quickbooksfake.NewNumber(dec("60")), TaxCodeRef: &quickbooksfake.Ref{Value: "TAX"},
			}},
			{DetailType: "DiscountLineDetail", Amount: &discount, DiscountLineDetail: &quickbooksfake.DiscountLineDetail{}},
		},
	}})
	require.NoError(w.t, err)
	return inv
}

func (w *qbo) mark(kind ledger.RecordKind, id int64) string {
	org := ledger.OrganisationID{Vendor: "quickbooks", ID: w.fake.Books().Company().RealmID}
	return string(ledger.NewMark(org, kind, ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"}, strconv.FormatInt(id, 10), 0))
}

func TestCompareQuickBooks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*qbo)
		want   func(*qbo, *compare.Result)
	}{
		"the same":             {func(*qbo) {}, func(*qbo, *compare.Result) {}},
		"a stranger's invoice": {func(w *qbo) { w.push("1", "") }, func(*qbo, *compare.Result) {}},
		"another discount": {func(w *qbo) {
			require.NoError(w.t, w.source.EditOrder(w.order.ID, func(o *infusionsoftfake.Order) { o.Items[1].Price = dec("-15.01") }))
		}, func(w *qbo, r *compare.Result) {
			r.Cents = 2 // 1 of the line, 1 of the total
			r.Differing = []compare.Difference{{Order: "1001", Invoice: w.invoice.DocNumber, Lines: 1, Total: 1}}
		}},
		"another tax": {func(w *qbo) {
			require.NoError(w.t, w.source.EditOrder(w.order.ID, func(o *infusionsoftfake.Order) { o.Items[3].Price = dec("8.28") }))
		}, func(w *qbo, r *compare.Result) {
			r.Cents = 6
			r.Differing = []compare.Difference{{Order: "1001", Invoice: w.invoice.DocNumber, Tax: 3, Total: 3}}
		}},
		"the payment is deleted": {func(w *qbo) { require.NoError(w.t, w.fake.Books().DeletePayment(w.payment.ID)) },
			func(_ *qbo, r *compare.Result) { r.Payments, r.Unbooked, r.UnbookedRows = 0, 10825, 1 }},
		"twice": {func(w *qbo) { w.push("20", w.mark(ledger.KindInvoice, w.order.ID)) }, func(w *qbo, r *compare.Result) {
			r.Doubled = []string{w.mark(ledger.KindInvoice, w.order.ID)}
		}},
		"twice, and one was voided": {func(w *qbo) {
			require.NoError(w.t, w.fake.Books().VoidInvoice(w.push("20", w.mark(ledger.KindInvoice, w.order.ID)).ID))
		}, func(*qbo, *compare.Result) {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newQBO(t)
				c.change(w)
				want := compare.Result{Invoices: 1, Payments: 1}
				c.want(w, &want)
				got, err := compare.Compare(t.Context(), compare.Infusionsoft{BaseURL: "http://source.test", Client: w.source.Client("a")},
					compare.QuickBooks{BaseURL: "http://ledger.test", Client: w.fake.Client("b"), Realm: w.fake.Books().Company().RealmID})
				require.NoError(t, err)
				// Which of two doubled invoices counts is not decided.
				if name == "twice" {
					got.Cents, got.Differing = 0, nil
				}
				require.Equal(t, want, got)
			})
		})
	}
}

// A fault is a fault, under whatever status it comes.
func TestQuickBooksFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newQBO(t)
		plan := faults.New(1)
		plan.Add(faults.Fault{Kind: faults.Vendor, Name: "200_fault", Times: -1})
		broken, err := quickbooksfake.New(&quickbooksfake.Options{Faults: plan})
		require.NoError(t, err)
		_, err = compare.Compare(t.Context(), compare.Infusionsoft{BaseURL: "http://source.test", Client: w.source.Client("a")},
			compare.QuickBooks{BaseURL: "http://ledger.test", Client: broken.Client("b"), Realm: broken.Books().Company().RealmID})
		require.ErrorContains(t, err, "with a fault")
	})
}
