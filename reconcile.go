package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Reconcile compares both sides of a [Push], of a [Settle], or of both, for a range of days, and repairs what
// a person tells it to. It asks both sides anew and believes the store only in what became of which record.
// A repair goes through the write protocol of the flow that it belongs to, and judges the record once more
// before it writes: a difference that is gone meanwhile leads to nothing.
//
// It keeps nothing in memory but a page of each side. Its methods may be called from several goroutines and
// processes.
type Reconcile struct {
	push   *Push
	settle *Settle
	opts   ReconcileOptions
}

// ReconcileOptions are what a [Reconcile] can do without. The zero value is a good default.
type ReconcileOptions struct {
	// Days is how far back Run looks. 0: 90.
	Days int
	// LedgerOnly lists invoices of the ledger that no flow wrote. Whoever also keeps their books by hand has many.
	LedgerOnly bool
	// Observer is told of each difference that Run finds.
	Observer func(Difference)
}

var _ Runner = (*Reconcile)(nil)

// Difference is one thing that is not the same on both sides.
type Difference struct {
	Code string
	Kind ledger.RecordKind // invoice or payment
	Flow string            // name of the flow that it belongs to, and that repairs it

	Source   ledger.Ref // in the source, or at the host; empty: only the ledger has it
	Ledger   ledger.Ref // in the ledger; empty: only the source has it
	Invoice  ledger.Ref // of a payment: its invoice in the source, or for what a host collected in the ledger
	Date     ledger.Date
	Currency ledger.Currency
	InSource decimal.Decimal // what the source says: a total, or the amount of a payment
	InLedger decimal.Decimal // what the ledger says

	Message string
	Reasons []store.Reason // why the flow has not written it, where it has judged it

	Fix Fix // what Repair would do
	// Agreed is a person's word, which Fix may need: see [Fix.NeedsAgreement]. Set it before Repair.
	Agreed bool
}

// Codes of differences.
const (
	DiffMissing        = "missing"          // wanted in the ledger, and not there
	DiffInDoubt        = "in_doubt"         // a write of it has not been resolved
	DiffDoubled        = "doubled"          // the ledger has it more than once
	DiffLooksTheSame   = "looks_the_same"   // not linked, and the ledger has one like it
	DiffGoneInLedger   = "gone_in_ledger"   // was written, and is void, deleted or gone there
	DiffGoneInSource   = "gone_in_source"   // stands in the ledger, and the source no longer has it
	DiffVoidedInSource = "voided_in_source" // stands in the ledger, and is void in the source; of a payment: failed, or reversed
	DiffAmount         = "amount_differs"   // another total, or another amount
	DiffContent        = "content_differs"  // the same total of other lines, of another client, or on another day; of a payment: on another day
	DiffRefund         = "refund_owed"      // money was given back, and the ledger does not say so
	DiffUnlinkedMark   = "unlinked_mark"    // the ledger has a record with a mark that the store does not know
	DiffOnlyInLedger   = "only_in_ledger"   // entered by somebody else
	DiffOnOtherInvoice = "on_other_invoice" // the payment stands in the ledger, and not on its invoice
	DiffPaymentUnread  = "payments_unread"  // the invoice's payments cannot be read
)

// Fix is what a repair does.
type Fix string

// The repairs.
const (
	FixNone     Fix = ""         // nothing that a program may decide: compare both sides by hand
	FixWait     Fix = "wait"     // resolves a write in doubt, as soon as its absence would be final
	FixWrite    Fix = "write"    // judges the record again, whatever it was judged before, and writes it
	FixUpdate   Fix = "update"   // carries the source's content over, while the ledger lets it
	FixVoid     Fix = "void"     // voids the invoice in the ledger
	FixDelete   Fix = "delete"   // deletes the payment in the ledger
	FixReplace  Fix = "replace"  // deletes the payment in the ledger and books it as the source has it
	FixRecreate Fix = "recreate" // creates it once more, under a new mark
	FixAdopt    Fix = "adopt"    // links it with the record of the ledger that looks the same; writes no such record
)

// NeedsAgreement reports whether the repair rests on what only a person can know: that what is gone is to come
// back, or that two records are the same one.
func (f Fix) NeedsAgreement() bool { return f == FixRecreate || f == FixAdopt }

// NewReconcile returns a comparison of the flows, of which one may be nil. It makes no call.
func NewReconcile(push *Push, settle *Settle, o *ReconcileOptions) (*Reconcile, error) {
	switch {
	case push == nil && settle == nil:
		return nil, errors.New("invoicesync: NewReconcile needs a push, a settle, or both")
	case push != nil && settle != nil && push.settings.Ledger != settle.settings.Ledger:
		return nil, fmt.Errorf("invoicesync: NewReconcile: the push writes to %s and the settle to %s; compare them apart", push.settings.Ledger, settle.settings.Ledger)
	}
	c := &Reconcile{push: push, settle: settle}
	if o != nil {
		c.opts = *o
	}
	if c.opts.Days == 0 {
		c.opts.Days = 90
	}
	if c.opts.Days < 0 {
		return nil, errors.New("invoicesync: ReconcileOptions.Days is negative")
	}
	return c, nil
}

// Name returns "reconcile ledger".
func (c *Reconcile) Name() string {
	if c.push != nil {
		return "reconcile " + c.push.settings.Ledger.String()
	}
	return "reconcile " + c.settle.settings.Ledger.String()
}

// Differences compares the records that are dated from the one day to the other, both included, on either
// side, and yields what is not the same. It writes nothing, to the store neither; stop it by breaking out of
// the loop. An error is the last thing yielded. Of an invoice that lies in the range on one side only, the
// other is found all the same.
func (c *Reconcile) Differences(ctx context.Context, from, to ledger.Date) iter.Seq2[Difference, error] {
	return func(yield func(Difference, error) bool) {
		err := c.compare(ctx, comparison{from: from, to: to, found: func(d Difference) bool { return yield(d, nil) }, same: func(ledger.RecordKind) {}})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Difference{}, err)
		}
	}
}

// Run compares the last days (ReconcileOptions.Days) and tells the observer of what is not the same. It
// repairs nothing. The report counts differences as parked by their code, and what is the same as already
// there; an invoice with two differences is counted by both.
func (c *Reconcile) Run(ctx context.Context) (Report, error) {
	now := time.Now().UTC()
	rep := newReport("", now)
	today := ledger.DateIn(now, time.UTC)
	counts := func(kind ledger.RecordKind) *Counts {
		if kind == ledger.KindPayment {
			return &rep.Payments
		}
		return &rep.Invoices
	}
	err := c.compare(ctx, comparison{from: today.AddDays(-c.opts.Days), to: today.AddDays(1), // it is tomorrow already in some calendars
		found: func(d Difference) bool {
			counts(d.Kind).add(bucket{bParked, d.Code}, 1)
			if c.opts.Observer != nil {
				c.opts.Observer(d)
			}
			return true
		},
		same: func(kind ledger.RecordKind) { counts(kind).add(bucket{bAlready, ""}, 1) },
	})
	rep.Ended = time.Now().UTC()
	if err != nil {
		rep.Stopped, rep.ResumeAt = stopCode(err), ledger.ResumeAt(err)
	}
	return rep, err
}

// comparison is one comparing of both sides.
type comparison struct {
	from, to ledger.Date
	found    func(Difference) bool
	same     func(ledger.RecordKind)
}

func (c comparison) covers(d ledger.Date) bool {
	return !d.IsZero() && (c.from.IsZero() || !d.Before(c.from)) && (c.to.IsZero() || !d.After(c.to))
}

// tell yields a difference; errStopped: whoever listens has heard enough.
func (c comparison) tell(d Difference) error {
	if !c.found(d) {
		return errStopped
	}
	return nil
}

func (c *Reconcile) compare(ctx context.Context, look comparison) error {
	if !look.from.IsZero() && !look.to.IsZero() && look.to.Before(look.from) {
		return fmt.Errorf("invoicesync: the days from %s to %s are none; exchange them", look.from, look.to)
	}
	if c.push != nil {
		if err := c.push.compare(ctx, look, c.opts.LedgerOnly); err != nil {
			return err
		}
	}
	if c.settle != nil {
		return c.settle.compare(ctx, look)
	}
	return nil
}
