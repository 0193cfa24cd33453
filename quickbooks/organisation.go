package quickbooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// Company is what QuickBooks says of a company and its preferences: what decides how invoices are written.
type Company struct {
	Organisation ledger.Organisation

	// UnitedStates: tax is a lump sum, and lines are TAX or NON. Elsewhere every line has a tax code.
	UnitedStates bool
	SalesTax     bool // sales tax is used at all
	// AutomatedTax: QuickBooks' engine decides the rates. AutomatedTaxReady: and it has been set up.
	AutomatedTax      bool
	AutomatedTaxReady bool

	CustomNumbers bool // invoices may be given a number; otherwise QuickBooks counts
	Shipping      bool // invoices may have a shipping line
	Discounts     bool // invoices may have a discount line
	MultiCurrency bool
}

type wireCompany struct {
	CompanyInfo *struct {
		CompanyName     string
		LegalName       string
		Country         string
		DefaultTimeZone string
	}
}

type wirePreferences struct {
	Preferences *struct {
		AccountingInfoPrefs struct{ BookCloseDate string }
		SalesFormsPrefs     struct {
			CustomTxnNumbers flag
			CustomTxnNumber  flag // the reference text's spelling
			AllowShipping    flag
			AllowDiscount    flag
		}
		TaxPrefs struct {
			UsingSalesTax     flag
			PartnerTaxEnabled *flag // absent: no automated sales tax
		}
		CurrencyPrefs struct {
			MultiCurrencyEnabled flag
			HomeCurrency         home
		}
	}
}

// home is a currency, which is a reference in JSON and a text in some notes.
type home string

// UnmarshalJSON reads {"value":"USD"} and "USD".
func (h *home) UnmarshalJSON(b []byte) error {
	var r wireRef
	if json.Unmarshal(b, &r) == nil {
		*h = home(r.Value)
		return nil
	}
	var s string
	err := json.Unmarshal(b, &s)
	*h = home(s)
	return err
}

// Organisation implements [ledger.Source]. It costs two calls, and a third where several currencies are on.
// The book-close date is its lock date. A company whose time zone is not known is in UTC.
func (l *Ledger) Organisation(ctx context.Context) (ledger.Organisation, error) {
	c, err := l.Company(ctx)
	return c.Organisation, err
}

// Company reads what [Ledger.Organisation] reads, and more of it.
func (l *Ledger) Company(ctx context.Context) (Company, error) {
	var info wireCompany
	resp, err := l.getInto(ctx, "/companyinfo/"+l.id.ID, "/companyinfo/{id}", nil, &info)
	if err != nil {
		return Company{}, err
	}
	if info.CompanyInfo == nil {
		return Company{}, unreadable("GET /companyinfo", resp, errors.New("CompanyInfo is absent"))
	}
	var prefs wirePreferences
	if resp, err = l.getInto(ctx, "/preferences", "/preferences", nil, &prefs); err != nil {
		return Company{}, err
	}
	if prefs.Preferences == nil {
		return Company{}, unreadable("GET /preferences", resp, errors.New("it has no Preferences"))
	}
	w, p := info.CompanyInfo, prefs.Preferences
	base, err := ledger.ParseCurrency(string(p.CurrencyPrefs.HomeCurrency))
	if err != nil {
		return Company{}, unreadable("GET /preferences", resp, err)
	}
	c := Company{
		Organisation: ledger.Organisation{
			ID: l.id, Name: cmp.Or(w.CompanyName, w.LegalName), Live: !l.options.Sandbox, Country: country(w.Country),
			BaseCurrency: base, Currencies: []ledger.Currency{base}, TimeZone: zone(w.DefaultTimeZone),
			LinesBy: ledger.ByItem,
		},
		SalesTax:      bool(p.TaxPrefs.UsingSalesTax),
		AutomatedTax:  p.TaxPrefs.PartnerTaxEnabled != nil,
		CustomNumbers: bool(p.SalesFormsPrefs.CustomTxnNumbers || p.SalesFormsPrefs.CustomTxnNumber),
		Shipping:      bool(p.SalesFormsPrefs.AllowShipping),
		Discounts:     bool(p.SalesFormsPrefs.AllowDiscount),
		MultiCurrency: bool(p.CurrencyPrefs.MultiCurrencyEnabled),
	}
	c.UnitedStates = c.Organisation.Country == "US"
	c.AutomatedTaxReady = c.AutomatedTax && bool(*p.TaxPrefs.PartnerTaxEnabled)
	for _, f := range []struct {
		feature ledger.Feature
		on      bool
	}{
		{ledger.FeatureSalesTax, c.SalesTax && (!c.AutomatedTax || c.AutomatedTaxReady)},
		{ledger.FeatureDiscounts, c.Discounts}, {ledger.FeatureShipping, c.Shipping}, {ledger.FeatureNumbers, c.CustomNumbers},
	} {
		if !f.on {
			c.Organisation.Off = append(c.Organisation.Off, f.feature)
		}
	}
	if closed := p.AccountingInfoPrefs.BookCloseDate; closed != "" {
		lock, err := parseDate(closed)
		if err != nil { // a lock that cannot be read must not look like no lock
			return Company{}, unreadable("GET /preferences", resp, err)
		}
		c.Organisation.LockDates = []ledger.Date{lock}
	}
	if c.MultiCurrency {
		if c.Organisation.Currencies, err = l.currencies(ctx, base); err != nil {
			return Company{}, err
		}
	}
	l.company.Store(&c)
	return c, nil
}

// country is the two-letter code. Addresses have had three letters since autumn 2025.
func country(s string) string {
	switch s = strings.ToUpper(strings.TrimSpace(s)); s {
	case "USA", "UNITED STATES":
		return "US"
	case "CAN":
		return "CA"
	case "GBR", "UK":
		return "GB"
	case "AUS":
		return "AU"
	}
	return s
}

func zone(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	loc, err := time.LoadLocation(name)
	if err != nil || loc == time.Local {
		return time.UTC
	}
	return loc
}

func (l *Ledger) currencies(ctx context.Context, base ledger.Currency) ([]ledger.Currency, error) {
	resp, err := l.ask(ctx, statement{entity: "CompanyCurrency", max: 1000}.String())
	list := []ledger.Currency{base}
	if err != nil {
		if e := asError(err); e != nil && (e.Code == "4001" || e.Code == "4000") {
			return list, nil // a company that does not know the list has no other currency to write in
		}
		return nil, err
	}
	var w struct {
		QueryResponse struct {
			CompanyCurrency []struct {
				Code   string
				Active *flag
			}
		}
	}
	if err := resp.Decode(&w); err != nil {
		return nil, unreadable("GET /query", resp, err)
	}
	for _, one := range w.QueryResponse.CompanyCurrency {
		if c, err := ledger.ParseCurrency(one.Code); err == nil && c != base && (one.Active == nil || bool(*one.Active)) {
			list = append(list, c)
		}
	}
	return list, nil
}

func asError(err error) *ledger.Error {
	e, _ := errors.AsType[*ledger.Error](err)
	return e
}

// known returns the company as it was read last.
func (l *Ledger) known(thing string) (*Company, error) {
	if c := l.company.Load(); c != nil {
		return c, nil
	}
	return nil, &ledger.Error{
		Kind: ledger.ErrRequestRefused, Room: Vendor, Thing: thing, Code: "company_unread",
		Message: "what can be written depends on the company's country and preferences: call Organisation first",
	}
}
