package quickbooks

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

var changeLimits = ledger.Limits{Batch: 1, Bytes: batchBytes, KeyLength: keyLength, KeyLife: keyLife, Quiet: quiet, Deadline: deadline}

// The routes of changes. A void is an operation of its own, a payment's too; an update is a sparse write.
const (
	updateRoute        = "POST /invoice?minorversion=" + minorVersion
	voidRoute          = "POST /invoice?minorversion=" + minorVersion + "&operation=void"
	deletePaymentRoute = "POST /payment?minorversion=" + minorVersion + "&operation=delete"
)

// unlocked says no where a day lies in a period that is closed, as far as the company was read. QuickBooks itself
// may let it pass: the closing date can be a warning.
func (l *Ledger) unlocked(thing string, days ...ledger.Date) error {
	var org *ledger.Organisation
	if c := l.company.Load(); c != nil {
		org = &c.Organisation
	}
	return vendorbooks.Unlocked(Vendor, thing, org, days...)
}

func invoiceOf(c ledger.Change, verb ledger.Verb) (*ledger.Invoice, error) {
	switch {
	case c.Verb != verb || c.Invoice == nil || !isID(c.Invoice.ID) || c.Invoice.Version == "":
		return nil, vendorbooks.NotSent(Vendor, "change", "a "+string(verb)+" of an invoice that was read is needed")
	case c.Invoice.Kind != ledger.SalesInvoice:
		return nil, &ledger.Error{Kind: ledger.ErrUnsupported, Room: Vendor, Thing: "invoice " + safeID(c.Invoice.ID), Code: "kind", Message: "only sales invoices are changed"}
	}
	return c.Invoice, nil
}

// voids voids invoices: they stay, with all amounts zero.
type voids struct{ l *Ledger }

// Limits implements [ledger.Changer].
func (voids) Limits() ledger.Limits { return changeLimits }

// Allows implements [ledger.Changer]. A paid invoice is not voided: QuickBooks is documented to set its payments
// free, to be applied to others, and has been reported to refuse.
func (v voids) Allows(c ledger.Change) error {
	inv, err := invoiceOf(c, ledger.Void)
	if err != nil {
		return err
	}
	thing := "invoice " + safeID(inv.ID)
	switch {
	case !inv.Status.Live():
		return vendorbooks.Locked(Vendor, thing, "already_void", "the invoice is void already")
	case vendorbooks.Settled(inv):
		return vendorbooks.Locked(Vendor, thing, ledger.RefusedLockedByMoney, "payments or credits are booked on the invoice: take them off first")
	}
	return v.l.unlocked(thing, inv.Date)
}

// Encode implements [ledger.Changer].
func (v voids) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := v.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return vendorhttp.Encode(Vendor, voidRoute, outVersion{ID: c.Invoice.ID, SyncToken: c.Invoice.Version})
}

// Apply implements [ledger.Changer].
func (v voids) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	inv, err := invoiceOf(c, ledger.Void)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	return v.l.applyToInvoice(ctx, c, inv.ID, voidRoute, isVoid)
}

func isVoid(inv *ledger.Invoice) bool { return !inv.Status.Live() }

// Look implements [ledger.Changer]. An invoice that does not exist any more was deleted, and counts no more either.
func (v voids) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	inv, err := invoiceOf(c, ledger.Void)
	if err != nil {
		return ledger.ChangeState{}, err
	}
	s, err := v.l.lookAtInvoice(ctx, c, isVoid)
	if isNotFound(err) {
		gone := *inv
		gone.Status = ledger.StatusDeleted
		return ledger.ChangeState{Done: true, Invoice: &gone}, nil
	}
	return s, err
}

// applyToInvoice sends a change of an invoice and reads what became of it.
func (l *Ledger) applyToInvoice(ctx context.Context, c ledger.Change, id, route string, done func(*ledger.Invoice) bool) (ledger.ChangeOutcome, error) {
	raw, outcome, err := l.apply(ctx, c, id, route)
	if raw == nil {
		return outcome, err
	}
	var a struct{ Invoice *wireInvoice }
	switch err := json.Unmarshal(raw, &a); {
	case err != nil:
		return vendorbooks.UncertainChange("unreadable", "the answer cannot be read"), nil //nolint:nilerr // it may have been carried out
	case a.Invoice == nil || a.Invoice.ID != id:
		return vendorbooks.UncertainChange("not_in_answer", "the answer does not speak of it"), nil
	}
	inv := l.toInvoice(a.Invoice, false)
	if !done(&inv) {
		return vendorbooks.UncertainChange("not_as_wanted", "the answer does not show what was wanted"), nil
	}
	return ledger.ChangeOutcome{State: ledger.Created, Invoice: &inv}, nil
}

// apply sends a change. The answer is nil where the outcome or the error says all there is.
func (l *Ledger) apply(ctx context.Context, c ledger.Change, id, route string) ([]byte, ledger.ChangeOutcome, error) {
	thing, _, _ := strings.Cut(route, "?")
	var about outVersion
	switch err := json.Unmarshal(c.Encoded.Body, &about); {
	case c.Encoded.Route != route || err != nil || about.ID != id:
		return nil, ledger.ChangeOutcome{}, vendorbooks.NotSent(Vendor, thing, "the change was encoded for another record: encode it again")
	case len(c.Key) > keyLength:
		return nil, ledger.ChangeOutcome{}, vendorbooks.NotSent(Vendor, thing, "the key is longer than 50 characters")
	}
	resp, unknown, err := l.send(ctx, thing, c.Encoded, c.Key, c.Gate)
	if err != nil {
		return nil, ledger.ChangeOutcome{}, err
	}
	if unknown == nil {
		f := faultOf(resp)
		switch {
		case f.has(codeStale) && resp.Status < 500:
			// Perhaps because an earlier attempt of this very change went through: a reason to read.
			return nil, vendorbooks.UncertainChange("stale", "the record has been changed since it was read"), nil
		case f.kind("validation") && len(f.Error) > 0 && resp.Status < 500 && !f.throttle() && !f.has("6190"):
			// One record was sent, and this is of it.
			return nil, ledger.ChangeOutcome{State: ledger.Refused, Refusal: refusal(f)}, nil
		case !resp.OK() || f != nil:
			if unknown, err = l.refusedWrite(ctx, thing, resp, f); err != nil {
				return nil, ledger.ChangeOutcome{}, err
			}
		case resp.Kind() != vendorhttp.KindJSON:
			unknown = &vendorhttp.Seen{Code: "unreadable", Message: "the answer cannot be read"}
		}
	}
	if unknown != nil {
		return nil, vendorbooks.UncertainChange(unknown.Code, unknown.Message), nil
	}
	return resp.Body, ledger.ChangeOutcome{}, nil
}

func (l *Ledger) lookAtInvoice(ctx context.Context, c ledger.Change, done func(*ledger.Invoice) bool) (ledger.ChangeState, error) {
	inv, err := l.Invoice(ctx, ledger.Ref{ID: c.Invoice.ID})
	if err != nil {
		return ledger.ChangeState{}, err
	}
	return vendorbooks.Looked(c, inv, done), nil
}

// paymentVoids deletes payments.
type paymentVoids struct{ l *Ledger }

// Limits implements [ledger.Changer].
func (paymentVoids) Limits() ledger.Limits { return changeLimits }

func paymentOf(c ledger.Change) (*ledger.Payment, error) {
	if c.Verb != ledger.Void || c.Payment == nil || !isID(c.Payment.ID) || c.Payment.Version == "" {
		return nil, vendorbooks.NotSent(Vendor, "change", "a void of a payment that was read is needed")
	}
	return c.Payment, nil
}

// Allows implements [ledger.Changer]. QuickBooks does not say whether a payment is reconciled; one that is part of a
// bank deposit is batched.
func (v paymentVoids) Allows(c ledger.Change) error {
	p, err := paymentOf(c)
	if err != nil {
		return err
	}
	thing := "payment " + safeID(p.ID)
	switch {
	case p.Status == ledger.PaymentReversed:
		return vendorbooks.Locked(Vendor, thing, "already_void", "the payment is void already")
	case p.Reconciled:
		return vendorbooks.Locked(Vendor, thing, "reconciled", "the payment is reconciled with a bank line: undo that in QuickBooks first")
	case p.Batched:
		return vendorbooks.Locked(Vendor, thing, "batched", "the payment is part of a bank deposit: take it off that in QuickBooks first")
	}
	return v.l.unlocked(thing, p.Date)
}

// Encode implements [ledger.Changer].
func (v paymentVoids) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := v.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return vendorhttp.Encode(Vendor, deletePaymentRoute, outVersion{ID: c.Payment.ID, SyncToken: c.Payment.Version})
}

// Apply implements [ledger.Changer].
func (v paymentVoids) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	p, err := paymentOf(c)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	raw, outcome, err := v.l.apply(ctx, c, p.ID, deletePaymentRoute)
	if raw == nil {
		return outcome, err
	}
	var a struct{ Payment *wirePayment }
	switch err := json.Unmarshal(raw, &a); {
	case err != nil:
		return vendorbooks.UncertainChange("unreadable", "the answer cannot be read"), nil //nolint:nilerr // it may have been carried out
	case a.Payment == nil || a.Payment.ID != p.ID:
		return vendorbooks.UncertainChange("not_in_answer", "the answer does not speak of it"), nil
	case !a.Payment.deleted():
		return vendorbooks.UncertainChange("not_as_wanted", "the answer does not show it deleted"), nil
	}
	return ledger.ChangeOutcome{State: ledger.Created}, nil
}

// Look implements [ledger.Changer].
func (v paymentVoids) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	p, err := paymentOf(c)
	if err != nil {
		return ledger.ChangeState{}, err
	}
	w, err := v.l.wirePayment(ctx, p.ID)
	if isNotFound(err) {
		return ledger.ChangeState{Done: true}, nil
	}
	if err != nil {
		return ledger.ChangeState{}, err
	}
	now := v.l.toPayment(w)
	s := ledger.ChangeState{Done: now.Status == ledger.PaymentReversed, Version: now.Version}
	s.Untouched = !s.Done && now.Version == p.Version
	return s, nil
}
