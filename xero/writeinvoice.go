package xero

import (
	"cmp"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

func (l *Ledger) invoiceWriter() ledger.Writer[ledger.Invoice] {
	return writer[ledger.Invoice]{
		l: l, kind: "Invoices", query: "summarizeErrors=false&unitdp=4",
		encode: func(drafts []ledger.Draft[ledger.Invoice]) (any, error) {
			body := outInvoices{Invoices: make([]outInvoice, 0, len(drafts))}
			for _, d := range drafts {
				out, err := l.newInvoice(d)
				if err != nil {
					return nil, vendorbooks.OfDraft(d.Mark, err)
				}
				body.Invoices = append(body.Invoices, out)
			}
			return body, nil
		},
		echoes: func(p *wirePage) []echo[ledger.Invoice] {
			echoes := make([]echo[ledger.Invoice], 0, len(p.Invoices))
			for i := range p.Invoices {
				w := &p.Invoices[i]
				inv := toInvoice(w, false)
				e := echo[ledger.Invoice]{
					id: w.InvoiceID, mark: inv.Mark, amount: inv.Totals.Total, record: inv, result: w.wireResult,
					personal: []string{w.Contact.Name, w.Contact.EmailAddress},
				}
				if _, err := w.Total.decimal(); err != nil || !w.Total.known {
					e.unclear = "amount_missing"
				}
				if !isSalesInvoice(w) && !w.failed() {
					e.unclear = "type_differs"
				}
				echoes = append(echoes, e)
			}
			return echoes
		},
		find: l.findInvoices,
	}
}

// newInvoice is a draft as it is sent. Totals, line amounts and discounts are never sent: Xero computes
// them, and a LineAmount that it does not agree with is an error.
func (l *Ledger) newInvoice(d ledger.Draft[ledger.Invoice]) (outInvoice, error) {
	inv := d.Record
	if inv.Kind == ledger.CreditNote {
		return outInvoice{}, &ledger.Error{Kind: ledger.ErrUnsupported, Room: Vendor, Code: "credit_note", Message: "credit notes are not written by this writer"}
	}
	if err := acceptable(inv); err != nil {
		return outInvoice{}, err
	}
	out := outInvoice{
		Type:            "ACCREC",
		Contact:         &outContact{ContactID: inv.Contact.ID}, // any other field would change the contact
		Date:            inv.Date.String(),
		DueDate:         inv.DueDate.String(),
		LineAmountTypes: wireTaxMode(cmp.Or(inv.TaxMode, ledger.TaxExclusive)),
		InvoiceNumber:   inv.Number,
		CurrencyCode:    string(inv.Currency),
		CurrencyRate:    wireRate(inv.Rate),
		BrandingThemeID: inv.Theme,
		URL:             markedURL(inv.URL, l.options.LinkBase, d.Mark),
		Status:          wireStatus(inv.Status),
	}
	if inv.Reference != "" {
		reference := vendorbooks.Fit(inv.Reference, 255)
		out.Reference = &reference
	}
	if inv.SentToContact && inv.Status == ledger.StatusApproved { // Xero takes it on approved ones only
		sent := true
		out.SentToContact = &sent
	}
	var err error
	out.LineItems, err = outLines(inv)
	return out, err
}

// acceptable checks what Xero would refuse, or what it would fill in by itself and so make the bytes mean
// something else tomorrow.
func acceptable(inv ledger.Invoice) error {
	approving := inv.Status == ledger.StatusSubmitted || inv.Status == ledger.StatusApproved
	switch {
	case inv.Kind != "" && inv.Kind != ledger.SalesInvoice:
		return refuse("", ledger.RefusedOther, "only sales invoices are written")
	case !approving && inv.Status != ledger.StatusDraft:
		return refuse("", "status_invalid", "a new invoice is a draft, submitted or approved")
	case zeroID(inv.Contact.ID):
		return refuse("", ledger.RefusedContact, "the invoice has no contact of the ledger")
	case inv.Date.IsZero():
		return refuse("", "date_missing", "the invoice has no date")
	case approving && inv.DueDate.IsZero():
		return refuse("", "due_date_missing", "the invoice has no due date")
	case approving && len(inv.Lines) == 0:
		return refuse("", "lines_missing", "the invoice has no lines")
	case len(inv.Number) > 255 || strings.ContainsFunc(inv.Number, func(r rune) bool { return r < ' ' || r > '~' }):
		return refuse("", "number_invalid", "an invoice number has at most 255 characters, all of printable ASCII")
	case inv.TaxMode != "" && wireTaxMode(inv.TaxMode) == "":
		return refuse("", ledger.RefusedTaxRate, "the tax mode is not known")
	case inv.Rate.Valid && wireRate(inv.Rate) == nil:
		return refuse("", ledger.RefusedCurrency, "the exchange rate must be above zero")
	case inv.Unclear != "":
		return refuse("", inv.Unclear, "the invoice was not understood")
	}
	if inv.Currency != "" {
		if _, err := ledger.ParseCurrency(string(inv.Currency)); err != nil {
			return refuse("", ledger.RefusedCurrency, "the currency is not one of ISO 4217")
		}
	}
	return nil
}

// maxLineAmount and maxQuantity are from the Invoices page: LineAmount ≤ 9,999,999,999.99, Quantity of at
// most 13 characters.
var maxLineAmount = decimal.New(999_999_999_999, -2)

const maxQuantity = 13

func outLines(inv ledger.Invoice) ([]outLine, error) {
	lines := make([]outLine, 0, len(inv.Lines))
	for i := range inv.Lines {
		out, err := outLineOf(&inv, &inv.Lines[i])
		if err != nil {
			return nil, err
		}
		lines = append(lines, out)
	}
	return lines, nil
}

func outLineOf(inv *ledger.Invoice, line *ledger.Line) (outLine, error) {
	priced := vendorbooks.Price(*line, pricePlaces)
	out := outLine{Description: describe(*line, priced.Note)}
	if priced.Bare {
		return out, nil
	}
	// What integers can do has few digits, and so few characters.
	cents, _, exact := centsOf(priced.Quantity, priced.Unit)
	amount := money(cents)
	if !exact {
		amount, _ = vendorbooks.Cents(priced.Quantity.Mul(priced.Unit), one)
	}
	switch {
	case !exact && len(priced.Quantity.String()) > maxQuantity || amount.Abs().GreaterThan(maxLineAmount):
		return out, refuse("", "precision", "a line's quantity or amount is larger than Xero holds")
	case line.Kind == ledger.LineDiscount && amount.IsPositive():
		return out, refuse("", "discount_positive", "a discount must be a negative amount")
	case len(line.Tracking) > 2:
		return out, refuse("", "tracking", "a line holds at most two tracking categories")
	case inv.Status != ledger.StatusDraft && line.Account == "" && line.ItemCode == "":
		return out, refuse("", ledger.RefusedAccount, "a line of an approved invoice needs an account")
	}
	numbers := [...]number{{priced.Quantity}, {priced.Unit}}
	out.Quantity, out.UnitAmount = &numbers[0], &numbers[1]
	out.ItemCode, out.AccountCode = line.ItemCode, line.Account
	out.TaxType = line.TaxCode
	if line.TaxAmount.Valid && inv.TaxMode != ledger.TaxNone {
		out.TaxAmount = numberOf(line.TaxAmount.Decimal)
	}
	for _, t := range line.Tracking {
		out.Tracking = append(out.Tracking, wireTracking{Name: t.Category, Option: t.Option})
	}
	return out, nil
}

// describe is a line's description: 1 to 4000 characters.
func describe(line ledger.Line, note string) string {
	text := strings.TrimSpace(line.Description)
	if text == "" {
		text = strings.TrimSpace(line.Name)
	}
	if text == "" {
		text = "."
	}
	return vendorbooks.Fit(text, 4000-len([]rune(note))) + note
}
