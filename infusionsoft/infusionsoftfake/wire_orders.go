package infusionsoftfake

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// The shapes of answers, as components of the vendor's REST v2 description of 2026-08-20. Fields
// without a value are left out: none of them is nullable there.

type wireOrder struct {
	ID                  string         `json:"id"`
	Title               string         `json:"title,omitempty"`
	Status              string         `json:"status,omitempty"`
	Total               *currencyValue `json:"total"`
	Contact             *wireBasic     `json:"contact,omitempty"`
	Notes               string         `json:"notes,omitempty"`
	Terms               string         `json:"terms,omitempty"`
	OrderType           string         `json:"order_type,omitempty"`
	SourceType          string         `json:"source_type,omitempty"`
	CreationTime        string         `json:"creation_time,omitempty"`
	ModificationTime    string         `json:"modification_time,omitempty"`
	OrderTime           string         `json:"order_time,omitempty"`
	LeadAffiliateID     string         `json:"lead_affiliate_id,omitempty"`
	SalesAffiliateID    string         `json:"sales_affiliate_id,omitempty"`
	TotalPaid           *currencyValue `json:"total_paid"`
	TotalDue            *currencyValue `json:"total_due"`
	ShippingInformation *wireShipping  `json:"shipping_information,omitempty"`
	RefundTotal         *currencyValue `json:"refund_total"`
	AllowPayment        *bool          `json:"allow_payment,omitempty"`
	AllowPayPal         *bool          `json:"allow_paypal,omitempty"`
	OrderItems          []wireItem     `json:"order_items"`
	PaymentPlan         *wirePlan      `json:"payment_plan,omitempty"`
	InvoiceNumber       string         `json:"invoice_number,omitempty"`
	CreditStatus        string         `json:"credit_status,omitempty"`
	PromoCode           string         `json:"promo_code,omitempty"`
	RefundStatus        string         `json:"refund_status,omitempty"`
	Synced              bool           `json:"synced"`
	InvoiceID           string         `json:"invoice_id,omitempty"`
	CustomFields        []CustomField  `json:"custom_fields,omitempty"`
	SentTime            string         `json:"sent_time,omitempty"`
	DueTime             string         `json:"due_time,omitempty"`
	ExternalCreateUser  string         `json:"external_create_user,omitempty"`
	ExternalCreateTime  string         `json:"external_create_time,omitempty"`
	ExternalUpdateTime  string         `json:"external_update_time,omitempty"`
}

type wireBasic struct {
	ID         string `json:"id"`
	Email      string `json:"email,omitempty"`
	GivenName  string `json:"given_name,omitempty"`
	FamilyName string `json:"family_name,omitempty"`
}

type wireShipping struct {
	ID               string   `json:"id,omitempty"`
	Address          *Address `json:"address,omitempty"`
	Company          string   `json:"company,omitempty"`
	GivenName        string   `json:"given_name,omitempty"`
	FamilyName       string   `json:"family_name,omitempty"`
	PhoneNumber      string   `json:"phone_number,omitempty"`
	InvoiceToCompany bool     `json:"invoice_to_company"`
}

type wireItem struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	Description      string         `json:"description,omitempty"`
	Notes            string         `json:"notes,omitempty"`
	Quantity         int64          `json:"quantity"`
	Discount         *currencyValue `json:"discount,omitempty"`
	Special          *wireSpecial   `json:"special,omitempty"`
	Product          *wireProduct   `json:"product,omitempty"`
	SubscriptionID   string         `json:"subscription_id,omitempty"`
	ItemType         string         `json:"item_type"`
	CostPerUnit      *currencyValue `json:"cost_per_unit,omitempty"`
	PricePerUnit     *currencyValue `json:"price_per_unit"`
	SubscriptionPlan *wireOrderPlan `json:"subscription_plan,omitempty"`
}

type wireSpecial struct {
	Amount         number `json:"amount"`
	SpecialItemID  string `json:"special_item_id,omitempty"`
	DiscountMethod string `json:"discount_method"`
}

type wireProduct struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	SKU         string `json:"sku"`
	Description string `json:"description"`
	Shippable   bool   `json:"shippable"`
	Taxable     bool   `json:"taxable"`
}

type wireOrderPlan struct {
	ID          string         `json:"id"`
	Frequency   int32          `json:"frequency"`
	Active      bool           `json:"active"`
	Name        string         `json:"subscription_plan_name,omitempty"`
	CycleType   string         `json:"cycle_type"`
	TotalCycles int32          `json:"total_cycles"`
	PlanPrice   *currencyValue `json:"plan_price"`
}

type wirePlan struct {
	AutoCharge            bool           `json:"auto_charge"`
	MaxChargeAttempts     int64          `json:"max_charge_attempts"`
	DaysBetweenRetries    int64          `json:"days_between_retries"`
	PaymentMethodID       string         `json:"payment_method_id,omitempty"`
	InitialPaymentAmount  *currencyValue `json:"initial_payment_amount,omitempty"`
	InitialPaymentPercent *number        `json:"initial_payment_percent,omitempty"`
	InitialPaymentDate    string         `json:"initial_payment_date,omitempty"`
	PlanStartDate         string         `json:"plan_start_date"`
	NumberOfPayments      int64          `json:"number_of_payments"`
	DaysBetweenPayments   int64          `json:"days_between_payments"`
	Items                 []wirePlanItem `json:"payment_plan_items"`
}

type wirePlanItem struct {
	Status     string         `json:"status"`
	DueDate    string         `json:"due_date"`
	AmountDue  *currencyValue `json:"amount_due"`
	AmountPaid *currencyValue `json:"amount_paid"`
}

// timeText writes an instant as the vendor's examples do, with milliseconds only where there are any.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z")
}

func (b *Books) money(d decimal.Decimal) *currencyValue { return valueOf(d, b.tenant.Currency) }

func (b *Books) optionalMoney(d *decimal.Decimal) *currencyValue {
	if d == nil {
		return nil
	}
	return b.money(*d)
}

func (b *Books) wireOrder(r *orderRecord) *wireOrder {
	t := b.totals(r)
	w := &wireOrder{
		ID: idText(r.ID), Title: r.Title, Status: b.status(r, t), Contact: b.basicContact(r.ContactID),
		Notes: r.Notes, Terms: r.Terms, OrderType: r.OrderType, SourceType: r.SourceType,
		CreationTime: timeText(r.CreationTime), ModificationTime: timeText(r.ModificationTime), OrderTime: timeText(r.OrderTime),
		LeadAffiliateID: r.LeadAffiliateID, SalesAffiliateID: r.SalesAffiliateID,
		Total: b.money(t.Total), TotalPaid: b.money(t.Paid), TotalDue: b.money(t.Due), RefundTotal: b.money(t.Refunded),
		AllowPayment: r.AllowPayment, AllowPayPal: r.AllowPayPal,
		OrderItems: make([]wireItem, 0, len(r.Items)), PaymentPlan: b.wirePlan(r, t),
		CreditStatus: r.CreditStatus, PromoCode: r.PromoCode, RefundStatus: b.refundStatus(r, t), Synced: r.Synced,
		InvoiceID: idText(r.InvoiceID), CustomFields: r.CustomFields,
		SentTime: timeText(r.SentTime), DueTime: timeText(r.DueTime), ExternalCreateUser: r.ExternalCreateUser,
		ExternalCreateTime: timeText(r.ExternalCreateTime), ExternalUpdateTime: timeText(r.ExternalUpdateTime),
	}
	switch b.fake.options.Switches.InvoiceNumber {
	case InvoiceNumberStored:
		w.InvoiceNumber = r.InvoiceNumber
	case InvoiceNumberOrderID:
		w.InvoiceNumber = w.ID
	case InvoiceNumberInvoiceID:
		w.InvoiceNumber = w.InvoiceID
	}
	if s := r.Shipping; s != nil {
		address := s.Address
		w.ShippingInformation = &wireShipping{
			ID: idText(s.ID), Address: &address, Company: s.Company, GivenName: s.GivenName,
			FamilyName: s.FamilyName, PhoneNumber: s.Phone, InvoiceToCompany: s.InvoiceToCompany,
		}
	}
	for i := range r.Items {
		w.OrderItems = append(w.OrderItems, b.wireItem(r.Items, &r.Items[i]))
	}
	return w
}

func (b *Books) wireItem(items []Item, item *Item) wireItem {
	w := wireItem{
		ID: idText(item.ID), Name: item.Name, Description: item.Description, Notes: item.Notes,
		Quantity: item.Quantity, SubscriptionID: idText(item.SubscriptionID), ItemType: item.Type,
		CostPerUnit: b.optionalMoney(item.Cost), PricePerUnit: b.money(item.Price), Discount: b.optionalMoney(item.Discount),
	}
	if s := item.Special; s != nil {
		w.Special = special(s.Amount, s.Percent, s.ID)
	}
	if isDiscount(item.Type) && item.Discount == nil && item.Special == nil {
		b.shapeDiscount(&w, items, item)
	}
	if p := item.Product; p != nil {
		w.Product = &wireProduct{ID: idText(p.ID), Name: p.Name, SKU: p.SKU, Description: p.Description, Shippable: p.Shippable, Taxable: p.Taxable}
	}
	if p := item.Plan; p != nil {
		w.SubscriptionPlan = &wireOrderPlan{
			ID: idText(p.ID), Frequency: max(p.Frequency, 1), Active: !p.Inactive, Name: p.Name,
			CycleType: p.Cycle, TotalCycles: p.NumberOfCycles, PlanPrice: b.money(p.Price),
		}
		orElse(&w.SubscriptionPlan.CycleType, "MONTHLY")
	}
	return w
}

func special(amount decimal.Decimal, percent bool, id string) *wireSpecial {
	w := &wireSpecial{Amount: number(amount), SpecialItemID: id, DiscountMethod: "AMOUNT"}
	if percent {
		w.DiscountMethod = "PERCENT"
	}
	return w
}

// shapeDiscount puts a discount line's amount where the switch wants it.
func (b *Books) shapeDiscount(w *wireItem, items []Item, item *Item) {
	amount, nothing := b.discountOf(items, item), b.money(decimal.Zero)
	switch b.fake.options.Switches.DiscountShape {
	case DiscountNegativePrice:
		w.PricePerUnit = b.money(item.Price.Abs().Neg())
	case DiscountPositivePrice:
		w.PricePerUnit = b.money(item.Price.Abs())
	case DiscountField:
		w.PricePerUnit, w.Discount = nothing, b.money(amount)
	case DiscountSpecial:
		w.PricePerUnit, w.Special = nothing, special(amount, false, "")
	case DiscountPercent:
		w.PricePerUnit, w.Special = nothing, special(amount, false, "")
		if base := discountBase(items); base.IsPositive() {
			percent := amount.Shift(2).DivRound(base, 4)
			if base.Mul(percent).Shift(-2).Equal(amount) {
				w.Special = special(percent, true, "")
			}
		}
	}
}

func (b *Books) wirePlan(r *orderRecord, t Totals) *wirePlan {
	if r.NoPlan {
		return nil
	}
	p := b.plan(r)
	w := &wirePlan{
		AutoCharge: p.AutoCharge, MaxChargeAttempts: p.MaxChargeAttempts, DaysBetweenRetries: p.DaysBetweenRetries,
		PaymentMethodID: p.PaymentMethodID, InitialPaymentAmount: b.optionalMoney(p.InitialPaymentAmount),
		InitialPaymentDate: p.InitialPaymentDate, PlanStartDate: p.StartDate,
		NumberOfPayments: p.NumberOfPayments, DaysBetweenPayments: p.DaysBetweenPayments,
		Items: []wirePlanItem{},
	}
	if p.InitialPaymentPercent != nil {
		percent := number(*p.InitialPaymentPercent)
		w.InitialPaymentPercent = &percent
	}
	for _, item := range b.planItems(r, t) {
		w.Items = append(w.Items, wirePlanItem{
			Status: item.Status, DueDate: item.DueDate,
			AmountDue: b.money(item.AmountDue), AmountPaid: b.optionalMoney(item.AmountPaid),
		})
	}
	return w
}

func (b *Books) basicContact(id int64) *wireBasic {
	if id == 0 {
		return nil
	}
	w := &wireBasic{ID: idText(id)}
	if c := b.contacts.get(id); c != nil {
		w.GivenName, w.FamilyName = c.GivenName, c.FamilyName
		if len(c.Emails) > 0 {
			w.Email = c.Emails[0].Email
		}
	}
	return w
}

// orderAnswer is an order as it is sent.
func (b *Books) orderAnswer(r *orderRecord) any {
	extra := r.Extra
	if r.Given && b.paidSinceLoading(r) {
		extra = maps.Clone(extra)
		for _, name := range []string{"total_paid", "refund_total", "refund_status", "status"} {
			delete(extra, name)
		}
	}
	return withExtra(b.wireOrder(r), extra)
}

func (b *Books) paidSinceLoading(r *orderRecord) bool {
	return slices.ContainsFunc(b.rows[r.ID], func(row *PaymentRow) bool { return !row.Given })
}

// withExtra adds the fields of extra to an answer, over those that it has.
func withExtra(answer any, extra map[string]json.RawMessage) any {
	if len(extra) == 0 {
		return answer
	}
	fields := fieldsOf(answer)
	for name, value := range extra {
		fields[name] = value
	}
	return fields
}

// fieldsOf takes an answer apart. Encoding our own shapes cannot fail.
func fieldsOf(answer any) map[string]json.RawMessage {
	raw, err := json.Marshal(answer)
	if err != nil {
		panic("infusionsoftfake: " + err.Error())
	}
	fields := make(map[string]json.RawMessage)
	if err := json.Unmarshal(raw, &fields); err != nil {
		panic("infusionsoftfake: " + err.Error())
	}
	return fields
}

// carryExtra returns the fields of a record's extra that an edit leaves as they were: those that the
// modelled part of the record, seen as an answer before and after, does not say otherwise about.
func carryExtra(before, edited map[string]json.RawMessage, old, changed any) map[string]json.RawMessage {
	if len(edited) == 0 {
		return edited
	}
	was, is := fieldsOf(old), fieldsOf(changed)
	kept := make(map[string]json.RawMessage, len(edited))
	for name, value := range edited {
		asked := !bytes.Equal(before[name], value)
		if asked || bytes.Equal(was[name], is[name]) {
			kept[name] = value
		}
	}
	return kept
}

// keepExtra applies carryExtra to an order about to be committed.
func (b *Books) keepExtra(old, r *orderRecord) {
	if len(r.Extra) > 0 {
		r.Extra = carryExtra(old.Extra, r.Extra, b.wireOrder(old), b.wireOrder(r))
	}
}
