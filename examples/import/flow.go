package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/sqlstore"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"

	"github.com/invoicesync/invoicesync/examples/internal/asked"
	"github.com/invoicesync/invoicesync/examples/internal/compare"
)

// A flow is an import from a ledger that is known, and what has come of it.
type flow struct {
	*invoicesync.Import
	c        *config
	db       store.Store
	books    *books
	source   ledger.Source
	budget   limit.Budget
	pinned   pinned
	settings invoicesync.ImportSettings
	app      *app
	progress *progress
	notes    *notes

	automatic outcome
	changed   int // later changes that were delivered
}

// An outcome is a run with what it has cost.
type outcome struct {
	report  invoicesync.Report
	calls   callCount
	took    time.Duration
	reasons map[string]int // of the rejected invoices, by code
}

// openStore opens the file in which the import remembers what it has done.
func openStore(ctx context.Context, c *config) (*sqlstore.Store, error) {
	db, err := sqlite.Open(ctx, c.db, nil)
	if errors.Is(err, store.ErrForeign) {
		err = fmt.Errorf("%w; name another file with -db", err)
	}
	return db, err
}

func newFlow(ctx context.Context, c *config, db store.Store, before *pinned, books *books, progress *progress) (*flow, error) {
	f := &flow{c: c, db: db, books: books, progress: progress, notes: newNotes()}
	// The budget of calls waits before a limit is reached, and says so.
	f.budget = limit.New(&limit.Options{Waiting: func(_ context.Context, w limit.Wait) { progress.waiting(w.Key, w.Until) }})
	var known pinned
	if before != nil {
		known = *before
	}
	source, err := c.vendor.open(books, known, f.budget, progress)
	if err != nil {
		return nil, err
	}
	f.source = &onceAsked{Source: source}
	if err := f.begin(ctx, before); err != nil {
		return nil, err
	}
	f.settings = invoicesync.ImportSettings{
		Ledger: f.pinned.Ledger, Account: "practice", Processing: true,
		Currency: f.pinned.Currency, TaxCodes: c.taxes, All: f.pinned.All, Budget: c.budget,
	}
	if books.practice != nil {
		f.settings.TaxCodes = books.practice.Taxes
	}
	pair := store.Pair{Source: f.pinned.Ledger, Ledger: ledger.OrganisationID{Vendor: invoicesync.HostVendor, ID: f.settings.Account}}
	if f.app, err = openApp(hostFile(c), pair, knownClients(books.practice)); err != nil {
		return nil, err
	}
	if err := f.lost(ctx); err != nil {
		return nil, errors.Join(err, f.app.journal.Close())
	}
	f.Import, err = invoicesync.NewImport(db, f.source, f.app, f.settings, &invoicesync.Options{Owner: f.pinned.Owner, Observer: f.observe})
	if err != nil {
		return nil, errors.Join(err, f.app.journal.Close())
	}
	return f, nil
}

// onceAsked is a ledger that is asked only once who it is.
type onceAsked struct {
	ledger.Source
	org asked.Once[ledger.Organisation]
}

func (l *onceAsked) Organisation(ctx context.Context) (ledger.Organisation, error) {
	return l.org.Get(ctx, l.Source.Organisation)
}

// lost is an error where the app has forgotten what the store remembers to have brought it.
func (f *flow) lost(ctx context.Context) error {
	var states map[store.LinkState]int
	err := f.db.View(ctx, func(tx store.Tx) (err error) {
		states, err = tx.Links().Count(store.LinkFilter{Pair: f.app.pair, Kind: ledger.KindInvoice, States: []store.LinkState{store.Written}})
		return err
	})
	if missing := states[store.Written] - len(f.app.Invoices()); err == nil && missing > 0 {
		err = fmt.Errorf("the app no longer has %d of the %d invoices that it was given: %s was deleted or shortened; put it back, or start afresh with another file with -db",
			missing, states[store.Written], hostFile(f.c))
	}
	return err
}

func (f *flow) observe(e invoicesync.Event) {
	f.notes.event(e)
	f.progress.event(e)
}

// steps runs what this program shows, one after the other.
func (f *flow) steps(ctx context.Context, say *printer) error {
	if err := f.importAll(ctx, say); err != nil {
		return err
	}
	if !f.pinned.Chosen {
		if err := f.choose(ctx, say); err != nil {
			return err
		}
		f.pinned.Chosen = true
		if err := f.pin(); err != nil {
			return err
		}
	}
	if f.books.practice == nil || f.pinned.Followed || f.automatic.report.Invoices.Deferred > 0 {
		return nil // while something waits for the budget, changes would wait with it
	}
	if err := f.follow(ctx, say); err != nil {
		return err
	}
	f.pinned.Followed = true
	return f.pin()
}

// importAll is the automatic import.
func (f *flow) importAll(ctx context.Context, say *printer) error {
	f.progress.Start()
	begun := time.Now()
	report, err := f.run(ctx)
	f.progress.Close()
	// Nothing was called before, but to ask who is there, which is part of a first import.
	f.automatic = outcome{report, f.books.calls(), time.Since(begun), f.notes.reasons()}
	say.automatic(f)
	if err == nil && report.Invoices.Uncertain > 0 {
		err = fmt.Errorf("the app has not confirmed %d deliveries; run again", report.Invoices.Uncertain)
	}
	return err
}

// run imports what is new, and lets changes follow.
func (f *flow) run(ctx context.Context) (invoicesync.Report, error) {
	report, err := f.Run(ctx)
	f.changed += report.Invoices.Updated
	return report, err
}

// compare compares what the app holds with the ledger. What waits for the budget is not told to it yet.
func (f *flow) compare(ctx context.Context, say *printer) (differs, failed error) {
	r, err := compare.CompareHeld(ctx, f.c.vendor.compare(f.books), f.app.held(f.notes.waits))
	if err != nil {
		return nil, err
	}
	say.compared(r)
	var errs []error
	if r.Differing > 0 {
		errs = append(errs, fmt.Errorf("%d of %d invoices are not in the app as they are in %s", r.Differing, r.Invoices, f.c.vendor.name))
	}
	if n := f.books.writings.Load(); n > 0 {
		errs = append(errs, fmt.Errorf("%d calls were no reading, and an import writes nothing into the ledger", n))
	}
	return errors.Join(append(errs, f.app.clients())...), nil
}

// notes keeps what runs have told about each invoice: the last word counts.
type notes struct{ last map[string]note }

type note struct {
	what  string
	codes []string
}

func newNotes() *notes { return &notes{map[string]note{}} }

func (n *notes) event(e invoicesync.Event) {
	switch e.What {
	case "created", "already", "updated", "skipped", "parked", "uncertain", "deferred":
		if e.SourceID != "" && e.Kind == ledger.KindInvoice {
			n.last[e.SourceID] = note{e.What, slices.Clone(e.Codes)}
		}
	}
}

// reasons counts the reasons of what was rejected.
func (n *notes) reasons() map[string]int {
	count := map[string]int{}
	for _, note := range n.last {
		if note.what == "skipped" || note.what == "parked" {
			for _, code := range slices.Compact(slices.Sorted(slices.Values(note.codes))) {
				count[code]++
			}
		}
	}
	return count
}

// waits reports whether an invoice waits for the budget.
func (n *notes) waits(id string) bool { return n.last[id].what == "deferred" }
