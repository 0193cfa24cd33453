package conformance

import (
	"context"

	"github.com/invoicesync/invoicesync/ledger"
)

// The decorators that a host puts in front of a ledger. Each builds new Powers, as package ledger asks.

// readOnly is a ledger whose books are closed to writing.
type readOnly struct{ ledger.Ledger }

func (readOnly) Powers() ledger.Powers { return ledger.Powers{} }

// dryRun is a ledger that plans and never writes: what gives copies stays, what writes is gone.
type dryRun struct{ ledger.Ledger }

func (d dryRun) Powers() ledger.Powers { return ledger.Powers{Documents: d.Ledger.Powers().Documents} }

// counted wraps the powers that it knows, the three that create, and passes everything through to them. Those
// that it does not know vanish.
type counted struct {
	ledger.Ledger
	writes *int64
}

func (c counted) Powers() ledger.Powers {
	p := c.Ledger.Powers()
	return ledger.Powers{Invoices: count(p.Invoices), Contacts: count(p.Contacts), Payments: count(p.Payments)}
}

func count[T any](w ledger.Writer[T]) ledger.Writer[T] {
	if w == nil {
		return nil
	}
	return counting[T]{w}
}

type counting[T any] struct{ ledger.Writer[T] }

func (c counting[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	return c.Writer.Create(ctx, b)
}
