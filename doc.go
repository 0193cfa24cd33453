// Package invoicesync keeps invoices and payments the same in two systems: it reads a source, decides,
// shapes, writes to a ledger, and remembers. Nothing is lost, nothing is doubled, and every decision
// has a reason.
//
// A [Push] makes a source's invoices appear in a ledger, to the cent and never twice:
//
//	push, err := invoicesync.NewPush(db, source, books, settings, nil)
//	if err != nil {
//		return err // the settings contradict themselves; the error says which
//	}
//	report, err := push.Run(ctx)
//
// Run may be called again at any time, by any process: it goes on where the last run ended, whatever
// ended it. Preview says what Run would write without writing; One pushes a single invoice.
//
// An [Import] goes the other way: a ledger's unpaid invoices come into the host's own app, each with a
// verdict, and later changes of them follow. The app implements [Host]; package hosttest tells whether it
// does so rightly. A [Settle] books what a host collected on the ledger's invoices, and a [Reconcile]
// compares both sides of the two and repairs what a person tells it to.
//
// # Rules
//
//   - Money is decimal; a ledger's total is predicted before it is written and compared after.
//   - A record that cannot be written is parked with all its reasons and judged again when it, its
//     payments, the settings or the chart change. It never stops a run.
//   - A write whose answer was lost is uncertain: it is looked up by its mark, and sent again only when
//     it cannot exist any more, or in the identical bytes under the vendor's own key.
//   - A run starts nothing that outlives it. One run at a time writes to a ledger; a second one is told
//     when to come back.
//   - Instants are UTC; invoice and due dates are days in the calendar of the source's organisation.
//
// # What it does not do
//
// It does not authorise connections, schedule runs or show screens; the host does, and other rooms of
// this module help. It never infers a payment from a balance, and never guesses between two contacts.
package invoicesync

import (
	"context"

	"github.com/invoicesync/invoicesync/ledger"
)

// Invoice is [ledger.Invoice].
type Invoice = ledger.Invoice

// Source is [ledger.Source]: what invoices are read from.
type Source = ledger.Source

// Ledger is [ledger.Ledger]: the books that are written.
type Ledger = ledger.Ledger

// Runner is a flow that can be run again and again.
type Runner interface {
	Name() string
	// Run always returns a usable report, beside an error too.
	Run(context.Context) (Report, error)
}
