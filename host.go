package invoicesync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Host is the app that an [Import] brings invoices into.
//
// Deliveries come at least once, and a delivery holds the whole state of its invoice. Apply must make
// the host hold that state, as one change of its own:
//
//   - Keep, with each invoice, the Revision that was applied last. A delivery whose Revision is not
//     higher must change nothing and return nil: it is a repetition, or it was overtaken. (A delivery
//     with the Key of one that was applied is always such a repetition.)
//   - Create what is not there yet, whatever What says: an earlier delivery may have failed.
//   - Delivery.Client.New says that no delivery of this contact has been confirmed. Where the host does
//     not know the contact it must create its client, linked to the contact and inactive; a client that
//     it knows must stay as it is.
//   - A payment whose [Origin] in Delivery.Origins is the host's own is the money that the host collected
//     already: it must not be counted in addition to it. Where such a payment is missing from a later
//     delivery it was removed from the ledger, which asks for the money again; what the host collected it
//     still has.
//   - Voided and deleted invoices must be kept and marked, not removed: people have been asked for the
//     money.
//
// Deliveries come one at a time, from a goroutine of the run. An error means: not applied, or not known; the next run delivers it again with the same Key, or, when
// the ledger has moved on, its newer state under a higher Revision. Apply must return soon after its
// context ends; one that does not is left behind. It may then run beside another, so a Host must be safe
// for concurrent use. What Apply panics with goes up through the run. A Host must not keep the memory
// of a Delivery beyond the call, except what it copies.
//
// What an error says is neither logged nor stored, since it may name people: the host logs its own.
//
// Package hosttest holds each of these rules against a host.
type Host interface {
	Apply(context.Context, Delivery) error
}

// HostFunc is a function as a [Host].
type HostFunc func(context.Context, Delivery) error

// Apply calls f.
func (f HostFunc) Apply(ctx context.Context, d Delivery) error { return f(ctx, d) }

// What says what a delivery is about, for a log or a mail. What the host must hold afterwards is the
// delivery's whole state in any case.
type What string

// What deliveries are about.
const (
	Imported What = "imported"  // eligible, or chosen by a person: the host gets it
	Changed  What = "changed"   // edited in the ledger
	PartPaid What = "part_paid" // a payment or a credit note, and something is left to pay
	Paid     What = "paid"      // nothing is left to pay
	Reopened What = "reopened"  // a payment was removed, or the invoice came back: more is left to pay
	Voided   What = "voided"    // voided in the ledger
	Deleted  What = "deleted"   // deleted in the ledger
)

// Delivery is the state of one ledger invoice, for the host.
type Delivery struct {
	// Key names this state of this invoice. The same key is only ever delivered with the same content.
	Key string
	// Revision rises with every state of the invoice that is delivered, also when the store of the
	// import was lost and begun anew: it is made from the clock, in milliseconds since 1970.
	Revision int64
	What     What

	// First says that no delivery of this invoice has been confirmed yet. The host may have it all the
	// same, when an answer was lost.
	First bool

	// Pair is the ledger's organisation and the host's account.
	Pair store.Pair
	// Invoice is the whole document: lines, totals, status, and its payments as records, never inferred
	// from the balance. Of an invoice that the ledger deleted without a trace there is only the ID, the
	// Number and the status [ledger.StatusDeleted]: the host keeps what it had beside them.
	Invoice ledger.Invoice
	Client  Client

	// Origins are those of the Invoice's payments that are in the ledger because a flow of ours wrote them,
	// or because a person said that they are the same money ([Settle.Adopt]), by the ledger's id of the
	// payment. One whose Source is the host's own account, the Host of its [Settle], is money that the host
	// collected itself, under Origin.ID. Those of a [Push] name the source of that push. It is told as far
	// as the import shares its store with those flows. nil: none.
	Origins map[string]Origin

	// Verdict is how the invoice was judged on the day AsOf, without what a person has overridden. An
	// invoice that was eligible once is followed whatever later verdicts say.
	Verdict eligibility.Verdict
	AsOf    ledger.Date
}

// Client is whom an invoice is for.
type Client struct {
	Contact ledger.Contact // the ledger's, as far as the invoice carries it; no ID: not known
	New     bool           // no delivery of this contact has been confirmed
}

// deliveryKey names a state of an invoice.
func deliveryKey(pair store.Pair, id string, revision int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %d", pair.String(), id, revision))
	return hex.EncodeToString(sum[:16])
}

// errHung says that the host did not answer in time.
var errHung = errors.New("the host did not answer in time")

// offer calls the host with a deadline, and does not wait for a host that goes past it: the run's leases
// would run out meanwhile.
func offer(ctx context.Context, h Host, d Delivery, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type answer struct {
		err   error
		panic any
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		returned := false
		defer func() {
			if !returned {
				a.panic = recover()
				if a.panic == nil { // the host called runtime.Goexit
					a.err = errors.New("the host's Apply ended without returning")
				}
			}
			done <- a
		}()
		a.err = h.Apply(ctx, d)
		returned = true
	}()
	var a answer
	select {
	case a = <-done:
	case <-ctx.Done():
		// Whoever watches the context answers now.
		grace := time.NewTimer(time.Second)
		defer grace.Stop()
		select {
		case a = <-done:
		case <-grace.C:
			return errHung
		}
	}
	if a.panic != nil {
		panic(a.panic)
	}
	return a.err
}
