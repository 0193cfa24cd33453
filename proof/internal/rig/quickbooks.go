package rig

import (
	"bytes"
	"io"
	"net/http"
	"strings"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// onQuickBooks opens a QuickBooks company and sets the flow up for its chart: that of [quickbooksfake.DefaultChart],
// whose accounts and items have no numbers and are named by their ids.
func (r *Rig) onQuickBooks(world World, currency string) {
	r.T.Helper()
	company := world.Company
	if company.Country == "" {
		company.Country, company.AllowShipping, company.AllowDiscount = "AU", true, true
		if currency == "USD" {
			company.Country = "US"
		}
	}
	if company.Country == "AU" && company.TimeZone == "" {
		company.TimeZone = "Australia/Sydney"
	}
	var err error
	r.QuickBooks, err = quickbooksfake.New(&quickbooksfake.Options{
		Companies: []quickbooksfake.Company{company}, Faults: r.Faults, Seed: 7, Switches: world.QuickBooks, Limits: world.Limits,
		Latency: world.Latency,
	})
	Check(r.T, err)
	r.RealmID = r.QuickBooks.Books().Company().RealmID
	s := &r.Settings
	s.Ledger = ledger.OrganisationID{Vendor: quickbooks.Vendor, ID: r.RealmID}
	s.Accounts = invoicesync.AccountSettings{Discount: "86"}
	s.Items = invoicesync.ItemSettings{Taxable: "5", NonTaxable: "1", FinanceCharge: "4", BySKU: true}
	s.Payments = invoicesync.PaymentSettings{Account: "35"}
	if company.Country == "US" {
		s.Tax = invoicesync.TaxSettings{TaxableCode: "TAX", ZeroCode: "NON"}
		return
	}
	s.Tax = invoicesync.TaxSettings{TaxableCode: "2", ZeroCode: "3"} // the country's first two: a rate, and nothing
}

type quickbooksHouse struct{ fake *quickbooksfake.Fake }

func (h quickbooksHouse) client() *http.Client { return h.fake.Client(Token) }
func (h quickbooksHouse) calls() int           { return h.fake.Calls() }
func (h quickbooksHouse) writes() int          { return h.fake.Writes() }

func (quickbooksHouse) open(r *Rig, client *http.Client, url string) (ledger.Ledger, error) {
	o := r.Company
	o.Organisation, o.BaseURL = r.Settings.Ledger, url
	return quickbooks.New(client, r.RealmID, &o)
}

// void is how QuickBooks shows one: there is no status.
func void(note string, total quickbooksfake.Amount) bool {
	return total.IsZero() && strings.HasPrefix(note, "Voided")
}

func (h quickbooksHouse) invoices() []Booked {
	var list []Booked
	for _, i := range h.fake.Books().Invoices() {
		b := Booked{
			ID: i.ID, Number: i.DocNumber, Marks: marksIn(i.PrivateNote), Live: !void(i.PrivateNote, i.TotalAmt),
			Contact: i.CustomerRef.Value, Total: i.TotalAmt.Decimal, Due: i.Balance.Decimal, Date: string(i.TxnDate),
		}
		if i.TxnTaxDetail != nil && i.TxnTaxDetail.TotalTax != nil {
			b.Tax = i.TxnTaxDetail.TotalTax.Decimal
		}
		list = append(list, b)
	}
	return list
}

func (h quickbooksHouse) payments() []Booked {
	var list []Booked
	for _, p := range h.fake.Books().Payments() {
		b := Booked{ID: p.ID, Marks: marksIn(p.PrivateNote), Live: true, Contact: p.CustomerRef.Value, Date: string(p.TxnDate)}
		if p.TotalAmt != nil {
			b.Total, b.Live = p.TotalAmt.Decimal, !void(p.PrivateNote, *p.TotalAmt)
		}
		b.Due = p.UnappliedAmt.Decimal
		for _, l := range p.Line {
			for _, t := range l.LinkedTxn {
				b.Invoice = t.TxnID
			}
		}
		list = append(list, b)
	}
	return list
}

func (h quickbooksHouse) contacts() []Booked {
	var list []Booked
	for _, c := range h.fake.Books().Customers() {
		list = append(list, Booked{ID: c.ID, Number: c.DisplayName, Marks: marksIn(c.Notes), Live: true})
	}
	return list
}

// creates: records of all kinds are created by the same request, which is told by what is in it.
func (quickbooksHouse) creates(kind ledger.RecordKind) faults.Fault {
	entity := []byte(map[ledger.RecordKind]string{
		ledger.KindContact: `"Customer":{`, ledger.KindInvoice: `"Invoice":{`, ledger.KindPayment: `"Payment":{`,
	}[kind])
	return faults.Fault{Method: http.MethodPost, Path: "/batch", Match: func(r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		return err == nil && bytes.Contains(body, entity)
	}}
}

func (h quickbooksHouse) voidInvoice(id string) error   { return h.fake.Books().VoidInvoice(id) }
func (h quickbooksHouse) deletePayment(id string) error { return h.fake.Books().DeletePayment(id) }
