package ledgertest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// broken is a ledger with a fault: each field that is set replaces something of a ledger that is right.
type broken struct {
	ledger.Ledger
	organisation func(context.Context, ledger.Ledger) (ledger.Organisation, error)
	invoices     func(context.Context, ledger.Ledger, ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error]
	contacts     func(context.Context, ledger.Ledger, ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error]
	payments     func(context.Context, ledger.Ledger, ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error]
	invoice      func(context.Context, ledger.Ledger, ledger.Ref) (ledger.Invoice, error)
	paymentsOf   func(context.Context, ledger.Ledger, ledger.Ref) ([]ledger.Payment, error)
	predict      func(ledger.Ledger, ledger.Invoice, ledger.Chart) (ledger.Prediction, error)
	powers       func(ledger.Powers) ledger.Powers
}

func (b broken) Organisation(ctx context.Context) (ledger.Organisation, error) {
	if b.organisation != nil {
		return b.organisation(ctx, b.Ledger)
	}
	return b.Ledger.Organisation(ctx)
}

func (b broken) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	if b.invoices != nil {
		return b.invoices(ctx, b.Ledger, q)
	}
	return b.Ledger.Invoices(ctx, q)
}

func (b broken) Contacts(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
	if b.contacts != nil {
		return b.contacts(ctx, b.Ledger, q)
	}
	return b.Ledger.Contacts(ctx, q)
}

func (b broken) Payments(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
	if b.payments != nil {
		return b.payments(ctx, b.Ledger, q)
	}
	return b.Ledger.Payments(ctx, q)
}

func (b broken) Invoice(ctx context.Context, ref ledger.Ref) (ledger.Invoice, error) {
	if b.invoice != nil {
		return b.invoice(ctx, b.Ledger, ref)
	}
	return b.Ledger.Invoice(ctx, ref)
}

func (b broken) PaymentsOf(ctx context.Context, ref ledger.Ref) ([]ledger.Payment, error) {
	if b.paymentsOf != nil {
		return b.paymentsOf(ctx, b.Ledger, ref)
	}
	return b.Ledger.PaymentsOf(ctx, ref)
}

func (b broken) Predict(inv ledger.Invoice, chart ledger.Chart) (ledger.Prediction, error) {
	if b.predict != nil {
		return b.predict(b.Ledger, inv, chart)
	}
	return b.Ledger.Predict(inv, chart)
}

func (b broken) Powers() ledger.Powers {
	if b.powers != nil {
		return b.powers(b.Ledger.Powers())
	}
	return b.Ledger.Powers()
}

// brokenWriter is a writer with a fault.
type brokenWriter[T any] struct {
	ledger.Writer[T]
	limits func(ledger.Limits) ledger.Limits
	encode func(ledger.Writer[T], []ledger.Draft[T]) (ledger.Encoded, error)
	create func(context.Context, ledger.Writer[T], ledger.Batch) ([]ledger.Outcome[T], error)
	find   func(context.Context, ledger.Writer[T], ledger.Sought) (ledger.Found[T], error)
}

func (w brokenWriter[T]) Limits() ledger.Limits {
	if w.limits != nil {
		return w.limits(w.Writer.Limits())
	}
	return w.Writer.Limits()
}

func (w brokenWriter[T]) Encode(d []ledger.Draft[T]) (ledger.Encoded, error) {
	if w.encode != nil {
		return w.encode(w.Writer, d)
	}
	return w.Writer.Encode(d)
}

func (w brokenWriter[T]) Create(ctx context.Context, b ledger.Batch) ([]ledger.Outcome[T], error) {
	if w.create != nil {
		return w.create(ctx, w.Writer, b)
	}
	return w.Writer.Create(ctx, b)
}

func (w brokenWriter[T]) Find(ctx context.Context, s ledger.Sought) (ledger.Found[T], error) {
	if w.find != nil {
		return w.find(ctx, w.Writer, s)
	}
	return w.Writer.Find(ctx, s)
}

// brokenChanger is a changer with a fault.
type brokenChanger struct {
	ledger.Changer
	allows func(ledger.Change) error
	encode func(ledger.Changer, ledger.Change) (ledger.Encoded, error)
	apply  func(context.Context, ledger.Changer, ledger.Change) (ledger.ChangeOutcome, error)
	look   func(context.Context, ledger.Changer, ledger.Change) (ledger.ChangeState, error)
}

func (c brokenChanger) Allows(x ledger.Change) error {
	if c.allows != nil {
		return c.allows(x)
	}
	return c.Changer.Allows(x)
}

func (c brokenChanger) Encode(x ledger.Change) (ledger.Encoded, error) {
	if c.encode != nil {
		return c.encode(c.Changer, x)
	}
	return c.Changer.Encode(x)
}

func (c brokenChanger) Apply(ctx context.Context, x ledger.Change) (ledger.ChangeOutcome, error) {
	if c.apply != nil {
		return c.apply(ctx, c.Changer, x)
	}
	return c.Changer.Apply(ctx, x)
}

func (c brokenChanger) Look(ctx context.Context, x ledger.Change) (ledger.ChangeState, error) {
	if c.look != nil {
		return c.look(ctx, c.Changer, x)
	}
	return c.Changer.Look(ctx, x)
}

// The ways to break one part.

func contacts(w brokenWriter[ledger.Contact]) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			w := w
			w.Writer, p.Contacts = p.Contacts, nil
			p.Contacts = w
			return p
		}
	}
}

func payments(w brokenWriter[ledger.Payment]) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			w := w
			w.Writer = p.Payments
			p.Payments = w
			return p
		}
	}
}

func invoices(w brokenWriter[ledger.Invoice]) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			w := w
			w.Writer = p.Invoices
			p.Invoices = w
			return p
		}
	}
}

func voids(c brokenChanger) func(*broken) {
	return func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers {
			c := c
			c.Changer = p.Voids
			p.Voids = c
			return p
		}
	}
}

type (
	invoicePages = iter.Seq2[ledger.Page[ledger.Invoice], error]
	contactWrite = ledger.Writer[ledger.Contact]
)

// reading breaks each page that Invoices yields; a page for which f says false is swallowed.
func reading(f func(n int, p *ledger.Page[ledger.Invoice], err *error) bool) func(*broken) {
	return func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				n := 0
				for p, err := range l.Invoices(ctx, q) {
					n++
					if f(n, &p, &err) && !yield(p, err) {
						return
					}
				}
			}
		}
	}
}

func outcomes(f func([]ledger.Outcome[ledger.Contact], error) ([]ledger.Outcome[ledger.Contact], error)) func(*broken) {
	return contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
		return f(w.Create(ctx, b))
	}})
}

// restate changes the state of the outcomes that have one.
func restate(from, to ledger.OutcomeState) func(*broken) {
	return outcomes(func(list []ledger.Outcome[ledger.Contact], err error) ([]ledger.Outcome[ledger.Contact], error) {
		for i := range list {
			if list[i].State == from {
				list[i].State = to
			}
		}
		return list, err
	})
}

var cent = decimal.RequireFromString("0.01")

// faults are mistakes that somebody who writes an adapter has made or could, each with the case that is meant
// for it.
var faults = []struct {
	name  string
	fault func(*broken)
	by    string
}{
	{"drops a page", reading(func(n int, _ *ledger.Page[ledger.Invoice], _ *error) bool { return n != 2 }), "reading/everything"},
	{"reads one record less than a page holds", reading(func(_ int, p *ledger.Page[ledger.Invoice], _ *error) bool {
		if len(p.Records) > 2 {
			p.Records = p.Records[1:]
		}
		return true
	}), "reading/everything"},
	{"shares memory between pages", func(b *broken) {
		var buffer [1000]ledger.Invoice
		reading(func(_ int, p *ledger.Page[ledger.Invoice], _ *error) bool {
			p.Records = buffer[:copy(buffer[:], p.Records)]
			return true
		})(b)
	}, "reading/page memory"},
	{"keeps what it has read", func(b *broken) {
		kept := map[string][]ledger.Line{}
		reading(func(_ int, p *ledger.Page[ledger.Invoice], _ *error) bool {
			for i := range p.Records {
				if lines, ok := kept[p.Records[i].ID]; ok {
					p.Records[i].Lines = lines
				}
				kept[p.Records[i].ID] = p.Records[i].Lines
			}
			return true
		})(b)
	}, "reading/page memory"},
	{"goes on after an error", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				for p, err := range l.Invoices(ctx, q) {
					if !yield(p, err) {
						return
					}
					if err != nil {
						yield(ledger.Page[ledger.Invoice]{}, nil)
					}
				}
			}
		}
	}, "reading/error is last"},
	{"goes on after the consumer has stopped", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				for p, err := range l.Invoices(ctx, q) {
					yield(p, err)
				}
			}
		}
	}, "reading/error is last"},
	{"ends quietly where an answer went wrong", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				for p, err := range l.Invoices(ctx, q) {
					if err != nil || !yield(p, nil) {
						return
					}
				}
			}
		}
	}, "reading/context"},
	{"takes half a list for a whole one", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			m := l.(*ledgertest.Memory)
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				before := len(m.Books().Requests())
				for p, err := range m.Invoices(ctx, q) {
					repeated := len(m.Books().Requests()) > before+1
					before = len(m.Books().Requests())
					if repeated && len(p.Records) > 0 { // the first answer was cut, and half of it was taken
						p.Records = p.Records[:len(p.Records)/2]
					}
					if !yield(p, err) {
						return
					}
				}
			}
		}
	}, "reading/cut short is an error"},
	{"ends the reading at a record that it cannot read", reading(func(_ int, p *ledger.Page[ledger.Invoice], err *error) bool {
		if len(p.Unread) > 0 {
			*p, *err = ledger.Page[ledger.Invoice]{}, errors.New("unreadable")
		}
		return true
	}), "reading/unreadable record"},
	{"passes over what it cannot read", reading(func(_ int, p *ledger.Page[ledger.Invoice], _ *error) bool {
		p.Unread = nil
		return true
	}), "reading/unreadable record"},
	{"swallows empty pages", reading(func(_ int, p *ledger.Page[ledger.Invoice], err *error) bool {
		return len(p.Records) > 0 || *err != nil
	}), "reading/cursor of an empty page"},
	{"gives no cursor with an empty page", reading(func(_ int, p *ledger.Page[ledger.Invoice], _ *error) bool {
		if len(p.Records) == 0 {
			p.Next = ""
		}
		return true
	}), "reading/cursor of an empty page"},
	{"lets the cursor go back", reading(func(_ int, p *ledger.Page[ledger.Invoice], _ *error) bool {
		p.Next = `{"k":"invoices","m":0}` // of a Memory: everything that has ever changed
		return true
	}), "reading/rest"},
	{"takes the cursor's time when the reading ends", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				for p, err := range l.Invoices(ctx, q) {
					for now, err := range l.Invoices(ctx, ledger.Query{}) {
						if err == nil && q.Cursor == "" && strings.Contains(string(p.Next), `"m":`) {
							p.Next = now.Next
						}
					}
					if !yield(p, err) {
						return
					}
				}
			}
		}
	}, "reading/edited between pages"},
	{"pages by offset in an order that edits change", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			if q.Cursor != "" {
				return l.Invoices(ctx, q)
			}
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				size := max(q.PageSize, 1)
				for offset := 0; ; offset += size {
					var all []ledger.Invoice
					var next ledger.Cursor
					for p, err := range l.Invoices(ctx, ledger.Query{Statuses: q.Statuses}) {
						if err != nil {
							yield(p, err)
							return
						}
						all, next = append(all, p.Records...), p.Next
					}
					slices.SortStableFunc(all, func(a, b ledger.Invoice) int { return strings.Compare(pad(a.Version), pad(b.Version)) })
					page := ledger.Page[ledger.Invoice]{Next: next}
					if offset < len(all) {
						page.Records = all[offset:min(offset+size, len(all))]
					}
					if !yield(page, nil) || offset+size >= len(all) {
						return
					}
				}
			}
		}
	}, "reading/edited between pages"},
	{"counts rows instead of remembering the last", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			if q.Cursor != "" {
				return l.Invoices(ctx, q)
			}
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				size := max(q.PageSize, 1)
				for offset := 0; ; offset += size {
					var page ledger.Page[ledger.Invoice]
					n := 0
					for p, err := range l.Invoices(ctx, ledger.Query{}) {
						if err != nil {
							yield(p, err)
							return
						}
						for _, inv := range p.Records {
							if n++; n > offset && n <= offset+size {
								page.Records = append(page.Records, inv)
							}
						}
						page.Next = p.Next
					}
					if !yield(page, nil) || n <= offset+size {
						return
					}
				}
			}
		}
	}, "reading/deleted between pages"},
	{"ignores the changes after the first page of them", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
				var last ledger.Page[ledger.Invoice]
				n := 0
				for p, err := range l.Invoices(ctx, q) {
					if err != nil {
						yield(p, err)
						return
					}
					if n++; n == 1 || q.Cursor == "" {
						if n == 1 && q.Cursor != "" {
							last = p
							continue
						}
						if !yield(p, nil) {
							return
						}
					}
					last.Next = p.Next
				}
				if q.Cursor != "" {
					yield(last, nil)
				}
			}
		}
	}, "reading/changed during the changes"},
	{"answers ids with everything", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			q.Refs = nil
			return l.Invoices(ctx, q)
		}
	}, "reading/by id"},
	{"gives paid invoices for open ones", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			q.Open = false
			return l.Invoices(ctx, q)
		}
	}, "reading/open"},
	{"leaves voided invoices out", reading(func(_ int, p *ledger.Page[ledger.Invoice], _ *error) bool {
		p.Records = slices.DeleteFunc(p.Records, func(i ledger.Invoice) bool { return !i.Status.Live() })
		return true
	}), "reading/statuses"},
	{"ignores the context", func(b *broken) {
		b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
			return l.Invoices(context.WithoutCancel(ctx), q)
		}
	}, "reading/context"},
	{"follows the connection to another company", func(b *broken) {
		b.organisation = func(ctx context.Context, l ledger.Ledger) (ledger.Organisation, error) {
			return l.(*ledgertest.Memory).Reopen().Organisation(ctx)
		}
	}, "organisation/another company"},
	{"names the company anew", func(b *broken) {
		var n atomic.Int64
		b.organisation = func(ctx context.Context, l ledger.Ledger) (ledger.Organisation, error) {
			o, err := l.Organisation(ctx)
			o.ID.ID += fmt.Sprint(n.Add(1))
			return o, err
		}
	}, "organisation/same company"},
	{"guesses between two of a number", func(b *broken) {
		b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
			inv, err := l.Invoice(ctx, ref)
			if errors.Is(err, ledger.ErrAmbiguous) {
				return l.(*ledgertest.Memory).Books().Invoices()[0], nil
			}
			return inv, err
		}
	}, "invoice/ambiguous"},
	{"answers \"not found\" with nothing", func(b *broken) {
		b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
			inv, err := l.Invoice(ctx, ref)
			if errors.Is(err, ledger.ErrNotFound) {
				err = nil
			}
			return inv, err
		}
	}, "invoice/not found"},
	{"lets the number win", func(b *broken) {
		b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
			if ref.Number != "" {
				ref.ID = ""
			}
			return l.Invoice(ctx, ref)
		}
	}, "invoice/by id"},
	{"loses a cent", func(b *broken) {
		b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
			inv, err := l.Invoice(ctx, ref)
			if inv.Totals.Total.Equal(decimal.RequireFromString("4.35")) { // as a float's int(4.35 × 100) does
				inv.Totals.Total = inv.Totals.Total.Sub(cent)
			}
			return inv, err
		}
	}, "amounts/exact"},
	{"takes the total for the balance", func(b *broken) {
		b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
			inv, err := l.Invoice(ctx, ref)
			inv.Totals.Balance = inv.Totals.Total
			return inv, err
		}
	}, "amounts/paid in part"},
	{"makes dates in a zone behind", func(b *broken) {
		b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
			inv, err := l.Invoice(ctx, ref)
			inv.Date = ledger.DateIn(inv.Date.Time(), time.FixedZone("behind", -5*3600))
			return inv, err
		}
	}, "dates/civil"},
	{"forgets reversed payments", func(b *broken) {
		b.paymentsOf = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) ([]ledger.Payment, error) {
			list, err := l.PaymentsOf(ctx, ref)
			return slices.DeleteFunc(list, func(p ledger.Payment) bool { return p.Status == ledger.PaymentReversed }), err
		}
	}, "payments/reversed ones too"},
	{"mixes up the invoices of payments", func(b *broken) {
		b.paymentsOf = func(ctx context.Context, l ledger.Ledger, _ ledger.Ref) ([]ledger.Payment, error) {
			return l.(*ledgertest.Memory).Books().Payments(), nil
		}
	}, "payments/of an invoice"},
	{"has a feed that is silently empty", func(b *broken) {
		b.payments = func(context.Context, ledger.Ledger, ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
			return func(func(ledger.Page[ledger.Payment], error) bool) {}
		}
	}, "payments/feed"},
	{"leaves archived contacts out", func(b *broken) {
		b.contacts = func(ctx context.Context, l ledger.Ledger, q ledger.Query) iter.Seq2[ledger.Page[ledger.Contact], error] {
			return func(yield func(ledger.Page[ledger.Contact], error) bool) {
				for p, err := range l.Contacts(ctx, q) {
					p.Records = slices.DeleteFunc(p.Records, func(c ledger.Contact) bool { return c.Status == ledger.ContactArchived })
					if !yield(p, err) {
						return
					}
				}
			}
		}
	}, "contacts/reading"},
	{"alters what it predicts", func(b *broken) {
		b.predict = func(l ledger.Ledger, inv ledger.Invoice, c ledger.Chart) (ledger.Prediction, error) {
			for i := range inv.Lines {
				inv.Lines[i].Amount = inv.Lines[i].Quantity.Mul(inv.Lines[i].UnitPrice)
			}
			return l.Predict(inv, c)
		}
	}, "predict/pure"},
	{"taxes the total instead of the lines", func(b *broken) {
		b.predict = func(l ledger.Ledger, inv ledger.Invoice, c ledger.Chart) (ledger.Prediction, error) {
			p, err := l.Predict(inv, c)
			if inv.TaxMode == ledger.TaxExclusive {
				p.Totals.Tax = p.Totals.Net.Mul(decimal.RequireFromString("0.1")).Round(2)
				p.Totals.Total = p.Totals.Net.Add(p.Totals.Tax)
				p.Totals.Balance = p.Totals.Total
			}
			return p, err
		}
	}, "predict/as the ledger computes"},
	{"loses a power now and then", func(b *broken) {
		var n atomic.Int64
		b.powers = func(p ledger.Powers) ledger.Powers {
			if n.Add(1) > 2 {
				p.Voids = nil
			}
			return p
		}
	}, "powers/constant"},
	{"lacks a power that it was said to have", func(b *broken) {
		b.powers = func(p ledger.Powers) ledger.Powers { p.Updates = nil; return p }
	}, "powers/as declared"},
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
	{"calls uncertain what was turned away", contacts(brokenWriter[ledger.Contact]{create: func(ctx context.Context, w contactWrite, b ledger.Batch) ([]ledger.Outcome[ledger.Contact], error) {
		list, err := w.Create(ctx, b)
		if errors.Is(err, ledger.ErrLater) {
			for _, m := range b.Members {
				list = append(list, ledger.Outcome[ledger.Contact]{State: ledger.Uncertain, Mark: m.Mark})
			}
			err = nil
		}
		return list, err
	}}), "contacts/create/nothing written: 429"},
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
	{"forgets voided hits", invoices(brokenWriter[ledger.Invoice]{find: func(ctx context.Context, w ledger.Writer[ledger.Invoice], s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
		found, err := w.Find(ctx, s)
		for m, hits := range found.Hits {
			found.Hits[m] = slices.DeleteFunc(hits, func(i ledger.Invoice) bool { return !i.Status.Live() })
		}
		return found, err
	}}), "invoices/find/voided and deleted"},
	{"chooses one of two hits", invoices(brokenWriter[ledger.Invoice]{find: func(ctx context.Context, w ledger.Writer[ledger.Invoice], s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
		found, err := w.Find(ctx, s)
		for m, hits := range found.Hits {
			found.Hits[m] = hits[:1]
		}
		return found, err
	}}), "invoices/find/both of a doubled mark"},
	{"looks at the first page only", contacts(brokenWriter[ledger.Contact]{find: func(ctx context.Context, w contactWrite, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
		s.Marks = s.Marks[:min(len(s.Marks), 10)]
		return w.Find(ctx, s)
	}}), "contacts/find/among many"},
	{"calls absent what it could not read", contacts(brokenWriter[ledger.Contact]{find: func(ctx context.Context, w contactWrite, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
		found, err := w.Find(ctx, s)
		if errors.Is(err, ledger.ErrUnreadable) {
			err = nil
		}
		return found, err
	}}), "contacts/find/never absent by mistake"},
	{"finds the oldest for the newest", contacts(brokenWriter[ledger.Contact]{find: func(ctx context.Context, w contactWrite, s ledger.Sought) (ledger.Found[ledger.Contact], error) {
		if s.Newest > 0 {
			s.Newest = 1000
		}
		return w.Find(ctx, s)
	}}), "contacts/find/newest"},
	{"finds no numbers", invoices(brokenWriter[ledger.Invoice]{find: func(ctx context.Context, w ledger.Writer[ledger.Invoice], s ledger.Sought) (ledger.Found[ledger.Invoice], error) {
		found, err := w.Find(ctx, s)
		found.ByNumber = nil
		return found, err
	}}), "invoices/find/by number"},
	{"allows everything", voids(brokenChanger{allows: func(ledger.Change) error { return nil }}), "void/allows"},
	{"says no without a reason", voids(brokenChanger{allows: func(c ledger.Change) error {
		if !c.Invoice.Status.Live() || len(c.Invoice.Payments) > 0 {
			return errors.New("no")
		}
		return nil
	}}), "void/allows"},
	{"changes without asking the gate", voids(brokenChanger{apply: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeOutcome, error) {
		c.Gate = nil
		return ch.Apply(ctx, c)
	}}), "void/apply/gate refuses"},
	{"believes that a lost void failed", voids(brokenChanger{apply: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeOutcome, error) {
		o, err := ch.Apply(ctx, c)
		if o.State == ledger.Uncertain {
			o.State = ledger.Refused
		}
		return o, err
	}}), "void/apply/uncertain"},
	{"believes every void to be done", voids(brokenChanger{look: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeState, error) {
		s, err := ch.Look(ctx, c)
		s.Done, s.Untouched = true, false
		return s, err
	}}), "void/apply"},
	{"overlooks a colleague's change", voids(brokenChanger{look: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeState, error) {
		s, err := ch.Look(ctx, c)
		s.Untouched = !s.Done
		return s, err
	}}), "void/look/somebody else"},
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

type blank struct{}

func (blank) PDF(context.Context, ledger.Ref) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), nil
}

// pad makes numbers compare as texts.
func pad(n string) string { return fmt.Sprintf("%12s", n) }

func caseOf(t *testing.T, name string) ledgertest.Case {
	t.Helper()
	for _, c := range ledgertest.Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no case %q", name)
	return ledgertest.Case{}
}

// try runs a case over a ledger in memory with a fault.
func try(t *testing.T, c ledgertest.Case, fault func(*broken)) (r ledgertest.Result) {
	t.Helper()
	h := ledgertest.MemoryHarness(func(l ledger.Ledger) ledger.Ledger {
		b := &broken{Ledger: l}
		fault(b)
		return b
	})
	open := h.Open
	h.Open = func(t ledgertest.T) ledgertest.World {
		w := open(t)
		w.Secrets = []string{"tok-secret"}
		return w
	}
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2025, 1, 6, 12, 0, 0, 0, time.UTC)))
		r = c.Try(t, h)
	})
	return r
}

func TestEveryBrokenAdapterIsCaughtByItsCase(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			c := caseOf(t, f.by)
			r := try(t, c, f.fault)
			if r.Verdict != ledgertest.Failed {
				t.Fatalf("the case %q ends with %q for an adapter that %s", f.by, r.Verdict, f.name)
			}
			if strings.HasPrefix(r.Text, "panic:") && f.name != "goes on after the consumer has stopped" || !strings.Contains(r.Text, c.Rule) || !strings.Contains(r.Text, c.Why) {
				t.Errorf("the failure does not explain itself: %s", r.Text)
			}
			// And the same adapter without its fault passes the case that caught it.
			if r := try(t, c, func(*broken) {}); r.Verdict != ledgertest.Passed {
				t.Errorf("the case %q ends with %q for an adapter that is right: %s", f.by, r.Verdict, r.Text)
			}
		})
	}
}
