package xerofake

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

func getPayments(c *call) answer {
	c.f.mu.RLock()
	b := c.books
	l := listing[*Payment]{typeName: "Payment", rows: &b.payments, fields: b.paymentFields()}
	rows, pages, failed := l.page(c)
	if failed != nil {
		c.f.mu.RUnlock()
		return *failed
	}
	all := make([]*wirePayment, len(rows))
	for i, p := range rows {
		all[i] = b.wirePayment(p, false)
	}
	c.f.mu.RUnlock()
	return c.f.envelope("Payments", pages, all)
}

func (b *Books) paymentFields() fields[*Payment] {
	str := func(slow bool, get func(*Payment) string) field[*Payment] {
		return field[*Payment]{kind: kindString, slow: slow, get: func(p *Payment) value { return textValue(get(p)) }}
	}
	return fields[*Payment]{
		"paymentid":         {kind: kindGUID, get: func(p *Payment) value { return guidValue(p.PaymentID) }},
		"invoice.invoiceid": {kind: kindGUID, get: func(p *Payment) value { return guidValue(p.InvoiceID + p.CreditNoteID) }},
		"invoice.invoicenumber": str(true, func(p *Payment) string {
			if i, ok := b.invoices.get(p.InvoiceID); ok {
				return i.Number
			}
			return ""
		}),
		"account.accountid": {kind: kindGUID, slow: true, get: func(p *Payment) value { return guidValue(p.AccountID) }},
		"status":            str(false, func(p *Payment) string { return p.Status }),
		"paymenttype":       str(false, func(p *Payment) string { return p.PaymentType }),
		"reference":         str(false, func(p *Payment) string { return p.Reference }),
		"date":              {kind: kindTime, get: func(p *Payment) value { return dateValue(p.Date) }},
		"amount":            {kind: kindNumber, get: func(p *Payment) value { return numberValue(p.Amount) }},
		"isreconciled":      {kind: kindBoolean, slow: true, get: func(p *Payment) value { return boolValue(p.IsReconciled) }},
		"updateddateutc":    {kind: kindTime, get: func(p *Payment) value { return timeValue(p.Updated) }},
	}
}

func (b *Books) isPayment(arg string) string {
	if p, ok := b.payments.get(arg); ok {
		return p.PaymentID
	}
	return ""
}

func getPayment(c *call) answer {
	c.f.mu.RLock()
	p, ok := c.books.payments.get(c.args[0])
	if !ok {
		c.f.mu.RUnlock()
		return notFound()
	}
	wire := c.books.wirePayment(p, true)
	c.f.mu.RUnlock()
	return c.f.envelope("Payments", nil, []*wirePayment{wire})
}

func putPayments(c *call) answer {
	return c.batch("Payments", "Payment", c.createPayment)
}

// postPayments creates a single payment, or deletes one whose id is in the body.
func postPayments(c *call) answer {
	elements, err := c.f.elements(c.body, "Payments", "Payment")
	if err != nil {
		return bodyFault(err.Error())
	}
	if len(elements) > 1 {
		return bodyFault("POST takes a single payment, use PUT for several")
	}
	if id := elements[0].text("PaymentID"); id != "" && id != noGUID {
		return c.removePayment(id, elements[0])
	}
	return c.batch("Payments", "Payment", c.createPayment)
}

func (c *call) createPayment(in object) result {
	d := c.draft()
	p := &Payment{PaymentID: c.f.newID(), Status: "AUTHORISED", CreatedByApp: c.caller.app}
	d.payment(p, in)
	if len(d.errs) == 0 {
		if err := d.savePayment(p); err != nil {
			return result{broken: true}
		}
		return result{record: c.books.wirePayment(p, true).as}
	}
	echo := &wirePayment{
		PaymentID: noGUID, Date: wireDate(p.Date), Amount: money(p.Amount), Reference: p.Reference, Status: "AUTHORISED",
		HasAccount: p.AccountID != "", HasValidationErrors: true, ValidationErrors: messagesOf(d.errs),
	}
	if ref := in.object("Invoice"); isGUID(ref.text("InvoiceID")) {
		echo.Invoice = &wireInvoice{InvoiceID: ref.text("InvoiceID"), InvoiceNumber: ref.text("InvoiceNumber")}
	}
	return result{failed: true, record: echo.as}
}

// payment carries a sent payment over to p and checks it.
func (d *draft) payment(p *Payment, in object) {
	p.Date = d.b.today()
	if in.text("Date") != "" {
		p.Date = in.date("Date")
	}
	p.Reference, p.IsReconciled, p.Amount = in.text("Reference"), in.boolean("IsReconciled"), in.number("Amount")
	if len([]rune(p.Reference)) > 255 {
		d.refuse("The Reference exceeds the maximum length of 255 characters.")
	}
	switch {
	case !p.Amount.IsPositive():
		d.refuse("The payment amount must be greater than zero.")
	case !p.Amount.Equal(p.Amount.Round(2)):
		d.refuse("The payment amount must not have more than two decimal places.")
	}
	if s := in.text("Status"); s != "" && s != "AUTHORISED" {
		d.refuse("The payment status '%s' is not valid for a new payment.", s)
	}

	account := d.payer(in)
	if account != nil {
		p.AccountID = account.AccountID
	}
	doc, due := d.payee(p, in)
	if doc == nil {
		return
	}
	if doc.Status != "AUTHORISED" {
		d.refuse("Payments can only be made against authorised documents")
		return
	}
	if p.Amount.Cmp(due) > 0 {
		d.refuse("Payment amount exceeds the amount outstanding on this document")
	}
	d.unlocked(p.Date)
	p.CurrencyRate = decimal.New(1, 0)
	if doc.CurrencyCode != d.b.org.BaseCurrency {
		p.CurrencyRate = d.b.dayRate(doc.CurrencyCode)
		if in.has("CurrencyRate") {
			if p.CurrencyRate = in.number("CurrencyRate").Round(6); !p.CurrencyRate.IsPositive() {
				d.refuse("The currency rate must be greater than zero.")
				return
			}
		}
	}
	p.BankAmount = p.Amount
	if account != nil && account.Type == "BANK" && account.CurrencyCode != doc.CurrencyCode {
		if account.CurrencyCode != d.b.org.BaseCurrency {
			d.refuse("The bank account's currency is neither the document's nor the organisation's.")
			return
		}
		p.BankAmount = d.sw.round(p.Amount.DivRound(p.CurrencyRate, 24), 2)
	}
}

// payer finds the account that the money goes to or comes from.
func (d *draft) payer(in object) *Account {
	ref := in.object("Account")
	id, code := ref.text("AccountID"), first(ref.text("Code"), in.text("Code"))
	var a *Account
	switch {
	case id != "":
		a = find(d.b.accounts, func(a *Account) bool { return strings.EqualFold(a.AccountID, id) })
	case code != "":
		a = d.b.account(code)
	default:
		d.refuse("The account of the payment must be specified.")
		return nil
	}
	switch {
	case a == nil:
		d.refuse("The account of the payment could not be found.")
	case a.Status != "ACTIVE":
		d.refuse("The account of the payment is not active.")
	case a.Type != "BANK" && !a.EnablePaymentsToAccount:
		d.refuse("The account of the payment must be a bank account or have payments enabled.")
	default:
		return a
	}
	return nil
}

// payee finds the one document that is paid, and what is still open on it.
func (d *draft) payee(p *Payment, in object) (*Document, decimal.Decimal) {
	named := 0
	for _, name := range []string{"Invoice", "CreditNote", "Prepayment", "Overpayment"} {
		if len(in.object(name)) > 0 {
			named++
		}
	}
	if named == 0 && in.text("InvoiceNumber") != "" {
		in["Invoice"] = map[string]any{"InvoiceNumber": in["InvoiceNumber"]}
		named++
	}
	if named == 0 && in.text("CreditNoteNumber") != "" {
		in["CreditNote"] = map[string]any{"CreditNoteNumber": in["CreditNoteNumber"]}
		named++
	}
	switch {
	case named != 1:
		d.refuse("A payment must name exactly one of Invoice, CreditNote, Prepayment or Overpayment.")
		return nil, decimal.Decimal{}
	case len(in.object("Invoice")) > 0:
		ref := in.object("Invoice")
		var inv *Invoice
		if id := ref.text("InvoiceID"); id != "" {
			inv, _ = d.b.invoices.get(id)
		} else {
			inv = d.b.saleByNumber(ref.text("InvoiceNumber"))
		}
		if inv == nil {
			d.refuse("The invoice of the payment could not be found.")
			return nil, decimal.Decimal{}
		}
		p.InvoiceID, p.PaymentType = inv.ID, map[bool]string{true: "ACCRECPAYMENT", false: "ACCPAYPAYMENT"}[inv.isSale()]
		return &inv.Document, inv.AmountDue
	case len(in.object("CreditNote")) > 0:
		c := d.b.creditNote(in.object("CreditNote"))
		if c == nil {
			d.refuse("The credit note of the payment could not be found.")
			return nil, decimal.Decimal{}
		}
		p.CreditNoteID, p.PaymentType = c.ID, map[bool]string{true: "ARCREDITPAYMENT", false: "APCREDITPAYMENT"}[c.isSale()]
		return &c.Document, c.RemainingCredit
	}
	d.refuse("The fake has no prepayments and overpayments.")
	return nil, decimal.Decimal{}
}

// savePayment commits a new payment and what it does to its document.
func (d *draft) savePayment(p *Payment) error {
	p.Updated = now()
	d.change.Payments = append(d.change.Payments, p)
	d.settle(p, p.Amount)
	d.note(p.PaymentID, "Created", fmt.Sprintf("Payment of %s created.", p.Amount.StringFixed(2)))
	if err := d.b.f.commit(&d.change); err != nil {
		return err
	}
	d.b.f.created["Payments"]++
	return nil
}

// settle applies an amount, negative when the payment is deleted, to the document of a payment.
func (d *draft) settle(p *Payment, amount decimal.Decimal) {
	text, what := "Payment Received", "Payment of %s applied."
	if amount.IsNegative() {
		text, what = "Payment Deleted", "Payment of %s removed."
	}
	what = fmt.Sprintf(what, p.Amount.StringFixed(2))
	if old, ok := d.b.invoices.get(p.InvoiceID); ok {
		inv := *old
		inv.AmountPaid = inv.AmountPaid.Add(amount)
		inv.FullyPaidOn = d.lastSettled(old.ID, p, amount)
		inv.balance()
		if inv.Status != "PAID" {
			inv.FullyPaidOn = ""
		}
		if !d.sw.PaymentsKeepUpdatedDate {
			inv.Updated = stamp(old.Updated)
		}
		d.change.Invoices = append(d.change.Invoices, &inv)
		d.note(inv.ID, text, what)
		return
	}
	if old, ok := d.b.credits.get(p.CreditNoteID); ok {
		c := *old
		c.RemainingCredit = c.RemainingCredit.Sub(amount)
		c.balance(p.Date)
		c.Updated = stamp(old.Updated)
		d.change.CreditNotes = append(d.change.CreditNotes, &c)
		d.note(c.ID, text, what)
	}
}

// lastSettled is the date of the last payment or allocation on an invoice.
func (d *draft) lastSettled(invoice string, p *Payment, amount decimal.Decimal) Date {
	var last Date
	if amount.IsPositive() {
		last = p.Date
	}
	for _, id := range d.b.paid[invoice] {
		if o, ok := d.b.payments.get(id); ok && o.Status != "DELETED" && o.PaymentID != p.PaymentID {
			last = max(last, o.Date)
		}
	}
	for _, id := range d.b.credited[invoice] {
		if c, ok := d.b.credits.get(id); ok {
			for _, a := range c.Allocations {
				if a.InvoiceID == invoice {
					last = max(last, a.Date)
				}
			}
		}
	}
	return last
}

func deletePayment(c *call) answer {
	elements, err := c.f.elements(c.body, "Payments", "Payment")
	if err != nil {
		return bodyFault(err.Error())
	}
	return c.removePayment(c.args[0], elements[0])
}

func (c *call) removePayment(id string, in object) answer {
	c.f.mu.Lock()
	p, ok := c.books.payments.get(id)
	if !ok {
		c.f.mu.Unlock()
		return notFound()
	}
	d := c.draft()
	if in.text("Status") != "DELETED" {
		d.refuse("A payment cannot be changed, only deleted.")
	}
	gone, err := d.deletePayment(p)
	if err != nil {
		c.f.mu.Unlock()
		return problem500()
	}
	if len(d.errs) > 0 {
		w := c.books.wirePayment(p, true)
		c.f.mu.Unlock()
		w.HasValidationErrors, w.ValidationErrors = true, messagesOf(d.errs)
		return invalid(w)
	}
	w := c.books.wirePayment(gone, true)
	c.f.mu.Unlock()
	return c.f.envelope("Payments", nil, []*wirePayment{w})
}

// deletePayment deletes a payment unless something forbids it.
func (d *draft) deletePayment(p *Payment) (*Payment, error) {
	switch {
	case p.Status == "DELETED":
		d.refuse("The payment has already been deleted.")
	case p.Batched:
		d.refuse("The payment was made by a batch payment and cannot be deleted on its own.")
	case p.IsReconciled && !d.sw.ReconciledPaymentsDeletable:
		d.refuse("The payment has been reconciled and cannot be deleted.")
	}
	d.unlocked(p.Date)
	if len(d.errs) > 0 {
		return nil, nil
	}
	gone := *p
	gone.Status, gone.Updated = "DELETED", stamp(p.Updated)
	d.change.Payments = append(d.change.Payments, &gone)
	d.settle(&gone, p.Amount.Neg())
	d.note(p.PaymentID, "Deleted", "Payment deleted.")
	return &gone, d.b.f.commit(&d.change)
}
