package eligibility_test

import (
	"fmt"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

// A bookkeeper sees every reason, and which of them may be overridden.
func ExampleUnpaidImport() {
	policy, err := eligibility.UnpaidImport(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	invoice := ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Currency: "AUD",
		Date: ledger.MustDate("2025-11-30"), DueDate: ledger.MustDate("2025-12-14"),
		Totals: ledger.Totals{
			Total: decimal.RequireFromString("120.00"), Paid: decimal.RequireFromString("20.00"),
			Balance: decimal.RequireFromString("100.00"),
		},
	}
	verdict := policy.Judge(invoice, eligibility.Facts{
		AsOf: ledger.MustDate("2026-03-01"), AccountCurrency: "AUD",
	})
	for _, r := range verdict.Reasons {
		fmt.Println(r)
	}
	fmt.Println("a person may import it:", verdict.Overridable())
	// Output:
	// part_paid: The invoice is paid in part, or a credit note was used on it. (got 20.00 AUD of 120.00 AUD, want 0)
	// too_old: The invoice was issued 91 days ago, and the limit is 90 days. (got 91 days, want at most 90 days)
	// a person may import it: true
}
