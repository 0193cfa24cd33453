package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// token is the bearer token of all adapters. It must show up in no error.
const token = "tok-9f31c0de"

// wire is the transport between an adapter and its fake. It counts what leaves the adapter, and spoils answers in
// the ways that need to know the vendor's JSON.
type wire struct {
	base http.RoundTripper
	json shape
	plan *faults.Plan

	mu       sync.Mutex
	token    string
	header   map[string]string // set on every request
	requests []ledgertest.Request
	garbled  map[string]bool
	echo     []ledgertest.Fault // of the next writes
}

// shape is what is known of a vendor's answers.
type shape struct {
	id     []string // the fields that hold a record's id
	zero   string   // an id that is none
	amount string   // the field that is garbled
	alone  bool     // the answer to a write is one record and no list
	// failure is what is answered with 500 after a write was carried out, where the fake has no such answer.
	failure string
	// named are the faults that only the fake can phrase.
	named map[ledgertest.Fault]string
}

func newWire(base http.RoundTripper, plan *faults.Plan, s shape) *wire {
	return &wire{base: base, json: s, plan: plan, token: token, header: map[string]string{}, garbled: map[string]bool{}}
}

func (w *wire) client() *http.Client { return &http.Client{Transport: w} }

func writes(r *http.Request) bool { return r.Method != http.MethodGet }

// RoundTrip implements [http.RoundTripper].
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	w.mu.Lock()
	r.Header.Set("Authorization", "Bearer "+w.token)
	for k, v := range w.header {
		r.Header.Set(k, v)
	}
	w.requests = append(w.requests, ledgertest.Request{Write: writes(r), At: time.Now()})
	spoiled := len(w.garbled) > 0
	var echo ledgertest.Fault
	if writes(r) && len(w.echo) > 0 {
		echo, w.echo = w.echo[0], w.echo[1:]
	}
	w.mu.Unlock()
	resp, err := w.base.RoundTrip(r)
	if err != nil || !spoiled && echo == "" {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	if echo == ledgertest.ServerError {
		body, resp.StatusCode, resp.Status = []byte(w.json.failure), http.StatusInternalServerError, "500 Internal Server Error"
	} else {
		body = w.spoil(body, echo)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, nil
}

// spoil alters the records of an answer, and the lists at its top.
func (w *wire) spoil(body []byte, echo ledgertest.Fault) []byte {
	var whole map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&whole) != nil {
		return body
	}
	w.garbleIn(whole)
	if w.json.alone {
		switch rec, field := w.recordIn(whole); {
		case echo == ledgertest.WithoutOne: // it speaks of nothing
			whole = map[string]any{}
		case echo == ledgertest.WithoutID && rec != nil:
			rec[field] = w.json.zero
		}
	}
	for name, v := range whole {
		list, _ := v.([]any)
		if len(list) == 0 {
			continue
		}
		switch echo {
		case ledgertest.Shuffled:
			slices.Reverse(list)
		case ledgertest.WithoutOne:
			whole[name] = list[1:]
		case ledgertest.WithoutID:
			if rec, field := w.recordIn(list[0]); rec != nil {
				rec[field] = w.json.zero
			}
		}
	}
	body, _ = json.Marshal(whole)
	return body
}

// garbleIn makes the amounts of garbled records unreadable, wherever they stand below v.
func (w *wire) garbleIn(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			w.garbleIn(x)
		}
	case map[string]any:
		if rec, field := w.recordIn(v); rec != nil && rec[w.json.amount] != nil && w.isGarbled(fmt.Sprint(rec[field])) {
			rec[w.json.amount] = map[string]any{"garbled": []bool{true}}
		}
		for _, x := range v {
			w.garbleIn(x)
		}
	}
}

// recordIn returns v, or what v wraps, as far as it has an id, and the field that holds it.
func (w *wire) recordIn(v any) (rec map[string]any, field string) {
	outer, _ := v.(map[string]any)
	for _, field := range w.json.id {
		if _, has := outer[field]; has {
			return outer, field
		}
	}
	for _, inner := range outer { // QuickBooks: {"bId": …, "Invoice": {…}}
		inner, _ := inner.(map[string]any)
		for _, field := range w.json.id {
			if _, has := inner[field]; has && outer["bId"] != nil {
				return inner, field
			}
		}
	}
	return nil, ""
}

func (w *wire) isGarbled(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.garbled[id]
}

func (w *wire) garble(id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.garbled[id] = true
	return nil
}

func (w *wire) sent() []ledgertest.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// lead makes the connection lead elsewhere.
func (w *wire) lead(bearer string, header map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token, w.header = bearer, header
}

// spoilNext spoils the answer to the next write.
func (w *wire) spoilNext(f ledgertest.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.echo = append(w.echo, f)
}

// inject is World.Inject.
func (w *wire) inject(write bool, f ledgertest.Fault) error {
	fault := faults.Fault{Times: 1, Match: func(r *http.Request) bool { return writes(r) == write }}
	switch f {
	case ledgertest.LoseRequest:
		fault.Kind = faults.LoseRequest
	case ledgertest.LoseAnswer:
		fault.Kind = faults.LoseAnswer
	case ledgertest.CommitLate:
		fault.Kind, fault.Delay = faults.CommitLate, 30*time.Second
	case ledgertest.Truncated:
		fault.Kind = faults.Truncate
	case ledgertest.HTML:
		fault.Kind = faults.HTML
	case ledgertest.HTMLAfter:
		fault.Kind = faults.HTMLAfter
	case ledgertest.Hang:
		fault.Kind, fault.Delay = faults.SlowAnswer, 10*time.Minute
	case ledgertest.Shuffled, ledgertest.WithoutOne, ledgertest.WithoutID:
		w.spoilNext(f)
		return nil
	case ledgertest.ServerError:
		if write && w.json.failure != "" {
			w.spoilNext(f)
			return nil
		}
		fault.Kind, fault.Name = faults.Vendor, w.json.named[f]
	default:
		name, known := w.json.named[f]
		if !known {
			return fmt.Errorf("the fake has no answer for %q: %w", f, errors.ErrUnsupported)
		}
		fault.Kind, fault.Name = faults.Vendor, name
	}
	w.plan.Add(fault)
	return nil
}
