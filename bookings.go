package invoicesync

import (
	"context"
	"errors"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// booking is the payments of one invoice that is in the ledger.
type booking struct {
	invoice store.Link
	source  ledger.Ref
	rows    []ledger.Payment
	ledger  *ledger.Invoice // as the ledger has it, where that is fresh; nil: ask
	waits   bool            // another payment of the invoice is in doubt
}

// book judges the queued payments and writes those that are to be booked; in full batches, or all.
func (w *desk) book(ctx context.Context, all bool) error {
	if len(w.newPayments) == 0 && (!all || len(w.newEntries) == 0) {
		return nil
	}
	queue := oneEach(w.newPayments)
	w.newPayments = nil
	if err := w.freshen(ctx, queue); err != nil {
		w.newPayments = queue
		return err
	}
	var judged verdicts
	note := func(l store.Link, before *store.Link) { judged.add(w.run, l, before) }
	for _, b := range queue {
		links, err := w.paymentLinks(ctx, b)
		if err != nil {
			return err
		}
		if err := w.bookInvoice(ctx, b, links, note); err != nil {
			return err
		}
	}
	if err := w.keep(ctx, judged); err != nil {
		return err
	}
	return w.writePayments(ctx, all)
}

// writePayments writes the judged payments; in full batches, or all.
func (w *desk) writePayments(ctx context.Context, all bool) error {
	n := len(w.newEntries)
	if n == 0 {
		return nil
	}
	if batch := max(w.payments.writer.Limits().Batch, 1); !all {
		n = n / batch * batch
	}
	entries := w.newEntries[:n:n]
	w.newEntries = w.newEntries[n:]
	return w.payments.write(ctx, w.run, entries)
}

// oneEach keeps the last booking of each invoice: it has read the payments last.
func oneEach(queue []*booking) []*booking {
	last := make(map[string]*booking, len(queue))
	for _, b := range queue {
		last[b.source.ID] = b
	}
	return slices.DeleteFunc(queue, func(b *booking) bool { return last[b.source.ID] != b })
}

// freshen reads the invoices whose live balance is not known, many in one call.
func (w *desk) freshen(ctx context.Context, queue []*booking) error {
	need := map[string][]*booking{}
	var refs []ledger.Ref
	for _, b := range queue {
		if b.ledger == nil {
			if need[b.invoice.LedgerID] == nil {
				refs = append(refs, ledger.Ref{ID: b.invoice.LedgerID})
			}
			need[b.invoice.LedgerID] = append(need[b.invoice.LedgerID], b)
		}
	}
	const chunk = 40
	for len(refs) > 0 {
		n := min(chunk, len(refs))
		for inv, err := range ledger.All(w.books.Invoices(ctx, ledger.Query{Refs: refs[:n]})) {
			if err != nil {
				return err
			}
			for _, b := range need[inv.ID] {
				i := inv
				b.ledger = &i
			}
		}
		refs = refs[n:]
	}
	return nil
}

func (w *desk) paymentLinks(ctx context.Context, b *booking) (map[string]store.Link, error) {
	return w.linksOf(ctx, ledger.KindPayment, paymentIDs(b.rows))
}

// remindOf remembers payments that no link knows together with the verdict on their invoice: the cursor
// may move past the invoice before they are booked, and whatever happens to this process, the next run
// must judge them.
func (w *desk) remindOf(ctx context.Context, b *booking) error {
	if w.dry {
		return nil
	}
	have, err := w.paymentLinks(ctx, b)
	if err != nil {
		return err
	}
	for _, p := range b.rows {
		if _, ok := have[p.ID]; !ok {
			l := w.paymentLink(b, p, nil)
			deferred(&l)
			w.reminders = append(w.reminders, l)
		}
	}
	return nil
}

// bookInvoice judges the payments of one invoice in their order.
func (w *desk) bookInvoice(ctx context.Context, b *booking, links map[string]store.Link, note func(store.Link, *store.Link)) error {
	waits := b.waits
	for _, l := range links {
		waits = waits || onItsWay(l)
	}
	balance := decimal.Zero
	if b.ledger != nil {
		balance = b.ledger.Totals.Balance.Sub(w.reserved[b.ledger.ID])
	}
	before := func(p ledger.Payment) *store.Link {
		if l, ok := links[p.ID]; ok {
			return &l
		}
		return nil
	}
	taken := map[string]bool{}
	for _, p := range b.rows {
		taken[string(w.paymentLink(b, p, before(p)).Mark)] = true
	}
	for _, p := range b.rows {
		if w.queued[queuedPayment(p.ID)] {
			continue // judged in this run already, and about to be written
		}
		before := before(p)
		link := w.paymentLink(b, p, before)
		if settled, err := w.settledPayment(ctx, p, before, &link, note); err != nil {
			return err
		} else if settled {
			continue
		}
		draft, reason, err := w.judgeOne(ctx, &judging{booking: b, payment: p, link: &link, balance: balance, waits: waits, taken: taken})
		if err != nil {
			return err
		}
		if reason == nil {
			balance = balance.Sub(draft.Amount)
			w.queuePayment(link, before, draft)
			continue
		}
		if reason.Code == CodePaymentPending {
			if err := w.watch(ctx, p); err != nil {
				return err
			}
		}
		setReasons(&link, []eligibility.Reason{*reason})
		note(link, before)
	}
	return nil
}

// settledPayment deals with a payment about which there is nothing new to decide: it is booked, on its way, or was
// refused as it is.
func (w *desk) settledPayment(ctx context.Context, p ledger.Payment, before, link *store.Link, note func(store.Link, *store.Link)) (bool, error) {
	if before != nil {
		switch {
		case before.State == store.Written:
			return true, w.laterPayment(ctx, p, *before, note)
		case onItsWay(*before), stuck(*before) && !isOver(p, *before),
			firstCode(*before) == CodeRefundBooked && p.Status == ledger.PaymentRefunded,
			before.State == store.Refused && !w.force && before.Settings == w.settings && before.SourceHash == link.SourceHash:
			note(*before, before)
			return true, nil
		}
	}
	return w.alreadyBooked(ctx, p, link, before, note)
}

// queuePayment lets a payment wait for company, and reserves what it will take of its invoice's balance.
func (w *desk) queuePayment(link store.Link, before *store.Link, draft ledger.Payment) {
	link.Predicted = draft.Amount
	key, invoice, amount := queuedPayment(link.SourceID), link.LedgerParent, draft.Amount
	w.queued[key], w.reserved[invoice] = true, w.reserved[invoice].Add(amount)
	w.newEntries = append(w.newEntries, entry[ledger.Payment]{link: link, before: before,
		draft: ledger.Draft[ledger.Payment]{Mark: link.Mark, Record: draft},
		done: func(context.Context, result[ledger.Payment]) error {
			delete(w.queued, key)
			if rest := w.reserved[invoice].Sub(amount); rest.IsZero() {
				delete(w.reserved, invoice)
			} else {
				w.reserved[invoice] = rest
			}
			return nil
		}})
}

// queuedPayment is the name of a payment among what is queued, beside the invoices of the source.
func queuedPayment(id string) string { return "payment " + id }

// alreadyBooked links a payment that the ledger holds under our mark and no link knew: the store is new, or an
// older copy.
func (w *desk) alreadyBooked(ctx context.Context, p ledger.Payment, link *store.Link, before *store.Link, note func(store.Link, *store.Link)) (bool, error) {
	known, ok, err := w.knownPayment(ctx, link.Mark)
	if err != nil || !ok {
		return false, err
	}
	for known.Status == ledger.StatusDeleted {
		// It may have been booked once more after it was taken back.
		mark := ledger.NewMark(w.pair.Ledger, ledger.KindPayment, w.pair.Source, p.ID, link.Generation+1)
		next, ok, err := w.knownPayment(ctx, mark)
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
		link.Generation, link.Mark, known = link.Generation+1, mark, next
	}
	link.LedgerID, link.Actual, link.Predicted = known.ID, known.Total, known.Total
	switch {
	case known.Twice:
		park(link, CodeDoubled, "the ledger holds several payments with the mark "+string(link.Mark)+"; delete all but one by hand")
	case known.Status != ledger.StatusDeleted:
		link.State, link.Adopted = store.Written, true
		if p.Status != ledger.PaymentConfirmed {
			return true, w.laterPayment(ctx, p, *link, note) // it has come to something else meanwhile
		}
	case p.Status == ledger.PaymentConfirmed:
		park(link, CodePaymentDeletedInLedger, "The payment was booked, and is deleted in the ledger. It is not booked again by itself.")
	default:
		return false, nil
	}
	note(*link, before)
	return true, nil
}

// deferBookings remembers payments that a run did not come to.
func (w *desk) deferBookings(ctx context.Context) error {
	var kept verdicts
	for _, b := range w.newPayments {
		links, err := w.paymentLinks(ctx, b)
		if err != nil {
			return err
		}
		for _, p := range b.rows {
			if _, ok := links[p.ID]; ok || p.Status != ledger.PaymentConfirmed {
				continue
			}
			l := w.paymentLink(b, p, nil)
			deferred(&l)
			kept.add(w.run, l, nil)
		}
	}
	w.newPayments = nil
	for i := range w.newEntries {
		w.newEntries[i].done = nil
	}
	err := w.payments.deferAll(ctx, w.run, w.newEntries)
	w.newEntries = nil
	return errors.Join(err, w.keep(ctx, kept))
}
