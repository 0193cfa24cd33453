package ledger

import (
	"context"
	"time"

	"github.com/shopspring/decimal"
)

// Writer creates records of one kind, in batches, and finds again what it may have created.
type Writer[T any] interface {
	// Limits must be constant for the life of the value.
	Limits() Limits

	// Encode returns the exact bytes that Create will send for the drafts. It makes no call, and the
	// same drafts must give the same bytes. A draft that the vendor cannot hold is an error naming its
	// mark, of kind [ErrRefused].
	Encode([]Draft[T]) (Encoded, error)

	// Create sends batch.Body once. It must call batch.Gate immediately before the bytes leave, after
	// any wait for a budget, and must send nothing when Gate fails. It must not repeat the request, nor
	// let its HTTP client do so.
	//
	// It returns an error only if nothing was written for certain: not sent, gate refused, 401, 403, 429
	// ([ErrLater], [ErrReconnect], …), or a 4xx that speaks of the request and not of a record
	// ([ErrRequestRefused]). Otherwise it returns one outcome per member, in the members' order.
	//
	// An outcome must be Created only when the echoed record has an id, and its mark, amount and parent
	// are the member's; records must be matched by mark, never by position alone. It must be Refused
	// only when the vendor says an explicit error of that record. Everything else must be Uncertain,
	// among it "key used with a different request" and every lost, truncated or unreadable answer. The
	// Refusal of an uncertain outcome must have the code NoAnswer or BrokenAnswer exactly where no complete
	// answer came.
	Create(context.Context, Batch) ([]Outcome[T], error)

	// Find looks up what was sought, whatever its status: live, voided and deleted records all count.
	// It must return every hit of a mark.
	Find(context.Context, Sought) (Found[T], error)
}

// Limits are what a writer's vendor allows.
type Limits struct {
	Batch     int           // records per request
	Bytes     int           // bytes per request body
	KeyLength int           // characters of an idempotency key; 0: the vendor has none
	KeyLife   time.Duration // how long the vendor remembers a key
	Quiet     time.Duration // after the last byte could have left, how long until absence is final
	TwoLooks  bool          // the vendor's index may lag: absence needs a second look
	Deadline  time.Duration // longest time that one request may take
}

// Draft is a record to be created. Its ID is empty; Mark is where it comes from.
type Draft[T any] struct {
	Mark   Mark
	Record T
}

// Encoded is a request that has not been sent.
type Encoded struct {
	Route string // method and path with its fixed query, "PUT /Invoices?unitdp=4"; part of the key's hash
	Body  []byte
}

// Member is what a batch says of one of its records, for comparing with the answer.
type Member struct {
	Mark   Mark
	Amount decimal.Decimal // invoice total or payment amount; zero for contacts
	Parent string          // of a payment: the invoice's id
}

// Batch is a request that is to be sent now.
type Batch struct {
	Members []Member // in the order of the drafts that were encoded
	Encoded Encoded
	Key     string                      // idempotency key; ignored where KeyLength is 0
	Gate    func(context.Context) error // asks whether these bytes may leave now; nil: they may
}

// OutcomeState is what became of one record of a batch. The zero value is invalid.
type OutcomeState uint8

// The outcomes of a write.
const (
	Created      OutcomeState = iota + 1 // it exists now and is ours
	AlreadyThere                         // it existed before, with our mark
	Refused                              // the vendor said no to this record; it does not exist
	Uncertain                            // it may exist
)

// String returns the name of the state.
func (s OutcomeState) String() string {
	switch s {
	case Created:
		return "created"
	case AlreadyThere:
		return "already there"
	case Refused:
		return "refused"
	case Uncertain:
		return "uncertain"
	}
	return "invalid"
}

// Outcome is what became of one record.
type Outcome[T any] struct {
	State   OutcomeState
	Mark    Mark
	Record  T        // as the ledger has it; valid when Created or AlreadyThere
	Refusal *Refusal // why, when Refused; what was seen, when Uncertain: NoAnswer, BrokenAnswer, or an answer
}

// Refusal is the vendor's word on a record.
type Refusal struct {
	Code    string // one of the codes below, or "refused"
	Vendor  string // the vendor's own code
	Message string // the vendor's text, personal data masked
}

// Refusal codes of uncertain outcomes after which the identical bytes may be sent again under the same
// key: the vendor's answer was not heard. Any other code says that the vendor answered, and its key may
// hold that answer for good.
const (
	NoAnswer     = "no_answer"     // nothing came back
	BrokenAnswer = "answer_broken" // the answer was cut off
)

// Refusal codes that a caller acts on.
const (
	RefusedOther         = "refused"
	RefusedNumberTaken   = "number_taken"
	RefusedNameTaken     = "name_taken"
	RefusedAccount       = "account_invalid"
	RefusedTaxRate       = "tax_rate_invalid"
	RefusedCurrency      = "currency_not_enabled"
	RefusedLocked        = "locked_period"
	RefusedOverpays      = "overpays"
	RefusedNotApproved   = "not_approved"
	RefusedContact       = "contact_invalid"
	RefusedLockedByMoney = "locked_by_payment"

	// Of a line that names no item, or one that is not there, is inactive, or is not the only one with the name.
	RefusedItemMissing   = "item_missing"
	RefusedItemArchived  = "item_archived"
	RefusedItemAmbiguous = "item_ambiguous"
	// Of what the company has switched off; see [Organisation.Off].
	RefusedSalesTaxOff      = "sales_tax_off"
	RefusedSalesTaxNotSetUp = "sales_tax_not_set_up"
	RefusedDiscountsOff     = "discounts_off"
)

// Sought says what to look for.
type Sought struct {
	Marks   []Mark
	Since   time.Time // no record sought was sent before it (vendor's clock may differ by minutes)
	Parents []string  // of payments: the invoices' ids, where known
	Numbers []string  // of invoices: look these up as well, whatever their marks
	Newest  int       // instead: the records with any mark that changed last, at most so many
}

// Found is what a look-up saw.
type Found[T any] struct {
	Hits     map[Mark][]T   // every hit, live, voided or deleted
	ByNumber map[string][]T // the records with the numbers sought, whoever wrote them
	Gone     []Ref          // deletions since Sought.Since that carry no mark
}
