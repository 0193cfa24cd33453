package storetest

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

func fullBatch() store.Batch {
	return store.Batch{
		ID: "batch-1", Pair: pair, Kind: ledger.KindPayment, Verb: "create",
		Members: []ledger.Member{
			{Mark: "AAAAAAAAAAAAAAAA", Amount: decimal.RequireFromString("0.10"), Parent: "led-inv-1"},
			{Mark: "BBBBBBBBBBBBBBBB", Amount: decimal.RequireFromString("12345678901234567890.5")},
		},
		Route: "PUT /Payments?é", Body: []byte("\x00\x01\xff\xfe sealed"), BodyHash: "hash", Key: "key", Attempt: 2, Round: 3,
		Before: "v1", Answered: true, Looks: 4, Lease: 1 << 40,
		FirstSent: time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.FixedZone("west", -5*3600)),
		LastSent:  time.Date(2026, 1, 2, 3, 4, 5, 7_000_000, time.UTC),
		SendBy:    time.Date(2026, 1, 2, 3, 6, 5, 0, time.UTC),
	}
}

func (s *suite) sameBatch(got, want store.Batch, what string) {
	s.Helper()
	s.sameInstant(got.FirstSent, want.FirstSent, what+": first sent")
	s.sameInstant(got.LastSent, want.LastSent, what+": last sent")
	s.sameInstant(got.SendBy, want.SendBy, what+": send by")
	same(s, string(got.Body), string(want.Body), "%s: body", what)
	if !slices.EqualFunc(got.Members, want.Members, func(a, b ledger.Member) bool {
		return a.Mark == b.Mark && a.Parent == b.Parent && a.Amount.Equal(b.Amount)
	}) {
		s.bad("%s: members: got %v, want %v", what, got.Members, want.Members)
	}
	type plain struct {
		id, verb, route, hash, key, before string
		pair                               store.Pair
		kind                               ledger.RecordKind
		attempt, round, looks              int
		answered                           bool
		lease                              int64
	}
	of := func(b store.Batch) plain {
		return plain{b.ID, b.Verb, b.Route, b.BodyHash, b.Key, b.Before, b.Pair, b.Kind, b.Attempt, b.Round, b.Looks, b.Answered, b.Lease}
	}
	same(s, of(got), of(want), "%s", what)
}

func (s *suite) batches(p store.Pair, kind ledger.RecordKind) (list []string) {
	s.Helper()
	s.view(func(tx store.Tx) error {
		batches, err := tx.Batches().List(p, kind)
		for _, b := range batches {
			list = append(list, b.ID)
		}
		return err
	})
	return list
}

func batchCases() []Case {
	return []Case{
		{
			Name: "batches/round trip",
			Rule: "Batch is a write that is about to leave or has left: the exact body, its key and when a byte could have left",
			Why:  "only identical bytes may be sent again, and absence is final only so long after the last of them",
			run: func(s *suite) {
				want, bare := fullBatch(), store.Batch{ID: "bare", Pair: pair, Kind: ledger.KindInvoice}
				s.update(func(tx store.Tx) error {
					s.must(tx.Batches().Put(bare), "put")
					return tx.Batches().Put(want)
				})
				s.view(func(tx store.Tx) error {
					got, ok, err := tx.Batches().Get("batch-1")
					s.must(err, "get")
					same(s, ok, true, "the batch is there")
					s.sameBatch(got, want, "batch")
					list, err := tx.Batches().List(pair, ledger.KindPayment)
					s.must(err, "list")
					same(s, len(list), 1, "batches")
					s.sameBatch(list[0], want, "listed batch")
					got, _, err = tx.Batches().Get("bare")
					s.sameBatch(got, bare, "bare batch")
					s.must(err, "get")
					_, ok, err = tx.Batches().Get("nobody")
					same(s, ok, false, "a batch that was never put is there")
					return err
				})
			},
		},
		{
			Name: "batches/copied",
			Rule: "What goes in and out is copied",
			Why:  "a body that changes after it was remembered is no longer the body that was sent",
			run: func(s *suite) {
				b := fullBatch()
				want := fullBatch()
				s.update(func(tx store.Tx) error { return tx.Batches().Put(b) })
				b.Body[0], b.Members[0].Parent = 'x', "x"
				s.view(func(tx store.Tx) error {
					got, _, err := tx.Batches().Get("batch-1")
					s.must(err, "get")
					s.sameBatch(got, want, "batch after the caller changed what it had put")
					got.Body[0], got.Members[0].Parent = 'y', "y"
					list, err := tx.Batches().List(pair, "")
					s.must(err, "list")
					s.sameBatch(list[0], want, "batch after the caller changed what it had got")
					return nil
				})
			},
		},
		{
			Name: "batches/oldest first",
			Rule: "List returns the pair's batches of that kind (\"\": all), oldest first: in the order in which they were put for the first time",
			Why:  "an invoice is resolved before the payment that needs it",
			run: func(s *suite) {
				put := func(id string, p store.Pair, kind ledger.RecordKind) {
					s.update(func(tx store.Tx) error { return tx.Batches().Put(store.Batch{ID: id, Pair: p, Kind: kind}) })
				}
				put("c", pair, ledger.KindInvoice)
				put("a", pair, ledger.KindPayment)
				put("d", other, ledger.KindInvoice)
				put("b", pair, ledger.KindInvoice)
				put("c", pair, ledger.KindInvoice) // put again: it keeps its place
				same(s, strings.Join(s.batches(pair, ""), " "), "c a b", "all batches")
				same(s, strings.Join(s.batches(pair, ledger.KindInvoice), " "), "c b", "batches of invoices")
				same(s, strings.Join(s.batches(other, ""), " "), "d", "batches of another pair")
				same(s, strings.Join(s.batches(third, ""), " "), "", "batches of a pair that has none")
				s.update(func(tx store.Tx) error { return tx.Batches().Delete("b") })
				put("b", pair, ledger.KindInvoice)
				put("0", pair, ledger.KindInvoice)
				same(s, strings.Join(s.batches(pair, ""), " "), "c a b 0", "batches after one came back")
			},
		},
		{
			Name: "batches/deleted twice",
			Rule: "Delete removes the batch; one that is not there is no error",
			Why:  "a step that runs twice deletes twice",
			run: func(s *suite) {
				s.update(func(tx store.Tx) error { return tx.Batches().Put(fullBatch()) })
				for range 2 {
					s.update(func(tx store.Tx) error { return tx.Batches().Delete("batch-1") })
				}
				same(s, len(s.batches(pair, "")), 0, "batches")
			},
		},
		{
			Name: "cursors/set and get",
			Rule: "Get returns \"\" for a name that was never set",
			Why:  "a reading without a cursor begins at the beginning; one with somebody else's leaves records out",
			run: func(s *suite) {
				values := map[string]string{"a": "1", "A": "2", "é": "日本😀", "long " + strings.Repeat("n", 2000): strings.Repeat("v", 20000), "a%": "3"}
				s.update(func(tx store.Tx) error {
					for name, value := range values {
						s.must(tx.Cursors().Set(name, "before"), "set")
						s.must(tx.Cursors().Set(name, value), "set")
					}
					return nil
				})
				s.view(func(tx store.Tx) error {
					for name, value := range values {
						got, err := tx.Cursors().Get(name)
						s.must(err, "get")
						same(s, got, value, "cursor %.10q", name)
					}
					got, err := tx.Cursors().Get("never set")
					same(s, got, "", "cursor that was never set")
					return err
				})
				s.update(func(tx store.Tx) error { return tx.Cursors().Set("a", "") })
				s.view(func(tx store.Tx) error {
					got, err := tx.Cursors().Get("a")
					same(s, got, "", "cursor that was set to nothing")
					return err
				})
			},
		},
	}
}
