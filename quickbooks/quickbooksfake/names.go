package quickbooksfake

import (
	"strings"
)

// prepareParty checks and completes a customer, vendor or employee.
func prepareParty(o *op, old, in record, has map[string]bool) *fault {
	holder, ok := in.(interface{ party() *Party })
	if !ok {
		return systemFault()
	}
	p := holder.party()
	kind := kindOf(in)
	if bad := checkParty(p); bad != nil {
		return bad
	}
	if p.Active == nil {
		p.Active = pointer(true)
	}
	built := strings.Join(strings.Fields(strings.Join([]string{p.Title, p.GivenName, p.MiddleName, p.FamilyName, p.Suffix}, " ")), " ")
	if built == "" && p.DisplayName == "" {
		return missing("DisplayName")
	}
	p.DisplayName = strings.TrimSpace(first(p.DisplayName, built))
	onCheck := strings.Join(strings.Fields(p.GivenName+" "+p.FamilyName), " ")
	p.PrintOnCheckName = first(p.PrintOnCheckName, p.CompanyName, onCheck, p.DisplayName)

	p.DisplayName = strings.TrimSuffix(p.DisplayName, deletedSuffix)
	if !*p.Active {
		p.DisplayName += deletedSuffix
	}
	if key := o.b.nameKey(p); key != "" {
		if who, taken := o.b.names[key]; taken && (old == nil || who != owner{kind, old.head().ID}) {
			return duplicateName(kind, who.kind)
		}
	}
	home := &Ref{Value: o.b.company.HomeCurrency}
	switch rec := in.(type) {
	case *Customer:
		return prepareCustomer(o, old, rec)
	case *Vendor:
		rec.CurrencyRef = o.currency(firstRef(rec.CurrencyRef, home).Value)
		if before, ok := old.(*Vendor); ok {
			rec.Balance = before.Balance
		}
	}
	return nil
}

func kindOf(r record) string {
	switch r.(type) {
	case *Customer:
		return "Customer"
	case *Vendor:
		return "Vendor"
	}
	return "Employee"
}

func firstRef(refs ...*Ref) *Ref {
	for _, r := range refs {
		if r != nil && r.Value != "" {
			return r
		}
	}
	return nil
}

func (o *op) currency(code string) *Ref { return &Ref{Value: code, Name: currencyName(code)} }

// codeOf is the currency that a record names, or the home currency: one that was loaded may name none.
func (o *op) codeOf(r *Ref) string {
	if r == nil || r.Value == "" {
		return o.b.company.HomeCurrency
	}
	return r.Value
}

func checkParty(p *Party) *fault {
	for _, part := range []length{
		{"DisplayName", p.DisplayName, 500}, {"GivenName", p.GivenName, 100}, {"MiddleName", p.MiddleName, 100}, {"FamilyName", p.FamilyName, 100},
		{"CompanyName", p.CompanyName, 100}, {"Title", p.Title, 16}, {"Suffix", p.Suffix, 16},
	} {
		if bad := checkLengths(part); bad != nil {
			return bad
		}
		if part.name != "CompanyName" && strings.ContainsAny(part.text, ":\t\n\r") {
			return business(part.name + " must not contain a colon, a tab or a new line")
		}
	}
	for _, phone := range []*Phone{p.PrimaryPhone, p.AlternatePhone, p.Mobile, p.Fax} {
		if phone != nil {
			if bad := checkLengths(length{"FreeFormNumber", phone.FreeFormNumber, 30}); bad != nil {
				return bad
			}
		}
	}
	return checkEmail("PrimaryEmailAddr", p.PrimaryEmailAddr)
}

// checkEmail wants an @ and a dot; the vendor wants no more.
func checkEmail(name string, e *Email) *fault {
	if e == nil || e.Address == "" {
		return nil
	}
	if bad := checkLengths(length{name, e.Address, 100}); bad != nil {
		return bad
	}
	if !strings.Contains(e.Address, "@") || !strings.Contains(e.Address, ".") {
		return business("Email Address does not conform to the syntax rules of RFC 822")
	}
	return nil
}

func prepareCustomer(o *op, old record, c *Customer) *fault {
	before, _ := old.(*Customer)
	if bad := checkLengths(length{"Notes", c.Notes, 2000}); bad != nil {
		return bad
	}
	c.Balance, c.BalanceWithJobs = Amount{}, Amount{}
	code := o.b.company.HomeCurrency
	switch {
	case before != nil:
		c.Balance, c.BalanceWithJobs, code = before.Balance, before.BalanceWithJobs, o.codeOf(before.CurrencyRef)
		if c.CurrencyRef != nil && c.CurrencyRef.Value != code {
			return business("The currency of a customer cannot be changed")
		}
	case c.CurrencyRef != nil && c.CurrencyRef.Value != "":
		code = c.CurrencyRef.Value
		if bad := o.usable(code); bad != nil {
			return bad
		}
	}
	c.CurrencyRef = o.currency(code)
	if c.Taxable == nil {
		c.Taxable = pointer(true)
	}
	c.PreferredDeliveryMethod = first(c.PreferredDeliveryMethod, "Print")
	if c.DefaultTaxCodeRef == nil && o.b.company.us() && *c.Taxable {
		if code := o.groupCode(); code != nil {
			c.DefaultTaxCodeRef = ref(code.ID)
		}
	}
	for name, at := range map[string]*Ref{"Term": c.SalesTermRef, "PaymentMethod": c.PaymentMethodRef} {
		if at != nil {
			if _, bad := named[record](o, name, at.Value); bad != nil {
				return bad
			}
		}
	}
	c.FullyQualifiedName, c.Level = c.DisplayName, 0
	if c.ParentRef != nil && c.ParentRef.Value != "" {
		parent, bad := named[*Customer](o, "Customer", c.ParentRef.Value)
		if bad != nil {
			return bad
		}
		if parent.Level >= 4 || before != nil && parent.ID == before.ID {
			return business("A customer can be nested four levels below another one")
		}
		c.FullyQualifiedName, c.Level = parent.FullyQualifiedName+":"+c.DisplayName, parent.Level+1
		c.ParentRef = &Ref{Value: parent.ID, Name: parent.DisplayName}
	}
	return nil
}

// usable says whether the company may use a currency.
func (o *op) usable(code string) *fault {
	switch {
	case code == o.b.company.HomeCurrency:
		return nil
	case !o.b.company.Multicurrency:
		return business("Multi currency should be enabled to perform this operation")
	}
	for _, r := range o.b.tables["CompanyCurrency"].all() {
		if c, ok := r.(*CompanyCurrency); ok && c.Code == code {
			return nil
		}
	}
	return badReference("CompanyCurrency", code)
}

// groupCode is the tax code that the US engine picks: the first with rates.
func (o *op) groupCode() *TaxCode {
	for _, r := range o.b.tables["TaxCode"].all() {
		if c, ok := r.(*TaxCode); ok && c.TaxGroup && len(rateRefs(c)) > 0 {
			return c
		}
	}
	return nil
}

func rateRefs(c *TaxCode) []TaxRateDetail {
	if c.SalesTaxRateList == nil {
		return nil
	}
	return c.SalesTaxRateList.TaxRateDetail
}
