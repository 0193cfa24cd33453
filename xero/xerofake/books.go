package xerofake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Books are the books of one organisation, as a person at the screen sees and changes them.
type Books struct {
	f    *Fake
	org  Organisation
	loc  *time.Location
	link connection

	accounts []*Account
	rates    []*TaxRate
	items    []*Item
	themes   []*BrandingTheme
	tracking []*TrackingCategory

	contacts timeline[*Contact]
	invoices timeline[*Invoice]
	credits  timeline[*CreditNote]
	payments timeline[*Payment]
	history  map[string][]HistoryRecord

	nameIndex    index             // folded contact name → contact ids
	numberIndex  index             // folded ContactNumber → contact ids
	accountIndex index             // folded AccountNumber → contact ids
	saleIndex    index             // folded number of a sales invoice → invoice ids
	contactDocs  index             // contact id → invoice ids
	trades       map[string][2]int // contact id → how many sales invoices and bills
	paid         index             // invoice or credit note id → payment ids
	credited     index             // invoice id → credit note ids

	nextInvoice, nextCredit int
	emails                  map[Date]int
	limits                  tenantLimits
}

// A connection is the app's link to the organisation, as /connections tells it.
type connection struct {
	ID, AuthEventID  string
	Created, Updated time.Time
	Gone             bool
}

// Books returns the books of the first organisation.
func (f *Fake) Books() *Books {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.books[0]
}

// BooksOf returns the books of the organisation with that organisation id, tenant id or name, or nil.
func (f *Fake) BooksOf(id string) *Books {
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, b := range f.books {
		if b.org.OrganisationID == id || b.org.TenantID == id || b.org.Name == id {
			return b
		}
	}
	return nil
}

// reopened tells whether the books file already held an organisation of the options: by id, by name, or,
// where it has neither, by its place in the list.
func (f *Fake) reopened(org Organisation, place, count int) bool {
	for i, b := range f.books[:count] {
		switch {
		case org.OrganisationID != "":
			if strings.EqualFold(b.org.OrganisationID, org.OrganisationID) {
				return true
			}
		case org.Name != "":
			if b.org.Name == org.Name {
				return true
			}
		case i == place:
			return true
		}
	}
	return false
}

// found sets an organisation up.
func (f *Fake) found(org Organisation) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range []string{org.OrganisationID, org.TenantID} {
		if id != "" && !isGUID(id) {
			return fmt.Errorf("xerofake: %q is not a GUID; Xero's organisation and tenant ids are", id)
		}
	}
	type country struct{ version, currency, zone string }
	home, ok := map[string]country{
		"AU": {"AU", "AUD", "AUSEASTERNSTANDARDTIME"}, "NZ": {"NZ", "NZD", "NEWZEALANDSTANDARDTIME"},
		"GB": {"UK", "GBP", "GMTSTANDARDTIME"}, "US": {"US", "USD", "EASTERNSTANDARDTIME"},
		"SG": {"GLOBAL", "SGD", "SINGAPORESTANDARDTIME"}, "IE": {"GLOBAL", "EUR", "GMTSTANDARDTIME"},
		"CA": {"GLOBAL", "CAD", "EASTERNSTANDARDTIME"}, "ZA": {"GLOBAL", "ZAR", "SOUTHAFRICASTANDARDTIME"},
		"DE": {"GLOBAL", "EUR", "WEUROPESTANDARDTIME"}, "FR": {"GLOBAL", "EUR", "ROMANCESTANDARDTIME"},
	}[first(org.CountryCode, "AU")]
	if !ok {
		home = country{"GLOBAL", "USD", "UTC"}
	}
	org.CountryCode = first(org.CountryCode, "AU")
	org.OrganisationID = first(strings.ToLower(org.OrganisationID), f.newID())
	org.TenantID = first(strings.ToLower(org.TenantID), f.newID())
	org.Name = first(org.Name, "Organisation "+org.OrganisationID[:4])
	org.LegalName = first(org.LegalName, org.Name)
	org.ShortCode = first(org.ShortCode, "!"+strings.ReplaceAll(org.OrganisationID, "-", "")[:5])
	org.BaseCurrency = first(org.BaseCurrency, home.currency)
	org.Timezone = first(org.Timezone, home.zone)
	org.Version = first(org.Version, home.version)
	org.InvoicePrefix = first(org.InvoicePrefix, "INV-")
	org.CreditNotePrefix = first(org.CreditNotePrefix, "CN-")
	if org.Class == "" {
		org.Class = "PREMIUM"
		if org.IsDemoCompany {
			org.Class = "DEMO"
		}
	}
	if !slices.Contains(org.Currencies, org.BaseCurrency) {
		org.Currencies = append([]string{org.BaseCurrency}, org.Currencies...)
	}
	for _, c := range org.Currencies {
		if _, ok := currencyName(c); !ok {
			return fmt.Errorf("xerofake: organisation %s: currency %q is unknown to Xero", org.OrganisationID, c)
		}
	}
	if org.CreatedDateUTC.IsZero() {
		org.CreatedDateUTC = now()
	}
	if _, err := location(org.Timezone); err != nil {
		return fmt.Errorf("xerofake: organisation %s: %w", org.OrganisationID, err)
	}
	chart := org.Chart
	if chart == nil {
		chart = DefaultChart(org.CountryCode)
	}
	org.Chart = nil
	c := &change{
		Org: org.OrganisationID, Organisation: &org, NextInvoice: 1, NextCredit: 1,
		Link: &connection{ID: f.newID(), AuthEventID: f.newID(), Created: now(), Updated: now()},
	}
	for _, a := range chart.Accounts {
		c.Accounts = append(c.Accounts, f.freshAccount(a, org.BaseCurrency))
	}
	for _, t := range chart.TaxRates {
		c.TaxRates = append(c.TaxRates, freshTaxRate(t))
	}
	for _, i := range chart.Items {
		i.ItemID, i.Updated = first(i.ItemID, f.newID()), now()
		c.Items = append(c.Items, &i)
	}
	for n, t := range chart.BrandingThemes {
		t.BrandingThemeID, t.SortOrder, t.Created = first(t.BrandingThemeID, f.newID()), n, now()
		c.Themes = append(c.Themes, &t)
	}
	for _, t := range chart.TrackingCategories {
		c.Tracking = append(c.Tracking, f.freshTracking(t))
	}
	return f.commit(c)
}

func (f *Fake) freshAccount(a Account, currency string) *Account {
	a.AccountID, a.Status = first(a.AccountID, f.newID()), first(a.Status, "ACTIVE")
	a.TaxType = first(a.TaxType, noTax)
	if a.Type == "BANK" {
		a.CurrencyCode, a.BankAccountType = first(a.CurrencyCode, currency), first(a.BankAccountType, "BANK")
	}
	a.Updated = now()
	return &a
}

func freshTaxRate(t TaxRate) *TaxRate {
	t.Status = first(t.Status, "ACTIVE")
	t.ReportTaxType = first(t.ReportTaxType, "OUTPUT")
	if len(t.Components) == 0 {
		t.Components = []TaxComponent{{Name: t.Name, Rate: t.EffectiveRate}}
	}
	return &t
}

func (f *Fake) freshTracking(t TrackingCategory) *TrackingCategory {
	t.TrackingCategoryID, t.Status = first(t.TrackingCategoryID, f.newID()), first(t.Status, "ACTIVE")
	t.Options = slices.Clone(t.Options)
	for i := range t.Options {
		t.Options[i].TrackingOptionID = first(t.Options[i].TrackingOptionID, f.newID())
		t.Options[i].Status = first(t.Options[i].Status, "ACTIVE")
	}
	return &t
}

// A change is what is committed at once: the new state of each record it touches.
type change struct {
	Org          string              `json:",omitempty"`
	Organisation *Organisation       `json:",omitempty"`
	Link         *connection         `json:",omitempty"`
	Accounts     []*Account          `json:",omitempty"`
	TaxRates     []*TaxRate          `json:",omitempty"`
	Items        []*Item             `json:",omitempty"`
	Themes       []*BrandingTheme    `json:",omitempty"`
	Tracking     []*TrackingCategory `json:",omitempty"`
	Contacts     []*Contact          `json:",omitempty"`
	Invoices     []*Invoice          `json:",omitempty"`
	CreditNotes  []*CreditNote       `json:",omitempty"`
	Payments     []*Payment          `json:",omitempty"`
	History      []HistoryRecord     `json:",omitempty"`
	NextInvoice  int                 `json:",omitempty"`
	NextCredit   int                 `json:",omitempty"`
	Emails       map[Date]int        `json:",omitempty"`
	IDs          uint64              `json:",omitempty"`
	Key          *answered           `json:",omitempty"`
	Sessions     []*session          `json:",omitempty"`
	Access       []*access           `json:",omitempty"`
}

// commit writes the change to the journal and then to the books: a change that could not be written
// did not happen. Call with the lock held.
func (f *Fake) commit(c *change) error {
	c.IDs = f.ids
	if err := f.write(c); err != nil {
		return err
	}
	return f.apply(c)
}

func (f *Fake) apply(c *change) error {
	f.ids = max(f.ids, c.IDs)
	if c.Key != nil {
		f.keys[c.Key.App+"\x00"+c.Key.Key] = c.Key
	}
	for _, s := range c.Sessions {
		f.sessions[s.Refresh] = s
	}
	for _, a := range c.Access {
		f.access[a.Token] = a
	}
	if c.Org == "" {
		return nil
	}
	i := slices.IndexFunc(f.books, func(b *Books) bool { return b.org.OrganisationID == c.Org })
	if i < 0 {
		if c.Organisation == nil {
			return fmt.Errorf("xerofake: books file names organisation %s before it describes it", c.Org)
		}
		f.books = append(f.books, &Books{f: f, history: map[string][]HistoryRecord{}, emails: map[Date]int{}, trades: map[string][2]int{}})
		i = len(f.books) - 1
	}
	return f.books[i].apply(c)
}

func (b *Books) apply(c *change) error {
	if c.Organisation != nil {
		loc, err := location(c.Organisation.Timezone)
		if err != nil {
			return err
		}
		b.org, b.loc = *c.Organisation, loc
	}
	if c.Link != nil {
		b.link = *c.Link
	}
	for _, a := range c.Accounts {
		b.accounts = upsert(b.accounts, a, func(x *Account) bool { return x.AccountID == a.AccountID })
	}
	for _, t := range c.TaxRates {
		b.rates = upsert(b.rates, t, func(x *TaxRate) bool { return x.TaxType == t.TaxType })
	}
	for _, t := range c.Items {
		b.items = upsert(b.items, t, func(x *Item) bool { return x.ItemID == t.ItemID })
	}
	for _, t := range c.Themes {
		b.themes = upsert(b.themes, t, func(x *BrandingTheme) bool { return x.BrandingThemeID == t.BrandingThemeID })
	}
	for _, t := range c.Tracking {
		b.tracking = upsert(b.tracking, t, func(x *TrackingCategory) bool { return x.TrackingCategoryID == t.TrackingCategoryID })
	}
	for _, n := range c.Contacts {
		if old, ok := b.contacts.put(n); ok {
			b.nameIndex.drop(fold(old.Name), old.ContactID)
			b.numberIndex.drop(fold(old.ContactNumber), old.ContactID)
			b.accountIndex.drop(fold(old.AccountNumber), old.ContactID)
		}
		b.nameIndex.add(fold(n.Name), n.ContactID)
		b.numberIndex.add(fold(n.ContactNumber), n.ContactID)
		b.accountIndex.add(fold(n.AccountNumber), n.ContactID)
	}
	for _, n := range c.Invoices {
		old, replaced := b.invoices.put(n)
		if replaced && (old.Number != n.Number || old.Type != n.Type) {
			b.saleIndex.drop(fold(old.Number), old.ID)
		}
		if n.Type == "ACCREC" {
			b.saleIndex.add(fold(n.Number), n.ID)
		}
		if replaced && (old.ContactID != n.ContactID || old.Type != n.Type) {
			b.contactDocs.drop(old.ContactID, old.ID)
			b.trade(old, -1)
			replaced = false
		}
		if !replaced {
			b.contactDocs.append(n.ContactID, n.ID)
			b.trade(n, 1)
		}
	}
	for _, n := range c.CreditNotes {
		if old, ok := b.credits.put(n); ok {
			for _, a := range old.Allocations {
				b.credited.drop(a.InvoiceID, n.ID)
			}
		}
		for _, a := range n.Allocations {
			b.credited.add(a.InvoiceID, n.ID)
		}
	}
	for _, n := range c.Payments {
		if _, replaced := b.payments.put(n); !replaced {
			b.paid.append(n.InvoiceID+n.CreditNoteID, n.PaymentID)
		}
	}
	for _, h := range c.History {
		b.history[h.RecordID] = append(b.history[h.RecordID], h)
	}
	b.nextInvoice, b.nextCredit = max(b.nextInvoice, c.NextInvoice), max(b.nextCredit, c.NextCredit)
	for d, n := range c.Emails {
		b.emails[d] = n
	}
	return nil
}

// trade counts an invoice for its contact.
func (b *Books) trade(i *Invoice, by int) {
	t := b.trades[i.ContactID]
	if i.isSale() {
		t[0] += by
	} else {
		t[1] += by
	}
	b.trades[i.ContactID] = t
}

// today is the organisation's civil date.
func (b *Books) today() Date { return DateOf(time.Now(), b.loc) }

func (b *Books) account(code string) *Account {
	if code == "" {
		return nil
	}
	return find(b.accounts, func(a *Account) bool { return strings.EqualFold(a.Code, code) })
}

func (b *Books) rate(taxType string) *TaxRate {
	return find(b.rates, func(t *TaxRate) bool { return strings.EqualFold(t.TaxType, taxType) })
}

func (b *Books) item(code string) *Item {
	return find(b.items, func(i *Item) bool { return strings.EqualFold(i.Code, code) })
}

// dayRate is the rate for a document that names none.
func (b *Books) dayRate(currency string) decimal.Decimal {
	if r, ok := b.org.DayRates[currency]; ok && currency != b.org.BaseCurrency {
		return r.Round(6)
	}
	return decimal.New(1, 0)
}

// upsert replaces the record in a fresh slice, so that readers of the old one are not disturbed.
func upsert[T any](all []*T, record *T, same func(*T) bool) []*T {
	if i := slices.IndexFunc(all, same); i >= 0 {
		all = slices.Clone(all)
		all[i] = record
		return all
	}
	return append(all[:len(all):len(all)], record)
}

func find[T any](all []*T, match func(*T) bool) *T {
	if i := slices.IndexFunc(all, match); i >= 0 {
		return all[i]
	}
	return nil
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
