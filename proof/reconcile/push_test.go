package reconcile

import (
	"context"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// begun is a world of four orders that are all in the ledger; the last is not paid.
func (d *desk) begun() (paid, unpaid infusionsoftfake.Order) {
	d.T.Helper()
	for range 2 {
		d.Order("55.00", true)
	}
	paid, unpaid = d.Order("110.00", true), d.Order("80.00", false)
	d.Run()
	time.Sleep(time.Hour)
	d.shows()
	return paid, unpaid
}

// Nothing differs after a run, and what the settings do not want is not missed.
func TestNothingDiffers(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		d.begun()
		d.Order("0.00", false)
		d.shows()
	})
}

func TestMissingInvoice(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.begun()
		d.Order("42.00", true)
		rep := d.mends("invoice missing 42.00/0.00 write")
		if rep.Invoices.Created != 1 || rep.Payments.Created != 1 {
			t.Fatalf("%+v", rep)
		}
		d.Expect(5, 5, 4)
	})
}

// The flow has parked it; the cause is gone, and it is judged again on command.
func TestParkedInvoice(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		d.begun()
		was := d.Settings
		d.Settings.Accounts.Default, d.Settings.Accounts.SKUAccounts = "nowhere", false
		if d.Vendor == rig.OnQuickBooks {
			d.Settings.Items.Taxable, d.Settings.Items.NonTaxable = "nowhere", "nowhere"
		}
		d.Order("42.00", false)
		d.Run()
		list := d.shows("invoice missing 42.00/0.00 write")
		if len(list[0].Reasons) == 0 {
			d.T.Fatal("it does not say why it was not written")
		}
		d.Settings = was
		d.mends("invoice missing 42.00/0.00 write")
	})
}

func TestInvoiceVoidedInLedger(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		d.VoidInvoice(d.ledgerID(unpaid))
		d.mends("invoice gone_in_ledger 80.00/0.00 recreate")
		d.Expect(4, 4, 3)
	})
}

// A bookkeeper has taken the payment off and voided the invoice: both come back on a person's word.
func TestPaidInvoiceVoidedInLedger(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		paid, _ := d.begun()
		d.DeletePayment(d.bookedFor(paid))
		d.VoidInvoice(d.ledgerID(paid))
		d.mends("invoice gone_in_ledger 110.00/0.00 recreate")
		d.Expect(4, 4, 3)
	})
}

func TestTotalChangedInLedger(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		d.reprice(d.ledgerID(unpaid), "75.00")
		d.mends("invoice amount_differs 80.00/75.00 update")
	})
}

// The flow only reports edits; on command it carries this one over.
func TestTotalChangedInSource(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		rig.Check(d.T, d.Keap.EditOrder(unpaid.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price = dec("95.00") }))
		time.Sleep(time.Minute)
		d.Run()
		d.mends("invoice amount_differs 95.00/80.00 update")
	})
}

func TestContentChangedInSource(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		rig.Check(d.T, d.Keap.EditOrder(unpaid.ID, func(o *infusionsoftfake.Order) { o.Items[0].Price, o.Items[0].Quantity = dec("40.00"), 2 }))
		d.mends("invoice content_differs 80.00/80.00 update")
	})
}

func TestDeletedInSource(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		rig.Check(d.T, d.Keap.DeleteOrder(unpaid.ID))
		d.mends("invoice gone_in_source 0.00/80.00 void")
		d.Expect(3, 4, 3)
	})
}

func TestVoidedInSource(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		d.source = func(s ledger.Source) ledger.Source { return voiding{s, idOf(unpaid)} }
		d.mends("invoice voided_in_source 80.00/80.00 void")
		d.Expect(3, 4, 3)
	})
}

// Money is booked on an invoice that the source voids: what becomes of it is for a person to decide, and no program
// offers to. Once it is off the invoice in the ledger, the flow voids it by itself.
func TestVoidedInSourceWithMoney(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		paid, _ := d.begun()
		d.source = func(s ledger.Source) ledger.Source { return voiding{s, idOf(paid)} }
		diff := d.shows("invoice voided_in_source 110.00/110.00")[0]
		if _, err := d.reconcile(nil).Repair(context.Background(), diff); err == nil {
			t.Fatal("a program decided what becomes of the money")
		}
		d.Settings.OnDelete = invoicesync.DeleteVoid
		run := func() invoicesync.Report {
			rep, err := d.push().Run(context.Background())
			rig.Check(t, err)
			d.AddsUp(rep)
			return rep
		}
		for range 3 {
			rep := run()
			if rep.Invoices.Parked["locked_by_payment"] != 1 || len(rep.Invoices.Parked) != 1 || rep.Payments.Deferred != 0 {
				t.Fatalf("%+v", rep)
			}
			time.Sleep(time.Hour)
		}
		d.DeletePayment(d.bookedFor(paid))
		if rep := run(); rep.Invoices.Updated != 1 || len(rep.Invoices.Parked) != 0 {
			t.Fatalf("the invoice was not voided: %+v", rep)
		}
		time.Sleep(time.Hour)
		if rep := run(); rep.Writes != 0 || len(rep.Invoices.Parked)+len(rep.Payments.Parked) != 0 {
			t.Fatalf("%+v", rep)
		}
		d.shows()
		d.Expect(3, 4, 2)
	})
}

// The source has voided the invoice and taken its money back: both go in one run.
func TestVoidedInSourceWithItsMoney(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		_, unpaid := d.begun()
		p := d.Pay(unpaid.ID, "80.00")
		d.Run()
		rig.Check(t, d.Keap.VoidPayment(p.ID))
		d.source = func(s ledger.Source) ledger.Source { return voiding{s, idOf(unpaid)} }
		rep := d.mends("invoice voided_in_source 80.00/80.00 void")
		if rep.Invoices.Updated != 1 || rep.Payments.Updated != 1 {
			t.Fatalf("%+v", rep)
		}
		d.Expect(3, 4, 3)
	})
}

// Somebody copies an invoice in the ledger, mark and all: which of the two is right, only a person knows.
func TestDoubled(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		if d.Vendor != rig.OnXero {
			return // a copied QuickBooks invoice has no memo of ours
		}
		_, unpaid := d.begun()
		was, _ := d.Xero.Books().Invoice(d.ledgerID(unpaid))
		again := was
		again.ID, again.Number = "", ""
		second, err := d.Xero.Books().AddInvoice(xerofake.Invoice{URL: was.URL, Document: xerofake.Document{ContactID: was.ContactID, Date: was.Date,
			LineAmountTypes: was.LineAmountTypes, Lines: was.Lines}})
		rig.Check(t, err)
		diff := d.shows("invoice doubled 80.00/80.00")[0]
		if diff.Ledger.ID != second.ID || diff.Source.ID != idOf(unpaid) {
			t.Fatalf("%+v", diff)
		}
		if _, err := d.reconcile(nil).Repair(context.Background(), diff); err == nil {
			t.Fatal("a program chose between two records")
		}
	})
}

// The bookkeeper has entered the order by hand: same number, same client, same total.
func TestLooksTheSame(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		if d.Vendor != rig.OnXero {
			return // QuickBooks' numbers are settled by its own tests; the comparison is the same
		}
		d.begun()
		c := d.Client()
		o := d.OrderFor(c.ID, "42.00", false)
		theirs, err := d.Xero.Books().AddContact(xerofake.Contact{Name: "Client No 5"})
		rig.Check(t, err)
		_, err = d.Xero.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: theirs.ContactID, Number: idOf(o), LineAmountTypes: "NoTax",
			Lines: []xerofake.Line{{Description: "By hand", Quantity: dec("1"), UnitAmount: dec("42.00"), AccountCode: "200"}}}})
		rig.Check(t, err)
		d.mends("invoice looks_the_same 42.00/42.00 adopt")
		d.Expect(5, 5, 3)
	})
}

// A write is in doubt: it is said, and resolved as soon as it can be.
func TestInDoubt(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.begun()
		d.Order("42.00", false)
		d.OnCreate(ledger.KindInvoice, faults.Fault{Kind: faults.CommitLate, Delay: 2 * time.Minute})
		d.OnCreate(ledger.KindInvoice, faults.Fault{Kind: faults.LoseRequest, Times: 9})
		_, err := d.push().Run(context.Background())
		rig.Check(t, err)
		diff := d.shows("invoice in_doubt 42.00/0.00 wait")[0]
		rep, err := d.reconcile(nil).Repair(context.Background(), diff)
		rig.Check(t, err)
		if rep.ResumeAt.IsZero() {
			t.Fatalf("it does not say when the doubt can end: %+v", rep)
		}
		time.Sleep(10 * time.Minute)
		d.Faults.Clear()
		// The record has appeared meanwhile, with a mark that its link is still in doubt about.
		_, err = d.reconcile(nil).Repair(context.Background(), diff)
		rig.Check(t, err)
		d.shows()
		d.Expect(5, 5, 3)
	})
}

// Only what lies in the range is compared, and a record that lies in it on one side is met on both.
func TestRange(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.begun()
		d.Order("42.00", false) // 48 hours ago it was 13:00 UTC, and the next day in Sydney
		day := ledger.MustDate("2025-01-05")
		for want, days := range map[int][2]ledger.Date{
			0: {day.AddDays(1), day.AddDays(30)},
			1: {day, day},
		} {
			n := 0
			for _, err := range d.reconcile(nil).Differences(context.Background(), days[0], days[1]) {
				rig.Check(t, err)
				n++
			}
			if n != want {
				t.Fatalf("%v: %d differences, want %d", days, n, want)
			}
		}
		for _, err := range d.reconcile(nil).Differences(context.Background(), day, day.AddDays(-1)) {
			if err == nil {
				t.Fatal("a range of no days was taken")
			}
		}
	})
}

// Run counts what it compares, and tells of what differs.
func TestRun(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		_, unpaid := d.begun()
		d.Order("42.00", false)
		d.VoidInvoice(d.ledgerID(unpaid))
		var told []string
		rep, err := d.reconcile(&invoicesync.ReconcileOptions{Observer: func(diff invoicesync.Difference) { told = append(told, diff.Code) }}).Run(context.Background())
		rig.Check(t, err)
		d.AddsUp(rep)
		if len(told) != 2 || rep.Invoices.Parked["missing"] != 1 || rep.Invoices.Parked["gone_in_ledger"] != 1 || rep.Invoices.Already != 3 || rep.Payments.Already != 3 {
			t.Fatalf("%v, %+v", told, rep)
		}
	})
}

// Whoever also keeps books by hand is told of it only when asked for.
func TestOnlyInLedger(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		d.begun()
		if d.Vendor != rig.OnXero {
			return
		}
		c, err := d.Xero.Books().AddContact(xerofake.Contact{Name: "Somebody"})
		rig.Check(t, err)
		_, err = d.Xero.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: c.ContactID, LineAmountTypes: "NoTax",
			Lines: []xerofake.Line{{Description: "By hand", Quantity: dec("1"), UnitAmount: dec("10"), AccountCode: "200"}}}})
		rig.Check(t, err)
		d.shows()
		list := all(t, d.reconcile(&invoicesync.ReconcileOptions{LedgerOnly: true}))
		if len(list) != 1 || list[0].Code != "only_in_ledger" {
			t.Fatalf("%+v", list)
		}
	})
}

// A comparison reads the ledger's side in bulk: by the range, and by id, many in a call.
func TestCalls(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		for range 120 {
			d.Order("55.00", false)
		}
		d.Run()
		calls, source := d.Calls(), d.Keap.Calls()
		d.shows()
		// The company, the range, and 120 ids of which forty fit into one call; QuickBooks reads the company's
		// preferences too.
		if n := d.Calls() - calls; n > 1+1+3+1 {
			t.Errorf("%d calls to the ledger", n)
		}
		// The orders, and the same by id.
		if n := d.Keap.Calls() - source; n > 4 {
			t.Errorf("%d calls to the source", n)
		}
	})
}
