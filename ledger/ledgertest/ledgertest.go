// Package ledgertest is the conformance kit for adapters: the suite that every [ledger.Source] and every
// [ledger.Ledger] passes. Whoever writes one calls [Run] from a test:
//
//	func TestContract(t *testing.T) {
//		ledgertest.Run(t, ledgertest.Harness{
//			Name: "acme",
//			Open: func(t ledgertest.T) ledgertest.World { … },
//		})
//	}
//
// Every case stands for one rule of package ledger, quotes it when it fails and says what goes wrong in a
// customer's books where it does not hold. What an adapter cannot (a power that is nil, [ledger.ErrUnsupported]),
// and what its harness leaves out, is skipped and said to be, with the reason. docs/write-an-adapter.md goes
// from an empty folder to a passing suite.
//
// [Memory] is a complete ledger in memory, for the tests of those who use one.
//
// # What runs where
//
// Cases run one after another, each in a world of its own and, unless [Harness.Sockets] is set, inside a
// bubble of testing/synctest, where minutes pass at once. Never point the suite at a company's books: it
// creates, doubles, voids and breaks things.
package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// T is what the suite needs of a *testing.T.
type T interface {
	Helper()
	Context() context.Context
	Cleanup(func())
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

var _ T = (*testing.T)(nil)

// Case is one rule of the contract.
type Case struct {
	Name string
	Rule string // the sentences, as they stand in package ledger; " … " stands between two of them
	Why  string // what goes wrong where it does not hold

	run func(*suite)
}

// Verdict is how a case ended.
type Verdict string

// The verdicts.
const (
	Passed   Verdict = "ok"
	Failed   Verdict = "FAIL"
	Skipped  Verdict = "skip"
	Deviates Verdict = "deviates" // it fails as [Harness.Deviations] says
)

// Result is how a case ended for an adapter.
type Result struct {
	Case    string
	Verdict Verdict
	Text    string // the failures, or why it was skipped
}

// Run runs all cases, as subtests that are named for the case, and returns how they ended.
func Run(t *testing.T, h Harness) []Result {
	t.Helper()
	for name := range h.Deviations {
		if !slices.ContainsFunc(Cases(), func(c Case) bool { return c.Name == name }) {
			t.Errorf("ledgertest: Deviations names %q, which is no case", name)
		}
	}
	var results []Result
	for _, c := range Cases() {
		r := Result{Case: c.Name, Verdict: Failed}
		t.Run(c.Name, func(t *testing.T) {
			if h.Sockets {
				r = c.under(t, h)
			} else {
				synctest.Test(t, func(t *testing.T) {
					// A bubble's clock starts at the first moment of 2000, which nothing must depend on.
					time.Sleep(time.Until(time.Date(2025, 1, 6, 12, 0, 0, 0, time.UTC)))
					r = c.under(t, h)
					time.Sleep(time.Hour) // answers that nobody waited for arrive, and a bubble ends without them
				})
			}
			if r.Verdict == Skipped || r.Verdict == Deviates {
				t.Skip(r.Text)
			}
		})
		results = append(results, r)
	}
	t.Log(Column{h.Name, results}.summary()) // with -v: what was skipped must not go unseen
	return results
}

// under runs the case in a goroutine of its own, which a failure ends, and lets its verdict through to t.
func (c Case) under(t *testing.T, h Harness) Result {
	t.Helper()
	r := c.Try(t, h)
	reason, deviates := h.Deviations[c.Name]
	switch {
	case r.Verdict == Failed && deviates:
		return Result{c.Name, Deviates, "known deviation: " + reason}
	case r.Verdict == Failed:
		t.Error(r.Text)
	case deviates:
		t.Errorf("%s is listed in Deviations and does not fail any more (%s): take it off the list", c.Name, r.Verdict)
		r.Verdict = Failed
	}
	return r
}

// Try runs the case alone and returns how it ended, without failing t.
func (c Case) Try(t T, h Harness) Result {
	t.Helper()
	w := &watched{T: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				w.said = append(w.said, c.explain(fmt.Sprintf("panic: %v", p)))
				w.verdict = Failed
			}
		}()
		c.Run(w, h)
	}()
	<-done
	if w.verdict == "" {
		w.verdict = Passed
	}
	return Result{c.Name, w.verdict, strings.Join(w.said, "\n")}
}

// Run runs the case alone.
func (c Case) Run(t T, h Harness) {
	t.Helper()
	w := h.Open(t)
	if w.Ledger != nil && w.Source == nil {
		w.Source = w.Ledger
	}
	if w.Source == nil {
		t.Fatalf("ledgertest: Harness.Open returned a World without a Source")
	}
	s := &suite{T: t, c: c, h: h, w: w}
	if w.Ledger != nil {
		s.powers = w.Ledger.Powers()
	}
	c.run(s)
}

func (c Case) explain(text string) string {
	return fmt.Sprintf("%s\n\trule: %s\n\twhy:  %s", text, c.Rule, c.Why)
}

// watched is a T that keeps what a case says and lets nothing through to the real test.
type watched struct {
	T
	verdict Verdict
	said    []string
}

func (w *watched) Errorf(format string, args ...any) {
	w.verdict = Failed
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *watched) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	runtime.Goexit()
}

func (w *watched) Skipf(format string, args ...any) {
	if w.verdict == "" {
		w.verdict = Skipped
		w.said = append(w.said, fmt.Sprintf(format, args...))
	}
	runtime.Goexit()
}

// suite is one run of a case. Its methods fail the test with the rule of the case.
type suite struct {
	T
	c      Case
	h      Harness
	w      World
	powers ledger.Powers

	n       int    // how many names, numbers and marks have been given out
	contact string // of invoices, once there is one
	base    ledger.Currency
}

// bad reports a broken rule and goes on.
func (s *suite) bad(format string, args ...any) {
	s.Helper()
	s.Errorf("%s", s.c.explain(fmt.Sprintf(format, args...)))
}

// broken reports a broken rule and ends the case.
func (s *suite) broken(format string, args ...any) {
	s.Helper()
	s.Fatalf("%s", s.c.explain(fmt.Sprintf(format, args...)))
}

// must ends the case when err is not nil.
func (s *suite) must(err error, doing string, args ...any) {
	s.Helper()
	if err != nil {
		s.broken("%s: %v", fmt.Sprintf(doing, args...), err)
	}
}

// is reports when err is of none of the kinds.
func (s *suite) is(err error, doing string, kinds ...error) {
	s.Helper()
	if !slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) }) {
		s.bad("%s: got error %v, want one that is %q", doing, err, kinds)
	}
}

// same reports when got is not want.
func same[V comparable](s *suite, got, want V, what string, args ...any) {
	s.Helper()
	if got != want {
		s.bad("%s: got %v, want %v", fmt.Sprintf(what, args...), got, want)
	}
}

// pass lets time pass; on the machine's clock it ends the case, since nobody waits that long.
func (s *suite) pass(d time.Duration) {
	s.Helper()
	if s.h.Sockets {
		s.Skipf("needs virtual time, for %s to pass: Harness.Sockets is set", d)
	}
	time.Sleep(d)
}
