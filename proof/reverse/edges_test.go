package reverse

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

func today() ledger.Date { return ledger.DateIn(time.Now(), time.UTC) }

// reasons returns the code of the first reason of each link of a kind.
func (w *world) reasons(s invoicesync.Settings, kind ledger.RecordKind) []string {
	w.Helper()
	var list []store.Link
	w.ok(w.db.View(context.Background(), func(tx store.Tx) (err error) {
		list, err = tx.Links().List(store.LinkFilter{Pair: store.Pair{Source: s.Source, Ledger: s.Ledger}, Kind: kind})
		return err
	}))
	var codes []string
	for _, l := range list {
		if len(l.Reasons) > 0 {
			codes = append(codes, string(l.State)+" "+l.Reasons[0].Code)
		}
	}
	slices.Sort(codes)
	return codes
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

// A client who has no e-mail address cannot be found by one. The customer that was made of him is him all the
// same, and an invoice for the customer is his; a customer of nobody's making without an address is shown to a
// person, and goes on once there is one.
func TestClientWithoutAddress(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newWorld(t, infusionsoftfake.Switches{NotesReadBack: true})
		c, err := w.keap.AddContact(infusionsoftfake.Contact{GivenName: "Silent", FamilyName: "Client", Phones: []infusionsoftfake.Phone{{Field: "PHONE1", Number: "5550100"}}})
		w.ok(err)
		w.order(c.ID, item("PRODUCT", "10.00", false))
		there, back := w.flows()
		w.settle(there)
		customer := w.xero.Books().Contacts()[0]
		if customer.EmailAddress != "" {
			t.Fatalf("the customer has the address %s, and this shows nothing", customer.EmailAddress)
		}
		inv := w.invoice(customer.ContactID, "NoTax", today(), line("1", "20.00", ""))
		w.settle(back)
		o, ok := w.keap.Order(number(w.links(w.back, ledger.KindInvoice)[inv.ID].LedgerID))
		if !ok || o.ContactID != c.ID {
			t.Fatalf("the order is for contact %d, want %d", o.ContactID, c.ID)
		}

		stranger, err := w.xero.Books().AddContact(strangerWithout)
		w.ok(err)
		w.invoice(stranger.ContactID, "NoTax", today(), line("1", "30.00", ""))
		_, back = w.flows()
		w.settle(back)
		if n := len(w.keap.Orders()); n != 2 {
			t.Fatalf("%d orders, want 2: the vendor takes no contact without an address", n)
		}
		// Nothing that could help has changed: nothing is tried again.
		time.Sleep(25 * time.Hour)
		_, back = w.flows()
		w.settle(back)
		time.Sleep(time.Hour)
		writes := w.keap.Writes()
		_, back = w.flows()
		w.settle(back)
		if w.keap.Writes() != writes {
			t.Fatal("it was tried again, and nothing had changed")
		}
		w.ok(w.xero.Books().EditContact(stranger.ContactID, giveAddress))
		_, back = w.flows()
		w.settle(back)
		if n := len(w.keap.Orders()); n != 3 {
			t.Fatalf("%d orders, want 3 once there is an address: %v", n, w.reasons(w.back, ledger.KindInvoice))
		}
	})
}

// Whether the notes of a payment are read back is not documented. Until somebody has seen it, a payment whose
// answer was lost is shown to a person and never sent again, whether it had arrived or not; one that was
// answered is known by its answer.
func TestLostPaymentIsShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault faults.Kind
		notes bool
		rows  int // of the lost payment, at last
		code  []string
	}{
		"arrived, notes unproven":       {faults.LoseAnswer, false, 1, []string{"parked maybe_deleted"}},
		"never arrived, notes unproven": {faults.LoseRequest, false, 0, []string{"parked maybe_deleted"}},
		"arrived, notes proven":         {faults.LoseAnswer, true, 1, nil},
		"never arrived, notes proven":   {faults.LoseRequest, true, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				w := newWorld(t, infusionsoftfake.Switches{NotesReadBack: c.notes})
				inv := w.invoice(w.customer(), "NoTax", today(), line("1", "100.00", ""))
				w.payInvoice(inv.ID, "40.00")
				_, back := w.flows()
				w.settle(back)
				order := number(w.links(w.back, ledger.KindInvoice)[inv.ID].LedgerID)
				if rows := w.keap.PaymentRows(order); len(rows) != 1 {
					t.Fatalf("%d payments, want the one that was answered", len(rows))
				}
				expect(t, "a payment that was answered", w.reasons(w.back, ledger.KindPayment))

				w.keapFaults.Add(faults.Fault{Kind: c.fault, Method: "POST", Path: "/payments", Times: 1})
				w.payInvoice(inv.ID, "60.00")
				for range 3 {
					_, back = w.flows()
					w.settle(back)
					time.Sleep(25 * time.Hour)
				}
				if len(w.keapFaults.Hits()) != 1 {
					t.Fatal("nothing was lost")
				}
				if rows := w.keap.PaymentRows(order); len(rows) != 1+c.rows {
					t.Fatalf("%d payments, want %d", len(rows), 1+c.rows)
				}
				expect(t, "the payment that was lost", w.reasons(w.back, ledger.KindPayment), c.code...)
				// And the way there knows its own: nothing comes back to xero.
				there, _ := w.flows()
				w.settle(there)
				if n := len(w.xero.Books().Payments()); n != 2 {
					t.Fatalf("xero has %d payments, want 2", n)
				}
			})
		})
	}
}

// A store that does not know what another one wrote must not push it back. It is shown to a person, and heals
// once the flow that wrote it runs with this store and finds its marks.
func TestMarkOfAnotherStore(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newWorld(t, infusionsoftfake.Switches{NotesReadBack: true})
		w.invoice(w.customer(), "NoTax", today(), line("1", "100.00", ""))
		_, back := w.flows()
		w.settle(back)
		w.db = store.NewMemory()
		before := w.census()
		there, _ := w.flows()
		w.settle(there)
		// Readings overlap; this takes the order out of theirs.
		time.Sleep(time.Hour)
		w.order(w.client(), item("PRODUCT", "5.00", false))
		before.orders, before.clients, before.invoices, before.customers = before.orders+1, before.clients+1, before.invoices+1, before.customers+1
		time.Sleep(time.Hour)
		there, _ = w.flows()
		w.settle(there)
		expect(t, "the way there, in a new store", w.reasons(w.there, ledger.KindInvoice), "parked echo_unknown")
		_, back = w.flows()
		w.settle(back)
		time.Sleep(time.Hour)
		there, _ = w.flows()
		w.settle(there)
		expect(t, "the way there, after the way back", w.reasons(w.there, ledger.KindInvoice), "skipped echo")
		if now := w.census(); now != before {
			t.Fatalf("there were %+v, and are %+v", before, now)
		}
	})
}

// An invoice that is voided in the source is deleted in the other side, where nobody has paid it there, and
// nothing else is.
func TestVoidedInSource(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newWorld(t, infusionsoftfake.Switches{NotesReadBack: true})
		w.back.OnDelete = invoicesync.DeleteVoid
		customer := w.customer()
		gone := w.invoice(customer, "NoTax", today(), line("1", "100.00", ""))
		kept := w.invoice(customer, "NoTax", today(), line("1", "50.00", ""))
		_, back := w.flows()
		w.settle(back)
		links := w.links(w.back, ledger.KindInvoice)
		// Somebody has taken money for the second one, on the side that knows nothing of the void.
		time.Sleep(time.Minute)
		w.payOrder(number(links[kept.ID].LedgerID), "50.00")
		w.ok(w.xero.Books().VoidInvoice(gone.ID))
		w.ok(w.xero.Books().VoidInvoice(kept.ID))
		time.Sleep(time.Hour)
		for range 2 {
			_, back = w.flows()
			w.settle(back)
			there, _ := w.flows()
			w.settle(there)
			time.Sleep(time.Hour)
		}
		if _, ok := w.keap.Order(number(links[gone.ID].LedgerID)); ok {
			t.Errorf("the order of the voided invoice is still there: %v", w.reasons(w.back, ledger.KindInvoice))
		}
		if _, ok := w.keap.Order(number(links[kept.ID].LedgerID)); !ok {
			t.Error("an order with a payment was deleted")
		}
		if n := len(w.xero.Books().Invoices()); n != 2 {
			t.Errorf("xero has %d invoices, want 2", n)
		}
	})
}

// An invoice that is edited in the source is written anew, where the settings want that and nobody has paid; a
// payment that is taken back there cannot be taken back here, and is shown to a person.
func TestChangedInSource(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := newWorld(t, infusionsoftfake.Switches{NotesReadBack: true})
		w.back.OnEdit = invoicesync.EditVoid
		customer := w.customer()
		edited := w.invoice(customer, "NoTax", today(), line("1", "100.00", ""))
		paid := w.invoice(customer, "NoTax", today(), line("1", "50.00", ""))
		w.payInvoice(paid.ID, "50.00")
		_, back := w.flows()
		w.settle(back)
		time.Sleep(time.Minute)
		w.ok(w.xero.Books().EditInvoice(edited.ID, dearer))
		w.ok(w.xero.Books().DeletePayment(w.xero.Books().Payments()[0].PaymentID))
		for range 3 {
			time.Sleep(time.Hour)
			_, back = w.flows()
			w.settle(back)
			there, _ := w.flows()
			w.settle(there)
		}
		orders := w.keap.Orders()
		if len(orders) != 2 || len(w.xero.Books().Invoices()) != 2 {
			t.Fatalf("%d orders and %d invoices, want 2 and 2", len(orders), len(w.xero.Books().Invoices()))
		}
		totals, _ := w.keap.Totals(orders[1].ID)
		equal(t, "the order that was written anew", totals.Total, "120")
		// Xero shows a deleted payment on its invoice no more.
		expect(t, "the payment that was taken back", w.reasons(w.back, ledger.KindPayment), "written deleted_in_source")
		if rows := w.keap.PaymentRows(orders[0].ID); len(rows) != 1 || rows[0].Status != "MANUAL_PAID" {
			t.Errorf("the payment is %+v, and nobody but a person may change it", rows)
		}
	})
}
