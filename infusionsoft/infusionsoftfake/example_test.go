package infusionsoftfake_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

// A test adds what users have done, and a client sees it over HTTP as it would see the vendor.
func Example() {
	fake, err := infusionsoftfake.New(nil)
	if err != nil {
		panic(err)
	}
	order, err := fake.AddOrder(infusionsoftfake.Order{
		Title:     "Workshop",
		OrderTime: time.Date(2026, 5, 4, 15, 0, 0, 0, time.UTC),
		Items: []infusionsoftfake.Item{
			{Name: "Seat", Quantity: 2, Price: decimal.RequireFromString("120.00")},
			{Type: "TAX", Name: "Tax", Price: decimal.RequireFromString("19.80")},
		},
	})
	if err != nil {
		panic(err)
	}

	client := fake.Client("any token")
	api := "https://api.infusionsoft.com/crm/rest/v2/orders"
	pay := strings.NewReader(`{"payment_amount": 100.00, "payment_method_type": "Check", "apply_to_commissions": false}`)
	res, err := client.Post(fmt.Sprintf("%s/%d/payments", api, order.ID), "application/json", pay)
	if err != nil {
		panic(err)
	}
	res.Body.Close()
	fmt.Println(res.StatusCode, http.StatusText(res.StatusCode))

	res, err = client.Get(fmt.Sprintf("%s/%d", api, order.ID))
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	var got struct {
		Total     struct{ Amount json.Number } `json:"total"`
		TotalPaid struct{ Amount json.Number } `json:"total_paid"`
		TotalDue  struct{ Amount json.Number } `json:"total_due"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		panic(err)
	}
	fmt.Println(got.Total.Amount, "in cents,", got.TotalPaid.Amount, "paid,", got.TotalDue.Amount, "due, which is not the balance")
	// Output:
	// 201 Created
	// 25980 in cents, 10000 paid, 25980 due, which is not the balance
}
