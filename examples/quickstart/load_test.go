package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// official returns the example objects of the vendor's own specification, which nobody here wrote.
func official(t *testing.T) []byte {
	t.Helper()
	specs := os.Getenv("INVOICESYNC_SPECS")
	if specs == "" {
		t.Skip("INVOICESYNC_SPECS is not set: the official example is not loaded")
	}
	raw, err := os.ReadFile(filepath.Join(specs, "infusionsoft", "rest-v2", "examples-from-spec.json"))
	require.NoError(t, err)
	return raw
}

func folder(t *testing.T, content []byte) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "examples.json"), content, 0o600))
	return dir
}

// The sums of the example do not add up: it is parked, and that is no failure.
func TestLoadOfficialExample(t *testing.T) {
	t.Parallel()
	raw := official(t)
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "-db", filepath.Join(t.TempDir(), "shop.db"), "-load", folder(t, raw), "-json")
		r.mustSucceed(t)
		require.Equal(t, 1, r.json.Read)
		require.Equal(t, map[string]int{"lines_do_not_sum": 1}, r.json.Parked)
		require.Zero(t, r.json.Created+r.json.Writes)
	})
}

// With nothing corrected but sums and cross-references, the same order arrives to the cent.
//
// Its line is 2 × 100.00, less a discount of 100.00, less a special of 10 % of the line, which is 20.00:
// 80.00. That is what the order, its plan and its payment must come to; nothing was refunded. The row of
// the payment is in minor units, as its example of 10000 beside a total of 100.00 has it.
func TestLoadCorrectedExample(t *testing.T) {
	t.Parallel()
	var all map[string]any
	require.NoError(t, json.Unmarshal(official(t), &all))
	order := first(t, all, "ListOrders", "orders")
	for _, field := range []string{"total", "total_paid", "total_due"} {
		setAmount(order[field], 8000)
	}
	setAmount(order["refund_total"], 0)
	instalment := order["payment_plan"].(map[string]any)["payment_plan_items"].([]any)[0].(map[string]any)
	setAmount(instalment["amount_due"], 8000)
	setAmount(instalment["amount_paid"], 8000)
	order["contact"].(map[string]any)["id"] = "1001" // the example Contact
	order["contact"].(map[string]any)["email"] = "john.smith@example.com"

	row := first(t, all, "ListOrderPaymentsResponse", "invoice_order_payments")
	row["amount"] = 8000
	delete(row, "refund_invoice_payment_id")
	payment := first(t, all, "ListPayments", "payments")
	payment["id"], payment["amount"], payment["order_ids"] = "789", 80, []string{"123"}
	delete(payment, "refund_payment_id")
	raw, err := json.Marshal(all)
	require.NoError(t, err)

	synctest.Test(t, func(t *testing.T) {
		db, dir := filepath.Join(t.TempDir(), "shop.db"), folder(t, raw)
		r := start(t, "-db", db, "-load", dir, "-json")
		r.mustSucceed(t)
		require.Equal(t, 1, r.json.Read)
		require.Equal(t, 1, r.json.Created)
		require.Equal(t, 1, r.json.Payments.Created)
		require.Zero(t, r.json.Difference)
		inv := books(t, db).Books().Invoices()
		require.Len(t, inv, 1)
		require.Equal(t, "80.00", inv[0].Total.StringFixed(2))
		require.Equal(t, "PAID", inv[0].Status)

		again := start(t, "-db", db, "-load", dir, "-json")
		again.mustSucceed(t)
		require.Zero(t, again.json.Created+again.json.Writes)
		require.LessOrEqual(t, again.json.Calls.Infusionsoft, 3)
		require.LessOrEqual(t, again.json.ledgerCalls(), 3)
	})
}

// first returns the first record of a list answer.
func first(t *testing.T, all map[string]any, answer, member string) map[string]any {
	t.Helper()
	list := all[answer].(map[string]any)[member].([]any)
	require.NotEmpty(t, list)
	return list[0].(map[string]any)
}

func setAmount(money any, cents int) { money.(map[string]any)["amount"] = cents }
