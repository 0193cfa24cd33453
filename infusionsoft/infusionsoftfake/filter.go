package infusionsoftfake

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// A comparison is one clause of a filter: field, operator, value.
type comparison struct{ field, op, value string }

// parseFilter reads the vendor's filter grammar: field==value clauses joined by semicolons. It refuses
// what it does not know; in particular a single "=", which one example of the vendor's own text has.
func parseFilter(filter string) ([]comparison, error) {
	if filter == "" {
		return nil, nil
	}
	var clauses []comparison
	for clause := range strings.SplitSeq(filter, ";") {
		at := strings.IndexAny(clause, "=<>!")
		if at <= 0 || !isFieldName(clause[:at]) {
			return nil, badRequest("Invalid filter: %q is not a comparison", clause)
		}
		rest := clause[at:]
		op := ""
		for _, known := range []string{"==", "!=", "<=", ">=", "<", ">"} {
			if strings.HasPrefix(rest, known) {
				op = known
				break
			}
		}
		if op == "" {
			return nil, badRequest("Invalid filter: unknown operator in %q", clause)
		}
		value := rest[len(op):]
		if value == "" || strings.HasPrefix(value, "=") {
			return nil, badRequest("Invalid filter: %q has no value", clause)
		}
		clauses = append(clauses, comparison{clause[:at], op, value})
	}
	return clauses, nil
}

func isFieldName(s string) bool {
	for _, c := range s {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// A clause is a comparison that was understood. One on the key of an index has from and past too, see
// between: with that index the clause costs a binary search, with any other it is matched row by row.
type clause[T any] struct {
	match      func(*T) bool
	key        string
	from, past func(*T) bool
}

// A field is what a filter may say about one name.
type field[T any] struct {
	ops   []string // nil: only "=="
	parse func(op, value string) (clause[T], error)
}

func compile[T any](clauses []comparison, fields map[string]field[T], custom func(name string) (field[T], bool)) ([]clause[T], error) {
	compiled := make([]clause[T], 0, len(clauses))
	for _, c := range clauses {
		f, ok := fields[c.field]
		if !ok && custom != nil {
			f, ok = custom(c.field)
		}
		if !ok {
			return nil, badRequest("Invalid filter: unknown field %q", c.field)
		}
		if c.op != "==" && !slices.Contains(f.ops, c.op) {
			return nil, badRequest("Invalid filter: operator %s is not allowed for %s", c.op, c.field)
		}
		understood, err := f.parse(c.op, c.value)
		if err != nil {
			return nil, badRequest("Invalid filter: %s for %s", err.Error(), c.field)
		}
		compiled = append(compiled, understood)
	}
	return compiled, nil
}

type filterError string

func (e filterError) Error() string { return string(e) }

func compared(op string, sign int) bool {
	switch op {
	case "==":
		return sign == 0
	case "!=":
		return sign != 0
	case "<":
		return sign < 0
	case "<=":
		return sign <= 0
	case ">":
		return sign > 0
	default:
		return sign >= 0
	}
}

func compareInt(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// idField compares numbers; key names the index that is sorted by them, if there is one.
func idField[T any](key string, get func(*T) int64, ops ...string) field[T] {
	return field[T]{ops: ops, parse: func(op, value string) (clause[T], error) {
		id, ok := parseID(value)
		if !ok && value != "0" {
			return clause[T]{}, filterError("an id is needed")
		}
		c := clause[T]{key: key, match: func(r *T) bool { return compared(op, compareInt(get(r), id)) }}
		atLeast := func(n int64) func(*T) bool { return func(r *T) bool { return get(r) >= n } }
		switch op {
		case "==":
			c.from, c.past = atLeast(id), atLeast(id+1)
		case ">":
			c.from = atLeast(id + 1)
		case ">=":
			c.from = atLeast(id)
		case "<":
			c.past = atLeast(id)
		case "<=":
			c.past = atLeast(id + 1)
		default:
			c.key = ""
		}
		return c, nil
	}}
}

func idsField[T any](get func(*T) int64) field[T] {
	return field[T]{parse: func(_, value string) (clause[T], error) {
		wanted := make(map[int64]bool)
		for part := range strings.SplitSeq(value, ",") {
			id, ok := parseID(part)
			if !ok {
				return clause[T]{}, filterError("a comma list of ids is needed")
			}
			wanted[id] = true
		}
		return clause[T]{match: func(r *T) bool { return wanted[get(r)] }}, nil
	}}
}

func boolField[T any](get func(*T) bool) field[T] {
	return field[T]{parse: func(_, value string) (clause[T], error) {
		if value != "true" && value != "false" {
			return clause[T]{}, filterError("true or false is needed")
		}
		return clause[T]{match: func(r *T) bool { return get(r) == (value == "true") }}, nil
	}}
}

// sinceField and untilField are both inclusive.
func sinceField[T any](key string, get func(*T) time.Time) field[T] {
	return field[T]{parse: func(_, value string) (clause[T], error) {
		at, err := parseInstant(value)
		from := func(r *T) bool { return !get(r).Before(at) }
		return clause[T]{key: key, match: from, from: from}, err
	}}
}

func untilField[T any](key string, get func(*T) time.Time) field[T] {
	return field[T]{parse: func(_, value string) (clause[T], error) {
		at, err := parseInstant(value)
		past := func(r *T) bool { return get(r).After(at) }
		return clause[T]{key: key, match: func(r *T) bool { return !past(r) }, past: past}, err
	}}
}

func parseInstant(value string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, value)
	if err != nil {
		return time.Time{}, filterError("an ISO-8601 instant like 2025-04-16T20:33:02.321Z is needed")
	}
	return at.UTC(), nil
}

// textField compares without regard to case. With wildcard, a trailing * matches what begins so.
func textField[T any](wildcard bool, get func(*T) []string) field[T] {
	return field[T]{parse: func(_, value string) (clause[T], error) {
		prefix, isPrefix := strings.CutSuffix(value, "*")
		if strings.Contains(prefix, "*") || isPrefix && !wildcard {
			return clause[T]{}, filterError("* is not allowed there")
		}
		prefix = strings.ToLower(prefix)
		return clause[T]{match: func(r *T) bool {
			for _, text := range get(r) {
				text = strings.ToLower(text)
				if isPrefix && strings.HasPrefix(text, prefix) || !isPrefix && text == prefix {
					return true
				}
			}
			return false
		}}, nil
	}}
}

func enumField[T any](get func(*T) string, values ...string) field[T] {
	return field[T]{parse: func(_, value string) (clause[T], error) {
		if !slices.Contains(values, value) {
			return clause[T]{}, filterError("one of " + strings.Join(values, ", ") + " is needed")
		}
		return clause[T]{match: func(r *T) bool { return get(r) == value }}, nil
	}}
}

func amountField[T any](get func(*T) decimal.Decimal, ops ...string) field[T] {
	return field[T]{ops: ops, parse: func(op, value string) (clause[T], error) {
		// An exponent could make a number of a billion digits out of ten characters.
		if strings.ContainsAny(value, "eE") {
			return clause[T]{}, filterError("a plain number is needed")
		}
		amount, err := decimal.NewFromString(value)
		if err != nil {
			return clause[T]{}, filterError("a number is needed")
		}
		return clause[T]{match: func(r *T) bool { return compared(op, get(r).Cmp(amount)) }}, nil
	}}
}

// memberField looks for an id among those of a row; with many, for any of a comma list.
func memberField[T any](many bool, get func(*T) []string) field[T] {
	return field[T]{parse: func(_, value string) (clause[T], error) {
		wanted := []string{value}
		if many {
			wanted = strings.Split(value, ",")
		}
		for _, id := range wanted {
			if _, ok := parseID(id); !ok {
				return clause[T]{}, filterError("an id is needed")
			}
		}
		return clause[T]{match: func(r *T) bool {
			return slices.ContainsFunc(get(r), func(have string) bool { return slices.Contains(wanted, have) })
		}}, nil
	}}
}
