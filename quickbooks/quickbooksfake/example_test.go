package quickbooksfake_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// An invoice is created over the wire; the answer is lost, the invoice is not.
func Example() {
	plan := faults.New(1).Add(faults.Fault{Kind: faults.LoseAnswer, Method: "POST", Path: "/invoice"})
	fake, err := quickbooksfake.New(&quickbooksfake.Options{Faults: plan})
	if err != nil {
		fmt.Println(err)
		return
	}
	books := fake.Books()
	ada, err := books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: "Ada"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	post := func() {
		body := `{"CustomerRef":{"value":"` + ada.ID + `"},"Line":[{"Amount":25.00,"DetailType":"SalesItemLineDetail",
			"SalesItemLineDetail":{"ItemRef":{"value":"5"},"Qty":2,"UnitPrice":12.50,"TaxCodeRef":{"value":"TAX"}}}]}`
		r, _ := http.NewRequest(http.MethodPost, "https://quickbooks.api.intuit.com/v3/company/"+books.Company().RealmID+"/invoice?requestid=the-same-both-times", strings.NewReader(body))
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Content-Type", "application/json")
		resp, err := fake.Client("token").Do(r)
		if err != nil {
			fmt.Println("no answer")
			return
		}
		defer resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	post()
	post()
	for _, i := range books.Invoices() {
		fmt.Println(i.DocNumber, i.TotalAmt.StringFixed(2), i.SyncToken)
	}
	// Output:
	// no answer
	// 200
	// 1001 27.00 0
}
