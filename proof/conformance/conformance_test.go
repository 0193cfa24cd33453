package conformance

import (
	"slices"
	"sync/atomic"
	"testing"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// harnesses are all that the kit is run over. The decorators are Xero's: what they let through must work as
// it did, and what they hold back must be gone.
func harnesses() []ledgertest.Harness {
	plain := func(l ledger.Ledger) ledger.Ledger { return l }
	closed := xeroHarness("read-only", func(l ledger.Ledger) ledger.Ledger { return readOnly{l} })
	closed.Cannot = []string{"Invoices", "Contacts", "Payments", "Updates", "Voids", "PaymentVoids", "Documents"}
	planned := xeroHarness("dry-run", func(l ledger.Ledger) ledger.Ledger { return dryRun{l} })
	planned.Cannot = []string{"Invoices", "Contacts", "Payments", "Updates", "Voids", "PaymentVoids"}
	passed := xeroHarness("counting", func(l ledger.Ledger) ledger.Ledger { return counted{l, new(atomic.Int64)} })
	passed.Cannot = []string{"Updates", "Voids", "PaymentVoids", "Documents"}
	return slices.Concat(
		[]ledgertest.Harness{ledgertest.MemoryHarness(nil), xeroHarness("xero", plain), quickbooksHarness()},
		infusionsoftHarnesses(),
		[]ledgertest.Harness{closed, planned, passed},
	)
}

// TestTable runs the kit over all adapters and decorators and prints how every case ended.
func TestTable(t *testing.T) {
	columns := make([]ledgertest.Column, 0, len(harnesses()))
	for _, h := range harnesses() {
		t.Run(h.Name, func(t *testing.T) {
			columns = append(columns, ledgertest.Column{Name: h.Name, Results: ledgertest.Run(t, h)})
		})
	}
	t.Log("\n" + ledgertest.Table(columns...))
}
