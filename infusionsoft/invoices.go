package infusionsoft

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

const (
	ordersPath = "/v2/orders"
	byID       = "id asc"
	byChange   = "modification_time asc"

	// maxRefs is how many ids one call asks for: as many as a page holds.
	maxRefs = MaxPageSize
)

// Invoices reads orders. Without a cursor it reads all of them, by rising id, which no edit, payment or
// deletion disturbs; the last page's Next then reads what has changed since the reading began, by the
// vendor's clock. Nothing changed is one call.
//
// Query.From is left to the caller's rules: the date of an order is set by people, and the vendor cannot
// filter by it. An order of Query.Refs that the vendor no longer has is missing from the page.
func (s *Source) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		r := orderReading{s: s, ctx: ctx, q: q, yield: yield}
		if err := r.run(); err != nil {
			yield(ledger.Page[ledger.Invoice]{}, err)
		}
	}
}

// orderReading is one run of Invoices.
type orderReading struct {
	s     *Source
	ctx   context.Context //nolint:containedctx // lives as long as one iteration
	q     ledger.Query
	yield func(ledger.Page[ledger.Invoice], error) bool
	books books
}

func (r *orderReading) run() error {
	var at orderCursor
	var err error
	switch {
	case r.q.Refs != nil:
	case r.q.Cursor != "":
		at, err = parseOrderCursor(r.q.Cursor)
	default:
		at.since = floorMilli(r.q.Since)
		if at.after = r.q.AfterID; at.after != "" && !isID(at.after) {
			err = &ledger.Error{Kind: ledger.ErrRefused, Room: Vendor, Thing: "orders", Message: "AfterID is no order id: an order id is a number"}
		}
	}
	if err != nil {
		return err
	}
	if r.books, err = r.s.books(r.ctx); err != nil {
		return err
	}
	switch {
	case r.q.Refs != nil:
		return r.refs()
	case at.changes:
		return r.changes(at)
	}
	return r.scan(at)
}

// scan reads by rising id, each page by a call of its own that begins after the last id, so that there
// is no page edge at which a row could be lost.
func (r *orderReading) scan(at orderCursor) error {
	for {
		var filter []string
		if at.after != "" {
			filter = append(filter, "id>"+at.after)
		}
		if !at.since.IsZero() {
			filter = append(filter, "modified_since_time=="+filterTime(at.since))
		}
		l, clock, err := r.list(filter, byID, r.s.pageSize(r.q))
		if err != nil {
			return err
		}
		if at.began.IsZero() {
			// Where the vendor names no time, what it has changed last in this answer is a time of its
			// clock before which the reading had not begun to miss anything.
			if at.began = floorMilli(clock); clock.IsZero() {
				at.began = floorMilli(newest(l.rows))
			}
		}
		if at.after, err = rising(l.rows, at.after, "orders"); err != nil {
			return err
		}
		end := len(l.rows) == 0 || l.token == ""
		next := at
		if end && !at.began.IsZero() {
			next = orderCursor{changes: true, from: floorMilli(at.began.Add(-Overlap))}
		}
		if !r.emit(l.rows, next) || end {
			return nil
		}
	}
}

// refs reads orders by id, as many at a time as a page holds, and by number one by one.
func (r *orderReading) refs() error {
	ids, numbers, bad := splitRefs(r.q.Refs)
	if len(bad) > 0 && !r.yield(ledger.Page[ledger.Invoice]{Unread: bad}, nil) {
		return nil
	}
	for chunk := range slices.Chunk(ids, min(maxRefs, r.s.pageSize(r.q))) {
		err := eachRef(chunk, func(filter string) (list[wireOrder], error) {
			l, _, err := r.list([]string{filter}, byID, len(chunk))
			return l, err
		}, func(l list[wireOrder]) bool {
			return r.yield(r.page(l.rows), nil)
		})
		if errors.Is(err, errStopped) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	for _, ref := range numbers {
		inv, err := r.s.Invoice(r.ctx, ref)
		page := ledger.Page[ledger.Invoice]{Records: []ledger.Invoice{inv}}
		switch {
		case errors.Is(err, ledger.ErrNotFound):
			continue
		case errors.Is(err, ledger.ErrAmbiguous) && ledger.Code(err) == "ambiguous_number":
			page = ledger.Page[ledger.Invoice]{Unread: []ledger.Unread{{Ref: ref, Code: ledger.Code(err), Detail: err.Error()}}}
		case err != nil:
			return err
		}
		if !r.yield(page, nil) {
			return nil
		}
	}
	return nil
}

var errStopped = errors.New("the consumer has stopped")

// eachRef asks for the ids until the vendor has answered for all of them or says that it has no more.
func eachRef[T any](ids []string, ask func(filter string) (list[T], error), take func(list[T]) bool) error {
	for len(ids) > 0 {
		l, err := ask("ids==" + strings.Join(ids, ","))
		if err != nil {
			return err
		}
		left := slices.Clone(ids)
		for _, row := range l.rows {
			i := slices.Index(left, row.id)
			if i < 0 && row.id != "" {
				return &ledger.Error{
					Kind: ledger.ErrUnreadable, Room: Vendor, Thing: "records by id",
					Message: "the vendor answers with a record that was not asked for, or twice",
				}
			}
			if i >= 0 {
				left = slices.Delete(left, i, i+1)
			}
		}
		if !take(l) {
			return errStopped
		}
		if l.token == "" || len(left) == len(ids) {
			return nil
		}
		ids = left
	}
	return nil
}

// splitRefs returns ids, each once, refs by number, and what cannot be an id.
func splitRefs(refs []ledger.Ref) (ids []string, numbers []ledger.Ref, bad []ledger.Unread) {
	seen := make(map[string]bool, len(refs))
	for _, ref := range refs {
		switch {
		case ref.ID == "" && ref.Number != "":
			numbers = append(numbers, ref)
		case !isID(ref.ID):
			bad = append(bad, ledger.Unread{Ref: ref, Code: "bad_ref", Detail: "an id of this vendor is a number"})
		case !seen[ref.ID]:
			seen[ref.ID] = true
			ids = append(ids, ref.ID)
		}
	}
	return ids, numbers, bad
}

// list makes one call of the list of orders, and returns the vendor's clock with it.
func (r *orderReading) list(filter []string, order string, size int) (list[wireOrder], time.Time, error) {
	resp, err := r.s.c.get(r.ctx, "orders", ordersPath, listQuery(filter, order, "", size))
	if err != nil {
		return list[wireOrder]{}, time.Time{}, listError(err)
	}
	l, err := readList("orders", resp, &orderShape)
	return l, vendorhttp.Date(resp.Header), err
}

func listQuery(filter []string, order, token string, size int) url.Values {
	q := url.Values{"page_size": {strconv.Itoa(size)}}
	if order != "" {
		q.Set("order_by", order)
	}
	if len(filter) > 0 {
		q.Set("filter", strings.Join(filter, ";"))
	}
	if token != "" {
		q.Set("page_token", token)
	}
	return q
}

// listError is for lists, of which 404 does not mean that a record is missing.
func listError(err error) error {
	if e, ok := errors.AsType[*ledger.Error](err); ok && e.Kind == ledger.ErrNotFound {
		e.Kind, e.Message = ledger.ErrUnsupported, "the API has no such list here: see Options.BaseURL"
	}
	return err
}

func (r *orderReading) emit(rows []row[wireOrder], next orderCursor) bool {
	page := r.page(rows)
	page.Next = next.encode()
	return r.yield(page, nil)
}

func (r *orderReading) page(rows []row[wireOrder]) ledger.Page[ledger.Invoice] {
	m := r.s.mapper(r.books)
	var page ledger.Page[ledger.Invoice]
	if len(rows) > 0 {
		page.Records = make([]ledger.Invoice, 0, len(rows))
	}
	for _, row := range rows {
		if row.unread != nil {
			page.Unread = append(page.Unread, *row.unread)
			continue
		}
		inv := m.invoice(row.value)
		if r.q.Open && inv.Unclear == "" && !inv.Totals.Balance.IsPositive() {
			continue
		}
		if len(r.q.Statuses) == 0 || slices.Contains(r.q.Statuses, inv.Status) || inv.Status == ledger.StatusUnknown {
			page.Records = append(page.Records, inv)
		}
	}
	return page
}

// rising checks that ids rise above after, and returns the last one. A vendor that leaves filter or
// order aside would make a reading that loses rows or never ends.
func rising[T any](rows []row[T], after, thing string) (string, error) {
	last, usable := number(after), false
	for _, row := range rows {
		if row.id == "" {
			continue
		}
		n := number(row.id)
		if n <= last {
			return "", disorder(thing, "by rising id")
		}
		last, after, usable = n, row.id, true
	}
	if len(rows) > 0 && !usable {
		return "", &ledger.Error{
			Kind: ledger.ErrUnreadable, Room: Vendor, Thing: thing,
			Message: "no record of the page has an id: the reading cannot go on",
		}
	}
	return after, nil
}

func disorder(thing, order string) error {
	return &ledger.Error{
		Kind: ledger.ErrUnreadable, Room: Vendor, Thing: thing, Code: "out_of_order",
		Message: "the records do not come " + order + ": reading on would lose some",
	}
}

func newest[T any](rows []row[T]) time.Time {
	var t time.Time
	for _, row := range rows {
		if row.modified.After(t) {
			t = row.modified.Time
		}
	}
	return t
}
