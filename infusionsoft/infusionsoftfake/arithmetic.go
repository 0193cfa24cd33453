package infusionsoftfake

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Totals are what an order's lines and payments come to, in major units.
type Totals struct {
	Total    decimal.Decimal // Σ lines, or [Order.Total]
	Paid     decimal.Decimal // what total_paid shows
	Due      decimal.Decimal // what total_due shows: not the balance
	Refunded decimal.Decimal
	Balance  decimal.Decimal // Total less Paid: what a payment may not exceed
}

// Totals returns an order's totals; false when there is no such order. They are exact: a fraction of a
// cent in the lines stays, though the wire rounds it, so that such an order is never paid in full.
func (b *Books) Totals(orderID int64) (Totals, bool) {
	defer b.fake.locked()()
	r := b.orders.get(orderID)
	if r == nil {
		return Totals{}, false
	}
	return b.totals(r), true
}

func (b *Books) totals(r *orderRecord) Totals {
	s := &b.fake.options.Switches
	var t Totals
	if r.Total != nil {
		t.Total = *r.Total
	} else {
		t.Total = b.sumLines(r.Items)
	}
	var paid, refunded decimal.Decimal
	for _, row := range b.rows[r.ID] {
		switch {
		case row.Given:
		case row.Status == "REFUNDED":
			refunded = refunded.Add(row.Amount.Abs())
		case isMoneyIn(row.Status):
			paid = paid.Add(row.Amount)
		}
	}
	if s.RefundsReduceTotalPaid {
		paid = paid.Sub(refunded)
	}
	t.Paid = given(r.Given, r.TotalPaid, paid)
	t.Refunded = given(r.Given, r.RefundTotal, refunded)
	t.Balance = t.Total.Sub(t.Paid)
	switch {
	case r.TotalDue != nil:
		t.Due = *r.TotalDue
	case s.TotalDueSoFar:
		today := b.today()
		for _, item := range b.planItems(r, t) {
			if item.DueDate <= today {
				t.Due = t.Due.Add(item.AmountDue)
			}
		}
	default:
		t.Due = t.Total
	}
	return t
}

// given is a total that a test has set, or that was loaded: then what came since is added.
func given(loaded bool, set *decimal.Decimal, computed decimal.Decimal) decimal.Decimal {
	switch {
	case set == nil:
		return computed
	case loaded:
		return set.Add(computed)
	}
	return *set
}

// isMoneyIn tells the statuses that mean that money has arrived.
func isMoneyIn(status string) bool {
	return status == "MANUAL_PAID" || status == "APPROVED" || status == "PAYPAL_PAID"
}

func isDiscount(itemType string) bool { return strings.HasPrefix(itemType, "DISCOUNT") }

func (b *Books) sumLines(items []Item) decimal.Decimal {
	var sum decimal.Decimal
	for i := range items {
		sum = sum.Add(b.lineAmount(items, &items[i]))
	}
	return sum
}

// lineAmount is what a line adds to its order.
func (b *Books) lineAmount(items []Item, item *Item) decimal.Decimal {
	if isDiscount(item.Type) {
		return b.discountOf(items, item).Neg()
	}
	return decimal.NewFromInt(item.Quantity).Mul(item.Price)
}

// discountOf is what a discount line takes off, never negative.
func (b *Books) discountOf(items []Item, item *Item) decimal.Decimal {
	byPrice := decimal.NewFromInt(item.Quantity).Mul(item.Price)
	switch {
	case byPrice.IsNegative():
		return byPrice.Abs()
	case item.Discount != nil:
		return item.Discount.Abs()
	case item.Special != nil && item.Special.Percent:
		return roundMoney(discountBase(items).Mul(item.Special.Amount.Abs()).Shift(-2), b.tenant.Currency)
	case item.Special != nil:
		return item.Special.Amount.Abs()
	}
	return byPrice
}

// discountBase is what a percentage is taken of: the goods, without tax and shipping.
func discountBase(items []Item) decimal.Decimal {
	var sum decimal.Decimal
	for _, item := range items {
		if !isDiscount(item.Type) && item.Type != "TAX" && item.Type != "SHIPPING" {
			sum = sum.Add(decimal.NewFromInt(item.Quantity).Mul(item.Price))
		}
	}
	return sum
}

func (b *Books) today() string { return b.fake.clock().In(b.zone).Format(time.DateOnly) }

func (b *Books) dateOf(t time.Time) string { return t.In(b.zone).Format(time.DateOnly) }

// midnight is the start of t's day in the tenant's zone.
func (b *Books) midnight(t time.Time) time.Time {
	y, m, d := t.In(b.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, b.zone).UTC()
}

// plan is an order's plan, the one-payment plan of ordinary orders included.
func (b *Books) plan(r *orderRecord) PaymentPlan {
	var p PaymentPlan
	if r.Plan != nil {
		p = *r.Plan
	}
	orElse(&p.StartDate, b.dateOf(r.OrderTime))
	if p.NumberOfPayments == 0 {
		p.NumberOfPayments = 1
	}
	if p.DaysBetweenPayments == 0 {
		p.DaysBetweenPayments = 30
	}
	return p
}

// planItems are the instalments: the initial one, then NumberOfPayments equal ones of which the last
// takes what is left by rounding. Payments fill them from the first.
func (b *Books) planItems(r *orderRecord, t Totals) []PlanItem {
	if r.NoPlan {
		return nil
	}
	p := b.plan(r)
	items := p.Items
	if items == nil {
		items = b.instalments(p, t.Total)
	}
	left := t.Paid
	filled := make([]PlanItem, len(items))
	for i, item := range items {
		if item.AmountPaid == nil {
			paid := decimal.Max(decimal.Zero, decimal.Min(left, item.AmountDue))
			left = left.Sub(paid)
			item.AmountPaid = &paid
		}
		if item.Status == "" {
			switch {
			case !item.AmountPaid.LessThan(item.AmountDue):
				item.Status = "PAID"
			case p.AutoCharge:
				item.Status = "UNPAID_AUTOCHARGE"
			default:
				item.Status = "UNPAID_MANUAL"
			}
		}
		filled[i] = item
	}
	return filled
}

func (b *Books) instalments(p PaymentPlan, total decimal.Decimal) []PlanItem {
	var items []PlanItem
	rest := total
	var initial decimal.Decimal
	switch {
	case p.InitialPaymentAmount != nil:
		initial = *p.InitialPaymentAmount
	case p.InitialPaymentPercent != nil:
		initial = roundMoney(total.Mul(*p.InitialPaymentPercent).Shift(-2), b.tenant.Currency)
	}
	if initial.IsPositive() {
		date := p.InitialPaymentDate
		orElse(&date, p.StartDate)
		items = append(items, PlanItem{DueDate: date, AmountDue: initial})
		rest = rest.Sub(initial)
	}
	start, err := time.Parse(time.DateOnly, p.StartDate)
	if err != nil {
		return items
	}
	const most = 1000 // a number of payments beyond any plan must not eat the memory
	n := min(p.NumberOfPayments, most)
	each := rest.Div(decimal.NewFromInt(n)).RoundDown(minorDigits(b.tenant.Currency))
	for i := range n {
		amount := each
		if i == n-1 {
			amount = rest.Sub(each.Mul(decimal.NewFromInt(n - 1)))
		}
		date := start.AddDate(0, 0, int(i*p.DaysBetweenPayments)).Format(time.DateOnly)
		items = append(items, PlanItem{DueDate: date, AmountDue: amount})
	}
	return items
}

// status follows the money where the order has none of its own.
func (b *Books) status(r *orderRecord, t Totals) string {
	switch {
	case r.Given && isPaid(t) && b.paidSinceLoading(r):
		return "PAID"
	case r.Status != "":
		return r.Status
	case isPaid(t):
		return "PAID"
	}
	switch unpaid := b.fake.options.Switches.UnpaidStatus; unpaid {
	case "":
		return "DRAFT"
	case "-":
		return ""
	default:
		return unpaid
	}
}

// isPaid compares exactly: an order of 10.005 with 10.01 shown is not paid by 10.00.
func isPaid(t Totals) bool { return !t.Paid.LessThan(t.Total) }

func (b *Books) refundStatus(r *orderRecord, t Totals) string {
	switch {
	case r.RefundStatus != "":
		return r.RefundStatus
	case !t.Refunded.IsPositive():
		return "NONE"
	case t.Refunded.LessThan(t.Total):
		return "PARTIAL"
	}
	return "FULL"
}
