package userpain

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// What people decide by hand: adopting, creating again, reverting, and the limits and the last word that a
// host gives itself.

// handmade enters an invoice in Xero for the client of an order, as an earlier product may have done.
func handmade(t *testing.T, r *rig.Rig, o infusionsoftfake.Order, reference, date, total string) xerofake.Invoice {
	t.Helper()
	c, _ := r.Keap.Contact(o.ContactID)
	name := c.GivenName + " " + c.FamilyName
	var id string
	for _, have := range r.Xero.Books().Contacts() {
		if have.Name == name {
			id = have.ContactID
		}
	}
	if id == "" {
		id = theirs(t, r, xerofake.Contact{Name: name, EmailAddress: c.Emails[0].Email}).ContactID
	}
	inv, err := r.Xero.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: id, Reference: reference, Date: xerofake.Date(date),
		Lines: []xerofake.Line{{Description: "Thing", AccountCode: "200", TaxType: "EXEMPTOUTPUT", UnitAmount: dec(total)}}}})
	rig.Check(t, err)
	return inv
}

// An unmarked history: what matches in number, contact, date and total is offered for adoption; what is
// near is for a person to judge; neither is pushed a second time. Orders here are of 4 January 2025.
func TestAdoption(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		exact, near, apart := r.Order("110.00", true), r.Order("120.00", false), r.Order("130.00", false)
		have := handmade(t, r, exact, idOf(exact), "2025-01-04", "110.00")
		handmade(t, r, near, "", "2025-01-04", "120.00")       // the same, without our number
		handmade(t, r, apart, "", "2024-12-24", "130.00")      // of another day
		handmade(t, r, apart, "something", "2025-01-04", "99") // of another total
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1, "parked adoptable": 1, "parked looks_already_there": 1})
		owed(t, rep, map[string]string{"adoptable": "110.00", "looks_already_there": "120.00"})
		holds(t, "the reason names it", reason(t, r, exact).Message, have.ID)

		rig.Check(t, r.Push().Adopt(t.Context(), ledger.Ref{ID: idOf(exact)}, have.ID))
		if err := r.Push().Adopt(t.Context(), ledger.Ref{ID: idOf(exact)}, have.ID); err == nil {
			t.Fatal("adopting twice must be an error")
		}
		rig.Check(t, r.Push().Recreate(t.Context(), ledger.Ref{ID: idOf(near)}))
		rep = r.Run()
		counted(t, "decided", rep.Invoices, tally{"created": 1})
		same(t, "adopted", inXero(t, r, exact).ID, have.ID)
		money(t, "the second one, on purpose", inXero(t, r, near).Total, "120.00")

		// An adopted invoice is treated as pushed: its payments are booked.
		time.Sleep(25 * time.Hour)
		r.Run()
		same(t, "status", inXero(t, r, exact).Status, "PAID")
		time.Sleep(25 * time.Hour)
		same(t, "writes afterwards", r.Run().Writes, 0)
		same(t, "invoices", len(r.LiveInvoices()), 6)
	})
}

// What a person wants created on purpose stays wanted, though its first judging parks it for another reason.
func TestOnPurposeOutlastsOtherReasons(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("120.00", false)
		handmade(t, r, o, "", "2025-01-04", "120.00")
		counted(t, "invoices", r.Run().Invoices, tally{"parked looks_already_there": 1})

		account := r.Settings.Accounts.Default
		r.Settings.Accounts.Default = "no such account"
		rig.Check(t, r.Push().Recreate(t.Context(), ledger.Ref{ID: idOf(o)}))
		counted(t, "another reason", r.Run().Invoices, tally{"parked account_missing": 1})
		r.Settings.Accounts.Default = account
		counted(t, "mended", r.Run().Invoices, tally{"created": 1})
	})
}

// A run is taken back: its payments are deleted, its invoices voided, and nothing of it is pushed again
// until somebody says so. Reverting twice is harmless.
func TestRevertAndRecreate(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		kept := r.Order("10.00", true)
		r.Run()
		time.Sleep(time.Hour)
		var orders []infusionsoftfake.Order
		for range 3 {
			orders = append(orders, r.Order("110.00", true))
		}
		run := r.Run()
		counted(t, "the run", run.Invoices, tally{"created": 3})
		// One of the three is reconciled meanwhile, and stays.
		stays := orders[2]
		rig.Check(t, r.Xero.Books().ReconcilePayment(paymentsOf(r, inXero(t, r, stays))[0].PaymentID))
		time.Sleep(time.Hour)
		rep, err := r.Push().Revert(t.Context(), run.Run)
		rig.Check(t, err)
		same(t, "invoices reverted", rep.Invoices.Updated, 2)
		same(t, "payments reverted", rep.Payments.Updated, 2)
		same(t, "payments that stay", rep.Payments.Parked["reverse_by_hand"], 1)
		same(t, "invoices that stay", rep.Invoices.Parked["locked_by_payment"], 1)
		same(t, "the earlier run's", inXero(t, r, kept).Status, "PAID")
		same(t, "the reconciled one", inXero(t, r, stays).Status, "PAID")
		r.Expect(2, 4, 2)

		again, err := r.Push().Revert(t.Context(), run.Run)
		rig.Check(t, err)
		same(t, "reverted twice", again.Invoices.Updated+again.Payments.Updated, 0)
		for range 2 {
			time.Sleep(25 * time.Hour)
			same(t, "pushed again", r.Run().Invoices.Created, 0)
		}
		r.Expect(2, 4, 2)

		rig.Check(t, r.Push().Recreate(t.Context(), ledger.Ref{ID: idOf(orders[0])}))
		rep = r.Run()
		same(t, "created", rep.Invoices.Created, 1)
		same(t, "paid", rep.Payments.Created, 1)
		same(t, "status", inXero(t, r, orders[0]).Status, "PAID")
		r.Expect(3, 4, 3)
		if _, err := r.Push().Revert(t.Context(), ""); err == nil {
			t.Fatal("a revert needs a run")
		}
	})
}

// unvoiding is a ledger that cannot delete payments.
type unvoiding struct{ ledger.Ledger }

func (u unvoiding) Powers() ledger.Powers {
	powers := u.Ledger.Powers()
	powers.PaymentVoids = nil
	return powers
}

// Where payments cannot be deleted a revert says what stays, and why. What a person then deletes by hand was asked
// for, and does not come back.
func TestRevertWithoutDeletingPayments(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", true)
		run := r.Run()
		time.Sleep(time.Hour)
		p, err := invoicesync.NewPush(r.DB, r.SourceSide(), unvoiding{r.LedgerSide()}, r.Settings, &r.Opts)
		rig.Check(t, err)
		rep, err := p.Revert(t.Context(), run.Run)
		rig.Check(t, err)
		same(t, "payments that stay", rep.Payments.Parked["reverse_by_hand"], 1)
		same(t, "invoices that stay", rep.Invoices.Parked["locked_by_payment"], 1)
		same(t, "writes", rep.Writes, 0)

		booked := paymentsOf(r, inXero(t, r, o))[0].PaymentID
		r.DeletePayment(booked)
		for range 2 {
			rep = r.Run()
			same(t, "payments booked again", rep.Payments.Created, 0)
			time.Sleep(25 * time.Hour)
		}
		r.Expect(1, 1, 0)
		rep, err = p.Revert(t.Context(), run.Run)
		rig.Check(t, err)
		same(t, "invoices reverted", rep.Invoices.Updated, 1)
		r.Expect(0, 1, 0)
	})
}

// Somebody deletes a booked payment in the ledger: the flow says so for as long as nobody decides, and a person's word
// lets it be booked once more.
func TestRebook(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		o := r.Order("110.00", true)
		r.Run()
		time.Sleep(time.Hour)
		invoice := ledger.Ref{ID: idOf(o)}
		payment := fmt.Sprint(r.Keap.PaymentRows(o.ID)[0].ID)
		if err := r.Push().Rebook(t.Context(), invoice, payment); err == nil {
			t.Fatal("a payment that is booked was let be booked again")
		}
		r.DeletePayment(paymentsOf(r, inXero(t, r, o))[0].PaymentID)
		for range 2 {
			rep := r.Run()
			counted(t, "payments", rep.Payments, tally{"parked payment_deleted_in_ledger": 1})
			time.Sleep(25 * time.Hour)
		}
		if err := r.Push().Rebook(t.Context(), invoice, "99999"); !errors.Is(err, ledger.ErrNotFound) {
			t.Fatalf("a payment that nobody has: %v", err)
		}
		rig.Check(t, r.Push().Rebook(t.Context(), invoice, payment))
		rep := r.Run()
		counted(t, "payments", rep.Payments, tally{"created": 1})
		same(t, "status", inXero(t, r, o).Status, "PAID")
		time.Sleep(25 * time.Hour)
		same(t, "writes afterwards", r.Run().Writes, 0)
		r.Expect(1, 1, 1)
	})
}

// A wrong start date must not flood the books: a run stops at its limit and says so, and the next one goes
// on without a gap.
func TestMaxCreates(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Opts.MaxCreates = 10
		for range 25 {
			r.Order("110.00", true)
		}
		for i, want := range []int{10, 10, 5} {
			stopped := ""
			r.Opts.Observer = func(e invoicesync.Event) {
				if e.What == "stopped" {
					stopped = e.Message
				}
			}
			rep := r.Run()
			same(t, "created", rep.Invoices.Created, want)
			if i < 2 {
				same(t, "stopped", rep.Stopped, "max_creates")
				holds(t, "message", stopped, "10", "start date")
			} else {
				same(t, "stopped", rep.Stopped, "")
			}
		}
		r.Expect(25, 25, 25)
	})
}

// By default it is 500 on a live organisation.
func TestMaxCreatesByDefault(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Opts.MaxCreates = 0
		client := r.Client().ID
		for range 510 {
			r.OrderFor(client, "1.00", false)
		}
		rep := r.Run()
		same(t, "created", rep.Invoices.Created, 500)
		same(t, "stopped", rep.Stopped, "max_creates")
		same(t, "the rest", r.Run().Invoices.Created, 10)
	})
}

// The host has the last word on a draft; what it changes is predicted like the rest. Its error parks.
func TestAdjust(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Opts.Adjust = func(d invoicesync.Draft) (invoicesync.Draft, error) {
			switch d.Source.Totals.Total.String() {
			case "1":
				return d, errors.New("project number is missing")
			case "2":
				d.Invoice.Lines[0].Account, d.Invoice.Reference = "260", "Project 7"
			case "3":
				d.Invoice.Lines[0].UnitPrice = dec("4.00") // no longer the source's total
			}
			return d, nil
		}
		a, b, c := r.Order("1.00", false), r.Order("2.00", false), r.Order("3.00", false)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1, "parked adjust_failed": 1, "parked total_differs": 1})
		holds(t, "reason", reason(t, r, a).Message, "project number is missing")
		holds(t, "reason", reason(t, r, c).Message, "4", "3")
		inv := inXero(t, r, b)
		same(t, "reference", inv.Reference, "Project 7")
		same(t, "account", inv.Lines[0].AccountCode, "260")
	})
}

// Numbers come from the source with a prefix, or from the ledger. A stranger's number is respected.
func TestNumbers(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		a := r.Order("10.00", false)
		r.Run()
		inv := inXero(t, r, a)
		same(t, "the ledger's number", inv.Number, "INV-0001")
		same(t, "reference", inv.Reference, idOf(a))

		r.Settings.Numbers = invoicesync.NumberSettings{FromSource: true, Prefix: "IS-"}
		b := r.Order("20.00", false)
		r.Run()
		same(t, "the source's number", inXero(t, r, b).Number, "IS-"+idOf(b))
		same(t, "the first one's", inXero(t, r, a).Number, "INV-0001")

		taken := handmade(t, r, a, "", "2024-06-01", "5")
		next := fmt.Sprint("IS-", b.ID+1)
		rig.Check(t, r.Xero.Books().EditInvoice(taken.ID, func(i *xerofake.Invoice) { i.Number = next }))
		c := r.Order("30.00", false)
		same(t, "the number to come", "IS-"+idOf(c), next)
		rep := r.Run()
		counted(t, "taken", rep.Invoices, tally{"parked number_taken": 1})
		owed(t, rep, map[string]string{"number_taken": "30.00"})
		holds(t, "who has it", link(t, r, ledger.KindInvoice, idOf(c)).Reasons[0].Message, taken.ID)
		rep = r.Run()
		counted(t, "a second time", rep.Invoices, tally{"parked number_taken": 1})
		same(t, "it is not asked for again", rep.Writes, 0)
		rig.Check(t, r.Xero.Books().EditInvoice(taken.ID, func(i *xerofake.Invoice) { i.Number = "OLD-1" }))
		// A person has freed the number, and pushes that one invoice.
		_, err := r.Push().One(t.Context(), ledger.Ref{ID: idOf(c)})
		rig.Check(t, err)
		same(t, "freed", inXero(t, r, c).Number, next)
	})
}

// A number that is taken by our own invoice is no stranger's: a new store does not know the invoice, which
// was moved before the start by hand, and finds it by its number and its mark.
func TestNumberTakenByOurselves(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Numbers = invoicesync.NumberSettings{FromSource: true, Prefix: "IS-"}
		r.Settings.Start.Date = ledger.MustDate("2025-01-01")
		o := r.Order("110.00", true)
		r.Run()
		was := inXero(t, r, o)
		rig.Check(t, r.Xero.Books().EditInvoice(was.ID, func(i *xerofake.Invoice) { i.Date = "2024-12-31" }))
		time.Sleep(time.Hour)
		r.DB = store.NewMemory()
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"already": 1})
		same(t, "the same invoice", inXero(t, r, o).ID, was.ID)
		r.Expect(1, 1, 1)
	})
}

// A run that is cancelled leaves nothing half done, and the next one goes on.
func TestCancelAndResume(t *testing.T) {
	for _, after := range []int{1, 40, 60, 121} {
		t.Run(fmt.Sprint("after ", after), func(t *testing.T) {
			flow(t, func(t *testing.T, r *rig.Rig) {
				for range 130 {
					r.Order("110.00", true)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				n := 0
				r.Opts.Observer = func(e invoicesync.Event) {
					if e.What == "created" && e.Kind == ledger.KindInvoice {
						if n++; n == after {
							cancel()
						}
					}
				}
				rep, err := r.Push().Run(ctx)
				if !errors.Is(err, context.Canceled) {
					t.Fatalf("want the context's error: %v", err)
				}
				same(t, "stopped", rep.Stopped, "cancelled")
				r.AddsUp(rep)
				same(t, "created, as reported", rep.Invoices.Created, len(r.LiveInvoices()))
				same(t, "booked, as reported", rep.Payments.Created, len(r.LivePayments()))
				same(t, "uncertain", rep.Invoices.Uncertain, 0)
				r.Opts.Observer = nil
				r.Settle()
				r.Expect(130, 130, 130)
				for _, inv := range r.LiveInvoices() {
					same(t, "status", inv.Status, "PAID")
				}
			})
		})
	}
}
