package quickbooks

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"

	"github.com/invoicesync/invoicesync/ledger"
)

// Payments implements [ledger.Source]. A payment of several invoices is one record of the feed. What
// QuickBooks makes to link credits to invoices moves no money and is passed over.
func (l *Ledger) Payments(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
	f := l.paymentFeed()
	if len(q.Refs) == 0 {
		return f.pages(ctx, q)
	}
	return byRefs(ctx, f, q)
}

// byRefs reads records by id.
func byRefs[W, T any](ctx context.Context, f feed[W, T], q ledger.Query) iter.Seq2[ledger.Page[T], error] {
	var ids []string
	for _, r := range q.Refs {
		if r.ID != "" {
			ids = append(ids, r.ID)
		}
	}
	return func(yield func(ledger.Page[T], error) bool) {
		for _, list := range chunks(ids) {
			w, err := f.byIDs(ctx, list)
			if err != nil {
				yield(ledger.Page[T]{}, err)
				return
			}
			if !yield(ledger.Page[T]{Records: f.words(w.rows), Unread: w.unread, Deleted: w.gone, Next: q.Cursor}, nil) {
				return
			}
		}
	}
}

func (l *Ledger) paymentFeed() feed[wirePayment, ledger.Payment] {
	return feed[wirePayment, ledger.Payment]{
		l: l, kind: "payments", entities: []string{"Payment"}, dated: true,
		rows:    func(w *wireLists) [][]wirePayment { return [][]wirePayment{w.Payment} },
		raw:     func(w *rawLists) [][]json.RawMessage { return [][]json.RawMessage{w.Payment} },
		entity:  func(w *wirePayment) *wireEntity { return &w.wireEntity },
		keep:    isMoney,
		convert: l.toPayment,
	}
}

// PaymentsOf implements [ledger.Source]: the payments that are linked to the invoice, each with what it brings to
// this one.
func (l *Ledger) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	inv, err := l.Invoice(ctx, ref)
	if err != nil {
		return nil, err
	}
	if ref.ID == "" && inv.PaymentsElsewhere { // it was found by number
		if inv, err = l.Invoice(ctx, ledger.Ref{ID: inv.ID}); err != nil {
			return nil, err
		}
	}
	if inv.PaymentsElsewhere {
		return nil, &ledger.Error{
			Kind: ledger.ErrFailed, Room: Vendor, Thing: "payments of invoice " + safeID(inv.ID),
			Message: "a payment was deleted or changed while it was read: try again",
		}
	}
	return inv.Payments, nil
}

func (l *Ledger) wirePayment(ctx context.Context, id string) (*wirePayment, error) {
	thing := "payment " + safeID(id)
	if !isID(id) {
		return nil, notFound(thing)
	}
	var a struct{ Payment *wirePayment }
	resp, err := l.getInto(ctx, "/payment/"+url.PathEscape(id), "/payment/{id}", nil, &a)
	switch {
	case isNotFound(err):
		return nil, notFound(thing)
	case err != nil:
		return nil, err
	case a.Payment == nil || a.Payment.ID != id:
		return nil, unreadable(thing, resp, errNotIt)
	case a.Payment.deleted():
		return nil, notFound(thing)
	}
	return a.Payment, nil
}
