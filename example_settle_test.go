package invoicesync_test

import (
	"context"
	"fmt"
	"iter"
	"log"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/hosttest"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// cashbook is what an app tells of the money that it collects: its payments, in the order of their last change.
type cashbook []ledger.Payment

// Collected implements [invoicesync.Collections].
func (c cashbook) Collected(_ context.Context, cursor ledger.Cursor) iter.Seq2[ledger.Page[ledger.Payment], error] {
	return func(yield func(ledger.Page[ledger.Payment], error) bool) {
		seen := 0
		if cursor != "" {
			var err error
			if seen, err = strconv.Atoi(string(cursor)); err != nil {
				yield(ledger.Page[ledger.Payment]{}, err)
				return
			}
		}
		yield(ledger.Page[ledger.Payment]{Records: slices.Clone(c[seen:]), Next: ledger.Cursor(strconv.Itoa(len(c)))}, nil)
	}
}

// Payments implements [invoicesync.Collections].
func (c cashbook) Payments(_ context.Context, ids []string) ([]ledger.Payment, error) {
	return slices.DeleteFunc(slices.Clone(c), func(p ledger.Payment) bool { return !slices.Contains(ids, p.ID) }), nil
}

// An app collects the money of an invoice that it imported: the payment is written to the ledger, and comes back with
// the invoice under the app's own name, so that it is not counted twice.
func ExampleNewSettle() {
	ctx := context.Background()
	books, _ := exampleBooks()
	db, app := store.NewMemory(), &hosttest.Memory{}
	account := ledger.OrganisationID{Vendor: invoicesync.HostVendor, ID: "practice-1"}
	org := books.Books().Organisation().ID

	imp, err := invoicesync.NewImport(db, books, app, invoicesync.ImportSettings{
		Ledger: org, Account: account.ID, Processing: true, Currency: "AUD", TaxCodes: []string{"OUTPUT"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := imp.Run(ctx); err != nil {
		log.Fatal(err)
	}
	invoice := app.Invoices()[0].Invoice
	fmt.Println("imported:", invoice.Number, "over", invoice.Totals.Balance)

	settle, err := invoicesync.NewSettle(db, cashbook{
		{ID: "pay_1", InvoiceID: invoice.ID, Amount: decimal.NewFromInt(110), Currency: "AUD", Method: "card",
			Status: ledger.PaymentConfirmed, PaidAt: time.Now()},
		{ID: "pay_2", InvoiceID: invoice.ID, Amount: decimal.NewFromInt(110), Currency: "AUD", Method: "card",
			Status: ledger.PaymentPending, PaidAt: time.Now()},
	}, books, invoicesync.SettleSettings{
		Host: account, Ledger: org, Processing: true, Currency: "AUD",
		Payments: invoicesync.PaymentSettings{Account: "090"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		report, err := settle.Run(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("booked:", report.Payments.Created, "not yet:", report.Payments.Skipped, "writes:", report.Writes)
	}

	if _, err := imp.Run(ctx); err != nil {
		log.Fatal(err)
	}
	held := app.Invoices()[0]
	for _, p := range held.Invoice.Payments {
		origin := held.Origins[p.ID]
		fmt.Println(held.What, p.Amount, "is our own:", origin.Source == account, origin.ID)
	}
	// Output:
	// imported: M-00001 over 110
	// booked: 1 not yet: map[payment_pending:1] writes: 1
	// booked: 0 not yet: map[payment_pending:1] writes: 0
	// paid 110 is our own: true pay_1
}
