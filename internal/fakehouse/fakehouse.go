// Package fakehouse is what the vendor fakes are housed in: the journal that keeps their books, the loopback
// server, the client that carries a token, and the count of what reached them.
package fakehouse

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// Bearer returns a client whose requests carry the token over next.
func Bearer(token string, next http.RoundTripper) *http.Client {
	return &http.Client{Transport: bearer{token, next}}
}

type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// A Loopback serves a handler on a free port of 127.0.0.1.
type Loopback struct {
	URL    string // http://127.0.0.1:port
	server *http.Server
}

// Listen starts a Loopback; it ends with [Loopback.Close].
func Listen(h http.Handler) (*Loopback, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Loopback{URL: "http://" + l.Addr().String(), server: &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}}
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

// Close stops listening and cuts the open connections.
func (s *Loopback) Close() error { return s.server.Close() }

type arrivalKey struct{}

// Arrive serves r with h. When h comes back and nobody has called [Arrived], a gateway has answered in the
// vendor's place: the call was made all the same, and missed is called. A request that was lost on its way
// leaves by panic and is not counted.
func Arrive(h http.Handler, w http.ResponseWriter, r *http.Request, missed func(*http.Request)) {
	counted := &atomic.Bool{}
	r = r.WithContext(context.WithValue(r.Context(), arrivalKey{}, counted))
	h.ServeHTTP(w, r)
	if !counted.Load() {
		missed(r)
	}
}

// Arrived says that the request has been counted.
func Arrived(r *http.Request) {
	if counted, ok := r.Context().Value(arrivalKey{}).(*atomic.Bool); ok {
		counted.Store(true)
	}
}
