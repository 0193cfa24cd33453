package infusionsoft

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
)

func refuses(status int, body string, h http.Header) *vendor {
	return &vendor{reply: func(*http.Request) answer { return answer{status: status, body: body, header: h} }}
}

func TestNewFindsMistakes(t *testing.T) {
	t.Parallel()
	c := &http.Client{}
	for name, o := range map[string]*Options{
		"tenant":    {Tenant: "https://xx123.infusionsoft.com/"},
		"currency":  {Currency: "DOLLARS"},
		"page size": {PageSize: 1001},
		"negative":  {PageSize: -1},
		"units":     {RowUnits: 7},
		"base URL":  {BaseURL: "api.infusionsoft.com"},
	} {
		_, err := New(c, o)
		require.Error(t, err, name)
		assert.True(t, strings.HasPrefix(err.Error(), "infusionsoft: "), err)
	}
	_, err := New(nil, nil)
	require.Error(t, err)
	s, err := New(c, nil)
	require.NoError(t, err)
	assert.Equal(t, MaxPageSize, s.pageSize(ledger.Query{}))
	assert.Equal(t, 5, s.pageSize(ledger.Query{PageSize: 5}))
	assert.Equal(t, MaxPageSize, s.pageSize(ledger.Query{PageSize: 5000}))
}

func TestErrorsOfAllDialects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		kind   error
		code   string
		text   string
	}{
		{"v2", 400, `{"code":400,"message":"Unrecognized property: price","status":"INVALID_ARGUMENT","details":[{"domain":"x","resource":"y"}]}`, ledger.ErrRequestRefused, "INVALID_ARGUMENT", "Unrecognized property: price"},
		{"v2 without details", 403, `{"code":403,"message":"no","status":"Forbidden","details":null}`, ledger.ErrReconnect, "Forbidden", "administrator"},
		{"v1", 401, `{"message":"Unauthorized","localizedMessage":"x","cause":{},"stackTrace":[],"suppressed":[]}`, ledger.ErrReconnect, "", "Unauthorized: authorise again"},
		{"gateway", 401, `{"fault":{"faultstring":"Access Token expired","detail":{"errorcode":"keymanagement.service.access_token_expired"}}}`, ledger.ErrReconnect, "keymanagement.service.access_token_expired", "Access Token expired"},
		{"OAuth", 400, `{"error":"invalid_grant","error_description":"Invalid refresh token"}`, ledger.ErrRequestRefused, "invalid_grant", "Invalid refresh token"},
		{"a page", 401, `<html><body>Sign in, jane@example.com</body></html>`, ledger.ErrReconnect, "", "authorise again"},
		{"text", 400, `no, jane@example.com`, ledger.ErrRequestRefused, "", "no, [e-mail]"},
		{"nothing", 405, ``, ledger.ErrUnsupported, "", "the vendor failed"},
		{"not there", 501, `{}`, ledger.ErrUnsupported, "", ""},
		{"no such list", 404, `{"message":"x"}`, ledger.ErrUnsupported, "", "BaseURL"},
		{"conflict", 409, `{"code":409,"message":"busy"}`, ledger.ErrFailed, "", "busy"},
		{"server", 500, `{"code":500,"message":"INTERNAL","status":"x"}`, ledger.ErrFailed, "x", "INTERNAL"},
		{"redirect", 302, ``, ledger.ErrFailed, "", ""},
		{"strange types", 400, `{"code":{},"message":["x"],"fault":{"faultstring":7}}`, ledger.ErrRequestRefused, "", "7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := refuses(c.status, c.body, http.Header{"X-Request-Id": {"req-1"}})
			err := failure(t, source(t, v, nil).Invoices(t.Context(), ledger.Query{}))
			require.ErrorIs(t, err, c.kind)
			e, ok := errors.AsType[*ledger.Error](err)
			require.True(t, ok)
			assert.Equal(t, c.status, e.Status)
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, "req-1", e.RequestID)
			assert.Contains(t, err.Error(), c.text)
			assert.NotContains(t, err.Error(), "jane")
		})
	}
}

func TestMinuteLimit(t *testing.T) {
	t.Parallel()
	throttled := `{"code":"429","message":"Quota Exceeded","status":"Request Throttled","details":null}`
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * time.Second) // twenty seconds past the minute, by the vendor's clock
		start := time.Now()
		v := &vendor{}
		v.reply = func(*http.Request) answer {
			if len(v.calls) == 1 {
				return answer{status: 429, body: throttled, header: http.Header{"X-Keap-Product-Throttle-Available": {"0"}}}
			}
			return answer{body: `{"orders":[]}`}
		}
		collect(t, source(t, v, known(Options{Budget: limit.New(nil)})).Invoices(t.Context(), ledger.Query{}))
		assert.Len(t, v.calls, 2)
		assert.GreaterOrEqual(t, time.Since(start), 40*time.Second, "until the minute's end")
		assert.LessOrEqual(t, time.Since(start), 61*time.Second)
	})
	synctest.Test(t, func(t *testing.T) {
		v := refuses(429, throttled, nil)
		err := failure(t, source(t, v, known(Options{Budget: limit.New(nil)})).Invoices(t.Context(), ledger.Query{}))
		require.ErrorIs(t, err, ledger.ErrLater)
		assert.Equal(t, "Request Throttled", ledger.Code(err))
		assert.WithinDuration(t, time.Now().Add(time.Minute), ledger.ResumeAt(err), time.Minute)
		assert.Greater(t, len(v.calls), 1)
	})
}

func TestDayLimitIsNotSlept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		end := time.Now().Add(5 * time.Hour).UTC()
		v := refuses(429, `{"fault":{"faultstring":"Quota limit exceeded","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}`, http.Header{
			"X-Keap-Product-Quota-Available":   {"0"},
			"X-Keap-Product-Quota-Expiry-Time": {ms(end)},
		})
		s := source(t, v, known(Options{Budget: limit.New(nil)}))
		start := time.Now()
		err := failure(t, s.Invoices(t.Context(), ledger.Query{}))
		require.ErrorIs(t, err, ledger.ErrLater)
		assert.Equal(t, end, ledger.ResumeAt(err).UTC())
		assert.Less(t, time.Since(start), time.Minute)
		calls := len(v.calls)
		err = failure(t, s.Payments(t.Context(), ledger.Query{}))
		require.ErrorIs(t, err, ledger.ErrLater)
		assert.Equal(t, end, ledger.ResumeAt(err).UTC())
		assert.Len(t, v.calls, calls, "what is used up is not asked for again")
	})
}

func ms(t time.Time) string { return milli(t) }

func TestLimitsAreLearnt(t *testing.T) {
	t.Parallel()
	q := newQuota(limit.New(nil), "default")
	h := http.Header{}
	for k, v := range map[string]string{ // as recorded on 2024-08-14
		"x-keap-product-spike-limit": "10ps", "x-keap-product-throttle-limit": "240", "x-keap-product-throttle-time-unit": "minute",
		"x-keap-product-throttle-interval": "1", "x-keap-product-throttle-available": "239", "x-keap-product-throttle-used": "1",
		"x-keap-product-quota-limit": "150000", "x-keap-product-quota-time-unit": "day", "x-keap-product-quota-interval": "1",
		"x-keap-product-quota-available": "149862", "x-keap-product-quota-expiry-time": "1723680000000",
		"x-keap-tenant-throttle-limit": "5000", "x-keap-tenant-throttle-time-unit": "minute", "x-keap-tenant-throttle-available": "4999",
	} {
		h.Set(k, v)
	}
	q.learn(t.Context(), testTenant, answerWith(200, h))
	assert.Equal(t, 10, q.secondWindow().Limit)
	assert.Equal(t, 240, q.minuteWindow().Limit)
	assert.Equal(t, 150000, q.dayWindow().Limit)
	assert.Equal(t, 5000, q.tenantMinuteWindow(testTenant).Limit)
	assert.Equal(t, time.Date(2024, 8, 15, 0, 0, 0, 0, time.UTC), expiry(h))
	h.Set("x-keap-product-quota-expiry-time", "1723680000")
	assert.Equal(t, time.Date(2024, 8, 15, 0, 0, 0, 0, time.UTC), expiry(h), "seconds, as on the vendor's page")

	for name, bad := range map[string]string{"x-keap-product-throttle-limit": "0", "x-keap-product-quota-limit": "many", "x-keap-product-spike-limit": "10pm"} {
		h.Set(name, bad)
	}
	q.learn(t.Context(), testTenant, answerWith(200, h))
	assert.Equal(t, 10, q.secondWindow().Limit)
	assert.Equal(t, 240, q.minuteWindow().Limit)
	assert.Equal(t, 150000, q.dayWindow().Limit)
	assert.Len(t, q.windows(""), 3)
	assert.Len(t, q.windows(testTenant), 5)
}

func TestSpikeIsASecond(t *testing.T) {
	t.Parallel()
	h := http.Header{"X-Keap-Product-Throttle-Available": {"100"}, "X-Keap-Product-Quota-Available": {"100"}}
	now := at("2026-03-01T12:00:20Z")
	assert.Equal(t, now.Add(time.Second), resumeAt(h, 0, now))
	assert.Equal(t, at("2026-03-01T12:01:00Z"), resumeAt(http.Header{}, 0, now))
	assert.Equal(t, at("2026-03-01T12:00:27Z"), resumeAt(http.Header{}, 7*time.Second, now))
	assert.Equal(t, at("2026-03-02T00:00:00Z"), resumeAt(http.Header{"X-Keap-Product-Quota-Available": {"0"}}, 0, now), "00:00 UTC")
}

func TestTenantIsPinned(t *testing.T) {
	t.Parallel()
	said := "XX123"
	v := &vendor{reply: func(*http.Request) answer {
		return answer{body: `{"orders":[]}`, header: http.Header{headerTenant: {said}}}
	}}
	read := func(s *Source) error {
		for _, err := range s.Invoices(t.Context(), ledger.Query{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for name, o := range map[string]Options{"by option": {Tenant: "xx123"}, "by the first answer": {}} {
		said = "XX123"
		s := source(t, v, known(o))
		require.NoError(t, read(s), name)
		said = "yy999.infusionsoft.com"
		err := read(s)
		require.ErrorIs(t, err, ledger.ErrReconnect, name)
		assert.Contains(t, err.Error(), "yy999.infusionsoft.com")
		assert.Contains(t, err.Error(), "xx123.infusionsoft.com")
		said = ""
		require.NoError(t, read(s), "an answer that names none is passed over")
	}
}

func TestAnswersOfAnotherTenantAreNotBelieved(t *testing.T) {
	t.Parallel()
	v := refuses(404, `{}`, http.Header{headerTenant: {"yy999.infusionsoft.com"}})
	_, err := source(t, v, known(Options{Tenant: "xx123"})).Invoice(t.Context(), ledger.Ref{ID: "1"})
	require.ErrorIs(t, err, ledger.ErrReconnect, "not there, but in another application")
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestTokensThatCannotBeHad(t *testing.T) {
	t.Parallel()
	spent := &oauth2.RetrieveError{Response: &http.Response{StatusCode: 400}, Body: []byte("secret"), ErrorCode: "invalid_grant"}
	for name, c := range map[string]struct{ err, kind error }{
		"refused":                {spent, ledger.ErrReconnect},
		"said by the connection": {&ledger.Error{Kind: ledger.ErrReconnect, Room: "connect", Message: "dead"}, ledger.ErrReconnect},
		"said as later":          {&ledger.Error{Kind: ledger.ErrLater, Room: "connect", ResumeAt: at("2026-03-01T12:00:00Z")}, ledger.ErrLater},
		"endpoint down":          {&oauth2.RetrieveError{Response: &http.Response{StatusCode: 503}}, ledger.ErrFailed},
	} {
		_, err := source(t, failing{c.err}, nil).Invoice(t.Context(), ledger.Ref{ID: "1"})
		require.ErrorIs(t, err, c.kind, name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
}

func TestCancelledReadings(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := failure(t, source(t, says(`{}`), nil).Invoices(ctx, ledger.Query{}))
	require.ErrorIs(t, err, context.Canceled)
}

func TestObserver(t *testing.T) {
	t.Parallel()
	var seen []Call
	s := source(t, says(`{"orders":[]}`), known(Options{Observe: func(_ context.Context, c Call) { seen = append(seen, c) }}))
	collect(t, s.Invoices(t.Context(), ledger.Query{}))
	_, _ = s.PaymentsOf(t.Context(), ledger.Ref{ID: "12"})
	require.Len(t, seen, 2)
	assert.Equal(t, "GET", seen[0].Method)
	assert.Equal(t, "/v2/orders", seen[0].Route)
	assert.Equal(t, 200, seen[0].Status)
	assert.Equal(t, "/v2/orders/{}/payments", seen[1].Route, "no ids")
}

func TestRequestsSayWhoAsks(t *testing.T) {
	t.Parallel()
	v := says(`{"orders":[]}`)
	collect(t, source(t, v, known(Options{BaseURL: "https://api.keap.com/", UserAgent: "tester/1"})).Invoices(t.Context(), ledger.Query{}))
	r := v.calls[0]
	assert.Equal(t, "https://api.keap.com/crm/rest/v2/orders", "https://"+r.URL.Host+r.URL.Path)
	assert.Equal(t, "tester/1", r.Header.Get("User-Agent"))
	assert.Equal(t, "application/json", r.Header.Get("Accept"))
}

func answerWith(status int, h http.Header) vendorhttp.Answer {
	return vendorhttp.Answer{Status: status, Header: h, At: time.Now()}
}
