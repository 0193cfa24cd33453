package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/lock"
	tell "github.com/invoicesync/invoicesync/examples/internal/progress"
	"github.com/invoicesync/invoicesync/examples/internal/shop"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
)

// Two processes on one file: the second ends at once, and has touched nothing.
func TestOneRunAtATime(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	held, err := lock.Take(db)
	require.NoError(t, err)
	r := start(t, "-db", db, "-orders", "3")
	require.Equal(t, command.Failed, r.code)
	require.Contains(t, r.err, "another run")
	require.Contains(t, r.err, db+".lock")
	require.NoFileExists(t, shop.LedgerFile(db, world.Xero))

	require.NoError(t, held.Release())
	r = start(t, "-db", db, "-orders", "3")
	r.mustSucceed(t)
	require.NotContains(t, r.err, "cut off")
}

// What a killed process leaves is its lease and an unlocked lock: the next run does not wait for either.
func TestAfterKill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := filepath.Join(t.TempDir(), "shop.db")
		start(t, "-db", db, "-orders", "5").mustSucceed(t)
		pins, err := recall(&config{db: db, vendor: intoXero()})
		require.NoError(t, err)
		s, err := sqlite.Open(t.Context(), db, nil)
		require.NoError(t, err)
		require.NoError(t, s.Update(t.Context(), func(tx store.Tx) error {
			for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindContact, ledger.KindPayment} {
				_, ok, err := tx.Leases().Acquire("write/"+pins.Ledger.String()+"/"+string(kind), pins.Owner, time.Now(), 3*time.Minute)
				require.True(t, ok)
				if err != nil {
					return err
				}
			}
			return nil
		}))
		require.NoError(t, s.Close())
		require.NoError(t, os.WriteFile(db+".lock", []byte("4711\n"), 0o600))

		begun := time.Now()
		r := start(t, "-db", db)
		r.mustSucceed(t)
		require.Contains(t, r.err, "was cut off")
		require.Less(t, time.Since(begun), time.Minute)
	})
}

func TestLostBooks(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(string) error{
		"deleted": os.Remove, "truncated": func(file string) error { return os.Truncate(file, 0) },
	} {
		db := filepath.Join(t.TempDir(), "shop.db")
		first := start(t, "-db", db, "-orders", "6", "-json")
		first.mustSucceed(t)
		require.Positive(t, first.json.Created)
		require.NoError(t, lose(shop.LedgerFile(db, world.Xero)))
		r := start(t, "-db", db)
		require.Equal(t, command.Failed, r.code, name)
		require.Contains(t, r.err, "the fake Xero no longer has", name)
		require.Contains(t, r.err, shop.LedgerFile(db, world.Xero), name)
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := filepath.Join(t.TempDir(), "shop.db")
		for _, after := range []time.Duration{0, 3 * time.Second} {
			ctx, stop := context.WithCancel(t.Context())
			if after == 0 {
				stop()
			}
			time.AfterFunc(after, stop)
			r := startIn(ctx, t, "-db", db, "-orders", "150")
			stop()
			require.Equal(t, command.Failed, r.code)
			lines := strings.Split(strings.TrimSpace(r.err), "\n")
			require.Equal(t, "stopped; run again to go on", lines[len(lines)-1])
			require.NotContains(t, r.err, "context canceled")
		}
	})
}

func TestMaxCreates(t *testing.T) {
	t.Parallel()
	r := start(t, "-db", filepath.Join(t.TempDir(), "shop.db"), "-orders", "12", "-max-creates", "2", "-json")
	r.mustSucceed(t)
	require.Equal(t, 2, r.json.Created)
	require.Contains(t, r.err, "ended early")
	require.Contains(t, r.err, "-max-creates")
	require.Contains(t, r.out, `"stopped":"max_creates"`)
}

// A temporary store stays if, and only if, its path was printed.
func TestTemporary(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := start(t, "-load", t.TempDir())
	require.Equal(t, command.Usage, r.code)
	left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NotContains(t, r.err, "The store is a new file")

	r = start(t, "-orders", "2")
	r.mustSucceed(t)
	left, err = filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*"))
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Contains(t, r.err, filepath.Join(left[0], "quickstart.db"))
}

// While the payments of a page are read, no order is judged; what moves is told.
func TestProgressWhileReading(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &progress{Teller: tell.New(&out, 500)}
	p.Every = 0
	p.called("reading payments")
	require.Equal(t, "0 of 500 orders judged, 0 invoices and 0 payments created; reading payments, 1 calls made\n", out.String())
}
