package quickbooksfake

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// The pseudo items: no Item record is behind them.
const (
	shippingItem = "SHIPPING_ITEM_ID"
	gratuityItem = "GRATUITY_ITEM_ID"
)

// prepareSale checks and completes an invoice, credit memo or refund receipt, and does its arithmetic.
func prepareSale(o *op, old, in record, has map[string]bool) *fault {
	holder, ok := in.(interface{ sale() *Sale })
	if !ok {
		return systemFault()
	}
	s := holder.sale()
	var before *Sale
	if holder, ok := old.(interface{ sale() *Sale }); ok {
		before = holder.sale()
	}
	kind := saleKind(in)
	if s.CustomerRef.Value == "" {
		return missing("CustomerRef")
	}
	customer, bad := named[*Customer](o, "Customer", s.CustomerRef.Value)
	if bad != nil {
		return bad
	}
	s.CustomerRef = Ref{Value: customer.ID, Name: customer.DisplayName}
	if s.TxnDate == "" {
		s.TxnDate = o.b.today()
	}
	dates := []Date{s.TxnDate}
	if before != nil {
		dates = append(dates, before.TxnDate)
	}
	if bad := o.mayTouch(dates...); bad != nil {
		return bad
	}
	if bad := o.form(kind, s, before, customer, has); bad != nil {
		return bad
	}
	if bad := o.numberSale(kind, s, before); bad != nil {
		return bad
	}
	if bad := o.saleCurrency(s, customer); bad != nil {
		return bad
	}
	if r, ok := in.(*RefundReceipt); ok {
		if bad := o.refund(r); bad != nil {
			return bad
		}
	}
	if kind == "Invoice" {
		if bad := o.due(s, before, customer, has); bad != nil {
			return bad
		}
	} else {
		s.DueDate, s.SalesTermRef, s.LinkedTxn = "", nil, nil
	}
	if recompute(before, has) {
		if bad := o.compute(s, before, has); bad != nil {
			return bad
		}
	}
	if bad := o.balance(kind, s, before); bad != nil {
		return bad
	}
	if m, ok := in.(*CreditMemo); ok {
		m.RemainingCredit = m.Balance
	}
	return nil
}

func saleKind(r record) string {
	switch r.(type) {
	case *Invoice:
		return "Invoice"
	case *CreditMemo:
		return "CreditMemo"
	}
	return "RefundReceipt"
}

// recompute says whether amounts follow from what was sent. A sparse update of a note leaves them alone.
func recompute(before *Sale, has map[string]bool) bool {
	if before == nil || has == nil {
		return true
	}
	for _, name := range []string{"Line", "TxnTaxDetail", "GlobalTaxCalculation", "ApplyTaxAfterDiscount", "CurrencyRef", "ExchangeRate", "CustomerRef"} {
		if has[name] {
			return true
		}
	}
	return false
}

// form checks the texts of the form and fills in what the customer and the vendor give.
func (o *op) form(kind string, s, before *Sale, customer *Customer, has map[string]bool) *fault {
	memo := ""
	if s.CustomerMemo != nil {
		memo = s.CustomerMemo.Value
	}
	if bad := checkLengths(length{"DocNumber", s.DocNumber, 21}, length{"PrivateNote", s.PrivateNote, maxNote}, length{"CustomerMemo", memo, 1000}); bad != nil {
		return bad
	}
	if bad := checkEmail("BillEmail", s.BillEmail); bad != nil {
		return bad
	}
	s.EmailStatus, s.PrintStatus = first(s.EmailStatus, "NotSet"), first(s.PrintStatus, "NeedToPrint")
	switch s.EmailStatus {
	case "NotSet", "NeedToSend", "EmailSent":
	default:
		return unsupported("EmailStatus " + s.EmailStatus)
	}
	if s.EmailStatus == "NeedToSend" && (s.BillEmail == nil || s.BillEmail.Address == "") {
		return missing("BillEmail")
	}
	if s.CustomField == nil {
		s.CustomField = []CustomField{}
	}
	s.FreeFormAddress = true
	if before != nil {
		s.LinkedTxn, s.DeliveryInfo = before.LinkedTxn, before.DeliveryInfo
		// After an update an address that was written comes back rearranged (Invoice reference).
		if s.BillAddr != nil && (has == nil || has["BillAddr"]) && !o.byHand {
			s.BillAddr = rearranged(s.BillAddr, customer)
		}
		if s.ShipAddr != nil && (has == nil || has["ShipAddr"]) && !o.byHand {
			s.ShipAddr = rearranged(s.ShipAddr, customer)
		}
		return nil
	}
	s.LinkedTxn = []LinkedTxn{}
	if s.BillAddr == nil {
		s.BillAddr = customer.BillAddr
	}
	if s.ShipAddr == nil {
		s.ShipAddr = customer.ShipAddr
	}
	return nil
}

func rearranged(a *Address, c *Customer) *Address {
	if a.City == "" && a.PostalCode == "" && a.CountrySubDivisionCode == "" {
		return a
	}
	person := strings.TrimSpace(c.GivenName + " " + c.FamilyName)
	place := strings.TrimSpace(a.City + ", " + a.CountrySubDivisionCode + "  " + a.PostalCode)
	var lines []string
	for _, l := range []string{person, c.DisplayName, a.Line1, a.Line2, place} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	lines = append(lines, "", "", "", "", "")
	return &Address{ID: a.ID, Line1: lines[0], Line2: lines[1], Line3: lines[2], Line4: lines[3], Line5: lines[4], Extra: a.Extra}
}

// numberSale gives a document its number. An automatic one comes from a counter that all sales forms share.
func (o *op) numberSale(kind string, s, before *Sale) *fault {
	if before != nil && s.DocNumber == "" {
		s.DocNumber = before.DocNumber // kept by a full update too (recorded)
	}
	if before == nil && s.DocNumber == "" && !o.b.company.CustomTxnNumbers {
		n := max(o.b.number, o.change.Number) + 1
		for len(o.b.numbers[kind+"\x00"+strconv.FormatInt(n, 10)]) > 0 {
			n++
		}
		o.change.Number = n
		s.DocNumber = strconv.FormatInt(n, 10)
		return nil
	}
	if s.DocNumber == "" || o.allow || o.b.company.AllowDuplicateNumbers || before != nil && before.DocNumber == s.DocNumber {
		return nil
	}
	for _, id := range o.b.numbers[kind+"\x00"+s.DocNumber] {
		if before == nil || id != before.ID {
			return duplicateNumber(s.DocNumber, kind, id)
		}
	}
	return nil
}

// saleCurrency is the customer's. In a company with several currencies it must be named, and a rate that is
// not named is 1, whatever the currency.
func (o *op) saleCurrency(s *Sale, customer *Customer) *fault {
	own := o.codeOf(customer.CurrencyRef)
	switch {
	case s.CurrencyRef != nil && s.CurrencyRef.Value != "":
		if s.CurrencyRef.Value != own {
			return business("The currency of the transaction is invalid for customer / vendor / account.")
		}
	case o.b.company.Multicurrency && !o.byHand:
		return missing("CurrencyRef")
	}
	s.CurrencyRef = o.currency(own)
	if !o.b.company.Multicurrency {
		s.ExchangeRate = nil
		return nil
	}
	if s.ExchangeRate == nil || own == o.b.company.HomeCurrency {
		s.ExchangeRate = NewNumber(decimal.NewFromInt(1))
	}
	if s.ExchangeRate.Sign() <= 0 {
		return business("The exchange rate must be greater than zero")
	}
	return nil
}

func (o *op) refund(r *RefundReceipt) *fault {
	if r.DepositToAccountRef == nil {
		return missing("DepositToAccountRef")
	}
	account, bad := named[*Account](o, "Account", r.DepositToAccountRef.Value)
	if bad != nil {
		return bad
	}
	r.DepositToAccountRef = &Ref{Value: account.ID, Name: account.FullyQualifiedName}
	if r.PrintStatus == "PrintComplete" && account.AccountType == "Bank" && r.PaymentRefNum == "" {
		return missing("PaymentRefNum")
	}
	if r.PaymentMethodRef != nil {
		m, bad := named[*PaymentMethod](o, "PaymentMethod", r.PaymentMethodRef.Value)
		if bad != nil {
			return bad
		}
		r.PaymentMethodRef = &Ref{Value: m.ID, Name: m.Name}
	}
	return checkLengths(length{"PaymentRefNum", r.PaymentRefNum, 21})
}

// due sets the due date from the terms where none was sent.
func (o *op) due(s, before *Sale, customer *Customer, has map[string]bool) *fault {
	if s.SalesTermRef == nil && before == nil {
		s.SalesTermRef = customer.SalesTermRef
	}
	var term *Term
	if s.SalesTermRef != nil {
		t, bad := named[*Term](o, "Term", s.SalesTermRef.Value)
		if bad != nil {
			return bad
		}
		term, s.SalesTermRef = t, &Ref{Value: t.ID, Name: t.Name}
	}
	moved := before != nil && has != nil && !has["DueDate"] && (has["TxnDate"] || has["SalesTermRef"])
	if s.DueDate != "" && !moved {
		return nil
	}
	switch {
	case term == nil:
		s.DueDate = s.TxnDate.plus(o.b.company.DefaultTermDays)
	case term.DueDays != nil:
		s.DueDate = s.TxnDate.plus(*term.DueDays)
	case term.DayOfMonthDue != nil:
		s.DueDate = dayOfMonth(s.TxnDate, *term.DayOfMonthDue, term.DueNextMonthDays)
	}
	return nil
}

// dayOfMonth is the next such day, or the one after it when fewer than least days are left.
func dayOfMonth(from Date, day int, least *int) Date {
	t, err := time.Parse(time.DateOnly, string(from))
	if err != nil {
		return from
	}
	at := func(months int) time.Time {
		month := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
		last := month.AddDate(0, 1, -1).Day()
		return month.AddDate(0, 0, min(day, last)-1)
	}
	due := at(0)
	for m := 1; due.Before(t) || least != nil && due.Sub(t) < time.Duration(*least)*24*time.Hour && m < 3; m++ {
		due = at(m)
	}
	return Date(due.Format(time.DateOnly))
}

// balance is what the payments leave open.
func (o *op) balance(kind string, s, before *Sale) *fault {
	if kind == "RefundReceipt" {
		s.Balance = Amount{}
	} else {
		applied := decimal.Zero
		if before != nil {
			applied = before.TotalAmt.Sub(before.Balance.Decimal)
			if applied.IsPositive() && before.CustomerRef.Value != s.CustomerRef.Value {
				return business("The customer of a transaction with payments cannot be changed")
			}
		}
		if s.TotalAmt.LessThan(applied) {
			return business("The transaction total must not be less than what has been applied to it")
		}
		s.Balance = Amount{s.TotalAmt.Sub(applied)}
	}
	s.HomeTotalAmt, s.HomeBalance = nil, nil
	if s.ExchangeRate != nil {
		s.HomeTotalAmt = &Amount{halfUp(s.TotalAmt.Mul(s.ExchangeRate.Decimal))}
		s.HomeBalance = &Amount{halfUp(s.Balance.Mul(s.ExchangeRate.Decimal))}
	}
	return nil
}

// A priced line counts.
type priced struct {
	line     *Line
	amount   decimal.Decimal
	code     string
	shipping bool
}

// compute checks the lines and does the arithmetic: subtotal, discount, tax, total.
func (o *op) compute(s, before *Sale, has map[string]bool) *fault {
	next := 0 // line ids are never used again
	kept := map[string]bool{}
	if before != nil {
		for _, l := range before.Line {
			if n, err := strconv.Atoi(l.ID); err == nil {
				next = max(next, n)
				kept[l.ID] = true
			}
		}
	}
	var items, shipping []Line
	var discount *Line
	sales := 0
	for _, l := range s.Line {
		switch l.DetailType {
		case "SubTotalLineDetail":
			continue // the vendor's own
		case "SalesItemLineDetail":
			if bad := o.itemLine(&l); bad != nil {
				return bad
			}
			if l.DetailType == "SalesItemLineDetail" {
				sales++
				if l.SalesItemLineDetail.ItemRef.Value == shippingItem {
					l.ID, l.LineNum = "", 0
					shipping = append(shipping, l)
					continue
				}
			}
		case "DescriptionOnly":
			l.Amount, l.SalesItemLineDetail, l.DiscountLineDetail = nil, nil, nil
			if l.DescriptionLineDetail == nil {
				l.DescriptionLineDetail = &DescriptionLineDetail{}
			}
			if l.Description == "Subtotal:" {
				sales++
			}
		case "DiscountLineDetail":
			if discount != nil {
				return business("A transaction can have one discount line")
			}
			l.ID, l.LineNum = "", 0
			discount = pointer(l)
			continue
		case "GroupLineDetail":
			return business("quickbooksfake has no bundles: sell the items of a bundle one by one")
		case "":
			return missing("Line.DetailType")
		default:
			return unsupported("DetailType " + l.DetailType)
		}
		if bad := checkLengths(length{"Line.Description", l.Description, 4000}); bad != nil {
			return bad
		}
		if !kept[l.ID] {
			next++
			l.ID = strconv.Itoa(next)
		}
		delete(kept, l.ID) // twice the same id is a new line
		items = append(items, l)
	}
	if sales == 0 {
		return missing("Line")
	}
	if len(items) > 10_000 {
		return business("A transaction can have 10000 lines")
	}
	subtotal := decimal.Zero
	var all []priced
	price := func(l *Line, ship bool) {
		if l.SalesItemLineDetail == nil {
			return
		}
		code := ""
		if r := l.SalesItemLineDetail.TaxCodeRef; r != nil {
			code = r.Value
		}
		all = append(all, priced{l, l.Amount.Decimal, code, ship})
	}
	for i := range items {
		items[i].LineNum = i + 1
		price(&items[i], false)
	}
	for _, p := range all {
		subtotal = subtotal.Add(p.amount)
	}
	for i := range shipping {
		price(&shipping[i], true)
	}
	off, bad := o.discount(discount, subtotal)
	if bad != nil {
		return bad
	}
	tax, bad := o.tax(s, all, subtotal, off, before == nil || has == nil || has["TxnTaxDetail"])
	if bad != nil {
		return bad
	}
	total := subtotal.Sub(off).Add(tax)
	for _, l := range shipping {
		total = total.Add(l.Amount.Decimal)
	}
	if total.IsNegative() {
		return business("Transaction amount must be 0 or greater.")
	}
	s.Line = append(items, Line{Amount: &Amount{subtotal}, DetailType: "SubTotalLineDetail", SubTotalLineDetail: &struct{}{}})
	s.Line = append(s.Line, shipping...)
	if discount != nil {
		s.Line = append(s.Line, *discount)
	}
	s.TotalAmt = Amount{total}
	return nil
}

// itemLine checks a line that sells something. Without an item it is text, and its amount is lost.
func (o *op) itemLine(l *Line) *fault {
	d := l.SalesItemLineDetail
	if d == nil {
		d = &SalesItemLineDetail{}
	}
	copied := *d
	d = &copied
	l.DiscountLineDetail, l.DescriptionLineDetail, l.SubTotalLineDetail = nil, nil, nil
	if d.ItemRef == nil || d.ItemRef.Value == "" {
		l.DetailType, l.Amount, l.SalesItemLineDetail, l.DescriptionLineDetail = "DescriptionOnly", nil, nil, &DescriptionLineDetail{}
		return nil
	}
	l.SalesItemLineDetail = d
	if l.Amount == nil {
		return missing("Line.Amount")
	}
	if l.Amount.Abs().GreaterThanOrEqual(decimal.New(1, 10)) || l.Amount.Exponent() < -5 && !l.Amount.Equal(l.Amount.Round(5)) {
		return unsupported("Amount " + l.Amount.String())
	}
	if d.Qty != nil && d.UnitPrice != nil && !l.Amount.Equal(halfUp(d.Qty.Mul(d.UnitPrice.Decimal))) {
		return wrongAmount(l.Amount.Decimal.String())
	}
	l.Amount = &Amount{halfUp(l.Amount.Decimal)}
	l.CustomExtensions = nil
	taxable := false
	switch d.ItemRef.Value {
	case shippingItem:
		if !o.b.company.AllowShipping {
			return badReference("Items", shippingItem)
		}
		d.ItemRef, d.ItemAccountRef = ref(shippingItem), nil
	case gratuityItem:
		return badReference("Items", gratuityItem)
	default:
		item, bad := named[*Item](o, "Item", d.ItemRef.Value)
		if bad != nil {
			return bad
		}
		if item.IncomeAccountRef == nil { // a category, or loaded so
			return business("The item " + item.ID + " has no income account")
		}
		d.ItemRef, d.ItemAccountRef, taxable = &Ref{Value: item.ID, Name: item.Name}, pointer(*item.IncomeAccountRef), item.Taxable
		l.CustomExtensions = emptyExtensions()
	}
	return o.lineTaxCode(d, taxable)
}

// discount is what the discount line takes off the subtotal.
func (o *op) discount(l *Line, subtotal decimal.Decimal) (decimal.Decimal, *fault) {
	if l == nil {
		return decimal.Zero, nil
	}
	if !o.b.company.AllowDiscount && !o.byHand {
		return decimal.Zero, business("Discounts are not allowed: the company preference AllowDiscount is off")
	}
	d := DiscountLineDetail{}
	if l.DiscountLineDetail != nil {
		d = *l.DiscountLineDetail
	}
	var off decimal.Decimal
	switch {
	case d.PercentBased:
		if d.DiscountPercent == nil {
			return off, missing("DiscountPercent")
		}
		if d.DiscountPercent.IsNegative() || d.DiscountPercent.GreaterThan(decimal.NewFromInt(100)) {
			return off, business("A discount is between 0 and 100 per cent")
		}
		off = halfUp(subtotal.Mul(d.DiscountPercent.Decimal).Shift(-2))
	case l.Amount == nil:
		return off, missing("Line.Amount")
	default:
		if off = halfUp(l.Amount.Decimal); off.IsNegative() {
			return off, business("The amount of a discount line must be positive")
		}
		d.DiscountPercent = nil
	}
	if d.DiscountAccountRef == nil {
		d.DiscountAccountRef = o.accountOf("DiscountsRefundsGiven")
	}
	if d.DiscountAccountRef == nil {
		return off, missing("DiscountAccountRef")
	}
	account, bad := named[*Account](o, "Account", d.DiscountAccountRef.Value)
	if bad != nil {
		return off, bad
	}
	d.DiscountAccountRef = &Ref{Value: account.ID, Name: account.FullyQualifiedName}
	l.Amount, l.DiscountLineDetail = &Amount{off}, &d
	l.SalesItemLineDetail, l.DescriptionLineDetail = nil, nil
	return off, nil
}

// accountOf is the first active account of a sub type.
func (o *op) accountOf(sub string) *Ref {
	for _, r := range o.b.tables["Account"].all() {
		if a, ok := r.(*Account); ok && a.AccountSubType == sub && (a.Active == nil || *a.Active) {
			return &Ref{Value: a.ID, Name: a.FullyQualifiedName}
		}
	}
	return nil
}

// void keeps the record and takes its money away.
func (o *op) void(k *kind, old record) (record, *fault) {
	if bad := o.mayTouch(dateOf(old)); bad != nil {
		return nil, bad
	}
	if p, ok := old.(*Payment); ok {
		return o.voidPayment(p)
	}
	holder, ok := old.(interface{ sale() *Sale })
	if !ok {
		return nil, unsupportedOperation("void " + k.name)
	}
	id := holder.sale().ID
	if paying := o.payments(k.name, id); len(paying) > 0 {
		if o.b.f.opts.Switches.PaidInvoicesKept {
			return nil, business("You cannot void an invoice that has payments")
		}
		if bad := o.unlink(k.name, id, paying); bad != nil {
			return nil, bad
		}
	}
	unlinked, ok := o.get(k.name, id)
	if !ok {
		return nil, notFound()
	}
	copied := deepCopy(unlinked)
	holder, ok = copied.(interface{ sale() *Sale })
	if !ok {
		return nil, systemFault()
	}
	s := holder.sale()
	for i := range s.Line {
		l := &s.Line[i]
		if l.Amount != nil {
			l.Amount = &Amount{}
		}
		if d := l.SalesItemLineDetail; d != nil {
			if d.Qty != nil {
				d.Qty = NewNumber(decimal.Zero)
			}
			d.TaxInclusiveAmt = nil
		}
	}
	s.TxnTaxDetail = &TxnTaxDetail{TotalTax: &Amount{}}
	s.TotalAmt, s.Balance = Amount{}, Amount{}
	if s.HomeTotalAmt != nil {
		s.HomeTotalAmt, s.HomeBalance = &Amount{}, &Amount{}
	}
	if same(unlinked, copied) && strings.HasPrefix(s.PrivateNote, "Voided") {
		return old, nil
	}
	s.PrivateNote = noteVoided(s.PrivateNote)
	o.bump(copied)
	o.put(k.name, copied)
	return copied, o.after(k, unlinked, copied)
}

func (o *op) payments(kind, id string) []string {
	return slices.Clone(o.b.paying[target{kind, id}.slot()])
}
