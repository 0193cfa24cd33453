package quickbooksfake

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// An Amount is money. It is written with two places, and zero as 0, as the recorded answers have it.
type Amount struct{ decimal.Decimal }

// NewAmount makes an Amount.
func NewAmount(d decimal.Decimal) Amount { return Amount{d} }

// MarshalJSON writes a JSON number, never through a float.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.IsZero() {
		return []byte("0"), nil
	}
	if a.Exponent() < -2 && !a.Equal(a.Round(2)) {
		return []byte(a.String()), nil
	}
	return []byte(a.StringFixed(2)), nil
}

// A Number is a quantity, a price or a rate, written without padding: 4.5, 75.
type Number struct{ decimal.Decimal }

// NewNumber makes a Number.
func NewNumber(d decimal.Decimal) *Number { return &Number{d} }

// MarshalJSON writes a JSON number, never through a float.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// halfUp rounds half up, away from zero for both signs.
func halfUp(d decimal.Decimal) decimal.Decimal { return d.Round(2) }

// A Date is a civil date of the company, written 2026-03-31; "" is no date. Dates compare as strings.
type Date string

// DateOf returns the civil date of an instant in a place.
func DateOf(t time.Time, in *time.Location) Date { return Date(t.In(in).Format(time.DateOnly)) }

func (d Date) valid() bool {
	_, err := time.Parse(time.DateOnly, string(d))
	return err == nil
}

func (d Date) plus(days int) Date {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, 0, days).Format(time.DateOnly))
}

// spliced marshals a record and appends what it has in fields that the fake only keeps.
func spliced(plain any, extra map[string]json.RawMessage) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain); err != nil {
		return nil, err
	}
	out := bytes.TrimRight(b.Bytes(), "\n")
	if len(extra) == 0 {
		return out, nil
	}
	out = out[:len(out)-1]
	for _, name := range sortedKeys(extra) {
		if out[len(out)-1] != '{' {
			out = append(out, ',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), extra[name]...)
	}
	return append(out, '}'), nil
}

// gathered unmarshals a record, an R without its methods, and returns the fields that its type does not have.
func gathered[R any](data []byte, plain any) (map[string]json.RawMessage, error) {
	if err := json.Unmarshal(data, plain); err != nil {
		return nil, err
	}
	t := reflect.TypeFor[R]()
	own, ok := modelled[t]
	if !ok {
		own = fieldsOf(t)
	}
	if onlyHas(data, own) {
		return nil, nil // as nearly always
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for name := range own {
		delete(all, name)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// modelled are the fields of the types that keep others besides, found once: they are asked for with every
// record that is read.
var modelled = func() map[reflect.Type]map[string]reflect.StructField {
	all := map[reflect.Type]map[string]reflect.StructField{}
	for _, t := range []reflect.Type{
		reflect.TypeFor[Invoice](),
		reflect.TypeFor[CreditMemo](),
		reflect.TypeFor[RefundReceipt](),
		reflect.TypeFor[Line](),
		reflect.TypeFor[SalesItemLineDetail](),
		reflect.TypeFor[DiscountLineDetail](),
		reflect.TypeFor[TxnTaxDetail](),
		reflect.TypeFor[TaxLineDetail](),
		reflect.TypeFor[Payment](),
		reflect.TypeFor[Customer](),
		reflect.TypeFor[Vendor](),
		reflect.TypeFor[Employee](),
		reflect.TypeFor[Account](),
		reflect.TypeFor[Item](),
		reflect.TypeFor[TaxCode](),
		reflect.TypeFor[TaxRate](),
		reflect.TypeFor[Term](),
		reflect.TypeFor[PaymentMethod](),
		reflect.TypeFor[CompanyCurrency](),
		reflect.TypeFor[Address](),
		reflect.TypeFor[Phone](),
		reflect.TypeFor[Email](),
		reflect.TypeFor[Web](),
	} {
		all[t] = fieldsOf(t)
	}
	return all
}()

// onlyHas reports that a JSON object, known to be valid, has no fields but these. In doubt it says no: a name
// with an escape in it is not read here.
func onlyHas(data []byte, fields map[string]reflect.StructField) bool {
	depth, name := 0, true // name: a text on the first level is a name, not a value
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			name = true
		case ':':
			name = false
		case '"':
			from := i + 1
			for i++; data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
			if depth != 1 || !name {
				continue
			}
			if _, ok := fields[string(data[from:i])]; !ok {
				return false
			}
		}
	}
	return true
}

// fieldsOf maps the JSON names of a struct to its fields, those of embedded structs included.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	all := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "-" || !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all[name] = f
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
