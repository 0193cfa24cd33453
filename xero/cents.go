package xero

import (
	"strconv"

	"github.com/shopspring/decimal"
)

// Nearly all numbers of an invoice fit into 64 bits with room to spare. For those the arithmetic of this
// package is done in integers, exactly and without allocating; it gives what the decimals give, which
// do everything else.

// small returns d as n ÷ 10^places, where d has at most 8 digits, of which at most 4 are fractional. The
// product of two such numbers, in cents, stays within 64 bits.
func small(d decimal.Decimal) (n int64, places int32, ok bool) {
	places = -d.Exponent()
	if places < 0 || places > pricePlaces || d.NumDigits() > 8 {
		return 0, 0, false
	}
	return d.CoefficientInt64(), places, true
}

// powers of ten, as far as they are needed: 2 × 4 places of a product, and two of a percentage more.
var powers = [...]int64{1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000}

// centsOf returns quantity × unit as vendorbooks.Cents rounds it, in cents; not ok: it is for the decimals.
func centsOf(quantity, unit decimal.Decimal) (cents int64, sure, ok bool) {
	q, qp, ok := small(quantity)
	if !ok {
		return 0, false, false
	}
	u, up, ok := small(unit)
	if !ok {
		return 0, false, false
	}
	if places := qp + up; places > amountPlaces {
		cents, sure = divideHalf(q*u, powers[places-amountPlaces])
		return cents, sure, true
	} else {
		return q * u * powers[amountPlaces-places], true, true
	}
}

// taxOn returns percent of an amount as vendorbooks.Cents rounds it, all in cents.
func taxOn(cents int64, percent decimal.Decimal) (tax int64, sure, ok bool) {
	const most = 1_000_000_000_000 // times a percentage of up to 6 digits
	n, places, ok := small(percent)
	if !ok || cents > most || cents < -most || n > 999_999 || n < -999_999 {
		return 0, false, false
	}
	tax, sure = divideHalf(cents*n, 100*powers[places])
	return tax, sure, true
}

// divideHalf is vendorbooks.Cents of integers, to the next integer.
func divideHalf(n, d int64) (quotient int64, sure bool) {
	quotient, rest := n/d, n%d
	if rest < 0 {
		rest = -rest
	}
	switch {
	case 2*rest < d:
		return quotient, true
	case 2*rest == d:
		sure = n > 0
	default:
		sure = true
	}
	if n < 0 {
		return quotient - 1, sure
	}
	return quotient + 1, sure
}

// money returns cents as a decimal.
func money(cents int64) decimal.Decimal {
	if cents == 0 {
		return decimal.Decimal{}
	}
	return decimal.New(cents, -amountPlaces)
}

// moneyLike returns cents as a decimal: as d, where that is the same amount.
func moneyLike(cents int64, d decimal.Decimal) decimal.Decimal {
	if d.Exponent() == -amountPlaces && d.NumDigits() <= 15 && d.CoefficientInt64() == cents {
		return d
	}
	return money(cents)
}

// plainNumber reads a number of at most 18 digits without an exponent, as n ÷ 10^places; not ok: it is
// another.
func plainNumber(s []byte) (n int64, places int, ok bool) {
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		s = s[1:]
	}
	if len(s) == 0 || len(s) > 19 { // a point among them
		return 0, 0, false
	}
	point := -1
	for i, c := range s {
		switch {
		case c >= '0' && c <= '9':
			if i == 18 && point < 0 {
				return 0, 0, false
			}
			n = 10*n + int64(c-'0')
		case c == '.' && point < 0 && i > 0 && i < len(s)-1:
			point = i
		default:
			return 0, 0, false
		}
	}
	if negative {
		n = -n
	}
	if point >= 0 {
		places = len(s) - 1 - point
	}
	return n, places, true
}

// appendNumber appends the plain digits of d, as its String has them.
func appendNumber(b []byte, d decimal.Decimal) []byte {
	n, places, ok := small(d)
	if !ok {
		return append(b, d.String()...)
	}
	for places > 0 && n%10 == 0 {
		n, places = n/10, places-1
	}
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/powers[places], 10)
	if places == 0 {
		return b
	}
	b = append(b, '.')
	fraction := n % powers[places]
	for p := powers[places-1]; p > 1 && fraction < p; p /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendInt(b, fraction, 10)
}
