package xerofake

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// A Chart is what an organisation sells, books to, and taxes with.
type Chart struct {
	Accounts           []Account
	TaxRates           []TaxRate
	Items              []Item
	BrandingThemes     []BrandingTheme
	TrackingCategories []TrackingCategory
}

// An Account of the chart of accounts.
type Account struct {
	AccountID, Code, Name   string
	Type                    string // REVENUE, EXPENSE, BANK, …
	Status                  string // ACTIVE, ARCHIVED
	TaxType                 string
	Description             string
	SystemAccount           string
	EnablePaymentsToAccount bool
	CurrencyCode            string // of a bank account
	BankAccountNumber       string
	BankAccountType         string
	Updated                 time.Time
}

// A TaxRate is one of the organisation's tax rates.
type TaxRate struct {
	Name, TaxType, ReportTaxType string
	Status                       string          // ACTIVE, DELETED, ARCHIVED
	EffectiveRate                decimal.Decimal // per cent
	Assets, Equity, Expenses     bool            // the kinds of account it can apply to
	Liabilities, Revenue         bool
	Components                   []TaxComponent // none: one of the effective rate
}

// A TaxComponent is a part of a tax rate.
type TaxComponent struct {
	Name       string
	Rate       decimal.Decimal
	IsCompound bool
}

// An Item that can be sold or bought.
type Item struct {
	ItemID, Code, Name, Description string
	PurchaseDescription             string
	Sales, Purchase                 ItemDetails
	IsSold, IsPurchased             bool
	Updated                         time.Time
}

// ItemDetails are an item's defaults for a line.
type ItemDetails struct {
	UnitPrice            decimal.NullDecimal
	AccountCode, TaxType string
}

// A BrandingTheme is a look of invoices.
type BrandingTheme struct {
	BrandingThemeID, Name string
	SortOrder             int
	Created               time.Time
}

// A TrackingCategory with its options.
type TrackingCategory struct {
	TrackingCategoryID, Name, Status string
	Options                          []TrackingOption
}

// A TrackingOption of a category.
type TrackingOption struct{ TrackingOptionID, Name, Status string }

// class is the account's class: what the tax rates' CanApplyTo flags speak of.
func (a Account) class() string {
	switch a.Type {
	case "BANK", "CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT":
		return "ASSET"
	case "CURRLIAB", "LIABILITY", "TERMLIAB", "PAYG":
		return "LIABILITY"
	case "EQUITY":
		return "EQUITY"
	case "REVENUE", "SALES", "OTHERINCOME":
		return "REVENUE"
	default: // DEPRECIATN, DIRECTCOSTS, EXPENSE, OVERHEADS
		return "EXPENSE"
	}
}

func (t TaxRate) appliesTo(class string) bool {
	switch class {
	case "ASSET":
		return t.Assets
	case "LIABILITY":
		return t.Liabilities
	case "EQUITY":
		return t.Equity
	case "REVENUE":
		return t.Revenue
	default:
		return t.Expenses
	}
}

// noTax is the tax type of lines without tax.
const noTax = "NONE"

// DefaultChart returns the chart with which a new organisation of a country starts (AU, NZ, GB, US;
// others get one without tax), reduced to what invoicing needs, and with an account for discounts, one
// for shipping and one for finance charges. Tax types and rates are those of the country in 2026; the
// US chart has a custom rate TAX001 of 8.25 %.
func DefaultChart(country string) *Chart {
	rate := func(name, taxType, report, percent string, income, expense bool) TaxRate {
		return TaxRate{
			Name: name, TaxType: taxType, ReportTaxType: report, Status: "ACTIVE", EffectiveRate: decimal.RequireFromString(percent),
			Assets: true, Equity: true, Liabilities: true, Revenue: income, Expenses: expense,
		}
	}
	var rates []TaxRate
	sales, purchases := noTax, noTax
	switch strings.ToUpper(country) {
	case "AU":
		sales, purchases = "OUTPUT", "INPUT"
		rates = []TaxRate{
			rate("GST on Income", "OUTPUT", "OUTPUT", "10", true, false), rate("GST on Expenses", "INPUT", "INPUT", "10", false, true),
			rate("GST Free Income", "EXEMPTOUTPUT", "EXEMPTOUTPUT", "0", true, false), rate("GST Free Expenses", "EXEMPTEXPENSES", "EXEMPTEXPENSES", "0", false, true),
			rate("GST Free Exports", "EXEMPTEXPORT", "EXEMPTEXPORT", "0", true, false), rate("BAS Excluded", "BASEXCLUDED", "BASEXCLUDED", "0", true, true),
		}
	case "NZ":
		sales, purchases = "OUTPUT2", "INPUT2"
		rates = []TaxRate{
			rate("15% GST on Income", "OUTPUT2", "OUTPUT", "15", true, false), rate("15% GST on Expenses", "INPUT2", "INPUT", "15", false, true),
			rate("Zero Rated", "ZERORATED", "NONE", "0", true, true),
		}
	case "GB":
		sales, purchases = "OUTPUT2", "INPUT2"
		rates = []TaxRate{
			rate("20% (VAT on Income)", "OUTPUT2", "OUTPUT", "20", true, false), rate("20% (VAT on Expenses)", "INPUT2", "INPUT", "20", false, true),
			rate("5% (VAT on Income)", "RROUTPUT", "OUTPUT", "5", true, false), rate("5% (VAT on Expenses)", "RRINPUT", "INPUT", "5", false, true),
			rate("Zero Rated Income", "ZERORATEDOUTPUT", "OUTPUT", "0", true, false), rate("Exempt Income", "EXEMPTOUTPUT", "EXEMPTOUTPUT", "0", true, false),
		}
	case "US":
		sales, purchases = "OUTPUT", "INPUT"
		rates = []TaxRate{
			rate("Tax on Sales", "OUTPUT", "OUTPUT", "0", true, false), rate("Tax on Purchases", "INPUT", "INPUT", "0", false, true),
			rate("Sales Tax 8.25%", "TAX001", "OUTPUT", "8.25", true, false),
		}
	}
	rates = append(rates, rate("Tax Exempt", noTax, "NONE", "0", true, true))
	exempt := noTax
	account := func(code, name, typ, tax string) Account {
		return Account{Code: code, Name: name, Type: typ, TaxType: tax}
	}
	system := func(code, name, typ, system string) Account {
		return Account{Code: code, Name: name, Type: typ, TaxType: exempt, SystemAccount: system}
	}
	payable := func(a Account) Account { a.EnablePaymentsToAccount = true; return a }
	return &Chart{
		TaxRates: rates,
		Accounts: []Account{
			{Code: "090", Name: "Business Bank Account", Type: "BANK", TaxType: exempt, BankAccountNumber: "0306001234567", BankAccountType: "BANK"},
			{Code: "091", Name: "Business Savings Account", Type: "BANK", TaxType: exempt, BankAccountNumber: "0306007654321", BankAccountType: "BANK"},
			account("200", "Sales", "REVENUE", sales), account("205", "Discounts Given", "REVENUE", sales),
			account("210", "Shipping Income", "REVENUE", sales), account("260", "Other Revenue", "REVENUE", sales),
			account("265", "Finance Charges", "REVENUE", exempt), account("270", "Interest Income", "OTHERINCOME", exempt),
			account("310", "Cost of Goods Sold", "DIRECTCOSTS", purchases), account("400", "Advertising", "EXPENSE", purchases),
			account("404", "Bank Fees", "EXPENSE", exempt), account("425", "Freight & Courier", "EXPENSE", purchases),
			system("610", "Accounts Receivable", "CURRENT", "DEBTORS"), payable(account("615", "Payments Clearing", "CURRENT", exempt)),
			system("800", "Accounts Payable", "CURRLIAB", "CREDITORS"), system("820", "GST", "CURRLIAB", "GST"),
			account("825", "Tax Collected Elsewhere", "CURRLIAB", exempt), system("860", "Rounding", "CURRLIAB", "ROUNDING"),
			system("960", "Retained Earnings", "EQUITY", "RETAINEDEARNINGS"), payable(account("970", "Owner A Funds Introduced", "EQUITY", exempt)),
		},
		Items: []Item{
			{
				Code: "CONSULT", Name: "Consulting", Description: "Consulting, one hour", IsSold: true,
				Sales: ItemDetails{UnitPrice: price("150"), AccountCode: "200", TaxType: sales},
			},
			{
				Code: "WIDGET", Name: "Widget", Description: "A widget", PurchaseDescription: "Widgets from the factory", IsSold: true, IsPurchased: true,
				Sales:    ItemDetails{UnitPrice: price("19.95"), AccountCode: "200", TaxType: sales},
				Purchase: ItemDetails{UnitPrice: price("7.1250"), AccountCode: "310", TaxType: purchases},
			},
		},
		BrandingThemes: []BrandingTheme{{Name: "Standard"}, {Name: "Special Projects", SortOrder: 1}},
		TrackingCategories: []TrackingCategory{{Name: "Region", Options: []TrackingOption{
			{Name: "North"}, {Name: "South"},
		}}},
	}
}

func price(s string) decimal.NullDecimal {
	return decimal.NewNullDecimal(decimal.RequireFromString(s))
}
