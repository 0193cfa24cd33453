package invoicesync_test

import (
	"context"
	"iter"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// mangled is a ledger some of whose invoices look otherwise than they are.
type mangled struct {
	*ledgertest.Memory
	edit map[string]func(*ledger.Invoice)
}

func (m *mangled) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for page, err := range m.Memory.Invoices(ctx, q) {
			for i := range page.Records {
				if edit := m.edit[page.Records[i].ID]; edit != nil {
					edit(&page.Records[i])
				}
			}
			if !yield(page, err) {
				return
			}
		}
	}
}
