package invoicesync

import (
	"context"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// sweep reads pushed records of the last 90 days again, now and then: the source announces neither
// deletions nor voids and refunds of payments that were final.
func (w *pass) sweep(ctx context.Context) error {
	now := time.Now().UTC()
	switch {
	case w.opts.SweepEvery < 0:
		return nil
	case w.meta.LastSweep.IsZero():
		// A first run has just read everything.
		w.meta.LastSweep = now
		return w.saveMeta(ctx)
	case now.Sub(w.meta.LastSweep) < w.opts.SweepEvery && !w.sweepNow:
		return nil
	}
	after := ""
	for {
		var links []store.Link
		err := w.db.View(ctx, func(tx store.Tx) (err error) {
			links, err = tx.Links().List(store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Written}, After: after, Limit: 500})
			return err
		})
		if err != nil {
			return err
		}
		if len(links) == 0 {
			break
		}
		after = links[len(links)-1].SourceID
		var ids []string
		for _, l := range links {
			since := l.FirstSent
			if since.IsZero() {
				since = l.Updated // it was there already
			}
			// What this run has read is swept too: as long as nothing newer changes, the source shows its
			// newest records to every run, and an unchanged record says nothing of its payments.
			if l.CreatedBy != w.id && now.Sub(since) < sweepBack {
				ids = append(ids, l.SourceID)
			}
		}
		if err := w.judgeIDs(ctx, ids); err != nil {
			return err
		}
		if err := w.flush(ctx); err != nil {
			return err
		}
	}
	w.meta.LastSweep = now
	return w.saveMeta(ctx)
}

// sweepBack is how long a pushed record is swept for.
const sweepBack = 90 * 24 * time.Hour

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
