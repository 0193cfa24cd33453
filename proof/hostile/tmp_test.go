package hostile

import (
	"context"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

func TestTmp(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Opts.Adjust = func(d invoicesync.Draft) (invoicesync.Draft, error) { d.Invoice.Number = "ONE"; return d, nil }
		a := r.Order("110.00", false)
		b := r.Order("110.00", false)
		for range 5 {
			rep, err := r.Push().Run(context.Background())
			t.Logf("%v %+v %v", err, rep.Invoices, rep.ResumeAt)
			t.Logf("%+v", link(t, r, ledger.KindInvoice, idOf(a)))
			t.Logf("%+v", link(t, r, ledger.KindInvoice, idOf(b)))
			time.Sleep(20 * time.Minute)
		}
		for _, i := range r.Xero.Books().Invoices() {
			t.Logf("%+v", i)
		}
	})
}
