package infusionsoft

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

// A Ledger is an application whose books are written, too: contacts, orders and payments by hand. All that
// is said of a [Source] holds of it. It is safe for concurrent use.
//
//	books, err := infusionsoft.NewLedger(authorised, &infusionsoft.Options{Tenant: "xx123.infusionsoft.com"})
//	…
//	push, err := invoicesync.NewPush(db, invoicesync.FromLedger(xero), books, settings, nil)
//
// # What must be read before something is written
//
// Encode and Predict make no call. An order is dated in the application's zone, so that Organisation must
// have been read before (unless Options name currency and zone), and Chart where lines name products.
//
// # What an order holds
//
// Its lines need no product: a line becomes an item of the kind OTHER, SHIPPING, TAX, FINANCE_CHARGE or
// DISCOUNT, and a line that names a product by [ledger.Line.ItemID], or by its SKU in ItemCode, an item
// PRODUCT. There are no accounts and no tax codes ([ledger.ByNothing]). Tax is a line of its own; what other lines state as theirs
// is added up into one. Whatever lowers the order is a discount. Quantities are whole numbers from 1 and
// prices have the places of the currency: a line that needs others is written as one piece at its amount. An
// order is not a draft, and has no void: [ledger.Powers] Voids deletes one that has no payments.
//
// # Payments
//
// Payments are recorded by hand, and no card is ever charged: payment_method_id is not sent.
// [ledger.Payment.Account] is the manual payment type, exactly as the application spells it, case and all;
// [Ledger.Chart] lists them as accounts that take payments. Payments cannot be deleted or refunded here.
//
// # Marks
//
// The mark of an order is its external_create_user, of a contact its billing_information, of a payment the
// last word of its notes. That the notes of a payment are read back is not documented: see
// [Options.NotesReadBack]. A record that a person has deleted leaves nothing to be found.
//
// # Limits
//
// There are no batches and no idempotency keys. A payment costs one more call or two, because the answer to
// it shows neither the order nor the mark.
type Ledger struct {
	*Source
	charted atomic.Pointer[products]
}

var _ ledger.Ledger = (*Ledger)(nil)

// NewLedger returns the application that client, which authorises its requests, leads to; nil options are
// the defaults. It makes no call.
func NewLedger(client *http.Client, opts *Options) (*Ledger, error) {
	s, err := New(client, opts)
	if err != nil {
		return nil, err
	}
	return &Ledger{Source: s}, nil
}

// Powers implements [ledger.Ledger]. An order's lines cannot be changed in one request, and payments cannot
// be deleted at all.
func (l *Ledger) Powers() ledger.Powers {
	return ledger.Powers{
		Invoices: orderWriter(l),
		Contacts: contactWriter(l),
		Payments: paymentWriter(l),
		Voids:    deletions{l},
	}
}

// known is what writing needs to know of the application, without a call.
func (l *Ledger) known(thing string) (books, error) {
	b, ok := l.knownBooks()
	if !ok {
		return books{}, vendorbooks.NotSent(Vendor, thing, "currency and time zone of the application are not known: call Organisation first, or set them in Options")
	}
	return b, nil
}

// confirmed makes sure that the connection leads to the application before something is written: what is
// written elsewhere cannot be taken back. Where an answer has shown it already, it costs nothing.
func (l *Ledger) confirmed(ctx context.Context, thing string) error {
	if s := l.c.stranger.Load(); s == nil && l.c.answered.Load() {
		return nil
	}
	_, err := l.c.get(ctx, thing, "/v2/businessProfile", nil)
	if err == nil {
		l.c.answered.Store(true) // also where the answer did not say whose it is: there is no more to know
	}
	return err
}
