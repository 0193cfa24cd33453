package invoicesync

import (
	"errors"
	"fmt"
	"strings"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// ItemSettings say which items the lines of pushed invoices name, in a ledger whose lines are booked by items
// ([ledger.ByItem]: QuickBooks) and not by accounts. Each names an item of the ledger's chart by its code, its id, or
// its full name, looked for in this order, case aside. An item that is not there, or is inactive, parks the
// invoices that need it, until the ledger has it. Other ledgers use none of this.
type ItemSettings struct {
	// Taxable is the item of lines that are written as bearing tax, NonTaxable that of the others. One of
	// them is needed; where the other is blank, it takes its place.
	Taxable    string
	NonTaxable string

	// Shipping and FinanceCharge are the items of such lines; blank: one of the two above. With Shipping blank,
	// the ledger's own line for shipping is used where it has one.
	Shipping      string
	FinanceCharge string

	// SalesTax takes tax as a line of its own, as TaxSettings.LiabilityAccount does elsewhere: its account should be
	// that liability account. Rounding takes rounding lines, as RoundingAccount does elsewhere.
	SalesTax string
	Rounding string

	// BySKU names the item whose code is the line's SKU, spaces around them and case aside, where there is one. Several
	// with that code park the invoice as "item_ambiguous", unless one is written exactly like the SKU; an inactive one
	// parks it as "item_archived". Only the item is taken, never its name, price or tax.
	BySKU bool // it is all there is to choose where lines are booked to nothing
}

// Validate returns all contradictions, joined, or nil. Whether the items exist, only the ledger's chart
// can say.
func (s ItemSettings) Validate() error {
	var errs []error
	for _, i := range s.named() {
		if i.name != strings.TrimSpace(i.name) {
			errs = append(errs, fmt.Errorf("invoicesync: items: %s %q has spaces around it: remove them", i.setting, i.name))
		}
	}
	if !s.chosen() && s != (ItemSettings{}) {
		errs = append(errs, errors.New("invoicesync: items: Taxable and NonTaxable are both empty: choose an item for lines"))
	}
	return errors.Join(errs...)
}

// chosen reports whether ordinary lines have an item.
func (s ItemSettings) chosen() bool { return s.Taxable != "" || s.NonTaxable != "" }

type namedItem struct{ setting, name string }

func (s ItemSettings) named() []namedItem {
	return []namedItem{
		{"Taxable", s.Taxable}, {"NonTaxable", s.NonTaxable}, {"Shipping", s.Shipping},
		{"FinanceCharge", s.FinanceCharge}, {"SalesTax", s.SalesTax}, {"Rounding", s.Rounding},
	}
}

// forKind returns the item for lines of a kind.
func (s ItemSettings) forKind(k ledger.LineKind, taxed bool) string {
	name := ""
	switch k {
	case ledger.LineShipping:
		name = s.Shipping
	case ledger.LineFinanceCharge:
		name = s.FinanceCharge
	case ledger.LineTax:
		return s.SalesTax
	}
	switch {
	case name != "":
		return name
	case taxed && s.Taxable != "", s.NonTaxable == "":
		return s.Taxable
	}
	return s.NonTaxable
}

// mapItems gives the lines, whose tax is decided, the items of a ledger by items. Shipping and discounts stay
// without one where the ledger has lines of its own for them.
//
// Reasons are what keeps these lines, and only these, from being booked: one for each broken item.
func mapItems(lines []ledger.Line, chart *chartIndex, s ItemSettings, taxable string, org ledger.Organisation) []eligibility.Reason {
	var reasons []eligibility.Reason
	for i := range lines {
		l := &lines[i]
		if l.Kind == ledger.LineDiscount || l.Kind == ledger.LineShipping && s.Shipping == "" && org.Has(ledger.FeatureShipping) {
			continue
		}
		it, r := chart.bySKU(l, s)
		if it == nil && r == nil {
			it, r = chart.item(s.forKind(l.Kind, taxable != "" && l.TaxCode == taxable))
		}
		if reasons = addOnce(reasons, r); r == nil {
			l.ItemID, l.ItemCode = it.ID, it.Code
		}
	}
	return reasons
}

// bySKU returns the item that a line's SKU names; nil: none does.
func (x *chartIndex) bySKU(l *ledger.Line, s ItemSettings) (*ledger.Item, *eligibility.Reason) {
	sku := strings.TrimSpace(l.SKU)
	if g := x.items[foldSKU(sku)]; s.BySKU && sku != "" && g != nil {
		return g.only(sku)
	}
	return nil, nil
}

// item returns the item that a setting names, or why it cannot be used.
func (x *chartIndex) item(name string) (*ledger.Item, *eligibility.Reason) {
	if name == "" {
		return nil, parkedIn("items", eligibility.CodeItemMissing, "", "an item",
			"No item is chosen for a line, and the ledger books lines by items. Choose one in the settings.")
	}
	if g := x.items[foldSKU(name)]; g != nil {
		return g.only(name)
	}
	switch it := x.byID[name]; {
	case it == nil:
	case !it.Active:
		return nil, archivedItem(name)
	default:
		return it, nil
	}
	if g := x.byName[foldSKU(name)]; g != nil {
		return g.only(name)
	}
	return nil, parkedIn("items", eligibility.CodeItemMissing, name, "an item of the ledger",
		"The ledger has no item %s. Add it there, or choose another one.", name)
}

// only returns the one active item of those that answer to a name.
func (g *skuItems) only(name string) (*ledger.Item, *eligibility.Reason) {
	if len(g.active) == 0 {
		return nil, archivedItem(name)
	}
	if it := g.one(name); it != nil {
		return it, nil
	}
	return nil, parkedIn("items", eligibility.CodeItemAmbiguous, name, "one item",
		"Several items of the ledger answer to %s. Give them different codes, or choose one by its id.", name)
}

func archivedItem(name string) *eligibility.Reason {
	return parkedIn("items", eligibility.CodeItemArchived, name, "an active item",
		"The ledger's item %s is inactive. Make it active again, or choose another one.", name)
}

// checkItems compares the items of the settings with a chart.
func (s Settings) checkItems(chart *chartIndex) []Problem {
	var problems []Problem
	if !s.Items.chosen() {
		problems = append(problems, Problem{"Items.NonTaxable", eligibility.CodeItemMissing, "the ledger books lines by items, and no item is chosen for them"})
	}
	for _, i := range s.Items.named() {
		if i.name == "" {
			continue
		}
		if _, r := chart.item(i.name); r != nil {
			problems = append(problems, Problem{"Items." + i.setting, r.Code, r.Message})
		}
	}
	return problems
}

// checkFeatures says which settings want what the company has switched off.
func (s Settings) checkFeatures(org ledger.Organisation) []Problem {
	var problems []Problem
	if s.Tax.Handling != TaxNotHandled && !org.Has(ledger.FeatureSalesTax) {
		problems = append(problems, Problem{"Tax.TaxableCode", ledger.RefusedSalesTaxOff,
			"sales tax is switched off in the ledger, or not set up: invoices with tax will wait until it is on"})
	}
	if !org.Has(ledger.FeatureDiscounts) {
		problems = append(problems, Problem{"Accounts.Discount", ledger.RefusedDiscountsOff,
			"discounts are switched off in the ledger: invoices with a discount will wait until they are on"})
	}
	if s.Numbers.FromSource && !org.Has(ledger.FeatureNumbers) {
		problems = append(problems, Problem{"Numbers.FromSource", "numbers_off",
			"the ledger counts by itself, and takes no other numbers: switch custom numbers on there, or let it count"})
	}
	return problems
}
