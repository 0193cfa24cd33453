package infusionsoftfake

import (
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

func listOrderPayments(c *call) (answer, error) {
	r, err := c.order()
	if err != nil {
		return answer{}, err
	}
	b := c.books
	// The rows of one order are few: a table of their own per request costs less than keeping indexes.
	t := newTable(func(row *PaymentRow) int64 { return row.ID }, nil)
	putAll(t, b.rows[r.ID])
	text := func(get func(*PaymentRow) string) func(a, b *PaymentRow) int { return compareText(get) }
	l := &listing[PaymentRow]{
		name: b.tenant.ID + "/orders/" + c.id + "/payments",
		fields: map[string]field[PaymentRow]{
			"invoice_id":      idField("", func(row *PaymentRow) int64 { return row.InvoiceID }),
			"payment_id":      idField("", func(row *PaymentRow) int64 { return row.PaymentID }),
			"amount":          amountField(b.rowAmount),
			"pay_status":      enumField(func(row *PaymentRow) string { return row.Status }, payStatuses[:]...),
			"skip_commission": boolField(func(row *PaymentRow) bool { return row.SkipCommission }),
		},
		orders: map[string]func(a, b *PaymentRow) int{
			"invoice_id": compareID(func(row *PaymentRow) int64 { return row.InvoiceID }),
			"payment_id": compareID(func(row *PaymentRow) int64 { return row.PaymentID }),
			"amount":     func(x, y *PaymentRow) int { return x.Amount.Cmp(y.Amount) },
			"pay_time":   compareTime(func(row *PaymentRow) time.Time { return row.PayTime }),
			"pay_status": text(func(row *PaymentRow) string { return row.Status }),
			"skip_commission": text(func(row *PaymentRow) string {
				if row.SkipCommission {
					return "1"
				}
				return "0"
			}),
			"last_updated_time": compareTime(func(row *PaymentRow) time.Time { return row.UpdateTime }),
		},
	}
	if b.fake.options.Switches.PaymentLag > 0 {
		now := b.fake.clock()
		l.visible = func(row *PaymentRow) bool { return !row.VisibleAt.After(now) }
	}
	p, err := listKnown(c, t, l)
	if err != nil {
		return answer{}, err
	}
	return listAnswer(b, "invoice_order_payments", p, func(row *PaymentRow) any { return withExtra(b.wireRow(row), row.Extra) }), nil
}

func listPayments(c *call) (answer, error) {
	b := c.books
	orderIDs := func(p *Payment) []string { return b.wirePayment(p).OrderIDs }
	amount := func(p *Payment) decimal.Decimal { return p.Amount }
	l := &listing[Payment]{
		name: b.tenant.ID + "/payments", newest: true,
		fields: map[string]field[Payment]{
			"id":                    idField("id", func(p *Payment) int64 { return p.ID }, ranges[:]...),
			"ids":                   idsField(func(p *Payment) int64 { return p.ID }),
			"amount":                amountField(amount, append(ranges[:], "!=")...),
			"order_id":              memberField(false, orderIDs),
			"order_ids":             memberField(true, orderIDs),
			"contact_id":            idField("", func(p *Payment) int64 { return p.ContactID }),
			"since_time":            sinceField("payment_time", func(p *Payment) time.Time { return p.Time }),
			"until_time":            untilField("payment_time", func(p *Payment) time.Time { return p.Time }),
			"merchant_account_id":   textField(false, func(p *Payment) []string { return []string{p.MerchantAccountID} }),
			"merchant_account_type": textField(false, func(p *Payment) []string { return []string{p.MerchantAccountType} }),
		},
		orders: map[string]func(a, b *Payment) int{
			"id": nil, "payment_time": nil,
			"amount":     func(x, y *Payment) int { return x.Amount.Cmp(y.Amount) },
			"contact_id": compareID(func(p *Payment) int64 { return p.ContactID }),
		},
	}
	if b.fake.options.Switches.PaymentLag > 0 {
		now := b.fake.clock()
		l.visible = func(p *Payment) bool { return !p.VisibleAt.After(now) }
	}
	p, err := listKnown(c, b.payments, l)
	if err != nil {
		return answer{}, err
	}
	return listAnswer(b, "payments", p, func(p *Payment) any { return withExtra(b.wirePayment(p), p.Extra) }), nil
}

func listTransactions(c *call) (answer, error) {
	b := c.books
	l := &listing[Transaction]{
		name: b.tenant.ID + "/transactions",
		fields: map[string]field[Transaction]{
			"amount":                amountField(func(t *Transaction) decimal.Decimal { return t.Amount }, append(ranges[:], "!=")...),
			"order_id":              memberField(false, func(t *Transaction) []string { return b.wireTransaction(t).OrderIDs }),
			"contact_id":            idField("", func(t *Transaction) int64 { return t.ContactID }),
			"since_time":            sinceField("", func(t *Transaction) time.Time { return t.Time }),
			"until_time":            untilField("", func(t *Transaction) time.Time { return t.Time }),
			"merchant_account_id":   textField(false, func(t *Transaction) []string { return []string{t.MerchantAccountID} }),
			"merchant_account_type": textField(false, func(t *Transaction) []string { return []string{t.MerchantAccountType} }),
			"status":                enumField(func(t *Transaction) string { return t.Status }, "APPROVED", "PENDING", "ERROR", "FAILED", "NONE"),
			"transaction_method":    enumField(func(t *Transaction) string { return t.Method }, "CAPTURE", "REFUND", "VOID", "MANUAL"),
			"is_successful":         boolField(func(t *Transaction) bool { return t.Status == "APPROVED" }),
		},
		orders: map[string]func(a, b *Transaction) int{
			"amount":           func(x, y *Transaction) int { return x.Amount.Cmp(y.Amount) },
			"transaction_time": compareTime(func(t *Transaction) time.Time { return t.Time }),
			"contact_id":       compareID(func(t *Transaction) int64 { return t.ContactID }),
		},
	}
	p, err := listKnown(c, b.transactions, l)
	if err != nil {
		return answer{}, err
	}
	return listAnswer(b, "transactions", p, func(t *Transaction) any { return withExtra(b.wireTransaction(t), t.Extra) }), nil
}

type paymentRequest struct {
	Notes             string          `json:"notes"`
	PaymentMethodID   string          `json:"payment_method_id"`
	PaymentMethodType string          `json:"payment_method_type"`
	PaymentTime       time.Time       `json:"payment_time"`
	PaymentAmount     decimal.Decimal `json:"payment_amount"`
	ApplyToCommission bool            `json:"apply_to_commissions"`
}

func paymentShape() kind {
	return object(map[string]kind{
		"notes": text, "payment_method_id": text, "payment_method_type": text, "payment_time": instant,
		"payment_amount": numeric, "apply_to_commissions": boolean, "external_source": text, "external_source_value": text,
		"external_status_value": text, "external_create_time": instant, "external_update_time": instant, "external_create_user": text,
	}, "apply_to_commissions", "payment_amount")
}

type wirePaymentResult struct {
	ID                   string `json:"id"`
	InvoiceID            string `json:"invoice_id"`
	PaymentAmount        number `json:"payment_amount"`
	PaymentStatusMessage string `json:"payment_status_message"`
}

func createPayment(c *call) (answer, error) {
	if err := onlyParameters(c.URL.Query()); err != nil {
		return answer{}, err
	}
	r, err := c.order()
	if err != nil {
		return answer{}, err
	}
	var req paymentRequest
	if _, err := readBody(c.Request, paymentShape(), &req); err != nil {
		return answer{}, err
	}
	b := c.books
	if err := b.checkPayment(r, &req); err != nil {
		return answer{}, err
	}
	s := &b.fake.options.Switches
	ch := b.change()
	p, err := b.newPayment(ch, Payment{
		OrderID: r.ID, Amount: req.PaymentAmount, Status: "MANUAL_PAID", Type: req.PaymentMethodType, Time: req.PaymentTime,
		UpdateTime: b.fake.clock(), Note: req.Notes, HideNote: !s.NotesReadBack, SkipCommission: !req.ApplyToCommission,
	})
	if err != nil {
		return answer{}, err
	}
	if err := b.commit(ch); err != nil {
		return answer{}, err
	}
	b.fake.counts.Created["payments"]++
	b.raisePayment("add", p)
	result := wirePaymentResult{
		ID: idText(p.ID), InvoiceID: idText(r.InvoiceID), PaymentAmount: number(p.Amount), PaymentStatusMessage: "APPROVED",
	}
	if s.PaymentResultIsRow {
		result.ID = idText(p.Shares[0].RowID)
	}
	return answer{http.StatusCreated, result}, nil
}

func (b *Books) checkPayment(r *orderRecord, req *paymentRequest) error {
	switch {
	case req.PaymentMethodID != "":
		b.cardCharges++
		return badRequest("payment_method_id %s is not a payment method of this contact", req.PaymentMethodID)
	case req.PaymentMethodType == "":
		return badRequest("At least one of payment_method_id or payment_method_type is required")
	case !slices.Contains(b.tenant.ManualPaymentTypes, req.PaymentMethodType):
		return badRequest("payment_method_type is not a Manual Payment Type of this application")
	case !req.PaymentAmount.IsPositive():
		return badRequest("payment_amount must be greater than 0")
	case !req.PaymentAmount.Equal(roundMoney(req.PaymentAmount, b.tenant.Currency)):
		return badRequest("payment_amount has more decimals than %s", b.tenant.Currency)
	case req.PaymentAmount.GreaterThan(b.totals(r).Balance):
		return badRequest("The manual payment amount exceeds the amount due on the invoices being processed")
	}
	return nil
}
