package quickbooks

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

func (l *Ledger) contactWriter() ledger.Writer[ledger.Contact] {
	return writer[ledger.Contact]{
		l: l, entity: "Customer",
		item: func(d ledger.Draft[ledger.Contact], item *outItem) error {
			out, err := l.newCustomer(d)
			item.Customer = &out
			return err
		},
		echo: func(raw json.RawMessage) (echo[ledger.Contact], error) {
			w := wireName{role: RoleCustomer}
			if err := json.Unmarshal(raw, &w); err != nil {
				return echo[ledger.Contact]{}, err
			}
			return echo[ledger.Contact]{
				id: w.ID, marks: marksIn(w.Notes), record: toContact(&w),
				personal: []string{w.DisplayName, w.PrimaryEmailAddr.Address, w.GivenName, w.FamilyName, w.CompanyName},
			}, nil
		},
		find: l.findContacts,
	}
}

func (l *Ledger) newCustomer(d ledger.Draft[ledger.Contact]) (outCustomer, error) {
	c := d.Record
	name := c.Name
	for _, other := range []string{c.Company, c.GivenName + " " + c.FamilyName, c.Email} {
		if cleanName(name, longestDisplayName) == "" {
			name = other
		}
	}
	out := outCustomer{
		DisplayName: cleanName(name, longestDisplayName), GivenName: cleanName(c.GivenName, longestName), FamilyName: cleanName(c.FamilyName, longestName),
		CompanyName: cleanName(c.Company, longestName), Notes: string(d.Mark),
	}
	email := strings.TrimSpace(c.Email)
	switch {
	case out.DisplayName == "":
		return out, refuse("", ledger.RefusedContact, "the contact has no name")
	case c.Role != "" && c.Role != RoleCustomer:
		return out, refuse("", ledger.RefusedContact, "only customers are written")
	case len([]rune(email)) > 100:
		return out, refuse("", ledger.RefusedContact, "the e-mail address has more than 100 characters")
	case email != "" && !(strings.Contains(email, "@") && strings.Contains(email, ".")):
		return out, refuse("", ledger.RefusedContact, "the e-mail address has no @ or no dot")
	}
	if email != "" {
		out.PrimaryEmailAddr = &outEmail{Address: email}
	}
	if c.Currency == "" {
		return out, nil
	}
	company, err := l.known("customer")
	switch {
	case err != nil:
		return out, err
	case !company.Organisation.Holds(c.Currency):
		return out, refuse("", ledger.RefusedCurrency, "the company does not have the contact's currency")
	case company.MultiCurrency: // fixed for good, and the currency of the customer's invoices
		out.CurrencyRef = refTo(string(c.Currency))
	}
	return out, nil
}

// Lengths of names.
const (
	longestDisplayName = 500
	longestName        = 100
)

// cleanName is a name as QuickBooks takes it: no colon, which stands between parent and child, single spaces.
func cleanName(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == ':' || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r) && r != '\u200d': // which joins the parts of an emoji
			return -1
		}
		return r
	}, s)
	return vendorbooks.Fit(strings.Join(strings.Fields(s), " "), longest)
}
