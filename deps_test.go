package invoicesync_test

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// house is what each public package is built from: our own rooms, and modules of others. A new line here is
// a decision about everybody who imports the package, and an arrow of the house: adapters know the words
// and never the flows, the flows know no vendor, the words know nothing.
var house = map[string]string{
	".":                               "eligibility ledger limit store decimal x/text",
	"./eligibility":                   "ledger decimal x/text",
	"./faults":                        "",
	"./hosttest":                      ". eligibility ledger limit store decimal x/text",
	"./infusionsoft":                  "internal/vendorbooks internal/vendorhttp ledger limit decimal x/oauth2 x/text",
	"./infusionsoft/infusionsoftfake": "faults internal/fakehouse decimal",
	"./ledger":                        "decimal x/text",
	"./ledger/ledgertest":             "ledger decimal x/text",
	"./limit":                         "",
	"./quickbooks":                    "internal/vendorbooks internal/vendorhttp ledger limit decimal x/oauth2 x/text",
	"./quickbooks/quickbooksfake":     "faults internal/fakehouse decimal",
	"./store":                         "ledger decimal x/text",
	"./store/storetest":               "ledger store decimal x/text",
	"./xero":                          "internal/vendorbooks internal/vendorhttp ledger limit decimal x/oauth2 x/text",
	"./xero/xerofake":                 "faults internal/fakehouse decimal",
}

// nested are the public packages of other modules of this repository, where the workspace has them.
var nested = map[string]string{
	"./sqlstore": "ledger store decimal x/text",
	"./sqlstore/sqlite": "ledger store sqlstore decimal x/text " +
		"github.com/dustin/go-humanize github.com/google/uuid github.com/remyoudompheng/bigfft x/sys modernc.org/libc modernc.org/mathutil modernc.org/memory modernc.org/sqlite",
}

const module = "github.com/invoicesync/invoicesync"

func TestDependencies(t *testing.T) {
	t.Parallel()
	listed := goList(t, "list", "./...")
	for _, pkg := range listed {
		room := strings.TrimPrefix(pkg, module)
		if strings.Contains(room, "/internal/") {
			continue // seen through the packages that import it
		}
		if _, there := house["."+room]; !there {
			t.Errorf("%s is in no list: write down what it may import", pkg)
		}
	}
	for room, want := range house {
		if !slices.Contains(listed, module+strings.TrimPrefix(room, ".")) {
			t.Errorf("%s is listed and is not there", room)
			continue
		}
		holds(t, room, want)
	}
	if len(goList(t, "env", "GOWORK")) == 0 {
		return // the other modules are not beside this one
	}
	for room, want := range nested {
		holds(t, room, want)
	}
}

func holds(t *testing.T, room, list string) {
	t.Helper()
	want := strings.Fields(list)
	slices.Sort(want)
	self := module + strings.TrimPrefix(room, ".")
	var got []string
	for _, line := range goList(t, "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}} {{.Module.Path}}{{end}}", room) {
		pkg, mod, _ := strings.Cut(line, " ")
		var name string
		switch {
		case pkg == self:
			continue
		case pkg == module || strings.HasPrefix(pkg, module+"/"):
			if name = strings.TrimPrefix(strings.TrimPrefix(pkg, module), "/"); name == "" {
				name = "." // the flows themselves
			}
		case mod == "github.com/shopspring/decimal":
			name = "decimal"
		default:
			name = strings.TrimPrefix(mod, "golang.org/")
		}
		if !slices.Contains(got, name) {
			got = append(got, name)
		}
	}
	slices.Sort(got)
	for _, name := range got {
		if !slices.Contains(want, name) {
			t.Errorf("%s is built from %s, which its list does not have", room, name)
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%s is not built from %s any more: take it off its list", room, name)
		}
	}
}

// goList runs the go command and returns the lines that it prints.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(out)), "\n"), func(line string) bool { return line == "" })
}
