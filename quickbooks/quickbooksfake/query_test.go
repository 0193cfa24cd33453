package quickbooksfake_test

import (
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

func TestQueryLanguage(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	names := []string{"Adam's Candy Shop", `back\slash`, "Ångström", "R & B", "50% off", "Zoë 🙂"}
	ids := map[string]string{}
	for _, n := range names {
		ids[n] = a.customer(n)
	}
	for statement, want := range map[string][]string{
		`select * from Customer where DisplayName = 'Adam\'s Candy Shop'`:              {names[0]},
		`SELECT * FROM customer WHERE displayname = 'adam\'s candy shop'`:              {names[0]},
		`select * from Customer where DisplayName = 'back\\slash'`:                     {names[1]},
		`select * from Customer where DisplayName = 'back\slash'`:                      {names[1]},
		`select * from Customer where DisplayName = 'R & B'`:                           {names[3]},
		`select * from Customer where DisplayName LIKE '%a%shop'`:                      {names[0]},
		`select * from Customer where DisplayName in ('R & B', 'Ångström')`:            {names[3], names[2]},
		`select * from Customer where DisplayName = 'zoë 🙂'`:                           {names[5]},
		`select * from Customer where DisplayName > 'r' orderby DisplayName`:           {names[3], names[5], names[2]},
		`select * from Customer orderby DisplayName desc maxresults 1`:                 {names[2]},
		`select * from Customer ORDER BY DisplayName MAXRESULTS 1`:                     {names[4]},
		`select * from Customer MAXRESULTS 2 STARTPOSITION 3`:                          {names[1], names[3]},
		`select * from Customer where Balance > '0'`:                                   {},
		`select * from Customer where Balance = 0 and Active = true maxresults 1`:      {names[4]},
		`select * from Customer where MetaData.CreateTime > '2020-01-01' maxresults 1`: {names[4]},
		`select * from Customer where Id in ('` + ids[names[0]] + `')`:                 {names[0]},
	} {
		expect := []string{}
		for _, n := range want {
			expect = append(expect, ids[n])
		}
		assert.Equal(t, expect, a.rows("Customer", statement), statement)
	}
	for statement, want := range map[string][2]string{
		`select * from Custmoer`:                                        {"4001", "QueryValidationError: invalid context declaration: Custmoer"},
		`select * from Customer startposition 0`:                        {"4001", "QueryValidationError: value 0 is too small. Min allowed value is 1"},
		`select * from Customer maxresults 1001`:                        {"4001", "too large"},
		`select * from Payment where UnappliedAmt > '0'`:                {"4001", "QueryValidationError: property 'UnappliedAmt' is not queryable"},
		`select * from Customer where Notes = 'x'`:                      {"4001", "'Notes' is not queryable"},
		`select * from Customer where Nonsense = 'x'`:                   {"4001", "Property Nonsense not found for Entity Customer"},
		`select * from Customer orderby PrimaryEmailAddr`:               {"4001", "not sortable"},
		`select * from Customer where Id > '5'`:                         {"4001", "Id"},
		`select * from Customer where Id != '5'`:                        {"4001", "Id"},
		`select * from Customer where Balance > 'x'`:                    {"4001", "Balance"},
		`select * from Invoice where TxnDate > '2026-13-01'`:            {"4001", "TxnDate"},
		`select * from Invoice where MetaData.LastUpdatedTime > 'noon'`: {"4001", "MetaData.LastUpdatedTime"},
		`select * from Customer where DisplayName = 'O''Brien'`:         {"4000", "QueryParserError"},
		`select * from Customer where DisplayName = 'ends\'`:            {"4000", "QueryParserError"},
		`select * from Customer where DisplayName = 'O’Brien'`:          {"4000", "QueryParserError"},
		`select * from Customer where DisplayName = Brien`:              {"4000", "QueryParserError"},
		`select Id from Customer`:                                       {"4000", "QueryParserError"},
		`select * from Customer where Id = '1' or Id = '2'`:             {"4000", "QueryParserError"},
		`select * from Customer order Id`:                               {"4000", "BY"},
		`select * from Customer group by Id`:                            {"4000", "QueryParserError"},
		`select * from Customer where`:                                  {"4000", "QueryParserError"},
		`select * from Customer;`:                                       {"4000", "QueryParserError"},
		`delete from Customer`:                                          {"4000", "QueryParserError"},
	} {
		r := a.query(statement)
		require.Equal(t, 400, r.status, statement)
		e := decode(t, r.body).object("Fault").list("Error")[0]
		assert.Equal(t, want[0], e.text("code"), statement)
		assert.Contains(t, e.text("Detail"), want[1], statement)
	}

	assert.JSONEq(t, `{"totalCount":6}`, rawResponse(t, a.query("select count(*) from Customer").body))
	assert.JSONEq(t, `{}`, rawResponse(t, a.query("select * from Vendor").body), "no entity at all")
	bare := a.send("GET", "/query", "")
	assert.Equal(t, 200, bare.status)
	assert.Contains(t, bare.body, `"type":"SystemFault"`)
	posted := a.send("POST", "/query", "select count(*) from Customer", "Content-Type", "application/text")
	assert.Contains(t, posted.body, `"totalCount":6`)
	posted = a.send("POST", "/query?query="+url.QueryEscape("select count(*) from Customer"), "", "Content-Type", "text/plain")
	assert.Contains(t, posted.body, `"totalCount":6`)
	assert.Equal(t, 0, a.fake.Writes())

	// What node-quickbooks sends: lower case, format=json, no Accept of its own.
	node := a.send("GET", "/query?minorversion=75&format=json&query=select%20*%20from%20customer%20where%20DisplayName%20%3D%20%27R%20%26%20B%27%20orderby%20Id%20asc%20startposition%201%20maxresults%201000", "", "Accept", "*/*")
	assert.Equal(t, 200, node.status, node.body)
	loose := free(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{UnicodePunctuation: true}})
	assert.Equal(t, 200, loose.query(`select * from Customer where DisplayName = 'O’Brien'`).status)
}

func rawResponse(t *testing.T, body string) string {
	t.Helper()
	return fmt.Sprint(jsonOf(t, decode(t, body)["QueryResponse"]))
}

func TestOrders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, nil)
		zed, ada := a.customer("zed"), a.customer("Ada")
		assert.Equal(t, []string{ada, zed}, a.rows("Customer", "select * from Customer"), "by name, in any case")
		var ids []string
		for range 3 {
			time.Sleep(time.Second)
			ids = append(ids, a.ok("POST", "/invoice", invoice(ada, "", line("1", "")), "Invoice").text("Id"))
		}
		assert.Equal(t, []string{ids[2], ids[1], ids[0]}, a.rows("Invoice", "select * from Invoice"), "newest change first")
		a.ok("POST", "/invoice", `{"Id":"`+ids[0]+`","SyncToken":"0","sparse":true,"PrivateNote":"x"}`, "Invoice")
		assert.Equal(t, []string{ids[0], ids[2], ids[1]}, a.rows("Invoice", "select * from Invoice"), "an edited row jumps to the front")
		assert.Equal(t, ids, a.rows("Invoice", "select * from Invoice orderby Id"))
		got := decode(t, a.query("select * from Invoice startposition 2 maxresults 50").body).object("QueryResponse")
		assert.Equal(t, "2", got.text("startPosition"))
		assert.Equal(t, "2", got.text("maxResults"), "the rows, not the limit")
		assert.Equal(t, "3", got.text("totalCount"))
		assert.Empty(t, decode(t, a.query("select * from Customer").body).object("QueryResponse").text("totalCount"))
	})
}

func TestTextOrderOfIDs(t *testing.T) {
	t.Parallel()
	for numeric, want := range map[bool][]string{false: {"100", "9"}, true: {"9", "100"}} {
		a := free(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{NumericIDOrder: numeric}})
		load(t, a, `{"QueryResponse":{"Vendor":[{"Id":"9","DisplayName":"a","SyncToken":"0"},{"Id":"100","DisplayName":"b","SyncToken":"0"}]}}`)
		assert.Equal(t, want, a.rows("Vendor", "select * from Vendor orderby Id"))
	}
}

func TestChangeDataCapture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := free(t, nil)
		ada := a.customer("Ada")
		var ids []string
		for range 3 {
			time.Sleep(time.Minute)
			ids = append(ids, a.ok("POST", "/invoice", invoice(ada, "", line("1", "")), "Invoice").text("Id"))
		}
		since := time.Now().Add(-time.Minute)
		time.Sleep(time.Minute)
		a.ok("POST", "/invoice?operation=void", `{"Id":"`+ids[0]+`","SyncToken":"0"}`, "Invoice")
		a.send("POST", "/invoice?operation=delete", `{"Id":"`+ids[1]+`","SyncToken":"0"}`)
		cdc := func(entities string, since time.Time) response {
			return a.send("GET", "/cdc?entities="+entities+"&changedSince="+url.QueryEscape(since.Format(time.RFC3339)), "")
		}
		r := cdc("Customer,invoice,Payment", since)
		require.Equal(t, 200, r.status, r.body)
		groups := decode(t, r.body).list("CDCResponse")[0].list("QueryResponse")
		require.Len(t, groups, 3)
		assert.Len(t, groups[0].list("Customer"), 1, "new invoices move their customer")
		got := groups[1].list("Invoice")
		require.Len(t, got, 3)
		assert.Equal(t, []string{ids[2], ids[0], ids[1]}, []string{got[0].text("Id"), got[1].text("Id"), got[2].text("Id")}, "by time of change, deleted ones last")
		assert.Equal(t, "0", got[1].text("TotalAmt"), "voided is not deleted")
		assert.Equal(t, answer{"domain": "QBO", "status": "Deleted", "Id": ids[1], "MetaData": got[2]["MetaData"]}, got[2])
		assert.NotEmpty(t, got[2].text("MetaData.LastUpdatedTime"))
		assert.Equal(t, "3", groups[1].text("maxResults"))
		assert.Equal(t, answer{}, groups[2])

		for _, bad := range []string{"/cdc?entities=TaxCode&changedSince=2026-01-01", "/cdc?entities=Invoice", "/cdc?changedSince=2026-01-01",
			"/cdc?entities=Invoice&changedSince=2000-01-01T00:00:00+02:00", "/cdc?entities=Nonsense&changedSince=2026-01-01"} {
			assert.Equal(t, 400, a.send("GET", bad, "").status, bad)
		}
		assert.Equal(t, 200, cdc("Invoice", time.Now().Add(-30*24*time.Hour)).status)
		assert.Equal(t, 400, cdc("Invoice", time.Now().Add(-31*24*time.Hour)).status)
	})
}

func TestThousandChanges(t *testing.T) {
	t.Parallel()
	for each, want := range map[bool][]string{false: {"1000", ""}, true: {"1000", "2"}} {
		a := free(t, &quickbooksfake.Options{Switches: quickbooksfake.Switches{CDCLimitPerEntity: each}})
		for i := range 1002 {
			a.customer(fmt.Sprintf("Customer %04d", i))
		}
		for i := range 2 {
			_, err := a.books.AddVendor(quickbooksfake.Vendor{Party: quickbooksfake.Party{DisplayName: fmt.Sprint("Vendor ", i)}})
			require.NoError(t, err)
		}
		groups := decode(t, a.send("GET", "/cdc?entities=Customer,Vendor&changedSince="+time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z"), "").body).list("CDCResponse")[0].list("QueryResponse")
		assert.Equal(t, want, []string{groups[0].text("maxResults"), groups[1].text("maxResults")})
	}
}
