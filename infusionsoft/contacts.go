package infusionsoft

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

const contactsPath = "/v2/contacts"

type (
	wireContact struct {
		ID      text    `json:"id"`
		Given   text    `json:"given_name"`
		Family  text    `json:"family_name"`
		Mark    text    `json:"billing_information"`
		Created instant `json:"create_time"`
		Updated instant `json:"update_time"`
		Company struct {
			Name text `json:"company_name"`
		} `json:"company"`
		Emails []wireEmail `json:"email_addresses"`
	}

	wireEmail struct {
		Field text `json:"field"`
		Email text `json:"email"`
	}
)

var contactShape = shape[wireContact]{
	key: "contacts",
	fast: func(b []byte) ([]wireContact, text, error) {
		var p struct {
			List []wireContact `json:"contacts"`
			Next text          `json:"next_page_token"`
		}
		err := json.Unmarshal(b, &p)
		return p.List, p.Next, err
	},
	id: func(w *wireContact) (text, instant) { return w.ID, w.Updated },
}

// toContact maps a contact. It is a person, and its name the person's; the company, where it has one, is
// beside it.
func toContact(w *wireContact) ledger.Contact {
	c := ledger.Contact{
		ID: w.ID.trimmed(), GivenName: w.Given.trimmed(), FamilyName: w.Family.trimmed(), Company: w.Company.Name.trimmed(),
		Status: ledger.ContactActive, UpdatedAt: w.Updated.Time, Mark: ledger.MarkIn(string(w.Mark)),
	}
	c.Name = first(c.GivenName+" "+c.FamilyName, c.Company)
	for _, e := range w.Emails {
		if e.Field.enum() == "EMAIL1" {
			c.Email = e.Email.trimmed()
		}
	}
	if !w.Updated.IsZero() {
		c.Version = filterTime(w.Updated.Time)
	}
	return c
}

// Contacts implements [ledger.Ledger]. The vendor has no archive; a contact that was deleted is missing, and
// nothing announces it. Without a cursor all are read by rising id; the last page's Next then reads what
// changed since, also by rising id, so that no edit during the reading can hide another. Nothing changed is
// one call.
func (l *Ledger) Contacts(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
	return func(yield func(ledger.Page[ledger.Contact], error) bool) {
		if err := l.contacts(ctx, q, yield); err != nil {
			yield(ledger.Page[ledger.Contact]{}, err)
		}
	}
}

func (l *Ledger) contacts(ctx context.Context, q ledger.Query, yield func(ledger.Page[ledger.Contact], error) bool) error {
	if q.Refs != nil {
		return l.contactRefs(ctx, q, yield)
	}
	at := contactCursor{since: floorMilli(q.Since), after: q.AfterID}
	var err error
	switch {
	case q.Cursor != "":
		at, err = parseContactCursor(q.Cursor)
	case at.after != "" && !isID(at.after):
		err = &ledger.Error{Kind: ledger.ErrRefused, Room: Vendor, Thing: "contacts", Message: "AfterID is no contact id: a contact id is a number"}
	}
	if err != nil {
		return err
	}
	for {
		list, clock, err := l.contactList(ctx, at.since, at.after, l.pageSize(q))
		if err != nil {
			return err
		}
		if at.after, err = rising(list.rows, at.after, "contacts"); err != nil {
			return err
		}
		// What was changed last in this answer is the vendor's clock where it names none.
		if clock.IsZero() {
			clock = newest(list.rows)
		}
		if at.began.IsZero() {
			at.began = floorMilli(clock)
		}
		end := len(list.rows) == 0 || list.token == ""
		next := at
		if end {
			next = contactCursor{since: at.since}
			if from := floorMilli(at.began.Add(-Overlap)); !at.began.IsZero() && from.After(at.since) {
				next.since = from
			}
		}
		page := ledger.Page[ledger.Contact]{Next: next.encode()}
		for _, row := range list.rows {
			if row.unread != nil {
				page.Unread = append(page.Unread, *row.unread)
				continue
			}
			page.Records = append(page.Records, toContact(row.value))
		}
		if !yield(page, nil) || end {
			return nil
		}
	}
}

// contactList makes one call: what changed at or after since, with ids above after.
func (l *Ledger) contactList(ctx context.Context, since time.Time, after string, size int) (list[wireContact], time.Time, error) {
	var filter []string
	if after != "" {
		filter = append(filter, "contact_id>"+after)
	}
	if !since.IsZero() {
		filter = append(filter, "start_update_time=="+filterTime(since))
	}
	query := listQuery(filter, byID, "", size)
	query.Set("fields", contactFields)
	resp, err := l.c.get(ctx, "contacts", contactsPath, query)
	if err != nil {
		return list[wireContact]{}, time.Time{}, listError(err)
	}
	found, err := readList("contacts", resp, &contactShape)
	return found, vendorhttp.Date(resp.Header), err
}

func (l *Ledger) contactRefs(ctx context.Context, q ledger.Query, yield func(ledger.Page[ledger.Contact], error) bool) error {
	ids, numbers, bad := splitRefs(q.Refs)
	for _, ref := range numbers {
		bad = append(bad, ledger.Unread{Ref: ref, Code: "bad_ref", Detail: "a contact has no number"})
	}
	if len(bad) > 0 && !yield(ledger.Page[ledger.Contact]{Unread: bad}, nil) {
		return nil
	}
	for chunk := range slices.Chunk(ids, min(maxRefs, l.pageSize(q))) {
		stopped := false
		err := eachRef(chunk, func(filter string) (list[wireContact], error) {
			query := listQuery([]string{filter}, byID, "", len(chunk))
			query.Set("fields", contactFields)
			resp, err := l.c.get(ctx, "contacts", contactsPath, query)
			if err != nil {
				return list[wireContact]{}, listError(err)
			}
			return readList("contacts", resp, &contactShape)
		}, func(found list[wireContact]) bool {
			var page ledger.Page[ledger.Contact]
			for _, row := range found.rows {
				if row.unread != nil {
					page.Unread = append(page.Unread, *row.unread)
					continue
				}
				page.Records = append(page.Records, toContact(row.value))
			}
			stopped = !yield(page, nil)
			return !stopped
		})
		if stopped {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A contactCursor is "con1:<last id>:<began>:<since>": where a reading by id stands, the vendor's clock when
// it began, and since when what it reads has changed.
type contactCursor struct {
	after string
	began time.Time
	since time.Time
}

func (c contactCursor) encode() ledger.Cursor {
	return ledger.Cursor("con1:" + c.after + ":" + milli(c.began) + ":" + milli(c.since))
}

func parseContactCursor(s ledger.Cursor) (contactCursor, error) {
	parts := strings.Split(string(s), ":")
	if len(parts) == 4 && parts[0] == "con1" && (parts[1] == "" || isID(parts[1])) {
		began, ok := unmilli(parts[2])
		since, fine := unmilli(parts[3])
		if ok && fine {
			return contactCursor{after: parts[1], began: began, since: since}, nil
		}
	}
	return contactCursor{}, badCursor("contacts")
}
