package infusionsoftfake

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

var payStatuses = [...]string{"MANUAL_PAID", "REFUNDED", "VOIDED", "PAYPAL_PAID", "APPROVED", "FAILED", "ERROR", "PENDING"}

// AddPayment adds a payment with a row on each of its orders, an entry of the global feed and a
// transaction, and returns it with its ids. Nothing is checked against the balance: a gateway does not.
func (b *Books) AddPayment(p Payment) (Payment, error) {
	defer b.fake.locked()()
	c := b.change()
	added, err := b.newPayment(c, p)
	if err != nil {
		return Payment{}, err
	}
	if err := b.commit(c); err != nil {
		return Payment{}, err
	}
	b.raisePayment("add", added)
	return *added, nil
}

func (b *Books) newPayment(c *change, p Payment) (*Payment, error) {
	s := &b.fake.options.Switches
	orElse(&p.Status, "APPROVED")
	if !slices.Contains(payStatuses[:], p.Status) {
		return nil, fmt.Errorf("infusionsoftfake: payment status %q: use one of the vendor's eight", p.Status)
	}
	p.Shares = slices.Clone(p.Shares)
	if len(p.Shares) == 0 {
		p.Shares = []Share{{OrderID: p.OrderID, Amount: p.Amount}}
	}
	p.OrderID = p.Shares[0].OrderID
	b.takeID(c, "payment", &p.ID)
	if b.payments.get(p.ID) != nil {
		return nil, fmt.Errorf("infusionsoftfake: payment %d exists already", p.ID)
	}
	timeGiven := !p.Time.IsZero()
	b.stamp(&p.Time)
	if p.Status == "MANUAL_PAID" && !s.ManualPaymentsKeepTime {
		p.Time = b.midnight(p.Time)
	}
	if p.UpdateTime.IsZero() && timeGiven {
		p.UpdateTime = b.fake.clock()
	}
	b.stamp(&p.UpdateTime)
	orElse(&p.Type, map[string]string{"MANUAL_PAID": "Check", "PAYPAL_PAID": "PayPal"}[p.Status])
	orElse(&p.Type, "Credit Card")
	if s.PaymentLag > 0 {
		p.VisibleAt = b.fake.clock().Add(s.PaymentLag)
	}
	p.Amount = decimal.Zero
	for i := range p.Shares {
		share := &p.Shares[i]
		order := b.orders.get(share.OrderID)
		if order == nil {
			return nil, b.missing("order", share.OrderID)
		}
		if p.ContactID == 0 {
			p.ContactID = order.ContactID
		}
		p.Amount = p.Amount.Add(share.Amount)
		row := &PaymentRow{
			OrderID: order.ID, InvoiceID: order.InvoiceID, PaymentID: p.ID, Amount: share.Amount, Status: p.Status,
			PayTime: p.Time, UpdateTime: p.UpdateTime, Note: p.Note, SkipCommission: p.SkipCommission,
			HideNote: p.HideNote, VisibleAt: p.VisibleAt, RefundOf: b.rowOf(order.ID, p.RefundOf),
		}
		b.takeID(c, "row", &share.RowID)
		row.ID = share.RowID
		c.Rows = append(c.Rows, row)
		b.touchOrder(c, order)
	}
	c.Payments = append(c.Payments, &p)
	b.addTransaction(c, &p, p.Time)
	return &p, nil
}

// rowOf is the row of a payment on an order.
func (b *Books) rowOf(orderID, paymentID int64) int64 {
	for _, row := range b.rows[orderID] {
		if paymentID != 0 && row.PaymentID == paymentID {
			return row.ID
		}
	}
	return 0
}

// touchOrder bumps the order of a payment where the switch says that payments do.
func (b *Books) touchOrder(c *change, order *orderRecord) {
	if !b.fake.options.Switches.PaymentTouchesOrder {
		return
	}
	r := copyOrder(order)
	r.ModificationTime = b.fake.clock()
	b.keepExtra(order, r)
	c.Orders = append(c.Orders, r)
}

func (b *Books) addTransaction(c *change, p *Payment, at time.Time) {
	t := &Transaction{
		Amount: p.Amount, Status: "APPROVED", Method: "CAPTURE", Time: at, ContactID: p.ContactID, PaymentID: p.ID,
		ExternalReferenceID: p.ExternalTransactionID, MerchantAccountID: p.MerchantAccountID,
		MerchantAccountType: p.MerchantAccountType, ErrorDetails: p.ErrorDetails,
	}
	switch p.Status {
	case "MANUAL_PAID":
		t.Method = "MANUAL"
	case "REFUNDED":
		t.Method = "REFUND"
	case "VOIDED":
		t.Method = "VOID"
	case "PENDING", "FAILED", "ERROR":
		t.Status = p.Status
	}
	for _, share := range p.Shares {
		t.OrderIDs = append(t.OrderIDs, share.OrderID)
	}
	b.takeID(c, "transaction", &t.Seq)
	c.Transactions = append(c.Transactions, t)
}

// SettlePayment turns a PENDING payment into money: APPROVED.
func (b *Books) SettlePayment(id int64) error { return b.changePayment(id, "APPROVED", "PENDING") }

// FailPayment makes a payment FAILED, also one that was approved before: a bounce.
func (b *Books) FailPayment(id int64) error {
	return b.changePayment(id, "FAILED", "PENDING", "APPROVED", "PAYPAL_PAID", "MANUAL_PAID")
}

// VoidPayment makes a payment VOIDED.
func (b *Books) VoidPayment(id int64) error {
	return b.changePayment(id, "VOIDED", "PENDING", "APPROVED", "PAYPAL_PAID", "MANUAL_PAID")
}

func (b *Books) changePayment(id int64, status string, from ...string) error {
	defer b.fake.locked()()
	old := b.payments.get(id)
	if old == nil {
		return b.missing("payment", id)
	}
	if !slices.Contains(from, old.Status) {
		return fmt.Errorf("infusionsoftfake: payment %d is %s and cannot become %s", id, old.Status, status)
	}
	c := b.change()
	now := b.fake.clock()
	p := *old
	p.Status, p.UpdateTime = status, now
	p.Extra = carryExtra(old.Extra, p.Extra, b.wirePayment(old), b.wirePayment(&p))
	c.Payments = []*Payment{&p}
	b.eachRow(&p, func(order *orderRecord, row *PaymentRow) {
		changed := *row
		changed.Status, changed.UpdateTime = status, now
		changed.Extra = carryExtra(row.Extra, changed.Extra, b.wireRow(row), b.wireRow(&changed))
		c.Rows = append(c.Rows, &changed)
		b.touchOrder(c, order)
	})
	b.addTransaction(c, &p, now)
	if err := b.commit(c); err != nil {
		return err
	}
	b.raisePayment("edit", &p)
	return nil
}

func (b *Books) eachRow(p *Payment, do func(*orderRecord, *PaymentRow)) {
	for _, share := range p.Shares {
		for _, row := range b.rows[share.OrderID] {
			if order := b.orders.get(share.OrderID); row.PaymentID == p.ID && order != nil {
				do(order, row)
			}
		}
	}
}

// RefundPayment gives back amount of a payment, all of it when amount is zero: a payment of its own
// with REFUNDED rows, taken from the payment's orders in their order. It returns the refund.
func (b *Books) RefundPayment(id int64, amount decimal.Decimal) (Payment, error) {
	defer b.fake.locked()()
	old := b.payments.get(id)
	switch {
	case old == nil:
		return Payment{}, b.missing("payment", id)
	case !isMoneyIn(old.Status):
		return Payment{}, fmt.Errorf("infusionsoftfake: payment %d is %s: only money that came in is refunded", id, old.Status)
	}
	left := amount.Abs()
	if left.IsZero() {
		left = old.Amount
	}
	refund := Payment{Status: "REFUNDED", Type: old.Type, RefundOf: id, ContactID: old.ContactID}
	for _, share := range old.Shares {
		part := decimal.Min(left, share.Amount)
		if !part.IsPositive() {
			continue
		}
		left = left.Sub(part)
		if !b.fake.options.Switches.PositiveRefunds {
			part = part.Neg()
		}
		refund.Shares = append(refund.Shares, Share{OrderID: share.OrderID, Amount: part})
	}
	if left.IsPositive() {
		return Payment{}, fmt.Errorf("infusionsoftfake: payment %d: the refund is larger than the payment", id)
	}
	if len(refund.Shares) == 0 {
		return Payment{}, errors.New("infusionsoftfake: a refund of nothing: give an amount")
	}
	c := b.change()
	added, err := b.newPayment(c, refund)
	if err != nil {
		return Payment{}, err
	}
	p := *old
	p.RefundedBy, p.UpdateTime = added.ID, b.fake.clock()
	p.Extra = carryExtra(old.Extra, p.Extra, b.wirePayment(old), b.wirePayment(&p))
	c.Payments = append(c.Payments, &p)
	if err := b.commit(c); err != nil {
		return Payment{}, err
	}
	b.raisePayment("add", added)
	return *added, nil
}

// Payments returns all payments of the global feed, by id.
func (b *Books) Payments() []Payment { defer b.fake.locked()(); return values(b.payments) }

// PaymentRows returns an order's payment rows, by id.
func (b *Books) PaymentRows(orderID int64) []PaymentRow {
	defer b.fake.locked()()
	rows := make([]PaymentRow, 0, len(b.rows[orderID]))
	for _, row := range b.rows[orderID] {
		rows = append(rows, *row)
	}
	return rows
}

type wirePaymentRow struct {
	ID                     string `json:"id"`
	Amount                 number `json:"amount"`
	Note                   string `json:"note,omitempty"`
	InvoiceID              string `json:"invoice_id,omitempty"`
	PaymentID              string `json:"payment_id,omitempty"`
	PayTime                string `json:"pay_time,omitempty"`
	PayStatus              string `json:"pay_status"`
	LastUpdatedTime        string `json:"last_updated_time,omitempty"`
	SkipCommission         bool   `json:"skip_commission"`
	RefundInvoicePaymentID string `json:"refund_invoice_payment_id,omitempty"`
}

func (b *Books) wireRow(r *PaymentRow) *wirePaymentRow {
	w := &wirePaymentRow{
		ID: idText(r.ID), Amount: number(b.rowAmount(r)), Note: r.Note, InvoiceID: idText(r.InvoiceID), PaymentID: idText(r.PaymentID),
		PayTime: timeText(r.PayTime), PayStatus: r.Status, LastUpdatedTime: timeText(r.UpdateTime),
		SkipCommission: r.SkipCommission, RefundInvoicePaymentID: idText(r.RefundOf),
	}
	if r.HideNote {
		w.Note = ""
	}
	return w
}

// rowAmount is a row's amount as it stands on the wire.
func (b *Books) rowAmount(r *PaymentRow) decimal.Decimal {
	if b.fake.options.Switches.InvoicePaymentsInMinorUnits {
		return r.Amount.Shift(minorDigits(b.tenant.Currency))
	}
	return r.Amount
}

type wirePayment struct {
	ID                    string   `json:"id"`
	Type                  string   `json:"type,omitempty"`
	Amount                number   `json:"amount"`
	Note                  string   `json:"note,omitempty"`
	Status                string   `json:"status"`
	Commissioned          bool     `json:"commissioned"`
	Synced                bool     `json:"synced"`
	PaymentTime           string   `json:"payment_time,omitempty"`
	RefundPaymentID       string   `json:"refund_payment_id,omitempty"`
	ContactID             string   `json:"contact_id,omitempty"`
	OrderIDs              []string `json:"order_ids"`
	UpdateTime            string   `json:"update_time,omitempty"`
	ExternalTransactionID string   `json:"external_transaction_id,omitempty"`
	MerchantAccountID     string   `json:"merchant_account_id,omitempty"`
	MerchantAccountType   string   `json:"merchant_account_type,omitempty"`
}

func (b *Books) wirePayment(p *Payment) *wirePayment {
	w := &wirePayment{
		ID: idText(p.ID), Type: p.Type, Amount: number(p.Amount), Note: p.Note, Status: "NONE", Commissioned: !p.SkipCommission,
		PaymentTime: timeText(p.Time), RefundPaymentID: idText(p.RefundedBy), ContactID: idText(p.ContactID), OrderIDs: []string{},
		UpdateTime: timeText(p.UpdateTime), ExternalTransactionID: p.ExternalTransactionID,
		MerchantAccountID: p.MerchantAccountID, MerchantAccountType: p.MerchantAccountType,
	}
	if p.HideNote {
		w.Note = ""
	}
	for _, share := range p.Shares {
		w.OrderIDs = append(w.OrderIDs, idText(share.OrderID))
	}
	// Failed and voided payments stay in the feed, with the status that says least.
	switch p.Status {
	case "PENDING", "APPROVED":
		w.Status = p.Status
	case "MANUAL_PAID", "PAYPAL_PAID", "REFUNDED":
		w.Status = "COMPLETED"
	}
	return w
}

type wireTransaction struct {
	Amount              number     `json:"amount"`
	Status              string     `json:"status"`
	Contact             *wireBasic `json:"contact,omitempty"`
	OrderIDs            []string   `json:"order_ids"`
	ContactID           string     `json:"contact_id,omitempty"`
	TransactionMethod   string     `json:"transaction_method"`
	TransactionTime     string     `json:"transaction_time"`
	ExternalReferenceID string     `json:"external_reference_id,omitempty"`
	ErrorDetails        string     `json:"error_details,omitempty"`
	PaymentID           string     `json:"payment_id,omitempty"`
	IsSuccessful        bool       `json:"is_successful"`
	MerchantAccountID   string     `json:"merchant_account_id,omitempty"`
	MerchantAccountType string     `json:"merchant_account_type,omitempty"`
}

func (b *Books) wireTransaction(t *Transaction) *wireTransaction {
	w := &wireTransaction{
		Amount: number(t.Amount), Status: t.Status, Contact: b.basicContact(t.ContactID), OrderIDs: []string{},
		ContactID: idText(t.ContactID), TransactionMethod: t.Method, TransactionTime: timeText(t.Time),
		ExternalReferenceID: t.ExternalReferenceID, ErrorDetails: t.ErrorDetails, PaymentID: idText(t.PaymentID),
		IsSuccessful: t.Status == "APPROVED", MerchantAccountID: t.MerchantAccountID, MerchantAccountType: t.MerchantAccountType,
	}
	for _, id := range t.OrderIDs {
		w.OrderIDs = append(w.OrderIDs, idText(id))
	}
	return w
}
