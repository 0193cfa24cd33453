// Package protocol holds the scenarios of the write protocol: each broke, or would break, a real system,
// and each is a test here. They run the real engine and the real adapters over the fakes, in virtual
// time.
package protocol

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// rig is one flow between two fakes.
type rig struct {
	t        *testing.T
	keap     *infusionsoftfake.Fake
	xero     *xerofake.Fake
	faults   *faults.Plan // of the ledger
	sFaults  *faults.Plan // of the source
	db       store.Store
	settings invoicesync.Settings
	opts     invoicesync.Options
	tenant   string // Xero's routing id
	next     int
}

const (
	keapTenant = "xx123.infusionsoft.com"
	// start is a Monday noon; the bubble's own clock starts at midnight of 1 January 2000.
)

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, faults: faults.New(1), sFaults: faults.New(2), db: store.NewMemory()}
	var err error
	r.keap, err = infusionsoftfake.New(&infusionsoftfake.Options{
		Tenants: []infusionsoftfake.Tenant{{ID: keapTenant, Currency: "AUD", TimeZone: "Australia/Sydney"}},
		Faults:  r.sFaults,
	})
	check(t, err)
	r.xero, err = xerofake.New(&xerofake.Options{Faults: r.faults, Seed: 7})
	check(t, err)
	r.tenant = r.xero.Books().Organisation().TenantID
	key, err := store.NewKey("test")
	check(t, err)
	ring, err := store.NewKeyring(key)
	check(t, err)
	r.opts = invoicesync.Options{Sealer: ring, Owner: "here", MemoryStore: true, MaxCreates: -1}
	r.settings = invoicesync.Settings{
		Source:     ledger.OrganisationID{Vendor: "infusionsoft", ID: keapTenant},
		Ledger:     ledger.OrganisationID{Vendor: "xero", ID: r.xero.Books().Organisation().OrganisationID},
		Processing: true, Currency: "AUD", Mode: eligibility.AsRaised, SkipZero: true,
		Due:      invoicesync.DueDateSettings{Days: 14},
		Accounts: invoicesync.AccountSettings{Default: "200", Discount: "205", Shipping: "210", FinanceCharge: "265", SKUAccounts: true},
		Tax:      invoicesync.TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "EXEMPTOUTPUT"},
		Payments: invoicesync.PaymentSettings{Account: "090"},
		Contacts: invoicesync.ContactSettings{Suffix: true},
	}
	return r
}

// ledgerSide and sourceSide open the adapters anew, as a new process does.
func (r *rig) ledgerSide() *xero.Ledger {
	books, err := xero.New(r.xero.Client("token"), r.tenant, &xero.Options{Organisation: r.settings.Ledger})
	check(r.t, err)
	return books
}

func (r *rig) sourceSide() *infusionsoft.Source {
	src, err := infusionsoft.New(r.keap.Client("token"), &infusionsoft.Options{Tenant: keapTenant, RowUnits: infusionsoft.UnitsMajor})
	check(r.t, err)
	return src
}

func (r *rig) push() *invoicesync.Push {
	r.t.Helper()
	p, err := invoicesync.NewPush(r.db, r.sourceSide(), r.ledgerSide(), r.settings, &r.opts)
	check(r.t, err)
	return p
}

func (r *rig) run() invoicesync.Report {
	r.t.Helper()
	rep, err := r.push().Run(context.Background())
	check(r.t, err)
	if rep.Invoices.Sum() != rep.Invoices.Read {
		r.t.Fatalf("invoices: %d judged, states sum to %d: %+v", rep.Invoices.Read, rep.Invoices.Sum(), rep.Invoices)
	}
	return rep
}

// settle runs until nothing is uncertain or deferred, sleeping as the reports say.
func (r *rig) settle() invoicesync.Report {
	r.t.Helper()
	for range 12 {
		rep, err := r.push().Run(context.Background())
		if err != nil && !errors.Is(err, ledger.ErrLater) {
			r.t.Fatal(err)
		}
		if err == nil && rep.Invoices.Uncertain+rep.Payments.Uncertain+rep.Invoices.Deferred+rep.Payments.Deferred == 0 {
			return rep
		}
		d := time.Minute
		if !rep.ResumeAt.IsZero() {
			d = max(time.Until(rep.ResumeAt)+time.Second, time.Second)
		}
		time.Sleep(d)
	}
	r.t.Fatal("the flow never came to rest")
	return invoicesync.Report{}
}

// order adds an order over total AUD, paid in full when paid is set.
func (r *rig) order(total string, paid bool) infusionsoftfake.Order {
	r.t.Helper()
	r.next++
	c, err := r.keap.AddContact(infusionsoftfake.Contact{GivenName: "Client", FamilyName: fmt.Sprint("No ", r.next),
		Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: fmt.Sprintf("client%d@example.com", r.next)}}})
	check(r.t, err)
	return r.orderFor(c.ID, total, paid)
}

func (r *rig) orderFor(contact int64, total string, paid bool) infusionsoftfake.Order {
	r.t.Helper()
	o, err := r.keap.AddOrder(infusionsoftfake.Order{ContactID: contact, Title: "Order", Status: "SENT", OrderTime: time.Now().Add(-48 * time.Hour),
		CreationTime: time.Now().Add(-48 * time.Hour), Items: []infusionsoftfake.Item{{Type: "PRODUCT", Name: "Thing", Price: decimal.RequireFromString(total), Quantity: 1,
			Product: &infusionsoftfake.ItemProduct{ID: 1, Name: "Thing", SKU: "THING"}}}})
	check(r.t, err)
	if paid {
		r.pay(o.ID, total)
	}
	return o
}

func (r *rig) pay(order int64, amount string) infusionsoftfake.Payment {
	r.t.Helper()
	p, err := r.keap.AddPayment(infusionsoftfake.Payment{OrderID: order, Amount: decimal.RequireFromString(amount), Status: "MANUAL_PAID", Time: time.Now().Add(-24 * time.Hour)})
	check(r.t, err)
	return p
}

// expect compares what Xero holds: live invoices, contacts, live payments.
func (r *rig) expect(invoices, contacts, payments int) {
	r.t.Helper()
	gotI, gotP := 0, 0
	for _, i := range r.xero.Books().Invoices() {
		if i.Status != "VOIDED" && i.Status != "DELETED" {
			gotI++
		}
	}
	for _, p := range r.xero.Books().Payments() {
		if p.Status != "DELETED" {
			gotP++
		}
	}
	if gotC := len(r.xero.Books().Contacts()); gotI != invoices || gotC != contacts || gotP != payments {
		r.t.Fatalf("xero holds %d invoices, %d contacts, %d payments; want %d, %d, %d", gotI, gotC, gotP, invoices, contacts, payments)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bubble runs f in virtual time.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(25*365*24*time.Hour + 12*time.Hour) // well away from the year 2000, at noon
		f(t)
	})
}
