package world

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	fake "github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
)

// A planRecipe says how an order is to be paid.
type planRecipe struct {
	kind   string
	weight int
	set    func(*maker, *fake.Order, int64)
}

// planRecipes are the payment plans. Nearly every order has one, of a single payment, and that is no
// payment by instalments.
func planRecipes() []planRecipe {
	return []planRecipe{
		{"single_payment_plan", 80, func(*maker, *fake.Order, int64) {}},
		{"instalments", 8, func(m *maker, o *fake.Order, _ int64) {
			o.Plan = &fake.PaymentPlan{NumberOfPayments: 2 + m.rng.Int64N(5), DaysBetweenPayments: 30}
		}},
		{"instalments_with_deposit", 4, func(m *maker, o *fake.Order, total int64) {
			o.Plan = &fake.PaymentPlan{
				InitialPaymentAmount: money(total / 4), NumberOfPayments: 3, DaysBetweenPayments: 14, AutoCharge: true,
				StartDate: o.OrderTime.In(m.zone).AddDate(0, 0, 14).Format(time.DateOnly),
			}
		}},
		{"no_plan", 4, func(_ *maker, o *fake.Order, _ int64) { o.NoPlan = true }},
	}
}

// A payRecipe says what money came for an order.
type payRecipe struct {
	kind   string
	weight int
	take   func(*till)
}

// payRecipes are the ways in which orders are paid. The first one is not at all.
func payRecipes() []payRecipe {
	const day = 24 * time.Hour
	return []payRecipe{
		{"unpaid", 250, func(*till) {}},
		{"paid_at_creation", 320, func(t *till) { t.pay("APPROVED", t.due, time.Minute) }},
		{"paid_later", 90, func(t *till) { t.pay("APPROVED", t.due, t.days(2, 40)) }},
		{"paid_manually", 90, func(t *till) { t.pay("MANUAL_PAID", t.due, t.days(2, 40)) }},
		{"paid_by_paypal", 50, func(t *till) { t.pay("PAYPAL_PAID", t.due, t.days(0, 3)) }},
		{"part_paid", 70, func(t *till) { t.pay("APPROVED", max(t.due/3, 1), t.days(1, 20)) }},
		{"several_payments", 60, func(t *till) {
			t.pay("APPROVED", max(t.due/4, 1), time.Minute)
			t.pay("MANUAL_PAID", t.due/3, t.days(5, 10))
			t.pay("APPROVED", t.due, t.days(11, 40))
		}},
		{"failed_then_paid", 20, func(t *till) {
			t.try("FAILED", t.due, time.Minute, "payment_failed")
			t.pay("APPROVED", t.due, 2*day)
		}},
		{"failed_charge", 12, func(t *till) { t.try("FAILED", t.due, time.Minute, "payment_failed") }},
		{"pending_payment", 12, func(t *till) { t.try("PENDING", t.due, time.Hour, "payment_pending") }},
		{"deposit_then_pending", 10, func(t *till) {
			t.pay("APPROVED", max(t.due/3, 1), time.Hour)
			t.try("PENDING", t.due, 2*day, "payment_pending")
		}},
		{"voided_payment", 8, func(t *till) { t.try("VOIDED", t.due, time.Hour, "payment_reversed") }},
		{"voided_then_paid", 6, func(t *till) {
			t.try("VOIDED", t.due, time.Hour, "payment_reversed")
			t.pay("APPROVED", t.due, 2*day)
		}},
		{"overpaid_twice", 4, func(t *till) {
			t.pay("APPROVED", t.due, time.Hour)
			t.hold("APPROVED", t.total, 3*day, "overpays")
		}},
		{"overpaid_at_once", 3, func(t *till) { t.hold("APPROVED", t.total+t.m.cents(100, 2000), time.Hour, "overpays") }},
		{"refunded", 4, func(t *till) {
			t.pay("APPROVED", t.due, time.Hour)
			t.refund(t.total)
		}},
		{"refunded_in_part", 3, func(t *till) {
			t.pay("APPROVED", t.due, time.Hour)
			t.refund(max(t.total/5, 1))
		}},
	}
}

// A till takes the money for one order and says what is expected of each payment.
type till struct {
	m      *maker
	order  *fake.Order
	total  int64
	due    int64 // what is left to pay
	expect []Payment
	kinds  []string
}

func (t *till) days(from, to int64) time.Duration {
	return time.Duration(t.m.cents(from, to))*24*time.Hour + time.Duration(t.m.rng.IntN(3600))*time.Second
}

// pay takes money that will be booked.
func (t *till) pay(status string, cents int64, after time.Duration) {
	t.due -= cents
	t.row(status, cents, after, Created, "")
	if status == "MANUAL_PAID" {
		t.kinds = append(t.kinds, "midnight_payment")
	}
}

// try is a payment that moves no money.
func (t *till) try(status string, cents int64, after time.Duration, code string) {
	t.row(status, cents, after, Skipped, code)
}

// hold is a payment that waits for a person.
func (t *till) hold(status string, cents int64, after time.Duration, code string) {
	t.row(status, cents, after, Parked, code)
}

// refund gives money back on the first payment.
func (t *till) refund(cents int64) {
	original := len(t.m.w.Payments) - 1
	t.row("REFUNDED", cents, 6*24*time.Hour, Parked, "refund_owed")
	p := &t.m.w.Payments[len(t.m.w.Payments)-1]
	p.Shares[0].Amount = p.Shares[0].Amount.Neg()
	// The original has no id yet: its place stands for it until numberPayments.
	p.RefundOf = int64(original) + 1
}

func (t *till) row(status string, cents int64, after time.Duration, state, code string) {
	at := t.m.year.within(t.order.OrderTime.Add(after))
	t.m.w.Payments = append(t.m.w.Payments, fake.Payment{
		Shares: []fake.Share{{OrderID: t.order.ID, Amount: *money(cents)}}, Status: status, Time: at, UpdateTime: at,
		Note: map[string]string{"MANUAL_PAID": "Check, entered by hand"}[status],
	})
	t.expect = append(t.expect, Payment{State: state, Code: code, Amount: *money(cents)})
	quiet := !slices.ContainsFunc(t.expect, func(p Payment) bool { return p.State != Skipped })
	for i := range t.expect {
		t.expect[i].Quiet = quiet
	}
}

// numberPayments gives the payments their ids in the order of time, as the vendor does, and tells the
// expectations.
func (m *maker) numberPayments() {
	made := m.w.Payments
	order := make([]int, len(made))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Or(made[a].Time.Compare(made[b].Time), cmp.Compare(a, b)) })
	for _, i := range order {
		made[i].ID, made[i].Shares[0].RowID = m.nextPayment, m.nextRow
		m.nextPayment += 1 + m.rng.Int64N(2)
		m.nextRow++
	}
	next := 0 // payments were made in the order of the expectations
	for o := range m.w.Expect.Orders {
		for p := range m.w.Expect.Orders[o].Payments {
			m.w.Expect.Orders[o].Payments[p].ID = strconv.FormatInt(made[next].Shares[0].RowID, 10)
			next++
		}
	}
	sorted := make([]fake.Payment, len(made))
	for at, i := range order {
		sorted[at] = made[i]
		if of := made[i].RefundOf; of != 0 {
			sorted[at].RefundOf = made[of-1].ID
		}
	}
	m.w.Payments = sorted
}
