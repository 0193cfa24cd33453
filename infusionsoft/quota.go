package infusionsoft

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/limit"
)

// quota knows the vendor's limits. It begins with those of the vendor's page (an OAuth client 1,500 a
// minute and 150,000 a day, which ends at 00:00 UTC; spikes of 25 a second; an application 10,000 a
// minute and 250,000 a day, all callers together) and believes the headers of the answers from then on:
// keys of another sort have other limits, and the page and the headers differ.
//
// https://developer.infusionsoft.com/quotas, as of 2026-06-08
type quota struct {
	budget limit.Budget
	app    string

	second, minute, day     atomic.Int64 // of the OAuth client
	tenantMinute, tenantDay atomic.Int64
}

func newQuota(b limit.Budget, app string) *quota {
	q := &quota{budget: b, app: app}
	q.second.Store(25)
	q.minute.Store(1500)
	q.day.Store(150_000)
	q.tenantMinute.Store(10_000)
	q.tenantDay.Store(250_000)
	return q
}

func (q *quota) secondWindow() limit.Window {
	return limit.Sliding(Vendor+"/app/"+q.app+"/second", int(q.second.Load()), time.Second)
}

func (q *quota) minuteWindow() limit.Window {
	return limit.Sliding(Vendor+"/app/"+q.app+"/minute", int(q.minute.Load()), time.Minute)
}

func (q *quota) dayWindow() limit.Window {
	return limit.Aligned(Vendor+"/app/"+q.app+"/day", int(q.day.Load()), 24*time.Hour)
}

func (q *quota) tenantMinuteWindow(tenant string) limit.Window {
	return limit.Sliding(Vendor+"/tenant/"+tenant+"/minute", int(q.tenantMinute.Load()), time.Minute)
}

// windows are what one call takes from.
func (q *quota) windows(tenant string) []limit.Window {
	w := []limit.Window{q.secondWindow(), q.minuteWindow(), q.dayWindow()}
	if tenant != "" {
		w = append(w, q.tenantMinuteWindow(tenant),
			limit.Aligned(Vendor+"/tenant/"+tenant+"/day", int(q.tenantDay.Load()), 24*time.Hour))
	}
	return w
}

// learn hands what an answer says of the limits to the budget. A budget that cannot be told is no reason
// to fail the call: it paces by what it counts itself.
func (q *quota) learn(ctx context.Context, tenant string, a vendorhttp.Answer) {
	h := a.Header
	if said, err := cleanTenant(h.Get(headerTenant)); err == nil && said != tenant && tenant != "" {
		tenant = "" // the limits of a stranger
	}
	if n, ok := strings.CutSuffix(strings.ToLower(h.Get("X-Keap-Product-Spike-Limit")), "ps"); ok {
		adopt(&q.second, n)
	}
	if each(h, "X-Keap-Product-Throttle", "minute") {
		adopt(&q.minute, h.Get("X-Keap-Product-Throttle-Limit"))
		if left, ok := available(h, "X-Keap-Product-Throttle"); ok {
			_ = q.budget.Learn(ctx, q.minuteWindow(), left, time.Time{})
		}
	}
	if each(h, "X-Keap-Product-Quota", "day") {
		adopt(&q.day, h.Get("X-Keap-Product-Quota-Limit"))
		if left, ok := available(h, "X-Keap-Product-Quota"); ok {
			_ = q.budget.Learn(ctx, q.dayWindow(), left, expiry(h))
		}
	}
	if tenant != "" && each(h, "X-Keap-Tenant-Throttle", "minute") {
		adopt(&q.tenantMinute, h.Get("X-Keap-Tenant-Throttle-Limit"))
		if left, ok := available(h, "X-Keap-Tenant-Throttle"); ok {
			_ = q.budget.Learn(ctx, q.tenantMinuteWindow(tenant), left, time.Time{})
		}
	}
	if a.Status != http.StatusTooManyRequests {
		return
	}
	reset := resumeAt(h, a.RetryAfter, a.At)
	switch refusedBy(h) {
	case byDay:
		_ = q.budget.Learn(ctx, q.dayWindow(), 0, reset)
	case bySpike:
		_ = q.budget.Learn(ctx, q.secondWindow(), 0, reset)
	case byTenant:
		if tenant != "" {
			_ = q.budget.Learn(ctx, q.tenantMinuteWindow(tenant), 0, reset)
			return
		}
		fallthrough
	default:
		_ = q.budget.Learn(ctx, q.minuteWindow(), 0, reset)
	}
}

// refuser is which of the limits a 429 is about.
type refuser int

const (
	byMinute refuser = iota // also where the answer does not say
	byDay
	byTenant
	bySpike // calls were left everywhere, and yet: too many in a moment
)

func refusedBy(h http.Header) refuser {
	if left, ok := available(h, "X-Keap-Product-Quota"); ok && left == 0 {
		return byDay
	}
	if left, ok := available(h, "X-Keap-Tenant-Throttle"); ok && left == 0 {
		return byTenant
	}
	if left, ok := available(h, "X-Keap-Product-Throttle"); ok && left > 0 {
		return bySpike
	}
	return byMinute
}

// resumeAt says when a call that was refused with 429 is worth another try. No Retry-After has been
// seen; the minute is the vendor's, of its Date header.
func resumeAt(h http.Header, retryAfter time.Duration, now time.Time) time.Time {
	now = now.UTC()
	if refusedBy(h) == byDay {
		if end := expiry(h); end.After(now) {
			return end
		}
		return now.Truncate(24 * time.Hour).Add(24 * time.Hour)
	}
	if retryAfter > 0 {
		return now.Add(retryAfter)
	}
	if refusedBy(h) == bySpike {
		return now.Add(time.Second)
	}
	vendor := now
	if d, err := http.ParseTime(h.Get("Date")); err == nil {
		vendor = d
	}
	return now.Add(vendor.Truncate(time.Minute).Add(time.Minute).Sub(vendor))
}

// expiry is when the day's quota begins anew. It is milliseconds in a recorded answer and looks like
// seconds on the vendor's page; no second of this century has 12 digits.
func expiry(h http.Header) time.Time {
	n, err := strconv.ParseInt(h.Get("X-Keap-Product-Quota-Expiry-Time"), 10, 64)
	switch {
	case err != nil || n <= 0 || n > 1e14:
		return time.Time{}
	case n < 1e11:
		return time.Unix(n, 0).UTC()
	}
	return time.UnixMilli(n).UTC()
}

// each reports whether the limit of that name is for one unit of time, which it is too when the answer
// leaves it out.
func each(h http.Header, name, unit string) bool {
	u, n := h.Get(name+"-Time-Unit"), h.Get(name+"-Interval")
	return (u == "" || strings.EqualFold(u, unit)) && (n == "" || n == "1")
}

func available(h http.Header, name string) (int, bool) {
	n, err := strconv.Atoi(h.Get(name + "-Available"))
	return max(n, 0), err == nil
}

// adopt takes a limit from a header, if it is a credible one.
func adopt(limit *atomic.Int64, header string) {
	if n, err := strconv.ParseInt(header, 10, 64); err == nil && n >= 1 && n <= 10_000_000 {
		limit.Store(n)
	}
}
