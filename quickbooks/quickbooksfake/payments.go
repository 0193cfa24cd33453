package quickbooksfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// A target is what a line of a payment applies to.
type target struct{ kind, id string }

func (t target) slot() string { return t.kind + "\x00" + t.id }

// targets are the sales that a payment's lines apply to, each once.
func targets(p *Payment) []target {
	var all []target
	for t := range applied(p) {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b target) int { return strings.Compare(a.slot(), b.slot()) })
	return all
}

// applied is how much of each sale a payment takes.
func applied(p *Payment) map[target]decimal.Decimal {
	all := map[target]decimal.Decimal{}
	if p == nil {
		return all
	}
	for _, l := range p.Line {
		if len(l.LinkedTxn) > 0 && l.Amount != nil {
			t := target{l.LinkedTxn[0].TxnType, l.LinkedTxn[0].TxnID}
			all[t] = all[t].Add(l.Amount.Decimal)
		}
	}
	return all
}

// preparePayment checks and completes a payment: Σ invoice lines − Σ credit memo lines must not be above its
// total, and a line not above what is open; the rest is unapplied.
func preparePayment(o *op, old, in record, has map[string]bool) *fault {
	p, ok := in.(*Payment)
	if !ok {
		return systemFault()
	}
	before, _ := old.(*Payment)
	if p.CustomerRef.Value == "" {
		return missing("CustomerRef")
	}
	if p.TotalAmt == nil {
		return missing("TotalAmt")
	}
	if bad := checkLengths(length{"PaymentRefNum", p.PaymentRefNum, 21}, length{"PrivateNote", p.PrivateNote, maxNote}); bad != nil {
		return bad
	}
	customer, bad := named[*Customer](o, "Customer", p.CustomerRef.Value)
	if bad != nil {
		return bad
	}
	p.CustomerRef = Ref{Value: customer.ID, Name: customer.DisplayName}
	if p.TxnDate == "" {
		p.TxnDate = o.b.today()
	}
	dates := []Date{p.TxnDate}
	if before != nil {
		dates = append(dates, before.TxnDate)
	}
	if bad := o.mayTouch(dates...); bad != nil {
		return bad
	}
	if p.DepositToAccountRef == nil {
		p.DepositToAccountRef = o.accountOf("UndepositedFunds")
	}
	if p.DepositToAccountRef == nil {
		return missing("DepositToAccountRef")
	}
	if _, bad := named[*Account](o, "Account", p.DepositToAccountRef.Value); bad != nil {
		return bad
	}
	p.DepositToAccountRef = ref(p.DepositToAccountRef.Value) // recorded without its name
	if p.PaymentMethodRef != nil {
		m, bad := named[*PaymentMethod](o, "PaymentMethod", p.PaymentMethodRef.Value)
		if bad != nil {
			return bad
		}
		p.PaymentMethodRef = ref(m.ID)
	}
	if bad := o.paymentCurrency(p, customer); bad != nil {
		return bad
	}
	total := halfUp(p.TotalAmt.Decimal)
	if total.IsNegative() {
		return business("Transaction amount must be 0 or greater.")
	}
	p.TotalAmt = &Amount{total}
	return o.paymentLines(p, before, total)
}

func (o *op) paymentCurrency(p *Payment, customer *Customer) *fault {
	own := o.codeOf(customer.CurrencyRef)
	if p.CurrencyRef != nil && p.CurrencyRef.Value != "" && p.CurrencyRef.Value != own {
		return business("The currency of the transaction is invalid for customer / vendor / account.")
	}
	if (p.CurrencyRef == nil || p.CurrencyRef.Value == "") && o.b.company.Multicurrency && !o.byHand {
		return missing("CurrencyRef")
	}
	p.CurrencyRef = o.currency(own)
	switch {
	case !o.b.company.Multicurrency:
		p.ExchangeRate = nil
	case p.ExchangeRate == nil || own == o.b.company.HomeCurrency:
		p.ExchangeRate = NewNumber(decimal.NewFromInt(1))
	case p.ExchangeRate.Sign() <= 0:
		return business("The exchange rate must be greater than zero")
	}
	return nil
}

func (o *op) paymentLines(p, before *Payment, total decimal.Decimal) *fault {
	lines := make([]Line, 0, len(p.Line))
	for _, l := range p.Line {
		if l.Amount == nil {
			return missing("Line.Amount")
		}
		if len(l.LinkedTxn) != 1 {
			return missing("Line.LinkedTxn")
		}
		amount := halfUp(l.Amount.Decimal)
		if amount.IsNegative() {
			return business("The amount of a payment line must not be negative")
		}
		lines = append(lines, Line{Amount: &Amount{amount}, LinkedTxn: []LinkedTxn{{TxnID: l.LinkedTxn[0].TxnID, TxnType: l.LinkedTxn[0].TxnType}}})
	}
	p.Line = lines
	was, now := applied(before), applied(p)
	spent := decimal.Zero
	for _, t := range targets(p) {
		amount := now[t]
		if t.kind != "Invoice" && t.kind != "CreditMemo" {
			return unsupported("TxnType " + t.kind)
		}
		rec, ok := o.get(t.kind, t.id)
		holder, isSale := rec.(interface{ sale() *Sale })
		if !ok || !isSale {
			return badReference(t.kind, t.id)
		}
		s := holder.sale()
		if s.CustomerRef.Value != p.CustomerRef.Value {
			return business("The linked transaction belongs to another customer")
		}
		if o.codeOf(s.CurrencyRef) != o.codeOf(p.CurrencyRef) {
			return business("The linked transaction is in another currency")
		}
		open := s.Balance.Add(was[t])
		if amount.GreaterThan(open) {
			if !o.b.f.opts.Switches.OverpayingLines {
				return business(fmt.Sprintf("The amount of the line is above the open balance of %s %s", t.kind, t.id))
			}
			amount = open
			for i := range p.Line {
				if p.Line[i].LinkedTxn[0].TxnType == t.kind && p.Line[i].LinkedTxn[0].TxnID == t.id {
					p.Line[i].Amount = &Amount{open}
					open = decimal.Zero
				}
			}
		}
		if t.kind == "CreditMemo" {
			amount = amount.Neg()
		}
		spent = spent.Add(amount)
	}
	if spent.GreaterThan(total) {
		return business("The lines of the payment are above its total amount")
	}
	p.UnappliedAmt = Amount{total.Sub(spent)}
	return nil
}

// applyPayment carries the difference between two versions of a payment over to what it pays: balances, the
// links of invoices, tokens and times of change. nil stands for no payment.
func (o *op) applyPayment(before, after *Payment) *fault {
	was, now := applied(before), applied(after)
	all := maps.Clone(was)
	maps.Copy(all, now)
	for _, t := range slices.SortedFunc(maps.Keys(all), func(a, b target) int { return strings.Compare(a.slot(), b.slot()) }) {
		_, had := was[t]
		_, has := now[t]
		by := now[t].Sub(was[t])
		if by.IsZero() && had == has {
			continue
		}
		id := ""
		if after != nil {
			id = after.ID
		} else {
			id = before.ID
		}
		if bad := o.applyTo(t, id, by, has); bad != nil {
			return bad
		}
	}
	if before != nil {
		o.owe(before.CustomerRef.Value, totalOf(before))
	}
	if after != nil {
		o.owe(after.CustomerRef.Value, totalOf(after).Neg())
	}
	return nil
}

// totalOf is a payment's total; one that was loaded may have none.
func totalOf(p *Payment) decimal.Decimal {
	if p.TotalAmt == nil {
		return decimal.Zero
	}
	return p.TotalAmt.Decimal
}

// applyTo takes by off a sale's balance and keeps its link to the payment.
func (o *op) applyTo(t target, payment string, by decimal.Decimal, linked bool) *fault {
	return edit(o, t.kind, t.id, func(r record) {
		holder, ok := r.(interface{ sale() *Sale })
		if !ok {
			return
		}
		s := holder.sale()
		s.Balance = Amount{s.Balance.Sub(by)}
		if s.ExchangeRate != nil {
			s.HomeBalance = &Amount{halfUp(s.Balance.Mul(s.ExchangeRate.Decimal))}
		}
		if m, ok := r.(*CreditMemo); ok {
			m.RemainingCredit = s.Balance
			return // recorded credit memos show no links
		}
		s.LinkedTxn = slices.DeleteFunc(s.LinkedTxn, func(l LinkedTxn) bool { return l.TxnType == "Payment" && l.TxnID == payment })
		if linked {
			s.LinkedTxn = append([]LinkedTxn{{TxnID: payment, TxnType: "Payment"}}, s.LinkedTxn...)
		}
	})
}

// unlink takes a sale out of the payments that pay it: their money becomes unapplied.
func (o *op) unlink(kind, id string, payments []string) *fault {
	for _, payment := range payments {
		var freed decimal.Decimal
		bad := edit(o, "Payment", payment, func(p *Payment) {
			p.Line = slices.DeleteFunc(p.Line, func(l Line) bool {
				mine := len(l.LinkedTxn) > 0 && l.Amount != nil && l.LinkedTxn[0].TxnType == kind && l.LinkedTxn[0].TxnID == id
				if mine {
					freed = freed.Add(l.Amount.Decimal)
				}
				return mine
			})
			by := freed
			if kind == "CreditMemo" {
				by = by.Neg()
			}
			p.UnappliedAmt = Amount{p.UnappliedAmt.Add(by)}
		})
		if bad == nil {
			bad = o.applyTo(target{kind, id}, payment, freed.Neg(), false)
		}
		if bad != nil {
			return bad
		}
	}
	return nil
}

// voidPayment keeps the payment at zero, without lines.
func (o *op) voidPayment(old *Payment) (record, *fault) {
	p := deepCopy(old)
	p.TotalAmt, p.UnappliedAmt, p.Line = &Amount{}, Amount{}, []Line{}
	if same(old, p) && strings.HasPrefix(p.PrivateNote, "Voided") {
		return old, nil
	}
	p.PrivateNote = noteVoided(p.PrivateNote)
	o.bump(p)
	o.put("Payment", p)
	return p, o.applyPayment(old, p)
}

// applyCredit applies the customer's open credit memos to a new invoice, as a payment of nothing, where the
// company wants that.
func (o *op) applyCredit(inv *Sale) *fault {
	if !o.b.company.AutoApplyCredit {
		return nil
	}
	left := inv.Balance.Decimal
	pay := &Payment{CustomerRef: inv.CustomerRef, TotalAmt: &Amount{}, TxnDate: inv.TxnDate, CurrencyRef: inv.CurrencyRef, ExchangeRate: inv.ExchangeRate}
	used := decimal.Zero
	for _, r := range o.b.tables["CreditMemo"].all() {
		m, ok := r.(*CreditMemo)
		if !ok || m.CustomerRef.Value != inv.CustomerRef.Value || !m.Balance.IsPositive() || !left.IsPositive() {
			continue
		}
		part := decimal.Min(left, m.Balance.Decimal)
		left, used = left.Sub(part), used.Add(part)
		pay.Line = append(pay.Line, Line{Amount: &Amount{part}, LinkedTxn: []LinkedTxn{{TxnID: m.ID, TxnType: "CreditMemo"}}})
	}
	if used.IsZero() {
		return nil
	}
	pay.Line = append(pay.Line, Line{Amount: &Amount{used}, LinkedTxn: []LinkedTxn{{TxnID: inv.ID, TxnType: "Invoice"}}})
	_, bad := o.create(o.b.f.kinds["Payment"], pay, nil)
	return bad
}

// lineEx is the noise that answers carry on the lines of payments (recorded).
func lineEx(l Line, get lookup) json.RawMessage {
	if len(l.LinkedTxn) == 0 || l.Amount == nil {
		return nil // loaded so
	}
	t := target{l.LinkedTxn[0].TxnType, l.LinkedTxn[0].TxnID}
	open, number := l.Amount.Decimal, ""
	if rec, ok := get(t.kind, t.id); ok {
		if holder, ok := rec.(interface{ sale() *Sale }); ok {
			open, number = open.Add(holder.sale().Balance.Decimal), holder.sale().DocNumber
		}
	}
	type nameValue struct{ Name, Value string }
	type element struct {
		Name            string    `json:"name"`
		DeclaredType    string    `json:"declaredType"`
		Scope           string    `json:"scope"`
		Value           nameValue `json:"value"`
		Nil             bool      `json:"nil"`
		GlobalScope     bool      `json:"globalScope"`
		TypeSubstituted bool      `json:"typeSubstituted"`
	}
	var all []element
	for _, v := range []nameValue{{"txnId", t.id}, {"txnOpenBalance", open.StringFixed(2)}, {"txnReferenceNumber", number}} {
		all = append(all, element{
			"{http://schema.intuit.com/finance/v3}NameValue", "com.intuit.schema.finance.v3.NameValue", "javax.xml.bind.JAXBElement$GlobalScope",
			v, false, true, false,
		})
	}
	data, err := json.Marshal(struct {
		Any []element `json:"any"`
	}{all})
	if err != nil {
		return nil
	}
	return data
}
