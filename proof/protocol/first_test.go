// Package protocol holds the scenarios of the write protocol: each broke, or would break, a real system,
// and each is a test here. They run the real engine and the real adapters over the fakes, in virtual
// time.
package protocol

import (
	"testing"

	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// The plain way, before anything goes wrong.
func TestPlain(t *testing.T) {
	rig.Bubble(t, func(t *testing.T) {
		r := rig.New(t)
		for range 120 {
			r.Order("110.00", true)
		}
		rep := r.Run()
		if rep.Invoices.Created != 120 || rep.Payments.Created != 120 || rep.Contacts.Created != 120 || !rep.Difference.IsZero() {
			t.Fatalf("%+v", rep)
		}
		r.Expect(120, 120, 120)
		calls, writes := r.Xero.Calls(), r.Xero.Writes()
		rep = r.Run()
		if rep.Invoices.Created != 0 || rep.Writes != 0 || r.Xero.Writes() != writes || r.Xero.Calls()-calls > 3 {
			t.Fatalf("second run: %+v, %d calls", rep, r.Xero.Calls()-calls)
		}
	})
}
