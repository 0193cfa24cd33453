package quickbooks

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// Invoices implements [ledger.Source]. PageSize is a wish for a reading of everything. A reading by Refs has the
// payments of the invoices, for one call more where they have any; other readings say PaymentsElsewhere. Refs
// that do not exist (any more) are Deleted.
//
// Cost: one call per 1000 documents, and one when nothing has changed.
func (l *Ledger) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	f := l.invoiceFeed(q.Summary)
	if len(q.Statuses) > 0 {
		f.pick = func(i *ledger.Invoice) bool { return slices.Contains(q.Statuses, i.Status) }
	}
	if q.Open {
		pick := f.pick
		f.pick = func(i *ledger.Invoice) bool {
			return (pick == nil || pick(i)) && (i.Unclear != "" || i.Totals.Balance.IsPositive())
		}
		f.scanned = []string{"Balance > '0'"}
	}
	if len(q.Refs) > 0 {
		return l.byRefs(ctx, f, q)
	}
	return f.pages(ctx, q)
}

func (l *Ledger) invoiceFeed(summary bool) feed[wireInvoice, ledger.Invoice] {
	return feed[wireInvoice, ledger.Invoice]{
		l: l, kind: "invoices", entities: []string{"Invoice"}, dated: true,
		rows:    func(w *wireLists) [][]wireInvoice { return [][]wireInvoice{w.Invoice} },
		raw:     func(w *rawLists) [][]json.RawMessage { return [][]json.RawMessage{w.Invoice} },
		entity:  func(w *wireInvoice) *wireEntity { return &w.wireEntity },
		convert: func(w *wireInvoice) ledger.Invoice { return l.toInvoice(w, summary) },
	}
}

// byRefs reads documents by id, and those that have only a number by number.
func (l *Ledger) byRefs(ctx context.Context, f feed[wireInvoice, ledger.Invoice], q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	ids, numbers := vendorbooks.SplitRefs(q.Refs)
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for _, list := range chunks(ids) {
			w, err := f.byIDs(ctx, list)
			if err == nil && !q.Summary {
				err = l.withPayments(ctx, &f, w.rows)
			}
			if err != nil {
				yield(ledger.Page[ledger.Invoice]{}, err)
				return
			}
			if !yield(ledger.Page[ledger.Invoice]{Records: f.words(w.rows), Unread: w.unread, Deleted: w.gone, Next: q.Cursor}, nil) {
				return
			}
		}
		if len(numbers) == 0 {
			return
		}
		found, err := l.byNumbers(ctx, f, numbers)
		if err != nil {
			yield(ledger.Page[ledger.Invoice]{}, err)
			return
		}
		yield(vendorbooks.Numbered(numbers, found, q.Cursor), nil)
	}
}

// withPayments makes f's invoices carry their payments.
func (l *Ledger) withPayments(ctx context.Context, f *feed[wireInvoice, ledger.Invoice], rows []wireInvoice) error {
	var ids []string
	for i := range rows {
		ids = append(ids, paymentIDs(&rows[i])...)
	}
	if len(ids) == 0 {
		return nil
	}
	payments, err := l.paymentFeed().byIDs(ctx, ids)
	if err != nil {
		return err
	}
	byID := make(map[string]*wirePayment, len(payments.rows))
	for i := range payments.rows {
		byID[payments.rows[i].ID] = &payments.rows[i]
	}
	convert := f.convert
	f.convert = func(w *wireInvoice) ledger.Invoice {
		inv := convert(w)
		inv.PaymentsElsewhere = false
		settled := inv.Totals.Paid
		inv.Totals.Paid = decimal.Zero
		for _, id := range paymentIDs(w) {
			p, ok := byID[id]
			switch {
			case !ok:
				inv.PaymentsElsewhere = true // gone or unreadable since: ask again
			case isMoney(p):
				one := portion(p, l.toPayment(p), w.ID)
				inv.Totals.Paid = inv.Totals.Paid.Add(one.Amount)
				inv.Payments = append(inv.Payments, one)
			}
		}
		// What the balance is short of without money is credit. The invoice itself does not tell them apart.
		if inv.Totals.Credited = settled.Sub(inv.Totals.Paid); inv.PaymentsElsewhere || inv.Totals.Credited.IsNegative() {
			inv.Totals.Paid, inv.Totals.Credited = settled, decimal.Zero
		}
		return inv
	}
	return nil
}

// byNumbers looks invoices up by number. A number can have several.
func (l *Ledger) byNumbers(ctx context.Context, f feed[wireInvoice, ledger.Invoice], numbers []string) (map[string][]ledger.Invoice, error) {
	found := map[string][]ledger.Invoice{}
	wanted := map[string][]string{} // by folded number: as they were asked for
	var ask []string
	for _, n := range numbers {
		fold := strings.ToLower(n)
		if n == "" || slices.Contains(wanted[fold], n) {
			continue
		}
		if wanted[fold] == nil {
			ask = append(ask, n)
		}
		wanted[fold] = append(wanted[fold], n)
	}
	for _, list := range chunks(ask) {
		s := statement{entity: "Invoice", where: []string{in("DocNumber", list)}, max: captured}
		w, err := f.query(ctx, s, 0)
		if err != nil {
			return nil, err
		}
		for _, inv := range f.words(w.rows) {
			for _, n := range wanted[strings.ToLower(inv.Number)] {
				found[n] = append(found[n], inv)
			}
		}
	}
	return found, nil
}

// Invoice implements [ledger.Source]. It costs two calls where there are payments, which are read too.
func (l *Ledger) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	if ref.ID == "" {
		return l.invoiceByNumber(ctx, ref)
	}
	w, err := l.wireInvoice(ctx, ref.ID)
	if err != nil {
		return ledger.Invoice{}, err
	}
	f := l.invoiceFeed(false)
	if err := l.withPayments(ctx, &f, []wireInvoice{*w}); err != nil {
		return ledger.Invoice{}, err
	}
	return f.convert(w), nil
}

func (l *Ledger) wireInvoice(ctx context.Context, id string) (*wireInvoice, error) {
	thing := "invoice " + safeID(id)
	if !isID(id) {
		return nil, notFound(thing)
	}
	var a struct{ Invoice *wireInvoice }
	resp, err := l.getInto(ctx, "/invoice/"+url.PathEscape(id), "/invoice/{id}", nil, &a)
	switch {
	case isNotFound(err):
		return nil, notFound(thing)
	case err != nil:
		return nil, err
	case a.Invoice == nil || a.Invoice.ID != id:
		return nil, unreadable(thing, resp, errNotIt)
	case a.Invoice.deleted():
		return nil, notFound(thing)
	}
	return a.Invoice, nil
}

func (l *Ledger) invoiceByNumber(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	if ref.Number == "" {
		return ledger.Invoice{}, notFound("invoice without id and number")
	}
	found, err := l.byNumbers(ctx, l.invoiceFeed(false), []string{ref.Number})
	if err != nil {
		return ledger.Invoice{}, err
	}
	return vendorbooks.Only(Vendor, "invoice "+vendorhttp.Redact(ref.Number), found[ref.Number])
}
