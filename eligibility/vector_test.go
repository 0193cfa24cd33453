package eligibility

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/invoicesync/invoicesync/ledger"
	"github.com/shopspring/decimal"
)

// A vector is one case of testdata: a policy, an invoice and facts, and the verdict they must give.
// testdata/README.txt describes the form; a key or word that is not in it is an error.
type vector struct {
	policy   string
	push     PushOptions
	unpaid   UnpaidOptions
	facts    Facts
	invoice  ledger.Invoice
	expect   Disposition
	codes    []string
	override string // "yes", "no" or "": not asked
	because  string
}

func (v *vector) run() (Verdict, error) {
	var p Policy
	var err error
	switch v.policy {
	case "push":
		p, err = Push(v.push)
	case "unpaid_import":
		p, err = UnpaidImport(&v.unpaid)
	case "literal":
		p, err = Literal(&v.unpaid)
	}
	if err != nil {
		return Verdict{}, err
	}
	return p.Judge(v.invoice, v.facts), nil
}

func parseVector(text string) (*vector, error) {
	v := &vector{invoice: ledger.Invoice{
		ID: "1", Kind: ledger.SalesInvoice, Status: ledger.StatusApproved,
		Contact: ledger.Contact{ID: "c-1"}, TaxMode: ledger.TaxExclusive,
	}}
	seen := map[string]bool{}
	noLines, balance := false, false
	sc := bufio.NewScanner(strings.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || value == "" {
			return nil, fmt.Errorf("line %d is not \"key: value\"", n)
		}
		if many := key == "set" || key == "fact" || key == "line" || key == "payment"; seen[key] && !many {
			return nil, fmt.Errorf("line %d: a second %q", n, key)
		}
		seen[key] = true
		var err error
		switch key {
		case "policy":
			v.policy, err = oneOf(value, "push", "unpaid_import", "literal")
		case "set":
			err = v.set(value)
		case "as-of":
			v.facts.AsOf, err = ledger.ParseDate(value)
		case "fact":
			err = v.fact(value)
		case "invoice":
			balance, err = v.readInvoice(value)
		case "line":
			err = v.line(value)
		case "lines":
			_, err = oneOf(value, "none")
			noLines = true
		case "payment":
			err = v.payment(value)
		case "expect":
			err = v.expected(value)
		case "override":
			v.override, err = oneOf(value, "yes", "no")
		case "because":
			v.because = value
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	for _, key := range []string{"policy", "invoice", "expect", "because"} {
		if !seen[key] {
			return nil, fmt.Errorf("the key %q is missing", key)
		}
	}
	t := &v.invoice.Totals
	if !balance {
		t.Balance = t.Total.Sub(t.Paid).Sub(t.Credited)
	}
	t.Net = t.Total.Sub(t.Tax)
	if noLines && len(v.invoice.Lines) > 0 {
		return nil, fmt.Errorf("both \"line\" and \"lines: none\"")
	}
	if !noLines && len(v.invoice.Lines) == 0 {
		v.invoice.Lines = []ledger.Line{{Kind: ledger.LineProduct, Amount: t.Net}}
	}
	return v, nil
}

func (v *vector) set(value string) (err error) {
	name, rest, _ := strings.Cut(value, " ")
	rest = strings.TrimSpace(rest)
	flag := func(to *bool) error { *to = true; _, err := oneOf(rest, ""); return err }
	age := func(to *AgeRule) error {
		if rest == "off" {
			to.Off = true
			return nil
		}
		n, err := strconv.Atoi(rest)
		to.Days = &n
		return err
	}
	switch name {
	case "start-id":
		v.push.Start.ID = rest
	case "start-date":
		v.push.Start.Date, err = ledger.ParseDate(rest)
	case "mode":
		var m string
		m, err = oneOf(rest, string(InvoicesOnly), string(AsRaised), string(OncePaid))
		v.push.Mode = Mode(m)
	case "skip-zero":
		err = flag(&v.push.SkipZero)
	case "issued":
		err = age(&v.unpaid.Issued)
	case "overdue":
		err = age(&v.unpaid.Overdue)
	case "balance":
		if rest == "off" {
			v.unpaid.Balance.Off = true
			break
		}
		v.unpaid.Balance.Minimum.Valid = true
		v.unpaid.Balance.Minimum.Decimal, err = number(rest)
	case "status":
		if rest == "off" {
			v.unpaid.Status.Off = true
			break
		}
		v.unpaid.Status.Excluded = []ledger.Status{}
		for _, s := range strings.Fields(rest) {
			v.unpaid.Status.Excluded = append(v.unpaid.Status.Excluded, ledger.Status(s))
		}
	case "allow-paid":
		err = flag(&v.unpaid.AllowPaid)
	case "allow-part-paid":
		err = flag(&v.unpaid.AllowPartPaid)
	case "allow-unmapped-tax":
		err = flag(&v.unpaid.AllowUnmappedTax)
	case "allow-any-currency":
		err = flag(&v.unpaid.AllowAnyCurrency)
	case "allow-negative-lines":
		err = flag(&v.unpaid.AllowNegativeLines)
	default:
		err = fmt.Errorf("unknown setting %q", name)
	}
	return err
}

func (v *vector) fact(value string) error {
	words := strings.Fields(value)
	f := &v.facts
	switch words[0] {
	case "linked":
		f.Linked = true
		_, err := oneOf(strings.Join(words[1:], " "), "")
		return err
	case "currencies":
		for _, w := range words[1:] {
			c, err := ledger.ParseCurrency(w)
			if err != nil {
				return err
			}
			f.Currencies = append(f.Currencies, c)
		}
	case "lock":
		for _, w := range words[1:] {
			d, err := ledger.ParseDate(w)
			if err != nil {
				return err
			}
			f.LockDates = append(f.LockDates, d)
		}
	case "account":
		c, err := ledger.ParseCurrency(strings.Join(words[1:], " "))
		f.AccountCurrency = c
		return err
	case "mapped":
		f.MappedTaxCodes = append(f.MappedTaxCodes, words[1:]...)
	default:
		return fmt.Errorf("unknown fact %q", words[0])
	}
	return nil
}

func (v *vector) readInvoice(value string) (balance bool, err error) {
	inv := &v.invoice
	for field := range strings.SplitSeq(value, ",") {
		name, rest, _ := strings.Cut(strings.TrimSpace(field), " ")
		rest = strings.TrimSpace(rest)
		switch name {
		case "total":
			sum, cur, _ := strings.Cut(rest, " ")
			if inv.Totals.Total, err = number(sum); err == nil && cur != "" {
				inv.Currency, err = ledger.ParseCurrency(cur)
			}
		case "tax":
			inv.Totals.Tax, err = number(rest)
		case "paid":
			inv.Totals.Paid, err = number(rest)
		case "credited":
			inv.Totals.Credited, err = number(rest)
		case "balance":
			balance = true
			inv.Totals.Balance, err = number(rest)
		case "date":
			inv.Date, err = ledger.ParseDate(rest)
		case "due":
			inv.DueDate, err = ledger.ParseDate(rest)
		case "id":
			inv.ID = rest
		case "number":
			inv.Number = rest
		case "alias":
			inv.Aliases = append(inv.Aliases, rest)
		case "status":
			inv.Status = ledger.Status(rest)
			if rest == "unknown" {
				inv.Status = ledger.StatusUnknown
			}
		case "credit-note":
			inv.Kind = ledger.CreditNote
		case "prices":
			var m string
			m, err = oneOf(rest, string(ledger.TaxExclusive), string(ledger.TaxInclusive), string(ledger.TaxNone))
			inv.TaxMode = ledger.TaxMode(m)
		case "no-contact":
			inv.Contact = ledger.Contact{}
		case "named-contact":
			inv.Contact = ledger.Contact{Name: "Somebody"}
		case "unclear":
			inv.Unclear = rest
		case "payments-elsewhere":
			inv.PaymentsElsewhere = true
		default:
			err = fmt.Errorf("unknown word %q of an invoice", name)
		}
		if err != nil {
			return false, err
		}
	}
	return balance, nil
}

func (v *vector) line(value string) error {
	l := ledger.Line{Kind: ledger.LineProduct}
	for field := range strings.SplitSeq(value, ",") {
		name, rest, _ := strings.Cut(strings.TrimSpace(field), " ")
		rest = strings.TrimSpace(rest)
		var err error
		switch name {
		case "amount":
			l.Amount, err = number(rest)
		case "kind":
			l.Kind = ledger.LineKind(rest)
		case "tax":
			l.TaxCode = rest
		case "tax-amount":
			l.TaxAmount.Valid = true
			l.TaxAmount.Decimal, err = number(rest)
		default:
			err = fmt.Errorf("unknown word %q of a line", name)
		}
		if err != nil {
			return err
		}
	}
	v.invoice.Lines = append(v.invoice.Lines, l)
	return nil
}

func (v *vector) payment(value string) error {
	sum, status, _ := strings.Cut(value, " ")
	a, err := number(sum)
	if err != nil {
		return err
	}
	status, err = oneOf(strings.TrimSpace(status), "pending", "confirmed", "failed", "refunded", "reversed")
	v.invoice.Payments = append(v.invoice.Payments, ledger.Payment{Amount: a, Status: ledger.PaymentStatus(status)})
	return err
}

func (v *vector) expected(value string) error {
	word, rest, _ := strings.Cut(value, " ")
	for c := range strings.SplitSeq(rest, ",") {
		if c = strings.TrimSpace(c); c != "" {
			v.codes = append(v.codes, c)
		}
	}
	switch {
	case word == "eligible" && len(v.codes) == 0:
		v.expect = Proceed
	case (word == "skip" || word == "park") && len(v.codes) > 0:
		v.expect = Disposition(word)
	default:
		return fmt.Errorf("expect is \"eligible\", \"skip CODE, …\" or \"park CODE, …\", not %q", value)
	}
	return nil
}

// String prints v so that parseVector reads the same vector again.
func (v *vector) String() string {
	var b strings.Builder
	p := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	flag := func(on bool, s string) {
		if on {
			p("%s", s)
		}
	}
	p("policy: %s", v.policy)
	flag(v.push.Start.ID != "", "set: start-id "+v.push.Start.ID)
	flag(!v.push.Start.Date.IsZero(), "set: start-date "+v.push.Start.Date.String())
	flag(v.push.Mode != "", "set: mode "+string(v.push.Mode))
	flag(v.push.SkipZero, "set: skip-zero")
	u := &v.unpaid
	for _, a := range []struct {
		name string
		rule AgeRule
	}{{"issued", u.Issued}, {"overdue", u.Overdue}} {
		flag(a.rule.Off, "set: "+a.name+" off")
		if a.rule.Days != nil {
			p("set: %s %d", a.name, *a.rule.Days)
		}
	}
	flag(u.Balance.Off, "set: balance off")
	flag(u.Balance.Minimum.Valid, "set: balance "+u.Balance.Minimum.Decimal.String())
	flag(u.Status.Off, "set: status off")
	if u.Status.Excluded != nil {
		words := []string{"set: status"}
		for _, s := range u.Status.Excluded {
			words = append(words, string(s))
		}
		p("%s", strings.Join(words, " "))
	}
	flag(u.AllowPaid, "set: allow-paid")
	flag(u.AllowPartPaid, "set: allow-part-paid")
	flag(u.AllowUnmappedTax, "set: allow-unmapped-tax")
	flag(u.AllowAnyCurrency, "set: allow-any-currency")
	flag(u.AllowNegativeLines, "set: allow-negative-lines")

	f := &v.facts
	flag(!f.AsOf.IsZero(), "as-of: "+f.AsOf.String())
	flag(f.Linked, "fact: linked")
	for _, c := range f.Currencies {
		p("fact: currencies %s", c)
	}
	for _, d := range f.LockDates {
		p("fact: lock %s", d)
	}
	flag(f.AccountCurrency != "", "fact: account "+string(f.AccountCurrency))
	for _, c := range f.MappedTaxCodes {
		p("fact: mapped %s", c)
	}

	inv := &v.invoice
	t := &inv.Totals
	words := []string{
		strings.TrimSpace(fmt.Sprintf("total %s %s", t.Total, inv.Currency)),
		"tax " + t.Tax.String(), "paid " + t.Paid.String(), "credited " + t.Credited.String(),
		"balance " + t.Balance.String(), "id " + inv.ID, "number " + inv.Number,
		"prices " + string(inv.TaxMode), "unclear " + inv.Unclear,
	}
	if inv.Status == ledger.StatusUnknown {
		words = append(words, "status unknown")
	} else {
		words = append(words, "status "+string(inv.Status))
	}
	word := func(on bool, s string) {
		if on {
			words = append(words, s)
		}
	}
	word(!inv.Date.IsZero(), "date "+inv.Date.String())
	word(!inv.DueDate.IsZero(), "due "+inv.DueDate.String())
	for _, a := range inv.Aliases {
		words = append(words, "alias "+a)
	}
	word(inv.Kind == ledger.CreditNote, "credit-note")
	word(inv.PaymentsElsewhere, "payments-elsewhere")
	word(inv.Contact.ID == "" && inv.Contact.Name == "", "no-contact")
	word(inv.Contact.Name != "", "named-contact")
	p("invoice: %s", strings.Join(words, ", "))
	if len(inv.Lines) == 0 {
		p("lines: none")
	}
	for _, l := range inv.Lines {
		s := fmt.Sprintf("line: amount %s, kind %s, tax %s", l.Amount, l.Kind, l.TaxCode)
		if l.TaxAmount.Valid {
			s += ", tax-amount " + l.TaxAmount.Decimal.String()
		}
		p("%s", s)
	}
	for _, m := range inv.Payments {
		p("payment: %s %s", m.Amount, m.Status)
	}
	if v.expect == Proceed {
		p("expect: eligible")
	} else {
		p("expect: %s %s", v.expect, strings.Join(v.codes, ", "))
	}
	flag(v.override != "", "override: "+v.override)
	p("because: %s", v.because)
	return b.String()
}

// number reads an amount. Exponents are refused: 1e999999999 is short to write and endless to print.
func number(s string) (decimal.Decimal, error) {
	if len(s) > 40 || strings.Trim(s, "+-.0123456789") != "" {
		return decimal.Decimal{}, fmt.Errorf("%q is not an amount", s)
	}
	return decimal.NewFromString(s)
}

func oneOf(s string, allowed ...string) (string, error) {
	for _, a := range allowed {
		if s == a {
			return s, nil
		}
	}
	return "", fmt.Errorf("%q is none of %q", s, allowed)
}
