package main

import (
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/receivables"
	"github.com/invoicesync/invoicesync/examples/internal/side"
)

// books are the ledger that is read: somebody's, or the fake with a practice in it.
type books struct {
	*side.Side
	practice *receivables.Practice // nil: somebody's
	fresh    bool                  // the practice was made just now
	pageSize int
	readings atomic.Int64 // calls that read invoices
	writings atomic.Int64 // calls that are no reading: there must be none
}

// openBooks opens the ledger; again: as it was known to an earlier run.
func openBooks(c *config, again, direct bool) (*books, error) {
	b := &books{Side: side.New(string(c.vendor.ledger), c.ledgerURL, c.route, c.token), pageSize: c.pageSize, fresh: !again}
	if c.ledgerURL != "" {
		return b, nil
	}
	p, err := receivables.Open(receivables.Wish{
		File: c.db, Ledger: c.vendor.ledger, Invoices: c.invoices, Seed: c.seed, Again: again, Given: c.given["invoices"] || c.given["seed"],
	})
	if errors.Is(err, receivables.ErrWish) {
		return nil, &command.UsageError{Err: err}
	}
	if err != nil {
		return nil, err
	}
	b.practice, b.Route = p, p.Route
	return b, b.Serve(p.Fake, direct)
}

// called counts a call of our adapter.
func (b *books) called(p *progress, invoices bool, method string) {
	b.Called()
	if invoices {
		b.readings.Add(1)
	}
	if method != http.MethodGet {
		b.writings.Add(1)
	}
	p.called(invoices)
}

// A callCount is calls to the ledger.
type callCount struct{ invoices, others int }

func (c callCount) sum() int { return c.invoices + c.others }

// calls are those that our adapter has made.
func (b *books) calls() callCount {
	n := int(b.readings.Load())
	return callCount{n, b.Made() - n}
}

func (c callCount) since(before callCount) callCount {
	return callCount{c.invoices - before.invoices, c.others - before.others}
}
