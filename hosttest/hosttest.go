package hosttest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Harness lets the suite see what a host holds.
type Harness struct {
	Host invoicesync.Host

	// Look returns what the app holds of a ledger's invoice, and false where it has none. It must read
	// what is kept, not what is still on its way.
	Look func(ctx context.Context, pair store.Pair, invoiceID string) (Held, bool, error)

	// Client returns the app's client that is linked to a ledger's contact.
	Client func(ctx context.Context, pair store.Pair, contactID string) (HeldClient, bool, error)

	// Activate does by hand what makes a client billable; nil skips the case of known clients, and says
	// so.
	Activate func(ctx context.Context, pair store.Pair, contactID string) error

	// Collect takes money for an invoice that the app holds, as the app does by itself, and returns what a
	// [invoicesync.Settle] would call it: its own account and the payment's id. nil skips the case of the
	// host's own payments, and says so: right for an app that collects nothing.
	Collect func(ctx context.Context, pair store.Pair, invoiceID string, amount decimal.Decimal) (invoicesync.Origin, error)
}

// Held is what an app holds of an invoice.
type Held struct {
	Status   ledger.Status
	Total    decimal.Decimal
	Balance  decimal.Decimal
	Lines    []decimal.Decimal          // their amounts, in order
	Payments map[string]decimal.Decimal // amounts by the payment's id
	Contact  string                     // id of the ledger's contact

	// Received is what has come in for the invoice as the app counts it: what it collected itself, and what
	// the ledger tells of money that others took. It is looked at only where the harness has Collect.
	Received decimal.Decimal
}

// HeldClient is what an app holds of a client.
type HeldClient struct {
	Active bool // billable
}

// ErrSkipped is the error of a case that the harness does not make possible.
var ErrSkipped = errors.New("skipped")

// Case is one rule and what checks it.
type Case struct {
	Name string
	Rule string // quoted from [invoicesync.Host]
	Why  string

	run func(*suite)
}

// Run runs every case as a subtest with a harness of its own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			err := c.Check(t.Context(), open(t))
			switch {
			case errors.Is(err, ErrSkipped):
				t.Skip(err)
			case err != nil:
				t.Errorf("%v\nrule: %s\nwhy:  %s", err, c.Rule, c.Why)
			}
		})
	}
}

// Check runs the case and returns what is wrong with the host.
func (c Case) Check(ctx context.Context, h Harness) (err error) {
	if h.Host == nil || h.Look == nil || h.Client == nil {
		return errors.New("hosttest: a harness needs Host, Look and Client")
	}
	s := &suite{ctx: ctx, h: h, name: c.Name, pair: store.Pair{
		Source: ledger.OrganisationID{Vendor: "xero", ID: "org-" + c.Name},
		Ledger: ledger.OrganisationID{Vendor: invoicesync.HostVendor, ID: "hosttest"}}}
	defer func() {
		switch p := recover().(type) {
		case nil:
		case stop:
			err = p.err
		default:
			panic(p)
		}
	}()
	c.run(s)
	return nil
}

// stop ends a case.
type stop struct{ err error }

// suite is one case under way.
type suite struct {
	ctx  context.Context //nolint:containedctx // a suite is one case under way, and ends with it
	h    Harness
	name string
	pair store.Pair
	last int64
}

func (s *suite) failf(format string, args ...any) {
	panic(stop{fmt.Errorf(format, args...)})
}

// next makes a delivery of a newer state.
func (s *suite) next(what invoicesync.What, inv ledger.Invoice) invoicesync.Delivery {
	s.last = max(s.last, 1_700_000_000_000) + 1
	return invoicesync.Delivery{
		Key: fmt.Sprintf("key-%s-%s-%d", s.name, inv.ID, s.last), Revision: s.last, What: what,
		First: what == invoicesync.Imported, Pair: s.pair, Invoice: inv,
		Client: invoicesync.Client{Contact: inv.Contact, New: what == invoicesync.Imported},
		AsOf:   ledger.MustDate("2026-03-02"),
	}
}

func (s *suite) apply(d invoicesync.Delivery) {
	if err := s.h.Host.Apply(s.ctx, d); err != nil {
		s.failf("Apply of a delivery %q, revision %d: %w", d.What, d.Revision, err)
	}
}

func (s *suite) look(pair store.Pair, id string) (Held, bool) {
	held, ok, err := s.h.Look(s.ctx, pair, id)
	if err != nil {
		s.failf("Look: %w", err)
	}
	return held, ok
}

func (s *suite) client(id string) (HeldClient, bool) {
	c, ok, err := s.h.Client(s.ctx, s.pair, id)
	if err != nil {
		s.failf("Client: %w", err)
	}
	return c, ok
}

// received fails unless the app counts that much as received for inv-1.
func (s *suite) received(when, want string) {
	if held, _ := s.look(s.pair, "inv-1"); !held.Received.Equal(dec(want)) {
		s.failf("%s: the app has received %s, want %s", when, held.Received, want)
	}
}

// holds fails unless the app holds the invoice as it is given.
func (s *suite) holds(when string, inv ledger.Invoice) {
	s.holdsIn(s.pair, when, inv)
}

func (s *suite) holdsIn(pair store.Pair, when string, inv ledger.Invoice) {
	held, ok := s.look(pair, inv.ID)
	switch {
	case !ok:
		s.failf("%s: the app does not hold the invoice", when)
	case held.Status != inv.Status:
		s.failf("%s: the app holds status %q, want %q", when, held.Status, inv.Status)
	case !held.Total.Equal(inv.Totals.Total) || !held.Balance.Equal(inv.Totals.Balance):
		s.failf("%s: the app holds a total of %s and a balance of %s, want %s and %s", when, held.Total, held.Balance, inv.Totals.Total, inv.Totals.Balance)
	case held.Contact != inv.Contact.ID:
		s.failf("%s: the invoice is linked with contact %q, want %q", when, held.Contact, inv.Contact.ID)
	case len(held.Lines) != len(inv.Lines):
		s.failf("%s: the app holds %d lines, want %d", when, len(held.Lines), len(inv.Lines))
	case len(held.Payments) != len(inv.Payments):
		s.failf("%s: the app holds %d payments, want %d", when, len(held.Payments), len(inv.Payments))
	}
	for i, l := range inv.Lines {
		if !held.Lines[i].Equal(l.Amount) {
			s.failf("%s: line %d is %s, want %s", when, i+1, held.Lines[i], l.Amount)
		}
	}
	for _, p := range inv.Payments {
		if amount, ok := held.Payments[p.ID]; !ok || !amount.Equal(p.Amount) {
			s.failf("%s: payment %s is %s (there: %t), want %s", when, p.ID, amount, ok, p.Amount)
		}
	}
}
