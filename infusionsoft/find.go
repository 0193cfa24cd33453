package infusionsoft

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// skew is how much earlier than the first sending a search begins: this machine's clock and the vendor's
// need not agree.
const skew = 5 * time.Minute

// NotesUnproven is the number of a [ledger.Found] Gone that stands for payments which may be there without
// their mark: see [Options.NotesReadBack].
const NotesUnproven = "payments whose notes may not be read back"

func wantedMarks(s ledger.Sought) map[ledger.Mark]bool {
	wanted := make(map[ledger.Mark]bool, len(s.Marks))
	for _, m := range s.Marks {
		if m.Valid() {
			wanted[m] = true
		}
	}
	return wanted
}

// unclearRow insists that every record searched could be read: one that could not might be what is sought,
// and "absent" would be believed.
func unclearRow(thing string) error {
	return &ledger.Error{
		Kind: ledger.ErrUnreadable, Room: Vendor, Thing: thing,
		Message: "a record among those searched cannot be read, so that nothing can be called absent",
	}
}

// findOrders reads the orders that were created since, by rising id, and compares their marks here: the
// vendor cannot filter by them.
func (l *Ledger) findOrders(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
	found := ledger.Found[ledger.Invoice]{Hits: map[ledger.Mark][]ledger.Invoice{}, ByNumber: map[string][]ledger.Invoice{}}
	b, err := l.books(ctx)
	if err != nil {
		return found, err
	}
	m := l.mapper(b)
	r := orderReading{s: l.Source, ctx: ctx, books: b}
	if s.Newest > 0 {
		return found, newestMarked(s.Newest, func(size int) ([]row[wireOrder], error) {
			list, _, err := r.list(nil, "modification_time desc", size)
			return list.rows, err
		}, func(w *wireOrder) bool {
			mark := ledger.MarkIn(string(w.External))
			if mark != "" {
				found.Hits[mark] = append(found.Hits[mark], m.invoice(w))
			}
			return mark != ""
		}, func() { clear(found.Hits) })
	}
	if wanted := wantedMarks(s); len(wanted) > 0 {
		var base []string
		if !s.Since.IsZero() {
			base = []string{"created_since_time==" + filterTime(s.Since.Add(-skew))}
		}
		err := eachByID("orders", func(after string) (list[wireOrder], error) {
			filter := base
			if after != "" {
				filter = append(slices.Clone(base), "id>"+after)
			}
			found, _, err := r.list(filter, byID, l.o.PageSize)
			return found, err
		}, func(w *wireOrder) {
			if mark := ledger.MarkIn(string(w.External)); wanted[mark] {
				found.Hits[mark] = append(found.Hits[mark], m.invoice(w))
			}
		})
		if err != nil {
			return found, err
		}
	}
	for _, n := range s.Numbers {
		if !isID(strings.TrimSpace(n)) {
			continue // an order's id or its invoice's: nothing else can be looked up
		}
		hits, err := l.byNumber(ctx, "order by number", strings.TrimSpace(n))
		if err != nil {
			return found, err
		}
		for _, w := range hits {
			found.ByNumber[n] = append(found.ByNumber[n], m.invoice(w))
		}
	}
	return found, nil
}

func (l *Ledger) findContacts(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
	found := ledger.Found[ledger.Contact]{Hits: map[ledger.Mark][]ledger.Contact{}}
	if s.Newest > 0 {
		return found, newestMarked(s.Newest, func(size int) ([]row[wireContact], error) {
			query := listQuery(nil, "update_time desc", "", size)
			query.Set("fields", contactFields)
			resp, err := l.c.get(ctx, "contacts", contactsPath, query)
			if err != nil {
				return nil, listError(err)
			}
			list, err := readList("contacts", resp, &contactShape)
			return list.rows, err
		}, func(w *wireContact) bool {
			c := toContact(w)
			if c.Mark != "" {
				found.Hits[c.Mark] = append(found.Hits[c.Mark], c)
			}
			return c.Mark != ""
		}, func() { clear(found.Hits) })
	}
	wanted := wantedMarks(s)
	if len(wanted) == 0 {
		return found, nil
	}
	var since time.Time
	if !s.Since.IsZero() {
		since = floorMilli(s.Since.Add(-skew))
	}
	err := eachByID("contacts", func(after string) (list[wireContact], error) {
		list, _, err := l.contactList(ctx, since, after, l.o.PageSize)
		return list, err
	}, func(w *wireContact) {
		if c := toContact(w); wanted[c.Mark] {
			found.Hits[c.Mark] = append(found.Hits[c.Mark], c)
		}
	})
	return found, err
}

// eachByID reads a list by rising id to its end, each page by a call that begins after the last id.
func eachByID[W any](thing string, ask func(after string) (list[W], error), take func(*W)) error {
	after := ""
	for {
		found, err := ask(after)
		if err != nil {
			return err
		}
		if after, err = rising(found.rows, after, thing); err != nil {
			return err
		}
		for _, row := range found.rows {
			if row.unread != nil {
				return unclearRow(thing)
			}
			take(row.value)
		}
		if len(found.rows) == 0 || found.token == "" {
			return nil
		}
	}
}

// newestMarked takes the n rows with a mark that come first, among the first hundred or, where that is not
// enough, the first thousand.
func newestMarked[W any](n int, ask func(size int) ([]row[W], error), take func(*W) bool, again func()) error {
	for _, size := range []int{min(max(n, 100), MaxPageSize), MaxPageSize} {
		again()
		rows, err := ask(size)
		if err != nil {
			return err
		}
		left := n
		for _, row := range rows {
			if left > 0 && row.value != nil && take(row.value) {
				left--
			}
		}
		if left == 0 || len(rows) < size || size == MaxPageSize {
			return nil
		}
	}
	return nil
}

// findPayments looks at the payments of the orders that are named, one call an order, or else at the feed:
// its ids rise as payments are written, so that it is read from the end back to the first one that was
// changed before the search begins. A payment's own date says nothing of when it was written.
func (l *Ledger) findPayments(ctx context.Context, s ledger.Sought) (ledger.Found[ledger.Payment], error) {
	found := ledger.Found[ledger.Payment]{Hits: map[ledger.Mark][]ledger.Payment{}}
	if s.Newest > 0 {
		return found, l.newestPayments(ctx, s.Newest, found.Hits)
	}
	wanted := wantedMarks(s)
	if len(wanted) == 0 {
		return found, nil
	}
	orders := slices.Clone(s.Parents)
	if len(orders) == 0 {
		err := l.feedBack(ctx, func(w *wirePayment) bool {
			if !s.Since.IsZero() && !w.Updated.IsZero() && w.Updated.Before(s.Since.Add(-skew)) {
				return false
			}
			if wanted[ledger.MarkIn(string(w.Note))] {
				for _, id := range w.Orders {
					orders = append(orders, id.trimmed())
				}
			}
			return true
		})
		if err != nil {
			return found, err
		}
	}
	slices.Sort(orders)
	for _, id := range slices.Compact(orders) {
		payments, err := l.PaymentsOf(ctx, ledger.Ref{ID: id})
		if errors.Is(err, ledger.ErrNotFound) {
			found.Gone = append(found.Gone, ledger.Ref{Number: "payments of order " + id}) // deleted with their order
			continue
		}
		if err != nil {
			return found, err
		}
		for _, p := range payments {
			if p.Unclear == "unreadable" {
				return found, unclearRow("payments of order " + id)
			}
			if wanted[p.Mark] {
				found.Hits[p.Mark] = append(found.Hits[p.Mark], p)
			}
		}
	}
	if !l.o.NotesReadBack && len(found.Hits) < len(wanted) {
		found.Gone = append(found.Gone, ledger.Ref{Number: NotesUnproven})
	}
	return found, nil
}

// feedBack reads the feed from its end, by falling id, until take has seen enough.
func (l *Ledger) feedBack(ctx context.Context, take func(*wirePayment) bool) error {
	below := ""
	for {
		var filter []string
		if below != "" {
			filter = append(filter, "id<"+below)
		}
		resp, err := l.c.get(ctx, "payments", feedPath, listQuery(filter, "id desc", "", l.o.PageSize))
		if err != nil {
			return listError(err)
		}
		found, err := readList("payments", resp, &paymentShape)
		if err != nil {
			return err
		}
		for _, row := range found.rows {
			if row.unread != nil {
				return unclearRow("payments")
			}
			if below != "" && number(row.id) >= number(below) {
				return disorder("payments", "by falling id")
			}
			below = row.id
			if !take(row.value) {
				return nil
			}
		}
		if len(found.rows) == 0 || found.token == "" {
			return nil
		}
	}
}

// newestPayments finds the n payments with any mark that were written last, among the last thousand.
func (l *Ledger) newestPayments(ctx context.Context, n int, hits map[ledger.Mark][]ledger.Payment) error {
	var orders []string
	left, seen := n, 0
	err := l.feedBack(ctx, func(w *wirePayment) bool {
		if ledger.MarkIn(string(w.Note)) != "" {
			left--
			for _, id := range w.Orders {
				orders = append(orders, id.trimmed())
			}
		}
		seen++
		return left > 0 && seen < MaxPageSize
	})
	if err != nil {
		return err
	}
	var all []ledger.Payment
	slices.Sort(orders)
	for _, id := range slices.Compact(orders) {
		payments, err := l.PaymentsOf(ctx, ledger.Ref{ID: id})
		if errors.Is(err, ledger.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, payments...)
	}
	slices.SortFunc(all, func(a, b ledger.Payment) int { return int(number(b.FeedID) - number(a.FeedID)) })
	for _, p := range all {
		if n > 0 && p.Mark != "" {
			hits[p.Mark] = append(hits[p.Mark], p)
			n--
		}
	}
	return nil
}
