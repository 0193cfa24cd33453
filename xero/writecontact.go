package xero

import (
	"strings"
	"unicode"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

func (l *Ledger) contactWriter() ledger.Writer[ledger.Contact] {
	return writer[ledger.Contact]{
		l: l, kind: "Contacts", query: "summarizeErrors=false",
		encode: func(drafts []ledger.Draft[ledger.Contact]) (any, error) {
			body := outContacts{Contacts: make([]outContact, 0, len(drafts))}
			for _, d := range drafts {
				out, err := newContact(d)
				if err != nil {
					return nil, vendorbooks.OfDraft(d.Mark, err)
				}
				body.Contacts = append(body.Contacts, out)
			}
			return body, nil
		},
		echoes: func(p *wirePage) []echo[ledger.Contact] {
			echoes := make([]echo[ledger.Contact], 0, len(p.Contacts))
			for i := range p.Contacts {
				w := &p.Contacts[i]
				echoes = append(echoes, echo[ledger.Contact]{
					id: w.ContactID, mark: ledger.MarkIn(w.ContactNumber), record: toContact(w), result: w.wireResult,
					personal: []string{w.Name, w.EmailAddress, w.FirstName, w.LastName, w.AccountNumber},
				})
			}
			return echoes
		},
		find: l.findContacts,
	}
}

func newContact(d ledger.Draft[ledger.Contact]) (outContact, error) {
	c := d.Record
	name := c.Name
	for _, other := range []string{c.Company, c.GivenName + " " + c.FamilyName, c.Email} {
		if cleanName(name) == "" {
			name = other
		}
	}
	out := outContact{
		Name: cleanName(name), FirstName: cleanName(c.GivenName), LastName: cleanName(c.FamilyName),
		EmailAddress: strings.TrimSpace(c.Email), ContactNumber: string(d.Mark), AccountNumber: strings.TrimSpace(c.AccountNumber),
	}
	switch {
	case out.Name == "":
		return out, refuse("", ledger.RefusedContact, "the contact has no name")
	case len(out.EmailAddress) > 255:
		return out, refuse("", ledger.RefusedContact, "the e-mail address has more than 255 characters")
	case len([]rune(out.AccountNumber)) > 50:
		return out, refuse("", ledger.RefusedContact, "the account number has more than 50 characters")
	}
	return out, nil
}

// cleanName is a name as Xero takes it: at most 255 characters, no angle brackets, single spaces.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '<' || r == '>' || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return vendorbooks.Fit(strings.Join(strings.Fields(s), " "), 255)
}
