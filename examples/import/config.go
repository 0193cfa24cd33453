package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	tell "github.com/invoicesync/invoicesync/examples/internal/progress"
	"github.com/invoicesync/invoicesync/examples/internal/receivables"
	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// config is what the flags and the environment say.
type config struct {
	vendor    *vendor
	db        string
	temporary bool // nobody has named db
	invoices  int
	seed      uint64
	all       bool
	budget    int // 0: the library's own; -1: none
	taxes     []string
	json      bool
	ledgerURL string // "": a fake
	pageSize  int

	token, route string
	given        map[string]bool // flags that stand on the command line
}

func parse(args []string, env func(string) string, help io.Writer) (*config, error) {
	c := &config{}
	var from, taxes string
	f := flag.NewFlagSet("import", flag.ContinueOnError)
	f.StringVar(&from, "ledger", string(world.Xero), "from which `ledger`: xero or quickbooks")
	f.IntVar(&c.invoices, "invoices", 5000, "how many invoices to make up")
	f.Uint64Var(&c.seed, "seed", 1, "the same seed makes up the same invoices")
	f.BoolVar(&c.all, "all", false, "read invoices of every status and age, not only what could be imported; for the first run with a -db")
	f.IntVar(&c.budget, "budget", 0, fmt.Sprintf("how many verdicts are stored in 24 hours; -1: no limit (default %d; with -all no limit)", invoicesync.DefaultBudget))
	f.StringVar(&c.db, "db", "", "the SQLite `file` of the store, with the app and the fake's books beside it; none: a new temporary one")
	f.BoolVar(&c.json, "json", false, "print the result as one JSON object")
	f.StringVar(&c.ledgerURL, "ledger-url", "", "the ledger's `URL` instead of its fake; needs -db, and XERO_TOKEN and XERO_TENANT_ID, or QUICKBOOKS_TOKEN and QUICKBOOKS_REALM_ID")
	f.StringVar(&taxes, "tax", "", "with -ledger-url: the ledger's tax `codes` that the app has a rate for, like OUTPUT2,ZERORATEDOUTPUT")
	var err error
	if c.given, err = command.Parse(f, args, help); err != nil {
		return nil, err
	}
	if c.vendor = vendors()[world.Ledger(from)]; c.vendor == nil {
		return nil, command.Usagef("-ledger %s: choose xero or quickbooks", from)
	}
	c.token, c.route = env(c.vendor.tokenVar), env(c.vendor.routeVar)
	for code := range strings.SplitSeq(taxes, ",") {
		if code = strings.TrimSpace(code); code != "" {
			c.taxes = append(c.taxes, code)
		}
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	if c.all && !c.given["budget"] {
		c.budget = -1
	}
	c.temporary, err = command.Place(&c.db, "import")
	return c, err
}

func (c *config) validate() error {
	switch {
	case c.given["budget"] && (c.budget == 0 || c.budget < -1):
		return command.Usagef("-budget %d: choose 1 or more, or -1 for no limit", c.budget)
	case c.invoices < 1 || c.invoices > receivables.Most:
		return command.Usagef("-invoices %d: choose 1 to %d", c.invoices, receivables.Most)
	case c.ledgerURL == "" && c.given["tax"]:
		return command.Usagef("-tax is for a -ledger-url; the fake's books come with theirs")
	case c.ledgerURL == "":
		return nil
	case c.given["invoices"] || c.given["seed"]:
		return command.Usagef("-ledger-url has its own invoices; leave -invoices and -seed out")
	case c.db == "":
		return command.Usagef("-ledger-url needs -db: what was imported must be remembered")
	case c.token == "":
		return command.Usagef("-ledger-url needs an access token in the environment: set %s", c.vendor.tokenVar)
	case c.route == "":
		return command.Usagef("-ledger-url needs %s", c.vendor.whereRoute)
	}
	host, err := command.Server("ledger-url", &c.ledgerURL)
	if err != nil {
		return err
	}
	// Known before a token has gone to the wrong vendor.
	for _, v := range vendors() {
		if v != c.vendor && command.Under(host, v.domain) && v.ledger != c.vendor.ledger {
			return command.Usagef("-ledger-url %s is %s, and this is -ledger %s", c.ledgerURL, tell.Whose(v.name), c.vendor.ledger)
		}
	}
	return nil
}

// explain adds what to do about an error that everybody meets.
func (c *config) explain(err error) error {
	if errors.Is(err, ledger.ErrReconnect) {
		return fmt.Errorf("%w\nLook at %s and %s: they must belong to the organisation that you mean, and not be expired", err, c.vendor.tokenVar, c.vendor.routeVar)
	}
	return err
}
