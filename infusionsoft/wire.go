package infusionsoft

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// The vendor's shapes, as far as they are read: keap-rest-v2 of 2026-08-20. The specification changes
// weekly, nulls and empty strings are mixed freely, and ids are numbers in its examples and strings in
// its types: what is unambiguous is accepted in either form, everything else is an error of the field.
type (
	wireOrder struct {
		ID            text      `json:"id"`
		Title         text      `json:"title"`
		Status        text      `json:"status"`
		Source        text      `json:"source_type"`
		Total         wireMoney `json:"total"`
		TotalPaid     wireMoney `json:"total_paid"`
		RefundTotal   wireMoney `json:"refund_total"`
		RefundStatus  text      `json:"refund_status"`
		Created       instant   `json:"creation_time"`
		Modified      instant   `json:"modification_time"`
		Ordered       instant   `json:"order_time"`
		Sent          instant   `json:"sent_time"`
		Due           instant   `json:"due_time"`
		InvoiceID     text      `json:"invoice_id"`
		InvoiceNumber text      `json:"invoice_number"`
		External      text      `json:"external_create_user"`
		Contact       struct {
			ID     text `json:"id"`
			Email  text `json:"email"`
			Given  text `json:"given_name"`
			Family text `json:"family_name"`
		} `json:"contact"`
		Items []wireItem `json:"order_items"`
		Plan  *wirePlan  `json:"payment_plan"`
	}

	wireItem struct {
		ID          text         `json:"id"`
		Name        text         `json:"name"`
		Description text         `json:"description"`
		Type        text         `json:"item_type"`
		Quantity    amount       `json:"quantity"`
		Price       wireMoney    `json:"price_per_unit"`
		Discount    wireMoney    `json:"discount"`
		Special     *wireSpecial `json:"special"`
		Product     *wireProduct `json:"product"`
	}

	wireSpecial struct {
		Amount amount `json:"amount"`
		Method text   `json:"discount_method"`
	}

	wireProduct struct {
		ID      text  `json:"id"`
		Name    text  `json:"name"`
		SKU     text  `json:"sku"`
		Taxable *bool `json:"taxable"`
	}

	wirePlan struct {
		InitialAmount  wireMoney      `json:"initial_payment_amount"`
		InitialPercent amount         `json:"initial_payment_percent"`
		InitialDate    day            `json:"initial_payment_date"`
		Start          day            `json:"plan_start_date"`
		Payments       amount         `json:"number_of_payments"`
		Days           amount         `json:"days_between_payments"`
		Items          []wirePlanItem `json:"payment_plan_items"`
	}

	wirePlanItem struct {
		Due    day       `json:"due_date"`
		Amount wireMoney `json:"amount_due"`
		Paid   wireMoney `json:"amount_paid"`
		Status text      `json:"status"`
	}

	// wireMoney is the vendor's CurrencyValue: an integer in minor units.
	wireMoney struct {
		Amount amount `json:"amount"`
		Code   text   `json:"currency_code"`
	}

	wireRow struct { // InvoiceOrderPayment
		ID        text    `json:"id"`
		PaymentID text    `json:"payment_id"`
		Amount    amount  `json:"amount"` // of undocumented unit
		Note      text    `json:"note"`
		Paid      instant `json:"pay_time"`
		Status    text    `json:"pay_status"`
		Updated   instant `json:"last_updated_time"`
		RefundOf  text    `json:"refund_invoice_payment_id"`
	}

	wirePayment struct { // Payment of the global feed
		ID       text    `json:"id"`
		Type     text    `json:"type"`
		Amount   amount  `json:"amount"` // in major units
		Note     text    `json:"note"`
		Status   text    `json:"status"`
		Paid     instant `json:"payment_time"`
		RefundID text    `json:"refund_payment_id"`
		Orders   []text  `json:"order_ids"`
		Updated  instant `json:"update_time"`
		External text    `json:"external_transaction_id"`
	}

	wireSettings struct {
		Application struct {
			TimeZone text `json:"time_zone"`
			Company  struct {
				Name    text `json:"name"`
				Country text `json:"country"`
			} `json:"company"`
		} `json:"application"`
		Ecommerce struct {
			Currency     text `json:"currency"`
			PaymentTypes text `json:"payment_types"` // of payments by hand, with commas between them
		} `json:"ecommerce"`
	}

	wireProfile struct {
		Name     text `json:"name"`
		TimeZone text `json:"time_zone"`
		Currency text `json:"currency_code"`
		Address  struct {
			Country text `json:"country_code"`
		} `json:"address"`
	}
)

// text is a string, or a number as it is written.
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0:
		return wrongType("nothing", t)
	case b[0] == '"':
		if inner := b[1 : len(b)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
			*t = frequent(inner)
			return nil
		}
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return wrongType("string", t)
		}
		*t = text(s)
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*t = text(b)
	case string(b) == "null":
	default:
		return wrongType(kindOf(b), t)
	}
	return nil
}

// frequent returns b as a text, without memory of its own where it is one of those that nearly every
// record has.
func frequent(b []byte) text {
	switch string(b) {
	case "":
		return ""
	case "DRAFT":
		return "DRAFT"
	case "SENT":
		return "SENT"
	case "PAID":
		return "PAID"
	case "NONE":
		return "NONE"
	case "PRODUCT":
		return "PRODUCT"
	case "SERVICE":
		return "SERVICE"
	case "SHIPPING":
		return "SHIPPING"
	case "TAX":
		return "TAX"
	case "DISCOUNT":
		return "DISCOUNT"
	case "UNPAID_MANUAL":
		return "UNPAID_MANUAL"
	case "MANUAL_PAID":
		return "MANUAL_PAID"
	case "MANUAL_PAYMENT":
		return "MANUAL_PAYMENT"
	case "ONLINE":
		return "ONLINE"
	case "INVOICE":
		return "INVOICE"
	case "USD":
		return "USD"
	case "AUD":
		return "AUD"
	case "GBP":
		return "GBP"
	case "CAD":
		return "CAD"
	}
	return text(b)
}

// trimmed returns the text without the spaces around it: the vendor stores " " for nothing.
func (t text) trimmed() string { return strings.TrimSpace(string(t)) }

// enum returns the text as the vendor writes its enums.
func (t text) enum() string { return strings.ToUpper(t.trimmed()) }

// amount is a number, exactly as it was written, in a JSON number or a string. It never is a float.
type amount struct {
	known bool
	n     int64            // when it is an integer of up to 18 digits
	other *decimal.Decimal // otherwise
}

func (a *amount) UnmarshalJSON(b []byte) error {
	s := b
	if len(s) >= 2 && s[0] == '"' {
		s = bytes.TrimSpace(s[1 : len(s)-1])
		if len(s) == 0 {
			return nil
		}
	} else if string(s) == "null" {
		return nil
	}
	if n, ok := smallInteger(s); ok {
		*a = amount{known: true, n: n}
		return nil
	}
	if !numeric(s) {
		return wrongType(kindOf(b), a)
	}
	d, err := decimal.NewFromString(string(s))
	if err != nil || d.Exponent() > 20 || d.Exponent() < -40 {
		return wrongType("number out of range", a)
	}
	*a = amount{known: true, other: &d}
	return nil
}

// numeric keeps out what decimal reads and JSON does not know, and numbers made to cost memory.
func numeric(s []byte) bool {
	digits := 0
	for _, c := range s {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E':
			return false
		}
	}
	return digits > 0 && len(s) <= 40
}

func smallInteger(s []byte) (int64, bool) {
	digits := s
	if len(s) > 0 && s[0] == '-' {
		digits = s[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(s) {
		n = -n
	}
	return n, true
}

// units returns the number with the decimal point moved places to the left: minor units of a currency
// with that many places, or, with 0, the number as it is.
func (a amount) units(places int32) decimal.Decimal {
	if a.other != nil {
		return a.other.Shift(-places)
	}
	if a.n == 0 {
		return decimal.Decimal{}
	}
	return decimal.New(a.n, -places)
}

// is reports whether the number was written as that integer.
func (a amount) is(n int64) bool { return a.known && a.other == nil && a.n == n }

func (a amount) isZero() bool {
	if a.other != nil {
		return a.other.IsZero()
	}
	return a.n == 0
}

// integer reports whether the number has no fraction.
func (a amount) integer() bool { return a.other == nil || a.other.IsInteger() }

// within returns the number as an int when it is an integer between low and high.
func (a amount) within(low, high int64) (int, bool) {
	ok := a.known && a.other == nil && a.n >= low && a.n <= high
	return int(a.n), ok
}

// String prints the number as it was, for details.
func (a amount) String() string {
	if a.other != nil {
		return a.other.String()
	}
	return strconv.FormatInt(a.n, 10)
}

// instant is a moment, in UTC.
type instant struct{ time.Time }

func (i *instant) UnmarshalJSON(b []byte) error {
	var s text
	if string(b) != "null" && (len(b) < 2 || b[0] != '"') {
		return wrongType(kindOf(b), i)
	}
	if err := s.UnmarshalJSON(b); err != nil {
		return wrongType("string", i)
	}
	v := s.trimmed()
	if v == "" {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, v); err == nil && t.Year() >= 1 && t.Year() <= 9999 {
			i.Time = t.UTC()
			return nil
		}
	}
	// One without a zone is not read: no reading of it would be certain.
	return wrongType("string that is no instant with a zone", i)
}

// day is a day of the calendar.
type day struct{ ledger.Date }

func (d *day) UnmarshalJSON(b []byte) error {
	var s text
	if string(b) != "null" && (len(b) < 2 || b[0] != '"') {
		return wrongType(kindOf(b), d)
	}
	if err := s.UnmarshalJSON(b); err != nil {
		return wrongType("string", d)
	}
	v := s.trimmed()
	if v == "" {
		return nil
	}
	date, err := ledger.ParseDate(v)
	if err != nil {
		return wrongType("string that is no date", d)
	}
	d.Date = date
	return nil
}

func kindOf(b []byte) string {
	switch {
	case len(b) == 0:
		return "nothing"
	case b[0] == '"':
		return "string"
	case b[0] == '{':
		return "object"
	case b[0] == '[':
		return "array"
	case b[0] == 't' || b[0] == 'f':
		return "bool"
	}
	return "number"
}

// wrongType is an error to which encoding/json adds the path of the field.
func wrongType(found string, wanted any) error {
	return &json.UnmarshalTypeError{Value: found, Type: reflect.TypeOf(wanted).Elem()}
}

// describe says which field could not be read, and never what it held.
func describe(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		found, _, _ := strings.Cut(e.Value, " ") // "number 12.5" holds the value
		if strings.HasPrefix(e.Value, "string that") || e.Value == "number out of range" {
			found = e.Value
		}
		at := e.Field
		if at == "" {
			at = "the record"
		}
		return at + ": " + found + " where " + wantedType(e.Type) + " is wanted"
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return "JSON that is cut off or malformed near byte " + strconv.FormatInt(e.Offset, 10)
	}
	return "JSON that cannot be read"
}

func wantedType(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[text]():
		return "a string"
	case reflect.TypeFor[amount]():
		return "a number"
	case reflect.TypeFor[instant]():
		return "an instant"
	case reflect.TypeFor[day]():
		return "a date"
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.Bool:
		return "true or false"
	}
	return "something else"
}
