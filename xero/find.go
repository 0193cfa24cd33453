package xero

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// skew is how much earlier than the first sending a search begins: this machine's clock and Xero's need
// not agree.
const skew = 5 * time.Minute

// findInvoices looks through what was modified since, whatever its status, and matches the marks in Url here:
// Xero cannot filter by it. Voided and deleted invoices stay in its lists.
func (l *Ledger) findInvoices(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
	f := l.invoiceFeed(false)
	if l.options.CreatedByMyApp {
		f.query.Set("createdByMyApp", "true")
	}
	found, err := search(ctx, f, s, func(i *ledger.Invoice) (string, ledger.Mark) { return i.ID, i.Mark })
	if err != nil || len(s.Numbers) == 0 {
		return found, err
	}
	byNumber, err := l.byNumbers(ctx, l.invoiceFeed(false), s.Numbers)
	if err != nil {
		return ledger.Found[ledger.Invoice]{}, err
	}
	found.ByNumber = byNumber
	wanted := setOf(s.Marks)
	for _, list := range byNumber { // one that was found by number only, because it is older, counts too
		for _, inv := range list {
			if wanted[inv.Mark] && !hasID(found.Hits[inv.Mark], inv.ID) {
				found.Hits[inv.Mark] = append(found.Hits[inv.Mark], inv)
			}
		}
	}
	return found, nil
}

func hasID(list []ledger.Invoice, id string) bool {
	for _, inv := range list {
		if sameID(inv.ID, id) {
			return true
		}
	}
	return false
}

func (l *Ledger) findContacts(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
	return search(ctx, l.contactFeed(), s, func(c *ledger.Contact) (string, ledger.Mark) { return c.ID, c.Mark })
}

func (l *Ledger) findPayments(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Payment], error) {
	return search(ctx, l.paymentFeed(), s, func(p *ledger.Payment) (string, ledger.Mark) { return p.ID, p.Mark })
}

func setOf(marks []ledger.Mark) map[ledger.Mark]bool {
	set := make(map[ledger.Mark]bool, len(marks))
	for _, m := range marks {
		set[m] = m.Valid()
	}
	return set
}

// search reads a list in bulk, never once per mark.
func search[W, T any](ctx context.Context, f feed[W, T], s ledger.Sought, of func(*T) (string, ledger.Mark)) (ledger.Found[T], error) {
	found := ledger.Found[T]{Hits: map[ledger.Mark][]T{}}
	if s.Newest > 0 {
		return found, newest(ctx, f, s.Newest, found.Hits, of)
	}
	wanted := setOf(s.Marks)
	if len(wanted) == 0 {
		return found, nil
	}
	var q ledger.Query
	if !s.Since.IsZero() {
		q.Since = s.Since.Add(-skew)
	}
	// A record may be read twice, when it changes in between: its later state takes the place of the earlier.
	at := map[string]int{}
	for page, err := range f.pages(ctx, q, nil) {
		if err != nil {
			return ledger.Found[T]{}, err
		}
		if len(page.Unread) > 0 {
			// One of them might be what is sought, and "absent" would be believed.
			return ledger.Found[T]{}, &ledger.Error{
				Kind: ledger.ErrUnreadable, Room: Vendor, Thing: "GET " + f.path,
				Message: "a record among those searched cannot be read, so that nothing can be called absent",
			}
		}
		for i := range page.Records {
			id, mark := of(&page.Records[i])
			if !wanted[mark] {
				continue
			}
			if n, again := at[id]; again {
				found.Hits[mark][n] = page.Records[i]
				continue
			}
			at[id] = len(found.Hits[mark])
			found.Hits[mark] = append(found.Hits[mark], page.Records[i])
		}
	}
	return found, nil
}

// newest finds the n records with any mark that changed last, among the last 1000 changes.
func newest[W, T any](ctx context.Context, f feed[W, T], n int, hits map[ledger.Mark][]T, of func(*T) (string, ledger.Mark)) error {
	for _, size := range []int{min(max(n, 100), 1000), 1000} {
		clear(hits)
		q := url.Values{"page": {"1"}, "pageSize": {strconv.Itoa(size)}, "order": {"UpdatedDateUTC DESC"}}
		for k, v := range f.query {
			q[k] = v
		}
		resp, err := f.l.get(ctx, f.path, f.path, q, noTime)
		if err != nil {
			return err
		}
		w, err := f.decode(resp, 1, size)
		if err != nil {
			return err
		}
		left := n
		records := f.words(w.rows, nil)
		for i := range records {
			if _, mark := of(&records[i]); mark != "" && left > 0 {
				hits[mark] = append(hits[mark], records[i])
				left--
			}
		}
		if left == 0 || !w.more || size == 1000 {
			return nil
		}
	}
	return nil
}
