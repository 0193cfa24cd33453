package store

import (
	"iter"
	"maps"
	"slices"
)

// ordered is a map that can be walked in the byte order of its keys. The order is put right when it is
// asked for, so that many writes in a row stay cheap. A nil ordered is empty.
type ordered[V any] struct {
	values map[string]V
	keys   []string
	stale  bool // keys is not what values holds
}

func newOrdered[V any]() *ordered[V] { return &ordered[V]{values: map[string]V{}} }

func (o *ordered[V]) get(key string) (V, bool) {
	if o == nil {
		var zero V
		return zero, false
	}
	v, ok := o.values[key]
	return v, ok
}

func (o *ordered[V]) set(t *memoryTx, key string, v V) {
	if _, had := o.values[key]; !had {
		switch {
		case o.stale:
		case len(o.keys) == 0 || o.keys[len(o.keys)-1] < key:
			o.keys = append(o.keys, key)
		default:
			o.stale = true
		}
		t.undo = append(t.undo, func() { o.stale = true })
	}
	set(t, o.values, key, v)
}

func (o *ordered[V]) delete(t *memoryTx, key string) {
	o.stale = true
	t.undo = append(t.undo, func() { o.stale = true })
	unset(t, o.values, key)
}

// after walks the entries whose key is greater than key; "" walks all.
func (o *ordered[V]) after(key string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if o == nil {
			return
		}
		if o.stale {
			o.keys = slices.AppendSeq(o.keys[:0], maps.Keys(o.values))
			slices.Sort(o.keys)
			o.stale = false
		}
		i := 0
		if key != "" {
			var exact bool
			if i, exact = slices.BinarySearch(o.keys, key); exact {
				i++
			}
		}
		for _, k := range o.keys[i:] {
			if !yield(k, o.values[k]) {
				return
			}
		}
	}
}
