package invoicesync

import (
	"context"
	"fmt"
	"strings"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// looksAlreadyThere compares a draft with the records that somebody else wrote. A match in number or
// reference, contact, date and total is offered for adoption; a near one is for a person to judge.
func (w *pass) looksAlreadyThere(ctx context.Context, inv, draft ledger.Invoice, contactID string) ([]eligibility.Reason, error) {
	if empty, err := w.nothingLooksAlike(ctx); err != nil || empty {
		return nil, err
	}
	return w.compareWithSeen(ctx, inv, draft, contactID)
}

func (w *pass) compareWithSeen(ctx context.Context, inv, draft ledger.Invoice, contactID string) ([]eligibility.Reason, error) {
	var near, exact []string
	total := draft.Totals.Total
	sameContact := func(s sighting) bool {
		return contactID != "" && s.Contact == contactID || s.Name == digest(normal(displayName(inv.Contact)))
	}
	err := w.db.View(ctx, func(tx store.Tx) error {
		docs := w.sightings(tx)
		scan := func(prefix string, look func(sighting)) error {
			found, err := docs.Scan(prefix, "", 20)
			if err != nil {
				return err
			}
			for _, d := range found {
				var s sighting
				if err := decode(d, &s); err != nil {
					return err
				}
				look(s)
			}
			return nil
		}
		texts := map[string]bool{}
		for _, text := range append([]string{inv.Number, draft.Number, inv.Reference}, inv.Aliases...) {
			if text = strings.TrimSpace(text); text != "" && !texts[text] {
				texts[text] = true
				if err := scan("n/"+digest(text)+"/", func(s sighting) {
					same := 0
					for _, b := range []bool{sameContact(s), s.Date == draft.Date, s.Total.Equal(total)} {
						if b {
							same++
						}
					}
					switch {
					case same == 3:
						exact = append(exact, s.ID)
					case same == 2:
						near = append(near, s.ID)
					}
				}); err != nil {
					return err
				}
			}
		}
		return scan("d/"+draft.Date.String()+"/"+total.String()+"/", func(s sighting) {
			if sameContact(s) {
				near = append(near, s.ID)
			}
		})
	})
	if err != nil {
		return nil, err
	}
	switch {
	case len(exact) == 1:
		return []eligibility.Reason{*parked(CodeAdoptable, exact[0], "", "The ledger already has this invoice, entered by hand or by another product. Adopt it, or create a second one on purpose.")}, nil
	case len(exact)+len(near) > 0:
		return []eligibility.Reason{*parked(CodeLooksTheSame, append(exact, near...)[0], "", "The ledger has an invoice that looks like this one. Adopt it, or create a second one on purpose.")}, nil
	}
	return nil, nil
}

// nothingLooksAlike reports whether there are no records of somebody else at all.
func (w *pass) nothingLooksAlike(ctx context.Context) (bool, error) {
	for _, prefix := range []string{"n/", "d/"} {
		if empty, err := w.unseen(ctx, prefix); err != nil || !empty {
			return false, err
		}
	}
	return true, nil
}

// Adopt links an invoice of the source with one that the ledger already has, whoever wrote it. Later
// runs then treat it as pushed. Both ids are those of their systems.
func (p *Push) Adopt(ctx context.Context, source ledger.Ref, ledgerID string) error {
	inv, err := p.source.Invoice(ctx, source)
	if err != nil {
		return err
	}
	theirs, err := p.ledger.Invoice(ctx, ledger.Ref{ID: ledgerID})
	if err != nil {
		return err
	}
	_, err = p.do(ctx, func(ctx context.Context, w *pass) error {
		return w.adopt(ctx, inv, theirs)
	})
	return err
}

func (w *pass) adopt(ctx context.Context, inv, theirs ledger.Invoice) error {
	return w.decideByHand(ctx, inv, func(link *store.Link) error {
		if link.State == store.Written {
			return fmt.Errorf("invoicesync: invoice %s is already linked with %s, and has one link only; nothing was changed", inv.ID, link.LedgerID)
		}
		if err := w.adoptable(ctx, inv, theirs); err != nil {
			return err
		}
		adopted(link, theirs.ID, theirs.Number, theirs.Version, theirs.Totals.Total)
		return nil
	})
}

// adoptable says why an invoice of the ledger cannot stand for one of the source: payments would be booked
// on what is void, on another invoice's account, or in another currency.
func (w *pass) adoptable(ctx context.Context, inv, theirs ledger.Invoice) error {
	switch {
	case !theirs.Status.Live():
		return fmt.Errorf("invoicesync: invoice %s of the ledger is %s; adopt one that stands, or let the flow create it", theirs.ID, theirs.Status)
	case theirs.Currency != inv.Currency:
		return fmt.Errorf("invoicesync: invoice %s of the ledger is in %s and invoice %s in %s; only one in the same currency can be adopted", theirs.ID, theirs.Currency, inv.ID, inv.Currency)
	}
	links, err := w.linksTo(ctx, ledger.KindInvoice, []string{theirs.ID})
	if err != nil {
		return err
	}
	if other, ok := links[theirs.ID]; ok && (other.Pair != w.pair || other.SourceID != inv.ID) {
		return fmt.Errorf("invoicesync: invoice %s of the ledger is linked with invoice %s of %s already", theirs.ID, other.SourceID, other.Pair.Source)
	}
	return nil
}

// Recreate raises the generation of an invoice, so that the next run creates it anew although the
// ledger has, or had, one: after a void by hand, a revert, or to create a second one on purpose.
func (p *Push) Recreate(ctx context.Context, source ledger.Ref) error {
	inv, err := p.source.Invoice(ctx, source)
	if err != nil {
		return err
	}
	_, err = p.do(ctx, func(ctx context.Context, w *pass) error {
		return w.recreate(ctx, inv)
	})
	return err
}

func (w *pass) recreate(ctx context.Context, inv ledger.Invoice) error {
	return w.decideByHand(ctx, inv, func(link *store.Link) error {
		nextGeneration(link)
		link.OnPurpose, link.Rule = true, ""
		return nil
	})
}

// decideByHand changes a link on a person's word.
func (w *pass) decideByHand(ctx context.Context, inv ledger.Invoice, decide func(*store.Link) error) error {
	if err := w.pinnedSource(ctx); err != nil {
		return err
	}
	var link store.Link
	var ok bool
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		link, ok, err = tx.Links().Get(w.pair, ledger.KindInvoice, inv.ID)
		return err
	})
	if err != nil {
		return err
	}
	if !ok {
		link = w.newLink(inv, nil)
	}
	if inDoubt(link) {
		return fmt.Errorf("invoicesync: a write of invoice %s is in doubt; run the flow until it is resolved", inv.ID)
	}
	before := link
	if err := decide(&link); err != nil {
		return err
	}
	var kept verdicts
	kept.add(w.run, link, &before)
	return w.keep(ctx, kept)
}
