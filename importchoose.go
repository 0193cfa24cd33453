package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// Candidate is an unpaid invoice of the ledger with what the policy says of it today.
type Candidate struct {
	Invoice ledger.Invoice
	Verdict eligibility.Verdict // with all its reasons; see [eligibility.Reason.Overridable]
	// Imported says that the host has the invoice already, or may have it.
	Imported bool
	// Waiting says that it waits for the budget, and will be judged by itself.
	Waiting bool
}

// Candidates reads every unpaid invoice of the ledger, of whatever age, and judges it as of today. It
// stores nothing and counts nothing against the budget. An error that is not nil is the last thing
// yielded.
func (i *Import) Candidates(ctx context.Context) iter.Seq2[Candidate, error] {
	return func(yield func(Candidate, error) bool) {
		org, err := i.organisation(ctx, false)
		if err != nil {
			yield(Candidate{}, err)
			return
		}
		w := newImporting(i, newRun(i.db, i.settings.pair(), i.opts, i.hash))
		if w.zone = org.TimeZone; w.zone == nil {
			w.zone = time.UTC
		}
		for page, err := range i.source.Invoices(ctx, i.settings.wanted()) {
			if err != nil {
				yield(Candidate{}, err)
				return
			}
			ids := make([]string, len(page.Records))
			for n := range page.Records {
				ids[n] = page.Records[n].ID
			}
			links, err := w.linksOf(ctx, ledger.KindInvoice, ids)
			if err != nil {
				yield(Candidate{}, err)
				return
			}
			for _, inv := range page.Records {
				c := Candidate{Invoice: inv, Verdict: w.judgeAt(inv, time.Now())}
				if l, ok := links[inv.ID]; ok {
					c.Imported, c.Waiting = isHeld(&l), l.State == store.Deferred
				}
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// Selection is an invoice that a person has chosen, and what they override: codes of reasons.
type Selection struct {
	Ref      ledger.Ref
	Override []string
}

// Select imports the invoices that a person has chosen, whatever Settings.Processing says and without
// waiting for the budget, in which they count. Only reasons of rules that a person may override can be:
// with [eligibility.UnpaidImport] the two ages, part-paid and negative lines; another code is an error,
// and nothing is imported then. What is read of an invoice now counts, not what the person was shown: one
// that other reasons speak against by now is rejected with them. An invoice that the ledger does not have
// is part of the error, which does not stop the others.
func (i *Import) Select(ctx context.Context, selected []Selection) (Report, error) {
	if err := i.mayOverride(selected); err != nil {
		rep := newReport("", time.Now().UTC())
		rep.Ended, rep.Stopped, rep.Currency = rep.Started, "failed", i.settings.Currency
		return rep, err
	}
	return i.do(ctx, func(ctx context.Context, w *importing) error { return w.choose(ctx, selected) })
}

func (i *Import) mayOverride(selected []Selection) error {
	var may []string
	for _, r := range i.policy.Rules() {
		if r.Overridable {
			may = append(may, r.Codes...)
		}
	}
	for _, s := range selected {
		for _, code := range s.Override {
			if !slices.Contains(may, code) {
				return fmt.Errorf("invoicesync: invoice %s: %q cannot be overridden by a person; mend its cause", s.Ref, code)
			}
		}
	}
	return nil
}

// choose reads and takes what was selected.
func (w *importing) choose(ctx context.Context, selected []Selection) error {
	w.chosen = map[string][]string{}
	var errs []error
	for chunk := range slices.Chunk(selected, 200) {
		refs := make([]ledger.Ref, len(chunk))
		found := make([]bool, len(chunk))
		for i, s := range chunk {
			refs[i] = s.Ref
		}
		for page, err := range w.imp.source.Invoices(ctx, ledger.Query{Refs: refs}) {
			if err != nil {
				return errors.Join(append(errs, err)...)
			}
			for i, s := range chunk {
				hits := matching(page.Records, s.Ref)
				if len(hits) > 1 {
					found[i] = true
					errs = append(errs, &ledger.Error{Kind: ledger.ErrAmbiguous, Room: "invoicesync", Thing: "invoice " + s.Ref.String(),
						Code: "ambiguous_number", Message: "several invoices have this number: select by id"})
					continue
				}
				for _, id := range hits {
					found[i], w.chosen[id] = true, append(w.chosen[id], s.Override...)
				}
			}
			page.Records = slices.DeleteFunc(page.Records, func(inv ledger.Invoice) bool {
				_, chosen := w.chosen[inv.ID]
				return !chosen
			})
			page.Deleted, page.Unread = nil, nil // told below
			if err := w.take(ctx, page, true); err != nil {
				return errors.Join(append(errs, err)...)
			}
		}
		for i, ok := range found {
			if !ok {
				errs = append(errs, &ledger.Error{Kind: ledger.ErrNotFound, Room: "invoicesync", Thing: "invoice " + chunk[i].Ref.String(),
					Code: "not_found", Message: "the ledger does not have the invoice, or it cannot be read"})
			}
		}
	}
	return errors.Join(errs...)
}

// matching are the ids of the records that a reference means.
func matching(records []ledger.Invoice, ref ledger.Ref) []string {
	var ids []string
	for i := range records {
		if inv := &records[i]; ref.ID == inv.ID || ref.ID == "" && ref.Number == inv.Number {
			ids = append(ids, inv.ID)
		}
	}
	return ids
}
