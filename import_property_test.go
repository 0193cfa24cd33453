package invoicesync_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// For any sequence of edits, payments, voids, deletions, removed payments, runs and failures of the host: after a
// sweep the host holds exactly the invoices that were eligible at one of their judgements, each as the ledger has
// it in the end, and the last verdict of each is what the policy says of that state on the day of the verdict.
func TestImportProperty(t *testing.T) {
	t.Parallel()
	const worlds = 120
	held, rejected := 0, 0
	for seed := range uint64(worlds) {
		synctest.Test(t, func(t *testing.T) {
			w := newImportWorld(t)
			r := newRandomImport(w, seed)
			for range 6 + r.IntN(6) {
				for range r.IntN(12) {
					r.happens()
				}
				time.Sleep(time.Duration(1+r.IntN(40)) * time.Hour)
				r.runs()
			}
			r.quiet = true
			time.Sleep(25 * time.Hour)
			r.runs()
			r.check()
			held, rejected = held+len(w.host.Invoices()), rejected+len(r.judged)-len(w.host.Invoices())
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if held < worlds || rejected < worlds {
		t.Errorf("%d invoices were held and %d rejected in %d worlds: too few to prove anything", held, rejected, worlds)
	}
}

// The same while the ledger moves under the readings, with a budget that is too small, and runs that are
// cancelled: whatever was eligible all the time is held, nothing is that never was, and what
// is held is as in the ledger.
func TestImportPropertyWhileItMoves(t *testing.T) {
	t.Parallel()
	const worlds = 80
	moved, cancelled := 0, 0
	for seed := range uint64(worlds) {
		synctest.Test(t, func(t *testing.T) {
			w := newImportWorld(t)
			r := newRandomImport(w, seed+1000)
			w.settings.Budget = 3 + r.IntN(6)
			r.moving = true
			for range 6 + r.IntN(6) {
				for range r.IntN(12) {
					r.happens()
				}
				time.Sleep(time.Duration(1+r.IntN(40)) * time.Hour)
				r.runs()
			}
			r.moving, r.quiet = false, true
			for range 60 { // until the backlog is gone
				time.Sleep(25 * time.Hour)
				if rep := r.runs(); rep.Invoices.Deferred+rep.Invoices.Uncertain == 0 {
					break
				}
			}
			time.Sleep(25 * time.Hour)
			r.runs()
			r.checkHeld()
			moved, cancelled = moved+r.moves, cancelled+r.cancelled
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if moved < worlds || cancelled == 0 {
		t.Errorf("%d edits while it was read, %d cancelled runs: too few to prove anything", moved, cancelled)
	}
}

// randomImport is a world in which things happen by chance.
type randomImport struct {
	*rand.Rand
	*importWorld
	source *elsewhere
	ids    []string
	gone   map[string]bool

	seen     map[string]string // versions at the last run
	judged   map[string]bool
	eligible map[string]bool // at one of their judgements
	ran      bool

	quiet    bool // nothing fails
	moving   bool // things happen while a run goes on
	failures int
	moves    int

	ever, never map[string]bool // eligible in one of their states; not eligible in one of them
	cancelled   int
}

func newRandomImport(w *importWorld, seed uint64) *randomImport {
	r := &randomImport{Rand: rand.New(rand.NewPCG(seed, 1)), importWorld: w, gone: map[string]bool{}, seen: map[string]string{},
		judged: map[string]bool{}, eligible: map[string]bool{}, ever: map[string]bool{}, never: map[string]bool{}}
	books, err := ledgertest.NewMemory(&ledgertest.MemoryOptions{PageSize: 1 + r.IntN(7), Currencies: []ledger.Currency{"NZD"}})
	must(w.t, err)
	w.books = books
	w.contact, err = books.Books().AddContact(ledger.Contact{Name: "Client One"})
	must(w.t, err)
	r.source = &elsewhere{Memory: books, on: r.IntN(2) == 0}
	w.settings.Budget = -1
	w.settings.TaxCodes = []string{"NONE"} // OUTPUT is not mapped
	fail := func(context.Context, invoicesync.Delivery) error {
		if r.moving && r.IntN(3) == 0 {
			r.moves++
			r.happens()
		}
		// Never so often in a row that the run gives up: what it has judged then is another test's.
		if r.quiet || r.failures >= 3 || r.IntN(6) > 0 {
			r.failures = 0
			return nil
		}
		r.failures++
		return errHost
	}
	w.host.Before, w.host.After = fail, fail
	return r
}

func (r *randomImport) pick() string {
	if len(r.ids) == 0 {
		return ""
	}
	return r.ids[r.IntN(len(r.ids))]
}

func (r *randomImport) money() string { return fmt.Sprintf("%d.%02d", 1+r.IntN(300), r.IntN(100)) }

// happens changes the ledger. What the books refuse did not happen.
func (r *randomImport) happens() {
	b := r.books.Books()
	id := r.pick()
	switch n := r.IntN(14); {
	case n < 4 || id == "":
		days := r.IntN(130)
		inv := ledger.Invoice{Date: r.today().AddDays(-days), DueDate: r.today().AddDays(r.IntN(30) - days), Lines: []ledger.Line{work(r.money())},
			Status: []ledger.Status{ledger.StatusApproved, ledger.StatusApproved, ledger.StatusApproved, ledger.StatusDraft, ledger.StatusSubmitted}[r.IntN(5)]}
		switch r.IntN(8) {
		case 0:
			inv.Lines = append(inv.Lines, work("-0.50"))
		case 1:
			inv.Currency = "NZD"
		case 2:
			inv.Lines[0].TaxCode = "OUTPUT"
		}
		id = r.add(inv).ID
		r.ids = append(r.ids, id)
	case n < 6:
		_ = b.EditInvoice(id, func(inv *ledger.Invoice) { inv.Lines = append(inv.Lines, work(r.money())) })
	case n == 6:
		_ = b.EditInvoice(id, func(inv *ledger.Invoice) { inv.DueDate = inv.DueDate.AddDays(r.IntN(9) - 4) })
	case n == 7:
		_ = b.EditInvoice(id, func(inv *ledger.Invoice) {
			if inv.Status == ledger.StatusDraft || inv.Status == ledger.StatusSubmitted {
				inv.Status = ledger.StatusApproved
			}
		})
	case n == 8:
		_ = b.VoidInvoice(id)
	case n == 9 && r.IntN(2) == 0:
		if b.Remove(id) == nil {
			r.gone[id] = true
			r.ids = slices.DeleteFunc(r.ids, func(have string) bool { return have == id })
			r.never[id] = true
		}
	case n < 12:
		for _, inv := range b.Invoices() {
			if inv.ID != id || !inv.Totals.Balance.IsPositive() {
				continue
			}
			amount := inv.Totals.Balance
			if r.IntN(2) == 0 {
				amount = decimal.Max(amount.Div(decimal.NewFromInt(2)).Round(2), decimal.New(1, -2))
			}
			_, _ = b.AddPayment(ledger.Payment{InvoiceID: id, Date: r.today(), Amount: amount, Account: "090"})
		}
	default:
		for _, p := range b.Payments() {
			if p.InvoiceID == id && p.Status == ledger.PaymentConfirmed {
				_ = b.DeletePayment(p.ID)
				break
			}
		}
	}
	r.note()
}

// note remembers which invoices are, and are not, eligible in the states that they have.
func (r *randomImport) note() {
	if r.settings.Budget < 0 {
		return
	}
	policy, err := r.settings.Policy()
	must(r.t, err)
	for _, inv := range r.books.Books().Invoices() {
		if policy.Judge(inv, r.settings.Facts(r.today())).Eligible() {
			r.ever[inv.ID] = true
		} else {
			r.never[inv.ID] = true
		}
	}
}

// runs runs the flow, and works out what it had to judge.
func (r *randomImport) runs() invoicesync.Report {
	r.t.Helper()
	r.note()
	r.expect()
	imp, err := invoicesync.NewImport(r.db, r.source, r.host, r.settings, &r.opts)
	must(r.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if r.moving && r.IntN(4) == 0 {
		left := r.IntN(12)
		imp.SetSteps(func(string) {
			if left--; left == 0 {
				r.cancelled++
				cancel()
			}
		})
	}
	rep, err := imp.Run(ctx)
	if err != nil && !(r.moving && errors.Is(err, context.Canceled)) {
		r.t.Fatal(err)
	}
	r.addsUp(rep)
	r.note()
	return rep
}

func (r *randomImport) expect() {
	policy, err := r.settings.Policy()
	must(r.t, err)
	now := map[string]string{}
	for _, inv := range r.books.Books().Invoices() {
		now[inv.ID] = inv.Version
		reads := r.seen[inv.ID] != inv.Version
		if !r.ran {
			reads = inv.Status == ledger.StatusApproved && inv.Totals.Balance.IsPositive() && !inv.Date.Before(r.today().AddDays(-90))
		}
		if !reads {
			continue
		}
		r.judged[inv.ID] = true
		if policy.Judge(inv, r.settings.Facts(r.today())).Eligible() {
			r.eligible[inv.ID] = true
		}
	}
	r.seen, r.ran = now, true
}

// check compares everything in the end.
func (r *randomImport) check() {
	r.t.Helper()
	for id := range r.judged {
		_, there := r.host.Invoice(r.pair(), id)
		if there != r.eligible[id] {
			r.t.Fatalf("%s: held %t, was eligible at one of its judgements %t", id, there, r.eligible[id])
		}
	}
	for _, rec := range r.host.Invoices() {
		if !r.judged[rec.Invoice.ID] {
			r.t.Fatalf("%s is held and was never judged", rec.Invoice.ID)
		}
	}
	r.same()
	policy, err := r.settings.Policy()
	must(r.t, err)
	for _, inv := range r.books.Books().Invoices() {
		if !r.judged[inv.ID] {
			continue
		}
		l := r.link(inv.ID)
		want := policy.Judge(inv, r.settings.Facts(ledger.DateIn(l.Updated, time.UTC))).Codes()
		got := r.codes(inv.ID)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			r.t.Fatalf("%s: the last verdict is %v, want %v (%s, balance %s)", inv.ID, got, want, inv.Status, inv.Totals.Balance)
		}
	}
}

// checkHeld compares what can be known where the ledger moved under the readings.
func (r *randomImport) checkHeld() {
	r.t.Helper()
	for _, inv := range r.books.Books().Invoices() {
		_, there := r.host.Invoice(r.pair(), inv.ID)
		switch {
		case there && !r.ever[inv.ID]:
			r.t.Fatalf("%s is held and was never eligible", inv.ID)
		case !there && r.ever[inv.ID] && !r.never[inv.ID]:
			r.t.Fatalf("%s was eligible in every state and is not held: %s %v", inv.ID, r.link(inv.ID).State, r.codes(inv.ID))
		}
	}
	r.same()
}

// same fails unless the host holds each of its invoices as the ledger has it.
func (r *randomImport) same() {
	r.t.Helper()
	books := map[string]ledger.Invoice{}
	for _, inv := range r.books.Books().Invoices() {
		books[inv.ID] = inv
	}
	for _, rec := range r.host.Invoices() {
		id := rec.Invoice.ID
		want, there := books[id]
		if !there {
			if rec.Invoice.Status != ledger.StatusDeleted || !r.gone[id] {
				r.t.Fatalf("%s: the ledger does not have it, the host has it as %q", id, rec.Invoice.Status)
			}
			continue
		}
		if got, want := sketch(rec.Invoice), sketch(want); got != want {
			r.t.Fatalf("%s: the host holds\n%s\nthe ledger has\n%s", id, got, want)
		}
	}
}

// sketch prints what must be equal on both sides.
func sketch(inv ledger.Invoice) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s due %s total %s balance %s paid %s\n", inv.Number, inv.Status, inv.DueDate, inv.Totals.Total, inv.Totals.Balance, inv.Totals.Paid)
	for _, l := range inv.Lines {
		fmt.Fprintf(&b, "line %s\n", l.Amount)
	}
	for _, p := range inv.Payments {
		fmt.Fprintf(&b, "payment %s %s %s\n", p.ID, p.Amount, p.Status)
	}
	return b.String()
}

// elsewhere is a ledger whose lists come without payments, as QuickBooks' do.
type elsewhere struct {
	*ledgertest.Memory
	on bool
}

func (e *elsewhere) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for page, err := range e.Memory.Invoices(ctx, q) {
			for i := range page.Records {
				if inv := &page.Records[i]; e.on && len(q.Refs) == 0 && len(inv.Payments) > 0 {
					inv.Payments, inv.PaymentsElsewhere = nil, true
				}
			}
			if !yield(page, err) {
				return
			}
		}
	}
}
