package xero

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

// Wire to words and back. Nothing else in this package knows both.

var statuses = map[string]ledger.Status{
	"DRAFT":      ledger.StatusDraft,
	"SUBMITTED":  ledger.StatusSubmitted,
	"AUTHORISED": ledger.StatusApproved,
	"PAID":       ledger.StatusPaid,
	"VOIDED":     ledger.StatusVoided,
	"DELETED":    ledger.StatusDeleted,
}

var taxModes = map[string]ledger.TaxMode{
	"Exclusive": ledger.TaxExclusive,
	"Inclusive": ledger.TaxInclusive,
	"NoTax":     ledger.TaxNone,
}

func wireStatus(s ledger.Status) string      { return keyOf(statuses, s) }
func wireTaxMode(m ledger.TaxMode) string    { return keyOf(taxModes, m) }
func zeroID(id string) bool                  { return strings.Trim(id, "0-") == "" }
func sameID(a, b string) bool                { return strings.EqualFold(a, b) }
func isSalesInvoice(w *wireInvoice) bool     { return w.Type == "ACCREC" }
func invoiceUpdated(w *wireInvoice) moment   { return w.UpdatedDateUTC }
func contactUpdated(w *wireContact) moment   { return w.UpdatedDateUTC }
func paymentUpdated(w *wirePayment) moment   { return w.UpdatedDateUTC }
func invoiceID(w *wireInvoice) string        { return w.InvoiceID }
func contactID(w *wireContact) string        { return w.ContactID }
func paymentID(w *wirePayment) string        { return w.PaymentID }
func pageInvoices(p *wirePage) []wireInvoice { return p.Invoices }
func pageContacts(p *wirePage) []wireContact { return p.Contacts }
func pagePayments(p *wirePage) []wirePayment { return p.Payments }

func keyOf[V comparable](m map[string]V, v V) string {
	for k, have := range m {
		if have == v {
			return k
		}
	}
	return ""
}

// doubt collects why a record was read but not understood. The first reason is the one that is told.
type doubt struct{ code, detail string }

func (d *doubt) say(code, detail string) {
	if d.code == "" {
		d.code, d.detail = code, detail
	}
}

func (d *doubt) number(field string, n digits) decimal.Decimal {
	v, err := n.decimal()
	if err != nil {
		d.say("amount_unreadable", field+" is not a number")
	}
	return v
}

func (d *doubt) date(field string, forms ...moment) ledger.Date {
	v, err := day(forms...)
	if err != nil {
		d.say("date_unreadable", field+" is not a date")
	}
	return v
}

func (d *doubt) instant(field string, m moment) time.Time {
	t, err := m.instant()
	if err != nil {
		d.say("date_unreadable", field+" is not an instant")
	}
	return t
}

func (d *doubt) currency(code word) ledger.Currency {
	c, err := ledger.ParseCurrency(string(code))
	if err != nil {
		d.say("currency_unknown", "CurrencyCode is not one of ISO 4217")
	}
	return c
}

// rate turns Xero's units of currency per base unit into the words' base units per unit: the shortest
// number for which Xero's six places are what it holds, so that 0.75, kept by Xero as 1.333333, is 0.75 again.
func (d *doubt) rate(n digits) decimal.NullDecimal {
	if n.is(1) {
		return decimal.NewNullDecimal(one)
	}
	v := d.number("CurrencyRate", n)
	if v.Sign() <= 0 {
		return decimal.NullDecimal{}
	}
	if v.Equal(one) {
		return decimal.NewNullDecimal(one)
	}
	r := decimal.Zero
	for places := int32(0); places <= 24; places++ {
		r = one.DivRound(v, places)
		if r.IsPositive() && one.DivRound(r, ratePlaces).Equal(v) {
			break
		}
	}
	return decimal.NewNullDecimal(r)
}

// ratePlaces is what Xero keeps of a CurrencyRate.
const ratePlaces = 6

func wireRate(r decimal.NullDecimal) *number {
	if !r.Valid || r.Decimal.Sign() <= 0 {
		return nil
	}
	rate := one.DivRound(r.Decimal, ratePlaces)
	if rate.IsZero() {
		return nil
	}
	return numberOf(rate)
}

// toInvoice reads an invoice. summary says that lines and payments were not asked for.
func toInvoice(w *wireInvoice, summary bool) ledger.Invoice {
	var d doubt
	inv := ledger.Invoice{
		ID:        w.InvoiceID,
		Number:    w.InvoiceNumber,
		Reference: w.Reference,
		Kind:      ledger.SalesInvoice,
		Contact:   toContact(&w.Contact),
		Date:      d.date("Date", w.Date, w.DateString),
		DueDate:   d.date("DueDate", w.DueDate, w.DueDateString),
		Currency:  d.currency(w.CurrencyCode),
		Rate:      d.rate(w.CurrencyRate),
		Totals: ledger.Totals{
			Net:      d.number("SubTotal", w.SubTotal),
			Tax:      d.number("TotalTax", w.TotalTax),
			Total:    d.number("Total", w.Total),
			Paid:     d.number("AmountPaid", w.AmountPaid),
			Credited: d.number("AmountCredited", w.AmountCredited),
		},
		UpdatedAt:     d.instant("UpdatedDateUTC", w.UpdatedDateUTC),
		URL:           screen(w.InvoiceID),
		Mark:          markInURL(w.URL),
		Theme:         w.BrandingThemeID,
		SentToContact: bool(w.SentToContact),
	}
	if inv.Totals.Balance = inv.Totals.Total; !w.AmountDue.same(w.Total) {
		inv.Totals.Balance = d.number("AmountDue", w.AmountDue)
	}
	var known bool
	if inv.Status, known = statuses[string(w.Status)]; !known {
		d.say("status_unknown", "Status holds "+vendorbooks.Printable(string(w.Status)))
	}
	if inv.TaxMode, known = taxModes[string(w.LineAmountTypes)]; !known && !(summary && w.LineAmountTypes == "") {
		d.say("tax_mode_unknown", "LineAmountTypes holds "+vendorbooks.Printable(string(w.LineAmountTypes)))
	}
	if inv.Contact.ID == "" {
		d.say("contact_missing", "Contact has no ContactID")
	}
	if inv.Date.IsZero() {
		d.say("date_missing", "Date is empty")
	}
	if !w.Total.known || !w.AmountDue.known {
		d.say("amount_missing", "Total or AmountDue is absent")
	}
	if !summary {
		inv.Lines = d.lines(w.LineItems)
	}
	inv.Payments = d.paymentsIn(w)
	inv.PaymentsElsewhere = len(inv.Payments) == 0 && !inv.Totals.Paid.IsZero()
	inv.Version = invoiceVersion(w.UpdatedDateUTC, &inv)
	inv.Unclear, inv.UnclearDetail = d.code, d.detail
	return inv
}

// invoiceVersion changes with the document. The due date and the sent mark are part of it, because on
// part-paid documents they change without moving UpdatedDateUTC (Xero, requests and responses).
func invoiceVersion(updated moment, inv *ledger.Invoice) string {
	b := make([]byte, 0, 40)
	if t, err := updated.instant(); err == nil {
		b = strconv.AppendInt(b, t.UnixMilli(), 10)
	}
	b = append(b, '/')
	b = inv.DueDate.Append(b)
	if inv.SentToContact {
		b = append(b, "/sent"...)
	}
	return string(b)
}

// lines reads lines, with discounts as lines of their own behind the line that they reduce.
func (d *doubt) lines(ws []wireLine) []ledger.Line {
	lines := make([]ledger.Line, 0, len(ws))
	for i := range ws {
		w := &ws[i]
		l := ledger.Line{
			ID:          w.LineItemID,
			Kind:        ledger.LineOther,
			SKU:         w.ItemCode,
			Name:        w.Item.Name,
			Description: w.Description,
			Quantity:    d.number("Quantity", w.Quantity),
			UnitPrice:   d.number("UnitAmount", w.UnitAmount),
			TaxCode:     string(w.TaxType),
			Account:     w.AccountCode,
			ItemCode:    w.ItemCode,
		}
		if l.Amount = l.UnitPrice; !w.LineAmount.same(w.UnitAmount) {
			l.Amount = d.number("LineAmount", w.LineAmount)
		}
		if l.Account == "" {
			l.Account = w.AccountID
		}
		if w.TaxAmount.known {
			l.TaxAmount = decimal.NewNullDecimal(d.number("TaxAmount", w.TaxAmount))
		}
		for _, t := range w.Tracking {
			l.Tracking = append(l.Tracking, ledger.Tracking{Category: t.Name, Option: t.Option})
		}
		switch {
		case l.Amount.IsNegative():
			l.Kind = ledger.LineDiscount
		case w.ItemCode != "":
			l.Kind = ledger.LineProduct
		}
		off := decimal.Zero
		if !d.number("DiscountRate", w.DiscountRate).IsZero() || !d.number("DiscountAmount", w.DiscountAmount).IsZero() {
			off = l.Quantity.Mul(l.UnitPrice).Round(2).Sub(l.Amount)
		}
		if off.Sign() <= 0 {
			lines = append(lines, l)
			continue
		}
		l.Amount = l.Amount.Add(off)
		if l.ItemCode == "" {
			l.Kind = ledger.LineOther
		} else {
			l.Kind = ledger.LineProduct
		}
		lines = append(lines, l, ledger.Line{
			AppliesTo: l.ID, Kind: ledger.LineDiscount, Quantity: decimal.NewFromInt(1),
			UnitPrice: off.Neg(), Amount: off.Neg(), TaxCode: l.TaxCode, Account: l.Account,
		})
	}
	return lines
}

// paymentsIn reads the payments that an invoice carries. Xero lists only those that count there, so
// that one without a status is a confirmed one.
func (d *doubt) paymentsIn(w *wireInvoice) []ledger.Payment {
	var payments []ledger.Payment
	for i := range w.Payments {
		p := &w.Payments[i]
		p.Invoice.InvoiceID, p.Invoice.CurrencyCode = w.InvoiceID, w.CurrencyCode
		if p.Status == "" {
			p.Status = "AUTHORISED"
		}
		payment := toPayment(p)
		if payment.Unclear != "" {
			d.say(payment.Unclear, "in a payment: "+payment.UnclearDetail)
		}
		payments = append(payments, payment)
	}
	return payments
}

func toPayment(w *wirePayment) ledger.Payment {
	var d doubt
	p := ledger.Payment{
		ID:         w.PaymentID,
		InvoiceID:  w.Invoice.InvoiceID,
		Date:       d.date("Date", w.Date),
		Amount:     d.number("Amount", w.Amount),
		Currency:   d.currency(w.Invoice.CurrencyCode),
		Rate:       d.rate(w.CurrencyRate),
		Reference:  w.Reference,
		Account:    w.Account.Code,
		UpdatedAt:  d.instant("UpdatedDateUTC", w.UpdatedDateUTC),
		Mark:       ledger.MarkIn(w.Reference),
		Reconciled: bool(w.IsReconciled),
		Batched:    !zeroID(w.BatchPaymentID) || !zeroID(w.BatchPayment.BatchPaymentID),
	}
	if p.Account == "" {
		p.Account = w.Account.AccountID
	}
	switch w.Status {
	case "AUTHORISED":
		p.Status = ledger.PaymentConfirmed
	case "DELETED":
		p.Status = ledger.PaymentReversed
	default:
		d.say("status_unknown", "Status of the payment holds "+vendorbooks.Printable(string(w.Status)))
	}
	if p.InvoiceID == "" {
		d.say("invoice_missing", "Invoice has no InvoiceID")
	}
	if !w.Amount.known {
		d.say("amount_missing", "Amount is absent")
	}
	if !p.UpdatedAt.IsZero() { // those that come with an invoice do not say
		p.Version = strconv.FormatInt(p.UpdatedAt.UnixMilli(), 10) + "/" + string(p.Status)
	}
	p.Unclear, p.UnclearDetail = d.code, d.detail
	return p
}

// isCustomerPayment reports a payment of a sales invoice. Money given back on credit notes and
// overpayments, and payments of bills, are others.
func isCustomerPayment(w *wirePayment) bool {
	if w.PaymentType != "" {
		return w.PaymentType == "ACCRECPAYMENT"
	}
	return w.Invoice.Type == "ACCREC"
}

func toContact(w *wireContact) ledger.Contact {
	c := ledger.Contact{
		ID:            w.ContactID,
		Number:        w.ContactNumber,
		AccountNumber: w.AccountNumber,
		Name:          w.Name,
		GivenName:     w.FirstName,
		FamilyName:    w.LastName,
		Email:         w.EmailAddress,
		MergedInto:    w.MergedToContactID,
		Mark:          ledger.MarkIn(w.ContactNumber),
	}
	if zeroID(c.ID) {
		c.ID = ""
	}
	if zeroID(c.MergedInto) {
		c.MergedInto = ""
	}
	if w.DefaultCurrency != "" {
		if currency, err := ledger.ParseCurrency(string(w.DefaultCurrency)); err == nil {
			c.Currency = currency
		}
	}
	switch w.ContactStatus {
	case "ACTIVE":
		c.Status = ledger.ContactActive
	case "ARCHIVED":
		c.Status = ledger.ContactArchived
	case "GDPRREQUEST":
		c.Status = ledger.ContactErased
	default:
		c.Status = ledger.ContactStatus(strings.ToLower(string(w.ContactStatus)))
	}
	if t, err := w.UpdatedDateUTC.instant(); err == nil && !t.IsZero() {
		c.UpdatedAt = t
		c.Version = strconv.FormatInt(t.UnixMilli(), 10)
	}
	return c
}

// screen is where an invoice is seen in Xero's own web pages.
func screen(id string) string {
	if id == "" {
		return ""
	}
	return "https://go.xero.com/AccountsReceivable/View.aspx?InvoiceID=" + url.QueryEscape(id)
}

func mentionsXero(link string) bool { return strings.Contains(strings.ToLower(link), "xero") }

// markedURL is an invoice's Url: the source's deep link, or else base, that ends with the mark. Xero
// refuses an Url that contains "xero"; a mark may spell that by chance, and has one letter escaped then.
func markedURL(link, base string, m ledger.Mark) string {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || mentionsXero(link) {
		link = base
	}
	sep := "#"
	if _, fragment, has := strings.Cut(link, "#"); has { // a page that routes by fragment reads it as a query
		sep = "?mark="
		if strings.Contains(fragment, "?") {
			sep = "&mark="
		}
	}
	return link + sep + strings.ReplaceAll(string(m), "XERO", "%58ERO")
}

func markInURL(link string) ledger.Mark {
	if m := ledger.MarkIn(link); m != "" {
		return m
	}
	if strings.Contains(link, "%58") {
		return ledger.MarkIn(strings.ReplaceAll(link, "%58", "X"))
	}
	return ""
}
