package xero

import (
	"context"
	"net/url"
	"slices"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

var changeLimits = ledger.Limits{Batch: 1, Bytes: batchBytes, KeyLength: keyLength, KeyLife: keyLife, Quiet: quiet, Deadline: deadline}

// unlocked says no where a day lies in a period that is closed, as far as the organisation was read.
func (l *Ledger) unlocked(thing string, days ...ledger.Date) error {
	return vendorbooks.Unlocked(Vendor, thing, l.latest.Load(), days...)
}

func invoiceOf(c ledger.Change, verb ledger.Verb) (*ledger.Invoice, error) {
	switch {
	case c.Verb != verb || c.Invoice == nil || zeroID(c.Invoice.ID):
		return nil, vendorbooks.NotSent(Vendor, "change", "a "+string(verb)+" of an invoice that was read is needed")
	case c.Invoice.Kind != ledger.SalesInvoice:
		return nil, &ledger.Error{Kind: ledger.ErrUnsupported, Room: Vendor, Thing: "invoice " + safeID(c.Invoice.ID), Code: "kind", Message: "only sales invoices are changed"}
	}
	return c.Invoice, nil
}

// voids voids approved invoices and deletes those that were never approved.
type voids struct{ l *Ledger }

// Limits implements [ledger.Changer].
func (voids) Limits() ledger.Limits { return changeLimits }

// Allows implements [ledger.Changer].
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
	case goneStatus(inv.Status) == "":
		return &ledger.Error{Kind: ledger.ErrUnsupported, Room: Vendor, Thing: thing, Code: "status_unknown", Message: "the invoice's status is not known"}
	}
	return v.l.unlocked(thing, inv.Date)
}

// goneStatus is where an invoice goes when it is voided.
func goneStatus(s ledger.Status) string {
	switch s {
	case ledger.StatusDraft, ledger.StatusSubmitted:
		return "DELETED"
	case ledger.StatusApproved:
		return "VOIDED"
	}
	return ""
}

// Encode implements [ledger.Changer].
func (v voids) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := v.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return encodeInvoice(outInvoice{InvoiceID: c.Invoice.ID, Status: goneStatus(c.Invoice.Status)})
}

// encodeInvoice is a change of one invoice: always by id, because a POST without one goes by number.
func encodeInvoice(out outInvoice) (ledger.Encoded, error) {
	return vendorhttp.Encode(Vendor, "POST /Invoices/"+url.PathEscape(out.InvoiceID)+"?unitdp=4", outInvoices{Invoices: []outInvoice{out}})
}

// Apply implements [ledger.Changer].
func (v voids) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	inv, err := invoiceOf(c, ledger.Void)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	return v.l.applyToInvoice(ctx, c, inv.ID, isVoid)
}

func isVoid(inv *ledger.Invoice) bool {
	return inv.Status == ledger.StatusVoided || inv.Status == ledger.StatusDeleted
}

// Look implements [ledger.Changer].
func (v voids) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	if _, err := invoiceOf(c, ledger.Void); err != nil {
		return ledger.ChangeState{}, err
	}
	return v.l.lookAtInvoice(ctx, c, isVoid)
}

// applyToInvoice sends a change of an invoice and reads what became of it.
func (l *Ledger) applyToInvoice(ctx context.Context, c ledger.Change, id string, done func(*ledger.Invoice) bool) (ledger.ChangeOutcome, error) {
	page, outcome, err := l.apply(ctx, c, "POST /Invoices/{id}", "POST /Invoices/"+url.PathEscape(id)+"?")
	if page == nil {
		return outcome, err
	}
	if len(page.Invoices) != 1 || !sameID(page.Invoices[0].InvoiceID, id) && !(zeroID(page.Invoices[0].InvoiceID) && page.Invoices[0].failed()) {
		return vendorbooks.UncertainChange("not_in_answer", "the answer does not speak of it"), nil
	}
	w := &page.Invoices[0]
	if w.failed() {
		return failedChange(w.wireResult, w.Contact.Name, w.Contact.EmailAddress), nil
	}
	inv := toInvoice(w, false)
	if !done(&inv) {
		return vendorbooks.UncertainChange("not_as_wanted", "the answer does not show what was wanted"), nil
	}
	return ledger.ChangeOutcome{State: ledger.Created, Invoice: &inv}, nil
}

// apply sends a change. page is nil where the outcome or the error says all there is.
func (l *Ledger) apply(ctx context.Context, c ledger.Change, thing, prefix string) (*wirePage, ledger.ChangeOutcome, error) {
	if len(c.Encoded.Route) < len(prefix) || c.Encoded.Route[:len(prefix)] != prefix || len(c.Encoded.Body) == 0 {
		return nil, ledger.ChangeOutcome{}, vendorbooks.NotSent(Vendor, thing, "the change was encoded for another record: encode it again")
	}
	if len(c.Key) > keyLength {
		return nil, ledger.ChangeOutcome{}, vendorbooks.NotSent(Vendor, thing, "the key is longer than 128 characters")
	}
	resp, unknown, err := l.send(ctx, thing, c.Encoded, c.Key, c.Gate)
	if err != nil {
		return nil, ledger.ChangeOutcome{}, err
	}
	if unknown == nil && !resp.OK() {
		if p, _ := problem(resp); resp.Status == 400 && len(p.Elements) == 1 && len(p.Elements[0].ValidationErrors) > 0 {
			// One record was sent and one is named: unlike in a batch there is nothing that this could hide.
			return nil, failedChange(wireResult{ValidationErrors: p.Elements[0].ValidationErrors}), nil
		}
		if unknown, err = refusedWrite(thing, resp); err != nil {
			return nil, ledger.ChangeOutcome{}, err
		}
	}
	if unknown != nil {
		return nil, vendorbooks.UncertainChange(unknown.Code, unknown.Message), nil
	}
	page, err := decodeChange(resp)
	if err != nil {
		return nil, vendorbooks.UncertainChange("unreadable", "the answer cannot be read"), nil //nolint:nilerr // it may have been carried out
	}
	return page, ledger.ChangeOutcome{}, nil
}

func decodeChange(resp *vendorhttp.Response) (*wirePage, error) {
	var page wirePage
	if err := resp.Decode(&page); err != nil {
		return nil, err
	}
	return &page, nil
}

func failedChange(r wireResult, personal ...string) ledger.ChangeOutcome {
	if len(r.ValidationErrors) == 0 {
		return vendorbooks.UncertainChange("contradictory", "it has an error and no reason")
	}
	return ledger.ChangeOutcome{State: ledger.Refused, Refusal: refusal(r.ValidationErrors, personal...)}
}

func (l *Ledger) lookAtInvoice(ctx context.Context, c ledger.Change, done func(*ledger.Invoice) bool) (ledger.ChangeState, error) {
	inv, err := l.Invoice(ctx, ledger.Ref{ID: c.Invoice.ID})
	if err != nil {
		return ledger.ChangeState{}, err
	}
	return vendorbooks.Looked(c, inv, done), nil
}

// paymentVoids deletes payments. Xero's payments are never edited.
type paymentVoids struct{ l *Ledger }

// Limits implements [ledger.Changer].
func (paymentVoids) Limits() ledger.Limits { return changeLimits }

func paymentOf(c ledger.Change) (*ledger.Payment, error) {
	if c.Verb != ledger.Void || c.Payment == nil || zeroID(c.Payment.ID) {
		return nil, vendorbooks.NotSent(Vendor, "change", "a void of a payment that was read is needed")
	}
	return c.Payment, nil
}

// Allows implements [ledger.Changer]. Whether a payment is reconciled or part of a batch is known of
// payments that were read from the feed or by [paymentVoids.Look], not of those that came with an invoice.
func (v paymentVoids) Allows(c ledger.Change) error {
	p, err := paymentOf(c)
	if err != nil {
		return err
	}
	thing := "payment " + safeID(p.ID)
	switch {
	case p.Status == ledger.PaymentReversed:
		return vendorbooks.Locked(Vendor, thing, "already_void", "the payment is deleted already")
	case p.Reconciled:
		return vendorbooks.Locked(Vendor, thing, "reconciled", "the payment is reconciled with a bank line: undo that in Xero first")
	case p.Batched:
		return vendorbooks.Locked(Vendor, thing, "batched", "the payment belongs to a batch payment: delete that in Xero")
	}
	return v.l.unlocked(thing, p.Date)
}

// Encode implements [ledger.Changer].
func (v paymentVoids) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := v.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return ledger.Encoded{Route: "POST /Payments/" + url.PathEscape(c.Payment.ID), Body: []byte(`{"Status":"DELETED"}`)}, nil
}

// Apply implements [ledger.Changer].
func (v paymentVoids) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	p, err := paymentOf(c)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	page, outcome, err := v.l.apply(ctx, c, "POST /Payments/{id}", "POST /Payments/"+url.PathEscape(p.ID))
	if page == nil {
		return outcome, err
	}
	i := slices.IndexFunc(page.Payments, func(w wirePayment) bool { return sameID(w.PaymentID, p.ID) })
	switch {
	case len(page.Payments) == 1 && zeroID(page.Payments[0].PaymentID) && page.Payments[0].failed():
		return failedChange(page.Payments[0].wireResult), nil
	case i < 0 || len(page.Payments) != 1:
		return vendorbooks.UncertainChange("not_in_answer", "the answer does not speak of it"), nil
	case page.Payments[i].failed():
		return failedChange(page.Payments[i].wireResult), nil
	case page.Payments[i].Status != "DELETED":
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
	if err != nil {
		return ledger.ChangeState{}, err
	}
	now := toPayment(w)
	s := ledger.ChangeState{Done: now.Status == ledger.PaymentReversed, Version: now.Version}
	if p.UpdatedAt.IsZero() { // it came with an invoice, which does not say when it changed
		s.Untouched = !s.Done && now.Amount.Equal(p.Amount) && now.Date == p.Date
	} else {
		s.Untouched = !s.Done && now.Version == p.Version
	}
	return s, nil
}
