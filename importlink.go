package invoicesync

import (
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// How an import uses a link: Written, the host has confirmed its newest state; Intended and Uncertain, a
// delivery is on its way, under the key in Batch; Skipped and Parked, rejected; Deferred, it waits for the
// budget. CreatedBy is the run whose delivery was confirmed first, so that it says whether the host has
// the invoice. Revision is that of the delivery that was offered last, SourceHash the hash of its content,
// SourceVersion how the ledger's record looked when it was read (see printOf), Rule what the host was told
// (see tellOf), Predicted the balance, Reasons the last verdict, and Updated its time.

// isHeld reports whether the host has the invoice, or may have it.
func isHeld(l *store.Link) bool { return l != nil && (l.CreatedBy != "" || isPending(l)) }

// isPending reports whether a delivery of it is on its way.
func isPending(l *store.Link) bool { return l != nil && onItsWay(*l) }

// The standings of an invoice.
const (
	standsOpen     = "open"
	standsPartPaid = "part_paid"
	standsPaid     = "paid"
)

// standingOf says where an invoice stands, for the word that a delivery is told with. What the host holds
// comes from the payments and totals themselves.
func standingOf(inv *ledger.Invoice) string {
	switch {
	case inv.Status != ledger.StatusApproved && inv.Status != ledger.StatusPaid:
		return string(inv.Status)
	case inv.Status == ledger.StatusPaid, !inv.Totals.Balance.IsPositive() && inv.Totals.Total.IsPositive():
		return standsPaid
	case inv.Totals.Balance.LessThan(inv.Totals.Total):
		return standsPartPaid
	}
	return standsOpen
}

// tellOf notes what a delivery tells of an invoice: where it stands, and what the delivery is about.
func tellOf(l *store.Link, inv *ledger.Invoice, what What) {
	l.Rule = standingOf(inv) + "/" + string(what)
}

// toldAs is what the delivery that was offered last is about.
func toldAs(l *store.Link) What {
	_, what, _ := strings.Cut(l.Rule, "/")
	return What(what)
}

// standsIn is the standing that a link was delivered with.
func standsIn(l *store.Link) string {
	stands, _, _ := strings.Cut(l.Rule, "/")
	return stands
}

// whatIs says what a delivery is about.
func whatIs(inv *ledger.Invoice, before *store.Link) What {
	now := standingOf(inv)
	switch now {
	case string(ledger.StatusVoided):
		return Voided
	case string(ledger.StatusDeleted):
		return Deleted
	}
	if before == nil || before.CreatedBy == "" {
		return Imported
	}
	then := standsIn(before)
	wasLive := then == standsOpen || then == standsPartPaid || then == standsPaid
	more := inv.Totals.Total.Equal(before.Amount) && inv.Totals.Balance.GreaterThan(before.Predicted)
	switch {
	case now == standsPaid && then != standsPaid:
		return Paid
	case now != standsPaid && (then == standsPaid || !wasLive && then != "" || more):
		return Reopened
	case now == standsPartPaid && (then != standsPartPaid || inv.Totals.Balance.LessThan(before.Predicted) && inv.Totals.Total.Equal(before.Amount)):
		return PartPaid
	}
	return Changed
}
