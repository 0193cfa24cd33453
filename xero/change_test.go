package xero

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/ledger"
)

// booked is an approved invoice as it was read, with two lines.
func booked() ledger.Invoice {
	inv := draftInvoice()
	inv.ID, inv.Number, inv.Reference, inv.Version = idA, "INV-1", "PO 7", "1/2026-03-14"
	inv.Lines[0].ID = "line-1"
	inv.Lines[0].TaxAmount = ndec("10")
	inv.Lines = append(inv.Lines, ledger.Line{ID: "line-2", Kind: ledger.LineOther, Description: "Freight", Quantity: one, UnitPrice: dec("5"), Amount: dec("5"), Account: "260", TaxCode: "OUTPUT", TaxAmount: ndec("0.50")})
	inv.Totals = ledger.Totals{Net: dec("105"), Tax: dec("10.50"), Total: dec("115.50"), Balance: dec("115.50")}
	return inv
}

// wanted is what a flow would want of it: no ids, no computed tax.
func wanted() ledger.Invoice {
	inv := booked()
	inv.Lines = append([]ledger.Line(nil), inv.Lines...)
	for i := range inv.Lines {
		inv.Lines[i].ID = ""
		inv.Lines[i].TaxAmount.Valid = false
	}
	return inv
}

func TestEditMatrix(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, nil)
	l.latest.Store(&ledger.Organisation{LockDates: []ledger.Date{ledger.MustDate("2025-12-31")}})
	paid := func(i *ledger.Invoice) { i.Totals.Paid, i.Totals.Balance = dec("15.50"), dec("100") }
	for name, c := range map[string]struct {
		before, want func(*ledger.Invoice)
		kind         error
		code         string
	}{
		"price while unpaid":             {nil, func(w *ledger.Invoice) { w.Lines[0].UnitPrice = dec("40") }, nil, ""},
		"price once paid":                {paid, func(w *ledger.Invoice) { w.Lines[0].UnitPrice = dec("40") }, ledger.ErrLocked, ledger.RefusedLockedByMoney},
		"date once paid":                 {paid, func(w *ledger.Invoice) { w.Date = ledger.MustDate("2026-03-01") }, ledger.ErrLocked, ledger.RefusedLockedByMoney},
		"one line less once paid":        {paid, func(w *ledger.Invoice) { w.Lines = w.Lines[:1] }, ledger.ErrLocked, ledger.RefusedLockedByMoney},
		"due date once paid":             {paid, func(w *ledger.Invoice) { w.DueDate = ledger.MustDate("2026-04-01") }, nil, ""},
		"account and words once paid":    {paid, func(w *ledger.Invoice) { w.Lines[0].Account, w.Lines[0].Description = "201", "Gadget" }, nil, ""},
		"contact once paid":              {paid, func(w *ledger.Invoice) { w.Contact.ID = idC }, nil, ""},
		"credited counts as paid":        {func(i *ledger.Invoice) { i.Totals.Credited = dec("1") }, func(w *ledger.Invoice) { w.Lines[0].UnitPrice = dec("40") }, ledger.ErrLocked, ledger.RefusedLockedByMoney},
		"voided":                         {func(i *ledger.Invoice) { i.Status = ledger.StatusVoided }, func(*ledger.Invoice) {}, ledger.ErrLocked, "already_void"},
		"approved does not become draft": {nil, func(w *ledger.Invoice) { w.Status = ledger.StatusDraft }, ledger.ErrLocked, "status"},
		"submitted goes back to draft":   {func(i *ledger.Invoice) { i.Status = ledger.StatusSubmitted }, func(w *ledger.Invoice) { w.Status = ledger.StatusDraft }, nil, ""},
		"locked period":                  {func(i *ledger.Invoice) { i.Date = ledger.MustDate("2025-12-31") }, func(w *ledger.Invoice) {}, ledger.ErrLocked, ledger.RefusedLocked},
		"into the locked period":         {nil, func(w *ledger.Invoice) { w.Date = ledger.MustDate("2025-12-31") }, ledger.ErrLocked, ledger.RefusedLocked},
		"discounts inside lines":         {func(i *ledger.Invoice) { i.Lines[1].ID, i.Lines[1].Kind = "", ledger.LineDiscount }, func(*ledger.Invoice) {}, ledger.ErrUnsupported, "line_discount"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before, want := booked(), wanted()
			if c.before != nil {
				c.before(&before)
			}
			c.want(&want)
			err := l.Powers().Updates.Allows(ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: &before, Wanted: &want})
			if c.kind == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, c.kind)
			assert.Equal(t, c.code, ledger.Code(err))
		})
	}
}

func TestEncodeUpdate(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, nil)
	before, want := booked(), wanted()
	want.Reference = ""
	want.DueDate = ledger.MustDate("2026-04-01")
	e, err := l.Powers().Updates.Encode(ledger.Change{Verb: ledger.Update, Invoice: &before, Wanted: &want})
	require.NoError(t, err)
	assert.Equal(t, "POST /Invoices/"+idA+"?unitdp=4", e.Route)
	assert.Equal(t, `{"Invoices":[{"InvoiceID":"`+idA+`","Reference":"","DueDate":"2026-04-01"}]}`, string(e.Body), "only what differs, and no lines: they are left alone")

	// The freight goes first and costs more; a new line comes; the widget stays.
	want = wanted()
	freight, widget := want.Lines[1], want.Lines[0]
	freight.UnitPrice, freight.Amount = dec("6"), dec("6")
	want.Lines = []ledger.Line{freight, widget, {Description: "Gift", Quantity: one, UnitPrice: dec("1"), Account: "200", TaxCode: "OUTPUT"}}
	e, err = l.Powers().Updates.Encode(ledger.Change{Verb: ledger.Update, Invoice: &before, Wanted: &want})
	require.NoError(t, err)
	assert.Equal(t, `{"Invoices":[{"InvoiceID":"`+idA+`","LineItems":[`+
		`{"LineItemID":"line-2","Description":"Freight","Quantity":1,"UnitAmount":6,"AccountCode":"260","TaxType":"OUTPUT"},`+
		`{"LineItemID":"line-1","Description":"Widget","Quantity":3,"UnitAmount":33.3333,"AccountCode":"200","TaxType":"OUTPUT"},`+
		`{"Description":"Gift","Quantity":1,"UnitAmount":1,"AccountCode":"200","TaxType":"OUTPUT"}]}]}`, string(e.Body))
}

func TestPairsKeepEqualLinesApart(t *testing.T) {
	t.Parallel()
	// XeroAPI/xero-python#198: nothing ties two equal lines to their ids but the order.
	a := ledger.Line{ID: "a", Description: "Same", Quantity: one, UnitPrice: one}
	b, c := a, a
	b.ID, c.ID = "b", "c"
	c.Description = "Other"
	w := ledger.Line{Description: "Same", Quantity: one, UnitPrice: one}
	assert.Equal(t, []int{0, 1, -1}, pairs([]ledger.Line{a, b}, []ledger.Line{w, w, w}))
	assert.Equal(t, []int{1, 0}, pairs([]ledger.Line{a, c}, []ledger.Line{{ID: "c", Description: "Renamed"}, w}))
	assert.Equal(t, []int{1}, pairs([]ledger.Line{c, a}, []ledger.Line{w}))
}

func TestApplyAndLook(t *testing.T) {
	t.Parallel()
	before := booked()
	voided := strings.Replace(element(idA, markA, "115.50", ""), `"Status":"AUTHORISED"`, `"Status":"VOIDED"`, 1)
	for name, c := range map[string]struct {
		a     reply
		state ledger.OutcomeState
		code  string
	}{
		"carried out":     {answer(voided), ledger.Created, ""},
		"not carried out": {answer(element(idA, markA, "115.50", "")), ledger.Uncertain, "not_as_wanted"},
		"refused":         {answer(element(idA, markA, "115.50", `,"StatusAttributeString":"ERROR","ValidationErrors":[{"Message":"Invoice not of valid status for modification"}]`)), ledger.Refused, ledger.RefusedOther},
		"refused by 400":  {reply{status: 400, body: `{"Type":"ValidationException","Elements":[{"ValidationErrors":[{"Message":"This document cannot be edited as it has a payment or credit note allocated to it."}]}]}`}, ledger.Refused, ledger.RefusedLockedByMoney},
		"another":         {answer(element(idB, markA, "115.50", "")), ledger.Uncertain, "not_in_answer"},
		"lost":            {reply{err: io.ErrUnexpectedEOF}, ledger.Uncertain, "no_answer"},
		"internal error":  {reply{status: 500}, ledger.Uncertain, "status"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, s := newLedger(t, nil, func(seenRequest) reply { return c.a })
			v := l.Powers().Voids
			change := ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: &before, Key: "k"}
			require.NoError(t, v.Allows(change))
			var err error
			change.Encoded, err = v.Encode(change)
			require.NoError(t, err)
			assert.Equal(t, `{"Invoices":[{"InvoiceID":"`+idA+`","Status":"VOIDED"}]}`, string(change.Encoded.Body))
			o, err := v.Apply(ctx, change)
			require.NoError(t, err)
			assert.Equal(t, c.state, o.State)
			if c.code != "" {
				assert.Equal(t, c.code, o.Refusal.Code)
			}
			assert.Len(t, s.requests, 1)
			assert.Equal(t, "k", s.last().Header.Get("Idempotency-Key"))
		})
	}

	l, _ := newLedger(t, nil, func(seenRequest) reply { return answer(voided) })
	state, err := l.Powers().Voids.Look(ctx, ledger.Change{Verb: ledger.Void, Invoice: &before})
	require.NoError(t, err)
	assert.True(t, state.Done)
	assert.False(t, state.Untouched)

	l, _ = newLedger(t, nil, func(seenRequest) reply { return answer(element(idA, markA, "115.50", "")) })
	before.Version = "1772300000123/2026-03-14"
	state, err = l.Powers().Voids.Look(ctx, ledger.Change{Verb: ledger.Void, Invoice: &before})
	require.NoError(t, err)
	assert.True(t, state.Untouched)
	before.Version = "1772300000122/2026-03-14"
	state, err = l.Powers().Voids.Look(ctx, ledger.Change{Verb: ledger.Void, Invoice: &before})
	require.NoError(t, err)
	assert.False(t, state.Untouched || state.Done, "somebody else changed it")
}

func TestVoidMatrix(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t, nil, nil)
	v := l.Powers().Voids
	for status, want := range map[ledger.Status]string{ledger.StatusDraft: "DELETED", ledger.StatusSubmitted: "DELETED", ledger.StatusApproved: "VOIDED"} {
		inv := booked()
		inv.Status = status
		e, err := v.Encode(ledger.Change{Verb: ledger.Void, Invoice: &inv})
		require.NoError(t, err)
		assert.Contains(t, string(e.Body), want)
		inv.Payments = []ledger.Payment{{ID: idB}}
		assert.Equal(t, ledger.RefusedLockedByMoney, ledger.Code(v.Allows(ledger.Change{Verb: ledger.Void, Invoice: &inv})))
	}
	for status, code := range map[ledger.Status]string{ledger.StatusVoided: "already_void", ledger.StatusDeleted: "already_void", ledger.StatusPaid: ledger.RefusedLockedByMoney, ledger.StatusUnknown: "status_unknown"} {
		inv := booked()
		inv.Status = status
		assert.Equal(t, code, ledger.Code(v.Allows(ledger.Change{Verb: ledger.Void, Invoice: &inv})), status)
	}
}

func TestPaymentVoids(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(r seenRequest) reply {
		return reply{body: `{"Payments":[{"PaymentID":"` + idA + `","Status":"DELETED","Amount":5.00,"Date":"/Date(1772236800000+0000)/","Invoice":{"InvoiceID":"` + idB + `","CurrencyCode":"AUD"}}]}`}
	})
	v := l.Powers().PaymentVoids
	p := ledger.Payment{ID: idA, InvoiceID: idB, Status: ledger.PaymentConfirmed, Date: ledger.MustDate("2026-02-28")}
	c := ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: &p, Key: "k"}
	var err error
	c.Encoded, err = v.Encode(c)
	require.NoError(t, err)
	o, err := v.Apply(ctx, c)
	require.NoError(t, err)
	assert.Equal(t, ledger.Created, o.State)
	assert.Equal(t, `{"Status":"DELETED"}`, s.last().body)
	assert.Equal(t, "/api.xro/2.0/Payments/"+idA, s.last().URL.Path)
	state, err := v.Look(ctx, c)
	require.NoError(t, err)
	assert.True(t, state.Done)

	for code, spoil := range map[string]func(*ledger.Payment){
		"reconciled": func(p *ledger.Payment) { p.Reconciled = true }, "batched": func(p *ledger.Payment) { p.Batched = true },
		"already_void": func(p *ledger.Payment) { p.Status = ledger.PaymentReversed },
	} {
		q := p
		spoil(&q)
		assert.Equal(t, code, ledger.Code(v.Allows(ledger.Change{Verb: ledger.Void, Payment: &q})))
	}
}

func TestUpdateReached(t *testing.T) {
	t.Parallel()
	now, want := booked(), wanted()
	change := ledger.Change{Verb: ledger.Update, Invoice: &now, Wanted: &want}
	done := reached(change)
	assert.True(t, done(&now))
	swapped := booked()
	swapped.Lines[0], swapped.Lines[1] = swapped.Lines[1], swapped.Lines[0]
	assert.True(t, done(&swapped), "Xero moves new lines to the top")
	other := booked()
	other.Lines[1] = other.Lines[0]
	assert.False(t, done(&other), "one line twice is not both")
	other = booked()
	other.DueDate = ledger.MustDate("2026-05-01")
	assert.False(t, done(&other))
	paid := booked()
	paid.Status = ledger.StatusPaid
	assert.True(t, done(&paid), "a payment in between does not undo it")
}

func TestPDF(t *testing.T) {
	t.Parallel()
	l, s := newLedger(t, nil, func(r seenRequest) reply {
		return reply{header: map[string]string{"Content-Type": "application/pdf"}, body: "%PDF-1.4 …"}
	})
	r, err := l.Powers().Documents.PDF(ctx, ledger.Ref{ID: idA})
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	assert.Equal(t, "%PDF-1.4 …", string(b))
	assert.Equal(t, "application/pdf", s.last().Header.Get("Accept"))

	l, _ = newLedger(t, nil, func(seenRequest) reply { return reply{body: `{"Invoices":[]}`} })
	_, err = l.Powers().Documents.PDF(ctx, ledger.Ref{ID: idA})
	assert.ErrorIs(t, err, ledger.ErrUnreadable)
}
