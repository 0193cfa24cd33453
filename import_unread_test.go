package invoicesync_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
	"github.com/invoicesync/invoicesync/store"
)

// unreadable is a ledger some of whose invoices cannot be read.
type unreadable struct {
	*ledgertest.Memory
	ids map[string]bool
}

func (u *unreadable) Invoices(ctx context.Context, q ledger.Query) iter.Seq2[ledger.Page[ledger.Invoice], error] {
	return func(yield func(ledger.Page[ledger.Invoice], error) bool) {
		for page, err := range u.Memory.Invoices(ctx, q) {
			for _, inv := range page.Records {
				if u.ids[inv.ID] {
					page.Unread = append(page.Unread, ledger.Unread{Ref: ledger.Ref{ID: inv.ID}, Code: "unreadable", Detail: "field Total cannot be read"})
				}
			}
			page.Records = slices.DeleteFunc(page.Records, func(inv ledger.Invoice) bool { return u.ids[inv.ID] })
			if !yield(page, err) {
				return
			}
		}
	}
}

// A record that cannot be read ends nothing: it is parked, or, if the host has it, said to be unreadable, until it can
// be read again.
func TestImportUnreadable(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		source := &unreadable{w.books, map[string]bool{}}
		run := func() invoicesync.Report {
			t.Helper()
			time.Sleep(time.Hour)
			imp, err := invoicesync.NewImport(w.db, source, w.host, w.settings, &w.opts)
			must(t, err)
			rep, err := imp.Run(context.Background())
			must(t, err)
			w.addsUp(rep)
			return rep
		}
		first, second := w.invoice("10.00", 5), w.invoice("20.00", 5)
		source.ids[first.ID] = true
		rep := run()
		equal(t, "imported", rep.Invoices.Created, 1)
		equal(t, "parked", rep.Invoices.Parked["unreadable"], 1)

		source.ids = map[string]bool{second.ID: true}
		w.pay(second.ID, "5.00")
		must(t, w.books.Books().EditInvoice(first.ID, func(*ledger.Invoice) {}))
		rep = run()
		equal(t, "imported when it can be read", rep.Invoices.Created, 1)
		l := w.link(second.ID)
		equal(t, "state of the one that is held", l.State, store.Written)
		equal(t, "its reason", l.Reasons[0].Code, "unreadable")
		equal(t, "what the host holds of it", w.held(second.ID).Invoice.Totals.Balance.String(), "20")

		source.ids = nil
		must(t, w.books.Books().EditInvoice(second.ID, func(*ledger.Invoice) {}))
		run()
		equal(t, "what the host holds of it", w.held(second.ID).Invoice.Totals.Balance.String(), "15")
		equal(t, "its reason", w.codes(second.ID)[0], "part_paid")
		// And one that was unreadable and is as it was gets its verdict back.
		source.ids = map[string]bool{first.ID: true}
		must(t, w.books.Books().EditInvoice(first.ID, func(*ledger.Invoice) {}))
		run()
		equal(t, "reasons", w.codes(first.ID)[0], "unreadable")
		source.ids = nil
		must(t, w.books.Books().EditInvoice(first.ID, func(*ledger.Invoice) {}))
		calls := w.host.Calls()
		run()
		equal(t, "reasons", len(w.codes(first.ID)), 0)
		equal(t, "deliveries", w.host.Calls(), calls)
	})
}

// One import at a time: another process is told when to come back, and reading does not take the ledger's write lease.
func TestImportLease(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		w.invoice("10.00", 5)
		w.host.Before = func(context.Context, invoicesync.Delivery) error {
			w.host.Before = nil
			other := w.opts
			other.Owner = "there"
			imp, err := invoicesync.NewImport(w.db, w.books, w.host, w.settings, &other)
			must(t, err)
			rep, err := imp.Run(context.Background())
			if !errors.Is(err, ledger.ErrLater) || ledger.Code(err) != "lease_held" || rep.ResumeAt.IsZero() {
				t.Errorf("a second import: %v, resume at %s", err, rep.ResumeAt)
			}
			must(t, w.db.Update(context.Background(), func(tx store.Tx) error {
				for _, kind := range []ledger.RecordKind{ledger.KindInvoice, ledger.KindContact, ledger.KindPayment} {
					if _, ok, err := tx.Leases().Acquire("write/"+w.settings.Ledger.String()+"/"+string(kind), "push", time.Now().UTC(), time.Minute); err != nil || !ok {
						t.Errorf("the ledger's write lease is taken: %v", err)
					}
				}
				return nil
			}))
			return nil
		}
		equal(t, "imported", w.run().Invoices.Created, 1)
	})
}

// Settings that have changed judge again what they rejected, and leave what the host has.
func TestImportSettingsChange(t *testing.T) {
	inImport(t, func(t *testing.T, w *importWorld) {
		good := w.invoice("10.00", 5)
		taxed := w.add(ledger.Invoice{Lines: []ledger.Line{func() ledger.Line { l := work("10.00"); l.TaxCode = "OUTPUT"; return l }()}})
		old := w.invoice("30.00", 100)
		w.settings.TaxCodes = []string{"NONE"}
		rep := w.run()
		equal(t, "imported", rep.Invoices.Created, 1)
		equal(t, "parked", rep.Invoices.Parked["tax_not_mapped"], 1)
		w.settings.TaxCodes = []string{"NONE", "OUTPUT"}
		days := 120
		w.settings.Rules.Issued.Days, w.settings.Rules.Overdue.Days = &days, &days
		time.Sleep(time.Hour)
		rep = w.run()
		equal(t, "imported", rep.Invoices.Created, 2)
		w.held(taxed.ID)
		w.held(old.ID)
		equal(t, "deliveries of what was held", w.held(good.ID).What, invoicesync.Imported)
		equal(t, "deliveries", w.host.Calls(), 3)
		time.Sleep(time.Hour)
		equal(t, "judged again", w.run().Invoices.Read, 0)
	})
}

func TestImportSettingsValidate(t *testing.T) {
	t.Parallel()
	good := invoicesync.ImportSettings{Ledger: ledger.OrganisationID{Vendor: "xero", ID: "1"}, Account: "a", Currency: "AUD"}
	must(t, good.Validate())
	below := -1
	for name, change := range map[string]func(*invoicesync.ImportSettings){
		"Ledger":   func(s *invoicesync.ImportSettings) { s.Ledger = ledger.OrganisationID{} },
		"Account":  func(s *invoicesync.ImportSettings) { s.Account = "" },
		"Currency": func(s *invoicesync.ImportSettings) { s.Currency = "" },
		"ISO 4217": func(s *invoicesync.ImportSettings) { s.Currency = "XYZ1" },
		"Interval": func(s *invoicesync.ImportSettings) { s.Interval = -1 },
		"days":     func(s *invoicesync.ImportSettings) { s.Rules.Issued.Days = &below },
	} {
		s := good
		change(&s)
		if err := s.Validate(); err == nil {
			t.Errorf("%s: no error", name)
		}
		books, err := ledgertest.NewMemory(nil)
		must(t, err)
		if _, err := invoicesync.NewImport(store.NewMemory(), books, invoicesync.HostFunc(nil), s, nil); err == nil {
			t.Errorf("%s: NewImport takes it", name)
		}
	}
}
