package vendorhttp

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// attempt is one request on its way.
type attempt struct {
	c         *Client
	req       *Request
	number    int
	streaming bool

	ctx     context.Context //nolint:containedctx // the caller's, for Observe
	grants  grants
	cancel  context.CancelFunc
	started time.Time
}

// failure is an Error of one attempt; final says that another attempt cannot help.
type failure struct {
	Error
	final bool
}

func (a *attempt) fail(o Outcome, final bool, err error) *failure {
	return &failure{Error: Error{Name: a.c.o.Name, Method: a.req.Method, Route: a.req.Route, Outcome: o, Err: err}, final: final}
}

// run makes the attempt. It returns a stream or a failure. A stream that is not meant for streaming
// is complete and closed.
func (a *attempt) run(ctx context.Context) (*Stream, *failure) {
	var err error
	a.ctx = ctx
	if a.grants, err = a.c.pace(ctx, a.req); err != nil {
		return nil, a.fail(NotSent, true, err)
	}
	if err := a.gate(ctx); err != nil {
		a.grants.refund()
		return nil, a.fail(NotSent, true, err)
	}
	timeout := a.c.o.WriteTimeout
	if a.req.read() {
		timeout = a.c.o.ReadTimeout
	}
	if t := a.req.Timeout; t > 0 && t < timeout {
		timeout = t
	}
	ctx, a.cancel = context.WithTimeout(ctx, timeout)
	var conn connection
	hr, valve, err := a.c.build(httptrace.WithClientTrace(ctx, conn.trace()), a.req)
	if err != nil {
		a.cancel()
		a.grants.refund()
		return nil, a.fail(NotSent, true, err)
	}
	a.c.calls.Add(1)
	a.started = time.Now()
	resp, err := a.c.http.Do(hr)
	if err != nil {
		return nil, a.unanswered(ctx, cause(err), valve, &conn)
	}
	s := a.stream(ctx, resp)
	if a.c.o.Learn != nil {
		a.c.o.Learn(ctx, Answer{
			Method: a.req.Method, Route: a.req.Route, Status: s.Status, Header: s.Header,
			RetryAfter: s.RetryAfter, At: time.Now().UTC(),
		})
	}
	if a.streaming && s.OK() {
		return s, nil
	}
	body, err := a.c.readAll(s)
	if err != nil {
		s.finish()
		f, _ := errors.AsType[*Error](err)
		return nil, &failure{Error: *f, final: errors.Is(err, errTooLarge)}
	}
	s.complete(body)
	return s, nil
}

// readAll is io.ReadAll without the garbage of a body that grows: the buffer is used again.
func (c *Client) readAll(r io.Reader) ([]byte, error) {
	buf, ok := c.scratch.Get().(*bytes.Buffer)
	if !ok {
		buf = new(bytes.Buffer)
	}
	buf.Reset()
	_, err := buf.ReadFrom(r)
	body := bytes.Clone(buf.Bytes())
	const keep = 4 << 20 // a PDF or a runaway answer must not stay
	if buf.Cap() <= keep {
		c.scratch.Put(buf)
	}
	return body, err
}

func (a *attempt) gate(ctx context.Context) error {
	if a.req.Gate != nil {
		if err := a.req.Gate(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// unanswered tells what is known about a request that the http.Client returned an error for.
func (a *attempt) unanswered(ctx context.Context, err error, v *valve, conn *connection) *failure {
	auth := a.c.o.AuthError != nil && a.c.o.AuthError(err)
	outcome := NoAnswer
	switch {
	case v != nil:
		// From here on the transport gets no byte any more: its goroutines may outlive the call.
		if !v.shut() {
			outcome = NotSent
		}
	case auth, conn.searched.Load() && !conn.found.Load():
		outcome = NotSent
	}
	if timeout := ctx.Err(); timeout != nil && !errors.Is(err, timeout) {
		err = errors.Join(timeout, err)
	}
	a.cancel()
	a.grants.release()
	a.observe(outcome, 0, 0)
	return a.fail(outcome, auth || hopeless(err), err)
}

// hopeless reports errors that do not go away within a run.
func hopeless(err error) bool {
	_, cert := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return cert || unknown
}

func (a *attempt) observe(o Outcome, status int, in int64) {
	if a.c.o.Observe == nil {
		return
	}
	a.c.o.Observe(a.ctx, Attempt{
		Method: a.req.Method, Route: a.req.Route, Number: a.number, Outcome: o, Status: status,
		Waited: a.grants.waited(), Took: time.Since(a.started), BytesOut: int64(len(a.req.Body)), BytesIn: in,
	})
}

// connection watches net/http look for a connection. A RoundTripper that is not net/http's leaves both
// false, and then nothing is known.
type connection struct{ searched, found atomic.Bool }

func (c *connection) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.searched.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.found.Store(true) },
	}
}

// busy are the answers after which a read is worth another attempt.
func busy(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
