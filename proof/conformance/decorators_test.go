package conformance

import (
	"context"
	"sync/atomic"

	"github.com/invoicesync/invoicesync/ledger"
)

// The decorators that a host puts in front of a ledger. Each builds new Powers, as package ledger asks.

// readOnly is a ledger whose books are closed to writing.
type readOnly struct{ ledger.Ledger }

func (readOnly) Powers() ledger.Powers { return ledger.Powers{} }

// dryRun is a ledger that plans and never writes: what gives copies stays, what writes is gone.
type dryRun struct{ ledger.Ledger }

func (d dryRun) Powers() ledger.Powers { return ledger.Powers{Documents: d.Ledger.Powers().Documents} }

// counted counts what is created. It wraps the three powers that it knows; the others vanish.
type counted struct {
	ledger.Ledger
	written *atomic.Int64
}

func (c counted) Powers() ledger.Powers {
	p := c.Ledger.Powers()
	return ledger.Powers{Invoices: count(c, p.Invoices), Contacts: count(c, p.Contacts), Payments: count(c, p.Payments)}
}

func count[T any](c counted, w ledger.Writer[T]) ledger.Writer[T] {
	if w == nil {
		return nil
	}
	return counting[T]{w, c.written}
}

type counting[T any] struct {
	ledger.Writer[T]
	written *atomic.Int64
}

func (c counting[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	outcomes, err := c.Writer.Create(ctx, b)
	for _, o := range outcomes {
		if o.State == ledger.Created {
			c.written.Add(1)
		}
	}
	return outcomes, err
}
