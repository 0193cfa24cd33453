package xerofake

import (
	"strings"

	"github.com/invoicesync/invoicesync/faults"
)

// A result is what became of one element of a batch. record renders it under a status attribute.
type result struct {
	failed bool
	broken bool // the books could not be written
	record func(status string) any
}

// batch serves each element of the body on its own: a bad one does not keep the good ones from being
// written, whatever the answer then says.
func (c *call) batch(collection, schema string, serve func(object) result) answer {
	elements, err := c.f.elements(c.body, collection, schema)
	if err != nil {
		return bodyFault(err.Error())
	}
	if len(c.args) > 0 && len(elements) > 1 {
		return bodyFault("the path names one record, the body holds several")
	}
	var good, bad, mixed []any
	for i, in := range elements {
		if c.fault == "400_elements" && i == len(elements)-1 {
			bad = append(bad, struct{ ValidationErrors []message }{messagesOf([]string{"A validation exception occurred"})})
			break
		}
		// A batch is committed element by element, and may be cut off in between.
		if !faults.Element(c.ctx, i) {
			return problem500()
		}
		c.f.mu.Lock()
		r := serve(in)
		c.f.mu.Unlock()
		switch {
		case r.broken:
			return problem500()
		case r.failed:
			mixed = append(mixed, r.record("ERROR"))
			bad = append(bad, r.record(""))
		default:
			mixed = append(mixed, r.record("OK"))
			good = append(good, r.record(""))
		}
	}
	switch {
	case c.fault == "400_elements" || c.fault == "400_elements_all":
		if len(bad) == 0 {
			bad = append(bad, struct{ ValidationErrors []message }{messagesOf([]string{"A validation exception occurred"})})
		}
		return invalid(bad...)
	case strings.EqualFold(c.param("summarizeErrors"), "false"):
		return c.f.envelope(collection, nil, mixed)
	case len(bad) > 0:
		return invalid(bad...)
	}
	return c.f.envelope(collection, nil, good)
}
