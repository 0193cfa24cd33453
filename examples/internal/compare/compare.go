// Package compare checks a push from the outside: it reads an Infusionsoft application and a Xero
// organisation, or a QuickBooks company, afresh over HTTP and says by how many cents they differ.
//
//	result, err := compare.Compare(ctx, compare.Infusionsoft{BaseURL: a, Client: c}, compare.Xero{BaseURL: b, Client: d, Tenant: id})
//
// CompareHeld checks an import in the same way.
//
// It shares nothing with what it checks. It imports neither the adapters nor the engine nor the words
// of package ledger: it decodes the vendors' JSON itself, adds up for itself, and computes the marks
// from their definition. A mistake in the library is then not made here a second time.
package compare

import (
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"
)

// Result is what a comparison finds.
type Result struct {
	// Cents is Σ |ledger − source| over the written invoices, of line nets, tax, total and paid, in the
	// smallest unit of the currency.
	Cents int64
	// Invoices and Payments were matched by their marks.
	Invoices int
	Payments int

	// Differing are the invoices with a difference, at most [MaxListed].
	Differing []Difference
	// Doubled are marks that more than one live record of the ledger carries.
	Doubled []string
	// Unknown are the ids of live ledger records whose mark belongs to no record of the source.
	Unknown []string

	// Unbooked is the money of written invoices that moved in the source, or was given back, and has no
	// payment in the ledger, in the smallest unit; UnbookedRows counts the payments.
	Unbooked     int64
	UnbookedRows int
}

// MaxListed bounds the lists of a [Result].
const MaxListed = 20

// Difference is an invoice that is not the same on both sides, in the smallest unit of the currency.
type Difference struct {
	Order   string // id in the source
	Invoice string // number in the ledger
	Lines   int64
	Tax     int64
	Total   int64
	Paid    int64
}

func (d Difference) String() string {
	return fmt.Sprintf("order %s and invoice %s: lines %d, tax %d, total %d, paid %d", d.Order, d.Invoice, d.Lines, d.Tax, d.Total, d.Paid)
}

// Agrees reports whether both sides hold the same, and nothing twice.
func (r *Result) Agrees() bool { return r.Cents == 0 && len(r.Doubled) == 0 && len(r.Unknown) == 0 }

// A Ledger is [Xero] or [QuickBooks].
type Ledger interface {
	vendor() string
	read(context.Context) (books, error)
}

// Compare reads both sides and compares. It keeps to the vendors' limits: it waits when they say so.
func Compare(ctx context.Context, source Infusionsoft, ledger Ledger) (Result, error) {
	var r Result
	orders, tenant, err := source.orders(ctx)
	if err != nil {
		return r, err
	}
	books, err := ledger.read(ctx)
	if err != nil {
		return r, err
	}
	into := organisation{ledger.vendor(), books.organisation}
	from := organisation{"infusionsoft", tenant}
	invoices := r.byMark(books.invoices)
	payments := r.byMark(books.payments)
	for _, o := range orders {
		inv, written := invoices[mark(into, "invoice", from, o.id)]
		if !written {
			continue
		}
		inv.matched = true
		r.Invoices++
		rows, err := source.rows(ctx, o)
		if err != nil {
			return r, err
		}
		paid := decimal.Zero
		for _, row := range rows {
			payment := payments[mark(into, "payment", from, row.id)]
			switch {
			case payment != nil:
				payment.matched = true
				r.Payments++
				paid = paid.Add(row.amount)
			case row.moved:
				r.UnbookedRows++
				r.Unbooked += o.minor(row.amount)
			}
		}
		if books.folded {
			o.lines, inv.lines = fold(o.lines), fold(inv.lines)
		}
		r.compare(o, inv, paid)
	}
	for _, records := range []map[string]*record{invoices, payments} {
		for _, rec := range records {
			if !rec.matched {
				r.Unknown = append(r.Unknown, rec.id)
			}
		}
	}
	slices.Sort(r.Unknown)
	return r, nil
}

// byMark indexes live records, and notes the marks that occur twice.
func (r *Result) byMark(records []*record) map[string]*record {
	index := make(map[string]*record, len(records))
	for _, rec := range records {
		switch {
		case rec.mark == "" || !rec.live:
		case index[rec.mark] != nil:
			r.Doubled = append(r.Doubled, rec.mark)
		default:
			index[rec.mark] = rec
		}
	}
	return index
}

// compare adds the difference of one invoice.
func (r *Result) compare(o *order, inv *record, paid decimal.Decimal) {
	d := Difference{
		Order: o.id, Invoice: inv.number, Lines: o.minor(linesDiffer(o.lines, inv.lines)),
		Tax: o.minor(o.tax.Sub(inv.tax).Abs()), Total: o.minor(o.total.Sub(inv.total).Abs()), Paid: o.minor(paid.Sub(inv.paid).Abs()),
	}
	sum := d.Lines + d.Tax + d.Total + d.Paid
	if sum == 0 {
		return
	}
	r.Cents += sum
	if len(r.Differing) < MaxListed {
		r.Differing = append(r.Differing, d)
	}
}

// fold makes one line of all that is taken off.
func fold(lines []decimal.Decimal) []decimal.Decimal {
	var kept []decimal.Decimal
	off := decimal.Zero
	for _, l := range lines {
		if l.IsNegative() {
			off = off.Add(l)
		} else {
			kept = append(kept, l)
		}
	}
	return append(kept, off)
}

// linesDiffer compares two sets of line nets whatever their order: the largest with the largest, and so
// on. A line that one of them has more is compared with nothing.
func linesDiffer(a, b []decimal.Decimal) decimal.Decimal {
	n := max(len(a), len(b))
	sorted := func(lines []decimal.Decimal) []decimal.Decimal {
		padded := append(slices.Clone(lines), make([]decimal.Decimal, n-len(lines))...)
		slices.SortFunc(padded, decimal.Decimal.Cmp)
		return padded
	}
	a, b = sorted(a), sorted(b)
	var sum decimal.Decimal
	for i := range n {
		sum = sum.Add(a[i].Sub(b[i]).Abs())
	}
	return sum
}
