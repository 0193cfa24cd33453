package hosttest

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Cases returns all cases.
func Cases() []Case {
	return []Case{
		{
			Name: "create",
			Rule: "Apply must make the host hold that state",
			Why:  "an invoice that was imported and cannot be seen is never paid",
			run: func(s *suite) {
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				s.holds("after the import", open("inv-1"))
			},
		},
		{
			Name: "repetition",
			Rule: "A delivery whose Revision is not higher must change nothing and return nil: it is a repetition",
			Why:  "answers are lost, and deliveries come at least once",
			run: func(s *suite) {
				d := s.next(invoicesync.Imported, open("inv-1"))
				for range 3 {
					s.apply(d)
				}
				s.holds("after the same delivery three times", open("inv-1"))
			},
		},
		{
			Name: "overtaken",
			Rule: "A delivery whose Revision is not higher must change nothing and return nil: … or it was overtaken",
			Why:  "a delivery that hung may end after a newer one, and would bring a paid invoice back to life",
			run: func(s *suite) {
				older := s.next(invoicesync.Imported, open("inv-1"))
				newer := s.next(invoicesync.Paid, paid("inv-1"))
				s.apply(newer)
				s.apply(older)
				s.holds("after the older delivery came last", paid("inv-1"))
			},
		},
		{
			Name: "again",
			Rule: "Keep, with each invoice, the Revision that was applied last",
			Why:  "an invoice comes back to a state that it had: a payment was removed",
			run: func(s *suite) {
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				s.apply(s.next(invoicesync.Paid, paid("inv-1")))
				s.holds("after the payment", paid("inv-1"))
				s.apply(s.next(invoicesync.Reopened, open("inv-1")))
				s.holds("after the payment was removed", open("inv-1"))
			},
		},
		{
			Name: "whole",
			Rule: "A delivery holds the whole state of its invoice",
			Why:  "a line or a payment that was removed in the ledger must not stay in the app",
			run: func(s *suite) {
				full := open("inv-1")
				full.Lines = append(full.Lines, line("3", "50.00"))
				full.Totals.Net, full.Totals.Total, full.Totals.Balance = dec("150.00"), dec("150.00"), dec("150.00")
				s.apply(s.next(invoicesync.Imported, full))
				s.holds("with three lines", full)
				s.apply(s.next(invoicesync.Changed, open("inv-1")))
				s.holds("with two lines", open("inv-1"))
				part := open("inv-1")
				part.Payments = []ledger.Payment{payment("pay-1", "20.00"), payment("pay-2", "30.00")}
				part.Totals.Paid, part.Totals.Balance = dec("50.00"), dec("50.00")
				s.apply(s.next(invoicesync.PartPaid, part))
				s.holds("with two payments", part)
				part.Payments = part.Payments[1:]
				part.Totals.Paid, part.Totals.Balance = dec("30.00"), dec("70.00")
				s.apply(s.next(invoicesync.Reopened, part))
				s.holds("with one payment removed", part)
			},
		},
		{
			Name: "unheard",
			Rule: "Create what is not there yet, whatever What says",
			Why:  "the delivery that would have imported it may have failed, and the invoice moved on",
			run: func(s *suite) {
				s.apply(s.next(invoicesync.Paid, paid("inv-1")))
				s.holds("after a payment of an invoice that never arrived", paid("inv-1"))
			},
		},
		{
			Name: "voided",
			Rule: "Voided and deleted invoices must be kept and marked, not removed",
			Why:  "people have been asked for the money, and somebody must be able to see why it stopped",
			run: func(s *suite) {
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				voided := open("inv-1")
				voided.Status, voided.Totals.Balance = ledger.StatusVoided, decimal.Zero
				s.apply(s.next(invoicesync.Voided, voided))
				s.holds("after the void", voided)
			},
		},
		{
			Name: "deleted",
			Rule: "Of an invoice that the ledger deleted without a trace there is only the ID, the Number and the status: the host keeps what it had beside them",
			Why:  "the ledger keeps nothing that could be delivered",
			run: func(s *suite) {
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				s.apply(s.next(invoicesync.Deleted, ledger.Invoice{
					ID: "inv-1", Number: "INV-inv-1", Kind: ledger.SalesInvoice, Status: ledger.StatusDeleted, Currency: "AUD"}))
				want := open("inv-1")
				want.Status = ledger.StatusDeleted
				s.holds("after the deletion", want)
			},
		},
		{
			Name: "own",
			Rule: "A payment whose Origin is the host's own is the money that the host collected already: it must not be counted in addition to it",
			Why:  "what the host collected is written to the ledger, and comes back from there as a payment of the invoice",
			run: func(s *suite) {
				if s.h.Collect == nil {
					panic(stop{fmt.Errorf("%w: the harness has no Collect", ErrSkipped)})
				}
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				origin, err := s.h.Collect(s.ctx, s.pair, "inv-1", dec("60.00"))
				if err != nil {
					s.failf("Collect: %w", err)
				}
				part := open("inv-1")
				part.Payments = []ledger.Payment{payment("pay-1", "60.00"), payment("pay-2", "10.00")}
				part.Totals.Paid, part.Totals.Balance = dec("70.00"), dec("30.00")
				d := s.next(invoicesync.PartPaid, part)
				d.Origins = map[string]invoicesync.Origin{"pay-1": origin}
				s.apply(d)
				s.holds("with a payment of its own and one of somebody else", part)
				s.received("after its own 60.00 came back beside 10.00 of somebody else", "70.00")
				part.Payments = part.Payments[1:]
				part.Totals.Paid, part.Totals.Balance = dec("10.00"), dec("90.00")
				s.apply(s.next(invoicesync.Reopened, part))
				s.holds("after its own payment was removed from the ledger", part)
				s.received("after its own payment was removed from the ledger, and the money was not given back", "70.00")
			},
		},
		{
			Name: "clients/unknown",
			Rule: "Where the host does not know the contact it must create its client, linked to the contact and inactive",
			Why:  "an import must not make people billable",
			run: func(s *suite) {
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				c, ok := s.client(person.ID)
				if !ok {
					s.failf("there is no client linked to the contact")
				}
				if c.Active {
					s.failf("the client is active")
				}
			},
		},
		{
			Name: "clients/known",
			Rule: "a client that it knows must stay as it is",
			Why:  "what a person has decided about a client is not the ledger's to undo",
			run: func(s *suite) {
				if s.h.Activate == nil {
					panic(stop{fmt.Errorf("%w: the harness has no Activate", ErrSkipped)})
				}
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				if err := s.h.Activate(s.ctx, s.pair, person.ID); err != nil {
					s.failf("Activate: %w", err)
				}
				s.apply(s.next(invoicesync.Imported, open("inv-2"))) // New, as far as the import can know
				if c, ok := s.client(person.ID); !ok || !c.Active {
					s.failf("the client is not active any more (there: %t)", ok)
				}
			},
		},
		{
			Name: "pairs",
			Rule: "Pair is the ledger's organisation and the host's account",
			Why:  "ids of one ledger say nothing in another: QuickBooks counts from 1 in each",
			run: func(s *suite) {
				other := s.next(invoicesync.Paid, paid("inv-1"))
				other.Pair.Source = ledger.OrganisationID{Vendor: "quickbooks", ID: "org-" + s.name}
				s.apply(s.next(invoicesync.Imported, open("inv-1")))
				s.apply(other)
				s.holds("of the one ledger", open("inv-1"))
				s.holdsIn(store.Pair{Source: other.Pair.Source, Ledger: s.pair.Ledger}, "of the other ledger", paid("inv-1"))
			},
		},
		{
			Name: "memory",
			Rule: "A Host must not keep the memory of a Delivery beyond the call, except what it copies",
			Why:  "what the import does with its memory afterwards would change the app's books",
			run: func(s *suite) {
				inv := paid("inv-1")
				s.apply(s.next(invoicesync.Imported, inv))
				inv.Lines[0].Amount, inv.Payments[0].Amount = dec("999.00"), dec("999.00")
				s.holds("after the delivery's memory was used again", paid("inv-1"))
			},
		},
		{
			Name: "concurrent",
			Rule: "It may then run beside another, so a Host must be safe for concurrent use",
			Why:  "a delivery that hung goes on while it is made again; under the race detector more shows",
			run: func(s *suite) {
				older, newer := s.next(invoicesync.Imported, open("inv-1")), s.next(invoicesync.Paid, paid("inv-1"))
				var wg sync.WaitGroup
				for range 4 {
					for _, d := range []invoicesync.Delivery{older, newer} {
						wg.Go(func() {
							// One may lose against another and say so; it is then made again.
							_ = s.h.Host.Apply(s.ctx, d)
						})
					}
				}
				wg.Wait()
				s.apply(newer)
				s.holds("after many deliveries at once", paid("inv-1"))
			},
		},
		{
			Name: "context",
			Rule: "Apply must return soon after its context ends",
			Why:  "a host that hangs keeps every other invoice waiting",
			run: func(s *suite) {
				ctx, cancel := context.WithCancel(s.ctx)
				cancel()
				done := make(chan struct{})
				go func() {
					defer close(done)
					_ = s.h.Host.Apply(ctx, s.next(invoicesync.Imported, open("inv-1"))) // applied or not, both are right
				}()
				late := time.NewTimer(5 * time.Second)
				defer late.Stop()
				select {
				case <-done:
				case <-late.C:
					s.failf("Apply had not returned 5 s after its context had ended")
				}
			},
		},
	}
}

var person = ledger.Contact{ID: "contact-1", Name: "Client One", Email: "one@example.com", Status: ledger.ContactActive}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func line(id, amount string) ledger.Line {
	return ledger.Line{ID: id, Kind: ledger.LineOther, Description: "Work", Quantity: decimal.NewFromInt(1), UnitPrice: dec(amount), Amount: dec(amount)}
}

func payment(id, amount string) ledger.Payment {
	return ledger.Payment{ID: id, InvoiceID: "inv-1", Date: ledger.MustDate("2026-03-01"), Amount: dec(amount), Currency: "AUD", Status: ledger.PaymentConfirmed}
}

// open is an invoice over 100.00 of which nothing is paid.
func open(id string) ledger.Invoice {
	return ledger.Invoice{
		ID: id, Number: "INV-" + id, Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: person,
		Date: ledger.MustDate("2026-02-02"), DueDate: ledger.MustDate("2026-02-16"), Currency: "AUD", TaxMode: ledger.TaxNone,
		Lines:  []ledger.Line{line("1", "60.00"), line("2", "40.00")},
		Totals: ledger.Totals{Net: dec("100.00"), Total: dec("100.00"), Balance: dec("100.00")},
	}
}

// paid is the same, paid in full.
func paid(id string) ledger.Invoice {
	inv := open(id)
	inv.Status = ledger.StatusPaid
	inv.Payments = []ledger.Payment{payment("pay-1", "100.00")}
	inv.Totals.Paid, inv.Totals.Balance = dec("100.00"), decimal.Zero
	return inv
}
