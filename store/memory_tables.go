package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

type memoryBatch struct {
	Batch
	seq int64 // order of the first Put
}

type memoryBatches struct{ t *memoryTx }

func (b memoryBatches) Get(id string) (Batch, bool, error) {
	if err := b.t.reading(); err != nil {
		return Batch{}, false, err
	}
	batch, ok := b.t.state.batches[id]
	return cloneBatch(batch.Batch), ok, nil
}

func (b memoryBatches) Put(batch Batch) error {
	if err := b.t.writing(); err != nil {
		return err
	}
	if err := batch.Validate(); err != nil {
		return b.t.fail(err)
	}
	s := b.t.state
	seq := s.batches[batch.ID].seq
	if seq == 0 {
		// Not rolled back: the order only needs to rise.
		s.batchSeq++
		seq = s.batchSeq
	}
	set(b.t, s.batches, batch.ID, memoryBatch{cloneBatch(batch), seq})
	return nil
}

func (b memoryBatches) Delete(id string) error {
	if err := b.t.writing(); err != nil {
		return err
	}
	unset(b.t, b.t.state.batches, id)
	return nil
}

func (b memoryBatches) List(pair Pair, kind ledger.RecordKind) ([]Batch, error) {
	if err := b.t.reading(); err != nil {
		return nil, err
	}
	var found []memoryBatch
	for _, batch := range b.t.state.batches {
		if batch.Pair == pair && (kind == "" || batch.Kind == kind) {
			found = append(found, batch)
		}
	}
	slices.SortFunc(found, func(x, y memoryBatch) int { return cmp.Compare(x.seq, y.seq) })
	var batches []Batch
	for _, batch := range found {
		batches = append(batches, cloneBatch(batch.Batch))
	}
	return batches, nil
}

func cloneBatch(b Batch) Batch {
	b.Members, b.Body = slices.Clone(b.Members), slices.Clone(b.Body)
	b.FirstSent, b.LastSent, b.SendBy = instant(b.FirstSent), instant(b.LastSent), instant(b.SendBy)
	return b
}

type memoryCursors struct{ t *memoryTx }

func (c memoryCursors) Get(name string) (string, error) {
	if err := c.t.reading(); err != nil {
		return "", err
	}
	return c.t.state.cursors[name], nil
}

func (c memoryCursors) Set(name, value string) error {
	if err := c.t.writing(); err != nil {
		return err
	}
	set(c.t, c.t.state.cursors, name, value)
	return nil
}

// memoryLeases keeps a given-up lease with an empty owner, so that its token stays used.
type memoryLeases struct{ t *memoryTx }

func (l memoryLeases) Get(name string) (Lease, bool, error) {
	if err := l.t.reading(); err != nil {
		return Lease{}, false, err
	}
	lease := l.t.state.leases[name]
	if lease.Owner == "" {
		return Lease{}, false, nil
	}
	return lease, true, nil
}

func (l memoryLeases) Acquire(name, owner string, now time.Time, life time.Duration) (Lease, bool, error) {
	if err := l.t.writing(); err != nil {
		return Lease{}, false, err
	}
	if name == "" || owner == "" || life <= 0 {
		return Lease{}, false, l.t.fail(fmt.Errorf("store: lease %q: a name, an owner and a life above zero are needed", name))
	}
	now = instant(now)
	lease := l.t.state.leases[name]
	if lease.Owner != "" && lease.Owner != owner && now.Before(lease.Until) {
		return lease, false, nil
	}
	lease = Lease{Name: name, Owner: owner, Token: lease.Token + 1, Until: instant(now.Add(life))}
	set(l.t, l.t.state.leases, name, lease)
	return lease, true, nil
}

func (l memoryLeases) Renew(name string, token int64, now time.Time, life time.Duration) (Lease, error) {
	if err := l.t.writing(); err != nil {
		return Lease{}, err
	}
	if err := l.Check(name, token); err != nil {
		return Lease{}, err
	}
	lease := l.t.state.leases[name]
	if !instant(now).Before(lease.Until) {
		return Lease{}, fmt.Errorf("store: lease %q ran out: %w", name, ErrLeaseLost)
	}
	lease.Until = instant(now.Add(life))
	set(l.t, l.t.state.leases, name, lease)
	return lease, nil
}

func (l memoryLeases) Check(name string, token int64) error {
	if err := l.t.reading(); err != nil {
		return err
	}
	if lease := l.t.state.leases[name]; lease.Owner == "" || lease.Token != token {
		return fmt.Errorf("store: lease %q with token %d: %w", name, token, ErrLeaseLost)
	}
	return nil
}

func (l memoryLeases) Release(name string, token int64) error {
	if err := l.t.writing(); err != nil {
		return err
	}
	if lease := l.t.state.leases[name]; lease.Owner != "" && lease.Token == token {
		set(l.t, l.t.state.leases, name, Lease{Name: name, Token: token})
	}
	return nil
}

// memorySpend is one Take.
type memorySpend struct {
	at time.Time
	n  int
}

type memoryBudgets struct{ t *memoryTx }

func (b memoryBudgets) Take(key string, now time.Time, span time.Duration, n, limit int) (time.Duration, error) {
	if err := b.t.writing(); err != nil {
		return 0, err
	}
	if key == "" || span <= 0 || n < 0 || n > limit {
		return 0, b.t.fail(fmt.Errorf("store: budget %q: cannot take %d of %d in %s", key, n, limit, span))
	}
	now = instant(now)
	live := b.live(key, now, span)
	used := 0
	for _, s := range live {
		used += s.n
	}
	if used+n <= limit {
		if n > 0 {
			live = append(live, memorySpend{now, n})
			// Another machine's clock may be ahead, so the order is not that of arrival.
			slices.SortStableFunc(live, func(x, y memorySpend) int { return x.at.Compare(y.at) })
			set(b.t, b.t.state.budgets, key, live)
		}
		return 0, nil
	}
	for _, s := range live {
		if used -= s.n; used+n <= limit {
			return s.at.Add(span).Sub(now), nil
		}
	}
	return span, nil // not reached: with nothing left in the window n fits
}

// live returns a copy of what lies within the span.
func (b memoryBudgets) live(key string, now time.Time, span time.Duration) []memorySpend {
	edge := now.Add(-span)
	var live []memorySpend
	for _, s := range b.t.state.budgets[key] {
		if s.at.After(edge) {
			live = append(live, s)
		}
	}
	return live
}

func (b memoryBudgets) Used(key string, now time.Time, span time.Duration) (int, error) {
	if err := b.t.reading(); err != nil {
		return 0, err
	}
	used := 0
	for _, s := range b.live(key, instant(now), span) {
		used += s.n
	}
	return used, nil
}

type memoryDocuments struct {
	t    *memoryTx
	room string
}

func (d memoryDocuments) Get(key string) (Document, bool, error) {
	if err := d.t.reading(); err != nil {
		return Document{}, false, err
	}
	doc, ok := d.t.state.documents[d.room].get(key)
	return cloneDocument(doc), ok, nil
}

func (d memoryDocuments) Put(key string, value []byte, version int64) error {
	if err := d.t.writing(); err != nil {
		return err
	}
	if d.room == "" || key == "" {
		return d.t.fail(fmt.Errorf("store: document %q of room %q: a room and a key are needed", key, d.room))
	}
	drawer := d.t.state.documents[d.room]
	if drawer == nil {
		drawer = newOrdered[Document]()
		d.t.state.documents[d.room] = drawer
	}
	old, _ := drawer.get(key)
	if version != AnyVersion && version != old.Version {
		return d.conflict(key, version, old.Version)
	}
	drawer.set(d.t, key, cloneDocument(Document{Key: key, Value: value, Version: old.Version + 1}))
	return nil
}

func (d memoryDocuments) Delete(key string, version int64) error {
	if err := d.t.writing(); err != nil {
		return err
	}
	drawer := d.t.state.documents[d.room]
	old, ok := drawer.get(key)
	if version != AnyVersion && version != old.Version {
		return d.conflict(key, version, old.Version)
	}
	if ok {
		drawer.delete(d.t, key)
	}
	return nil
}

func (d memoryDocuments) conflict(key string, want, have int64) error {
	return fmt.Errorf("store: document %q of room %q is at version %d, not %d: read it again: %w", key, d.room, have, want, ErrConflict)
}

func (d memoryDocuments) Scan(prefix, after string, limit int) ([]Document, error) {
	if err := d.t.reading(); err != nil {
		return nil, err
	}
	var found []Document
	add := func(key string, doc Document) bool {
		if !strings.HasPrefix(key, prefix) {
			return false // keys with one prefix lie together
		}
		found = append(found, cloneDocument(doc))
		return limit <= 0 || len(found) < limit
	}
	drawer := d.t.state.documents[d.room]
	if after < prefix {
		// The prefix itself may be a key.
		if doc, ok := drawer.get(prefix); ok && prefix != "" && !add(prefix, doc) {
			return found, nil
		}
		after = prefix
	}
	for key, doc := range drawer.after(after) {
		if !add(key, doc) {
			break
		}
	}
	return found, nil
}

func cloneDocument(d Document) Document {
	d.Value = slices.Clone(d.Value)
	return d
}
