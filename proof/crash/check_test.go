package crash

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// sums is a set of amounts as a sorted text, so that two of them compare and print well.
func sums(amounts []string) string {
	slices.SortFunc(amounts, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return strings.Join(amounts, " ")
}

func liveTotals(r *rig.Rig) string {
	var have []string
	for _, i := range rig.Only(r.Invoices()) {
		have = append(have, i.Total.StringFixed(2))
	}
	return sums(have)
}

func livePayments(r *rig.Rig) string {
	var have []string
	for _, p := range rig.Only(r.Payments()) {
		have = append(have, p.Total.StringFixed(2))
	}
	return sums(have)
}

// tidy reports what a store at rest must not hold: batches, and links that wait; and a broken chain.
func tidy(db store.Store, pair store.Pair) error {
	return db.View(context.Background(), func(tx store.Tx) error {
		var errs []error
		batches, err := tx.Batches().List(pair, "")
		if err != nil {
			return err
		}
		for _, b := range batches {
			errs = append(errs, fmt.Errorf("batch %s of %ss (%s) is left", b.ID, b.Kind, b.Verb))
		}
		links, err := tx.Links().List(store.LinkFilter{Pair: pair})
		if err != nil {
			return err
		}
		for _, l := range links {
			switch {
			case l.Kind == ledger.KindContact && l.State == store.Deferred:
				// Nobody asks for this client any more: the order is gone.
			case l.State == store.Intended, l.State == store.Uncertain, l.State == store.Deferred:
				errs = append(errs, fmt.Errorf("%s %s is %s: %v", l.Kind, l.SourceID, l.State, l.Reasons))
			case l.Batch != "":
				errs = append(errs, fmt.Errorf("%s %s still names batch %s", l.Kind, l.SourceID, l.Batch))
			}
		}
		return errors.Join(append(errs, tx.Activity().Verify())...)
	})
}

// pairOf is the pair of a rig's flow.
func pairOf(r *rig.Rig) store.Pair {
	return store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}
}

// rest runs new processes until one of them finds nothing left to wait for. It returns the last report.
func rest(r *rig.Rig, db store.Store) (invoicesync.Report, error) {
	var trace []string
	for range 25 {
		rep, err := newFlow(r.T, r, db).Run(context.Background())
		trace = append(trace, fmt.Sprintf("%s: %v; resume %s; invoices %+v; payments %+v", rep.Started.Format(time.DateTime), err,
			rep.ResumeAt.Format(time.TimeOnly), rep.Invoices, rep.Payments))
		if err != nil && !errors.Is(err, ledger.ErrLater) {
			return rep, fmt.Errorf("%w\n%s", err, strings.Join(trace, "\n"))
		}
		if twice := r.Once(); twice != nil {
			return rep, fmt.Errorf("%w\n%s", twice, strings.Join(trace, "\n"))
		}
		waits := rep.Invoices.Uncertain + rep.Invoices.Deferred + rep.Payments.Uncertain + rep.Payments.Deferred
		if err == nil && waits == 0 && rep.ResumeAt.IsZero() {
			return rep, nil
		}
		d := time.Minute
		if !rep.ResumeAt.IsZero() {
			d = max(time.Until(rep.ResumeAt), time.Second)
		}
		time.Sleep(d)
	}
	return invoicesync.Report{}, errors.New("the flow never came to rest\n" + strings.Join(trace, "\n"))
}

// bubble is rig.Bubble that lets late commits arrive before it ends, whatever became of the test.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	rig.Bubble(t, func(t *testing.T) {
		defer time.Sleep(time.Hour)
		f(t)
	})
}
