package ledgertest

import (
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// lookUp finds; an error ends the case.
func lookUp[T any](s *suite, w ledger.Writer[T], q ledger.Sought) ledger.Found[T] {
	s.Helper()
	found, err := w.Find(s.Context(), q)
	s.must(err, "find")
	return found
}

const whateverStatus = "Find looks up what was sought, whatever its status: live, voided and deleted records all count."

func findCases[T any](k kind[T]) []Case {
	cases := []Case{
		{
			Name: "find/every mark",
			Rule: whateverStatus + " … It must return every hit of a mark.",
			Why:  "what is not found counts as absent, and is written again",
			run: func(s *suite) {
				w := k.of(s)
				since := time.Now().UTC()
				var drafts []ledger.Draft[T]
				var marks []ledger.Mark
				for range 3 {
					d := k.draft(s, "")
					drafts, marks = append(drafts, d), append(marks, d.Mark)
					made(s, k, w, d)
				}
				stranger := s.newMark(k.kind)
				for _, q := range []ledger.Sought{
					{Marks: append([]ledger.Mark{stranger}, marks...), Since: since},
					{Marks: append([]ledger.Mark{stranger}, marks...)},
				} {
					found := lookUp(s, w, q)
					same(s, len(found.Hits[stranger]), 0, "hits of a mark that nothing has")
					for i, d := range drafts {
						hits := found.Hits[d.Mark]
						if len(hits) != 1 {
							s.bad("mark %d of 3 (since %v): got %d hits, want 1", i+1, q.Since, len(hits))
							continue
						}
						if want := k.member(s, d); k.mark(hits[0]) != d.Mark || k.id(hits[0]) == "" || !k.amount(hits[0]).Equal(want.Amount) {
							s.bad("hit of mark %s: id %q, mark %s, amount %s; want amount %s", d.Mark, k.id(hits[0]), k.mark(hits[0]), k.amount(hits[0]), want.Amount)
						}
					}
				}
			},
		},
		{
			Name: "find/voided and deleted",
			Rule: whateverStatus + " … deletions since Sought.Since that carry no mark",
			Why:  "what the bookkeeper has voided on purpose would come back",
			run: func(s *suite) {
				w := k.of(s)
				since := time.Now().UTC()
				d := k.draft(s, "")
				o := made(s, k, w, d)
				s.pass(time.Second)
				k.away(s, k.id(o[0].Record))
				found := lookUp(s, w, ledger.Sought{Marks: []ledger.Mark{d.Mark}, Since: since})
				if len(found.Hits[d.Mark]) == 0 && len(found.Gone) == 0 {
					s.bad("a record that was voided, deleted or archived is neither among the hits nor among what is gone")
				}
			},
		},
		{
			Name: "find/both of a doubled mark",
			Rule: "It must return every hit of a mark. … every hit, live, voided or deleted",
			Why:  "of two invoices for one sale, one is paid and the other dunned: a person has to choose",
			run: func(s *suite) {
				w := k.of(s)
				since := time.Now().UTC()
				d := k.draft(s, "")
				made(s, k, w, d)
				second := k.draft(s, "")
				second.Mark = d.Mark
				_, err := w.Create(s.Context(), batchOf(s, k, w, second))
				s.must(err, "create a second record of the mark")
				if s.marked(k.kind, d.Mark) < 2 {
					s.Skipf("the vendor refuses a second record of one mark")
				}
				found := lookUp(s, w, ledger.Sought{Marks: []ledger.Mark{d.Mark}, Since: since})
				same(s, len(found.Hits[d.Mark]), 2, "hits of a mark that two records have")
			},
		},
		{
			Name: "find/among many",
			Rule: "It must return every hit of a mark.",
			Why:  "a look-up that stops at the first page calls the rest absent, and they are written again",
			run: func(s *suite) {
				w := k.of(s)
				since := time.Now().UTC()
				var marks []ledger.Mark
				batch := max(1, min(5, w.Limits().Batch))
				for range 6 {
					var drafts []ledger.Draft[T]
					for range batch {
						drafts = append(drafts, k.draft(s, ""))
						marks = append(marks, drafts[len(drafts)-1].Mark)
					}
					made(s, k, w, drafts...)
				}
				found := lookUp(s, w, ledger.Sought{Marks: marks, Since: since})
				for i, m := range marks {
					if len(found.Hits[m]) != 1 {
						s.bad("mark %d of %d: got %d hits, want 1", i+1, len(marks), len(found.Hits[m]))
					}
				}
			},
		},
		{
			Name: "find/never absent by mistake",
			Rule: "It must return every hit of a mark. … the vendor's answer could not be understood (HTML, truncated, of another type)",
			Why:  "\"not found\" is believed; what could not be read must be an error",
			run: func(s *suite) {
				w := k.of(s)
				since := time.Now().UTC()
				d := k.draft(s, "")
				made(s, k, w, d)
				for _, f := range []Fault{Truncated, HTML, HTMLAfter, LoseAnswer, Throttled, Unauthorised} {
					for range 12 { // more than any adapter repeats
						s.inject(false, f)
					}
					found, err := w.Find(s.Context(), ledger.Sought{Marks: []ledger.Mark{d.Mark}, Since: since})
					if err == nil && len(found.Hits[d.Mark]) == 0 {
						s.broken("%s: the record was not found, and there was no error", f)
					}
					for range 24 { // the rest of the faults is spent
						if _, err := w.Find(s.Context(), ledger.Sought{Marks: []ledger.Mark{d.Mark}, Since: since}); err == nil {
							break
						}
						if !s.h.Sockets {
							s.pass(5 * time.Minute)
						}
					}
				}
			},
		},
		{
			Name: "find/newest",
			Rule: "instead: the records with any mark that changed last, at most so many",
			Why:  "it is how a store that was restored from an older copy is found out, before it writes everything again",
			run: func(s *suite) {
				w := k.of(s)
				var marks []ledger.Mark
				for range 4 {
					d := k.draft(s, "")
					made(s, k, w, d)
					marks = append(marks, d.Mark)
					if !s.h.Sockets {
						s.pass(2 * time.Second)
					}
				}
				found := lookUp(s, w, ledger.Sought{Newest: 2})
				n := 0
				for _, hits := range found.Hits {
					n += len(hits)
				}
				same(s, n, 2, "records, of which the newest two were wanted")
				for _, m := range marks[2:] {
					same(s, len(found.Hits[m]), 1, "hits of mark %s, one of the two newest", m)
				}
			},
		},
	}
	for i := range cases {
		cases[i].Name = k.name + "/" + cases[i].Name
	}
	return cases
}

func numberCases() []Case {
	k := invoiceKind()
	return []Case{
		{
			Name: "invoices/find/by number",
			Rule: "of invoices: look these up as well, whatever their marks",
			Why:  "a number that a stranger's invoice has must be told from one that is ours",
			run: func(s *suite) {
				w := k.of(s)
				ours := k.draft(s, "")
				o := made(s, k, w, ours)
				id := s.seed("1", "10.00")
				stranger, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
				s.must(err, "invoice")
				number := o[0].Record.Number
				if number == "" || stranger.Number == "" {
					s.Skipf("the vendor's invoices have no numbers")
				}
				found := lookUp(s, w, ledger.Sought{Numbers: []string{number, stranger.Number, "nobody's"}})
				for n, want := range map[string]string{number: k.id(o[0].Record), stranger.Number: id, "nobody's": ""} {
					got := ""
					for _, hit := range found.ByNumber[n] {
						got += hit.ID
					}
					same(s, got, want, "invoices by number %s", n)
				}
			},
		},
		{
			Name: "invoices/create/number taken",
			Rule: explicit + " … " + proof,
			Why:  "an invoice that takes a stranger's number may overwrite it",
			run: func(s *suite) {
				w := k.of(s)
				id := s.seed("1", "10.00")
				stranger, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
				s.must(err, "invoice")
				d := k.draft(s, "")
				d.Record.Number = stranger.Number
				b := batchOf(s, k, w, d)
				outcomes, err := w.Create(s.Context(), b)
				honest(s, k, b, outcomes, err, "create with a number that is taken")
				if err == nil && len(outcomes) == 1 && outcomes[0].State == ledger.Refused {
					same(s, outcomes[0].Refusal.Code, ledger.RefusedNumberTaken, "code of the refusal")
				}
				now, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
				s.must(err, "invoice")
				if !now.Totals.Total.Equal(stranger.Totals.Total) || now.Mark != stranger.Mark || now.Status != stranger.Status {
					s.bad("the stranger's invoice was altered: it was %s, and is %s", printed(stranger), printed(now))
				}
			},
		},
	}
}
