package quickbooks

import (
	"strconv"
	"strings"
)

// statement is one of the query language: SELECT * FROM entity WHERE … ORDERBY … STARTPOSITION … MAXRESULTS …
// It knows no OR, no projection, and of Id only = and IN.
type statement struct {
	entity string
	where  []string // joined by AND
	order  string
	start  int // from 1
	max    int
}

func (s statement) String() string {
	var b strings.Builder
	b.WriteString("SELECT * FROM " + s.entity)
	for i, w := range s.where {
		if i == 0 {
			b.WriteString(" WHERE ")
		} else {
			b.WriteString(" AND ")
		}
		b.WriteString(w)
	}
	if s.order != "" {
		b.WriteString(" ORDERBY " + s.order)
	}
	if s.start > 1 {
		b.WriteString(" STARTPOSITION " + strconv.Itoa(s.start))
	}
	if s.max > 0 {
		b.WriteString(" MAXRESULTS " + strconv.Itoa(s.max))
	}
	return b.String()
}

// quote makes a value of the query language. A quote is escaped by a backslash, not doubled, and a backslash by
// another: unescaped at the end it breaks the statement (ruckus/quickbooks-ruby#345).
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// in is field IN ('a', 'b').
func in(field string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = quote(v)
	}
	return field + " IN (" + strings.Join(quoted, ", ") + ")"
}

// everyState makes a list of names show inactive ones too, which it hides otherwise.
const everyState = "Active IN (true, false)"

// chunks cuts a list of filter values into parts that fit into a URL.
func chunks(values []string) [][]string {
	var out [][]string
	var list []string
	size := 0
	for _, v := range values {
		n := len(v) + 10 // quotes, comma and space, percent-encoded
		if len(list) > 0 && (len(list) == 100 || size+n > 2500) {
			out, list, size = append(out, list), nil, 0
		}
		list, size = append(list, v), size+n
	}
	if len(list) > 0 {
		out = append(out, list)
	}
	return out
}
