package compare

import (
	"context"
	"fmt"
	"maps"

	"github.com/shopspring/decimal"
)

// How an invoice stands.
const (
	approved = "approved"
	paid     = "paid"
	voided   = "voided"
	deleted  = "deleted"
)

// A Held is an invoice of the ledger as somebody else holds it.
type Held struct {
	ID       string // in the ledger
	Status   string // "approved", "paid", "voided", "deleted"
	Total    decimal.Decimal
	Balance  decimal.Decimal
	Lines    []decimal.Decimal          // before tax
	Payments map[string]decimal.Decimal // by id
}

// HeldResult is what a comparison with a ledger finds.
type HeldResult struct {
	Invoices  int      // that were compared
	Differing int      // of them
	Listed    []string // what differs, at most [MaxListed]
}

// CompareHeld reads the ledger afresh and says which invoices it holds otherwise. What the ledger no longer has must
// be held as deleted, with whatever was known of it.
func CompareHeld(ctx context.Context, ledger Ledger, held []Held) (HeldResult, error) {
	r := HeldResult{Invoices: len(held)}
	if len(held) == 0 {
		return r, nil
	}
	books, err := ledger.read(ctx)
	if err != nil {
		return r, err
	}
	byID := make(map[string]*record, len(books.invoices))
	for _, rec := range books.invoices {
		byID[rec.id] = rec
	}
	for i := range held {
		what := held[i].differs(byID[held[i].ID])
		if what == "" {
			continue
		}
		if r.Differing++; len(r.Listed) < MaxListed {
			r.Listed = append(r.Listed, "invoice "+held[i].ID+": "+what)
		}
	}
	return r, nil
}

// differs says in what an invoice is not as the ledger has it, or nothing.
func (h *Held) differs(rec *record) string {
	switch {
	case rec == nil && h.Status == deleted:
		return ""
	case rec == nil:
		return "the ledger does not have it, and it is held as " + h.Status
	case rec.status != h.Status:
		return fmt.Sprintf("%s in the ledger, held as %s", rec.status, h.Status)
	case h.Status == deleted:
		return ""
	case !rec.total.Equal(h.Total):
		return fmt.Sprintf("a total of %s in the ledger, held with %s", rec.total, h.Total)
	case !rec.due.Equal(h.Balance):
		return fmt.Sprintf("%s is left to pay in the ledger, held with %s", rec.due, h.Balance)
	case !linesDiffer(rec.lines, h.Lines).IsZero():
		return "its lines are others"
	case !maps.EqualFunc(rec.payments, h.Payments, decimal.Decimal.Equal):
		return fmt.Sprintf("%d payments in the ledger, held with %d, or others", len(rec.payments), len(h.Payments))
	}
	return ""
}
