package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/shop"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func TestBadFlags(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	garbled := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(garbled, "ListOrders.json"), []byte(`{"orders": [`), 0o600))
	for _, c := range []struct {
		args string
		says string
	}{
		{"-nonsense", "nonsense"},
		{"extra", `"extra" is no flag`},
		{"-orders 0", "choose 1 to"},
		{"-orders many", "-orders"},
		{"-from yesterday", "write it like 2026-11-01"},
		{"-db " + filepath.Join(empty, "no", "shop.db"), "make it first"},
		{"-load " + filepath.Join(empty, "no"), "no folder"},
		{"-db " + filepath.Join(garbled, "a.db") + " -load " + empty, "no *.json file"},
		{"-db " + filepath.Join(empty, "b.db") + " -load " + garbled, "ListOrders.json"},
		{"-load " + empty + " -orders 5", "leave -orders and -seed out"},
		{"-sync-id=", "-sync-id is empty"},
		{"-db=", "-db is empty"},
		{"-ledger-url=", "-ledger-url is empty"},
		{"-max-creates 0", "-max-creates 0: choose 1 or more, or -1"},
		{"-max-creates -2", "-max-creates -2: choose"},
		{"-db " + empty, "is a folder; name a file in it, like " + filepath.Join(empty, "shop.db")},
		{"-db :memory:", "name a file"},
		{"-ledger-url https://api.xero.com", "need -db"},
		{"-db x.db -ledger-url https://api.xero.com", "set XERO_TOKEN"},
		{"-db x.db -source-url https://api.infusionsoft.com", "set INFUSIONSOFT_TOKEN"},
	} {
		r := start(t, strings.Fields(c.args)...)
		require.Equal(t, command.Usage, r.code, "%s: %s", c.args, r.err)
		require.Contains(t, r.err, c.says, c.args)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	t.Parallel()
	r := start(t, "-help")
	require.Equal(t, command.Done, r.code)
	require.Contains(t, r.err, "-ledger-url")
}

func TestUnreadableFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0))
	if _, err := os.ReadDir(dir); err == nil {
		t.Skip("whoever runs this may read every folder")
	}
	r := start(t, "-load", dir)
	require.Equal(t, command.Usage, r.code)
	require.Contains(t, r.err, "permission denied")
}

// A token must not go to the wrong vendor, nor a wrong start date flood somebody's books.
func TestURLs(t *testing.T) {
	t.Parallel()
	env := func(string) string { return "any" }
	db := filepath.Join(t.TempDir(), "shop.db")
	_, err := parse([]string{"-db", db, "-source-url", "https://api.xero.com", "-ledger-url", "https://api.infusionsoft.com"}, env, io.Discard)
	require.ErrorContains(t, err, "-source-url https://api.xero.com is Xero's")
	_, err = parse([]string{"-db", db, "-ledger-url", "https://api.infusionsoft.com"}, env, io.Discard)
	require.ErrorContains(t, err, "-ledger-url https://api.infusionsoft.com is Infusionsoft's")

	for url, most := range map[string]int{"": -1, "http://127.0.0.1:9001": -1, "http://localhost": -1, "http://[::1]:9001": -1, "https://api.xero.com": 0} {
		args := []string{"-db", db}
		if url != "" {
			args = append(args, "-ledger-url", url)
		}
		c, err := parse(args, env, io.Discard)
		require.NoError(t, err)
		require.Equal(t, most, c.maxCreates, "%q: 0 is the engine's own guard", url)
		c, err = parse(append(args, "-max-creates", "7"), env, io.Discard)
		require.NoError(t, err)
		require.Equal(t, 7, c.maxCreates, url)
	}
}

// Each URL leads to the other vendor: it is said which side answers strangely.
func TestSwappedURLs(t *testing.T) {
	t.Parallel()
	s, err := shop.Open(shop.Wish{File: filepath.Join(t.TempDir(), "other"), Orders: 3, Seed: 1, Ledgers: []world.Ledger{world.Xero}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	orders, err := s.Infusionsoft.Listen()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, orders.Close()) })
	books, err := s.Xero.Listen()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })

	var out, complaint bytes.Buffer
	p := program{
		args: []string{"-db", filepath.Join(t.TempDir(), "shop.db"), "-source-url", books.URL, "-ledger-url", orders.URL},
		env:  func(string) string { return "any" }, out: &out, err: &complaint,
	}
	require.Equal(t, command.Failed, p.run(t.Context()))
	require.Contains(t, complaint.String(), "-ledger-url "+orders.URL+" has not answered as Xero does")
	require.Contains(t, complaint.String(), "swapped")
}

func TestForeignFile(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"text": "dear diary, today nothing happened at all", "half a database": "SQLite format 3\x00 and then nothing"} {
		db := filepath.Join(t.TempDir(), "shop.db")
		require.NoError(t, os.WriteFile(db, []byte(content), 0o600))
		r := start(t, "-db", db, "-orders", "5")
		require.Equal(t, command.Failed, r.code, name)
		require.Contains(t, r.err, "shop.db", name)
		require.Contains(t, r.err, "another file with -db", name)
		raw, err := os.ReadFile(db)
		require.NoError(t, err)
		require.Equal(t, content, string(raw), "%s: somebody else's file is left alone", name)
		files, err := os.ReadDir(filepath.Dir(db))
		require.NoError(t, err)
		require.Len(t, files, 1, "%s: and nothing is put beside it", name)
	}
}

func TestAnotherShop(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	start(t, "-db", db, "-orders", "5", "-seed", "3").mustSucceed(t)
	start(t, "-db", db, "-orders", "5", "-seed", "3").mustSucceed(t)
	r := start(t, "-db", db, "-orders", "6")
	require.Equal(t, command.Usage, r.code)
	require.Contains(t, r.err, "-orders 5 -seed 3")
}

func TestLostKey(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	start(t, "-db", db, "-orders", "3").mustSucceed(t)
	info, err := os.Stat(db + ".key")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.NoError(t, os.WriteFile(db+".key", []byte("not a key"), 0o600))
	r := start(t, "-db", db)
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "put back the one that was there")
}

// A ledger that is somebody else's server: over a socket, with a token.
func TestLedgerElsewhere(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	one, other := elsewhere(t, "One"), elsewhere(t, "Other")
	run := func(at *xeroServer, token string, args ...string) result {
		var out, err bytes.Buffer
		env := map[string]string{"XERO_TOKEN": token, "XERO_TENANT_ID": at.fake.Books().Organisation().TenantID}
		p := program{args: append([]string{"-db", db, "-ledger-url", at.URL}, args...), env: func(k string) string { return env[k] }, out: &out, err: &err, direct: true}
		code := p.run(context.Background())
		return result{code: code, out: out.String(), err: err.String()}
	}
	r := run(one, "wrong", "-orders", "4")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "XERO_TOKEN")
	require.NotContains(t, r.err, "wrong")

	r = run(one, "right", "-orders", "4")
	require.Equal(t, command.Done, r.code, r.err)
	require.NotEmpty(t, one.fake.Books().Invoices())

	r = run(other, "right")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, other.fake.Books().Organisation().OrganisationID)
	require.Contains(t, r.err, one.fake.Books().Organisation().OrganisationID)
	require.Zero(t, other.fake.Writes())

	back := start(t, "-db", db)
	require.Equal(t, command.Usage, back.code)
	require.Contains(t, back.err, "was used with -ledger-url "+one.URL, "the fake's books are others")
	require.NoFileExists(t, shop.LedgerFile(db, world.Xero))

	fakes := filepath.Join(t.TempDir(), "fakes.db")
	start(t, "-db", fakes, "-orders", "2").mustSucceed(t)
	db = fakes
	r = run(one, "right")
	require.Equal(t, command.Usage, r.code)
	require.Contains(t, r.err, "was used with a fake")
}

type xeroServer struct {
	*xerofake.Server
	fake *xerofake.Fake
}

func elsewhere(t *testing.T, name string) *xeroServer {
	t.Helper()
	seed := uint64(len(name))
	f, err := xerofake.New(&xerofake.Options{Seed: seed, Tokens: []xerofake.Token{{Bearer: "right"}}, Organisations: []xerofake.Organisation{{Name: name, CountryCode: "US"}}})
	require.NoError(t, err)
	s, err := f.Listen()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return &xeroServer{s, f}
}
