package quickbooksfake

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
)

// Whatever a record holds, its copy holds too, and nothing that could be changed is shared.
func TestDeepCopyOfEveryKind(t *testing.T) {
	t.Parallel()
	kinds := kinds()
	require.NotEmpty(t, kinds)
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r := k.make()
			fill(reflect.ValueOf(r).Elem())
			was, err := json.Marshal(r)
			require.NoError(t, err)
			fresh := deepCopy(r)
			require.Equal(t, r, fresh)
			require.NotSame(t, r, fresh)
			own, others := map[uintptr]bool{}, map[uintptr]bool{}
			memory(reflect.ValueOf(r), own)
			memory(reflect.ValueOf(fresh), others)
			require.NotEmpty(t, own)
			require.Len(t, others, len(own))
			for at := range own {
				require.False(t, others[at], "something is shared")
			}
			spoil(reflect.ValueOf(fresh).Elem())
			require.NotEqual(t, r, fresh)
			is, err := json.Marshal(r)
			require.NoError(t, err)
			require.Equal(t, string(was), string(is), "the original has changed with its copy")
		})
	}
}

// fill leaves no field empty.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.Set(reflect.ValueOf(json.RawMessage(`{"a":[1]}`)))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[decimal.Decimal]():
			v.Set(reflect.ValueOf(decimal.RequireFromString("12.34")))
			return
		case reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(time.Date(2026, 3, 31, 9, 0, 0, 0, time.FixedZone("", -7*3600))))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.String:
		v.SetString("a")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	default:
		panic("a record has a field of a type that this test does not know: " + v.Type().String())
	}
}

// memory gathers where what could be changed lies.
func memory(v reflect.Value, at map[uintptr]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type().Elem().Size() > 0 { // what has no size may lie anywhere
			at[v.Pointer()] = true
		}
		memory(v.Elem(), at)
	case reflect.Slice:
		at[v.Pointer()] = true
		for i := range v.Len() {
			memory(v.Index(i), at)
		}
	case reflect.Map:
		at[v.Pointer()] = true
		for _, key := range v.MapKeys() {
			memory(v.MapIndex(key), at)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[decimal.Decimal]() || v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			memory(v.Field(i), at)
		}
	}
}

// spoil changes everything in place that can be.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		spoil(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[decimal.Decimal]() || v.Type() == reflect.TypeFor[time.Time]() {
			v.SetZero()
			return
		}
		for i := range v.NumField() {
			spoil(v.Field(i))
		}
	default:
		v.SetZero()
	}
}

// A field that the type does not have is kept, however it is written, and one that it has is not kept twice.
func TestUnmodelledFieldsAreKept(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		`{"value":"1"}`: {"value"},
		`{}`:            nil,
		`null`:          nil,
		`{"Id":"1","Description":"a \"quoted\", and: {braced} [text]\\"}`: nil,
		`{ "Id" : "1" , "Extra" : {"Id":[1,{"x":"y"}]} }`:                 {"Extra"},
		`{"SalesItemLineDetail":{"Unknown":"inside, not here"},"Id":"1"}`: nil,
		`{"CustomExtensions":[{"Unknown":1},"text, more"],"Last":null}`:   {"Last"},
		`{"Description":"Later","Later":"Description"}`:                   {"Later"},
		`{"\u0049d":"1"}`:             nil, // Id, with an escape
		`{"id":"1"}`:                  {"id"},
		`{"a\"b":1,"DetailType":"x"}`: {`a"b`},
		`{"LinkedTxn":[{"TxnId":"1","TxnType":"Payment"}],"Amount":1.50,"Odd":[[],{},0]}`: {"Odd"},
	} {
		var l Line
		require.NoError(t, json.Unmarshal([]byte(in), &l), in)
		require.Equal(t, want, slices.Sorted(maps.Keys(l.Extra)), in)
	}
}
