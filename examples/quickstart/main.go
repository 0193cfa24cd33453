// Quickstart pushes the orders of an Infusionsoft application into a Xero organisation, or a QuickBooks company, with
// their payments, and then compares both sides to the cent.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -ledger quickbooks
//
// By itself it starts a fake of each on the loopback interface, with a year of a bicycle shop's orders,
// and talks to them over real HTTP, within the real limits: past 60 calls a minute it waits as it would
// for Xero, and says so. The orders are the same for both ledgers, and what becomes of them nearly so: QuickBooks takes
// any tax that is stated, and parks discounts of which some reduce what is taxed and others do not.
//
// # Running it twice
//
// With -db FILE the store and the books of both fakes stay: FILE (SQLite), FILE.key (what seals request
// bodies that are on their way; keep it apart from FILE), FILE.flow.json (which two organisations, in
// which currency), FILE.infusionsoft.jsonl and FILE.xero.jsonl or
// FILE.quickbooks.jsonl (the fakes' books), FILE.expected.json
// (what a correct push does with each order). A second run meets the same world, finds nothing to do,
// and needs three calls to each side to know that; where an order is parked for a reason that lies in the ledger's chart,
// the company and its chart are read as well, in five calls more to Xero. One run at a time: FILE.lock is locked meanwhile, and
// another run on FILE ends at once and says so. A run that was killed leaves no lock behind; the next one
// goes on where it stopped. What was pushed with URLs (below) is refused without them, and the reverse; and so is another
// ledger than the first run's.
//
// Without -db all of this is made in a new temporary folder. The path is printed, and the folder stays
// until you remove it.
//
// # On real accounts
//
// Both fakes are replaced by URLs, of which scheme and host are used:
//
//	export INFUSIONSOFT_TOKEN=…   # an access token, or a personal access token
//	export XERO_TOKEN=…           # an access token with accounting.invoices, .payments, .contacts, .settings.read
//	export XERO_TENANT_ID=…       # from https://api.xero.com/connections: the organisation, by name, that you mean
//	go run ./examples/quickstart -db shop.db \
//	    -source-url https://api.infusionsoft.com -ledger-url https://api.xero.com \
//	    -account 200 -discount-account 205 -tax OUTPUT2 -no-tax ZERORATED -payment-account 090 \
//	    -from 2026-11-01 -preview
//
// and for QuickBooks, where lines are booked by products, each named by its SKU, id or full name:
//
//	export QUICKBOOKS_TOKEN=…     # an access token with com.intuit.quickbooks.accounting
//	export QUICKBOOKS_REALM_ID=…  # from the callback of the authorisation: the company that you mean
//	go run ./examples/quickstart -db shop.db -ledger quickbooks \
//	    -source-url https://api.infusionsoft.com -ledger-url https://quickbooks.api.intuit.com \
//	    -item "Online sales" -untaxed-item "Online sales, untaxed" -finance-item "Finance charges" \
//	    -discount-account 86 -payment-account 35 -card-account 35 -paypal-account 35 -from 2026-11-01 -preview
//
// Look at the preview, try one order with -sync-id 1234, then leave both flags out. The two organisations
// and the source's currency are asked from the connections at the first run and pinned in FILE.flow.json;
// a later connection that leads elsewhere is refused. Accounts, products and tax codes are those of the ledger's
// chart, and are compared with it before anything is written. Access tokens last 30 minutes (Xero), an hour
// (QuickBooks) and 24 hours (Infusionsoft); a service would refresh them, see the Provider of each adapter. In a live
// organisation a run makes at most 500 new invoices, unless -max-creates says another number, or -1.
//
// # Exit codes
//
// 0: done, and both sides agree; also when -max-creates has ended the run. 1: the run failed or was
// stopped, or there is a difference. 2: the flags are wrong, also for what lies beside -db.
//
// With -json the last line is one object of counts. A -preview counts there as deferred what a run would
// write.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/lock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	p := program{args: os.Args[1:], env: os.Getenv, out: os.Stdout, err: os.Stderr}
	code := p.run(ctx)
	stop()
	os.Exit(code)
}

// A program is one run of the command.
type program struct {
	args []string
	env  func(string) string
	out  io.Writer
	err  io.Writer
	// direct reaches the fakes without sockets, so that tests can run on virtual time.
	direct bool
}

func (p program) run(ctx context.Context) int {
	c, err := parse(p.args, p.env, p.err)
	if err == nil {
		err = p.push(ctx, c)
	}
	again := "run again to go on"
	if c != nil && c.temporary {
		again = "run again with -db " + c.db + " to go on"
	}
	return command.Exit(ctx, "quickstart", again, err, p.err)
}

// push is the whole program: open, ask, preview, push, compare, print.
func (p program) push(ctx context.Context, c *config) error {
	started := time.Now()
	progress := newProgress(p.err, c)
	defer progress.Close()
	opened := false
	defer func() {
		if c.temporary && !opened {
			_ = os.RemoveAll(filepath.Dir(c.db)) // nobody has been told of it
		}
	}()
	db, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	// Before anything of what lies beside the store is opened, which knows nothing of a second process.
	held, err := lock.Take(c.db)
	if err != nil {
		return err
	}
	defer func() { _ = held.Release() }()
	before, err := recall(c)
	if err != nil {
		return err
	}
	source, ledger, err := openSides(c, before != nil, p.direct)
	if err != nil {
		return err
	}
	opened = true
	defer source.Close()
	defer ledger.Close()
	p.announce(c, held.CutOff)
	f, err := newFlow(ctx, c, db, before, source, ledger, progress)
	if err != nil {
		return c.explain(err)
	}
	say := newPrinter(p.out, c)
	say.sides(f)

	if c.preview {
		planned, err := f.preview(ctx, say.planned)
		if err != nil {
			return c.explain(err)
		}
		if planned.Invoices.Read == 0 {
			parked, err := f.parked(ctx)
			if err != nil {
				return err
			}
			say.nothing(parked)
		}
		say.json(planned, outcome{calls: [2]int{source.Calls(), ledger.Calls()}, took: time.Since(started)})
		return nil
	}
	if f.first {
		if err := f.check(ctx, say.problem); err != nil {
			return c.explain(err)
		}
		if err := f.taste(ctx, say.planned); err != nil {
			return c.explain(err)
		}
	}
	report, failed := f.run(ctx)
	progress.Close()
	done := outcome{calls: [2]int{source.Calls(), ledger.Calls()}}
	miscounted := errors.Join(source.Miscounted(), ledger.Miscounted())
	var disagreement error
	if failed == nil {
		progress.Say("Comparing both sides …")
		if done.compared, failed = f.compare(ctx); failed == nil {
			disagreement = f.disagreement(done.compared)
		}
	}
	done.took = time.Since(started)
	say.report(report, f.notes, done)
	say.json(report, done)
	if ctx.Err() != nil {
		return failed // calls that were cut off need not have been counted
	}
	if report.Stopped != "" && failed == nil {
		fmt.Fprintln(p.err, endedEarly(report.Stopped, c))
	}
	return errors.Join(c.explain(failed), miscounted, disagreement)
}

// announce says beforehand what is not as one might expect.
func (p program) announce(c *config, cutOff bool) {
	if c.temporary {
		fmt.Fprintf(p.err, "The store is a new file. With -db %s this run can be followed by another.\n", c.db)
	}
	if cutOff {
		fmt.Fprintln(p.err, "The run before this one was cut off. This one goes on where it stopped.")
	}
	if c.maxCreates == 0 && !c.preview {
		fmt.Fprintf(p.err, "A live organisation gets at most %d new invoices in this run; -max-creates N sets another limit, -1 none.\n", guard)
	}
}

// endedEarly puts the reason into words.
func endedEarly(code string, c *config) string {
	if code != "max_creates" {
		return "The run ended early: " + code + "."
	}
	limit := c.maxCreates
	if limit == 0 {
		limit = guard
	}
	return fmt.Sprintf("The run ended early: it has made %d new invoices, which is the limit of -max-creates. Run again to go on.", limit)
}
