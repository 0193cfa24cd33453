package infusionsoft

import (
	"context"
	"strings"
	"time"

	"github.com/invoicesync/invoicesync/internal/vendorhttp"
	"github.com/invoicesync/invoicesync/ledger"
)

// outPayment records a payment by hand: keap-rest-v2's RestCreatePaymentRequest without payment_method_id,
// which would charge a card.
type outPayment struct {
	Amount      *vendorhttp.Number `json:"payment_amount"`
	Type        string             `json:"payment_method_type"`
	Time        string             `json:"payment_time"`
	Notes       string             `json:"notes"`
	Commissions bool               `json:"apply_to_commissions"`
}

type wirePaymentResult struct {
	ID     text   `json:"id"` // of the payment or of its row on the order: not documented
	Amount amount `json:"payment_amount"`
}

// readBack is how long reading a payment back may take, repeated calls included.
const readBack = 30 * time.Second

func paymentRoute(order string) string { return "POST " + ordersPath + "/" + order + "/payments" }

// paidOrder is the order in a route of payments.
func paidOrder(route string) string {
	path, posted := strings.CutPrefix(route, "POST "+ordersPath+"/")
	id, payments := strings.CutSuffix(path, "/payments")
	if !posted || !payments || !isID(id) {
		return ""
	}
	return id
}

func paymentWriter(l *Ledger) ledger.Writer[ledger.Payment] {
	return writer[ledger.Payment]{
		l: l, what: "payment",
		encode: func(d ledger.Draft[ledger.Payment]) (string, any, error) {
			out, err := l.newPayment(d)
			return paymentRoute(d.Record.InvoiceID), out, err
		},
		route: func(r string) bool { return paidOrder(r) != "" },
		read:  l.readPayment,
		find:  l.findPayments,
	}
}

func (l *Ledger) newPayment(d ledger.Draft[ledger.Payment]) (outPayment, error) {
	p := d.Record
	b, err := l.known("payment")
	if err != nil {
		return outPayment{}, err
	}
	switch {
	case !isID(p.InvoiceID):
		return outPayment{}, refuse("", "invoice_missing", "the payment names no order")
	case p.Date.IsZero():
		return outPayment{}, refuse("", "date_missing", "the payment has no date")
	case !p.Amount.IsPositive():
		return outPayment{}, refuse("", "amount_invalid", "the amount of a payment must be above zero")
	case !b.fits(p.Amount):
		return outPayment{}, refuse("", "precision", "the amount has more decimal places than the currency")
	case p.Amount.GreaterThanOrEqual(maxAmount):
		return outPayment{}, refuse("", "precision", "the amount is larger than a payment holds for certain")
	case p.Currency != "" && p.Currency != b.currency:
		return outPayment{}, refuse("", ledger.RefusedCurrency, "the application has one currency, "+string(b.currency))
	case strings.TrimSpace(p.Account) == "":
		return outPayment{}, refuse("", ledger.RefusedAccount, "the payment names no manual payment type: its account must be one, spelled as the application spells it")
	case p.Status != ledger.PaymentConfirmed && p.Status != ledger.PaymentUnknown:
		return outPayment{}, refuse("", "status_invalid", "only confirmed money is written")
	}
	return outPayment{
		Amount: vendorhttp.NumberOf(p.Amount), Type: p.Account, Time: b.noon(p.Date), Commissions: l.o.Commissions,
		Notes: strings.TrimSpace(fit(p.Reference, longestNotes-ledger.MarkLength-1) + " " + string(d.Mark)),
	}, nil
}

// readPayment finds the payment that an answer is about among those of the order: the answer shows neither
// the order nor the mark, and its id may be of the payment or of the order's row. Where the vendor shows
// notes, the one with the mark is it. Where it does not, the answer is to this request and no other, and
// the one payment that it names and that has no notes is it.
func (l *Ledger) readPayment(ctx context.Context, sent ledger.Encoded, resp *vendorhttp.Response) (echo[ledger.Payment], *vendorhttp.Seen) {
	var result wirePaymentResult
	if resp.Kind() != vendorhttp.KindJSON || decodeOne(resp.Body, &result) != nil {
		return echo[ledger.Payment]{}, &vendorhttp.Seen{Code: "unreadable", Message: "the answer cannot be read"}
	}
	if !isID(result.ID.trimmed()) {
		return echo[ledger.Payment]{}, &vendorhttp.Seen{Code: "no_id", Message: "the answer has no id and no error"}
	}
	// The money is booked: that the caller has no time any more must not put it in doubt.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBack)
	defer cancel()
	order, mark := paidOrder(sent.Route), sentMark(sent.Body, "notes")
	payments, err := l.PaymentsOf(ctx, ledger.Ref{ID: order})
	if err != nil {
		return echo[ledger.Payment]{}, &vendorhttp.Seen{Code: "not_confirmed", Message: "it was answered as written, and could not be read back"}
	}
	var marked, named []ledger.Payment
	for _, p := range payments {
		switch {
		case p.Mark == mark && mark != "":
			marked = append(marked, p)
		case p.Reference == "" && (p.ID == result.ID.trimmed() || p.FeedID == result.ID.trimmed()):
			named = append(named, p)
		}
	}
	found := marked
	if len(marked) == 0 {
		found = named
	}
	if len(found) != 1 {
		return echo[ledger.Payment]{}, &vendorhttp.Seen{Code: "not_confirmed", Message: "it was answered as written, and is not the one payment of the order that it should be"}
	}
	p := found[0]
	p.Mark = mark
	e := echo[ledger.Payment]{id: p.ID, mark: mark, amount: p.Amount, parent: p.InvoiceID, record: p, unclear: p.Unclear}
	if e.unclear == "" && p.Status != ledger.PaymentConfirmed {
		e.unclear = "status_unknown"
	}
	return e, nil
}
