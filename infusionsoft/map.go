package infusionsoft

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// A mapper turns the vendor's shapes into words. All of it is here and in maplines.go.
type mapper struct {
	books
	special  Units
	statuses map[string]ledger.Status
	recent   *recent
}

func (s *Source) mapper(b books) *mapper {
	b.tenant = s.c.tenantID()
	return &mapper{books: b, special: s.o.SpecialUnits, statuses: s.o.Statuses, recent: &s.recent}
}

// unclear marks an invoice; the first mark stays, since what follows it may follow from it.
func unclear(inv *ledger.Invoice, code, format string, args ...any) {
	if inv.Unclear == "" {
		inv.Unclear, inv.UnclearDetail = code, fmt.Sprintf(format, args...)
	}
}

func (m *mapper) invoice(w *wireOrder) ledger.Invoice {
	id := w.ID.trimmed()
	m.recent.note(id, evidenceOf(w, m.books))
	inv := ledger.Invoice{
		ID:            id,
		Number:        first(string(w.InvoiceNumber), id),
		Title:         w.Title.trimmed(),
		Kind:          ledger.SalesInvoice,
		TaxMode:       ledger.TaxExclusive,
		CreatedAt:     w.Created.Time,
		UpdatedAt:     w.Modified.Time,
		URL:           m.link(id),
		Mark:          ledger.MarkIn(string(w.External)),
		SentToContact: !w.Sent.IsZero(),
		Contact: ledger.Contact{
			ID:         w.Contact.ID.trimmed(),
			GivenName:  w.Contact.Given.trimmed(),
			FamilyName: w.Contact.Family.trimmed(),
			Email:      w.Contact.Email.trimmed(),
		},
	}
	inv.Contact.Name = strings.TrimSpace(inv.Contact.GivenName + " " + inv.Contact.FamilyName)
	for _, alias := range []string{w.InvoiceID.trimmed(), w.InvoiceNumber.trimmed()} {
		if alias != "" {
			inv.Aliases = append(inv.Aliases, alias)
		}
	}
	if when := w.Ordered; !when.IsZero() {
		inv.Date = ledger.DateIn(when.Time, m.zone)
	} else if !w.Created.IsZero() {
		inv.Date = ledger.DateIn(w.Created.Time, m.zone)
	}
	if !w.Due.IsZero() {
		inv.DueDate = ledger.DateIn(w.Due.Time, m.zone)
	}

	places := m.money(&inv, w)
	if !w.Total.Amount.known {
		unclear(&inv, "no_total", "total is missing")
	}
	if inv.Contact.ID == "" {
		unclear(&inv, "no_contact", "contact has no id")
	}
	if inv.Date.IsZero() {
		unclear(&inv, "no_date", "order_time and creation_time are missing")
	}
	m.lines(&inv, w, places)
	m.totals(&inv, w, places)
	m.status(&inv, w)
	m.plan(&inv, w, places)
	inv.PaymentsElsewhere = moneyMayHaveMoved(w)
	inv.Version = version(w)
	return inv
}

// money finds the currency of the order and returns its places.
func (m *mapper) money(inv *ledger.Invoice, w *wireOrder) int32 {
	inv.Currency = m.currency
	places := m.places
	code := w.Total.Code.enum()
	if code != "" && code != string(m.currency) {
		c, err := ledger.ParseCurrency(code)
		if err != nil {
			unclear(inv, "currency_differs", "total.currency_code is no currency of ISO 4217; the application's is %s", m.currency)
			return places
		}
		inv.Currency, places = c, c.Places()
		unclear(inv, "currency_differs", "total.currency_code is %s, the application's %s", c, m.currency)
	}
	same := func(field string, v *wireMoney) {
		if other := v.Code.enum(); other != "" && other != string(inv.Currency) {
			unclear(inv, "currency_differs", "%s is in another currency than the order's %s", field, inv.Currency)
		}
	}
	same("total_paid", &w.TotalPaid)
	same("refund_total", &w.RefundTotal)
	for i := range w.Items {
		same("order_items.price_per_unit", &w.Items[i].Price)
		same("order_items.discount", &w.Items[i].Discount)
	}
	if w.Plan != nil {
		for i := range w.Plan.Items {
			same("payment_plan_items.amount_due", &w.Plan.Items[i].Amount)
		}
	}
	return places
}

// totals reads the order's own sums and compares them with its lines. Total_due is documented as not
// being the balance, and is left alone.
func (m *mapper) totals(inv *ledger.Invoice, w *wireOrder, places int32) {
	t := &inv.Totals
	t.Total = w.Total.Amount.units(places)
	t.Paid = w.TotalPaid.Amount.units(places)
	t.Balance = t.Total
	if !t.Paid.IsZero() {
		t.Balance = t.Total.Sub(t.Paid)
	}
	for i := range inv.Lines {
		if l := &inv.Lines[i]; l.Kind == ledger.LineTax {
			t.Tax = plus(t.Tax, l.Amount)
		}
	}
	t.Net = t.Total
	if !t.Tax.IsZero() {
		t.Net = t.Total.Sub(t.Tax)
	}
	if !w.Total.Amount.known || sumUp(inv.Lines, t.Total, places) {
		return
	}
	var sum decimal.Decimal
	for i := range inv.Lines {
		sum = sum.Add(inv.Lines[i].Amount)
	}
	if !sum.Equal(t.Total) {
		unclear(inv, "lines_do_not_sum", "the lines sum up to %s, the order's total is %s", sum, t.Total)
	}
}

// plus adds; to nothing, which costs nothing.
func plus(sum, d decimal.Decimal) decimal.Decimal {
	if sum.IsZero() {
		return d
	}
	return sum.Add(d)
}

// sumUp reports whether the lines sum up to total, in minor units that integers can hold, as nearly all
// orders do. False says nothing.
func sumUp(lines []ledger.Line, total decimal.Decimal, places int32) bool {
	minor := func(d decimal.Decimal) (int64, bool) {
		return d.CoefficientInt64(), d.NumDigits() <= 15 && (d.Exponent() == -places || d.IsZero())
	}
	rest, ok := minor(total)
	for i := range lines {
		n, fits := minor(lines[i].Amount)
		rest, ok = rest-n, ok && fits
	}
	return ok && rest == 0
}

// status goes by money. What the vendor's own word is for an unpaid order of the classic edition is not
// documented, so that PAID without the money is not believed, nor DRAFT by itself: an order of a
// checkout, of the API or of a manual sale is one as soon as it is there. Only what was begun on the
// invoice screen (source_type INVOICE) and was neither sent nor paid is a draft.
func (m *mapper) status(inv *ledger.Invoice, w *wireOrder) {
	word := w.Status.enum()
	override, ok := m.statuses[word]
	switch {
	case inv.Totals.Total.IsPositive() && inv.Totals.Balance.Sign() <= 0:
		inv.Status = ledger.StatusPaid
	case ok:
		inv.Status = override
	case word == "DRAFT" && w.Source.enum() == "INVOICE" && w.Sent.IsZero():
		inv.Status = ledger.StatusDraft
	case word == "" || word == "DRAFT" || word == "SENT" || word == "VIEWED" || word == "PAID":
		inv.Status = ledger.StatusApproved
	default:
		unclear(inv, "unknown_status", "status is %q: say in Options.Statuses what it means", short(word, 40))
	}
}

// moneyMayHaveMoved reports whether an order may have payments, failed ones included. Where it says no,
// nobody needs to ask.
func moneyMayHaveMoved(w *wireOrder) bool {
	if !w.TotalPaid.Amount.known || !w.TotalPaid.Amount.isZero() || !w.RefundTotal.Amount.isZero() || w.Status.enum() == "PAID" {
		return true
	}
	switch w.RefundStatus.enum() {
	case "", "NONE", "0":
	default:
		return true
	}
	if w.Plan != nil {
		for i := range w.Plan.Items {
			switch p := &w.Plan.Items[i]; {
			case !p.Paid.Amount.isZero(), p.Status.enum() == "PAID", p.Status.enum() == "FAILED":
				return true
			}
		}
	}
	return false
}

// version changes with the order. A payment need not change its modification time, so that the sums are
// part of it.
func version(w *wireOrder) string {
	modified := "-"
	if !w.Modified.IsZero() {
		modified = w.Modified.Format("20060102T150405.999999999Z")
	}
	return modified + "/" + w.Total.Amount.String() + "/" + w.TotalPaid.Amount.String() + "/" + w.RefundTotal.Amount.String()
}

// link leads to the order's screen. A ledger refuses links that name it.
func (m *mapper) link(id string) string {
	if m.tenant == "" || strings.Contains(m.tenant, "xero") {
		return ""
	}
	return "https://" + m.tenant + "/Job/manageJob.jsp?view=edit&ID=" + id
}

// plan gives every instalment that the vendor lists. Nearly every order has a plan, of one: whether it
// is more than that is not decided here. Plans without a list are computed: the initial payment, which
// the number of payments does not count, and the others in equal parts, the last one with what the
// division leaves.
func (m *mapper) plan(inv *ledger.Invoice, w *wireOrder, places int32) {
	p := w.Plan
	if p == nil {
		return
	}
	if len(p.Items) > 0 {
		inv.Plan = make([]ledger.Instalment, 0, len(p.Items))
		for i := range p.Items {
			item := &p.Items[i]
			if item.Due.IsZero() {
				unclear(inv, "plan_unclear", "an item of payment_plan_items has no due_date")
			}
			inv.Plan = append(inv.Plan, ledger.Instalment{
				Due: item.Due.Date, Amount: item.Amount.Amount.units(places), Paid: item.Paid.Amount.units(places),
			})
		}
		return
	}
	if p.Payments.isZero() || p.Start.IsZero() {
		return
	}
	n, ok := p.Payments.within(1, 1200)
	days, okDays := p.Days.within(0, 3660)
	if !ok || n > 1 && !okDays {
		unclear(inv, "plan_unclear", "number_of_payments is %s and days_between_payments is %s", p.Payments, p.Days)
		return
	}
	rest := inv.Totals.Total
	initial := p.InitialAmount.Amount.units(places)
	if initial.IsZero() && !p.InitialPercent.isZero() {
		initial = rest.Mul(p.InitialPercent.units(2)).Round(places)
	}
	if !initial.IsZero() {
		due := p.InitialDate.Date
		if due.IsZero() {
			due = inv.Date
		}
		inv.Plan = append(inv.Plan, ledger.Instalment{Due: due, Amount: initial})
		rest = rest.Sub(initial)
	}
	part := rest.Div(decimal.NewFromInt(int64(n))).Truncate(places)
	for i := range n {
		amount := part
		if i == n-1 {
			amount = rest.Sub(part.Mul(decimal.NewFromInt(int64(n - 1))))
		}
		inv.Plan = append(inv.Plan, ledger.Instalment{Due: p.Start.AddDays(i * days), Amount: amount})
	}
}

// The sorts of row among the payments of an order.
type rowSort int

const (
	rowUnknown rowSort = iota
	rowConfirmed
	rowRefunded
	rowVoided
	rowFailed
	rowPending
)

func rowStatus(status text) rowSort {
	switch status.enum() {
	case "MANUAL_PAID", "APPROVED", "PAYPAL_PAID":
		return rowConfirmed
	case "REFUNDED":
		return rowRefunded
	case "VOIDED":
		return rowVoided
	case "FAILED", "ERROR":
		return rowFailed
	case "PENDING":
		return rowPending
	}
	return rowUnknown
}

// orderPayment maps a row of an order's payments. Its unit is decided for all rows of the order: see
// rowPlaces.
func (m *mapper) orderPayment(w *wireRow, order string, label string) ledger.Payment {
	manual := w.Status.enum() == "MANUAL_PAID"
	p := ledger.Payment{
		ID:        w.ID.trimmed(),
		FeedID:    w.PaymentID.trimmed(),
		InvoiceID: order,
		Date:      m.payDay(w.Paid, manual),
		PaidAt:    w.Paid.Time,
		Currency:  m.currency,
		Method:    label,
		Reference: w.Note.trimmed(),
		UpdatedAt: w.Updated.Time,
		Version:   w.Updated.Format(time.RFC3339Nano) + "/" + w.Status.enum() + "/" + w.Amount.String(),
		Mark:      ledger.MarkIn(string(w.Note)),
	}
	sort := rowStatus(w.Status)
	switch sort {
	case rowConfirmed:
		p.Status = ledger.PaymentConfirmed
	case rowRefunded:
		p.Status = ledger.PaymentRefunded
		p.RefundOf = w.RefundOf.trimmed()
	case rowVoided:
		p.Status = ledger.PaymentReversed
	case rowFailed:
		p.Status = ledger.PaymentFailed
	case rowPending:
		p.Status = ledger.PaymentPending
	default:
		p.Unclear, p.UnclearDetail = "unknown_payment_status", fmt.Sprintf("pay_status is %q", short(w.Status.enum(), 40))
	}
	if p.Method == "" {
		switch w.Status.enum() {
		case "MANUAL_PAID":
			p.Method = "manual"
		case "PAYPAL_PAID":
			p.Method = "paypal"
		case "APPROVED":
			p.Method = "card"
		}
	}
	m.checkPayment(&p, w.Amount)
	return p
}

// feedPayment maps a record of the payment feed.
func (m *mapper) feedPayment(w *wirePayment) ledger.Payment {
	p := ledger.Payment{
		ID:        w.ID.trimmed(),
		FeedID:    w.ID.trimmed(),
		Date:      m.payDay(w.Paid, w.External.trimmed() == ""),
		PaidAt:    w.Paid.Time,
		Amount:    w.Amount.units(0).Abs(),
		Currency:  m.currency,
		Method:    w.Type.trimmed(),
		Reference: w.Note.trimmed(),
		UpdatedAt: w.Updated.Time,
		Version:   w.Updated.Format(time.RFC3339Nano) + "/" + w.Status.enum() + "/" + w.Amount.String(),
		Mark:      ledger.MarkIn(string(w.Note)),
	}
	for _, id := range w.Orders {
		if id := id.trimmed(); id != "" {
			p.InvoiceIDs = append(p.InvoiceIDs, id)
		}
	}
	if len(p.InvoiceIDs) == 1 {
		p.InvoiceID = p.InvoiceIDs[0]
	}
	switch w.Status.enum() {
	case "APPROVED", "COMPLETED":
		p.Status = ledger.PaymentConfirmed
		if w.Amount.units(0).IsNegative() {
			// Refund_payment_id is documented as leading from a payment to its refund; on the refund
			// itself it can only be the other way round.
			p.Status, p.RefundOf = ledger.PaymentRefunded, w.RefundID.trimmed()
		}
	case "PENDING":
		p.Status = ledger.PaymentPending
	case "NONE", "": // documented as "if available": the rows of its orders know
		p.Status = ledger.PaymentUnknown
	default:
		p.Unclear, p.UnclearDetail = "unknown_payment_status", fmt.Sprintf("status is %q", short(w.Status.enum(), 40))
	}
	m.checkPayment(&p, amount{known: w.Amount.known})
	return p
}

// checkPayment marks what no payment that moved money may lack.
func (m *mapper) checkPayment(p *ledger.Payment, raw amount) {
	switch {
	case p.Unclear != "":
	case !raw.known:
		p.Unclear, p.UnclearDetail = "no_amount", "amount is missing"
	case p.Status == ledger.PaymentConfirmed && raw.units(0).IsNegative():
		p.Unclear, p.UnclearDetail = "negative_amount", "a confirmed payment has a negative amount"
		p.Status = ledger.PaymentUnknown
	case p.Date.IsZero() && (p.Status == ledger.PaymentConfirmed || p.Status == ledger.PaymentRefunded):
		p.Unclear, p.UnclearDetail = "no_date", "the time of the payment is missing"
	}
}

// payDay is the day of a payment in the application's zone. Payments recorded by hand are stamped with
// midnight of the day that a person chose. Where that is midnight UTC and not midnight in the zone, the
// day is the one of UTC: west of Greenwich the other reading is the day before the one chosen.
func (m *mapper) payDay(t instant, manual bool) ledger.Date {
	if t.IsZero() {
		return ledger.Date{}
	}
	if manual && t.Truncate(24*time.Hour).Equal(t.Time) {
		return ledger.DateIn(t.Time, time.UTC)
	}
	return ledger.DateIn(t.Time, m.zone)
}
