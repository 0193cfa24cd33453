package xerofake_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// An invoice is created over the wire; the answer is lost, the invoice is not.
func Example() {
	plan := faults.New(1).Add(faults.Fault{Kind: faults.LoseAnswer, Method: "PUT", Path: "/Invoices"})
	fake, err := xerofake.New(&xerofake.Options{Faults: plan})
	if err != nil {
		fmt.Println(err)
		return
	}
	books := fake.Books()
	put := func() {
		body := `{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"Name":"Ada"},"Date":"2026-03-02","DueDate":"2026-03-31",
			"LineItems":[{"Description":"Work","Quantity":2,"UnitAmount":12.50,"AccountCode":"200"}]}`
		r, _ := http.NewRequest(http.MethodPut, "https://api.xero.com/api.xro/2.0/Invoices", strings.NewReader(body))
		r.Header.Set("Xero-Tenant-Id", books.Organisation().TenantID)
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "the same both times")
		resp, err := fake.Client("token").Do(r)
		if err != nil {
			fmt.Println("no answer")
			return
		}
		defer resp.Body.Close()
		fmt.Println(resp.StatusCode)
	}
	put()
	put()
	for _, i := range books.Invoices() {
		fmt.Println(i.Number, i.Status, i.Total.StringFixed(2))
	}
	// Output:
	// no answer
	// 200
	// INV-0001 AUTHORISED 27.50
}
