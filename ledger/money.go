package ledger

import (
	"fmt"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"
)

// Currency is an ISO 4217 code in upper case, such as "AUD". The zero value is no currency.
type Currency string

// ParseCurrency returns code as a Currency, or an error when ISO 4217 does not know it. Lower case is
// accepted and raised.
func ParseCurrency(code string) (Currency, error) {
	u, err := currency.ParseISO(code)
	if err != nil {
		return "", fmt.Errorf("ledger: %q is not an ISO 4217 currency code", code)
	}
	return Currency(u.String()), nil
}

// Places returns how many decimal places the minor unit has: 2 for AUD, 0 for JPY, 3 for KWD. A code
// that ISO 4217 does not know counts as 2; [ParseCurrency] keeps such codes out.
func (c Currency) Places() int32 {
	u, err := currency.ParseISO(string(c))
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(u)
	return int32(scale)
}

// Minor returns the smallest amount of the currency, 0.01 for AUD.
func (c Currency) Minor() decimal.Decimal { return decimal.New(1, -c.Places()) }

// Round rounds half away from zero to the minor unit.
func (c Currency) Round(d decimal.Decimal) decimal.Decimal { return d.Round(c.Places()) }

// Fits reports whether d has no more places than the minor unit.
func (c Currency) Fits(d decimal.Decimal) bool { return c.Round(d).Equal(d) }

// Money is an amount where currencies meet; elsewhere a record holds amounts and one currency.
type Money struct {
	Amount   decimal.Decimal
	Currency Currency
}

// String prints the amount with the places of its minor unit: "12.30 AUD".
func (m Money) String() string {
	return m.Amount.StringFixed(max(m.Currency.Places(), -m.Amount.Exponent())) + " " + string(m.Currency)
}

// Add returns m + n, or an error when the currencies differ.
func (m Money) Add(n Money) (Money, error) {
	if m.Currency != n.Currency {
		return Money{}, fmt.Errorf("ledger: cannot add %s to %s", n.Currency, m.Currency)
	}
	return Money{m.Amount.Add(n.Amount), m.Currency}, nil
}
