// Package storetest is the suite that every [store.Store] passes. Whoever writes one calls [Run] from a
// test:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: func(t storetest.T) store.Store { return mystore.Open(t.TempDir()) },
//		})
//	}
//
// Every case stands for one sentence of the contract, quotes it when it fails and says why it matters.
// What a harness leaves out is skipped and said to be.
//
// [Twice] is for those who use stores: it runs the function of every transaction twice, as a store may.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// T is what the suite needs of a *testing.T.
type T interface {
	Helper()
	Context() context.Context
	TempDir() string
	Cleanup(func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

var _ T = (*testing.T)(nil)

// Harness is how the suite gets at stores.
type Harness struct {
	// Open returns a new empty store. The suite closes it.
	Open func(T) store.Store

	// Reopen closes the store and opens what it kept. Nil: it keeps nothing beyond its life; its Info
	// must then not say Durable.
	Reopen func(T, store.Store) store.Store

	// Tamper changes the event of the activity row with that number, or removes the row, behind the
	// store's back. Nil: nobody can.
	Tamper func(t T, s store.Store, seq int64, remove bool)

	// Newer closes the store, makes it look as if a newer version had written it, and returns the
	// error of opening it again. Nil: the store has no versions.
	Newer func(T, store.Store) error
}

// Case is one sentence of the contract.
type Case struct {
	Name string
	Rule string // the sentence
	Why  string // what goes wrong where it does not hold

	run func(*suite)
}

// Run runs all cases, each with a store of its own, as subtests that are named for the case.
func Run(t *testing.T, h Harness) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Run(t, h)
		})
	}
}

// Cases returns all cases in the order of the contract.
func Cases() []Case {
	var all []Case
	for _, part := range [][]Case{
		transactionCases(), linkCases(), linkQueryCases(), batchCases(), activityCases(), leaseCases(), budgetCases(),
		documentCases(), concurrencyCases(), durableCases(),
	} {
		all = append(all, part...)
	}
	return all
}

// Run runs the case alone.
func (c Case) Run(t T, h Harness) {
	t.Helper()
	s := &suite{T: t, c: c, h: h, store: h.Open(t)}
	defer func() { _ = s.store.Close() }() // some cases have closed it
	c.run(s)
}

// suite is one run of a case. Its methods fail the test with the rule of the case.
type suite struct {
	T
	c     Case
	h     Harness
	store store.Store
}

func (s *suite) text(format string, args ...any) string {
	return fmt.Sprintf("%s\n\trule: %s\n\twhy:  %s", fmt.Sprintf(format, args...), s.c.Rule, s.c.Why)
}

// bad reports a broken rule and goes on.
func (s *suite) bad(format string, args ...any) {
	s.Helper()
	s.Errorf("%s", s.text(format, args...))
}

// must ends the case when err is not nil.
func (s *suite) must(err error, doing string, args ...any) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s", s.text("%s: %v", fmt.Sprintf(doing, args...), err))
	}
}

// is reports when err is not of that kind.
func (s *suite) is(err, kind error, doing string, args ...any) {
	s.Helper()
	if !errors.Is(err, kind) {
		s.bad("%s: got error %v, want one that is %q", fmt.Sprintf(doing, args...), err, kind)
	}
}

// same reports when got is not want.
func same[V comparable](s *suite, got, want V, what string, args ...any) {
	s.Helper()
	if got != want {
		s.bad("%s: got %v, want %v", fmt.Sprintf(what, args...), got, want)
	}
}

// update and view end the case on an error.
func (s *suite) update(f func(store.Tx) error) {
	s.Helper()
	s.must(s.store.Update(s.Context(), f), "update")
}

func (s *suite) view(f func(store.Tx) error) {
	s.Helper()
	s.must(s.store.View(s.Context(), f), "view")
}

func (s *suite) put(links ...store.Link) {
	s.Helper()
	s.update(func(tx store.Tx) error { return tx.Links().Put(links...) })
}

func (s *suite) putDocument(room, key, value string) {
	s.Helper()
	s.update(func(tx store.Tx) error { return tx.Documents(room).Put(key, []byte(value), store.AnyVersion) })
}

func (s *suite) document(room, key string) (doc store.Document, ok bool) {
	s.Helper()
	s.view(func(tx store.Tx) (err error) {
		doc, ok, err = tx.Documents(room).Get(key)
		return err
	})
	return doc, ok
}

// The fixtures. pair and other share the ledger.
var (
	shop   = ledger.OrganisationID{Vendor: "infusionsoft", ID: "aa111.infusionsoft.com"}
	branch = ledger.OrganisationID{Vendor: "infusionsoft", ID: "bb222.infusionsoft.com"}
	books  = ledger.OrganisationID{Vendor: "xero", ID: "0f1e2d3c-0000-4000-8000-000000000001"}
	others = ledger.OrganisationID{Vendor: "quickbooks", ID: "9130355377388"}

	pair  = store.Pair{Source: shop, Ledger: books}
	other = store.Pair{Source: branch, Ledger: books}
	third = store.Pair{Source: shop, Ledger: others}

	noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
)

// link returns a link with an identity, its own mark and a state.
func link(p store.Pair, kind ledger.RecordKind, sourceID string, generation int, state store.LinkState) store.Link {
	return store.Link{
		Pair: p, Kind: kind, SourceID: sourceID, Generation: generation, State: state,
		Mark: ledger.NewMark(p.Ledger, kind, p.Source, sourceID, generation),
	}
}

// row returns an activity row.
func row(event, run, sourceID string, at time.Time) store.Row {
	return store.Row{
		At: at, Pair: pair, Run: run, Event: event, Kind: ledger.KindInvoice, SourceID: sourceID,
		Amount: decimal.RequireFromString("12.30"), Currency: "AUD",
	}
}

func ids(links []store.Link) []string {
	var list []string
	for _, l := range links {
		list = append(list, l.SourceID)
	}
	return list
}
