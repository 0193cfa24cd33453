package ledgertest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// writingFaults are mistakes of those who create.
func writingFaults() []fault {
	return []fault{
		{"has limits that change", func(b *broken) {
			var n atomic.Int64
			contacts(brokenWriter[ledger.Contact]{limits: func(l ledger.Limits) ledger.Limits { l.Batch += int(n.Add(1)); return l }})(b)
		}, "contacts/limits"},
		{"encodes the time of day", contacts(brokenWriter[ledger.Contact]{encode: func(w contactWrite, d []ledger.Draft[ledger.Contact]) (ledger.Encoded, error) {
			e, err := w.Encode(d)
			e.Body = append(e.Body, fmt.Sprintf("%*s", 1+time.Now().Hour(), " ")...)
			return e, err
		}}), "contacts/encode/pure"},
		{"sends what it remembers instead of the bytes", func(b *broken) {
			remembered := map[string]bool{}
			contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, batch ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
				if !remembered[string(batch.Encoded.Body)] {
					batch.Encoded.Body = []byte("[]")
				}
				return w.Create(ctx, batch)
			}})(b)
		}, "contacts/encode/pure"},
		{"does not name the draft that it refuses", contacts(brokenWriter[ledger.Contact]{encode: func(w contactWrite, d []ledger.Draft[ledger.Contact]) (ledger.Encoded, error) {
			e, err := w.Encode(d)
			if err != nil {
				err = ledger.ErrRefused
			}
			return e, err
		}}), "contacts/encode/impossible"},
		{"breaks the order of the outcomes", outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
			slices.Reverse(list)
			return list, err
		}), "contacts/create/in order"},
		{"matches by position", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			list, err := w.Create(ctx, b)
			if len(list) == 2 { // as if the answer, shuffled, had been read in its order
				list[0].Record, list[1].Record = list[1].Record, list[0].Record
			}
			return list, err
		}}), "contacts/create/matched by mark"},
		{"ignores the gate", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			b.Gate = nil
			return w.Create(ctx, b)
		}}), "contacts/create/gate before the bytes"},
		{"sends although the gate refuses", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			_ = b.Gate(ctx)
			b.Gate = nil
			return w.Create(ctx, b)
		}}), "contacts/create/gate refuses"},
		{"asks the gate and then waits for its turn", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			gate := b.Gate
			b.Gate = func(ctx context.Context) error {
				defer time.Sleep(2 * time.Second)
				return gate(ctx)
			}
			return w.Create(ctx, b)
		}}), "contacts/create/gate before the bytes"},
		{"asks the gate after the bytes", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			gate := b.Gate
			b.Gate = nil
			list, err := w.Create(ctx, b)
			_ = gate(ctx)
			return list, err
		}}), "contacts/create/gate before the bytes"},
		{"doubles on a lost answer", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			list, err := w.Create(ctx, b)
			if err == nil && list[0].State == ledger.Uncertain {
				return w.Create(ctx, b)
			}
			return list, err
		}}), "contacts/create/once"},
		{"repeats a write that was turned away", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			list, err := w.Create(ctx, b)
			if errors.Is(err, ledger.ErrLater) {
				time.Sleep(time.Minute)
				return w.Create(ctx, b)
			}
			return list, err
		}}), "contacts/create/once"},
		{"calls uncertain refused", restate(ledger.Uncertain, ledger.Refused), "contacts/create/uncertain: answer lost"},
		{"calls uncertain created", restate(ledger.Uncertain, ledger.Created), "contacts/create/left out of the answer"},
		{"calls refused uncertain", restate(ledger.Refused, ledger.Uncertain), "contacts/create/refused"},
		{"reports an error after a byte left", outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
			if err == nil && list[0].State == ledger.Uncertain {
				return nil, &ledger.Error{Kind: ledger.ErrFailed, Message: "no answer"}
			}
			return list, err
		}), "contacts/create/uncertain: HTML after commit"},
		{"calls uncertain what was turned away", unsure(ledger.ErrLater), "contacts/create/nothing written: 429"},
		{"does not say when an answer was cut", outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
			for i := range list {
				if list[i].State == ledger.Uncertain {
					list[i].Refusal = &ledger.Refusal{Code: "unreadable"}
				}
			}
			return list, err
		}), "contacts/create/uncertain: answer truncated"},
		{"forgets the members that the answer leaves out", outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
			return slices.DeleteFunc(list, func(o ledger.Outcome[ledger.Contact]) bool { return o.State == ledger.Uncertain }), err
		}), "contacts/create/left out of the answer"},
		{"sends under a key of its own", func(b *broken) {
			var n atomic.Int64
			invoices(brokenWriter[ledger.Invoice]{create: func(ctx context.Context, w ledger.Writer[ledger.Invoice], b ledger.Batch) ([]ledger.Outcome[ledger.Invoice], error) {
				b.Key = fmt.Sprint("own-", n.Add(1))
				return w.Create(ctx, b)
			}})(b)
		}, "invoices/create/same key"},
		{"calls a key that was used a refusal", invoices(brokenWriter[ledger.Invoice]{create: func(ctx context.Context, w ledger.Writer[ledger.Invoice], b ledger.Batch) ([]ledger.Outcome[ledger.Invoice], error) {
			list, err := w.Create(ctx, b)
			for i := range list {
				if list[i].Refusal != nil && list[i].Refusal.Code == "key_reused" {
					list[i].State = ledger.Refused
				}
			}
			return list, err
		}}), "invoices/create/key of another request"},
		{"takes any amount for the right one", invoices(brokenWriter[ledger.Invoice]{create: func(ctx context.Context, w ledger.Writer[ledger.Invoice], b ledger.Batch) ([]ledger.Outcome[ledger.Invoice], error) {
			list, err := w.Create(ctx, b)
			for i := range list {
				if list[i].Refusal != nil && list[i].Refusal.Code == "differs" {
					list[i].State = ledger.Created
				}
			}
			return list, err
		}}), "invoices/create/another amount"},
		{"takes any invoice for the right one", payments(brokenWriter[ledger.Payment]{create: func(ctx context.Context, w ledger.Writer[ledger.Payment], b ledger.Batch) ([]ledger.Outcome[ledger.Payment], error) {
			list, err := w.Create(ctx, b)
			for i := range list {
				if list[i].Refusal != nil && list[i].Refusal.Code == "differs" {
					list[i].State = ledger.Created
				}
			}
			return list, err
		}}), "payments/create/another parent"},
		{"goes on when the context of a write ends", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			return w.Create(context.WithoutCancel(ctx), b)
		}}), "contacts/create/context"},
		{"takes what comes back for what was sent", restate(ledger.Uncertain, ledger.Created), "contacts/create/another mark"},
		{"takes a broken connection for \"not sent\"", outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
			if err == nil && list[0].Refusal != nil && list[0].Refusal.Code == ledger.NoAnswer {
				return nil, &ledger.Error{Kind: ledger.ErrFailed, Message: "not sent"}
			}
			return list, err
		}), "contacts/create/uncertain: request lost"},
		{"looks once after a lost answer and believes what it sees", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
			list, err := w.Create(ctx, b)
			for i := range list {
				found, failed := w.Find(ctx, ledger.Sought{Marks: []ledger.Mark{list[i].Mark}})
				if list[i].State == ledger.Uncertain && failed == nil && len(found.Hits[list[i].Mark]) == 0 {
					list[i].State = ledger.Refused // and half a minute later it is there
				}
			}
			return list, err
		}}), "contacts/create/uncertain: committed late"},
		{"takes a gateway's page for a refusal", restateSaid("the answer is HTML", ledger.Refused), "contacts/create/uncertain: gateway's HTML"},
		{"takes a 500 for a refusal", restateSaid("the vendor failed", ledger.Refused), "contacts/create/uncertain: 500 after commit"},
		{"calls uncertain what was not authorised", unsure(ledger.ErrReconnect), "contacts/create/nothing written: 401"},
		{"calls uncertain what was forbidden", unsure(ledger.ErrReconnect), "contacts/create/nothing written: 403"},
		{"takes the holder of its number for its own", invoices(brokenWriter[ledger.Invoice]{create: func(ctx context.Context, w ledger.Writer[ledger.Invoice], b ledger.Batch) ([]ledger.Outcome[ledger.Invoice], error) {
			list, err := w.Create(ctx, b)
			for i := range list {
				if list[i].Refusal != nil && list[i].Refusal.Code == ledger.RefusedNumberTaken {
					list[i].State = ledger.AlreadyThere
				}
			}
			return list, err
		}}), "invoices/create/number taken"},
		{"keeps the bytes of one caller for another", func(b *broken) {
			var last atomic.Value
			contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, batch ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
				last.Store(batch.Encoded)
				time.Sleep(time.Millisecond)
				batch.Encoded, _ = last.Load().(ledger.Encoded)
				return w.Create(ctx, batch)
			}})(b)
		}, "concurrency/writing"},
	}
}

// restateSaid changes the state of the uncertain outcomes that say this.
func restateSaid(said string, to ledger.OutcomeState) func(*broken) {
	return outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
		for i := range list {
			if list[i].Refusal != nil && list[i].Refusal.Message == said {
				list[i].State = to
			}
		}
		return list, err
	})
}

// unsure gives outcomes for an error that says that nothing was written.
func unsure(kind error) func(*broken) {
	return contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
		list, err := w.Create(ctx, b)
		if !errors.Is(err, kind) {
			return list, err
		}
		for _, m := range b.Members {
			list = append(list, ledger.Outcome[ledger.Contact]{State: ledger.Uncertain, Mark: m.Mark})
		}
		return list, nil
	}})
}
