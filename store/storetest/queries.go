package storetest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// bytewise lists ids in byte order that most other orders put differently: by case, by accent, by
// number, by UTF-16 code unit (where 😀 comes before ｡).
var bytewise = []string{" ", "!", "1", "10", "2", "A", "B", "Z", "_", "a", "a b", "a_b", "aa", "ab", "b", "z", "é", "日本", "｡", "😀"}

func shuffled(list []string) []string {
	out := slices.Clone(list)
	slices.Reverse(out)
	out[0], out[len(out)/2] = out[len(out)/2], out[0]
	return out
}

func (s *suite) list(f store.LinkFilter) (list []store.Link) {
	s.Helper()
	s.view(func(tx store.Tx) (err error) {
		list, err = tx.Links().List(f)
		return err
	})
	return list
}

func linkQueryCases() []Case {
	return []Case{
		{
			Name: "links/many at once",
			Rule: "GetMany returns those of the ids that have a link; ByMarks and ByLedgerIDs likewise",
			Why:  "a page of a thousand records is judged against what is known of them; one that is missed is written again",
			run: func(s *suite) {
				const n = 501
				var links []store.Link
				var sourceIDs, ends []string
				var marks []ledger.Mark
				for i := range n {
					l := link(pair, ledger.KindInvoice, fmt.Sprintf("s%04d", i), 0, store.Written)
					l.LedgerID = fmt.Sprintf("e%04d", i)
					if i%3 != 0 {
						links = append(links, l)
					}
					sourceIDs, ends, marks = append(sourceIDs, l.SourceID), append(ends, l.LedgerID), append(marks, l.Mark)
				}
				s.put(links...)
				// Doubled, unknown and empty ones do no harm.
				sourceIDs, ends, marks = append(sourceIDs, "s0001", "nobody", ""), append(ends, "e0001", "nobody", ""), append(marks, marks[1], "AAAAAAAAAAAAAAAA", "")
				s.view(func(tx store.Tx) error {
					bySource, err := tx.Links().GetMany(pair, ledger.KindInvoice, sourceIDs)
					s.must(err, "get many")
					byMark, err := tx.Links().ByMarks(marks)
					s.must(err, "by marks")
					byEnd, err := tx.Links().ByLedgerIDs(books, ledger.KindInvoice, ends)
					s.must(err, "by ledger ids")
					same(s, len(bySource), len(links), "links by source id")
					same(s, len(byMark), len(links), "links by mark")
					same(s, len(byEnd), len(links), "links by ledger id")
					for _, l := range links {
						same(s, bySource[l.SourceID].Mark, l.Mark, "link by source id %s", l.SourceID)
						same(s, byMark[l.Mark].SourceID, l.SourceID, "link by mark %s", l.Mark)
						same(s, byEnd[l.LedgerID].SourceID, l.SourceID, "link by ledger id %s", l.LedgerID)
					}
					none, err := tx.Links().GetMany(pair, ledger.KindInvoice, nil)
					same(s, len(none), 0, "links of no ids")
					s.must(err, "get none")
					unknown, err := tx.Links().GetMany(third, ledger.KindInvoice, sourceIDs)
					same(s, len(unknown), 0, "links of a pair that has none")
					return err
				})
			},
		},
		{
			Name: "links/pairs apart",
			Rule: "Links belong to the pair",
			Why:  "invoice 17 of one company is not invoice 17 of another",
			run: func(s *suite) {
				for i, p := range []store.Pair{pair, other, third} {
					l := link(p, ledger.KindInvoice, "17", 0, store.Written)
					l.LedgerNumber = fmt.Sprint(i)
					s.put(l)
				}
				for i, p := range []store.Pair{pair, other, third} {
					got, _ := s.link(p, ledger.KindInvoice, "17")
					same(s, got.LedgerNumber, fmt.Sprint(i), "link of %s", p)
					same(s, got.Pair, p, "pair of the link")
					same(s, len(s.list(store.LinkFilter{Pair: p})), 1, "links of %s", p)
				}
			},
		},
		{
			Name: "links/by ledger id",
			Rule: "ByLedgerID returns the link that ends at that record of the ledger, of whatever pair and generation; of several it is the first by the text of the pair, then by source id, then of the highest generation",
			Why:  "a payment that we wrote ourselves must be known for ours, whichever flow wrote it",
			run: func(s *suite) {
				ending := func(p store.Pair, kind ledger.RecordKind, id string, generation int, end string) store.Link {
					l := link(p, kind, id, generation, store.Written)
					l.LedgerID = end
					return l
				}
				s.put(
					ending(other, ledger.KindContact, "c0", 0, "E"),
					ending(pair, ledger.KindContact, "c2", 0, "E"),
					ending(pair, ledger.KindContact, "c1", 0, "E"),
					ending(pair, ledger.KindContact, "c1", 1, "E"),
					ending(other, ledger.KindContact, "only", 0, "F"),
					ending(third, ledger.KindContact, "elsewhere", 0, "F"),
					ending(pair, ledger.KindInvoice, "invoice", 0, "E"),
				)
				s.view(func(tx store.Tx) error {
					for _, c := range []struct {
						org  ledger.OrganisationID
						kind ledger.RecordKind
						end  string
						want string
					}{
						{books, ledger.KindContact, "E", "c1"},
						{books, ledger.KindContact, "F", "only"},
						{others, ledger.KindContact, "F", "elsewhere"},
						{books, ledger.KindInvoice, "E", "invoice"},
						{others, ledger.KindInvoice, "E", ""},
						{books, ledger.KindContact, "e", ""},
						{books, ledger.KindContact, "", ""},
					} {
						got, _, err := tx.Links().ByLedgerID(c.org, c.kind, c.end)
						s.must(err, "by ledger id")
						same(s, got.SourceID, c.want, "link that ends at %s %s %q", c.org, c.kind, c.end)
						if c.want == "c1" {
							same(s, got.Generation, 1, "its generation")
						}
						many, err := tx.Links().ByLedgerIDs(c.org, c.kind, []string{c.end})
						s.must(err, "by ledger ids")
						same(s, many[c.end].SourceID, c.want, "link among those that end at %s %s %q", c.org, c.kind, c.end)
					}
					return nil
				})
			},
		},
		{
			Name: "links/byte order",
			Rule: "List returns links … in the order of source ids, byte by byte",
			Why:  "a page that follows another order than After compares by leaves records out for ever",
			run: func(s *suite) {
				for _, id := range shuffled(bytewise) {
					s.put(link(pair, ledger.KindInvoice, id, 0, store.Parked))
				}
				for name, f := range map[string]store.LinkFilter{
					"all":   {Pair: pair},
					"kind":  {Pair: pair, Kind: ledger.KindInvoice},
					"state": {Pair: pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Parked, store.Written}},
				} {
					if got := ids(s.list(f)); !slices.Equal(got, bytewise) {
						s.bad("list of %s: got %q, want %q", name, got, bytewise)
					}
				}
			},
		},
		{
			Name: "links/paging",
			Rule: "After: only source ids after it; Limit … so that paging loses none",
			Why:  "a sweep goes through the links page by page, and a link between two pages is never swept",
			run: func(s *suite) {
				for i, id := range bytewise {
					s.put(link(pair, ledger.KindInvoice, id, 0, store.Written))
					if i%2 == 0 {
						s.put(link(pair, ledger.KindContact, id, 0, store.Written), link(pair, ledger.KindPayment, id, 0, store.Parked))
					}
				}
				for limit := range 6 {
					for name, f := range map[string]store.LinkFilter{
						"one kind":  {Pair: pair, Kind: ledger.KindInvoice},
						"all kinds": {Pair: pair},
						"one state": {Pair: pair, States: []store.LinkState{store.Written}},
					} {
						f.Limit = limit
						seen := map[string]int{}
						for range len(bytewise) + 1 {
							page := s.list(f)
							if len(page) == 0 || limit == 0 && len(seen) > 0 {
								break
							}
							if f.Kind != "" && limit > 0 && len(page) > limit {
								s.bad("%s: a page of %d, the limit is %d", name, len(page), limit)
							}
							for _, l := range page {
								seen[l.SourceID+" "+string(l.Kind)]++
							}
							f.After = page[len(page)-1].SourceID
						}
						want := map[string]int{"one kind": len(bytewise), "all kinds": 2 * len(bytewise), "one state": len(bytewise) + len(bytewise)/2}[name]
						same(s, len(seen), want, "links seen on pages of %d, %s", limit, name)
						for id, n := range seen {
							same(s, n, 1, "times that %q was on a page of %d, %s", id, limit, name)
						}
					}
				}
			},
		},
		{
			Name: "links/filters",
			Rule: "LinkFilter selects links. Zero fields select all; Count counts what List would return, by state",
			Why:  "what a person must act on is found by state and reason, what a run did by its run",
			run: func(s *suite) {
				mk := func(id string, kind ledger.RecordKind, state store.LinkState, parent, run, batch string, codes ...string) store.Link {
					l := link(pair, kind, id, 0, state)
					l.Parent, l.Run, l.Batch = parent, run, batch
					for _, code := range codes {
						l.Reasons = append(l.Reasons, store.Reason{Code: code, Message: "because " + code})
					}
					return l
				}
				s.put(
					mk("1", ledger.KindInvoice, store.Written, "", "r1", ""),
					mk("2", ledger.KindInvoice, store.Parked, "", "r1", "", "tax", "tax_rate_differs"),
					mk("3", ledger.KindInvoice, store.Parked, "", "r2", "", "rate"),
					mk("4", ledger.KindInvoice, store.Intended, "", "r2", "b1"),
					mk("5", ledger.KindInvoice, store.Uncertain, "", "r2", "b2"),
					mk("6", ledger.KindInvoice, store.Refused, "", "r1", "", "tax"),
					mk("7", ledger.KindInvoice, store.Skipped, "", "r1", "", "too_old"),
					mk("8", ledger.KindInvoice, store.Deferred, "", "r3", ""),
					mk("9", ledger.KindInvoice, store.Written, "", "r3", "", "changed", "voided"),
					mk("p1", ledger.KindPayment, store.Written, "1", "r1", ""),
					mk("p2", ledger.KindPayment, store.Parked, "1", "r2", "", "tax"),
					mk("p3", ledger.KindPayment, store.Written, "3", "r2", ""),
				)
				s.put(link(other, ledger.KindInvoice, "1", 0, store.Parked))
				for _, c := range []struct {
					name string
					f    store.LinkFilter
					want []string
				}{
					{"pair", store.LinkFilter{}, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "p1", "p2", "p3"}},
					{"kind", store.LinkFilter{Kind: ledger.KindPayment}, []string{"p1", "p2", "p3"}},
					{"no such kind", store.LinkFilter{Kind: ledger.KindCreditNote}, nil},
					{"state", store.LinkFilter{States: []store.LinkState{store.Parked}}, []string{"2", "3", "p2"}},
					{"states", store.LinkFilter{States: []store.LinkState{store.Uncertain, store.Intended}}, []string{"4", "5"}},
					{"states, closed ones too", store.LinkFilter{States: []store.LinkState{store.Written, store.Refused}}, []string{"1", "6", "9", "p1", "p3"}},
					{"written with a code", store.LinkFilter{States: []store.LinkState{store.Written}, Code: "voided"}, []string{"9"}},
					{"written without that code", store.LinkFilter{States: []store.LinkState{store.Written}, Code: "tax"}, nil},
					{"skipped", store.LinkFilter{States: []store.LinkState{store.Skipped}}, []string{"7"}},
					{"deferred", store.LinkFilter{States: []store.LinkState{store.Deferred}}, []string{"8"}},
					{"deferred among open ones", store.LinkFilter{States: []store.LinkState{store.Parked, store.Deferred}}, []string{"2", "3", "8", "p2"}},
					{"parent", store.LinkFilter{Parent: "1"}, []string{"p1", "p2"}},
					{"run", store.LinkFilter{Run: "r2"}, []string{"3", "4", "5", "p2", "p3"}},
					{"batch", store.LinkFilter{Batch: "b1"}, []string{"4"}},
					{"code", store.LinkFilter{Code: "tax"}, []string{"2", "6", "p2"}},
					{"code, second reason", store.LinkFilter{Code: "tax_rate_differs"}, []string{"2"}},
					{"part of a code", store.LinkFilter{Code: "tax_rate"}, nil},
					{"after", store.LinkFilter{Kind: ledger.KindInvoice, After: "5"}, []string{"6", "7", "8", "9"}},
					{"limit", store.LinkFilter{Limit: 2}, []string{"1", "2"}},
					{"code and limit", store.LinkFilter{Code: "tax", Limit: 2}, []string{"2", "6"}},
					{"together", store.LinkFilter{Kind: ledger.KindInvoice, States: []store.LinkState{store.Parked, store.Refused}, Run: "r1", Code: "tax", After: "2"}, []string{"6"}},
				} {
					c.f.Pair = pair
					list := s.list(c.f)
					if got := ids(list); !slices.Equal(got, c.want) {
						s.bad("list by %s: got %q, want %q", c.name, got, c.want)
					}
					want := map[store.LinkState]int{}
					for _, l := range list {
						want[l.State]++
					}
					s.view(func(tx store.Tx) error {
						got, err := tx.Links().Count(c.f)
						maps.DeleteFunc(got, func(_ store.LinkState, n int) bool { return n == 0 })
						if !maps.Equal(got, want) {
							s.bad("count by %s: got %v, want %v", c.name, got, want)
						}
						return err
					})
				}
				err := s.store.View(s.Context(), func(tx store.Tx) error { _, err := tx.Links().List(store.LinkFilter{}); return err })
				if err == nil {
					s.bad("a filter without a pair gave no error")
				}
			},
		},
	}
}
