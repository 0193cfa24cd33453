package vendorbooks

import (
	"github.com/shopspring/decimal"

	"github.com/invoicesync/invoicesync/ledger"
)

// centPlaces are the places of an amount.
const centPlaces = 2

// Cents returns n ÷ d, for a positive d, rounded to cents, halves away from zero. sure is false where rounding halves
// towards positive infinity gives another result.
func Cents(n, d decimal.Decimal) (rounded decimal.Decimal, sure bool) {
	quotient, rest := n.QuoRem(d, centPlaces)
	cent := decimal.New(1, -centPlaces)
	switch rest.Abs().Add(rest.Abs()).Cmp(d.Mul(cent)) {
	case -1:
		return quotient, true
	case 0:
		sure = n.Sign() > 0
	default:
		sure = true
	}
	if n.Sign() < 0 {
		cent = cent.Neg()
	}
	return quotient.Add(cent), sure
}

// Priced is a line's quantity and unit price as they go over the wire.
type Priced struct {
	Quantity, Unit decimal.Decimal
	Note           string // for the description: what quantity and price could not say
	Bare           bool   // nothing but a description
}

// Price fits a line into a vendor's places. Where cutting the price would change the amount (energy at 0.123456 a
// unit), the line becomes one piece at the amount, and its description says the rest.
func Price(line ledger.Line, places int32) Priced {
	q, u := line.Quantity, line.UnitPrice
	if q.IsZero() && u.IsZero() {
		if line.Amount.IsZero() {
			return Priced{Bare: true}
		}
		q, u = decimal.NewFromInt(1), line.Amount
	}
	if q.Exponent() >= -places && u.Exponent() >= -places {
		return Priced{Quantity: q, Unit: u}
	}
	p := Priced{Quantity: q.Round(places), Unit: u.Round(places)}
	if p.Quantity.Equal(q) && p.Unit.Equal(u) {
		return p
	}
	one, want := decimal.NewFromInt(1), line.Amount
	if want.IsZero() {
		want = q.Mul(u).Round(centPlaces)
	}
	if got, sure := Cents(p.Quantity.Mul(p.Unit), one); sure && got.Equal(want) {
		return p
	}
	return Priced{Quantity: one, Unit: want.Round(places), Note: " (" + q.String() + " × " + u.String() + ")"}
}
