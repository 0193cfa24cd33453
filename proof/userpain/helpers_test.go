// Package userpain holds the demands that real users' problems make of a push, each as a test that names
// the problem by its number, and the behaviours that follow from them: how settings, mappings, contacts,
// payments and later changes work from end to end. They run the real engine and the real adapters over
// the fakes, in virtual time.
//
// Expected values are worked out by hand. Where they need a calculation, it stands beside them.
package userpain

import (
	"context"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// flow runs f in virtual time with a rig of its own.
func flow(t *testing.T, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) { f(t, rig.New(t)) })
}

// flowIn is flow in a world of its own.
func flowIn(t *testing.T, world rig.World, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) { f(t, rig.NewIn(t, world)) })
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func money(t *testing.T, what string, got decimal.Decimal, want string) {
	t.Helper()
	if !got.Equal(dec(want)) {
		t.Fatalf("%s: got %s, want %s", what, got, want)
	}
}

func holds(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Fatalf("%s: %q does not say %q", what, text, p)
		}
	}
}

// tally is how a report counted: only what is not zero is named.
type tally map[string]int

// counted compares a report's counts with a tally. Its names are created, already, updated, refused,
// uncertain, deferred, "skipped code" and "parked code". Where already is not named it may be anything:
// readings overlap, and meet some records again.
func counted(t *testing.T, what string, got invoicesync.Counts, want tally) {
	t.Helper()
	have := tally{}
	for name, n := range map[string]int{"created": got.Created, "already": got.Already, "updated": got.Updated,
		"refused": got.Refused, "uncertain": got.Uncertain, "deferred": got.Deferred} {
		if n != 0 {
			have[name] = n
		}
	}
	for code, n := range got.Skipped {
		have["skipped "+code] = n
	}
	for code, n := range got.Parked {
		have["parked "+code] = n
	}
	if _, named := want["already"]; !named {
		delete(have, "already")
	}
	if !maps.Equal(have, want) {
		t.Fatalf("%s: counted %v, want %v", what, have, want)
	}
	same(t, what+": read", got.Read, got.Sum())
}

// owed compares the money that a report says was not written.
func owed(t *testing.T, rep invoicesync.Report, want map[string]string) {
	t.Helper()
	for code, amount := range want {
		money(t, "owed "+code, rep.Owed[code], amount)
	}
	same(t, "codes that owe", len(rep.Owed), len(want))
}

func idOf(o infusionsoftfake.Order) string { return strconv.FormatInt(o.ID, 10) }

// link returns what the store remembers of a record.
func link(t *testing.T, r *rig.Rig, kind ledger.RecordKind, id string) store.Link {
	t.Helper()
	var l store.Link
	var ok bool
	err := r.DB.View(context.Background(), func(tx store.Tx) (err error) {
		l, ok, err = tx.Links().Get(store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}, kind, id)
		return err
	})
	rig.Check(t, err)
	if !ok {
		t.Fatalf("the store has no link of %s %s", kind, id)
	}
	return l
}

// reason returns the first reason of an order's link.
func reason(t *testing.T, r *rig.Rig, o infusionsoftfake.Order) store.Reason {
	t.Helper()
	l := link(t, r, ledger.KindInvoice, idOf(o))
	if len(l.Reasons) == 0 {
		return store.Reason{}
	}
	return l.Reasons[0]
}

// inXero returns the invoice that an order became.
func inXero(t *testing.T, r *rig.Rig, o infusionsoftfake.Order) xerofake.Invoice {
	t.Helper()
	l := link(t, r, ledger.KindInvoice, idOf(o))
	inv, ok := r.Xero.Books().Invoice(l.LedgerID)
	if !ok {
		t.Fatalf("order %d: xero has no invoice %q; the link is %s %v", o.ID, l.LedgerID, l.State, l.Reasons)
	}
	return inv
}

// paymentsOf returns the payments of an invoice that are not deleted.
func paymentsOf(r *rig.Rig, inv xerofake.Invoice) []xerofake.Payment {
	var list []xerofake.Payment
	for _, p := range r.LivePayments() {
		if p.InvoiceID == inv.ID {
			list = append(list, p)
		}
	}
	return list
}

// rowOf is the source id of an order's n-th payment row.
func rowOf(r *rig.Rig, o infusionsoftfake.Order, n int) string {
	return strconv.FormatInt(r.Keap.PaymentRows(o.ID)[n].ID, 10)
}

// call is a request that passed a tap.
type call struct {
	At                 time.Time
	Method, Path, Body string
	Header             http.Header
	Query              map[string][]string
}

// tap listens to the requests that pass a plan. It faults none.
func tap(plan *faults.Plan, method, path string) func() []call {
	var calls []call
	plan.Add(faults.Fault{Method: method, Path: path, Match: func(r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		calls = append(calls, call{At: time.Now(), Method: r.Method, Path: r.URL.Path, Body: string(body), Header: r.Header.Clone(), Query: r.URL.Query()})
		return false
	}})
	return func() []call { return calls }
}

// tapOnce is a fault that faults nothing, and does something when the first request comes.
func tapOnce(do func()) faults.Fault {
	first := true
	return faults.Fault{Match: func(*http.Request) bool {
		if first {
			first = false
			do()
		}
		return false
	}}
}

// item is a line without a product.
func item(kind, name, price string) infusionsoftfake.Item {
	return infusionsoftfake.Item{Type: kind, Name: name, Price: dec(price), Quantity: 1}
}

// product is a line of a product.
func product(name, sku, price string, quantity int64, taxable bool) infusionsoftfake.Item {
	return infusionsoftfake.Item{Type: "PRODUCT", Name: name, Price: dec(price), Quantity: quantity,
		Product: &infusionsoftfake.ItemProduct{ID: 7, Name: name, SKU: sku, Taxable: taxable}}
}

func order(items ...infusionsoftfake.Item) infusionsoftfake.Order {
	return infusionsoftfake.Order{Items: items}
}
