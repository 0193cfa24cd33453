package quickbooks

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// Wire to words. What is sent is made in writeinvoice.go and its neighbours.

// doubt collects why a record was read but not understood. The first reason is the one that is told.
type doubt struct{ code, detail string }

func (d *doubt) say(code, detail string) {
	if d.code == "" {
		d.code, d.detail = code, detail
	}
}

func (d *doubt) number(field string, n json.Number) decimal.Decimal {
	v, err := vendorhttp.ParseNumber(n)
	if err != nil {
		d.say("amount_unreadable", field+" is not a number")
	}
	return v
}

func (d *doubt) date(field, s string) ledger.Date {
	v, err := parseDate(s)
	if err != nil {
		d.say("date_unreadable", field+" is not a date")
	}
	return v
}

func (d *doubt) instant(field, s string) time.Time {
	t, err := parseInstant(s)
	if err != nil {
		d.say("date_unreadable", field+" is not an instant")
	}
	return t
}

// currency reads a CurrencyRef. Companies without multicurrency may leave it out: then it is the home currency.
func (d *doubt) currency(code string, home ledger.Currency) ledger.Currency {
	if code == "" && home != "" {
		return home
	}
	c, err := ledger.ParseCurrency(code)
	if err != nil {
		d.say("currency_unknown", "CurrencyRef is not one of ISO 4217")
	}
	return c
}

func (d *doubt) rate(n json.Number) decimal.NullDecimal {
	v := d.number("ExchangeRate", n)
	if v.Sign() <= 0 {
		return decimal.NullDecimal{}
	}
	return decimal.NewNullDecimal(v)
}

// voidWord is what a void writes in front of a note, and the only sign of one: there is no status field.
const voidWord = "Voided"

func voidedNote(note string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(note), voidWord)
	return ok && (rest == "" || !isLetter(rest[0]))
}

func isLetter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' }

func (l *Ledger) home() ledger.Currency {
	if c := l.company.Load(); c != nil {
		return c.Organisation.BaseCurrency
	}
	return ""
}

// toInvoice reads an invoice. summary says that lines were not asked for.
func (l *Ledger) toInvoice(w *wireInvoice, summary bool) ledger.Invoice {
	var d doubt
	inv := ledger.Invoice{
		ID:        w.ID,
		Number:    w.DocNumber,
		Kind:      ledger.SalesInvoice,
		Contact:   ledger.Contact{ID: w.CustomerRef.Value, Name: w.CustomerRef.Name},
		Date:      d.date("TxnDate", w.TxnDate),
		DueDate:   d.date("DueDate", w.DueDate),
		Currency:  d.currency(w.CurrencyRef.Value, l.home()),
		Rate:      d.rate(w.ExchangeRate),
		TaxMode:   ledger.TaxExclusive,
		CreatedAt: d.instant("CreateTime", w.MetaData.CreateTime),
		UpdatedAt: d.instant("LastUpdatedTime", w.MetaData.LastUpdatedTime),
		Version:   w.SyncToken,
		URL:       l.screen("invoice", w.ID),

		SentToContact: w.EmailStatus == "EmailSent",
	}
	inv.Reference, inv.Mark = readNote(w.PrivateNote)
	total, balance := d.number("TotalAmt", w.TotalAmt), d.number("Balance", w.Balance)
	tax := d.number("TotalTax", w.TxnTaxDetail.TotalTax)
	inv.Totals = ledger.Totals{Net: total.Sub(tax), Tax: tax, Total: total, Paid: total.Sub(balance), Balance: balance}
	switch {
	case total.IsZero() && voidedNote(w.PrivateNote):
		inv.Status = ledger.StatusVoided
	case balance.IsZero() && total.IsPositive():
		inv.Status = ledger.StatusPaid
	default:
		inv.Status = ledger.StatusApproved
	}
	switch w.GlobalTaxCalculation {
	case "NotApplicable":
		inv.TaxMode = ledger.TaxNone
	case "", "TaxExcluded", "TaxInclusive": // of inclusive ones too Amount is net
	default:
		d.say("tax_mode_unknown", "GlobalTaxCalculation holds "+vendorbooks.Printable(w.GlobalTaxCalculation))
	}
	switch {
	case inv.Contact.ID == "":
		d.say("contact_missing", "CustomerRef is empty")
	case inv.Date.IsZero():
		d.say("date_missing", "TxnDate is empty")
	case w.TotalAmt == "":
		d.say("amount_missing", "TotalAmt is absent")
	}
	if w.Balance == "" && w.TotalAmt != "" {
		d.say("amount_missing", "Balance is absent")
	}
	if !summary {
		inv.Lines = d.lines(nil, w.Line)
	}
	inv.PaymentsElsewhere = len(paymentIDs(w)) > 0
	inv.Unclear, inv.UnclearDetail = d.code, d.detail
	return inv
}

func paymentIDs(w *wireInvoice) []string {
	var ids []string
	for _, t := range w.LinkedTxn {
		if t.TxnType == "Payment" && t.TxnID != "" {
			ids = append(ids, t.TxnID)
		}
	}
	return ids
}

// shippingItem is the pseudo id of the shipping line; there is no such item.
const shippingItem = "SHIPPING_ITEM_ID"

func (d *doubt) lines(lines []ledger.Line, ws []wireLine) []ledger.Line {
	for i := range ws {
		w := &ws[i]
		line := ledger.Line{ID: w.ID, Description: w.Description, Amount: d.number("Amount", w.Amount)}
		switch w.DetailType {
		case "SubTotalLineDetail":
			continue // written by QuickBooks, a sum of lines above
		case "GroupLineDetail": // a bundle is the sum of its lines
			lines = d.lines(lines, w.GroupLineDetail.Line)
			continue
		case "DescriptionOnly":
			line.Kind, line.Amount = ledger.LineOther, decimal.Zero
		case "SalesItemLineDetail":
			s := &w.SalesItemLineDetail
			line.Kind, line.Name = ledger.LineProduct, s.ItemRef.Name
			line.ItemID, line.Account, line.TaxCode = s.ItemRef.Value, s.ItemAccountRef.Value, s.TaxCodeRef.Value
			line.Quantity, line.UnitPrice = d.number("Qty", s.Qty), d.number("UnitPrice", s.UnitPrice)
			if line.Quantity.IsZero() && line.UnitPrice.IsZero() {
				line.Quantity, line.UnitPrice = one, line.Amount // a line may state its amount only
			}
			switch {
			case s.ItemRef.Value == shippingItem:
				line.Kind, line.ItemID = ledger.LineShipping, ""
			case line.Amount.IsNegative():
				line.Kind = ledger.LineDiscount
			}
		case "DiscountLineDetail":
			line.Kind = ledger.LineDiscount
			line.Amount = line.Amount.Abs().Neg()
			line.Quantity, line.UnitPrice = one, line.Amount
			line.Account, line.TaxCode = w.DiscountLineDetail.DiscountAccountRef.Value, w.DiscountLineDetail.TaxCodeRef.Value
		default:
			d.say("line_unknown", "DetailType holds "+vendorbooks.Printable(w.DetailType))
			line.Kind = ledger.LineOther
		}
		switch line.TaxCode {
		case codeTaxable:
			line.Taxability = ledger.Taxable
		case codeExempt:
			line.Taxability = ledger.NonTaxable
		}
		lines = append(lines, line)
	}
	return lines
}

// toPayment reads a payment. Its amount is the money that it brings to its invoices: what is applied, without
// what a credit memo of the same payment contributes.
func (l *Ledger) toPayment(w *wirePayment) ledger.Payment {
	var d doubt
	p := ledger.Payment{
		ID:        w.ID,
		Contact:   w.CustomerRef.Value,
		Date:      d.date("TxnDate", w.TxnDate),
		Currency:  d.currency(w.CurrencyRef.Value, l.home()),
		Rate:      d.rate(w.ExchangeRate),
		Method:    cmp.Or(w.PaymentMethodRef.Name, w.PaymentMethodRef.Value),
		Status:    ledger.PaymentConfirmed,
		Account:   l.accountCode(w.DepositToAccountRef.Value),
		UpdatedAt: d.instant("LastUpdatedTime", w.MetaData.LastUpdatedTime),
		Version:   w.SyncToken,
	}
	note, mark := readNote(w.PrivateNote)
	p.Reference, p.Mark = cmp.Or(w.PaymentRefNum, note), mark
	for _, t := range w.LinkedTxn {
		p.Batched = p.Batched || t.TxnType == "Deposit" // part of a bank deposit, which holds it fast
	}
	total := d.number("TotalAmt", w.TotalAmt)
	applied, credit := decimal.Zero, decimal.Zero
	for i := range w.Line {
		amount := d.number("Amount", w.Line[i].Amount)
		for _, t := range w.Line[i].LinkedTxn {
			switch t.TxnType {
			case "Invoice":
				p.InvoiceIDs = append(p.InvoiceIDs, t.TxnID)
				applied = applied.Add(amount)
			default:
				credit = credit.Add(amount)
			}
		}
	}
	p.Amount = applied.Sub(credit)
	switch len(p.InvoiceIDs) {
	case 1:
		p.InvoiceID, p.InvoiceIDs = p.InvoiceIDs[0], nil
	case 0:
		p.Amount = total
	}
	switch {
	case total.IsZero() && voidedNote(w.PrivateNote):
		p.Status, p.Amount = ledger.PaymentReversed, total
	case w.TotalAmt == "":
		d.say("amount_missing", "TotalAmt is absent")
	case p.InvoiceID == "" && len(p.InvoiceIDs) == 0:
		d.say("invoice_missing", "the payment is not applied to an invoice")
	case len(p.InvoiceIDs) > 0 && !credit.IsZero():
		d.say("credit_mixed", "the payment applies credits to several invoices")
	}
	p.Unclear, p.UnclearDetail = d.code, d.detail
	return p
}

// isMoney reports a payment that moves money, or did before it was voided. Those that QuickBooks makes itself
// to link a credit memo to an invoice have a total of zero.
func isMoney(w *wirePayment) bool {
	total, err := vendorhttp.ParseNumber(w.TotalAmt)
	return err != nil || !total.IsZero() || voidedNote(w.PrivateNote) || ledger.MarkIn(w.PrivateNote) != ""
}

// portion is what a payment brings to one of its invoices.
func portion(w *wirePayment, p ledger.Payment, invoice string) ledger.Payment {
	if p.InvoiceID == invoice || len(p.InvoiceIDs) == 0 {
		return p
	}
	var d doubt
	p.InvoiceID, p.InvoiceIDs, p.Amount = invoice, nil, decimal.Zero
	for i := range w.Line {
		for _, t := range w.Line[i].LinkedTxn {
			if t.TxnType == "Invoice" && t.TxnID == invoice {
				p.Amount = p.Amount.Add(d.number("Amount", w.Line[i].Amount))
			}
		}
	}
	return p
}

func toContact(w *wireName) ledger.Contact {
	c := ledger.Contact{
		ID:            w.ID,
		AccountNumber: w.AcctNum,
		Name:          w.DisplayName,
		GivenName:     w.GivenName,
		FamilyName:    w.FamilyName,
		Company:       w.CompanyName,
		Email:         w.PrimaryEmailAddr.Address,
		Status:        ledger.ContactActive,
		Version:       w.SyncToken,
		Mark:          ledger.MarkIn(w.Notes),
		Role:          w.role,
	}
	if w.Active != nil && !bool(*w.Active) {
		c.Status = ledger.ContactArchived
	}
	if currency, err := ledger.ParseCurrency(w.CurrencyRef.Value); err == nil {
		c.Currency = currency
	}
	if t, err := parseInstant(w.MetaData.LastUpdatedTime); err == nil {
		c.UpdatedAt = t
	}
	return c
}

// markedNote is the reference, the link to where the record comes from, and the mark as the last word.
func markedNote(reference, link string, m ledger.Mark) string {
	const longest = 4000
	words := strings.Join(strings.Fields(reference), " ")
	if u, err := url.Parse(link); err == nil && u.Host != "" && !strings.ContainsAny(link, " \t\r\n") && len(link) <= 2000 {
		words = strings.TrimSpace(vendorbooks.Fit(words, longest-ledger.MarkLength-2-len(link)) + " " + link)
	}
	return strings.TrimSpace(vendorbooks.Fit(words, longest-1-ledger.MarkLength) + " " + string(m))
}

// readNote takes a note of ours apart. Of what others have written nothing is taken for a reference.
func readNote(note string) (reference string, m ledger.Mark) {
	if m = ledger.MarkIn(note); m == "" {
		return "", ""
	}
	text := strings.TrimSpace(note)
	if voidedNote(text) {
		text = strings.TrimLeft(strings.TrimPrefix(text, voidWord), " \t\r\n-:;,.")
	}
	var words []string
	for _, w := range strings.Fields(text) {
		if w == string(m) {
			break
		}
		words = append(words, w)
	}
	if n := len(words); n > 0 && (strings.HasPrefix(words[n-1], "https://") || strings.HasPrefix(words[n-1], "http://")) {
		words = words[:n-1]
	}
	return strings.Join(words, " "), m
}

// marksIn returns every word of a note that has the form of a mark: what people write behind ours must not hide it.
func marksIn(note string) []ledger.Mark {
	var marks []ledger.Mark
	for _, w := range strings.FieldsFunc(note, func(r rune) bool { return strings.ContainsRune(" \t\r\n/#?&=:;,.()-", r) }) {
		if m := ledger.Mark(w); m.Valid() {
			marks = append(marks, m)
		}
	}
	return marks
}

// screen is where a record is seen in QuickBooks' own web pages.
func (l *Ledger) screen(kind, id string) string {
	if id == "" {
		return ""
	}
	host := "https://app.qbo.intuit.com"
	if l.options.Sandbox {
		host = "https://app.sandbox.qbo.intuit.com"
	}
	return host + "/app/" + kind + "?txnId=" + url.QueryEscape(id)
}

// safeID shows an id in an error, where it looks like one.
func safeID(id string) string {
	if isID(id) {
		return id
	}
	return "{id}"
}
