package invoicesync_test

import (
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// plainSource is a source that shows nothing but what each source must.
type plainSource struct{ ledger.Source }

// Check names what would let a run end well and bring nothing.
func TestImportCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*importWorld)
		want  string // setting and code of each problem
		says  string
	}{
		"good settings":         {func(*importWorld) {}, "", ""},
		"another organisation":  {func(w *importWorld) { w.settings.Ledger.ID = "other" }, "Ledger other_organisation", "connect the one"},
		"currency it lacks":     {func(w *importWorld) { w.settings.Currency = "USD" }, "Currency currency_not_enabled", "does not hold USD"},
		"any currency is taken": {func(w *importWorld) { w.settings.Currency, w.settings.Rules.AllowAnyCurrency = "USD", true }, "", ""},
		"tax codes by name": {func(w *importWorld) { w.settings.TaxCodes = []string{"NONE", "GST on Income", "VAT", "VAT"} },
			"TaxCodes[GST on Income] tax_rate_missing, TaxCodes[VAT] tax_rate_missing", `no tax code "GST on Income"`},
	} {
		t.Run(name, func(t *testing.T) {
			inImport(t, func(t *testing.T, w *importWorld) {
				c.spoil(w)
				problems, err := w.open().Check(t.Context())
				must(t, err)
				var got, says []string
				for _, p := range problems {
					got, says = append(got, p.Setting+" "+p.Code), append(says, p.Message)
				}
				equal(t, "problems", strings.Join(got, ", "), c.want)
				equal(t, "the words are there", strings.Contains(strings.Join(says, "\n"), c.says), true)
				must(t, w.db.View(t.Context(), func(tx store.Tx) error {
					links, err := tx.Links().List(store.LinkFilter{Pair: w.pair()})
					equal(t, "links", len(links), 0)
					return err
				}))
				equal(t, "calls of the host", w.host.Calls(), 0)
			})
		})
	}
	inImport(t, func(t *testing.T, w *importWorld) {
		w.settings.TaxCodes = []string{"VAT"}
		imp, err := invoicesync.NewImport(w.db, plainSource{w.books}, w.host, w.settings, &w.opts)
		must(t, err)
		problems, err := imp.Check(t.Context())
		must(t, err)
		equal(t, "problems of a source without a chart", len(problems), 0)
	})
}
