package infusionsoftfake

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Limits are how often the API may be called. In each, 0 is the vendor's own limit and a negative
// number switches it off, with its headers. OAuth requests are counted per client over all tenants,
// requests with a personal access token or a service account key per token; each tenant has a ceiling
// over all callers. Minutes are clock minutes, days UTC days, seconds slide.
type Limits struct {
	ClientPerSecond, ClientPerMinute, ClientPerDay int // 25, 1500, 150000
	KeyPerSecond, KeyPerMinute, KeyPerDay          int // 10, 240, 30000
	TenantPerMinute, TenantPerDay                  int // 10000, 250000
}

// NoLimits has every limit switched off.
func NoLimits() Limits { return Limits{-1, -1, -1, -1, -1, -1, -1, -1} }

// errThrottled has the body that users quote: its code is a string and its details are null, unlike the
// API's other errors (integration.keap.com thread 89944).
func errThrottled() error {
	return &apiError{status: http.StatusTooManyRequests, raw: throttledBody{"429", "Quota Exceeded", "Request Throttled", nil}}
}

type throttledBody struct {
	Code    string  `json:"code"`
	Message string  `json:"message"`
	Status  string  `json:"status"`
	Details *string `json:"details"`
}

// usage counts one caller, or one tenant.
type usage struct {
	recent      []time.Time
	minute, day time.Time
	inMinute    int
	inDay       int
}

func (u *usage) roll(now time.Time) {
	if m := now.Truncate(time.Minute); !m.Equal(u.minute) {
		u.minute, u.inMinute = m, 0
	}
	if d := now.Truncate(24 * time.Hour); !d.Equal(u.day) {
		u.day, u.inDay = d, 0
	}
	for len(u.recent) > 0 && now.Sub(u.recent[0]) >= time.Second {
		u.recent = u.recent[1:]
	}
}

type limitSet struct{ second, minute, day int }

func (f *Fake) limitsOf(token *grant) limitSet {
	l := f.options.Limits
	pick := func(set, vendor int) int {
		if set == 0 {
			return vendor
		}
		return set
	}
	if token.Kind == kindKey {
		return limitSet{pick(l.KeyPerSecond, 10), pick(l.KeyPerMinute, 240), pick(l.KeyPerDay, 30_000)}
	}
	return limitSet{pick(l.ClientPerSecond, 25), pick(l.ClientPerMinute, 1500), pick(l.ClientPerDay, 150_000)}
}

func (f *Fake) tenantLimits() limitSet {
	set := limitSet{-1, 10_000, 250_000}
	if n := f.options.Limits.TenantPerMinute; n != 0 {
		set.minute = n
	}
	if n := f.options.Limits.TenantPerDay; n != 0 {
		set.day = n
	}
	return set
}

func (f *Fake) usageOf(key string) *usage {
	u := f.usage[key]
	if u == nil {
		u = &usage{}
		f.usage[key] = u
	}
	u.roll(f.clock())
	return u
}

func callerKey(token *grant) string {
	if token.Kind == kindKey {
		return "key " + token.Value
	}
	return "client " + token.Client
}

// spend counts a request, or refuses it uncounted.
func (f *Fake) spend(token *grant) error {
	caller, tenant := f.usageOf(callerKey(token)), f.usageOf("tenant "+token.Tenant)
	of, ofTenant := f.limitsOf(token), f.tenantLimits()
	reached := func(used, limit int) bool { return limit > 0 && used >= limit }
	if reached(len(caller.recent), of.second) || reached(caller.inMinute, of.minute) || reached(caller.inDay, of.day) ||
		reached(tenant.inMinute, ofTenant.minute) || reached(tenant.inDay, ofTenant.day) {
		return errThrottled()
	}
	if of.second > 0 {
		caller.recent = append(caller.recent, f.clock())
	}
	for _, u := range []*usage{caller, tenant} {
		u.inMinute++
		u.inDay++
	}
	return nil
}

func (f *Fake) quotaHeaders(h http.Header, token *grant) {
	caller, tenant := f.usageOf(callerKey(token)), f.usageOf("tenant "+token.Tenant)
	of, ofTenant := f.limitsOf(token), f.tenantLimits()
	group := func(prefix, unit string, used, limit int) {
		if limit < 0 {
			return
		}
		h.Set(prefix+"-limit", strconv.Itoa(limit))
		h.Set(prefix+"-time-unit", unit)
		h.Set(prefix+"-interval", "1")
		h.Set(prefix+"-available", strconv.Itoa(max(limit-used, 0)))
		h.Set(prefix+"-used", strconv.Itoa(used))
	}
	h.Set("x-keap-tenant-id", token.Tenant)
	group("x-keap-product-quota", "day", caller.inDay, of.day)
	group("x-keap-product-throttle", "minute", caller.inMinute, of.minute)
	group("x-keap-tenant-throttle", "minute", tenant.inMinute, ofTenant.minute)
	if of.day >= 0 {
		// Milliseconds, as in the recorded answer; the vendor's page shows what looks like seconds.
		h.Set("x-keap-product-quota-expiry-time", strconv.FormatInt(caller.day.Add(24*time.Hour).UnixMilli(), 10))
	}
	if of.second >= 0 {
		h.Set("x-keap-product-spike-limit", strconv.Itoa(of.second)+"ps")
	}
}

// pretendSpent makes the headers fit a 429 that a fault has asked for.
func pretendSpent(h http.Header, fault string) {
	prefix := map[string]string{
		"429": "x-keap-product-throttle", "429_apigee": "x-keap-product-throttle",
		"429_quota_day": "x-keap-product-quota", "429_tenant": "x-keap-tenant-throttle",
	}[fault]
	if limit := h.Get(prefix + "-limit"); strings.HasPrefix(prefix, "x-") && limit != "" {
		h.Set(prefix+"-available", "0")
		h.Set(prefix+"-used", limit)
	}
}
