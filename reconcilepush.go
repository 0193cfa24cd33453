package invoicesync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// compare compares both sides of the push: first what the source has, with what became of it, then what else
// the ledger has.
func (p *Push) compare(ctx context.Context, look comparison, ledgerOnly bool) error {
	w := p.look()
	if err := w.pinnedSource(ctx); err != nil {
		return err
	}
	if _, err := w.organisation(ctx); err != nil {
		return err
	}
	c := pushComparison{comparison: look, w: w, ledgerOnly: ledgerOnly}
	for page, err := range p.source.Invoices(ctx, ledger.Query{From: look.from}) {
		if err != nil {
			return err
		}
		if err := c.sourcePage(ctx, page.Records); err != nil {
			return err
		}
	}
	for page, err := range p.ledger.Invoices(ctx, ledger.Query{From: look.from, Summary: true}) {
		if err != nil {
			return err
		}
		if err := c.ledgerPage(ctx, page.Records); err != nil {
			return err
		}
	}
	return nil
}

type pushComparison struct {
	comparison
	w          *pass
	ledgerOnly bool
}

func (c pushComparison) difference(code string, fix Fix, inv ledger.Invoice, link store.Link, format string, args ...any) Difference {
	return Difference{Code: code, Kind: ledger.KindInvoice, Flow: c.w.push.name, Fix: fix, Source: ref(inv),
		Ledger: ledger.Ref{ID: link.LedgerID, Number: link.LedgerNumber}, Date: inv.Date, Currency: inv.Currency,
		InSource: expectedTotal(inv, c.w.push.settings), Message: fmt.Sprintf(format, args...), Reasons: link.Reasons}
}

// sourcePage compares records of the source with what became of them.
func (c pushComparison) sourcePage(ctx context.Context, records []ledger.Invoice) error {
	records = slices.DeleteFunc(slices.Clone(records), func(inv ledger.Invoice) bool { return !c.covers(inv.Date) })
	if len(records) == 0 {
		return nil
	}
	ids := make([]string, len(records))
	for i, inv := range records {
		ids[i] = inv.ID
	}
	links, err := c.w.linksOf(ctx, ledger.KindInvoice, ids)
	if err != nil {
		return err
	}
	theirs, err := c.theirs(ctx, links)
	if err != nil {
		return err
	}
	for _, inv := range records {
		link, linked := links[inv.ID]
		switch {
		case linked && (inDoubt(link)):
			err = c.tell(c.difference(DiffInDoubt, FixWait, inv, link, "A write of the invoice is in doubt."))
		case linked && link.State == store.Written:
			if there, ok := theirs[strings.ToLower(link.LedgerID)]; ok && there.Status.Live() {
				err = c.both(ctx, inv, link, there)
			} else {
				err = c.gone(inv, link)
			}
		default:
			err = c.unwritten(ctx, inv, link)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// theirs reads the ledger's invoices of the links, by id.
func (c pushComparison) theirs(ctx context.Context, links map[string]store.Link) (map[string]ledger.Invoice, error) {
	var refs []ledger.Ref
	for _, id := range sortedKeys(links) {
		if l := links[id]; l.State == store.Written && l.LedgerID != "" {
			refs = append(refs, ledger.Ref{ID: l.LedgerID})
		}
	}
	return readInvoices(ctx, c.w.books, refs)
}

// readInvoices reads invoices by their ids, many in a call. Those that are not there are missing.
func readInvoices(ctx context.Context, books ledger.Ledger, refs []ledger.Ref) (map[string]ledger.Invoice, error) {
	found := make(map[string]ledger.Invoice, len(refs))
	if len(refs) == 0 {
		return found, nil
	}
	for inv, err := range ledger.All(books.Invoices(ctx, ledger.Query{Refs: refs})) {
		if err != nil {
			return nil, err
		}
		found[strings.ToLower(inv.ID)] = inv
	}
	return found, nil
}

// gone tells of an invoice that was written and does not stand in the ledger any more.
func (c pushComparison) gone(inv ledger.Invoice, link store.Link) error {
	if !inv.Status.Live() {
		c.same(ledger.KindInvoice)
		return nil
	}
	return c.tell(c.difference(DiffGoneInLedger, FixRecreate, inv, link, "The invoice was written, and is void, deleted or gone in the ledger."))
}

// unwritten tells of a record that is not in the ledger, if it is wanted there.
func (c pushComparison) unwritten(ctx context.Context, inv ledger.Invoice, link store.Link) error {
	facts, err := c.w.facts(ctx)
	if err != nil {
		return err
	}
	code := firstCode(link)
	switch {
	case link.State == store.Skipped && link.TakenBack && !inv.Status.Live(), // both sides have let it go
		code != CodeReverted && !c.w.push.policy.Judge(inv, facts).Eligible() && link.State != store.Parked && link.State != store.Refused:
		c.same(ledger.KindInvoice) // it is not wanted, so there is nothing to miss
		return nil
	case code == CodeDoubled:
		return c.tell(c.difference(DiffDoubled, FixNone, inv, link, "The ledger holds several records of this invoice. Void all but one by hand."))
	case link.TakenBack, code == CodeMaybeDeleted, code == CodeReverted:
		return c.tell(c.difference(DiffGoneInLedger, FixRecreate, inv, link, "The invoice was written, and was taken back in the ledger."))
	}
	like, err := c.like(ctx, inv)
	if err != nil {
		return err
	}
	if like != nil {
		d := c.difference(DiffLooksTheSame, FixAdopt, inv, link, "The ledger has an invoice that looks the same and is not linked.")
		d.Ledger, d.InLedger = ref(*like), like.Totals.Total
		return c.tell(d)
	}
	return c.tell(c.difference(DiffMissing, FixWrite, inv, link, "The invoice is not in the ledger."))
}

// like finds the one invoice of the ledger that no link knows, and that has the number, the client and the
// total of inv.
func (c pushComparison) like(ctx context.Context, inv ledger.Invoice) (*ledger.Invoice, error) {
	numbers := []string{inv.Number}
	if c.w.push.settings.Numbers.FromSource {
		numbers = append(numbers, c.w.push.settings.Numbers.Prefix+inv.Number)
	}
	for _, number := range slices.Compact(numbers) {
		if number == "" {
			continue
		}
		there, err := c.w.books.Invoice(ctx, ledger.Ref{Number: number})
		switch {
		case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrAmbiguous):
			continue
		case err != nil:
			return nil, err
		case !there.Status.Live() || there.Mark != "" || !there.Totals.Total.Equal(expectedTotal(inv, c.w.push.settings)) ||
			normal(displayName(there.Contact)) != normal(displayName(inv.Contact)):
			continue
		}
		links, err := c.w.linksTo(ctx, ledger.KindInvoice, []string{there.ID})
		if err != nil {
			return nil, err
		}
		if _, linked := links[there.ID]; !linked {
			return &there, nil
		}
	}
	return nil, nil
}

// both compares an invoice that both sides have.
func (c pushComparison) both(ctx context.Context, inv ledger.Invoice, link store.Link, there ledger.Invoice) error {
	want := expectedTotal(inv, c.w.push.settings)
	d := func(code string, fix Fix, format string, args ...any) Difference {
		d := c.difference(code, fix, inv, link, format, args...)
		d.InLedger = there.Totals.Total
		d.Ledger = ref(there)
		return d
	}
	update := FixUpdate
	if c.w.powers.Updates == nil {
		update = FixNone
	}
	edited := contentHash(inv) != link.SourceHash && !link.Adopted
	differs := true
	var err error
	switch {
	case !inv.Status.Live():
		fix := FixVoid
		if c.w.powers.Voids == nil {
			fix = FixNone
		}
		if stands, err := c.moneyStands(ctx, inv, there); err != nil {
			return err
		} else if stands {
			return c.tell(d(DiffVoidedInSource, FixNone, "The invoice is %s in the source, and stands in the ledger with money on it. "+moneyFirst, inv.Status))
		}
		return c.tell(d(DiffVoidedInSource, fix, "The invoice is %s in the source, and stands in the ledger.", inv.Status))
	case !want.Equal(there.Totals.Total) && !edited && there.Totals.Total.Equal(link.Predicted) && link.Predicted.Equal(link.Actual) && !link.Adopted:
		err = c.tell(d(DiffAmount, FixNone, "The ledger makes another total of the same lines, as the settings allow."))
	case !want.Equal(there.Totals.Total):
		err = c.tell(d(DiffAmount, update, "The total is %s in the source and %s in the ledger.", want, there.Totals.Total))
	case edited:
		err = c.tell(d(DiffContent, update, "The invoice was changed in the source after it was written; its total is the same."))
	case there.Date != inv.Date && !link.Adopted && c.w.opts.Adjust == nil:
		err = c.tell(d(DiffContent, update, "The invoice is dated %s in the source and %s in the ledger.", inv.Date, there.Date))
	default:
		differs = false
	}
	if err != nil {
		return err
	}
	if !differs {
		c.same(ledger.KindInvoice)
	}
	if !c.w.push.settings.paymentsWanted() {
		return nil
	}
	return c.payments(ctx, inv, link, there)
}

// moneyFirst says what a person must do before an invoice can be voided.
const moneyFirst = "Give the money back or apply it to another invoice in the ledger; then it can be voided."

// hasMoney reports whether payments are booked on an invoice of the ledger.
func hasMoney(there ledger.Invoice) bool {
	return there.Totals.Paid.IsPositive() || there.Status == ledger.StatusPaid && there.Totals.Total.IsPositive()
}

// moneyStands reports whether money is booked on an invoice that the source voided, and does not leave with it: a
// repair deletes the payments that the source has reversed, and no others.
func (c pushComparison) moneyStands(ctx context.Context, inv, there ledger.Invoice) (bool, error) {
	if !hasMoney(there) {
		return false, nil
	}
	booked := there.Payments
	if there.PaymentsElsewhere {
		var err error
		if booked, err = c.w.books.PaymentsOf(ctx, ref(there)); err != nil {
			return false, err
		}
	}
	inv, err := c.w.askForPayments(ctx, inv)
	if err != nil {
		return false, err
	}
	rows, unread, err := c.w.paymentsOf(ctx, inv)
	if err != nil || len(unread) > 0 || c.w.powers.PaymentVoids == nil || !c.w.push.settings.paymentsWanted() {
		return true, err
	}
	links, err := c.w.linksTo(ctx, ledger.KindPayment, paymentIDs(booked))
	if err != nil {
		return false, err
	}
	for _, b := range booked {
		if b.Status == ledger.PaymentReversed {
			continue
		}
		l, ours := links[b.ID]
		p := rowOf(rows, l.SourceID)
		if !ours || l.Pair != c.w.pair || p.Status != ledger.PaymentReversed && p.Status != ledger.PaymentFailed {
			return true, nil
		}
	}
	return false, nil
}

// ledgerPage tells of invoices of the ledger that the source does not have, or not as often.
func (c pushComparison) ledgerPage(ctx context.Context, records []ledger.Invoice) error {
	records = slices.DeleteFunc(slices.Clone(records), func(inv ledger.Invoice) bool { return !c.covers(inv.Date) || !inv.Status.Live() })
	ids := make([]string, len(records))
	for i, inv := range records {
		ids[i] = inv.ID
	}
	links, err := c.w.linksTo(ctx, ledger.KindInvoice, ids)
	if err != nil {
		return err
	}
	sources := make([]ledger.Ref, 0, len(links))
	for _, l := range links {
		if l.Pair == c.w.pair && l.State == store.Written && l.Batch == "" {
			sources = append(sources, ledger.Ref{ID: l.SourceID})
		}
	}
	there := map[string]bool{}
	if len(sources) > 0 {
		for page, err := range c.w.push.source.Invoices(ctx, ledger.Query{Refs: sources}) {
			if err != nil {
				return err
			}
			for _, inv := range page.Records {
				there[inv.ID] = true
			}
			for _, u := range page.Unread {
				there[u.Ref.ID] = true
			}
		}
	}
	for _, inv := range records {
		link, linked := links[inv.ID]
		switch {
		case !linked:
			err = c.unlinked(ctx, inv)
		case link.Pair == c.w.pair && link.State == store.Written && link.Batch == "" && !there[link.SourceID]:
			err = c.goneInSource(ctx, inv, link)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c pushComparison) goneInSource(ctx context.Context, there ledger.Invoice, link store.Link) error {
	// That it was missing from a list is no proof.
	if _, err := c.w.push.source.Invoice(ctx, ledger.Ref{ID: link.SourceID}); !errors.Is(err, ledger.ErrNotFound) {
		return err
	}
	fix, message := FixVoid, "The source no longer has the invoice, and it stands in the ledger."
	if c.w.powers.Voids == nil {
		fix = FixNone
	}
	if hasMoney(there) {
		fix, message = FixNone, "The source no longer has the invoice, and it stands in the ledger with money on it. "+moneyFirst
	}
	return c.tell(Difference{Code: DiffGoneInSource, Kind: ledger.KindInvoice, Flow: c.w.push.name, Fix: fix, Source: ledger.Ref{ID: link.SourceID},
		Ledger: ref(there), Date: there.Date, Currency: there.Currency, InLedger: there.Totals.Total, Reasons: link.Reasons,
		Message: message})
}

// unlinked tells of an invoice of the ledger that no link ends at.
func (c pushComparison) unlinked(ctx context.Context, there ledger.Invoice) error {
	d := Difference{Kind: ledger.KindInvoice, Flow: c.w.push.name, Ledger: ref(there), Date: there.Date, Currency: there.Currency, InLedger: there.Totals.Total}
	if there.Mark == "" {
		if !c.ledgerOnly {
			return nil
		}
		d.Code, d.Message = DiffOnlyInLedger, "Somebody else entered the invoice in the ledger."
		return c.tell(d)
	}
	link, known, err := c.w.byMark(ctx, there.Mark)
	if err != nil {
		return err
	}
	if known {
		d.Code, d.Source, d.InSource = DiffDoubled, ledger.Ref{ID: link.SourceID}, link.Amount
		d.Message = fmt.Sprintf("The ledger has a second record of the invoice that became %s. Void one of them by hand.", link.LedgerID)
		return c.tell(d)
	}
	d.Code, d.Message = DiffUnlinkedMark, "The ledger has an invoice with a mark that this store does not know: run the flow that wrote it, which takes it up."
	return c.tell(d)
}

func (r *run) byMark(ctx context.Context, mark ledger.Mark) (link store.Link, ok bool, err error) {
	err = r.db.View(ctx, func(tx store.Tx) (err error) {
		link, ok, err = tx.Links().ByMark(mark)
		return err
	})
	return link, ok, err
}
