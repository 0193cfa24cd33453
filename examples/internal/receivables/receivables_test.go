package receivables

import (
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/examples/internal/side"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/xero"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func booksOf(t *testing.T, n int, seed uint64, into world.Ledger) *Books {
	t.Helper()
	b, err := Make(n, seed, noon, into)
	require.NoError(t, err)
	require.Len(t, b.documents, n)
	require.Len(t, b.Expect.Invoices, n)
	return b
}

func eachLedger(t *testing.T, test func(t *testing.T, in world.Ledger)) {
	t.Helper()
	for _, in := range []world.Ledger{Xero, QuickBooks} {
		t.Run(string(in), func(t *testing.T) { test(t, in) })
	}
}

func TestEveryKindOccurs(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, in world.Ledger) {
		for seed := range uint64(5) {
			seen := map[string]bool{}
			sought := 0
			for _, inv := range booksOf(t, Block, seed, in).Expect.Invoices {
				seen[inv.Kind] = true
				if inv.Sought {
					sought++
				}
			}
			for _, kind := range Kinds(in) {
				require.True(t, seen[kind], "seed %d: %s", seed, kind)
			}
			require.Len(t, seen, len(Kinds(in)))
			require.Equal(t, Sought, sought)
		}
	})
}

// Every code that the default policy can give occurs, but those that these ledgers cannot be the cause of.
func TestEveryReasonOccurs(t *testing.T) {
	t.Parallel()
	policy, err := invoicesync.ImportSettings{}.Policy()
	require.NoError(t, err)
	eachLedger(t, func(t *testing.T, in world.Ledger) {
		never := []string{
			"credit_note", // credit notes are other records, and are not read
			"no_as_of",    // the flow always says the day
		}
		if in == QuickBooks {
			never = append(never, "draft", "submitted", "deleted", "status_unknown") // it has no such field; what is deleted is gone
		}
		want := map[string]bool{"contact_missing": true, "date_missing": true, "currency_unknown": true} // the adapters'
		for _, r := range policy.Rules() {
			for _, code := range r.Codes {
				if !slices.Contains(never, code) {
					want[code] = true
				}
			}
		}
		got := map[string]bool{}
		for code := range booksOf(t, Block, 1, in).Expect.Tally(true).Reasons {
			got[code] = true
		}
		require.Equal(t, want, got)
	})
}

// Of 20,000 invoices 4,000 are open and inside the look-back.
func TestProportions(t *testing.T) {
	t.Parallel()
	e := booksOf(t, 20_000, 1, Xero).Expect
	first, all := e.Tally(false), e.Tally(true)
	require.Equal(t, 4_000, first.Examined)
	require.Equal(t, 80*36, first.Imported)
	require.Equal(t, 80*14, first.Rejected)
	require.Equal(t, 20_000, all.Examined)
	require.Equal(t, first.Imported, all.Imported, "what is eligible is sought")
	for code, inBlock := range map[string]int{ // counted by hand in the recipes
		"too_old": 84, "long_overdue": 79, "paid": 134, "part_paid": 7, "other_currency": 5, "tax_not_mapped": 3,
		"negative_line": 2, "balance_below_floor": 159, "draft": 10, "submitted": 6, "voided": 15, "deleted": 9, "no_date": 1,
	} {
		require.Equal(t, 80*inBlock, all.Reasons[code], code)
	}
	require.Equal(t, 80*4, first.Reasons["part_paid"])
	require.Equal(t, 80*1, first.Reasons["long_overdue"])
}

func TestSameSeedSameBooks(t *testing.T) {
	t.Parallel()
	require.Equal(t, booksOf(t, 300, 3, Xero).documents, booksOf(t, 300, 3, Xero).documents)
	require.NotEqual(t, booksOf(t, 300, 3, Xero).documents, booksOf(t, 300, 4, Xero).documents)
	for _, n := range []int{0, -1, Most + 1} {
		_, err := Make(n, 1, noon, Xero)
		require.ErrorContains(t, err, "make 1 to")
	}
}

// The adapters read from the fakes what was made: another hand than the one that wrote the JSON.
func TestTheAdaptersReadTheSame(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, in world.Ledger) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(noon))
			made := booksOf(t, 2*Block, 7, in)
			p, err := Open(Wish{File: filepath.Join(t.TempDir(), "a.db"), Ledger: in, Invoices: 2 * Block, Seed: 7})
			require.NoError(t, err)
			defer p.Fake.Close()
			require.Equal(t, made.Expect, p.Expect)
			read := map[string]ledger.Invoice{}
			last := time.Time{}
			for inv, err := range ledger.All(source(t, p).Invoices(t.Context(), ledger.Query{})) {
				require.NoError(t, err)
				read[inv.ID] = inv
				last = latest(last, inv.UpdatedAt)
			}
			require.Len(t, read, 2*Block)
			require.False(t, last.After(noon.Add(-2*time.Hour)), "a second run would read it again")
			for i := range made.documents {
				d := &made.documents[i]
				inv := read[d.id]
				about := made.Expect.Invoices[i].Kind + " " + d.id
				total, balance := d.total, d.balance()
				if in == QuickBooks && d.status == voided {
					total, balance = decimal.Zero, decimal.Zero
				}
				require.True(t, total.Equal(inv.Totals.Total), "%s: total %s, made %s", about, inv.Totals.Total, total)
				require.True(t, balance.Equal(inv.Totals.Balance), "%s: balance %s, made %s", about, inv.Totals.Balance, balance)
				require.Equal(t, d.date, inv.Date.String(), about)
				require.Equal(t, d.due, inv.DueDate.String(), about)
				if !d.withoutLines {
					require.Len(t, inv.Lines, len(d.lines), about)
				}
				if in == Xero {
					require.Len(t, inv.Payments, len(d.payments), about)
				}
			}
		})
	})
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func source(t *testing.T, p *Practice) ledger.Source {
	t.Helper()
	end := side.New(string(p.Expect.Ledger), "", "", "")
	require.NoError(t, end.Serve(p.Fake, true))
	client := end.Client
	var s ledger.Source
	var err error
	if p.Expect.Ledger == Xero {
		s, err = xero.New(client, p.Route, nil)
	} else {
		s, err = quickbooks.New(client, p.Route, nil)
	}
	require.NoError(t, err)
	return s
}
