package invoicesync

import (
	"context"
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// desk is what all flows that book payments in a ledger have in common: a run, the ledger with what is known
// of it in this run, and payments on their way. [pass] adds invoices, and [till] what a host has collected.
type desk struct {
	*run
	books    ledger.Ledger
	powers   ledger.Powers
	paying   PaymentSettings
	currency ledger.Currency // that the ledger must hold; "": records name their own
	payments book[ledger.Payment]

	meta    meta
	org     *ledger.Organisation // the ledger's, once it has been asked
	charted ledger.Chart         // as read in this run
	chart   *chartIndex

	newPayments []*booking
	newEntries  []entry[ledger.Payment]
	queued      map[string]bool            // source ids of what is in the queues
	reserved    map[string]decimal.Decimal // by invoice of the ledger: what queued payments will take of its balance
	reminders   []store.Link               // payments still to be judged, remembered with the next verdicts
	creates     int                        // records of the flow's main kind that this run is to create
	freed       map[string]bool            // source ids of invoices that a payment has been taken off in the ledger
	blank       map[string]bool            // prefixes of sightings: whether there are none
	force       bool                       // judge again what nothing has changed about
	dry         bool                       // a preview, a check or a comparison: nothing is written, to the store neither

	// judgeOne drafts a payment, or says why it is not booked; [desk.judgePayment], or a flow's own.
	judgeOne func(context.Context, *judging) (ledger.Payment, *eligibility.Reason, error)
}

func newDesk(r *run, books ledger.Ledger, paying PaymentSettings, currency ledger.Currency) *desk {
	powers := books.Powers()
	w := &desk{run: r, books: books, powers: powers, paying: paying, currency: currency,
		queued: map[string]bool{}, reserved: map[string]decimal.Decimal{}, freed: map[string]bool{}, blank: map[string]bool{},
		payments: book[ledger.Payment]{ledger.KindPayment, powers.Payments, func(p ledger.Payment) written {
			return written{id: p.ID, version: p.Version, amount: p.Amount}
		}}}
	w.judgeOne = w.judgePayment
	return w
}

// meta is what a flow knows of its pair beside the links.
type meta struct {
	Epoch     string    `json:"epoch"`    // of the store that the ledger's marks were compared with
	Settings  string    `json:"settings"` // hash of the settings that judged last
	Chart     string    `json:"chart"`    // hash
	ChartAt   time.Time `json:"chart_at"`
	LastSweep time.Time `json:"last_sweep"`
	Scanned   bool      `json:"scanned_whole"` // the ledger's books have been read for what is there already
}

const metaRoom = "flow"

func (w *desk) loadMeta(ctx context.Context) error {
	return w.db.View(ctx, func(tx store.Tx) error {
		doc, ok, err := tx.Documents(metaRoom).Get(w.pair.String())
		if err != nil || !ok {
			return err
		}
		return decode(doc, &w.meta)
	})
}

func (w *desk) saveMeta(ctx context.Context) error {
	b, err := json.Marshal(w.meta)
	if err != nil {
		return err
	}
	return w.update(ctx, func(tx store.Tx) error {
		return tx.Documents(metaRoom).Put(w.pair.String(), b, store.AnyVersion)
	})
}
