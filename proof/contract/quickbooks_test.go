package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// quickbooksUses are the operations of package quickbooks, by reading its source.
func quickbooksUses(t *testing.T, s *Spec) []*Operation {
	list := [][2]string{
		{"GET", "/{realm}/companyinfo/{id}"}, // organisation.go
		{"GET", "/{realm}/preferences"},      // organisation.go
		{"GET", "/{realm}/cdc"},              // cdc.go
		{"GET", "/{realm}/invoice/{id}"},     // invoices.go
		{"GET", "/{realm}/invoice/{id}/pdf"}, // document.go
		{"GET", "/{realm}/payment/{id}"},     // payments.go
		{"POST", "/{realm}/batch/Invoice"},   // writeinvoice.go
		{"POST", "/{realm}/batch/Payment"},   // writepayment.go
		{"POST", "/{realm}/batch/Customer"},  // writecontact.go
		{"POST", "/{realm}/invoice"},         // update.go
		{"POST", "/{realm}/invoice/void"},    // change.go
		{"POST", "/{realm}/payment/delete"},  // change.go
	}
	for _, entity := range strings.Fields(quickbooksQueries) { // read.go, chart.go, organisation.go
		list = append(list, [2]string{"GET", "/{realm}/query/" + entity})
	}
	return uses(t, s, list...)
}

type quickbooksWorld struct {
	*testing.T
	checker *Checker
	shapes  *Shapes
	fake    *quickbooksfake.Fake
	company *quickbooksfake.Books
	plan    *faults.Plan
	client  *http.Client // authorises, and is watched
	books   *quickbooks.Ledger
	org     ledger.Organisation
	chart   ledger.Chart
	made    int
}

// TestQuickBooks holds package quickbooks and quickbooksfake against QuickBooks' schemas.
func TestQuickBooks(t *testing.T) {
	spec, err := LoadQuickBooks("quickbooks", filepath.Join(specsFolder(t), "quickbooks"))
	if err != nil {
		t.Fatal(err)
	}
	checker := New([]*Spec{spec}, nil, quickbooksDeviations())
	shapes := &Shapes{List: quickbooksShapes()}
	checker.Observe = func(r *http.Request, resp *http.Response) {
		if resp.StatusCode >= 300 {
			body, _ := io.ReadAll(resp.Body)
			shapes.Check(r, resp, body)
		}
	}
	used := quickbooksUses(t, spec)
	defer settle(t, checker, shapes, used) // deferred: a bubble that has failed does not return
	synctest.Test(t, func(t *testing.T) {
		american, british := quickbooksfake.DefaultCompany("US"), quickbooksfake.DefaultCompany("GB")
		american.CustomTxnNumbers = true
		american.RealmID, american.Name = "4620816365012345670", "Harbour Bikes Inc"
		british.RealmID, british.Name, british.Multicurrency, british.CustomTxnNumbers = "4620816365012345671", "Harbour Bikes Ltd", true, true
		plan := faults.New(1)
		fake, err := quickbooksfake.New(&quickbooksfake.Options{Companies: []quickbooksfake.Company{american, british}, Faults: plan, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		for _, realm := range []string{american.RealmID, british.RealmID} {
			w := &quickbooksWorld{
				T: t, checker: checker, shapes: shapes, fake: fake, plan: plan, company: fake.BooksOf(realm),
				client: &http.Client{Transport: checker.Wrap(fake.Client("a token").Transport)},
			}
			w.books, err = quickbooks.New(w.client, realm, &quickbooks.Options{PageSize: 3})
			if err != nil {
				t.Fatal(err)
			}
			w.reads()
			w.writes()
			w.others()
			if realm == american.RealmID {
				w.refusals()
				w.outages()
			}
		}
	})
}

func (w *quickbooksWorld) mark(kind ledger.RecordKind, id string) ledger.Mark {
	return ledger.NewMark(w.org.ID, kind, ledger.OrganisationID{Vendor: "infusionsoft", ID: "xx123.infusionsoft.com"}, id, 0)
}

// reads is what a flow reads before it writes.
func (w *quickbooksWorld) reads() {
	ctx := w.Context()
	var err error
	if w.org, err = w.books.Organisation(ctx); err != nil {
		w.Fatal(err)
	}
	if w.chart, err = w.books.Chart(ctx); err != nil {
		w.Fatal(err)
	}
	if len(w.chart.Accounts) == 0 || len(w.chart.TaxRates) == 0 || len(w.chart.Items) == 0 {
		w.Errorf("the chart has an empty list: %+v", w.chart)
	}
	if terms, err := w.books.Terms(ctx); err != nil || len(terms) == 0 {
		w.Errorf("%d terms: %v", len(terms), err)
	}
	for i, name := range []string{"Vendor & Co", "O'Vendor"} {
		if _, err := w.company.AddVendor(quickbooksfake.Vendor{Party: quickbooksfake.Party{DisplayName: name}}); err != nil {
			w.Fatal(err)
		}
		if _, err := w.company.AddEmployee(quickbooksfake.Employee{Party: quickbooksfake.Party{DisplayName: fmt.Sprint("Employee ", i), GivenName: "E"}}); err != nil {
			w.Fatal(err)
		}
	}
	read(w.T, w.books.Contacts(ctx, ledger.Query{}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{}))
	read(w.T, w.books.Payments(ctx, ledger.Query{}))
}

func (w *quickbooksWorld) contacts() []ledger.Outcome[ledger.Contact] {
	var drafts []ledger.Draft[ledger.Contact]
	for _, c := range []ledger.Contact{
		{Name: "Ridgeway University", Email: "accounts@ridgeway.example", GivenName: "Jo", FamilyName: "Ng", Company: "Ridgeway University"},
		{Name: `O'Zażółć \ Söhne 株式会社`, Email: "kasa@example.pl"},
		{Name: "Vendor & Co"}, // a vendor has it
	} {
		drafts = append(drafts, ledger.Draft[ledger.Contact]{Mark: w.mark(ledger.KindContact, fmt.Sprint(len(drafts)+11)), Record: c})
	}
	return create(w.T, w.books.Powers().Contacts, drafts, func(d ledger.Draft[ledger.Contact]) ledger.Member {
		return ledger.Member{Mark: d.Mark}
	}, ledger.Created, ledger.Created, ledger.Refused)
}

// taxCode is one that every line may have.
func (w *quickbooksWorld) taxCode() string {
	for _, r := range w.chart.TaxRates {
		if r.Active && (r.Code == "NON" || r.Percent.IsZero() && r.Name != "") {
			return r.Code
		}
	}
	w.Fatal("the chart has no rate of 0 %")
	return ""
}

// invoice is one with every kind of line: 3 × 33.3333 is 100.00, and 4.50 for shipping less 10.02 make 94.48.
func (w *quickbooksWorld) invoice(contact, number string) ledger.Invoice {
	line := func(kind ledger.LineKind, words, quantity, price, sum string) ledger.Line {
		return ledger.Line{Kind: kind, Description: words, Quantity: amount(quantity), UnitPrice: amount(price), Amount: amount(sum), TaxCode: w.taxCode(), TaxAmount: decimal.NewNullDecimal(decimal.Zero)}
	}
	product := line(ledger.LineProduct, "Widget", "3", "33.3333", "100.00")
	product.ItemID = "1"
	return ledger.Invoice{
		Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: ledger.Contact{ID: contact}, Number: number, Reference: "Order " + number,
		Date: ledger.MustDate("1999-12-03"), DueDate: ledger.MustDate("2000-01-02"), Currency: w.org.BaseCurrency, TaxMode: ledger.TaxExclusive,
		URL: "https://xx123.infusionsoft.com/Job/manageJob.jsp?view=edit&ID=1",
		Lines: []ledger.Line{
			product,
			line(ledger.LineShipping, "Courier", "1", "4.50", "4.50"),
			line(ledger.LineDiscount, "Voucher", "1", "-10.02", "-10.02"),
		},
	}
}

func (w *quickbooksWorld) create(want []ledger.OutcomeState, invoices ...ledger.Invoice) []ledger.Outcome[ledger.Invoice] {
	w.Helper()
	var drafts []ledger.Draft[ledger.Invoice]
	totals := map[ledger.Mark]decimal.Decimal{}
	for _, inv := range invoices {
		w.made++
		p, err := w.books.Predict(inv, w.chart)
		if err != nil {
			w.Fatal(err)
		}
		d := ledger.Draft[ledger.Invoice]{Mark: w.mark(ledger.KindInvoice, fmt.Sprint(1000+w.made)), Record: inv}
		drafts, totals[d.Mark] = append(drafts, d), p.Totals.Total
	}
	return create(w.T, w.books.Powers().Invoices, drafts, func(d ledger.Draft[ledger.Invoice]) ledger.Member {
		return ledger.Member{Mark: d.Mark, Amount: totals[d.Mark]}
	}, want...)
}

// writes is the life of some invoices: created in one batch, found, paid, changed and voided.
func (w *quickbooksWorld) writes() {
	ctx, powers := w.Context(), w.books.Powers()
	began := time.Now()
	who := w.contacts()[0].Record.ID
	created, refused := ledger.Created, ledger.Refused
	invoices := w.create([]ledger.OutcomeState{created, created, created, refused},
		w.invoice(who, "IS-1"), w.invoice(who, "IS-2"), w.invoice(who, "IS-3"), w.invoice(who, "IS-1")) // the last number is taken
	first := invoices[0].Record
	if first.Totals.Total.String() != "94.48" {
		w.Errorf("the total is %s, want 94.48", first.Totals.Total)
	}
	if f, err := powers.Invoices.Find(ctx, ledger.Sought{Marks: []ledger.Mark{invoices[0].Mark}, Since: began, Numbers: []string{"IS-1", `it's \`}}); err != nil || len(f.Hits) != 1 {
		w.Errorf("found %d marks, want 1: %v", len(f.Hits), err)
	}
	if _, err := powers.Contacts.Find(ctx, ledger.Sought{Marks: []ledger.Mark{w.mark(ledger.KindContact, "11")}, Since: began}); err != nil {
		w.Error(err)
	}
	w.payments(invoices, who, began)
	w.changes(invoices)

	all, next := read(w.T, w.books.Invoices(ctx, ledger.Query{}))
	if len(all) != 3 {
		w.Errorf("%d invoices, want 3", len(all))
	}
	time.Sleep(3 * time.Minute)
	if err := w.company.EditInvoice(first.ID, func(i *quickbooksfake.Invoice) { i.CustomerMemo = &quickbooksfake.Memo{Value: "Thanks"} }); err != nil {
		w.Fatal(err)
	}
	if changed, _ := read(w.T, w.books.Invoices(ctx, ledger.Query{Cursor: next})); len(changed) == 0 {
		w.Error("an edited invoice is not among the changes")
	}
	read(w.T, w.books.Invoices(ctx, ledger.Query{From: ledger.MustDate("1999-12-01")}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{Since: time.Now().Add(-time.Hour)}))
	read(w.T, w.books.Payments(ctx, ledger.Query{Since: time.Now().Add(-time.Hour)}))
	read(w.T, w.books.Contacts(ctx, ledger.Query{Since: time.Now().Add(-time.Hour)}))
	read(w.T, w.books.Invoices(ctx, ledger.Query{Refs: []ledger.Ref{{ID: first.ID}, {Number: "IS-2"}}}))
	pdf, err := powers.Documents.PDF(ctx, ledger.Ref{ID: first.ID})
	if err != nil {
		w.Fatal(err)
	}
	defer pdf.Close()
	if b, err := io.ReadAll(pdf); err != nil || !bytes.HasPrefix(b, []byte("%PDF")) {
		w.Errorf("no PDF: %.20q, %v", b, err)
	}
}

func (w *quickbooksWorld) payments(invoices []ledger.Outcome[ledger.Invoice], who string, began time.Time) {
	ctx, powers := w.Context(), w.books.Powers()
	bank := ""
	for _, a := range w.chart.Accounts {
		if a.TakesPayments {
			bank = a.ID
		}
	}
	var drafts []ledger.Draft[ledger.Payment]
	for i, sum := range []string{"4.48", "94.48", "500.00"} { // in part, in full, and too much
		drafts = append(drafts, ledger.Draft[ledger.Payment]{
			Mark: w.mark(ledger.KindPayment, fmt.Sprint(7000+i)),
			Record: ledger.Payment{
				InvoiceID: invoices[i%2].Record.ID, Contact: who, Date: ledger.MustDate("1999-12-04"), Amount: amount(sum), Currency: w.org.BaseCurrency,
				Account: bank, Reference: "Check 12", Status: ledger.PaymentConfirmed,
			},
		})
	}
	payments := create(w.T, powers.Payments, drafts, func(d ledger.Draft[ledger.Payment]) ledger.Member {
		return ledger.Member{Mark: d.Mark, Amount: d.Record.Amount, Parent: d.Record.InvoiceID}
	}, ledger.Created, ledger.Created, ledger.Refused)
	if _, err := powers.Payments.Find(ctx, ledger.Sought{Marks: []ledger.Mark{drafts[0].Mark}, Since: began, Parents: []string{invoices[0].Record.ID}}); err != nil {
		w.Error(err)
	}
	rows, _ := read(w.T, w.books.Payments(ctx, ledger.Query{Refs: []ledger.Ref{{ID: payments[1].Record.ID}}}))
	if len(rows) != 1 {
		w.Fatalf("%d payments by id, want 1", len(rows))
	}
	if o := change(w.T, powers.PaymentVoids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: &rows[0]}); o.State != ledger.Created {
		w.Errorf("void of a payment: %s %+v", o.State, o.Refusal)
	}
	if rows, err := w.books.PaymentsOf(ctx, ledger.Ref{ID: invoices[0].Record.ID}); err != nil || len(rows) != 1 {
		w.Errorf("%d payments of the first invoice, want 1: %v", len(rows), err)
	}
}

func (w *quickbooksWorld) changes(invoices []ledger.Outcome[ledger.Invoice]) {
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
	edit(0, func(inv *ledger.Invoice) { inv.DueDate = ledger.MustDate("2000-01-20") }) // part-paid
	edit(2, func(inv *ledger.Invoice) {
		inv.Lines[0].Quantity, inv.Lines[0].Amount = amount("6"), amount("200.00")
	})
	if o := change(w.T, powers.Voids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: again(2)}); o.State != ledger.Created {
		w.Errorf("void: %s %+v", o.State, o.Refusal)
	}
}

// others probes what the fake serves and no adapter uses: every kind of record is created, read and, where it can be,
// sent. The checker looks at what comes back.
func (w *quickbooksWorld) others() {
	ok := func(method, path, body string) string {
		w.Helper()
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		w.made++
		path += join + "minorversion=75"
		if method == http.MethodPost {
			path += fmt.Sprint("&requestid=other-", w.made)
		}
		status, answer := w.fetch(method, path, body, false)
		if status >= 300 {
			w.Errorf("%s %s: status %d: %.300s", method, path, status, answer)
		}
		return answer
	}
	customer, income, bank, code, more := w.company.Customers()[0].ID, "", "", "", ""
	for _, a := range w.company.Accounts() {
		switch a.AccountType {
		case "Income":
			income = a.ID
		case "Bank":
			bank = a.ID
		}
	}
	if w.org.Country != "US" {
		code = `,"TaxCodeRef":{"value":"` + w.taxCode() + `"}`
		more = `,"CurrencyRef":{"value":"` + string(w.org.BaseCurrency) + `"}`
	}
	sale := `"CustomerRef":{"value":"` + customer + `"},"CustomField":[],"CustomerMemo":{"value":"Thanks"},"BillEmail":{"Address":"a@example.com"},"BillAddr":{"Line1":"1 High St","City":"Perth"},` +
		`"SalesTermRef":{"value":"` + w.company.Terms()[0].ID + `"},"Line":[{"Amount":12.5,"Description":"Work","DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"},"Qty":1,"UnitPrice":12.5` + code + `}}]`
	sale += more
	if more != "" {
		sale += `,"GlobalTaxCalculation":"TaxExcluded"`
	}
	for _, one := range []struct{ path, body string }{
		{"/invoice?operation=create", `{` + sale + `,"DocNumber":"OT-1"}`},
		{"/creditmemo", `{` + sale + `}`},
		{"/refundreceipt", `{` + sale + `,"DepositToAccountRef":{"value":"` + bank + `"}}`},
		{"/payment", `{"CustomerRef":{"value":"` + customer + `"},"TotalAmt":20` + more + `}`},
		{"/customer", `{"DisplayName":"Another","Title":"Dr","PrimaryPhone":{"FreeFormNumber":"555"},"WebAddr":{"URI":"https://example.com"},"Taxable":true}`},
		{"/vendor", `{"DisplayName":"Supplier"}`},
		{"/item", `{"Name":"Thing","Type":"Service","Sku":"T-1","UnitPrice":9.99,"IncomeAccountRef":{"value":"` + income + `"},"ExpenseAccountRef":{"value":"` + income + `"}}`},
		{"/account", `{"Name":"Second bank","AccountType":"Bank"}`},
		{"/term", `{"Name":"Net 7","DueDays":7}`},
		{"/paymentmethod", `{"Name":"Cheque","Type":"NON_CREDIT_CARD"}`},
	} {
		made := ok("POST", one.path, one.body)
		var answer map[string]json.RawMessage
		var record struct {
			ID string `json:"Id"`
		}
		if err := json.Unmarshal([]byte(made), &answer); err != nil {
			w.Fatal(err)
		}
		for name, inside := range answer {
			if name != "time" && json.Unmarshal(inside, &record) != nil {
				w.Fatalf("%s is no record: %s", name, made)
			}
		}
		id := record.ID
		path, _, _ := strings.Cut(one.path, "?")
		ok("GET", path+"/"+id, "")
		if path == "/invoice" {
			ok("POST", path+"/"+id+"/send?sendTo=b@example.com", "")
		}
	}
}

func (w *quickbooksWorld) fetch(method, path, body string, wrong bool) (int, string) {
	w.Helper()
	time.Sleep(2 * time.Second)
	ctx := w.Context()
	if wrong {
		ctx = Wrong(ctx)
	}
	return call(w.T, w.client, ctx, method, "https://quickbooks.api.intuit.com/v3/company/"+w.company.Company().RealmID+path, body)
}

// refusals are requests that are answered with a fault and 400.
func (w *quickbooksWorld) refusals() {
	for _, one := range []struct{ method, path, body, code string }{
		{"GET", "/query?query=SELECT+*+FROM+Invoice+WHERE+UnappliedAmt+%3D+%271%27", "", "4001"},
		{"GET", "/query?query=SELECT+*+FROM+Invoice+WHERE", "", "4000"},
		{"GET", "/invoice/999999?minorversion=75", "", "610"},
		{"POST", "/invoice", `{"Nonsense":1}`, "2010"},
		{"POST", "/invoice", `{}`, "2020"},
		{"POST", "/invoice?operation=void", `{"Id":"999999","SyncToken":"0"}`, "610"},
	} {
		if status, body := w.fetch(one.method, one.path, one.body, true); status != http.StatusBadRequest || !strings.Contains(body, `"code":"`+one.code+`"`) {
			w.Errorf("%s %s: status %d, want 400 with %s: %.300s", one.method, one.path, status, one.code, body)
		}
	}
}

// outages are the answers that the schemas do not describe.
func (w *quickbooksWorld) outages() {
	for _, name := range []string{"401_expired", "401_general", "401_user", "403", "403_throttle", "429", "429_json", "500", "500_gateway", "500_xml", "502_html", "503_html"} {
		w.plan.Clear()
		w.plan.Add(faults.Fault{Kind: faults.Vendor, Name: name, Times: 1})
		status, body := w.fetch("GET", "/preferences?minorversion=75", "", false)
		if want, _, _ := strings.Cut(name, "_"); fmt.Sprint(status) != want {
			w.Errorf("fault %s: status %d: %s", name, status, body)
		}
	}
	w.plan.Clear()
	if status, body := w.fetch("GET", "/reports/ProfitAndLoss", "", true); status != http.StatusNotImplemented {
		w.Errorf("a report: status %d: %s", status, body)
	}
}

// The document made of the schemas is held to what it is for: each of these is one mistake.
func TestQuickBooksSchemasBite(t *testing.T) {
	spec, err := LoadQuickBooks("quickbooks", filepath.Join(specsFolder(t), "quickbooks"))
	if err != nil {
		t.Fatal(err)
	}
	const (
		batch = "/1/batch?minorversion=75&requestid=k"
		one   = "/1/invoice?minorversion=75&requestid=k"
		line  = `"Line":[{"Amount":1,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"1"}}}]`
		good  = `"CustomerRef":{"value":"1"},` + line
	)
	item := func(invoice string) string {
		return `{"BatchItemRequest":[{"bId":"b","operation":"create","Invoice":{` + invoice + `}}]}`
	}
	long := strings.Repeat("x", 22)
	answer := `{"Invoice":{"Id":"1","SyncToken":"0","TotalAmt":1.00},"time":"2026-05-05T02:11:27.123-07:00"}`
	for name, c := range map[string]struct{ method, target, body, answer, where, rule string }{
		"nothing":            {"POST", batch, item(good), "", "", ""},
		"nothing, in change": {"POST", one, `{"Id":"1","SyncToken":"0","sparse":true,"DueDate":"2026-01-01"}`, answer, "", ""},
		"nothing, asked":     {"GET", "/1/query?minorversion=75&query=SELECT+*+FROM+Customer+WHERE+DisplayName+%3D+%27O%5C%27B%27+ORDERBY+Id+MAXRESULTS+1000", "", "", "", ""},

		"a field that is not there":     {"POST", batch, item(good + `,"Memo":"x"`), "", "body /BatchItemRequest/*/Invoice/Memo", "unknown"},
		"one inside a line":             {"POST", batch, item(strings.Replace(good, `"ItemRef"`, `"Price":1,"ItemRef"`, 1)), "", "body /BatchItemRequest/*/Invoice/Line/*/SalesItemLineDetail/Price", "unknown"},
		"no customer":                   {"POST", batch, item(line), "", "body /BatchItemRequest/*/Invoice/CustomerRef", "required"},
		"a reference to nothing":        {"POST", batch, item(`"CustomerRef":{"name":"A"},` + line), "", "body /BatchItemRequest/*/Invoice/CustomerRef/value", "required"},
		"no line":                       {"POST", batch, item(`"CustomerRef":{"value":"1"}`), "", "body /BatchItemRequest/*/Invoice/Line", "required"},
		"a line without amount":         {"POST", batch, item(strings.Replace(good, `"Amount":1,`, "", 1)), "", "", "*"},
		"a line of a kind that is not":  {"POST", batch, item(strings.Replace(good, `"DetailType":"SalesItemLineDetail"`, `"DetailType":"Sales"`, 1)), "", "", "*"},
		"a number of 22 characters":     {"POST", batch, item(good + `,"DocNumber":"` + long + `"`), "", "body /BatchItemRequest/*/Invoice/DocNumber", "maxLength"},
		"an enumeration":                {"POST", batch, item(good + `,"GlobalTaxCalculation":"TaxIncluded"`), "", "body /BatchItemRequest/*/Invoice/GlobalTaxCalculation", "enum"},
		"a text for a number":           {"POST", batch, item(good + `,"ExchangeRate":"1"`), "", "body /BatchItemRequest/*/Invoice/ExchangeRate", "type"},
		"a day that is none":            {"POST", batch, item(good + `,"TxnDate":"03/04/2026"`), "", "body /BatchItemRequest/*/Invoice/TxnDate", "format"},
		"a bId of 11 characters":        {"POST", batch, strings.Replace(item(good), `"b"`, `"bbbbbbbbbbb"`, 1), "", "body /BatchItemRequest/*/bId", "maxLength"},
		"a change without its version":  {"POST", one, `{"Id":"1","DueDate":"2026-01-01"}`, answer, "body /SyncToken", "required"},
		"a write without its requestid": {"POST", "/1/invoice?minorversion=75", `{"Id":"1","SyncToken":"0"}`, answer, "query requestid", "required"},
		"a batch's key too long":        {"POST", "/1/batch?minorversion=75&requestid=" + strings.Repeat("k", 37), item(good), "", "query requestid", "maxLength"},
		"a parameter of nobody":         {"POST", one + "&dryrun=1", `{"Id":"1","SyncToken":"0"}`, answer, "query dryrun", "unknown"},
		"a quote that is doubled":       {"GET", "/1/query?minorversion=75&query=SELECT+*+FROM+Customer+WHERE+DisplayName+%3D+%27O%27%27B%27", "", "", "query query", "pattern"},
		"a page of 1001":                {"GET", "/1/query?minorversion=75&query=SELECT+*+FROM+Customer+MAXRESULTS+1001", "", "", "query query", "pattern"},
		"an OR":                         {"GET", "/1/query?minorversion=75&query=SELECT+*+FROM+Customer+WHERE+Id+%3D+%271%27+OR+Id+%3D+%272%27", "", "", "query query", "pattern"},

		"an answer with a field of its own": {"POST", one, `{"Id":"1","SyncToken":"0"}`, strings.Replace(answer, `"Id"`, `"FakeId":"1","Id"`, 1), "body /Invoice/FakeId", "unknown"},
		"an answer whose amount is a text":  {"POST", one, `{"Id":"1","SyncToken":"0"}`, strings.Replace(answer, "1.00", `"1.00"`, 1), "body /Invoice/TotalAmt", "type"},
		"an answer without its time":        {"POST", one, `{"Id":"1","SyncToken":"0"}`, `{"Invoice":{"Id":"1"}}`, "body /time", "required"},
	} {
		t.Run(name, func(t *testing.T) {
			checker := New([]*Spec{spec}, nil, nil)
			client := &http.Client{Transport: checker.Wrap(answering(c.answer))}
			call(t, client, t.Context(), c.method, "https://quickbooks.api.intuit.com/v3/company"+c.target, c.body)
			found := checker.Mismatches()
			if c.rule == "" {
				for _, m := range found {
					t.Errorf("mismatch: %s", m)
				}
				return
			}
			for _, m := range found {
				if c.rule == "*" || m.Where == c.where && m.Rule == c.rule {
					return
				}
			}
			t.Errorf("not seen: %s at %s; seen is %v", c.rule, c.where, found)
		})
	}
}

// answering answers everything with one body. None is a server that is never there: only the request is looked at.
type answering string

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}}
	status := http.StatusOK
	if a == "" {
		status = http.StatusTeapot
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(string(a))), Request: r}, nil
}
