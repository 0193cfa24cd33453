package quickbooks

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func TestEncodeInvoice(t *testing.T) {
	t.Parallel()
	l, _ := american(t, nil)
	inv := draftInvoice()
	inv.Reference, inv.Number = "PO  7", "INV-0042"
	inv.Totals.Total = dec("110")
	inv.Lines[0].TaxCode, inv.Lines[0].TaxAmount = "TAX", ndec("8.25")
	inv.Lines = append(inv.Lines,
		ledger.Line{Kind: ledger.LineOther, Description: "Thank you <&>"},
		ledger.Line{Kind: ledger.LineShipping, Name: "Shipping", Quantity: one, UnitPrice: dec("5"), TaxCode: "NON"},
		off("-10.02", "TAX"), off("-1", "TAX"),
		ledger.Line{Kind: ledger.LineProduct, Name: "Gadget", ItemCode: "12", Quantity: one, UnitPrice: dec("1.5")})
	inv.Lines[3].TaxAmount, inv.Lines[4].TaxAmount = ndec("0"), ndec("0")
	drafts := []ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}}
	e, err := l.Powers().Invoices.Encode(drafts)
	require.NoError(t, err)
	assert.Equal(t, "POST /batch?minorversion=75", e.Route)
	assert.Equal(t, `{"BatchItemRequest":[{"bId":"ABCDEFGHIJ","operation":"create","Invoice":{"CustomerRef":{"value":"21"},"DocNumber":"INV-0042",`+
		`"TxnDate":"2026-02-28","DueDate":"2026-03-14","ApplyTaxAfterDiscount":true,`+
		`"PrivateNote":"PO 7 https://shop.example/orders/42 ABCDEFGHIJKLMNOP","Line":[`+
		`{"Description":"Widget","Amount":100,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"7"},"Qty":3,"UnitPrice":33.3333,"TaxCodeRef":{"value":"TAX"}}},`+
		`{"Description":"Thank you <&>","DetailType":"DescriptionOnly","DescriptionLineDetail":{}},`+
		`{"Description":"Shipping","Amount":5,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"SHIPPING_ITEM_ID"},"TaxCodeRef":{"value":"NON"}}},`+
		`{"Description":"Gadget","Amount":1.5,"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"ItemRef":{"value":"12"},"Qty":1,"UnitPrice":1.5,"TaxCodeRef":{"value":"NON"}}},`+
		`{"Description":"Voucher; Voucher","Amount":11.02,"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":false}}],`+
		`"TxnTaxDetail":{"TotalTax":8.25}}}]}`, string(e.Body))
	again, err := l.Powers().Invoices.Encode(drafts)
	require.NoError(t, err)
	assert.Equal(t, e, again)
}

// Protocol §6: no tax at the source is no tax on any line. Real problem 22: the exchange rate is explicit.
func TestEncodeTaxAndCurrency(t *testing.T) {
	t.Parallel()
	l, _ := american(t, nil)
	encode := func(inv ledger.Invoice) (string, error) {
		e, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}})
		return string(e.Body), err
	}
	inv := draftInvoice()
	inv.Lines[0].TaxCode, inv.Lines[0].TaxAmount = "TAX", ndec("0")
	body, err := encode(inv)
	require.NoError(t, err)
	assert.Contains(t, body, `"TaxCodeRef":{"value":"NON"}`)
	assert.NotContains(t, body, "TxnTaxDetail")

	inv = draftInvoice()
	inv.Currency = "EUR"
	_, err = encode(inv)
	assert.Equal(t, ledger.RefusedCurrency, ledger.Code(err), "the company has one currency")
	c := l.company.Load()
	c.MultiCurrency = true
	c.Organisation.Currencies = append(c.Organisation.Currencies, "EUR")
	_, err = encode(inv)
	assert.Equal(t, "exchange_rate_missing", ledger.Code(err))
	inv.Rate = ndec("1.0825")
	body, err = encode(inv)
	require.NoError(t, err)
	assert.Contains(t, body, `"CurrencyRef":{"value":"EUR"},"ExchangeRate":1.0825`)

	l, _ = newLedger(t, nil, nil)
	l.company.Store(company("GB", "GBP"))
	inv = draftInvoice()
	inv.Currency, inv.Lines[0].TaxCode = "GBP", "20"
	inv.Lines = append(inv.Lines, off("-1", "20"))
	body, err = encode(inv)
	require.NoError(t, err)
	assert.Contains(t, body, `"GlobalTaxCalculation":"TaxExcluded"`)
	assert.Contains(t, body, `"TaxCodeRef":{"value":"20"}}},{"Description":"Voucher","Amount":1,"DetailType":"DiscountLineDetail","DiscountLineDetail":{"PercentBased":false,"TaxCodeRef":{"value":"20"}}}]`)
	assert.NotContains(t, body, "TxnTaxDetail")
	assert.NotContains(t, body, "ApplyTaxAfterDiscount")
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*ledger.Invoice, *Ledger)
		kind  error
		code  string
	}{
		"credit note":         {func(i *ledger.Invoice, _ *Ledger) { i.Kind = ledger.CreditNote }, ledger.ErrUnsupported, "credit_note"},
		"no customer":         {func(i *ledger.Invoice, _ *Ledger) { i.Contact.ID = "" }, ledger.ErrRefused, ledger.RefusedContact},
		"draft":               {func(i *ledger.Invoice, _ *Ledger) { i.Status = ledger.StatusDraft }, ledger.ErrRefused, "status_invalid"},
		"paid":                {func(i *ledger.Invoice, _ *Ledger) { i.Status = ledger.StatusPaid }, ledger.ErrRefused, "status_invalid"},
		"no date":             {func(i *ledger.Invoice, _ *Ledger) { i.Date = ledger.Date{} }, ledger.ErrRefused, "date_missing"},
		"no due date":         {func(i *ledger.Invoice, _ *Ledger) { i.DueDate = ledger.Date{} }, ledger.ErrRefused, "due_date_missing"},
		"no lines":            {func(i *ledger.Invoice, _ *Ledger) { i.Lines = nil }, ledger.ErrRefused, "lines_missing"},
		"words only":          {func(i *ledger.Invoice, _ *Ledger) { i.Lines = []ledger.Line{{Description: "x"}} }, ledger.ErrRefused, "lines_missing"},
		"22 characters":       {func(i *ledger.Invoice, _ *Ledger) { i.Number = strings.Repeat("7", 22) }, ledger.ErrRefused, "number_invalid"},
		"751 taxed lines":     {func(i *ledger.Invoice, _ *Ledger) { i.Lines = many(751, stated(line("1", "1", "TAX"), "1")) }, ledger.ErrRefused, "lines_too_many"},
		"no product":          {func(i *ledger.Invoice, _ *Ledger) { i.Lines[0].ItemID = "" }, ledger.ErrRefused, ledger.RefusedItemMissing},
		"a SKU, chart unread": {func(i *ledger.Invoice, _ *Ledger) { i.Lines[0].ItemID, i.Lines[0].ItemCode = "", "W-1" }, ledger.ErrRefused, ledger.RefusedItemMissing},
		"company unread":      {func(_ *ledger.Invoice, l *Ledger) { l.company.Store(nil) }, ledger.ErrRequestRefused, "company_unread"},
		"not understood":      {func(i *ledger.Invoice, _ *Ledger) { i.Unclear = "units_unknown" }, ledger.ErrRefused, "units_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := american(t, nil)
			inv := draftInvoice()
			c.spoil(&inv, l)
			_, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}})
			require.ErrorIs(t, err, c.kind)
			assert.Equal(t, c.code, ledger.Code(err))
		})
	}
	l, _ := american(t, nil)
	inv := draftInvoice()
	_, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}, {Mark: markA, Record: inv}})
	assert.ErrorIs(t, err, ledger.ErrRefused, "a mark twice")
	inv.Number = strings.Repeat("7", 22)
	l.company.Load().CustomNumbers = false
	e, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}})
	require.NoError(t, err, "QuickBooks counts by itself")
	assert.NotContains(t, string(e.Body), "DocNumber")
}

func many(n int, one ledger.Line) []ledger.Line {
	lines := make([]ledger.Line, n)
	for i := range lines {
		lines[i] = one
	}
	return lines
}

func TestEncodeContactAndPayment(t *testing.T) {
	t.Parallel()
	l, _ := american(t, nil)
	e, err := l.Powers().Contacts.Encode([]ledger.Draft[ledger.Contact]{{Mark: markA, Record: ledger.Contact{
		Name: "  Jane's \\ Ltd:\tSydney 🙂 ", GivenName: "Jane", Email: " jane@example.com ", Currency: "USD",
	}}})
	require.NoError(t, err)
	assert.Equal(t, `{"BatchItemRequest":[{"bId":"ABCDEFGHIJ","operation":"create","Customer":{"DisplayName":"Jane's \\ Ltd Sydney 🙂","GivenName":"Jane",`+
		`"PrimaryEmailAddr":{"Address":"jane@example.com"},"Notes":"ABCDEFGHIJKLMNOP"}}]}`, string(e.Body))

	p := ledger.Payment{InvoiceID: "55", Date: ledger.MustDate("2026-03-01"), Amount: dec("10.50"), Account: "35", Reference: "Visa 4242"}
	pay := func() (ledger.Encoded, error) {
		return l.Powers().Payments.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: p}})
	}
	_, err = pay()
	assert.Equal(t, ledger.RefusedContact, ledger.Code(err), "QuickBooks wants the customer")
	p.Contact = "21"
	e, err = pay()
	require.NoError(t, err)
	assert.Equal(t, `{"BatchItemRequest":[{"bId":"ABCDEFGHIJ","operation":"create","Payment":{"CustomerRef":{"value":"21"},"TotalAmt":10.5,"TxnDate":"2026-03-01",`+
		`"DepositToAccountRef":{"value":"35"},"PrivateNote":"Visa 4242 ABCDEFGHIJKLMNOP","Line":[{"Amount":10.5,"LinkedTxn":[{"TxnId":"55","TxnType":"Invoice"}]}]}}]}`, string(e.Body))
	p.Amount = dec("1.005")
	_, err = pay()
	assert.Equal(t, "precision", ledger.Code(err))
}

// sendBatch creates two invoices of 100.00 whose answer is given.
func sendBatch(t *testing.T, a reply) ([]ledger.Outcome[ledger.Invoice], *stub, error) {
	t.Helper()
	l, s := american(t, func(seenRequest) reply { return a })
	w := l.Powers().Invoices
	members := []ledger.Member{{Mark: markA, Amount: dec("100")}, {Mark: markB, Amount: dec("100")}}
	e, err := w.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: draftInvoice()}, {Mark: markB, Record: draftInvoice()}})
	require.NoError(t, err)
	outcomes, err := w.Create(context.Background(), ledger.Batch{Members: members, Encoded: e, Key: "key-1"})
	return outcomes, s, err
}

// element is one record of an answer.
func element(m ledger.Mark, id, total, note string) string {
	return `{"Invoice":{"Id":"` + id + `","SyncToken":"0","MetaData":{"CreateTime":"2026-03-01T02:00:00-08:00","LastUpdatedTime":"2026-03-01T02:00:00-08:00"},` +
		`"CustomerRef":{"value":"21","name":"Jane Doe"},"TxnDate":"2026-02-28","CurrencyRef":{"value":"USD"},"TotalAmt":` + total + `,"Balance":` + total +
		`,"PrivateNote":"` + note + `","Line":[],"LinkedTxn":[]},"bId":"` + bID(m) + `"}`
}

func fault(m ledger.Mark, code, detail string) string {
	return `{"Fault":{"Error":[{"Message":"No","Detail":"` + detail + `","code":"` + code + `","element":""}],"type":"ValidationFault"},"bId":"` + bID(m) + `"}`
}

func answer(elements ...string) reply {
	return reply{body: `{"BatchItemResponse":[` + strings.Join(elements, ",") + `],"time":"2026-03-01T02:00:01.123-08:00"}`}
}

func TestCreateMatchesByMark(t *testing.T) {
	t.Parallel()
	// The answer is in another order than the batch.
	outcomes, s, err := sendBatch(t, answer(fault(markB, "6140", "Duplicate Document Number Error"), element(markA, "130", "100.00", "x "+string(markA))))
	require.NoError(t, err)
	require.Len(t, outcomes, 2)
	assert.Equal(t, ledger.Created, outcomes[0].State)
	assert.Equal(t, "130", outcomes[0].Record.ID)
	assert.Equal(t, ledger.Refused, outcomes[1].State)
	assert.Equal(t, ledger.RefusedNumberTaken, outcomes[1].Refusal.Code)
	assert.Equal(t, "6140", outcomes[1].Refusal.Vendor)

	r := s.last()
	assert.Equal(t, "POST", r.Method)
	assert.Equal(t, "/v3/company/"+realm+"/batch", r.URL.Path)
	assert.Equal(t, "key-1", r.URL.Query().Get("requestid"), "real problem 1: the key must be on the wire")
	assert.Equal(t, "75", r.URL.Query().Get("minorversion"))
	assert.Equal(t, "application/json", r.Header.Get("Accept"))
	assert.False(t, r.getBody, "net/http would repeat it by itself")
}

func TestCreateIsUncertainWithoutProof(t *testing.T) {
	t.Parallel()
	good := element(markB, "131", "100.00", string(markB))
	for name, c := range map[string]struct{ first, code string }{
		"no id":                    {element(markA, "", "100.00", string(markA)), "no_id"},
		"a record and an error":    {strings.Replace(element(markA, "130", "100.00", string(markA)), `{"Invoice"`, `{"Fault":{"Error":[{"Message":"x","code":"6000"}],"type":"ValidationFault"},"Invoice"`, 1), "contradictory"},
		"an error without code":    {`{"Fault":{"type":"ValidationFault"},"bId":"` + bID(markA) + `"}`, "contradictory"},
		"a failure of the service": {strings.Replace(fault(markA, "10000", "x"), "ValidationFault", "SystemFault", 1), "status"},
		"neither":                  {`{"bId":"` + bID(markA) + `"}`, "not_in_answer"},
		"another amount":           {element(markA, "130", "99.99", string(markA)), "amount_differs"},
		"another's mark":           {element(markA, "130", "100.00", string(markC)), "mark_differs"},
		"no mark":                  {element(markA, "130", "100.00", ""), "mark_differs"},
		"another's bId":            {element(markC, "130", "100.00", string(markA)), "not_in_answer"},
		"twice":                    {element(markA, "130", "100.00", string(markA)) + "," + element(markA, "132", "100.00", string(markA)), "doubled"},
		"cannot be read":           {strings.Replace(element(markA, "130", "100.00", string(markA)), `"TotalAmt":100.00`, `"TotalAmt":{}`, 1), "unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outcomes, _, err := sendBatch(t, answer(c.first, good))
			require.NoError(t, err)
			require.Len(t, outcomes, 2)
			assert.Equal(t, ledger.Uncertain, outcomes[0].State)
			assert.Equal(t, c.code, outcomes[0].Refusal.Code)
			assert.Equal(t, ledger.Created, outcomes[1].State, "its neighbour is not touched by it")
		})
	}
}

const throttled = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><IntuitResponse time="2016-12-07T15:27:09.527-08:00" xmlns="http://schema.intuit.com/finance/v3">` +
	`<Fault type="SERVICE"><Error code="3001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message><Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>`

const expired = `{"warnings":null,"intuitObject":null,"fault":{"error":[{"message":"message=AuthenticationFailed; errorCode=003200; statusCode=401","detail":"Token expired: eySECRET","code":"3200","element":null}],"type":"AUTHENTICATION"},"time":1601391072830}`

// Faults come in every dialect, with any status.
func TestCreateDialects(t *testing.T) {
	t.Parallel()
	html := map[string]string{"Content-Type": "text/html"}
	for name, c := range map[string]struct {
		reply reply
		kind  error  // nothing was written
		code  string // of the error, or of what was seen
	}{
		"throttled, XML":              {reply{status: 429, body: throttled}, ledger.ErrLater, "rate_limited"},
		"throttled, XML, 403":         {reply{status: 403, body: throttled}, ledger.ErrLater, "rate_limited"},
		"throttled, nothing":          {reply{status: 429}, ledger.ErrLater, "rate_limited"},
		"token expired, lower case":   {reply{status: 401, body: expired}, ledger.ErrReconnect, "token_expired"},
		"other company":               {reply{status: 403, body: `{"fault":{"error":[{"message":"AuthorizationFailed","code":"3100"}],"type":"AUTHORIZATION"}}`}, ledger.ErrReconnect, "not_connected"},
		"gateway failed, same number": {reply{status: 500, body: `{"fault":{"error":[{"message":"InternalServerError","code":"3100"}],"type":"SERVICE"}}`}, nil, "status"},
		"unknown property":            {reply{status: 400, body: `{"Fault":{"Error":[{"Message":"Request has invalid or unsupported property","code":"2010"}],"type":"ValidationFault"}}`}, ledger.ErrRequestRefused, "2010"},
		"the same inside a 200":       {reply{body: `{"Fault":{"Error":[{"Message":"Request has invalid or unsupported property","code":"2010"}],"type":"ValidationFault"}}`}, ledger.ErrRequestRefused, "2010"},
		"the same in XML":             {reply{status: 400, body: `<IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="ValidationFault"><Error code="2010"><Message>x</Message></Error></Fault></IntuitResponse>`}, ledger.ErrRequestRefused, "2010"},
		"subscription ended":          {reply{status: 400, body: `{"Fault":{"Error":[{"Message":"x","code":"6190"}],"type":"ValidationFault"}}`}, ledger.ErrReconnect, "subscription_ended"},
		"application error, 200":      {reply{body: `{"Fault":{"Error":[{"Message":"An application error","code":"10000"}],"type":"SystemFault"}}`}, nil, "status"},
		"application error, 500":      {reply{status: 500, body: `{"Fault":{"Error":[{"Message":"An application error","code":"10000"}],"type":"SystemFault"}}`}, nil, "status"},
		"outage":                      {reply{status: 502, header: html, body: "<html>Bad gateway"}, nil, "status"},
		"HTML with 400":               {reply{status: 400, header: html, body: "<html>no"}, nil, "unreadable"},
		"HTML with 200":               {reply{header: html, body: "<html>login"}, nil, "unreadable"},
		"cut off":                     {reply{body: `{"BatchItemResponse":[`}, nil, "unreadable"},
		"key used otherwise":          {reply{status: 400, body: `{"Fault":{"Error":[{"Message":"requestid was used with another request","code":"6000"}],"type":"ValidationFault"}}`}, nil, "key_reused"},
		"lost":                        {reply{err: io.ErrUnexpectedEOF}, nil, "no_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outcomes, s, err := sendBatch(t, c.reply)
			assert.Len(t, s.requests, 1, "a write is never repeated")
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
				assert.Nil(t, outcomes)
				assert.Equal(t, c.code, ledger.Code(err))
				assert.NotContains(t, err.Error(), "SECRET")
				if errors.Is(err, ledger.ErrLater) {
					assert.False(t, ledger.ResumeAt(err).IsZero())
				}
				return
			}
			require.NoError(t, err)
			require.Len(t, outcomes, 2)
			for _, o := range outcomes {
				assert.Equal(t, ledger.Uncertain, o.State)
				assert.Equal(t, c.code, o.Refusal.Code)
			}
		})
	}
}

func TestCreateGateAndMistakes(t *testing.T) {
	t.Parallel()
	l, s := american(t, func(seenRequest) reply { return answer() })
	w := l.Powers().Invoices
	e, err := w.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: draftInvoice()}})
	require.NoError(t, err)
	members := []ledger.Member{{Mark: markA, Amount: dec("100")}}
	shut := errors.New("lease lost")
	_, err = w.Create(context.Background(), ledger.Batch{Members: members, Encoded: e, Gate: func(context.Context) error { return shut }})
	require.ErrorIs(t, err, shut)
	_, err = w.Create(context.Background(), ledger.Batch{Members: members, Encoded: e, Key: strings.Repeat("k", 37)})
	require.ErrorIs(t, err, ledger.ErrRequestRefused)
	_, err = w.Create(context.Background(), ledger.Batch{Members: members, Encoded: ledger.Encoded{Route: "POST /invoice", Body: e.Body}})
	require.ErrorIs(t, err, ledger.ErrRequestRefused)
	assert.Empty(t, s.requests)

	other, s := newLedger(t, &Options{Organisation: ledger.OrganisationID{Vendor: Vendor, ID: "1"}}, nil)
	_, err = other.Organisation(context.Background())
	require.ErrorIs(t, err, ledger.ErrReconnect)
	assert.Contains(t, err.Error(), realm)
	_, err = other.Powers().Invoices.Create(context.Background(), ledger.Batch{Members: members, Encoded: e})
	require.ErrorIs(t, err, ledger.ErrReconnect)
	assert.Empty(t, s.requests, "real problem 40: nothing reaches another company")
}

// Real problem 24: a customer's name that a vendor holds.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for detail, c := range map[string]struct{ code, want, says string }{
		"The name supplied already exists. : Another vendor is already using this name. Please use a different name.":   {"6240", ledger.RefusedNameTaken, "held by a vendor"},
		"The name supplied already exists. : Another employee is already using this name. Please use a different name.": {"6240", ledger.RefusedNameTaken, "held by an employee"},
		"The name supplied already exists. : Another customer is already using this name. Please use a different name.": {"6240", ledger.RefusedNameTaken, "another customer"},
		"You and Jane Doe were working on this at the same time.":                                                       {"5010", "stale", "has been changed"},
		"Make sure all your transactions have a VAT rate before you save.":                                              {"6000", ledger.RefusedTaxRate, "VAT rate"},
		"The account period has closed and the account books cannot be updated":                                         {"6210", ledger.RefusedLocked, "closed"},
		"Invalid Reference Id : Names element id 99 not found":                                                          {"2500", ledger.RefusedContact, ""},
		"Invalid Reference Id : Accounts element id 99 not found":                                                       {"2500", ledger.RefusedAccount, ""},
	} {
		r := refusal(&wireFault{Error: []wireError{{Message: "No", Detail: detail, Code: code(c.code)}}})
		assert.Equal(t, c.want, r.Code, detail)
		assert.Contains(t, r.Message, c.says)
		assert.NotContains(t, r.Message, "Jane")
	}
}
