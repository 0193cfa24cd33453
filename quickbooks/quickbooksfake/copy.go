package quickbooksfake

import (
	"reflect"
	"time"

	"github.com/shopspring/decimal"
)

// deepCopy copies a value with everything that it points to, so that what is done with the copy leaves the
// original alone. Records are trees of plain data; what cannot be changed in place is shared. By JSON it would
// be the same, and was most of what this fake did.
func deepCopy[T any](v T) T {
	detach(reflect.ValueOf(&v).Elem())
	return v
}

// detach gives v, a copy already, its own copies of what it shares with the original.
func detach(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		fresh := reflect.New(v.Type().Elem())
		fresh.Elem().Set(v.Elem())
		detach(fresh.Elem())
		v.Set(fresh)
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		fresh := reflect.New(v.Elem().Type()).Elem()
		fresh.Set(v.Elem())
		detach(fresh)
		v.Set(fresh)
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		if v.Type().Elem().Kind() != reflect.Uint8 {
			for i := range fresh.Len() {
				detach(fresh.Index(i))
			}
		}
		v.Set(fresh)
	case reflect.Map:
		if v.IsNil() {
			return
		}
		fresh := reflect.MakeMapWithSize(v.Type(), v.Len())
		for entries := v.MapRange(); entries.Next(); {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(entries.Value())
			detach(value)
			fresh.SetMapIndex(entries.Key(), value)
		}
		v.Set(fresh)
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[decimal.Decimal](), reflect.TypeFor[time.Time]():
			return // never changed in place
		}
		for i := range v.NumField() {
			detach(v.Field(i))
		}
	}
}
