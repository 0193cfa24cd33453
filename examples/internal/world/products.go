package world

import (
	"github.com/shopspring/decimal"

	fake "github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// A product of the shop.
type product struct {
	id       int64
	itemType string // of the order lines that sell it
	name     string
	sku      string
	cents    int64
	taxable  bool
	kind     string // of an order that it makes special
}

// The shop's products. Two share the SKU HELMET; lock-u is LOCK-U in the ledgers; PUMP-X9 is nowhere in them.
var (
	roadBike    = product{31, "PRODUCT", "Road bike", "BIKE-ROAD", 124_900, true, ""}
	helmet      = product{32, "PRODUCT", "Helmet", "HELMET", 7_995, true, "shared_sku"}
	childHelmet = product{33, "PRODUCT", "Helmet, child", "HELMET", 5_995, true, "shared_sku"}
	tube        = product{34, "PRODUCT", "Fahrradschlauch 26″ für Kinder", "TUBE-26", 735, true, ""}
	lock        = product{35, "PRODUCT", "U-lock", "lock-u", 4_450, true, "sku_case"}
	pump        = product{36, "PRODUCT", "Floor pump", "PUMP-X9", 3_899, true, "unknown_sku"}
	bell        = product{37, "PRODUCT", "Bell 🔔 brass", "", 1_249, true, ""}
	map_        = product{38, "PRODUCT", "מפת שבילים", "MAP", 1_500, false, "untaxed_product"}
	sticker     = product{39, "PRODUCT", "Sticker (free)", "", 0, true, ""}
	repair      = product{40, "SERVICE", "Workshop hour", "WORKSHOP", 8_500, true, "service"}
	fitting     = product{41, "SERVICE", "Bike fitting", "FITTING", 14_900, false, "service"}
	lights      = product{42, "UPSELL", "Lights, offered at checkout", "LIGHTS", 2_999, true, "upsell"}
	course      = product{43, "PROGRAM", "Winter training course", "COURSE", 24_900, false, "program"}
	tuneUp      = product{44, "SUBSCRIPTION", "Monthly tune-up", "TUNE-UP", 3_900, true, "subscription"}
)

func catalogue() []product {
	return []product{roadBike, helmet, childHelmet, tube, lock, pump, bell, map_, sticker, repair, fitting, lights, course, tuneUp}
}

func products() []fake.Product {
	list := catalogue()
	all := make([]fake.Product, len(list))
	for i, p := range list {
		all[i] = fake.Product{
			ID: p.id, Name: p.name, SKU: p.sku, ShortDescription: p.name, Price: *money(p.cents), Shippable: true, Taxable: p.taxable,
		}
	}
	return all
}

// Chart is the chart of accounts that the shop has in Xero: that of a new organisation in the United
// States, and items for some of the SKUs with a sales account of their own.
func Chart() *xerofake.Chart {
	chart := xerofake.DefaultChart("US")
	for _, i := range []struct{ code, name, account string }{
		{"BIKE-ROAD", "Road bikes", "200"}, {"HELMET", "Helmets", "260"}, {"TUBE-26", "Tubes", "200"},
		{"LOCK-U", "Locks", "260"}, {"WORKSHOP", "Workshop", "270"}, {"MAP", "Maps", "260"},
	} {
		chart.Items = append(chart.Items, xerofake.Item{
			Code: i.code, Name: i.name, Description: i.name, IsSold: true,
			Sales: xerofake.ItemDetails{AccountCode: i.account, UnitPrice: decimal.NewNullDecimal(decimal.NewFromInt(1)), TaxType: TaxableCode},
		})
	}
	return chart
}
