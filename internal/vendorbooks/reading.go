package vendorbooks

import (
	"encoding/json"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// OneByOne reads records one at a time, where one that cannot be read would hide the others. id is asked of what could
// be read of it.
func OneByOne[W any](raw []json.RawMessage, id func(*W) string) (rows []W, unread []ledger.Unread) {
	if raw == nil {
		return nil, nil
	}
	rows = make([]W, 0, len(raw))
	for _, r := range raw {
		var row W
		err := json.Unmarshal(r, &row)
		if err == nil {
			rows = append(rows, row)
			continue
		}
		u := ledger.Unread{Ref: ledger.Ref{ID: id(&row)}, Code: "unreadable", Detail: "a field cannot be read"}
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			u.Detail = "field " + e.Field + " cannot be read as " + e.Type.String()
		}
		unread = append(unread, u)
	}
	return rows, unread
}

// Dense is how often a moment with more records than fit into a page is read again, when it changes while it is read.
const Dense = 6

// TooDense is a moment that changed whenever it was read.
func TooDense(room, thing string) error {
	return &ledger.Error{
		Kind: ledger.ErrLater, Room: room, Thing: thing, ResumeAt: time.Now().UTC().Add(time.Minute),
		Message: "too much changes within one second to be read without a gap",
	}
}

// Latest returns the last of a page's times. They must rise: a position among records in another order would lose some.
// A record may have none, which is the zero time.
func Latest(room, thing string, times []time.Time) (last time.Time, err error) {
	for _, t := range times {
		if t.IsZero() {
			continue
		}
		if t.Before(last) {
			return last, &ledger.Error{
				Kind: ledger.ErrUnreadable, Room: room, Thing: thing,
				Message: "the records are not in the order that was asked for, and a position among them would lose some",
			}
		}
		last = t
	}
	return last, nil
}

// Chain continues the hash of ids with those of one more page.
func Chain(h uint64, ids []string) uint64 {
	f := fnv.New64a()
	var b [8]byte
	for i := range b {
		b[i] = byte(h >> (8 * i))
	}
	f.Write(b[:])
	for _, id := range ids {
		f.Write([]byte(id))
		f.Write([]byte{0})
	}
	return f.Sum64()
}

// Still reads the pages before page once more and reports whether they hold what they held, which is seen, the
// [Chain] of their ids. If they do, nothing left them in between, and no record can have slid over an edge that had
// been read.
func Still(page int, seen uint64, read func(page int) (ids []string, err error)) (bool, error) {
	var h uint64
	for n := 1; n < page; n++ {
		ids, err := read(n)
		if err != nil {
			return false, err
		}
		h = Chain(h, ids)
	}
	return h == seen, nil
}

// Told is what the page before has shown, so that what two pages overlap in is not told twice.
type Told map[string]time.Time

// Before reports whether a record was shown as it was at that time.
func (t Told) Before(id string, at time.Time) bool {
	then, told := t[id]
	return told && then.Equal(at)
}

// Remember takes a page whose records are shown. moved says that the next page begins elsewhere, at since: then what
// was shown earlier is forgotten, and so is all before since.
func (t Told) Remember(ids []string, times []time.Time, moved bool, since time.Time) {
	if moved {
		clear(t)
	}
	for i, id := range ids {
		if !times[i].IsZero() && !times[i].Before(since) {
			t[id] = times[i]
		}
	}
}

// SplitRefs tells what is asked for by id from what is asked for by number.
func SplitRefs(refs []ledger.Ref) (ids, numbers []string) {
	for _, r := range refs {
		if r.ID != "" {
			ids = append(ids, r.ID)
		} else if r.Number != "" {
			numbers = append(numbers, r.Number)
		}
	}
	return ids, numbers
}

// Numbered is the page of the invoices that answer to numbers, each number told once.
func Numbered(numbers []string, found map[string][]ledger.Invoice, next ledger.Cursor) ledger.Page[ledger.Invoice] {
	page := ledger.Page[ledger.Invoice]{Next: next}
	for i, n := range numbers {
		if !slices.Contains(numbers[:i], n) {
			page.Records = append(page.Records, found[n]...)
		}
	}
	return page
}

// Only is the one invoice that answers to a number: none is [ledger.ErrNotFound], several are [ledger.ErrAmbiguous].
func Only(room, thing string, hits []ledger.Invoice) (ledger.Invoice, error) {
	e := &ledger.Error{Kind: ledger.ErrNotFound, Room: room, Thing: thing, Code: "not_found", Message: "there is no such record"}
	switch len(hits) {
	case 0:
		return ledger.Invoice{}, e
	case 1:
		return hits[0], nil
	}
	e.Kind, e.Code, e.Message = ledger.ErrAmbiguous, "", "several invoices have this number: ask by id"
	return ledger.Invoice{}, e
}
