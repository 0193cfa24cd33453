package stranger

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/invoicesync/invoicesync"

// A stranger is a machine with a module cache of its own that knows our modules from the file proxy only.
type stranger struct {
	*testing.T
	env []string
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	if testing.Short() {
		t.Skip("a stranger's module takes a while to build")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sqlstore, err := os.ReadFile(filepath.Join(root, "sqlstore", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	asks := regexp.MustCompile(regexp.QuoteMeta(module) + ` (v\d+\.\d+\.\d+)\n`).FindSubmatch(sqlstore)
	if asks == nil || string(asks[1]) == "v0.0.0" {
		t.Fatalf("sqlstore/go.mod must require the next real version of %s: a fresh go get cannot follow its replace directive", module)
	}
	version := string(asks[1])
	proxy := t.TempDir()
	for dir, path := range map[string]string{"": module, "sqlstore": module + "/sqlstore"} {
		if err := Publish(proxy, filepath.Join(root, dir), path, version); err != nil {
			t.Fatal(err)
		}
	}
	s := &stranger{T: t}
	ask := func(name string) string { return strings.TrimSpace(s.run(root, "go", "env", name)) }
	// The download folder of a module cache is laid out as a proxy is: what this machine has need not be
	// fetched again. -trimpath makes what is built independent of the folder, so that the build cache holds.
	s.env = []string{
		"GOWORK=off", "GOFLAGS=-mod=mod -modcacherw -trimpath", "GOMODCACHE=" + filepath.Join(t.TempDir(), "mod"), "GOSUMDB=off",
		"GOPROXY=file://" + filepath.ToSlash(proxy) + ",file://" + filepath.ToSlash(ask("GOMODCACHE")) + "/cache/download," + ask("GOPROXY"),
	}
	return s
}

func (s *stranger) run(dir string, name string, args ...string) string {
	s.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(s.Context(), name, args...)
	cmd.Dir, cmd.Stderr, cmd.Env = dir, &stderr, append(os.Environ(), s.env...)
	out, err := cmd.Output()
	if err != nil {
		s.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}

// program makes a module around a main.go that requires ours at their newest versions.
func (s *stranger) program(main string, modules ...string) string {
	s.Helper()
	dir := s.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(main), 0o600); err != nil {
		s.Fatal(err)
	}
	s.run(dir, "go", "mod", "init", "example.com/stranger")
	s.run(dir, "go", append([]string{"get"}, modules...)...)
	s.run(dir, "go", "mod", "tidy")
	return dir
}

// TestCore: the Example of the package, word for word, as a program of somebody else. It prints what the
// Example promises, and its module graph has no database, no test library and no vendor's SDK.
func TestCore(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	source, err := os.ReadFile("../../example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	main := strings.Replace(string(source), "package invoicesync_test", "package main", 1)
	main = strings.Replace(main, "func Example()", "func main()", 1)
	dir := s.program(main, module+"@latest")
	_, promise, found := strings.Cut(main, "// Output:\n")
	promise, _, _ = strings.Cut(promise, "\n}")
	if !found {
		t.Fatal("the Example of the root package has no Output")
	}
	want := regexp.MustCompile(`(?m)^\s*// ?`).ReplaceAllString(promise, "")
	if got := s.run(dir, "go", "run", "."); strings.TrimSpace(got) != strings.TrimSpace(want) {
		t.Errorf("the program prints\n%s\nand the Example promises\n%s", got, want)
	}
	allowed := map[string]bool{
		"example.com/stranger": true, module: true, "github.com/shopspring/decimal": true,
		"golang.org/x/oauth2": true, "golang.org/x/text": true, "golang.org/x/time": true,
	}
	for _, line := range strings.Split(strings.TrimSpace(s.run(dir, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", ".")), "\n") {
		if line != "" && !allowed[line] {
			t.Errorf("a user of the core compiles %s", line)
		}
	}
}

// TestSQLite: the embedded store, from its own module.
func TestSQLite(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	dir := s.program(`package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"`+module+`/sqlstore/sqlite"
)

func main() {
	s, err := sqlite.Open(context.Background(), os.Args[1], nil)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	fmt.Println("durable:", s.Info().Durable)
}
`, module+"/sqlstore@latest")
	if got := s.run(dir, "go", "run", ".", filepath.Join(t.TempDir(), "flow.db")); got != "durable: true\n" {
		t.Errorf("the program prints %q", got)
	}
}
