package invoicesync

import (
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// Report is what a run did. Each record that was judged stands in it once, under its state at the
// end and its first reason.
type Report struct {
	Run      string
	Started  time.Time
	Ended    time.Time
	Invoices Counts
	Payments Counts
	Contacts ContactCounts

	// Difference is Σ |ledger − source| over written invoices, in the ledger's currency.
	Difference decimal.Decimal
	// Owed is the money that was not written, by reason code.
	Owed map[string]decimal.Decimal

	Currency ledger.Currency
	Writes   int       // requests sent that can change the ledger
	ResumeAt time.Time // when it is worth running again: a limit, a lease, or quiet time
	Stopped  string    // code of what ended the run early: "max_creates", "processing_off", …; "": ran to the end
}

// Counts counts records by their state at the end of a run.
type Counts struct {
	Read      int            // distinct records judged; the sum of all others
	Created   int            // written by this run
	Already   int            // in the ledger already, nothing to do
	Updated   int            // changed, voided or deleted in the ledger by this run
	Skipped   map[string]int // not wanted by the settings, by code
	Parked    map[string]int // somebody must act, by code
	Refused   int            // the ledger said no
	Uncertain int            // may have been written; the next run looks
	Deferred  int            // left for a later run
}

// ContactCounts counts clients.
type ContactCounts struct {
	Created int
	Linked  int // found in the ledger
	Parked  int
}

// bucket is where a record stands in a report: a state, and its first reason.
type bucket struct{ state, code string }

const (
	bCreated   = "created"
	bAlready   = "already"
	bUpdated   = "updated"
	bSkipped   = "skipped"
	bParked    = "parked"
	bRefused   = "refused"
	bUncertain = "uncertain"
	bDeferred  = "deferred"
)

func newReport(run string, at time.Time) Report {
	return Report{Run: run, Started: at, Owed: map[string]decimal.Decimal{},
		Invoices: newCounts(), Payments: newCounts()}
}

func newCounts() Counts {
	return Counts{Skipped: map[string]int{}, Parked: map[string]int{}}
}

// add counts a record into b, n = 1, or out of it, n = -1.
func (c *Counts) add(b bucket, n int) {
	c.Read += n
	switch b.state {
	case bCreated:
		c.Created += n
	case bAlready:
		c.Already += n
	case bUpdated:
		c.Updated += n
	case bSkipped:
		addCode(c.Skipped, b.code, n)
	case bParked:
		addCode(c.Parked, b.code, n)
	case bRefused:
		c.Refused += n
	case bUncertain:
		c.Uncertain += n
	case bDeferred:
		c.Deferred += n
	default:
		panic("invoicesync: no such bucket: " + b.state)
	}
}

func addCode(m map[string]int, code string, n int) {
	if m[code] += n; m[code] == 0 {
		delete(m, code)
	}
}

// Sum adds the states up; it equals Read.
func (c Counts) Sum() int {
	n := c.Created + c.Already + c.Updated + c.Refused + c.Uncertain + c.Deferred
	for _, m := range []map[string]int{c.Skipped, c.Parked} {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			n += m[k]
		}
	}
	return n
}

// Event is one thing that happened in a run. Message holds no personal data.
type Event struct {
	At       time.Time
	Run      string
	What     string // "read", "created", "already", "updated", "skipped", "parked", "refused", "uncertain", "deferred", "waiting", "doubled", "rebuilt", …
	Kind     ledger.RecordKind
	SourceID string
	Number   string
	LedgerID string
	Codes    []string
	Message  string
	Amount   decimal.Decimal
	Until    time.Time // of a wait
}
