package ledgertest

import (
	"context"
	"errors"
	"time"
)

// Fault is what goes wrong with one request.
type Fault string

// The faults. A request that was served has changed the books.
const (
	LoseRequest  Fault = "request lost"       // never served, the connection breaks
	LoseAnswer   Fault = "answer lost"        // served, then the connection breaks
	CommitLate   Fault = "committed late"     // the connection breaks, and half a minute later it is served
	Truncated    Fault = "answer truncated"   // served, half the answer arrives
	HTML         Fault = "gateway's HTML"     // never served, a gateway answers 502 with HTML
	HTMLAfter    Fault = "HTML after commit"  // served, a gateway answers 504 with HTML
	ServerError  Fault = "500 after commit"   // served, answered 500 all the same
	Hang         Fault = "no answer for ever" // served, the answer takes longer than anybody waits
	Throttled    Fault = "429"                // never served
	Unauthorised Fault = "401"                // never served
	Forbidden    Fault = "403"                // never served

	// Of a batch's answer.
	Shuffled   Fault = "answer shuffled"           // served, the records come back in another order
	WithoutOne Fault = "answer without one record" // served, the answer leaves the first record out
	WithoutID  Fault = "answer without an id"      // served, the first record comes back without its id and without an error
)

// Request is a request that left the adapter, answered or not.
type Request struct {
	Write bool
	At    time.Time
}

// What the wire between a [Memory] and its [Books] says of a request.
var (
	errLost         = errors.New("the connection broke")
	errCut          = errors.New("the answer was cut off")
	errHTML         = errors.New("the answer is HTML")
	errServer       = errors.New("the vendor failed")
	errThrottled    = errors.New("too many calls")
	errUnauthorised = errors.New("not authorised")
	errForbidden    = errors.New("forbidden")
)

const (
	lateBy  = 30 * time.Second
	patient = 30 * time.Second // how long a Memory waits for an answer
)

// exchange carries one request to the books. serve runs under their lock. An error that is not of the
// context comes after the request has left. It returns the fault, for those that are of the answer's content.
func (b *Books) exchange(ctx context.Context, write bool, serve func()) (Fault, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	locked := func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		serve()
	}
	fault := b.arrived(write)
	switch fault {
	case LoseRequest:
		return fault, errLost
	case LoseAnswer:
		locked()
		return fault, errLost
	case CommitLate:
		if write { // what is read late is read by nobody
			time.AfterFunc(lateBy, locked)
		}
		return fault, errLost
	case Truncated:
		locked()
		return fault, errCut
	case HTML:
		return fault, errHTML
	case HTMLAfter:
		locked()
		return fault, errHTML
	case ServerError:
		locked()
		return fault, errServer
	case Hang:
		locked()
		timer := time.NewTimer(patient)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		return fault, errLost
	case Throttled:
		return fault, errThrottled
	case Unauthorised:
		return fault, errUnauthorised
	case Forbidden:
		return fault, errForbidden
	}
	locked()
	return fault, nil
}

// arrived notes a request and returns the fault that is meant for it.
func (b *Books) arrived(write bool) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, Request{write, time.Now()})
	for i, f := range b.faults {
		if f.write != write {
			continue
		}
		b.faults = append(b.faults[:i:i], b.faults[i+1:]...)
		return f.fault
	}
	return ""
}

type armed struct {
	write bool
	fault Fault
}
