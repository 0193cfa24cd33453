package userpain

import (
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// holder lets somebody hold a name in QuickBooks: a vendor, an employee, or a customer who is inactive.
func holder(t *testing.T, r *rig.Rig, as, name string) {
	t.Helper()
	books, party := r.QuickBooks.Books(), quickbooksfake.Party{DisplayName: name}
	var err error
	switch as {
	case "vendor":
		_, err = books.AddVendor(quickbooksfake.Vendor{Party: party})
	case "employee":
		_, err = books.AddEmployee(quickbooksfake.Employee{Party: party})
	default:
		var c quickbooksfake.Customer
		if c, err = books.AddCustomer(quickbooksfake.Customer{Party: party}); err == nil && as == "inactive customer" {
			no := false
			err = books.EditCustomer(c.ID, func(c *quickbooksfake.Customer) { c.Active = &no })
		}
	}
	rig.Check(t, err)
}

// Pain 24: customers, vendors and employees share one set of names. A client whose name a supplier has is told apart
// before anything is sent: parked, or given a suffix, by setting, and never tried again blindly.
func TestPain24_NameHeldByAVendor(t *testing.T) {
	for _, as := range []string{"vendor", "employee"} {
		t.Run(as, func(t *testing.T) {
			onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
				r.Settings.Contacts.Suffix = false
				holder(t, r, as, "client  NO 1") // the first client is called Client No 1
				time.Sleep(time.Minute)
				o, fine := r.Order("110.00", true), r.Order("50.00", false)
				sent := batches(t, r)
				rep := r.Run()
				counted(t, "invoices", rep.Invoices, tally{"created": 1, "parked contact_name_taken": 1})
				owed(t, rep, map[string]string{"contact_name_taken": "110.00"})
				same(t, "batches: a client, an invoice", len(sent()), 2)
				settledIn(t, inQuickBooks(t, r, fine), "50.00", "0", "50.00")

				// Nothing has changed: nothing is tried.
				time.Sleep(time.Hour)
				same(t, "writes", r.Run().Writes, 0)

				r.Settings.Contacts.Suffix = true
				rep = r.Run()
				counted(t, "with a suffix", rep.Invoices, tally{"created": 1})
				c, _ := r.QuickBooks.Books().Customer(inQuickBooks(t, r, o).CustomerRef.Value)
				same(t, "name", c.DisplayName, "Client No 1 (11)") // 11 is the source's first contact
				same(t, "batches that were refused", refusals(r), 0)
				r.Expect(2, 2, 1)
			})
		})
	}
}

// Pain 24: the name is taken between the look and the write, or by somebody who is inactive, whose name QuickBooks may
// go on holding. Its refusal says who, and is answered as the settings say: once.
func TestPain24_CollisionAtTheWrite(t *testing.T) {
	for _, as := range []string{"vendor", "employee", "customer", "inactive customer"} {
		for _, suffix := range []bool{false, true} {
			name := as + ", parked"
			if suffix {
				name = as + ", with a suffix"
			}
			t.Run(name, func(t *testing.T) {
				onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
					r.Settings.Contacts.Suffix = suffix
					o, fine := r.Order("110.00", true), r.Order("50.00", false)
					// The holder comes while our batch is on its way.
					r.OnCreate(ledger.KindContact, tapOnce(func() { holder(t, r, as, "Client No 1") }))
					sent := batches(t, r)
					rep := r.Run()
					clients := 0
					for _, b := range sent() {
						if b.kind() == ledger.KindContact {
							clients++
						}
					}
					settledIn(t, inQuickBooks(t, r, fine), "50.00", "0", "50.00")
					if !suffix {
						counted(t, "invoices", rep.Invoices, tally{"created": 1, "parked contact_name_taken": 1})
						same(t, "batches of clients", clients, 1)
						if as == "vendor" || as == "employee" {
							holds(t, "reason", reason(t, r, o).Message, as)
						}
						time.Sleep(time.Hour)
						r.Run()
						same(t, "customers of ours", len(ours(r)), 1)
						return
					}
					counted(t, "invoices", rep.Invoices, tally{"created": 2})
					same(t, "batches of clients", clients, 2)
					c, _ := r.QuickBooks.Books().Customer(inQuickBooks(t, r, o).CustomerRef.Value)
					same(t, "name", c.DisplayName, "Client No 1 (11)")
					same(t, "customers of ours", len(ours(r)), 2)
				})
			})
		}
	}
}

// ours are the customers that we created.
func ours(r *rig.Rig) []rig.Booked {
	var list []rig.Booked
	for _, c := range r.Contacts() {
		if len(c.Marks) > 0 {
			list = append(list, c)
		}
	}
	return list
}

// Pain 27: the order of an answer is not promised. Records are tied to ours by their marks, however equal they are: one
// that answers backwards leaves no doubt that would have to be looked up.
func TestPain27_AnswersOutOfOrder(t *testing.T) {
	calls := map[bool]int{}
	for _, inOrder := range []bool{true, false} {
		world := rig.World{Ledger: rig.OnQuickBooks, QuickBooks: quickbooksfake.Switches{BatchInOrder: inOrder}}
		rig.Bubble(t, func(t *testing.T) {
			r := rig.NewIn(t, world)
			client := r.Client().ID
			var orders []infusionsoftfake.Order
			for range 20 {
				orders = append(orders, r.OrderFor(client, "110.00", true))
			}
			counted(t, "invoices", r.Run().Invoices, tally{"created": 20})
			calls[inOrder] = r.Calls()
			for _, o := range orders {
				inv, l := inQuickBooks(t, r, o), link(t, r, ledger.KindInvoice, idOf(o))
				same(t, "mark", ledger.MarkIn(inv.PrivateNote), l.Mark)
				same(t, "number", inv.DocNumber, l.LedgerNumber)
				p := link(t, r, ledger.KindPayment, rowOf(r, o, 0))
				payment, _ := r.QuickBooks.Books().Payment(p.LedgerID)
				same(t, "mark of the payment", ledger.MarkIn(payment.PrivateNote), p.Mark)
				same(t, "what it pays", payment.Line[0].LinkedTxn[0].TxnID, inv.ID)
			}
		})
	}
	same(t, "calls, in whatever order", calls[false], calls[true])
}

// Pain 27: after an edit each of several equal lines keeps its id, and none is made anew.
func TestPain27_EqualLinesInQuickBooks(t *testing.T) {
	onQuickBooks(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Add(order(product("Pin", "PIN", "10.00", 1, false), product("Pin", "PIN", "10.00", 1, false), product("Pin", "PIN", "10.00", 1, false),
			item("SHIPPING", "Courier", "5.00")))
		r.Run()
		lines := func() (ids, amounts []string) {
			for _, l := range inQuickBooks(t, r, o).Line {
				if l.DetailType == "SalesItemLineDetail" {
					ids, amounts = append(ids, l.ID), append(amounts, l.Amount.StringFixed(2))
				}
			}
			return ids, amounts
		}
		before, was := lines()
		same(t, "lines", len(before), 4)
		money(t, "total", inQuickBooks(t, r, o).TotalAmt.Decimal, "35.00")
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Items[1].Price = dec("12.00") }))
		time.Sleep(time.Hour)
		counted(t, "after the edit", r.Run().Invoices, tally{"updated": 1})
		after, now := lines()
		same(t, "lines", len(after), 4)
		money(t, "total", inQuickBooks(t, r, o).TotalAmt.Decimal, "37.00")
		ids := map[string]bool{}
		for _, id := range before {
			ids[id] = true
		}
		same(t, "ids", len(ids), 4)
		for i, amount := range []string{"10.00", "12.00", "10.00", "5.00"} {
			same(t, "amount", now[i], amount)
			if !ids[after[i]] {
				t.Fatalf("line %d was made anew", i)
			}
			delete(ids, after[i]) // each is used once
		}
		same(t, "before", was[1], "10.00")
	})
}
