package quickbooksfake

import (
	"encoding/json"
	"slices"
	"strconv"
)

// A lookup finds a record of the books.
type lookup func(kind, id string) (record, bool)

func (b *Books) lookup(kind, id string) (record, bool) {
	t, ok := b.tables[kind]
	if !ok {
		return nil, false
	}
	return t.get(id)
}

// inner is `"Invoice":{…}`, the entity with its name.
func (o *op) inner(k *kind, r record) []byte {
	return append([]byte(strconv.Quote(k.name)+":"), render(r, o.get)...)
}

// render writes a record as an answer shows it: the names of what it refers to are those of today.
func render(r record, get lookup) json.RawMessage {
	switch x := r.(type) {
	case *Invoice:
		c := *x
		refresh(&c.Sale, get)
		r = &c
	case *CreditMemo:
		c := *x
		refresh(&c.Sale, get)
		r = &c
	case *RefundReceipt:
		c := *x
		refresh(&c.Sale, get)
		r = &c
	case *Payment:
		c := *x
		c.CustomerRef.Name = nameOf("Customer", c.CustomerRef.Value, get)
		c.Line = slices.Clone(c.Line)
		for i := range c.Line {
			c.Line[i].LineEx = lineEx(c.Line[i], get)
		}
		r = &c
	}
	data, err := json.Marshal(r)
	if err != nil {
		return json.RawMessage("null")
	}
	return data
}

func refresh(s *Sale, get lookup) {
	s.CustomerRef.Name = nameOf("Customer", s.CustomerRef.Value, get)
	s.Line = slices.Clone(s.Line)
	for i := range s.Line {
		d := s.Line[i].SalesItemLineDetail
		if d == nil || d.ItemRef == nil {
			continue
		}
		fresh := *d
		fresh.ItemRef = &Ref{Value: d.ItemRef.Value, Name: nameOf("Item", d.ItemRef.Value, get)}
		if d.ItemAccountRef != nil {
			fresh.ItemAccountRef = &Ref{Value: d.ItemAccountRef.Value, Name: nameOf("Account", d.ItemAccountRef.Value, get)}
		}
		s.Line[i].SalesItemLineDetail = &fresh
	}
}

func nameOf(kind, id string, get lookup) string {
	rec, ok := get(kind, id)
	if !ok {
		return ""
	}
	switch r := rec.(type) {
	case *Customer:
		return r.DisplayName
	case *Item:
		return r.Name
	case *Account:
		return r.FullyQualifiedName
	}
	return ""
}
