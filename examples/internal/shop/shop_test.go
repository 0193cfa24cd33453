package shop

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/world"
)

func open(t *testing.T, w Wish) *Shop {
	t.Helper()
	s, err := Open(w)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Shops that are not alike are different organisations; the same wish is the same shop anywhere.
func TestIdentity(t *testing.T) {
	t.Parallel()
	wish := func(orders int, seed uint64) Wish {
		return Wish{File: filepath.Join(t.TempDir(), "shop.db"), Orders: orders, Seed: seed, Ledgers: []world.Ledger{world.Xero, world.QuickBooks}}
	}
	first, same := open(t, wish(3, 1)), open(t, wish(3, 1))
	require.Equal(t, first.Made.Tenant, same.Made.Tenant)
	require.Equal(t, first.QuickBooks.Books().Company().RealmID, same.QuickBooks.Books().Company().RealmID)
	require.Equal(t, first.Xero.Books().Organisation().OrganisationID, same.Xero.Books().Organisation().OrganisationID)
	for _, w := range []Wish{wish(3, 2), wish(4, 1)} {
		other := open(t, w)
		require.NotEqual(t, first.Made.Tenant, other.Made.Tenant)
		require.NotEqual(t, first.Xero.Books().Organisation().OrganisationID, other.Xero.Books().Organisation().OrganisationID)
		require.NotEqual(t, first.Xero.Books().Organisation().TenantID, other.Xero.Books().Organisation().TenantID)
		require.NotEqual(t, first.QuickBooks.Books().Company().RealmID, other.QuickBooks.Books().Company().RealmID)
	}
}

func TestLostOrders(t *testing.T) {
	t.Parallel()
	w := Wish{File: filepath.Join(t.TempDir(), "shop.db"), Orders: 4, Seed: 1}
	s := open(t, w)
	require.NoError(t, s.Close())
	require.NoError(t, os.Truncate(sourceFile(w.File), 0))
	_, err := Open(w)
	require.ErrorContains(t, err, "no longer has 4 of its 4 orders")
	require.ErrorContains(t, err, sourceFile(w.File))

	require.NoError(t, os.Remove(ExpectedFile(w.File)))
	w.Again = true
	_, err = Open(w)
	require.ErrorContains(t, err, ExpectedFile(w.File))
}
