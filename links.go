package invoicesync

import (
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// The words in which the flows speak of links. What a link's fields mean to an import is said in importlink.go.

// onItsWay reports whether the record's own write has not been resolved: it may or may not exist.
func onItsWay(l store.Link) bool { return l.State == store.Intended || l.State == store.Uncertain }

// inDoubt reports whether a write of the record, or a change of it, has not been resolved.
func inDoubt(l store.Link) bool { return onItsWay(l) || l.Batch != "" }

// adopted links with a record that the ledger has, whoever wrote it.
func adopted(l *store.Link, id, number, version string, amount decimal.Decimal) {
	l.State, l.Adopted, l.TakenBack, l.Reasons = store.Written, true, false, nil
	l.LedgerID, l.LedgerNumber, l.LedgerVersion = id, number, version
	l.Predicted, l.Actual = amount, amount
}

// takenBack says that what was written has been voided or deleted in the ledger. What comes later is another record.
func takenBack(l *store.Link, reasons ...store.Reason) {
	l.State, l.TakenBack, l.Reasons = store.Skipped, true, reasons
}

// nextGeneration makes the link that of another record of the same origin, under a mark of its own, which the next
// run judges. Whatever was written under the old mark is not it.
func nextGeneration(l *store.Link) {
	l.Generation++
	l.Mark = ledger.NewMark(l.Pair.Ledger, l.Kind, l.Pair.Source, l.SourceID, l.Generation)
	l.LedgerID, l.LedgerNumber, l.LedgerVersion, l.CreatedBy, l.UpdatedBy = "", "", "", "", ""
	l.Adopted, l.TakenBack, l.FirstSent, l.Actual = false, false, time.Time{}, decimal.Zero
	deferred(l)
}

func park(l *store.Link, code, message string) {
	l.State, l.Reasons = store.Parked, []store.Reason{{Code: code, Message: message}}
}

// deferred leaves a record to a later run, which judges it first.
func deferred(l *store.Link) {
	l.State, l.Batch = store.Deferred, ""
	l.Reasons = []store.Reason{{Code: CodeDeferred, Message: "left for a later run"}}
}
