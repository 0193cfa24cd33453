package quickbooksfake

import (
	"net/http"
	"time"
)

// A window holds the times of the requests within its length.
type window struct {
	length time.Duration
	times  []time.Time
}

func (w *window) full(now time.Time, limit int) bool {
	for len(w.times) > 0 && now.Sub(w.times[0]) >= w.length {
		w.times = w.times[1:]
	}
	return limit > 0 && len(w.times) >= limit
}

func (w *window) add(now time.Time) { w.times = append(w.times, now) }

// realmLimits are the windows of a company.
type realmLimits struct {
	minute, batches window
	apps            map[string]*appLimits
}

type appLimits struct {
	second, batches window
	inFlight        int
}

// A month counts the metered reads of an app.
type month struct {
	name string
	used int
}

func newRealmLimits() realmLimits {
	return realmLimits{window{length: time.Minute}, window{length: time.Minute}, map[string]*appLimits{}}
}

func figure(set, real int) int {
	if set == 0 {
		return real
	}
	return set
}

// admit counts a request against the limits, or refuses it uncounted. leave must be called when an admitted
// request has been served.
func (f *Fake) admit(b *Books, app string, batch, metered bool) (refused *answer, leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, l, limits := time.Now(), f.opts.Limits, &b.limits
	a := limits.apps[app]
	if a == nil {
		a = &appLimits{second: window{length: time.Second}, batches: window{length: time.Minute}}
		limits.apps[app] = a
	}
	reads := f.reads[app]
	if name := now.UTC().Format("2006-01"); reads == nil || reads.name != name {
		reads = &month{name: name}
		f.reads[app] = reads
	}
	quota, concurrent := figure(l.MonthlyReads, 500_000), figure(l.Concurrent, 10)
	full := limits.minute.full(now, figure(l.Minute, 500))
	full = a.second.full(now, figure(l.Second, 10)) || full
	full = full || concurrent > 0 && a.inFlight >= concurrent
	if batch {
		full = a.batches.full(now, figure(l.BatchMinute, 40)) || full
		full = limits.batches.full(now, figure(l.BatchCompany, 120)) || full
	}
	if full || metered && quota > 0 && reads.used >= quota {
		return pointer(f.throttled(b)), nil
	}
	limits.minute.add(now)
	a.second.add(now)
	if batch {
		a.batches.add(now)
		limits.batches.add(now)
	}
	if metered {
		reads.used++
	}
	a.inFlight++
	return nil, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		a.inFlight--
	}
}

// throttled is the answer of every limit. There is no Retry-After; the wait is 60 seconds.
func (f *Fake) throttled(b *Books) answer {
	if f.opts.Switches.ThrottleJSON {
		return throttledJSON(b.now())
	}
	return throttledXML(http.StatusTooManyRequests, b.now())
}

const throttleDetail = "The request limit was reached.  Try again later"

func throttledJSON(at time.Time) answer {
	return gateway(http.StatusTooManyRequests, "SERVICE", "3001", "ThrottleExceeded", pointer(throttleDetail), at)
}

// throttledXML is the recorded body: 429, and 403 in old stacks.
func throttledXML(status int, at time.Time) answer {
	return xmlFault(status, "SERVICE", "3001", "message=ThrottleExceeded; errorCode=003001; statusCode="+map[int]string{429: "429", 403: "403"}[status], throttleDetail, at)
}
