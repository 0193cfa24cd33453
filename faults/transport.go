package faults

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// ErrConnectionLost is what a client sees when a fault cuts the connection of a [Transport].
var ErrConnectionLost = errors.New("faults: connection lost")

// Transport returns an [http.RoundTripper] that calls handler directly, without a socket, so that
// virtual time of testing/synctest moves. As with a real server, a request goes on being served after
// its client has given up.
func Transport(handler http.Handler) http.RoundTripper { return transport{handler} }

type transport struct{ handler http.Handler }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	served, err := detach(r)
	if err != nil {
		return nil, err // half a request is not served
	}
	arrive(served)
	type result struct {
		rec  *recorder
		lost bool
	}
	done := make(chan result, 1)
	go func() {
		res := result{rec: newRecorder()}
		defer func() {
			if p := recover(); p != nil {
				if p != http.ErrAbortHandler { //nolint:errorlint // the panic value itself, as net/http compares it
					panic(p)
				}
				res.lost = true
			}
			done <- res
		}()
		t.handler.ServeHTTP(res.rec, served)
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case res := <-done:
		if res.lost {
			return nil, ErrConnectionLost
		}
		return res.rec.response(r), nil
	}
}

// detach copies a request, body included, so that it can be served after its client has gone.
func detach(r *http.Request) (*http.Request, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	d := r.Clone(context.WithoutCancel(r.Context()))
	d.Body = io.NopCloser(bytes.NewReader(body))
	d.ContentLength = int64(len(body))
	return d, nil
}

// arrive makes a client's request look as it does on a server's side of the wire.
func arrive(r *http.Request) {
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	r.RequestURI = r.URL.RequestURI()
	r.RemoteAddr = "192.0.2.1:1234"
	r.URL.Scheme, r.URL.Host, r.URL.User, r.URL.Fragment = "", "", nil, ""
	r.GetBody = nil
	header := make(http.Header, len(r.Header))
	for k, v := range r.Header {
		header[http.CanonicalHeaderKey(k)] = append(header[http.CanonicalHeaderKey(k)], v...)
	}
	r.Header = header
}

// recorder keeps an answer that is not, or not yet, sent.
type recorder struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
	short  bool
}

func newRecorder() *recorder { return &recorder{header: make(http.Header)} }

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // 1xx are not the answer yet
		w.status = status
		w.sent = w.header.Clone()
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// copyTo sends the answer; half of it, under the length of the whole, when truncated is set.
func (w *recorder) copyTo(to http.ResponseWriter, truncated bool) {
	w.WriteHeader(http.StatusOK)
	for k, v := range w.sent {
		to.Header()[k] = v
	}
	body := w.body.Bytes()
	if rec, ok := to.(*recorder); ok {
		rec.short = truncated
	} else if truncated {
		to.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	to.WriteHeader(w.status)
	if truncated {
		body = body[:len(body)/2]
	}
	_, _ = to.Write(body)
	if _, ok := to.(*recorder); truncated && !ok {
		_ = http.NewResponseController(to).Flush() // or not even the status would arrive
		panic(http.ErrAbortHandler)
	}
}

func (w *recorder) response(r *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	if w.sent.Get("Date") == "" {
		// net/http's server sends it, and clients read the vendor's clock from it.
		w.sent.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	body := io.Reader(bytes.NewReader(w.body.Bytes()))
	if w.short {
		body = io.MultiReader(body, failing{})
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: io.NopCloser(body), ContentLength: -1, Request: r,
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
