package infusionsoftfake

import (
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// currencyValue is the vendor's CurrencyValue: an integer in the currency's smallest unit.
type currencyValue struct {
	Amount          int64  `json:"amount"`
	CurrencyCode    string `json:"currency_code"`
	FormattedAmount string `json:"formatted_amount"`
}

// number is a decimal that is written as a JSON number whatever the host has set
// decimal.MarshalJSONWithoutQuotes to.
type number decimal.Decimal

func (n number) MarshalJSON() ([]byte, error) { return []byte(decimal.Decimal(n).String()), nil }

// minorDigits returns how many decimals a currency has (ISO 4217).
func minorDigits(currency string) int32 {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// minorUnits rounds half away from zero: the wire has no place for a fraction of a cent, although the
// order behind it may have one.
func minorUnits(amount decimal.Decimal, currency string) int64 {
	return amount.Shift(minorDigits(currency)).Round(0).IntPart()
}

func fromMinorUnits(amount decimal.Decimal, currency string) decimal.Decimal {
	return amount.Shift(-minorDigits(currency))
}

func roundMoney(amount decimal.Decimal, currency string) decimal.Decimal {
	return amount.Round(minorDigits(currency))
}

func valueOf(amount decimal.Decimal, currency string) *currencyValue {
	return &currencyValue{
		Amount: minorUnits(amount, currency), CurrencyCode: currency,
		FormattedAmount: formatMoney(amount, currency),
	}
}

func formatMoney(amount decimal.Decimal, currency string) string {
	text := roundMoney(amount, currency).Abs().StringFixed(minorDigits(currency))
	whole, fraction, hasFraction := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if hasFraction {
		whole += "." + fraction
	}
	switch currency {
	case "USD", "AUD", "CAD", "NZD", "SGD", "HKD":
		whole = "$" + whole
	case "GBP":
		whole = "£" + whole
	case "EUR":
		whole = "€" + whole
	case "JPY":
		whole = "¥" + whole
	default:
		whole = currency + " " + whole
	}
	if roundMoney(amount, currency).IsNegative() {
		return "-" + whole
	}
	return whole
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// parseID reads the vendor's ids, which are numbers in strings.
func parseID(text string) (int64, bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && id > 0
}
