package invoicesync

import (
	"context"
	"errors"
	"slices"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// Check compares the settings with the live ledger, and writes nothing: the pinned organisation, the currency, and
// each tax code, where the source shows its chart as a [ledger.Ledger] does. Runs go on with problems of the currency and of
// tax codes; the invoices that they touch are rejected. An archived code is none: older invoices may bear it.
func (i *Import) Check(ctx context.Context) ([]Problem, error) {
	org, err := i.organisation(ctx, false)
	if err != nil {
		var e *ledger.Error
		if !errors.As(err, &e) || e.Code == "" || e.Room != "invoicesync" {
			return nil, err
		}
		return []Problem{{"Ledger", e.Code, e.Message}}, nil
	}
	var problems []Problem
	s := i.settings
	if told := org.BaseCurrency != "" || len(org.Currencies) > 0; told && s.Currency != "" && !s.Rules.AllowAnyCurrency && !org.Holds(s.Currency) {
		problems = append(problems, Problem{"Currency", eligibility.CodeCurrencyNotEnabled,
			"the ledger does not hold " + string(s.Currency) + ", so that no invoice of it can be taken; its own currency is " + string(org.BaseCurrency)})
	}
	charted, ok := i.source.(interface {
		Chart(ctx context.Context) (ledger.Chart, error)
	})
	if !ok || len(s.TaxCodes) == 0 {
		return problems, nil
	}
	chart, err := charted.Chart(ctx)
	if err != nil {
		return nil, err
	}
	for _, code := range slices.Compact(slices.Sorted(slices.Values(s.TaxCodes))) {
		if _, ok := chart.TaxRate(code); !ok {
			problems = append(problems, Problem{"TaxCodes[" + code + "]", eligibility.CodeTaxRateMissing,
				"the ledger has no tax code \"" + code + "\"; name it as its chart does, which need not be how its pages show it"})
		}
	}
	return problems, nil
}
