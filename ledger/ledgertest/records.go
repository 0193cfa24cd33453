package ledgertest

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// recordCases are of single documents and what they hold.
func recordCases() []Case {
	return []Case{
		{
			Name: "invoice/by id",
			Rule: "Invoice reads one document by id, or by the number that people see. … An id wins where both are given.",
			Why:  "the wrong document is changed, or booked a payment",
			run: func(s *suite) {
				ids := s.seedMany(3)
				inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: ids[1], Number: "no such number"})
				s.must(err, "invoice by id")
				same(s, inv.ID, ids[1], "invoice by id")
				if len(inv.Lines) == 0 {
					s.bad("invoice %s came without its lines", ids[1])
				}
			},
		},
		{
			Name: "invoice/by number",
			Rule: "Invoice reads one document by id, or by the number that people see.",
			Why:  "a number that is taken by our own invoice would look like a stranger's",
			run: func(s *suite) {
				ids := s.seedMany(3)
				known, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: ids[1]})
				s.must(err, "invoice by id")
				if known.Number == "" {
					s.Skipf("the vendor's invoices have no numbers")
				}
				inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{Number: known.Number})
				s.must(err, "invoice by number")
				same(s, inv.ID, ids[1], "invoice by number %s", known.Number)
			},
		},
		{
			Name: "invoice/not found",
			Rule: "No such document is [ErrNotFound]",
			Why:  "an engine that cannot tell \"gone\" from \"unreachable\" either writes twice or never again",
			run: func(s *suite) {
				s.seed("1", "10.00")
				_, err := s.w.Source.Invoice(s.Context(), ledger.Ref{Number: "987654321"})
				s.is(err, "invoice by a number that none has", ledger.ErrNotFound)
				s.need(s.w.Missing != "", "Missing")
				_, err = s.w.Source.Invoice(s.Context(), ledger.Ref{ID: s.w.Missing})
				s.is(err, "invoice by an id that none has", ledger.ErrNotFound)
				_, err = s.w.Source.PaymentsOf(s.Context(), ledger.Ref{ID: s.w.Missing})
				s.is(err, "payments of an invoice that is not there", ledger.ErrNotFound)
			},
		},
		{
			Name: "invoice/ambiguous",
			Rule: "a number that several documents answer to is [ErrAmbiguous]",
			Why:  "choosing one of two would be a guess with somebody's money",
			run: func(s *suite) {
				lines := []ledger.Line{plain("1", "10.00")}
				first := s.seedInvoice(ledger.Invoice{Number: "4711", Lines: lines})
				s.seedInvoice(ledger.Invoice{Number: "4711", Lines: lines})
				known, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: first})
				s.must(err, "invoice by id")
				inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{Number: "4711"})
				if err == nil && known.Number != "4711" {
					s.Skipf("the vendor does not keep the number that was given")
				}
				if err == nil {
					s.broken("two invoices have the number 4711, and %s was chosen", inv.ID)
				}
				s.is(err, "invoice by a number that two have", ledger.ErrAmbiguous)
			},
		},
		{
			Name: "amounts/exact",
			Rule: "There are no floats: a JSON number of a vendor must be decoded into a decimal directly.",
			Why:  "a cent that is lost on the way is found by the customer's auditor",
			run: func(s *suite) {
				// Totals by hand: 3 × 33.33; 7 × 0.01; 1 × 9007199254740.93, which no float64 holds; 9 × 1.10.
				for _, x := range []struct{ quantity, price, total string }{
					{"3", "33.33", "99.99"}, {"7", "0.01", "0.07"}, {"1", "1234567.89", "1234567.89"}, {"9", "1.10", "9.90"},
					{"1", "0.29", "0.29"}, {"1", "4.35", "4.35"}, {"100", "1.15", "115"}, {"1", "90071992.93", "90071992.93"},
				} {
					id := s.seed(x.quantity, x.price)
					inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
					s.must(err, "invoice")
					s.equal(inv.Totals.Total, x.total, "total of %s × %s", x.quantity, x.price)
					s.equal(inv.Totals.Balance, x.total, "balance of %s × %s", x.quantity, x.price)
					sum := decimal.Zero
					for _, l := range inv.Lines {
						sum = sum.Add(l.Amount)
					}
					s.equal(sum, x.total, "sum of the lines of %s × %s", x.quantity, x.price)
					if inv.Unclear != "" {
						s.bad("invoice over %s × %s is unclear: %s (%s)", x.quantity, x.price, inv.Unclear, inv.UnclearDetail)
					}
				}
			},
		},
		{
			Name: "amounts/paid in part",
			Rule: "Totals are the sums of a document, in its currency. Balance is what is still to be paid.",
			Why:  "a balance that forgets a payment asks the customer for money twice",
			run: func(s *suite) {
				id := s.seed("3", "33.33")
				s.pay(id, "40.01")
				inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
				s.must(err, "invoice")
				s.equal(inv.Totals.Total, "99.99", "total")
				s.equal(inv.Totals.Paid, "40.01", "paid")
				s.equal(inv.Totals.Balance, "59.98", "balance")
				same(s, inv.Status, ledger.StatusApproved, "status of an invoice that is paid in part")
			},
		},
		{
			Name: "dates/civil",
			Rule: "It has no time zone and must never be made by converting an instant in the zone of this machine.",
			Why:  "an invoice of New Year's Eve lands in another tax year",
			run: func(s *suite) {
				for _, day := range []string{"2024-12-31", "2024-07-01", "2024-02-29", "2024-10-06"} {
					id := s.seedInvoice(ledger.Invoice{Date: ledger.MustDate(day), DueDate: ledger.MustDate(day).AddDays(31), Lines: []ledger.Line{plain("1", "10.00")}})
					inv, err := s.w.Source.Invoice(s.Context(), ledger.Ref{ID: id})
					s.must(err, "invoice")
					same(s, inv.Date.String(), day, "date")
					for _, at := range []time.Time{inv.UpdatedAt, inv.CreatedAt} {
						if at.Location() != time.UTC && !at.IsZero() {
							s.bad("an instant of invoice %s is in zone %s and not in UTC", id, at.Location())
						}
					}
				}
			},
		},
		{
			Name: "payments/of an invoice",
			Rule: "PaymentsOf reads all payment records of one document",
			Why:  "a payment that is overlooked is booked a second time",
			run: func(s *suite) {
				id, other := s.seed("1", "100.00"), s.seed("1", "100.00")
				s.pay(id, "10.01")
				s.pay(id, "20.02")
				s.pay(other, "30.03")
				list, err := s.w.Source.PaymentsOf(s.Context(), ledger.Ref{ID: id})
				s.must(err, "payments of invoice %s", id)
				var amounts []string
				for _, p := range list {
					amounts = append(amounts, p.Amount.StringFixed(2))
					if p.Status != ledger.PaymentConfirmed || p.InvoiceID != id || p.ID == "" || p.Unclear != "" {
						s.bad("payment %s: status %q, invoice %q, unclear %q; want a confirmed one of %s", p.ID, p.Status, p.InvoiceID, p.Unclear, id)
					}
				}
				slices.Sort(amounts)
				same(s, fmt.Sprint(amounts), "[10.01 20.02]", "amounts of the invoice's payments")
			},
		},
		{
			Name: "payments/reversed ones too",
			Rule: "PaymentsOf reads all payment records of one document, whatever their status.",
			Why:  "money that was taken back would stay booked",
			run: func(s *suite) {
				id := s.seed("1", "100.00")
				kept, gone := s.pay(id, "10.01"), s.pay(id, "20.02")
				s.unpay(gone)
				list, err := s.w.Source.PaymentsOf(s.Context(), ledger.Ref{ID: id})
				s.must(err, "payments of invoice %s", id)
				same(s, len(list), 2, "payments of an invoice, one of which (%s, beside %s) was taken back", gone, kept)
				for _, p := range list {
					if reversed := p.Amount.Equal(dec("20.02")); reversed != (p.Status == ledger.PaymentReversed) {
						s.bad("payment over %s has status %q", p.Amount, p.Status)
					}
				}
			},
		},
	}
}

func (s *suite) equal(got decimal.Decimal, want, what string, args ...any) {
	s.Helper()
	if !got.Equal(dec(want)) {
		s.bad("%s: got %s, want %s", fmt.Sprintf(what, args...), got, want)
	}
}

// feedCases are of the readings beside that of invoices.
func feedCases() []Case {
	return []Case{
		{
			Name: "payments/feed",
			Rule: "Payments reads the vendor's payment feed. A source without one must yield [ErrUnsupported].",
			Why:  "a feed that is silently empty means that no payment was ever made",
			run: func(s *suite) {
				id := s.seed("1", "100.00")
				var first ledger.Cursor
				n := 0
				for page, err := range s.w.Source.Payments(s.Context(), ledger.Query{}) {
					if err != nil {
						s.is(err, "payments of a source without a feed", ledger.ErrUnsupported)
						s.Skipf("the source has no feed of payments, and says so")
					}
					n += len(page.Records)
					first = page.Next
				}
				same(s, n, 0, "payments in books without any")
				s.pay(id, "10.01")
				s.pay(id, "20.02")
				if !s.h.Sockets {
					s.pass(time.Minute)
				}
				doing := "reading of payments"
				for _, q := range []ledger.Query{{}, {PageSize: 1}, {Cursor: first}} {
					r := collect(s, s.w.Source.Payments(s.Context(), q), doing, nil)
					got := map[string]ledger.Payment{}
					for _, p := range r.records {
						got[p.Amount.StringFixed(2)] = p
					}
					for _, want := range []string{"10.01", "20.02"} {
						p, ok := got[want]
						if !ok {
							s.bad("%s (%s): the payment over %s is missing", doing, asked(q), want)
						} else if p.InvoiceID != id && !slices.Contains(p.InvoiceIDs, id) {
							s.bad("%s: the payment over %s belongs to %q, want %q", doing, want, p.InvoiceID, id)
						}
					}
				}
			},
		},
		{
			Name: "contacts/reading",
			Rule: "Contacts reads contacts, archived ones included, as [Source.Invoices] reads documents",
			Why:  "a contact that is overlooked is created once more, and the customer has two accounts",
			run: func(s *suite) {
				books := s.ledger()
				s.need(s.w.AddContact != nil, "AddContact")
				want := map[string]bool{}
				for i := range 5 {
					id, err := s.w.AddContact(fmt.Sprint("Reading contact ", i), fmt.Sprintf("reading%d@example.com", i))
					s.did(err, "add a contact")
					want[id] = true
					if i == 2 && s.w.ArchiveContact != nil {
						s.did(s.w.ArchiveContact(id), "archive a contact")
					}
				}
				r := collect(s, books.Contacts(s.Context(), ledger.Query{PageSize: 2}), "reading of contacts", nil)
				got := map[string]ledger.ContactStatus{}
				for _, c := range r.records {
					got[c.ID] = c.Status
				}
				archived := 0
				for id := range want {
					status, ok := got[id]
					if !ok {
						s.bad("contact %s is missing", id)
					}
					if status == ledger.ContactArchived {
						archived++
					}
				}
				if s.w.ArchiveContact != nil {
					same(s, archived, 1, "archived contacts")
				}
				s.pass(time.Hour)
				id, err := s.w.AddContact("Late contact", "late@example.com")
				s.did(err, "add a contact")
				changes := collect(s, books.Contacts(s.Context(), ledger.Query{Cursor: r.next}), "reading of changed contacts", nil)
				if !slices.ContainsFunc(changes.records, func(c ledger.Contact) bool { return c.ID == id }) {
					s.bad("a contact that was added after the reading is missing from its changes")
				}
			},
		},
		{
			Name: "chart/points",
			Rule: "Chart reads accounts, tax rates, items and what else lines can point at.",
			Why:  "an invoice that points at nothing is refused, or booked where nobody looks",
			run: func(s *suite) {
				chart, err := s.ledger().Chart(s.Context())
				s.must(err, "chart")
				for _, code := range []string{s.w.Account, s.w.Bank} {
					if _, ok := chart.Account(code); code != "" && !ok {
						s.bad("the chart has no account %s", code)
					}
				}
				if a, ok := chart.Account(s.w.Bank); ok && !a.TakesPayments {
					s.bad("account %s takes no payments", s.w.Bank)
				}
				if r, ok := chart.TaxRate(s.w.TaxCode); s.w.TaxCode != "" && (!ok || !r.Percent.IsPositive()) {
					s.bad("tax code %s: got %+v, want a rate above zero", s.w.TaxCode, r)
				}
				again, err := s.ledger().Chart(s.Context())
				s.must(err, "chart, once more")
				same(s, again.Hash(), chart.Hash(), "hash of a chart that has not changed")
			},
		},
		{
			Name: "pdf/printed",
			Rule: "PDF returns the document as the ledger prints it. The caller closes it.",
			Why:  "the customer is sent an empty page",
			run: func(s *suite) {
				s.ledger()
				if s.powers.Documents == nil {
					s.Skipf("the adapter has no power Documents")
				}
				id := s.seed("1", "10.00")
				body, err := s.powers.Documents.PDF(s.Context(), ledger.Ref{ID: id})
				s.must(err, "PDF")
				defer body.Close()
				start := make([]byte, 5)
				if n, err := body.Read(start); n == 0 || string(start[:n]) != "%PDF-"[:n] {
					s.bad("PDF: got %d bytes %q (error %v), want a PDF", n, start[:n], err)
				}
				s.need(s.w.Missing != "", "Missing")
				if body, err := s.powers.Documents.PDF(s.Context(), ledger.Ref{ID: s.w.Missing}); err == nil {
					_ = body.Close()
					s.bad("PDF of an invoice that is not there: no error")
				}
			},
		},
	}
}
