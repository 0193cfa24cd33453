// Package cash is a host that collects money and two ledgers that it is booked in, for tests: the real
// adapters of Xero and QuickBooks over their fakes, behind one word for what a person does at the screen.
package cash

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
)

// Account is the host's account.
var account = ledger.OrganisationID{Vendor: "host", ID: "acct-7"}

// Account returns the identity of the host's account.
func Account() ledger.OrganisationID { return account }

// Host is a host's memory of the payments that it collected. It announces changes in pages of three.
type Host struct {
	mu       sync.Mutex
	next     int
	changes  []string // ids, in the order of their changes
	payments map[string]ledger.Payment

	// Reads counts the readings, by id too.
	Reads int
	// During is called before each answer, and may change what the answer says.
	During func()
}

var _ invoicesync.Collections = (*Host)(nil)

// NewHost returns a host that has collected nothing.
func NewHost() *Host { return &Host{payments: map[string]ledger.Payment{}} }

// Add collects a payment: confirmed, today, by card, in Australian dollars, unless it says otherwise. It
// returns its id.
func (h *Host) Add(invoice, amount string, change ...func(*ledger.Payment)) string {
	h.mu.Lock()
	h.next++
	p := ledger.Payment{ID: fmt.Sprintf("pay_%03d", h.next), InvoiceID: invoice, Amount: decimal.RequireFromString(amount), Currency: "AUD",
		Status: ledger.PaymentConfirmed, Method: "card", PaidAt: time.Now(), Reference: fmt.Sprint("Card ", h.next)}
	h.mu.Unlock()
	for _, f := range change {
		f(&p)
	}
	h.put(p, true)
	return p.ID
}

// Change changes a payment and announces it.
func (h *Host) Change(id string, f func(*ledger.Payment)) { h.change(id, f, true) }

// ChangeInSilence changes a payment and forgets to say so.
func (h *Host) ChangeInSilence(id string, f func(*ledger.Payment)) { h.change(id, f, false) }

// Set gives a payment a status.
func (h *Host) Set(id string, s ledger.PaymentStatus) {
	h.Change(id, func(p *ledger.Payment) { p.Status = s })
}

// Forget removes a payment without a word.
func (h *Host) Forget(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.payments, id)
}

func (h *Host) change(id string, f func(*ledger.Payment), loud bool) {
	h.mu.Lock()
	p := h.payments[id]
	h.mu.Unlock()
	f(&p)
	h.put(p, loud)
}

func (h *Host) put(p ledger.Payment, loud bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.payments[p.ID] = p
	if loud {
		h.changes = append(h.changes, p.ID)
	}
}

// Collected implements [invoicesync.Collections].
func (h *Host) Collected(_ context.Context, cursor ledger.Cursor) iter.Seq2[ledger.Page[ledger.Payment], error] {
	return func(yield func(ledger.Page[ledger.Payment], error) bool) {
		at, _ := strconv.Atoi(string(cursor))
		for {
			if h.During != nil {
				h.During()
			}
			h.mu.Lock()
			h.Reads++
			to := min(at+3, len(h.changes))
			page := ledger.Page[ledger.Payment]{Next: ledger.Cursor(strconv.Itoa(to))}
			for _, id := range h.changes[min(at, to):to] {
				if p, ok := h.payments[id]; ok {
					page.Records = append(page.Records, p)
				}
			}
			end := to >= len(h.changes)
			h.mu.Unlock()
			if at = to; !yield(page, nil) || end {
				return
			}
		}
	}
}

// Payments implements [invoicesync.Collections].
func (h *Host) Payments(_ context.Context, ids []string) ([]ledger.Payment, error) {
	if h.During != nil {
		h.During()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.Reads++
	var rows []ledger.Payment
	for _, id := range ids {
		if p, ok := h.payments[id]; ok {
			rows = append(rows, p)
		}
	}
	return rows, nil
}
