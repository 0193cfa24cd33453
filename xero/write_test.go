package xero

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

func TestEncodeInvoice(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, nil)
	inv := draftInvoice()
	inv.Reference = "PO 7"
	inv.Number = "INV-0042"
	inv.Rate = ndec("0.75")
	inv.SentToContact = true
	inv.Theme = "bbbbbbbb-1111-4111-8111-111111111111"
	inv.Contact.Name = "must not be sent: it would change the contact"
	inv.Totals.Total = dec("110")
	inv.Lines[0].Tracking = []ledger.Tracking{{Category: "Region", Option: "North & South"}}
	inv.Lines = append(inv.Lines, ledger.Line{Kind: ledger.LineDiscount, Name: "Voucher", Quantity: one, UnitPrice: dec("-17.1455"), Amount: dec("-17.15"), Account: "270", TaxCode: "OUTPUT", TaxAmount: ndec("-1.71")})
	drafts := []ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}}
	e, err := l.Powers().Invoices.Encode(drafts)
	require.NoError(t, err)
	assert.Equal(t, "PUT /Invoices?summarizeErrors=false&unitdp=4", e.Route)
	assert.Equal(t, `{"Invoices":[{"Type":"ACCREC","InvoiceNumber":"INV-0042","Reference":"PO 7",`+
		`"Contact":{"ContactID":"`+custID+`"},"Date":"2026-02-28","DueDate":"2026-03-14","LineAmountTypes":"Exclusive",`+
		`"CurrencyCode":"AUD","CurrencyRate":1.333333,"BrandingThemeID":"bbbbbbbb-1111-4111-8111-111111111111",`+
		`"Url":"https://shop.example/orders/42#ABCDEFGHIJKLMNOP","Status":"AUTHORISED","SentToContact":true,"LineItems":[`+
		`{"Description":"Widget","Quantity":3,"UnitAmount":33.3333,"AccountCode":"200","TaxType":"OUTPUT","Tracking":[{"Name":"Region","Option":"North & South"}]},`+
		`{"Description":"Voucher","Quantity":1,"UnitAmount":-17.1455,"AccountCode":"270","TaxType":"OUTPUT","TaxAmount":-1.71}]}]}`, string(e.Body))
	again, err := l.Powers().Invoices.Encode(drafts)
	require.NoError(t, err)
	assert.Equal(t, e, again)
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, nil)
	for name, c := range map[string]struct {
		spoil func(*ledger.Invoice)
		kind  error
		code  string
	}{
		"credit note":                {func(i *ledger.Invoice) { i.Kind = ledger.CreditNote }, ledger.ErrUnsupported, "credit_note"},
		"no contact":                 {func(i *ledger.Invoice) { i.Contact.ID = "" }, ledger.ErrRefused, ledger.RefusedContact},
		"unknown status":             {func(i *ledger.Invoice) { i.Status = ledger.StatusUnknown }, ledger.ErrRefused, "status_invalid"},
		"paid":                       {func(i *ledger.Invoice) { i.Status = ledger.StatusPaid }, ledger.ErrRefused, "status_invalid"},
		"no date":                    {func(i *ledger.Invoice) { i.Date = ledger.Date{} }, ledger.ErrRefused, "date_missing"},
		"no due date":                {func(i *ledger.Invoice) { i.DueDate = ledger.Date{} }, ledger.ErrRefused, "due_date_missing"},
		"no lines":                   {func(i *ledger.Invoice) { i.Lines = nil }, ledger.ErrRefused, "lines_missing"},
		"number of another alphabet": {func(i *ledger.Invoice) { i.Number = "ИНВ-1" }, ledger.ErrRefused, "number_invalid"},
		"no account":                 {func(i *ledger.Invoice) { i.Lines[0].Account = "" }, ledger.ErrRefused, ledger.RefusedAccount},
		"too much":                   {func(i *ledger.Invoice) { i.Lines[0].UnitPrice = dec("10000000000") }, ledger.ErrRefused, "precision"},
		"a discount that adds":       {func(i *ledger.Invoice) { i.Lines[0].Kind = ledger.LineDiscount }, ledger.ErrRefused, "discount_positive"},
		"no such currency":           {func(i *ledger.Invoice) { i.Currency = "XYZ1" }, ledger.ErrRefused, ledger.RefusedCurrency},
		"not understood":             {func(i *ledger.Invoice) { i.Unclear = "units_unknown" }, ledger.ErrRefused, "units_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inv := draftInvoice()
			c.spoil(&inv)
			_, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}})
			require.ErrorIs(t, err, c.kind)
			assert.Equal(t, c.code, ledger.Code(err))
			assert.Contains(t, err.Error(), string(markA))
		})
	}
	inv := draftInvoice()
	_, err := l.Powers().Invoices.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: inv}, {Mark: markA, Record: inv}})
	assert.ErrorIs(t, err, ledger.ErrRefused, "a mark twice")
}

func TestEncodeContactAndPayment(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, nil)
	e, err := l.Powers().Contacts.Encode([]ledger.Draft[ledger.Contact]{{Mark: markA, Record: ledger.Contact{
		Name: "  Jane  <Doe>\tLtd ", GivenName: "Jane", Email: " jane@example.com ", AccountNumber: "A-1", Number: "not ours",
	}}})
	require.NoError(t, err)
	assert.Equal(t, "PUT /Contacts?summarizeErrors=false", e.Route)
	assert.Equal(t, `{"Contacts":[{"Name":"Jane Doe Ltd","FirstName":"Jane","EmailAddress":"jane@example.com","ContactNumber":"ABCDEFGHIJKLMNOP","AccountNumber":"A-1"}]}`, string(e.Body))

	p := ledger.Payment{InvoiceID: idA, Date: ledger.MustDate("2026-03-01"), Amount: dec("10.50"), Account: "970", Reference: strings.Repeat("é", 300)}
	e, err = l.Powers().Payments.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: p}})
	require.NoError(t, err)
	assert.Equal(t, "PUT /Payments?summarizeErrors=false", e.Route)
	assert.Equal(t, `{"Payments":[{"Invoice":{"InvoiceID":"`+idA+`"},"Account":{"Code":"970"},"Date":"2026-03-01","Amount":10.5,"Reference":"`+strings.Repeat("é", 238)+` ABCDEFGHIJKLMNOP"}]}`, string(e.Body))

	p.Account, p.Reference = idB, ""
	e, err = l.Powers().Payments.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: p}})
	require.NoError(t, err)
	assert.Contains(t, string(e.Body), `"Account":{"AccountID":"`+idB+`"}`)
	assert.Contains(t, string(e.Body), `"Reference":"ABCDEFGHIJKLMNOP"`)

	p.Amount = dec("1.005")
	_, err = l.Powers().Payments.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: p}})
	assert.Equal(t, "precision", ledger.Code(err))
}

// sendBatch creates two invoices of 100.00 whose answer is given.
func sendBatch(t *testing.T, a reply, members ...ledger.Member) ([]ledger.Outcome[ledger.Invoice], *stub, error) {
	t.Helper()
	l, s := newLedger(t, nil, func(seenRequest) reply { return a })
	w := l.Powers().Invoices
	if members == nil {
		members = []ledger.Member{{Mark: markA, Amount: dec("100")}, {Mark: markB, Amount: dec("100")}}
	}
	var drafts []ledger.Draft[ledger.Invoice]
	for _, m := range members {
		drafts = append(drafts, ledger.Draft[ledger.Invoice]{Mark: m.Mark, Record: draftInvoice()})
	}
	e, err := w.Encode(drafts)
	require.NoError(t, err)
	outcomes, err := w.Create(ctx, ledger.Batch{Members: members, Encoded: e, Key: "key-1"})
	return outcomes, s, err
}

// element is one record of an answer.
func element(id string, m ledger.Mark, total, more string) string {
	return `{"Type":"ACCREC","InvoiceID":"` + id + `","Url":"https://shop.example/1#` + string(m) + `","Status":"AUTHORISED","LineAmountTypes":"Exclusive",` +
		`"Contact":{"ContactID":"` + custID + `","Name":"Jane Doe","EmailAddress":"jane@example.com"},"Date":"/Date(1772236800000+0000)/","DueDate":"/Date(1773446400000+0000)/","LineItems":[],` +
		`"CurrencyCode":"AUD","UpdatedDateUTC":"/Date(1772300000123+0000)/","AmountDue":` + total + `,"Total":` + total + more + `}`
}

func answer(elements ...string) reply {
	return reply{body: `{"Status":"OK","DateTimeUTC":"/Date(1772366400000)/","Invoices":[` + strings.Join(elements, ",") + `]}`}
}

const taken = `,"StatusAttributeString":"ERROR","HasErrors":true,"ValidationErrors":[{"Message":"Invoice # must be unique."}]`

func TestCreateMatchesByMark(t *testing.T) {
	t.Parallel()
	// The answer is in another order than the batch.
	outcomes, s, err := sendBatch(t, answer(element(noID, markB, "100.00", taken), element(idA, markA, "100.00", `,"StatusAttributeString":"OK"`)))
	require.NoError(t, err)
	require.Len(t, outcomes, 2)
	assert.Equal(t, ledger.Created, outcomes[0].State)
	assert.Equal(t, markA, outcomes[0].Mark)
	assert.Equal(t, idA, outcomes[0].Record.ID)
	assert.Equal(t, ledger.Refused, outcomes[1].State)
	assert.Equal(t, ledger.RefusedNumberTaken, outcomes[1].Refusal.Code)
	assert.Equal(t, "Invoice # must be unique.", outcomes[1].Refusal.Message)

	r := s.last()
	assert.Equal(t, "PUT", r.Method)
	assert.Equal(t, "key-1", r.Header.Get("Idempotency-Key"))
	assert.Equal(t, "false", r.URL.Query().Get("summarizeErrors"))
	assert.Equal(t, "4", r.URL.Query().Get("unitdp"))
	assert.Equal(t, "/api.xro/2.0/Invoices", r.URL.Path)
	assert.False(t, r.getBody, "net/http would repeat it by itself")
}

func TestCreateIsUncertainWithoutProof(t *testing.T) {
	t.Parallel()
	good := element(idB, markB, "100.00", "")
	for name, c := range map[string]struct{ first, code string }{
		"no id and no error (Xero-NetStandard#324)": {element(noID, markA, "100.00", ""), "no_id"},
		"an id and an error":                        {element(idA, markA, "100.00", taken), "contradictory"},
		"an error without reason":                   {element(noID, markA, "100.00", `,"HasErrors":true`), "contradictory"},
		"another amount":                            {element(idA, markA, "99.99", ""), "amount_differs"},
		"another's mark":                            {element(idA, markC, "100.00", ""), "not_in_answer"},
		"no mark":                                   {element(idA, "", "100.00", ""), "not_in_answer"},
		"twice":                                     {element(idA, markA, "100.00", "") + "," + element(idC, markA, "100.00", ""), "doubled"},
		"cannot be read":                            {`{"InvoiceID":"` + idA + `","Url":"https://x.example/#` + string(markA) + `","Total":{}}`, "not_in_answer"},
		"a refusal without a mark, among several":   {element(noID, "", "100.00", taken), "not_in_answer"},
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

func TestCreateOfOne(t *testing.T) {
	t.Parallel()
	outcomes, _, err := sendBatch(t, answer(element(noID, "", "100.00", taken)), ledger.Member{Mark: markA, Amount: dec("100")})
	require.NoError(t, err)
	assert.Equal(t, ledger.Refused, outcomes[0].State)
}

func TestCreateDialects(t *testing.T) {
	t.Parallel()
	text := map[string]string{"Content-Type": "text/plain"}
	html := map[string]string{"Content-Type": "text/html"}
	for name, c := range map[string]struct {
		a    reply
		kind error  // nil: all uncertain
		code string // of the error, or of the outcomes
	}{
		"validation of the request": {reply{status: 400, body: `{"ErrorNumber":17,"Type":"PostDataInvalidException","Message":"bad"}`}, ledger.ErrRequestRefused, "PostDataInvalidException"},
		"summarised despite us":     {reply{status: 400, body: `{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred","Elements":[{"ValidationErrors":[{"Message":"x"}]}]}`}, nil, "summarised"},
		"key of another request":    {reply{status: 400, body: `{"Message":"Idempotency Key: key-1 is used with a different request."}`}, nil, "key_reused"},
		"the same as text":          {reply{status: 400, header: text, body: `Idempotency Key: key-1 is used with a different request.`}, nil, "key_reused"},
		"a gateway's page":          {reply{status: 400, header: html, body: `<html>bad</html>`}, nil, "unreadable"},
		"too large":                 {reply{status: 413, header: html, body: `<html>big</html>`}, ledger.ErrRequestRefused, ""},
		"expired":                   {reply{status: 401, body: `{"Type":null,"Title":"Unauthorized","Status":401,"Detail":"TokenExpired: token expired at 04/09/2023 05:16:59"}`}, ledger.ErrReconnect, "token_expired"},
		"scope missing":             {reply{status: 401, body: `{"title":"Unauthorized","status":401,"detail":"AuthorizationUnsuccessful"}`}, ledger.ErrReconnect, "scope_missing"},
		"not connected":             {reply{status: 403, body: `{"Title":"Forbidden","Status":403,"Detail":"AuthenticationUnsuccessful"}`}, ledger.ErrReconnect, "not_connected"},
		"minute limit":              {reply{status: 429, header: map[string]string{"Retry-After": "30", "X-Rate-Limit-Problem": "minute"}}, ledger.ErrLater, "rate_limited_minute"},
		"concurrent limit":          {reply{status: 429, header: map[string]string{"X-Rate-Limit-Problem": "concurrent"}}, ledger.ErrLater, "rate_limited_concurrent"},
		"internal error":            {reply{status: 500, body: `{"Message":"An error occurred"}`}, nil, "status"},
		"offline":                   {reply{status: 503, header: text, body: "The Organisation is offline"}, nil, "status"},
		"gateway timeout":           {reply{status: 504, header: html, body: "<html></html>"}, nil, "status"},
		"redirect":                  {reply{status: 302, header: map[string]string{"Location": "https://elsewhere.example"}}, nil, "status"},
		"HTML as success":           {reply{header: html, body: "<html>welcome</html>"}, nil, "unreadable"},
		"truncated":                 {reply{body: `{"Invoices":[{"InvoiceID":"`}, nil, "unreadable"},
		"nothing":                   {reply{}, nil, "unreadable"},
		"an empty list":             {answer(), nil, "not_in_answer"},
		"lost":                      {reply{err: io.ErrUnexpectedEOF}, nil, "no_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now().UTC()
			outcomes, s, err := sendBatch(t, c.a)
			assert.Len(t, s.requests, 1, "a write is never repeated")
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
				assert.Nil(t, outcomes)
				assert.Equal(t, c.code, ledger.Code(err))
				if errors.Is(err, ledger.ErrLater) {
					assert.True(t, ledger.ResumeAt(err).After(began))
				}
				return
			}
			require.NoError(t, err)
			require.Len(t, outcomes, 2)
			for i, m := range []ledger.Mark{markA, markB} {
				assert.Equal(t, ledger.Uncertain, outcomes[i].State)
				assert.Equal(t, m, outcomes[i].Mark)
				assert.Equal(t, c.code, outcomes[i].Refusal.Code)
			}
		})
	}
}

func TestNothingLeavesPastTheGate(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(seenRequest) reply { return answer() })
	w := l.Powers().Invoices
	e, err := w.Encode([]ledger.Draft[ledger.Invoice]{{Mark: markA, Record: draftInvoice()}})
	require.NoError(t, err)
	shut := errors.New("lease lost")
	batch := ledger.Batch{Members: []ledger.Member{{Mark: markA}}, Encoded: e, Gate: func(context.Context) error { return shut }}
	outcomes, err := w.Create(ctx, batch)
	require.ErrorIs(t, err, shut)
	assert.Nil(t, outcomes)
	batch.Gate, batch.Key = nil, strings.Repeat("k", 129)
	_, err = w.Create(ctx, batch)
	require.ErrorIs(t, err, ledger.ErrRequestRefused)
	batch.Key = ""
	batch.Encoded.Route = "PUT /Payments?summarizeErrors=false"
	_, err = w.Create(ctx, batch)
	require.ErrorIs(t, err, ledger.ErrRequestRefused, "bytes of another writer")
	assert.Empty(t, s.requests)
	batch.Encoded = e
	_, err = w.Create(ctx, batch)
	require.NoError(t, err)
	_, has := s.last().Header[http.CanonicalHeaderKey("Idempotency-Key")]
	assert.False(t, has, "an empty key breaks the call")
}

func TestRefusalsNameNobody(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, func(seenRequest) reply {
		return reply{body: `{"Contacts":[
			{"ContactID":"` + noID + `","ContactNumber":"` + string(markA) + `","Name":"Buzz Lightyear","HasValidationErrors":true,"ValidationErrors":[{"Message":"The contact name Buzz Lightyear is already assigned to another contact. The contact name must be unique across all active contacts."}]},
			{"ContactID":"` + noID + `","ContactNumber":"` + string(markB) + `","Name":"Jane Doe","EmailAddress":"jane@example.com","HasValidationErrors":true,"ValidationErrors":[{"Message":"Jane Doe <jane@example.com> is odd"}]},
			{"ContactID":"` + noID + `","ContactNumber":"` + string(markC) + `","Name":"Other","HasValidationErrors":true,"ValidationErrors":[{"Message":"The contact number ` + string(markC) + ` is already assigned to another contact."}]}]}`}
	})
	w := l.Powers().Contacts
	var drafts []ledger.Draft[ledger.Contact]
	var members []ledger.Member
	for _, m := range []ledger.Mark{markA, markB, markC} {
		drafts = append(drafts, ledger.Draft[ledger.Contact]{Mark: m, Record: ledger.Contact{Name: "N"}})
		members = append(members, ledger.Member{Mark: m})
	}
	e, err := w.Encode(drafts)
	require.NoError(t, err)
	outcomes, err := w.Create(ctx, ledger.Batch{Members: members, Encoded: e, Key: "k"})
	require.NoError(t, err)
	assert.Equal(t, ledger.Refused, outcomes[0].State)
	assert.Equal(t, ledger.RefusedNameTaken, outcomes[0].Refusal.Code)
	assert.Equal(t, ledger.Refused, outcomes[1].State)
	assert.Equal(t, ledger.Uncertain, outcomes[2].State, "our own mark is taken: it may be ours")
	for _, o := range outcomes {
		for _, personal := range []string{"Buzz", "Lightyear", "Jane", "Doe", "example.com"} {
			assert.NotContains(t, o.Refusal.Message, personal)
		}
	}
}

func TestRefusalCodes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Invoice # must be unique.":                                                                  ledger.RefusedNumberTaken,
		"The TaxType code 'INPUT' cannot be used with account code '200'":                            ledger.RefusedTaxRate,
		"Account code '999' is not a valid code for this document.":                                  ledger.RefusedAccount,
		"Organisation is not subscribed to currency EUR":                                             ledger.RefusedCurrency,
		"The document date cannot be before the period lock date, currently set at 31 December 2025": ledger.RefusedLocked,
		"The payment amount exceeds the amount outstanding on this document":                         ledger.RefusedOverpays,
		"Payments can only be made against authorised documents":                                     ledger.RefusedNotApproved,
		"This document cannot be edited as it has a payment or credit note allocated to it.":         ledger.RefusedLockedByMoney,
		"The contact name X is already assigned to another contact.":                                 ledger.RefusedNameTaken,
		"Something that nobody has seen":                                                             ledger.RefusedOther,
	} {
		assert.Equal(t, want, refusal([]wireMessage{{Message: text}}).Code, text)
	}
}

func TestCreatePayment(t *testing.T) {
	t.Parallel()
	// The specification's own answer to PUT /Payments has an id and an error at once.
	payment := func(id, invoice, amount, more string, m ledger.Mark) string {
		return `{"PaymentID":"` + id + `","Date":"/Date(1552348800000+0000)/","Amount":` + amount + `,"PaymentType":"ACCRECPAYMENT","Status":"AUTHORISED","Reference":"card ` + string(m) + `","Invoice":{"Type":"ACCREC","InvoiceID":"` + invoice + `","CurrencyCode":"NZD"}` + more + `}`
	}
	for name, c := range map[string]struct {
		element string
		state   ledger.OutcomeState
		code    string
	}{
		"created":             {payment(idA, idB, "1.00", `,"HasValidationErrors":false`, markA), ledger.Created, ""},
		"id and error":        {payment(idA, idB, "1.00", `,"HasValidationErrors":true,"ValidationErrors":[{"Message":"Payment amount exceeds the amount outstanding on this document"}]`, markA), ledger.Uncertain, "contradictory"},
		"overpays":            {payment(noID, idB, "1.00", `,"HasValidationErrors":true,"ValidationErrors":[{"Message":"Payment amount exceeds the amount outstanding on this document"}]`, markA), ledger.Refused, ledger.RefusedOverpays},
		"of another invoice":  {payment(idA, idC, "1.00", ``, markA), ledger.Uncertain, "parent_differs"},
		"of another amount":   {payment(idA, idB, "1.01", ``, markA), ledger.Uncertain, "amount_differs"},
		"unmarked in a batch": {payment(idA, idB, "1.00", ``, ""), ledger.Uncertain, "not_in_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, _ := newLedger(t, nil, func(seenRequest) reply { return reply{body: `{"Payments":[` + c.element + `]}`} })
			w := l.Powers().Payments
			e, err := w.Encode([]ledger.Draft[ledger.Payment]{{Mark: markA, Record: ledger.Payment{InvoiceID: idB, Date: ledger.MustDate("2019-03-12"), Amount: dec("1"), Account: "970"}}})
			require.NoError(t, err)
			outcomes, err := w.Create(ctx, ledger.Batch{Members: []ledger.Member{{Mark: markA, Amount: dec("1"), Parent: idB}}, Encoded: e, Key: "k"})
			require.NoError(t, err)
			assert.Equal(t, c.state, outcomes[0].State)
			if c.code != "" {
				assert.Equal(t, c.code, outcomes[0].Refusal.Code)
			}
		})
	}
}

func TestADayLimitIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := newLedger(t, nil, func(seenRequest) reply {
			return reply{status: 429, header: map[string]string{"Retry-After": "7200", "X-Rate-Limit-Problem": "Day"}}
		})
		for range 2 {
			_, err := l.Chart(ctx)
			require.ErrorIs(t, err, ledger.ErrLater)
			assert.Equal(t, time.Now().Add(2*time.Hour).UTC(), ledger.ResumeAt(err).UTC())
		}
		assert.Len(t, s.requests, 1, "neither slept nor asked again")
		time.Sleep(2 * time.Hour)
		_, err := l.Chart(ctx)
		require.ErrorIs(t, err, ledger.ErrLater)
		assert.Len(t, s.requests, 2)
	})
}

func TestOthersUseOfTheMinuteIsLearnt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := newLedger(t, nil, func(seenRequest) reply {
			return reply{header: map[string]string{"X-MinLimit-Remaining": "0"}, body: `{"DateTimeUTC":"/Date(1772366400000)/","Contacts":[]}`}
		})
		began := time.Now()
		for range 2 {
			collect(t, l.Contacts(ctx, ledger.Query{}))
		}
		assert.Len(t, s.requests, 2)
		assert.GreaterOrEqual(t, time.Since(began), time.Minute)
	})
}

func TestNumbersOnTheWire(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"33.3333", "-17.1455", "0.1", "1000000000", "259467.21"} {
		b, err := json.Marshal(numberOf(dec(s)))
		require.NoError(t, err)
		assert.Equal(t, s, string(b))
	}
	b, err := json.Marshal(numberOf(dec("1e3")))
	require.NoError(t, err)
	assert.Equal(t, "1000", string(b))
}
