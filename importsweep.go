package invoicesync

import (
	"context"
	"hash/maphash"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// sweep reads all open invoices, now and then, and those that the host believes open and that were not
// among them: ledgers do not announce everything. Where a comparison is owed (the ledger has forgotten
// deletions) it compares whatever was imported and is not void, not only what is open.
//
// An invoice from before the look-back that was never judged is passed over, as by the first reading: it
// would only be rejected for its age, at the cost of the budget.
func (w *importing) sweep(ctx context.Context) error {
	if !w.sweepDue() {
		return nil
	}
	if err := w.check(ctx); err != nil {
		return err
	}
	now := time.Now().UTC()
	believed, err := w.believed(ctx)
	if err != nil {
		return err
	}
	from := w.imp.settings.lookBack(w.asOf(now))
	for page, err := range w.imp.source.Invoices(ctx, w.imp.settings.wanted()) {
		if err != nil {
			return err
		}
		for i := range page.Records {
			believed.strike(page.Records[i].ID)
		}
		for _, u := range page.Unread {
			believed.strike(u.Ref.ID)
		}
		if page.Records, err = w.withinLookBack(ctx, page.Records, from); err != nil {
			return err
		}
		if err := w.take(ctx, page, false); err != nil {
			return err
		}
	}
	if err := w.missing(ctx, believed); err != nil {
		return err
	}
	w.meta.LastSweep, w.meta.Compare = now, false
	return w.saveMeta(ctx)
}

func (w *importing) sweepDue() bool {
	since := time.Since(w.meta.LastSweep) // below zero: the clock has been set back
	return w.sweepNow || w.meta.Compare ||
		w.opts.SweepEvery > 0 && !w.meta.LastSweep.IsZero() && (since >= w.opts.SweepEvery || since < 0)
}

// withinLookBack leaves out what is too old to be imported and was never judged.
func (w *importing) withinLookBack(ctx context.Context, records []ledger.Invoice, from ledger.Date) ([]ledger.Invoice, error) {
	var old []string
	for i := range records {
		if d := records[i].Date; !from.IsZero() && !d.IsZero() && d.Before(from) {
			old = append(old, records[i].ID)
		}
	}
	if len(old) == 0 || w.imp.settings.All {
		return records, nil
	}
	links, err := w.linksOf(ctx, ledger.KindInvoice, old)
	return slices.DeleteFunc(records, func(inv ledger.Invoice) bool {
		_, judged := links[inv.ID]
		return !judged && !inv.Date.IsZero() && inv.Date.Before(from)
	}), err
}

// missing reads those by id that the sweep has not met.
func (w *importing) missing(ctx context.Context, b *roll) error {
	return w.eachBelieved(ctx, func(ids []string) error {
		return w.again(ctx, slices.DeleteFunc(ids, func(id string) bool { return !b.has(id) }))
	})
}

// believed is the roll of the invoices that a sweep should meet.
func (w *importing) believed(ctx context.Context) (*roll, error) {
	b := &roll{seed: maphash.MakeSeed()}
	err := w.eachBelieved(ctx, func(ids []string) error {
		for _, id := range ids {
			b.hashes = append(b.hashes, maphash.String(b.seed, id))
		}
		return nil
	})
	b.close()
	return b, err
}

func (w *importing) eachBelieved(ctx context.Context, f func(ids []string) error) error {
	// Written ones only: those on their way and those deferred are read by id at the start of a run.
	filter := store.LinkFilter{Pair: w.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Written}, Limit: 500}
	for {
		links, err := w.list(ctx, filter)
		if err != nil || len(links) == 0 {
			return err
		}
		filter.After = links[len(links)-1].SourceID
		var ids []string
		for i := range links {
			if w.believes(&links[i]) {
				ids = append(ids, links[i].SourceID)
			}
		}
		if err := f(ids); err != nil {
			return err
		}
	}
}

// believes reports whether an imported invoice is still there, as far as is known, and open; where a
// comparison is owed it need not be open.
func (w *importing) believes(l *store.Link) bool {
	switch stands := standsIn(l); stands {
	case standsOpen, standsPartPaid:
		return true
	case string(ledger.StatusVoided), string(ledger.StatusDeleted):
		return false
	}
	return w.meta.Compare
}

// roll is a set of ids to be struck off. It keeps eight bytes for each, for a ledger may have very many
// open invoices; two ids of one hash, one in 10¹³ for a million, would count as one for a night.
type roll struct {
	seed   maphash.Seed
	hashes []uint64
	struck []bool
}

func (b *roll) close() {
	slices.Sort(b.hashes)
	b.struck = make([]bool, len(b.hashes))
}

func (b *roll) strike(id string) {
	if i, ok := slices.BinarySearch(b.hashes, maphash.String(b.seed, id)); ok {
		b.struck[i] = true
	}
}

func (b *roll) has(id string) bool {
	i, ok := slices.BinarySearch(b.hashes, maphash.String(b.seed, id))
	return ok && !b.struck[i]
}
