package quickbooksfake

import "encoding/json"

// Types that keep unmodelled fields: each is written as its plain self with Extra appended. None of them is
// ever embedded, so nothing inherits these methods.

// MarshalJSON writes the wire form.
func (i Invoice) MarshalJSON() ([]byte, error) {
	type plain Invoice
	return spliced(plain(i), i.Extra)
}

// UnmarshalJSON reads the wire form.
func (i *Invoice) UnmarshalJSON(data []byte) (err error) {
	type plain Invoice
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*i = Invoice(p)
	return err
}

// MarshalJSON writes the wire form.
func (c CreditMemo) MarshalJSON() ([]byte, error) {
	type plain CreditMemo
	return spliced(plain(c), c.Extra)
}

// UnmarshalJSON reads the wire form.
func (c *CreditMemo) UnmarshalJSON(data []byte) (err error) {
	type plain CreditMemo
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*c = CreditMemo(p)
	return err
}

// MarshalJSON writes the wire form.
func (r RefundReceipt) MarshalJSON() ([]byte, error) {
	type plain RefundReceipt
	return spliced(plain(r), r.Extra)
}

// UnmarshalJSON reads the wire form.
func (r *RefundReceipt) UnmarshalJSON(data []byte) (err error) {
	type plain RefundReceipt
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*r = RefundReceipt(p)
	return err
}

// MarshalJSON writes the wire form.
func (l Line) MarshalJSON() ([]byte, error) {
	type plain Line
	return spliced(plain(l), l.Extra)
}

// UnmarshalJSON reads the wire form.
func (l *Line) UnmarshalJSON(data []byte) (err error) {
	type plain Line
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*l = Line(p)
	return err
}

// MarshalJSON writes the wire form.
func (s SalesItemLineDetail) MarshalJSON() ([]byte, error) {
	type plain SalesItemLineDetail
	return spliced(plain(s), s.Extra)
}

// UnmarshalJSON reads the wire form.
func (s *SalesItemLineDetail) UnmarshalJSON(data []byte) (err error) {
	type plain SalesItemLineDetail
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*s = SalesItemLineDetail(p)
	return err
}

// MarshalJSON writes the wire form.
func (d DiscountLineDetail) MarshalJSON() ([]byte, error) {
	type plain DiscountLineDetail
	return spliced(plain(d), d.Extra)
}

// UnmarshalJSON reads the wire form.
func (d *DiscountLineDetail) UnmarshalJSON(data []byte) (err error) {
	type plain DiscountLineDetail
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*d = DiscountLineDetail(p)
	return err
}

// MarshalJSON writes the wire form.
func (t TxnTaxDetail) MarshalJSON() ([]byte, error) {
	type plain TxnTaxDetail
	return spliced(plain(t), t.Extra)
}

// UnmarshalJSON reads the wire form.
func (t *TxnTaxDetail) UnmarshalJSON(data []byte) (err error) {
	type plain TxnTaxDetail
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*t = TxnTaxDetail(p)
	return err
}

// MarshalJSON writes the wire form.
func (t TaxLineDetail) MarshalJSON() ([]byte, error) {
	type plain TaxLineDetail
	return spliced(plain(t), t.Extra)
}

// UnmarshalJSON reads the wire form.
func (t *TaxLineDetail) UnmarshalJSON(data []byte) (err error) {
	type plain TaxLineDetail
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*t = TaxLineDetail(p)
	return err
}

// MarshalJSON writes the wire form.
func (p Payment) MarshalJSON() ([]byte, error) {
	type plain Payment
	return spliced(plain(p), p.Extra)
}

// UnmarshalJSON reads the wire form.
func (p *Payment) UnmarshalJSON(data []byte) (err error) {
	type plain Payment
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*p = Payment(p)
	return err
}

// MarshalJSON writes the wire form.
func (c Customer) MarshalJSON() ([]byte, error) {
	type plain Customer
	return spliced(plain(c), c.Extra)
}

// UnmarshalJSON reads the wire form.
func (c *Customer) UnmarshalJSON(data []byte) (err error) {
	type plain Customer
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*c = Customer(p)
	return err
}

// MarshalJSON writes the wire form.
func (v Vendor) MarshalJSON() ([]byte, error) {
	type plain Vendor
	return spliced(plain(v), v.Extra)
}

// UnmarshalJSON reads the wire form.
func (v *Vendor) UnmarshalJSON(data []byte) (err error) {
	type plain Vendor
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*v = Vendor(p)
	return err
}

// MarshalJSON writes the wire form.
func (e Employee) MarshalJSON() ([]byte, error) {
	type plain Employee
	return spliced(plain(e), e.Extra)
}

// UnmarshalJSON reads the wire form.
func (e *Employee) UnmarshalJSON(data []byte) (err error) {
	type plain Employee
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*e = Employee(p)
	return err
}

// MarshalJSON writes the wire form.
func (a Account) MarshalJSON() ([]byte, error) {
	type plain Account
	return spliced(plain(a), a.Extra)
}

// UnmarshalJSON reads the wire form.
func (a *Account) UnmarshalJSON(data []byte) (err error) {
	type plain Account
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*a = Account(p)
	return err
}

// MarshalJSON writes the wire form.
func (i Item) MarshalJSON() ([]byte, error) {
	type plain Item
	return spliced(plain(i), i.Extra)
}

// UnmarshalJSON reads the wire form.
func (i *Item) UnmarshalJSON(data []byte) (err error) {
	type plain Item
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*i = Item(p)
	return err
}

// MarshalJSON writes the wire form.
func (t TaxCode) MarshalJSON() ([]byte, error) {
	type plain TaxCode
	return spliced(plain(t), t.Extra)
}

// UnmarshalJSON reads the wire form.
func (t *TaxCode) UnmarshalJSON(data []byte) (err error) {
	type plain TaxCode
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*t = TaxCode(p)
	return err
}

// MarshalJSON writes the wire form.
func (t TaxRate) MarshalJSON() ([]byte, error) {
	type plain TaxRate
	return spliced(plain(t), t.Extra)
}

// UnmarshalJSON reads the wire form.
func (t *TaxRate) UnmarshalJSON(data []byte) (err error) {
	type plain TaxRate
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*t = TaxRate(p)
	return err
}

// MarshalJSON writes the wire form.
func (t Term) MarshalJSON() ([]byte, error) {
	type plain Term
	return spliced(plain(t), t.Extra)
}

// UnmarshalJSON reads the wire form.
func (t *Term) UnmarshalJSON(data []byte) (err error) {
	type plain Term
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*t = Term(p)
	return err
}

// MarshalJSON writes the wire form.
func (p PaymentMethod) MarshalJSON() ([]byte, error) {
	type plain PaymentMethod
	return spliced(plain(p), p.Extra)
}

// UnmarshalJSON reads the wire form.
func (p *PaymentMethod) UnmarshalJSON(data []byte) (err error) {
	type plain PaymentMethod
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*p = PaymentMethod(p)
	return err
}

// MarshalJSON writes the wire form.
func (c CompanyCurrency) MarshalJSON() ([]byte, error) {
	type plain CompanyCurrency
	return spliced(plain(c), c.Extra)
}

// UnmarshalJSON reads the wire form.
func (c *CompanyCurrency) UnmarshalJSON(data []byte) (err error) {
	type plain CompanyCurrency
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*c = CompanyCurrency(p)
	return err
}

// MarshalJSON writes the wire form.
func (a Address) MarshalJSON() ([]byte, error) {
	type plain Address
	return spliced(plain(a), a.Extra)
}

// UnmarshalJSON reads the wire form.
func (a *Address) UnmarshalJSON(data []byte) (err error) {
	type plain Address
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*a = Address(p)
	return err
}

// MarshalJSON writes the wire form.
func (p Phone) MarshalJSON() ([]byte, error) {
	type plain Phone
	return spliced(plain(p), p.Extra)
}

// UnmarshalJSON reads the wire form.
func (p *Phone) UnmarshalJSON(data []byte) (err error) {
	type plain Phone
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*p = Phone(p)
	return err
}

// MarshalJSON writes the wire form.
func (e Email) MarshalJSON() ([]byte, error) {
	type plain Email
	return spliced(plain(e), e.Extra)
}

// UnmarshalJSON reads the wire form.
func (e *Email) UnmarshalJSON(data []byte) (err error) {
	type plain Email
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*e = Email(p)
	return err
}

// MarshalJSON writes the wire form.
func (w Web) MarshalJSON() ([]byte, error) {
	type plain Web
	return spliced(plain(w), w.Extra)
}

// UnmarshalJSON reads the wire form.
func (w *Web) UnmarshalJSON(data []byte) (err error) {
	type plain Web
	p := plain{}
	p.Extra, err = gathered(data, &p)
	*w = Web(p)
	return err
}
