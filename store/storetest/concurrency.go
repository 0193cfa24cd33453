package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Writers is how many goroutines write at once in the cases about concurrency.
const Writers = 8

// together runs f in that many goroutines at once and ends the case on the first error.
func (s *suite) together(n int, f func(i int) error) {
	s.Helper()
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	s.must(errors.Join(errs...), "in several goroutines")
}

// Increment adds one to the number in a document, by reading it and writing it back without asking for
// its version. Only transactions that are serializable lose none.
func Increment(tx store.Tx, room, key string) error {
	doc, _, err := tx.Documents(room).Get(key)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(string(doc.Value))
	return tx.Documents(room).Put(key, []byte(strconv.Itoa(n+1)), store.AnyVersion)
}

func concurrencyCases() []Case {
	return []Case{
		{
			Name: "concurrency/increments",
			Rule: "Update must run its function in one transaction that is serializable against all others",
			Why:  "a lost update is a lease that two runs hold, or a budget that is spent twice",
			run: func(s *suite) {
				const times = 25
				s.together(Writers, func(int) error {
					for range times {
						if err := s.store.Update(s.Context(), func(tx store.Tx) error { return Increment(tx, "r", "n") }); err != nil {
							return err
						}
					}
					return nil
				})
				doc, _ := s.document("r", "n")
				same(s, string(doc.Value), strconv.Itoa(Writers*times), "counter")
			},
		},
		{
			Name: "concurrency/no phantom",
			Rule: "serializable against all others",
			Why:  "who looks whether anybody has begun and then begins must be the only one",
			run: func(s *suite) {
				s.together(Writers, func(i int) error {
					return s.store.Update(s.Context(), func(tx store.Tx) error {
						begun, err := tx.Documents("r").Scan("claim/", "", 0)
						if err != nil || len(begun) > 0 {
							return err
						}
						return tx.Documents("r").Put(fmt.Sprintf("claim/%d", i), nil, 0)
					})
				})
				same(s, len(s.scan("claim/", "", 0)), 1, "claims")
			},
		},
		{
			Name: "concurrency/one lease",
			Rule: "Acquire takes a lease that nobody holds",
			Why:  "all machines start their run at the full hour",
			run: func(s *suite) {
				var mu sync.Mutex
				var got []store.Lease
				s.together(Writers, func(i int) error {
					return s.store.Update(s.Context(), func(tx store.Tx) error {
						lease, ok, err := tx.Leases().Acquire("l", fmt.Sprint("owner ", i), noon, time.Hour)
						if err == nil && ok {
							mu.Lock()
							defer mu.Unlock()
							got = append(got, lease)
						}
						return err
					})
				})
				same(s, len(got), 1, "holders")
			},
		},
		{
			Name: "concurrency/activity has no gaps",
			Rule: "Seq: … from 1, without gaps",
			Why:  "two appends at once must not take one number, nor break the chain",
			run: func(s *suite) {
				const times = 10
				s.together(Writers, func(i int) error {
					for n := range times {
						err := s.store.Update(s.Context(), func(tx store.Tx) error {
							return tx.Activity().Append(row("a", fmt.Sprint("run", i), fmt.Sprint(n), noon), row("b", fmt.Sprint("run", i), fmt.Sprint(n), noon))
						})
						if err != nil {
							return err
						}
					}
					return nil
				})
				rows := s.rows(store.ActivityFilter{})
				same(s, len(rows), 2*Writers*times, "rows")
				for i := 0; i+1 < len(rows); i += 2 {
					same(s, rows[i+1].Run+rows[i+1].Event, rows[i].Run+"b", "row %d, of the transaction of row %d", i+2, i+1)
				}
				for i := range Writers {
					same(s, len(s.rows(store.ActivityFilter{Run: fmt.Sprint("run", i)})), 2*times, "rows of run %d", i)
				}
				s.must(s.verify(), "verify")
			},
		},
		{
			Name: "concurrency/readers beside writers",
			Rule: "Implementations are safe for concurrent use; View … sees one state",
			Why:  "the console reads while a run writes, and must not see half of a step",
			run: func(s *suite) {
				s.together(Writers, func(i int) error {
					for n := range 15 {
						if i%2 == 0 {
							err := s.store.Update(s.Context(), func(tx store.Tx) error {
								id := fmt.Sprintf("%d-%d", i, n)
								return tx.Links().Put(link(pair, ledger.KindInvoice, id, 0, store.Written), link(pair, ledger.KindContact, id, 0, store.Written))
							})
							if err != nil {
								return err
							}
							continue
						}
						err := s.store.View(s.Context(), func(tx store.Tx) error {
							invoices, err := tx.Links().List(store.LinkFilter{Pair: pair, Kind: ledger.KindInvoice})
							if err != nil {
								return err
							}
							contacts, err := tx.Links().List(store.LinkFilter{Pair: pair, Kind: ledger.KindContact})
							if err == nil && len(invoices) != len(contacts) {
								return fmt.Errorf("%d invoices and %d contacts, which are always written together", len(invoices), len(contacts))
							}
							return err
						})
						if err != nil {
							return err
						}
					}
					return nil
				})
			},
		},
	}
}
