package ledgertest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// MemoryHarness is the harness of a [Memory]: a worked example of one with nothing left out, and the way to run
// the suite over a decorator of a host, seen through wrap. A nil wrap is the ledger as it is.
func MemoryHarness(wrap func(ledger.Ledger) ledger.Ledger) Harness {
	if wrap == nil {
		wrap = func(l ledger.Ledger) ledger.Ledger { return l }
	}
	return Harness{
		Name: "memory",
		Open: func(t T) World {
			m, err := NewMemory(nil)
			if err != nil {
				t.Fatalf("%v", err)
			}
			return memoryWorld(m, wrap)
		},
	}
}

func memoryWorld(m *Memory, wrap func(ledger.Ledger) ledger.Ledger) World {
	b := m.Books()
	return World{
		Ledger:  wrap(m),
		Reopen:  func() (ledger.Source, error) { return wrap(m.Reopen()), nil },
		Account: "200", TaxCode: "OUTPUT", Bank: "090", Missing: "inv-999999",
		Elsewhere: func() error {
			b.EditOrganisation(func(o *ledger.Organisation) { o.ID.ID = "another" })
			return nil
		},
		AddInvoice: func(inv ledger.Invoice) (string, error) {
			if inv.Contact.ID == "" {
				c, err := b.AddContact(ledger.Contact{Name: fmt.Sprint("Customer ", len(b.Contacts())+1)})
				if err != nil {
					return "", err
				}
				inv.Contact.ID = c.ID
			}
			inv.Lines = slices.Clone(inv.Lines)
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
		Inject: func(write bool, f Fault) error {
			b.Inject(write, f)
			return nil
		},
		Requests: b.Requests,
		Marked: func(kind ledger.RecordKind, m ledger.Mark) (int, error) {
			switch kind {
			case ledger.KindInvoice:
				return countMarks(b, &b.invoices, m), nil
			case ledger.KindContact:
				return countMarks(b, &b.contacts, m), nil
			case ledger.KindPayment:
				return countMarks(b, &b.payments, m), nil
			}
			return 0, errors.ErrUnsupported
		},
	}
}

func countMarks[T any](b *Books, t *table[T], m ledger.Mark) int {
	n := 0
	for _, rec := range allOf(b, t) {
		if t.mark(rec) == m {
			n++
		}
	}
	return n
}
