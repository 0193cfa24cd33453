package world

import (
	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// What the shop sells under in QuickBooks, and books payments to: names and numbers in [Company]'s chart.
const (
	TaxableItem    = "Goods and services"
	UntaxedItem    = "Untaxed goods and services"
	FinanceItem    = "Finance charges"
	BankNumber     = "1000"
	CardNumber     = "1010"
	PayPalNumber   = "1020"
	DiscountNumber = "4900"
)

// Company is the shop's company in QuickBooks: in the United States, with automated sales tax, discounts and shipping
// allowed, and numbers that QuickBooks counts.
func Company(realm string) quickbooksfake.Company {
	c := quickbooksfake.DefaultCompany("US")
	c.RealmID, c.Name, c.TimeZone, c.Chart = realm, "Spoke & Chain Bicycles", Zone, quickbooksfake.DefaultChart("US")
	c.SalesTax = quickbooksfake.SalesTaxAutomated
	account := func(id, name, number, kind, sub, class string) {
		a := quickbooksfake.Account{Name: name, AcctNum: number, AccountType: kind, AccountSubType: sub, Classification: class}
		a.ID = id
		c.Chart.Accounts = append(c.Chart.Accounts, a)
	}
	account("101", "Shop account", BankNumber, "Bank", "Checking", "Asset")
	account("102", "Card clearing", CardNumber, "Bank", "Checking", "Asset")
	account("103", "PayPal", PayPalNumber, "Bank", "Checking", "Asset")
	account("104", "Discounts to customers", DiscountNumber, "Income", "DiscountsRefundsGiven", "Revenue")
	account("105", "Workshop income", "4100", "Income", "ServiceFeeIncome", "Revenue")
	item := func(id, name, sku, income string, taxable bool) {
		i := quickbooksfake.Item{
			Name: name, Sku: sku, Type: "Service", Taxable: taxable, IncomeAccountRef: &quickbooksfake.Ref{Value: income},
			UnitPrice: quickbooksfake.NewNumber(decimal.NewFromInt(1)),
		}
		i.ID = id
		c.Chart.Items = append(c.Chart.Items, i)
	}
	item("101", TaxableItem, "", "79", true)
	item("102", UntaxedItem, "", "79", false)
	item("103", FinanceItem, "", "1", false)
	item("104", "Road bikes", "BIKE-ROAD", "79", true)
	item("105", "Helmets", "HELMET", "79", true)
	item("106", "Tubes", "TUBE-26", "79", true)
	item("107", "Locks", "LOCK-U", "79", true)
	item("108", "Workshop", "WORKSHOP", "105", true)
	item("109", "Maps", "MAP", "79", false)
	return c
}
