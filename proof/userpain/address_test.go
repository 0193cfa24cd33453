package userpain

import (
	"testing"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// What stands in the e-mail field and is no address is neither sent nor matched on: a slip in a field that
// the ledger does not need must not keep an invoice out of it.
func TestWhatIsNoAddress(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		for i, email := range []string{"string", "ada@", "Ada <ada@example.com>", "  "} {
			c, err := r.Keap.AddContact(infusionsoftfake.Contact{GivenName: "Ada", FamilyName: string(rune('A' + i)),
				Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: email}}})
			rig.Check(t, err)
			r.OrderFor(c.ID, "110.00", false)
		}
		rep := r.Run()
		same(t, "created", rep.Invoices.Created, 4)
		for _, c := range r.Xero.Books().Contacts() {
			same(t, "e-mail of "+c.Name, c.EmailAddress, "")
		}
	})
}
