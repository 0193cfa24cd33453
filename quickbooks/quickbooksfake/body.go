package quickbooksfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// A sent body that has been checked: the record it makes, and which properties it had.
type sent struct {
	rec  record
	has  map[string]bool // top-level properties that were there and not null
	id   string
	tok  string // SyncToken
	part bool   // sparse
}

// parse decodes JSON with its numbers kept as they are written.
func parse(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("the body goes on after its JSON value")
	}
	return v, nil
}

// read checks a sent object against the properties of a kind and decodes it.
func (f *Fake) read(k *kind, v any) (*sent, *fault) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, unsupported("Can not deserialize instance of " + className(k.name))
	}
	s := &sent{has: map[string]bool{}}
	body := map[string]any{}
	for name, v := range m {
		switch name {
		case "Id":
			s.id = scalar(v)
		case "SyncToken":
			s.tok = scalar(v)
		case "sparse":
			s.part = v == true || v == "true"
		case "domain", "status", "MetaData", "time": // the vendor's own, read back and sent again
		default:
			if v != nil {
				body[name] = v
				s.has[name] = true
			}
		}
	}
	rec := k.make()
	cleaned, bad := f.clean(body, reflect.TypeOf(rec).Elem())
	if bad != nil {
		return nil, bad
	}
	data, err := json.Marshal(cleaned)
	if err == nil {
		err = json.Unmarshal(data, rec)
	}
	if err != nil {
		return nil, unsupported(err.Error())
	}
	s.rec = rec
	return s, nil
}

func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// clean checks a value against a Go type and brings it into the form that the type decodes: as the vendor's
// parser does, it takes a number for a text, and a text for a number or a truth value.
func (f *Fake) clean(v any, t reflect.Type) (any, *fault) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	wrong := func() (any, *fault) {
		return nil, unsupported(fmt.Sprintf("Can not deserialize value %s of type %s", brief(v), t.Name()))
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return v, nil
	case t == reflect.TypeFor[Amount]() || t == reflect.TypeFor[Number]():
		d, ok := asDecimal(v)
		if !ok {
			return wrong()
		}
		return json.Number(d.String()), nil
	case t == reflect.TypeFor[Date]():
		s, ok := v.(string)
		if !ok || s != "" && !Date(s).valid() {
			return wrong()
		}
		return s, nil
	case t == reflect.TypeFor[time.Time]():
		if s, ok := v.(string); ok {
			if _, err := time.Parse(time.RFC3339, s); err == nil {
				return s, nil
			}
		}
		return wrong()
	}
	switch t.Kind() {
	case reflect.String:
		switch v := v.(type) {
		case string:
			return v, nil
		case json.Number:
			return v.String(), nil
		case bool:
			return strconv.FormatBool(v), nil
		}
	case reflect.Bool:
		switch v {
		case true, "true":
			return true, nil
		case false, "false":
			return false, nil
		}
	case reflect.Int:
		if n, err := strconv.Atoi(scalar(v)); err == nil {
			return n, nil
		}
	case reflect.Slice:
		items, ok := v.([]any)
		if !ok {
			return wrong()
		}
		all := make([]any, len(items))
		for i, item := range items {
			c, bad := f.clean(item, t.Elem())
			if bad != nil {
				return nil, bad
			}
			all[i] = c
		}
		return all, nil
	case reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return f.cleanObject(m, t)
	}
	return wrong()
}

func (f *Fake) cleanObject(m map[string]any, t reflect.Type) (any, *fault) {
	fields := f.fields(t)
	known := f.known[t.Name()]
	out := make(map[string]any, len(m))
	for _, name := range sortedKeys(m) {
		v := m[name]
		if v == nil {
			continue
		}
		if field, ok := fields[name]; ok {
			c, bad := f.clean(v, field.Type)
			if bad != nil {
				return nil, bad
			}
			out[name] = c
			continue
		}
		switch {
		case known[name] && strings.Contains(moneyElsewhere, " "+name+" "):
			return nil, business("quickbooksfake does not compute " + name + ": leave it out")
		case known[name]:
			out[name] = v
		case f.opts.Switches.AllowUnknownFields || t.NumField() == 0: // an output-only detail may hold anything
		default:
			return nil, f.unrecognised(name, t.Name(), fields, known)
		}
	}
	return out, nil
}

// unrecognised is the fault about a property that a class does not have, as recorded.
func (f *Fake) unrecognised(name, goName string, fields map[string]reflect.StructField, known map[string]bool) *fault {
	var names []string
	for _, n := range sortedKeys(fields) {
		names = append(names, strconv.Quote(n))
	}
	for _, n := range sortedKeys(known) {
		if _, twice := fields[n]; !twice {
			names = append(names, strconv.Quote(n))
		}
	}
	return unsupported(fmt.Sprintf("Unrecognized field %q (class %s), not marked as ignorable (%d known properties: %s])\n",
		name, className(goName), len(names), strings.Join(names, ", ")))
}

// fields are the fields of a type. Types are few; what was looked up is kept.
func (f *Fake) fields(t reflect.Type) map[string]reflect.StructField {
	if m, ok := f.types.Load(t); ok {
		if fields, ok := m.(map[string]reflect.StructField); ok {
			return fields
		}
	}
	m := fieldsOf(t)
	f.types.Store(t, m)
	return m
}

// merge puts the properties that were sent over a copy of the old record.
func (f *Fake) merge(old record, s *sent) record {
	merged := deepCopy(old)
	to, from := reflect.ValueOf(merged).Elem(), reflect.ValueOf(s.rec).Elem()
	fields := f.fields(to.Type())
	extra, _ := from.FieldByName("Extra").Interface().(map[string]json.RawMessage)
	for name := range s.has {
		if field, ok := fields[name]; ok {
			to.FieldByIndex(field.Index).Set(from.FieldByIndex(field.Index))
		} else if v, ok := extra[name]; ok {
			kept := to.FieldByName("Extra")
			if kept.IsNil() {
				kept.Set(reflect.ValueOf(map[string]json.RawMessage{}))
			}
			kept.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(v))
		}
	}
	return merged
}

// asDecimal reads a number exactly, written as a JSON number or as text. Absurd exponents are refused
// before they cost memory.
func asDecimal(v any) (decimal.Decimal, bool) {
	s := strings.TrimSpace(scalar(v))
	if s == "" || len(s) > 60 {
		return decimal.Decimal{}, false
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > 30 || d.Exponent() < -60 {
		return decimal.Decimal{}, false
	}
	return d, true
}

func brief(v any) string {
	data, err := json.Marshal(v)
	if err != nil || len(data) > 60 {
		return "of the wrong shape"
	}
	return string(data)
}
