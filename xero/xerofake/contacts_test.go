package xerofake_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/xero/xerofake"
)

func TestContactUniqueness(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	put := a.ok("PUT", "/Contacts", `{"Contacts":[{"Name":"Café Olé","ContactNumber":"M1","AccountNumber":"A1","EmailAddress":"ole@example.com"}]}`).list("Contacts")[0]
	id := put.text("ContactID")
	assert.Equal(t, []string{"The contact name CAFE OLE is already assigned to another contact. The contact name must be unique across all active contacts."},
		a.refused("PUT", "/Contacts", `{"Name":"CAFE OLE"}`))
	assert.Equal(t, []string{"The Contact Number already exists. Please enter a different Contact Number."}, a.refused("PUT", "/Contacts", `{"Name":"Other","ContactNumber":"m1"}`))
	assert.Equal(t, []string{"The Account Number already exists. Please enter a different Account Number."}, a.refused("PUT", "/Contacts", `{"Name":"Other","AccountNumber":"A1"}`))
	for _, bad := range []string{" Ada", "Ada  B", "A<b>", ""} {
		assert.Len(t, a.refused("PUT", "/Contacts", fmt.Sprintf(`{"Name":%q}`, bad)), 1, bad)
	}

	// POST finds by number, then by name; what is not sent stays.
	byNumber := a.ok("POST", "/Contacts", `{"ContactNumber":"M1","FirstName":"Olé"}`).list("Contacts")[0]
	assert.Equal(t, id, byNumber.text("ContactID"))
	byName := a.ok("POST", "/Contacts", `{"Name":"cafe ole","LastName":"O"}`).list("Contacts")[0]
	assert.Equal(t, id, byName.text("ContactID"))
	c, _ := a.fake.Books().Contact("M1")
	assert.Equal(t, "A1", c.AccountNumber)
	assert.Equal(t, "Olé", c.FirstName)

	// An archived contact gives its name back, is hidden, and takes no invoices.
	require.NoError(t, a.fake.Books().ArchiveContact(id))
	again := a.contact("cafe ole")
	assert.Len(t, a.ok("GET", "/Contacts", "").list("Contacts"), 1)
	assert.Len(t, a.ok("GET", "/Contacts?includeArchived=true", "").list("Contacts"), 2)
	assert.Len(t, a.refused("PUT", "/Invoices", invoice(id, "DRAFT", "", line("1", "1", ""))), 1)
	a.ok("PUT", "/Invoices", invoice(again, "DRAFT", "", line("1", "1", "")))
	assert.Equal(t, 404, a.send("GET", "/Contacts/nobody", "").status)
	assert.Equal(t, id, a.ok("GET", "/Contacts/M1", "").list("Contacts")[0].text("ContactID"))
}

func TestContactLookups(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	for i, name := range []string{"Ann", "Ben", "Cem"} {
		_, err := a.fake.Books().AddContact(xerofake.Contact{Name: name, EmailAddress: name + "@Example.com", AccountNumber: fmt.Sprint("A", i), Persons: []xerofake.ContactPerson{{FirstName: "P"}}})
		require.NoError(t, err)
	}
	for query, want := range map[string]int{
		`where=Name%3D%22ben%22`: 1, `where=EmailAddress%3D%3D%22ann@example.com%22`: 1, `where=AccountNumber%3D%22A2%22`: 1,
		`searchTerm=example`: 3, `searchTerm=CEM`: 1, `IDs=`: 3, `summaryOnly=true`: 3, `page=2`: 0,
	} {
		assert.Len(t, a.ok("GET", "/Contacts?"+query, "").list("Contacts"), want, query)
	}
	assert.Empty(t, a.ok("GET", "/Contacts", "").list("Contacts")[0].list("ContactPersons"))
	assert.Len(t, a.ok("GET", "/Contacts?page=1", "").list("Contacts")[0].list("ContactPersons"), 1)
	assert.NotContains(t, a.send("GET", "/Contacts?summaryOnly=true", "").body, "Addresses")
}

func TestContactWithinInvoice(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	c, err := a.fake.Books().AddContact(xerofake.Contact{Name: "Ann", Persons: []xerofake.ContactPerson{{FirstName: "P"}}})
	require.NoError(t, err)
	a.ok("PUT", "/Invoices", invoice(c.ContactID, "DRAFT", "", line("1", "1", "")))
	same, _ := a.fake.Books().Contact(c.ContactID)
	assert.Equal(t, c, same, "an id alone changes nothing")

	a.ok("PUT", "/Invoices", `{"Type":"ACCREC","Contact":{"ContactID":"`+c.ContactID+`","FirstName":"Anna"},"LineItems":[`+line("1", "1", "")+`]}`)
	changed, _ := a.fake.Books().Contact(c.ContactID)
	assert.Equal(t, "Anna", changed.FirstName)
	assert.Empty(t, changed.Persons, "persons that are not sent are dropped")

	a.ok("PUT", "/Invoices", `{"Type":"ACCREC","Contact":{"Name":"Brand New"},"LineItems":[`+line("1", "1", "")+`]}`)
	assert.Len(t, a.fake.Books().Contacts(), 2)
	a.refused("PUT", "/Invoices", `{"Type":"ACCREC","Contact":{"Name":"Never Made"},"LineItems":[]}`)
	assert.Len(t, a.fake.Books().Contacts(), 2)
}

func TestMergeContacts(t *testing.T) {
	t.Parallel()
	a := free(t, nil)
	from, to := a.contact("Old"), a.contact("New")
	id := a.approved(from, "10")
	require.NoError(t, a.fake.Books().MergeContacts(from, to))
	inv, _ := a.fake.Books().Invoice(id)
	assert.Equal(t, to, inv.ContactID)
	got := a.ok("GET", "/Contacts/"+from, "").list("Contacts")[0]
	assert.Equal(t, "ARCHIVED", got.text("ContactStatus"))
	assert.Equal(t, to, got.text("MergedToContactID"))
	assert.Equal(t, "10.00", a.ok("GET", "/Contacts/"+to, "").list("Contacts")[0].text("Balances.AccountsReceivable.Outstanding"))
}
