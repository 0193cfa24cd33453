package invoicesync_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/hosttest"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/store"
)

// importWorld is one import between a ledger and a host in memory.
type importWorld struct {
	t        *testing.T
	books    *ledgertest.Memory
	host     *hosttest.Memory
	db       store.Store
	settings invoicesync.ImportSettings
	opts     invoicesync.Options
	contact  ledger.Contact
	steps    func(string)
	events   []invoicesync.Event
}

func newImportWorld(t *testing.T) *importWorld {
	t.Helper()
	// A bubble's clock starts at midnight UTC of 1 January 2000, which tests must not depend on.
	time.Sleep(time.Until(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	books, err := ledgertest.NewMemory(nil)
	must(t, err)
	w := &importWorld{t: t, books: books, host: &hosttest.Memory{}, db: store.NewMemory()}
	w.contact, err = books.Books().AddContact(ledger.Contact{Name: "Client One"})
	must(t, err)
	w.settings = invoicesync.ImportSettings{Ledger: books.Books().Organisation().ID, Account: "practice", Processing: true,
		Currency: "AUD", TaxCodes: []string{"OUTPUT", "NONE"}}
	w.opts = invoicesync.Options{Owner: "here", Observer: func(e invoicesync.Event) { w.events = append(w.events, e) }}
	return w
}

// inImport runs f in virtual time with a world of its own.
func inImport(t *testing.T, f func(*testing.T, *importWorld)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { f(t, newImportWorld(t)) })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *importWorld) open() *invoicesync.Import {
	w.t.Helper()
	imp, err := invoicesync.NewImport(w.db, w.books, w.host, w.settings, &w.opts)
	must(w.t, err)
	imp.SetSteps(w.steps)
	return imp
}

// run runs once, and checks that the report adds up.
func (w *importWorld) run() invoicesync.Report {
	w.t.Helper()
	rep, err := w.open().Run(context.Background())
	must(w.t, err)
	w.addsUp(rep)
	return rep
}

func (w *importWorld) addsUp(rep invoicesync.Report) {
	w.t.Helper()
	if rep.Invoices.Read != rep.Invoices.Sum() {
		w.t.Fatalf("%d judged, states sum to %d: %+v", rep.Invoices.Read, rep.Invoices.Sum(), rep.Invoices)
	}
}

// invoice adds an approved invoice of one line, dated some days ago.
func (w *importWorld) invoice(amount string, days int) ledger.Invoice {
	w.t.Helper()
	return w.add(ledger.Invoice{Date: w.today().AddDays(-days), DueDate: w.today().AddDays(14 - days), Lines: []ledger.Line{work(amount)}})
}

func (w *importWorld) add(inv ledger.Invoice) ledger.Invoice {
	w.t.Helper()
	inv.Contact = w.contact
	added, err := w.books.Books().AddInvoice(inv)
	must(w.t, err)
	return added
}

func work(amount string) ledger.Line {
	a := decimal.RequireFromString(amount)
	return ledger.Line{Kind: ledger.LineOther, Description: "Work", Quantity: decimal.NewFromInt(1), UnitPrice: a, Amount: a, Account: "200", TaxCode: "NONE"}
}

func (w *importWorld) today() ledger.Date { return ledger.DateIn(time.Now(), time.UTC) }

func (w *importWorld) pay(id, amount string) ledger.Payment {
	w.t.Helper()
	p, err := w.books.Books().AddPayment(ledger.Payment{InvoiceID: id, Date: w.today(), Amount: decimal.RequireFromString(amount), Account: "090"})
	must(w.t, err)
	return p
}

func (w *importWorld) pair() store.Pair {
	return store.Pair{Source: w.settings.Ledger, Ledger: ledger.OrganisationID{Vendor: invoicesync.HostVendor, ID: w.settings.Account}}
}

func (w *importWorld) held(id string) hosttest.Record {
	w.t.Helper()
	r, ok := w.host.Invoice(w.pair(), id)
	if !ok {
		w.t.Fatalf("the host does not hold %s", id)
	}
	return r
}

func (w *importWorld) link(id string) store.Link {
	w.t.Helper()
	var l store.Link
	var ok bool
	must(w.t, w.db.View(context.Background(), func(tx store.Tx) (err error) {
		l, ok, err = tx.Links().Get(w.pair(), ledger.KindInvoice, id)
		return err
	}))
	if !ok {
		w.t.Fatalf("there is no link of %s", id)
	}
	return l
}

func (w *importWorld) codes(id string) []string {
	w.t.Helper()
	var codes []string
	for _, r := range w.link(id).Reasons {
		codes = append(codes, r.Code)
	}
	return codes
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func TestImportFollows(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		inv := w.invoice("100.00", 10)
		old := w.invoice("50.00", 91)
		rep := w.run()
		equal(t, "imported", rep.Invoices.Created, 1)
		equal(t, "judged: the old one is not read", rep.Invoices.Read, 1)
		equal(t, "what", w.held(inv.ID).What, invoicesync.Imported)

		told := func(what invoicesync.What, balance string, payments int) {
			t.Helper()
			time.Sleep(time.Hour)
			rep := w.run()
			equal(t, "delivered", rep.Invoices.Updated, 1)
			r := w.held(inv.ID)
			equal(t, "what", r.What, what)
			equal(t, "balance", r.Invoice.Totals.Balance.String(), balance)
			equal(t, "payments", len(r.Invoice.Payments), payments)
		}
		first := w.pay(inv.ID, "30.00")
		told(invoicesync.PartPaid, "70", 1)
		second := w.pay(inv.ID, "70.00")
		told(invoicesync.Paid, "0", 2)
		equal(t, "status", w.held(inv.ID).Invoice.Status, ledger.StatusPaid)
		must(t, w.books.Books().DeletePayment(second.ID))
		told(invoicesync.Reopened, "70", 1)
		must(t, w.books.Books().DeletePayment(first.ID))
		told(invoicesync.Reopened, "100", 0)
		must(t, w.books.Books().EditInvoice(inv.ID, func(inv *ledger.Invoice) { inv.Lines = append(inv.Lines, work("5.00")) }))
		told(invoicesync.Changed, "105", 0)
		equal(t, "lines", len(w.held(inv.ID).Invoice.Lines), 2)
		must(t, w.books.Books().VoidInvoice(inv.ID))
		told(invoicesync.Voided, "105", 0)
		equal(t, "status", w.held(inv.ID).Invoice.Status, ledger.StatusVoided)

		time.Sleep(time.Hour)
		calls := w.host.Calls()
		rep = w.run()
		equal(t, "judged when nothing changed", rep.Invoices.Read, 0)
		equal(t, "deliveries when nothing changed", w.host.Calls(), calls)

		// A sweep passes the old one over as well: its verdict would only cost budget.
		time.Sleep(25 * time.Hour)
		equal(t, "judged in a sweep", w.run().Invoices.Read, 0)

		// The old one is judged once it changes.
		w.pay(old.ID, "1.00")
		rep = w.run()
		equal(t, "skipped", rep.Invoices.Skipped["part_paid"], 1)
		equal(t, "the host's invoices", len(w.host.Invoices()), 1)
	})
}
