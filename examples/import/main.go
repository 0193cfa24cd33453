// Import brings the unpaid sales invoices of a Xero organisation, or of a QuickBooks company, into an app, each with a
// verdict, lets later changes follow, and then compares the app with the ledger to the penny.
//
//	go run ./examples/import
//	go run ./examples/import -ledger quickbooks -invoices 20000 -budget -1
//	go run ./examples/import -all
//
// By itself it starts the fake of the ledger on the loopback interface, with the books of a small practice in London,
// and talks to it over real HTTP, within the real limits: where it waits for one it says so. Five things happen:
//
//  1. The automatic import. It asks for approved, open invoices that were issued in the last 90 days, judges each by
//     the default policy, and hands the eligible ones to the app. With -all it reads invoices of every status and age,
//     and every reason that the policy knows occurs.
//  2. The manual list: every unpaid invoice of whatever age, with its verdict.
//  3. A person chooses from it, and overrides what a person may: age, part-paid, negative lines.
//  4. The ledger moves on: invoices are paid, part-paid, edited, voided and (in QuickBooks) deleted, payments are
//     removed again. The app is told.
//  5. What the app holds is compared with the ledger, read afresh.
//
// The app is one in memory, from package hosttest, that keeps a journal. Half of the clients are known to it; it makes
// the others, inactive.
//
// # The budget
//
// The library stores at most 2,000 verdicts in 24 hours for an account, and leaves the rest for later; -budget N sets
// another limit, -1 none. What waits is counted as deferred, and the program says when all of it will have been judged,
// if it is run again (with -db) meanwhile. Later changes would wait with the rest, so that step 4 is left to the first
// run after which nothing waits; what a person chooses does not wait. With -all there is no limit unless -budget sets one: whoever wants to see
// every verdict does not want to wait for days.
//
// # Running it twice
//
// With -db FILE everything stays: FILE (SQLite), FILE.import.json (which organisation, how far the steps are),
// FILE.import.host.jsonl (the app), FILE.import.xero.jsonl or FILE.import.quickbooks.jsonl (the fake's books), and
// FILE.import.expected.json (which reasons there are against each invoice, by how it was made). A second run meets the
// same books, changes nothing in them, and needs one call for each kind of record, invoices and payments, to know that
// nothing has changed. One run at a time: FILE.lock is locked meanwhile. A run that was killed leaves no lock behind;
// the next one goes on where it stopped. Without -db all of this is made in a new temporary folder, whose path is printed.
//
// # On a real account
//
// The fake is replaced by a URL, of which scheme and host are used. Then nothing but reading happens there: the
// automatic import, the manual list at the first run, and the comparison; nobody chooses, and nothing is changed.
//
//	export XERO_TOKEN=…           # an access token with accounting.invoices.read, .payments.read, .settings.read
//	export XERO_TENANT_ID=…       # from https://api.xero.com/connections: the organisation, by name, that you mean
//	go run ./examples/import -db practice.db -ledger-url https://api.xero.com -tax OUTPUT2,ZERORATEDOUTPUT
//
//	export QUICKBOOKS_TOKEN=…     # an access token with com.intuit.quickbooks.accounting
//	export QUICKBOOKS_REALM_ID=…  # from the callback of the authorisation: the company that you mean
//	go run ./examples/import -ledger quickbooks -db practice.db -ledger-url https://quickbooks.api.intuit.com -tax TAX,NON
//
// -tax are the ledger's tax codes that the app has a rate for; invoices with others are parked. The account takes
// invoices in the base currency of the organisation. Which organisation it is, is asked at the first run and pinned;
// a later connection that leads elsewhere is refused.
//
// # Exit codes
//
// 0: done, and the app holds what the ledger has; also when invoices wait for the budget. 1: the run failed or was
// stopped, or there is a difference. 2: the flags are wrong, also for what lies beside -db.
//
// With -json the last line is one object about the automatic import: how many invoices it examined, each of which it
// imported, rejected or deferred; how many of the rejected ones have each reason, of which there may be several; and how
// many calls it made. changed is how many later changes were delivered, by all steps. A rejected invoice
// that somebody must look at is counted again by each run; what is only skipped is not.
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
	// direct reaches the fake without sockets, so that tests can run on virtual time.
	direct bool
	// pageSize is how many invoices a call reads; 0: as many as the ledger gives.
	pageSize int
}

func (p program) run(ctx context.Context) int {
	c, err := parse(p.args, p.env, p.err)
	if err == nil {
		c.pageSize = p.pageSize
		err = p.all(ctx, c)
	}
	again := "run again to go on"
	if c != nil && c.temporary {
		again = "run again with -db " + c.db + " to go on"
	}
	return command.Exit(ctx, "import", again, err, p.err)
}

// all opens what is there, runs the steps, and prints.
func (p program) all(ctx context.Context, c *config) error {
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
	if before == nil && c.ledgerURL == "" && !c.json {
		fmt.Fprintf(p.err, "The books of the fake %s, with %d invoices, are made up once …\n", c.vendor.name, c.invoices)
	}
	books, err := openBooks(c, before != nil, p.direct)
	if err != nil {
		return err
	}
	opened = true
	defer books.Close()
	progress := newProgress(p.err, c, books)
	defer progress.Close()
	p.announce(c, held.CutOff, progress)
	f, err := newFlow(ctx, c, db, before, books, progress)
	if err != nil {
		return c.explain(err)
	}
	defer f.app.close()

	say := newPrinter(p.out, c)
	say.ends(f)
	failed := f.steps(ctx, say)
	progress.Close()
	miscounted := books.Miscounted()
	var differs error
	if failed == nil {
		progress.Say("Comparing the app with the ledger …")
		differs, failed = f.compare(ctx, say)
	}
	say.json(f)
	if ctx.Err() != nil {
		return failed // calls that were cut off need not have been counted
	}
	return errors.Join(c.explain(failed), miscounted, differs)
}

// announce says beforehand what is not as one might expect.
func (p program) announce(c *config, cutOff bool, progress *progress) {
	if c.temporary {
		progress.Say("The store is a new file. With -db " + c.db + " this run can be followed by another.")
	}
	if cutOff {
		progress.Say("The run before this one was cut off. This one goes on where it stopped.")
	}
	if c.all && !c.given["budget"] {
		progress.Say("With -all there is no limit of verdicts a day; -budget 2000 sets the library's own.")
	}
}
