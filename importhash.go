package invoicesync

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// unreadPrint begins the print of a record that could not be read.
const unreadPrint = "unread/"

// printOf is how a record looks where only its outside is known, as in a list without payments: when it
// changed, in milliseconds, and a hash. Balance and status are part of it for ledgers that do not count a
// payment as a change of its invoice, the due date for those that do not announce it.
func printOf(inv *ledger.Invoice) string {
	b := make([]byte, 0, 256)
	for _, s := range [...]string{inv.Version, string(inv.Status), inv.Contact.ID, inv.Unclear, inv.Number} {
		b = append(append(b, s...), 0)
	}
	b = append(inv.Date.Append(b), 0)
	b = append(inv.DueDate.Append(b), 0)
	b = append(appendDecimal(b, inv.Totals.Total), 0)
	b = appendDecimal(b, inv.Totals.Balance)
	sum := sha256.Sum256(b)
	at := int64(0)
	if !inv.UpdatedAt.IsZero() {
		at = inv.UpdatedAt.UnixMilli()
	}
	return strconv.FormatInt(at, 10) + "/" + hex.EncodeToString(sum[:10])
}

// printedAt is when the record of a print had changed.
func printedAt(print string) time.Time {
	ms, _, _ := strings.Cut(print, "/")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// deliveryHash is the hash of all that a delivery tells of an invoice: everything but times, versions and
// links, which say nothing to the host. Amounts are hashed by value: 1.5 is 1.50.
func deliveryHash(inv *ledger.Invoice, origins map[string]Origin) string {
	b := make([]byte, 0, 2048)
	text := func(list ...string) {
		for _, s := range list {
			b = append(strconv.AppendInt(b, int64(len(s)), 10), ':')
			b = append(b, s...)
		}
	}
	number := func(list ...decimal.Decimal) {
		for _, d := range list {
			b = append(appendDecimal(b, d), ';')
		}
	}
	maybe := func(d decimal.NullDecimal) {
		if d.Valid {
			number(d.Decimal)
			return
		}
		b = append(b, "-;"...)
	}
	c := &inv.Contact
	text(inv.ID, inv.Number, inv.Reference, inv.Title, string(inv.Kind), string(inv.Status), string(inv.Currency), string(inv.TaxMode),
		inv.Date.String(), inv.DueDate.String(), inv.Unclear, strconv.FormatBool(inv.SentToContact),
		c.ID, c.Number, c.AccountNumber, c.Name, c.GivenName, c.FamilyName, c.Company, c.Email)
	maybe(inv.Rate)
	t := &inv.Totals
	number(t.Net, t.Tax, t.Total, t.Paid, t.Credited, t.Balance)
	text("lines", strconv.Itoa(len(inv.Lines)))
	for i := range inv.Lines {
		l := &inv.Lines[i]
		text(l.ID, l.AppliesTo, string(l.Kind), l.SKU, l.Name, l.Description, string(l.Taxability), l.TaxCode, l.Account, l.ItemCode)
		number(l.Quantity, l.UnitPrice, l.Amount)
		maybe(l.TaxAmount)
		for _, tr := range l.Tracking {
			text(tr.Category, tr.Option)
		}
	}
	text("payments", strconv.Itoa(len(inv.Payments)))
	for i := range inv.Payments {
		p := &inv.Payments[i]
		text(p.ID, p.Date.String(), string(p.Currency), p.Method, string(p.Status), p.RefundOf, p.Reference, p.Account, p.Unclear)
		number(p.Amount)
		maybe(p.Rate)
		if o, ours := origins[p.ID]; ours {
			b = appendOrigin(b, o)
		}
	}
	for _, in := range inv.Plan {
		text(in.Due.String())
		number(in.Amount, in.Paid)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
