package ledgertest_test

import (
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// contract returns the comments of package ledger, each as one line.
func contract(t *testing.T) []string {
	t.Helper()
	files, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var comments []string
	for _, f := range files {
		if f.IsDir() || !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), "../"+f.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range parsed.Comments {
			comments = append(comments, strings.Join(strings.Fields(c.Text()), " "))
		}
	}
	if len(comments) < 100 {
		t.Fatalf("package ledger has %d comments: are these its files?", len(comments))
	}
	return comments
}

func TestRulesStandInTheContract(t *testing.T) {
	t.Parallel()
	comments := contract(t)
	for _, c := range ledgertest.Cases() {
		for _, quote := range strings.Split(c.Rule, " … ") {
			quote = strings.TrimSpace(quote)
			if quote == "" || !slices.ContainsFunc(comments, func(text string) bool { return strings.Contains(text, quote) }) {
				t.Errorf("case %q quotes what package ledger does not say: %q", c.Name, quote)
			}
		}
	}
}

// elsewhere are sentences with a "must" that no adapter can break, or that say another's words again.
var elsewhere = []string{
	"parked with it", // the flows' duty
	"the connection must be authorised again", // what ErrReconnect asks of a person
	"PaymentsOf must be asked",                // the reader's duty
}

func TestEveryMustHasACase(t *testing.T) {
	t.Parallel()
	var rules []string
	for _, c := range ledgertest.Cases() {
		rules = append(rules, c.Rule)
	}
	all := strings.Join(rules, " … ")
	sentence := regexp.MustCompile(`[^.;:]*\bmust\b[^.;:]*`)
	found, used := 0, map[int]bool{}
	for _, text := range contract(t) {
		for _, s := range sentence.FindAllString(text, -1) {
			found++
			// A quote may leave out how the sentence begins: what follows "must" is what is promised.
			_, promise, _ := strings.Cut(s, "must ")
			promise = strings.TrimSpace(promise)
			promise = promise[:min(len(promise), 25)]
			if strings.Contains(all, promise) {
				continue
			}
			if i := slices.IndexFunc(elsewhere, func(x string) bool { return strings.Contains(s, x) }); i >= 0 {
				used[i] = true
			} else {
				t.Errorf("no case quotes this: %q", strings.TrimSpace(s))
			}
		}
	}
	for i, x := range elsewhere {
		if !used[i] {
			t.Errorf("no sentence without a case says %q any more: take it off the list", x)
		}
	}
	if found < 20 {
		t.Errorf("%d sentences with a must were found in package ledger: are these its comments?", found)
	}
}

func TestCasesAreNamedAndExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range ledgertest.Cases() {
		if c.Name == "" || c.Rule == "" || c.Why == "" || seen[c.Name] {
			t.Errorf("case %q needs a name of its own, a rule and a reason", c.Name)
		}
		seen[c.Name] = true
	}
}
