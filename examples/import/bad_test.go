package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/lock"
	"github.com/invoicesync/invoicesync/examples/internal/receivables"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func TestBadFlags(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for _, c := range []struct{ args, says string }{
		{"-nonsense", "nonsense"},
		{"extra", `"extra" is no flag`},
		{"-ledger sage", "choose xero or quickbooks"},
		{"-invoices 0", "choose 1 to 100000"},
		{"-invoices 100001", "choose 1 to 100000"},
		{"-invoices many", "-invoices"},
		{"-budget 0", "-budget 0: choose 1 or more, or -1"},
		{"-budget -2", "-budget -2: choose"},
		{"-seed -1", "-seed"},
		{"-tax OUTPUT", "-tax is for a -ledger-url"},
		{"-db=", "-db is empty"},
		{"-db " + filepath.Join(empty, "no", "a.db"), "make it first"},
		{"-db " + empty, "is a folder"},
		{"-db :memory:", "name a file"},
		{"-ledger-url=", "-ledger-url is empty"},
		{"-ledger-url https://api.xero.com", "needs -db"},
		{"-db x.db -ledger-url https://api.xero.com", "set XERO_TOKEN"},
		{"-db x.db -ledger quickbooks -ledger-url https://quickbooks.api.intuit.com", "set QUICKBOOKS_TOKEN"},
		{"-db x.db -ledger-url https://api.xero.com -invoices 5", "leave -invoices and -seed out"},
	} {
		r := start(t, strings.Fields(c.args)...)
		require.Equal(t, command.Usage, r.code, "%s: %s", c.args, r.err)
		require.Contains(t, r.err, c.says, c.args)
	}
	for says, args := range map[string][]string{
		"is QuickBooks', and": {"-db", "x.db", "-ledger-url", "https://quickbooks.api.intuit.com"},
		"is no URL":           {"-db", "x.db", "-ledger-url", "api.xero.com"},
	} {
		r := startWith(t.Context(), t, program{args: args, env: func(string) string { return "any" }})
		require.Equal(t, command.Usage, r.code)
		require.Contains(t, r.err, says)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	t.Parallel()
	r := start(t, "-help")
	require.Equal(t, command.Done, r.code)
	require.Contains(t, r.err, "-budget")
}

// Two processes on one file: the second ends at once, and has touched nothing.
func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	held, err := lock.Take(db)
	require.NoError(t, err)
	r := start(t, "-db", db, "-invoices", "3")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "another run")
	require.NoFileExists(t, receivables.BooksFile(db, world.Xero))
	require.NoError(t, held.Release())
	start(t, "-db", db, "-invoices", "3").mustSucceed(t)

	require.NoError(t, os.WriteFile(db+".lock", []byte("4711\n"), 0o600))
	r = start(t, "-db", db)
	r.mustSucceed(t)
	require.Contains(t, r.err, "was cut off")
}

func TestOtherBooks(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	start(t, "-db", db, "-invoices", "5", "-seed", "3").mustSucceed(t)
	start(t, "-db", db, "-invoices", "5", "-seed", "3").mustSucceed(t)
	for says, more := range map[string][]string{
		"-invoices 5 -seed 3": {"-invoices", "6"}, "with -ledger xero": {"-ledger", "quickbooks"}, "for the first run": {"-all"},
	} {
		r := start(t, append([]string{"-db", db}, more...)...)
		require.Equal(t, command.Usage, r.code, says)
		require.Contains(t, r.err, says)
	}
}

// What lies beside the store is missed where it is gone, and not made anew.
func TestLost(t *testing.T) {
	if testing.Short() {
		t.Skip("takes its time under the race detector; smaller worlds have what runs at once")
	}
	t.Parallel()
	for _, lose := range []func(string) error{os.Remove, func(file string) error { return os.Truncate(file, 0) }} {
		for _, of := range []func(string) string{
			func(db string) string { return receivables.BooksFile(db, world.QuickBooks) },
			func(db string) string { return hostFile(&config{db: db}) },
			receivables.ExpectedFile,
		} {
			db := filepath.Join(t.TempDir(), "a.db")
			start(t, "-db", db, "-ledger", "quickbooks", "-invoices", "50").mustSucceed(t)
			require.NoError(t, lose(of(db)))
			r := start(t, "-db", db, "-ledger", "quickbooks")
			require.Equal(t, command.Failed, r.code, of(db))
			require.Contains(t, r.err, of(db))
			require.Contains(t, r.err, "-db")
		}
	}
}

// An app that holds something else than the ledger is told of.
func TestDifference(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	start(t, "-db", db, "-invoices", "50").mustSucceed(t)
	journal := hostFile(&config{db: db})
	lines := strings.Split(strings.TrimSpace(read(t, journal)), "\n")
	last := lines[len(lines)-1]
	spoilt := strings.Replace(last, `"Total":"`, `"Total":"1`, 1)
	require.NotEqual(t, last, spoilt)
	lines[len(lines)-1] = spoilt
	require.NoError(t, os.WriteFile(journal, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	r := start(t, "-db", db)
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "1 of ")
	require.Contains(t, r.err, "are not in the app as they are in Xero")
	require.Contains(t, r.out, "1 of them not as in the ledger")
}

func TestForeignFile(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	require.NoError(t, os.WriteFile(db, []byte("dear diary, today nothing happened at all"), 0o600))
	r := start(t, "-db", db, "-invoices", "5")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "another file with -db")
	files, err := os.ReadDir(filepath.Dir(db))
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing is put beside it")
}

// A temporary store stays, and its path is printed.
func TestTemporary(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := start(t, "-invoices", "2")
	r.mustSucceed(t)
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Contains(t, r.err, filepath.Join(left[0], "import.db"))
}

// A ledger that is somebody else's server: over a socket, with a token. It is read, and nothing else.
func TestLedgerElsewhere(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "a.db")
	type server struct {
		*xerofake.Fake
		url string
	}
	elsewhere := func(name string) server {
		f, err := xerofake.New(&xerofake.Options{Seed: uint64(len(name)), Tokens: []xerofake.Token{{Bearer: "right"}}, Organisations: []xerofake.Organisation{{Name: name}}})
		require.NoError(t, err)
		b := f.Books()
		c, err := b.AddContact(xerofake.Contact{Name: "Client"})
		require.NoError(t, err)
		for _, tax := range []string{"OUTPUT", "OUTPUT", "EXEMPTOUTPUT"} {
			_, err := b.AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: c.ContactID, Lines: []xerofake.Line{
				{Description: "Work", UnitAmount: decimalOf("80"), Quantity: decimalOf("1"), AccountCode: "200", TaxType: tax}}}})
			require.NoError(t, err)
		}
		s, err := f.Listen()
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return server{f, s.URL}
	}
	one, other := elsewhere("One"), elsewhere("Other")
	run := func(at server, token string, args ...string) result {
		var out, err bytes.Buffer
		env := map[string]string{"XERO_TOKEN": token, "XERO_TENANT_ID": at.Books().Organisation().TenantID}
		p := program{args: append([]string{"-db", db, "-ledger-url", at.url}, args...), env: func(k string) string { return env[k] }, out: &out, err: &err}
		return result{code: p.run(t.Context()), out: out.String(), err: err.String()}
	}
	r := run(one, "wrong")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "XERO_TOKEN")
	require.NotContains(t, r.err, "wrong")

	r = run(one, "right", "-tax", "OUTPUT")
	require.Equal(t, command.Done, r.code, r.err)
	require.Contains(t, r.out, "examined 3 invoices")
	require.Contains(t, r.out, "       2 imported")
	require.Contains(t, r.out, "1 × tax_not_mapped")
	require.Contains(t, r.out, "The manual list has 3 unpaid invoices")
	require.NotContains(t, r.out, "A person overrides")
	require.NotContains(t, r.out, "The ledger moves on")
	require.Zero(t, one.Writes())

	r = run(one, "right", "-tax", "OUTPUT,EXEMPTOUTPUT")
	require.Equal(t, command.Done, r.code, r.err)
	require.Contains(t, r.out, "       1 imported", "other settings are another verdict")

	r = run(other, "right")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, other.Books().Organisation().OrganisationID)
	require.Contains(t, r.err, one.Books().Organisation().OrganisationID)

	back := start(t, "-db", db)
	require.Equal(t, command.Usage, back.code)
	require.Contains(t, back.err, "was used with -ledger-url "+one.url)
}
