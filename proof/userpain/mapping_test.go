package userpain

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Pain 25: somebody archives an account. The invoices that need it are parked with the reason, all others
// go on, and once it is mended they follow by themselves.
func TestPain25_BrokenMapping(t *testing.T) {
	taxed := order(product("Hat", "HAT", "20.00", 1, true), item("TAX", "GST", "2.00"))
	for _, broken := range []struct {
		name         string
		code         string
		touched      infusionsoftfake.Order // 30.00 or 22.00
		total        string
		damage, mend func(*xerofake.Books) error
		names        string // what the reason names
	}{
		{
			name: "account archived", code: "account_archived", names: "210", total: "30.00",
			touched: order(item("SHIPPING", "Courier", "30.00")),
			damage:  func(b *xerofake.Books) error { return b.ArchiveAccount("210") },
			mend: func(b *xerofake.Books) error {
				a, _ := b.Account("210")
				a.Status = "ACTIVE"
				return b.AddAccount(a)
			},
		},
		{
			name: "tax rate deleted", code: "tax_rate_archived", names: "OUTPUT", total: "22.00", touched: taxed,
			damage: func(b *xerofake.Books) error { return b.DeleteTaxRate("OUTPUT") },
			mend:   func(b *xerofake.Books) error { return b.AddTaxRate(rateOf("OUTPUT", "10")) },
		},
		{
			name: "tax rate changed", code: "tax_rate_differs", names: "12", total: "22.00", touched: taxed,
			damage: func(b *xerofake.Books) error { return b.AddTaxRate(rateOf("OUTPUT", "12")) },
			mend:   func(b *xerofake.Books) error { return b.AddTaxRate(rateOf("OUTPUT", "10")) },
		},
		{
			name: "item archived", code: "item_archived", names: "widget", total: "30.00",
			touched: order(product("Widget", "widget", "30.00", 1, false)),
			damage: func(b *xerofake.Books) error {
				return b.AddItem(xerofake.Item{Code: "WIDGET", Name: "Widget", IsPurchased: true})
			},
			mend: func(b *xerofake.Books) error {
				return b.AddItem(xerofake.Item{Code: "WIDGET", Name: "Widget", IsSold: true, Sales: xerofake.ItemDetails{AccountCode: "260", TaxType: "OUTPUT"}})
			},
		},
	} {
		t.Run(broken.name, func(t *testing.T) {
			flow(t, func(t *testing.T, r *rig.Rig) {
				r.Order("110.00", true)
				r.Run() // months of working pushes
				time.Sleep(12 * time.Hour)
				rig.Check(t, broken.damage(r.Xero.Books()))
				touched := r.Add(broken.touched)
				r.Pay(touched.ID, broken.total)
				other := r.Order("110.00", true)
				rep := r.Run()
				counted(t, "broken", rep.Invoices, tally{"created": 1, "parked " + broken.code: 1})
				owed(t, rep, map[string]string{broken.code: broken.total})
				holds(t, "reason", reason(t, r, touched).Message, broken.names)
				same(t, "the other one", inXero(t, r, other).Status, "PAID")

				// Nobody mends it for hours: it stays visible, and nothing is written.
				time.Sleep(10 * time.Hour)
				rep = r.Run()
				counted(t, "still broken", rep.Invoices, tally{"parked " + broken.code: 1})
				same(t, "writes", rep.Writes, 0)

				rig.Check(t, broken.mend(r.Xero.Books()))
				time.Sleep(time.Hour)
				rep = r.Run()
				counted(t, "mended", rep.Invoices, tally{"created": 1})
				counted(t, "mended", rep.Payments, tally{"created": 1})
				owed(t, rep, nil)
				inv := inXero(t, r, touched)
				money(t, "total", inv.Total, broken.total)
				same(t, "status", inv.Status, "PAID")
				if broken.code == "item_archived" {
					same(t, "the item's account", inv.Lines[0].AccountCode, "260")
				}
			})
		})
	}
}

// rateOf is a sales tax rate.
func rateOf(taxType, percent string) xerofake.TaxRate {
	return xerofake.TaxRate{Name: "GST on Income", TaxType: taxType, ReportTaxType: "OUTPUT", Status: "ACTIVE", EffectiveRate: dec(percent),
		Assets: true, Equity: true, Liabilities: true, Revenue: true}
}

// Pain 25: the check before the first run names every target that is broken.
func TestPain25_CheckNamesEachProblem(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Accounts = invoicesync.AccountSettings{Default: "200", Discount: "999", Shipping: "210"}
		r.Settings.Tax.ZeroCode = "NOSUCH"
		r.Settings.Payments = invoicesync.PaymentSettings{Account: "200", Accounts: map[string]string{"paypal": "091"}}
		rig.Check(t, r.Xero.Books().ArchiveAccount("210"))
		rig.Check(t, r.Xero.Books().DeleteTaxRate("OUTPUT"))
		problems, err := r.Push().Check(t.Context())
		rig.Check(t, err)
		got := map[string]string{}
		for _, p := range problems {
			got[p.Setting] = p.Code
		}
		for setting, code := range map[string]string{
			"Accounts.Discount": "account_missing", "Accounts.Shipping": "account_archived", "Tax.TaxableCode": "tax_rate_archived",
			"Tax.ZeroCode": "tax_rate_missing", "Payments.Account": "payment_account_refuses",
		} {
			same(t, setting, got[setting], code)
		}
		same(t, "problems", len(problems), 5)
		same(t, "writes", r.Xero.Writes(), 0)
	})
}

// Pain 26: a mapping's target has a kind. In an organisation without items no account code ever travels as
// an item code.
func TestPain26_OrganisationWithoutItems(t *testing.T) {
	chart := xerofake.DefaultChart("AU")
	chart.Items = nil
	world := rig.World{Organisations: []xerofake.Organisation{{Name: "Harbour Bikes Pty Ltd", Chart: chart}}}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		r.Settings.Accounts.ItemCodes = true
		puts := tap(r.Faults, http.MethodPut, "/Invoices")
		a := r.Add(order(product("Widget", "WIDGET", "30.00", 1, false), product("Two hundred", "200", "5.00", 1, false)))
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1})
		if strings.Contains(puts()[0].Body, "ItemCode") {
			t.Fatal("an item code was sent to an organisation that has no items")
		}
		for _, l := range inXero(t, r, a).Lines {
			same(t, "account", l.AccountCode, "200")
			same(t, "item", l.ItemCode, "")
		}
	})
}

// Pain 26, F81–F84: where there are items, they give the account; the code only where it is wanted, and
// never the name. Several products may share a SKU.
func TestPain26_ItemsGiveTheAccount(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		rig.Check(t, r.Xero.Books().AddItem(xerofake.Item{Code: "Mug", Name: "Mug of the ledger", IsSold: true, Description: "of the ledger",
			Sales: xerofake.ItemDetails{AccountCode: "260", TaxType: "OUTPUT"}}))
		a := r.Add(order(product("Blue mug", " MUG", "10.00", 2, false), product("Red mug", "mug", "11.00", 1, false),
			item("SHIPPING", "Courier", "5.00"), item("DISCOUNT_ORDER_TOTAL", "Thanks", "-1.00"), item("FINANCE_CHARGE", "Late fee", "2.50"),
			product("No item", "NOITEM", "1.00", 1, false)))
		r.Run()
		want := []struct{ text, account, amount string }{
			{"Blue mug", "260", "20.00"}, {"Red mug", "260", "11.00"}, {"Courier", "210", "5.00"}, {"Thanks", "205", "-1.00"},
			{"Late fee", "265", "2.50"}, {"No item", "200", "1.00"},
		}
		inv := inXero(t, r, a)
		same(t, "lines", len(inv.Lines), len(want))
		for i, w := range want {
			l := inv.Lines[i]
			same(t, "description", l.Description, w.text)
			same(t, "account of "+w.text, l.AccountCode, w.account)
			same(t, "item of "+w.text, l.ItemCode, "")
			money(t, "amount of "+w.text, l.LineAmount, w.amount)
		}
		money(t, "total", inv.Total, "38.50")

		r.Settings.Accounts.ItemCodes = true
		b := r.Add(order(product("Blue mug", "MUG", "10.00", 1, false)))
		r.Run()
		same(t, "item", inXero(t, r, b).Lines[0].ItemCode, "Mug")
		same(t, "description", inXero(t, r, b).Lines[0].Description, "Blue mug")
	})
}

// Pain 27: local lines and the ledger's are tied together without trusting the order of an answer, even
// where lines are equal: after an edit each line keeps its id, and none is made anew.
func TestPain27_EqualLinesKeepTheirIDs(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.OnEdit = invoicesync.EditUpdate
		o := r.Add(order(product("Pin", "PIN", "10.00", 1, false), product("Pin", "PIN", "10.00", 1, false), product("Pin", "PIN", "10.00", 1, false),
			item("SHIPPING", "Courier", "5.00")))
		r.Run()
		before := inXero(t, r, o)
		money(t, "total", before.Total, "35.00")
		rig.Check(t, r.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) { o.Items[1].Price = dec("12.00") }))
		time.Sleep(time.Hour)
		counted(t, "after the edit", r.Run().Invoices, tally{"updated": 1})
		after := inXero(t, r, o)
		money(t, "total", after.Total, "37.00")
		same(t, "lines", len(after.Lines), 4)
		ids := map[string]bool{}
		for _, l := range before.Lines {
			ids[l.LineItemID] = true
		}
		same(t, "ids", len(ids), 4)
		for i, amount := range []string{"10.00", "12.00", "10.00", "5.00"} {
			money(t, "line", after.Lines[i].LineAmount, amount)
			if !ids[after.Lines[i].LineItemID] {
				t.Fatalf("line %d was made anew", i)
			}
			delete(ids, after.Lines[i].LineItemID) // each is used once
		}
	})
}

// Pain 28: cash, card and gateway have an account each.
func TestPain28_AccountPerPaymentMethod(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Source.PaymentLabels = true
		r.Settings.Payments = invoicesync.PaymentSettings{Account: "090", Accounts: map[string]string{"Credit Card": "091", "PayPal": "615"}}
		accounts := map[string]string{} // code by id
		for _, a := range r.Xero.Books().Accounts() {
			accounts[a.AccountID] = a.Code
		}
		want := map[string]string{}
		for _, p := range []struct{ status, label, code string }{
			{"APPROVED", "Credit Card", "091"}, {"PAYPAL_PAID", "PayPal", "615"}, {"MANUAL_PAID", "Cash", "090"},
		} {
			o := r.Order("110.00", false)
			r.PayAs(infusionsoftfake.Payment{OrderID: o.ID, Amount: dec("110.00"), Status: p.status, Type: p.label})
			want[idOf(o)] = p.code
		}
		counted(t, "payments", r.Run().Payments, tally{"created": 3})
		for _, o := range r.Keap.Orders() {
			p := paymentsOf(r, inXero(t, r, o))
			same(t, "payments of an invoice", len(p), 1)
			same(t, "account", accounts[p[0].AccountID], want[idOf(o)])
		}

		// A method whose account takes no payments parks just that payment, and says which.
		r.Settings.Payments.Accounts["Credit Card"] = "200"
		o := r.Order("50.00", false)
		r.PayAs(infusionsoftfake.Payment{OrderID: o.ID, Amount: dec("50.00"), Status: "APPROVED", Type: "Credit Card"})
		cash := r.Order("60.00", true)
		rep := r.Run()
		counted(t, "payments", rep.Payments, tally{"created": 1, "parked payment_account_refuses": 1})
		owed(t, rep, map[string]string{"payment_account_refuses": "50.00"})
		same(t, "cash", inXero(t, r, cash).Status, "PAID")
	})
}
