package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

func (s *suite) append(rows ...store.Row) {
	s.Helper()
	s.update(func(tx store.Tx) error { return tx.Activity().Append(rows...) })
}

func (s *suite) rows(f store.ActivityFilter) (rows []store.Row) {
	s.Helper()
	s.view(func(tx store.Tx) (err error) {
		rows, err = tx.Activity().List(f)
		return err
	})
	return rows
}

func (s *suite) verify() (err error) {
	s.Helper()
	s.view(func(tx store.Tx) error {
		err = tx.Activity().Verify()
		return nil
	})
	return err
}

func seqs(rows []store.Row) string {
	var list []string
	for _, r := range rows {
		list = append(list, fmt.Sprint(r.Seq))
	}
	return strings.Join(list, " ")
}

func activityCases() []Case {
	return []Case{
		{
			Name: "activity/round trip",
			Rule: "Row is one line of the activity log; At is kept in milliseconds",
			Why:  "it is what explains, years later, what was written and why",
			run: func(s *suite) {
				full := store.Row{
					At: time.Date(2026, 3, 4, 5, 6, 7, 89_999_999, time.FixedZone("east", 10*3600)), Pair: third, Run: "run-1", Event: "created",
					Kind: ledger.KindPayment, SourceID: "src", LedgerID: "led", Codes: []string{"b", "a", "é"},
					Amount: decimal.RequireFromString("-123456789012345678901.10"), Currency: "JPY", Detail: "rule 3\n日本",
					Seq: 77, Prev: "nonsense", Hash: "nonsense",
				}
				bare := store.Row{At: noon, Event: "started"}
				s.append(full, bare)
				full.Codes[0] = "changed by the caller"
				rows := s.rows(store.ActivityFilter{})
				if len(rows) != 2 {
					s.Fatalf("%s", s.text("got %d rows, want 2", len(rows)))
				}
				got := rows[0]
				same(s, got.At, time.Date(2026, 3, 3, 19, 6, 7, 89_000_000, time.UTC), "at")
				same(s, got.Pair, third, "pair")
				same(s, strings.Join([]string{got.Run, got.Event, string(got.Kind), got.SourceID, got.LedgerID, string(got.Currency), got.Detail}, "|"),
					"run-1|created|payment|src|led|JPY|rule 3\n日本", "texts")
				same(s, strings.Join(got.Codes, " "), "b a é", "codes")
				same(s, got.Amount.Equal(full.Amount), true, "amount %s", got.Amount)
				got.Codes[0] = "changed by the reader"
				same(s, rows[1].Pair, store.Pair{}, "pair of a row without one")
				same(s, s.rows(store.ActivityFilter{})[0].Codes[0], "b", "first code, read again")
			},
		},
		{
			Name: "activity/numbered and chained",
			Rule: "Append numbers and chains the rows as ChainHead.Add does; Seq: from 1, without gaps",
			Why:  "a log that can be thinned out unseen proves nothing",
			run: func(s *suite) {
				var want []store.Row
				var head store.ChainHead
				for i := range 5 {
					r := row("created", "run", fmt.Sprint(i), noon.Add(time.Duration(i)*time.Second))
					s.append(r)
					want = append(want, head.Add(r))
					// A transaction that is rolled back uses no number.
					err := s.store.Update(s.Context(), func(tx store.Tx) error {
						s.must(tx.Activity().Append(row("lost", "run", "x", noon)), "append")
						return errors.New("rolled back")
					})
					if err == nil {
						s.bad("the transaction was not rolled back")
					}
				}
				s.update(func(tx store.Tx) error { return tx.Activity().Append() })
				var many []store.Row
				for i := range 130 {
					many = append(many, row("created", "run", fmt.Sprint("many", i), noon))
					want = append(want, head.Add(many[i]))
				}
				s.append(many...)
				rows := s.rows(store.ActivityFilter{})
				same(s, len(rows), len(want), "rows")
				for i := range min(len(rows), len(want)) {
					same(s, rows[i].Seq, int64(i+1), "number")
					same(s, rows[i].SourceID, want[i].SourceID, "row %d", i+1)
					same(s, rows[i].Prev, want[i].Prev, "hash before row %d", i+1)
					same(s, rows[i].Hash, want[i].Hash, "hash of row %d", i+1)
				}
				s.must(s.verify(), "verify")
			},
		},
		{
			Name: "activity/filters",
			Rule: "ActivityFilter selects rows. Zero fields select all; List returns rows in the order of their numbers",
			Why:  "why is this invoice not in the ledger: the answer is the rows of that invoice, all of them and in order",
			run: func(s *suite) {
				a, b := row("created", "r1", "s1", noon), row("parked", "r1", "s2", noon)
				a.LedgerID, b.Codes = "l1", []string{"tax", "rate"}
				c, d := row("parked", "r2", "s1", noon), row("created", "r1", "S1", noon)
				c.Codes, d.Pair = []string{"tax_rate"}, other
				e := row("done", "", "", noon)
				s.append(a, b)
				s.append(c)
				s.append(d, e)
				for _, f := range []struct {
					name string
					f    store.ActivityFilter
					want string
				}{
					{"nothing", store.ActivityFilter{}, "1 2 3 4 5"},
					{"pair", store.ActivityFilter{Pair: pair}, "1 2 3 5"},
					{"another pair", store.ActivityFilter{Pair: other}, "4"},
					{"unknown pair", store.ActivityFilter{Pair: third}, ""},
					{"run", store.ActivityFilter{Run: "r1"}, "1 2 4"},
					{"a run between", store.ActivityFilter{Run: "r2"}, "3"},
					{"unknown run", store.ActivityFilter{Run: "r3"}, ""},
					{"source id", store.ActivityFilter{SourceID: "s1"}, "1 3"},
					{"ledger id", store.ActivityFilter{LedgerID: "l1"}, "1"},
					{"event", store.ActivityFilter{Event: "parked"}, "2 3"},
					{"code", store.ActivityFilter{Code: "rate"}, "2"},
					{"after", store.ActivityFilter{After: 2}, "3 4 5"},
					{"after the last", store.ActivityFilter{After: 5}, ""},
					{"limit", store.ActivityFilter{Limit: 2}, "1 2"},
					{"code and limit", store.ActivityFilter{Code: "tax_rate", Limit: 1}, "3"},
					{"together", store.ActivityFilter{Pair: pair, Run: "r1", SourceID: "s2", Event: "parked", Code: "tax", After: 1, Limit: 5}, "2"},
				} {
					same(s, seqs(s.rows(f.f)), f.want, "rows by %s", f.name)
				}
			},
		},
		{
			Name: "activity/change is found",
			Rule: "Verify walks the chain and returns an error that names the first broken row",
			Why:  "a log that was changed afterwards must not pass for the one that was written",
			run:  func(s *suite) { s.tampering(3, false) },
		},
		{
			Name: "activity/removal is found",
			Rule: "Verify walks the chain and returns an error that names the first broken row",
			Why:  "a row that somebody took out of the middle of the log must not go unseen",
			run:  func(s *suite) { s.tampering(3, true) },
		},
		{
			Name: "activity/removal of the first is found",
			Rule: "Verify walks the chain; The chain starts at the oldest row that stays",
			Why:  "what Trim removed is known; a first row that is missing beyond that was taken away",
			run:  func(s *suite) { s.tampering(1, true) },
		},
		{
			Name: "activity/removal of the last is found",
			Rule: "Verify walks the chain",
			Why:  "the end of a log is the easiest to cut off, and holds what happened last",
			run:  func(s *suite) { s.tampering(5, true) },
		},
		{
			Name: "activity/trim",
			Rule: "Trim removes the rows at the front that are older than before, up to the first that is not, and says how many; numbers are never used again",
			Why:  "retention must not break the chain of what stays, nor give two rows one number",
			run: func(s *suite) {
				minute := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
				// Row 4 is older than its place: a clock was set back.
				s.append(row("e", "r1", "1", minute(0)), row("e", "r1", "2", minute(1)), row("e", "r2", "3", minute(5)), row("e", "r2", "4", minute(1)), row("e", "r2", "5", minute(6)))
				trim := func(before time.Time, want int) {
					s.Helper()
					s.update(func(tx store.Tx) error {
						n, err := tx.Activity().Trim(before)
						same(s, n, want, "rows trimmed before %s", before.Format("15:04:05.000"))
						return err
					})
					s.must(s.verify(), "verify after trimming before %s", before.Format("15:04:05.000"))
				}
				trim(minute(-10), 0)
				trim(minute(0), 0) // a row of that very time is not older
				trim(minute(0).Add(time.Nanosecond), 1)
				trim(minute(3), 1)
				same(s, seqs(s.rows(store.ActivityFilter{})), "3 4 5", "rows that stay")
				same(s, seqs(s.rows(store.ActivityFilter{Run: "r1"})), "", "rows of a run that is trimmed")
				same(s, seqs(s.rows(store.ActivityFilter{After: 3})), "4 5", "rows after 3")
				err := s.store.Update(s.Context(), func(tx store.Tx) error {
					if _, err := tx.Activity().Trim(minute(60)); err != nil {
						return err
					}
					return errors.New("rolled back")
				})
				if err == nil {
					s.bad("the transaction was not rolled back")
				}
				same(s, seqs(s.rows(store.ActivityFilter{})), "3 4 5", "rows after a trim that was rolled back")
				trim(minute(60), 3)
				same(s, len(s.rows(store.ActivityFilter{})), 0, "rows that stay of none")
				s.append(row("e", "r3", "6", minute(7)))
				same(s, seqs(s.rows(store.ActivityFilter{})), "6", "row after all were trimmed")
				s.must(s.verify(), "verify after appending to a log that was trimmed away")
			},
		},
	}
}

// tampering appends five rows, changes or removes one and expects Verify to name it.
func (s *suite) tampering(seq int64, remove bool) {
	s.Helper()
	if s.h.Tamper == nil {
		s.Skipf("the harness cannot tamper with a store")
	}
	var rows []store.Row
	for i := range 5 {
		rows = append(rows, row("created", "run", fmt.Sprint(i), noon))
	}
	s.append(rows...)
	s.must(s.verify(), "verify before tampering")
	s.h.Tamper(s.T, s.store, seq, remove)
	err := s.verify()
	if err == nil {
		s.bad("Verify found nothing wrong")
		return
	}
	if !slices.Contains(strings.FieldsFunc(err.Error(), func(r rune) bool { return r < '0' || r > '9' }), fmt.Sprint(seq)) {
		s.bad("Verify says %q and does not name row %d", err, seq)
	}
}
