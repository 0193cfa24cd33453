package contract

import (
	"os"
	"path/filepath"
	"testing"
)

// specsFolder returns where the vendors' documents are, or skips.
func specsFolder(t *testing.T) string {
	t.Helper()
	folder := os.Getenv("INVOICESYNC_SPECS")
	if folder == "" {
		t.Skip("INVOICESYNC_SPECS is not set: the vendors' OpenAPI documents are not part of this repository, so adapters and fakes were not held against them")
	}
	return folder
}

func load(t *testing.T, name, file, prefix string, aliases ...*Alias) *Spec {
	t.Helper()
	s, err := Load(name, filepath.Join(specsFolder(t), filepath.FromSlash(file)), prefix)
	if err != nil {
		t.Fatal(err)
	}
	s.Aliases = aliases
	return s
}

// settle prints the table and fails on everything that is left: mismatches, lists that name more than
// happens, operations that an adapter uses and nothing has validated.
func settle(t *testing.T, c *Checker, shapes *Shapes, used []*Operation) {
	t.Helper()
	t.Logf("operations × validated\n%s", c.Table(used))
	for _, m := range c.Mismatches() {
		t.Errorf("mismatch: %s", m)
	}
	for _, f := range shapes.Failures {
		t.Errorf("error answer: %s", f)
	}
	for _, name := range c.Unused() {
		t.Errorf("the deviation %q is not needed: take it off the list", name)
	}
	for _, name := range shapes.Unused() {
		t.Errorf("no answer had the shape %q: test it, or take it off the table", name)
	}
	for _, op := range used {
		if requests, responses := c.Count(op); requests == 0 || responses == 0 {
			t.Errorf("the adapter uses %s, and %d of its requests and %d of its answers were validated", op, requests, responses)
		}
	}
}

// uses looks operations up; a list that names one that the document does not have is wrong.
func uses(t *testing.T, s *Spec, list ...[2]string) []*Operation {
	t.Helper()
	var ops []*Operation
	for _, one := range list {
		op, ok := s.Operation(one[0], one[1])
		if !ok {
			t.Fatalf("%s has no operation %s %s", s.Name, one[0], one[1])
		}
		ops = append(ops, op)
	}
	return ops
}
