package infusionsoftfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

type wireContact struct {
	ID             string    `json:"id"`
	GivenName      string    `json:"given_name,omitempty"`
	MiddleName     string    `json:"middle_name,omitempty"`
	FamilyName     string    `json:"family_name,omitempty"`
	JobTitle       string    `json:"job_title,omitempty"`
	Company        *Employer `json:"company,omitempty"`
	EmailAddresses []Email   `json:"email_addresses"`
	PhoneNumbers   []Phone   `json:"phone_numbers"`
	Addresses      []Address `json:"addresses"`
	SourceType     string    `json:"source_type,omitempty"`
	CreateTime     string    `json:"create_time,omitempty"`
	UpdateTime     string    `json:"update_time,omitempty"`
}

func (b *Books) wireContact(c *Contact) *wireContact {
	return &wireContact{
		ID: idText(c.ID), GivenName: c.GivenName, MiddleName: c.MiddleName, FamilyName: c.FamilyName, JobTitle: c.JobTitle,
		Company: c.Company, EmailAddresses: notNil(c.Emails), PhoneNumbers: notNil(c.Phones), Addresses: notNil(c.Addresses),
		SourceType: c.SourceType, CreateTime: timeText(c.CreateTime), UpdateTime: timeText(c.UpdateTime),
	}
}

func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

var contactFields = [...]string{
	"addresses", "anniversary_date", "birth_date", "company", "contact_type", "create_time", "custom_fields", "email_addresses",
	"family_name", "fax_numbers", "given_name", "id", "job_title", "leadsource_id", "links", "middle_name", "notes", "origin",
	"owner_id", "phone_numbers", "preferred_locale", "preferred_name", "prefix", "referral_code", "score_value", "social_accounts",
	"source_type", "spouse_name", "suffix", "tag_ids", "time_zone", "update_time", "utm_parameters", "website", "account_id",
	"assistant_name", "assistant_phone", "billing_information", "created_by", "groups", "last_updated_by",
}

// chosen keeps the fields that the request asks for, and the id. Without the parameter it keeps all.
func chosen(c *call, known []string, whole any) (any, error) {
	names := lists(c.URL.Query(), "fields")
	if len(names) == 0 {
		return whole, nil
	}
	all, picked := fieldsOf(whole), make(map[string]json.RawMessage)
	for _, name := range append(names, "id") {
		if !slices.Contains(known, name) {
			return nil, badRequest("fields: unknown field %q", name)
		}
		if value, ok := all[name]; ok {
			picked[name] = value
		}
	}
	return picked, nil
}

func (c *call) contactAnswer(contact *Contact) (any, error) {
	return chosen(c, contactFields[:], withExtra(c.books.wireContact(contact), contact.Extra))
}

func contactListing(b *Books) *listing[Contact] {
	one := func(get func(*Contact) string) func(*Contact) []string {
		return func(c *Contact) []string { return []string{get(c)} }
	}
	id := func(c *Contact) int64 { return c.ID }
	emails := func(c *Contact) []string {
		var all []string
		for _, e := range c.Emails {
			all = append(all, e.Email)
		}
		return all
	}
	firstEmail := func(c *Contact) string { return append(emails(c), "")[0] }
	fields := map[string]field[Contact]{
		"email":       textField(true, emails),
		"given_name":  textField(true, one(func(c *Contact) string { return c.GivenName })),
		"family_name": textField(true, one(func(c *Contact) string { return c.FamilyName })),
		"middle_name": textField(true, one(func(c *Contact) string { return c.MiddleName })),
		"company_id": textField(false, one(func(c *Contact) string {
			if c.Company == nil {
				return ""
			}
			return c.Company.ID
		})),
		"contact_ids":       idsField(id),
		"ids":               idsField(id),
		"contact_id":        idField("id", id, ranges[:]...),
		"start_update_time": sinceField("update_time", func(c *Contact) time.Time { return c.UpdateTime }),
		"end_update_time":   untilField("update_time", func(c *Contact) time.Time { return c.UpdateTime }),
		"city":              textField(true, addressOf("BILLING", func(a Address) string { return a.Locality })),
		"state":             textField(true, addressOf("BILLING", func(a Address) string { return a.Region })),
		"website":           textField(true, extraText("website")),
	}
	for _, slot := range []string{"BILLING", "SHIPPING", "OTHER"} {
		prefix := strings.ToLower(slot) + "_address_"
		fields[prefix+"line1"] = textField(false, addressOf(slot, func(a Address) string { return a.Line1 }))
		fields[prefix+"locality"] = textField(false, addressOf(slot, func(a Address) string { return a.Locality }))
		fields[prefix+"region"] = textField(false, addressOf(slot, func(a Address) string { return a.Region }))
		fields[prefix+"postal_code"] = textField(false, addressOf(slot, func(a Address) string { return a.PostalCode }))
		fields[prefix+"country_code"] = textField(false, addressOf(slot, func(a Address) string { return a.CountryCode }))
	}
	return &listing[Contact]{
		name: b.tenant.ID + "/contacts", fields: fields,
		orders: map[string]func(a, b *Contact) int{
			"id": nil, "update_time": nil,
			"create_time": compareTime(func(c *Contact) time.Time { return c.CreateTime }),
			"email":       compareText(firstEmail),
		},
	}
}

func addressOf(slot string, get func(Address) string) func(*Contact) []string {
	return func(c *Contact) []string {
		for _, a := range c.Addresses {
			if a.Field == slot {
				return []string{get(a)}
			}
		}
		return nil
	}
}

func extraText(name string) func(*Contact) []string {
	return func(c *Contact) []string {
		var s string
		if json.Unmarshal(c.Extra[name], &s) != nil {
			return nil
		}
		return []string{s}
	}
}

func listContacts(c *call) (answer, error) {
	l := contactListing(c.books)
	query := c.URL.Query()
	if err := addPhoneFilter(l, query.Get("filter")); err != nil {
		return answer{}, err
	}
	p, err := list(c.books.contacts, l, query, &c.books.fake.options.Switches)
	if err != nil {
		return answer{}, err
	}
	if _, err := chosen(c, contactFields[:], struct{}{}); err != nil {
		return answer{}, err
	}
	return listAnswer(c.books, "contacts", p, func(contact *Contact) any {
		// The names were checked just now.
		a, _ := c.contactAnswer(contact)
		return a
	}), nil
}

// addPhoneFilter adds phone_number and phone_fields, which mean something only together.
func addPhoneFilter(l *listing[Contact], filter string) error {
	clauses, err := parseFilter(filter)
	if err != nil {
		return err
	}
	var slots []string
	hasNumber := false
	for _, c := range clauses {
		switch c.field {
		case "phone_fields":
			slots = strings.Split(c.value, ",")
		case "phone_number":
			hasNumber = true
		}
	}
	if hasNumber && slots == nil {
		return badRequest("Invalid filter: phone_number requires phone_fields")
	}
	for _, slot := range slots {
		if !slices.Contains([]string{"PHONE1", "PHONE2", "PHONE3", "PHONE4", "PHONE5"}, slot) {
			return badRequest("Invalid filter: unknown phone field %q", slot)
		}
	}
	l.fields["phone_fields"] = field[Contact]{parse: func(_, _ string) (clause[Contact], error) {
		return clause[Contact]{match: func(*Contact) bool { return true }}, nil
	}}
	l.fields["phone_number"] = textField(false, func(c *Contact) []string {
		var numbers []string
		for _, p := range c.Phones {
			if slices.Contains(slots, p.Field) {
				numbers = append(numbers, p.Number)
			}
		}
		return numbers
	})
	return nil
}

func (c *call) contact() (*Contact, error) {
	id, _ := parseID(c.id)
	contact := c.books.contacts.get(id)
	if contact == nil {
		return nil, notFound("Contact not found: %s", c.id)
	}
	return contact, nil
}

func getContact(c *call) (answer, error) {
	if err := onlyParameters(c.URL.Query(), "fields"); err != nil {
		return answer{}, err
	}
	contact, err := c.contact()
	if err != nil {
		return answer{}, err
	}
	body, err := c.contactAnswer(contact)
	return answer{http.StatusOK, body}, err
}

type contactRequest struct {
	Addresses  []Address `json:"addresses"`
	Company    *Employer `json:"company"`
	Emails     []Email   `json:"email_addresses"`
	Phones     []Phone   `json:"phone_numbers"`
	FamilyName string    `json:"family_name"`
	GivenName  string    `json:"given_name"`
	MiddleName string    `json:"middle_name"`
	JobTitle   string    `json:"job_title"`
	SourceType string    `json:"source_type"`
}

// unmodelled are the contact's properties that are kept as they came.
var unmodelled = [...]string{
	"prefix", "suffix", "website", "anniversary_date", "birth_date", "contact_type", "custom_fields", "fax_numbers", "leadsource_id",
	"owner_id", "preferred_locale", "preferred_name", "referral_code", "social_accounts", "spouse_name", "time_zone",
	"assistant_name", "assistant_phone", "billing_information",
}

func contactShape() kind {
	return object(map[string]kind{
		"addresses": listOf(object(map[string]kind{
			"country": upTo(100), "line1": upTo(100), "line2": upTo(100), "locality": upTo(100), "region": upTo(50),
			"field":        oneOf("ADDRESS_FIELD_UNSPECIFIED", "BILLING", "SHIPPING", "OTHER"),
			"country_code": upTo(3), "postal_code": upTo(20), "region_code": text, "zip_code": upTo(20), "zip_four": upTo(10),
		}, "field")),
		"company": object(map[string]kind{"id": recordID, "company_name": text}),
		"origin":  object(map[string]kind{"ip_address": text}),
		"email_addresses": listOf(object(map[string]kind{
			"email": upTo(100), "field": oneOf("EMAIL_FIELD_UNSPECIFIED", "EMAIL1", "EMAIL2", "EMAIL3"), "opt_in_reason": text,
		}, "email", "field")),
		"phone_numbers": listOf(object(map[string]kind{
			"extension": text, "number": upTo(40), "type": text, "number_e164": text,
			"field": oneOf("PHONE_NUMBER_FIELD_UNSPECIFIED", "PHONE1", "PHONE2", "PHONE3", "PHONE4", "PHONE5"),
		}, "number", "field")),
		"fax_numbers":     listOf(object(map[string]kind{"number": text, "type": text, "field": oneOf("FAX_NUMBER_FIELD_UNSPECIFIED", "FAX1", "FAX2")})),
		"custom_fields":   listOf(object(map[string]kind{"id": text, "content": anything}, "id")),
		"social_accounts": listOf(object(map[string]kind{"name": upTo(255), "type": oneOf("SOCIAL_ACCOUNT_TYPE_UNSPECIFIED", "FACEBOOK", "LINKED_IN", "TWITTER", "INSTAGRAM", "SNAPCHAT", "YOUTUBE", "PINTEREST")}, "type")),
		"source_type":     oneOf("SOURCE_TYPE_UNSPECIFIED", "API", "APPOINTMENT", "FORM_API_HOSTED", "FORM_API_INTERNAL", "IMPORT", "INTERNAL_FORM", "LANDING_PAGE", "MANUAL", "OTHER", "UNKNOWN", "WEBFORM"),
		"family_name":     upTo(40), "given_name": upTo(40), "middle_name": upTo(100), "job_title": upTo(255),
		"prefix": text, "suffix": text, "website": upTo(100), "anniversary_date": text, "birth_date": text, "contact_type": text,
		"leadsource_id": text, "owner_id": text, "preferred_locale": text, "preferred_name": upTo(100), "referral_code": text,
		"spouse_name": upTo(100), "time_zone": text, "assistant_name": upTo(20), "assistant_phone": upTo(15), "billing_information": upTo(100),
	})
}

func createContact(c *call) (answer, error) {
	query := c.URL.Query()
	if err := onlyParameters(query, "fields", "duplicate_option"); err != nil {
		return answer{}, err
	}
	option := query.Get("duplicate_option")
	if !slices.Contains([]string{"", "Email", "EmailAndName", "EmailAndNameAndCompany"}, option) {
		return answer{}, badRequest("duplicate_option must be Email, EmailAndName or EmailAndNameAndCompany")
	}
	var req contactRequest
	given, err := readBody(c.Request, contactShape(), &req)
	if err != nil {
		return answer{}, err
	}
	if len(req.Emails)+len(req.Phones)+len(req.Addresses) == 0 {
		return answer{}, badRequest("A contact must have at least one of email_addresses, phone_numbers or addresses")
	}
	b := c.books
	status, event := http.StatusOK, "contact.edit"
	contact := b.duplicate(&req, option)
	if contact == nil {
		contact = &Contact{SourceType: "API"}
		status, event = http.StatusCreated, "contact.add"
	}
	changed, err := b.updateContact(contact, &req, given, func(name string) bool { _, ok := given[name]; return ok })
	if err != nil {
		return answer{}, err
	}
	return c.writeContact(status, event, changed)
}

func (c *call) writeContact(status int, event string, contact *Contact) (answer, error) {
	b := c.books
	if _, err := c.contactAnswer(contact); err != nil {
		return answer{}, err
	}
	ch := b.change()
	b.fillContact(ch, contact)
	ch.Contacts = []*Contact{contact}
	if err := b.commit(ch); err != nil {
		return answer{}, err
	}
	if status == http.StatusCreated {
		b.fake.counts.Created["contacts"]++
	}
	b.raise(event, contact.ID)
	body, err := c.contactAnswer(contact)
	return answer{status, body}, err
}

// duplicate finds the contact that an upsert updates: the oldest one that matches.
func (b *Books) duplicate(req *contactRequest, option string) *Contact {
	if option == "" || len(req.Emails) == 0 {
		return nil
	}
	for _, c := range b.contacts.all() {
		sameEmail := slices.ContainsFunc(c.Emails, func(have Email) bool {
			return slices.ContainsFunc(req.Emails, func(e Email) bool { return strings.EqualFold(e.Email, have.Email) })
		})
		sameName := strings.EqualFold(c.GivenName, req.GivenName) && strings.EqualFold(c.FamilyName, req.FamilyName)
		if sameEmail && (option == "Email" || sameName && (option == "EmailAndName" || sameCompany(c.Company, req.Company))) {
			return c
		}
	}
	return nil
}

func sameCompany(a, b *Employer) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && strings.EqualFold(a.Name, b.Name)
}

// updateContact replaces what is asked for, lists wholesale.
func (b *Books) updateContact(old *Contact, req *contactRequest, given map[string]json.RawMessage, asked func(string) bool) (*Contact, error) {
	for _, a := range req.Addresses {
		if (a.Region != "" || a.RegionCode != "") && a.CountryCode == "" {
			return nil, badRequest("country_code is required if region is specified")
		}
	}
	if req.Company != nil && req.Company.ID != "" {
		id, _ := parseID(req.Company.ID)
		company := b.companies.get(id)
		if company == nil {
			return nil, badRequest("company.id %s does not exist", req.Company.ID)
		}
		orElse(&req.Company.Name, company.Name)
	}
	n := *old
	for name, set := range map[string]func(){
		"addresses":       func() { n.Addresses = req.Addresses },
		"company":         func() { n.Company = req.Company },
		"email_addresses": func() { n.Emails = req.Emails },
		"phone_numbers":   func() { n.Phones = req.Phones },
		"family_name":     func() { n.FamilyName = req.FamilyName },
		"given_name":      func() { n.GivenName = req.GivenName },
		"middle_name":     func() { n.MiddleName = req.MiddleName },
		"job_title":       func() { n.JobTitle = req.JobTitle },
		"source_type":     func() { n.SourceType = req.SourceType },
	} {
		if asked(name) {
			set()
		}
	}
	n.UpdateTime = b.fake.clock()
	n.Extra = make(map[string]json.RawMessage)
	for name, value := range carryExtra(old.Extra, old.Extra, b.wireContact(old), b.wireContact(&n)) {
		n.Extra[name] = value
	}
	for _, name := range unmodelled {
		if !asked(name) {
			continue
		}
		delete(n.Extra, name)
		if value := given[name]; value != nil && string(value) != "null" {
			n.Extra[name] = value
		}
	}
	return &n, nil
}

func patchContact(c *call) (answer, error) {
	if err := onlyParameters(c.URL.Query(), "fields", "update_mask"); err != nil {
		return answer{}, err
	}
	old, err := c.contact()
	if err != nil {
		return answer{}, err
	}
	var req contactRequest
	given, err := readBody(c.Request, contactShape(), &req)
	if err != nil {
		return answer{}, err
	}
	asked, err := mask(c, given, contactFields[:])
	if err != nil {
		return answer{}, err
	}
	changed, err := c.books.updateContact(old, &req, given, asked)
	if err != nil {
		return answer{}, err
	}
	return c.writeContact(http.StatusOK, "contact.edit", changed)
}

type wireCompany struct {
	ID           string   `json:"id"`
	CompanyName  string   `json:"company_name,omitempty"`
	Website      string   `json:"website,omitempty"`
	Notes        string   `json:"notes,omitempty"`
	Address      *Address `json:"address,omitempty"`
	EmailAddress *Email   `json:"email_address,omitempty"`
	PhoneNumber  *Phone   `json:"phone_number,omitempty"`
	CreateTime   string   `json:"create_time,omitempty"`
	UpdateTime   string   `json:"update_time,omitempty"`
}

// companyExtras are left out of lists unless they are asked for.
var companyExtras = [...]string{"notes", "fax_number", "address", "email_address", "phone_number", "update_time", "create_time", "custom_fields"}

func (b *Books) companyAnswer(company *Company) any {
	w := &wireCompany{
		ID: idText(company.ID), CompanyName: company.Name, Website: company.Website, Notes: company.Notes, Address: company.Address,
		CreateTime: timeText(company.CreateTime), UpdateTime: timeText(company.UpdateTime),
	}
	if company.Email != "" {
		w.EmailAddress = &Email{Field: "EMAIL1", Email: company.Email}
	}
	if company.Phone != "" {
		w.PhoneNumber = &Phone{Field: "PHONE1", Number: company.Phone}
	}
	return withExtra(w, company.Extra)
}

func listCompanies(c *call) (answer, error) {
	b := c.books
	one := func(get func(*Company) string) func(*Company) []string {
		return func(company *Company) []string { return []string{get(company)} }
	}
	address := func(get func(*Address) string) func(*Company) []string {
		return func(company *Company) []string {
			if company.Address == nil {
				return nil
			}
			return []string{get(company.Address)}
		}
	}
	name := func(company *Company) string { return company.Name }
	email := func(company *Company) string { return company.Email }
	updated := func(company *Company) time.Time { return company.UpdateTime }
	p, err := list(b.companies, &listing[Company]{
		name: b.tenant.ID + "/companies",
		fields: map[string]field[Company]{
			"company_name": textField(false, one(name)), "name": textField(true, one(name)), "email": textField(false, one(email)),
			"city": textField(true, address(func(a *Address) string { return a.Locality })), "state": textField(true, address(func(a *Address) string { return a.Region })),
			"since_time": sinceField("", updated), "until_time": untilField("", updated),
			"company_id": idField("id", func(company *Company) int64 { return company.ID }, ranges[:]...),
		},
		orders: map[string]func(a, b *Company) int{
			"id": nil, "create_time": compareTime(func(company *Company) time.Time { return company.CreateTime }),
			"name": compareText(name), "email": compareText(email),
		},
	}, c.URL.Query(), &b.fake.options.Switches)
	if err != nil {
		return answer{}, err
	}
	asked := lists(c.URL.Query(), "fields")
	return listAnswer(b, "companies", p, func(company *Company) any {
		fields := fieldsOf(b.companyAnswer(company))
		for _, extra := range companyExtras {
			if !slices.Contains(asked, extra) {
				delete(fields, extra)
			}
		}
		return fields
	}), nil
}

func getCompany(c *call) (answer, error) {
	id, _ := parseID(c.id)
	company := c.books.companies.get(id)
	if company == nil {
		return answer{}, notFound("Company not found: %s", c.id)
	}
	return answer{http.StatusOK, c.books.companyAnswer(company)}, nil
}
