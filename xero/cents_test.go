package xero

import (
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/stretchr/testify/assert"
)

// The integers must give what the decimals give, whatever fits into them.
func TestCentsAreDecimals(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	edge := []int64{0, 1, 5, 49, 50, 51, 99, 12_345_678, 99_999_999}
	pick := func() decimal.Decimal {
		n := edge[r.IntN(len(edge))]
		if r.IntN(2) == 0 {
			n = r.Int64N(100_000_000)
		}
		if r.IntN(2) == 0 {
			n = -n
		}
		return decimal.New(n, -int32(r.IntN(5)))
	}
	for range 20_000 {
		q, u := pick(), pick()
		cents, sure, ok := centsOf(q, u)
		want, wantSure := vendorbooks.Cents(q.Mul(u), one)
		if !ok || sure != wantSure || !money(cents).Equal(want) {
			t.Fatalf("%s × %s: %s, sure %t, ok %t; want %s, sure %t", q, u, money(cents), sure, ok, want, wantSure)
		}
		tax, sure, ok := taxOn(cents, u)
		if !ok {
			continue // too large for it
		}
		if want, wantSure = vendorbooks.Cents(money(cents).Mul(u), hundred); sure != wantSure || !money(tax).Equal(want) {
			t.Fatalf("%s %% of %s: %s, sure %t; want %s, sure %t", u, money(cents), money(tax), sure, want, wantSure)
		}
	}
}

func TestCentsByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		quantity, unit string
		cents          int64
		sure           bool
	}{
		{"3", "12.34", 3702, true},
		{"1", "0.005", 1, true},    // a half goes up
		{"1", "-0.005", -1, false}, // below zero nobody knows
		{"1", "-0.0051", -1, true},
		{"0.5", "0.01", 1, true},
		{"9999.9999", "9999.9999", 9_999_999_800, true}, // 99,999,998.00000001
		{"2", "100", 20000, true},
	} {
		cents, sure, ok := centsOf(dec(c.quantity), dec(c.unit))
		assert.True(t, ok, c.unit)
		assert.Equal(t, c.cents, cents, c.unit)
		assert.Equal(t, c.sure, sure, c.unit)
	}
	for _, unit := range []string{"123456789", "0.00001"} {
		_, _, ok := centsOf(one, dec(unit))
		assert.False(t, ok, unit)
	}
	_, _, ok := centsOf(one, decimal.New(1, 1))
	assert.False(t, ok)
}

func TestPlainNumber(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0", "-0", "0.00", "12.50", "-12.5", "0.0001", "999999999999999999", "9999999999999999.99", "-1", "007"} {
		n, places, ok := plainNumber([]byte(s))
		assert.True(t, ok, s)
		assert.True(t, decimal.New(n, -int32(places)).Equal(dec(s)), "%s: %d, %d places", s, n, places)
	}
	for _, s := range []string{"", "-", ".", "1.", ".5", "1e3", "1E3", "+1", "--1", "1.2.3", "1234567890123456789", "99999999999999999.999", "a", " 1", "1_0"} {
		_, _, ok := plainNumber([]byte(s))
		assert.False(t, ok, s)
	}
}

func TestAppendNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d    decimal.Decimal
		want string
	}{
		{decimal.Decimal{}, "0"}, {dec("0.00"), "0"}, {dec("12.50"), "12.5"}, {dec("12.00"), "12"}, {dec("-0.05"), "-0.05"},
		{dec("0.0102"), "0.0102"}, {dec("-3"), "-3"}, {dec("100"), "100"}, {dec("1.0001"), "1.0001"}, {dec("7.1010"), "7.101"},
		{decimal.New(12, 2), "1200"}, {dec("1234567890.123456"), "1234567890.123456"},
	} {
		assert.Equal(t, c.want, string(appendNumber(nil, c.d)))
		assert.Equal(t, c.d.String(), c.want)
	}
}
