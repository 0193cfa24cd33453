package invoicesync

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// importing is one run of an [Import].
type importing struct {
	*run
	imp  *Import
	meta importMeta
	zone *time.Location // of the ledger's organisation; nil: not checked in this run

	chosen   map[string][]string // Select: what a person overrides, by invoice id; nil: by itself
	sweepNow bool                // whenever the last sweep was
	joined   bool                // the payment feed was joined in this run
	failures int                 // deliveries that failed in a row
}

// importMeta is what an import knows beside its links.
type importMeta struct {
	Settings  string        `json:"settings"`          // hash of the settings that judged last
	Reading   *ledger.Query `json:"reading,omitempty"` // the first reading, while it goes on
	Read      bool          `json:"read"`              // the first reading is over: the cursor stands among changes
	Budget    int           `json:"budget,omitempty"`  // which count of the budget is in use
	Compare   bool          `json:"compare,omitempty"` // all ids that were imported are owed a comparison
	LastSweep time.Time     `json:"last_sweep"`
}

const importRoom = "import"

func newImporting(i *Import, r *run) *importing { return &importing{run: r, imp: i} }

func (w *importing) begin(ctx context.Context) error {
	err := w.db.View(ctx, func(tx store.Tx) error {
		doc, ok, err := tx.Documents(importRoom).Get(w.pair.String())
		if err != nil || !ok {
			return err
		}
		return decode(doc, &w.meta)
	})
	if err != nil {
		return err
	}
	return w.mendBudget(ctx)
}

// check makes sure, once a run, that the source is the one that is meant. It comes before anything is judged
// and before a cursor moves; a run that finds nothing new does neither, and asks nothing.
func (w *importing) check(ctx context.Context) error {
	if w.checked() {
		return nil
	}
	org, err := w.imp.organisation(ctx, true)
	if err != nil {
		return err
	}
	if w.zone = org.TimeZone; w.zone == nil {
		w.zone = time.UTC
	}
	return nil
}

func (w *importing) checked() bool { return w.zone != nil }

// organisation reads and checks the ledger's side.
func (i *Import) organisation(ctx context.Context, storing bool) (ledger.Organisation, error) {
	org, err := i.source.Organisation(ctx)
	if err != nil {
		return org, err
	}
	refuse := func(kind error, code, message string) (ledger.Organisation, error) {
		return org, &ledger.Error{Kind: kind, Room: "invoicesync", Thing: "ledger " + i.settings.Ledger.String(), Code: code, Message: message}
	}
	if org.ID != i.settings.Ledger {
		return refuse(ledger.ErrReconnect, "other_organisation",
			"the connection leads to another organisation, "+org.ID.String()+"; connect the one that the settings name, or change the settings")
	}
	if storing && org.Live && !i.db.Info().Durable && !i.opts.MemoryStore {
		return refuse(ledger.ErrUnsupported, "store_not_durable",
			"it is a live organisation, and the store does not outlive this process; use a durable store")
	}
	return org, nil
}

// all is a whole run.
func (w *importing) all(ctx context.Context) error {
	if w.meta.Settings != w.settings {
		// What was rejected under other settings is judged again: all open invoices are read.
		w.sweepNow = w.meta.Settings != ""
	}
	if !w.meta.Read || w.sweepDue() {
		if err := w.check(ctx); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{
		w.joinFeed, w.unconfirmed, w.readOrigins, w.backlog, w.readInvoices, w.readFeed, w.sweep,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if w.meta.Settings != w.settings {
		w.meta.Settings = w.settings
		if err := w.saveMeta(ctx); err != nil {
			return err
		}
	}
	if w.opts.Retain <= 0 {
		return nil
	}
	return w.update(ctx, func(tx store.Tx) error {
		_, err := tx.Activity().Trim(time.Now().Add(-w.opts.Retain))
		return err
	})
}

// unconfirmed reads the invoices again whose deliveries the host has not confirmed. The same content
// goes again under the same key.
func (w *importing) unconfirmed(ctx context.Context) error {
	return w.againOf(ctx, store.LinkFilter{States: []store.LinkState{store.Intended, store.Uncertain}}, -1, nil)
}

// backlog judges what waits for the budget, as far as there is room. News of invoices that the host has come
// first: it may be asking for money that has been paid.
func (w *importing) backlog(ctx context.Context) error {
	for _, held := range []bool{true, false} {
		room, err := w.room(ctx)
		if err != nil {
			return err
		}
		if err := w.againOf(ctx, store.LinkFilter{States: []store.LinkState{store.Deferred}}, room,
			func(l store.Link) bool { return isHeld(&l) == held }); err != nil {
			return err
		}
	}
	return nil
}

// againOf reads the invoices of at most n links that are wanted again and judges them; n < 0: of all. Wanted may
// be nil.
func (w *importing) againOf(ctx context.Context, f store.LinkFilter, n int, wanted func(store.Link) bool) error {
	f.Pair, f.Kind, f.Limit = w.pair, ledger.KindInvoice, 500
	for n != 0 {
		links, err := w.list(ctx, f)
		if err != nil || len(links) == 0 {
			return err
		}
		f.After = links[len(links)-1].SourceID
		if wanted != nil {
			links = slices.DeleteFunc(links, func(l store.Link) bool { return !wanted(l) })
		}
		if n > 0 && len(links) > n {
			links = links[:n]
		}
		n -= len(links)
		ids := make([]string, len(links))
		for i, l := range links {
			ids[i] = l.SourceID
		}
		if err := w.again(ctx, ids); err != nil {
			return err
		}
		if n < 0 {
			n = -1
		}
	}
	return nil
}

// leftovers counts what this run has not come to, and says when to go on.
func (w *importing) leftovers(ctx context.Context) error {
	left := store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice,
		States: []store.LinkState{store.Parked, store.Uncertain, store.Intended, store.Deferred}}
	if err := w.countLeft(ctx, left); err != nil {
		return err
	}
	return w.tellBacklog(ctx)
}

func (w *importing) saveMeta(ctx context.Context) error {
	b, err := json.Marshal(w.meta)
	if err != nil {
		return fmt.Errorf("invoicesync: %s: %w", w.imp.name, err)
	}
	return w.update(ctx, func(tx store.Tx) error {
		return tx.Documents(importRoom).Put(w.pair.String(), b, store.AnyVersion)
	})
}

// asOf is the day in the organisation's calendar at an instant.
func (w *importing) asOf(t time.Time) ledger.Date { return ledger.DateIn(t, w.zone) }

// judge asks the policy about an invoice at an instant.
func (w *importing) judgeAt(inv ledger.Invoice, t time.Time) eligibility.Verdict {
	return w.imp.policy.Judge(inv, w.imp.settings.Facts(w.asOf(t)))
}
