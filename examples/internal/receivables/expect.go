package receivables

import (
	"slices"

	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// Expectations say what an import finds in the books, with the settings of the example and the default policy.
type Expectations struct {
	Ledger   world.Ledger `json:"ledger"`
	Asked    int          `json:"asked"` // invoices
	Seed     uint64       `json:"seed"`
	AsOf     string       `json:"as_of"` // the day on which ages are what they were made to be
	Invoices []Invoice    `json:"invoices"`
}

// Invoice is what is expected of one invoice.
type Invoice struct {
	ID       string   `json:"id"`
	Kind     string   `json:"kind"`
	Client   string   `json:"client,omitempty"` // id in the ledger
	Sought   bool     `json:"sought,omitempty"` // read by a first run that does not read everything
	Reasons  []string `json:"reasons,omitempty"`
	Payments []string `json:"payments,omitempty"` // ids of what was paid on it
}

// Tally counts verdicts.
type Tally struct {
	Examined, Imported, Rejected int
	Reasons                      map[string]int // an invoice may have several
}

// Tally counts what a first run without a budget finds; all: that reads documents of every status and age.
func (e *Expectations) Tally(all bool) Tally {
	t := Tally{Reasons: map[string]int{}}
	for _, inv := range e.Invoices {
		if !all && !inv.Sought {
			continue
		}
		t.Examined++
		if len(inv.Reasons) == 0 {
			t.Imported++
			continue
		}
		t.Rejected++
		for _, code := range inv.Reasons {
			t.Reasons[code]++
		}
	}
	return t
}

// Clients are the ids of the clients of invoices that are eligible, each once, in the order of their first one.
func (e *Expectations) Clients() []string {
	var ids []string
	seen := map[string]bool{}
	for _, inv := range e.Invoices {
		if len(inv.Reasons) == 0 && inv.Client != "" && !seen[inv.Client] {
			seen[inv.Client] = true
			ids = append(ids, inv.Client)
		}
	}
	return slices.Clip(ids)
}

// Find returns what is expected of an invoice.
func (e *Expectations) Find(id string) (Invoice, bool) {
	i := slices.IndexFunc(e.Invoices, func(inv Invoice) bool { return inv.ID == id })
	if i < 0 {
		return Invoice{}, false
	}
	return e.Invoices[i], true
}
