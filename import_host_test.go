package invoicesync_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

var errHost = errors.New("the app's database is away")

// A host that fails for one invoice does not stop the others, and gets the same again under the same key.
func TestImportHostFailsForOne(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		var list []ledger.Invoice
		for range 8 {
			list = append(list, w.invoice("10.00", 5))
		}
		var keys []string
		w.host.Before = func(_ context.Context, d invoicesync.Delivery) error {
			if d.Invoice.ID == list[3].ID {
				keys = append(keys, d.Key)
				return errHost
			}
			return nil
		}
		rep := w.run()
		equal(t, "imported", rep.Invoices.Created, 7)
		equal(t, "uncertain", rep.Invoices.Uncertain, 1)
		time.Sleep(time.Hour)
		rep = w.run()
		equal(t, "still uncertain", rep.Invoices.Uncertain, 1)
		equal(t, "tries", len(keys), 2)
		equal(t, "the key of the second try", keys[1], keys[0])
		w.host.Before = func(_ context.Context, d invoicesync.Delivery) error { keys = append(keys, d.Key); return nil }
		time.Sleep(24 * time.Hour)
		rep = w.run()
		equal(t, "imported in the end", rep.Invoices.Created, 1)
		equal(t, "the key in the end", keys[2], keys[0])
		equal(t, "held", len(w.host.Invoices()), 8)
	})
}

// The answer of an applied delivery is lost: it comes again with the same content, and changes nothing.
func TestImportLosesTheHostsAnswer(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		inv := w.invoice("10.00", 5)
		lost := 0
		w.host.After = func(context.Context, invoicesync.Delivery) error {
			if lost++; lost == 1 {
				return errHost
			}
			return nil
		}
		equal(t, "uncertain", w.run().Invoices.Uncertain, 1)
		equal(t, "imported", w.run().Invoices.Created, 1)
		equal(t, "deliveries", w.host.Calls(), 2)
		equal(t, "changes in the host", len(w.host.Applied()), 1)
		// And where the invoice has moved on meanwhile, its newer state supersedes.
		w.host.After = func(context.Context, invoicesync.Delivery) error { return errHost }
		w.pay(inv.ID, "4.00")
		w.run()
		w.host.After = nil
		w.pay(inv.ID, "6.00")
		equal(t, "updated", w.run().Invoices.Updated, 1)
		equal(t, "status", w.held(inv.ID).Invoice.Status, ledger.StatusPaid)
		equal(t, "changes in the host", len(w.host.Applied()), 3)
	})
}

// A host that hangs is left behind after the deadline, and what it applies later than a newer state does no harm.
func TestImportHostHangs(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		inv := w.invoice("10.00", 5)
		var hung atomic.Bool // the run does not wait for a call that it has given up: two may be under way
		w.host.Before = func(context.Context, invoicesync.Delivery) error {
			if hung.CompareAndSwap(false, true) {
				time.Sleep(2 * time.Hour) // whatever its context says
			}
			return nil
		}
		began := time.Now()
		rep := w.run()
		equal(t, "uncertain", rep.Invoices.Uncertain, 1)
		if took := time.Since(began); took > 32*time.Second {
			t.Fatalf("the run waited %s for the host", took)
		}
		w.pay(inv.ID, "10.00")
		time.Sleep(time.Hour)
		equal(t, "imported", w.run().Invoices.Created, 1)
		time.Sleep(2 * time.Hour) // the first delivery arrives now
		equal(t, "deliveries", w.host.Calls(), 2)
		equal(t, "status", w.held(inv.ID).Invoice.Status, ledger.StatusPaid)
	})
}

// A host that is down ends the run with a time to come back, instead of failing thousands of times.
func TestImportHostDown(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		for range 300 {
			w.invoice("10.00", 5)
		}
		down, tries := true, 0
		w.host.Before = func(context.Context, invoicesync.Delivery) error {
			if tries++; down {
				return errHost
			}
			return nil
		}
		rep, err := w.open().Run(context.Background())
		if !errors.Is(err, ledger.ErrLater) {
			t.Fatalf("a host that is down: %v", err)
		}
		w.addsUp(rep)
		equal(t, "tries", tries, 5)
		equal(t, "why it stopped", rep.Stopped, "later")
		equal(t, "goes on", rep.ResumeAt, time.Now().UTC().Add(5*time.Minute))
		down = false
		time.Sleep(5 * time.Minute)
		equal(t, "imported", w.run().Invoices.Created, 300)
		equal(t, "held", len(w.host.Invoices()), 300)
	})
}

// A host that panics is the host's mistake: it is not hidden, and nothing is lost.
func TestImportHostPanics(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.invoice("10.00", 5)
		w.host.Before = func(context.Context, invoicesync.Delivery) error { panic("nil map") }
		func() {
			defer func() { equal[any](t, "panic", recover(), "nil map") }()
			_, _ = w.open().Run(context.Background())
		}()
		w.host.Before = nil
		equal(t, "imported", w.run().Invoices.Created, 1)
	})
}

// A store that was lost makes everything come again; the host recognises nothing as older than it is.
func TestImportStoreLost(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		inv := w.invoice("10.00", 5)
		w.run()
		w.pay(inv.ID, "4.00")
		w.run()
		before := w.held(inv.ID).Revision
		w.db = store.NewMemory()
		must(t, w.books.Books().EditInvoice(inv.ID, func(inv *ledger.Invoice) { inv.DueDate = inv.DueDate.AddDays(30) }))
		w.settings.Rules.AllowPartPaid = true
		time.Sleep(time.Minute)
		equal(t, "imported", w.run().Invoices.Created, 1)
		r := w.held(inv.ID)
		if r.Revision <= before {
			t.Fatalf("revision %d does not rise above %d", r.Revision, before)
		}
		equal(t, "due date", r.Invoice.DueDate, inv.DueDate.AddDays(30))
		equal(t, "the host's invoices", len(w.host.Invoices()), 1)
	})
}

// The first invoice of a contact brings its client, linked and inactive; a client that is there stays.
func TestImportClients(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.invoice("10.00", 5)
		w.invoice("20.00", 5)
		var news []bool
		w.host.Before = func(_ context.Context, d invoicesync.Delivery) error { news = append(news, d.Client.New); return nil }
		rep := w.run()
		if !slices.Equal(news, []bool{true, false}) {
			t.Fatalf("the client is new in %v, want only in the first delivery", news)
		}
		equal(t, "clients created", rep.Contacts.Created, 1)
		c, ok := w.host.Client(w.pair(), w.contact.ID)
		equal(t, "the client is there", ok, true)
		equal(t, "and active", c.Active, false)
		c.Active, c.Name = true, "Renamed"
		w.host.SetClient(c)
		w.invoice("30.00", 5)
		time.Sleep(time.Hour)
		w.run()
		equal(t, "new", news[2], false)
		c, _ = w.host.Client(w.pair(), w.contact.ID)
		equal(t, "active", c.Active, true)
		equal(t, "name", c.Name, "Renamed")
	})
}
