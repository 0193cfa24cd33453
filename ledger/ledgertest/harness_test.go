package ledgertest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/ledger/ledgertest"
)

// worldOf is the world of a ledger in memory, seen through wrap.
func worldOf(m *ledgertest.Memory, wrap func(ledger.Ledger) ledger.Ledger) ledgertest.World {
	b := m.Books()
	return ledgertest.World{
		Ledger:  wrap(m),
		Reopen:  func() (ledger.Source, error) { return wrap(m.Reopen()), nil },
		Account: "200", TaxCode: "OUTPUT", Bank: "090", Missing: "inv-999999",
		Elsewhere: func() error {
			b.EditOrganisation(func(o *ledger.Organisation) { o.ID.ID = "another" })
			return nil
		},
		AddInvoice: func(inv ledger.Invoice) (string, error) {
			if inv.Contact.ID == "" {
				c, err := b.AddContact(ledger.Contact{Name: fmt.Sprint("Customer ", len(b.Contacts()))})
				if err != nil {
					return "", err
				}
				inv.Contact.ID = c.ID
			}
			for i := range inv.Lines {
				inv.Lines[i].Account = "200"
			}
			added, err := b.AddInvoice(inv)
			return added.ID, err
		},
		AddContact: func(name, email string) (string, error) {
			c, err := b.AddContact(ledger.Contact{Name: name, Email: email})
			return c.ID, err
		},
		AddPayment: func(invoice string, amount decimal.Decimal) (string, error) {
			p, err := b.AddPayment(ledger.Payment{InvoiceID: invoice, Amount: amount})
			return p.ID, err
		},
		EditInvoice: func(id string) error {
			return b.EditInvoice(id, func(inv *ledger.Invoice) { inv.Title += "!" })
		},
		VoidInvoice: b.VoidInvoice, DeleteInvoice: b.Remove, DeletePayment: b.DeletePayment, ArchiveContact: b.ArchiveContact,
		Garble: b.Garble,
		Inject: func(write bool, f ledgertest.Fault) error {
			b.Inject(write, f)
			return nil
		},
		Requests: b.Requests,
		Marked: func(kind ledger.RecordKind, m ledger.Mark) (int, error) {
			n := 0
			switch kind {
			case ledger.KindInvoice:
				for _, r := range b.Invoices() {
					if r.Mark == m {
						n++
					}
				}
			case ledger.KindContact:
				for _, r := range b.Contacts() {
					if r.Mark == m {
						n++
					}
				}
			case ledger.KindPayment:
				for _, r := range b.Payments() {
					if r.Mark == m {
						n++
					}
				}
			default:
				return 0, errors.ErrUnsupported
			}
			return n, nil
		},
	}
}

func asIs(l ledger.Ledger) ledger.Ledger { return l }

// harness is that of a fresh ledger in memory, seen through wrap.
func harness(wrap func(ledger.Ledger) ledger.Ledger) ledgertest.Harness {
	return ledgertest.Harness{
		Name: "memory",
		Open: func(t ledgertest.T) ledgertest.World {
			m, err := ledgertest.NewMemory(nil)
			if err != nil {
				t.Fatalf("%v", err)
			}
			return worldOf(m, wrap)
		},
	}
}

func TestMemoryPassesEveryCase(t *testing.T) {
	t.Parallel()
	for _, r := range ledgertest.Run(t, harness(asIs)) {
		if r.Verdict == ledgertest.Skipped {
			t.Logf("skipped: %s: %s", r.Case, r.Text)
		}
	}
}
