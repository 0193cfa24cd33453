package contract

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The checker is held to its own promises on a document small enough to read.
const small = `{
 "openapi": "3.0.0", "info": {"title": "t", "version": "1"},
 "paths": {
  "/things": {
   "get": {
    "parameters": [
     {"in": "query", "name": "page", "schema": {"type": "integer"}},
     {"in": "query", "name": "ids", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}},
     {"in": "header", "name": "If-Modified-Since", "schema": {"type": "string", "format": "date-time"}}],
    "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}}
   },
   "post": {
    "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
    "responses": {"204": {"description": ""}}
   }
  },
  "/things/{id}": {"get": {
   "parameters": [{"in": "path", "name": "id", "required": true, "schema": {"type": "string", "pattern": "^[0-9]+$"}}],
   "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}}
  }}
 },
 "components": {"schemas": {
  "Thing": {"type": "object", "required": ["id"], "properties": {
   "id": {"type": "integer"}, "kind": {"type": "string", "enum": ["A", "B"]},
   "parent": {"$ref": "#/components/schemas/Thing"},
   "money": {"allOf": [{"type": "object", "properties": {"amount": {"type": "number"}}}, {"type": "object", "properties": {"code": {"type": "string"}}}]},
   "either": {"oneOf": [{"type": "object", "required": ["left"], "properties": {"left": {"type": "string"}}}, {"type": "object", "required": ["right"], "properties": {"right": {"type": "string"}}}]},
   "bag": {"type": "object", "additionalProperties": {"type": "object", "properties": {"in": {"type": "string"}}}},
   "free": {"type": "object"}
  }}
 }}
}`

type canned struct {
	status int
	body   string
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body: io.NopCloser(strings.NewReader(c.body)), Request: r,
	}, nil
}

func TestChecker(t *testing.T) {
	t.Parallel()
	const good = `{"id":1,"kind":"A","parent":{"id":2},"money":{"amount":1.5,"code":"AUD"},"either":{"right":"x"},"bag":{"any":{"in":"x"}},"free":{"what":"ever"}}`
	for _, test := range []struct {
		name         string
		method, path string
		sent         string
		header       [2]string
		status       int
		body         string
		want         []string // side where: rule
	}{
		{name: "good list", method: "GET", path: "/things?page=1&ids=a,b", status: 200, body: "[" + good + "]"},
		{name: "good write", method: "POST", path: "/things", sent: good, status: 204},
		{name: "unknown path", method: "GET", path: "/nothing", status: 200, want: []string{"request path: unknown"}},
		{name: "unknown method", method: "PUT", path: "/things", status: 200, want: []string{"request path: unknown"}},
		{name: "undeclared status", method: "GET", path: "/things", status: 400, body: "{}", want: []string{"response status 400: unknown"}},
		{name: "path parameter", method: "GET", path: "/things/x", status: 200, body: `{"id":1}`, want: []string{"request path id: pattern"}},
		{name: "query of a wrong type", method: "GET", path: "/things?page=x", status: 200, body: "[]", want: []string{"request query page: invalid"}},
		{name: "unknown query", method: "GET", path: "/things?size=1", status: 200, body: "[]", want: []string{"request query size: unknown"}},
		{name: "repeated query", method: "GET", path: "/things?ids=a&ids=b", status: 200, body: "[]", want: []string{"request query ids: repeated"}},
		{name: "header format", method: "GET", path: "/things", header: [2]string{"If-Modified-Since", "yesterday"}, status: 200, body: "[]", want: []string{"request header If-Modified-Since: format"}},
		{name: "unknown header", method: "GET", path: "/things", header: [2]string{"X-More", "1"}, status: 200, body: "[]", want: []string{"request header X-More: unknown"}},
		{name: "no body", method: "POST", path: "/things", status: 204, want: []string{"request body: required"}},
		{name: "required", method: "POST", path: "/things", sent: `{"kind":"A"}`, status: 204, want: []string{"request body /id: required"}},
		{name: "misspelt", method: "POST", path: "/things", sent: `{"id":1,"knd":"A"}`, status: 204, want: []string{"request body /knd: unknown"}},
		{name: "type", method: "GET", path: "/things/1", status: 200, body: `{"id":"1"}`, want: []string{"response body /id: type"}},
		{name: "enum in a list", method: "GET", path: "/things", status: 200, body: `[{"id":1,"kind":"C"}]`, want: []string{"response body /*/kind: enum"}},
		{name: "null", method: "GET", path: "/things/1", status: 200, body: `{"id":1,"free":null}`, want: []string{"response body /free: nullable"}},
		{name: "deep in a recursive schema", method: "GET", path: "/things/1", status: 200, body: `{"id":1,"parent":{"id":2,"parent":{"id":"3"}}}`, want: []string{"response body /parent/parent/id: type"}},
		{name: "unknown in a recursive schema", method: "GET", path: "/things/1", status: 200, body: `{"id":1,"parent":{"id":2,"more":1}}`, want: []string{"response body /parent/more: unknown"}},
		{name: "unknown below allOf", method: "GET", path: "/things/1", status: 200, body: `{"id":1,"money":{"amount":1,"cents":1}}`, want: []string{"response body /money/cents: unknown"}},
		{name: "unknown below oneOf", method: "GET", path: "/things/1", status: 200, body: `{"id":1,"either":{"right":"x","middle":"y"}}`, want: []string{"response body /either/middle: unknown"}},
		{name: "unknown in a bag", method: "GET", path: "/things/1", status: 200, body: `{"id":1,"bag":{"a":{"out":1}}}`, want: []string{"response body /bag/a/out: unknown"}},
		{name: "body where none is", method: "POST", path: "/things", sent: good, status: 204, body: "{}", want: []string{"response body: unknown"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			spec, err := Parse("small", "/api", []byte(small))
			if err != nil {
				t.Fatal(err)
			}
			c := New([]*Spec{spec}, nil, nil)
			send(t, c, canned{test.status, test.body}, test.method, "/api"+test.path, test.sent, test.header)
			var got []string
			for _, m := range c.Mismatches() {
				got = append(got, string(m.Side)+" "+m.Where+": "+m.Rule)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func send(t *testing.T, c *Checker, next http.RoundTripper, method, path, body string, header [2]string) {
	t.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, "https://example.com"+path, in)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if header[0] != "" {
		r.Header.Set(header[0], header[1])
	}
	resp, err := c.Wrap(next).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}

// A deviation explains what it is for and nothing else, and one that explains nothing is told.
func TestDeviations(t *testing.T) {
	t.Parallel()
	spec, err := Parse("small", "/api", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	c := New([]*Spec{spec}, []*Outside{{Method: "POST", Path: "/token"}}, []*Deviation{
		{Name: "more", Operation: "small GET /things/{id}", Side: Response, Where: "body **/more", Rule: "unknown", Value: func(v any) bool { return v == "yes" }},
		{Name: "idle", Where: "body /(kind|id)", Rule: "enum"},
	})
	none := [2]string{}
	send(t, c, canned{200, `{"id":1,"parent":{"id":2,"more":"yes"}}`}, "GET", "/api/things/1", "", none)
	if got := c.Mismatches(); len(got) != 0 {
		t.Errorf("not explained: %v", got)
	}
	send(t, c, canned{200, `{"id":1,"more":"no"}`}, "GET", "/api/things/1", "", none)
	if got := c.Mismatches(); len(got) != 1 {
		t.Errorf("%d mismatches, want the one whose value the deviation does not allow: %v", len(got), got)
	}
	if got := c.Unused(); !slices.Equal(got, []string{"idle", "POST /token"}) {
		t.Errorf("unused: %q", got)
	}
	send(t, c, canned{200, `{}`}, "POST", "/token", "a=b", none)
	if got := c.Unused(); !slices.Equal(got, []string{"idle"}) {
		t.Errorf("unused: %q", got)
	}
	op, _ := spec.Operation("GET", "/things/{id}")
	if requests, responses := c.Count(op); requests != 2 || responses != 2 {
		t.Errorf("counted %d and %d, want 2 and 2", requests, responses)
	}
}

func TestWrongRequestsAreNotJudged(t *testing.T) {
	t.Parallel()
	spec, err := Parse("small", "/api", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	c := New([]*Spec{spec}, nil, nil)
	r, err := http.NewRequestWithContext(Wrong(t.Context()), "GET", "https://example.com/api/things?page=x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Wrap(canned{200, `[{"id":"x"}]`}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := c.Mismatches(); len(got) != 1 || got[0].Side != Response {
		t.Errorf("got %v, want the answer's mismatch alone", got)
	}
	if b, err := io.ReadAll(resp.Body); err != nil || string(b) != `[{"id":"x"}]` {
		t.Errorf("the client reads %q, %v", b, err)
	}
}

func TestShapes(t *testing.T) {
	t.Parallel()
	check := Object(map[string]Field{"code": Is(400.0), "message": Like("no"), "details?": ListOf(1, Anything)})
	for body, good := range map[string]bool{
		`{"code":400,"message":"no such field"}`:    true,
		`{"code":400,"message":"no","details":[1]}`: true,
		`{"code":400,"message":"no","details":[]}`:  false,
		`{"code":"400","message":"no"}`:             false,
		`{"code":400,"message":""}`:                 false,
		`{"code":400}`:                              false,
		`{"code":400,"message":"no","more":1}`:      false,
		`[]`:                                        false,
		`<html>`:                                    false,
	} {
		if err := check([]byte(body)); (err == nil) != good {
			t.Errorf("%s: %v, want good = %t", body, err, good)
		}
	}
	s := &Shapes{List: []*Shape{{Name: "refused", Status: 400, Body: check}, {Name: "gone", Status: 410}}}
	r, err := http.NewRequestWithContext(t.Context(), "GET", "https://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Check(r, &http.Response{StatusCode: 400}, []byte(`{"code":400,"message":"no"}`))
	if len(s.Failures) != 0 || !slices.Equal(s.Unused(), []string{"gone"}) {
		t.Errorf("failures %q, unused %q", s.Failures, s.Unused())
	}
	s.Check(r, &http.Response{StatusCode: 418}, nil)
	if len(s.Failures) != 1 {
		t.Errorf("a status that is in no table must fail: %q", s.Failures)
	}
}

// Xero's schemas are recursive: other tools give up on them and let everything pass.
func TestRecursiveSchemasAreValidated(t *testing.T) {
	t.Parallel()
	spec := load(t, "accounting", "xero/xero_accounting.yaml", "/api.xro/2.0")
	c := New([]*Spec{spec}, nil, nil)
	send(t, c, canned{200, `{"Invoices":[{"Type":"ACCREC","CreditNotes":[{"Payments":[{"Invoice":{"Type":"SALE","Total":"x","Typo":1}}]}]}]}`},
		"GET", "/api.xro/2.0/Invoices", "", [2]string{"Xero-Tenant-Id", "t"})
	var got []string
	for _, m := range c.Mismatches() {
		got = append(got, m.Where+": "+m.Rule)
	}
	const at = "body /Invoices/*/CreditNotes/*/Payments/*/Invoice/"
	if want := []string{at + "Total: type", at + "Type: enum", at + "Typo: unknown"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
