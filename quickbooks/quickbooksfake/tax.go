package quickbooksfake

import (
	"encoding/json"
	"slices"

	"github.com/shopspring/decimal"
)

func emptyExtensions() []json.RawMessage { return []json.RawMessage{} }

// lineTaxCode checks the tax code of a line, or gives it one.
func (o *op) lineTaxCode(d *SalesItemLineDetail, taxable bool) *fault {
	company := &o.b.company
	if company.us() {
		if company.SalesTax == SalesTaxOff {
			d.TaxCodeRef = ref("NON")
			return nil
		}
		if d.TaxCodeRef == nil || d.TaxCodeRef.Value == "" {
			d.TaxCodeRef = ref(map[bool]string{true: "TAX", false: "NON"}[taxable])
		}
		if v := d.TaxCodeRef.Value; v != "TAX" && v != "NON" {
			return badReference("TaxCode", v)
		}
		d.TaxCodeRef = ref(d.TaxCodeRef.Value)
		return nil
	}
	if d.TaxCodeRef == nil || d.TaxCodeRef.Value == "" {
		return nil // compute knows whether one is needed
	}
	code, bad := named[*TaxCode](o, "TaxCode", d.TaxCodeRef.Value)
	if bad != nil {
		return bad
	}
	d.TaxCodeRef = ref(code.ID)
	return nil
}

// tax computes the tax of a sale and writes its TxnTaxDetail. fresh says that the detail in s was sent now.
func (o *op) tax(s *Sale, lines []priced, subtotal, off decimal.Decimal, fresh bool) (decimal.Decimal, *fault) {
	var given *decimal.Decimal
	var codeRef *Ref
	if s.TxnTaxDetail != nil && fresh {
		if t := s.TxnTaxDetail.TotalTax; t != nil {
			if t.IsNegative() {
				return decimal.Zero, business("The total tax must not be negative")
			}
			given = pointer(halfUp(t.Decimal))
		}
		codeRef = s.TxnTaxDetail.TxnTaxCodeRef
	}
	s.TxnTaxDetail = &TxnTaxDetail{TotalTax: &Amount{}}
	if o.b.company.us() {
		s.GlobalTaxCalculation = ""
		return o.taxUS(s, lines, subtotal, off, given, codeRef)
	}
	s.ApplyTaxAfterDiscount = false
	return o.taxElsewhere(s, lines, subtotal, off, given)
}

// taxUS taxes the lines that say TAX at the rates of one code; the engine picks the code, and a total that
// was given is honoured and prorated over the rates.
func (o *op) taxUS(s *Sale, lines []priced, subtotal, off decimal.Decimal, given *decimal.Decimal, sent *Ref) (decimal.Decimal, *fault) {
	base := decimal.Zero
	for _, p := range lines {
		if p.code != "TAX" || p.shipping && !o.b.f.opts.Switches.ShippingTaxed {
			continue
		}
		base = base.Add(p.amount)
		if s.ApplyTaxAfterDiscount && !p.shipping && !subtotal.IsZero() {
			base = base.Sub(off.Mul(p.amount).DivRound(subtotal, 10))
		}
	}
	base = halfUp(base)
	var code *TaxCode
	switch o.b.company.SalesTax {
	case SalesTaxAutomated:
		code = o.groupCode()
	case SalesTaxManual:
		if sent != nil {
			c, bad := named[*TaxCode](o, "TaxCode", sent.Value)
			if bad != nil {
				return decimal.Zero, bad
			}
			code = c
		}
	default:
		return decimal.Zero, nil
	}
	if !base.IsPositive() || code == nil && given == nil {
		return decimal.Zero, nil
	}
	var rates []*TaxRate
	percent := decimal.Zero
	if code != nil {
		for _, d := range rateRefs(code) {
			if r, ok := o.get("TaxRate", d.TaxRateRef.Value); ok {
				if rate, ok := r.(*TaxRate); ok {
					rates = append(rates, rate)
					percent = percent.Add(rate.RateValue.Decimal)
				}
			}
		}
		s.TxnTaxDetail.TxnTaxCodeRef = ref(code.ID)
	}
	total := halfUp(base.Mul(percent).Shift(-2))
	if given != nil {
		total = *given
	}
	left := total
	for i, rate := range rates {
		part := left
		if i < len(rates)-1 && percent.IsPositive() {
			part = halfUp(total.Mul(rate.RateValue.Decimal).DivRound(percent, 10))
		}
		left = left.Sub(part)
		s.TxnTaxDetail.TaxLine = append(s.TxnTaxDetail.TaxLine, taxLine(rate, part, base))
	}
	s.TxnTaxDetail.TotalTax = &Amount{total}
	return total, nil
}

func taxLine(rate *TaxRate, amount, net decimal.Decimal) TaxLine {
	return TaxLine{Amount{amount}, "TaxLineDetail", &TaxLineDetail{
		TaxRateRef: ref(rate.ID), PercentBased: true, TaxPercent: pointer(rate.RateValue), NetAmountTaxable: &Amount{net},
	}}
}

// taxElsewhere taxes each line at the rates of its code, after its part of the discount. Amounts are net in
// every mode; TaxInclusiveAmt carries the gross one.
func (o *op) taxElsewhere(s *Sale, lines []priced, subtotal, off decimal.Decimal, given *decimal.Decimal) (decimal.Decimal, *fault) {
	switch s.GlobalTaxCalculation {
	case "TaxExcluded", "TaxInclusive", "NotApplicable":
	case "":
		if o.b.company.SalesTax == SalesTaxOff {
			return decimal.Zero, nil
		}
		if !o.byHand {
			return decimal.Zero, missing("GlobalTaxCalculation")
		}
		s.GlobalTaxCalculation = "TaxExcluded"
	default:
		return decimal.Zero, unsupported("Can not construct instance of com.intuit.schema.finance.v3.GlobalTaxCalculationEnum from String value '" + s.GlobalTaxCalculation + "'")
	}
	if s.GlobalTaxCalculation == "NotApplicable" || o.b.company.SalesTax == SalesTaxOff {
		return decimal.Zero, nil
	}
	type bucket struct {
		rate     *TaxRate
		net, tax decimal.Decimal
	}
	var buckets []*bucket
	for _, p := range lines {
		if p.code == "" {
			return decimal.Zero, business("Make sure all your transactions have a VAT rate before you save.")
		}
		code, bad := named[*TaxCode](o, "TaxCode", p.code)
		if bad != nil {
			return decimal.Zero, bad
		}
		part := decimal.NewFromInt(1) // of the line that the discount leaves
		if !p.shipping && !subtotal.IsZero() {
			part = part.Sub(off.DivRound(subtotal, 16))
		}
		net := p.amount.Mul(part)
		for _, d := range rateRefs(code) {
			r, ok := o.get("TaxRate", d.TaxRateRef.Value)
			rate, isRate := r.(*TaxRate)
			if !ok || !isRate {
				continue
			}
			i := slices.IndexFunc(buckets, func(b *bucket) bool { return b.rate.ID == rate.ID })
			if i < 0 {
				i = len(buckets)
				buckets = append(buckets, &bucket{rate: rate})
			}
			tax := net.Mul(rate.RateValue.Decimal).Shift(-2)
			if gross := p.line.SalesItemLineDetail.TaxInclusiveAmt; gross != nil && s.GlobalTaxCalculation == "TaxInclusive" && len(rateRefs(code)) == 1 {
				tax = gross.Sub(p.amount).Mul(part)
			}
			if !o.b.f.opts.Switches.TaxPerDocument {
				tax = halfUp(tax)
			}
			buckets[i].net, buckets[i].tax = buckets[i].net.Add(net), buckets[i].tax.Add(tax)
		}
	}
	total := decimal.Zero
	for _, b := range buckets {
		total = total.Add(halfUp(b.tax))
		s.TxnTaxDetail.TaxLine = append(s.TxnTaxDetail.TaxLine, taxLine(b.rate, halfUp(b.tax), halfUp(b.net)))
	}
	if given != nil && len(buckets) > 0 {
		// A detail that is sent stands, also a stale one that was read and sent back with other lines.
		last := &s.TxnTaxDetail.TaxLine[len(buckets)-1]
		last.Amount = Amount{last.Amount.Add(given.Sub(total))}
		total = *given
	}
	s.TxnTaxDetail.TotalTax = &Amount{total}
	return total, nil
}
