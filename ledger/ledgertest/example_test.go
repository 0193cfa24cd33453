package ledgertest_test

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// A ledger in memory, an answer that is lost, and the look-up that finds what was written all the same.
func ExampleMemory() {
	ctx := context.Background()
	books, err := ledgertest.NewMemory(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	organisation := books.Books().Organisation()
	customer, _ := books.Books().AddContact(ledger.Contact{Name: "Ada Lovelace"})

	mark := ledger.NewMark(organisation.ID, ledger.KindInvoice, ledger.OrganisationID{Vendor: "shop", ID: "main"}, "order 7", 0)
	invoice := ledger.Invoice{
		Status: ledger.StatusApproved, Contact: customer, Currency: "AUD", TaxMode: ledger.TaxExclusive,
		Date: ledger.MustDate("2025-01-06"), DueDate: ledger.MustDate("2025-01-20"),
		Lines: []ledger.Line{{Description: "Lesson", Quantity: decimal.NewFromInt(2), UnitPrice: decimal.RequireFromString("49.95"), Account: "200"}},
	}
	chart, _ := books.Chart(ctx)
	predicted, _ := books.Predict(invoice, chart)

	writer := books.Powers().Invoices
	encoded, err := writer.Encode([]ledger.Draft[ledger.Invoice]{{Mark: mark, Record: invoice}})
	if err != nil {
		fmt.Println(err)
		return
	}
	books.Books().Inject(true, ledgertest.LoseAnswer)
	outcomes, err := writer.Create(ctx, ledger.Batch{
		Members: []ledger.Member{{Mark: mark, Amount: predicted.Totals.Total}}, Encoded: encoded, Key: "order-7",
	})
	fmt.Println(outcomes[0].State, err)

	found, _ := writer.Find(ctx, ledger.Sought{Marks: []ledger.Mark{mark}})
	for _, hit := range found.Hits[mark] {
		fmt.Println(hit.Number, hit.Totals.Total, hit.Currency)
	}
	// Output:
	// uncertain <nil>
	// M-00001 109.89 AUD
}
