package invoicesync

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// FromLedger makes a ledger the source of a push, for the roles exchanged: invoices of Xero or QuickBooks
// into Infusionsoft. It reads what the ledger reads, and completes each invoice's contact, of which ledgers
// show little more than the name with an invoice: one more call for each page with contacts that it has not
// seen yet. It is safe for concurrent use.
//
// The flow the other way may run beside it over the same store: what one of them has written, the other one
// leaves alone, its payments too. Payments go the way of their invoice, and no payment that was recorded where
// the invoice was written goes back to where it came from.
//
// A contact that the ledger does not give stays as it came with the invoice. While invoices are parked for their
// client, each run asks which contacts have changed, so that an address that somebody has added is enough to let
// them go on. A source that is wrapped around this one does not do that.
func FromLedger(books ledger.Ledger) ledger.Source {
	return &fromLedger{Source: books, books: books, known: map[string]ledger.Contact{}}
}

type fromLedger struct {
	ledger.Source
	books ledger.Ledger

	mu    sync.Mutex
	known map[string]ledger.Contact
}

// maxKnown bounds what is kept in memory of contacts.
const maxKnown = 4096

// Invoices implements [ledger.Source].
func (s *fromLedger) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for page, err := range s.Source.Invoices(ctx, q) {
			if err == nil {
				err = s.complete(ctx, page.Records)
			}
			if err != nil {
				yield(ledger.Page[ledger.Invoice]{}, err)
				return
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

// Invoice implements [ledger.Source].
func (s *fromLedger) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	inv, err := s.Source.Invoice(ctx, ref)
	if err != nil {
		return inv, err
	}
	one := []ledger.Invoice{inv}
	err = s.complete(ctx, one)
	return one[0], err
}

// complete fills in the contacts of a page that is the caller's alone.
func (s *fromLedger) complete(ctx context.Context, records []ledger.Invoice) error {
	found := map[string]ledger.Contact{}
	var ask []ledger.Ref
	s.mu.Lock()
	for i := range records {
		c := &records[i].Contact
		have, ok := s.known[c.ID]
		switch {
		// An invoice of ours is not pushed, nor one that is void: their contacts need not be known.
		case c.ID == "", records[i].Mark != "", !records[i].Status.Live():
		case ok:
			found[c.ID] = have
		case !slices.Contains(ask, ledger.Ref{ID: c.ID}):
			ask = append(ask, ledger.Ref{ID: c.ID})
		}
	}
	s.mu.Unlock()
	// An address has its limits, and ids of some vendors are long.
	for part := range slices.Chunk(ask, 40) {
		for c, err := range ledger.All(s.books.Contacts(ctx, ledger.Query{Refs: part})) {
			if err != nil {
				return err
			}
			found[c.ID] = c
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range found {
		if len(s.known) >= maxKnown {
			clear(s.known)
		}
		if c.Email != "" { // one without may get an address any day, and is waited for
			s.known[id] = c
		}
	}
	for i := range records {
		if c, ok := found[records[i].Contact.ID]; ok {
			records[i].Contact = c
		}
	}
	return nil
}

// contactsChanged reports whether a contact has changed since an instant, and forgets those that have.
func (s *fromLedger) contactsChanged(ctx context.Context, since time.Time) (changed bool, err error) {
	for page, err := range s.books.Contacts(ctx, ledger.Query{Since: since}) {
		if err != nil {
			return false, err
		}
		changed = changed || len(page.Records)+len(page.Deleted) > 0
		s.mu.Lock()
		for i := range page.Records {
			delete(s.known, page.Records[i].ID)
		}
		s.mu.Unlock()
	}
	return changed, nil
}
