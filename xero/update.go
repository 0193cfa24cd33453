package xero

import (
	"cmp"
	"context"
	"slices"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

// updates changes what an invoice says. What a Wanted invoice leaves empty and Xero fills in by itself
// (number, theme, currency, rate, item codes, tax amounts) is left as it is; only what differs is sent.
type updates struct{ l *Ledger }

// Limits implements [ledger.Changer].
func (updates) Limits() ledger.Limits { return changeLimits }

// Allows implements [ledger.Changer] with Xero's edit matrix: everything while no money is booked, and after
// that only number, reference, due date, theme, contact and, of lines, description, account and tracking.
func (u updates) Allows(c ledger.Change) error {
	before, err := updateOf(c)
	if err != nil {
		return err
	}
	thing := "invoice " + safeID(before.ID)
	want := c.Wanted
	switch {
	case !before.Status.Live():
		return vendorbooks.Locked(Vendor, thing, "already_void", "the invoice is void")
	case !statusMoves(before.Status, want.Status):
		return vendorbooks.Locked(Vendor, thing, "status", "the invoice cannot go from "+string(before.Status)+" to "+string(want.Status))
	}
	for _, l := range before.Lines {
		if l.Kind == ledger.LineDiscount && l.ID == "" {
			return &ledger.Error{
				Kind: ledger.ErrUnsupported, Room: Vendor, Thing: thing, Code: "line_discount",
				Message: "the invoice has discounts inside its lines, which would be lost: change it in Xero",
			}
		}
	}
	if err := u.l.unlocked(thing, before.Date, want.Date); err != nil {
		return err
	}
	if vendorbooks.Settled(before) && !onlyWords(before, want) {
		return vendorbooks.Locked(Vendor, thing, ledger.RefusedLockedByMoney, "payments or credits are booked on the invoice: its amounts, date, currency and status stay")
	}
	return nil
}

func updateOf(c ledger.Change) (*ledger.Invoice, error) {
	if c.Wanted == nil {
		return nil, vendorbooks.NotSent(Vendor, "change", "an update needs the wanted invoice")
	}
	return invoiceOf(c, ledger.Update)
}

// statusMoves is Xero's status machine without the ways to VOIDED and DELETED, which are voids.
func statusMoves(from, to ledger.Status) bool {
	if to == "" || to == from {
		return true
	}
	switch from {
	case ledger.StatusDraft, ledger.StatusSubmitted:
		return to == ledger.StatusDraft || to == ledger.StatusSubmitted || to == ledger.StatusApproved
	case ledger.StatusApproved: // what was wanted before a payment made it paid is no change
		return to == ledger.StatusPaid
	case ledger.StatusPaid:
		return to == ledger.StatusApproved
	}
	return false
}

// onlyWords reports that a change leaves alone what is fixed once money is booked.
func onlyWords(before, want *ledger.Invoice) bool {
	d := diff(before, want)
	if d.Date != "" || d.LineAmountTypes != "" || d.CurrencyCode != "" || d.CurrencyRate != nil || d.SentToContact != nil {
		return false
	}
	if len(before.Lines) != len(want.Lines) {
		return false
	}
	for i, from := range pairs(before.Lines, want.Lines) {
		if from < 0 || !sameMoney(before.Lines[from], want.Lines[i]) {
			return false
		}
	}
	return true
}

// sameMoney reports that two lines come to the same amount and tax for Xero.
func sameMoney(before, want ledger.Line) bool {
	b, w := vendorbooks.Price(before, pricePlaces), vendorbooks.Price(want, pricePlaces)
	return b.Bare == w.Bare && b.Quantity.Equal(w.Quantity) && b.Unit.Equal(w.Unit) &&
		(want.TaxCode == "" || want.TaxCode == before.TaxCode) &&
		(want.ItemCode == "" || want.ItemCode == before.ItemCode) && sameTax(before, want)
}

func sameTax(before, want ledger.Line) bool {
	return !want.TaxAmount.Valid || before.TaxAmount.Valid && before.TaxAmount.Decimal.Equal(want.TaxAmount.Decimal)
}

func sameLine(before, want ledger.Line) bool {
	return sameMoney(before, want) && describe(before, vendorbooks.Price(before, pricePlaces).Note) == describe(want, vendorbooks.Price(want, pricePlaces).Note) &&
		(want.Account == "" || want.Account == before.Account) && sameTracking(before.Tracking, want.Tracking)
}

func sameTracking(a, b []ledger.Tracking) bool {
	if len(a) != len(b) {
		return false
	}
	for _, t := range a {
		if !slices.Contains(b, t) {
			return false
		}
	}
	return true
}

// diff is what has to be sent to make before into want, without lines.
func diff(before, want *ledger.Invoice) outInvoice {
	out := outInvoice{InvoiceID: before.ID}
	if want.Number != "" && want.Number != before.Number {
		out.InvoiceNumber = want.Number
	}
	if reference := vendorbooks.Fit(want.Reference, 255); reference != before.Reference {
		out.Reference = &reference
	}
	if want.Contact.ID != "" && !sameID(want.Contact.ID, before.Contact.ID) {
		out.Contact = &outContact{ContactID: want.Contact.ID}
	}
	if want.Date != before.Date && !want.Date.IsZero() {
		out.Date = want.Date.String()
	}
	if want.DueDate != before.DueDate && !want.DueDate.IsZero() {
		out.DueDate = want.DueDate.String()
	}
	if want.TaxMode != "" && want.TaxMode != before.TaxMode {
		out.LineAmountTypes = wireTaxMode(want.TaxMode)
	}
	if want.Currency != "" && want.Currency != before.Currency {
		out.CurrencyCode = string(want.Currency)
	}
	if r := wireRate(want.Rate); r != nil && want.Currency != "" {
		if now := wireRate(before.Rate); now == nil || !now.Equal(r.Decimal) {
			out.CurrencyRate = r
		}
	}
	if want.Theme != "" && !sameID(want.Theme, before.Theme) {
		out.BrandingThemeID = want.Theme
	}
	if statusDiffers(before.Status, want.Status) {
		out.Status = wireStatus(want.Status)
	}
	approved := want.Status == ledger.StatusApproved || want.Status == "" && before.Status == ledger.StatusApproved
	if want.SentToContact && !before.SentToContact && approved {
		sent := true
		out.SentToContact = &sent
	}
	return out
}

// statusDiffers reports a move that has to be asked for. Approved and paid are one to us: which of them
// it is follows from the payments.
func statusDiffers(have, want ledger.Status) bool {
	booked := func(s ledger.Status) bool { return s == ledger.StatusApproved || s == ledger.StatusPaid }
	return want != "" && want != have && !(booked(want) && booked(have))
}

// Encode implements [ledger.Changer].
func (u updates) Encode(c ledger.Change) (ledger.Encoded, error) {
	if err := u.Allows(c); err != nil {
		return ledger.Encoded{}, err
	}
	before, want := c.Invoice, *c.Wanted
	checked := want
	if checked.Status == "" || checked.Status == ledger.StatusPaid {
		checked.Status = cmp.Or(before.Status, ledger.StatusApproved)
	}
	if checked.Status == ledger.StatusPaid {
		checked.Status = ledger.StatusApproved
	}
	checked.Contact.ID = cmp.Or(checked.Contact.ID, before.Contact.ID)
	if checked.Date.IsZero() {
		checked.Date = before.Date
	}
	if checked.DueDate.IsZero() {
		checked.DueDate = before.DueDate
	}
	if err := acceptable(checked); err != nil {
		return ledger.Encoded{}, err
	}
	out := diff(before, &want)
	if !sameLines(before.Lines, want.Lines) {
		from := pairs(before.Lines, want.Lines)
		for i, line := range want.Lines {
			// What a line leaves open, the old line says: a line without an account would lose its own.
			if f := from[i]; f >= 0 {
				line.Account = cmp.Or(line.Account, before.Lines[f].Account)
				line.TaxCode = cmp.Or(line.TaxCode, before.Lines[f].TaxCode)
				line.ItemCode = cmp.Or(line.ItemCode, before.Lines[f].ItemCode)
				if vendorbooks.Settled(before) {
					line.TaxAmount = before.Lines[f].TaxAmount // not one cent may move
				}
			}
			o, err := outLineOf(&checked, &line)
			if err != nil {
				return ledger.Encoded{}, err
			}
			if f := from[i]; f >= 0 {
				o.LineItemID = before.Lines[f].ID
			}
			out.LineItems = append(out.LineItems, o)
		}
	}
	return encodeInvoice(out)
}

func sameLines(before, want []ledger.Line) bool {
	if len(before) != len(want) {
		return false
	}
	for i := range want {
		if !sameLine(before[i], want[i]) {
			return false
		}
	}
	return true
}

// pairs finds for each wanted line the line before that it corresponds to, -1 for a new one. A line without
// its id is recreated by Xero and jumps to the top (XeroAPI/Xero-NetStandard#374), so that as many as
// possible keep theirs: by id first, then equal ones, then those of one item or text, then in order.
func pairs(before, want []ledger.Line) []int {
	return vendorbooks.Pairs(before, want,
		func(_, _ ledger.Line) bool { return true },
		func(b, w ledger.Line) bool { return w.ID != "" && sameID(b.ID, w.ID) },
		sameLine,
		func(b, w ledger.Line) bool { return w.ItemCode != "" && w.ItemCode == b.ItemCode },
		func(b, w ledger.Line) bool { return describe(b, "") == describe(w, "") },
		func(ledger.Line, ledger.Line) bool { return true },
	)
}

// reached reports whether an invoice says what was wanted.
func reached(c ledger.Change) func(*ledger.Invoice) bool {
	return func(now *ledger.Invoice) bool {
		d := diff(now, c.Wanted)
		d.InvoiceID = ""
		if d.Reference != nil || d.Contact != nil || d.CurrencyRate != nil || d.SentToContact != nil {
			return false
		}
		if d.InvoiceNumber+d.Date+d.DueDate+d.LineAmountTypes+d.CurrencyCode+d.BrandingThemeID+d.Status != "" {
			return false
		}
		if len(now.Lines) != len(c.Wanted.Lines) {
			return false
		}
		// New lines are put in front of kept ones, so that the order is not compared.
		used := make([]bool, len(now.Lines))
		for _, w := range c.Wanted.Lines {
			i := slices.IndexFunc(now.Lines, func(l ledger.Line) bool { return sameLine(l, w) })
			for i >= 0 && used[i] {
				next := slices.IndexFunc(now.Lines[i+1:], func(l ledger.Line) bool { return sameLine(l, w) })
				if next < 0 {
					return false
				}
				i += 1 + next
			}
			if i < 0 {
				return false
			}
			used[i] = true
		}
		return true
	}
}

// Apply implements [ledger.Changer].
func (u updates) Apply(ctx context.Context, c ledger.Change) (ledger.ChangeOutcome, error) {
	inv, err := updateOf(c)
	if err != nil {
		return ledger.ChangeOutcome{}, err
	}
	return u.l.applyToInvoice(ctx, c, inv.ID, reached(c))
}

// Look implements [ledger.Changer].
func (u updates) Look(ctx context.Context, c ledger.Change) (ledger.ChangeState, error) {
	if _, err := updateOf(c); err != nil {
		return ledger.ChangeState{}, err
	}
	return u.l.lookAtInvoice(ctx, c, reached(c))
}
