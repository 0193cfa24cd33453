package storetest

import (
	"reflect"
	"testing"
)

// A field that the kit leaves at its zero value is one that a store may lose unseen.
func TestFullHasEveryField(t *testing.T) {
	for _, full := range []any{fullLink(), fullBatch()} {
		v := reflect.ValueOf(full)
		for i := range v.NumField() {
			if v.Field(i).IsZero() {
				t.Errorf("%s.%s has no value", v.Type(), v.Type().Field(i).Name)
			}
		}
	}
}
