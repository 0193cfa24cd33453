package invoicesync

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// SettleSettings are what a host chooses for a [Settle]. They are plain values; save them where you like.
type SettleSettings struct {
	// Host is the account of the host whose payments are read: a vendor name of the host's own and the account's
	// lasting id; where the host also imports, HostVendor and the account of the import, so that the origins in a
	// Delivery have one name for it. Ledger is the organisation that is written to; a connection that leads elsewhere is refused.
	Host   ledger.OrganisationID
	Ledger ledger.OrganisationID

	// Processing is the master switch. Off, Run writes nothing; Preview still works, and One still writes the one
	// payment that a person asks for.
	Processing bool

	// Currency is that of the host's account. A payment in another one is parked.
	Currency ledger.Currency

	// Payments says which account takes the money of which method, and what becomes of too much.
	Payments PaymentSettings

	// Start leaves payments alone that are dated before it: they were booked by hand. Zero: all are looked at.
	Start ledger.Date

	// LeavePushed parks payments of invoices that a [Push] wrote which books payments itself, as "other_origin".
	// Without it such a push and this flow cannot both write to one ledger; see [OneOrigin].
	LeavePushed bool

	Interval time.Duration // for the host's scheduler, which runs the flow; 0: hourly. No flow reads it
}

func (s SettleSettings) pair() store.Pair { return store.Pair{Source: s.Host, Ledger: s.Ledger} }

// Validate returns all contradictions, joined, or nil. It makes no call.
func (s SettleSettings) Validate() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("invoicesync: settings: "+format, args...))
	}
	if s.Host.Vendor == "" || s.Host.ID == "" {
		bad("Host names no account: set a vendor name of your own and the account's id")
	}
	if s.Ledger.Vendor == "" || s.Ledger.ID == "" {
		bad("Ledger names no organisation: set its vendor and id")
	}
	if s.Host == s.Ledger && !s.Host.IsZero() {
		bad("Host and Ledger are the same organisation %s", s.Host)
	}
	if err := checkCurrency(s.Currency); err != nil {
		bad("Currency: %w", err)
	}
	if s.Payments.Account == "" && len(s.Payments.Accounts) == 0 {
		bad("Payments.Account is empty: name the account that takes payments")
	}
	for method, code := range s.Payments.Accounts {
		if code == "" {
			bad("Payments.Accounts[%s] is empty: name an account, or leave the method out", method)
		}
	}
	if s.Interval < 0 {
		bad("Interval is negative")
	}
	return errors.Join(errs...)
}

// hash changes when a setting changes that a verdict or a draft depends on.
func (s SettleSettings) hash() string {
	s.Processing, s.Interval = false, 0
	b, err := json.Marshal(s)
	if err != nil {
		// Settings are plain values; only a new field of another sort could come here.
		panic(fmt.Sprintf("invoicesync: settings do not marshal: %v", err))
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}
