package infusionsoft

import (
	"context"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

const orderRoute = "POST " + ordersPath

// What is sent, with no field that the specification does not have: an unknown one is refused with
// "Unrecognized property". keap-rest-v2 of 2026-08-20, RestCreateOrderRequest and CreateOrderItemRequest.
type (
	outOrder struct {
		ContactID string    `json:"contact_id"`
		Title     string    `json:"order_title"`
		Time      string    `json:"order_time"`
		Type      string    `json:"order_type"`
		Due       string    `json:"due_time,omitempty"`
		Sent      string    `json:"sent_time,omitempty"`
		Number    string    `json:"invoice_number,omitempty"`
		Notes     string    `json:"notes,omitempty"`
		Mark      string    `json:"external_create_user"`
		Items     []outItem `json:"order_items"`
	}

	outItem struct {
		Type        string             `json:"item_type"`
		ProductID   string             `json:"product_id,omitempty"`
		Name        string             `json:"name,omitempty"`
		Description string             `json:"description,omitempty"`
		Quantity    int64              `json:"quantity"`
		Price       *vendorhttp.Number `json:"price_per_unit"`
	}
)

// The longest texts that are sent; the specification names no limits.
const (
	longestTitle       = 100
	longestName        = 100
	longestDescription = 1000
	longestNotes       = 1000
)

func orderWriter(l *Ledger) ledger.Writer[ledger.Invoice] {
	return writer[ledger.Invoice]{
		l: l, what: "order",
		encode: func(d ledger.Draft[ledger.Invoice]) (string, any, error) {
			out, err := l.newOrder(d)
			return orderRoute, out, err
		},
		route: func(r string) bool { return r == orderRoute },
		read: func(ctx context.Context, _ ledger.Encoded, resp *vendorhttp.Response) (echo[ledger.Invoice], *vendorhttp.Seen) {
			inv, seen := l.answered(ctx, resp)
			return echo[ledger.Invoice]{id: inv.ID, mark: inv.Mark, amount: inv.Totals.Total, record: inv, unclear: inv.Unclear}, seen
		},
		find: l.findOrders,
	}
}

// answered reads the order that an answer is.
func (l *Ledger) answered(ctx context.Context, resp *vendorhttp.Response) (ledger.Invoice, *vendorhttp.Seen) {
	w := new(wireOrder)
	if resp.Kind() != vendorhttp.KindJSON || decodeOne(resp.Body, w) != nil {
		return ledger.Invoice{}, &vendorhttp.Seen{Code: "unreadable", Message: "the answer cannot be read"}
	}
	b, err := l.books(ctx)
	if err != nil {
		return ledger.Invoice{}, &vendorhttp.Seen{Code: "unreadable", Message: "the application's currency could not be read, and the answer cannot be understood without"}
	}
	return l.mapper(b).invoice(w), nil
}

func (l *Ledger) newOrder(d ledger.Draft[ledger.Invoice]) (outOrder, error) {
	inv := d.Record
	b, err := l.known("order")
	if err != nil {
		return outOrder{}, err
	}
	switch {
	case inv.Kind != "" && inv.Kind != ledger.SalesInvoice:
		return outOrder{}, refuse("", ledger.RefusedOther, "only sales invoices are written")
	case inv.Unclear != "":
		return outOrder{}, refuse("", inv.Unclear, "the invoice was not understood")
	case !isID(inv.Contact.ID):
		return outOrder{}, refuse("", ledger.RefusedContact, "the order has no contact of the application")
	case inv.Date.IsZero():
		return outOrder{}, refuse("", "date_missing", "the order has no date")
	case inv.Status != "" && inv.Status != ledger.StatusApproved:
		return outOrder{}, refuse("", "status_invalid", "an order is there as soon as it is written: only approved invoices are")
	case len(inv.Lines) == 0:
		return outOrder{}, refuse("", "no_lines", "the order has no lines")
	case !inv.DueDate.IsZero() && inv.DueDate.Before(inv.Date):
		return outOrder{}, refuse("", "date_invalid", "the order would be due before its date")
	}
	s, err := b.sum(inv)
	if err != nil {
		return outOrder{}, err
	}
	out := outOrder{
		ContactID: inv.Contact.ID, Title: title(inv), Time: b.noon(inv.Date), Type: "OFFLINE", Mark: string(d.Mark),
		Number: fit(inv.Number, longestTitle), Notes: notes(inv), Items: make([]outItem, 0, len(inv.Lines)+1),
	}
	if !inv.DueDate.IsZero() {
		out.Due = b.noon(inv.DueDate)
	}
	if inv.SentToContact {
		out.Sent = out.Time
	}
	for i, line := range inv.Lines {
		item, err := l.newItem(line, s.priced[i])
		if err != nil {
			return outOrder{}, err
		}
		out.Items = append(out.Items, item)
	}
	if s.stated.IsPositive() {
		out.Items = append(out.Items, outItem{Type: "TAX", Name: "Sales tax", Quantity: 1, Price: vendorhttp.NumberOf(s.stated)})
	}
	return out, nil
}

// noon is an instant that is on the day in the application's zone, and remains on it wherever the
// vendor's clock and its summer time may stand.
func (b books) noon(day ledger.Date) string {
	y, m, d := day.Time().Date()
	return time.Date(y, m, d, 12, 0, 0, 0, b.zone).UTC().Format(time.RFC3339)
}

func title(inv ledger.Invoice) string {
	for _, s := range []string{inv.Title, inv.Reference, inv.Number} {
		if s = fit(s, longestTitle); s != "" {
			return s
		}
	}
	return "Invoice"
}

// notes are internal, and lead a person back to where the order comes from.
func notes(inv ledger.Invoice) string {
	var parts []string
	for _, s := range []string{inv.Reference, inv.URL} {
		if s = strings.TrimSpace(s); s != "" {
			parts = append(parts, s)
		}
	}
	return fit(strings.Join(parts, " "), longestNotes)
}

// newItem is an order item. The vendor takes these kinds without a product; SERVICE, UPSELL, PROGRAM and
// TIP can only be read. A discount is sent with a price below zero, as its users have always done
// (https://integration.keap.com, thread 93878); what became of it is compared with the total in the answer.
func (l *Ledger) newItem(line ledger.Line, p priced) (outItem, error) {
	name, description := fit(line.Name, longestName), fit(line.Description, longestDescription-len([]rune(p.note)))
	if name == "" {
		name = fit(description, longestName)
	}
	if name == description {
		description = ""
	}
	if description == "" {
		description = strings.TrimSpace(p.note)
	} else {
		description += p.note
	}
	out := outItem{Name: name, Description: description, Quantity: p.quantity, Price: vendorhttp.NumberOf(p.unit)}
	switch {
	case p.amount.IsNegative():
		out.Type = "DISCOUNT"
	case line.Kind == ledger.LineDiscount:
		out.Type = "DISCOUNT" // of nothing
	case line.Kind == ledger.LineTax:
		out.Type = "TAX"
	case line.Kind == ledger.LineShipping:
		out.Type = "SHIPPING"
	case line.Kind == ledger.LineFinanceCharge:
		out.Type = "FINANCE_CHARGE"
	case line.ItemID != "" || line.ItemCode != "":
		id, err := l.productID(line)
		if err != nil {
			return out, err
		}
		out.Type, out.ProductID = "PRODUCT", id
	default:
		out.Type = "OTHER"
	}
	if out.Name == "" && out.ProductID == "" {
		out.Name = itemNames[out.Type]
	}
	return out, nil
}

var itemNames = map[string]string{
	"DISCOUNT": "Discount", "TAX": "Tax", "SHIPPING": "Shipping", "FINANCE_CHARGE": "Finance charge", "OTHER": "Item",
}
