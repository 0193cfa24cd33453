package invoicesync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// clients finds the ledger's contact for a client of the source: by link, by our mark, by account
// number, by e-mail. One hit links, none creates, several ask. A name alone never links.
//
// It matches on an index of the ledger's contacts in the store, so that memory stays flat and names
// never travel in queries. The index holds hashes of names and addresses, not the texts.
type clients struct {
	w       *pass
	fresh   bool
	changed bool              // the ledger's contacts have, since the last run
	cache   map[string]string // source id → ledger id
	refused map[string][]eligibility.Reason
	pending map[string]entry[ledger.Contact]
	names   map[string]bool // of contacts that are on their way
	links   []store.Link    // to be remembered with the next write

	unindexed []ledger.Contact // created, and not in the index yet
	reversed  bool             // a flow the other way has written contacts, when the page was begun
}

func newClients(w *pass) *clients {
	return &clients{w: w, cache: map[string]string{}, refused: map[string][]eligibility.Reason{},
		pending: map[string]entry[ledger.Contact]{}, names: map[string]bool{}}
}

// maxCache bounds what a run keeps in memory of contacts.
const maxCache = 4096

func (c *clients) room() string { return "contacts/" + c.w.pair.Ledger.String() }

// find returns the contact's id in the ledger, or the entry that creates it, or why neither.
func (c *clients) find(ctx context.Context, contact ledger.Contact) (string, *entry[ledger.Contact], []eligibility.Reason, error) {
	if contact.ID == "" {
		return "", nil, []eligibility.Reason{*parked(eligibility.CodeNoContact, "", "a client", "The invoice names no client.")}, nil
	}
	if id, ok := c.cache[contact.ID]; ok {
		return id, nil, nil, nil
	}
	if p, ok := c.pending[contact.ID]; ok {
		return "", &p, nil, nil
	}
	if r, ok := c.refused[contact.ID]; ok {
		return "", nil, r, nil
	}
	if err := c.refresh(ctx); err != nil {
		return "", nil, nil, err
	}
	var id string
	var create *entry[ledger.Contact]
	var reason *eligibility.Reason
	err := c.w.db.View(ctx, func(tx store.Tx) (err error) {
		id, create, reason, err = c.match(tx, contact)
		return err
	})
	switch {
	case err != nil:
		return "", nil, nil, err
	case reason != nil:
		if len(c.refused) > maxCache {
			clear(c.refused)
		}
		c.refused[contact.ID] = []eligibility.Reason{*reason}
		c.w.rep.Contacts.Parked++
		return "", nil, c.refused[contact.ID], nil
	case create != nil:
		c.pending[contact.ID] = *create
		c.names[normal(create.draft.Record.Name)] = true
		return "", create, nil, nil
	}
	c.remember(contact.ID, id)
	if len(c.links) >= maxLinks {
		err = c.keepLinks(ctx)
	}
	return id, nil, nil, err
}

// maxLinks is how many clients may be found before that is stored.
const maxLinks = 500

func (c *clients) remember(sourceID, id string) {
	// What is forgotten here must be found in the store, or it would be found and counted again.
	if len(c.cache) > maxCache && len(c.links) == 0 {
		clear(c.cache)
	}
	c.cache[sourceID] = id
}

// match is find within one view of the store.
func (c *clients) match(tx store.Tx, contact ledger.Contact) (string, *entry[ledger.Contact], *eligibility.Reason, error) {
	docs := tx.Documents(c.room())
	link, linked, err := tx.Links().Get(c.w.pair, ledger.KindContact, contact.ID)
	if err != nil {
		return "", nil, nil, err
	}
	if linked && link.State == store.Written {
		id, reason, err := c.follow(docs, link.LedgerID)
		return id, nil, reason, err
	}
	if linked && onItsWay(link) {
		return "", nil, parked(CodeContactUncertain, "", "", "Whether the client exists in the ledger is being looked up."), nil
	}
	generation := 0
	if linked {
		generation = link.Generation
	}
	twin := ""
	if c.reversed {
		if twin, err = c.mirrored(tx, contact); err != nil {
			return "", nil, nil, err
		}
	}
	mark := ledger.NewMark(c.w.pair.Ledger, ledger.KindContact, c.w.pair.Source, contact.ID, generation)
	if twin != "" {
		id, reason, err := c.follow(docs, twin)
		if err == nil && reason == nil {
			c.link(contact, mark, generation, id)
		}
		return id, nil, reason, err
	}
	for _, key := range []struct{ prefix, value, by string }{
		{"m/", string(mark), "mark"}, {"a/", contact.AccountNumber, "account number"}, {"e/", strings.ToLower(address(contact.Email)), "e-mail address"},
	} {
		if key.value == "" {
			continue
		}
		ids, err := hits(docs, key.prefix+digest(key.value)+"/", true)
		if err != nil {
			return "", nil, nil, err
		}
		seen := map[string]bool{}
		var blocked *eligibility.Reason
		for _, id := range ids {
			to, reason, err := c.follow(docs, id)
			if err != nil {
				return "", nil, nil, err
			}
			if reason != nil {
				blocked = reason
				continue
			}
			seen[to] = true
		}
		switch {
		case len(seen) > 1:
			return "", nil, parked(CodeContactAmbiguous, fmt.Sprint(len(seen), " contacts"), "one", "Several contacts of the ledger have the client's %s. Merge them, or give only one of them the %s.", key.by, key.by), nil
		case len(seen) == 1:
			for to := range seen {
				c.link(contact, mark, generation, to)
				return to, nil, nil, nil
			}
		case blocked != nil:
			return "", nil, blocked, nil
		}
	}
	if c.w.push.settings.Contacts.CreateNone {
		return "", nil, parked(CodeContactUnknown, "", "", "The client is not in the ledger, and the settings create none."), nil
	}
	return c.create(docs, contact, mark, generation)
}

// create drafts a new contact under a name that is free.
func (c *clients) create(docs store.Documents, contact ledger.Contact, mark ledger.Mark, generation int) (string, *entry[ledger.Contact], *eligibility.Reason, error) {
	draft := ledger.Contact{Number: string(mark), AccountNumber: contact.AccountNumber, Name: displayName(contact),
		GivenName: contact.GivenName, FamilyName: contact.FamilyName, Email: address(contact.Email), Mark: mark,
		// Some ledgers fix a client's currency for good, and take invoices of no other.
		Currency: c.w.push.settings.Currency}
	taken, err := c.taken(docs, draft.Name)
	if err != nil {
		return "", nil, nil, err
	}
	if taken {
		if !c.w.push.settings.Contacts.Suffix {
			return "", nil, parked(CodeContactNameTaken, "", "", "Another contact of the ledger has the client's name. Link the two, or allow names with a suffix."), nil
		}
		draft.Name = withSuffix(draft.Name, contact.ID)
	}
	e := entry[ledger.Contact]{
		link: store.Link{Pair: c.w.pair, Kind: ledger.KindContact, SourceID: contact.ID, Generation: generation, Mark: mark,
			Currency: c.w.push.settings.Currency, Updated: time.Now().UTC()},
		draft: ledger.Draft[ledger.Contact]{Mark: mark, Record: draft},
	}
	return "", &e, nil, nil
}

func (c *clients) taken(docs store.Documents, name string) (bool, error) {
	if c.names[normal(name)] {
		return true, nil
	}
	ids, err := hits(docs, "n/"+digest(normal(name))+"/", false)
	return len(ids) > 0, err
}

// suffixed drafts a contact anew whose name the ledger says is taken.
func (c *clients) suffixed(link store.Link, contact ledger.Contact) (entry[ledger.Contact], bool) {
	p, ok := c.pending[contact.ID]
	if !ok || strings.HasSuffix(p.draft.Record.Name, suffix(contact.ID)) {
		return p, false
	}
	p.draft.Record.Name = withSuffix(p.draft.Record.Name, contact.ID)
	before := link
	p.before = &before
	c.pending[contact.ID] = p
	return p, true
}

// created takes a new contact over; indexCreated writes it into the index.
func (c *clients) created(sourceID string, res result[ledger.Contact]) {
	p := c.pending[sourceID]
	delete(c.pending, sourceID)
	delete(c.names, normal(p.draft.Record.Name))
	c.remember(sourceID, res.link.LedgerID)
	record := p.draft.Record
	record.ID, record.Status = res.link.LedgerID, ledger.ContactActive
	c.unindexed = append(c.unindexed, record)
}

// indexCreated writes the new contacts into the index, those of a batch in one transaction. Where it
// fails, the next run reads them from the ledger.
func (c *clients) indexCreated(ctx context.Context) error {
	if len(c.unindexed) == 0 {
		return nil
	}
	records := c.unindexed
	c.unindexed = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return c.w.update(ctx, func(tx store.Tx) error {
		docs := tx.Documents(c.room())
		for _, record := range records {
			if _, err := index(docs, record); err != nil {
				return err
			}
		}
		return nil
	})
}

// link notes that a client is a contact that was there already.
func (c *clients) link(contact ledger.Contact, mark ledger.Mark, generation int, id string) {
	c.w.rep.Contacts.Linked++
	l := store.Link{Pair: c.w.pair, Kind: ledger.KindContact, SourceID: contact.ID, Generation: generation, Mark: mark,
		State: store.Written, Adopted: true, LedgerID: id, Updated: time.Now().UTC()}
	c.w.stamp(&l)
	if !c.w.dry {
		c.links = append(c.links, l)
	}
}

// keepLinks remembers the links found since the last time.
func (c *clients) keepLinks(ctx context.Context) error {
	if len(c.links) == 0 || c.w.dry {
		return nil
	}
	links := c.links
	c.links = nil
	return c.w.update(ctx, func(tx store.Tx) error { return tx.Links().Put(links...) })
}

// follow goes from a contact to the one that it was merged into, and says why it cannot be used.
func (c *clients) follow(docs store.Documents, id string) (string, *eligibility.Reason, error) {
	for range 8 {
		doc, ok, err := docs.Get("i/" + id)
		if err != nil {
			return "", nil, err
		}
		if !ok {
			return id, nil, nil // not in the index yet: the ledger will say
		}
		var card card
		if err := decode(doc, &card); err != nil {
			return "", nil, err
		}
		switch {
		case card.Merged != "" && card.Merged != id:
			id = card.Merged
			continue
		case card.Role != "" && card.Role != "customer":
			return "", parked(CodeContactNotCustomer, card.Role, "customer", "The matching contact is a %s, which cannot be invoiced.", card.Role), nil
		case card.Status == ledger.ContactActive || card.Status == "":
			return id, nil, nil
		}
		return "", parked(CodeContactArchived, string(card.Status), string(ledger.ContactActive), "The client's contact is archived in the ledger. Restore it there."), nil
	}
	return "", parked(CodeContactMergeCircle, id, "", "The ledger's contacts are merged into each other."), nil
}

// refresh brings the index up to date, once a run: all contacts the first time, then what changed.
func (c *clients) refresh(ctx context.Context) error {
	if c.fresh {
		return nil
	}
	name := "contacts/" + c.w.pair.Ledger.String()
	cursor, err := c.w.cursor(ctx, name)
	if err != nil {
		return err
	}
	for page, err := range c.w.push.ledger.Contacts(ctx, ledger.Query{Cursor: cursor}) {
		if err != nil {
			return err
		}
		err := c.w.update(ctx, func(tx store.Tx) error {
			docs := tx.Documents(c.room())
			for _, contact := range page.Records {
				changed, err := index(docs, contact)
				if err != nil {
					return err
				}
				c.changed = c.changed || changed
			}
			for _, gone := range page.Deleted {
				changed, err := index(docs, ledger.Contact{ID: gone.ID, Status: ledger.ContactErased})
				if err != nil {
					return err
				}
				c.changed = c.changed || changed
			}
			if page.Next == "" {
				return nil
			}
			return tx.Cursors().Set(name, string(page.Next))
		})
		if err != nil {
			return err
		}
	}
	c.fresh = true
	return nil
}

// card is what the index says of a contact.
type card struct {
	Status ledger.ContactStatus `json:"s,omitempty"`
	Merged string               `json:"m,omitempty"`
	Role   string               `json:"r,omitempty"`
	Keys   []string             `json:"k,omitempty"`
}

// index writes a contact's card, and the keys by which it is found, and reports whether they are new.
func index(docs store.Documents, contact ledger.Contact) (bool, error) {
	next := card{Status: contact.Status, Merged: contact.MergedInto, Role: contact.Role}
	add := func(prefix, value string) {
		if value != "" {
			next.Keys = append(next.Keys, prefix+digest(value)+"/"+contact.ID)
		}
	}
	mark := contact.Mark
	if mark == "" {
		mark = ledger.MarkIn(contact.Number)
	}
	add("m/", string(mark))
	add("a/", contact.AccountNumber)
	add("e/", strings.ToLower(address(contact.Email)))
	if contact.Status == ledger.ContactActive || contact.Status == "" {
		// Names are unique among active contacts only.
		add("n/", normal(contact.Name))
	}
	old, ok, err := docs.Get("i/" + contact.ID)
	if err != nil {
		return false, err
	}
	value, err := json.Marshal(next)
	if err != nil {
		return false, err
	}
	if ok {
		if string(old.Value) == string(value) {
			return false, nil
		}
		var before card
		if err := decode(old, &before); err != nil {
			return false, err
		}
		for _, k := range before.Keys {
			if err := docs.Delete(k, store.AnyVersion); err != nil {
				return false, err
			}
		}
	}
	for _, k := range next.Keys {
		if err := docs.Put(k, nil, store.AnyVersion); err != nil {
			return false, err
		}
	}
	return true, docs.Put("i/"+contact.ID, value, store.AnyVersion)
}

// hits returns the contact ids behind an index key.
func hits(docs store.Documents, prefix string, several bool) ([]string, error) {
	limit := 1
	if several {
		limit = 20
	}
	found, err := docs.Scan(prefix, "", limit)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, d := range found {
		ids[i] = strings.TrimPrefix(d.Key, prefix)
	}
	return ids, nil
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:12])
}

// address returns the e-mail address, or "" for what is none: a ledger would refuse the client, and the
// invoice with it, for a slip in a field that it does not need.
func address(email string) string {
	email = strings.TrimSpace(email)
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		return ""
	}
	return email
}

// displayName is what a new contact is called.
func displayName(c ledger.Contact) string {
	for _, name := range []string{c.Company, c.Name, c.GivenName + " " + c.FamilyName, c.Email} {
		if name = strings.Join(strings.Fields(withoutBrackets(name)), " "); name != "" {
			return name
		}
	}
	return "Client " + c.ID
}

// withoutBrackets takes out what ledgers refuse in a name.
func withoutBrackets(name string) string {
	if !strings.ContainsAny(name, "<>") {
		return name
	}
	return strings.NewReplacer("<", "", ">", "").Replace(name)
}

func suffix(id string) string { return " (" + id + ")" }

// withSuffix keeps the name within what ledgers hold.
func withSuffix(name, id string) string {
	const longest = 200
	if r := []rune(name); len(r) > longest {
		name = string(r[:longest])
	}
	return name + suffix(id)
}

// normal folds a name for comparing: case, accents and spaces aside.
func normal(name string) string {
	return strings.Join(strings.Fields(foldAccents(strings.ToLower(name))), " ")
}

// foldAccents removes accents: two names that differ in them only are one name to some ledgers.
func foldAccents(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(s))
}
