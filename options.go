package invoicesync

import (
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Options are what a flow can do without. Nil options are good defaults for demo companies and tests; a
// live ledger needs a Sealer.
type Options struct {
	// Sealer encrypts the bodies of writes that are on their way. It is required for live ledgers.
	Sealer store.Sealer

	// Owner names this process to other processes that hold or want the write lease. "" is random:
	// after a crash the next run then waits for the lease to run out (Lease below). A name that stays
	// the same lets it go on at once; flows that may run at the same time need names of their own, since
	// an owner takes over what it finds under its name.
	Owner string

	// Observer is told of every record and every wait, in order, on the goroutine of the run.
	Observer func(Event)
	Logger   *slog.Logger // nil: no logging
	Metrics  Metrics      // nil: none

	// MaxCreates stops a run after so many new invoices (of a Settle: payments) and says so: a wrong start date must not
	// flood the books. 0: 500 on live ledgers, no limit on others; negative: no limit.
	MaxCreates int

	// Adjust is the host's last word on a draft before it is predicted, hashed and planned. It may
	// change the ledger's side of the record; an error parks the record as "adjust_failed".
	Adjust func(Draft) (Draft, error)

	// Quiet overrides how long after a lost answer absence becomes final. 0: the vendor's own.
	Quiet time.Duration
	// Lease is how long a run may be silent before another may take over. 0: 3 minutes. It is
	// renewed each Lease/3; no byte leaves in its last Lease/12.
	Lease time.Duration
	// MaxWait is the longest wait for a vendor's limit inside a run. 0: 5 minutes. Beyond it the run
	// ends with [ledger.ErrLater] and Report.ResumeAt.
	MaxWait time.Duration
	// ChartAge is how old the chart may get while nothing needs it. 0: 24 hours.
	ChartAge time.Duration
	// SweepEvery is how often what was pushed or imported is compared with the source for what feeds do
	// not announce: deletions, refunds, voids, due dates. 0: 24 hours; negative: never.
	SweepEvery time.Duration
	// Deliver is how long [Host.Apply] may take for one delivery of an [Import]. 0: 30 seconds. Beyond it
	// the delivery has failed, and is made again by the next run.
	Deliver time.Duration
	// Retain is how long activity is kept. 0: for ever.
	Retain time.Duration
	// MemoryStore allows a store that does not outlive the process on a live ledger. For tests.
	MemoryStore bool
}

// Draft is a record as it is about to be planned.
type Draft struct {
	Source  ledger.Invoice // as read; do not change
	Invoice ledger.Invoice // as it will be written
}

// Metrics receives counts and durations. Implementations must be safe for concurrent use.
type Metrics interface {
	// Count adds n to a counter: "records"; labels are pairs.
	Count(name string, n int, labels ...string)
	// Observe records a duration: "batch", "run".
	Observe(name string, d time.Duration, labels ...string)
}

func (o *Options) withDefaults() Options {
	var v Options
	if o != nil {
		v = *o
	}
	if v.Owner == "" {
		v.Owner = rand.Text()
	}
	def := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	def(&v.Lease, 3*time.Minute)
	def(&v.MaxWait, 5*time.Minute)
	def(&v.ChartAge, 24*time.Hour)
	def(&v.SweepEvery, 24*time.Hour)
	def(&v.Deliver, 30*time.Second)
	return v
}

// margin is the end of a lease in which no byte leaves.
func (o Options) margin() time.Duration { return o.Lease / 12 }
