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

// ErrProcessingOff says that a run wrote nothing because Settings.Processing is off.
var ErrProcessingOff = errors.New("invoicesync: processing is switched off in the settings; nothing was written")

// Push makes a source's invoices, and their payments, appear in a ledger. Its methods may be called
// from several goroutines and processes: one writes, the others are told when to come back.
type Push struct {
	name     string
	db       store.Store
	source   ledger.Source
	ledger   ledger.Ledger
	settings Settings
	hash     string
	opts     Options
	policy   eligibility.Policy

	onePolicy eligibility.Policy // for an invoice that a person asks for: the start does not matter
	powers    ledger.Powers
	steps     func(string) // tests
	running   sync.Mutex   // a second run of the same value would take the first one's leases over
}

var _ Runner = (*Push)(nil)

// NewPush returns a flow from source into books. It makes no call; an error says what contradicts
// itself in the settings, or what the ledger cannot do.
func NewPush(db store.Store, source ledger.Source, books ledger.Ledger, settings Settings, o *Options) (*Push, error) {
	if db == nil || source == nil || books == nil {
		return nil, errors.New("invoicesync: NewPush needs a store, a source and a ledger")
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	policy, err := eligibility.Push(eligibility.PushOptions{Start: settings.Start, Mode: settings.Mode, SkipZero: settings.SkipZero})
	if err != nil {
		return nil, fmt.Errorf("invoicesync: settings: %w", err)
	}
	onePolicy, err := eligibility.Push(eligibility.PushOptions{Mode: settings.Mode, SkipZero: settings.SkipZero})
	if err != nil {
		return nil, fmt.Errorf("invoicesync: settings: %w", err)
	}
	p := &Push{
		onePolicy: onePolicy,
		name:      "push " + settings.pair().String(), db: db, source: source, ledger: books,
		settings: settings, hash: settings.hash(), opts: o.withDefaults(), policy: policy, powers: books.Powers(),
	}
	cannot := func(what string) error {
		return &ledger.Error{Kind: ledger.ErrUnsupported, Room: "invoicesync", Thing: "ledger " + settings.Ledger.String(),
			Message: "it cannot " + what + ", and this flow needs it"}
	}
	for _, need := range []struct {
		missing bool
		what    string
	}{
		{p.powers.Invoices == nil, "create invoices"},
		{p.powers.Contacts == nil, "create contacts"},
		{settings.paymentsWanted() && p.powers.Payments == nil, "book payments"},
		{settings.OnEdit == EditUpdate && p.powers.Updates == nil, "update invoices"},
		{(settings.OnEdit == EditVoid || settings.OnDelete == DeleteVoid) && p.powers.Voids == nil, "void invoices"},
	} {
		if need.missing {
			return nil, cannot(need.what)
		}
	}
	longest := p.powers.Invoices.Limits().Deadline
	if p.opts.Lease-p.opts.margin() < longest {
		return nil, fmt.Errorf("invoicesync: Options.Lease of %s is shorter than one request to this ledger may take (%s and a margin of %s)",
			p.opts.Lease, longest, p.opts.margin())
	}
	return p, nil
}

// Name returns "push source>ledger".
func (p *Push) Name() string { return p.name }

// Run reads what is new, decides, writes and remembers. It returns [ErrProcessingOff],
// [ledger.ErrLater] (see Report.ResumeAt), [ledger.ErrReconnect] or what else ended it; the report is
// right in every case, and running again goes on where this run ended.
func (p *Push) Run(ctx context.Context) (Report, error) {
	if !p.settings.Processing {
		rep := newReport("", time.Now().UTC())
		rep.Ended, rep.Stopped, rep.Currency = rep.Started, "processing_off", p.settings.Currency
		return rep, ErrProcessingOff
	}
	return p.do(ctx, func(ctx context.Context, w *pass) error { return w.all(ctx) })
}

// One pushes a single invoice, by id or by number, whatever Settings.Processing and the start point
// say. It is how a host tries its settings before switching on.
func (p *Push) One(ctx context.Context, ref ledger.Ref) (Report, error) {
	return p.do(ctx, func(ctx context.Context, w *pass) error { return w.one(ctx, ref) })
}

// do runs f as a run: with the right to write, and a report that is always right.
func (p *Push) do(ctx context.Context, f func(context.Context, *pass) error) (Report, error) {
	var w *pass
	return runFlow(ctx, p.shift(), func(ctx context.Context, r *run) error {
		w = newPass(p, r)
		return f(ctx, w)
	}, func(ctx context.Context) error { return w.leftovers(ctx) })
}

// shift is what a run of the push needs to begin.
func (p *Push) shift() shift {
	return shift{db: p.db, pair: p.settings.pair(), opts: p.opts, settings: p.hash, currency: p.settings.Currency,
		steps: p.steps, running: &p.running,
		kinds: []ledger.RecordKind{ledger.KindInvoice, ledger.KindContact, ledger.KindPayment}}
}
