package quickbooksfake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"
)

// A query is a parsed statement of the query language:
//
//	SELECT * | COUNT(*) FROM Entity [WHERE p op v [AND …]] [ORDERBY p [ASC|DESC] [, …]] [STARTPOSITION n] [MAXRESULTS n]
//
// the last two in either order. Keywords, entities and properties are in any case.
type query struct {
	entity     string
	count      bool
	conditions []condition
	order      []ordering
	start, max *int
}

type condition struct {
	property, op string // = < > <= >= != IN LIKE
	values       []literal
}

type ordering struct {
	property   string
	descending bool
}

// A literal is a value: quoted, or bare when it is a number or a truth value.
type literal struct {
	text   string
	quoted bool
}

type token struct {
	kind string // word, text, number, or the symbol itself; "" at the end
	text string
	at   int
}

func parseError(format string, args ...any) *fault {
	return validation("4000", "Error parsing query", "QueryParserError: "+fmt.Sprintf(format, args...))
}

func queryInvalid(format string, args ...any) *fault {
	return validation("4001", "Invalid query", "QueryValidationError: "+fmt.Sprintf(format, args...))
}

// lex cuts a statement into tokens. In a text \' is a quote and \\ a backslash; a doubled quote is two texts.
func lex(s string, punctuation bool) ([]token, *fault) {
	var all []token
	r := []rune(s)
	for i := 0; i < len(r); {
		c, start := r[i], i
		if c > unicode.MaxASCII && unicode.IsPunct(c) && !punctuation {
			return nil, lexical(c, i)
		}
		switch {
		case unicode.IsSpace(c):
			i++
		case c == '\'':
			var b strings.Builder
			i++
			for ; i < len(r) && r[i] != '\''; i++ {
				if r[i] > unicode.MaxASCII && unicode.IsPunct(r[i]) && !punctuation {
					return nil, lexical(r[i], i)
				}
				if r[i] == '\\' && i+1 < len(r) && (r[i+1] == '\'' || r[i+1] == '\\') {
					i++
				}
				b.WriteRune(r[i])
			}
			if i == len(r) {
				return nil, parseError("Lexical error at line 1, column %d.  Encountered: <EOF> after : %q", i+1, string(r[start:]))
			}
			i++
			all = append(all, token{"text", b.String(), start})
		case c == '_' || unicode.IsLetter(c):
			for i < len(r) && (r[i] == '_' || r[i] == '.' || unicode.IsLetter(r[i]) || unicode.IsDigit(r[i])) {
				i++
			}
			all = append(all, token{"word", string(r[start:i]), start})
		case unicode.IsDigit(c) || c == '-':
			for i++; i < len(r) && (unicode.IsDigit(r[i]) || r[i] == '.'); i++ {
			}
			all = append(all, token{"number", string(r[start:i]), start})
		case strings.ContainsRune("<>!", c) && i+1 < len(r) && r[i+1] == '=':
			i += 2
			all = append(all, token{string(r[start:i]), string(r[start:i]), start})
		case strings.ContainsRune("()*,=<>", c):
			i++
			all = append(all, token{string(c), string(c), start})
		default:
			return nil, lexical(c, i)
		}
	}
	return append(all, token{"", "<EOF>", len(r)}), nil
}

func lexical(c rune, at int) *fault {
	return parseError("Lexical error at line 1, column %d.  Encountered: %q (%d), after : \"\"", at+1, string(c), c)
}

type queryParser struct {
	tokens []token
	at     int
}

func (p *queryParser) peek() token { return p.tokens[p.at] }

func (p *queryParser) next() token {
	t := p.tokens[p.at]
	if t.kind != "" {
		p.at++
	}
	return t
}

func (p *queryParser) unexpected(want string) *fault {
	t := p.peek()
	return parseError("Encountered \" %s \"\" at line 1, column %d. Was expecting: %s", t.text, t.at+1, want)
}

// word takes the next token if it is this keyword.
func (p *queryParser) word(keyword string) bool {
	if t := p.peek(); t.kind == "word" && strings.EqualFold(t.text, keyword) {
		p.at++
		return true
	}
	return false
}

func (p *queryParser) symbol(s string) bool {
	if p.peek().kind == s {
		p.at++
		return true
	}
	return false
}

func parseQuery(statement string, punctuation bool) (*query, *fault) {
	tokens, bad := lex(statement, punctuation)
	if bad != nil {
		return nil, bad
	}
	p, q := &queryParser{tokens: tokens}, &query{}
	if !p.word("select") {
		return nil, p.unexpected("\"SELECT\"")
	}
	switch {
	case p.symbol("*"):
	case p.word("count"):
		if !p.symbol("(") || !p.symbol("*") || !p.symbol(")") {
			return nil, p.unexpected("\"(*)\"")
		}
		q.count = true
	default:
		return nil, p.unexpected("\"*\" | \"COUNT\"")
	}
	if !p.word("from") {
		return nil, p.unexpected("\"FROM\"")
	}
	if p.peek().kind != "word" {
		return nil, p.unexpected("<IDENTIFIER>")
	}
	q.entity = p.next().text
	if p.word("where") {
		for {
			c, bad := p.condition()
			if bad != nil {
				return nil, bad
			}
			q.conditions = append(q.conditions, c)
			if !p.word("and") {
				break
			}
		}
	}
	ordered := p.word("orderby")
	if !ordered && p.word("order") {
		if ordered = p.word("by"); !ordered {
			return nil, p.unexpected("\"BY\"")
		}
	}
	if ordered {
		for {
			if p.peek().kind != "word" {
				return nil, p.unexpected("<IDENTIFIER>")
			}
			o := ordering{property: p.next().text}
			if p.word("desc") {
				o.descending = true
			} else {
				p.word("asc")
			}
			q.order = append(q.order, o)
			if !p.symbol(",") {
				break
			}
		}
	}
	for {
		switch {
		case q.start == nil && p.word("startposition"):
			if q.start, bad = p.integer(); bad != nil {
				return nil, bad
			}
			continue
		case q.max == nil && p.word("maxresults"):
			if q.max, bad = p.integer(); bad != nil {
				return nil, bad
			}
			continue
		}
		break
	}
	if p.peek().kind != "" {
		return nil, p.unexpected("<EOF>")
	}
	return q, nil
}

func (p *queryParser) integer() (*int, *fault) {
	if p.peek().kind != "number" {
		return nil, p.unexpected("<INTEGER>")
	}
	n, err := strconv.Atoi(p.peek().text)
	if err != nil {
		return nil, p.unexpected("<INTEGER>")
	}
	p.next()
	return &n, nil
}

func (p *queryParser) condition() (condition, *fault) {
	if p.peek().kind != "word" {
		return condition{}, p.unexpected("<IDENTIFIER>")
	}
	c := condition{property: p.next().text}
	switch {
	case p.word("in"):
		c.op = "IN"
		if !p.symbol("(") {
			return c, p.unexpected("\"(\"")
		}
		for {
			l, bad := p.literal()
			if bad != nil {
				return c, bad
			}
			c.values = append(c.values, l)
			if p.symbol(",") {
				continue
			}
			if !p.symbol(")") {
				return c, p.unexpected("\")\" | \",\"")
			}
			return c, nil
		}
	case p.word("like"):
		c.op = "LIKE"
	default:
		t := p.peek()
		if !slices.Contains([]string{"=", "<", ">", "<=", ">=", "!="}, t.kind) {
			return c, p.unexpected("\"=\" | \"<\" | \">\" | \"<=\" | \">=\" | \"IN\" | \"LIKE\"")
		}
		c.op = p.next().kind
	}
	l, bad := p.literal()
	c.values = []literal{l}
	return c, bad
}

func (p *queryParser) literal() (literal, *fault) {
	t := p.peek()
	switch {
	case t.kind == "text":
		p.next()
		return literal{t.text, true}, nil
	case t.kind == "number", t.kind == "word" && (strings.EqualFold(t.text, "true") || strings.EqualFold(t.text, "false")):
		p.next()
		return literal{strings.ToLower(t.text), false}, nil
	}
	return literal{}, p.unexpected("<STRING_LITERAL> | <NUMBER> | \"true\" | \"false\"")
}

// A test is a condition that has been checked against the properties of an entity.
type test struct {
	column column
	op     string
	cells  []cell
	like   []string // the parts between the wildcards, folded
}

func (b *Books) test(c condition, columns map[string]column, others map[string]bool, entity string) (test, *fault) {
	col, ok := columns[strings.ToLower(c.property)]
	switch {
	case ok && !col.filter, !ok && others[strings.ToLower(strings.SplitN(c.property, ".", 2)[0])]:
		return test{}, queryInvalid("property '%s' is not queryable", c.property)
	case !ok:
		return test{}, queryInvalid("Property %s not found for Entity %s", c.property, entity)
	case c.op == "!=", col.kind == idColumn && c.op != "=" && c.op != "IN":
		return test{}, queryInvalid("operator %s is not supported for property '%s'", c.op, c.property)
	case c.op == "LIKE" && col.kind != textColumn:
		return test{}, queryInvalid("operator LIKE is not supported for property '%s'", c.property)
	}
	t := test{column: col, op: c.op}
	for _, l := range c.values {
		v, ok := b.cell(col, l)
		if !ok {
			return t, queryInvalid("value %s is not valid for property '%s'", l.text, c.property)
		}
		t.cells = append(t.cells, v)
	}
	if c.op == "LIKE" {
		t.like = strings.Split(strings.ToLower(c.values[0].text), "%")
	}
	return t, nil
}

// cell reads a literal as a value of a column.
func (b *Books) cell(c column, l literal) (cell, bool) {
	switch c.kind {
	case numberColumn:
		d, err := decimal.NewFromString(l.text)
		return cell{there: true, num: d}, err == nil && len(l.text) < 40
	case boolColumn:
		return cell{there: true, yes: l.text == "true"}, l.text == "true" || l.text == "false"
	case dateColumn:
		return cell{there: true, text: l.text}, Date(l.text).valid()
	case timeColumn:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", time.DateOnly} {
			if at, err := time.ParseInLocation(layout, l.text, b.loc); err == nil {
				return cell{there: true, at: at}, true
			}
		}
		return cell{}, false
	}
	return cell{there: true, text: strings.ToLower(l.text)}, true
}

func (t test) holds(r record) bool {
	v := t.column.of(r)
	if !v.there {
		return false
	}
	switch t.op {
	case "IN":
		return slices.ContainsFunc(t.cells, func(c cell) bool { return t.column.compare(v, c, false) == 0 })
	case "LIKE":
		return like(v.text, t.like)
	}
	n := t.column.compare(v, t.cells[0], false)
	switch t.op {
	case "=":
		return n == 0
	case "<":
		return n < 0
	case ">":
		return n > 0
	case "<=":
		return n <= 0
	}
	return n >= 0
}

// like matches a text with the parts of a pattern between its wildcards.
func like(s string, parts []string) bool {
	if len(parts) == 1 {
		return s == parts[0]
	}
	last := len(parts) - 1
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1:last] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[last])
}
