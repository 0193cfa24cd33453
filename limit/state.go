package limit

import (
	"slices"
	"time"
)

// state is what a [Local] knows of one window. Its units are either held (taken, not given back) or
// spent (given back, and counting until their window ends).
type state struct {
	window  Window
	held    int
	spent   []spending // by time
	total   int        // units in spent
	blocked time.Time
	queue   []*waiter // by ticket
}

type spending struct {
	until time.Time
	n     int
}

func (s *state) free() int { return s.window.Limit - s.held - s.total }

// idle reports that forgetting the window changes nothing.
func (s *state) idle(now time.Time) bool {
	s.expire(now)
	return s.held == 0 && s.total == 0 && len(s.queue) == 0 && !s.blocked.After(now)
}

func (s *state) expire(now time.Time) {
	i := 0
	for i < len(s.spent) && !s.spent[i].until.After(now) {
		s.total -= s.spent[i].n
		i++
	}
	s.spent = slices.Delete(s.spent, 0, i)
}

// fits returns when there is room for need units, if nothing else happens, and false when that
// depends on a release.
func (s *state) fits(now time.Time, need int) (time.Time, bool) {
	s.expire(now)
	at := now
	if s.window.Sort == SortSlots {
		if need > s.free() {
			return time.Time{}, false
		}
	} else {
		at = s.room(now, need)
	}
	if s.blocked.After(at) {
		at = s.blocked
	}
	return at, true
}

func (s *state) room(now time.Time, need int) time.Time {
	// More than one window's worth is needed where others are ahead: each fills windows of its own.
	rounds := (need - 1) / s.window.Limit
	need -= rounds * s.window.Limit
	at := now
	if short := need - s.free(); short > 0 {
		at = s.ends(now) // where held ones are in the way: the earliest that they can be gone
		for _, sp := range s.spent {
			if short -= sp.n; short <= 0 {
				at = sp.until
				break
			}
		}
	}
	return at.Add(time.Duration(rounds) * s.window.Size)
}

// beganAnew reports that the vendor's count tells of a window that has ended there and not here: what
// other processes used before a restart of ours, or what we used yesterday by the vendor's calendar.
// Only for windows so long that waiting for our own count would cost a working day, and only where
// the vendor has a tenth more left than we believe: smaller differences are answers that overtook each
// other. Calls under way are not forgotten. More than the limit left is a limit that is not the
// vendor's own, and says nothing.
func (s *state) beganAnew(remaining int) bool {
	w := s.window
	return w.Size >= longWindow && remaining <= w.Limit && remaining-(w.Limit-s.total) > w.Limit/10
}

// longWindow is the size from which on windows are kept coarsely and the vendor's count is believed.
const longWindow = time.Hour

// ends returns when a unit that is used at t counts no more.
func (s *state) ends(t time.Time) time.Time {
	size := s.window.Size
	if s.window.Sort == SortAligned {
		begin := t.UTC().Truncate(size) // Truncate counts from midnight UTC
		return t.Add(begin.Add(size).Sub(t.UTC()))
	}
	end := t.Add(size)
	if size >= longWindow {
		// A day of 150,000 calls is kept in 1,440 numbers: rounded up, to the safe side.
		if grain := size / 1440; end.UTC().Truncate(grain) != end.UTC().Round(0) {
			end = t.Add(end.UTC().Truncate(grain).Add(grain).Sub(t.UTC()))
		}
	}
	return end
}

// spend turns n units, held until now, into spent ones.
func (s *state) spend(now time.Time, n int) {
	if s.window.Sort != SortSlots {
		s.add(s.ends(now), n)
	}
}

func (s *state) add(until time.Time, n int) {
	if n <= 0 {
		return
	}
	s.total += n
	i, found := slices.BinarySearchFunc(s.spent, until, func(sp spending, t time.Time) int { return sp.until.Compare(t) })
	if found {
		s.spent[i].n += n
		return
	}
	s.spent = slices.Insert(s.spent, i, spending{until, n})
}

// ahead returns how many units are asked for by those who came earlier and wait here.
func (s *state) ahead(ticket uint64) int {
	n := 0
	for _, q := range s.queue {
		if q.ticket >= ticket {
			break
		}
		n += q.n
	}
	return n
}

// signal lets all who wait here look again.
func (s *state) signal() {
	for _, q := range s.queue {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
}
