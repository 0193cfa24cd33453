package vendorbooks

import (
	"errors"
	"fmt"
	"strings"
	"time"

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
	s := ledger.ChangeState{Done: done(&now), Version: now.Version, Invoice: &now, SeenAt: time.Now().UTC()}
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
