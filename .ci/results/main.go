// Command results judges what "go test -json" has printed, on standard input: every package must have been
// tested and nothing may have been skipped, but for what is on a list with its reason.
//
//	go test -json work | go run ./.ci/results -list .ci/allowed -packages packages.txt
//
// The list has one entry a line, "skip PACKAGE TEST: reason", "skip PACKAGE TEST/* NUMBER: reason" for so many
// tests below one, neither more nor fewer, or "untested PACKAGE: reason", paths below the module's own; an
// entry that nothing needs fails too. Lines with # are comments.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/invoicesync/invoicesync"

type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of a build that has failed
	Elapsed                       float64
}

type pkg struct {
	passed, skipped, failed int
	done, noTests           bool
	elapsed                 float64
}

func main() {
	list := flag.String("list", "", "file of what may be skipped")
	packages := flag.String("packages", "", "file of the packages that must have been tested, one a line")
	must := flag.String("must", "", "tests that must have passed, PACKAGE.TEST separated by commas")
	flag.Parse()
	problems, err := run(os.Stdin, os.Stdout, *list, *packages, *must)
	if err != nil {
		fmt.Fprintln(os.Stderr, "results:", err)
		os.Exit(2)
	}
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, "FAIL", p)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, list, packages, must string) (problems []string, err error) {
	allowed, err := lines(list)
	if err != nil {
		return nil, err
	}
	wanted, err := lines(packages)
	if err != nil {
		return nil, err
	}
	entries := map[string]bool{} // by "skip PACKAGE TEST" and "untested PACKAGE": used
	below := map[string][2]int{} // by "skip PACKAGE TEST/": skipped, and how many are to be
	for _, line := range allowed {
		entry, reason, ok := strings.Cut(line, ": ")
		if !ok || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s: %q has no reason", list, line)
		}
		if head, count, ok := strings.Cut(entry, "* "); ok {
			n, err := strconv.Atoi(count)
			if err != nil {
				return nil, fmt.Errorf("%s: %q: %q is no number", list, line, count)
			}
			below[head] = [2]int{0, n}
			continue
		}
		entries[entry] = false
	}
	excused := func(entry string) bool {
		for head, counts := range below {
			if strings.HasPrefix(entry, head) {
				below[head] = [2]int{counts[0] + 1, counts[1]}
				return true
			}
		}
		_, ok := entries[entry]
		if ok {
			entries[entry] = true
		}
		return ok
	}
	seen, outputs, passed := map[string]*pkg{}, map[string][]string{}, map[string]bool{}
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		var e event
		if json.Unmarshal(scan.Bytes(), &e) != nil {
			problems = append(problems, "go test says: "+scan.Text())
			continue
		}
		if e.Action == "build-output" {
			fmt.Fprint(out, e.Output)
			continue
		}
		if e.Package == "" {
			continue
		}
		p, name := seen[e.Package], room(e.Package)
		if p == nil {
			p = &pkg{}
			seen[e.Package] = p
		}
		key := name + "." + e.Test
		switch {
		case e.Action == "output":
			outputs[key] = append(outputs[key], e.Output)
			if strings.Contains(e.Output, "[no test files]") {
				p.noTests = true
			}
		case e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
			p.done, p.elapsed = true, e.Elapsed
			if e.Action == "fail" {
				problems = append(problems, "package "+name)
				fmt.Fprint(out, strings.Join(outputs[key], ""))
			}
		case e.Action == "pass":
			p.passed++
			passed[key] = true
		case e.Action == "fail":
			p.failed++
			problems = append(problems, key)
			fmt.Fprint(out, strings.Join(outputs[key], ""))
		case e.Action == "skip":
			p.skipped++
			if !excused("skip " + name + " " + e.Test) {
				problems = append(problems, "skipped: "+key+": "+why(outputs[key]))
			}
		}
	}
	if err := scan.Err(); err != nil {
		return nil, err
	}
	for _, path := range wanted {
		p, name := seen[path], room(path)
		switch {
		case p == nil || !p.done:
			problems = append(problems, "not tested: "+name)
		case p.noTests || p.passed+p.skipped+p.failed == 0:
			if !excused("untested " + name) {
				problems = append(problems, "has no tests: "+name)
			}
		}
	}
	for entry, used := range entries {
		if !used {
			problems = append(problems, "nothing needs the entry: "+entry)
		}
	}
	for head, counts := range below {
		if counts[0] != counts[1] {
			problems = append(problems, fmt.Sprintf("%s*: %d were skipped, the list says %d", head, counts[0], counts[1]))
		}
	}
	for name := range strings.SplitSeq(must, ",") {
		if name != "" && !passed[name] {
			problems = append(problems, "must have passed: "+name)
		}
	}
	slices.Sort(problems)
	summary(out, seen)
	if len(seen) == 0 {
		return nil, errors.New("there is nothing on standard input")
	}
	return problems, nil
}

func summary(out io.Writer, seen map[string]*pkg) {
	var total pkg
	slowest, at := "", 0.0
	for path, p := range seen {
		total.passed, total.skipped, total.failed = total.passed+p.passed, total.skipped+p.skipped, total.failed+p.failed
		if p.elapsed > at {
			slowest, at = room(path), p.elapsed
		}
	}
	fmt.Fprintf(out, "%d packages: %d tests passed, %d failed, %d skipped; the slowest is %s with %.1f s\n",
		len(seen), total.passed, total.failed, total.skipped, slowest, at)
}

// room is a package's path below the module's.
func room(path string) string {
	if name := strings.TrimPrefix(strings.TrimPrefix(path, module), "/"); name != "" {
		return name
	}
	return "."
}

// why is what a test said when it was skipped.
func why(output []string) string {
	for _, line := range slices.Backward(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "===") {
			return line
		}
	}
	return "it does not say why"
}

// lines reads a file without its comments and empty lines; "" is no file.
func lines(name string) ([]string, error) {
	if name == "" {
		return nil, nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range strings.Lines(string(b)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all, nil
}
