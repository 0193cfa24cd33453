package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/invoicesync/invoicesync/ledger"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/jsonfile"
	"github.com/invoicesync/invoicesync/examples/internal/receivables"
)

// pinned is what a host remembers of a flow once its owner has confirmed it: which organisation, by its lasting
// identity, and the currency of the account.
type pinned struct {
	LedgerURL string                `json:"ledger_url,omitempty"` // "": the fake
	Ledger    ledger.OrganisationID `json:"ledger"`
	Currency  ledger.Currency       `json:"currency"`
	All       bool                  `json:"all"` // the first reading is of every status and age
	// Owner is the name under which runs hold the right to import. It stays the same, so that a run goes on at
	// once with what a killed one has left. The lock sees to it that there is only one at a time.
	Owner string `json:"owner"`

	// How far the steps are that happen once.
	Chosen   bool `json:"chosen"`   // the list was shown, and a person has chosen
	Moved    bool `json:"moved"`    // the books were being changed
	Followed bool `json:"followed"` // and the changes have followed
}

func pinFile(c *config) string { return c.db + ".import.json" }

// recall reads what was pinned by an earlier run; nil: there was none. A store that has seen somebody's server does
// not go on with a fake, nor the reverse.
func recall(c *config) (*pinned, error) {
	p := &pinned{}
	there, err := jsonfile.Read(pinFile(c), p)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read; move it away, and the organisation is asked again: %w", pinFile(c), err)
	}
	if !there {
		return nil, nil
	}
	switch then := p.Ledger.Vendor; {
	case p.LedgerURL != "" && c.ledgerURL == "":
		return nil, command.Usagef("%s was used with -ledger-url %s: give it again, or another file with -db", c.db, p.LedgerURL)
	case p.LedgerURL == "" && c.ledgerURL != "":
		return nil, command.Usagef("%s was used with a fake in place of -ledger-url: leave that out, or give another file with -db", c.db)
	case then != string(c.vendor.ledger):
		return nil, command.Usagef("%s was used with -ledger %s, and this is -ledger %s: choose that, or give another file with -db", c.db, then, c.vendor.ledger)
	case c.given["all"] && c.all != p.All:
		return nil, command.Usagef("-all is for the first run with a file, and %s was begun otherwise: leave it out, or give another file with -db", c.db)
	}
	return p, nil
}

// begin takes what was pinned, or asks which organisation the connection leads to, and pins it.
func (f *flow) begin(ctx context.Context, before *pinned) error {
	p := &f.pinned
	if before != nil {
		*p = *before
		p.LedgerURL = f.c.ledgerURL
		return nil
	}
	p.LedgerURL, p.All, p.Owner = f.c.ledgerURL, f.c.all, "import-"+rand.Text()
	org, err := f.source.Organisation(ctx)
	switch {
	case err != nil && f.c.ledgerURL != "" && !errors.Is(err, context.Canceled):
		return fmt.Errorf("asked who is there, the server at -ledger-url %s has not answered as %s does: %w", f.c.ledgerURL, f.c.vendor.name, err)
	case err != nil:
		return err
	}
	p.Ledger, p.Currency = org.ID, org.BaseCurrency
	return f.pin()
}

func (f *flow) pin() error { return jsonfile.Write(pinFile(f.c), f.pinned) }

// knownClients are the contacts whose clients the app had before: every other one of those it will meet.
func knownClients(p *receivables.Practice) []string {
	var known []string
	if p == nil {
		return nil
	}
	for i, id := range p.Expect.Clients() {
		if i%2 == 0 {
			known = append(known, id)
		}
	}
	return known
}
