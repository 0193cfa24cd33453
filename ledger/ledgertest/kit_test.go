package ledgertest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// bare is a harness that leaves everything out.
func bare() ledgertest.Harness {
	return ledgertest.Harness{Name: "bare", Open: func(t ledgertest.T) ledgertest.World {
		m, err := ledgertest.NewMemory(nil)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return ledgertest.World{Ledger: m}
	}}
}

func TestWhatAHarnessLeavesOutIsSkippedWithTheReason(t *testing.T) {
	t.Parallel()
	skipped := 0
	for _, c := range ledgertest.Cases() {
		synctest.Test(t, func(t *testing.T) {
			r := c.Try(t, bare())
			switch r.Verdict {
			case ledgertest.Failed:
				t.Errorf("%s: %s", c.Name, r.Text)
			case ledgertest.Skipped:
				skipped++
				if !strings.Contains(r.Text, "the harness has no ") && !strings.Contains(r.Text, "have no ") && !strings.Contains(r.Text, "are not edited") {
					t.Errorf("%s was skipped without a reason: %q", c.Name, r.Text)
				}
			}
		})
	}
	if skipped < 100 {
		t.Errorf("%d cases were skipped; a harness without anything can run few", skipped)
	}
}

func TestWhatAHarnessCannotIsSkippedWithTheReason(t *testing.T) {
	t.Parallel()
	h := ledgertest.MemoryHarness(nil)
	open := h.Open
	h.Open = func(t ledgertest.T) ledgertest.World {
		w := open(t)
		w.Inject = func(bool, ledgertest.Fault) error { return fmt.Errorf("no faults here: %w", errors.ErrUnsupported) }
		return w
	}
	synctest.Test(t, func(t *testing.T) {
		r := caseOf(t, "contacts/create/uncertain: answer lost").Try(t, h)
		if r.Verdict != ledgertest.Skipped || !strings.Contains(r.Text, "no faults here") {
			t.Errorf("got %+v", r)
		}
	})
}

func TestPowersThatAreGoneMustBeDeclared(t *testing.T) {
	t.Parallel()
	h := ledgertest.MemoryHarness(func(l ledger.Ledger) ledger.Ledger {
		return broken{Ledger: l, powers: func(p ledger.Powers) ledger.Powers { return ledger.Powers{Documents: p.Documents} }}
	})
	h.Cannot = []string{"Invoices", "Contacts", "Payments", "Updates", "Voids", "PaymentVoids"}
	for _, x := range []struct {
		cannot []string
		want   ledgertest.Verdict
	}{
		{h.Cannot, ledgertest.Passed},
		{h.Cannot[1:], ledgertest.Failed},
		{append([]string{"Documents"}, h.Cannot...), ledgertest.Failed},
		{append([]string{"Wings"}, h.Cannot...), ledgertest.Failed},
	} {
		h.Cannot = x.cannot
		if r := caseOf(t, "powers/as declared").Try(t, h); r.Verdict != x.want {
			t.Errorf("cannot %q: got %+v, want %s", x.cannot, r, x.want)
		}
	}
	for _, name := range []string{"contacts/create/in order", "void/apply"} {
		if r := caseOf(t, name).Try(t, h); r.Verdict != ledgertest.Skipped || !strings.Contains(r.Text, "has no power") {
			t.Errorf("%s: got %+v, want it skipped because the power is gone", name, r)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := ledgertest.Table(ledgertest.Column{Name: "one", Results: []ledgertest.Result{
		{Case: "reading/everything", Verdict: ledgertest.Passed},
		{Case: "reading/changes", Verdict: ledgertest.Skipped, Text: "the harness has no EditInvoice\nand so on"},
		{Case: "reading/rest", Verdict: ledgertest.Deviates, Text: "known deviation: slow"},
		{Case: "dates/civil", Verdict: ledgertest.Failed, Text: "a day late"},
	}})
	for _, want := range []string{
		"reading/everything", "one: 1 ok, 1 skipped, 1 known deviations, 1 failed",
		"1 × skip: the harness has no EditInvoice\n", "1 × deviates: known deviation: slow", "1 × FAIL: a day late",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the table lacks %q:\n%s", want, got)
		}
	}
}

func TestKnownDeviationsAreReportedAndDoNotFail(t *testing.T) {
	t.Parallel()
	h := ledgertest.MemoryHarness(func(l ledger.Ledger) ledger.Ledger {
		return broken{Ledger: l, powers: func(p ledger.Powers) ledger.Powers { p.Documents = blank{}; return p }}
	})
	h.Deviations = map[string]string{"pdf/printed": "these books print on white paper only"}
	for _, r := range ledgertest.Run(t, h) {
		if deviates := r.Verdict == ledgertest.Deviates; deviates != (r.Case == "pdf/printed") {
			t.Errorf("%s: %s (%s)", r.Case, r.Verdict, r.Text)
		}
	}
}
