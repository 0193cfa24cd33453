package xero

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

var noTime time.Time

// Payments implements [ledger.Source]: payments of sales invoices, deleted ones included. Refs, where
// given, are ids of payments and cost a call each; Statuses and Summary have no meaning here.
func (l *Ledger) Payments(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
	if len(q.Refs) == 0 {
		return l.paymentFeed().pages(ctx, q, nil)
	}
	return func(yield func(ledger.Page[ledger.Payment], error) bool) {
		for _, r := range q.Refs {
			page := ledger.Page[ledger.Payment]{Next: q.Cursor}
			w, err := l.wirePayment(ctx, r.ID)
			switch {
			case isNotFound(err):
			case err != nil:
				yield(ledger.Page[ledger.Payment]{}, err)
				return
			case isCustomerPayment(w):
				page.Records = []ledger.Payment{toPayment(w)}
			}
			if !yield(page, nil) {
				return
			}
		}
	}
}

func (l *Ledger) paymentFeed() feed[wirePayment, ledger.Payment] {
	return feed[wirePayment, ledger.Payment]{
		l: l, kind: "payments", path: "/Payments", order: "PaymentID ASC", listed: true, query: url.Values{},
		rows: pagePayments, raw: func(p *rawPage) []json.RawMessage { return p.Payments },
		id: paymentID, updated: paymentUpdated, keep: isCustomerPayment, convert: toPayment,
	}
}

// PaymentsOf implements [ledger.Source] with the payments that Xero shows on the invoice. Deleted ones
// are not shown there.
func (l *Ledger) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	inv, err := l.Invoice(ctx, ref)
	if err != nil {
		return nil, err
	}
	return inv.Payments, nil
}

func (l *Ledger) wirePayment(ctx context.Context, id string) (*wirePayment, error) {
	var p wirePage
	thing := "payment " + safeID(id)
	if id == "" {
		return nil, notFound("payment without id")
	}
	if _, err := l.getInto(ctx, "/Payments/"+url.PathEscape(id), "/Payments/{id}", nil, &p); err != nil {
		return nil, err
	}
	for i := range p.Payments {
		if sameID(p.Payments[i].PaymentID, id) {
			return &p.Payments[i], nil
		}
	}
	return nil, notFound(thing)
}
