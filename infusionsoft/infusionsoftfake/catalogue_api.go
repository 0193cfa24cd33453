package infusionsoftfake

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

type wireCatalogueProduct struct {
	ID                string         `json:"id"`
	Name              string         `json:"name"`
	Price             *currencyValue `json:"price"`
	Active            bool           `json:"active"`
	Description       string         `json:"description,omitempty"`
	SKU               string         `json:"sku"`
	Shippable         bool           `json:"shippable"`
	Taxable           bool           `json:"taxable"`
	ShortDescription  string         `json:"short_description"`
	SubscriptionPlans []wirePlanV2   `json:"subscription_plans"`
	CreateTime        string         `json:"create_time"`
	UpdateTime        string         `json:"update_time"`
}

type wirePlanV2 struct {
	ID               string         `json:"id"`
	Active           bool           `json:"active"`
	Prorate          bool           `json:"prorate"`
	BillingCycle     string         `json:"billing_cycle"`
	BillingFrequency int32          `json:"billing_frequency"`
	NumberOfCycles   int32          `json:"number_of_cycles"`
	PlanPrice        *currencyValue `json:"plan_price"`
	OrderIndex       int32          `json:"order_index"`
}

func (b *Books) wireProduct(p *Product) *wireCatalogueProduct {
	w := &wireCatalogueProduct{
		ID: idText(p.ID), Name: p.Name, Price: b.money(p.Price), Active: !p.Inactive, Description: p.Description, SKU: p.SKU,
		Shippable: p.Shippable, Taxable: p.Taxable, ShortDescription: p.ShortDescription, SubscriptionPlans: []wirePlanV2{},
		CreateTime: timeText(p.CreateTime), UpdateTime: timeText(p.UpdateTime),
	}
	for i, plan := range p.Plans {
		w.SubscriptionPlans = append(w.SubscriptionPlans, wirePlanV2{
			ID: idText(plan.ID), Active: !plan.Inactive, BillingCycle: plan.Cycle, BillingFrequency: plan.Frequency,
			NumberOfCycles: plan.NumberOfCycles, PlanPrice: b.money(plan.Price), OrderIndex: int32(i),
		})
	}
	return w
}

func listProducts(c *call) (answer, error) {
	b := c.books
	texts := func(get func(*Product) string) func(*Product) []string {
		return func(p *Product) []string { return []string{get(p)} }
	}
	l := &listing[Product]{
		name: b.tenant.ID + "/products",
		fields: map[string]field[Product]{
			"name":              textField(true, texts(func(p *Product) string { return p.Name })),
			"sku":               textField(true, texts(func(p *Product) string { return p.SKU })),
			"description":       textField(true, texts(func(p *Product) string { return p.Description })),
			"short_description": textField(true, texts(func(p *Product) string { return p.ShortDescription })),
			"product_id":        idField("id", func(p *Product) int64 { return p.ID }, ranges[:]...),
			"product_ids":       idsField(func(p *Product) int64 { return p.ID }),
		},
		orders: map[string]func(a, b *Product) int{
			"name":              compareText(func(p *Product) string { return p.Name }),
			"sku":               compareText(func(p *Product) string { return p.SKU }),
			"last_updated_time": compareTime(func(p *Product) time.Time { return p.UpdateTime }),
		},
	}
	p, err := listKnown(c, b.products, l)
	if err != nil {
		return answer{}, err
	}
	return listAnswer(b, "products", p, func(p *Product) any { return withExtra(b.wireProduct(p), listedExtra(p.Extra)) }), nil
}

// listedExtra is a product's extra in a list, which has no inventory_count.
func listedExtra(extra map[string]json.RawMessage) map[string]json.RawMessage {
	var inventory map[string]json.RawMessage
	if json.Unmarshal(extra["inventory"], &inventory) != nil || inventory["inventory_count"] == nil {
		return extra
	}
	delete(inventory, "inventory_count")
	raw, err := json.Marshal(inventory)
	if err != nil {
		return extra
	}
	listed := make(map[string]json.RawMessage, len(extra))
	for name, value := range extra {
		listed[name] = value
	}
	listed["inventory"] = raw
	return listed
}

func getProduct(c *call) (answer, error) {
	id, _ := parseID(c.id)
	p := c.books.products.get(id)
	if p == nil {
		return answer{}, notFound("Product not found: %s", c.id)
	}
	return answer{http.StatusOK, withExtra(c.books.wireProduct(p), p.Extra)}, nil
}

func createProduct(c *call) (answer, error) {
	var req struct {
		Name             string      `json:"name"`
		SKU              string      `json:"sku"`
		Price            json.Number `json:"price"`
		Active           *bool       `json:"active"`
		Description      string      `json:"description"`
		ShortDescription string      `json:"short_description"`
		Shippable        bool        `json:"shippable"`
		Taxable          bool        `json:"taxable"`
	}
	inventory := object(map[string]kind{
		"inventory_limit": integer32, "inventory_count": integer32, "out_of_stock_enabled": boolean, "email_for_inventory_notifications": text,
	})
	given, err := readBody(c.Request, object(map[string]kind{
		"name": notBlank, "sku": text, "price": integer, "active": boolean, "description": text, "shippable": boolean,
		"weight": numeric, "taxable": boolean, "inventory": inventory, "short_description": notBlank, "subscription_only": boolean,
		"storefront_hidden": boolean, "country_taxable": boolean, "state_taxable": boolean, "city_taxable": boolean,
		"top_html": text, "bottom_html": text, "is_package": boolean, "needs_digital_delivery": boolean, "delivery_description": text,
	}, "name", "price", "short_description"), &req)
	if err != nil {
		return answer{}, err
	}
	price, err := decimal.NewFromString(req.Price.String())
	if err != nil || price.IsNegative() {
		return answer{}, badRequest("price must be greater than or equal to 0")
	}
	b := c.books
	p := &Product{
		Name: req.Name, SKU: req.SKU, Price: fromMinorUnits(price, b.tenant.Currency), Description: req.Description,
		ShortDescription: req.ShortDescription, Inactive: req.Active != nil && !*req.Active, Shippable: req.Shippable, Taxable: req.Taxable,
		Extra: pick(given, "weight", "inventory", "subscription_only", "storefront_hidden", "country_taxable", "state_taxable",
			"city_taxable", "top_html", "bottom_html", "is_package", "needs_digital_delivery", "delivery_description"),
	}
	ch := b.change()
	b.fillProduct(ch, p)
	ch.Products = []*Product{p}
	if err := b.commit(ch); err != nil {
		return answer{}, err
	}
	b.fake.counts.Created["products"]++
	b.raise("product.add", p.ID)
	return answer{http.StatusCreated, withExtra(b.wireProduct(p), p.Extra)}, nil
}

// pick copies the named properties that are there and not null.
func pick(from map[string]json.RawMessage, names ...string) map[string]json.RawMessage {
	picked := make(map[string]json.RawMessage)
	for name, value := range from {
		if slices.Contains(names, name) && string(value) != "null" {
			picked[name] = value
		}
	}
	return picked
}

type wireSubscription struct {
	ID                 string `json:"id"`
	Quantity           int64  `json:"quantity"`
	Active             bool   `json:"active"`
	ContactID          string `json:"contact_id,omitempty"`
	ProductID          string `json:"product_id,omitempty"`
	SubscriptionPlanID string `json:"subscription_plan_id,omitempty"`
	BillingAmount      number `json:"billing_amount"`
	AutoCharge         bool   `json:"auto_charge"`
	BillingFrequency   int32  `json:"billing_frequency"`
	BillingCycle       string `json:"billing_cycle"`
	StartDate          string `json:"start_date,omitempty"`
	NextBillDate       string `json:"next_bill_date,omitempty"`
	EndDate            string `json:"end_date,omitempty"`
	ModificationTime   string `json:"modification_time,omitempty"`
}

func (b *Books) wireSubscription(s *Subscription) *wireSubscription {
	return &wireSubscription{
		ID: idText(s.ID), Quantity: s.Quantity, Active: !s.Inactive, ContactID: idText(s.ContactID), ProductID: idText(s.ProductID),
		SubscriptionPlanID: idText(s.PlanID), BillingAmount: number(b.billingAmount(s)), AutoCharge: s.AutoCharge,
		BillingFrequency: s.BillingFrequency, BillingCycle: s.BillingCycle, StartDate: s.StartDate,
		NextBillDate: s.NextBillDate, EndDate: s.EndDate, ModificationTime: timeText(s.ModificationTime),
	}
}

func (b *Books) billingAmount(s *Subscription) decimal.Decimal {
	if b.fake.options.Switches.SubscriptionsInMinorUnits {
		return s.BillingAmount.Shift(minorDigits(b.tenant.Currency))
	}
	return s.BillingAmount
}

func listSubscriptions(c *call) (answer, error) {
	b := c.books
	id := func(s *Subscription) int64 { return s.ID }
	plan := func(s *Subscription) int64 { return s.PlanID }
	l := &listing[Subscription]{
		name: b.tenant.ID + "/subscriptions",
		fields: map[string]field[Subscription]{
			"contact_id":            idField("", func(s *Subscription) int64 { return s.ContactID }),
			"subscription_plan_id":  idField("", plan),
			"subscription_plan_ids": idsField(plan),
			"status": textField(false, func(s *Subscription) []string {
				if s.Inactive {
					return []string{"Inactive"}
				}
				return []string{"Active"}
			}),
			"id":             idField("id", id, append(ranges[:], "!=")...),
			"ids":            idsField(id),
			"billing_amount": amountField(b.billingAmount, append(ranges[:], "!=")...),
		},
		orders: map[string]func(a, b *Subscription) int{
			"id":                   nil,
			"contact_id":           compareID(func(s *Subscription) int64 { return s.ContactID }),
			"subscription_plan_id": compareID(plan),
			"modification_time":    compareTime(func(s *Subscription) time.Time { return s.ModificationTime }),
		},
	}
	p, err := listKnown(c, b.subscriptions, l)
	if err != nil {
		return answer{}, err
	}
	return listAnswer(b, "subscriptions", p, func(s *Subscription) any { return withExtra(b.wireSubscription(s), s.Extra) }), nil
}

func getSubscription(c *call) (answer, error) {
	id, _ := parseID(c.id)
	s := c.books.subscriptions.get(id)
	if s == nil {
		return answer{}, notFound("Subscription not found: %s", c.id)
	}
	return answer{http.StatusOK, withExtra(c.books.wireSubscription(s), s.Extra)}, nil
}
