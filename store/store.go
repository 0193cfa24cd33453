// Package store is where the flows remember: which record of a source became which record of a ledger,
// what is on its way, where reading stands, and what happened.
//
// A [Store] is one small database. [Memory] keeps it in this process, for tests; package sqlstore keeps
// it in a file or a server. Whoever writes another one runs [storetest.Run] over it.
//
// Rules for whoever implements a Store: Update must run its function in one transaction that is
// serializable against all others, of other processes too, and must commit all of it or nothing; a
// commit must survive the death of the process, and of the machine where Info says Durable. The
// function may run twice, so it must not have effects outside of the transaction, and never calls a
// vendor or the store itself. Keys are compared byte by byte. Instants have at least millisecond
// precision and are UTC. Decimals are exact. What goes in and out is copied.
// Implementations are safe for concurrent use; a Tx is not, and ends with its function.
//
// An error that a method returns makes the whole transaction fail, even if the function passes over it.
// Answers are the exception: ErrConflict of a document, ErrLeaseLost, and what Verify finds leave the
// transaction usable.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// Errors of stores. Compare with [errors.Is].
var (
	// ErrConflict: a document or lease has moved on since it was read.
	ErrConflict = errors.New("store: changed since it was read")
	// ErrLeaseLost: the lease has another holder, or has run out.
	ErrLeaseLost = errors.New("store: lease lost")
	// ErrNewerSchema: a newer version of this library wrote the store.
	ErrNewerSchema = errors.New("store: written by a newer version")
	// ErrForeign: the file or database belongs to something else, or is damaged.
	ErrForeign = errors.New("store: not an invoicesync store")
)

// Store is a place to remember in.
type Store interface {
	// Update runs f in a transaction that may write. An error of f rolls back and is returned; a panic
	// of f rolls back too. When ctx has ended before the commit, nothing is committed.
	Update(ctx context.Context, f func(Tx) error) error
	// View runs f in a transaction that sees one state. Writing in it is an error.
	View(ctx context.Context, f func(Tx) error) error
	// Info must be constant for the life of the value.
	Info() Info
	// Close releases the store. Using it afterwards is an error.
	Close() error
}

// Info says what a store is.
type Info struct {
	Epoch   string // random, made when the store was created; a restored copy has the same
	Durable bool   // a commit survives the machine's death
	Schema  int
}

// Tx is a transaction.
type Tx interface {
	Links() Links
	Batches() Batches
	Cursors() Cursors
	Activity() Activity
	Leases() Leases
	Budgets() Budgets
	// Documents returns the drawer of a room: "contacts", "connect", ….
	Documents(room string) Documents
}

// Pair is the two organisations of a flow. Links belong to the pair, not to a connection.
type Pair struct {
	Source ledger.OrganisationID
	Ledger ledger.OrganisationID
}

// String returns "source>ledger".
func (p Pair) String() string { return p.Source.String() + ">" + p.Ledger.String() }

// LinkState is where a record of the source stands in the ledger.
type LinkState string

// The states of a link.
const (
	Intended  LinkState = "intended"  // a batch with it is about to leave, or has left
	Written   LinkState = "written"   // it exists in the ledger
	Refused   LinkState = "refused"   // the ledger said no
	Uncertain LinkState = "uncertain" // it may exist
	Parked    LinkState = "parked"    // somebody must act; judged again when something changes
	Skipped   LinkState = "skipped"   // not wanted by the settings; judged again likewise
	Deferred  LinkState = "deferred"  // left for a later run, which judges it first
)

// Link says what became of one record of the source.
type Link struct {
	Pair       Pair
	Kind       ledger.RecordKind
	SourceID   string
	Generation int // rises when the record is created again on purpose

	Mark          ledger.Mark
	State         LinkState
	Adopted       bool   // Written, but found and not created by us
	LedgerID      string // the record's id in the ledger; for contacts the contact used
	LedgerNumber  string
	LedgerVersion string
	TakenBack     bool   // it was written, and has been voided or deleted in the ledger; what comes later has another mark
	OnPurpose     bool   // a person wants it written, whatever the ledger has that looks like it
	Parent        string // of a payment: the source id of its invoice
	LedgerParent  string // of a payment: the ledger id of its invoice

	SourceVersion string // version of the source record that was judged last; of a payment its status
	SourceHash    string // hash of its content as it was written, or judged
	Settings      string // hash of the settings that judged it

	Currency  ledger.Currency
	Amount    decimal.Decimal // the source's total or amount
	Predicted decimal.Decimal // what the ledger was expected to make of it
	Actual    decimal.Decimal // what it made of it
	Reasons   []Reason        // why it is parked, skipped or refused; all of them
	Rule      string          // which due date rule won, or what else decided how it was written; of an import, what the host was told
	Revision  int64           // of an import: of the delivery that was offered last

	Batch     string // the batch that carries it, while Intended or Uncertain; while Written, the one that changes it
	Run       string // the run that judged it last
	Bucket    string // how that run's report counts it: "state/code"
	CreatedBy string // the run that created it in the ledger
	UpdatedBy string // the run that changed or voided it there last
	FirstSent time.Time
	Updated   time.Time
}

// Reason is a coded reason. It holds no personal data.
type Reason struct {
	Code    string `json:"code"`
	Message string `json:"message,omitempty"`
}

// LinkFilter selects links. Zero fields select all.
type LinkFilter struct {
	Pair   Pair // required
	Kind   ledger.RecordKind
	States []LinkState
	Parent string
	Run    string
	Batch  string
	Code   string // with this reason code among the reasons
	After  string // only source ids after it, in byte order: for paging
	Limit  int    // 0: all; a few more come where kinds share the last source id, so that paging loses none
}

// Links is the table of links.
type Links interface {
	// Get returns the link of the highest generation, or false.
	Get(pair Pair, kind ledger.RecordKind, sourceID string) (Link, bool, error)
	// GetMany returns those of the ids that have a link, by source id.
	GetMany(pair Pair, kind ledger.RecordKind, sourceIDs []string) (map[string]Link, error)
	// ByMark returns the link with that mark, of any generation.
	ByMark(ledger.Mark) (Link, bool, error)
	// ByMarks returns those of the marks that have a link.
	ByMarks([]ledger.Mark) (map[ledger.Mark]Link, error)
	// ByLedgerID returns the link that ends at that record of the ledger, of whatever pair and
	// generation. Of several (two contacts of a source, one of the ledger) it is the first by the text
	// of the pair, then by source id, then of the highest generation.
	ByLedgerID(ledgerOrg ledger.OrganisationID, kind ledger.RecordKind, id string) (Link, bool, error)
	// ByLedgerIDs returns those of the ids that have a link.
	ByLedgerIDs(ledgerOrg ledger.OrganisationID, kind ledger.RecordKind, ids []string) (map[string]Link, error)
	// Put writes the link, in place of one with the same pair, kind, source id and generation. Two
	// links with one mark are ErrConflict; no mark ("") is none. A link without an identity or with a
	// state that does not exist is an error (see [Link.Validate]).
	Put(...Link) error
	// List returns links of the highest generation in the order of source ids, byte by byte, and of
	// kinds where those are equal. A link that is not the newest never shows, even where it alone
	// would pass the filter.
	List(LinkFilter) ([]Link, error)
	// Count counts what List would return, by state.
	Count(LinkFilter) (map[LinkState]int, error)
}

// Batch is a write that is about to leave or has left, and is not resolved yet. It goes when it is.
type Batch struct {
	ID       string
	Pair     Pair
	Kind     ledger.RecordKind
	Verb     string // "create", "update", "void"
	Members  []ledger.Member
	Route    string
	Body     []byte // sealed
	BodyHash string // of the plain body
	Key      string // the vendor's idempotency key
	Attempt  int    // rises with each key
	Round    int    // how often it was halved
	Before   string // of a change: the record's version before
	Answered bool   // the vendor answered with an error, so the key must not be used again
	Looks    int    // how often it was looked for after the quiet time

	Lease     int64     // token of the lease under which it was sent last
	FirstSent time.Time // earliest time that a byte could have left; zero: none
	LastSent  time.Time // latest time that a byte could have left
	SendBy    time.Time // no byte may leave after it
}

// Batches is the table of batches that are not resolved.
type Batches interface {
	Get(id string) (Batch, bool, error)
	Put(Batch) error
	// Delete removes the batch; one that is not there is no error.
	Delete(id string) error
	// List returns the pair's batches of that kind ("": all), oldest first: in the order in which
	// they were put for the first time.
	List(pair Pair, kind ledger.RecordKind) ([]Batch, error)
}

// Cursors remembers where readings stand.
type Cursors interface {
	// Get returns "" for a name that was never set.
	Get(name string) (string, error)
	Set(name, value string) error
}

// Row is one line of the activity log: ids, codes and amounts, never names or e-mail addresses.
type Row struct {
	Seq      int64 // given by Append, from 1, without gaps
	At       time.Time
	Pair     Pair
	Run      string
	Event    string // "intended", "created", "parked", …
	Kind     ledger.RecordKind
	SourceID string
	LedgerID string
	Codes    []string
	Amount   decimal.Decimal
	Currency ledger.Currency
	Detail   string // which rule decided, what was compared
	Prev     string // hash of the row before, "" for the first
	Hash     string // of this row and Prev
}

// ActivityFilter selects rows. Zero fields select all.
type ActivityFilter struct {
	Pair     Pair
	Run      string
	SourceID string
	LedgerID string
	Event    string
	Code     string
	After    int64 // only later rows
	Limit    int
}

// Activity is the append-only log, each row chained to the one before by hash.
type Activity interface {
	// Append numbers and chains the rows as [ChainHead.Add] does; Seq, Prev and Hash of what is passed
	// do not matter. At is kept in milliseconds.
	Append(...Row) error
	// List returns rows in the order of their numbers.
	List(ActivityFilter) ([]Row, error)
	// Verify walks the chain and returns an error that names the first broken row.
	Verify() error
	// Trim removes the rows at the front that are older than before, up to the first that is not, and
	// says how many. The chain starts at the oldest row that stays; numbers are never used again.
	Trim(before time.Time) (int, error)
}

// Lease is the right to write, until Until.
type Lease struct {
	Name  string
	Owner string
	Token int64 // rises with every holder of the name
	Until time.Time
}

// Leases is the table of leases.
type Leases interface {
	// Get returns the lease as it stands, run out or not; false: never taken, or given up.
	Get(name string) (Lease, bool, error)
	// Acquire takes a lease that nobody holds at now, or that owner holds, with a new token. Held by
	// another it returns that lease and false. At Until itself a lease has run out.
	Acquire(name, owner string, now time.Time, life time.Duration) (Lease, bool, error)
	// Renew prolongs a lease to now + life; another token than the current, or one that has run out at
	// now, is ErrLeaseLost.
	Renew(name string, token int64, now time.Time, life time.Duration) (Lease, error)
	// Check is ErrLeaseLost unless token is the current one. It knows no clock: in the transaction of
	// a write it makes sure that nobody has taken over.
	Check(name string, token int64) error
	// Release gives a lease up; of a lost one it does nothing. The token stays used.
	Release(name string, token int64) error
}

// Budgets counts calls over time, for several processes that share a vendor's limit. A key is always
// used with one span.
type Budgets interface {
	// Take adds n to key at now, unless more than limit would lie within the last span; then it adds
	// nothing and returns how long until n fit; never less than that, at most a hundredth of the span
	// more. More than limit at once never fits and is an error.
	Take(key string, now time.Time, span time.Duration, n, limit int) (wait time.Duration, err error)
	// Used returns how many lie within the last span.
	Used(key string, now time.Time, span time.Duration) (int, error)
}

// Document is a value in a drawer.
type Document struct {
	Key     string
	Value   []byte
	Version int64 // from 1, rises with every Put
}

// AnyVersion lets Put and Delete pass whatever the version is.
const AnyVersion int64 = -1

// Documents is a drawer of one room: small values, compare and swap, scanned in byte order.
type Documents interface {
	Get(key string) (Document, bool, error)
	// Put writes value if the document's version is version (0: it must not exist yet;
	// AnyVersion: whatever), else ErrConflict.
	Put(key string, value []byte, version int64) error
	// Delete removes it under the same rule; removing what is not there is no error with AnyVersion.
	// A key that comes back starts at version 1 again.
	Delete(key string, version int64) error
	// Scan returns documents whose key starts with prefix and lies after the key after ("": from
	// the start), in byte order of keys, at most limit (0: all).
	Scan(prefix, after string, limit int) ([]Document, error)
}
