package quickbooksfake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Company returns the company as it is set up, with every default filled in.
func (b *Books) Company() Company {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	return b.company
}

// EditCompany changes the company's settings. RealmID, HomeCurrency and TimeZone stay what they are, and
// several currencies cannot be switched off again; Currencies may grow.
func (b *Books) EditCompany(change func(*Company)) error {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	old, next := b.company, b.company
	change(&next)
	switch {
	case next.RealmID != old.RealmID || next.HomeCurrency != old.HomeCurrency || next.TimeZone != old.TimeZone:
		return errors.New("quickbooksfake: edit company: the realm id, the home currency and the time zone of a company do not change")
	case old.Multicurrency && !next.Multicurrency:
		return errors.New("quickbooksfake: edit company: several currencies cannot be switched off")
	case next.BookCloseDate != "" && !next.BookCloseDate.valid():
		return fmt.Errorf("quickbooksfake: edit company: BookCloseDate %q is not a date like 2026-03-31", next.BookCloseDate)
	}
	o := b.begin()
	o.change.Company, o.change.Settled = &next, o.at
	if next.Multicurrency {
		have := map[string]bool{}
		for _, r := range b.tables["CompanyCurrency"].all() {
			if c, ok := r.(*CompanyCurrency); ok {
				have[c.Code] = true
			}
		}
		for _, code := range next.Currencies {
			if !have[code] {
				c := &CompanyCurrency{Code: code, Name: currencyName(code), Active: pointer(true)}
				c.Head = Head{Domain: "QBO", ID: o.nextID("currency"), SyncToken: "0", MetaData: MetaData{o.at, o.at}}
				o.put("CompanyCurrency", c)
			}
		}
	}
	return o.commit()
}

// CloseBooks closes everything dated on or before date; "" opens them again.
func (b *Books) CloseBooks(date Date) error {
	return b.EditCompany(func(c *Company) { c.BookCloseDate = date })
}

// TaxCodes returns the tax codes.
func (b *Books) TaxCodes() []TaxCode { return all[TaxCode](b, "TaxCode") }

// TaxRates returns the tax rates.
func (b *Books) TaxRates() []TaxRate { return all[TaxRate](b, "TaxRate") }

// AddTaxRate adds a tax rate and a tax code of the same name for it, and returns the code.
func (b *Books) AddTaxRate(name string, percent Number) (TaxCode, error) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	o := b.begin()
	head := func(counter string) Head {
		return Head{Domain: "QBO", ID: o.nextID(counter), SyncToken: "0", MetaData: MetaData{o.at, o.at}}
	}
	rate := &TaxRate{Head: head("taxrate"), Name: name, Active: pointer(true), RateValue: percent, AgencyRef: ref("1"), SpecialTaxType: "NONE", DisplayType: "ReadOnly"}
	code := &TaxCode{
		Head: head("taxcode"), Name: name, Description: name, Active: pointer(true), Taxable: true, TaxGroup: true, TaxCodeConfigType: "USER_DEFINED",
		SalesTaxRateList:    &TaxRateList{TaxRateDetail: []TaxRateDetail{{TaxRateRef: Ref{Value: rate.ID, Name: name}, TaxTypeApplicable: "TaxOnAmount"}}},
		PurchaseTaxRateList: &TaxRateList{TaxRateDetail: []TaxRateDetail{}},
	}
	o.put("TaxRate", rate)
	o.put("TaxCode", code)
	return *code, o.commit()
}

// VoidInvoice voids an invoice; its payments become unapplied.
func (b *Books) VoidInvoice(id string) error { return b.undo("Invoice", id, (*op).void) }

// VoidPayment voids a payment.
func (b *Books) VoidPayment(id string) error { return b.undo("Payment", id, (*op).void) }

// DeleteInvoice deletes an invoice; its payments become unapplied.
func (b *Books) DeleteInvoice(id string) error { return b.undo("Invoice", id, deleted) }

// DeleteCreditMemo deletes a credit memo.
func (b *Books) DeleteCreditMemo(id string) error { return b.undo("CreditMemo", id, deleted) }

// DeletePayment deletes a payment.
func (b *Books) DeletePayment(id string) error { return b.undo("Payment", id, deleted) }

func deleted(o *op, k *kind, old record) (record, *fault) { return nil, o.remove(k, old) }

func (b *Books) undo(kind, id string, how func(*op, *kind, record) (record, *fault)) error {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	o := b.begin()
	o.byHand = true
	old, ok := o.get(kind, id)
	if !ok {
		return fmt.Errorf("quickbooksfake: there is no %s %s", kind, id)
	}
	if _, bad := how(o, b.f.kinds[kind], old); bad != nil {
		return byHandError(kind, bad)
	}
	return o.commit()
}

func byHandError(kind string, bad *fault) error {
	return fmt.Errorf("quickbooksfake: %s: %s (%s)", strings.ToLower(kind), bad.detail, bad.code)
}

// pointerTo is *T as a record.
type pointerTo[T any] interface {
	*T
	record
}

func all[T any, P pointerTo[T]](b *Books, kind string) []T {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	var out []T
	for _, r := range b.tables[kind].all() {
		if p, ok := r.(P); ok {
			out = append(out, deepCopy(*p))
		}
	}
	return out
}

func one[T any, P pointerTo[T]](b *Books, kind, idOrName string) (T, bool) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	var none T
	t := b.tables[kind]
	if r, ok := t.get(idOrName); ok {
		if p, ok := r.(P); ok {
			return deepCopy(*p), true
		}
	}
	for _, r := range t.all() {
		if p, ok := r.(P); ok && known(r) == idOrName && idOrName != "" {
			return deepCopy(*p), true
		}
	}
	return none, false
}

// known is the name or number that people know a record by.
func known(r record) string {
	switch x := r.(type) {
	case *Payment:
		return x.PaymentRefNum
	case interface{ party() *Party }:
		return x.party().DisplayName
	}
	return first(docNumber(r), listName(r))
}

func add[T any, P pointerTo[T]](b *Books, kind string, r T) (T, error) {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	var none T
	o := b.begin()
	o.byHand = true
	p := P(&r)
	byHandLines(p)
	rec, bad := o.create(b.f.kinds[kind], p, nil)
	if bad != nil {
		return none, byHandError(kind, bad)
	}
	if err := o.commit(); err != nil {
		return none, err
	}
	if stored, ok := b.tables[kind].get(rec.head().ID); ok {
		if p, ok := stored.(P); ok {
			return deepCopy(*p), nil
		}
	}
	return r, nil
}

// byHandLines fills in what the screen fills in while a person types.
func byHandLines(r record) {
	holder, ok := r.(interface{ sale() *Sale })
	if !ok {
		return
	}
	s := holder.sale()
	s.Line = append([]Line(nil), s.Line...)
	for i := range s.Line {
		l := &s.Line[i]
		d := l.SalesItemLineDetail
		if l.DetailType == "" && d != nil {
			l.DetailType = "SalesItemLineDetail"
		}
		if l.Amount == nil && d != nil && d.Qty != nil && d.UnitPrice != nil {
			l.Amount = &Amount{halfUp(d.Qty.Mul(d.UnitPrice.Decimal))}
		}
	}
}

// taxAnew lets the tax follow from other lines, unless the tax itself was edited too.
func taxAnew(was, now *Sale) {
	same := func(a, b any) bool {
		x, errX := json.Marshal(a)
		y, errY := json.Marshal(b)
		return errX == nil && errY == nil && string(x) == string(y)
	}
	if !same(was.Line, now.Line) && same(was.TxnTaxDetail, now.TxnTaxDetail) {
		now.TxnTaxDetail = nil
	}
}

func alter[T any, P pointerTo[T]](b *Books, kind, id string, change func(*T)) error {
	b.f.mu.Lock()
	defer b.f.mu.Unlock()
	o := b.begin()
	o.byHand = true
	old, ok := o.get(kind, id)
	p, isP := old.(P)
	if !ok || !isP {
		return fmt.Errorf("quickbooksfake: there is no %s %s", kind, id)
	}
	next := deepCopy(*p)
	change(&next)
	byHandLines(P(&next))
	if was, ok := old.(interface{ sale() *Sale }); ok {
		if now, ok := any(P(&next)).(interface{ sale() *Sale }); ok {
			taxAnew(was.sale(), now.sale())
		}
	}
	if _, bad := o.replace(b.f.kinds[kind], old, P(&next), nil, false); bad != nil {
		return byHandError(kind, bad)
	}
	return o.commit()
}
