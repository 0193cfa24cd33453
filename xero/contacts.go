package xero

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"

	"github.com/invoicesync/invoicesync/ledger"
)

// Contacts implements [ledger.Ledger], archived ones included. Xero keeps customers and suppliers in one
// list, and any of them can be invoiced, so that Role stays empty. Statuses, From and Summary have no
// meaning here.
func (l *Ledger) Contacts(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
	f := l.contactFeed()
	q.From = ledger.Date{}
	if len(q.Refs) == 0 {
		return f.pages(ctx, q, nil)
	}
	var ids []string
	for _, r := range q.Refs {
		if r.ID != "" {
			ids = append(ids, r.ID)
		}
	}
	return func(yield func(ledger.Page[ledger.Contact], error) bool) {
		for _, list := range chunks(ids) {
			query := url.Values{"IDs": {list}, "includeArchived": {"true"}, "page": {"1"}, "pageSize": {"1000"}}
			resp, err := l.get(ctx, f.path, f.path, query, noTime)
			var w window[wireContact]
			if err == nil {
				w, err = f.decode(resp, 1, 1000)
			}
			if err != nil {
				yield(ledger.Page[ledger.Contact]{}, err)
				return
			}
			if !yield(ledger.Page[ledger.Contact]{Records: f.words(w.rows, nil), Unread: w.unread, Next: q.Cursor}, nil) {
				return
			}
		}
	}
}

func (l *Ledger) contactFeed() feed[wireContact, ledger.Contact] {
	return feed[wireContact, ledger.Contact]{
		l: l, kind: "contacts", path: "/Contacts", order: "ContactID ASC",
		query: url.Values{"includeArchived": {"true"}},
		rows:  pageContacts, raw: func(p *rawPage) []json.RawMessage { return p.Contacts },
		id: contactID, updated: contactUpdated, convert: toContact,
	}
}
