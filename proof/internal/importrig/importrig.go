// Package importrig sets up an import for tests: the real flow and the real adapters of Xero and QuickBooks over
// their fakes, into a host in memory, in virtual time.
package importrig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
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
type World struct {
	T        *testing.T
	Ledger   *Side
	Host     *hosttest.Memory
	DB       store.Store
	Settings invoicesync.ImportSettings
	Opts     invoicesync.Options
	Events   []invoicesync.Event // all but the records' own
}

// Side is a fake of one vendor, as far as these tests need it.
type Side struct {
	Name     string
	Faults   *faults.Plan
	ID       ledger.OrganisationID
	Taxes    []string
	Currency ledger.Currency
	PageSize int // of the adapter; 0: its own
	Open     func() ledger.Source
	Counts   func() map[string]int // calls by route
	Reads    []string              // the routes that read invoices
	Load     func(invoices []Row) error
	Add      func(amount string) string // an open invoice of today without tax on top, by its id
	Pay      func(id, amount string) string
	Unpay    func(payment string) // deletes it
	Void     func(id string)
	Edit     func(id string)         // one line of 5.00 more
	Due      func(id, date string)   // another due date
	QuietDue func(id, date string)   // the same in a way that the ledger does not announce on part-paid invoices; nil: none is known
	Credit   func(id, amount string) // a credit note, applied
	State    func(id string) State
	Delete   func(id string) // without a trace; nil: the ledger keeps everything
}

// State is an invoice as the ledger's own screens show it.
type State struct {
	Status         ledger.Status
	Total, Balance decimal.Decimal
	Lines          int
	Payments       map[string]decimal.Decimal // of money, by id
}

// Row is an invoice of a history.
type Row struct {
	N       int
	Date    ledger.Date
	Updated time.Time
	Paid    bool
	Voided  bool
}

func New(t *testing.T, side *Side) *World {
	t.Helper()
	w := &World{T: t, Ledger: side, Host: &hosttest.Memory{}, DB: store.NewMemory()}
	w.Settings = invoicesync.ImportSettings{Ledger: side.ID, Account: "practice", Processing: true, Currency: side.Currency, TaxCodes: side.Taxes}
	w.Opts = invoicesync.Options{Owner: "here", MemoryStore: true, Observer: func(e invoicesync.Event) {
		if e.What != "created" && e.What != "skipped" && e.What != "parked" {
			w.Events = append(w.Events, e)
		}
	}}
	return w
}

// OnBoth runs f over both ledgers, in virtual time.
func OnBoth(t *testing.T, f func(*testing.T, *World)) {
	t.Helper()
	for name, side := range map[string]func(*testing.T) *Side{"xero": Xero, "quickbooks": QuickBooks} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rig.Bubble(t, func(t *testing.T) { f(t, New(t, side(t))) })
		})
	}
}

func (w *World) Run() invoicesync.Report {
	w.T.Helper()
	imp, err := invoicesync.NewImport(w.DB, w.Ledger.Open(), w.Host, w.Settings, &w.Opts)
	rig.Check(w.T, err)
	rep, err := imp.Run(context.Background())
	rig.Check(w.T, err)
	if rep.Invoices.Read != rep.Invoices.Sum() {
		w.T.Fatalf("%d judged, states sum to %d: %+v", rep.Invoices.Read, rep.Invoices.Sum(), rep.Invoices)
	}
	return rep
}

// calls runs f and returns the calls that it made: those that read invoices, and all others.
func (w *World) Calls(f func()) (reads, others int) {
	before := w.Ledger.Counts()
	f()
	for route, n := range w.Ledger.Counts() {
		n -= before[route]
		others += n
		for _, read := range w.Ledger.Reads {
			if route == read {
				reads += n
				others -= n
			}
		}
	}
	return reads, others
}

func (w *World) Pair() store.Pair {
	return store.Pair{Source: w.Settings.Ledger, Ledger: ledger.OrganisationID{Vendor: invoicesync.HostVendor, ID: w.Settings.Account}}
}

func (w *World) Held(id string) hosttest.Record {
	w.T.Helper()
	r, ok := w.Host.Invoice(w.Pair(), id)
	if !ok {
		w.T.Fatalf("the host does not hold %s", id)
	}
	return r
}

func (w *World) Today() ledger.Date { return ledger.DateIn(time.Now(), time.UTC) }

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func Xero(t *testing.T) *Side { return XeroWith(t, xerofake.Switches{}) }

func XeroWith(t *testing.T, switches xerofake.Switches) *Side {
	t.Helper()
	plan := faults.New(1)
	fake, err := xerofake.New(&xerofake.Options{Seed: 7, Faults: plan, Switches: switches})
	rig.Check(t, err)
	b := fake.Books()
	contact, err := b.AddContact(xerofake.Contact{Name: "Client One"})
	rig.Check(t, err)
	org := b.Organisation()
	call := func(method, path, body string) { // another app's
		req, err := http.NewRequestWithContext(t.Context(), method, "https://api.xero.com/api.xro/2.0"+path, strings.NewReader(body))
		rig.Check(t, err)
		req.Header.Set("Xero-Tenant-Id", org.TenantID)
		req.Header.Set("Accept", "application/json")
		req.Header.Set("Content-Type", "application/json")
		resp, err := fake.Client(rig.Token).Do(req)
		rig.Check(t, err)
		answer, err := io.ReadAll(resp.Body)
		rig.Check(t, errors.Join(err, resp.Body.Close()))
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, answer)
		}
	}
	side := &Side{}
	*side = Side{
		Name: "xero", Faults: plan, ID: ledger.OrganisationID{Vendor: "xero", ID: org.OrganisationID}, Taxes: []string{"OUTPUT"}, Currency: "AUD",
		Open: func() ledger.Source {
			l, err := xero.New(fake.Client(rig.Token), org.TenantID, &xero.Options{PageSize: side.PageSize})
			rig.Check(t, err)
			return l
		},
		Counts: func() map[string]int { return fake.Counts().ByRoute },
		Reads:  []string{"GET /Invoices"},
		Load: func(rows []Row) error {
			var s strings.Builder
			s.WriteString(`{"Invoices":[`)
			for i, r := range rows {
				if i > 0 {
					s.WriteByte(',')
				}
				status, due, paid := "AUTHORISED", "110.00", "0.00"
				if r.Paid {
					status, due, paid = "PAID", "0.00", "110.00"
				}
				if r.Voided {
					status = "VOIDED"
				}
				fmt.Fprintf(&s, `{"Type":"ACCREC","InvoiceID":"11111111-0000-4000-8000-%012d","InvoiceNumber":"H-%d","Contact":{"ContactID":%q,"Name":"Client One"},
"Date":"%s","DueDate":"%s","Status":%q,"LineAmountTypes":"Exclusive","CurrencyCode":"AUD","UpdatedDateUTC":"/Date(%d+0000)/",
"SubTotal":100.00,"TotalTax":10.00,"Total":110.00,"AmountDue":%s,"AmountPaid":%s,"AmountCredited":0.00,
"LineItems":[{"Description":"Work","Quantity":1,"UnitAmount":100.00,"LineAmount":100.00,"TaxType":"OUTPUT","TaxAmount":10.00,"AccountCode":"200"}]}`,
					r.N, r.N, contact.ContactID, r.Date, r.Date.AddDays(14), status, r.Updated.UnixMilli(), due, paid)
			}
			s.WriteString(`]}`)
			return b.Load(strings.NewReader(s.String()))
		},
		Add: func(amount string) string {
			inv, err := b.AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: contact.ContactID,
				Lines: []xerofake.Line{{Description: "Work", Quantity: dec("1"), UnitAmount: dec(amount), AccountCode: "200"}}, LineAmountTypes: "Inclusive"}})
			rig.Check(t, err)
			return inv.ID
		},
		Pay: func(id, amount string) string {
			p, err := b.AddPayment(xerofake.Payment{InvoiceID: id, Amount: dec(amount)})
			rig.Check(t, err)
			return p.PaymentID
		},
		Unpay: func(id string) { rig.Check(t, b.DeletePayment(id)) },
		Void:  func(id string) { rig.Check(t, b.VoidInvoice(id)) },
		Due: func(id, date string) {
			rig.Check(t, b.EditInvoice(id, func(i *xerofake.Invoice) { i.DueDate = xerofake.Date(date) }))
		},
		State: func(id string) State {
			inv, _ := b.Invoice(id)
			s := State{Total: inv.Total, Balance: inv.AmountDue, Lines: len(inv.Lines), Payments: map[string]decimal.Decimal{}}
			s.Status = map[string]ledger.Status{"AUTHORISED": ledger.StatusApproved, "PAID": ledger.StatusPaid, "VOIDED": ledger.StatusVoided}[inv.Status]
			for _, p := range b.Payments() {
				if p.InvoiceID == inv.ID && p.Status == "AUTHORISED" {
					s.Payments[p.PaymentID] = p.Amount
				}
			}
			return s
		},
		QuietDue: func(id, date string) { call("POST", "/Invoices/"+id, `{"DueDate":"`+date+`"}`) },
		Credit: func(id, amount string) {
			note, err := b.AddCreditNote(xerofake.CreditNote{Document: xerofake.Document{ContactID: contact.ContactID, LineAmountTypes: "Inclusive",
				Lines: []xerofake.Line{{Description: "Credit", Quantity: dec("1"), UnitAmount: dec(amount), AccountCode: "200"}}}})
			rig.Check(t, err)
			call("PUT", "/CreditNotes/"+note.ID+"/Allocations",
				fmt.Sprintf(`{"Allocations":[{"Invoice":{"InvoiceID":%q},"Amount":%s,"Date":"%s"}]}`, id, amount, ledger.DateIn(time.Now(), time.UTC)))
		},
		Edit: func(id string) {
			rig.Check(t, b.EditInvoice(id, func(i *xerofake.Invoice) {
				i.Lines = append(i.Lines, xerofake.Line{Description: "More", Quantity: dec("1"), UnitAmount: dec("5.00"), AccountCode: "200"})
			}))
		},
	}
	return side
}

func QuickBooks(t *testing.T) *Side {
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
	side := &Side{}
	*side = Side{
		Name: "quickbooks", Faults: plan, ID: ledger.OrganisationID{Vendor: "quickbooks", ID: realm}, Taxes: []string{"NON"}, Currency: "USD",
		Open: func() ledger.Source {
			l, err := quickbooks.New(fake.Client(rig.Token), realm, &quickbooks.Options{PageSize: side.PageSize})
			rig.Check(t, err)
			return l
		},
		Counts: func() map[string]int { return fake.Counts().ByRoute },
		Reads:  []string{"GET /query"},
		Load: func(rows []Row) error {
			var s strings.Builder
			s.WriteString(`{"QueryResponse":{"Invoice":[`)
			for i, r := range rows {
				if i > 0 {
					s.WriteByte(',')
				}
				total, balance, note := "110.00", "110.00", ""
				if r.Paid {
					balance = "0"
				}
				if r.Voided {
					total, balance, note = "0", "0", "Voided"
				}
				fmt.Fprintf(&s, `{"Id":"%d","SyncToken":"0","DocNumber":"H-%d","TxnDate":"%s","DueDate":"%s","TotalAmt":%s,"Balance":%s,"PrivateNote":%q,
"CustomerRef":{"value":%q},"CurrencyRef":{"value":"USD"},"MetaData":{"CreateTime":%q,"LastUpdatedTime":%q},
"Line":[{"Id":"1","LineNum":1,"Amount":%s,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":%q},"TaxCodeRef":{"value":"NON"}}}]}`,
					1000+r.N, r.N, r.Date, r.Date.AddDays(14), total, balance, note, customer.ID,
					r.Updated.Format(time.RFC3339), r.Updated.Format(time.RFC3339), total, item.ID)
			}
			s.WriteString(`]}}`)
			return b.Load(strings.NewReader(s.String()))
		},
		Add: func(amount string) string {
			inv, err := b.AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{CustomerRef: quickbooksfake.Ref{Value: customer.ID},
				Line: []quickbooksfake.Line{line(amount)}}})
			rig.Check(t, err)
			return inv.ID
		},
		Pay: func(id, amount string) string {
			a := quickbooksfake.Amount{Decimal: dec(amount)}
			p, err := b.AddPayment(quickbooksfake.Payment{CustomerRef: quickbooksfake.Ref{Value: customer.ID}, TotalAmt: &a,
				Line: []quickbooksfake.Line{{Amount: &a, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: id, TxnType: "Invoice"}}}}})
			rig.Check(t, err)
			return p.ID
		},
		Unpay: func(id string) { rig.Check(t, b.DeletePayment(id)) },
		Void:  func(id string) { rig.Check(t, b.VoidInvoice(id)) },
		Due: func(id, date string) {
			rig.Check(t, b.EditInvoice(id, func(i *quickbooksfake.Invoice) { i.DueDate = quickbooksfake.Date(date) }))
		},
		Credit: func(id, amount string) {
			memo, err := b.AddCreditMemo(quickbooksfake.CreditMemo{Sale: quickbooksfake.Sale{CustomerRef: quickbooksfake.Ref{Value: customer.ID},
				Line: []quickbooksfake.Line{line(amount)}}})
			rig.Check(t, err)
			a, zero := quickbooksfake.Amount{Decimal: dec(amount)}, quickbooksfake.Amount{}
			_, err = b.AddPayment(quickbooksfake.Payment{CustomerRef: quickbooksfake.Ref{Value: customer.ID}, TotalAmt: &zero, Line: []quickbooksfake.Line{
				{Amount: &a, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: id, TxnType: "Invoice"}}},
				{Amount: &a, LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: memo.ID, TxnType: "CreditMemo"}}}}})
			rig.Check(t, err)
		},
		State: func(id string) State {
			inv, there := b.Invoice(id)
			s := State{Total: inv.TotalAmt.Decimal, Balance: inv.Balance.Decimal, Payments: map[string]decimal.Decimal{}}
			for _, l := range inv.Line {
				if l.DetailType != "SubTotalLineDetail" {
					s.Lines++
				}
			}
			switch {
			case !there:
				s.Status = ledger.StatusDeleted
			case strings.HasPrefix(inv.PrivateNote, "Voided"):
				s.Status = ledger.StatusVoided
			case inv.Balance.IsZero():
				s.Status = ledger.StatusPaid
			default:
				s.Status = ledger.StatusApproved
			}
			for _, p := range b.Payments() {
				for _, l := range p.Line {
					if len(l.LinkedTxn) == 1 && l.LinkedTxn[0].TxnID == id && l.LinkedTxn[0].TxnType == "Invoice" {
						s.Payments[p.ID] = l.Amount.Decimal
					}
				}
			}
			return s
		},
		Delete: func(id string) { rig.Check(t, b.DeleteInvoice(id)) },
		Edit: func(id string) {
			rig.Check(t, b.EditInvoice(id, func(i *quickbooksfake.Invoice) { i.Line = append(i.Line, line("5.00")) }))
		},
	}
	return side
}
