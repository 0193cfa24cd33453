package invoicesync_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/hosttest"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/store"
)

// Unpaid invoices of a ledger come into an app. Both are in memory here; with a real ledger source is
// xero.New or quickbooks.New, and the host is the app's own.
func ExampleNewImport() {
	ctx := context.Background()
	books, old := exampleBooks()
	var host hosttest.Memory
	imp, err := invoicesync.NewImport(store.NewMemory(), books, &host, invoicesync.ImportSettings{
		Ledger:     books.Books().Organisation().ID,
		Account:    "practice-1",
		Processing: true,
		Currency:   "AUD",
		TaxCodes:   []string{"OUTPUT"},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	report, err := imp.Run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("imported:", report.Invoices.Created, "rejected:", report.Invoices.Skipped)

	// What a person could choose from, and why it did not come by itself.
	for c, err := range imp.Candidates(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if !c.Imported {
			fmt.Println("candidate:", c.Invoice.Number, c.Verdict.Codes(), c.Verdict.Overridable())
		}
	}
	report, err = imp.Select(ctx, []invoicesync.Selection{{Ref: ledger.Ref{ID: old}, Override: []string{eligibility.CodeTooOld, eligibility.CodeLongOverdue}}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("chosen:", report.Invoices.Created)

	// Whatever was imported is followed.
	if _, err := books.Books().AddPayment(ledger.Payment{InvoiceID: old, Date: ledger.DateIn(time.Now(), time.UTC), Amount: decimal.NewFromInt(55), Account: "090"}); err != nil {
		log.Fatal(err)
	}
	if _, err = imp.Run(ctx); err != nil {
		log.Fatal(err)
	}
	for _, held := range host.Invoices() {
		fmt.Println("held:", held.Invoice.Number, held.Invoice.Status, held.Invoice.Totals.Balance)
	}
	// Output:
	// imported: 1 rejected: map[negative_line:1]
	// candidate: M-00002 [negative_line] true
	// candidate: M-00003 [too_old long_overdue] true
	// chosen: 1
	// held: M-00001 approved 110
	// held: M-00003 paid 0
}

// exampleBooks are a ledger with an invoice that is eligible, one with a discount, and one that is too old.
func exampleBooks() (books *ledgertest.Memory, old string) {
	books, err := ledgertest.NewMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err := books.Books().AddContact(ledger.Contact{Name: "Client One"})
	if err != nil {
		log.Fatal(err)
	}
	today := ledger.DateIn(time.Now(), time.UTC)
	line := func(amount int64) ledger.Line {
		return ledger.Line{Description: "Work", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(amount), TaxCode: "OUTPUT", Account: "200"}
	}
	for _, inv := range []ledger.Invoice{
		{Date: today.AddDays(-10), Lines: []ledger.Line{line(100)}},
		{Date: today.AddDays(-10), Lines: []ledger.Line{line(200), line(-20)}},
		{Date: today.AddDays(-120), Lines: []ledger.Line{line(50)}},
	} {
		inv.Contact, inv.TaxMode, inv.DueDate = client, ledger.TaxExclusive, inv.Date.AddDays(14)
		added, err := books.Books().AddInvoice(inv)
		if err != nil {
			log.Fatal(err)
		}
		old = added.ID
	}
	return books, old
}
