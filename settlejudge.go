package invoicesync

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// judgePayments decides on payments of the host, and queues those that are to be booked.
func (t *till) judgePayments(ctx context.Context, rows []ledger.Payment) error {
	if len(rows) == 0 {
		return nil
	}
	rows, nameless, err := t.readable(ctx, rows)
	if err != nil {
		return err
	}
	if err := t.unread(ctx, nameless); err != nil {
		return err
	}
	ids := make([]string, len(rows))
	for i, p := range rows {
		ids[i] = p.ID
		t.event(Event{What: "read", Kind: ledger.KindPayment, SourceID: p.ID, Number: p.Reference, Amount: p.Amount})
	}
	links, err := t.linksOf(ctx, ledger.KindPayment, ids)
	if err != nil {
		return err
	}
	queue, ask := bookingsOf(rows, links)
	if err := t.freshen(ctx, ask); err != nil {
		return err
	}
	var judged verdicts
	note := func(l store.Link, before *store.Link) { judged.add(t.run, l, before) }
	if t.dry {
		note = t.planNote(rows)
	}
	var stop error
	for _, b := range queue {
		if stop = t.alive(ctx); stop != nil {
			break
		}
		if b.waits, stop = t.doubtful(ctx, b.invoice.LedgerID); stop != nil {
			break
		}
		if b.ledger != nil {
			b.invoice.Currency = b.ledger.Currency
		}
		queued := len(t.newEntries)
		stop = t.bookInvoice(ctx, b, links, note)
		for _, e := range t.newEntries[queued:] {
			l := e.link
			deferred(&l)
			t.reminders = append(t.reminders, l)
		}
		if stop != nil {
			break
		}
	}
	if t.dry {
		if stop == nil {
			stop = t.planEntries(rows)
		}
		return stop
	}
	if err := t.keep(context.WithoutCancel(ctx), judged); err != nil {
		return err
	}
	return stop
}

// readable completes what a host said, and sets aside what has no identity. Of a payment that comes twice the
// later word counts.
func (t *till) readable(ctx context.Context, rows []ledger.Payment) ([]ledger.Payment, []ledger.Unread, error) {
	at := map[string]int{}
	var out []ledger.Payment
	var unread []ledger.Unread
	for _, p := range rows {
		if p.ID == "" {
			unread = append(unread, ledger.Unread{Code: CodePaymentWithoutID, Detail: "a payment of " + p.Amount.String() + " for invoice " + p.InvoiceID + " has no id"})
			continue
		}
		if i, twice := at[p.ID]; twice {
			out[i] = p
			continue
		}
		at[p.ID] = len(out)
		out = append(out, p)
	}
	for i := range out {
		if !out[i].Date.IsZero() || out[i].PaidAt.IsZero() || out[i].Status != ledger.PaymentConfirmed && !t.dateAll {
			continue // and the ledger need not be asked where it is
		}
		org, err := t.organisation(ctx)
		if err != nil {
			return nil, nil, err
		}
		zone := org.TimeZone
		if zone == nil {
			zone = time.UTC
		}
		out[i].Date = ledger.DateIn(out[i].PaidAt, zone)
	}
	return out, unread, nil
}

// bookingsOf groups payments by their invoice, in the order in which the money came, and names the bookings
// whose invoice must be read: those that may lead to a new payment.
func bookingsOf(rows []ledger.Payment, links map[string]store.Link) (queue, ask []*booking) {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b ledger.Payment) int {
		if c := a.Date.Compare(b.Date); c != 0 {
			return c
		}
		if c := a.PaidAt.Compare(b.PaidAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	byInvoice := map[string]*booking{}
	asked := map[*booking]bool{}
	for _, p := range rows {
		b, ok := byInvoice[p.InvoiceID]
		if !ok {
			b = &booking{invoice: store.Link{LedgerID: p.InvoiceID, Currency: p.Currency}, source: ledger.Ref{ID: p.InvoiceID}}
			byInvoice[p.InvoiceID] = b
			queue = append(queue, b)
		}
		b.rows = append(b.rows, p)
		l, linked := links[p.ID]
		settled := linked && (l.State == store.Written || onItsWay(l) || stuck(l))
		if p.Status == ledger.PaymentConfirmed && !settled && p.InvoiceID != "" && !asked[b] {
			asked[b] = true
			ask = append(ask, b)
		}
	}
	return queue, ask
}

// doubtful reports whether a payment of the invoice is on its way, or may have arrived.
func (t *till) doubtful(ctx context.Context, invoice string) (bool, error) {
	if invoice == "" {
		return false, nil
	}
	links, err := t.list(ctx, store.LinkFilter{Pair: t.pair, Kind: ledger.KindPayment, Parent: invoice, Limit: 1,
		States: []store.LinkState{store.Intended, store.Uncertain}})
	return len(links) > 0, err
}

// judge is [desk.judgePayment] for what a host collected.
func (t *till) judge(ctx context.Context, j *judging) (ledger.Payment, *eligibility.Reason, error) {
	p, b, s := j.payment, j.booking, t.flow.settings
	if p.Status == ledger.PaymentRefunded && p.RefundOf == "" {
		return ledger.Payment{}, skipped(CodePaymentRefunded, "The payment was given back before it was booked."), nil
	}
	if !s.Start.IsZero() && !p.Date.IsZero() && p.Date.Before(s.Start) {
		return ledger.Payment{}, skipped(eligibility.CodeBeforeStart, "The payment is older than the day from which payments are settled."), nil
	}
	if p.Status != ledger.PaymentConfirmed {
		return t.judgePayment(ctx, j)
	}
	switch {
	case len(p.InvoiceIDs) > 1:
		return ledger.Payment{}, parked(CodeSeveralInvoices, "", "one invoice", "The payment is for several invoices. Tell of it as one payment for each."), nil
	case p.InvoiceID == "":
		return ledger.Payment{}, parked(CodeInvoiceMissing, "", "the ledger's id of an invoice", "The payment names no invoice."), nil
	case p.Date.IsZero():
		return ledger.Payment{}, parked(CodePaymentUndated, "", "the day on which the money came", "The payment has no date."), nil
	case p.Currency != s.Currency:
		return ledger.Payment{}, parked(CodePaymentCurrency, string(p.Currency), string(s.Currency), "The payment is not in the currency of the host's account."), nil
	case !p.Currency.Fits(p.Amount):
		return ledger.Payment{}, parked(eligibility.CodePrecision, p.Amount.String(), p.Currency.Round(p.Amount).String(), "The amount has more decimal places than the currency."), nil
	case b.ledger == nil:
		return ledger.Payment{}, parked(CodeInvoiceUnknown, p.InvoiceID, "an invoice of "+t.pair.Ledger.String(), "The ledger has no such invoice: it was deleted, or never was."), nil
	case !b.ledger.Status.Live():
		return ledger.Payment{}, parked(CodeInvoiceVoided, string(b.ledger.Status), string(ledger.StatusApproved), "The invoice is void in the ledger. Give the money back, or approve another invoice for it."), nil
	}
	origin, err := t.otherOrigin(ctx, b.ledger.ID)
	if err != nil {
		return ledger.Payment{}, nil, err
	}
	if origin != "" {
		return ledger.Payment{}, parked(CodeOtherOrigin, origin, "", "The payments of this invoice are booked by the push that wrote it."), nil
	}
	draft, reason, err := t.judgePayment(ctx, j)
	switch {
	case err != nil:
		return draft, reason, err
	case reason != nil && reason.Code == CodeOverpays && b.ledger.Status == ledger.StatusPaid:
		return ledger.Payment{}, parked(CodeInvoicePaid, p.Amount.String(), "at most "+j.balance.String(), "The invoice is paid in the ledger already."), nil
	case reason != nil:
		return draft, reason, nil
	}
	if p.Reference == "" {
		draft.Reference = b.ledger.Number // of use to who reconciles
	}
	if err := t.mayCreate(ctx, ledger.KindPayment); err != nil {
		return ledger.Payment{}, nil, err
	}
	t.creates++
	return draft, nil, nil
}
