package ledger

import (
	"context"
)

// Changer changes one record: the content of an invoice, its void, the deletion of a payment. A change
// is found again by reading the record: in the wanted state it was carried out; with the version it had
// before it was not.
type Changer interface {
	// Allows says, without a call, whether the ledger's edit matrix permits the change to the record
	// as it was read last. No is an error of kind [ErrLocked] or [ErrUnsupported] that says why, with
	// its Code set ("locked_by_payment", "locked_period", "reconciled", …).
	Allows(Change) error

	// Encode returns the bytes that Apply will send, as [Writer.Encode].
	Encode(Change) (Encoded, error)

	// Apply sends the change once, under the rules of [Writer.Create]. Created means: carried out.
	Apply(context.Context, Change) (ChangeOutcome, error)

	// Look re-reads the record and says where it stands.
	Look(context.Context, Change) (ChangeState, error)

	// Limits as [Writer.Limits]; Batch is 1.
	Limits() Limits
}

// Verb is what a change does.
type Verb string

// The verbs.
const (
	Update Verb = "update"
	Void   Verb = "void" // void, or delete where the record is a draft or a payment
)

// Change is a wanted change. Exactly one of Invoice and Payment is the record as it was read last.
type Change struct {
	Verb    Verb
	Kind    RecordKind
	Invoice *Invoice // before
	Payment *Payment // before
	Wanted  *Invoice // for Update: the content after

	Encoded Encoded
	Key     string
	Gate    func(context.Context) error `json:"-"`
}

// ChangeOutcome is what became of a change.
type ChangeOutcome struct {
	State   OutcomeState
	Invoice *Invoice // after, as the ledger has it
	Refusal *Refusal
}

// ChangeState says where a record stands in relation to a change.
type ChangeState struct {
	Done      bool // it is in the wanted state
	Untouched bool // it is as it was before; neither: somebody else changed it
	Version   string
	Invoice   *Invoice
}
