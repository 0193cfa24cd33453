package invoicesync

import (
	"math/rand/v2"
	"testing"

	"github.com/shopspring/decimal"
)

// Hashes in stores hang on it.
func TestAppendDecimalIsString(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		d := decimal.New(r.Int64N(1<<(1+r.IntN(60)))-r.Int64N(1000), int32(r.IntN(14)-11))
		if got := string(appendDecimal(nil, d)); got != d.String() {
			t.Fatalf("%s, want %s", got, d)
		}
	}
	for want, d := range map[string]decimal.Decimal{"0": {}, "-0.05": decimal.New(-5, -2), "12.5": decimal.New(1250, -2), "1200": decimal.New(12, 2), "3": decimal.New(300, -2)} {
		if got := string(appendDecimal([]byte("x"), d)); got != "x"+want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
