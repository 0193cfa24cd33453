package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/sqlstore"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
)

// A flow is a push between two organisations that are known.
type flow struct {
	*invoicesync.Push
	c              *config
	db             store.Store
	into           ledger.Ledger
	budget         limit.Budget
	first          bool // there was no earlier run
	known          bool // who is at both ends
	pinned         pinned
	source, ledger *side
	notes          *notes
	progress       *progress
}

// openStore opens the file in which the push remembers what it has done.
func openStore(ctx context.Context, c *config) (*sqlstore.Store, error) {
	db, err := sqlite.Open(ctx, c.db, nil)
	if errors.Is(err, store.ErrForeign) {
		err = fmt.Errorf("%w; name another file with -db", err)
	}
	return db, err
}

func newFlow(ctx context.Context, c *config, db store.Store, before *pinned, source, books *side, progress *progress) (*flow, error) {
	f := &flow{c: c, db: db, source: source, ledger: books, notes: newNotes(), progress: progress}
	// One budget for both sides: it waits before a limit is reached, and says so.
	f.budget = limit.New(&limit.Options{Waiting: func(_ context.Context, w limit.Wait) { progress.waiting(w.Key, w.Until) }})
	f.begin(before)
	if err := f.lost(ctx); err != nil {
		return nil, err
	}
	into, err := c.vendor.open(books, &f.pinned, f.budget, progress)
	if err != nil {
		return nil, err
	}
	f.into = &onceAsked{Ledger: into}
	from, err := f.infusionsoft(0)
	if err != nil {
		return nil, err
	}
	if !f.known {
		if err := f.ask(ctx, from); err != nil {
			return nil, err
		}
	}
	f.Push, err = f.open(from)
	return f, err
}

// infusionsoft returns the source. While it is not known whose it is, it asks before it reads.
func (f *flow) infusionsoft(pageSize int) (ledger.Source, error) {
	o := &infusionsoft.Options{
		BaseURL: f.source.URL, Budget: f.budget, PageSize: pageSize,
		Observe: func(_ context.Context, call infusionsoft.Call) { f.source.called(f.progress, doingInfusionsoft(call)) },
	}
	if f.known || f.loaded() {
		zone, err := time.LoadLocation(f.pinned.TimeZone)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", pinFile(f.c), err)
		}
		o.Tenant, o.Currency, o.TimeZone = f.pinned.Source.ID, f.pinned.Currency, zone
	}
	from, err := infusionsoft.New(f.source.Client, o)
	if err != nil || !f.loaded() {
		return from, err
	}
	return saidToBe{from, ledger.Organisation{
		ID: f.pinned.Source, Live: true, BaseCurrency: f.pinned.Currency, Currencies: []ledger.Currency{f.pinned.Currency}, TimeZone: o.TimeZone,
	}}, nil
}

func (f *flow) open(from ledger.Source) (*invoicesync.Push, error) {
	sealer, err := sealer(f.c.db + ".key")
	if err != nil {
		return nil, err
	}
	return invoicesync.NewPush(f.db, from, f.into, f.settings(), &invoicesync.Options{
		Sealer:   sealer,
		Observer: f.observe,
		Owner:    f.pinned.Owner,
		// Without a flag this is 0, the default, where the ledger is somebody's, so that a wrong start date
		// cannot flood the books. In a fake the number of orders is what was asked for.
		MaxCreates: f.c.maxCreates,
	})
}

// settings are those that the owner of the shop would choose.
func (f *flow) settings() invoicesync.Settings {
	c := f.c
	s := invoicesync.Settings{
		Source: f.pinned.Source, Ledger: f.pinned.Ledger, Currency: f.pinned.Currency,
		Processing: true,
		Start:      eligibility.Start{Date: c.from},
		Mode:       eligibility.AsRaised, // and payments as they come
		SkipZero:   true,
		Due:        invoicesync.DueDateSettings{Days: 14},
		Tax:        invoicesync.TaxSettings{TaxableCode: c.taxCode, ZeroCode: c.noTaxCode},
		Contacts:   invoicesync.ContactSettings{Suffix: true}, // "Anna Schmidt (12)" where there is an Anna Schmidt
		Payments: invoicesync.PaymentSettings{
			Account:  c.paymentAccount,
			Accounts: map[string]string{"card": c.cardAccount, "paypal": c.paypalAccount},
		},
	}
	c.vendor.books(c, &s)
	return s
}

// check compares the settings with the live organisations. What the chart lacks parks the records that
// need it; settings for the wrong organisation end the program.
func (f *flow) check(ctx context.Context, say func(invoicesync.Problem)) error {
	problems, err := f.Check(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, p := range problems {
		switch p.Code {
		case "other_organisation", "currency_differs", "currency_not_enabled", "live_and_test_mixed":
			wrong = append(wrong, fmt.Errorf("%s: %s", p.Setting, p.Message))
		default:
			say(p)
		}
	}
	return errors.Join(wrong...)
}

// tasted is how many orders are previewed before a first run: enough to see, few enough not to be felt
// in the calls.
const tasted = 3

// taste previews the first orders. A page of that size keeps it from reading the payments of more.
func (f *flow) taste(ctx context.Context, say func(invoicesync.Planned)) error {
	from, err := f.infusionsoft(tasted)
	if err != nil {
		return err
	}
	push, err := f.open(from)
	if err != nil {
		return err
	}
	if f.c.syncID != "" {
		planned, err := push.PreviewOne(ctx, f.wanted())
		if err == nil {
			say(planned)
		}
		return err
	}
	n := 0
	for planned, err := range push.Preview(ctx) {
		if err != nil {
			return err
		}
		say(planned)
		if n++; n == tasted {
			break
		}
	}
	return nil
}

// preview previews the whole run, or the one order, and counts as if all that would be written had been
// left for later.
func (f *flow) preview(ctx context.Context, say func(invoicesync.Planned)) (invoicesync.Report, error) {
	r := invoicesync.Report{Currency: f.pinned.Currency}
	count := func(planned invoicesync.Planned) {
		say(planned)
		tally(&r, planned)
	}
	if f.c.syncID != "" {
		planned, err := f.PreviewOne(ctx, f.wanted())
		if err == nil {
			count(planned)
		}
		return r, err
	}
	for planned, err := range f.Preview(ctx) {
		if err != nil {
			return r, err
		}
		count(planned)
	}
	return r, nil
}

// parked counts the orders and the payments that earlier runs left parked.
func (f *flow) parked(ctx context.Context) (n [2]int, err error) {
	pair := store.Pair{Source: f.pinned.Source, Ledger: f.pinned.Ledger}
	err = f.db.View(ctx, func(tx store.Tx) error {
		for i, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
			states, err := tx.Links().Count(store.LinkFilter{Pair: pair, Kind: kind, States: []store.LinkState{store.Parked}})
			if err != nil {
				return err
			}
			n[i] = states[store.Parked]
		}
		return nil
	})
	return n, err
}

// wanted is the order that -sync-id means.
func (f *flow) wanted() ledger.Ref {
	if id, ok := strings.CutPrefix(f.c.syncID, "id:"); ok {
		return ledger.Ref{ID: id}
	}
	return ledger.Ref{Number: f.c.syncID}
}

// run pushes. When a run before this one was killed, the doubt about what it had sent may outlive it by
// some minutes: that is waited for, once.
func (f *flow) run(ctx context.Context) (invoicesync.Report, error) {
	push := func() (invoicesync.Report, error) {
		if f.c.syncID != "" {
			return f.One(ctx, f.wanted())
		}
		return f.Run(ctx)
	}
	f.progress.Start()
	report, err := push()
	wait := time.Until(report.ResumeAt)
	if !errors.Is(err, ledger.ErrLater) || report.Invoices.Read > 0 || report.Writes > 0 || wait > 5*time.Minute {
		return report, err
	}
	f.progress.waiting("the run before this one, which was cut off", report.ResumeAt)
	select {
	case <-ctx.Done():
		return report, ctx.Err()
	case <-time.After(wait):
	}
	return push()
}

func (f *flow) observe(e invoicesync.Event) {
	f.notes.event(e)
	f.progress.event(e)
}

func (f *flow) compare(ctx context.Context) (compare.Result, error) {
	return compare.Compare(ctx, compare.Infusionsoft{BaseURL: f.source.URL, Client: f.source.Client}, f.c.vendor.compare(f.ledger))
}

// disagreement is an error when the comparison has found what the run has not told.
func (f *flow) disagreement(r compare.Result) error {
	var errs []error
	if r.Cents != 0 {
		errs = append(errs, fmt.Errorf("both sides differ by %d cents", r.Cents))
	}
	if n := len(r.Doubled); n > 0 {
		errs = append(errs, fmt.Errorf("%d marks stand on more than one record of %s, the first is %s: void all but one", n, f.c.vendor.name, r.Doubled[0]))
	}
	if n := len(r.Unknown); n > 0 {
		errs = append(errs, fmt.Errorf("%d records of %s carry a mark of no order or payment here, the first is %s", n, f.c.vendor.name, r.Unknown[0]))
	}
	if told, final := f.notes.unbooked(f.pinned.Currency); r.Unbooked > told || final && r.Unbooked < told {
		errs = append(errs, fmt.Errorf("%d cents in %d payments have no payment in %s, and the run has told of %d", r.Unbooked, r.UnbookedRows, f.c.vendor.name, told))
	}
	return errors.Join(errs...)
}

// explain adds what to do about an error that everybody meets.
func (c *config) explain(err error) error {
	if errors.Is(err, ledger.ErrReconnect) {
		return fmt.Errorf("%w\nLook at INFUSIONSOFT_TOKEN, %s and %s: they must belong to the organisations that you mean, and not be expired", err, c.vendor.tokenVar, c.vendor.routeVar)
	}
	if errors.Is(err, ledger.ErrAmbiguous) && ledger.Code(err) == "ambiguous_number" {
		return fmt.Errorf("%w\nWith -sync-id, write id: in front of the order id that you mean", err)
	}
	return err
}
