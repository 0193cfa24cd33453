package quickbooks

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// updates changes what an invoice says, by sparse updates: what a Wanted invoice leaves empty is left as it is, and
// only what differs is sent. Lines are replaced as a whole, so that all are sent where one differs.
type updates struct{ l *Ledger }

// Limits implements [ledger.Changer].
func (updates) Limits() ledger.Limits { return changeLimits }

// Allows implements [ledger.Changer]: everything but the currency while no money is booked, and after that only number,
// reference, due date and the words of lines. QuickBooks itself would take more, and leave payments that do not
// fit any longer.
func (u updates) Allows(c ledger.Change) error {
	_, err := u.edit(c)
	return err
}

func updateOf(c ledger.Change) (*ledger.Invoice, error) {
	if c.Wanted == nil {
		return nil, vendorbooks.NotSent(Vendor, "change", "an update needs the wanted invoice")
	}
	return invoiceOf(c, ledger.Update)
}

// edit is what has to be sent, or why it may not be.
func (u updates) edit(c ledger.Change) (outInvoice, error) {
	before, err := updateOf(c)
	if err != nil {
		return outInvoice{}, err
	}
	thing, want := "invoice "+safeID(before.ID), c.Wanted
	switch {
	case !before.Status.Live():
		return outInvoice{}, vendorbooks.Locked(Vendor, thing, "already_void", "the invoice is void")
	case want.Status != "" && want.Status != ledger.StatusApproved && want.Status != ledger.StatusPaid:
		return outInvoice{}, vendorbooks.Locked(Vendor, thing, "status", "the invoice cannot go from "+string(before.Status)+" to "+string(want.Status))
	case want.Currency != "" && want.Currency != before.Currency:
		return outInvoice{}, vendorbooks.Locked(Vendor, thing, "currency", "an invoice keeps its currency, which is its customer's")
	}
	if err := u.l.unlocked(thing, before.Date, want.Date); err != nil {
		return outInvoice{}, err
	}
	d, err := u.l.diff(before, want)
	if err != nil {
		return outInvoice{}, err
	}
	if vendorbooks.Settled(before) && d.money {
		return outInvoice{}, vendorbooks.Locked(Vendor, thing, ledger.RefusedLockedByMoney, "payments or credits are booked on the invoice: its customer, date and amounts stay")
	}
	sparse := true
	d.out.outVersion = outVersion{ID: before.ID, SyncToken: before.Version, Sparse: &sparse}
	return d.out, nil
}

// difference is what makes one invoice into another.
type difference struct {
	out   outInvoice
	any   bool
	money bool // it changes more than words
}

func (l *Ledger) diff(before, want *ledger.Invoice) (difference, error) {
	company, err := l.known("change")
	if err != nil {
		return difference{}, err
	}
	var d difference
	if company.CustomNumbers && want.Number != "" && want.Number != before.Number {
		if len([]rune(want.Number)) > longestNumber {
			return d, refuse("", "number_invalid", "an invoice number has at most 21 characters")
		}
		d.out.DocNumber, d.any = want.Number, true
	}
	// The note of an invoice that does not carry our mark is somebody else's.
	if words := strings.Join(strings.Fields(want.Reference), " "); before.Mark != "" && words != before.Reference {
		link := want.URL
		if link == before.URL { // that is QuickBooks' own page
			link = ""
		}
		if d.out.PrivateNote = markedNote(words, link, before.Mark); referenceIn(d.out.PrivateNote) != before.Reference {
			d.any = true
		} else {
			d.out.PrivateNote = ""
		}
	}
	if want.DueDate != before.DueDate && !want.DueDate.IsZero() {
		d.out.DueDate, d.any = want.DueDate.String(), true
	}
	if want.Contact.ID != "" && want.Contact.ID != before.Contact.ID {
		d.out.CustomerRef, d.any, d.money = refTo(want.Contact.ID), true, true
	}
	if want.Date != before.Date && !want.Date.IsZero() {
		d.out.TxnDate, d.any, d.money = want.Date.String(), true, true
	}
	if want.Rate.Valid && want.Currency != company.Organisation.BaseCurrency && company.MultiCurrency &&
		!(before.Rate.Valid && before.Rate.Decimal.Round(10).Equal(want.Rate.Decimal.Round(10))) {
		if !want.Rate.Decimal.IsPositive() {
			return d, refuse("", ledger.RefusedCurrency, "the exchange rate must be above zero")
		}
		d.out.ExchangeRate, d.any, d.money = vendorhttp.NumberOf(want.Rate.Decimal.Round(10)), true, true
	}
	return d, l.diffLines(company, before, want, &d)
}

func referenceIn(note string) string {
	reference, _ := readNote(note)
	return reference
}

// diffLines compares lines as they would be sent.
func (l *Ledger) diffLines(company *Company, before, want *ledger.Invoice, d *difference) error {
	from := pairs(before.Lines, want.Lines)
	full := *want
	full.Lines = slices.Clone(want.Lines)
	full.Currency = cmp.Or(full.Currency, before.Currency)
	for i := range full.Lines {
		// What a line leaves open, the old line says. That shipping names no product says something: it is no line of
		// the product whose place it takes.
		if f := from[i]; f >= 0 {
			was, line := &before.Lines[f], &full.Lines[i]
			if line.ItemID == "" && line.ItemCode == "" && line.Kind != ledger.LineShipping {
				line.ItemID = was.ItemID
			}
			line.TaxCode = cmp.Or(line.TaxCode, was.TaxCode)
			if line.Kind == ledger.LineDiscount { // and so was the old one
				line.Account = cmp.Or(line.Account, was.Account)
			}
		}
	}
	var now, then outInvoice
	if err := l.content(company, full, &then); err != nil {
		return err
	}
	if err := l.content(company, *before, &now); err != nil {
		return err
	}
	same := sameOut(now.Line, then.Line, true)
	tax := then.TxnTaxDetail == nil || then.TxnTaxDetail.TotalTax.Equal(before.Totals.Tax)
	if same && tax {
		return nil
	}
	d.any = true
	d.money = d.money || !tax || !sameOut(now.Line, then.Line, false)
	d.out.Line, d.out.TxnTaxDetail = then.Line, then.TxnTaxDetail
	d.out.GlobalTaxCalculation, d.out.ApplyTaxAfterDiscount = then.GlobalTaxCalculation, then.ApplyTaxAfterDiscount
	ids := lineIDs(before, &full, from)
	for i := range d.out.Line {
		d.out.Line[i].ID = ids[i]
	}
	if company.UnitedStates && d.out.TxnTaxDetail == nil && !d.money {
		// Words alone: not one cent of a tax that was stated may move.
		d.out.TxnTaxDetail = &outTax{TotalTax: vendorhttp.NumberOf(before.Totals.Tax)}
	}
	return nil
}

// lineIDs are the ids that the lines keep, in the order in which content puts them: the discount last.
func lineIDs(before, full *ledger.Invoice, from []int) []string {
	var ids []string
	discount := ""
	for i := range full.Lines {
		id := ""
		if f := from[i]; f >= 0 {
			id = before.Lines[f].ID
		}
		if full.Lines[i].Kind == ledger.LineDiscount && !vendorbooks.Price(full.Lines[i], pricePlaces).Bare {
			discount = cmp.Or(discount, id)
			continue
		}
		ids = append(ids, id)
	}
	return append(ids, discount)
}

// sameOut compares lines as they are sent, in their order; without words, what they say is left out. Shipping may
// stand anywhere: on QuickBooks' own form it is below the lines, and so it may be in what is read.
func sameOut(a, b []outLine, words bool) bool {
	return slices.Equal(outKeys(a, words), outKeys(b, words))
}

func outKeys(lines []outLine, words bool) []string {
	keys := make([]string, 0, len(lines))
	var shipping []string
	for _, line := range lines {
		line.ID = ""
		if !words {
			if line.DescriptionLineDetail != nil {
				continue
			}
			line.Description = ""
		}
		if line.DiscountLineDetail != nil {
			// QuickBooks fills its account in, and says nothing of its words.
			discount := *line.DiscountLineDetail
			discount.DiscountAccountRef = nil
			line.DiscountLineDetail, line.Description = &discount, ""
		}
		b, _ := vendorhttp.Marshal(line) // of numbers and strings
		if s := line.SalesItemLineDetail; s != nil && s.ItemRef != nil && s.ItemRef.Value == shippingItem {
			shipping = append(shipping, string(b))
			continue
		}
		keys = append(keys, string(b))
	}
	return append(keys, shipping...)
}

// pairs finds for each wanted line the line before that it corresponds to, -1 for a new one. A line without
// its id is made anew and gets another, so that as many as possible keep theirs: by id first, then equal ones, then
// those of one item or text, then in order.
func pairs(before, want []ledger.Line) []int {
	return vendorbooks.Pairs(before, want,
		func(b, w ledger.Line) bool { return (b.Kind == ledger.LineDiscount) == (w.Kind == ledger.LineDiscount) },
		func(b, w ledger.Line) bool { return w.ID != "" && b.ID == w.ID },
		func(b, w ledger.Line) bool { return describe(b, "") == describe(w, "") && samePrice(b, w) },
		func(b, w ledger.Line) bool { return w.ItemID != "" && w.ItemID == b.ItemID },
		func(b, w ledger.Line) bool { return describe(b, "") == describe(w, "") },
		func(b, w ledger.Line) bool { return true },
	)
}

func samePrice(a, b ledger.Line) bool {
	p, q := vendorbooks.Price(a, pricePlaces), vendorbooks.Price(b, pricePlaces)
	return p.Bare == q.Bare && p.Quantity.Equal(q.Quantity) && p.Unit.Equal(q.Unit)
}

// Encode implements [ledger.Changer].
func (u updates) Encode(c ledger.Change) (ledger.Encoded, error) {
	out, err := u.edit(c)
	if err != nil {
		return ledger.Encoded{}, err
	}
	return vendorhttp.Encode(Vendor, updateRoute, out)
}

// reached reports whether an invoice says what was wanted.
func (u updates) reached(c ledger.Change) func(*ledger.Invoice) bool {
	return func(now *ledger.Invoice) bool {
		d, err := u.l.diff(now, c.Wanted)
		return err == nil && !d.any
	}
}

// Apply implements [ledger.Changer].
func (u updates) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	inv, err := updateOf(c)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	return u.l.applyToInvoice(ctx, c, inv.ID, updateRoute, u.reached(c))
}

// Look implements [ledger.Changer].
func (u updates) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	if _, err := updateOf(c); err != nil {
		return ledger.ChangeState{}, err
	}
	return u.l.lookAtInvoice(ctx, c, u.reached(c))
}
