package ledgertest_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// otherFaults are mistakes that no other list holds.
func otherFaults() []fault {
	return []fault{
		{"tells its token", func(b *broken) {
			b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
				inv, err := l.Invoice(ctx, ref)
				if err != nil {
					err = &ledger.Error{Kind: ledger.ErrNotFound, Message: "GET with Bearer tok-secret", Err: err}
				}
				return inv, err
			}
		}, "errors/discreet"},
		{"quotes the customer in a refusal", outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
			for _, o := range list {
				if o.State == ledger.Refused {
					o.Refusal.Message += ": Zebulon Quackenbush"
				}
			}
			return list, err
		}), "errors/discreet"},
		{"keeps the question of one caller for another", func(b *broken) {
			var last atomic.Value
			b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
				last.Store(ref)
				time.Sleep(time.Millisecond)
				asked, _ := last.Load().(ledger.Ref)
				return l.Invoice(ctx, asked)
			}
		}, "concurrency/reading"},
		{"prints an empty page", func(b *broken) {
			b.powers = func(p ledger.Powers) ledger.Powers { p.Documents = blank{}; return p }
		}, "pdf/printed"},
	}
}
