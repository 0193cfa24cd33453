package quickbooksfake_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A thousand invoices in batches of 30, then read in pages of 1,000.
func BenchmarkInvoices(b *testing.B) {
	for b.Loop() {
		a := free(b, nil)
		ada := a.customer("Ada")
		for range 34 {
			var items []string
			for i := range 30 {
				items = append(items, create(fmt.Sprint(i), "Invoice", invoice(ada, "", line("10", ""), line("20", ""))))
			}
			require.Equal(b, 200, a.send("POST", "/batch", batch(items...)).status)
		}
		require.Len(b, a.rows("Invoice", "select * from Invoice maxresults 1000"), 1000)
	}
}
