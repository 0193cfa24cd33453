package hostile

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// answers bends the elements of QuickBooks' answers to batches.
type answers struct {
	http.RoundTripper
	bend func([]json.RawMessage) []json.RawMessage
}

func (a answers) RoundTrip(q *http.Request) (*http.Response, error) {
	resp, err := a.RoundTripper.RoundTrip(q)
	if err != nil || !strings.HasSuffix(q.URL.Path, "/batch") || resp.StatusCode != http.StatusOK {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	var whole map[string]json.RawMessage
	var elements []json.RawMessage
	if err := errors.Join(json.Unmarshal(body, &whole), json.Unmarshal(whole["BatchItemResponse"], &elements)); err != nil {
		return nil, err
	}
	b, err := json.Marshal(a.bend(elements))
	if err != nil {
		return nil, err
	}
	whole["BatchItemResponse"] = b
	if body, err = json.Marshal(whole); err != nil {
		return nil, err
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// part is a field of an element.
func part(e json.RawMessage, name string) json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(e, &m)
	return m[name]
}

func with(e json.RawMessage, name string, to json.RawMessage) json.RawMessage {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(e, &m)
	m[name] = to
	b, _ := json.Marshal(m)
	return b
}

// QuickBooks answers a batch with what is not to be believed: every record is there once in the end, and every link
// leads to its own.
func TestQuickBooksBatchAnswersLie(t *testing.T) {
	for name, bend := range map[string]func([]json.RawMessage) []json.RawMessage{
		"names exchanged": func(e []json.RawMessage) []json.RawMessage {
			if len(e) < 2 {
				return e
			}
			a, b := part(e[0], "bId"), part(e[1], "bId")
			return append([]json.RawMessage{with(e[0], "bId", b), with(e[1], "bId", a)}, e[2:]...)
		},
		"one missing": func(e []json.RawMessage) []json.RawMessage { return e[1:] },
		"none":        func([]json.RawMessage) []json.RawMessage { return nil },
		"the first for all": func(e []json.RawMessage) []json.RawMessage {
			out := make([]json.RawMessage, len(e))
			for i := range e {
				out[i] = with(e[0], "bId", part(e[i], "bId"))
			}
			return out
		},
		"twice": func(e []json.RawMessage) []json.RawMessage { return append(e, e...) },
		"backwards": func(e []json.RawMessage) []json.RawMessage {
			out := make([]json.RawMessage, 0, len(e))
			for i := range e {
				out = append(out, e[len(e)-1-i])
			}
			return out
		},
		"names unknown": func(e []json.RawMessage) []json.RawMessage {
			for i := range e {
				e[i] = with(e[i], "bId", json.RawMessage(strconv.Quote("x"+strconv.Itoa(i))))
			}
			return e
		},
		"without ids": func(e []json.RawMessage) []json.RawMessage {
			for i := range e {
				for _, kind := range []string{"Customer", "Invoice", "Payment"} {
					if r := part(e[i], kind); r != nil {
						e[i] = with(e[i], kind, with(r, "Id", json.RawMessage(`""`)))
					}
				}
			}
			return e
		},
		"another amount": func(e []json.RawMessage) []json.RawMessage {
			for i := range e {
				if r := part(e[i], "Payment"); r != nil {
					e[i] = with(e[i], "Payment", with(r, "TotalAmt", json.RawMessage(`1.00`)))
				}
			}
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, rig.World{Ledger: rig.OnQuickBooks}, func(t *testing.T, r *rig.Rig) {
				for i := range 4 {
					r.Order(strconv.Itoa(10*(i+1))+".00", true)
				}
				lying := true
				client := r.LedgerClient()
				client = &http.Client{Transport: answers{client.Transport, func(e []json.RawMessage) []json.RawMessage {
					if lying && len(e) > 0 {
						return bend(e)
					}
					return e
				}}}
				for n := range 6 {
					lying = n < 3
					p, err := invoicesync.NewPush(r.DB, r.SourceSide(), r.LedgerOver(client), r.Settings, &r.Opts)
					rig.Check(t, err)
					rep, err := p.Run(context.Background())
					if err != nil && !errors.Is(err, ledger.ErrLater) {
						t.Fatal(err)
					}
					r.AddsUp(rep)
					time.Sleep(13 * time.Hour)
				}
				r.Expect(4, 4, 4)
				rig.Check(t, r.Once())
				for _, o := range r.Keap.Orders() {
					l := link(t, r, ledger.KindInvoice, idOf(o))
					inv, ok := r.QuickBooks.Books().Invoice(l.LedgerID)
					if total, _ := r.Keap.Totals(o.ID); !ok || !inv.TotalAmt.Equal(total.Total) || !inv.Balance.IsZero() {
						t.Errorf("order %d of %s: its link leads to %s with %s left", o.ID, total.Total, inv.TotalAmt, inv.Balance)
					}
				}
			})
		})
	}
}

// Sales tax is switched off, or the books are closed, between two batches of one run. What was written without its tax
// is shown by every run until it is put right.
func TestQuickBooksChangesInTheMiddle(t *testing.T) {
	for name, change := range map[string]func(*testing.T, *qbo){
		"sales tax off": func(t *testing.T, q *qbo) {
			company(t, q, func(c *quickbooksfake.Company) { c.SalesTax = quickbooksfake.SalesTaxOff })
		},
		"books closed": func(t *testing.T, q *qbo) {
			rig.Check(t, q.books.CloseBooks(quickbooksfake.Date(ledger.DateIn(time.Now(), time.UTC).String())))
		},
	} {
		t.Run(name, func(t *testing.T) {
			intoQuickBooks(t, nil, func(t *testing.T, q *qbo) {
				for range 130 {
					q.taxed()
				}
				seen := 0
				q.Opts.Observer = func(e invoicesync.Event) {
					if e.What == "created" && e.Kind == ledger.KindInvoice {
						if seen++; seen == 1 {
							change(t, q)
						}
					}
				}
				rep := q.run()
				q.Opts.Observer = nil
				again := q.run()
				right, wrong := 0, 0
				for _, inv := range q.books.Invoices() {
					if inv.TotalAmt.Equal(dec("108.25")) {
						right++
					} else {
						wrong++
					}
				}
				// 8.25 of each
				if right != 30 || again.Invoices.Parked["total_differs_after_write"] != wrong || !rep.Difference.Equal(decimal.NewFromInt(int64(wrong)).Mul(dec("8.25"))) {
					t.Errorf("%d invoices are right and %d wrong:\n%+v\n%+v", right, wrong, rep, again)
				}
				if wrong == 0 {
					return
				}
				for _, inv := range q.books.Invoices() {
					if !inv.TotalAmt.Equal(dec("108.25")) {
						whole := quickbooksfake.NewAmount(dec("108.25"))
						rig.Check(t, q.books.EditInvoice(inv.ID, func(i *quickbooksfake.Invoice) {
							i.Line[0].Amount, i.Line[0].SalesItemLineDetail.UnitPrice = &whole, quickbooksfake.NewNumber(dec("108.25"))
						}))
					}
				}
				if last := q.run(); len(last.Invoices.Parked) != 0 {
					t.Errorf("all is put right: %+v", last.Invoices)
				}
			})
		})
	}
}
