package quickbooksfake

// What a person at the screen does, for each kind of record. Records are copies; amounts are exact.

// Invoices returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Invoices() []Invoice { return all[Invoice](b, "Invoice") }

// Invoice returns an invoice by id or by number.
func (b *Books) Invoice(idOrNumber string) (Invoice, bool) {
	return one[Invoice](b, "Invoice", idOrNumber)
}

// AddInvoice enters an invoice by hand, past what the API requires: lock dates, GlobalTaxCalculation and
// CurrencyRef. CustomerRef and lines are needed. A line needs an ItemRef and an Amount, or a Qty and a
// UnitPrice; its DetailType may be left out.
func (b *Books) AddInvoice(r Invoice) (Invoice, error) { return add(b, "Invoice", r) }

// EditInvoice changes an invoice; what follows from the change is computed anew.
func (b *Books) EditInvoice(id string, change func(*Invoice)) error {
	return alter(b, "Invoice", id, change)
}

// CreditMemos returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) CreditMemos() []CreditMemo { return all[CreditMemo](b, "CreditMemo") }

// CreditMemo returns a credit memo by id or by number.
func (b *Books) CreditMemo(idOrNumber string) (CreditMemo, bool) {
	return one[CreditMemo](b, "CreditMemo", idOrNumber)
}

// AddCreditMemo enters a credit memo by hand, like [Books.AddInvoice].
func (b *Books) AddCreditMemo(r CreditMemo) (CreditMemo, error) { return add(b, "CreditMemo", r) }

// EditCreditMemo changes a credit memo; what follows from the change is computed anew.
func (b *Books) EditCreditMemo(id string, change func(*CreditMemo)) error {
	return alter(b, "CreditMemo", id, change)
}

// RefundReceipts returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) RefundReceipts() []RefundReceipt { return all[RefundReceipt](b, "RefundReceipt") }

// RefundReceipt returns a refund receipt by id or by number.
func (b *Books) RefundReceipt(idOrNumber string) (RefundReceipt, bool) {
	return one[RefundReceipt](b, "RefundReceipt", idOrNumber)
}

// AddRefundReceipt enters a refund receipt by hand, like [Books.AddInvoice].
func (b *Books) AddRefundReceipt(r RefundReceipt) (RefundReceipt, error) {
	return add(b, "RefundReceipt", r)
}

// EditRefundReceipt changes a refund receipt; what follows from the change is computed anew.
func (b *Books) EditRefundReceipt(id string, change func(*RefundReceipt)) error {
	return alter(b, "RefundReceipt", id, change)
}

// Payments returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Payments() []Payment { return all[Payment](b, "Payment") }

// Payment returns a payment by id or by PaymentRefNum.
func (b *Books) Payment(idOrNumber string) (Payment, bool) {
	return one[Payment](b, "Payment", idOrNumber)
}

// AddPayment enters a payment by hand. CustomerRef and TotalAmt are needed.
func (b *Books) AddPayment(r Payment) (Payment, error) { return add(b, "Payment", r) }

// EditPayment changes a payment; what follows from the change is computed anew.
func (b *Books) EditPayment(id string, change func(*Payment)) error {
	return alter(b, "Payment", id, change)
}

// Customers returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Customers() []Customer { return all[Customer](b, "Customer") }

// Customer returns a customer by id or by name.
func (b *Books) Customer(idOrName string) (Customer, bool) {
	return one[Customer](b, "Customer", idOrName)
}

// AddCustomer enters a customer. Only DisplayName is needed.
func (b *Books) AddCustomer(r Customer) (Customer, error) { return add(b, "Customer", r) }

// EditCustomer changes a customer; what follows from the change is computed anew.
func (b *Books) EditCustomer(id string, change func(*Customer)) error {
	return alter(b, "Customer", id, change)
}

// Vendors returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Vendors() []Vendor { return all[Vendor](b, "Vendor") }

// Vendor returns a vendor by id or by name.
func (b *Books) Vendor(idOrName string) (Vendor, bool) {
	return one[Vendor](b, "Vendor", idOrName)
}

// AddVendor enters a vendor. Only DisplayName is needed.
func (b *Books) AddVendor(r Vendor) (Vendor, error) { return add(b, "Vendor", r) }

// EditVendor changes a vendor; what follows from the change is computed anew.
func (b *Books) EditVendor(id string, change func(*Vendor)) error {
	return alter(b, "Vendor", id, change)
}

// Employees returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Employees() []Employee { return all[Employee](b, "Employee") }

// Employee returns an employee by id or by name.
func (b *Books) Employee(idOrName string) (Employee, bool) {
	return one[Employee](b, "Employee", idOrName)
}

// AddEmployee enters an employee. Only DisplayName is needed.
func (b *Books) AddEmployee(r Employee) (Employee, error) { return add(b, "Employee", r) }

// EditEmployee changes an employee; what follows from the change is computed anew.
func (b *Books) EditEmployee(id string, change func(*Employee)) error {
	return alter(b, "Employee", id, change)
}

// Items returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Items() []Item { return all[Item](b, "Item") }

// Item returns an item by id or by name.
func (b *Books) Item(idOrName string) (Item, bool) {
	return one[Item](b, "Item", idOrName)
}

// AddItem enters an item.
func (b *Books) AddItem(r Item) (Item, error) { return add(b, "Item", r) }

// EditItem changes an item; what follows from the change is computed anew.
func (b *Books) EditItem(id string, change func(*Item)) error { return alter(b, "Item", id, change) }

// Accounts returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Accounts() []Account { return all[Account](b, "Account") }

// Account returns an account by id or by name.
func (b *Books) Account(idOrName string) (Account, bool) {
	return one[Account](b, "Account", idOrName)
}

// AddAccount enters an account.
func (b *Books) AddAccount(r Account) (Account, error) { return add(b, "Account", r) }

// EditAccount changes an account; what follows from the change is computed anew.
func (b *Books) EditAccount(id string, change func(*Account)) error {
	return alter(b, "Account", id, change)
}

// Terms returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) Terms() []Term { return all[Term](b, "Term") }

// Term returns a term by id or by name.
func (b *Books) Term(idOrName string) (Term, bool) {
	return one[Term](b, "Term", idOrName)
}

// AddTerm enters a term.
func (b *Books) AddTerm(r Term) (Term, error) { return add(b, "Term", r) }

// EditTerm changes a term; what follows from the change is computed anew.
func (b *Books) EditTerm(id string, change func(*Term)) error { return alter(b, "Term", id, change) }

// PaymentMethods returns all of them, inactive and voided ones too, in the order of their last change.
func (b *Books) PaymentMethods() []PaymentMethod { return all[PaymentMethod](b, "PaymentMethod") }

// PaymentMethod returns a payment method by id or by name.
func (b *Books) PaymentMethod(idOrName string) (PaymentMethod, bool) {
	return one[PaymentMethod](b, "PaymentMethod", idOrName)
}

// AddPaymentMethod enters a payment method.
func (b *Books) AddPaymentMethod(r PaymentMethod) (PaymentMethod, error) {
	return add(b, "PaymentMethod", r)
}

// EditPaymentMethod changes a payment method; what follows from the change is computed anew.
func (b *Books) EditPaymentMethod(id string, change func(*PaymentMethod)) error {
	return alter(b, "PaymentMethod", id, change)
}
