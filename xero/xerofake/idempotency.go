package xerofake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

// keyLife is how long a key is kept, counted from its first call.
const keyLife = 6 * time.Minute

// An answered key: the first request under it, and its answer once there is one. Records are
// replaced, never changed.
type answered struct {
	App, Key, Print string
	At              time.Time
	Done            bool   `json:",omitempty"`
	Forgotten       bool   `json:",omitempty"`
	Status          int    `json:",omitempty"`
	ContentType     string `json:",omitempty"`
	Body            string `json:",omitempty"`

	pending chan struct{} // closed when the request that made the reservation has its answer
}

// reopened is what a reservation without answer becomes when the process died in the middle: an
// internal error, which is remembered like any other answer. The caller must look, not send again.
func (a *answered) reopened() {
	if a.Done || a.Forgotten {
		return
	}
	died := problem500()
	a.Done, a.Status, a.ContentType, a.Body = true, died.status, died.contentType, string(died.body)
}

// once serves a writing request under its Idempotency-Key. Keys are scoped to the app.
func (f *Fake) once(c *call, serve func() answer) answer {
	values, sent := c.r.Header[http.CanonicalHeaderKey("Idempotency-Key")]
	if !sent || c.r.Method == http.MethodGet || c.r.Method == http.MethodDelete {
		return serve()
	}
	key := values[0]
	switch {
	case key == "":
		return fault(http.StatusBadRequest, 0, "IdempotencyException", "Idempotency Key: the value is empty, leave the header out instead.")
	case len(key) > 128:
		return fault(http.StatusBadRequest, 0, "IdempotencyException", fmt.Sprintf("Idempotency Key: %s is %d characters long, the maximum is 128.", key, len(key)))
	case c.fault == "400_key_reused":
		return keyReused(key)
	}
	sum := sha256.Sum256([]byte(c.r.Method + "\n" + c.books.org.OrganisationID + "\n" + c.r.URL.RequestURI() + "\n" + string(c.body)))
	print := hex.EncodeToString(sum[:])
	slot := c.caller.app + "\x00" + key

	var mine *answered
	for mine == nil {
		f.mu.Lock()
		theirs, ok := f.keys[slot]
		if ok && (theirs.Forgotten || time.Since(theirs.At) >= keyLife) {
			delete(f.keys, slot)
			ok = false
		}
		if !ok {
			f.forgetKeys()
			mine = &answered{App: c.caller.app, Key: key, Print: print, At: time.Now().UTC(), pending: make(chan struct{})}
			err := f.commit(&change{Key: mine})
			f.mu.Unlock()
			if err != nil {
				return problem500()
			}
			break
		}
		f.mu.Unlock()
		switch {
		case theirs.Print != print:
			return keyReused(key)
		case theirs.Done:
			return answer{status: theirs.Status, contentType: theirs.ContentType, body: []byte(theirs.Body)}
		}
		<-theirs.pending
	}

	got, finished := answer{}, false
	defer func() {
		if !finished { // the handler panicked
			got = problem500()
		}
		final := *mine
		final.pending = nil
		final.Done, final.Status, final.ContentType, final.Body = true, got.status, got.contentType, string(got.body)
		if got.status == http.StatusServiceUnavailable && f.opts.Switches.UnavailableNotCached {
			final.Done, final.Forgotten = false, true
		}
		f.mu.Lock()
		if f.keys[slot] == mine { // a slow request may have outlived its own key
			_ = f.commit(&change{Key: &final})
		}
		f.mu.Unlock()
		close(mine.pending)
	}()
	got = serve()
	finished = true
	return got
}

// forgetKeys drops expired keys, now and then. Call with the lock held.
func (f *Fake) forgetKeys() {
	if len(f.keys)%512 != 511 {
		return
	}
	for slot, a := range f.keys {
		if a.Done && time.Since(a.At) >= keyLife {
			delete(f.keys, slot)
		}
	}
}

func keyReused(key string) answer {
	return fault(http.StatusBadRequest, 0, "IdempotencyException", fmt.Sprintf("Idempotency Key: %s is used with a different request.", key))
}
