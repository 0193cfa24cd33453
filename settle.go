package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Settle writes the payments that a host collected to the ledger: each to its invoice and to the account of
// its method, once its money is confirmed, and never twice. What fails afterwards is taken back where the
// ledger lets it; what is refunded is shown to a person. Everything that a [Push] holds for payments holds
// here: the write protocol, lock dates, what may be booked already.
//
// Its payments are the target of links like all others, so that a push or an import of the same ledger knows
// them for ours. Its methods may be called from several goroutines and processes: one writes, the others are
// told when to come back.
type Settle struct {
	name     string
	db       store.Store
	host     Collections
	books    ledger.Ledger
	settings SettleSettings
	hash     string
	opts     Options
	steps    func(string) // tests
	running  sync.Mutex
}

var _ Runner = (*Settle)(nil)

// NewSettle returns a flow from what a host collected into books. It makes no call; an error says what
// contradicts itself in the settings, or what the ledger cannot do. Of the options, Adjust has no meaning here,
// and MaxCreates counts payments.
func NewSettle(db store.Store, host Collections, books ledger.Ledger, settings SettleSettings, o *Options) (*Settle, error) {
	if db == nil || host == nil || books == nil {
		return nil, errors.New("invoicesync: NewSettle needs a store, the host's collections and a ledger")
	}
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	powers := books.Powers()
	if powers.Payments == nil {
		return nil, &ledger.Error{Kind: ledger.ErrUnsupported, Room: "invoicesync", Thing: "ledger " + settings.Ledger.String(),
			Message: "it cannot book payments, and this flow needs it"}
	}
	s := &Settle{name: "settle " + settings.pair().String(), db: db, host: host, books: books,
		settings: settings, hash: settings.hash(), opts: o.withDefaults()}
	// An owner takes over what it finds under its name, and a push of the same process may be at work.
	s.opts.Owner += "/settle"
	if longest := powers.Payments.Limits().Deadline; s.opts.Lease-s.opts.margin() < longest {
		return nil, fmt.Errorf("invoicesync: Options.Lease of %s is shorter than one request to this ledger may take (%s and a margin of %s)",
			s.opts.Lease, longest, s.opts.margin())
	}
	return s, nil
}

// Name returns "settle host>ledger".
func (s *Settle) Name() string { return s.name }

// Run reads what the host collected since the last run, decides, books and remembers, as [Push.Run] does. Its
// report counts payments only.
func (s *Settle) Run(ctx context.Context) (Report, error) {
	if !s.settings.Processing {
		rep := newReport("", time.Now().UTC())
		rep.Ended, rep.Stopped, rep.Currency = rep.Started, "processing_off", s.settings.Currency
		return rep, ErrProcessingOff
	}
	return s.do(ctx, func(ctx context.Context, t *till) error { return t.all(ctx) })
}

// One settles the payment with that id of the host, whatever Processing says and whatever was judged before.
func (s *Settle) One(ctx context.Context, id string) (Report, error) {
	return s.do(ctx, func(ctx context.Context, t *till) error { return t.one(ctx, id) })
}

// Rebook lets a payment be booked again that somebody deleted in the ledger, or that may have been: a person
// has looked, and says that the ledger does not have it. It gets a new mark. The next run books it, if nothing
// else speaks against it.
func (s *Settle) Rebook(ctx context.Context, id string) error {
	_, err := s.do(ctx, func(ctx context.Context, t *till) error {
		return t.payByHand(ctx, id, t.rebookGone(ctx))
	})
	return err
}

// RefundBooked takes a person's word that the ledger says of a refund now what the host says: whoever is told of
// "refund_owed" books it there by hand, for instance as a credit note and its repayment, and then calls this with
// the payment's id of the host. Nothing is written to the ledger.
func (s *Settle) RefundBooked(ctx context.Context, id string) error {
	_, err := s.do(ctx, func(ctx context.Context, t *till) error { return t.payByHand(ctx, id, settleRefund) })
	return err
}

// Adopt links a payment of the host with one that the ledger has already, whoever entered it: a person says
// that it is the same money. Nothing is written to the ledger, and from now on it counts as booked.
func (s *Settle) Adopt(ctx context.Context, id, ledgerPayment string) error {
	_, err := s.do(ctx, func(ctx context.Context, t *till) error {
		return t.payByHand(ctx, id, func(l *store.Link) error { return t.adoptPayment(ctx, l, ledgerPayment) })
	})
	return err
}

// Withdraw gives the ledger up: another account of the host, or a push, may be the origin of its invoices'
// payments from now on. What is booked stays, and so do the links. A run takes the ledger again.
func (s *Settle) Withdraw(ctx context.Context) error {
	_, err := s.do(ctx, func(ctx context.Context, t *till) error { return t.claimPayments(ctx, "") })
	return err
}

// Ours tells which payments of the ledger are this host's own, booked or adopted by the flow: the host's id by the
// ledger's. Whoever reads the ledger for the host asks it, so that money which the host collected does not come
// back as a payment of somebody else.
func (s *Settle) Ours(ctx context.Context, ledgerPayments ...string) (map[string]string, error) {
	ours := map[string]string{}
	err := s.db.View(ctx, func(tx store.Tx) error {
		links, err := tx.Links().ByLedgerIDs(s.settings.Ledger, ledger.KindPayment, ledgerPayments)
		for id, l := range links {
			if l.Pair == s.settings.pair() {
				ours[id] = l.SourceID
			}
		}
		return err
	})
	return ours, err
}

func (s *Settle) do(ctx context.Context, f func(context.Context, *till) error) (Report, error) {
	var t *till
	begin := shift{db: s.db, pair: s.settings.pair(), opts: s.opts, settings: s.hash, currency: s.settings.Currency,
		steps: s.steps, running: &s.running, kinds: []ledger.RecordKind{ledger.KindPayment}}
	return runFlow(ctx, begin, func(ctx context.Context, r *run) error {
		t = newTill(s, r)
		return f(ctx, t)
	}, func(ctx context.Context) error {
		return errors.Join(t.deferBookings(ctx), t.countOpen(ctx, ledger.KindPayment))
	})
}

// Check compares the settings with the live ledger, and writes nothing: the pinned organisation, the currency,
// each account, and who else books payments there. Runs go on with problems of the accounts; the payments that they touch are
// parked.
func (s *Settle) Check(ctx context.Context) ([]Problem, error) {
	t := s.look()
	var problems []Problem
	for _, look := range []struct {
		setting string
		at      func() error
	}{
		{"Ledger", func() error { _, err := t.organisation(ctx); return err }},
		{"LeavePushed", func() error { return t.aloneHere(ctx) }},
	} {
		if err := look.at(); err != nil {
			var e *ledger.Error
			if !errors.As(err, &e) || e.Code == "" || e.Room != "invoicesync" {
				return nil, err
			}
			problems = append(problems, Problem{look.setting, e.Code, e.Message})
			if t.org == nil {
				return problems, nil
			}
		}
	}
	chart, err := s.books.Chart(ctx)
	if err != nil {
		return nil, err
	}
	accounts := map[string]string{"Payments.Account": s.settings.Payments.Account}
	for method, code := range s.settings.Payments.Accounts {
		accounts["Payments.Accounts["+method+"]"] = code
	}
	for _, setting := range sortedKeys(accounts) {
		code := accounts[setting]
		if code == "" {
			continue
		}
		if reason := payableAccount(chart, code); reason != nil {
			says := reason.Message + " It is " + code + "."
			if reason.Code == CodePaymentAccountMissing {
				says = noAccount(chart, code)
			}
			problems = append(problems, Problem{setting, reason.Code, says})
		}
	}
	return problems, nil
}
