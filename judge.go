package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/invoicesync/invoicesync/eligibility"
	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// judgeAll decides on records and queues those that are to be written.
func (w *pass) judgeAll(ctx context.Context, records []ledger.Invoice, page *pageMark) error {
	if len(records) == 0 {
		return nil
	}
	ids := make([]string, len(records))
	for i, inv := range records {
		ids[i] = inv.ID
	}
	links, err := w.linksOf(ctx, ledger.KindInvoice, ids)
	if err != nil {
		return err
	}
	echoes, err := w.echoes(ctx, records)
	if err != nil {
		return err
	}
	for i := range records {
		// Pending money shows in no total.
		if w.moved[records[i].ID] && len(records[i].Payments) == 0 {
			records[i].PaymentsElsewhere = true
		}
	}
	if err := w.prefetch(ctx, records, links); err != nil {
		return err
	}
	defer clear(w.fetched)
	var judged verdicts // those that need no write, stored in one transaction
	note := func(l store.Link, before *store.Link) { judged.add(w.run, l, before) }
	var stop error
	for i := range records {
		var before *store.Link
		if l, ok := links[records[i].ID]; ok {
			before = &l
		}
		w.event(Event{What: "read", Kind: ledger.KindInvoice, SourceID: records[i].ID, Number: records[i].Number, Amount: records[i].Totals.Total})
		if stop = w.alive(ctx); stop != nil {
			break
		}
		echo, ours := echoes[records[i].ID]
		if ours && (before == nil || before.State != store.Written && before.State != store.Intended && before.State != store.Uncertain) {
			if stop = w.reject(records[i], before, echo, note); stop != nil {
				break
			}
			continue
		}
		if stop = w.judge(ctx, records[i], before, page, note); stop != nil {
			break
		}
	}
	if err := w.keep(context.WithoutCancel(ctx), judged); err != nil {
		return errors.Join(stop, err)
	}
	return stop
}

// verdicts are links as this run has judged them, and how it had counted each of them before.
type verdicts struct {
	links   []store.Link
	befores []string
	adopted []string // invoices of the ledger of which a payment turned out to be ours
}

// add stamps a link and takes it up. before is the link as it was read; nil: there was none.
func (v *verdicts) add(r *run, l store.Link, before *store.Link) {
	v.befores = append(v.befores, r.countedAs(before))
	r.stamp(&l)
	v.links = append(v.links, l)
	if l.Kind == ledger.KindPayment && l.Adopted && l.State == store.Written && (before == nil || before.LedgerID != l.LedgerID) {
		v.adopted = append(v.adopted, l.LedgerParent)
	}
}

// keep stores verdicts, then counts and tells them.
func (w *desk) keep(ctx context.Context, judged verdicts) error {
	if len(judged.links)+len(w.reminders) == 0 {
		return nil
	}
	rows := make([]store.Row, 0, len(judged.links))
	for _, l := range judged.links {
		if b := bucketOf(l, w.id); b.state != bAlready {
			rows = append(rows, w.row(b.state, l))
		}
	}
	if !w.dry {
		err := w.update(ctx, func(tx store.Tx) error {
			if err := tx.Links().Put(append(w.reminders, judged.links...)...); err != nil {
				return err
			}
			for _, invoice := range judged.adopted {
				if err := tellImports(tx, w.pair.Ledger, invoice); err != nil {
					return err
				}
			}
			return tx.Activity().Append(rows...)
		})
		if err != nil {
			return err
		}
		w.reminders = nil
	}
	for i, l := range judged.links {
		w.tally(judged.befores[i], l)
		w.eventFor(l)
	}
	return nil
}

// reject gives a record that is not pushed for one reason its link.
func (w *pass) reject(inv ledger.Invoice, before *store.Link, reason eligibility.Reason, note func(store.Link, *store.Link)) error {
	link := w.newLink(inv, before)
	setReasons(&link, []eligibility.Reason{reason})
	return w.planOrNote(Planned{Ref: ref(inv), Source: inv, Verdict: eligibility.Verdict{Policy: "echo", Reasons: []eligibility.Reason{reason}}}, link, before, note)
}

// judge decides on one record.
func (w *pass) judge(ctx context.Context, inv ledger.Invoice, before *store.Link, page *pageMark, note func(store.Link, *store.Link)) error {
	if w.queued[inv.ID] {
		return nil // judged in this run already, and about to be written
	}
	link := w.newLink(inv, before)
	if before != nil {
		switch {
		case before.State == store.Written && before.Batch != "":
			note(*before, before) // a change of it is being looked up
			return nil
		case before.State == store.Written && w.plan != nil:
			return w.planLater(ctx, inv, *before)
		case before.State == store.Written:
			return w.later(ctx, inv, *before, note)
		case before.State == store.Intended, before.State == store.Uncertain:
			// On its way, or in doubt: resolving comes before anything else is decided.
			note(*before, before)
			return nil
		case sticky(*before) && w.plan == nil:
			note(*before, before)
			return nil
		case refusedBefore(*before) && !w.force && before.SourceHash == link.SourceHash && before.Settings == w.settings:
			note(*before, before)
			return nil
		}
	}
	facts, err := w.facts(ctx)
	if err != nil {
		return err
	}
	verdict := w.policy.Judge(inv, facts)
	if !verdict.Eligible() {
		if slices.ContainsFunc(verdict.Codes(), func(c string) bool { return chartCodes[c] }) {
			// What it was judged by must be known, or a later change would not show.
			if err := w.needChart(ctx); err != nil {
				return err
			}
		}
		setReasons(&link, verdict.Reasons)
		return w.planOrNote(Planned{Ref: ref(inv), Source: inv, Verdict: verdict}, link, before, note)
	}
	reject := func(reasons []eligibility.Reason) error {
		setReasons(&link, reasons)
		return w.planOrNote(Planned{Ref: ref(inv), Source: inv, Verdict: eligibility.Verdict{Policy: "shape", Reasons: reasons}}, link, before, note)
	}
	payments, reasons, err := w.paymentsOf(ctx, inv)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return reject(reasons)
	}
	if known, ok, err := w.known(ctx, link.Mark); err != nil {
		return err
	} else if ok {
		return w.alreadyThere(ctx, inv, link, before, known, payments, note)
	}
	draft, rule, reasons, err := w.shape(ctx, inv, payments)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return reject(reasons)
	}
	link.Rule, link.Predicted = rule, draft.Totals.Total
	link.Amount = expectedTotal(inv, w.push.settings)

	contactID, pending, reasons, err := w.clients.find(ctx, inv.Contact)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return reject(reasons)
	}
	if before == nil || before.Rule != onPurpose {
		if reasons, err := w.looksAlreadyThere(ctx, inv, draft, contactID); err != nil {
			return err
		} else if len(reasons) > 0 {
			return reject(reasons)
		}
	}
	if err := w.mayCreate(ctx, ledger.KindInvoice); err != nil {
		return err
	}
	draft.Contact.ID, draft.Mark = contactID, link.Mark
	j := &job{source: inv, draft: draft, link: link, before: before, payments: payments, page: page}
	if w.plan != nil {
		return w.planJob(j, pending)
	}
	if page != nil {
		page.open++
	}
	w.creates++
	w.queued[inv.ID] = true
	if pending != nil {
		w.enqueueContact(*pending, j)
		return nil
	}
	return w.enqueueInvoice(ctx, j)
}

// newLink is the link that a verdict or a write of inv fills in.
func (w *pass) newLink(inv ledger.Invoice, before *store.Link) store.Link {
	l := store.Link{Pair: w.pair, Kind: ledger.KindInvoice, SourceID: inv.ID}
	if before != nil {
		l.Generation = before.Generation
	}
	l.Mark = ledger.NewMark(w.pair.Ledger, ledger.KindInvoice, w.pair.Source, inv.ID, l.Generation)
	l.SourceVersion, l.SourceHash = inv.Version, contentHash(inv)
	l.Currency, l.Amount = inv.Currency, inv.Totals.Total
	l.Updated = time.Now().UTC()
	return l
}

// mayCreate stops a run that would flood the books with records of the kind.
func (w *desk) mayCreate(ctx context.Context, kind ledger.RecordKind) error {
	limit := w.opts.MaxCreates
	if limit == 0 {
		org, err := w.organisation(ctx)
		if err != nil {
			return err
		}
		if !org.Live {
			return nil
		}
		limit = 500
	}
	if limit > 0 && w.creates >= limit && !w.dry {
		w.rep.Stopped = "max_creates"
		w.event(Event{What: "stopped", Message: fmt.Sprintf("%d %ss were created in this run, which is Options.MaxCreates; check the start date, then run again", limit, kind)})
		return errStopped
	}
	return nil
}

// facts are what the policy needs; the organisation is asked once per run, when first needed.
func (w *pass) facts(ctx context.Context) (eligibility.Facts, error) {
	org, err := w.organisation(ctx)
	if err != nil {
		return eligibility.Facts{}, err
	}
	zone := org.TimeZone
	if zone == nil {
		zone = time.UTC
	}
	return eligibility.LedgerFacts(org, ledger.DateIn(time.Now(), zone)), nil
}

// refusedBefore reports whether the ledger said no to the record as it is: asking again changes nothing.
func refusedBefore(l store.Link) bool {
	return l.State == store.Refused || l.State == store.Parked && len(l.Reasons) > 0 && l.Reasons[0].Code == ledger.RefusedNumberTaken
}

// sticky reports whether only a person, or a raised generation, may let the record go on.
func sticky(l store.Link) bool {
	if len(l.Reasons) == 0 {
		return false
	}
	switch l.Reasons[0].Code {
	case "doubled", "maybe_deleted", codeReverted, codeDeletedInLedger:
		return true
	}
	// An invoice that was voided because the source had deleted it does not come back by itself.
	return l.Kind == ledger.KindInvoice && l.State == store.Skipped && l.LedgerVersion == versionDeleted
}
