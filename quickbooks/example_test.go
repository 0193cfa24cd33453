package quickbooks_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
)

// canned stands in for QuickBooks, so that the example needs no network and no key.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Body: io.NopCloser(strings.NewReader(string(c))),
		Header: http.Header{"Content-Type": {"application/json"}},
	}, nil
}

func Example() {
	// In a program the client comes from Provider.Config(…).Client(ctx, token), and the realm id from Realm.
	client := &http.Client{Transport: canned(`{"QueryResponse":{"Invoice":[{"Id":"130","SyncToken":"3","DocNumber":"1037",
		"MetaData":{"CreateTime":"2026-04-08T13:16:17-07:00","LastUpdatedTime":"2026-05-05T03:13:29-07:00"},
		"CustomerRef":{"value":"24"},"CurrencyRef":{"value":"USD"},"TxnDate":"2026-04-08","DueDate":"2026-05-08",
		"TotalAmt":362.07,"Balance":362.07}],"startPosition":1,"maxResults":1},"time":"2026-05-05T03:13:28.461-07:00"}`)}
	books, err := quickbooks.New(client, "9341457021722202", nil)
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
	// 1037 is due 2026-05-08 with 362.07 USD
}
