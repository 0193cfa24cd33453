package ledgertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

func organisationCases() []Case {
	return []Case{
		{
			Name: "organisation/same company",
			Rule: "It must name the same company for the life of the value",
			Why:  "links belong to a pair of companies: under another name everything is written again",
			run: func(s *suite) {
				first, err := s.w.Source.Organisation(s.Context())
				s.must(err, "organisation")
				if first.ID.Vendor == "" || first.ID.ID == "" || first.ID.Vendor != strings.ToLower(first.ID.Vendor) {
					s.bad("organisation: got id %q, want a vendor in lower case and an id", first.ID)
				}
				if _, err := ledger.ParseCurrency(string(first.BaseCurrency)); err != nil {
					s.bad("organisation: base currency: %v", err)
				}
				if first.TimeZone == nil {
					s.bad("organisation: it has no time zone")
				}
				again, err := s.w.Source.Organisation(s.Context())
				s.must(err, "organisation, once more")
				same(s, again.ID, first.ID, "organisation, once more")
				other, err := s.reopen().Organisation(s.Context())
				s.must(err, "organisation of a second adapter")
				same(s, other.ID, first.ID, "organisation of a second adapter")
			},
		},
		{
			Name: "organisation/another company",
			Rule: "and must fail with [ErrReconnect] when the connection now leads to another one. … then every other method must fail with [ErrReconnect] before it hands over anything of the other company",
			Why:  "a customer who picks the wrong company while reconnecting gets one company's invoices into the other's books",
			run: func(s *suite) {
				s.need(s.w.Elsewhere != nil, "Elsewhere")
				ways := waysOfReading(s.seedMany(3)[2])     // of an invoice that the other need not have
				sources := make([]ledger.Source, len(ways)) // one each: what one has noticed must not help another
				for i := range ways {
					sources[i] = s.reopen()
					_, err := sources[i].Organisation(s.Context())
					s.must(err, "organisation")
				}
				s.did(s.w.Elsewhere(), "Elsewhere")
				for i, way := range ways {
					s.notices(sources[i], way)
				}
			},
		},
	}
}

// way is one way of reading.
type way struct {
	name string
	read func(context.Context, ledger.Source) (records int, err error)
}

func waysOfReading(invoice string) []way {
	ref := ledger.Ref{ID: invoice}
	return []way{
		{"reading of invoices", func(ctx context.Context, l ledger.Source) (int, error) {
			return drain(l.Invoices(ctx, ledger.Query{}))
		}},
		{"reading by id", func(ctx context.Context, l ledger.Source) (int, error) {
			return drain(l.Invoices(ctx, ledger.Query{Refs: []ledger.Ref{ref}}))
		}},
		{"reading of payments", func(ctx context.Context, l ledger.Source) (int, error) {
			return drain(l.Payments(ctx, ledger.Query{}))
		}},
		{"invoice", func(ctx context.Context, l ledger.Source) (int, error) {
			_, err := l.Invoice(ctx, ref)
			return 0, err
		}},
		{"payments of an invoice", func(ctx context.Context, l ledger.Source) (int, error) {
			list, err := l.PaymentsOf(ctx, ref)
			return len(list), err
		}},
	}
}

// drain reads to the end.
func drain[T any](pages iter.Seq2[ledger.Page[T], error]) (records int, err error) {
	for page, failed := range pages {
		records += len(page.Records)
		err = failed
	}
	return records, err
}

// notices checks that a source whose connection was led elsewhere says so, before it hands anything over.
func (s *suite) notices(source ledger.Source, w way) {
	s.Helper()
	if _, err := source.Organisation(s.Context()); err == nil {
		switch n, err := w.read(s.Context(), source); {
		case errors.Is(err, ledger.ErrUnsupported): // a source without a feed of payments
			return
		case n > 0:
			s.bad("%s, after the connection was led elsewhere: %d records of another company were handed over", w.name, n)
		default:
			s.is(err, w.name+", after the connection was led elsewhere", ledger.ErrReconnect)
		}
	}
	for range 2 {
		o, err := source.Organisation(s.Context())
		if err == nil {
			s.bad("organisation, after the connection was led elsewhere and a %s: got %s and no error", w.name, o.ID)
			continue
		}
		s.is(err, "organisation, after the connection was led elsewhere", ledger.ErrReconnect)
	}
}

// read is what a reading gave.
type read[T any] struct {
	pages   []ledger.Page[T]
	records []T
	unread  []ledger.Unread
	next    ledger.Cursor
}

// collect reads to the end; an error ends the case.
func collect[T any](s *suite, seq iter.Seq2[ledger.Page[T], error], doing string, each func(ledger.Page[T])) read[T] {
	s.Helper()
	var r read[T]
	for page, err := range seq {
		s.must(err, "%s", doing)
		r.pages = append(r.pages, page)
		r.records = append(r.records, page.Records...)
		r.unread = append(r.unread, page.Unread...)
		if page.Next != "" {
			r.next = page.Next
		}
		if each != nil {
			each(page)
		}
		if len(r.pages) > 10_000 {
			s.broken("%s: it does not end: 10,000 pages so far", doing)
		}
	}
	return r
}

func (s *suite) readAll(q ledger.Query, each func(ledger.Page[ledger.Invoice])) read[ledger.Invoice] {
	s.Helper()
	return collect(s, s.w.Source.Invoices(s.Context(), q), fmt.Sprintf("reading of invoices (%s)", asked(q)), each)
}

func asked(q ledger.Query) string {
	b, _ := json.Marshal(q)
	return string(b)
}

func invoiceIDs(list []ledger.Invoice) map[string]ledger.Invoice {
	m := map[string]ledger.Invoice{}
	for _, inv := range list {
		m[inv.ID] = inv // the last reading counts
	}
	return m
}

func (s *suite) holds(list []ledger.Invoice, ids []string, doing string) {
	s.Helper()
	got := invoiceIDs(list)
	for _, id := range ids {
		if _, ok := got[id]; !ok {
			s.bad("%s: invoice %s is missing; read were %d", doing, id, len(list))
		}
	}
}

func (s *suite) seedMany(n int) []string {
	s.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, s.seed("1", fmt.Sprintf("%d.25", i+10)))
	}
	return ids
}

const (
	everything = "Without a Cursor a reading runs over everything that the other fields allow"
	overlap    = "must overlap rather than leave a gap: a record may be read twice and must not be missed"
)

func readingCases() []Case {
	return []Case{
		{
			Name: "reading/everything",
			Rule: everything,
			Why:  "an invoice on a page that was dropped is never billed and nobody is told",
			run: func(s *suite) {
				ids := s.seedMany(7)
				for _, size := range []int{0, 1, 2, 3, 7, 100} {
					r := s.readAll(ledger.Query{PageSize: size}, nil)
					s.holds(r.records, ids, fmt.Sprintf("reading in pages of %d", size))
					same(s, len(invoiceIDs(r.records)), len(ids), "distinct invoices read in pages of %d", size)
				}
			},
		},
		{
			Name: "reading/page memory",
			Rule: "A page's memory must belong to the consumer. … the memory of a page belongs to whoever received it, and an adapter must not keep or reuse it",
			Why:  "a page that changes under its reader turns one customer's invoice into another's",
			run: func(s *suite) {
				ids := s.seedMany(6)
				var kept []ledger.Page[ledger.Invoice]
				var looked []string
				s.readAll(ledger.Query{PageSize: 2}, func(p ledger.Page[ledger.Invoice]) {
					kept = append(kept, p)
					looked = append(looked, printed(p))
				})
				for i, p := range kept {
					if now := printed(p); now != looked[i] {
						s.bad("page %d was changed after it was handed over: it was %s, and is %s", i+1, looked[i], now)
					}
				}
				// And the other way: what the consumer does to a page is the consumer's affair.
				before := map[string]string{}
				for id, inv := range invoiceIDs(s.readAll(ledger.Query{PageSize: 2}, nil).records) {
					before[id] = printed(inv)
				}
				s.readAll(ledger.Query{PageSize: 2}, func(p ledger.Page[ledger.Invoice]) {
					for i := range p.Records {
						for j := range p.Records[i].Lines {
							p.Records[i].Lines[j] = ledger.Line{Description: "scribbled"}
						}
						p.Records[i] = ledger.Invoice{ID: "scribbled"}
					}
				})
				after := s.readAll(ledger.Query{PageSize: 2}, nil).records
				s.holds(after, ids, "reading after a consumer wrote into its pages")
				for id, inv := range invoiceIDs(after) {
					if printed(inv) != before[id] {
						s.bad("reading after a consumer wrote into its pages: invoice %s is %s, was %s", id, printed(inv), before[id])
					}
				}
			},
		},
		{
			Name: "reading/error is last",
			Rule: "An error that is not nil is the last thing yielded.",
			Why:  "a consumer that stops at the error believes the cursor before it; whatever came after would be lost",
			run: func(s *suite) {
				s.seedMany(6)
				for _, err := range s.w.Source.Invoices(s.Context(), ledger.Query{PageSize: 2}) {
					s.did(err, "reading")
					break // an iterator that goes on after this is a panic
				}
				for _, after := range []int{0, 1} {
					n, failed := 0, false
					for page, err := range s.w.Source.Invoices(s.Context(), ledger.Query{PageSize: 2}) {
						if failed {
							s.broken("something was yielded after an error: %d records, error %v", len(page.Records), err)
						}
						if err != nil {
							failed = true
							continue
						}
						if n++; n > after {
							for range 40 { // more than any adapter repeats
								s.inject(false, HTML)
							}
						}
					}
				}
			},
		},
		{
			Name: "reading/cut short is an error",
			Rule: "An error that is not nil is the last thing yielded. … the vendor's answer could not be understood (HTML, truncated, of another type)",
			Why:  "a reading that ends without an error is believed to be complete",
			run: func(s *suite) {
				ids := s.seedMany(5)
				for _, f := range []Fault{Truncated, HTML, HTMLAfter, LoseAnswer, LoseRequest} {
					s.inject(false, f)
					got := map[string]bool{}
					var failed error
					for page, err := range s.w.Source.Invoices(s.Context(), ledger.Query{PageSize: 2}) {
						failed = err
						for _, inv := range page.Records {
							got[inv.ID] = true
						}
					}
					if failed == nil && len(got) != len(ids) {
						s.bad("reading with one answer gone wrong (%s): it ended without an error after %d of %d invoices", f, len(got), len(ids))
					}
				}
			},
		},
		{
			Name: "reading/unreadable record",
			Rule: "A record that cannot be read must be reported in [Page.Unread] and must not end the reading.",
			Why:  "one odd record would hide every other invoice, for ever",
			run: func(s *suite) {
				ids := s.seedMany(5)
				s.garble(ids[2])
				r := s.readAll(ledger.Query{PageSize: 2}, nil)
				s.holds(r.records, slices.Concat(ids[:2], ids[3:]), "reading around a record that cannot be read")
				switch {
				case slices.ContainsFunc(r.records, func(i ledger.Invoice) bool { return i.ID == ids[2] && i.Unclear == "" }):
					s.bad("the record that cannot be read was yielded as if it were sound")
				case slices.ContainsFunc(r.records, func(i ledger.Invoice) bool { return i.ID == ids[2] }):
				case len(r.unread) != 1 || r.unread[0].Code == "" || r.unread[0].Ref.ID != "" && r.unread[0].Ref.ID != ids[2]:
					s.bad("unread records: got %+v, want one, with a code, of invoice %s", r.unread, ids[2])
				}
			},
		},
		{
			Name: "reading/cursor of an empty page",
			Rule: "A page must be yielded even when it has no records, if its Next has moved. … valid even when Records is empty",
			Why:  "a page of deletions, or of records that are none of ours, would be read again for ever, or never passed",
			run: func(s *suite) {
				first := s.readAll(ledger.Query{}, nil) // of empty books
				same(s, len(first.records), 0, "invoices in empty books")
				if first.next == "" {
					s.broken("reading of empty books: no page with a cursor to continue at")
				}
				ids := []string{s.seed("1", "10.00")}
				r := s.readAll(ledger.Query{Cursor: first.next}, nil)
				s.holds(r.records, ids, "reading from the cursor of empty books")
				next := r.next
				for range 3 { // and where nothing has happened
					if r = s.readAll(ledger.Query{Cursor: next}, nil); r.next != "" {
						next = r.next
					}
				}
				ids = append(ids, s.seed("1", "11.00"))
				s.holds(s.readAll(ledger.Query{Cursor: next}, nil).records, ids[1:], "reading from a cursor at which nothing had happened")
			},
		},
		{
			Name: "reading/continued in the middle",
			Rule: "With a Cursor it continues there. … continue here once this page is remembered",
			Why:  "a run that ends after a page goes on behind it: where the cursor is ahead of its page, what lies between is never read",
			run: func(s *suite) {
				ids := s.seedMany(7)
				for stop := 1; stop <= 3; stop++ {
					seen := map[string]bool{}
					var next ledger.Cursor
					n := 0
					for page, err := range s.w.Source.Invoices(s.Context(), ledger.Query{PageSize: 2}) {
						s.must(err, "reading, up to page %d", stop)
						for id := range invoiceIDs(page.Records) {
							seen[id] = true
						}
						if page.Next != "" {
							next = page.Next
						}
						if n++; n == stop {
							break
						}
					}
					if next == "" {
						s.broken("reading: no cursor after %d pages", stop)
					}
					rest := collect(s, s.reopen().Invoices(s.Context(), ledger.Query{Cursor: next, PageSize: 2}), "reading on, by a second adapter", nil)
					for id := range invoiceIDs(rest.records) {
						seen[id] = true
					}
					for _, id := range ids {
						if !seen[id] {
							s.bad("invoice %s is neither among the first %d pages nor behind their cursor", id, stop)
						}
					}
				}
			},
		},
		{
			Name: "reading/changes",
			Rule: "the Next of its last page then reads what has changed since the reading began … With a Cursor it continues there.",
			Why:  "an invoice that is changed after the first reading would stay as it was in the ledger",
			run: func(s *suite) {
				ids := s.seedMany(5)
				r := s.readAll(ledger.Query{PageSize: 2}, nil)
				if r.next == "" {
					s.broken("reading of everything: no cursor to continue at")
				}
				if !s.h.Sockets {
					s.pass(time.Hour)
				}
				s.edit(ids[3])
				added := s.seed("2", "99.99")
				changes := collect(s, s.reopen().Invoices(s.Context(), ledger.Query{Cursor: r.next}), "reading of changes, by a second adapter", nil)
				s.holds(changes.records, []string{ids[3], added}, "reading of changes")
			},
		},
		{
			Name: "reading/rest",
			Rule: "continue here once this page is remembered … the Next of its last page then reads what has changed since the reading began",
			Why:  "a cursor that goes back reads the whole books on every run, and the day's calls are gone by noon",
			run: func(s *suite) {
				old := s.seedMany(3)
				s.pass(6 * time.Hour) // the latest may stand in an overlap for ever; these must not
				s.seedMany(3)
				next := s.readAll(ledger.Query{PageSize: 2}, nil).next
				for round := range 3 {
					s.pass(6 * time.Hour)
					r := s.readAll(ledger.Query{Cursor: next, PageSize: 2}, nil)
					if r.next != "" {
						next = r.next
					}
					for id := range invoiceIDs(r.records) {
						if slices.Contains(old, id) {
							s.bad("reading %d from the cursor of the one before: invoice %s, which was older by hours and has not changed, is read again", round+1, id)
						}
					}
				}
			},
		},
		{
			Name: "reading/edited between pages",
			Rule: "in an order that no edit, payment or deletion during the reading can disturb … " + overlap,
			Why:  "a row that slides over a page's edge while a colleague edits another is an invoice that never arrives",
			run: func(s *suite) {
				ids := s.seedMany(9)
				turn := 0
				disturb := func(ledger.Page[ledger.Invoice]) {
					switch turn++; turn {
					case 1: // what has been read slides away from under the page's edge
						s.edit(ids[0])
					case 2:
						if s.w.AddPayment != nil {
							s.pay(ids[8], "1.00")
						}
						s.edit(ids[1])
					case 3:
						ids = append(ids, s.seed("1", "77.77"))
					case 4:
						s.edit(ids[7])
					}
				}
				all := s.readAll(ledger.Query{PageSize: 2}, disturb)
				seen := slices.Clone(all.records)
				next := all.next
				for range 4 {
					r := s.readAll(ledger.Query{Cursor: next, PageSize: 2}, nil)
					seen = append(seen, r.records...)
					if r.next != "" {
						next = r.next
					}
				}
				s.holds(seen, ids, "reading while rows were edited")
				last := invoiceIDs(seen)
				for _, id := range ids {
					now, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
					s.must(err, "invoice %s", id)
					if got, ok := last[id]; ok && id != ids[8] && got.Version != now.Version { // a payment need not bump its invoice
						s.bad("invoice %s was edited during the reading: read last was version %q, it is %q", id, got.Version, now.Version)
					}
				}
			},
		},
		{
			Name: "reading/deleted between pages",
			Rule: "in an order that no edit, payment or deletion during the reading can disturb … records that the vendor says are gone",
			Why:  "where rows are counted, each deletion hides one invoice that is still there",
			run: func(s *suite) {
				ids := s.seedMany(9)
				s.need(s.w.DeleteInvoice != nil, "DeleteInvoice")
				turn := 0
				var told []ledger.Ref
				r := s.readAll(ledger.Query{PageSize: 2}, func(p ledger.Page[ledger.Invoice]) {
					told = append(told, p.Deleted...)
					if turn++; turn <= 2 {
						s.do(s.w.DeleteInvoice, "DeleteInvoice", ids[turn-1])
					}
				})
				s.holds(r.records, ids[2:], "reading while rows were deleted")
				for _, p := range s.readAll(ledger.Query{Cursor: r.next}, nil).pages {
					told = append(told, p.Deleted...)
				}
				for _, ref := range told { // a vendor need not announce them; what it does must be true
					if !slices.Contains(ids[:2], ref.ID) {
						s.bad("invoice %s is told to be gone, and is not", ref.ID)
					}
				}
				if inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: ids[0]}); err == nil && inv.Status.Live() {
					s.bad("invoice %s was deleted and reads as %q", inv.ID, inv.Status)
				}
			},
		},
		{
			Name: "reading/changed during the changes",
			Rule: "A cursor must be the vendor's clock, never this machine's, and " + overlap,
			Why:  "changes come in bursts: a gap between two pages of them loses some of them every day",
			run: func(s *suite) {
				ids := s.seedMany(8)
				next := s.readAll(ledger.Query{}, nil).next
				if !s.h.Sockets {
					s.pass(time.Hour)
				}
				for _, id := range ids[:6] {
					s.edit(id)
				}
				turn := 0
				seen := []ledger.Invoice{}
				for round := range 4 {
					r := s.readAll(ledger.Query{Cursor: next, PageSize: 2}, func(ledger.Page[ledger.Invoice]) {
						if turn++; round == 0 && turn <= 2 {
							s.edit(ids[turn*2]) // one that is still to come
							s.edit(ids[0])
						}
					})
					seen = append(seen, r.records...)
					if r.next != "" {
						next = r.next
					}
				}
				last := invoiceIDs(seen)
				for _, id := range ids[:6] {
					now, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
					s.must(err, "invoice %s", id)
					if got, ok := last[id]; !ok || got.Version != now.Version {
						s.bad("invoice %s changed: read last was version %q, it is %q", id, got.Version, now.Version)
					}
				}
			},
		},
		{
			Name: "reading/since",
			Rule: "without Cursor: only what changed at or after it",
			Why:  "an onboarding that asks for the last month and gets ten years floods the books; one that gets less has holes",
			run: func(s *suite) {
				old := s.seedMany(3)
				s.pass(6 * time.Hour)
				since := time.Now().UTC()
				s.pass(time.Minute)
				s.edit(old[1])
				want := append(s.seedMany(3), old[1])
				r := s.readAll(ledger.Query{Since: since, PageSize: 2}, nil)
				s.holds(r.records, want, "reading since a moment")
				for id := range invoiceIDs(r.records) {
					if id == old[0] || id == old[2] {
						s.bad("reading since a moment: invoice %s has not changed for hours", id)
					}
				}
				s.pass(time.Hour)
				s.edit(old[2])
				s.holds(s.readAll(ledger.Query{Cursor: r.next, PageSize: 2}, nil).records, old[2:], "reading of the changes after it")
			},
		},
		{
			Name: "reading/from a date",
			Rule: "without Cursor: only documents dated on or after it",
			Why:  "what is dated before the start belongs to books that were closed before there was a link",
			run: func(s *suite) {
				var ids []string
				first := s.today().AddDays(-40)
				for n := range 5 {
					ids = append(ids, s.seedInvoice(ledger.Invoice{Date: first.AddDays(10 * n), Lines: []ledger.Line{plain("1", fmt.Sprintf("%d.50", n+1))}}))
				}
				r := s.readAll(ledger.Query{From: first.AddDays(20), PageSize: 2}, nil)
				s.holds(r.records, ids[2:], "reading from a date")
				for id, inv := range invoiceIDs(r.records) {
					if inv.Date.Before(first.AddDays(20)) {
						s.bad("reading from %s: invoice %s is dated %s", first.AddDays(20), id, inv.Date)
					}
				}
			},
		},
		{
			Name: "reading/by id",
			Rule: "only these, by id; Cursor and the fields above are then ignored",
			Why:  "what is parked is looked at again by its id; one that is left out stays parked for ever",
			run: func(s *suite) {
				ids := s.seedMany(5)
				refs := []ledger.Ref{{ID: ids[4]}, {ID: ids[1]}, {ID: ids[3]}}
				r := s.readAll(ledger.Query{Refs: refs, PageSize: 2}, nil)
				s.holds(r.records, []string{ids[4], ids[1], ids[3]}, "reading by ids")
				same(s, len(invoiceIDs(r.records)), 3, "invoices read by three ids")
			},
		},
		{
			Name: "reading/statuses",
			Rule: "only these; empty: all, voided and deleted ones included",
			Why:  "an invoice that was voided at its source must be seen to be, or its customer is dunned",
			run: func(s *suite) {
				ids := s.seedMany(4)
				s.void(ids[1])
				s.holds(s.readAll(ledger.Query{}, nil).records, ids, "reading of all statuses, one invoice voided")
				voided, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: ids[1]})
				s.must(err, "invoice %s", ids[1])
				if voided.Status.Live() {
					s.bad("a voided invoice has status %q", voided.Status)
				}
				r := s.readAll(ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved}}, nil)
				s.holds(r.records, []string{ids[0], ids[2], ids[3]}, "reading of approved ones")
				for _, inv := range r.records {
					if inv.Status != ledger.StatusApproved && inv.Status != ledger.StatusUnknown {
						s.bad("reading of approved ones: invoice %s is %q", inv.ID, inv.Status)
					}
				}
			},
		},
		{
			Name: "reading/open",
			Rule: "only documents of which something is left to pay",
			Why:  "whoever looks for unpaid invoices pays for every call, and most invoices of a company are paid",
			run: func(s *suite) {
				ids := s.seedMany(5)
				if s.w.VoidInvoice != nil {
					s.void(ids[2])
				}
				s.pay(ids[1], "11.25") // all of it
				s.pay(ids[3], "1.00")
				// What a void leaves to pay is the vendor's to say.
				for _, q := range []ledger.Query{{Open: true}, {Open: true, Statuses: []ledger.Status{ledger.StatusApproved}}} {
					r := s.readAll(q, nil)
					s.holds(r.records, []string{ids[0], ids[3], ids[4]}, "reading of open ones")
					for _, inv := range r.records {
						if !inv.Totals.Balance.IsPositive() && inv.Unclear == "" {
							s.bad("reading of open ones: of invoice %s %s is left to pay", inv.ID, inv.Totals.Balance)
						}
					}
				}
			},
		},
		{
			Name: "reading/context",
			Rule: "the vendor could not be reached, or failed, and a read was given up … An error that is not nil is the last thing yielded.",
			Why:  "a run that cannot be stopped holds its lease, and a deployment waits for it",
			run: func(s *suite) {
				s.seedMany(5)
				ctx, cancel := context.WithCancel(s.Context())
				cancel()
				s.ends("invoices", s.w.Source.Invoices(ctx, ledger.Query{PageSize: 2}))
				if _, err := s.w.Source.Invoice(ctx, ledger.Ref{Number: "1"}); err == nil {
					s.bad("Invoice with a cancelled context: no error")
				}
				s.pass(time.Second)
				s.inject(false, Hang)
				ctx, cancel = context.WithTimeout(s.Context(), 10*time.Second)
				defer cancel()
				began := time.Now()
				s.ends("invoices that are not answered", s.w.Source.Invoices(ctx, ledger.Query{PageSize: 2}))
				if took := time.Since(began); took > 11*time.Second {
					s.bad("a reading whose context ended after 10 s went on for %s", took)
				}
			},
		},
	}
}

func (s *suite) ends(what string, seq iter.Seq2[ledger.Page[ledger.Invoice], error]) {
	s.Helper()
	var last error
	for _, err := range seq {
		last = err
	}
	if last == nil {
		s.bad("reading of %s with a context that has ended: no error", what)
	}
}

func printed(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
