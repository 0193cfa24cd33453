package compare

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// Xero is a Xero organisation.
type Xero struct {
	BaseURL string
	Client  *http.Client // authorises
	Tenant  string       // xero-tenant-id
}

// A record is an invoice or a payment of the ledger.
type record struct {
	id, number, mark string
	live             bool
	lines            []decimal.Decimal
	tax, total, paid decimal.Decimal

	status   string // of an invoice: draft, submitted, approved, paid, voided, deleted, or as the vendor says it
	due      decimal.Decimal
	payments map[string]decimal.Decimal // that count on an invoice, by id

	matched bool
}

type books struct {
	organisation string
	invoices     []*record
	payments     []*record
	folded       bool // all that an invoice takes off is one line
}

func (Xero) vendor() string { return "xero" }

func (x Xero) read(ctx context.Context) (books, error) {
	var b books
	var who struct {
		Organisations []struct{ OrganisationID string }
	}
	if err := x.get(ctx, "/Organisation", nil, &who); err != nil {
		return b, err
	}
	if len(who.Organisations) != 1 {
		return b, fmt.Errorf("compare: %s names %d organisations, not one", x.BaseURL, len(who.Organisations))
	}
	b.organisation = strings.ToLower(who.Organisations[0].OrganisationID)

	for page := 1; ; page++ {
		var answer struct {
			Invoices []struct {
				InvoiceID, InvoiceNumber, Type, Status string
				URL                                    string `json:"Url"`
				TotalTax, Total, AmountPaid, AmountDue decimal.Decimal
				LineItems                              []struct{ LineAmount decimal.Decimal }
				Payments                               []struct {
					PaymentID string
					Amount    decimal.Decimal
				}
			}
		}
		query := paged(page)
		query.Set("unitdp", "4")
		if err := x.get(ctx, "/Invoices", query, &answer); err != nil {
			return b, err
		}
		for _, w := range answer.Invoices {
			rec := &record{
				id: w.InvoiceID, number: w.InvoiceNumber, mark: lastMark(w.URL),
				live: w.Type == "ACCREC" && w.Status != "VOIDED" && w.Status != "DELETED",
				tax:  w.TotalTax, total: w.Total, paid: w.AmountPaid, due: w.AmountDue,
				status: strings.ToLower(w.Status), payments: map[string]decimal.Decimal{},
			}
			if w.Status == "AUTHORISED" {
				rec.status = approved
			}
			for _, p := range w.Payments {
				rec.payments[p.PaymentID] = p.Amount
			}
			for _, l := range w.LineItems {
				rec.lines = append(rec.lines, l.LineAmount)
			}
			b.invoices = append(b.invoices, rec)
		}
		if len(answer.Invoices) < pageSize {
			break
		}
	}
	for page := 1; ; page++ {
		var answer struct {
			Payments []struct{ PaymentID, Reference, Status string }
		}
		if err := x.get(ctx, "/Payments", paged(page), &answer); err != nil {
			return b, err
		}
		for _, w := range answer.Payments {
			b.payments = append(b.payments, &record{id: w.PaymentID, mark: lastMark(w.Reference), live: w.Status != "DELETED"})
		}
		if len(answer.Payments) < pageSize {
			return b, nil
		}
	}
}

func paged(page int) url.Values {
	return url.Values{"page": {strconv.Itoa(page)}, "pageSize": {strconv.Itoa(pageSize)}}
}

func (x Xero) get(ctx context.Context, path string, query url.Values, v any) error {
	_, err := get(ctx, x.Client, x.BaseURL+"/api.xro/2.0"+path, query, http.Header{"Xero-Tenant-Id": {x.Tenant}}, v)
	return err
}
