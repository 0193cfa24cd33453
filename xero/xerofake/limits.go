package xerofake

import (
	"net/http"
	"strconv"
	"time"
)

// A window is a fixed one: it starts with the first request ever and is followed by others of the
// same length, so that the reset time differs from organisation to organisation.
type window struct {
	start time.Time
	used  int
}

// room rolls the window on and returns how many requests it still takes and when the next one starts.
func (w *window) room(at time.Time, length time.Duration, limit int) (left int, next time.Duration) {
	if w.start.IsZero() {
		w.start = at
	}
	if passed := at.Sub(w.start); passed >= length {
		w.start, w.used = w.start.Add(passed/length*length), 0
	}
	return max(limit-w.used, 0), w.start.Add(length).Sub(at)
}

type tenantLimits struct {
	minute, day window
	inFlight    int
}

// figures are the limits in force; off ones are reported as the real figure and never reached.
func (l Limits) figures() (minute, day, concurrent, app int) {
	figure := func(set, real int) int {
		if set == 0 {
			return real
		}
		return set
	}
	return figure(l.Minute, 60), figure(l.Day, 5000), figure(l.Concurrent, 5), figure(l.AppMinute, 10_000)
}

// admit counts a request against the limits, before anything else is looked at but who is asking. It
// returns the 429 answer, if any; otherwise leave must be called when the request has been served.
func (f *Fake) admit(b *Books, app string, forced string, after time.Duration, h http.Header) (refused *answer, leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	minute, day, concurrent, appMinute := f.opts.Limits.figures()
	w := f.apps[app]
	if w == nil {
		w = &window{}
		f.apps[app] = w
	}
	at := time.Now()
	minuteLeft, minuteNext := b.limits.minute.room(at, time.Minute, max(minute, 0))
	dayLeft, dayNext := b.limits.day.room(at, 24*time.Hour, max(day, 0))
	appLeft, appNext := w.room(at, time.Minute, max(appMinute, 0))

	problem, next := forced, time.Duration(0)
	switch {
	case forced == "minute" || forced == "" && minute >= 0 && minuteLeft == 0:
		problem, next, minuteLeft = "minute", minuteNext, 0
	case forced == "day" || forced == "" && day >= 0 && dayLeft == 0:
		problem, next, dayLeft = "day", dayNext, 0
	case forced == "appminute" || forced == "" && appMinute >= 0 && appLeft == 0:
		problem, next, appLeft = "appminute", appNext, 0
	case forced == "" && concurrent >= 0 && b.limits.inFlight >= concurrent:
		problem = "concurrent"
	}
	if problem == "" {
		b.limits.minute.used++
		b.limits.day.used++
		w.used++
		b.limits.inFlight++
		minuteLeft, dayLeft, appLeft = minuteLeft-1, dayLeft-1, appLeft-1
	}
	remaining := func(name string, left, limit, real int) {
		if limit < 0 {
			left = real
		}
		h.Set(name, strconv.Itoa(max(left, 0)))
	}
	remaining("X-MinLimit-Remaining", minuteLeft, minute, 60)
	remaining("X-DayLimit-Remaining", dayLeft, day, 5000)
	remaining("X-AppMinLimit-Remaining", appLeft, appMinute, 10_000)
	if problem == "" {
		return nil, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			b.limits.inFlight--
		}
	}
	h.Set("X-Rate-Limit-Problem", problem)
	if problem == "minute" || problem == "day" { // the others come without (XeroAPI/Xero-Java#156)
		if after > 0 {
			next = after
		}
		h.Set("Retry-After", strconv.Itoa(int((next+time.Second-1)/time.Second)))
	}
	return &answer{status: http.StatusTooManyRequests, contentType: textPlain, body: []byte("Rate limit exceeded")}, nil
}
