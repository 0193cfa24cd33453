package xerofake_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoadDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, body := range map[string]string{
		"TaxRates.json": `{"TaxRates":[{"Name":"15% GST on Income","TaxType":"OUTPUT2","Status":"ACTIVE","EffectiveRate":15.0000,"CanApplyToRevenue":true}]}`,
		"Invoices.json": `{"Id":"x","Status":"OK","Invoices":[{"Type":"ACCREC","InvoiceID":"046D8A6D-1AE1-4B4D-9340-5601BDF41B87","InvoiceNumber":"INV-0002",
			"Payments":[{"PaymentID":"99ea7f6b-c513-4066-bc27-b7c65dcd76c2","Date":"/Date(1543449600000+0000)/","Amount":46.00,"CurrencyRate":1.000000}],
			"AmountDue":0.00,"AmountPaid":46.00,"Contact":{"ContactID":"a3675fc4-f8dd-4f03-ba5b-f1870566bcd7","Name":"Barney Rubble"},
			"Date":"/Date(1539993600000+0000)/","DueDate":"/Date(1546128000000+0000)/","Status":"PAID","LineAmountTypes":"Exclusive",
			"LineItems":[{"Description":"Acme Tires","UnitAmount":20.00,"TaxType":"OUTPUT2","TaxAmount":6.00,"LineAmount":40.00,"AccountCode":"200","Quantity":2.0000}],
			"SubTotal":40.00,"TotalTax":6.00,"Total":46.00,"UpdatedDateUTC":"/Date(1541176592690+0000)/","CurrencyCode":"AUD","FullyPaidOnDate":"/Date(1543449600000+0000)/"}]}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600))
	}
	a := free(t, nil)
	require.NoError(t, a.fake.Books().LoadDir(dir))
	inv := a.ok("GET", "/Invoices/INV-0002", "").list("Invoices")[0]
	assert.Equal(t, "46.00", inv.text("Total"))
	assert.Equal(t, "/Date(1541176592690+0000)/", inv.text("UpdatedDateUTC"))
	assert.Equal(t, "2018-11-02T16:36:32Z", inv.text("UpdatedDateUTCString"))
	assert.Equal(t, "Barney Rubble", inv.text("Contact.Name"))
	assert.Len(t, inv.list("Payments"), 1)
	assert.Len(t, a.ok("GET", "/Payments", "").list("Payments"), 1)
	rate := a.ok("GET", "/TaxRates/OUTPUT2", "").list("TaxRates")[0]
	assert.Equal(t, "15.0000", rate.text("EffectiveRate"))
}

func TestEmailHistoryPDF(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	id := a.approved(a.contact("Ada"), "10")
	assert.Equal(t, 204, a.send("POST", "/Invoices/"+id+"/Email", "").status)
	a.ok("PUT", "/Invoices/"+id+"/History", `{"HistoryRecords":[{"Details":"Hello World"}]}`)
	records := a.ok("GET", "/Invoices/"+id+"/History", "").list("HistoryRecords")
	assert.Equal(t, "Hello World", records[0].text("Details"))
	assert.Equal(t, "Invoice Sent", records[1].text("Changes"))
	assert.Contains(t, a.ok("GET", "/Invoices/"+id+"/OnlineInvoice", "").list("OnlineInvoices")[0].text("OnlineInvoiceUrl"), "https://in.xero.com/")
	pdf := a.send("GET", "/Invoices/"+id, "", "Accept", "application/pdf")
	assert.Equal(t, "application/pdf", pdf.header.Get("Content-Type"))
	assert.Contains(t, pdf.body, "%PDF-1.4")
	assert.Equal(t, 404, a.send("GET", "/Invoices/"+id+"/pdf", "", "Accept", "application/pdf").status)
}
