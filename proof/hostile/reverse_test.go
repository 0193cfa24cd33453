package hostile

import (
	"context"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// both are two flows between an Infusionsoft application and a Xero organisation, one each way. back has a store
// of its own where a test says so.
type both struct {
	*rig.Rig
	backDB store.Store
}

func bothWays(t *testing.T, f func(*testing.T, *both)) {
	t.Helper()
	in(t, rig.World{Keap: infusionsoftfake.Switches{NotesReadBack: true}}, func(t *testing.T, r *rig.Rig) {
		f(t, &both{Rig: r})
	})
}

func (b *both) back() *invoicesync.Push {
	b.T.Helper()
	l, err := infusionsoft.NewLedger(b.Keap.Client(rig.Token), &infusionsoft.Options{Tenant: rig.Tenant, NotesReadBack: true})
	rig.Check(b.T, err)
	db := b.DB
	if b.backDB != nil {
		db = b.backDB
	}
	s := invoicesync.Settings{
		Source: b.Settings.Ledger, Ledger: b.Settings.Source, Processing: true, Currency: "AUD", Mode: eligibility.AsRaised,
		Start: eligibility.Start{Date: ledger.MustDate("2025-01-01")},
		Due:   invoicesync.DueDateSettings{AsSource: true}, Tax: invoicesync.TaxSettings{Handling: invoicesync.TaxAsLine},
		Payments: invoicesync.PaymentSettings{Account: "Check"}, Contacts: invoicesync.ContactSettings{Suffix: true},
	}
	p, err := invoicesync.NewPush(db, invoicesync.FromLedger(b.LedgerSide()), l, s, &b.Opts)
	rig.Check(b.T, err)
	return p
}

// round runs both flows, for a day.
func (b *both) round() (there, back invoicesync.Report) {
	b.T.Helper()
	var err error
	for range 4 {
		there, err = b.Push().Run(context.Background())
		rig.Check(b.T, err)
		back, err = b.back().Run(context.Background())
		rig.Check(b.T, err)
		time.Sleep(7 * time.Hour)
	}
	return there, back
}

func (b *both) counts() [4]int {
	rows := 0
	for _, o := range b.Keap.Orders() {
		rows += len(b.Keap.PaymentRows(o.ID))
	}
	return [4]int{len(b.Keap.Orders()), rows, len(b.LiveInvoices()), len(b.LivePayments())}
}

func (b *both) still(want [4]int) {
	b.T.Helper()
	if got := b.counts(); got != want {
		b.T.Fatalf("orders, their payments, invoices, their payments: %v, want %v", got, want)
	}
}

// line is an invoice of one line that a bookkeeper enters in Xero.
func (b *both) line(url, amount string) xerofake.Invoice {
	b.T.Helper()
	c, err := b.Xero.Books().AddContact(xerofake.Contact{Name: "Customer " + amount, EmailAddress: "c" + amount + "@example.com"})
	rig.Check(b.T, err)
	inv, err := b.Xero.Books().AddInvoice(xerofake.Invoice{URL: url, Document: xerofake.Document{ContactID: c.ContactID, LineAmountTypes: "NoTax",
		Lines: []xerofake.Line{{Description: "Work", Quantity: dec("1"), UnitAmount: dec(amount), AccountCode: "200"}}}})
	rig.Check(b.T, err)
	return inv
}

// A bookkeeper copies an invoice that we wrote, mark and all: it is another sale, and not an echo that nobody
// needs to hear of.
func TestCopiedInvoiceIsNoEcho(t *testing.T) {
	bothWays(t, func(t *testing.T, b *both) {
		o := b.Order("110.00", false)
		b.round()
		url := inXero(t, b.Rig, o).URL
		if url == "" {
			t.Fatal("the invoice carries no mark")
		}
		b.line(url, "70.00")
		there, back := b.round()
		if len(back.Invoices.Parked)+back.Invoices.Created == 0 && len(b.Keap.Orders()) == 1 {
			t.Errorf("a sale of 70.00 is taken for our own writing, and nobody is told: %+v, %+v", there.Invoices, back.Invoices)
		}
		time.Sleep(25 * time.Hour)
		want := b.counts()
		b.round()
		b.still(want)
	})
}

// A bookkeeper copies the reference of a payment that we wrote, mark and all, onto another one.
func TestCopiedReferenceIsNoEcho(t *testing.T) {
	bothWays(t, func(t *testing.T, b *both) {
		inv := b.line("", "100.00")
		b.round()
		orders := b.Keap.Orders()
		if len(orders) != 1 {
			t.Fatalf("%+v", orders)
		}
		paid := b.Order("110.00", true)
		b.round()
		var reference string
		for _, p := range b.LivePayments() {
			if p.InvoiceID == inXero(t, b.Rig, paid).ID {
				reference = p.Reference
			}
		}
		if reference == "" {
			t.Fatal("no payment with a mark")
		}
		_, err := b.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inv.ID, Amount: dec("30.00"), Reference: reference})
		rig.Check(t, err)
		_, back := b.round()
		if n := len(b.Keap.PaymentRows(orders[0].ID)); n == 0 && len(back.Payments.Parked) == 0 {
			t.Errorf("30.00 are taken for our own writing, and nobody is told: %+v", back.Payments)
		}
		want := b.counts()
		b.round()
		b.still(want)
	})
}

// Each way has a store of its own: neither knows what the other wrote, and the numbers of records stay still.
func TestTwoStoresForTwoWays(t *testing.T) {
	bothWays(t, func(t *testing.T, b *both) {
		b.backDB = store.NewMemory()
		b.Order("110.00", true)
		inv := b.line("", "70.00")
		_, err := b.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inv.ID, Amount: dec("30.00")})
		rig.Check(t, err)
		b.round()
		want := b.counts()
		for range 3 {
			b.round()
			b.still(want)
		}
		if want != [4]int{2, 2, 2, 2} {
			t.Fatalf("%v", want)
		}
	})
}

// Each side gets a payment of the same invoice on the same day, while both flows run at once.
func TestBothSidesArePaid(t *testing.T) {
	bothWays(t, func(t *testing.T, b *both) {
		o := b.Order("110.00", false)
		inv := b.line("", "100.00")
		b.round()
		b.Pay(o.ID, "40.00")
		_, err := b.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inXero(t, b.Rig, o).ID, Amount: dec("40.00")})
		rig.Check(t, err)
		_, err = b.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inv.ID, Amount: dec("25.00")})
		rig.Check(t, err)
		done := make(chan error)
		there, back := b.Push(), b.back()
		go func() { _, err := there.Run(context.Background()); done <- err }()
		go func() { _, err := back.Run(context.Background()); done <- err }()
		for range 2 {
			rig.Check(t, <-done)
		}
		b.round()
		want := b.counts()
		for range 3 {
			b.round()
			b.still(want)
		}
		if paid := inXero(t, b.Rig, o).AmountDue; !paid.Equal(dec("70.00")) {
			t.Errorf("40.00, entered on both sides, left %s of 110.00", paid)
		}
	})
}

// The one store of both ways is restored from a copy of before the last round.
func TestBothWaysRestored(t *testing.T) {
	bothWays(t, func(t *testing.T, b *both) {
		b.Order("110.00", true)
		b.line("", "70.00")
		b.round()
		copied := clone(b.DB)
		o := b.Order("50.00", true)
		inv := b.line("", "60.00")
		_, err := b.Xero.Books().AddPayment(xerofake.Payment{InvoiceID: inv.ID, Amount: dec("20.00")})
		rig.Check(t, err)
		b.round()
		want := b.counts()
		b.DB = copied
		for range 3 {
			b.round()
			b.still(want)
		}
		if link(t, b.Rig, ledger.KindInvoice, idOf(o)).State != store.Written {
			t.Error("the link was not found again")
		}
	})
}
