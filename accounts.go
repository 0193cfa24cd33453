package invoicesync

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
)

// AccountSettings say to which accounts the lines of pushed invoices are booked. Each names an account
// of the ledger's chart by its code, or by its id where it has no code; blank means Default.
//
// A ledger whose lines are booked by items ([ledger.ByItem]) takes the accounts of the items that
// [ItemSettings] name. Of these settings only Discount is used there, and blank means the ledger's own.
type AccountSettings struct {
	Default       string // needed, unless Items are set; all lines that nothing below applies to
	Discount      string
	FinanceCharge string
	Shipping      string

	// SKUAccounts books a line to the sales account of the ledger's item whose code is the line's SKU,
	// spaces around them and case aside. Only the account is taken, never the item's name, description,
	// price or tax. Where several items answer to the SKU they must agree on the account; otherwise the
	// invoice is parked as "item_ambiguous". An item that is no longer active parks it as
	// "item_archived". Without an item, or an account of its own on it, the settings above apply.
	// Discounts are never looked up: they go to the Discount account, whatever they reduce.
	SKUAccounts bool

	// ItemCodes fills in the item's code too, for the ledger's own sales reports and stock.
	ItemCodes bool
}

// Validate returns all contradictions, joined, or nil. Whether the accounts exist, only the ledger's
// chart can say.
func (s AccountSettings) Validate() error {
	var errs []error
	for _, a := range []struct{ name, code string }{
		{"Default", s.Default}, {"Discount", s.Discount}, {"FinanceCharge", s.FinanceCharge}, {"Shipping", s.Shipping},
	} {
		if a.code != strings.TrimSpace(a.code) {
			errs = append(errs, fmt.Errorf("invoicesync: accounts: %s %q has spaces around it: remove them", a.name, a.code))
		}
	}
	return errors.Join(errs...)
}

// forKind returns the account for lines of a kind.
func (s AccountSettings) forKind(k ledger.LineKind) string {
	var a string
	switch k {
	case ledger.LineDiscount:
		a = s.Discount
	case ledger.LineFinanceCharge:
		a = s.FinanceCharge
	case ledger.LineShipping:
		a = s.Shipping
	}
	if a == "" {
		return s.Default
	}
	return a
}

// mapAccounts returns the lines with the ledger's account, item code and description. It leaves the
// argument alone. Lines of tax are passed through: [applyTax], which comes after, takes them out. A
// source that is itself a ledger has codes of its own on its lines; they mean nothing here and are
// replaced.
//
// Reasons are what keeps these lines, and only these, from being booked: one for each broken target.
func mapAccounts(lines []ledger.Line, chart *chartIndex, s AccountSettings, by ledger.LinesBy) ([]ledger.Line, []eligibility.Reason) {
	out := slices.Clone(lines)
	var reasons []eligibility.Reason
	complain := func(r *eligibility.Reason) { reasons = addOnce(reasons, r) }
	for i := range out {
		l := &out[i]
		if l.Kind == ledger.LineTax {
			continue
		}
		l.Description = lineDescription(l)
		l.Account, l.ItemCode, l.ItemID = s.forKind(l.Kind), "", ""
		if by == ledger.ByNothing {
			l.Account = ""
			continue
		}
		if by == ledger.ByItem {
			// mapItems gives the line its item, once it is known whether it bears tax.
			if l.Account = ""; l.Kind == ledger.LineDiscount && s.Discount != "" {
				l.Account = s.Discount
				complain(checkAccount(l.Account, chart.accounts[l.Account]))
			}
			continue
		}
		if (s.SKUAccounts || s.ItemCodes) && l.Kind != ledger.LineDiscount {
			complain(chart.applyItem(l, s))
		}
		complain(checkAccount(l.Account, chart.accounts[l.Account]))
	}
	return out, reasons
}

// addOnce adds a reason that is not nil and not there yet.
func addOnce(reasons []eligibility.Reason, r *eligibility.Reason) []eligibility.Reason {
	if r == nil || slices.ContainsFunc(reasons, func(have eligibility.Reason) bool { return have.Code == r.Code && have.Got == r.Got }) {
		return reasons
	}
	return append(reasons, *r)
}

// lineDescription is the source's product name. Sources also give " " for no description.
func lineDescription(l *ledger.Line) string {
	if s := strings.TrimSpace(l.Name); s != "" {
		return s
	}
	if s := strings.TrimSpace(l.Description); s != "" {
		return s
	}
	switch l.Kind {
	case ledger.LineProduct:
		return "Product"
	case ledger.LineService:
		return "Service"
	case ledger.LineShipping:
		return "Shipping"
	case ledger.LineTax:
		return "Tax"
	case ledger.LineDiscount:
		return "Discount"
	case ledger.LineFinanceCharge:
		return "Finance charge"
	}
	return "Other"
}

// chartIndex answers in constant time what mapAccounts asks of a chart, since it asks for every line of
// every invoice. It does not change after newChartIndex and is safe for concurrent use.
type chartIndex struct {
	accounts map[string]*ledger.Account // by code, and by id
	items    map[string]*skuItems       // by folded code
	byID     map[string]*ledger.Item
	byName   map[string]*skuItems // by folded name
}

// skuItems are the items that answer to one SKU, or to one name.
type skuItems struct {
	active   []*ledger.Item
	names    bool // they answer by their name, not by their code
	archived bool // there are inactive ones
	agree    bool // the active ones have one sales account
}

// newChartIndex builds the index of a chart, which must not be changed afterwards.
func newChartIndex(c ledger.Chart) *chartIndex {
	x := &chartIndex{
		accounts: make(map[string]*ledger.Account, 2*len(c.Accounts)),
		items:    make(map[string]*skuItems, len(c.Items)),
		byID:     make(map[string]*ledger.Item, len(c.Items)),
		byName:   make(map[string]*skuItems, len(c.Items)),
	}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.Code == "" {
			continue
		}
		// Of two accounts with one code the active one is meant.
		if have := x.accounts[a.Code]; have == nil || !have.Active && a.Active {
			x.accounts[a.Code] = a
		}
	}
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.ID != "" && x.accounts[a.ID] == nil {
			x.accounts[a.ID] = a
		}
	}
	for i := range c.Items {
		it := &c.Items[i]
		if it.ID != "" {
			x.byID[it.ID] = it
		}
		addItem(x.items, it.Code, it, false)
		addItem(x.byName, it.Name, it, true)
	}
	return x
}

func addItem(index map[string]*skuItems, key string, it *ledger.Item, names bool) {
	if key = foldSKU(key); key == "" {
		return
	}
	g := index[key]
	if g == nil {
		g = &skuItems{agree: true, names: names}
		index[key] = g
	}
	if !it.Active {
		g.archived = true
		return
	}
	g.agree = g.agree && (len(g.active) == 0 || g.active[0].SalesAccount == it.SalesAccount)
	g.active = append(g.active, it)
}

// foldSKU makes texts equal that differ in case only. Raising first meets letters with two small forms.
func foldSKU(s string) string { return strings.ToLower(strings.ToUpper(strings.TrimSpace(s))) }

// applyItem sets account and item code of a line from the item that its SKU names.
func (x *chartIndex) applyItem(l *ledger.Line, s AccountSettings) *eligibility.Reason {
	sku := strings.TrimSpace(l.SKU)
	if sku == "" {
		return nil
	}
	g := x.items[foldSKU(sku)]
	switch {
	case g == nil:
		return nil
	case len(g.active) == 0:
		return parkedIn("accounts", eligibility.CodeItemArchived, sku, "an active item",
			"The ledger's item %s is inactive. Make it active again, or give it another code.", sku)
	}
	if s.SKUAccounts {
		if !g.agree {
			return parkedIn("accounts", eligibility.CodeItemAmbiguous, sku, "one item, or items with one account",
				"Several items of the ledger have the code %s, and they have different sales accounts. Make them agree.", sku)
		}
		if a := g.active[0].SalesAccount; a != "" {
			l.Account = a
		}
	}
	if s.ItemCodes {
		it := g.one(sku)
		if it == nil {
			return parkedIn("accounts", eligibility.CodeItemAmbiguous, sku, "one item",
				"Several items of the ledger have the code %s. Give them different codes.", sku)
		}
		l.ItemCode = it.Code
	}
	return nil
}

// one returns the only item, or the only one that is written exactly like the SKU.
func (g *skuItems) one(sku string) *ledger.Item {
	if len(g.active) == 1 {
		return g.active[0]
	}
	var exact *ledger.Item
	for _, it := range g.active {
		written := it.Code
		if g.names {
			written = it.Name
		}
		if strings.TrimSpace(written) != sku {
			continue
		}
		if exact != nil {
			return nil
		}
		exact = it
	}
	return exact
}

// checkAccount says why nothing can be booked to the account of a code, or nil.
func checkAccount(code string, a *ledger.Account) *eligibility.Reason {
	switch {
	case code == "":
		return parkedIn("accounts", eligibility.CodeAccountMissing, "", "an account",
			"No account is chosen for a line. Choose a default account in the settings.")
	case a == nil:
		return parkedIn("accounts", eligibility.CodeAccountMissing, code, "an account of the ledger",
			"The ledger has no account %s. Add it there, or choose another one.", code)
	case !a.Active:
		return parkedIn("accounts", eligibility.CodeAccountArchived, code, "an active account",
			"The ledger's account %s is archived. Restore it there, or choose another one.", code)
	}
	return nil
}
