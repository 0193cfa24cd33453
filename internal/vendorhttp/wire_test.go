package vendorhttp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
)

// fickle is a real server that answers the first request of each connection and reads the second to
// its end, closing the connection instead of answering: what a load balancer does with an idle one.
type fickle struct {
	url string
	mu  sync.Mutex
	got []string // "POST body"
}

func newFickle(t *testing.T) *fickle {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	f := &fickle{url: "http://" + l.Addr().String()}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(conn)
		}
	}()
	return f
}

func (f *fickle) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for i := range 2 {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		body, _ := io.ReadAll(req.Body)
		f.mu.Lock()
		f.got = append(f.got, req.Method+" "+string(body))
		f.mu.Unlock()
		if i == 0 {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
		}
	}
}

func (f *fickle) seen(want string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.got {
		if g == want {
			n++
		}
	}
	return n
}

func TestNetHTTPCannotRepeatAWrite(t *testing.T) {
	t.Parallel()
	key := http.Header{"Idempotency-Key": {"k1"}}

	t.Run("net/http alone repeats it", func(t *testing.T) { // if this fails, the rest proves nothing
		t.Parallel()
		f := newFickle(t)
		client := &http.Client{Transport: &http.Transport{}}
		for _, body := range []string{"first", "second"} {
			req, err := http.NewRequestWithContext(t.Context(), "POST", f.url, bytes.NewReader([]byte(body)))
			require.NoError(t, err)
			req.Header = key.Clone()
			resp, err := client.Do(req)
			require.NoError(t, err)
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		assert.Equal(t, 2, f.seen("POST second"))
	})
	for _, c := range []struct {
		name string
		req  vendorhttp.Request
		want string
	}{
		{"POST", vendorhttp.Request{Method: "POST", Path: "/x", Header: key, Body: []byte("second")}, "POST second"},
		{"PUT", vendorhttp.Request{Method: "PUT", Path: "/x", Header: key, Body: []byte("second")}, "PUT second"},
		{"DELETE without body", vendorhttp.Request{Method: "DELETE", Path: "/x", Header: key}, "DELETE "},
		{"POST without body and key", vendorhttp.Request{Method: "POST", Path: "/x"}, "POST "},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFickle(t)
			client, err := vendorhttp.New(&http.Client{Transport: &http.Transport{}}, f.url, nil)
			require.NoError(t, err)
			_, err = client.Do(t.Context(), vendorhttp.Request{Path: "/warm"})
			require.NoError(t, err)
			gates := 0
			c.req.Gate = func(context.Context) error { gates++; return nil }
			_, err = client.Do(t.Context(), c.req)
			failed(t, err, vendorhttp.NoAnswer)
			assert.Equal(t, 1, f.seen(c.want))
			assert.Equal(t, 1, gates)
		})
	}
}

func TestNotSentIsProvedOnRealConnections(t *testing.T) {
	t.Parallel()
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	var acted atomic.Int64
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { acted.Add(1) }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	noName := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "vendor.example", IsNotFound: true}
	}}
	for _, c := range []struct {
		name, base string
		rt         http.RoundTripper
	}{
		{"refused", "http://" + closed.Addr().String(), &http.Transport{}},
		{"no such host", "http://vendor.example", noName},
		{"certificate", secure.URL, &http.Transport{}},
		{"handshake", secure.URL, &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS12}}}, //nolint:gosec // meant to fail
	} {
		for _, r := range []vendorhttp.Request{
			{Method: "POST", Path: "/x", Body: []byte("{}")},
			{Method: "DELETE", Path: "/x"},
			{Method: "POST", Path: "/x"},
		} {
			t.Run(c.name+" "+r.Method, func(t *testing.T) {
				client, err := vendorhttp.New(&http.Client{Transport: c.rt}, c.base, nil)
				require.NoError(t, err)
				_, err = client.Do(t.Context(), r)
				failed(t, err, vendorhttp.NotSent)
				assert.Zero(t, acted.Load())
			})
		}
	}
}

func TestABodyThatWasNotDrawnNeverLeaves(t *testing.T) {
	t.Parallel()
	var body io.Reader
	client, err := vendorhttp.New(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		body = r.Body // a transport may go on reading after it has returned
		return nil, errors.New("gave up")
	})}, "http://vendor.example", nil)
	require.NoError(t, err)
	_, err = client.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x", Body: []byte("{}")})
	failed(t, err, vendorhttp.NotSent)
	left, err := io.ReadAll(body)
	require.Error(t, err)
	assert.Empty(t, left)
}

func TestTheWire(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		var got []*http.Request
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			got = append(got, r)
			switch r.URL.Path {
			case "/short":
				w.Header().Set("Content-Length", "100")
				io.WriteString(w, `{"a":1}`)
			case "/moved":
				http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			default:
				w.Write(body)
			}
		}))
		s.EnableHTTP2 = http2
		s.StartTLS()
		t.Cleanup(s.Close)
		client, err := vendorhttp.New(s.Client(), s.URL, nil)
		require.NoError(t, err)

		resp, err := client.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/x", Body: []byte("{}"), Header: http.Header{"Idempotency-Key": {"k"}}})
		require.NoError(t, err)
		assert.Equal(t, "{}", string(resp.Body))
		assert.EqualValues(t, 2, got[0].ContentLength)
		assert.Empty(t, got[0].TransferEncoding)
		assert.Equal(t, "k", got[0].Header.Get("Idempotency-Key"))

		for _, method := range []string{"DELETE", "POST"} {
			_, err = client.Do(t.Context(), vendorhttp.Request{Method: method, Path: "/x"})
			require.NoError(t, err)
			last := got[len(got)-1]
			assert.Equal(t, method, last.Method)
			assert.Empty(t, last.TransferEncoding, "http2 %v %s", http2, method)
		}

		_, err = client.Do(t.Context(), vendorhttp.Request{Method: "POST", Path: "/short", Body: []byte("{}")})
		e := failed(t, err, vendorhttp.BrokenAnswer)
		assert.Equal(t, 200, e.Status)

		before := len(got)
		resp, err = client.Do(t.Context(), vendorhttp.Request{Method: "PUT", Path: "/moved", Body: []byte("{}")})
		require.NoError(t, err)
		assert.Equal(t, 307, resp.Status)
		assert.Len(t, got, before+1)
	}
}
