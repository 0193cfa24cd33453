package infusionsoftfake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Loaded says what a load has brought in.
type Loaded struct {
	Orders, Rows, Payments, Transactions, Contacts, Companies, Products, Subscriptions int
	// Ignored are the names that are no records of ours: requests, errors, notes, parts of records.
	Ignored []string
}

// LoadDir loads every *.json file of a folder, all of them or none. A file is either named after an
// answer of the vendor's description (ListOrders.json, ListPayments.json, OrderV2.json, …) and holds
// that answer, or it is one object whose names are such answers. Records are served again with every
// field that they had, in the vendor's own units, whether or not they add up; the same id in two
// answers is one record. API descriptions (openapi, asyncapi) are passed over.
func (b *Books) LoadDir(dir string) (Loaded, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(names) == 0 {
		return Loaded{}, fmt.Errorf("infusionsoftfake: folder %s holds no *.json file", dir)
	}
	return b.load(names)
}

// Load loads files as [Books.LoadDir] does.
func (b *Books) Load(files ...string) (Loaded, error) { return b.load(files) }

func (b *Books) load(files []string) (Loaded, error) {
	defer b.fake.locked()()
	l := &loader{books: b, change: b.change(), orders: make(map[int64]*orderRecord), byInvoice: make(map[int64]*orderRecord)}
	for _, file := range files {
		if err := l.read(file); err != nil {
			return Loaded{}, fmt.Errorf("infusionsoftfake: loading %s: %w", filepath.Base(file), err)
		}
	}
	if err := l.assemble(); err != nil {
		return Loaded{}, fmt.Errorf("infusionsoftfake: loading: %w", err)
	}
	if err := b.commit(l.change); err != nil {
		return Loaded{}, err
	}
	return l.loaded, nil
}

// A found record is one object of a file.
type found struct {
	file   string
	fields map[string]json.RawMessage
}

type loader struct {
	books  *Books
	change *change
	loaded Loaded

	records   map[string][]found // by kind: orders, payments, …
	orders    map[int64]*orderRecord
	byInvoice map[int64]*orderRecord
}

// answers says where the records of an answer are: the member of a list, or "" for a record by itself.
func answers(name string) (kind, member string, ok bool) {
	known := map[string][2]string{
		"ListOrders": {"orders", "orders"}, "OrderV2": {"orders", ""},
		"ListOrderPaymentsResponse": {"rows", "invoice_order_payments"}, "InvoiceOrderPayment": {"rows", ""},
		"ListPayments": {"payments", "payments"}, "Payment": {"payments", ""},
		"ListTransactions": {"transactions", "transactions"}, "TransactionV2": {"transactions", ""},
		"ListContactsResponse": {"contacts", "contacts"}, "Contact": {"contacts", ""},
		"ListCompaniesResponse": {"companies", "companies"}, "Company": {"companies", ""},
		"ListProductsResponse_List": {"products", "products"}, "RestV2Product_List": {"products", ""}, "RestV2Product_Detail": {"products", ""},
		"ListSubscriptionsResponse": {"subscriptions", "subscriptions"}, "Subscription": {"subscriptions", ""},
		"GetSettingsResponse": {"settings", ""}, "GetBusinessProfileResponse": {"profile", ""},
	}
	a, ok := known[name]
	return a[0], a[1], ok
}

func (l *loader) read(file string) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			return pathErr.Err
		}
		return err
	}
	name := strings.TrimSuffix(filepath.Base(file), ".json")
	if _, _, ok := answers(name); ok {
		return l.take(file, name, raw)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return fmt.Errorf("it is neither named after an answer nor an object of answers: %w", err)
	}
	if object["openapi"] != nil || object["asyncapi"] != nil {
		l.loaded.Ignored = append(l.loaded.Ignored, filepath.Base(file))
		return nil
	}
	some := false
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if _, _, ok := answers(name); !ok {
			l.loaded.Ignored = append(l.loaded.Ignored, name)
			continue
		}
		some = true
		if err := l.take(file, name, object[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if !some {
		return errors.New("it holds no answer that the fake knows: name it after one, like ListOrders.json")
	}
	return nil
}

// take collects the records of an answer.
func (l *loader) take(file, name string, raw json.RawMessage) error {
	kind, member, _ := answers(name)
	var rows []map[string]json.RawMessage
	switch {
	case member == "":
		var one map[string]json.RawMessage
		if err := json.Unmarshal(raw, &one); err != nil {
			return err
		}
		rows = append(rows, one)
	default:
		var list map[string]json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		if list[member] == nil {
			return fmt.Errorf("it has no %s", member)
		}
		if err := json.Unmarshal(list[member], &rows); err != nil {
			return err
		}
	}
	if l.records == nil {
		l.records = make(map[string][]found)
	}
	for _, fields := range rows {
		l.records[kind] = append(l.records[kind], found{filepath.Base(file), fields})
	}
	return nil
}

// assemble makes records of what was collected, in the order in which they need each other.
func (l *loader) assemble() error {
	c := l.change
	if settings := l.records["settings"]; len(settings) > 0 {
		c.Settings = mustJSON(settings[len(settings)-1].fields)
	}
	if profile := l.records["profile"]; len(profile) > 0 {
		c.Profile = mustJSON(profile[len(profile)-1].fields)
	}
	if err := each(l, "contacts", &l.loaded.Contacts, l.contact); err != nil {
		return err
	}
	if err := each(l, "companies", &l.loaded.Companies, l.company); err != nil {
		return err
	}
	if err := each(l, "products", &l.loaded.Products, l.product); err != nil {
		return err
	}
	if err := each(l, "subscriptions", &l.loaded.Subscriptions, l.subscription); err != nil {
		return err
	}
	if err := each(l, "orders", &l.loaded.Orders, l.order); err != nil {
		return err
	}
	if err := each(l, "payments", &l.loaded.Payments, l.payment); err != nil {
		return err
	}
	if err := each(l, "rows", &l.loaded.Rows, l.row); err != nil {
		return err
	}
	for _, r := range l.records["transactions"] {
		l.transaction(r.fields)
	}
	return nil
}

// each merges the records of a kind that have the same id, and makes one of each.
func each(l *loader, kind string, count *int, build func(id int64, fields map[string]json.RawMessage) error) error {
	var order []int64
	merged := make(map[int64]found)
	for _, r := range l.records[kind] {
		id, ok := parseID(str(r.fields, "id"))
		if !ok {
			return fmt.Errorf("%s: a record of %s has the id %s: it must be a number in a string", r.file, kind, r.fields["id"])
		}
		have, seen := merged[id]
		if !seen {
			order = append(order, id)
			merged[id] = r
			continue
		}
		for name, value := range r.fields {
			if _, ok := have.fields[name]; !ok {
				have.fields[name] = value
			}
		}
	}
	for _, id := range order {
		if err := build(id, merged[id].fields); err != nil {
			return fmt.Errorf("%s: %s %d: %w", merged[id].file, kind, id, err)
		}
	}
	*count = len(order)
	return nil
}

func (l *loader) contact(id int64, fields map[string]json.RawMessage) error {
	var w wireContact
	if err := decode(fields, &w); err != nil {
		return err
	}
	c := &Contact{
		ID: id, GivenName: w.GivenName, MiddleName: w.MiddleName, FamilyName: w.FamilyName, JobTitle: w.JobTitle, Company: w.Company,
		Emails: w.EmailAddresses, Phones: w.PhoneNumbers, Addresses: w.Addresses, SourceType: w.SourceType,
		CreateTime: when(fields, "create_time"), UpdateTime: when(fields, "update_time"), Extra: fields,
	}
	l.books.takeID(l.change, "contact", &id)
	l.change.Contacts = append(l.change.Contacts, c)
	return nil
}

func (l *loader) company(id int64, fields map[string]json.RawMessage) error {
	var w wireCompany
	if err := decode(fields, &w); err != nil {
		return err
	}
	c := &Company{
		ID: id, Name: w.CompanyName, Website: w.Website, Notes: w.Notes, Address: w.Address,
		CreateTime: when(fields, "create_time"), UpdateTime: when(fields, "update_time"), Extra: fields,
	}
	if w.EmailAddress != nil {
		c.Email = w.EmailAddress.Email
	}
	if w.PhoneNumber != nil {
		c.Phone = w.PhoneNumber.Number
	}
	l.books.takeID(l.change, "company", &id)
	l.change.Companies = append(l.change.Companies, c)
	return nil
}

func (l *loader) product(id int64, fields map[string]json.RawMessage) error {
	var w struct {
		Name, SKU, Description string
		ShortDescription       string `json:"short_description"`
		Active                 *bool
		Shippable, Taxable     bool
		Plans                  []struct {
			ID             string
			Active         *bool
			BillingCycle   string          `json:"billing_cycle"`
			Frequency      int32           `json:"billing_frequency"`
			NumberOfCycles int32           `json:"number_of_cycles"`
			PlanPrice      json.RawMessage `json:"plan_price"`
		} `json:"subscription_plans"`
	}
	if err := decode(fields, &w); err != nil {
		return err
	}
	price, err := l.amount(fields["price"])
	if err != nil {
		return err
	}
	p := &Product{
		ID: id, Name: w.Name, SKU: w.SKU, Description: w.Description, ShortDescription: w.ShortDescription,
		Inactive: w.Active != nil && !*w.Active, Shippable: w.Shippable, Taxable: w.Taxable,
		CreateTime: when(fields, "create_time"), UpdateTime: when(fields, "update_time"), Extra: fields,
	}
	if price != nil {
		p.Price = *price
	}
	for _, plan := range w.Plans {
		planPrice, err := l.amount(plan.PlanPrice)
		if err != nil {
			return err
		}
		loaded := SubscriptionPlan{Inactive: plan.Active != nil && !*plan.Active, Cycle: plan.BillingCycle, Frequency: plan.Frequency, NumberOfCycles: plan.NumberOfCycles}
		loaded.ID, _ = parseID(plan.ID)
		if planPrice != nil {
			loaded.Price = *planPrice
		}
		p.Plans = append(p.Plans, loaded)
	}
	l.books.takeID(l.change, "product", &id)
	l.change.Products = append(l.change.Products, p)
	return nil
}

func (l *loader) subscription(id int64, fields map[string]json.RawMessage) error {
	s := &Subscription{
		ID: id, ContactID: idOf(fields, "contact_id"), ProductID: idOf(fields, "product_id"), PlanID: idOf(fields, "subscription_plan_id"),
		Inactive: string(fields["active"]) == "false", BillingCycle: str(fields, "billing_cycle"), StartDate: str(fields, "start_date"),
		NextBillDate: str(fields, "next_bill_date"), EndDate: str(fields, "end_date"), Quantity: 1, BillingFrequency: 1,
		ModificationTime: when(fields, "modification_time"), Extra: fields,
	}
	amount, err := plain(fields["billing_amount"])
	if err != nil {
		return err
	}
	s.BillingAmount = amount
	if l.books.fake.options.Switches.SubscriptionsInMinorUnits {
		s.BillingAmount = fromMinorUnits(amount, l.books.tenant.Currency)
	}
	l.books.takeID(l.change, "subscription", &id)
	l.change.Subscriptions = append(l.change.Subscriptions, s)
	return nil
}

// loadedOrder are the parts of OrderV2 that need more than a look at one field.
type loadedOrder struct {
	Contact struct{ ID string }
	Items   []struct {
		ID             string
		Type           string `json:"item_type"`
		Name           string
		Description    string
		Notes          string
		Quantity       int64
		Price          json.RawMessage `json:"price_per_unit"`
		Cost           json.RawMessage `json:"cost_per_unit"`
		Discount       json.RawMessage
		SubscriptionID string `json:"subscription_id"`
		Special        *struct {
			Amount json.RawMessage
			ID     string `json:"special_item_id"`
			Method string `json:"discount_method"`
		}
		Product *struct {
			ID, Name, SKU, Description string
			Shippable, Taxable         bool
		}
	} `json:"order_items"`
	Plan *struct {
		AutoCharge          bool   `json:"auto_charge"`
		StartDate           string `json:"plan_start_date"`
		NumberOfPayments    int64  `json:"number_of_payments"`
		DaysBetweenPayments int64  `json:"days_between_payments"`
		Items               []struct {
			Status  string
			DueDate string          `json:"due_date"`
			Due     json.RawMessage `json:"amount_due"`
			Paid    json.RawMessage `json:"amount_paid"`
		} `json:"payment_plan_items"`
	} `json:"payment_plan"`
	Shipping *struct {
		Address Address
	} `json:"shipping_information"`
	CustomFields []CustomField `json:"custom_fields"`
}

func (l *loader) order(id int64, fields map[string]json.RawMessage) error {
	var w loadedOrder
	if err := decode(fields, &w); err != nil {
		return err
	}
	b := l.books
	r := &orderRecord{Given: true, Order: Order{
		ID: id, InvoiceID: idOf(fields, "invoice_id"), InvoiceNumber: str(fields, "invoice_number"), Title: str(fields, "title"),
		Status: str(fields, "status"), OrderType: str(fields, "order_type"), SourceType: str(fields, "source_type"),
		Notes: str(fields, "notes"), Terms: str(fields, "terms"), CreationTime: when(fields, "creation_time"),
		ModificationTime: when(fields, "modification_time"), OrderTime: when(fields, "order_time"), SentTime: when(fields, "sent_time"),
		DueTime: when(fields, "due_time"), ExternalCreateUser: str(fields, "external_create_user"), RefundStatus: str(fields, "refund_status"),
		CustomFields: w.CustomFields, NoPlan: w.Plan == nil, Extra: fields,
	}}
	if other := b.byInvoice[r.InvoiceID]; other != 0 && other != id {
		return fmt.Errorf("its invoice_id %d is that of order %d", r.InvoiceID, other)
	}
	if other := l.byInvoice[r.InvoiceID]; other != nil {
		return fmt.Errorf("its invoice_id %d is that of order %d", r.InvoiceID, other.ID)
	}
	r.ContactID, _ = parseID(w.Contact.ID)
	for name, to := range map[string]**decimal.Decimal{
		"total": &r.Total, "total_paid": &r.TotalPaid, "total_due": &r.TotalDue, "refund_total": &r.RefundTotal,
	} {
		amount, err := l.amount(fields[name])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = amount
	}
	if err := l.orderItems(r, &w); err != nil {
		return err
	}
	if err := l.orderPlan(r, &w); err != nil {
		return err
	}
	if w.Shipping != nil {
		r.Shipping = &Shipping{Address: w.Shipping.Address}
	}
	b.takeID(l.change, "order", &id)
	if invoice := r.InvoiceID; invoice != 0 {
		b.takeID(l.change, "invoice", &invoice)
		l.byInvoice[invoice] = r
	}
	l.orders[id] = r
	l.change.Orders = append(l.change.Orders, r)
	return nil
}

func (l *loader) orderItems(r *orderRecord, w *loadedOrder) error {
	for _, from := range w.Items {
		item := Item{Type: from.Type, Name: from.Name, Description: from.Description, Notes: from.Notes, Quantity: from.Quantity}
		item.ID, _ = parseID(from.ID)
		item.SubscriptionID, _ = parseID(from.SubscriptionID)
		price, err := l.amount(from.Price)
		if err != nil {
			return fmt.Errorf("price_per_unit: %w", err)
		}
		if price != nil {
			item.Price = *price
		}
		if item.Cost, err = l.amount(from.Cost); err != nil {
			return fmt.Errorf("cost_per_unit: %w", err)
		}
		if item.Discount, err = l.amount(from.Discount); err != nil {
			return fmt.Errorf("discount: %w", err)
		}
		if s := from.Special; s != nil {
			amount, err := plain(s.Amount)
			if err != nil {
				return fmt.Errorf("special: %w", err)
			}
			item.Special = &Special{ID: s.ID, Amount: amount, Percent: s.Method == "PERCENT"}
		}
		if p := from.Product; p != nil {
			item.Product = &ItemProduct{Name: p.Name, SKU: p.SKU, Description: p.Description, Shippable: p.Shippable, Taxable: p.Taxable}
			item.Product.ID, _ = parseID(p.ID)
			item.ProductID = item.Product.ID
		}
		r.Items = append(r.Items, item)
	}
	return nil
}

func (l *loader) orderPlan(r *orderRecord, w *loadedOrder) error {
	if w.Plan == nil {
		return nil
	}
	r.Plan = &PaymentPlan{
		AutoCharge: w.Plan.AutoCharge, StartDate: w.Plan.StartDate,
		NumberOfPayments: w.Plan.NumberOfPayments, DaysBetweenPayments: w.Plan.DaysBetweenPayments,
	}
	for _, from := range w.Plan.Items {
		item := PlanItem{DueDate: from.DueDate, Status: from.Status}
		due, err := l.amount(from.Due)
		if err != nil {
			return fmt.Errorf("amount_due: %w", err)
		}
		if due != nil {
			item.AmountDue = *due
		}
		if item.AmountPaid, err = l.amount(from.Paid); err != nil {
			return fmt.Errorf("amount_paid: %w", err)
		}
		r.Plan.Items = append(r.Plan.Items, item)
	}
	return nil
}

func (l *loader) payment(id int64, fields map[string]json.RawMessage) error {
	var orderIDs []string
	if raw := fields["order_ids"]; raw != nil {
		if err := json.Unmarshal(raw, &orderIDs); err != nil {
			return fmt.Errorf("order_ids: %w", err)
		}
	}
	amount, err := plain(fields["amount"])
	if err != nil {
		return fmt.Errorf("amount: %w", err)
	}
	p := &Payment{
		ID: id, Amount: amount, Type: str(fields, "type"), Note: str(fields, "note"), Time: when(fields, "payment_time"),
		UpdateTime: when(fields, "update_time"), ContactID: idOf(fields, "contact_id"), MerchantAccountID: str(fields, "merchant_account_id"),
		MerchantAccountType: str(fields, "merchant_account_type"), Extra: fields,
		Status: map[string]string{"PENDING": "PENDING", "NONE": "FAILED"}[str(fields, "status")],
	}
	orElse(&p.Status, "APPROVED")
	for _, text := range orderIDs {
		orderID, _ := parseID(text)
		p.Shares = append(p.Shares, Share{OrderID: orderID})
	}
	if len(p.Shares) > 0 {
		p.OrderID = p.Shares[0].OrderID
	}
	l.books.takeID(l.change, "payment", &id)
	l.change.Payments = append(l.change.Payments, p)
	return nil
}

// row attaches a payment row to the order that has its invoice_id, failing that to the only order.
func (l *loader) row(id int64, fields map[string]json.RawMessage) error {
	invoice := idOf(fields, "invoice_id")
	order := l.orderOf(invoice)
	if order == nil {
		return fmt.Errorf("no order has its invoice_id %s, and there is not just one order", fields["invoice_id"])
	}
	amount, err := plain(fields["amount"])
	if err != nil {
		return fmt.Errorf("amount: %w", err)
	}
	if l.books.fake.options.Switches.InvoicePaymentsInMinorUnits {
		amount = fromMinorUnits(amount, l.books.tenant.Currency)
	}
	row := &PaymentRow{
		ID: id, OrderID: order.ID, InvoiceID: invoice, PaymentID: idOf(fields, "payment_id"), Amount: amount, Status: str(fields, "pay_status"),
		PayTime: when(fields, "pay_time"), UpdateTime: when(fields, "last_updated_time"), Note: str(fields, "note"),
		SkipCommission: string(fields["skip_commission"]) == "true", RefundOf: idOf(fields, "refund_invoice_payment_id"),
		Given: order.TotalPaid != nil, Extra: fields,
	}
	l.books.takeID(l.change, "row", &id)
	l.change.Rows = append(l.change.Rows, row)
	if len(l.records["payments"]) == 0 && row.PaymentID != 0 {
		l.derivePayment(order, row)
	}
	return nil
}

// derivePayment makes the feed's entry of a row when no feed was loaded: the vendor has both of every
// payment.
func (l *loader) derivePayment(order *orderRecord, row *PaymentRow) {
	share := Share{OrderID: order.ID, Amount: row.Amount, RowID: row.ID}
	for _, p := range l.change.Payments {
		if p.ID == row.PaymentID {
			p.Shares = append(p.Shares, share)
			p.Amount = p.Amount.Add(row.Amount)
			return
		}
	}
	id := row.PaymentID
	l.books.takeID(l.change, "payment", &id)
	l.change.Payments = append(l.change.Payments, &Payment{
		ID: id, OrderID: order.ID, Shares: []Share{share}, Amount: row.Amount, Status: row.Status, Time: row.PayTime,
		UpdateTime: row.UpdateTime, Note: row.Note, ContactID: order.ContactID, SkipCommission: row.SkipCommission,
	})
	l.loaded.Payments++
}

func (l *loader) orderOf(invoice int64) *orderRecord {
	if r := l.byInvoice[invoice]; r != nil {
		return r
	}
	if r := l.books.orders.get(l.books.byInvoice[invoice]); r != nil {
		return r
	}
	if len(l.orders) == 1 {
		for _, r := range l.orders {
			return r
		}
	}
	if all := l.books.orders.all(); len(l.orders) == 0 && len(all) == 1 {
		return all[0]
	}
	return nil
}

func (l *loader) transaction(fields map[string]json.RawMessage) {
	t := &Transaction{
		Status: str(fields, "status"), Method: str(fields, "transaction_method"), Time: when(fields, "transaction_time"),
		ContactID: idOf(fields, "contact_id"), PaymentID: idOf(fields, "payment_id"), Extra: fields,
	}
	// An amount that cannot be read is still served as it was; only filters see zero.
	t.Amount, _ = plain(fields["amount"])
	var orderIDs []string
	if json.Unmarshal(fields["order_ids"], &orderIDs) == nil {
		for _, text := range orderIDs {
			if id, ok := parseID(text); ok {
				t.OrderIDs = append(t.OrderIDs, id)
			}
		}
	}
	l.books.takeID(l.change, "transaction", &t.Seq)
	l.change.Transactions = append(l.change.Transactions, t)
	l.loaded.Transactions++
}

// amount reads a CurrencyValue; nil when there is none.
func (l *loader) amount(raw json.RawMessage) (*decimal.Decimal, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var value struct {
		Amount       decimal.Decimal `json:"amount"`
		CurrencyCode string          `json:"currency_code"`
	}
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, err
	}
	orElse(&value.CurrencyCode, l.books.tenant.Currency)
	major := fromMinorUnits(value.Amount, value.CurrencyCode)
	return &major, nil
}

// plain reads a JSON number, zero when there is none.
func plain(raw json.RawMessage) (decimal.Decimal, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return decimal.Zero, nil
	}
	var d decimal.Decimal
	err := json.Unmarshal(raw, &d)
	return d, err
}

func decode(fields map[string]json.RawMessage, to any) error {
	return json.Unmarshal(mustJSON(fields), to)
}

// mustJSON encodes what was decoded from JSON, which cannot fail.
func mustJSON(fields map[string]json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields); err != nil {
		panic("infusionsoftfake: " + err.Error())
	}
	return bytes.TrimSpace(out.Bytes())
}

func str(fields map[string]json.RawMessage, name string) string {
	var s string
	if json.Unmarshal(fields[name], &s) != nil {
		return ""
	}
	return s
}

func idOf(fields map[string]json.RawMessage, name string) int64 {
	id, _ := parseID(str(fields, name))
	return id
}

// when reads an instant; a text that is none, like the vendor's own example "string", is no time.
func when(fields map[string]json.RawMessage, name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, str(fields, name))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
