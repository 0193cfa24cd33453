package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/sqlstore/sqlite"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero"
)

// runEngine pushes the world, and returns how many invoices that were.
func runEngine(ctx context.Context, t task) (pushed int, err error) {
	db, err := sqlite.Open(ctx, t.File, nil)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	source, err := infusionsoft.New(authorised(), &infusionsoft.Options{BaseURL: t.Servers.Keap, Tenant: tenant,
		RowUnits: infusionsoft.UnitsMajor, Budget: unlimited{}})
	if err != nil {
		return 0, err
	}
	books, err := xero.New(authorised(), t.Servers.Tenant, &xero.Options{BaseURL: t.Servers.Xero, Organisation: pairOf(t).Ledger, Budget: unlimited{}})
	if err != nil {
		return 0, err
	}
	key, err := store.NewKey("bench")
	if err != nil {
		return 0, err
	}
	ring, err := store.NewKeyring(key)
	if err != nil {
		return 0, err
	}
	pair := pairOf(t)
	settings := invoicesync.Settings{
		Source: pair.Source, Ledger: pair.Ledger,
		Processing: true, Currency: currency, Mode: eligibility.InvoicesOnly,
		Start:    eligibility.Start{Date: ledger.DateIn(firstDay, time.UTC)},
		Due:      invoicesync.DueDateSettings{Days: 14},
		Accounts: invoicesync.AccountSettings{Default: "200", Discount: "205", Shipping: "210", FinanceCharge: "265", SKUAccounts: true},
		Tax:      invoicesync.TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "EXEMPTOUTPUT"},
	}
	if t.Payments {
		settings.Mode = eligibility.AsRaised
		settings.Payments.Account = "090"
	}
	if t.Again {
		name := "invoices/" + pair.String()
		if err := db.Update(ctx, func(tx store.Tx) error { return tx.Cursors().Set(name, "") }); err != nil {
			return 0, err
		}
	}
	push, err := invoicesync.NewPush(db, source, books, settings, &invoicesync.Options{Sealer: ring, Owner: "bench", MaxCreates: -1})
	if err != nil {
		return 0, err
	}
	report, err := push.Run(ctx)
	if err != nil {
		return 0, err
	}
	return report.Invoices.Created, expected(t, report)
}

func pairOf(t task) store.Pair {
	return store.Pair{Source: ledger.OrganisationID{Vendor: infusionsoft.Vendor, ID: tenant},
		Ledger: ledger.OrganisationID{Vendor: xero.Vendor, ID: t.Servers.Organisation}}
}

// cloneLinks gives the orders of a world in which all are alike the link that the engine has given to the
// first, each with its own ids and mark. It stands for the run that would have pushed them all.
func cloneLinks(ctx context.Context, t task) (err error) {
	db, err := sqlite.Open(ctx, t.File, nil)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	pair := pairOf(t)
	var first store.Link
	err = db.View(ctx, func(tx store.Tx) error {
		link, ok, err := tx.Links().Get(pair, ledger.KindInvoice, strconv.FormatInt(number(0), 10))
		if err == nil && (!ok || link.State != store.Written) {
			err = errors.New("the first order is not linked")
		}
		first = link
		return err
	})
	const portion = 1000
	for from := 1; from < t.Orders && err == nil; from += portion {
		err = db.Update(ctx, func(tx store.Tx) error {
			links := make([]store.Link, 0, portion)
			for i := from; i < min(from+portion, t.Orders); i++ {
				l := first
				l.SourceID = strconv.FormatInt(number(i), 10)
				l.Mark = ledger.NewMark(pair.Ledger, ledger.KindInvoice, pair.Source, l.SourceID, 0)
				l.LedgerID, l.LedgerNumber = invoiceGUID(i), fmt.Sprintf("INV-%d", i+1)
				links = append(links, l)
			}
			return tx.Links().Put(links...)
		})
	}
	return err
}

// expected says whether the run did what it was measured for.
func expected(t task, r invoicesync.Report) error {
	w := worldOf(t)
	wanted := (w.orders + w.pushed - 1) / w.pushed
	created, already := wanted, 0
	if t.Again {
		created, already = 0, wanted
	}
	payments := 0
	if t.Payments {
		payments = created
	}
	if r.Invoices.Read != w.orders || r.Invoices.Created != created || r.Invoices.Already != already || r.Payments.Created != payments || !r.Difference.IsZero() {
		return fmt.Errorf("the engine was to read %d orders, create %d invoices, find %d there already and book %d payments; it says %+v, %+v",
			w.orders, created, already, payments, r.Invoices, r.Payments)
	}
	return nil
}

// unlimited is a budget that never waits: the limits are the servers', and theirs are off.
type unlimited struct{}

func (unlimited) Take(context.Context, int, ...limit.Window) (*limit.Grant, error) {
	return limit.NewGrant(0, nil), nil
}

func (unlimited) Learn(context.Context, limit.Window, int, time.Time) error { return nil }
