package sqlstore

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadSteps(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	steps, err := readSteps(fstest.MapFS{"migrations/0002_b.sql": file("b"), "migrations/0001_a.sql": file("a")})
	if err != nil || strings.Join(steps, "") != "ab" {
		t.Errorf("got %q, %v", steps, err)
	}
	for name, files := range map[string]fstest.MapFS{
		"none":         {},
		"gap":          {"migrations/0001_a.sql": file("a"), "migrations/0003_c.sql": file("c")},
		"not a number": {"migrations/first.sql": file("a")},
	} {
		if _, err := readSteps(files); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := readSteps(migrations); err != nil {
		t.Error(err)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	var texts texts
	for _, c := range []struct {
		key  textKey
		want string
	}{
		{textKey{"INSERT ", 2, 3, " END"}, "INSERT ($1,$2),($3,$4),($5,$6) END"},
		{textKey{"IN ", -2, 3, ""}, "IN ($3,$4,$5)"},
		{textKey{"IN ", 0, 1, ""}, "IN ($1)"},
	} {
		if got := texts.get(c.key); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}
