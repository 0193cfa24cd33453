package quickbooks

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

func (l *Ledger) invoiceWriter() ledger.Writer[ledger.Invoice] {
	return writer[ledger.Invoice]{
		l: l, entity: "Invoice",
		item: func(d ledger.Draft[ledger.Invoice], item *outItem) error {
			out, err := l.newInvoice(d)
			item.Invoice = &out
			return err
		},
		echo: func(raw json.RawMessage) (echo[ledger.Invoice], error) {
			var w wireInvoice
			if err := json.Unmarshal(raw, &w); err != nil {
				return echo[ledger.Invoice]{}, err
			}
			inv := l.toInvoice(&w, false)
			e := echo[ledger.Invoice]{
				id: w.ID, marks: marksIn(w.PrivateNote), amount: inv.Totals.Total, record: inv, personal: []string{w.CustomerRef.Name},
			}
			if _, err := vendorhttp.ParseNumber(w.TotalAmt); err != nil || w.TotalAmt == "" {
				e.unclear = "amount_missing"
			}
			return e, nil
		},
		find: func(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
			return l.findInvoices(ctx, s)
		},
	}
}

// newInvoice is a draft as it is sent. Totals are not: QuickBooks computes them.
func (l *Ledger) newInvoice(d ledger.Draft[ledger.Invoice]) (outInvoice, error) {
	inv := d.Record
	if inv.Kind == ledger.CreditNote {
		return outInvoice{}, &ledger.Error{Kind: ledger.ErrUnsupported, Room: Vendor, Code: "credit_note", Message: "credit notes are not written by this writer"}
	}
	company, err := l.known("invoice")
	if err != nil {
		return outInvoice{}, err
	}
	if err := company.acceptable(inv); err != nil {
		return outInvoice{}, err
	}
	out := outInvoice{
		CustomerRef: refTo(inv.Contact.ID), TxnDate: inv.Date.String(), DueDate: inv.DueDate.String(),
		PrivateNote: markedNote(inv.Reference, inv.URL, d.Mark),
	}
	if company.CustomNumbers {
		out.DocNumber = inv.Number
	}
	out.CurrencyRef, out.ExchangeRate = company.money(inv.Currency, inv.Rate)
	err = l.content(company, inv, &out)
	return out, err
}

// longestNumber is DocNumber's length. More is an error of the service, not a number cut short.
const longestNumber = 21

// acceptable finds what the company does not take before it is sent.
func (c *Company) acceptable(inv ledger.Invoice) error {
	foreign := inv.Currency != "" && inv.Currency != c.Organisation.BaseCurrency
	switch {
	case !isID(inv.Contact.ID):
		return refuse("", ledger.RefusedContact, "the invoice names no customer")
	case inv.Status == ledger.StatusDraft, inv.Status == ledger.StatusSubmitted:
		return refuse("", "status_invalid", "QuickBooks has no drafts: write the invoice once it is approved")
	case inv.Status != ledger.StatusApproved:
		return refuse("", "status_invalid", "an invoice is created as approved")
	case inv.Date.IsZero():
		return refuse("", "date_missing", "the invoice has no date")
	case inv.DueDate.IsZero():
		return refuse("", "due_date_missing", "the invoice has no due date")
	case len(inv.Lines) == 0:
		return refuse("", "lines_missing", "the invoice has no lines")
	case c.CustomNumbers && len([]rune(inv.Number)) > longestNumber,
		strings.ContainsFunc(inv.Number, func(r rune) bool { return r < ' ' || r > '~' }):
		return refuse("", "number_invalid", "an invoice number has at most 21 characters, all of printable ASCII")
	case inv.TaxMode != "" && inv.TaxMode != ledger.TaxExclusive && inv.TaxMode != ledger.TaxInclusive && inv.TaxMode != ledger.TaxNone:
		return refuse("", ledger.RefusedTaxRate, "the tax mode is not known")
	case inv.Unclear != "":
		return refuse("", inv.Unclear, "the invoice was not understood")
	case foreign && !c.Organisation.Holds(inv.Currency):
		return refuse("", ledger.RefusedCurrency, "the company does not have the invoice's currency: switch on several currencies in QuickBooks and add it")
	case foreign && (!inv.Rate.Valid || !inv.Rate.Decimal.IsPositive()):
		return refuse("", "exchange_rate_missing", "an invoice in a foreign currency needs its exchange rate: QuickBooks would take 1")
	case inv.Rate.Valid && !inv.Rate.Decimal.IsPositive():
		return refuse("", ledger.RefusedCurrency, "the exchange rate must be above zero")
	}
	return nil
}

// money is the currency of a document and its rate, which is stated wherever it is not the home currency.
func (c *Company) money(currency ledger.Currency, rate decimal.NullDecimal) (*wireRef, *vendorhttp.Number) {
	if !c.MultiCurrency || currency == "" {
		return nil, nil
	}
	if currency == c.Organisation.BaseCurrency {
		return refTo(string(currency)), nil
	}
	return refTo(string(currency)), vendorhttp.NumberOf(rate.Decimal.Round(10))
}

// The most lines of an invoice that bears tax, and of any transaction.
const (
	maxTaxedLines = 750
	maxLines      = 10_000
)

// content makes the lines and the tax of an invoice.
func (l *Ledger) content(company *Company, inv ledger.Invoice, out *outInvoice) error {
	s, err := company.sum(inv)
	if err != nil {
		return err
	}
	if len(inv.Lines) > maxLines || s.anyTaxed && len(inv.Lines) > maxTaxedLines {
		return refuse("", "lines_too_many", "an invoice has at most 10000 lines, and 750 where it bears tax")
	}
	// With a tax of nothing all lines are without tax: the engine could come to something else.
	exempt := company.UnitedStates && s.stated.Valid && s.stated.Decimal.IsZero()
	sales := false
	account := ""
	for i, line := range inv.Lines {
		p := s.priced[i]
		switch {
		case p.Bare:
			out.Line = append(out.Line, outLine{DetailType: "DescriptionOnly", Description: describe(line, ""), DescriptionLineDetail: &struct{}{}})
			continue
		case len(line.Tracking) > 0:
			return refuse("", "tracking", "tracking categories are Xero's: take them off")
		case line.Kind == ledger.LineDiscount:
			account = cmp.Or(account, line.Account)
			continue
		}
		sales = true
		o, err := l.salesLine(company, line, p, s.amounts[i], s.taxed[i] && !exempt)
		if err != nil {
			return err
		}
		if inv.TaxMode != ledger.TaxNone && !company.UnitedStates {
			o.SalesItemLineDetail.TaxCodeRef = refTo(line.TaxCode)
		}
		out.Line = append(out.Line, o)
	}
	if !sales {
		return refuse("", "lines_missing", "the invoice has no line of a product or service")
	}
	if !s.discount.IsZero() {
		o, err := l.discountLine(company, inv, s, account)
		if err != nil {
			return err
		}
		out.Line = append(out.Line, o) // behind all that it reduces
	}
	switch {
	case !company.UnitedStates:
		out.GlobalTaxCalculation = "TaxExcluded"
		if inv.TaxMode == ledger.TaxNone {
			out.GlobalTaxCalculation = "NotApplicable"
		}
	case s.anyTaxed && !exempt && !s.discount.IsZero():
		after := s.reduces == codeTaxable
		out.ApplyTaxAfterDiscount = &after
	}
	if s.stated.Valid && !exempt {
		out.TxnTaxDetail = &outTax{TotalTax: vendorhttp.NumberOf(s.stated.Decimal)}
	}
	return nil
}

func (l *Ledger) salesLine(company *Company, line ledger.Line, p vendorbooks.Priced, amount decimal.Decimal, taxed bool) (outLine, error) {
	item, err := l.itemOf(company, line)
	if err != nil {
		return outLine{}, err
	}
	detail := &outSales{ItemRef: refTo(item)}
	if item != shippingItem { // there is no such thing as two shippings
		detail.Qty, detail.UnitPrice = vendorhttp.NumberOf(p.Quantity), vendorhttp.NumberOf(p.Unit)
	}
	if company.UnitedStates {
		detail.TaxCodeRef = refTo(codeExempt)
		if taxed {
			detail.TaxCodeRef = refTo(codeTaxable)
		}
	}
	return outLine{
		Description: describe(line, p.Note), Amount: vendorhttp.NumberOf(amount), DetailType: "SalesItemLineDetail", SalesItemLineDetail: detail,
	}, nil
}

// itemOf is the product of a line: the one that it names, or QuickBooks' shipping.
func (l *Ledger) itemOf(company *Company, line ledger.Line) (string, error) {
	switch {
	case isID(line.ItemID):
		return line.ItemID, nil
	case line.ItemID != "":
		return "", refuse("", ledger.RefusedItemMissing, "a line's product has an id that is none of QuickBooks'")
	case line.ItemCode != "":
		return l.itemID(line.ItemCode)
	case line.Kind == ledger.LineShipping && company.Shipping:
		return shippingItem, nil
	}
	return "", refuse("", ledger.RefusedItemMissing, "a line names no product, and QuickBooks takes it for text then, without its amount")
}

// discountLine is all discounts of an invoice in one line, whose amount is above zero and is subtracted.
func (l *Ledger) discountLine(company *Company, inv ledger.Invoice, s summed, account string) (outLine, error) {
	detail := &outDiscount{}
	if account != "" {
		id, err := l.accountID(account)
		if err != nil {
			return outLine{}, err
		}
		detail.DiscountAccountRef = refTo(id)
	}
	if !company.UnitedStates && inv.TaxMode != ledger.TaxNone {
		detail.TaxCodeRef = refTo(s.reduces)
	}
	var words []string
	for i, line := range inv.Lines {
		if line.Kind == ledger.LineDiscount && !s.priced[i].Bare {
			words = append(words, describe(line, s.priced[i].Note))
		}
	}
	return outLine{
		Description: vendorbooks.Fit(strings.Join(words, "; "), 4000), Amount: vendorhttp.NumberOf(s.discount), DetailType: "DiscountLineDetail", DiscountLineDetail: detail,
	}, nil
}

// describe is a line's description: at most 4000 characters.
func describe(line ledger.Line, note string) string {
	text := strings.TrimSpace(line.Description)
	if text == "" {
		text = strings.TrimSpace(line.Name)
	}
	return strings.TrimSpace(vendorbooks.Fit(text, 4000-len([]rune(note))) + note)
}
