package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/jsonfile"
	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// pinned is what a host remembers of a flow once its owner has confirmed it: which two organisations, by
// their lasting identities, and the source's currency and calendar. Knowing them, a run in which nothing
// has changed need not ask who is there.
type pinned struct {
	SourceURL string                `json:"source_url,omitempty"` // "": the fake
	LedgerURL string                `json:"ledger_url,omitempty"`
	Source    ledger.OrganisationID `json:"source"`
	Ledger    ledger.OrganisationID `json:"ledger"`
	// Route is Xero's tenant id, which changes when Xero is connected again, or QuickBooks' realm id.
	Route    string          `json:"ledger_route"`
	Currency ledger.Currency `json:"currency"`
	TimeZone string          `json:"time_zone"`
	// Owner is the name under which runs hold the right to write. It stays the same, so that a run goes
	// on at once with what a killed one has left. The lock sees to it that there is only one at a time.
	Owner string `json:"owner"`
}

func pinFile(c *config) string { return c.db + ".flow.json" }

// recall reads what was pinned by an earlier run; nil: there was none. A store that has seen somebody's
// servers does not go on with fakes, nor the reverse.
func recall(c *config) (*pinned, error) {
	p := &pinned{}
	there, err := jsonfile.Read(pinFile(c), p)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read; move it away, and the organisations are asked again: %w", pinFile(c), err)
	}
	if !there {
		return nil, nil
	}
	for _, at := range []struct{ flag, then, now string }{{"source-url", p.SourceURL, c.sourceURL}, {"ledger-url", p.LedgerURL, c.ledgerURL}} {
		switch {
		case at.then != "" && at.now == "":
			return nil, command.Usagef("%s was used with -%s %s: give it again, or another file with -db", c.db, at.flag, at.then)
		case at.then == "" && at.now != "":
			return nil, command.Usagef("%s was used with a fake in place of -%s: leave that out, or give another file with -db", c.db, at.flag)
		}
	}
	if then := p.Ledger.Vendor; then != "" && then != string(c.vendor.ledger) {
		return nil, command.Usagef("%s was used with -ledger %s, and this is -ledger %s: choose that, or give another file with -db", c.db, then, c.vendor.ledger)
	}
	return p, nil
}

// loaded reports whether the orders come from somebody's JSON files.
func (f *flow) loaded() bool { return f.source.loaded != "" }

// begin takes what was pinned. When the way to one of the organisations has changed since, both are
// asked again.
func (f *flow) begin(before *pinned) {
	p := &f.pinned
	if before != nil {
		*p = *before
		f.known = p.Owner != "" && p.SourceURL == f.c.sourceURL && p.LedgerURL == f.c.ledgerURL && p.Route == f.ledger.Route
	} else {
		f.first = true
		if f.loaded() {
			p.Source, p.Currency, p.TimeZone = ledger.OrganisationID{Vendor: infusionsoft.Vendor, ID: f.source.Route}, ledger.Currency(f.source.loaded), world.Zone
		}
	}
	if p.Owner == "" {
		p.Owner = "quickstart-" + rand.Text()
	}
	p.SourceURL, p.LedgerURL, p.Route = f.c.sourceURL, f.c.ledgerURL, f.ledger.Route
}

// ask finds out which organisations the connections lead to, and pins them.
func (f *flow) ask(ctx context.Context, from ledger.Source) error {
	books, err := f.into.Organisation(ctx)
	if err != nil {
		return f.strange("-ledger-url", f.c.vendor.name, f.c.ledgerURL, err)
	}
	if err := f.pin("ledger", &f.pinned.Ledger, books.ID); err != nil {
		return err
	}
	shop, err := from.Organisation(ctx)
	if err != nil {
		return f.strange("-source-url", "Infusionsoft", f.c.sourceURL, err)
	}
	if err := f.pin("source", &f.pinned.Source, shop.ID); err != nil {
		return err
	}
	f.pinned.Currency, f.pinned.TimeZone = shop.BaseCurrency, shop.TimeZone.String()
	f.known = true
	if f.c.preview {
		return nil // writes nothing, here neither
	}
	return jsonfile.Write(pinFile(f.c), f.pinned)
}

// strange says which of two servers has not answered as its vendor does.
func (f *flow) strange(flag, vendor, url string, err error) error {
	switch {
	case url == "":
		return err
	case ledger.Code(err) == "other_organisation":
		return fmt.Errorf("%s belongs to another organisation: connect the right one, or give another file with -db: %w", f.c.db, err)
	}
	err = fmt.Errorf("asked who is there, the server at %s %s has not answered as %s does: %w", flag, url, vendor, err)
	if f.c.sourceURL != "" && f.c.ledgerURL != "" {
		err = fmt.Errorf("%w\nLook whether the URLs or the tokens are swapped: -source-url and INFUSIONSOFT_TOKEN are Infusionsoft's, -ledger-url and %s are %s", err, f.c.vendor.tokenVar, f.c.vendor.whose())
	}
	return err
}

func (f *flow) pin(which string, have *ledger.OrganisationID, got ledger.OrganisationID) error {
	if !have.IsZero() && *have != got {
		return fmt.Errorf("%s belongs to the %s organisation %s, and the connection leads to %s: connect the right one, or give another file with -db", f.c.db, which, *have, got)
	}
	*have = got
	return nil
}

// sealer reads the key that seals request bodies, or makes one.
func sealer(file string) (store.Sealer, error) {
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := store.NewKey(time.Now().UTC().Format("2006-01-02"))
		if err != nil {
			return nil, err
		}
		raw = []byte(key.Secret() + "\n")
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			return nil, fmt.Errorf("the sealing key cannot be kept: %w", err)
		}
	} else if err != nil {
		return nil, err
	}
	key, err := store.ParseKey(string(raw))
	if err != nil {
		return nil, fmt.Errorf("%s holds no sealing key; put back the one that was there: %w", file, err)
	}
	return store.NewKeyring(key)
}
