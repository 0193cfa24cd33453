package vendorbooks

import "github.com/invoicesync/invoicesync/ledger"

// Locked is a change that the ledger's edit matrix does not permit, with the reason in code and message.
func Locked(room, thing, code, message string) error {
	return &ledger.Error{Kind: ledger.ErrLocked, Room: room, Thing: thing, Code: code, Message: message}
}

// Unlocked says no where a day lies in a period that is closed, as far as the organisation was read; org may be nil.
func Unlocked(room, thing string, org *ledger.Organisation, days ...ledger.Date) error {
	if org == nil {
		return nil
	}
	for _, d := range days {
		if lock := org.Locked(d); !lock.IsZero() && !d.IsZero() {
			return Locked(room, thing, ledger.RefusedLocked, "the books are locked up to "+lock.String())
		}
	}
	return nil
}

// Settled reports that money or credit is booked on an invoice.
func Settled(inv *ledger.Invoice) bool {
	return !inv.Totals.Paid.IsZero() || !inv.Totals.Credited.IsZero() || len(inv.Payments) > 0 || inv.PaymentsElsewhere || inv.Status == ledger.StatusPaid
}

// Pairs finds for each wanted line the line before that it corresponds to, -1 for a new one. Vendors make a line that
// comes without its id anew, so that as many as possible keep theirs: the rules are tried one after another,
// and each line is given away once, to the first that fits. free says which lines of before may be given at all
// to a wanted one.
func Pairs(before, want []ledger.Line, free func(b, w ledger.Line) bool, rules ...func(b, w ledger.Line) bool) []int {
	from := make([]int, len(want))
	for i := range from {
		from[i] = -1
	}
	used := make([]bool, len(before))
	for _, same := range rules {
		for i := range want {
			for j := range before {
				if from[i] < 0 && !used[j] && before[j].ID != "" && free(before[j], want[i]) && same(before[j], want[i]) {
					from[i], used[j] = j, true
				}
			}
		}
	}
	return from
}
