package quickbooksfake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// The body is the one recorded in minimul-qbo_api-vcr/create/invoice.yml, and so is what is expected of it.
func TestInvoiceAsRecorded(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Amy's Bird Sanctuary")
	body := invoice(ada, `"TxnDate":"2020-09-29",`, line("100.0", `,"Qty":1,"UnitPrice":100`))
	r := a.send("POST", "/invoice", body)
	require.Equal(t, 200, r.status, r.body)
	inv := decode(t, r.body).object("Invoice")
	for path, want := range map[string]string{
		"domain": "QBO", "sparse": "false", "SyncToken": "0", "DocNumber": "1001", "TxnDate": "2020-09-29", "DueDate": "2020-10-29", "TotalAmt": "100.00",
		"Balance": "100.00", "ApplyTaxAfterDiscount": "false", "PrintStatus": "NeedToPrint", "EmailStatus": "NotSet", "CurrencyRef.value": "USD",
		"CurrencyRef.name": "United States Dollar", "CustomerRef.name": "Amy's Bird Sanctuary", "TxnTaxDetail.TotalTax": "0",
	} {
		assert.Equal(t, want, inv.text(path), path)
	}
	lines := inv.list("Line")
	require.Len(t, lines, 2)
	assert.Equal(t, "1", lines[0].text("Id"))
	assert.Equal(t, "100.00", lines[0].text("Amount"))
	assert.Equal(t, "Services", lines[0].text("SalesItemLineDetail.ItemRef.name"))
	assert.Equal(t, "100", lines[0].text("SalesItemLineDetail.UnitPrice"))
	assert.Equal(t, "NON", lines[0].text("SalesItemLineDetail.TaxCodeRef.value"))
	assert.Equal(t, "SubTotalLineDetail", lines[1].text("DetailType"))
	assert.Empty(t, lines[1].text("Id"))
	assert.Contains(t, r.body, `"LinkedTxn":[]`)
	assert.Less(t, strings.Index(r.body, `"DocNumber"`), strings.Index(r.body, `"Line"`), "properties come in the recorded order")
	assert.Regexp(t, `"CreateTime":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]:00"`, r.body)
	assert.NotEmpty(t, r.header.Get("intuit_tid"))
	assert.NotEmpty(t, r.header.Get("QBO-Version"))
}

func TestArithmetic(t *testing.T) {
	t.Parallel()
	item := func(id, amount, qty, price, code string) string {
		more := ""
		if qty != "" {
			more = fmt.Sprintf(`,"Qty":%s,"UnitPrice":%s`, qty, price)
		}
		if code != "" {
			more += fmt.Sprintf(`,"TaxCodeRef":{"value":%q}`, code)
		}
		return fmt.Sprintf(`{"Amount":%s,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":%q}%s}}`, amount, id, more)
	}
	percent := func(p string) string {
		return `{"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":true,"DiscountPercent":` + p + `}}`
	}
	fixed := func(amount string) string {
		return `{"Amount":` + amount + `,"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":false}}`
	}
	for _, c := range []struct {
		name, more string
		lines      []string
		tax, total string
	}{
		// list-invoices.json, 49 and 39: 5 % of 1005 and 10 % of 305.
		{"percent discount", "", []string{item("1", "1005", "", "", ""), percent("5")}, "0", "954.75"},
		{"percent discount, half a cent", "", []string{item("1", "0.10", "", "", ""), percent("5")}, "0", "0.09"},
		{"fixed discount", "", []string{fixed("20.00"), item("1", "100", "", "", "")}, "0", "80.00"},
		// update-invoice.json, 130: 275 + 12.75 + 47.50 at 8 %.
		{"tax", "", []string{item("5", "275", "1", "275", "TAX"), item("11", "12.75", "1", "12.75", "TAX"), item("1", "47.5", "5", "9.5", "TAX")}, "26.82", "362.07"},
		// list-invoices.json, 96: 90 untaxed, 275 at 8 %.
		{"part of it taxed", "", []string{item("1", "90", "3", "30", "NON"), item("5", "275", "1", "275", "TAX")}, "22.00", "387.00"},
		{"taxable item without a code", "", []string{item("5", "100", "", "", "")}, "8.00", "108.00"},
		{"given tax", `"TxnTaxDetail":{"TotalTax":7.77},`, []string{item("5", "100", "", "", "TAX")}, "7.77", "107.77"},
		{"given tax without a taxable line", `"TxnTaxDetail":{"TotalTax":7.77},`, []string{item("5", "100", "", "", "NON")}, "0", "100.00"},
		{"given code is replaced", `"TxnTaxDetail":{"TxnTaxCodeRef":{"value":"77"}},`, []string{item("5", "100", "", "", "TAX")}, "8.00", "108.00"},
		{"tax on the undiscounted sum", "", []string{item("5", "100", "", "", "TAX"), fixed("10")}, "8.00", "98.00"},
		{"tax after discount", `"ApplyTaxAfterDiscount":true,`, []string{item("5", "100", "", "", "TAX"), fixed("10")}, "7.20", "97.20"},
		{"half up", "", []string{item("1", "1861.08", "128.350", "14.50", "NON")}, "0", "1861.08"},
		{"shipping", "", []string{item("1", "50", "", "", "NON"), item("SHIPPING_ITEM_ID", "9.95", "", "", "NON")}, "0", "59.95"},
		{"shipping is not discounted", "", []string{item("1", "50", "", "", "NON"), item("SHIPPING_ITEM_ID", "10", "", "", "NON"), percent("10")}, "0", "55.00"},
		{"a line without an item is text", "", []string{item("1", "50", "", "", "NON"), `{"Amount":25,"Description":"lost","DetailType":"SalesItemLineDetail","SalesItemLineDetail":{}}`}, "0", "50.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := free(t, nil)
			inv := a.ok("POST", "/invoice", invoice(a.customer("Ada"), c.more, c.lines...), "Invoice")
			assert.Equal(t, c.total, inv.text("TotalAmt"))
			assert.Equal(t, c.tax, inv.text("TxnTaxDetail.TotalTax"))
			stored, ok := a.books.Invoice(inv.text("Id"))
			require.True(t, ok)
			equal(t, c.total, stored.TotalAmt.Decimal)
			equal(t, c.total, stored.Balance.Decimal)
		})
	}
}

func TestRefusedSales(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	item := func(id string) string { return strings.Replace(line("10", ""), `"value":"1"`, `"value":"`+id+`"`, 1) }
	for name, c := range map[string]struct{ body, code, detail string }{
		"amount":            {invoice(ada, "", line("1861.07", `,"Qty":128.350,"UnitPrice":14.50`)), "6070", "Amount is not equal to UnitPrice * Qty. Supplied value:1861.07"},
		"no customer":       {`{"Line":[` + line("1", "") + `]}`, "2020", "CustomerRef"},
		"unknown customer":  {invoice("999", "", line("1", "")), "2500", "999"},
		"no line":           {invoice(ada, ""), "2020", "Line"},
		"only text":         {invoice(ada, "", `{"Description":"a","DetailType":"DescriptionOnly"}`), "2020", "Line"},
		"no amount":         {invoice(ada, "", `{"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"}}}`), "2020", "Amount"},
		"unknown item":      {invoice(ada, "", item("777")), "2500", "777"},
		"number":            {invoice(ada, `"DocNumber":"1234567890123456789012",`, line("1", "")), "2050", "Max:21 supported. Supplied length:22"},
		"note":              {invoice(ada, `"PrivateNote":"`+strings.Repeat("x", 4001)+`",`, line("1", "")), "2050", "4001"},
		"unknown property":  {`{"BadJson":true}`, "2010", `Unrecognized field "BadJson" (class com.intuit.schema.finance.v3.Invoice), not marked as ignorable`},
		"nested property":   {invoice(ada, "", line("1", `,"Quantity":1`)), "2010", `Unrecognized field "Quantity" (class com.intuit.schema.finance.v3.SalesItemLineDetail)`},
		"money elsewhere":   {invoice(ada, `"Deposit":5,`, line("1", "")), "6000", "Deposit"},
		"negative total":    {invoice(ada, "", line("-1", "")), "6000", "0 or greater"},
		"two discounts":     {invoice(ada, "", line("9", ""), `{"Amount":1,"DetailType":"DiscountLineDetail"}`, `{"Amount":1,"DetailType":"DiscountLineDetail"}`), "6000", "one discount"},
		"negative discount": {invoice(ada, "", line("9", ""), `{"Amount":-1,"DetailType":"DiscountLineDetail"}`), "6000", "positive"},
		"tax code":          {invoice(ada, "", line("1", `,"TaxCodeRef":{"value":"2"}`)), "2500", "TaxCode"},
		"date":              {invoice(ada, `"TxnDate":"2026-02-30",`, line("1", "")), "2010", "2026-02-30"},
		"e-mail":            {invoice(ada, `"BillEmail":{"Address":"nobody"},`, line("1", "")), "6000", "Email"},
		"to be sent":        {invoice(ada, `"EmailStatus":"NeedToSend",`, line("1", "")), "2020", "BillEmail"},
		"not JSON":          {`{"CustomerRef":`, "2010", ""},
		"absurd number":     {invoice(ada, "", line("1e999999999", "")), "2010", ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, detail := a.refused("POST", "/invoice", c.body)
			assert.Equal(t, c.code, code, detail)
			assert.Contains(t, detail, c.detail)
		})
	}
	assert.Empty(t, a.books.Invoices())
	lenient := free(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{AllowUnknownFields: true}})
	lenient.ok("POST", "/invoice", invoice(lenient.customer("Ada"), `"BadJson":true,`, line("1", "")), "Invoice")
}

func TestPreferencesRule(t *testing.T) {
	t.Parallel()
	a := free(t, &quickbooksfake.Options{Companies: []quickbooksfake.Company{{SalesTax: quickbooksfake.SalesTaxOff, CustomTxnNumbers: true}}})
	ada := a.customer("Ada")
	code, _ := a.refused("POST", "/invoice", invoice(ada, "", line("9", ""), `{"Amount":1,"DetailType":"DiscountLineDetail"}`))
	assert.Equal(t, "6000", code, "discounts are off")
	code, _ = a.refused("POST", "/invoice", invoice(ada, "", strings.Replace(line("9", ""), `"value":"1"`, `"value":"SHIPPING_ITEM_ID"`, 1)))
	assert.Equal(t, "2500", code, "shipping is off")
	inv := a.ok("POST", "/invoice", invoice(ada, `"TxnTaxDetail":{"TotalTax":5},`, line("100", `,"TaxCodeRef":{"value":"TAX"}`)), "Invoice")
	assert.Equal(t, "100.00", inv.text("TotalAmt"), "sales tax is off: tax goes without a word")
	assert.Empty(t, inv.text("DocNumber"), "custom numbers are on, and none was given")

	got := a.ok("GET", "/preferences?minorversion=75", "", "Preferences")
	assert.Equal(t, "false", got.text("TaxPrefs.UsingSalesTax"))
	assert.Empty(t, got.text("TaxPrefs.PartnerTaxEnabled"))
	assert.Equal(t, "true", got.text("SalesFormsPrefs.CustomTxnNumbers"))
	assert.Equal(t, "false", got.text("SalesFormsPrefs.AllowDiscount"))
	assert.Equal(t, "USD", got.text("CurrencyPrefs.HomeCurrency.value"))
	require.NoError(t, a.books.EditCompany(func(c *quickbooksfake.Company) { c.SalesTax = quickbooksfake.SalesTaxNotSetUp }))
	got = a.ok("GET", "/preferences", "", "Preferences")
	assert.Equal(t, "false", got.text("TaxPrefs.PartnerTaxEnabled"))
	info := a.ok("GET", "/companyinfo/"+a.realm, "", "CompanyInfo")
	assert.Equal(t, "US", info.text("Country"))
	code, _ = a.refused("GET", "/companyinfo/1", "")
	assert.Equal(t, "610", code)
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	post := func(path, more string) answer {
		r := a.send("POST", path, invoice(ada, more, line("10", "")))
		require.Equal(t, 200, r.status, r.body)
		for _, v := range decode(t, r.body) {
			if m, ok := v.(map[string]any); ok {
				return m
			}
		}
		return nil
	}
	assert.Equal(t, "1001", post("/invoice", "").text("DocNumber"))
	assert.Equal(t, "1002", post("/creditmemo", "").text("DocNumber"), "sales forms share the counter")
	first := post("/invoice", `"DocNumber":"1003",`)
	assert.Equal(t, "1004", post("/invoice", "").text("DocNumber"), "a number that is taken is passed over")
	code, detail := a.refused("POST", "/invoice", invoice(ada, `"DocNumber":"1003",`, line("10", "")))
	assert.Equal(t, "6140", code)
	assert.Contains(t, detail, "DocNumber=1003 is assigned to TxnType=Invoice with TxnId="+first.text("Id"))
	post("/invoice?include=allowduplicatedocnum", `"DocNumber":"1003",`)
	post("/creditmemo", `"DocNumber":"1003",`)
	require.NoError(t, a.books.EditCompany(func(c *quickbooksfake.Company) { c.AllowDuplicateNumbers = true }))
	post("/invoice", `"DocNumber":"1003",`)
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	inv := a.ok("POST", "/invoice", invoice(ada, `"PrivateNote":"mark","DocNumber":"7","CustomerMemo":{"value":"thanks"},`, line("10", ""), line("20", "")), "Invoice")
	id := inv.text("Id")

	same := a.ok("POST", "/invoice", `{"Id":"`+id+`","SyncToken":"0","sparse":true,"PrivateNote":"mark"}`, "Invoice")
	assert.Equal(t, "0", same.text("SyncToken"), "nothing changed")
	assert.Equal(t, inv.text("MetaData.LastUpdatedTime"), same.text("MetaData.LastUpdatedTime"))

	sparse := a.ok("POST", "/invoice?operation=update", `{"Id":"`+id+`","SyncToken":"0","sparse":true,"PrivateNote":"other"}`, "Invoice")
	assert.Equal(t, "1", sparse.text("SyncToken"))
	assert.Equal(t, "false", sparse.text("sparse"))
	assert.Equal(t, "thanks", sparse.text("CustomerMemo.value"))
	assert.Equal(t, "30.00", sparse.text("TotalAmt"))

	code, _ := a.refused("POST", "/invoice", `{"Id":"`+id+`","SyncToken":"0","sparse":true,"PrivateNote":"late"}`)
	assert.Equal(t, "5010", code)
	code, _ = a.refused("POST", "/invoice", `{"Id":"`+id+`","sparse":true,"PrivateNote":"late"}`)
	assert.Equal(t, "2020", code)
	code, _ = a.refused("POST", "/invoice", `{"Id":"9999","SyncToken":"0","sparse":true}`)
	assert.Equal(t, "610", code)
	code, detail := a.refused("GET", "/invoice/1.5", "")
	assert.Equal(t, "2030", code)
	assert.Equal(t, "Id should be a valid number. Supplied value:1.5", detail)
	code, _ = a.refused("GET", "/customer/1/5", "")
	assert.Equal(t, "500", code)

	// Lines are replaced as a whole; an unknown or missing id is a new line, and ids go on (recorded: 5 → 6).
	lines := `{"Id":"2",` + line("20", "")[1:] + `,{"Id":"77",` + line("5", "")[1:]
	next := a.ok("POST", "/invoice", `{"Id":"`+id+`","SyncToken":"1","sparse":true,"Line":[`+lines+`]}`, "Invoice")
	got := next.list("Line")
	require.Len(t, got, 3)
	assert.Equal(t, []string{"2", "3"}, []string{got[0].text("Id"), got[1].text("Id")})
	assert.Equal(t, "25.00", next.text("TotalAmt"))

	full := a.ok("POST", "/invoice", `{"Id":"`+id+`","SyncToken":"2","CustomerRef":{"value":"`+ada+`"},"Line":[`+line("8", "")+`]}`, "Invoice")
	assert.Equal(t, "7", full.text("DocNumber"), "kept, as recorded")
	assert.Empty(t, full.text("PrivateNote"), "cleared")
	assert.Equal(t, "8.00", full.text("Balance"))

	// What is read and sent back is taken, read-only properties and all.
	r := a.send("GET", "/invoice/"+id, "")
	whole := strings.TrimSuffix(strings.TrimPrefix(r.body[:strings.LastIndex(r.body, `,"time"`)], `{"Invoice":`), "}") + "}"
	assert.Equal(t, full.text("SyncToken"), a.ok("POST", "/invoice", whole, "Invoice").text("SyncToken"))
}

func TestVoidAndDelete(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	inv := a.ok("POST", "/invoice", invoice(ada, `"PrivateNote":"note MARKMARKMARKMARK",`, line("100", `,"Qty":2,"UnitPrice":50`)), "Invoice")
	id := inv.text("Id")
	void := a.ok("POST", "/invoice?operation=void", `{"Id":"`+id+`","SyncToken":"0"}`, "Invoice")
	assert.Equal(t, "1", void.text("SyncToken"))
	assert.Equal(t, "0", void.text("TotalAmt"))
	assert.Equal(t, "0", void.text("Balance"))
	assert.Equal(t, "0", void.list("Line")[0].text("Amount"))
	assert.True(t, strings.HasPrefix(void.text("PrivateNote"), "Voided"))
	assert.True(t, strings.HasSuffix(void.text("PrivateNote"), "MARKMARKMARKMARK"))
	assert.Equal(t, inv.text("DocNumber"), void.text("DocNumber"))
	c, _ := a.books.Customer(ada)
	equal(t, "0", c.Balance.Decimal)
	again := a.ok("POST", "/invoice?operation=void", `{"Id":"`+id+`","SyncToken":"1"}`, "Invoice")
	assert.Equal(t, "1", again.text("SyncToken"))

	r := a.send("POST", "/invoice?operation=delete", `{"Id":"`+id+`","SyncToken":"1"}`)
	assert.Contains(t, r.body, `"status":"Deleted"`)
	assert.Contains(t, r.body, `"domain":"QBO"`)
	code, _ := a.refused("GET", "/invoice/"+id, "")
	assert.Equal(t, "610", code)
	code, _ = a.refused("POST", "/customer?operation=delete", `{"Id":"`+ada+`","SyncToken":"0"}`)
	assert.Equal(t, "500", code, "name lists cannot be deleted")
	code, _ = a.refused("POST", "/creditmemo?operation=void", `{"Id":"1","SyncToken":"0"}`)
	assert.Equal(t, "500", code)
}

func TestClosedBooks(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	old := a.ok("POST", "/invoice", invoice(ada, `"TxnDate":"2026-01-31",`, line("10", "")), "Invoice").text("Id")
	require.NoError(t, a.books.CloseBooks("2026-01-31"))
	assert.Equal(t, "2026-01-31", a.ok("GET", "/preferences", "", "Preferences").text("AccountingInfoPrefs.BookCloseDate"))
	for path, body := range map[string]string{
		"/invoice":                  invoice(ada, `"TxnDate":"2026-01-31",`, line("10", "")),
		"/invoice?operation=update": `{"Id":"` + old + `","SyncToken":"0","sparse":true,"TxnDate":"2026-02-01"}`,
		"/invoice?operation=void":   `{"Id":"` + old + `","SyncToken":"0"}`,
		"/invoice?operation=delete": `{"Id":"` + old + `","SyncToken":"0"}`,
		"/payment":                  `{"CustomerRef":{"value":"` + ada + `"},"TotalAmt":1,"TxnDate":"2026-01-01"}`,
	} {
		code, _ := a.refused("POST", path, body)
		assert.Equal(t, "6210", code, path)
	}
	a.ok("POST", "/invoice", invoice(ada, `"TxnDate":"2026-02-01",`, line("10", "")), "Invoice")
	require.NoError(t, a.books.VoidInvoice(old), "a person may")
	loose := free(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{ClosedBooksOpen: true}})
	require.NoError(t, loose.books.CloseBooks("2026-01-31"))
	loose.ok("POST", "/invoice", invoice(loose.customer("Ada"), `"TxnDate":"2026-01-01",`, line("10", "")), "Invoice")
}

func TestTaxElsewhere(t *testing.T) {
	t.Parallel()
	coded := func(amount, code, more string) string {
		return line(amount, `,"TaxCodeRef":{"value":"`+code+`"}`+more)
	}
	post := func(t *testing.T, sw quickbooksfake.Switches, more string, lines ...string) response {
		a := free(t, &quickbooksfake.Options{Companies: []quickbooksfake.Company{quickbooksfake.DefaultCompany("AU")}, Switches: sw})
		return a.send("POST", "/invoice", invoice(a.customer("Ada"), more, lines...))
	}
	excluded := `"GlobalTaxCalculation":"TaxExcluded",`
	for _, c := range []struct {
		name, more string
		sw         quickbooksfake.Switches
		lines      []string
		tax, total string
	}{
		{"GST", excluded, quickbooksfake.Switches{}, []string{coded("100", "2", ""), coded("50", "3", "")}, "10.00", "160.00"},
		// 10 % of 10.05 is 1.005: 1.01 for each line, 2.01 for both together.
		{"rounded by line", excluded, quickbooksfake.Switches{}, []string{coded("10.05", "2", ""), coded("10.05", "2", "")}, "2.02", "22.12"},
		{"rounded by document", excluded, quickbooksfake.Switches{TaxPerDocument: true}, []string{coded("10.05", "2", ""), coded("10.05", "2", "")}, "2.01", "22.11"},
		{"after discount", excluded, quickbooksfake.Switches{}, []string{coded("100", "2", ""), `{"Amount":10,"DetailType":"DiscountLineDetail"}`}, "9.00", "99.00"},
		{"inclusive", `"GlobalTaxCalculation":"TaxInclusive",`, quickbooksfake.Switches{}, []string{coded("9.09", "2", `,"TaxInclusiveAmt":10.00`)}, "0.91", "10.00"},
		{"none", `"GlobalTaxCalculation":"NotApplicable",`, quickbooksfake.Switches{}, []string{line("10", "")}, "0", "10.00"},
		{"a sent total stands", excluded + `"TxnTaxDetail":{"TotalTax":10.01},`, quickbooksfake.Switches{}, []string{coded("100", "2", "")}, "10.01", "110.01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := post(t, c.sw, c.more, c.lines...)
			require.Equal(t, 200, r.status, r.body)
			inv := decode(t, r.body).object("Invoice")
			assert.Equal(t, c.tax, inv.text("TxnTaxDetail.TotalTax"))
			assert.Equal(t, c.total, inv.text("TotalAmt"))
		})
	}
	for more, want := range map[string]string{"": `"2020"`, `"GlobalTaxCalculation":"TaxIncluded",`: `"2010"`, excluded: `"6000"`} {
		r := post(t, quickbooksfake.Switches{}, more, line("10", ""))
		assert.Equal(t, 400, r.status)
		assert.Contains(t, r.body, want, more)
	}
	assert.Contains(t, post(t, quickbooksfake.Switches{}, excluded, coded("1", "TAX", "")).body, `"2500"`)
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	company := quickbooksfake.DefaultCompany("US")
	company.Multicurrency, company.Currencies = true, []string{"EUR"}
	a := free(t, &quickbooksfake.Options{Companies: []quickbooksfake.Company{company}})
	code, _ := a.refused("POST", "/customer", `{"DisplayName":"Gil","CurrencyRef":{"value":"GBP"}}`)
	assert.Equal(t, "2500", code)
	eva := a.ok("POST", "/customer", `{"DisplayName":"Eva","CurrencyRef":{"value":"EUR"}}`, "Customer").text("Id")
	code, _ = a.refused("POST", "/invoice", invoice(eva, "", line("10", "")))
	assert.Equal(t, "2020", code, "CurrencyRef is required")
	code, _ = a.refused("POST", "/invoice", invoice(eva, `"CurrencyRef":{"value":"USD"},`, line("10", "")))
	assert.Equal(t, "6000", code)
	inv := a.ok("POST", "/invoice", invoice(eva, `"CurrencyRef":{"value":"EUR"},"ExchangeRate":1.0845,`, line("10.01", "")), "Invoice")
	assert.Equal(t, "10.86", inv.text("HomeTotalAmt"), "10.855845")
	assert.Equal(t, "1.0845", inv.text("ExchangeRate"))
	inv = a.ok("POST", "/invoice", invoice(eva, `"CurrencyRef":{"value":"EUR"},`, line("10", "")), "Invoice")
	assert.Equal(t, "1", inv.text("ExchangeRate"), "a rate that is not named is 1")
	code, _ = a.refused("POST", "/customer", `{"Id":"`+eva+`","SyncToken":"0","sparse":true,"CurrencyRef":{"value":"USD"}}`)
	assert.Equal(t, "6000", code)
	assert.Equal(t, "true", a.ok("GET", "/preferences", "", "Preferences").text("CurrencyPrefs.MultiCurrencyEnabled"))
	assert.Len(t, a.rows("CompanyCurrency", "select * from CompanyCurrency"), 1)
}

func TestRefundReceipt(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.customer("Ada")
	code, detail := a.refused("POST", "/refundreceipt", invoice(ada, "", line("10", "")))
	assert.Equal(t, "2020", code)
	assert.Contains(t, detail, "DepositToAccountRef")
	code, _ = a.refused("POST", "/refundreceipt", invoice(ada, `"DepositToAccountRef":{"value":"35"},"PrintStatus":"PrintComplete",`, line("10", "")))
	assert.Equal(t, "2020", code, "PaymentRefNum")
	r := a.ok("POST", "/refundreceipt", invoice(ada, `"DepositToAccountRef":{"value":"35"},`, line("10", "")), "RefundReceipt")
	assert.Equal(t, "0", r.text("Balance"))
	c, _ := a.books.Customer(ada)
	equal(t, "0", c.Balance.Decimal)
}
