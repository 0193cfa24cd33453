package infusionsoft

import (
	"fmt"
	"sync"

	"github.com/shopspring/decimal"
)

// evidence is what an order says of its payments, in major units.
type evidence struct {
	known bool // the order's total and total_paid are both stated
	total decimal.Decimal
	paid  decimal.Decimal
}

// rowPlaces decides in which unit the amounts of an order's payments are, and returns by how many places
// they are to be shifted. Options.RowUnits goes before everything; a currency without minor units, or no
// amounts, leaves nothing to decide. Then, in this order:
//
//  1. An amount with a fraction is in major units, since minor ones are integers.
//  2. Where payments are confirmed, the reading holds under which they sum up to total_paid, with or
//     without what was refunded (whether the vendor takes refunds off it is not documented), while they
//     do not under the other reading.
//  3. Where none is confirmed, amounts above the order's total in major units, and not in minor ones,
//     are in minor units. That an amount is below the total proves nothing.
//
// Otherwise nothing is decided, and the text says why.
func rowPlaces(o Units, rows []row[wireRow], e evidence, places int32) (int32, bool, string) {
	switch {
	case o == UnitsMajor || places == 0:
		return 0, true, ""
	case o == UnitsMinor:
		return places, true, ""
	}
	var confirmed, refunded, largest decimal.Decimal
	anything, money := false, false
	for _, r := range rows {
		if r.value == nil || r.value.Amount.isZero() {
			continue
		}
		anything = true
		if !r.value.Amount.integer() {
			return 0, true, ""
		}
		raw := r.value.Amount.units(0)
		largest = decimal.Max(largest, raw.Abs())
		switch rowStatus(r.value.Status) {
		case rowConfirmed:
			confirmed, money = confirmed.Add(raw), true
		case rowRefunded:
			refunded = refunded.Add(raw.Abs())
		}
	}
	if !anything {
		return 0, true, ""
	}
	if !e.known {
		return 0, false, "the order does not state what was paid"
	}
	fits := func(shift int32) bool {
		if money {
			return confirmed.Shift(-shift).Equal(e.paid) || confirmed.Sub(refunded).Shift(-shift).Equal(e.paid)
		}
		return largest.Shift(-shift).LessThanOrEqual(e.total.Abs())
	}
	major, minor := fits(0), fits(places)
	switch {
	case major && !minor && money:
		return 0, true, ""
	case minor && !major:
		return places, true, ""
	}
	return 0, false, fmt.Sprintf("the order's total is %s and %s of it are paid; its payments are %s confirmed and %s refunded, in units that this does not tell: set Options.RowUnits",
		e.total, e.paid, confirmed, refunded)
}

func evidenceOf(w *wireOrder, b books) evidence {
	if code := w.Total.Code.enum(); code != "" && code != string(b.currency) {
		return evidence{}
	}
	return evidence{
		known: w.Total.Amount.known && w.TotalPaid.Amount.known,
		total: w.Total.Amount.units(b.places),
		paid:  w.TotalPaid.Amount.units(b.places),
	}
}

// recent is the evidence of the orders that were read last: payments are asked for soon after their
// orders, and the totals tell their unit without another call. It forgets the older half when full.
type recent struct {
	mu       sync.Mutex
	now, old map[string]evidence
}

const recentHalf = 2000

func (r *recent) note(id string, e evidence) {
	if r == nil || !e.known {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil || len(r.now) >= recentHalf {
		r.now, r.old = map[string]evidence{}, r.now
	}
	r.now[id] = e
}

func (r *recent) of(id string) (evidence, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.now[id]
	if !ok {
		e, ok = r.old[id]
	}
	return e, ok
}
