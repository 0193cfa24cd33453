package xero

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

type wireChart struct {
	Accounts []struct {
		AccountID, Code, Name, Type, Status, Class, CurrencyCode, TaxType string
		EnablePaymentsToAccount                                           flag
	}
	TaxRates []struct {
		Name, TaxType, Status                                                                            string
		EffectiveRate                                                                                    json.Number
		CanApplyToAssets, CanApplyToEquity, CanApplyToExpenses, CanApplyToLiabilities, CanApplyToRevenue *flag
	}
	Items []struct {
		ItemID, Code, Name string
		IsSold             *flag
		SalesDetails       struct{ AccountCode, TaxType string }
	}
	BrandingThemes     []struct{ BrandingThemeID, Name string }
	TrackingCategories []struct {
		Name, Status string
		Options      []struct{ Name, Status string }
	}
}

// Chart implements [ledger.Ledger]. It costs three calls, and two more with [Options.Presentation].
func (l *Ledger) Chart(ctx context.Context) (ledger.Chart, error) {
	var w wireChart
	paths := []string{"/Accounts", "/TaxRates", "/Items"}
	if l.options.Presentation {
		paths = append(paths, "/BrandingThemes", "/TrackingCategories")
	}
	var resp *vendorhttp.Response
	for _, path := range paths {
		var err error
		if resp, err = l.getInto(ctx, path, path, nil, &w); err != nil {
			return ledger.Chart{}, err
		}
	}
	if w.Accounts == nil || w.TaxRates == nil || w.Items == nil {
		return ledger.Chart{}, unreadable("GET chart", resp, errors.New("a list is absent"))
	}
	return w.chart(resp)
}

func (w *wireChart) chart(resp *vendorhttp.Response) (ledger.Chart, error) {
	var c ledger.Chart
	for _, a := range w.Accounts {
		currency, _ := ledger.ParseCurrency(a.CurrencyCode) // absent on most
		c.Accounts = append(c.Accounts, ledger.Account{
			ID: a.AccountID, Code: a.Code, Name: a.Name, Class: strings.ToLower(a.Class), Active: a.Status == "ACTIVE",
			TakesPayments: a.Type == "BANK" || bool(a.EnablePaymentsToAccount), Currency: currency, TaxCode: a.TaxType,
		})
	}
	for _, r := range w.TaxRates {
		percent, err := vendorhttp.ParseNumber(r.EffectiveRate)
		if err != nil {
			return c, unreadable("GET /TaxRates", resp, err)
		}
		rate := ledger.TaxRate{Code: r.TaxType, Name: r.Name, Percent: percent, Active: r.Status == "ACTIVE"}
		every := true
		for _, class := range []struct {
			name string
			may  *flag
		}{
			{"asset", r.CanApplyToAssets}, {"equity", r.CanApplyToEquity}, {"expense", r.CanApplyToExpenses},
			{"liability", r.CanApplyToLiabilities}, {"revenue", r.CanApplyToRevenue},
		} {
			if class.may == nil || bool(*class.may) {
				rate.Classes = append(rate.Classes, class.name)
			} else {
				every = false
			}
		}
		switch {
		case every:
			rate.Classes = nil
		case rate.Classes == nil: // none at all, which nil would turn into all
			rate.Classes = []string{}
		}
		c.TaxRates = append(c.TaxRates, rate)
	}
	for _, i := range w.Items {
		c.Items = append(c.Items, ledger.Item{
			ID: i.ItemID, Code: i.Code, Name: i.Name, SalesAccount: i.SalesDetails.AccountCode,
			SalesTaxCode: i.SalesDetails.TaxType, Active: i.IsSold == nil || bool(*i.IsSold),
		})
	}
	for _, t := range w.BrandingThemes {
		c.Themes = append(c.Themes, ledger.Theme{ID: t.BrandingThemeID, Name: t.Name})
	}
	for _, t := range w.TrackingCategories {
		if t.Status != "" && t.Status != "ACTIVE" {
			continue
		}
		category := ledger.TrackingCategory{Name: t.Name}
		for _, o := range t.Options {
			if o.Status == "" || o.Status == "ACTIVE" {
				category.Options = append(category.Options, o.Name)
			}
		}
		c.Tracking = append(c.Tracking, category)
	}
	return c, nil
}
