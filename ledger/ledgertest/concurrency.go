package ledgertest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/invoicesync/invoicesync/ledger"
)

func concurrencyCases() []Case {
	return []Case{
		{
			Name: "concurrency/reading",
			Rule: "A Source must be safe for concurrent use.",
			Why:  "two flows share one source, and one reads what the other asked for (run the suite with -race too)",
			run: func(s *suite) {
				ids := s.seedMany(6)
				s.crowd(6, func(n int) error {
					id := ids[n%len(ids)]
					inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
					if err == nil && inv.ID != id {
						err = fmt.Errorf("invoice %s: got %s", id, inv.ID)
					}
					got := map[string]bool{}
					for inv, failed := range ledger.All(s.w.Source.Invoices(s.Context(), ledger.Query{PageSize: 2})) {
						err = errors.Join(err, failed)
						got[inv.ID] = true
					}
					if err == nil && len(got) != len(ids) {
						err = fmt.Errorf("%d invoices were read, want %d", len(got), len(ids))
					}
					_, failed := s.w.Source.Organisation(s.Context())
					return errors.Join(err, failed)
				})
			},
		},
		{
			Name: "concurrency/writing",
			Rule: "A Ledger must be safe for concurrent use.",
			Why:  "one batch's answer would be read as another's (run the suite with -race too)",
			run: func(s *suite) {
				k := contactKind()
				w := k.of(s)
				const crowd = 8
				var batches []ledger.Batch
				for range crowd {
					drafts := []ledger.Draft[ledger.Contact]{k.draft(s, "")}
					if w.Limits().Batch > 1 {
						drafts = append(drafts, k.draft(s, ""))
					}
					batches = append(batches, batchOf(s, k, w, drafts...))
				}
				s.crowd(crowd, func(n int) error {
					outcomes, err := w.Create(s.Context(), batches[n])
					for i, o := range outcomes {
						if o.State != ledger.Created || o.Mark != batches[n].Members[i].Mark || o.Record.Mark != o.Mark {
							return fmt.Errorf("batch %d, outcome %d: %s of mark %s, want created of %s", n, i+1, told(outcomes[i:i+1]), o.Mark, batches[n].Members[i].Mark)
						}
					}
					_, failed := w.Find(s.Context(), ledger.Sought{Marks: []ledger.Mark{batches[n].Members[0].Mark}})
					return errors.Join(err, failed)
				})
				for _, b := range batches {
					for _, m := range b.Members {
						same(s, s.marked(k.kind, m.Mark), 1, "records of one mark")
					}
				}
			},
		},
	}
}

// crowd runs f at the same time n times, and reports its errors.
func (s *suite) crowd(n int, f func(n int) error) {
	s.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			s.bad("%d at a time: %v", n, err)
		}
	}
}
