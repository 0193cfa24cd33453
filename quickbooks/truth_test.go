package quickbooks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
)

// Wire truth: what QuickBooks was recorded to say is read by the shapes that the adapter reads with, and printed
// again. Whatever does not come back must stand in a list with the reason why it is not needed.

// TestWireTruth holds the shapes against every recorded JSON body.
func TestWireTruth(t *testing.T) {
	t.Parallel()
	folder := specsFolder(t)
	found := &truth{ignored: notNeeded()}
	files, bodies := 0, 0
	for _, of := range []struct {
		folder string
		files  int // by find -type f | wc -l
		bodies int // JSON bodies of answers and requests, counted in the files
		read   func(*testing.T, string) []specimen
	}{
		{"minimul-qbo_api-vcr", 21, 43, readCassettes},
		{"nango-recorded-json", 24, 34, readExchanges},
		{"misc-json", 1, 1, readBodies},
	} {
		here := filesIn(t, folder, of.folder)
		assert.Len(t, here, of.files, "files in %s", of.folder)
		n := 0
		for _, file := range here {
			specimens := of.read(t, file)
			for _, s := range specimens {
				found.check(t, s)
			}
			n += len(specimens)
		}
		assert.Equal(t, of.bodies, n, "JSON bodies in %s", of.folder)
		files += len(here)
		bodies += n
	}
	found.check(t, specimen{where: "tax_service_error_dup.json", body: readFile(t, folder, "ruckus-quickbooks-ruby-xml", "tax_service_error_dup.json")})
	t.Logf("%d files, %d JSON bodies, %d values printed back, %d fields left out for %d reasons", files, bodies, found.values, found.left, len(found.ignored))
	found.settle(t)
}

// specimen is one recorded body.
type specimen struct {
	where  string
	entity string // of a request, which does not say it itself
	body   []byte
}

// kind is what sort of answer it is.
func (s specimen) kind() string {
	var top map[string]json.RawMessage
	if s.entity == "" && json.Unmarshal(s.body, &top) == nil {
		for key := range top {
			switch key {
			case "QueryResponse":
				return "query"
			case "CDCResponse":
				return "changes"
			case "BatchItemResponse", "BatchItemRequest":
				return "batch"
			case "Fault", "fault":
				return "fault"
			}
		}
	}
	return "record"
}

// An ignored field is one that the adapter does not read. Paths begin at a record, or at the envelope; * stands for
// any record.
type ignored struct {
	path, because string
	used          int
}

// truth compares bodies with what is printed back of them.
type truth struct {
	ignored      []*ignored
	values, left int
	lies         []string
}

// check reads a body as the adapter would, and prints it again.
func (c *truth) check(t *testing.T, s specimen) {
	t.Helper()
	views, err := readings(s)
	if err != nil {
		t.Errorf("%s: the adapter's shapes do not read it: %v", s.where, err)
		return
	}
	body := s.body
	if s.entity != "" {
		body = fmt.Appendf(nil, `{%q:%s}`, s.entity, s.body)
	}
	c.compare(s.kind(), body, views...)
	for _, l := range c.lies {
		t.Errorf("%s: %s", s.where, l)
	}
	c.lies = nil
}

func (c *truth) compare(kind string, body []byte, views ...any) {
	printed := make([]any, len(views))
	for i, v := range views {
		b, err := json.Marshal(v)
		if err == nil {
			printed[i], err = parse(b)
		}
		if err != nil {
			c.lie("what was read cannot be printed: %v", err)
			return
		}
	}
	whole, err := parse(body)
	if err != nil {
		c.lie("no JSON: %v", err)
		return
	}
	c.walk(kind, whole, printed)
}

func (c *truth) settle(t *testing.T) {
	t.Helper()
	for _, i := range c.ignored {
		if i.used == 0 {
			t.Errorf("no recording has %s: take it off the list of what is not needed", i.path)
		}
		if len(i.because) < 15 {
			t.Errorf("%s: why is it not needed?", i.path)
		}
	}
}

func (c *truth) lie(format string, args ...any) {
	c.lies = append(c.lies, fmt.Sprintf(format, args...))
}

// walk compares one value with what each of the views that have it prints.
func (c *truth) walk(path string, was any, views []any) {
	switch was := was.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(was)) {
			var below []any
			for _, v := range views {
				if object, ok := v.(map[string]any); ok {
					if inside, ok := fieldOf(object, key); ok {
						below = append(below, inside)
					}
				}
			}
			at := path + "/" + key
			if records[key] && len(below) > 0 {
				at = key
			}
			reason := c.reason(at)
			switch {
			case len(below) == 0 && reason == nil:
				c.lie("%s is not read, and no list says why", at)
			case len(below) == 0:
				reason.used++
				c.left++
			case reason != nil:
				c.lie("%s is said not to be needed (%s), and is read", at, reason.because)
			default:
				c.walk(at, was[key], below)
			}
		}
		for _, v := range views {
			object, ok := v.(map[string]any)
			if !ok {
				if v != nil || len(was) > 0 {
					c.lie("%s is an object, printed as %v", path, v)
				}
				continue
			}
			for key, value := range object {
				if _, there := fieldOf(was, key); !there && !empty(value) {
					c.lie("%s/%s was not there, printed is %v", path, key, value)
				}
			}
		}
	case []any:
		for _, v := range views {
			list, _ := v.([]any)
			if len(list) != len(was) {
				c.lie("%s has %d elements, printed are %d", path, len(was), len(list))
				return
			}
		}
		for i := range was {
			below := make([]any, len(views))
			for j, v := range views {
				below[j] = v.([]any)[i]
			}
			c.walk(path, was[i], below)
		}
	default:
		for _, v := range views {
			c.values++
			if !same(was, v) {
				c.lie("%s is %v, printed as %v", path, was, v)
			}
		}
	}
}

// records are those that the adapter reads. A path begins anew there.
var records = map[string]bool{
	"Invoice": true, "Payment": true, "Customer": true, "Vendor": true, "Employee": true, "Account": true, "Item": true,
}

func (c *truth) reason(path string) *ignored {
	for _, i := range c.ignored {
		if i.path == path {
			return i
		}
		if below, any := strings.CutPrefix(i.path, "*/"); any {
			if first, rest, ok := strings.Cut(path, "/"); ok && rest == below && records[first] {
				return i
			}
		}
	}
	return nil
}

// fieldOf finds a field as encoding/json does, whatever its case.
func fieldOf(object map[string]any, key string) (any, bool) {
	if v, ok := object[key]; ok {
		return v, true
	}
	for k, v := range object {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return nil, false
}

func same(a, b any) bool {
	x, isNumber := a.(json.Number)
	y, ok := b.(json.Number)
	if isNumber && ok {
		l, errL := decimal.NewFromString(string(x))
		r, errR := decimal.NewFromString(string(y))
		return errL == nil && errR == nil && l.Equal(r)
	}
	if a == nil { // "element":null is no element
		return empty(b)
	}
	return isNumber == ok && a == b
}

// empty is what an absent field is printed as.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case json.Number:
		return v == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, inside := range v {
			if !empty(inside) {
				return false
			}
		}
		return true
	}
	return false
}

func parse(b []byte) (any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	err := d.Decode(&v)
	return v, err
}

// readings is a body as each of the shapes shows it that the adapter reads such a body with.
func readings(s specimen) ([]any, error) {
	resp := &vendorhttp.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: s.body}
	if s.entity != "" {
		return readRecord(s.entity, s.body)
	}
	var top map[string]json.RawMessage
	if err := resp.Decode(&top); err != nil {
		return nil, err
	}
	var views []any
	decode := func(v any) error {
		views = append(views, v)
		return resp.Decode(v)
	}
	for key := range top {
		var err error
		switch key {
		case "QueryResponse": // the feeds', and the chart's
			if err = decode(&wireAnswer{}); err == nil {
				err = decode(&wireChart{})
			}
		case "CDCResponse":
			err = decode(&wireChanges{})
		case "BatchItemResponse":
			err = readBatch(resp, &views)
		case "BatchItemRequest":
			err = decode(&outBatch{})
		case "Fault", "fault":
			views = append(views, map[string]any{"Fault": faultOf(resp)})
		default:
			var more []any
			if more, err = readRecord(key, top[key]); err == nil {
				views = append(views, more...)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
	}
	return views, nil
}

// readBatch reads the envelope of a batch, and the records in it.
func readBatch(resp *vendorhttp.Response, views *[]any) error {
	var w wireBatch
	if err := resp.Decode(&w); err != nil {
		return err
	}
	var items []any
	for i := range w.BatchItemResponse {
		item := &w.BatchItemResponse[i]
		printed := map[string]any{"bId": item.BID, "Fault": item.Fault}
		for entity, raw := range map[string]json.RawMessage{"Invoice": item.Invoice, "Payment": item.Payment, "Customer": item.Customer} {
			if raw == nil {
				continue
			}
			v, err := readRecord(entity, raw)
			if err != nil {
				return err
			}
			printed[entity] = v[0].(map[string]any)[entity]
		}
		items = append(items, printed)
	}
	*views = append(*views, map[string]any{"BatchItemResponse": items})
	return nil
}

// readRecord reads one record. A record of a kind that the adapter does not know has no view.
func readRecord(entity string, raw []byte) ([]any, error) {
	var v any
	switch entity {
	case "Invoice":
		v = new(wireInvoice)
	case "Payment":
		v = new(wirePayment)
	case "Customer", "Vendor", "Employee":
		v = new(wireName)
	case "Account", "Item":
		var chart wireChart
		if err := json.Unmarshal(fmt.Appendf(nil, `{"QueryResponse":{%q:[%s]}}`, entity, raw), &chart); err != nil {
			return nil, err
		}
		b, err := json.Marshal(chart.QueryResponse)
		if err != nil {
			return nil, err
		}
		var lists map[string][]json.RawMessage
		if err := json.Unmarshal(b, &lists); err != nil {
			return nil, err
		}
		return []any{map[string]any{entity: lists[entity][0]}}, nil
	default:
		return nil, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, err
	}
	return []any{map[string]any{entity: v}}, nil
}

// The comparison itself is held to what it promises.
func TestWireTruthCatches(t *testing.T) {
	t.Parallel()
	read := func(body string) []any {
		views, err := readings(specimen{body: []byte(body)})
		require.NoError(t, err)
		return views
	}
	for name, test := range map[string]struct {
		body  string
		views []any
		lie   string
	}{
		"nothing":             {`{"Invoice":{"Id":"1","TotalAmt":10.50}}`, read(`{"Invoice":{"Id":"1","TotalAmt":10.5}}`), ""},
		"a field of tomorrow": {`{"Invoice":{"Id":"1","Surcharge":2}}`, nil, "Invoice/Surcharge is not read"},
		"a record of tomorrow": {
			`{"QueryResponse":{"Subscription":[{"Id":"1"}]}}`, nil, "query/QueryResponse/Subscription is not read",
		},
		"a field below a line": {`{"Invoice":{"Line":[{"SalesItemLineDetail":{"Markup":{}}}]}}`, nil, "Invoice/Line/SalesItemLineDetail/Markup is not read"},
		"an amount changed":    {`{"Invoice":{"TotalAmt":10.50}}`, read(`{"Invoice":{"TotalAmt":10.51}}`), "Invoice/TotalAmt is 10.50, printed as 10.51"},
		"a cent that a binary fraction loses": {
			`{"Invoice":{"TotalAmt":9007199254740993.01}}`, read(`{"Invoice":{"TotalAmt":9007199254740993.02}}`), "Invoice/TotalAmt is",
		},
		"a line lost":      {`{"Invoice":{"Line":[{"Id":"1"},{"Id":"2"}]}}`, read(`{"Invoice":{"Line":[{"Id":"1"}]}}`), "Invoice/Line has 2 elements, printed are 1"},
		"a text changed":   {`{"Invoice":{"DocNumber":"0010"}}`, read(`{"Invoice":{"DocNumber":"10"}}`), "Invoice/DocNumber is 0010, printed as 10"},
		"a field invented": {`{"Invoice":{"Id":"1"}}`, read(`{"Invoice":{"Id":"1","Balance":5}}`), "Invoice/Balance was not there"},
		"a list that lies": {`{"Invoice":{"Id":"1","DueDate":"2026-01-01"}}`, nil, "Invoice/DueDate is said not to be needed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &truth{}
			if strings.HasPrefix(name, "a list") {
				c.ignored = []*ignored{{path: "*/DueDate", because: "somebody thought so"}}
			}
			if test.views == nil {
				test.views = read(test.body)
			}
			c.compare("query", []byte(test.body), test.views...)
			if test.lie == "" {
				assert.Empty(t, c.lies)
				return
			}
			require.NotEmpty(t, c.lies)
			assert.Contains(t, strings.Join(c.lies, "\n"), test.lie)
		})
	}
}
