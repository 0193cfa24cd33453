package imports

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/importrig"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// restless is a ledger that is worked on between one page and the next.
type restless struct {
	ledger.Source
	happens func()
}

func (r restless) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for page, err := range r.Source.Invoices(ctx, q) {
			if !yield(page, err) {
				return
			}
			r.happens()
		}
	}
}

// Over both ledgers' own wires, in pages of four, while somebody works in the ledger between the pages, answers are
// lost, the ledger is throttled and fails, and the host fails: after a sweep the host holds what the ledger holds.
func TestMovesWhileItIsRead(t *testing.T) {
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		seed := uint64(20260302)
		r := rand.New(rand.NewPCG(seed, 7))
		w.Ledger.PageSize = 4
		w.Settings.Budget = -1
		var ids []string
		payments := map[string]string{}
		gone := map[string]bool{}
		edits := 0
		happens := func() {
			edits++
			n := r.IntN(9)
			if n < 3 || len(ids) == 0 {
				ids = append(ids, w.Ledger.Add("40.00"))
				return
			}
			id := ids[r.IntN(len(ids))]
			state := w.Ledger.State(id)
			open := state.Status == ledger.StatusApproved
			switch {
			case gone[id]:
			case n < 5 && open && len(state.Payments) == 0:
				w.Ledger.Edit(id)
			case n == 5 && open:
				payments[id] = w.Ledger.Pay(id, state.Balance.String())
			case n == 6 && open && state.Balance.GreaterThan(decimal.NewFromInt(10)):
				payments[id] = w.Ledger.Pay(id, "7.00")
			case n == 7 && payments[id] != "":
				w.Ledger.Unpay(payments[id])
				delete(payments, id)
			case n == 8 && open && len(state.Payments) == 0 && r.IntN(3) == 0:
				if w.Ledger.Delete != nil && r.IntN(2) == 0 {
					w.Ledger.Delete(id)
					gone[id] = true
				} else {
					w.Ledger.Void(id)
				}
			}
		}
		for range 40 {
			happens()
		}
		w.Host.Before = func(context.Context, invoicesync.Delivery) error {
			if r.IntN(9) == 0 {
				return errors.New("the app is busy")
			}
			return nil
		}
		run := func(source ledger.Source) (invoicesync.Report, error) {
			imp, err := invoicesync.NewImport(w.DB, source, w.Host, w.Settings, &w.Opts)
			rig.Check(t, err)
			rep, err := imp.Run(context.Background())
			if rep.Invoices.Read != rep.Invoices.Sum() {
				t.Fatalf("%d judged, states sum to %d", rep.Invoices.Read, rep.Invoices.Sum())
			}
			return rep, err
		}
		for n := range 60 {
			if n%3 == 1 {
				w.Ledger.Faults.Add(faults.Fault{Times: 1 + r.IntN(5), Kind: []faults.Kind{faults.LoseAnswer, faults.LoseRequest}[r.IntN(2)]})
			}
			if _, err := run(restless{w.Ledger.Open(), happens}); err != nil && !errors.Is(err, ledger.ErrFailed) && !errors.Is(err, ledger.ErrLater) {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(1+r.IntN(10)) * time.Hour)
		}
		w.Host.Before = nil
		for range 2 {
			time.Sleep(25 * time.Hour)
			_, err := run(w.Ledger.Open())
			rig.Check(t, err)
		}
		if len(ids) < 60 || edits < 150 {
			t.Fatalf("%d invoices, %d edits: too few to prove anything", len(ids), edits)
		}
		held := 0
		for _, id := range ids {
			rec, ok := w.Host.Invoice(w.Pair(), id)
			want := w.Ledger.State(id)
			if !ok {
				if want.Status == ledger.StatusApproved && len(want.Payments) == 0 {
					t.Errorf("%s is unpaid and not held", id)
				}
				continue
			}
			held++
			got := rec.Invoice
			if want.Status == ledger.StatusDeleted {
				same(t, "status of what was deleted", got.Status, ledger.StatusDeleted)
				continue
			}
			same(t, id+": status", got.Status, want.Status)
			same(t, id+": lines", len(got.Lines), want.Lines)
			if !got.Totals.Total.Equal(want.Total) || !got.Totals.Balance.Equal(want.Balance) && want.Status != ledger.StatusVoided {
				t.Errorf("%s: total %s and balance %s, want %s and %s", id, got.Totals.Total, got.Totals.Balance, want.Total, want.Balance)
			}
			same(t, id+": payments", len(got.Payments), len(want.Payments))
			for _, p := range got.Payments {
				if !want.Payments[p.ID].Equal(p.Amount) {
					t.Errorf("%s: payment %s is %s, want %s", id, p.ID, p.Amount, want.Payments[p.ID])
				}
			}
		}
		if held < 40 {
			t.Errorf("%d invoices are held: too few to prove anything", held)
		}
		t.Logf("%s: %d invoices, %d edits, %d held, seed %d", w.Ledger.Name, len(ids), edits, held, seed)
	})
}

// Where a ledger does not count a payment as a change of its invoice, the payment feed tells of it.
func TestPaymentsThatDoNotTouchTheirInvoice(t *testing.T) {
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) {
		w := importrig.New(t, importrig.XeroWith(t, xerofake.Switches{PaymentsKeepUpdatedDate: true}))
		w.Opts.SweepEvery = -1
		id := w.Ledger.Add("100.00")
		same(t, "imported", w.Run().Invoices.Created, 1)
		time.Sleep(time.Hour)
		payment := w.Ledger.Pay(id, "100.00")
		time.Sleep(time.Hour)
		same(t, "delivered", w.Run().Invoices.Updated, 1)
		same(t, "status", w.Held(id).Invoice.Status, ledger.StatusPaid)
		same(t, "payments", len(w.Held(id).Invoice.Payments), 1)
		time.Sleep(time.Hour)
		w.Ledger.Unpay(payment)
		time.Sleep(time.Hour)
		same(t, "delivered", w.Run().Invoices.Updated, 1)
		same(t, "what", w.Held(id).What, invoicesync.Reopened)
		same(t, "payments", len(w.Held(id).Invoice.Payments), 0)
	})
}

// A connection that leads to another company is refused before anything of that company is judged.
func TestOtherCompany(t *testing.T) {
	importrig.OnBoth(t, func(t *testing.T, w *importrig.World) {
		w.Ledger.Add("100.00")
		w.Settings.Ledger.ID = "9130000000000009"
		imp, err := invoicesync.NewImport(w.DB, w.Ledger.Open(), w.Host, w.Settings, &w.Opts)
		rig.Check(t, err)
		if _, err = imp.Run(context.Background()); !errors.Is(err, ledger.ErrReconnect) {
			t.Fatalf("another company: %v", err)
		}
		for _, err := range imp.Candidates(context.Background()) {
			if !errors.Is(err, ledger.ErrReconnect) {
				t.Fatalf("candidates of another company: %v", err)
			}
		}
		same(t, "deliveries", w.Host.Calls(), 0)
	})
}
