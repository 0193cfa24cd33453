package ledgertest

import (
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// table is one kind of record of the books. All of it is used under the books' lock.
type table[T any] struct {
	kind   string
	rows   []*row[T] // in the order of their making
	gone   []gone    // removed without a trace of what they were
	clone  func(T) T
	number func(T) string
	mark   func(T) ledger.Mark
	stamp  func(*T, string, time.Time, int64) // id, time and version of a change
}

type row[T any] struct {
	id            string
	born, changed int64 // counts of changes
	at            time.Time
	rec           T
	garbled       bool
}

type gone struct {
	id string
	n  int64
	at time.Time
}

func (t *table[T]) find(id string) *row[T] {
	i := slices.IndexFunc(t.rows, func(r *row[T]) bool { return r.id == id })
	if i < 0 {
		return nil
	}
	return t.rows[i]
}

func (t *table[T]) add(b *Books, id string, rec T) *row[T] {
	r := &row[T]{id: id}
	t.rows = append(t.rows, r)
	t.put(b, r, rec)
	r.born = r.changed
	return r
}

// put replaces what a row holds. Nobody else has the memory of rec afterwards.
func (t *table[T]) put(b *Books, r *row[T], rec T) {
	b.changes++
	r.changed, r.at = b.changes, time.Now().UTC()
	rec = t.clone(rec)
	t.stamp(&rec, r.id, r.at, r.changed)
	r.rec = rec
}

func (t *table[T]) remove(b *Books, id string) bool {
	i := slices.IndexFunc(t.rows, func(r *row[T]) bool { return r.id == id })
	if i < 0 {
		return false
	}
	b.changes++
	t.rows = slices.Delete(t.rows, i, i+1)
	t.gone = append(t.gone, gone{id, b.changes, time.Now().UTC()})
	return true
}

func (t *table[T]) all() []T {
	list := make([]T, 0, len(t.rows))
	for _, r := range t.rows {
		list = append(list, t.clone(r.rec))
	}
	return list
}

func (t *table[T]) tell(r *row[T], page *ledger.Page[T], first bool, keep func(T, bool) (T, bool)) {
	if r.garbled {
		page.Unread = append(page.Unread, ledger.Unread{Ref: ledger.Ref{ID: r.id}, Code: "unreadable", Detail: "the record cannot be read"})
		return
	}
	if rec, ok := keep(t.clone(r.rec), first); ok {
		page.Records = append(page.Records, rec)
	}
}

// page reads at most size rows from p on.
func (t *table[T]) page(p place, changes int64, size int, keep func(T, bool) (T, bool)) (page ledger.Page[T], next place, more bool) {
	next = p
	if p.Moved == nil { // everything, in the order of making: nothing that happens moves a row in it
		if p.Began == 0 {
			next.Began = changes + 1 // so that 0 is "not begun"
		}
		n := 0
		for _, r := range t.rows {
			if r.born <= p.After || r.at.Before(p.Since) {
				continue
			}
			if n == size {
				return page, next, true
			}
			n++
			next.After = r.born
			t.tell(r, &page, true, func(rec T, first bool) (T, bool) { return keep(rec, first) })
		}
		moved := next.Began - 1
		return page, place{Kind: p.Kind, Moved: &moved}, false
	}
	rows := slices.DeleteFunc(slices.Clone(t.rows), func(r *row[T]) bool { return r.changed <= *p.Moved })
	slices.SortFunc(rows, func(a, b *row[T]) int { return int(a.changed - b.changed) })
	if more = len(rows) > size; more {
		rows = rows[:size]
	}
	end := changes
	if more {
		end = rows[size-1].changed
	}
	for _, r := range rows {
		t.tell(r, &page, false, keep)
	}
	for _, g := range t.gone {
		if g.n > *p.Moved && g.n <= end {
			page.Deleted = append(page.Deleted, ledger.Ref{ID: g.id})
		}
	}
	return page, place{Kind: p.Kind, Moved: &end}, more
}

func cloneInvoice(inv ledger.Invoice) ledger.Invoice {
	inv.Aliases = slices.Clone(inv.Aliases)
	inv.Lines = slices.Clone(inv.Lines)
	for i := range inv.Lines {
		inv.Lines[i].Tracking = slices.Clone(inv.Lines[i].Tracking)
	}
	inv.Payments = slices.Clone(inv.Payments)
	for i := range inv.Payments {
		inv.Payments[i] = clonePayment(inv.Payments[i])
	}
	inv.Plan = slices.Clone(inv.Plan)
	return inv
}

func cloneContact(c ledger.Contact) ledger.Contact { return c }

func clonePayment(p ledger.Payment) ledger.Payment {
	p.InvoiceIDs = slices.Clone(p.InvoiceIDs)
	return p
}

func cloneOrganisation(o ledger.Organisation) ledger.Organisation {
	o.Currencies, o.LockDates = slices.Clone(o.Currencies), slices.Clone(o.LockDates)
	return o
}

func cloneChart(c ledger.Chart) ledger.Chart {
	c.Accounts, c.TaxRates, c.Items = slices.Clone(c.Accounts), slices.Clone(c.TaxRates), slices.Clone(c.Items)
	c.Themes, c.Tracking = slices.Clone(c.Themes), slices.Clone(c.Tracking)
	for i := range c.TaxRates {
		c.TaxRates[i].Classes = slices.Clone(c.TaxRates[i].Classes)
	}
	for i := range c.Tracking {
		c.Tracking[i].Options = slices.Clone(c.Tracking[i].Options)
	}
	return c
}
