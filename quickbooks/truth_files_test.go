package quickbooks

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert/yaml"
	"github.com/stretchr/testify/require"
)

// specsFolder is where the recordings are, or skips.
func specsFolder(t *testing.T) string {
	t.Helper()
	specs := os.Getenv("INVOICESYNC_SPECS")
	if specs == "" {
		t.Skip("INVOICESYNC_SPECS is not set: what QuickBooks was recorded to say is not held against the adapter's shapes")
	}
	return filepath.Join(specs, "quickbooks")
}

func filesIn(t *testing.T, elem ...string) []string {
	t.Helper()
	var files []string
	require.NoError(t, filepath.WalkDir(filepath.Join(elem...), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	}))
	return files
}

func readFile(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	require.NoError(t, err)
	return b
}

// short is a file's name for people.
func short(file string) string {
	return path.Join(filepath.Base(filepath.Dir(file)), filepath.Base(file))
}

// readBodies reads a file that is a body.
func readBodies(t *testing.T, file string) []specimen {
	return []specimen{{where: short(file), body: readFile(t, file)}}
}

// readCassettes reads what vcr has recorded: YAML of requests and answers. What is no JSON is a form, a PDF or empty.
func readCassettes(t *testing.T, file string) []specimen {
	t.Helper()
	type message struct{ Body struct{ String string } }
	var cassette struct {
		Interactions []struct {
			Request struct {
				message `yaml:",inline"`
				URI     string `yaml:"uri"`
			}
			Response message
		} `yaml:"http_interactions"`
	}
	require.NoError(t, yaml.Unmarshal(readFile(t, file), &cassette), file)
	require.NotEmpty(t, cassette.Interactions, file)
	var specimens []specimen
	for _, i := range cassette.Interactions {
		if s := i.Request.Body.String; json.Valid([]byte(s)) {
			specimens = append(specimens, asked(short(file), i.Request.URI, []byte(s)))
		}
		if s := i.Response.Body.String; json.Valid([]byte(s)) {
			specimens = append(specimens, specimen{where: short(file), body: []byte(s)})
		}
	}
	return specimens
}

// readExchanges reads a file of calls.
func readExchanges(t *testing.T, file string) []specimen {
	t.Helper()
	var calls []struct {
		Path     string
		Request  struct{ Data json.RawMessage }
		Response json.RawMessage
	}
	require.NoError(t, json.Unmarshal(readFile(t, file), &calls), file)
	require.NotEmpty(t, calls, file)
	var specimens []specimen
	for _, c := range calls {
		if len(c.Request.Data) > 0 && c.Request.Data[0] != '"' { // a statement of the query language is no JSON
			specimens = append(specimens, asked(short(file), c.Path, c.Request.Data))
		}
		specimens = append(specimens, specimen{where: short(file), body: c.Response})
	}
	return specimens
}

// entities are the records of requests by the path that they were sent to.
var entities = map[string]string{
	"invoice": "Invoice", "payment": "Payment", "customer": "Customer", "account": "Account", "item": "Item",
	"creditmemo": "CreditMemo", "estimate": "Estimate", "salesreceipt": "SalesReceipt", "vendor": "Vendor", "attachable": "Attachable",
}

// asked is a request's body: a record without its name, which is in the path.
func asked(where, target string, body []byte) specimen {
	target, _, _ = strings.Cut(target, "?")
	last := path.Base(target)
	s := specimen{where: where + " (request)", entity: entities[last], body: body}
	if s.entity == "" && last != "batch" {
		s.entity = last // an answer about it fails by that name
	}
	return s
}
