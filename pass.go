package invoicesync

import (
	"context"
	"errors"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// pass is one way of the data through the five steps: read, decide, shape, write, remember. Records
// come in page by page, wait in queues until a full batch is together, and leave.
type pass struct {
	*desk
	push *Push

	invoices book[ledger.Invoice]
	contacts book[ledger.Contact]
	clients  *clients

	// Queues. A job waits for its contact, then for company.
	newContacts  []entry[ledger.Contact]
	waiting      map[string][]*job // by the contact's source id
	waitingCount int
	newInvoices  []entry[ledger.Invoice]

	pages       []*pageMark
	scanned     bool            // the ledger was read as a whole in this run
	sweepNow    bool            // pushed records are read again, whenever that was done last
	feedStarted bool            // the payment feed was joined in this run
	feedNext    ledger.Cursor   // where the feed stands, once the queues are empty
	moved       map[string]bool // source ids of invoices that the payment feed has just named
	policy      eligibility.Policy
	onEdit      OnEdit             // as the settings say, unless a person asks for more
	onDelete    OnDelete           // likewise
	fetched     map[string]fetched // payments of the records that are being judged

	show func(Planned) bool // what a preview does in the place of writing; false: it has seen enough
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

func newPass(p *Push, r *run) *pass {
	w := &pass{desk: newDesk(r, p.ledger, p.settings.Payments, p.settings.Currency), push: p, policy: p.policy,
		onEdit: p.settings.OnEdit, onDelete: p.settings.OnDelete,
		fetched: map[string]fetched{}, waiting: map[string][]*job{}}
	w.invoices = book[ledger.Invoice]{ledger.KindInvoice, p.powers.Invoices, func(i ledger.Invoice) written {
		return written{i.ID, i.Number, i.Version, i.Totals.Total, i.Status}
	}}
	w.contacts = book[ledger.Contact]{ledger.KindContact, p.powers.Contacts, func(c ledger.Contact) written {
		return written{id: c.ID, version: c.Version}
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
	flow := ""
	if w.push.settings.paymentsWanted() {
		flow = flowPush
	}
	if err := w.claimPayments(ctx, flow); err != nil {
		return err
	}
	for _, resolve := range []func(context.Context, *run) error{w.contacts.resolve, w.invoices.resolve, w.payments.resolve, w.resolveChanges} {
		if err := resolve(ctx, w.run); err != nil {
			return err
		}
	}
	return w.knowLedger(ctx)
}

func ref(inv ledger.Invoice) ledger.Ref { return ledger.Ref{ID: inv.ID, Number: inv.Number} }
