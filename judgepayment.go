package invoicesync

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// judging is one payment before it is decided on.
type judging struct {
	booking *booking
	payment ledger.Payment
	link    *store.Link
	balance decimal.Decimal // of the ledger's invoice, less what is about to be booked on it
	waits   bool            // another payment of the invoice is in doubt
	taken   map[string]bool // ids of the ledger's payments that are matched already, and marks of the invoice's own
}

// judgePayment drafts a payment, or says why it is not booked.
func (w *desk) judgePayment(ctx context.Context, j *judging) (ledger.Payment, *eligibility.Reason, error) {
	b, p, link, balance, waits, taken := j.booking, j.payment, j.link, j.balance, j.waits, j.taken
	skip := func(code, msg string) (ledger.Payment, *eligibility.Reason, error) {
		return ledger.Payment{}, &eligibility.Reason{Code: code, Rule: code, Message: msg, Disposition: eligibility.Skip}, nil
	}
	hold := func(code, msg, got, want string) (ledger.Payment, *eligibility.Reason, error) {
		r := parked(code, msg, got, want)
		return ledger.Payment{}, &r, nil
	}
	s := w.paying
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
		return hold(codeWaits, "Another payment of this invoice is being looked up first.", "", "")
	}
	switch ours, isCopy, err := w.isOurs(ctx, p); {
	case err != nil:
		return ledger.Payment{}, nil, err
	case isCopy:
		return hold(codeEchoCopied, "The payment carries the mark of another one that was written by us: somebody copied its reference, or it is there twice. Take the mark off a copy, or delete what is there twice.", string(p.Mark), "")
	case ours:
		return skip(echo, "This payment was written by us, from the other side.")
	}
	if err := w.needChart(ctx); err != nil {
		return ledger.Payment{}, nil, err
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
	if code == "" {
		return hold("payment_account_missing", "No account is set for this payment method.", p.Method, "an account")
	}
	if reason := payableAccount(w.charted, code); reason != nil {
		return ledger.Payment{}, reason, nil
	}
	existing := b.ledger.Payments
	if b.ledger.PaymentsElsewhere {
		if existing, err = w.books.PaymentsOf(ctx, ledger.Ref{ID: b.ledger.ID}); err != nil {
			return ledger.Payment{}, nil, err
		}
	}
	for _, e := range existing {
		if link.Mark != "" && e.Mark == link.Mark && e.Status != ledger.PaymentReversed {
			// The changes of the ledger were read before it came: another process has a copy of this store.
			return hold(codeWaits, "The ledger has this payment by now, and not from this run. The next run takes it up.", "", "")
		}
	}
	twin, err := w.maybeBooked(ctx, existing, p, taken)
	if err != nil {
		return ledger.Payment{}, nil, err
	}
	if twin != "" {
		return hold(codeMaybeBooked, "The invoice already has a payment of this amount within five days, entered by somebody else.", twin, "")
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
	// The customer is the invoice's as the ledger has it now: a merge, or a person, may have changed it since.
	return ledger.Payment{InvoiceID: b.invoice.LedgerID, Contact: b.ledger.Contact.ID, Date: p.Date, PaidAt: p.PaidAt, Amount: amount, Currency: b.invoice.Currency,
		Rate: p.Rate, Method: p.Method, Status: ledger.PaymentConfirmed, Reference: reference, Account: code, Mark: link.Mark}, nil, nil
}

// payableAccount says why no payment can be booked to an account; nil: it can.
func payableAccount(chart ledger.Chart, code string) *eligibility.Reason {
	account, ok := chart.Account(code)
	var r eligibility.Reason
	switch {
	case !ok:
		r = parked("payment_account_missing", "The ledger has no such account for payments.", code, "an account of the ledger")
	case !account.Active:
		r = parked("payment_account_archived", "The account for payments is archived in the ledger.", code, "an active account")
	case !account.TakesPayments:
		r = parked("payment_account_refuses", "The ledger takes no payments on this account.", code, "an account that takes payments")
	default:
		return nil
	}
	return &r
}

func (w *desk) paymentLink(b *booking, p ledger.Payment, before *store.Link) store.Link {
	l := store.Link{Pair: w.pair, Kind: ledger.KindPayment, SourceID: p.ID, Parent: b.source.ID, LedgerParent: b.invoice.LedgerID,
		SourceVersion: string(p.Status), SourceHash: hashBytes([]byte(p.Amount.String() + "|" + p.Date.String() + "|" + p.Method))[:20],
		Currency: b.invoice.Currency, Amount: p.Amount, Updated: time.Now().UTC()}
	if before != nil {
		l.Generation = before.Generation
		if before.State != store.Written && (before.LedgerVersion == versionDeleted || isOver(p, *before)) {
			l.Generation++ // the ledger keeps the deleted one under the old mark
		}
	}
	l.Mark = ledger.NewMark(w.pair.Ledger, ledger.KindPayment, w.pair.Source, p.ID, l.Generation)
	return l
}

// codeWaits defers a payment until the ledger has been looked at once more.
const codeWaits = "waits_for_uncertain"

// codeMaybeBooked parks a payment whose like the ledger has: it may be the same money.
const codeMaybeBooked = "maybe_already_booked"

// isOver reports that a payment which somebody deleted in the ledger has come to nothing in the source too.
func isOver(p ledger.Payment, l store.Link) bool {
	return (p.Status == ledger.PaymentReversed || p.Status == ledger.PaymentFailed) &&
		len(l.Reasons) > 0 && l.Reasons[0].Code == codeDeletedInLedger
}

// codeDeletedInLedger parks a booked payment that somebody deleted in the ledger.
const codeDeletedInLedger = "payment_deleted_in_ledger"

// maybeBooked finds a payment of the ledger's invoice that this flow did not write and that looks like p:
// somebody entered it, or another flow booked it. Taken are ids of payments that are matched already, and the
// marks of the invoice's own.
func (w *desk) maybeBooked(ctx context.Context, existing []ledger.Payment, p ledger.Payment, taken map[string]bool) (string, error) {
	for _, e := range existing {
		// That a reference looks like a mark of ours proves nothing: a bank's may.
		if e.Mark != "" && taken[string(e.Mark)] || taken[e.ID] || e.Status == ledger.PaymentReversed || !e.Amount.Equal(p.Amount) {
			continue
		}
		if days := e.Date.DaysSince(p.Date); days > 5 || days < -5 {
			continue
		}
		links, err := w.linksTo(ctx, ledger.KindPayment, []string{e.ID})
		if err != nil {
			return "", err
		}
		if l, linked := links[e.ID]; !linked || l.Pair != w.pair {
			taken[e.ID] = true
			return fmt.Sprintf("%s on %s", e.Amount, e.Date), nil
		}
	}
	return "", nil
}
