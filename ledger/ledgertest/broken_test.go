package ledgertest_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// broken is a ledger with a fault: each field that is set replaces something of a ledger that is right.
type broken struct {
	ledger.Ledger
	organisation func(context.Context, ledger.Ledger) (ledger.Organisation, error)
	invoices     func(context.Context, ledger.Ledger, ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error]
	contacts     func(context.Context, ledger.Ledger, ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error]
	payments     func(context.Context, ledger.Ledger, ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error]
	invoice      func(context.Context, ledger.Ledger, ledger.Ref) (ledger.Invoice, error)
	paymentsOf   func(context.Context, ledger.Ledger, ledger.Ref) ([]ledger.Payment, error)
	chart        func(context.Context, ledger.Ledger) (ledger.Chart, error)
	predict      func(ledger.Ledger, ledger.Invoice, ledger.Chart) (ledger.Prediction, error)
	powers       func(ledger.Powers) ledger.Powers
}

func (b broken) Organisation(ctx context.Context) (ledger.Organisation, error) {
	if b.organisation != nil {
		return b.organisation(ctx, b.Ledger)
	}
	return b.Ledger.Organisation(ctx)
}

func (b broken) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	if b.invoices != nil {
		return b.invoices(ctx, b.Ledger, q)
	}
	return b.Ledger.Invoices(ctx, q)
}

func (b broken) Contacts(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
	if b.contacts != nil {
		return b.contacts(ctx, b.Ledger, q)
	}
	return b.Ledger.Contacts(ctx, q)
}

func (b broken) Payments(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
	if b.payments != nil {
		return b.payments(ctx, b.Ledger, q)
	}
	return b.Ledger.Payments(ctx, q)
}

func (b broken) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	if b.invoice != nil {
		return b.invoice(ctx, b.Ledger, ref)
	}
	return b.Ledger.Invoice(ctx, ref)
}

func (b broken) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	if b.paymentsOf != nil {
		return b.paymentsOf(ctx, b.Ledger, ref)
	}
	return b.Ledger.PaymentsOf(ctx, ref)
}

func (b broken) Chart(ctx context.Context) (ledger.Chart, error) {
	if b.chart != nil {
		return b.chart(ctx, b.Ledger)
	}
	return b.Ledger.Chart(ctx)
}

func (b broken) Predict(inv ledger.Invoice, chart ledger.Chart) (ledger.Prediction, error) {
	if b.predict != nil {
		return b.predict(b.Ledger, inv, chart)
	}
	return b.Ledger.Predict(inv, chart)
}

func (b broken) Powers() ledger.Powers {
	if b.powers != nil {
		return b.powers(b.Ledger.Powers())
	}
	return b.Ledger.Powers()
}

// brokenWriter is a writer with a fault.
type brokenWriter[T any] struct {
	ledger.Writer[T]
	limits func(ledger.Limits) ledger.Limits
	encode func(ledger.Writer[T], []ledger.Draft[T]) (ledger.Encoded, error)
	create func(context.Context, ledger.Writer[T], ledger.Batch) ([]ledger.Outcome[T], error)
	find   func(context.Context, ledger.Writer[T], ledger.Sought) (ledger.Found[T], error)
}

func (w brokenWriter[T]) Limits() ledger.Limits {
	if w.limits != nil {
		return w.limits(w.Writer.Limits())
	}
	return w.Writer.Limits()
}

func (w brokenWriter[T]) Encode(d []ledger.Draft[T]) (ledger.Encoded, error) {
	if w.encode != nil {
		return w.encode(w.Writer, d)
	}
	return w.Writer.Encode(d)
}

func (w brokenWriter[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	if w.create != nil {
		return w.create(ctx, w.Writer, b)
	}
	return w.Writer.Create(ctx, b)
}

func (w brokenWriter[T]) Find(ctx context.Context, s ledger.Sought) (ledger.Found[T], error) {
	if w.find != nil {
		return w.find(ctx, w.Writer, s)
	}
	return w.Writer.Find(ctx, s)
}

// brokenChanger is a changer with a fault.
type brokenChanger struct {
	ledger.Changer
	limits func(ledger.Limits) ledger.Limits
	allows func(ledger.Change) error
	encode func(ledger.Changer, ledger.Change) (ledger.Encoded, error)
	apply  func(context.Context, ledger.Changer, ledger.Change) (ledger.ChangeOutcome, error)
	look   func(context.Context, ledger.Changer, ledger.Change) (ledger.ChangeState, error)
}

func (c brokenChanger) Limits() ledger.Limits {
	if c.limits != nil {
		return c.limits(c.Changer.Limits())
	}
	return c.Changer.Limits()
}

func (c brokenChanger) Allows(x ledger.Change) error {
	if c.allows != nil {
		return c.allows(x)
	}
	return c.Changer.Allows(x)
}

func (c brokenChanger) Encode(x ledger.Change) (ledger.Encoded, error) {
	if c.encode != nil {
		return c.encode(c.Changer, x)
	}
	return c.Changer.Encode(x)
}

func (c brokenChanger) Apply(ctx context.Context, x ledger.Change) (ledger.ChangeOutcome, error) {
	if c.apply != nil {
		return c.apply(ctx, c.Changer, x)
	}
	return c.Changer.Apply(ctx, x)
}

func (c brokenChanger) Look(ctx context.Context, x ledger.Change) (ledger.ChangeState, error) {
	if c.look != nil {
		return c.look(ctx, c.Changer, x)
	}
	return c.Changer.Look(ctx, x)
}

// The ways to break one part.

func contacts(w brokenWriter[ledger.Contact]) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			w := w
			w.Writer, p.Contacts = p.Contacts, nil
			p.Contacts = w
			return p
		}
	}
}

func payments(w brokenWriter[ledger.Payment]) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			w := w
			w.Writer = p.Payments
			p.Payments = w
			return p
		}
	}
}

func invoices(w brokenWriter[ledger.Invoice]) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			w := w
			w.Writer = p.Invoices
			p.Invoices = w
			return p
		}
	}
}

func voids(c brokenChanger) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			c := c
			c.Changer = p.Voids
			p.Voids = c
			return p
		}
	}
}

type (
	invoicePages = iter.Seq2[ledger.Page[ledger.Invoice], error]
	contactWrite = ledger.Writer[ledger.Contact]
)

// reading breaks each page that Invoices yields; a page for which f says false is swallowed.
func reading(f func(n int, p *ledger.Page[ledger.Invoice], err *error) bool) func(*broken) {
	return func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				n := 0
				for p, err := range l.Invoices(ctx, q) {
					n++
					if f(n, &p, &err) && !yield(p, err) {
						return
					}
				}
			}
		}
	}
}

func outcomes(f func([]ledger.Outcome[ledger.Contact], error) ([]ledger.Outcome[ledger.Contact], error)) func(*broken) {
	return contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
		return f(w.Create(ctx, b))
	}})
}

// restate changes the state of the outcomes that have one.
func restate(from, to ledger.OutcomeState) func(*broken) {
	return outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
		for i := range list {
			if list[i].State == from {
				list[i].State = to
			}
		}
		return list, err
	})
}

// fault is a mistake that somebody who writes an adapter has made or could, with the case that is meant for it.
type fault struct {
	name  string
	fault func(*broken)
	by    string
}

// faults are all of them.
func faults() []fault {
	return slices.Concat(readingFaults(), predictFaults(), writingFaults(), findingFaults(), changingFaults(), otherFaults())
}

type blank struct{}

func (blank) PDF(context.Context, ledger.Ref) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

// pad makes numbers compare as texts.
func pad(n string) string { return fmt.Sprintf("%12s", n) }

func caseOf(t *testing.T, name string) ledgertest.Case {
	t.Helper()
	for _, c := range ledgertest.Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no case %q", name)
	return ledgertest.Case{}
}

// try runs a case over a ledger in memory with a fault.
func try(t *testing.T, c ledgertest.Case, fault func(*broken)) (r ledgertest.Result) {
	t.Helper()
	h := ledgertest.MemoryHarness(func(l ledger.Ledger) ledger.Ledger {
		b := &broken{Ledger: l}
		fault(b)
		return b
	})
	open := h.Open
	h.Open = func(t ledgertest.T) ledgertest.World {
		w := open(t)
		w.Secrets = []string{"tok-secret"}
		return w
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2025, 1, 6, 12, 0, 0, 0, time.UTC)))
		r = c.Try(t, h)
	})
	return r
}

func TestEveryBrokenAdapterIsCaughtByItsCase(t *testing.T) {
	t.Parallel()
	all := faults()
	for _, f := range all {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			c := caseOf(t, f.by)
			r := try(t, c, f.fault)
			if r.Verdict != ledgertest.Failed {
				t.Fatalf("the case %q ends with %q for an adapter that %s", f.by, r.Verdict, f.name)
			}
			if strings.HasPrefix(r.Text, "panic:") && f.name != "goes on after the consumer has stopped" || !strings.Contains(r.Text, c.Rule) || !strings.Contains(r.Text, c.Why) {
				t.Errorf("the failure does not explain itself: %s", r.Text)
			}
			// And the same adapter without its fault passes the case that caught it.
			if r := try(t, c, func(*broken) {}); r.Verdict != ledgertest.Passed {
				t.Errorf("the case %q ends with %q for an adapter that is right: %s", f.by, r.Verdict, r.Text)
			}
		})
	}
	t.Logf("%d broken adapters, each caught by the case that is meant for it", len(all))
}

// family is what a case tests, whatever the kind of record: the three writers share their cases, and so do the three
// changers.
func family(name string) string {
	for _, kinds := range [][]string{{"contacts/", "invoices/", "payments/"}, {"void/", "update/", "payment void/"}} {
		for _, kind := range kinds {
			shared, found := strings.CutPrefix(name, kind)
			if found && slices.ContainsFunc(ledgertest.Cases(), func(c ledgertest.Case) bool { return c.Name == kinds[0]+shared }) {
				return kinds[0] + shared
			}
		}
	}
	return name
}

// A case that catches nobody may be one that cannot fail.
func TestEveryCaseCatchesABrokenAdapter(t *testing.T) {
	t.Parallel()
	caught := map[string]bool{}
	for _, f := range faults() {
		caught[family(f.by)] = true
	}
	families := map[string]bool{}
	for _, c := range ledgertest.Cases() {
		f := family(c.Name)
		families[f] = true
		if !caught[f] {
			t.Errorf("no broken adapter is meant for the case %q", c.Name)
		}
	}
	t.Logf("%d cases, %d without those that say the same of another kind of record; %d of these have caught somebody", len(ledgertest.Cases()), len(families), len(caught))
}

// What the contract allows must pass: a source that answers from memory, and notices.
func TestASourceMayAnswerFromMemoryIfItNotices(t *testing.T) {
	t.Parallel()
	r := try(t, caseOf(t, "organisation/another company"), func(b *broken) {
		noticing(b, func(ctx context.Context, l ledger.Ledger, q ledger.Query, check func() error) invoicePages {
			if err := check(); err != nil {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) { yield(ledger.Page[ledger.Invoice]{}, err) }
			}
			return l.Invoices(ctx, q)
		})
	})
	if r.Verdict != ledgertest.Passed {
		t.Errorf("got %s: %s", r.Verdict, r.Text)
	}
}
