// Package hostile holds attacks on a push that once succeeded, or that look as if they should: each test
// tries to make it lose money, double it, write to the wrong record, or report what is not true. They run
// the real engine and the real adapters over the fakes, in virtual time.
package hostile

import (
	"context"
	"iter"
	"strconv"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func flow(t *testing.T, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) {
		defer time.Sleep(time.Hour) // what a fault still has to commit
		f(t, rig.New(t))
	})
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func idOf(o infusionsoftfake.Order) string { return strconv.FormatInt(o.ID, 10) }

func link(t *testing.T, r *rig.Rig, kind ledger.RecordKind, id string) store.Link {
	t.Helper()
	var l store.Link
	var ok bool
	err := r.DB.View(context.Background(), func(tx store.Tx) (err error) {
		l, ok, err = tx.Links().Get(store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}, kind, id)
		return err
	})
	rig.Check(t, err)
	if !ok {
		t.Fatalf("the store has no link of %s %s", kind, id)
	}
	return l
}

func inXero(t *testing.T, r *rig.Rig, o infusionsoftfake.Order) xerofake.Invoice {
	t.Helper()
	l := link(t, r, ledger.KindInvoice, idOf(o))
	inv, ok := r.Xero.Books().Invoice(l.LedgerID)
	if !ok {
		t.Fatalf("order %d: xero has no invoice %q; the link is %s %v", o.ID, l.LedgerID, l.State, l.Reasons)
	}
	return inv
}

// source is the real source, whose answers a test bends.
type source struct {
	ledger.Source
	payments func([]ledger.Payment) []ledger.Payment
	invoices func(ledger.Query, ledger.Page[ledger.Invoice]) ledger.Page[ledger.Invoice]
}

func (s *source) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	rows, err := s.Source.PaymentsOf(ctx, ref)
	if err == nil && s.payments != nil {
		rows = s.payments(rows)
	}
	return rows, err
}

func (s *source) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for page, err := range s.Source.Invoices(ctx, q) {
			if err == nil && s.invoices != nil {
				page = s.invoices(q, page)
			}
			if !yield(page, err) {
				return
			}
		}
	}
}

// bent runs the flow once over a bent source.
func bent(t *testing.T, r *rig.Rig, s *source) invoicesync.Report {
	t.Helper()
	s.Source = r.SourceSide()
	p, err := invoicesync.NewPush(r.DB, s, r.LedgerSide(), r.Settings, &r.Opts)
	rig.Check(t, err)
	rep, err := p.Run(context.Background())
	rig.Check(t, err)
	r.AddsUp(rep)
	return rep
}

type xinvoice = xerofake.Invoice
