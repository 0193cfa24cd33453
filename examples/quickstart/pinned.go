package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"

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
	Tenant    string                `json:"xero_tenant_id"` // only routing: it changes when Xero is connected again
	Currency  ledger.Currency       `json:"currency"`
	TimeZone  string                `json:"time_zone"`
}

func (f *flow) file() string { return f.c.db + ".flow.json" }

// loaded reports whether the orders come from somebody's JSON files.
func (f *flow) loaded() bool { return f.source.loaded != "" }

// recall reads what was pinned by an earlier run. When the way to one of the organisations has changed
// since, both are asked again.
func (f *flow) recall() error {
	p := &f.pinned
	raw, err := os.ReadFile(f.file())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.first = true
		if f.loaded() {
			p.Source, p.Currency, p.TimeZone = ledger.OrganisationID{Vendor: infusionsoft.Vendor, ID: world.Tenant}, ledger.Currency(f.source.loaded), world.Zone
		}
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(raw, p); err != nil {
			return fmt.Errorf("%s cannot be read; move it away, and the organisations are asked again: %w", f.file(), err)
		}
	}
	f.known = !f.first && p.SourceURL == f.c.sourceURL && p.LedgerURL == f.c.ledgerURL && p.Tenant == f.ledger.tenant
	p.SourceURL, p.LedgerURL, p.Tenant = f.c.sourceURL, f.c.ledgerURL, f.ledger.tenant
	return nil
}

// ask finds out which organisations the connections lead to, and pins them.
func (f *flow) ask(ctx context.Context, from ledger.Source) error {
	books, err := f.into.Organisation(ctx)
	if err != nil {
		return err
	}
	if err := f.pin("ledger", &f.pinned.Ledger, books.ID); err != nil {
		return err
	}
	shop, err := from.Organisation(ctx)
	if err != nil {
		return err
	}
	if err := f.pin("source", &f.pinned.Source, shop.ID); err != nil {
		return err
	}
	f.pinned.Currency, f.pinned.TimeZone = shop.BaseCurrency, shop.TimeZone.String()
	f.known = true
	if f.c.preview {
		return nil // writes nothing, here neither
	}
	raw, err := json.MarshalIndent(f.pinned, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(f.file(), append(raw, '\n'), 0o600)
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
