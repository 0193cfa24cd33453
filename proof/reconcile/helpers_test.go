// Package reconcile proves the comparison of both sides, and that each repair needs one run and leaves nothing
// to repair: on Xero and on QuickBooks, with the real engine and adapters over the fakes, in virtual time.
package reconcile

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// The bubble begins on 6 January 2025, and orders are two days old.
var from, to = ledger.MustDate("2024-12-01"), ledger.MustDate("2025-01-31")

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// desk is a push, and somebody who compares.
type desk struct {
	*rig.Rig
	source func(ledger.Source) ledger.Source // bends the source
}

// each runs f for each ledger, in virtual time.
func each(t *testing.T, f func(*testing.T, *desk)) {
	t.Helper()
	t.Parallel()
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		t.Parallel()
		rig.Bubble(t, func(t *testing.T) {
			defer time.Sleep(time.Hour) // what a fault still has to commit
			f(t, &desk{Rig: rig.NewIn(t, rig.World{Ledger: v})})
		})
	})
}

func (d *desk) push() *invoicesync.Push {
	d.T.Helper()
	source := ledger.Source(d.SourceSide())
	if d.source != nil {
		source = d.source(source)
	}
	p, err := invoicesync.NewPush(d.DB, source, d.LedgerSide(), d.Settings, &d.Opts)
	rig.Check(d.T, err)
	return p
}

func (d *desk) reconcile(o *invoicesync.ReconcileOptions) *invoicesync.Reconcile {
	d.T.Helper()
	c, err := invoicesync.NewReconcile(d.push(), nil, o)
	rig.Check(d.T, err)
	return c
}

// differences compares both sides, and checks that it writes nothing.
func (d *desk) differences() []invoicesync.Difference {
	d.T.Helper()
	writes := d.Writes()
	list := all(d.T, d.reconcile(nil))
	if d.Writes() != writes {
		d.T.Fatal("a comparison wrote")
	}
	return list
}

func all(t *testing.T, c *invoicesync.Reconcile) []invoicesync.Difference {
	t.Helper()
	var list []invoicesync.Difference
	for diff, err := range c.Differences(context.Background(), from, to) {
		rig.Check(t, err)
		if diff.Message == "" || diff.Flow == "" {
			t.Fatalf("a difference that says too little: %+v", diff)
		}
		list = append(list, diff)
	}
	return list
}

// said is a difference in a few words.
func said(d invoicesync.Difference) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s/%s %s", d.Kind, d.Code, d.InSource.StringFixed(2), d.InLedger.StringFixed(2), d.Fix))
}

func (d *desk) shows(want ...string) []invoicesync.Difference {
	d.T.Helper()
	list := d.differences()
	var got []string
	for _, diff := range list {
		got = append(got, said(diff))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		d.T.Fatalf("the comparison shows\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	return list
}

// mends shows the one difference, repairs it in one run, and sees that nothing differs any more, and that the
// flow has nothing to do either.
func (d *desk) mends(want string) invoicesync.Report {
	d.T.Helper()
	diff := d.shows(want)[0]
	if diff.Fix.NeedsAgreement() {
		writes := d.Writes()
		if _, err := d.reconcile(nil).Repair(context.Background(), diff); err == nil || d.Writes() != writes {
			d.T.Fatalf("%s was done without a person's word: %v", diff.Fix, err)
		}
		diff.Agreed = true
	}
	rep, err := d.reconcile(nil).Repair(context.Background(), diff)
	rig.Check(d.T, err)
	d.AddsUp(rep)
	d.shows()
	time.Sleep(time.Hour)
	writes := d.Writes()
	if rep, err := d.push().Run(context.Background()); err != nil || d.Writes() != writes || len(rep.Invoices.Parked)+len(rep.Payments.Parked) != 0 {
		d.T.Fatalf("after the repair the flow still has something to do: %v, %+v", err, rep)
	}
	if diff.Fix != invoicesync.FixAdopt { // what somebody else entered has no mark of ours
		rig.Check(d.T, d.Once())
	}
	return rep
}

func idOf(o infusionsoftfake.Order) string { return strconv.FormatInt(o.ID, 10) }

func (d *desk) link(kind ledger.RecordKind, id string) store.Link {
	d.T.Helper()
	var l store.Link
	var ok bool
	err := d.DB.View(context.Background(), func(tx store.Tx) (err error) {
		l, ok, err = tx.Links().Get(store.Pair{Source: d.Settings.Source, Ledger: d.Settings.Ledger}, kind, id)
		return err
	})
	rig.Check(d.T, err)
	if !ok {
		d.T.Fatalf("the store has no link of %s %s", kind, id)
	}
	return l
}

// ledgerID is the invoice that an order became.
func (d *desk) ledgerID(o infusionsoftfake.Order) string {
	return d.link(ledger.KindInvoice, idOf(o)).LedgerID
}

// bookedFor is the one live payment of an order's invoice.
func (d *desk) bookedFor(o infusionsoftfake.Order) string {
	d.T.Helper()
	for _, p := range rig.Only(d.Payments()) {
		if p.Invoice == d.ledgerID(o) {
			return p.ID
		}
	}
	d.T.Fatal("the invoice has no payment")
	return ""
}

// reprice changes the price of an invoice's first line at the ledger's screen.
func (d *desk) reprice(id, price string) {
	d.T.Helper()
	if d.Xero != nil {
		rig.Check(d.T, d.Xero.Books().EditInvoice(id, func(i *xerofake.Invoice) { i.Lines[0].UnitAmount = dec(price) }))
		return
	}
	money := quickbooksfake.NewAmount(dec(price))
	rig.Check(d.T, d.QuickBooks.Books().EditInvoice(id, func(i *quickbooksfake.Invoice) {
		i.Line[0].Amount, i.Line[0].SalesItemLineDetail.UnitPrice = &money, quickbooksfake.NewNumber(dec(price))
	}))
}

// bankLine enters a payment at the ledger's screen, as a bookkeeper does who matches a line of the bank.
func (d *desk) bankLine(invoice, amount string) {
	d.T.Helper()
	if d.Xero != nil {
		_, err := d.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: invoice, Amount: dec(amount)})
		rig.Check(d.T, err)
		return
	}
	inv, _ := d.QuickBooks.Books().Invoice(invoice)
	money := quickbooksfake.NewAmount(dec(amount))
	_, err := d.QuickBooks.Books().AddPayment(quickbooksfake.Payment{CustomerRef: inv.CustomerRef, TotalAmt: &money,
		Line: []quickbooksfake.Line{{Amount: &money, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: invoice, TxnType: "Invoice"}}}}})
	rig.Check(d.T, err)
}

// bent is a source whose payments a test bends.
type bent struct {
	ledger.Source
	change func([]ledger.Payment) []ledger.Payment
}

func (s bent) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	rows, err := s.Source.PaymentsOf(ctx, ref)
	if err == nil {
		rows = s.change(rows)
	}
	return rows, err
}

// voiding is a source in which one invoice is void.
type voiding struct {
	ledger.Source
	id string
}

func (s voiding) void(inv ledger.Invoice) ledger.Invoice {
	if inv.ID == s.id {
		inv.Status, inv.Version = ledger.StatusVoided, inv.Version+" void"
	}
	return inv
}

func (s voiding) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	inv, err := s.Source.Invoice(ctx, ref)
	return s.void(inv), err
}

func (s voiding) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for page, err := range s.Source.Invoices(ctx, q) {
			for i := range page.Records {
				page.Records[i] = s.void(page.Records[i])
			}
			if !yield(page, err) {
				return
			}
		}
	}
}
