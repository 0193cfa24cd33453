package vendorhttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// A Stream is an answer whose body is read by the caller. It is for one goroutine.
type Stream struct {
	Response // Body is nil while the Stream can be read

	a        *attempt
	ctx      context.Context //nolint:containedctx // it bounds the reading of the body, and ends with Close
	body     io.ReadCloser
	in       int64
	err      error
	once     sync.Once
	buffered *bytes.Reader
}

func (a *attempt) stream(ctx context.Context, resp *http.Response) *Stream {
	return &Stream{
		Response: Response{
			Status: resp.StatusCode, Header: resp.Header, Attempts: a.number,
			RetryAfter: RetryAfter(resp.Header, time.Now()),
		},
		a: a, ctx: ctx, body: resp.Body,
	}
}

// Read reads the body. A body that is cut off, too large or too late ends with an [*Error] of
// [BrokenAnswer], never with io.EOF.
func (s *Stream) Read(p []byte) (int, error) {
	if s.buffered != nil {
		return s.buffered.Read(p)
	}
	if s.err != nil {
		return 0, s.err
	}
	limit := s.a.c.o.MaxBody
	if len(p) == 0 {
		return 0, nil
	}
	if left := limit - s.in; int64(len(p)) > left+1 {
		p = p[:left+1] // one byte more than allowed shows that there is more
	}
	n, err := s.body.Read(p)
	s.in += int64(n)
	switch {
	case s.in > limit:
		n -= int(s.in - limit)
		err = tooLarge(limit)
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		s.err = io.EOF
		return n, io.EOF
	}
	if ended := s.ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = errors.Join(ended, err)
	}
	s.err = &Error{
		Name: s.a.c.o.Name, Method: s.a.req.Method, Route: s.a.req.Route, Outcome: BrokenAnswer,
		Status: s.Status, Header: s.Header, Attempts: s.a.number, Err: err,
	}
	return n, s.err
}

// Close ends the call and frees its slot. It may be called more than once.
func (s *Stream) Close() error {
	s.finish()
	return nil
}

func (s *Stream) finish() {
	s.once.Do(func() {
		_ = s.body.Close() // what it could say, Read has said
		s.a.cancel()
		s.a.grants.release()
		outcome := Answered
		if s.err != nil && s.err != io.EOF { //nolint:errorlint // exactly the one that Read keeps
			outcome = BrokenAnswer
		}
		s.a.observe(outcome, s.Status, s.in)
		if s.err == nil {
			s.err = fmt.Errorf("%s: read of a closed answer", s.a.c.o.Name)
		}
	})
}

// complete turns the stream into an answer with its whole body.
func (s *Stream) complete(body []byte) {
	s.finish()
	s.Body = body
	s.buffered = bytes.NewReader(body)
}
