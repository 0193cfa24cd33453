package userpain

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/store"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// Pain 38: what is still owed to the ledger never looks like success. Each item is listed with its cause,
// its amount and since when, in every run until it is settled.
func TestPain38_WhatIsOwedIsListed(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		rig.Check(t, r.Xero.Books().ArchiveAccount("210"))
		a := r.Add(order(item("SHIPPING", "Courier", "30.00")))
		r.Add(order(item("SHIPPING", "Courier", "12.50")))
		over := r.Order("100.00", false)
		r.Pay(over.ID, "130.00")
		zero := r.Add(order(rig.Thing("0.00")))
		r.Run()
		since := link(t, r, ledger.KindInvoice, idOf(a)).Updated
		for range 3 {
			time.Sleep(5 * time.Hour)
			var seen []string
			r.Opts.Observer = func(e invoicesync.Event) {
				if e.What == "parked" {
					seen = append(seen, string(e.Kind)+" "+e.Codes[0])
				}
			}
			rep := r.Run()
			same(t, "parked account_archived", rep.Invoices.Parked["account_archived"], 2)
			same(t, "parked overpays", rep.Payments.Parked["overpays"], 1)
			owed(t, rep, map[string]string{"account_archived": "42.50", "overpays": "130.00"})
			same(t, "told to the observer", len(seen), 3)
			if rep.Invoices.Read == 0 || rep.Writes != 0 {
				t.Fatalf("%+v", rep)
			}
		}
		// The store lists them, with cause and age.
		var links []store.Link
		pair := store.Pair{Source: r.Settings.Source, Ledger: r.Settings.Ledger}
		rig.Check(t, r.DB.View(t.Context(), func(tx store.Tx) (err error) {
			links, err = tx.Links().List(store.LinkFilter{Pair: pair, States: []store.LinkState{store.Parked}})
			return err
		}))
		same(t, "listed", len(links), 3)
		for _, l := range links {
			if len(l.Reasons) == 0 || l.Reasons[0].Message == "" || l.Updated.IsZero() {
				t.Fatalf("no cause or no age: %+v", l)
			}
		}
		if age := time.Since(since); age < 14*time.Hour {
			t.Fatalf("the age counts from when it was parked: %s", age)
		}
		same(t, "a skip is remembered too", reason(t, r, zero).Code, "zero_due")
	})
}

// Pain 38: a run that is skipped because the switch is off is no success either.
func TestPain38_ProcessingOff(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Settings.Processing = false
		o := r.Order("110.00", true)
		rep, err := r.Push().Run(t.Context())
		if !errors.Is(err, invoicesync.ErrProcessingOff) {
			t.Fatalf("want ErrProcessingOff: %v", err)
		}
		same(t, "stopped", rep.Stopped, "processing_off")
		same(t, "calls to xero", r.Xero.Calls(), 0)
		same(t, "calls to the source", r.Keap.Calls(), 0)

		// F74: one invoice is pushed all the same, with its payment.
		rep, err = r.Push().One(t.Context(), ledger.Ref{ID: idOf(o)})
		rig.Check(t, err)
		counted(t, "one", rep.Invoices, tally{"created": 1})
		counted(t, "one", rep.Payments, tally{"created": 1})
		r.Expect(1, 1, 1)
		rep, err = r.Push().One(t.Context(), ledger.Ref{ID: idOf(o)})
		rig.Check(t, err)
		counted(t, "again", rep.Invoices, tally{"already": 1})
		same(t, "writes", rep.Writes, 0)

		// Switching on is no change of the settings that judge.
		r.Settings.Processing = true
		rep = r.Run()
		counted(t, "switched on", rep.Invoices, tally{"already": 1})
		r.Expect(1, 1, 1)
	})
}

// Pain 39: an integrator tests with the fakes: fixtures in the vendor's own form, real HTTP over loopback,
// and faults on demand.
func TestPain39_FakesWithFixturesAndFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	money := func(cents int) map[string]any { return map[string]any{"amount": cents, "currency_code": "AUD"} }
	fixture := map[string]any{"orders": []any{map[string]any{
		"id": "501", "invoice_id": "77", "title": "Fixture", "status": "PAID", "order_type": "ONLINE",
		"contact":       map[string]any{"id": "9", "given_name": "Ada", "family_name": "Example", "email": "ada@example.com"},
		"creation_time": "2024-12-02T03:04:05Z", "modification_time": "2024-12-02T03:04:05Z", "order_time": "2024-12-02T03:04:05Z",
		"total": money(11000), "total_paid": money(0), "total_due": money(11000),
		"order_items": []any{map[string]any{"id": "1", "name": "Thing", "item_type": "PRODUCT", "quantity": 1, "price_per_unit": money(11000)}},
	}}, "next_page_token": ""}
	body, err := json.Marshal(fixture)
	rig.Check(t, err)
	rig.Check(t, os.WriteFile(filepath.Join(dir, "ListOrders.json"), body, 0o600))

	r := rig.New(t)
	loaded, err := r.Keap.LoadDir(dir)
	rig.Check(t, err)
	same(t, "orders loaded", loaded.Orders, 1)
	r.Faults.Add(faults.Fault{Method: http.MethodPut, Path: "/Invoices", Kind: faults.LoseAnswer})
	xero, err := r.Xero.Listen()
	rig.Check(t, err)
	keap, err := r.Keap.Listen()
	rig.Check(t, err)
	t.Cleanup(func() { _, _ = xero.Close(), keap.Close() })
	r.OverHTTP(keap.URL, xero.URL)
	rep := r.Run()
	counted(t, "invoices", rep.Invoices, tally{"created": 1})
	same(t, "the fault happened", len(r.Faults.Hits()), 1)
	same(t, "invoices in xero", len(r.LiveInvoices()), 1)
	inv := r.LiveInvoices()[0]
	if !inv.Total.Equal(dec("110.00")) || inv.Date != "2024-12-02" || inv.Reference != "501" {
		t.Fatalf("%s on %s, reference %s", inv.Total, inv.Date, inv.Reference)
	}
}

const productionID = "6f0d8a0e-0000-4000-8000-00000000beef"

// Pain 40: the demo company was reset and the token leads to another organisation. Nothing is written to
// it, and the message names both.
func TestPain40_OrganisationIsPinned(t *testing.T) {
	world := rig.World{Organisations: []xerofake.Organisation{{Name: "Demo Company", IsDemoCompany: true}, {Name: "Production Pty Ltd", OrganisationID: productionID}}}
	flowIn(t, world, func(t *testing.T, r *rig.Rig) {
		r.Source.Sandbox = true
		r.Order("110.00", true)
		r.Run()
		books := r.Xero.BooksOf(productionID)
		production := books.Organisation()
		time.Sleep(time.Hour)
		r.Order("220.00", true)
		r.TenantID = production.TenantID
		for _, do := range []func(*invoicesync.Push) error{
			func(p *invoicesync.Push) error { _, err := p.Run(t.Context()); return err },
			func(p *invoicesync.Push) error { _, err := p.One(t.Context(), ledger.Ref{ID: "1002"}); return err },
		} {
			err := do(r.Push())
			if !errors.Is(err, ledger.ErrReconnect) {
				t.Fatalf("want ErrReconnect: %v", err)
			}
			holds(t, "error", err.Error(), production.OrganisationID, r.Settings.Ledger.ID)
		}
		same(t, "in the production books", len(books.Invoices())+len(books.Contacts())+len(books.Payments()), 0)
	})
}

// Pain 40: test data and real books are not mixed, whichever side is the test.
func TestPain40_LiveAndTestAreNotMixed(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Source.Sandbox = true // and xero is live
		r.Order("110.00", true)
		problems, err := r.Push().Check(t.Context())
		rig.Check(t, err)
		same(t, "problems", len(problems), 1)
		same(t, "problem", problems[0].Code, "live_and_test_mixed")
		says := []string{r.Settings.Ledger.String() + " is live", r.Settings.Source.String() + " is a test", "Options.Sandbox"}
		holds(t, "problem", problems[0].Message, says...)
		rep, err := r.Push().Run(t.Context())
		same(t, "the run", ledger.Code(err), "live_and_test_mixed")
		same(t, "connecting again would not help", errors.Is(err, ledger.ErrUnsupported), true)
		same(t, "stopped", rep.Stopped, "failed")
		holds(t, "error", err.Error(), says...)
		r.Expect(0, 0, 0)
	})
}

// Pain 40: a live organisation is not written to from a store that forgets, nor without a sealer.
func TestPain40_MemoryStoreAndSealer(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		r.Order("110.00", true)
		sealer := r.Opts.Sealer
		r.Opts.MemoryStore = false
		_, err := r.Push().Run(t.Context())
		same(t, "a store in memory", ledger.Code(err), "store_not_durable")
		r.Opts.MemoryStore, r.Opts.Sealer = true, nil
		_, err = r.Push().Run(t.Context())
		same(t, "no sealer", ledger.Code(err), "sealer_missing")
		same(t, "writes", r.Xero.Writes(), 0)
		// A preview writes nothing, and needs neither.
		n := 0
		for _, err := range r.Push().Preview(t.Context()) {
			rig.Check(t, err)
			n++
		}
		same(t, "previewed", n, 1)
		r.Opts.Sealer = sealer
		r.Run()
		r.Expect(1, 1, 1)
	})
}

// Pain 40: tokens, names and addresses get into no log, no event, no error and no activity.
func TestPain40_NothingLeaks(t *testing.T) {
	flow(t, func(t *testing.T, r *rig.Rig) {
		var log bytes.Buffer
		r.Opts.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		said := func(e invoicesync.Event) { fmt.Fprintf(&log, "%+v\n", e) }
		r.Opts.Observer = said
		person := infusionsoftfake.Contact{GivenName: "Zenobia", FamilyName: "Quillfeather",
			Emails: []infusionsoftfake.Email{{Field: "EMAIL1", Email: "zenobia@quill.example"}}}
		c, err := r.Keap.AddContact(person)
		rig.Check(t, err)
		r.OrderFor(c.ID, "110.00", true)
		// Everything goes wrong once: refusals, lost answers, HTML, an expired token, names that are taken.
		r.Settings.Contacts.Suffix = false
		_, err = r.Xero.Books().AddContact(xerofake.Contact{Name: "Zenobia Quillfeather", EmailAddress: "other@quill.example"})
		rig.Check(t, err)
		note := func(rep invoicesync.Report, err error) { fmt.Fprintf(&log, "%+v %v\n", rep, err) }
		note(r.Push().Run(t.Context()))
		r.Settings.Contacts.Suffix = true
		for _, f := range []faults.Fault{
			{Method: http.MethodGet, Kind: faults.Vendor, Name: "401_expired"},
			{Method: http.MethodGet, Path: "/Contacts", Kind: faults.HTML, Times: 9},
			{Method: http.MethodPut, Path: "/Contacts", Kind: faults.LoseAnswer},
			{Method: http.MethodPut, Path: "/Invoices", Kind: faults.Truncate},
			{Method: http.MethodPut, Path: "/Payments", Kind: faults.Vendor, Name: "400_elements"},
		} {
			r.Faults.Clear()
			r.Faults.Add(f)
			note(r.Push().Run(context.Background()))
			time.Sleep(20 * time.Minute)
		}
		r.Faults.Clear()
		r.Settle()
		r.Expect(1, 2, 1)
		rig.Check(t, r.DB.View(t.Context(), func(tx store.Tx) error {
			rows, err := tx.Activity().List(store.ActivityFilter{})
			fmt.Fprintf(&log, "%+v\n", rows)
			return err
		}))
		for _, secret := range []string{rig.Token, "Zenobia", "Quillfeather", "quill.example"} {
			if i := strings.Index(log.String(), secret); i >= 0 {
				t.Fatalf("%q leaks: …%s…", secret, log.String()[max(0, i-200):min(log.Len(), i+100)])
			}
		}
	})
}
