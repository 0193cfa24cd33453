// Package crash kills the engine: a process of its own with kill -9 at every step of the protocol, and in
// virtual time at random steps of random worlds. Whatever was left behind, the next runs must bring every
// record into the ledger once, to the cent.
package crash

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/infusionsoft"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
)

// errDead is what a process sees of the world after its death: nothing that it does counts any more.
var errDead = errors.New("this process is dead")

// mortal is the life of one process in steps. A step is a point between two things that outlive the
// process: before and after each commit of the store, before and after each request to the ledger.
type mortal struct {
	mu    sync.Mutex
	at    int // dies, or is cancelled, at this step; 0: never
	steps int
	ended bool
	last  string // the step at which it ended
	end   func() // kills the process for good, or cancels its run
	after string // or dies after the first request of this method
	path  string // whose path ends so
	quiet bool   // ending only cancels: the process goes on to tidy up

	restAt int // at this step, if it is outside of a transaction, the machine sleeps for rest
	rest   time.Duration
}

// step counts one step and reports whether the process is dead.
func (m *mortal) step(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return !m.quiet
	}
	m.steps++
	if m.steps == m.restAt && name != beforeCommit {
		m.mu.Unlock()
		time.Sleep(m.rest)
		m.mu.Lock()
	}
	if m.steps != m.at && (m.after == "" || !strings.HasPrefix(name, "after "+m.after) || !strings.HasSuffix(name, m.path)) {
		return false
	}
	m.ended, m.last = true, name
	if m.end != nil {
		m.end()
	}
	return !m.quiet
}

func (m *mortal) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ended && !m.quiet
}

const beforeCommit = "before a commit"

// mortalStore is a store as a mortal process sees it.
type mortalStore struct {
	store.Store
	m *mortal
}

func (s mortalStore) Update(ctx context.Context, f func(store.Tx) error) error {
	if s.m.dead() {
		return errDead
	}
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		if s.m.step(beforeCommit) {
			return errDead
		}
		return nil
	})
	if err == nil && s.m.step("after a commit") {
		return errDead
	}
	return err
}

func (s mortalStore) View(ctx context.Context, f func(store.Tx) error) error {
	if s.m.dead() {
		return errDead
	}
	return s.Store.View(ctx, f)
}

// mortalWire is the wire to the ledger as a mortal process sees it.
type mortalWire struct {
	next  http.RoundTripper
	m     *mortal
	reads bool // count reading requests too
}

func (w mortalWire) RoundTrip(r *http.Request) (*http.Response, error) {
	name := r.Method + " " + r.URL.Path
	if w.m.dead() {
		return nil, errDead
	}
	if r.Method == http.MethodGet && !w.reads {
		return w.next.RoundTrip(r)
	}
	if w.m.step("before " + name) {
		return nil, errDead
	}
	resp, err := w.next.RoundTrip(r)
	if w.m.step("after " + name) {
		if err == nil {
			_ = resp.Body.Close()
		}
		return nil, errDead
	}
	return resp, err
}

// process opens the rig's flow as a process that ends as m says.
func process(r *rig.Rig, m *mortal, owner string) *invoicesync.Push {
	r.T.Helper()
	client := r.LedgerClient()
	client.Transport = mortalWire{next: client.Transport, m: m, reads: true}
	return processOver(r, m, owner, client)
}

func processOver(r *rig.Rig, m *mortal, owner string, client *http.Client) *invoicesync.Push {
	r.T.Helper()
	so, o := r.Source, r.Opts
	o.Owner = owner
	keap := r.Keap.Client(rig.Token)
	keap.Transport = mortalSource{keap.Transport, m}
	source, err := infusionsoft.New(keap, &so)
	rig.Check(r.T, err)
	p, err := invoicesync.NewPush(mortalStore{r.DB, m}, source, r.LedgerOver(client), r.Settings, &o)
	rig.Check(r.T, err)
	return p
}

// mortalSource reads nothing for the dead.
type mortalSource struct {
	next http.RoundTripper
	m    *mortal
}

func (s mortalSource) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.m.dead() {
		return nil, errDead
	}
	return s.next.RoundTrip(r)
}

// newFlow opens a flow as a new process does that nothing happens to.
func newFlow(t *testing.T, r *rig.Rig, db store.Store) *invoicesync.Push {
	t.Helper()
	p, err := invoicesync.NewPush(db, r.SourceSide(), r.LedgerSide(), r.Settings, &r.Opts)
	rig.Check(t, err)
	return p
}
