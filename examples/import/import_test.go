package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/receivables"
	"github.com/invoicesync/invoicesync/examples/internal/world"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// result is what a run of the program gave.
type result struct {
	code     int
	out, err string
	json     jsonReport
}

// start runs the program against a fake in memory, so that inside a synctest bubble waiting costs no time.
func start(t *testing.T, args ...string) result {
	t.Helper()
	return startWith(t.Context(), t, program{args: args})
}

func startWith(ctx context.Context, t *testing.T, p program) result {
	t.Helper()
	var out, err bytes.Buffer
	if p.out == nil {
		p.out = &out
	}
	p.err, p.direct = &err, true
	if p.env == nil {
		p.env = func(string) string { return "" }
	}
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

func expected(t *testing.T, db string) *receivables.Expectations {
	t.Helper()
	raw, err := os.ReadFile(receivables.ExpectedFile(db))
	require.NoError(t, err)
	e := &receivables.Expectations{}
	require.NoError(t, json.Unmarshal(raw, e))
	return e
}

// appOf opens what the app has kept.
func appOf(t *testing.T, db string, vendor world.Ledger) *app {
	t.Helper()
	pins, err := recall(&config{db: db, vendor: vendors()[vendor]})
	require.NoError(t, err)
	a, err := openApp(db+".import.host.jsonl", store.Pair{Source: pins.Ledger, Ledger: ledger.OrganisationID{Vendor: "host", ID: "practice"}}, nil)
	require.NoError(t, err)
	t.Cleanup(a.close)
	return a
}

// eachLedger runs a test on virtual time, once for each ledger.
func eachLedger(t *testing.T, test func(t *testing.T, from world.Ledger, db string)) {
	t.Helper()
	for _, from := range []world.Ledger{world.Xero, world.QuickBooks} {
		t.Run(string(from), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)))
				test(t, from, filepath.Join(t.TempDir(), "practice.db"))
			})
		})
	}
}

func (j jsonReport) tally() receivables.Tally {
	return receivables.Tally{Examined: j.Examined, Imported: j.Imported, Rejected: j.Rejected, Reasons: j.Reasons}
}

// The verdicts are those that the invoices were made for, and the app holds what was eligible, what a person chose, and
// what came to be eligible. A second run finds nothing to do, for one call per kind of record.
func TestFirstAndSecondRun(t *testing.T) {
	t.Parallel()
	for _, all := range []bool{false, true} {
		t.Run(fmt.Sprintf("all %t", all), func(t *testing.T) {
			t.Parallel()
			eachLedger(t, func(t *testing.T, from world.Ledger, db string) {
				args := []string{"-db", db, "-ledger", string(from), "-json"}
				first := start(t, append(args, "-invoices", "750", "-seed", "3", "-all="+strconv.FormatBool(all))...)
				first.mustSucceed(t)
				made := expected(t, db)
				want := made.Tally(all)
				require.Equal(t, want, first.json.tally())
				require.Equal(t, map[bool]int{false: 150, true: 750}[all], want.Examined)
				require.Zero(t, first.json.Deferred)
				require.Equal(t, changesOf(from), first.json.Changed)
				sameInvoices(t, appOf(t, db, from), made)

				journal := read(t, hostFile(&config{db: db}))
				second := start(t, args...)
				second.mustSucceed(t)
				got := second.json
				require.Zero(t, got.Imported+got.Changed+got.Deferred)
				require.Equal(t, 2, got.Calls, "invoices, and payments")
				require.Equal(t, parked(made, all), got.Rejected, "what somebody must look at is told again")
				require.Equal(t, journal, read(t, hostFile(&config{db: db})), "nothing was delivered")
			})
		})
	}
}

// changesOf is how many changes the program makes to invoices that were imported before, of which five at most are
// of a sort: paid, paid and the payment removed (two changes), part-paid, edited, voided, and in QuickBooks deleted.
func changesOf(from world.Ledger) int {
	if from == world.QuickBooks {
		return 35
	}
	return 30
}

// parked counts the invoices that somebody must act on: what is kept out on purpose need not be mended.
func parked(made *receivables.Expectations, all bool) int {
	park := map[string]bool{"contact_missing": true, "date_missing": true, "currency_unknown": true}
	for _, c := range eligibility.Codes() {
		park[c.Code] = park[c.Code] || c.Disposition == eligibility.Park
	}
	n := 0
	for _, inv := range made.Invoices {
		if (all || inv.Sought) && len(inv.Reasons) > 0 && !slices.ContainsFunc(inv.Reasons, func(code string) bool { return !park[code] }) {
			n++
		}
	}
	return n
}

// sameInvoices compares what the app holds with what it should.
func sameInvoices(t *testing.T, a *app, made *receivables.Expectations) {
	t.Helper()
	held := map[string]bool{}
	for _, r := range a.Invoices() {
		held[r.Invoice.ID] = true
	}
	more := map[string]int{}
	for _, inv := range made.Invoices {
		if len(inv.Reasons) == 0 {
			require.True(t, held[inv.ID], "%s %s is eligible", inv.Kind, inv.ID)
		} else if held[inv.ID] {
			more[strings.Join(inv.Reasons, " ")]++
		}
		delete(held, inv.ID)
	}
	require.Empty(t, held, "held, and not in the books")
	// A person has chosen one for each rule that they may override; and of the part-paid ones, five became eligible.
	require.Equal(t, map[string]int{"too_old": 1, "long_overdue": 1, "negative_line": 1, "part_paid": 1 + 5}, more)
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(raw)
}

var callsLine = regexp.MustCompile(`Calls that read invoices: (\d+); others: (\d+)`)

// Open invoices inside the look-back are read a page at a time, and others not at all: at most ⌈unpaid ÷ page⌉ + 2 calls
// read invoices, and at most 5 are others.
func TestCalls(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, from world.Ledger, db string) {
		r := startWith(t.Context(), t, program{args: []string{"-db", db, "-ledger", string(from), "-invoices", "1000"}, pageSize: 40})
		r.mustSucceed(t)
		calls := callsLine.FindStringSubmatch(r.out)
		require.NotNil(t, calls, r.out)
		reading, err := strconv.Atoi(calls[1])
		require.NoError(t, err)
		others, err := strconv.Atoi(calls[2])
		require.NoError(t, err)
		require.Equal(t, 200, expected(t, db).Tally(false).Examined)
		require.LessOrEqual(t, reading, 200/40+2)
		require.GreaterOrEqual(t, reading, 200/40)
		require.LessOrEqual(t, others, 5)
	})
}

// Past a limit the program waits, and says for what.
func TestWaitsForTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startWith(t.Context(), t, program{args: []string{"-db", filepath.Join(t.TempDir(), "a.db"), "-invoices", "500"}, pageSize: 2})
		r.mustSucceed(t)
		require.Regexp(t, `waiting [0-9ms]+ for Xero's limit of calls a minute`, r.err)
	})
}

// What is beyond the budget is deferred, with its end; the next days' runs take it up, and then the changes are made.
func TestBudget(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, from world.Ledger, db string) {
		args := []string{"-db", db, "-ledger", string(from), "-budget", "85"}
		r := start(t, append(args, "-invoices", "1000")...)
		r.mustSucceed(t)
		require.Contains(t, r.out, "The budget is 85 verdicts in 24 hours")
		require.Contains(t, r.out, "none are made in the books now")
		require.Regexp(t, `judged by 2026-11-24T09:3[0-9]:`, r.out, "200 to do: 85 now, 85 tomorrow, the rest the day after")
		require.NotContains(t, r.out, "The ledger moves on")
		require.Contains(t, r.out, "A person overrides", "which does not wait")

		// The sweep of the first day finds the four without a date, which no reading from a day on shows.
		for _, deferred := range []int{115 + 4 - 85, 0} {
			time.Sleep(24*time.Hour + 30*time.Minute)
			r = start(t, append(args, "-json")...)
			r.mustSucceed(t)
			require.Equal(t, deferred, r.json.Deferred)
			require.Equal(t, r.json.Examined, r.json.Imported+r.json.Rejected+r.json.Deferred)
		}
		require.Equal(t, changesOf(from), r.json.Changed)
	})
}

// Whenever the program is stopped, the next run goes on, and in the end all steps have been made.
func TestStopped(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"From ", "The automatic import", "The manual list", "A person overrides", "The ledger moves on", "Compared"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			eachLedger(t, func(t *testing.T, from world.Ledger, db string) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				args := []string{"-db", db, "-ledger", string(from), "-invoices", "500"}
				r := startWith(ctx, t, program{args: args, out: stopper{at, stop}})
				if at != "Compared" { // after which nothing can be stopped any more
					require.Equal(t, command.Failed, r.code)
					lines := strings.Split(strings.TrimSpace(r.err), "\n")
					require.Equal(t, "stopped; run again to go on", lines[len(lines)-1])
					require.NotContains(t, r.err, "context canceled")
				}
				time.Sleep(time.Minute)
				start(t, args...).mustSucceed(t)
				pins, err := recall(&config{db: db, vendor: vendors()[from]})
				require.NoError(t, err)
				require.True(t, pins.Chosen && pins.Followed)
				for _, inv := range expected(t, db).Invoices {
					if len(inv.Reasons) == 0 {
						_, held := appOf(t, db, from).Invoice(appPair(pins), inv.ID)
						require.True(t, held, inv.ID)
					}
				}
			})
		})
	}
}

func appPair(p *pinned) store.Pair {
	return store.Pair{Source: p.Ledger, Ledger: ledger.OrganisationID{Vendor: "host", ID: "practice"}}
}

// A stopper stops when a text is written.
type stopper struct {
	at   string
	stop func()
}

func (s stopper) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.at) {
		s.stop()
	}
	return len(p), nil
}

// What people read says each thing that was done.
func TestForPeople(t *testing.T) {
	t.Parallel()
	eachLedger(t, func(t *testing.T, from world.Ledger, db string) {
		r := start(t, "-db", db, "-ledger", string(from), "-invoices", "250", "-all")
		r.mustSucceed(t)
		require.Contains(t, r.out, "examined 250 invoices:\n")
		require.Contains(t, r.out, "      36 imported;")
		require.Contains(t, r.out, "     214 rejected\n")
		require.Contains(t, r.out, "84 × too_old              The invoice was issued too long ago.\n")
		require.Contains(t, r.out, "has 75 unpaid invoices, of whatever age: 36 are imported, 0 wait for the budget, 0 could be imported at once, and against 39 there are reasons:\n")
		require.Contains(t, r.out, "(a person may override it)")
		require.Contains(t, r.out, `"other_currency" cannot be overridden by a person`)
		for _, code := range []string{"too_old", "long_overdue", "part_paid", "negative_line"} {
			require.Contains(t, r.out, "A person overrides "+code+" of S-")
		}
		for _, what := range []string{"10 paid", "5 part paid", "5 reopened", "5 changed", "5 voided", "2 imported after all"} {
			require.Contains(t, r.out, " "+what)
		}
		require.Equal(t, from == world.QuickBooks, strings.Contains(r.out, "5 deleted\n"), "Xero voids what is approved")
		require.Contains(t, r.out, " 0 of them not as in the ledger.")
		require.Contains(t, r.err, "With -all there is no limit")
	})
}

func decimalOf(s string) decimal.Decimal { return decimal.RequireFromString(s) }
