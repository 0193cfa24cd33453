package xero_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/xero"
)

// canned stands in for Xero, so that the example needs no network and no key.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(strings.NewReader(string(c))),
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

func Example() {
	// In a program the client comes from Provider.Config(…).Client(ctx, token).
	client := &http.Client{Transport: canned(`{"DateTimeUTC":"/Date(1772366400000)/","Invoices":[{
		"Type":"ACCREC","InvoiceID":"11111111-1111-4111-8111-111111111111","InvoiceNumber":"INV-0042","Status":"AUTHORISED",
		"Contact":{"ContactID":"cccccccc-1111-4111-8111-111111111111"},"CurrencyCode":"AUD","LineAmountTypes":"Exclusive",
		"Date":"/Date(1772236800000+0000)/","DueDate":"/Date(1773446400000+0000)/","UpdatedDateUTC":"/Date(1772300000123+0000)/",
		"Total":110.00,"AmountDue":110.00}]}`)}
	books, err := xero.New(client, "70784a63-d24b-46a9-a4db-0e70a274b056", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	awaiting := ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}}
	for invoice, err := range ledger.All(books.Invoices(context.Background(), awaiting)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(invoice.Number, "is due", invoice.DueDate, "with", ledger.Money{Amount: invoice.Totals.Balance, Currency: invoice.Currency})
	}
	// Output:
	// INV-0042 is due 2026-03-14 with 110.00 AUD
}
