package eligibility

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vectorFiles returns every vector of testdata. A folder that is gone, empty or half read must fail.
func vectorFiles(t testing.TB) []string {
	t.Helper()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		switch {
		case e.IsDir() && e.Name() == "fuzz": // inputs that a fuzzer once found
		case e.Name() == "README.txt":
		case !e.IsDir() && strings.HasSuffix(e.Name(), ".txt"):
			files = append(files, filepath.Join("testdata", e.Name()))
		default:
			t.Errorf("testdata/%s is not a vector and would never be read", e.Name())
		}
	}
	if len(files) < 40 {
		t.Fatalf("testdata holds %d vectors; there must be at least 40, were they moved?", len(files))
	}
	return files
}

func TestVectors(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, file := range vectorFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v, err := parseVector(string(text))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		verdict, err := v.run()
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, c := range verdict.Codes() {
			seen[c] = true
		}
		if verdict.Disposition() != v.expect || !slices.Equal(verdict.Codes(), slices.Clip(append([]string{}, v.codes...))) {
			t.Errorf("%s: want %s %q because %s\ngot %s", file, v.expect, v.codes, v.because, verdict)
		}
		if may := map[bool]string{true: "yes", false: "no"}[verdict.Overridable()]; v.override != "" && may != v.override {
			t.Errorf("%s: a person may override: want %s, got %s (%s)", file, v.override, may, verdict)
		}
		for _, r := range verdict.Reasons {
			if r.Message == "" || r.Rule == "" {
				t.Errorf("%s: reason %s needs a message and a rule: %+v", file, r.Code, r)
			}
		}
	}
	// Every code that a policy's rules may give has a vector that gives it.
	for _, p := range policies(t) {
		for _, r := range p.Rules() {
			for _, c := range r.Codes {
				if !seen[c] {
					t.Errorf("no vector of testdata gives %s (policy %s, rule %s)", c, p.Name(), r.Name)
				}
			}
		}
	}
}

func TestVectorsPrintAndParse(t *testing.T) {
	t.Parallel()
	for _, file := range vectorFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkRoundTrip(t, string(text))
	}
}

func FuzzVector(f *testing.F) {
	for _, file := range vectorFiles(f) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(checkRoundTrip)
}

// checkRoundTrip: whatever parses prints as something that parses to the same, and gives one verdict.
func checkRoundTrip(t *testing.T, text string) {
	v, err := parseVector(text)
	if err != nil {
		return
	}
	printed := v.String()
	again, err := parseVector(printed)
	if err != nil {
		t.Fatalf("%v\nin the print:\n%s\nof:\n%s", err, printed, text)
	}
	if again.String() != printed {
		t.Fatalf("printed:\n%s\nprinted again:\n%s", printed, again.String())
	}
	one, err1 := v.run()
	two, err2 := again.run()
	if (err1 == nil) != (err2 == nil) || one.String() != two.String() {
		t.Fatalf("one vector, two verdicts: %s (%v), %s (%v)", one, err1, two, err2)
	}
}

func TestParseVectorRefuses(t *testing.T) {
	t.Parallel()
	good := "policy: push\ninvoice: total 1 AUD\nexpect: eligible\nbecause: x\n"
	if _, err := parseVector(good); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"unknown key":     good + "clock: 12\n",
		"key twice":       good + "because: y\n",
		"no value":        good + "as-of:\n",
		"unknown setting": good + "set: speed 9\n",
		"unknown fact":    good + "fact: weather\n",
		"unknown word":    "policy: push\ninvoice: total 1 AUD, colour red\nexpect: eligible\nbecause: x\n",
		"no reason":       "policy: push\ninvoice: total 1 AUD\nexpect: eligible\n",
		"skip of nothing": "policy: push\ninvoice: total 1 AUD\nexpect: skip\nbecause: x\n",
		"float":           "policy: push\ninvoice: total 1e3 AUD\nexpect: eligible\nbecause: x\n",
	} {
		if _, err := parseVector(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
