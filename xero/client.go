package xero

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

// get reads path. since, when not zero, is sent as If-Modified-Since, in whole seconds. An answer that
// is not 2xx is an error.
func (l *Ledger) get(ctx context.Context, path, route string, query url.Values, since time.Time) (*vendorhttp.Response, error) {
	req := vendorhttp.Request{Path: path, Route: route, Query: query}
	if !since.IsZero() {
		// The form of Xero's documentation: UTC without a Z. An RFC 1123 date is not known to work.
		req.Header = http.Header{"If-Modified-Since": {since.UTC().Format("2006-01-02T15:04:05")}}
	}
	resp, err := l.http.Do(ctx, req)
	if err != nil {
		return nil, vendorhttp.ReadError(Vendor, "GET "+route, err)
	}
	if !resp.OK() {
		return nil, answerError("GET "+route, resp)
	}
	return resp, nil
}

// getInto is get for one small answer that is decoded as a whole.
func (l *Ledger) getInto(ctx context.Context, path, route string, query url.Values, v any) (*vendorhttp.Response, error) {
	resp, err := l.get(ctx, path, route, query, time.Time{})
	if err != nil {
		return nil, err
	}
	if err := resp.Decode(v); err != nil {
		return nil, unreadable("GET "+route, resp, err)
	}
	return resp, nil
}

// clock returns the vendor's time at an answer: what the envelope says, else the Date header.
func clock(envelope string, h http.Header) time.Time {
	if t, err := parseInstant(envelope); err == nil && !t.IsZero() {
		return t
	}
	return vendorhttp.Date(h)
}

// windows are Xero's limits, per app and organisation. Source: the OAuth2 API limits page.
type windows struct {
	minute, day, slots limit.Window
	app                *limit.Window
}

func newWindows(tenantID string, o *Options) windows {
	prefix := "xero/tenant/" + tenantID
	if o.App != "" {
		prefix = "xero/app/" + o.App + "/tenant/" + tenantID
	}
	w := windows{
		minute: limit.Sliding(prefix+"/minute", 60, time.Minute),
		day:    limit.Sliding(prefix+"/day", o.DayLimit, 24*time.Hour),
		slots:  limit.Slots(prefix+"/slots", 5),
	}
	if o.App != "" {
		app := limit.Sliding("xero/app/"+o.App+"/minute", 10000, time.Minute)
		w.app = &app
	}
	return w
}

func (w windows) all() []limit.Window {
	all := []limit.Window{w.minute, w.day, w.slots}
	if w.app != nil {
		all = append(all, *w.app)
	}
	return all
}

// learn hands to the budget what an answer says of Xero's own counting. A budget that cannot be told
// is no reason to fail a call that has been answered.
func (l *Ledger) learn(ctx context.Context, a vendorhttp.Answer) {
	tell := func(w limit.Window, remaining int, reset time.Time) {
		_ = l.options.Budget.Learn(ctx, w, remaining, reset)
	}
	remaining := func(header string) int {
		n, err := strconv.Atoi(a.Header.Get(header))
		if err != nil || n < 0 {
			return -1
		}
		return n
	}
	if n := remaining("X-MinLimit-Remaining"); n >= 0 {
		tell(l.windows.minute, n, time.Time{})
	}
	if n := remaining("X-DayLimit-Remaining"); n >= 0 {
		tell(l.windows.day, n, time.Time{})
	}
	if n := remaining("X-AppMinLimit-Remaining"); n >= 0 && l.windows.app != nil {
		tell(*l.windows.app, n, time.Time{})
	}
	if a.Status != http.StatusTooManyRequests || a.RetryAfter == 0 {
		return
	}
	reset := a.At.Add(a.RetryAfter)
	switch problemOf(a.Header) {
	case "day":
		tell(l.windows.day, 0, reset)
	case "app":
		if l.windows.app != nil {
			tell(*l.windows.app, 0, reset)
		}
	case "concurrent":
	default:
		tell(l.windows.minute, 0, reset)
	}
}

// problemOf reads X-Rate-Limit-Problem: "minute" and "day" have been observed, older notes say
// "Minute", "Daily" and "DayLimit", so that beginnings are compared and case is not.
func problemOf(h http.Header) string {
	p := strings.ToLower(h.Get("X-Rate-Limit-Problem"))
	for _, known := range []string{"minute", "app", "concurrent"} {
		if strings.HasPrefix(p, known) {
			return known
		}
	}
	if strings.HasPrefix(p, "day") || strings.HasPrefix(p, "dai") {
		return "day"
	}
	return ""
}

// send sends a write once. Its error is for what was certainly not acted on; where nobody knows, seen
// says what was seen instead.
func (l *Ledger) send(ctx context.Context, thing string, e ledger.Encoded, key string, gate func(context.Context) error) (*vendorhttp.Response, *vendorhttp.Seen, error) {
	req, err := vendorhttp.Write(Vendor, thing, e, gate, deadline)
	if err != nil {
		return nil, nil, err
	}
	if key != "" { // an empty one breaks the call (XeroAPI/xero-node#649)
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := l.http.Do(ctx, req)
	if err != nil {
		seen, err := vendorhttp.WriteError(Vendor, thing, err, func(r *vendorhttp.Response) error { return answerError(thing, r) })
		return nil, seen, err
	}
	return resp, nil, nil
}
