package invoicesync_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"
)

var update = flag.Bool("update", false, "write docs/reason-codes.md anew")

// Every code has one line in the table, and the line says all of it.
func TestCodes(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range invoicesync.Codes() {
		if seen[c.Code] {
			t.Errorf("%s has two lines", c.Code)
		}
		seen[c.Code] = true
		if !regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`).MatchString(c.Code) {
			t.Errorf("%q does not look like a code", c.Code)
		}
		if !regexp.MustCompile(`^[A-Z].*\.$`).MatchString(c.Meaning) {
			t.Errorf("%s: its meaning is no sentence: %q", c.Code, c.Meaning)
		}
		if c.Stands == "" || c.Mends == "" {
			t.Errorf("%s does not say where its record stands, or whose doing mends it", c.Code)
		}
		if c.Sticky && c.Mends != invoicesync.MendPerson {
			t.Errorf("%s: only a person lets go on what no change does, not %q", c.Code, c.Mends)
		}
		if held := c.Stands == invoicesync.StandsHeld; held && !c.Owed || c.Owed && c.Stands == invoicesync.StandsAside {
			t.Errorf("%s stands %q, and owed is %t", c.Code, c.Stands, c.Owed)
		}
		if invoicesync.Explain(c.Code) != c {
			t.Errorf("Explain and Codes say different things of %s", c.Code)
		}
	}
	for _, c := range eligibility.Codes() {
		info := invoicesync.Explain(c.Code)
		if skips := info.Stands == invoicesync.StandsAside; skips != (c.Disposition == eligibility.Skip) {
			t.Errorf("%s is to %s for eligibility, and stands %q", c.Code, c.Disposition, info.Stands)
		}
	}
	strange := invoicesync.Explain("of_an_adapter")
	if strange.Code != "of_an_adapter" || !strange.Owed || strange.Sticky || strange.Stands != invoicesync.StandsHeld || strange.Meaning == "" {
		t.Errorf("an adapter's own code: %+v", strange)
	}
}

// constantsOf returns the string constants of a package's files whose names begin with prefix, by name.
func constantsOf(t *testing.T, prefix string, files ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		must(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, name := range spec.Names {
				if !strings.HasPrefix(name.Name, prefix) || i >= len(spec.Values) {
					continue
				}
				if value, ok := spec.Values[i].(*ast.BasicLit); ok && value.Kind == token.STRING {
					found[name.Name], err = strconv.Unquote(value.Value)
					must(t, err)
				}
			}
			return true
		})
	}
	return found
}

// What a program can name is in the table, and the table names nothing that no program can.
func TestEveryCodeConstantIsInTheTable(t *testing.T) {
	t.Parallel()
	constants := map[string]bool{}
	for _, of := range []struct{ prefix, file string }{
		{"Code", "codes.go"}, {"Code", "eligibility/codes.go"}, {"Refused", "ledger/writer.go"},
	} {
		found := constantsOf(t, of.prefix, of.file)
		if len(found) < 10 {
			t.Fatalf("%s: only %d constants begin with %s", of.file, len(found), of.prefix)
		}
		for name, code := range found {
			constants[code] = true
			if !known(code) {
				t.Errorf("%s: %s is not in the table", of.file, name)
			}
		}
	}
	for _, c := range invoicesync.Codes() {
		if !constants[c.Code] {
			t.Errorf("%s is in the table, and no constant has it", c.Code)
		}
	}
}

func known(code string) bool {
	for _, c := range invoicesync.Codes() {
		if c.Code == code {
			return true
		}
	}
	return false
}

// reasonMakers are the functions that put a code into a reason, and which argument it is.
var reasonMakers = map[string]int{"parked": 0, "parkedIn": 1, "skipped": 0, "park": 1, "flag": 1, "change": 4, "changeContent": 4}

// A code enters a reason as a constant, which the test above finds in the table, or as an adapter's own word; never
// as a text that only one place knows.
func TestNoReasonHasACodeOfItsOwn(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	must(t, err)
	calls := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		must(t, err)
		literal := func(e ast.Expr) {
			if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING && lit.Value != `""` {
				t.Errorf("%s: the code %s is written out; give it a constant in codes.go and a line in codetable.go", set.Position(lit.Pos()), lit.Value)
			}
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if i, ok := reasonMakers[nameOf(n.Fun)]; ok && i < len(n.Args) {
					calls++
					literal(n.Args[i])
				}
			case *ast.CompositeLit:
				inReason(n, literal)
			case *ast.BinaryExpr:
				// Nor is a reason recognised by a text.
				if nameOf(n.X) == "Code" || nameOf(n.X) == "code" {
					literal(n.Y)
				}
			case *ast.ValueSpec:
				// Nor under a name that is no code's of the table.
				for i, name := range n.Names {
					if file != "codes.go" && strings.HasPrefix(strings.ToLower(name.Name), "code") && i < len(n.Values) {
						literal(n.Values[i])
					}
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if (nameOf(left) == "Code" || nameOf(left) == "code") && i < len(n.Rhs) {
						literal(n.Rhs[i])
					}
				}
			}
			return true
		})
	}
	if calls < 60 {
		t.Errorf("only %d places that make a reason were found: their functions have other names now", calls)
	}
}

// inReason passes the code of a literal of a reason, or of several, to f.
func inReason(lit *ast.CompositeLit, f func(ast.Expr)) {
	name := nameOf(lit.Type)
	if array, ok := lit.Type.(*ast.ArrayType); ok {
		for _, e := range lit.Elts {
			if one, ok := e.(*ast.CompositeLit); ok && one.Type == nil && nameOf(array.Elt) == "Reason" {
				codeIn(one, f)
			}
		}
		return
	}
	if name == "Reason" || name == "Unread" {
		codeIn(lit, f)
	}
}

func codeIn(lit *ast.CompositeLit, f func(ast.Expr)) {
	for _, e := range lit.Elts {
		if pair, ok := e.(*ast.KeyValueExpr); ok && nameOf(pair.Key) == "Code" {
			f(pair.Value)
		}
	}
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// The page for people is made from the table: go test -run TestReasonCodesPage -update . writes it.
func TestReasonCodesPage(t *testing.T) {
	t.Parallel()
	const page = "docs/reason-codes.md"
	want := reasonCodesPage()
	if *update {
		must(t, os.WriteFile(page, []byte(want), 0o644))
	}
	have, err := os.ReadFile(page)
	must(t, err)
	if string(have) != want {
		t.Errorf("%s does not say what Codes says: go test -run TestReasonCodesPage -update .", page)
	}
}

func reasonCodesPage() string {
	var b strings.Builder
	b.WriteString("# Reason codes\n\n" +
		"Whatever is not written, or needs a look, has a reason with a code. Codes are stable. This page is made from\n" +
		"`invoicesync.Codes()`; `invoicesync.Explain(code)` says the same in a program. An adapter has codes of its own\n" +
		"beside these, for records that it cannot understand: it documents them, and all of them hold the record back.\n\n" +
		"*Owed*: the report counts its money as missing in the ledger. *Sticky*: no change lets it go on, only a person's word.\n" +
		"*Mended by*: whose doing the reason asks for; a change of the chart or of the contacts is noticed by itself.\n")
	titles := map[invoicesync.Standing]string{
		invoicesync.StandsAside:   "Left out: not wanted in the ledger; nobody need do anything",
		invoicesync.StandsWaiting: "Waiting: a later run goes on with it by itself",
		invoicesync.StandsHeld:    "Held back: wanted in the ledger and not there; somebody must act first",
		invoicesync.StandsIn:      "In the ledger: somebody must look at it there",
		invoicesync.StandsNoted:   "In the ledger, and said for the record",
	}
	var stands invoicesync.Standing
	for _, c := range invoicesync.Codes() {
		if c.Stands != stands {
			stands = c.Stands
			fmt.Fprintf(&b, "\n## %s\n\n| code | meaning | owed | sticky | mended by |\n|---|---|---|---|---|\n", titles[stands])
		}
		yes := map[bool]string{true: "yes"}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Code, c.Meaning, yes[c.Owed], yes[c.Sticky], c.Mends)
	}
	return b.String()
}
