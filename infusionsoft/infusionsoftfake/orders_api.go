package infusionsoftfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

func orderListing(b *Books) *listing[orderRecord] {
	contact := func(get func(*Shipping) string) func(*orderRecord) []string {
		return func(r *orderRecord) []string {
			if r.Shipping == nil {
				return nil
			}
			return []string{get(r.Shipping)}
		}
	}
	created := func(r *orderRecord) time.Time { return r.CreationTime }
	modified := func(r *orderRecord) time.Time { return r.ModificationTime }
	l := &listing[orderRecord]{
		name: b.tenant.ID + "/orders", newest: true,
		fields: map[string]field[orderRecord]{
			"id":  idField("id", func(r *orderRecord) int64 { return r.ID }, append(ranges[:], "!=")...),
			"ids": idsField(func(r *orderRecord) int64 { return r.ID }),
			"product_id": memberField(false, func(r *orderRecord) []string {
				var ids []string
				for _, item := range r.Items {
					if item.Product != nil {
						ids = append(ids, idText(item.Product.ID))
					}
				}
				return ids
			}),
			"contact_id":            idField("", func(r *orderRecord) int64 { return r.ContactID }),
			"invoice_id":            idField("", func(r *orderRecord) int64 { return r.InvoiceID }),
			"invoice_xid":           textField(false, func(r *orderRecord) []string { return []string{r.InvoiceXID} }),
			"paid":                  boolField(func(r *orderRecord) bool { return isPaid(b.totals(r)) }),
			"created_since_time":    sinceField("", created),
			"created_until_time":    untilField("", created),
			"modified_since_time":   sinceField("modification_time", modified),
			"modified_until_time":   untilField("modification_time", modified),
			"title":                 textField(true, func(r *orderRecord) []string { return []string{r.Title} }),
			"order_type":            enumField(func(r *orderRecord) string { return r.OrderType }, "ONLINE", "OFFLINE"),
			"shipping_locality":     textField(false, contact(func(s *Shipping) string { return s.Address.Locality })),
			"shipping_region_code":  textField(false, contact(func(s *Shipping) string { return s.Address.RegionCode })),
			"shipping_postal_code":  textField(false, contact(func(s *Shipping) string { return s.Address.PostalCode })),
			"shipping_country_code": textField(false, contact(func(s *Shipping) string { return s.Address.CountryCode })),
		},
		orders: map[string]func(a, b *orderRecord) int{"id": nil, "order_time": nil, "modification_time": nil},
		custom: func(name string) (field[orderRecord], bool) {
			for _, d := range b.tenant.OrderFields {
				if strings.EqualFold(d.Name, name) {
					return textField(true, func(r *orderRecord) []string { return customText(r.CustomFields, d.ID) }), true
				}
			}
			return field[orderRecord]{}, false
		},
	}
	if b.fake.options.Switches.OrderLag > 0 {
		now := b.fake.clock()
		l.visible = func(r *orderRecord) bool { return !r.VisibleAt.After(now) }
	}
	return l
}

func customText(values []CustomField, id string) []string {
	for _, v := range values {
		var s string
		if v.ID == id && json.Unmarshal(v.Content, &s) == nil {
			return []string{s}
		}
	}
	return nil
}

func listOrders(c *call) (answer, error) {
	l := orderListing(c.books)
	p, err := listKnown(c, c.books.orders, l)
	if err != nil {
		return answer{}, err
	}
	return listAnswer(c.books, "orders", p, c.books.orderAnswer), nil
}

// listKnown is list without the fields parameter, which only contacts and companies have.
func listKnown[T any](c *call, t *table[T], l *listing[T]) (page[T], error) {
	if c.URL.Query().Has("fields") {
		return page[T]{}, badRequest("Unknown query parameter: fields")
	}
	return list(t, l, c.URL.Query(), &c.books.fake.options.Switches)
}

func (c *call) order() (*orderRecord, error) {
	id, ok := parseID(c.id)
	r := c.books.orders.get(id)
	if !ok || r == nil {
		return nil, notFound("Order not found: %s", c.id)
	}
	return r, nil
}

func getOrder(c *call) (answer, error) {
	if err := onlyParameters(c.URL.Query()); err != nil {
		return answer{}, err
	}
	r, err := c.order()
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, c.books.orderAnswer(r)}, nil
}

func deleteOrder(c *call) (answer, error) {
	r, err := c.order()
	if err != nil {
		return answer{}, err
	}
	b := c.books
	if len(b.rows[r.ID]) > 0 {
		return answer{}, &apiError{status: http.StatusConflict, message: "The order has transactions and cannot be deleted"}
	}
	ch := b.change()
	ch.DeletedOrders = []int64{r.ID}
	if err := b.commit(ch); err != nil {
		return answer{}, err
	}
	b.raiseOrder("delete", r)
	return answer{status: http.StatusNoContent}, nil
}

// orderRequest is RestCreateOrderRequest and UpdateOrderRequest.
type orderRequest struct {
	Notes              string           `json:"notes"`
	Terms              string           `json:"terms"`
	Title              string           `json:"title"`
	ContactID          string           `json:"contact_id"`
	OrderItems         []itemRequest    `json:"order_items"`
	OrderTitle         string           `json:"order_title"`
	OrderTime          time.Time        `json:"order_time"`
	OrderType          string           `json:"order_type"`
	PromoCodes         []string         `json:"promo_codes"`
	LeadAffiliateID    string           `json:"lead_affiliate_id"`
	SalesAffiliateID   string           `json:"sales_affiliate_id"`
	ShippingAddress    *shippingRequest `json:"shipping_address"`
	CustomFields       []CustomField    `json:"custom_fields"`
	SentTime           time.Time        `json:"sent_time"`
	DueTime            time.Time        `json:"due_time"`
	InvoiceNumber      string           `json:"invoice_number"`
	ExternalCreateUser string           `json:"external_create_user"`
	ExternalCreateTime time.Time        `json:"external_create_time"`
	ExternalUpdateTime time.Time        `json:"external_update_time"`
	PaymentPlan        *planRequest     `json:"payment_plan"`
}

type itemRequest struct {
	Name               string           `json:"name"`
	Description        string           `json:"description"`
	Quantity           int64            `json:"quantity"`
	Notes              string           `json:"notes"`
	ProductID          string           `json:"product_id"`
	SubscriptionPlanID string           `json:"subscription_plan_id"`
	PlanDescription    string           `json:"subscription_plan_description"`
	ItemType           string           `json:"item_type"`
	PricePerUnit       *decimal.Decimal `json:"price_per_unit"`
	CostPerUnit        *decimal.Decimal `json:"cost_per_unit"`
}

type shippingRequest struct {
	Line1              string `json:"line1"`
	Line2              string `json:"line2"`
	Locality           string `json:"locality"`
	Region             string `json:"region"`
	Company            string `json:"company"`
	Phone              string `json:"phone"`
	ZipCode            string `json:"zip_code"`
	ZipFour            string `json:"zip_four"`
	CountryCode        string `json:"country_code"`
	FirstName          string `json:"first_name"`
	MiddleName         string `json:"middle_name"`
	LastName           string `json:"last_name"`
	IsInvoiceToCompany bool   `json:"is_invoice_to_company"`
}

type planRequest struct {
	AutoCharge           bool             `json:"auto_charge"`
	MaxChargeAttempts    int64            `json:"max_charge_attempts"`
	DaysBetweenRetries   int64            `json:"days_between_retries"`
	PaymentMethodID      string           `json:"payment_method_id"`
	InitialPaymentAmount *decimal.Decimal `json:"initial_payment_amount"`
	InitialPaymentDate   string           `json:"initial_payment_date"`
	PlanStartDate        string           `json:"plan_start_date"`
	NumberOfPayments     int64            `json:"number_of_payments"`
	DaysBetweenPayments  int64            `json:"days_between_payments"`
}

func orderProperties() map[string]kind {
	return map[string]kind{
		"notes": text, "terms": text, "title": text, "contact_id": recordID, "order_title": notBlank,
		"order_time": instant, "order_type": oneOf("ONLINE", "OFFLINE"), "promo_codes": listOf(text),
		"lead_affiliate_id": text, "sales_affiliate_id": text, "shipping_address": shippingShape(),
		"custom_fields": listOf(object(map[string]kind{"id": text, "content": anything}, "id")),
		"sent_time":     instant, "due_time": instant, "invoice_number": text, "external_create_user": text,
		"external_create_time": instant, "external_update_time": instant,
	}
}

func shippingShape() kind {
	return object(map[string]kind{
		"line1": text, "line2": text, "locality": text, "region": text, "company": text, "phone": text, "zip_code": text,
		"zip_four": text, "country_code": text, "first_name": text, "middle_name": text, "last_name": text,
		"is_invoice_to_company": boolean,
	})
}

func createOrderShape() kind {
	properties := orderProperties()
	properties["order_items"] = listOf(object(map[string]kind{
		"name": notBlank, "description": notBlank, "quantity": integer32, "notes": notBlank, "product_id": recordID,
		"subscription_plan_id": recordID, "subscription_plan_description": notBlank,
		"item_type": oneOf("PRODUCT", "SHIPPING", "TAX", "FINANCE_CHARGE", "SUBSCRIPTION", "DISCOUNT", "DISCOUNT_FREE_TRIAL",
			"DISCOUNT_ORDER_TOTAL", "DISCOUNT_PRODUCT", "DISCOUNT_PRODUCT_CATEGORY", "DISCOUNT_SHIPPING", "OTHER", "FEE"),
		"price_per_unit": numeric, "cost_per_unit": numeric,
	}, "quantity"))
	return object(properties, "contact_id", "order_time", "order_title", "order_type")
}

func updateOrderShape() kind {
	properties := orderProperties()
	properties["payment_plan"] = object(map[string]kind{
		"auto_charge": boolean, "max_charge_attempts": integer, "days_between_retries": integer, "payment_method_id": text,
		"initial_payment_amount": numeric, "initial_payment_date": calendarDate, "plan_start_date": calendarDate,
		"number_of_payments": integer, "days_between_payments": integer,
	})
	return object(properties)
}

func createOrder(c *call) (answer, error) {
	var req orderRequest
	if err := onlyParameters(c.URL.Query()); err != nil {
		return answer{}, err
	}
	given, err := readBody(c.Request, createOrderShape(), &req)
	if err != nil {
		return answer{}, err
	}
	b := c.books
	o := Order{SourceType: "API"}
	if err := b.applyOrderRequest(&o, &req, func(name string) bool { _, ok := given[name]; return ok }); err != nil {
		return answer{}, err
	}
	for i := range req.OrderItems {
		item, err := b.requestedItem(i, &req.OrderItems[i])
		if err != nil {
			return answer{}, err
		}
		o.Items = append(o.Items, item)
	}
	if b.sumLines(o.Items).IsNegative() {
		return answer{}, badRequest("The order total must not be negative")
	}
	ch := b.change()
	r, err := b.newOrder(ch, o)
	if err != nil {
		return answer{}, err
	}
	if err := b.commit(ch); err != nil {
		return answer{}, err
	}
	b.fake.counts.Created["orders"]++
	b.raiseOrder("add", r)
	return answer{http.StatusCreated, b.orderAnswer(r)}, nil
}

// applyOrderRequest sets what the request has for the properties that are asked for; one that the
// request lacks becomes empty.
func (b *Books) applyOrderRequest(o *Order, req *orderRequest, asked func(string) bool) error {
	if asked("contact_id") {
		id, _ := parseID(req.ContactID)
		if b.contacts.get(id) == nil {
			return badRequest("contact_id %s does not exist", req.ContactID)
		}
		o.ContactID = id
	}
	if asked("promo_codes") && len(req.PromoCodes) > 0 {
		// The fake keeps no promotions, and an order without its discount would be a wrong order.
		return badRequest("promo_codes: %s is not an active promo code", req.PromoCodes[0])
	}
	if asked("custom_fields") {
		for _, v := range req.CustomFields {
			if !slices.ContainsFunc(b.tenant.OrderFields, func(d CustomFieldDefinition) bool { return d.ID == v.ID }) {
				return badRequest("custom_fields: there is no field %s", v.ID)
			}
		}
		o.CustomFields = req.CustomFields
	}
	for name, set := range map[string]func(){
		"notes":                func() { o.Notes = req.Notes },
		"terms":                func() { o.Terms = req.Terms },
		"order_title":          func() { o.Title = req.OrderTitle },
		"order_time":           func() { o.OrderTime = req.OrderTime },
		"order_type":           func() { o.OrderType = req.OrderType },
		"lead_affiliate_id":    func() { o.LeadAffiliateID = req.LeadAffiliateID },
		"sales_affiliate_id":   func() { o.SalesAffiliateID = req.SalesAffiliateID },
		"sent_time":            func() { o.SentTime = req.SentTime },
		"due_time":             func() { o.DueTime = req.DueTime },
		"invoice_number":       func() { o.InvoiceNumber = req.InvoiceNumber },
		"external_create_user": func() { o.ExternalCreateUser = req.ExternalCreateUser },
		"external_create_time": func() { o.ExternalCreateTime = req.ExternalCreateTime },
		"external_update_time": func() { o.ExternalUpdateTime = req.ExternalUpdateTime },
		"shipping_address":     func() { o.Shipping = req.ShippingAddress.shipping() },
		"payment_plan":         func() { o.Plan = req.PaymentPlan.plan() },
	} {
		if asked(name) {
			set()
		}
	}
	return nil
}

func (s *shippingRequest) shipping() *Shipping {
	if s == nil {
		return nil
	}
	return &Shipping{
		Company: s.Company, GivenName: s.FirstName, FamilyName: s.LastName, Phone: s.Phone, InvoiceToCompany: s.IsInvoiceToCompany,
		Address: Address{
			Field: "SHIPPING", Line1: s.Line1, Line2: s.Line2, Locality: s.Locality, Region: s.Region,
			PostalCode: s.ZipCode, ZipCode: s.ZipCode, ZipFour: s.ZipFour, CountryCode: s.CountryCode,
		},
	}
}

func (p *planRequest) plan() *PaymentPlan {
	if p == nil {
		return nil
	}
	return &PaymentPlan{
		AutoCharge: p.AutoCharge, MaxChargeAttempts: p.MaxChargeAttempts, DaysBetweenRetries: p.DaysBetweenRetries,
		PaymentMethodID: p.PaymentMethodID, InitialPaymentAmount: p.InitialPaymentAmount, InitialPaymentDate: p.InitialPaymentDate,
		StartDate: p.PlanStartDate, NumberOfPayments: max(p.NumberOfPayments, 0), DaysBetweenPayments: max(p.DaysBetweenPayments, 0),
	}
}

// requestedItem checks a line by the rules of CreateOrderItemRequest.
func (b *Books) requestedItem(i int, req *itemRequest) (Item, error) {
	orElse(&req.ItemType, "PRODUCT")
	refuse := func(format string, args ...any) (Item, error) {
		return Item{}, badRequest("order_items[%d]."+format, append([]any{i}, args...)...)
	}
	item := Item{
		Type: req.ItemType, Name: req.Name, Description: req.Description, Notes: req.Notes, Quantity: req.Quantity, Cost: req.CostPerUnit,
	}
	hasProduct := req.ItemType == "PRODUCT" || req.ItemType == "SUBSCRIPTION"
	switch {
	case req.Quantity < 1:
		return refuse("quantity must be greater than or equal to 1")
	case !hasProduct && req.ProductID != "":
		return refuse("product_id is only used for item_type PRODUCT or SUBSCRIPTION")
	case !hasProduct && req.CostPerUnit != nil:
		return refuse("cost_per_unit is only used for item_type PRODUCT or SUBSCRIPTION")
	case !hasProduct && req.PricePerUnit == nil:
		return refuse("price_per_unit is required for item_type %s", req.ItemType)
	case !hasProduct && req.Name == "":
		return refuse("name is required for item_type %s", req.ItemType)
	case hasProduct && req.ProductID == "":
		return refuse("product_id is required for item_type %s", req.ItemType)
	case req.ItemType != "SUBSCRIPTION" && (req.SubscriptionPlanID != "" || req.PlanDescription != ""):
		return refuse("subscription_plan_id is only used for item_type SUBSCRIPTION")
	case req.PricePerUnit != nil && req.PricePerUnit.IsNegative() &&
		(!isDiscount(req.ItemType) || b.fake.options.Switches.RefuseNegativePrices):
		return refuse("price_per_unit must be greater than or equal to 0")
	}
	if hasProduct {
		id, _ := parseID(req.ProductID)
		p := b.products.get(id)
		if p == nil {
			return refuse("product_id %s is not a valid product id", req.ProductID)
		}
		item.ProductID, item.Price = id, p.Price
		if req.ItemType == "SUBSCRIPTION" {
			planID, _ := parseID(req.SubscriptionPlanID)
			at := slices.IndexFunc(p.Plans, func(plan SubscriptionPlan) bool { return plan.ID == planID })
			if at < 0 {
				return refuse("subscription_plan_id %q is not a valid subscription plan id", req.SubscriptionPlanID)
			}
			plan := p.Plans[at]
			item.Plan, item.Price = &plan, plan.Price
		}
	}
	if req.PricePerUnit != nil {
		item.Price = *req.PricePerUnit
	}
	return item, nil
}

func patchOrder(c *call) (answer, error) {
	if err := onlyParameters(c.URL.Query(), "update_mask"); err != nil {
		return answer{}, err
	}
	old, err := c.order()
	if err != nil {
		return answer{}, err
	}
	var req orderRequest
	given, err := readBody(c.Request, updateOrderShape(), &req)
	if err != nil {
		return answer{}, err
	}
	asked, err := mask(c, given, []string{
		"contact_id", "order_items", "order_title", "order_time", "order_type", "promo_codes", "lead_affiliate_id",
		"sales_affiliate_id", "shipping_address", "notes", "terms", "payment_plan", "custom_fields", "sent_time", "title",
		"due_time", "invoice_number", "external_create_user", "external_create_time", "external_update_time",
	}, "contact_id", "order_title", "order_time", "order_type")
	if err != nil {
		return answer{}, err
	}
	b := c.books
	r := copyOrder(old)
	if err := b.applyOrderRequest(&r.Order, &req, asked); err != nil {
		return answer{}, err
	}
	r.ModificationTime = b.fake.clock()
	ch := b.change()
	b.fillOrder(ch, &r.Order)
	b.keepExtra(old, r)
	ch.Orders = []*orderRecord{r}
	if err := b.commit(ch); err != nil {
		return answer{}, err
	}
	b.raiseOrder("edit", r)
	return answer{http.StatusOK, b.orderAnswer(r)}, nil
}

// mask reads update_mask. Without one, what the body names is updated. A property that is named in the
// mask and missing from the body is emptied, unless it is one that cannot be empty.
func mask(c *call, given map[string]json.RawMessage, known []string, needed ...string) (asked func(string) bool, err error) {
	names := lists(c.URL.Query(), "update_mask")
	seen := make(map[string]bool)
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, badRequest("update_mask: unknown property %q", name)
		}
		if seen[name] {
			return nil, badRequest("update_mask: %s is named twice", name)
		}
		seen[name] = true
	}
	asked = func(name string) bool { return seen[name] }
	if len(names) == 0 {
		asked = func(name string) bool { _, ok := given[name]; return ok }
	}
	for _, name := range needed {
		if value := string(given[name]); asked(name) && (value == "" || value == "null") {
			return nil, badRequest("%s is required", name)
		}
	}
	return asked, nil
}
