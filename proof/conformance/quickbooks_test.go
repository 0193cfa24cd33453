package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// quickbooksHarness is QuickBooks on its fake, in pages of two: a company whose lines have real tax codes.
func quickbooksHarness() ledgertest.Harness {
	return ledgertest.Harness{
		Name: "quickbooks",
		Open: func(t ledgertest.T) ledgertest.World {
			w, err := quickbooksWorld()
			if err != nil {
				t.Fatalf("quickbooks: %v", err)
			}
			return w
		},
		Deviations: map[string]string{
			"payments/reversed ones too": "QuickBooks takes voided and deleted payments off their invoice; they are in the feed",
		},
	}
}

func quickbooksWorld() (ledgertest.World, error) {
	plan := faults.New(1)
	ours, another := quickbooksfake.DefaultCompany("GB"), quickbooksfake.DefaultCompany("GB")
	ours.RealmID, ours.Name, ours.CustomTxnNumbers, ours.AllowDuplicateNumbers = "4620816365012345670", "Ours", true, true
	another.RealmID, another.Name = "4620816365012345671", "Another"
	fake, err := quickbooksfake.New(&quickbooksfake.Options{
		Companies: []quickbooksfake.Company{ours, another}, Faults: plan, Seed: 3, Switches: quickbooksfake.Switches{BatchInOrder: true},
		Tokens: []quickbooksfake.Token{{Bearer: token, Realms: []string{ours.RealmID}}, {Bearer: "other", Realms: []string{another.RealmID}}},
	})
	if err != nil {
		return ledgertest.World{}, err
	}
	books := fake.BooksOf("Ours")
	wire := newWire(fake.Transport(), plan, shape{
		id: []string{"Id"}, zero: "0", amount: "TotalAmt",
		named: map[ledgertest.Fault]string{
			ledgertest.Throttled: "429", ledgertest.Unauthorised: "401_expired", ledgertest.Forbidden: "403", ledgertest.ServerError: "500_after",
		},
	})
	budget := limit.New(nil)
	added := 0
	ctx := context.Background()
	open := func() (ledger.Ledger, error) {
		l, err := quickbooks.New(wire.client(), ours.RealmID, &quickbooks.Options{PageSize: 2, Budget: budget})
		if err != nil {
			return nil, err
		}
		_, err = l.Organisation(ctx) // must be read before something is written; see package quickbooks
		return l, err
	}
	l, err := open()
	if err != nil {
		return ledgertest.World{}, err
	}
	var taxCode, income, bank string
	for _, c := range books.TaxCodes() {
		if strings.HasPrefix(c.Name, "20") {
			taxCode = c.ID
		}
	}
	for _, a := range books.Accounts() {
		switch a.AccountType {
		case "Income":
			income = a.ID
		case "Bank":
			bank = a.ID
		}
	}
	customers := 0
	customer := func(name, email string) (string, error) {
		c, err := books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: name, PrimaryEmailAddr: &quickbooksfake.Email{Address: email}}})
		return c.ID, err
	}
	return ledgertest.World{
		Ledger:  l,
		Reopen:  func() (ledger.Source, error) { return open() },
		Account: income, Item: "1", TaxCode: taxCode, Bank: bank, Missing: "999999",
		Secrets: []string{token},
		Elsewhere: func() error {
			wire.lead("other", nil)
			return nil
		},
		AddInvoice: func(inv ledger.Invoice) (string, error) {
			if inv.Contact.ID == "" {
				customers++
				id, err := customer(fmt.Sprint("Customer ", customers), "a@example.com")
				if err != nil {
					return "", err
				}
				inv.Contact.ID = id
			}
			sale := quickbooksfake.Sale{
				DocNumber: inv.Number, CustomerRef: quickbooksfake.Ref{Value: inv.Contact.ID}, GlobalTaxCalculation: "NotApplicable",
				TxnDate: quickbooksfake.Date(inv.Date.String()), DueDate: quickbooksfake.Date(inv.DueDate.String()),
			}
			for _, line := range inv.Lines {
				sale.Line = append(sale.Line, quickbooksfake.Line{
					Description: line.Description,
					SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{
						ItemRef: &quickbooksfake.Ref{Value: "1"}, Qty: quickbooksfake.NewNumber(line.Quantity), UnitPrice: quickbooksfake.NewNumber(line.UnitPrice),
					},
				})
			}
			if sale.DocNumber == "" { // with custom numbers nobody else gives one
				sale.DocNumber = fmt.Sprint("K-", added+1)
			}
			added++
			entered, err := books.AddInvoice(quickbooksfake.Invoice{Sale: sale})
			return entered.ID, err
		},
		AddContact: customer,
		AddPayment: func(invoice string, amount decimal.Decimal) (string, error) {
			inv, _ := books.Invoice(invoice)
			money := quickbooksfake.NewAmount(amount)
			p, err := books.AddPayment(quickbooksfake.Payment{
				CustomerRef: inv.CustomerRef, TotalAmt: &money,
				Line: []quickbooksfake.Line{{Amount: &money, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: invoice, TxnType: "Invoice"}}}},
			})
			return p.ID, err
		},
		EditInvoice: func(id string) error {
			return books.EditInvoice(id, func(i *quickbooksfake.Invoice) { i.PrivateNote += "!" })
		},
		VoidInvoice: books.VoidInvoice, DeleteInvoice: books.DeleteInvoice, DeletePayment: books.DeletePayment,
		ArchiveContact: func(id string) error {
			inactive := false
			return books.EditCustomer(id, func(c *quickbooksfake.Customer) { c.Active = &inactive })
		},
		Garble: wire.garble, Inject: wire.inject, Requests: wire.sent,
		Marked: func(kind ledger.RecordKind, m ledger.Mark) (n int, err error) {
			var texts []string
			switch kind {
			case ledger.KindInvoice:
				for _, i := range books.Invoices() {
					texts = append(texts, i.PrivateNote)
				}
			case ledger.KindContact:
				for _, c := range books.Customers() {
					texts = append(texts, c.Notes)
				}
			case ledger.KindPayment:
				for _, p := range books.Payments() {
					texts = append(texts, p.PrivateNote)
				}
			default:
				return 0, errors.ErrUnsupported
			}
			for _, text := range texts {
				if strings.Contains(text, string(m)) {
					n++
				}
			}
			return n, nil
		},
	}, nil
}
