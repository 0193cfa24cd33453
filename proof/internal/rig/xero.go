package rig

import (
	"net/http"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// onXero opens a Xero organisation and sets the flow up for its chart.
func (r *Rig) onXero(world World) {
	r.T.Helper()
	var err error
	r.Xero, err = xerofake.New(&xerofake.Options{Organisations: world.Organisations, Faults: r.Faults, Seed: 7, Switches: world.Xero})
	Check(r.T, err)
	r.TenantID = r.Xero.Books().Organisation().TenantID
	s := &r.Settings
	s.Ledger = ledger.OrganisationID{Vendor: xero.Vendor, ID: r.Xero.Books().Organisation().OrganisationID}
	s.Accounts = invoicesync.AccountSettings{Default: "200", Discount: "205", Shipping: "210", FinanceCharge: "265", SKUAccounts: true}
	s.Tax = invoicesync.TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "EXEMPTOUTPUT"}
	s.Payments = invoicesync.PaymentSettings{Account: "090"}
}

type xeroHouse struct{ fake *xerofake.Fake }

func (h xeroHouse) client() *http.Client { return h.fake.Client(Token) }
func (h xeroHouse) calls() int           { return h.fake.Calls() }
func (h xeroHouse) writes() int          { return h.fake.Writes() }

func (xeroHouse) open(r *Rig, client *http.Client, url string) (ledger.Ledger, error) {
	o := r.Books
	o.Organisation, o.BaseURL = r.Settings.Ledger, url
	return xero.New(client, r.TenantID, &o)
}

func (h xeroHouse) invoices() []Booked {
	var list []Booked
	for _, i := range h.fake.Books().Invoices() {
		list = append(list, Booked{
			ID: i.ID, Number: i.Number, Marks: marksIn(i.URL), Live: i.Status != "VOIDED" && i.Status != "DELETED",
			Contact: i.ContactID, Total: i.Total, Tax: i.TotalTax, Due: i.AmountDue, Date: string(i.Date),
		})
	}
	return list
}

func (h xeroHouse) payments() []Booked {
	var list []Booked
	for _, p := range h.fake.Books().Payments() {
		list = append(list, Booked{
			ID: p.PaymentID, Marks: marksIn(p.Reference), Live: p.Status != "DELETED", Invoice: p.InvoiceID, Total: p.Amount, Date: string(p.Date),
		})
	}
	return list
}

func (h xeroHouse) contacts() []Booked {
	var list []Booked
	for _, c := range h.fake.Books().Contacts() {
		list = append(list, Booked{ID: c.ContactID, Number: c.Name, Marks: marksIn(c.ContactNumber), Live: true})
	}
	return list
}

func (xeroHouse) creates(kind ledger.RecordKind) faults.Fault {
	return faults.Fault{Method: http.MethodPut, Path: map[ledger.RecordKind]string{
		ledger.KindContact: "/Contacts", ledger.KindInvoice: "/Invoices", ledger.KindPayment: "/Payments",
	}[kind]}
}

func (h xeroHouse) voidInvoice(id string) error   { return h.fake.Books().VoidInvoice(id) }
func (h xeroHouse) deletePayment(id string) error { return h.fake.Books().DeletePayment(id) }

// LiveInvoices returns Xero's invoices that are neither voided nor deleted.
func (r *Rig) LiveInvoices() []xerofake.Invoice {
	var live []xerofake.Invoice
	for _, i := range r.Xero.Books().Invoices() {
		if i.Status != "VOIDED" && i.Status != "DELETED" {
			live = append(live, i)
		}
	}
	return live
}

// LivePayments returns Xero's payments that are not deleted.
func (r *Rig) LivePayments() []xerofake.Payment {
	var live []xerofake.Payment
	for _, p := range r.Xero.Books().Payments() {
		if p.Status != "DELETED" {
			live = append(live, p)
		}
	}
	return live
}
