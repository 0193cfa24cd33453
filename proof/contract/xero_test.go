package contract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

const xeroAPI = "https://api.xero.com/api.xro/2.0"

// xeroUses are the operations of package xero, by reading its source.
func xeroUses(t *testing.T, accounting, identity *Spec) []*Operation {
	return append(uses(t, accounting,
		[2]string{"GET", "/Organisation"},             // organisation.go
		[2]string{"GET", "/Currencies"},               // organisation.go
		[2]string{"GET", "/Accounts"},                 // chart.go
		[2]string{"GET", "/TaxRates"},                 // chart.go
		[2]string{"GET", "/Items"},                    // chart.go
		[2]string{"GET", "/BrandingThemes"},           // chart.go, with Options.Presentation
		[2]string{"GET", "/TrackingCategories"},       // chart.go, with Options.Presentation
		[2]string{"GET", "/Contacts"},                 // contacts.go, find.go
		[2]string{"PUT", "/Contacts"},                 // writecontact.go
		[2]string{"GET", "/Invoices"},                 // invoices.go, find.go
		[2]string{"GET", "/Invoices/{InvoiceID}"},     // invoices.go
		[2]string{"GET", "/Invoices/{InvoiceID}/pdf"}, // document.go, by the Accept header
		[2]string{"PUT", "/Invoices"},                 // writeinvoice.go
		[2]string{"POST", "/Invoices/{InvoiceID}"},    // change.go, update.go
		[2]string{"GET", "/Payments"},                 // payments.go, find.go
		[2]string{"GET", "/Payments/{PaymentID}"},     // payments.go
		[2]string{"PUT", "/Payments"},                 // writepayment.go
		[2]string{"POST", "/Payments/{PaymentID}"},    // change.go
	), uses(t, identity,
		[2]string{"GET", "/Connections"},         // oauth.go
		[2]string{"DELETE", "/Connections/{id}"}, // oauth.go
	)...)
}

type xeroWorld struct {
	*testing.T
	checker *Checker
	shapes  *Shapes
	fake    *xerofake.Fake
	plan    *faults.Plan
	client  *http.Client // authorises, and is watched
	plain   *http.Client // is watched
	books   *xero.Ledger
	org     ledger.OrganisationID
	tenant  string
}

// TestXero holds package xero and xerofake against Xero's documents.
func TestXero(t *testing.T) {
	accounting := load(t, "accounting", "xero/xero_accounting.yaml", "/api.xro/2.0", xeroPDF)
	identity := load(t, "identity", "xero/xero-identity.yaml", "", xeroConnections)
	checker := New([]*Spec{accounting, identity}, xeroOutside(), xeroDeviations())
	shapes := &Shapes{List: xeroShapes()}
	checker.Observe = func(r *http.Request, resp *http.Response) {
		if resp.StatusCode >= 300 {
			body, _ := io.ReadAll(resp.Body)
			shapes.Check(r, resp, body)
		}
		if err := xeroHeaders(r, resp); err != nil {
			shapes.Failures = append(shapes.Failures, fmt.Sprintf("%s %s: %v", r.Method, r.URL.Path, err))
		}
	}
	used := xeroUses(t, accounting, identity)
	defer settle(t, checker, shapes, used) // deferred: a bubble that has failed does not return
	synctest.Test(t, func(t *testing.T) {
		plan := faults.New(1)
		fake, err := xerofake.New(&xerofake.Options{
			Organisations: []xerofake.Organisation{{Name: "Harbour Bikes Pty Ltd", Currencies: []string{"EUR"}}},
			Faults:        plan, Seed: 7,
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &xeroWorld{
			T: t, checker: checker, shapes: shapes, fake: fake, plan: plan,
			plain:  &http.Client{Transport: checker.Wrap(fake.Transport())},
			client: &http.Client{Transport: checker.Wrap(fake.Client("a token").Transport)},
		}
		org := fake.Books().Organisation()
		w.tenant, w.org = org.TenantID, ledger.OrganisationID{Vendor: xero.Vendor, ID: org.OrganisationID}
		w.books = w.open(w.client, &xero.Options{Presentation: true, PageSize: 3})
		w.reads()
		w.writes()
		w.refusals()
		w.unused()
		w.identity()
		w.outages()
	})
}

func (w *xeroWorld) open(client *http.Client, o *xero.Options) *xero.Ledger {
	w.Helper()
	books, err := xero.New(client, w.tenant, o)
	if err != nil {
		w.Fatal(err)
	}
	return books
}

func (w *xeroWorld) mark(kind ledger.RecordKind, id string) ledger.Mark {
	return ledger.NewMark(w.org, kind, ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"}, id, 0)
}

// fetch makes a request of its own with what Xero wants of every one.
func (w *xeroWorld) fetch(ctx context.Context, method, path, body string, header ...string) (int, string) {
	w.Helper()
	time.Sleep(2 * time.Second) // thirty a minute
	return call(w.T, w.client, ctx, method, xeroAPI+path, body, append([]string{"Xero-Tenant-Id", w.tenant}, header...)...)
}

// reads is what a flow reads before it writes.
func (w *xeroWorld) reads() {
	ctx := w.Context()
	if _, err := w.books.Organisation(ctx); err != nil {
		w.Fatal(err)
	}
	chart, err := w.books.Chart(ctx)
	if err != nil {
		w.Fatal(err)
	}
	if len(chart.Accounts) == 0 || len(chart.TaxRates) == 0 || len(chart.Items) == 0 || len(chart.Themes) == 0 || len(chart.Tracking) == 0 {
		w.Errorf("the chart has an empty list: %+v", chart)
	}
	read(w.T, w.books.Contacts(ctx, ledger.Query{}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{}))
	read(w.T, w.books.Payments(ctx, ledger.Query{}))
}

func (w *xeroWorld) contacts() []ledger.Outcome[ledger.Contact] {
	var drafts []ledger.Draft[ledger.Contact]
	for _, c := range []ledger.Contact{
		{Name: "Ridgeway University", Email: "accounts@ridgeway.example", GivenName: "Jo", FamilyName: "Ng", AccountNumber: "R-17"},
		{Name: "Zażółć & Söhne 株式会社", Email: "kasa@example.pl"},
		{Name: "Ridgeway University"}, // taken
	} {
		drafts = append(drafts, ledger.Draft[ledger.Contact]{Mark: w.mark(ledger.KindContact, fmt.Sprint(len(drafts)+11)), Record: c})
	}
	return create(w.T, w.books.Powers().Contacts, drafts, func(d ledger.Draft[ledger.Contact]) ledger.Member {
		return ledger.Member{Mark: d.Mark}
	}, ledger.Created, ledger.Created, ledger.Refused)
}

// invoice is a draft with every kind of line. Net 246.60, with tax of 10 % on all but the finance charge
// of 2.00. Xero rounds it line by line, halves up: 5.985 is 5.99, 18.75, 1.225 is 1.23, −1.50. Together
// 24.47; total 271.07.
func (w *xeroWorld) invoice(id, contact string, status ledger.Status) (ledger.Draft[ledger.Invoice], ledger.Member) {
	line := func(kind ledger.LineKind, name, quantity, price, account, tax string) ledger.Line {
		return ledger.Line{
			Kind: kind, Name: name, Description: name, Quantity: amount(quantity), UnitPrice: amount(price),
			Amount: amount(quantity).Mul(amount(price)).Round(2), Account: account, TaxCode: tax,
		}
	}
	product := line(ledger.LineProduct, "Widget", "3", "19.95", "200", "OUTPUT") // 59.85
	product.ItemCode, product.SKU = "WIDGET", "WIDGET"
	product.Tracking = []ledger.Tracking{{Category: "Region", Option: "North"}}
	inv := ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: status, Contact: ledger.Contact{ID: contact}, Number: "IS-" + id, Reference: "Order " + id,
		Date: ledger.MustDate("1999-12-03"), DueDate: ledger.MustDate("2000-01-02"), Currency: "AUD", TaxMode: ledger.TaxExclusive,
		URL: "https://xx123.infusionsoft.com/Job/manageJob.jsp?view=edit&ID=" + id,
		Lines: []ledger.Line{
			product,
			line(ledger.LineService, "Consulting", "1.25", "150.0000", "200", "OUTPUT"), // 187.50
			line(ledger.LineShipping, "Courier", "1", "12.2500", "210", "OUTPUT"),       // 12.25
			line(ledger.LineDiscount, "Loyal", "1", "-15.00", "205", "OUTPUT"),          // -15.00
			line(ledger.LineFinanceCharge, "Late fee", "1", "2.00", "265", "NONE"),      // 2.00, no tax
		},
		Totals: ledger.Totals{Net: amount("246.60"), Tax: amount("24.47"), Total: amount("271.07")},
	}
	mark := w.mark(ledger.KindInvoice, id)
	return ledger.Draft[ledger.Invoice]{Mark: mark, Record: inv}, ledger.Member{Mark: mark, Amount: inv.Totals.Total}
}

// writes is the life of some invoices: created in one batch, found, paid, changed and voided.
func (w *xeroWorld) writes() {
	ctx, powers := w.Context(), w.books.Powers()
	began := time.Now()
	contacts := w.contacts()
	who := contacts[0].Record.ID
	members := map[ledger.Mark]ledger.Member{}
	var drafts []ledger.Draft[ledger.Invoice]
	add := func(id string, status ledger.Status, edit func(*ledger.Invoice)) {
		d, m := w.invoice(id, who, status)
		if edit != nil {
			edit(&d.Record)
			m.Amount = d.Record.Totals.Total
		}
		drafts, members[d.Mark] = append(drafts, d), m
	}
	add("1001", ledger.StatusApproved, func(i *ledger.Invoice) { i.SentToContact = true })
	add("1002", ledger.StatusDraft, nil)
	add("1003", ledger.StatusSubmitted, nil)
	add("1004", ledger.StatusApproved, func(i *ledger.Invoice) { i.Number = "IS-1001" }) // taken
	add("1005", ledger.StatusApproved, func(i *ledger.Invoice) {
		i.TaxMode, i.Currency, i.Rate = ledger.TaxInclusive, "EUR", ledger.Invoice{}.Rate
		i.Lines, i.Totals = i.Lines[1:2], ledger.Totals{Net: amount("170.45"), Tax: amount("17.05"), Total: amount("187.50")}
	})
	add("1006", ledger.StatusApproved, func(i *ledger.Invoice) {
		i.TaxMode, i.Number = ledger.TaxNone, "IS-10,06"
		i.Lines = i.Lines[1:2]
		i.Lines[0].TaxCode, i.Totals = "NONE", ledger.Totals{Net: amount("187.50"), Total: amount("187.50")}
	})
	invoices := create(w.T, powers.Invoices, drafts, func(d ledger.Draft[ledger.Invoice]) ledger.Member { return members[d.Mark] },
		ledger.Created, ledger.Created, ledger.Created, ledger.Refused, ledger.Created, ledger.Created)

	var marks []ledger.Mark
	for _, d := range drafts {
		marks = append(marks, d.Mark)
	}
	found, err := powers.Invoices.Find(ctx, ledger.Sought{Marks: marks, Since: began, Numbers: []string{"IS-1001", "IS-10,06", "IS-none"}})
	if err != nil || len(found.Hits) != 5 {
		w.Errorf("found %d marks, want 5: %v", len(found.Hits), err)
	}
	if _, err := powers.Invoices.Find(ctx, ledger.Sought{Newest: 2}); err != nil {
		w.Error(err)
	}
	if _, err := powers.Contacts.Find(ctx, ledger.Sought{Marks: []ledger.Mark{contacts[0].Mark}, Since: began}); err != nil {
		w.Error(err)
	}
	w.payments(invoices, began)
	w.changes(invoices)
	w.readings(invoices, who)
}

func (w *xeroWorld) payments(invoices []ledger.Outcome[ledger.Invoice], began time.Time) {
	ctx, powers := w.Context(), w.books.Powers()
	var drafts []ledger.Draft[ledger.Payment]
	pay := func(invoice int, sum, account string) {
		drafts = append(drafts, ledger.Draft[ledger.Payment]{
			Mark: w.mark(ledger.KindPayment, fmt.Sprint(len(drafts)+7003)),
			Record: ledger.Payment{
				InvoiceID: invoices[invoice].Record.ID, Date: ledger.MustDate("1999-12-04"), Amount: amount(sum), Currency: "AUD",
				Account: account, Reference: "Check 12", Status: ledger.PaymentConfirmed,
			},
		})
	}
	savings, ok := w.fake.Books().Account("091")
	if !ok {
		w.Fatal("the fake has no account 091")
	}
	pay(0, "71.07", "090")              // part-paid
	pay(5, "187.50", savings.AccountID) // paid in full
	pay(0, "500.00", "090")             // overpays
	payments := create(w.T, powers.Payments, drafts, func(d ledger.Draft[ledger.Payment]) ledger.Member {
		return ledger.Member{Mark: d.Mark, Amount: d.Record.Amount, Parent: d.Record.InvoiceID}
	}, ledger.Created, ledger.Created, ledger.Refused)
	if _, err := powers.Payments.Find(ctx, ledger.Sought{Marks: []ledger.Mark{drafts[0].Mark}, Since: began, Parents: []string{invoices[0].Record.ID}}); err != nil {
		w.Error(err)
	}
	if _, err := powers.Payments.Find(ctx, ledger.Sought{Newest: 1}); err != nil {
		w.Error(err)
	}
	fresh, _ := read(w.T, w.books.Payments(ctx, ledger.Query{Refs: []ledger.Ref{{ID: payments[1].Record.ID}}}))
	if len(fresh) != 1 {
		w.Fatalf("%d payments by id, want 1", len(fresh))
	}
	change(w.T, powers.PaymentVoids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: &fresh[0]})
	if rows, err := w.books.PaymentsOf(ctx, ledger.Ref{ID: invoices[0].Record.ID}); err != nil || len(rows) != 1 {
		w.Errorf("%d payments of the first invoice, want 1: %v", len(rows), err)
	}
}

func (w *xeroWorld) changes(invoices []ledger.Outcome[ledger.Invoice]) {
	ctx, powers := w.Context(), w.books.Powers()
	again := func(i int) *ledger.Invoice {
		inv, err := w.books.Invoice(ctx, ledger.Ref{ID: invoices[i].Record.ID})
		if err != nil {
			w.Fatal(err)
		}
		return &inv
	}
	edit := func(i int, f func(*ledger.Invoice)) {
		before := again(i)
		wanted := *before
		wanted.Lines = append([]ledger.Line(nil), before.Lines...)
		f(&wanted)
		if o := change(w.T, powers.Updates, ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: before, Wanted: &wanted}); o.State != ledger.Created {
			w.Errorf("update of invoice %d: %s %+v", i, o.State, o.Refusal)
		}
	}
	edit(0, func(inv *ledger.Invoice) {
		inv.DueDate, inv.Reference = ledger.MustDate("2000-01-20"), "Order 1001, later"
	}) // part-paid
	edit(1, func(inv *ledger.Invoice) {
		inv.Lines[1].Quantity, inv.Lines[1].Amount = amount("2"), amount("300.00")
		inv.Status = ledger.StatusApproved
	})
	for _, i := range []int{1, 2} { // VOIDED, and DELETED because it was never approved
		if o := change(w.T, powers.Voids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: again(i)}); o.State != ledger.Created {
			w.Errorf("void of invoice %d: %s %+v", i, o.State, o.Refusal)
		}
	}
	// Somebody pays in between: the vendor refuses, with a 400 of one element.
	before := again(4)
	if _, err := w.fake.Books().AddPayment(xerofake.Payment{InvoiceID: before.ID, AccountID: w.bank(), Amount: amount("10"), Date: "1999-12-05"}); err != nil {
		w.Logf("no payment at the screen: %v", err)
	} else if o := change(w.T, powers.Voids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: before}); o.State != ledger.Refused {
		w.Errorf("void of a paid invoice: %s %+v, want refused", o.State, o.Refusal)
	}
}

func (w *xeroWorld) bank() string {
	a, _ := w.fake.Books().Account("090")
	return a.AccountID
}

// readings are the ways in which records are read again.
func (w *xeroWorld) readings(invoices []ledger.Outcome[ledger.Invoice], who string) {
	ctx := w.Context()
	all, next := read(w.T, w.books.Invoices(ctx, ledger.Query{})) // in pages of three
	if len(all) != 5 {
		w.Errorf("%d invoices, want 5", len(all))
	}
	read(w.T, w.books.Invoices(ctx, ledger.Query{Cursor: next}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{From: ledger.MustDate("1999-12-01")}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{Since: time.Now().Add(-time.Hour)}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{Statuses: []ledger.Status{ledger.StatusApproved, ledger.StatusPaid}}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{Summary: true}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{Refs: []ledger.Ref{{ID: invoices[0].Record.ID}, {Number: "IS-1005"}, {Number: "IS-10,06"}}}))
	if inv, err := w.books.Invoice(ctx, ledger.Ref{Number: "IS-1001"}); err != nil || inv.ID != invoices[0].Record.ID {
		w.Errorf("by number: %s, %v", inv.ID, err)
	}
	if _, err := w.books.Invoice(ctx, ledger.Ref{ID: "11111111-2222-4333-8444-555555555555"}); !errors.Is(err, ledger.ErrNotFound) {
		w.Errorf("a stranger's id: %v, want not found", err)
	}
	_, next = read(w.T, w.books.Payments(ctx, ledger.Query{}))
	read(w.T, w.books.Payments(ctx, ledger.Query{Cursor: next}))
	_, next = read(w.T, w.books.Contacts(ctx, ledger.Query{}))
	read(w.T, w.books.Contacts(ctx, ledger.Query{Cursor: next}))
	read(w.T, w.books.Contacts(ctx, ledger.Query{Refs: []ledger.Ref{{ID: who}}}))
	mine := w.open(w.client, &xero.Options{CreatedByMyApp: true})
	if _, err := mine.Powers().Invoices.Find(ctx, ledger.Sought{Marks: []ledger.Mark{invoices[0].Mark}, Since: time.Now()}); err != nil {
		w.Error(err)
	}
	pdf, err := w.books.Powers().Documents.PDF(ctx, ledger.Ref{ID: invoices[0].Record.ID})
	if err != nil {
		w.Fatal(err)
	}
	defer pdf.Close()
	if b, err := io.ReadAll(pdf); err != nil || !bytes.HasPrefix(b, []byte("%PDF")) {
		w.Errorf("the PDF is %d bytes: %v", len(b), err)
	}
}

// refusals are requests that the vendor answers with 400.
func (w *xeroWorld) refusals() {
	ctx, wrong := w.Context(), Wrong(w.Context())
	want := func(status int, body, has string) {
		w.Helper()
		if status != http.StatusBadRequest || !strings.Contains(body, has) {
			w.Errorf("status %d, want 400 with %q: %.300s", status, has, body)
		}
	}
	expect := func(ctx context.Context, has, method, path, body string, header ...string) {
		w.Helper()
		status, answer := w.fetch(ctx, method, path, body, header...)
		want(status, answer, has)
	}
	expect(ctx, `"ErrorNumber":10`, "PUT", "/Invoices", `{"Invoices":[{"Type":"ACCREC","Status":"AUTHORISED"}]}`)
	expect(ctx, `"ErrorNumber":10`, "PUT", "/Contacts", `{"Contacts":[{"Name":"Ridgeway University"}]}`)
	expect(ctx, `"ErrorNumber":10`, "PUT", "/Payments", `{"Payments":[{"Amount":1}]}`)
	expect(ctx, `"ErrorNumber":16`, "GET", "/Invoices?where="+`Nonsense%20~%20%221%22`, "")
	expect(ctx, `"ErrorNumber":16`, "GET", "/Contacts?where="+`Name%3D%3D`, "")
	expect(ctx, `"ErrorNumber":16`, "GET", "/Payments?where="+`%22`, "")
	expect(wrong, `"ErrorNumber":17`, "PUT", "/Invoices", `{"Invoices":[`)
	expect(wrong, ``, "PUT", "/Invoices", `{"Invoices":[{"Typo":"ACCREC"}]}`)
	expect(wrong, ``, "POST", "/Payments/"+w.fake.Books().Payments()[0].PaymentID, `{"Status":"VOIDED"}`)
	expect(ctx, ``, "PUT", "/Contacts", `{"Contacts":[{"Name":"Key"}]}`, "Idempotency-Key", strings.Repeat("k", 129))
	w.fetch(ctx, "PUT", "/Contacts", `{"Contacts":[{"Name":"Key"}]}`, "Idempotency-Key", "key 1")
	expect(ctx, "is used with a different request", "PUT", "/Contacts", `{"Contacts":[{"Name":"Another"}]}`, "Idempotency-Key", "key 1")
}

// unused probes what the fake serves and no adapter uses yet.
func (w *xeroWorld) unused() {
	ctx := w.Context()
	ok := func(method, path, body string, header ...string) string {
		w.Helper()
		status, answer := w.fetch(ctx, method, path, body, header...)
		if status >= 300 {
			w.Errorf("%s %s: status %d: %.300s", method, path, status, answer)
		}
		return answer
	}
	books := w.fake.Books()
	inv, _ := books.Invoice("IS-1001")
	contact := books.Contacts()[0]
	account, _ := books.Account("200")
	themes, tracking, items, payments := books.BrandingThemes(), books.TrackingCategories(), books.Items(), books.Payments()
	ok("GET", "/Organisation/Actions", "")
	ok("GET", "/Accounts/"+account.AccountID, "")
	ok("GET", "/TaxRates/OUTPUT", "")
	ok("GET", "/Items/"+items[0].ItemID, "")
	ok("GET", "/BrandingThemes/"+themes[0].BrandingThemeID, "")
	ok("GET", "/TrackingCategories/"+tracking[0].TrackingCategoryID, "")
	ok("PUT", "/Currencies", `{"Code":"NZD","Description":"New Zealand Dollar"}`)
	ok("POST", "/Contacts", `{"Contacts":[{"ContactID":"`+contact.ContactID+`","EmailAddress":"new@example.com"}]}`)
	ok("POST", "/Contacts/"+contact.ContactID, `{"Contacts":[{"ContactID":"`+contact.ContactID+`","FirstName":"Joe"}]}`)
	ok("GET", "/Contacts/"+contact.ContactID, "")
	ok("GET", "/Contacts/"+contact.ContactID+"/History", "")
	ok("PUT", "/Contacts/"+contact.ContactID+"/History", `{"HistoryRecords":[{"Details":"A note"}]}`)
	ok("POST", "/Invoices", `{"Invoices":[{"InvoiceID":"`+inv.ID+`","Reference":"By POST"}]}`)
	ok("GET", "/Invoices/"+inv.ID+"/OnlineInvoice", "")
	ok("POST", "/Invoices/"+inv.ID+"/Email", "{}")
	ok("GET", "/Invoices/"+inv.ID+"/History", "")
	ok("PUT", "/Invoices/"+inv.ID+"/History", `{"HistoryRecords":[{"Details":"A note"}]}`)
	ok("GET", "/Payments/"+payments[0].PaymentID+"/History", "")
	ok("PUT", "/Payments/"+payments[0].PaymentID+"/History", `{"HistoryRecords":[{"Details":"A note"}]}`)
	ok("POST", "/Payments", `{"Invoice":{"InvoiceID":"`+inv.ID+`"},"Account":{"Code":"090"},"Date":"1999-12-05","Amount":1.5}`)
	ok("PUT", "/CreditNotes", `{"CreditNotes":[{"Type":"ACCRECCREDIT","Status":"AUTHORISED","Contact":{"ContactID":"`+inv.ContactID+`"},"Date":"1999-12-05",`+
		`"LineItems":[{"Description":"Returned","Quantity":1,"UnitAmount":10,"AccountCode":"200","TaxType":"OUTPUT"}]}]}`)
	notes := books.CreditNotes()
	if len(notes) == 0 {
		w.Fatal("no credit note was created")
	}
	note := notes[len(notes)-1]
	ok("PUT", "/CreditNotes/"+note.ID+"/Allocations", `{"Allocations":[{"Invoice":{"InvoiceID":"`+inv.ID+`"},"Amount":4,"Date":"1999-12-05"}]}`)
	ok("GET", "/CreditNotes", "")
	ok("GET", "/CreditNotes?page=1", "")
	ok("GET", "/CreditNotes/"+note.ID, "")
	ok("GET", "/CreditNotes/"+note.ID+"/History", "")
	ok("PUT", "/CreditNotes/"+note.ID+"/History", `{"HistoryRecords":[{"Details":"A note"}]}`)
	ok("POST", "/CreditNotes/"+note.ID, `{"CreditNotes":[{"CreditNoteID":"`+note.ID+`","Reference":"RMA 7"}]}`)
	ok("POST", "/CreditNotes", `{"CreditNotes":[{"CreditNoteID":"`+note.ID+`","Reference":"RMA 8"}]}`)
	if note, found := books.CreditNote(note.ID); found && len(note.Allocations) > 0 {
		ok("DELETE", "/CreditNotes/"+note.ID+"/Allocations/"+note.Allocations[0].AllocationID, "")
	}
	ok("GET", "/Invoices", "") // without page: no lines
	ok("GET", "/Contacts?summaryOnly=true", "")
	ok("GET", "/Invoices/"+inv.ID, "")
}

// identity is how an app is connected and disconnected.
func (w *xeroWorld) identity() {
	ctx := w.Context()
	provider, err := xero.NewProvider("client", "secret", nil)
	if err != nil {
		w.Fatal(err)
	}
	grant, err := w.fake.Authorise("client")
	if err != nil {
		w.Fatal(err)
	}
	granted := &http.Client{Transport: w.checker.Wrap(w.fake.Client(grant.AccessToken).Transport)}
	tenants, err := provider.Tenants(ctx, granted, nil)
	if err != nil || len(tenants) != 1 {
		w.Fatalf("%d tenants, want 1: %v", len(tenants), err)
	}
	w.token(grant.RefreshToken)
	if err := provider.Disconnect(ctx, granted, tenants[0].ConnectionID); err != nil {
		w.Error(err)
	}
	if _, err := w.open(granted, nil).Organisation(ctx); !errors.Is(err, ledger.ErrReconnect) {
		w.Errorf("after disconnecting: %v, want reconnect", err)
	}
	if _, err := w.fake.Books().Reconnect(w.tenant); err != nil {
		w.Error(err)
	}
}

// token is the token endpoint, which no document has.
func (w *xeroWorld) token(refresh string) {
	post := func(form string) int {
		r, err := http.NewRequestWithContext(w.Context(), http.MethodPost, xero.TokenURL, strings.NewReader(form))
		if err != nil {
			w.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth("client", "secret")
		resp, err := w.plain.Do(r)
		if err != nil {
			w.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if status := post("grant_type=refresh_token&refresh_token=" + refresh); status != http.StatusOK {
		w.Errorf("refresh: status %d", status)
	}
	if status := post("grant_type=refresh_token&refresh_token=nobody's"); status != http.StatusBadRequest {
		w.Errorf("a token of nobody: status %d, want 400", status)
	}
}

// outages are the answers that the document does not describe.
func (w *xeroWorld) outages() {
	ctx := w.Context()
	fault := func(name string) {
		w.Helper()
		w.plan.Clear()
		w.plan.Add(faults.Fault{Kind: faults.Vendor, Name: name})
		status, body := w.fetch(ctx, "GET", "/Organisation", "")
		if want, _, _ := strings.Cut(name, "_"); fmt.Sprint(status) != want {
			w.Errorf("fault %s: status %d: %s", name, status, body)
		}
	}
	for _, name := range []string{
		"429_minute", "429_day", "429_concurrent", "429_app", "401_expired", "401_scope", "403_tenant",
		"503_offline", "503_unavailable", "503_organisation_offline", "500", "404", "412",
	} {
		fault(name)
	}
	w.plan.Clear()
	if status, _ := call(w.T, w.client, ctx, "GET", xeroAPI+"/Organisation", "", "Xero-Tenant-Id", "nobody"); status != http.StatusForbidden {
		w.Errorf("a stranger's tenant: status %d, want 403", status)
	}
	if status, _ := w.fetch(Wrong(ctx), "POST", "/Organisation", "{}"); status != http.StatusNotImplemented {
		w.Errorf("POST Organisation: status %d, want 501", status)
	}
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
