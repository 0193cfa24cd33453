package ledgertest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// readingFaults are mistakes of those who read.
func readingFaults() []fault {
	return []fault{
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
					inv.Totals.Total = inv.Totals.Total.Sub(decimal.RequireFromString("0.01"))
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
		{"reads everything, since whenever", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				q.Since = time.Time{}
				return l.Invoices(ctx, q)
			}
		}, "reading/since"},
		{"asks since a moment for what was made since", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
					for p, err := range l.Invoices(ctx, q) {
						p.Records = slices.DeleteFunc(p.Records, func(i ledger.Invoice) bool { return i.CreatedAt.Before(q.Since) })
						if !yield(p, err) {
							return
						}
					}
				}
			}
		}, "reading/since"},
		{"leaves out the day that a reading is to begin with", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				if !q.From.IsZero() {
					q.From = q.From.AddDays(1)
				}
				return l.Invoices(ctx, q)
			}
		}, "reading/from a date"},
		{"reads documents of any date", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				q.From = ledger.Date{}
				return l.Invoices(ctx, q)
			}
		}, "reading/from a date"},
		{"reads paid invoices among the open ones", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				q.Open = false
				return l.Invoices(ctx, q)
			}
		}, "reading/open"},
		{"takes what is paid in part for settled", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
					for p, err := range l.Invoices(ctx, q) {
						p.Records = slices.DeleteFunc(p.Records, func(i ledger.Invoice) bool { return q.Open && i.Totals.Paid.IsPositive() })
						if !yield(p, err) {
							return
						}
					}
				}
			}
		}, "reading/open"},
		{"says that it cannot read", func(b *broken) {
			b.invoices = func(context.Context, ledger.Ledger, ledger.Query) invoicePages {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
					yield(ledger.Page[ledger.Invoice]{}, &ledger.Error{Kind: ledger.ErrUnsupported, Message: "not built yet"})
				}
			}
		}, "reading/everything"},
		{"reads no changes", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
					for p, err := range l.Invoices(ctx, q) {
						if q.Cursor != "" {
							p.Records = nil
						}
						if !yield(p, err) {
							return
						}
					}
				}
			}
		}, "reading/changes"},
		{"gives the last page's cursor with every page", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
					var last ledger.Cursor
					for p := range l.Invoices(ctx, q) {
						last = p.Next
					}
					for p, err := range l.Invoices(ctx, q) {
						p.Next = last
						if !yield(p, err) {
							return
						}
					}
				}
			}
		}, "reading/continued in the middle"},
		{"reads the oldest again with all changes", func(b *broken) {
			b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
					for p, err := range l.Invoices(ctx, q) {
						if q.Cursor != "" {
							p.Records = append(p.Records, l.(*ledgertest.Memory).Books().Invoices()[0])
						}
						if !yield(p, err) {
							return
						}
					}
				}
			}
		}, "reading/rest"},
		{"remembers who the company was", func(b *broken) {
			var known atomic.Pointer[ledger.Organisation]
			b.organisation = func(ctx context.Context, l ledger.Ledger) (ledger.Organisation, error) {
				if o := known.Load(); o != nil {
					return *o, nil
				}
				o, err := l.Organisation(ctx)
				known.Store(&o)
				return o, err
			}
		}, "organisation/another company"},
		{"hands over a page of another company before it notices", func(b *broken) {
			noticing(b, func(ctx context.Context, l ledger.Ledger, q ledger.Query, check func() error) invoicePages {
				return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
					for p, err := range l.Invoices(ctx, q) {
						if !yield(p, err) {
							return
						}
					}
					if err := check(); err != nil {
						yield(ledger.Page[ledger.Invoice]{}, err)
					}
				}
			})
		}, "organisation/another company"},
		{"takes the first for any number", func(b *broken) {
			b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
				if ref.ID == "" {
					ref = ledger.Ref{ID: l.(*ledgertest.Memory).Books().Invoices()[0].ID}
				}
				return l.Invoice(ctx, ref)
			}
		}, "invoice/by number"},
		{"shows no accounts", func(b *broken) {
			b.chart = func(ctx context.Context, l ledger.Ledger) (ledger.Chart, error) {
				c, err := l.Chart(ctx)
				c.Accounts = nil
				return c, err
			}
		}, "chart/points"},
	}
}

// noticing makes a source that answers for its company from memory, and finds out in its other methods who
// answers. invoices is given the check.
func noticing(b *broken, invoices func(context.Context, ledger.Ledger, ledger.Query, func() error) invoicePages) {
	var known atomic.Pointer[ledger.Organisation]
	var strange atomic.Pointer[error]
	check := func(ctx context.Context, l ledger.Ledger) error {
		_, err := l.Organisation(ctx)
		if err != nil {
			strange.Store(&err)
		}
		return err
	}
	b.organisation = func(ctx context.Context, l ledger.Ledger) (ledger.Organisation, error) {
		if err := strange.Load(); err != nil {
			return ledger.Organisation{}, *err
		}
		if o := known.Load(); o != nil {
			return *o, nil
		}
		o, err := l.Organisation(ctx)
		known.Store(&o)
		return o, err
	}
	b.invoices = func(ctx context.Context, l ledger.Ledger, q ledger.Query) invoicePages {
		return invoices(ctx, l, q, func() error { return check(ctx, l) })
	}
	b.payments = func(ctx context.Context, l ledger.Ledger, q ledger.Query) iter.Seq2[ledger.Page[ledger.Payment], error] {
		if err := check(ctx, l); err != nil {
			return func(yield func(ledger.Page[ledger.Payment], error) bool) { yield(ledger.Page[ledger.Payment]{}, err) }
		}
		return l.Payments(ctx, q)
	}
	b.invoice = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) (ledger.Invoice, error) {
		if err := check(ctx, l); err != nil {
			return ledger.Invoice{}, err
		}
		return l.Invoice(ctx, ref)
	}
	b.paymentsOf = func(ctx context.Context, l ledger.Ledger, ref ledger.Ref) ([]ledger.Payment, error) {
		if err := check(ctx, l); err != nil {
			return nil, err
		}
		return l.PaymentsOf(ctx, ref)
	}
}
