package xero

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// What Xero allows: about 50 records a request are recommended and 3.5 MB advised; a key has at most
// 128 characters and is remembered for 6 minutes from its first use.
const (
	batchSize  = 50
	batchBytes = 3_500_000
	keyLength  = 128
	keyLife    = 6 * time.Minute
	quiet      = 7 * time.Minute
	deadline   = 125 * time.Second
)

// writer creates records of one kind. Everything that is the same for all kinds is here.
type writer[T any] struct {
	l      *Ledger
	kind   string // "Invoices", "Contacts", "Payments"
	query  string
	encode func([]ledger.Draft[T]) (any, error)
	echoes func(*wirePage) []echo[T]
	find   func(context.Context, ledger.Sought) (ledger.Found[T], error)
}

// echo is what an answer says of one record of a batch.
type echo[T any] struct {
	id       string
	mark     ledger.Mark
	amount   decimal.Decimal
	parent   string
	record   T
	unclear  string
	result   wireResult
	personal []string // texts of the record that a message may quote
}

func (w writer[T]) route() string { return "PUT /" + w.kind + "?" + w.query }

// Limits implements [ledger.Writer].
func (w writer[T]) Limits() ledger.Limits {
	return ledger.Limits{Batch: batchSize, Bytes: batchBytes, KeyLength: keyLength, KeyLife: keyLife, Quiet: quiet, Deadline: deadline}
}

// Encode implements [ledger.Writer].
func (w writer[T]) Encode(drafts []ledger.Draft[T]) (ledger.Encoded, error) {
	if err := vendorbooks.CheckMarks(Vendor, "PUT /"+w.kind, drafts, ledger.MarkLength); err != nil {
		return ledger.Encoded{}, err
	}
	v, err := w.encode(drafts)
	if err != nil {
		return ledger.Encoded{}, err
	}
	return vendorhttp.Encode(Vendor, w.route(), v)
}

// Create implements [ledger.Writer].
func (w writer[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	thing := "PUT /" + w.kind
	if err := vendorbooks.CheckBatch(Vendor, thing, b, w.route(), keyLength); err != nil {
		return nil, err
	}
	resp, unknown, err := w.l.send(ctx, thing, b.Encoded, b.Key, b.Gate)
	if err != nil {
		return nil, err
	}
	if unknown == nil && !resp.OK() {
		if unknown, err = refusedWrite(thing, resp); err != nil {
			return nil, err
		}
	}
	if unknown == nil {
		var page wirePage
		if page, err = decodeEchoes(resp, w.kind, len(b.Members)); err == nil {
			return match(b.Members, w.echoes(&page)), nil
		}
		unknown = &vendorhttp.Seen{Code: "unreadable", Message: "the answer cannot be read"}
	}
	return vendorbooks.AllUncertain[T](b.Members, unknown.Code, unknown.Message), nil
}

// decodeEchoes reads a batch's answer. One record that cannot be read must not hide the others: it is
// dropped, and its member is then uncertain. Room is made for as many records as were sent.
func decodeEchoes(resp *vendorhttp.Response, kind string, sent int) (wirePage, error) {
	page := roomFor(kind, sent)
	// Straight from the body: a json.Decoder would copy it first.
	if resp.Kind() == vendorhttp.KindJSON && json.Unmarshal(bytes.TrimPrefix(resp.Body, []byte("\xef\xbb\xbf")), &page) == nil {
		return page, nil
	}
	var raw rawPage
	if again := resp.Decode(&raw); again != nil {
		return page, again
	}
	page = wirePage{
		Invoices: readable[wireInvoice](raw.Invoices), Contacts: readable[wireContact](raw.Contacts), Payments: readable[wirePayment](raw.Payments),
	}
	return page, nil
}

func readable[W any](raw []json.RawMessage) []W {
	var rows []W
	for _, r := range raw {
		var row W
		if json.Unmarshal(r, &row) == nil {
			rows = append(rows, row)
		}
	}
	return rows
}

// match finds each member's echo by its mark; the order of an answer is not promised.
func match[T any](members []ledger.Member, echoes []echo[T]) []ledger.Outcome[T] {
	byMark := make(map[ledger.Mark]int, len(echoes)) // the first that has it
	var more map[ledger.Mark][]*echo[T]              // the others, where there are some
	for i := range echoes {
		e := &echoes[i]
		if _, again := byMark[e.mark]; !again {
			byMark[e.mark] = i
			continue
		}
		if more == nil {
			more = map[ledger.Mark][]*echo[T]{}
		}
		more[e.mark] = append(more[e.mark], e)
	}
	outcomes := make([]ledger.Outcome[T], len(members))
	var first [1]*echo[T]
	for i, m := range members {
		hits := first[:0]
		if at, ok := byMark[m.Mark]; ok {
			hits = append(append(hits, &echoes[at]), more[m.Mark]...)
		}
		if len(hits) == 0 && len(members) == 1 && len(echoes) == 1 && echoes[0].result.failed() && zeroID(echoes[0].id) {
			// A refused record may come back without its Url. Where one was sent and one comes back, it is it.
			hits = []*echo[T]{&echoes[0]}
		}
		outcomes[i] = judge(m, hits)
	}
	return outcomes
}

// judge says what became of a member. Created and Refused need the whole proof; what contradicts itself is
// uncertain, such as a payment with an id and with errors, which Xero's own specification shows.
func judge[T any](m ledger.Member, hits []*echo[T]) ledger.Outcome[T] {
	switch len(hits) {
	case 0:
		return vendorbooks.Uncertain[T](m.Mark, "not_in_answer", "the answer does not speak of it")
	case 1:
	default:
		return vendorbooks.Uncertain[T](m.Mark, "doubled", "the answer speaks of it more than once")
	}
	e := hits[0]
	created, failed := !zeroID(e.id), e.result.failed()
	switch {
	case created && failed:
		r := refusal(e.result.ValidationErrors, e.personal...)
		return vendorbooks.Uncertain[T](m.Mark, "contradictory", "it has an id and an error: "+r.Message)
	case failed && len(e.result.ValidationErrors) == 0:
		return vendorbooks.Uncertain[T](m.Mark, "contradictory", "it has an error and no reason")
	case failed:
		r := refusal(e.result.ValidationErrors, e.personal...)
		if r.Code == codeMarkTaken {
			return vendorbooks.Uncertain[T](m.Mark, r.Code, r.Message)
		}
		return ledger.Outcome[T]{State: ledger.Refused, Mark: m.Mark, Refusal: r}
	case !created:
		return vendorbooks.Uncertain[T](m.Mark, "no_id", "it has no id and no error")
	}
	return vendorbooks.Proved(m, vendorbooks.Shown[T]{
		Record: e.record, Marked: e.mark == m.Mark, Unclear: e.unclear, Amount: e.amount,
		SameParent: m.Parent != "" && sameID(e.parent, m.Parent) || m.Parent == "" && e.parent == "",
	})
}

// Find implements [ledger.Writer].
func (w writer[T]) Find(ctx context.Context, s ledger.Sought) (ledger.Found[T], error) {
	return w.find(ctx, s)
}
