package invoicesync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// What a run must know of the ledger before it writes: that it is the one the settings mean, what
// its chart holds, and whether the settings fit it.

// organisation asks the ledger who it is, once a run, and refuses what must not be written to.
func (w *desk) organisation(ctx context.Context) (ledger.Organisation, error) {
	if w.org != nil {
		return *w.org, nil
	}
	org, err := w.books.Organisation(ctx)
	if err != nil {
		return org, err
	}
	refuse := func(kind error, code, format string, args ...any) (ledger.Organisation, error) {
		return org, &ledger.Error{Kind: kind, Room: "invoicesync", Thing: "ledger " + w.pair.Ledger.String(), Code: code, Message: fmt.Sprintf(format, args...)}
	}
	if org.ID != w.pair.Ledger {
		return refuse(ledger.ErrReconnect, "other_organisation", "the connection leads to another organisation, %s; connect the one that the settings name, or change the settings", org.ID)
	}
	if w.currency != "" && !org.Holds(w.currency) {
		return refuse(ledger.ErrUnsupported, eligibility.CodeCurrencyNotEnabled, "it does not hold %s, the source's currency; enable it there, or choose another organisation", w.currency)
	}
	if org.Live && !w.dry {
		if w.opts.Sealer == nil {
			return refuse(ledger.ErrUnsupported, "sealer_missing", "it is a live organisation, and Options.Sealer is nil; give a sealer, so that writes do not lie in the store in clear")
		}
		if !w.db.Info().Durable && !w.opts.MemoryStore {
			return refuse(ledger.ErrUnsupported, "store_not_durable", "it is a live organisation, and the store does not outlive this process; use a durable store")
		}
	}
	w.org = &org
	return org, nil
}

// needChart reads the chart, once a run, before the first record is shaped.
func (w *desk) needChart(ctx context.Context) error {
	if w.chart != nil {
		return nil
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return err
	}
	chart, err := w.books.Chart(ctx)
	if err != nil {
		return err
	}
	w.charted, w.chart = chart, newChartIndex(chart)
	// Lock dates, currencies and what is switched off park records too, and change as the chart does.
	if hash := fmt.Sprint(chart.Hash(), org.LockDates, org.Currencies, org.LinesBy, org.Off); hash != w.meta.Chart || time.Since(w.meta.ChartAt) > w.opts.ChartAge/2 {
		w.meta.Chart, w.meta.ChartAt = hash, time.Now().UTC()
		return w.saveMeta(ctx)
	}
	return nil
}

// chartMended reads the chart when something is parked for a reason that lies in it, or when the
// chart is old, and reports whether it has changed since records were judged by it.
func (w *desk) chartMended(ctx context.Context) (bool, error) {
	old := w.meta.Chart != "" && time.Since(w.meta.ChartAt) > w.opts.ChartAge
	if !old {
		waits := false
		err := w.db.View(ctx, func(tx store.Tx) error {
			for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindPayment} {
				for _, code := range codesThat(mendedBy(MendChart)) {
					links, err := tx.Links().List(store.LinkFilter{Pair: w.pair, Kind: kind, Code: code, Limit: 1,
						States: []store.LinkState{store.Parked, store.Refused}})
					if err != nil {
						return err
					}
					if waits = len(links) > 0; waits {
						return nil
					}
				}
			}
			return nil
		})
		if err != nil || !waits {
			return false, err
		}
	}
	before := w.meta.Chart
	if err := w.needChart(ctx); err != nil {
		return false, err
	}
	return before != w.meta.Chart, nil
}

// noAccount says that the chart has no account by that code or id. Whoever sees names in the ledger's own pages
// writes a name, which need not be unique and may be changed: then it says what to write in its place.
func noAccount(chart ledger.Chart, code string) string {
	var named []ledger.Account
	for _, a := range chart.Accounts {
		if a.Active && strings.EqualFold(a.Name, code) {
			named = append(named, a)
		}
	}
	if len(named) == 1 {
		return fmt.Sprintf("the ledger has no account %q by number or id; the one of that name is %q", code, cmp.Or(named[0].Code, named[0].ID))
	}
	return fmt.Sprintf("the ledger has no account %q; name it by its number or its id", code)
}

// Problem is a setting that does not fit the live organisations.
type Problem struct {
	Setting string // "Accounts.Default"
	Code    string
	Message string
}

// Check compares the settings with the live organisations, and writes nothing: the pinned
// organisations, the currency, each account, item and tax code, and what the company has switched off. Theme and
// Tracking are compared where the adapter's chart tells of any: Xero's does with its option Presentation, and
// QuickBooks takes neither, which each invoice's refusal says. Runs go on with problems of the chart; the records
// that they touch are parked.
func (p *Push) Check(ctx context.Context) ([]Problem, error) {
	w := p.look()
	var problems []Problem
	bad := func(setting, code, format string, args ...any) {
		problems = append(problems, Problem{setting, code, fmt.Sprintf(format, args...)})
	}
	s := p.settings
	if _, err := w.organisation(ctx); err != nil {
		var e *ledger.Error
		if !errors.As(err, &e) || e.Code == "" || e.Room != "invoicesync" {
			return nil, err
		}
		bad("Ledger", e.Code, "%s", e.Message)
		return problems, nil
	}
	src, err := p.source.Organisation(ctx)
	if err != nil {
		return nil, err
	}
	if src.ID != s.Source {
		bad("Source", "other_organisation", "the connection leads to %s, the settings name %s", src.ID, s.Source)
	}
	if src.BaseCurrency != "" && src.BaseCurrency != s.Currency {
		bad("Currency", "currency_differs", "the source's currency is %s, the settings say %s", src.BaseCurrency, s.Currency)
	}
	if org := *w.org; org.Live != src.Live {
		bad("Ledger", "live_and_test_mixed", "%s", mixed(src, org))
	}
	chart, err := p.ledger.Chart(ctx)
	if err != nil {
		return nil, err
	}
	account := func(setting, code string, payments bool) {
		if code == "" {
			return
		}
		a, ok := chart.Account(code)
		switch {
		case !ok:
			bad(setting, eligibility.CodeAccountMissing, "%s", noAccount(chart, code))
		case !a.Active:
			bad(setting, eligibility.CodeAccountArchived, "account %q is archived in the ledger", code)
		case payments && !a.TakesPayments:
			bad(setting, CodePaymentAccountRefuses, "account %q takes no payments in the ledger", code)
		}
	}
	account("Accounts.Discount", s.Accounts.Discount, false)
	switch w.org.LinesBy {
	case ledger.ByItem:
		problems = append(problems, s.checkItems(newChartIndex(chart))...)
	case ledger.ByNothing:
	default:
		if s.Accounts.Default == "" {
			bad("Accounts.Default", eligibility.CodeAccountMissing, "the ledger books lines by accounts, and no account is chosen for them")
		}
		account("Accounts.Default", s.Accounts.Default, false)
		account("Accounts.FinanceCharge", s.Accounts.FinanceCharge, false)
		account("Accounts.Shipping", s.Accounts.Shipping, false)
		account("Tax.LiabilityAccount", s.Tax.LiabilityAccount, false)
		account("RoundingAccount", s.RoundingAccount, false)
	}
	if (s.Tax.Handling == TaxAsLine) != (w.org.LinesBy == ledger.ByNothing) {
		bad("Tax.Handling", eligibility.CodeTaxNotHandled, "%q is for ledgers whose lines bear no tax codes, and nothing else is for them", TaxAsLine)
	}
	problems = append(problems, s.checkFeatures(*w.org)...)
	if s.paymentsWanted() {
		account("Payments.Account", s.Payments.Account, true)
		for method, code := range s.Payments.Accounts {
			account("Payments.Accounts["+method+"]", code, true)
		}
	}
	for _, t := range []struct{ setting, code string }{{"Tax.TaxableCode", s.Tax.TaxableCode}, {"Tax.ZeroCode", s.Tax.ZeroCode}} {
		if t.code == "" {
			continue
		}
		rate, ok := chart.TaxRate(t.code)
		switch {
		case !ok:
			bad(t.setting, eligibility.CodeTaxRateMissing, "the ledger has no tax rate %q", t.code)
		case !rate.Active:
			bad(t.setting, eligibility.CodeTaxRateArchived, "tax rate %q is not active in the ledger", t.code)
		}
	}
	return append(problems, s.checkPresentation(chart)...), nil
}

// checkPresentation compares theme and tracking with a chart that tells of them. One that names neither themes nor
// categories was read without: Xero has one theme at the least.
func (s Settings) checkPresentation(chart ledger.Chart) (problems []Problem) {
	if len(chart.Themes)+len(chart.Tracking) == 0 {
		return nil
	}
	if s.Theme != "" && !slices.ContainsFunc(chart.Themes, func(t ledger.Theme) bool { return strings.EqualFold(t.ID, s.Theme) }) {
		problems = append(problems, Problem{"Theme", "theme_missing", fmt.Sprintf("the ledger has no branding theme with the id %q", s.Theme)})
	}
	for i, t := range s.Tracking {
		setting := fmt.Sprintf("Tracking[%d]", i)
		at := slices.IndexFunc(chart.Tracking, func(c ledger.TrackingCategory) bool { return c.Name == t.Category })
		switch {
		case at < 0:
			problems = append(problems, Problem{setting, "tracking_missing", fmt.Sprintf("the ledger has no active tracking category %q", t.Category)})
		case !slices.Contains(chart.Tracking[at].Options, t.Option):
			problems = append(problems, Problem{setting, "tracking_missing", fmt.Sprintf("the tracking category %q has no active option %q", t.Category, t.Option)})
		}
	}
	return problems
}
