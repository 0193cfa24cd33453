package ledgertest

import (
	"fmt"
	"strings"
)

// Column is the results of one adapter.
type Column struct {
	Name    string
	Results []Result
}

// Table prints cases × adapters: ok, FAIL, skip, deviates, and below it why what was skipped was skipped.
func Table(columns ...Column) string {
	var b strings.Builder
	const width = 48
	by := make([]map[string]Result, len(columns))
	fmt.Fprintf(&b, "%-*s", width, "case")
	for i, c := range columns {
		fmt.Fprintf(&b, " %-*s", max(len(c.Name), len(Deviates)), c.Name)
		by[i] = map[string]Result{}
		for _, r := range c.Results {
			by[i][r.Case] = r
		}
	}
	b.WriteByte('\n')
	for _, c := range Cases() {
		fmt.Fprintf(&b, "%-*s", width, c.Name)
		for i, col := range columns {
			fmt.Fprintf(&b, " %-*s", max(len(col.Name), len(Deviates)), by[i][c.Name].Verdict)
		}
		b.WriteByte('\n')
	}
	for _, col := range columns {
		b.WriteByte('\n')
		b.WriteString(col.summary())
	}
	return b.String()
}

// summary counts the verdicts, and says why what did not pass did not.
func (c Column) summary() string {
	var b strings.Builder
	n := map[Verdict]int{}
	reasons := map[string]int{}
	var order []string
	for _, r := range c.Results {
		n[r.Verdict]++
		if r.Verdict == Passed {
			continue
		}
		first, _, _ := strings.Cut(r.Text, "\n")
		text := string(r.Verdict) + ": " + first
		if reasons[text]++; reasons[text] == 1 {
			order = append(order, text)
		}
	}
	fmt.Fprintf(&b, "%s: %d ok, %d skipped, %d known deviations, %d failed\n", c.Name, n[Passed], n[Skipped], n[Deviates], n[Failed])
	for _, text := range order {
		fmt.Fprintf(&b, "  %3d × %s\n", reasons[text], text)
	}
	return b.String()
}
