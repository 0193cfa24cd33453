package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// later looks at a source record whose invoice is in the ledger: has it changed, has it been paid?
func (w *pass) later(ctx context.Context, inv ledger.Invoice, link store.Link, note func(store.Link, *store.Link)) error {
	before := link
	hash := contentHash(inv)
	unchanged := link.SourceVersion == inv.Version && link.SourceHash == hash
	if unchanged && !w.force {
		note(link, &before)
		return nil
	}
	link.SourceVersion = inv.Version
	var err error
	switch {
	case inv.Status == ledger.StatusVoided || inv.Status == ledger.StatusDeleted:
		// Money first: the ledger voids no invoice that has any.
		if err := w.moneyOfVoided(ctx, inv, link, note); err != nil {
			return err
		}
		if link, err = w.withdrawn(ctx, link); err != nil {
			return err
		}
		note(link, &before)
		return nil
	case hash != link.SourceHash:
		if link, err = w.edited(ctx, inv, link, hash); err != nil {
			return err
		}
	case firstCode(link) == CodeChangedAfterPush, hasCode(link, CodeDeletedInSource):
		link.Reasons = nil // it has been changed back
	}
	note(link, &before)
	if link.State != store.Written || !w.push.settings.paymentsWanted() {
		return nil
	}
	if inv, err = w.askForPayments(ctx, inv); err != nil {
		return err
	}
	rows, reasons, err := w.paymentsOf(ctx, inv)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		w.event(Event{What: "unread", Kind: ledger.KindPayment, SourceID: inv.ID, Codes: []string{reasons[0].Code}, Message: reasons[0].Message})
		return nil
	}
	if firstCode(link) == CodeVoidedInLedger {
		return w.noteFated(ctx, &booking{invoice: link, source: ref(inv), rows: rows}, note)
	}
	if err := w.paymentsGone(ctx, inv.ID, rows, note); err != nil || len(rows) == 0 {
		return err
	}
	b := &booking{invoice: link, source: ref(inv), rows: rows}
	if err := w.remindOf(ctx, b); err != nil || link.Batch != "" {
		return err // a payment would change the version by which a change in doubt is found
	}
	w.newPayments = append(w.newPayments, b)
	return nil
}

// askForPayments makes sure that the payments of an invoice are asked for where some are known: once all of its
// money has gone again, the source may say that there never was any.
func (w *pass) askForPayments(ctx context.Context, inv ledger.Invoice) (ledger.Invoice, error) {
	if inv.PaymentsElsewhere {
		return inv, nil
	}
	booked, err := w.list(ctx, store.LinkFilter{Pair: w.pair, Kind: ledger.KindPayment, Parent: inv.ID, Limit: 1})
	inv.PaymentsElsewhere = len(booked) > 0
	return inv, err
}

// edited carries an edit over, or reports it, as the settings say.
func (w *pass) edited(ctx context.Context, inv ledger.Invoice, link store.Link, hash string) (store.Link, error) {
	report := func() store.Link {
		link.Reasons = []store.Reason{{Code: CodeChangedAfterPush,
			Message: fmt.Sprintf("The invoice was changed in the source after it was pushed: its total is %s there and %s in the ledger.", inv.Totals.Total, link.Actual)}}
		return link
	}
	if firstCode(link) == CodeVoidedInLedger {
		return link, nil // that comes first, and is for a person to decide
	}
	mode := w.onEdit
	if mode == EditReport || w.dry {
		return report(), nil
	}
	current, err := w.push.ledger.Invoice(ctx, ledger.Ref{ID: link.LedgerID})
	if errors.Is(err, ledger.ErrNotFound) {
		link.Reasons = []store.Reason{{Code: CodeVoidedInLedger, Message: "The ledger no longer has the invoice."}}
		return link, nil
	}
	if err != nil {
		return link, err
	}
	if !current.Status.Live() {
		link.Reasons = []store.Reason{{Code: CodeVoidedInLedger, Message: "Somebody voided or deleted the invoice in the ledger. It is not created again by itself."}}
		return link, nil
	}
	if mode == EditVoid {
		return w.change(ctx, w.push.powers.Voids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: &current}, link, CodeReplaced)
	}
	facts, err := w.facts(ctx)
	if err != nil {
		return link, err
	}
	verdict := w.push.policy.Judge(inv, facts)
	var reasons []eligibility.Reason
	var draft ledger.Invoice
	client, rule := current.Contact, ""
	if !verdict.Eligible() {
		reasons = verdict.Reasons
	} else {
		rows, unread, err := w.paymentsOf(ctx, inv)
		if err != nil {
			return link, err
		}
		if reasons = unread; len(reasons) == 0 {
			if draft, rule, reasons, err = w.shape(ctx, inv, rows); err != nil {
				return link, err
			}
		}
		if len(reasons) == 0 {
			if client, reasons, err = w.clientAfterEdit(ctx, inv, link, current); err != nil {
				return link, err
			}
		}
	}
	if len(reasons) > 0 {
		link = report()
		for _, r := range reasons {
			link.Reasons = append(link.Reasons, reasonOf(r))
		}
		return link, nil
	}
	draft.ID, draft.Mark, draft.Contact, draft.Status = current.ID, link.Mark, client, current.Status
	if !w.push.settings.Numbers.FromSource {
		draft.Number = current.Number
	}
	return w.changeContent(ctx, w.push.powers.Updates, ledger.Change{Verb: ledger.Update, Kind: ledger.KindInvoice, Invoice: &current, Wanted: &draft},
		link, "", &content{SourceHash: hash, Rule: rule, Amount: expectedTotal(inv, w.push.settings), Predicted: draft.Totals.Total})
}

// clientAfterEdit is the contact of an edited invoice: the source may have given it to another client. A
// client who is not in the ledger yet is not created by an edit. On an invoice that a person linked, the
// contact is that person's choice.
func (w *pass) clientAfterEdit(ctx context.Context, inv ledger.Invoice, link store.Link, current ledger.Invoice) (ledger.Contact, []eligibility.Reason, error) {
	if link.Adopted {
		return current.Contact, nil, nil
	}
	id, pending, reasons, err := w.clients.find(ctx, inv.Contact)
	switch {
	case err != nil || len(reasons) > 0:
		return current.Contact, reasons, err
	case pending != nil:
		return current.Contact, []eligibility.Reason{*parked(CodeContactUnknown, "", "", "The invoice has another client than when it was pushed, who is not in the ledger yet.")}, nil
	case strings.EqualFold(id, current.Contact.ID):
		return current.Contact, nil, nil
	}
	return ledger.Contact{ID: id}, nil, nil
}

// withdrawn deals with a record that the source deleted or voided.
func (w *pass) withdrawn(ctx context.Context, link store.Link) (store.Link, error) {
	if link.State != store.Written || firstCode(link) == CodeVoidedInLedger {
		return link, nil
	}
	why := store.Reason{Code: CodeDeletedInSource, Message: "The source no longer has the invoice. Void it in the ledger, or restore it in the source."}
	link.Reasons = []store.Reason{why}
	if w.onDelete != DeleteVoid || w.dry {
		return link, nil
	}
	current, err := w.push.ledger.Invoice(ctx, ledger.Ref{ID: link.LedgerID})
	gone := errors.Is(err, ledger.ErrNotFound)
	if err != nil && !gone {
		return link, err
	}
	if gone || !current.Status.Live() {
		link.Reasons = []store.Reason{{Code: CodeVoidedInLedger, Message: "Neither side has the invoice any more: it was deleted in the source, and is voided or gone in the ledger."}}
		return link, nil
	}
	link, err = w.change(ctx, w.push.powers.Voids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindInvoice, Invoice: &current}, link, CodeDeletedInSource)
	if firstCode(link) == ledger.RefusedLockedByMoney {
		// A program cannot know what is to become of the customer's money.
		link.Reasons[0].Message = "The source no longer has the invoice, and money is booked on it. Give the money back or apply it to another invoice in the ledger, and the invoice is voided; or restore it in the source."
		link.Reasons = append(link.Reasons, why)
	}
	return link, err
}

// moneyOfVoided looks at the booked payments of an invoice that is void in the source: those that the source has
// reversed are deleted in the ledger. New ones are not booked, and say why.
func (w *pass) moneyOfVoided(ctx context.Context, inv ledger.Invoice, link store.Link, note func(store.Link, *store.Link)) error {
	if !w.push.settings.paymentsWanted() || w.dry || link.State != store.Written || firstCode(link) == CodeVoidedInLedger {
		return nil
	}
	inv, err := w.askForPayments(ctx, inv)
	if err != nil {
		return err
	}
	rows, unread, err := w.paymentsOf(ctx, inv)
	if err != nil || len(unread) > 0 {
		return err
	}
	links, err := w.linksOf(ctx, ledger.KindPayment, paymentIDs(rows))
	if err != nil {
		return err
	}
	for _, p := range rows {
		if l, ok := links[p.ID]; ok && l.State == store.Written {
			if err := w.laterPayment(ctx, p, l, note); err != nil {
				return err
			}
		}
	}
	if err := w.paymentsGone(ctx, inv.ID, rows, note); err != nil {
		return err
	}
	link.Reasons = []store.Reason{{Code: CodeDeletedInSource}}
	return w.noteFated(ctx, &booking{invoice: link, source: ref(inv), rows: rows}, note)
}

func paymentIDs(rows []ledger.Payment) []string {
	ids := make([]string, len(rows))
	for i, p := range rows {
		ids[i] = p.ID
	}
	return ids
}

// deletedInSource deals with ids that the source no longer has.
func (w *pass) deletedInSource(ctx context.Context, gone map[string]bool) error {
	if len(gone) == 0 {
		return nil
	}
	links, err := w.linksOf(ctx, ledger.KindInvoice, slices.Sorted(maps.Keys(gone)))
	if err != nil {
		return err
	}
	var kept verdicts
	for _, id := range slices.Sorted(maps.Keys(links)) {
		link, before := links[id], links[id]
		switch link.State {
		case store.Written:
			if gone, err := w.trulyGone(ctx, id); err != nil {
				return err
			} else if !gone {
				continue
			}
			if link, err = w.withdrawn(ctx, link); err != nil {
				return err
			}
		case store.Intended, store.Uncertain:
			continue
		default:
			link.State = store.Skipped
			link.Reasons = []store.Reason{{Code: eligibility.CodeDeleted, Message: "The source no longer has the invoice; it was never written."}}
		}
		link.Updated = time.Now().UTC()
		kept.add(w.run, link, &before)
	}
	return w.keep(ctx, kept)
}

// trulyGone asks for a single record before anything is voided for its absence: that it was missing from a
// list once is no proof.
func (w *pass) trulyGone(ctx context.Context, id string) (bool, error) {
	if w.onDelete != DeleteVoid || w.dry {
		return true, nil // it is only reported
	}
	_, err := w.push.source.Invoice(ctx, ledger.Ref{ID: id})
	if errors.Is(err, ledger.ErrNotFound) {
		return true, nil
	}
	return false, err
}

// unread parks records that could not be understood at all.
func (w *pass) unread(ctx context.Context, records []ledger.Unread) error {
	var kept verdicts
	for _, u := range records {
		id := u.Ref.ID
		if id == "" {
			id = "unread:" + u.Ref.Number
		}
		var link store.Link
		var ok bool
		err := w.db.View(ctx, func(tx store.Tx) (err error) {
			link, ok, err = tx.Links().Get(w.pair, ledger.KindInvoice, id)
			return err
		})
		if err != nil {
			return err
		}
		before := link
		switch {
		case ok && onItsWay(link):
			continue
		case ok && link.State == store.Written:
			link.Reasons = []store.Reason{{Code: CodeChangedAfterPush, Message: "The invoice can no longer be read in the source: " + u.Detail}}
		default:
			if !ok {
				link = w.newLink(ledger.Invoice{ID: id, Currency: w.push.settings.Currency}, nil)
			}
			park(&link, u.Code, u.Detail)
		}
		kept.add(w.run, link, &before)
	}
	return w.keep(ctx, kept)
}
