package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

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
}

// paymentsOf reads an invoice's payment records, where there may be some.
func (w *pass) paymentsOf(ctx context.Context, inv ledger.Invoice) ([]ledger.Payment, []eligibility.Reason, error) {
	rows := inv.Payments
	if inv.PaymentsElsewhere && (w.push.settings.paymentsWanted() || inv.Totals.Paid.IsPositive()) {
		var err error
		if f, ok := w.fetched[inv.ID]; ok {
			rows, err = f.rows, f.err
		} else {
			rows, err = w.push.source.PaymentsOf(ctx, ledger.Ref{ID: inv.ID})
		}
		if err != nil {
			if code := recordError(err); code != "" {
				return nil, []eligibility.Reason{parked(code, "The invoice's payments cannot be read: "+err.Error(), "", "")}, nil
			}
			return nil, nil, err
		}
	}
	rows = slices.Clone(rows)
	// The order of the facts, not of the answer, decides which payment still fits the balance.
	slices.SortStableFunc(rows, func(a, b ledger.Payment) int {
		if c := a.PaidAt.Compare(b.PaidAt); c != 0 {
			return c
		}
		if c := a.Date.Compare(b.Date); c != 0 {
			return c
		}
		if len(a.ID) != len(b.ID) {
			return len(a.ID) - len(b.ID)
		}
		return strings.Compare(a.ID, b.ID)
	})
	return rows, nil, nil
}

// fetched is what was read ahead of an invoice's payments.
type fetched struct {
	rows []ledger.Payment
	err  error
}

// ahead is how many invoices' payments are asked for at the same time. Vendors allow more; this is
// enough to hide most of the time that an answer takes.
const ahead = 4

// prefetch asks for the payments of the records that will need them, several at a time. What it asks
// for is what judging would ask for one by one.
func (w *pass) prefetch(ctx context.Context, records []ledger.Invoice, links map[string]store.Link) error {
	if !w.push.settings.paymentsWanted() {
		return nil
	}
	var ids []string
	for i := range records {
		inv := &records[i]
		link, linked := links[inv.ID]
		switch {
		case !inv.PaymentsElsewhere, w.queued[inv.ID], linked && (link.State == store.Intended || link.State == store.Uncertain || sticky(link)):
			continue
		case linked && link.State == store.Written:
			if link.Batch != "" || !w.force && link.SourceVersion == inv.Version {
				continue
			}
		default:
			facts, err := w.facts(ctx)
			if err != nil {
				return err
			}
			if !w.policy.Judge(*inv, facts).Eligible() {
				continue
			}
		}
		ids = append(ids, inv.ID)
	}
	if len(ids) < 2 {
		return nil
	}
	results := make([]fetched, len(ids))
	next := make(chan int)
	var group sync.WaitGroup
	for range min(ahead, len(ids)) {
		group.Go(func() {
			for i := range next {
				results[i].rows, results[i].err = w.push.source.PaymentsOf(ctx, ledger.Ref{ID: ids[i]})
			}
		})
	}
	var err error
	for i := range ids {
		if err = w.alive(ctx); err != nil {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	if err != nil {
		return err
	}
	for i, id := range ids {
		w.fetched[id] = results[i]
	}
	return nil
}

// recordError tells errors that concern one record from those that concern the connection.
func recordError(err error) string {
	switch {
	case is(err, ledger.ErrUnreadable):
		return "payments_unreadable"
	case is(err, ledger.ErrNotFound):
		return "payments_not_found"
	}
	return ""
}

// book judges the queued payments and writes those that are to be booked; in full batches, or all.
func (w *pass) book(ctx context.Context, all bool) error {
	if len(w.newPayments) == 0 && (!all || len(w.newEntries) == 0) {
		return nil
	}
	queue := oneEach(w.newPayments)
	w.newPayments = nil
	if err := w.freshen(ctx, queue); err != nil {
		w.newPayments = queue
		return err
	}
	var kept []store.Link
	var befores []string
	for _, b := range queue {
		links, err := w.paymentLinks(ctx, b)
		if err != nil {
			return err
		}
		if err := w.bookInvoice(ctx, b, links, func(l store.Link, before *store.Link) {
			w.stamp(&l)
			kept = append(kept, l)
			bk := ""
			if before != nil && before.Run == w.id {
				bk = before.Bucket
			}
			befores = append(befores, bk)
		}); err != nil {
			return err
		}
	}
	if err := w.keep(ctx, kept, befores); err != nil {
		return err
	}
	n := len(w.newEntries)
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
func (w *pass) freshen(ctx context.Context, queue []*booking) error {
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
		for inv, err := range ledger.All(w.push.ledger.Invoices(ctx, ledger.Query{Refs: refs[:n]})) {
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

func (w *pass) paymentLinks(ctx context.Context, b *booking) (map[string]store.Link, error) {
	ids := make([]string, len(b.rows))
	for i, p := range b.rows {
		ids[i] = p.ID
	}
	var links map[string]store.Link
	err := w.db.View(ctx, func(tx store.Tx) (err error) {
		links, err = tx.Links().GetMany(w.pair, ledger.KindPayment, ids)
		return err
	})
	return links, err
}

// remindOf remembers payments that no link knows together with the verdict on their invoice: the cursor
// may move past the invoice before they are booked, and whatever happens to this process, the next run
// must judge them.
func (w *pass) remindOf(ctx context.Context, b *booking) error {
	if w.plan != nil {
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
func (w *pass) bookInvoice(ctx context.Context, b *booking, links map[string]store.Link, note func(store.Link, *store.Link)) error {
	if err := w.needChart(ctx); err != nil {
		return err
	}
	waits := false
	for _, l := range links {
		waits = waits || l.State == store.Intended || l.State == store.Uncertain
	}
	balance := decimal.Zero
	if b.ledger != nil {
		balance = b.ledger.Totals.Balance
	}
	taken := map[string]bool{}
	for _, p := range b.rows {
		if w.queued["payment "+p.ID] {
			balance = balance.Sub(p.Amount)
			continue // judged in this run already, and about to be written
		}
		var before *store.Link
		if l, ok := links[p.ID]; ok {
			before = &l
		}
		link := w.paymentLink(b, p, before)
		if before != nil {
			switch {
			case before.State == store.Written:
				if err := w.laterPayment(ctx, b, p, *before, note); err != nil {
					return err
				}
				continue
			case before.State == store.Intended, before.State == store.Uncertain, sticky(*before):
				note(*before, before)
				continue
			case before.State == store.Refused && !w.force && before.Settings == w.settings && before.SourceHash == link.SourceHash:
				note(*before, before)
				continue
			}
		}
		if known, ok, err := w.knownPayment(ctx, link.Mark); err != nil {
			return err
		} else if ok {
			link.State, link.LedgerID, link.Adopted, link.Actual, link.Predicted = store.Written, known.ID, true, known.Total, known.Total
			note(link, before)
			continue
		}
		draft, reason, err := w.judgePayment(ctx, b, p, &link, balance, waits, taken)
		if err != nil {
			return err
		}
		if reason != nil {
			setReasons(&link, []eligibility.Reason{*reason})
			if reason.Code == "waits_for_uncertain" {
				link.State = store.Deferred
			}
			if err := w.watch(ctx, p, reason.Code == "payment_pending"); err != nil {
				return err
			}
			note(link, before)
			continue
		}
		balance = balance.Sub(draft.Amount)
		link.Predicted = draft.Amount
		key := "payment " + p.ID
		w.queued[key] = true
		w.newEntries = append(w.newEntries, entry[ledger.Payment]{link: link, before: before,
			draft: ledger.Draft[ledger.Payment]{Mark: link.Mark, Record: draft},
			done:  func(result[ledger.Payment]) error { delete(w.queued, key); return nil }})
	}
	return nil
}

func (w *pass) paymentLink(b *booking, p ledger.Payment, before *store.Link) store.Link {
	l := store.Link{Pair: w.pair, Kind: ledger.KindPayment, SourceID: p.ID, Parent: b.source.ID, LedgerParent: b.invoice.LedgerID,
		SourceVersion: string(p.Status), SourceHash: hashBytes([]byte(p.Amount.String() + "|" + p.Date.String() + "|" + p.Method))[:20],
		Currency: b.invoice.Currency, Amount: p.Amount, Updated: time.Now().UTC()}
	if before != nil {
		l.Generation = before.Generation
		if before.State != store.Written && before.LedgerVersion == "deleted" {
			l.Generation++ // the ledger keeps the deleted one under the old mark
		}
	}
	l.Mark = ledger.NewMark(w.pair.Ledger, ledger.KindPayment, w.pair.Source, p.ID, l.Generation)
	return l
}

// judgePayment drafts a payment, or says why it is not booked.
func (w *pass) judgePayment(ctx context.Context, b *booking, p ledger.Payment, link *store.Link, balance decimal.Decimal, waits bool, taken map[string]bool) (ledger.Payment, *eligibility.Reason, error) {
	skip := func(code, msg string) (ledger.Payment, *eligibility.Reason, error) {
		return ledger.Payment{}, &eligibility.Reason{Code: code, Rule: code, Message: msg, Disposition: eligibility.Skip}, nil
	}
	hold := func(code, msg, got, want string) (ledger.Payment, *eligibility.Reason, error) {
		r := parked(code, msg, got, want)
		return ledger.Payment{}, &r, nil
	}
	s := w.push.settings.Payments
	switch p.Status {
	case ledger.PaymentPending:
		return skip("payment_pending", "The payment is not confirmed yet.")
	case ledger.PaymentFailed:
		return skip("payment_failed", "The payment failed; no money moved.")
	case ledger.PaymentReversed:
		return skip("payment_reversed", "The payment was reversed before it was booked.")
	case ledger.PaymentRefunded:
		return hold("refund_owed", "Money was given back. Book the refund in the ledger by hand, for instance with a credit note.", p.Amount.String(), "")
	case ledger.PaymentConfirmed:
	default:
		code := p.Unclear
		if code == "" {
			code = "payment_unclear"
		}
		return hold(code, "The payment cannot be understood: "+p.UnclearDetail, string(p.Status), string(ledger.PaymentConfirmed))
	}
	if p.Unclear != "" {
		return hold(p.Unclear, "The payment cannot be understood: "+p.UnclearDetail, "", "")
	}
	if !p.Amount.IsPositive() {
		return skip("payment_zero", "The payment moves no money.")
	}
	if p.Currency != "" && p.Currency != b.invoice.Currency {
		return hold("payment_currency", "The payment is in another currency than the invoice.", string(p.Currency), string(b.invoice.Currency))
	}
	if b.ledger == nil {
		return hold("invoice_gone", "The ledger no longer has the invoice of this payment.", "", b.invoice.LedgerID)
	}
	switch b.ledger.Status {
	case ledger.StatusApproved, ledger.StatusPaid:
	default:
		return hold("invoice_not_approved", "Payments can only be booked on approved invoices.", string(b.ledger.Status), string(ledger.StatusApproved))
	}
	if waits {
		return hold("waits_for_uncertain", "Another payment of this invoice is being looked up first.", "", "")
	}
	if ours, err := w.isOurs(ctx, p); err != nil {
		return ledger.Payment{}, nil, err
	} else if ours {
		return skip("echo", "This payment was written by us, from the other side.")
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return ledger.Payment{}, nil, err
	}
	if reason := w.rateReason(ctx, b.invoice.Currency, p.Rate); reason != nil {
		return ledger.Payment{}, reason, nil
	}
	if lock := org.Locked(p.Date); !lock.IsZero() {
		return hold("locked_period", "The ledger's period is locked on the day of the payment.", p.Date.String(), "after "+lock.String())
	}
	code := s.Accounts[p.Method]
	if code == "" {
		code = s.Account
	}
	account, ok := w.charted.Account(code)
	switch {
	case code == "":
		return hold("payment_account_missing", "No account is set for this payment method.", p.Method, "an account")
	case !ok:
		return hold("payment_account_missing", "The ledger has no such account for payments.", code, "an account of the ledger")
	case !account.Active:
		return hold("payment_account_archived", "The account for payments is archived in the ledger.", code, "an active account")
	case !account.TakesPayments:
		return hold("payment_account_refuses", "The ledger takes no payments on this account.", code, "an account that takes payments")
	}
	if b.ledger != nil {
		twin, err := w.maybeBooked(ctx, b.ledger.Payments, p, taken)
		if err != nil {
			return ledger.Payment{}, nil, err
		}
		if twin != "" {
			return hold("maybe_already_booked", "The invoice already has a payment of this amount within five days, entered by somebody else.", twin, "")
		}
	}
	amount := p.Amount
	if amount.GreaterThan(balance) {
		if !s.UpToBalance || !balance.IsPositive() {
			return hold("overpays", "The payment is more than what is still owed on the invoice.", amount.String(), "at most "+balance.String())
		}
		rest := amount.Sub(balance)
		w.rep.Owed["overpays_rest"] = w.rep.Owed["overpays_rest"].Add(rest)
		link.Rule = "up to the balance; " + rest.String() + " not booked"
		amount = balance
	}
	reference := p.Reference
	if reference == "" {
		reference = b.source.Number
	}
	return ledger.Payment{InvoiceID: b.invoice.LedgerID, Date: p.Date, PaidAt: p.PaidAt, Amount: amount, Currency: b.invoice.Currency,
		Rate: p.Rate, Method: p.Method, Status: ledger.PaymentConfirmed, Reference: reference, Account: code, Mark: link.Mark}, nil, nil
}

// maybeBooked finds a payment of the ledger's invoice that nobody here wrote and that looks like p.
func (w *pass) maybeBooked(ctx context.Context, existing []ledger.Payment, p ledger.Payment, taken map[string]bool) (string, error) {
	for _, e := range existing {
		if e.Mark != "" || taken[e.ID] || e.Status == ledger.PaymentReversed || !e.Amount.Equal(p.Amount) {
			continue
		}
		if days := e.Date.DaysSince(p.Date); days > 5 || days < -5 {
			continue
		}
		var linked bool
		err := w.db.View(ctx, func(tx store.Tx) (err error) {
			_, linked, err = tx.Links().ByLedgerID(w.pair.Ledger, ledger.KindPayment, e.ID)
			return err
		})
		if err != nil {
			return "", err
		}
		if !linked {
			taken[e.ID] = true
			return fmt.Sprintf("%s on %s", e.Amount, e.Date), nil
		}
	}
	return "", nil
}

// isOurs reports whether a payment of the source is the target of a link: written by us from the
// other side.
func (w *pass) isOurs(ctx context.Context, p ledger.Payment) (ours bool, err error) {
	err = w.db.View(ctx, func(tx store.Tx) (err error) {
		_, ours, err = tx.Links().ByLedgerID(w.pair.Source, ledger.KindPayment, p.ID)
		return err
	})
	return ours, err
}

// deferBookings remembers payments that a run did not come to.
func (w *pass) deferBookings(ctx context.Context) error {
	var kept []store.Link
	var befores []string
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
			w.stamp(&l)
			kept, befores = append(kept, l), append(befores, "")
		}
	}
	w.newPayments = nil
	for i := range w.newEntries {
		w.newEntries[i].done = nil
	}
	err := w.payments.deferAll(ctx, w.run, w.newEntries)
	w.newEntries = nil
	return errors.Join(err, w.keep(ctx, kept, befores))
}

// laterPayment looks at a payment that is in the ledger: was it reversed, or given back?
func (w *pass) laterPayment(ctx context.Context, b *booking, p ledger.Payment, link store.Link, note func(store.Link, *store.Link)) error {
	before := link
	reversed := p.Status == ledger.PaymentReversed || p.Status == ledger.PaymentFailed
	link.SourceVersion = string(p.Status)
	switch {
	case !reversed || link.SourceVersion == before.SourceVersion && before.LedgerVersion == "deleted":
		note(link, &before)
		return nil
	case w.plan != nil:
		note(link, &before)
		return nil
	}
	byHand := func(why string) error {
		link.Reasons = []store.Reason{{Code: "reverse_by_hand", Message: "The payment was reversed in the source, and " + why + ". Reverse it in the ledger by hand."}}
		note(link, &before)
		return nil
	}
	if w.push.powers.PaymentVoids == nil {
		return byHand("this ledger cannot delete payments")
	}
	target, err := w.ledgerPayment(ctx, link)
	if err != nil {
		return err
	}
	if target == nil || target.Status == ledger.PaymentReversed {
		link.State, link.LedgerVersion = store.Skipped, "deleted"
		link.Reasons = []store.Reason{{Code: "payment_reversed", Message: "The payment was reversed, and is deleted in the ledger already."}}
		note(link, &before)
		return nil
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return err
	}
	switch {
	case target.Reconciled:
		return byHand("it is reconciled in the ledger")
	case target.Batched:
		return byHand("it is part of a batch in the ledger")
	case !org.Locked(target.Date).IsZero():
		return byHand("its period is locked")
	}
	link, err = w.change(ctx, w.push.powers.PaymentVoids, ledger.Change{Verb: ledger.Void, Kind: ledger.KindPayment, Payment: target}, link, "payment_reversed")
	if err != nil {
		return err
	}
	note(link, &before)
	return nil
}

// ledgerPayment reads a payment of the ledger with what decides whether it may be deleted; nil: the
// ledger does not have it any more.
func (w *pass) ledgerPayment(ctx context.Context, link store.Link) (*ledger.Payment, error) {
	for p, err := range ledger.All(w.push.ledger.Payments(ctx, ledger.Query{Refs: []ledger.Ref{{ID: link.LedgerID}}})) {
		if is(err, ledger.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if p.ID == link.LedgerID {
			return &p, nil
		}
	}
	return nil, nil
}
