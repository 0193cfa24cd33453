package limit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/invoicesync/invoicesync/limit"
)

// A wait for a window of a minute, under a pulse of twenty seconds: at its beginning, and after 20 and 40 s; what a
// minute's end still brings is a matter of which timer is heard first.
func TestAWaitBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(nil)
		w := limit.Sliding("k", 1, time.Minute)
		first, err := b.Take(t.Context(), 1, w)
		if err != nil {
			t.Fatal(err)
		}
		first.Release()
		var at []time.Duration
		start := time.Now()
		ctx := limit.WithPulse(t.Context(), 20*time.Second, func(context.Context) error {
			at = append(at, time.Since(start))
			return nil
		})
		second, err := b.Take(ctx, 1, w)
		if err != nil {
			t.Fatal(err)
		}
		second.Release()
		if len(at) < 3 || len(at) > 4 || at[0] != 0 || at[1] != 20*time.Second || at[2] != 40*time.Second {
			t.Errorf("it beat after %v", at)
		}
		// What need not wait does not beat.
		at = nil
		other, err := b.Take(ctx, 1, limit.Sliding("another", 1, time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		other.Release()
		if len(at) != 0 {
			t.Errorf("a call that did not wait beat after %v", at)
		}
	})
}

// An error of the pulse ends the wait: what was held is lost.
func TestAPulseEndsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lost := errors.New("lost")
		n := 0
		ctx := limit.WithPulse(t.Context(), time.Second, func(context.Context) error {
			if n++; n > 3 {
				return lost
			}
			return nil
		})
		start := time.Now()
		if err := limit.Sleep(ctx, start.Add(time.Hour), nil); !errors.Is(err, lost) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it ended after %s", took)
		}
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := limit.Sleep(cancelled, time.Now().Add(time.Hour), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
