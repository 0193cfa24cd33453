package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// A Mismatch is one way in which a request or an answer differs from the document.
type Mismatch struct {
	Operation string // as [Operation.String]; "METHOD /path" where the document has none
	Side      Side
	Where     string // "path", "query page", "header If-Modified-Since", "status 400", "body /Invoices/*/Date"
	Rule      string // "format", "type", "enum", "required", "unknown", …
	Value     any    // what was there, of a body or a parameter
	Detail    string
}

// Side is who said it.
type Side string

// The sides.
const (
	Request  Side = "request"
	Response Side = "response"
)

func (m Mismatch) String() string {
	value, err := json.Marshal(m.Value)
	if err != nil || len(value) > 120 {
		value = []byte("…")
	}
	return fmt.Sprintf("%s: %s %s: %s: %s (%s)", m.Operation, m.Side, m.Where, m.Rule, value, m.Detail)
}

// A Checker validates what passes through it. It is safe for concurrent use.
type Checker struct {
	// Observe, when not nil, is told of every exchange, for checks of the caller's own. The answer's body
	// can be read, and is not the one that the client reads.
	Observe func(*http.Request, *http.Response)

	specs      []*Spec
	outside    []*Outside
	deviations []*Deviation

	mu         sync.Mutex
	counts     map[*Operation]*count
	mismatches map[string]Mismatch // by text without value
}

type count struct{ requests, responses int }

// An Outside is a path that no document has, such as the token endpoint.
type Outside struct {
	Method, Path string // Path as it begins
	Reason       string
	used         bool
}

// New returns a checker. A request that neither a document nor outside has is a mismatch.
func New(specs []*Spec, outside []*Outside, deviations []*Deviation) *Checker {
	return &Checker{specs: specs, outside: outside, deviations: deviations, counts: map[*Operation]*count{}, mismatches: map[string]Mismatch{}}
}

// Wrap returns a transport that hands requests on to next and validates what passes.
func (c *Checker) Wrap(next http.RoundTripper) http.RoundTripper { return &transport{c, next} }

type transport struct {
	c    *Checker
	next http.RoundTripper
}

type wrongKey struct{}

// Wrong returns a context for requests that are wrong on purpose: they are not validated, only their
// answers are.
func Wrong(ctx context.Context) context.Context { return context.WithValue(ctx, wrongKey{}, true) }

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := drain(&r.Body)
	if err != nil {
		return nil, err
	}
	asked := r.Clone(r.Context())
	asked.Body = io.NopCloser(bytes.NewReader(sent))
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		t.c.exchange(asked, sent, nil, nil)
		return nil, err
	}
	// An answer that breaks off is a fault, and the client's to deal with.
	body, broken := drain(&resp.Body)
	if broken != nil {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{broken}))
		t.c.exchange(asked, sent, nil, nil)
		return resp, nil //nolint:nilerr // whoever reads the body meets the error
	}
	t.c.exchange(asked, sent, resp, body)
	return resp, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// drain reads a body to its end and puts a fresh one in its place.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	b, err := io.ReadAll(*body)
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(b))
	return b, err
}

// exchange validates a request and, unless it was lost, its answer.
func (c *Checker) exchange(r *http.Request, sent []byte, resp *http.Response, body []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Observe != nil && resp != nil {
		copied := *resp
		copied.Body = io.NopCloser(bytes.NewReader(body))
		c.Observe(r, &copied)
	}
	op, parameters, known := c.find(r)
	if op == nil {
		for _, o := range c.outside {
			if o.Method == r.Method && strings.HasPrefix(r.URL.Path, o.Path) {
				o.used = true
				return
			}
		}
		if r.Context().Value(wrongKey{}) == nil {
			what := "the documents have no such path"
			if known {
				what = "the document does not have this method"
			}
			c.note(Mismatch{Operation: r.Method + " " + r.URL.Path, Side: Request, Where: "path", Rule: "unknown", Detail: what})
		}
		return
	}
	n := c.counts[op]
	if n == nil {
		n = &count{}
		c.counts[op] = n
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: parameters, QueryParams: r.URL.Query(), Route: op.route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true,
			// Xero's document has "false" for a boolean's default, which would be written into the request
			// and then refused.
			SkipSettingDefaults: true, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true,
		},
	}
	if r.Context().Value(wrongKey{}) == nil {
		n.requests++
		c.request(op, input, sent)
	}
	if resp == nil || resp.StatusCode >= 300 && resp.StatusCode != http.StatusBadRequest {
		return
	}
	n.responses++
	c.response(op, input, resp, body)
}

func (c *Checker) find(r *http.Request) (op *Operation, parameters map[string]string, known bool) {
	for _, s := range c.specs {
		o, p, k := s.find(r)
		if o != nil {
			return o, p, true
		}
		known = known || k
	}
	return nil, nil, known
}

func (c *Checker) request(op *Operation, input *openapi3filter.RequestValidationInput, sent []byte) {
	note := func(where, rule string, value any, detail string) {
		c.note(Mismatch{op.String(), Request, where, rule, value, detail})
	}
	if err := openapi3filter.ValidateRequest(context.Background(), input); err != nil {
		for _, e := range each(err) {
			var re *openapi3filter.RequestError
			where := "body"
			if errors.As(e, &re) && re.Parameter != nil {
				where = re.Parameter.In + " " + re.Parameter.Name
			}
			c.schemaErrors(op, Request, where, e)
		}
	}
	parameters := slices.Concat(op.route.PathItem.Parameters, op.route.Operation.Parameters)
	has := func(in, name string) bool {
		return slices.ContainsFunc(parameters, func(p *openapi3.ParameterRef) bool {
			return p.Value != nil && p.Value.In == in && (p.Value.Name == name || in == "header" && strings.EqualFold(p.Value.Name, name))
		})
	}
	for name, values := range input.QueryParams {
		if !has("query", name) {
			note("query "+name, "unknown", values[0], "the operation has no such parameter")
		}
		if len(values) > 1 && !exploded(parameters, name) {
			note("query "+name, "repeated", values, "the parameter stands there more than once")
		}
	}
	for name, values := range input.Request.Header {
		switch name {
		case "Accept", "Accept-Encoding", "Authorization", "Content-Type", "Content-Length", "User-Agent":
		default: // headers of HTTP itself are not parameters
			if !has("header", name) {
				note("header "+name, "unknown", values[0], "the operation has no such parameter")
			}
		}
	}
	if body := op.route.Operation.RequestBody; body != nil && body.Value != nil {
		c.unknownFields(op, Request, body.Value.Content.Get(input.Request.Header.Get("Content-Type")), sent)
	}
}

// exploded reports a query parameter whose values are repeated, as lists are unless the document says so.
func exploded(parameters openapi3.Parameters, name string) bool {
	p := parameters.GetByInAndName("query", name)
	return p != nil && p.Schema != nil && p.Schema.Value != nil && p.Schema.Value.Type.Is("array") && (p.Explode == nil || *p.Explode)
}

func (c *Checker) response(op *Operation, input *openapi3filter.RequestValidationInput, resp *http.Response, body []byte) {
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Options: input.Options,
	}
	out.SetBodyBytes(body)
	declared := op.route.Operation.Responses.Status(resp.StatusCode)
	if declared == nil || declared.Value == nil {
		c.note(Mismatch{op.String(), Response, "status " + strconv.Itoa(resp.StatusCode), "unknown", nil, "the operation does not have this status"})
		return
	}
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		for _, e := range each(err) {
			c.schemaErrors(op, Response, "body", e)
		}
	}
	if len(declared.Value.Content) == 0 && len(body) > 0 {
		c.note(Mismatch{op.String(), Response, "body", "unknown", string(body), "the answer has no body in the document"})
	}
	c.unknownFields(op, Response, declared.Value.Content.Get(resp.Header.Get("Content-Type")), body)
}

// unknownFields searches a JSON body.
func (c *Checker) unknownFields(op *Operation, side Side, content *openapi3.MediaType, body []byte) {
	if content == nil || content.Schema == nil || len(body) == 0 {
		return
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return // not JSON, and the validator's to judge
	}
	unknown(content.Schema, value, nil, func(path []string) {
		c.note(Mismatch{op.String(), side, "body " + pointer(path), "unknown", at(value, path), "the schema has no such property"})
	})
}

// schemaErrors takes a validator's error apart into the values that it is about.
func (c *Checker) schemaErrors(op *Operation, side Side, where string, err error) {
	leaves := leaves(err)
	if len(leaves) == 0 {
		rule := "invalid"
		switch {
		case errors.Is(err, openapi3filter.ErrInvalidRequired):
			rule = "required"
		case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
			rule = "empty"
		}
		c.note(Mismatch{op.String(), side, where, rule, nil, firstLine(err.Error())})
		return
	}
	for _, leaf := range leaves {
		w := where
		if where == "body" {
			w += " " + pointer(leaf.JSONPointer())
		}
		c.note(Mismatch{op.String(), side, w, leaf.SchemaField, leaf.Value, firstLine(leaf.Reason)})
	}
}

// each returns the errors that a validator has collected.
func each(err error) []error {
	var many openapi3.MultiError
	if _, one := err.(*openapi3filter.RequestError); !one { //nolint:errorlint // the error itself: a RequestError may wrap many
		if _, one := err.(*openapi3filter.ResponseError); !one && errors.As(err, &many) { //nolint:errorlint // as above
			var all []error
			for _, e := range many {
				all = append(all, each(e)...)
			}
			return all
		}
	}
	return []error{err}
}

// leaves returns the innermost schema errors: those that are about a value and not about the ones below.
func leaves(err error) []*openapi3.SchemaError {
	switch e := err.(type) { //nolint:errorlint // walked level by level
	case nil:
		return nil
	case openapi3.MultiError:
		var all []*openapi3.SchemaError
		for _, one := range e {
			all = append(all, leaves(one)...)
		}
		return all
	case *openapi3.SchemaError:
		if below := leaves(e.Origin); len(below) > 0 {
			return below
		}
		return []*openapi3.SchemaError{e}
	}
	return leaves(errors.Unwrap(err))
}

// pointer prints a path with its indices as *, so that one line stands for all elements.
func pointer(path []string) string {
	var b strings.Builder
	for _, p := range path {
		if _, err := strconv.Atoi(p); err == nil {
			p = "*"
		}
		b.WriteString("/" + p)
	}
	if b.Len() == 0 {
		return "/"
	}
	return b.String()
}

func at(value any, path []string) any {
	for _, p := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[p]
		case []any:
			i, err := strconv.Atoi(p)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		}
	}
	return value
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
