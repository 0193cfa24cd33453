package store

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Overlay returns a store that reads base and keeps what is written in memory, where it goes with the
// overlay: a preview runs on it. Links, batches, leases, budgets and activity that are written vanish at
// once; documents and cursors are seen by later transactions of the overlay. A failed Update is not
// rolled back.
func Overlay(base Store) Store {
	return &overlay{base: base, cursors: map[string]string{}, documents: map[string]map[string]*Document{}}
}

type overlay struct {
	base Store

	mu        sync.Mutex
	cursors   map[string]string
	documents map[string]map[string]*Document // by room and key; nil: deleted
}

func (o *overlay) Update(ctx context.Context, f func(Tx) error) error { return o.View(ctx, f) }

func (o *overlay) View(ctx context.Context, f func(Tx) error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.base.View(ctx, func(tx Tx) error { return f(overlayTx{tx, o}) })
}

func (o *overlay) Info() Info   { return o.base.Info() }
func (o *overlay) Close() error { return nil }

type overlayTx struct {
	Tx
	o *overlay
}

func (t overlayTx) Links() Links       { return overlayLinks{t.Tx.Links()} }
func (t overlayTx) Batches() Batches   { return overlayBatches{t.Tx.Batches()} }
func (t overlayTx) Activity() Activity { return overlayActivity{t.Tx.Activity()} }
func (t overlayTx) Leases() Leases     { return overlayLeases{t.Tx.Leases()} }
func (t overlayTx) Budgets() Budgets   { return overlayBudgets{t.Tx.Budgets()} }
func (t overlayTx) Cursors() Cursors   { return overlayCursors{t.Tx.Cursors(), t.o} }
func (t overlayTx) Documents(room string) Documents {
	return overlayDocuments{t.Tx.Documents(room), t.o, room}
}

type overlayLinks struct{ Links }

func (overlayLinks) Put(...Link) error { return nil }

type overlayBatches struct{ Batches }

func (overlayBatches) Put(Batch) error     { return nil }
func (overlayBatches) Delete(string) error { return nil }

type overlayActivity struct{ Activity }

func (overlayActivity) Append(...Row) error         { return nil }
func (overlayActivity) Trim(time.Time) (int, error) { return 0, nil }

// overlayLeases gives everybody a lease that is worth nothing.
type overlayLeases struct{ Leases }

func (overlayLeases) Acquire(name, owner string, now time.Time, life time.Duration) (Lease, bool, error) {
	return Lease{Name: name, Owner: owner, Until: now.Add(life)}, true, nil
}

func (overlayLeases) Renew(name string, token int64, now time.Time, life time.Duration) (Lease, error) {
	return Lease{Name: name, Token: token, Until: now.Add(life)}, nil
}
func (overlayLeases) Check(string, int64) error   { return nil }
func (overlayLeases) Release(string, int64) error { return nil }

type overlayBudgets struct{ Budgets }

func (overlayBudgets) Take(string, time.Time, time.Duration, int, int) (time.Duration, error) {
	return 0, nil
}

type overlayCursors struct {
	Cursors
	o *overlay
}

func (c overlayCursors) Get(name string) (string, error) {
	if v, ok := c.o.cursors[name]; ok {
		return v, nil
	}
	return c.Cursors.Get(name)
}

func (c overlayCursors) Set(name, value string) error {
	c.o.cursors[name] = value
	return nil
}

type overlayDocuments struct {
	Documents
	o    *overlay
	room string
}

func (d overlayDocuments) Get(key string) (Document, bool, error) {
	if doc, ok := d.o.documents[d.room][key]; ok {
		if doc == nil {
			return Document{}, false, nil
		}
		return Document{Key: key, Value: slices.Clone(doc.Value), Version: doc.Version}, true, nil
	}
	return d.Documents.Get(key)
}

func (d overlayDocuments) version(key string, want int64) (int64, error) {
	doc, _, err := d.Get(key)
	if err == nil && want != AnyVersion && doc.Version != want {
		err = ErrConflict
	}
	return doc.Version, err
}

func (d overlayDocuments) set(key string, doc *Document) {
	if d.o.documents[d.room] == nil {
		d.o.documents[d.room] = map[string]*Document{}
	}
	d.o.documents[d.room][key] = doc
}

func (d overlayDocuments) Put(key string, value []byte, version int64) error {
	have, err := d.version(key, version)
	if err == nil {
		d.set(key, &Document{Key: key, Value: slices.Clone(value), Version: have + 1})
	}
	return err
}

func (d overlayDocuments) Delete(key string, version int64) error {
	_, err := d.version(key, version)
	if err == nil {
		d.set(key, nil)
	}
	return err
}

// Scan merges what is below with what lies on top of it.
func (d overlayDocuments) Scan(prefix, after string, limit int) ([]Document, error) {
	top := map[string]*Document{}
	for key, doc := range d.o.documents[d.room] {
		if strings.HasPrefix(key, prefix) && key > after {
			top[key] = doc
		}
	}
	want := limit
	if limit > 0 {
		// Each document of the overlay may hide one from below.
		want = limit + len(top)
	}
	below, err := d.Documents.Scan(prefix, after, want)
	if err != nil {
		return nil, err
	}
	merged := make([]Document, 0, len(below)+len(top))
	for _, doc := range below {
		if _, hidden := top[doc.Key]; !hidden {
			merged = append(merged, doc)
		}
	}
	for key, doc := range top {
		if doc != nil {
			merged = append(merged, Document{Key: key, Value: slices.Clone(doc.Value), Version: doc.Version})
		}
	}
	slices.SortFunc(merged, func(a, b Document) int { return strings.Compare(a.Key, b.Key) })
	if limit > 0 && len(merged) > limit {
		merged = merged[:limit]
	}
	return merged, nil
}
