package ledgertest

import (
	"errors"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// Harness is how the suite gets at an adapter.
type Harness struct {
	Name string // of the adapter: the heading of its column in [Table]

	// Open returns a new world: an adapter and a vendor whose books are empty. Each case opens its own.
	Open func(T) World

	// Cannot are the fields of [ledger.Powers] that are nil on purpose, by name: "Updates", "Documents".
	// Every other power must be there, so that none goes missing unseen, in an adapter or in a decorator.
	// A pure source needs none.
	Cannot []string

	// Sockets says that the vendor is reached over sockets, which do not work in virtual time. Cases then run
	// on the machine's clock, and those that need minutes to pass are skipped.
	Sockets bool

	// Deviations are cases that the adapter is known to fail, by name, with the reason: a sentence for
	// those who use it. A deviation that does not fail any more is a failure.
	Deviations map[string]string
}

// World is an adapter over a vendor whose books are empty. Everything but Source or Ledger is optional: a case that
// needs what is nil is skipped, with the reason. A function that cannot do what it is asked for returns an
// error that is [errors.ErrUnsupported], and the case is skipped likewise.
type World struct {
	Source ledger.Source // may be left nil where Ledger is given
	Ledger ledger.Ledger // nil: the adapter only reads

	// Reopen returns a second adapter over the same vendor, as another process would have it.
	Reopen func() (ledger.Source, error)

	// Elsewhere makes the connection lead to another company, as after an authorisation by mistake.
	Elsewhere func() error

	// Account and TaxCode are what the lines of invoices may be booked with: an account code for sales, and a
	// tax code of a percentage above zero. Bank is an account that takes payments.
	Account, TaxCode, Bank string

	// Item is the id of an item that may be sold, where lines are booked by item ([ledger.ByItem]).
	Item string

	// Missing is an id of the form that invoices have, which none has.
	Missing string

	// Secrets are texts that no error may contain: the token above all.
	Secrets []string

	// What a person does at the vendor's screens. AddInvoice enters an approved invoice with the Number,
	// Date, DueDate and Lines (Description, Quantity, UnitPrice) that it is given, without tax, for a contact
	// of its own where Contact.ID is empty; where the vendor gives out numbers itself, Number may be left aside. It
	// returns the id, as the other Add functions do.
	AddInvoice     func(ledger.Invoice) (id string, err error)
	AddContact     func(name, email string) (id string, err error)
	AddPayment     func(invoice string, amount decimal.Decimal) (id string, err error)
	EditInvoice    func(id string) error // any change that readings announce
	VoidInvoice    func(id string) error
	DeleteInvoice  func(id string) error
	DeletePayment  func(id string) error
	ArchiveContact func(id string) error

	// Garble makes the adapter read an invoice's record in a form that it cannot understand.
	Garble func(id string) error

	// Inject lets the next request that writes, or the next one that reads, go wrong. Several injections
	// of one side happen in their order, one a request.
	Inject func(write bool, fault Fault) error

	// Requests returns the requests that have left the adapter, lost ones and repeated ones included.
	Requests func() []Request

	// Marked counts the vendor's records with a mark, whatever their status, without the adapter.
	Marked func(ledger.RecordKind, ledger.Mark) (int, error)
}

// need ends the case as skipped where the harness lacks something.
func (s *suite) need(there bool, what string) {
	s.Helper()
	if !there {
		s.Skipf("the harness has no %s", what)
	}
}

// did ends the case when a function of the World fails; as skipped where it cannot.
func (s *suite) did(err error, doing string) {
	s.Helper()
	switch {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, ledger.ErrUnsupported):
		s.Skipf("%s: the harness cannot: %v", doing, err)
	case err != nil:
		s.Fatalf("ledgertest: %s: the harness failed: %v", doing, err)
	}
}

func (s *suite) inject(write bool, faults ...Fault) {
	s.Helper()
	s.need(s.w.Inject != nil, "Inject")
	for _, f := range faults {
		s.did(s.w.Inject(write, f), "inject "+string(f))
	}
}

// requests counts what has left the adapter.
func (s *suite) requests() (reads, writes int) {
	s.Helper()
	s.need(s.w.Requests != nil, "Requests")
	for _, r := range s.w.Requests() {
		if r.Write {
			writes++
		} else {
			reads++
		}
	}
	return reads, writes
}

// lastWrite returns when the last write left.
func (s *suite) lastWrite() time.Time {
	s.Helper()
	list := s.w.Requests()
	slices.Reverse(list)
	for _, r := range list {
		if r.Write {
			return r.At
		}
	}
	s.broken("no request that writes has left the adapter")
	return time.Time{}
}

func (s *suite) marked(kind ledger.RecordKind, m ledger.Mark) int {
	s.Helper()
	s.need(s.w.Marked != nil, "Marked")
	n, err := s.w.Marked(kind, m)
	s.did(err, "count records by mark")
	return n
}

// reopen returns a second adapter, or the same one where the harness has none.
func (s *suite) reopen() ledger.Source {
	s.Helper()
	if s.w.Reopen == nil {
		return s.w.Source
	}
	other, err := s.w.Reopen()
	s.did(err, "reopen")
	return other
}

// seed enters an invoice of one line.
func (s *suite) seed(quantity, price string) string {
	s.Helper()
	return s.seedInvoice(ledger.Invoice{Lines: []ledger.Line{plain(quantity, price)}})
}

func plain(quantity, price string) ledger.Line {
	return ledger.Line{Kind: ledger.LineService, Description: "Hour", Quantity: dec(quantity), UnitPrice: dec(price)}
}

func (s *suite) seedInvoice(inv ledger.Invoice) string {
	s.Helper()
	s.need(s.w.AddInvoice != nil, "AddInvoice")
	if inv.Date.IsZero() {
		inv.Date = s.today()
	}
	if inv.DueDate.IsZero() {
		inv.DueDate = inv.Date.AddDays(14)
	}
	id, err := s.w.AddInvoice(inv)
	s.did(err, "add an invoice")
	return id
}

func (s *suite) pay(invoice, amount string) string {
	s.Helper()
	s.need(s.w.AddPayment != nil, "AddPayment")
	id, err := s.w.AddPayment(invoice, dec(amount))
	s.did(err, "add a payment")
	return id
}

// edit, void and remove do what a person does.
func (s *suite) edit(id string)   { s.Helper(); s.do(s.w.EditInvoice, "EditInvoice", id) }
func (s *suite) void(id string)   { s.Helper(); s.do(s.w.VoidInvoice, "VoidInvoice", id) }
func (s *suite) unpay(id string)  { s.Helper(); s.do(s.w.DeletePayment, "DeletePayment", id) }
func (s *suite) garble(id string) { s.Helper(); s.do(s.w.Garble, "Garble", id) }

func (s *suite) do(f func(string) error, name, id string) {
	s.Helper()
	s.need(f != nil, name)
	s.did(f(id), name)
}

// today is a day on which nothing is locked, whatever the organisation's zone.
func (s *suite) today() ledger.Date { return ledger.DateIn(time.Now(), time.UTC).AddDays(-1) }

func dec(v string) decimal.Decimal { return decimal.RequireFromString(v) }
