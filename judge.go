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
		if ours && (before == nil || before.State != store.Written && !onItsWay(*before)) {
			if stop = w.reject(records[i], w.newLink(records[i], before), before, "echo", []eligibility.Reason{echo}, note); stop != nil {
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

// reject gives a record that is not pushed its reasons; what found them is the policy's name.
func (w *pass) reject(inv ledger.Invoice, link store.Link, before *store.Link, policy string, reasons []eligibility.Reason, note func(store.Link, *store.Link)) error {
	setReasons(&link, reasons)
	return w.planOrNote(Planned{Ref: ref(inv), Source: inv, Verdict: eligibility.Verdict{Policy: policy, Reasons: reasons}}, link, before, note)
}

// judge decides on one record, in the order of the steps: what became of it, whether it is wanted, whether the
// ledger has it, and what it would be there.
func (w *pass) judge(ctx context.Context, inv ledger.Invoice, before *store.Link, page *pageMark, note func(store.Link, *store.Link)) error {
	if w.queued[inv.ID] {
		return nil // judged in this run already, and about to be written
	}
	link := w.newLink(inv, before)
	if before != nil {
		if settled, err := w.settled(ctx, inv, *before, link, note); settled || err != nil {
			return err
		}
	}
	verdict, err := w.wanted(ctx, inv)
	if err != nil {
		return err
	}
	if !verdict.Eligible() {
		return w.reject(inv, link, before, verdict.Policy, verdict.Reasons, note)
	}
	payments, reasons, err := w.paymentsOf(ctx, inv)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return w.reject(inv, link, before, "shape", reasons, note)
	}
	if known, ok, err := w.known(ctx, link.Mark); err != nil {
		return err
	} else if ok {
		return w.alreadyThere(ctx, inv, link, before, known, payments, note)
	}
	j := &job{source: inv, link: link, before: before, payments: payments, page: page}
	client, reasons, err := w.draft(ctx, j)
	if err != nil {
		return err
	}
	if len(reasons) > 0 {
		return w.reject(inv, j.link, before, "shape", reasons, note)
	}
	if err := w.mayCreate(ctx, ledger.KindInvoice); err != nil {
		return err
	}
	if w.dry {
		return w.planJob(ctx, j, client)
	}
	return w.enqueue(ctx, j, client)
}

// settled deals with a record about which there is nothing new to decide.
func (w *pass) settled(ctx context.Context, inv ledger.Invoice, before, link store.Link, note func(store.Link, *store.Link)) (bool, error) {
	switch {
	case before.State == store.Written && before.Batch != "": // a change of it is being looked up
	case before.State == store.Written && w.dry:
		return true, w.planLater(ctx, inv, before)
	case before.State == store.Written:
		return true, w.later(ctx, inv, before, note)
	case onItsWay(before): // resolving comes before anything else is decided
	case stuck(before) && !w.dry:
		note(backInSource(inv, before), &before)
		return true, nil
	case refusedBefore(before) && !w.force && before.SourceHash == link.SourceHash && before.Settings == w.settings:
	default:
		return false, nil
	}
	note(before, &before)
	return true, nil
}

// wanted judges a record by the policy.
func (w *pass) wanted(ctx context.Context, inv ledger.Invoice) (eligibility.Verdict, error) {
	facts, err := w.facts(ctx)
	if err != nil {
		return eligibility.Verdict{}, err
	}
	verdict := w.policy.Judge(inv, facts)
	if slices.ContainsFunc(verdict.Codes(), func(code string) bool { return Explain(code).Mends == MendChart }) {
		// What it was judged by must be known, or a later change would not show.
		err = w.needChart(ctx)
	}
	return verdict, err
}

// draft makes what a job writes, or says why it must not be written. It returns the client where that is to be
// created first.
func (w *pass) draft(ctx context.Context, j *job) (*entry[ledger.Contact], []eligibility.Reason, error) {
	draft, rule, reasons, err := w.shape(ctx, j.source, j.payments)
	if err != nil || len(reasons) > 0 {
		return nil, reasons, err
	}
	j.link.Rule, j.link.Predicted = rule, draft.Totals.Total
	j.link.Amount = expectedTotal(j.source, w.push.settings)
	contactID, client, reasons, err := w.clients.find(ctx, j.source.Contact)
	if err != nil || len(reasons) > 0 {
		return nil, reasons, err
	}
	if !j.link.OnPurpose {
		if reasons, err := w.looksAlreadyThere(ctx, j.source, draft, contactID); err != nil || len(reasons) > 0 {
			return nil, reasons, err
		}
	}
	draft.Contact.ID, draft.Mark = contactID, j.link.Mark
	j.draft = draft
	return client, nil, nil
}

// newLink is the link that a verdict or a write of inv fills in.
func (w *pass) newLink(inv ledger.Invoice, before *store.Link) store.Link {
	l := store.Link{Pair: w.pair, Kind: ledger.KindInvoice, SourceID: inv.ID}
	if before != nil {
		l.Generation, l.OnPurpose = before.Generation, before.OnPurpose
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
	return l.State == store.Refused || l.State == store.Parked && firstCode(l) == ledger.RefusedNumberTaken
}

// backInSource tells of an invoice that the source has again and the ledger does not.
func backInSource(inv ledger.Invoice, l store.Link) store.Link {
	switch code := firstCode(l); {
	case !l.TakenBack || code == CodeReverted:
	case l.State == store.Skipped && inv.Status.Live():
		l.Updated = time.Now().UTC()
		park(&l, CodeBackInSource, "The invoice was voided in the ledger because the source had let it go, and the source has it again. Recreate it, or delete it there.")
	case code == CodeBackInSource && !inv.Status.Live():
		l.State, l.Updated, l.Reasons = store.Skipped, time.Now().UTC(), []store.Reason{{Code: CodeDeletedInSource}}
	}
	return l
}
