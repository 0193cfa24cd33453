// Package imports proves what an import promises, with the real adapters over the fakes, in virtual time: how many
// calls it makes, and what comes of changes that ledgers do not announce.
package imports

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/hosttest"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// world is one import from a fake into a host in memory.
type world struct {
	t        *testing.T
	ledger   *ledgerSide
	host     *hosttest.Memory
	db       store.Store
	settings invoicesync.ImportSettings
	opts     invoicesync.Options
	events   []invoicesync.Event
}

// ledgerSide is a fake of one vendor, as far as these tests need it.
type ledgerSide struct {
	name    string
	faults  *faults.Plan
	id      ledger.OrganisationID
	taxes   []string
	money   ledger.Currency
	open    func() ledger.Source
	counts  func() map[string]int // calls by route
	reads   []string              // the routes that read invoices
	load    func(invoices []row) error
	add     func(amount string) string // an open invoice of today, by its id
	pay     func(id, amount string) string
	unpay   func(payment string)
	void    func(id string)
	edit    func(id string) // one line more
	balance func(id string) string
}

// row is an invoice of a history.
type row struct {
	n       int
	date    ledger.Date
	updated time.Time
	paid    bool
	voided  bool
}

func newWorld(t *testing.T, side *ledgerSide) *world {
	t.Helper()
	w := &world{t: t, ledger: side, host: &hosttest.Memory{}, db: store.NewMemory()}
	w.settings = invoicesync.ImportSettings{Ledger: side.id, Account: "practice", Processing: true, Currency: side.money, TaxCodes: side.taxes}
	w.opts = invoicesync.Options{Owner: "here", MemoryStore: true, Observer: func(e invoicesync.Event) {
		if e.What != "created" && e.What != "skipped" && e.What != "parked" {
			w.events = append(w.events, e)
		}
	}}
	return w
}

// onBoth runs f over both ledgers, in virtual time.
func onBoth(t *testing.T, f func(*testing.T, *world)) {
	t.Helper()
	for name, side := range map[string]func(*testing.T) *ledgerSide{"xero": xeroSide, "quickbooks": quickbooksSide} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Bubble(t, func(t *testing.T) { f(t, newWorld(t, side(t))) })
		})
	}
}

func (w *world) run() invoicesync.Report {
	w.t.Helper()
	imp, err := invoicesync.NewImport(w.db, w.ledger.open(), w.host, w.settings, &w.opts)
	rig.Check(w.t, err)
	rep, err := imp.Run(context.Background())
	rig.Check(w.t, err)
	if rep.Invoices.Read != rep.Invoices.Sum() {
		w.t.Fatalf("%d judged, states sum to %d: %+v", rep.Invoices.Read, rep.Invoices.Sum(), rep.Invoices)
	}
	return rep
}

// calls runs f and returns the calls that it made: those that read invoices, and all others.
func (w *world) calls(f func()) (reads, others int) {
	before := w.ledger.counts()
	f()
	for route, n := range w.ledger.counts() {
		n -= before[route]
		others += n
		for _, read := range w.ledger.reads {
			if route == read {
				reads += n
				others -= n
			}
		}
	}
	return reads, others
}

func (w *world) pair() store.Pair {
	return store.Pair{Source: w.settings.Ledger, Ledger: ledger.OrganisationID{Vendor: invoicesync.HostVendor, ID: w.settings.Account}}
}

func (w *world) held(id string) hosttest.Record {
	w.t.Helper()
	r, ok := w.host.Invoice(w.pair(), id)
	if !ok {
		w.t.Fatalf("the host does not hold %s", id)
	}
	return r
}

func (w *world) today() ledger.Date { return ledger.DateIn(time.Now(), time.UTC) }

func same[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func xeroSide(t *testing.T) *ledgerSide { return xeroSideWith(t, xerofake.Switches{}) }

func xeroSideWith(t *testing.T, switches xerofake.Switches) *ledgerSide {
	t.Helper()
	plan := faults.New(1)
	fake, err := xerofake.New(&xerofake.Options{Seed: 7, Faults: plan, Switches: switches})
	rig.Check(t, err)
	b := fake.Books()
	contact, err := b.AddContact(xerofake.Contact{Name: "Client One"})
	rig.Check(t, err)
	org := b.Organisation()
	return &ledgerSide{
		name: "xero", faults: plan, id: ledger.OrganisationID{Vendor: "xero", ID: org.OrganisationID}, taxes: []string{"OUTPUT"}, money: "AUD",
		open: func() ledger.Source {
			l, err := xero.New(fake.Client(rig.Token), org.TenantID, nil)
			rig.Check(t, err)
			return l
		},
		counts: func() map[string]int { return fake.Counts().ByRoute },
		reads:  []string{"GET /Invoices"},
		load: func(rows []row) error {
			var s strings.Builder
			s.WriteString(`{"Invoices":[`)
			for i, r := range rows {
				if i > 0 {
					s.WriteByte(',')
				}
				status, due, paid := "AUTHORISED", "110.00", "0.00"
				if r.paid {
					status, due, paid = "PAID", "0.00", "110.00"
				}
				if r.voided {
					status = "VOIDED"
				}
				fmt.Fprintf(&s, `{"Type":"ACCREC","InvoiceID":"11111111-0000-4000-8000-%012d","InvoiceNumber":"H-%d","Contact":{"ContactID":%q,"Name":"Client One"},
"Date":"%s","DueDate":"%s","Status":%q,"LineAmountTypes":"Exclusive","CurrencyCode":"AUD","UpdatedDateUTC":"/Date(%d+0000)/",
"SubTotal":100.00,"TotalTax":10.00,"Total":110.00,"AmountDue":%s,"AmountPaid":%s,"AmountCredited":0.00,
"LineItems":[{"Description":"Work","Quantity":1,"UnitAmount":100.00,"LineAmount":100.00,"TaxType":"OUTPUT","TaxAmount":10.00,"AccountCode":"200"}]}`,
					r.n, r.n, contact.ContactID, r.date, r.date.AddDays(14), status, r.updated.UnixMilli(), due, paid)
			}
			s.WriteString(`]}`)
			return b.Load(strings.NewReader(s.String()))
		},
		add: func(amount string) string {
			inv, err := b.AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: contact.ContactID,
				Lines: []xerofake.Line{{Description: "Work", Quantity: dec("1"), UnitAmount: dec(amount), AccountCode: "200"}}, LineAmountTypes: "Inclusive"}})
			rig.Check(t, err)
			return inv.ID
		},
		pay: func(id, amount string) string {
			p, err := b.AddPayment(xerofake.Payment{InvoiceID: id, Amount: dec(amount)})
			rig.Check(t, err)
			return p.PaymentID
		},
		unpay: func(id string) { rig.Check(t, b.DeletePayment(id)) },
		void:  func(id string) { rig.Check(t, b.VoidInvoice(id)) },
		edit: func(id string) {
			rig.Check(t, b.EditInvoice(id, func(i *xerofake.Invoice) {
				i.Lines = append(i.Lines, xerofake.Line{Description: "More", Quantity: dec("1"), UnitAmount: dec("5.00"), AccountCode: "200"})
			}))
		},
		balance: func(id string) string {
			inv, _ := b.Invoice(id)
			return inv.AmountDue.String()
		},
	}
}

func quickbooksSide(t *testing.T) *ledgerSide {
	t.Helper()
	plan := faults.New(1)
	fake, err := quickbooksfake.New(&quickbooksfake.Options{Seed: 7, Faults: plan})
	rig.Check(t, err)
	b := fake.Books()
	customer, err := b.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: "Client One"}})
	rig.Check(t, err)
	item := b.Items()[0]
	realm := b.Company().RealmID
	line := func(amount string) quickbooksfake.Line {
		a := quickbooksfake.Amount{Decimal: dec(amount)}
		return quickbooksfake.Line{Amount: &a, SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{
			ItemRef: &quickbooksfake.Ref{Value: item.ID}, TaxCodeRef: &quickbooksfake.Ref{Value: "NON"}}}
	}
	return &ledgerSide{
		name: "quickbooks", faults: plan, id: ledger.OrganisationID{Vendor: "quickbooks", ID: realm}, taxes: []string{"NON"}, money: "USD",
		open: func() ledger.Source {
			l, err := quickbooks.New(fake.Client(rig.Token), realm, nil)
			rig.Check(t, err)
			return l
		},
		counts: func() map[string]int { return fake.Counts().ByRoute },
		reads:  []string{"GET /query"},
		load: func(rows []row) error {
			var s strings.Builder
			s.WriteString(`{"QueryResponse":{"Invoice":[`)
			for i, r := range rows {
				if i > 0 {
					s.WriteByte(',')
				}
				total, balance, note := "110.00", "110.00", ""
				if r.paid {
					balance = "0"
				}
				if r.voided {
					total, balance, note = "0", "0", "Voided"
				}
				fmt.Fprintf(&s, `{"Id":"%d","SyncToken":"0","DocNumber":"H-%d","TxnDate":"%s","DueDate":"%s","TotalAmt":%s,"Balance":%s,"PrivateNote":%q,
"CustomerRef":{"value":%q},"CurrencyRef":{"value":"USD"},"MetaData":{"CreateTime":%q,"LastUpdatedTime":%q},
"Line":[{"Id":"1","LineNum":1,"Amount":%s,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":%q},"TaxCodeRef":{"value":"NON"}}}]}`,
					1000+r.n, r.n, r.date, r.date.AddDays(14), total, balance, note, customer.ID,
					r.updated.Format(time.RFC3339), r.updated.Format(time.RFC3339), total, item.ID)
			}
			s.WriteString(`]}}`)
			return b.Load(strings.NewReader(s.String()))
		},
		add: func(amount string) string {
			inv, err := b.AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{CustomerRef: quickbooksfake.Ref{Value: customer.ID},
				Line: []quickbooksfake.Line{line(amount)}}})
			rig.Check(t, err)
			return inv.ID
		},
		pay: func(id, amount string) string {
			a := quickbooksfake.Amount{Decimal: dec(amount)}
			p, err := b.AddPayment(quickbooksfake.Payment{CustomerRef: quickbooksfake.Ref{Value: customer.ID}, TotalAmt: &a,
				Line: []quickbooksfake.Line{{Amount: &a, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: id, TxnType: "Invoice"}}}}})
			rig.Check(t, err)
			return p.ID
		},
		unpay: func(id string) { rig.Check(t, b.DeletePayment(id)) },
		void:  func(id string) { rig.Check(t, b.VoidInvoice(id)) },
		edit: func(id string) {
			rig.Check(t, b.EditInvoice(id, func(i *quickbooksfake.Invoice) { i.Line = append(i.Line, line("5.00")) }))
		},
		balance: func(id string) string {
			inv, _ := b.Invoice(id)
			return inv.Balance.String()
		},
	}
}
