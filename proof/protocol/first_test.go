package protocol

import "testing"

// The plain way, before anything goes wrong.
func TestPlain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t)
		for range 120 {
			r.order("110.00", true)
		}
		rep := r.run()
		if rep.Invoices.Created != 120 || rep.Payments.Created != 120 || rep.Contacts.Created != 120 || !rep.Difference.IsZero() {
			t.Fatalf("%+v", rep)
		}
		r.expect(120, 120, 120)
		calls, writes := r.xero.Calls(), r.xero.Writes()
		rep = r.run()
		if rep.Invoices.Created != 0 || rep.Writes != 0 || r.xero.Writes() != writes || r.xero.Calls()-calls > 3 {
			t.Fatalf("second run: %+v, %d calls", rep, r.xero.Calls()-calls)
		}
	})
}
