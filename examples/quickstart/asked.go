package main

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/invoicesync/invoicesync/ledger"

	"github.com/invoicesync/invoicesync/examples/internal/asked"
)

// onceAsked is a ledger that is asked only once for its organisation, for its chart, and for the whole of what is in
// its books, where that is little. Each flow reads them anew, as it must when it runs for months; this program lives
// for a minute, and checks, previews and pushes in it. What changes meanwhile is read as a change: the last page says
// from when on.
type onceAsked struct {
	ledger.Ledger

	org      asked.Once[ledger.Organisation]
	chart    asked.Once[ledger.Chart]
	contacts whole[ledger.Contact]
	invoices whole[ledger.Invoice]
	payments whole[ledger.Payment]
}

func (l *onceAsked) Organisation(ctx context.Context) (ledger.Organisation, error) {
	return l.org.Get(ctx, l.Ledger.Organisation)
}

func (l *onceAsked) Chart(ctx context.Context) (ledger.Chart, error) {
	return l.chart.Get(ctx, l.Ledger.Chart)
}

func (l *onceAsked) Contacts(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
	return l.contacts.read(ctx, q, l.Ledger.Contacts)
}

func (l *onceAsked) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return l.invoices.read(ctx, q, l.Ledger.Invoices)
}

func (l *onceAsked) Payments(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
	return l.payments.read(ctx, q, l.Ledger.Payments)
}

// A whole is a reading of everything that has come to no more than a call's worth of records.
type whole[T any] struct {
	mu    sync.Mutex
	of    string // the query
	pages []ledger.Page[T]
}

const small = 1000

type reader[T any] func(context.Context, ledger.Query) iter.Seq2[ledger.Page[T], error]

func (w *whole[T]) read(ctx context.Context, q ledger.Query, from reader[T]) iter.Seq2[ledger.Page[T], error] {
	if q.Cursor != "" || len(q.Refs) > 0 {
		return from(ctx, q)
	}
	of := fmt.Sprintf("%+v", q)
	return func(yield func(ledger.Page[T], error) bool) {
		if pages, known := w.known(of); known {
			for _, page := range pages {
				if !yield(own(page), nil) {
					return
				}
			}
			return
		}
		var pages []ledger.Page[T]
		records, kept := 0, true
		for page, err := range from(ctx, q) {
			records += len(page.Records)
			if kept = kept && err == nil && records <= small; kept {
				pages = append(pages, own(page))
			} else {
				pages = nil
			}
			if !yield(page, err) {
				return
			}
		}
		if kept {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.of, w.pages = of, pages
		}
	}
}

func (w *whole[T]) known(of string) (pages []ledger.Page[T], ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pages, w.pages != nil && w.of == of
}

// own copies a page: its memory belongs to whoever reads it.
func own[T any](p ledger.Page[T]) ledger.Page[T] {
	p.Records, p.Deleted, p.Unread = slices.Clone(p.Records), slices.Clone(p.Deleted), slices.Clone(p.Unread)
	return p
}

// saidToBe is a source that is taken for an organisation without being asked: files of orders need not
// come with settings that make sense.
type saidToBe struct {
	ledger.Source
	org ledger.Organisation
}

func (s saidToBe) Organisation(context.Context) (ledger.Organisation, error) { return s.org, nil }
