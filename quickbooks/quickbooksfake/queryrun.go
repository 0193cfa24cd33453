package quickbooksfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	defaultPage = 100
	largestPage = 1000
)

// query answers a statement with the inside of a QueryResponse. budget is how many objects the answer may
// still have; it is drawn from. Call with the lock held.
func (b *Books) query(statement string, budget *int) (json.RawMessage, *fault) {
	q, bad := parseQuery(statement, b.f.opts.Switches.UnicodePunctuation)
	if bad != nil {
		return nil, bad
	}
	start, page := 1, defaultPage
	if q.start != nil {
		start = *q.start
	}
	if q.max != nil {
		page = *q.max
	}
	switch {
	case start < 1:
		return nil, queryInvalid("value %d is too small. Min allowed value is 1", start)
	case page < 1:
		return nil, queryInvalid("value %d is too small. Min allowed value is 1", page)
	case page > largestPage:
		return nil, queryInvalid("value %d is too large. Max allowed value is %d", page, largestPage)
	}
	if one, ok := b.onlyOne(q.entity); ok {
		return one, nil
	}
	k, ok := b.f.paths[fold(q.entity)]
	switch {
	case !ok && isElsewhere(q.entity) && q.count:
		return json.RawMessage(`{"totalCount":0}`), nil
	case !ok && isElsewhere(q.entity):
		return json.RawMessage(`{}`), nil
	case !ok:
		return nil, queryInvalid("invalid context declaration: %s", q.entity)
	}
	found, bad := b.matching(k, q)
	if bad != nil {
		return nil, bad
	}
	if q.count {
		return json.RawMessage(`{"totalCount":` + strconv.Itoa(len(found)) + `}`), nil
	}
	total := len(found)
	found = found[min(start-1, total):]
	found = found[:min(page, len(found), max(*budget, 0))]
	*budget -= len(found)
	if len(found) == 0 {
		return json.RawMessage(`{}`), nil
	}
	out := append([]byte(`{`), strconv.Quote(k.name)+`:[`...)
	for i, r := range found {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, render(r, b.lookup)...)
	}
	// maxResults is how many rows there are, not how many were asked for (recorded).
	out = fmt.Appendf(out, `],"startPosition":%d,"maxResults":%d`, start, len(found))
	if k.totals {
		out = fmt.Appendf(out, `,"totalCount":%d`, total)
	}
	return append(out, '}'), nil
}

// onlyOne answers queries about the company itself.
func (b *Books) onlyOne(entity string) (json.RawMessage, bool) {
	var data []byte
	var err error
	name := ""
	switch fold(entity) {
	case "companyinfo":
		name = "CompanyInfo"
		data, err = b.companyInfo()
	case "preferences":
		name = "Preferences"
		data, err = b.preferences()
	default:
		return nil, false
	}
	if err != nil {
		return json.RawMessage(`{}`), true
	}
	return fmt.Appendf(nil, `{%q:[%s],"maxResults":1}`, name, data), true
}

// matching returns the records that a query names, in its order.
func (b *Books) matching(k *kind, q *query) ([]record, *fault) {
	columns, others := b.f.columns(k)
	var tests []test
	asksActive := false
	for _, c := range q.conditions {
		t, bad := b.test(c, columns, others, k.name)
		if bad != nil {
			return nil, bad
		}
		asksActive = asksActive || t.column.name == "Active"
		tests = append(tests, t)
	}
	type key struct {
		column     column
		descending bool
	}
	var keys []key
	for _, o := range q.order {
		col, ok := columns[strings.ToLower(o.property)]
		switch {
		case ok && col.sort:
			keys = append(keys, key{col, o.descending})
		case ok || others[strings.ToLower(strings.SplitN(o.property, ".", 2)[0])]:
			return nil, queryInvalid("property '%s' is not sortable", o.property)
		default:
			return nil, queryInvalid("Property %s not found for Entity %s", o.property, k.name)
		}
	}
	var found []record
records:
	for _, r := range b.tables[k.name].all() {
		if on, has := active(r); has && !on && !asksActive {
			continue
		}
		for _, t := range tests {
			if !t.holds(r) {
				continue records
			}
		}
		found = append(found, r)
	}
	// The default order, measured and not the documented one: transactions newest change first, name lists by
	// name. Whoever pages without ORDERBY meets rows that jump to the front.
	if k.order == "newest" {
		slices.Reverse(found)
	} else if col, ok := columns[strings.ToLower(k.order)]; ok {
		slices.SortStableFunc(found, func(x, y record) int { return col.compare(col.of(x), col.of(y), true) })
	}
	if len(keys) > 0 {
		numeric := b.f.opts.Switches.NumericIDOrder
		slices.SortStableFunc(found, func(x, y record) int {
			for _, key := range keys {
				n := key.column.compare(key.column.of(x), key.column.of(y), numeric)
				if key.descending {
					n = -n
				}
				if n != 0 {
					return n
				}
			}
			return 0
		})
	}
	return found, nil
}

func fold(s string) string { return strings.ToLower(s) }
