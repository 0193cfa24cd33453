package xerofake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func TestArithmetic(t *testing.T) {
	t.Parallel()
	// A rate of 15 % makes the example of developer.xero.com/documentation/api-guides/rounding-in-xero.
	fifteen := func(a *api) {
		require.NoError(a.t, a.fake.Books().AddTaxRate(xerofake.TaxRate{Name: "Fifteen", TaxType: "TAX015", EffectiveRate: dec("15"), Revenue: true}))
	}
	at15 := `,"TaxType":"TAX015"`
	cases := []struct {
		name, unitdp, more string
		lines              []string
		switches           xerofake.Switches
		lineAmount         string // of the first line
		subTotal, tax      string
		total              string
	}{
		{name: "tax is rounded on each line, then added: 3.76+3.84+3.84", lines: []string{line("1", "25.06", at15), line("1", "25.61", at15), line("1", "25.63", at15)}, lineAmount: "25.06", subTotal: "76.30", tax: "11.44", total: "87.74"},
		{name: "unit amount is rounded before it is multiplied", lines: []string{line("1000", "2.165", at15)}, lineAmount: "2170.00", subTotal: "2170.00", tax: "325.50", total: "2495.50"},
		{name: "2.164 goes down", lines: []string{line("1000", "2.164", at15)}, lineAmount: "2160.00", subTotal: "2160.00", tax: "324.00", total: "2484.00"},
		{name: "four places with unitdp=4", unitdp: "4", lines: []string{line("3", "0.3333", at15)}, lineAmount: "1.00", subTotal: "1.00", tax: "0.15", total: "1.15"},
		{name: "two places without", lines: []string{line("3", "0.3333", at15)}, lineAmount: "0.99", subTotal: "0.99", tax: "0.15", total: "1.14"},
		{name: "inclusive: 115 holds 15", more: `"LineAmountTypes":"Inclusive",`, lines: []string{line("1", "115", at15)}, lineAmount: "115.00", subTotal: "100.00", tax: "15.00", total: "115.00"},
		{name: "inclusive, two lines of 10.00: 1.30 each", more: `"LineAmountTypes":"Inclusive",`, lines: []string{line("1", "10", at15), line("1", "10", at15)}, lineAmount: "10.00", subTotal: "17.40", tax: "2.60", total: "20.00"},
		{name: "no tax", more: `"LineAmountTypes":"NoTax",`, lines: []string{line("2", "10", at15)}, lineAmount: "20.00", subTotal: "20.00", tax: "0.00", total: "20.00"},
		{name: "tax amount overrides", lines: []string{line("1", "100", at15+`,"TaxAmount":14.99`)}, lineAmount: "100.00", subTotal: "100.00", tax: "14.99", total: "114.99"},
		{name: "a negative line", lines: []string{line("1", "100", at15), line("1", "-10", at15)}, lineAmount: "100.00", subTotal: "90.00", tax: "13.50", total: "103.50"},
		{name: "a negative half goes away from zero: -0.10 at 15 % is -0.015", lines: []string{line("1", "100", at15), line("1", "-0.10", at15)}, lineAmount: "100.00", subTotal: "99.90", tax: "14.98", total: "114.88"},
		{name: "or up", switches: xerofake.Switches{NegativeHalvesUp: true}, lines: []string{line("1", "100", at15), line("1", "-0.10", at15)}, lineAmount: "100.00", subTotal: "99.90", tax: "14.99", total: "114.89"},
		{name: "discount rate: 200 less 12.5 %", lines: []string{line("2", "100", at15+`,"DiscountRate":12.5`)}, lineAmount: "175.00", subTotal: "175.00", tax: "26.25", total: "201.25"},
		{name: "discount amount", lines: []string{line("2", "100", at15+`,"DiscountAmount":25`)}, lineAmount: "175.00", subTotal: "175.00", tax: "26.25", total: "201.25"},
		{name: "line amount in place of the unit amount", lines: []string{`{"Description":"Work","Quantity":3,"LineAmount":10,"AccountCode":"200","TaxType":"TAX015"}`}, lineAmount: "10.00", subTotal: "10.00", tax: "1.50", total: "11.50"},
		{name: "amounts as text", lines: []string{line(`"2"`, `"10.50"`, at15)}, lineAmount: "21.00", subTotal: "21.00", tax: "3.15", total: "24.15"},
		{name: "a line of words only", lines: []string{line("1", "10", at15), `{"Description":"Thank you"}`}, lineAmount: "10.00", subTotal: "10.00", tax: "1.50", total: "11.50"},
		{name: "large and exact where a float32 is not", lines: []string{line("1", "259467.21", `,"TaxType":"NONE"`)}, lineAmount: "259467.21", subTotal: "259467.21", tax: "0.00", total: "259467.21"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := free(t, &xerofake.Options{Switches: c.switches})
			fifteen(a)
			path := "/Invoices?unitdp=" + c.unitdp
			got := a.ok("PUT", path, invoice(a.contact("Ada"), "AUTHORISED", c.more, c.lines...)).list("Invoices")[0]
			assert.Equal(t, c.lineAmount, got.list("LineItems")[0].text("LineAmount"))
			assert.Equal(t, c.subTotal, got.text("SubTotal"))
			assert.Equal(t, c.tax, got.text("TotalTax"))
			assert.Equal(t, c.total, got.text("Total"))
			assert.Equal(t, c.total, got.text("AmountDue"))
		})
	}
}

func TestRefusedInvoices(t *testing.T) {
	t.Parallel()
	good := line("1", "10", "")
	cases := []struct{ name, body, want string }{
		{"line total", invoice("{c}", "DRAFT", "", line("2", "10", `,"LineAmount":21`)), "The line total 21 does not match the expected line total 20.00"},
		{"hundred per cent discount with its line amount", invoice("{c}", "DRAFT", "", line("1", "10", `,"DiscountRate":100,"LineAmount":10`)), "The line total 10 does not match the expected line total 0.00"},
		{"unknown account", invoice("{c}", "AUTHORISED", "", strings.ReplaceAll(good, "200", "999")), "Account code '999' is not a valid code for this document."},
		{"bank account on a line", invoice("{c}", "AUTHORISED", "", strings.ReplaceAll(good, "200", "090")), "Account code '090' is not a valid code for this document."},
		{"no account", invoice("{c}", "AUTHORISED", "", `{"Description":"x","Quantity":1,"UnitAmount":1}`), "Account code must be specified"},
		{"no description", invoice("{c}", "AUTHORISED", "", `{"Quantity":1,"UnitAmount":1,"AccountCode":"200"}`), "The description of each line item must be at least 1 character."},
		{"tax type unknown", invoice("{c}", "AUTHORISED", "", line("1", "1", `,"TaxType":"NOPE"`)), "The TaxType code 'NOPE' does not exist or cannot be used for this type of transaction."},
		{"tax type does not fit", invoice("{c}", "AUTHORISED", "", line("1", "1", `,"TaxType":"INPUT"`)), "The TaxType code 'INPUT' cannot be used with account code '200'."},
		{"currency", invoice("{c}", "DRAFT", `"CurrencyCode":"EUR",`, good), "Organisation is not subscribed to currency EUR"},
		{"status", invoice("{c}", "PAID", "", good), "Invoice not of valid status for creation"},
		{"no lines", invoice("{c}", "DRAFT", ""), "One or more line items must be specified"},
		{"item", invoice("{c}", "DRAFT", "", `{"ItemCode":"NOPE","Quantity":1}`), "Item code 'NOPE' is not valid"},
		{"negative total", invoice("{c}", "DRAFT", "", line("1", "-10", "")), "The total of the invoice must not be negative."},
		{"vendor's name in the link", invoice("{c}", "DRAFT", `"Url":"https://example.com/Xero/1",`, good), "The Url must not contain the word 'xero'."},
		{"number with an umlaut", invoice("{c}", "DRAFT", `"InvoiceNumber":"Ü1",`, good), "The InvoiceNumber may only contain printable ASCII characters."},
		{"long reference", invoice("{c}", "DRAFT", `"Reference":"`+strings.Repeat("r", 256)+`",`, good), "The Reference exceeds the maximum length of 255 characters."},
		{"no due date", `{"Type":"ACCREC","Status":"AUTHORISED","Contact":{"ContactID":"{c}"},"LineItems":[` + good + `]}`, "The due date must be specified."},
		{"no contact", `{"Type":"ACCREC","LineItems":[` + good + `]}`, "A Contact must be specified for this type of transaction"},
		{"discount on a bill", strings.Replace(invoice("{c}", "DRAFT", "", line("1", "10", `,"DiscountRate":0`)), "ACCREC", "ACCPAY", 1), "Discounts are only supported on sales invoices."},
		{"zero discount on a negative line", invoice("{c}", "DRAFT", "", good, line("1", "-1", `,"DiscountAmount":0`)), "The discount amount must be between zero and the line's amount."},
		{"three tracking categories", invoice("{c}", "DRAFT", "", line("1", "1", `,"Tracking":[{"Name":"a","Option":"b"},{"Name":"a","Option":"b"},{"Name":"a","Option":"b"}]`)), "A line item can have no more than two tracking categories."},
		{"sent while a draft", invoice("{c}", "DRAFT", `"SentToContact":true,`, good), "SentToContact can be set only on approved documents."},
		{"long description", invoice("{c}", "DRAFT", "", `{"Description":"`+strings.Repeat("d", 4001)+`"}`), "The description exceeds the maximum length of 4000 characters."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := free(t, nil)
			body := strings.ReplaceAll(c.body, "{c}", a.contact("Ada"))
			assert.Equal(t, []string{c.want}, a.refused("PUT", "/Invoices", body))
			assert.Empty(t, a.fake.Books().Invoices())
		})
	}
}

func TestUnknownFields(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	body := invoice(a.contact("Ada"), "DRAFT", `"Colour":"red",`, line("1", "10", ""))
	r := a.send("PUT", "/Invoices", body)
	assert.Equal(t, 400, r.status)
	assert.Contains(t, r.body, `"ErrorNumber":17,"Type":"PostDataInvalidException"`)
	assert.Contains(t, r.body, "Colour")
	assert.Empty(t, a.fake.Books().Invoices())

	lax := free(t, &xerofake.Options{Switches: xerofake.Switches{AllowUnknownFields: true}})
	lax.ok("PUT", "/Invoices", invoice(lax.contact("Ada"), "DRAFT", `"Colour":"red",`, line("1", "10", "")))
}

func TestReadInvoiceGoesBack(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	put := a.ok("PUT", "/Invoices", invoice(a.contact("Ada"), "AUTHORISED", "", line("2", "10", ""))).list("Invoices")[0]
	read := a.send("GET", "/Invoices/"+put.text("InvoiceID"), "")
	a.ok("POST", "/Invoices", read.body)
	got, _ := a.fake.Books().Invoice(put.text("InvoiceID"))
	assert.Equal(t, "22", got.Total.String())
	assert.Equal(t, put.list("LineItems")[0].text("LineItemID"), got.Lines[0].LineItemID)
}

func TestStatusMachine(t *testing.T) {
	t.Parallel()
	all := []string{"DRAFT", "SUBMITTED", "AUTHORISED", "DELETED", "VOIDED", "PAID"}
	allowed := map[string]string{
		"DRAFT": "DRAFT SUBMITTED AUTHORISED DELETED", "SUBMITTED": "DRAFT SUBMITTED AUTHORISED DELETED",
		"AUTHORISED": "AUTHORISED VOIDED", "PAID": "PAID", "DELETED": "", "VOIDED": "",
	}
	for _, from := range all {
		for _, to := range all {
			t.Run(from+" to "+to, func(t *testing.T) {
				t.Parallel()
				a := free(t, nil)
				start := map[string]string{"DELETED": "DRAFT", "VOIDED": "AUTHORISED", "PAID": "AUTHORISED"}[from]
				if start == "" {
					start = from
				}
				inv := a.ok("PUT", "/Invoices", invoice(a.contact("Ada"), start, "", line("1", "10", ""))).list("Invoices")[0]
				id := inv.text("InvoiceID")
				switch from {
				case "DELETED", "VOIDED":
					a.ok("POST", "/Invoices/"+id, fmt.Sprintf(`{"Status":%q}`, from))
				case "PAID":
					_, err := a.fake.Books().AddPayment(xerofake.Payment{InvoiceID: id, Amount: dec("11")})
					require.NoError(t, err)
				}
				body := fmt.Sprintf(`{"InvoiceID":%q,"Status":%q}`, id, to)
				if strings.Contains(" "+allowed[from]+" ", " "+to+" ") {
					got := a.ok("POST", "/Invoices", body).list("Invoices")[0]
					assert.Equal(t, to, got.text("Status"))
					return
				}
				assert.Contains(t, a.refused("POST", "/Invoices", body), "Invoice not of valid status for modification")
				after, _ := a.fake.Books().Invoice(id)
				assert.Equal(t, from, after.Status)
			})
		}
	}
}

func TestPaidInvoiceEdits(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, fields string
		sale, bill   bool // allowed on a part-paid one
	}{
		{"reference", `"Reference":"new"`, true, true}, // not a field of bills: ignored there
		{"due date", `"DueDate":"2026-05-01"`, true, false},
		{"number", `"InvoiceNumber":"N-77"`, true, false},
		{"link", `"Url":"https://example.com/1"`, true, false},
		{"line description", `"LineItems":[{"LineItemID":"{l}","Description":"other"}]`, true, false},
		{"line account", `"LineItems":[{"LineItemID":"{l}","AccountCode":"{other}"}]`, true, false},
		{"date", `"Date":"2026-03-03"`, false, false},
		{"unit amount", `"LineItems":[{"LineItemID":"{l}","UnitAmount":20}]`, false, false},
		{"another line", `"LineItems":[{"LineItemID":"{l}"},{"Description":"x","Quantity":1,"UnitAmount":0,"AccountCode":"200"}]`, false, false},
		{"void", `"Status":"VOIDED"`, false, false},
		{"line amount types", `"LineAmountTypes":"NoTax"`, false, false},
	}
	for _, typ := range []string{"ACCREC", "ACCPAY"} {
		for _, c := range cases {
			t.Run(typ+" "+c.name, func(t *testing.T) {
				t.Parallel()
				a := free(t, nil)
				code, other := "200", "260"
				if typ == "ACCPAY" {
					code, other = "400", "425"
				}
				body := strings.Replace(invoice(a.contact("Ada"), "AUTHORISED", "", strings.ReplaceAll(line("1", "10", ""), "200", code)), "ACCREC", typ, 1)
				inv := a.ok("PUT", "/Invoices", body).list("Invoices")[0]
				_, err := a.fake.Books().AddPayment(xerofake.Payment{InvoiceID: inv.text("InvoiceID"), Amount: dec("1")})
				require.NoError(t, err)
				fields := strings.NewReplacer("{l}", inv.list("LineItems")[0].text("LineItemID"), "{other}", other).Replace(c.fields)
				allowed := c.sale
				if typ == "ACCPAY" {
					allowed = c.bill
				}
				edit := fmt.Sprintf(`{"InvoiceID":%q,%s}`, inv.text("InvoiceID"), fields)
				if allowed {
					a.ok("POST", "/Invoices", edit)
					return
				}
				assert.Equal(t, []string{"Invoice not of valid status for modification", "This document cannot be edited as it has a payment or credit note allocated to it."}, a.refused("POST", "/Invoices", edit))
			})
		}
	}
}

func TestLineUpdates(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	inv := a.ok("PUT", "/Invoices", invoice(a.contact("Ada"), "DRAFT", "", line("1", "10", ""), line("1", "20", ""))).list("Invoices")[0]
	first, second := inv.list("LineItems")[0].text("LineItemID"), inv.list("LineItems")[1].text("LineItemID")
	id := inv.text("InvoiceID")

	// No lines at all: they stay.
	got := a.ok("POST", "/Invoices/"+id, `{"Reference":"r"}`).list("Invoices")[0]
	assert.Len(t, got.list("LineItems"), 2)

	// With id: updated. Without: new, and in front. Not mentioned: gone.
	got = a.ok("POST", "/Invoices/"+id, fmt.Sprintf(`{"LineItems":[{"LineItemID":%q,"UnitAmount":11},{"Description":"new","Quantity":1,"UnitAmount":5,"AccountCode":"200"}]}`, first)).list("Invoices")[0]
	lines := got.list("LineItems")
	require.Len(t, lines, 2)
	assert.Equal(t, "new", lines[0].text("Description"))
	assert.Equal(t, first, lines[1].text("LineItemID"))
	assert.NotEqual(t, second, lines[0].text("LineItemID"))
	assert.Equal(t, "16.00", got.text("SubTotal"))
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada, bob := a.contact("Ada"), a.contact("Bob")
	one := a.ok("PUT", "/Invoices", invoice(ada, "AUTHORISED", "", line("1", "10", ""))).list("Invoices")[0]
	assert.Equal(t, "INV-0001", one.text("InvoiceNumber"))
	assert.Equal(t, []string{"Invoice # must be unique."}, a.refused("PUT", "/Invoices", invoice(bob, "AUTHORISED", `"InvoiceNumber":"inv-0001",`, line("1", "99", ""))))

	// The trap of POST: a stranger's invoice of that number is overwritten.
	trapped := a.ok("POST", "/Invoices", invoice(bob, "AUTHORISED", `"InvoiceNumber":"INV-0001",`, line("1", "99", ""))).list("Invoices")[0]
	assert.Equal(t, one.text("InvoiceID"), trapped.text("InvoiceID"))
	assert.Len(t, a.fake.Books().Invoices(), 1)

	// An automatic number skips what is taken; a bill's number is free.
	a.ok("PUT", "/Invoices", invoice(ada, "DRAFT", `"InvoiceNumber":"INV-0002",`, line("1", "1", "")))
	assert.Equal(t, "INV-0003", a.ok("PUT", "/Invoices", invoice(ada, "DRAFT", "", line("1", "1", ""))).list("Invoices")[0].text("InvoiceNumber"))
	bill := strings.Replace(invoice(ada, "DRAFT", `"InvoiceNumber":"INV-0001",`, `{"Description":"x"}`), "ACCREC", "ACCPAY", 1)
	a.ok("PUT", "/Invoices", bill)
	a.ok("PUT", "/Invoices", bill)

	// A voided invoice keeps its number, a deleted one gives it back.
	a.ok("POST", "/Invoices/"+one.text("InvoiceID"), `{"Status":"VOIDED"}`)
	a.refused("PUT", "/Invoices", invoice(ada, "DRAFT", `"InvoiceNumber":"INV-0001",`, line("1", "1", "")))
	draft, _ := a.fake.Books().Invoice("INV-0002")
	a.ok("POST", "/Invoices/"+draft.ID, `{"Status":"DELETED"}`)
	a.ok("PUT", "/Invoices", invoice(ada, "DRAFT", `"InvoiceNumber":"INV-0002",`, line("1", "1", "")))
}

func TestBatchesHideWhatWasCreated(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.contact("Ada")
	batch := fmt.Sprintf(`{"Invoices":[%s,%s,%s]}`, invoice(ada, "DRAFT", "", line("1", "1", "")), invoice(ada, "PAID", "", line("1", "2", "")), invoice(ada, "DRAFT", "", line("1", "3", "")))

	assert.Equal(t, []string{"Invoice not of valid status for creation"}, a.refused("PUT", "/Invoices", batch))
	assert.Len(t, a.fake.Books().Invoices(), 2, "the good ones are created all the same")

	got := a.ok("PUT", "/Invoices?summarizeErrors=false", batch).list("Invoices")
	require.Len(t, got, 3)
	var statuses []string
	for _, g := range got {
		statuses = append(statuses, g.text("StatusAttributeString"))
	}
	assert.Equal(t, []string{"OK", "ERROR", "OK"}, statuses)
	assert.Equal(t, "00000000-0000-0000-0000-000000000000", got[1].text("InvoiceID"))
	assert.Equal(t, "true", got[1].text("HasErrors"))
	assert.Len(t, a.fake.Books().Invoices(), 4)
}

func TestLockDates(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	ada := a.contact("Ada")
	inv := a.ok("PUT", "/Invoices", invoice(ada, "AUTHORISED", "", line("1", "10", ""))).list("Invoices")[0]
	require.NoError(t, a.fake.Books().SetLockDates("2026-03-02", "2025-06-30"))
	locked := []string{"The document date cannot be before the period lock date, currently set at 2 March 2026"}
	assert.Equal(t, locked, a.refused("PUT", "/Invoices", invoice(ada, "AUTHORISED", "", line("1", "10", ""))))
	assert.Equal(t, locked, a.refused("POST", "/Invoices/"+inv.text("InvoiceID"), `{"Status":"VOIDED"}`))
	pay := `{"Invoice":{"InvoiceID":"` + inv.text("InvoiceID") + `"},"Account":{"Code":"090"},"Amount":5,"Date":%q}`
	assert.Equal(t, locked, a.refused("PUT", "/Payments", fmt.Sprintf(pay, "2026-03-02")))
	paid := a.ok("PUT", "/Payments", fmt.Sprintf(pay, "2026-03-03")).list("Payments")[0]
	require.NoError(t, a.fake.Books().SetLockDates("2026-03-03", ""))
	assert.Len(t, a.refused("POST", "/Payments/"+paid.text("PaymentID"), `{"Status":"DELETED"}`), 1)
	assert.Contains(t, a.send("GET", "/Organisation", "").body, `"PeriodLockDate":"/Date(1772496000000+0000)/"`)
}

func TestItemDefaultsAndUnitPlaces(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	inv := a.ok("PUT", "/Invoices?unitdp=4", invoice(a.contact("Ada"), "AUTHORISED", "", `{"ItemCode":"WIDGET","Quantity":2}`, line("1", "0.1250", ""))).list("Invoices")[0]
	l := inv.list("LineItems")
	assert.Equal(t, "A widget", l[0].text("Description"))
	assert.Equal(t, "19.9500", l[0].text("UnitAmount"))
	assert.Equal(t, "39.90", l[0].text("LineAmount"))
	assert.Equal(t, "OUTPUT", l[0].text("TaxType"))
	assert.Equal(t, "0.1250", l[1].text("UnitAmount"))
	two := a.ok("GET", "/Invoices/"+inv.text("InvoiceID"), "").list("Invoices")[0].list("LineItems")
	assert.Equal(t, "0.13", two[1].text("UnitAmount"), "without unitdp=4 reading rounds")
}

func TestForeignCurrency(t *testing.T) {
	t.Parallel()
	a := free(t, &xerofake.Options{Organisations: []xerofake.Organisation{{Currencies: []string{"USD"}, DayRates: map[string]decimal.Decimal{"USD": dec("0.65")}}}})
	inv := a.ok("PUT", "/Invoices", invoice(a.contact("Ada"), "AUTHORISED", `"CurrencyCode":"USD",`, line("1", "130", `,"TaxType":"EXEMPTEXPORT"`))).list("Invoices")[0]
	assert.Equal(t, "0.650000", inv.text("CurrencyRate"))
	paid := a.ok("PUT", "/Payments", `{"Invoice":{"InvoiceID":"`+inv.text("InvoiceID")+`"},"Account":{"Code":"090"},"Amount":65,"Date":"2026-03-04","CurrencyRate":0.5}`).list("Payments")[0]
	assert.Equal(t, "65.00", paid.text("Amount"))
	assert.Equal(t, "130.00", paid.text("BankAmount"), "65 USD at 0.5 USD per AUD")
}
