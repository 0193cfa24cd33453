package limit

import (
	"context"
	"time"
)

// pulse is what a context carries for [Sleep].
type pulse struct {
	every time.Duration
	beat  func(context.Context) error
}

type pulseKey struct{}

// WithPulse returns a context under which every wait by [Sleep] calls beat: when it begins, and then after each
// every, which must be positive. Whoever holds something that runs out meanwhile (a lease) renews it there; an
// error of beat ends the wait with that error. Beat may be called from several goroutines at a time.
//
// Silence does not beat: a call that hangs in the network must be able to lose what it holds.
func WithPulse(ctx context.Context, every time.Duration, beat func(context.Context) error) context.Context {
	return context.WithValue(ctx, pulseKey{}, pulse{max(every, time.Millisecond), beat})
}

// Sleep waits until an instant, or until wake has something (nil: it never has). It returns early with the
// context's error, or with that of its pulse. A [Budget] and an adapter wait by it, so that a run which waits
// for a limit stays alive.
func Sleep(ctx context.Context, until time.Time, wake <-chan struct{}) error {
	p, beating := ctx.Value(pulseKey{}).(pulse)
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	var tick <-chan time.Time
	if beating {
		if err := p.beat(ctx); err != nil {
			return err
		}
		ticker := time.NewTicker(p.every)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
			return nil
		case <-timer.C:
			return nil
		case <-tick:
			if err := p.beat(ctx); err != nil {
				return err
			}
		}
	}
}
