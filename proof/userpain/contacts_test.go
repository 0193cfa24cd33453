package userpain

import (
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// theirs enters a contact in Xero by hand.
func theirs(t *testing.T, r *rig.Rig, c xerofake.Contact) xerofake.Contact {
	t.Helper()
	c, err := r.Xero.Books().AddContact(c)
	rig.Check(t, err)
	return c
}

// Pain 23: a client is found by e-mail address, whatever its case; where that finds nothing and the name is
// taken, it is said or a suffix is given, by setting. A name alone never links.
func TestPain23_NameIsTaken(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Contacts.Suffix = false
		theirs(t, r, xerofake.Contact{Name: "client  NO 1", EmailAddress: "somebody@else.example"})
		o := r.Order("110.00", true)
		fine := r.Order("50.00", false)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"created": 1, "parked contact_name_taken": 1})
		owed(t, rep, map[string]string{"contact_name_taken": "110.00"})
		same(t, "contacts parked", rep.Contacts.Parked, 1)
		same(t, "refusals by xero", r.Xero.Counts().ByStatus[400], 0)
		same(t, "the other", inXero(t, r, fine).Status, "AUTHORISED")

		r.Settings.Contacts.Suffix = true
		rep = r.Run()
		counted(t, "with a suffix", rep.Invoices, tally{"created": 1})
		c, _ := r.Xero.Books().Contact(inXero(t, r, o).ContactID)
		same(t, "name", c.Name, "Client No 1 (11)") // 11 is the source's first contact
		same(t, "status", inXero(t, r, o).Status, "PAID")
	})
}

// Pain 23: two clients of one name are two contacts, also when both are new.
func TestPain23_TwoNewClientsOfOneName(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		var orders []infusionsoftfake.Order
		for _, mail := range []string{"a@example.com", "b@example.com"} {
			c, err := r.Keap.AddContact(infusionsoftfake.Contact{GivenName: "José", FamilyName: "Ñandú", Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: mail}}})
			rig.Check(t, err)
			orders = append(orders, r.OrderFor(c.ID, "10.00", false))
		}
		counted(t, "invoices", r.Run().Invoices, tally{"created": 2})
		a, _ := r.Xero.Books().Contact(inXero(t, r, orders[0]).ContactID)
		b, _ := r.Xero.Books().Contact(inXero(t, r, orders[1]).ContactID)
		same(t, "the first", a.Name, "José Ñandú")
		same(t, "the second", b.Name, "José Ñandú (12)")
		same(t, "their addresses", a.EmailAddress+" "+b.EmailAddress, "a@example.com b@example.com")
	})
}

// Pain 23: one hit by e-mail links. The contact is never written to.
func TestPain23_LinkedByEmail(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		c := theirs(t, r, xerofake.Contact{Name: "The Client's Proper Name Ltd", EmailAddress: "CLIENT1@Example.com "})
		time.Sleep(time.Minute)
		o := r.Order("110.00", false)
		rep := r.Run()
		same(t, "linked", rep.Contacts.Linked, 1)
		same(t, "created", rep.Contacts.Created, 0)
		same(t, "contact", inXero(t, r, o).ContactID, c.ContactID)
		now, _ := r.Xero.Books().Contact(c.ContactID)
		same(t, "its name", now.Name, c.Name)
		same(t, "its number", now.ContactNumber, "")
		same(t, "untouched", now.Updated.Equal(c.Updated), true)

		// The link holds when the address changes on either side.
		rig.Check(t, r.Keap.EditContact(o.ContactID, func(c *infusionsoftfake.Contact) { c.Emails[0].Email = "new@example.com" }))
		rig.Check(t, r.Xero.Books().EditContact(c.ContactID, func(c *xerofake.Contact) { c.EmailAddress = "office@example.com" }))
		again := r.OrderFor(o.ContactID, "20.00", false)
		rep = r.Run()
		same(t, "contact", inXero(t, r, again).ContactID, c.ContactID)
		r.Expect(2, 1, 0)
	})
}

// Pain 23: several hits ask. Once it is clear, the invoice goes by itself.
func TestPain23_AmbiguousAsks(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		a := theirs(t, r, xerofake.Contact{Name: "One", EmailAddress: "client1@example.com"})
		b := theirs(t, r, xerofake.Contact{Name: "Two", EmailAddress: "client1@example.com"})
		o := r.Order("110.00", false)
		time.Sleep(10 * time.Minute)
		rep := r.Run()
		counted(t, "invoices", rep.Invoices, tally{"parked contact_ambiguous": 1})
		r.Expect(0, 2, 0)
		r.Order("20.00", false) // moves the source's cursor on
		time.Sleep(10 * time.Minute)
		counted(t, "the next", r.Run().Invoices, tally{"created": 1, "parked contact_ambiguous": 1})

		rig.Check(t, r.Xero.Books().EditContact(b.ContactID, func(c *xerofake.Contact) { c.EmailAddress = "two@example.com" }))
		time.Sleep(time.Hour)
		counted(t, "mended", r.Run().Invoices, tally{"created": 1})
		same(t, "contact", inXero(t, r, o).ContactID, a.ContactID)
	})
}

// Pain 23: archived contacts park, merged ones are followed.
func TestPain23_ArchivedAndMerged(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		first := r.Order("110.00", false)
		r.Run()
		id := inXero(t, r, first).ContactID
		time.Sleep(time.Hour)
		rig.Check(t, r.Xero.Books().ArchiveContact(id))
		second := r.OrderFor(first.ContactID, "20.00", false)
		rep := r.Run()
		counted(t, "archived", rep.Invoices, tally{"parked contact_archived": 1})
		same(t, "refusals by xero", r.Xero.Counts().ByStatus[400], 0)
		time.Sleep(10 * time.Minute)
		r.Order("5.00", false)
		time.Sleep(10 * time.Minute)
		r.Run()
		rig.Check(t, r.Xero.Books().EditContact(id, func(c *xerofake.Contact) { c.Status = "ACTIVE" }))
		time.Sleep(time.Hour)
		counted(t, "restored", r.Run().Invoices, tally{"created": 1})
		same(t, "contact", inXero(t, r, second).ContactID, id)

		target := theirs(t, r, xerofake.Contact{Name: "Head Office"})
		rig.Check(t, r.Xero.Books().MergeContacts(id, target.ContactID))
		time.Sleep(time.Hour)
		third := r.OrderFor(first.ContactID, "30.00", false)
		counted(t, "merged", r.Run().Invoices, tally{"created": 1})
		same(t, "contact", inXero(t, r, third).ContactID, target.ContactID)
	})
}

// Pain 23: no contact is created where the settings say so, nor before an invoice needs it (F53).
func TestPain23_CreateNone(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Contacts.CreateNone = true
		r.Client() // one without an invoice
		o := r.Order("110.00", false)
		counted(t, "unknown", r.Run().Invoices, tally{"parked contact_unknown": 1})
		r.Expect(0, 0, 0)
		c := theirs(t, r, xerofake.Contact{Name: "Anybody", EmailAddress: "client2@example.com"})
		time.Sleep(time.Hour)
		counted(t, "known", r.Run().Invoices, tally{"created": 1})
		same(t, "contact", inXero(t, r, o).ContactID, c.ContactID)
		r.Expect(1, 1, 0)
	})
}

// Pain 23: no name and no address ever travels in a query, and a new contact carries our mark.
func TestPain23_NoNamesInQueries(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		reads := tap(r.Faults, "GET", "")
		o := r.Order("110.00", true)
		r.Run()
		for _, c := range reads() {
			for key, values := range c.Query {
				for _, v := range values {
					if key == "searchTerm" || key == "where" || ledger.MarkIn(v) != "" {
						t.Fatalf("%s?%s=%s", c.Path, key, v)
					}
				}
			}
		}
		c, _ := r.Xero.Books().Contact(inXero(t, r, o).ContactID)
		l := link(t, r, ledger.KindContact, "11")
		same(t, "mark", c.ContactNumber, string(l.Mark))
		same(t, "linked", l.LedgerID, c.ContactID)
	})
}
