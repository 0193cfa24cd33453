package contract

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// Count returns how many requests to an operation, and how many of its answers, were validated.
func (c *Checker) Count(op *Operation) (requests, responses int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := c.counts[op]; n != nil {
		return n.requests, n.responses
	}
	return 0, 0
}

// Table prints operations × validated counts: those that were seen, and those of used, which are marked.
func (c *Checker) Table(used []*Operation) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := slices.Clone(used)
	for op := range c.counts {
		if !slices.Contains(all, op) {
			all = append(all, op)
		}
	}
	slices.SortFunc(all, func(a, b *Operation) int { return strings.Compare(a.String(), b.String()) })
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "operation\tadapter\trequests\tanswers")
	for _, op := range slices.Compact(all) {
		mark := ""
		if slices.Contains(used, op) {
			mark = "uses it"
		}
		n := c.counts[op]
		if n == nil {
			n = &count{}
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\n", op, mark, n.requests, n.responses)
	}
	_ = w.Flush()
	return b.String()
}
