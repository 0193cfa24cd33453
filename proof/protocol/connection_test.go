package protocol

import (
	"errors"
	"strings"
	"testing"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// Design: links belong to the pair of organisations. user-pain 5: after a new consent nothing is written. Xero's
// routing id changes then; QuickBooks' realm stays, and the client is a new one.
func TestReconnect(t *testing.T) {
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		flow(t, v, 20, func(t *testing.T, r *rig.Rig) {
			r.Run()
			switch v {
			case rig.OnXero:
				tenant, err := r.Xero.Books().Reconnect("")
				rig.Check(t, err)
				if _, err := r.Push().Run(t.Context()); !errors.Is(err, ledger.ErrReconnect) {
					t.Fatalf("the old tenant id must ask to reconnect: %v", err)
				}
				r.TenantID = tenant
			case rig.OnQuickBooks:
				rig.Check(t, r.QuickBooks.Disconnect(r.RealmID))
				// Disconnecting ends the tokens that were issued. The new ones are of another app as well.
				grant, err := r.QuickBooks.Authorise(r.RealmID, "another-client-id")
				rig.Check(t, err)
				r.Company.App = "another-client-id"
				books := r.LedgerOver(r.QuickBooks.Client(grant.AccessToken))
				p, err := newPush(r, books, &r.Opts)
				rig.Check(t, err)
				rep, err := p.Run(t.Context())
				rig.Check(t, err)
				if rep.Writes != 0 {
					t.Fatalf("%+v", rep)
				}
			}
			rep := r.Settle()
			if rep.Writes != 0 {
				t.Fatalf("%+v", rep)
			}
			once(r, 20)
		})
	})
}

// user-pain 40: the token leads to another organisation. Nothing is read into it, nothing written.
func TestAnotherOrganisation(t *testing.T) {
	others := map[rig.Vendor]string{rig.OnXero: "11111111-2222-3333-4444-555555555555", rig.OnQuickBooks: "4620816365000000001"}
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		flow(t, v, 1, func(t *testing.T, r *rig.Rig) {
			r.Settings.Ledger.ID = others[v]
			_, err := r.Push().Run(t.Context())
			if !errors.Is(err, ledger.ErrReconnect) || !strings.Contains(err.Error(), r.Settings.Ledger.ID) {
				t.Fatalf("want a refusal that names the organisation: %v", err)
			}
			if r.Writes() != 0 {
				t.Fatalf("%d writes", r.Writes())
			}
			r.Expect(0, 0, 0)
		})
	})
}
