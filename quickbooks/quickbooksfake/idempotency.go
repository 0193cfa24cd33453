package quickbooksfake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

const (
	maxRequestID      = 50
	maxBatchRequestID = 36 // and each bId 10 then
	maxBatchItemID    = 10
)

// An answered is what was answered under a requestid. The items of a batch are remembered each on its own,
// in the commit that wrote it: a batch that was cut off in the middle and comes again goes on where it was.
type answered struct {
	Slot   string
	Print  string // of the request
	At     time.Time
	Status int    `json:",omitempty"`
	Type   string `json:",omitempty"`
	Body   string
	Failed bool `json:",omitempty"` // an item of a batch that was a fault
}

// remembered returns what was answered under a slot, if it still is.
func (b *Books) remembered(slot string) *answered {
	a := b.keys[slot]
	if a == nil {
		return nil
	}
	life := b.f.opts.Switches.RequestIDLife
	if life == 0 {
		life = time.Hour
	}
	if time.Since(a.At) >= life {
		delete(b.keys, slot)
		return nil
	}
	return a
}

// forgetOld drops what nobody will ask for, now and then. Call with the lock held.
func (b *Books) forgetOld() {
	if len(b.keys)%512 != 511 {
		return
	}
	for slot := range b.keys {
		b.remembered(slot)
	}
}

func fingerprint(r *http.Request, body []byte) string {
	sum := sha256.Sum256([]byte(r.Method + "\n" + r.URL.Path + "\n" + r.URL.Query().Get("operation") + "\n" + string(body)))
	return hex.EncodeToString(sum[:])
}

// reused is the answer to a requestid that comes back with another request, where that is noticed.
func (b *Books) reused(a *answered, print string) *fault {
	if a.Print == print || !b.f.opts.Switches.RequestIDChecksBody {
		return nil
	}
	return business("The requestid was used with a different request")
}

func checkRequestID(id string, batch bool) *fault {
	limit := maxRequestID
	if batch {
		limit = maxBatchRequestID
	}
	if len(id) > limit {
		return tooLong("requestid", limit, len(id))
	}
	return nil
}

func itemSlot(requestID, bID string) string { return fmt.Sprintf("%s\x00%s", requestID, bID) }
