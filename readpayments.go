package invoicesync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// paymentsOf reads an invoice's payment records, where there may be some.
func (w *pass) paymentsOf(ctx context.Context, inv ledger.Invoice) ([]ledger.Payment, []eligibility.Reason, error) {
	rows := inv.Payments
	if inv.PaymentsElsewhere && (w.push.settings.paymentsWanted() || inv.Totals.Paid.IsPositive()) {
		var err error
		if f, ok := w.fetched[inv.ID]; ok {
			rows, err = f.rows, f.err
		} else {
			rows, err = w.push.source.PaymentsOf(ctx, ledger.Ref{ID: inv.ID})
		}
		if err != nil {
			if code := recordError(err); code != "" {
				return nil, []eligibility.Reason{*parked(code, "", "", "The invoice's payments cannot be read: %s", err)}, nil
			}
			return nil, nil, err
		}
	}
	rows = slices.Clone(rows)
	// The order of the facts, not of the answer, decides which payment still fits the balance.
	slices.SortStableFunc(rows, func(a, b ledger.Payment) int {
		if c := a.PaidAt.Compare(b.PaidAt); c != 0 {
			return c
		}
		if c := a.Date.Compare(b.Date); c != 0 {
			return c
		}
		if len(a.ID) != len(b.ID) {
			return len(a.ID) - len(b.ID)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return rows, nil, nil
}

// fetched is what was read ahead of an invoice's payments.
type fetched struct {
	rows []ledger.Payment
	err  error
}

// ahead is how many invoices' payments are asked for at the same time. Vendors allow more; this is
// enough to hide most of the time that an answer takes.
const ahead = 4

// prefetch asks for the payments of the records that will need them, several at a time. What it asks
// for is what judging would ask for one by one.
func (w *pass) prefetch(ctx context.Context, records []ledger.Invoice, links map[string]store.Link) error {
	if !w.push.settings.paymentsWanted() {
		return nil
	}
	var ids []string
	for i := range records {
		inv := &records[i]
		link, linked := links[inv.ID]
		switch {
		case !inv.PaymentsElsewhere, w.queued[inv.ID], linked && (onItsWay(link) || stuck(link)):
			continue
		case linked && link.State == store.Written:
			if link.Batch != "" || !w.force && link.SourceVersion == inv.Version {
				continue
			}
		default:
			facts, err := w.facts(ctx)
			if err != nil {
				return err
			}
			if !w.policy.Judge(*inv, facts).Eligible() {
				continue
			}
		}
		ids = append(ids, inv.ID)
	}
	if len(ids) < 2 {
		return nil
	}
	results := make([]fetched, len(ids))
	next := make(chan int)
	var group sync.WaitGroup
	for range min(ahead, len(ids)) {
		group.Go(func() {
			for i := range next {
				results[i].rows, results[i].err = w.push.source.PaymentsOf(ctx, ledger.Ref{ID: ids[i]})
			}
		})
	}
	var err error
	for i := range ids {
		if err = w.alive(ctx); err != nil {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	if err != nil {
		return err
	}
	for i, id := range ids {
		w.fetched[id] = results[i]
	}
	return nil
}

// recordError tells errors that concern one record from those that concern the connection.
func recordError(err error) string {
	switch {
	case errors.Is(err, ledger.ErrUnreadable):
		return CodePaymentsUnreadable
	case errors.Is(err, ledger.ErrNotFound):
		return CodePaymentsNotFound
	}
	return ""
}
