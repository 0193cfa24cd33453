package compare

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/shopspring/decimal"
)

// QuickBooks is a company of QuickBooks Online.
type QuickBooks struct {
	BaseURL string
	Client  *http.Client // authorises
	Realm   string
}

func (QuickBooks) vendor() string { return "quickbooks" }

// A qboSale is an invoice, or a payment, as its query answers.
type qboSale struct {
	ID          string `json:"Id"`
	DocNumber   string
	PrivateNote string
	TotalAmt    decimal.Decimal
	Balance     decimal.Decimal
	Line        []struct {
		DetailType string
		Amount     decimal.Decimal
		LinkedTxn  []struct {
			TxnID   string `json:"TxnId"`
			TxnType string
		}
	}
	TxnTaxDetail struct{ TotalTax decimal.Decimal }
}

func (q QuickBooks) read(ctx context.Context) (books, error) {
	b := books{organisation: q.Realm, folded: true}
	invoices, err := q.all(ctx, "Invoice")
	if err != nil {
		return b, err
	}
	byID := map[string]*record{}
	for _, w := range invoices {
		rec := w.record()
		byID[w.ID] = rec
		rec.due, rec.payments = w.Balance, map[string]decimal.Decimal{}
		switch {
		case !rec.live:
			rec.status = voided
		case w.Balance.IsZero() && w.TotalAmt.IsPositive():
			rec.status = paid
		default:
			rec.status = approved
		}
		rec.number, rec.tax, rec.total, rec.paid = w.DocNumber, w.TxnTaxDetail.TotalTax, w.TotalAmt, w.TotalAmt.Sub(w.Balance)
		for _, l := range w.Line {
			switch l.DetailType {
			case "SubTotalLineDetail": // a sum of what stands above it
			case "DiscountLineDetail": // above zero, and taken off
				rec.lines = append(rec.lines, l.Amount.Neg())
			default:
				rec.lines = append(rec.lines, l.Amount)
			}
		}
		b.invoices = append(b.invoices, rec)
	}
	payments, err := q.all(ctx, "Payment")
	for _, w := range payments {
		b.payments = append(b.payments, w.record())
		if w.TotalAmt.IsZero() {
			continue // it applies a credit, or was voided
		}
		for _, l := range w.Line {
			for _, t := range l.LinkedTxn {
				if inv := byID[t.TxnID]; t.TxnType == "Invoice" && inv != nil {
					inv.payments[w.ID] = inv.payments[w.ID].Add(l.Amount)
				}
			}
		}
	}
	return b, err
}

// record is a record with its mark. A void has no field of its own: it leaves nothing of the amounts, and writes its
// word in front of the note. What is deleted is not in the answer.
func (w *qboSale) record() *record {
	return &record{
		id: w.ID, mark: lastMark(w.PrivateNote), live: !w.TotalAmt.IsZero() || !strings.HasPrefix(w.PrivateNote, "Voided"),
	}
}

// all reads every record, a page at a time. Nobody writes meanwhile.
func (q QuickBooks) all(ctx context.Context, entity string) ([]*qboSale, error) {
	var all []*qboSale
	seen := map[string]bool{}
	for {
		var answer struct {
			QueryResponse struct{ Invoice, Payment []*qboSale }
			Fault         any
		}
		statement := fmt.Sprintf("select * from %s orderby Id startposition %d maxresults %d", entity, len(all)+1, pageSize)
		if _, err := get(ctx, q.Client, q.BaseURL+"/v3/company/"+url.PathEscape(q.Realm)+"/query", url.Values{"query": {statement}}, nil, &answer); err != nil {
			return nil, err
		}
		if answer.Fault != nil {
			return nil, fmt.Errorf("compare: %s answers the query of every %s with a fault", q.BaseURL, entity)
		}
		page := append(answer.QueryResponse.Invoice, answer.QueryResponse.Payment...)
		for _, rec := range page {
			if seen[rec.ID] {
				return nil, fmt.Errorf("compare: %s %s stands on two pages: compare again when nobody writes", entity, rec.ID)
			}
			seen[rec.ID] = true
		}
		all = append(all, page...)
		if len(page) < pageSize {
			return all, nil
		}
	}
}
