package xero

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// Invoices implements [ledger.Source]. It reads sales invoices only. Pages that show nothing but bills
// are yielded without records. PageSize is a wish for a reading of everything; what is read by time has
// [Options.PageSize] records a call.
//
// Cost: one call per 1000 documents, and one when nothing has changed.
func (l *Ledger) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	f := l.invoiceFeed(q.Summary)
	wanted, understood := wireStatuses(q.Statuses)
	if len(q.Statuses) > 0 {
		f.keep = func(w *wireInvoice) bool {
			return isSalesInvoice(w) && slices.Contains(q.Statuses, statuses[string(w.Status)])
		}
	}
	if q.Open {
		keep := f.keep
		f.keep = func(w *wireInvoice) bool { return keep(w) && isOpen(w) }
	}
	if !understood {
		wanted = nil // a status that Xero has no word for is picked out here
	}
	if len(q.Refs) > 0 {
		return l.byRefs(ctx, f, q)
	}
	return f.pages(ctx, q, wanted)
}

// isOpen is decided here and not by a filter: who wants open invoices asks for approved ones, of which
// next to all are open, and Xero refuses filters that it finds inefficient (freakboy3742/pyxero#373).
func isOpen(w *wireInvoice) bool {
	due, err := w.AmountDue.decimal()
	return err != nil || !w.AmountDue.known || due.IsPositive()
}

func wireStatuses(want []ledger.Status) (list []string, understood bool) {
	for _, s := range want {
		w := wireStatus(s)
		if w == "" {
			return nil, false
		}
		list = append(list, w)
	}
	slices.Sort(list)
	return slices.Compact(list), true
}

func (l *Ledger) invoiceFeed(summary bool) feed[wireInvoice, ledger.Invoice] {
	query := url.Values{"unitdp": {"4"}}
	if summary {
		query.Set("summaryOnly", "true")
	}
	return feed[wireInvoice, ledger.Invoice]{
		l: l, kind: "invoices", path: "/Invoices", order: "InvoiceID ASC", listed: true, query: query,
		rows: pageInvoices, raw: func(p *rawPage) []json.RawMessage { return p.Invoices },
		id: invoiceID, updated: invoiceUpdated, keep: isSalesInvoice,
		convert: func(w *wireInvoice) ledger.Invoice { return toInvoice(w, summary) },
	}
}

// byRefs reads documents by id, and those that have only a number by number, forty a call.
func (l *Ledger) byRefs(ctx context.Context, f feed[wireInvoice, ledger.Invoice], q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	ids, numbers := vendorbooks.SplitRefs(q.Refs)
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for _, list := range chunks(ids) {
			w, err := l.filtered(ctx, f, "IDs", list)
			if err != nil {
				yield(ledger.Page[ledger.Invoice]{}, err)
				return
			}
			if !yield(ledger.Page[ledger.Invoice]{Records: f.words(w.rows, nil), Unread: w.unread, Next: q.Cursor}, nil) {
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

// filtered reads the first page of a list narrowed by one comma list of at most forty values.
func (l *Ledger) filtered(ctx context.Context, f feed[wireInvoice, ledger.Invoice], name, list string) (window[wireInvoice], error) {
	query := url.Values{"page": {"1"}, "pageSize": {"1000"}, name: {list}}
	for k, v := range f.query {
		query[k] = v
	}
	resp, err := l.get(ctx, f.path, f.path, query, noTime)
	if err != nil {
		return window[wireInvoice]{}, err
	}
	return f.decode(resp, 1, 1000)
}

// byNumbers looks sales invoices up by number. A number can have several: deleted ones keep theirs.
func (l *Ledger) byNumbers(ctx context.Context, f feed[wireInvoice, ledger.Invoice], numbers []string) (map[string][]ledger.Invoice, error) {
	found := map[string][]ledger.Invoice{}
	wanted := map[string][]string{} // by folded number: as they were asked for
	var plain []string
	take := func(w window[wireInvoice]) {
		for _, inv := range f.words(w.rows, nil) {
			for _, n := range wanted[strings.ToLower(inv.Number)] {
				found[n] = append(found[n], inv)
			}
		}
	}
	for _, n := range numbers {
		fold := strings.ToLower(n)
		if n == "" || slices.Contains(wanted[fold], n) {
			continue
		}
		if wanted[fold] == nil && !strings.Contains(n, ",") {
			plain = append(plain, n)
		}
		wanted[fold] = append(wanted[fold], n)
		if strings.Contains(n, ",") { // it cannot stand in a comma list
			resp, err := l.get(ctx, "/Invoices/"+url.PathEscape(n), "/Invoices/{number}", f.query, noTime)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			w, err := f.decode(resp, 1, 1000)
			if err != nil {
				return nil, err
			}
			take(w)
		}
	}
	for _, list := range chunks(plain) {
		w, err := l.filtered(ctx, f, "InvoiceNumbers", list)
		if err != nil {
			return nil, err
		}
		take(w)
	}
	return found, nil
}

// Invoice implements [ledger.Source]. Of several documents with the number, only a single sales
// invoice is an answer.
func (l *Ledger) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	if ref.ID == "" {
		return l.invoiceByNumber(ctx, ref)
	}
	w, err := l.wireInvoice(ctx, ref.ID)
	if err != nil {
		return ledger.Invoice{}, err
	}
	return toInvoice(w, false), nil
}

func (l *Ledger) wireInvoice(ctx context.Context, id string) (*wireInvoice, error) {
	thing := "invoice " + safeID(id)
	f := l.invoiceFeed(false)
	resp, err := l.get(ctx, "/Invoices/"+url.PathEscape(id), "/Invoices/{id}", f.query, noTime)
	if isNotFound(err) {
		return nil, notFound(thing)
	}
	if err != nil {
		return nil, err
	}
	var p wirePage
	if err := resp.Decode(&p); err != nil {
		return nil, unreadable(thing, resp, err)
	}
	for i := range p.Invoices {
		if w := &p.Invoices[i]; isSalesInvoice(w) && sameID(w.InvoiceID, id) {
			return w, nil
		}
	}
	return nil, notFound(thing)
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

func notFound(thing string) error {
	return &ledger.Error{Kind: ledger.ErrNotFound, Room: Vendor, Thing: thing, Code: "not_found", Message: "there is no such record"}
}

// safeID shows an id in an error, where it looks like one.
func safeID(id string) string {
	if len(id) <= 40 && strings.Trim(strings.ToLower(id), "0123456789abcdef-") == "" {
		return id
	}
	return "{id}"
}
