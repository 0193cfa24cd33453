package quickbooksfake

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/faults"
)

const batchItems = 30

// An item of a batch, as it was sent.
type item struct {
	id     string
	query  string
	write  write
	failed *fault // known before anything is done
}

// batchContents says whether a batch asks and whether it writes, for the counters.
func batchContents(body []byte) (asks, writes bool) {
	var in struct {
		BatchItemRequest []struct {
			Query     *string
			Operation string `json:"operation"`
		}
	}
	if json.Unmarshal(body, &in) != nil {
		return false, true
	}
	for _, i := range in.BatchItemRequest {
		if i.Query != nil {
			asks = true
		} else {
			writes = true
		}
	}
	return asks, writes
}

// serveBatch does the items of a batch one by one: each is committed on its own, nothing is rolled back, and
// the status is 200 whatever became of them.
func serveBatch(c *call) answer {
	id := c.query.Get("requestid")
	if bad := checkRequestID(id, true); bad != nil {
		return c.refuse(bad)
	}
	items, bad := c.items(id != "")
	if bad != nil {
		return c.refuse(bad)
	}
	print := fingerprint(c.r, c.body)
	whole := itemSlot(id, "")
	if id != "" {
		c.f.mu.Lock()
		a := c.b.remembered(whole)
		c.f.mu.Unlock()
		if a != nil {
			if bad := c.b.reused(a, print); bad != nil {
				return c.refuse(bad)
			}
			return answer{status: a.Status, contentType: a.Type, body: []byte(a.Body)}
		}
	}
	budget := largestPage
	var out [][]byte
	for i := range items {
		if !faults.Element(c.r.Context(), i) {
			return c.refuse(systemFault()) // nobody is there to read it
		}
		last := i == len(items)-1
		if last && c.fault == "item_fault" {
			out = append(out, wireItem(items[i].id, nil, systemFault()))
			continue
		}
		inner, failed := c.item(&items[i], id, print, &budget)
		switch {
		case last && c.fault == "item_fault_after":
			inner, failed = nil, systemFault()
		case last && c.fault == "item_missing":
			continue
		}
		out = append(out, wireItem(items[i].id, inner, failed))
	}
	if !c.f.opts.Switches.BatchInOrder {
		slices.Reverse(out)
	}
	body := []byte(`"BatchItemResponse":[`)
	for i, o := range out {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, o...)
	}
	got := c.enveloped(append(body, ']'))
	if id != "" {
		c.f.mu.Lock()
		defer c.f.mu.Unlock()
		key := &answered{Slot: whole, Print: print, At: time.Now().UTC(), Status: got.status, Type: got.contentType, Body: string(got.body)}
		if err := c.f.commit(&change{Realm: c.b.company.RealmID, Key: key}); err != nil {
			return c.refuse(systemFault())
		}
	}
	return got
}

func wireItem(id string, inner []byte, failed *fault) []byte {
	if failed != nil {
		data, err := json.Marshal(failed.wire())
		if err != nil {
			data = []byte(`null`)
		}
		inner = append([]byte(`"Fault":`), data...)
	}
	out := append([]byte(`{`), inner...)
	return fmt.Appendf(out, `,"bId":%s}`, strconv.Quote(id))
}

// items reads a batch. What the vendor's parser would not take fails the whole request.
func (c *call) items(keyed bool) ([]item, *fault) {
	v, err := parse(c.body)
	if err != nil {
		return nil, unsupported(err.Error())
	}
	top, ok := v.(map[string]any)
	if !ok {
		return nil, unsupported("Can not deserialize instance of " + className("IntuitBatchRequest"))
	}
	for name := range top {
		if name != "BatchItemRequest" {
			return nil, unsupported(fmt.Sprintf("Unrecognized field %q (class %s), not marked as ignorable", name, className("IntuitBatchRequest")))
		}
	}
	list, ok := top["BatchItemRequest"].([]any)
	if !ok || len(list) == 0 {
		return nil, missing("BatchItemRequest")
	}
	if len(list) > batchItems {
		return nil, business(fmt.Sprintf("The batch has %d items, the maximum is %d", len(list), batchItems))
	}
	seen := map[string]bool{}
	all := make([]item, len(list))
	for i, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, unsupported("Can not deserialize instance of " + className("BatchItemRequest"))
		}
		in, bad := c.oneItem(m)
		switch {
		case bad != nil:
			return nil, bad
		case in.id == "":
			return nil, missing("bId")
		case seen[in.id]:
			return nil, business("The bId " + in.id + " is in the batch twice")
		case keyed && len(in.id) > maxBatchItemID:
			return nil, tooLong("bId", maxBatchItemID, len(in.id))
		}
		seen[in.id] = true
		all[i] = in
	}
	return all, nil
}

func (c *call) oneItem(m map[string]any) (item, *fault) {
	in := item{}
	options := ""
	for _, name := range sortedKeys(m) {
		v := m[name]
		switch name {
		case "bId":
			in.id = scalar(v)
		case "operation":
			in.write.operation = fold(scalar(v))
		case "optionsData":
			options = fold(scalar(v))
		case "Query":
			in.query = scalar(v)
		default:
			k, ok := c.f.kinds[name]
			if !ok {
				return in, unsupported(fmt.Sprintf("Unrecognized field %q (class %s), not marked as ignorable", name, className("BatchItemRequest")))
			}
			in.write.kind, in.write.body = k, v
			// Properties are checked by the parser, before any item is looked at.
			if _, bad := c.f.read(k, v); bad != nil && bad.code == "2010" {
				return in, bad
			}
		}
	}
	if in.query != "" {
		return in, nil
	}
	if in.write.kind == nil {
		return in, missing("BatchItemRequest entity")
	}
	in.write.allow = strings.Contains(options, "allowduplicatedocnum")
	switch op := in.write.operation; {
	case options == "void" && op == "update":
		in.write.operation = "void"
	case op != "create" && op != "update" && op != "delete":
		in.failed = unsupportedOperation(op)
	}
	return in, nil
}

// item does one item, under its own part of the requestid.
func (c *call) item(in *item, requestID, print string, budget *int) ([]byte, *fault) {
	c.f.mu.Lock()
	defer c.f.mu.Unlock()
	if in.failed != nil {
		return nil, in.failed
	}
	if in.query != "" {
		got, bad := c.b.query(in.query, budget)
		return append([]byte(`"QueryResponse":`), got...), bad
	}
	slot := itemSlot(requestID, in.id)
	if requestID != "" {
		if a := c.b.remembered(slot); a != nil {
			if a.Failed {
				var x faultBody
				if json.Unmarshal([]byte(a.Body), &x) != nil || len(x.Error) != 1 {
					return nil, systemFault()
				}
				e := x.Error[0]
				return nil, &fault{status: a.Status, kind: x.Type, code: e.Code, element: e.Element, message: e.Message, detail: e.Detail}
			}
			return []byte(a.Body), nil
		}
		c.b.forgetOld()
	}
	o := c.b.begin()
	inner, created, bad := o.do(in.write)
	body := inner
	if bad != nil {
		o.change, o.owed = &change{Realm: c.b.company.RealmID}, nil
		data, err := json.Marshal(bad.wire())
		if err != nil || requestID == "" || c.f.opts.Switches.RequestIDForgetsFaults {
			return nil, bad
		}
		body = data
	}
	if requestID != "" {
		o.change.Key = &answered{Slot: slot, Print: print, At: time.Now().UTC(), Status: 200, Body: string(body), Failed: bad != nil}
		if bad != nil {
			o.change.Key.Status = bad.status
		}
	}
	if err := o.commit(); err != nil {
		return nil, systemFault()
	}
	if created {
		c.f.counts.Created[in.write.kind.name]++
	}
	return inner, bad
}
