package xerofake

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

type record interface {
	comparable
	recordID() string
	updatedAt() time.Time
}

func (i *Invoice) recordID() string        { return i.ID }
func (i *Invoice) updatedAt() time.Time    { return i.Updated }
func (c *CreditNote) recordID() string     { return c.ID }
func (c *CreditNote) updatedAt() time.Time { return c.Updated }
func (p *Payment) recordID() string        { return p.PaymentID }
func (p *Payment) updatedAt() time.Time    { return p.Updated }
func (c *Contact) recordID() string        { return c.ContactID }
func (c *Contact) updatedAt() time.Time    { return c.Updated }

// A timeline keeps records by id and in Xero's default order: UpdatedDateUTC, then id.
type timeline[T record] struct {
	byID   map[string]T
	sorted []T
}

func compareRecords[T record](a, b T) int {
	if c := a.updatedAt().Compare(b.updatedAt()); c != 0 {
		return c
	}
	return strings.Compare(a.recordID(), b.recordID())
}

// put adds or replaces a record and returns what it replaced.
func (t *timeline[T]) put(r T) (old T, replaced bool) {
	if t.byID == nil {
		t.byID = map[string]T{}
	}
	if old, replaced = t.byID[r.recordID()]; replaced {
		if i, ok := slices.BinarySearchFunc(t.sorted, old, compareRecords); ok {
			t.sorted = slices.Delete(t.sorted, i, i+1)
		}
	}
	t.byID[r.recordID()] = r
	i := len(t.sorted)
	if i > 0 && compareRecords(t.sorted[i-1], r) > 0 {
		i, _ = slices.BinarySearchFunc(t.sorted, r, compareRecords)
	}
	t.sorted = slices.Insert(t.sorted, i, r)
	return old, replaced
}

func (t *timeline[T]) get(id string) (T, bool) {
	r, ok := t.byID[strings.ToLower(id)]
	return r, ok
}

// since returns the records updated at or after an instant. The slice is valid while the lock is held.
func (t *timeline[T]) since(from time.Time) []T {
	i, _ := slices.BinarySearchFunc(t.sorted, from, func(r T, from time.Time) int {
		if r.updatedAt().Before(from) {
			return -1
		}
		return 1
	})
	return t.sorted[i:]
}

// An index maps a key to ids in the order they came.
type index map[string][]string

func (x *index) add(key, id string) {
	if *x == nil {
		*x = index{}
	}
	if key != "" && !slices.Contains((*x)[key], id) {
		(*x)[key] = append((*x)[key], id)
	}
}

// append adds an id that is known not to be there.
func (x *index) append(key, id string) {
	if *x == nil {
		*x = index{}
	}
	(*x)[key] = append((*x)[key], id)
}

func (x *index) drop(key, id string) {
	ids := slices.DeleteFunc(slices.Clone((*x)[key]), func(i string) bool { return i == id })
	if len(ids) == 0 {
		delete(*x, key)
	} else {
		(*x)[key] = ids
	}
}

// fold makes texts comparable the way Xero compares them: without case and, for the Latin letters,
// without accents.
func fold(s string) string {
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.Is(unicode.Mn, r) { // a combining accent of a decomposed letter
			continue
		}
		r = unicode.ToLower(r)
		if plain, ok := unaccented[r]; ok {
			b.WriteString(plain)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

var unaccented = func() map[rune]string {
	m := map[rune]string{}
	for plain, letters := range map[string]string{
		"a": "àáâãäåāăą", "c": "çćĉċč", "d": "ďđ", "e": "èéêëēĕėęě", "g": "ĝğġģ", "h": "ĥħ", "i": "ìíîïĩīĭįı",
		"j": "ĵ", "k": "ķ", "l": "ĺļľŀł", "n": "ñńņňŉ", "o": "òóôõöøōŏő", "r": "ŕŗř", "s": "śŝşš", "t": "ţťŧ",
		"u": "ùúûüũūŭůűų", "w": "ŵ", "y": "ýÿŷ", "z": "źżž", "ae": "æ", "oe": "œ", "ss": "ß",
	} {
		for _, r := range letters {
			m[r] = plain
		}
	}
	return m
}()
