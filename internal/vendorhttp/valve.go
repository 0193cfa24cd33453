package vendorhttp

import (
	"errors"
	"io"
	"sync"
)

var errShut = errors.New("the call is over")

// valve is a request body that can be shut. It is read once: there is no GetBody. net/http may go on
// reading a body after the call has returned, so that only a shut valve proves that nothing leaves.
type valve struct {
	mu     sync.Mutex
	rest   []byte
	opened bool
	closed bool
}

func newValve(body []byte) *valve { return &valve{rest: body} }

// Read hands out the next bytes. Not one byte without noting that the valve was opened.
func (v *valve) Read(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.closed:
		return 0, errShut
	case len(v.rest) == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	v.opened = true
	n := copy(p, v.rest)
	v.rest = v.rest[n:]
	return n, nil
}

func (v *valve) Close() error { return nil }

// shut ends the body and reports whether anything of it was ever drawn.
func (v *valve) shut() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	return v.opened
}
