package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/invoicesync/invoicesync/ledger"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// config is what the flags and the environment say.
type config struct {
	vendor    *vendor
	db        string
	temporary bool // nobody has named db
	orders    int
	seed      uint64
	load      string
	syncID    string
	preview   bool
	json      bool
	sourceURL string // "": a fake
	ledgerURL string

	account, discountAccount, shippingAccount, financeAccount string
	item, untaxedItem, shippingItem, financeItem              string
	paymentAccount, cardAccount, paypalAccount                string
	taxCode, noTaxCode                                        string
	from                                                      ledger.Date
	maxCreates                                                int // 0: the engine's own guard

	sourceToken, ledgerToken, ledgerRoute string

	given map[string]bool // flags that stand on the command line
}

// guard is how many new invoices the engine lets a run make in a live organisation, unless told otherwise.
const guard = 500

func parse(args []string, env func(string) string, help io.Writer) (*config, error) {
	c := &config{}
	var from, into string
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.StringVar(&c.db, "db", "", "the SQLite `file` of the store, with the fakes' books beside it; none: a new temporary one")
	f.IntVar(&c.orders, "orders", 500, "how many orders to make up")
	f.Uint64Var(&c.seed, "seed", 1, "the same seed makes up the same orders")
	f.StringVar(&c.load, "load", "", "a `folder` of vendor JSON to load instead: files named after v2 answers (ListOrders.json), or objects of such answers")
	f.StringVar(&c.syncID, "sync-id", "", "push only the order with this `number`; id:1234 is the order id and nothing else")
	f.BoolVar(&c.preview, "preview", false, "say what a run would write, and write nothing")
	f.BoolVar(&c.json, "json", false, "print the result as one JSON object")
	f.StringVar(&c.sourceURL, "source-url", "", "an Infusionsoft `URL` instead of the fake; needs -db and INFUSIONSOFT_TOKEN")
	f.StringVar(&c.ledgerURL, "ledger-url", "", "the ledger's `URL` instead of its fake; needs -db, and XERO_TOKEN and XERO_TENANT_ID, or QUICKBOOKS_TOKEN and QUICKBOOKS_REALM_ID")
	f.StringVar(&into, "ledger", string(world.Xero), "into which `ledger`: xero or quickbooks")

	// What these are when they are not given, the ledger decides: see vendor.defaults.
	f.StringVar(&c.account, "account", "", "Xero: account `code` for all lines that nothing else applies to (default 200)")
	f.StringVar(&c.shippingAccount, "shipping-account", "", "Xero: account `code` for shipping (default 210)")
	f.StringVar(&c.financeAccount, "finance-account", "", "Xero: account `code` for finance charges (default 265)")
	f.StringVar(&c.item, "item", "", "QuickBooks: `product` of lines that bear tax: its SKU, id or name (default that of the fake)")
	f.StringVar(&c.untaxedItem, "untaxed-item", "", "QuickBooks: `product` of lines that bear none (default that of the fake)")
	f.StringVar(&c.shippingItem, "shipping-item", "", "QuickBooks: `product` of shipping (default QuickBooks' own shipping line)")
	f.StringVar(&c.financeItem, "finance-item", "", "QuickBooks: `product` of finance charges (default that of the fake)")
	f.StringVar(&c.discountAccount, "discount-account", "", "account `code` for discounts (default 205; 4900)")
	f.StringVar(&c.paymentAccount, "payment-account", "", "account `code`, or id, for payments (default 090; 1000)")
	f.StringVar(&c.cardAccount, "card-account", "", "account `code`, or id, for card payments (default 615; 1010)")
	f.StringVar(&c.paypalAccount, "paypal-account", "", "account `code`, or id, for PayPal payments (default 091; 1020)")
	f.StringVar(&c.taxCode, "tax", "", "tax `code` for lines that bear tax (default "+world.TaxableCode+"; TAX)")
	f.StringVar(&c.noTaxCode, "no-tax", "", "tax `code` for lines that bear none (default NONE; NON)")
	f.StringVar(&from, "from", "", "leave out orders before this `date`, like 2026-11-01")
	f.IntVar(&c.maxCreates, "max-creates", 0, fmt.Sprintf("stop after this `number` of new invoices; -1: never stop (default -1, and %d in a live organisation at a -ledger-url elsewhere)", guard))

	var err error
	if c.given, err = command.Parse(f, args, help); err != nil {
		return nil, err
	}
	if err := c.choose(into); err != nil {
		return nil, err
	}
	c.sourceToken, c.ledgerToken, c.ledgerRoute = env("INFUSIONSOFT_TOKEN"), env(c.vendor.tokenVar), env(c.vendor.routeVar)
	if from != "" {
		if c.from, err = ledger.ParseDate(from); err != nil {
			return nil, command.Usagef("-from %q is no date; write it like 2026-11-01", from)
		}
	}
	if err := c.validate(); err != nil {
		return nil, err
	}
	c.temporary, err = command.Place(&c.db, "quickstart")
	return c, err
}

func (c *config) validate() error {
	switch {
	case c.given["max-creates"] && (c.maxCreates == 0 || c.maxCreates < -1):
		return command.Usagef("-max-creates %d: choose 1 or more, or -1 for no end; to write nothing, use -preview", c.maxCreates)
	case c.orders < 1 || c.orders > world.MaxOrders:
		return command.Usagef("-orders %d: choose 1 to %d", c.orders, world.MaxOrders)
	case c.load != "" && c.sourceURL != "":
		return command.Usagef("-load fills the fake, and -source-url replaces it; leave one of them out")
	case c.load != "" && (c.given["orders"] || c.given["seed"]):
		return command.Usagef("-load brings its own orders; leave -orders and -seed out")
	case c.sourceURL != "" && (c.given["orders"] || c.given["seed"]):
		return command.Usagef("-source-url has its own orders; leave -orders and -seed out")
	case (c.sourceURL != "" || c.ledgerURL != "") && c.db == "":
		return command.Usagef("-source-url and -ledger-url need -db: what was pushed must be remembered")
	case c.sourceURL != "" && c.sourceToken == "":
		return command.Usagef("-source-url needs an access token in the environment: set INFUSIONSOFT_TOKEN")
	case c.ledgerURL != "" && c.ledgerToken == "":
		return command.Usagef("-ledger-url needs an access token in the environment: set %s", c.vendor.tokenVar)
	case c.ledgerURL != "" && c.ledgerRoute == "":
		return command.Usagef("-ledger-url needs %s", c.vendor.whereRoute)
	}
	if err := c.servers(); err != nil {
		return err
	}
	if c.load != "" {
		if info, err := os.Stat(c.load); err != nil || !info.IsDir() {
			return command.Usagef("-load %s: this is no folder that can be read; name the one that holds the *.json files", strconv.Quote(c.load))
		}
		if _, err := os.ReadDir(c.load); err != nil {
			return command.Usagef("-load: the folder cannot be read: %w", err)
		}
	}
	return nil
}

// servers checks the URLs, and leaves scheme and host of them: the vendors' paths stay.
func (c *config) servers() error {
	source, err := command.Server("source-url", &c.sourceURL)
	if err != nil {
		return err
	}
	ledger, err := command.Server("ledger-url", &c.ledgerURL)
	if err != nil {
		return err
	}
	// Known before a token has gone to the wrong vendor.
	for _, v := range vendors() {
		if command.Under(source, v.domain) {
			return command.Usagef("-source-url %s is %s; it takes Infusionsoft's URL, and -ledger-url %s", c.sourceURL, v.whose(), c.vendor.whose())
		}
		if v.ledger != c.vendor.ledger && command.Under(ledger, v.domain) {
			return command.Usagef("-ledger-url %s is %s, and this is -ledger %s", c.ledgerURL, v.whose(), c.vendor.ledger)
		}
	}
	if command.Under(ledger, "infusionsoft.com") || command.Under(ledger, "keap.com") {
		return command.Usagef("-ledger-url %s is Infusionsoft's; it takes %s URL, and -source-url Infusionsoft's", c.ledgerURL, c.vendor.whose())
	}
	if !c.given["max-creates"] && (ledger == "" || command.Loopback(ledger)) {
		c.maxCreates = -1
	}
	return nil
}
