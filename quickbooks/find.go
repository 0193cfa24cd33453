package quickbooks

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// skew is how much earlier than the first sending a search begins: this machine's clock and QuickBooks' need
// not agree.
const skew = 5 * time.Minute

// DeletionsUnknown is the number of a [ledger.Found] Gone that stands for deletions which QuickBooks no longer lists:
// what is absent then may have been deleted.
const DeletionsUnknown = "deletions unknown"

func (l *Ledger) findInvoices(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
	f := l.invoiceFeed(false)
	set := func(i *ledger.Invoice, m ledger.Mark) { i.Mark = m }
	found, err := search(ctx, f, s, func(w *wireInvoice) string { return w.PrivateNote }, set)
	if err != nil || len(s.Numbers) == 0 {
		return found, err
	}
	byNumber, err := l.byNumbers(ctx, f, s.Numbers)
	if err != nil {
		return ledger.Found[ledger.Invoice]{}, err
	}
	found.ByNumber = byNumber
	for _, list := range byNumber { // one that was found by number only, because it is older, counts too
		for _, inv := range list {
			hits := found.Hits[inv.Mark]
			if slices.Contains(s.Marks, inv.Mark) && !slices.ContainsFunc(hits, func(h ledger.Invoice) bool { return h.ID == inv.ID }) {
				found.Hits[inv.Mark] = append(hits, inv)
			}
		}
	}
	return found, nil
}

func (l *Ledger) findContacts(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
	f := l.contactFeed()
	f.entities = f.entities[:1] // only customers are written
	f.rows = func(w *wireLists) [][]wireName { return [][]wireName{w.Customer} }
	raw := f.raw
	f.raw = func(w *rawLists) [][]json.RawMessage { return raw(w)[:1] }
	return search(ctx, f, s, func(w *wireName) string { return w.Notes }, func(c *ledger.Contact, m ledger.Mark) { c.Mark = m })
}

func (l *Ledger) findPayments(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Payment], error) {
	set := func(p *ledger.Payment, m ledger.Mark) { p.Mark = m }
	return search(ctx, l.paymentFeed(), s, func(w *wirePayment) string { return w.PrivateNote }, set)
}

// search reads changes in bulk, never once per mark: one call of change data capture, or records by the time of their
// last change where that does not reach. A mark counts wherever it stands in a note.
func search[W, T any](ctx context.Context, f feed[W, T], s ledger.Sought, note func(*W) string, set func(*T, ledger.Mark)) (ledger.Found[T], error) {
	found := ledger.Found[T]{Hits: map[ledger.Mark][]T{}}
	if s.Newest > 0 {
		return found, newest(ctx, f, s.Newest, found.Hits, note, set)
	}
	if !slices.ContainsFunc(s.Marks, ledger.Mark.Valid) {
		return found, nil
	}
	wanted := make(map[ledger.Mark]bool, len(s.Marks))
	for _, m := range s.Marks {
		wanted[m] = m.Valid()
	}
	at := map[string]int{} // by id and mark: a record that changes meanwhile is read twice, and its later state counts
	take := func(rows []W) {
		for i := range rows {
			text := note(&rows[i])
			for _, m := range marksIn(text) {
				if !wanted[m] {
					continue
				}
				record := f.convert(&rows[i])
				set(&record, m)
				key := f.entity(&rows[i]).ID + string(m)
				if n, again := at[key]; again {
					found.Hits[m][n] = record
					continue
				}
				at[key] = len(found.Hits[m])
				found.Hits[m] = append(found.Hits[m], record)
			}
		}
	}
	whole, err := f.since(ctx, s.Since, take, &found.Gone)
	if err != nil {
		return ledger.Found[T]{}, err
	}
	if !whole {
		found.Gone = append(found.Gone, ledger.Ref{Number: DeletionsUnknown})
	}
	return found, nil
}

// since reads all that changed since, less skew. whole reports that no deletion can be missing.
func (f feed[W, T]) since(ctx context.Context, since time.Time, take func([]W), gone *[]ledger.Ref) (whole bool, err error) {
	from := since.Add(-skew)
	if !since.IsZero() && time.Since(from) < reach {
		w, err := f.changed(ctx, from)
		if err == nil {
			err = f.readable(w)
		}
		if err != nil {
			return false, err
		}
		if w.total < captured {
			take(w.rows)
			*gone = w.gone
			return true, nil
		}
	}
	p := position{Kind: f.kind, Mode: modeDeep, Size: f.l.options.PageSize}
	if !since.IsZero() {
		p.Since = from.Unix()
		p.Again = p.Since
	}
	var recent []time.Time
	var broken error
	all := f
	all.keep = func(w *W) bool {
		if t, err := parseInstant(f.entity(w).MetaData.LastUpdatedTime); err == nil {
			recent = append(recent, t)
		}
		take([]W{*w})
		return false
	}
	_, err = all.walk(ctx, p, updatedTime, func(page ledger.Page[T], _ error) bool {
		if len(page.Unread) > 0 {
			broken = f.readable(window[W]{unread: page.Unread})
		}
		return broken == nil
	})
	if broken != nil {
		return false, broken
	}
	if err != nil {
		return false, err
	}
	list, whole, err := f.tombstones(ctx, from, recent)
	*gone = list
	return whole || since.IsZero(), err // who names no beginning asks for no window
}

// readable insists that every record searched could be read: one that could not might be what is sought, and
// "absent" would be believed.
func (f feed[W, T]) readable(w window[W]) error {
	if len(w.unread) == 0 {
		return nil
	}
	return &ledger.Error{
		Kind: ledger.ErrUnreadable, Room: Vendor, Thing: f.kind,
		Message: "a record among those searched cannot be read, so that nothing can be called absent",
	}
}

// newest finds the n records with any mark that changed last, among the last 1000 changes.
func newest[W, T any](ctx context.Context, f feed[W, T], n int, hits map[ledger.Mark][]T, note func(*W) string, set func(*T, ledger.Mark)) error {
	for _, size := range []int{min(max(n, 100), captured), captured} {
		clear(hits)
		w, err := f.query(ctx, statement{entity: f.entities[0], where: f.where, order: updatedTime + " DESC", max: size}, 0)
		if err != nil {
			return err
		}
		left := n
		for i := range w.rows {
			m := ledger.MarkIn(strings.TrimSpace(note(&w.rows[i])))
			if m == "" || left == 0 {
				continue
			}
			record := f.convert(&w.rows[i])
			set(&record, m)
			hits[m] = append(hits[m], record)
			left--
		}
		if left == 0 || w.total < size || size == captured {
			return nil
		}
	}
	return nil
}
