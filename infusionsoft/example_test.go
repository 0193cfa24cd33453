package infusionsoft_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
)

// recorded answers from memory, in place of a client that authorises.
type recorded string

func (r recorded) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"application/json"}, "X-Keap-Tenant-Id": {"xx123.infusionsoft.com"}},
		Body:       io.NopCloser(strings.NewReader(string(r))),
		Request:    req,
	}, nil
}

func Example() {
	authorised := &http.Client{Transport: recorded(`{"orders":[{
		"id":"1092", "status":"SENT", "contact":{"id":"7"}, "order_time":"2026-01-05T15:00:00Z",
		"total":{"amount":22000,"currency_code":"USD"}, "total_paid":{"amount":10000,"currency_code":"USD"},
		"order_items":[
			{"id":"1","item_type":"PRODUCT","quantity":2,"price_per_unit":{"amount":10000,"currency_code":"USD"},"product":{"name":"Widget","sku":"WDG-1"}},
			{"id":"2","item_type":"TAX","quantity":1,"price_per_unit":{"amount":2000,"currency_code":"USD"},"name":"Sales tax"}]}]}`)}

	source, err := infusionsoft.New(authorised, &infusionsoft.Options{Tenant: "xx123", Currency: "USD", TimeZone: time.UTC})
	if err != nil {
		fmt.Println(err)
		return
	}
	for invoice, err := range ledger.All(source.Invoices(context.Background(), ledger.Query{})) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(invoice.Number, invoice.Date, invoice.Status, invoice.Totals.Total.StringFixed(2), "of which open", invoice.Totals.Balance.StringFixed(2))
		for _, line := range invoice.Lines {
			fmt.Println(" ", line.Kind, line.Name, line.Amount.StringFixed(2))
		}
	}
	// Output:
	// 1092 2026-01-05 approved 220.00 of which open 120.00
	//   product Widget 200.00
	//   tax Sales tax 20.00
}
