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
	body = w.spoil(body, echo)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, nil
}

// spoil alters the lists of an answer, and leaves what is no object of lists as it is.
func (w *wire) spoil(body []byte, echo ledgertest.Fault) []byte {
	var whole map[string]json.RawMessage
	if json.Unmarshal(body, &whole) != nil {
		return body
	}
	for name, raw := range whole {
		var list []map[string]json.RawMessage
		if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
			continue
		}
		for _, rec := range list {
			if id := w.idOf(rec); w.isGarbled(id) {
				rec[w.json.amount] = json.RawMessage(`{"garbled":[true]}`)
			}
		}
		switch echo {
		case ledgertest.Shuffled:
			slices.Reverse(list)
		case ledgertest.WithoutOne:
			list = list[1:]
		case ledgertest.WithoutID:
			for _, field := range w.json.id {
				if _, has := list[0][field]; has {
					list[0][field] = json.RawMessage(strconv.Quote(w.json.zero))
					break
				}
			}
		}
		whole[name], _ = json.Marshal(list)
	}
	body, _ = json.Marshal(whole)
	return body
}

func (w *wire) idOf(rec map[string]json.RawMessage) string {
	for _, field := range w.json.id {
		if raw, has := rec[field]; has {
			return string(bytes.Trim(raw, `"`))
		}
	}
	return ""
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
		w.mu.Lock()
		defer w.mu.Unlock()
		w.echo = append(w.echo, f)
		return nil
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
