package invoicesync_test

import (
	"context"
	"fmt"
	"log"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero"
)

// Somebody deletes a booked payment in Xero. The comparison says so; the repair waits for a person's word, since only a
// person can know that it is to come back.
func ExampleNewReconcile() {
	ctx := context.Background()
	keap, books := exampleWorld()
	source, err := infusionsoft.New(keap.Client("token"), &infusionsoft.Options{Tenant: "xx123.infusionsoft.com", Sandbox: true})
	if err != nil {
		log.Fatal(err)
	}
	org := books.Books().Organisation()
	ledgerSide, err := xero.New(books.Client("token"), org.TenantID, nil)
	if err != nil {
		log.Fatal(err)
	}
	push, err := invoicesync.NewPush(store.NewMemory(), source, ledgerSide, exampleSettings(org.OrganisationID), nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := push.Run(ctx); err != nil {
		log.Fatal(err)
	}
	if err := books.Books().DeletePayment(books.Books().Payments()[0].PaymentID); err != nil {
		log.Fatal(err)
	}

	reconcile, err := invoicesync.NewReconcile(push, nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	var found []invoicesync.Difference
	for d, err := range reconcile.Differences(ctx, ledger.MustDate("2026-03-01"), ledger.MustDate("2026-03-31")) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(d.Kind, d.Code, "in the source:", d.InSource, "in the ledger:", d.InLedger, "repair:", d.Fix)
		found = append(found, d)
	}
	for _, d := range found {
		d.Agreed = true // a person has looked
		report, err := reconcile.Repair(ctx, d)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("booked again:", report.Payments.Created)
	}
	left := 0
	for _, err := range reconcile.Differences(ctx, ledger.MustDate("2026-03-01"), ledger.MustDate("2026-03-31")) {
		if err != nil {
			log.Fatal(err)
		}
		left++
	}
	fmt.Println("differences left:", left)
	// Output:
	// payment gone_in_ledger in the source: 110 in the ledger: 0 repair: recreate
	// booked again: 1
	// differences left: 0
}
