package reconcile

import (
	"testing"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/proof/internal/rig"
)

func TestMissingPayment(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		_, unpaid := d.begun()
		d.Pay(unpaid.ID, "30.00")
		rep := d.mends("payment missing 30.00/0.00 write")
		if rep.Payments.Created != 1 {
			t.Fatalf("%+v", rep.Payments)
		}
		d.Expect(4, 4, 4)
	})
}

func TestPaymentDeletedInLedger(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		paid, _ := d.begun()
		d.DeletePayment(d.bookedFor(paid))
		d.mends("payment gone_in_ledger 110.00/0.00 recreate")
		d.Expect(4, 4, 3)
	})
}

// The same, after the flow has noticed and parked it.
func TestPaymentDeletedAndNoticed(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		paid, _ := d.begun()
		d.DeletePayment(d.bookedFor(paid))
		d.Run()
		d.mends("payment gone_in_ledger 110.00/0.00 recreate")
		d.Expect(4, 4, 3)
	})
}

func TestPaymentVoidedInSource(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		p := d.Pay(unpaid.ID, "80.00")
		d.Run()
		rig.Check(d.T, d.Keap.VoidPayment(p.ID))
		d.mends("payment voided_in_source 80.00/80.00 delete")
		d.Expect(4, 4, 3)
	})
}

// The bookkeeper has matched the bank's line already; a person says that it is the same money.
func TestPaymentLooksTheSame(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		d.bankLine(d.ledgerID(unpaid), "80.00")
		d.Pay(unpaid.ID, "80.00")
		d.mends("payment looks_the_same 80.00/80.00 adopt")
		d.Expect(4, 4, 4)
	})
}

// And without a payment in the source it is only said.
func TestPaymentOnlyInLedger(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		_, unpaid := d.begun()
		d.bankLine(d.ledgerID(unpaid), "80.00")
		d.shows("payment only_in_ledger 0.00/80.00")
	})
}

// The source corrects the amount of a payment that is booked: it is deleted, and booked as it is.
func TestPaymentAmount(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		d.begun()
		d.source = func(s ledger.Source) ledger.Source {
			return bent{s, func(rows []ledger.Payment) []ledger.Payment {
				for i := range rows {
					if rows[i].Amount.Equal(dec("110.00")) {
						rows[i].Amount = dec("60.00")
					}
				}
				return rows
			}}
		}
		d.mends("payment amount_differs 60.00/110.00 replace")
		d.Expect(4, 4, 3)
	})
}

// The source corrects the day of a payment that is booked.
func TestPaymentDate(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		paid, _ := d.begun()
		var earlier ledger.Date
		d.source = func(s ledger.Source) ledger.Source {
			return bent{s, func(rows []ledger.Payment) []ledger.Payment {
				for i := range rows {
					if rows[i].Amount.Equal(dec("110.00")) {
						rows[i].Date, rows[i].PaidAt = rows[i].Date.AddDays(-1), rows[i].PaidAt.AddDate(0, 0, -1)
						earlier = rows[i].Date
					}
				}
				return rows
			}}
		}
		d.mends("payment content_differs 110.00/110.00 replace")
		d.Expect(4, 4, 3)
		for p, err := range ledger.All(d.LedgerSide().Payments(t.Context(), ledger.Query{})) {
			rig.Check(t, err)
			if p.ID == d.bookedFor(paid) && p.Date != earlier {
				t.Fatalf("it is booked on %s, want %s", p.Date, earlier)
			}
		}
	})
}

// The source loses a payment that is booked.
func TestPaymentGoneInSource(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		d.begun()
		d.source = func(s ledger.Source) ledger.Source {
			return bent{s, func(rows []ledger.Payment) []ledger.Payment {
				var kept []ledger.Payment
				for _, p := range rows {
					if !p.Amount.Equal(dec("110.00")) {
						kept = append(kept, p)
					}
				}
				return kept
			}}
		}
		d.mends("payment gone_in_source 0.00/110.00 delete")
		d.Expect(4, 4, 2)
	})
}

// Money given back is never repaired by a program.
func TestRefund(t *testing.T) {
	each(t, func(_ *testing.T, d *desk) {
		d.begun()
		d.source = func(s ledger.Source) ledger.Source {
			return bent{s, func(rows []ledger.Payment) []ledger.Payment {
				for i := range rows {
					if rows[i].Amount.Equal(dec("110.00")) {
						rows[i].Status = ledger.PaymentRefunded
					}
				}
				return rows
			}}
		}
		d.shows("payment refund_owed 110.00/110.00")
	})
}
