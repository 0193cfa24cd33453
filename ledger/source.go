package ledger

import (
	"context"
	"iter"
	"time"
)

// Source is what invoices can be read from. A Source must be safe for concurrent use.
type Source interface {
	// Organisation returns the company that this source reads. It must name the same company for
	// the life of the value, and must fail with [ErrReconnect] when the connection now leads to
	// another one. It may answer from memory where every answer of the vendor names its company;
	// then every other method must fail with [ErrReconnect] before it hands over anything of the other
	// company, and so must Organisation from then on.
	Organisation(context.Context) (Organisation, error)

	// Invoices reads documents page by page, lines included. See [Query] for order and cursors.
	// A record that cannot be read must be reported in [Page.Unread] and must not end the reading.
	// An error that is not nil is the last thing yielded. A page's memory must belong to the consumer.
	// A page must be yielded even when it has no records, if its Next has moved.
	Invoices(context.Context, Query) iter.Seq2[Page[Invoice], error]

	// Invoice reads one document by id, or by the number that people see. No such document is
	// [ErrNotFound]; a number that several documents answer to is [ErrAmbiguous].
	Invoice(context.Context, Ref) (Invoice, error)

	// Payments reads the vendor's payment feed. A source without one must yield [ErrUnsupported].
	Payments(context.Context, Query) iter.Seq2[Page[Payment], error]

	// PaymentsOf reads all payment records of one document, whatever their status.
	PaymentsOf(context.Context, Ref) ([]Payment, error)
}

// Cursor says where a reading stands. It is opaque; only the adapter that made it understands it.
type Cursor string

// Query says what to read.
//
// Without a Cursor a reading runs over everything that the other fields allow, in an
// order that no edit, payment or deletion during the reading can disturb; the Next of its last page
// then reads what has changed since the reading began. With a Cursor it continues there.
//
// A cursor must be the vendor's clock, never this machine's, and must overlap rather than leave a gap:
// a record may be read twice and must not be missed.
type Query struct {
	Cursor Cursor

	Since    time.Time // without Cursor: only what changed at or after it
	AfterID  string    // without Cursor: only ids after it, in the vendor's order of ids
	From     Date      // without Cursor: only documents dated on or after it
	Refs     []Ref     // only these, by id; Cursor and the fields above are then ignored
	Statuses []Status  // only these; empty: all, voided and deleted ones included
	Open     bool      // only documents of which something is left to pay, and those whose balance is unclear
	Summary  bool      // lines and payments are not needed
	PageSize int       // a wish; 0: the adapter's choice
}

// Page is one answer of a reading.
type Page[T any] struct {
	Records []T
	Deleted []Ref    // records that the vendor says are gone
	Unread  []Unread // records that could not be understood
	Next    Cursor   // continue here once this page is remembered; valid even when Records is empty

	// Forgotten says that Deleted may lack some of what was deleted since the cursor, because the vendor does not show
	// it any longer. Whoever wants to know compares the ids, by a reading of Refs, before Next is remembered.
	Forgotten bool
}

// Unread is a record that could not be understood at all.
type Unread struct {
	Ref    Ref
	Code   string // a reason code
	Detail string // which field, what was expected; no personal data
}

// All flattens pages into records. Deletions and unread records are passed over: use it where they do
// not matter.
func All[T any](pages iter.Seq2[Page[T], error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range pages {
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, r := range page.Records {
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// Notice says that a record changed: the content of a webhook. It is a hint to look, never data.
type Notice struct {
	Organisation OrganisationID
	Routing      string // the vendor's routing id, where the organisation is not named (Xero tenant id)
	Kind         RecordKind
	ID           string
	Deleted      bool
	At           time.Time
}
