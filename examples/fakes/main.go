// Fakes serves the fakes of Xero, QuickBooks and Infusionsoft, each on an address of its own, for any
// client that speaks to the real ones:
//
//	go run ./examples/fakes -xero 127.0.0.1:9001 -quickbooks 127.0.0.1:9003 -infusionsoft 127.0.0.1:9002
//
// Any of them may be left out. The fake of Infusionsoft holds a year of a shop's orders, as the
// quickstart makes them up; any bearer token is accepted. The quickstart runs against them like this:
//
//	export INFUSIONSOFT_TOKEN=any XERO_TOKEN=any XERO_TENANT_ID=…   # the tenant id is printed
//	go run ./examples/quickstart -db shop.db -source-url http://127.0.0.1:9002 -ledger-url http://127.0.0.1:9001
//
//	export INFUSIONSOFT_TOKEN=any QUICKBOOKS_TOKEN=any QUICKBOOKS_REALM_ID=…   # the realm id is printed
//	go run ./examples/quickstart -ledger quickbooks -db shop2.db -source-url http://127.0.0.1:9002 -ledger-url http://127.0.0.1:9003
//
// The fakes keep the services' limits. A client that asks one thing after the other stays below those of a second
// because an answer takes its time, here as there; see -latency. Xero's 60 calls a minute are counted all the same.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/invoicesync/invoicesync/examples/internal/lock"
	"github.com/invoicesync/invoicesync/examples/internal/shop"
	"github.com/invoicesync/invoicesync/examples/internal/world"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case err == nil:
	case errors.Is(err, errUsage), errors.Is(err, shop.ErrWish):
		fmt.Fprintln(os.Stderr, "fakes:", err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "fakes:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage")

// run serves until the context ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("fakes", flag.ContinueOnError)
	f.SetOutput(out)
	xero := f.String("xero", "", "serve Xero on this `address`")
	quickbooks := f.String("quickbooks", "", "serve QuickBooks on this `address`")
	infusionsoft := f.String("infusionsoft", "", "serve Infusionsoft on this `address`")
	books := f.String("books", "", "keep the books beside this `file`; none: in a temporary folder, for as long as this runs")
	orders := f.Int("orders", 500, "how many orders to make up")
	seed := f.Uint64("seed", 1, "the same seed makes up the same orders")
	load := f.String("load", "", "a `folder` of vendor JSON to load instead")
	latency := f.Duration("latency", usualLatency, "how long an answer takes")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	switch {
	case *xero == "" && *quickbooks == "" && *infusionsoft == "":
		return fmt.Errorf("%w: nothing to serve: give -xero, -quickbooks or -infusionsoft an address like 127.0.0.1:9001", errUsage)
	case *load != "" && *infusionsoft == "":
		return fmt.Errorf("%w: -load is what Infusionsoft holds, and it is not served: give -infusionsoft an address, or leave -load out", errUsage)
	case *latency < 0:
		return fmt.Errorf("%w: -latency %s: choose 0s or more", errUsage, *latency)
	case *orders < 1 || *orders > world.MaxOrders:
		return fmt.Errorf("%w: -orders %d: choose 1 to %d", errUsage, *orders, world.MaxOrders)
	}
	if *books == "" {
		dir, err := os.MkdirTemp("", "invoicesync-fakes-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		*books = filepath.Join(dir, "shop")
	}
	// Nobody else may write to the books meanwhile.
	held, err := lock.Take(*books)
	if err != nil {
		return err
	}
	defer func() { _ = held.Release() }()
	given := false
	f.Visit(func(f *flag.Flag) { given = given || f.Name == "orders" || f.Name == "seed" })
	var ledgers []world.Ledger
	for l, address := range map[world.Ledger]string{world.Xero: *xero, world.QuickBooks: *quickbooks} {
		if address != "" {
			ledgers = append(ledgers, l)
		}
	}
	s, err := shop.Open(shop.Wish{
		File: *books, Orders: *orders, Seed: *seed, Given: given, Load: *load, NoSource: *infusionsoft == "", Ledgers: ledgers,
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }() // each answer is in the files already
	if s.Xero != nil {
		stop, at, err := serve(slow(s.Xero, *latency), *xero)
		if err != nil {
			return err
		}
		defer stop()
		org := s.Xero.Books().Organisation()
		fmt.Fprintf(out, "Xero          %s/api.xro/2.0  %s, XERO_TENANT_ID=%s\n", at, org.Name, org.TenantID)
	}
	if s.QuickBooks != nil {
		stop, at, err := serve(slow(s.QuickBooks, *latency), *quickbooks)
		if err != nil {
			return err
		}
		defer stop()
		company := s.QuickBooks.Books().Company()
		fmt.Fprintf(out, "QuickBooks    %s/v3/company/%s  %s, QUICKBOOKS_REALM_ID=%s\n", at, company.RealmID, company.Name, company.RealmID)
	}
	if s.Infusionsoft != nil {
		stop, at, err := serve(slow(s.Infusionsoft, *latency), *infusionsoft)
		if err != nil {
			return err
		}
		defer stop()
		fmt.Fprintf(out, "Infusionsoft  %s/crm/rest/v2  %s\n", at, s.Made.Tenant)
	}
	<-ctx.Done()
	return nil
}

// usualLatency keeps a client that makes one call after the other at nine a second, where QuickBooks allows ten; the
// real services are slower.
const usualLatency = 110 * time.Millisecond

// slow waits before each request is handed on.
func slow(h http.Handler, latency time.Duration) http.Handler {
	if latency == 0 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(latency):
			h.ServeHTTP(w, r)
		case <-r.Context().Done(): // nobody waits for the answer, and nothing has been done
		}
	})
}

// serve listens at once, so that an address that is taken is an error here, and serves until stopped.
func serve(h http.Handler, address string) (stop func(), at string, err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	return func() { _ = server.Close() }, "http://" + l.Addr().String(), nil
}
