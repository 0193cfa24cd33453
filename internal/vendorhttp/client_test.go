package vendorhttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/limit"
)

// vendor answers what its test says, and counts.
type vendor struct {
	mu      sync.Mutex
	seen    []seen
	answers []func(http.ResponseWriter)
}

type seen struct {
	at     time.Time
	method string
	uri    string
	header http.Header
	body   string
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	v.mu.Lock()
	n := len(v.seen)
	v.seen = append(v.seen, seen{time.Now(), r.Method, r.URL.RequestURI(), r.Header.Clone(), string(body)})
	v.mu.Unlock()
	if n < len(v.answers) {
		v.answers[n](w)
		return
	}
	io.WriteString(w, `{"ok":true}`)
}

func status(code int, header ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func newClient(t *testing.T, h http.Handler, o *vendorhttp.Options) *vendorhttp.Client {
	t.Helper()
	c, err := vendorhttp.New(&http.Client{Transport: faults.Transport(h)}, "https://vendor.example/api/", o)
	require.NoError(t, err)
	return c
}

func failed(t *testing.T, err error, want vendorhttp.Outcome) *vendorhttp.Error {
	t.Helper()
	e, ok := errors.AsType[*vendorhttp.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, e.Outcome, "%v", err)
	assert.Equal(t, want == vendorhttp.NotSent, vendorhttp.NothingSent(err))
	return e
}

func TestWhatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{}
		c := newClient(t, v, &vendorhttp.Options{
			UserAgent: "invoicesync/1", Header: http.Header{"Accept": {"application/json"}, "Xero-Tenant-Id": {"t1"}},
		})
		resp, err := c.Do(t.Context(), vendorhttp.Request{
			Method: "PUT", Path: "/Invoices/a%2Fb", Query: url.Values{"unitdp": {"4"}},
			Header: http.Header{"accept": {"application/pdf"}}, Body: []byte(`{"a": 1}`),
		})
		require.NoError(t, err)
		var got struct{ OK bool }
		require.NoError(t, resp.Decode(&got))
		assert.True(t, got.OK)
		assert.True(t, resp.OK())
		require.Len(t, v.seen, 1)
		assert.Equal(t, "PUT", v.seen[0].method)
		assert.Equal(t, "/api/Invoices/a%2Fb?unitdp=4", v.seen[0].uri)
		assert.Equal(t, `{"a": 1}`, v.seen[0].body)
		assert.Equal(t, []string{"application/pdf"}, v.seen[0].header["Accept"])
		assert.Equal(t, "t1", v.seen[0].header.Get("Xero-Tenant-Id"))
		assert.Equal(t, "invoicesync/1", v.seen[0].header.Get("User-Agent"))
		assert.EqualValues(t, 1, c.Calls())
	})
}

func TestReadsAreRepeated(t *testing.T) {
	type outcome struct {
		attempts int
		status   int
		least    time.Duration // waited in all
		most     time.Duration
	}
	ok := status(200)
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		want    outcome
	}{
		"429 with seconds":  {[]func(http.ResponseWriter){status(429, "Retry-After", "20"), ok}, outcome{2, 200, 20 * time.Second, 22 * time.Second}},
		"429 with a date":   {[]func(http.ResponseWriter){status(429, "Retry-After", "Sat, 01 Jan 2000 00:00:30 GMT"), ok}, outcome{2, 200, 30 * time.Second, 33 * time.Second}},
		"429 without":       {[]func(http.ResponseWriter){status(429), ok}, outcome{2, 200, 500 * time.Millisecond, time.Second}},
		"502 503 504":       {[]func(http.ResponseWriter){status(502), status(503), status(504), ok}, outcome{4, 200, 3500 * time.Millisecond, 7 * time.Second}},
		"four times busy":   {[]func(http.ResponseWriter){status(503), status(503), status(503), status(503)}, outcome{4, 503, 3500 * time.Millisecond, 7 * time.Second}},
		"a day's limit":     {[]func(http.ResponseWriter){status(429, "Retry-After", "77000")}, outcome{1, 429, 0, 0}},
		"500 is an answer":  {[]func(http.ResponseWriter){status(500)}, outcome{1, 500, 0, 0}},
		"404 is an answer":  {[]func(http.ResponseWriter){status(404)}, outcome{1, 404, 0, 0}},
		"redirect":          {[]func(http.ResponseWriter){status(302, "Location", "https://elsewhere.example/")}, outcome{1, 302, 0, 0}},
		"redirect for good": {[]func(http.ResponseWriter){status(308, "Location", "/api/other")}, outcome{1, 308, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &vendor{answers: c.answers}
				start := time.Now()
				client := newClient(t, v, nil)
				resp, err := client.Do(t.Context(), vendorhttp.Request{Path: "/x"})
				require.NoError(t, err)
				assert.Equal(t, c.want.status, resp.Status)
				assert.Equal(t, c.want.attempts, resp.Attempts)
				assert.Len(t, v.seen, c.want.attempts)
				assert.EqualValues(t, c.want.attempts, client.Calls())
				assert.GreaterOrEqual(t, time.Since(start), c.want.least)
				assert.LessOrEqual(t, time.Since(start), c.want.most)
			})
		})
	}
}

func TestReadsSurviveBrokenConnections(t *testing.T) {
	for _, kind := range []faults.Kind{faults.LoseRequest, faults.LoseAnswer, faults.Truncate, faults.HTML, faults.HTMLAfter} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &vendor{}
				plan := faults.New(1).Add(faults.Fault{Kind: kind, Times: 2})
				c := newClient(t, plan.Wrap(v), nil)
				resp, err := c.Do(t.Context(), vendorhttp.Request{Path: "/x"})
				require.NoError(t, err)
				assert.Equal(t, 3, resp.Attempts)
				assert.Equal(t, `{"ok":true}`, string(resp.Body))
			})
		})
	}
	t.Run("a query by POST is a read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.New(1).Add(faults.Fault{Kind: faults.LoseAnswer})
			resp, err := newClient(t, plan.Wrap(&vendor{}), nil).Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/query", Body: []byte("select"), ReadOnly: true})
			require.NoError(t, err)
			assert.Equal(t, 2, resp.Attempts)
		})
	})
	t.Run("slow", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.New(1).Add(faults.Fault{Kind: faults.Slow, Delay: 61 * time.Second})
			start := time.Now()
			resp, err := newClient(t, plan.Wrap(&vendor{}), nil).Do(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			assert.Equal(t, 2, resp.Attempts)
			assert.GreaterOrEqual(t, time.Since(start), vendorhttp.DefaultReadTimeout)
			time.Sleep(time.Minute) // the slow one is still being served
		})
	})
}

func TestWritesAreSentOnce(t *testing.T) {
	write := vendorhttp.Request{Method: "POST", Path: "/x", Body: []byte("{}")}
	for _, code := range []int{429, 500, 502, 503, 504, 302, 307} {
		synctest.Test(t, func(t *testing.T) {
			v := &vendor{answers: []func(http.ResponseWriter){status(code, "Retry-After", "1", "Location", "/api/other")}}
			resp, err := newClient(t, v, nil).Do(t.Context(), write)
			require.NoError(t, err)
			assert.Equal(t, code, resp.Status)
			assert.Equal(t, time.Second, resp.RetryAfter)
			assert.Len(t, v.seen, 1)
		})
	}
	for kind, want := range map[faults.Kind]vendorhttp.Outcome{
		faults.LoseRequest: vendorhttp.NoAnswer, // nobody can tell it from the next
		faults.LoseAnswer:  vendorhttp.NoAnswer,
		faults.Truncate:    vendorhttp.BrokenAnswer,
		faults.Slow:        vendorhttp.NoAnswer,
	} {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &vendor{}
				plan := faults.New(1).Add(faults.Fault{Kind: kind, Delay: 3 * time.Minute})
				start := time.Now()
				c := newClient(t, plan.Wrap(v), nil)
				_, err := c.Do(t.Context(), write)
				e := failed(t, err, want)
				assert.EqualValues(t, 1, c.Calls())
				assert.Equal(t, 1, e.Attempts)
				if kind == faults.Slow {
					assert.Equal(t, 125*time.Second, time.Since(start))
					require.ErrorIs(t, err, context.DeadlineExceeded)
				}
				if want == vendorhttp.BrokenAnswer {
					assert.Equal(t, 200, e.Status)
					require.ErrorIs(t, err, io.ErrUnexpectedEOF)
				}
				time.Sleep(3 * time.Minute)
				synctest.Wait()
				v.mu.Lock()
				defer v.mu.Unlock()
				assert.LessOrEqual(t, len(v.seen), 1)
			})
		})
	}
}

func TestTheGateIsAskedAfterPacingBeforeEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{answers: []func(http.ResponseWriter){status(200), status(503)}}
		c := newClient(t, v, &vendorhttp.Options{Windows: []limit.Window{limit.Sliding("w", 1, time.Minute)}})
		start := time.Now()
		var asked []time.Duration
		gate := func(context.Context) error {
			asked = append(asked, time.Since(start))
			return nil
		}
		for range 2 {
			_, err := c.Do(t.Context(), vendorhttp.Request{Path: "/x", Gate: gate})
			require.NoError(t, err)
		}
		assert.Equal(t, []time.Duration{0, time.Minute, 2 * time.Minute}, asked)
	})
}

func TestARefusedGateSendsAndCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vendor{}
		c := newClient(t, v, &vendorhttp.Options{Windows: []limit.Window{limit.Sliding("w", 1, time.Minute)}})
		lost := errors.New("lease lost")
		_, err := c.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x", Body: []byte("{}"), Gate: func(context.Context) error { return lost }})
		failed(t, err, vendorhttp.NotSent)
		require.ErrorIs(t, err, lost)
		assert.Empty(t, v.seen)
		start := time.Now()
		_, err = c.Do(t.Context(), vendorhttp.Request{Path: "/x"})
		require.NoError(t, err)
		assert.Equal(t, start, time.Now())
	})
}

func TestBudgets(t *testing.T) {
	t.Run("a day's limit is later, and not sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			v := &vendor{}
			c := newClient(t, v, &vendorhttp.Options{Windows: []limit.Window{limit.Sliding("day", 1, 24*time.Hour)}})
			_, err := c.Do(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			_, err = c.Do(t.Context(), vendorhttp.Request{Path: "/x"})
			failed(t, err, vendorhttp.NotSent)
			later, ok := errors.AsType[*limit.LaterError](err)
			require.True(t, ok)
			assert.Equal(t, time.Date(2000, 1, 2, 0, 0, 0, 0, time.UTC), later.Resume)
			assert.Len(t, v.seen, 1)
		})
	})
	t.Run("bytes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, &vendor{}, &vendorhttp.Options{Windows: []limit.Window{limit.Sliding("bytes", 10, time.Minute).OfBytes()}})
			start := time.Now()
			for _, body := range []string{"123456", "1234", "1"} {
				_, err := c.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x", Body: []byte(body)})
				require.NoError(t, err)
			}
			assert.Equal(t, time.Minute, time.Since(start))
			_, err := c.Do(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			_, err = c.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x", Body: []byte("12345678901")})
			failed(t, err, vendorhttp.NotSent)
		})
	})
	t.Run("the vendor's headers are handed on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			v := &vendor{answers: []func(http.ResponseWriter){status(429, "Retry-After", "40", "X-Rate-Limit-Problem", "minute")}}
			budget, w := limit.New(nil), limit.Sliding("w", 60, time.Minute)
			var told []vendorhttp.Answer
			c := newClient(t, v, &vendorhttp.Options{
				Budget: budget, Windows: []limit.Window{w},
				Learn: func(ctx context.Context, a vendorhttp.Answer) {
					told = append(told, a)
					if a.Status == 429 {
						assert.NoError(t, budget.Learn(ctx, w, 0, a.At.Add(a.RetryAfter)))
					}
				},
			})
			_, err := c.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/Invoices/7/Email", Body: []byte("{}")})
			require.NoError(t, err)
			start := time.Now()
			_, err = c.Do(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			assert.Equal(t, 40*time.Second, time.Since(start))
			require.Len(t, told, 2)
			assert.Equal(t, "minute", told[0].Header.Get("X-Rate-Limit-Problem"))
			assert.Equal(t, "/Invoices/{}/Email", told[0].Route)
			assert.Equal(t, 40*time.Second, told[0].RetryAfter)
		})
	})
}

func TestContexts(t *testing.T) {
	t.Run("over before it began", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			v := &vendor{}
			_, err := newClient(t, v, nil).Do(ctx, vendorhttp.Request{Method: "DELETE", Path: "/x"})
			failed(t, err, vendorhttp.NotSent)
			require.ErrorIs(t, err, context.Canceled)
			assert.Empty(t, v.seen)
		})
	})
	t.Run("over while waiting to repeat", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(5*time.Second, cancel)
			v := &vendor{answers: []func(http.ResponseWriter){status(503, "Retry-After", "60")}}
			start := time.Now()
			resp, err := newClient(t, v, nil).Do(ctx, vendorhttp.Request{Path: "/x"})
			require.NoError(t, err, "the vendor's answer is worth more")
			assert.Equal(t, 503, resp.Status)
			assert.Equal(t, 5*time.Second, time.Since(start))
		})
	})
	t.Run("a deadline before the next attempt is not waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			v := &vendor{answers: []func(http.ResponseWriter){status(429, "Retry-After", "60")}}
			start := time.Now()
			resp, err := newClient(t, v, nil).Do(ctx, vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			assert.Equal(t, 429, resp.Status)
			assert.Equal(t, start, time.Now())
		})
	})
	t.Run("a request's own timeout", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.New(1).Add(faults.Fault{Kind: faults.Slow, Delay: time.Minute})
			start := time.Now()
			_, err := newClient(t, plan.Wrap(&vendor{}), nil).Do(t.Context(), vendorhttp.Request{Method: "PUT", Path: "/x", Body: []byte("{}"), Timeout: 10 * time.Second})
			failed(t, err, vendorhttp.NoAnswer)
			assert.Equal(t, 10*time.Second, time.Since(start))
			time.Sleep(time.Minute)
		})
	})
}

func TestErrorsShowNothingPrivate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := vendorhttp.New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return nil, errors.New("refused Bearer abcdefghijk for jane@example.com")
		})}, "https://vendor.example", &vendorhttp.Options{Name: "xero", Attempts: 1})
		require.NoError(t, err)
		_, err = c.Do(t.Context(), vendorhttp.Request{
			Path: "/Contacts/Jane%20Doe", Query: url.Values{"where": {`Name=="Jane Doe"`}}, Header: http.Header{"Authorization": {"Bearer abcdefghijk"}},
		})
		require.EqualError(t, err, "xero: GET /Contacts/{}: sent, no answer: refused Bearer [secret] for [e-mail]")
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestATokenThatCannotBeHadIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reconnect := errors.New("reconnect")
		calls := 0
		c, err := vendorhttp.New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			calls++
			return nil, reconnect
		})}, "https://vendor.example", &vendorhttp.Options{AuthError: func(err error) bool { return errors.Is(err, reconnect) }})
		require.NoError(t, err)
		for _, r := range []vendorhttp.Request{{Path: "/x"}, {Method: "DELETE", Path: "/x"}, {Method: "POST", Path: "/x", Body: []byte("{}")}} {
			_, err := c.Do(t.Context(), r)
			failed(t, err, vendorhttp.NotSent)
			require.ErrorIs(t, err, reconnect)
		}
		assert.Equal(t, 3, calls, "another attempt would not help")
	})
}

func TestStreams(t *testing.T) {
	big := `{"rows":[` + strings.Repeat(`"0123456789",`, 10000) + `"end"]}`
	page := func(w http.ResponseWriter) { io.WriteString(w, big) }
	t.Run("decoded from the wire", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			budget, slots := limit.New(nil), limit.Slots("slots", 1)
			v := &vendor{answers: []func(http.ResponseWriter){status(503), page}}
			var told []vendorhttp.Attempt
			c := newClient(t, v, &vendorhttp.Options{Budget: budget, Windows: []limit.Window{slots}, Observe: func(_ context.Context, a vendorhttp.Attempt) { told = append(told, a) }})
			s, err := c.Open(t.Context(), vendorhttp.Request{Path: "/x", Route: "/rows"})
			require.NoError(t, err)
			assert.Equal(t, 2, s.Attempts)
			time.Sleep(10 * time.Second)
			assert.Len(t, told, 1)
			var got struct{ Rows []string }
			require.NoError(t, s.Decode(&got))
			assert.Len(t, got.Rows, 10001)
			require.NoError(t, s.Close())
			require.NoError(t, s.Close())
			require.Len(t, told, 2)
			assert.Equal(t, vendorhttp.Attempt{
				Method: "GET", Route: "/rows", Number: 2, Outcome: vendorhttp.Answered, Status: 200, Took: 10 * time.Second, BytesIn: int64(len(big)),
			}, told[1])
			_, err = budget.Take(t.Context(), 1, slots)
			require.NoError(t, err, "the slot is free again")
			_, err = s.Read(make([]byte, 1))
			require.Error(t, err)
		})
	})
	t.Run("cut off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			plan := faults.New(1).Add(faults.Fault{Kind: faults.Truncate})
			s, err := newClient(t, plan.Wrap(&vendor{answers: []func(http.ResponseWriter){page}}), nil).Open(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			defer s.Close()
			var got any
			err = s.Decode(&got)
			failed(t, err, vendorhttp.BrokenAnswer)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		})
	})
	t.Run("too large", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			v := &vendor{answers: []func(http.ResponseWriter){page, page}}
			c := newClient(t, v, &vendorhttp.Options{MaxBody: 1000})
			s, err := c.Open(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			body, err := io.ReadAll(s)
			failed(t, err, vendorhttp.BrokenAnswer)
			assert.Len(t, body, 1000)
			require.NoError(t, s.Close())
			_, err = c.Do(t.Context(), vendorhttp.Request{Path: "/x"})
			failed(t, err, vendorhttp.BrokenAnswer)
			require.ErrorContains(t, err, "more than 1000 bytes")
			assert.Len(t, v.seen, 2, "it would be as large again")
			small := &vendor{answers: []func(http.ResponseWriter){func(w http.ResponseWriter) { io.WriteString(w, strings.Repeat("x", 1000)) }}}
			resp, err := newClient(t, small, &vendorhttp.Options{MaxBody: 1000}).Do(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			assert.Len(t, resp.Body, 1000)
		})
	})
	t.Run("an error is complete", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			v := &vendor{answers: []func(http.ResponseWriter){func(w http.ResponseWriter) {
				w.WriteHeader(400)
				io.WriteString(w, `{"Message":"bad"}`)
			}}}
			s, err := newClient(t, v, nil).Open(t.Context(), vendorhttp.Request{Path: "/x"})
			require.NoError(t, err)
			assert.Equal(t, `{"Message":"bad"}`, string(s.Body))
			var got struct{ Message string }
			require.NoError(t, s.Decode(&got))
			assert.Equal(t, "bad", got.Message)
			require.NoError(t, s.Close())
		})
	})
}

func TestMistakesAreNotSent(t *testing.T) {
	t.Parallel()
	v := &vendor{}
	c := newClient(t, v, nil)
	key := http.Header{"Idempotency-Key": {"k"}}
	for _, r := range []vendorhttp.Request{
		{Path: "x"},
		{Path: "/x?y=1"},
		{Path: "/x", Body: []byte("{}")},
		{Method: "POST", Path: "/x", Header: key},
		{Method: "BAD METHOD", Path: "/x", Body: []byte("{}")},
		{Path: "/%zz"},
		{Path: "/x", Windows: []limit.Window{{}}},
	} {
		_, err := c.Do(t.Context(), r)
		failed(t, err, vendorhttp.NotSent)
	}
	_, err := c.Open(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x"})
	failed(t, err, vendorhttp.NotSent)
	assert.Empty(t, v.seen)

	for _, base := range []string{"", "vendor.example", "ftp://vendor.example", "https://u:p@vendor.example", "https://vendor.example?a=b", "https://vendor.example/#f", "https://%zz"} {
		_, err := vendorhttp.New(nil, base, nil)
		require.Error(t, err, base)
	}
	_, err = vendorhttp.New(nil, "https://vendor.example", &vendorhttp.Options{Windows: []limit.Window{{}}})
	require.Error(t, err)
	_, err = vendorhttp.New(nil, "https://vendor.example", &vendorhttp.Options{Attempts: -1})
	require.Error(t, err)
}
