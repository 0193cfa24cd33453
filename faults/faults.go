// Package faults is what the vendor fakes share: a wire without sockets, and faults on demand.
//
// A [Plan] holds the faults that a test wants and hands each request the first fault that matches it.
// [Plan.Wrap] puts them in front of a fake's handler, so that the fake itself knows nothing of lost
// answers. The two faults that only the fake can carry out, a batch that is committed element by
// element and an answer that only this vendor can phrase (its own 429, its own 503), are read by the
// fake from the request's context with [Element] and [Answer].
//
//	plan := faults.New(seed)
//	plan.Add(faults.Fault{Method: "PUT", Path: "/Invoices", Kind: faults.LoseAnswer})
//	client := &http.Client{Transport: faults.Transport(plan.Wrap(fake))}
//
// All of it runs on package time, so inside a testing/synctest bubble minutes pass at once. A
// [Plan] and a [Transport] are safe for concurrent use.
package faults

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Kind says what goes wrong.
type Kind string

const (
	// LoseRequest cuts the connection before the vendor has seen the request: nothing is committed.
	LoseRequest Kind = "lose_request"
	// LoseAnswer lets the vendor commit and cuts the connection instead of answering.
	LoseAnswer Kind = "lose_answer"
	// CommitLate cuts the connection at once and commits after [Fault.Delay]: whoever looks
	// in between finds nothing.
	CommitLate Kind = "commit_late"
	// CommitByElement cuts the connection at once and commits the elements of a batch one by one,
	// [Fault.Delay] apart, and only the first [Fault.Elements] of them (0: all).
	CommitByElement Kind = "commit_by_element"
	// Slow commits and answers after [Fault.Delay].
	Slow Kind = "slow"
	// SlowAnswer commits at once and answers after [Fault.Delay].
	SlowAnswer Kind = "slow_answer"
	// Truncate commits and cuts the answer's body in half.
	Truncate Kind = "truncate"
	// HTML commits nothing and answers with a gateway's HTML page, status [Fault.Status] (502 when 0).
	HTML Kind = "html"
	// HTMLAfter commits and answers with a gateway's HTML page, status [Fault.Status] (504 when 0).
	HTMLAfter Kind = "html_after"
	// Garbage commits nothing and answers status [Fault.Status] (200 when 0) with [Fault.Body].
	Garbage Kind = "garbage"
	// Vendor leaves the answer to the fake: it reads [Fault.Name] with [Answer], for instance
	// "429_minute", "401_expired", "503_offline". Each fake documents the names it knows and
	// must answer 500 to a name it does not know.
	Vendor Kind = "vendor"
)

// A Fault goes wrong for the requests it matches.
type Fault struct {
	Kind   Kind
	Name   string                   // for [Vendor]: which answer
	Method string                   // "" matches every method
	Path   string                   // the request's path must end with it; "" matches every path
	Match  func(*http.Request) bool // nil matches all; it may read the body

	Skip  int // let so many matching requests pass first
	Times int // then hit so many (0: one; negative: every one)

	Delay      time.Duration
	Elements   int
	Status     int
	Body       string
	RetryAfter time.Duration // for [Vendor] 429: what the header says (0: the fake's own)
}

// A Plan is a list of faults and the seed that random ones are drawn from.
type Plan struct {
	seed uint64

	mu     sync.Mutex
	faults []*planned
	random func(*rand.Rand, *http.Request) *Fault
	rng    *rand.Rand
	hits   []Hit
}

type planned struct {
	Fault
	seen, hit int
}

// A Hit is a fault that happened.
type Hit struct {
	Fault  Fault
	Method string
	Path   string
	At     time.Time
}

// New returns an empty plan. Print the seed when a test fails: it replays the random faults.
func New(seed uint64) *Plan {
	return &Plan{seed: seed, rng: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))}
}

// Seed returns the seed.
func (p *Plan) Seed() uint64 { return p.seed }

// Add appends faults. It returns the plan itself. The first one that matches a request hits it.
func (p *Plan) Add(faults ...Fault) *Plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range faults {
		p.faults = append(p.faults, &planned{Fault: f})
	}
	return p
}

// Random draws a fault, or nil, for each request that no listed fault hits. Draws happen in the order
// of the requests.
func (p *Plan) Random(draw func(*rand.Rand, *http.Request) *Fault) *Plan {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.random = draw
	return p
}

// Clear removes all faults, the random ones too; hits stay.
func (p *Plan) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.random = nil, nil
}

// Hits returns what has happened so far, in order.
func (p *Plan) Hits() []Hit {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Hit(nil), p.hits...)
}

func (p *Plan) next(r *http.Request, whole func()) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		whole()
		if f.Method != "" && f.Method != r.Method || !strings.HasSuffix(r.URL.Path, f.Path) || f.Match != nil && !f.Match(r) {
			continue
		}
		f.seen++
		times := max(f.Times, 1)
		if f.seen <= f.Skip || f.Times >= 0 && f.hit >= times {
			continue
		}
		f.hit++
		return p.record(&f.Fault, r)
	}
	if p.random != nil {
		whole()
		if f := p.random(p.rng, r); f != nil {
			return p.record(f, r)
		}
	}
	return nil
}

func (p *Plan) record(f *Fault, r *http.Request) *Fault {
	p.hits = append(p.hits, Hit{Fault: *f, Method: r.Method, Path: r.URL.Path, At: time.Now().UTC()})
	return f
}

// Wrap returns vendor with the plan's faults in front of it. A nil plan never faults.
func (p *Plan) Wrap(vendor http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f *Fault
		if p != nil {
			// Whoever looks for a match may read the body; the vendor gets it whole all the same.
			var body []byte
			if r.Body != nil {
				var err error
				if body, err = io.ReadAll(r.Body); err != nil {
					panic(http.ErrAbortHandler)
				}
			}
			whole := func() { r.Body = io.NopCloser(bytes.NewReader(body)) }
			f = p.next(r, whole)
			whole()
		}
		if f == nil {
			vendor.ServeHTTP(w, r)
			return
		}
		p.carryOut(f, vendor, w, r)
	})
}

func (p *Plan) carryOut(f *Fault, vendor http.Handler, w http.ResponseWriter, r *http.Request) {
	commit := func() *recorder {
		rec := newRecorder()
		vendor.ServeHTTP(rec, r)
		return rec
	}
	switch f.Kind {
	case LoseRequest:
		panic(http.ErrAbortHandler)
	case LoseAnswer:
		commit()
		panic(http.ErrAbortHandler)
	case CommitLate, CommitByElement:
		late := outlive(r)
		if f.Kind == CommitByElement {
			late = late.WithContext(context.WithValue(late.Context(), elementsKey{}, f))
		}
		delay := f.Delay
		if f.Kind == CommitByElement {
			delay = 0
		}
		go func() {
			time.Sleep(delay)
			vendor.ServeHTTP(newRecorder(), late)
		}()
		panic(http.ErrAbortHandler)
	case Slow:
		late := outlive(r)
		time.Sleep(f.Delay)
		vendor.ServeHTTP(w, late)
	case SlowAnswer:
		rec := commit()
		time.Sleep(f.Delay)
		rec.copyTo(w, false)
	case Truncate:
		commit().copyTo(w, true)
	case HTML, HTMLAfter:
		status := f.Status
		if f.Kind == HTMLAfter {
			commit()
			if status == 0 {
				status = http.StatusGatewayTimeout
			}
		}
		if status == 0 {
			status = http.StatusBadGateway
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<html><head><title>%d %s</title></head><body><h1>%s</h1></body></html>", status, http.StatusText(status), http.StatusText(status))
	case Garbage:
		status := f.Status
		if status == 0 {
			status = http.StatusOK
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, f.Body)
	case Vendor:
		vendor.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), answerKey{}, f)))
	default:
		panic(fmt.Sprintf("faults: unknown kind %q", f.Kind))
	}
}

// outlive returns a request that can be served when its connection is gone: its body is read while it
// is there. A request that did not arrive in full is never served.
func outlive(r *http.Request) *http.Request {
	late, err := detach(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return late
}

type (
	elementsKey struct{}
	answerKey   struct{}
)

// Element is called by a fake before it commits element i (from 0) of a batch. It waits where a
// [CommitByElement] fault says so, and reports whether the element is committed at all. A fake must
// not hold a lock while it calls Element.
func Element(ctx context.Context, i int) bool {
	f, ok := ctx.Value(elementsKey{}).(*Fault)
	if !ok {
		return true
	}
	if f.Elements > 0 && i >= f.Elements {
		return false
	}
	time.Sleep(f.Delay)
	return true
}

// Answer returns the [Vendor] fault of this request, if there is one.
func Answer(ctx context.Context) (Fault, bool) {
	f, ok := ctx.Value(answerKey{}).(*Fault)
	if !ok {
		return Fault{}, false
	}
	return *f, true
}
