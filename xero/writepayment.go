package xero

import (
	"strings"

	"github.com/invoicesync/invoicesync/internal/vendorbooks"
	"github.com/invoicesync/invoicesync/ledger"
)

func (l *Ledger) paymentWriter() ledger.Writer[ledger.Payment] {
	return writer[ledger.Payment]{
		l: l, kind: "Payments", query: "summarizeErrors=false",
		encode: func(drafts []ledger.Draft[ledger.Payment]) (any, error) {
			body := outPayments{Payments: make([]outPayment, 0, len(drafts))}
			for _, d := range drafts {
				out, err := newPayment(d)
				if err != nil {
					return nil, vendorbooks.OfDraft(d.Mark, err)
				}
				body.Payments = append(body.Payments, out)
			}
			return body, nil
		},
		echoes: func(p *wirePage) []echo[ledger.Payment] {
			echoes := make([]echo[ledger.Payment], 0, len(p.Payments))
			for i := range p.Payments {
				w := &p.Payments[i]
				payment := toPayment(w)
				e := echo[ledger.Payment]{
					id: w.PaymentID, mark: payment.Mark, amount: payment.Amount, parent: w.Invoice.InvoiceID,
					record: payment, result: w.wireResult,
				}
				if w.Status != "" && w.Status != "AUTHORISED" {
					e.unclear = "status_unknown"
				}
				echoes = append(echoes, e)
			}
			return echoes
		},
		find: l.findPayments,
	}
}

func newPayment(d ledger.Draft[ledger.Payment]) (outPayment, error) {
	p := d.Record
	switch {
	case zeroID(p.InvoiceID):
		return outPayment{}, refuse("", "invoice_missing", "the payment names no invoice")
	case p.Date.IsZero():
		return outPayment{}, refuse("", "date_missing", "the payment has no date")
	case !p.Amount.IsPositive():
		return outPayment{}, refuse("", "amount_invalid", "the amount of a payment must be above zero")
	case !p.Amount.Equal(p.Amount.Round(amountPlaces)):
		return outPayment{}, refuse("", "precision", "Xero holds two decimal places of an amount")
	case p.Account == "":
		return outPayment{}, refuse("", ledger.RefusedAccount, "the payment names no account")
	case p.Rate.Valid && wireRate(p.Rate) == nil:
		return outPayment{}, refuse("", ledger.RefusedCurrency, "the exchange rate must be above zero")
	case p.Status != ledger.PaymentConfirmed && p.Status != ledger.PaymentUnknown:
		return outPayment{}, refuse("", "status_invalid", "only confirmed money is written")
	}
	out := outPayment{
		Date: p.Date.String(), Amount: numberOf(p.Amount), CurrencyRate: wireRate(p.Rate),
		Reference: markedReference(p.Reference, d.Mark),
	}
	out.Invoice.InvoiceID = p.InvoiceID
	if isID(p.Account) {
		out.Account.AccountID = p.Account
	} else {
		out.Account.Code = p.Account
	}
	return out, nil
}

// markedReference ends with the mark, whatever has to give way to it. 255 characters are the limit of an
// invoice's Reference; of a payment's none is documented.
func markedReference(text string, m ledger.Mark) string {
	text = vendorbooks.Fit(strings.Join(strings.Fields(text), " "), 255-1-ledger.MarkLength)
	return strings.TrimSpace(text + " " + string(m))
}

// isID reports the form of Xero's ids, 8-4-4-4-12 hexadecimal digits.
func isID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch i {
		case 8, 13, 18, 23:
			if r != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
				return false
			}
		}
	}
	return true
}
