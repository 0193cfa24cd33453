package infusionsoft

import (
	"context"
	"net/mail"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// contactFields are what is asked of a contact: the default answer leaves some of them out.
const contactFields = "id,given_name,family_name,company,email_addresses,billing_information,create_time,update_time"

// contactRoute upserts only as a guard: where a contact with this e-mail address and this name has come
// into being since the contacts were read, or by an earlier attempt, it is taken and not doubled. It keeps its
// name and its address, which are what it was found by. What such a contact of somebody else's making loses is its
// billing_information, for the mark, and further e-mail addresses, since a list that is sent replaces the
// stored one. The wider option, Email alone, would give a person of the same family another name.
const contactRoute = "POST " + contactsPath + "?duplicate_option=EmailAndName&fields=" + contactFields

// outContact is what is sent of keap-rest-v2's CreateUpdateContactRequest. The mark lives in
// billing_information: a text of 100 characters that can be written and read, has no meaning to the vendor
// (Contact.BillingInformation of its old tables), and is on no form by itself.
type outContact struct {
	Given  string     `json:"given_name,omitempty"`
	Family string     `json:"family_name,omitempty"`
	Emails []outEmail `json:"email_addresses"`
	Mark   string     `json:"billing_information"`
}

type outEmail struct {
	Field string `json:"field"`
	Email string `json:"email"`
}

// The specification's lengths.
const (
	longestPersonName = 40
	longestEmail      = 75
)

func contactWriter(l *Ledger) ledger.Writer[ledger.Contact] {
	return writer[ledger.Contact]{
		l: l, what: "contact",
		encode: func(d ledger.Draft[ledger.Contact]) (string, any, error) {
			out, err := newContact(d)
			return contactRoute, out, err
		},
		route: func(r string) bool { return r == contactRoute },
		read: func(_ context.Context, _ ledger.Encoded, resp *vendorhttp.Response) (echo[ledger.Contact], *vendorhttp.Seen) {
			w := new(wireContact)
			if resp.Kind() != vendorhttp.KindJSON || decodeOne(resp.Body, w) != nil {
				return echo[ledger.Contact]{}, &vendorhttp.Seen{Code: "unreadable", Message: "the answer cannot be read"}
			}
			c := toContact(w)
			return echo[ledger.Contact]{id: c.ID, mark: c.Mark, record: c, before: resp.Status == 200}, nil
		},
		find: l.findContacts,
	}
}

func newContact(d ledger.Draft[ledger.Contact]) (outContact, error) {
	c := d.Record
	given, family := fit(c.GivenName, longestPersonName), fit(c.FamilyName, longestPersonName)
	// A suffix in the name tells two people of one name apart, and is in neither of the other two.
	if full := fit(c.Name, 2*longestPersonName); full != "" && full != strings.TrimSpace(given+" "+family) {
		given, family = split(full)
	}
	email := strings.TrimSpace(c.Email)
	switch a, err := mail.ParseAddress(email); {
	case given+family == "":
		return outContact{}, refuse("", ledger.RefusedContact, "the contact has no name")
	case c.Role != "" && c.Role != "customer":
		return outContact{}, refuse("", ledger.RefusedContact, "only customers are written")
	case email == "":
		return outContact{}, refuse("", ledger.RefusedContact, "the contact has no e-mail address, and the vendor takes none without a way to reach it")
	case len([]rune(email)) > longestEmail:
		return outContact{}, refuse("", ledger.RefusedContact, "the e-mail address has more than 75 characters")
	case err != nil || a.Address != email:
		return outContact{}, refuse("", ledger.RefusedContact, "the e-mail address is none")
	}
	return outContact{Given: given, Family: family, Emails: []outEmail{{"EMAIL1", email}}, Mark: string(d.Mark)}, nil
}

// split puts a name that is not in two parts into two: the first has up to 40 characters, whole words where
// it can.
func split(name string) (given, family string) {
	r := []rune(name)
	if len(r) <= longestPersonName {
		return name, ""
	}
	at := strings.LastIndex(string(r[:longestPersonName+1]), " ")
	if at <= 0 {
		return string(r[:longestPersonName]), fit(string(r[longestPersonName:]), longestPersonName)
	}
	return name[:at], fit(name[at:], longestPersonName)
}
