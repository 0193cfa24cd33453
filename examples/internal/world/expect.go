package world

import (
	"github.com/shopspring/decimal"
)

// What becomes of a record in a correct push, as reports name it.
const (
	Created = "created"
	Skipped = "skipped" // left out on purpose, with a code
	Parked  = "parked"  // held back for a person, with a code
)

// Expectations say what a correct push does, with the settings of the quickstart: payments as they come,
// zero totals left out, a suffix for a name that is taken, overpayments parked.
type Expectations struct {
	Ledger Ledger  `json:"ledger"`
	Asked  int     `json:"asked"` // orders
	Seed   uint64  `json:"seed"`
	Orders []Order `json:"orders"`
}

// Order is what is expected of one order.
type Order struct {
	ID       string          `json:"id"`
	Client   string          `json:"client"`
	Kinds    []string        `json:"kinds"` // what it was made as
	State    string          `json:"state"`
	Code     string          `json:"code,omitempty"`
	Total    decimal.Decimal `json:"total"`
	Payments []Payment       `json:"payments,omitempty"` // of a created order
}

// Payment is what is expected of one payment row of an order.
type Payment struct {
	ID     string          `json:"id"` // of the row
	State  string          `json:"state"`
	Code   string          `json:"code,omitempty"`
	Amount decimal.Decimal `json:"amount"`
	// Quiet is set where the order itself does not say that anything was paid or tried: such a row
	// moves no money, and a push may never come to see it.
	Quiet bool `json:"quiet,omitempty"`
}

// Tally counts expectations as a report counts records.
type Tally struct {
	Created int
	Skipped map[string]int
	Parked  map[string]int
}

func (t *Tally) add(state, code string) {
	switch state {
	case Skipped:
		t.Skipped[code]++
	case Parked:
		t.Parked[code]++
	default:
		t.Created++
	}
}

func newTally() Tally { return Tally{Skipped: map[string]int{}, Parked: map[string]int{}} }

// Invoices counts the orders.
func (e *Expectations) Invoices() Tally {
	t := newTally()
	for _, o := range e.Orders {
		t.add(o.State, o.Code)
	}
	return t
}

// Payments counts the payment rows, quiet ones left out.
func (e *Expectations) Payments() Tally {
	t := newTally()
	for _, o := range e.Orders {
		for _, p := range o.Payments {
			if !p.Quiet {
				t.add(p.State, p.Code)
			}
		}
	}
	return t
}

// Contacts counts the clients whom created orders are for.
func (e *Expectations) Contacts() int {
	seen := map[string]bool{}
	for _, o := range e.Orders {
		if o.State == Created {
			seen[o.Client] = true
		}
	}
	return len(seen)
}

// Owed is the money that is not written, by code, in cents.
func (e *Expectations) Owed() map[string]int64 {
	owed := map[string]int64{}
	add := func(state, code string, amount decimal.Decimal) {
		if state == Parked {
			owed[code] += amount.Shift(2).IntPart()
		}
	}
	for _, o := range e.Orders {
		add(o.State, o.Code, o.Total)
		for _, p := range o.Payments {
			add(p.State, p.Code, p.Amount)
		}
	}
	return owed
}
