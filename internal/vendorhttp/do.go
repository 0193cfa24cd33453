package vendorhttp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/limit"
)

// open runs the attempts of one request. Where streaming, the body of a 2xx answer is left unread.
func (c *Client) open(ctx context.Context, req *Request, streaming bool) (*Stream, error) {
	r := *req
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	if r.Route == "" {
		r.Route = RouteOf(r.Path)
	}
	fail := func(attempts int, o Outcome, err error) *Error {
		return &Error{Name: c.o.Name, Method: r.Method, Route: r.Route, Outcome: o, Attempts: attempts, Err: err}
	}
	if err := c.check(&r, streaming); err != nil {
		return nil, fail(0, NotSent, err)
	}
	tries := c.o.Attempts
	if !r.read() {
		tries = 1
	}
	for n := 1; ; n++ {
		a := attempt{c: c, req: &r, number: n, streaming: streaming}
		s, err := a.run(ctx)
		if s != nil && (n == tries || !busy(s.Status)) {
			return s, nil
		}
		var wait time.Duration
		if err != nil {
			if n == tries || err.final || ctx.Err() != nil {
				err.Attempts = n
				return nil, &err.Error
			}
			wait = backoff(n)
		} else if wait = s.RetryAfter; wait == 0 {
			wait = backoff(n)
		} else {
			wait += jitter(wait / 10)
		}
		if wait > c.o.MaxRetryWait || late(ctx, wait) {
			if s != nil {
				return s, nil
			}
			err.Attempts = n
			return nil, &err.Error
		}
		if cause := pause(ctx, wait); cause != nil {
			if s != nil {
				return s, nil // the vendor's answer says more than that nobody waits for it any longer
			}
			err.Attempts = n
			err.Err = errors.Join(cause, err.Err)
			return nil, &err.Error
		}
	}
}

// check finds the mistakes of an adapter's author, so that they are certainly not sent.
func (c *Client) check(r *Request, streaming bool) error {
	switch {
	case !strings.HasPrefix(r.Path, "/") && r.Path != "" || strings.ContainsAny(r.Path, "?#"):
		return errors.New("path must begin with a slash and have no query: escape it with url.PathEscape")
	case streaming && !r.read():
		return errors.New("only reads may be streamed: use Do for a write")
	case r.read() && r.Method != http.MethodPost && len(r.Body) > 0:
		return errors.New("GET and HEAD have no body: use POST with ReadOnly")
	case !r.read() && len(r.Body) == 0 && r.Method != http.MethodDelete && c.hasKey(r.Header):
		// net/http repeats it by itself when a reused connection dies, whatever we do: only a body
		// without GetBody stops it. DELETE gets an empty one, the others would be sent chunked.
		return errors.New("a write with an Idempotency-Key needs a body: send {}")
	}
	for _, w := range r.Windows {
		if err := w.Validate(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) hasKey(h http.Header) bool {
	for _, k := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if h.Get(k) != "" || c.o.Header.Get(k) != "" {
			return true
		}
	}
	return false
}

// late reports that the context ends before d has passed.
func late(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= d
}

func pause(ctx context.Context, d time.Duration) error {
	err := limit.Sleep(ctx, time.Now().Add(d), nil)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// pace takes the units of one attempt, of calls and of bytes.
func (c *Client) pace(ctx context.Context, r *Request) (grants, error) {
	var calls, bytes []limit.Window
	for _, list := range [][]limit.Window{c.o.Windows, r.Windows} {
		for _, w := range list {
			if w.Unit == limit.Bytes {
				bytes = append(bytes, w)
			} else {
				calls = append(calls, w)
			}
		}
	}
	var g grants
	for _, take := range []struct {
		n       int
		windows []limit.Window
	}{{len(r.Body), bytes}, {1, calls}} {
		if len(take.windows) == 0 || take.n == 0 {
			continue
		}
		grant, err := c.o.Budget.Take(ctx, take.n, take.windows...)
		if err != nil {
			g.refund()
			return nil, err
		}
		g = append(g, grant)
	}
	return g, nil
}

type grants []*limit.Grant

func (g grants) release() {
	for _, one := range g {
		one.Release()
	}
}

func (g grants) refund() {
	for _, one := range g {
		one.Refund()
	}
}

func (g grants) waited() (d time.Duration) {
	for _, one := range g {
		if one != nil { // a nil grant is a grant of nothing
			d += one.Waited
		}
	}
	return d
}

// build makes the request for the wire.
func (c *Client) build(ctx context.Context, r *Request) (*http.Request, *valve, error) {
	u, err := url.Parse(strings.TrimSuffix(c.base.String(), "/") + r.Path)
	if err != nil {
		return nil, nil, errors.New("path cannot be parsed: escape it with url.PathEscape")
	}
	u.RawQuery = r.Query.Encode()
	hr, err := http.NewRequestWithContext(ctx, r.Method, u.String(), nil)
	if err != nil {
		return nil, nil, errors.New("method or path are malformed")
	}
	for _, h := range []http.Header{c.o.Header, r.Header} {
		for k, v := range h {
			hr.Header[http.CanonicalHeaderKey(k)] = append([]string(nil), v...)
		}
	}
	if c.o.UserAgent != "" && hr.Header.Get("User-Agent") == "" {
		hr.Header.Set("User-Agent", c.o.UserAgent)
	}
	switch {
	case len(r.Body) > 0:
		v := newValve(r.Body)
		hr.Body, hr.ContentLength = v, int64(len(r.Body))
		return hr, v, nil
	case r.Method == http.MethodDelete:
		// net/http finds out that it is empty and sends none, but no longer sees a request that it may
		// repeat.
		hr.Body = io.NopCloser(strings.NewReader(""))
	}
	return hr, nil, nil
}

// cause takes what must not be shown off an error of net/http: url.Error's text is the URL with its query.
func cause(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}

var errTooLarge = errors.New("the answer is larger than allowed")

func tooLarge(max int64) error { return fmt.Errorf("%w: more than %d bytes", errTooLarge, max) }
