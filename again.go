package invoicesync

import (
	"context"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// again judges what was left: deferred records always, parked and skipped ones when the settings or the
// chart have changed.
func (w *pass) again(ctx context.Context) error {
	states := []store.LinkState{store.Deferred}
	changed := w.meta.Settings != "" && w.meta.Settings != w.settings
	w.sweepNow = changed // pushed records may now want their payments
	if changed {
		states = append(states, store.Parked, store.Skipped, store.Refused)
	} else {
		mended, err := w.chartMended(ctx)
		if err != nil {
			return err
		}
		if mended {
			states = append(states, store.Parked, store.Refused)
		}
	}
	for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
		if err := w.againOf(ctx, store.LinkFilter{Pair: w.pair, Kind: kind, States: states}); err != nil {
			return err
		}
	}
	for _, step := range []func(context.Context) error{w.againFated, w.againFreed} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if !slices.Contains(states, store.Parked) {
		if err := w.againClients(ctx); err != nil {
			return err
		}
		if err := w.againEchoes(ctx); err != nil {
			return err
		}
	}
	if w.meta.Settings != w.settings {
		w.meta.Settings = w.settings
		return w.saveMeta(ctx)
	}
	return nil
}

// againFreed judges invoices again that could not be changed for the money on them, when some of it was taken off.
func (w *pass) againFreed(ctx context.Context) error {
	links, err := w.linksOf(ctx, ledger.KindInvoice, sortedKeys(w.freed))
	if err != nil {
		return err
	}
	var ids []string
	for _, id := range sortedKeys(links) {
		if firstCode(links[id]) == ledger.RefusedLockedByMoney {
			ids = append(ids, id)
		}
	}
	clear(w.freed)
	return w.judgeIDs(ctx, ids)
}

// againClients judges invoices again that are parked for their client, when a contact of the ledger has
// changed, or one of the source, where the source can tell.
func (w *pass) againClients(ctx context.Context) error {
	var since time.Time // of the oldest of these verdicts
	for _, code := range codesThat(mendedBy(MendContacts)) {
		f := store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Parked}, Code: code, Limit: 500}
		for {
			links, err := w.list(ctx, f)
			if err != nil {
				return err
			}
			for _, l := range links {
				if since.IsZero() || l.Updated.Before(since) {
					since = l.Updated
				}
			}
			if len(links) < f.Limit {
				break
			}
			f.After = links[len(links)-1].SourceID
		}
	}
	if since.IsZero() {
		return nil
	}
	if err := w.clients.refresh(ctx); err != nil {
		return err
	}
	if books, ok := w.push.source.(*fromLedger); ok && !w.clients.changed {
		changed, err := books.contactsChanged(ctx, since.Add(-5*time.Minute)) // by the vendor's clock
		if err != nil || !changed {
			return err
		}
	} else if !w.clients.changed {
		return nil
	}
	for _, code := range codesThat(mendedBy(MendContacts)) {
		if err := w.againOf(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Parked}, Code: code}); err != nil {
			return err
		}
	}
	return nil
}

// againOf judges the invoices of the links again.
func (w *pass) againOf(ctx context.Context, f store.LinkFilter) error {
	f.Limit = 500
	for {
		links, err := w.list(ctx, f)
		if err != nil || len(links) == 0 {
			return err
		}
		f.After = links[len(links)-1].SourceID
		var ids []string
		seen := map[string]bool{}
		for _, l := range links {
			id := l.SourceID
			if f.Kind == ledger.KindPayment {
				id = l.Parent
			}
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
		if f.Kind == ledger.KindPayment {
			if ids, err = w.unfated(ctx, ids, links); err != nil {
				return err
			}
		}
		if err := w.judgeIDs(ctx, ids); err != nil {
			return err
		}
	}
}

// leftovers counts what earlier runs left parked, refused or in doubt, and defers what still waits in
// the queues of a run that failed.
func (w *pass) leftovers(ctx context.Context) error {
	if err := w.deferQueues(ctx); err != nil {
		return err
	}
	return w.countOpen(ctx, ledger.KindInvoice, ledger.KindPayment)
}

// countOpen counts what earlier runs left, as it stands, into the report.
func (w *desk) countOpen(ctx context.Context, kinds ...ledger.RecordKind) error {
	for _, kind := range kinds {
		open := store.LinkFilter{Pair: w.pair, Kind: kind,
			States: []store.LinkState{store.Parked, store.Refused, store.Uncertain, store.Intended, store.Deferred}}
		if err := w.countLeft(ctx, open); err != nil {
			return err
		}
		// In the ledger, and yet somebody must act, or wait.
		attention := codesThat(func(c CodeInfo) bool { return c.Stands == StandsIn || c.Code == CodeChangeUncertain })
		for _, code := range attention {
			if err := w.countLeft(ctx, store.LinkFilter{Pair: w.pair, Kind: kind, Code: code, States: []store.LinkState{store.Written}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// countLeft counts the links that this run has not judged, as they stand.
func (r *run) countLeft(ctx context.Context, f store.LinkFilter) error {
	f.Limit = 1000
	for {
		links, err := r.list(ctx, f)
		if err != nil {
			return err
		}
		for _, l := range links {
			b := bucketOf(l, r.id)
			if l.Run == r.id || f.Code != "" && b.code != f.Code {
				continue
			}
			l.Bucket = b.state + "/" + b.code
			r.tally("", l)
			r.eventFor(l)
		}
		if len(links) < f.Limit {
			return nil
		}
		f.After = links[len(links)-1].SourceID
	}
}
