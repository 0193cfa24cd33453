package cash

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Books are a ledger as a person at its screen sees and changes it.
type Books interface {
	Name() string
	ID() ledger.OrganisationID
	Open() ledger.Ledger // a new connection, as a new process opens it
	Faults() *faults.Plan
	Creating() faults.Fault // matches the request that books payments
	Deleting() faults.Fault // matches the request that deletes one
	Calls() int
	Writes() int

	Bank() string    // the account that takes money
	Savings() string // another one

	AddInvoice(total string) string
	VoidInvoice(id string)
	Balance(invoice string) string
	Live() []Booked // payments that stand
	Pay(invoice, amount string, date ledger.Date) string
	DeletePayment(id string)
	Hold(id string) // makes a payment one that cannot be deleted any more: reconciled, or banked
	LockUpTo(date ledger.Date)
}

// Booked is a payment in the books.
type Booked struct {
	ID, Invoice, Amount, Account, Date, Note string
}

// Token is the bearer token. It must show up nowhere.
const Token = "tok-5f0c1d2e"

// Ledgers opens one of each.
func Ledgers() []func(*testing.T) Books { return []func(*testing.T) Books{Xero, QuickBooks} }

type xeroBooks struct {
	t    *testing.T
	fake *xerofake.Fake
	plan *faults.Plan
	n    int
}

// Xero opens the books of an Australian business.
func Xero(t *testing.T) Books {
	t.Helper()
	plan := faults.New(1)
	fake, err := xerofake.New(&xerofake.Options{Faults: plan, Seed: 7})
	check(t, err)
	return XeroOver(t, fake, plan)
}

// XeroOver is [Xero] over a fake that is there.
func XeroOver(t *testing.T, fake *xerofake.Fake, plan *faults.Plan) Books {
	t.Helper()
	return &xeroBooks{t: t, fake: fake, plan: plan}
}

func (b *xeroBooks) Name() string { return "xero" }
func (b *xeroBooks) ID() ledger.OrganisationID {
	return ledger.OrganisationID{Vendor: "xero", ID: b.fake.Books().Organisation().OrganisationID}
}
func (b *xeroBooks) Faults() *faults.Plan { return b.plan }
func (b *xeroBooks) Calls() int           { return b.fake.Calls() }
func (b *xeroBooks) Writes() int          { return b.fake.Writes() }
func (b *xeroBooks) Bank() string         { return "090" }
func (b *xeroBooks) Savings() string      { return "091" }
func (b *xeroBooks) Creating() faults.Fault {
	return faults.Fault{Method: http.MethodPut, Path: "/Payments"}
}
func (b *xeroBooks) Deleting() faults.Fault { return faults.Fault{Method: http.MethodPost} }

func (b *xeroBooks) Open() ledger.Ledger {
	l, err := xero.New(b.fake.Client(Token), b.fake.Books().Organisation().TenantID, &xero.Options{Organisation: b.ID()})
	check(b.t, err)
	return l
}

func (b *xeroBooks) AddInvoice(total string) string {
	b.n++
	c, err := b.fake.Books().AddContact(xerofake.Contact{Name: fmt.Sprint("Client ", b.n)})
	check(b.t, err)
	inv, err := b.fake.Books().AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: c.ContactID, LineAmountTypes: "NoTax",
		Lines: []xerofake.Line{{Description: "Work", Quantity: dec("1"), UnitAmount: dec(total), AccountCode: "200"}}}})
	check(b.t, err)
	return inv.ID
}

func (b *xeroBooks) VoidInvoice(id string) { check(b.t, b.fake.Books().VoidInvoice(id)) }

func (b *xeroBooks) Balance(id string) string {
	inv, ok := b.fake.Books().Invoice(id)
	if !ok {
		b.t.Fatalf("xero has no invoice %s", id)
	}
	return inv.AmountDue.StringFixed(2)
}

func (b *xeroBooks) Live() []Booked {
	codes := map[string]string{}
	for _, a := range b.fake.Books().Accounts() {
		codes[a.AccountID] = a.Code
	}
	var list []Booked
	for _, p := range b.fake.Books().Payments() {
		if p.Status != "DELETED" {
			list = append(list, Booked{p.PaymentID, p.InvoiceID, p.Amount.StringFixed(2), codes[p.AccountID], string(p.Date), p.Reference})
		}
	}
	return list
}

func (b *xeroBooks) Pay(invoice, amount string, date ledger.Date) string {
	p, err := b.fake.Books().AddPayment(xerofake.Payment{InvoiceID: invoice, Amount: dec(amount), Date: xerofake.Date(date.String())})
	check(b.t, err)
	return p.PaymentID
}

func (b *xeroBooks) DeletePayment(id string) { check(b.t, b.fake.Books().DeletePayment(id)) }
func (b *xeroBooks) Hold(id string)          { check(b.t, b.fake.Books().ReconcilePayment(id)) }
func (b *xeroBooks) LockUpTo(d ledger.Date) {
	check(b.t, b.fake.Books().SetLockDates(xerofake.Date(d.String()), ""))
}

type quickBooks struct {
	t       *testing.T
	fake    *quickbooksfake.Fake
	plan    *faults.Plan
	savings string
	n       int
}

// QuickBooks opens the books of an Australian company.
func QuickBooks(t *testing.T) Books {
	t.Helper()
	plan := faults.New(1)
	company := quickbooksfake.DefaultCompany("AU")
	company.TimeZone = "Australia/Sydney"
	fake, err := quickbooksfake.New(&quickbooksfake.Options{Companies: []quickbooksfake.Company{company}, Faults: plan, Seed: 7})
	check(t, err)
	a, err := fake.Books().AddAccount(quickbooksfake.Account{Name: "Savings", AccountType: "Bank", AccountSubType: "Savings"})
	check(t, err)
	return &quickBooks{t: t, fake: fake, plan: plan, savings: a.ID}
}

func (b *quickBooks) Name() string { return "quickbooks" }
func (b *quickBooks) ID() ledger.OrganisationID {
	return ledger.OrganisationID{Vendor: "quickbooks", ID: b.fake.Books().Company().RealmID}
}
func (b *quickBooks) Faults() *faults.Plan { return b.plan }
func (b *quickBooks) Calls() int           { return b.fake.Calls() }
func (b *quickBooks) Writes() int          { return b.fake.Writes() }
func (b *quickBooks) Savings() string      { return b.savings }
func (b *quickBooks) Creating() faults.Fault {
	return faults.Fault{Method: http.MethodPost, Path: "/batch"}
}
func (b *quickBooks) Deleting() faults.Fault {
	return faults.Fault{Method: http.MethodPost, Path: "/payment"}
}

func (b *quickBooks) Bank() string {
	for _, a := range b.fake.Books().Accounts() {
		if a.AccountType == "Bank" {
			return a.ID
		}
	}
	b.t.Fatal("the company has no bank account")
	return ""
}

func (b *quickBooks) Open() ledger.Ledger {
	l, err := quickbooks.New(b.fake.Client(Token), b.fake.Books().Company().RealmID, &quickbooks.Options{Organisation: b.ID()})
	check(b.t, err)
	return l
}

func (b *quickBooks) AddInvoice(total string) string {
	b.n++
	c, err := b.fake.Books().AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: fmt.Sprint("Client ", b.n)}})
	check(b.t, err)
	money := quickbooksfake.NewAmount(dec(total))
	inv, err := b.fake.Books().AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{CustomerRef: quickbooksfake.Ref{Value: c.ID}, GlobalTaxCalculation: "NotApplicable",
		Line: []quickbooksfake.Line{{DetailType: "SalesItemLineDetail", Amount: &money,
			SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{ItemRef: &quickbooksfake.Ref{Value: b.fake.Books().Items()[0].ID}}}}}})
	check(b.t, err)
	if !inv.TotalAmt.Equal(dec(total)) {
		b.t.Fatalf("the invoice came out as %s, not %s", inv.TotalAmt, total)
	}
	return inv.ID
}

func (b *quickBooks) VoidInvoice(id string) { check(b.t, b.fake.Books().VoidInvoice(id)) }

func (b *quickBooks) Balance(id string) string {
	inv, ok := b.fake.Books().Invoice(id)
	if !ok {
		b.t.Fatalf("quickbooks has no invoice %s", id)
	}
	return inv.Balance.StringFixed(2)
}

func (b *quickBooks) Live() []Booked {
	var list []Booked
	for _, p := range b.fake.Books().Payments() {
		if p.TotalAmt == nil || p.TotalAmt.IsZero() {
			continue
		}
		booked := Booked{ID: p.ID, Amount: p.TotalAmt.StringFixed(2), Date: string(p.TxnDate), Note: p.PrivateNote}
		if p.DepositToAccountRef != nil {
			booked.Account = p.DepositToAccountRef.Value
		}
		for _, line := range p.Line {
			for _, to := range line.LinkedTxn {
				booked.Invoice = to.TxnID
			}
		}
		list = append(list, booked)
	}
	return list
}

func (b *quickBooks) Pay(invoice, amount string, date ledger.Date) string {
	inv, _ := b.fake.Books().Invoice(invoice)
	money := quickbooksfake.NewAmount(dec(amount))
	p, err := b.fake.Books().AddPayment(quickbooksfake.Payment{CustomerRef: inv.CustomerRef, TotalAmt: &money, TxnDate: quickbooksfake.Date(date.String()),
		Line: []quickbooksfake.Line{{Amount: &money, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: invoice, TxnType: "Invoice"}}}}})
	check(b.t, err)
	return p.ID
}

func (b *quickBooks) DeletePayment(id string) { check(b.t, b.fake.Books().DeletePayment(id)) }
func (b *quickBooks) Hold(id string) {
	check(b.t, b.fake.Books().EditPayment(id, func(p *quickbooksfake.Payment) {
		p.LinkedTxn = append(p.LinkedTxn, quickbooksfake.LinkedTxn{TxnID: "900", TxnType: "Deposit"})
	}))
}
func (b *quickBooks) LockUpTo(d ledger.Date) {
	check(b.t, b.fake.Books().CloseBooks(quickbooksfake.Date(d.String())))
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
