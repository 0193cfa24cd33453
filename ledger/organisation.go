package ledger

import "time"

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
	PricePlaces  int32  // decimal places that a unit price can hold
	ShortCode    string // for deep links, where the vendor has one
}

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
