package contract

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// A Shape describes answers that the documents do not: what a fact sheet says of one status.
type Shape struct {
	Name   string
	Status int
	Source string // the sheet's line

	// For narrows the shape to some requests; nil is all. The first shape of a list that fits counts.
	For func(*http.Request, *http.Response) bool
	// Type is the content type without its parameters; "" is any.
	Type string
	// Body checks the body; nil takes any.
	Body func(body []byte) error
	// Header checks the headers; nil takes any.
	Header func(http.Header) error

	used int
}

// Shapes check what passes against a list. They are for one goroutine at a time, as [Checker.Observe] is.
type Shapes struct {
	List     []*Shape
	Failures []string
}

// Check looks at one answer. 2xx answers, and statuses below, are the documents' to judge.
func (s *Shapes) Check(r *http.Request, resp *http.Response, body []byte) {
	for _, shape := range s.List {
		if shape.Status != resp.StatusCode || shape.For != nil && !shape.For(r, resp) {
			continue
		}
		shape.used++
		fail := func(format string, args ...any) {
			s.Failures = append(s.Failures, fmt.Sprintf("%s %s: %s (%s): %s", r.Method, r.URL.Path, shape.Name, shape.Source, fmt.Sprintf(format, args...)))
		}
		if t, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); shape.Type != "" && t != shape.Type {
			fail("content type %q, want %s", resp.Header.Get("Content-Type"), shape.Type)
		}
		if shape.Body != nil {
			if err := shape.Body(body); err != nil {
				fail("%v; the body is %.300s", err, body)
			}
		}
		if shape.Header != nil {
			if err := shape.Header(resp.Header); err != nil {
				fail("%v", err)
			}
		}
		return
	}
	s.Failures = append(s.Failures, fmt.Sprintf("%s %s: status %d is in no table: %.300s", r.Method, r.URL.Path, resp.StatusCode, body))
}

// Unused names the shapes that no answer had.
func (s *Shapes) Unused() []string {
	var names []string
	for _, shape := range s.List {
		if shape.used == 0 {
			names = append(names, shape.Name)
		}
	}
	return names
}

// Text wants one of some texts, to the letter.
func Text(texts ...string) func([]byte) error {
	return func(body []byte) error {
		if !slices.Contains(texts, string(body)) {
			return fmt.Errorf("want one of %q", texts)
		}
		return nil
	}
}

// A Field is what a JSON object has under a name.
type Field func(value any) error

// Object wants a JSON object with exactly these members; a name that ends with "?" may be absent.
func Object(fields map[string]Field) func([]byte) error {
	check := objectOf(fields)
	return func(body []byte) error {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		return check(v)
	}
}

func objectOf(fields map[string]Field) Field {
	return func(v any) error {
		object, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("%v is no object", v)
		}
		for name, check := range fields {
			plain, optional := strings.CutSuffix(name, "?")
			value, there := object[plain]
			if !there && optional {
				continue
			}
			if !there {
				return fmt.Errorf("%s is missing", plain)
			}
			if err := check(value); err != nil {
				return fmt.Errorf("%s: %w", plain, err)
			}
		}
		for name := range object {
			if fields[name] == nil && fields[name+"?"] == nil {
				return fmt.Errorf("%s does not belong there", name)
			}
		}
		return nil
	}
}

// Is wants one of some values; numbers are given as float64.
func Is(values ...any) Field {
	return func(v any) error {
		if !slices.Contains(values, v) {
			return fmt.Errorf("%v, want one of %v", v, values)
		}
		return nil
	}
}

// Like wants a text that begins with one of some words, and is not empty.
func Like(beginnings ...string) Field {
	return func(v any) error {
		s, ok := v.(string)
		if !ok || s == "" {
			return fmt.Errorf("%v is no text", v)
		}
		for _, b := range beginnings {
			if strings.HasPrefix(s, b) {
				return nil
			}
		}
		return fmt.Errorf("%q, want one that begins with one of %q", s, beginnings)
	}
}

// ListOf wants a list of at least so many members.
func ListOf(least int, member Field) Field {
	return func(v any) error {
		list, ok := v.([]any)
		if !ok || len(list) < least {
			return fmt.Errorf("%v is no list of %d or more", v, least)
		}
		for i, m := range list {
			if err := member(m); err != nil {
				return fmt.Errorf("%d: %w", i, err)
			}
		}
		return nil
	}
}

// Anything takes any value.
func Anything(any) error { return nil }
