package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync"
	"github.com/invoicesync/invoicesync/ledger"
)

// A list is what a person is shown: every unpaid invoice, with its verdict.
type list struct {
	unpaid, imported, waiting, eligible int
	reasons                             map[string]int
	samples                             []invoicesync.Candidate // one for each set of reasons
}

// choose shows the list, and imports what a person overrides in the fake's books: one invoice for each rule that they
// may override. On somebody's account only the list is shown.
func (f *flow) choose(ctx context.Context, say *printer) error {
	l := list{reasons: map[string]int{}}
	may := f.overridable()
	chosen := map[string]invoicesync.Candidate{} // by code
	var never *invoicesync.Candidate             // one that nobody may let through
	shown := map[string]bool{}
	for c, err := range f.Candidates(ctx) {
		if err != nil {
			return err
		}
		l.unpaid++
		codes := c.Verdict.Codes()
		switch {
		case c.Imported:
			l.imported++
			continue
		case c.Waiting:
			l.waiting++
			continue
		case c.Verdict.Eligible():
			l.eligible++
			continue
		}
		for _, code := range slices.Compact(slices.Sorted(slices.Values(codes))) {
			l.reasons[code]++
		}
		if key := fmt.Sprint(codes); !shown[key] {
			shown[key] = true
			l.samples = append(l.samples, c)
		}
		if !c.Verdict.Overridable() {
			if never == nil && slices.Contains(codes, "other_currency") {
				never = &c
			}
			continue
		}
		// For each rule the invoice against which it stands alone, if there is one.
		for _, code := range codes {
			if have, ok := chosen[code]; slices.Contains(may, code) && (!ok || len(codes) < len(have.Verdict.Codes())) {
				chosen[code] = c
				break
			}
		}
	}
	say.list(&l)
	if f.books.practice == nil {
		return nil
	}
	if never != nil {
		_, err := f.Select(ctx, []invoicesync.Selection{{Ref: ledger.Ref{ID: never.Invoice.ID}, Override: never.Verdict.Codes()}})
		if err == nil {
			return fmt.Errorf("invoice %s was let through against %v, which no person may override", never.Invoice.Number, never.Verdict.Codes())
		}
		say.refused(never, err)
	}
	return f.override(ctx, chosen, say)
}

// overridable are the codes that a person may override.
func (f *flow) overridable() []string {
	var may []string
	policy, err := f.settings.Policy()
	if err != nil {
		return nil // NewImport has accepted the same settings
	}
	for _, r := range policy.Rules() {
		if r.Overridable {
			may = append(may, r.Codes...)
		}
	}
	return may
}

// override imports what a person has ticked.
func (f *flow) override(ctx context.Context, chosen map[string]invoicesync.Candidate, say *printer) error {
	var selected []invoicesync.Selection
	var picked []invoicesync.Candidate
	for _, code := range f.overridable() {
		if c, ok := chosen[code]; ok {
			selected = append(selected, invoicesync.Selection{Ref: ledger.Ref{ID: c.Invoice.ID}, Override: c.Verdict.Codes()})
			picked = append(picked, c)
		}
	}
	if len(selected) == 0 {
		return nil
	}
	begun, before := time.Now(), f.books.calls()
	report, err := f.Select(ctx, selected)
	say.chosen(picked, report, f.books.calls().since(before), time.Since(begun))
	if err == nil && report.Invoices.Created != len(selected) {
		err = fmt.Errorf("of %d invoices that were chosen %d were imported", len(selected), report.Invoices.Created)
	}
	return err
}
