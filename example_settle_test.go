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
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/store"
)

// cashBook is how an app shows what it collected: a journal of changes, whose cursor is how many were read. A database
// does the same with a column that counts up at each change.
type cashBook struct{ changes []ledger.Payment }

// Collected implements [invoicesync.Collections].
func (c *cashBook) Collected(_ context.Context, cursor ledger.Cursor) iter.Seq2[ledger.Page[ledger.Payment], error] {
	return func(yield func(ledger.Page[ledger.Payment], error) bool) {
		read := 0
		if cursor != "" {
			var err error
			if read, err = strconv.Atoi(string(cursor)); err != nil {
				yield(ledger.Page[ledger.Payment]{}, err)
				return
			}
		}
		yield(ledger.Page[ledger.Payment]{Records: slices.Clone(c.changes[read:]), Next: ledger.Cursor(strconv.Itoa(len(c.changes)))}, nil)
	}
}

// Payments implements [invoicesync.Collections].
func (c *cashBook) Payments(_ context.Context, ids []string) ([]ledger.Payment, error) {
	var found []ledger.Payment
	for _, id := range ids {
		for _, p := range slices.Backward(c.changes) { // the last change is how it is now
			if p.ID == id {
				found = append(found, p)
				break
			}
		}
	}
	return found, nil
}

// Money that an app collected is booked on the ledger's invoice, and taken back where it fails later. Both are in memory
// here; with a real ledger books is xero.New or quickbooks.New.
func ExampleNewSettle() {
	ctx := context.Background()
	books, invoice := exampleInvoice()
	host := &cashBook{}
	settle := exampleSettle(books, host)

	card := ledger.Payment{ID: "p-1", InvoiceID: invoice, PaidAt: time.Now(), Amount: decimal.NewFromInt(60), Currency: "AUD",
		Method: "card", Status: ledger.PaymentConfirmed}
	host.changes = append(host.changes, card)
	report, err := settle.Run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("booked:", report.Payments.Created, "still owed:", owed(books, invoice))

	card.Status = ledger.PaymentFailed // the bank took it back
	host.changes = append(host.changes, card)
	if _, err := settle.Run(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println("still owed:", owed(books, invoice))
	// Output:
	// booked: 1 still owed: 50
	// still owed: 110
}

// Both sides are compared, and a person says which difference is to be repaired.
func ExampleNewReconcile() {
	ctx := context.Background()
	books, invoice := exampleInvoice()
	host := &cashBook{}
	host.changes = append(host.changes, ledger.Payment{ID: "p-1", InvoiceID: invoice, PaidAt: time.Now(), Amount: decimal.NewFromInt(60),
		Currency: "AUD", Method: "card", Status: ledger.PaymentConfirmed})
	reconcile, err := invoicesync.NewReconcile(nil, exampleSettle(books, host), nil) // or of a push, or of both
	if err != nil {
		log.Fatal(err)
	}
	today := ledger.DateIn(time.Now(), time.UTC)
	var found []invoicesync.Difference
	for d, err := range reconcile.Differences(ctx, today.AddDays(-30), today.AddDays(1)) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Kind, d.Source, d.Code, "fix:", d.Fix)
		found = append(found, d)
	}
	for _, d := range found {
		if d.Fix == invoicesync.FixNone || d.Fix.NeedsAgreement() {
			continue // for a person
		}
		if _, err := reconcile.Repair(ctx, d); err != nil {
			log.Fatal(err)
		}
	}
	// Whether they are gone is asked of both sides again.
	for d, err := range reconcile.Differences(ctx, today.AddDays(-30), today.AddDays(1)) {
		log.Fatal(d, err)
	}
	fmt.Println("nothing differs; still owed:", owed(books, invoice))
	// Output:
	// payment p-1 missing fix: write
	// nothing differs; still owed: 50
}

func exampleSettle(books *ledgertest.Memory, host invoicesync.Collections) *invoicesync.Settle {
	settle, err := invoicesync.NewSettle(store.NewMemory(), host, books, invoicesync.SettleSettings{
		Host:       ledger.OrganisationID{Vendor: "shop", ID: "practice-1"},
		Ledger:     books.Books().Organisation().ID,
		Processing: true,
		Currency:   "AUD",
		Payments:   invoicesync.PaymentSettings{Account: "090"},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return settle
}

// exampleInvoice is a ledger with one approved invoice of 110.
func exampleInvoice() (books *ledgertest.Memory, id string) {
	books, err := ledgertest.NewMemory(nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err := books.Books().AddContact(ledger.Contact{Name: "Client One"})
	if err != nil {
		log.Fatal(err)
	}
	today := ledger.DateIn(time.Now(), time.UTC)
	inv, err := books.Books().AddInvoice(ledger.Invoice{Contact: client, TaxMode: ledger.TaxExclusive, Date: today.AddDays(-10), DueDate: today.AddDays(4),
		Lines: []ledger.Line{{Description: "Work", Quantity: decimal.NewFromInt(1), UnitPrice: decimal.NewFromInt(100), TaxCode: "OUTPUT", Account: "200"}}})
	if err != nil {
		log.Fatal(err)
	}
	return books, inv.ID
}

func owed(books ledger.Source, id string) decimal.Decimal {
	inv, err := books.Invoice(context.Background(), ledger.Ref{ID: id})
	if err != nil {
		log.Fatal(err)
	}
	return inv.Totals.Balance
}
