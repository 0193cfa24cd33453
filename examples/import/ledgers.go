package main

import (
	"context"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/limit"
	"github.com/invoicesync/invoicesync/quickbooks"
	"github.com/invoicesync/invoicesync/xero"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// A vendor is everything in which the two ledgers differ for this program.
type vendor struct {
	ledger world.Ledger
	name   string
	domain string // of its real servers

	// The environment variables of a connection: the access token, and which organisation it is for.
	tokenVar, routeVar, whereRoute string

	open    func(*books, pinned, limit.Budget, *progress) (ledger.Source, error)
	compare func(*books) compare.Ledger
}

// vendors are the ledgers that -ledger can name.
func vendors() map[world.Ledger]*vendor {
	return map[world.Ledger]*vendor{world.Xero: fromXero(), world.QuickBooks: fromQuickBooks()}
}

func fromXero() *vendor {
	return &vendor{
		ledger: world.Xero, name: "Xero", domain: "xero.com", tokenVar: "XERO_TOKEN", routeVar: "XERO_TENANT_ID",
		whereRoute: "the organisation's tenant id in the environment: set XERO_TENANT_ID; GET https://api.xero.com/connections lists yours",
		open: func(b *books, p pinned, budget limit.Budget, progress *progress) (ledger.Source, error) {
			return xero.New(b.Client, b.Route, &xero.Options{
				BaseURL: b.URL, Organisation: p.Ledger, Budget: budget, PageSize: b.pageSize,
				Observe: func(_ context.Context, call xero.Call) {
					b.called(progress, strings.HasPrefix(call.Route, "/Invoices"), call.Method)
				},
			})
		},
		compare: func(b *books) compare.Ledger {
			return compare.Xero{BaseURL: b.URL, Client: b.Client, Tenant: b.Route}
		},
	}
}

func fromQuickBooks() *vendor {
	return &vendor{
		ledger: world.QuickBooks, name: "QuickBooks", domain: "intuit.com", tokenVar: "QUICKBOOKS_TOKEN", routeVar: "QUICKBOOKS_REALM_ID",
		whereRoute: "the company's realm id in the environment: set QUICKBOOKS_REALM_ID; it came with the callback of the authorisation",
		open: func(b *books, p pinned, budget limit.Budget, progress *progress) (ledger.Source, error) {
			return quickbooks.New(b.Client, b.Route, &quickbooks.Options{
				BaseURL: b.URL, Organisation: p.Ledger, Budget: budget, PageSize: b.pageSize,
				Observe: func(_ context.Context, call quickbooks.Call) {
					b.called(progress, call.Route == "/query" || strings.HasPrefix(call.Route, "/invoice"), call.Method)
				},
			})
		},
		compare: func(b *books) compare.Ledger {
			return compare.QuickBooks{BaseURL: b.URL, Client: b.Client, Realm: b.Route}
		},
	}
}
