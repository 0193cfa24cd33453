package xerofake

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// chartList lists a collection of the chart: small, never paged, filtered and ordered on demand.
func chartList[T any](c *call, collection, typeName string, rows []*T, of fields[*T], updated func(*T) time.Time, render func(*T) any) answer {
	found := rows
	if since, ok := c.since(); ok && updated != nil {
		if c.f.opts.Switches.ModifiedSinceExclusive {
			since = since.Add(time.Second)
		}
		found = slices.DeleteFunc(slices.Clone(found), func(r *T) bool { return updated(r).Before(since) })
	}
	if src := c.param("where"); src != "" {
		where, err := parseWhere(src, typeName, of)
		if err != nil {
			return queryFault(err.Error())
		}
		found = slices.DeleteFunc(slices.Clone(found), func(r *T) bool { return !where.match(r) })
	}
	if src := c.param("order"); src != "" {
		order, _, err := parseOrder(src, typeName, of)
		if err != nil {
			return queryFault(err.Error())
		}
		found = slices.Clone(found)
		slices.SortStableFunc(found, order)
	}
	all := make([]any, len(found))
	for i, r := range found {
		all[i] = render(r)
	}
	return c.f.envelope(collection, nil, all)
}

// one narrows a chart list to what the path names, if it names anything; nil: there is no such thing.
func one[T any](c *call, rows []*T, is func(*T, string) bool) []*T {
	if len(c.args) == 0 {
		return rows
	}
	if r := find(rows, func(r *T) bool { return is(r, c.args[0]) }); r != nil {
		return []*T{r}
	}
	return nil
}

// chartOf reads a collection under the lock. The slices are replaced on change, never written to.
func chartOf[T any](c *call, get func(*Books) []*T) []*T {
	c.f.mu.RLock()
	defer c.f.mu.RUnlock()
	return get(c.books)
}

func textField[T any](get func(T) string) field[T] {
	return field[T]{kind: kindString, get: func(r T) value { return textValue(get(r)) }}
}

func boolField[T any](get func(T) bool) field[T] {
	return field[T]{kind: kindBoolean, get: func(r T) value { return boolValue(get(r)) }}
}

type wireAccount struct {
	AccountID               string
	Code                    string `json:",omitempty"`
	Name                    string
	Status                  string
	Type                    string
	TaxType                 string
	Description             string `json:",omitempty"`
	Class                   string
	SystemAccount           string `json:",omitempty"`
	EnablePaymentsToAccount bool
	ShowInExpenseClaims     bool
	BankAccountNumber       string `json:",omitempty"`
	BankAccountType         string `json:",omitempty"`
	CurrencyCode            string `json:",omitempty"`
	ReportingCode           string `json:",omitempty"`
	HasAttachments          bool
	UpdatedDateUTC          string
	AddToWatchlist          bool
}

func getAccounts(c *call) answer {
	rows := one(c, chartOf(c, func(b *Books) []*Account { return b.accounts }), func(a *Account, id string) bool { return strings.EqualFold(a.AccountID, id) })
	if rows == nil && len(c.args) > 0 {
		return notFound()
	}
	of := fields[*Account]{
		"accountid": {kind: kindGUID, get: func(a *Account) value { return guidValue(a.AccountID) }},
		"code":      textField(func(a *Account) string { return a.Code }), "name": textField(func(a *Account) string { return a.Name }),
		"type": textField(func(a *Account) string { return a.Type }), "status": textField(func(a *Account) string { return a.Status }),
		"class": textField(func(a *Account) string { return a.class() }), "taxtype": textField(func(a *Account) string { return a.TaxType }),
		"systemaccount":           textField(func(a *Account) string { return a.SystemAccount }),
		"enablepaymentstoaccount": boolField(func(a *Account) bool { return a.EnablePaymentsToAccount }),
	}
	return chartList(c, "Accounts", "Account", rows, of, func(a *Account) time.Time { return a.Updated }, func(a *Account) any {
		return wireAccount{
			AccountID: a.AccountID, Code: a.Code, Name: a.Name, Status: a.Status, Type: a.Type, TaxType: a.TaxType, Description: a.Description,
			Class: a.class(), SystemAccount: a.SystemAccount, EnablePaymentsToAccount: a.EnablePaymentsToAccount, BankAccountNumber: a.BankAccountNumber,
			BankAccountType: a.BankAccountType, CurrencyCode: a.CurrencyCode, UpdatedDateUTC: wireInstant(a.Updated),
		}
	})
}

type wireTaxRate struct {
	Name, TaxType, ReportTaxType                                                                     string
	CanApplyToAssets, CanApplyToEquity, CanApplyToExpenses, CanApplyToLiabilities, CanApplyToRevenue bool
	DisplayTaxRate, EffectiveRate                                                                    *number
	Status                                                                                           string
	TaxComponents                                                                                    []wireTaxComponent
}

type wireTaxComponent struct {
	Name                         string
	Rate                         *number
	IsCompound, IsNonRecoverable bool
}

func getTaxRates(c *call) answer {
	rows := one(c, chartOf(c, func(b *Books) []*TaxRate { return b.rates }), func(t *TaxRate, id string) bool { return strings.EqualFold(t.TaxType, id) })
	if rows == nil && len(c.args) > 0 {
		return notFound()
	}
	of := fields[*TaxRate]{
		"name": textField(func(t *TaxRate) string { return t.Name }), "taxtype": textField(func(t *TaxRate) string { return t.TaxType }),
		"status": textField(func(t *TaxRate) string { return t.Status }), "reporttaxtype": textField(func(t *TaxRate) string { return t.ReportTaxType }),
		"effectiverate":     {kind: kindNumber, get: func(t *TaxRate) value { return numberValue(t.EffectiveRate) }},
		"canapplytorevenue": boolField(func(t *TaxRate) bool { return t.Revenue }), "canapplytoexpenses": boolField(func(t *TaxRate) bool { return t.Expenses }),
	}
	return chartList(c, "TaxRates", "TaxRate", rows, of, nil, func(t *TaxRate) any {
		display := decimal.Decimal{}
		w := wireTaxRate{
			Name: t.Name, TaxType: t.TaxType, ReportTaxType: t.ReportTaxType, Status: t.Status, CanApplyToAssets: t.Assets, CanApplyToEquity: t.Equity,
			CanApplyToExpenses: t.Expenses, CanApplyToLiabilities: t.Liabilities, CanApplyToRevenue: t.Revenue, EffectiveRate: places(t.EffectiveRate, 4),
			TaxComponents: []wireTaxComponent{},
		}
		for _, p := range t.Components {
			display = display.Add(p.Rate)
			w.TaxComponents = append(w.TaxComponents, wireTaxComponent{Name: p.Name, Rate: places(p.Rate, 4), IsCompound: p.IsCompound})
		}
		w.DisplayTaxRate = places(display, 4)
		return w
	})
}

type wireItem struct {
	ItemID               string
	Code                 string
	Description          string `json:",omitempty"`
	PurchaseDescription  string `json:",omitempty"`
	UpdatedDateUTC       string
	PurchaseDetails      wirePrice
	SalesDetails         wirePrice
	Name                 string `json:",omitempty"`
	IsTrackedAsInventory bool
	IsSold               bool
	IsPurchased          bool
}

type wirePrice struct {
	UnitPrice   *number `json:",omitempty"`
	AccountCode string  `json:",omitempty"`
	TaxType     string  `json:",omitempty"`
}

func getItems(c *call) answer {
	rows := one(c, chartOf(c, func(b *Books) []*Item { return b.items }), func(i *Item, id string) bool {
		return strings.EqualFold(i.ItemID, id) || strings.EqualFold(i.Code, id)
	})
	if rows == nil && len(c.args) > 0 {
		return notFound()
	}
	of := fields[*Item]{
		"itemid": {kind: kindGUID, get: func(i *Item) value { return guidValue(i.ItemID) }},
		"code":   textField(func(i *Item) string { return i.Code }), "name": textField(func(i *Item) string { return i.Name }),
		"issold": boolField(func(i *Item) bool { return i.IsSold }), "ispurchased": boolField(func(i *Item) bool { return i.IsPurchased }),
	}
	price := func(d ItemDetails) wirePrice {
		w := wirePrice{AccountCode: d.AccountCode, TaxType: d.TaxType}
		if d.UnitPrice.Valid {
			w.UnitPrice = places(d.UnitPrice.Decimal.Round(c.unitPlaces()), c.unitPlaces())
		}
		return w
	}
	return chartList(c, "Items", "Item", rows, of, func(i *Item) time.Time { return i.Updated }, func(i *Item) any {
		return wireItem{
			ItemID: i.ItemID, Code: i.Code, Description: i.Description, PurchaseDescription: i.PurchaseDescription, UpdatedDateUTC: wireInstant(i.Updated),
			PurchaseDetails: price(i.Purchase), SalesDetails: price(i.Sales), Name: i.Name, IsSold: i.IsSold, IsPurchased: i.IsPurchased,
		}
	})
}

type wireCurrency struct{ Code, Description string }

func getCurrencies(c *call) answer {
	c.f.mu.RLock()
	codes := c.books.org.Currencies
	c.f.mu.RUnlock()
	rows := make([]*wireCurrency, len(codes))
	for i, code := range codes {
		name, _ := currencyName(code)
		rows[i] = &wireCurrency{code, name}
	}
	of := fields[*wireCurrency]{
		"code": textField(func(w *wireCurrency) string { return w.Code }), "description": textField(func(w *wireCurrency) string { return w.Description }),
	}
	return chartList(c, "Currencies", "Currency", rows, of, nil, func(w *wireCurrency) any { return w })
}

// putCurrency enables a currency; the specification takes a bare object.
func putCurrency(c *call) answer {
	elements, err := c.f.elements(c.body, "Currencies", "Currency")
	if err != nil {
		return bodyFault(err.Error())
	}
	code := elements[0].text("Code")
	name, ok := currencyName(code)
	if len(elements) > 1 || !ok {
		return refusal("The currency code '" + code + "' is not valid.")
	}
	if err := c.books.EnableCurrency(code); err != nil {
		return problem500()
	}
	return c.f.envelope("Currencies", nil, []wireCurrency{{code, name}})
}

func getThemes(c *call) answer {
	rows := one(c, chartOf(c, func(b *Books) []*BrandingTheme { return b.themes }), func(t *BrandingTheme, id string) bool {
		return strings.EqualFold(t.BrandingThemeID, id)
	})
	if rows == nil && len(c.args) > 0 {
		return notFound()
	}
	type wire struct {
		BrandingThemeID, Name, Type string
		SortOrder                   int
		CreatedDateUTC              string
	}
	return chartList(c, "BrandingThemes", "BrandingTheme", rows, fields[*BrandingTheme]{"name": textField(func(t *BrandingTheme) string { return t.Name })}, nil, func(t *BrandingTheme) any {
		return wire{t.BrandingThemeID, t.Name, "INVOICE", t.SortOrder, wireInstant(t.Created)}
	})
}

func getTracking(c *call) answer {
	rows := one(c, chartOf(c, func(b *Books) []*TrackingCategory { return b.tracking }), func(t *TrackingCategory, id string) bool {
		return strings.EqualFold(t.TrackingCategoryID, id)
	})
	if rows == nil && len(c.args) > 0 {
		return notFound()
	}
	archived := c.flag("includeArchived")
	if !archived && len(c.args) == 0 {
		rows = slices.DeleteFunc(slices.Clone(rows), func(t *TrackingCategory) bool { return t.Status != "ACTIVE" })
	}
	type option struct{ TrackingOptionID, Name, Status string }
	type wire struct {
		Name, Status, TrackingCategoryID string
		Options                          []option
	}
	of := fields[*TrackingCategory]{
		"name": textField(func(t *TrackingCategory) string { return t.Name }), "status": textField(func(t *TrackingCategory) string { return t.Status }),
	}
	return chartList(c, "TrackingCategories", "TrackingCategory", rows, of, nil, func(t *TrackingCategory) any {
		w := wire{t.Name, t.Status, t.TrackingCategoryID, []option{}}
		for _, o := range t.Options {
			if archived || o.Status == "ACTIVE" {
				w.Options = append(w.Options, option(o))
			}
		}
		return w
	})
}

func getOrganisation(c *call) answer {
	c.f.mu.RLock()
	o := c.books.org
	c.f.mu.RUnlock()
	type wire struct {
		Name, LegalName                                                             string
		PaysTax                                                                     bool
		Version                                                                     string
		OrganisationType                                                            string
		BaseCurrency                                                                string
		CountryCode                                                                 string
		IsDemoCompany                                                               bool
		OrganisationStatus                                                          string
		FinancialYearEndDay                                                         int
		FinancialYearEndMonth                                                       int
		DefaultSalesTax                                                             string
		DefaultPurchasesTax                                                         string
		PeriodLockDate                                                              string `json:",omitempty"`
		EndOfYearLockDate                                                           string `json:",omitempty"`
		CreatedDateUTC                                                              string
		OrganisationEntityType, Timezone, ShortCode, OrganisationID, Edition, Class string
		Addresses, Phones, ExternalLinks                                            []struct{}
		PaymentTerms                                                                struct{}
	}
	day, month := 31, 12
	switch o.CountryCode {
	case "AU":
		day, month = 30, 6
	case "NZ", "GB":
		day, month = 31, 3
	}
	return c.f.envelope("Organisations", nil, []wire{{
		Name: o.Name, LegalName: o.LegalName, PaysTax: true, Version: o.Version, OrganisationType: "COMPANY", BaseCurrency: o.BaseCurrency, CountryCode: o.CountryCode,
		IsDemoCompany: o.IsDemoCompany, OrganisationStatus: "ACTIVE", FinancialYearEndDay: day, FinancialYearEndMonth: month,
		DefaultSalesTax: "Tax Exclusive", DefaultPurchasesTax: "Tax Exclusive", PeriodLockDate: wireDate(o.PeriodLockDate), EndOfYearLockDate: wireDate(o.EndOfYearLockDate),
		CreatedDateUTC: wireInstant(o.CreatedDateUTC), OrganisationEntityType: "COMPANY", Timezone: o.Timezone, ShortCode: o.ShortCode,
		OrganisationID: o.OrganisationID, Edition: "BUSINESS", Class: o.Class, Addresses: []struct{}{}, Phones: []struct{}{}, ExternalLinks: []struct{}{},
	}})
}

// getActions tells what the app may do: what its scopes and the organisation allow.
func getActions(c *call) answer {
	c.f.mu.RLock()
	many := len(c.books.org.Currencies) > 1
	c.f.mu.RUnlock()
	type action struct{ Name, Status string }
	status := func(ok bool) string {
		if ok {
			return "ALLOWED"
		}
		return "NOT-ALLOWED"
	}
	invoices := c.caller.may(&route{method: "PUT", scopes: []string{"accounting.invoices", "accounting.transactions"}})
	payments := c.caller.may(&route{method: "PUT", scopes: []string{"accounting.payments", "accounting.transactions"}})
	return c.f.envelope("Actions", nil, []action{
		{"CreateApprovedInvoice", status(invoices)}, {"CreateApprovedBill", status(invoices)}, {"UseMulticurrency", status(many)},
		{"CreateDraftInvoice", status(invoices)}, {"CreateInvoicePayment", status(payments)}, {"CreateDraftBill", status(invoices)},
	})
}
