package contract

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
)

// A Spec is a vendor's OpenAPI document, served below a prefix of paths.
type Spec struct {
	Name string // what stands in front of its operations in tables

	// Aliases are paths of the live service that the document has under another name.
	Aliases []*Alias

	prefix string
	doc    *openapi3.T
	ops    []*Operation // those whose paths have fewer parameters first
}

// An Alias is a deviation in the path. Rewrite returns the document's path, without the prefix.
type Alias struct {
	Name, Reason string
	Rewrite      func(r *http.Request, path string) (string, bool)

	used bool
}

// An Operation is one method of one path.
type Operation struct {
	Spec   *Spec
	ID     string // operationId
	Method string
	Path   string // the document's template

	path  *regexp.Regexp
	names []string // of the path's parameters
	route *routers.Route
}

// String returns "name METHOD /path".
func (o *Operation) String() string { return o.Spec.Name + " " + o.Method + " " + o.Path }

// Load reads an OpenAPI document. The document itself is not validated: Xero's has examples and defaults
// that contradict its own schemas. Servers are not looked at; a request belongs to the document when its
// path begins with prefix.
func Load(name, file, prefix string) (*Spec, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("contract: load %s: %w", name, err)
	}
	return newSpec(name, prefix, doc)
}

// Parse is [Load] for a document in memory.
func Parse(name, prefix string, document []byte) (*Spec, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("contract: parse %s: %w", name, err)
	}
	return newSpec(name, prefix, doc)
}

var parameterOf = regexp.MustCompile(`\{[^{}/]+\}`)

func newSpec(name, prefix string, doc *openapi3.T) (*Spec, error) {
	if doc.Paths.Len() == 0 {
		return nil, errors.New("contract: " + name + " has no paths")
	}
	s := &Spec{Name: name, prefix: prefix, doc: doc}
	for path, item := range doc.Paths.Map() {
		pattern, last := "^", 0
		var names []string
		for _, at := range parameterOf.FindAllStringIndex(path, -1) {
			pattern += regexp.QuoteMeta(path[last:at[0]]) + "([^/:]+)"
			names = append(names, path[at[0]+1:at[1]-1])
			last = at[1]
		}
		compiled, err := regexp.Compile(pattern + regexp.QuoteMeta(path[last:]) + "$")
		if err != nil {
			return nil, fmt.Errorf("contract: %s: path %s: %w", name, path, err)
		}
		for method, op := range item.Operations() {
			s.ops = append(s.ops, &Operation{
				Spec: s, ID: op.OperationID, Method: method, Path: path, path: compiled, names: names,
				route: &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op},
			})
		}
	}
	// A path that is spelt out goes before one with a parameter in the same place. Xero has two templates
	// for one path, /Contacts/{ContactID} and /Contacts/{ContactNumber}; the first of the alphabet is the
	// one that has all methods.
	slices.SortFunc(s.ops, func(a, b *Operation) int {
		return cmp.Or(cmp.Compare(len(a.names), len(b.names)), strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
	})
	return s, nil
}

// find returns the operation of a request with the values of its path's parameters. pathKnown tells a
// method that the document does not have from a path that it does not have.
func (s *Spec) find(r *http.Request) (found *Operation, parameters map[string]string, pathKnown bool) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), s.prefix)
	if !ok || path != "" && path[0] != '/' {
		return nil, nil, false
	}
	for _, a := range s.Aliases {
		if other, ok := a.Rewrite(r, path); ok {
			path, a.used = other, true
		}
	}
	for _, o := range s.ops {
		values := o.path.FindStringSubmatch(path)
		if values == nil {
			continue
		}
		pathKnown = true
		if o.Method != r.Method {
			continue
		}
		parameters = make(map[string]string, len(o.names))
		for i, name := range o.names {
			value, err := url.PathUnescape(values[i+1])
			if err != nil {
				return nil, nil, true
			}
			parameters[name] = value
		}
		return o, parameters, true
	}
	return nil, nil, pathKnown
}

// Operation returns the operation with that method and template, for lists of what an adapter uses.
func (s *Spec) Operation(method, path string) (*Operation, bool) {
	for _, o := range s.ops {
		if o.Method == method && o.Path == path {
			return o, true
		}
	}
	return nil, false
}
