package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/shop"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/xero/xerofake"
)

// result is what a run of the program gave.
type result struct {
	code     int
	out, err string
	json     jsonReport
}

// start runs the program against fakes in memory, so that inside a synctest bubble the real limits cost
// no time.
func start(t *testing.T, args ...string) result {
	t.Helper()
	return startIn(t.Context(), t, args...)
}

func startIn(ctx context.Context, t *testing.T, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	p := program{args: args, env: func(string) string { return "" }, out: &out, err: &err, direct: true}
	code := p.run(ctx)
	r := result{code: code, out: out.String(), err: err.String()}
	if lines := strings.Split(strings.TrimSpace(r.out), "\n"); strings.HasPrefix(lines[len(lines)-1], "{") {
		require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &r.json))
	}
	return r
}

func (r result) mustSucceed(t *testing.T) {
	t.Helper()
	require.Equal(t, command.Done, r.code, "stdout: %s\nstderr: %s", r.out, r.err)
}

func expected(t *testing.T, db string) shop.Made {
	t.Helper()
	raw, err := os.ReadFile(shop.ExpectedFile(db))
	require.NoError(t, err)
	var made shop.Made
	require.NoError(t, json.Unmarshal(raw, &made))
	return made
}

// books opens what the fake of Xero has kept.
func books(t *testing.T, db string) *xerofake.Fake {
	t.Helper()
	f, err := xerofake.New(&xerofake.Options{BooksFile: db + ".xero.jsonl"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

func (r jsonReport) sum() int {
	n := r.Created + r.Already + r.Updated + r.Refused + r.Uncertain + r.Deferred
	for _, m := range []map[string]int{r.Skipped, r.Parked} {
		for _, v := range m {
			n += v
		}
	}
	return n
}

// ledgerCalls is the calls to the ledger of the run, whichever it was.
func (r jsonReport) ledgerCalls() int {
	if r.Calls.QuickBooks != nil {
		return *r.Calls.QuickBooks
	}
	return *r.Calls.Xero
}

// eachLedger runs a test on virtual time, once for each ledger.
func eachLedger(t *testing.T, test func(t *testing.T, into world.Ledger, db string)) {
	t.Helper()
	for _, into := range []world.Ledger{world.Xero, world.QuickBooks} {
		t.Run(string(into), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, into, filepath.Join(t.TempDir(), "shop.db")) })
		})
	}
}

func TestFirstAndSecondRun(t *testing.T) {
	t.Parallel()
	for _, seed := range []string{"1", "2"} {
		t.Run("seed "+seed, func(t *testing.T) {
			t.Parallel()
			eachLedger(t, func(t *testing.T, into world.Ledger, db string) {
				first := start(t, "-db", db, "-ledger", string(into), "-orders", "150", "-seed", seed, "-json")
				first.mustSucceed(t)
				made := expected(t, db)
				got := first.json
				want := made.Invoices()
				require.Equal(t, 150, got.Read)
				require.Equal(t, got.Read, got.sum())
				require.Equal(t, want, world.Tally{Created: got.Created, Skipped: got.Skipped, Parked: got.Parked})
				require.Equal(t, made.Payments(), world.Tally{Created: got.Payments.Created, Skipped: got.Payments.Skipped, Parked: got.Payments.Parked})
				require.Equal(t, made.Contacts(), got.Contacts.Created)
				require.Equal(t, made.Owed(), got.Owed)
				require.Zero(t, got.Uncertain+got.Refused+got.Deferred+got.Payments.Uncertain+got.Payments.Refused+got.Payments.Deferred)
				require.Zero(t, got.Difference)
				withinBudget(t, made, got)
				sameRecords(t, db, made)

				second := start(t, "-db", db, "-ledger", string(into), "-json")
				second.mustSucceed(t)
				got = second.json
				require.Zero(t, got.Created+got.Writes+got.Payments.Created+got.Contacts.Created)
				require.Zero(t, got.Difference)
				require.Equal(t, want.Parked, got.Parked, "what is parked is told again")
				require.LessOrEqual(t, got.Calls.Infusionsoft, 3)
				most := 3
				if got.Parked["tax_rate_differs"] > 0 {
					most += 5 // it may be mended in the chart, which is read for that
				}
				require.LessOrEqual(t, got.ledgerCalls(), most)
			})
		})
	}
}

// withinBudget checks the calls of a first run.
func withinBudget(t *testing.T, made shop.Made, got jsonReport) {
	t.Helper()
	size := map[world.Ledger]int{world.Xero: 50, world.QuickBooks: 30}[made.Ledger]
	batches := func(n int) int { return (n + size - 1) / size }
	// 1.05 × the batches, and 15.
	most := (batches(got.Created)+batches(got.Contacts.Created)+batches(got.Payments.Created))*105 + 1500
	require.LessOrEqual(t, got.ledgerCalls()*100, most)
	paid := 0
	for _, o := range made.Orders {
		if len(o.Payments) > 0 {
			paid++
		}
	}
	require.LessOrEqual(t, got.Calls.Infusionsoft, paid+(got.Read+499)/500+10)
}

// A kept is the live records of a ledger's books by their marks, without the adapter's help.
type kept struct {
	invoices, payments map[string]decimal.Decimal
	contacts           int
	organisation       ledger.OrganisationID
}

// keptBy opens the books of the fake of a ledger.
func keptBy(t *testing.T, db string, into world.Ledger) kept {
	t.Helper()
	k := kept{invoices: map[string]decimal.Decimal{}, payments: map[string]decimal.Decimal{}, organisation: ledger.OrganisationID{Vendor: string(into)}}
	last := func(text string) string { return text[strings.LastIndex(text, " ")+1:] }
	if into == world.QuickBooks {
		books := company(t, db).Books()
		k.organisation.ID, k.contacts = books.Company().RealmID, len(books.Customers())
		for _, inv := range books.Invoices() {
			k.invoices[last(inv.PrivateNote)] = inv.TotalAmt.Decimal
		}
		for _, p := range books.Payments() {
			require.Equal(t, "0", p.UnappliedAmt.String(), "nothing is left to be applied elsewhere")
			k.payments[last(p.PrivateNote)] = p.TotalAmt.Decimal
		}
		return k
	}
	books := books(t, db).Books()
	k.organisation.ID, k.contacts = books.Organisation().OrganisationID, len(books.Contacts())
	for _, inv := range books.Invoices() {
		_, mark, _ := strings.Cut(inv.URL, "#")
		k.invoices[mark] = inv.Total
	}
	for _, p := range books.Payments() {
		k.payments[last(p.Reference)] = p.Amount
	}
	return k
}

// company opens what the fake of QuickBooks has kept.
func company(t *testing.T, db string) *quickbooksfake.Fake {
	t.Helper()
	f, err := quickbooksfake.New(&quickbooksfake.Options{BooksFile: shop.LedgerFile(db, world.QuickBooks)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// sameRecords compares the books of the ledger with the expectations, record by record.
func sameRecords(t *testing.T, db string, made shop.Made) {
	t.Helper()
	have := keptBy(t, db, made.Ledger)
	into, invoices, payments := have.organisation, have.invoices, have.payments
	from := ledger.OrganisationID{Vendor: "infusionsoft", ID: made.Tenant}
	for _, o := range made.Orders {
		total, written := invoices[string(ledger.NewMark(into, ledger.KindInvoice, from, o.ID, 0))]
		require.Equal(t, o.State == world.Created, written, "order %s %v", o.ID, o.Kinds)
		if written {
			require.True(t, o.Total.Equal(total), "order %s %v: %s in the ledger, not %s", o.ID, o.Kinds, total, o.Total)
		}
		for _, p := range o.Payments {
			amount, booked := payments[string(ledger.NewMark(into, ledger.KindPayment, from, p.ID, 0))]
			require.Equal(t, p.State == world.Created, booked, "payment %s of order %s %v", p.ID, o.ID, o.Kinds)
			require.True(t, !booked || p.Amount.Equal(amount), "payment %s of order %s: %s in the ledger, not %s", p.ID, o.ID, amount, p.Amount)
		}
	}
	require.Len(t, invoices, made.Invoices().Created)
	require.Len(t, payments, made.Payments().Created)
}

func TestThousandOrders(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, into world.Ledger, db string) {
		r := start(t, "-db", db, "-ledger", string(into), "-orders", "1000", "-json")
		r.mustSucceed(t)
		made := expected(t, db)
		require.Equal(t, 1000, r.json.Read)
		require.Equal(t, made.Invoices().Created, r.json.Created)
		require.Zero(t, r.json.Uncertain+int(r.json.Difference))
		held := r.json.Refused
		for _, n := range r.json.Parked {
			held += n
		}
		require.LessOrEqual(t, held, 50)
		withinBudget(t, made, r.json)
		sameRecords(t, db, made)
	})
}

// Past a limit the program waits, and says for what.
func TestWaitsForTheLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes its time under the race detector; smaller worlds have what runs at once")
	}
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := start(t, "-db", filepath.Join(t.TempDir(), "shop.db"), "-orders", "1300")
		r.mustSucceed(t)
		require.Regexp(t, `waiting [0-9]+s for Xero's limit of calls a minute`, r.err)
		require.Contains(t, r.out, "difference 0 cents")
	})
}

// Whenever a run is interrupted, the next one goes on where it stopped, and counts each order once.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{time.Second, 3 * time.Second, 5 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			eachLedger(t, func(t *testing.T, into world.Ledger, db string) {
				ctx, stop := context.WithTimeout(t.Context(), after)
				defer stop()
				r := startIn(ctx, t, "-db", db, "-ledger", string(into), "-orders", "150", "-json")
				require.Equal(t, command.Failed, r.code, r.err)
				time.Sleep(time.Hour) // past leases and quiet times

				r = start(t, "-db", db, "-ledger", string(into), "-json")
				r.mustSucceed(t)
				made := expected(t, db)
				require.LessOrEqual(t, r.json.Read, 150)
				require.Equal(t, r.json.Read, r.json.sum())
				require.Zero(t, r.json.Uncertain+r.json.Deferred+int(r.json.Difference))
				sameRecords(t, db, made)
			})
		})
	}
}

func TestPreviewWritesNothing(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, into world.Ledger, db string) {
		args := []string{"-db", db, "-ledger", string(into), "-orders", "120"}
		preview := start(t, append(args, "-preview", "-json")...)
		preview.mustSucceed(t)
		made := expected(t, db)
		require.Equal(t, 120, preview.json.Read)
		require.Equal(t, made.Invoices(), world.Tally{Created: preview.json.Deferred, Skipped: preview.json.Skipped, Parked: preview.json.Parked})
		require.Equal(t, made.Payments(), world.Tally{Created: preview.json.Payments.Deferred, Skipped: preview.json.Payments.Skipped, Parked: preview.json.Payments.Parked})
		require.Zero(t, preview.json.Created+preview.json.Writes)
		have := keptBy(t, db, into)
		require.Empty(t, have.invoices)
		require.Zero(t, have.contacts)

		people := start(t, append(args, "-preview")...)
		people.mustSucceed(t)
		require.Equal(t, 120, strings.Count(people.out, "  order "))

		run := start(t, append(args, "-json")...)
		run.mustSucceed(t)
		require.Equal(t, made.Invoices().Created, run.json.Created, "what was previewed has not been done yet")
		require.NotContains(t, run.out, `"stopped"`)

		after := start(t, append(args, "-preview")...)
		after.mustSucceed(t)
		sum := func(counts map[string]int) (n int) {
			for _, c := range counts {
				n += c
			}
			return n
		}
		require.Contains(t, after.out, fmt.Sprintf("Nothing new; %d orders and %d payments are parked.", sum(made.Invoices().Parked), sum(made.Payments().Parked)))
	})
}

func TestSyncID(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, into world.Ledger, db string) {
		start := func(t *testing.T, args ...string) result {
			t.Helper()
			return start(t, append([]string{"-ledger", string(into)}, args...)...)
		}
		start(t, "-db", db, "-orders", "100", "-preview").mustSucceed(t)
		made := expected(t, db)
		var good []world.Order
		for _, o := range made.Orders {
			if o.State == world.Created {
				good = append(good, o)
			}
		}
		for i, number := range []string{good[0].ID, "id:" + good[1].ID} {
			r := start(t, "-db", db, "-sync-id", number, "-json")
			r.mustSucceed(t)
			require.Equal(t, 1, r.json.Created)
			require.Len(t, keptBy(t, db, into).invoices, i+1)
		}
		r := start(t, "-db", db, "-sync-id", good[0].ID, "-json")
		r.mustSucceed(t)
		require.Zero(t, r.json.Created+r.json.Writes, "never twice")

		r = start(t, "-db", db, "-sync-id", "999999")
		require.Equal(t, command.Failed, r.code)
		require.Contains(t, r.err, "999999")

		r = start(t, "-db", db, "-json")
		r.mustSucceed(t)
		require.Equal(t, len(good)-2, r.json.Created)
	})
}
