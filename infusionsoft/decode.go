package infusionsoft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// A row is one element of a list. Where it could not be read, unread says why, and id and modified are
// what could.
type row[T any] struct {
	id       string
	modified instant
	value    *T
	unread   *ledger.Unread
}

// A list is one answer of a list endpoint.
type list[T any] struct {
	rows  []row[T]
	token string // of the next page; "" at the end
}

// A shape knows the answers of one list endpoint.
type shape[T any] struct {
	key  string // of the array
	fast func([]byte) ([]T, text, error)
	id   func(*T) (id text, modified instant)
}

var (
	orderShape = shape[wireOrder]{
		key: "orders",
		fast: func(b []byte) ([]wireOrder, text, error) {
			var p struct {
				List []wireOrder `json:"orders"`
				Next text        `json:"next_page_token"`
			}
			// An order has about as many bytes here as there. Growing by and by would cost several times that.
			p.List = make([]wireOrder, 0, min(len(b)/1000+1, MaxPageSize))
			err := json.Unmarshal(b, &p)
			return p.List, p.Next, err
		},
		id: func(w *wireOrder) (text, instant) { return w.ID, w.Modified },
	}
	rowShape = shape[wireRow]{
		key: "invoice_order_payments",
		fast: func(b []byte) ([]wireRow, text, error) {
			var p struct {
				List []wireRow `json:"invoice_order_payments"`
				Next text      `json:"next_page_token"`
			}
			err := json.Unmarshal(b, &p)
			return p.List, p.Next, err
		},
		id: func(w *wireRow) (text, instant) { return w.ID, w.Updated },
	}
	paymentShape = shape[wirePayment]{
		key: "payments",
		fast: func(b []byte) ([]wirePayment, text, error) {
			var p struct {
				List []wirePayment `json:"payments"`
				Next text          `json:"next_page_token"`
			}
			err := json.Unmarshal(b, &p)
			return p.List, p.Next, err
		},
		id: func(w *wirePayment) (text, instant) { return w.ID, w.Updated },
	}
)

// decodeList reads one answer. A page is decoded at once, into memory of its own. Only when something
// in it is not what it should be, its elements are decoded one by one, so that one bad record costs
// nobody else's.
func decodeList[T any](body []byte, s *shape[T]) (list[T], error) {
	body = withoutBOM(body)
	values, next, err := s.fast(body)
	if err == nil && len(values) > 0 {
		l := list[T]{token: next.trimmed(), rows: make([]row[T], 0, len(values))}
		for i := range values {
			l.rows = append(l.rows, newRow(&values[i], s))
		}
		return l, nil
	}
	return decodeSlowly(body, s)
}

func decodeSlowly[T any](body []byte, s *shape[T]) (list[T], error) {
	var page map[string]json.RawMessage
	if err := json.Unmarshal(body, &page); err != nil {
		return list[T]{}, errors.New(describe(err))
	}
	var next text
	if raw, ok := page["next_page_token"]; ok {
		if err := next.UnmarshalJSON(raw); err != nil {
			return list[T]{}, errors.New("next_page_token is no string")
		}
	}
	raw, ok := page[s.key]
	if delete(page, "next_page_token"); !ok && len(page) > 0 {
		// An error with status 200 looks like this; an empty list may leave out its array.
		return list[T]{}, fmt.Errorf("the answer has no %s", s.key)
	}
	var elements []json.RawMessage
	if ok {
		if err := json.Unmarshal(raw, &elements); err != nil {
			return list[T]{}, fmt.Errorf("%s is no array", s.key)
		}
	}
	l := list[T]{token: next.trimmed(), rows: make([]row[T], 0, len(elements))}
	for _, e := range elements {
		v := new(T)
		if err := json.Unmarshal(e, v); err != nil {
			l.rows = append(l.rows, unreadRow(e, s, describe(err)))
			continue
		}
		l.rows = append(l.rows, newRow(v, s))
	}
	return l, nil
}

// newRow is a row that was read; without an id it is of no use.
func newRow[T any](v *T, s *shape[T]) row[T] {
	id, modified := s.id(v)
	r := row[T]{id: id.trimmed(), modified: modified, value: v}
	if !isID(r.id) {
		r.value = nil
		r.unread = &ledger.Unread{Code: "unreadable", Detail: s.key + ": a record without a usable id"}
		r.id = ""
	}
	return r
}

// unreadRow saves id and time of a record that could not be read.
func unreadRow[T any](e json.RawMessage, s *shape[T], why string) row[T] {
	var fields struct {
		ID      json.RawMessage `json:"id"`
		Changed json.RawMessage `json:"modification_time"`
	}
	var r row[T]
	if json.Unmarshal(e, &fields) == nil {
		var id text
		if id.UnmarshalJSON(fields.ID) == nil && isID(id.trimmed()) {
			r.id = id.trimmed()
		}
		if len(fields.Changed) == 0 || r.modified.UnmarshalJSON(fields.Changed) != nil {
			r.modified = instant{}
		}
	}
	r.unread = &ledger.Unread{Ref: ledger.Ref{ID: r.id}, Code: "unreadable", Detail: s.key + ": " + why}
	return r
}

// decodeOne reads an answer that is one record.
func decodeOne(body []byte, into any) error { return json.Unmarshal(withoutBOM(body), into) }

func withoutBOM(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) }

// readList is decodeList of an answer.
func readList[T any](thing string, resp *vendorhttp.Response, s *shape[T]) (list[T], error) {
	l, err := decodeList(resp.Body, s)
	if err != nil {
		return l, unreadable(thing, resp, err.Error())
	}
	return l, nil
}
