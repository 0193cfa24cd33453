package invoicesync

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/invoicesync/invoicesync/store"
)

// payComparison compares payments of a source with those of an invoice of the ledger.
type payComparison struct {
	comparison
	w       *desk
	flow    string
	invoice ledger.Ref
	booked  []ledger.Payment // of the invoice in the ledger
}

func (c payComparison) difference(code string, fix Fix, p ledger.Payment, link store.Link, format string, args ...any) Difference {
	currency := p.Currency
	if currency == "" {
		currency = link.Currency
	}
	return Difference{Code: code, Kind: ledger.KindPayment, Flow: c.flow, Fix: fix, Source: ledger.Ref{ID: p.ID}, Invoice: c.invoice,
		Ledger: ledger.Ref{ID: link.LedgerID}, Date: p.Date, Currency: currency, InSource: p.Amount, Message: fmt.Sprintf(format, args...), Reasons: link.Reasons}
}

// at returns the payment of the invoice with that id.
func (c payComparison) at(id string) (ledger.Payment, bool) {
	i := slices.IndexFunc(c.booked, func(p ledger.Payment) bool {
		return id != "" && strings.EqualFold(p.ID, id) && p.Status != ledger.PaymentReversed
	})
	if i < 0 {
		return ledger.Payment{}, false
	}
	return c.booked[i], true
}

// row compares one payment of the source. It returns the ids of the ledger's payments that are spoken for.
func (c payComparison) row(ctx context.Context, p ledger.Payment, link store.Link, linked bool) (string, error) {
	if linked && (inDoubt(link)) {
		return link.LedgerID, c.tell(c.difference(DiffInDoubt, FixWait, p, link, "A write of the payment is in doubt."))
	}
	if !linked || link.State != store.Written {
		return c.unbooked(ctx, p, link)
	}
	b, ok := c.at(link.LedgerID)
	say := func(code string, fix Fix, format string, args ...any) (string, error) {
		d := c.difference(code, fix, p, link, format, args...)
		d.InLedger = b.Amount
		return link.LedgerID, c.tell(d)
	}
	if !ok {
		return link.LedgerID, c.notThere(ctx, p, link)
	}
	replace, remove := FixReplace, FixDelete
	if c.w.powers.PaymentVoids == nil {
		replace, remove = FixNone, FixNone
	}
	switch {
	case p.Status == ledger.PaymentFailed || p.Status == ledger.PaymentReversed:
		return say(DiffVoidedInSource, remove, "The payment is %s in the source, and stands in the ledger.", p.Status)
	case p.Status == ledger.PaymentRefunded && link.Rule == CodeRefundBooked:
		// A person has booked it.
	case p.Status == ledger.PaymentRefunded:
		return say(DiffRefund, FixNone, "The money was given back, and the ledger does not say so. Book the refund by hand.")
	case !p.Amount.Equal(b.Amount) && p.Amount.Equal(link.Amount) && b.Amount.Equal(link.Actual) && link.Predicted.Equal(link.Actual) && !link.Adopted:
		return say(DiffAmount, FixNone, "The payment was booked up to what was owed, as the settings allow.")
	case !p.Amount.Equal(b.Amount):
		return say(DiffAmount, replace, "The payment is %s in the source and %s in the ledger.", p.Amount, b.Amount)
	case redated(p, b) && !link.Adopted:
		return say(DiffContent, replace, "The payment is dated %s in the source and %s in the ledger.", p.Date, b.Date)
	}
	c.same(ledger.KindPayment)
	return link.LedgerID, nil
}

// redated reports whether a payment is booked on another day than the source's.
func redated(p, b ledger.Payment) bool {
	return !p.Date.IsZero() && !b.Date.IsZero() && p.Date != b.Date
}

// notThere tells of a booked payment that is not among those of its invoice.
func (c payComparison) notThere(ctx context.Context, p ledger.Payment, link store.Link) error {
	b, err := c.w.ledgerPayment(ctx, link)
	if err != nil {
		return err
	}
	switch {
	case b != nil && b.Status != ledger.PaymentReversed:
		d := c.difference(DiffOnOtherInvoice, FixNone, p, link, "The payment stands in the ledger, and not on its invoice. Apply it there by hand.")
		d.InLedger = b.Amount
		return c.tell(d)
	case p.Status != ledger.PaymentConfirmed:
		c.same(ledger.KindPayment)
		return nil
	}
	return c.tell(c.difference(DiffGoneInLedger, FixRecreate, p, link, "The payment was booked, and is deleted in the ledger."))
}

// unbooked tells of a payment that no link says is in the ledger.
func (c payComparison) unbooked(ctx context.Context, p ledger.Payment, link store.Link) (string, error) {
	code := firstCode(link)
	switch {
	case p.Status == ledger.PaymentRefunded && code == CodeRefundOwed:
		return "", c.tell(c.difference(DiffRefund, FixNone, p, link, "Money was given back, and the ledger does not say so. Book the refund by hand."))
	case p.Status != ledger.PaymentConfirmed || !p.Amount.IsPositive() || unwanted(link):
		c.same(ledger.KindPayment) // it is not wanted, so there is nothing to miss
		return "", nil
	case code == CodeDoubled:
		return "", c.tell(c.difference(DiffDoubled, FixNone, p, link, "The ledger holds several records of this payment. Delete all but one by hand."))
	case code == CodePaymentDeletedInLedger, code == CodeMaybeDeleted, link.TakenBack:
		return "", c.tell(c.difference(DiffGoneInLedger, FixRecreate, p, link, "The payment was booked, and is deleted in the ledger."))
	}
	for _, b := range c.booked {
		if days := b.Date.DaysSince(p.Date); b.Status == ledger.PaymentReversed || !b.Amount.Equal(p.Amount) || days > 5 || days < -5 {
			continue
		}
		links, err := c.w.linksTo(ctx, ledger.KindPayment, []string{b.ID})
		if err != nil {
			return "", err
		}
		if _, taken := links[b.ID]; taken || b.Mark == link.Mark && link.Mark != "" {
			continue
		}
		d := c.difference(DiffLooksTheSame, FixAdopt, p, link, "The invoice has a payment that looks the same and is not linked.")
		d.Ledger, d.InLedger = ledger.Ref{ID: b.ID}, b.Amount
		return b.ID, c.tell(d)
	}
	return "", c.tell(c.difference(DiffMissing, FixWrite, p, link, "The payment is not in the ledger."))
}

// unwanted reports whether a payment was left out for good, and not for a state of its own that may change.
func unwanted(l store.Link) bool {
	mends := Explain(firstCode(l)).Mends
	return l.State == store.Skipped && (mends == MendNone || mends == MendSettings)
}

// payments compares the payments of an invoice that both sides have.
func (c pushComparison) payments(ctx context.Context, inv ledger.Invoice, link store.Link, there ledger.Invoice) error {
	inv, err := c.w.askForPayments(ctx, inv)
	if err != nil {
		return err
	}
	rows, unread, err := c.w.paymentsOf(ctx, inv)
	if err != nil {
		return err
	}
	if len(unread) > 0 {
		return c.tell(c.difference(DiffPaymentUnread, FixNone, inv, link, "%s", unread[0].Message))
	}
	pay := payComparison{comparison: c.comparison, w: c.w.desk, flow: c.w.push.name, invoice: ref(inv), booked: there.Payments}
	if there.PaymentsElsewhere {
		if pay.booked, err = c.w.books.PaymentsOf(ctx, ref(there)); err != nil {
			return err
		}
	}
	ids := make([]string, len(rows))
	for i, p := range rows {
		ids[i] = p.ID
	}
	links, err := c.w.linksOf(ctx, ledger.KindPayment, ids)
	if err != nil {
		return err
	}
	spoken := map[string]bool{}
	for _, p := range rows {
		l, linked := links[p.ID]
		id, err := pay.row(ctx, p, l, linked)
		if err != nil {
			return err
		}
		spoken[strings.ToLower(id)] = true
	}
	for _, b := range pay.booked {
		if spoken[strings.ToLower(b.ID)] || b.Status == ledger.PaymentReversed {
			continue
		}
		if err := pay.rest(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// rest tells of a payment of the ledger that no payment of the source speaks for.
func (c payComparison) rest(ctx context.Context, b ledger.Payment) error {
	links, err := c.w.linksTo(ctx, ledger.KindPayment, []string{b.ID})
	if err != nil {
		return err
	}
	link, linked := links[b.ID]
	if linked && link.Pair != c.w.pair {
		return nil // of another flow
	}
	d := Difference{Kind: ledger.KindPayment, Flow: c.flow, Invoice: c.invoice, Ledger: ledger.Ref{ID: b.ID}, Date: b.Date, Currency: b.Currency, InLedger: b.Amount}
	if linked {
		if c.w.powers.PaymentVoids != nil {
			d.Fix = FixDelete
		}
		d.Code, d.Source, d.Reasons = DiffGoneInSource, ledger.Ref{ID: link.SourceID}, link.Reasons
		d.Message = "The source no longer has the payment, and it stands in the ledger."
		return c.tell(d)
	}
	if b.Mark != "" {
		if other, known, err := c.w.byMark(ctx, b.Mark); err != nil {
			return err
		} else if known {
			d.Code, d.Source, d.InSource = DiffDoubled, ledger.Ref{ID: other.SourceID}, other.Amount
			d.Message = "The ledger has a second record of a payment. Delete one of them by hand."
			return c.tell(d)
		}
	}
	d.Code, d.Message = DiffOnlyInLedger, "Somebody else entered the payment in the ledger."
	return c.tell(d)
}

// compare compares what the host collected with what is booked of it.
func (s *Settle) compare(ctx context.Context, look comparison) error {
	t := s.look()
	t.dateAll = true
	if _, err := t.organisation(ctx); err != nil {
		return err
	}
	told := map[string]bool{} // a host may say a payment several times: what was told of is not told again
	for page, err := range s.host.Collected(ctx, "") {
		if err != nil {
			return err
		}
		if err := t.comparePage(ctx, look, page.Records, told); err != nil {
			return err
		}
	}
	for page, err := range s.books.Payments(ctx, ledger.Query{From: look.from}) {
		if err != nil {
			return err
		}
		if err := t.compareBooked(ctx, look, page.Records); err != nil {
			return err
		}
	}
	return nil
}

func (t *till) comparePage(ctx context.Context, look comparison, rows []ledger.Payment, told map[string]bool) error {
	rows, _, err := t.readable(ctx, rows)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(p ledger.Payment) bool {
		return told[p.ID] || !look.covers(p.Date) || !t.flow.settings.Start.IsZero() && p.Date.Before(t.flow.settings.Start)
	})
	if len(rows) == 0 {
		return nil
	}
	var ids []string
	var refs []ledger.Ref
	asked := map[string]bool{}
	for _, p := range rows {
		ids = append(ids, p.ID)
		if p.InvoiceID != "" && !asked[p.InvoiceID] {
			asked[p.InvoiceID] = true
			refs = append(refs, ledger.Ref{ID: p.InvoiceID})
		}
	}
	links, err := t.linksOf(ctx, ledger.KindPayment, ids)
	if err != nil {
		return err
	}
	theirs, err := readInvoices(ctx, t.books, refs)
	if err != nil {
		return err
	}
	found := look.found
	for _, p := range rows {
		look.found = func(d Difference) bool { told[p.ID] = true; return found(d) }
		c := payComparison{comparison: look, w: t.desk, flow: t.flow.name, invoice: ledger.Ref{ID: p.InvoiceID}}
		if there, ok := theirs[strings.ToLower(p.InvoiceID)]; ok {
			c.booked, c.invoice = there.Payments, ref(there)
			if there.PaymentsElsewhere {
				if c.booked, err = t.books.PaymentsOf(ctx, ref(there)); err != nil {
					return err
				}
			}
		}
		l, linked := links[p.ID]
		if _, err := c.row(ctx, p, l, linked); err != nil {
			return err
		}
	}
	return nil
}

// compareBooked tells of booked payments that the host no longer has, and of second records of one.
func (t *till) compareBooked(ctx context.Context, look comparison, records []ledger.Payment) error {
	records = slices.DeleteFunc(slices.Clone(records), func(p ledger.Payment) bool { return !look.covers(p.Date) || p.Status == ledger.PaymentReversed })
	ids := make([]string, len(records))
	for i, p := range records {
		ids[i] = p.ID
	}
	links, err := t.linksTo(ctx, ledger.KindPayment, ids)
	if err != nil {
		return err
	}
	var ours []string
	for _, l := range links {
		if l.Pair == t.pair && l.Batch == "" {
			ours = append(ours, l.SourceID)
		}
	}
	slices.Sort(ours)
	there := map[string]bool{}
	for part := range slices.Chunk(ours, 200) {
		rows, err := t.flow.host.Payments(ctx, part)
		if err != nil {
			return err
		}
		for _, p := range rows {
			there[p.ID] = true
		}
	}
	for _, b := range records {
		link, linked := links[b.ID]
		d := Difference{Kind: ledger.KindPayment, Flow: t.flow.name, Invoice: ledger.Ref{ID: b.InvoiceID}, Ledger: ledger.Ref{ID: b.ID}, Date: b.Date, Currency: b.Currency, InLedger: b.Amount}
		switch {
		case linked && (link.Pair != t.pair || link.Batch != "" || there[link.SourceID]):
			continue
		case linked:
			if t.powers.PaymentVoids != nil {
				d.Fix = FixDelete
			}
			d.Code, d.Source, d.InSource, d.Reasons = DiffGoneInSource, ledger.Ref{ID: link.SourceID}, decimal.Zero, link.Reasons
			d.Message = "The host no longer has the payment, and it stands in the ledger."
		case b.Mark == "":
			continue // somebody else's
		default:
			other, known, err := t.byMark(ctx, b.Mark)
			if err != nil {
				return err
			}
			if !known || other.Pair != t.pair {
				continue // of another flow, or another store
			}
			d.Code, d.Source, d.InSource = DiffDoubled, ledger.Ref{ID: other.SourceID}, other.Amount
			d.Message = "The ledger has a second record of the payment that became " + other.LedgerID + ". Delete one of them by hand."
		}
		if err := look.tell(d); err != nil {
			return err
		}
	}
	return nil
}
