package invoicesync_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// Every unpaid invoice is a candidate, with all that speaks against it; looking stores nothing.
func TestImportCandidates(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		good := w.invoice("10.00", 5)
		old := w.add(ledger.Invoice{Date: w.today().AddDays(-91), DueDate: w.today().AddDays(-91), Lines: []ledger.Line{work("20.00"), work("-5.00")}})
		w.pay(old.ID, "1.00")
		paid := w.invoice("30.00", 5)
		w.pay(paid.ID, "30.00")
		look := func() map[string]invoicesync.Candidate {
			t.Helper()
			got := map[string]invoicesync.Candidate{}
			for c, err := range w.open().Candidates(context.Background()) {
				must(t, err)
				got[c.Invoice.ID] = c
			}
			return got
		}
		got := look()
		equal(t, "candidates", len(got), 2)
		equal(t, "good", got[good.ID].Verdict.Eligible(), true)
		want := []string{eligibility.CodePartPaid, eligibility.CodeTooOld, eligibility.CodeLongOverdue, eligibility.CodeNegativeLine}
		if codes := got[old.ID].Verdict.Codes(); !slices.Equal(codes, want) {
			t.Fatalf("reasons %v, want %v", codes, want)
		}
		equal(t, "a person may take it", got[old.ID].Verdict.Overridable(), true)
		equal(t, "calls of the host", w.host.Calls(), 0)
		equal(t, "imported", got[good.ID].Imported, false)
		w.run()
		equal(t, "imported", look()[good.ID].Imported, true)

		// Overriding some of the reasons is not enough; overriding all is.
		pick := func(codes ...string) invoicesync.Report {
			t.Helper()
			rep, err := w.open().Select(context.Background(), []invoicesync.Selection{{Ref: ledger.Ref{Number: old.Number}, Override: codes}})
			must(t, err)
			w.addsUp(rep)
			return rep
		}
		equal(t, "rejected", pick(want[:3]...).Invoices.Skipped[eligibility.CodePartPaid], 1)
		if codes := w.codes(old.ID); !slices.Equal(codes, want) {
			t.Fatalf("stored reasons %v, want %v", codes, want)
		}
		equal(t, "imported", pick(want...).Invoices.Created, 1)
		equal(t, "held payments", len(w.held(old.ID).Invoice.Payments), 1)
		equal(t, "again", pick(want...).Invoices.Already, 1)

		// What was chosen is followed like all else.
		w.pay(old.ID, "14.00")
		time.Sleep(time.Hour)
		equal(t, "delivered", w.run().Invoices.Updated, 1)
		equal(t, "what", w.held(old.ID).What, invoicesync.Paid)
	})
}

// Currency and tax are never a person's to override, nor what is not owed.
func TestImportSelectRefuses(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		inv := w.invoice("10.00", 5)
		for _, code := range []string{eligibility.CodeOtherCurrency, eligibility.CodeTaxNotMapped, eligibility.CodePaid, eligibility.CodeDraft,
			eligibility.CodeBalanceBelowFloor, eligibility.CodeNoLines, "nonsense"} {
			_, err := w.open().Select(context.Background(), []invoicesync.Selection{{Ref: ledger.Ref{ID: inv.ID}, Override: []string{code}}})
			if err == nil || !strings.Contains(err.Error(), code) {
				t.Errorf("overriding %s: %v", code, err)
			}
		}
		equal(t, "calls of the host", w.host.Calls(), 0)
		rep, err := w.open().Select(context.Background(), []invoicesync.Selection{{Ref: ledger.Ref{ID: "inv-999"}}, {Ref: ledger.Ref{ID: inv.ID}}})
		if !errors.Is(err, ledger.ErrNotFound) || !strings.Contains(err.Error(), "inv-999") {
			t.Errorf("an invoice that is not there: %v", err)
		}
		equal(t, "the other is imported all the same", rep.Invoices.Created, 1)
	})
}

// A manual import takes nothing by itself and follows what was chosen.
func TestImportManual(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.settings.Manual = true
		a, b := w.invoice("10.00", 5), w.invoice("20.00", 5)
		equal(t, "judged", w.run().Invoices.Read, 0)
		_, err := w.open().Select(context.Background(), []invoicesync.Selection{{Ref: ledger.Ref{ID: a.ID}}})
		must(t, err)
		w.pay(a.ID, "10.00")
		w.pay(b.ID, "5.00")
		w.invoice("30.00", 1)
		time.Sleep(25 * time.Hour) // with a sweep
		rep := w.run()
		equal(t, "delivered", rep.Invoices.Updated, 1)
		equal(t, "judged", rep.Invoices.Read, 1)
		equal(t, "held", len(w.host.Invoices()), 1)
	})
}

// What was chosen while the switch was off has changed before the first run: the host is told all the same.
func TestImportSelectedBeforeTheFirstRun(t *testing.T) {
	for _, manual := range []bool{false, true} {
		t.Run(fmt.Sprintf("manual %t", manual), func(t *testing.T) {
			inImport(t, func(t *testing.T, w *importWorld) {
				w.settings.Processing, w.settings.Manual = false, manual
				inv := w.invoice("10.00", 5)
				_, err := w.open().Select(context.Background(), []invoicesync.Selection{{Ref: ledger.Ref{ID: inv.ID}}})
				must(t, err)
				w.pay(inv.ID, "10.00")
				time.Sleep(2 * time.Hour)
				w.settings.Processing = true
				equal(t, "delivered", w.run().Invoices.Updated, 1)
				equal(t, "what", w.held(inv.ID).What, invoicesync.Paid)
			})
		})
	}
}

// With All every status gets its verdict; a person is shown what is unpaid.
func TestImportAll(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.settings.All = true
		w.invoice("10.00", 5)
		paid, part, voided := w.invoice("20.00", 5), w.invoice("30.00", 5), w.invoice("40.00", 5)
		w.pay(paid.ID, "20.00")
		w.pay(part.ID, "1.00")
		must(t, w.books.Books().VoidInvoice(voided.ID))
		for _, status := range []ledger.Status{ledger.StatusDraft, ledger.StatusSubmitted} {
			w.add(ledger.Invoice{Status: status, Lines: []ledger.Line{work("5.00")}})
		}
		w.invoice("50.00", 91)
		rep := w.run()
		equal(t, "judged", rep.Invoices.Read, 7)
		equal(t, "imported", rep.Invoices.Created, 1)
		want := map[string]int{"paid": 1, "part_paid": 1, "voided": 1, "draft": 1, "submitted": 1, "too_old": 1}
		if !maps.Equal(rep.Invoices.Skipped, want) {
			t.Fatalf("skipped %v, want %v", rep.Invoices.Skipped, want)
		}
	})
}

// What is broken is parked with all its reasons: nothing of it is guessed.
func TestImportParksWhatIsBroken(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		broken := map[string]func(*ledger.Invoice){
			eligibility.CodeNoContact: func(i *ledger.Invoice) { i.Contact = ledger.Contact{} },
			eligibility.CodeNoDate:    func(i *ledger.Invoice) { i.Date, i.DueDate = ledger.Date{}, ledger.Date{} },
			eligibility.CodeNoLines:   func(i *ledger.Invoice) { i.Lines, i.Totals = nil, totals("10.00") },
		}
		want := map[string]string{}
		w.settings.All = true // a ledger leaves what has no date out of what it gives since a day
		source := &mangled{Memory: w.books, edit: map[string]func(*ledger.Invoice){}}
		for _, code := range slices.Sorted(maps.Keys(broken)) {
			inv := w.invoice("10.00", 5)
			want[inv.ID], source.edit[inv.ID] = code, broken[code]
		}
		none := w.invoice("10.00", 5)
		source.edit[none.ID] = func(i *ledger.Invoice) {
			i.Contact, i.Date, i.DueDate, i.Currency, i.Lines = ledger.Contact{}, ledger.Date{}, ledger.Date{}, "", nil
		}
		bare := w.invoice("10.00", 5)
		source.edit[bare.ID] = func(i *ledger.Invoice) { i.Currency = "" }
		want[bare.ID] = eligibility.CodeNoCurrency
		imp, err := invoicesync.NewImport(w.db, source, w.host, w.settings, &w.opts)
		must(t, err)
		rep, err := imp.Run(context.Background())
		must(t, err)
		w.addsUp(rep)
		equal(t, "calls of the host", w.host.Calls(), 0)
		for id, code := range want {
			if codes := w.codes(id); !slices.Contains(codes, code) {
				t.Errorf("%s: reasons %v, want %s", id, codes, code)
			}
		}
		for _, code := range []string{eligibility.CodeNoContact, eligibility.CodeNoDate, eligibility.CodeNoCurrency, eligibility.CodeNoLines} {
			if codes := w.codes(none.ID); !slices.Contains(codes, code) {
				t.Errorf("an invoice without anything: reasons %v lack %s", codes, code)
			}
		}
		parked := 0
		for _, n := range rep.Invoices.Parked {
			parked += n
		}
		equal(t, "parked", parked, 5)
	})
}

func totals(total string) ledger.Totals {
	d := decimal.RequireFromString(total)
	return ledger.Totals{Net: d, Total: d, Balance: d}
}
