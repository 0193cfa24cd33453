package xerofake

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// kind is the type of a value in a filter, with .NET's name for it: filters are Dynamic LINQ, and so
// are their errors.
type kind string

const (
	kindString  kind = "String"
	kindNumber  kind = "Decimal"
	kindTime    kind = "DateTime?"
	kindGUID    kind = "Guid"
	kindBoolean kind = "Boolean"
	kindNull    kind = "null"
)

type value struct {
	kind kind
	null bool
	s    string // text, folded where it is compared
	n    decimal.Decimal
	t    time.Time
	b    bool
}

func textValue(s string) value            { return value{kind: kindString, s: s, null: s == ""} }
func guidValue(s string) value            { return value{kind: kindGUID, s: s, null: s == ""} }
func numberValue(d decimal.Decimal) value { return value{kind: kindNumber, n: d} }
func timeValue(t time.Time) value         { return value{kind: kindTime, t: t, null: t.IsZero()} }
func boolValue(b bool) value              { return value{kind: kindBoolean, b: b} }
func dateValue(d Date) value {
	if d == "" {
		return value{kind: kindTime, null: true}
	}
	return timeValue(d.Time())
}

// A field of a record that filters and orders may name.
type field[T any] struct {
	kind kind
	get  func(T) value
	slow bool // not optimised: refused above the high-volume threshold
}

// fields are keyed by lower-case path.
type fields[T any] map[string]field[T]

// syntax is an error in the words of Dynamic LINQ, which begin with a capital.
func syntax(format string, args ...any) error { return fmt.Errorf(format, args...) }

// maxDepth bounds the nesting of a filter.
const maxDepth = 64

// A filter is a compiled where clause. slow is set when it is not an optimised one.
type filter[T any] struct {
	match func(T) bool
	slow  bool
}

// parseWhere compiles a where clause: = == != < <= > >=, AND && OR ||, parentheses, Contains, StartsWith,
// EndsWith, guid("…"), DateTime(y,m,d), texts in double quotes, numbers, true, false, null.
func parseWhere[T any](src, typeName string, of fields[T]) (filter[T], error) {
	tokens, err := scanWhere(src)
	if err != nil {
		return filter[T]{}, err
	}
	p := &whereParser[T]{tokens: tokens, fields: of, typeName: typeName}
	match, err := p.or(0)
	if err != nil {
		return filter[T]{}, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return filter[T]{}, syntax("Syntax error at '%s'", t.text)
	}
	return filter[T]{match, p.slow}, nil
}

type tokenKind byte

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenString
	tokenNumber
	tokenSymbol
)

type token struct {
	kind tokenKind
	text string
}

func scanWhere(src string) ([]token, error) {
	var all []token
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '"':
			var b strings.Builder
			for i++; ; i++ {
				if i >= len(src) {
					return nil, syntax("Unterminated string literal")
				}
				if src[i] == '\\' && i+1 < len(src) {
					i++
				} else if src[i] == '"' {
					break
				}
				b.WriteByte(src[i])
			}
			i++
			all = append(all, token{tokenString, b.String()})
		case isLetter(c):
			start := i
			for i < len(src) && (isLetter(src[i]) || isDigit(src[i])) {
				i++
			}
			all = append(all, token{tokenName, src[start:i]})
		case isDigit(c) || c == '-' && i+1 < len(src) && isDigit(src[i+1]):
			start := i
			for i++; i < len(src) && (isDigit(src[i]) || src[i] == '.'); i++ {
			}
			all = append(all, token{tokenNumber, src[start:i]})
		default:
			n := 1
			if i+1 < len(src) {
				switch src[i : i+2] {
				case "==", "!=", "<=", ">=", "&&", "||", "<>":
					n = 2
				}
			}
			if !strings.Contains("()=<>.,!", src[i:i+1]) && n == 1 {
				return nil, syntax("Syntax error '%s'", src[i:i+1])
			}
			all = append(all, token{tokenSymbol, src[i : i+n]})
			i += n
		}
	}
	return append(all, token{}), nil
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

type whereParser[T any] struct {
	tokens   []token
	pos      int
	fields   fields[T]
	typeName string
	slow     bool
}

func (p *whereParser[T]) peek() token { return p.tokens[p.pos] }

func (p *whereParser[T]) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEnd {
		p.pos++
	}
	return t
}

// take consumes the next token if it is one of the symbols or words.
func (p *whereParser[T]) take(texts ...string) (string, bool) {
	t := p.peek()
	for _, text := range texts {
		if t.kind == tokenSymbol && t.text == text || t.kind == tokenName && strings.EqualFold(t.text, text) {
			p.pos++
			return text, true
		}
	}
	return "", false
}

func (p *whereParser[T]) want(symbol string) error {
	if _, ok := p.take(symbol); !ok {
		return syntax("'%s' expected", symbol)
	}
	return nil
}

func (p *whereParser[T]) or(depth int) (func(T) bool, error) {
	left, err := p.and(depth)
	for err == nil {
		if _, ok := p.take("||", "OR"); !ok {
			return left, nil
		}
		var right func(T) bool
		if right, err = p.and(depth); err == nil {
			l := left
			left = func(r T) bool { return l(r) || right(r) }
		}
	}
	return nil, err
}

func (p *whereParser[T]) and(depth int) (func(T) bool, error) {
	left, err := p.unary(depth)
	for err == nil {
		if _, ok := p.take("&&", "AND"); !ok {
			return left, nil
		}
		var right func(T) bool
		if right, err = p.unary(depth); err == nil {
			l := left
			left = func(r T) bool { return l(r) && right(r) }
		}
	}
	return nil, err
}

func (p *whereParser[T]) unary(depth int) (func(T) bool, error) {
	if depth > maxDepth {
		return nil, syntax("Expression is nested too deeply")
	}
	if _, ok := p.take("!", "NOT"); ok {
		inner, err := p.unary(depth + 1)
		if err != nil {
			return nil, err
		}
		return func(r T) bool { return !inner(r) }, nil
	}
	if _, ok := p.take("("); ok {
		inner, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		return inner, p.want(")")
	}
	return p.comparison()
}

// An operand is a constant or a field.
type operand[T any] struct {
	kind kind
	get  func(T) value
}

func (p *whereParser[T]) comparison() (func(T) bool, error) {
	left, method, err := p.operand()
	if err != nil {
		return nil, err
	}
	if method != "" {
		return p.call(left, method)
	}
	op, ok := p.take("==", "=", "!=", "<>", "<=", ">=", "<", ">")
	if !ok {
		if left.kind == kindBoolean {
			return func(r T) bool { return left.get(r).b }, nil
		}
		return nil, syntax("Expression of type 'Boolean' expected")
	}
	right, method, err := p.operand()
	if err != nil {
		return nil, err
	}
	if method != "" {
		return nil, syntax("Operator '%s' incompatible with operand types '%s' and 'Boolean'", op, left.kind)
	}
	ordered := op != "==" && op != "=" && op != "!=" && op != "<>"
	if left.kind != right.kind && left.kind != kindNull && right.kind != kindNull ||
		ordered && (left.kind == kindBoolean || left.kind == kindGUID) {
		return nil, syntax("Operator '%s' incompatible with operand types '%s' and '%s'", op, left.kind, right.kind)
	}
	return func(r T) bool {
		a, b := left.get(r), right.get(r)
		if a.null || b.null {
			same := a.null && b.null
			switch op {
			case "==", "=":
				return same
			case "!=", "<>":
				return !same
			}
			return false
		}
		c := compareValues(a, b)
		switch op {
		case "==", "=":
			return c == 0
		case "!=", "<>":
			return c != 0
		case "<":
			return c < 0
		case "<=":
			return c <= 0
		case ">":
			return c > 0
		default:
			return c >= 0
		}
	}, nil
}

func (p *whereParser[T]) call(on operand[T], method string) (func(T) bool, error) {
	var test func(s, sub string) bool
	switch strings.ToLower(method) {
	case "contains":
		test = strings.Contains
	case "startswith":
		test = strings.HasPrefix
	case "endswith":
		test = strings.HasSuffix
	}
	if test == nil || on.kind != kindString {
		return nil, syntax("No applicable method '%s' exists in type '%s'", method, on.kind)
	}
	if err := p.want("("); err != nil {
		return nil, err
	}
	arg := p.next()
	if arg.kind != tokenString {
		return nil, syntax("No applicable method '%s' exists in type 'String'", method)
	}
	if err := p.want(")"); err != nil {
		return nil, err
	}
	p.slow = true
	want := fold(arg.text)
	return func(r T) bool { return test(fold(on.get(r).s), want) }, nil
}

// operand reads a constant, or the path of a field with, perhaps, a method at its end.
func (p *whereParser[T]) operand() (o operand[T], method string, err error) {
	constant := func(v value) (operand[T], string, error) {
		return operand[T]{v.kind, func(T) value { return v }}, "", nil
	}
	t := p.next()
	switch t.kind {
	case tokenString:
		return constant(value{kind: kindString, s: t.text, null: t.text == ""})
	case tokenNumber:
		d, err := decimal.NewFromString(t.text)
		if err != nil || len(t.text) > 40 {
			return o, "", syntax("Invalid real literal '%s'", t.text)
		}
		return constant(numberValue(d))
	case tokenName:
	default:
		return o, "", syntax("Expression expected")
	}
	switch strings.ToLower(t.text) {
	case "true", "false":
		return constant(boolValue(strings.EqualFold(t.text, "true")))
	case "null":
		return constant(value{kind: kindNull, null: true})
	case "guid":
		arg, err := p.argument()
		if err != nil {
			return o, "", err
		}
		if !isGUID(arg) {
			return o, "", syntax("Guid should contain 32 digits with 4 dashes, got '%s'", arg)
		}
		return constant(guidValue(strings.ToLower(arg)))
	case "datetime":
		v, err := p.dateTime()
		if err != nil {
			return o, "", err
		}
		return constant(v)
	}
	path := strings.ToLower(t.text)
	for {
		if f, ok := p.fields[path]; ok {
			p.slow = p.slow || f.slow
			o = operand[T]{f.kind, f.get}
			if _, dot := p.take("."); dot {
				m := p.next()
				if m.kind != tokenName {
					return o, "", syntax("Identifier expected")
				}
				return o, m.text, nil
			}
			return o, "", nil
		}
		if _, dot := p.take("."); !dot {
			return o, "", syntax("No property or field '%s' exists in type '%s'", t.text, p.typeName)
		}
		t = p.next()
		if t.kind != tokenName {
			return o, "", syntax("Identifier expected")
		}
		path += "." + strings.ToLower(t.text)
	}
}

func (p *whereParser[T]) argument() (string, error) {
	if err := p.want("("); err != nil {
		return "", err
	}
	t := p.next()
	if t.kind != tokenString {
		return "", syntax("String literal expected")
	}
	return t.text, p.want(")")
}

// dateTime reads the rest of DateTime(2026, 3, 31), with time of day or without, or of
// DateTime.Parse("2026-03-31").
func (p *whereParser[T]) dateTime() (value, error) {
	bad := syntax("Invalid DateTime")
	if _, dot := p.take("."); dot {
		if m := p.next(); !strings.EqualFold(m.text, "Parse") {
			return value{}, syntax("No applicable method '%s' exists in type 'DateTime'", m.text)
		}
		arg, err := p.argument()
		if err != nil {
			return value{}, err
		}
		t, ok := parseInstant(arg)
		if !ok {
			return value{}, bad
		}
		return timeValue(t), nil
	}
	if err := p.want("("); err != nil {
		return value{}, err
	}
	var parts []int
	for {
		t := p.next()
		n, err := strconv.Atoi(t.text)
		if t.kind != tokenNumber || err != nil {
			return value{}, bad
		}
		parts = append(parts, n)
		if _, comma := p.take(","); !comma {
			break
		}
	}
	if err := p.want(")"); err != nil {
		return value{}, err
	}
	if len(parts) != 3 && len(parts) != 6 {
		return value{}, bad
	}
	parts = append(parts, 0, 0, 0)
	t := time.Date(parts[0], time.Month(parts[1]), parts[2], parts[3], parts[4], parts[5], 0, time.UTC)
	// .NET refuses the 30th of February where Go moves on to March.
	if t.Year() != parts[0] || int(t.Month()) != parts[1] || t.Day() != parts[2] || t.Hour() != parts[3] || t.Minute() != parts[4] || t.Second() != parts[5] {
		return value{}, bad
	}
	return timeValue(t), nil
}

func compareValues(a, b value) int {
	switch a.kind {
	case kindNumber:
		return a.n.Cmp(b.n)
	case kindTime:
		return a.t.Compare(b.t)
	case kindBoolean:
		if a.b == b.b {
			return 0
		}
		if b.b {
			return -1
		}
		return 1
	case kindGUID:
		return strings.Compare(a.s, b.s)
	default:
		return strings.Compare(fold(a.s), fold(b.s))
	}
}

// parseOrder compiles an order clause: "Date DESC, InvoiceID". Equal records keep the default order.
func parseOrder[T any](src, typeName string, of fields[T]) (compare func(a, b T) int, slow bool, err error) {
	type term struct {
		get  func(T) value
		desc bool
	}
	var terms []term
	for _, part := range strings.Split(src, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 {
			return nil, false, syntax("Syntax error in order '%s'", part)
		}
		f, ok := of[strings.ToLower(words[0])]
		if !ok {
			return nil, false, syntax("No property or field '%s' exists in type '%s'", words[0], typeName)
		}
		desc := false
		if len(words) == 2 {
			switch strings.ToUpper(words[1]) {
			case "ASC", "ASCENDING":
			case "DESC", "DESCENDING":
				desc = true
			default:
				return nil, false, syntax("Syntax error in order '%s'", part)
			}
		}
		switch strings.ToLower(words[0]) {
		case "invoiceid", "paymentid", "updateddateutc", "date": // optimised; for PaymentID the source is a driver's manual (CData, table Payments) and not Xero
		default:
			slow = true
		}
		terms = append(terms, term{f.get, desc})
	}
	return func(a, b T) int {
		for _, t := range terms {
			x, y := t.get(a), t.get(b)
			c := 0
			switch {
			case x.null && !y.null:
				c = -1
			case !x.null && y.null:
				c = 1
			case !x.null:
				c = compareValues(x, y)
			}
			if c != 0 {
				if t.desc {
					return -c
				}
				return c
			}
		}
		return 0
	}, slow, nil
}

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if c := s[i] | 0x20; !isDigit(s[i]) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
