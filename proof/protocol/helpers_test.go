package protocol

import (
	"context"
	"testing"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

func newPush(r *rig.Rig, books ledger.Ledger, o *invoicesync.Options) (*invoicesync.Push, error) {
	return invoicesync.NewPush(r.DB, r.SourceSide(), books, r.Settings, o)
}

// pausing is a ledger whose writes of one kind stop before their bytes leave: the process is away.
type pausing struct {
	ledger.Ledger
	kind  string
	pause func()
}

func (p pausing) Powers() ledger.Powers {
	powers := p.Ledger.Powers()
	if p.kind == "contact" {
		powers.Contacts = pausingWriter[ledger.Contact]{powers.Contacts, p.pause}
	}
	if p.kind == "invoice" {
		powers.Invoices = pausingWriter[ledger.Invoice]{powers.Invoices, p.pause}
	}
	if p.kind == "payment" {
		powers.Payments = pausingWriter[ledger.Payment]{powers.Payments, p.pause}
	}
	return powers
}

type pausingWriter[T any] struct {
	ledger.Writer[T]
	pause func()
}

func (w pausingWriter[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	w.pause()
	return w.Writer.Create(ctx, b)
}

// snapshot copies a store, as a backup does.
func snapshot(t *testing.T, db store.Store) store.Store {
	t.Helper()
	return db.(*store.Memory).Clone()
}
