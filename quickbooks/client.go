package quickbooks

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

// right holds every call to the company that is expected.
func (l *Ledger) right(thing string) error {
	want := l.options.Organisation
	if want.IsZero() || want == l.id {
		return nil
	}
	return &ledger.Error{
		Kind: ledger.ErrReconnect, Room: Vendor, Thing: thing, Code: "other_organisation",
		Message: "the connection leads to company " + l.id.ID + ", expected is " + want.ID + ": connect the right one",
	}
}

// get reads path. An answer that is not 2xx, or holds a fault nevertheless, is an error.
func (l *Ledger) get(ctx context.Context, path, route string, query url.Values) (*vendorhttp.Response, error) {
	thing := "GET " + route
	if err := l.right(thing); err != nil {
		return nil, err
	}
	q := url.Values{"minorversion": {minorVersion}}
	for k, v := range query {
		q[k] = v
	}
	req := vendorhttp.Request{Path: path, Route: route, Query: q}
	if l.windows.month != nil {
		req.Windows = []limit.Window{*l.windows.month}
	}
	for again := false; ; again = true {
		resp, err := l.http.Do(ctx, req)
		if err != nil {
			return nil, vendorhttp.ReadError(Vendor, thing, err)
		}
		f := faultOf(resp)
		if resp.OK() && f == nil {
			l.blocked.Store(0)
			return resp, nil
		}
		if !again && f.system() && ctx.Err() == nil {
			continue // "an application error has occurred" is worth one more attempt
		}
		return nil, l.answerError(ctx, thing, resp, f)
	}
}

// getInto is get for one answer that is decoded as a whole.
func (l *Ledger) getInto(ctx context.Context, path, route string, query url.Values, v any) (*vendorhttp.Response, error) {
	resp, err := l.get(ctx, path, route, query)
	if err != nil {
		return nil, err
	}
	if err := resp.Decode(v); err != nil {
		return nil, unreadable("GET "+route, resp, err)
	}
	return resp, nil
}

// ask sends a statement of the query language.
func (l *Ledger) ask(ctx context.Context, statement string) (*vendorhttp.Response, error) {
	return l.get(ctx, "/query", "/query", url.Values{"query": {statement}})
}

// clock returns the vendor's time at an answer: what the envelope says, else the Date header.
func clock(envelope string, h http.Header) time.Time {
	if t, err := parseInstant(envelope); err == nil && !t.IsZero() {
		return t
	}
	return vendorhttp.Date(h)
}

// windows are QuickBooks' limits. Sources: the limits and throttles page, and the developer blog of
// 2025-08-13 and 2026-01-08.
type windows struct {
	minute, second, slots limit.Window
	batch, batchAll       limit.Window
	month                 *limit.Window
}

func newWindows(realmID string, o *Options) windows {
	realm := "quickbooks/realm/" + realmID
	prefix, app := realm, realm
	if o.App != "" {
		app = "quickbooks/app/" + o.App
		prefix = app + "/realm/" + realmID
	}
	w := windows{
		minute:   limit.Sliding(realm+"/minute", 500, time.Minute),
		second:   limit.Sliding(prefix+"/second", 10, time.Second),
		slots:    limit.Slots(prefix+"/slots", 10), // older pages: 10 at a time
		batch:    limit.Sliding(prefix+"/batch", 40, time.Minute),
		batchAll: limit.Sliding(realm+"/batch/all", 120, time.Minute),
	}
	if o.MonthReads > 0 && !o.Sandbox { // the sandbox is not metered
		// Any 31 days, because a quota that begins anew with the month has no window of a fixed size.
		month := limit.Sliding(app+"/reads", o.MonthReads, 31*24*time.Hour)
		w.month = &month
	}
	return w
}

func (w windows) all() []limit.Window { return []limit.Window{w.minute, w.second, w.slots} }

// throttleWait is what the limits page says to wait; its answers say nothing.
const throttleWait = time.Minute

// learn hands a throttled answer to the budget, so that nobody asks again before its time. A budget that
// cannot be told is no reason to fail a call that has been answered.
func (l *Ledger) learn(ctx context.Context, a vendorhttp.Answer) {
	if a.Status == http.StatusTooManyRequests {
		l.throttled(ctx, a.Route, a.At, a.RetryAfter)
	}
}

func (l *Ledger) throttled(ctx context.Context, route string, at time.Time, wait time.Duration) {
	if wait == 0 {
		wait = throttleWait
	}
	wait = min(wait, throttleWait) // a month's block stops reads and not the writes, which are not metered
	_ = l.options.Budget.Learn(ctx, l.windows.minute, 0, at.Add(wait))
	if route == batchPath {
		_ = l.options.Budget.Learn(ctx, l.windows.batch, 0, at.Add(wait))
	}
}

// patience is how long to wait after a throttled reading without Retry-After. The month's quota blocks reads for weeks
// with the same answer as the minute's limit, so that it doubles while nothing gets through, up to six hours.
func (l *Ledger) patience() (wait time.Duration, long bool) {
	n := l.blocked.Add(1)
	wait = throttleWait << min(max(n-1, 0), 10)
	if wait > 6*time.Hour {
		wait = 6 * time.Hour
	}
	return wait, n > 5
}

// send sends a write once. Its error is for what was certainly not acted on; where nobody knows, seen
// says what was seen instead.
func (l *Ledger) send(ctx context.Context, thing string, e ledger.Encoded, key string, gate func(context.Context) error) (*vendorhttp.Response, *vendorhttp.Seen, error) {
	if err := l.right(thing); err != nil {
		return nil, nil, err
	}
	req, err := vendorhttp.Write(Vendor, thing, e, gate, deadline)
	if err != nil {
		return nil, nil, err
	}
	if key != "" {
		req.Query.Set("requestid", key)
	}
	if req.Path == batchPath {
		req.Windows = []limit.Window{l.windows.batch, l.windows.batchAll}
	}
	resp, err := l.http.Do(ctx, req)
	if err != nil {
		seen, err := vendorhttp.WriteError(Vendor, thing, err, func(r *vendorhttp.Response) error {
			return l.answerError(ctx, thing, r, nil)
		})
		return nil, seen, err
	}
	return resp, nil, nil
}
