package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// Chart is what a ledger's lines and payments point at. It is read, never written.
type Chart struct {
	Accounts []Account
	TaxRates []TaxRate
	Items    []Item
	Themes   []Theme
	Tracking []TrackingCategory
}

// Account is an account of the chart of accounts.
type Account struct {
	ID            string
	Code          string // may be empty (bank accounts)
	Name          string
	Class         string // "revenue", "expense", "asset", "liability", "equity"
	Active        bool
	TakesPayments bool // a payment may be booked to it
	Currency      Currency
	TaxCode       string // default tax code
}

// TaxRate is a tax code and the rate it stands for, in percent.
type TaxRate struct {
	Code    string
	Name    string
	Percent decimal.Decimal
	Active  bool
	Classes []string // account classes that it may be used with; nil: all
}

// Item is an entry of the ledger's product list.
type Item struct {
	ID           string
	Code         string // compared with a SKU; may be empty
	Name         string
	SalesAccount string
	SalesTaxCode string
	Active       bool
}

// Theme is a branding theme.
type Theme struct{ ID, Name string }

// TrackingCategory is a category with its active options.
type TrackingCategory struct {
	Name    string
	Options []string
}

// Account returns the account with that code, or with that id. Of several with one code the active one is
// meant.
func (c Chart) Account(code string) (found Account, ok bool) {
	for _, a := range c.Accounts {
		if code == "" || a.Code != code && a.ID != code {
			continue
		}
		if a.Active {
			return a, true
		}
		if !ok {
			found, ok = a, true
		}
	}
	return found, ok
}

// TaxRate returns the rate with that code. Of several with one code the active one is meant.
func (c Chart) TaxRate(code string) (found TaxRate, ok bool) {
	for _, r := range c.TaxRates {
		if r.Code != code {
			continue
		}
		if r.Active {
			return r, true
		}
		if !ok {
			found, ok = r, true
		}
	}
	return found, ok
}

// Item returns the item whose code is code, spaces around it and case aside.
func (c Chart) Item(code string) (Item, bool) {
	code = strings.TrimSpace(code)
	for _, i := range c.Items {
		if code != "" && strings.EqualFold(strings.TrimSpace(i.Code), code) {
			return i, true
		}
	}
	return Item{}, false
}

// Hash changes whenever the chart says something else; the order of its lists does not matter.
func (c Chart) Hash() string {
	var rows []string
	add := func(v any) {
		b, _ := json.Marshal(v)
		rows = append(rows, string(b))
	}
	for _, v := range c.Accounts {
		add(v)
	}
	for _, v := range c.TaxRates {
		v.Percent = decimal.RequireFromString(v.Percent.String())
		add(v)
	}
	for _, v := range c.Items {
		add(v)
	}
	for _, v := range c.Themes {
		add(v)
	}
	for _, v := range c.Tracking {
		add(v)
	}
	slices.Sort(rows)
	sum := sha256.Sum256([]byte(strings.Join(rows, "\n")))
	return hex.EncodeToString(sum[:8])
}
