package invoicesync

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/store"
)

// run is one run of a flow: its identity, its right to write, and what it has counted.
type run struct {
	id    string
	pair  store.Pair
	db    store.Store
	opts  Options
	fence *fence
	rep   Report

	settings string            // hash
	steps    func(name string) // tests kill the process between steps
}

func newRun(db store.Store, pair store.Pair, o Options, settings string) *run {
	id := rand.Text()
	return &run{id: id, pair: pair, db: db, opts: o, settings: settings, rep: newReport(id, time.Now().UTC())}
}

// finish ends the run with err and returns its report.
func (r *run) finish(err error) (Report, error) {
	r.rep.Ended = time.Now().UTC()
	if at := ledger.ResumeAt(err); !at.IsZero() {
		r.resumeAt(at)
	}
	if r.rep.Stopped == "" && err != nil {
		r.rep.Stopped = stopCode(err)
	}
	r.observe("run", r.rep.Ended.Sub(r.rep.Started))
	return r.rep, err
}

func (r *run) step(name string) {
	if r.steps != nil {
		r.steps(name)
	}
}

// quiet is how long after the last byte absence becomes final.
func (r *run) quiet(l ledger.Limits) time.Duration {
	if r.opts.Quiet > 0 {
		return r.opts.Quiet
	}
	return l.Quiet
}

// resumeAt notes a time at which another run is worth while; the earliest counts.
func (r *run) resumeAt(t time.Time) {
	if r.rep.ResumeAt.IsZero() || t.Before(r.rep.ResumeAt) {
		r.rep.ResumeAt = t.UTC()
	}
}

// sleep waits, or returns the context's error. A long sleep keeps the run's leases alive.
func (r *run) sleep(ctx context.Context, d time.Duration) error {
	for slice := r.opts.Lease / 3; r.fence != nil && d > slice; d -= slice {
		if err := r.doze(ctx, slice); err != nil {
			return err
		}
		if err := r.fence.update(ctx, func(store.Tx) error { return nil }); err != nil {
			return err
		}
	}
	return r.doze(ctx, d)
}

// alive renews the leases when a third of their life is over. What may take long without a commit of the
// store, such as reading from a slow source, calls it between its steps.
func (r *run) alive(ctx context.Context) error {
	if r.fence == nil || r.fence.fresh() {
		return nil
	}
	return r.fence.update(ctx, func(store.Tx) error { return nil })
}

// pulsing returns a context under which adapters that wait for a limit keep the leases alive.
func (r *run) pulsing(ctx context.Context) context.Context {
	return limit.WithPulse(ctx, r.opts.Lease/3, r.alive)
}

func (r *run) doze(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// waitFor waits out an [ledger.ErrLater], or returns it when that would take too long.
func (r *run) waitFor(ctx context.Context, err error) error {
	until := ledger.ResumeAt(err)
	if until.IsZero() {
		until = time.Now().Add(5 * time.Second)
	}
	d := time.Until(until)
	if d > r.opts.MaxWait {
		r.resumeAt(until)
		return err
	}
	r.event(Event{What: "waiting", Message: err.Error(), Until: until.UTC()})
	if serr := r.sleep(ctx, max(d, time.Millisecond)); serr != nil {
		return errors.Join(err, serr)
	}
	return nil
}

func (r *run) seal(body []byte, context string) ([]byte, error) {
	if r.opts.Sealer == nil {
		return append([]byte(nil), body...), nil
	}
	sealed, err := r.opts.Sealer.Seal(body, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("invoicesync: a write could not be sealed, so it was not sent: %w", err)
	}
	return sealed, nil
}

func (r *run) open(sealed []byte, context string) ([]byte, error) {
	if r.opts.Sealer == nil {
		return sealed, nil
	}
	body, err := r.opts.Sealer.Open(sealed, []byte(context))
	if err != nil {
		return nil, fmt.Errorf("invoicesync: a stored write could not be opened; is the sealing key the one it was sealed with? %w", err)
	}
	return body, nil
}

// event tells the observer and the log.
func (r *run) event(e Event) {
	if r.opts.Observer == nil && r.opts.Logger == nil {
		return
	}
	e.At, e.Run = time.Now().UTC(), r.id
	if r.opts.Observer != nil {
		r.opts.Observer(e)
	}
	if r.opts.Logger != nil {
		r.opts.Logger.LogAttrs(context.Background(), slog.LevelDebug, "invoicesync: "+e.What,
			slog.String("run", e.Run), slog.String("kind", string(e.Kind)), slog.String("source_id", e.SourceID),
			slog.String("ledger_id", e.LedgerID), slog.Any("codes", e.Codes), slog.String("message", e.Message))
	}
}

func (r *run) eventFor(l store.Link) {
	if r.opts.Observer == nil && r.opts.Logger == nil {
		return
	}
	r.event(Event{What: eventOf(l, r.id), Kind: l.Kind, SourceID: l.SourceID, Number: l.LedgerNumber, LedgerID: l.LedgerID,
		Codes: codes(l.Reasons), Message: firstMessage(l.Reasons), Amount: l.Amount})
}

func (r *run) observe(name string, d time.Duration, labels ...string) {
	if r.opts.Metrics != nil {
		r.opts.Metrics.Observe(name, d, labels...)
	}
}

// row is the activity of a link.
func (r *run) row(event string, l store.Link) store.Row {
	detail := l.Rule
	if detail == "" && l.OnPurpose {
		detail = "on_purpose"
	}
	return store.Row{At: time.Now().UTC(), Pair: r.pair, Run: r.id, Event: event, Kind: l.Kind, SourceID: l.SourceID,
		LedgerID: l.LedgerID, Codes: codes(l.Reasons), Amount: l.Amount, Currency: l.Currency, Detail: detail}
}

func codes(reasons []store.Reason) []string {
	if len(reasons) == 0 {
		return nil
	}
	c := make([]string, len(reasons))
	for i, r := range reasons {
		c[i] = r.Code
	}
	return c
}

func firstMessage(reasons []store.Reason) string {
	if len(reasons) == 0 {
		return ""
	}
	return reasons[0].Message
}

// update runs f in a transaction of the store, under the fence of a run that may write.
func (r *run) update(ctx context.Context, f func(store.Tx) error) error {
	if r.fence == nil {
		return r.db.Update(ctx, f) // a preview: its store is an overlay that keeps nothing
	}
	return r.fence.update(ctx, f)
}
