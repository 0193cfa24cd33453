package invoicesync

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// What the ledger holds already, as far as no link knows it: records with our marks, from a store that
// was lost, or is older than the ledger; and records that people entered, or an earlier product wrote,
// which look like what is about to be pushed. It lies in a drawer of the store.

// sighting is a record of the ledger.
type sighting struct {
	ID      string          `json:"id"`
	Number  string          `json:"n,omitempty"`
	Version string          `json:"v,omitempty"`
	Contact string          `json:"c,omitempty"` // id
	Name    string          `json:"h,omitempty"` // hash of the contact's name
	Date    ledger.Date     `json:"d"`
	Total   decimal.Decimal `json:"t"`
	Status  ledger.Status   `json:"s,omitempty"`
	Twice   bool            `json:"x,omitempty"` // another record has the same mark
}

func (w *desk) sightings(tx store.Tx) store.Documents {
	return tx.Documents("seen/" + w.pair.Ledger.String())
}

// knowLedger makes sure that this store knows the ledger: a new store, a store for a new pair, and a
// copy restored from before the ledger's newest record first read what is there.
func (w *pass) knowLedger(ctx context.Context) error {
	if err := w.pinnedSource(ctx); err != nil {
		return err
	}
	if w.meta.Scanned && w.meta.Epoch == w.db.Info().Epoch {
		if w.push.powers.Invoices == nil {
			return nil
		}
		found, err := w.push.powers.Invoices.Find(ctx, ledger.Sought{Newest: 10})
		if err != nil {
			return err
		}
		unknown, err := w.unknownMarks(ctx, "m/", slices.Collect(maps.Keys(found.Hits)))
		if err != nil || len(unknown) == 0 {
			return err
		}
		w.event(Event{What: "rebuilt", Message: fmt.Sprintf("the ledger holds %d of the newest records with our mark that this store does not know: it is an older copy; the ledger is read before anything is written", len(unknown))})
	}
	return w.scanLedger(ctx)
}

// unknownMarks returns those of the marks that neither a link nor the drawer knows.
func (w *desk) unknownMarks(ctx context.Context, prefix string, marks []ledger.Mark) ([]ledger.Mark, error) {
	var unknown []ledger.Mark
	err := w.db.View(ctx, func(tx store.Tx) error {
		links, err := tx.Links().ByMarks(marks)
		if err != nil {
			return err
		}
		for _, m := range marks {
			if _, ok := links[m]; ok {
				continue
			}
			_, ok, err := w.sightings(tx).Get(prefix + string(m))
			if err != nil {
				return err
			}
			if !ok {
				unknown = append(unknown, m)
			}
		}
		return nil
	})
	return unknown, err
}

// scanLedger reads the ledger's invoices, and its payments, into the drawer. The
// cursors that follow the ledger start here.
func (w *pass) scanLedger(ctx context.Context) error {
	if err := w.knowSource(ctx); err != nil {
		return err
	}
	// All of it, whatever the start: the start may move back, and a person may ask for an older invoice.
	for page, err := range w.push.ledger.Invoices(ctx, ledger.Query{Summary: true}) {
		if err != nil {
			return err
		}
		if err := w.seeInvoices(ctx, page, true); err != nil {
			return err
		}
	}
	if w.push.settings.paymentsWanted() {
		if err := w.scanPayments(ctx); err != nil {
			return err
		}
	}
	w.meta.Scanned, w.meta.Epoch = true, w.db.Info().Epoch
	w.scanned = true
	return w.saveMeta(ctx)
}

// scanPayments reads all payments of the ledger into the drawer.
func (w *desk) scanPayments(ctx context.Context) error {
	for page, err := range w.books.Payments(ctx, ledger.Query{}) {
		if err != nil {
			return err
		}
		if err := w.seePayments(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

// knowSource compares the source with the ledger, once for a store: that it is as live.
func (w *pass) knowSource(ctx context.Context) error {
	src, err := w.push.source.Organisation(ctx)
	if err != nil {
		return err
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return err
	}
	if src.Live != org.Live {
		return w.refuseSource(ledger.ErrUnsupported, "live_and_test_mixed", "%s", mixed(src, org))
	}
	return nil
}

// mixed says which of two organisations is live and which is not, and what to do about it.
func mixed(a, b ledger.Organisation) string {
	if !a.Live {
		a, b = b, a
	}
	return fmt.Sprintf("%s is live and %s is a test; a test must not be mixed with real books. Connect two live organisations or two tests. "+
		"A demo company is known to be one by itself; where the vendor does not tell, Options.Sandbox of its adapter says it", a.ID, b.ID)
}

// pinnedSource makes sure, in each run, that the connection leads to the organisation that the settings
// name, in the currency that its owner confirmed: another one's records may have the same ids.
func (w *pass) pinnedSource(ctx context.Context) error {
	src, err := w.push.source.Organisation(ctx)
	if err != nil {
		return err
	}
	s := w.push.settings
	switch {
	case src.ID != s.Source:
		return w.refuseSource(ledger.ErrReconnect, "other_organisation", "the connection leads to another organisation, %s; connect the one that the settings name, or change the settings", src.ID)
	case src.BaseCurrency != "" && src.BaseCurrency != s.Currency:
		return w.refuseSource(ledger.ErrUnsupported, "currency_differs",
			"its currency is %s, and Settings.Currency is %s; set what its owner confirms, or connect the organisation that is meant", src.BaseCurrency, s.Currency)
	}
	return nil
}

func (w *pass) refuseSource(kind error, code, format string, args ...any) error {
	return &ledger.Error{Kind: kind, Room: "invoicesync", Thing: "source " + w.push.settings.Source.String(), Code: code, Message: fmt.Sprintf(format, args...)}
}

// seeInvoices takes a page of the ledger's invoices into the drawer, and moves its cursor. Strangers
// are records without a mark of ours, of interest before history is pushed.
func (w *pass) seeInvoices(ctx context.Context, page ledger.Page[ledger.Invoice], strangers bool) error {
	defer clear(w.blank)
	return w.update(ctx, func(tx store.Tx) error {
		docs := w.sightings(tx)
		for _, inv := range page.Records {
			s := sighting{ID: inv.ID, Number: inv.Number, Version: inv.Version, Contact: inv.Contact.ID, Name: digest(normal(inv.Contact.Name)),
				Date: inv.Date, Total: inv.Totals.Total, Status: inv.Status}
			if inv.Mark != "" {
				if err := see(docs, "m/"+string(inv.Mark), s); err != nil {
					return err
				}
				continue
			}
			if !strangers || !inv.Status.Live() {
				continue
			}
			if err := put(docs, "d/"+inv.Date.String()+"/"+inv.Totals.Total.String()+"/"+inv.ID, s); err != nil {
				return err
			}
			for _, text := range []string{inv.Number, inv.Reference} {
				if text = strings.TrimSpace(text); text != "" {
					if err := put(docs, "n/"+digest(text)+"/"+inv.ID, s); err != nil {
						return err
					}
				}
			}
		}
		return w.setCursor(tx, w.ledgerCursor("invoices"), page.Next)
	})
}

func (w *desk) seePayments(ctx context.Context, page ledger.Page[ledger.Payment]) error {
	defer clear(w.blank)
	return w.update(ctx, func(tx store.Tx) error {
		docs := w.sightings(tx)
		for _, p := range page.Records {
			if p.Mark == "" {
				continue
			}
			s := sighting{ID: p.ID, Version: p.Version, Date: p.Date, Total: p.Amount}
			if p.Status == ledger.PaymentReversed {
				s.Status = ledger.StatusDeleted
			}
			if err := see(docs, "p/"+string(p.Mark), s); err != nil {
				return err
			}
		}
		return w.setCursor(tx, w.ledgerCursor("payments"), page.Next)
	})
}

func (w *desk) ledgerCursor(kind string) string { return "ledger/" + kind + "/" + w.pair.String() }

func (w *desk) setCursor(tx store.Tx, name string, next ledger.Cursor) error {
	if next == "" {
		return nil
	}
	return tx.Cursors().Set(name, string(next))
}

// see notes a marked record; a second record under one mark is noted as such.
func see(docs store.Documents, key string, s sighting) error {
	doc, ok, err := docs.Get(key)
	if err != nil {
		return err
	}
	if ok {
		var old sighting
		if err := decode(doc, &old); err != nil {
			return err
		}
		s.Twice = old.Twice || old.ID != s.ID
	}
	return put(docs, key, s)
}

func put(docs store.Documents, key string, s sighting) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return docs.Put(key, b, store.AnyVersion)
}

// decode reads a document that this package has written.
func decode(doc store.Document, into any) error {
	if err := json.Unmarshal(doc.Value, into); err != nil {
		return fmt.Errorf("invoicesync: document %q of the store cannot be read; the store is damaged, restore it from a copy: %w", doc.Key, err)
	}
	return nil
}

// unseen reports whether the drawer holds nothing at all whose key begins with prefix. Mostly it does
// not, and then thousands of records need not be looked for one by one. Only the holder of the write
// lease fills the drawer.
func (w *desk) unseen(ctx context.Context, prefix string) (bool, error) {
	if empty, ok := w.blank[prefix]; ok {
		return empty, nil
	}
	empty := false
	err := w.db.View(ctx, func(tx store.Tx) error {
		found, err := w.sightings(tx).Scan(prefix, "", 1)
		empty = len(found) == 0
		return err
	})
	if err == nil {
		w.blank[prefix] = empty
	}
	return empty, err
}

func (w *desk) sighted(ctx context.Context, prefix, key string) (s sighting, ok bool, err error) {
	if empty, err := w.unseen(ctx, prefix); err != nil || empty {
		return s, false, err
	}
	key = prefix + key
	err = w.db.View(ctx, func(tx store.Tx) error {
		doc, found, err := w.sightings(tx).Get(key)
		if err != nil || !found {
			return err
		}
		ok = true
		return decode(doc, &s)
	})
	return s, ok, err
}

// known returns the ledger's record with that mark, if one was seen that no link knows.
func (w *pass) known(ctx context.Context, mark ledger.Mark) (sighting, bool, error) {
	return w.sighted(ctx, "m/", string(mark))
}

func (w *desk) knownPayment(ctx context.Context, mark ledger.Mark) (sighting, bool, error) {
	return w.sighted(ctx, "p/", string(mark))
}

// alreadyThere links a record that the ledger holds under our mark.
func (w *pass) alreadyThere(ctx context.Context, inv ledger.Invoice, link store.Link, before *store.Link, s sighting, payments []ledger.Payment, note func(store.Link, *store.Link)) error {
	if s.Twice {
		park(&link, CodeDoubled, fmt.Sprintf("the ledger holds several records with the mark %s; void all but one by hand", link.Mark))
		return w.planOrNote(Planned{Ref: ref(inv), Source: inv}, link, before, note)
	}
	adopted(&link, s.ID, s.Number, s.Version, s.Total)
	link.Amount = expectedTotal(inv, w.push.settings)
	if !s.Status.Live() {
		link.Reasons = []store.Reason{{Code: CodeVoidedInLedger, Message: "The ledger's invoice is " + string(s.Status) + ". It is not created again by itself."}}
	} else if !s.Total.Equal(link.Amount) {
		link.Reasons = []store.Reason{{Code: CodeChangedAfterPush, Message: fmt.Sprintf("The total is %s in the source and %s in the ledger.", link.Amount, s.Total)}}
	}
	if err := w.planOrNote(Planned{Ref: ref(inv), Source: inv, Already: true}, link, before, note); err != nil {
		return err
	}
	if len(link.Reasons) == 0 && w.push.settings.paymentsWanted() && len(payments) > 0 && !w.dry {
		b := &booking{invoice: link, source: ref(inv), rows: payments}
		if err := w.remindOf(ctx, b); err != nil {
			return err
		}
		w.newPayments = append(w.newPayments, b)
	}
	return nil
}
