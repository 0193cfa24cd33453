package infusionsoftfake

import (
	"cmp"
	"slices"
	"sort"
)

// A table holds the records of one kind by id, and in the orders that large collections are read in.
// Records are never changed in place: put replaces them, so that whoever holds one may go on reading it.
type table[T any] struct {
	id      func(*T) int64
	rows    map[int64]*T
	indexes map[string]*index[T]
}

func newTable[T any](id func(*T) int64, indexes map[string]func(a, b *T) int) *table[T] {
	t := &table[T]{id: id, rows: make(map[int64]*T), indexes: make(map[string]*index[T])}
	t.indexes["id"] = &index[T]{order: func(a, b *T) int { return cmp.Compare(id(a), id(b)) }}
	for name, order := range indexes {
		t.indexes[name] = &index[T]{order: tie(order, id)}
	}
	return t
}

// tie makes an order total: equal keys are in the order of their ids.
func tie[T any](order func(a, b *T) int, id func(*T) int64) func(a, b *T) int {
	return func(a, b *T) int {
		if c := order(a, b); c != 0 {
			return c
		}
		return cmp.Compare(id(a), id(b))
	}
}

func (t *table[T]) get(id int64) *T { return t.rows[id] }

func (t *table[T]) put(r *T) {
	old := t.rows[t.id(r)]
	t.rows[t.id(r)] = r
	for _, x := range t.indexes {
		if old == nil {
			x.insert(r)
		} else if !x.replace(old, r) {
			x.remove(old)
			x.insert(r)
		}
	}
}

func (t *table[T]) remove(id int64) {
	old, ok := t.rows[id]
	if !ok {
		return
	}
	delete(t.rows, id)
	for _, x := range t.indexes {
		x.remove(old)
	}
}

// all returns the records by id; the slice must not be changed.
func (t *table[T]) all() []*T { return t.indexes["id"].sorted() }

// An index keeps records sorted. New ones wait in pending until somebody reads, so that loading many
// records out of order costs one sort.
type index[T any] struct {
	order   func(a, b *T) int
	rows    []*T
	pending []*T
}

func (x *index[T]) insert(r *T) {
	if len(x.pending) == 0 && (len(x.rows) == 0 || x.order(x.rows[len(x.rows)-1], r) < 0) {
		x.rows = append(x.rows, r)
		return
	}
	x.pending = append(x.pending, r)
}

// replace puts r in the place of old where both sort alike, which spares moving all rows behind it.
func (x *index[T]) replace(old, r *T) bool {
	if x.order(old, r) != 0 {
		return false
	}
	at, ok := slices.BinarySearchFunc(x.rows, old, x.order)
	if ok {
		x.rows[at] = r
	}
	return ok
}

func (x *index[T]) remove(r *T) {
	if at, ok := slices.BinarySearchFunc(x.rows, r, x.order); ok {
		x.rows = slices.Delete(x.rows, at, at+1)
		return
	}
	if at := slices.Index(x.pending, r); at >= 0 {
		x.pending = slices.Delete(x.pending, at, at+1)
	}
}

func (x *index[T]) sorted() []*T {
	switch {
	case len(x.pending) == 0:
	case len(x.pending) <= 8:
		for _, r := range x.pending {
			at, _ := slices.BinarySearchFunc(x.rows, r, x.order)
			x.rows = slices.Insert(x.rows, at, r)
		}
		x.pending = nil
	default:
		slices.SortFunc(x.pending, x.order)
		merged := make([]*T, 0, len(x.rows)+len(x.pending))
		i, j := 0, 0
		for i < len(x.rows) && j < len(x.pending) {
			if x.order(x.rows[i], x.pending[j]) < 0 {
				merged = append(merged, x.rows[i])
				i++
			} else {
				merged = append(merged, x.pending[j])
				j++
			}
		}
		merged = append(merged, x.rows[i:]...)
		x.rows, x.pending = append(merged, x.pending[j:]...), nil
	}
	return x.rows
}

// between returns the rows from the first one for which from holds up to the first one for which past
// holds. Both must be false and then true along the index; nil leaves that end open.
func between[T any](rows []*T, from, past func(*T) bool) []*T {
	lo, hi := 0, len(rows)
	if from != nil {
		lo = sort.Search(len(rows), func(i int) bool { return from(rows[i]) })
	}
	if past != nil {
		hi = sort.Search(len(rows), func(i int) bool { return past(rows[i]) })
	}
	return rows[min(lo, hi):hi]
}
