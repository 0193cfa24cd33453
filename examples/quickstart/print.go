package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/eligibility"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
	"github.com/invoicesync/invoicesync/examples/internal/world"
)

// outcome is what is known after a run, beside its report.
type outcome struct {
	calls    [2]int // Infusionsoft, the ledger: before the comparison
	compared compare.Result
	took     time.Duration
}

// A printer prints for people, or with -json for programs.
type printer struct {
	ledger   *vendor
	people   io.Writer
	programs io.Writer
}

func newPrinter(out io.Writer, c *config) *printer {
	if c.json {
		return &printer{ledger: c.vendor, people: io.Discard, programs: out}
	}
	return &printer{ledger: c.vendor, people: out, programs: io.Discard}
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p.people, format+"\n", args...) }

func (p *printer) sides(f *flow) {
	p.line("From %s to %s, in %s.", f.pinned.Source, f.pinned.Ledger, f.pinned.Currency)
	for _, w := range f.settings().Warnings() {
		p.line("Note: %s", w)
	}
}

func (p *printer) problem(pr invoicesync.Problem) {
	p.line("Setting %s: %s. Orders that need it will be parked.", pr.Setting, strings.TrimSuffix(pr.Message, "."))
}

// nothing says that a preview has shown no order, which is not to say that none waits.
func (p *printer) nothing(parked [2]int) {
	p.line("Nothing new; %d orders and %d payments are parked.", parked[0], parked[1])
}

// planned prints what a run would do with one order.
func (p *printer) planned(pl invoicesync.Planned) {
	switch {
	case pl.Already:
		p.line("  order %s: is in %s", pl.Ref.ID, p.ledger.name)
	case !pl.Verdict.Eligible():
		p.line("  order %s: %s", pl.Ref.ID, reasons(pl.Verdict.Reasons))
	default:
		contact := ""
		if pl.Contact != nil {
			contact = ", new contact"
		}
		p.line("  order %s: invoice of %s, tax %s, %d lines, dated %s, due %s (%s)%s%s", pl.Ref.ID, pl.Invoice.Totals.Total.StringFixed(2),
			pl.Invoice.Totals.Tax.StringFixed(2), len(pl.Invoice.Lines), pl.Invoice.Date, pl.Invoice.DueDate, pl.DueRule, contact, payments(pl.Payments))
	}
}

func reasons(list []eligibility.Reason) string {
	texts := make([]string, len(list))
	for i, r := range list {
		texts[i] = fmt.Sprintf("%s (%s)", r.Code, r.Message)
	}
	return strings.Join(texts, ", ")
}

func payments(list []invoicesync.PlannedPayment) string {
	var b strings.Builder
	for _, pay := range list {
		if pay.Reason != nil {
			fmt.Fprintf(&b, ", payment of %s left out: %s", pay.Payment.Amount.StringFixed(2), pay.Reason.Code)
			continue
		}
		fmt.Fprintf(&b, ", payment of %s to account %s", pay.Payment.Amount.StringFixed(2), pay.Payment.Account)
	}
	return b.String()
}

// tally counts a planned record: what would be written is left for later.
func tally(r *invoicesync.Report, pl invoicesync.Planned) {
	count := func(c *invoicesync.Counts, why *eligibility.Reason, already bool) {
		c.Read++
		add := func(m *map[string]int) {
			if *m == nil {
				*m = map[string]int{}
			}
			(*m)[why.Code]++
		}
		switch {
		case already:
			c.Already++
		case why == nil:
			c.Deferred++
		case why.Disposition == eligibility.Park:
			add(&c.Parked)
		default:
			add(&c.Skipped)
		}
	}
	var why *eligibility.Reason
	if !pl.Verdict.Eligible() {
		first := pl.Verdict.First()
		why = &first
	}
	count(&r.Invoices, why, pl.Already)
	for _, pay := range pl.Payments {
		count(&r.Payments, pay.Reason, false)
	}
}

// report prints what a run has done.
func (p *printer) report(r invoicesync.Report, n *notes, o outcome) {
	counts := func(name string, c invoicesync.Counts) {
		sum := func(m map[string]int) (n int) {
			for _, v := range m {
				n += v
			}
			return n
		}
		p.line("%-10s %6d judged: %d created, %d there already, %d updated, %d skipped, %d parked, %d refused, %d uncertain, %d deferred",
			name, c.Read, c.Created, c.Already, c.Updated, sum(c.Skipped), sum(c.Parked), c.Refused, c.Uncertain, c.Deferred)
	}
	p.line("")
	counts("Invoices", r.Invoices)
	counts("Payments", r.Payments)
	p.line("%-10s %6d created, %d found, %d parked", "Contacts", r.Contacts.Created, r.Contacts.Linked, r.Contacts.Parked)
	for _, g := range n.groups() {
		const most = 5
		ids, more := g.ids, ""
		if len(ids) > most {
			ids, more = ids[:most], ", …"
		}
		p.line("  %s %s: %d × %s: %s [%s%s]", g.kind, g.state, len(g.ids), g.code, g.message, strings.Join(ids, ", "), more)
	}
	for _, code := range slices.Sorted(maps.Keys(r.Owed)) {
		p.line("  not written: %s %s (%s)", r.Owed[code].StringFixed(r.Currency.Places()), r.Currency, code)
	}
	if !r.ResumeAt.IsZero() {
		p.line("Run again after %s.", r.ResumeAt.Format(time.RFC3339))
	}
	p.line("%d calls to Infusionsoft and %d to %s, %d of them writes.", o.calls[0], o.calls[1], p.ledger.name, r.Writes)
	if c := o.compared; c.Invoices > 0 {
		p.line("Compared afresh: %d invoices with %d payments; difference %d cents.", c.Invoices, c.Payments, c.Cents)
		for _, d := range c.Differing {
			p.line("  %s", d)
		}
	}
	p.line("%s in all.", o.took.Round(100*time.Millisecond))
}

// The object that -json prints, counted as the protocol of the library says: a record stands once, under
// its first reason.
type jsonReport struct {
	Read int `json:"read"`
	jsonStates
	Contacts   jsonContacts     `json:"contacts"`
	Payments   jsonStates       `json:"payments"`
	Calls      jsonCalls        `json:"calls"`
	Writes     int              `json:"writes"`
	Difference int64            `json:"difference_cents"`
	Owed       map[string]int64 `json:"owed_cents"`
	Seconds    json.Number      `json:"seconds"`
	Stopped    string           `json:"stopped,omitempty"` // what ended the run early: "max_creates", …
}

type jsonStates struct {
	Created   int            `json:"created"`
	Already   int            `json:"already"`
	Updated   int            `json:"updated"`
	Skipped   map[string]int `json:"skipped"`
	Parked    map[string]int `json:"parked"`
	Refused   int            `json:"refused"`
	Uncertain int            `json:"uncertain"`
	Deferred  int            `json:"deferred"`
}

type jsonContacts struct {
	Created int `json:"created"`
	Linked  int `json:"linked"`
	Parked  int `json:"parked"`
}

// jsonCalls has one of the two ledgers.
type jsonCalls struct {
	Infusionsoft int  `json:"infusionsoft"`
	Xero         *int `json:"xero,omitempty"`
	QuickBooks   *int `json:"quickbooks,omitempty"`
}

func (p *printer) json(r invoicesync.Report, o outcome) {
	out := jsonReport{
		Read: r.Invoices.Read, jsonStates: states(r.Invoices), Payments: states(r.Payments),
		Contacts: jsonContacts{r.Contacts.Created, r.Contacts.Linked, r.Contacts.Parked},
		Calls:    p.calls(o), Writes: r.Writes, Difference: o.compared.Cents,
		Owed: map[string]int64{}, Seconds: json.Number(decimal.New(o.took.Milliseconds(), -3).String()),
		Stopped: r.Stopped,
	}
	for code, amount := range r.Owed {
		out.Owed[code] = minor(amount, r.Currency)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		panic(err) // numbers and codes
	}
	fmt.Fprintf(p.programs, "%s\n", raw)
}

func (p *printer) calls(o outcome) jsonCalls {
	c := jsonCalls{Infusionsoft: o.calls[0]}
	if p.ledger.ledger == world.QuickBooks {
		c.QuickBooks = &o.calls[1]
	} else {
		c.Xero = &o.calls[1]
	}
	return c
}

func states(c invoicesync.Counts) jsonStates {
	s := jsonStates{c.Created, c.Already, c.Updated, c.Skipped, c.Parked, c.Refused, c.Uncertain, c.Deferred}
	for _, m := range []*map[string]int{&s.Skipped, &s.Parked} {
		if *m == nil {
			*m = map[string]int{}
		}
	}
	return s
}
