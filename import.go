package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Import brings a ledger's unpaid invoices into a host's app, each with a verdict, and lets later changes
// of what was brought follow: payments, edits, voids, deletions, payments that were removed.
//
//	imp, err := invoicesync.NewImport(db, source, host, settings, nil)
//	…
//	report, err := imp.Run(ctx)            // by itself
//	for c, err := range imp.Candidates(ctx) // what a person could choose from, with all reasons
//	report, err = imp.Select(ctx, chosen)  // what the person chose
//
// The first Run reads open invoices as far back as the policy looks; later ones read what has changed
// since, and every [Options.SweepEvery] all open invoices once more, for what the ledger does not
// announce. Every changed invoice is judged again, whatever the verdict was. An invoice that the host
// was given once is followed for good, whatever later verdicts say.
//
// In its Report created are invoices that were imported, updated are changes that were delivered,
// skipped and parked are those that were rejected, uncertain are deliveries that the host did not
// confirm and that the next run makes again, and deferred is what waits for the budget. An invoice that
// has not changed is not counted, unless it waits or is parked. Nothing of the invoices' content is
// stored, but ids, numbers, dates, amounts, hashes and reasons.
//
// Its methods may be called from several goroutines and processes: one imports, the others are told when
// to come back. Reading needs no write lease: it does not get into the way of a [Push].
type Import struct {
	name     string
	db       store.Store
	source   ledger.Source
	host     Host
	settings ImportSettings
	hash     string
	policy   eligibility.Policy
	opts     Options
	steps    func(string) // tests
	running  sync.Mutex   // a second run of the same value would take the first one's lease over
}

var _ Runner = (*Import)(nil)

// NewImport returns a flow from source into host. It makes no call; an error says what contradicts
// itself in the settings. Of the options it uses Owner, Observer, Logger, Metrics, Lease, SweepEvery,
// Deliver, Retain and MemoryStore.
func NewImport(db store.Store, source ledger.Source, host Host, settings ImportSettings, o *Options) (*Import, error) {
	if db == nil || source == nil || host == nil {
		return nil, errors.New("invoicesync: NewImport needs a store, a source and a host")
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	policy, err := settings.Policy()
	if err != nil {
		return nil, err
	}
	opts := o.withDefaults()
	if opts.Deliver < 0 || opts.Deliver > opts.Lease/2 {
		return nil, fmt.Errorf("invoicesync: Options.Deliver of %s: it must lie between 0 and half of Options.Lease, which is %s", opts.Deliver, opts.Lease)
	}
	return &Import{
		name: "import " + settings.pair().String(), db: db, source: source, host: host,
		settings: settings, hash: settings.hash(), policy: policy, opts: opts,
	}, nil
}

// Name returns "import ledger>host:account".
func (i *Import) Name() string { return i.name }

// Run imports what is new and eligible, and lets changes follow. It returns [ErrProcessingOff],
// [ledger.ErrLater] (see Report.ResumeAt; the host failing many times in a row is one), or what else
// ended it; the report is right in every case, and running again goes on where this run ended. A budget
// that is used up is no error: the report says how many are deferred, when to go on (ResumeAt) and when
// all will be done (DoneBy).
func (i *Import) Run(ctx context.Context) (Report, error) {
	if !i.settings.Processing {
		rep := newReport("", time.Now().UTC())
		rep.Ended, rep.Stopped, rep.Currency = rep.Started, "processing_off", i.settings.Currency
		return rep, ErrProcessingOff
	}
	return i.do(ctx, func(ctx context.Context, w *importing) error { return w.all(ctx) })
}

// do runs f as a run: with the right to import, and a report that is always right.
func (i *Import) do(ctx context.Context, f func(context.Context, *importing) error) (Report, error) {
	pair := i.settings.pair()
	r := newRun(i.db, pair, i.opts, i.hash)
	r.steps = i.steps
	r.rep.Currency = i.settings.Currency
	const held = "another run of this import is under way"
	if !i.running.TryLock() {
		return r.finish(&ledger.Error{Kind: ledger.ErrLater, Room: "invoicesync", Thing: i.name, Code: "lease_held",
			Message: held, ResumeAt: time.Now().Add(i.opts.Lease / 3).UTC()})
	}
	defer i.running.Unlock()
	fence, err := acquireNames(ctx, i.db, i.opts, i.name, held, "import/"+pair.String())
	if err != nil {
		return r.finish(err)
	}
	r.fence = fence
	defer fence.release(ctx)
	ctx = r.pulsing(ctx)
	w := newImporting(i, r)
	err = w.begin(ctx)
	if err == nil {
		err = f(ctx, w)
	}
	if lerr := w.leftovers(context.WithoutCancel(ctx)); lerr != nil {
		err = errors.Join(err, lerr)
	}
	return r.finish(err)
}
