package xero

import (
	"net/http"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
)

// BenchmarkReadPage reads a page of 1000 invoices with three lines each, about 2 MB as Xero sends it.
func BenchmarkReadPage(b *testing.B) {
	line := `{"LineItemID":"dddddddd-1111-4111-8111-111111111111","Description":"Widget, large, blue, with a box","UnitAmount":33.3333,"TaxType":"OUTPUT","TaxAmount":10.00,"LineAmount":100.00,"AccountCode":"200","Item":{"ItemID":"eeeeeeee-1111-4111-8111-111111111111","Name":"A widget","Code":"W1"},"ItemCode":"W1","Tracking":[],"Quantity":3.0000,"ValidationErrors":[]}`
	var elements []string
	for i := range 1000 {
		e := element(uuid(i+1), markA, "330.00", `,"Payments":[],"CreditNotes":[],"Prepayments":[],"Overpayments":[],"AmountPaid":0.00,"AmountCredited":0.00,"SubTotal":300.00,"TotalTax":30.00,"CurrencyRate":1.000000,"HasErrors":false,"IsDiscounted":false,"HasAttachments":false,"DateString":"2026-02-28T00:00:00","DueDateString":"2026-03-14T00:00:00"`)
		elements = append(elements, strings.Replace(e, `"LineItems":[]`, `"LineItems":[`+line+","+line+","+line+`]`, 1))
	}
	body := answer(elements...).body
	resp := &vendorhttp.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}
	f := (&Ledger{}).invoiceFeed(false)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		w, err := f.decode(resp, 1, 1000)
		if err != nil {
			b.Fatal(err)
		}
		if n := len(f.words(w.rows, nil)); n != 1000 {
			b.Fatalf("%d invoices", n)
		}
	}
}
