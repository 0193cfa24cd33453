package world_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func shopOf(t *testing.T, n int, seed uint64) *world.World {
	t.Helper()
	w, err := world.Make(n, seed, noon, world.Xero)
	require.NoError(t, err)
	require.Len(t, w.Orders, n)
	require.Len(t, w.Expect.Orders, n)
	return w
}

func load(t *testing.T, w *world.World) *infusionsoftfake.Fake {
	t.Helper()
	f, err := infusionsoftfake.New(&infusionsoftfake.Options{Tenants: []infusionsoftfake.Tenant{{ID: "bk421.infusionsoft.com", Currency: world.Currency, TimeZone: world.Zone}}})
	require.NoError(t, err)
	require.NoError(t, w.Load(f.Books))
	return f
}

func TestEveryKindOccurs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		seen := map[string]bool{}
		for _, o := range shopOf(t, 100, seed).Expect.Orders {
			for _, k := range o.Kinds {
				seen[k] = true
			}
		}
		for _, k := range world.Kinds() {
			require.True(t, seen[k], "seed %d: no order of 100 is of the kind %s", seed, k)
		}
	}
}

func TestEveryKindIsCreated(t *testing.T) {
	t.Parallel()
	for i := range uint64(6) {
		seed, into := i/2, []world.Ledger{world.Xero, world.QuickBooks}[i%2]
		never := world.Never(into)
		w, err := world.Make(1000, seed, noon, into)
		require.NoError(t, err)
		created := map[string]bool{}
		parked, paid := 0, 0
		for _, o := range w.Expect.Orders {
			switch o.State {
			case world.Created:
				for _, k := range o.Kinds {
					created[k] = true
				}
			case world.Parked:
				parked++
			}
			if len(o.Payments) > 0 {
				paid++
			}
		}
		for _, k := range world.Kinds() {
			require.Equal(t, !slices.Contains(never, k), created[k], "seed %d: kind %s", seed, k)
		}
		require.LessOrEqual(t, parked, 50, "seed %d: parked of 1,000", seed)
		require.True(t, paid >= 650 && paid <= 750, "seed %d: %d orders with payments", seed, paid)
		rows, held := w.Expect.Payments(), 0
		for _, n := range rows.Parked {
			held += n
		}
		require.LessOrEqual(t, held*20, rows.Created, "seed %d: more than one payment in twenty is held", seed)
	}
}

// The fake adds the lines up by itself: another hand than the till's.
func TestTheFakeAddsUpTheSame(t *testing.T) {
	t.Parallel()
	w := shopOf(t, 500, 7)
	f := load(t, w)
	for i, e := range w.Expect.Orders {
		id, err := strconv.ParseInt(e.ID, 10, 64)
		require.NoError(t, err)
		have, ok := f.Totals(id)
		require.True(t, ok)
		require.True(t, e.Total.Equal(have.Total), "order %s %v: %s, the fake says %s", e.ID, e.Kinds, e.Total, have.Total)
		require.NotEqual(t, w.Orders[i].ID, w.Orders[i].InvoiceID)

		rows := f.PaymentRows(id)
		require.Len(t, rows, len(e.Payments))
		var booked decimal.Decimal
		for _, p := range e.Payments {
			at := slices.IndexFunc(rows, func(r infusionsoftfake.PaymentRow) bool { return strconv.FormatInt(r.ID, 10) == p.ID })
			require.GreaterOrEqual(t, at, 0)
			require.True(t, rows[at].Amount.Abs().Equal(p.Amount), "row %s", p.ID)
			if p.State == world.Created {
				booked = booked.Add(p.Amount)
			}
		}
		require.True(t, booked.LessThanOrEqual(e.Total), "order %s: more is booked than it is worth", e.ID)
	}
}

func TestSameSeedSameShop(t *testing.T) {
	t.Parallel()
	require.Equal(t, shopOf(t, 150, 3), shopOf(t, 150, 3))
	require.NotEqual(t, shopOf(t, 150, 3).Orders, shopOf(t, 150, 4).Orders)
}

func TestNothingChangedWithinTheLastHour(t *testing.T) {
	t.Parallel()
	w := shopOf(t, 300, 1)
	hourAgo, yearAgo := noon.Add(-time.Hour), noon.AddDate(-1, 0, -1)
	inside := func(at time.Time) { require.True(t, at.Before(hourAgo) && at.After(yearAgo), "%s", at) }
	var last int64
	for _, o := range w.Orders {
		inside(o.OrderTime)
		inside(o.ModificationTime)
		require.Greater(t, o.ID, last)
		last = o.ID
	}
	last = 0
	for _, p := range w.Payments {
		inside(p.UpdateTime)
		require.Greater(t, p.ID, last)
		last = p.ID
		if p.RefundOf != 0 {
			require.Less(t, p.RefundOf, p.ID)
		}
	}
}

func TestSmallAndLargest(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 10, 60} {
		load(t, shopOf(t, n, 1))
	}
	for _, n := range []int{0, -1, world.MaxOrders + 1} {
		_, err := world.Make(n, 1, noon, world.Xero)
		require.ErrorContains(t, err, "make 1 to")
	}
}

// The ledgers differ in what becomes of an order, and in nothing else.
func TestLedgersDiffer(t *testing.T) {
	t.Parallel()
	make := func(into world.Ledger) *world.World {
		w, err := world.Make(1000, 1, noon, into)
		require.NoError(t, err)
		return w
	}
	xero, qbo := make(world.Xero), make(world.QuickBooks)
	require.Equal(t, xero.Orders, qbo.Orders)
	require.Equal(t, xero.Payments, qbo.Payments)
	differ := map[string]int{}
	for i, x := range xero.Expect.Orders {
		q := qbo.Expect.Orders[i]
		if x.State != q.State || x.Code != q.Code {
			differ[x.Kinds[0]+": "+x.State+" "+x.Code+", "+q.State+" "+q.Code]++
			require.Empty(t, x.Payments)
		}
		q.State, q.Code = x.State, x.Code
		require.Equal(t, x, q)
	}
	require.Len(t, differ, 2)
	require.Positive(t, differ["tax_fits_no_rate: parked tax_rate_differs, created "])
	require.Positive(t, differ["discounts_taxed_and_untaxed: created , parked discount_mixed"])
}
