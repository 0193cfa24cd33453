package main

import (
	"cmp"
	"context"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/quickbooks/quickbooksfake"
	"github.com/invoicesync/invoicesync/xero"
	"github.com/invoicesync/invoicesync/xero/xerofake"

	"github.com/invoicesync/invoicesync/examples/internal/command"
	"github.com/invoicesync/invoicesync/examples/internal/compare"
	tell "github.com/invoicesync/invoicesync/examples/internal/progress"
	"github.com/invoicesync/invoicesync/examples/internal/shop"
	ends "github.com/invoicesync/invoicesync/examples/internal/side"
	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// A vendor is everything in which the two ledgers differ for this program.
type vendor struct {
	ledger world.Ledger
	name   string
	domain string // of its real servers

	// The environment variables of a connection: the access token, and which organisation it is for.
	tokenVar, routeVar, whereRoute string

	// Flags that only this ledger has, and what flags are when they are not given.
	flags    []string
	defaults map[string]string

	open    func(*side, *pinned, limit.Budget, *progress) (ledger.Ledger, error)
	compare func(*side) compare.Ledger
	// books are settings for what the lines are booked by.
	books func(*config, *invoicesync.Settings)
	// serve takes the fake out of a shop: the fake, its route, and whether its books hold a record.
	serve func(*shop.Shop) (fake ends.Fake, route string, holds func(ledger.RecordKind, string) bool)
}

// whose is the name in the genitive.
func (v *vendor) whose() string { return tell.Whose(v.name) }

// vendors are the ledgers that -ledger can name.
func vendors() map[world.Ledger]*vendor {
	return map[world.Ledger]*vendor{world.Xero: intoXero(), world.QuickBooks: intoQuickBooks()}
}

func intoXero() *vendor {
	return &vendor{
		ledger: world.Xero, name: "Xero", domain: "xero.com",
		tokenVar: "XERO_TOKEN", routeVar: "XERO_TENANT_ID",
		whereRoute: "the organisation's tenant id in the environment: set XERO_TENANT_ID; GET https://api.xero.com/connections lists yours",
		flags:      []string{"account", "shipping-account", "finance-account"},
		defaults: map[string]string{
			"account": "200", "discount-account": "205", "shipping-account": "210", "finance-account": "265",
			"payment-account": "090", "card-account": "615", "paypal-account": "091", "tax": world.TaxableCode, "no-tax": "NONE",
		},
		open: func(s *side, p *pinned, budget limit.Budget, progress *progress) (ledger.Ledger, error) {
			return xero.New(s.Client, s.Route, &xero.Options{
				BaseURL: s.URL, Organisation: p.Ledger, Budget: budget,
				Observe: func(_ context.Context, call xero.Call) { s.called(progress, doingXero(call)) },
			})
		},
		compare: func(s *side) compare.Ledger {
			return compare.Xero{BaseURL: s.URL, Client: s.Client, Tenant: s.Route}
		},
		books: func(c *config, s *invoicesync.Settings) {
			s.Accounts = invoicesync.AccountSettings{
				Default: c.account, Discount: c.discountAccount, Shipping: c.shippingAccount, FinanceCharge: c.financeAccount,
				SKUAccounts: true, // the account of the Xero item whose code is the SKU
			}
		},
		serve: func(s *shop.Shop) (ends.Fake, string, func(ledger.RecordKind, string) bool) {
			books := s.Xero.Books()
			return s.Xero, books.Organisation().TenantID, held(has[xerofake.Invoice](books.Invoice), has[xerofake.Payment](books.Payment))
		},
	}
}

func intoQuickBooks() *vendor {
	return &vendor{
		ledger: world.QuickBooks, name: "QuickBooks", domain: "intuit.com",
		tokenVar: "QUICKBOOKS_TOKEN", routeVar: "QUICKBOOKS_REALM_ID",
		whereRoute: "the company's realm id in the environment: set QUICKBOOKS_REALM_ID; it came with the callback of the authorisation",
		flags:      []string{"item", "untaxed-item", "shipping-item", "finance-item"},
		defaults: map[string]string{
			"item": world.TaxableItem, "untaxed-item": world.UntaxedItem, "finance-item": world.FinanceItem, "discount-account": world.DiscountNumber,
			"payment-account": world.BankNumber, "card-account": world.CardNumber, "paypal-account": world.PayPalNumber, "tax": "TAX", "no-tax": "NON",
		},
		open: func(s *side, p *pinned, budget limit.Budget, progress *progress) (ledger.Ledger, error) {
			return quickbooks.New(s.Client, s.Route, &quickbooks.Options{
				BaseURL: s.URL, Organisation: p.Ledger, Budget: budget,
				Observe: func(_ context.Context, call quickbooks.Call) { s.called(progress, doingQuickBooks(call)) },
			})
		},
		compare: func(s *side) compare.Ledger {
			return compare.QuickBooks{BaseURL: s.URL, Client: s.Client, Realm: s.Route}
		},
		books: func(c *config, s *invoicesync.Settings) {
			s.Items = invoicesync.ItemSettings{
				Taxable: c.item, NonTaxable: c.untaxedItem, Shipping: c.shippingItem, FinanceCharge: c.financeItem,
				BySKU: true, // the product whose SKU is the line's
			}
			s.Accounts.Discount = c.discountAccount
		},
		serve: func(s *shop.Shop) (ends.Fake, string, func(ledger.RecordKind, string) bool) {
			books := s.QuickBooks.Books()
			return s.QuickBooks, books.Company().RealmID, held(has[quickbooksfake.Invoice](books.Invoice), has[quickbooksfake.Payment](books.Payment))
		},
	}
}

func has[T any](get func(string) (T, bool)) func(string) bool {
	return func(id string) bool { _, ok := get(id); return ok }
}

func held(invoice, payment func(string) bool) func(ledger.RecordKind, string) bool {
	return func(kind ledger.RecordKind, id string) bool {
		switch kind {
		case ledger.KindInvoice:
			return invoice(id)
		case ledger.KindPayment:
			return payment(id)
		}
		return false
	}
}

// choose finds the vendor and gives the flags that stand nowhere what they are for it.
func (c *config) choose(name string) error {
	all := vendors()
	c.vendor = all[world.Ledger(name)]
	if c.vendor == nil {
		return command.Usagef("-ledger %s: choose xero or quickbooks", name)
	}
	for _, v := range all {
		for _, flag := range v.flags {
			if v != c.vendor && c.given[flag] {
				return command.Usagef("-%s is for -ledger %s, and this is -ledger %s: leave it out", flag, v.ledger, name)
			}
		}
	}
	for flag, value := range map[string]*string{
		"account": &c.account, "discount-account": &c.discountAccount, "shipping-account": &c.shippingAccount, "finance-account": &c.financeAccount,
		"item": &c.item, "untaxed-item": &c.untaxedItem, "shipping-item": &c.shippingItem, "finance-item": &c.financeItem,
		"payment-account": &c.paymentAccount, "card-account": &c.cardAccount, "paypal-account": &c.paypalAccount, "tax": &c.taxCode, "no-tax": &c.noTaxCode,
	} {
		*value = cmp.Or(*value, c.vendor.defaults[flag])
	}
	return nil
}
