package xero

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// The scalars of records that come by the thousand. They hold what encoding/json would put into strings
// of their own, without making them.

// word is a text of few possible values, such as a status.
type word string

// UnmarshalJSON takes a string, or null for none.
func (w *word) UnmarshalJSON(b []byte) error {
	inner, plain := plainText(b)
	if !plain {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return wrongType(b, w)
		}
		if string(b) != "null" {
			*w = word(s)
		}
		return nil
	}
	switch string(inner) {
	case "ACCREC":
		*w = "ACCREC"
	case "ACCRECPAYMENT":
		*w = "ACCRECPAYMENT"
	case "AUTHORISED":
		*w = "AUTHORISED"
	case "PAID":
		*w = "PAID"
	case "DRAFT":
		*w = "DRAFT"
	case "VOIDED":
		*w = "VOIDED"
	case "DELETED":
		*w = "DELETED"
	case "Exclusive":
		*w = "Exclusive"
	case "Inclusive":
		*w = "Inclusive"
	case "NoTax":
		*w = "NoTax"
	case "ACTIVE":
		*w = "ACTIVE"
	case "OK":
		*w = "OK"
	case "OUTPUT":
		*w = "OUTPUT"
	case "NONE":
		*w = "NONE"
	case "AUD":
		*w = "AUD"
	case "NZD":
		*w = "NZD"
	case "GBP":
		*w = "GBP"
	case "USD":
		*w = "USD"
	default:
		*w = word(inner)
	}
	return nil
}

// plainText returns what stands between the quotes of a JSON string that means just that.
func plainText(b []byte) (inner []byte, ok bool) {
	if len(b) < 2 || b[0] != '"' {
		return nil, false
	}
	inner = b[1 : len(b)-1]
	return inner, bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner)
}

// wrongType is the error to which encoding/json adds the name of the field.
func wrongType(b []byte, wanted any) error {
	kind := "number"
	switch b[0] {
	case '"':
		kind = "string"
	case '{':
		kind = "object"
	case '[':
		kind = "array"
	case 't', 'f':
		kind = "bool"
	}
	return &json.UnmarshalTypeError{Value: kind, Type: reflect.TypeOf(wanted).Elem()}
}

// digits is a number as it was sent. Absent, null and "" are none.
type digits struct {
	n      int64 // n ÷ 10^places, where text is empty
	places int8
	known  bool
	text   json.Number // otherwise
}

// UnmarshalJSON takes a number, also one in a string.
func (d *digits) UnmarshalJSON(b []byte) error {
	inner := b
	if b[0] == '"' {
		var plain bool
		if inner, plain = plainText(b); !plain {
			return wrongType(b, d)
		}
		if len(inner) == 0 {
			*d = digits{}
			return nil
		}
	} else if string(b) == "null" {
		return nil
	}
	n, places, ok := plainNumber(inner)
	if ok {
		*d = digits{n: n, places: int8(places), known: true}
		return nil
	}
	var text json.Number
	if json.Unmarshal(inner, &text) != nil {
		return wrongType(b, d)
	}
	*d = digits{known: true, text: text}
	return nil
}

// decimal returns the number exactly.
func (d digits) decimal() (decimal.Decimal, error) {
	switch {
	case d.text != "":
		return vendorhttp.ParseNumber(d.text)
	case d.n == 0:
		return decimal.Decimal{}, nil
	case d.is(1):
		return one, nil
	}
	return decimal.New(d.n, -int32(d.places)), nil
}

// same reports whether both are one number, where integers can tell.
func (d digits) same(e digits) bool {
	if !d.known || !e.known || d.text != "" || e.text != "" {
		return false
	}
	for d.places > e.places && d.n%10 == 0 {
		d.n, d.places = d.n/10, d.places-1
	}
	for e.places > d.places && e.n%10 == 0 {
		e.n, e.places = e.n/10, e.places-1
	}
	return d.n == e.n && d.places == e.places
}

// is reports whether the number is that integer.
func (d digits) is(n int64) bool {
	return d.known && d.text == "" && int(d.places) < len(powers) && d.n == n*powers[d.places]
}

// moment is an instant, or a day as midnight UTC, in one of the forms that parseInstant reads.
type moment struct {
	ms   int64  // Unix milliseconds, where text is empty
	text string // otherwise; absent ones have neither
	set  bool
}

// momentOf reads a moment. Whether it is one is said when it is asked for.
func momentOf(s []byte) moment {
	if len(s) == 0 {
		return moment{}
	}
	t, err := parseInstant(string(s))
	if err != nil || t.Nanosecond()%int(time.Millisecond) != 0 {
		return moment{text: string(s), set: true}
	}
	return moment{ms: t.UnixMilli(), set: true}
}

// UnmarshalJSON takes a string.
func (m *moment) UnmarshalJSON(b []byte) error {
	if inner, plain := plainText(b); plain {
		*m = momentOf(inner)
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return wrongType(b, m)
	}
	if string(b) != "null" {
		*m = momentOf([]byte(s))
	}
	return nil
}

// instant returns the moment, the zero time for none.
func (m moment) instant() (time.Time, error) {
	switch {
	case !m.set:
		return time.Time{}, nil
	case m.text != "":
		return parseInstant(m.text)
	}
	return time.UnixMilli(m.ms).UTC(), nil
}

// day reads a day of the organisation, which Xero encodes as midnight UTC: it is the UTC day, and
// converting it to anybody's local time makes it wrong by one (XeroAPI/xero-php-oauth2#294). Of several
// forms the first that is there counts.
func day(forms ...moment) (ledger.Date, error) {
	for _, m := range forms {
		if !m.set {
			continue
		}
		t, err := m.instant()
		if err != nil {
			return ledger.Date{}, err
		}
		return ledger.DateIn(t, time.UTC), nil
	}
	return ledger.Date{}, nil
}
