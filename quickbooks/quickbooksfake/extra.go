package quickbooksfake

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
	in := plain{}
	in.Extra, err = gathered[Invoice](data, &in)
	*i = Invoice(in)
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
	in := plain{}
	in.Extra, err = gathered[CreditMemo](data, &in)
	*c = CreditMemo(in)
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
	in := plain{}
	in.Extra, err = gathered[RefundReceipt](data, &in)
	*r = RefundReceipt(in)
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
	in := plain{}
	in.Extra, err = gathered[Line](data, &in)
	*l = Line(in)
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
	in := plain{}
	in.Extra, err = gathered[SalesItemLineDetail](data, &in)
	*s = SalesItemLineDetail(in)
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
	in := plain{}
	in.Extra, err = gathered[DiscountLineDetail](data, &in)
	*d = DiscountLineDetail(in)
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
	in := plain{}
	in.Extra, err = gathered[TxnTaxDetail](data, &in)
	*t = TxnTaxDetail(in)
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
	in := plain{}
	in.Extra, err = gathered[TaxLineDetail](data, &in)
	*t = TaxLineDetail(in)
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
	in := plain{}
	in.Extra, err = gathered[Payment](data, &in)
	*p = Payment(in)
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
	in := plain{}
	in.Extra, err = gathered[Customer](data, &in)
	*c = Customer(in)
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
	in := plain{}
	in.Extra, err = gathered[Vendor](data, &in)
	*v = Vendor(in)
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
	in := plain{}
	in.Extra, err = gathered[Employee](data, &in)
	*e = Employee(in)
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
	in := plain{}
	in.Extra, err = gathered[Account](data, &in)
	*a = Account(in)
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
	in := plain{}
	in.Extra, err = gathered[Item](data, &in)
	*i = Item(in)
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
	in := plain{}
	in.Extra, err = gathered[TaxCode](data, &in)
	*t = TaxCode(in)
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
	in := plain{}
	in.Extra, err = gathered[TaxRate](data, &in)
	*t = TaxRate(in)
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
	in := plain{}
	in.Extra, err = gathered[Term](data, &in)
	*t = Term(in)
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
	in := plain{}
	in.Extra, err = gathered[PaymentMethod](data, &in)
	*p = PaymentMethod(in)
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
	in := plain{}
	in.Extra, err = gathered[CompanyCurrency](data, &in)
	*c = CompanyCurrency(in)
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
	in := plain{}
	in.Extra, err = gathered[Address](data, &in)
	*a = Address(in)
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
	in := plain{}
	in.Extra, err = gathered[Phone](data, &in)
	*p = Phone(in)
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
	in := plain{}
	in.Extra, err = gathered[Email](data, &in)
	*e = Email(in)
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
	in := plain{}
	in.Extra, err = gathered[Web](data, &in)
	*w = Web(in)
	return err
}
