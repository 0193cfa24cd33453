package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
		{"-ledger-url https://api.xero.com", "need -db"},
		{"-db x.db -ledger-url https://api.xero.com", "set XERO_TOKEN"},
		{"-db x.db -source-url https://api.infusionsoft.com", "set INFUSIONSOFT_TOKEN"},
	} {
		r := start(t, strings.Fields(c.args)...)
		require.Equal(t, exitUsage, r.code, "%s: %s", c.args, r.err)
		require.Contains(t, r.err, c.says, c.args)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	t.Parallel()
	r := start(t, "-help")
	require.Equal(t, exitDone, r.code)
	require.Contains(t, r.err, "-ledger-url")
}

func TestForeignFile(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"text": "dear diary, today nothing happened at all", "half a database": "SQLite format 3\x00 and then nothing"} {
		db := filepath.Join(t.TempDir(), "shop.db")
		require.NoError(t, os.WriteFile(db, []byte(content), 0o600))
		r := start(t, "-db", db, "-orders", "5")
		require.Equal(t, exitFailed, r.code, name)
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
	require.Equal(t, exitUsage, r.code)
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
	require.Equal(t, exitFailed, r.code)
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
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.err, "XERO_TOKEN")
	require.NotContains(t, r.err, "wrong")

	r = run(one, "right", "-orders", "4")
	require.Equal(t, exitDone, r.code, r.err)
	require.NotEmpty(t, one.fake.Books().Invoices())

	r = run(other, "right")
	require.Equal(t, exitFailed, r.code)
	require.Contains(t, r.err, other.fake.Books().Organisation().OrganisationID)
	require.Contains(t, r.err, one.fake.Books().Organisation().OrganisationID)
	require.Zero(t, other.fake.Writes())
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
