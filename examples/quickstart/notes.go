package main

import (
	"maps"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
)

// notes keeps what a run has told about the records that are not in the ledger: why, and which.
type notes struct {
	records map[record]note
}

type record struct {
	kind ledger.RecordKind
	id   string
}

type note struct {
	state, code, message string
	amount               decimal.Decimal
}

func newNotes() *notes { return &notes{records: map[record]note{}} }

// event takes what the run says. The last word on a record counts.
func (n *notes) event(e invoicesync.Event) {
	if e.SourceID == "" {
		return
	}
	key := record{e.Kind, e.SourceID}
	switch e.What {
	case "created", "already", "updated":
		delete(n.records, key)
	case "skipped", "parked", "refused", "uncertain", "deferred":
		code := e.What
		if len(e.Codes) > 0 {
			code = e.Codes[0]
		}
		n.records[key] = note{e.What, code, e.Message, e.Amount}
	}
}

// A group is the records that share a state and a reason.
type group struct {
	kind                 ledger.RecordKind
	state, code, message string
	ids                  []string
}

// groups returns the notes by reason: what is parked first, since somebody must act on it.
func (n *notes) groups() []group {
	type key struct {
		kind        ledger.RecordKind
		state, code string
	}
	byReason := map[key]*group{}
	for rec, why := range n.records {
		k := key{rec.kind, why.state, why.code}
		g := byReason[k]
		if g == nil {
			g = &group{kind: rec.kind, state: why.state, code: why.code, message: why.message}
			byReason[k] = g
		}
		g.ids = append(g.ids, rec.id)
	}
	order := []string{"refused", "parked", "uncertain", "deferred", "skipped"}
	keys := slices.SortedFunc(maps.Keys(byReason), func(a, b key) int {
		if d := slices.Index(order, a.state) - slices.Index(order, b.state); d != 0 {
			return d
		}
		return compareTexts(string(a.kind), string(b.kind), a.code, b.code)
	})
	groups := make([]group, len(keys))
	for i, k := range keys {
		g := byReason[k]
		slices.SortFunc(g.ids, func(a, b string) int {
			if len(a) != len(b) {
				return len(a) - len(b) // ids are numbers
			}
			return compareTexts(a, b)
		})
		groups[i] = *g
	}
	return groups
}

// unbooked is the money of payments that the run has told of as not booked, in the smallest unit. What
// was skipped has moved no money; what is to be reversed by hand is in the ledger. It is not final while
// payments wait for a later run: their invoices may wait too.
func (n *notes) unbooked(c ledger.Currency) (sum int64, final bool) {
	final = true
	for rec, why := range n.records {
		if rec.kind != ledger.KindPayment || why.state == "skipped" || why.code == "reverse_by_hand" {
			continue
		}
		sum += minor(why.amount, c)
		final = final && why.state != "deferred" && why.state != "uncertain"
	}
	return sum, final
}

// minor is an amount in the smallest unit of its currency.
func minor(d decimal.Decimal, c ledger.Currency) int64 { return d.Shift(c.Places()).Round(0).IntPart() }

// compareTexts compares pairs of texts, the first pair first.
func compareTexts(pairs ...string) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		switch {
		case pairs[i] < pairs[i+1]:
			return -1
		case pairs[i] > pairs[i+1]:
			return 1
		}
	}
	return 0
}
