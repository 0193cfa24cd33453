package ledgertest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// powersOf names the powers that are there, and those that are not.
func powersOf(p ledger.Powers) (there, missing []string) {
	v := reflect.ValueOf(p)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsNil() {
			missing = append(missing, name)
		} else {
			there = append(there, name)
		}
	}
	return there, missing
}

func powerCases() []Case {
	return []Case{
		{
			Name: "powers/as declared",
			Rule: "A nil field means: cannot. Who decorates a Ledger builds a new Powers and wraps each field that it knows, so that a power it does not know vanishes instead of slipping past.",
			Why:  "a power that slips past a dry run writes; one that goes missing unseen stops a customer's invoices",
			run: func(s *suite) {
				s.ledger()
				there, missing := powersOf(s.powers)
				for _, name := range missing {
					if !slices.Contains(s.h.Cannot, name) {
						s.bad("the power %s is nil, and Harness.Cannot does not say so", name)
					}
				}
				for _, name := range there {
					if slices.Contains(s.h.Cannot, name) {
						s.bad("the power %s is there, and Harness.Cannot says that it is not", name)
					}
				}
				all := slices.Concat(there, missing)
				for _, name := range s.h.Cannot {
					if !slices.Contains(all, name) {
						s.bad("Harness.Cannot names %s, which is no power", name)
					}
				}
			},
		},
		{
			Name: "powers/constant",
			Rule: "Powers says what can be written. It must return the same powers for the life of the value.",
			Why:  "a run that planned with one set of powers would write with another",
			run: func(s *suite) {
				books := s.ledger()
				before, _ := powersOf(books.Powers())
				for _, doing := range []func(){
					func() {},
					func() { _, _ = books.Organisation(s.Context()) },
					func() { _, _ = books.Chart(s.Context()) },
				} {
					doing()
					now, _ := powersOf(books.Powers())
					same(s, fmt.Sprint(now), fmt.Sprint(before), "powers")
				}
			},
		},
	}
}

// awkward are lines that tell one way of rounding from another.
func awkward() [][]struct{ quantity, price string } {
	return [][]struct{ quantity, price string }{
		{{"1", "25.06"}, {"1", "25.61"}, {"1", "25.63"}},
		{{"3", "33.3333"}},
		{{"7", "0.07"}, {"11", "0.03"}},
		{{"1", "0.05"}},
		{{"1", "0.04"}, {"1", "0.06"}},
		{{"1.5", "19.99"}, {"2.25", "4.45"}},
		{{"12", "8.3325"}},
		{{"1", "1234567.89"}, {"1", "0.01"}},
		{{"1", "100.00"}, {"1", "-15.55"}},
		{{"0.3333", "99.99"}},
	}
}

func predictCases() []Case {
	return []Case{
		{
			Name: "predict/pure",
			Rule: "Predict says, without a call, what this ledger will compute for the document as it stands … It must not alter its argument.",
			Why:  "a draft that is altered after it was shown to somebody is another draft",
			run: func(s *suite) {
				chart, err := s.ledger().Chart(s.Context())
				s.must(err, "chart")
				currency := s.currency()
				reads, writes := s.requests()
				inv := ledger.Invoice{
					Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Currency: currency, TaxMode: ledger.TaxExclusive,
					Date: s.today(), Lines: []ledger.Line{s.line("1.5", "19.99"), s.line("1", "0.05")},
				}
				before, chartBefore := printed(inv), printed(chart)
				first, err := s.w.Ledger.Predict(inv, chart)
				s.must(err, "predict")
				again, err := s.w.Ledger.Predict(inv, chart)
				s.must(err, "predict, once more")
				same(s, printed(again), printed(first), "prediction, once more")
				same(s, printed(inv), before, "the invoice after predicting")
				same(s, printed(chart), chartBefore, "the chart after predicting")
				r, w := s.requests()
				same(s, r+w, reads+writes, "requests while predicting")
				same(s, len(first.Amounts), len(inv.Lines), "predicted amounts")
				same(s, len(first.Taxes), len(inv.Lines), "predicted taxes")
				if !first.Totals.Balance.Equal(first.Totals.Total) {
					s.bad("predicted balance %s is not the total %s", first.Totals.Balance, first.Totals.Total)
				}
			},
		},
		predictCase(ledger.TaxExclusive, "tax on top"), predictCase(ledger.TaxInclusive, "tax contained"), predictCase(ledger.TaxNone, "no tax"),
	}
}

// predictCase compares prediction and ledger for one way of stating tax.
func predictCase(mode ledger.TaxMode, name string) Case {
	return Case{
		Name: "predict/as the ledger computes, " + name,
		Rule: "Predict says, without a call, what this ledger will compute for the document as it stands: the ledger's own rounding, line by line.",
		Why:  "the cent between prediction and ledger is a difference that the customer's books keep for ever",
		run: func(s *suite) {
			k := invoiceKind()
			writer := k.of(s)
			chart, err := s.w.Ledger.Chart(s.Context())
			s.must(err, "chart")
			if mode != ledger.TaxNone { // a ledger without tax codes
				s.need(s.w.TaxCode != "", "TaxCode")
			}
			known, unclear := 0, ""
			for _, lines := range awkward() {
				d := k.draft(s, "")
				d.Record.TaxMode, d.Record.Lines = mode, nil
				for _, l := range lines {
					line := s.line(l.quantity, l.price)
					if mode == ledger.TaxNone {
						line.TaxCode = ""
					}
					d.Record.Lines = append(d.Record.Lines, line)
				}
				what := fmt.Sprintf("%v, tax %s", lines, mode)
				p, err := s.w.Ledger.Predict(d.Record, chart)
				if errors.Is(err, ledger.ErrUnsupported) {
					p.Unclear, err = err.Error(), nil
				}
				s.must(err, "predict %s", what)
				if p.Unclear != "" {
					unclear = p.Unclear
					continue
				}
				known++
				s.bearsOut(writer, d, p, what)
			}
			if known == 0 {
				s.Skipf("the adapter knows of no such document what the ledger will compute: %s", unclear)
			}
		},
	}
}

// bearsOut writes the draft and compares what the ledger made of it.
func (s *suite) bearsOut(writer ledger.Writer[ledger.Invoice], d ledger.Draft[ledger.Invoice], p ledger.Prediction, what string) {
	s.Helper()
	b := batchOf(s, invoiceKind(), writer, d)
	b.Members[0].Amount = p.Totals.Total
	outcomes, err := writer.Create(s.Context(), b)
	s.must(err, "create %s", what)
	if len(outcomes) != 1 || outcomes[0].State != ledger.Created {
		s.bad("%s: predicted %s, which the answer did not bear out: %s", what, p.Totals.Total, told(outcomes))
		return
	}
	got, err := s.w.Ledger.Invoice(s.Context(), ledger.Ref{ID: outcomes[0].Record.ID})
	s.must(err, "invoice")
	for _, t := range []struct {
		name      string
		got, want decimal.Decimal
	}{{"net", got.Totals.Net, p.Totals.Net}, {"tax", got.Totals.Tax, p.Totals.Tax}, {"total", got.Totals.Total, p.Totals.Total}} {
		if !t.got.Equal(t.want) {
			s.bad("%s: %s is %s, predicted was %s", what, t.name, t.got, t.want)
		}
	}
	for i, l := range got.Lines {
		if i < len(p.Amounts) && !l.Amount.Equal(p.Amounts[i]) {
			s.bad("%s: line %d is %s, predicted was %s", what, i+1, l.Amount, p.Amounts[i])
		}
	}
}
