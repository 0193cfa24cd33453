package invoicesync_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Two orders of Infusionsoft appear in Xero, the paid one with its payment. Both sides are fakes here:
// with real accounts only the two http.Clients are others.
func Example() {
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

	for planned, err := range push.Preview(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if planned.Invoice == nil {
			fmt.Println("not written:", planned.Source.Number, planned.Verdict)
			continue
		}
		fmt.Println("planned:", planned.Source.Number, planned.Invoice.Totals.Total, "due", planned.Invoice.DueDate, "by", planned.DueRule)
	}
	report, err := push.Run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("created:", report.Invoices.Created, "invoices,", report.Payments.Created, "payments, difference", report.Difference)

	again, err := push.Run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("again:", again.Invoices.Created, "invoices,", again.Writes, "writes")
	// Output:
	// planned: 1001 110 due 2026-03-02 by paid_at_creation
	// planned: 1002 55 due 2026-03-17 by days
	// created: 2 invoices, 1 payments, difference 0
	// again: 0 invoices, 0 writes
}

// exampleSettings are what a person has chosen on a settings page.
func exampleSettings(organisation string) invoicesync.Settings {
	return invoicesync.Settings{
		Source:     ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"},
		Ledger:     ledger.OrganisationID{Vendor: "xero", ID: organisation},
		Processing: true,
		Currency:   "AUD",
		Mode:       eligibility.AsRaised,
		Due:        invoicesync.DueDateSettings{Days: 14},
		Accounts:   invoicesync.AccountSettings{Default: "200", Discount: "205", Shipping: "210", FinanceCharge: "265"},
		Tax:        invoicesync.TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "EXEMPTOUTPUT"},
		Payments:   invoicesync.PaymentSettings{Account: "090"},
	}
}

// exampleWorld is an Infusionsoft with two orders and an empty Xero demo company.
func exampleWorld() (*infusionsoftfake.Fake, *xerofake.Fake) {
	keap, err := infusionsoftfake.New(&infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{{
		ID: "xx123.infusionsoft.com", Currency: "AUD", TimeZone: "Australia/Sydney"}}})
	if err != nil {
		log.Fatal(err)
	}
	client, err := keap.AddContact(infusionsoftfake.Contact{GivenName: "Ada", FamilyName: "Archer",
		Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: "ada@example.com"}}})
	if err != nil {
		log.Fatal(err)
	}
	day := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC) // noon in Sydney
	for _, amount := range []int64{100, 50} {
		price := decimal.NewFromInt(amount)
		order, err := keap.AddOrder(infusionsoftfake.Order{
			ContactID: client.ID, Status: "SENT", CreationTime: day, OrderTime: day.Add(24 * time.Hour * time.Duration((100-amount)/50)),
			Items: []infusionsoftfake.Item{
				{Type: "PRODUCT", Name: "Advice", Price: price, Product: &infusionsoftfake.ItemProduct{ID: 1, Name: "Advice", Taxable: true}},
				{Type: "TAX", Name: "GST", Price: price.Div(decimal.NewFromInt(10))},
			}})
		if err != nil {
			log.Fatal(err)
		}
		if amount == 100 {
			_, err = keap.AddPayment(infusionsoftfake.Payment{OrderID: order.ID, Amount: decimal.NewFromInt(110), Status: "MANUAL_PAID", Time: day})
			if err != nil {
				log.Fatal(err)
			}
		}
	}
	books, err := xerofake.New(&xerofake.Options{Organisations: []xerofake.Organisation{{IsDemoCompany: true}}})
	if err != nil {
		log.Fatal(err)
	}
	return keap, books
}

// The roles exchanged: an invoice that was entered in Xero becomes an order in Infusionsoft. The flow the other way
// may run beside it, over the same store: what one has written the other one leaves alone.
func ExampleFromLedger() {
	ctx := context.Background()
	keap, books := exampleWorld()
	org := books.Books().Organisation()
	customer, err := books.Books().AddContact(xerofake.Contact{Name: "Bo Baker", EmailAddress: "bo@example.com"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = books.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: customer.ContactID, LineAmountTypes: "Exclusive",
		Lines: []xerofake.Line{{Description: "Bread", AccountCode: "200", TaxType: "OUTPUT", Quantity: decimal.NewFromInt(3), UnitAmount: decimal.NewFromInt(20)}}}})
	if err != nil {
		log.Fatal(err)
	}

	xeroSide, err := xero.New(books.Client("token"), org.TenantID, nil)
	if err != nil {
		log.Fatal(err)
	}
	keapSide, err := infusionsoft.NewLedger(keap.Client("token"), &infusionsoft.Options{Tenant: "xx123.infusionsoft.com", Sandbox: true})
	if err != nil {
		log.Fatal(err)
	}
	db, there := store.NewMemory(), exampleSettings(org.OrganisationID)
	back := invoicesync.Settings{
		Source: there.Ledger, Ledger: there.Source, Processing: true, Currency: "AUD", Mode: eligibility.AsRaised,
		Start:    eligibility.Start{Date: ledger.MustDate("2026-01-01")},
		Due:      invoicesync.DueDateSettings{AsSource: true},
		Tax:      invoicesync.TaxSettings{Handling: invoicesync.TaxAsLine}, // an order has no tax codes and no accounts
		Payments: invoicesync.PaymentSettings{Account: "Check"},            // a manual payment type of the application
	}
	reverse, err := invoicesync.NewPush(db, invoicesync.FromLedger(xeroSide), keapSide, back, nil)
	if err != nil {
		log.Fatal(err)
	}
	forward, err := invoicesync.NewPush(db, keapSide, xeroSide, there, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, push := range []*invoicesync.Push{reverse, forward, reverse} {
		report, err := push.Run(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("created:", report.Invoices.Created, "written by us:", report.Invoices.Skipped["echo"])
	}
	orders := keap.Orders()
	totals, _ := keap.Totals(orders[len(orders)-1].ID)
	fmt.Println("orders:", len(orders), "the last one over", totals.Total)
	// Output:
	// created: 1 written by us: 0
	// created: 2 written by us: 1
	// created: 0 written by us: 2
	// orders: 3 the last one over 66
}
