package ledgertest_test

import (
	"context"
	"errors"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
)

// findingFaults are mistakes of those who look up what was written.
func findingFaults() []fault {
	return []fault{
		{"forgets voided hits", invoices(brokenWriter[ledger.Invoice]{find: func(ctx context.Context, w ledger.Writer[ledger.Invoice], s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
			found, err := w.Find(ctx, s)
			for m, hits := range found.Hits {
				found.Hits[m] = slices.DeleteFunc(hits, func(i ledger.Invoice) bool { return !i.Status.Live() })
			}
			return found, err
		}}), "invoices/find/voided and deleted"},
		{"chooses one of two hits", invoices(brokenWriter[ledger.Invoice]{find: func(ctx context.Context, w ledger.Writer[ledger.Invoice], s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
			found, err := w.Find(ctx, s)
			for m, hits := range found.Hits {
				found.Hits[m] = hits[:1]
			}
			return found, err
		}}), "invoices/find/both of a doubled mark"},
		{"looks at the first page only", contacts(brokenWriter[ledger.Contact]{find: func(ctx context.Context, w contactWrite, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
			s.Marks = s.Marks[:min(len(s.Marks), 10)]
			return w.Find(ctx, s)
		}}), "contacts/find/among many"},
		{"calls absent what it could not read", contacts(brokenWriter[ledger.Contact]{find: func(ctx context.Context, w contactWrite, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
			found, err := w.Find(ctx, s)
			if errors.Is(err, ledger.ErrUnreadable) {
				err = nil
			}
			return found, err
		}}), "contacts/find/never absent by mistake"},
		{"finds the oldest for the newest", contacts(brokenWriter[ledger.Contact]{find: func(ctx context.Context, w contactWrite, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
			if s.Newest > 0 {
				s.Newest = 1000
			}
			return w.Find(ctx, s)
		}}), "contacts/find/newest"},
		{"finds no numbers", invoices(brokenWriter[ledger.Invoice]{find: func(ctx context.Context, w ledger.Writer[ledger.Invoice], s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
			found, err := w.Find(ctx, s)
			found.ByNumber = nil
			return found, err
		}}), "invoices/find/by number"},
		{"finds by position", contacts(brokenWriter[ledger.Contact]{find: func(ctx context.Context, w contactWrite, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
			found, err := w.Find(ctx, s)
			var all []ledger.Contact
			for _, m := range s.Marks {
				all = append(all, found.Hits[m]...)
			}
			for i, m := range s.Marks { // as if the answer held one row for each mark, in their order
				found.Hits[m] = all[min(i, len(all)):min(i+1, len(all))]
			}
			return found, err
		}}), "contacts/find/every mark"},
	}
}
