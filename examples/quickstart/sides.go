package main

import (
	"errors"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/shop"
	ends "github.com/invoicesync/invoicesync/examples/internal/side"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/ledger"
)

// A side is one end of the push.
type side struct {
	*ends.Side
	loaded string // the currency of orders that were loaded from a folder
	// holds reports whether the books of the fake of a ledger have a record; nil: it is not ours.
	holds func(kind ledger.RecordKind, id string) bool
}

// openSides opens both sides; again: as they were known to an earlier run.
func openSides(c *config, again, direct bool) (source, books *side, err error) {
	source = &side{Side: ends.New("infusionsoft", c.sourceURL, "", c.sourceToken)}
	books = &side{Side: ends.New(string(c.vendor.ledger), c.ledgerURL, c.ledgerRoute, c.ledgerToken)}
	if c.sourceURL != "" && c.ledgerURL != "" {
		return source, books, nil
	}
	var ledgers []world.Ledger
	if c.ledgerURL == "" {
		ledgers = append(ledgers, c.vendor.ledger)
	}
	s, err := shop.Open(shop.Wish{
		File: c.db, Orders: c.orders, Seed: c.seed, Load: c.load, Again: again, Given: c.given["orders"] || c.given["seed"],
		NoSource: c.sourceURL != "", Ledgers: ledgers, For: c.vendor.ledger,
	})
	if errors.Is(err, shop.ErrWish) {
		return nil, nil, &command.UsageError{Err: err}
	}
	if err != nil {
		return nil, nil, err
	}
	if s.Infusionsoft != nil {
		source.Route = s.Made.Tenant
		if s.Made.Load != "" {
			source.loaded = s.Made.Currency
		}
		if err := source.Serve(s.Infusionsoft, direct); err != nil {
			return nil, nil, err
		}
	}
	if c.ledgerURL == "" {
		var fake ends.Fake
		fake, books.Route, books.holds = c.vendor.serve(s)
		if err := books.Serve(fake, direct); err != nil {
			return nil, nil, err
		}
	}
	return source, books, nil
}

// called counts a call of our adapter, and tells what it was for.
func (s *side) called(p *progress, doing string) {
	s.Called()
	p.called(doing)
}
