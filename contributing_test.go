package invoicesync_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// CONTRIBUTING.md shows the house to who comes in: each room, and each file of the engine by its step.
func TestContributingNamesTheWholeHouse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("CONTRIBUTING.md")
	must(t, err)
	names := func(what, name string) {
		if !strings.Contains(string(text), "`"+name) {
			t.Errorf("CONTRIBUTING.md has no place for the %s %s: give it one", what, name)
		}
	}
	for room := range house {
		if room != "." && !strings.HasSuffix(room, "fake") {
			names("room", strings.TrimPrefix(room, "./"))
		}
	}
	for _, of := range []struct {
		what, pattern string
		least         int
	}{{"room", "internal/*", 3}, {"proof", "proof/*", 10}, {"step of", "*.go", 60}} {
		found, err := filepath.Glob(of.pattern)
		must(t, err)
		n := 0
		for _, path := range found {
			info, err := os.Stat(path)
			must(t, err)
			isFile := strings.HasSuffix(path, ".go")
			if isFile == info.IsDir() || strings.HasSuffix(path, "_test.go") {
				continue
			}
			n++
			switch {
			case of.what == "proof":
				names("proof", filepath.Base(path)+"/")
			case isFile:
				names("file", path+"`")
			default:
				names("room", path)
			}
		}
		if n < of.least {
			t.Errorf("only %d of %s were found", n, of.pattern)
		}
	}
}
