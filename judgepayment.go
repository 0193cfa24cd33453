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
func (w *desk) judgePayment(ctx context.Context, j *judging) (draft ledger.Payment, reason *eligibility.Reason, err error) {
	if reason := j.unbookable(); reason != nil {
		return draft, reason, nil
	}
	switch ours, isCopy, err := w.isOurs(ctx, j.payment); {
	case err != nil:
		return draft, nil, err
	case isCopy:
		return draft, parked(CodeEchoCopied, string(j.payment.Mark), "",
			"The payment carries the mark of another one that was written by us: somebody copied its reference, or it is there twice. Take the mark off a copy, or delete what is there twice."), nil
	case ours:
		return draft, skipped(CodeEcho, "This payment was written by us, from the other side."), nil
	}
	account, reason, err := w.accountFor(ctx, j.booking, j.payment)
	if err != nil || reason != nil {
		return draft, reason, err
	}
	if reason, err := w.maybeBooked(ctx, j); err != nil || reason != nil {
		return draft, reason, err
	}
	amount, reason := w.upToBalance(j)
	if reason != nil {
		return draft, reason, nil
	}
	b, p := j.booking, j.payment
	reference := p.Reference
	if reference == "" {
		reference = b.source.Number
	}
	// The customer is the invoice's as the ledger has it now: a merge, or a person, may have changed it since.
	return ledger.Payment{InvoiceID: b.invoice.LedgerID, Contact: b.ledger.Contact.ID, Date: p.Date, PaidAt: p.PaidAt, Amount: amount, Currency: b.invoice.Currency,
		Rate: p.Rate, Method: p.Method, Status: ledger.PaymentConfirmed, Reference: reference, Account: account, Mark: j.link.Mark}, nil, nil
}

// unbookable says what speaks against a payment in itself, or in its invoice; nil: nothing.
func (j *judging) unbookable() *eligibility.Reason {
	b, p := j.booking, j.payment
	switch p.Status {
	case ledger.PaymentPending:
		return skipped(CodePaymentPending, "The payment is not confirmed yet.")
	case ledger.PaymentFailed:
		return skipped(CodePaymentFailed, "The payment failed; no money moved.")
	case ledger.PaymentReversed:
		return skipped(CodePaymentReversed, "The payment was reversed before it was booked.")
	case ledger.PaymentRefunded:
		return parked(CodeRefundOwed, p.Amount.String(), "", "Money was given back. Book the refund in the ledger by hand, for instance with a credit note.")
	case ledger.PaymentConfirmed:
	default:
		code := p.Unclear
		if code == "" {
			code = CodePaymentUnclear
		}
		detail := p.UnclearDetail
		switch {
		case detail != "":
		case p.Status == ledger.PaymentUnknown:
			detail = "its Status is not set"
		default:
			detail = "its Status is none of pending, confirmed, failed, refunded and reversed"
		}
		return parked(code, string(p.Status), string(ledger.PaymentConfirmed), "The payment cannot be understood: %s", detail)
	}
	switch {
	case p.Unclear != "":
		return parked(p.Unclear, "", "", "The payment cannot be understood: %s", p.UnclearDetail)
	case !p.Amount.IsPositive():
		return skipped(CodePaymentZero, "The payment moves no money.")
	case p.Currency != "" && p.Currency != b.invoice.Currency:
		return parked(CodePaymentCurrency, string(p.Currency), string(b.invoice.Currency), "The payment is in another currency than the invoice.")
	case b.ledger == nil:
		return parked(CodeInvoiceGone, "", b.invoice.LedgerID, "The ledger no longer has the invoice of this payment.")
	case b.ledger.Status != ledger.StatusApproved && b.ledger.Status != ledger.StatusPaid:
		return parked(CodeInvoiceNotApproved, string(b.ledger.Status), string(ledger.StatusApproved), "Payments can only be booked on approved invoices.")
	case j.waits:
		return parked(CodeWaitsForDoubt, "", "", "Another payment of this invoice is being looked up first.")
	}
	return nil
}

// accountFor chooses the account that takes a payment, or says why none does on its day.
func (w *desk) accountFor(ctx context.Context, b *booking, p ledger.Payment) (string, *eligibility.Reason, error) {
	if err := w.needChart(ctx); err != nil {
		return "", nil, err
	}
	org, err := w.organisation(ctx)
	if err != nil {
		return "", nil, err
	}
	if reason := w.rateReason(ctx, b.invoice.Currency, p.Rate); reason != nil {
		return "", reason, nil
	}
	if lock := org.Locked(p.Date); !lock.IsZero() {
		return "", parked(eligibility.CodeLockedPeriod, p.Date.String(), "after "+lock.String(), "The ledger's period is locked on the day of the payment."), nil
	}
	code := w.paying.Accounts[p.Method]
	if code == "" {
		code = w.paying.Account
	}
	if code == "" {
		return "", parked(CodePaymentAccountMissing, p.Method, "an account", "No account is set for this payment method."), nil
	}
	return code, payableAccount(w.charted, code), nil
}

// upToBalance is what is booked of a payment: all of it, or what is still owed where the settings allow that.
func (w *desk) upToBalance(j *judging) (decimal.Decimal, *eligibility.Reason) {
	amount := j.payment.Amount
	if !amount.GreaterThan(j.balance) {
		return amount, nil
	}
	if !w.paying.UpToBalance || !j.balance.IsPositive() {
		return amount, parked(CodeOverpays, amount.String(), "at most "+j.balance.String(), "The payment is more than what is still owed on the invoice.")
	}
	rest := amount.Sub(j.balance)
	w.rep.Owed[CodeOverpaysRest] = w.rep.Owed[CodeOverpaysRest].Add(rest)
	j.link.Rule = "up to the balance; " + rest.String() + " not booked"
	return j.balance, nil
}

// payableAccount says why no payment can be booked to an account; nil: it can.
func payableAccount(chart ledger.Chart, code string) *eligibility.Reason {
	account, ok := chart.Account(code)
	switch {
	case !ok:
		return parked(CodePaymentAccountMissing, code, "an account of the ledger", "The ledger has no such account for payments; name it by its number or its id.")
	case !account.Active:
		return parked(CodePaymentAccountArchived, code, "an active account", "The account for payments is archived in the ledger.")
	case !account.TakesPayments:
		return parked(CodePaymentAccountRefuses, code, "an account that takes payments", "The ledger takes no payments on this account.")
	}
	return nil
}

func (w *desk) paymentLink(b *booking, p ledger.Payment, before *store.Link) store.Link {
	l := store.Link{Pair: w.pair, Kind: ledger.KindPayment, SourceID: p.ID, Parent: b.source.ID, LedgerParent: b.invoice.LedgerID,
		SourceVersion: string(p.Status), SourceHash: hashBytes([]byte(p.Amount.String() + "|" + p.Date.String() + "|" + p.Method))[:20],
		Currency: b.invoice.Currency, Amount: p.Amount, Updated: time.Now().UTC()}
	if before != nil {
		l.Generation = before.Generation
		if before.State != store.Written && (before.TakenBack || isOver(p, *before)) {
			l.Generation++ // the ledger keeps the deleted one under the old mark
		}
	}
	l.Mark = ledger.NewMark(w.pair.Ledger, ledger.KindPayment, w.pair.Source, p.ID, l.Generation)
	return l
}

// isOver reports that a payment which somebody deleted in the ledger has come to nothing in the source too.
func isOver(p ledger.Payment, l store.Link) bool {
	return (p.Status == ledger.PaymentReversed || p.Status == ledger.PaymentFailed) &&
		firstCode(l) == CodePaymentDeletedInLedger
}

// maybeBooked parks a payment that looks like one of the ledger's invoice which this flow did not write: somebody
// entered it, or another flow booked it.
func (w *desk) maybeBooked(ctx context.Context, j *judging) (*eligibility.Reason, error) {
	there, p := j.booking.ledger, j.payment
	existing := there.Payments
	if there.PaymentsElsewhere {
		var err error
		if existing, err = w.books.PaymentsOf(ctx, ledger.Ref{ID: there.ID}); err != nil {
			return nil, err
		}
	}
	for _, e := range existing {
		if j.link.Mark != "" && e.Mark == j.link.Mark && e.Status != ledger.PaymentReversed {
			// The changes of the ledger were read before it came: another process has a copy of this store.
			return parked(CodeWaitsForDoubt, "", "", "The ledger has this payment by now, and not from this run. The next run takes it up."), nil
		}
	}
	for _, e := range existing {
		// That a reference looks like a mark of ours proves nothing: a bank's may.
		if e.Mark != "" && j.taken[string(e.Mark)] || j.taken[e.ID] || e.Status == ledger.PaymentReversed || !e.Amount.Equal(p.Amount) {
			continue
		}
		if days := e.Date.DaysSince(p.Date); days > 5 || days < -5 {
			continue
		}
		links, err := w.linksTo(ctx, ledger.KindPayment, []string{e.ID})
		if err != nil {
			return nil, err
		}
		if l, linked := links[e.ID]; !linked || l.Pair != w.pair {
			j.taken[e.ID] = true
			return parked(CodeMaybeBooked, fmt.Sprintf("%s on %s", e.Amount, e.Date), "", "The invoice already has a payment of this amount within five days, entered by somebody else."), nil
		}
	}
	return nil, nil
}
