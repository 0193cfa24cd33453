package xerofake_test

import (
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func TestInvoiceLists(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, &xerofake.Options{Tokens: []xerofake.Token{{Bearer: "token", AppID: "mine"}, {Bearer: "other", AppID: "theirs"}}})
		ada, bob := a.contact("Ada O'Hara"), a.contact("Bob")
		var ids []string
		for i := range 5 {
			time.Sleep(10 * time.Second)
			who := ada
			if i%2 == 1 {
				who = bob
			}
			ids = append(ids, a.ok("PUT", "/Invoices", invoice(who, "AUTHORISED", fmt.Sprintf(`"Reference":"R%d","CurrencyRate":1,`, i), line("1", fmt.Sprint(10*(i+1)), `,"TaxType":"NONE"`))).list("Invoices")[0].text("InvoiceID"))
		}
		third := time.Now().UTC().Add(-20 * time.Second)
		a.ok("PUT", "/Payments", payment(ids[0], "10", ""))

		count := func(query string, headers ...string) int {
			t.Helper()
			return len(a.ok("GET", "/Invoices?"+query, "", headers...).list("Invoices"))
		}
		for where, want := range map[string]int{
			`Status=="AUTHORISED"`: 4, `Status="PAID"`: 1, `AmountDue > 20`: 3, `AmountDue>=20.00 AND AmountDue<=30`: 2,
			`Contact.Name=="ada o'hara"`: 3, `Contact.ContactID==guid("` + bob + `")`: 2, `InvoiceID=Guid("` + ids[1] + `")`: 1,
			`InvoiceId==guid("` + ids[1] + `") OR InvoiceId==guid("` + ids[2] + `")`: 2, `Date>=DateTime(2026,03,02) && Date<DateTime(2026, 3, 3)`: 5,
			`DueDate<DateTime(2026,03,31)`: 0, `Reference=="R3"`: 1, `Reference.StartsWith("r")`: 5, `InvoiceNumber!="INV-0001"`: 4, `Type=="ACCPAY"`: 0,
			`(Reference=="R1" || Reference=="R2") && !(AmountDue=30)`: 1, `FullyPaidOnDate==null`: 4, `AmountPaid!=0`: 1,
		} {
			assert.Equal(t, want, count("where="+url.QueryEscape(where)), where)
		}
		assert.Equal(t, 2, count("IDs="+ids[1]+","+ids[3]))
		assert.Equal(t, 1, count("IDs="+ids[1]+"&IDs="+ids[3]), "a repeated parameter is ignored")
		assert.Equal(t, 2, count("InvoiceNumbers=INV-0001,INV-0005"))
		assert.Equal(t, 2, count("ContactIDs="+bob))
		assert.Equal(t, 1, count("Statuses=PAID,VOIDED"))
		assert.Equal(t, 5, count("createdByMyApp=true"))
		assert.Equal(t, 1, count("searchTerm=r4"))
		since := third.Format("2006-01-02T15:04:05")
		assert.Equal(t, 4, count("", "If-Modified-Since", since), "the third, fourth, fifth, and the first, which was paid")
		assert.Equal(t, 5, count("If-Modified-Since="+since), "as a parameter it is ignored")

		page := a.ok("GET", "/Invoices?page=2&pageSize=2&order=InvoiceNumber%20DESC", "")
		assert.Equal(t, "INV-0003", page.list("Invoices")[0].text("InvoiceNumber"))
		assert.Equal(t, "3", page.text("pagination.pageCount"))
		assert.Equal(t, "5", page.text("pagination.itemCount"))
		assert.NotEmpty(t, page.list("Invoices")[0].list("LineItems"))
		assert.Equal(t, 0, count("page=4&pageSize=2"))
		assert.Equal(t, 400, a.send("GET", "/Invoices?pageSize=1001", "").status)

		unpaged := a.ok("GET", "/Invoices", "")
		assert.Empty(t, unpaged.list("Invoices")[0].list("LineItems"), "a list without page has no lines")
		assert.Empty(t, unpaged.text("pagination"))
		assert.NotEmpty(t, a.ok("GET", "/Invoices?Statuses=PAID", "").list("Invoices")[0].list("LineItems"), "Statuses force paging")
		assert.NotContains(t, a.send("GET", "/Invoices?summaryOnly=true", "").body, "LineItems")

		a.client = a.fake.Client("other")
		assert.Equal(t, 0, count("createdByMyApp=true"))
	})
}

func TestModifiedSinceBoundary(t *testing.T) {
	t.Parallel()
	for _, exclusive := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a := free(t, &xerofake.Options{Switches: xerofake.Switches{ModifiedSinceExclusive: exclusive}})
			a.approved(a.contact("Ada"), "1")
			got := a.ok("GET", "/Invoices", "", "If-Modified-Since", time.Now().UTC().Format("2006-01-02T15:04:05"))
			assert.Len(t, got.list("Invoices"), map[bool]int{false: 1, true: 0}[exclusive])
		})
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	for where, want := range map[string]string{
		`Date>"2026-01-01"`:        "Operator '>' incompatible with operand types 'DateTime?' and 'String'",
		`InvoiceID=="x"`:           "Operator '==' incompatible with operand types 'Guid' and 'String'",
		`Nope=="x"`:                "No property or field 'Nope' exists in type 'Invoice'",
		`Status==`:                 "Expression expected",
		`Status`:                   "Expression of type 'Boolean' expected",
		`Status=="a" Status=="b"`:  "Syntax error at 'Status'",
		`Date>DateTime(2026,2,30)`: "Invalid DateTime",
		`Name="`:                   "Unterminated string literal",
	} {
		r := a.send("GET", "/Invoices?where="+url.QueryEscape(where), "")
		require.Equal(t, 400, r.status)
		got := decode(t, r.body)
		assert.Equal(t, "16", got.text("ErrorNumber"))
		assert.Equal(t, "QueryParseException", got.text("Type"))
		assert.Equal(t, want, got.text("Message"))
	}
}

func TestHighVolume(t *testing.T) {
	t.Parallel()
	a := free(t, &xerofake.Options{Switches: xerofake.Switches{HighVolumeRows: 2}})
	ada := a.contact("Ada")
	for range 3 {
		a.approved(ada, "1")
	}
	for _, query := range []string{"", "page=1&where=Total%3E0", "page=1&order=Total"} {
		r := a.send("GET", "/Invoices?"+query, "")
		assert.Equal(t, 400, r.status, query)
		assert.Contains(t, r.body, "HighVolumeException")
	}
	a.ok("GET", `/Invoices?page=1&where=AmountDue%3E0&order=Date`, "")
}

func many(t testing.TB, n int) *api {
	a := free(t, nil)
	ada := a.contact("Ada")
	for range n {
		_, err := a.fake.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: ada, Lines: []xerofake.Line{{Description: "x", AccountCode: "200", UnitAmount: dec("10")}}}})
		require.NoError(t, err)
	}
	return a
}

func TestPagesHoldEveryInvoiceOnce(t *testing.T) {
	t.Parallel()
	a := many(t, 2_350)
	seen := map[string]bool{}
	for page, want := range []int{1000, 1000, 350, 0} {
		rows := a.ok("GET", fmt.Sprintf("/Invoices?pageSize=1000&page=%d", page+1), "").list("Invoices")
		require.Len(t, rows, want)
		for _, r := range rows {
			seen[r.text("InvoiceID")] = true
		}
	}
	assert.Len(t, seen, 2_350)
}

func BenchmarkTwentyThousandInvoices(b *testing.B) {
	a := many(b, 20_000)
	for name, path := range map[string]string{
		"page": "/Invoices?pageSize=100&page=150", "where": "/Invoices?page=1&where=InvoiceNumber%3D%22INV-19999%22", "number": "/Invoices/INV-19999",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				a.send("GET", path, "")
			}
		})
	}
}
