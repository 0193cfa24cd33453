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
		links, err := w.list(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Written}, After: after, Limit: 500})
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
