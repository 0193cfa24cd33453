package invoicesync

import (
	"context"
	"iter"

	"github.com/invoicesync/invoicesync/ledger"
)

// Collections is what a host tells of the payments that it collected: the source of a [Settle]. A Collections
// must be safe for concurrent use.
//
// Of a [ledger.Payment] a host must set ID (its own, for ever the same and never of another payment),
// InvoiceID (the ledger's id of the invoice), Amount (above zero), Currency and Status, and Date or PaidAt. It
// should set Method, which chooses the account, and Reference, which people see in the ledger; Rate where
// the currency is not the ledger's own. The rest is not looked at.
//
// One payment is for one invoice: money that a client sent for several is one record each. Money given back
// is either the payment itself with the status refunded, or a record of its own, with that status and
// RefundOf. A payment that is tried again after it failed may come back under its id.
type Collections interface {
	// Collected reads the payments that were created or changed since the cursor, oldest change first, all of
	// them where the cursor is empty. Next of a page must lead on from there; a payment may come twice and must
	// not be missed. A payment whose status changes must come again.
	Collected(context.Context, ledger.Cursor) iter.Seq2[ledger.Page[ledger.Payment], error]

	// Payments returns those of the ids that the host has, in any order. It is asked for at most 200 at once.
	Payments(ctx context.Context, ids []string) ([]ledger.Payment, error)
}
