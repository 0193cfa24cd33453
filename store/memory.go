package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// Memory is a [Store] in the memory of this process: for tests, examples and dry runs. What it holds
// dies with it, so its [Info] is not Durable and flows refuse it for live organisations.
//
// It keeps the whole contract, so that a test which passes on it means something: transactions roll
// back, values are copied on the way in and out, instants lose what a database would lose (the zone and
// everything below a microsecond). Transactions run one after the other, those of View too; a
// transaction's function must not use the store itself, or it waits for itself until ctx ends.
//
// Memory is safe for concurrent use.
type Memory struct {
	info Info
	turn chan struct{} // holds one token; who has it may touch state. A channel, so that waiting obeys ctx.

	state  memoryState
	closed bool
}

// NewMemory returns an empty store with an epoch of its own.
func NewMemory() *Memory {
	m := &Memory{
		info: Info{Epoch: rand.Text(), Schema: 1},
		turn: make(chan struct{}, 1),
		state: memoryState{
			links:     newMemoryLinks(),
			batches:   map[string]memoryBatch{},
			cursors:   map[string]string{},
			leases:    map[string]Lease{},
			budgets:   map[string][]memorySpend{},
			documents: map[string]*ordered[Document]{},
		},
	}
	m.turn <- struct{}{}
	return m
}

// Info implements [Store].
func (m *Memory) Info() Info { return m.info }

// Update implements [Store].
func (m *Memory) Update(ctx context.Context, f func(Tx) error) error { return m.run(ctx, true, f) }

// View implements [Store].
func (m *Memory) View(ctx context.Context, f func(Tx) error) error { return m.run(ctx, false, f) }

// Close implements [Store]. It waits for a transaction that is under way.
func (m *Memory) Close() error {
	<-m.turn
	defer func() { m.turn <- struct{}{} }()
	m.closed = true
	return nil
}

func (m *Memory) run(ctx context.Context, writes bool, f func(Tx) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: transaction not begun: %w", err)
	}
	select {
	case <-m.turn:
	case <-ctx.Done():
		return fmt.Errorf("store: transaction not begun: %w", ctx.Err())
	}
	defer func() { m.turn <- struct{}{} }()
	if m.closed {
		return errClosed
	}

	tx := &memoryTx{state: &m.state, writes: writes}
	committed := false
	// A panic and runtime.Goexit (a test's FailNow) must roll back too, hence the defer.
	defer func() {
		if !committed {
			tx.rollBack()
		}
		tx.ended = true
	}()
	if err := f(tx); err != nil {
		return err
	}
	if tx.failed != nil {
		return fmt.Errorf("store: not committed, because an error in the transaction was passed over: %w", tx.failed)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("store: not committed: %w", err)
	}
	committed = true
	return nil
}

// memoryState is everything that a Memory remembers.
type memoryState struct {
	links     memoryLinks
	batches   map[string]memoryBatch
	batchSeq  int64
	cursors   map[string]string
	rows      []Row
	base      ChainHead // what the oldest row is chained to
	head      ChainHead
	leases    map[string]Lease
	budgets   map[string][]memorySpend
	documents map[string]*ordered[Document]
}

// memoryTx is one transaction: what it changes it notes in undo.
type memoryTx struct {
	state  *memoryState
	writes bool
	undo   []func()
	failed error
	ended  bool
}

func (t *memoryTx) Links() Links       { return memoryLinksTx{t} }
func (t *memoryTx) Batches() Batches   { return memoryBatches{t} }
func (t *memoryTx) Cursors() Cursors   { return memoryCursors{t} }
func (t *memoryTx) Activity() Activity { return memoryActivity{t} }
func (t *memoryTx) Leases() Leases     { return memoryLeases{t} }
func (t *memoryTx) Budgets() Budgets   { return memoryBudgets{t} }
func (t *memoryTx) Documents(room string) Documents {
	return memoryDocuments{t, room}
}

func (t *memoryTx) rollBack() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
}

// reading and writing must be asked before the state is touched.
func (t *memoryTx) reading() error {
	if t.ended {
		return errEnded
	}
	return nil
}

func (t *memoryTx) writing() error {
	if err := t.reading(); err != nil {
		return err
	}
	if !t.writes {
		return t.fail(errView)
	}
	return nil
}

// fail makes sure that nothing is committed even if the caller passes over err.
func (t *memoryTx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// set writes one entry of a map so that rolling back restores it.
func set[K comparable, V any](t *memoryTx, m map[K]V, key K, value V) {
	old, had := m[key]
	t.undo = append(t.undo, func() {
		if had {
			m[key] = old
		} else {
			delete(m, key)
		}
	})
	m[key] = value
}

// unset removes one entry of a map so that rolling back restores it.
func unset[K comparable, V any](t *memoryTx, m map[K]V, key K) {
	old, had := m[key]
	if !had {
		return
	}
	t.undo = append(t.undo, func() { m[key] = old })
	delete(m, key)
}

var (
	errClosed = fmt.Errorf("store: the store is closed: %w", fs.ErrClosed)
	errEnded  = errors.New("store: the transaction has ended; a Tx must not be kept after its function")
	errView   = errors.New("store: a view cannot write; use Update")
)

// instant is what a store keeps of a time: UTC, microseconds, no monotonic reading.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// endOf identifies a record of a ledger.
type endOf struct {
	org  ledger.OrganisationID
	kind ledger.RecordKind
	id   string
}
