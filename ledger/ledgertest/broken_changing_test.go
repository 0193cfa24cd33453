package ledgertest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
)

// changingFaults are mistakes of those who change what there is.
func changingFaults() []fault {
	return []fault{
		{"allows everything", voids(brokenChanger{allows: func(ledger.Change) error { return nil }}), "void/allows"},
		{"says no without a reason", voids(brokenChanger{allows: func(c ledger.Change) error {
			if !c.Invoice.Status.Live() || len(c.Invoice.Payments) > 0 {
				return errors.New("no")
			}
			return nil
		}}), "void/allows"},
		{"changes without asking the gate", voids(brokenChanger{apply: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeOutcome, error) {
			c.Gate = nil
			return ch.Apply(ctx, c)
		}}), "void/apply/gate refuses"},
		{"believes that a lost void failed", voids(brokenChanger{apply: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeOutcome, error) {
			o, err := ch.Apply(ctx, c)
			if o.State == ledger.Uncertain {
				o.State = ledger.Refused
			}
			return o, err
		}}), "void/apply/uncertain"},
		{"believes every void to be done", voids(brokenChanger{look: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeState, error) {
			s, err := ch.Look(ctx, c)
			s.Done, s.Untouched = true, false
			return s, err
		}}), "void/apply"},
		{"overlooks a colleague's change", voids(brokenChanger{look: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeState, error) {
			s, err := ch.Look(ctx, c)
			s.Untouched = !s.Done
			return s, err
		}}), "void/look/somebody else"},
		{"plans many changes at once", voids(brokenChanger{limits: func(l ledger.Limits) ledger.Limits { l.Batch = 25; return l }}), "void/limits"},
		{"encodes a change with the time of day", voids(brokenChanger{encode: func(ch ledger.Changer, c ledger.Change) (ledger.Encoded, error) {
			e, err := ch.Encode(c)
			e.Body = append(e.Body, fmt.Sprintf("%*s", 1+time.Now().Hour(), " ")...)
			return e, err
		}}), "void/encode/pure"},
		{"calls a void uncertain that was turned away", voids(brokenChanger{apply: func(ctx context.Context, ch ledger.Changer, c ledger.Change) (ledger.ChangeOutcome, error) {
			o, err := ch.Apply(ctx, c)
			if errors.Is(err, ledger.ErrLater) || errors.Is(err, ledger.ErrReconnect) {
				return ledger.ChangeOutcome{State: ledger.Uncertain}, nil
			}
			return o, err
		}}), "void/apply/nothing written"},
	}
}
