package userpain

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/invoicesync/invoicesync/infusionsoft/infusionsoftfake"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
)

// What the tests over QuickBooks share. The Australian company's chart: product 5 bears GST of 10 % (code 2), product 1
// none (code 3); payments go to account 35.

// onQuickBooks is flow over QuickBooks.
func onQuickBooks(t *testing.T, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	flowIn(t, rig.World{Ledger: rig.OnQuickBooks}, f)
}

// american is a company of the United States, for an application there.
func american(tax quickbooksfake.SalesTax) rig.World {
	return rig.World{
		Ledger: rig.OnQuickBooks, Tenant: infusionsoftfake.Tenant{Currency: "USD", TimeZone: "America/Los_Angeles"},
		Company: quickbooksfake.Company{Country: "US", SalesTax: tax, AllowShipping: true, AllowDiscount: true},
	}
}

// inQuickBooks returns the invoice that an order became.
func inQuickBooks(t *testing.T, r *rig.Rig, o infusionsoftfake.Order) quickbooksfake.Invoice {
	t.Helper()
	l := link(t, r, ledger.KindInvoice, idOf(o))
	inv, ok := r.QuickBooks.Books().Invoice(l.LedgerID)
	if !ok || l.LedgerID == "" {
		t.Fatalf("order %d: quickbooks has no invoice %q; the link is %s %v", o.ID, l.LedgerID, l.State, l.Reasons)
	}
	return inv
}

// settledIn checks an invoice's total, tax and what is left to pay.
func settledIn(t *testing.T, inv quickbooksfake.Invoice, total, tax, due string) {
	t.Helper()
	money(t, "total", inv.TotalAmt.Decimal, total)
	money(t, "tax", inv.TxnTaxDetail.TotalTax.Decimal, tax)
	money(t, "still open", inv.Balance.Decimal, due)
}

// batched is a batch as it travels.
type batched struct {
	at        time.Time
	requestID string
	items     []batchedItem
}

type batchedItem struct {
	BID      string `json:"bId"`
	Invoice  map[string]any
	Payment  map[string]any
	Customer map[string]any
}

// batches listens to the batches that pass, of every kind.
func batches(t *testing.T, r *rig.Rig) func() []batched {
	t.Helper()
	calls := tap(r.Faults, "POST", "/batch")
	return func() []batched {
		var list []batched
		for _, c := range calls() {
			var b struct{ BatchItemRequest []batchedItem }
			rig.Check(t, json.Unmarshal([]byte(c.Body), &b))
			one := batched{at: c.At, items: b.BatchItemRequest}
			if ids := c.Query["requestid"]; len(ids) == 1 {
				one.requestID = ids[0]
			}
			list = append(list, one)
		}
		return list
	}
}

func (b batched) kind() ledger.RecordKind {
	switch i := b.items[0]; {
	case i.Invoice != nil:
		return ledger.KindInvoice
	case i.Payment != nil:
		return ledger.KindPayment
	}
	return ledger.KindContact
}

// refusals is how many requests QuickBooks has refused as a whole.
func refusals(r *rig.Rig) int { return r.QuickBooks.Counts().ByStatus[400] }
