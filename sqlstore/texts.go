package sqlstore

import (
	"strconv"
	"strings"
	"sync"
)

// texts remembers the statements that are put together from parts, so that each is built once and is
// found in a session's prepared ones without being built again.
type texts struct {
	mu    sync.Mutex
	built map[textKey]string
}

// textKey says which statement. With columns above zero it is a list of size rows of so many columns;
// otherwise it is one list of size values whose first placeholder follows -columns others.
type textKey struct {
	head    string
	columns int
	size    int
	tail    string
}

// atMost returns a limit of at least n, one of a few. Limits stand in the text: SQLite prepares a statement
// with a placeholder for one anew each time that it is bound, which costs more than reading the rows.
func atMost(n int) int {
	for _, limit := range [...]int{1, 20, 100, 500, 1000, 10_000} {
		if n <= limit {
			return limit
		}
	}
	return n
}

func (t *texts) get(key textKey) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, ok := t.built[key]
	if !ok {
		text = key.build()
		if t.built == nil {
			t.built = map[textKey]string{}
		}
		t.built[key] = text
	}
	return text
}

func (k textKey) build() string {
	var b strings.Builder
	b.WriteString(k.head)
	list := func(first, n int) {
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString("$" + strconv.Itoa(first+i))
		}
	}
	if k.columns <= 0 {
		b.WriteByte('(')
		list(1-k.columns, k.size)
		b.WriteByte(')')
	}
	for row := range k.size * min(max(k.columns, 0), 1) {
		if row > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('(')
		list(1+row*k.columns, k.columns)
		b.WriteByte(')')
	}
	b.WriteString(k.tail)
	return b.String()
}
