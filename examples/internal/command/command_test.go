package command_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/command"
)

func TestExit(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		ctx  context.Context
		err  error
		code int
		says string
	}{
		{t.Context(), nil, command.Done, ""},
		{t.Context(), flag.ErrHelp, command.Done, ""},
		{t.Context(), errors.New("it broke"), command.Failed, "demo: it broke\n"},
		{t.Context(), command.Usagef("-x is wrong"), command.Usage, "demo: -x is wrong\n"},
		{stopped, context.Canceled, command.Failed, "stopped; run again\n"},
		{stopped, errors.New("it broke"), command.Failed, "demo: it broke\nstopped; run again\n"},
	} {
		var out bytes.Buffer
		require.Equal(t, c.code, command.Exit(c.ctx, "demo", "run again", c.err, &out))
		require.Equal(t, c.says, out.String())
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	parse := func(args ...string) (map[string]bool, error) {
		f := flag.NewFlagSet("demo", flag.ContinueOnError)
		f.String("a", "x", "")
		f.Int("n", 1, "")
		return command.Parse(f, args, io.Discard)
	}
	given, err := parse("-a", "y")
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"a": true}, given)
	for says, args := range map[string][]string{
		"-a is empty": {"-a="}, "-n": {"-n", "many"}, `"more" is no flag`: {"more"}, "not defined": {"-z"},
	} {
		_, err := parse(args...)
		var usage *command.UsageError
		require.ErrorAs(t, err, &usage)
		require.ErrorContains(t, err, says)
	}
}

func TestPlace(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	db := ""
	temporary, err := command.Place(&db, "demo")
	require.NoError(t, err)
	require.True(t, temporary)
	require.DirExists(t, filepath.Dir(db))
	require.Equal(t, os.Getenv("TMPDIR"), filepath.Dir(filepath.Dir(db)))
	for _, bad := range []string{":memory:", "file:x.db", t.TempDir(), filepath.Join(t.TempDir(), "no", "x.db")} {
		_, err := command.Place(&bad, "demo")
		require.ErrorContains(t, err, "-db")
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	at := "https://API.xero.com:443/api.xro/2.0"
	host, err := command.Server("ledger-url", &at)
	require.NoError(t, err)
	require.Equal(t, "api.xero.com", host)
	require.Equal(t, "https://API.xero.com:443", at)
	require.True(t, command.Under(host, "xero.com"))
	require.False(t, command.Under("notxero.com", "xero.com"))
	for _, host := range []string{"localhost", "127.0.0.1", "::1"} {
		require.True(t, command.Loopback(host))
	}
	require.False(t, command.Loopback("api.xero.com"))
	bad := "api.xero.com"
	_, err = command.Server("ledger-url", &bad)
	require.ErrorContains(t, err, "-ledger-url")
}
