package rig

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/faults"
	"github.com/invoicesync/invoicesync/ledger"
)

// A Vendor is whose ledger a [World] has.
type Vendor string

// The vendors. The zero value of Vendor is Xero.
const (
	OnXero       Vendor = "xero"
	OnQuickBooks Vendor = "quickbooks"
)

// Vendors are all of them, for tests that hold on each.
func Vendors() []Vendor { return []Vendor{OnXero, OnQuickBooks} }

// Each runs f once for each vendor, as a subtest of its name.
func Each(t *testing.T, f func(*testing.T, Vendor)) {
	t.Helper()
	for _, v := range Vendors() {
		t.Run(string(v), func(t *testing.T) { f(t, v) })
	}
}

// A Booked is a record of the ledger in words that every ledger has.
type Booked struct {
	ID     string
	Number string
	Marks  []ledger.Mark // every mark that stands in the field where ours belong
	Live   bool          // neither void nor deleted; a contact always is

	Contact string // of an invoice: whose it is
	Invoice string // of a payment: what it pays

	Total decimal.Decimal // a payment's amount
	Tax   decimal.Decimal
	Due   decimal.Decimal // what is left to pay on an invoice
	Date  string
}

// Only is those of a list that are live.
func Only(list []Booked) []Booked {
	return slices.DeleteFunc(list, func(b Booked) bool { return !b.Live })
}

// house is one vendor's fake, in the words of [Rig].
type house interface {
	invoices() []Booked
	payments() []Booked
	contacts() []Booked
	open(r *Rig, client *http.Client, url string) (ledger.Ledger, error)
	client() *http.Client
	calls() int
	writes() int
	// creates is the request that creates records of a kind.
	creates(kind ledger.RecordKind) faults.Fault

	voidInvoice(id string) error
	deletePayment(id string) error
}

// Invoices returns the ledger's invoices, dead ones too as far as the ledger keeps them.
func (r *Rig) Invoices() []Booked { return r.house().invoices() }

// Payments returns the ledger's payments, dead ones too as far as the ledger keeps them.
func (r *Rig) Payments() []Booked { return r.house().payments() }

// Contacts returns the ledger's contacts, or customers.
func (r *Rig) Contacts() []Booked { return r.house().contacts() }

// Calls is how many requests have reached the ledger, and Writes how many of them could change it.
func (r *Rig) Calls() int { return r.house().calls() }

// Writes counts as [Rig.Calls] does.
func (r *Rig) Writes() int { return r.house().writes() }

// VoidInvoice voids an invoice by hand in the ledger.
func (r *Rig) VoidInvoice(id string) { r.T.Helper(); Check(r.T, r.house().voidInvoice(id)) }

// DeletePayment deletes a payment by hand in the ledger.
func (r *Rig) DeletePayment(id string) { r.T.Helper(); Check(r.T, r.house().deletePayment(id)) }

// LedgerClient is what the ledger's adapter talks to its fake with.
func (r *Rig) LedgerClient() *http.Client { return r.house().client() }

// OnCreate lets f go wrong with the requests that create records of a kind.
func (r *Rig) OnCreate(kind ledger.RecordKind, f faults.Fault) {
	of := r.house().creates(kind)
	f.Method, f.Path = of.Method, of.Path
	if match := f.Match; match == nil {
		f.Match = of.Match
	} else if of.Match != nil {
		f.Match = func(req *http.Request) bool {
			body, err := io.ReadAll(req.Body)
			if err != nil {
				return false
			}
			again := func() { req.Body = io.NopCloser(bytes.NewReader(body)) }
			again()
			if !of.Match(req) {
				return false
			}
			again()
			return match(req)
		}
	}
	r.Faults.Add(f)
}

// Expect compares what the ledger holds: live invoices, contacts, live payments.
func (r *Rig) Expect(invoices, contacts, payments int) {
	r.T.Helper()
	gotI, gotP, gotC := len(Only(r.Invoices())), len(Only(r.Payments())), len(r.Contacts())
	if gotI != invoices || gotC != contacts || gotP != payments {
		r.T.Fatalf("%s holds %d invoices, %d contacts, %d payments; want %d, %d, %d", r.Vendor, gotI, gotC, gotP, invoices, contacts, payments)
	}
}

// Once reports records of the ledger that share a mark or have none, whatever their status: a void does not make
// a second invoice good again.
func (r *Rig) Once() error {
	seen := map[ledger.Mark]string{}
	var wrong []string
	for _, list := range []struct {
		what string
		of   []Booked
	}{{"invoice", r.Invoices()}, {"contact", r.Contacts()}, {"payment", r.Payments()}} {
		for _, b := range list.of {
			name := list.what + " " + b.ID
			if len(b.Marks) != 1 {
				wrong = append(wrong, fmt.Sprintf("%s has the marks %v", name, b.Marks))
				continue
			}
			if other, twice := seen[b.Marks[0]]; twice {
				wrong = append(wrong, fmt.Sprintf("mark %s is on %s and on %s", b.Marks[0], other, name))
			}
			seen[b.Marks[0]] = name
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(wrong, "; "))
}

// marksIn are the marks in a text, wherever they stand.
func marksIn(text string) []ledger.Mark {
	var marks []ledger.Mark
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '2' || r > '7') }) {
		if m := ledger.Mark(w); m.Valid() {
			marks = append(marks, m)
		}
	}
	return marks
}
