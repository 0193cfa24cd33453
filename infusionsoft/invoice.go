package infusionsoft

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// Invoice reads one order. An id is the order's id and nothing else.
//
// A number is what a person reads somewhere: the order id, which is printed on the invoice, or the
// invoice id, which the vendor's list of orders shows. Both are looked up, at two calls. When they lead
// to two orders, the one with that invoice number is meant; when that does not decide it either, the
// error is of kind [ledger.ErrAmbiguous] and names both ids.
func (s *Source) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	thing := "order " + short(vendorhttp.Redact(ref.String()), 40)
	b, err := s.books(ctx)
	if err != nil {
		return ledger.Invoice{}, err
	}
	if ref.ID != "" {
		w, err := s.order(ctx, thing, ref.ID)
		if err != nil {
			return ledger.Invoice{}, err
		}
		return s.mapper(b).invoice(w), nil
	}
	n := strings.TrimSpace(ref.Number)
	if !isID(n) {
		return ledger.Invoice{}, notFound(thing, "the vendor looks up order ids and invoice ids, which are numbers, and no other invoice number: give the order's id")
	}
	hits, err := s.byNumber(ctx, thing, n)
	if err != nil {
		return ledger.Invoice{}, err
	}
	if len(hits) > 1 {
		named := slices.DeleteFunc(slices.Clone(hits), func(w *wireOrder) bool { return w.InvoiceNumber.trimmed() != n })
		if len(named) == 1 {
			hits = named
		}
	}
	switch len(hits) {
	case 0:
		return ledger.Invoice{}, notFound(thing, "no order has this order id or invoice id")
	case 1:
		return s.mapper(b).invoice(hits[0]), nil
	}
	ids := make([]string, len(hits))
	for i, w := range hits {
		ids[i] = w.ID.trimmed()
	}
	return ledger.Invoice{}, &ledger.Error{
		Kind: ledger.ErrAmbiguous, Room: Vendor, Thing: thing, Code: "ambiguous_number",
		Message: fmt.Sprintf("the number is the order id or the invoice id of the orders %s: give the id of the one that is meant", strings.Join(ids, " and ")),
	}
}

// byNumber returns the orders whose order id or invoice id is n.
func (s *Source) byNumber(ctx context.Context, thing, n string) ([]*wireOrder, error) {
	var hits []*wireOrder
	switch w, err := s.order(ctx, thing, n); {
	case err == nil:
		hits = append(hits, w)
	case !errors.Is(err, ledger.ErrNotFound):
		return nil, err
	}
	resp, err := s.c.get(ctx, thing, ordersPath, listQuery([]string{"invoice_id==" + n}, byID, "", 10))
	if err != nil {
		return nil, err
	}
	l, err := readList(thing, resp, &orderShape)
	if err != nil {
		return nil, err
	}
	for _, row := range l.rows {
		if row.unread != nil {
			return nil, unreadable(thing, resp, row.unread.Detail)
		}
		if row.value.InvoiceID.trimmed() != n {
			return nil, unreadable(thing, resp, "the vendor answers with an order of another invoice_id")
		}
		if !slices.ContainsFunc(hits, func(w *wireOrder) bool { return w.ID.trimmed() == row.id }) {
			hits = append(hits, row.value)
		}
	}
	return hits, nil
}

// order reads one order by its id.
func (s *Source) order(ctx context.Context, thing, id string) (*wireOrder, error) {
	if !isID(id) {
		return nil, notFound(thing, "an order id of this vendor is a number")
	}
	resp, err := s.c.get(ctx, thing, ordersPath+"/"+id, nil)
	if err != nil {
		return nil, err
	}
	w := new(wireOrder)
	if err := decodeOne(resp.Body, w); err != nil {
		return nil, unreadable(thing, resp, describe(err))
	}
	if w.ID.trimmed() != id {
		return nil, unreadable(thing, resp, "the vendor answers with another order")
	}
	return w, nil
}

func notFound(thing, message string) error {
	return &ledger.Error{Kind: ledger.ErrNotFound, Room: Vendor, Thing: thing, Message: message}
}
