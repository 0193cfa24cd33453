package compare

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// Infusionsoft is the source.
type Infusionsoft struct {
	BaseURL string
	Client  *http.Client // authorises
}

// pace keeps calls in a row below the 25 a second that are allowed.
const pace = time.Second / 23

// An order as the comparison sees it: amounts in major units.
type order struct {
	id       string
	places   int32
	lines    []decimal.Decimal // nets, tax lines left out
	tax      decimal.Decimal
	total    decimal.Decimal
	paid     decimal.Decimal // total_paid
	payments bool            // the payment feed names the order
}

// minor is an amount in the smallest unit.
func (o *order) minor(d decimal.Decimal) int64 { return d.Shift(o.places).Round(0).IntPart() }

type cents struct {
	Amount decimal.Decimal `json:"amount"`
	Code   string          `json:"currency_code"`
}

type wireOrder struct {
	ID    string     `json:"id"`
	Total cents      `json:"total"`
	Paid  cents      `json:"total_paid"`
	Items []wireItem `json:"order_items"`
}

type wireItem struct {
	Type     string          `json:"item_type"`
	Quantity decimal.Decimal `json:"quantity"`
	Price    cents           `json:"price_per_unit"`
	Discount cents           `json:"discount"`
	Special  struct {
		Amount decimal.Decimal `json:"amount"`
		Method string          `json:"discount_method"`
	} `json:"special"`
}

// orders reads all orders, and from the feed of payments which of them have any.
func (s Infusionsoft) orders(ctx context.Context) ([]*order, string, error) {
	var orders []*order
	tenant := ""
	for after := ""; ; {
		var page struct {
			Orders []wireOrder `json:"orders"`
		}
		header, err := s.list(ctx, "/v2/orders", after, &page)
		if err != nil {
			return nil, "", err
		}
		tenant = header.Get("X-Keap-Tenant-Id")
		for i := range page.Orders {
			o, err := readOrder(&page.Orders[i])
			if err != nil {
				return nil, "", err
			}
			orders, after = append(orders, o), o.id
		}
		if len(page.Orders) < pageSize {
			break
		}
	}
	if tenant == "" {
		return nil, "", fmt.Errorf("compare: no answer of %s names its tenant in x-keap-tenant-id", s.BaseURL)
	}
	paid, err := s.paidOrders(ctx)
	if err != nil {
		return nil, "", err
	}
	for _, o := range orders {
		o.payments = paid[o.id] || !o.paid.IsZero()
	}
	return orders, strings.ToLower(tenant), nil
}

const pageSize = 1000

// list asks for the page behind the id after.
func (s Infusionsoft) list(ctx context.Context, path, after string, page any) (http.Header, error) {
	query := url.Values{"page_size": {strconv.Itoa(pageSize)}, "order_by": {"id asc"}}
	if after != "" {
		query.Set("filter", "id>"+after)
	}
	return get(ctx, s.Client, s.BaseURL+"/crm/rest"+path, query, nil, page)
}

func (s Infusionsoft) paidOrders(ctx context.Context) (map[string]bool, error) {
	paid := map[string]bool{}
	for after := ""; ; {
		var page struct {
			Payments []struct {
				ID     string   `json:"id"`
				Orders []string `json:"order_ids"`
			} `json:"payments"`
		}
		if _, err := s.list(ctx, "/v2/sales/payments", after, &page); err != nil {
			return nil, err
		}
		for _, p := range page.Payments {
			after = p.ID
			for _, id := range p.Orders {
				paid[id] = true
			}
		}
		if len(page.Payments) < pageSize {
			return paid, nil
		}
	}
}

// readOrder adds an order up. What a line takes off, it may say as a negative price, as a discount or as
// a special; a percentage on a line that sells something is of that line.
func readOrder(w *wireOrder) (*order, error) {
	o := &order{id: w.ID, places: 2}
	if w.Total.Code != "" {
		unit, err := currency.ParseISO(w.Total.Code)
		if err != nil {
			return nil, fmt.Errorf("compare: order %s: its currency is not of ISO 4217", w.ID)
		}
		places, _ := currency.Standard.Rounding(unit)
		o.places = int32(places)
	}
	major := func(c cents) decimal.Decimal { return c.Amount.Shift(-o.places) }
	o.total, o.paid = major(w.Total), major(w.Paid)
	for i := range w.Items {
		item := &w.Items[i]
		amount := item.Quantity.Mul(major(item.Price))
		discount := major(item.Discount).Abs()
		special := item.Special.Amount.Abs()
		percent := item.Special.Method == "PERCENT"
		switch {
		case item.Type == "TAX":
			o.tax = o.tax.Add(amount)
		case strings.HasPrefix(item.Type, "DISCOUNT"):
			off := amount.Abs()
			if off.IsZero() {
				off = discount
			}
			if off.IsZero() && !percent && item.Type != "DISCOUNT_FREE_TRIAL" {
				off = special
			}
			o.lines = append(o.lines, off.Neg())
		default:
			if percent {
				special = amount.Mul(special).Shift(-2).Abs().Round(o.places)
			}
			if special.Equal(discount) {
				special = decimal.Zero // one reduction, said twice
			}
			o.lines = append(o.lines, amount, discount.Neg(), special.Neg())
		}
	}
	return o, nil
}

// A row of an order's payments.
type row struct {
	id     string
	amount decimal.Decimal
	moved  bool // money came in, or was given back
}

// rows reads the payments of one order. In which unit their amounts are is not documented: it is the
// one in which they come to what the order says was paid.
func (s Infusionsoft) rows(ctx context.Context, o *order) ([]row, error) {
	if !o.payments {
		return nil, nil
	}
	if err := sleep(ctx, pace); err != nil {
		return nil, err
	}
	type wireRow struct {
		ID     string          `json:"id"`
		Amount decimal.Decimal `json:"amount"`
		Status string          `json:"pay_status"`
	}
	var all []wireRow
	query := url.Values{"page_size": {strconv.Itoa(pageSize)}}
	for {
		var page struct {
			Rows []wireRow `json:"invoice_order_payments"`
			Next string    `json:"next_page_token"`
		}
		if _, err := get(ctx, s.Client, s.BaseURL+"/crm/rest/v2/orders/"+url.PathEscape(o.id)+"/payments", query, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Rows...)
		if len(page.Rows) < pageSize || page.Next == "" {
			break
		}
		query.Set("page_token", page.Next)
	}
	var rows []row
	var in, back decimal.Decimal
	for _, w := range all {
		r := row{id: w.ID, amount: w.Amount.Abs()}
		switch w.Status {
		case "MANUAL_PAID", "APPROVED", "PAYPAL_PAID":
			r.moved = true
			in = in.Add(r.amount)
		case "REFUNDED":
			r.moved = true
			back = back.Add(r.amount)
		}
		rows = append(rows, r)
	}
	if paid := o.paid.Shift(o.places); in.Equal(paid) || in.Sub(back).Equal(paid) {
		for i := range rows {
			rows[i].amount = rows[i].amount.Shift(-o.places)
		}
	}
	return rows, nil
}
