package contract

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A Deviation is a difference between a vendor's document and its live service that we side with the
// service in.
type Deviation struct {
	Name   string
	Reason string // with the line of the fact sheet

	Operation string // a pattern, see below; "" is any
	Side      Side   // "" is both
	Where     string // a pattern; "" is any
	Rule      string // "" is any

	// Value restricts the values that are let through; nil lets all.
	Value func(any) bool

	used int
}

// In patterns * stands for anything but a slash, ** for anything, and (a|b) for either.

func (d *Deviation) matches(m Mismatch) bool {
	return (d.Side == "" || d.Side == m.Side) && (d.Rule == "" || d.Rule == m.Rule) &&
		(d.Operation == "" || glob(d.Operation, m.Operation)) && (d.Where == "" || glob(d.Where, m.Where)) &&
		(d.Value == nil || d.Value(m.Value))
}

var escapedGlob = strings.NewReplacer(`\*\*`, `.*`, `\*`, `[^/]*`, `\(`, `(`, `\)`, `)`, `\|`, `|`)

func glob(pattern, s string) bool {
	re, err := regexp.Compile("^(?:" + escapedGlob.Replace(regexp.QuoteMeta(pattern)) + ")$")
	return err == nil && re.MatchString(s)
}

// note keeps a mismatch that no deviation explains. Call with the lock held.
func (c *Checker) note(m Mismatch) {
	for _, d := range c.deviations {
		if d.matches(m) {
			d.used++
			return
		}
	}
	key := strings.Join([]string{m.Operation, string(m.Side), m.Where, m.Rule}, "\x00")
	if _, there := c.mismatches[key]; !there {
		c.mismatches[key] = m
	}
}

// Mismatches returns what nothing explains, one of each kind.
func (c *Checker) Mismatches() []Mismatch {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Mismatch
	for _, key := range slices.Sorted(maps.Keys(c.mismatches)) {
		all = append(all, c.mismatches[key])
	}
	return all
}

// Unused names the deviations, aliases and paths outside the documents that nothing made use of.
func (c *Checker) Unused() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, d := range c.deviations {
		if d.used == 0 {
			names = append(names, d.Name)
		}
	}
	for _, o := range c.outside {
		if !o.used {
			names = append(names, o.Method+" "+o.Path)
		}
	}
	for _, s := range c.specs {
		for _, a := range s.Aliases {
			if !a.used {
				names = append(names, a.Name)
			}
		}
	}
	return names
}
