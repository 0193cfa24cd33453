package vendorbooks

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// Uncertain is the outcome of a record of which nobody knows what became of it.
func Uncertain[T any](m ledger.Mark, code, message string) ledger.Outcome[T] {
	return ledger.Outcome[T]{State: ledger.Uncertain, Mark: m, Refusal: &ledger.Refusal{Code: code, Message: message}}
}

// AllUncertain are the outcomes of a batch of which nobody knows what became of it.
func AllUncertain[T any](members []ledger.Member, code, message string) []ledger.Outcome[T] {
	outcomes := make([]ledger.Outcome[T], len(members))
	for i, m := range members {
		outcomes[i] = Uncertain[T](m.Mark, code, message)
	}
	return outcomes
}

// UncertainChange is the outcome of a change of which nobody knows what became of it.
func UncertainChange(code, message string) ledger.ChangeOutcome {
	return ledger.ChangeOutcome{State: ledger.Uncertain, Refusal: &ledger.Refusal{Code: code, Message: message}}
}

// Looked says where a change stands whose invoice was read again: done tells whether it is as wanted.
func Looked(c ledger.Change, now ledger.Invoice, done func(*ledger.Invoice) bool) ledger.ChangeState {
	s := ledger.ChangeState{Done: done(&now), Version: now.Version, Invoice: &now}
	s.Untouched = !s.Done && now.Version == c.Invoice.Version
	return s
}

// CheckBatch finds mistakes of the caller before anything is sent: a batch that was encoded for another route, an
// empty one, a key that is too long. thing is what is being written.
func CheckBatch(room, thing string, b ledger.Batch, route string, keyLength int) error {
	switch {
	case b.Encoded.Route != route:
		return NotSent(room, thing, "the batch was encoded for another request: encode its drafts again")
	case len(b.Encoded.Body) == 0 || len(b.Members) == 0:
		return NotSent(room, thing, "the batch is empty")
	case len(b.Key) > keyLength:
		return NotSent(room, thing, fmt.Sprintf("the key has %d characters, at most %d are allowed", len(b.Key), keyLength))
	}
	for _, m := range b.Members {
		if !m.Mark.Valid() {
			return NotSent(room, thing, "a member has no mark")
		}
	}
	return nil
}

// CheckMarks finds drafts that a batch cannot hold because of their marks: every draft needs one that no other has.
// Two are the same where their first length characters are.
func CheckMarks[T any](room, thing string, drafts []ledger.Draft[T], length int) error {
	if len(drafts) == 0 {
		return &ledger.Error{Kind: ledger.ErrRefused, Room: room, Thing: thing, Code: ledger.RefusedOther, Message: "there is nothing to write"}
	}
	seen := make(map[string]bool, len(drafts))
	for _, d := range drafts {
		if d.Mark.Valid() && !seen[string(d.Mark[:length])] {
			seen[string(d.Mark[:length])] = true
			continue
		}
		shown := "(invalid)"
		if d.Mark.Valid() {
			shown = string(d.Mark)
		}
		return &ledger.Error{
			Kind: ledger.ErrRefused, Room: room, Thing: "mark " + shown, Code: "mark_invalid", Message: "every draft needs a mark of its own",
		}
	}
	return nil
}

// OfDraft makes err, if it is one of ours, speak of the draft.
func OfDraft(m ledger.Mark, err error) error {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		e.Thing = strings.TrimSuffix("draft "+string(m)+": "+e.Thing, ": ")
	}
	return err
}

// NotSent is a mistake of the caller, found before anything was sent.
func NotSent(room, thing, message string) error {
	return &ledger.Error{Kind: ledger.ErrRequestRefused, Room: room, Thing: thing, Code: "not_sent", Message: message}
}

// Shown is a record that an answer to a write shows, with an id and without an error.
type Shown[T any] struct {
	Record     T
	Marked     bool   // it carries the member's mark
	Unclear    string // why it cannot be understood
	Amount     decimal.Decimal
	SameParent bool // it belongs to the member's parent, or to none where the member has none
	Before     bool // it was there before this request
}

// Proved says what became of a member for which the answer shows a record: it exists and is ours only with the whole
// proof.
func Proved[T any](m ledger.Member, s Shown[T]) ledger.Outcome[T] {
	switch {
	case !s.Marked:
		return Uncertain[T](m.Mark, "mark_differs", "the answer's record does not carry its mark")
	case s.Unclear != "":
		return Uncertain[T](m.Mark, s.Unclear, "the answer's record cannot be understood")
	case !s.Amount.Equal(m.Amount):
		return Uncertain[T](m.Mark, "amount_differs", "its amount is "+s.Amount.String()+", expected was "+m.Amount.String())
	case !s.SameParent:
		return Uncertain[T](m.Mark, "parent_differs", "it belongs to another record than expected")
	case s.Before:
		return ledger.Outcome[T]{State: ledger.AlreadyThere, Mark: m.Mark, Record: s.Record}
	}
	return ledger.Outcome[T]{State: ledger.Created, Mark: m.Mark, Record: s.Record}
}
