package xerofake

import "strings"

// currencyCodes are the codes of the specification.
const currencyCodes = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BYR BZD CAD CDF CHF CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SKK SLE SLL SOS SRD STD STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMK ZMW ZWD"

// currencyName returns Xero's name of a currency, and whether Xero knows it.
func currencyName(code string) (string, bool) {
	if len(code) != 3 || strings.Contains(code, " ") || !strings.Contains(currencyCodes, code) {
		return "", false
	}
	name, ok := map[string]string{
		"AUD": "Australian Dollar", "CAD": "Canadian Dollar", "CHF": "Swiss Franc", "CNY": "Chinese Yuan Renminbi", "DKK": "Danish Krone",
		"EUR": "Euro", "GBP": "British Pound", "HKD": "Hong Kong Dollar", "INR": "Indian Rupee", "JPY": "Japanese Yen",
		"KWD": "Kuwaiti Dinar", "MYR": "Malaysian Ringgit", "NOK": "Norwegian Krone", "NZD": "New Zealand Dollar", "PHP": "Philippine Peso",
		"SEK": "Swedish Krona", "SGD": "Singapore Dollar", "THB": "Thai Baht", "USD": "United States Dollar", "ZAR": "South African Rand",
	}[code]
	if !ok {
		name = code
	}
	return name, true
}
