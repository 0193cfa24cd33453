package infusionsoft

import (
	"context"
	"errors"
	"net/http"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// deletions deletes orders, which the vendor permits while they have no transactions. There is no version to
// send along: that nobody has paid meanwhile is the vendor's to say.
type deletions struct{ l *Ledger }

const deleteMethod = http.MethodDelete + " "

// Limits implements [ledger.Changer].
func (deletions) Limits() ledger.Limits { return writeLimits }

func deletionOf(c ledger.Change) (*ledger.Invoice, error) {
	if c.Verb != ledger.Void || c.Invoice == nil || !isID(c.Invoice.ID) || c.Invoice.Version == "" {
		return nil, vendorbooks.NotSent(Vendor, "change", "a void of an order that was read is needed")
	}
	return c.Invoice, nil
}

// Allows implements [ledger.Changer].
func (deletions) Allows(c ledger.Change) error {
	inv, err := deletionOf(c)
	if err != nil {
		return err
	}
	thing := "order " + inv.ID
	switch {
	case !inv.Status.Live():
		return vendorbooks.Locked(Vendor, thing, "already_void", "the order is deleted already")
	case vendorbooks.Settled(inv):
		return vendorbooks.Locked(Vendor, thing, ledger.RefusedLockedByMoney, "an order with payments cannot be deleted")
	}
	return nil
}

// Encode implements [ledger.Changer].
func (v deletions) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := v.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	return ledger.Encoded{Route: deleteMethod + ordersPath + "/" + c.Invoice.ID}, nil
}

// Apply implements [ledger.Changer].
func (v deletions) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	inv, err := deletionOf(c)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	thing := "deletion of order " + inv.ID
	if c.Encoded.Route != deleteMethod+ordersPath+"/"+inv.ID {
		return ledger.ChangeOutcome{}, vendorbooks.NotSent(Vendor, thing, "the change was encoded for another record: encode it again")
	}
	resp, unknown, err := v.l.send(ctx, thing, c.Encoded, c.Gate)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	switch {
	case unknown != nil:
	case resp.OK() && (resp.Status == http.StatusNoContent || resp.Kind() == vendorhttp.KindJSON):
		return ledger.ChangeOutcome{State: ledger.Created, Invoice: deleted(inv)}, nil
	case resp.OK():
		unknown = &vendorhttp.Seen{Code: "unreadable", Message: "the answer cannot be read"}
	case resp.Status == http.StatusNotFound:
		// Perhaps because an earlier attempt of this very change went through: a reason to look.
		unknown = &vendorhttp.Seen{Code: "status", Message: "there is no such order any more"}
	case resp.Status == http.StatusConflict && resp.Kind() == vendorhttp.KindJSON:
		_, message := readEnvelope(resp)
		return ledger.ChangeOutcome{State: ledger.Refused, Refusal: &ledger.Refusal{Code: ledger.RefusedLockedByMoney, Message: message}}, nil
	default:
		refusal, seen, err := v.l.turnedDown(thing, resp)
		if err != nil {
			return ledger.ChangeOutcome{}, err
		}
		if refusal != nil {
			return ledger.ChangeOutcome{State: ledger.Refused, Refusal: refusal}, nil
		}
		unknown = seen
	}
	return vendorbooks.UncertainChange(unknown.Code, unknown.Message), nil
}

func deleted(inv *ledger.Invoice) *ledger.Invoice {
	gone := *inv
	gone.Status = ledger.StatusDeleted
	return &gone
}

// Look implements [ledger.Changer].
func (v deletions) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	inv, err := deletionOf(c)
	if err != nil {
		return ledger.ChangeState{}, err
	}
	now, err := v.l.Invoice(ctx, ledger.Ref{ID: inv.ID})
	switch {
	case isNotFound(err):
		return ledger.ChangeState{Done: true, Invoice: deleted(inv)}, nil
	case err != nil:
		return ledger.ChangeState{}, err
	}
	return vendorbooks.Looked(c, now, func(*ledger.Invoice) bool { return false }), nil
}

func isNotFound(err error) bool { return errors.Is(err, ledger.ErrNotFound) }
