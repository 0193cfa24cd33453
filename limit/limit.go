// Package limit keeps callers below a vendor's limits: of calls, of bytes and of calls at a time, for
// one app and for one organisation.
//
// A [Window] describes one limit. A [Budget] is asked before each call and waits until the call fits
// into all of its windows:
//
//	minute := limit.Sliding("xero/org/"+id+"/minute", 60, time.Minute)
//	day := limit.Sliding("xero/org/"+id+"/day", 5000, 24*time.Hour)
//	slots := limit.Slots("xero/org/"+id+"/slots", 5)
//
//	grant, err := budget.Take(ctx, 1, minute, day, slots)
//	if err != nil {
//		return err // a *LaterError says when to come back
//	}
//	defer grant.Release() // after the answer has been read
//
// A budget paces ahead of the limit: the vendor never sees more than the limit allows, bursts inside
// it go through at once. What the vendor's answers say about its own counting is handed to
// [Budget.Learn], so that other processes, other integrations and a restart are taken into account.
//
// A unit counts from Take until the window's size has passed after Release, and not only from Take:
// the vendor counts a call at some moment between the two, so that a slow request cannot slip into a
// later window than the one it was counted in here.
//
// Waiting is bounded. What would take longer than [Options.MaxWait] (a day limit, typically) is not
// slept but returned as a [*LaterError] with the time at which it is worth asking again.
package limit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Budget hands out units of windows. An implementation must be safe for concurrent use. [Local] is
// one for a single process; one that several processes share keeps the same contract.
type Budget interface {
	// Take waits until n units fit into every one of the windows, and takes them from all of them or
	// from none. Without windows it returns at once.
	//
	// The grant must be given back, with Release or Refund.
	//
	// Take must return a *LaterError, having taken nothing, where the wait would be longer than the
	// budget's maximum or go beyond the context's deadline, and the context's error where the context
	// ends first. n above the limit of a window can never fit and must be an error too, one
	// that is not a *LaterError.
	Take(ctx context.Context, n int, windows ...Window) (*Grant, error)

	// Learn tells what the vendor has said about a window: how many units it has left, negative when
	// it said nothing about that, and when it resets, the zero time when it did not say.
	//
	// The budget must hand out no more than remaining until then. With nothing remaining and a reset
	// time it must hand out nothing before the reset: that is how a 429 with Retry-After is told.
	// A vendor that has more left than the budget believes is no reason to hand out more: it may not have
	// counted yet what is under way. In a window of an hour and more the budget may take a clear jump for
	// the beginning of a new window of the vendor. A window that is learned about must therefore have
	// the vendor's own limit, and not a share of it.
	Learn(ctx context.Context, w Window, remaining int, reset time.Time) error
}

// Sort says how a window counts. The zero Sort is invalid.
type Sort int

const (
	// SortSliding holds any period of the window's size to the limit. It is safe under a vendor whose
	// fixed windows begin nobody knows when, as Xero's do.
	SortSliding Sort = iota + 1
	// SortAligned counts in fixed windows that begin at multiples of the size since midnight UTC, as
	// Keap's day quota does, which resets at 00:00 UTC.
	SortAligned
	// SortSlots holds the number of grants under way at a time to the limit; the size is not used.
	SortSlots
)

// Unit says what a window counts. The zero Unit is calls.
type Unit int

// What windows count.
const (
	Calls Unit = iota // Calls counts calls, each one unit.
	Bytes             // Bytes counts the bytes of request bodies.
)

// A Window is one limit of one vendor. Windows are values, compared by Key.
type Window struct {
	// Key names the window for all who share it, for instance "xero/org/<organisation id>/minute". It
	// appears in errors and progress lines, so it must hold no personal data.
	Key   string
	Sort  Sort
	Unit  Unit
	Limit int
	Size  time.Duration
}

// Sliding returns a window of calls that holds any period of the size to the limit.
func Sliding(key string, limit int, size time.Duration) Window {
	return Window{Key: key, Sort: SortSliding, Limit: limit, Size: size}
}

// Aligned returns a window of calls that begins anew at multiples of the size since midnight UTC.
func Aligned(key string, limit int, size time.Duration) Window {
	return Window{Key: key, Sort: SortAligned, Limit: limit, Size: size}
}

// Slots returns a window of so many calls at a time.
func Slots(key string, limit int) Window {
	return Window{Key: key, Sort: SortSlots, Limit: limit}
}

// OfBytes returns the window counting bytes instead of calls.
func (w Window) OfBytes() Window {
	w.Unit = Bytes
	return w
}

// Validate reports what is wrong with the window, or nil.
func (w Window) Validate() error {
	switch {
	case w.Key == "":
		return errors.New("limit: a window has no key: name what it limits")
	case w.Limit <= 0:
		return fmt.Errorf("limit: window %s: limit %d must be above zero", w.Key, w.Limit)
	case w.Sort < SortSliding || w.Sort > SortSlots:
		return fmt.Errorf("limit: window %s: sort %d is none of this package", w.Key, w.Sort)
	case w.Sort != SortSlots && w.Size <= 0:
		return fmt.Errorf("limit: window %s: size %s must be above zero", w.Key, w.Size)
	}
	return nil
}

// A Grant is a number of units taken. It must be given back once, with Release or Refund; what comes
// after the first does nothing, so that Release may be deferred. A nil Grant is a grant of nothing.
// It is safe for concurrent use.
type Grant struct {
	// Waited is how long Take has waited.
	Waited time.Duration

	once sync.Once
	back func(used bool)
}

// NewGrant is for implementers of [Budget]: back is called at most once, with false for a refund.
func NewGrant(waited time.Duration, back func(used bool)) *Grant {
	return &Grant{Waited: waited, back: back}
}

// Release says that the call is over: its slots are free, its units count until their window ends.
func (g *Grant) Release() { g.give(true) }

// Refund says that the call was never made: its units count no more. Only for a call of which no
// byte has left.
func (g *Grant) Refund() { g.give(false) }

func (g *Grant) give(used bool) {
	if g == nil || g.back == nil {
		return
	}
	g.once.Do(func() { g.back(used) })
}

// ErrLater is what every [*LaterError] is, for errors.Is.
var ErrLater = errors.New("limit: later")

// A LaterError says that the units will be there, but not soon enough to wait for them. Nothing was
// taken.
type LaterError struct {
	Key    string    // the window that is used up
	Resume time.Time // when it is worth asking again, UTC
}

func (e *LaterError) Error() string {
	return fmt.Sprintf("limit: %s is used up: try again after %s", e.Key, e.Resume.UTC().Format(time.RFC3339))
}

// Is makes errors.Is(err, ErrLater) true.
func (e *LaterError) Is(target error) bool { return target == ErrLater }

// A Wait tells a person why nothing seems to happen.
type Wait struct {
	Key   string    // the window that is waited for
	Until time.Time // when it should have room, UTC; zero for a slot, which nobody can foretell
}
