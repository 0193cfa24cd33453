package invoicesync

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
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
	DoneBy   time.Time // of an import over its budget: when all that is deferred will have been judged, about
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

// Event is one thing that happened in a run. Message holds no personal data.
type Event struct {
	At       time.Time
	Run      string
	What     string // "read", "created", "already", "updated", "skipped", "parked", "refused", "uncertain", "deferred", "unread", "waiting", "stopped", "rebuilt"
	Kind     ledger.RecordKind
	SourceID string
	Number   string
	LedgerID string
	Codes    []string
	Message  string
	Amount   decimal.Decimal
	Until    time.Time // of a wait
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

// stamp says in the link how this run judges it, so that the report counts each record once.
func (r *run) stamp(l *store.Link) {
	l.Run, l.Settings = r.id, r.settings
	b := bucketOf(*l, r.id)
	l.Bucket = b.state + "/" + b.code
}

// countedAs is how this run has counted a link that it reads again, and "" where it has not.
func (r *run) countedAs(l *store.Link) string {
	if l == nil || l.Run != r.id {
		return ""
	}
	return l.Bucket
}

// tally counts a link into the report, and out of it as this run had counted it before.
func (r *run) tally(before string, l store.Link) {
	var c *Counts
	switch l.Kind {
	case ledger.KindInvoice:
		c = &r.rep.Invoices
	case ledger.KindPayment:
		c = &r.rep.Payments
	default:
		return
	}
	if before != "" {
		c.add(parseBucket(before), -1)
		r.owe(parseBucket(before), l.Amount.Neg())
	}
	b := parseBucket(l.Bucket)
	c.add(b, 1)
	r.owe(b, l.Amount)
	if l.Kind == ledger.KindInvoice {
		if now, then := variance(l, b), variance(l, parseBucket(before)); !now.Equal(then) {
			r.rep.Difference = r.rep.Difference.Add(now).Sub(then)
		}
	}
	if r.opts.Metrics != nil {
		r.opts.Metrics.Count("records", 1, "kind", string(l.Kind), "state", b.state, "code", b.code)
	}
}

// variance is by how much a record that this run wrote differs from its source.
func variance(l store.Link, b bucket) decimal.Decimal {
	if l.State == store.Written && (b.state == bCreated || b.state == bUpdated) && !l.Actual.Equal(l.Amount) {
		return l.Actual.Sub(l.Amount).Abs()
	}
	return decimal.Zero
}

// owe adds money that was not written.
func (r *run) owe(b bucket, amount decimal.Decimal) {
	code := b.code
	switch b.state {
	case bRefused:
	case bUncertain, bDeferred, bParked:
		if code != "" && !Explain(code).Owed {
			return // its money is in the ledger
		}
	default:
		return
	}
	if code == "" {
		code = b.state
	}
	if sum := r.rep.Owed[code].Add(amount); sum.IsZero() {
		delete(r.rep.Owed, code)
	} else {
		r.rep.Owed[code] = sum
	}
}

// bucketOf says how a report counts the link.
func bucketOf(l store.Link, run string) bucket {
	code := firstCode(l)
	switch l.State {
	case store.Written:
		switch {
		case code == CodeChangeUncertain:
			return bucket{bUncertain, code}
		case code == CodeTotalDiffersAfter && l.CreatedBy == run:
			return bucket{bCreated, ""}
		case code == CodeTotalDiffersAfter && l.UpdatedBy == run:
			return bucket{bUpdated, ""}
		case Explain(code).Stands == StandsIn:
			return bucket{bParked, code}
		case l.CreatedBy == run:
			return bucket{bCreated, ""}
		case l.UpdatedBy == run:
			return bucket{bUpdated, ""}
		}
		return bucket{bAlready, ""}
	case store.Skipped:
		if l.UpdatedBy == run {
			return bucket{bUpdated, ""} // voided or deleted by this run
		}
		return bucket{bSkipped, code}
	case store.Parked:
		return bucket{bParked, code}
	case store.Refused:
		return bucket{bRefused, code}
	case store.Deferred:
		return bucket{bDeferred, code}
	}
	return bucket{bUncertain, code}
}

func parseBucket(s string) bucket {
	state, code, _ := strings.Cut(s, "/")
	return bucket{state, code}
}

// eventOf names what happened to a link, for the log and the observer.
func eventOf(l store.Link, run string) string { return bucketOf(l, run).state }
