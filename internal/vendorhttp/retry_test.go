package vendorhttp

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"17":                             17 * time.Second,
		" 17 ":                           17 * time.Second,
		"77000":                          77000 * time.Second,
		"1.2":                            2 * time.Second,
		"1.0":                            time.Second,
		"-5":                             0,
		"+5":                             0,
		"soon":                           0,
		"1e3":                            0,
		".5":                             0,
		"99999999999":                    32 * 24 * time.Hour,
		"99999999999999999999999999":     32 * 24 * time.Hour,
		"Sun, 01 Mar 2026 12:01:30 GMT":  90 * time.Second,
		"Sunday, 01-Mar-26 12:01:30 GMT": 90 * time.Second,
		"Sun, 01 Mar 2026 11:59:00 GMT":  0,
		"Sun, 01 Mar 2099 12:00:00 GMT":  32 * 24 * time.Hour,
	} {
		assert.Equal(t, want, RetryAfter(http.Header{"Retry-After": {in}}, now), "%q", in)
	}
	assert.Zero(t, RetryAfter(nil, now))
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"5", "1.5", "Sun, 01 Mar 2026 12:01:30 GMT", "9223372036854775808", ""} {
		f.Add(s)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		d := RetryAfter(http.Header{"Retry-After": {s}}, now)
		if d < 0 || d > maxRetryAfter {
			t.Errorf("%q: %s is out of bounds", s, d)
		}
	})
}

func TestBackoffDoublesWithinItsBounds(t *testing.T) {
	t.Parallel()
	for n, full := range []time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 5: 16 * time.Second, 6: 30 * time.Second, 7: 30 * time.Second, 99: 30 * time.Second} {
		if full == 0 {
			continue
		}
		for range 50 {
			d := backoff(n)
			assert.GreaterOrEqual(t, d, full/2)
			assert.Less(t, d, full)
		}
	}
}
