package compare_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// heldBooks is a ledger with an invoice of 100.00 without tax in two lines, of which 40.00 are paid, a void one, and a
// paid one; and what a host must hold of them.
type heldBooks struct {
	ledger compare.Ledger
	held   []compare.Held
}

func heldInXero(t *testing.T) heldBooks {
	t.Helper()
	f, err := xerofake.New(nil)
	require.NoError(t, err)
	b := f.Books()
	c, err := b.AddContact(xerofake.Contact{Name: "Client"})
	require.NoError(t, err)
	add := func() string {
		line := func(amount string) xerofake.Line {
			return xerofake.Line{Description: "Work", Quantity: dec("1"), UnitAmount: dec(amount), AccountCode: "200", TaxType: "EXEMPTOUTPUT"}
		}
		inv, err := b.AddInvoice(xerofake.Invoice{Document: xerofake.Document{ContactID: c.ContactID, Lines: []xerofake.Line{line("60"), line("40")}}})
		require.NoError(t, err)
		return inv.ID
	}
	pay := func(id, amount string) string {
		p, err := b.AddPayment(xerofake.Payment{InvoiceID: id, Amount: dec(amount)})
		require.NoError(t, err)
		return p.PaymentID
	}
	part, void, full := add(), add(), add()
	p, q := pay(part, "40"), pay(full, "100")
	require.NoError(t, b.VoidInvoice(void))
	lines := []decimal.Decimal{dec("40"), dec("60")}
	return heldBooks{compare.Xero{BaseURL: "http://xero.test", Client: f.Client("any"), Tenant: b.Organisation().TenantID}, []compare.Held{
		{ID: part, Status: "approved", Total: dec("100"), Balance: dec("60"), Lines: lines, Payments: map[string]decimal.Decimal{p: dec("40")}},
		{ID: void, Status: "voided", Total: dec("100"), Lines: lines},
		{ID: full, Status: "paid", Total: dec("100"), Lines: lines, Payments: map[string]decimal.Decimal{q: dec("100")}},
	}}
}

func heldInQuickBooks(t *testing.T) heldBooks {
	t.Helper()
	f, err := quickbooksfake.New(nil)
	require.NoError(t, err)
	b := f.Books()
	c, err := b.AddCustomer(quickbooksfake.Customer{Party: quickbooksfake.Party{DisplayName: "Client"}})
	require.NoError(t, err)
	money := func(s string) *quickbooksfake.Amount { a := quickbooksfake.NewAmount(dec(s)); return &a }
	customer := quickbooksfake.Ref{Value: c.ID}
	add := func() string {
		line := func(amount string) quickbooksfake.Line {
			return quickbooksfake.Line{Amount: money(amount), SalesItemLineDetail: &quickbooksfake.SalesItemLineDetail{
				ItemRef: &quickbooksfake.Ref{Value: "1"}, TaxCodeRef: &quickbooksfake.Ref{Value: "NON"}}}
		}
		inv, err := b.AddInvoice(quickbooksfake.Invoice{Sale: quickbooksfake.Sale{CustomerRef: customer, Line: []quickbooksfake.Line{line("60"), line("40")}}})
		require.NoError(t, err)
		return inv.ID
	}
	pay := func(id, amount string) string {
		p, err := b.AddPayment(quickbooksfake.Payment{CustomerRef: customer, TotalAmt: money(amount), Line: []quickbooksfake.Line{
			{Amount: money(amount), LinkedTxn: []quickbooksfake.LinkedTxn{{TxnID: id, TxnType: "Invoice"}}}}})
		require.NoError(t, err)
		return p.ID
	}
	part, void, full := add(), add(), add()
	p, q := pay(part, "40"), pay(full, "100")
	require.NoError(t, b.VoidInvoice(void))
	lines := []decimal.Decimal{dec("40"), dec("60")}
	return heldBooks{compare.QuickBooks{BaseURL: "http://quickbooks.test", Client: f.Client("any"), Realm: b.Company().RealmID}, []compare.Held{
		{ID: part, Status: "approved", Total: dec("100"), Balance: dec("60"), Lines: lines, Payments: map[string]decimal.Decimal{p: dec("40")}},
		{ID: void, Status: "voided"}, // a void leaves nothing of the amounts
		{ID: full, Status: "paid", Total: dec("100"), Lines: lines, Payments: map[string]decimal.Decimal{q: dec("100")}},
	}}
}

func TestHeld(t *testing.T) {
	t.Parallel()
	for name, books := range map[string]func(*testing.T) heldBooks{"xero": heldInXero, "quickbooks": heldInQuickBooks} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := books(t)
			check := func(held []compare.Held) compare.HeldResult {
				r, err := compare.CompareHeld(t.Context(), b.ledger, held)
				require.NoError(t, err)
				return r
			}
			r := check(append(slices.Clone(b.held), compare.Held{ID: "4711", Status: "deleted", Total: dec("9")}))
			require.Equal(t, compare.HeldResult{Invoices: 4}, r, "all as the ledger has it")

			for says, spoil := range map[string]func(*compare.Held){
				"held as paid":     func(h *compare.Held) { h.Status = "paid" },
				"held with 99.99":  func(h *compare.Held) { h.Total = dec("99.99") },
				"held with 60.01":  func(h *compare.Held) { h.Balance = dec("60.01") },
				"lines are others": func(h *compare.Held) { h.Lines = h.Lines[:1] },
				"does not have it": func(h *compare.Held) { h.ID = "4711" },
				"1 payments":       func(h *compare.Held) { h.Payments = nil },
				"held as deleted":  func(h *compare.Held) { h.Status = "deleted" },
				"held with 1, or o": func(h *compare.Held) {
					h.Payments = maps.Clone(h.Payments)
					for id := range h.Payments {
						h.Payments[id] = dec("41")
					}
				},
			} {
				bad := slices.Clone(b.held)
				spoil(&bad[0])
				r := check(bad)
				require.Equal(t, 1, r.Differing, says)
				require.Contains(t, r.Listed[0], says)
			}
		})
	}
}
