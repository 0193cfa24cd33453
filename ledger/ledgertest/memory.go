package ledgertest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// MemoryVendor is the vendor's name in the [ledger.OrganisationID] of a [Memory].
const MemoryVendor = "memory"

// MemoryOptions of a [Memory]. The zero value is a good default for all of them.
type MemoryOptions struct {
	ID         string            // of the organisation; default "books"
	Name       string            // default "Books in memory"
	Live       bool              // whether it says that it is a real company's
	Currency   ledger.Currency   // base currency; default AUD
	Currencies []ledger.Currency // enabled beside it
	TimeZone   *time.Location    // default UTC
	Chart      *ledger.Chart     // default: see [Books.Chart]
	PageSize   int               // records per page where a query has no wish; default 50
}

// Memory is a ledger that keeps its books in memory: a complete [ledger.Ledger] with every power. It is the
// reference that the cases of this package were written beside, and a ledger for the tests of a host.
//
//	books, err := ledgertest.NewMemory(nil)
//	push, err := invoicesync.NewPush(db, source, books, settings, options)
//	books.Books().Invoices() // what has arrived
//
// Between Memory and its [Books] is a wire of bytes, so that answers can be lost: [Books.Inject]. Reads
// that went wrong are repeated twice; writes never are.
//
// Arithmetic: a line's amount is quantity × unit price, its tax is of that amount, both are rounded half
// away from zero to the currency's minor unit, and totals are sums of what was rounded.
//
// Its clock for cursors is a counter of changes, so that a reading misses nothing and reads nothing twice.
// A Memory is safe for concurrent use.
type Memory struct {
	b      *Books
	pinned ledger.OrganisationID
	// latest is the organisation as it was read last: its lock dates let Allows answer without a call.
	latest atomic.Pointer[ledger.Organisation]
}

var _ ledger.Ledger = (*Memory)(nil)

// NewMemory returns a ledger with empty books.
func NewMemory(options *MemoryOptions) (*Memory, error) {
	var o MemoryOptions
	if options != nil {
		o = *options
	}
	b, err := newBooks(o)
	if err != nil {
		return nil, err
	}
	return open(b), nil
}

func open(b *Books) *Memory { return &Memory{b: b, pinned: b.Organisation().ID} }

// Reopen returns another ledger over the same books, as another process would have.
func (m *Memory) Reopen() *Memory { return open(m.b) }

// Books returns the books behind the ledger, as their vendor and a person at the screen have them.
func (m *Memory) Books() *Books { return m.b }

// Organisation implements [ledger.Source].
func (m *Memory) Organisation(ctx context.Context) (ledger.Organisation, error) {
	var o ledger.Organisation
	if err := m.read(ctx, "organisation", func() { o = cloneOrganisation(m.b.org) }); err != nil {
		return ledger.Organisation{}, err
	}
	if o.ID != m.pinned {
		return ledger.Organisation{}, fail(ledger.ErrReconnect, "organisation", "other_organisation",
			"the connection leads to "+o.ID.String()+", expected is "+m.pinned.String()+": connect the right one")
	}
	kept := cloneOrganisation(o)
	m.latest.Store(&kept)
	return o, nil
}

// Chart implements [ledger.Ledger].
func (m *Memory) Chart(ctx context.Context) (ledger.Chart, error) {
	var c ledger.Chart
	err := m.read(ctx, "chart", func() { c = cloneChart(m.b.chart) })
	return c, err
}

// Invoices implements [ledger.Source].
func (m *Memory) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	from := q.From
	return pages(ctx, m, &m.b.invoices, q, func(inv ledger.Invoice, first bool) (ledger.Invoice, bool) {
		if len(q.Statuses) > 0 && !slices.Contains(q.Statuses, inv.Status) || first && inv.Date.Before(from) ||
			q.Open && !inv.Totals.Balance.IsPositive() {
			return inv, false
		}
		if q.Summary {
			inv.Lines, inv.Payments, inv.PaymentsElsewhere = nil, nil, len(inv.Payments) > 0
		}
		return inv, true
	})
}

// Contacts implements [ledger.Ledger].
func (m *Memory) Contacts(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
	return pages(ctx, m, &m.b.contacts, q, func(c ledger.Contact, _ bool) (ledger.Contact, bool) { return c, true })
}

// Payments implements [ledger.Source].
func (m *Memory) Payments(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
	return pages(ctx, m, &m.b.payments, q, func(p ledger.Payment, _ bool) (ledger.Payment, bool) { return p, true })
}

// Invoice implements [ledger.Source].
func (m *Memory) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	var hits []ledger.Invoice
	unreadable := false
	thing := "invoice " + ref.String()
	err := m.read(ctx, thing, func() {
		hits, unreadable = nil, false
		for _, r := range m.b.invoices.rows {
			if ref.ID != "" && r.id == ref.ID || ref.ID == "" && ref.Number != "" && r.rec.Number == ref.Number {
				hits, unreadable = append(hits, cloneInvoice(r.rec)), unreadable || r.garbled
			}
		}
	})
	switch {
	case err != nil:
		return ledger.Invoice{}, err
	case unreadable:
		return ledger.Invoice{}, fail(ledger.ErrUnreadable, thing, "unreadable", "the record cannot be read")
	case len(hits) == 0:
		return ledger.Invoice{}, fail(ledger.ErrNotFound, thing, "not_found", "there is no such record")
	case len(hits) > 1:
		return ledger.Invoice{}, fail(ledger.ErrAmbiguous, thing, "ambiguous_number", "several invoices have this number: ask by id")
	}
	return hits[0], nil
}

// PaymentsOf implements [ledger.Source].
func (m *Memory) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	inv, err := m.Invoice(ctx, ref)
	if err != nil {
		return nil, err
	}
	var list []ledger.Payment
	err = m.read(ctx, "payments of invoice "+inv.ID, func() {
		list = nil
		for _, r := range m.b.payments.rows {
			if r.rec.InvoiceID == inv.ID {
				list = append(list, r.rec)
			}
		}
	})
	return list, err
}

// Predict implements [ledger.Ledger].
func (m *Memory) Predict(inv ledger.Invoice, chart ledger.Chart) (ledger.Prediction, error) {
	amounts, taxes, totals, problem := compute(inv, chart)
	if problem != nil {
		return ledger.Prediction{}, fail(ledger.ErrRefused, "prediction", problem.Code, problem.Message)
	}
	return ledger.Prediction{Amounts: amounts, Taxes: taxes, Totals: totals}, nil
}

// Powers implements [ledger.Ledger].
func (m *Memory) Powers() ledger.Powers {
	return ledger.Powers{
		Invoices: invoiceWriter(m), Contacts: contactWriter(m), Payments: paymentWriter(m),
		Updates: memoryUpdates{m}, Voids: memoryVoids{m}, PaymentVoids: memoryPaymentVoids{m},
		Documents: memoryDocuments{m},
	}
}

type memoryDocuments struct{ m *Memory }

// PDF implements [ledger.Documents]. What it gives is a stand-in: the words, not a printed page.
func (d memoryDocuments) PDF(ctx context.Context, ref ledger.Ref) (io.ReadCloser, error) {
	inv, err := d.m.Invoice(ctx, ref)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(strings.NewReader(fmt.Sprintf("%%PDF-1.4\n%% %s: %s %s\n", inv.Number, inv.Totals.Total, inv.Currency))), nil
}

// place is where a reading stands: among all records in the order of their making, or among the changes.
type place struct {
	Kind  string      `json:"k"`
	Began int64       `json:"b,omitempty"` // the count of changes when a reading of everything began
	After int64       `json:"a,omitempty"` // records made up to here have been read
	Since time.Time   `json:"s,omitzero"`
	From  ledger.Date `json:"f,omitzero"`
	Moved *int64      `json:"m,omitempty"` // changes up to here have been read
}

func (p place) cursor() ledger.Cursor {
	b, _ := json.Marshal(p) // of numbers and texts
	return ledger.Cursor(b)
}

func begin[T any](b *Books, t *table[T], q ledger.Query) (place, error) {
	p := place{Kind: t.kind, Since: q.Since, From: q.From}
	switch {
	case q.Cursor != "":
		p = place{}
		if err := json.Unmarshal([]byte(q.Cursor), &p); err != nil || p.Kind != t.kind {
			return p, fail(ledger.ErrRefused, t.kind, "bad_cursor", "the cursor was not made by this reading: begin again without one")
		}
		return p, nil
	case q.AfterID != "":
		b.mu.Lock()
		defer b.mu.Unlock()
		r := t.find(q.AfterID)
		if r == nil {
			return p, fail(ledger.ErrRefused, t.kind, "bad_id", "AfterID is no id of these books")
		}
		p.After = r.born
	}
	return p, nil
}

// pages reads a table. keep decides on a record; first says that the reading is one of everything.
func pages[T any](ctx context.Context, m *Memory, t *table[T], q ledger.Query, keep func(rec T, first bool) (T, bool)) iter.Seq2[ledger.Page[T], error] {
	size := cmp.Or(q.PageSize, m.b.pageSize)
	return func(yield func(ledger.Page[T], error) bool) {
		if len(q.Refs) > 0 {
			byRefs(ctx, m, t, q, keep, yield)
			return
		}
		p, err := begin(m.b, t, q)
		for err == nil {
			var page ledger.Page[T]
			next, more := p, false
			err = m.read(ctx, t.kind, func() { page, next, more = t.page(p, m.b.changes, size, keep) })
			if err != nil {
				break
			}
			page.Next = next.cursor()
			if !yield(page, nil) || !more {
				return
			}
			p = next
		}
		yield(ledger.Page[T]{}, err)
	}
}

func byRefs[T any](ctx context.Context, m *Memory, t *table[T], q ledger.Query, keep func(T, bool) (T, bool), yield func(ledger.Page[T], error) bool) {
	var page ledger.Page[T]
	err := m.read(ctx, t.kind, func() {
		page = ledger.Page[T]{Next: q.Cursor}
		for _, r := range t.rows {
			if slices.ContainsFunc(q.Refs, func(ref ledger.Ref) bool {
				return ref.ID == r.id || ref.ID == "" && ref.Number != "" && ref.Number == t.number(r.rec)
			}) {
				t.tell(r, &page, false, keep)
			}
		}
	})
	yield(page, err)
}

// fail makes an error of these books.
func fail(kind error, thing, code, message string) *ledger.Error {
	return &ledger.Error{Kind: kind, Room: "ledgertest", Thing: thing, Code: code, Message: message}
}

// read makes one request that changes nothing, three times at most. serve runs under the books' lock.
func (m *Memory) read(ctx context.Context, thing string, serve func()) error {
	for attempt := 1; ; attempt++ {
		_, err := m.b.exchange(ctx, false, serve)
		if err == nil {
			return nil
		}
		kind, again := ledger.ErrFailed, true
		message := "no answer"
		var resume time.Time
		switch {
		case ctx.Err() != nil:
			again = false
		case errors.Is(err, errThrottled):
			kind, again, message, resume = ledger.ErrLater, false, "too many calls", time.Now().UTC().Add(time.Minute)
		case errors.Is(err, errUnauthorised), errors.Is(err, errForbidden):
			kind, again, message = ledger.ErrReconnect, false, "the connection is not accepted: connect again"
		case errors.Is(err, errCut), errors.Is(err, errHTML):
			kind, message = ledger.ErrUnreadable, "the answer cannot be read"
		}
		if again && attempt < 3 {
			continue
		}
		return &ledger.Error{Kind: kind, Room: "ledgertest", Thing: thing, Message: message, ResumeAt: resume, Err: err}
	}
}
