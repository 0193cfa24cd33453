package receivables

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// Xero's statuses. QuickBooks has none.
const (
	draft      = "DRAFT"
	submitted  = "SUBMITTED"
	authorised = "AUTHORISED"
	paid       = "PAID"
	voided     = "VOIDED"
	deleted    = "DELETED"
	odd        = "ON_HOLD" // which Xero does not have, yet
)

// unknownCurrency is no code of ISO 4217.
const unknownCurrency = "ZZZ"

// A recipe makes one kind of invoice.
type recipe struct {
	kind   string
	count  int          // of each block
	only   world.Ledger // "": of both. In the other ledger there is a paid one instead
	sought bool         // a first run reads it without -all: approved, open, and dated within the look-back
	make   func(*maker, *document)
	// The reasons that the default policy finds, in any order. Eligible invoices have none.
	codes []string
	// More of them in one ledger.
	inXero []string
}

func (r *recipe) reasons(in world.Ledger) []string {
	codes := slices.Clone(r.codes)
	if in == Xero {
		codes = append(codes, r.inXero...)
	}
	slices.Sort(codes)
	return codes
}

// lookBack is how many days the default policy looks back, from the issue and from the due date. The last day is in.
const lookBack = 90

// recipes are the kinds of invoice. What is read as paid has nothing left to pay either, so both reasons are given.
func recipes() []recipe {
	settled := []string{"paid", "balance_below_floor"}
	old := []string{"too_old", "long_overdue"}
	and := func(lists ...[]string) []string { return slices.Concat(lists...) }
	return []recipe{
		// Eligible: 36.
		{kind: "unpaid", count: 26, sought: true, make: func(m *maker, d *document) { m.recent(d); m.work(d) }},
		{kind: "zero_rated", count: 3, sought: true, make: func(m *maker, d *document) { m.recent(d); d.sell(m, "Books for export", 40_00, zero) }},
		{kind: "issued_on_the_last_day", count: 1, sought: true, make: func(m *maker, d *document) { m.dated(d, lookBack, lookBack-30); m.work(d) }},
		{kind: "due_on_the_last_day", count: 1, sought: true, make: func(m *maker, d *document) { m.dated(d, lookBack-30, lookBack); m.work(d) }},
		{kind: "one_penny", count: 1, sought: true, make: func(m *maker, d *document) { m.recent(d); d.sell(m, "Rounding difference of last month", 1, zero) }},
		{kind: "new_client", count: 4, sought: true, make: func(m *maker, d *document) { m.recent(d); m.work(d); d.client = m.client(Currency) }},

		// Open, recent, and rejected: 14.
		{kind: "part_paid", count: 2, sought: true, codes: []string{"part_paid"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			m.pay(d, 25_00)
		}},
		{kind: "part_credited", count: 1, sought: true, codes: []string{"part_paid"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			m.credit(d, minor(10_00, d.currency))
		}},
		{kind: "long_overdue", count: 1, sought: true, codes: []string{"long_overdue"}, make: func(m *maker, d *document) {
			m.dated(d, 60, lookBack+1) // written late, and due at once
			m.work(d)
		}},
		{kind: "in_euro", count: 1, sought: true, codes: []string{"other_currency"}, make: func(m *maker, d *document) {
			d.currency = "EUR"
			m.recent(d)
			m.work(d)
		}},
		{kind: "in_yen", count: 1, sought: true, codes: []string{"other_currency"}, make: func(m *maker, d *document) {
			d.currency = "JPY"
			m.recent(d)
			d.sell(m, "Audit of the Tokyo office", 120_000, zero)
		}},
		{kind: "half_a_yen_left", count: 1, sought: true, codes: []string{"other_currency", "part_paid", "balance_below_floor"}, make: func(m *maker, d *document) {
			d.currency = "JPY"
			m.recent(d)
			d.sell(m, "Audit of the Tokyo office", 80_000, zero)
			m.paid(d, decimal.New(79_999_5, -1)) // 79,999.5 yen: less than a whole one is left
		}},
		{kind: "in_dinar", count: 1, sought: true, codes: []string{"other_currency"}, make: func(m *maker, d *document) {
			d.currency = "KWD"
			m.recent(d)
			d.sell(m, "Accounts of the Kuwait branch", 250_500, zero) // 250.500
		}},
		{kind: "reduced_rate", count: 2, sought: true, codes: []string{"tax_not_mapped"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			d.sell(m, "Energy survey", 60_00, reduced)
		}},
		{kind: "negative_line", count: 1, sought: true, codes: []string{"negative_line"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			d.sell(m, "Taken off for the delay", -15_00, standard)
		}},
		{kind: "no_lines", count: 1, sought: true, codes: []string{"no_lines"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			d.withoutLines = true
		}},
		{kind: "no_client", count: 1, sought: true, codes: []string{"no_contact", "contact_missing"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			d.client = nil
		}},
		{kind: "unknown_currency", count: 1, sought: true, codes: []string{"no_currency", "currency_unknown"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			d.currency = unknownCurrency
		}},

		// Open, and older than the look-back: 25.
		{kind: "old", count: 6, codes: []string{"too_old"}, make: func(m *maker, d *document) { m.dated(d, lookBack+1, lookBack-m.rng.IntN(60)); m.work(d) }},
		{kind: "old_and_overdue", count: 14, codes: old, make: func(m *maker, d *document) { m.ancient(d); m.work(d) }},
		{kind: "old_and_part_paid", count: 3, codes: and(old, []string{"part_paid"}), make: func(m *maker, d *document) {
			m.ancient(d)
			m.work(d)
			m.pay(d, 40_00)
		}},
		{
			kind: "everything_at_once", count: 1, codes: and(old, []string{"other_currency", "tax_not_mapped", "negative_line"}),
			make: func(m *maker, d *document) {
				d.currency = "EUR"
				m.ancient(d)
				d.sell(m, "Energy survey", 900_00, reduced)
				d.sell(m, "Taken off for the delay", -50_00, zero)
			},
		},
		{kind: "no_date", count: 1, codes: []string{"no_date", "date_missing"}, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			d.date = ""
		}},

		// Closed: 175.
		{kind: "paid", count: 60, codes: settled, make: func(m *maker, d *document) { m.recent(d); m.work(d); m.settle(d) }},
		{kind: "paid_long_ago", count: 60, codes: and(settled, old), make: func(m *maker, d *document) { m.ancient(d); m.work(d); m.settle(d) }},
		{kind: "paid_in_two", count: 8, codes: settled, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			m.pay(d, 30_00)
			m.settle(d)
		}},
		{kind: "credited", count: 4, codes: settled, make: func(m *maker, d *document) {
			m.recent(d)
			m.work(d)
			m.credit(d, d.total)
			d.status = paid
		}},
		// Xero calls paid what has nothing to pay. (The invoice's total is zero.)
		{kind: "free", count: 2, codes: []string{"balance_below_floor"}, inXero: []string{"paid"}, make: func(m *maker, d *document) {
			m.recent(d)
			d.sell(m, "First meeting, free", 0, zero)
			d.status = paid
		}},
		{kind: "voided", count: 15, codes: []string{"voided", "balance_below_floor"}, make: func(m *maker, d *document) { m.recent(d); m.work(d); d.status = voided }},
		{kind: "draft", count: 10, only: Xero, codes: []string{"draft"}, make: func(m *maker, d *document) { m.recent(d); m.work(d); d.status = draft }},
		{kind: "submitted", count: 6, only: Xero, codes: []string{"submitted"}, make: func(m *maker, d *document) { m.recent(d); m.work(d); d.status = submitted }},
		{kind: "deleted", count: 9, only: Xero, codes: []string{"deleted", "balance_below_floor"}, make: func(m *maker, d *document) { m.recent(d); m.work(d); d.status = deleted }},
		{kind: "unknown_status", count: 1, only: Xero, codes: []string{"status_unknown"}, make: func(m *maker, d *document) { m.recent(d); m.work(d); d.status = odd }},
	}
}

// Kinds are the kinds of invoice in a ledger.
func Kinds(in world.Ledger) []string {
	var kinds []string
	for _, r := range recipes() {
		if r.only == "" || r.only == in {
			kinds = append(kinds, r.kind)
		}
	}
	return kinds
}

// pattern is what a block is made of, in an order of its own.
func (m *maker) pattern() []recipe {
	all := recipes()
	instead := all[slices.IndexFunc(all, func(r recipe) bool { return r.kind == "paid" })]
	var block []recipe
	for _, r := range all {
		if r.only != "" && r.only != m.b.ledger {
			count := r.count
			r = instead
			r.count = count
		}
		for range r.count {
			block = append(block, r)
		}
	}
	m.rng.Shuffle(len(block), func(i, j int) { block[i], block[j] = block[j], block[i] })
	return block
}

// dated sets both dates, in days before today; below zero is after.
func (m *maker) dated(d *document, issued, due int) {
	d.date, d.due = m.day(issued), m.day(due)
}

func (m *maker) day(ago int) string { return m.today.AddDate(0, 0, -ago).Format(time.DateOnly) }

// recent dates an invoice inside the look-back.
func (m *maker) recent(d *document) {
	issued := m.rng.IntN(lookBack)
	m.dated(d, issued, issued-[]int{0, 7, 14, 30}[m.rng.IntN(4)])
}

// ancient dates an invoice before it, in both ways.
func (m *maker) ancient(d *document) {
	issued := lookBack + 31 + m.rng.IntN(500)
	m.dated(d, issued, issued-m.rng.IntN(31))
}

// work sells what a practice sells, for 50.00 or more.
func (m *maker) work(d *document) {
	texts := []string{"Bookkeeping", "Payroll", "Year-end accounts", "VAT return", "Beratung für München, ½ Tag", "相談"}
	for range 1 + m.rng.IntN(3) {
		// Steps of 5 pence: 20 % of them are whole pence.
		d.sell(m, texts[m.rng.IntN(len(texts))], 50_00+5*m.rng.Int64N(20_000), standard)
	}
}

// sell adds a line, in minor units. The tax is exact for what the recipes sell.
func (d *document) sell(_ *maker, text string, net int64, at rating) {
	percent := map[rating]int64{standard: 20, reduced: 5}[at]
	l := line{text: text, net: minor(net, d.currency), rating: at}
	l.tax = l.net.Mul(decimal.New(percent, -2))
	d.lines = append(d.lines, l)
	d.tax = d.tax.Add(l.tax)
	d.total = d.total.Add(l.net).Add(l.tax)
}

func (m *maker) pay(d *document, amount int64) { m.paid(d, minor(amount, d.currency)) }

func (m *maker) paid(d *document, amount decimal.Decimal) {
	d.payments = append(d.payments, payment{m.paymentID(d, len(d.payments)), cmp.Or(d.date, m.day(0)), amount})
}

// settle pays what is left.
func (m *maker) settle(d *document) {
	m.paid(d, d.balance())
	d.status = paid
}

func (m *maker) credit(d *document, amount decimal.Decimal) {
	d.credit = payment{m.paymentID(d, 100), d.date, amount}
	if m.b.ledger == QuickBooks {
		d.link = m.transaction()
	}
}

// minor is an amount of a currency's smallest unit.
func minor(n int64, currency string) decimal.Decimal {
	places := map[string]int32{"JPY": 0, "KWD": 3}
	p, ok := places[currency]
	if !ok {
		p = 2
	}
	return decimal.New(n, -p)
}
