package storetest

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// fullLink has a value in every field.
func fullLink() store.Link {
	l := link(pair, ledger.KindPayment, "pay-1", 2, store.Parked)
	l.Adopted, l.TakenBack, l.OnPurpose, l.Revision = true, true, true, 1_767_225_600_000
	l.LedgerID, l.LedgerNumber, l.LedgerVersion = "led-1", "INV-0042", "v7"
	l.Parent, l.LedgerParent = "inv-1", "led-inv-1"
	l.SourceVersion, l.SourceHash, l.Settings = "sv", "sh", "set"
	l.Currency = "KWD"
	l.Amount = decimal.RequireFromString("10.500")
	l.Predicted = decimal.RequireFromString("-0.01")
	l.Actual = decimal.RequireFromString("99999999999999999999999999.000000000001")
	l.Reasons = []store.Reason{{Code: "one", Message: "first"}, {Code: "two"}}
	l.Rule, l.Batch, l.Run = "plan", "batch-1", "run-1"
	l.Bucket, l.CreatedBy, l.UpdatedBy = "parked/one", "run-0", "run-2"
	l.FirstSent = time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.FixedZone("east", 10*3600))
	l.Updated = time.Date(1999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
	return l
}

// sameLink compares every field; decimals by value and instants to the millisecond, which the contract
// promises.
func (s *suite) sameLink(got, want store.Link, what string) {
	s.Helper()
	for name, pair := range map[string][2]decimal.Decimal{
		"amount": {got.Amount, want.Amount}, "predicted": {got.Predicted, want.Predicted}, "actual": {got.Actual, want.Actual},
	} {
		if !pair[0].Equal(pair[1]) {
			s.bad("%s: %s: got %s, want %s", what, name, pair[0], pair[1])
		}
	}
	s.sameInstant(got.FirstSent, want.FirstSent, what+": first sent")
	s.sameInstant(got.Updated, want.Updated, what+": updated")
	if !slices.Equal(got.Reasons, want.Reasons) {
		s.bad("%s: reasons: got %v, want %v", what, got.Reasons, want.Reasons)
	}
	type plain struct {
		pair                                                                 store.Pair
		kind                                                                 ledger.RecordKind
		sourceID                                                             string
		generation                                                           int
		mark                                                                 ledger.Mark
		state                                                                store.LinkState
		adopted, takenBack, onPurpose                                        bool
		revision                                                             int64
		ledgerID, number, version, parent, ledgerParent, sourceVersion, hash string
		settings, rule, batch, run, bucket, createdBy, updatedBy             string
		currency                                                             ledger.Currency
	}
	of := func(l store.Link) plain {
		return plain{l.Pair, l.Kind, l.SourceID, l.Generation, l.Mark, l.State, l.Adopted, l.TakenBack, l.OnPurpose, l.Revision, l.LedgerID, l.LedgerNumber, l.LedgerVersion,
			l.Parent, l.LedgerParent, l.SourceVersion, l.SourceHash, l.Settings, l.Rule, l.Batch, l.Run, l.Bucket, l.CreatedBy, l.UpdatedBy, l.Currency}
	}
	same(s, of(got), of(want), "%s", what)
}

// sameInstant compares to the millisecond, and asks for UTC.
func (s *suite) sameInstant(got, want time.Time, what string) {
	s.Helper()
	if got.IsZero() != want.IsZero() || !got.Truncate(time.Millisecond).Equal(want.Truncate(time.Millisecond)) {
		s.bad("%s: got %s, want %s", what, got.Format(time.RFC3339Nano), want.UTC().Format(time.RFC3339Nano))
	}
	if _, offset := got.Zone(); offset != 0 || got.Location().String() != "UTC" {
		s.bad("%s: got the zone %s, want UTC", what, got.Location())
	}
}

func (s *suite) link(p store.Pair, kind ledger.RecordKind, sourceID string) (l store.Link, ok bool) {
	s.Helper()
	s.view(func(tx store.Tx) (err error) {
		l, ok, err = tx.Links().Get(p, kind, sourceID)
		return err
	})
	return l, ok
}

func linkCases() []Case {
	return []Case{
		{
			Name: "links/round trip",
			Rule: "Put writes the link; Get returns it",
			Why:  "a field that is lost is a decision that cannot be explained or repeated",
			run: func(s *suite) {
				want := fullLink()
				bare := link(pair, ledger.KindInvoice, "bare", 0, store.Skipped)
				s.put(want, bare)
				got, ok := s.link(pair, ledger.KindPayment, "pay-1")
				same(s, ok, true, "the link is there")
				s.sameLink(got, want, "full link")
				got, _ = s.link(pair, ledger.KindInvoice, "bare")
				s.sameLink(got, bare, "link with an identity only")
				_, ok = s.link(pair, ledger.KindInvoice, "pay-1")
				same(s, ok, false, "a link of another kind is there")
			},
		},
		{
			Name: "links/instants",
			Rule: "Instants have at least millisecond precision and are UTC",
			Why:  "quiet times are counted from them; an hour of another zone is a payment sent twice",
			run: func(s *suite) {
				for _, at := range []time.Time{
					time.Date(2026, 10, 4, 1, 59, 59, 999_000_000, time.FixedZone("AEST", 10*3600)),
					time.Date(2026, 10, 4, 3, 0, 0, 1_000_000, time.FixedZone("AEDT", 11*3600)),
					time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("west", -12*3600)),
					time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
					time.Unix(0, 0),
					{},
				} {
					l := link(pair, ledger.KindInvoice, "1", 0, store.Written)
					l.FirstSent, l.Updated = at, at
					s.put(l)
					got, _ := s.link(pair, ledger.KindInvoice, "1")
					s.sameInstant(got.FirstSent, at, "first sent "+at.String())
					s.sameInstant(got.Updated, at, "updated "+at.String())
				}
			},
		},
		{
			Name: "links/decimals",
			Rule: "Decimals are exact",
			Why:  "money that went through a float differs by a cent somewhere",
			run: func(s *suite) {
				for _, text := range []string{"0", "0.1", "-0.1", "0.30", "1e3", "19.99", "-1234567.89", "0.000000000000000001",
					"123456789012345678", "1234567890123456789", "9223372036854775808", "-123456789012345678901234567890.123456789"} {
					l := link(pair, ledger.KindInvoice, "1", 0, store.Written)
					l.Amount = decimal.RequireFromString(text)
					l.Predicted, l.Actual = l.Amount.Neg(), l.Amount
					s.put(l)
					got, _ := s.link(pair, ledger.KindInvoice, "1")
					s.sameLink(got, l, text)
				}
			},
		},
		{
			Name: "links/texts",
			Rule: "Keys are compared byte by byte",
			Why:  "two records whose ids differ in case or accent only would share a link, and one is never written",
			run: func(s *suite) {
				list := []string{"a", "A", "é", "e\u0301", "ß", "SS", "ss", " a", "a ", "日本語", "😀", "'; --", `"`, `\`, "%", "_", "a\nb",
					strings.Repeat("long", 400) + "1", strings.Repeat("long", 400) + "2"}
				for i, id := range list {
					l := link(pair, ledger.KindInvoice, id, 0, store.Written)
					l.LedgerID, l.LedgerNumber, l.Rule = "end-"+id, id, list[len(list)-1-i]
					l.Reasons = []store.Reason{{Code: "code", Message: id}}
					s.put(l)
				}
				for i, id := range list {
					got, ok := s.link(pair, ledger.KindInvoice, id)
					same(s, ok, true, "the link %q is there", id)
					same(s, got.LedgerNumber, id, "link %q", id)
					same(s, got.Rule, list[len(list)-1-i], "rule of link %q", id)
					s.view(func(tx store.Tx) error {
						got, ok, err := tx.Links().ByLedgerID(books, ledger.KindInvoice, "end-"+id)
						same(s, ok, true, "the link that ends at %q is there", "end-"+id)
						same(s, got.SourceID, id, "link that ends at %q", "end-"+id)
						return err
					})
				}
			},
		},
		{
			Name: "links/replaced",
			Rule: "Put writes the link, in place of one with the same pair, kind, source id and generation",
			Why:  "a link that was intended and is written must not stay intended beside it",
			run: func(s *suite) {
				l := fullLink()
				s.put(l)
				l.State, l.LedgerID, l.Parent, l.Run, l.Batch, l.Reasons = store.Written, "led-2", "inv-2", "run-2", "", nil
				s.put(l)
				got, _ := s.link(pair, ledger.KindPayment, "pay-1")
				s.sameLink(got, l, "link put a second time")
				one, two := l, l
				one.Rule, two.Rule = "one", "two"
				s.put(one, two)
				got, _ = s.link(pair, ledger.KindPayment, "pay-1")
				same(s, got.Rule, "two", "link put twice in one call")
				s.view(func(tx store.Tx) error {
					all, err := tx.Links().List(store.LinkFilter{Pair: pair})
					same(s, len(all), 1, "links")
					_, ok, err2 := tx.Links().ByLedgerID(books, ledger.KindPayment, "led-1")
					same(s, ok, false, "a link at the ledger id that it no longer has is there")
					s.must(err2, "by ledger id")
					return err
				})
			},
		},
		{
			Name: "links/invalid",
			Rule: "A link without an identity or with a state that does not exist is an error",
			Why:  "a state that nobody knows is resolved by nobody",
			run: func(s *suite) {
				for name, spoil := range map[string]func(*store.Link){
					"no state":            func(l *store.Link) { l.State = "" },
					"unknown state":       func(l *store.Link) { l.State = "done" },
					"no source id":        func(l *store.Link) { l.SourceID = "" },
					"no kind":             func(l *store.Link) { l.Kind = "" },
					"no pair":             func(l *store.Link) { l.Pair = store.Pair{} },
					"negative generation": func(l *store.Link) { l.Generation = -1 },
				} {
					l := fullLink()
					spoil(&l)
					if err := s.store.Update(s.Context(), func(tx store.Tx) error { return tx.Links().Put(l) }); err == nil {
						s.bad("%s: no error", name)
					}
				}
			},
		},
		{
			Name: "links/generations",
			Rule: "Get returns the link of the highest generation; ByMark returns the link with that mark, of any generation; List returns links of the highest generation",
			Why:  "a record that was created again on purpose must be found again by either mark, and be counted once",
			run: func(s *suite) {
				first, second := link(pair, ledger.KindInvoice, "1", 0, store.Written), link(pair, ledger.KindInvoice, "1", 1, store.Parked)
				first.LedgerID, first.Run = "led-0", "old"
				s.put(second, first) // the older one is written later
				got, _ := s.link(pair, ledger.KindInvoice, "1")
				same(s, got.Generation, 1, "generation that Get returns")
				s.view(func(tx store.Tx) error {
					for _, want := range []store.Link{first, second} {
						got, ok, err := tx.Links().ByMark(want.Mark)
						s.must(err, "by mark")
						same(s, ok, true, "the link with mark %s is there", want.Mark)
						s.sameLink(got, want, "link by mark")
					}
					got, ok, err := tx.Links().ByLedgerID(books, ledger.KindInvoice, "led-0")
					s.must(err, "by ledger id")
					same(s, ok && got.Generation == 0, true, "the old link is found by its ledger id")
					many, err := tx.Links().GetMany(pair, ledger.KindInvoice, []string{"1"})
					s.must(err, "get many")
					same(s, many["1"].Generation, 1, "generation that GetMany returns")
					for name, f := range map[string]store.LinkFilter{
						"all": {Pair: pair}, "kind": {Pair: pair, Kind: ledger.KindInvoice}, "state": {Pair: pair, States: []store.LinkState{store.Parked}},
					} {
						list, err := tx.Links().List(f)
						s.must(err, "list")
						same(s, len(list) == 1 && list[0].Generation == 1, true, "List of %s returns the newest alone", name)
					}
					for name, f := range map[string]store.LinkFilter{
						"state": {Pair: pair, States: []store.LinkState{store.Written}}, "run": {Pair: pair, Run: "old"},
					} {
						list, err := tx.Links().List(f)
						s.must(err, "list")
						same(s, len(list), 0, "links of the old one's %s, which is not the newest", name)
						count, err := tx.Links().Count(f)
						s.must(err, "count")
						same(s, count[store.Written], 0, "count of the old one's %s", name)
					}
					return nil
				})
			},
		},
		{
			Name: "links/one mark",
			Rule: "Two links with one mark are ErrConflict; no mark (\"\") is none",
			Why:  "a mark that two links share finds one record in the ledger for both, and the other is believed written",
			run: func(s *suite) {
				a, b := link(pair, ledger.KindInvoice, "a", 0, store.Written), link(pair, ledger.KindInvoice, "b", 0, store.Written)
				b.Mark = a.Mark
				err := s.store.Update(s.Context(), func(tx store.Tx) error { return tx.Links().Put(a, b) })
				s.is(err, store.ErrConflict, "put two links with one mark at once")
				s.put(a)
				s.put(a)
				err = s.store.Update(s.Context(), func(tx store.Tx) error { return tx.Links().Put(b) })
				s.is(err, store.ErrConflict, "put a link with the mark of another")
				_, ok := s.link(pair, ledger.KindInvoice, "b")
				same(s, ok, false, "the link that was refused is there")

				freed := a.Mark
				a.Mark = ledger.NewMark(books, ledger.KindInvoice, shop, "elsewhere", 0)
				a.Rule = "moved"
				s.put(a)
				s.put(b)
				s.view(func(tx store.Tx) error {
					got, _, err := tx.Links().ByMark(freed)
					same(s, got.SourceID, "b", "holder of a mark that became free")
					s.must(err, "by mark")
					got, _, err = tx.Links().ByMark(a.Mark)
					same(s, got.SourceID+" "+got.Rule, "a moved", "holder of the new mark")
					return err
				})

				c, d := link(pair, ledger.KindInvoice, "c", 0, store.Skipped), link(pair, ledger.KindInvoice, "d", 0, store.Skipped)
				c.Mark, d.Mark = "", ""
				s.put(c, d)
				s.view(func(tx store.Tx) error {
					_, ok, err := tx.Links().ByMark("")
					same(s, ok, false, "a link is found by no mark")
					return err
				})
			},
		},
		{
			Name: "links/copied",
			Rule: "What goes in and out is copied",
			Why:  "a caller that reuses its slices would rewrite what is remembered, outside of any transaction",
			run: func(s *suite) {
				l := fullLink()
				s.put(l)
				l.Reasons[0].Code = "changed"
				got, _ := s.link(pair, ledger.KindPayment, "pay-1")
				same(s, got.Reasons[0].Code, "one", "reason after the caller changed what it had put")
				got.Reasons[0].Code = "changed"
				s.view(func(tx store.Tx) error {
					list, err := tx.Links().List(store.LinkFilter{Pair: pair})
					s.must(err, "list")
					same(s, list[0].Reasons[0].Code, "one", "reason after the caller changed what it had got")
					list[0].Reasons[0].Code = "changed"
					return nil
				})
				got, _ = s.link(pair, ledger.KindPayment, "pay-1")
				same(s, got.Reasons[0].Code, "one", "reason after the caller changed what it had listed")
			},
		},
	}
}
