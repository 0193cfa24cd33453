package infusionsoftfake

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// REST v1 orders: offset paging, newest first, so that an order that arrives during a scan shifts the
// rows behind it. The last page has a next link too: whoever follows it meets an empty page.

type wireOrderV1 struct {
	ID               int64        `json:"id"`
	Title            string       `json:"title"`
	Status           string       `json:"status,omitempty"`
	Recurring        bool         `json:"recurring"`
	Total            number       `json:"total"`
	TotalPaid        number       `json:"total_paid"`
	TotalDue         number       `json:"total_due"`
	RefundTotal      number       `json:"refund_total"`
	Contact          *wireBasicV1 `json:"contact,omitempty"`
	Notes            string       `json:"notes"`
	Terms            string       `json:"terms"`
	OrderType        string       `json:"order_type"`
	SourceType       string       `json:"source_type"`
	CreationDate     string       `json:"creation_date"`
	ModificationDate string       `json:"modification_date"`
	OrderDate        string       `json:"order_date"`
	OrderItems       []wireItemV1 `json:"order_items"`
}

type wireBasicV1 struct {
	ID        int64  `json:"id"`
	Email     string `json:"email"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

type wireItemV1 struct {
	ID             int64          `json:"id"`
	JobRecurringID int64          `json:"jobRecurringId,omitempty"`
	Name           string         `json:"name"`
	Description    string         `json:"description"`
	Type           string         `json:"type"`
	Notes          string         `json:"notes"`
	Quantity       int64          `json:"quantity"`
	Cost           number         `json:"cost"`
	Price          number         `json:"price"`
	Product        *wireProductV1 `json:"product,omitempty"`
}

type wireProductV1 struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	SKU         string `json:"sku"`
	Description string `json:"description"`
	Shippable   bool   `json:"shippable"`
	Taxable     bool   `json:"taxable"`
}

// labelV1 is how v1 prints an item's type: the label of the application, not the API's word.
func labelV1(itemType string) string {
	label := map[string]string{
		"PRODUCT": "Product", "SHIPPING": "Shipping", "TAX": "Tax", "SERVICE": "Service & Misc", "UPSELL": "Upsell Product",
		"FINANCE_CHARGE": "Finance Charge", "DISCOUNT": "Special", "PROGRAM": "Program", "SUBSCRIPTION": "Subscription Plan",
		"DISCOUNT_FREE_TRIAL": "Special: Free Trial Days", "DISCOUNT_ORDER_TOTAL": "Special: Order Total",
		"DISCOUNT_PRODUCT": "Special: Product", "DISCOUNT_PRODUCT_CATEGORY": "Special: Category", "DISCOUNT_SHIPPING": "Special: Shipping",
		"TIP": "Tip", "OTHER": "Other", "FEE": "Fee",
	}[itemType]
	orElse(&label, "Unknown")
	return label
}

func (b *Books) wireOrderV1(r *orderRecord) *wireOrderV1 {
	t := b.totals(r)
	w := &wireOrderV1{
		ID: r.ID, Title: r.Title, Status: b.status(r, t), Total: number(t.Total), TotalPaid: number(t.Paid), TotalDue: number(t.Due),
		RefundTotal: number(t.Refunded), Notes: r.Notes, Terms: r.Terms, OrderType: r.OrderType, SourceType: r.SourceType,
		CreationDate: timeText(r.CreationTime), ModificationDate: timeText(r.ModificationTime), OrderDate: timeText(r.OrderTime),
		OrderItems: []wireItemV1{},
	}
	if r.SourceType == "QUICKBOOKS" {
		w.SourceType = "QBO_SYNC"
	}
	if c := b.contacts.get(r.ContactID); c != nil {
		basic := b.basicContact(c.ID)
		w.Contact = &wireBasicV1{c.ID, basic.Email, c.GivenName, c.FamilyName}
	}
	for i := range r.Items {
		item := &r.Items[i]
		w.Recurring = w.Recurring || item.SubscriptionID != 0
		// Prices of discounts are negative in v1 whatever v2 shows.
		price := item.Price
		if isDiscount(item.Type) {
			price = b.discountOf(r.Items, item).Neg()
		}
		wi := wireItemV1{
			ID: item.ID, JobRecurringID: item.SubscriptionID, Name: item.Name, Description: item.Description, Type: labelV1(item.Type),
			Notes: item.Notes, Quantity: item.Quantity, Price: number(price),
		}
		if isDiscount(item.Type) {
			wi.Quantity = 1
		}
		if item.Cost != nil {
			wi.Cost = number(*item.Cost)
		}
		if p := item.Product; p != nil {
			wi.Product = &wireProductV1{p.ID, p.Name, p.SKU, p.Description, p.Shippable, p.Taxable}
		}
		w.OrderItems = append(w.OrderItems, wi)
	}
	return w
}

func getOrderV1(c *call) (answer, error) {
	r, err := c.order()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, c.books.wireOrderV1(r)}, nil
}

func listOrdersV1(c *call) (answer, error) {
	b, query := c.books, c.URL.Query()
	if err := onlyParameters(query, "contact_id", "product_id", "paid", "since", "until", "order", "limit", "offset"); err != nil {
		return answer{}, err
	}
	limit, err := wholeNumber(query, "limit", maxPage)
	if err != nil || limit < 1 || limit > maxPage {
		return answer{}, badRequest("limit must be between 1 and %d", maxPage)
	}
	offset, err := wholeNumber(query, "offset", 0)
	if err != nil || offset < 0 {
		return answer{}, badRequest("offset must not be negative")
	}
	date := func(r *orderRecord) time.Time { return r.CreationTime }
	switch query.Get("order") {
	case "":
	case "order_date":
		date = func(r *orderRecord) time.Time { return r.OrderTime }
	case "update_date":
		date = func(r *orderRecord) time.Time { return r.ModificationTime }
	default:
		return answer{}, badRequest("order must be order_date or update_date")
	}
	matches, err := b.filtersV1(query)
	if err != nil {
		return answer{}, err
	}
	rows := slices.Clone(b.orders.all())
	slices.SortStableFunc(rows, tie(compareTime(date), b.orders.id))
	total := cut(rows, matches, true, 0, len(rows))
	p := cut(total.rows, nil, false, offset, limit)
	orders := make([]*wireOrderV1, 0, len(p.rows))
	for _, r := range p.rows {
		orders = append(orders, b.wireOrderV1(r))
	}
	link := func(offset int) string {
		q := url.Values{}
		for name, values := range query {
			q[name] = values
		}
		q.Set("limit", strconv.Itoa(limit))
		q.Set("offset", strconv.Itoa(offset))
		return c.base + c.URL.Path + "?" + q.Encode()
	}
	return answer{http.StatusOK, map[string]any{
		"orders": orders, "count": len(total.rows), "next": link(offset + limit), "previous": link(max(offset-limit, 0)),
	}}, nil
}

func (b *Books) filtersV1(query url.Values) ([]func(*orderRecord) bool, error) {
	fields := orderListing(b).fields
	date := func(r *orderRecord) time.Time { return r.CreationTime }
	switch b.fake.options.Switches.V1Dates {
	case V1OrderDate:
		date = func(r *orderRecord) time.Time { return r.OrderTime }
	case V1UpdateDate:
		date = func(r *orderRecord) time.Time { return r.ModificationTime }
	}
	fields["since"], fields["until"] = sinceField("", date), untilField("", date)
	var matches []func(*orderRecord) bool
	if visible := orderListing(b).visible; visible != nil {
		matches = append(matches, visible)
	}
	for _, name := range []string{"contact_id", "product_id", "paid", "since", "until"} {
		if !query.Has(name) {
			continue
		}
		c, err := fields[name].parse("==", query.Get(name))
		if err != nil {
			return nil, badRequest("%s: %s", name, err.Error())
		}
		matches = append(matches, c.match)
	}
	return matches, nil
}

func wholeNumber(query url.Values, name string, fallback int) (int, error) {
	if !query.Has(name) {
		return fallback, nil
	}
	return strconv.Atoi(query.Get(name))
}
