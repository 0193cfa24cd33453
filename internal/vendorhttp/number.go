package vendorhttp

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/shopspring/decimal"
)

// Number is a decimal that goes over the wire as a JSON number, digit by digit.
type Number struct{ decimal.Decimal }

// MarshalJSON writes the plain digits, never an exponent.
func (n Number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// NumberOf returns a Number to be sent.
func NumberOf(d decimal.Decimal) *Number { return &Number{d} }

// ErrNumber is a number that no ledger writes.
var ErrNumber = errors.New("vendorhttp: not a number of a ledger")

// ParseNumber reads a JSON number exactly; none is zero. Exponents and lengths that no ledger writes are
// refused: the arithmetic of 1e999999999 would never end.
func ParseNumber(n json.Number) (decimal.Decimal, error) {
	if n == "" {
		return decimal.Decimal{}, nil
	}
	if len(n) > 40 {
		return decimal.Decimal{}, ErrNumber
	}
	v, err := decimal.NewFromString(string(n))
	if err != nil || v.Exponent() > 20 || v.Exponent() < -20 {
		return decimal.Decimal{}, ErrNumber
	}
	return v, nil
}

// Marshal is json.Marshal that leaves <, > and & as they are.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
