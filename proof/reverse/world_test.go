// Package reverse proves that two flows between the same two organisations, one each way, come to rest: the
// real engine and the real adapters of Infusionsoft and Xero over their fakes, in virtual time. What one flow
// has written the other one reads, and must neither push nor pay again.
package reverse

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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

const (
	tenant = "xx123.infusionsoft.com"
	token  = "tok-5f0c1d2e"
)

// world is two companies that are one, with a flow each way over one store.
type world struct {
	*testing.T
	keap       *infusionsoftfake.Fake
	xero       *xerofake.Fake
	keapFaults *faults.Plan
	xeroFaults *faults.Plan
	db         store.Store
	opts       invoicesync.Options
	proven     bool // the notes of payments are read back
	there      invoicesync.Settings
	back       invoicesync.Settings
	n          int
}

// bubble runs f in virtual time, from a Monday of January 2025 at noon UTC.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2025, 1, 6, 12, 0, 0, 0, time.UTC)))
		f(t)
	})
}

// start is the first day of the way back.
var start = ledger.MustDate("2025-01-01")

func newWorld(t *testing.T, switches infusionsoftfake.Switches) *world {
	t.Helper()
	w := &world{T: t, keapFaults: faults.New(3), xeroFaults: faults.New(4), db: store.NewMemory(), proven: switches.NotesReadBack}
	var err error
	w.keap, err = infusionsoftfake.New(&infusionsoftfake.Options{
		Tenants: []infusionsoftfake.Tenant{{ID: tenant, Currency: "AUD", TimeZone: "Australia/Sydney"}}, Faults: w.keapFaults, Switches: switches,
	})
	w.ok(err)
	w.xero, err = xerofake.New(&xerofake.Options{Faults: w.xeroFaults, Seed: 7})
	w.ok(err)
	key, err := store.NewKey("test")
	w.ok(err)
	ring, err := store.NewKeyring(key)
	w.ok(err)
	w.opts = invoicesync.Options{Sealer: ring, Owner: "here", MemoryStore: true, MaxCreates: -1}
	keap := ledger.OrganisationID{Vendor: "infusionsoft", ID: tenant}
	books := ledger.OrganisationID{Vendor: "xero", ID: w.xero.Books().Organisation().OrganisationID}
	w.there = invoicesync.Settings{
		Source: keap, Ledger: books, Processing: true, Currency: "AUD", Mode: eligibility.AsRaised,
		Due:      invoicesync.DueDateSettings{Days: 14},
		Accounts: invoicesync.AccountSettings{Default: "200", Discount: "205", Shipping: "210"},
		Tax:      invoicesync.TaxSettings{TaxableCode: "OUTPUT", ZeroCode: "EXEMPTOUTPUT"},
		Payments: invoicesync.PaymentSettings{Account: "090"},
		Contacts: invoicesync.ContactSettings{Suffix: true},
	}
	w.back = invoicesync.Settings{
		Source: books, Ledger: keap, Processing: true, Currency: "AUD", Mode: eligibility.AsRaised,
		Start: eligibility.Start{Date: start},
		Due:   invoicesync.DueDateSettings{AsSource: true},
		Tax:   invoicesync.TaxSettings{Handling: invoicesync.TaxAsLine},
		// A manual payment type, as the application spells it.
		Payments: invoicesync.PaymentSettings{Account: "Check"},
		Contacts: invoicesync.ContactSettings{Suffix: true},
	}
	return w
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) keapSide() *infusionsoft.Ledger {
	w.Helper()
	l, err := infusionsoft.NewLedger(w.keap.Client(token), &infusionsoft.Options{Tenant: tenant, NotesReadBack: w.proven})
	w.ok(err)
	return l
}

func (w *world) xeroSide() *xero.Ledger {
	w.Helper()
	l, err := xero.New(w.xero.Client(token), w.xero.Books().Organisation().TenantID, &xero.Options{Organisation: w.there.Ledger})
	w.ok(err)
	return l
}

// flows opens both flows anew, adapters included, as new processes do.
func (w *world) flows() (there, back *invoicesync.Push) {
	w.Helper()
	there, err := invoicesync.NewPush(w.db, w.keapSide(), w.xeroSide(), w.there, &w.opts)
	w.ok(err)
	back, err = invoicesync.NewPush(w.db, invoicesync.FromLedger(w.xeroSide()), w.keapSide(), w.back, &w.opts)
	w.ok(err)
	return there, back
}

// settle runs a flow until nothing is uncertain or deferred, and returns all that it wrote.
func (w *world) settle(p *invoicesync.Push) (last invoicesync.Report, writes int) {
	w.Helper()
	for range 12 {
		rep, err := p.Run(context.Background())
		if err != nil && !errors.Is(err, ledger.ErrLater) {
			w.Fatalf("%s: %v", p.Name(), err)
		}
		if rep.Invoices.Sum() != rep.Invoices.Read || rep.Payments.Sum() != rep.Payments.Read {
			w.Fatalf("%s: the report does not add up: %+v", p.Name(), rep)
		}
		writes += rep.Writes
		if err == nil && rep.Invoices.Uncertain+rep.Payments.Uncertain+rep.Invoices.Deferred+rep.Payments.Deferred == 0 {
			return rep, writes
		}
		wait := time.Minute
		if !rep.ResumeAt.IsZero() {
			wait = max(time.Until(rep.ResumeAt)+time.Second, time.Second)
		}
		time.Sleep(wait)
	}
	w.Fatalf("%s never comes to rest", p.Name())
	return last, 0
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

// What people enter by hand, on either side.

func (w *world) client() int64 {
	w.Helper()
	w.n++
	c, err := w.keap.AddContact(infusionsoftfake.Contact{GivenName: "Client", FamilyName: fmt.Sprint("No ", w.n),
		Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: fmt.Sprintf("client%d@example.com", w.n)}}})
	w.ok(err)
	return c.ID
}

func (w *world) customer() string {
	w.Helper()
	w.n++
	c, err := w.xero.Books().AddContact(xerofake.Contact{Name: fmt.Sprint("Customer ", w.n), EmailAddress: fmt.Sprintf("customer%d@example.com", w.n)})
	w.ok(err)
	return c.ContactID
}

// item is a line of an order.
func item(kind, price string, taxable bool) infusionsoftfake.Item {
	i := infusionsoftfake.Item{Type: kind, Name: "Thing", Price: dec(price), Quantity: 1}
	if kind == "PRODUCT" {
		i.Product = &infusionsoftfake.ItemProduct{ID: 1, Name: "Thing", SKU: "THING", Taxable: taxable}
	}
	return i
}

func (w *world) order(client int64, items ...infusionsoftfake.Item) infusionsoftfake.Order {
	w.Helper()
	o, err := w.keap.AddOrder(infusionsoftfake.Order{ContactID: client, Title: "Order", Status: "SENT", OrderTime: time.Now(), Items: items})
	w.ok(err)
	return o
}

func (w *world) payOrder(id int64, amount string) {
	w.Helper()
	_, err := w.keap.AddPayment(infusionsoftfake.Payment{OrderID: id, Amount: dec(amount), Status: "MANUAL_PAID", Time: time.Now()})
	w.ok(err)
}

// line is a line of an invoice.
func line(quantity, price, tax string) xerofake.Line {
	return xerofake.Line{Description: "Work", AccountCode: "200", TaxType: tax, Quantity: dec(quantity), UnitAmount: dec(price)}
}

func (w *world) invoice(customer, mode string, day ledger.Date, lines ...xerofake.Line) xerofake.Invoice {
	w.Helper()
	inv, err := w.xero.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{
		ContactID: customer, LineAmountTypes: mode, Date: xerofake.Date(day.String()), DueDate: xerofake.Date(day.AddDays(30).String()), Lines: lines,
	}})
	w.ok(err)
	return inv
}

func (w *world) payInvoice(id, amount string) {
	w.Helper()
	_, err := w.xero.Books().AddPayment(xerofake.Payment{InvoiceID: id, Amount: dec(amount)})
	w.ok(err)
}

// census is how many records of each kind there are on both sides.
type census struct{ orders, clients, rows, invoices, customers, payments int }

func (w *world) census() census {
	c := census{orders: len(w.keap.Orders()), clients: len(w.keap.Contacts()), invoices: len(w.xero.Books().Invoices()),
		customers: len(w.xero.Books().Contacts()), payments: len(w.xero.Books().Payments())}
	for _, o := range w.keap.Orders() {
		c.rows += len(w.keap.PaymentRows(o.ID))
	}
	return c
}

// links returns the links of a flow that were written, by source id.
func (w *world) links(s invoicesync.Settings, kind ledger.RecordKind) map[string]store.Link {
	w.Helper()
	var list []store.Link
	w.ok(w.db.View(context.Background(), func(tx store.Tx) (err error) {
		list, err = tx.Links().List(store.LinkFilter{Pair: store.Pair{Source: s.Source, Ledger: s.Ledger}, Kind: kind, Limit: 100000})
		return err
	}))
	written := map[string]store.Link{}
	for _, l := range list {
		if l.State == store.Written {
			written[l.SourceID] = l
		}
	}
	return written
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

func number(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

var strangerWithout = xerofake.Contact{Name: "Stranger Without Address"}

func giveAddress(c *xerofake.Contact) { c.EmailAddress = "stranger@example.com" }

func dearer(inv *xerofake.Invoice) { inv.Lines[0].UnitAmount = dec("120.00") }
