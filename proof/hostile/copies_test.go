package hostile

import (
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// A store is copied, and both copies run in turn, each unaware of the other.
func TestTwoCopiesInTurn(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		for range 3 {
			r.Order("110.00", true)
		}
		r.Run()
		copies := []store.Store{r.DB, r.DB.(*store.Memory).Clone()}
		var open []infusionsoftfake.Order
		for n := range 24 {
			r.DB = copies[n%2]
			for range 6 {
				open = append(open, r.Order("110.00", n%3 == 0))
			}
			if n > 2 {
				o := open[n]
				if rows := r.Keap.PaymentRows(o.ID); len(rows) == 0 {
					r.Pay(o.ID, "60.00")
				}
			}
			time.Sleep(7 * time.Hour)
			r.Run()
		}
		for _, db := range copies {
			r.DB = db
			time.Sleep(25 * time.Hour)
			r.Settle()
		}
		orders := r.Keap.Orders()
		r.Expect(len(orders), len(orders), len(r.Keap.Payments()))
	})
}
