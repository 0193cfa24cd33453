package invoicesync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

var errDead = errors.New("this process is dead")

// mortalStore is a store that a process loses at one of its commits: before it, or after.
type mortalStore struct {
	store.Store
	at      int
	after   bool
	commits int
	dead    bool
}

func (m *mortalStore) Update(ctx context.Context, f func(store.Tx) error) error {
	if m.dead {
		return errDead
	}
	m.commits++
	if m.commits == m.at && !m.after {
		m.dead = true
		return errDead
	}
	err := m.Store.Update(ctx, f)
	if m.commits == m.at {
		m.dead = true
		return errDead
	}
	return err
}

func (m *mortalStore) View(ctx context.Context, f func(store.Tx) error) error {
	if m.dead {
		return errDead
	}
	return m.Store.View(ctx, f)
}

// A process that dies before or after any commit, or between any two steps, loses nothing and doubles nothing: the
// next runs bring the host to the ledger's state, each state is told under one key, and each verdict is counted once.
func TestImportDies(t *testing.T) {
	t.Parallel()
	for _, manner := range []string{"before a commit", "after a commit", "at a step"} {
		t.Run(manner, func(t *testing.T) {
			t.Parallel()
			deaths := 0
			for at := 1; ; at++ {
				died := false
				synctest.Test(t, func(t *testing.T) { died = dieOnce(t, manner, at) })
				if t.Failed() {
					t.Fatalf("death %d %s", at, manner)
				}
				if !died {
					break // the run has fewer steps
				}
				deaths++
			}
			if deaths < 10 {
				t.Errorf("only %d deaths", deaths)
			}
		})
	}
}

func dieOnce(t *testing.T, manner string, at int) (died bool) {
	w := newImportWorld(t)
	keys := map[string]string{} // what each key told
	tell := func(_ context.Context, d invoicesync.Delivery) error {
		said := fmt.Sprint(d.Revision, d.What, d.AsOf, d.Verdict.Codes(), sketch(d.Invoice))
		if had, ok := keys[d.Key]; ok && had != said {
			t.Errorf("one key, two contents:\n%s\n%s", had, said)
		}
		keys[d.Key] = said
		return nil
	}
	w.host.Before = tell
	var list []ledger.Invoice
	for range 5 {
		list = append(list, w.invoice("10.00", 5))
	}
	old := w.invoice("10.00", 80)
	bad := w.add(ledger.Invoice{Lines: []ledger.Line{work("10.00"), work("-1.00")}})
	verdicts := 7

	steps := 0
	doomed := func() { // a run in which the process may die
		mortal := &mortalStore{Store: w.db, at: at, after: manner == "after a commit"}
		db := w.db
		if manner != "at a step" {
			w.db = mortal
		}
		mortal.commits = steps
		w.steps = func(string) {
			if steps++; manner == "at a step" && steps == at {
				died = true
				panic(errDead)
			}
		}
		defer func() {
			w.db, w.steps = db, nil
			if manner != "at a step" {
				steps, died = mortal.commits, died || mortal.dead
			}
			if p := recover(); p != nil && p != any(errDead) {
				panic(p)
			}
		}()
		rep, err := w.open().Run(context.Background())
		if err != nil && !errors.Is(err, errDead) {
			t.Fatal(err)
		}
		w.addsUp(rep)
	}
	doomed()
	w.run()
	equal(t, "held", len(w.host.Invoices()), 6)
	if codes := w.codes(bad.ID); !slices.Equal(codes, []string{"negative_line"}) {
		t.Fatalf("reasons %v", codes)
	}

	time.Sleep(2 * time.Hour)
	w.pay(list[0].ID, "10.00")
	w.pay(list[1].ID, "4.00")
	must(t, w.books.Books().VoidInvoice(list[2].ID))
	must(t, w.books.Books().Remove(list[3].ID))
	w.invoice("20.00", 1)
	verdicts += 5
	doomed()
	w.run()

	time.Sleep(25 * time.Hour) // and a sweep
	doomed()
	rep := w.run()
	equal(t, "left uncertain", rep.Invoices.Uncertain, 0)
	equal(t, "held", len(w.host.Invoices()), 7)
	for id, want := range map[string]ledger.Status{list[0].ID: ledger.StatusPaid, list[1].ID: ledger.StatusApproved, list[2].ID: ledger.StatusVoided,
		list[3].ID: ledger.StatusDeleted, list[4].ID: ledger.StatusApproved, old.ID: ledger.StatusApproved} {
		equal(t, "status of "+id, w.held(id).Invoice.Status, want)
	}
	equal(t, "keys", len(keys), 7+4)
	equal(t, "changes in the host", len(w.host.Applied()), 7+4)
	events := 0
	must(t, w.db.View(context.Background(), func(tx store.Tx) (err error) {
		events, err = tx.Budgets().Used("import/"+w.pair().Ledger.String(), time.Now().UTC(), 48*time.Hour)
		if err != nil {
			return err
		}
		return tx.Activity().Verify()
	}))
	equal(t, "events", events, verdicts)
	return died
}
