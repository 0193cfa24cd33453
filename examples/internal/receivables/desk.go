package receivables

import (
	"github.com/shopspring/decimal"

	quickbooks "github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	xero "github.com/invoicesync/invoicesync/xero/xerofake"
)

// A Desk is where the practice's bookkeeper sits: what they change is not counted as calls.
type Desk interface {
	// Pay enters a payment and returns its id.
	Pay(invoice string, amount decimal.Decimal) (string, error)
	// Unpay deletes a payment.
	Unpay(payment string) error
	// Edit adds a line of 5.00 without tax.
	Edit(invoice string) error
	Void(invoice string) error
	// Delete deletes an approved invoice without a trace; false: this ledger only voids those.
	Delete(invoice string) (bool, error)
}

type xeroDesk struct{ books *xero.Books }

func (d xeroDesk) Pay(invoice string, amount decimal.Decimal) (string, error) {
	p, err := d.books.AddPayment(xero.Payment{InvoiceID: invoice, Amount: amount})
	return p.PaymentID, err
}

func (d xeroDesk) Unpay(payment string) error { return d.books.DeletePayment(payment) }

func (d xeroDesk) Edit(invoice string) error {
	return d.books.EditInvoice(invoice, func(inv *xero.Invoice) {
		inv.Lines = append(inv.Lines, xero.Line{
			Description: "Copies", AccountCode: "200", TaxType: xeroTaxes(zero), Quantity: decimal.NewFromInt(1), UnitAmount: decimal.NewFromInt(5),
		})
	})
}

func (d xeroDesk) Void(invoice string) error   { return d.books.VoidInvoice(invoice) }
func (d xeroDesk) Delete(string) (bool, error) { return false, nil }

type quickbooksDesk struct{ books *quickbooks.Books }

func (d quickbooksDesk) Pay(invoice string, sum decimal.Decimal) (string, error) {
	inv, _ := d.books.Invoice(invoice)
	p, err := d.books.AddPayment(quickbooks.Payment{CustomerRef: inv.CustomerRef, TotalAmt: amount(sum), Line: []quickbooks.Line{
		{Amount: amount(sum), LinkedTxn: []quickbooks.LinkedTxn{{TxnID: invoice, TxnType: "Invoice"}}},
	}})
	return p.ID, err
}

func (d quickbooksDesk) Unpay(payment string) error { return d.books.DeletePayment(payment) }

func (d quickbooksDesk) Edit(invoice string) error {
	return d.books.EditInvoice(invoice, func(inv *quickbooks.Invoice) {
		inv.Line = append(inv.Line, quickbooks.Line{
			Description: "Copies", Amount: amount(decimal.NewFromInt(5)), SalesItemLineDetail: &quickbooks.SalesItemLineDetail{
				ItemRef: &quickbooks.Ref{Value: "1"}, TaxCodeRef: &quickbooks.Ref{Value: quickbooksTaxes(zero).code},
			},
		})
	})
}

func (d quickbooksDesk) Void(invoice string) error { return d.books.VoidInvoice(invoice) }

func (d quickbooksDesk) Delete(invoice string) (bool, error) {
	return true, d.books.DeleteInvoice(invoice)
}
