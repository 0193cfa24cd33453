package quickbooks

import (
	"encoding/json"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

func (l *Ledger) paymentWriter() ledger.Writer[ledger.Payment] {
	return writer[ledger.Payment]{
		l: l, entity: "Payment",
		item: func(d ledger.Draft[ledger.Payment], item *outItem) error {
			out, err := l.newPayment(d)
			item.Payment = &out
			return err
		},
		echo: func(raw json.RawMessage) (echo[ledger.Payment], error) {
			var w wirePayment
			if err := json.Unmarshal(raw, &w); err != nil {
				return echo[ledger.Payment]{}, err
			}
			p := l.toPayment(&w)
			// A payment of which something is left over would be applied to other invoices by and by.
			rest, err := vendorhttp.ParseNumber(w.UnappliedAmt)
			e := echo[ledger.Payment]{
				id: w.ID, marks: marksIn(w.PrivateNote), amount: p.Amount, parent: p.InvoiceID, record: p, personal: []string{w.CustomerRef.Name},
			}
			switch {
			case err != nil || w.TotalAmt == "":
				e.unclear = "amount_missing"
			case !rest.IsZero():
				e.unclear = "unapplied"
			case p.Status != ledger.PaymentConfirmed:
				e.unclear = "status_unknown"
			}
			return e, nil
		},
		find: l.findPayments,
	}
}

// newPayment is a payment whose total is its one line, so that nothing is left to be applied elsewhere.
func (l *Ledger) newPayment(d ledger.Draft[ledger.Payment]) (outPayment, error) {
	p := d.Record
	company, err := l.known("payment")
	if err != nil {
		return outPayment{}, err
	}
	foreign := p.Currency != "" && p.Currency != company.Organisation.BaseCurrency
	switch {
	case !isID(p.InvoiceID):
		return outPayment{}, refuse("", "invoice_missing", "the payment names no invoice")
	case !isID(p.Contact):
		return outPayment{}, refuse("", ledger.RefusedContact, "the payment names no customer, who must be the invoice's")
	case p.Date.IsZero():
		return outPayment{}, refuse("", "date_missing", "the payment has no date")
	case !p.Amount.IsPositive():
		return outPayment{}, refuse("", "amount_invalid", "the amount of a payment must be above zero")
	case !p.Amount.Equal(p.Amount.Round(amountPlaces)), p.Currency != "" && !p.Currency.Fits(p.Amount):
		return outPayment{}, refuse("", "precision", "the amount has more decimal places than QuickBooks or the currency hold")
	case p.Account == "":
		return outPayment{}, refuse("", ledger.RefusedAccount, "the payment names no account")
	case p.Status != ledger.PaymentConfirmed && p.Status != ledger.PaymentUnknown:
		return outPayment{}, refuse("", "status_invalid", "only confirmed money is written")
	case foreign && !company.Organisation.Holds(p.Currency):
		return outPayment{}, refuse("", ledger.RefusedCurrency, "the company does not have the payment's currency")
	case foreign && (!p.Rate.Valid || !p.Rate.Decimal.IsPositive()):
		return outPayment{}, refuse("", "exchange_rate_missing", "a payment in a foreign currency needs its exchange rate: QuickBooks would take 1")
	case p.Rate.Valid && !p.Rate.Decimal.IsPositive():
		return outPayment{}, refuse("", ledger.RefusedCurrency, "the exchange rate must be above zero")
	}
	account, err := l.accountID(p.Account)
	if err != nil {
		return outPayment{}, err
	}
	out := outPayment{
		CustomerRef: refTo(p.Contact), TotalAmt: vendorhttp.NumberOf(p.Amount), TxnDate: p.Date.String(),
		DepositToAccountRef: refTo(account), PrivateNote: markedNote(p.Reference, "", d.Mark),
		Line: []outPaymentLine{{Amount: vendorhttp.NumberOf(p.Amount), LinkedTxn: []outLink{{TxnID: p.InvoiceID, TxnType: "Invoice"}}}},
	}
	out.CurrencyRef, out.ExchangeRate = company.money(p.Currency, p.Rate)
	return out, nil
}
