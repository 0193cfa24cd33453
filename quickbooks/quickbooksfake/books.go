package quickbooksfake

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Books are the books of one company, as a person at the screen sees and changes them.
type Books struct {
	f       *Fake
	company Company
	loc     *time.Location

	settings int       // how often the company was changed
	settled  time.Time // and when
	tables   map[string]*table
	ids      map[string]int64
	number   int64 // the last automatic number of a sales form
	keys     map[string]*answered

	names   map[string]owner    // folded display name → who has it
	numbers map[string][]string // kind and number → ids
	paying  map[string][]string // kind and id of a sale → ids of the payments that have a line for it
	limits  realmLimits
}

type owner struct{ kind, id string }

// A row is a record in its table; a replaced one is dead and swept later.
type row struct {
	rec  record
	dead bool
}

// A table keeps the records of a kind by id and in the order of their last change.
type table struct {
	kind *kind
	byID map[string]*row
	log  []*row
	gone []stub
}

// A stub is what is left of a deleted record.
type stub struct {
	Kind, ID string
	At       time.Time
}

func (t *table) get(id string) (record, bool) {
	r, ok := t.byID[id]
	if !ok {
		return nil, false
	}
	return r.rec, true
}

func (t *table) put(r record) {
	id := r.head().ID
	if old, ok := t.byID[id]; ok {
		old.dead = true
	}
	fresh := &row{rec: r}
	t.byID[id] = fresh
	t.log = append(t.log, fresh)
	t.sweep()
}

func (t *table) remove(s stub) {
	if old, ok := t.byID[s.ID]; ok {
		old.dead = true
		delete(t.byID, s.ID)
	}
	t.gone = append(t.gone, s)
	t.sweep()
}

func (t *table) sweep() {
	if len(t.log) > 2*len(t.byID)+64 {
		t.log = slices.DeleteFunc(t.log, func(r *row) bool { return r.dead })
	}
}

// all returns the live records, last changed last.
func (t *table) all() []record {
	out := make([]record, 0, len(t.byID))
	for _, r := range t.log {
		if !r.dead {
			out = append(out, r.rec)
		}
	}
	return out
}

// byChange brings the log into the order of LastUpdatedTime, after records were loaded as they were.
func (t *table) byChange() {
	slices.SortStableFunc(t.log, func(a, b *row) int {
		return a.rec.head().MetaData.LastUpdatedTime.Compare(b.rec.head().MetaData.LastUpdatedTime)
	})
}

// Books returns the books of the first company.
func (f *Fake) Books() *Books { return f.books[0] }

// BooksOf returns the books of the company with that realm id or name, or nil.
func (f *Fake) BooksOf(realmOrName string) *Books {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.booksOf(realmOrName)
}

func (f *Fake) booksOf(realmOrName string) *Books {
	for _, b := range f.books {
		if b.company.RealmID == realmOrName || b.company.Name == realmOrName {
			return b
		}
	}
	return nil
}

// found sets a company up.
func (f *Fake) found(c Company, place int) error {
	c.Country = first(c.Country, "US")
	home := countryOf(c.Country)
	c.RealmID = first(c.RealmID, strconv.FormatInt(9341457021722200+int64(place), 10))
	if strings.Trim(c.RealmID, "0123456789") != "" {
		return fmt.Errorf("quickbooksfake: realm id %q is not a number; QuickBooks' are", c.RealmID)
	}
	if f.booksOf(c.RealmID) != nil {
		return nil // the books file knows it
	}
	c.Name = first(c.Name, "Harbour Bikes "+c.Country)
	c.LegalName = first(c.LegalName, c.Name)
	c.HomeCurrency = first(c.HomeCurrency, home.currency)
	c.TimeZone = first(c.TimeZone, "America/Los_Angeles")
	if c.SalesTax == "" {
		c.SalesTax = SalesTaxManual
		if c.us() {
			c.SalesTax = SalesTaxAutomated
		}
	}
	switch c.SalesTax {
	case SalesTaxAutomated, SalesTaxNotSetUp:
		if !c.us() {
			return fmt.Errorf("quickbooksfake: company %s: automated sales tax exists in the US only", c.RealmID)
		}
	case SalesTaxManual, SalesTaxOff:
	default:
		return fmt.Errorf("quickbooksfake: company %s: sales tax %q is none of automated, not_set_up, manual, off", c.RealmID, c.SalesTax)
	}
	if c.DefaultTermDays == 0 {
		c.DefaultTermDays = 30
	}
	if c.FirstNumber == 0 {
		c.FirstNumber = 1001
	}
	if c.BookCloseDate != "" && !c.BookCloseDate.valid() {
		return fmt.Errorf("quickbooksfake: company %s: BookCloseDate %q is not a date like 2026-03-31", c.RealmID, c.BookCloseDate)
	}
	if c.Created.IsZero() {
		c.Created = time.Now()
	}
	loc, err := time.LoadLocation(c.TimeZone)
	if err != nil {
		return fmt.Errorf("quickbooksfake: company %s: %w", c.RealmID, err)
	}
	c.Created = c.Created.UTC().Truncate(time.Second)
	chart := c.Chart
	if chart == nil {
		chart = DefaultChart(c.Country)
	}
	c.Chart = nil

	// The ids of the names, items and accounts of a company overlap: an invoice 5 is not a customer 5.
	ch := &change{Realm: c.RealmID, Company: &c, Settled: c.Created, Number: c.FirstNumber - 1, IDs: map[string]int64{
		"txn": 100, "name": 50, "item": 20, "account": 1150040000, "term": 10, "method": 10, "taxcode": 20, "taxrate": 40, "currency": 0,
	}}
	at := c.Created.In(loc)
	add := func(k string, r record) {
		h := r.head()
		h.Domain, h.SyncToken = "QBO", first(h.SyncToken, "0")
		h.MetaData = MetaData{CreateTime: at, LastUpdatedTime: at}
		ids := f.kinds[k].ids
		if h.ID == "" {
			ch.IDs[ids]++
			h.ID = strconv.FormatInt(ch.IDs[ids], 10)
		}
		ch.Put = append(ch.Put, entry{k, r})
	}
	yes := pointer(true)
	for _, a := range chart.Accounts {
		a.Active, a.FullyQualifiedName, a.CurrencyRef = yes, first(a.FullyQualifiedName, a.Name), &Ref{Value: c.HomeCurrency, Name: currencyName(c.HomeCurrency)}
		add("Account", &a)
	}
	for _, t := range chart.TaxRates {
		t.Active = yes
		add("TaxRate", &t)
	}
	for _, t := range chart.TaxCodes {
		t.Active = yes
		add("TaxCode", &t)
	}
	for _, i := range chart.Items {
		i.Active, i.FullyQualifiedName = yes, first(i.FullyQualifiedName, i.Name)
		add("Item", &i)
	}
	for _, t := range chart.Terms {
		t.Active = yes
		add("Term", &t)
	}
	for _, m := range chart.PaymentMethods {
		m.Active = yes
		add("PaymentMethod", &m)
	}
	if c.Multicurrency {
		for _, code := range c.Currencies {
			add("CompanyCurrency", &CompanyCurrency{Code: code, Name: currencyName(code), Active: yes})
		}
	}
	return f.commit(ch)
}

// A change is what is committed at once: the new state of each record it touches.
type change struct {
	Realm    string           `json:",omitzero"`
	Company  *Company         `json:",omitzero"`
	Settled  time.Time        `json:",omitzero"`
	Put      []entry          `json:",omitzero"`
	Gone     []stub           `json:",omitzero"`
	IDs      map[string]int64 `json:",omitzero"`
	Number   int64            `json:",omitzero"`
	Key      *answered        `json:",omitzero"`
	Sessions []*session       `json:",omitzero"`
	Access   []*access        `json:",omitzero"`
	Minted   uint64           `json:",omitzero"`
}

// An entry is a record with its kind.
type entry struct {
	Kind   string
	Record record
}

// replayed is a change as the books file has it.
type replayed struct {
	change
	Put []struct {
		Kind   string
		Record json.RawMessage
	}
}

func (f *Fake) replay(line []byte) error {
	var in replayed
	if err := json.Unmarshal(line, &in); err != nil {
		return err
	}
	c := in.change
	c.Put = nil
	for _, e := range in.Put {
		k, ok := f.kinds[e.Kind]
		if !ok {
			return fmt.Errorf("it holds a %s, which this fake does not know", e.Kind)
		}
		rec := k.make()
		if err := json.Unmarshal(e.Record, rec); err != nil {
			return err
		}
		c.Put = append(c.Put, entry{e.Kind, rec})
	}
	return f.apply(&c)
}

// commit writes the change to the journal and then to the books: a change that could not be written did
// not happen. Call with the lock held.
func (f *Fake) commit(c *change) error {
	c.Minted = f.minted
	if err := f.journal.Write(c); err != nil {
		return fmt.Errorf("quickbooksfake: %w", err)
	}
	return f.apply(c)
}

func (f *Fake) apply(c *change) error {
	f.minted = max(f.minted, c.Minted)
	for _, s := range c.Sessions {
		f.sessions[s.Refresh] = s
	}
	for _, a := range c.Access {
		f.access[a.Token] = a
	}
	if c.Realm == "" {
		return nil
	}
	b := f.booksOf(c.Realm)
	if b == nil {
		if c.Company == nil {
			return fmt.Errorf("quickbooksfake: books file names company %s before it describes it", c.Realm)
		}
		b = &Books{
			f: f, tables: map[string]*table{}, ids: map[string]int64{}, keys: map[string]*answered{},
			names: map[string]owner{}, numbers: map[string][]string{}, paying: map[string][]string{}, limits: newRealmLimits(),
		}
		for name, k := range f.kinds {
			b.tables[name] = &table{kind: k, byID: map[string]*row{}}
		}
		f.books = append(f.books, b)
	}
	return b.apply(c)
}

func (b *Books) apply(c *change) error {
	if c.Company != nil {
		if b.loc == nil { // a company keeps its zone, so that it can be read without the lock
			loc, err := time.LoadLocation(c.Company.TimeZone)
			if err != nil {
				return fmt.Errorf("quickbooksfake: company %s: %w", c.Realm, err)
			}
			b.loc = loc
		}
		b.company = *c.Company
		b.settings++
		b.settled = c.Settled
	}
	for _, e := range c.Put {
		t := b.tables[e.Kind]
		if old, ok := t.get(e.Record.head().ID); ok {
			b.unlist(e.Kind, old)
		}
		t.put(e.Record)
		b.list(e.Kind, e.Record)
	}
	for _, s := range c.Gone {
		t := b.tables[s.Kind]
		if old, ok := t.get(s.ID); ok {
			b.unlist(s.Kind, old)
		}
		t.remove(s)
	}
	for name, n := range c.IDs {
		b.ids[name] = max(b.ids[name], n)
	}
	b.number = max(b.number, c.Number)
	if c.Key != nil {
		b.keys[c.Key.Slot] = c.Key
	}
	return nil
}

// list enters a record's name or number into the indexes; unlist takes it out.
func (b *Books) list(kind string, r record) {
	if p, ok := r.(interface{ party() *Party }); ok {
		if name := b.nameKey(p.party()); name != "" {
			b.names[name] = owner{kind, r.head().ID}
		}
	}
	if number := docNumber(r); number != "" {
		slot := kind + "\x00" + number
		b.numbers[slot] = append(b.numbers[slot], r.head().ID)
	}
	if p, ok := r.(*Payment); ok {
		for _, t := range targets(p) {
			b.paying[t.slot()] = append(b.paying[t.slot()], p.ID)
		}
	}
}

func (b *Books) unlist(kind string, r record) {
	if p, ok := r.(interface{ party() *Party }); ok {
		if name := b.nameKey(p.party()); b.names[name] == (owner{kind, r.head().ID}) {
			delete(b.names, name)
		}
	}
	if number := docNumber(r); number != "" {
		slot := kind + "\x00" + number
		b.numbers[slot] = slices.DeleteFunc(slices.Clone(b.numbers[slot]), func(id string) bool { return id == r.head().ID })
	}
	if p, ok := r.(*Payment); ok {
		for _, t := range targets(p) {
			b.paying[t.slot()] = slices.DeleteFunc(slices.Clone(b.paying[t.slot()]), func(id string) bool { return id == p.ID })
		}
	}
}

func docNumber(r record) string {
	if s, ok := r.(interface{ sale() *Sale }); ok {
		return s.sale().DocNumber
	}
	return ""
}

const deletedSuffix = " (deleted)"

// nameKey is the place of a name in the common name space; "" takes none.
func (b *Books) nameKey(p *Party) string {
	name := p.DisplayName
	if p.Active != nil && !*p.Active {
		if b.f.opts.Switches.InactiveNamesFree {
			return b.fold(name)
		}
		name = strings.TrimSuffix(name, deletedSuffix)
	}
	return b.fold(name)
}

func (b *Books) fold(name string) string {
	if b.f.opts.Switches.CaseSensitiveNames {
		return name
	}
	return strings.ToLower(name)
}

func (b *Books) now() time.Time { return time.Now().In(b.loc) }

func (b *Books) today() Date { return DateOf(time.Now(), b.loc) }

// An op is one operation on the books: it reads them as they will be, and its change is committed at once.
type op struct {
	b      *Books
	at     time.Time // to the second, in the company's zone
	byHand bool      // by a person at the screen: no lock dates, no requirements of the API
	allow  bool      // duplicate numbers
	change *change
	placed map[string]int // kind and id → place in change.Put
	bumped map[string]bool
	owed   map[string]decimal.Decimal
}

func (b *Books) begin() *op {
	return &op{
		b: b, at: b.now().Truncate(time.Second), change: &change{Realm: b.company.RealmID, IDs: map[string]int64{}},
		placed: map[string]int{}, bumped: map[string]bool{}, owed: map[string]decimal.Decimal{},
	}
}

func (o *op) put(kind string, r record) {
	slot := kind + "\x00" + r.head().ID
	if i, ok := o.placed[slot]; ok {
		o.change.Put[i].Record = r
		return
	}
	o.placed[slot] = len(o.change.Put)
	o.change.Put = append(o.change.Put, entry{kind, r})
}

// get returns a record as this operation leaves it.
func (o *op) get(kind, id string) (record, bool) {
	if i, ok := o.placed[kind+"\x00"+id]; ok {
		return o.change.Put[i].Record, true
	}
	for _, s := range o.change.Gone {
		if s.Kind == kind && s.ID == id {
			return nil, false
		}
	}
	return o.b.tables[kind].get(id)
}

// nextID draws an id. Those of transactions have gaps, as real ones have.
func (o *op) nextID(counter string) string {
	n := max(o.b.ids[counter], o.change.IDs[counter]) + 1
	if counter == "txn" && n%3 == 0 {
		n++
	}
	o.change.IDs[counter] = n
	return strconv.FormatInt(n, 10)
}

// owe moves what a customer owes, and that of the customers above it.
func (o *op) owe(customer string, by decimal.Decimal) {
	o.owed[customer] = o.owed[customer].Add(by)
}

// settle writes the customers' balances: their LastUpdatedTime moves and their SyncToken does not, so that a
// new invoice makes its customer show up among the changes (recorded: customer 1 after invoice 161).
func (o *op) settle() error {
	for _, id := range slices.Sorted(maps.Keys(o.owed)) {
		by := o.owed[id]
		for level := 0; id != "" && level < 6; level++ {
			rec, ok := o.get("Customer", id)
			if !ok {
				break
			}
			c, ok := deepCopy(rec).(*Customer)
			if !ok {
				break
			}
			if level == 0 {
				c.Balance = Amount{c.Balance.Add(by)}
				c.MetaData.LastUpdatedTime = o.at
			}
			c.BalanceWithJobs = Amount{c.BalanceWithJobs.Add(by)}
			o.put("Customer", c)
			id = ""
			if c.ParentRef != nil {
				id = c.ParentRef.Value
			}
		}
	}
	o.owed = map[string]decimal.Decimal{}
	return nil
}

func (o *op) commit() error {
	if err := o.settle(); err != nil {
		return err
	}
	return o.b.f.commit(o.change)
}
