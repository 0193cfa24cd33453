package main

import (
	"cmp"
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
	"github.com/invoicesync/invoicesync/ledger"

	"github.com/invoicesync/invoicesync/examples/internal/compare"
)

// A printer prints for people, or with -json for programs.
type printer struct {
	people   io.Writer
	programs io.Writer
}

func newPrinter(out io.Writer, c *config) *printer {
	if c.json {
		return &printer{people: io.Discard, programs: out}
	}
	return &printer{people: out, programs: io.Discard}
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p.people, format+"\n", args...) }

func (p *printer) ends(f *flow) {
	p.line("From %s into the app, in %s.", f.pinned.Ledger, f.pinned.Currency)
	for _, w := range f.settings.Warnings() {
		p.line("Note: %s", w)
	}
}

// automatic prints the verdicts of the automatic import.
func (p *printer) automatic(f *flow) {
	r := f.automatic.report
	v := verdicts(r)
	p.line("")
	p.line("The automatic import examined %d invoices:", v.Examined)
	met, made := f.app.met()
	p.line("  %6d imported; the app has invoices of %d clients, and made %d of these, inactive", v.Imported, met, made)
	p.line("  %6d rejected", v.Rejected)
	p.reasons(f.automatic.reasons)
	p.line("  %6d deferred", v.Deferred)
	if v.Deferred > 0 {
		p.line("         The budget is %d verdicts in 24 hours. Run again after %s; all of them are judged by %s.",
			cmp.Or(f.settings.Budget, invoicesync.DefaultBudget), r.ResumeAt.Format(time.RFC3339), r.DoneBy.Format(time.RFC3339))
		p.line("         Later changes would wait with the rest, so none are made in the books now.")
	}
	if r.Invoices.Updated > 0 {
		p.line("  %6d that were imported before have changed, and the app was told", r.Invoices.Updated)
	}
	p.cost(f.automatic.calls, f.automatic.took)
}

// reasons is the table of reasons, the most frequent first.
func (p *printer) reasons(count map[string]int) {
	codes := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(count[b]-count[a], strings.Compare(a, b))
	})
	for _, code := range codes {
		p.line("         %6d × %-20s %s", count[code], code, cmp.Or(eligibility.Meaning(code), "The ledger's record could not be understood in full."))
	}
}

func (p *printer) cost(c callCount, took time.Duration) {
	p.line("  Calls that read invoices: %d; others: %d; %s.", c.invoices, c.others, took.Round(10*time.Millisecond))
}

// list prints what a person could choose from.
func (p *printer) list(l *list) {
	p.line("")
	p.line("The manual list has %d unpaid invoices, of whatever age: %d are imported, %d wait for the budget, %d could be imported at once, and against %d there are reasons:",
		l.unpaid, l.imported, l.waiting, l.eligible, l.unpaid-l.imported-l.waiting-l.eligible)
	p.reasons(l.reasons)
	const most = 12
	for i, c := range l.samples {
		if i == most {
			p.line("  … and %d other sets of reasons", len(l.samples)-most)
			break
		}
		may := "no person may override all of it"
		if c.Verdict.Overridable() {
			may = "a person may override it"
		}
		inv := c.Invoice
		p.line("  %s of %s, due %s, %s %s left: %s (%s)", inv.Number, orNone(inv.Date.String()), orNone(inv.DueDate.String()),
			exact(inv.Totals.Balance, inv.Currency), orNone(string(inv.Currency)),
			strings.Join(c.Verdict.Codes(), ", "), may)
	}
}

// exact is an amount with the places of its currency, or more where it has more.
func exact(d decimal.Decimal, c ledger.Currency) string {
	return d.StringFixed(max(c.Places(), -d.Exponent()))
}

func orNone(text string) string { return cmp.Or(text, "?") }

// refused prints what a person may not do.
func (p *printer) refused(c *invoicesync.Candidate, err error) {
	p.line("A person who wants %s all the same is told: %v", c.Invoice.Number, err)
}

// chosen prints what a person has done.
func (p *printer) chosen(picked []invoicesync.Candidate, r invoicesync.Report, calls callCount, took time.Duration) {
	for _, c := range picked {
		p.line("A person overrides %s of %s.", strings.Join(c.Verdict.Codes(), " and "), c.Invoice.Number)
	}
	p.line("  %6d imported", r.Invoices.Created)
	p.cost(calls, took)
}

// followed prints what the app was told of later changes.
func (p *printer) followed(told []invoicesync.Delivery, reports []invoicesync.Report, calls callCount, took time.Duration) {
	count := map[invoicesync.What]int{}
	for _, d := range told {
		count[d.What]++
	}
	p.line("")
	p.line("The ledger moves on, and the app is told in %d runs:", len(reports))
	for _, what := range []invoicesync.What{
		invoicesync.Paid, invoicesync.PartPaid, invoicesync.Reopened, invoicesync.Changed, invoicesync.Voided, invoicesync.Deleted,
	} {
		if count[what] > 0 {
			p.line("  %6d %s", count[what], strings.ReplaceAll(string(what), "_", " "))
		}
	}
	if n := count[invoicesync.Imported]; n > 0 {
		p.line("  %6d imported after all: what spoke against them is gone", n)
	}
	for _, r := range reports {
		if r.Invoices.Deferred > 0 {
			p.line("  %6d wait for the budget until %s", r.Invoices.Deferred, r.ResumeAt.Format(time.RFC3339))
		}
	}
	p.cost(calls, took)
}

// compared prints what the comparison has found.
func (p *printer) compared(r compare.HeldResult) {
	p.line("")
	p.line("Compared afresh: %d invoices in the app, %d of them not as in the ledger.", r.Invoices, r.Differing)
	for _, what := range r.Listed {
		p.line("  %s", what)
	}
}

// The object that -json prints.
type jsonReport struct {
	Examined int            `json:"examined"` // the sum of the next three and of deferred
	Imported int            `json:"imported"`
	Rejected int            `json:"rejected"`
	Reasons  map[string]int `json:"reasons"`
	Deferred int            `json:"deferred"`
	Calls    int            `json:"calls"`
	Changed  int            `json:"changed"`
}

// verdicts counts a run. What was imported before and has changed is no verdict on whether to import.
func verdicts(r invoicesync.Report) jsonReport {
	v := jsonReport{Imported: r.Invoices.Created, Deferred: r.Invoices.Deferred}
	for _, m := range []map[string]int{r.Invoices.Skipped, r.Invoices.Parked} {
		for _, n := range m {
			v.Rejected += n
		}
	}
	v.Examined = v.Imported + v.Rejected + v.Deferred
	return v
}

func (p *printer) json(f *flow) {
	v := verdicts(f.automatic.report)
	v.Reasons, v.Calls, v.Changed = f.automatic.reasons, f.automatic.calls.sum(), f.changed
	if v.Reasons == nil {
		v.Reasons = map[string]int{}
	}
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // numbers and codes
	}
	fmt.Fprintf(p.programs, "%s\n", raw)
}
