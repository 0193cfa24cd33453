// Package side is one end of an example: a vendor's service or the fake of it, where it is, who may call it, and how
// many calls our adapter has made.
package side

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// A Side is a vendor's service, or the fake of it.
type Side struct {
	Name   string
	URL    string
	Route  string // Xero's tenant id, QuickBooks' realm id, or the tenant of a fake of Infusionsoft
	Client *http.Client

	made    atomic.Int64
	counted func() int // by the server itself; nil: it is not ours
	stop    func() error
}

// A Fake is what the fakes of all vendors have in common.
type Fake interface {
	http.Handler
	Calls() int
	Transport() http.RoundTripper
	Close() error
}

// New returns the side of somebody's server.
func New(name, url, route, token string) *Side {
	return &Side{Name: name, URL: url, Route: route, Client: authorised(token, http.DefaultTransport)}
}

// Serve makes a fake the side's server: on the loopback interface, or with direct in memory, so that tests can run
// on virtual time. Close closes the fake too.
func (s *Side) Serve(f Fake, direct bool) error {
	const token = "example" // the fakes take any
	s.counted, s.stop = f.Calls, f.Close
	if direct {
		s.URL, s.Client = "http://"+s.Name+".test", authorised(token, f.Transport())
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("the fake of %s cannot listen: %w", s.Name, err)
	}
	server := &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	s.URL, s.Client = "http://"+l.Addr().String(), authorised(token, http.DefaultTransport)
	s.stop = func() error { return errors.Join(server.Close(), f.Close()) }
	return nil
}

// Close stops a fake. Its books are in the file with each answer that it has given, so that nothing can
// be lost by a failure here.
func (s *Side) Close() {
	if s.stop != nil {
		_ = s.stop()
	}
}

// Called counts a call of our adapter.
func (s *Side) Called() { s.made.Add(1) }

// Calls returns how many calls the server has counted, or where it is not ours, how many were made.
func (s *Side) Calls() int {
	if s.counted != nil {
		return s.counted()
	}
	return int(s.made.Load())
}

// Miscounted is an error when the server has seen another number of calls than our adapter has made.
func (s *Side) Miscounted() error {
	if made := int(s.made.Load()); made != s.Calls() {
		return fmt.Errorf("%s has counted %d calls, and %d were made", s.Name, s.Calls(), made)
	}
	return nil
}

// authorised returns a client whose requests carry the token. A service would use that of an oauth2
// configuration, which refreshes its token.
func authorised(token string, way http.RoundTripper) *http.Client {
	return &http.Client{Transport: bearer{token, way}}
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

// Made is how many calls our adapter has made.
func (s *Side) Made() int { return int(s.made.Load()) }
