package quickbooks

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// What QuickBooks allows: 30 records a batch, whose requestid has at most 36 characters and whose bIds have at
// most 10; a requestid of one record has at most 50. How long it is remembered is not documented, so that it is
// trusted for the quiet time only. A request is cut off after 120 s.
const (
	batchPath      = "/batch"
	batchRoute     = "POST " + batchPath + "?minorversion=" + minorVersion
	batchSize      = 30
	batchBytes     = 2_000_000
	batchKeyLength = 36
	bIDLength      = 10
	keyLength      = 50
	keyLife        = 5 * time.Minute
	quiet          = 5 * time.Minute
	deadline       = 125 * time.Second
)

// writer creates records of one kind. Everything that is the same for all kinds is here.
type writer[T any] struct {
	l      *Ledger
	entity string // "Invoice", "Customer", "Payment"
	item   func(ledger.Draft[T], *outItem) error
	echo   func(json.RawMessage) (echo[T], error)
	find   func(context.Context, ledger.Sought) (ledger.Found[T], error)
}

// echo is what an answer says of one record of a batch.
type echo[T any] struct {
	id       string
	marks    []ledger.Mark
	amount   decimal.Decimal
	parent   string
	record   T
	unclear  string
	personal []string // texts of the record that a message may quote
}

type wireBatch struct {
	BatchItemResponse []wireItem
}

type wireItem struct {
	BID      string `json:"bId"`
	Fault    *wireFault
	Invoice  json.RawMessage
	Payment  json.RawMessage
	Customer json.RawMessage
}

func (w *wireItem) record() json.RawMessage {
	for _, r := range []json.RawMessage{w.Invoice, w.Payment, w.Customer} {
		if len(r) > 0 && string(r) != "null" {
			return r
		}
	}
	return nil
}

// Limits implements [ledger.Writer].
func (w writer[T]) Limits() ledger.Limits {
	return ledger.Limits{Batch: batchSize, Bytes: batchBytes, KeyLength: batchKeyLength, KeyLife: keyLife, Quiet: quiet, Deadline: deadline}
}

// bID ties an answer's element to its member by the mark, and not by position.
func bID(m ledger.Mark) string { return string(m[:bIDLength]) }

// Encode implements [ledger.Writer].
func (w writer[T]) Encode(drafts []ledger.Draft[T]) (ledger.Encoded, error) {
	thing := "batch of " + w.entity
	if len(drafts) > batchSize {
		return ledger.Encoded{}, vendorbooks.NotSent(Vendor, thing, fmt.Sprintf("%d records are more than the %d of a batch", len(drafts), batchSize))
	}
	if err := vendorbooks.CheckMarks(Vendor, thing, drafts, bIDLength); err != nil {
		return ledger.Encoded{}, err
	}
	body := outBatch{BatchItemRequest: make([]outItem, 0, len(drafts))}
	for _, d := range drafts {
		item := outItem{BID: bID(d.Mark), Operation: "create"}
		if err := w.item(d, &item); err != nil {
			return ledger.Encoded{}, vendorbooks.OfDraft(d.Mark, err)
		}
		body.BatchItemRequest = append(body.BatchItemRequest, item)
	}
	return vendorhttp.Encode(Vendor, batchRoute, body)
}

// Create implements [ledger.Writer].
func (w writer[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	thing := "POST /batch of " + w.entity
	if err := vendorbooks.CheckBatch(Vendor, thing, b, batchRoute, batchKeyLength); err != nil {
		return nil, err
	}
	resp, unknown, err := w.l.send(ctx, thing, b.Encoded, b.Key, b.Gate)
	if err != nil {
		return nil, err
	}
	if unknown == nil {
		if f := faultOf(resp); !resp.OK() || f != nil {
			if unknown, err = w.l.refusedWrite(ctx, thing, resp, f); err != nil {
				return nil, err
			}
		}
	}
	if unknown == nil {
		var answer wireBatch
		if err = resp.Decode(&answer); err == nil {
			return w.match(b.Members, answer.BatchItemResponse), nil
		}
		unknown = &vendorhttp.Seen{Code: "unreadable", Message: "the answer cannot be read"}
	}
	return vendorbooks.AllUncertain[T](b.Members, unknown.Code, unknown.Message), nil
}

// match finds each member's element by its bId, which is of the mark; the order of an answer is not promised.
func (w writer[T]) match(members []ledger.Member, items []wireItem) []ledger.Outcome[T] {
	byID := map[string][]*wireItem{}
	for i := range items {
		byID[items[i].BID] = append(byID[items[i].BID], &items[i])
	}
	outcomes := make([]ledger.Outcome[T], len(members))
	for i, m := range members {
		switch hits := byID[bID(m.Mark)]; len(hits) {
		case 0:
			outcomes[i] = vendorbooks.Uncertain[T](m.Mark, "not_in_answer", "the answer does not speak of it")
		case 1:
			outcomes[i] = w.judge(m, hits[0])
		default:
			outcomes[i] = vendorbooks.Uncertain[T](m.Mark, "doubled", "the answer speaks of it more than once")
		}
	}
	return outcomes
}

// judge says what became of a member. Created and Refused need the whole proof; what contradicts itself is
// uncertain.
func (w writer[T]) judge(m ledger.Member, item *wireItem) ledger.Outcome[T] {
	raw := item.record()
	if item.Fault != nil {
		return w.failed(m, item.Fault, raw)
	}
	if raw == nil {
		return vendorbooks.Uncertain[T](m.Mark, "not_in_answer", "the answer has neither the record nor an error")
	}
	e, err := w.echo(raw)
	switch {
	case err != nil:
		return vendorbooks.Uncertain[T](m.Mark, "unreadable", "the answer's record cannot be read")
	case !isID(e.id):
		return vendorbooks.Uncertain[T](m.Mark, "no_id", "it has no id and no error")
	}
	return vendorbooks.Proved(m, vendorbooks.Shown[T]{
		Record: e.record, Marked: slices.Contains(e.marks, m.Mark), Unclear: e.unclear, Amount: e.amount, SameParent: e.parent == m.Parent,
	})
}

func (w writer[T]) failed(m ledger.Member, f *wireFault, raw json.RawMessage) ledger.Outcome[T] {
	var personal []string
	if raw != nil {
		if e, err := w.echo(raw); err == nil {
			personal = e.personal
		}
	}
	switch {
	case raw != nil:
		return vendorbooks.Uncertain[T](m.Mark, "contradictory", "it has a record and an error: "+refusal(f, personal...).Message)
	case len(f.Error) == 0 || f.code() == "":
		return vendorbooks.Uncertain[T](m.Mark, "contradictory", "it has an error and no reason")
	case f.system(), f.throttle(), f.kind("service"), f.kind("auth"):
		// The service has failed at it, and does not say how far it came.
		return vendorbooks.Uncertain[T](m.Mark, "status", refusal(f).Message)
	}
	return ledger.Outcome[T]{State: ledger.Refused, Mark: m.Mark, Refusal: refusal(f)}
}

// Find implements [ledger.Writer].
func (w writer[T]) Find(ctx context.Context, s ledger.Sought) (ledger.Found[T], error) {
	return w.find(ctx, s)
}
