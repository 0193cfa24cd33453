package quickbooksfake

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// SalesTax is how a company taxes its sales.
type SalesTax string

const (
	// SalesTaxAutomated is the US engine: lines say TAX or NON, QuickBooks picks the rate, and a given
	// TotalTax is honoured.
	SalesTaxAutomated SalesTax = "automated"
	// SalesTaxNotSetUp is a US company with the engine, which has not been set up: nothing is taxed.
	SalesTaxNotSetUp SalesTax = "not_set_up"
	// SalesTaxManual is a US company of before November 2017, or any company elsewhere: real tax codes.
	SalesTaxManual SalesTax = "manual"
	// SalesTaxOff drops the tax of every sale without a word.
	SalesTaxOff SalesTax = "off"
)

// A Company is one QuickBooks company: who it is and how it is set up. Empty texts are filled in; switches
// that are false are off. [DefaultCompany] has the ones on that most companies have on.
type Company struct {
	RealmID      string // digits
	Name         string
	LegalName    string
	Country      string // ISO 3166 alpha-2; "US" when empty
	HomeCurrency string // the country's when empty
	TimeZone     string // IANA name; America/Los_Angeles when empty, which is also the vendor's server's
	SalesTax     SalesTax

	// Multicurrency cannot be switched off again. Currencies are the ones beside the home currency.
	Multicurrency bool
	Currencies    []string

	CustomTxnNumbers bool // whoever writes a sales form may number it, and nobody else does
	AllowShipping    bool
	AllowDiscount    bool
	// AllowDuplicateNumbers stores a second document of the same number; otherwise it is a 6140.
	AllowDuplicateNumbers bool
	// AutoApplyCredit applies open credit memos to a new invoice of the same customer at once, so that a
	// just-created invoice has already changed (python-quickbooks#127).
	AutoApplyCredit bool

	// DefaultTermDays is how many days after its date an invoice without terms is due; 0 is 30.
	DefaultTermDays int
	// BookCloseDate closes everything dated on or before it. "" closes nothing.
	BookCloseDate Date
	// FirstNumber is the first automatic number of a sales form; 0 is 1001.
	FirstNumber int64
	// ReadOnly is a company whose subscription has ended: reads work, writes are a 6190.
	ReadOnly bool

	// Chart is what the company starts with; nil: [DefaultChart] of its country.
	Chart *Chart `json:"-"`

	Created time.Time
}

// DefaultCompany returns a company of a country as most are set up: discounts and shipping allowed,
// QuickBooks numbers the forms, one currency, sales tax on.
func DefaultCompany(country string) Company {
	return Company{Country: country, AllowShipping: true, AllowDiscount: true}
}

// A Chart is what a company books to, sells, and taxes with. Empty ids are filled in; a record may name
// another one of the chart by the id that it gives it.
type Chart struct {
	Accounts       []Account
	TaxRates       []TaxRate
	TaxCodes       []TaxCode
	Items          []Item
	Terms          []Term
	PaymentMethods []PaymentMethod
}

// country is what the fake knows of a country.
type country struct {
	currency, nation string
	taxName          string
	codes            []taxSetup
}

type taxSetup struct {
	name string
	rate string // per cent; "" is a code without a rate
}

func countryOf(code string) country {
	all := map[string]country{
		"US": {"USD", "USA", "Sales tax", []taxSetup{{"California", "8"}}},
		"AU": {"AUD", "AUS", "GST", []taxSetup{{"GST", "10"}, {"GST free", "0"}, {"Out of Scope", ""}}},
		"GB": {"GBP", "GBR", "VAT", []taxSetup{{"20.0% S", "20"}, {"5.0% R", "5"}, {"0.0% Z", "0"}, {"Exempt", "0"}, {"No VAT", ""}}},
		"CA": {"CAD", "CAN", "HST/GST", []taxSetup{{"HST ON", "13"}, {"GST", "5"}, {"Zero-rated", "0"}, {"Exempt", "0"}, {"Out of Scope", ""}}},
		"NZ": {"NZD", "NZL", "GST", []taxSetup{{"GST", "15"}, {"Zero rated", "0"}, {"Out of Scope", ""}}},
		"IE": {"EUR", "IRL", "VAT", []taxSetup{{"23.0% S", "23"}, {"13.5% R", "13.5"}, {"0.0% Z", "0"}, {"No VAT", ""}}},
	}
	if c, ok := all[code]; ok {
		return c
	}
	return country{"USD", code, "Tax", []taxSetup{{"Standard", "10"}, {"Zero", "0"}, {"Out of Scope", ""}}}
}

func headOf(id string) Head { return Head{ID: id} }

func ref(id string) *Ref { return &Ref{Value: id} }

func pointer[T any](v T) *T { return &v }

// DefaultChart returns the chart with which a company of a country starts, reduced to what invoicing needs:
// accounts, a service item "Services" (id 1), a taxable product and one that is not, each with a SKU, the
// country's tax codes of 2026 (in the US TAX, NON, and California at 8 %), terms and payment methods.
func DefaultChart(countryCode string) *Chart {
	account := func(id, name, kind, sub, class string) Account {
		return Account{Head: headOf(id), Name: name, AccountType: kind, AccountSubType: sub, Classification: class}
	}
	price := func(s string) *Number { return NewNumber(decimal.RequireFromString(s)) }
	item := func(id, name, sku, kind, unit, income string, taxable bool) Item {
		return Item{Head: headOf(id), Name: name, Sku: sku, Type: kind, UnitPrice: price(unit), IncomeAccountRef: ref(income), Taxable: taxable}
	}
	c := &Chart{
		Accounts: []Account{
			account("1", "Services", "Income", "ServiceFeeIncome", "Revenue"),
			account("4", "Undeposited Funds", "Other Current Asset", "UndepositedFunds", "Asset"),
			account("35", "Checking", "Bank", "Checking", "Asset"),
			account("79", "Sales of Product Income", "Income", "SalesOfProductIncome", "Revenue"),
			account("82", "Shipping Income", "Income", "ServiceFeeIncome", "Revenue"),
			account("84", "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable", "Asset"),
			account("86", "Discounts given", "Income", "DiscountsRefundsGiven", "Revenue"),
			account("90", "Sales Tax Payable", "Other Current Liability", "SalesTaxPayable", "Liability"),
		},
		Items: []Item{
			item("1", "Services", "", "Service", "0", "1", false),
			item("5", "Rock Fountain", "FOUNTAIN", "NonInventory", "275", "79", true),
			item("11", "Pump", "PUMP", "NonInventory", "15", "79", true),
			item("4", "Design", "DESIGN", "Service", "75", "1", false),
		},
		Terms: []Term{
			{Head: headOf("1"), Name: "Due on receipt", Type: "STANDARD", DueDays: pointer(0)},
			{Head: headOf("3"), Name: "Net 30", Type: "STANDARD", DueDays: pointer(30)},
			{Head: headOf("4"), Name: "Net 60", Type: "STANDARD", DueDays: pointer(60)},
		},
		PaymentMethods: []PaymentMethod{
			{Head: headOf("1"), Name: "Cash", Type: "NON_CREDIT_CARD"},
			{Head: headOf("2"), Name: "Check", Type: "NON_CREDIT_CARD"},
			{Head: headOf("3"), Name: "Visa", Type: "CREDIT_CARD"},
		},
	}
	home := countryOf(countryCode)
	if countryCode == "US" || countryCode == "" {
		home = countryOf("US")
		c.TaxCodes = []TaxCode{
			{Head: headOf("TAX"), Name: "TAX", Description: "TAX", Taxable: true},
			{Head: headOf("NON"), Name: "NON", Description: "NON"},
		}
	}
	for i, t := range home.codes {
		code := TaxCode{
			Head: headOf(fmt.Sprint(2 + i)), Name: t.name, Description: t.name, Taxable: t.rate != "", TaxGroup: true,
			TaxCodeConfigType: "SYSTEM_GENERATED", SalesTaxRateList: &TaxRateList{TaxRateDetail: []TaxRateDetail{}},
			PurchaseTaxRateList: &TaxRateList{TaxRateDetail: []TaxRateDetail{}},
		}
		if t.rate != "" {
			id := fmt.Sprint(3 + 2*i)
			c.TaxRates = append(c.TaxRates, TaxRate{
				Head: headOf(id), Name: t.name, Description: home.taxName,
				RateValue: Number{decimal.RequireFromString(t.rate)}, AgencyRef: ref("1"), SpecialTaxType: "NONE", DisplayType: "ReadOnly",
			})
			code.SalesTaxRateList.TaxRateDetail = []TaxRateDetail{{TaxRateRef: Ref{Value: id, Name: t.name}, TaxTypeApplicable: "TaxOnAmount"}}
		}
		c.TaxCodes = append(c.TaxCodes, code)
	}
	return c
}

// currencyName is the vendor's name of a currency, or the code itself.
func currencyName(code string) string {
	return first(map[string]string{
		"USD": "United States Dollar", "AUD": "Australian Dollar", "GBP": "British Pound Sterling", "CAD": "Canadian Dollar",
		"NZD": "New Zealand Dollar", "EUR": "Euro", "JPY": "Japanese Yen", "CHF": "Swiss Franc", "SEK": "Swedish Krona",
	}[code], code)
}

func (c *Company) us() bool { return c.Country == "US" }

// companyInfo is the CompanyInfo record.
func (b *Books) companyInfo() ([]byte, error) {
	c := &b.company
	type nameValue struct{ Name, Value string }
	return spliced(struct {
		CompanyName          string
		LegalName            string
		CompanyAddr          any
		CompanyStartDate     Date
		FiscalYearStartMonth string
		Country              string
		SupportedLanguages   string
		DefaultTimeZone      string
		NameValue            []nameValue
		Head
	}{
		c.Name, c.LegalName, struct{ Id, Country string }{"1", countryOf(c.Country).nation}, DateOf(c.Created, b.loc), "January", c.Country, "en", c.TimeZone, //nolint:revive // the vendor's spelling
		[]nameValue{{"NeoEnabled", "true"}, {"IndustryType", ""}, {"ItemCategoriesFeature", "false"}, {"SubscriptionStatus", map[bool]string{true: "EXPIRED", false: "SUBSCRIBED"}[c.ReadOnly]}},
		b.singleton(),
	}, nil)
}

// preferences is the Preferences record.
func (b *Books) preferences() ([]byte, error) {
	c := &b.company
	type nameValue struct{ Name, Value string }
	type accounting struct {
		UseAccountNumbers       bool
		TrackDepartments        bool
		ClassTrackingPerTxn     bool
		ClassTrackingPerTxnLine bool
		FirstMonthOfFiscalYear  string
		TaxYearMonth            string
		BookCloseDate           Date `json:",omitempty"`
		CustomerTerminology     string
	}
	type sales struct {
		CustomField                []any
		CustomTxnNumbers           bool
		EmailCopyToCompany         bool
		AllowDeposit               bool
		AllowDiscount              bool
		AllowEstimates             bool
		ETransactionEnabledStatus  string
		ETransactionPaymentEnabled bool
		IPNSupportEnabled          bool
		AllowServiceDate           bool
		AllowShipping              bool
		AutoApplyCredit            bool
		AutoApplyPayments          bool
		DefaultTerms               *Ref `json:",omitempty"`
	}
	type tax struct {
		UsingSalesTax     bool
		PartnerTaxEnabled *bool `json:",omitempty"`
	}
	type currency struct {
		MultiCurrencyEnabled bool
		HomeCurrency         Ref
	}
	t := tax{UsingSalesTax: c.SalesTax == SalesTaxAutomated || c.SalesTax == SalesTaxManual}
	switch c.SalesTax {
	case SalesTaxAutomated:
		t.PartnerTaxEnabled = pointer(true)
	case SalesTaxNotSetUp:
		t.PartnerTaxEnabled = pointer(false)
	}
	return spliced(struct {
		AccountingInfoPrefs     accounting
		ProductAndServicesPrefs struct{ ForSales, ForPurchase, QuantityWithPriceAndRate, QuantityOnHand bool }
		SalesFormsPrefs         sales
		TaxPrefs                tax
		CurrencyPrefs           currency
		ReportPrefs             struct{ ReportBasis string }
		OtherPrefs              struct{ NameValue []nameValue }
		Head
	}{
		accounting{FirstMonthOfFiscalYear: "January", TaxYearMonth: "January", BookCloseDate: c.BookCloseDate, CustomerTerminology: "Customers"},
		struct{ ForSales, ForPurchase, QuantityWithPriceAndRate, QuantityOnHand bool }{true, true, true, false},
		sales{
			CustomField: []any{}, CustomTxnNumbers: c.CustomTxnNumbers, AllowDiscount: c.AllowDiscount, AllowEstimates: true, AllowShipping: c.AllowShipping,
			ETransactionEnabledStatus: "NotApplicable", AutoApplyCredit: c.AutoApplyCredit,
		},
		t,
		currency{c.Multicurrency, Ref{Value: c.HomeCurrency}},
		struct{ ReportBasis string }{"Accrual"},
		struct{ NameValue []nameValue }{[]nameValue{
			{"WarnDuplicateCheckNumber", fmt.Sprint(!c.AllowDuplicateNumbers)}, {"WarnDuplicateBillNumber", "false"}, {"DateFormat", "Month Date Year separated by a slash"},
		}},
		b.singleton(),
	}, nil)
}

// singleton is the head of CompanyInfo and Preferences, of which there is one each.
func (b *Books) singleton() Head {
	return Head{Domain: "QBO", ID: "1", SyncToken: fmt.Sprint(b.settings), MetaData: MetaData{CreateTime: b.company.Created.In(b.loc).Truncate(time.Second), LastUpdatedTime: b.settled.In(b.loc).Truncate(time.Second)}}
}
