package userpain

import (
	"context"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// A preview of what is in the ledger says so, and what has changed about it; it still writes nothing.
func TestPreviewOfWhatIsPushed(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		r.Run()
		writes := r.Xero.Writes()
		look := func() invoicesync.Planned {
			planned, err := r.Push().PreviewOne(context.Background(), ledger.Ref{ID: idOf(o)})
			rig.Check(t, err)
			if !planned.Already || planned.Invoice != nil {
				t.Fatalf("%+v", planned)
			}
			return planned
		}
		same(t, "reasons", len(look().Verdict.Reasons), 0)
		time.Sleep(time.Hour)
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = decimal.RequireFromString("120") }))
		same(t, "reason", look().Verdict.First().Code, "changed_after_push")
		same(t, "writes", r.Xero.Writes(), writes)
	})
}
