package storetest

import (
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

func durableCases() []Case {
	return []Case{
		{
			Name: "durable/reopened",
			Rule: "a commit must survive the death of the process, and of the machine where Info says Durable; Epoch: … a restored copy has the same",
			Why:  "what is forgotten is written a second time",
			run: func(s *suite) {
				if s.h.Reopen == nil {
					same(s, s.store.Info().Durable, false, "a store that cannot be reopened says that it is durable")
					s.Skipf("the store keeps nothing beyond its life")
				}
				info := s.store.Info()
				s.update(everything)
				full, batch := fullLink(), fullBatch()
				s.put(full)
				s.update(func(tx store.Tx) error {
					s.must(tx.Batches().Put(batch), "put batch")
					if _, _, err := tx.Leases().Acquire("released", "me", noon, time.Minute); err != nil {
						return err
					}
					return tx.Leases().Release("released", 1)
				})
				_ = s.store.Update(s.Context(), func(tx store.Tx) error {
					s.must(tx.Cursors().Set("lost", "x"), "set cursor")
					return errors.New("rolled back")
				})

				for range 2 { // once more, so that what reopening itself writes is seen too
					s.store = s.h.Reopen(s.T, s.store)
					same(s, s.store.Info(), info, "info after reopening")
					s.view(func(tx store.Tx) error {
						s.must(s.all(tx), "read")
						got, _, err := tx.Links().Get(pair, ledger.KindPayment, "pay-1")
						s.must(err, "get link")
						s.sameLink(got, full, "link after reopening")
						b, _, err := tx.Batches().Get("batch-1")
						s.must(err, "get batch")
						s.sameBatch(b, batch, "batch after reopening")
						lost, err := tx.Cursors().Get("lost")
						same(s, lost, "", "cursor of a transaction that was rolled back")
						return err
					})
				}
				lease, ok := s.acquire("released", "another", noon, time.Minute)
				same(s, ok, true, "a lease that was given up is free")
				same(s, lease.Token, int64(2), "its next token")
				s.append(row("later", "run-2", "1", noon))
				rows := s.rows(store.ActivityFilter{})
				same(s, rows[len(rows)-1].Seq, int64(3), "number of the first row after reopening")
				s.must(s.verify(), "verify")
			},
		},
		{
			Name: "durable/newer refused",
			Rule: "ErrNewerSchema: a newer version of this library wrote the store",
			Why:  "an old version does not know what the new one remembers, and would write it again",
			run: func(s *suite) {
				if s.h.Newer == nil {
					s.Skipf("the store has no versions")
				}
				s.update(everything)
				s.is(s.h.Newer(s.T, s.store), store.ErrNewerSchema, "open a store that a newer version wrote")
			},
		},
	}
}
