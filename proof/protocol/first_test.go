// Package protocol holds the scenarios of the write protocol: each broke, or would break, a real system,
// and each is a test here, for every ledger. They run the real engine and the real adapters over the fakes, in
// virtual time.
package protocol

import (
	"testing"

	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

// The plain way, before anything goes wrong.
func TestPlain(t *testing.T) {
	rig.Each(t, func(t *testing.T, v rig.Vendor) {
		flow(t, v, 120, func(t *testing.T, r *rig.Rig) {
			rep := r.Run()
			if rep.Invoices.Created != 120 || rep.Payments.Created != 120 || rep.Contacts.Created != 120 || !rep.Difference.IsZero() {
				t.Fatalf("%+v", rep)
			}
			once(r, 120)
			calls, writes := r.Calls(), r.Writes()
			rep = r.Run()
			if rep.Invoices.Created != 0 || rep.Writes != 0 || r.Writes() != writes || r.Calls()-calls > quietCalls[v] {
				t.Fatalf("second run: %+v, %d calls", rep, r.Calls()-calls)
			}
		})
	})
}
