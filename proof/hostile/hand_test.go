package hostile

import (
	"context"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func byHand(t *testing.T, r *rig.Rig, total, number string) xerofake.Invoice {
	t.Helper()
	c, err := r.Xero.Books().AddContact(xerofake.Contact{Name: "By hand " + number})
	rig.Check(t, err)
	inv, err := r.Xero.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{Type: "ACCREC", Number: number, ContactID: c.ContactID, Status: "AUTHORISED",
		Date: "2025-01-04", DueDate: "2025-01-18",
		Lines: []xerofake.Line{{Description: "Thing", Quantity: dec("1"), UnitAmount: dec(total), AccountCode: "200", TaxType: "EXEMPTOUTPUT"}}}})
	rig.Check(t, err)
	return inv
}

// A write is in doubt when a person adopts another invoice in its place. Were that allowed, nobody would
// look for the first one any more, and the order would be in the ledger twice.
func TestAdoptWhileUncertain(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		theirs := byHand(t, r, "50.00", "HAND-1")
		o := r.Order("110.00", false)
		r.Faults.Add(faults.Fault{Method: "PUT", Path: "/Invoices", Kind: faults.CommitLate, Delay: 4 * time.Minute, Times: 1},
			faults.Fault{Method: "PUT", Path: "/Invoices", Kind: faults.LoseRequest, Times: -1})
		_, _ = r.Push().Run(context.Background())
		if s := link(t, r, ledger.KindInvoice, idOf(o)).State; s != store.Uncertain && s != store.Intended {
			t.Fatalf("the write is %s, the test needs it in doubt", s)
		}
		err := r.Push().Adopt(context.Background(), ledger.Ref{ID: idOf(o)}, theirs.ID)
		if err == nil {
			t.Fatal("an invoice in doubt was adopted over")
		}
		r.Faults.Clear()
		time.Sleep(10 * time.Minute)
		r.Settle()
		if got := inXero(t, r, o); got.ID == theirs.ID || len(r.LiveInvoices()) != 2 {
			t.Fatalf("order is %s, %d live invoices", got.Number, len(r.LiveInvoices()))
		}
	})
}

// One invoice of the ledger cannot be two of the source: the payments of both would be booked on it.
func TestAdoptOneInvoiceTwice(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		a, b := r.Order("110.00", false), r.Order("220.00", false)
		rig.Check(t, r.Push().Adopt(context.Background(), ledger.Ref{ID: idOf(a)}, byHand(t, r, "110.00", "HAND-1").ID))
		if err := r.Push().Adopt(context.Background(), ledger.Ref{ID: idOf(b)}, inXero(t, r, a).ID); err == nil {
			t.Fatal("the invoice of another order was adopted")
		}
		r.Run()
		if inXero(t, r, a).ID == inXero(t, r, b).ID {
			t.Fatal("two orders share an invoice")
		}
	})
}

// An invoice that this flow wrote for another order is not free either.
func TestAdoptWhatWeWrote(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		a := r.Order("110.00", false)
		r.Run()
		b := r.Order("220.00", true)
		if err := r.Push().Adopt(context.Background(), ledger.Ref{ID: idOf(b)}, inXero(t, r, a).ID); err == nil {
			t.Fatal("the invoice of another order was adopted")
		}
	})
}

// A void invoice stands for nothing: adopting it would hide the order for ever.
func TestAdoptVoided(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		theirs := byHand(t, r, "110.00", "HAND-1")
		rig.Check(t, r.Xero.Books().VoidInvoice(theirs.ID))
		if err := r.Push().Adopt(context.Background(), ledger.Ref{ID: idOf(o)}, theirs.ID); err == nil {
			t.Fatal("a void invoice was adopted")
		}
	})
}

// A change of an invoice is in doubt when a person wants it created anew.
func TestRecreateWhileAVoidIsInDoubt(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", false)
		rep := r.Run()
		r.Faults.Add(faults.Fault{Method: "POST", Match: nil, Kind: faults.CommitLate, Delay: 4 * time.Minute, Times: 1},
			faults.Fault{Method: "POST", Kind: faults.LoseRequest, Times: -1})
		_, _ = r.Push().Revert(context.Background(), rep.Run)
		if link(t, r, ledger.KindInvoice, idOf(o)).Batch == "" {
			t.Fatal("the void is not in doubt")
		}
		if err := r.Push().Recreate(context.Background(), ledger.Ref{ID: idOf(o)}); err == nil {
			t.Fatal("created anew while it is not known whether the first one is void")
		}
	})
}

// Reverting while a write is in doubt, twice, and running again.
func TestRevertWhileUncertain(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Order("110.00", true)
		r.Faults.Add(faults.Fault{Method: "PUT", Path: "/Invoices", Kind: faults.CommitLate, Delay: 4 * time.Minute, Times: 1},
			faults.Fault{Method: "PUT", Path: "/Invoices", Kind: faults.LoseRequest, Times: -1})
		rep, _ := r.Push().Run(context.Background())
		r.Faults.Clear()
		for range 2 {
			_, err := r.Push().Revert(context.Background(), rep.Run)
			rig.Check(t, err)
		}
		time.Sleep(10 * time.Minute)
		r.Settle()
		r.Expect(1, 1, 1)
	})
}

// After a void by hand of a paid invoice, and Recreate, the new invoice is told of its money.
func TestRecreatedInvoiceAndItsPayments(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", true)
		r.Run()
		for _, p := range r.LivePayments() {
			rig.Check(t, r.Xero.Books().DeletePayment(p.PaymentID))
		}
		rig.Check(t, r.Xero.Books().VoidInvoice(inXero(t, r, o).ID))
		time.Sleep(time.Hour)
		r.Run()
		rig.Check(t, r.Push().Recreate(context.Background(), ledger.Ref{ID: idOf(o)}))
		rep := r.Run()
		if len(r.LiveInvoices()) != 1 {
			t.Fatalf("%d live invoices", len(r.LiveInvoices()))
		}
		if len(r.LivePayments()) == 0 && len(rep.Payments.Parked) == 0 {
			t.Fatal("the money is neither booked nor spoken of")
		}
	})
}

// Recreate of one that still stands, paid: a second one on purpose.
func TestRecreateALivePaidOne(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", true)
		r.Run()
		rig.Check(t, r.Push().Recreate(context.Background(), ledger.Ref{ID: idOf(o)}))
		r.Run()
		r.Expect(2, 1, 1) // the money stays where it is booked
	})
}
