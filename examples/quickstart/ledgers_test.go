package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/shop"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

func TestLedgerFlags(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	for _, c := range []struct{ args, says string }{
		{"-ledger sage", "choose xero or quickbooks"},
		{"-ledger=", "-ledger is empty"},
		{"-ledger quickbooks -account 200", "-account is for -ledger xero"},
		{"-ledger xero -item Sales", "-item is for -ledger quickbooks"},
		{"-ledger quickbooks -db " + db + " -ledger-url https://api.xero.com", "is Xero's, and this is -ledger quickbooks"},
		{"-db " + db + " -ledger-url https://quickbooks.api.intuit.com", "is QuickBooks', and this is -ledger xero"},
		{"-ledger quickbooks -db " + db + " -source-url https://quickbooks.api.intuit.com", "takes Infusionsoft's URL"},
	} {
		_, err := parse(strings.Fields(c.args), func(string) string { return "any" }, io.Discard)
		require.ErrorContains(t, err, c.says, c.args)
		var usage *command.UsageError
		require.ErrorAs(t, err, &usage, c.args)
	}
	for missing, says := range map[string]string{"QUICKBOOKS_TOKEN": "set QUICKBOOKS_TOKEN", "QUICKBOOKS_REALM_ID": "set QUICKBOOKS_REALM_ID"} {
		env := func(name string) string {
			if name == missing || strings.HasPrefix(name, "XERO") {
				return ""
			}
			return "any"
		}
		_, err := parse([]string{"-ledger", "quickbooks", "-db", db, "-ledger-url", "https://quickbooks.api.intuit.com"}, env, io.Discard)
		require.ErrorContains(t, err, says)
	}
	c, err := parse([]string{"-ledger", "quickbooks", "-item", "Online", "-db", db}, func(string) string { return "" }, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{"Online", world.UntaxedItem, "", "TAX", "NON"}, []string{c.item, c.untaxedItem, c.shippingItem, c.taxCode, c.noTaxCode})
}

// What was pushed into one ledger is not pushed into another from the same file, whether it was pinned already or not.
func TestAnotherLedger(t *testing.T) {
	t.Parallel()
	for _, way := range [][2]world.Ledger{{world.Xero, world.QuickBooks}, {world.QuickBooks, world.Xero}} {
		for _, first := range [][]string{{"-orders", "3"}, {"-orders", "3", "-preview"}} {
			db := filepath.Join(t.TempDir(), "shop.db")
			start(t, append([]string{"-db", db, "-ledger", string(way[0])}, first...)...).mustSucceed(t)
			r := start(t, "-db", db, "-ledger", string(way[1]))
			require.Equal(t, command.Usage, r.code, r.err)
			require.Contains(t, r.err, "-ledger "+string(way[0]))
			require.Contains(t, r.err, "another file with -db")
			require.NoFileExists(t, shop.LedgerFile(db, way[1]))
			start(t, "-db", db, "-ledger", string(way[0])).mustSucceed(t)
		}
	}
}

func TestLostCompany(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	start(t, "-db", db, "-ledger", "quickbooks", "-orders", "6").mustSucceed(t)
	require.NoError(t, os.Remove(shop.LedgerFile(db, world.QuickBooks)))
	r := start(t, "-db", db, "-ledger", "quickbooks")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "the fake QuickBooks no longer has")
	require.Contains(t, r.err, shop.LedgerFile(db, world.QuickBooks))
}

// Past 40 batches a minute the program waits, and says for what.
func TestWaitsForBatches(t *testing.T) {
	if testing.Short() {
		t.Skip("takes its time under the race detector; smaller worlds have what runs at once")
	}
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "-db", filepath.Join(t.TempDir(), "shop.db"), "-ledger", "quickbooks", "-orders", "620")
		r.mustSucceed(t)
		require.Regexp(t, `waiting [0-9]+s for QuickBooks' limit of batches a minute`, r.err)
		require.Contains(t, r.out, "difference 0 cents")
	})
}

// A company that is somebody else's server: over a socket, with a token and a realm id.
func TestCompanyElsewhere(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	one, other := world.Company("9341450000000001"), world.Company("9341450000000002")
	one.Name, other.Name = "One", "Other"
	f, err := quickbooksfake.New(&quickbooksfake.Options{
		Companies: []quickbooksfake.Company{one, other}, Tokens: []quickbooksfake.Token{{Bearer: "right"}, {Bearer: "ones", Realms: []string{one.RealmID}}},
	})
	require.NoError(t, err)
	s, err := f.Listen()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	run := func(realm, token string, args ...string) result {
		var out, err bytes.Buffer
		env := map[string]string{"QUICKBOOKS_TOKEN": token, "QUICKBOOKS_REALM_ID": realm}
		p := program{
			args: append([]string{"-db", db, "-ledger", "quickbooks", "-ledger-url", s.URL}, args...),
			env:  func(k string) string { return env[k] }, out: &out, err: &err, direct: true,
		}
		code := p.run(context.Background())
		return result{code: code, out: out.String(), err: err.String()}
	}
	r := run(one.RealmID, "wrong", "-orders", "4")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "QUICKBOOKS_TOKEN")
	require.NotContains(t, r.err, "wrong")

	r = run(other.RealmID, "ones", "-orders", "4")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "QUICKBOOKS_REALM_ID", "the token is another company's")

	r = run(one.RealmID, "right", "-orders", "4")
	require.Equal(t, command.Done, r.code, r.err)
	require.NotEmpty(t, f.BooksOf("One").Invoices())

	writes := f.Writes()
	r = run(other.RealmID, "right")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "belongs to another organisation")
	require.Contains(t, r.err, one.RealmID)
	require.Contains(t, r.err, other.RealmID)
	require.Equal(t, writes, f.Writes())
	require.Empty(t, f.BooksOf("Other").Invoices())

	r = run(one.RealmID, "ones")
	require.Equal(t, command.Done, r.code, r.err)
	require.Equal(t, writes, f.Writes(), "nothing to do")
	require.NoFileExists(t, shop.LedgerFile(db, world.QuickBooks))
}

// The company has sales tax off: it is said beforehand, what bears tax waits, and both sides agree on the rest.
func TestSalesTaxOff(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	start(t, "-db", db, "-ledger", "quickbooks", "-orders", "100", "-preview").mustSucceed(t)
	tax := func(how quickbooksfake.SalesTax) {
		f := company(t, db)
		require.NoError(t, f.Books().EditCompany(func(c *quickbooksfake.Company) { c.SalesTax = how }))
		require.NoError(t, f.Close())
	}
	tax(quickbooksfake.SalesTaxOff)
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "-db", db, "-ledger", "quickbooks")
		r.mustSucceed(t)
		require.Contains(t, r.out, "sales tax is switched off in the ledger")
		require.Contains(t, r.out, "sales_tax_off")
		require.Contains(t, r.out, "difference 0 cents")
		r = start(t, "-db", db, "-ledger", "quickbooks", "-json")
		r.mustSucceed(t)
		require.Positive(t, r.json.Parked["sales_tax_off"])
		require.Zero(t, r.json.Created+r.json.Writes)
		require.LessOrEqual(t, r.json.ledgerCalls(), 3+5, "the chart's and the preferences' are for what may have been mended")
	})
	tax(quickbooksfake.SalesTaxAutomated)
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "-db", db, "-ledger", "quickbooks", "-json")
		r.mustSucceed(t)
		require.Positive(t, r.json.Created)
		require.Zero(t, r.json.Parked["sales_tax_off"]+int(r.json.Difference))
		sameRecords(t, db, expected(t, db))
	})
}
