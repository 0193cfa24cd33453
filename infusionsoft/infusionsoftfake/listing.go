package infusionsoftfake

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The vendor's largest page.
const maxPage = 1000

var ranges = [...]string{"<", "<=", ">", ">="}

// A listing is how one collection is filtered, sorted and cut into pages.
type listing[T any] struct {
	name    string // part of the page tokens: one list's token is refused by another
	fields  map[string]field[T]
	custom  func(name string) (field[T], bool)
	orders  map[string]func(a, b *T) int
	newest  bool // without order_by the newest come first
	visible func(*T) bool
}

// A page is one answer of a list.
type page[T any] struct {
	rows []*T
	next string
	last bool
}

// list answers a request for a page of t. Page tokens are offsets into the filtered rows, as opaque
// text: a row that leaves the rows before an offset between two pages makes the next page skip one.
// The vendor does not say how its tokens work, and this is the kind that loses rows.
func list[T any](t *table[T], l *listing[T], query url.Values, s *Switches) (page[T], error) {
	if err := onlyParameters(query, "filter", "order_by", "page_size", "page_token", "fields"); err != nil {
		return page[T]{}, err
	}
	comparisons, err := parseFilter(query.Get("filter"))
	if err != nil {
		return page[T]{}, err
	}
	clauses, err := compile(comparisons, l.fields, l.custom)
	if err != nil {
		return page[T]{}, err
	}
	key, descending, err := l.orderBy(query.Get("order_by"))
	if err != nil {
		return page[T]{}, err
	}
	size, err := pageSize(query.Get("page_size"), s)
	if err != nil {
		return page[T]{}, err
	}
	question := l.name + "\n" + query.Get("filter") + "\n" + query.Get("order_by")
	offset, err := parsePageToken(query.Get("page_token"), question)
	if err != nil {
		return page[T]{}, err
	}

	rows := l.ordered(t, key)
	var matches []func(*T) bool
	if l.visible != nil {
		matches = append(matches, l.visible)
	}
	for _, c := range clauses {
		if c.key == key && (c.from != nil || c.past != nil) {
			rows = between(rows, c.from, c.past)
		} else {
			matches = append(matches, c.match)
		}
	}
	p := cut(rows, matches, descending, offset, size)
	p.last = p.last && (len(p.rows) < size || s.KnowsTheEnd)
	if !p.last {
		p.next = pageToken(question, offset+len(p.rows))
	}
	return p, nil
}

// cut takes size rows after offset from those that match all.
func cut[T any](rows []*T, matches []func(*T) bool, descending bool, offset, size int) page[T] {
	at := func(i int) *T {
		if descending {
			i = len(rows) - 1 - i
		}
		return rows[i]
	}
	p := page[T]{rows: make([]*T, 0, min(size, len(rows)))}
	if len(matches) == 0 {
		end := min(offset+size, len(rows))
		for i := offset; i < end; i++ {
			p.rows = append(p.rows, at(i))
		}
		p.last = end >= len(rows)
		return p
	}
	p.last = true
next:
	for i := range rows {
		r := at(i)
		for _, match := range matches {
			if !match(r) {
				continue next
			}
		}
		if offset > 0 {
			offset--
			continue
		}
		if len(p.rows) == size {
			p.last = false
			break
		}
		p.rows = append(p.rows, r)
	}
	return p
}

func (l *listing[T]) ordered(t *table[T], key string) []*T {
	if x, ok := t.indexes[key]; ok {
		return x.sorted()
	}
	rows := slices.Clone(t.all())
	slices.SortStableFunc(rows, l.orders[key])
	return rows
}

// orderBy reads "field asc" or "field desc"; the direction may be missing.
func (l *listing[T]) orderBy(text string) (key string, descending bool, err error) {
	if text == "" {
		return "id", l.newest, nil
	}
	key, direction, _ := strings.Cut(text, " ")
	if _, ok := l.orders[key]; !ok {
		return "", false, badRequest("Invalid order_by: unknown field %q", key)
	}
	if direction != "" && direction != "asc" && direction != "desc" {
		return "", false, badRequest("Invalid order_by: direction must be asc or desc, not %q", direction)
	}
	return key, direction == "desc", nil
}

func pageSize(text string, s *Switches) (int, error) {
	size, err := strconv.Atoi(text)
	switch {
	case text == "" || err == nil && size == 0:
		return s.DefaultPageSize, nil
	case err != nil || size < 0 || size > maxPage:
		return 0, badRequest("page_size must be between 0 and %d", maxPage)
	}
	return size, nil
}

func pageToken(question string, offset int) string {
	raw := binary.BigEndian.AppendUint64(nil, questionHash(question))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(raw, uint32(offset)))
}

func parsePageToken(token, question string) (int, error) {
	if token == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 12 || binary.BigEndian.Uint64(raw) != questionHash(question) {
		return 0, badRequest("Invalid page_token")
	}
	return int(binary.BigEndian.Uint32(raw[8:])), nil
}

func questionHash(question string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(question))
	return h.Sum64()
}

// onlyParameters refuses a query parameter that the endpoint does not have: a misspelt filter would
// otherwise silently list everything.
func onlyParameters(query url.Values, known ...string) error {
	for name, values := range query {
		if !slices.Contains(known, name) {
			return badRequest("Unknown query parameter: %s", name)
		}
		if len(values) > 1 && name != "fields" && name != "update_mask" {
			return badRequest("Query parameter %s is given twice", name)
		}
	}
	return nil
}

// lists reads a parameter that may be repeated or a comma list.
func lists(query url.Values, name string) []string {
	var values []string
	for _, v := range query[name] {
		for part := range strings.SplitSeq(v, ",") {
			values = append(values, strings.TrimSpace(part))
		}
	}
	return values
}

func compareTime[T any](get func(*T) time.Time) func(a, b *T) int {
	return func(a, b *T) int { return get(a).Compare(get(b)) }
}

func compareText[T any](get func(*T) string) func(a, b *T) int {
	return func(a, b *T) int { return strings.Compare(get(a), get(b)) }
}

func compareID[T any](get func(*T) int64) func(a, b *T) int {
	return func(a, b *T) int { return compareInt(get(a), get(b)) }
}
