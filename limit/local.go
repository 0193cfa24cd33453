package limit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// DefaultMaxWait is how long a [Local] waits at most, unless told otherwise.
const DefaultMaxWait = 3 * time.Minute

// maxBlock bounds what a vendor's reset time can do: the longest blocks known are QuickBooks' monthly
// quota of calls, until the next month.
const maxBlock = 32 * 24 * time.Hour

// Options of a [Local].
type Options struct {
	// MaxWait is the longest wait of one Take; what would take longer is a [*LaterError] at once. It is
	// [DefaultMaxWait] when zero; a negative one never waits.
	MaxWait time.Duration

	// Waiting is called when a Take begins to wait, and again when what it waits for changes, with the
	// context of that Take. It must be safe for concurrent use and should return soon.
	Waiting func(context.Context, Wait)
}

// Local is the [Budget] of a single process. It is safe for concurrent use. Those who wait for one
// window are served in the order in which they came; those who wait for another window are not in
// their way.
type Local struct {
	maxWait time.Duration
	waiting func(context.Context, Wait)

	mu     sync.Mutex
	states map[string]*state
	ticket uint64
	sweep  int // when states has grown to this size, idle ones are dropped
}

var _ Budget = (*Local)(nil)

// New returns a budget that knows of nothing taken so far.
func New(opts *Options) *Local {
	b := &Local{maxWait: DefaultMaxWait, states: make(map[string]*state), sweep: 256}
	if opts != nil {
		b.waiting = opts.Waiting
		if opts.MaxWait != 0 {
			b.maxWait = max(opts.MaxWait, 0)
		}
	}
	return b
}

// waiter is one Take under way.
type waiter struct {
	ticket uint64
	n      int
	at     *state // in whose queue it waits
	wake   chan struct{}
}

// Take implements [Budget].
func (b *Local) Take(ctx context.Context, n int, windows ...Window) (*Grant, error) {
	if err := validate(n, windows); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n == 0 || len(windows) == 0 {
		return NewGrant(0, nil), nil
	}
	start := time.Now()
	give := start.Add(b.maxWait)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(give) {
		give = deadline
	}

	b.mu.Lock()
	defer b.mu.Unlock()
	b.ticket++
	w := &waiter{ticket: b.ticket, n: n, wake: make(chan struct{}, 1)}
	defer b.leave(w)
	var told Wait
	var waited time.Duration
	for {
		now := time.Now()
		blocking, until := b.blocking(w, windows, now)
		if blocking == nil {
			b.leave(w)
			return b.grant(n, windows, waited), nil
		}
		if until.After(give) || !now.Before(give) {
			resume := until
			if resume.IsZero() {
				resume = now
			}
			return nil, &LaterError{Key: blocking.window.Key, Resume: resume.UTC().Round(0)}
		}
		b.join(w, blocking)
		wait := Wait{Key: blocking.window.Key}
		if !until.IsZero() {
			wait.Until = until.UTC().Round(0)
		}
		wakeAt := until
		if until.IsZero() {
			wakeAt = give
		}
		b.mu.Unlock()
		if wait != told && b.waiting != nil {
			b.waiting(ctx, wait)
		}
		told = wait
		err := Sleep(ctx, wakeAt, w.wake)
		waited = time.Since(start)
		b.mu.Lock()
		if err != nil {
			return nil, err
		}
	}
}

func validate(n int, windows []Window) error {
	if n < 0 {
		return fmt.Errorf("limit: cannot take %d units", n)
	}
	for i, w := range windows {
		if err := w.Validate(); err != nil {
			return err
		}
		if n > w.Limit {
			return fmt.Errorf("limit: %d units never fit into window %s of %d: ask for less at a time", n, w.Key, w.Limit)
		}
		for _, other := range windows[:i] {
			if other.Key == w.Key {
				return fmt.Errorf("limit: window %s is given twice: give windows keys of their own", w.Key)
			}
		}
	}
	return nil
}

// blocking returns the window that lets w in last and when it does, the zero time when that depends on
// a release; nil when all of them let it in now.
func (b *Local) blocking(w *waiter, windows []Window, now time.Time) (*state, time.Time) {
	var last *state
	var until time.Time
	for _, window := range windows {
		s := b.state(window)
		need := w.n + s.ahead(w.ticket)
		at, known := s.fits(now, need)
		switch {
		case !known:
			return s, time.Time{}
		case at.After(now) && at.After(until):
			last, until = s, at
		}
	}
	return last, until
}

func (b *Local) grant(n int, windows []Window, waited time.Duration) *Grant {
	held := make([]*state, len(windows))
	for i, w := range windows {
		held[i] = b.state(w)
		held[i].held += n
	}
	return NewGrant(waited, func(used bool) {
		b.mu.Lock()
		defer b.mu.Unlock()
		now := time.Now()
		for _, s := range held {
			s.held -= n
			if used {
				s.spend(now, n)
			}
			s.signal()
		}
	})
}

// Learn implements [Budget].
func (b *Local) Learn(_ context.Context, w Window, remaining int, reset time.Time) error {
	if err := w.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	s := b.state(w)
	s.expire(now)
	if latest := now.Add(maxBlock); reset.After(latest) {
		reset = latest
	}
	if !reset.IsZero() {
		reset = now.Add(reset.Sub(now)) // keep to the monotonic clock from here on
	}
	if remaining == 0 && reset.After(s.blocked) {
		s.blocked = reset
	}
	if remaining >= 0 && w.Sort != SortSlots {
		until := reset
		if !reset.After(now) {
			until = s.ends(now)
		}
		if s.beganAnew(remaining) {
			s.spent, s.total = nil, 0
			s.add(until, w.Limit-remaining)
		} else if others := s.free() - remaining; others > 0 {
			// What the vendor counts and we do not was used by somebody else.
			s.add(until, others)
		}
	}
	s.signal()
	return nil
}

func (b *Local) state(w Window) *state {
	s := b.states[w.Key]
	if s == nil {
		if len(b.states) >= b.sweep {
			now := time.Now()
			for k, old := range b.states {
				if old.idle(now) {
					delete(b.states, k)
				}
			}
			b.sweep = max(256, 2*len(b.states))
		}
		s = &state{}
		b.states[w.Key] = s
	}
	s.window = w
	return s
}

// join puts w into the queue of s, in the order of tickets, and takes it out of any other.
func (b *Local) join(w *waiter, s *state) {
	if w.at == s {
		return
	}
	b.leave(w)
	i, _ := slices.BinarySearchFunc(s.queue, w.ticket, func(q *waiter, t uint64) int {
		if q.ticket < t {
			return -1
		}
		return 1
	})
	s.queue = slices.Insert(s.queue, i, w)
	w.at = s
}

func (b *Local) leave(w *waiter) {
	if w.at == nil {
		return
	}
	s := w.at
	w.at = nil
	s.queue = slices.DeleteFunc(s.queue, func(q *waiter) bool { return q == w })
	s.signal()
}
