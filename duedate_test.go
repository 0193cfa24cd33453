package invoicesync

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

func TestDueDate(t *testing.T) {
	t.Parallel()
	day := ledger.MustDate
	paid := func(date, amount string, status ledger.PaymentStatus) ledger.Payment {
		p := ledger.Payment{Amount: decimal.RequireFromString(amount), Status: status}
		if date != "" {
			p.Date = day(date)
		}
		return p
	}
	plan := func(dates ...string) (list []ledger.Instalment) {
		for _, d := range dates {
			list = append(list, ledger.Instalment{Due: day(d)})
		}
		return list
	}
	const confirmed, pending, failed, refunded = ledger.PaymentConfirmed, ledger.PaymentPending, ledger.PaymentFailed, ledger.PaymentRefunded

	for name, c := range map[string]struct {
		total    string
		payments []ledger.Payment
		plan     []ledger.Instalment
		days     int
		want     string
		rule     string
	}{
		"nothing said":               {total: "100", want: "2026-03-10", rule: "days"},
		"fourteen days":              {total: "100", days: 14, want: "2026-03-24", rule: "days"},
		"over the end of the month":  {total: "100", days: 30, want: "2026-04-09", rule: "days"},
		"paid that day":              {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-10", "100", confirmed)}, want: "2026-03-10", rule: "paid_at_creation"},
		"paid that day in two":       {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-10", "60", confirmed), paid("2026-03-10", "40", confirmed)}, want: "2026-03-10", rule: "paid_at_creation"},
		"paid the day before":        {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-09", "100", confirmed)}, want: "2026-03-10", rule: "paid_at_creation"},
		"paid the day after":         {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-11", "100", confirmed)}, want: "2026-03-24", rule: "days"},
		"a cent short":               {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-10", "99.99", confirmed)}, want: "2026-03-24", rule: "days"},
		"only pending":               {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-10", "100", pending)}, want: "2026-03-24", rule: "days"},
		"failed":                     {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-10", "100", failed)}, want: "2026-03-24", rule: "days"},
		"payment without a date":     {total: "100", days: 14, payments: []ledger.Payment{paid("", "100", confirmed)}, want: "2026-03-24", rule: "days"},
		"refunded later":             {total: "100", days: 14, payments: []ledger.Payment{paid("2026-03-10", "100", confirmed), paid("2026-05-01", "100", refunded)}, want: "2026-03-10", rule: "paid_at_creation"},
		"nothing to pay":             {total: "0", days: 14, want: "2026-03-24", rule: "days"},
		"one instalment that day":    {total: "100", days: 14, plan: plan("2026-03-10"), want: "2026-03-24", rule: "days"},
		"one instalment later":       {total: "100", days: 14, plan: plan("2026-03-11"), want: "2026-03-11", rule: "payment_plan"},
		"three instalments":          {total: "100", days: 14, plan: plan("2026-03-10", "2026-05-10", "2026-04-10"), want: "2026-05-10", rule: "payment_plan"},
		"two instalments that day":   {total: "100", days: 14, plan: plan("2026-03-10", "2026-03-10"), want: "2026-03-10", rule: "payment_plan"},
		"plan before the invoice":    {total: "100", days: 14, plan: plan("2026-01-10", "2026-02-10"), want: "2026-03-10", rule: "payment_plan"},
		"one instalment before":      {total: "100", days: 14, plan: plan("2026-02-10"), want: "2026-03-24", rule: "days"},
		"plan without dates":         {total: "100", days: 14, plan: []ledger.Instalment{{}, {}}, want: "2026-03-24", rule: "days"},
		"paid that day despite plan": {total: "100", payments: []ledger.Payment{paid("2026-03-10", "100", confirmed)}, plan: plan("2026-03-10", "2026-04-10"), want: "2026-03-10", rule: "paid_at_creation"},
		"first instalment that day, the rest later": {total: "100", plan: plan("2026-03-10", "2026-04-10"),
			payments: []ledger.Payment{paid("2026-03-10", "50", confirmed), paid("2026-04-10", "50", confirmed)},
			want:     "2026-04-10", rule: "payment_plan"},
	} {
		inv := ledger.Invoice{Date: day("2026-03-10"), Payments: c.payments, Plan: c.plan}
		inv.Totals.Total = decimal.RequireFromString(c.total)
		got, rule := dueDate(inv, DueDateSettings{Days: c.days})
		assert.Equal(t, c.want, got.String(), name)
		assert.Equal(t, c.rule, rule, name)
	}

	source := ledger.Invoice{Date: day("2026-03-10"), Totals: ledger.Totals{Total: decimal.NewFromInt(100)}}
	for due, want := range map[string]string{"2026-04-20": "2026-04-20 as_source", "2026-03-01": "2026-03-10 as_source", "": "2026-03-24 days"} {
		if source.DueDate = (ledger.Date{}); due != "" {
			source.DueDate = day(due)
		}
		got, rule := dueDate(source, DueDateSettings{Days: 14, AsSource: true})
		assert.Equal(t, want, got.String()+" "+rule, due)
		got, rule = dueDate(source, DueDateSettings{Days: 14})
		assert.Equal(t, "2026-03-24 days", got.String()+" "+rule, due)
	}

	got, rule := dueDate(ledger.Invoice{}, DueDateSettings{Days: 14})
	assert.True(t, got.IsZero(), "no date, no due date")
	assert.Empty(t, rule)

	unclear := ledger.Invoice{Date: day("2026-03-10"), Totals: ledger.Totals{Total: decimal.NewFromInt(100)},
		Payments: []ledger.Payment{{Date: day("2026-03-10"), Amount: decimal.NewFromInt(10000), Status: confirmed, Unclear: "ambiguous_units"}}}
	_, rule = dueDate(unclear, DueDateSettings{})
	assert.Equal(t, "days", rule, "an amount that was not understood pays nothing")
}

func TestDueDateSettings(t *testing.T) {
	t.Parallel()
	assert.NoError(t, DueDateSettings{}.Validate())
	assert.NoError(t, DueDateSettings{Days: 3660}.Validate())
	assert.ErrorContains(t, DueDateSettings{Days: -1}.Validate(), "invoicesync: due date: -1")
	assert.Error(t, DueDateSettings{Days: 3661}.Validate())
}
