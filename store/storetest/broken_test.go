package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/store/storetest"
)

// broken is a store with a fault: each field that is set replaces something of a store that is right.
type broken struct {
	store.Store
	update    func(ctx context.Context, s store.Store, f func(store.Tx) error) error
	view      func(ctx context.Context, s store.Store, f func(store.Tx) error) error
	links     func(store.Links) store.Links
	activity  func(store.Activity) store.Activity
	leases    func(store.Leases) store.Leases
	budgets   func(store.Budgets) store.Budgets
	documents func(store.Documents) store.Documents
}

func (b *broken) Update(ctx context.Context, f func(store.Tx) error) error {
	f = b.wrap(f)
	if b.update != nil {
		return b.update(ctx, b.Store, f)
	}
	return b.Store.Update(ctx, f)
}

func (b *broken) View(ctx context.Context, f func(store.Tx) error) error {
	f = b.wrap(f)
	if b.view != nil {
		return b.view(ctx, b.Store, f)
	}
	return b.Store.View(ctx, f)
}

func (b *broken) wrap(f func(store.Tx) error) func(store.Tx) error {
	return func(tx store.Tx) error { return f(brokenTx{tx, b}) }
}

type brokenTx struct {
	store.Tx
	b *broken
}

func through[V any](fault func(V) V, v V) V {
	if fault == nil {
		return v
	}
	return fault(v)
}

func (t brokenTx) Links() store.Links       { return through(t.b.links, t.Tx.Links()) }
func (t brokenTx) Activity() store.Activity { return through(t.b.activity, t.Tx.Activity()) }
func (t brokenTx) Leases() store.Leases     { return through(t.b.leases, t.Tx.Leases()) }
func (t brokenTx) Budgets() store.Budgets   { return through(t.b.budgets, t.Tx.Budgets()) }
func (t brokenTx) Documents(room string) store.Documents {
	return through(t.b.documents, t.Tx.Documents(room))
}

// The faults, each a mistake that somebody who writes a store has made or could.

type roundedLinks struct{ store.Links }

func (l roundedLinks) Put(links ...store.Link) error {
	links = slices.Clone(links)
	for i := range links {
		links[i].Amount = links[i].Amount.Round(2) // a column NUMERIC(18,2)
	}
	return l.Links.Put(links...)
}

type secondsLinks struct{ store.Links }

func (l secondsLinks) Put(links ...store.Link) error {
	links = slices.Clone(links)
	for i := range links {
		links[i].FirstSent = links[i].FirstSent.Truncate(time.Second)
	}
	return l.Links.Put(links...)
}

type localLinks struct{ store.Links }

func (l localLinks) Get(p store.Pair, k ledger.RecordKind, id string) (store.Link, bool, error) {
	link, ok, err := l.Links.Get(p, k, id)
	link.FirstSent = link.FirstSent.In(time.FixedZone("host", 3600))
	return link, ok, err
}

type sharedMarks struct{ store.Links }

func (l sharedMarks) Put(links ...store.Link) error {
	for _, link := range links {
		if have, ok, err := l.ByMark(link.Mark); err != nil {
			return err
		} else if ok && have.SourceID != link.SourceID {
			link.Mark = ""
		}
		if err := l.Links.Put(link); err != nil {
			return err
		}
	}
	return nil
}

type collatedLinks struct{ store.Links }

func (l collatedLinks) List(f store.LinkFilter) ([]store.Link, error) {
	links, err := l.Links.List(f)
	slices.SortStableFunc(links, func(a, b store.Link) int {
		return strings.Compare(strings.ToLower(a.SourceID), strings.ToLower(b.SourceID))
	})
	return links, err
}

type inclusiveLinks struct{ store.Links } // ">=" for ">"

func (l inclusiveLinks) List(f store.LinkFilter) ([]store.Link, error) {
	if f.After != "" {
		after := []byte(f.After)
		after[len(after)-1]--
		f.After = string(after) + "\x7f"
	}
	return l.Links.List(f)
}

type patternLinks struct{ store.Links } // LIKE '%code%'

func (l patternLinks) List(f store.LinkFilter) ([]store.Link, error) {
	code, limit := f.Code, f.Limit
	f.Code, f.Limit = "", 0
	links, err := l.Links.List(f)
	links = slices.DeleteFunc(links, func(l store.Link) bool {
		return code != "" && !slices.ContainsFunc(l.Reasons, func(r store.Reason) bool { return strings.Contains(r.Code, code) })
	})
	if limit > 0 && len(links) > limit {
		links = links[:limit]
	}
	return links, err
}

type patternDocuments struct{ store.Documents } // LIKE 'prefix%', where "_" and "%" are wild

func (d patternDocuments) Scan(prefix, after string, limit int) ([]store.Document, error) {
	if i := strings.IndexAny(prefix, "_%"); i >= 0 {
		prefix = prefix[:i]
	}
	return d.Documents.Scan(prefix, after, limit)
}

type collatedDocuments struct{ store.Documents }

func (d collatedDocuments) Scan(prefix, after string, limit int) ([]store.Document, error) {
	docs, err := d.Documents.Scan(prefix, after, limit)
	slices.SortStableFunc(docs, func(a, b store.Document) int { return strings.Compare(strings.ToLower(a.Key), strings.ToLower(b.Key)) })
	return docs, err
}

type blindDocuments struct{ store.Documents } // writes without comparing

func (d blindDocuments) Put(key string, value []byte, _ int64) error {
	return d.Documents.Put(key, value, store.AnyVersion)
}

type strictDocuments struct{ store.Documents } // deleting nothing is an error

func (d strictDocuments) Delete(key string, version int64) error {
	if _, ok, err := d.Get(key); err != nil || !ok {
		return errors.Join(err, store.ErrConflict)
	}
	return d.Documents.Delete(key, version)
}

type sharingDocuments struct {
	store.Documents
	kept map[string][]byte
}

func (d sharingDocuments) Put(key string, value []byte, version int64) error {
	d.kept[key] = value
	return d.Documents.Put(key, value, version)
}

func (d sharingDocuments) Get(key string) (store.Document, bool, error) {
	doc, ok, err := d.Documents.Get(key)
	if value, have := d.kept[key]; have && ok {
		doc.Value = value
	}
	return doc, ok, err
}

type forgetfulLeases struct{ store.Leases } // deletes the row on release

func (l forgetfulLeases) Acquire(name, owner string, now time.Time, life time.Duration) (store.Lease, bool, error) {
	_, held, err := l.Get(name)
	if err != nil {
		return store.Lease{}, false, err
	}
	lease, ok, err := l.Leases.Acquire(name, owner, now, life)
	if !held && ok {
		lease.Token = 1
	}
	return lease, ok, err
}

type lateLeases struct{ store.Leases } // a lease at its end still counts as held

func (l lateLeases) Acquire(name, owner string, now time.Time, life time.Duration) (store.Lease, bool, error) {
	return l.Leases.Acquire(name, owner, now.Add(-time.Millisecond), life)
}

type generousBudgets struct{ store.Budgets }

func (b generousBudgets) Take(key string, now time.Time, span time.Duration, n, limit int) (time.Duration, error) {
	return b.Budgets.Take(key, now, span, n, limit+1)
}

type impatientBudgets struct{ store.Budgets }

func (b impatientBudgets) Take(key string, now time.Time, span time.Duration, n, limit int) (time.Duration, error) {
	wait, err := b.Budgets.Take(key, now, span, n, limit)
	return wait / 2, err
}

type trustingActivity struct{ store.Activity }

func (trustingActivity) Verify() error { return nil }

type reversedActivity struct{ store.Activity }

func (a reversedActivity) List(f store.ActivityFilter) ([]store.Row, error) {
	rows, err := a.Activity.List(f)
	slices.Reverse(rows)
	return rows, err
}

var faults = []struct {
	name  string
	fault func(*broken)
	// caught by this case
	by string
}{
	{"commits in spite of an error", func(b *broken) {
		b.update = func(ctx context.Context, s store.Store, f func(store.Tx) error) error {
			var failed error
			err := s.Update(ctx, func(tx store.Tx) error { failed = f(tx); return nil })
			return errors.Join(failed, err)
		}
	}, "update/error rolls back"},
	{"swallows the function's error", func(b *broken) {
		b.update = func(ctx context.Context, s store.Store, f func(store.Tx) error) error {
			_ = s.Update(ctx, f)
			return nil
		}
	}, "update/error rolls back"},
	{"commits in spite of a panic", func(b *broken) {
		b.update = func(ctx context.Context, s store.Store, f func(store.Tx) error) error {
			var panicked any
			err := s.Update(ctx, func(tx store.Tx) error {
				defer func() { panicked = recover() }()
				return f(tx)
			})
			if panicked != nil {
				panic(panicked)
			}
			return err
		}
	}, "update/panic rolls back"},
	{"runs the function twice and keeps both", func(b *broken) {
		b.update = func(ctx context.Context, s store.Store, f func(store.Tx) error) error {
			_ = s.Update(ctx, func(tx store.Tx) error { _ = f(tx); return nil })
			return s.Update(ctx, f)
		}
	}, "update/function runs twice"},
	{"does not look at the context", func(b *broken) {
		b.update = func(ctx context.Context, s store.Store, f func(store.Tx) error) error {
			return s.Update(context.WithoutCancel(ctx), f)
		}
	}, "update/context ended"},
	{"writes in a view", func(b *broken) {
		b.view = func(ctx context.Context, s store.Store, f func(store.Tx) error) error { return s.Update(ctx, f) }
	}, "view/cannot write"},
	{"loses updates", func(b *broken) {
		// Reads before the transaction, as a transaction at "read committed" in effect does.
		b.update = func(ctx context.Context, s store.Store, f func(store.Tx) error) error {
			before := map[string]store.Document{}
			err := s.View(ctx, func(tx store.Tx) error {
				docs, err := tx.Documents("r").Scan("", "", 0)
				for _, d := range docs {
					before[d.Key] = d
				}
				return err
			})
			runtime.Gosched()
			time.Sleep(time.Microsecond)
			if err != nil {
				return err
			}
			return s.Update(ctx, func(tx store.Tx) error { return f(staleTx{tx, before}) })
		}
	}, "concurrency/increments"},
	{"rounds amounts", func(b *broken) { b.links = func(l store.Links) store.Links { return roundedLinks{l} } }, "links/decimals"},
	{"keeps whole seconds", func(b *broken) { b.links = func(l store.Links) store.Links { return secondsLinks{l} } }, "links/instants"},
	{"returns local time", func(b *broken) { b.links = func(l store.Links) store.Links { return localLinks{l} } }, "links/instants"},
	{"lets links share a mark", func(b *broken) { b.links = func(l store.Links) store.Links { return sharedMarks{l} } }, "links/one mark"},
	{"sorts links by a collation", func(b *broken) { b.links = func(l store.Links) store.Links { return collatedLinks{l} } }, "links/byte order"},
	{"begins a page with the last of the page before", func(b *broken) { b.links = func(l store.Links) store.Links { return inclusiveLinks{l} } }, "links/filters"},
	{"finds codes by a part", func(b *broken) { b.links = func(l store.Links) store.Links { return patternLinks{l} } }, "links/filters"},
	{"splits a source id over pages", func(b *broken) { b.links = func(l store.Links) store.Links { return patternLinks{l} } }, "links/paging"},
	{"takes prefixes for patterns", func(b *broken) { b.documents = func(d store.Documents) store.Documents { return patternDocuments{d} } }, "documents/scan"},
	{"sorts documents by a collation", func(b *broken) { b.documents = func(d store.Documents) store.Documents { return collatedDocuments{d} } }, "documents/byte order"},
	{"swaps without comparing", func(b *broken) { b.documents = func(d store.Documents) store.Documents { return blindDocuments{d} } }, "documents/compare and swap"},
	{"fails to delete twice", func(b *broken) { b.documents = func(d store.Documents) store.Documents { return strictDocuments{d} } }, "documents/delete"},
	{"shares memory", func(b *broken) {
		kept := map[string][]byte{}
		b.documents = func(d store.Documents) store.Documents { return sharingDocuments{d, kept} }
	}, "documents/copied"},
	{"uses a token again", func(b *broken) { b.leases = func(l store.Leases) store.Leases { return forgetfulLeases{l} } }, "leases/tokens only rise"},
	{"holds a lease too long", func(b *broken) { b.leases = func(l store.Leases) store.Leases { return lateLeases{l} } }, "leases/one holder"},
	{"gives one more than the limit", func(b *broken) { b.budgets = func(x store.Budgets) store.Budgets { return generousBudgets{x} } }, "budgets/window"},
	{"tells too short a wait", func(b *broken) { b.budgets = func(x store.Budgets) store.Budgets { return impatientBudgets{x} } }, "budgets/waiting as long as told is enough"},
	{"does not verify", func(b *broken) { b.activity = func(a store.Activity) store.Activity { return trustingActivity{a} } }, "activity/change is found"},
	{"lists the newest first", func(b *broken) { b.activity = func(a store.Activity) store.Activity { return reversedActivity{a} } }, "activity/filters"},
}

type staleTx struct {
	store.Tx
	before map[string]store.Document
}

func (t staleTx) Documents(room string) store.Documents {
	return staleDocuments{t.Tx.Documents(room), t.before}
}

type staleDocuments struct {
	store.Documents
	before map[string]store.Document
}

func (d staleDocuments) Get(key string) (store.Document, bool, error) {
	doc, ok := d.before[key]
	return doc, ok, nil
}

// watched is a T that notes whether a case failed and lets nothing through to the real test.
type watched struct {
	*testing.T
	failed, skipped bool
	said            []string
}

func (w *watched) Errorf(format string, args ...any) {
	w.failed = true
	w.said = append(w.said, fmt.Sprintf(format, args...))
}

func (w *watched) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	runtime.Goexit()
}

func (w *watched) Skipf(format string, args ...any) {
	w.skipped = true
	runtime.Goexit()
}

func (w *watched) Logf(string, ...any) {}

// runCase runs a case in a goroutine of its own, which Fatalf ends.
func runCase(t *testing.T, c storetest.Case, h storetest.Harness) *watched {
	t.Helper()
	w := &watched{T: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(w, h)
	}()
	<-done
	return w
}

func find(t *testing.T, name string) storetest.Case {
	t.Helper()
	for _, c := range storetest.Cases() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no case %q", name)
	return storetest.Case{}
}

func TestEveryFaultIsCaughtByItsCase(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			c := find(t, f.by)
			h := storetest.Harness{
				Open: func(storetest.T) store.Store {
					b := &broken{Store: store.NewMemory()}
					f.fault(b)
					return b
				},
				Tamper: func(_ storetest.T, s store.Store, seq int64, _ bool) {},
			}
			w := runCase(t, c, h)
			if !w.failed {
				t.Fatalf("the case %q passes a store that %s", f.by, f.name)
			}
			if said := strings.Join(w.said, "\n"); !strings.Contains(said, c.Rule) || !strings.Contains(said, c.Why) {
				t.Errorf("the failure does not quote its rule: %s", said)
			}
		})
	}
}

func TestCasesAreNamedAndExplained(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range storetest.Cases() {
		if c.Name == "" || c.Rule == "" || c.Why == "" || seen[c.Name] {
			t.Errorf("case %q needs a name of its own, a rule and a reason", c.Name)
		}
		seen[c.Name] = true
	}
}

func TestWhatAHarnessLeavesOutIsSkipped(t *testing.T) {
	t.Parallel()
	h := storetest.Harness{Open: func(storetest.T) store.Store { return store.NewMemory() }}
	var skipped []string
	for _, c := range storetest.Cases() {
		w := runCase(t, c, h)
		if w.failed {
			t.Errorf("%s: %s", c.Name, strings.Join(w.said, "\n"))
		}
		if w.skipped {
			skipped = append(skipped, c.Name)
		}
	}
	want := []string{"activity/change is found", "activity/removal is found", "activity/removal of the first is found",
		"activity/removal of the last is found", "durable/reopened", "durable/newer refused"}
	if !slices.Equal(skipped, want) {
		t.Errorf("skipped: got %q, want %q", skipped, want)
	}
}

func TestTwiceRunsTwice(t *testing.T) {
	t.Parallel()
	s := storetest.Twice(store.NewMemory())
	runs := 0
	err := s.Update(t.Context(), func(tx store.Tx) error {
		runs++
		return storetest.Increment(tx, "r", "n")
	})
	if err != nil || runs != 2 {
		t.Fatalf("%d runs, error %v; want 2 and none", runs, err)
	}
	no := errors.New("no")
	if err := s.Update(t.Context(), func(store.Tx) error { return no }); !errors.Is(err, no) {
		t.Errorf("got error %v, want %v", err, no)
	}
	err = s.View(t.Context(), func(tx store.Tx) error {
		doc, _, err := tx.Documents("r").Get("n")
		if string(doc.Value) != "1" {
			t.Errorf("counter %q, want 1", doc.Value)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
