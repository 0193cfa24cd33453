package world_test

import (
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// A shop of a thousand orders, of which a few are broken on purpose.
func ExampleMake() {
	w, err := world.Make(1000, 1, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), world.Xero)
	if err != nil {
		fmt.Println(err)
		return
	}
	parked := w.Expect.Invoices().Parked
	fmt.Println(len(w.Orders), "orders of", len(w.Clients), "clients; parked:", parked)
	// Output: 1000 orders of 333 clients; parked: map[lines_do_not_sum:4 tax_rate_differs:4 unknown_item_type:4]
}
