package ledger

import (
	"slices"
	"time"
)

// OrganisationID is the lasting identity of a company at a vendor: Xero Organisation.OrganisationID
// (not the tenant id, which changes on reconnect), the QuickBooks realm id, the Infusionsoft tenant
// ("xx123.infusionsoft.com"). It is comparable.
type OrganisationID struct {
	Vendor string // "xero", "quickbooks", "infusionsoft", …: lower case
	ID     string
}

// String returns "vendor:id".
func (o OrganisationID) String() string { return o.Vendor + ":" + o.ID }

// IsZero reports whether o names nothing.
func (o OrganisationID) IsZero() bool { return o == OrganisationID{} }

// Organisation is what a vendor says of a company.
type Organisation struct {
	ID           OrganisationID
	Name         string
	Live         bool // false: a demo company or sandbox
	Country      string
	BaseCurrency Currency
	Currencies   []Currency // enabled ones, the base included
	TimeZone     *time.Location
	LockDates    []Date // nothing dated on or before any of them may be written or changed

	LinesBy LinesBy   // what a line of an invoice is booked by
	Off     []Feature // what the company has switched off in its preferences
}

// LinesBy is what tells where the amount of an invoice's line is booked.
type LinesBy string

// What lines are booked by.
const (
	// ByAccount: each line names an account, and may name an item as well.
	ByAccount LinesBy = ""
	// ByItem: each line names an item, whose account it is booked to, and none itself. Two sorts of line name no
	// item: shipping, where [FeatureShipping] is on, and a discount, which may name an account.
	ByItem LinesBy = "item"
	// ByNothing: lines are booked to nothing, and bear no tax codes. Tax is a line of its own, of kind [LineTax];
	// a line may name an item.
	ByNothing LinesBy = "nothing"
)

// Feature is a part of a ledger that a company may switch off in its preferences.
type Feature string

// The features that change what an invoice may hold.
const (
	FeatureSalesTax  Feature = "sales_tax" // off, or not set up: an invoice bears no tax
	FeatureDiscounts Feature = "discounts" // lines that take off
	FeatureShipping  Feature = "shipping"  // a line for shipping that needs no item, where lines are booked by item
	FeatureNumbers   Feature = "numbers"   // numbers that are not the ledger's own: off, it counts by itself
)

// Has reports whether the company has not switched f off.
func (o Organisation) Has(f Feature) bool { return !slices.Contains(o.Off, f) }

// Holds reports whether the organisation can hold records in c.
func (o Organisation) Holds(c Currency) bool {
	for _, have := range o.Currencies {
		if have == c {
			return true
		}
	}
	return c == o.BaseCurrency && c != ""
}

// Locked returns the lock date that forbids writing a record dated d, or the zero Date.
func (o Organisation) Locked(d Date) Date {
	var latest Date
	for _, l := range o.LockDates {
		if !l.IsZero() && !d.After(l) && l.After(latest) {
			latest = l
		}
	}
	return latest
}
