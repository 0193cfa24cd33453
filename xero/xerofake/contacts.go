package xerofake

import (
	"regexp"
	"slices"
	"strings"
)

// texts are the writable text fields of a contact by their names on the wire.
func (c *Contact) texts() map[string]*string {
	return map[string]*string{
		"ContactNumber": &c.ContactNumber, "AccountNumber": &c.AccountNumber, "Name": &c.Name, "FirstName": &c.FirstName,
		"LastName": &c.LastName, "CompanyNumber": &c.CompanyNumber, "EmailAddress": &c.EmailAddress, "TaxNumber": &c.TaxNumber,
		"BankAccountDetails": &c.BankAccountDetails, "DefaultCurrency": &c.DefaultCurrency,
		"AccountsReceivableTaxType": &c.AccountsReceivableTaxType, "AccountsPayableTaxType": &c.AccountsPayableTaxType,
		"SalesDefaultAccountCode": &c.SalesDefaultAccountCode, "PurchasesDefaultAccountCode": &c.PurchasesDefaultAccountCode,
		"SalesDefaultLineAmountType": &c.SalesDefaultLineAmountType, "PurchasesDefaultLineAmountType": &c.PurchasesDefaultLineAmountType,
	}
}

// findContact finds the contact that a body means: by id, else by number, else an active one by name.
func (d *draft) findContact(in object) *Contact {
	if id := in.text("ContactID"); id != "" && id != noGUID {
		c, _ := d.b.contacts.get(id)
		return c
	}
	if number := in.text("ContactNumber"); number != "" {
		for _, id := range d.b.numberIndex[fold(number)] {
			c, _ := d.b.contacts.get(id)
			return c
		}
	}
	return d.active(d.b.nameIndex[fold(in.text("Name"))], "")
}

// active returns the first of the contacts that is active and is not the one left out.
func (d *draft) active(ids []string, but string) *Contact {
	for _, id := range ids {
		if c, ok := d.b.contacts.get(id); ok && c.Status == "ACTIVE" && id != but {
			return c
		}
	}
	return nil
}

// shapeContact carries a sent contact over to c. What is not sent stays.
func (d *draft) shapeContact(c *Contact, in object, create bool) {
	limits := map[string]int{
		"Name": 255, "FirstName": 255, "LastName": 255, "EmailAddress": 255, "ContactNumber": 50, "AccountNumber": 50, "TaxNumber": 50, "CompanyNumber": 50,
	}
	texts := c.texts()
	for _, name := range sortedKeys(in) {
		field, ok := texts[name]
		if !ok || !in.has(name) {
			continue
		}
		*field = in.text(name)
		if max, ok := limits[name]; ok && len([]rune(*field)) > max {
			d.refuse("The %s exceeds the maximum length of %d characters.", name, max)
		}
	}
	switch {
	case c.Name == "":
		d.refuse("The contact name must be specified.")
	case strings.ContainsAny(c.Name, "<>"):
		d.refuse("The contact name must not contain angle brackets.")
	case c.Name != strings.Join(strings.Fields(c.Name), " "):
		d.refuse("The contact name must not begin or end with a space, or contain two in a row.")
	}
	if c.EmailAddress != "" && !looksLikeEmail.MatchString(c.EmailAddress) {
		d.refuse("The email address is not valid.")
	}
	if c.DefaultCurrency != "" && !slices.Contains(d.b.org.Currencies, c.DefaultCurrency) {
		d.refuse("Organisation is not subscribed to currency %s", c.DefaultCurrency)
	}
	for _, t := range []string{c.SalesDefaultLineAmountType, c.PurchasesDefaultLineAmountType} {
		if t != "" && t != "INCLUSIVE" && t != "EXCLUSIVE" && t != "NONE" {
			d.refuse("The line amount type '%s' is not valid.", t)
		}
	}
	for _, t := range []string{c.AccountsReceivableTaxType, c.AccountsPayableTaxType} {
		if r := d.b.rate(t); t != "" && (r == nil || r.Status != "ACTIVE") {
			d.refuse("The TaxType code '%s' does not exist or cannot be used for this type of transaction.", t)
		}
	}
	if s := in.text("ContactStatus"); s != "" {
		if s != "ACTIVE" && s != "ARCHIVED" || create && s != "ACTIVE" {
			d.refuse("The contact status '%s' is not valid here.", s)
		} else {
			c.Status = s
		}
	}
	d.contactLists(c, in)
	d.uniqueContact(c)
}

var looksLikeEmail = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)

func (d *draft) contactLists(c *Contact, in object) {
	if in.has("ContactPersons") {
		c.Persons = nil
		for _, p := range in.list("ContactPersons") {
			c.Persons = append(c.Persons, ContactPerson{p.text("FirstName"), p.text("LastName"), p.text("EmailAddress"), p.boolean("IncludeInEmails")})
		}
		if len(c.Persons) > 5 {
			d.refuse("A contact can have no more than five contact persons.")
		}
	}
	for _, a := range in.list("Addresses") {
		n := Address{
			a.text("AddressType"), a.text("AddressLine1"), a.text("AddressLine2"), a.text("AddressLine3"), a.text("AddressLine4"),
			a.text("City"), a.text("Region"), a.text("PostalCode"), a.text("Country"), a.text("AttentionTo"),
		}
		if n.AddressType != "POBOX" && n.AddressType != "STREET" {
			d.refuse("The address type '%s' is not valid.", n.AddressType)
			continue
		}
		c.Addresses = append(slices.DeleteFunc(slices.Clone(c.Addresses), func(o Address) bool { return o.AddressType == n.AddressType }), n)
	}
	for _, p := range in.list("Phones") {
		n := Phone{p.text("PhoneType"), p.text("PhoneNumber"), p.text("PhoneAreaCode"), p.text("PhoneCountryCode")}
		if !slices.Contains([]string{"DEFAULT", "DDI", "MOBILE", "FAX", "OFFICE"}, n.PhoneType) {
			d.refuse("The phone type '%s' is not valid.", n.PhoneType)
			continue
		}
		if len(n.PhoneNumber) > 50 || len(n.PhoneAreaCode) > 10 || len(n.PhoneCountryCode) > 20 {
			d.refuse("The phone number is too long.")
		}
		c.Phones = append(slices.DeleteFunc(slices.Clone(c.Phones), func(o Phone) bool { return o.PhoneType == n.PhoneType }), n)
	}
}

func (d *draft) uniqueContact(c *Contact) {
	if c.Status != "ACTIVE" {
		return
	}
	if d.active(d.b.nameIndex[fold(c.Name)], c.ContactID) != nil {
		d.refuse("The contact name %s is already assigned to another contact. The contact name must be unique across all active contacts.", c.Name)
	}
	if d.active(d.b.accountIndex[fold(c.AccountNumber)], c.ContactID) != nil {
		d.refuse("The Account Number already exists. Please enter a different Account Number.")
	}
	// A contact number stays taken by an archived contact: it is how other systems name the contact.
	if slices.ContainsFunc(d.b.numberIndex[fold(c.ContactNumber)], func(id string) bool { return id != c.ContactID }) {
		d.refuse("The Contact Number already exists. Please enter a different Contact Number.")
	}
}

// saveContact adds the contact to the draft's change.
func (d *draft) saveContact(c *Contact) {
	_, exists := d.b.contacts.get(c.ContactID)
	c.Updated = stamp(c.Updated)
	d.change.Contacts = append(d.change.Contacts, c)
	if exists {
		d.note(c.ContactID, "Edited", "The contact was edited.")
	} else {
		d.note(c.ContactID, "Created", "The contact was created.")
	}
}

func getContacts(c *call) answer {
	c.f.mu.RLock()
	b := c.books
	summary := c.flag("summaryOnly")
	l := listing[*Contact]{typeName: "Contact", rows: &b.contacts, fields: b.contactFields(), paged: summary}
	if !c.flag("includeArchived") {
		l.keep = append(l.keep, func(n *Contact) bool { return n.Status != "ARCHIVED" })
	}
	if ids := c.set("IDs"); ids != nil {
		l.keep = append(l.keep, func(n *Contact) bool { return ids[n.ContactID] })
	}
	if term := fold(c.param("searchTerm")); term != "" {
		l.keep = append(l.keep, func(n *Contact) bool {
			return slices.ContainsFunc([]string{n.Name, n.FirstName, n.LastName, n.ContactNumber, n.CompanyNumber, n.EmailAddress}, func(s string) bool {
				return strings.Contains(fold(s), term)
			})
		})
	}
	rows, pages, failed := l.page(c)
	if failed != nil {
		c.f.mu.RUnlock()
		return *failed
	}
	all := make([]*wireContact, len(rows))
	for i, n := range rows {
		switch {
		case summary:
			all[i] = b.wireContact(n, contactSummary)
		case pages != nil:
			all[i] = b.wireContact(n, contactFull)
		default:
			all[i] = b.wireContact(n, contactListed)
		}
	}
	c.f.mu.RUnlock()
	return c.f.envelope("Contacts", pages, all)
}

// contactByPath finds a contact by ContactID or ContactNumber.
func (b *Books) contactByPath(arg string) *Contact {
	if isGUID(arg) {
		if n, ok := b.contacts.get(arg); ok {
			return n
		}
	}
	for _, id := range b.numberIndex[fold(arg)] {
		n, _ := b.contacts.get(id)
		return n
	}
	return nil
}

func (b *Books) isContact(arg string) string {
	if n := b.contactByPath(arg); n != nil {
		return n.ContactID
	}
	return ""
}

func getContact(c *call) answer {
	c.f.mu.RLock()
	n := c.books.contactByPath(c.args[0])
	if n == nil {
		c.f.mu.RUnlock()
		return notFound()
	}
	wire := c.books.wireContact(n, contactFull)
	c.f.mu.RUnlock()
	return c.f.envelope("Contacts", nil, []*wireContact{wire})
}

func putContacts(c *call) answer {
	return c.batch("Contacts", "Contact", func(in object) result { return c.writeContact(in, true) })
}

func postContacts(c *call) answer {
	return c.batch("Contacts", "Contact", func(in object) result { return c.writeContact(in, false) })
}

func (c *call) writeContact(in object, create bool) result {
	d := c.draft()
	n := &Contact{ContactID: c.f.newID(), Status: "ACTIVE", CreatedByApp: c.caller.app}
	isNew := true
	if !create {
		if len(c.args) > 0 {
			in["ContactID"] = c.args[0]
			if found := c.books.contactByPath(c.args[0]); found != nil {
				in["ContactID"] = found.ContactID
			}
		}
		if found := d.findContact(in); found != nil {
			copied := *found
			n, isNew = &copied, false
		} else if id := in.text("ContactID"); id != "" && id != noGUID {
			d.refuse("The contact with ID %s could not be found.", id)
		}
	}
	if len(d.errs) == 0 {
		d.shapeContact(n, in, isNew)
	}
	if len(d.errs) == 0 {
		d.saveContact(n)
		if err := c.f.commit(&d.change); err != nil {
			return result{broken: true}
		}
		if isNew {
			c.f.created["Contacts"]++
		}
		wire := c.books.wireContact(n, contactFull)
		return result{record: wire.as}
	}
	echo := *n
	id := noGUID
	if !isNew {
		id = n.ContactID
	}
	echo.ContactID = id
	wire := c.books.wireContact(&echo, contactFull)
	wire.UpdatedDateUTC, wire.Balances, wire.HasValidationErrors, wire.ValidationErrors = "", nil, true, messagesOf(d.errs)
	if s := wire.SalesDefaultLineAmountType; s != "INCLUSIVE" && s != "EXCLUSIVE" && s != "NONE" {
		wire.SalesDefaultLineAmountType = ""
	}
	if s := wire.PurchasesDefaultLineAmountType; s != "INCLUSIVE" && s != "EXCLUSIVE" && s != "NONE" {
		wire.PurchasesDefaultLineAmountType = ""
	}
	if _, ok := currencyName(wire.DefaultCurrency); !ok {
		wire.DefaultCurrency = ""
	}
	return result{failed: true, record: wire.as}
}

func (b *Books) contactFields() fields[*Contact] {
	str := func(get func(*Contact) string) field[*Contact] {
		return field[*Contact]{kind: kindString, get: func(n *Contact) value { return textValue(get(n)) }}
	}
	slow := func(f field[*Contact]) field[*Contact] { f.slow = true; return f }
	return fields[*Contact]{
		"contactid":      {kind: kindGUID, get: func(n *Contact) value { return guidValue(n.ContactID) }},
		"name":           str(func(n *Contact) string { return n.Name }),
		"emailaddress":   str(func(n *Contact) string { return n.EmailAddress }),
		"accountnumber":  str(func(n *Contact) string { return n.AccountNumber }),
		"contactnumber":  slow(str(func(n *Contact) string { return n.ContactNumber })), // XeroAPI/xero-python#148
		"contactstatus":  slow(str(func(n *Contact) string { return n.Status })),
		"firstname":      slow(str(func(n *Contact) string { return n.FirstName })),
		"lastname":       slow(str(func(n *Contact) string { return n.LastName })),
		"companynumber":  slow(str(func(n *Contact) string { return n.CompanyNumber })),
		"taxnumber":      slow(str(func(n *Contact) string { return n.TaxNumber })),
		"iscustomer":     {kind: kindBoolean, slow: true, get: func(n *Contact) value { return boolValue(b.trades[n.ContactID][0] > 0) }},
		"issupplier":     {kind: kindBoolean, slow: true, get: func(n *Contact) value { return boolValue(b.trades[n.ContactID][1] > 0) }},
		"updateddateutc": slow(field[*Contact]{kind: kindTime, get: func(n *Contact) value { return timeValue(n.Updated) }}),
	}
}
