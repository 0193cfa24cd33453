package main

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"

	"github.com/invoicesync/invoicesync/examples/internal/receivables"
)

// Changes in the fake's books, as a bookkeeper makes them, and how they follow.

// each is the most invoices that one sort of change is made to.
const each = 5

// follow changes the books, twice, and lets the changes follow after each time. A run that was cut off meanwhile has
// made some of them: they follow, and no others are made.
func (f *flow) follow(ctx context.Context, say *printer) error {
	begun, before := time.Now(), f.books.calls()
	told := len(f.app.Applied())
	var undo []string
	if !f.pinned.Moved {
		f.pinned.Moved = true
		if err := f.pin(); err != nil {
			return err
		}
		var err error
		if undo, err = f.move(); err != nil {
			return err
		}
	}
	reports := make([]invoicesync.Report, 0, 2)
	report, err := f.run(ctx)
	reports = append(reports, report)
	if err == nil && len(undo) > 0 {
		for _, payment := range undo {
			if err := f.books.practice.Desk.Unpay(payment); err != nil {
				return err
			}
		}
		report, err = f.run(ctx)
		reports = append(reports, report)
	}
	say.followed(f.app.Applied()[told:], reports, f.books.calls().since(before), time.Since(begun))
	return err
}

// move pays, part-pays, edits, voids and deletes some of what was imported, and takes payments away that kept others
// from being imported. It returns the payments that are to be removed again.
func (f *flow) move() (undo []string, err error) {
	desk := f.books.practice.Desk
	open := f.open()
	n := min(each, max(len(open)/6, 1))
	take := func() []ledger.Invoice {
		some := open[:min(n, len(open))]
		open = open[len(some):]
		return some
	}
	half := func(inv ledger.Invoice) decimal.Decimal {
		return inv.Totals.Balance.Div(decimal.NewFromInt(2)).RoundDown(inv.Currency.Places())
	}
	for _, change := range []func(ledger.Invoice) error{
		func(inv ledger.Invoice) error { _, err := desk.Pay(inv.ID, inv.Totals.Balance); return err },
		func(inv ledger.Invoice) error {
			payment, err := desk.Pay(inv.ID, inv.Totals.Balance)
			undo = append(undo, payment)
			return err
		},
		func(inv ledger.Invoice) error { _, err := desk.Pay(inv.ID, half(inv)); return err },
		func(inv ledger.Invoice) error { return desk.Edit(inv.ID) },
		func(inv ledger.Invoice) error { return desk.Void(inv.ID) },
		func(inv ledger.Invoice) error { _, err := desk.Delete(inv.ID); return err },
	} {
		for _, inv := range take() {
			if err := change(inv); err != nil {
				return nil, err
			}
		}
	}
	for _, inv := range f.partPaid() {
		if err := desk.Unpay(inv.Payments[0]); err != nil {
			return nil, err
		}
	}
	return undo, nil
}

// open are invoices that the app holds, of which nothing is paid and at least 2.00 is left to pay.
func (f *flow) open() []ledger.Invoice {
	var list []ledger.Invoice
	for _, r := range f.app.Invoices() {
		inv := r.Invoice
		if inv.Status == ledger.StatusApproved && inv.Totals.Balance.Equal(inv.Totals.Total) && inv.Totals.Balance.GreaterThanOrEqual(decimal.NewFromInt(2)) {
			list = append(list, inv)
		}
	}
	return list
}

// partPaid are invoices that are not imported because a part is paid, and nothing else.
func (f *flow) partPaid() []receivables.Invoice {
	var list []receivables.Invoice
	for _, inv := range f.books.practice.Expect.Invoices {
		_, held := f.app.Invoice(f.app.pair, inv.ID)
		if !held && inv.Sought && slices.Equal(inv.Reasons, []string{"part_paid"}) && len(inv.Payments) == 1 && len(list) < each {
			list = append(list, inv)
		}
	}
	return list
}
