package ledgertest

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// kind is what the cases of writing need to know of a kind of record; they are otherwise the same for all.
type kind[T any] struct {
	kind   ledger.RecordKind
	name   string // of the cases
	power  string // the field of ledger.Powers
	writer func(ledger.Powers) ledger.Writer[T]
	// draft makes one that the vendor takes. amount is of invoices and payments; "" is any.
	draft func(s *suite, amount string) ledger.Draft[T]
	// refused makes one that encodes well and that the vendor says no to.
	refused func(*suite) ledger.Draft[T]
	// impossible alters a draft to one that no vendor holds.
	impossible func(*T)
	member     func(*suite, ledger.Draft[T]) ledger.Member
	id         func(T) string
	mark       func(T) ledger.Mark
	amount     func(T) decimal.Decimal
	away       func(s *suite, id string) // voids, deletes or archives it
}

// of returns the adapter's writer, and skips the case where it has none.
func (k kind[T]) of(s *suite) ledger.Writer[T] {
	s.Helper()
	s.ledger()
	w := k.writer(s.powers)
	if w == nil {
		s.Skipf("the adapter has no power %s", k.power)
	}
	return w
}

// The drafts' people, who must show up in no error.
const (
	personName  = "Zebulon Quackenbush"
	personEmail = "zebulon.quackenbush@example.com"
)

// source is where the drafts come from.
var source = ledger.OrganisationID{Vendor: "infusionsoft", ID: "ledgertest.infusionsoft.com"}

// newMark gives out a mark.
func (s *suite) newMark(k ledger.RecordKind) ledger.Mark {
	s.n++
	return ledger.NewMark(ledger.OrganisationID{Vendor: "ledgertest", ID: s.c.Name}, k, source, fmt.Sprint(s.n), 0)
}

func (s *suite) currency() ledger.Currency {
	s.Helper()
	if s.base == "" {
		o, err := s.w.Source.Organisation(s.Context())
		s.must(err, "organisation")
		s.base = o.BaseCurrency
	}
	return s.base
}

func (s *suite) line(quantity, price string) ledger.Line {
	l := plain(quantity, price)
	l.Account, l.ItemID, l.TaxCode = s.w.Account, s.w.Item, s.w.TaxCode
	return l
}

func contactKind() kind[ledger.Contact] {
	return kind[ledger.Contact]{
		kind: ledger.KindContact, name: "contacts", power: "Contacts",
		writer: func(p ledger.Powers) ledger.Writer[ledger.Contact] { return p.Contacts },
		draft: func(s *suite, _ string) ledger.Draft[ledger.Contact] {
			m := s.newMark(ledger.KindContact)
			return ledger.Draft[ledger.Contact]{Mark: m, Record: ledger.Contact{
				Name: fmt.Sprintf("%s %d", personName, s.n), GivenName: "Zebulon", FamilyName: fmt.Sprint("Quackenbush ", s.n),
				Email: strings.Replace(personEmail, "@", fmt.Sprintf("%d@", s.n), 1),
			}}
		},
		refused: func(s *suite) ledger.Draft[ledger.Contact] {
			s.need(s.w.AddContact != nil, "AddContact")
			s.n++
			name := fmt.Sprintf("%s %d", personName, s.n)
			_, err := s.w.AddContact(name, "taken@example.com")
			s.did(err, "add a contact")
			return ledger.Draft[ledger.Contact]{Mark: s.newMark(ledger.KindContact), Record: ledger.Contact{Name: name, Email: personEmail}}
		},
		impossible: func(c *ledger.Contact) { *c = ledger.Contact{} },
		member: func(_ *suite, d ledger.Draft[ledger.Contact]) ledger.Member {
			return ledger.Member{Mark: d.Mark}
		},
		id: func(c ledger.Contact) string { return c.ID }, mark: func(c ledger.Contact) ledger.Mark { return c.Mark },
		amount: func(ledger.Contact) decimal.Decimal { return decimal.Zero },
		away:   func(s *suite, id string) { s.Helper(); s.do(s.w.ArchiveContact, "ArchiveContact", id) },
	}
}

// customer returns the id of a contact whom invoices may be for.
func (s *suite) customer() string {
	s.Helper()
	if s.contact == "" {
		s.need(s.w.AddContact != nil, "AddContact")
		id, err := s.w.AddContact(personName, personEmail)
		s.did(err, "add a contact")
		s.contact = id
	}
	return s.contact
}

func invoiceKind() kind[ledger.Invoice] {
	draft := func(s *suite, amount string) ledger.Draft[ledger.Invoice] {
		s.Helper()
		if amount == "" {
			amount = fmt.Sprintf("%d.10", 100+s.n)
		}
		m := s.newMark(ledger.KindInvoice)
		return ledger.Draft[ledger.Invoice]{Mark: m, Record: ledger.Invoice{
			Kind: ledger.SalesInvoice, Status: ledger.StatusApproved, Contact: ledger.Contact{ID: s.customer()},
			Number: fmt.Sprint("LT-", s.n), Date: s.today(), DueDate: s.today().AddDays(14), Currency: s.currency(), TaxMode: ledger.TaxNone,
			Lines: []ledger.Line{{Kind: ledger.LineService, Description: "Hour", Quantity: dec("1"), UnitPrice: dec(amount), Account: s.w.Account, ItemID: s.w.Item}},
		}}
	}
	return kind[ledger.Invoice]{
		kind: ledger.KindInvoice, name: "invoices", power: "Invoices",
		writer: func(p ledger.Powers) ledger.Writer[ledger.Invoice] { return p.Invoices },
		draft:  draft,
		refused: func(s *suite) ledger.Draft[ledger.Invoice] {
			d := draft(s, "")
			d.Record.Lines[0].Account = "99999"
			if s.w.Item != "" {
				d.Record.Lines[0].ItemID = "99999"
			}
			return d
		},
		impossible: func(i *ledger.Invoice) { i.Contact, i.Lines = ledger.Contact{}, nil },
		member: func(s *suite, d ledger.Draft[ledger.Invoice]) ledger.Member {
			total := decimal.Zero
			for _, l := range d.Record.Lines {
				total = total.Add(l.Quantity.Mul(l.UnitPrice)) // no tax in these drafts, and whole cents
			}
			return ledger.Member{Mark: d.Mark, Amount: total}
		},
		id: func(i ledger.Invoice) string { return i.ID }, mark: func(i ledger.Invoice) ledger.Mark { return i.Mark },
		amount: func(i ledger.Invoice) decimal.Decimal { return i.Totals.Total },
		away:   func(s *suite, id string) { s.Helper(); s.void(id) },
	}
}

func paymentKind() kind[ledger.Payment] {
	draft := func(s *suite, amount string) ledger.Draft[ledger.Payment] {
		s.Helper()
		if amount == "" {
			amount = fmt.Sprintf("%d.07", 10+s.n)
		}
		// Before the mark: seeding must not count.
		contact := s.customer()
		invoice := s.seedInvoice(ledger.Invoice{Contact: ledger.Contact{ID: contact}, Lines: []ledger.Line{plain("1", "500.00")}})
		return ledger.Draft[ledger.Payment]{Mark: s.newMark(ledger.KindPayment), Record: ledger.Payment{
			InvoiceID: invoice, Contact: contact, Date: s.today(), Amount: dec(amount), Currency: s.currency(), Status: ledger.PaymentConfirmed, Account: s.w.Bank,
		}}
	}
	return kind[ledger.Payment]{
		kind: ledger.KindPayment, name: "payments", power: "Payments",
		writer: func(p ledger.Powers) ledger.Writer[ledger.Payment] { return p.Payments },
		draft:  draft,
		refused: func(s *suite) ledger.Draft[ledger.Payment] {
			return draft(s, "999.99") // of 500.00
		},
		impossible: func(p *ledger.Payment) { p.Amount = dec("0.00001") },
		member: func(_ *suite, d ledger.Draft[ledger.Payment]) ledger.Member {
			return ledger.Member{Mark: d.Mark, Amount: d.Record.Amount, Parent: d.Record.InvoiceID}
		},
		id: func(p ledger.Payment) string { return p.ID }, mark: func(p ledger.Payment) ledger.Mark { return p.Mark },
		amount: func(p ledger.Payment) decimal.Decimal { return p.Amount },
		away:   func(s *suite, id string) { s.Helper(); s.unpay(id) },
	}
}
