package conformance

import (
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// xeroHarness is Xero on its fake, in pages of two, seen through wrap.
func xeroHarness(name string, wrap func(ledger.Ledger) ledger.Ledger) ledgertest.Harness {
	return ledgertest.Harness{
		Name: name,
		Open: func(t ledgertest.T) ledgertest.World {
			w, err := xeroWorld(wrap)
			if err != nil {
				t.Fatalf("xero: %v", err)
			}
			return w
		},
		Deviations: map[string]string{
			"payments/reversed ones too": "Xero does not show deleted payments on their invoice; they are in the feed (package xero, \"What it does not do\")",
		},
	}
}

func xeroWorld(wrap func(ledger.Ledger) ledger.Ledger) (ledgertest.World, error) {
	plan := faults.New(1)
	fake, err := xerofake.New(&xerofake.Options{Organisations: []xerofake.Organisation{{Name: "Ours"}, {Name: "Another"}}, Faults: plan, Seed: 3})
	if err != nil {
		return ledgertest.World{}, err
	}
	books := fake.BooksOf("Ours")
	wire := newWire(fake.Transport(), plan, shape{
		id: []string{"PaymentID", "InvoiceID", "ContactID"}, zero: "00000000-0000-0000-0000-000000000000", amount: "Total",
		named: map[ledgertest.Fault]string{
			ledgertest.Throttled: "429_minute", ledgertest.Unauthorised: "401_expired", ledgertest.Forbidden: "403_tenant", ledgertest.ServerError: "500_after",
		},
	})
	budget := limit.New(nil) // two adapters of one organisation share its limits
	open := func() (ledger.Ledger, error) {
		l, err := xero.New(wire.client(), books.Organisation().TenantID, &xero.Options{PageSize: 2, Budget: budget})
		if err != nil {
			return nil, err
		}
		return wrap(l), nil
	}
	l, err := open()
	if err != nil {
		return ledgertest.World{}, err
	}
	customers := 0
	return ledgertest.World{
		Ledger:  l,
		Reopen:  func() (ledger.Source, error) { return open() },
		Account: "200", TaxCode: "OUTPUT", Bank: "090", Missing: "0badc0de-1111-4222-8333-444444444444",
		Secrets: []string{token},
		Elsewhere: func() error {
			wire.lead(token, map[string]string{"Xero-Tenant-Id": fake.BooksOf("Another").Organisation().TenantID})
			return nil
		},
		AddInvoice: func(inv ledger.Invoice) (string, error) {
			if inv.Contact.ID == "" {
				customers++
				c, err := books.AddContact(xerofake.Contact{Name: fmt.Sprint("Customer ", customers)})
				if err != nil {
					return "", err
				}
				inv.Contact.ID = c.ContactID
			}
			doc := xerofake.Document{
				Number: inv.Number, ContactID: inv.Contact.ID, LineAmountTypes: "NoTax",
				Date: xerofake.Date(inv.Date.String()), DueDate: xerofake.Date(inv.DueDate.String()),
			}
			for _, line := range inv.Lines {
				doc.Lines = append(doc.Lines, xerofake.Line{Description: line.Description, AccountCode: "200", Quantity: line.Quantity, UnitAmount: line.UnitPrice})
			}
			added, err := books.AddInvoice(xerofake.Invoice{Document: doc})
			if err != nil && inv.Number != "" {
				err = fmt.Errorf("xero keeps numbers unique: %w", errors.ErrUnsupported)
			}
			return added.ID, err
		},
		AddContact: func(name, email string) (string, error) {
			c, err := books.AddContact(xerofake.Contact{Name: name, EmailAddress: email})
			return c.ContactID, err
		},
		AddPayment: func(invoice string, amount decimal.Decimal) (string, error) {
			p, err := books.AddPayment(xerofake.Payment{InvoiceID: invoice, Amount: amount})
			return p.PaymentID, err
		},
		EditInvoice: func(id string) error {
			return books.EditInvoice(id, func(i *xerofake.Invoice) { i.Reference += "!" })
		},
		VoidInvoice: books.VoidInvoice, DeletePayment: books.DeletePayment, ArchiveContact: books.ArchiveContact,
		Garble: wire.garble, Inject: wire.inject, Requests: wire.sent,
		Marked: func(kind ledger.RecordKind, m ledger.Mark) (n int, err error) {
			var texts []string
			switch kind {
			case ledger.KindInvoice:
				for _, i := range books.Invoices() {
					texts = append(texts, i.URL)
				}
			case ledger.KindContact:
				for _, c := range books.Contacts() {
					texts = append(texts, c.ContactNumber)
				}
			case ledger.KindPayment:
				for _, p := range books.Payments() {
					texts = append(texts, p.Reference)
				}
			default:
				return 0, errors.ErrUnsupported
			}
			for _, text := range texts {
				if ledger.MarkIn(text) == m {
					n++
				}
			}
			return n, nil
		},
	}, nil
}
