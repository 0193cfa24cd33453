package invoicesync

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// pass is one way of the data through the five steps: read, decide, shape, write, remember. Records
// come in page by page, wait in queues until a full batch is together, and leave.
type pass struct {
	*run
	push *Push

	invoices book[ledger.Invoice]
	contacts book[ledger.Contact]
	payments book[ledger.Payment]

	meta    meta
	org     *ledger.Organisation // the ledger's, once it has been asked
	charted ledger.Chart         // as read in this run
	chart   *chartIndex
	clients *clients

	// Queues. A job waits for its contact, then for company.
	newContacts  []entry[ledger.Contact]
	waiting      map[string][]*job // by the contact's source id
	waitingCount int
	newInvoices  []entry[ledger.Invoice]
	newPayments  []*booking
	newEntries   []entry[ledger.Payment]
	queued       map[string]bool // source ids of the jobs in the queues
	reminders    []store.Link    // payments still to be judged, remembered with the next verdicts

	pages       []*pageMark
	creates     int
	blank       map[string]bool // prefixes of sightings: whether there are none
	scanned     bool            // the ledger was read as a whole in this run
	sweepNow    bool            // pushed records are read again, whenever that was done last
	feedStarted bool            // the payment feed was joined in this run
	feedNext    ledger.Cursor   // where the feed stands, once the queues are empty
	moved       map[string]bool // source ids of invoices that the payment feed has just named
	policy      eligibility.Policy
	fetched     map[string]fetched // payments of the records that are being judged
	force       bool               // judge again what nothing has changed about

	plan func(Planned) bool // preview: takes the place of the writing
}

// job is a shaped invoice on its way.
type job struct {
	source   ledger.Invoice
	draft    ledger.Invoice
	link     store.Link
	before   *store.Link
	payments []ledger.Payment
	page     *pageMark
}

// pageMark counts the records of a page that are not remembered yet: the cursor moves only past what
// is.
type pageMark struct {
	cursor string // name
	next   ledger.Cursor
	open   int
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

func newPass(p *Push, r *run) *pass {
	w := &pass{run: r, push: p, policy: p.policy, fetched: map[string]fetched{}, waiting: map[string][]*job{}, queued: map[string]bool{}, blank: map[string]bool{}}
	w.invoices = book[ledger.Invoice]{ledger.KindInvoice, p.powers.Invoices, func(i ledger.Invoice) written {
		return written{i.ID, i.Number, i.Version, i.Totals.Total, i.Status}
	}}
	w.contacts = book[ledger.Contact]{ledger.KindContact, p.powers.Contacts, func(c ledger.Contact) written {
		return written{id: c.ID, version: c.Version}
	}}
	w.payments = book[ledger.Payment]{ledger.KindPayment, p.powers.Payments, func(p ledger.Payment) written {
		return written{id: p.ID, version: p.Version, amount: p.Amount}
	}}
	w.clients = newClients(w)
	return w
}

// all is a whole run.
func (w *pass) all(ctx context.Context) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		w.watchLedger, w.startFeed, w.again, w.readInvoices, w.readFeed, w.sweep, w.flushAll, w.after,
	} {
		if err := step(ctx); err != nil {
			if errors.Is(err, errStopped) {
				return errors.Join(w.flushAll(ctx), w.after(ctx), err)
			}
			return err
		}
	}
	return nil
}

// after ends a run: the feed's cursor moves, a run that wrote takes its own writes out of the way of
// the next one, and old activity goes.
func (w *pass) after(ctx context.Context) error {
	if w.feedNext != "" {
		if err := w.update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(w.feedCursor(), string(w.feedNext)) }); err != nil {
			return err
		}
	}
	if w.opts.Retain > 0 {
		err := w.update(ctx, func(tx store.Tx) error {
			_, err := tx.Activity().Trim(time.Now().Add(-w.opts.Retain))
			return err
		})
		if err != nil {
			return err
		}
	}
	if w.rep.Writes == 0 {
		return nil
	}
	// The next run would read this run's own writes as changes. Reading them now also compares what
	// the ledger made of them.
	w.scanned = false
	return w.watchLedger(ctx)
}

// one is a run for one invoice.
func (w *pass) one(ctx context.Context, ref ledger.Ref) error {
	inv, err := w.push.source.Invoice(ctx, ref)
	if err != nil {
		return err
	}
	if err := w.begin(ctx); err != nil {
		return err
	}
	if err := w.watchLedger(ctx); err != nil {
		return err
	}
	w.force, w.policy = true, w.push.onePolicy
	if err := w.judgeAll(ctx, []ledger.Invoice{inv}, nil); err != nil {
		return err
	}
	return w.flushAll(ctx)
}

// begin settles the past: what is on its way, and whether this store knows the ledger.
func (w *pass) begin(ctx context.Context) error {
	if err := w.loadMeta(ctx); err != nil {
		return err
	}
	for _, resolve := range []func(context.Context, *run) error{w.contacts.resolve, w.invoices.resolve, w.payments.resolve, w.resolveChanges} {
		if err := resolve(ctx, w.run); err != nil {
			return err
		}
	}
	return w.knowLedger(ctx)
}

func (w *pass) loadMeta(ctx context.Context) error {
	return w.db.View(ctx, func(tx store.Tx) error {
		doc, ok, err := tx.Documents(metaRoom).Get(w.pair.String())
		if err != nil || !ok {
			return err
		}
		return decode(doc, &w.meta)
	})
}

func (w *pass) saveMeta(ctx context.Context) error {
	b, err := json.Marshal(w.meta)
	if err != nil {
		return err
	}
	return w.update(ctx, func(tx store.Tx) error {
		return tx.Documents(metaRoom).Put(w.pair.String(), b, store.AnyVersion)
	})
}

func ref(inv ledger.Invoice) ledger.Ref { return ledger.Ref{ID: inv.ID, Number: inv.Number} }
