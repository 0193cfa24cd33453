package hostile

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// What is wrong with a QuickBooks company, a client's name or a setting parks just the orders that it touches, with a
// reason that says so, and heals by itself once it is mended.

// qbo is a flow into a company of the United States.
type qbo struct {
	*rig.Rig
	t     *testing.T
	fake  *quickbooksfake.Fake
	books *quickbooksfake.Books
}

func intoQuickBooks(t *testing.T, change func(*quickbooksfake.Company), f func(*testing.T, *qbo)) {
	t.Helper()
	t.Parallel()
	rig.Bubble(t, func(t *testing.T) {
		company := quickbooksfake.DefaultCompany("US")
		if change != nil {
			change(&company)
		}
		fake, err := quickbooksfake.New(&quickbooksfake.Options{Companies: []quickbooksfake.Company{company}, Seed: 7})
		rig.Check(t, err)
		q := &qbo{t: t, fake: fake, books: fake.Books()}
		q.Rig = rig.NewIn(t, rig.World{Tenant: infusionsoftfake.Tenant{Currency: "USD", TimeZone: "America/Los_Angeles"}})
		s := &q.Settings
		s.Ledger = ledger.OrganisationID{Vendor: "quickbooks", ID: q.books.Company().RealmID}
		s.Accounts = invoicesync.AccountSettings{}
		s.Items = invoicesync.ItemSettings{Taxable: "FOUNTAIN", NonTaxable: "DESIGN"}
		s.Tax = invoicesync.TaxSettings{TaxableCode: "TAX", ZeroCode: "NON"}
		s.Payments.Account = "35"
		f(t, q)
	})
}

// push opens the flow anew, as another process would.
func (q *qbo) push() *invoicesync.Push {
	q.t.Helper()
	books, err := quickbooks.New(q.fake.Client(rig.Token), q.books.Company().RealmID, &quickbooks.Options{Organisation: q.Settings.Ledger})
	rig.Check(q.t, err)
	p, err := invoicesync.NewPush(q.DB, q.SourceSide(), books, q.Settings, &q.Opts)
	rig.Check(q.t, err)
	return p
}

// run runs the flow an hour later and checks that its report adds up.
func (q *qbo) run() invoicesync.Report {
	q.t.Helper()
	time.Sleep(time.Hour)
	rep, err := q.push().Run(context.Background())
	rig.Check(q.t, err)
	q.AddsUp(rep)
	return rep
}

// expect runs the flow and compares what it created and what stays parked.
func (q *qbo) expect(what string, created int, parked map[string]int) invoicesync.Report {
	q.t.Helper()
	rep := q.run()
	got := rep.Invoices
	same := len(got.Parked) == len(parked)
	for code, n := range parked {
		same = same && got.Parked[code] == n
	}
	if got.Created != created || !same || got.Refused+got.Uncertain+got.Deferred > 0 {
		q.t.Fatalf("%s: created %d, parked %v, refused %d, uncertain %d, deferred %d; want %d and %v\n%s",
			what, got.Created, got.Parked, got.Refused, got.Uncertain, got.Deferred, created, parked, q.reasons())
	}
	return rep
}

// reasons lists what the store says of orders that are not in the ledger.
func (q *qbo) reasons() string {
	var b strings.Builder
	for _, o := range q.Keap.Orders() {
		l := link(q.t, q.Rig, ledger.KindInvoice, idOf(o))
		for _, r := range l.Reasons {
			b.WriteString(idOf(o) + " " + string(l.State) + " " + r.Code + ": " + r.Message + "\n")
		}
	}
	return b.String()
}

func (q *qbo) says(o infusionsoftfake.Order, text string) {
	q.t.Helper()
	if l := link(q.t, q.Rig, ledger.KindInvoice, idOf(o)); len(l.Reasons) == 0 || !strings.Contains(l.Reasons[0].Message, text) {
		q.t.Errorf("order %s says %v, which does not contain %q", idOf(o), l.Reasons, text)
	}
}

// taxed adds an order of 100.00 and 8.25 tax.
func (q *qbo) taxed() infusionsoftfake.Order {
	q.t.Helper()
	return q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{
		{Type: "PRODUCT", Name: "Fountain", Quantity: 1, Price: dec("100"), Product: &infusionsoftfake.ItemProduct{ID: 2, Name: "Fountain", SKU: "pump", Taxable: true}},
		{Type: "TAX", Name: "Sales tax", Quantity: 1, Price: dec("8.25")},
	}})
}

// invoice returns the invoice of an order.
func (q *qbo) invoice(o infusionsoftfake.Order) quickbooksfake.Invoice {
	q.t.Helper()
	l := link(q.t, q.Rig, ledger.KindInvoice, idOf(o))
	inv, ok := q.books.Invoice(l.LedgerID)
	if !ok {
		q.t.Fatalf("order %d: QuickBooks has no invoice %q; the link is %s %v", o.ID, l.LedgerID, l.State, l.Reasons)
	}
	return inv
}

// items are the products of an invoice's lines, sorted: in which order QuickBooks keeps them is its own affair.
func items(inv quickbooksfake.Invoice) string {
	var names []string
	for _, l := range inv.Line {
		switch {
		case l.SalesItemLineDetail != nil:
			names = append(names, l.SalesItemLineDetail.ItemRef.Value)
		case l.DiscountLineDetail != nil:
			names = append(names, "discount "+l.DiscountLineDetail.DiscountAccountRef.Value)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func (q *qbo) wantItems(o infusionsoftfake.Order, want string) {
	q.t.Helper()
	if got := items(q.invoice(o)); got != want {
		q.t.Errorf("the lines of order %d are booked to %q, want %q", o.ID, got, want)
	}
}

func (q *qbo) edit(id string, active bool) {
	q.t.Helper()
	rig.Check(q.t, q.books.EditItem(id, func(i *quickbooksfake.Item) { i.Active = &active }))
}

func company(t *testing.T, q *qbo, change func(*quickbooksfake.Company)) {
	t.Helper()
	rig.Check(t, q.books.EditCompany(change))
}

// F67, F68: a product for taxable and one for other lines, or the one whose SKU is the line's. A product that is
// inactive, or not there, parks the orders that need it and no other.
func TestQuickBooksItems(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		free, taxed := q.Order("50.00", false), q.taxed()
		q.expect("by taxability", 2, nil)
		q.wantItems(free, "4")
		q.wantItems(taxed, "5")

		q.Settings.Items.BySKU = true // the SKU pump is the product PUMP
		both := q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{
			rig.Thing("10.00"), {Type: "SHIPPING", Name: "Parcel", Quantity: 1, Price: dec("5")},
			{Type: "FINANCE_CHARGE", Name: "Interest", Quantity: 1, Price: dec("1")}, {Type: "DISCOUNT", Name: "Voucher", Quantity: 1, Price: dec("-2")},
		}})
		taxed = q.taxed()
		q.expect("by SKU", 2, nil)
		q.wantItems(taxed, "11")
		q.wantItems(both, "4, 4, SHIPPING_ITEM_ID, discount 86")

		q.edit("11", false)
		q.edit("4", false)
		free, taxed = q.Order("51.00", false), q.taxed()
		q.Settings.Items.BySKU = false
		other := q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("7.00")}})
		problems, err := q.push().Check(context.Background())
		rig.Check(t, err)
		if len(problems) == 0 || problems[0].Setting != "Items.NonTaxable" || problems[0].Code != "item_archived" {
			t.Errorf("Check says %v, want Items.NonTaxable item_archived", problems)
		}
		q.expect("the other product is inactive", 1, map[string]int{"item_archived": 2})
		q.wantItems(taxed, "5")
		q.says(free, "item DESIGN is inactive")
		q.expect("still", 0, map[string]int{"item_archived": 2})
		q.edit("4", true)
		q.expect("it is active again", 2, nil)
		q.wantItems(free, "4")
		q.wantItems(other, "4")

		q.Settings.Items.BySKU = true
		taxed = q.taxed()
		q.expect("the product with the SKU is inactive", 0, map[string]int{"item_archived": 1})
		q.says(taxed, "item pump is inactive")
		q.edit("11", true)
		q.expect("it is active again", 1, nil)

		q.Settings.Items.Taxable = "WATERFALL"
		q.Settings.Items.BySKU = false
		taxed = q.taxed()
		q.expect("no such product", 0, map[string]int{"item_missing": 1})
		q.says(taxed, "no item WATERFALL")
		_, err = q.books.AddItem(quickbooksfake.Item{Name: "Waterfall", Type: "Service", Taxable: true, IncomeAccountRef: &quickbooksfake.Ref{Value: "1"}})
		rig.Check(t, err)
		q.expect("somebody has added it", 1, nil)
	})
}

// Settings for a ledger by accounts name no product: every order waits, until one is chosen.
func TestQuickBooksWithoutItems(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		items := q.Settings.Items
		q.Settings.Items, q.Settings.Accounts.Default = invoicesync.ItemSettings{}, "1"
		problems, err := q.push().Check(context.Background())
		rig.Check(t, err)
		if len(problems) != 1 || problems[0].Code != "item_missing" {
			t.Errorf("Check says %v, want item_missing", problems)
		}
		o := q.Order("50.00", false)
		q.expect("no product is chosen", 0, map[string]int{"item_missing": 1})
		q.says(o, "No item is chosen")
		q.Settings.Items = items
		q.expect("one is chosen", 1, nil)
	})
}

// Tax that is nobody's rate, and a cent of rounding, as lines of their own.
func TestQuickBooksOwnLines(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		q.Settings.Tax = invoicesync.TaxSettings{Handling: invoicesync.TaxNotHandled, ZeroCode: "NON", LiabilityAccount: "90"}
		o := q.taxed()
		q.expect("an account is no product", 0, map[string]int{"tax_not_handled": 1})
		q.Settings.Items.SalesTax = "PUMP"
		q.expect("tax as a line", 1, nil)
		q.wantItems(o, "11, 4")
		if inv := q.invoice(o); !inv.TotalAmt.Equal(dec("108.25")) || !inv.Balance.Equal(dec("108.25")) {
			t.Errorf("the invoice comes to %s, want 108.25", inv.TotalAmt)
		}
	})
}

// user-pain: a company with sales tax off drops the tax without a word. An order with tax waits, one without goes.
func TestQuickBooksSalesTaxOff(t *testing.T) {
	for name, c := range map[string]struct {
		tax        quickbooksfake.SalesTax
		code, says string
	}{
		"off":        {quickbooksfake.SalesTaxOff, "sales_tax_off", "switch it on in QuickBooks"},
		"not set up": {quickbooksfake.SalesTaxNotSetUp, "sales_tax_not_set_up", "finish that in QuickBooks"},
	} {
		t.Run(name, func(t *testing.T) {
			intoQuickBooks(t, func(co *quickbooksfake.Company) { co.SalesTax = c.tax }, func(t *testing.T, q *qbo) {
				taxed := q.taxed()
				q.Order("50.00", true)
				problems, err := q.push().Check(context.Background())
				rig.Check(t, err)
				if len(problems) != 1 || problems[0].Code != "sales_tax_off" {
					t.Errorf("Check says %v, want sales_tax_off", problems)
				}
				q.expect("without sales tax", 1, map[string]int{c.code: 1})
				q.says(taxed, c.says)
				q.expect("still", 0, map[string]int{c.code: 1})
				company(t, q, func(co *quickbooksfake.Company) { co.SalesTax = quickbooksfake.SalesTaxAutomated })
				q.expect("sales tax is on", 1, nil)
				if inv := q.invoice(taxed); !inv.TxnTaxDetail.TotalTax.Equal(dec("8.25")) {
					t.Errorf("its tax is %s, want 8.25", inv.TxnTaxDetail.TotalTax)
				}
			})
		})
	}
}

// Discounts that the company does not allow wait until it does; shipping has a product where it has no line of its own.
func TestQuickBooksDiscountsAndShippingOff(t *testing.T) {
	off := func(co *quickbooksfake.Company) { co.AllowDiscount, co.AllowShipping = false, false }
	intoQuickBooks(t, off, func(t *testing.T, q *qbo) {
		reduced := q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("10.00"), {Type: "DISCOUNT", Name: "Voucher", Quantity: 1, Price: dec("-2")}}})
		shipped := q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("10.00"), {Type: "SHIPPING", Name: "Parcel", Quantity: 1, Price: dec("5")}}})
		q.expect("discounts are off", 1, map[string]int{"discounts_off": 1})
		q.says(reduced, "allow them in QuickBooks")
		q.wantItems(shipped, "4, 4")
		q.Settings.Items.Shipping = "PUMP"
		company(t, q, func(co *quickbooksfake.Company) { co.AllowDiscount = true })
		shipped = q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("10.00"), {Type: "SHIPPING", Name: "Parcel", Quantity: 1, Price: dec("5")}}})
		q.expect("discounts are on", 2, nil)
		q.wantItems(reduced, "4, discount 86")
		q.wantItems(shipped, "11, 4")
	})
}

// user-pain: QuickBooks' closing date is in its preferences. What is dated on it or before waits, payments too.
func TestQuickBooksClosedPeriod(t *testing.T) {
	intoQuickBooks(t, func(co *quickbooksfake.Company) { co.BookCloseDate = "2024-12-31" }, func(t *testing.T, q *qbo) {
		old := q.Add(infusionsoftfake.Order{OrderTime: time.Date(2024, 12, 30, 20, 0, 0, 0, time.UTC), Items: []infusionsoftfake.Item{rig.Thing("10.00")}})
		now := q.Order("20.00", false)
		q.PayAs(infusionsoftfake.Payment{OrderID: now.ID, Amount: dec("20"), Status: "MANUAL_PAID", Time: time.Date(2024, 12, 30, 20, 0, 0, 0, time.UTC)})
		rep := q.expect("the year is closed", 1, map[string]int{"locked_period": 1})
		if rep.Payments.Parked["locked_period"] != 1 || rep.Payments.Created != 0 {
			t.Errorf("payments: %+v, want one parked as locked_period", rep.Payments)
		}
		q.says(old, "2024-12-31")
		rig.Check(t, q.books.CloseBooks(""))
		rep = q.expect("the year is open again", 1, nil)
		if rep.Payments.Created != 1 || len(q.books.Payments()) != 1 {
			t.Errorf("payments: %+v, want one created", rep.Payments)
		}
	})
}

// Vendors, employees and customers share one set of names: a client of a supplier's name is not that supplier.
func TestQuickBooksNameOfVendor(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		_, err := q.books.AddVendor(quickbooksfake.Vendor{Party: quickbooksfake.Party{DisplayName: "ada lovelace"}})
		rig.Check(t, err)
		ada, err := q.Keap.AddContact(infusionsoftfake.Contact{GivenName: "Ada", FamilyName: "Lovelace", Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: "ada@example.com"}}})
		rig.Check(t, err)
		q.Settings.Contacts.Suffix = false
		o := q.OrderFor(ada.ID, "10.00", false)
		q.expect("the name is the vendor's", 0, map[string]int{"contact_name_taken": 1})
		q.says(o, "Another contact of the ledger has the client's name")
		q.Settings.Contacts.Suffix = true
		q.expect("with a suffix", 1, nil)
		customer, ok := q.books.Customer(q.invoice(o).CustomerRef.Value)
		if want := "Ada Lovelace (" + itoa(ada.ID) + ")"; !ok || customer.DisplayName != want {
			t.Errorf("the customer is %q, want %q", customer.DisplayName, want)
		}
		if len(q.books.Vendors()) != 1 {
			t.Errorf("%d vendors", len(q.books.Vendors()))
		}
	})
}

// Names that break query languages and parsers arrive as they are, once, and are found again by another process. A colon
// stands between parent and child in QuickBooks, and becomes a space.
func TestQuickBooksNames(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		names := map[string]string{
			"O'Brien": "O'Brien", `C:\temp\`: `C \temp\`, "Bob \U0001F6B2 Fan": "Bob \U0001F6B2 Fan", "“Quoted” – name": "“Quoted” – name",
			"A:B": "A B", "A B": "A B (%)", `Robert'); DROP TABLE Customer;--`: `Robert'); DROP TABLE Customer;--`,
		}
		ids := map[string]int64{}
		orders := map[string]infusionsoftfake.Order{}
		for _, name := range []string{"O'Brien", `C:\temp\`, "Bob \U0001F6B2 Fan", "“Quoted” – name", "A:B", "A B", `Robert'); DROP TABLE Customer;--`} {
			c, err := q.Keap.AddContact(infusionsoftfake.Contact{FamilyName: name})
			rig.Check(t, err)
			ids[name] = c.ID
			orders[name] = q.OrderFor(c.ID, "10.00", true)
		}
		q.expect("odd names", len(names), nil)
		for name, want := range names {
			customer, _ := q.books.Customer(q.invoice(orders[name]).CustomerRef.Value)
			if want = strings.ReplaceAll(want, "%", itoa(ids[name])); customer.DisplayName != want {
				t.Errorf("the customer of %q is %q, want %q", name, customer.DisplayName, want)
			}
			q.OrderFor(ids[name], "11.00", false)
		}
		q.expect("again", len(names), nil)
		if got := len(q.books.Customers()); got != len(names) {
			t.Errorf("%d customers of %d clients", got, len(names))
		}
		if got := len(q.books.Payments()); got != len(names) {
			t.Errorf("%d payments of %d", got, len(names))
		}
	})
}

// A number has 21 characters at most, and none where QuickBooks counts by itself.
func TestQuickBooksNumbers(t *testing.T) {
	intoQuickBooks(t, func(co *quickbooksfake.Company) { co.CustomTxnNumbers = true }, func(t *testing.T, q *qbo) {
		o := q.Order("10.00", false)
		number := idOf(o)
		q.Settings.Numbers = invoicesync.NumberSettings{FromSource: true, Prefix: strings.Repeat("N", 22-len(number))}
		q.expect("22 characters", 0, map[string]int{"number_invalid": 1})
		q.says(o, "at most 21 characters")
		q.Settings.Numbers.Prefix = q.Settings.Numbers.Prefix[1:]
		q.expect("21 characters", 1, nil)
		if got, want := q.invoice(o).DocNumber, q.Settings.Numbers.Prefix+number; got != want || len(got) != 21 {
			t.Errorf("the number is %q, want %q", got, want)
		}
		company(t, q, func(co *quickbooksfake.Company) { co.CustomTxnNumbers = false })
		problems, err := q.push().Check(context.Background())
		rig.Check(t, err)
		if len(problems) != 1 || problems[0].Setting != "Numbers.FromSource" || problems[0].Code != "numbers_off" {
			t.Errorf("Check says %v, want numbers_off", problems)
		}
		o = q.Order("11.00", false)
		q.expect("QuickBooks counts", 1, nil)
		if got := q.invoice(o).DocNumber; got == "" || strings.HasPrefix(got, "N") {
			t.Errorf("the number is %q, want one of QuickBooks' own", got)
		}
	})
}

// The connection was made anew and leads to another company than the settings name: nothing is written there.
func TestQuickBooksOtherCompany(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		q.Order("10.00", false)
		ours := q.Settings.Ledger
		other := ledger.OrganisationID{Vendor: "quickbooks", ID: "9999999999"}
		for what, o := range map[string]*quickbooks.Options{"the adapter": {Organisation: other}, "the flow": nil} {
			q.Settings.Ledger = other
			books, err := quickbooks.New(q.fake.Client(rig.Token), ours.ID, o)
			rig.Check(t, err)
			p, err := invoicesync.NewPush(q.DB, q.SourceSide(), books, q.Settings, &q.Opts)
			rig.Check(t, err)
			_, err = p.Run(context.Background())
			if !errors.Is(err, ledger.ErrReconnect) || !strings.Contains(err.Error(), ours.ID) || !strings.Contains(err.Error(), other.ID) {
				t.Errorf("%s says %v, want ErrReconnect that names both companies", what, err)
			}
		}
		if q.fake.Writes() != 0 {
			t.Errorf("%d writes into another company", q.fake.Writes())
		}
	})
}

// A payment comes days after its invoice, to another process: it is the customer's whom the invoice has by then.
func TestQuickBooksPaymentLater(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		first, moved := q.Order("10.00", false), q.Order("20.00", false)
		q.expect("unpaid", 2, nil)
		c, err := q.books.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: "Parent company"}})
		rig.Check(t, err)
		rig.Check(t, q.books.EditInvoice(q.invoice(moved).ID, func(i *quickbooksfake.Invoice) { i.CustomerRef = quickbooksfake.Ref{Value: c.ID} }))
		q.Pay(first.ID, "10.00")
		q.Pay(moved.ID, "20.00")
		if rep := q.run(); rep.Payments.Created != 2 {
			t.Fatalf("payments: %+v, want two created", rep.Payments)
		}
		for _, o := range []infusionsoftfake.Order{first, moved} {
			inv := q.invoice(o)
			if !inv.Balance.IsZero() {
				t.Errorf("invoice %s has %s left", inv.DocNumber, inv.Balance)
			}
			l := link(t, q.Rig, ledger.KindPayment, itoa(q.Keap.PaymentRows(o.ID)[0].ID))
			if p, ok := q.books.Payment(l.LedgerID); !ok || p.CustomerRef.Value != inv.CustomerRef.Value {
				t.Errorf("the payment is customer %s's, the invoice %s's", p.CustomerRef.Value, inv.CustomerRef.Value)
			}
		}

		// A deleted payment leaves nothing but its id in the change data capture.
		l := link(t, q.Rig, ledger.KindPayment, itoa(q.Keap.PaymentRows(first.ID)[0].ID))
		rig.Check(t, q.books.DeletePayment(l.LedgerID))
		if rep := q.run(); rep.Payments.Parked["payment_deleted_in_ledger"] != 1 || rep.Payments.Created != 0 {
			t.Errorf("payments: %+v, want one parked as payment_deleted_in_ledger", rep.Payments)
		}
		if got := len(q.books.Payments()); got != 1 {
			t.Errorf("%d payments, want 1", got)
		}
	})
}

// An edit is carried over: shipping that takes a product's place stays shipping, and a discount that is new does not
// take the account of a product.
func TestQuickBooksEdit(t *testing.T) {
	intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
		q.Settings.OnEdit = invoicesync.EditUpdate
		o := q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{rig.Thing("10.00"), rig.Thing("20.00"), rig.Thing("30.00")}})
		q.expect("as it was", 1, nil)
		q.wantItems(o, "4, 4, 4")
		time.Sleep(time.Hour)
		rig.Check(t, q.Keap.EditOrder(o.ID, func(o *infusionsoftfake.Order) {
			o.Items = []infusionsoftfake.Item{
				{Type: "SHIPPING", Name: "Parcel", Quantity: 1, Price: dec("5")}, {Type: "DISCOUNT", Name: "Voucher", Quantity: 1, Price: dec("-2")}, rig.Thing("31.00"),
			}
		}))
		if rep := q.run(); rep.Invoices.Updated != 1 {
			t.Fatalf("%+v, want one updated\n%s", rep.Invoices, q.reasons())
		}
		q.wantItems(o, "4, SHIPPING_ITEM_ID, discount 86") // 86 is "Discounts given"
		if inv := q.invoice(o); !inv.TotalAmt.Equal(dec("34")) {
			t.Errorf("the invoice comes to %s, want 5 - 2 + 31", inv.TotalAmt)
		}
	})
}

// Elsewhere each line has one of the company's own tax codes, and QuickBooks computes.
func TestQuickBooksInBritain(t *testing.T) {
	intoQuickBooks(t, func(co *quickbooksfake.Company) {
		*co = quickbooksfake.DefaultCompany("GB")
		co.HomeCurrency = "USD" // the shop's
	}, func(t *testing.T, q *qbo) {
		for _, c := range q.books.TaxCodes() {
			switch {
			case strings.HasPrefix(c.Name, "20"):
				q.Settings.Tax.TaxableCode = c.ID
			case strings.HasPrefix(c.Name, "0.0"):
				q.Settings.Tax.ZeroCode = c.ID
			}
		}
		order := func(tax string) infusionsoftfake.Order {
			return q.Add(infusionsoftfake.Order{Items: []infusionsoftfake.Item{
				{Type: "PRODUCT", Name: "Fountain", Quantity: 3, Price: dec("33.33"), Product: &infusionsoftfake.ItemProduct{ID: 2, Name: "Fountain", Taxable: true}},
				rig.Thing("7.00"), {Type: "TAX", Name: "VAT", Quantity: 1, Price: dec(tax)},
			}})
		}
		right, wrong := order("20.00"), order("12.00") // 20 % of 99.99 is 19.998
		q.expect("VAT", 1, map[string]int{"tax_rate_differs": 1})
		q.wantItems(right, "4, 5")
		if inv := q.invoice(right); !inv.TotalAmt.Equal(dec("126.99")) || !inv.TxnTaxDetail.TotalTax.Equal(dec("20")) {
			t.Errorf("it comes to %s with tax of %s, want 126.99 with 20.00", inv.TotalAmt, inv.TxnTaxDetail.TotalTax)
		}
		q.says(wrong, "20 %")
	})
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
