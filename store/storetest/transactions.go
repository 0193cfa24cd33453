package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

func transactionCases() []Case {
	return []Case{
		{
			Name: "update/commits",
			Rule: "Update … must commit all of it or nothing",
			Why:  "a batch whose links are remembered without its activity, or the other way round, cannot be resolved",
			run: func(s *suite) {
				s.update(everything)
				s.view(func(tx store.Tx) error { return s.all(tx) })
			},
		},
		{
			Name: "update/sees its own writes",
			Rule: "Update must run its function in one transaction",
			Why:  "a flow writes a lease and a link and reads them again in the same step",
			run: func(s *suite) {
				s.update(func(tx store.Tx) error {
					if err := everything(tx); err != nil {
						return err
					}
					return s.all(tx)
				})
			},
		},
		{
			Name: "update/error rolls back",
			Rule: "An error of f rolls back and is returned",
			Why:  "half a step would be taken for a whole one by the next run",
			run: func(s *suite) {
				no := errors.New("no")
				err := s.store.Update(s.Context(), func(tx store.Tx) error {
					s.must(everything(tx), "write")
					return no
				})
				s.is(err, no, "update whose function fails")
				s.nothing("after a function that failed")
			},
		},
		{
			Name: "update/panic rolls back",
			Rule: "a panic of f rolls back too",
			Why:  "a host that recovers panics would find half a step committed, or a store that is locked for ever",
			run: func(s *suite) {
				func() {
					defer func() {
						if recover() == nil {
							s.bad("the panic of the function did not come out of Update")
						}
					}()
					_ = s.store.Update(s.Context(), func(tx store.Tx) error {
						s.must(everything(tx), "write")
						panic("on purpose")
					})
				}()
				s.nothing("after a function that panicked")
			},
		},
		{
			Name: "update/function runs twice",
			Rule: "The function may run twice",
			Why:  "what a rolled back attempt leaves behind would count double: numbers, versions, tokens, budgets",
			run: func(s *suite) {
				again := Twice(s.store)
				s.must(again.Update(s.Context(), everything), "update that runs twice")
				s.view(func(tx store.Tx) error { return s.all(tx) })
			},
		},
		{
			Name: "update/error passed over",
			Rule: "An error that a method returns makes the whole transaction fail, even if the function passes over it",
			Why:  "code that forgets to look at one error would commit a step with a hole in it",
			run: func(s *suite) {
				err := s.store.Update(s.Context(), func(tx store.Tx) error {
					s.must(tx.Cursors().Set("a", "1"), "set cursor")
					if err := tx.Links().Put(store.Link{Pair: pair, Kind: ledger.KindInvoice, SourceID: "1", State: "nonsense"}); err == nil {
						s.bad("a link in a state that does not exist was put")
					}
					return nil
				})
				if err == nil {
					s.bad("the transaction was committed")
				}
				s.view(func(tx store.Tx) error {
					value, err := tx.Cursors().Get("a")
					same(s, value, "", "cursor of the transaction that failed")
					return err
				})
			},
		},
		{
			Name: "update/answers are not failures",
			Rule: "ErrConflict of a document, ErrLeaseLost, and what Verify finds leave the transaction usable",
			Why:  "who loses a race wants to write down that it lost",
			run: func(s *suite) {
				s.putDocument("r", "k", "old")
				s.update(func(tx store.Tx) error {
					s.is(tx.Documents("r").Put("k", nil, 0), store.ErrConflict, "put over a document that exists")
					s.is(tx.Documents("r").Delete("k", 7), store.ErrConflict, "delete another version")
					s.is(tx.Leases().Check("l", 1), store.ErrLeaseLost, "check a lease that nobody has")
					_, err := tx.Leases().Renew("l", 1, noon, time.Minute)
					s.is(err, store.ErrLeaseLost, "renew a lease that nobody has")
					return tx.Cursors().Set("a", "1")
				})
				s.view(func(tx store.Tx) error {
					value, err := tx.Cursors().Get("a")
					same(s, value, "1", "cursor written after the answers")
					return err
				})
			},
		},
		{
			Name: "view/cannot write",
			Rule: "View … Writing in it is an error",
			Why:  "a preview that writes is no preview",
			run: func(s *suite) {
				writes := map[string]func(store.Tx) error{
					"links":    func(tx store.Tx) error { return tx.Links().Put(link(pair, ledger.KindInvoice, "1", 0, store.Written)) },
					"batches":  func(tx store.Tx) error { return tx.Batches().Put(store.Batch{ID: "b", Pair: pair, Kind: "invoice"}) },
					"batch":    func(tx store.Tx) error { return tx.Batches().Delete("b") },
					"cursors":  func(tx store.Tx) error { return tx.Cursors().Set("c", "1") },
					"activity": func(tx store.Tx) error { return tx.Activity().Append(row("created", "r", "1", noon)) },
					"trim":     func(tx store.Tx) error { _, err := tx.Activity().Trim(noon); return err },
					"leases":   func(tx store.Tx) error { _, _, err := tx.Leases().Acquire("l", "me", noon, time.Minute); return err },
					"release":  func(tx store.Tx) error { return tx.Leases().Release("l", 1) },
					"budgets":  func(tx store.Tx) error { _, err := tx.Budgets().Take("k", noon, time.Minute, 1, 5); return err },
					"document": func(tx store.Tx) error { return tx.Documents("r").Put("k", nil, store.AnyVersion) },
					"delete":   func(tx store.Tx) error { return tx.Documents("r").Delete("k", store.AnyVersion) },
				}
				for name, write := range writes {
					err := s.store.View(s.Context(), func(tx store.Tx) error {
						if err := write(tx); err == nil {
							s.bad("%s: writing in a view gave no error", name)
						}
						return nil
					})
					if err == nil {
						s.bad("%s: the view that wrote gave no error", name)
					}
				}
				s.nothing("after views that wrote")
			},
		},
		{
			Name: "view/sees one state",
			Rule: "View runs f in a transaction that sees one state",
			Why:  "a report that adds up links of before and after a step adds up to nothing",
			run: func(s *suite) {
				s.putDocument("r", "k", "before")
				done := make(chan error, 1)
				s.view(func(tx store.Tx) error {
					first, _, err := tx.Documents("r").Get("k")
					if err != nil {
						return err
					}
					go func() {
						done <- s.store.Update(context.WithoutCancel(s.Context()), func(tx store.Tx) error {
							return tx.Documents("r").Put("k", []byte("after"), store.AnyVersion)
						})
					}()
					// A store may make the writer wait for the view, or let it write beside it.
					select {
					case err = <-done:
						done <- err
					case <-time.After(30 * time.Millisecond):
					}
					second, _, err := tx.Documents("r").Get("k")
					same(s, string(second.Value), string(first.Value), "document in one view, while another transaction writes it")
					return err
				})
				s.must(<-done, "update beside a view")
				doc, _ := s.document("r", "k")
				same(s, string(doc.Value), "after", "document in the next view")
			},
		},
		{
			Name: "tx/ends with its function",
			Rule: "a Tx … ends with its function",
			Why:  "writing through a Tx that was kept would happen outside of any transaction",
			run: func(s *suite) {
				var kept store.Tx
				s.update(func(tx store.Tx) error { kept = tx; return nil })
				if err := kept.Cursors().Set("a", "1"); err == nil {
					s.bad("a Tx that had ended could write")
				}
				if _, err := kept.Cursors().Get("a"); err == nil {
					s.bad("a Tx that had ended could read")
				}
				s.nothing("after writing through a Tx that had ended")
			},
		},
		{
			Name: "update/context ended",
			Rule: "When ctx has ended before the commit, nothing is committed",
			Why:  "a caller who gave up has planned without the step",
			run: func(s *suite) {
				ctx, cancel := context.WithCancel(s.Context())
				err := s.store.Update(ctx, func(tx store.Tx) error {
					s.must(everything(tx), "write")
					cancel()
					return nil
				})
				s.is(err, context.Canceled, "update whose context ends")
				s.nothing("after a context that ended")
				ran := false
				run := func(store.Tx) error { ran = true; return nil }
				s.is(s.store.Update(ctx, run), context.Canceled, "update with a context that has ended")
				s.is(s.store.View(ctx, run), context.Canceled, "view with a context that has ended")
				same(s, ran, false, "the function ran")
			},
		},
		{
			Name: "close/ends use",
			Rule: "Close releases the store. Using it afterwards is an error",
			Why:  "a store that forgets silently after Close looks like one that works",
			run: func(s *suite) {
				s.update(everything)
				s.must(s.store.Close(), "close")
				if err := s.store.Update(s.Context(), func(store.Tx) error { return nil }); err == nil {
					s.bad("Update worked on a store that is closed")
				}
				if err := s.store.View(s.Context(), func(store.Tx) error { return nil }); err == nil {
					s.bad("View worked on a store that is closed")
				}
			},
		},
		{
			Name: "info/constant and its own",
			Rule: "Info must be constant for the life of the value; Epoch: random, made when the store was created",
			Why:  "by its epoch a store that is new is known, and the links are rebuilt before anything is written twice",
			run: func(s *suite) {
				first := s.store.Info()
				s.update(everything)
				same(s, s.store.Info(), first, "info")
				if len(first.Epoch) < 16 {
					s.bad("epoch %q is too short to be random", first.Epoch)
				}
				another := s.h.Open(s.T)
				defer another.Close()
				if another.Info().Epoch == first.Epoch {
					s.bad("two stores have the epoch %q", first.Epoch)
				}
			},
		},
	}
}

// everything writes into every table.
func everything(tx store.Tx) error {
	_, _, lease := tx.Leases().Acquire("l", "me", noon, time.Minute)
	_, take := tx.Budgets().Take("k", noon, time.Minute, 3, 5)
	return errors.Join(
		tx.Links().Put(link(pair, ledger.KindInvoice, "1", 0, store.Intended)),
		tx.Batches().Put(store.Batch{ID: "b", Pair: pair, Kind: ledger.KindInvoice, Body: []byte("body")}),
		tx.Cursors().Set("c", "here"),
		tx.Activity().Append(row("intended", "run", "1", noon), row("sent", "run", "1", noon)),
		lease,
		take,
		tx.Documents("r").Put("k", []byte("value"), 0),
	)
}

// all compares what everything wrote, once.
func (s *suite) all(tx store.Tx) error {
	s.Helper()
	l, ok, err := tx.Links().Get(pair, ledger.KindInvoice, "1")
	s.must(err, "get link")
	same(s, ok && l.State == store.Intended, true, "the link is there")
	b, ok, err := tx.Batches().Get("b")
	s.must(err, "get batch")
	same(s, ok && string(b.Body) == "body", true, "the batch is there")
	c, err := tx.Cursors().Get("c")
	s.must(err, "get cursor")
	same(s, c, "here", "cursor")
	rows, err := tx.Activity().List(store.ActivityFilter{})
	s.must(err, "list activity")
	same(s, len(rows), 2, "rows of activity")
	for i, r := range rows {
		same(s, r.Seq, int64(i+1), "number of an activity row")
	}
	s.must(tx.Activity().Verify(), "verify activity")
	lease, ok, err := tx.Leases().Get("l")
	s.must(err, "get lease")
	same(s, ok, true, "the lease is there")
	same(s, lease.Token, int64(1), "token of the lease")
	used, err := tx.Budgets().Used("k", noon, time.Minute)
	s.must(err, "budget")
	same(s, used, 3, "budget used")
	d, ok, err := tx.Documents("r").Get("k")
	s.must(err, "get document")
	same(s, ok && string(d.Value) == "value", true, "the document is there")
	same(s, d.Version, int64(1), "version of the document")
	return nil
}

// nothing reports what is left of everything.
func (s *suite) nothing(when string) {
	s.Helper()
	s.view(func(tx store.Tx) error {
		_, link, err := tx.Links().Get(pair, ledger.KindInvoice, "1")
		s.must(err, "get link")
		links, err := tx.Links().List(store.LinkFilter{Pair: pair})
		s.must(err, "list links")
		_, marked, err := tx.Links().ByMark(ledger.NewMark(books, ledger.KindInvoice, shop, "1", 0))
		s.must(err, "get link by mark")
		same(s, link || marked || len(links) > 0, false, "%s: a link is there", when)
		_, batch, err := tx.Batches().Get("b")
		s.must(err, "get batch")
		same(s, batch, false, "%s: a batch is there", when)
		cursor, err := tx.Cursors().Get("c")
		s.must(err, "get cursor")
		same(s, cursor, "", "%s: cursor", when)
		rows, err := tx.Activity().List(store.ActivityFilter{})
		s.must(err, "list activity")
		same(s, len(rows), 0, "%s: rows of activity", when)
		s.must(tx.Activity().Verify(), "verify activity")
		_, lease, err := tx.Leases().Get("l")
		s.must(err, "get lease")
		same(s, lease, false, "%s: a lease is there", when)
		used, err := tx.Budgets().Used("k", noon, time.Minute)
		s.must(err, "budget")
		same(s, used, 0, "%s: budget used", when)
		docs, err := tx.Documents("r").Scan("", "", 0)
		s.must(err, "scan documents")
		same(s, len(docs), 0, "%s: documents", when)
		return nil
	})
}
