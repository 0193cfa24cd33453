package quickbooksfake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

func payment(customer, total string, lines ...string) string {
	return fmt.Sprintf(`{"CustomerRef":{"value":%q},"TotalAmt":%s,"Line":[%s]}`, customer, total, strings.Join(lines, ","))
}

func pays(amount, kind, id string) string {
	return fmt.Sprintf(`{"Amount":%s,"LinkedTxn":[{"TxnId":%q,"TxnType":%q}]}`, amount, id, kind)
}

func TestPayments(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada, bob := a.customer("Ada"), a.customer("Bob")
	one := a.ok("POST", "/invoice", invoice(ada, "", line("100", "")), "Invoice")
	id := one.text("Id")
	balance := func(customer string) string {
		c, _ := a.books.Customer(customer)
		return c.Balance.StringFixed(2)
	}
	assert.Equal(t, "100.00", balance(ada))

	// create-payment.json: money without lines is unapplied.
	free := a.ok("POST", "/payment", payment(bob, "100"), "Payment")
	assert.Equal(t, "100.00", free.text("UnappliedAmt"))
	assert.Equal(t, "4", free.text("DepositToAccountRef.value"))
	assert.Equal(t, "false", free.text("ProcessPayment"))
	assert.Equal(t, "-100.00", balance(bob))

	part := a.ok("POST", "/payment", payment(ada, "40", pays("40", "Invoice", id)), "Payment")
	assert.Equal(t, "0", part.text("UnappliedAmt"))
	assert.Contains(t, fmt.Sprint(part.list("Line")[0]["LineEx"]), "txnOpenBalance")
	assert.Contains(t, fmt.Sprint(part.list("Line")[0]["LineEx"]), "100.00")
	inv := a.ok("GET", "/invoice/"+id, "", "Invoice")
	assert.Equal(t, "60.00", inv.text("Balance"))
	assert.Equal(t, "1", inv.text("SyncToken"), "a payment moves the invoice's token")
	assert.Equal(t, part.text("MetaData.CreateTime"), inv.text("MetaData.LastUpdatedTime"))
	assert.Equal(t, []answer{{"TxnId": part.text("Id"), "TxnType": "Payment"}}, inv.list("LinkedTxn"))
	assert.Equal(t, "60.00", balance(ada))

	// A note on the payment leaves the invoice alone.
	part = a.ok("POST", "/payment", `{"Id":"`+part.text("Id")+`","SyncToken":"0","sparse":true,"PrivateNote":"x"}`, "Payment")
	assert.Equal(t, "1", a.ok("GET", "/invoice/"+id, "", "Invoice").text("SyncToken"))

	for name, c := range map[string]struct{ body, code string }{
		"line above the balance":  {payment(ada, "61", pays("61", "Invoice", id)), "6000"},
		"lines above the total":   {payment(ada, "10", pays("60", "Invoice", id)), "6000"},
		"another's invoice":       {payment(bob, "10", pays("10", "Invoice", id)), "6000"},
		"unknown invoice":         {payment(ada, "10", pays("10", "Invoice", "9999")), "2500"},
		"unknown kind":            {payment(ada, "10", pays("10", "Bill", id)), "2010"},
		"no link":                 {payment(ada, "10", `{"Amount":10}`), "2020"},
		"no total":                {`{"CustomerRef":{"value":"` + ada + `"}}`, "2020"},
		"no customer":             {`{"TotalAmt":1}`, "2020"},
		"long reference":          {`{"CustomerRef":{"value":"` + ada + `"},"TotalAmt":1,"PaymentRefNum":"1234567890123456789012"}`, "2050"},
		"unknown deposit account": {`{"CustomerRef":{"value":"` + ada + `"},"TotalAmt":1,"DepositToAccountRef":{"value":"77"}}`, "2500"},
	} {
		code, detail := a.refused("POST", "/payment", c.body)
		assert.Equal(t, c.code, code, "%s: %s", name, detail)
	}

	// More than the invoices is credit of the customer.
	rest := a.ok("POST", "/payment", payment(ada, "75", pays("60", "Invoice", id)), "Payment")
	assert.Equal(t, "15.00", rest.text("UnappliedAmt"))
	assert.Equal(t, "-15.00", balance(ada))
	code, _ := a.refused("POST", "/invoice?operation=delete", `{"Id":"`+id+`","SyncToken":"2"}`)
	assert.Equal(t, "6000", code, "unlink first")

	// Void of a payment: a sparse update with include=void, as node-quickbooks sends it.
	void := a.ok("POST", "/payment?operation=update&include=void", `{"Id":"`+rest.text("Id")+`","SyncToken":"0","sparse":true}`, "Payment")
	assert.Equal(t, "0", void.text("TotalAmt"))
	assert.Equal(t, "Voided", void.text("PrivateNote"))
	assert.Empty(t, void.list("Line"))
	inv = a.ok("GET", "/invoice/"+id, "", "Invoice")
	assert.Equal(t, "60.00", inv.text("Balance"))
	assert.Equal(t, "3", inv.text("SyncToken"))
	assert.Equal(t, "60.00", balance(ada))

	r := a.send("POST", "/payment?operation=delete", `{"Id":"`+part.text("Id")+`","SyncToken":"1"}`)
	require.Equal(t, 200, r.status, r.body)
	inv = a.ok("GET", "/invoice/"+id, "", "Invoice")
	assert.Equal(t, "100.00", inv.text("Balance"))
	assert.Empty(t, inv.list("LinkedTxn"))
	assert.Equal(t, "100.00", balance(ada))
}

func TestVoidOfPaidInvoice(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	id := a.ok("POST", "/invoice", invoice(ada, "", line("100", "")), "Invoice").text("Id")
	pay := a.ok("POST", "/payment", payment(ada, "100", pays("100", "Invoice", id)), "Payment").text("Id")
	a.ok("POST", "/invoice?operation=void", `{"Id":"`+id+`","SyncToken":"1"}`, "Invoice")
	p, _ := a.books.Payment(pay)
	equal(t, "100", p.UnappliedAmt.Decimal)
	assert.Empty(t, p.Line)
	c, _ := a.books.Customer(ada)
	equal(t, "-100", c.Balance.Decimal)

	kept := free(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{PaidInvoicesKept: true, OverpayingLines: true}})
	ada = kept.customer("Ada")
	id = kept.ok("POST", "/invoice", invoice(ada, "", line("100", "")), "Invoice").text("Id")
	got := kept.ok("POST", "/payment", payment(ada, "130", pays("130", "Invoice", id)), "Payment")
	assert.Equal(t, "30.00", got.text("UnappliedAmt"))
	code, _ := kept.refused("POST", "/invoice?operation=void", `{"Id":"`+id+`","SyncToken":"1"}`)
	assert.Equal(t, "6000", code)
	require.NoError(t, kept.books.DeleteInvoice(id), "a person may, and the payment is unapplied")
	p, _ = kept.books.Payment(got.text("Id"))
	equal(t, "130", p.UnappliedAmt.Decimal)
}

func TestCredit(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	memo := a.ok("POST", "/creditmemo", invoice(ada, "", line("30", "")), "CreditMemo")
	assert.Equal(t, "30.00", memo.text("RemainingCredit"))
	c, _ := a.books.Customer(ada)
	equal(t, "-30", c.Balance.Decimal)
	inv := a.ok("POST", "/invoice", invoice(ada, "", line("100", "")), "Invoice").text("Id")
	// A payment of nothing, with equal lines, applies it.
	p := a.ok("POST", "/payment", payment(ada, "0", pays("30", "Invoice", inv), pays("30", "CreditMemo", memo.text("Id"))), "Payment")
	assert.Equal(t, "0", p.text("UnappliedAmt"))
	assert.Equal(t, "70.00", a.ok("GET", "/invoice/"+inv, "", "Invoice").text("Balance"))
	used := a.ok("GET", "/creditmemo/"+memo.text("Id"), "", "CreditMemo")
	assert.Equal(t, "0", used.text("RemainingCredit"))
	assert.Equal(t, "30.00", used.text("TotalAmt"))
	c, _ = a.books.Customer(ada)
	equal(t, "70", c.Balance.Decimal)

	company := quickbooksfake.DefaultCompany("US")
	company.AutoApplyCredit = true
	auto := free(t, &quickbooksfake.Options{Companies: []quickbooksfake.Company{company}})
	ada = auto.customer("Ada")
	auto.ok("POST", "/creditmemo", invoice(ada, "", line("30", "")), "CreditMemo")
	made := auto.ok("POST", "/invoice", invoice(ada, "", line("100", "")), "Invoice")
	assert.Equal(t, "0", made.text("SyncToken"))
	now := auto.ok("GET", "/invoice/"+made.text("Id"), "", "Invoice")
	assert.Equal(t, "70.00", now.text("Balance"), "QuickBooks has changed it in the meantime")
	assert.Equal(t, "1", now.text("SyncToken"))
}

func TestNames(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	got := a.ok("POST", "/customer", `{"DisplayName":"Test Customer May 2026","GivenName":"Test","FamilyName":"Customer","PrimaryEmailAddr":{"Address":"t@example.com"},"Notes":"n"}`, "Customer")
	for path, want := range map[string]string{ // create-customer.json
		"Taxable": "true", "Job": "false", "BillWithParent": "false", "Balance": "0", "BalanceWithJobs": "0", "CurrencyRef.value": "USD",
		"PreferredDeliveryMethod": "Print", "IsProject": "false", "FullyQualifiedName": "Test Customer May 2026", "PrintOnCheckName": "Test Customer",
		"Active": "true", "DefaultTaxCodeRef.value": "2", "SyncToken": "0", "Notes": "n",
	} {
		assert.Equal(t, want, got.text(path), path)
	}
	a.ok("POST", "/vendor", `{"DisplayName":"Acme"}`, "Vendor")
	a.ok("POST", "/employee", `{"GivenName":"Emily","FamilyName":"Platt"}`, "Employee")
	for body, want := range map[string]string{
		`{"DisplayName":"test customer MAY 2026"}`:         "Another customer is already using this name",
		`{"DisplayName":"Acme"}`:                           "Another customer, vendor or employee is already using this name",
		`{"GivenName":"Emily","FamilyName":"Platt"}`:       "Another customer, vendor or employee is already using this name",
		`{"DisplayName":"Acme","CompanyName":"Other Inc"}`: "Another customer, vendor or employee is already using this name",
	} {
		code, detail := a.refused("POST", "/customer", body)
		assert.Equal(t, "6240", code)
		assert.Contains(t, detail, want, body)
	}
	for body, want := range map[string]string{
		`{}`: "2020", `{"DisplayName":"a:b"}`: "6000", `{"DisplayName":"a\tb"}`: "6000", `{"DisplayName":"` + strings.Repeat("x", 501) + `"}`: "2050",
		`{"GivenName":"` + strings.Repeat("x", 101) + `"}`: "2050", `{"DisplayName":"b","PrimaryPhone":{"FreeFormNumber":"` + strings.Repeat("1", 31) + `"}}`: "2050",
		`{"DisplayName":"c","ParentRef":{"value":"999"}}`: "2500",
	} {
		code, detail := a.refused("POST", "/customer", body)
		assert.Equal(t, want, code, "%s %s", body, detail)
	}
	sub := a.ok("POST", "/customer", `{"DisplayName":"Kitchen","Job":true,"ParentRef":{"value":"`+got.text("Id")+`"}}`, "Customer")
	assert.Equal(t, "Test Customer May 2026:Kitchen", sub.text("FullyQualifiedName"))

	off := a.ok("POST", "/customer", `{"Id":"`+sub.text("Id")+`","SyncToken":"0","sparse":true,"Active":false}`, "Customer")
	assert.Equal(t, "Kitchen (deleted)", off.text("DisplayName"))
	code, _ := a.refused("POST", "/customer", `{"DisplayName":"Kitchen"}`)
	assert.Equal(t, "6240", code, "an inactive record owns the name")
	assert.NotContains(t, a.rows("Customer", "select * from Customer"), sub.text("Id"))
	assert.Contains(t, a.rows("Customer", "select * from Customer where Active in (true, false)"), sub.text("Id"))
	code, _ = a.refused("POST", "/invoice", invoice(sub.text("Id"), "", line("1", "")))
	assert.Equal(t, "610", code)
	on := a.ok("POST", "/customer", `{"Id":"`+sub.text("Id")+`","SyncToken":"1","sparse":true,"Active":true}`, "Customer")
	assert.Equal(t, "Kitchen", on.text("DisplayName"))

	// A new invoice moves its customer's time of change, and not its token (recorded).
	a.ok("POST", "/invoice", invoice(got.text("Id"), "", line("5", "")), "Invoice")
	assert.Equal(t, "0", a.ok("GET", "/customer/"+got.text("Id"), "", "Customer").text("SyncToken"))
}

func TestLists(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	item := a.ok("POST", "/item", `{"Name":"Test Service Item","Type":"Service","Sku":"S-1","IncomeAccountRef":{"value":"79"}}`, "Item")
	for path, want := range map[string]string{ // create-item.json
		"Active": "true", "FullyQualifiedName": "Test Service Item", "Taxable": "false", "UnitPrice": "0", "PurchaseCost": "0", "TrackQtyOnHand": "false",
		"IncomeAccountRef.name": "Sales of Product Income",
	} {
		assert.Equal(t, want, item.text(path), path)
	}
	assert.Equal(t, []string{item.text("Id")}, a.rows("Item", "select * from Item where Sku = 's-1'"))
	for path, bodies := range map[string]map[string]string{
		"/item": {
			`{"Name":"Test Service Item","Type":"Service","IncomeAccountRef":{"value":"79"}}`: "6240",
			`{"Name":"x","Type":"Service"}`: "2020", `{"Name":"x","IncomeAccountRef":{"value":"79"}}`: "2020",
			`{"Name":"x","Type":"Service","IncomeAccountRef":{"value":"7"}}`: "2500", `{"Name":"x","Type":"Inventory","IncomeAccountRef":{"value":"79"}}`: "2020",
		},
		"/account": {`{"Name":"Checking","AccountType":"Bank"}`: "6240", `{"Name":"x"}`: "2020", `{"Name":"x","AccountType":"Bank","AcctNum":"12345678"}`: "2050"},
		"/taxcode": {`{"Name":"x"}`: "500"},
		"/term":    {`{"Name":"x"}`: "2020"},
	} {
		for body, want := range bodies {
			code, detail := a.refused("POST", path, body)
			assert.Equal(t, want, code, "%s %s %s", path, body, detail)
		}
	}
	account := a.ok("POST", "/account", `{"Name":"Bank Account May 2026 v2","AccountType":"Bank"}`, "Account")
	assert.Equal(t, "CashOnHand", account.text("AccountSubType"))
	assert.Equal(t, "Asset", account.text("Classification"))
	assert.Equal(t, "1150040001", account.text("Id"), "ids are not small")
	gone := a.ok("POST", "/account", `{"Id":"1150040001","SyncToken":"0","sparse":true,"Active":false}`, "Account")
	assert.Equal(t, "Bank Account May 2026 v2 (deleted)", gone.text("Name"))
	same := a.ok("POST", "/account", `{"Id":"1150040001","SyncToken":"1","sparse":true,"Active":false,"Name":"Bank Account May 2026 v2 (deleted)"}`, "Account")
	assert.Equal(t, "1", same.text("SyncToken")) // deactivate/account.yml

	term := a.ok("POST", "/term", `{"Name":"15th","DayOfMonthDue":15,"DueNextMonthDays":5}`, "Term")
	assert.Equal(t, "DATE_DRIVEN", term.text("Type"))
	ada := a.customer("Ada")
	due := func(date string) string {
		return a.ok("POST", "/invoice", invoice(ada, `"TxnDate":"`+date+`","SalesTermRef":{"value":"`+term.text("Id")+`"},`, line("1", "")), "Invoice").text("DueDate")
	}
	assert.Equal(t, "2026-03-15", due("2026-03-02"))
	assert.Equal(t, "2026-04-15", due("2026-03-12"), "three days are too few")
	assert.Equal(t, "2026-04-15", due("2026-03-20"))
	send := a.ok("POST", "/invoice", invoice(ada, "", line("1", "")), "Invoice").text("Id")
	code, _ := a.refused("POST", "/invoice/"+send+"/send", "")
	assert.Equal(t, "2020", code)
	sent := a.ok("POST", "/invoice/"+send+"/send?sendTo=a@example.com", "", "Invoice")
	assert.Equal(t, "EmailSent", sent.text("EmailStatus"))
	assert.Equal(t, "1", sent.text("SyncToken"))
	pdf := a.send("GET", "/invoice/"+send+"/pdf", "", "Accept", "application/pdf")
	assert.True(t, strings.HasPrefix(pdf.body, "%PDF-"))
}
