package userpain

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// readOnly is a store in which a write is an error.
type readOnly struct{ store.Store }

func (readOnly) Update(context.Context, func(store.Tx) error) error {
	return errors.New("a preview wrote to the store")
}

// varied adds orders of many kinds and returns them.
func varied(r *rig.Rig) []infusionsoftfake.Order {
	var orders []infusionsoftfake.Order
	add := func(o infusionsoftfake.Order, pays ...string) {
		added := r.Add(o)
		for _, p := range pays {
			r.Pay(added.ID, p)
		}
		orders = append(orders, added)
	}
	add(order(product("Mug", "MUG", "10.45", 2, true), item("DISCOUNT_ORDER_TOTAL", "5 % off", "-1.05"), item("TAX", "GST", "1.99")), "21.84")
	add(order(product("Widget", "WIDGET", "30.00", 1, false), item("SHIPPING", "Courier", "5.00")))
	add(order(rig.Thing("100.00"), item("FINANCE_CHARGE", "Interest", "7.50")), "50.00")
	add(order(rig.Thing("0.00")))
	add(order(rig.Thing("60.00")), "80.00") // overpaid
	add(order(product("Hat", "HAT", "50.00", 1, true), item("TAX", "Tax", "4.00")))
	same := r.Client()
	for range 2 {
		o := order(rig.Thing("12.00"))
		o.ContactID = same.ID
		add(o)
	}
	return orders
}

// A preview says exactly what the run then writes, and writes nothing itself: not to the ledger, not to
// the store.
func TestPreviewIsWhatRunWrites(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		orders := varied(r)
		known, err := r.Xero.Books().AddContact(xerofake.Contact{Name: "Known Already", EmailAddress: "client2@example.com"})
		rig.Check(t, err)
		r.Settings.Processing = false
		db := r.DB
		r.DB = readOnly{db}
		planned := map[string]invoicesync.Planned{}
		for round := range 2 { // and again, with the same result
			for p, err := range r.Push().Preview(t.Context()) {
				rig.Check(t, err)
				if _, twice := planned[p.Ref.ID]; twice && round == 0 {
					t.Fatalf("%s is planned twice", p.Ref.ID)
				}
				planned[p.Ref.ID] = p
			}
			same(t, "planned", len(planned), len(orders))
		}
		same(t, "writes", r.Xero.Writes(), 0)
		one, err := r.Push().PreviewOne(t.Context(), ledger.Ref{Number: idOf(orders[1])})
		rig.Check(t, err)
		same(t, "one of them", one.Invoice.Mark, planned[idOf(orders[1])].Invoice.Mark)

		r.DB = db
		r.Settings.Processing = true
		rep := r.Run()
		created, payments := 0, 0
		for _, o := range orders {
			p := planned[idOf(o)]
			l := link(t, r, ledger.KindInvoice, idOf(o))
			if p.Invoice == nil {
				same(t, "its reason", p.Verdict.First().Code, l.Reasons[0].Code)
				continue
			}
			created++
			inv := inXero(t, r, o)
			same(t, "mark", ledger.MarkIn(inv.URL), p.Invoice.Mark)
			same(t, "date", string(inv.Date), p.Invoice.Date.String())
			same(t, "due", string(inv.DueDate), p.Invoice.DueDate.String())
			same(t, "rule", l.Rule, p.DueRule)
			same(t, "reference", inv.Reference, p.Invoice.Reference)
			money(t, "net", inv.SubTotal, p.Invoice.Totals.Net.String())
			money(t, "tax", inv.TotalTax, p.Invoice.Totals.Tax.String())
			money(t, "total", inv.Total, p.Invoice.Totals.Total.String())
			same(t, "lines", len(inv.Lines), len(p.Invoice.Lines))
			for i, line := range p.Invoice.Lines {
				got := inv.Lines[i]
				same(t, "description", got.Description, line.Description)
				same(t, "account", got.AccountCode, line.Account)
				same(t, "tax code", got.TaxType, line.TaxCode)
				money(t, "amount", got.LineAmount, line.Amount.String())
			}
			contact, _ := r.Xero.Books().Contact(inv.ContactID)
			if p.Contact != nil {
				same(t, "contact", contact.Name, p.Contact.Name)
				same(t, "its mark", contact.ContactNumber, string(p.Contact.Mark))
			} else {
				same(t, "contact", inv.ContactID, p.Invoice.Contact.ID)
			}
			booked := paymentsOf(r, inv)
			for _, pp := range p.Payments {
				if pp.Reason != nil {
					same(t, "the payment's reason", rep.Payments.Parked[pp.Reason.Code], 1)
					continue
				}
				payments++
				same(t, "payments", len(booked), 1)
				money(t, "payment", booked[0].Amount, pp.Payment.Amount.String())
				same(t, "its date", string(booked[0].Date), pp.Payment.Date.String())
				same(t, "its mark", ledger.MarkIn(booked[0].Reference), pp.Payment.Mark)
			}
		}
		// By hand: not the one over zero, nor the one with 8 % tax.
		same(t, "created", created, 6)
		same(t, "payments", payments, 2)
		same(t, "report", rep.Invoices.Created, created)
		same(t, "report", rep.Payments.Created, payments)
		same(t, "the client who was there", inXero(t, r, orders[1]).ContactID, known.ContactID)

		// Afterwards a preview has nothing to create.
		for p, err := range r.Push().Preview(t.Context()) {
			rig.Check(t, err)
			if p.Invoice != nil {
				t.Fatalf("%s would be written again", p.Ref.ID)
			}
		}
	})
}

// A preview ends when its reader stops.
func TestPreviewStops(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		varied(r)
		n := 0
		for _, err := range r.Push().Preview(t.Context()) {
			rig.Check(t, err)
			if n++; n == 2 {
				break
			}
		}
		same(t, "seen", n, 2)
	})
}

// F74: a single invoice by id, by the number printed on it, and by the number that the vendor's list shows.
// Which of them a number is, is never guessed.
func TestOneByIDAndByNumber(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Processing = false
		r.Settings.Start.ID = "5000" // the start does not matter to a person who asks for one
		var orders []infusionsoftfake.Order
		for range 3 {
			orders = append(orders, r.Order("110.00", false))
		}
		same(t, "ids diverge", orders[0].InvoiceID != orders[0].ID, true)
		push := r.Push()
		for i, ref := range []ledger.Ref{{ID: idOf(orders[0])}, {Number: idOf(orders[1])}, {Number: "911"}} { // 909 is the first invoice id
			rep, err := push.One(t.Context(), ref)
			rig.Check(t, err)
			if rep.Invoices.Created != 1 {
				t.Fatalf("%s: %+v", ref, rep.Invoices)
			}
			same(t, "invoices", len(r.LiveInvoices()), i+1)
		}
		for _, o := range orders {
			same(t, "status", inXero(t, r, o).Status, "AUTHORISED")
		}
		_, err := push.One(t.Context(), ledger.Ref{Number: "424242"})
		if !errors.Is(err, ledger.ErrNotFound) {
			t.Fatalf("want ErrNotFound: %v", err)
		}
		_, err = push.PreviewOne(t.Context(), ledger.Ref{ID: "424242"})
		if !errors.Is(err, ledger.ErrNotFound) {
			t.Fatalf("want ErrNotFound: %v", err)
		}
		time.Sleep(time.Minute)
	})
}
