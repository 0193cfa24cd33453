// Quickstart pushes the orders of an Infusionsoft application into a Xero organisation, with their
// payments, and then compares both sides to the cent.
//
//	go run ./examples/quickstart
//
// By itself it starts a fake of each on the loopback interface, with a year of a bicycle shop's orders,
// and talks to them over real HTTP, within the real limits: past 60 calls a minute it waits as it would
// for Xero, and says so.
//
// # Running it twice
//
// With -db FILE the store and the books of both fakes stay: FILE (SQLite), FILE.key (what seals request
// bodies that are on their way; keep it apart from FILE), FILE.flow.json (which two organisations, in
// which currency), FILE.infusionsoft.jsonl and FILE.xero.jsonl (the fakes' books), FILE.expected.json
// (what a correct push does with each order). A second run meets the same world, finds nothing to do,
// and needs three calls to each side to know that.
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
// Look at the preview, try one order with -sync-id 1234, then leave both flags out. The two organisations
// and the source's currency are asked from the connections at the first run and pinned in FILE.flow.json;
// a later connection that leads elsewhere is refused. Accounts and tax codes are those of the chart of
// Xero, and are compared with it before anything is written. Access tokens last 30 minutes (Xero) and 24
// hours (Infusionsoft); a service would refresh them, see the Provider of each adapter.
//
// # Exit codes
//
// 0: done, and both sides agree. 1: the run failed, or there is a difference. 2: the flags are wrong.
//
// With -json the last line is one object of counts. A -preview counts there as deferred what a run would
// write.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
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

const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func (p program) run(ctx context.Context) int {
	c, err := parse(p.args, p.env, p.err)
	if err == nil {
		err = p.push(ctx, c)
	}
	var usage *usageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintln(p.err, "quickstart:", err)
		return exitUsage
	}
	fmt.Fprintln(p.err, "quickstart:", err)
	return exitFailed
}

// push is the whole program: open, ask, preview, push, compare, print.
func (p program) push(ctx context.Context, c *config) error {
	started := time.Now()
	progress := newProgress(p.err, c)
	defer progress.close()
	if c.temporary {
		fmt.Fprintf(p.err, "The store is a new file. With -db %s this run can be followed by another.\n", c.db)
	}
	db, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	source, ledger, err := openSides(c, p.direct)
	if err != nil {
		return err
	}
	defer source.close()
	defer ledger.close()
	f, err := newFlow(ctx, c, db, source, ledger, progress)
	if err != nil {
		return explain(err)
	}
	say := newPrinter(p.out, c)
	say.sides(f)

	if c.preview {
		planned, err := f.preview(ctx, say.planned)
		if err != nil {
			return explain(err)
		}
		say.json(planned, outcome{calls: [2]int{source.calls(), ledger.calls()}, took: time.Since(started)})
		return nil
	}
	if f.first {
		if err := f.check(ctx, say.problem); err != nil {
			return explain(err)
		}
		if err := f.taste(ctx, say.planned); err != nil {
			return explain(err)
		}
	}
	report, failed := f.run(ctx)
	progress.close()
	done := outcome{calls: [2]int{source.calls(), ledger.calls()}}
	miscounted := errors.Join(source.miscounted(), ledger.miscounted())
	if failed == nil {
		progress.say("Comparing both sides …")
		done.compared, failed = f.compare(ctx)
	}
	done.took = time.Since(started)
	say.report(report, f.notes, done)
	say.json(report, done)
	return errors.Join(explain(failed), miscounted, f.disagreement(done.compared))
}
