package ledger

import "time"

// ContactStatus is where a contact stands.
type ContactStatus string

// The states of a contact.
const (
	ContactActive   ContactStatus = "active"
	ContactArchived ContactStatus = "archived"
	ContactErased   ContactStatus = "erased" // removed on a person's request (Xero GDPRREQUEST)
)

// Contact is whom an invoice is for.
type Contact struct {
	ID            string
	Number        string // the ledger's contact number; carries our mark on contacts that we create
	AccountNumber string
	Name          string // display name: company, or given and family name
	GivenName     string
	FamilyName    string
	Company       string
	Email         string
	Status        ContactStatus
	MergedInto    string // id of the contact that it was merged into
	Currency      Currency
	UpdatedAt     time.Time
	Version       string
	Mark          Mark

	// Role tells the lists apart that share one set of names: "customer" (or ""), "vendor",
	// "employee". Only customers can be invoiced.
	Role string
}
