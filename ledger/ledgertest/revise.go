package ledgertest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/invoicesync/invoicesync/ledger"
)

// wireChange is a change on the wire. The books refuse one of a record that has changed since.
type wireChange struct {
	ID      string          `json:"id"`
	Version string          `json:"version"`
	Verb    ledger.Verb     `json:"verb"`
	Wanted  *ledger.Invoice `json:"wanted,omitempty"`
}

// changed is the books' answer to a change.
type changed struct {
	Invoice *ledger.Invoice `json:"invoice,omitempty"`
	Error   *ledger.Refusal `json:"error,omitempty"`
}

func changeLimits() ledger.Limits {
	l := memoryLimits
	l.Batch, l.KeyLength, l.KeyLife = 1, 0, 0
	return l
}

// apply sends a change once.
func (m *Memory) apply(ctx context.Context, c ledger.Change, route string, serve func(wireChange) changed) (ledger.ChangeOutcome, error) {
	if c.Encoded.Route != route || len(c.Encoded.Body) == 0 {
		return ledger.ChangeOutcome{}, fail(ledger.ErrRequestRefused, route, "not_sent", "the change was encoded for another request: encode it again")
	}
	var answer []byte
	_, seen, err := m.send(ctx, route, "", c.Gate, func() {
		var w wireChange
		a := changed{Error: &ledger.Refusal{Code: ledger.RefusedOther, Message: "the books cannot read the request"}}
		if json.Unmarshal(c.Encoded.Body, &w) == nil {
			a = serve(w)
		}
		answer, _ = json.Marshal(a) // of words
	})
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	var a changed
	if seen == nil && json.Unmarshal(answer, &a) != nil {
		seen = &ledger.Refusal{Code: "unreadable", Message: "the answer cannot be read"}
	}
	switch {
	case seen != nil:
		return ledger.ChangeOutcome{State: ledger.Uncertain, Refusal: seen}, nil
	case a.Error != nil:
		return ledger.ChangeOutcome{State: ledger.Refused, Refusal: a.Error}, nil
	}
	return ledger.ChangeOutcome{State: ledger.Created, Invoice: a.Invoice}, nil
}

func encodeChange(route, id, version string, c ledger.Change) (ledger.Encoded, error) {
	body, err := json.Marshal(wireChange{ID: id, Version: version, Verb: c.Verb, Wanted: c.Wanted})
	return ledger.Encoded{Route: route, Body: body}, err
}

// unlocked says no where the books are closed on a day, as far as the organisation was read.
func (m *Memory) unlocked(thing string, days ...ledger.Date) error {
	o := m.latest.Load()
	for _, d := range days {
		if o != nil && !o.Locked(d).IsZero() {
			return fail(ledger.ErrLocked, thing, ledger.RefusedLocked, "the books are locked up to "+o.Locked(d).String())
		}
	}
	return nil
}

func refusedChange(r *ledger.Refusal) changed { return changed{Error: r} }

func staleVersion() *ledger.Refusal {
	return &ledger.Refusal{Code: "stale_version", Message: "the record has changed since it was read"}
}

func invoiceOf(c ledger.Change, verb ledger.Verb) (*ledger.Invoice, error) {
	if c.Verb != verb || c.Invoice == nil || c.Invoice.ID == "" || verb == ledger.Update && c.Wanted == nil {
		return nil, fail(ledger.ErrUnsupported, "change", "incomplete", "a "+string(verb)+" of an invoice that was read is needed")
	}
	return c.Invoice, nil
}

// memoryVoids voids invoices.
type memoryVoids struct{ m *Memory }

// Limits implements [ledger.Changer].
func (memoryVoids) Limits() ledger.Limits { return changeLimits() }

// Allows implements [ledger.Changer].
func (v memoryVoids) Allows(c ledger.Change) error {
	inv, err := invoiceOf(c, ledger.Void)
	if err != nil {
		return err
	}
	switch thing := "invoice " + inv.ID; {
	case !inv.Status.Live():
		return fail(ledger.ErrLocked, thing, "already_void", "the invoice is void already")
	case len(inv.Payments) > 0 || inv.Totals.Paid.IsPositive():
		return fail(ledger.ErrLocked, thing, ledger.RefusedLockedByMoney, "payments are booked on the invoice: take them off first")
	default:
		return v.m.unlocked(thing, inv.Date)
	}
}

// Encode implements [ledger.Changer].
func (v memoryVoids) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := v.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return encodeChange("POST /invoices/void", c.Invoice.ID, c.Invoice.Version, c)
}

// Apply implements [ledger.Changer].
func (v memoryVoids) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	return v.m.apply(ctx, c, "POST /invoices/void", func(w wireChange) changed {
		return v.m.b.reviseInvoice(w, func(r *row[ledger.Invoice]) *ledger.Refusal { return v.m.b.void(r) })
	})
}

// Look implements [ledger.Changer].
func (v memoryVoids) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	return v.m.look(ctx, c, ledger.Void, func(inv *ledger.Invoice) bool { return !inv.Status.Live() })
}

// reviseInvoice runs under the lock.
func (b *Books) reviseInvoice(w wireChange, revise func(*row[ledger.Invoice]) *ledger.Refusal) changed {
	r := b.invoices.find(w.ID)
	switch {
	case r == nil:
		return refusedChange(&ledger.Refusal{Code: "not_found", Message: "there is no such invoice"})
	case r.rec.Version != w.Version:
		return refusedChange(staleVersion())
	}
	if refusal := revise(r); refusal != nil {
		return refusedChange(refusal)
	}
	inv := cloneInvoice(r.rec)
	return changed{Invoice: &inv}
}

func (m *Memory) look(ctx context.Context, c ledger.Change, verb ledger.Verb, done func(*ledger.Invoice) bool) (ledger.ChangeState, error) {
	before, err := invoiceOf(c, verb)
	if err != nil {
		return ledger.ChangeState{}, err
	}
	inv, err := m.Invoice(ctx, ledger.Ref{ID: before.ID})
	if err != nil {
		return ledger.ChangeState{}, err
	}
	s := ledger.ChangeState{Done: done(&inv), Version: inv.Version, Invoice: &inv}
	s.Untouched = !s.Done && inv.Version == before.Version
	return s, nil
}

// memoryUpdates changes what an invoice says.
type memoryUpdates struct{ m *Memory }

// Limits implements [ledger.Changer].
func (memoryUpdates) Limits() ledger.Limits { return changeLimits() }

// Allows implements [ledger.Changer]: everything while no money is booked, words and the due date after.
func (u memoryUpdates) Allows(c ledger.Change) error {
	before, err := invoiceOf(c, ledger.Update)
	if err != nil {
		return err
	}
	switch thing := "invoice " + before.ID; {
	case !before.Status.Live():
		return fail(ledger.ErrLocked, thing, "already_void", "the invoice is void")
	case len(before.Payments) > 0 && !(before.Date == c.Wanted.Date && sameMoney(before.Lines, c.Wanted.Lines)):
		return fail(ledger.ErrLocked, thing, ledger.RefusedLockedByMoney, "payments are booked on the invoice: its amounts and its date stay")
	default:
		return u.m.unlocked(thing, before.Date, c.Wanted.Date)
	}
}

func sameMoney(a, b []ledger.Line) bool {
	return slices.EqualFunc(a, b, func(a, b ledger.Line) bool {
		return a.Quantity.Equal(b.Quantity) && a.UnitPrice.Equal(b.UnitPrice) && a.TaxCode == b.TaxCode && a.Account == b.Account
	})
}

func sameWords(a, b []ledger.Line) bool {
	return slices.EqualFunc(a, b, func(a, b ledger.Line) bool { return a.Description == b.Description && a.Name == b.Name })
}

// Encode implements [ledger.Changer].
func (u memoryUpdates) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := u.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return encodeChange("POST /invoices/update", c.Invoice.ID, c.Invoice.Version, c)
}

// Apply implements [ledger.Changer].
func (u memoryUpdates) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	return u.m.apply(ctx, c, "POST /invoices/update", func(w wireChange) changed {
		return u.m.b.reviseInvoice(w, func(r *row[ledger.Invoice]) *ledger.Refusal {
			inv := cloneInvoice(r.rec)
			inv.Reference, inv.Date, inv.DueDate, inv.Lines = w.Wanted.Reference, w.Wanted.Date, w.Wanted.DueDate, w.Wanted.Lines
			for i := range inv.Lines {
				inv.Lines[i].Tracking = slices.Clone(inv.Lines[i].Tracking)
			}
			if refusal := u.m.b.total(&inv); refusal != nil {
				return refusal
			}
			u.m.b.invoices.put(u.m.b, r, inv)
			return nil
		})
	})
}

// Look implements [ledger.Changer].
func (u memoryUpdates) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	return u.m.look(ctx, c, ledger.Update, func(inv *ledger.Invoice) bool {
		w := c.Wanted
		return inv.Status.Live() && inv.Reference == w.Reference && inv.Date == w.Date && inv.DueDate == w.DueDate &&
			sameMoney(inv.Lines, w.Lines) && sameWords(inv.Lines, w.Lines)
	})
}

// memoryPaymentVoids deletes payments.
type memoryPaymentVoids struct{ m *Memory }

// Limits implements [ledger.Changer].
func (memoryPaymentVoids) Limits() ledger.Limits { return changeLimits() }

// Allows implements [ledger.Changer].
func (v memoryPaymentVoids) Allows(c ledger.Change) error {
	if c.Verb != ledger.Void || c.Payment == nil || c.Payment.ID == "" {
		return fail(ledger.ErrUnsupported, "change", "incomplete", "a void of a payment that was read is needed")
	}
	switch thing := "payment " + c.Payment.ID; {
	case c.Payment.Status == ledger.PaymentReversed:
		return fail(ledger.ErrLocked, thing, "already_void", "the payment is deleted already")
	case c.Payment.Reconciled:
		return fail(ledger.ErrLocked, thing, "reconciled", "the payment is reconciled with a bank line")
	default:
		return v.m.unlocked(thing, c.Payment.Date)
	}
}

// Encode implements [ledger.Changer].
func (v memoryPaymentVoids) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := v.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return encodeChange("POST /payments/void", c.Payment.ID, c.Payment.Version, c)
}

// Apply implements [ledger.Changer].
func (v memoryPaymentVoids) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	b := v.m.b
	return v.m.apply(ctx, c, "POST /payments/void", func(w wireChange) changed {
		r := b.payments.find(w.ID)
		switch {
		case r == nil:
			return refusedChange(&ledger.Refusal{Code: "not_found", Message: "there is no such payment"})
		case r.rec.Version != w.Version:
			return refusedChange(staleVersion())
		case !b.org.Locked(r.rec.Date).IsZero():
			return refusedChange(&ledger.Refusal{Code: ledger.RefusedLocked, Message: "the books are locked"})
		}
		b.reverse(r)
		return changed{}
	})
}

// Look implements [ledger.Changer].
func (v memoryPaymentVoids) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	if c.Payment == nil {
		return ledger.ChangeState{}, fail(ledger.ErrUnsupported, "change", "incomplete", "a void of a payment that was read is needed")
	}
	var now ledger.Payment
	there := false
	err := v.m.read(ctx, "payment "+c.Payment.ID, func() {
		if r := v.m.b.payments.find(c.Payment.ID); r != nil {
			now, there = clonePayment(r.rec), true
		}
	})
	if err == nil && !there {
		err = fail(ledger.ErrNotFound, "payment "+c.Payment.ID, "not_found", "there is no such record")
	}
	if err != nil {
		return ledger.ChangeState{}, err
	}
	s := ledger.ChangeState{Done: now.Status == ledger.PaymentReversed, Version: now.Version}
	s.Untouched = !s.Done && now.Version == c.Payment.Version
	return s, nil
}
