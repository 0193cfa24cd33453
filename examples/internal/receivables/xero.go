package receivables

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// The books as saved answers of Xero, which its fake loads as they are.

type xeroAnswer struct {
	Contacts    []xeroContact  `json:",omitempty"`
	Invoices    []xeroDocument `json:",omitempty"`
	CreditNotes []xeroDocument `json:",omitempty"`
}

type xeroContact struct {
	ContactID, Name, EmailAddress, ContactStatus, DefaultCurrency, UpdatedDateUTC string
}

type xeroDocument struct {
	Type                                                     string
	InvoiceID, InvoiceNumber, CreditNoteID, CreditNoteNumber string `json:",omitempty"`
	Contact                                                  struct{ ContactID, Name string }
	Date, DueDate                                            string `json:",omitempty"`
	Status, LineAmountTypes, CurrencyCode, UpdatedDateUTC    string
	SubTotal, TotalTax, Total                                json.Number
	AmountDue, AmountPaid, AmountCredited, RemainingCredit   json.Number `json:",omitempty"`
	LineItems                                                []xeroLine
	Payments                                                 []xeroPayment    `json:",omitempty"`
	Allocations                                              []xeroAllocation `json:",omitempty"`
}

type xeroLine struct {
	Description, AccountCode, TaxType           string
	Quantity, UnitAmount, LineAmount, TaxAmount json.Number
}

type xeroPayment struct {
	PaymentID, Date string
	Amount          json.Number
	Account         struct{ Code string }
}

type xeroAllocation struct {
	Invoice struct{ InvoiceID string }
	Amount  json.Number
	Date    string
}

// zeroGUID is how Xero writes that there is no record.
const zeroGUID = "00000000-0000-0000-0000-000000000000"

// xeroTaxes are the tax types of the fake's chart for the United Kingdom.
func xeroTaxes(r rating) string {
	return map[rating]string{standard: "OUTPUT2", zero: "ZERORATEDOUTPUT", reduced: "RROUTPUT"}[r]
}

func xeroOrganisation(e *Expectations) xerofake.Organisation {
	id, tenant := e.identity()
	return xerofake.Organisation{
		OrganisationID: id, TenantID: tenant, Name: Name, CountryCode: Country, BaseCurrency: Currency,
		Currencies: []string{"EUR", "JPY", "KWD"},
	}
}

// loadXero puts the books into an empty fake.
func (b *Books) loadXero(into *xerofake.Books) error {
	var contacts []xeroContact
	for _, c := range b.clients {
		contacts = append(contacts, xeroContact{c.id, c.name, c.email, "ACTIVE", c.currency, xeroInstant(b.documents[0].entered.UnixMilli())})
	}
	for chunk := range slices.Chunk(b.documents, 1000) {
		answer := xeroAnswer{Contacts: contacts}
		contacts = nil
		for i := range chunk {
			d := &chunk[i]
			answer.Invoices = append(answer.Invoices, d.xero())
			if d.credit.id != "" {
				answer.CreditNotes = append(answer.CreditNotes, d.xeroCredit())
			}
		}
		raw, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		if err := into.Load(bytes.NewReader(raw)); err != nil {
			return err
		}
	}
	return nil
}

func xeroInstant(ms int64) string { return fmt.Sprintf("/Date(%d+0000)/", ms) }

func number(d decimal.Decimal) json.Number { return json.Number(d.String()) }

func (d *document) xero() xeroDocument {
	x := xeroDocument{
		Type: "ACCREC", InvoiceID: d.id, InvoiceNumber: d.number, Date: d.date, DueDate: d.due, Status: d.status,
		LineAmountTypes: "Exclusive", CurrencyCode: d.currency, UpdatedDateUTC: xeroInstant(d.entered.UnixMilli()),
		SubTotal: number(d.total.Sub(d.tax)), TotalTax: number(d.tax), Total: number(d.total),
		AmountDue: number(d.balance()), AmountCredited: number(d.credit.amount), LineItems: []xeroLine{},
	}
	x.Contact.ContactID = zeroGUID
	if d.client != nil {
		x.Contact.ContactID, x.Contact.Name = d.client.id, d.client.name
	}
	for _, l := range d.lines {
		if !d.withoutLines {
			x.LineItems = append(x.LineItems, xeroLine{l.text, "200", xeroTaxes(l.rating), "1", number(l.net), number(l.net), number(l.tax)})
		}
	}
	var sum decimal.Decimal
	for _, p := range d.payments {
		paid := xeroPayment{PaymentID: p.id, Date: p.date, Amount: number(p.amount)}
		paid.Account.Code = "090"
		x.Payments = append(x.Payments, paid)
		sum = sum.Add(p.amount)
	}
	x.AmountPaid = number(sum)
	return x
}

func (d *document) xeroCredit() xeroDocument {
	x := xeroDocument{
		Type: "ACCRECCREDIT", CreditNoteID: d.credit.id, CreditNoteNumber: "C" + d.number, Date: d.date, Status: paid,
		LineAmountTypes: "NoTax", CurrencyCode: d.currency, UpdatedDateUTC: xeroInstant(d.entered.UnixMilli()),
		SubTotal: number(d.credit.amount), TotalTax: "0", Total: number(d.credit.amount), RemainingCredit: "0",
		LineItems: []xeroLine{{"Credit", "200", "NONE", "1", number(d.credit.amount), number(d.credit.amount), "0"}},
	}
	x.Contact.ContactID, x.Contact.Name = d.client.id, d.client.name
	a := xeroAllocation{Amount: number(d.credit.amount), Date: d.date}
	a.Invoice.InvoiceID = d.id
	x.Allocations = []xeroAllocation{a}
	return x
}
