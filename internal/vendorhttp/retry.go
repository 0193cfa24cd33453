package vendorhttp

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what a header can say. Xero's day limit has been seen at 77,000 s.
const maxRetryAfter = 32 * 24 * time.Hour

// RetryAfter reads the header of that name, in seconds or as an HTTP date, as the time from now. It is
// 0 when the header is absent, unreadable or past, and never negative. Fractions of a second, which
// some gateways send, are rounded up.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if whole, fraction, _ := strings.Cut(v, "."); digits(whole) && (fraction == "" || digits(fraction)) {
		seconds, err := strconv.ParseInt(whole, 10, 64)
		if err != nil || seconds >= int64(maxRetryAfter/time.Second) {
			return maxRetryAfter // too many digits are a very long time
		}
		if strings.Trim(fraction, "0") != "" {
			seconds++
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

const (
	firstBackoff = time.Second
	maxBackoff   = 30 * time.Second
)

// backoff is the wait after the n-th attempt where the vendor named none: a second, doubled each time,
// the upper half of it by chance, so that many flows do not come back together.
func backoff(n int) time.Duration {
	d := maxBackoff
	if n < 6 {
		d = min(maxBackoff, firstBackoff<<(n-1))
	}
	return d/2 + jitter(d/2)
}

func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}
