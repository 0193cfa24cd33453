package quickbooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// The codes of lines in the United States. They are no tax codes of the company: which rate TAX stands for
// is decided by addresses, invoice by invoice.
const (
	codeTaxable = "TAX"
	codeExempt  = "NON"
)

// charted is what Encode looks up: the chart as it was read last.
type charted struct {
	accountIDs map[string]string // by number, and by id where no account has that number
	numbers    map[string]string // by account id
	skus       map[string][]string
	names      map[string][]string
	items      map[string]bool // by id: active
}

type wireChart struct {
	QueryResponse *struct {
		Account []struct {
			ID                 string `json:"Id"`
			Name               string
			FullyQualifiedName string
			AcctNum            string
			AccountType        string
			Classification     string
			Active             *flag
			CurrencyRef        wireRef
			TaxCodeRef         wireRef
		}
		Item []struct {
			ID                 string `json:"Id"`
			Name               string
			FullyQualifiedName string
			Sku                string
			Type               string
			Active             *flag
			Taxable            flag
			IncomeAccountRef   wireRef
			SalesTaxCodeRef    wireRef
		}
		TaxCode []struct {
			ID               string `json:"Id"`
			Name             string
			Active           *flag
			Hidden           flag
			SalesTaxRateList struct {
				TaxRateDetail []struct {
					TaxRateRef        wireRef
					TaxTypeApplicable string
					TaxOrder          json.Number
				}
			}
		}
		TaxRate []struct {
			ID        string `json:"Id"`
			Active    *flag
			RateValue json.Number
		}
		Term []struct {
			ID      string `json:"Id"`
			Name    string
			Active  *flag
			Type    string
			DueDays json.Number
		}
	}
}

func active(f *flag) bool { return f == nil || bool(*f) }

// list reads all records of an entity of the chart, which has no changes that matter between two pages.
func (l *Ledger) list(ctx context.Context, entity string, where []string, take func(*wireChart) int) error {
	for start := 1; ; start += captured {
		resp, err := l.ask(ctx, statement{entity: entity, where: where, order: "Id", start: start, max: captured}.String())
		if err != nil {
			return err
		}
		var w wireChart
		if err := resp.Decode(&w); err != nil {
			return unreadable("GET /query", resp, err)
		}
		if w.QueryResponse == nil {
			return unreadable("GET /query", resp, errors.New("QueryResponse is absent"))
		}
		if take(&w) < captured {
			return nil
		}
	}
}

// Chart implements [ledger.Ledger], with four calls. Accounts have their number as code, where they have one; items
// their SKU. Categories and bundles, which no line can name, are left out. In the United States the tax codes are TAX
// and NON and their percentage is zero: QuickBooks' tax engine decides. Elsewhere a code's percentage is that of its
// sales rates together.
func (l *Ledger) Chart(ctx context.Context) (ledger.Chart, error) {
	company := l.company.Load()
	if company == nil {
		c, err := l.Company(ctx)
		if err != nil {
			return ledger.Chart{}, err
		}
		company = &c
	}
	var c ledger.Chart
	x := charted{
		accountIDs: map[string]string{}, numbers: map[string]string{}, items: map[string]bool{},
		skus: map[string][]string{}, names: map[string][]string{},
	}
	if err := l.accounts(ctx, &c, &x); err != nil {
		return ledger.Chart{}, err
	}
	if err := l.items(ctx, company, &c, &x); err != nil {
		return ledger.Chart{}, err
	}
	if company.UnitedStates {
		c.TaxRates = []ledger.TaxRate{
			{Code: codeTaxable, Name: "Taxable, rate by address", Active: true}, // where it is off, Predict says so
			{Code: codeExempt, Name: "Not taxable", Active: true},
		}
	} else if err := l.taxRates(ctx, &c); err != nil {
		return ledger.Chart{}, err
	}
	l.charted.Store(&x)
	return c, nil
}

func (l *Ledger) accounts(ctx context.Context, c *ledger.Chart, x *charted) error {
	err := l.list(ctx, "Account", []string{everyState}, func(w *wireChart) int {
		for _, a := range w.QueryResponse.Account {
			currency, _ := ledger.ParseCurrency(a.CurrencyRef.Value)
			c.Accounts = append(c.Accounts, ledger.Account{
				ID: a.ID, Code: a.AcctNum, Name: cmp.Or(a.FullyQualifiedName, a.Name), Class: strings.ToLower(a.Classification),
				Active: active(a.Active), Currency: currency, TaxCode: a.TaxCodeRef.Value,
				// Undeposited funds is an other current asset.
				TakesPayments: a.AccountType == "Bank" || a.AccountType == "Other Current Asset",
			})
		}
		return len(w.QueryResponse.Account)
	})
	for _, a := range c.Accounts {
		x.numbers[a.ID] = a.Code
		// Of two accounts with one number the active one is meant.
		if _, taken := x.accountIDs[a.Code]; a.Code != "" && (!taken || a.Active) {
			x.accountIDs[a.Code] = a.ID
		}
	}
	for _, a := range c.Accounts {
		if _, taken := x.accountIDs[a.ID]; !taken {
			x.accountIDs[a.ID] = a.ID
		}
	}
	return err
}

func (l *Ledger) items(ctx context.Context, company *Company, c *ledger.Chart, x *charted) error {
	return l.list(ctx, "Item", []string{everyState}, func(w *wireChart) int {
		for _, i := range w.QueryResponse.Item {
			if i.Type == "Category" || i.Type == "Group" {
				continue
			}
			item := ledger.Item{
				ID: i.ID, Code: i.Sku, Name: cmp.Or(i.FullyQualifiedName, i.Name), Active: active(i.Active),
				SalesAccount: cmp.Or(x.numbers[i.IncomeAccountRef.Value], i.IncomeAccountRef.Value), SalesTaxCode: i.SalesTaxCodeRef.Value,
			}
			if company.UnitedStates {
				item.SalesTaxCode = codeExempt
				if i.Taxable {
					item.SalesTaxCode = codeTaxable
				}
			}
			c.Items = append(c.Items, item)
			x.items[i.ID] = item.Active
			if !item.Active {
				continue
			}
			if sku := fold(i.Sku); sku != "" {
				x.skus[sku] = append(x.skus[sku], i.ID)
			}
			if name := fold(item.Name); name != "" {
				x.names[name] = append(x.names[name], i.ID)
			}
		}
		return len(w.QueryResponse.Item)
	})
}

func (l *Ledger) taxRates(ctx context.Context, c *ledger.Chart) error {
	rates := map[string]decimal.Decimal{}
	var bad error
	err := l.list(ctx, "TaxRate", nil, func(w *wireChart) int {
		for _, r := range w.QueryResponse.TaxRate {
			v, err := vendorhttp.ParseNumber(r.RateValue)
			if err != nil {
				bad = err
			}
			rates[r.ID] = v
		}
		return len(w.QueryResponse.TaxRate)
	})
	if err == nil && bad != nil {
		err = unreadable("GET /query", nil, bad)
	}
	if err != nil {
		return err
	}
	return l.list(ctx, "TaxCode", nil, func(w *wireChart) int {
		for _, t := range w.QueryResponse.TaxCode {
			r := ledger.TaxRate{Code: t.ID, Name: t.Name, Active: active(t.Active) && !bool(t.Hidden)}
			for _, d := range t.SalesTaxRateList.TaxRateDetail {
				percent := rates[d.TaxRateRef.Value]
				if d.TaxTypeApplicable != "" && d.TaxTypeApplicable != "TaxOnAmount" {
					// A tax on amount and tax: of what the rates before it have made of the amount.
					percent = percent.Mul(hundred.Add(r.Percent)).Div(hundred)
				}
				r.Percent = r.Percent.Add(percent)
			}
			c.TaxRates = append(c.TaxRates, r)
		}
		return len(w.QueryResponse.TaxCode)
	})
}

// Term is a sales term: when an invoice is due.
type Term struct {
	ID     string
	Name   string
	Days   int // after the invoice's date; of terms by day of the month 0
	Active bool
}

// Terms reads the company's sales terms. Due dates are written explicitly, and no term is needed for them.
func (l *Ledger) Terms(ctx context.Context) ([]Term, error) {
	var terms []Term
	err := l.list(ctx, "Term", []string{everyState}, func(w *wireChart) int {
		for _, t := range w.QueryResponse.Term {
			days, _ := strconv.Atoi(string(t.DueDays)) // absent on others
			terms = append(terms, Term{ID: t.ID, Name: t.Name, Days: days, Active: active(t.Active)})
		}
		return len(w.QueryResponse.Term)
	})
	return terms, err
}

func fold(s string) string { return strings.ToLower(strings.ToUpper(strings.TrimSpace(s))) }

// accountCode is an account's number, as far as the chart was read, or else its id.
func (l *Ledger) accountCode(id string) string {
	if x := l.charted.Load(); x != nil {
		return cmp.Or(x.numbers[id], id)
	}
	return id
}

// accountID is the id of the account with a number, or with that id where no account has the number. Without a chart
// only an id can be meant.
func (l *Ledger) accountID(code string) (string, error) {
	x := l.charted.Load()
	if x == nil {
		if isID(code) {
			return code, nil
		}
		return "", refuse("", ledger.RefusedAccount, "which account has this number is not known yet: call Chart first")
	}
	if id, ok := x.accountIDs[code]; ok {
		return id, nil
	}
	return "", refuse("", ledger.RefusedAccount, "the chart has no such account")
}

// itemID is the id of the product that is named by SKU, id or full name, in this order.
func (l *Ledger) itemID(name string) (string, error) {
	x := l.charted.Load()
	if x == nil {
		if isID(name) {
			return name, nil
		}
		return "", refuse("", ledger.RefusedItemMissing, "which product has this code is not known yet: call Chart first")
	}
	for _, known := range []map[string][]string{x.skus, x.names} {
		switch ids := known[fold(name)]; {
		case len(ids) > 1:
			return "", refuse("", ledger.RefusedItemAmbiguous, "several active products have this code: name one by its id")
		case len(ids) == 1:
			return ids[0], nil
		}
		if isActive, ok := x.items[name]; ok {
			if !isActive {
				return "", refuse("", ledger.RefusedItemArchived, "the product is inactive")
			}
			return name, nil
		}
	}
	return "", refuse("", ledger.RefusedItemMissing, "there is no active product with this code")
}
